"""What people do in their clusters, and in which order."""
