"""Repositories with images that fluxd updates, and the registries that these come from."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux1 import TaggedImage
from generated_registries import DISTURBANCES, SCHEMES, history

__all__ = ["AutomatedRepository", "automated_repositories"]

IMAGES = (
    "ghcr.io/acme/web",
    "acme/shop",
    "docker.io/acme/api",
    "nginx",
    "localhost:5000/job",
    "quay.io/acme/deep/log",
    "k8s.gcr.io/pause",
)
VERSION_PATTERNS = ("semver:*", "semver:>=1", "semver:~1.1", "semver:^1.0.0", "semver:1.x", "semver:~1.")
PREFIXES = ("fluxcd.io/tag.", "flux.weave.works/tag.", "filter.fluxcd.io/")
PODS = ("Deployment", "DaemonSet", "StatefulSet", "CronJob")


@dataclass(frozen=True)
class AutomatedRepository:
    """A repository before its migration.

    Attributes:
        files: its files.
        registries: by image, what the registry holds, in the order of the builds.
        later: by image, what is pushed after the migration.
        patterns: by workload and container, the filter that fluxd reads.
    """

    files: dict[str, str | bytes]
    registries: dict[str, tuple[TaggedImage, ...]]
    later: dict[str, tuple[TaggedImage, ...]]
    patterns: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def image_tags(self) -> dict[str, tuple[fm.KnownTag, ...]]:
        """What `MigrationOptions` takes."""
        return {
            image: tuple(fm.KnownTag(tag=each.tag, created=each.created) for each in tags)
            for image, tags in self.registries.items()
        }


@st.composite
def automated_repositories(draw: st.DrawFn, *, disturbed: bool = True) -> AutomatedRepository:
    """Draws a repository of a few workloads, each image with tags and a filter that goes with them.

    Args:
        draw: of Hypothesis.
        disturbed: whether registries may have rebuilds, hotfixes and wrong clocks.
    """
    chance = random.Random(draw(st.integers(0, 2**32)))
    registries: dict[str, tuple[TaggedImage, ...]] = {}
    later: dict[str, tuple[TaggedImage, ...]] = {}
    patterns: dict[str, str] = {}
    for image in draw(st.lists(st.sampled_from(IMAGES), min_size=1, max_size=3, unique=True)):
        scheme = SCHEMES[draw(st.sampled_from(sorted(SCHEMES)))]
        count = draw(st.integers(2, 14))
        disturbance = draw(st.sampled_from(("none", "none", *DISTURBANCES))) if disturbed else "none"
        builds = tuple(history(chance, scheme, count, disturbance))
        # Some of the builds are pushed after the migration.
        kept = len(builds) - draw(st.integers(0, 3))
        registries[image], later[image] = builds[: max(kept, 1)], builds[max(kept, 1) :]
        is_version = scheme in (SCHEMES["version"], SCHEMES["v-version"], SCHEMES["range of versions"])
        others = VERSION_PATTERNS if is_version else ("glob:*", "regexp:.", "glob:x*", "")
        patterns[image] = draw(st.sampled_from((scheme.pattern, scheme.pattern, *others)))
    files: dict[str, str | bytes] = {}
    found: dict[tuple[str, str], str] = {}
    documents: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        name = f"app-{number}"
        document = _workload(draw, name, registries, patterns, found)
        flow = draw(st.sampled_from((False, False, None)))
        # Each annotation has a line of its own, so that a finding at a line is about one container.
        spec = {"spec": document.pop("spec")}
        text = yaml.safe_dump(document, sort_keys=False)
        text += yaml.safe_dump(spec, sort_keys=False, default_flow_style=flow, width=1000)
        if draw(st.booleans()):
            text = text.replace("\nspec:", "\n# what runs\nspec: # here")
        documents.append(text)
        if draw(st.booleans()):
            files[f"apps/{name}.yaml"] = _joined(draw, documents)
            documents = []
    if documents:
        files["apps/more.yaml"] = _joined(draw, documents)
    return AutomatedRepository(files, registries, later, found)


def _joined(draw: st.DrawFn, documents: list[str]) -> str:
    text = "---\n".join(documents)
    return text if draw(st.integers(0, 3)) else text.replace("\n", "\r\n")


def _workload(
    draw: st.DrawFn,
    name: str,
    registries: Mapping[str, tuple[TaggedImage, ...]],
    patterns: Mapping[str, str],
    found: dict[tuple[str, str], str],
) -> dict[str, Any]:
    kind = draw(st.sampled_from((*PODS, *("HelmRelease",) * 4)))
    namespace = draw(st.sampled_from(("shop", "bank")))
    annotations: dict[str, Any] = {"example.com/owner": "us"}
    switches = {"automated": draw(st.sampled_from(("true", "true", "true", "true", True, "false", "True")))}
    if not draw(st.integers(0, 7)):
        switches[draw(st.sampled_from(("locked", "ignore")))] = "true"
    for key, value in switches.items():
        annotations[draw(st.sampled_from(PREFIXES)).partition("/")[0] + "/" + key] = value
    annotations = {key.replace("filter.", ""): value for key, value in annotations.items()}

    def image(container: str) -> tuple[str, str]:
        chosen = draw(st.sampled_from(sorted(registries)))
        pattern = patterns[chosen]
        if draw(st.integers(0, 4)):
            annotations[draw(st.sampled_from(PREFIXES)) + container] = pattern
        else:
            pattern = "glob:*"
        found[(f"{kind} {namespace}/{name}", container)] = pattern
        tags = registries[chosen]
        # Mostly one that the filter lets through, and seldom the newest: that one does not move.
        parsed = fm.flux1.TagPattern.parse(pattern)
        good = [each.tag for each in tags if parsed.selects(each.tag)] or [each.tag for each in tags]
        return chosen, draw(st.sampled_from(good if draw(st.integers(0, 5)) else [each.tag for each in tags]))

    metadata = {"name": name, "namespace": namespace, "annotations": annotations}
    if kind == "HelmRelease":
        return {
            "apiVersion": "helm.fluxcd.io/v1",
            "kind": kind,
            "metadata": metadata,
            "spec": {
                "helmVersion": "v3",
                "chart": {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"},
                "values": _values(draw, image, annotations),
            },
        }
    pod: dict[str, Any] = {"containers": []}
    for container in ("app", "log")[: draw(st.integers(1, 2))]:
        pod["containers"].append({"name": container, "image": ":".join(image(container)), "args": ["a"]})
    if draw(st.booleans()):
        pod["initContainers"] = [{"name": "init", "image": ":".join(image("init"))}]
    spec: dict[str, Any] = {"template": {"metadata": {"labels": {"app": name}}, "spec": pod}}
    if kind == "CronJob":
        spec = {"schedule": "@daily", "jobTemplate": {"spec": spec}}
    version = "batch/v1" if kind == "CronJob" else "apps/v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _values(draw: st.DrawFn, image: Any, annotations: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"replicas": 2}
    shape = draw(st.integers(0, 7))
    if shape == 7:
        name, tag = image("mapped")
        values["deep"] = {"er": {"repo": name, "version": tag}}
        annotations["repository.fluxcd.io/mapped"] = "deep.er.repo"
        annotations["tag.fluxcd.io/mapped"] = "deep.er.version"
        return values
    container = draw(st.sampled_from(("chart-image", "web", "a-b")))
    name, tag = image(container)
    first, _, rest = name.partition("/")
    domain, path = (first, rest) if {".", ":"} & set(first) else ("", name)
    shapes: list[dict[str, Any]] = [
        {"image": f"{name}:{tag}"},
        {"image": name, "tag": tag},
        {"image": {"repository": f"{name}:{tag}"}},
        {"image": {"repository": name, "tag": tag}},
        {"image": {"repository": name, "tag": tag, "pullPolicy": "Always"}},
        {"image": {"registry": domain, "repository": path, "tag": tag}},
        {"registry": domain, "image": path, "tag": tag},
    ]
    chosen = shapes[shape if domain else min(shape, 4)]
    if container == "chart-image":
        return {**values, **chosen}
    return {**values, container: {**chosen, "replicas": 1}}
