"""Text edits of kustomization files: an entry is added or goes, and everything else stays as it is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from fluxv2_migrate.kustomize.fields import PATCH_FIELDS
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    append_item,
    append_items,
    edit_document,
    emit_scalar,
    read_value,
    remove_item,
)
from fluxv2_migrate.yaml_text.emitter import Style, detect_style, emit_mapping

_EMPTY_BASES: Final = re.compile(r"^bases: \[\]", re.MULTILINE)
_NOTHING_IF_EMPTY: Final = ("images", "replacements", "transformers", *PATCH_FIELDS)


def new_kustomization(items: Iterable[str], newline: str = "\n") -> str:
    r"""Gives a kustomization that lists some files or folders.

    Args:
        items: as they stand in it, with whatever comments.

    >>> print(new_kustomization(["web.yaml"]), end="")
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
    - web.yaml
    """
    head = ("apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:")
    return "".join(f"{line}{newline}" for line in (*head, *(f"- {each}" for each in items)))


def add_resources(text: str, entries: Sequence[str]) -> str:
    r"""Adds entries to the `resources` of a kustomization, each unless it is listed already.

    Args:
        entries: the paths as they are to be written.

    Returns:
        The file with the entries.

    >>> print(add_resources("bases: # shared\n- ../base\n", ["sources.yaml", "./sources.yaml"]), end="")
    bases: # shared
    - ../base
    resources:
    - sources.yaml
    """

    def edit(document: str) -> str:
        value = read_value(document)
        listed = (each for field in ("resources", "bases") for each in _listed(value, field))
        known = {posixpath.normpath(each) for each in listed if isinstance(each, str)}
        new: dict[str, str] = {}
        for each in entries:
            new.setdefault(posixpath.normpath(each), each)
        items = [([emit_scalar(each)], each) for path, each in new.items() if path not in known]
        return append_items(document, "resources", items) if items else document

    return edit_document(text, edit)


def add_patch(
    text: str, patch: str | Mapping[str, Any], target: Mapping[str, Any] = MappingProxyType({})
) -> str:
    r"""Adds a patch to the `patches` of a kustomization.

    Args:
        patch: its text, or the value of a strategic merge patch.
        target: what it is for; empty for a strategic merge patch that names its object itself.

    Returns:
        The file with the patch.

    Raises:
        CannotEdit: the file, or the patch, is written in a form in which this is not safe.

    >>> print(add_patch("resources: [a.yaml]\n", "- op: remove\n  path: /spec", {"kind": "A"}), end="")
    resources: [a.yaml]
    patches:
    - target:
        kind: A
      patch: |-
        - op: remove
          path: /spec
    """
    return add_patches(text, [(patch, target)])


def add_patches(text: str, patches: Sequence[tuple[str | Mapping[str, Any], Mapping[str, Any]]]) -> str:
    r"""Adds patches to the `patches` of a kustomization, as `add_patch` adds one.

    Raises:
        CannotEdit: the file, or a patch, is written in a form in which this is not safe.

    >>> timeout = {"kind": "HelmRelease", "metadata": {"name": "web"}, "spec": {"timeout": "90s"}}
    >>> operation = "- op: remove\n  path: /spec/suspend"
    >>> added = [(timeout, {}), (operation, {"kind": "HelmRelease", "name": "api"})]
    >>> print(add_patches("resources: [web.yaml, api.yaml]\n", added), end="")
    resources: [web.yaml, api.yaml]
    patches:
    - patch: |-
        kind: HelmRelease
        metadata:
          name: web
        spec:
          timeout: 90s
    - target:
        kind: HelmRelease
        name: api
      patch: |-
        - op: remove
          path: /spec/suspend
    """

    def edit(document: str) -> str:
        step = detect_style(document).step
        return append_items(document, "patches", [_patch_item(*each, step) for each in patches])

    return edit_document(text, edit)


def _patch_item(
    patch: str | Mapping[str, Any], target: Mapping[str, Any], step: int
) -> tuple[list[str], dict[str, Any]]:
    """Gives the lines of a patch in a list, and what they mean."""
    if not isinstance(patch, str):
        patch = emit_mapping(patch, Style())
    patch = patch.rstrip("\n")
    if patch != patch.lstrip() or "\r" in patch or "\t" in patch or not patch:
        raise CannotEdit("a patch that is empty, or with blanks that a block of text does not hold")
    given = {"target": dict(target)} if target else {}
    lines = emit_mapping(given, Style(step=step)).splitlines() if given else []
    lines += ["patch: |-", *(" " * step + line if line else "" for line in patch.split("\n"))]
    return lines, {**given, "patch": patch}


def list_patch_file(
    text: str, path: str, field: str = "patches", target: Mapping[str, Any] = MappingProxyType({})
) -> str:
    r"""Adds a file of patches to a kustomization, unless the field lists it already.

    Args:
        path: as it is to be written.
        field: `patches` or `patchesStrategicMerge`.
        target: what the patches are for; empty where they name their objects themselves.

    >>> text = "resources: [web.yaml]\n"
    >>> print(list_patch_file(text, "timeouts.yaml", target={"kind": "HelmRelease"}), end="")
    resources: [web.yaml]
    patches:
    - path: timeouts.yaml
      target:
        kind: HelmRelease
    >>> listed = list_patch_file(text, "timeouts.yaml", "patchesStrategicMerge")
    >>> print(listed, end="")
    resources: [web.yaml]
    patchesStrategicMerge:
    - timeouts.yaml
    >>> list_patch_file(listed, "timeouts.yaml", "patchesStrategicMerge") == listed
    True
    """

    def edit(document: str) -> str:
        item: Any = path
        lines = [emit_scalar(path)]
        if field == "patches":
            item = {"path": path, **({"target": dict(target)} if target else {})}
            lines = emit_mapping(item, Style(step=detect_style(document).step)).splitlines()
        if item in _listed(read_value(document), field):
            return document
        return append_item(document, field, lines, item)

    return edit_document(text, edit)


def remove_entry(text: str, field: str, entry: str | Mapping[str, Any]) -> str:
    r"""Takes an entry out of a list of a kustomization.

    Args:
        entry: its value; a path may be written in another way (`./a.yaml`).

    Returns:
        The file without the entry.

    Raises:
        CannotEdit: the file is written in a form in which this is not safe, or has no such entry.

    >>> remove_entry("resources:\n- a.yaml\n- b.yaml\n", "resources", "./b.yaml")
    'resources:\n- a.yaml\n'
    """

    def same(known: Any) -> bool:
        if isinstance(entry, str) and isinstance(known, str):
            return posixpath.normpath(known) == posixpath.normpath(entry)
        return bool(known == entry)

    def edit(document: str) -> str:
        value = read_value(document)
        for index, known in enumerate(_listed(value, field)):
            if same(known):
                edited = remove_item(document, field, index)
                if field == "bases" and "resources" not in value:
                    # kustomize takes it for nothing, and refuses a kustomization that holds nothing else.
                    return _EMPTY_BASES.sub("resources: []", edited, count=1)
                # Such a list that holds nothing is nothing.
                return _without_empty(edited, field) if field in _NOTHING_IF_EMPTY else edited
        raise CannotEdit(f"{field} has no such entry")

    return edit_document(text, edit)


def replace_entry(text: str, field: str, entry: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    r"""Gives a kustomization with another entry, the last of its list, in the place of one.

    Raises:
        CannotEdit: the file is written in a form in which this is not safe, or has no such entry.

    >>> other = {"name": "web", "newTag": "2"}
    >>> print(replace_entry("images: [{name: web}]\n", "images", {"name": "web"}, other), end="")
    images:
    - name: web
      newTag: "2"
    >>> replace_entry("images: []\n", "images", {"name": "web"}, other)
    Traceback (most recent call last):
    fluxv2_migrate.yaml_text.nodes.CannotEdit: images has no such entry
    """

    def edit(document: str) -> str:
        known = _listed(read_value(document), field)
        if entry not in known:
            raise CannotEdit(f"{field} has no such entry")
        rest = remove_item(document, field, known.index(entry))
        style = Style(step=detect_style(document).step)
        return append_item(rest, field, emit_mapping(other, style).splitlines(), dict(other))

    return edit_document(text, edit)


def _listed(value: Any, field: str) -> list[Any]:
    entries = value.get(field) if isinstance(value, dict) else None
    return entries if isinstance(entries, list) else []


def _without_empty(text: str, field: str) -> str:
    return re.sub(rf"^{field}: \[\][ \t]*(?:\r?\n|\Z)", "", text, count=1, flags=re.MULTILINE)
