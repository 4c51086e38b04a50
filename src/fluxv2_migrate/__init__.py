"""Turns GitOps repositories of Flux v1 into Flux v2: text and objects in, text and objects out, no I/O."""
