"""One resource at a time, as values."""
