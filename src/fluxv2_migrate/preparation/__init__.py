"""What both Fluxes could not share, written so that they can, before anything is migrated."""
