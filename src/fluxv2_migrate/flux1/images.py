"""Images as fluxd reads them, those that it finds in manifests, and the fields in which they stand.

Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/{spec,helmrelease,cronjob,load}.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import InvalidImageReference, InvalidManifest
from fluxv2_migrate.frozen import thawed
from fluxv2_migrate.given import checked_kind, checked_manifest, checked_text
from fluxv2_migrate.kubernetes import (
    KubernetesModel,
    annotations_of,
    as_list,
    as_object,
    mapping_at,
    resource_of,
)
from fluxv2_migrate.yaml_text import read_document

_LABEL: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
# Nothing anchors it: a first part that holds such a name anywhere is a domain.
_DOMAIN: Final = re.compile(rf"localhost|{_LABEL}(?:\.{_LABEL})+")
_DOCKER_HUB: Final = "index.docker.io"
_ECR: Final = re.compile(r"([^.]+)\.dkr\.ecr\.([^.]+)\.amazonaws\.com(?:\.cn)?")
_ADDON: Final = ("kubernetes.io/cluster-service", "addonmanager.kubernetes.io/mode")
POD_SPECS: Final[Mapping[str, tuple[str, ...]]] = {
    "Deployment": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Where the workloads that fluxd knew say what their pods are."""
_TOP: Final = "chart-image"
_VALUES: Final = ("spec", "values")
FieldPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image as it is written in a manifest.

    Attributes:
        domain: of the registry as it is written, or empty.
        image: the path in the registry as it is written.
        tag: or empty.
        digest: with its algorithm, or empty.
    """

    domain: str
    image: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> ImageRef:
        """Reads an image reference.

        Args:
            text: the reference.

        Returns:
            Its parts, none of them completed.

        Raises:
            InvalidImageReference: fluxd refuses it.

        Source: fluxcd/flux 1.25.4 `pkg/image/image.go` `ParseRef`.

        >>> ref = ImageRef.parse("ghcr.io/org/app:1.0")
        >>> ref.domain, ref.image, ref.tag, str(ref)
        ('ghcr.io', 'org/app', '1.0', 'ghcr.io/org/app:1.0')
        >>> ImageRef.parse("nginx").registry, ImageRef.parse("nginx").repository
        ('index.docker.io', 'library/nginx')
        """
        checked_text(text, "an image reference", InvalidImageReference)
        if not text:
            raise InvalidImageReference("an image reference must not be empty")
        if text.startswith("/") or text.endswith("/"):
            raise InvalidImageReference(f"{text!r} begins or ends with a slash")
        first, slash, rest = text.partition("/")
        if not slash or ("/" not in rest and _DOMAIN.search(first) is None):
            domain, image = "", text
        else:
            domain, image = first, rest
        image, mark, digest = image.partition("@sha256:")
        parts = image.split(":")
        if len(parts) > 2 or (len(parts) == 2 and not all(parts)) or (mark and not (image and digest)):
            raise InvalidImageReference(f"{text!r} is neither <image>:<tag> nor <image>")
        return cls(domain, parts[0], parts[1] if len(parts) == 2 else "", f"sha256:{digest}" if mark else "")

    @property
    def registry(self) -> str:
        """The host from which the image comes."""
        return _DOCKER_HUB if self.domain in ("", "docker.io") else self.domain

    @property
    def repository(self) -> str:
        """The path in the registry, completed as Docker Hub's own images are."""
        is_own = self.registry == _DOCKER_HUB and "/" not in self.image
        return f"library/{self.image}" if is_own else self.image

    @property
    def name(self) -> str:
        """The reference without tag and digest, as it is written."""
        return f"{self.domain}/{self.image}" if self.domain else self.image

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}{'@' if self.digest else ''}{self.digest}"


def ecr_place(image: ImageRef) -> tuple[str, str] | None:
    """Gives the account and the region of an image in Amazon's registry, as fluxd tells them.

    Source: fluxcd/flux 1.25.4 `pkg/registry/aws.go` `ImageCredsWithAWSAuth`.

    >>> ecr_place(ImageRef.parse("123.dkr.ecr.eu-west-1.amazonaws.com/web:1"))
    ('123', 'eu-west-1')
    """
    found = _ECR.fullmatch(image.registry)
    return None if found is None else (found[1], found[2])


@dataclass(frozen=True, slots=True)
class ImagePaths:
    """The fields that hold an image.

    Attributes:
        repository: of the whole reference, or of its name where the tag stands apart.
        tag: of the tag, where it stands apart.
        registry: of the registry, where it stands apart.
    """

    repository: FieldPath
    tag: FieldPath | None = None
    registry: FieldPath | None = None


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """An image of a workload.

    Attributes:
        container: the name by which annotations speak of it.
        image: the reference.
        paths: the fields.
        resource: `kind namespace/name` of the workload.
    """

    container: str
    image: ImageRef
    paths: ImagePaths
    resource: str


def find_images(manifest: Mapping[str, Any] | str | KubernetesModel) -> tuple[ContainerImage, ...]:
    """Gives the images of a workload, or of all in a list, as fluxd finds them.

    Args:
        manifest: an object of Kubernetes: a mapping with the types that Flux's YAML gives, a YAML text of one
            document, or a model.

    Returns:
        The containers before the init containers; of a HelmRelease `chart-image` first, the others by name.
        What fluxd cannot read is left out.

    Source: fluxcd/flux 1.25.4 `resource/spec.go`, `helmrelease.go` `FindHelmReleaseContainers`.

    >>> values = {"image": {"repository": "ghcr.io/acme/web", "tag": "1.0"}}
    >>> (found,) = find_images({"kind": "HelmRelease", "metadata": {}, "spec": {"values": values}})
    >>> found.container, str(found.image), found.paths.tag
    ('chart-image', 'ghcr.io/acme/web:1.0', ('spec', 'values', 'image', 'tag'))
    """
    if isinstance(manifest, KubernetesModel):
        manifest = manifest.to_manifest()
    elif isinstance(manifest, str):
        manifest = as_object(read_document(manifest)[1])
    checked_manifest(manifest, error=InvalidManifest)
    return tuple(_find(manifest, ()))


def _find(manifest: Mapping[str, Any], at: FieldPath) -> Iterator[ContainerImage]:
    kind = manifest.get("kind")
    if not isinstance(kind, str):
        return
    resource = resource_of(manifest)
    items = manifest.get("items")
    if kind.endswith("List") and isinstance(items, list) and not at:
        for index, item in enumerate(items):
            if isinstance(item, (dict, Mapping)):
                yield from _find(item, ("items", index))
    elif kind in POD_SPECS:
        yield from _in_containers(manifest, at, resource)
    elif kind == "HelmRelease":
        values = mapping_at(manifest, *_VALUES)
        for name, image, paths in _in_values(values, annotations_of(manifest)):
            yield ContainerImage(name, image, _below(paths, (*at, *_VALUES)), resource)


def first_of_each(images: Iterable[ContainerImage]) -> list[ContainerImage]:
    """Gives one image for each name; containers come before those that run first, and win over them.

    >>> from fluxv2_migrate.flux1 import find_images
    >>> pod = {"containers": [{"name": "a", "image": "x"}], "initContainers": [{"name": "a", "image": "y"}]}
    >>> manifest = {"kind": "Deployment", "spec": {"template": {"spec": pod}}}
    >>> [each.image.image for each in first_of_each(find_images(manifest))]
    ['x']
    """
    found: dict[str, ContainerImage] = {}
    for image in images:
        found.setdefault(image.container, image)
    return list(found.values())


def _below(paths: ImagePaths, at: FieldPath) -> ImagePaths:
    return ImagePaths(
        (*at, *paths.repository),
        None if paths.tag is None else (*at, *paths.tag),
        None if paths.registry is None else (*at, *paths.registry),
    )


def pod_of(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Gives what a workload says of its pods; nothing of any other object.

    >>> pod_of({"kind": "Deployment", "spec": {"template": {"spec": {"serviceAccountName": "web"}}}})
    {'serviceAccountName': 'web'}
    """
    path = POD_SPECS.get(str(manifest.get("kind")))
    return {} if path is None else mapping_at(manifest, *path)


def containers_of(manifest: Mapping[str, Any]) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """Gives each container of the pods of a workload with its field, those that run before others last.

    >>> pod = {"containers": [{"name": "web"}]}
    >>> list(containers_of({"kind": "Deployment", "spec": {"template": {"spec": pod}}}))
    [(('spec', 'template', 'spec', 'containers', 0), {'name': 'web'})]
    """
    path = POD_SPECS.get(str(manifest.get("kind")), ())
    pod = pod_of(manifest)
    for field in ("containers", "initContainers"):
        found = pod.get(field)
        for index, container in enumerate(as_list(found)):
            yield (*path, field, index), as_object(container)


def is_addon(manifest: Mapping[str, Any], namespace: str) -> bool:
    """Gives whether an object belongs to the cluster itself, so that fluxd updates none of its images.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/kubernetes.go` `isAddon`.

    >>> labels = {"kubernetes.io/cluster-service": "true"}
    >>> is_addon({"metadata": {"labels": labels}}, "kube-system")
    True
    """
    labels = mapping_at(manifest, "metadata", "labels")
    service, mode = (labels.get(key) for key in _ADDON)
    is_labelled = service in ("true", True) or mode in ("EnsureExists", "Reconcile")
    return namespace == "kube-system" and is_labelled


def unreadable_image(manifest: Mapping[str, Any]) -> tuple[str, FieldPath] | None:
    """Gives the first image of a pod that fluxd cannot read, and its field: fluxd then knows none of them.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resourcekinds.go` `toClusterWorkload`.

    >>> pod = {"containers": [{"name": "web", "image": "acme/web:1"}, {"name": "x", "image": "a:b:c"}]}
    >>> unreadable_image({"kind": "Deployment", "spec": {"template": {"spec": pod}}})
    ('a:b:c', ('spec', 'template', 'spec', 'containers', 1, 'image'))
    """
    for path, container in containers_of(manifest):
        text = container.get("image")
        written = text if isinstance(text, str) else ""
        if _parse(written) is None:
            return written, (*path, "image")
    return None


def _in_containers(manifest: Mapping[str, Any], at: FieldPath, resource: str) -> Iterator[ContainerImage]:
    for path, container in containers_of(manifest):
        name, text = container.get("name"), container.get("image")
        image = _parse(text) if isinstance(text, str) else None
        if isinstance(name, str) and image is not None:
            yield ContainerImage(name, image, ImagePaths((*at, *path, "image")), resource)


def _parse(text: str) -> ImageRef | None:
    try:
        return ImageRef.parse(text)
    except InvalidImageReference:
        return None


_Found = tuple[str, ImageRef, ImagePaths]


def _in_values(values: Mapping[str, Any], annotations: Mapping[str, Any]) -> list[_Found]:
    found: dict[str, _Found] = {}
    for name in (_TOP, *sorted(values, key=str)):
        at: FieldPath = () if name == _TOP else (name,)
        candidate = values if name == _TOP else values[name]
        if isinstance(candidate, (dict, Mapping)) and (image := _in_candidate(candidate, at)) is not None:
            found.setdefault(name, (name, *image))
        if name == _TOP and _TOP in values and isinstance(values[_TOP], Mapping):
            # A key of that name is looked at after the top level, and takes its place.
            inner = _in_candidate(values[_TOP], (_TOP,))
            if inner is not None:
                found[_TOP] = (_TOP, *inner)
    for key in annotations:
        if str(key).startswith("repository.fluxcd.io/"):
            alias = key.partition("/")[2]
            mapped = _mapped(values, annotations, alias)
            if mapped is not None:
                found[alias] = (alias, *mapped)
    return sorted(
        found.values(), key=lambda each: (each[0] != _TOP, each[0].encode("utf-8", "surrogatepass"))
    )


def _in_candidate(candidate: Mapping[str, Any], at: FieldPath) -> tuple[ImageRef, ImagePaths] | None:
    image = candidate.get("image")
    if isinstance(image, str):
        return _joined(candidate, "image", at)
    if isinstance(image, (dict, Mapping)) and isinstance(image.get("repository"), str):
        return _joined(image, "repository", (*at, "image"))
    return None


def _joined(fields: Mapping[str, Any], name: str, at: FieldPath) -> tuple[ImageRef, ImagePaths] | None:
    text: str = fields[name]
    registry, tag = fields.get("registry"), fields.get("tag")
    # Only texts count: a tag that YAML reads as a number is none.
    has_registry, has_tag = isinstance(registry, str), isinstance(tag, str)
    text = f"{registry}/{text}" if has_registry else text
    image = _parse(f"{text}:{tag}" if has_tag else text)
    paths = ImagePaths(
        (*at, name),
        (*at, "tag") if has_tag else None,
        (*at, "registry") if has_registry else None,
    )
    return None if image is None else (image, paths)


def _mapped(
    values: Mapping[str, Any], annotations: Mapping[str, Any], alias: str
) -> tuple[ImageRef, ImagePaths] | None:
    texts: dict[str, str] = {}
    paths: dict[str, FieldPath] = {}
    for part in ("repository", "registry", "tag"):
        path = annotations.get(f"{part}.fluxcd.io/{alias}")
        if not path:
            continue
        keys = str(path).split(".")
        value: Any = values
        for key in keys:
            value = as_object(value).get(key)
        if not isinstance(value, str):
            return None
        texts[part], paths[part] = value, tuple(keys)
    if "repository" not in texts:
        return None
    text = texts["repository"]
    text = f"{texts['registry']}/{text}" if "registry" in texts else text
    image = _parse(f"{text}:{texts['tag']}" if "tag" in texts else text)
    if image is None:
        return None
    return image, ImagePaths(paths["repository"], paths.get("tag"), paths.get("registry"))


def set_image(manifest: Mapping[str, Any], container: str, image: ImageRef) -> dict[str, Any]:
    """Gives a workload after fluxd has given one of its containers another image.

    Args:
        manifest: the workload, or a list of workloads; it is not changed.
        container: the name by which annotations speak of the container; of several, the first one.
        image: the new image.

    Returns:
        A copy with the new image in the fields where the old one stood.

    Raises:
        InvalidImageReference: fluxd finds no image of that container.

    Source: fluxcd/flux 1.25.4 `helmrelease.go` `SetContainerImage`.

    >>> values = {"image": {"repository": "acme/web", "tag": "1.0"}}
    >>> release = {"kind": "HelmRelease", "spec": {"values": values}}
    >>> set_image(release, "chart-image", ImageRef.parse("acme/web:1.1"))["spec"]["values"]
    {'image': {'repository': 'acme/web', 'tag': '1.1'}}
    """
    checked_kind(image, ImageRef, "an image", InvalidImageReference)
    for found in find_images(manifest):
        if found.container == container:
            break
    else:
        raise InvalidImageReference(f"no image of a container {container!r} is found")
    paths = found.paths
    name = image.image if paths.registry is not None else image.name
    result: Any = thawed(manifest)
    if paths.registry is not None:
        _put(result, paths.registry, image.domain)
    if paths.tag is not None:
        _put(result, paths.tag, image.tag)
        _put(result, paths.repository, name)
    else:
        # Of a tag and a digest fluxd writes the digest, and beside a registry the tag.
        is_by_digest = image.digest and paths.registry is None
        end = f"@{image.digest}" if is_by_digest else f":{image.tag}" if image.tag or paths.registry else ""
        _put(result, paths.repository, name + end)
    copied: dict[str, Any] = result
    return copied


def _put(manifest: Any, path: FieldPath, value: str) -> None:
    for key in path[:-1]:
        manifest = manifest[key]
    manifest[path[-1]] = value
