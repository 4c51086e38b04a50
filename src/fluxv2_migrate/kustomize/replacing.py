"""Replacements: a value of one object copied into others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest, InvalidPattern
from fluxv2_migrate.given import item_index
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.building import ProblemKind
from fluxv2_migrate.kustomize.kustomization import Kustomization, join_path
from fluxv2_migrate.kustomize.resources import PatchUse, Resource
from fluxv2_migrate.kustomize.selectors import LabelSelector, Selector
from fluxv2_migrate.kustomize.values import copy_value, is_null, plain_value, text_of
from fluxv2_migrate.yaml_text import read_document

_NAME: Final = "metadata.name"
_LASTING: Final = ("metadata.", "spec.values.")
"""Fields that an object keeps when its API becomes another one."""
_ABSENT: Final = object()
_NEW: Final = object()
"""A scalar that is made, and has neither a text nor a type yet."""


class _InsideText(InvalidManifest):
    """A path goes on inside of a text that is YAML or JSON itself."""


def apply_replacements(
    resources: Sequence[Resource],
    kustomization: Kustomization,
    read: Callable[[str], str],
    report: Callable[[ProblemKind, InvalidManifest, str, int | None], None],
) -> None:
    """Carries out the replacements of a kustomization.

    Args:
        read: gives the text of a file with replacements.

    Source: kustomize api 0.21 `filters/replacement/replacement.go`.
    """
    for index, entry in enumerate(kustomization.replacements):
        try:
            for replacement in _replacements(kustomization, entry, read):
                path = join_path(kustomization.folder, text_of(entry["path"])) if entry.get("path") else ""
                use = PatchUse(kustomization.path, "replacements", index, path or "", 0, "replacement")
                value = _source_value(resources, replacement, use)
                for target in replacement.get("targets") or ():
                    _apply(resources, value, target, use)
        except _InsideText as error:
            report("unsupported", error, "replacements", index)
        except InvalidManifest as error:
            report("transformer", error, "replacements", index)


def _replacements(
    kustomization: Kustomization, entry: Mapping[str, Any], read: Callable[[str], str]
) -> list[Mapping[str, Any]]:
    if not entry.get("path"):
        return [entry]
    path = join_path(kustomization.folder, text_of(entry["path"]))
    value = read_document(read(path or text_of(entry["path"])))[1]
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in found):
        raise InvalidManifest(f"{entry['path']} holds no replacements")
    return found


def _source_value(resources: Sequence[Resource], replacement: Mapping[str, Any], use: PatchUse) -> Any:
    source, value = replacement.get("source"), replacement.get("sourceValue")
    if not replacement.get("targets") or (source is None) == (value is None):
        raise InvalidManifest("a replacement needs one source and targets")
    if source is None:
        return text_of(value)
    found = [resource for resource in resources if _is_source(resource, source)]
    if len(found) != 1:
        raise InvalidManifest(f"the source of a replacement matches {len(found)} objects")
    path = text_of(source.get("fieldPath") or _NAME)
    if source.get("group") or source.get("version") or not path.startswith(_LASTING):
        found[0].replacements += (use,)
    value = found[0].manifest
    for key in split_field_path(path):
        value = _step(value, key)
    if value is _ABSENT or is_null(value) or value in ({}, []):
        raise InvalidManifest(f"the source of a replacement has no {path}")
    options = source.get("options") or {}
    if not options.get("delimiter"):
        return value
    if isinstance(value, (dict, list)):
        raise InvalidManifest(f"{path} is no scalar, and a replacement divides it")
    parts = text_of(value).split(options["delimiter"])
    position = options.get("index") or 0
    if not 0 <= position < len(parts):
        raise InvalidManifest(f"{path} has no part {position}")
    return parts[position]


def _is_source(resource: Resource, source: Mapping[str, Any]) -> bool:
    for known in resource.identities:
        if all(
            source.get(name) in (None, "", getattr(known, name))
            for name in ("group", "version", "kind", "name")
        ) and (not source.get("namespace") or known.namespace == source["namespace"]):
            return True
    return False


def _apply(resources: Sequence[Resource], value: Any, target: Mapping[str, Any], use: PatchUse) -> None:
    if not isinstance(target.get("select"), dict):
        raise InvalidManifest("a target of a replacement selects nothing")
    select = Selector.of(target["select"])
    rejects = [Selector.of(reject) for reject in target.get("reject") or ()]
    for resource in resources:
        if _is_selected(resource, select, rejects):
            paths = [text_of(path) for path in target.get("fieldPaths") or (_NAME,)]
            if select.group or select.version or not all(path.startswith(_LASTING) for path in paths):
                resource.replacements += (use,)
            for path in paths:
                _copy(resource, value, path, target.get("options") or {})
        elif any(each.group or each.version for each in rejects) and _is_selected(resource, select, ()):
            # What is left out by its API may not be left out under another one.
            resource.replacements += (use,)


def _is_selected(resource: Resource, select: Selector, rejects: Sequence[Selector]) -> bool:
    if not _has_labels(resource, select) or any(
        _has_labels(resource, reject) for reject in rejects if reject.labels or reject.annotations
    ):
        return False
    if any(
        _has_identity(resource, each)
        for each in rejects
        if any((each.group, each.version, each.kind, each.name, each.namespace))
    ):
        return False
    return _has_identity(resource, select)


def _has_labels(resource: Resource, selector: Selector) -> bool:
    return LabelSelector.parse(selector.labels).matches(
        mapping_at(resource.manifest, "metadata", "labels")
    ) and LabelSelector.parse(selector.annotations).matches(
        mapping_at(resource.manifest, "metadata", "annotations")
    )


def _has_identity(resource: Resource, selector: Selector) -> bool:
    group, version = resource.group_and_version
    namespaces = [namespace for namespace, _, _ in resource.previous]
    names = [name for _, name, _ in resource.previous]
    kinds = [kind for _, _, kind in resource.previous]
    known = zip(
        [*kinds, resource.kind], [*names, resource.name], [*namespaces, resource.namespace], strict=True
    )
    return any(selector.matches(group, version, *identity) for identity in known)


def split_field_path(path: str) -> list[str]:
    r"""Gives the keys of a field path of a replacement.

    >>> split_field_path(r"data.a\.b.[name=c.d].0")
    ['data', 'a.b', '[name=c.d]', '0']
    """
    parts: list[str] = []
    for part in path.split("."):
        if parts and parts[-1].endswith("\\"):
            parts[-1] = f"{parts[-1][:-1]}.{part}"
        else:
            parts.append(part)
    result: list[str] = []
    opened = False
    for part in parts:
        if opened:
            result[-1] += f".{part}"
        else:
            result.append(part)
        opened = result[-1].startswith("[") and not result[-1].endswith("]")
    return [part.strip("[]") if part.startswith("[") and "=" not in part else part for part in result if part]


def _step(value: Any, key: str) -> Any:
    if isinstance(value, list):
        if key == "-" and value:
            return value[-1]
        if key.isdecimal():
            index = item_index(key, len(value))
            return _ABSENT if index is None else value[index]
        for element in value if key.startswith("[") else ():
            if _matches(element, key, exact=True):
                return element
        return _ABSENT
    return value.get(key, _ABSENT) if isinstance(value, dict) else _ABSENT


def _matches(element: Any, key: str, *, exact: bool) -> bool:
    name, _, wanted = key[1:-1].partition("=")
    if name:
        if not isinstance(element, dict) or name not in element:
            return False
        element = element[name]
    if exact:
        return text_of(element) == wanted
    try:
        return Regexp.compile(wanted).matches(text_of(element))
    except InvalidPattern as error:
        raise InvalidManifest(f"a path with an invalid expression: {error.reason}") from None


def _copy(resource: Resource, value: Any, path: str, options: Mapping[str, Any]) -> None:
    create = options.get("create") is True
    keys = split_field_path(path)
    resource.manifest = copy_value(resource.manifest)
    places = list(_places(resource.manifest, keys, value, create))
    if not places:
        raise InvalidManifest(f"there is no {path} to replace")
    for parent, key in places:
        old = parent[key]
        new = value
        if options.get("delimiter"):
            if isinstance(old, (dict, list)):
                raise InvalidManifest(f"{path} is no scalar, and a replacement divides it")
            new = _joined("" if old is _NEW else text_of(old), text_of(new), options)
        if isinstance(old, (dict, list)) or (old is _NEW and isinstance(new, (dict, list))):
            parent[key] = copy_value(new)
        else:
            parent[key] = _as_type_of(old, text_of(new), path)


def _as_type_of(old: Any, text: str, path: str) -> Any:
    """Gives a text as a value of the type of the one whose place it takes: only the text is copied."""
    if isinstance(old, str):
        return text
    value = plain_value(text)
    if old is _NEW or type(old) is type(value) or (type(old), type(value)) == (float, int):
        return value
    raise InvalidManifest(f"{path} is of another type than what takes its place")


def _joined(old: str, new: str, options: Mapping[str, Any]) -> str:
    parts = old.split(options["delimiter"])
    position = options.get("index") or 0
    if position < 0:
        parts.insert(0, new)
    elif position >= len(parts):
        parts.append(new)
    else:
        parts[position] = new
    return str(options["delimiter"].join(parts))


def _places(
    value: dict[str, Any] | list[Any], keys: list[str], new: Any, create: bool
) -> Iterator[tuple[Any, Any]]:
    key, rest = keys[0], keys[1:]
    for place in _places_of(value, key, _made(rest, new) if create else _ABSENT):
        inner = value[place]
        if not rest:
            yield value, place
        elif isinstance(inner, (dict, list)):
            yield from _places(inner, rest, new, create)
        elif not is_null(inner):
            raise _InsideText("a replacement inside of a text, which is not followed")


def _made(rest: list[str], new: Any) -> Any:
    if not rest:
        return type(new)() if isinstance(new, (dict, list)) else _NEW
    return [] if rest[0].isdecimal() or re.fullmatch(r"\[.*\]", rest[0]) else {}


def _places_of(value: dict[str, Any] | list[Any], key: str, made: Any) -> list[Any]:
    if isinstance(value, list):
        if key == "*":
            return list(range(len(value)))
        if key.isdecimal():
            if made is not _ABSENT and item_index(key, len(value) + 1) == len(value):
                value.append(made)
            index = item_index(key, len(value))
            return [] if index is None else [index]
        if not key.startswith("["):
            return []
        found = [index for index, element in enumerate(value) if _matches(element, key, exact=False)]
        if not found and made is not _ABSENT:
            name, _, wanted = key[1:-1].partition("=")
            value.append({name: wanted} if name else wanted)
            found = [len(value) - 1]
        return found
    if key not in value and made is not _ABSENT:
        value[key] = made
    return [key] if key in value else []
