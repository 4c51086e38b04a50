"""The fields of a kustomization: what each of them holds, and in which letters its name is written.

Source: kustomize api 0.21 `types/kustomization.go`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    edit_document,
    read_document,
    splice,
)

# What a field holds: a name of a type, the type of a list's entries, or the fields of a mapping.
_Type: TypeAlias = "str | tuple[_Type] | dict[str, _Type]"
_SELECTOR: Final[dict[str, _Type]] = dict.fromkeys(
    ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"), "text"
)
PATCH_FIELDS: Final = ("patches", "patchesStrategicMerge", "patchesJson6902")
"""The fields of a kustomization that hold patches."""
_PATCH: Final[dict[str, _Type]] = {
    "options": {"allowKindChange": "yes or no", "allowNameChange": "yes or no"},
    "patch": "text",
    "path": "text",
    "target": _SELECTOR,
}
_FIELD: Final[dict[str, _Type]] = {
    **dict.fromkeys(("group", "version", "kind", "path"), "text"),
    "create": "yes or no",
}
_GENERATOR_OPTIONS: Final[dict[str, _Type]] = {
    "annotations": "texts",
    "disableNameSuffixHash": "yes or no",
    "immutable": "yes or no",
    "labels": "texts",
}
_GENERATOR: Final[dict[str, _Type]] = {
    **dict.fromkeys(("behavior", "env", "name", "namespace"), "text"),
    **dict.fromkeys(("envs", "files", "literals"), ("text",)),
    "options": _GENERATOR_OPTIONS,
}
_IMAGE: Final[dict[str, _Type]] = dict.fromkeys(("digest", "name", "newName", "newTag", "tagSuffix"), "text")
_FIELDS: Final[dict[str, _Type]] = {
    **dict.fromkeys(("apiVersion", "kind", "namePrefix", "nameSuffix", "namespace"), "text"),
    **dict.fromkeys(("commonAnnotations", "commonLabels", "openapi"), "texts"),
    **dict.fromkeys(("helmGlobals", "metadata", "sortOptions"), "mapping"),
    **dict.fromkeys(("bases", "buildMetadata", "components", "configurations", "crds"), ("text",)),
    **dict.fromkeys(("generators", "patchesStrategicMerge", "resources", "transformers"), ("text",)),
    **dict.fromkeys(("helmChartInflationGenerator", "helmCharts", "vars"), ("mapping",)),
    **dict.fromkeys(("patches", "patchesJson6902"), (_PATCH,)),
    **dict.fromkeys(("images", "imageTags"), (_IMAGE,)),
    "configMapGenerator": (_GENERATOR,),
    "generatorOptions": _GENERATOR_OPTIONS,
    "labels": (
        {
            "fields": (_FIELD,),
            "includeSelectors": "yes or no",
            "includeTemplates": "yes or no",
            "pairs": "texts",
        },
    ),
    "replacements": ({"path": "text", "source": "mapping", "sourceValue": "text", "targets": ("mapping",)},),
    "replicas": ({"count": "number", "name": "text"},),
    "secretGenerator": ({**_GENERATOR, "type": "text"},),
    "validators": ("text",),
}


def _names(wanted: _Type) -> Iterator[str]:
    if isinstance(wanted, tuple):
        yield from _names(wanted[0])
    elif isinstance(wanted, dict):
        for name, inner in wanted.items():
            yield name
            yield from _names(inner)


_NAMES: Final = {name.lower(): name for name in _FIELDS}
_ALL_NAMES: Final = frozenset(_names(_FIELDS))
_LOWERED: Final = frozenset(name.lower() for name in _ALL_NAMES)
_KEY: Final = re.compile(r"(?<![A-Za-z0-9])([A-Za-z0-9]++)[\"']?[ \t]*:")


def in_own_letters(text: str) -> str:
    r"""Gives a kustomization with its fields in the letters that kustomize's own types have; nothing moves.

    Of a field in two spellings Go takes one, or joins what they hold. Nobody means that, and none is changed.

    Source: Go's `encoding/json`, which compares names of fields without regard to case.

    >>> in_own_letters("Resources: [a.yaml]\nimages:\n- Name: web\n  newtag: '2'\n")
    "resources: [a.yaml]\nimages:\n- name: web\n  newTag: '2'\n"
    """
    # The same few keys stand in a kustomization again and again.
    if all(key.lower() not in _LOWERED for key in set(_KEY.findall(text)) - _ALL_NAMES):
        return text

    def edit(document: str) -> str:
        root, _ = read_document(document)
        pieces = ((start, start + len(name), name) for start, name in _respelled(root, _FIELDS))
        return splice(document, pieces)

    try:
        return edit_document(text, edit)
    except InvalidManifest:
        return text


def _respelled(node: Node | None, wanted: _Type) -> Iterator[tuple[int, str]]:
    """Gives where a field is named in other letters, and its name."""
    if isinstance(wanted, tuple) and isinstance(node, SequenceNode):
        for item in node.value:
            yield from _respelled(item, wanted[0])
    if not isinstance(wanted, dict) or not isinstance(node, MappingNode):
        return
    names = {name.lower(): name for name in wanted}
    pairs = [(key, value) for key, value in node.value if isinstance(key, ScalarNode)]
    spellings = Counter(key.value.lower() for key, _ in pairs)
    for key, value in pairs:
        name = names.get(key.value.lower(), key.value)
        if name != key.value and spellings[key.value.lower()] == 1:
            yield key.start + (1 if key.style else 0), name
        yield from _respelled(value, wanted.get(name, "mapping"))


def fault_of_field(name: str, value: Any) -> str | None:
    """Gives why kustomize refuses a field of a kustomization, as far as its type tells.

    >>> fault_of_field("resources", "a.yaml"), fault_of_field("resources", ["a.yaml"])
    ('resources is no list', None)
    """
    wanted = _FIELDS.get(name)
    if wanted is None:
        twice = _NAMES.get(str(name).lower())
        return f"{twice} stands twice, once as {name}: keep one" if twice else f"unknown field {name}"
    return _wrong_type(name, value, wanted)


def _wrong_type(name: str, value: Any, wanted: _Type) -> str | None:
    if value is None:
        return None
    if wanted == "texts":
        pairs = value.items() if isinstance(value, dict) else None
        if pairs is None or any(not isinstance(item, str | None) for _, item in pairs):
            return f"{name} is no mapping of texts"
        return None
    if isinstance(wanted, tuple):
        if not isinstance(value, list):
            return f"{name} is no list"
        reasons = (_wrong_type(f"an entry of {name}", item, wanted[0]) for item in value)
        return next((reason for reason in reasons if reason is not None), None)
    if isinstance(wanted, dict):
        if not isinstance(value, dict):
            return f"{name} is no mapping"
        for key, item in value.items():
            if key not in wanted:
                return f"{name} has an unknown field {key}"
            reason = _wrong_type(f"{key} of {name}", item, wanted[key])
            if reason is not None:
                return reason
        return None
    kinds: dict[str, type] = {"text": str, "yes or no": bool, "number": int, "mapping": dict}
    if not isinstance(value, kinds[wanted]) or (wanted == "number" and isinstance(value, bool)):
        return f"{name} is no {wanted}"
    return None
