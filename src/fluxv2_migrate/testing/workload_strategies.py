"""Workloads that fluxd updated, and the tags of their images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from fluxv2_migrate.flux1 import TaggedImage
from fluxv2_migrate.testing.manifest_texts import NAMES, NAMESPACES, one_in

_Scheme = Callable[[int, datetime, str], str]
_START: Final = datetime(2020, 9, 1, 8, 30, tzinfo=UTC)
_PREFIXES: Final = ("fluxcd.io/tag.", "flux.weave.works/tag.", "filter.fluxcd.io/")
_SWITCHES: Final = (
    *[{"fluxcd.io/automated": "true"}] * 4,
    {"flux.weave.works/automated": "true"},
    {"fluxcd.io/automated": "false"},
    {"fluxcd.io/automated": "true", "fluxcd.io/locked": "true"},
    {"fluxcd.io/automated": "true", "fluxcd.io/ignore": "true"},
)


@dataclass(frozen=True, slots=True)
class TagHistory:
    """The tags of one image.

    Attributes:
        pattern: the filter that its users gave to fluxd.
        images: what was built, in the order of the builds.
    """

    pattern: str
    images: tuple[TaggedImage, ...]


def _version(number: int) -> str:
    return f"1.{number // 5}.{number % 5}"


_ORDERED: Final[tuple[tuple[str, _Scheme], ...]] = (
    ("semver:~1", lambda number, time, commit: _version(number)),
    ("semver:>=1.0.0", lambda number, time, commit: _version(number)),
    ("glob:v*", lambda number, time, commit: f"v{_version(number)}"),
    ("glob:main-*", lambda number, time, commit: f"main-{commit}-{int(time.timestamp())}"),
    ("glob:prod-*", lambda number, time, commit: f"prod-{time:%Y%m%d-%H%M%S}"),
    ("glob:build-*", lambda number, time, commit: f"build-{number + 95}"),
)
_WITHOUT_ORDER: Final[tuple[tuple[str, _Scheme], ...]] = (
    ("glob:dev-*", lambda number, time, commit: f"dev-{commit}"),
    ("glob:*", lambda number, time, commit: commit),
    ("regexp:^[0-9]{8}-", lambda number, time, commit: f"{time:%Y%m%d}-{commit}"),
)


@st.composite
def tags(draw: st.DrawFn, *, ordered: bool | None = None) -> TagHistory:
    """Draws the tags of an image.

    Args:
        draw: of Hypothesis; not given.
        ordered: whether the tags tell the order of the builds; where not given either may be.

    Returns:
        The filter of fluxd and the builds, each with its time.

    >>> from hypothesis import find
    >>> find(tags(ordered=True), lambda history: True).pattern
    'semver:~1'
    """
    schemes = {True: _ORDERED, False: _WITHOUT_ORDER, None: (*_ORDERED, *_WITHOUT_ORDER)}[ordered]
    pattern, scheme = draw(st.sampled_from(schemes))
    time = _START
    found: dict[str, TaggedImage] = {}
    for number in range(draw(st.integers(1, 5))):
        time += timedelta(minutes=draw(st.integers(60, 4000)))
        # A letter in front, so that no commit is a number.
        tag = scheme(number, time, f"a{draw(st.integers(0, 16**6 - 1)):06x}")
        found[tag] = TaggedImage(tag, time)
    return TagHistory(pattern, tuple(found.values()))


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
