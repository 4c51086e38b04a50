"""Names, files and namespaces of what is generated; what exists is used."""

from fluxv2_migrate.placement.chosen_names import clashing_names
from fluxv2_migrate.placement.source_text import common_style, source_text
from fluxv2_migrate.placement.sources import (
    ExistingSource,
    GeneratedSource,
    PlacedRequest,
    Prerequisite,
    SourceLayout,
    place_sources,
)

__all__ = [
    "ExistingSource",
    "GeneratedSource",
    "PlacedRequest",
    "Prerequisite",
    "SourceLayout",
    "clashing_names",
    "common_style",
    "place_sources",
    "source_text",
]
