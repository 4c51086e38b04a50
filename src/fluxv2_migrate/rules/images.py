"""What is known of an image that fluxd updated, and what it needs of Flux v2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.flux1 import ImageRef
from fluxv2_migrate.flux1.policies import WorkloadPolicies, read_policies
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.kubernetes import annotations_of, as_object
from fluxv2_migrate.plan import Move, Operation, Path, Plan, Set, leaf_at
from fluxv2_migrate.rules.registries import PullSecret, RegistryProvider
from fluxv2_migrate.settings.of_clusters import FluxdSettings
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.settings.overrides import Subject, nothing_said, override_for
from fluxv2_migrate.tags.patterns import TagTranslations

Written = Callable[[Path], str | None]
"""Gives the text of a scalar of a document as it stands in the file, where there is one."""


def nothing_written(path: Path) -> str | None:
    """Gives no text, whatever is asked for."""
    return None


@dataclass(frozen=True, slots=True)
class CommentAbove:
    """A comment that is to stand above a field.

    Attributes:
        text: without the `#`.
    """

    path: Path
    text: str


@dataclass(slots=True)
class Workload:
    """Collects the operations and notices of one object.

    Attributes:
        at: where it stands in its document: nowhere deeper, or among the items of a list.
        namespace: as the cluster sees it.
        cluster: the name of the cluster, or empty.
        file: in which it stands, or empty.
        fluxd: the settings of the fluxd that looked after it.
        written: gives the text of a scalar as it stands in the file.
        translations: of tag patterns, which workloads share.
        matched: which of the overrides are about it.
        container: whose image is read; empty where the object itself is.
    """

    manifest: Mapping[str, Any]
    at: Path
    namespace: str
    options: MigrationOptions
    flux_version: FluxVersion
    cluster: str = ""
    file: str = ""
    fluxd: FluxdSettings = field(default_factory=FluxdSettings)
    written: Written = nothing_written
    translations: TagTranslations = field(default_factory=TagTranslations)
    operations: list[Operation] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    comments: list[CommentAbove] = field(default_factory=list)
    matched: set[int] = field(default_factory=set)
    container: str = ""
    _policies: WorkloadPolicies | None = None

    @property
    def policies(self) -> WorkloadPolicies:
        """What its annotations ask of fluxd."""
        if self._policies is None:
            self._policies = read_policies(self.annotations)
        return self._policies

    @property
    def kind(self) -> str:
        """The kind, or empty."""
        return str(self.manifest.get("kind") or "")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata; what is none counts as empty."""
        return as_object(self.manifest.get("metadata"))

    @property
    def name(self) -> str:
        """The name, or empty."""
        return str(self.metadata.get("name") or "")

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return self.subject.resource

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The annotations as they are written."""
        return annotations_of(self.manifest)

    def runs(self, since: FluxVersion) -> bool:
        """Gives whether the Flux release is this one or a later one."""
        return is_at_least(self.flux_version, since)

    def note(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        group: str = "",
        answer: Override | None = None,
        declares: tuple[str, ...] = (),
    ) -> None:
        """Says what a person must know, and of what it declares that it differs."""
        at = (*self.at, *path)
        notice = Notice(code, message, at, group, answer, declares, container=self.container)
        self.notices.append(notice)

    def answer(self, **fields: Any) -> Override:
        """Gives an override that matches this object alone."""
        return Override(kind=self.kind, namespace=self.namespace or "*", name=self.name or "*", **fields)

    @property
    def subject(self) -> Subject:
        """What overrides are compared with."""
        return Subject(self.cluster, self.kind, self.namespace, self.name, self.file)

    def decided(self, container: str | None = None) -> Override:
        """Gives all that a person decided for a container, or for the object."""
        if not self.options.overrides:
            # Each image of each workload is asked about.
            return nothing_said()
        override, matched = override_for(self.subject, self.options.overrides, container)
        self.matched |= matched
        return override


@dataclass(frozen=True, slots=True)
class MarkedField:
    """A field that the updater writes.

    Attributes:
        path: in the document, with the indexes of lists as numbers.
        part: of the image that goes there: `""` for the whole reference, `name` or `tag`.
        value: what stands there now, as the cluster sees it; a number is written as this text.
    """

    path: tuple[str | int, ...]
    part: Literal["", "name", "tag"]
    value: str

    @property
    def field(self) -> Path:
        """The path as findings have it."""
        return tuple(map(str, self.path))


@dataclass(frozen=True, slots=True)
class RepositoryRequest:
    """What is needed of an ImageRepository.

    Attributes:
        canonical: the image by the name under which all ways to write it are one.
        image: its name as it is written.
        secret: with which fluxd read its tags.
        secret_name: a Secret beside the ImageRepository that a person named.
        provider: the cloud whose credentials are used.
    """

    canonical: str
    image: str
    secret: PullSecret | None = None
    secret_name: str | None = None
    provider: RegistryProvider | None = None

    @property
    def credentials(self) -> tuple[str, ...]:
        """What makes two requests for one image one ImageRepository: teams copy a Secret under its name."""
        secret = self.secret_name or (self.secret.name if self.secret is not None else "")
        return (secret, self.provider or "")


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """What is needed of an ImagePolicy.

    Attributes:
        repository: the image that it selects from.
        filter_tags: the `spec.filterTags`, or `None`.
        follows_digest: whether the digest of the tag is written too, and watched.
        order: what orders the tags, in words.
    """

    repository: RepositoryRequest
    policy: Mapping[str, Any]
    filter_tags: Mapping[str, str] | None = None
    follows_digest: bool = False
    order: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes two requests one ImagePolicy, but for the credentials."""
        return (self.repository.canonical, *choice_key(self.policy, self.filter_tags, self.follows_digest))


def choice_key(
    policy: Mapping[str, Any], filter_tags: Mapping[str, Any] | None, follows_digest: bool
) -> tuple[str, ...]:
    """Gives what is compared of the choice of a tag; what is left out is what Flux takes for it.

    >>> choice_key({"numerical": {}}, {"pattern": "x", "extract": ""}, False) == choice_key(
    ...     {"numerical": {"order": "asc"}}, {"pattern": "x"}, False)
    True
    """
    # In the order in which image-reflector-controller looks.
    kind = next(
        (kind for kind in ("semver", "alphabetical", "numerical") if policy.get(kind) is not None), ""
    )
    # A policy of the repository may be anything.
    chosen = as_object(policy.get(kind))
    detail = chosen.get("range") if kind == "semver" else chosen.get("order") or "asc"
    filters = filter_tags or {}
    pattern, extract = filters.get("pattern") or "", filters.get("extract") or ""
    return (kind, str(detail), str(pattern), str(extract), str(follows_digest))


@dataclass(frozen=True, slots=True)
class AutomatedImage:
    """An image that the annotations of its workload automate.

    Attributes:
        container: the name by which annotations speak of it.
        tag: the tag that runs, or `None`.
        tag_pattern: the filter, with its prefix.
        fields: where the updater writes; none where it shall not or cannot.
        exception: the code of the notice that says why no field is marked, or empty.
        policy: what it needs; `None` where no field is marked.
    """

    container: str
    image: ImageRef
    tag: str | None
    tag_pattern: str
    fields: tuple[MarkedField, ...] = ()
    exception: str = ""
    policy: PolicyRequest | None = None


def numbers_as_texts(image: AutomatedImage, document: Mapping[str, Any]) -> Iterator[Set]:
    """Gives what writes the tag of an image that is no text as the one that the chart made of it until now.

    That `1.10` is 1.1 is seen by everybody but the eye.

    Args:
        document: in which the fields of the image stand.

    >>> field = MarkedField(("tag",), "tag", "1.1")
    >>> image = AutomatedImage("app", ImageRef.parse("web"), "1.1", "", (field,))
    >>> [[each.value for each in numbers_as_texts(image, {"tag": tag})] for tag in (1.10, "1.1")]
    [['1.1'], []]
    """
    for each in image.fields:
        before = leaf_at(document, each.field)
        if isinstance(before, (int, float)):
            yield Set(each.field, each.value, because=(".".join(each.field),), rule="number-tag")


@dataclass(frozen=True, slots=True)
class ImageAutomationDraft:
    """What becomes of the annotations of one object, and what updates its images.

    Attributes:
        subject: the object as the cluster sees it.
        at: where it stands in its document: nowhere deeper, or among the items of a list.
        images: those of an automated workload.
        operations: what is done to its annotations and labels; paths are those of the document.
        comments: what is to be said above a field.
        notices: what a person must know.
        matched: which of the overrides are about it.
        stopped: whether it stays as it is until a person acts.
    """

    subject: Subject
    at: Path = ()
    images: tuple[AutomatedImage, ...] = ()
    operations: Plan = ()
    comments: tuple[CommentAbove, ...] = ()
    notices: tuple[Notice, ...] = ()
    matched: frozenset[int] = field(default_factory=frozenset)
    stopped: bool = False

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return self.subject.resource

    @property
    def removed_annotations(self) -> tuple[str, ...]:
        """The annotations that go, for texts that no plan can edit."""
        gone: list[str] = []
        for operation in self.operations:
            path = operation.source if isinstance(operation, Move) else operation.path
            if self._is_annotation(path) and not isinstance(operation, Set):
                gone.append(path[-1])
        return tuple(gone)

    @property
    def new_annotations(self) -> Mapping[str, str]:
        """The annotations that are written, with their values."""
        return {
            operation.path[-1]: operation.value
            for operation in self.operations
            if isinstance(operation, Set) and self._is_annotation(operation.path)
        }

    def _is_annotation(self, path: Path) -> bool:
        return path[:-1] == (*self.at, "metadata", "annotations")
