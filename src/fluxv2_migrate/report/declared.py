"""The fields that differ as findings say, with the values that they have afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.frozen import FrozenDict, thawed
from fluxv2_migrate.kubernetes import metadata_of, namespace_and_name
from fluxv2_migrate.meaning import ReleaseMeaning, SourceKey, meaning_of_v2_release

Declared = Mapping[tuple[str, str], Mapping[str, Any]]
"""By path and `kind namespace/name`, field to the value afterwards; `None` where clusters have several."""


def sources_by_key(manifests: Iterable[Mapping[str, Any]]) -> dict[SourceKey, Mapping[str, Any]]:
    """Gives sources by kind, namespace and name.

    >>> list(sources_by_key([{"kind": "HelmRepository", "metadata": {"name": "a", "namespace": "b"}}]))
    [('HelmRepository', 'b', 'a')]
    """
    return {(str(each.get("kind")), *namespace_and_name(each)): each for each in manifests}


@dataclass(frozen=True, slots=True)
class DeclaredFields:
    """The fields that findings say are different afterwards; their values are computed when asked for.

    Attributes:
        fields: of each release, by path and resource.
        releases: what each release is in the clusters that get it, by path and resource; not to be changed.
        sources: of charts; not to be changed.
        versions: the Flux releases of the clusters.
        default_namespace: of manifests that name none.
        built: the releases that builds make other ones: their values, in which tags of images may have become
            texts since, are not looked at.
    """

    fields: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    releases: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    sources: Mapping[SourceKey, Mapping[str, Any]] = field(default_factory=dict)
    versions: frozenset[FluxVersion] = frozenset()
    default_namespace: str = ""
    built: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        fields = {key: tuple(names) for key, names in self.fields.items()}
        object.__setattr__(self, "fields", FrozenDict(fields))
        for name in ("releases", "sources"):
            object.__setattr__(self, name, FrozenDict(getattr(self, name)))

    def with_values(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Gives each field its value."""
        plain = {key: thawed(each) for key, each in self.sources.items()}
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for key, names in self.fields.items():
            meanings = self._meanings(key, plain) if key in self.releases else []
            found[key] = {name: _common([_value(each, name) for each in meanings]) for name in names}
            if key in self.built and "values" in names:
                found[key]["values"] = None
        return found

    def _meanings(
        self, key: tuple[str, str], sources: Mapping[SourceKey, Mapping[str, Any]]
    ) -> list[ReleaseMeaning]:
        """Gives what a release means to the Flux of each cluster."""
        namespace, _, name = key[1].partition(" ")[2].rpartition("/")
        # A build may give a manifest another name, and put it into a namespace.
        named = {} if key in self.built else metadata_of(namespace, name)
        manifests = [thawed(each) for each in self.releases[key]]
        try:
            return [
                meaning_of_v2_release(
                    {**manifest, "metadata": {**manifest["metadata"], **named}},
                    sources,
                    flux_version=version,
                    default_namespace=namespace or self.default_namespace,
                )
                for manifest in manifests
                for version in self.versions
            ]
        except InvalidManifest:
            return []


def _common(values: Sequence[Any]) -> Any:
    return values[0] if values and all(each == values[0] for each in values) else None


def _value(meaning: ReleaseMeaning, name: str) -> Any:
    if name == "values_from.tolerates":
        return tuple(each.tolerates for each in meaning.values_from)
    value: Any = meaning
    for part in name.split("."):
        value = getattr(value, part, None)
    return value
