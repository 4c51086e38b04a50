"""Which objects a patch or a replacement is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest, InvalidPattern
from fluxv2_migrate.golang.numbers import parse_integer
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.resources import Resource
from fluxv2_migrate.kustomize.values import text_of

# Letters, digits and hyphens mean themselves in every expression.
_LITERAL: Final = re.compile(r"[A-Za-z0-9-]+")
_ORDERS: Final = ("<", ">")
_REQUIREMENT: Final = re.compile(
    r"\s*(?:"
    r"(?P<absent>!)?\s*(?P<key>[\w./-]+)\s*"
    r"(?:(?P<operator>==|!=|=|<|>)\s*(?P<value>[\w./-]*)"
    r"|(?P<set>\s(?:not)?in)\s*\((?P<values>[^()]*)\))?"
    r")\s*(?:,|\Z)"
)


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A selector of labels, as `kubectl -l` takes it.

    >>> LabelSelector.parse("app=web,tier in (a, b),!old").matches({"app": "web", "tier": "a"})
    True
    """

    requirements: tuple[tuple[str, str, tuple[str, ...]], ...]

    @classmethod
    def parse(cls, text: str) -> LabelSelector:
        """Reads a selector.

        Args:
            text: requirements with commas between them; an empty text selects everything.

        Raises:
            InvalidManifest: Kubernetes refuses it.

        Source: k8s.io/apimachinery `labels.Parse`.
        """
        requirements: list[tuple[str, str, tuple[str, ...]]] = []
        position = 0
        while text[position:].strip():
            match = _REQUIREMENT.match(text, position)
            if match is None or (match["absent"] and (match["operator"] or match["set"])):
                raise InvalidManifest(f"a selector that Kubernetes refuses: {text}")
            values = tuple(value.strip() for value in (match["values"] or match["value"] or "").split(","))
            operator = "!" if match["absent"] else match["operator"] or (match["set"] or "exists").strip()
            if operator in _ORDERS and parse_integer(values[0]) is None:
                raise InvalidManifest(f"a selector that Kubernetes refuses: {values[0]} is no integer")
            requirements.append((match["key"], operator, values))
            position = match.end()
        return cls(tuple(requirements))

    def matches(self, labels: Mapping[str, Any]) -> bool:
        """Says whether labels satisfy every requirement."""
        return all(_satisfies(labels, *requirement) for requirement in self.requirements)


def _satisfies(labels: Mapping[str, Any], key: str, operator: str, values: tuple[str, ...]) -> bool:
    has = key in labels
    if operator in ("exists", "!"):
        return has == (operator == "exists")
    value = text_of(labels[key]) if has else ""
    if operator in ("=", "==", "in"):
        return has and value in values
    if operator in ("!=", "notin"):
        return not has or value not in values
    number, limit = parse_integer(value), parse_integer(values[0])
    if number is None or limit is None:
        return False
    return number > limit if operator == ">" else number < limit


@lru_cache(maxsize=1024)
def _anchored(pattern: str) -> Regexp | None:
    """Gives the expression of a pattern; nothing for one that stands for itself, as nearly all do."""
    if _LITERAL.fullmatch(pattern):
        return None
    try:
        return Regexp.compile(f"^(?:{pattern})$")
    except InvalidPattern as error:
        raise InvalidManifest(f"a target that is no regular expression: {error.reason}") from None


def _matches(pattern: str, text: str) -> bool:
    if not pattern:
        return True
    # Each patch asks each object.
    expression = _anchored(pattern)
    return pattern == text if expression is None else expression.matches(text)


def _has(selector: str, resource: Resource, field: str) -> bool:
    if not selector:
        return True
    return LabelSelector.parse(selector).matches(mapping_at(resource.manifest, "metadata", field))


@dataclass(frozen=True, slots=True)
class Selector:
    """The target of a patch: every field that is given has to match, as a whole.

    Attributes:
        group: a regular expression, as are the next four.
        name: the name it has or had first.
        namespace: the namespace it has or had first; without one, it is `default`.
        annotations: the same for annotations.
    """

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    labels: str = ""
    annotations: str = ""

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Selector:
        """Gives the selector that a mapping of a kustomization describes.

        Raises:
            InvalidManifest: one of its expressions is none: kustomize reads all before it looks at an object.

        >>> Selector.of({"kind": "HelmRelease", "labelSelector": "app=web"}).labels
        'app=web'
        """
        fields = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")
        selector = cls(*(text_of(value[field]) if value.get(field) is not None else "" for field in fields))
        for pattern in (selector.group, selector.version, selector.kind, selector.name, selector.namespace):
            _anchored(pattern)
        return selector

    @property
    def names_one(self) -> bool:
        """Whether only objects of one name can match: no expression stands for the name or the kind."""
        is_kind = not self.kind or _anchored(self.kind) is None
        return bool(self.name) and is_kind and _anchored(self.name) is None

    def selects(self, resource: Resource) -> bool:
        """Says whether an object is a target.

        Raises:
            InvalidManifest: its selector of labels or annotations is invalid.

        Source: kustomize api 0.21 `resmap/reswrangler.go` `Select`.
        """
        return (
            self._selects_identity(resource)
            and _has(self.labels, resource, "labels")
            and _has(self.annotations, resource, "annotations")
        )

    def may_select(self, kind: str) -> bool:
        """Says whether objects of a kind can be targets."""
        return _matches(self.kind, kind)

    def matches(self, group: str, version: str, kind: str, name: str, namespace: str) -> bool:
        """Says whether an identity is one that it names, whatever the labels."""
        return (
            _matches(self.kind, kind)
            and _matches(self.name, name)
            and _matches(self.namespace, namespace)
            and _matches(self.group, group)
            and _matches(self.version, version)
        )

    def _selects_identity(self, resource: Resource) -> bool:
        original, current = resource.original, resource.identity
        return (
            (_matches(self.kind, resource.kind))
            and (_matches(self.name, original.name) or _matches(self.name, current.name))
            and (_matches(self.namespace, original.namespace) or _matches(self.namespace, current.namespace))
            and _matches(self.group, current.group)
            and _matches(self.version, current.version)
        )
