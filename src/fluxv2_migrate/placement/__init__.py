"""Names, files and namespaces of what is generated; what exists is used."""

from fluxv2_migrate.placement.chosen_names import clashing_names
from fluxv2_migrate.placement.existing_images import ExistingImageObject
from fluxv2_migrate.placement.homes import Homes, NoHome
from fluxv2_migrate.placement.image_files import PlacedImageObject, place_image_objects
from fluxv2_migrate.placement.image_text import image_object_text
from fluxv2_migrate.placement.image_uses import GeneratedImageObject, ImageLayout, ImageUse, use_of, uses_of
from fluxv2_migrate.placement.images import layout_images
from fluxv2_migrate.placement.source_text import source_text
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
    "ExistingImageObject",
    "ExistingSource",
    "GeneratedImageObject",
    "GeneratedSource",
    "Homes",
    "ImageLayout",
    "ImageUse",
    "NewSource",
    "NoHome",
    "PlacedImageObject",
    "PlacedRequest",
    "Prerequisite",
    "Slot",
    "SourceNames",
    "SourcePlaces",
    "clashing_names",
    "image_object_text",
    "layout_images",
    "name_sources",
    "place_image_objects",
    "place_source",
    "source_manifest",
    "source_secret",
    "source_text",
    "use_of",
    "uses_of",
]
