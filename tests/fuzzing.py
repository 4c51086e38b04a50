"""Coverage-guided fuzzing: `nox -s fuzz -- -max_total_time=3600`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fluxv2_migrate"]):
    from fuzz_entry_points import mutated, seeds, use


def _mutate(data: bytes, longest: int, seed: int) -> bytes:
    if seed % 2:
        return mutated(data, seed)[:longest]
    changed: bytes = atheris.Mutate(data, longest)
    return changed


def main() -> None:
    """Runs until something raises, takes more than five seconds, or the time is over."""
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            Path(folder, str(number)).write_bytes(seed)
        limits = ["-timeout=5", "-max_len=100000", "-max_total_time=600"]
        atheris.Setup([sys.argv[0], *limits, *sys.argv[1:], folder], use, custom_mutator=_mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
