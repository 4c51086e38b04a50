"""What each cluster of a generated repository has, by the real kustomize and by rules that stand here alone.

Nothing of the library decides: fluxd's reading, kustomize-controller's kustomization, and the name that the
helm-operator gives are told once more, from Flux's own code.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fluxv2_migrate.testing import GeneratedCluster
from real_kustomize import NAMES, RealBuild, build_all, write_tree
from reference_trees import LOADER

__all__ = ["RealClusters", "new_place", "old_place"]

Manifest = dict[str, Any]
OLD_APIS = ("helm.fluxcd.io/v1", "flux.weave.works/v1beta1", "helm.integrations.flux.weave.works/v1alpha2")
Place = tuple[str, str, str]
"""The namespace of the objects of a Helm release, that of its record, and its name."""


def old_place(manifest: Mapping[str, Any]) -> Place | None:
    """Gives where the helm-operator keeps a release of Flux v1, and nothing for what is none.

    Source: helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go`; the older operator of
    fluxcd/flux, `integrations/helm/release`.
    """
    if manifest.get("apiVersion") not in OLD_APIS:
        return None
    spec, metadata = manifest["spec"], manifest["metadata"]
    namespace = metadata.get("namespace") or "default"
    target = namespace
    if manifest["apiVersion"] == OLD_APIS[0]:
        target = spec.get("targetNamespace") or namespace
    parts = [namespace, metadata["name"]] if target == namespace else [namespace, target, metadata["name"]]
    return target, target, spec.get("releaseName") or "-".join(parts)


def new_place(manifest: Mapping[str, Any]) -> Place | None:
    """Gives where helm-controller keeps a release of Flux v2, and nothing for what is none.

    Source: helm-controller `api/v2/helmrelease_types.go` `GetReleaseName`, `GetStorageNamespace`.
    """
    if not str(manifest.get("apiVersion")).startswith("helm.toolkit.fluxcd.io/"):
        return None
    spec, metadata = manifest["spec"], manifest["metadata"]
    namespace, target = metadata.get("namespace", ""), spec.get("targetNamespace")
    default = f"{target}-{metadata['name']}" if target else metadata["name"]
    return target or namespace, spec.get("storageNamespace") or namespace, spec.get("releaseName") or default


@dataclass
class RealClusters:
    """A tree on a disk, and what clusters make of it."""

    files: Mapping[str, str | bytes]
    folder: Path

    def __post_init__(self) -> None:
        write_tree(self.files, self.folder)

    def before(self, cluster: GeneratedCluster) -> list[Manifest]:
        """Gives what a cluster had: with the namespace that fluxd fills in."""
        if cluster.read == "flux2":
            return self.after(cluster)
        found = list(self._read_by_fluxd(cluster.path))
        if cluster.read == "kustomize":
            found = list(self._built(cluster.path).objects)
            if cluster.patch_file:
                found = self._patched(found, posixpath.join(cluster.path, cluster.patch_file))
        for each in found:
            each["metadata"].setdefault("namespace", "default")
        return found

    def after(self, cluster: GeneratedCluster, others: Iterable[str] = ()) -> list[Manifest]:
        """Gives what kustomize-controller applies: of its paths, and of the Kustomizations that it finds.

        Args:
            cluster: as it was generated.
            others: that it syncs too by now.
        """
        seen: set[str] = set()
        paths = [cluster.path, *(each for each in others if (self.folder / each).exists())]
        return [each for path in paths if path not in seen for each in self._applied(path, {}, seen)]

    def _applied(self, path: str, fields: Mapping[str, Any], seen: set[str]) -> Iterator[Manifest]:
        seen.add(path)
        built = self._built(path, fields)
        assert not built.error, (path, built.error)
        yield from built.objects
        for each in built.objects:
            if str(each["apiVersion"]).startswith("kustomize.toolkit.fluxcd.io/"):
                inner = posixpath.normpath(each["spec"]["path"])
                # A sync path that is not there yet has nothing to apply.
                if inner not in seen and (self.folder / inner).exists():
                    yield from self._applied(inner, each["spec"], seen)

    def _read_by_fluxd(self, path: str) -> Iterator[Manifest]:
        for name in sorted(self.files):
            if name.startswith(f"{path}/") and name.endswith((".yaml", ".yml")):
                for document in yaml.load_all(self.files[name], LOADER):
                    if document and "kind" in document:
                        yield document

    def _built(self, path: str, fields: Mapping[str, Any] | None = None) -> RealBuild:
        """Builds as kustomize-controller does, which writes or completes the kustomization of the folder.

        Source: fluxcd/pkg `kustomize/kustomize_generator.go` `WriteFile`.
        """
        folder = self.folder / path
        own = next((folder / name for name in NAMES if (folder / name).exists()), None)
        written = own or folder / NAMES[0]
        before = None if own is None else own.read_bytes()
        document: Manifest = (
            {"resources": sorted(self._resources(folder))} if before is None else yaml.load(before, LOADER)
        )
        for key in ("patches", "components"):
            if fields and key in fields:
                document[key] = [*document.get(key, ()), *fields[key]]
        for key, name in (("targetNamespace", "namespace"), ("namePrefix", "namePrefix")):
            if fields and key in fields:
                document[name] = fields[key]
        if before is None or fields:
            written.write_text(json.dumps(document), "utf-8")
        (built,) = build_all([folder])
        if before is None:
            written.unlink()
        else:
            written.write_bytes(before)
        return built

    def _resources(self, folder: Path) -> Iterator[str]:
        wholes = [each.parent for name in NAMES for each in folder.rglob(name) if each.parent != folder]
        for each in wholes:
            if not any(other in each.parents for other in wholes):
                yield each.relative_to(folder).as_posix()
        for each in folder.rglob("*"):
            # source-controller leaves `.flux.yaml` out of its artifact.
            if (
                each.suffix in (".yaml", ".yml")
                and each.name != ".flux.yaml"
                and not {*wholes} & {*each.parents}
            ):
                yield each.relative_to(folder).as_posix()

    def _patched(self, objects: list[Manifest], path: str) -> list[Manifest]:
        """Puts the patches that fluxd keeps in a file over what is built."""
        place = self.folder / "patched-by-fluxd"
        place.mkdir()
        (place / "all.yaml").write_text(yaml.safe_dump_all(objects), "utf-8")
        patches = [
            {"patch": json.dumps(each)} for each in yaml.load_all(self.files.get(path, ""), LOADER) if each
        ]
        (place / NAMES[0]).write_text(json.dumps({"resources": ["all.yaml"], "patches": patches}), "utf-8")
        (built,) = build_all([place])
        assert not built.error, (path, built.error)
        return list(built.objects)
