"""Whether two repositories mean the same, whoever migrated."""
