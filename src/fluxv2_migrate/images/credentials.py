"""The ServiceAccounts and Secrets of a repository that say how images are pulled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.repository.documents import read_documents
from fluxv2_migrate.rules import Lookup, objects_in
from fluxv2_migrate.surroundings.known import Surroundings

__all__ = ["credentials_in"]

_WORDS: Final = ("imagePullSecrets", "kubernetes.io/dockercfg")
_KINDS: Final = ("ServiceAccount", "Secret")


def credentials_in(cluster: str, around: Surroundings) -> Lookup:
    """Gives what finds the ServiceAccounts and Secrets of a cluster by kind, namespace and name.

    Args:
        cluster: its name.
        around: what is known of the repository.
    """
    default = around.clusters.default_namespace(cluster) or "default"
    known: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for manifest in _manifests(cluster, around):
        metadata = manifest.get("metadata")
        if manifest.get("kind") in _KINDS and isinstance(metadata, Mapping):
            namespace, name = metadata.get("namespace") or default, metadata.get("name")
            known.setdefault((str(manifest["kind"]), str(namespace), str(name)), manifest)
    return lambda kind, namespace, name: known.get((kind, namespace or default, name))


def _manifests(cluster: str, around: Surroundings) -> Iterator[Mapping[str, Any]]:
    clusters, texts = around.clusters, around.repository.texts
    view = clusters.view(cluster)
    paths = [path for path, text in texts.items() if path.endswith((".yaml", ".yml")) and _may_hold(text)]
    alone = {path for synced in view.sync_paths for path in clusters.synced.read_alone(synced, paths)}
    documents = {path: read_documents(path, texts[path])[0] for path in sorted(alone)}
    for each in clusters.objects(view, documents):
        yield from (manifest for _, manifest in objects_in(each.manifest))


def _may_hold(text: str) -> bool:
    return any(word in text for word in _WORDS) and any(kind in text for kind in _KINDS)
