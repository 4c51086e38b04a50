"""Whether an object that is put somewhere reaches clusters as it is: each build is tried with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fluxv2_migrate.clusters.flux_kustomizations import overlaid
from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.kustomize import Kustomization, KustomizeTree, try_object


def is_left_alone(
    manifest: Mapping[str, Any], builds: Iterable[tuple[Kustomization, str]], tree: KustomizeTree
) -> bool:
    """Gives whether everything that builds a folder leaves an object alone that is put there."""
    return becomes(manifest, manifest, builds, tree)


def becomes(
    written: Mapping[str, Any],
    manifest: Mapping[str, Any],
    builds: Iterable[tuple[Kustomization, str]],
    tree: KustomizeTree,
) -> bool:
    """Gives whether everything that builds a folder makes an object of what is put there."""
    for kustomization, listing in builds:
        made = try_object(tree, kustomization, listing, written)
        if made is None or len(made) != 1 or not _same_object(manifest, made[0]):
            return False
    return True


def affixes_of(
    manifest: Mapping[str, Any], builds: Iterable[tuple[Kustomization, str]], tree: KustomizeTree
) -> tuple[str, str] | None:
    """Gives what everything that builds a folder puts before and behind the name of an object there.

    Returns:
        Nothing where they do not do the same, or something else.
    """
    found: set[tuple[str, str]] = set()
    name = str(as_object(manifest.get("metadata")).get("name"))
    for kustomization, listing in builds:
        # Of what nobody can tell no name is known.
        made = try_object(tree, kustomization, listing, manifest) or ()
        becoming = as_object(made[0].get("metadata")) if made else {}
        renamed = {
            **manifest,
            "metadata": {**as_object(manifest.get("metadata")), "name": becoming.get("name")},
        }
        before, has_name, behind = str(becoming.get("name")).partition(name)
        if len(made) != 1 or not has_name or not _same_object(renamed, made[0]):
            return None
        found.add((before, behind))
    return found.pop() if len(found) == 1 else None


def builds_with(
    home: str, synced_paths: Iterable[SyncPath], tree: KustomizeTree
) -> Iterator[tuple[Kustomization, str]]:
    """Gives what is built with a folder in it, and the folder whose kustomization lists what is put there.

    Args:
        home: the folder; where it has a kustomization, that lists what is put there.
        synced_paths: of clusters; what goes over their builds counts where it reaches the folder.
    """
    way = (home, *tree.ancestors(home)) if home in tree.kustomizations else ()
    tops = dict.fromkeys(folder for folder in way if not tree.includers(folder))
    plain: set[str] = set()
    shaped: Counter[str] = Counter()
    for synced in synced_paths:
        built = [folder for folder in synced.builds if folder in way]
        over = "" if synced.patch_file else synced.overlay
        if not (over or synced.target_namespace):
            tops |= dict.fromkeys(built)
            plain.update(built)
            continue
        for folder in built or ([synced.path] if is_below(home, synced.path) else []):
            found = overlaid(tree, folder, over)
            if found is not None:
                shaped[folder] += 1
                kustomization = found[0]
                if synced.target_namespace:
                    document = {**kustomization.document, "namespace": synced.target_namespace}
                    kustomization = replace(kustomization, document=document)
                yield kustomization, home if folder in way else folder
    for folder in tops:
        # Nobody builds it without what the one that builds it puts over it.
        is_alone = shaped[folder] == 1 and folder not in plain
        if not (is_alone or tree.kustomizations[folder].is_component):
            yield tree.kustomizations[folder], home


def _same_object(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Gives whether two manifests are one object that says the same; a label more makes no other one of it.

    >>> _same_object({"kind": "A", "metadata": {"name": "a"}}, {"kind": "A", "metadata": {"name": "b"}})
    False
    """
    return _essence(one) == _essence(other)


def _essence(manifest: Mapping[str, Any]) -> dict[str, Any]:
    metadata = as_object(manifest.get("metadata"))
    return {**manifest, "metadata": (metadata.get("namespace"), metadata.get("name"))}
