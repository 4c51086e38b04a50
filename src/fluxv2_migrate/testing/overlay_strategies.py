"""What kustomizations and Kustomizations of Flux v2 put over the manifests of a base."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from fluxv2_migrate.testing.manifest_texts import one_in, written

Manifest = dict[str, Any]


@st.composite
def _merge_patch(draw: st.DrawFn, manifest: Manifest) -> Manifest:
    """Draws a strategic merge patch of a manifest."""
    metadata = {
        key: manifest["metadata"][key] for key in ("name", "namespace") if key in manifest["metadata"]
    }
    patch: Manifest = {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": metadata}
    if not manifest["kind"].endswith("HelmRelease"):
        return {**patch, "spec": {"suspend": True} if manifest["kind"] == "CronJob" else {"paused": True}}
    spec = manifest["spec"]
    found: list[Manifest] = [{"values": {"replicas": 3}}, {"values": {"more": {"host": "a.example.com"}}}]
    if manifest["kind"] == "HelmRelease":
        found.append({"timeout": 120})
        if "repository" in spec["chart"]:
            found.append({"chart": {"version": "1.3.0"}})
    if "releaseName" not in spec:
        found.append({"releaseName": f"patched-{metadata['name']}"})
    return {**patch, "spec": draw(st.sampled_from(found))}


def _operations(patch: Manifest) -> list[Manifest]:
    """Gives the same as JSON 6902, for fields that need not be there."""
    ((name, value),) = patch["spec"].items()
    if name == "chart":
        return [{"op": "replace", "path": "/spec/chart/version", "value": value["version"]}]
    return [{"op": "add", "path": f"/spec/{name}", "value": value}]


@st.composite
def patches(draw: st.DrawFn, manifests: Sequence[Manifest]) -> list[Manifest]:
    """Draws entries for `patches`: merge patches and JSON 6902."""
    manifest = draw(st.sampled_from(manifests))
    patch = draw(_merge_patch(manifest))
    if draw(st.booleans()):
        return [{"patch": written([patch])}]
    target = {"kind": manifest["kind"], "name": manifest["metadata"]["name"]}
    return [{"patch": json.dumps(_operations(patch)), "target": target}]


@st.composite
def component(draw: st.DrawFn, manifests: Sequence[Manifest], *, renames: bool) -> Manifest:
    """Draws the kustomization of a component that patches or labels what includes it.

    Args:
        renames: whether it gives names a prefix instead.
    """
    fields: Manifest = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    if renames:
        return {**fields, "namePrefix": "a-"}
    if draw(st.booleans()):
        return {**fields, "patches": draw(patches(manifests))}
    return {**fields, "commonLabels": {"tier": "back"}}


@st.composite
def transformers(draw: st.DrawFn, manifests: Sequence[Manifest], *, places: bool, renames: bool) -> Manifest:
    """Draws the fields of a kustomization that change what it lists.

    Args:
        places: whether it must give a namespace.
        renames: whether it gives names a prefix.
    """
    fields: Manifest = {}
    if places or draw(one_in(4, st.just(True), False)):
        fields["namespace"] = draw(st.sampled_from(["shop", "prod"]))
    if renames:
        fields["namePrefix"] = "eu-"
    if draw(one_in(5, st.just(True), False)):
        fields["commonLabels"] = {"team": "shop"}
    if draw(one_in(8, st.just(True), False)):
        fields["commonAnnotations"] = {"acme.example/owner": "shop"}
    if draw(one_in(6, st.just(True), False)):
        name = draw(st.sampled_from(manifests))["metadata"]["name"]
        fields["images"] = [{"name": f"ghcr.io/acme/{name}", "newTag": "1.0.3"}]
    if draw(one_in(3, st.just(True), False)):
        fields["patches"] = draw(patches(manifests))
    return fields
