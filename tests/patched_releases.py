"""Repositories of a base and overlays that patch its releases, in every way that kustomize knows."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from hypothesis import strategies as st

from fluxv2_migrate.yaml_text import Style, emit_entry

__all__ = ["CHARTS", "NAMES", "PATCHED_CHARTS", "as_release", "as_text", "patched_repositories", "specs"]

API = "helm.fluxcd.io/v1"
NAMES = ("web", "api", "db")
CHARTS: tuple[dict[str, Any], ...] = (
    {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"},
    {"repository": "https://other.example.com/charts/", "name": "web-next", "version": "2.0.0"},
    {"git": "https://git.example.com/acme/charts", "ref": "main", "path": "charts/web"},
)
# The names of two Helm releases never meet in one namespace, save where a patch for several gives them one.
RELEASE_NAMES = ("{}", "{}-next")
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "targetNamespace": st.sampled_from(["team", "shop"]),
    "timeout": st.sampled_from([60, 300, 900]),
    "maxHistory": st.sampled_from([3, 10, 0]),
    "wait": st.booleans(),
    "forceUpgrade": st.booleans(),
    "resetValues": st.booleans(),
    "skipCRDs": st.booleans(),
    "disableOpenAPIValidation": st.booleans(),
    "rollback": st.fixed_dictionaries(
        {},
        optional={
            "enable": st.booleans(),
            "retry": st.booleans(),
            "maxRetries": st.sampled_from([0, 3]),
            "disableHooks": st.booleans(),
            "wait": st.booleans(),
            "timeout": st.sampled_from([60, 600]),
        },
    ),
    "test": st.fixed_dictionaries(
        {}, optional={"enable": st.booleans(), "ignoreFailures": st.booleans(), "timeout": st.just(90)}
    ),
    "valueFileSecrets": st.lists(st.sampled_from([{"name": "keys"}, {"name": "more"}]), max_size=2),
    "valuesFrom": st.lists(
        st.sampled_from(
            [
                {"configMapKeyRef": {"name": "site"}},
                {"secretKeyRef": {"name": "login", "key": "values.yml", "optional": True}},
            ]
        ),
        max_size=2,
    ),
    "values": st.dictionaries(
        st.sampled_from(["replicas", "hosts", "image"]),
        st.sampled_from([1, True, "on", ["a", "b"], {"tag": "1.2.3"}]),
        max_size=2,
    ),
}
PATCHED_CHARTS = st.one_of(
    st.fixed_dictionaries({}, optional={"version": st.just("9.9.9"), "name": st.just("else")}),
    st.just({"repository": "https://mirror.example.com"}),
)
TARGETS = st.sampled_from(
    [
        {"kind": "HelmRelease"},
        {"group": "helm.fluxcd.io", "kind": "HelmRelease"},
        {"group": "helm.fluxcd.io", "version": "v1", "kind": "HelmRelease"},
        {"kind": "HelmRelease", "name": "web|api"},
        {"kind": "HelmRelease", "labelSelector": "tier=front"},
    ]
)


@st.composite
def specs(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draws the fields of a patch for a release, or of a base beside its chart."""
    fields = draw(st.lists(st.sampled_from(["releaseName", *sorted(FIELDS)]), max_size=3, unique=True))
    return {
        field: draw(FIELDS[field]) if field in FIELDS else draw(st.sampled_from(RELEASE_NAMES)).format(name)
        for field in fields
    }


def as_release(name: str, namespace: str, spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, **({"namespace": namespace} if namespace else {}), **more}
    return {"apiVersion": API, "kind": "HelmRelease", "metadata": metadata, "spec": spec}


@st.composite
def _patches(draw: st.DrawFn, names: list[str], namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draws the fields of a kustomization that patch, and the files that they name."""
    found: dict[str, list[Any]] = {}
    files: dict[str, Any] = {}
    for number in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(names))
        spec = draw(specs(name))
        if draw(st.booleans()):
            spec["chart"] = draw(PATCHED_CHARTS)
        shape = draw(st.sampled_from(["file", "file", "strategic", "inline", "target", "json", "6902"]))
        patch = as_release(name, namespace, spec)
        file = f"patch-{number}.yaml"
        if shape == "strategic":
            files[file] = patch
            found.setdefault("patchesStrategicMerge", []).append(file)
        elif shape == "file":
            files[file] = patch
            found.setdefault("patches", []).append({"path": file})
        elif shape == "inline":
            found.setdefault("patches", []).append({"patch": as_text(patch)})
        elif shape == "target":
            # Hypothesis likes the ends of a range, and this is rare: a name in the middle of one.
            if len(names) > 1 and draw(st.integers(0, 99)) != 57:
                spec.pop("releaseName", None)
            files[file] = patch
            found.setdefault("patches", []).append({"path": file, "target": draw(TARGETS)})
        else:
            target = {"group": "helm.fluxcd.io", "version": "v1", "kind": "HelmRelease", "name": name}
            operations = [
                {"op": draw(st.sampled_from(["add", "replace"])), "path": f"/spec/{key}", "value": value}
                for key, value in spec.items()
                if key != "chart"
            ]
            version = {"op": "replace", "path": "/spec/chart/version", "value": "8.8.8"}
            if draw(st.integers(0, 3)) == 0:
                fields = {"helmVersion": "v3", **draw(specs(name)), "chart": draw(st.sampled_from(CHARTS))}
                whole = {"op": draw(st.sampled_from(["add", "replace"])), "path": "/spec", "value": fields}
                operations.insert(draw(st.integers(0, len(operations))), whole)
            entry = {"target": target, "patch": json.dumps([*operations, version])}
            found.setdefault("patchesJson6902" if shape == "6902" else "patches", []).append(entry)
    return found, files


@st.composite
def patched_repositories(draw: st.DrawFn) -> tuple[dict[str, str | bytes], tuple[str, ...]]:
    """Draws a repository, and the folders that fluxd syncs.

    Args:
        draw: of Hypothesis.
    """
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    namespace = draw(st.sampled_from(["shop", "shop", ""]))
    files: dict[str, str | bytes] = {}

    def put(folder: str, kustomization: dict[str, Any], more: dict[str, Any]) -> None:
        files[f"{folder}/kustomization.yaml"] = as_text(kustomization)
        for file, content in more.items():
            files[f"{folder}/{file}"] = as_text(content)

    base: dict[str, Any] = {}
    for name in names:
        spec = {"helmVersion": "v3", "chart": draw(st.sampled_from(CHARTS)), **draw(specs(name))}
        labels = draw(st.sampled_from([{}, {"labels": {"tier": "front"}}]))
        base[f"{name}.yaml"] = as_release(name, namespace, spec, **labels)
    put("base", {"resources": list(base)}, base)
    below = "base"
    if draw(st.integers(0, 2)) == 0:
        fields, more = draw(_patches(names, namespace))
        put("region", {"resources": ["../base"], **fields}, more)
        below = "region"
    folders = ("eu", "us")[: draw(st.integers(1, 2))]
    for folder in folders:
        fields, more = draw(_patches(names, namespace))
        shape: dict[str, Any] = draw(st.sampled_from([{}, {}, {"namespace": f"shop-{folder}"}]))
        if not namespace and not shape:
            shape = {"namespace": "shop"}
        put(folder, {"resources": [f"../{below}"], **shape, **fields}, more)
    return files, folders


def as_text(manifest: dict[str, Any]) -> str:
    """Gives a manifest as YAML in block style, as most people write it."""
    text = "".join(emit_entry(key, value, 0, Style()) for key, value in manifest.items())
    return re.sub(r'^( *)((?:- )?patch: )("(?:[^"\\]|\\.)*")$', _block, text, flags=re.MULTILINE)


def _block(found: re.Match[str]) -> str:
    """Gives a patch that stands in a kustomization as a block of text."""
    text = yaml.safe_load(found[3])
    if "\n" not in text:
        return found[0]
    indent = " " * (len(found[1]) + 4)
    lines = "".join(f"\n{indent}{line}" for line in text.rstrip().split("\n"))
    return f"{found[1]}{found[2]}|-{lines}"
