"""Image automation: read as clusters see it, laid out, and written."""
