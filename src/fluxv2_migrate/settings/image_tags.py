"""The tags that somebody knows, whether a person or an inventory says them."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.settings.inventory import Inventory
from fluxv2_migrate.settings.known_tags import KnownTag, joined_tags
from fluxv2_migrate.settings.options import MigrationOptions


def with_tags_of_inventories(options: MigrationOptions) -> MigrationOptions:
    """Gives options whose `image_tags` hold what all inventories know of tags, too.

    What registries have is the same for all clusters, and who knows a build time is believed first.

    >>> inventory = Inventory(tags={"a/b": (KnownTag(tag="1.1"),)})
    >>> options = with_tags_of_inventories(MigrationOptions(inventory=inventory, image_tags={"a/b": ["1.0"]}))
    >>> [tag.tag for tag in options.image_tags["a/b"]]
    ['1.0', '1.1']
    """
    found: dict[str, Iterable[KnownTag | str]] = dict(options.image_tags)
    for inventory in _inventories(options):
        for image, tags in inventory.tags.items():
            found[image] = joined_tags([*found.get(image, ()), *tags])
    return options.model_copy(update={"image_tags": found}) if found else options


def _inventories(options: MigrationOptions) -> list[Inventory]:
    given = [options.inventory, *(cluster.inventory for cluster in options.clusters)]
    return [each for each in given if each is not None and each.tags]
