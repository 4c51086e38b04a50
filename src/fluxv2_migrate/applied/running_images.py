"""Images of the repository held against those that clusters run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.cluster_map import ClusterObject
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux1.images import POD_SPECS, ContainerImage, find_images
from fluxv2_migrate.flux1.policies import is_ignored
from fluxv2_migrate.flux2.image_objects import canonical_image, parts_of_image
from fluxv2_migrate.kubernetes import as_object, named, objects_in
from fluxv2_migrate.settings.inventory import Inventory
from fluxv2_migrate.surroundings.known import Surroundings

_LATEST: Final = "latest"


@dataclass(frozen=True, slots=True)
class _Asked:
    """An image that the repository asks for, and those that the cluster has in its place."""

    resource: str
    image: ContainerImage
    running: tuple[str, ...]


def tell_of_running_images(around: Surroundings, findings: FindingGroups) -> None:
    """Says which images kustomize-controller and helm-controller would change at once.

    fluxd applied what stands in Git, and wrote there what it rolled out: where a cluster runs something
    else, somebody changed it by hand, or fluxd did not get through.
    """
    inventories = around.inventories()
    for view in around.clusters.clusters:
        inventory = inventories.get(view.name)
        if inventory is None or inventory.images is None:
            continue
        for each in around.every_object(view):
            if around.repository.has_documents(each.path):
                _tell(each, view, inventory, around, findings)


def _tell(
    found: ClusterObject,
    view: ClusterView,
    inventory: Inventory,
    around: Surroundings,
    findings: FindingGroups,
) -> None:
    document = around.repository.document(found.path, found.index)
    cluster = around.clusters.told((view.name,))
    for each in _asked(found, inventory):
        running = ", ".join(each.running)
        where = f"in {cluster}: " if cluster else ""
        message = (
            f"{where}{each.resource} runs {running} as {each.image.container}, and the repository asks for "
            f"{each.image.image}"
        )
        path = tuple(map(str, each.image.paths.tag or each.image.paths.repository))
        # Each cluster runs what it runs.
        notice = Notice("IN010", message, path, f"{found.path} {cluster} {message}")
        findings.add(document, each.resource, notice, cluster=cluster)


def _asked(found: ClusterObject, inventory: Inventory) -> Iterator[_Asked]:
    """Gives the images of an object of which the cluster runs none as the repository asks for it."""
    for _, manifest in objects_in(found.manifest):
        if is_ignored(manifest):
            continue
        metadata = as_object(manifest.get("metadata"))
        kind, name = str(manifest.get("kind")), str(metadata.get("name"))
        namespace = found.namespace
        if manifest is not found.manifest:
            namespace = str(metadata.get("namespace") or "") or namespace
        resource = named(kind, namespace, name)
        for image in find_images({**manifest}):
            if kind in POD_SPECS:
                running = _of_workload(kind, namespace, name, image, inventory)
            else:
                target = str(as_object(manifest.get("spec")).get("targetNamespace") or namespace)
                running = _of_release(target, image, inventory)
            if running and not any(_is_same(each, str(image.image)) for each in running):
                yield _Asked(resource, image, running)


def _of_workload(
    kind: str, namespace: str, name: str, image: ContainerImage, inventory: Inventory
) -> tuple[str, ...]:
    found = [
        each.image
        for each in inventory.images or ()
        if (each.namespace, each.name, each.container) == (namespace, name, image.container)
        and each.kind in ("", kind)
    ]
    return tuple(dict.fromkeys(found))


def _of_release(namespace: str, image: ContainerImage, inventory: Inventory) -> tuple[str, ...]:
    """Gives the images of the same name in a namespace: what a chart calls its workloads is not known."""
    wanted = canonical_image(parts_of_image(str(image.image)).name)
    found = [
        each.image
        for each in inventory.images or ()
        if each.namespace == namespace and canonical_image(parts_of_image(each.image).name) == wanted
    ]
    return tuple(dict.fromkeys(found))


def _is_same(running: str, asked: str) -> bool:
    one, other = parts_of_image(running), parts_of_image(asked)
    if canonical_image(one.name) != canonical_image(other.name):
        return False
    if one.digest and other.digest:
        return one.digest == other.digest
    return (one.tag or _LATEST) == (other.tag or _LATEST)
