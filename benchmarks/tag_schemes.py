"""What is made of registries of common tag schemes: how often an order is proved, seen or guessed."""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import fluxv2_migrate as fm

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from generated_registries import DISTURBANCES, SCHEMES, history

HISTORIES = 40
CONFIDENCES = ("proved", "structural", "guess", "none")


def main() -> int:
    """Prints the shares by scheme, and in how many histories both Fluxes select the same tag."""
    head = "".join(f"{name:>11}" for name in CONFIDENCES)
    print(f"{'scheme':24}{'':16}{head}{'same':>8}{'moved':>8}")
    for name, scheme in SCHEMES.items():
        for disturbance in DISTURBANCES:
            shares: Counter[str] = Counter()
            same = moved = 0
            for seed in range(HISTORIES):
                images = history(random.Random(seed), scheme, 30, disturbance)
                running = fm.flux1.sort_tags(images, scheme.pattern)[0]
                found = fm.translate_tag_pattern(scheme.pattern, current_tag=running, images=images)
                selected = found.compare(images).selected_by_flux2
                shares[found.confidence] += 1
                same += selected == running
                moved += selected not in (running, None)
            row = "".join(f"{shares[each] / HISTORIES:>11.0%}" for each in CONFIDENCES)
            print(f"{name:24}{disturbance:16}{row}{same / HISTORIES:>8.0%}{moved / HISTORIES:>8.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
