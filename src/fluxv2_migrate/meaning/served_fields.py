"""Fields of a v2 HelmRelease that not every version of its API, and not every Flux, knows.

Source: the CRDs that each release of flux2 installs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least, served_api_versions
from fluxv2_migrate.frozen import thawed
from fluxv2_migrate.kubernetes import KubernetesModel, as_list

_VERSIONS: Final = ("v2beta1", "v2beta2", "v2")
# Field: the Flux release from which on v2beta1, v2beta2 and v2 have it; `None` where they never do.
_FIELDS: Final[dict[tuple[str, ...], tuple[FluxVersion | None, FluxVersion | None, FluxVersion | None]]] = {
    ("chart", "spec", "ignoreMissingValuesFiles"): (None, "2.3", "2.3"),
    ("chart", "spec", "valuesFile"): ("2.0", "2.2", None),
    ("chartRef",): ("2.3", "2.3", "2.3"),
    ("commonMetadata",): (None, None, "2.7"),
    ("dependsOn", "[]", "readyExpr"): (None, None, "2.7"),
    ("driftDetection",): ("2.3", "2.2", "2.3"),
    ("healthCheckExprs",): (None, None, "2.8"),
    ("install", "disableSchemaValidation"): (None, None, "2.4"),
    ("install", "disableTakeOwnership"): (None, None, "2.5"),
    ("install", "serverSideApply"): (None, None, "2.8"),
    ("install", "strategy"): (None, None, "2.7"),
    ("kubeConfig", "configMapRef"): (None, "2.7", "2.7"),
    ("postRenderStrategy",): (None, None, "2.9"),
    ("postRenderers", "[]", "kustomize", "patchesJson6902"): ("2.0", "2.2", None),
    ("postRenderers", "[]", "kustomize", "patchesStrategicMerge"): ("2.0", "2.2", None),
    ("rollback", "serverSideApply"): (None, None, "2.8"),
    ("test", "filters"): (None, "2.2", "2.3"),
    ("upgrade", "chartNameChangeStrategy"): (None, None, "2.9"),
    ("upgrade", "disableSchemaValidation"): (None, None, "2.4"),
    ("upgrade", "disableTakeOwnership"): (None, None, "2.5"),
    ("upgrade", "serverSideApply"): (None, None, "2.8"),
    ("upgrade", "strategy"): (None, None, "2.7"),
    ("valuesFrom", "[]", "literal"): (None, None, "2.9"),
    ("waitStrategy",): (None, None, "2.8"),
}


def split_served_fields(
    manifest: Mapping[str, Any], flux_version: FluxVersion
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Splits a v2 HelmRelease into what a Flux release serves of it, and the fields that it does not.

    Args:
        manifest: with a spec that `flux2.HelmRelease` accepts.

    Returns:
        The spec without the fields that are not served, and their names.

    >>> split_served_fields({"apiVersion": "helm.toolkit.fluxcd.io/v2",
    ...     "spec": {"interval": "5m", "waitStrategy": {"name": "legacy"}}}, "2.7")
    ({'interval': '5m'}, ('waitStrategy',))
    """
    api = str(manifest.get("apiVersion"))
    spec = thawed(manifest.get("spec") or {})
    refused = [] if api in served_api_versions("HelmRelease", flux_version) else ["apiVersion"]
    version = api.rpartition("/")[2]
    column = _VERSIONS.index(version) if version in _VERSIONS else -1
    for path, since in _FIELDS.items():
        first = since[column]
        if (first is None or not is_at_least(flux_version, first)) and _remove(spec, path):
            refused.append(".".join(path).replace(".[]", "[]"))
    return spec, tuple(refused)


def _remove(value: Any, path: tuple[str, ...]) -> bool:
    key, *rest = path
    if key == "[]":
        items = as_list(value)
        # Each of them, not only until the first one.
        return sum(_remove(item, tuple(rest)) for item in items) > 0
    if not isinstance(value, dict) or value.get(key) is None:
        return False
    if rest:
        return _remove(value[key], tuple(rest))
    del value[key]
    return True


def unknown_fields(spec: KubernetesModel) -> tuple[str, ...]:
    """Gives the fields of a spec that no Flux has ever known, such as those of Flux v1 left behind.

    >>> from fluxv2_migrate.flux2 import HelmReleaseSpec
    >>> unknown_fields(HelmReleaseSpec.model_validate({"rollback": {"enable": True}, "values": {"x": 1}}))
    ('rollback.enable',)
    """
    return tuple(dict.fromkeys(_unknown(spec, "")))


def _unknown(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, tuple):
        for item in value:
            yield from _unknown(item, f"{path}[]")
    elif isinstance(value, KubernetesModel):
        prefix = f"{path}." if path else ""
        fields = type(value).model_fields
        for name in fields:
            yield from _unknown(getattr(value, name), f"{prefix}{fields[name].alias}")
        for name, given in (value.model_extra or {}).items():
            if given is not None:
                yield f"{prefix}{name}"
