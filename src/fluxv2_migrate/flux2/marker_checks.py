"""Whether the markers of a repository do what they are there for.

Source: image-automation-controller 1.2.0 `internal/update`, `internal/policy`; kustomize kyaml 0.21 `kio`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.image_objects import (
    PATH_ANNOTATION,
    Automation,
    ImageObject,
    ImageObjects,
    PathAnnotations,
    is_image_name,
    is_read,
    path_annotations,
    read_image_objects,
)
from fluxv2_migrate.flux2.marked_values import MisplacedCode, misplacement_of
from fluxv2_migrate.flux2.marker_places import FieldPath, UnseenReason
from fluxv2_migrate.flux2.markers import UNSEEN_REASONS, Marker, find_markers
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, is_at_least
from fluxv2_migrate.flux2.updater_scalars import plain_kind
from fluxv2_migrate.given import checked_files
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.yaml_text import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    document_texts,
    read_nodes,
    value_of,
)

_ORDERS: Final = ("semver", "alphabetical", "numerical")
_WORD: Final = "imagepolicy"

MarkerProblemCode = (
    UnseenReason
    | MisplacedCode
    | Literal[
        "automation-stalls",
        "automation-suspended",
        "digest-before-2.6",
        "digest-not-reflected",
        "file-not-read",
        "invalid-image",
        "loses-prefix",
        "merge-key",
        "neighbour-breaks-file",
        "no-automation",
        "no-policy",
        "no-repository",
        "not-covered",
        "path-annotation",
        "policy-not-selected",
        "policy-stalls",
        "registry-apart",
        "unquoted-value",
        "update-path-missing",
        "works-once",
    ]
)


@dataclass(frozen=True, slots=True)
class MarkerProblem:
    """What is the matter with a marker.

    Attributes:
        code: what it is, the same in every message of its kind.
        message: what it is and what to do, one sentence.
        stops: whether the field is not updated, or not as it should be; else the file's form changes.
    """

    code: MarkerProblemCode
    message: str
    stops: bool = True


@dataclass(frozen=True, slots=True)
class CheckedMarker:
    """A marker in a repository.

    Attributes:
        file: where it stands.
        marker: what `find_markers` says of it.
        problems: everything that is the matter with it, by code.
    """

    file: str
    marker: Marker
    problems: tuple[MarkerProblem, ...] = ()

    @property
    def works(self) -> bool:
        """Whether the automation will write this field, and write it well."""
        return not any(problem.stops for problem in self.problems)


def check_markers(
    files: Mapping[str, str | bytes], *, flux_version: FluxVersion = FLUX_VERSIONS[-1]
) -> tuple[CheckedMarker, ...]:
    r"""Gives every marker of a repository with what is the matter with it.

    A marker that does not work is silent in the cluster, so everything that it needs is looked for in the
    files: the policy, an automation in the policy's namespace, and an update path that reaches the file. What
    stands in other repositories is not known here, nor a name that a prefix in a kustomization makes:
    `verify_migration` builds the kustomizations, and knows such policies.

    Args:
        files: the repository: path to text, or to bytes.
        flux_version: the Flux release that runs.

    Returns:
        The markers in the order of their files and lines; those that work have no problem that stops them.

    Source: image-automation-controller 1.2.0 `internal/update/filter.go`, `internal/policy/applier.go`.

    >>> (checked,) = check_markers({"app.yaml": 'image: a:1 # {"$imagepolicy": "flux-system:app"}\n'})
    >>> checked.works, [problem.code for problem in checked.problems]
    (False, ['no-automation', 'no-policy'])
    """
    texts = texts_of(checked_files(files))
    return check_texts(texts, read_image_objects(texts), sorted(files), flux_version)


def check_texts(
    texts: Mapping[str, str], objects: ImageObjects, paths: list[str], flux_version: FluxVersion
) -> tuple[CheckedMarker, ...]:
    """Gives the same for texts of which the objects of image automation are known.

    Args:
        objects: that they define.
        paths: of all files, sorted.
    """
    checked: list[CheckedMarker] = []
    policies = _Policies(objects, PathAnnotations(texts, flux_version))
    for path in sorted(texts):
        if _WORD not in texts[path]:
            continue
        checks = _FileChecks(path, texts[path], policies, paths, flux_version)
        found = [CheckedMarker(path, marker, checks.of(marker)) for marker in find_markers(texts[path])]
        checked += _beside_a_break(found)
    return tuple(checked)


def _beside_a_break(found: list[CheckedMarker]) -> Iterator[CheckedMarker]:
    """Gives the markers of a file; none of them works where one makes a text that nobody reads."""
    breaking = [
        each
        for each in found
        if {problem.code for problem in each.problems if problem.stops} == {"unquoted-value"}
    ]
    for each in found:
        # The first one, or where that is this one the second.
        others = [other for other in breaking[:2] if other is not each]
        if not others:
            yield each
            continue
        line = others[0].marker.line
        message = f"the marker in line {line} makes a value that no reader takes; quote that value"
        broken = MarkerProblem("neighbour-breaks-file", message)
        yield replace(each, problems=tuple(sorted((*each.problems, broken), key=lambda one: one.code)))


def texts_of(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """Gives the files that are text."""
    texts: dict[str, str] = {}
    for path, content in files.items():
        if isinstance(content, bytes):
            try:
                content = content.decode("utf-8")
            except UnicodeDecodeError:
                continue
        texts[path] = content
    return texts


@dataclass(frozen=True, slots=True)
class _PolicyChecks:
    """What is known of the policies of one name in a namespace; each of many clusters may have one.

    Attributes:
        images: those that their repositories scan, each once; `None` for what is none.
        problems: everything that is the matter with one of them, whatever marker names it.
        reflects_digests: whether all of them give digests.
    """

    policies: Sequence[ImageObject]
    images: tuple[str | None, ...]
    problems: tuple[MarkerProblem, ...]
    reflects_digests: bool


class _Policies:
    """The policies of a repository; those of a name are looked at once, for all markers that name them."""

    def __init__(self, objects: ImageObjects, annotations: PathAnnotations) -> None:
        self.objects = objects
        self.stopping = [annotations.stopping(each) for each in objects.automations]
        self._known: dict[tuple[str, str], _PolicyChecks] = {}

    def called(self, namespace: str, name: str) -> _PolicyChecks:
        """Gives what is known of the policies of a name in a namespace."""
        if (namespace, name) not in self._known:
            self._known[namespace, name] = self._checked(self.objects.policies_of(namespace, name))
        return self._known[namespace, name]

    def _checked(self, policies: Sequence[ImageObject]) -> _PolicyChecks:
        repositories = [self.objects.repository_of(policy) for policy in policies]
        images = [each.spec.get("image") for each in repositories if each is not None] or [None]
        pairs = zip(policies, repositories, strict=True)
        problems = (problem for policy, repository in pairs for problem in _of_policy(policy, repository))
        return _PolicyChecks(
            policies,
            tuple(dict.fromkeys(image if is_image_name(image) else None for image in images)),
            tuple(dict.fromkeys(problems)),
            all((each.spec.get("digestReflectionPolicy") or "Never") != "Never" for each in policies),
        )


class _FileChecks:
    """The checks of one file's markers; what concerns the whole file is looked at once."""

    def __init__(
        self, path: str, text: str, policies: _Policies, paths: list[str], flux_version: FluxVersion
    ) -> None:
        self._path = path
        self._policies = policies
        self._objects = policies.objects
        self._paths = paths
        self._flux_version: FluxVersion = flux_version
        self._parts = document_texts(text)
        self._has_merge_key = "<<" in text and any(has_merge_key(part) for part in self._parts)
        self._has_path_annotation = bool(path_annotations(text))
        self._is_read = is_read(path, flux_version)
        self._roots: dict[int, Node | None] = {}
        self._fields: dict[tuple[int, FieldPath], Mapping[str, str]] = {}

    def of(self, marker: Marker) -> tuple[MarkerProblem, ...]:
        """Gives everything that is the matter with a marker, by code."""
        found = {problem.code: problem for problem in self._problems(marker)}
        return tuple(found[code] for code in sorted(found))

    def _problems(self, marker: Marker) -> Iterator[MarkerProblem]:
        if not self._is_read:
            yield MarkerProblem("file-not-read", "the updater reads .yaml and .yml files only; rename it")
        if marker.reason is not None:
            yield MarkerProblem(marker.reason, UNSEEN_REASONS[marker.reason])
        else:
            yield from self._of_value(marker)
        if marker.policy:
            yield from self._of_automation(marker)
        yield from self._of_path_annotations(marker)
        if self._has_merge_key:
            yield MarkerProblem(
                "merge-key", "an update writes `<<` as `!!merge <<`; write the values out", stops=False
            )

    def _of_path_annotations(self, marker: Marker) -> Iterator[MarkerProblem]:
        stopping = [
            file
            for automation, file in zip(self._objects.automations, self._policies.stopping, strict=True)
            if automation.resource.namespace == marker.namespace and automation.covers(self._path)
        ]
        if all(stopping) and (stopping or self._has_path_annotation):
            where = f" in {stopping[0]}" if stopping and self._path not in stopping else ""
            yield MarkerProblem(
                "path-annotation", f"an annotation {PATH_ANNOTATION}{where} stops every update; remove it"
            )
        elif self._has_path_annotation:
            yield MarkerProblem(
                "path-annotation", f"the first update deletes the annotation {PATH_ANNOTATION}", stops=False
            )

    def _of_value(self, marker: Marker) -> Iterator[MarkerProblem]:
        value = marker.value or ""
        if not marker.is_quoted and (kind := plain_kind(value)) != "str":
            yield MarkerProblem(
                "unquoted-value", f"{value} is a {kind}, and an update keeps that type; quote the value"
            )
        if marker.once:
            yield MarkerProblem(
                "works-once", "an update moves the comment below the value; put it behind", stops=False
            )
        if not marker.part and ("=" in value or " " in value):
            yield MarkerProblem(
                "loses-prefix", "the whole value is replaced, with what stands before the image; split it"
            )
        if marker.part in ("", "name") and self._has_registry_apart(marker):
            yield MarkerProblem(
                "registry-apart", "the registry has a field of its own; mark only the tag, with :tag"
            )
        if marker.part == "digest" and not is_at_least(self._flux_version, "2.6"):
            yield MarkerProblem("digest-before-2.6", "Flux writes digests from 2.6 on; mark the whole image")

    def _has_registry_apart(self, marker: Marker) -> bool:
        field = marker.path[-1] if marker.path else ""
        return field in ("repository", "image") and "registry" in self._beside(marker)

    def _beside(self, marker: Marker) -> Mapping[str, str]:
        """Gives the fields that stand beside that of a marker and say something, with their texts."""
        # Many markers may stand in one mapping, and are asked about one by one.
        where = (marker.document, (marker.path or ())[:-1])
        if where not in self._fields:
            if marker.document not in self._roots:
                self._roots[marker.document] = read_nodes(self._parts[marker.document])
            node = self._roots[marker.document]
            for key in where[1]:
                node = _child(node, key)
            pairs = node.value if isinstance(node, MappingNode) else ()
            self._fields[where] = {
                str(key.value): value.value if isinstance(value, ScalarNode) else ""
                for key, value in pairs
                if (value_of(value) not in (None, "") if isinstance(value, ScalarNode) else value.value)
            }
        return self._fields[where]

    def _of_automation(self, marker: Marker) -> Iterator[MarkerProblem]:
        namespace = marker.namespace
        automations = [each for each in self._objects.automations if each.resource.namespace == namespace]
        covering = [each for each in automations if each.covers(self._path)]
        checked = self._policies.called(namespace, marker.policy)
        policies = checked.policies
        yield from self._of_cover(namespace, automations, covering)
        if marker.reason is None and not self._has_registry_apart(marker):
            yield from self._of_image(marker, checked.images)
        if not policies:
            yield MarkerProblem(
                "no-policy", f"no ImagePolicy {marker.policy} is in the namespace {namespace}; add one"
            )
            return
        if covering and not any(
            each.selects(policy, self._flux_version) for each in covering for policy in policies
        ):
            yield MarkerProblem(
                "policy-not-selected", "the automation's policySelector leaves the policy out; label it"
            )
        yield from checked.problems
        if marker.part == "digest" and not checked.reflects_digests:
            yield MarkerProblem(
                "digest-not-reflected", 'without digestReflectionPolicy the updater writes ""; set it'
            )

    def _of_cover(
        self, namespace: str, automations: list[Automation], covering: Sequence[Automation]
    ) -> Iterator[MarkerProblem]:
        """Gives why no automation of a namespace writes into the file."""
        if not automations:
            yield MarkerProblem(
                "no-automation", f"no ImageUpdateAutomation is in the namespace {namespace}; add one"
            )
        elif not covering:
            yield MarkerProblem(
                "not-covered", f"no update path of the namespace {namespace} reaches the file; widen one"
            )
            yield from self._of_paths(automations)
        elif all(each.suspended for each in covering):
            yield MarkerProblem("automation-suspended", "the automation is suspended; resume it")
        elif all(each.why_it_stalls(self._flux_version) for each in covering):
            reason = covering[0].why_it_stalls(self._flux_version)
            yield MarkerProblem("automation-stalls", f"the automation {reason}, and does nothing; correct it")

    def _of_image(self, marker: Marker, images: Sequence[str | None]) -> Iterator[MarkerProblem]:
        beside = self._beside(marker)
        found = [misplacement_of(marker, image, beside) for image in images]
        # Clusters in one repository may have policies of one name: it is enough if one of them fits.
        misplaced = next((each for each in found if each is not None), None)
        if misplaced is not None and None not in found:
            yield MarkerProblem(*misplaced)

    def _of_paths(self, automations: list[Automation]) -> Iterator[MarkerProblem]:
        for automation in automations:
            if not any(automation.covers(path) for path in self._paths):
                yield MarkerProblem(
                    "update-path-missing",
                    f"no file is at the update path {automation.update_path}, so every run fails; correct it",
                )


def _of_policy(policy: ImageObject, repository: ImageObject | None) -> Iterator[MarkerProblem]:
    if repository is None:
        yield MarkerProblem("no-repository", "the policy has no ImageRepository that it may use; add it")
    elif not is_image_name(repository.spec.get("image")):
        yield MarkerProblem(
            "invalid-image", "the ImageRepository's image is no name without scheme and tag; correct it"
        )
    if not any(as_object(policy.spec.get("policy")).get(order) is not None for order in _ORDERS):
        yield MarkerProblem("policy-stalls", "the policy has no order, and elects nothing; give it one")


def _child(node: Node | None, key: str | int) -> Node | None:
    if isinstance(node, SequenceNode) and isinstance(key, int):
        child: Node = node.value[key]
        return child
    pairs = node.value if isinstance(node, MappingNode) else ()
    found: Node | None = next((value for name, value in pairs if name.value == key), None)
    return found


def has_merge_key(text: str) -> bool:
    """Gives whether a document has a merge key, which an update writes with a tag."""
    try:
        root = read_nodes(text)
    except InvalidManifest:
        return False
    pending, known = [root], set()
    while pending:
        node = pending.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        if isinstance(node, SequenceNode):
            pending += node.value
        elif isinstance(node, MappingNode):
            if any(key.value == "<<" and not key.style for key, _ in node.value):
                return True
            pending += [value for _, value in node.value]
    return False
