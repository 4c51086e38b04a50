"""Every object that fluxd applied for a cluster, by what a cluster tells it from others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fluxv2_migrate.clusters.cluster_map import ClusterMap, place_of
from fluxv2_migrate.clusters.manifests_of_files import AppliedObject, read_objects
from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.flux1.policies import is_ignored
from fluxv2_migrate.kubernetes import group_of, named, objects_in
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.yaml_text import YAML_ENDINGS


def filled_in(namespace: str) -> str:
    """Names the namespace that fluxd filled in, also where nobody knows which it was.

    >>> filled_in("shop"), filled_in("")
    ('Namespace shop', "fluxd's default namespace")
    """
    return f"Namespace {namespace}" if namespace else "fluxd's default namespace"


class FluxdObject(NamedTuple):
    """An object that fluxd applied.

    Attributes:
        namespace: as it names it; empty where fluxd filled it in, or where it has none.
        path: the file where its text stands.
        line: in that file, where it is known.
        document: its index there.
    """

    group: str
    kind: str
    namespace: str
    name: str
    path: str
    line: int
    document: int

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return named(self.kind, self.namespace, self.name)


def objects_of_fluxd(synced: SyncPath, clusters: ClusterMap, repository: Repository) -> list[FluxdObject]:
    """Gives what fluxd applied of a sync path; nothing where a command that nobody knows printed it."""
    if synced.unknown or not clusters.synced.is_known(synced):
        return []
    found = [
        FluxdObject(
            group_of(built.manifest),
            str(built.manifest.get("kind")),
            *place_of(built.manifest, "", synced),
            built.path,
            1,
            built.index,
        )
        for build in clusters.synced.builds(synced)
        for built in build.objects
        if not is_ignored(built.manifest)
    ]
    paths = [path for path in sorted(repository.texts) if path.endswith(YAML_ENDINGS)]
    for path in clusters.synced.read_alone(synced, paths):
        known = None if path in repository.errors else repository.documents.get(path)
        ignored = set(_ignored(path, repository))
        for each in read_objects(path, repository.texts[path], known):
            if isinstance(each, AppliedObject) and (each.document, each.kind, each.name) not in ignored:
                found.append(
                    FluxdObject(
                        each.group,
                        each.kind,
                        each.namespace or synced.target_namespace,
                        each.name,
                        path,
                        each.place.line,
                        each.document,
                    )
                )
    return found


def _ignored(path: str, repository: Repository) -> Iterator[tuple[int, str, str]]:
    """Gives the objects of a file that fluxd did not apply, as their annotations say."""
    for document in repository.documents.get(path, ()):
        for _, manifest in objects_in(document.manifest):
            if is_ignored(manifest):
                yield document.index, str(manifest.get("kind")), place_of(manifest, "")[1]
