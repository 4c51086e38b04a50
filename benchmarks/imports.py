"""The time that `import fluxv2_migrate` takes, by that of its dependencies.

It is at most twice that of pydantic, ruamel.yaml and semver; what the first use of a name takes, which loads
the package, is printed beside it. Ends with 1 where the import takes more.
"""

from __future__ import annotations

import subprocess
import sys

WANTED = 2.0
ROUNDS = 7
_TIMED = "import time; start = time.process_time(); {}; print(time.process_time() - start)"


def seconds(statement: str) -> float:
    """Gives the processor's time of a statement, each time in an interpreter of its own; the least counts."""
    command = [sys.executable, "-c", _TIMED.format(statement)]
    return min(
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    )


def main() -> int:
    """Measures all three and prints them."""
    theirs = seconds("import pydantic, ruamel.yaml, semver; pydantic.BaseModel")
    ours = seconds("import fluxv2_migrate")
    used = seconds("from fluxv2_migrate import migrate_repository")
    print(f"dependencies: {theirs * 1000:.0f} ms")
    print(f"import: {ours * 1000:.0f} ms, {ours / theirs:.1f} times; wanted: at most {WANTED:.0f}")
    print(f"with the first use: {used * 1000:.0f} ms, {used / theirs:.1f} times")
    return 0 if ours / theirs <= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
