"""Seconds of the helm-operator as durations of Flux v2."""

from __future__ import annotations


def seconds_to_duration(seconds: int) -> str:
    """Gives a duration as people write it.

    >>> [seconds_to_duration(seconds) for seconds in (600, 90, 3600, 45)]
    ['10m', '1m30s', '1h', '45s']
    """
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if number]
    return "".join(parts)
