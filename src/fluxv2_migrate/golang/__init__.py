"""Go's version ranges, regular expressions, numbers and durations, with Go's meaning."""
