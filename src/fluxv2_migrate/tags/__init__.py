"""From a tag pattern of Flux v1 to an image policy of Flux v2."""
