"""What each Flux applies of a sync path, and the namespaces of it."""
