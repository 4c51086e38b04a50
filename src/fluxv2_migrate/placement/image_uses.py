"""The images that are marked, and all objects that mark them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.placement.homes import Affixes
from fluxv2_migrate.placement.prerequisites import Prerequisite
from fluxv2_migrate.plan import Path
from fluxv2_migrate.rules import AutomatedImage, ImageAutomationDraft, PolicyRequest
from fluxv2_migrate.settings.overrides import Subject


@dataclass(frozen=True, slots=True)
class ImageUse:
    """One image of one workload as one cluster sees it.

    Attributes:
        subject: the workload, as the cluster sees it.
        document: that holds the field: its file, and its index there.
        place: names the text of the field: two clusters that see one text have one marker.
        in_own_namespace: whether its objects go there, because the Flux namespace has no place for them.
        applied_in: the namespace that a Kustomization of Flux v2 gives it, of which fluxd knew nothing.
        affixes: what every place that its cluster has adds to the names of its objects.
    """

    image: AutomatedImage
    request: PolicyRequest
    subject: Subject
    document: tuple[str, int]
    place: str
    in_own_namespace: bool = False
    applied_in: str = ""
    affixes: Affixes = ("", "")

    @property
    def file(self) -> str:
        """The file in which the field stands."""
        return self.document[0]

    @property
    def cluster(self) -> str:
        """The cluster that sees it, or empty."""
        return self.subject.cluster

    @property
    def resource(self) -> str:
        """Names the workload as findings do."""
        return self.subject.resource

    @property
    def field(self) -> Path:
        """The field that the updater writes first."""
        return self.image.fields[0].field

    @property
    def order(self) -> tuple[str, ...]:
        """What uses are sorted by."""
        of = self.subject
        return (self.place, of.cluster, of.namespace, of.kind, of.name, self.image.container)


@dataclass(frozen=True, slots=True)
class GeneratedImageObject:
    """An object that is made, and for whom.

    Attributes:
        cluster: the name of the cluster that needs it, or empty.
        files: those of the workloads that need it, sorted.
        containers: for which it is made: the documents that hold the fields, each with the container.
    """

    kind: str
    namespace: str
    name: str
    cluster: str
    manifest: Mapping[str, Any]
    files: tuple[str, ...] = ()
    containers: tuple[tuple[tuple[str, int], str], ...] = ()


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """All objects of image automation, and what is marked.

    Attributes:
        policies: by place, the policy of its marker as `namespace:name`; none where no marker can serve.
        generated: what is made for each cluster.
        notices: what a person must know, of which use.
        refused: the clusters for which nothing can be made, with the code and the reason.
    """

    policies: Mapping[str, str]
    generated: tuple[GeneratedImageObject, ...]
    prerequisites: tuple[Prerequisite, ...]
    notices: tuple[tuple[ImageUse, Notice], ...]
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def use_of(
    draft: ImageAutomationDraft, image: AutomatedImage, document: tuple[str, int], place: str
) -> ImageUse | None:
    """Gives an image of a workload as it is laid out; nothing where it has no policy."""
    if image.policy is None:
        return None
    return ImageUse(image, image.policy, draft.subject, document, place)


def uses_of(draft: ImageAutomationDraft, place: str | None = None) -> list[ImageUse]:
    """Gives the images of a workload that are marked where it stands.

    Args:
        place: names the document that holds the fields; its file and the workload's name when not given.
    """
    of = draft.subject
    where = place or "/".join((of.path, *draft.at, of.kind, of.namespace, of.name))
    found = [use_of(draft, image, (of.path, 0), f"{where}#{image.container}") for image in draft.images]
    return [use for use in found if use is not None]
