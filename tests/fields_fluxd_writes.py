"""Which fields fluxd writes when it updates images: a walk of its own, from the facts of Flux v1 alone.

It shares nothing with the library: neither the reading of YAML, nor that of images, nor what kustomize
builds. Each value carries the place that it came from, so that a field of a built object is one of a file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

__all__ = [
    "Key",
    "Place",
    "Read",
    "WrittenField",
    "fields_of_folder",
    "fields_of_text",
    "plain",
    "read_documents",
    "read_place",
]

Files = Mapping[str, str | bytes]
Key = tuple[str | int, ...]
Part = Literal["whole", "name", "tag", "path and tag"]
"""What of an image a field holds. `path and tag` stands beside a registry of its own. A registry of its own,
and the path beside a tag and a registry, are written with what they hold already: they are none of these."""

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PODS: Final[Mapping[str, Key]] = {
    "Deployment": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
PREFIXES: Final = ("fluxcd.io/", "flux.weave.works/")
# Go's YAML reads these as booleans, and 1e5 without a sign as a number; PyYAML reads neither so.
TRUE: Final = re.compile(r"y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON")
FALSE: Final = re.compile(r"n|N|no|No|NO|false|False|FALSE|off|Off|OFF")
NULL: Final = re.compile(r"|~|null|Null|NULL")
DOMAIN: Final = re.compile(r"localhost|[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(:[0-9]+)?")
NUMBER: Final = re.compile(
    r"[-+]?(0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*)"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a value stands.

    Attributes:
        path: the file.
        document: its number in the file, from 0; empty ones count.
        key: the keys to it. Of a value behind an alias: to the anchor.
        line: of the value, from 1.
    """

    path: str
    document: int
    key: Key
    line: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """A value and its place.

    Attributes:
        value: what YAML reads.
        place: where it stands.
        part: what of an image its place holds, where that is less than the value.
        beside: the place of the name, where that stands apart.
    """

    value: Any
    place: Place
    part: Literal["", "tag"] = ""
    beside: Place | None = None


@dataclass(frozen=True, slots=True)
class WrittenField:
    """A field that fluxd writes.

    Attributes:
        place: of the value.
        part: what of the image stands there.
        workload: `kind namespace/name`.
        container: whose image it is.
        of: where the manifest stands: the file and the number of the document.
        doubtful: two annotations claim one policy, so fluxd chose at random.
    """

    place: Place
    part: Part
    workload: str
    container: str
    of: tuple[str, int]
    doubtful: bool = False


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style:
        return text if node.tag == "tag:yaml.org,2002:str" else 0.0
    if TRUE.fullmatch(text):
        return True
    if FALSE.fullmatch(text):
        return False
    if NULL.fullmatch(text):
        return None
    if NUMBER.fullmatch(text):
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return 0.0
    return text


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        # `{{ a }}` of a template: a key that is no text.
        raise TypeError
    value = _scalar(node)
    return str(value).lower() if isinstance(value, bool) else str(node.value)


def _read(node: yaml.Node, path: str, document: int) -> Any:
    """Gives dicts and lists with `Read` leaves."""
    seen: dict[int, Key] = {}

    def walk(node: yaml.Node, key: Key) -> Any:
        key = seen.setdefault(id(node), key)
        if isinstance(node, yaml.MappingNode):
            merged: dict[Any, Any] = {}
            own: dict[Any, Any] = {}
            for name, value in node.value:
                if name.tag == "tag:yaml.org,2002:merge":
                    parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
                    for part in reversed(parts):
                        merged |= walk(part, (*key, "<<"))
                else:
                    own[_key(name)] = walk(value, (*key, _key(name)))
            return {**merged, **own}
        if isinstance(node, yaml.SequenceNode):
            return [walk(item, (*key, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return Read(_scalar(node), Place(path, document, key, node.start_mark.line + 1))

    return walk(node, ())


def read_documents(path: str, text: str | bytes) -> list[Any] | None:
    """Gives all documents of a file, or None where it does not parse or one of them is no mapping."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        nodes = list(yaml.compose_all(text.removeprefix("\ufeff"), LOADER))
        found = [_read(node, path, index) for index, node in enumerate(nodes)]
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, TypeError):
        return None
    empty = [isinstance(each, Read) and each.value is None for each in found]
    if any(not isinstance(each, dict) and not none for each, none in zip(found, empty, strict=True)):
        return None
    return [{} if none else each for each, none in zip(found, empty, strict=True)]


def plain(value: Any) -> Any:
    """Takes the places off."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Read) else value


def read_place(value: Any, key: Sequence[str | int]) -> Any:
    """Gives what stands under keys, or None."""
    for step in key:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _text(value: Any) -> str | None:
    """Gives a text that is text to Go's YAML too."""
    return value.value if isinstance(value, Read) and isinstance(value.value, str) else None


# Annotations


def _policy(annotations: Any, name: str) -> set[str]:
    found = set()
    for prefix in PREFIXES:
        value = plain(annotations.get(prefix + name)) if isinstance(annotations, dict) else None
        if value is not None:
            # fluxd decodes and encodes each manifest first, so a boolean becomes the text `true`.
            found.add(str(value).lower() if isinstance(value, bool) else str(value))
    return found


def _is_automated(manifest: Any) -> tuple[bool, bool]:
    """Says whether fluxd may update it, and whether that is chance."""
    annotations = read_place(manifest, ("metadata", "annotations"))
    automated, *against = (_policy(annotations, name) for name in ("automated", "locked", "ignore"))
    may = "true" in automated and not any({"true"} == each for each in against)
    doubtful = any(len(each) > 1 and "true" in each for each in (automated, *against))
    return may, doubtful and may


def _is_addon(manifest: Any) -> bool:
    metadata = plain(manifest.get("metadata")) or {}
    labels = metadata.get("labels") or {}
    modes = ("EnsureExists", "Reconcile")
    return metadata.get("namespace") == "kube-system" and (
        labels.get("kubernetes.io/cluster-service") in ("true", True)
        or labels.get("addonmanager.kubernetes.io/mode") in modes
    )


# Images


@dataclass(frozen=True, slots=True)
class _Image:
    name: str
    tag: str
    digest: str


def _image(text: str) -> _Image | None:
    """Reads an image as fluxd does, or gives None where it reads none."""
    name, _, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    # With two parts the first is a domain if it looks like one, with more it always is.
    if not slash or ("/" not in rest and not DOMAIN.search(first)):
        first, slash, rest = "", "", name
    image, colon, tag = rest.partition(":")
    if not image or ":" in tag or (colon and not tag) or text.startswith("/") or text.endswith("/"):
        return None
    return _Image(first + slash + image, tag, digest)


def _is_scanned(image: _Image) -> bool:
    # fluxd leaves out k8s.gcr.io/* by default, and finds no digest in what it knows of a registry.
    return not image.name.startswith("k8s.gcr.io/") and not image.digest


def _fields_of_pod(pod: Any) -> Iterator[tuple[str, Read, Part]]:
    containers = [
        each
        for group in ("containers", "initContainers")
        for each in (pod.get(group) if isinstance(pod, dict) else None) or ()
        if isinstance(each, dict)
    ]
    images = [_image(_text(each.get("image")) or "") for each in containers]
    if not all(images):
        return
    seen: set[str] = set()
    for each, image in zip(containers, images, strict=True):
        container = _text(each.get("name")) or ""
        if container not in seen and image is not None and _is_scanned(image):
            written = each["image"]
            if written.beside is not None:
                yield container, Read(image.name, written.beside), "name"
            yield container, written, written.part or "whole"
        seen.add(container)


def _fields_of_values(values: Any, annotations: Any) -> Iterator[tuple[str, Read, Part]]:
    found: dict[str, list[tuple[Read, Part]]] = {}
    if isinstance(values, dict):
        for name, holder in [("chart-image", values), *values.items()]:
            if isinstance(holder, dict):
                image = holder.get("image")
                outer, field = (image, "repository") if isinstance(image, dict) else (holder, "image")
                fields = _split(outer.get(field), outer.get("registry"), outer.get("tag"))
                if fields is not None:
                    found[name] = fields
    for alias in _aliases(annotations):
        repository, registry, tag = (
            _follow(values, annotations, f"{part}.fluxcd.io/{alias}")
            for part in ("repository", "registry", "tag")
        )
        wrong = [each for each in (registry, tag) if each is not _NONE and _text(each) is None]
        if _text(repository) is not None and not wrong:
            fields = _split(repository, *(None if each is _NONE else each for each in (registry, tag)))
            if fields is not None:
                found[alias] = fields
    for name, fields in found.items():
        yield from ((name, field, part) for field, part in fields)


_NONE: Final = object()


def _aliases(annotations: Any) -> list[str]:
    prefix = "repository.fluxcd.io/"
    keys = annotations if isinstance(annotations, dict) else {}
    return [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]


def _follow(values: Any, annotations: Any, name: str) -> Any:
    path = _text(annotations.get(name))
    return read_place(values, path.split(".")) if path else _NONE


def _split(repository: Any, registry: Any, tag: Any) -> list[tuple[Read, Part]] | None:
    """Gives the fields of an image, or None where fluxd finds none."""
    name = _text(repository)
    if name is None:
        return None
    # A number as a tag is no tag to the reader, but the writer of the file writes it.
    number = isinstance(tag, Read) and isinstance(tag.value, float)
    apart = _text(registry)
    text = f"{apart}/{name}" if apart is not None else name
    if _text(tag) is not None:
        text = f"{text}:{_text(tag)}"
    image = _image(text)
    if image is None:
        return None
    if not _is_scanned(image):
        return []
    if number or _text(tag) is not None:
        return [(tag, "tag")] if apart is not None else [(repository, "name"), (tag, "tag")]
    return [(repository, "whole" if apart is None else "path and tag")]


# Manifests


def _name_of(manifest: Any) -> str:
    metadata = plain(manifest.get("metadata")) or {}
    return f"{plain(manifest.get('kind'))} {metadata.get('namespace') or ''}/{metadata.get('name')}"


def _fields_of_manifest(manifest: Any, of: tuple[str, int]) -> Iterator[WrittenField]:
    kind = _text(manifest.get("kind")) or ""
    may, doubtful = _is_automated(manifest)
    if not may or _is_addon(manifest):
        return
    if kind in PODS:
        found = _fields_of_pod(read_place(manifest, PODS[kind]))
    elif kind == "HelmRelease" and _text(manifest.get("apiVersion")) == "helm.fluxcd.io/v1":
        values = read_place(manifest, ("spec", "values"))
        found = _fields_of_values(values, read_place(manifest, ("metadata", "annotations")))
    else:
        return
    for container, field, part in found:
        yield WrittenField(field.place, part, _name_of(manifest), container, of, doubtful)


def _manifests(document: Any) -> list[Any]:
    items = document.get("items")
    if (_text(document.get("kind")) or "").endswith("List") and isinstance(items, list):
        return [each for each in items if isinstance(each, dict)]
    return [document]


def fields_of_text(path: str, text: str | bytes) -> list[WrittenField]:
    """Gives the fields of one file, each document for itself, whether fluxd reads the file or not."""
    return [
        field
        for number, document in enumerate(read_documents(path, text) or ())
        for manifest in _manifests(document)
        for field in _fields_of_manifest(manifest, (path, number))
    ]


def _charts(files: Files) -> list[str]:
    folders = {posixpath.dirname(path) for path in files if posixpath.basename(path) == "Chart.yaml"}
    return [f"{each}/" if each else "" for each in folders if posixpath.join(each, "values.yaml") in files]


def fields_of_folder(files: Files, folder: str) -> list[WrittenField]:
    """Gives the fields that a fluxd with this `--git-path` writes.

    With a `.flux.yaml` these are the fields of what kustomize builds and of the file of patches over it, each
    where its value comes from. (fluxd wrote into that file of patches; a value that stands there wins.)
    """
    generated = _flux_yaml(files, folder)
    if generated is not None and all(_kustomization(files, each) for each in generated[0]):
        manifests = [each for built in generated[0] for each in _build(files, built)]
        if generated[1]:
            for patch in read_documents(generated[1], files.get(generated[1], "")) or ():
                _patch(manifests, patch, None)
        return [field for each in manifests for field in _fields_of_manifest(each.manifest, each.of)]
    charts, below = _charts(files), f"{folder}/" if folder else ""
    return [
        field
        for path, text in files.items()
        if path.endswith((".yaml", ".yml"))
        and (path.startswith(below) or path == folder)
        and not any(path.startswith(chart) for chart in charts)
        for field in fields_of_text(path, text)
    ]


def _flux_yaml(files: Files, folder: str) -> tuple[list[str], str] | None:
    """Gives the folders that the nearest `.flux.yaml` builds, and its file of patches."""
    at = folder
    while posixpath.join(at, ".flux.yaml") not in files:
        if not at:
            return None
        at = posixpath.dirname(at)
    content = yaml.load(files[posixpath.join(at, ".flux.yaml")], LOADER)
    updated = content.get("patchUpdated") or content.get("commandUpdated")
    if not updated:
        return None
    folders = []
    for generator in updated["generators"]:
        words = generator["command"].split()
        assert words[:2] == ["kustomize", "build"], generator
        folders.append(posixpath.normpath(posixpath.join(folder, words[-1])))
    patches = updated.get("patchFile", "")
    return folders, posixpath.normpath(posixpath.join(folder, patches)) if patches else ""


# What kustomize builds: objects, and which file each of their values comes from


@dataclass(slots=True)
class _Built:
    manifest: Any
    of: tuple[str, int]


def _kustomization(files: Files, folder: str) -> str | None:
    paths = (posixpath.join(folder, each).removeprefix("./") for each in KUSTOMIZATIONS)
    return next((each for each in paths if each in files), None)


def _build(files: Files, folder: str, given: Sequence[_Built] = ()) -> list[_Built]:
    """Gives what a folder builds; of a component over what is given."""
    path = _kustomization(files, folder)
    assert path is not None, folder
    (kustomization, *_) = read_documents(path, files[path]) or [{}]
    content = plain(kustomization)
    found = list(given)
    for entry in [*(content.get("resources") or ()), *(content.get("bases") or ())]:
        target = posixpath.normpath(posixpath.join(folder, entry))
        if target in files:
            for number, document in enumerate(read_documents(target, files[target]) or ()):
                found += [_Built(each, (target, number)) for each in _manifests(document) if each]
        elif "://" not in entry:
            found += _build(files, target)
    namespace = content.get("namespace")
    for one in found if namespace else ():
        metadata = dict(one.manifest.get("metadata") or {})
        metadata["namespace"] = Read(namespace, Place(path, 0, ("namespace",)))
        one.manifest = {**one.manifest, "metadata": metadata}
    for entry in content.get("components") or ():
        found = _build(files, posixpath.normpath(posixpath.join(folder, entry)), found)
    for key, value in (kustomization.get("commonAnnotations") or {}).items():
        for one in found:
            annotations = {**(one.manifest["metadata"].get("annotations") or {}), key: value}
            metadata = {**one.manifest["metadata"], "annotations": annotations}
            one.manifest = {**one.manifest, "metadata": metadata}
    for patch, target in _patches(files, folder, path, kustomization):
        _patch(found, patch, target)
    for entry in kustomization.get("images") or ():
        for one in found:
            one.manifest = _with_image(one.manifest, entry)
    return found


def _with_image(value: Any, entry: Any) -> Any:
    """Gives a manifest as the `images:` of a kustomization change it."""
    if isinstance(value, list):
        return [_with_image(each, entry) for each in value]
    if not isinstance(value, dict):
        return value
    result = {key: _with_image(each, entry) for key, each in value.items()}
    for group in ("containers", "initContainers"):
        for container in result.get(group) or () if isinstance(result.get(group), list) else ():
            image = _image(_text(container.get("image")) or "")
            if image is not None and image.name == plain(entry["name"]):
                name, tag = entry.get("newName"), entry.get("newTag")
                text = f"{plain(name) or image.name}:{plain(tag) or image.tag}"
                at = tag or container["image"]
                container["image"] = Read(text, at.place, "tag" if tag else "", name and name.place)
    return result


def _patches(files: Files, folder: str, path: str, kustomization: Any) -> Iterator[tuple[Any, Any]]:
    def read(entry: Any) -> list[Any]:
        text = plain(entry)
        target = posixpath.normpath(posixpath.join(folder, text.strip()))
        if target in files:
            return read_documents(target, files[target]) or []
        # A patch inside a text: no marker can stand in it.
        inner = read_documents(path, text) or []
        place = Place(path, 0, entry.place.key, entry.place.line)
        return [_moved(each, place) for each in inner]

    for entry in kustomization.get("patchesStrategicMerge") or ():
        for patch in read(entry):
            yield patch, None
    for entry in kustomization.get("patches") or ():
        for patch in read(entry.get("path") or entry["patch"]):
            yield patch, plain(entry.get("target"))


def _moved(value: Any, place: Place) -> Any:
    if isinstance(value, dict):
        return {key: _moved(item, place) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, place) for item in value]
    return Read(value.value, place)


def _patch(built: list[_Built], patch: Any, target: Any) -> None:
    if not patch:
        return
    for each in built:
        if _selects(patch, target, plain(each.manifest)):
            pods = plain(each.manifest.get("kind")) in PODS
            names = {
                key: read_place(each.manifest, ("metadata", key))
                for key in ("name", "namespace")
                if read_place(each.manifest, ("metadata", key)) is not None
            }
            merged = _merge(each.manifest, patch, pods)
            each.manifest = {**merged, "metadata": {**merged["metadata"], **names}}


def _selects(patch: Any, target: Any, manifest: Any) -> bool:
    metadata = manifest.get("metadata") or {}
    if target:
        assert not target.keys() & {"labelSelector", "annotationSelector"}, target
        group, _, version = str(manifest.get("apiVersion")).rpartition("/")
        return all(
            re.fullmatch(target[key], str(actual or ""))
            for key, actual in (
                ("group", group),
                ("version", version),
                ("kind", manifest.get("kind")),
                ("name", metadata.get("name")),
                ("namespace", metadata.get("namespace")),
            )
            if key in target
        )
    wanted = plain(patch.get("metadata")) or {}
    return (
        plain(patch.get("kind")) == manifest.get("kind")
        and _group(plain(patch.get("apiVersion"))) == _group(manifest.get("apiVersion"))
        and wanted.get("name") == metadata.get("name")
        and (wanted.get("namespace") or "default") == (metadata.get("namespace") or "default")
    )


def _group(api_version: Any) -> str:
    return str(api_version).rpartition("/")[0]


def _merge(old: Any, new: Any, by_name: bool) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        result = dict(old)
        for key, value in new.items():
            if key.startswith("$"):
                continue
            if isinstance(value, Read) and value.value is None:
                result.pop(key, None)
            else:
                result[key] = _merge(result[key], value, by_name) if key in result else value
        return result
    named = [isinstance(each, dict) and "name" in each for each in [*old, *new]] if _lists(old, new) else []
    if by_name and named and all(named):
        merged = {plain(each["name"]): each for each in old}
        for each in new:
            name = plain(each["name"])
            merged[name] = _merge(merged[name], each, by_name) if name in merged else each
        return list(merged.values())
    return new


def _lists(*values: Any) -> bool:
    return all(isinstance(each, list) for each in values)
