"""What a person decides: options, overrides, and what holds for a cluster."""
