"""Durations as both Fluxes read them."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import Final

_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_MICROSECONDS: Final = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
_LARGEST: Final = (2**63 - 1) // 1_000


def seconds(number: int) -> timedelta:
    """Gives the duration that Go makes of whole seconds: nanoseconds in 64 bits, which wrap around.

    Source: helm-operator 1.4.4 `types_helmrelease.go`: `time.Duration(n) * time.Second`.

    >>> seconds(300)
    datetime.timedelta(seconds=300)
    """
    nanoseconds = (number * 1_000_000_000 + 2**63) % 2**64 - 2**63
    return timedelta(microseconds=nanoseconds // 1_000)


def parse_duration(text: str) -> timedelta | None:
    """Gives a duration of a HelmRelease of Flux v2, or nothing where the API server refuses it.

    Args:
        text: such as `1m30s`.

    Source: helm-controller 1.6.3 `api/v2/helmrelease_types.go`, the pattern of its durations.

    >>> parse_duration("1m30s"), parse_duration("90"), parse_duration("-1m")
    (datetime.timedelta(seconds=90), None, None)
    """
    if not _DURATION.fullmatch(text):
        return None
    total = sum(Fraction(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(text))
    return timedelta(microseconds=int(total)) if total <= _LARGEST else None


def duration_text(duration: timedelta) -> str:
    """Gives a duration as Go writes it.

    >>> duration_text(timedelta(minutes=5)), duration_text(timedelta(hours=1, milliseconds=1500))
    ('5m0s', '1h0m1.5s')
    """
    sign = "-" if duration < timedelta() else ""
    whole, microseconds = divmod(abs(duration) // timedelta(microseconds=1), 1_000_000)
    minutes, left = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{microseconds:06}".rstrip("0") if microseconds else ""
    shown = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{shown}{left}{fraction}s"
