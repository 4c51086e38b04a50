"""Go's version ranges, regular expressions, numbers and durations, with Go's meaning."""

from fluxv2_migrate.golang.durations import HOUR as HOUR
from fluxv2_migrate.golang.durations import MINUTE as MINUTE
from fluxv2_migrate.golang.durations import SECOND as SECOND
from fluxv2_migrate.golang.durations import format_duration as format_duration
from fluxv2_migrate.golang.durations import parse_duration as parse_duration
from fluxv2_migrate.golang.numbers import parse_number as parse_number
from fluxv2_migrate.golang.ranges import RangeDialect as RangeDialect
from fluxv2_migrate.golang.ranges import VersionRange as VersionRange
from fluxv2_migrate.golang.regexp import Regexp as Regexp
