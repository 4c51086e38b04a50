"""The ServiceAccounts and Secrets of a repository that say how images are pulled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.kubernetes import objects_in
from fluxv2_migrate.repository.reading import read_documents
from fluxv2_migrate.rules import Lookup
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_WORDS: Final = ("imagePullSecrets", "kubernetes.io/dockercfg")
_KINDS: Final = ("ServiceAccount", "Secret")


def files_of_credentials(around: Surroundings) -> tuple[str, ...]:
    """Gives the files in which ServiceAccounts or Secrets with credentials may be."""
    texts = around.repository.texts.items()
    return tuple(
        path
        for path, text in texts
        if path.endswith(YAML_ENDINGS) and all(any(map(text.__contains__, one)) for one in (_WORDS, _KINDS))
    )


def credentials_in(cluster: str, around: Surroundings, files: Collection[str]) -> Lookup:
    """Gives what finds the ServiceAccounts and Secrets of a cluster by kind, namespace and name."""
    default = around.clusters.default_namespace(cluster) or "default"
    known: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for manifest in _manifests(cluster, around, files):
        metadata = manifest.get("metadata")
        if manifest.get("kind") in _KINDS and isinstance(metadata, Mapping):
            namespace, name = metadata.get("namespace") or default, metadata.get("name")
            known.setdefault((str(manifest["kind"]), str(namespace), str(name)), manifest)
    return lambda kind, namespace, name: known.get((kind, namespace or default, name))


def _manifests(cluster: str, around: Surroundings, files: Collection[str]) -> Iterator[Mapping[str, Any]]:
    clusters, texts = around.clusters, around.repository.texts
    view = clusters.view(cluster)
    alone = {path for synced in view.sync_paths for path in clusters.synced.read_alone(synced, files)}
    documents = {path: read_documents(path, texts[path])[0] for path in sorted(alone)}
    for each in clusters.objects(view, documents):
        yield from (manifest for _, manifest in objects_in(each.manifest))
