"""Whether two repositories mean the same to the Flux that runs them, whoever migrated."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.clusters.flux_release import infer_flux_release
from fluxv2_migrate.clusters.reading import see_migrated_repository, see_repository
from fluxv2_migrate.clusters.seen_objects import SeenObject, SeenRepository, UnreadDocument, see_objects
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.given import checked_files
from fluxv2_migrate.meaning import (
    Difference,
    HelmOperator,
    ReleaseMeaning,
    SourceKey,
    compare_meanings,
    meaning_of_v1_release,
    meaning_of_v2_release,
    outcome_in_the_cluster,
)
from fluxv2_migrate.meaning.manifest import as_object
from fluxv2_migrate.repository.flux1_readings import write_flux1_readings
from fluxv2_migrate.repository.reading import Repository, read_repository
from fluxv2_migrate.settings.of_clusters import ReleaseSettings, settings_of
from fluxv2_migrate.settings.options import Cluster, MigrationOptions, Override, checked_options
from fluxv2_migrate.settings.options import HelmOperator as OperatorSettings
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.verify.report import ReleaseVerification, VerificationReport, VerificationStatus

__all__ = ["verify_migration"]

_TEMPLATE: Final = re.compile(r"\{\{|\$\(|\$\{")


@dataclass(frozen=True, slots=True)
class _Release:
    """A v1 release as a cluster has it, and its meaning, or why it has none."""

    found: SeenObject
    meaning: ReleaseMeaning | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of a release in one cluster, and all the fields that differ where both sides are known."""

    cluster: str | None
    entry: ReleaseVerification
    fields: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Sources:
    """The sources of a repository; of several with one name the cluster's own counts, then the nearest."""

    found: Sequence[SeenObject]
    _near: dict[tuple[str, str | None], dict[SourceKey, Mapping[str, Any]]] = field(default_factory=dict)

    def near(self, path: str, cluster: str | None) -> Mapping[SourceKey, Mapping[str, Any]]:
        key = (posixpath.dirname(path), cluster)
        if key not in self._near:
            # One that no known cluster has may be anybody's, as those are that another repository syncs.
            there = [each for each in self.found if not (cluster and each.cluster) or each.cluster == cluster]
            there.sort(key=lambda each: (each.cluster == cluster, _nearness(path, each.path)))
            self._near[key] = {
                (str(each.manifest.get("kind")), *each.identity): each.manifest for each in there
            }
        return self._near[key]


@dataclass(slots=True)
class _Context:
    """What everything is compared with."""

    options: MigrationOptions
    operator: OperatorSettings | None
    flux_version: FluxVersion
    versions: Mapping[str, FluxVersion]
    declared: Mapping[tuple[str, str], Collection[str]]
    before: SeenRepository
    after: SeenRepository
    sources: _Sources
    repository: Repository
    _settings: dict[str, ReleaseSettings] = field(default_factory=dict)

    def settings(self, cluster: str | None) -> ReleaseSettings:
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

    def version(self, cluster: str | None) -> FluxVersion:
        return self.versions.get(cluster or "", self.flux_version)

    def override(self, found: SeenObject) -> Override:
        """Gives what a person decided for a release in a cluster, or in all those that have it."""
        namespace, name = found.identity
        kind = str(found.manifest.get("kind"))
        subject = Subject(found.cluster or "", kind, namespace, name, found.path)
        having = {each.cluster or "" for each in self.before.clusters.sightings.get(found.document, ())}
        together = replace(subject, cluster=", ".join(sorted(having)))
        matching = [
            each
            for each in self.options.overrides
            if subject.matches(each) or (", " in each.cluster and together.matches(each))
        ]
        return override_for(subject, [each.model_copy(update={"cluster": ""}) for each in matching])[0]


def verify_migration(
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes],
    options: MigrationOptions | Mapping[str, Any] | None = None,
    *,
    declared: Mapping[tuple[str, str], Collection[str]] | None = None,
    operator: OperatorSettings | None = None,
) -> VerificationReport:
    """Says for every release whether it still means the same, and what the cluster does with it.

    Both sides are read for what their controllers do in each cluster, so it does not matter who migrated.

    Args:
        before: path to text or bytes of the repository of Flux v1.
        after: the same of the repository of Flux v2.
        options: the Flux release, the clusters with their settings, and what a person knows better about
            single releases.
        declared: fields of a meaning that may differ, by path before and resource (`HelmRelease
            shop/web`); an empty path or resource stands for all. A field stands for all below it.
        operator: the helm-operator that ran the releases; that of the options where not given.

    Returns:
        The report, with one entry for each v1 release, or several where clusters differ. Nothing that is in
        a file raises.

    >>> release = '''apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata: {name: web, namespace: shop}
    ... spec:
    ...   chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
    ... '''
    >>> verify_migration({"web.yaml": release}, {}).releases[0].status
    'missing'
    """
    options = checked_options(options)
    before, after = checked_files(before), checked_files(after)
    repositories = read_repository(before), read_repository(after, by_kustomize=True)
    # Where kustomize built what fluxd applied, it read YAML 1.1, too.
    before = write_flux1_readings(before, repositories[0], "all").files
    clusters = see_repository(before, repositories[0], options)
    old_side = see_objects(repositories[0], clusters, by_fluxd=True)
    migrated = see_migrated_repository(after, repositories[1], options, clusters)
    new_side = see_objects(repositories[1], migrated, by_fluxd=False)
    context = _Context(
        options,
        operator,
        infer_flux_release(repositories[1], options).version,
        {each.name: infer_flux_release(repositories[1], options, each).version for each in options.clusters},
        declared or {},
        old_side,
        new_side,
        _Sources(new_side.sources),
        repositories[0],
    )
    releases = [_release(found, context) for found in old_side.old]
    partners, lost = _match(releases, new_side.new, context)
    still = {(found.path, found.identity) for found in new_side.old}
    entries = [_unread_entry(unread) for unread in old_side.unread]
    documents: dict[DocumentKey, list[int]] = {}
    for index, release in enumerate(releases):
        documents.setdefault(release.found.document, []).append(index)
    for members in documents.values():
        declaration = _declaration([releases[index].found for index in members], context)
        told = [
            _verify(releases[index], partners.get(index), lost.get(index), still, declaration, context)
            for index in members
        ]
        entries += _together(_with_undue(told, declaration), context)
    taken = {id(found) for found in (*partners.values(), *lost.values())}
    entries += _extra([found for found in new_side.new if id(found) not in taken], context)
    entries.sort(key=lambda each: (each.path or each.after_path, each.line, each.resource, each.cluster))
    return VerificationReport(tuple(entries), context.flux_version)


def _unread_entry(unread: UnreadDocument) -> ReleaseVerification:
    return ReleaseVerification("unknown", "HelmRelease", unread.path, unread.line, reason=unread.reason)


def _release(found: SeenObject, context: _Context) -> _Release:
    if "sops" in found.manifest:
        return _Release(found, None, "it is encrypted")
    if context.repository.chart_around(found.path) is not None:
        return _Release(found, None, "it is a template of a chart, whose values fill it in")
    if (field := _filled_in(found.manifest)) is not None:
        return _Release(found, None, f"a template fills in {field}")
    if found.obstacle:
        return _Release(found, None, found.obstacle)
    settings, override = context.settings(found.cluster), context.override(found)
    operator = HelmOperator.of_settings(settings)
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
        return _Release(found, None, f"the API server refuses it: {error.reason}")
    if meaning.chart is None:
        return _Release(found, meaning, "it names no chart: what it is patched with stands elsewhere")
    return _Release(found, meaning)


def _filled_in(manifest: Mapping[str, Any]) -> str | None:
    """Gives the first field that names a release or its chart and is no text yet."""
    spec = as_object(manifest.get("spec"))
    parts: tuple[tuple[str, Mapping[str, Any], Collection[str]], ...] = (
        ("metadata", as_object(manifest.get("metadata")), ("name", "namespace")),
        ("spec", spec, ("releaseName", "targetNamespace")),
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


def _match(
    releases: Sequence[_Release], new: Sequence[SeenObject], context: _Context
) -> tuple[dict[int, SeenObject], dict[int, SeenObject]]:
    """Gives the v2 release that stands for each v1 release: the same object, else the same Helm release.

    Each is one of the same cluster. Where several do, the nearest files belong together.

    Returns:
        Those, by the index of the v1 release; and for the others a v2 release that would, but that no cluster
        applies.
    """
    by_name: dict[str, list[int]] = {}
    for position, found in enumerate(new):
        for name in {found.identity[1], str(_spec(found).get("releaseName"))}:
            by_name.setdefault(name, []).append(position)
    pairs: list[tuple[int, bool, int, int, int]] = []
    unapplied: list[tuple[int, int, int, int]] = []
    for index, release in enumerate(releases):
        own = release.found.cluster
        names = {release.found.identity[1], release.meaning.release_name if release.meaning else ""}
        for position in {position for name in names for position in by_name.get(name, ())}:
            rank = _likeness(release, new[position], context)
            if rank is not None:
                there = new[position].cluster
                far = -_nearness(release.found.path, new[position].path)
                if not own or there in ("", own):
                    pairs.append((rank, there != own, far, index, position))
                elif there is None:
                    unapplied.append((rank, far, index, position))
    pairs.sort()
    partners: dict[int, int] = {}
    taken: dict[int, DocumentKey] = {}
    for *_likeness_and_place, index, position in pairs:
        if index not in partners and position not in taken:
            partners[index] = position
            taken[position] = releases[index].found.document
    # What moved may be for all clusters that had one release, though nothing tells so.
    for *_likeness_and_place, index, position in pairs:
        shared = taken.get(position) == releases[index].found.document
        if index not in partners and new[position].cluster == "" and shared and releases[index].found.cluster:
            partners[index] = position
    lost: dict[int, int] = {}
    for _rank, _far, index, position in sorted(unapplied):
        if index not in partners and position not in taken:
            lost.setdefault(index, position)
    return (
        {index: new[position] for index, position in partners.items()},
        {index: new[position] for index, position in lost.items()},
    )


def _spec(found: SeenObject) -> Mapping[str, Any]:
    return as_object(found.manifest.get("spec"))


def _likeness(release: _Release, found: SeenObject, context: _Context) -> int | None:
    default = context.settings(release.found.cluster).default_namespace
    (old_namespace, old_name), (new_namespace, new_name) = release.found.identity, found.identity
    if old_name == new_name and (old_namespace or default) == (new_namespace or default):
        return 0
    spec = _spec(found)
    if release.meaning is not None and spec.get("releaseName") == release.meaning.release_name:
        storage = spec.get("storageNamespace") or new_namespace or default
        if storage == release.meaning.storage_namespace:
            return 1
    # A namespace can come from elsewhere: a Kustomization, or fluxd's default.
    return 2 if old_name == new_name and not (old_namespace and new_namespace) else None


def _nearness(one: str, other: str) -> int:
    if one == other:
        return len(one) + 2
    return len(posixpath.commonpath((f"/{posixpath.dirname(one)}", f"/{posixpath.dirname(other)}")))


@dataclass(frozen=True, slots=True)
class _Declaration:
    """The fields of a release that were said to differ: for itself, and for it and others."""

    own: frozenset[str]
    every: frozenset[str]


def _declaration(seen: Sequence[SeenObject], context: _Context) -> _Declaration:
    declared, path = context.declared, seen[0].path
    # One release may have another name, or be in another namespace, in each cluster.
    resources = {each.resource for each in seen}
    own = frozenset[str]().union(*(declared.get((path, resource), ()) for resource in resources))
    common = [(path, ""), ("", ""), *(("", resource) for resource in resources)]
    return _Declaration(own, own.union(*(declared.get(key, ()) for key in common)))


def _verify(
    release: _Release,
    partner: SeenObject | None,
    lost: SeenObject | None,
    still: Collection[tuple[str, tuple[str, str]]],
    declaration: _Declaration,
    context: _Context,
) -> _Told:
    found = release.found
    place = (found.resource, found.path, found.line)
    after_path = partner.path if partner is not None else ""
    if release.meaning is None or release.meaning.chart is None:
        entry = ReleaseVerification("unknown", *place, after_path, reason=release.reason)
        return _Told(found.cluster, entry)
    if partner is None or partner.obstacle:
        reason = "no release of Flux v2 stands for it"
        if partner is not None:
            reason = partner.obstacle
        elif (found.path, found.identity) in still:
            reason = "it is still a release of Flux v1"
        elif lost is not None:
            reason = f"{lost.path} holds it, and nothing that is synced lists that"
        return _Told(found.cluster, ReleaseVerification("missing", *place, after_path, reason=reason))
    try:
        meaning = meaning_of_v2_release(
            partner.manifest,
            context.sources.near(partner.path, found.cluster),
            flux_version=context.version(found.cluster),
            default_namespace=context.settings(found.cluster).default_namespace,
        )
    except InvalidManifest as error:
        refusal = Difference("refused", (), (error.reason,))
        entry = ReleaseVerification("different", *place, after_path, differences=(refusal,))
        return _Told(found.cluster, entry)
    fields, entry = _compare(release.meaning, meaning, place, after_path, declaration)
    return _Told(found.cluster, entry, fields)


def _compare(
    before: ReleaseMeaning,
    after: ReleaseMeaning,
    place: tuple[str, str, int],
    after_path: str,
    declaration: _Declaration,
) -> tuple[tuple[str, ...], ReleaseVerification]:
    found = compare_meanings(before, after)
    left = tuple(each for each in found if not _explained(each.field, declaration.every))
    unknown = tuple(dict.fromkeys((*before.unknown, *after.unknown)))
    status: VerificationStatus = "declared" if found else "same"
    if left:
        status = "different"
    elif unknown:
        status = "unknown"
    entry = ReleaseVerification(
        status,
        *place,
        after_path,
        outcome_in_the_cluster(before, after),
        left,
        tuple(each for each in found if each not in left),
        (),
        tuple(dict.fromkeys((*before.assumed, *after.assumed))),
        unknown,
        "what decides is not in the repository" if status == "unknown" else "",
    )
    return tuple(each.field for each in found), entry


def _explained(field: str, declared: Collection[str]) -> bool:
    parts = field.split(".")
    return any(".".join(parts[:length]) in declared for length in range(1, len(parts) + 1))


def _with_undue(told: Sequence[_Told], declaration: _Declaration) -> Iterator[_Told]:
    """Adds to each what was declared for the release and differs in no cluster."""
    fields = {field for each in told for field in each.fields or ()}
    undue = tuple(
        sorted(name for name in declaration.own if not any(_explained(field, {name}) for field in fields))
    )
    for each in told:
        yield each if each.fields is None else replace(each, entry=replace(each.entry, undue=undue))


def _together(told: Iterable[_Told], context: _Context) -> Iterator[ReleaseVerification]:
    """Gives what is said of one document, once for all clusters of which the same is said."""
    groups: list[tuple[ReleaseVerification, set[str]]] = []
    for each in told:
        clusters = next((clusters for entry, clusters in groups if entry == each.entry), None)
        if clusters is None:
            clusters = set()
            groups.append((each.entry, clusters))
        clusters.add(each.cluster or "")
    everywhere = {view.name for view in context.before.clusters.clusters}
    for entry, clusters in groups:
        named = clusters - {""}
        yield replace(entry, cluster="" if named == everywhere else ", ".join(sorted(named)))


def _extra(left: Sequence[SeenObject], context: _Context) -> Iterator[ReleaseVerification]:
    """Gives the v2 releases that stand for no v1 release and were not there before."""
    known: dict[tuple[str, str], set[str]] = {}
    for found in context.before.new:
        known.setdefault(found.identity, set()).add(found.cluster or "")
    told: dict[DocumentKey, list[_Told]] = {}
    for found in left:
        there = known.get(found.identity, set())
        # One that has no cluster is the same as any that was there.
        if there and (not found.cluster or there & {found.cluster, ""}):
            continue
        entry = ReleaseVerification(
            "extra",
            found.resource,
            line=found.line,
            after_path=found.path,
            reason="no release of Flux v1 stood for it",
        )
        told.setdefault(found.document, []).append(_Told(found.cluster, entry))
    for each in told.values():
        yield from _together(each, context)
