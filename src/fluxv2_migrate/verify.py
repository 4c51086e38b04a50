"""Whether two repositories mean the same to the Flux that runs them, whoever migrated."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, newest_serving_release
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
from fluxv2_migrate.meaning.manifest import as_object, metadata_of
from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.verification import ReleaseVerification, VerificationReport, VerificationStatus
from fluxv2_migrate.yaml_text import compose, split_documents, value_of

__all__ = ["verify_migration"]

_WORDS: Final = ("fluxcd.io", "flux.weave.works")
_SUFFIXES: Final = (".yaml", ".yml", ".json")
# What a document must say to be one that counts; the definitions of Flux's own kinds do not say it.
_CONCERNS: Final = re.compile(
    r"[\"']?apiVersion[\"']?\s*:\s*[\"']?"
    r"(helm\.fluxcd\.io|flux\.weave\.works|helm\.integrations\.flux\.weave\.works"
    r"|helm\.toolkit\.fluxcd\.io|source\.toolkit\.fluxcd\.io)/"
)
_CONCERNS_V1: Final = re.compile(
    r"[\"']?apiVersion[\"']?\s*:\s*[\"']?"
    r"(helm\.fluxcd\.io|flux\.weave\.works|helm\.integrations\.flux\.weave\.works)/"
)
_TEMPLATE: Final = re.compile(r"\{\{|\$\(|\$\{")
_V1_KINDS: Final[Mapping[object, str]] = {
    "helm.fluxcd.io/v1": "HelmRelease",
    "flux.weave.works/v1beta1": "HelmRelease",
    "helm.integrations.flux.weave.works/v1alpha2": "FluxHelmRelease",
}
_FLUX_RELEASE: Final = re.compile(r"^# Flux [Vv]ersion: v?(2\.\d+)\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Found:
    """An object, and where it stands."""

    path: str
    line: int
    manifest: Mapping[str, Any]

    @property
    def resource(self) -> str:
        return f"{self.manifest.get('kind')} {'/'.join(self.identity)}"

    @property
    def identity(self) -> tuple[str, str]:
        return metadata_of(self.manifest)


@dataclass(frozen=True, slots=True)
class _Unread:
    """A document that speaks of Flux v1 and cannot be read."""

    path: str
    line: int
    reason: str


@dataclass(slots=True)
class _Tree:
    """What one side holds."""

    old: list[_Found]
    new: list[_Found]
    sources: list[_Found]
    unread: list[_Unread]
    apis: set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Release:
    """A v1 release and its meaning, or why it has none."""

    found: _Found
    meaning: ReleaseMeaning | None
    reason: str = ""


class _Sources:
    """The sources of a tree; of several with one name, as each cluster has them, the nearest counts."""

    def __init__(self, found: Sequence[_Found]) -> None:
        self._found = found
        self._near: dict[str, dict[SourceKey, Mapping[str, Any]]] = {}

    def near(self, path: str) -> Mapping[SourceKey, Mapping[str, Any]]:
        folder = posixpath.dirname(path)
        if folder not in self._near:
            ordered = sorted(self._found, key=lambda each: _nearness(path, each.path))
            self._near[folder] = {
                (str(each.manifest.get("kind")), *each.identity): each.manifest for each in ordered
            }
        return self._near[folder]


@dataclass(frozen=True, slots=True)
class _Context:
    """What everything is compared with."""

    options: MigrationOptions
    operator: HelmOperator
    flux_version: FluxVersion
    declared: Mapping[tuple[str, str], Collection[str]]
    sources: _Sources
    charts: Collection[str]


def verify_migration(
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes],
    options: MigrationOptions | None = None,
    *,
    declared: Mapping[tuple[str, str], Collection[str]] | None = None,
    operator: HelmOperator | None = None,
) -> VerificationReport:
    """Says for every release whether it still means the same, and what the cluster does with it.

    Both sides are read for what their controllers do, so it does not matter who migrated.

    Args:
        before: path to text or bytes of the repository of Flux v1.
        after: the same of the repository of Flux v2.
        options: the Flux release, the sync roots, the default namespace, and what a person knows better
            about single releases.
        declared: fields of a meaning that may differ, by path before and resource (`HelmRelease
            shop/web`); an empty path or resource stands for all. A field stands for all below it.
        operator: the helm-operator that ran the releases.

    Returns:
        The report, with one entry for each v1 release. Nothing that is in a file raises.

    >>> release = '''apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata: {name: web, namespace: shop}
    ... spec:
    ...   chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
    ... '''
    >>> verify_migration({"web.yaml": release}, {}).releases[0].status
    'missing'
    """
    options = options or MigrationOptions()
    old_tree, new_tree = _read_tree(before), _read_tree(after)
    context = _Context(
        options,
        operator or HelmOperator(git_default_ref=options.git_default_ref),
        options.flux_version
        or _flux_version(after)
        or newest_serving_release(new_tree.apis)
        or FLUX_VERSIONS[-1],
        declared or {},
        _Sources(new_tree.sources),
        frozenset(posixpath.dirname(path) for path in before if posixpath.basename(path) == "Chart.yaml"),
    )
    releases = [_release(found, context) for found in old_tree.old]
    partners = _match(releases, new_tree.new, context)
    still = {(found.path, found.identity) for found in new_tree.old}
    entries = [_unread_entry(unread) for unread in old_tree.unread]
    entries += [
        _verify(release, partners.get(index), still, context) for index, release in enumerate(releases)
    ]
    taken = {id(found) for found in partners.values()}
    known = {found.identity for found in old_tree.new}
    entries += [
        ReleaseVerification(
            "extra",
            found.resource,
            line=found.line,
            after_path=found.path,
            reason="no release of Flux v1 stood for it",
        )
        for found in new_tree.new
        if id(found) not in taken and found.identity not in known
    ]
    entries.sort(key=lambda each: (each.path or each.after_path, each.line, each.resource))
    return VerificationReport(tuple(entries), context.flux_version)


def _unread_entry(unread: _Unread) -> ReleaseVerification:
    return ReleaseVerification("unknown", "HelmRelease", unread.path, unread.line, reason=unread.reason)


def _flux_version(files: Mapping[str, str | bytes]) -> FluxVersion | None:
    for path in sorted(files):
        if posixpath.basename(path) == "gotk-components.yaml":
            content = files[path]
            text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
            match = _FLUX_RELEASE.search(text)
            found = next((version for version in FLUX_VERSIONS if match and version == match[1]), None)
            if found is not None:
                return found
    return None


def _read_tree(files: Mapping[str, str | bytes]) -> _Tree:
    tree = _Tree([], [], [], [], set())
    for path in sorted(files):
        content = files[path]
        if isinstance(content, bytes):
            if not any(word.encode() in content for word in _WORDS):
                continue
            try:
                content = content.decode("utf-8")
            except UnicodeDecodeError:
                if any(str(version).encode() in content for version in _V1_KINDS):
                    tree.unread.append(_Unread(path, 1, "the file is not UTF-8: it may be encrypted"))
                continue
        if path.endswith(_SUFFIXES) and any(word in content for word in _WORDS):
            _read_file(tree, path, content.removeprefix("\ufeff"))
    return tree


def _read_file(tree: _Tree, path: str, text: str) -> None:
    for span in split_documents(text):
        part = text[span.start : span.end]
        concerns = _CONCERNS.search(part)
        if concerns is None:
            continue
        try:
            value = value_of(compose(part, path=path, line=span.line))
        except InvalidManifest as error:
            if _CONCERNS_V1.search(part):
                tree.unread.append(_Unread(path, error.line or span.line, f"it is no YAML: {error.reason}"))
            continue
        line = span.line + part.count("\n", 0, concerns.start())
        for manifest in _objects(value):
            _file_object(tree, _Found(path, line, manifest))


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    manifest = as_object(value)
    items = manifest.get("items")
    if isinstance(items, list) and str(manifest.get("kind")).endswith("List"):
        for item in items:
            yield as_object(item)
    else:
        yield manifest


def _file_object(tree: _Tree, found: _Found) -> None:
    api, kind = found.manifest.get("apiVersion"), found.manifest.get("kind")
    group = str(api).partition("/")[0]
    if group.endswith(".toolkit.fluxcd.io"):
        tree.apis.add((str(kind), str(api)))
    if kind is not None and _V1_KINDS.get(api if isinstance(api, str) else None) == kind:
        tree.old.append(found)
    elif group == "helm.toolkit.fluxcd.io" and kind == "HelmRelease":
        tree.new.append(found)
    elif group == "source.toolkit.fluxcd.io":
        tree.sources.append(found)


def _release(found: _Found, context: _Context) -> _Release:
    if "sops" in found.manifest:
        return _Release(found, None, "it is encrypted")
    if any(path in context.charts for path in _folders(found.path)):
        return _Release(found, None, "it is a template of a chart, whose values fill it in")
    if (field := _filled_in(found.manifest)) is not None:
        return _Release(found, None, f"a template fills in {field}")
    namespace, name = found.identity
    overrides = [
        each
        for each in context.options.overrides
        if fnmatchcase(namespace or context.options.default_namespace or "", each.namespace)
        and fnmatchcase(name, each.name)
        and fnmatchcase(found.path, each.path)
    ]
    try:
        meaning = meaning_of_v1_release(
            found.manifest,
            operator=context.operator,
            default_namespace=context.options.default_namespace or "",
            release_name=next((each.release_name for each in overrides if each.release_name), ""),
            storage_namespace=next(
                (each.storage_namespace for each in overrides if each.storage_namespace), ""
            ),
            ref_kind=next((each.ref_kind for each in overrides if each.ref_kind), None),
            is_converted=any("HR030" in each.accept for each in overrides),
        )
    except InvalidManifest as error:
        return _Release(found, None, f"the API server refuses it: {error.reason}")
    stored = next((each.storage_namespace for each in overrides if each.storage_namespace), None)
    if stored is not None:
        meaning = replace(meaning, storage_namespace=stored)
    if meaning.chart is None:
        return _Release(found, meaning, "it names no chart: what it is patched with stands elsewhere")
    return _Release(found, meaning)


def _folders(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


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


def _match(releases: Sequence[_Release], new: Sequence[_Found], context: _Context) -> dict[int, _Found]:
    """Gives the v2 release that stands for each v1 release: the same object, else the same Helm release.

    Where several do, as with one cluster in each folder, the nearest files belong together.
    """
    by_name: dict[str, list[int]] = {}
    for position, found in enumerate(new):
        for name in {found.identity[1], str(_spec(found).get("releaseName"))}:
            by_name.setdefault(name, []).append(position)
    pairs = []
    for index, release in enumerate(releases):
        names = {release.found.identity[1], release.meaning.release_name if release.meaning else ""}
        for position in {position for name in names for position in by_name.get(name, ())}:
            rank = _likeness(release, new[position], context)
            if rank is not None:
                far = -_nearness(release.found.path, new[position].path)
                pairs.append((rank, far, index, position))
    partners: dict[int, _Found] = {}
    taken: set[int] = set()
    for _rank, _far, index, position in sorted(pairs):
        if index not in partners and position not in taken:
            partners[index] = new[position]
            taken.add(position)
    return partners


def _spec(found: _Found) -> Mapping[str, Any]:
    return as_object(found.manifest.get("spec"))


def _likeness(release: _Release, found: _Found, context: _Context) -> int | None:
    roots = context.options.sync_roots
    if _root(release.found.path, roots) != _root(found.path, roots):
        return None
    default = context.options.default_namespace or ""
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


def _root(path: str, roots: Sequence[str]) -> str:
    clean = (posixpath.normpath(root).strip("/") for root in roots)
    return max((root for root in clean if path.startswith(f"{root}/")), key=len, default="")


def _nearness(one: str, other: str) -> int:
    if one == other:
        return len(one) + 2
    return len(posixpath.commonpath((f"/{posixpath.dirname(one)}", f"/{posixpath.dirname(other)}")))


def _verify(
    release: _Release,
    partner: _Found | None,
    still: Collection[tuple[str, tuple[str, str]]],
    context: _Context,
) -> ReleaseVerification:
    found = release.found
    place = (found.resource, found.path, found.line)
    after_path = partner.path if partner is not None else ""
    if release.meaning is None or release.meaning.chart is None:
        return ReleaseVerification("unknown", *place, after_path, reason=release.reason)
    if partner is None:
        left = (found.path, found.identity) in still
        reason = "it is still a release of Flux v1" if left else "no release of Flux v2 stands for it"
        return ReleaseVerification("missing", *place, reason=reason)
    try:
        meaning = meaning_of_v2_release(
            partner.manifest,
            context.sources.near(partner.path),
            flux_version=context.flux_version,
            default_namespace=context.options.default_namespace or "",
        )
    except InvalidManifest as error:
        refusal = Difference("refused", (), (error.reason,))
        return ReleaseVerification("different", *place, after_path, differences=(refusal,))
    return _compare(release.meaning, meaning, place, after_path, context)


def _compare(
    before: ReleaseMeaning,
    after: ReleaseMeaning,
    place: tuple[str, str, int],
    after_path: str,
    context: _Context,
) -> ReleaseVerification:
    resource, path, _line = place
    own = frozenset(context.declared.get((path, resource), ()))
    everyone = own.union(*(context.declared.get(key, ()) for key in ((path, ""), ("", resource), ("", ""))))
    found = compare_meanings(before, after)
    left = tuple(each for each in found if not _explained(each.field, everyone))
    unknown = tuple(dict.fromkeys((*before.unknown, *after.unknown)))
    status: VerificationStatus = "declared" if found else "same"
    if left:
        status = "different"
    elif unknown:
        status = "unknown"
    return ReleaseVerification(
        status,
        *place,
        after_path,
        outcome_in_the_cluster(before, after),
        left,
        tuple(each for each in found if each not in left),
        tuple(sorted(name for name in own if not any(_explained(each.field, {name}) for each in found))),
        tuple(dict.fromkeys((*before.assumed, *after.assumed))),
        unknown,
        "what decides is not in the repository" if status == "unknown" else "",
    )


def _explained(field: str, declared: Collection[str]) -> bool:
    parts = field.split(".")
    return any(".".join(parts[:length]) in declared for length in range(1, len(parts) + 1))
