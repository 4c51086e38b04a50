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
from fluxv2_migrate.meaning.comparison import in_cluster

Declared = Mapping[tuple[str, str], Mapping[str, Any]]
"""By path and `kind namespace/name`, field to the value afterwards; `None` where clusters have several, which
stand below `kind namespace/name in cluster` then."""


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
        releases: what each release is in the clusters that get it, each with its name, by path and resource;
            not to be changed. Where it is the same in all of them the name is empty.
        sources: of charts; not to be changed.
        versions: the Flux release of each cluster.
        default_namespace: of manifests that name none.
        built: the releases that builds make other ones: their values, in which tags of images may have become
            texts since, are not looked at.
    """

    fields: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    releases: Mapping[tuple[str, str], Sequence[tuple[str, Mapping[str, Any]]]] = field(default_factory=dict)
    sources: Mapping[SourceKey, Mapping[str, Any]] = field(default_factory=dict)
    versions: Mapping[str, FluxVersion] = field(default_factory=dict)
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
            found[key] = {name: _common([_value(each, name) for _, each in meanings]) for name in names}
            if key in self.built and "values" in names:
                found[key]["values"] = None
            several = [name for name, value in found[key].items() if value is None and name != "values"]
            for cluster, meaning in meanings if several else ():
                own = found.setdefault((key[0], in_cluster(key[1], cluster)), {})
                own |= {name: _value(meaning, name) for name in several}
        return found

    def _meanings(
        self, key: tuple[str, str], sources: Mapping[SourceKey, Mapping[str, Any]]
    ) -> list[tuple[str, ReleaseMeaning]]:
        """Gives what a release means to the Flux of each cluster."""
        namespace, _, name = key[1].partition(" ")[2].rpartition("/")
        # A build may give a manifest another name, and put it into a namespace.
        named = {} if key in self.built else metadata_of(namespace, name)
        manifests = [(known, thawed(each)) for known, each in self.releases[key]]
        try:
            return [
                (
                    cluster,
                    meaning_of_v2_release(
                        {**manifest, "metadata": {**manifest["metadata"], **named}},
                        sources,
                        flux_version=version,
                        default_namespace=namespace or self.default_namespace,
                    ),
                )
                for known, manifest in manifests
                for cluster, version in self.versions.items()
                if known in ("", cluster)
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
