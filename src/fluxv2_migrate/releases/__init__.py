"""Releases: read as clusters see them, decided, and written as the texts that they become."""
