"""Whether each cluster gets what a migration converted and made, and all that this refers to.

The repository is looked at as it is afterwards; nothing is foreseen from what was planned.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.applied.result import AppliedByCluster, Identity, Result, identity_of, shown_identity
from fluxv2_migrate.clusters import ClusterView, Sighting
from fluxv2_migrate.clusters.obstacles import in_submodule
from fluxv2_migrate.clusters.reconciled import DISABLED
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux1.policies import is_ignored
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.flux2.image_objects import IMAGE_GROUP
from fluxv2_migrate.flux2.release_name import shorten_release_name, written_release_name
from fluxv2_migrate.folders import folder_around
from fluxv2_migrate.kubernetes import mapping_at, mappings_in, named_by
from fluxv2_migrate.placement import Generated
from fluxv2_migrate.plan import merge_difference
from fluxv2_migrate.quoting import few, shown_folders
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.yaml_text import line_of

_RELEASE: Final = "HelmRelease.helm.toolkit.fluxcd.io"
_POLICY: Final = f"ImagePolicy.{IMAGE_GROUP}"
_SOURCES: Final = "source.toolkit.fluxcd.io"
_SHOWN: Final = 5
_VALUES: Final = "values"
_TOLD_APART: Final = (
    ("releaseName",),
    ("targetNamespace",),
    ("storageNamespace",),
    ("chart", "spec", "sourceRef"),
)
"""Fields of which it is told what they lead to."""
_DECLARED: Final = {
    "RP053": "applied",
    "RP055": "applied",
    "RP056": "release_name",
    "RP077": "contents",
}
"""What differs of an object where a person accepts what is told of it."""
_MARKER: Final = re.compile(r"\{\"\$imagepolicy\": *\"([^\":]+):([^\":]+)")


@dataclass(frozen=True, slots=True)
class MigratedRelease:
    """A release that is migrated, and what each cluster has to find of it.

    Attributes:
        document: where it stood.
        seen: how each cluster saw it, with the release name under which it runs there.
        twin: the place of the release of Flux v2 that stands for it already; empty where it was converted.
        specs: what each cluster has to find of it, by its name, where no patch reached it before.
    """

    document: Document
    resource: str
    seen: tuple[tuple[Sighting, str], ...]
    twin: str = ""
    specs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def tell_of_result(
    result: Result,
    releases: Iterable[MigratedRelease],
    created: Iterable[Generated],
    findings: FindingGroups,
    told: Collection[str],
) -> None:
    """Says what clusters do not get of what was migrated, made or referred to.

    Args:
        created: what is made for them and for images.
        told: files of which it is told already that kustomizations leave them out.
    """
    made, migrated = list(created), list(releases)
    seen: dict[str, list[tuple[MigratedRelease, Sighting, str]]] = {}
    for release in migrated:
        for sighting, name in release.seen if release.document.path not in told else ():
            seen.setdefault(sighting.cluster, []).append((release, sighting, name))
    marked = [path for path, text in sorted(result.texts.items()) if text and "$imagepolicy" in text]
    readers: list[_ReferenceReader] = []
    # All objects of all clusters at once would take many times the memory of the repository.
    for view, applied in result.by_cluster():
        cluster = view.name
        own = {identity_of(each.manifest): each for each in made if cluster in each.clusters}
        check = _Check(view, result, applied, own, findings)
        for problem in applied.problems:
            message = f"{view.name} built it, and kustomize fails after the migration: {problem.reason}"
            findings.say("RP057", message, problem.path, problem.line)
        for problem in applied.old_problems:
            # Of one that holds releases or images back it is told where these stand.
            message = f"{problem}{in_submodule(str(problem), result.clusters)}"
            if not findings.has_told("RP019", message):
                findings.say("RP019", message, problem.path, problem.line)
        for release, sighting, name in seen.get(view.name, ()):
            if release.twin:
                check.twin(release, name)
            else:
                check.release(release, sighting, name)
        check.made()
        readers.append(check.reader(marked))
    _tell_of_markers(marked, readers, result, findings)


@dataclass(slots=True)
class _Check:
    """Looks at what one cluster gets.

    Attributes:
        applied: what it gets of it.
        created: what is made for it.
        findings: where it is told.
        users: places of the releases that come from a source that is made.
    """

    view: ClusterView
    result: Result
    applied: AppliedByCluster
    created: Mapping[Identity, Generated]
    findings: FindingGroups
    users: dict[Identity, list[str]] = field(default_factory=dict)
    before: set[Identity] | None = None

    def release(self, release: MigratedRelease, sighting: Sighting, name: str) -> None:
        """Says what the cluster does not get of a release."""
        default = self.result.clusters.default_namespace(self.view.name)
        key = (_RELEASE, sighting.namespace or default, sighting.name)
        manifest = self.applied.objects.get(key)
        became = self.applied.made_of.get(release.document.key)
        if manifest is None and became is not None and release.resource in self.findings.becoming_others:
            key, manifest = became, self.applied.objects[became]
        shown = shown_identity(key)
        if manifest is None:
            cause = self._cause(release.document.path, became)
            self._tell(release, "RP053", f"{self.view.name} does not get it: {cause}", ("metadata", "name"))
            return
        if self._is_passed_over(manifest, sighting):
            message = f"{self.view.name} does not get it: {DISABLED}"
            self._tell(release, "RP053", message, ("metadata", "annotations"))
            return
        spec = mapping_at(manifest, "spec")
        runs = written_release_name(manifest)
        if runs != shorten_release_name(name):
            message = f"{self.view.name} gets {shown} with the release name {runs!r}; it runs under {name!r}"
            self._tell(release, "RP056", message, ("metadata", "name"))
        changed = tuple(self._changed(release, sighting, spec))
        if changed:
            fields = ", ".join(changed)
            message = f"{self.view.name} gets {shown} with something else in {fields}: a patch reaches it now"
            self._tell(release, "RP077", message, ("spec",))
        source = _source_of(spec, key[1])
        if source is not None and source in self.created:
            self.users.setdefault(source, []).append(f"{release.document.path}:{release.document.line}")
        if source is not None and not self._has(source):
            message = f"{self.view.name} does not get {shown_identity(source)}, where its charts come from"
            self._tell(release, "RP055", message, ("spec", "chart"), shown_identity(source))
        elif source in self.applied.resting and key not in self.applied.resting:
            message = (
                f"{self.view.name} does not get {shown_identity(source)}, where its charts come from: "
                f"{self.applied.resting[source]}"
            )
            self._tell(release, "RP055", message, ("spec", "chart"), shown_identity(source))
        for values in _values_of(spec, key[1]):
            if not self._has(values) and self._had(values):
                message = (
                    f"{self.view.name} does not get {shown_identity(values)} any more, which holds values"
                )
                self._tell(release, "RP055", message, ("spec", "valuesFrom"), shown_identity(values))

    def _is_passed_over(self, manifest: Mapping[str, Any], sighting: Sighting) -> bool:
        """Gives whether an annotation that fluxd did not know keeps the release from being applied."""
        if self.view.flux2_file or not is_disabled(manifest):
            return False
        return not is_ignored(sighting.manifest)

    def _changed(
        self, release: MigratedRelease, sighting: Sighting, spec: Mapping[str, Any]
    ) -> Iterator[str]:
        """Gives the fields that something changes on the way which left the release alone before."""
        wanted = release.specs.get(self.view.name)
        over = any(each.overlay for each in self.result.clusters.paths_to(sighting))
        if wanted is None or not (sighting.steps or over):
            return
        written, got = ({key: each[key] for key in each if key != _VALUES} for each in (wanted, spec))
        for path in merge_difference(written, got):
            if not any(path[: len(known)] == known for known in _TOLD_APART):
                yield ".".join(("spec", *path))
        # A file of values that the release took from a URL may have been written into them.
        known = (mapping_at(sighting.manifest, "spec").get(_VALUES), wanted.get(_VALUES))
        if spec.get(_VALUES) not in known:
            yield f"spec.{_VALUES}"

    def twin(self, release: MigratedRelease, name: str) -> None:
        """Says that the cluster does not get the release of Flux v2 for which one of Flux v1 has gone."""
        objects = self.applied.objects.items()
        runs = {written_release_name(each) for key, each in objects if key[0] == _RELEASE}
        if self.applied.is_complete and shorten_release_name(name) not in runs:
            message = f"{self.view.name} does not get {release.twin}, which stands for it"
            self._tell(release, "RP053", message, ("metadata", "name"))

    def made(self) -> None:
        """Says what the cluster does not get of what was made for it, once for each cause."""
        causes: dict[str, list[Generated]] = {}
        # Where a fluxd synced a file, or a build fails, it is told already that nothing of it is applied.
        is_told = self.applied.is_broken or any(notice.code == "DA063" for notice in self.view.notices)
        for key, made in self.created.items():
            found = self.applied.objects.get(key)
            if found is None and is_told:
                continue
            if found is None:
                causes.setdefault(self._cause(made.file, self._becomes(made.file, key)), []).append(made)
            elif _without_metadata(made.manifest) != _without_metadata(found):
                causes.setdefault("something that is there already takes its place", []).append(made)
            self._repository(made, key)
        for cause, members in causes.items():
            shown = few((shown_identity(identity_of(each.manifest)) for each in members), _SHOWN)
            message = f"{self.view.name} does not get {shown}, made for it: {cause}"
            first, *others = dict.fromkeys(each.file for each in members)
            users = (use for each in members for use in self.users.get(identity_of(each.manifest), ()))
            if not self.findings.say("RP054", message, first, 1, dict.fromkeys((*others, *users))):
                for each in members:
                    self.findings.declare_object(shown_identity(identity_of(each.manifest)), "applied")

    def _becomes(self, file: str, key: Identity) -> Identity | None:
        made_of = self.applied.made_of.items()
        return next((one for (path, _), one in made_of if path == file and one[0] == key[0]), None)

    def _repository(self, made: Generated, key: Identity) -> None:
        """Says of a policy that was made that the cluster does not get the tags that it reads."""
        if key[0] != _POLICY:
            return
        reference = mapping_at(made.manifest, "spec", "imageRepositoryRef")
        wanted = (f"ImageRepository.{IMAGE_GROUP}", *named_by(reference, key[1]))
        if not self._has(wanted):
            shown = shown_identity(wanted)
            message = f"{self.view.name} does not get {shown}, whose tags {shown_identity(key)} reads"
            self.findings.say("RP055", message, made.file)

    def reader(self, files: Iterable[str]) -> _ReferenceReader:
        """Gives what tells whether the cluster reads markers, and has the policies that they name."""
        known = (key[1:] for key in (*self.applied.objects, *self.created) if key[0] == _POLICY)
        read = frozenset(path for path in files if path in self.applied.files)
        return _ReferenceReader(self.view.name, read, frozenset(known), self.applied.is_complete)

    def _has(self, wanted: Identity) -> bool:
        # Of what is made for the cluster it is told where it is made; what nobody sees may be anything.
        return wanted in self.applied.objects or wanted in self.created or not self.applied.is_complete

    def _had(self, wanted: Identity) -> bool:
        """Gives whether the cluster built an object before."""
        if self.before is None:
            objects = self.result.clusters.objects(self.view)
            self.before = {identity_of(each.manifest, each.namespace) for each in objects}
        return wanted in self.before

    def _tell(
        self, release: MigratedRelease, code: str, message: str, path: tuple[str, ...], about: str = ""
    ) -> None:
        notice = Notice(code, message, path, group=message)
        # Where several clusters see it, each of them is asked about.
        cluster = self.result.clusters.told((self.view.name,))
        self.findings.add(release.document, release.resource, notice, cluster=cluster)
        if self.findings.accepts(code, release.document, cluster):
            self.findings.declare_object(about or release.resource, _DECLARED[code])

    def _cause(self, path: str, became: Identity | None) -> str:
        """Gives why an object of a file is not among those that the cluster gets."""
        if became is not None:
            return f"what is built makes {shown_identity(became)} of it"
        if path not in self.applied.artifact.files:
            return "source-controller keeps its file out of the artifact"
        kustomizations = self.result.tree.kustomizations
        folder = folder_around(path, kustomizations)
        if path not in self.applied.files and folder is not None:
            return f"{kustomizations[folder].path} does not list its file, or nothing builds that"
        return f"nothing that is applied of {shown_folders(self.view.paths)} holds it"


@dataclass(frozen=True, slots=True)
class _ReferenceReader:
    """What a cluster has of markers.

    Attributes:
        files: those with markers that it applies, or that its builds read.
        policies: namespaces and names of the ImagePolicies that it has, or is told to have.
        is_complete: whether nothing that it gets is unknown.
    """

    cluster: str
    files: frozenset[str]
    policies: frozenset[tuple[str, ...]]
    is_complete: bool

    def has_policy(self, marker: tuple[str, ...]) -> bool:
        """Gives whether it has the ImagePolicy that a marker names; what nobody sees may be anything."""
        return marker in self.policies or not self.is_complete


def _tell_of_markers(
    paths: Iterable[str], clusters: Iterable[_ReferenceReader], result: Result, findings: FindingGroups
) -> None:
    """Says which markers name a policy that none of the clusters has that get their file."""
    for path in paths:
        readers = [each for each in clusters if path in each.files]
        text = (result.texts[path] or "") if readers else ""
        for marker in _MARKER.finditer(text):
            if not any(each.has_policy(marker.groups()) for each in readers):
                shown = ", ".join(each.cluster for each in readers)
                message = (
                    f"{shown} does not get ImagePolicy {'/'.join(marker.groups())}, which a marker names"
                )
                findings.say("RP055", message, path, line_of(text, marker.start()) + 1)


def _source_of(spec: Mapping[str, Any], namespace: str) -> Identity | None:
    """Gives the source that a release of Flux v2 names."""
    reference = mapping_at(spec, "chart", "spec", "sourceRef")
    if not reference.get("name"):
        return None
    return f"{reference.get('kind')}.{_SOURCES}", *named_by(reference, namespace)


def _without_metadata(manifest: Mapping[str, Any]) -> dict[str, Any]:
    # The namespace of a build is not always that of the cluster.
    return {key: value for key, value in manifest.items() if key != "metadata"}


def _values_of(spec: Mapping[str, Any], namespace: str) -> Iterator[Identity]:
    """Gives the objects that a release of Flux v2 takes values from."""
    for each in mappings_in(spec.get("valuesFrom")):
        if each.get("optional") is not True:
            yield str(each.get("kind")), namespace, str(each.get("name"))
