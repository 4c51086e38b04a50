"""Manifests as people write them into files, and the names in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from fluxv2_migrate.yaml_text import Style, emit_mapping

STYLES: Final = st.sampled_from([*[Style()] * 3, Style(flush=False), Style(step=4), Style(newline="\r\n")])
"""Ways in which files are written."""
_Value = TypeVar("_Value")
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
"""Names of objects."""
NAMESPACES = st.sampled_from(["shop", "shop", "bank", "default"])
"""Namespaces; that of fluxd's default among them."""
_FLUX2: Final = "flux-system"
CHARTS: Final[Mapping[str, Any]] = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "HelmRepository",
    "metadata": {"name": "charts", "namespace": _FLUX2},
    "spec": {"interval": "10m", "url": "https://charts.example.com"},
}
"""A source that Flux v2 has already."""


def written(manifests: Iterable[Mapping[str, Any]], style: Style = Style()) -> str:  # noqa: B008
    r"""Gives a file of manifests.

    Args:
        manifests: one document each.

    >>> written([{"kind": "Secret", "metadata": {"name": "a"}}, {"kind": "List"}])
    'kind: Secret\nmetadata:\n  name: a\n---\nkind: List\n'
    """
    return f"---{style.newline}".join(emit_mapping(each, style) for each in manifests)


def one_in(times: int, seldom: st.SearchStrategy[_Value], mostly: _Value) -> st.SearchStrategy[_Value]:
    """Draws from a strategy once in so many times, and else gives one value.

    Args:
        mostly: what is given else, and what an example shrinks to.

    >>> one_in(3, st.just("x"), "")
    one_of(just(''), just(''), just('x'))
    """
    return st.one_of(*[st.just(mostly)] * (times - 1), seldom)


def flux1_programs(path: str, *, manifest_generation: bool) -> list[dict[str, Any]]:
    """Gives the Deployments of fluxd and of the helm-operator.

    Args:
        manifest_generation: whether it runs the commands of a `.flux.yaml`.

    >>> [each["metadata"]["name"] for each in flux1_programs("prod", manifest_generation=True)]
    ['flux', 'helm-operator']
    """
    arguments = {
        "flux": [
            "--git-url=git@git.example.com:acme/fleet",
            "--git-branch=main",
            f"--git-path={path}",
            f"--manifest-generation={str(manifest_generation).lower()}",
        ],
        "helm-operator": ["--enabled-helm-versions=v3"],
    }
    images = {"flux": "docker.io/fluxcd/flux:1.25.4", "helm-operator": "docker.io/fluxcd/helm-operator:1.4.4"}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": "flux"},
            "spec": {
                "selector": {"matchLabels": {"name": name}},
                "template": {
                    "metadata": {"labels": {"name": name}},
                    "spec": {"containers": [{"name": name, "image": images[name], "args": arguments[name]}]},
                },
            },
        }
        for name in arguments
    ]


def sync_of_flux2(name: str, path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a Kustomization of Flux v2.

    Args:
        fields: more of its `spec`.

    >>> sync_of_flux2("apps", "apps/prod", {"prune": True})["spec"]["path"]
    './apps/prod'
    """
    source = {"kind": "GitRepository", "name": _FLUX2}
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": _FLUX2},
        "spec": {"interval": "10m", "path": f"./{path}", "prune": False, "sourceRef": source, **fields},
    }


def flux2_sync(path: str) -> list[dict[str, Any]]:
    """Gives what `flux bootstrap` commits for a cluster: its GitRepository and its Kustomization.

    >>> [each["kind"] for each in flux2_sync("clusters/prod")]
    ['GitRepository', 'Kustomization']
    """
    repository = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": _FLUX2, "namespace": _FLUX2},
        "spec": {
            "interval": "1m",
            "ref": {"branch": "main"},
            "secretRef": {"name": _FLUX2},
            "url": "ssh://git@git.example.com/acme/fleet",
        },
    }
    return [repository, sync_of_flux2(_FLUX2, path, {})]
