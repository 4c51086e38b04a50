"""Releases of all three APIs of Flux v1, for laws: every field of each, most of them in a use that works.

What stops a release is drawn seldom, so that most examples are migrated; `NOTHING_IS_RARE` is the least
share of examples that any field has.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from pydantic import StrictBool

from fluxv2_migrate.flux1 import HelmReleaseSpec

__all__ = [
    "ANY_RELEASES",
    "FIRST_RELEASES",
    "NAMES",
    "NOTHING_IS_RARE",
    "OLD_RELEASES",
    "RELEASES",
    "fields_in",
]

NOTHING_IS_RARE = 0.01

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99999) | st.text("ab ${}#:-'\"é\n", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


def seldom(usual: list[Any], odd: list[Any], times: int = 12) -> st.SearchStrategy[Any]:
    """Draws one of the usual values, and now and then an odd one."""
    return st.sampled_from([*usual * times, *odd])


SECONDS = seldom([1, 60, 90, 300, 600, 4000], [0, 0, -1], 3)
SELECTORS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "key": seldom(["values.yaml", "a.b_c-D"], ["b c"]),
        "optional": st.booleans(),
        "namespace": seldom(["shop"], ["other"], 20),
        "optionl": seldom([True], []),
    },
)
OLD_SELECTORS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "key": seldom(["values.yaml", "x"], ["b c"]),
        "optional": st.booleans(),
        "namespace": seldom(["other"], []),
    },
)
FILES = st.fixed_dictionaries(
    {"path": seldom(["a.yaml", "../b.yaml", "values.yaml"], ["../../../c.yaml"])},
    optional={"optional": st.booleans()},
)
URLS = st.fixed_dictionaries(
    {"url": st.just("https://values.example.com/a.yaml"), "optional": seldom([True], [False], 6)}
) | st.just({"url": "https://values.example.com/b.yaml", "optional": True})
REPOSITORIES = {
    "repository": seldom(
        ["https://charts.example.com", "http://x.example/a/", "https://charts.example.com/?a=b"], ["s3://b"]
    ),
    "name": seldom(["web", "web-app", "a/b"], ["Web_App"]),
    "version": st.sampled_from(["1.2.3", "~1.2", "1.x", "v0.1.0"]),
}
GITS = {
    "git": seldom(
        [
            "git@github.com:acme/charts",
            "https://example.com/a/b.git",
            "http://example.com/a",
            "ssh://git@example.com:2222/a.git",
        ],
        ["file:///a"],
        6,
    ),
    "path": seldom(["charts/web", "/", ".", "charts/web/", "/a/./b"], ["../x"], 8),
}
REFS = seldom(["main", "v1.0", "a" * 40, "refs/tags/x", "refs/heads/y", "refs/pull/1/head"], ["x~1", ""], 4)


def charts(selects: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Draws a chart from a Helm repository or from git, seldom both or neither."""
    pull_secret = st.just({"name": "x"})
    return st.one_of(
        st.fixed_dictionaries(REPOSITORIES, optional={"chartPullSecret": pull_secret}),
        st.fixed_dictionaries(GITS, optional={"ref": REFS, "skipDepUpdate": st.booleans(), **selects}),
        st.fixed_dictionaries(
            {**GITS, "version": st.just("1.2.3")},
            optional={"chartPullSecret": pull_secret, "ref": REFS, **selects},
        ),
        st.fixed_dictionaries(
            REPOSITORIES, optional={"ref": REFS, "path": st.just("charts/web"), "colour": st.just("red")}
        ),
        seldom([{"git": "https://example.com/a/b", "path": "charts/web"}], [{"name": "nothing"}, {}]),
    )


def sources(selectors: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draws sources of values, seldom an entry with several or none."""
    one = {
        "configMapKeyRef": selectors,
        "secretKeyRef": selectors,
        "externalSourceRef": URLS,
        "chartFileRef": FILES,
    }
    entries = [st.fixed_dictionaries({key: part}) for key, part in one.items()]
    several = st.fixed_dictionaries({"secretKeyRef": selectors, "chartFileRef": FILES})
    return st.lists(st.one_of(*entries, entries[0], entries[1], entries[3], several, st.just({})), max_size=3)


OLD_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "releaseName": NAMES,
    "timeout": SECONDS,
    "valueFileSecrets": st.lists(st.fixed_dictionaries({"name": NAMES}), max_size=2),
    "values": st.dictionaries(NAMES, VALUES, max_size=3),
}
ROLLBACKS: dict[str, st.SearchStrategy[Any]] = {
    "force": st.booleans(),
    "recreate": st.booleans(),
    "disableHooks": st.booleans(),
    "timeout": SECONDS,
    "wait": st.booleans(),
}
LATER_ROLLBACKS: dict[str, st.SearchStrategy[Any]] = {
    "retry": st.booleans(),
    "maxRetries": st.integers(-1, 4),
}
# What is on or off: each field of the model that is nothing but that.
FLAGS: dict[str, st.SearchStrategy[Any]] = {
    field.alias or name: st.booleans()
    for name, field in HelmReleaseSpec.model_fields.items()
    if field.annotation == StrictBool | None
}
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **FLAGS,
    **OLD_FIELDS,
    "helmVersion": seldom(["v3"], ["v2"]),
    "targetNamespace": NAMES | st.just("shop"),
    "maxHistory": st.integers(0, 20),
    "valuesFrom": sources(SELECTORS),
    "rollback": st.fixed_dictionaries(
        {"enable": seldom([True], [False], 3)},
        optional={
            **ROLLBACKS,
            **LATER_ROLLBACKS,
            "enabled": seldom([True], []),
        },
    ),
    "test": st.fixed_dictionaries(
        {"enable": seldom([True], [False], 3)},
        optional={"ignoreFailures": st.booleans(), "timeout": SECONDS, "cleanup": st.booleans()},
    ),
    "unknown": VALUES,
    "interval": st.just("1s"),
}
METADATA = st.fixed_dictionaries(
    {"name": NAMES, "namespace": st.just("shop")},
    optional={
        "labels": st.just({"app": "web"}),
        "annotations": st.fixed_dictionaries(
            {},
            optional={
                "helm.fluxcd.io/antecedent": st.just("shop:helmrelease/web"),
                "helm.fluxcd.io/migrate": st.just("true"),
                "acme.example/owner": st.just("shop"),
            },
        ),
    },
)
# The API server leaves out what is null.
NULLS = st.lists(
    st.sampled_from(
        [
            ("timeout",),
            ("maxHistory",),
            ("wait",),
            ("rollback",),
            ("rollback", "timeout"),
            ("rollback", "recreate"),
            ("rollback", "retry"),
            ("test",),
            ("test", "ignoreFailures"),
            ("targetNamespace",),
            ("releaseName",),
            ("valuesFrom",),
            ("valueFileSecrets",),
            ("values",),
            ("skipCRDs",),
            ("chart", "ref"),
            ("chart", "secretRef"),
            ("chart", "skipDepUpdate"),
        ]
    ),
    max_size=1,
)


@st.composite
def _releases(draw: st.DrawFn, api: str, kind: str, spec: st.SearchStrategy[Any]) -> dict[str, Any]:
    made = copy.deepcopy(draw(spec))
    for *path, key in draw(NULLS):
        parent = made
        for each in path:
            parent = parent.get(each) or {}
        if key in parent:
            parent[key] = None
    manifest = {"apiVersion": api, "kind": kind, "metadata": draw(METADATA), "spec": made}
    if draw(st.booleans()):
        manifest["status"] = (
            {"phase": "Succeeded"} if kind == "HelmRelease" else {"releaseStatus": "DEPLOYED"}
        )
    return manifest


RELEASES = _releases(
    "helm.fluxcd.io/v1",
    "HelmRelease",
    st.fixed_dictionaries(
        {
            "chart": charts(
                {
                    "secretRef": st.fixed_dictionaries(
                        {"name": st.just("token")}, optional={"namespace": st.sampled_from(["shop", "flux"])}
                    )
                }
            )
        },
        optional=FIELDS,
    ),
)
"""Of `helm.fluxcd.io/v1`."""
OLD_RELEASES = _releases(
    "flux.weave.works/v1beta1",
    "HelmRelease",
    st.fixed_dictionaries(
        {"chart": charts({"secretRef": st.just({"name": "token"})})},
        optional={
            **OLD_FIELDS,
            "valuesFrom": sources(OLD_SELECTORS),
            "rollback": st.fixed_dictionaries(
                {"enable": seldom([True], [False], 3)}, optional={**ROLLBACKS, **LATER_ROLLBACKS}
            ),
            # The fields of the next API had no effect.
            **FLAGS,
            "helmVersion": st.just("v3"),
            "targetNamespace": NAMES,
            "test": st.just({"enable": True}),
            "maxHistory": st.integers(0, 20),
        },
    ),
)
"""Of `flux.weave.works/v1beta1`."""
FIRST_RELEASES = _releases(
    "helm.integrations.flux.weave.works/v1alpha2",
    "FluxHelmRelease",
    st.fixed_dictionaries(
        {"chartGitPath": st.sampled_from(["web", "team/web/"])},
        optional={key: OLD_FIELDS[key] for key in ("releaseName", "valueFileSecrets", "values")},
    ),
)
"""Of `helm.integrations.flux.weave.works/v1alpha2`."""


def fields_in(value: Any, path: str = "") -> Iterator[str]:
    """Gives the dotted path of every field that a manifest has, `[]` for the items of a list."""
    if isinstance(value, dict):
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            yield here
            yield from fields_in(item, here)
    elif isinstance(value, list):
        for item in value:
            yield from fields_in(item, f"{path}[]")


ANY_RELEASES = st.sampled_from([RELEASES] * 6 + [OLD_RELEASES] * 3 + [FIRST_RELEASES]).flatmap(
    lambda kind: kind
)
"""Of any of the three APIs, as often as people still have them."""
