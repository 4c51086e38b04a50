"""Releases and all that patches them, as the texts that they become together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey, Way
from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCH_FIELDS, FLUX_PATCHES
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.policies import is_of_fluxd
from fluxv2_migrate.kustomize import (
    TRANSFORMERS,
    KustomizeTree,
    PatchUse,
    apply_operations,
    is_in_a_list,
    merged_with,
    patch_of,
)
from fluxv2_migrate.placement import PlacedRequest, SourceNames, without_affixes
from fluxv2_migrate.plan import (
    AppliedText,
    Path,
    Plan,
    apply_to_any_text,
    apply_to_mapping,
    source_of,
    write_operations,
)
from fluxv2_migrate.releases.configured_fields import (
    FieldEdit,
    LiteralEdit,
    Naming,
    edits_of_configuration,
    edits_of_labels,
    edits_of_variable,
    with_replaced,
)
from fluxv2_migrate.releases.forms import MadeOnce, References
from fluxv2_migrate.releases.patch_entries import KustomizationChange, KustomizationEdits, Unfinished
from fluxv2_migrate.releases.patch_targets import targets_of
from fluxv2_migrate.releases.patched import HeldBack, PatchedRelease, state_in_file, states_of
from fluxv2_migrate.releases.release import MigratingRelease
from fluxv2_migrate.releases.replacements import edits_of_replacement
from fluxv2_migrate.repository.reading import Document, Repository
from fluxv2_migrate.repository.workspace import Change, Workspace, change_of
from fluxv2_migrate.rules import (
    ChartSourceRequest,
    FormStep,
    JsonPatchDraft,
    NotFollowed,
    OldStep,
    PatchDraft,
    SourceReference,
    draft_json_patch,
    draft_merge_patch,
    remaining_operations,
    unsaid_state,
)
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import detect_style, edit_document, read_document

_Text = tuple[str, ...]
_POINTING: Final = {
    "replacement": edits_of_replacement,
    "configuration": edits_of_configuration,
    "labels": edits_of_labels,
    "variable": edits_of_variable,
}
"""By the kind of what names fields of releases by their paths, what becomes of it."""
_NAMING: Final = {"apiVersion", "kind", "metadata"}
"""The fields with which a patch says which object it is for."""


@dataclass(frozen=True, slots=True)
class ReleaseText:
    """A release with the text that it becomes.

    Attributes:
        plan: what is done to its document.
        changes: the same, for people.
        results: what clusters see in the end, each with their names, where that is not what it says.
    """

    release: MigratingRelease
    plan: Plan
    text: AppliedText
    changes: tuple[Change, ...]
    results: tuple[tuple[Mapping[str, Any], tuple[str, ...]], ...] = ()

    def seen_by(self, cluster: str) -> Mapping[str, Any]:
        """Gives what a cluster sees in the end, but for what its names are made of it."""
        return next((seen for seen, names in self.results if cluster in names), self.text.value)

    def write(self, workspace: Workspace) -> None:
        """Puts the document into its file."""
        workspace.replace(self.release.document, self.text.text, *self.changes)


@dataclass(frozen=True, slots=True)
class PatchText:
    """A document of a patch file, as it becomes."""

    document: Document
    text: AppliedText
    changes: tuple[Change, ...] = ()

    def write(self, workspace: Workspace) -> None:
        """Puts the document into its file."""
        workspace.replace(self.document, self.text.text, *self.changes)


@dataclass(frozen=True, slots=True)
class ClosureTexts:
    """What becomes of a closure.

    Attributes:
        plans: for each release.
        finals: what each release is in the end, in each of its ways; without metadata and values.
        results: what clusters see of each release in the end, each with their names.
        edits: of kustomizations, where patches stand in them or are added to them.
    """

    plans: Mapping[DocumentKey, Plan]
    finals: Mapping[DocumentKey, Sequence[tuple[Way, Mapping[str, Any]]]]
    results: Mapping[DocumentKey, tuple[tuple[Mapping[str, Any], tuple[str, ...]], ...]]
    patches: tuple[PatchText, ...]
    edits: tuple[KustomizationChange, ...]


@dataclass(slots=True)
class _Converter:
    """Converts one closure."""

    releases: Sequence[PatchedRelease]
    names: SourceNames
    around: Surroundings
    annotations: Mapping[DocumentKey, Plan]
    asked: Mapping[DocumentKey, Collection[Path]]
    edits: KustomizationEdits = field(default_factory=KustomizationEdits)
    steps: dict[_Text, list[OldStep]] = field(default_factory=dict)
    uses: dict[_Text, PatchUse] = field(default_factory=dict)
    drafts: dict[_Text, PatchDraft | JsonPatchDraft] = field(default_factory=dict)
    documents: dict[PatchUse, tuple[int, ...]] = field(default_factory=dict)
    documents_of: dict[_Text, set[DocumentKey]] = field(default_factory=dict)
    written: dict[PatchUse, set[Path]] = field(default_factory=dict)
    references: dict[tuple[DocumentKey, frozenset[PlacedRequest]], References] = field(default_factory=dict)

    def convert(self) -> ClosureTexts:
        self._hold()
        plans: dict[DocumentKey, Plan] = {}
        bases: dict[DocumentKey, Mapping[str, Any]] = {}
        for release in self.releases:
            references = self._references(release)
            state = state_in_file(release.document.key, self.around.clusters.tree)
            plans[release.document.key] = release.forms.plan(state, references)
            bases[release.document.key] = release.forms.form(state, references)
            self._gather(release, references)
        for text, steps in self.steps.items():
            patch = patch_of(self.uses[text], self.around.clusters.tree)
            if isinstance(patch, dict):
                self.drafts[text] = draft_merge_patch(patch, [step.form for step in steps])
            else:
                is_plain = all(key in self.annotations for key in self.documents_of[text])
                self.drafts[text] = _json_draft(patch, steps, is_of_fluxd if is_plain else _stays)
        self._replace(str(next(iter(bases.values()))["apiVersion"]).rpartition("/")[2])
        finals = {
            release.document.key: tuple(self._finish(release, bases[release.document.key]))
            for release in self.releases
        }
        patches = tuple(self._texts())
        self._retarget(str(next(iter(bases.values()))["apiVersion"]))
        results = {release.document.key: self._results(release) for release in self.releases}
        return ClosureTexts(plans, finals, results, patches, tuple(self.edits.made))

    def _results(self, release: PatchedRelease) -> tuple[tuple[Mapping[str, Any], tuple[str, ...]], ...]:
        """Gives what clusters see in the end."""
        found: list[tuple[dict[str, Any], tuple[str, ...]]] = []
        made = MadeOnce()
        for each in release.seen:
            if not any(each.sighting is known for known in release.sightings):
                # No cluster is known that has it so.
                continue
            references = self._references(release, each.sighting.cluster)
            plan = release.forms_in(each.sighting).plan(each.sighting.manifest, references)
            manifest = made.after(plan, each.sighting.manifest)
            known = next((names for known, names in found if known == manifest), ())
            found = [(other, names) for other, names in found if other != manifest]
            found.append((manifest, (*known, each.sighting.cluster)))
        return tuple(found)

    def _hold(self) -> None:
        """Stops where a patch stands in what no kustomization of the repository lists."""
        closure = self.releases[0].closure
        over = {way.build[1] for ways in closure.ways.values() for way in ways}
        for use in closure.patches:
            if use.path and use.path in over:
                reason = f"fluxd itself patches with {use.path}, and no kustomization can list it"
                raise HeldBack(reason, "RP071")
            if use.field in FLUX_PATCH_FIELDS:
                self.documents[use] = _flux_documents(
                    use, self.around.repository, self.around.clusters.foreign
                )
            if use.kind == "merge" and is_in_a_list(use, self.around.clusters.tree):
                where = f"{use.path or use.kustomization} patches them in a list"
                raise HeldBack(f"{where} that cannot be written as documents", "RP008")

    def _references(self, release: PatchedRelease, cluster: str = "") -> References:
        """Gives the sources of a release as one cluster names them, or as what all see names them."""
        chosen: dict[tuple[object, ...], PlacedRequest] = {}
        shared: set[tuple[object, ...]] = set()
        for each in release.requests:
            # A state does not say what wrote it.
            identity = replace(each.request, written_by="").identity
            known = chosen.setdefault(identity, each)
            if known.request != each.request:
                raise HeldBack("one build writes where its chart comes from, and another one has it already")
            if known is not each:
                shared.add(identity)
            if cluster in {name for name, _ in each.slots}:
                chosen[identity] = each
        key = (release.document.key, frozenset(chosen.values()) if cluster else frozenset())
        if key not in self.references:
            served = {identity: self.names.references[each] for identity, each in chosen.items()}
            for identity in shared if not cluster else ():
                each, reference = chosen[identity], served[identity]
                name = without_affixes(reference.name, each.affixes)
                own = "" if each.in_own_namespace else reference.namespace
                served[identity] = replace(reference, name=name or reference.name, namespace=own)
            seen = cluster if shared else ""
            self.references[key] = References(
                served,
                frozenset(namespace for name, namespace in release.slots() if seen in ("", name)),
                frozenset(identity for identity, each in chosen.items() if each in self.names.made_for),
            )
        return self.references[key]

    def _gather(self, release: PatchedRelease, references: References) -> None:
        """Notes what each patch makes of the release, in every build."""
        key = release.document.key
        ways = (way.built.patches for way in release.closure.ways[key])
        for state in states_of(key, ways, self.around.clusters.tree):
            text = _text_of(state.use, self.around.clusters.tree)
            unsaid = unsaid_state(state.before, patch_of(state.use, self.around.clusters.tree))
            form = FormStep(
                release.forms.form(state.before, references),
                release.forms.form(state.after, references),
                None if unsaid is None else release.forms.form(unsaid, references),
            )
            # Only operations may take values from anywhere.
            step = OldStep(state.before if state.use.kind == "json" else {}, form)
            self.uses.setdefault(text, state.use)
            self.documents_of.setdefault(text, set()).add(key)
            steps = self.steps.setdefault(text, [])
            if step not in steps:
                steps.append(step)

    def _finish(
        self, release: PatchedRelease, base: Mapping[str, Any]
    ) -> Iterator[tuple[Way, Mapping[str, Any]]]:
        """Gives what a release shall be in the end, and has the kustomizations write what is left of it."""
        left: list[Unfinished] = []
        for way in release.closure.ways[release.document.key]:
            wanted = None if way.is_removed else self._wanted(release, way)
            if wanted is None:
                continue
            form = dict(base)
            for use in way.built.patches:
                form = self._patched(form, use)
            # What a replacement writes, it writes in Flux v2 as well.
            for path in {each for use in way.built.replacements for each in self.written.get(use, ())}:
                form = with_replaced(form, wanted, path) if path[:1] == ("spec",) else form
            left.append(Unfinished(way, form, wanted))
            yield way, wanted
        self.edits.add_leaves(left, str(base["apiVersion"]))

    def _patched(self, form: dict[str, Any], use: PatchUse) -> dict[str, Any]:
        draft = self.drafts[_text_of(use, self.around.clusters.tree)]
        try:
            if isinstance(draft, JsonPatchDraft):
                return apply_operations(form, [dict(each) for each in draft.effective])
            # Most are for values alone.
            is_for_values = draft.value.keys() <= _NAMING
            merged = form if is_for_values else merged_with(form, dict(draft.value))
        except InvalidManifest as error:
            raise HeldBack(f"the patch would not be merged any more: {error.reason}") from None
        return {key: value for key, value in merged.items() if key != "metadata"}

    def _wanted(self, release: PatchedRelease, way: Way) -> Mapping[str, Any] | None:
        """Gives what a release is in the end; nothing where no cluster has it in that way."""
        built = way.built
        # Builds share what no patch changes.
        seen = [
            each.sighting
            for each in release.seen
            if each.sighting.manifest is built.manifest and each.sighting.steps == built.steps
        ]
        if not seen:
            return None
        references = self._references(release, seen[0].cluster)
        if any(self._references(release, each.cluster) is not references for each in seen[1:]):
            raise HeldBack("one build would have to name the sources of several clusters")
        wanted, *others = (release.forms_in(each).form(built.manifest, references) for each in seen)
        if any(each != wanted for each in others):  # pragma: no cover - RP020 tells of these before
            raise HeldBack("one build would have to be what several clusters need")
        return wanted

    def _replace(self, version: str) -> None:
        """Points kustomizations to where the fields of releases are."""
        closure, tree = self.releases[0].closure, self.around.clusters.tree
        sources: dict[str, dict[SourceReference, ChartSourceRequest]] = {}
        for placed in (each for release in self.releases for each in release.requests):
            found = sources.setdefault(placed.request.written_by, {})
            found[self.names.references[placed]] = placed.request
        known: set[tuple[str, tuple[str | int, ...]]] = set()
        literals: list[LiteralEdit] = []
        for use in closure.patches:
            if use.kind not in _POINTING:
                continue
            reached = [
                way.built.manifest
                for ways in closure.ways.values()
                for way in ways
                if use in way.built.replacements
            ]
            for edit in _POINTING[use.kind](Naming(use, tree, version, reached, sources)):
                if isinstance(edit, FieldEdit) and edit.written:
                    self.written.setdefault(use, set()).add(edit.written)
                # Kustomizations may share a file.
                if (edit.file, edit.path) in known:
                    continue
                known.add((edit.file, edit.path))
                if isinstance(edit, LiteralEdit):
                    # It takes an entry out, and the places of all others are those of before.
                    literals.append(edit)
                else:
                    self.edits.point(edit)
        for literal in literals:
            self.edits.write_literals(literal)

    def _retarget(self, api_version: str) -> None:
        closure, clusters = self.releases[0].closure, self.around.clusters
        targets = {use: target for use in closure.patches if (target := self._target(use)) is not None}
        version = api_version.rpartition("/")[2]
        for use, values, removed in targets_of(closure, clusters.builds, targets, version):
            place = self.around.clusters.tree.patch_place(use)
            self.edits.retarget(place, values, removed, self.documents.get(use, (place.document,)))

    def _target(self, use: PatchUse) -> Mapping[str, Any] | None:
        """Gives what a patch is for, where its kustomization says so."""
        if use.field == FLUX_PATCHES:
            document = self.around.repository.document(use.kustomization, self.documents[use][0])
            given = document.manifest["spec"]["patches"][use.entry].get("target")
            return given if isinstance(given, Mapping) else None
        entry = self.around.clusters.tree.patch_entry(use)
        return None if entry is None else entry.target

    def _texts(self) -> Iterator[PatchText]:
        inline: dict[_Text, list[tuple[PatchUse, Plan]]] = {}
        for text, draft in self.drafts.items():
            use = self.uses[text]
            if isinstance(draft, JsonPatchDraft):
                yield from self._operations(use, draft)
            elif use.path:
                document = self.around.repository.document(use.path, use.document)
                plan = draft.plan
                if annotations := self.annotations.get(document.key):
                    after = apply_to_mapping(plan, document.manifest)
                    plan = (*plan, *remaining_operations(annotations, after))
                yield _patch_text(plan, document, self.asked.get(document.key, ()))
            else:
                inline.setdefault(text[:-1], []).append((use, draft.plan))
        for members in inline.values():
            use = members[0][0]
            self._rewrite(use, partial(_inline, tuple(members)))

    def _rewrite(self, use: PatchUse, rewrite: Callable[[str], str]) -> None:
        place = self.around.clusters.tree.patch_place(use)
        self.edits.replace_inline(place, rewrite, self.documents.get(use, (place.document,)))

    def _operations(self, use: PatchUse, draft: JsonPatchDraft) -> Iterator[PatchText]:
        if use.path:
            document = self.around.repository.document(use.path, use.document)
            text = write_operations(document.text, draft.operations)
            yield PatchText(document, AppliedText(text, (), {}))
        else:
            self._rewrite(use, partial(write_operations, operations=draft.operations))


def _flux_documents(
    use: PatchUse, repository: Repository, foreign: Collection[DocumentKey]
) -> tuple[int, ...]:
    """Gives which documents of a file are the Kustomizations of Flux v2 that have a patch.

    Where several have the same one at the same place, the same becomes of it in each of them.

    Args:
        foreign: the Kustomizations that sync another repository.
    """
    if use.field != FLUX_PATCHES:
        reason = f"{use.kustomization} patches them in {use.field}, which Flux v2 has no more"
        raise HeldBack(f"{reason}, and listed in spec.patches it would not do the same")
    found = tuple(
        document.index
        for document in repository.documents.get(use.kustomization, ())
        if document.key not in foreign and _has_patch(document, use)
    )
    if not found:
        raise HeldBack(f"{use.kustomization} patches them in a field that Flux v2 has no more")
    return found


def _has_patch(document: Document, use: PatchUse) -> bool:
    spec = document.manifest.get("spec")
    patches = spec.get("patches") if isinstance(spec, Mapping) else None
    entry = patches[use.entry] if isinstance(patches, list) and use.entry < len(patches) else None
    return isinstance(entry, Mapping) and str(entry.get("patch")).strip() == use.inline


def _stays(annotation: str) -> bool:
    """Gives that an annotation stays: what becomes of it is decided with the images."""
    return False


def _json_draft(
    operations: Sequence[Mapping[str, Any]], steps: Sequence[OldStep], goes: Callable[[str], bool]
) -> JsonPatchDraft:
    try:
        return draft_json_patch(operations, steps, goes)
    except (NotFollowed, InvalidManifest) as error:
        raise HeldBack(str(error)) from None


def _text_of(use: PatchUse, tree: KustomizeTree) -> _Text:
    if use.path:
        return ("file", use.path, str(use.document))
    if use.field == TRANSFORMERS:
        # A file of transformers may be listed more than once.
        return ("inline", *map(str, tree.patch_place(use)), use.inline, str(use.document))
    return ("inline", use.kustomization, use.field, str(use.entry), use.inline, str(use.document))


def _patch_text(plan: Plan, document: Document, asked: Iterable[Path]) -> PatchText:
    style = detect_style(document.text)
    text = apply_to_any_text(plan, document.text, document.root, style, document.manifest)
    return PatchText(document, text, changes_of(plan, document.resource, document, asked))


def _inline(members: Iterable[tuple[PatchUse, Plan]], result: str) -> str:
    """Gives a text that stands in a kustomization after the plans of its documents."""
    for use, plan in members:
        result = edit_document(result, partial(_planned, plan=plan), use.document)
    return result


def _planned(document: str, plan: Plan) -> str:
    ended = document if document.endswith("\n") else f"{document}\n"
    root, value = read_document(ended)
    after = apply_to_any_text(plan, ended, root, detect_style(ended), value).text
    return after if ended is document else after.removesuffix("\n")


def changes_of(plan: Plan, resource: str, document: Document, asked: Iterable[Path]) -> tuple[Change, ...]:
    """Gives what a plan does to a document, which is edited by now and lets go of its nodes."""
    lines = [document.position(source_of(each))[0] for each in plan]
    document.let_nodes_go(asked)
    path = document.path
    return tuple(change_of(each, resource, path, line, path) for each, line in zip(plan, lines, strict=True))


def convert_closure(
    releases: Sequence[PatchedRelease],
    names: SourceNames,
    around: Surroundings,
    annotations: Mapping[DocumentKey, Plan],
    asked: Mapping[DocumentKey, Collection[Path]],
) -> ClosureTexts:
    """Gives what becomes of the releases and patches of a closure.

    Args:
        annotations: what becomes of the annotations of fluxd in documents of which no image is updated.
        asked: fields whose places are told of once the documents are edited.

    Raises:
        HeldBack: something stops it.
        CannotEdit: a text is written in a form that cannot be edited.
    """
    return _Converter(releases, names, around, annotations, asked).convert()
