"""Releases as the texts that they become, with their sources."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux2.constraints import refused_fields
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.kubernetes import metadata_of
from fluxv2_migrate.kustomize import add_patch
from fluxv2_migrate.placement import (
    Affixes,
    ExistingSource,
    FieldComment,
    Generated,
    Homes,
    Needed,
    NoHome,
    PlacedRequest,
    Places,
    Prerequisite,
    SourceNames,
    Unplaced,
    name_sources,
    unplaced_source,
    write_generated,
)
from fluxv2_migrate.plan import Path, Plan, apply_to_mapping, apply_to_text, source_of
from fluxv2_migrate.releases.closures import hold_back
from fluxv2_migrate.releases.patch_targets import target_of
from fluxv2_migrate.releases.patch_texts import (
    ClosureTexts,
    PatchText,
    ReleaseText,
    changes_of,
    convert_closure,
)
from fluxv2_migrate.releases.patch_trials import TriedClosure, try_closures, writable_closures, write_closures
from fluxv2_migrate.releases.patched import HeldBack, PatchedRelease, closures_of, in_builds
from fluxv2_migrate.releases.release import ClustersDisagree, MigratingRelease
from fluxv2_migrate.repository.workspace import Change, Workspace, kustomization_change
from fluxv2_migrate.rules import ChartSourceRequest, SourceReference, remaining_operations
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import BlockText, CannotEdit, Style, detect_style

_SPEC: Final = ("spec",)
_GIT: Final = ("spec", "chart", "git")
_REPOSITORY: Final = ("spec", "chart", "repository")


@dataclass(frozen=True, slots=True)
class SourceLayout:
    """What serves each release, what is made for it and where, what must exist first, and what has no place.

    Attributes:
        made: the requests for which a source is made.
        homeless: why a source has no place, or a name cannot be written.
        displaced: those of them that no folder leaves in their namespace.
        renamed: those of them to whose sources every folder adds something, with that.
    """

    references: Mapping[PlacedRequest, SourceReference]
    made: frozenset[PlacedRequest]
    generated: tuple[Generated, ...]
    prerequisites: tuple[Prerequisite, ...]
    homeless: Mapping[PlacedRequest, str] = field(default_factory=dict)
    displaced: frozenset[PlacedRequest] = frozenset()
    renamed: Mapping[PlacedRequest, Mapping[str, Affixes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConvertedReleases:
    """The releases that are migrated, as texts, with their sources and all that patches them."""

    texts: tuple[ReleaseText, ...]
    layout: SourceLayout
    patches: tuple[PatchText, ...] = ()


@dataclass(slots=True)
class ReleaseTexts:
    """Converts releases.

    Attributes:
        existing: the sources of the repository.
        findings: where it is told what cannot be edited or placed.
        annotations: what becomes of the annotations of fluxd, for releases of which no image is updated.
        asked: fields whose places are told of once the documents are edited.
    """

    around: Surroundings
    existing: Sequence[ExistingSource]
    workspace: Workspace
    findings: FindingGroups
    annotations: Mapping[DocumentKey, Plan] = field(default_factory=dict)
    asked: Mapping[DocumentKey, Collection[Path]] = field(default_factory=dict)
    _styles: dict[str, Style] = field(default_factory=dict)

    def convert(self, releases: Iterable[MigratingRelease]) -> ConvertedReleases:
        """Gives the releases as texts; those that cannot be edited or have no place stay as they are."""
        left = list(releases)
        while True:
            names = self._names(left)
            workspace = self.workspace.branch()
            texts = self._plain(left, names)
            for text in texts:
                text.write(workspace)
            patched = self._patched([each for each in left if isinstance(each, PatchedRelease)], names)
            texts += [text for each in patched for text in each.texts]
            if len(texts) == len(left):
                write_closures(patched, workspace)
                layout = self._place(left, names, workspace, _comments(texts))
                # All that kustomizations would rename is called so from now on.
                changed = self._rename(left, layout.renamed)
                if not changed:
                    # And all that they would move goes to the namespaces of its releases.
                    moved = [each.bring_home(layout.displaced, self.around.options) for each in left]
                    changed = any(moved)
                if changed:
                    continue
                stopped = self._tell_homeless(left, layout)
                if not stopped:
                    write_generated(layout.generated, workspace)
                    self.workspace.adopt(workspace)
                    for release in left:
                        if isinstance(release, PatchedRelease):
                            release.forms.let_go()
                    return _converted(texts, patched, layout)
                texts = [each for each in texts if each.release.document.key not in stopped]
            # A source that nobody uses is not made, so its name and file may go to another one.
            left = [each.release for each in texts]

    def _plain(self, releases: Iterable[MigratingRelease], names: SourceNames) -> list[ReleaseText]:
        """Gives the texts of releases that nothing patches, as far as they can be edited."""
        texts = (
            self._text(each, names, is_new=each.placed in names.made_for)
            for each in releases
            if not isinstance(each, PatchedRelease)
        )
        return [text for text in texts if text is not None]

    def _patched(self, releases: Sequence[PatchedRelease], names: SourceNames) -> list[TriedClosure]:
        """Gives the closures as texts, as far as a trial shows that they are what they were."""
        converted: list[TriedClosure] = []
        members_of: dict[int, list[PatchedRelease]] = {}
        for release in releases:
            members_of.setdefault(id(release.closure), []).append(release)
        for closure in closures_of(releases):
            members = members_of[id(closure)]
            if len(members) < len(closure.documents):
                # What stays of it was told.
                continue
            try:
                made = convert_closure(members, names, self.around, self.annotations, self.asked)
                self._hold_served(members, made)
                texts = tuple(
                    replace(
                        self._with_plan(each, made.plans[each.document.key]),
                        results=made.results[each.document.key],
                    )
                    for each in members
                )
            except (HeldBack, CannotEdit, ClustersDisagree) as error:
                code = error.code if isinstance(error, HeldBack) else "RP004"
                hold_back(closure, str(error), self.around, self.findings, code)
                continue
            converted.append(TriedClosure(closure, made, texts))
        tried = Workspace(self.around.repository.texts)
        converted, unwritten = writable_closures(converted, tried)
        for each, reason in unwritten:
            hold_back(each.closure, reason, self.around, self.findings)
        reasons = try_closures(converted, tried.changed, self.around)
        for each, reason in reasons:
            hold_back(each.closure, reason, self.around, self.findings)
        if reasons:
            # What one of them has written into a kustomization is not there without it.
            stay = {id(each.closure) for each, _ in reasons}
            return self._patched([each for each in releases if id(each.closure) not in stay], names)
        return converted

    def _hold_served(self, members: Iterable[PatchedRelease], made: ClosureTexts) -> None:
        """Raises where an API server would refuse what a cluster would have."""
        for release in members:
            for manifest, names in made.results[release.document.key]:
                for path, reason in refused_fields(manifest, self.around.oldest(names)):
                    raise HeldBack(f"{path} of what {release.resource} becomes {reason}")

    def layout(
        self, releases: Iterable[MigratingRelease], others: Iterable[MigratingRelease]
    ) -> SourceLayout:
        """Gives the sources of releases as if they were migrated, whether or not they can be edited.

        Args:
            releases: of whose sources it is asked: those of no others are placed.
            others: that are migrated, and may have sources in common with them.
        """
        asked = list(releases)
        names = self._names([*others, *asked])
        requests = {placed for each in asked for placed in each.requests}
        return self._place((), names, self.workspace.branch(), {}, requests)

    def _names(self, releases: Iterable[MigratingRelease]) -> SourceNames:
        requests = [placed for each in releases for placed in each.requests]
        return name_sources(requests, self.existing, self.around.options)

    def _text(self, release: MigratingRelease, names: SourceNames, *, is_new: bool) -> ReleaseText | None:
        document = release.document
        namespaces = {namespace for _, namespace in release.slots()}
        plan = release.draft.plan(
            names.references[release.placed], source_is_new=is_new, namespaces=namespaces
        )
        try:
            text = self._with_plan(release, plan)
        except CannotEdit as error:
            self.findings.stop(document, "RP005", f"the text cannot be edited: {error}")
            return None
        refused = refused_fields(text.text.value, self.around.oldest(release.clusters))
        if refused:
            (field, reason), *_ = refused
            self.findings.stop(document, "RP042", f"{field} of what it becomes {reason}", ("spec",))
            return None
        return text

    def _with_plan(self, release: MigratingRelease, plan: Plan) -> ReleaseText:
        document = release.document
        annotations = self.annotations.get(document.key)
        if annotations:
            # All of them stand in the metadata, so nothing else of the plan is asked for.
            of_metadata = tuple(each for each in plan if source_of(each)[0] == "metadata")
            after = apply_to_mapping(of_metadata, document.manifest)
            plan = (*plan, *remaining_operations(annotations, after))
        if document.path not in self._styles:
            self._styles[document.path] = detect_style(self.around.repository.texts[document.path])
        style = self._styles[document.path]
        text = apply_to_text(plan, document.text, document.root, style, document.manifest)
        told = (each.path for each in release.draft.notices)
        asked = {_SPEC, _GIT, _REPOSITORY, *told, *self.asked.get(document.key, ())}
        return ReleaseText(release, plan, text, changes_of(plan, release.resource, document, asked))

    def _place(
        self,
        releases: Iterable[MigratingRelease],
        names: SourceNames,
        workspace: Workspace,
        comments: Mapping[PlacedRequest, Sequence[FieldComment]],
        asked: Collection[PlacedRequest] | None = None,
    ) -> SourceLayout:
        around = self.around
        places = Places(Homes(around.clusters, around.clusters.tree, workspace))
        needed: Needed = {}
        generated: list[Generated] = []
        made: set[PlacedRequest] = set()
        homeless: dict[PlacedRequest, str] = {}
        displaced: set[PlacedRequest] = set()
        renamed: dict[PlacedRequest, Mapping[str, Affixes]] = {}
        for source in names.new:
            said = [each for member in source.members for each in comments.get(member, ())]
            wanted = unplaced_source(
                source, around.options, around.versions, needed, names.secrets_in_use, said
            )
            if asked is not None and not any(each in asked for each in source.members):
                continue
            try:
                placed = places.place(wanted)
                writer = posixpath.dirname(source.request.written_by.partition(" ")[0])
                if source.request.written_by and not all(is_below(each.file, writer) for each in placed):
                    raise CannotEdit(f"a kustomization of {writer} writes it, and it is in another build")
                generated += placed
                made.update(source.members)
            except (NoHome, CannotEdit) as error:
                reason = f"{source.kind} {source.namespace}/{source.name} has no place: {error}"
                homeless.update(dict.fromkeys(source.members, reason))
                if isinstance(error, NoHome):
                    displaced.update(source.members)
                    for member in source.members:
                        renamed[member] = {**renamed.get(member, {}), **error.affixes}
        for release in releases:
            try:
                for each in _config_maps(release):
                    generated += places.place(each)
                _name_elsewhere(release, workspace)
            except NoHome as error:
                homeless[release.placed] = f"the ConfigMap of its values has no place: {error}"
            except CannotEdit as error:
                homeless[release.placed] = f"a kustomization cannot be edited: {error}"
        return SourceLayout(
            names.references,
            frozenset(made),
            tuple(generated),
            tuple(needed.values()),
            homeless,
            frozenset(displaced),
            {
                each: affixes
                for each, affixes in renamed.items()
                if any(map(any, affixes.values())) and not each.request.source_name
            },
        )

    def _rename(
        self, releases: list[MigratingRelease], renamed: Mapping[PlacedRequest, Mapping[str, Affixes]]
    ) -> bool:
        """Gives whether sources that kustomizations would rename have the names that these make of them.

        Args:
            releases: in the place of one whose clusters need several names stands what can have them.
        """
        is_renamed = False
        for index, release in enumerate(releases):
            names = release.placed.with_affixes(renamed.get(release.placed, {}))
            if len(names) == 1 or isinstance(release, PatchedRelease):
                is_renamed |= release.rename(renamed)
            elif (found := in_builds(release.document, self.around, release.override)) is not None:
                # Of what is read anew the sources are looked for anew.
                releases[index], is_renamed = found, True
        return is_renamed

    def _tell_homeless(self, releases: Iterable[MigratingRelease], layout: SourceLayout) -> set[DocumentKey]:
        stopped: set[DocumentKey] = set()
        for release in releases:
            reasons = [layout.homeless[each] for each in release.requests if each in layout.homeless]
            for homeless in reasons[:1]:
                stopped.add(release.document.key)
                self.findings.stop(release.document, "RP014", homeless, ("spec", "chart"))
        return stopped


def _converted(
    texts: Iterable[ReleaseText], patched: Iterable[TriedClosure], layout: SourceLayout
) -> ConvertedReleases:
    in_order = sorted(texts, key=lambda each: each.release.document.key)
    patches = tuple(patch for each in patched for patch in each.made.patches)
    return ConvertedReleases(tuple(in_order), layout, patches)


def _name_elsewhere(release: MigratingRelease, workspace: Workspace) -> None:
    document = release.document
    for each in release.names:
        patch = f"- op: add\n  path: /spec/releaseName\n  value: {each.release_name}\n"
        because, path = ("metadata.namespace", "metadata.name"), each.step.path
        place = (document.path, document.line, because, path, "spec.releaseName")
        workspace.rewrite(
            path,
            add_patch(workspace.text(path) or "", patch, target_of(each.step)),
            Change("release-name-in-kustomization", release.resource, *place),
            kustomization_change(path),
        )


def _config_maps(release: MigratingRelease) -> Iterator[Unplaced]:
    """Gives the ConfigMaps of values that are made for a release, in each namespace that it has."""
    for each, slots in release.config_maps():
        namespaces: dict[str, list[str]] = {}
        for cluster, namespace in slots:
            namespaces.setdefault(namespace, []).append(cluster)
        is_beside = len(namespaces) == 1 and slots == release.slots()
        for namespace, clusters in namespaces.items():
            metadata = metadata_of(namespace, each.name)
            data = {"values.yaml": BlockText(each.text.replace("\r\n", "\n"))}
            yield Unplaced(
                "values-of-a-file",
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data},
                tuple(clusters),
                "values",
                (each.name, f"{namespace}-{each.name}"),
                ("ConfigMap", namespace, each.name),
                where="beside" if is_beside else "folder",
                near=((release.document.path, tuple(clusters)),),
                stems_beside=(each.name, f"{each.name}-values"),
            )


def _comments(texts: Iterable[ReleaseText]) -> Mapping[PlacedRequest, Sequence[FieldComment]]:
    """Gives the comments that go to the fields of sources."""
    found: dict[PlacedRequest, list[FieldComment]] = {}
    for text in texts:
        comments = [FieldComment((f"spec.{name}",), comment) for name, comment in text.text.comments]
        found.setdefault(text.release.placed, []).extend(comments)
    return found


def tell_of_releases(
    releases: Iterable[MigratingRelease],
    layout: SourceLayout,
    existing: Iterable[ExistingSource],
    findings: FindingGroups,
) -> None:
    """Adds what is to be known of releases.

    Args:
        releases: that are migrated, or would be if a person answered.
        existing: the sources that are there.
    """
    differing: dict[tuple[str, str], list[str]] = {}
    for source in existing:
        differing.setdefault((source.kind, source.name), []).extend(source.differs)
    for release in releases:
        has_key = any(
            "identity" in each.request.keys and each not in layout.made for each in release.requests
        )
        draft = release.draft
        stopped = draft.stopped
        if not stopped and has_key:
            # The operator's key is not the one that a source has which is there already.
            findings.declare(release.document, release.resource, ("chart.credentials",))
        for each in release.requests if not stopped else ():
            if each not in layout.made:
                source_name = (layout.references[each].kind, layout.references[each].name)
                findings.declare(release.document, release.resource, tuple(differing.get(source_name, ())))
        differences = Notice("HR118", draft.differ_all, _SPEC, "all", None, draft.differences)
        credentials = (each for placed in release.requests for each in _credentials(placed, layout))
        for notice in (*draft.notices, differences, *credentials):
            if not stopped:
                findings.declare(release.document, release.resource, notice.declares)
            told = release.telling(notice)
            findings.add(release.document, release.resource, notice, told.related, at=told.at)


def _credentials(placed: PlacedRequest, layout: SourceLayout) -> Iterator[Notice]:
    reference, request = layout.references[placed], placed.request
    declares = ("chart.credentials",)
    own = {namespace for _, namespace in placed.slots}
    users = {
        f"{reference.kind} {namespace}/{reference.name}"
        for namespace in ({reference.namespace} - {""} or own)
    }
    for need in layout.prerequisites:
        name = f"{need.namespace}/{need.name}"
        user = next((each for each in need.used_by if each in users), None)
        if user is not None and need.copy_of:
            message = f"the Secret {need.copy_of} must be copied to {name}"
            yield Notice("HR056", message, _GIT, name, None, declares)
        elif user is not None and "identity" in need.keys:
            message = f"the operator had the SSH key: {user} needs it in the Secret {name}"
            yield Notice("HR054", message, _GIT, name, None, declares)
        elif user is not None and request.keys:
            keys = ", ".join(request.keys)
            message = f"only the operator had what {user} needs: {keys} in the Secret {name}"
            yield Notice("HR046", message, _REPOSITORY, name, None, _differing_access(request))


def _differing_access(request: ChartSourceRequest) -> tuple[str, ...]:
    more = ("additional",) if request.certificates or request.passes_credentials else ()
    return (*more, "chart.credentials") if len(request.certificates) < len(request.keys) else more
