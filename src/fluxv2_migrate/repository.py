"""What stands in a repository: its texts, and the documents that concern Flux."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.documents import Document, read_documents
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1 import find_images
from fluxv2_migrate.placement import ExistingSource
from fluxv2_migrate.sync_roots import root_of

__all__ = ["OLD_API_VERSIONS", "Repository", "is_old_release", "read_repository", "runs_flux_1"]

OLD_API_VERSIONS: Final = {
    "helm.fluxcd.io/v1": "HelmRelease",
    "flux.weave.works/v1beta1": "HelmRelease",
    "helm.integrations.flux.weave.works/v1alpha2": "FluxHelmRelease",
}
_OLD_LINE: Final = re.compile(
    r"^[ \t]*(?:-[ \t]+)?[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?"
    r"(?:helm\.fluxcd\.io/v1|flux\.weave\.works/v1beta1|helm\.integrations\.flux\.weave\.works/v1alpha2)"
    r"[\"']?[ \t]*(?:#.*)?\r?$",
    re.MULTILINE,
)
_FLUX_1_IMAGES: Final = ("fluxcd/flux", "fluxcd/helm-operator", "weaveworks/flux", "weaveworks/helm-operator")
_WORDS: Final = ("fluxcd.io", "flux.weave.works", *_FLUX_1_IMAGES)
_YAML: Final = (".yaml", ".yml", ".json")
_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_FLUX_RELEASE: Final = re.compile(
    r"^(?:# Flux [Vv]ersion|[ \t]+app\.kubernetes\.io/version): v?(\d+\.\d+)\.", re.MULTILINE
)


@dataclass(slots=True)
class Repository:
    """A repository as it is read.

    Attributes:
        texts: of every file that is UTF-8.
        opaque: paths of the other files that name Flux's API.
        documents: of the files that name Flux.
        errors: of the files that do and cannot be read.
        kustomized: for each file that a kustomization names, the kustomization.
        charts: folders of Helm charts.
        flux_releases: for each `gotk-components`, the minor release of Flux that it installs.
    """

    texts: dict[str, str] = field(default_factory=dict)
    opaque: list[str] = field(default_factory=list)
    documents: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    errors: dict[str, InvalidManifest] = field(default_factory=dict)
    kustomized: dict[str, str] = field(default_factory=dict)
    charts: set[str] = field(default_factory=set)
    flux_releases: dict[str, str] = field(default_factory=dict)

    def chart_around(self, path: str) -> str | None:
        """Gives the folder of the chart that a file belongs to."""
        folder = posixpath.dirname(path)
        while True:
            if folder in self.charts:
                return folder
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def old_lines(self, path: str) -> list[int]:
        """Gives the lines of a text that say a v1 release begins, whether or not it can be read."""
        text = self.texts[path]
        return [text.count("\n", 0, match.start()) + 1 for match in _OLD_LINE.finditer(text)]

    def sources(self, roots: Sequence[str]) -> Iterator[ExistingSource]:
        """Gives the v2 sources that are there, with the sync path that reaches each."""
        for path, documents in self.documents.items():
            for document in documents:
                source = ExistingSource.of_manifest(document.manifest, root_of(path, roots))
                if source is not None:
                    yield source

    def source_manifests(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Gives every object that charts come from, with its file."""
        for path, document in self.new_objects():
            if str(document.manifest.get("apiVersion")).startswith("source.toolkit.fluxcd.io/"):
                yield path, document.manifest

    def new_objects(self) -> Iterator[tuple[str, Document]]:
        """Gives every object of Flux v2 that is no part of a chart, with its file."""
        for path, documents in sorted(self.documents.items()):
            for document in documents:
                group = str(document.manifest.get("apiVersion")).partition("/")[0]
                if group.endswith(".toolkit.fluxcd.io") and self.chart_around(path) is None:
                    yield path, document


def runs_flux_1(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a workload is fluxd or the helm-operator.

    >>> containers = [{"name": "flux", "image": "docker.io/fluxcd/flux:1.25.4"}]
    >>> runs_flux_1({"kind": "Deployment", "spec": {"template": {"spec": {"containers": containers}}}})
    True
    """
    if manifest.get("kind") == "HelmRelease":
        # Its chart says what it is; images in values may be anybody's.
        return False
    return any(found.image.repository in _FLUX_1_IMAGES for found in find_images(manifest))


def is_old_release(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a manifest is a release of Flux v1, of any of its APIs."""
    version = manifest.get("apiVersion")
    return isinstance(version, str) and OLD_API_VERSIONS.get(version, "") == manifest.get("kind")


def read_repository(files: Mapping[str, str | bytes]) -> Repository:
    """Reads what concerns Flux; all other files are not looked into.

    Args:
        files: path to text, or to bytes.
    """
    repository = Repository()
    has_old_releases = False
    for path in sorted(files):
        content = files[path]
        if isinstance(content, bytes):
            try:
                content = content.decode("utf-8")
            except UnicodeDecodeError:
                if any(version.encode() in files[path] for version in OLD_API_VERSIONS):
                    repository.opaque.append(path)
                continue
        repository.texts[path] = content
        folder, name = posixpath.split(path)
        if name == "Chart.yaml":
            repository.charts.add(folder)
        if not path.endswith(_YAML) and name not in _KUSTOMIZATIONS:
            continue
        if not any(word in content for word in _WORDS):
            continue
        if name == "gotk-components.yaml":
            release = _FLUX_RELEASE.search(content)
            if release is not None:
                repository.flux_releases[path] = release[1]
            # Its definitions of resources are large and hold nothing to migrate.
            continue
        documents, errors = read_documents(path, content)
        repository.documents[path] = documents
        for document in documents:
            if is_old_release(document.manifest):
                document.forget(("spec", "values"))
        has_old_releases |= any(version in content for version in OLD_API_VERSIONS)
        if errors:
            repository.errors[path] = errors[0]
    if has_old_releases:
        for path in sorted(repository.texts):
            if posixpath.basename(path) in _KUSTOMIZATIONS:
                _read_kustomization(repository, path)
    return repository


def _read_kustomization(repository: Repository, path: str) -> None:
    folder = posixpath.dirname(path)
    for document in read_documents(path, repository.texts[path])[0]:
        manifest = document.manifest
        if "spec" in manifest:
            # kustomize-controller's kind of the same name.
            continue
        for value in _named_files(manifest):
            file = posixpath.normpath(posixpath.join(folder, value))
            repository.kustomized.setdefault(file, path)


def _named_files(kustomization: Mapping[str, Any]) -> Iterator[str]:
    for key in ("resources", "bases", "components", "patches", "patchesStrategicMerge", "patchesJson6902"):
        entries = kustomization.get(key)
        for entry in entries if isinstance(entries, list) else ():
            value = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(value, str) and "\n" not in value:
                yield value
