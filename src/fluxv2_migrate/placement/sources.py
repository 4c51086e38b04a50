"""The sources of charts: which exist, which are made, under which name, where and in which file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, Literal

from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.flux2.releases import FluxVersion, new_object, oldest_of
from fluxv2_migrate.kubernetes import as_object, group_of
from fluxv2_migrate.meaning.flux2_chart import beyond_flux1
from fluxv2_migrate.placement.generated import FieldComment, Unplaced
from fluxv2_migrate.placement.homes import Affixes, with_affixes, without_affixes
from fluxv2_migrate.placement.prerequisites import Needed, Prerequisite, name_of_copy, note_needed
from fluxv2_migrate.placement.source_names import source_names
from fluxv2_migrate.rules import ChartSourceRequest, SourceReference, git_url_key, helm_url_key
from fluxv2_migrate.settings.options import MigrationOptions

Slot = tuple[str, str]
"""A cluster, and a namespace in it."""


@dataclass(frozen=True, slots=True)
class ExistingSource:
    """A source that stands in the repository.

    Attributes:
        namespace: of the object, or empty.
        key: its URL as what is compared.
        ref: of git, as pairs of the field and its value.
        cluster: the cluster that has it; empty where none is known to, so that any may.
        is_idle: whether it fetches nothing: it is suspended or never applied, or is not of its URL's type.
        is_narrowed: whether it leaves out some of the files, and perhaps those of a chart.
        differs: the fields of a release's meaning in which one differs that has its chart from here.
    """

    kind: str
    namespace: str
    name: str
    key: str
    ref: tuple[tuple[str, str], ...]
    secret_name: str | None
    cluster: str = ""
    is_idle: bool = False
    is_narrowed: bool = False
    differs: tuple[str, ...] = ()

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], cluster: str = "") -> ExistingSource | None:
        """Reads a HelmRepository or GitRepository; anything else is none."""
        kind = manifest.get("kind")
        group = group_of(manifest)
        if kind not in ("HelmRepository", "GitRepository") or group != "source.toolkit.fluxcd.io":
            return None
        metadata, spec = as_object(manifest.get("metadata")), as_object(manifest.get("spec"))
        url, name = spec.get("url"), metadata.get("name")
        if not isinstance(url, str) or not isinstance(name, str):
            return None
        ref = as_object(spec.get("ref"))
        # In the order in which source-controller looks.
        chosen = next((key for key in ("commit", "name", "semver", "tag", "branch") if ref.get(key)), None)
        pairs = ((chosen, str(ref[chosen])),) if chosen else (("branch", "master"),)
        is_oci = kind == "HelmRepository" and spec.get("type") == "oci"
        return cls(
            kind=str(kind),
            namespace=str(metadata.get("namespace") or ""),
            name=name,
            key=git_url_key(url) if kind == "GitRepository" else helm_url_key(url),
            ref=pairs if kind == "GitRepository" else (),
            secret_name=as_object(spec.get("secretRef") or spec.get("certSecretRef")).get("name"),
            cluster=cluster,
            is_idle=spec.get("suspend") is True
            or is_disabled(manifest)
            or is_oci != url.strip().lower().startswith("oci://"),
            is_narrowed=bool(spec.get("ignore") or spec.get("sparseCheckout")),
            differs=tuple(_differing(spec)),
        )

    def is_at(self, cluster: str, namespace: str) -> bool:
        """Gives whether it is, or may be, in a namespace of a cluster, so that its name is taken there."""
        return self.cluster in (cluster, "") and self.namespace in (namespace, "")

    def is_applied_at(self, cluster: str, namespace: str) -> bool:
        """Gives whether a cluster surely has it in a namespace, and not only may have it."""
        return self.cluster == cluster and self.namespace in (namespace, "")

    def serves(self, request: ChartSourceRequest) -> bool:
        """Gives whether it is what a request wants."""
        secret = request.secret_name or (request.secret[1] if request.secret else None)
        return (
            self.kind == request.kind
            and not (self.is_idle or self.is_narrowed)
            and self.key == request.key
            and self.ref == request.ref
            and (secret is None or self.secret_name == secret)
            and (self.secret_name is not None or request.kind == "GitRepository" or not request.keys)
            and request.source_name in (None, self.name)
            and not request.written_by
        )


def _differing(spec: Mapping[str, Any]) -> Iterator[str]:
    if any(beyond_flux1(spec)):
        yield "additional"
    if spec.get("secretRef"):
        yield "chart.credentials"


@dataclass(frozen=True, slots=True)
class PlacedRequest:
    """A release's request, and where the release is.

    Attributes:
        request: what it needs.
        slots: each cluster that has the release, and its namespace there.
        in_own_namespace: whether the source goes there too, because the Flux namespace has no place for it.
        affixes: what every place that there is adds to the name of the source.
    """

    request: ChartSourceRequest
    file: str
    slots: tuple[Slot, ...]
    in_own_namespace: bool = False
    affixes: Affixes = ("", "")

    def __hash__(self) -> int:
        # All that a request holds takes long, and this tells nearly all of them apart.
        return hash((self.file, self.request.key, self.request.ref, self.slots[:1]))

    def with_affixes(self, affixes: Mapping[str, Affixes]) -> tuple[PlacedRequest, ...]:
        """Gives it with what places add to the name, once for all clusters whose places add the same.

        Args:
            affixes: by cluster; where nothing is said of one, it stays as it is.
        """
        found: dict[Affixes, list[Slot]] = {}
        for slot in self.slots:
            found.setdefault(affixes.get(slot[0], self.affixes), []).append(slot)
        return tuple(
            replace(self, affixes=added, slots=tuple(slots)) for added, slots in sorted(found.items())
        )

    def wanted(self, options: MigrationOptions) -> tuple[Slot, ...]:
        """Gives where its source is looked for first."""
        is_own = self.in_own_namespace or options.sources.namespace == "release"
        if is_own or not options.cross_namespace_refs:
            return self.slots
        return tuple(dict.fromkeys((cluster, options.flux_namespace) for cluster, _ in self.slots))


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source that is to be made.

    Attributes:
        members: who asked for it; all of them, also those that other clusters alone have.
    """

    kind: Literal["HelmRepository", "GitRepository"]
    name: str
    namespace: str
    clusters: tuple[str, ...]
    request: ChartSourceRequest
    members: tuple[PlacedRequest, ...]

    @property
    def reference(self) -> SourceReference:
        """How a release of another namespace speaks of it."""
        return SourceReference(self.kind, self.name, self.namespace)


@dataclass(frozen=True)
class SourceNames:
    """What each request is served by, and what must be made for it."""

    references: Mapping[PlacedRequest, SourceReference]
    new: tuple[NewSource, ...]

    @cached_property
    def secrets_in_use(self) -> frozenset[tuple[str, str]]:
        """The Secrets that releases read where they are, by namespace and name."""
        return frozenset(each.request.secret for each in self.new if each.request.secret is not None)

    @cached_property
    def made_for(self) -> frozenset[PlacedRequest]:
        """The requests that are served by what must be made."""
        return frozenset(member for source in self.new for member in source.members)


class _Known:
    """The sources that are there or were chosen, by what is asked of them: there may be one for each release.

    One URL in two clusters gets the same name where it can, so those that were chosen count for all clusters.
    """

    def __init__(self, existing: Iterable[ExistingSource]) -> None:
        self._by_name: dict[tuple[str, str], list[ExistingSource]] = {}
        self._by_key: dict[tuple[object, ...], list[ExistingSource]] = {}
        for each in existing:
            self._by_name.setdefault((each.kind, each.name), []).append(each)
            self._by_key.setdefault((each.kind, each.key), []).append(each)
        self.names: dict[tuple[str, tuple[object, ...]], set[str]] = {}
        self._chosen: dict[tuple[object, ...], set[tuple[object, ...]]] = {}

    def called(self, kind: str, name: str) -> Sequence[ExistingSource]:
        return self._by_name.get((kind, name), ())

    def of(self, request: ChartSourceRequest) -> Sequence[ExistingSource]:
        """Gives those of the URL of a request."""
        return self._by_key.get((request.kind, request.key), ())

    def choose(self, request: ChartSourceRequest, namespace: str, name: str, affixes: Affixes) -> None:
        own = without_affixes(name, affixes)
        self.names.setdefault((namespace, request.identity), set()).add(own or name)
        for key in ((namespace, request.kind, name), (namespace, *request.identity[:2], "")):
            self._chosen.setdefault(key, set()).add(request.identity)

    def is_known(self, request: ChartSourceRequest, namespaces: Iterable[str]) -> bool:
        """Gives whether something else has the URL of a request."""
        keys = ((each, *request.identity[:2], "") for each in namespaces)
        return bool(self.of(request)) or any(
            self._chosen.get(key, set()) - {request.identity} for key in keys
        )

    def is_taken(self, request: ChartSourceRequest, slots: Sequence[Slot], name: str) -> bool:
        """Gives whether something else has a name where a request needs it."""
        there = self.called(request.kind, name)
        if any(each.is_at(*slot) for each in there for slot in slots):
            return True
        keys = {(namespace, request.kind, name) for _, namespace in slots}
        return any(self._chosen.get(key, set()) - {request.identity} for key in keys)


def name_sources(
    requests: Iterable[PlacedRequest], existing: Iterable[ExistingSource], options: MigrationOptions
) -> SourceNames:
    """Finds a source for each request, or a name for one.

    One URL, ref and credentials are one source in each namespace of a cluster. Releases that share a cluster
    share its name; so does one release in all the clusters that have it.

    Args:
        requests: of all releases that are converted; their order makes no difference.
    """
    there = _Known(existing)
    references: dict[PlacedRequest, SourceReference] = {}
    new: list[NewSource] = []
    for members in sorted(_together(requests, options), key=_order):
        request = min((member.request for member in members), key=lambda each: (len(each.url), each.url))
        slots = sorted({slot for member in members for slot in member.wanted(options)})
        name = _existing_name(request, slots, there)
        if name is None and (shared := _shared(request, slots, there, options)) is not None:
            references.update(dict.fromkeys(members, shared))
            continue
        added = {member.affixes for member in members}
        affixes = added.pop() if len(added) == 1 else ("", "")
        name = name or request.source_name or _new_name(request, slots, there, affixes)
        by_namespace: dict[str, list[str]] = {}
        for cluster, namespace in slots:
            there.choose(request, namespace, name, affixes)
            if not any(each.is_at(cluster, namespace) for each in there.called(request.kind, name)):
                by_namespace.setdefault(namespace, []).append(cluster)
        for namespace, clusters in sorted(by_namespace.items()):
            new.append(NewSource(request.kind, name, namespace, tuple(clusters), request, tuple(members)))
        for member in members:
            namespaces = {namespace for _, namespace in member.wanted(options)}
            # Of several namespaces each is the release's own, which a reference need not name.
            namespace = namespaces.pop() if len(namespaces) == 1 else ""
            references[member] = SourceReference(request.kind, name, namespace)
    return SourceNames(references, tuple(new))


def _together(requests: Iterable[PlacedRequest], options: MigrationOptions) -> list[list[PlacedRequest]]:
    groups: dict[tuple[Slot, object], list[PlacedRequest]] = {}
    for placed in set(requests):
        keys = [(slot, placed.request.identity) for slot in placed.wanted(options)]
        met = {id(groups[key]): groups[key] for key in keys if key in groups}
        # Most requests join a group that is there, whose other members need not be gone through again.
        members = max(met.values(), key=len, default=[])
        for others in met.values():
            if others is not members:
                members += others
                keys += [(slot, each.request.identity) for each in others for slot in each.wanted(options)]
        members.append(placed)
        groups.update(dict.fromkeys(keys, members))
    unique = {id(members): members for members in groups.values()}
    return [sorted(members, key=lambda each: (each.file, each.slots)) for members in unique.values()]


def _order(members: Sequence[PlacedRequest]) -> tuple[Any, ...]:
    # The main branch gets the plain name, whatever other refs are used.
    request = members[0].request
    main = any(value in ("main", "master") for _, value in request.ref)
    first = min((member.slots, member.file) for member in members)
    # And a name that a person chose goes to nobody else.
    chosen = request.source_name or ""
    secret = request.secret or ("", "")
    return (not chosen, chosen, request.kind, request.key, not main, request.ref, secret, first)


def _existing_name(request: ChartSourceRequest, slots: Sequence[Slot], there: _Known) -> str | None:
    """Gives the name under which a source exists in some slot and is free or the same in all others."""
    counts: dict[str, int] = {}
    for cluster, namespace in slots:
        # One that names its namespace comes before one that may be anywhere.
        for each in there.of(request):
            if each.is_applied_at(cluster, namespace) and each.serves(request):
                counts[each.name] = counts.get(each.name, 0) + 1 + bool(each.namespace)
    for name in sorted(counts, key=lambda each: (-counts[each], each)):
        others = [
            each
            for cluster, namespace in slots
            for each in there.called(request.kind, name)
            if each.is_at(cluster, namespace)
        ]
        if all(each.serves(request) for each in others):
            return name
    return None


def _shared(
    request: ChartSourceRequest,
    slots: Sequence[Slot],
    there: _Known,
    options: MigrationOptions,
) -> SourceReference | None:
    """Gives a source of the Flux namespace that all clusters have, for releases with sources of their own."""
    if not options.cross_namespace_refs:
        return None
    names = [
        {
            each.name
            for each in there.of(request)
            if each.is_applied_at(cluster, options.flux_namespace) and each.serves(request)
        }
        for cluster, _ in slots
    ]
    common = set.intersection(*names) if names else set()
    return SourceReference(request.kind, min(common), options.flux_namespace) if common else None


def _new_name(request: ChartSourceRequest, slots: Sequence[Slot], there: _Known, affixes: Affixes) -> str:
    namespaces = {namespace for _, namespace in slots}
    same = {name for each in namespaces for name in there.names.get((each, request.identity), ())}
    known = there.is_known(request, namespaces)
    names = chain(sorted(same), source_names(request, known=known))
    added = (with_affixes(name, affixes) for name in names)
    return next(name for name in added if not there.is_taken(request, slots, name))


def unplaced_source(
    source: NewSource,
    options: MigrationOptions,
    versions: Mapping[str, FluxVersion],
    needed: Needed,
    in_use: Collection[tuple[str, str]],
    comments: Iterable[FieldComment],
) -> Unplaced:
    """Gives a new source as the object that it becomes.

    Args:
        needed: what must exist first; what the source needs is noted there.
    """
    secret = source_secret(source, needed, in_use)
    version = oldest_of(versions[each] for each in source.clusters)
    note_needed(needed, _prerequisites(source.reference, source.request, secret))
    kind = source.kind.lower()
    stems = (f"{source.name}-{kind}", f"{source.namespace}-{source.name}-{kind}")
    seen = [(each.file, tuple(sorted({cluster for cluster, _ in each.slots}))) for each in source.members]
    return Unplaced(
        "source",
        source_manifest(source, options, version, secret),
        source.clusters,
        "sources",
        (source.name, *stems),
        (source.kind, source.namespace, source.name),
        tuple(comments),
        options.sources.file,
        # A cluster that sees the file and does not need the source may have one of that name.
        tuple((file, clusters) for file, clusters in seen if set(source.clusters) == set(clusters)),
        stems,
    )


def source_secret(source: NewSource, needed: Needed, in_use: Collection[tuple[str, str]]) -> str | None:
    """Gives the name of a source's Secret in the source's namespace; nothing where it needs none.

    Args:
        needed: the Secrets that others need, by namespace and name.
    """
    request, reference = source.request, source.reference
    if request.secret_name is not None or not (request.secret or request.keys):
        return request.secret_name
    if request.secret is None:
        other = needed.get((reference.namespace, reference.name))
        # Sources of two kinds may have one name.
        is_another = other is not None and other.keys != request.keys
        taken = is_another or (reference.namespace, reference.name) in in_use
        return f"{reference.name}-{request.kind.lower()}" if taken else reference.name
    namespace, name = request.secret
    is_there = namespace == reference.namespace
    return name if is_there else name_of_copy(request.secret, reference.namespace, needed, in_use)


def _prerequisites(
    reference: SourceReference, request: ChartSourceRequest, secret: str | None
) -> Iterator[Prerequisite]:
    known = request.secret
    copied = known is not None and known[0] != reference.namespace and request.secret_name is None
    if secret is not None and (request.keys or copied or request.secret_name):
        yield Prerequisite(
            "Secret",
            secret,
            reference.namespace,
            request.keys or ("username", "password"),
            (f"{reference.kind} {reference.namespace}/{reference.name}",),
            "/".join(known) if known is not None and copied else "",
        )


def source_manifest(
    source: NewSource, options: MigrationOptions, flux_version: FluxVersion, secret: str | None
) -> dict[str, Any]:
    """Gives a source as a manifest."""
    request = source.request
    spec: dict[str, Any] = {"interval": request.interval or options.source_interval, "url": request.url}
    if request.timeout:
        spec["timeout"] = request.timeout
    if request.url.startswith("oci://"):
        spec["type"] = "oci"
    if request.ref:
        spec["ref"] = dict(request.ref)
    if secret is not None and (not request.keys or len(request.certificates) < len(request.keys)):
        spec["secretRef"] = {"name": secret}
    if secret is not None and request.certificates:
        spec["certSecretRef"] = {"name": secret}
    if request.passes_credentials:
        spec["passCredentials"] = True
    return new_object(source.kind, source.namespace, source.name, flux_version, spec)


def clashing_names(
    requests: Iterable[PlacedRequest], existing: Iterable[ExistingSource], options: MigrationOptions
) -> dict[PlacedRequest, str]:
    """Gives the requests whose chosen name is taken, each with the reason."""
    there = sorted(existing, key=repr)
    wanted: dict[tuple[str, str, str, str], set[tuple[object, ...]]] = {}
    named: list[tuple[PlacedRequest, tuple[str, str, str, str]]] = []
    for placed in requests:
        request = placed.request
        if request.source_name is not None:
            for cluster, namespace in placed.wanted(options):
                place = (cluster, str(request.kind), namespace, request.source_name)
                wanted.setdefault(place, set()).add(request.identity)
                named.append((placed, place))
    clashes: dict[PlacedRequest, str] = {}
    for placed, place in named:
        cluster, kind, namespace, name = place
        request = placed.request
        others = (
            source
            for source in there
            if (source.kind, source.name) == (kind, name)
            and source.is_at(cluster, namespace)
            and (source.key, source.ref) != (request.key, request.ref)
        )
        other = next(others, None)
        if other is not None:
            clashes[placed] = f"the {kind} {namespace}/{name} is there already, with the URL {other.key}"
        elif len(wanted[place]) > 1:
            clashes[placed] = f"{kind} {namespace}/{name} is given as the name of several sources"
    return clashes
