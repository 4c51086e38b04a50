"""What is known of a repository before anything in it is migrated, and what is in scope."""
