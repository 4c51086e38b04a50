"""What is known of a cluster and of registries, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fluxv2_migrate.pages import Html, badge, element, fold, fragment, listed, table

if TYPE_CHECKING:
    from fluxv2_migrate.settings.inventory import Inventory

_HEADS: Final[dict[str, tuple[str, ...]]] = {
    "Helm releases": ("release name", "storage namespace", "revision", "status", "chart"),
    "Releases of Helm 2": ("release name",),
    "HelmReleases of Flux v1": ("HelmRelease", "release name", "target namespace", "Helm"),
    "Objects of Flux v2": ("object", "ready", "suspended", "message"),
    "Namespaces": ("namespace",),
    "Images that run": ("workload", "container", "image"),
    "Tags": ("image", "tags", "with build times"),
}


def inventory_fragment(inventory: Inventory) -> Html:
    """Gives what a notebook shows of an inventory: what was read, what it says, and what was not given."""
    known = dict(_tables(inventory))
    missing = [title for title in _HEADS if title not in known]
    return fragment(
        "Inventory",
        listed(inventory.understood),
        *(
            fold(
                f"{title} ({len(rows)})",
                table(title, _HEADS[title], rows),
                is_open=title == next(iter(known)),
            )
            for title, rows in known.items()
        ),
        *([element("p", f"Not given: {', '.join(missing)}.", class_="soft")] if missing else []),
    )


def _tables(inventory: Inventory) -> Iterator[tuple[str, list[Sequence[str]]]]:
    if inventory.records is not None:
        yield (
            "Helm releases",
            [
                (
                    each.name,
                    each.namespace,
                    "" if each.revision is None else str(each.revision),
                    badge(each.status, "good" if each.status == "deployed" else "warning")
                    if each.status
                    else "",
                    each.chart,
                )
                for each in inventory.records
            ],
        )
    if inventory.helm2_releases is not None:
        yield "Releases of Helm 2", _single(inventory.helm2_releases)
    if inventory.flux1_releases is not None:
        yield (
            "HelmReleases of Flux v1",
            [
                (
                    f"{each.namespace}/{each.name}",
                    each.release_name,
                    "not known" if each.target_namespace is None else each.target_namespace,
                    each.helm_version,
                )
                for each in inventory.flux1_releases
            ],
        )
    if inventory.flux2_objects is not None:
        yield (
            "Objects of Flux v2",
            [
                (
                    f"{each.kind} {each.namespace}/{each.name}",
                    _ready(each.ready),
                    "yes" if each.suspended else "no",
                    each.message,
                )
                for each in inventory.flux2_objects
            ],
        )
    if inventory.namespaces is not None:
        yield "Namespaces", _single(inventory.namespaces)
    if inventory.images is not None:
        yield (
            "Images that run",
            [
                (f"{each.kind} {each.namespace}/{each.name}", each.container, each.image)
                for each in inventory.images
            ],
        )
    if inventory.tags:
        yield (
            "Tags",
            [
                (image, str(len(tags)), str(sum(tag.created is not None for tag in tags)))
                for image, tags in inventory.tags.items()
            ],
        )


def _single(names: Iterable[str]) -> list[Sequence[str]]:
    return [(name,) for name in names]


def _ready(ready: bool | None) -> str:
    if ready is None:
        return "not said"
    return badge("ready", "good") if ready else badge("not ready", "error")
