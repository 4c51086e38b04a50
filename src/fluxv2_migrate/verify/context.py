"""What everything is compared with: both sides as clusters have them, and what a person said."""

from __future__ import annotations

import posixpath
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.fluxd_objects import FluxdObject
from fluxv2_migrate.clusters.reconciled import ReconciledCluster
from fluxv2_migrate.clusters.seen_objects import SeenObject, SeenRepository
from fluxv2_migrate.flux1.apis import RELEASE_APIS, is_release_definition
from fluxv2_migrate.flux1.images import POD_SPECS
from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.flux1.policies import is_ignored
from fluxv2_migrate.flux2.apply_annotations import is_applied_once, is_disabled
from fluxv2_migrate.flux2.releases import FluxVersion, oldest_of
from fluxv2_migrate.folders import in_common
from fluxv2_migrate.meaning import SourceKey
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.settings.of_clusters import ReleaseSettings, settings_of
from fluxv2_migrate.settings.options import Cluster, HelmOperator, MigrationOptions, Override
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.verify.declarations import Declarations

UNMANAGED: Final = "neither Flux applies it: what runs of it goes on without either"
"""Why nothing is compared of an object that annotations keep out."""
TAKEN_OUT: Final = "no cluster has it: every build that reads it takes it out with a patch"
"""Why nothing is compared of an object that no cluster gets from either Flux."""


_Reached: TypeAlias = tuple[dict[SourceKey, Mapping[str, Any]], dict[SourceKey, list[SeenObject]]]
_HOLDERS_OF_VALUES: Final = ("ConfigMap", "Secret")
# Words of the names that the manifests and charts of Flux v1 give: `flux-git-deploy`, `prod-flux-memcached`.
_WORDS: Final = frozenset({"flux", "fluxd", "memcached"})
_NAMELESS_KINDS: Final = ("CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding")


@dataclass(slots=True)
class Sources:
    """The sources of a repository; of several with one name the cluster's own counts, then the nearest.

    Attributes:
        declared: which of them something else applies.
    """

    found: Sequence[SeenObject]
    views: Mapping[str, ClusterView]
    declared: Declarations
    _named: dict[SourceKey, list[SeenObject]] = field(default_factory=dict)
    _there: dict[str | None, _Reached] = field(default_factory=dict)
    _near: dict[tuple[str, str | None], Mapping[SourceKey, Mapping[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.found:
            self._named.setdefault((str(each.manifest.get("kind")), *each.identity), []).append(each)

    def near(self, path: str, cluster: str | None) -> Mapping[SourceKey, Mapping[str, Any]]:
        """Gives the sources that a cluster gets, by kind, namespace and name."""
        if cluster not in self._there:
            self._there[cluster] = self._reached(cluster)
        alone, several = self._there[cluster]
        if not several:
            # It is the same from everywhere, and mostly there are many releases and clusters.
            return alone
        key = (posixpath.dirname(path), cluster)
        if key not in self._near:
            nearest = {
                name: max(some, key=lambda each: (each.cluster == cluster, in_common(path, each.path)))
                for name, some in several.items()
            }
            self._near[key] = ChainMap({name: each.manifest for name, each in nearest.items()}, alone)
        return self._near[key]

    def _reached(self, cluster: str | None) -> _Reached:
        """Gives what a cluster gets: the sources that have a name alone, and those that share one."""
        alone: dict[SourceKey, Mapping[str, Any]] = {}
        several: dict[SourceKey, list[SeenObject]] = {}
        for key, standing in self._named.items():
            found = [each for each in standing if self._reaches(each, cluster)]
            if len(found) == 1:
                alone[key] = found[0].manifest
            elif found:
                # Of those that are equally near the last one counts.
                several[key] = found[::-1]
        return alone, several

    def why_absent(self, key: SourceKey, cluster: str | None) -> str:
        """Gives why a cluster does not get a source of the repository; empty where none is known."""
        standing = self._named.get(key, [])
        own = [each for each in standing if each.cluster == cluster] or standing
        for each in own:
            return each.obstacle or f"nothing that {cluster} syncs lists {each.path}"
        return ""

    def _reaches(self, each: SeenObject, cluster: str | None) -> bool:
        if self.declared.is_applied_elsewhere(each.resource):
            return True
        if each.obstacle:
            return False
        if not cluster or each.cluster in (cluster, ""):
            return True
        view = self.views.get(cluster)
        # Where nothing but folders shows a cluster, what stands elsewhere may be of it, too.
        return each.cluster is None and view is not None and view.is_assumed and not view.syncs(each.path)


@dataclass(slots=True)
class Context:
    """What everything is compared with.

    Attributes:
        operator: the helm-operator, where it is given apart.
        versions: that of each cluster that has its own.
        before: what clusters had.
        after: what they have.
        reconciled: by cluster, what kustomize-controller applies afterwards.
        repository: as it was read before.
        marked: by file, the policies that its markers named before.
    """

    options: MigrationOptions
    operator: HelmOperator | None
    flux_version: FluxVersion
    versions: Mapping[str, FluxVersion]
    declared: Declarations
    before: SeenRepository
    after: SeenRepository
    reconciled: Mapping[str, ReconciledCluster]
    sources: Sources
    repository: Repository
    marked: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    _settings: dict[str, ReleaseSettings] = field(default_factory=dict)

    def settings(self, cluster: str | None) -> ReleaseSettings:
        """Gives what holds for the releases of a cluster."""
        if not self._settings:
            views = self.before.clusters.clusters
            self._settings = {view.name: self._settings_of(view.settings) for view in views}
            self._settings[""] = self._settings_of(None)
        return self._settings[cluster or ""]

    def _settings_of(self, cluster: Cluster | None) -> ReleaseSettings:
        if self.operator is None:
            return settings_of(self.options, cluster)
        given = {"helm_operator": self.operator}
        known = None if cluster is None else cluster.model_copy(update=given)
        return settings_of(self.options.model_copy(update=given), known)

    @property
    def every_cluster(self) -> frozenset[str]:
        """The names of all clusters."""
        return frozenset(view.name for view in self.before.clusters.clusters)

    def version(self, cluster: str | None) -> FluxVersion:
        """Gives the Flux release of a cluster; of what none has the oldest, which all of them read."""
        known = self.versions.get(cluster or "")
        if known is None and not cluster and self.versions:
            known = oldest_of(self.versions.values())
        return known or self.flux_version

    def wrote_before(self, path: str, policy: tuple[str, str]) -> bool:
        """Gives whether a marker of a file named a policy before anything was migrated."""
        return policy in self.marked.get(path, ())

    def was_unmanaged(self, manifest: Mapping[str, Any], cluster: str | None) -> bool:
        """Gives whether nothing applied an object of a cluster, as its annotations say."""
        return is_ignored(manifest) or (is_disabled(manifest) and self._heeds_flux2(cluster))

    def was_taken_out(self, found: SeenObject) -> bool:
        """Gives whether no cluster had an object, because patches take it out of what is built."""
        builds = self.before.clusters.builds.values()
        return found.cluster is None and any(
            each.key == found.document for build in builds for each in build.removed
        )

    def was_applied_once(self, manifest: Mapping[str, Any], cluster: str | None) -> bool:
        """Gives whether an object of a cluster was only made where there was none, as its annotation says."""
        return is_applied_once(manifest) and self._heeds_flux2(cluster)

    def _heeds_flux2(self, cluster: str | None) -> bool:
        """Gives whether what Flux v2 reads of annotations counted before: fluxd knew only its own."""
        view = next((each for each in self.before.clusters.clusters if each.name == cluster), None)
        return view is None or bool(view.flux2_file)

    def is_left(self, found: SeenObject) -> bool:
        """Gives whether a person wants a release to stay one of Flux v1 for now."""
        return self.override(found).leave or self._is_scoped

    def is_file_left(self, path: str) -> bool:
        """Gives whether a person wants a file that nobody can read to stay as it is."""
        subject = Subject("", "", "", "", path)
        return override_for(subject, self.options.overrides)[0].leave or self._is_scoped

    @property
    def _is_scoped(self) -> bool:
        scope = self.options.scope
        return bool(scope.namespaces or scope.names or scope.paths)

    def keeps_flux1(self, cluster: str) -> bool:
        """Gives whether Flux v1 may stay in a cluster: a person says so, or something of it is left to it."""
        others = self.after.clusters.other_programs
        if self.options.flux1 == "keep" or any(
            each.program == "fluxd" and not each.is_text for each in others
        ):
            return True
        return any(each.cluster in (cluster, "") and self.is_left(each) for each in self.after.old)

    def override(self, found: SeenObject) -> Override:
        """Gives what a person decided for a release in a cluster, or in all those that have it."""
        namespace, name = found.identity
        kind = str(found.manifest.get("kind"))
        subject = Subject(found.cluster or "", kind, namespace, name, found.path)
        sightings = self.before.clusters.sightings.get(found.document, ())
        having = {each.cluster or "" for each in sightings}
        together = subject._replace(cluster=", ".join(sorted(having)))
        asked = [subject]
        if len({(each.namespace, each.name) for each in sightings}) > 1:
            # Where clusters give it several names, it was asked about by the one that is written.
            namespace, name = self._written_identity(found)
            asked.append(subject._replace(namespace=namespace, name=name))
            together = together._replace(namespace=namespace, name=name)
        matching = [
            each
            for each in self.options.overrides
            if any(one.matches(each) for one in asked) or (", " in each.cluster and together.matches(each))
        ]
        anywhere = {"cluster": "", "namespace": "", "name": ""}
        return override_for(subject, [each.model_copy(update=anywhere) for each in matching])[0]

    def _written_identity(self, found: SeenObject) -> tuple[str, str]:
        documents = self.repository.documents.get(found.path, ())
        namespace, name = next(each.identity for each in documents if each.key == found.document)
        return namespace or settings_of(self.options).default_namespace, name


def is_of_flux1(each: FluxdObject, programs: Sequence[Flux1Program]) -> bool:
    """Gives whether an object is fluxd, the operator, or what only they need: that may go."""
    if each.kind == "CustomResourceDefinition":
        return is_release_definition(each.kind, each.name)
    if (each.path, each.document) in {program.key for program in programs}:
        return True
    values = {value.path for program in programs for value in program.values.values()}
    if each.kind in _HOLDERS_OF_VALUES and each.path in values:
        return True
    namespaces = {program.namespace for program in programs}
    if each.kind == "Namespace":
        return each.name in namespaces
    words = each.name.split("-")
    if each.kind in POD_SPECS or each.kind in RELEASE_APIS.values():
        # What else runs in their namespace is somebody's.
        return each.namespace in namespaces and "memcached" in words
    is_named = not _WORDS.isdisjoint(words) or "helm-operator" in each.name
    return is_named and (each.namespace in namespaces or (bool(programs) and each.kind in _NAMELESS_KINDS))
