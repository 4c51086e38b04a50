"""Whose a file is that no known cluster sees, as fluxd saw nothing of Flux v2: its place tells it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from fluxv2_migrate.clusters.model import ClusterView


class Owners:
    """The clusters by what they sync, where their fluxd stands, and what they are called.

    >>> from fluxv2_migrate.settings.options import Cluster
    >>> owners = Owners([ClusterView(Cluster(name=name), (), "") for name in ("eu", "us")])
    >>> owners.of("clusters/eu/sync.yaml"), owners.may_be_of("clusters/eu/sync.yaml", "us")
    ({'eu'}, False)
    >>> owners.own(["clusters/us/sync.yaml", "sync.yaml"], "eu")
    ['sync.yaml']
    """

    def __init__(self, views: Iterable[ClusterView]) -> None:
        self._names: set[str] = set()
        self._by_folder: dict[str, set[str]] = {}
        for view in views:
            fluxd = view.flux1.fluxd
            beside = posixpath.dirname(fluxd.path) if fluxd is not None else ""
            self._names.add(view.name)
            for folder in {*view.paths, beside} - {""}:
                self._by_folder.setdefault(folder, set()).add(view.name)

    def of(self, file: str) -> set[str]:
        """Gives the clusters whose a file is; none where its place tells nothing."""
        parts = file.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return self._names.intersection(parts[:-1]).union(*(self._by_folder.get(each, ()) for each in above))

    def may_be_of(self, file: str, cluster: str) -> bool:
        """Gives whether a file may be a cluster's: its place does not tell that it is another one's."""
        owners = self.of(file)
        return not owners or cluster in owners

    def own(self, files: Iterable[str], cluster: str) -> list[str]:
        """Gives those of some files that are a cluster's, or else those that may be."""
        owners = {file: self.of(file) for file in files}
        own = [file for file, names in owners.items() if cluster in names]
        return own or [file for file, names in owners.items() if not names]
