"""What stands in a repository: its texts, and the documents that concern Flux."""

from __future__ import annotations

import difflib
import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.apis import RELEASE_APIS, RELEASE_GROUPS
from fluxv2_migrate.flux1.installation import PROGRAM_IMAGES, programs_of_workload
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.folders import folder_around, is_kustomization_file
from fluxv2_migrate.given import as_text
from fluxv2_migrate.kubernetes import as_object, namespace_and_name, resource_of
from fluxv2_migrate.plan import Path
from fluxv2_migrate.yaml_text import (
    BYTE_ORDER_MARK,
    YAML_ENDINGS,
    Node,
    Parts,
    ScalarNode,
    column_of,
    content_start,
    find_field,
    line_of,
    metadata_span,
    read_nodes,
    read_outline,
    read_value,
    reading_of,
    split_documents,
)
from fluxv2_migrate.yaml_text.readings import may_be_read_otherwise

_KINDS: Final = ("helmrelease", "fluxhelmrelease")
_CHARTS_OF_FLUX_1: Final = frozenset({"git", "repository"})
"""Fields of `spec.chart` that no other API has there."""
# Also with a version that never was, which somebody misspelt, and in braces; not in a comment.
_OLD_LINE: Final = re.compile(
    r"^[^#\r\n]*?(?<![\w.-])apiVersion[\"']?[ \t]*:[ \t]*[\"']?"
    rf"(?:{'|'.join(map(re.escape, RELEASE_GROUPS))})/",
    re.MULTILINE,
)
_MARKED_LINE: Final = re.compile(
    rf"^[ \t]+[\"']?(?:{'|'.join(map(re.escape, FLUXD_DOMAINS))})/[^:\r\n]*:", re.MULTILINE
)
# What runs fluxd or the helm-operator, and the objects of Flux v2: they decide what a migration knows.
_SETUP_LINE: Final = re.compile(
    rf"^(?=[^#\r\n]*(?:(?:{'|'.join(map(re.escape, PROGRAM_IMAGES))})[:@\"'\s]|--git-(?:url|path|branch)\b)"
    r"|[ \t]*\{?[ \t]*[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?[a-z.]+\.toolkit\.fluxcd\.io/)",
    re.MULTILINE,
)
# Whoever misspells the group often writes the kind well.
_WORDS: Final = ("weave.works/", "HelmRelease", "helmrelease", "weaveworks/helm-operator")
_WORDS_WITH_FLUX: Final = (
    *("fluxcd.io", "flux.weave.works", "fluxd.io", "flux.io/", "fluxcd/", "flux.weaveworks"),
    # Whoever misspells the domain often writes the name of an annotation well.
    *("weaveworks/flux", "/automated", "/locked", "/tag."),
)
_INDEX: Final = attrgetter("index")
_NAME: Final = re.compile(r"\bname[\"']?:\s+[\"']?([a-z0-9.-]+)")
_FLUX_RELEASE: Final = re.compile(
    r"^(?:# Flux [Vv]ersion|[ \t]+app\.kubernetes\.io/version): v?(\d+\.\d+)\.", re.MULTILINE
)


@dataclass(slots=True)
class Document:
    """One document of a file.

    Attributes:
        index: which document of the file it is, empty ones and those that cannot be read counted.
        start: offset of its text in the file, without byte order mark.
        line: of its first character in the file, 1-based.
        key: what tells it from all other documents of a repository.
        value: in JSON's types; `None` for an empty document.
        is_alike: whether it is certain that kustomize reads each scalar of it as Flux v1 does.
    """

    path: str
    index: int
    start: int
    text: str
    line: int
    value: Any
    is_alike: bool = field(default=False, repr=False, compare=False)
    key: tuple[str, int] = field(init=False, repr=False, compare=False)
    _parts: Parts = field(default_factory=dict, repr=False, compare=False)
    _root: Node | None = field(default=None, repr=False, compare=False)
    _positions: dict[Path, tuple[int, int]] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.key = (self.path, self.index)

    @property
    def root(self) -> Node | None:
        """Its nodes, which are kept once somebody has asked for them: most documents are never edited."""
        if self._root is None:
            self._root = read_outline(self.text, self._parts)
        return self._root

    def let_nodes_go(self, asked: Iterable[Path] = ()) -> None:
        """Lets go of its nodes; who asks for them again has them read again.

        Args:
            asked: fields whose positions will be asked for, and are known without the nodes.
        """
        self._positions = {path: self.position(path) for path in asked} or self._positions
        self._root = None

    @property
    def identity(self) -> tuple[str, str]:
        """Namespace and name of the object, empty where there are none."""
        return namespace_and_name(self.manifest)

    @property
    def resource(self) -> str:
        """Names the object as findings do."""
        return resource_of(self.manifest)

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The value, if it is a mapping; else an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    def written(self, path: Path) -> str | None:
        """Gives the text of a scalar as it stands in the file, without quotes; `None` where there is none."""
        node = find_field(self.root, path)[1]
        return node.value if isinstance(node, ScalarNode) else None

    def position(self, path: Path) -> tuple[int, int]:
        """Gives line and column of a field in the file, or of what is nearest above it; 1-based."""
        if self._positions is not None and path in self._positions:
            return self._positions[path]
        start = self._start_of(path)
        return self.line + line_of(self.text, start), column_of(self.text, start) + 1

    def _start_of(self, path: Path) -> int:
        """Gives the offset of a field, or of what is nearest above it."""
        begin, root = 0, self._root
        if root is None and len(path) < 2:
            # Most often it is asked where the document itself begins, which its nodes are not needed for.
            start = content_start(self.text)
            if start is not None and (not path or self.text.startswith(f"{path[0]}: ", start)):
                return start
        if root is None and path[:1] == ("metadata",) and (span := metadata_span(self.text)) is not None:
            begin, root = span[0], read_nodes(self.text[span[0] : span[1]])
        found = find_field(self.root if root is None else root, path)[0]
        return begin if found is None else begin + found.start


def read_documents(
    path: str, text: str, *, by_kustomize: bool = False
) -> tuple[tuple[Document, ...], tuple[InvalidManifest, ...]]:
    r"""Gives every document of a file, and what is wrong with those that cannot be read.

    Documents of Flux v2's APIs are read as kustomize reads them, all others as fluxd did.

    Args:
        by_kustomize: whether all documents are of a repository of Flux v2.

    >>> documents, errors = read_documents("a.yaml", "a: 1\n---\nb: [\n")
    >>> documents[0].value, len(errors)
    ({'a': 1}, 1)
    """
    documents: list[Document] = []
    errors: list[InvalidManifest] = []
    text = text.removeprefix(BYTE_ORDER_MARK)
    for index, span in enumerate(split_documents(text)):
        part = text[span.start : span.end]
        try:
            value, parts, is_alike = reading_of(part, path=path, line=span.line)
        except InvalidManifest as error:
            errors.append(error)
            continue
        by_both = is_alike or not (by_kustomize or (isinstance(value, dict) and is_of_flux2(value)))
        if not by_both and may_be_read_otherwise(part):
            value = read_value(part, path=path, line=span.line, reader="kustomize")
        documents.append(Document(path, index, span.start, part, span.line, value, is_alike, parts))
    return tuple(documents), tuple(errors)


@dataclass(slots=True)
class Repository:
    """A repository as it is read.

    Attributes:
        texts: of every file that is UTF-8.
        opaque: paths of the other files that name Flux's API.
        documents: of the files that name Flux.
        errors: of the files that do and cannot be read.
        kustomizations: texts of all files that kustomize takes for one.
        flux_releases: for each `gotk-components`, the minor release of Flux that it installs.
        by_kustomize: whether it is one of Flux v2, of which kustomize reads everything.
    """

    texts: dict[str, str] = field(default_factory=dict)
    opaque: list[str] = field(default_factory=list)
    documents: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    errors: dict[str, InvalidManifest] = field(default_factory=dict)
    charts: set[str] = field(default_factory=set)
    kustomizations: list[str] = field(default_factory=list)
    flux_releases: dict[str, str] = field(default_factory=dict)
    by_kustomize: bool = False
    _read_late: dict[str, dict[int, Document]] = field(default_factory=dict)
    _of_flux_2: tuple[tuple[str, Document], ...] | None = None
    # Each release that gets a ConfigMap looks for a free name.
    _names: frozenset[str] | None = None

    def reads(self, path: str) -> bool:
        """Gives whether a file is one of manifests: fluxd read YAML alone, and kustomize what is listed."""
        if path.endswith(YAML_ENDINGS) or is_kustomization_file(path):
            return True
        name = posixpath.basename(path)
        return path.endswith(".json") and any(name in text for text in self.kustomizations)

    def document(self, path: str, index: int) -> Document:
        """Gives a document of a file that can be read, also of one that does not name Flux."""
        known = self.documents.get(path)
        if known is None:
            return self._late(path)[index]
        # They stand in their order, and empty ones between them are left out.
        return known[bisect_left(known, index, key=_INDEX)]

    def all_documents(self, path: str) -> tuple[Document, ...]:
        """Gives the documents of a file that can be read, also of one that does not name Flux."""
        known = self.documents.get(path)
        return tuple(self._late(path).values()) if known is None else known

    def every_document(self) -> Iterator[Document]:
        """Gives the documents of all files that name Flux."""
        for documents in self.documents.values():
            yield from documents

    def config_map_names(self) -> frozenset[str]:
        """Gives the names that stand in files which name ConfigMaps."""
        if self._names is None:
            texts = (text for text in self.texts.values() if "ConfigMap" in text)
            self._names = frozenset(name for text in texts for name in _NAME.findall(text))
        return self._names

    def has_documents(self, path: str) -> bool:
        """Gives whether a file is one of manifests that can be read, and no part of a chart."""
        return path in self.texts and path not in self.errors and self.chart_around(path) is None

    def _late(self, path: str) -> dict[int, Document]:
        if path not in self._read_late:
            read = read_documents(path, self.texts[path], by_kustomize=self.by_kustomize)[0]
            self._read_late[path] = {each.index: each for each in read}
        return self._read_late[path]

    def adopt(self, path: str, index: int) -> Document:
        """Gives a document of a file that does not name Flux, and takes the file for one that does."""
        if path not in self.documents:
            self.documents[path] = read_documents(path, self.texts[path], by_kustomize=self.by_kustomize)[0]
            self._of_flux_2 = None
        return self.document(path, index)

    def let_nodes_go(self) -> None:
        """Lets go of the nodes of all documents, which take many times the memory of their texts."""
        for documents in (*self.documents.values(), *(each.values() for each in self._read_late.values())):
            for document in documents:
                document.let_nodes_go()

    def chart_around(self, path: str) -> str | None:
        """Gives the folder of the chart that a file belongs to."""
        return folder_around(path, self.charts)

    def old_lines(self, path: str) -> list[int]:
        """Gives the lines of a text that say a v1 release begins, whether or not it can be read."""
        return list(lines_of_old_releases(self.texts[path]))

    def holds_flux(self, path: str) -> bool:
        """Gives whether a text says something that decides a migration, whether or not it can be read.

        That are releases, and outside of charts annotations, programs of Flux v1 and objects of Flux v2.
        """
        text = self.texts[path]
        marks = (
            (_OLD_LINE,) if self.chart_around(path) is not None else (_OLD_LINE, _MARKED_LINE, _SETUP_LINE)
        )
        return any(mark.search(text) for mark in marks)

    def source_documents(self) -> Iterator[Document]:
        """Gives every object that charts come from."""
        for _, document in self.new_objects():
            if str(document.manifest.get("apiVersion")).startswith("source.toolkit.fluxcd.io/"):
                yield document

    def new_objects(self) -> tuple[tuple[str, Document], ...]:
        """Gives every object of Flux v2 that is no part of a chart, with its file."""
        if self._of_flux_2 is None:
            self._of_flux_2 = tuple(
                (path, document)
                for path, documents in sorted(self.documents.items())
                for document in documents
                if is_of_flux2(document.manifest) and self.chart_around(path) is None
            )
        return self._of_flux_2

    def new_releases(self) -> Iterator[Document]:
        """Gives every document that is a v2 release."""
        for _, document in self.new_objects():
            if document.manifest.get("kind") == "HelmRelease":
                yield document


def runs_flux_1(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a workload is fluxd or the helm-operator.

    >>> containers = [{"name": "flux", "image": "docker.io/fluxcd/flux:1.25.4"}]
    >>> runs_flux_1({"kind": "Deployment", "spec": {"template": {"spec": {"containers": containers}}}})
    True
    """
    return next(programs_of_workload(manifest), None) is not None


def is_old_release(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a manifest is a release of Flux v1, of any of its APIs."""
    version = manifest.get("apiVersion")
    return isinstance(version, str) and RELEASE_APIS.get(version, "") == manifest.get("kind")


def lines_of_old_releases(text: str) -> Iterator[int]:
    r"""Gives the lines of a text, 1-based, at which a release of Flux v1 seems to begin.

    >>> list(lines_of_old_releases("a: [\n---\napiVersion: helm.fluxcd.io/v1\n# apiVersion: helm.fluxcd.io/"))
    [3]
    """
    return (line_of(text, match.start()) + 1 for match in _OLD_LINE.finditer(text))


def misspelt_api(manifest: Mapping[str, Any]) -> str | None:
    """Gives what is wrong with the API of a manifest that was to be a release of Flux v1, and is none.

    The API server knows no such kind, so fluxd left it out with a line in its log.

    >>> misspelt_api({"apiVersion": "helm.fluxcd.io/v1beta1", "kind": "HelmRelease"})
    'helm.fluxcd.io/v1beta1 HelmRelease is no API of Flux v1'
    >>> misspelt_api({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease"}) is None
    True
    """
    version, kind = manifest.get("apiVersion"), manifest.get("kind")
    version = version if isinstance(version, str) else ""
    group = version.partition("/")[0].lower()
    if kind is None and group in RELEASE_GROUPS:
        return f"{version} without a kind is no API of Flux v1"
    if not isinstance(kind, str) or is_old_release(manifest):
        return None
    if group.endswith(".toolkit.fluxcd.io"):
        return None
    is_kind = bool(difflib.get_close_matches(kind.lower(), _KINDS, 1, 0.9))
    is_group = group in RELEASE_GROUPS and not kind.endswith("List")
    is_near = is_kind and bool(difflib.get_close_matches(group, RELEASE_GROUPS, 1, 0.75))
    spec = as_object(manifest.get("spec"))
    chart = as_object(spec.get("chart"))
    has_chart = bool(_CHARTS_OF_FLUX_1 & chart.keys()) or "chartGitPath" in spec
    is_meant = is_group or is_near or (is_kind and has_chart)
    return f"{version or 'without apiVersion'} {kind} is no API of Flux v1".strip() if is_meant else None


def is_partial_release(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a release of Flux v1 names no chart: most of these are patches.

    >>> is_partial_release({"kind": "HelmRelease", "spec": {"values": {"replicas": 2}}})
    True
    """
    spec = as_object(manifest.get("spec"))
    return not spec.get("chart") and not spec.get("chartGitPath")


def read_repository(files: Mapping[str, str | bytes], *, by_kustomize: bool = False) -> Repository:
    """Reads what concerns Flux; all other files are not looked into.

    Args:
        by_kustomize: whether it is a repository of Flux v2, of which kustomize reads everything.
    """
    repository = Repository(by_kustomize=by_kustomize)
    repository.kustomizations = [
        as_text(content) for path, content in files.items() if is_kustomization_file(path)
    ]
    for path in sorted(files):
        content = files[path]
        if isinstance(content, bytes):
            try:
                content = content.decode("utf-8")
            except UnicodeDecodeError:
                if any(version.encode() in files[path] for version in RELEASE_APIS):
                    repository.opaque.append(path)
                continue
        repository.texts[path] = content
        folder, name = posixpath.split(path)
        if name == "Chart.yaml":
            repository.charts.add(folder)
        if not repository.reads(path):
            continue
        if name == "gotk-components.yaml":
            release = _FLUX_RELEASE.search(content)
            if release is not None:
                repository.flux_releases[path] = release[1]
            # Its definitions of resources are large and hold nothing to migrate.
            continue
        if _concerns_flux(content):
            read_file(repository, path, content)
    return repository


def _concerns_flux(text: str) -> bool:
    """Gives whether a text names an API, an annotation, a kind or an image of Flux in some way."""
    # Most texts hold nothing of it, and are looked through for few words.
    is_with_flux = "flux" in text and any(map(text.__contains__, _WORDS_WITH_FLUX))
    return is_with_flux or any(map(text.__contains__, _WORDS))


def read_file(repository: Repository, path: str, text: str) -> None:
    """Reads a file that names Flux into a repository, in place of what was read of it before."""
    repository.texts[path] = text
    repository._names = None
    documents, errors = read_documents(path, text, by_kustomize=repository.by_kustomize)
    repository.documents[path] = documents
    repository._of_flux_2 = None
    if errors:
        repository.errors[path] = errors[0]
