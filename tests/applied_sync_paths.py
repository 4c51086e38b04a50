"""What clusters apply of each sync path before and after a migration, as the real kustomize builds it."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.clusters import SyncPath
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.kustomize import KustomizeTree, generated_resources
from fluxv2_migrate.repository.flux1_readings import write_flux1_readings
from fluxv2_migrate.repository.reading import read_repository
from patched_overlays import Files, effective
from real_kustomize import NAMES, RealBuild, build_all, with_stubs, write_tree
from reference_trees import LOADER, documents_of

__all__ = ["Commuted", "hold_sync_paths"]

OVER = "what-a-cluster-applies"


def sync_paths(files: Files, options: fm.MigrationOptions) -> list[tuple[str, SyncPath]]:
    """Gives the sync paths of all clusters, as fluxd or Flux v2 reads each."""
    seen = see_repository(files, read_repository(files), options)
    return [(view.name, synced) for view in seen.clusters for synced in view.sync_paths]


def manifests(content: str | bytes) -> list[Any] | None:
    """Gives the documents of a file, if all of them are objects; fluxd passed over what has no kind."""
    try:
        found = [each for each in yaml.load_all(content, LOADER) if each is not None]
    except yaml.YAMLError:
        return None
    return found if all(isinstance(each, dict) and "kind" in each for each in found) else None


def plain_files(synced: SyncPath, files: Files) -> list[str]:
    """Gives the files that fluxd applied one by one."""
    start = f"{synced.path}/" if synced.path else ""
    below = (path for path in files if path.startswith(start) and path.endswith((".yaml", ".yml")))
    built = tuple(f"{folder}/" if folder else "" for folder in synced.builds)
    return [
        path
        for path in below
        if not path.startswith(built or ("\0",))
        and posixpath.basename(path) not in NAMES
        and manifests(files[path])
    ]


def own_kustomization(synced: SyncPath, files: Files) -> str:
    """Gives the kustomization of a sync path, to which kustomize-controller adds its own fields."""
    return next((path for name in NAMES if (path := f"{synced.path}/{name}") in files), "")


def given_fields(synced: SyncPath) -> dict[str, Any]:
    """Gives what a Kustomization of Flux v2 adds to the kustomization of its path."""
    over: dict[str, Any] = json.loads(synced.overlay) if synced.overlay else {}
    over.pop("file", None)
    return {**over, **({"namespace": synced.target_namespace} if synced.target_namespace else {})}


def fields_over(synced: SyncPath, files: Files) -> dict[str, Any]:
    """Gives the same where the path has no kustomization, and one is made for it."""
    return {} if own_kustomization(synced, files) else given_fields(synced)


def with_added_fields(synced: SyncPath, files: Files) -> Files:
    """Gives files in which the kustomization of a path has what kustomize-controller adds to it."""
    path, more = own_kustomization(synced, files), given_fields(synced)
    if not path or not more:
        return files
    document = yaml.load(files[path], LOADER)
    for key, value in more.items():
        document[key] = [*(document.get(key) or ()), *value] if isinstance(value, list) else value
    return {**files, path: yaml.safe_dump(document)}


def staying_patches(synced: SyncPath, files: Files) -> list[dict[str, str]]:
    """Gives the patches of fluxd for releases that stay, which fluxd goes on putting over its build."""
    if f"{synced.path}/.flux.yaml" not in files or synced.patch_file not in files:
        return []
    documents = yaml.load_all(files[synced.patch_file], LOADER)
    return [{"patch": yaml.safe_dump(each)} for each in documents if each and is_old(each)]


def applied_before(synced: SyncPath, files: Files, folder: str) -> dict[str, Any]:
    """Gives a kustomization that builds what a cluster applied of a sync path."""
    listed = [*synced.builds, *(plain_files(synced, files) if synced.files != "none" else ())]
    over = fields_over(synced, files)
    if synced.patch_file in files:
        documents = yaml.load_all(files[synced.patch_file], LOADER)
        over["patches"] = [{"patch": yaml.safe_dump(each)} for each in documents if each]
    return {"resources": [posixpath.relpath(each or ".", folder) for each in listed], **over}


def applied_after(synced: SyncPath, files: Files, folder: str) -> dict[str, Any]:
    """Gives a kustomization that builds what kustomize-controller applies in its place."""
    tree = KustomizeTree(files)
    over = fields_over(synced, files)
    if left := staying_patches(synced, files):
        over["patches"] = [*over.get("patches", ()), *left]
    if tree.has_kustomization_file(synced.path):
        listed: Sequence[str] = (synced.path,)
    else:
        inside = generated_resources(tree, synced.path)
        listed = tuple(dict.fromkeys((*synced.builds, *inside))) if synced.files != "none" else synced.builds
        listed = [each for each in listed if each not in files or manifests(files[each])]
    return {"resources": [posixpath.relpath(each or ".", folder) for each in listed], **over}


def overlay_of(path: str, files: Files) -> str:
    """Gives what a Kustomization of Flux v2 puts over a path."""
    known = (FluxKustomization.of_manifest(manifest, file) for file, manifest in documents_of(files))
    return next((each.overlay for each in known if each and normal_path(each.path) == path), "")


def without_doubles(files: Files) -> Files:
    """Gives files without keys that stand in a mapping twice: for fluxd the last one counted."""
    result = dict(files)
    for path, content in files.items():
        if path.endswith((".yaml", ".yml")) and path.rpartition("/")[2] not in NAMES:
            try:
                Strict.is_double = False
                found = list(yaml.load_all(content, Strict))
            except yaml.YAMLError:
                continue
            if Strict.is_double:
                result[path] = yaml.safe_dump_all(found)
    return result


class Strict(LOADER):
    """Notes whether a key stands in a mapping twice."""

    is_double = False

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [str(key.value) for key, _ in node.value]
        Strict.is_double |= len(set(keys)) < len(keys)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


def builds(pairs: Sequence[tuple[SyncPath, dict[str, Any]]], files: Files, folder: Path) -> list[RealBuild]:
    plain = without_doubles(with_stubs(files))
    write_tree(plain, folder)
    places = []
    for number, (synced, kustomization) in enumerate(pairs):
        added, place = with_added_fields(synced, plain), folder
        if added is not plain:
            place = folder / f"{OVER}-{number}"
            write_tree(added, place)
        write_tree({f"{OVER}/{number}/kustomization.yaml": yaml.safe_dump(kustomization)}, place)
        places.append(place / OVER / str(number))
    return build_all(places)


def is_old(manifest: Mapping[str, Any]) -> bool:
    return RELEASE_APIS.get(str(manifest.get("apiVersion")), "") == manifest.get("kind")


def identity(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    metadata = manifest.get("metadata") or {}
    return str(manifest.get("kind")), str(metadata.get("namespace") or ""), str(metadata.get("name"))


def without_marks(value: Any) -> Any:
    """Gives an object without the annotations of fluxd."""
    metadata = value.get("metadata") or {}
    marks = {key: each for key, each in (metadata.get("annotations") or {}).items() if "flux" not in key}
    kept = {key: each for key, each in metadata.items() if key != "annotations"}
    return {**value, "metadata": {**kept, **({"annotations": marks} if marks else {})}}


def alone(manifest: Mapping[str, Any], options: fm.MigrationOptions) -> dict[str, Any] | None:
    """Gives what becomes of a release of Flux v1 that stands alone, as a cluster gets it."""
    conversion = fm.convert_helm_release(json.loads(json.dumps(dict(manifest))), options)
    if conversion.release is None or conversion.source is None:
        return None
    return effective(conversion.release.to_manifest(), [conversion.source.to_manifest()])


@dataclass(frozen=True)
class Commuted:
    """A migration of which every sync path builds what its objects become.

    Attributes:
        counted: sync paths, releases that are migrated and that stay, and other objects.
        reasons: why releases stay.
    """

    migration: fm.Migration
    counted: Counter[str]
    reasons: frozenset[str]


def hold_sync_paths(files: Files, options: fm.MigrationOptions, folder: Path) -> Commuted:
    """Holds that each sync path builds what its objects become."""
    migration = fm.migrate_repository(files, options)
    after = dict(migration.files)
    # fluxd's kustomize read YAML 1.1, and today's does not.
    files = dict(write_flux1_readings(files, read_repository(files), options.write_what_flux1_read).files)
    before = sync_paths(files, options)
    later = [replace(each, overlay=overlay_of(each.path, after)) for _, each in before]
    settings = {each.name: each for each in migration.context.as_clusters()}
    depth = f"{OVER}/0"
    was = builds([(each, applied_before(each, files, depth)) for _, each in before], files, folder / "before")
    now = builds([(each, applied_after(each, after, depth)) for each in later], after, folder / "after")
    everything: dict[str, list[dict[str, Any]]] = {}
    for (cluster, _), build in zip(before, now, strict=True):
        known = everything.setdefault(cluster, [])
        known += [each for each in build.objects if each not in known]
    counted: Counter[str] = Counter(paths=len(before))
    for (cluster, synced), old, new in zip(before, was, now, strict=True):
        if old.error:
            counted["did not build"] += 1
            continue
        assert not new.error, (synced.path, new.error)
        own = settings[cluster]
        given = options.model_copy(
            update={
                "clusters": (),
                "sync_roots": (),
                "helm_operator": own.helm_operator,
                "default_namespace": own.default_namespace,
                "flux_version": own.flux_version or migration.context.flux_version,
            }
        )
        left = {identity(each): each for each in new.objects if is_old(each)}
        becomes = {identity(each): each for each in new.objects if not is_old(each)}
        for manifest in old.objects:
            key = identity(manifest)
            if not is_old(manifest):
                counted["other objects"] += 1
                if key in becomes:
                    assert without_marks(becomes[key]) == without_marks(manifest), key
                else:
                    counted["other objects gone"] += 1
            elif key in left:
                counted["stays"] += 1
                assert without_marks(left[key]) == without_marks(manifest), key
            else:
                counted["migrated"] += 1
                wanted = alone(manifest, given)
                assert wanted is not None, key
                got = effective(becomes[key], everything[cluster])
                assert without_marks(got) == without_marks(wanted), (key, synced.path)
    return Commuted(migration, counted, frozenset(reasons(migration)))


def reasons(migration: fm.Migration) -> Iterator[str]:
    """Gives why releases stay that clusters have."""
    for each in migration.staying:
        told = {
            finding.code
            for finding in migration.findings
            if finding.severity == "error"
            and each.path in (finding.path, *(place.rpartition(":")[0] for place in finding.related))
            and finding.code[:2] in ("HR", "RP", "DA")
        }
        assert told, each
        if each.clusters:
            yield from told - {"HR032"}
