"""The annotations of one workload, as the image automation of Flux v2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.groups import Notice, accepting
from fluxv2_migrate.flux2 import ImagePolicy, ImageRepository
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS
from fluxv2_migrate.frozen import FrozenDict
from fluxv2_migrate.kubernetes import KubernetesModel, objects_in
from fluxv2_migrate.pages import code, table
from fluxv2_migrate.placement import Prerequisite, layout_images, uses_of
from fluxv2_migrate.repository.manifests import manifest_of
from fluxv2_migrate.repository.workspace import Change, change_of
from fluxv2_migrate.rules import Lookup, draft_image_automation, numbers_as_texts
from fluxv2_migrate.settings.options import MigrationOptions, Override, checked_options
from fluxv2_migrate.settings.overrides import Subject
from fluxv2_migrate.single.conversion_page import conversion_fragment


@dataclass(frozen=True, slots=True)
class ImageAutomation:
    """What updates the images of a workload in Flux v2.

    Attributes:
        repositories: the images of which the tags are read.
        policies: which tag of each is taken.
        markers: by dotted field, what its marker names: `namespace:name`, or with `:tag` or `:name` behind
            where the field holds a part of the image.
        findings: what a person must know.
        changes: what is done to the annotations.
        prerequisites: what must exist in the cluster first.
    """

    repositories: tuple[ImageRepository, ...] = ()
    policies: tuple[ImagePolicy, ...] = ()
    markers: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "markers", FrozenDict(self.markers))

    def _repr_html_(self) -> str:
        markers = [(code(field), code(name)) for field, name in self.markers.items()]
        return conversion_fragment(
            "Image automation",
            (*self.repositories, *self.policies),
            self.findings,
            *([table("Markers", ("field", "what its marker names"), markers)] if markers else []),
            prerequisites=self.prerequisites,
            changes=self.changes,
        )


def translate_annotations(
    manifest: Mapping[str, Any] | str | KubernetesModel,
    options: MigrationOptions | Mapping[str, Any] | None = None,
) -> ImageAutomation:
    """Gives the image automation that fluxd's annotations of a workload, or of a list of them, stand for.

    Args:
        manifest: a mapping, a YAML text of one document, or a model; ServiceAccounts and Secrets are looked
            for in the same list.
        options: how to migrate; of several clusters the first one's fluxd counts.

    Returns:
        The ImageRepositories and ImagePolicies, the field of each marker, findings and changes. What is not
        automated, or locked, or ignored has none of the first three.

    Raises:
        InvalidManifest: a text that is no manifest.

    >>> found = translate_annotations('''
    ... apiVersion: apps/v1
    ... kind: Deployment
    ... metadata:
    ...   name: web
    ...   namespace: shop
    ...   annotations:
    ...     fluxcd.io/automated: "true"
    ...     fluxcd.io/tag.app: semver:~1.4
    ... spec:
    ...   template:
    ...     spec:
    ...       containers:
    ...         - name: app
    ...           image: ghcr.io/acme/web:1.4.7
    ... ''')
    >>> found.markers
    {'spec.template.spec.containers.0.image': 'flux-system:web'}
    >>> found.policies[0].spec.policy.semver.range, found.repositories[0].spec.image
    ('~1.4', 'ghcr.io/acme/web')
    """
    options = checked_options(options)
    cluster = next(iter(options.clusters), None)
    given = None if cluster is None else cluster.flux_version
    flux_version = given or options.flux_version or FLUX_VERSIONS[-1]
    document = manifest_of(manifest)
    lookup = _lookup_in(document)
    drafts = draft_image_automation(document, options, flux_version, cluster=cluster, lookup=lookup)
    uses = [use for draft in drafts for use in uses_of(draft)]
    layout = layout_images(uses, (), (), options, flux_version)
    markers: dict[str, str] = {}
    for use in uses:
        # A list may hold one workload twice, with filters that differ.
        for marked in use.image.fields if use.place in layout.policies else ():
            part = f":{marked.part}" if marked.part else ""
            markers[".".join(marked.field)] = layout.policies[use.place] + part
    notices = [(draft.resource, draft.subject, notice) for draft in drafts for notice in draft.notices]
    notices += [(use.resource, use.subject, notice) for use, notice in layout.notices]
    return ImageAutomation(
        tuple(
            ImageRepository.model_validate(made.manifest)
            for made in layout.generated
            if made.kind == "ImageRepository"
        ),
        tuple(
            ImagePolicy.model_validate(made.manifest)
            for made in layout.generated
            if made.kind == "ImagePolicy"
        ),
        markers,
        _findings_of(notices, options.overrides),
        (
            *(
                change_of(operation, draft.resource, "", 1, "")
                for draft in drafts
                for operation in draft.operations
            ),
            *(
                change_of(operation, use.resource, "", 1, "")
                for use in uses
                for operation in numbers_as_texts(use.image, document)
            ),
        ),
        layout.prerequisites,
    )


def _findings_of(
    notices: Iterable[tuple[str, Subject, Notice]], overrides: Sequence[Override]
) -> tuple[Finding, ...]:
    """Gives what nobody accepted of notices, each with the object that it is about."""
    found: dict[tuple[str, ...], Finding] = {}
    for resource, subject, notice in notices:
        if accepting(notice.code, subject, overrides, notice.container):
            continue
        dotted = ".".join(notice.path)
        # What is one question is one finding.
        key = (notice.code, notice.group or f"{resource} {dotted}")
        finding = Finding(notice.code, notice.message, resource=resource, field=dotted, answer=notice.answer)
        found.setdefault(key, finding)
    return tuple(found.values())


def _lookup_in(document: Mapping[str, Any]) -> Lookup:
    found: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for _, each in objects_in(document):
        metadata = each.get("metadata")
        if isinstance(metadata, Mapping):
            key = (str(each.get("kind")), str(metadata.get("namespace") or ""), str(metadata.get("name")))
            found.setdefault(key, each)
    return lambda kind, namespace, name: found.get((kind, namespace, name))
