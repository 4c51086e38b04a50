"""Trees of bases, overlays and components, as Hypothesis draws them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import strategies as st

__all__ = ["folders_of", "kustomize_trees"]

Manifest = dict[str, Any]
Draw = st.DrawFn

NAMES = st.sampled_from(["web", "api", "db", "web-db"])
NAMESPACES = st.sampled_from(["", "", "default", "prod", "web"])
IMAGES = st.sampled_from(["nginx:1.2", "ghcr.io/org/api", "docker.io/org/web:v1@sha256:abc", "web:1.0"])
LABELS = st.dictionaries(st.sampled_from(["app", "tier", "team"]), st.sampled_from(["a", "b"]), max_size=2)
ANNOTATIONS = st.dictionaries(
    st.sampled_from(["fluxcd.io/automated", "fluxcd.io/tag.chart-image", "note"]),
    st.sampled_from(["true", "semver:~1.0", "x"]),
    max_size=2,
)
SCALARS = st.one_of(
    st.sampled_from(["text", "", "true", "1.10", "yes", "2020-01-01", "a: b", "#x"]),
    st.integers(-3, 3),
    st.booleans(),
    st.none(),
    st.just(0.5),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner.filter(lambda item: item is not None), max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "image", "containers", "env"]), inner, max_size=3),
    ),
    max_leaves=8,
)
RELEASES = st.sampled_from(["helm.fluxcd.io/v1", "helm.fluxcd.io/v1", "helm.toolkit.fluxcd.io/v2"])


@st.composite
def _metadata(draw: Draw) -> Manifest:
    metadata: Manifest = {"name": draw(NAMES)}
    for field, value in (
        ("namespace", draw(NAMESPACES)),
        ("labels", draw(LABELS)),
        ("annotations", draw(ANNOTATIONS)),
    ):
        if value:
            metadata[field] = value
    return metadata


@st.composite
def _container(draw: Draw) -> Manifest:
    container: Manifest = {"name": draw(st.sampled_from(["main", "sidecar"])), "image": draw(IMAGES)}
    if draw(st.booleans()):
        container["env"] = [
            {"name": name, "valueFrom": {"configMapKeyRef": {"name": draw(NAMES), "key": "k"}}}
            if draw(st.booleans())
            else {"name": name, "value": draw(st.sampled_from(["1", "x"]))}
            for name in draw(st.lists(st.sampled_from(["A", "B", "C"]), unique=True, max_size=2))
        ]
    if draw(st.booleans()):
        container["ports"] = [
            {"containerPort": port, **draw(st.sampled_from([{}, {"protocol": "TCP"}, {"name": "p"}]))}
            for port in draw(st.lists(st.sampled_from([80, 443]), unique=True, max_size=2))
        ]
    return container


@st.composite
def _pod(draw: Draw) -> Manifest:
    containers = draw(st.lists(_container(), min_size=1, max_size=2, unique_by=lambda item: item["name"]))
    spec: Manifest = {"containers": containers}
    if draw(st.booleans()):
        spec["serviceAccountName"] = draw(NAMES)
    if draw(st.booleans()):
        spec["volumes"] = [{"name": "v", "secret": {"secretName": draw(NAMES)}}]
    return {"metadata": {"labels": {"app": "x"}}, "spec": spec}


@st.composite
def manifests(draw: Draw) -> Manifest:
    """Objects of Flux, workloads and what they refer to."""
    metadata = draw(_metadata())
    kind = draw(
        st.sampled_from(
            [
                *(["HelmRelease"] * 5),
                *("GitRepository", "Deployment", "StatefulSet", "DaemonSet", "CronJob"),
                *("ConfigMap", "Secret", "Namespace", "ServiceAccount", "RoleBinding", "Service"),
            ]
        )
    )
    if kind == "HelmRelease":
        spec = {"releaseName": draw(NAMES), "chart": {"name": draw(NAMES)}, "values": draw(VALUES)}
        return {"apiVersion": draw(RELEASES), "kind": kind, "metadata": metadata, "spec": spec}
    if kind == "GitRepository":
        spec = {"url": "https://example.com", "ignore": draw(SCALARS)}
        return {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
    if kind in ("Deployment", "StatefulSet", "DaemonSet"):
        spec = {"selector": {"matchLabels": {"app": "x"}}, "template": draw(_pod())}
        if kind != "DaemonSet":
            spec["replicas"] = draw(st.integers(0, 3))
        return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}
    if kind == "CronJob":
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": draw(_pod())}}}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": spec}
    if kind == "RoleBinding":
        subject = {"kind": "ServiceAccount", "name": draw(NAMES | st.just("default")), "namespace": "prod"}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": kind,
            "metadata": metadata,
            "roleRef": role,
            "subjects": [subject],
        }
    if kind == "Namespace":
        metadata.pop("namespace", None)
    manifest: Manifest = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    if kind in ("ConfigMap", "Secret"):
        manifest["data"] = {"a": "eA=="}
    if kind == "Service":
        manifest["spec"] = {"selector": {"app": "x"}, "ports": [{"port": 80}]}
    return manifest


@st.composite
def _dumped(draw: Draw, values: list[Any]) -> str:
    flow = draw(st.sampled_from([False, False, None, True]))
    documents = [
        json.dumps(value) + "\n"
        # What begins with a bracket is JSON to kustomize, and nothing else.
        if flow is not False and isinstance(value, list)
        else yaml.safe_dump(value, default_flow_style=flow, sort_keys=False, allow_unicode=True)
        for value in values
    ]
    text = "---\n".join(documents)
    return text.replace("\n", "\r\n") if draw(st.integers(0, 5)) == 0 else text


@st.composite
def _merge(draw: Draw, known: list[Manifest]) -> Manifest:
    """A strategic merge patch for one of the objects, or for one that may not be there."""
    target = draw(st.sampled_from(known)) if known else draw(manifests())
    metadata = {field: value for field, value in target["metadata"].items() if field in ("name", "namespace")}
    patch: Manifest = {"apiVersion": target["apiVersion"], "kind": target["kind"], "metadata": metadata}
    form = draw(st.integers(0, 9))
    if form == 0:
        patch["$patch"] = "delete"
    elif form == 1:
        metadata["annotations"] = draw(st.dictionaries(st.just("note"), st.none() | st.just("y"), min_size=1))
    elif target["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
        patch["spec"] = {"template": draw(_pod())}
        if draw(st.booleans()):
            patch["spec"]["template"]["spec"]["containers"][0]["$patch"] = draw(
                st.sampled_from(["delete", "merge"])
            )
    elif "spec" in target and target["kind"] != "CronJob":
        spec = {"values": draw(VALUES), "releaseName": draw(NAMES | st.none())}
        patch["spec"] = draw(
            st.sampled_from([spec, {"chart": {"$patch": "replace", "x": 1}}, {"chart": None}])
        )
    return patch


@st.composite
def _operations(draw: Draw) -> list[Manifest]:
    values = draw(st.sampled_from(["x", 1, {"a": [1]}, ["y"]]))
    return draw(
        st.lists(
            st.sampled_from(
                [
                    {"op": "add", "path": "/metadata/labels", "value": {"z": "z"}},
                    {"op": "add", "path": "/metadata/annotations", "value": {"a~b/c": "z"}},
                    {"op": "add", "path": "/spec", "value": {"values": values}},
                    {"op": "replace", "path": "/kind", "value": "HelmRelease"},
                    {"op": "test", "path": "/kind", "value": "HelmRelease"},
                    {"op": "add", "path": "/more", "value": values},
                    {"op": "copy", "from": "/metadata/name", "path": "/copied"},
                    {"op": "remove", "path": "/spec"},
                ]
            ),
            min_size=1,
            max_size=2,
        )
    )


@st.composite
def _target(draw: Draw) -> Manifest:
    return draw(
        st.sampled_from(
            [
                {"kind": "HelmRelease"},
                {"kind": "HelmRelease", "group": "helm.fluxcd.io"},
                {"kind": "HelmRelease", "name": "web.*"},
                {"kind": "HelmRelease|Deployment", "name": "web"},
                {"kind": "Helm"},
                {"name": "web", "namespace": "default"},
                {"version": "v1", "kind": ".*Release", "namespace": "prod"},
                {"labelSelector": "app=a", "kind": "HelmRelease"},
                {"labelSelector": "app in (a, b),!team"},
                {"annotationSelector": "note!=x", "kind": "Deployment"},
                {"name": "pre-web"},
            ]
        )
    )


@st.composite
def _patches(draw: Draw, folder: str, known: list[Manifest], files: dict[str, str]) -> Manifest:
    fields: Manifest = {}
    for index in range(draw(st.integers(0, 2))):
        path = f"patch-{index}.yaml"
        kind = draw(
            st.sampled_from(["target-json", "target-merge", "named", "named", "strategic", "json6902"])
        )
        entry: Manifest = {}
        patch: Any
        if kind == "json6902":
            patch = draw(_operations())
            entry["target"] = {"kind": "HelmRelease", "name": draw(NAMES)}
        elif kind == "target-json":
            patch, entry["target"] = draw(_operations()), draw(_target())
        else:
            patch = draw(_merge(known))
            if kind == "target-merge":
                patch["metadata"] = {
                    "name": "any",
                    **{k: v for k, v in patch["metadata"].items() if k[0] == "a"},
                }
                entry["target"] = draw(_target())
                if draw(st.integers(0, 3)) == 0:
                    entry["options"] = {"allowNameChange": draw(st.booleans())}
        text = draw(_dumped([patch]))
        if draw(st.booleans()) and kind != "strategic":
            entry["patch"] = text
        else:
            files[f"{folder}/{path}"] = text
            entry["path"] = path
        if kind == "strategic":
            fields.setdefault("patchesStrategicMerge", []).append(path)
        else:
            fields.setdefault("patchesJson6902" if kind == "json6902" else "patches", []).append(entry)
    return fields


_SOURCES: list[Manifest] = [
    {"sourceValue": "made"},
    {"source": {"kind": "HelmRelease", "fieldPath": "spec.releaseName"}},
    {"source": {"kind": "Deployment", "options": {"delimiter": "-", "index": 0}}},
]
_REPLACED: list[Manifest] = [
    {
        "select": {"kind": "HelmRelease"},
        "fieldPaths": ["spec.chart.name", "metadata.annotations.made"],
        "options": {"create": True},
    },
    {"select": {"kind": "Deployment"}, "fieldPaths": ["spec.template.spec.containers.[name=main].image"]},
    {"select": {"kind": "Service"}, "reject": [{"name": "web"}], "fieldPaths": ["spec.ports.0.name"]},
]


@st.composite
def _transformers(draw: Draw) -> Manifest:
    options: dict[str, st.SearchStrategy[Any]] = {
        "namespace": st.sampled_from(["prod", "team"]),
        "namePrefix": st.sampled_from(["pre-", "x-"]),
        "nameSuffix": st.just("-suf"),
        "commonLabels": st.sampled_from([{"app": "c"}, {"tier": "a", "team": "b"}]),
        "commonAnnotations": st.just({"owner": "me"}),
        "labels": st.just([{"pairs": {"l": "1"}, "includeSelectors": True}])
        | st.just([{"pairs": {"l": "2"}, "includeTemplates": True}])
        | st.just([{"pairs": {"l": "3"}, "fields": [{"path": "spec/values/l", "create": True}]}]),
        "images": st.lists(
            st.sampled_from(
                [
                    {"name": "nginx", "newTag": "9"},
                    {"name": "web", "newName": "other"},
                    {"name": "docker.io/org/web", "digest": "sha256:123"},
                    {"name": "ghcr.io/org/api", "newTag": "v2", "newName": "quay.io/api"},
                ]
            ),
            min_size=1,
            max_size=2,
        ),
        "configMapGenerator": st.just([{"name": "web", "literals": ["a=b", "c='d'"]}])
        | st.just([{"name": "made", "literals": ["a=<b>"], "options": {"disableNameSuffixHash": True}}]),
        "secretGenerator": st.just([{"name": "db", "namespace": "prod", "literals": ["a=b"]}]),
        "replacements": st.sampled_from(_SOURCES).map(lambda source: [{**source, "targets": _REPLACED}]),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(options)), unique=True, max_size=3))
    return {name: draw(options[name]) for name in chosen}


def _unique(found: list[Manifest]) -> list[Manifest]:
    known: dict[tuple[str, ...], Manifest] = {}
    for manifest in found:
        metadata = manifest["metadata"]
        identity = (manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), metadata["name"])
        known.setdefault(identity, manifest)
    return list(known.values())


@st.composite
def _folder(
    draw: Draw,
    folder: str,
    below: list[str],
    components: list[str],
    files: dict[str, str],
    known: dict[str, list[Manifest]],
) -> None:
    own = _unique(draw(st.lists(manifests(), min_size=0 if below else 1, max_size=3)))
    kustomization: Manifest = {}
    listed: list[str] = []
    if own:
        if draw(st.integers(0, 4)) == 0:
            files[f"{folder}/all.yaml"] = draw(_dumped([{"apiVersion": "v1", "kind": "List", "items": own}]))
            listed.append("all.yaml")
        elif draw(st.booleans()):
            files[f"{folder}/all.yaml"] = draw(_dumped(own))
            listed.append("./all.yaml")
        else:
            for index, manifest in enumerate(own):
                files[f"{folder}/{index}.yaml"] = draw(_dumped([manifest]))
                listed.append(f"{index}.yaml")
    up = "../" * (folder.count("/") + 1)
    bases = [up + name for name in below]
    if draw(st.booleans()) and bases:
        kustomization["bases"] = bases
    else:
        listed += bases
    kustomization["resources"] = listed
    chosen: list[str] = draw(st.lists(st.sampled_from(components), max_size=2)) if components else []
    chosen = list(dict.fromkeys(chosen))
    if chosen:
        kustomization["components"] = [up + name for name in chosen]
    seen = own + [manifest for name in below for manifest in known[name]]
    known[folder] = seen
    kustomization.update(draw(_transformers()))
    kustomization.update(draw(_patches(folder, seen, files)))
    name = draw(
        st.sampled_from(["kustomization.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"])
    )
    if draw(st.booleans()):
        kustomization["apiVersion"] = "kustomize.config.k8s.io/v1beta1"
        kustomization["kind"] = "Kustomization"
    files[f"{folder}/{name}"] = draw(_dumped([kustomization]))


@st.composite
def kustomize_trees(draw: Draw) -> dict[str, str]:
    """Files of a repository: bases, components, overlays on them and overlays on overlays.

    Some of them kustomize refuses: patches for what is not there, objects that meet.
    """
    files: dict[str, str] = {}
    known: dict[str, list[Manifest]] = {}
    bases = [f"base/{index}" for index in range(draw(st.integers(1, 2)))]
    for folder in bases:
        draw(_folder(folder, [], [], files, known))
    components = [f"components/{index}" for index in range(draw(st.integers(0, 2)))]
    for folder in components:
        component: Manifest = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        component.update(draw(_transformers()))
        if len(component) == 2:
            component["resources"] = []
        component.update(draw(_patches(folder, known[bases[0]], files)))
        files[f"{folder}/kustomization.yaml"] = draw(_dumped([component]))
    overlays = [f"overlays/{name}" for name in draw(st.lists(st.sampled_from(["dev", "prod"]), unique=True))]
    for folder in overlays:
        below = draw(st.lists(st.sampled_from(bases), unique=True, min_size=1))
        draw(_folder(folder, below, components, files, known))
    if draw(st.booleans()) and overlays:
        draw(_folder("clusters/main", [draw(st.sampled_from(overlays))], components, files, known))
    return files


def folders_of(files: Mapping[str, str | bytes]) -> list[str]:
    """The folders with a kustomization file, sorted."""
    names = ("kustomization.yaml", "kustomization.yml", "Kustomization")
    return sorted({path.rpartition("/")[0] for path in files if path.rpartition("/")[2] in names})
