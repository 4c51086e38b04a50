"""What is known of a cluster and of registries, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from fluxv2_migrate.pages import Html, badge, element, fold, fragment, listed, table

if TYPE_CHECKING:
    from fluxv2_migrate.settings.inventory import (
        HelmRecord,
        Inventory,
        LiveFlux1Release,
        LiveFlux2Object,
        LiveImage,
    )
    from fluxv2_migrate.settings.known_tags import KnownTag

_READY: Final = {True: badge("ready", "good"), False: badge("not ready", "error")}
_Rows = list[Sequence[str]] | None
_Item = TypeVar("_Item")


def inventory_fragment(inventory: Inventory) -> Html:
    """Gives what a notebook shows of an inventory: what was read, what it says, and what was not given."""
    tables = list(_tables(inventory))
    known = [(title, head, rows) for title, head, rows in tables if rows is not None]
    missing = [title for title, _, rows in tables if rows is None]
    return fragment(
        "Inventory",
        listed(inventory.understood),
        *(
            fold(f"{title} ({len(rows)})", table(title, head, rows), is_open=title == known[0][0])
            for title, head, rows in known
        ),
        *([element("p", f"Not given: {', '.join(missing)}.", class_="soft")] if missing else []),
    )


def _tables(inventory: Inventory) -> Iterator[tuple[str, tuple[str, ...], _Rows]]:
    """Gives each table with its title, the heads of its columns, and its rows, if they were given."""
    head: tuple[str, ...] = ("release name", "storage namespace", "revision", "status", "chart")
    yield "Helm releases", head, _rows(inventory.records, _record)
    yield "Releases of Helm 2", ("release name",), _rows(inventory.helm2_releases, lambda name: (name,))
    head = ("HelmRelease", "release name", "target namespace", "Helm")
    yield "HelmReleases of Flux v1", head, _rows(inventory.flux1_releases, _flux1_release)
    head = ("object", "ready", "suspended", "message")
    yield "Objects of Flux v2", head, _rows(inventory.flux2_objects, _flux2_object)
    yield "Namespaces", ("namespace",), _rows(inventory.namespaces, lambda name: (name,))
    head = ("workload", "container", "image")
    yield "Images that run", head, _rows(inventory.images, _image)
    head = ("image", "tags", "with build times")
    yield "Tags", head, _rows(tuple(inventory.tags.items()) or None, _tags)


def _rows(items: Iterable[_Item] | None, row: Callable[[_Item], Sequence[str]]) -> _Rows:
    return None if items is None else list(map(row, items))


def _record(each: HelmRecord) -> Sequence[str]:
    status = badge(each.status, "good" if each.status == "deployed" else "warning") if each.status else ""
    revision = "" if each.revision is None else str(each.revision)
    return each.name, each.namespace, revision, status, each.chart


def _flux1_release(each: LiveFlux1Release) -> Sequence[str]:
    target = "not known" if each.target_namespace is None else each.target_namespace
    return f"{each.namespace}/{each.name}", each.release_name, target, each.helm_version


def _flux2_object(each: LiveFlux2Object) -> Sequence[str]:
    ready = "not said" if each.ready is None else _READY[each.ready]
    suspended = "yes" if each.suspended else "no"
    return f"{each.kind} {each.namespace}/{each.name}", ready, suspended, each.message


def _image(each: LiveImage) -> Sequence[str]:
    return f"{each.kind} {each.namespace}/{each.name}", each.container, each.image


def _tags(each: tuple[str, Sequence[KnownTag]]) -> Sequence[str]:
    return each[0], str(len(each[1])), str(sum(tag.created is not None for tag in each[1]))
