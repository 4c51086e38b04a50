"""The image automation that a repository's files define: repositories, policies and automations.

Source: image-reflector-controller 1.2.0 and image-automation-controller 1.2.0 `internal/controller`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.folders import is_below, kustomization_files
from fluxv2_migrate.kubernetes import (
    annotations_of,
    as_list,
    as_object,
    group_of,
    mapping_at,
    namespace_and_name,
)
from fluxv2_migrate.yaml_text import YAML_ENDINGS, document_texts, read_document

IMAGE_GROUP: Final = "image.toolkit.fluxcd.io"
DEFAULT_EXCLUSIONS: Final = (r"^.*\.sig$",)
"""The tags that image-reflector-controller leaves out where `exclusionList` is empty."""
_DEFAULT_NAMESPACE: Final = "default"
_IMAGE: Final = re.compile(r"(?:[A-Za-z0-9.\-]+(?::[0-9]+)?/)?[a-z0-9_\-./]+")
_NAMESPACE: Final = re.compile(r"kind[\"']?\s*:\s*[\"']?Namespace\b")
_REMOVED_FIELDS: Final = re.compile(r"\.Updated\b|\.Changed\.ImageResult\b")
# What a template of a commit message can hold, of each Flux release.
_TEMPLATE_FIELDS: Final = ("AutomationObject", "Changed", "Updated", "Values")
# Since which Flux release a template has them; an action that reads another field of its data fails.
_TEMPLATE_FIELDS_SINCE: Final[Mapping[str, FluxVersion]] = {"Changed": "2.3", "Values": "2.5"}
_ACTION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_DATA_FIELD: Final = re.compile(r"(?:(?<=[\s({-])|\$)\.(\w+)")
_ROOT_FIELD: Final = re.compile(r"\{\{-?\s*\.(\w+)")
_REBINDING: Final = re.compile(r"\{\{-?\s*(?:block|define|range|template|with)\b")
# The label that every namespace has.
NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
_DOCKER_HUB: Final = ("docker.io", "index.docker.io", "registry-1.docker.io")
PATH_ANNOTATION: Final = "config.kubernetes.io/path"
# The updater looks for it before it reads a file.
_SCREENED: Final = '"$imagepolicy"'


@dataclass(frozen=True, slots=True)
class ImageObject:
    """An object of image automation, where it stands.

    Attributes:
        namespace: written in it or set by the kustomization of its folder, else `default`.
        spec: as Kubernetes has it.
    """

    path: str
    namespace: str
    name: str
    labels: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_manifest(cls, path: str, manifest: Mapping[str, Any], default_namespace: str = "") -> ImageObject:
        """Reads an object, which may stand without its namespace."""
        namespace, name = namespace_and_name(manifest)
        labels = mapping_at(manifest, "metadata", "labels")
        return cls(path, namespace or default_namespace, name, labels, mapping_at(manifest, "spec"))


@dataclass(frozen=True, slots=True)
class Automation:
    """An `ImageUpdateAutomation`.

    Attributes:
        update_path: what it updates, as a path in the repository; empty for all of it.
        suspended: whether it rests.
    """

    resource: ImageObject
    update_path: str
    suspended: bool

    def covers(self, path: str) -> bool:
        """Gives whether a file stands below its path."""
        return is_below(path, self.update_path)

    def why_it_stalls(self, flux_version: FluxVersion) -> str:
        """Gives why the controller does nothing with it, whatever policies elect; empty where it works.

        Source: image-automation-controller 1.2.0 `internal/controller`; `RemovedTemplateField` since 1.0.
        """
        git = as_object(self.resource.spec.get("git"))
        kind = as_object(self.resource.spec.get("sourceRef")).get("kind")
        if not git and kind in (None, "GitRepository"):
            return "has no spec.git"
        template = str(as_object(git.get("commit")).get("messageTemplate") or "")
        if is_at_least(flux_version, "2.7") and _REMOVED_FIELDS.search(template):
            return "uses a field in its message template that Flux 2.7 removed"
        early = next((each for each in _data_fields(template) if not _is_known(each, flux_version)), None)
        if early is not None:
            return f"uses .{early} in its message template, which Flux {flux_version} does not have yet"
        if not _can_be_rendered(template):
            return "has a message template that cannot be rendered"
        return ""

    def selects(self, policy: ImageObject, flux_version: FluxVersion) -> bool:
        """Gives whether it takes a policy of its namespace."""
        if policy.namespace != self.resource.namespace:
            return False
        return takes_labels(self.resource.spec.get("policySelector"), policy.labels, flux_version)


def takes_labels(selector: Any, labels: Mapping[str, Any], flux_version: FluxVersion) -> bool:
    """Gives whether the `policySelector` of an automation takes policies with some labels.

    >>> absent = {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}
    >>> takes_labels(absent, {}, "2.9"), takes_labels(absent, {"team": "shop"}, "2.9")
    (True, False)
    """
    if not isinstance(selector, Mapping) or not is_at_least(flux_version, "2.3"):
        return True
    return _selects(selector, labels)


def _data_fields(template: str) -> Iterator[str]:
    """Gives the fields of its data, or of what an action makes the dot, that a message template reads."""
    for action in _ACTION.findall(template):
        yield from _DATA_FIELD.findall(action)


def _is_known(field_name: str, flux_version: FluxVersion) -> bool:
    since = _TEMPLATE_FIELDS_SINCE.get(field_name)
    return since is None or is_at_least(flux_version, since)


def _can_be_rendered(template: str) -> bool:
    """Gives whether Go can render a message template, as far as its braces and plain fields tell."""
    if template.count("{{") != template.count("}}"):
        return False
    # Within these a dot stands for something else.
    rebinds = _REBINDING.search(template) is not None
    return rebinds or all(each in _TEMPLATE_FIELDS for each in _ROOT_FIELD.findall(template))


class _Named:
    """Objects by namespace and name: each of many may be asked for."""

    def __init__(self, objects: Sequence[ImageObject]) -> None:
        self._objects = objects
        self._known: dict[tuple[str, str], list[ImageObject]] = {}
        # By the parts that paths begin with, the first object of a name there.
        self._first: dict[tuple[str, str], dict[tuple[str, ...], ImageObject]] = {}
        self._count = 0

    def called(self, namespace: object, name: object) -> Sequence[ImageObject]:
        """Gives the objects of a name in a namespace, in their order."""
        for each in self._objects[self._count :]:
            key = (each.namespace, each.name)
            self._known.setdefault(key, []).append(each)
            for beginning in _beginnings(each.path):
                self._first.setdefault(key, {}).setdefault(beginning, each)
        self._count = len(self._objects)
        # In a file anything may stand in the place of a name.
        if not isinstance(namespace, str) or not isinstance(name, str):
            return ()
        return self._known.get((namespace, name), ())

    def nearest(self, path: str, namespace: object, name: object) -> ImageObject | None:
        """Gives the object of a name that `nearest` gives; nothing where there is none."""
        if not self.called(namespace, name):
            return None
        first = self._first[str(namespace), str(name)]
        # Where there are many clusters, each of them has one of that name.
        return next(first[beginning] for beginning in _beginnings(path) if beginning in first)


@dataclass(slots=True)
class ImageObjects:
    """What the files define, in the order of their paths."""

    repositories: list[ImageObject] = field(default_factory=list)
    policies: list[ImageObject] = field(default_factory=list)
    automations: list[Automation] = field(default_factory=list)
    namespaces: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _repositories: _Named = field(init=False, repr=False, compare=False)
    _policies: _Named = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._repositories, self._policies = _Named(self.repositories), _Named(self.policies)

    def add(self, kind: str, resource: ImageObject) -> None:
        """Adds an object, if it is of one of the kinds."""
        if kind == "ImageRepository":
            self.repositories.append(resource)
        elif kind == "ImagePolicy":
            self.policies.append(resource)
        elif kind == "ImageUpdateAutomation":
            update = as_object(resource.spec.get("update"))
            inside = posixpath.normpath("/" + str(update.get("path") or ""))
            self.automations.append(
                Automation(resource, inside.lstrip("/"), resource.spec.get("suspend") is True)
            )

    def policies_of(self, namespace: str, name: str) -> Sequence[ImageObject]:
        """Gives the policies of a name in a namespace, in the order of their paths."""
        return self._policies.called(namespace, name)

    def repository_of(self, policy: ImageObject) -> ImageObject | None:
        """Gives the `ImageRepository` of a policy, if it is there and the policy may use it."""
        reference = as_object(policy.spec.get("imageRepositoryRef"))
        namespace = reference.get("namespace") or policy.namespace
        found = self._repositories.nearest(policy.path, namespace, reference.get("name"))
        return found if found is not None and self._may_use(policy, found) else None

    def _may_use(self, policy: ImageObject, repository: ImageObject) -> bool:
        if policy.namespace == repository.namespace:
            return True
        labels = {NAMESPACE_LABEL: policy.namespace, **self.namespaces.get(policy.namespace, {})}
        selectors = as_object(repository.spec.get("accessFrom")).get("namespaceSelectors")
        return any(_selects(as_object(each), labels) for each in as_list(selectors))


def _beginnings(path: str) -> Iterator[tuple[str, ...]]:
    """Gives the parts that a path begins with, all of them first."""
    parts = tuple(path.split("/"))
    return (parts[:count] for count in range(len(parts), -1, -1))


def is_image_name(image: Any) -> bool:
    """Gives whether an `ImageRepository` takes a name: no scheme, no tag, no capital letters.

    >>> is_image_name("ghcr.io/acme/web"), is_image_name("ghcr.io/acme/web:1"), is_image_name("https://x/y")
    (True, False, False)
    """
    return isinstance(image, str) and _IMAGE.fullmatch(image) is not None and "//" not in image


def read_image_objects(
    texts: Mapping[str, str], values: Mapping[str, Any] = MappingProxyType({})
) -> ImageObjects:
    """Reads the objects of image automation, and the labels of namespaces, from the texts of a repository.

    What cannot be read is left out, as the cluster would never have it.

    Args:
        values: of documents that were read before, by their texts.
    """
    found = ImageObjects()
    for path in sorted(texts):
        text = texts[path]
        is_namespace = "Namespace" in text and _NAMESPACE.search(text) is not None
        if not path.endswith((".yaml", ".yml", ".json")) or (IMAGE_GROUP not in text and not is_namespace):
            continue
        for manifest in read_mappings(text, values):
            namespace, name = namespace_and_name(manifest)
            if manifest.get("kind") == "Namespace" and manifest.get("apiVersion") == "v1":
                found.namespaces[name] = mapping_at(manifest, "metadata", "labels")
            if str(manifest.get("apiVersion")).startswith(IMAGE_GROUP + "/"):
                default = namespace or _namespace_around(path, texts)
                found.add(str(manifest.get("kind")), ImageObject.of_manifest(path, manifest, default))
    return found


def read_mappings(text: str, values: Mapping[str, Any] = MappingProxyType({})) -> Iterator[Mapping[str, Any]]:
    """Gives the documents of a file that are mappings and can be read.

    Args:
        values: of documents that were read before, by their texts.
    """
    for document in document_texts(text):
        try:
            value = values[document] if document in values else read_document(document)[1]
        except InvalidManifest:
            continue
        if isinstance(value, Mapping):
            yield value


def _namespace_around(path: str, texts: Mapping[str, str]) -> str:
    for text in map(texts.get, kustomization_files(posixpath.dirname(path))):
        for manifest in read_mappings(text) if text is not None and "namespace" in text else ():
            if "spec" not in manifest and isinstance(manifest.get("namespace"), str):
                return str(manifest["namespace"])
    return _DEFAULT_NAMESPACE


def _selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    wanted = as_object(selector.get("matchLabels"))
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    expressions = selector.get("matchExpressions")
    return all(_holds(as_object(each), labels) for each in as_list(expressions))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), expression.get("values")
    values = as_list(values)
    match expression.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def add_renamed(objects: ImageObjects, built: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Adds repositories and policies that kustomizations give other names than stand in their files.

    Args:
        built: what clusters get, each with its file.
    """
    kinds = {"ImageRepository": objects.repositories, "ImagePolicy": objects.policies}
    there = {kind: {(each.namespace, each.name) for each in found} for kind, found in kinds.items()}
    for path, manifest in built:
        kind = str(manifest.get("kind"))
        if kind not in kinds or group_of(manifest) != IMAGE_GROUP:
            continue
        identity = namespace_and_name(manifest)
        if identity not in there[kind]:
            there[kind].add(identity)
            kinds[kind].append(ImageObject.of_manifest(path, manifest))


class ImageParts(NamedTuple):
    """What a reference is made of; empty where it says nothing of it."""

    name: str
    tag: str
    digest: str


def parts_of_image(reference: str) -> ImageParts:
    """Gives the parts of a reference.

    >>> parts_of_image("host:5000/a/b:1.0@sha256:ab")
    ImageParts(name='host:5000/a/b', tag='1.0', digest='sha256:ab')
    """
    rest, _, digest = reference.partition("@")
    folder, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    return ImageParts(f"{folder}{slash}{last}", tag, digest)


def canonical_image(name: str) -> str:
    """Gives the one name under which a registry knows an image.

    >>> canonical_image("nginx") == canonical_image("index.docker.io/library/nginx")
    True
    """
    first, slash, rest = name.partition("/")
    if not slash or not (set(".:") & set(first) or first == "localhost"):
        first, rest = _DOCKER_HUB[0], name
    if first in _DOCKER_HUB:
        return f"{_DOCKER_HUB[0]}/{rest}" if "/" in rest else f"{_DOCKER_HUB[0]}/library/{rest}"
    return f"{first}/{rest}"


def is_read(path: str, flux_version: FluxVersion) -> bool:
    """Gives whether the updater opens a file of that name.

    >>> is_read("a.yaml", "2.0"), is_read("a.YAML", "2.9"), is_read("a/Kustomization", "2.6")
    (True, False, True)
    """
    is_kustomization = posixpath.basename(path) == "Kustomization"
    return path.endswith(YAML_ENDINGS) or (is_kustomization and is_at_least(flux_version, "2.6"))


def path_annotations(text: str) -> frozenset[str]:
    """Gives the values of the annotation in a text.

    >>> sorted(path_annotations("metadata: {annotations: {config.kubernetes.io/path: a.yaml}}"))
    ['a.yaml']
    """
    if PATH_ANNOTATION not in text:
        return frozenset()
    found = (annotations_of(each) for each in read_mappings(text))
    return frozenset(str(each[PATH_ANNOTATION]) for each in found if PATH_ANNOTATION in each)


class PathAnnotations:
    """The annotations of the marked files of a repository."""

    def __init__(self, texts: Mapping[str, str], flux_version: FluxVersion) -> None:
        self._found = {
            path: found
            for path, text in texts.items()
            if _SCREENED in text and is_read(path, flux_version) and (found := path_annotations(text))
        }

    def stopping(self, automation: Automation) -> str:
        """Gives the first file for which an automation writes nothing, wherever; empty where there is none.

        >>> text = 'metadata: {annotations: {config.kubernetes.io/path: b.yaml}} # {"$imagepolicy": "a:b"}'
        >>> found = PathAnnotations({"apps/a.yaml": text}, "2.9")
        >>> from fluxv2_migrate.flux2.image_objects import ImageObject
        >>> found.stopping(Automation(ImageObject("", "flux-system", "updates"), "apps", suspended=False))
        'apps/a.yaml'
        """
        return next((path for path in sorted(self._found) if self._stops(path, automation)), "")

    def _stops(self, path: str, automation: Automation) -> bool:
        own = posixpath.relpath(path, automation.update_path or ".")
        allowed = posixpath.basename(path) if own == "." else own
        return automation.covers(path) and not self._found[path] <= {allowed}
