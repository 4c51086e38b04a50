"""What a kustomization changes in every object: namespace, names, labels, annotations, replicas, images."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest, InvalidPattern
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.kustomize.field_specs import (
    COMMON_LABELS,
    IMAGES,
    NAMES,
    TEMPLATE_LABELS,
    FieldSpec,
    field_spec,
    visit,
)
from fluxv2_migrate.kustomize.resources import Identity, PatchUse, Resource
from fluxv2_migrate.kustomize.values import is_null, same_or, text_of

_SIGN: Final = re.compile(r"[*+?\[\](){}|\\^$]")
_TAG_OR_DIGEST: Final = re.compile("[:@]")
_NAME: Final = NAMES[0].path
_FIXED_NAMES: Final = frozenset({"CustomResourceDefinition", "Namespace"})
_SERVICE_NAMESPACES: Final = (
    FieldSpec("spec/service/namespace", "APIService", "apiregistration.k8s.io", create=True),
    FieldSpec(
        "spec/conversion/webhook/clientConfig/service/namespace",
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
    ),
)


def twice(resources: Iterable[Resource]) -> list[Identity]:
    """Gives the identities that objects share by now."""
    counted = Counter(each.identity for each in resources)
    return [identity for identity, count in counted.items() if count > 1]


def set_namespace(resource: Resource, namespace: str, more: Sequence[FieldSpec]) -> None:
    """Puts an object into the namespace of a kustomization; a Namespace gets its name."""
    if resource.kind == "Namespace" and resource.manifest.get("apiVersion") == "v1":
        resource.remember()
        resource.set_metadata("name", namespace)
    put_into_namespace(resource, namespace, (*_SERVICE_NAMESPACES, *more))


def put_into_namespace(
    resource: Resource, namespace: str, fields: Sequence[FieldSpec], *, only_unset: bool = False
) -> None:
    """Puts an object into a namespace, with all that names it.

    Args:
        fields: that name it beside the metadata and the accounts of a role binding.
        only_unset: whether what has a namespace keeps it.

    Raises:
        InvalidManifest: one of these holds something else than a text.

    Source: kustomize api 0.21 `filters/namespace/namespace.go`.
    """

    def becomes(value: Any) -> Any:
        if isinstance(value, (dict, list)):
            raise InvalidManifest("a namespace that is no text")
        return value if only_unset and not is_null(value) and value != "" else namespace

    resource.remember()
    if not resource.is_cluster_scoped:
        resource.set_metadata("namespace", becomes(resource.namespace))
    for spec in fields:
        if spec.path != "metadata/namespace":
            visit(resource, spec, becomes, str)
    is_binding = resource.kind in ("RoleBinding", "ClusterRoleBinding")
    subjects = resource.manifest.get("subjects") if is_binding else None
    if isinstance(subjects, list):
        moved = [_moved_subject(subject, becomes) for subject in subjects]
        resource.manifest = {**resource.manifest, "subjects": moved}


def _moved_subject(subject: Any, becomes: Callable[[Any], Any]) -> Any:
    is_default = isinstance(subject, dict) and subject.get("name") == "default"
    return {**subject, "namespace": becomes(subject.get("namespace"))} if is_default else subject


def add_affix(resource: Resource, *, prefix: str = "", suffix: str = "", fields: Sequence[FieldSpec]) -> None:
    """Adds a prefix or a suffix to fields of an object, its name above all, unless its name is fixed.

    Raises:
        InvalidManifest: one of these holds something else than a text.

    Source: kustomize api 0.21 `PrefixTransformer`, `SuffixTransformer`.
    """
    original = resource.original
    if original.kind in _FIXED_NAMES or original[::2][:2] == ("apiregistration.k8s.io", "APIService"):
        return
    for spec in fields:
        if spec.path == _NAME and spec.is_for(resource):
            resource.prefixes += (prefix,) if prefix else ()
            resource.suffixes += (suffix,) if suffix else ()
            resource.remember()
        visit(resource, spec, lambda value: f"{prefix}{_as_name(value)}{suffix}", str)


def _as_name(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise InvalidManifest("a name that is no text")
    return text_of(value)


def label_fields(
    entry: Mapping[str, Any], use: PatchUse, configured: Callable[[str], Sequence[FieldSpec]]
) -> tuple[FieldSpec, ...]:
    """Gives the paths that an entry of `labels` writes to.

    Args:
        configured: gives the paths that configurations add to one of their fields.
    """
    own = tuple(field_spec(spec, None, use) for spec in entry.get("fields") or ())
    own = (*own, *configured("labels"))
    if entry.get("includeSelectors"):
        return (*own, *COMMON_LABELS, *configured("commonLabels"))
    if entry.get("includeTemplates"):
        own = (*own, *TEMPLATE_LABELS, *configured("templateLabels"))
    return (*own, FieldSpec("metadata/labels", create=True))


def set_pairs(resources: Iterable[Resource], pairs: Mapping[str, Any], fields: Sequence[FieldSpec]) -> None:
    """Adds labels or annotations at paths.

    Raises:
        InvalidManifest: there is no mapping where one is expected.
    """
    texts = {key: pairs[key] or "" for key in sorted(pairs)}

    def change(value: Any) -> Any:
        if not isinstance(value, dict):
            raise InvalidManifest("labels or annotations that are no mapping")
        return {**value, **texts}

    for resource in resources if texts else ():
        for spec in fields:
            visit(resource, spec, change, dict)


def by_names(resources: Iterable[Resource]) -> Mapping[str, Sequence[Resource]]:
    """Gives the objects by each name that they ever had."""
    found: dict[str, list[Resource]] = {}
    for resource in resources:
        for name in {known.name for known in resource.identities}:
            found.setdefault(name, []).append(resource)
    return found


def set_replicas(
    resources: Mapping[str, Sequence[Resource]], entry: Mapping[str, Any], fields: Sequence[FieldSpec]
) -> None:
    """Sets the number of replicas of the workloads of a name.

    Args:
        resources: by each name that they ever had.
        fields: that hold it, each of one kind.

    Raises:
        InvalidManifest: no workload has that name, which kustomize does not let pass.
    """
    name, found = text_of(entry.get("name", "")), False
    for spec in fields:
        for resource in resources.get(name, ()):
            if any(known.name == name and known.kind == spec.kind for known in resource.identities):
                found = True
                visit(resource, spec, lambda _value: entry.get("count", 0), int)
    if not found:
        raise InvalidManifest(f"`replicas` names {name}, which no workload is called")


@lru_cache(maxsize=1024)
def _image_pattern(name: str) -> Regexp:
    try:
        return Regexp.compile(f"^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")
    except InvalidPattern as error:
        raise InvalidManifest(f"an image's name that is no regular expression: {error.reason}") from None


@lru_cache(maxsize=1024)
def _image_start(name: str) -> re.Pattern[str]:
    """Gives what every image begins with that a name is for: all before the first sign of a pattern."""
    start = "" if "|" in name else _SIGN.split(name, maxsplit=1)[0]
    # What may be missing is no beginning.
    start = start[:-1] if name[len(start) : len(start) + 1] in ("*", "?", "{") else start
    return re.compile(re.escape(start).replace(r"\.", "."))


class Images:
    """The images in the objects of a kustomization, which may have as many entries for them as objects.

    Args:
        in_volumes: whether images of volumes are changed too, as they are from kustomize 5.7 on.
        more: fields that hold images too.
    """

    def __init__(self, resources: Sequence[Resource], *, in_volumes: bool, more: Sequence[FieldSpec]) -> None:
        self._resources = resources
        self._fields = (*(spec for spec in IMAGES if in_volumes or "volumes" not in spec.path), *more)
        self._is_configured = bool(more)
        # Of the objects that were looked through, by their positions, and these by the ends of the images.
        self._known: dict[int, frozenset[str]] = {}
        self._having: dict[str, set[int]] = {}

    def set(self, entry: Mapping[str, Any]) -> None:
        """Changes the images of a name: in all lists called containers, wherever they stand.

        Raises:
            InvalidManifest: an object has something else where images stand; names it.

        Source: kustomize api 0.21 `filters/imagetag`.
        """
        name = text_of(entry.get("name", ""))
        is_plain = not _SIGN.search(name) and "." not in _end_of(name)
        positions: Iterable[int] = range(len(self._resources))
        if is_plain and len(self._known) == len(self._resources):
            # Most entries are for one of the objects.
            positions = sorted(self._having.get(_end_of(name), ()))
        for position in positions:
            if position in self._known and not _names_any(entry, self._known[position]):
                continue
            images = _set_image(self._resources[position], entry, self._fields)
            # A configuration is told of every entry that meets one of its fields.
            if not self._is_configured:
                self._known[position] = images
                for image in images:
                    self._having.setdefault(_end_of(image), set()).add(position)


def _end_of(image: str) -> str:
    """Gives the last part of an image's name, which is the same where a name without signs is for it."""
    return _TAG_OR_DIGEST.split(image.rpartition("/")[2], maxsplit=1)[0]


def set_images(resources: Iterable[Resource], entry: Mapping[str, Any], fields: Sequence[FieldSpec]) -> None:
    """Changes the images of a name: in all lists called containers, and in fields.

    Raises:
        InvalidManifest: an object has something else where images stand; names it.

    Source: kustomize api 0.21 `ImageTagTransformer`.
    """
    for resource in resources:
        _set_image(resource, entry, fields)


def _set_image(resource: Resource, entry: Mapping[str, Any], fields: Sequence[FieldSpec]) -> frozenset[str]:
    """Changes the images of a name in an object, and gives all that stand in it then."""
    if resource.kind == "CustomResourceDefinition":
        return frozenset()
    images: set[str] = set()

    def change(value: Any) -> Any:
        if is_null(value):
            return value
        image = _image(text_of(value), entry)
        images.add(image)
        return image

    resource.manifest = _with_images(resource.manifest, change)
    for spec in fields:
        try:
            visit(resource, spec, change)
        except InvalidManifest as error:
            api = resource.manifest.get("apiVersion")
            reason = f"`images` cannot be applied to {resource.identity} of {text_of(api)}: {error.reason}"
            raise InvalidManifest(reason) from None
    return frozenset(images)


def _names_any(entry: Mapping[str, Any], images: Collection[str]) -> bool:
    """Gives whether an entry changes one of some images, or cannot be applied to any."""
    name = text_of(entry.get("name", ""))
    try:
        begins, whole = _image_start(name), _image_pattern(name)
    except InvalidManifest:
        return bool(images)
    return any(begins.match(image) is not None and whole.matches(image) for image in images)


def _with_images(value: Any, change: Callable[[Any], Any]) -> Any:
    """Gives a value with the images of its lists of containers changed; itself where none is."""
    if isinstance(value, list):
        return same_or(value, [_with_images(element, change) for element in value])
    if not isinstance(value, dict):
        return value
    changed = {key: _with_images(item, change) for key, item in value.items()}
    for key in ("containers", "initContainers"):
        if isinstance(changed.get(key), list):
            changed[key] = [_with_image(element, change) for element in changed[key]]
    return same_or(value, changed)


def _with_image(container: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(container, dict) and "image" in container:
        return same_or(container, {**container, "image": change(container["image"])})
    return container


def _image(image: str, entry: Mapping[str, Any]) -> str:
    if not _image_pattern(text_of(entry.get("name", ""))).matches(image):
        return image
    name, tag, digest = _split_image(image)
    new_tag, new_digest = (text_of(entry[key]) if entry.get(key) else "" for key in ("newTag", "digest"))
    if entry.get("newName"):
        name = text_of(entry["newName"])
    if new_tag or new_digest:
        tag, digest = new_tag, new_digest
    elif entry.get("tagSuffix"):
        tag, digest = tag + text_of(entry["tagSuffix"]), ""
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _split_image(image: str) -> tuple[str, str, str]:
    slash = image.find("/")
    start = max(slash, 0)
    at, colon = image.find("@", start), image.find(":", start)
    if at >= 0 and (at < colon or colon < 0):
        return image[:at], "", image[at + 1 :]
    if colon < 0:
        return image, "", ""
    if at >= 0:
        return image[:colon], image[colon + 1 : at], image[at + 1 :]
    return image[:colon], image[colon + 1 :], ""
