"""Numbers with their nouns, and lists that are cut with the number of what is left out."""

from __future__ import annotations

from collections.abc import Iterable


def plural(number: int, noun: str, several: str = "") -> str:
    """Gives a number with its noun.

    >>> plural(1, "release"), plural(2, "release"), plural(2, "policy", "policies")
    ('1 release', '2 releases', '2 policies')
    """
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def few(names: Iterable[str], shown: int) -> str:
    """Gives the first of some names, and how many more there are.

    >>> few(["a.yaml", "b.yaml", "c.yaml"], 2), few(["a.yaml"], 2)
    ('a.yaml, b.yaml and 1 more', 'a.yaml')
    """
    every = list(names)
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return ", ".join(every[:shown]) + more
