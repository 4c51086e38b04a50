"""The ServiceAccounts and Secrets of a repository that say how images are pulled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import is_below
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
    clusters = around.clusters
    for synced in clusters.view(cluster).sync_paths:
        for folder in synced.builds:
            yield from (built.manifest for built in clusters.build_of(synced, folder).objects)
        if synced.files == "none":
            continue
        apart = clusters.apart if synced.files == "rest" else frozenset()
        for path, text in around.repository.texts.items():
            if (
                path.endswith((".yaml", ".yml"))
                and is_below(path, synced.path)
                and path not in apart
                and any(word in text for word in _WORDS)
                and any(kind in text for kind in _KINDS)
            ):
                for document in read_documents(path, text)[0]:
                    yield from (manifest for _, manifest in objects_in(document.manifest))
