"""What people read of a migration: the diff and the report."""
