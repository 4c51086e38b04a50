"""The table of fields, collected from the rules: where each goes, and which finding says what is lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from fluxv2_migrate.flux1.apis import LAST_RELEASE_API
from fluxv2_migrate.flux1.models import FluxHelmReleaseSpec, HelmReleaseSpec
from fluxv2_migrate.kubernetes import KubernetesModel
from fluxv2_migrate.rules.actions import ACTION_FIELDS
from fluxv2_migrate.rules.chart import CHART_FIELDS
from fluxv2_migrate.rules.installed_release import NAME_FIELDS
from fluxv2_migrate.rules.outside_spec import FIELDS_OUTSIDE_SPEC
from fluxv2_migrate.rules.values import VALUES_FIELDS

FIELDS: Final = (*FIELDS_OUTSIDE_SPEC, *CHART_FIELDS, *NAME_FIELDS, *VALUES_FIELDS, *ACTION_FIELDS)
"""Every field of the three APIs of the helm-operator."""
# The operators of the API before it did not read these fields.
_LATER_FIELDS: Final = frozenset(row.field for row in FIELDS if row.is_later)


def mapping_page() -> str:
    """Gives the page of the documentation that shows the table.

    >>> mapping_page().splitlines()[0]
    '# Fields'
    """
    lines = [
        "# Fields",
        "",
        "What becomes of each field of the helm-operator. Any other field is left out, with HR003; so are",
        "the fields of `helm.fluxcd.io/v1` in releases of the older APIs, which did not know them.",
        "",
        "| Flux v1 | Flux v2 | findings | |",
        "|---|---|---|---|",
    ]
    for row in FIELDS:
        becomes = "<br>".join(f"`{field}`" for field in row.becomes) or "–"
        codes = ", ".join(f"[{code}](findings/{code}.md)" for code in row.codes)
        lines.append(f"| `{row.field}` | {becomes} | {codes} | {row.note} |")
    return "\n".join([*lines, ""])


def split_fields(
    spec: Mapping[str, Any], kind: str, api_version: str
) -> tuple[dict[str, Any], tuple[tuple[str, ...], ...]]:
    """Gives a spec as the operators of an API read it, and the paths of what they did not read.

    Source: helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1`; the API before it had fewer fields.

    >>> split_fields({"wait": True, "oddity": 1}, "HelmRelease", "helm.fluxcd.io/v1")
    ({'wait': True}, (('spec', 'oddity'),))
    >>> split_fields({"wait": True}, "HelmRelease", "flux.weave.works/v1beta1")
    ({}, (('spec', 'wait'),))
    """
    later = frozenset() if api_version == LAST_RELEASE_API else _LATER_FIELDS
    unknown: list[tuple[str, ...]] = []
    model: type[KubernetesModel] = FluxHelmReleaseSpec if kind == "FluxHelmRelease" else HelmReleaseSpec
    known: dict[str, Any] = _known_of(model, spec, ("spec",), later, unknown)
    # The same field of several items of a list is one.
    return known, tuple(dict.fromkeys(unknown))


def _known_of(
    model: type[KubernetesModel],
    value: Any,
    path: tuple[str, ...],
    later: Collection[str],
    unknown: list[tuple[str, ...]],
) -> Any:
    if isinstance(value, list):
        return [_known_of(model, item, (*path, "[]"), later, unknown) for item in value]
    if not isinstance(value, Mapping):
        return value
    fields = _fields_of(model)
    known: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, key)
        if key not in fields or ".".join(here).replace(".[]", "[]") in later:
            unknown.append(here)
            continue
        inner = fields[key]
        known[key] = item if inner is None else _known_of(inner, item, here, later, unknown)
    return known


@cache
def _fields_of(model: type[KubernetesModel]) -> dict[str, type[KubernetesModel] | None]:
    return {field.alias or name: _model_in(field.annotation) for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[KubernetesModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, KubernetesModel):
        return annotation
    inside = (_model_in(candidate) for candidate in getattr(annotation, "__args__", ()))
    return next((model for model in inside if model is not None), None)
