"""Go's version ranges, regular expressions, numbers and durations, with Go's meaning."""

from fluxv2_migrate.golang.durations import HOUR, MINUTE, SECOND, format_duration, parse_duration
from fluxv2_migrate.golang.numbers import parse_number
from fluxv2_migrate.golang.ranges import Comparison, RangeDialect, VersionRange
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.versions import Version

__all__ = [
    "HOUR",
    "MINUTE",
    "SECOND",
    "Comparison",
    "RangeDialect",
    "Regexp",
    "Version",
    "VersionRange",
    "format_duration",
    "parse_duration",
    "parse_number",
]
