"""Durations as both Fluxes read them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from fluxv2_migrate import golang
from fluxv2_migrate.errors import InvalidDuration

__all__ = ["duration_text", "parse_duration", "seconds"]

_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")
_MICROSECOND: Final = timedelta(microseconds=1)


def seconds(number: int) -> timedelta:
    """Gives the duration that Go makes of whole seconds: nanoseconds in 64 bits, which wrap around.

    Args:
        number: of seconds.

    Source: helm-operator 1.4.4 `types_helmrelease.go`: `time.Duration(n) * time.Second`.

    >>> seconds(300)
    datetime.timedelta(seconds=300)
    """
    nanoseconds = (number * golang.SECOND + 2**63) % 2**64 - 2**63
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
    try:
        return timedelta(microseconds=golang.parse_duration(text) // 1_000)
    except InvalidDuration:
        return None


def duration_text(duration: timedelta) -> str:
    """Gives a duration as Go writes it.

    >>> duration_text(timedelta(minutes=5)), duration_text(timedelta(hours=1, milliseconds=1500))
    ('5m0s', '1h0m1.5s')
    """
    return golang.format_duration(duration // _MICROSECOND * 1_000)
