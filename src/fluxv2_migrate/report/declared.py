"""The fields that differ as findings say, with the values that they have afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.frozen import thawed
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.meaning import ReleaseMeaning, SourceKey, meaning_of_v2_release

__all__ = ["Declared", "sources_by_key", "with_values"]

Declared = Mapping[tuple[str, str], Mapping[str, Any]]
"""By path and `kind namespace/name`, field to the value afterwards; `None` where clusters have several."""


def sources_by_key(manifests: Iterable[Mapping[str, Any]]) -> dict[SourceKey, Mapping[str, Any]]:
    """Gives sources by kind, namespace and name.

    >>> list(sources_by_key([{"kind": "HelmRepository", "metadata": {"name": "a", "namespace": "b"}}]))
    [('HelmRepository', 'b', 'a')]
    """
    return {(str(each.get("kind")), *namespace_and_name(each)): each for each in manifests}


def with_values(
    declared: Mapping[tuple[str, str], Sequence[str]],
    releases: Mapping[tuple[str, str], Mapping[str, Any]],
    sources: Mapping[SourceKey, Mapping[str, Any]],
    versions: Collection[FluxVersion],
    default_namespace: str,
) -> dict[tuple[str, str], dict[str, Any]]:
    """Gives each declared field its value.

    Args:
        declared: the fields, by path and resource.
        releases: what was decided of each release that all clusters get as it is written.
        sources: of charts.
        versions: the Flux releases of the clusters.
        default_namespace: of manifests that name none.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    plain = {key: thawed(each) for key, each in sources.items()}
    for key, fields in declared.items():
        manifest = releases.get(key)
        meanings: list[ReleaseMeaning] = []
        for version in versions if manifest is not None else ():
            try:
                meanings.append(
                    meaning_of_v2_release(
                        thawed(manifest), plain, flux_version=version, default_namespace=default_namespace
                    )
                )
            except InvalidManifest:  # pragma: no cover - what is migrated is accepted
                meanings.clear()
                break
        found[key] = {name: _common([_value(each, name) for each in meanings]) for name in fields}
    return found


def _common(values: Sequence[Any]) -> Any:
    return values[0] if values and all(each == values[0] for each in values) else None


def _value(meaning: ReleaseMeaning, name: str) -> Any:
    if name == "values_from.tolerates":
        return tuple(each.tolerates for each in meaning.values_from)
    value: Any = meaning
    for part in name.split("."):
        value = getattr(value, part, None)
    return value
