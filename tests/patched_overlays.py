"""Overlays that patch releases, and what must be built of them before and after a migration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import fluxv2_migrate as fm
from manifest_texts import CHART, release_text
from real_kustomize import build_all, write_tree

__all__ = [
    "CHART",
    "IMAGE",
    "Files",
    "alone",
    "effective",
    "hold_commuting",
    "migrate",
    "release",
    "releases",
    "tree",
]


Files = dict[str, str | bytes]


def effective(manifest: Mapping[str, Any], objects: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Gives a release of Flux v2 with the content of its source in the place of the reference to it."""
    spec = json.loads(json.dumps(manifest["spec"]))
    reference = spec["chart"]["spec"].pop("sourceRef")
    namespace = reference.get("namespace") or manifest["metadata"].get("namespace")
    sources = [
        each["spec"]
        for each in objects
        if each["kind"] == reference["kind"]
        and each["metadata"]["name"] == reference["name"]
        and each["metadata"].get("namespace") == namespace
    ]
    assert len(sources) == 1, (manifest, reference)
    spec["source"] = {key: sources[0].get(key) for key in ("url", "ref", "secretRef")}
    spec["source"]["url"] = spec["source"]["url"].rstrip("/")
    if spec.get("storageNamespace") == manifest["metadata"].get("namespace"):
        # It is the default.
        del spec["storageNamespace"]
    kept = {key: value for key, value in spec.items() if value not in ({}, [])}
    for name in ("install", "upgrade", "rollback"):
        if not any(value is not None for value in (kept.get(name) or {}).values()):
            kept.pop(name, None)
    return {"metadata": manifest["metadata"], "spec": kept}


def releases(objects: Iterable[Mapping[str, Any]], group: str) -> dict[str, Mapping[str, Any]]:
    return {
        f"{each['metadata'].get('namespace')}/{each['metadata']['name']}": each
        for each in objects
        if each["kind"] == "HelmRelease" and str(each["apiVersion"]).startswith(group)
    }


def alone(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """Gives what becomes of a release of Flux v1 that stands alone, as a cluster gets it."""
    conversion = fm.convert_helm_release(json.loads(json.dumps(dict(manifest))))
    if conversion.release is None or conversion.source is None:
        return None
    return effective(conversion.release.to_manifest(), [conversion.source.to_manifest()])


def hold_commuting(files: Files, folders: Iterable[str], folder: Path) -> tuple[int, int]:
    """Holds that each folder builds what its releases become alone; gives how many are migrated and stay."""
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=tuple(folders)))
    write_tree(files, folder / "before")
    write_tree(migration.files, folder / "after")
    names = tuple(folders)
    before = build_all(folder / "before" / name for name in names)
    after = build_all(folder / "after" / name for name in names)
    migrated = stay = 0
    for old, new in zip(before, after, strict=True):
        if old.error:
            continue
        assert not new.error, new.error
        was, becomes = (
            releases(old.objects, "helm.fluxcd.io"),
            releases(new.objects, "helm.toolkit.fluxcd.io"),
        )
        left = releases(new.objects, "helm.fluxcd.io")
        assert was.keys() == becomes.keys() | left.keys()
        assert not becomes.keys() & left.keys()
        for name, manifest in left.items():
            assert manifest == was[name]
            stay += 1
        for name, manifest in becomes.items():
            wanted = alone(was[name])
            assert wanted is not None
            assert effective(manifest, new.objects) == wanted
            migrated += 1
    assert fm.migrate_repository(migration.files, fm.MigrationOptions(sync_roots=names)).files == dict(
        migration.files
    )
    reasons = {each.code for each in migration.findings if each.severity == "error"}
    assert not stay or reasons
    return migrated, stay


def release(spec: str, name: str = "web") -> str:
    return release_text(spec, name=name)


def tree(kustomization: str, **files: str) -> Files:
    """A base, and an overlay over it."""
    return {
        "base/kustomization.yaml": "resources:\n- web.yaml\n",
        "base/web.yaml": release(CHART),
        "prod/kustomization.yaml": f"resources:\n- ../base\n{kustomization}",
        **{f"prod/{name}.yaml": text for name, text in files.items()},
    }


def migrate(files: Files, *roots: str) -> fm.Migration:
    options = fm.MigrationOptions(sync_roots=roots or ("prod",))
    migration = fm.migrate_repository(files, options)
    again = fm.migrate_repository(migration.files, options)
    assert dict(again.files) == dict(migration.files)
    return migration


IMAGE = "  values:\n    image:\n      repository: ghcr.io/acme/web\n      tag: 1.2.3\n"
