"""Workloads that fluxd updated."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from fluxv2_migrate.testing.names import NAMES, NAMESPACES, one_in
from fluxv2_migrate.testing.tag_strategies import TagHistory, tags

_PREFIXES: Final = ("fluxcd.io/tag.", "flux.weave.works/tag.", "filter.fluxcd.io/")
_SWITCHES: Final = (
    *[{"fluxcd.io/automated": "true"}] * 4,
    {"flux.weave.works/automated": "true"},
    {"fluxcd.io/automated": "false"},
    {"fluxcd.io/automated": "true", "fluxcd.io/locked": "true"},
    {"fluxcd.io/automated": "true", "fluxcd.io/ignore": "true"},
)
_HISTORIES: Final = st.one_of(*[tags(ordered=True)] * 15, tags())


@st.composite
def annotations_of(draw: st.DrawFn, container: str) -> tuple[dict[str, str], str]:
    """Draws the annotations of fluxd for one container, and a tag that it runs."""
    history: TagHistory = draw(_HISTORIES)
    annotations = dict(draw(st.sampled_from(_SWITCHES)))
    annotations[draw(st.sampled_from(_PREFIXES)) + container] = history.pattern
    return annotations, draw(st.sampled_from(history.images)).tag


@st.composite
def workloads(
    draw: st.DrawFn,
    *,
    names: st.SearchStrategy[str] = NAMES,
    namespaces: st.SearchStrategy[str] = NAMESPACES,
) -> dict[str, Any]:
    """Draws a workload of one container, mostly with the annotations of fluxd.

    Args:
        draw: of Hypothesis; not given.
        names: of the workload.
        namespaces: of the workload; empty for none.

    Returns:
        The manifest.

    >>> from hypothesis import find
    >>> find(workloads(), lambda workload: True)["kind"]
    'Deployment'
    """
    kind = draw(st.sampled_from(("Deployment", "StatefulSet", "DaemonSet", "CronJob")))
    name, namespace = draw(names), draw(namespaces)
    annotations, tag = draw(annotations_of("app"))
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if draw(one_in(5, st.just(False), True)):
        metadata["annotations"] = annotations
    registry = draw(st.sampled_from(("ghcr.io/acme", "acme")))
    labels = {"app": name}
    pod = {"containers": [{"name": "app", "image": f"{registry}/{name}:{tag}"}]}
    spec: dict[str, Any] = {"template": {"metadata": {"labels": labels}, "spec": pod}}
    if kind == "CronJob":
        spec = {"schedule": "@daily", "jobTemplate": {"spec": spec}}
    else:
        spec = {"selector": {"matchLabels": labels}, **spec}
    version = "batch/v1" if kind == "CronJob" else "apps/v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
