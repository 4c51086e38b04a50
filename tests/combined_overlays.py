"""Repositories in which what kustomize and both Fluxes do to releases meets, as nobody would think of it.

Each feature changes one layer of a chain of kustomizations, or something around them, and a repository has a
few of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

import fluxv2_migrate as fm
from patched_releases import CHARTS, NAMES, PATCHED_CHARTS, as_release, as_text, specs

__all__ = ["FEATURES", "Drawn", "combined_repositories", "some_features"]

Spec = dict[str, Any]
Feature = Callable[[st.DrawFn, "World", "Layer"], None]
FEATURES: dict[str, Feature] = {}
API = {"group": "helm.fluxcd.io", "version": "v1", "kind": "HelmRelease"}
TAGS = st.sampled_from(["1.2.3", "1.4.0", "2.0.1"])
AUTOMATED = "fluxcd.io/automated"
FILTER = "filter.fluxcd.io/chart-image"
ANNOTATIONS = st.sampled_from(
    [
        {AUTOMATED: "true", FILTER: "semver:~1"},
        {AUTOMATED: "true", FILTER: "semver:>=1.0.0"},
        {AUTOMATED: "true"},
        {"fluxcd.io/locked": "true"},
        {FILTER: "semver:~2"},
    ]
)
BUILDS = "version: 1\n{}:\n  generators:\n  - command: kustomize build .\n{}"
PATCHED = BUILDS.format("patchUpdated", "  patchFile: flux-patch.yaml\n")


@dataclass
class Layer:
    """A kustomization, and what stands beside it."""

    folder: str
    below: Layer | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[Spec] | str] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    moved: str = ""

    def add(self, key: str, *entries: Any) -> None:
        self.fields.setdefault(key, []).extend(entries)

    def file(self, *documents: Spec, stem: str = "part") -> str:
        """Gives the name of a new file."""
        name = f"{stem}-{len(self.files)}.yaml"
        self.files[name] = list(documents)
        return name

    @property
    def chain(self) -> list[Layer]:
        """The layers below this one, from the outermost."""
        return [] if self.below is None else [self.below, *self.below.chain]


@dataclass
class World:
    """What a repository is made of."""

    names: list[str]
    namespace: str
    bases: dict[str, Spec]
    layers: list[Layer]
    folders: tuple[str, ...]
    more: dict[str, str] = field(default_factory=dict)
    patched: dict[str, list[Any]] = field(default_factory=dict)
    flux_yaml: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    has_workload: bool = False

    def metadata(self, draw: st.DrawFn, layer: Layer, name: str) -> tuple[str, str]:
        """Draws how a patch of a layer calls an object: as it is written, or as it is by then."""
        if draw(st.booleans()):
            return name, self.namespace
        return self.current(layer, name)

    def current(self, layer: Layer, name: str) -> tuple[str, str]:
        """Gives the name and the namespace of an object as a layer gets it."""
        namespace = self.namespace
        for each in reversed(layer.chain):
            name = f"{each.prefix}{name}{each.suffix}"
            namespace = each.moved or each.fields.get("namespace") or namespace
        return name, namespace

    def patch(self, draw: st.DrawFn, layer: Layer, name: str, spec: Spec, **more: Any) -> Spec:
        return as_release(*self.metadata(draw, layer, name), spec, **more)


@dataclass(frozen=True)
class Drawn:
    """A repository, and what is said of it."""

    files: dict[str, str | bytes]
    options: fm.MigrationOptions
    features: tuple[str, ...]


def feature(function: Feature) -> Feature:
    FEATURES[function.__name__.strip("_")] = function
    return function


def _spec(draw: st.DrawFn, name: str) -> Spec:
    spec = draw(specs(name))
    if draw(st.integers(0, 3)) == 0:
        spec["chart"] = draw(PATCHED_CHARTS)
    if draw(st.integers(0, 3)) == 0:
        spec["values"] = {"image": {"tag": draw(TAGS)}}
    return spec


def _name(draw: st.DrawFn, world: World) -> str:
    return draw(st.sampled_from(world.names))


@feature
def file_patch(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    file = layer.file(world.patch(draw, layer, name, _spec(draw, name)))
    if draw(st.booleans()):
        layer.add("patchesStrategicMerge", file)
    else:
        layer.add("patches", {"path": file})


@feature
def inline_patch(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    text = as_text(world.patch(draw, layer, name, _spec(draw, name)))
    if draw(st.booleans()):
        layer.add("patchesStrategicMerge", text)
    else:
        layer.add("patches", {"patch": text})


@feature
def several_documents(draw: st.DrawFn, world: World, layer: Layer) -> None:
    documents = [world.patch(draw, layer, name, _spec(draw, name)) for name in world.names]
    layer.add("patchesStrategicMerge", layer.file(*documents))


@feature
def listed_several_times(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    patch = as_release(name, world.namespace, _spec(draw, name))
    world.more["shared/patch.yaml"] = as_text(patch)
    others = [each for each in world.layers if each is not layer]
    for each in [layer, *draw(st.lists(st.sampled_from(others), max_size=2, unique_by=id))]:
        key = draw(st.sampled_from(["patchesStrategicMerge", "patches"]))
        path = "../shared/patch.yaml"
        each.add(key, path if key == "patchesStrategicMerge" else {"path": path})


@feature
def target(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name, namespace = world.current(layer, _name(draw, world))
    chosen: Spec = {"kind": "HelmRelease"}
    for key, value in {
        "group": "helm.fluxcd.io",
        "version": "v1",
        "name": draw(st.sampled_from([name, ".*", f"{name}|none"])),
        "namespace": namespace or "shop",
        "labelSelector": draw(st.sampled_from(["tier=front", "tier!=front", "tier in (front, back)"])),
        "annotationSelector": draw(st.sampled_from([f"{AUTOMATED}=true", "team=shop", "fluxcd.io/locked"])),
    }.items():
        if draw(st.integers(0, 2)) == 0 and (key != "version" or "group" in chosen):
            chosen[key] = value
    spec = _spec(draw, "any")
    spec.pop("releaseName", None)
    patch = as_release("any", "", spec)
    shape = draw(st.sampled_from(["path", "patch", "json"]))
    if shape == "path":
        layer.add("patches", {"path": layer.file(patch), "target": chosen})
    elif shape == "patch":
        layer.add("patches", {"patch": as_text(patch), "target": chosen})
    else:
        operations = [{"op": "add", "path": "/spec/timeout", "value": draw(st.sampled_from([90, 300]))}]
        layer.add("patches", {"patch": json.dumps(operations), "target": chosen})


def _operation(draw: st.DrawFn, base: Spec) -> Spec:
    is_helm = "repository" in base["chart"]
    found: list[Spec] = [
        {"op": "test", "path": "/spec/helmVersion", "value": "v3"},
        {"op": "test", "path": "/spec/values/extra", "value": None},
        {"op": "add", "path": "/spec/timeout", "value": 120},
        {"op": "add", "path": "/spec/wait", "value": False},
        {"op": "add", "path": "/spec/values/extra", "value": {"a": [1, "x"]}},
        {"op": "add", "path": "/spec/values/list/-", "value": "z"},
        {"op": "add", "path": "/spec/values/list/0", "value": "z"},
        {"op": "add", "path": "/spec/rollback", "value": {"enable": True, "maxRetries": 2, "retry": True}},
        {"op": "add", "path": "/spec/valuesFrom", "value": [{"configMapKeyRef": {"name": "site"}}]},
        {"op": "add", "path": "/metadata/annotations", "value": draw(ANNOTATIONS)},
        {"op": "replace", "path": "/spec/values/list/0", "value": "w"},
        {"op": "replace", "path": "/spec/values/a", "value": "on"},
        {"op": "replace", "path": "/spec/values/image/tag", "value": "1.4.0"},
        {"op": "replace", "path": "/spec/releaseName", "value": "own"},
        {"op": "replace", "path": "/spec/maxHistory", "value": 7},
        {"op": "remove", "path": "/spec/values/a"},
        {"op": "remove", "path": "/spec/values/list/1"},
        {"op": "move", "from": "/spec/values/a", "path": "/spec/values/b"},
        {"op": "copy", "from": "/spec/values/a", "path": "/spec/values/b"},
        {"op": "copy", "from": "/spec/values/a", "path": "/spec/maxHistory"},
    ]
    if is_helm:
        found += [
            {"op": "replace", "path": "/spec/chart/version", "value": "7.7.7"},
            {"op": "replace", "path": "/spec/chart/repository", "value": "https://mirror.example.com"},
            {"op": "test", "path": "/spec/chart/name", "value": base["chart"]["name"]},
            {"op": "copy", "from": "/spec/chart/version", "path": "/spec/values/version"},
        ]
    else:
        found += [{"op": "replace", "path": "/spec/chart/ref", "value": "v2"}]
    found += [
        {"op": "remove", "path": f"/spec/{key}"}
        for key in ("timeout", "releaseName", "wait", "rollback", "valuesFrom", "targetNamespace")
        if key in base
    ]
    if "timeout" in base:
        found.append({"op": "copy", "from": "/spec/timeout", "path": "/spec/values/timeout"})
        found.append({"op": "move", "from": "/spec/timeout", "path": "/spec/values/timeout"})
    if "releaseName" in base:
        found.append({"op": "copy", "from": "/spec/releaseName", "path": "/spec/values/name"})
        found.append({"op": "test", "path": "/spec/releaseName", "value": base["releaseName"]})
    return draw(st.sampled_from(found))


@feature
def operations(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    known = world.current(layer, name)[0]
    found = [_operation(draw, world.bases[name]) for _ in range(draw(st.integers(1, 3)))]
    entry: Spec = {"target": {**API, "name": known}}
    shape = draw(st.sampled_from(["json", "yaml", "file"]))
    if shape == "file":
        file = f"ops-{len(layer.files)}.yaml"
        layer.files[file] = as_text({"x": found}).partition("\n")[2]
        entry["path"] = file
    else:
        entry["patch"] = json.dumps(found) if shape == "json" else as_text({"x": found}).partition("\n")[2]
    layer.add(draw(st.sampled_from(["patches", "patchesJson6902"])), entry)


@feature
def component(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    part: Spec = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    patch = as_release(name, world.namespace, _spec(draw, name))
    if draw(st.booleans()):
        world.more["part/patch.yaml"] = as_text(patch)
        part["patches"] = [{"path": "patch.yaml"}]
    else:
        part["patches"] = [{"patch": as_text(patch)}]
    if draw(st.integers(0, 2)) == 0:
        part["commonAnnotations"] = {"team": "shop"}
    world.more["part/kustomization.yaml"] = as_text(part)
    for each in world.layers:
        if each is layer or (each.below is layer.below and draw(st.booleans())):
            each.fields["components"] = ["../part"]


@feature
def flux_patches(draw: st.DrawFn, world: World, layer: Layer) -> None:
    folder = draw(st.sampled_from(world.folders))
    (outermost,) = [each for each in world.layers if each.folder == folder]
    name = _name(draw, world)
    # They are added to the kustomization of the path, and so come before its prefix.
    known, namespace = world.current(outermost, name)
    entry: Spec
    if draw(st.booleans()):
        spec = _spec(draw, name)
        entry = {"patch": as_text(as_release(known, namespace, spec)), "target": {**API, "name": known}}
        if draw(st.booleans()):
            del entry["target"]
    else:
        operations = [_operation(draw, world.bases[name])]
        entry = {"patch": json.dumps(operations), "target": {"kind": "HelmRelease", "name": known}}
    world.patched.setdefault(folder, []).append(entry)


@feature
def replacement(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    known, namespace = world.current(layer, name)
    data = {"version": "5.5.5", "tag": "1.4.0", "name": "else", "sink": "unset"}
    facts = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "facts"}, "data": data}
    if namespace:
        facts["metadata"] = {"name": "facts", "namespace": namespace}
    layer.add("resources", layer.file(facts, stem="facts"))
    select: Spec = draw(
        st.sampled_from([{"kind": "HelmRelease"}, {**API}, {"group": "helm.fluxcd.io", "name": known}])
    )
    is_helm = all("repository" in each["chart"] for each in world.bases.values())
    into = ["spec.values.image.tag", "spec.values.list.0", "metadata.labels.tier"]
    fields = draw(st.sampled_from(["spec.chart.version", *into] if is_helm else into))
    found = [
        {
            "source": {"kind": "ConfigMap", "name": "facts", "fieldPath": "data.version"},
            "targets": [{"select": select, "fieldPaths": [fields], "options": {"create": True}}],
        }
    ]
    if draw(st.booleans()):
        out = draw(st.sampled_from(["metadata.name", "spec.values.image.tag", "spec.helmVersion"]))
        found.append(
            {
                "source": {"kind": "HelmRelease", "name": known, "fieldPath": out},
                "targets": [{"select": {"kind": "ConfigMap", "name": "facts"}, "fieldPaths": ["data.sink"]}],
            }
        )
    layer.add("replacements", *found)


@feature
def variable(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    known, namespace = world.metadata(draw, layer, name)
    path = draw(
        st.sampled_from(["metadata.name", "spec.values.image.tag", "spec.releaseName", "spec.timeout"])
    )
    if path.startswith("spec.") and path.count(".") == 1 and path[5:] not in world.bases[name]:
        path = "metadata.name"
    source: Spec = {"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease", "name": known}
    if namespace:
        source["namespace"] = namespace
    layer.add("vars", {"name": "WEB", "objref": source, "fieldref": {"fieldpath": path}})
    sink = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sink"}, "data": {"web": "$(WEB)"}}
    layer.add("resources", layer.file(sink, stem="sink"))
    rules = {"varReference": [{"kind": "ConfigMap", "path": "data/web"}]}
    layer.files[f"rules-{len(layer.files)}.yaml"] = as_text(rules)
    layer.add("configurations", list(layer.files)[-1])


@feature
def name_reference(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    own: Spec = {"name": "own-values", "literals": ["values.yaml=a: 2"]}
    namespace = world.current(layer, name)[1]
    if namespace:
        own["namespace"] = namespace
    is_secret = draw(st.booleans())
    layer.add("secretGenerator" if is_secret else "configMapGenerator", own)
    key = "secretKeyRef" if is_secret else "configMapKeyRef"
    spec: Spec = {"valuesFrom": [{key: {"name": "own-values"}}]}
    path = f"spec/valuesFrom/{key}/name"
    if is_secret and draw(st.booleans()):
        spec, path = {"valueFileSecrets": [{"name": "own-values"}]}, "spec/valueFileSecrets/name"
    layer.add("patchesStrategicMerge", layer.file(world.patch(draw, layer, name, spec)))
    fields = {"kind": "HelmRelease", "group": "helm.fluxcd.io", "path": path}
    if draw(st.booleans()):
        del fields["group"]
    kind = "Secret" if is_secret else "ConfigMap"
    rules = {"nameReference": [{"kind": kind, "version": "v1", "fieldSpecs": [fields]}]}
    layer.files[f"rules-{len(layer.files)}.yaml"] = as_text(rules)
    layer.add("configurations", list(layer.files)[-1])


@feature
def prefix(draw: st.DrawFn, world: World, layer: Layer) -> None:
    layer.prefix = layer.fields["namePrefix"] = f"{layer.folder}-"


@feature
def suffix(draw: st.DrawFn, world: World, layer: Layer) -> None:
    layer.suffix = layer.fields["nameSuffix"] = f"-{layer.folder}"


@feature
def namespace(draw: st.DrawFn, world: World, layer: Layer) -> None:
    layer.fields["namespace"] = f"shop-{layer.folder}"


@feature
def labels(draw: st.DrawFn, world: World, layer: Layer) -> None:
    if draw(st.booleans()):
        layer.fields["commonLabels"] = {"tier": draw(st.sampled_from(["front", "back"]))}
    else:
        layer.add("labels", {"pairs": {"team": "shop"}})


@feature
def common_annotations(draw: st.DrawFn, world: World, layer: Layer) -> None:
    given = {"team": "shop", **draw(ANNOTATIONS)} if draw(st.booleans()) else {"team": "shop"}
    layer.fields["commonAnnotations"] = given


@feature
def transformer(draw: st.DrawFn, world: World, layer: Layer) -> None:
    kind = draw(st.sampled_from(["Annotations", "Annotations", "Prefix", "Suffix", "Namespace"]))
    made: Spec = {"apiVersion": "builtin", "kind": f"{kind}Transformer", "metadata": {"name": "notes"}}
    if kind == "Annotations":
        made["annotations"] = {"team": "shop", **draw(ANNOTATIONS)}
        made["fieldSpecs"] = [{"path": "metadata/annotations", "create": True}]
    elif kind == "Namespace":
        made["metadata"]["namespace"] = layer.moved = f"team-{layer.folder}"
    else:
        made["fieldSpecs"] = [{"path": "metadata/name"}]
        if kind == "Prefix":
            made["prefix"], layer.prefix = "new-", f"new-{layer.prefix}"
        else:
            made["suffix"], layer.suffix = "-new", f"{layer.suffix}-new"
    layer.add("transformers", layer.file(made, stem="notes"))


@feature
def transformer_that_patches(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    known = world.current(layer, name)[0]
    kind = draw(st.sampled_from(["Patch", "PatchStrategicMerge", "PatchJson6902", "ImageTag"]))
    made: Spec = {"apiVersion": "builtin", "kind": f"{kind}Transformer", "metadata": {"name": "more"}}
    patch = world.patch(draw, layer, name, _spec(draw, name))
    found = [_operation(draw, world.bases[name]) for _ in range(draw(st.integers(1, 2)))]
    if kind == "ImageTag":
        world.has_workload = True
        made["imageTag"] = {"name": "ghcr.io/acme/front", "newTag": draw(TAGS)}
    elif kind == "PatchJson6902":
        made |= {"target": {**API, "name": known}, "jsonOp": json.dumps(found)}
    elif kind == "PatchStrategicMerge":
        made |= draw(st.sampled_from([{"paths": [layer.file(patch)]}, {"patches": as_text(patch)}]))
    elif draw(st.booleans()):
        made |= {"target": {"kind": "HelmRelease", "name": known}, "patch": json.dumps(found)}
    else:
        made["path"] = layer.file(patch)
        if draw(st.booleans()):
            made["target"] = {**API, "name": known}
    text = as_text(made)
    layer.add("transformers", text if draw(st.booleans()) else layer.file(made, stem="more"))


@feature
def annotations_in_a_patch(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    known, where = world.metadata(draw, layer, name)
    patch = as_release(
        known, where, {"values": {"image": {"tag": draw(TAGS)}}}, annotations=draw(ANNOTATIONS)
    )
    if draw(st.booleans()):
        del patch["spec"]
    layer.add("patches", {"path": layer.file(patch)})


@feature
def images(draw: st.DrawFn, world: World, layer: Layer) -> None:
    world.has_workload = True
    layer.add("images", {"name": "ghcr.io/acme/front", "newTag": draw(TAGS)})


@feature
def flux_yaml(draw: st.DrawFn, world: World, layer: Layer) -> None:
    folder = draw(st.sampled_from(world.folders))
    if draw(st.integers(0, 4)) == 0:
        world.flux_yaml[f"{folder}/.flux.yaml"] = BUILDS.format("commandUpdated", "")
        return
    top = Layer("top", next(each for each in world.layers if each.folder == folder))
    world.flux_yaml[f"{folder}/.flux.yaml"] = PATCHED
    found = []
    for name in draw(st.lists(st.sampled_from(world.names), min_size=1, unique=True)):
        known, where = world.current(top, name)
        more = draw(st.sampled_from([{}, {"annotations": draw(ANNOTATIONS)}]))
        found.append(as_release(known, where, {"values": {"image": {"tag": draw(TAGS)}}}, **more))
    if world.has_workload and draw(st.booleans()):
        known, where = world.current(top, "front")
        found.append(_workload(known, where, draw(TAGS)))
    world.flux_yaml[f"{folder}/flux-patch.yaml"] = "---\n".join(as_text(each) for each in found)


@feature
def nulls(draw: st.DrawFn, world: World, layer: Layer) -> None:
    name = _name(draw, world)
    chosen: Spec = draw(
        st.sampled_from(
            [
                {"timeout": None},
                {"releaseName": None},
                {"values": None},
                {"values": {"a": None}},
                {"valuesFrom": None},
                {"rollback": None},
                {"wait": None},
                {"values": {"image": {"$patch": "delete"}}},
                {"values": {"$patch": "replace", "b": 1}},
                {"rollback": {"$patch": "delete"}},
            ]
        )
    )
    patch = world.patch(draw, layer, name, chosen)
    layer.add(
        *draw(
            st.sampled_from(
                [("patchesStrategicMerge", layer.file(patch)), ("patches", {"patch": as_text(patch)})]
            )
        )
    )


@feature
def deletion(draw: st.DrawFn, world: World, layer: Layer) -> None:
    if len(world.names) < 2 or layer.folder not in world.folders:
        return
    patch = world.patch(draw, layer, _name(draw, world), {})
    del patch["spec"]
    layer.add("patches", {"path": layer.file({"$patch": "delete", **patch})})


@feature
def generator(draw: st.DrawFn, world: World, layer: Layer) -> None:
    known = draw(st.sampled_from(["site", "other"]))
    own: Spec = {"name": known, "literals": ["values.yaml=a: 3"], "options": {"disableNameSuffixHash": True}}
    if where := world.current(layer, known)[1]:
        own["namespace"] = where
    layer.add("configMapGenerator", own)


@feature
def own_kustomize(draw: st.DrawFn, world: World, layer: Layer) -> None:
    for folder in world.folders:
        world.versions[folder] = draw(st.sampled_from(["2.0", "2.3", "2.5", "2.9"]))


@feature
def plain_release(draw: st.DrawFn, world: World, layer: Layer) -> None:
    """A release of Flux v2 that is there already."""
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": {"name": "made", "namespace": "shop"},
        "spec": {"interval": "10m", "url": "https://made.example.com"},
    }
    chart = {"chart": "made", "version": "1.0.0", "sourceRef": {"kind": "HelmRepository", "name": "made"}}
    made = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "made", "namespace": "shop", "labels": {"tier": "front"}},
        "spec": {"interval": "10m", "chart": {"spec": chart}, "values": {"a": 1}},
    }
    layer.add("resources", layer.file(source, made, stem="made"))


def _workload(name: str, namespace: str, tag: str, **annotations: str) -> Spec:
    metadata: Spec = {"name": name, **({"namespace": namespace} if namespace else {})}
    if annotations:
        metadata["annotations"] = annotations
    containers = [{"name": "app", "image": f"ghcr.io/acme/front:{tag}"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"template": {"spec": {"containers": containers}}},
    }


def _bases(draw: st.DrawFn, world: World, base: Layer) -> None:
    for name in world.names:
        image = {"repository": f"ghcr.io/acme/{name}", "tag": "1.2.3"}
        values = {"a": 1, "list": ["x", "y"], "image": image}
        spec = {"helmVersion": "v3", "chart": draw(st.sampled_from(CHARTS)), **draw(specs(name))}
        spec["values"] = values
        more: Spec = {}
        if draw(st.booleans()):
            more["labels"] = {"tier": "front"}
        if draw(st.integers(0, 2)) == 0:
            more["annotations"] = draw(ANNOTATIONS)
        world.bases[name] = spec
        base.files[f"{name}.yaml"] = [as_release(name, world.namespace, spec, **more)]
    base.fields["resources"] = list(base.files)


_SYNC = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {0}, namespace: flux-system}}
spec:
  interval: 10m
  path: ./{0}
  prune: false
  sourceRef: {{kind: GitRepository, name: flux-system}}
"""


def some_features(number: int) -> tuple[str, ...]:
    """Gives two to four features, of which a list that Hypothesis draws would let few meet."""
    spread = Random(number)
    return tuple(spread.sample(sorted(FEATURES), spread.randint(2, 4)))


@st.composite
def combined_repositories(draw: st.DrawFn, chosen: Sequence[str]) -> Drawn:
    """Draws a repository with these features.

    Args:
        draw: of Hypothesis.
    """
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    base = Layer("base")
    below = base
    layers = [base]
    if draw(st.booleans()):
        below = Layer("region", base)
        layers.append(below)
    folders = ("eu", "us")[: draw(st.integers(1, 2))]
    layers += [Layer(folder, below) for folder in folders]
    world = World(names, draw(st.sampled_from(["shop", "shop", ""])), {}, layers, folders)
    _bases(draw, world, base)
    for each in layers[1:]:
        each.fields["resources"] = [f"../{each.below.folder}"] if each.below else []
    # What names objects comes after what names them anew.
    order = ("prefix", "suffix", "namespace", "labels", "images", "transformer", "transformer_that_patches")
    for name in sorted(chosen, key=lambda each: (each not in order, each)):
        FEATURES[name](draw, world, draw(st.sampled_from(layers)))
    if not world.namespace:
        for each in layers:
            if each.folder in folders:
                each.fields.setdefault("namespace", "shop")
    if world.has_workload:
        marks = draw(
            st.sampled_from([{}, {AUTOMATED: "true"}, {AUTOMATED: "true", "fluxcd.io/tag.app": "semver:~1"}])
        )
        base.files["front.yaml"] = [_workload("front", world.namespace, "1.2.3", **marks)]
        base.add("resources", "front.yaml")
    if world.flux_yaml or world.versions:
        for folder in folders:
            # fluxd builds nothing without one.
            world.flux_yaml.setdefault(f"{folder}/.flux.yaml", PATCHED)
    return Drawn(_files(world), _options(world), tuple(chosen))


def _files(world: World) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {**world.more, **({} if world.patched else world.flux_yaml)}
    for layer in world.layers:
        files[f"{layer.folder}/kustomization.yaml"] = as_text(layer.fields)
        for name, content in layer.files.items():
            text = content if isinstance(content, str) else "---\n".join(as_text(each) for each in content)
            files[f"{layer.folder}/{name}"] = text
    for folder in world.folders if world.patched else ():
        text = _SYNC.format(folder)
        if folder in world.patched:
            text += as_text({"x": {"patches": world.patched[folder]}}).partition("\n")[2]
        files[f"clusters/{folder}/apps.yaml"] = text
    return files


def _options(world: World) -> fm.MigrationOptions:
    if world.patched:
        return fm.MigrationOptions()
    if not world.flux_yaml and not world.versions:
        return fm.MigrationOptions(sync_roots=world.folders)
    clusters = [
        {
            "name": folder,
            "sync_paths": [folder],
            "fluxd": {"manifest_generation": True},
            **({"flux_version": world.versions[folder]} if world.versions else {}),
        }
        for folder in world.folders
    ]
    return fm.MigrationOptions.model_validate({"clusters": clusters})
