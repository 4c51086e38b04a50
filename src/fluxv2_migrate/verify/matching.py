"""Which release of Flux v2 stands for which one of Flux v1."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.clusters.seen_objects import SeenObject
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.release_name import release_namespace, storage_namespace, written_release_name
from fluxv2_migrate.folders import in_common
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.meaning import ReleaseMeaning, RunningOperator, meaning_of_v1_release
from fluxv2_migrate.verify.context import Context

_TEMPLATE: Final = re.compile(r"\{\{|\$\(|\$\{")


@dataclass(frozen=True, slots=True)
class Matches:
    """The releases of Flux v2 that stand for releases of Flux v1, by the indices of these.

    Attributes:
        partners: those that a cluster has.
        lost: for releases without a partner: those that would stand for them, and that no cluster applies.
    """

    partners: Mapping[int, SeenObject]
    lost: Mapping[int, SeenObject]

    def without(self, new: Iterable[SeenObject]) -> list[SeenObject]:
        """Gives those of the releases of Flux v2 that stand for none of Flux v1."""
        taken = {id(found) for found in (*self.partners.values(), *self.lost.values())}
        return [found for found in new if id(found) not in taken]


class _Candidate(NamedTuple):
    """A release of Flux v2 that may stand for one of Flux v1; the first one in order is the likeliest."""

    is_hindered: bool
    likeness: int
    is_elsewhere: bool
    distance: int
    old: int
    new: int


def match_releases(old: Sequence[Flux1Release], new: Sequence[SeenObject], context: Context) -> Matches:
    """Gives what stands for each release of Flux v1: the same object, else the same Helm release.

    Each is one of the same cluster. Where several do, the nearest files belong together.
    """
    likely = sorted(_candidates(old, new, context))
    partners: dict[int, int] = {}
    taken: dict[int, DocumentKey] = {}
    pairs = ((each, new[each.new].cluster, old[each.old].found.cluster) for each in likely)
    had = [each for each, now, before in pairs if not before or now in ("", before)]
    for each in had:
        if each.old not in partners and each.new not in taken:
            partners[each.old] = each.new
            taken[each.new] = old[each.old].found.document
    # What moved may be for all clusters that had one release, though nothing tells so.
    for each in had:
        found = old[each.old].found
        is_shared = new[each.new].cluster == "" and taken.get(each.new) == found.document
        if each.old not in partners and is_shared and found.cluster:
            partners[each.old] = each.new
    lost: dict[int, int] = {}
    for each in sorted(likely, key=lambda each: (each.likeness, each.distance, each.old, each.new)):
        is_applied = new[each.new].cluster is not None
        if not is_applied and each.old not in partners and each.new not in taken:
            lost.setdefault(each.old, each.new)
    return Matches(
        {index: new[position] for index, position in partners.items()},
        {index: new[position] for index, position in lost.items()},
    )


def _candidates(
    old: Sequence[Flux1Release], new: Sequence[SeenObject], context: Context
) -> Iterator[_Candidate]:
    by_name: dict[tuple[str, str | None], list[int]] = {}
    clusters = dict.fromkeys(found.cluster for found in new)
    for position, found in enumerate(new):
        for name in {found.identity[1], written_release_name(found.manifest)}:
            by_name.setdefault((name, found.cluster), []).append(position)
    for index, release in enumerate(old):
        names = {release.found.identity[1], release.meaning.release_name if release.meaning else ""}
        cluster = release.found.cluster
        # What another cluster has stands for none of this one.
        there = ("", cluster, None) if cluster else clusters
        keys = [(name, each) for name in names for each in there]
        for position in {position for key in keys for position in by_name.get(key, ())}:
            found = new[position]
            likeness = _likeness(release, found, context)
            if likeness is not None:
                is_elsewhere = found.cluster != release.found.cluster
                distance = -in_common(release.found.path, found.path)
                yield _Candidate(bool(found.obstacle), likeness, is_elsewhere, distance, index, position)


def _likeness(release: Flux1Release, found: SeenObject, context: Context) -> int | None:
    """Gives how little two releases are alike, from 0 for the same object; nothing where they are not."""
    default = context.settings(release.found.cluster).default_namespace
    (old_namespace, old_name), (new_namespace, new_name) = release.found.identity, found.identity
    if old_name == new_name and (old_namespace or default) == (new_namespace or default):
        return 0
    meaning, is_same_release = release.meaning, False
    if meaning is not None:
        spec, namespace = as_object(found.manifest.get("spec")), new_namespace or default or ""
        is_same_release = written_release_name(found.manifest) == meaning.release_name
        storage = storage_namespace(namespace=namespace, storage_namespace=spec.get("storageNamespace"))
        if is_same_release and storage == meaning.storage_namespace:
            return 1
    # A namespace can come from elsewhere: a Kustomization, or fluxd's default.
    if old_name == new_name and not (old_namespace and new_namespace):
        return 2
    if meaning is None or not (is_same_release or old_name == new_name):
        return None
    # Who moves a release to the namespace of Flux or to that of its objects, or who edits it where it stands,
    # means the same release, whether or not Helm finds it there.
    target = release_namespace(namespace=namespace, target_namespace=spec.get("targetNamespace"))
    return 3 if target == meaning.target_namespace or release.found.path == found.path else None


@dataclass(frozen=True, slots=True)
class Flux1Release:
    """A release of Flux v1 as a cluster has it, and its meaning, or why it has none."""

    found: SeenObject
    meaning: ReleaseMeaning | None
    reason: str = ""

    @property
    def is_partial(self) -> bool:
        """Whether it names no chart."""
        return self.meaning is not None and self.meaning.chart is None


def flux1_releases(context: Context) -> list[Flux1Release]:
    """Gives the releases of the repository as it was, each as often as clusters have it."""
    # Flux v1 itself is nothing that Flux v2 would have, and what a command wrote is no manifest.
    clusters = context.before.clusters
    own = {each.key for each in clusters.programs if not each.is_part}
    old = (each for each in context.before.old if each.document not in own)
    read = (_release(found, context) for found in old if found.path not in clusters.outputs)
    # A patch that nothing applies, and that patches nothing, meant nothing.
    sightings, patch_files = clusters.sightings, clusters.patch_files
    return [
        each
        for each in read
        if each.found.document in sightings or not (each.is_partial or each.found.path in patch_files)
    ]


def _release(found: SeenObject, context: Context) -> Flux1Release:
    if "sops" in found.manifest:
        return Flux1Release(found, None, "it is encrypted")
    if context.repository.chart_around(found.path) is not None:
        return Flux1Release(found, None, "it is a template of a chart, whose values fill it in")
    settings, override = context.settings(found.cluster), context.override(found)
    if (field := _filled_in(found.manifest, override.release_name)) is not None:
        return Flux1Release(found, None, f"a template fills in {field}")
    if found.obstacle:
        return Flux1Release(found, None, found.obstacle)
    operator = RunningOperator.of_settings(settings)
    if override.helm_versions:
        operator = replace(operator, helm_version=override.helm_versions[0])
    try:
        meaning = meaning_of_v1_release(
            found.manifest,
            operator=operator,
            default_namespace=settings.default_namespace,
            release_name=override.release_name or "",
            storage_namespace=override.storage_namespace or "",
            ref_kind=override.ref_kind,
            is_converted="HR030" in override.accept,
        )
    except InvalidManifest as error:
        return Flux1Release(found, None, f"the API server refuses it: {error.reason}")
    inventory, storage = settings.inventory, meaning.storage_namespace or ""
    if inventory is not None and inventory.is_of_helm_3(meaning.release_name, storage):
        assumed = tuple(each for each in meaning.assumed if each != "helm_version")
        meaning = replace(meaning, helm_version="v3", assumed=assumed)
    if meaning.chart is None:
        return Flux1Release(found, meaning, "it names no chart: what it is patched with stands elsewhere")
    return Flux1Release(found, meaning)


def _filled_in(manifest: Mapping[str, Any], release_name: str | None) -> str | None:
    """Gives the first field that names a release or its chart and is no text yet, nor given by a person."""
    spec = as_object(manifest.get("spec"))
    parts: tuple[tuple[str, Mapping[str, Any], Collection[str]], ...] = (
        ("metadata", as_object(manifest.get("metadata")), ("name", "namespace")),
        ("spec", spec, ("targetNamespace",) if release_name else ("releaseName", "targetNamespace")),
        ("spec.chart", as_object(spec.get("chart")), as_object(spec.get("chart"))),
    )
    return next(
        (
            f"{where}.{key}"
            for where, fields, keys in parts
            for key in keys
            if isinstance(fields.get(key), str) and _TEMPLATE.search(fields[key])
        ),
        None,
    )
