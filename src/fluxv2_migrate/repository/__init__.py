"""What stands in a repository: documents, read once, and what is done to their files."""
