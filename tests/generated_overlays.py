"""Repositories of a base and overlays that patch its images, as people kept environments apart."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

__all__ = ["overlaid_repositories"]

SWITCHES = st.sampled_from(
    [
        {},
        *[{"fluxcd.io/automated": "true"}] * 5,
        {"flux.weave.works/automated": "true"},
        {"fluxcd.io/automated": "true", "fluxcd.io/locked": "true"},
        {"fluxcd.io/automated": "false"},
        {"fluxcd.io/automated": "true", "fluxcd.io/ignore": "true"},
    ]
)
FILTERS = st.sampled_from([None, *("semver:~1", "semver:>=1.0.0") * 3, "glob:*", "glob:main-*"])
TAGS = st.sampled_from([*("1.2.3", "1.3.0") * 3, "main-3f1c2ab-1602225929", "main-77fe2d4-1602600144"])
FLUX_YAML = (
    "version: 1\npatchUpdated:\n  generators:\n  - command: kustomize build .\n  patchFile: flux-patch.yaml\n"
)
HEAD = {"Deployment": "apps/v1", "HelmRelease": "helm.fluxcd.io/v1"}
CHART = """  helmVersion: v3
  chart:
    repository: https://charts.example.com
    name: web
    version: 1.2.3
"""


def _annotations(draw: st.DrawFn, container: str, *, plain: bool) -> dict[str, str]:
    if plain:
        return {}
    found = dict(draw(SWITCHES))
    pattern = draw(FILTERS)
    if pattern is not None:
        found[f"{draw(st.sampled_from(('fluxcd.io/tag.', 'filter.fluxcd.io/')))}{container}"] = pattern
    return found


def _manifest(
    draw: st.DrawFn, kind: str, name: str, shape: int, *, patch: bool, plain: bool, with_name: bool
) -> str:
    """Writes the base or a patch of it; a patch may give the tag alone."""
    container = "web" if kind == "HelmRelease" else "app"
    annotations = _annotations(draw, container, plain=plain)
    text = f"apiVersion: {HEAD[kind]}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: shop\n"
    if annotations:
        text += "  annotations:\n"
        text += "".join(f"    {key}: {json.dumps(value)}\n" for key, value in annotations.items())
    image, tag = f"ghcr.io/acme/{name}", draw(TAGS)
    if kind == "Deployment":
        body = f"      containers:\n      - name: app\n        image: {image}:{tag}\n"
        return f"{text}spec:\n  template:\n    spec:\n{body}"
    text += "spec:\n" + ("" if patch else CHART) + "  values:\n    web:\n"
    if shape == 0:
        return f"{text}      image: {image}:{tag}\n"
    text += "      image:\n"
    if with_name or not patch:
        text += f"        repository: {image}\n"
    return f"{text}        tag: {tag}\n"


@st.composite
def overlaid_repositories(
    draw: st.DrawFn, *, patch_file: bool
) -> tuple[dict[str, str | bytes], tuple[str, ...]]:
    """Draws a repository and the folders that fluxd syncs.

    Args:
        draw: of Hypothesis.
        patch_file: whether fluxd has put its own patches over what kustomize builds.
    """
    files: dict[str, str | bytes] = {}
    workloads: list[tuple[str, str, int]] = []
    for name in ("web", "api")[: draw(st.integers(1, 2))]:
        kind = draw(st.sampled_from(("HelmRelease", "Deployment", "Deployment")))
        workloads.append((kind, name, draw(st.integers(0, 1))))
    for kind, name, shape in workloads:
        files[f"base/{name}.yaml"] = _manifest(
            draw, kind, name, shape, patch=False, plain=draw(st.integers(0, 3)) == 0, with_name=True
        )
    entries = "".join(f"- {name}.yaml\n" for _, name, _ in workloads)
    files["base/kustomization.yaml"] = f"resources:\n{entries}"
    folders = ("clusters/live", "clusters/test")[: draw(st.integers(1, 2))]
    for folder in folders:
        text = "resources:\n- ../../base\n"
        patches = []
        for kind, name, shape in workloads:
            if draw(st.booleans()):
                files[f"{folder}/{name}-patch.yaml"] = _patch(draw, kind, name, shape)
                patches.append(f"{name}-patch.yaml")
        if patches:
            text += "patchesStrategicMerge:\n" + "".join(f"- {each}\n" for each in patches)
        if draw(st.integers(0, 3)) == 0:
            name = draw(st.sampled_from([name for _, name, _ in workloads]))
            text += f"images:\n- name: ghcr.io/acme/{name}\n  newTag: {draw(TAGS)}\n"
        files[f"{folder}/kustomization.yaml"] = text
        files[f"{folder}/.flux.yaml"] = FLUX_YAML
        if patch_file and draw(st.booleans()):
            kind, name, shape = draw(st.sampled_from(workloads))
            files[f"{folder}/flux-patch.yaml"] = _patch(draw, kind, name, shape)
    return files, folders


def _patch(draw: st.DrawFn, kind: str, name: str, shape: int) -> Any:
    return _manifest(
        draw, kind, name, shape, patch=True, plain=draw(st.booleans()), with_name=draw(st.booleans())
    )
