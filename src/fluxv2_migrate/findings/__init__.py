"""What a person must know, decide or do: the table of codes, and findings on their way."""
