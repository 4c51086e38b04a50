"""Names, files and namespaces of what is generated; what exists is used."""

from fluxv2_migrate.placement.chosen_names import clashing_names
from fluxv2_migrate.placement.homes import Homes, NoHome, would_change
from fluxv2_migrate.placement.source_text import common_style, source_text
from fluxv2_migrate.placement.sources import (
    ExistingSource,
    GeneratedSource,
    NewSource,
    PlacedRequest,
    Prerequisite,
    Slot,
    SourceNames,
    SourcePlaces,
    name_sources,
    place_source,
    source_manifest,
    source_secret,
)

__all__ = [
    "ExistingSource",
    "GeneratedSource",
    "Homes",
    "NewSource",
    "NoHome",
    "PlacedRequest",
    "Prerequisite",
    "Slot",
    "SourceNames",
    "SourcePlaces",
    "clashing_names",
    "common_style",
    "name_sources",
    "place_source",
    "source_manifest",
    "source_secret",
    "source_text",
    "would_change",
]
