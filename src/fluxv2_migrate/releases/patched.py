"""Releases that patches reach: read as the clusters see them, with all that hangs together with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fluxv2_migrate.clusters import Closure, DocumentKey, Sighting, closure_of_one
from fluxv2_migrate.clusters.cluster_map import place_of
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.kustomize import (
    TRANSFORMERS,
    KustomizeTree,
    Patch,
    PatchedState,
    PatchUse,
    keys_of_pointer,
    patch_of,
    replay_patches,
    steps_apart,
)
from fluxv2_migrate.placement import PlacedRequest
from fluxv2_migrate.plan import REMOVED, leaf_at
from fluxv2_migrate.releases.forms import ReleaseForms
from fluxv2_migrate.releases.release import (
    ClustersDisagree,
    MigratingRelease,
    Told,
    common_draft,
    hold_one_api,
    hold_one_release,
    hold_served_fields,
)
from fluxv2_migrate.releases.replacement_entries import source_writer
from fluxv2_migrate.releases.values_of_urls import values_of_urls
from fluxv2_migrate.repository.reading import Document, Repository
from fluxv2_migrate.rules import (
    ReleaseDraft,
    SeenRelease,
    ValuesConfigMap,
    ValuesOfUrl,
    draft_helm_release,
    read_by_draft,
)
from fluxv2_migrate.settings.of_clusters import ReleaseSettings
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.surroundings.known import Surroundings


class HeldBack(ValueError):
    """Something stops a closure; says what, and with which code."""

    def __init__(self, reason: str, code: str = "RP004") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class NoChart(ValueError):
    """A release has no chart in some cluster; says what is to be told of it."""

    def __init__(self, draft: ReleaseDraft, told: Mapping[Notice, Told]) -> None:
        super().__init__("no chart")
        self.draft = draft
        self.told = told


@dataclass(frozen=True, slots=True)
class SeenDraft:
    """What becomes of a release as one cluster sees it."""

    sighting: Sighting
    draft: ReleaseDraft
    settings: ReleaseSettings
    version: FluxVersion

    def forms_in(self, forms: ReleaseForms) -> ReleaseForms:
        """Gives the forms of the release as this cluster has it."""
        seen = SeenRelease(self.sighting.namespace, self.sighting.name)
        return forms.of_cluster(seen, self.settings, self.version)

    @property
    def slot(self) -> tuple[str, str]:
        """The cluster, and the namespace in which it has the release."""
        namespace = self.sighting.namespace_afterwards or self.settings.default_namespace
        return self.sighting.cluster, namespace


@dataclass(slots=True)
class PatchedRelease(MigratingRelease):
    """A release that patches reach, on its way.

    Attributes:
        closure: what hangs together with it.
        forms: what it is under Flux v2 in each state.
        seen: what becomes of it in each cluster.
        told: where it is told what is said of it.
    """

    closure: Closure = field(kw_only=True)
    forms: ReleaseForms = field(kw_only=True)
    seen: tuple[SeenDraft, ...] = field(kw_only=True)
    told: Mapping[Notice, Told] = field(kw_only=True)

    def __post_init__(self) -> None:
        own: dict[tuple[object, ...], PlacedRequest] = {}
        for each in self.seen:
            request = each.draft.source
            assert request is not None
            known = own.get(request.identity)
            slots = (*(() if known is None else known.slots), each.slot)
            file = self.document.path
            own[request.identity] = PlacedRequest(request, file, tuple(sorted(set(slots))))
        self.requests = tuple(own.values())
        self.placed = self.requests[0]

    def _draft_of(self, sighting: Sighting) -> ReleaseDraft:
        return next(each.draft for each in self.seen if each.sighting is sighting)

    def forms_in(self, sighting: Sighting) -> ReleaseForms:
        """Gives the forms of the release as one cluster has it."""
        return next(each for each in self.seen if each.sighting is sighting).forms_in(self.forms)

    def name_in(self, sighting: Sighting) -> str:
        """Gives the release name under which it runs in a cluster."""
        return self._draft_of(sighting).release_name.v1

    def stored_in(self, sighting: Sighting) -> str:
        """Gives the namespace of its Helm records in a cluster."""
        stored = self._draft_of(sighting).release_name.storage_namespace
        return stored or sighting.namespace or self.draft.namespace

    def config_maps(self) -> Iterator[tuple[ValuesConfigMap, tuple[tuple[str, str], ...]]]:
        """Gives the ConfigMaps that are made for it, each with the clusters and namespaces that need it."""
        found: dict[ValuesConfigMap, list[tuple[str, str]]] = {}
        for each in self.seen:
            for config_map in each.draft.config_maps:
                found.setdefault(config_map, []).append(each.slot)
        yield from ((each, tuple(sorted(set(slots)))) for each, slots in found.items())

    def values_files(self) -> tuple[str, ...]:
        """Gives the files of the repository whose values it has now."""
        return tuple(dict.fromkeys(path for each in self.seen for path in each.draft.values_files))

    def telling(self, notice: Notice) -> Told:
        """Gives where something is told of it, and what else is named."""
        return self.told.get(notice, Told())


def state_in_file(key: DocumentKey, tree: KustomizeTree) -> dict[str, Any]:
    """Gives a release as kustomize reads it from its file."""
    found: dict[str, Any] = tree.manifest(*key)
    return found


def _without_values(manifest: dict[str, Any]) -> dict[str, Any]:
    spec = manifest.get("spec")
    if not isinstance(spec, dict) or "values" not in spec:
        return manifest
    return {**manifest, "spec": {key: item for key, item in spec.items() if key != "values"}}


def states_of(
    key: DocumentKey, ways: Iterable[tuple[PatchUse, ...]], tree: KustomizeTree
) -> Iterator[PatchedState]:
    """Gives the states of a release, with the object as kustomize reads it, each once.

    Args:
        ways: the patches that reach it in each build. Where all of them are merged, its values are left out,
            since nothing else follows from them; operations may move values anywhere.

    Raises:
        HeldBack: they cannot be followed.
    """
    state, uses_of_ways = state_in_file(key, tree), list(ways)
    are_merged = all(use.kind == "merge" for uses in uses_of_ways for use in uses)

    def said(use: PatchUse) -> Patch:
        patch = patch_of(use, tree)
        return _without_values(patch) if are_merged and isinstance(patch, dict) else patch

    try:
        yield from replay_patches(_without_values(state) if are_merged else state, uses_of_ways, said)
    except InvalidManifest as error:
        raise HeldBack(f"a patch cannot be followed: {error.reason}") from None


def read_patched_release(
    document: Document, closure: Closure, around: Surroundings, override: Override
) -> PatchedRelease:
    """Reads a release as each cluster sees it.

    Raises:
        ClustersDisagree: clusters see what no text can be.
        NoChart: a cluster sees none.
    """
    known = tuple(around.clusters.sightings.get(document.key, ()))
    sightings = (*known, *put_over(known, document.key, closure, around))
    sightings = sightings or tuple(taken_out(document.key, closure, around))
    oldest = around.oldest(sighting.cluster for sighting in sightings)
    writers = {
        id(way.built.manifest): writer
        for way in closure.ways[document.key]
        if (writer := source_writer(way.built, around.clusters.tree))
    }
    here = _values_of_urls(document, sightings, around)
    seen = tuple(_seen_drafts(sightings, around, override, here, writers))
    hold_one_api({each.version for each in seen}, oldest)
    hold_served_fields(((each.draft, each.version) for each in seen), oldest)
    first = next(each for each in seen if each.version == oldest)
    places = {(each.sighting.namespace, each.sighting.name) for each in seen}
    as_seen = SeenRelease(first.sighting.namespace, first.sighting.name, is_named_elsewhere=len(places) > 1)
    is_stored_alike = len({each.draft.release_name.storage_namespace for each in seen}) == 1
    whole = first.sighting.manifest
    forms = ReleaseForms(
        around.options, oldest, override, first.settings, as_seen, whole, here, is_stored_alike
    )
    _hold_one_manifest(seen, first, around.options, override, here)
    for each in seen:
        if id(each.sighting.manifest) not in writers:
            each.forms_in(forms).know(each.sighting.manifest, each.draft)
    draft = common_draft(first.draft, [each.draft for each in seen])
    told = _told(draft, seen, document, closure, around)
    if draft.source is None or any(each.draft.source is None for each in seen):
        raise NoChart(draft, told)
    return PatchedRelease(
        document,
        draft,
        first.settings,
        override,
        draft.source,
        sightings=known,
        closure=closure,
        forms=forms,
        seen=seen,
        told=told,
    )


def put_over(
    known: Sequence[Sighting], key: DocumentKey, closure: Closure, around: Surroundings
) -> Iterator[Sighting]:
    """Gives a release as Kustomizations of Flux v2 patch it that no known cluster has.

    Args:
        known: how clusters see it; one of them stands for the one that has the Kustomization.
    """
    for way in closure.ways[key] if known else ():
        folder, over = way.build
        if not over.startswith("{") or way.is_removed:
            continue
        if any(each.manifest is way.built.manifest for each in known):
            continue
        one = next((each for each in known if each.sync_path == folder), known[0])
        namespace = _target_namespace(over, around) or namespace_and_name(way.built.manifest)[0]
        name, manifest = namespace_and_name(way.built.manifest)[1], way.built.manifest
        where = namespace or around.clusters.default_namespace(one.cluster)
        yield Sighting(one.cluster, folder, where, name, manifest, way.built.steps, way.built.patches)


def _target_namespace(over: str, around: Surroundings) -> str:
    documents = around.repository.documents.get(json.loads(over)["file"], ())
    found = (FluxKustomization.of_document(each) for each in documents)
    return next((each.target_namespace for each in found if each is not None and each.overlay == over), "")


def taken_out(key: DocumentKey, closure: Closure, around: Surroundings) -> Iterator[Sighting]:
    """Gives how clusters would see a release that patches take out everywhere."""
    for way in closure.ways[key]:
        for view, synced in around.clusters.sync_paths() if way.is_removed else ():
            if way.build == (synced.path, synced.over) or way.build[0] in synced.builds:
                built = way.built
                place = place_of(built.manifest, view.settings.default_namespace or "")
                yield Sighting(view.name, synced.path, *place, built.manifest, built.steps, built.patches)


def _values_of_urls(
    document: Document, sightings: Iterable[Sighting], around: Surroundings
) -> Mapping[str, ValuesOfUrl]:
    """Gives what is here of the values that a release takes from URLs, wherever it has them.

    They are never written into it: what patches write goes over them, and so does what is beside them.
    """
    found: dict[str, ValuesOfUrl] = {}
    for each in sightings:
        view = around.clusters.view(each.cluster)
        name = document.identity[1]
        here = values_of_urls(each.manifest, name, view, around, is_inlined=False)
        if any(found.setdefault(url, values) != values for url, values in here.items()):
            message = "its clusters follow different branches, and the file of a URL is that of one of them"
            raise ClustersDisagree(message, ("spec", "valuesFrom"))
    return found


def in_builds(document: Document, around: Surroundings, override: Override) -> PatchedRelease | None:
    """Gives a release that nothing patches, of which each build may make another one, where that can be."""
    sightings = around.clusters.sightings[document.key]
    views = {each.cluster: around.clusters.view(each.cluster) for each in sightings}
    needed = (
        (
            each.steps,
            (
                each.namespace,
                each.name,
                replace(around.settings(views[each.cluster]), cluster=""),
                around.versions[each.cluster],
            ),
        )
        for each in sightings
    )
    if not all(steps_apart(needed, goes_over=True)):
        return None
    closure = closure_of_one(around.clusters.builds, document.key)
    try:
        return read_patched_release(document, closure, around, override)
    except (ClustersDisagree, NoChart):
        return None


def _seen_drafts(
    sightings: Iterable[Sighting],
    around: Surroundings,
    override: Override,
    here: Mapping[str, ValuesOfUrl],
    writers: Mapping[int, str],
) -> Iterator[SeenDraft]:
    # Each cluster has its own, and most patches change values.
    known: dict[tuple[object, ...], ReleaseDraft] = {}
    for sighting in sightings:
        view = around.clusters.view(sighting.cluster)
        settings, version = around.settings(view), around.versions[view.name]
        seen, manifest = SeenRelease(sighting.namespace, sighting.name), sighting.manifest
        of_all = replace(settings, cluster="")
        key = (seen.namespace, seen.name, version, *read_by_draft(manifest, of_all, here))
        if key not in known:
            known[key] = draft_helm_release(manifest, around.options, version, override, of_all, seen, here)
        draft = known[key].asked_of(settings.cluster) if settings.cluster else known[key]
        writer = writers.get(id(sighting.manifest), "")
        if draft.source is not None and writer:
            draft = replace(draft, source=replace(draft.source, written_by=writer))
        yield SeenDraft(sighting, draft, settings, version)


def _is_alike(one: SeenDraft, other: SeenDraft) -> bool:
    """Gives whether two clusters make the same of a release, were it the same to them."""
    if one is other:
        return True
    settings = replace(one.settings, cluster=other.settings.cluster)
    return one.version == other.version and settings == other.settings


def _hold_one_manifest(
    seen: Sequence[SeenDraft],
    first: SeenDraft,
    options: MigrationOptions,
    override: Override,
    here: Mapping[str, ValuesOfUrl],
) -> None:
    """Raises where settings or Flux releases make different releases of what nothing tells apart.

    Raises:
        ClustersDisagree: no kustomization tells the clusters apart that need different ones.
    """
    for each in seen:
        if _is_alike(each, first):
            continue
        as_seen = SeenRelease(each.sighting.namespace, each.sighting.name)
        other = draft_helm_release(
            each.sighting.manifest, options, first.version, override, first.settings, as_seen, here
        )
        try:
            hold_one_release(each.draft, [other])
        except ClustersDisagree:
            ways = ((one.sighting.steps, (replace(one.settings, cluster=""), one.version)) for one in seen)
            if not all(steps_apart(ways, goes_over=True)):
                raise
            return


def _told(
    draft: ReleaseDraft,
    seen: Iterable[SeenDraft],
    document: Document,
    closure: Closure,
    around: Surroundings,
) -> dict[Notice, Told]:
    """Gives where each notice is told: at the patch that writes the field, if one does."""
    tree, repository = around.clusters.tree, around.repository
    found: dict[Notice, Told] = {}
    everything: tuple[str, ...] = ()
    for notice in draft.notices:
        writers = [
            use
            for each in seen
            if _says(each.draft.notices, notice)
            for use in [_writer_of(notice.path, each.sighting.patches, tree)]
        ]
        at = None
        if writers and writers[0] is not None:
            at = _use_place(writers[0], notice.path, repository, tree)
        related: tuple[str, ...] = ()
        if draft.stops(notice):
            own = at or (document.path, *document.position(notice.path))
            everything = everything or tuple(closure_places(closure, repository, tree))
            related = tuple(each for each in everything if each != f"{own[0]}:{own[1]}")
        found[notice] = Told(at, related)
    return found


def _says(notices: Iterable[Notice], notice: Notice) -> bool:
    return any(
        (each.code, each.message, each.path) == (notice.code, notice.message, notice.path) for each in notices
    )


def _writer_of(path: tuple[str, ...], uses: Sequence[PatchUse], tree: KustomizeTree) -> PatchUse | None:
    """Gives the last patch that writes a field, or something in it.

    Args:
        path: of the field; what is said of a whole release no patch has written.
    """
    if len(path) < 2:
        return None
    for use in reversed(uses):
        patch = patch_of(use, tree)
        if isinstance(patch, dict):
            if leaf_at(patch, path) is not REMOVED:
                return use
        elif any(_meets(str(each.get("path")), path) for each in patch):
            return use
    return None


def _meets(pointer: str, path: tuple[str, ...]) -> bool:
    keys = keys_of_pointer(pointer)
    length = min(len(keys), len(path))
    return keys[:length] == path[:length]


def _use_place(
    use: PatchUse, path: tuple[str, ...], repository: Repository, tree: KustomizeTree
) -> tuple[str, int, int]:
    """Gives path, line and column of a field in a patch, or of the patch."""
    if use.path and use.kind not in ("merge", "json"):
        return (use.path, 1, 1)
    if use.path:
        document = repository.document(use.path, use.document)
        return (use.path, *document.position(path if use.kind == "merge" else ()))
    folder = use.kustomization.rpartition("/")[0]
    kustomization = tree.kustomizations.get(folder)
    if kustomization is None or kustomization.path != use.kustomization:
        return (use.kustomization, 1, 1)
    if use.field == TRANSFORMERS:
        place = tree.patch_place(use)
        if not place.around:
            return (
                place.file,
                *repository.document(place.file, place.document).position((str(place.said[0]),)),
            )
        return (place.file, kustomization.line_of(TRANSFORMERS, int(place.around[1])), 1)
    return (use.kustomization, kustomization.line_of(use.field, use.entry), 1)


def closure_places(closure: Closure, repository: Repository, tree: KustomizeTree) -> Iterable[str]:
    """Gives every release and patch of a closure as `path:line`, once each."""
    found: dict[str, None] = {}
    for path, index in closure.documents:
        found[f"{path}:{repository.document(path, index).position(())[0]}"] = None
    for use in closure.patches:
        path, line, _ = _use_place(use, (), repository, tree)
        found[f"{path}:{line}"] = None
    return tuple(found)


def closures_of(releases: Iterable[object]) -> Collection[Closure]:
    """Gives the closures of releases, once each."""
    found = {id(each.closure): each.closure for each in releases if isinstance(each, PatchedRelease)}
    return tuple(found.values())
