"""Go's version ranges, regular expressions, numbers and durations, with Go's meaning."""

from fluxv2_migrate.golang.regexp import Regexp as Regexp
