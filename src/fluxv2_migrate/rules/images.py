"""What is known of an image that fluxd updated, and what it needs of Flux v2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.flux1 import ImageRef
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.plan import Move, Path, Plan, Set, leaf_at
from fluxv2_migrate.rules.registries import PullSecret, RegistryProvider
from fluxv2_migrate.rules.workload import CommentAbove
from fluxv2_migrate.settings.overrides import Subject


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
