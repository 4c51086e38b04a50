"""Names, files and namespaces of what is generated; what exists is used."""

from fluxv2_migrate.placement.existing_images import ExistingImageObject
from fluxv2_migrate.placement.generated import FieldComment, Generated, Places, Unplaced, write_generated
from fluxv2_migrate.placement.homes import Affixes, Homes, NoHome, without_affixes
from fluxv2_migrate.placement.image_files import FilterComments, place_image_objects
from fluxv2_migrate.placement.image_uses import ImageLayout, ImageUse, use_of, uses_of
from fluxv2_migrate.placement.images import layout_images
from fluxv2_migrate.placement.prerequisites import Needed, Prerequisite, note_needed
from fluxv2_migrate.placement.sources import (
    ExistingSource,
    PlacedRequest,
    SourceNames,
    clashing_names,
    name_sources,
    source_manifest,
    source_secret,
    unplaced_source,
)
