"""What Flux v1 means: fluxd and the helm-operator."""
