"""Releases of the three APIs of Flux v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from hypothesis import strategies as st

from fluxv2_migrate.testing.manifest_texts import NAMES, NAMESPACES, one_in
from fluxv2_migrate.testing.workload_strategies import annotations_of

ReleaseApi = Literal[
    "helm.fluxcd.io/v1", "flux.weave.works/v1beta1", "helm.integrations.flux.weave.works/v1alpha2"
]

_APIS: Final[tuple[ReleaseApi, ...]] = (
    *("helm.fluxcd.io/v1",) * 14,
    "flux.weave.works/v1beta1",
    "helm.integrations.flux.weave.works/v1alpha2",
)
_VALUES: Final = st.dictionaries(
    st.sampled_from(["replicas", "host", "debug", "resources"]),
    st.integers(0, 9) | st.booleans() | st.sampled_from(["web.example.com", "no", "1.10", "", "${X}"]),
    max_size=2,
)
_REPOSITORIES: Final = st.fixed_dictionaries(
    {
        "repository": st.sampled_from(
            ["https://charts.example.com", "https://charts.example.com/", "http://mirror.example.org/stable"]
        ),
        "name": st.sampled_from(["web", "web-app"]),
        "version": st.sampled_from(["1.2.3", "~1.2", "0.1.0"]),
    }
)
_GITS: Final = st.fixed_dictionaries(
    {
        "git": st.sampled_from(
            ["git@git.example.com:acme/charts", "https://git.example.com/acme/charts.git"]
        ),
        "path": st.sampled_from(["charts/web", "charts/web/", "."]),
        "ref": st.sampled_from(["main", "v1.0", "0123456789abcdef0123456789abcdef01234567"]),
    },
    optional={"skipDepUpdate": st.booleans()},
)
_CHARTS: Final = st.one_of(_REPOSITORIES, _REPOSITORIES, _GITS)
_OLD_FIELDS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "timeout": st.sampled_from([60, 300, 600]),
    "resetValues": st.booleans(),
    "forceUpgrade": st.booleans(),
    "valueFileSecrets": st.just([{"name": "values"}]),
}
_FIELDS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    **_OLD_FIELDS,
    "targetNamespace": st.sampled_from(["shop", "target"]),
    "maxHistory": st.integers(0, 20),
    "wait": st.booleans(),
    "skipCRDs": st.booleans(),
    "disableOpenAPIValidation": st.booleans(),
    "valuesFrom": st.just([{"configMapKeyRef": {"name": "values", "optional": True}}])
    | st.just([{"secretKeyRef": {"name": "values", "key": "more.yaml"}}]),
    "rollback": st.fixed_dictionaries(
        {"enable": st.booleans()}, optional={"retry": st.booleans(), "maxRetries": st.integers(0, 3)}
    ),
    "test": st.fixed_dictionaries({"enable": st.booleans()}, optional={"ignoreFailures": st.booleans()}),
}


@st.composite
def _some_of(draw: st.DrawFn, fields: Mapping[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True))
    return {name: draw(fields[name]) for name in sorted(chosen)}


@st.composite
def _image_values(draw: st.DrawFn, image: str, tag: str) -> dict[str, Any]:
    return draw(
        st.sampled_from(
            [
                {"image": {"repository": image, "tag": tag}},
                {"image": f"{image}:{tag}"},
                {"image": image, "tag": tag},
                {"image": {"registry": "ghcr.io", "repository": image.partition("/")[2], "tag": tag}},
            ]
        )
    )


@st.composite
def releases(
    draw: st.DrawFn,
    *,
    api_version: ReleaseApi | None = None,
    names: st.SearchStrategy[str] = NAMES,
    namespaces: st.SearchStrategy[str] = NAMESPACES,
) -> dict[str, Any]:
    """Draws a release with a chart from a Helm repository or from git; some have images that fluxd updated.

    Args:
        draw: of Hypothesis; not given.
        api_version: of Flux v1; where not given any of the three, as often as people still have them.
        names: of the release.
        namespaces: of the release; empty for none.

    Returns:
        The manifest.

    >>> from hypothesis import find
    >>> find(releases(api_version="helm.fluxcd.io/v1"), lambda release: True)["spec"]["helmVersion"]
    'v3'
    """
    api = api_version or draw(st.sampled_from(_APIS))
    name, namespace = draw(names), draw(namespaces)
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    values = draw(_VALUES)
    if draw(one_in(3, st.just(True), False)):
        metadata["annotations"], tag = draw(annotations_of("chart-image"))
        values |= draw(_image_values(f"ghcr.io/acme/{name}", tag))
    spec: dict[str, Any] = {}
    if draw(one_in(4, st.just(True), False)):
        spec["releaseName"] = f"live-{name}"
    if api == "helm.integrations.flux.weave.works/v1alpha2":
        spec["chartGitPath"] = draw(st.sampled_from(["web", "team/web"]))
        kind = "FluxHelmRelease"
    else:
        kind = "HelmRelease"
        if api == "helm.fluxcd.io/v1":
            spec["helmVersion"] = "v3"
        spec["chart"] = draw(_CHARTS)
        spec |= draw(_some_of(_FIELDS if api == "helm.fluxcd.io/v1" else _OLD_FIELDS))
    if values:
        spec["values"] = values
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}
