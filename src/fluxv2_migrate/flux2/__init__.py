"""What Flux v2 means: its resources and its controllers."""
