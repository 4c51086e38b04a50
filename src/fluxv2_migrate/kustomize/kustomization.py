"""A kustomization as it is written: what it lists, what it changes, what nobody can follow from texts."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize.fields import fault_of_field, in_own_letters
from fluxv2_migrate.kustomize.resources import Resource
from fluxv2_migrate.kustomize.values import text_of
from fluxv2_migrate.yaml_text import MappingNode, SequenceNode, first_document, read_nodes, read_value

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_API: Final = "kustomize.config.k8s.io"
_REMOTE: Final = re.compile(
    r"(?:git::)?(?:[a-z][a-z0-9+.-]*://|[a-z][a-z0-9-]*@[^/:]+[:/]|(?:www\.)?github\.com[:/]|gh:)", re.I
)
TRANSFORMERS: Final = "transformers"
"""The field that lists transformers, of which some can be followed."""
UNFOLLOWED: Final = (
    "buildMetadata",
    "crds",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "openapi",
    TRANSFORMERS,
    "validators",
)
"""The fields of which nobody can tell from texts alone what comes of them."""
_Path: TypeAlias = tuple[str | int, ...]


def is_remote(entry: str) -> bool:
    """Says whether an entry of a kustomization lies outside of the repository.

    >>> is_remote("https://github.com/org/repo//base?ref=v1"), is_remote("../base")
    (True, False)
    """
    return _REMOTE.match(entry) is not None


def is_in_place(entry: str) -> bool:
    """Says whether an entry is a text that stands in the place of a path.

    >>> is_in_place("{kind: HelmRelease}"), is_in_place("web.yaml")
    (True, False)
    """
    return "\n" in entry or "{" in entry


def join_path(folder: str, entry: str) -> str | None:
    """Gives the path that an entry means, or `None` if it leads out of the repository.

    >>> join_path("overlays/prod", "../../base"), join_path("", "./"), join_path("a", "../..")
    ('base', '', None)
    """
    if entry.startswith("/"):
        return None
    parts = folder.split("/") if folder else []
    for part in entry.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry of a list of paths.

    Attributes:
        field: the field, `bases` too.
        path: the path in the repository that it means; `None` if it is remote or leads out of it.
    """

    entry: str
    field: str
    index: int
    path: str | None

    @property
    def is_remote(self) -> bool:
        """Whether it lies outside of the repository."""
        return is_remote(self.entry)


class PatchPlace(NamedTuple):
    """Where it is written what a patch does, and to what.

    Attributes:
        file: a kustomization, or a file of transformers that one lists.
        document: its index in the file.
        entry: the path of the entry that says both.
        said: the path of the patch's text, or of the path of its file.
        around: where a transformer is a text in that document, the path of this text; `entry` and `said` are
            those in the document of it that is the transformer.
        inner: the index of that document in the text.
    """

    file: str
    document: int
    entry: _Path
    said: _Path
    around: _Path = ()
    inner: int = 0


@dataclass(frozen=True, slots=True)
class KustomizationPatch:
    """A patch of a kustomization, of whatever field.

    Attributes:
        field: `patches`, `patchesStrategicMerge` or `patchesJson6902`, or `transformers`.
        index: in that field; of those of transformers it numbers all of them.
        path: the path of its file in the repository; empty if its text stands in the kustomization.
        inline: the text that stands there.
        target: what selects the objects; `None` if its own kind and name do.
        form: the field of a kustomization in which a patch does the same.
        place: where it is written, if that is in a transformer.
    """

    field: str
    index: int
    path: str
    inline: str
    target: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = dataclass_field(default_factory=lambda: _NOTHING)
    form: str = ""
    place: PatchPlace | None = None

    def __post_init__(self) -> None:
        if not self.form:
            object.__setattr__(self, "form", self.field)


@dataclass(frozen=True)
class Kustomization:
    """A kustomization file.

    Attributes:
        folder: its folder; empty for the repository's root.
        text: as it is stored, but for the letters of its fields.
    """

    path: str
    folder: str
    text: str = dataclass_field(repr=False)
    document: Mapping[str, Any]

    @property
    def is_component(self) -> bool:
        """Whether it is a component, which changes what its parent has gathered."""
        return self.document.get("kind") == "Component"

    @cached_property
    def resources(self) -> tuple[ListedEntry, ...]:
        """The entries of `resources` and then of `bases`."""
        return self.entries("resources") + self.entries("bases")

    @cached_property
    def entries_by_path(self) -> Mapping[str, tuple[ListedEntry, ...]]:
        """The entries of `resources` and `bases` that lead to a path of the repository, by that path."""
        found: dict[str, tuple[ListedEntry, ...]] = {}
        for entry in self.resources:
            if entry.path is not None:
                found[entry.path] = (*found.get(entry.path, ()), entry)
        return found

    @cached_property
    def components(self) -> tuple[ListedEntry, ...]:
        """The entries of `components`."""
        return self.entries("components")

    @property
    def remote_entries(self) -> tuple[ListedEntry, ...]:
        """The resources and components that lie outside of the repository."""
        return tuple(entry for entry in self.resources + self.components if entry.is_remote)

    @property
    def unfollowed(self) -> tuple[str, ...]:
        """The fields with something in them that cannot be followed from texts."""
        return tuple(name for name in UNFOLLOWED if self.document.get(name))

    @cached_property
    def patches(self) -> tuple[KustomizationPatch, ...]:
        """All patches in the order in which kustomize applies them."""
        found: list[KustomizationPatch] = []
        for entry in self.entries("patchesStrategicMerge"):
            is_text = is_in_place(entry.entry)
            path = "" if is_text or entry.path is None else entry.path
            found.append(KustomizationPatch(entry.field, entry.index, path, entry.entry if is_text else ""))
        for name in ("patches", "patchesJson6902"):
            found += [self._patch(name, index, entry) for index, entry in enumerate(self.mappings(name))]
        return tuple(found)

    @cached_property
    def patches_by_entry(self) -> Mapping[tuple[str, int], KustomizationPatch]:
        """The patches by their fields and their indices there."""
        return {(each.field, each.index): each for each in self.patches}

    def _patch(self, name: str, index: int, entry: Mapping[str, Any]) -> KustomizationPatch:
        path, target = text_of(entry.get("path") or ""), entry.get("target")
        return KustomizationPatch(
            name,
            index,
            (join_path(self.folder, path) or path) if path else "",
            text_of(entry.get("patch") or ""),
            target if isinstance(target, Mapping) else None,
            entry.get("options") or _NOTHING,
        )

    @property
    def namespace(self) -> str:
        """The namespace into which it puts everything; empty if it does not."""
        return self._text("namespace")

    @property
    def name_prefix(self) -> str:
        """What it puts before every name."""
        return self._text("namePrefix")

    @property
    def name_suffix(self) -> str:
        """What it puts behind every name."""
        return self._text("nameSuffix")

    @property
    def images(self) -> tuple[Mapping[str, Any], ...]:
        """The entries of `images`, and of its old name."""
        return self.mappings("images") + self.mappings("imageTags")

    @property
    def labels(self) -> tuple[Mapping[str, Any], ...]:
        """The entries of `labels`."""
        return self.mappings("labels")

    @property
    def replacements(self) -> tuple[Mapping[str, Any], ...]:
        """The entries of `replacements`."""
        return self.mappings("replacements")

    def entries(self, name: str) -> tuple[ListedEntry, ...]:
        """Gives the entries of a list of paths."""
        values = self.document.get(name) or ()
        return tuple(
            ListedEntry(
                text := text_of(value or ""),
                name,
                index,
                None if is_remote(text) or not text else join_path(self.folder, text),
            )
            for index, value in enumerate(values)
        )

    def mappings(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Gives the entries of a list of mappings."""
        return tuple(entry or {} for entry in self.document.get(name) or ())

    def pairs(self, name: str) -> Mapping[str, Any]:
        """Gives a field that is a mapping; an empty one if it is not there."""
        return self.document.get(name) or {}

    def _text(self, name: str) -> str:
        value = self.document.get(name)
        return "" if value is None else text_of(value)

    @cached_property
    def _lines(self) -> Mapping[str, tuple[int, tuple[int, ...]]]:
        """The line of each field, and of each item of those that are lists: hardly ever one is asked for."""
        text = first_document(self.text)
        root = read_nodes(text)
        ends = [match.start() for match in re.finditer("\n", text)]
        found: dict[str, tuple[int, tuple[int, ...]]] = {}
        for key, value in root.value if isinstance(root, MappingNode) else ():
            items = value.value if isinstance(value, SequenceNode) else ()
            lines = tuple(bisect_left(ends, item.start) + 1 for item in items)
            found.setdefault(key.value, (bisect_left(ends, key.start) + 1, lines))
        return found

    def line_of(self, name: str, index: int | None = None) -> int:
        r"""Gives the line of a field, or of one of its entries, 1-based.

        >>> kustomization = read_kustomization("kustomization.yaml", "resources:\n- a.yaml\n- b.yaml\n")
        >>> kustomization.line_of("resources", 1)
        3
        """
        line, items = self._lines.get(name, (1, ()))
        return items[index] if index is not None and index < len(items) else line


def read_kustomization(path: str, text: str) -> Kustomization:
    r"""Reads a kustomization file as kustomize does.

    Returns:
        The kustomization.

    Raises:
        InvalidManifest: kustomize refuses it: no YAML, an unknown field, a wrong type, another API.

    Source: kustomize api 0.21 `types/kustomization.go`.

    >>> read_kustomization("prod/kustomization.yaml", "bases: [../base]\n").resources[0].path
    'base'
    """
    text = in_own_letters(text)
    value = read_value(first_document(text), path=path)
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise InvalidManifest("a kustomization that is no mapping", path=path, line=1)
    kustomization = Kustomization(path, posixpath.dirname(path), text, value)
    for name, entry in value.items():
        reason = fault_of_field(name, entry)
        if reason is not None:
            raise InvalidManifest(
                f"kustomize refuses this kustomization: {reason}", path=path, line=kustomization.line_of(name)
            )
    kind = value.get("kind") or "Kustomization"
    version = value.get("apiVersion") or ""
    wanted = f"{_API}/{'v1alpha1' if kind == 'Component' else 'v1beta1'}"
    if kind not in ("Kustomization", "Component") or version not in ("", wanted):
        raise InvalidManifest(
            f"kustomize refuses this kustomization: apiVersion {version} and kind {kind} are not its own",
            path=path,
            line=1,
        )
    if all(_is_nothing(name, entry) for name, entry in value.items()):
        raise InvalidManifest("kustomize refuses an empty kustomization", path=path, line=1)
    return kustomization


def _is_nothing(name: str, entry: Any) -> bool:
    """Gives whether a field of a kustomization counts for nothing where kustomize asks if it is empty.

    Source: kustomize api 0.21 `types/kustomization.go`: what the entries of a list move to another field
    leave is nothing.
    """
    moves = name in ("bases", "imageTags") and entry == []
    return moves or name in ("apiVersion", "kind") or entry in (None, "")


class Sources(Protocol):
    """Where an accumulation gets its texts from."""

    def kustomization(self, folder: str) -> Kustomization | InvalidManifest | None:
        """Gives the kustomization of a folder, why it is none, or `None` if there is none."""

    def content(self, path: str) -> bytes | None:
        """Gives the bytes of a file."""

    def is_file(self, path: str) -> bool:
        """Says whether there is such a file."""

    def text(self, path: str) -> str:
        """Gives the text of a file that is there."""

    def is_folder(self, path: str) -> bool:
        """Says whether there is such a folder."""

    def resources(self, path: str) -> Sequence[Resource]:
        """Gives the objects of a file."""

    def remote(self, entry: str) -> str | None:
        """Gives the text that stands for what lies outside of the repository, if there is one."""

    @property
    def images_in_volumes(self) -> bool:
        """Whether `images` change the images of volumes."""
