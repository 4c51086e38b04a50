"""The sources of charts: which exist, which are made, under which name, where and in which file."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any, Literal

from fluxv2_migrate.flux2.releases import FluxVersion, preferred_api_version
from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.placement.source_names import source_names
from fluxv2_migrate.rules import ChartSourceRequest, SourceReference, git_url_key, helm_url_key

__all__ = [
    "ExistingSource",
    "GeneratedSource",
    "PlacedRequest",
    "Prerequisite",
    "SourceLayout",
    "place_sources",
]


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something that must exist in the cluster before a generated object works.

    Attributes:
        kind: of Kubernetes.
        name: of the object.
        namespace: of the object.
        keys: of the Secret.
        used_by: `kind namespace/name` of what needs it.
        copy_of: `namespace/name` of the object that holds the same for Flux v1, or empty.
    """

    kind: Literal["Secret"]
    name: str
    namespace: str
    keys: tuple[str, ...]
    used_by: tuple[str, ...]
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class ExistingSource:
    """A source that stands in the repository.

    Attributes:
        kind: of the object.
        namespace: of the object, or empty.
        name: of the object.
        key: its URL as what is compared.
        ref: of git, as pairs of the field and its value.
        secret_name: of its credentials.
        root: the sync path that reaches its file; empty where none does, so that any cluster may.
    """

    kind: str
    namespace: str
    name: str
    key: str
    ref: tuple[tuple[str, str], ...]
    secret_name: str | None
    root: str = ""

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], root: str = "") -> ExistingSource | None:
        """Reads a HelmRepository or GitRepository; anything else is none."""
        kind = manifest.get("kind")
        group = str(manifest.get("apiVersion")).partition("/")[0]
        if kind not in ("HelmRepository", "GitRepository") or group != "source.toolkit.fluxcd.io":
            return None
        metadata, spec = _mapping(manifest.get("metadata")), _mapping(manifest.get("spec"))
        url, name = spec.get("url"), metadata.get("name")
        if not isinstance(url, str) or not isinstance(name, str):
            return None
        ref = _mapping(spec.get("ref"))
        # In the order in which source-controller looks.
        chosen = next((key for key in ("commit", "name", "semver", "tag", "branch") if ref.get(key)), None)
        pairs = ((chosen, str(ref[chosen])),) if chosen else (("branch", "master"),)
        return cls(
            kind=str(kind),
            namespace=str(metadata.get("namespace") or ""),
            name=name,
            key=git_url_key(url) if kind == "GitRepository" else helm_url_key(url),
            ref=pairs if kind == "GitRepository" else (),
            secret_name=_mapping(spec.get("secretRef")).get("name"),
            root=root,
        )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class PlacedRequest:
    """A release's request, and where the release stands.

    Attributes:
        request: what it needs.
        namespace: of the release.
        file: of the release.
        root: the sync path that reaches the file.
    """

    request: ChartSourceRequest
    namespace: str
    file: str
    root: str


@dataclass(frozen=True, slots=True)
class GeneratedSource:
    """A source that is made, and in which file; the file may be that of a release."""

    reference: SourceReference
    manifest: Mapping[str, Any]
    file: str
    root: str


@dataclass(frozen=True, slots=True)
class SourceLayout:
    """All sources: what each request is served by, what is made, and what must exist first."""

    references: Mapping[PlacedRequest, SourceReference]
    generated: tuple[GeneratedSource, ...]
    prerequisites: tuple[Prerequisite, ...]


def place_sources(
    requests: Iterable[PlacedRequest],
    existing: Iterable[ExistingSource],
    options: MigrationOptions,
    flux_version: FluxVersion,
    is_taken: Callable[[str], bool],
) -> SourceLayout:
    """Finds or makes a source for each request.

    Args:
        requests: of all releases that are converted; their order makes no difference.
        existing: the sources of the repository.
        options: namespaces and files.
        flux_version: decides the API versions.
        is_taken: whether a file of that path exists.

    Returns:
        One source for each URL, ref and credentials, in each namespace and sync path that wants its own.
    """
    groups: dict[tuple[str, str, tuple[object, ...]], list[PlacedRequest]] = {}
    for placed in requests:
        namespace = options.flux_namespace if options.sources.namespace == "flux" else placed.namespace
        groups.setdefault((placed.root, namespace, placed.request.identity), []).append(placed)
    everywhere = list(existing)
    files: set[str] = set()
    # One URL in two clusters is the same source under the same name.
    chosen: dict[tuple[str, tuple[object, ...]], str] = {}
    references: dict[PlacedRequest, SourceReference] = {}
    generated: list[GeneratedSource] = []
    needed: dict[tuple[str, str], Prerequisite] = {}
    for (root, namespace, identity), members in sorted(groups.items(), key=_order):
        # A source that only another cluster syncs is not there for this one.
        there = [source for source in everywhere if source.root in (root, "")]
        request = min((member.request for member in members), key=lambda each: (len(each.url), each.url))
        found = _find(there, request, namespace, options)
        if found is not None:
            reference = SourceReference(request.kind, found.name, found.namespace or namespace)
        else:
            taken = {
                source.name
                for source in there
                if source.kind == request.kind and source.namespace in (namespace, "")
            } | {name for (where, other), name in chosen.items() if where == namespace and other != identity}
            known = any(where == namespace and other[:2] == identity[:2] for where, other in chosen)
            known = known or any((source.kind, source.key) == identity[:2] for source in there)
            same = chosen.get((namespace, identity))
            name = request.source_name or (
                next(name for name in source_names(request, known=known) if name not in taken)
                if same is None or same in taken
                else same
            )
            chosen.setdefault((namespace, identity), name)
            reference = SourceReference(request.kind, name, namespace)
            file = _file(reference, members, root, options, lambda path: is_taken(path) or path in files)
            files.add(file)
            secret = _secret(reference, request, needed)
            manifest = _manifest(reference, request, secret, options, flux_version)
            generated.append(GeneratedSource(reference, manifest, file, root))
            prerequisite = _prerequisite(reference, request, secret)
            if prerequisite is not None:
                key = (prerequisite.namespace, prerequisite.name)
                users = (*(needed[key].used_by if key in needed else ()), *prerequisite.used_by)
                needed[key] = replace(prerequisite, used_by=tuple(dict.fromkeys(users)))
        references.update(dict.fromkeys(members, reference))
    return SourceLayout(references, tuple(generated), tuple(needed.values()))


def _order(item: tuple[tuple[str, str, tuple[object, ...]], Sequence[PlacedRequest]]) -> tuple[Any, ...]:
    # The main branch gets the plain name, whatever other refs are used.
    (root, namespace, _), members = item
    request = members[0].request
    main = any(value in ("main", "master") for _, value in request.ref)
    # And a name that a person chose goes to nobody else.
    chosen = request.source_name or ""
    return (
        not chosen,
        chosen,
        request.kind,
        request.key,
        not main,
        request.ref,
        request.secret or ("", ""),
        namespace,
        root,
    )


def _find(
    existing: Sequence[ExistingSource], request: ChartSourceRequest, namespace: str, options: MigrationOptions
) -> ExistingSource | None:
    secret = request.secret_name or (request.secret[1] if request.secret else None)
    matches = [
        source
        for source in existing
        if source.kind == request.kind
        and source.key == request.key
        and source.ref == request.ref
        and (secret is None or source.secret_name == secret)
        and request.source_name in (None, source.name)
        and source.namespace in (namespace, options.flux_namespace)
    ]
    return min(matches, key=lambda source: (source.namespace != namespace, source.name), default=None)


def _file(
    reference: SourceReference,
    members: Sequence[PlacedRequest],
    root: str,
    options: MigrationOptions,
    is_taken: Callable[[str], bool],
) -> str:
    first = min(member.file for member in members)
    if options.sources.file == "same":
        return first
    folder = posixpath.join(root, "sources") if options.sources.file == "folder" else posixpath.dirname(first)
    kind = reference.kind.lower()
    stems = [f"{reference.name}-{kind}", f"{reference.namespace}-{reference.name}-{kind}"]
    if options.sources.file == "folder":
        stems.insert(0, reference.name)
    paths = [posixpath.join(folder, f"{stem}.yaml") for stem in stems]
    counted = (posixpath.join(folder, f"{stems[0]}-{number}.yaml") for number in count(2))
    return next(path for path in chain(paths, counted) if not is_taken(path))


def _secret(
    reference: SourceReference,
    request: ChartSourceRequest,
    needed: Mapping[tuple[str, str], Prerequisite],
) -> str | None:
    """Gives the name of a source's Secret in the source's namespace."""
    if request.secret_name is not None or request.secret is None:
        return request.secret_name or (reference.name if request.needs_key else None)
    namespace, name = request.secret
    other = needed.get((reference.namespace, name))
    # Two teams may have Secrets of one name, and only one of them can be copied under it.
    taken = other is not None and other.copy_of != f"{namespace}/{name}"
    return f"{namespace}-{name}" if taken else name


def _prerequisite(
    reference: SourceReference, request: ChartSourceRequest, secret: str | None
) -> Prerequisite | None:
    known = request.secret
    copied = known is not None and known[0] != reference.namespace and request.secret_name is None
    if secret is None or not (request.needs_key or copied or request.secret_name):
        return None
    return Prerequisite(
        "Secret",
        secret,
        reference.namespace,
        ("identity", "known_hosts") if request.needs_key else ("username", "password"),
        (f"{reference.kind} {reference.namespace}/{reference.name}",),
        "/".join(known) if known is not None and copied else "",
    )


def _manifest(
    reference: SourceReference,
    request: ChartSourceRequest,
    secret: str | None,
    options: MigrationOptions,
    flux_version: FluxVersion,
) -> dict[str, Any]:
    spec: dict[str, Any] = {"interval": options.source_interval, "url": request.url}
    if request.url.startswith("oci://"):
        spec["type"] = "oci"
    if request.ref:
        spec["ref"] = dict(request.ref)
    if secret is not None:
        spec["secretRef"] = {"name": secret}
    return {
        "apiVersion": preferred_api_version(reference.kind, flux_version),
        "kind": reference.kind,
        "metadata": {"name": reference.name, "namespace": reference.namespace},
        "spec": spec,
    }
