"""Names, files and namespaces of what is generated; what exists is used."""

from fluxv2_migrate.placement.existing_images import ExistingImageObject
from fluxv2_migrate.placement.image_uses import GeneratedImageObject, ImageLayout, ImageUse, uses_of
from fluxv2_migrate.placement.images import layout_images
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
    "ExistingImageObject",
    "ExistingSource",
    "GeneratedImageObject",
    "GeneratedSource",
    "ImageLayout",
    "ImageUse",
    "PlacedRequest",
    "Prerequisite",
    "SourceLayout",
    "common_style",
    "layout_images",
    "place_sources",
    "source_text",
    "uses_of",
]
