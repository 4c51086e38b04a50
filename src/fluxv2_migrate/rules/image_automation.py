"""The images that fluxd updated, and what of Flux v2 updates them: policies, repositories, marked fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.errors import InvalidImageReference
from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.flux1 import ContainerImage, ImageRef, TagPattern, WorkloadPolicies, find_images
from fluxv2_migrate.flux1.apis import LAST_RELEASE_API
from fluxv2_migrate.flux1.images import containers_of, first_of_each, is_addon, unreadable_image
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.kubernetes import as_list, as_object, field_at, objects_in, value_at
from fluxv2_migrate.plan import Path
from fluxv2_migrate.rules.annotations import WORKLOAD_KINDS, draft_annotations, replace_annotations
from fluxv2_migrate.rules.image_policies import request_policy
from fluxv2_migrate.rules.images import (
    AutomatedImage,
    ImageAutomationDraft,
    MarkedField,
    Workload,
    Written,
    nothing_written,
)
from fluxv2_migrate.rules.registries import (
    Lookup,
    canonical_name,
    is_read_differently,
    is_refused_name,
    is_scanned,
    nothing_known,
)
from fluxv2_migrate.settings.of_clusters import fluxd_settings_of
from fluxv2_migrate.settings.options import Cluster, MigrationOptions, Override
from fluxv2_migrate.tags.patterns import TagTranslations

_VALUES: Final = ("spec", "values")
_NO_OPTIONS: Final = MigrationOptions()
_FieldPath = tuple[str | int, ...]


def draft_image_automation(
    manifest: Mapping[str, Any],
    options: MigrationOptions,
    flux_version: FluxVersion,
    *,
    seen_namespace: str | None = None,
    cluster: Cluster | None = None,
    file: str = "",
    lookup: Lookup = nothing_known,
    written: Written = nothing_written,
    translations: TagTranslations | None = None,
) -> tuple[ImageAutomationDraft, ...]:
    """Reads the annotations and images of a document as fluxd does, and says what becomes of them.

    Args:
        manifest: any object of Kubernetes, or a list of such, with the types that Flux's YAML gives.
        seen_namespace: in which the cluster sees it, where kustomize or fluxd decides; that of the manifest
            when not given.
        cluster: the one that sees it; its fluxd decides what was scanned.

    Returns:
        One draft for each object of the document. Each image of a workload that is automated, and neither
        locked nor ignored, has fields to mark, or the code of the notice that says why not.

    Source: fluxcd/flux 1.25.4 `pkg/update/{automated,images}.go`, `pkg/cluster/kubernetes/images.go`.

    >>> annotations = {"fluxcd.io/automated": "true", "fluxcd.io/tag.app": "semver:~1.4"}
    >>> pod = {"containers": [{"name": "app", "image": "ghcr.io/acme/web:1.4.7"}]}
    >>> (draft,) = draft_image_automation({
    ...     "kind": "Deployment",
    ...     "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
    ...     "spec": {"template": {"spec": pod}},
    ... }, MigrationOptions(), "2.9")
    >>> draft.images[0].policy.policy, ".".join(draft.images[0].fields[0].field)
    ({'semver': {'range': '~1.4'}}, 'spec.template.spec.containers.0.image')
    """
    seen_by = cluster or Cluster(name="all")
    drafts: list[ImageAutomationDraft] = []
    for at, each in objects_in(manifest):
        own = as_object(each.get("metadata")).get("namespace")
        default = seen_by.default_namespace or options.default_namespace
        workload = Workload(
            each,
            at,
            str(seen_namespace or own or default or ""),
            options,
            flux_version,
            cluster="" if cluster is None else cluster.name,
            file=file,
            fluxd=fluxd_settings_of(seen_by.fluxd),
            written=written,
            translations=translations or TagTranslations(),
        )
        drafts.append(_draft(workload, lookup))
    return tuple(drafts)


def find_written_images(
    manifest: Mapping[str, Any], *, all_of_them: bool = False
) -> Iterator[AutomatedImage]:
    """Gives the images that fluxd writes of a document, as far as its annotations tell.

    Args:
        manifest: any object of Kubernetes, or a list of such, with the types that Flux's YAML gives.
        all_of_them: whether those count, too, that it would write if nothing else kept it from that.

    Returns:
        Those that `draft_image_automation` gives without options, and that have fields; what selects their
        tags is not looked for.

    >>> pod = {"containers": [{"name": "app", "image": "ghcr.io/acme/web:1.4.7"}]}
    >>> (image,) = find_written_images({
    ...     "kind": "Deployment",
    ...     "metadata": {"name": "web", "annotations": {"fluxcd.io/automated": "true"}},
    ...     "spec": {"template": {"spec": pod}},
    ... })
    >>> image.container, image.tag_pattern
    ('app', 'glob:*')
    """
    for at, each in objects_in(manifest):
        namespace = str(as_object(each.get("metadata")).get("namespace") or "")
        workload = Workload(each, at, namespace, _NO_OPTIONS, FLUX_VERSIONS[-1])
        found, names = _found_images(workload)
        policies = draft_annotations(workload, names)
        if policies is not None and (all_of_them or _is_automated(workload, policies, found)):
            images = (_written_image(workload, image, policies) for image in found)
            yield from (image for image in images if image.fields)


def find_other_images(manifest: Mapping[str, Any]) -> Iterator[AutomatedImage]:
    """Gives the images of an object of which fluxd knows none, as the `images` of a kustomization find them.

    Source: kustomize api 0.21 `filters/imagetag/legacy.go`: all lists of containers, wherever they are.

    >>> pod = {"containers": [{"name": "app", "image": "ghcr.io/acme/web:1.4.7"}]}
    >>> (image,) = find_other_images({"kind": "Job", "spec": {"template": {"spec": pod}}})
    >>> image.image.name, ".".join(image.fields[0].field)
    ('ghcr.io/acme/web', 'spec.template.spec.containers.0.image')
    >>> list(find_other_images({"kind": "Deployment", "spec": {"template": {"spec": pod}}}))
    []
    """
    kind = str(manifest.get("kind"))
    if kind in WORKLOAD_KINDS or kind == "CustomResourceDefinition":
        return
    for path, text in _images_of_containers(manifest, ()):
        try:
            image = ImageRef.parse(text)
        except InvalidImageReference:
            continue
        name = str(value_at(manifest, (*path[:-1], "name"), ""))
        yield AutomatedImage(name, image, image.tag or None, "", (MarkedField(path, "", text),))


def _images_of_containers(value: Any, path: _FieldPath) -> Iterator[tuple[_FieldPath, str]]:
    items = value.items() if isinstance(value, Mapping) else enumerate(as_list(value))
    for key, each in items:
        here = (*path, key)
        text = each.get("image") if isinstance(each, Mapping) else None
        if path[-1:] in (("containers",), ("initContainers",)) and isinstance(text, str):
            yield (*here, "image"), text
        yield from _images_of_containers(each, here)


def _found_images(workload: Workload) -> tuple[list[ContainerImage], list[str]]:
    """Gives the images of an object, and the names of all its containers, also of those without an image."""
    if not _asks_for_images(workload):
        # Without automation, a lock or a word about a container nobody asks for them.
        return [], []
    found = first_of_each(find_images(workload.manifest))
    return found, [*(each.container for each in found), *_container_names(workload)]


def _draft(workload: Workload, lookup: Lookup) -> ImageAutomationDraft:
    decided = workload.decided()
    images: list[AutomatedImage] = []
    stopped = False
    if not decided.leave:
        found, names = _found_images(workload)
        for name in names:
            # What is said of a container that is there is said of something, whatever comes of it.
            workload.decided(name)
        policies = draft_annotations(workload, names)
        stopped = policies is None
        if policies is not None:
            if _is_automated(workload, policies, found):
                images = [_image(workload, each, policies, lookup) for each in found]
            fields = [_texts(image.paths.repository) for image in found]
            selected = {image.container for image in images if image.fields}
            replace_annotations(workload, policies, fields, selected)
    return ImageAutomationDraft(
        workload.subject,
        workload.at,
        tuple(images),
        tuple(workload.operations),
        tuple(workload.comments),
        tuple(_asked_once(workload, len(images))),
        frozenset(workload.matched),
        stopped,
    )


def _asked_once(workload: Workload, images: int) -> list[Notice]:
    """Gives what is said of a workload; an order of tags that all of its images want is one question."""
    asked = {
        index: each.answer.model_dump(exclude_unset=True, exclude={"container"})
        for index, each in enumerate(workload.notices)
        if each.code == "IM005" and each.answer is not None
    }
    questions = {(workload.notices[index].message, repr(answer)) for index, answer in asked.items()}
    if len(asked) < 2 or len(asked) != images or len(questions) > 1:
        return workload.notices
    return [
        replace(each, group=workload.resource, answer=Override(**asked[index])) if index in asked else each
        for index, each in enumerate(workload.notices)
    ]


def _asks_for_images(workload: Workload) -> bool:
    policies = workload.policies
    return policies.automated or policies.locked or bool(workload.options.overrides)


def _texts(path: tuple[str | int, ...]) -> Path:
    return tuple(map(str, path))


# Whether fluxd updated the workload at all


def _is_updated_release(workload: Workload, api_version: str, path: Path) -> bool:
    """Gives whether the fluxd that looked after a release knew its API, and says where it did not.

    Source: fluxcd/flux 1.13.3, 1.18.0 and 1.19.0 `pkg/cluster/kubernetes/resourcekinds.go`.
    """
    if api_version.startswith("helm.toolkit.fluxcd.io/"):
        # Of a release that is migrated the annotations are only left over.
        return False
    version = workload.decided().fluxd_version or workload.fluxd.version
    is_new = api_version == LAST_RELEASE_API
    if not version:
        if not is_new:
            message = f"fluxd up to 1.18 updated a {workload.kind} of {api_version}, and later ones do not"
            answer = Override(cluster=workload.cluster or "*", fluxd_version="1.18")
            workload.note("DA034", message, path, group="all", answer=answer)
        return is_new
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if is_new and number < (1, 14):
        workload.note("AN016", f"fluxd {version} updates no HelmRelease of {api_version}", path, group="new")
    elif not is_new and number > (1, 18):
        message = f"fluxd {version} updates no {workload.kind} of {api_version}"
        workload.note("AN016", message, path, group=api_version)
    return number >= (1, 14) if is_new else number <= (1, 18)


def _is_automated(workload: Workload, policies: WorkloadPolicies, found: list[ContainerImage]) -> bool:
    if workload.kind not in WORKLOAD_KINDS or not policies.automated or policies.locked or policies.ignored:
        return False
    path = _automated_path(workload)
    version = workload.manifest.get("apiVersion")
    if workload.kind == "HelmRelease" and not _is_updated_release(workload, str(version), path):
        return False
    if workload.fluxd.read_only and not workload.decided().update_images:
        message = "fluxd writes no image: it reads only, scans none, or has commands without updaters"
        answer = Override(cluster=workload.cluster or "*", update_images=True)
        workload.note("IM008", message, path, group="all", answer=answer)
        return False
    if is_addon(workload.manifest, workload.namespace):
        workload.note("AN020", "fluxd leaves the add-ons of the cluster alone", path, group="all")
        return False
    unreadable = unreadable_image(workload.manifest)
    if unreadable is not None:
        text, field = unreadable
        message = f"fluxd cannot read the image {text!r}, and so updated none of this workload"
        workload.note("IM025", message, tuple(map(str, field)))
        return False
    _alias_problems(workload, found)
    if not found:
        workload.note("AN019", "automated workloads in which fluxd finds no image", path, group="all")
        return False
    if not workload.metadata.get("namespace") and workload.namespace not in ("", "default"):
        message = "fluxd wrote nothing to manifests without a namespace, but in `default`; Flux v2 does"
        workload.note("AN017", message, path, group="namespace")
    if workload.kind == "CronJob":
        message = "fluxd updated no CronJob on Kubernetes 1.25 and later; Flux v2 does"
        workload.note("AN017", message, path, group="CronJob")
    return True


def _automated_path(workload: Workload) -> Path:
    keys = ("fluxcd.io/automated", "flux.weave.works/automated")
    return ("metadata", "annotations", next(key for key in keys if key in workload.annotations))


def _container_names(workload: Workload) -> list[str]:
    """Gives the name of each container of a pod that has one, whether or not fluxd can read its image."""
    names = (container.get("name") for _, container in containers_of(workload.manifest))
    return [name for name in names if isinstance(name, str)]


def _alias_problems(workload: Workload, found: list[ContainerImage]) -> None:
    if workload.kind != "HelmRelease":
        return
    values = as_object(as_object(workload.manifest.get("spec")).get("values"))
    annotations = workload.annotations
    fields = {image.container: _texts(image.paths.repository) for image in found}
    for key in annotations:
        part, _, alias = key.partition(".fluxcd.io/")
        if part not in ("repository", "registry", "tag") or not alias:
            continue
        path = str(annotations[key])
        value = field_at(values, path.split("."))
        at = ("metadata", "annotations", key)
        if not isinstance(value, str):
            workload.note("AN015", f"{key} names {path!r}, where the values hold no text", at)
        elif f"repository.fluxcd.io/{alias}" not in annotations:
            workload.note("AN015", f"{key} has no effect without repository.fluxcd.io/{alias}", at)
        elif part == "repository" and fields.get(alias) != ("spec", "values", *path.split(".")):
            workload.note("AN015", f"{key} leads to {value!r}, which is no image", at)


# One image


def _image(
    workload: Workload, found: ContainerImage, policies: WorkloadPolicies, lookup: Lookup
) -> AutomatedImage:
    workload.container = found.container
    image = _read_image(workload, found, policies, lookup)
    workload.container = ""
    return image


def _read_image(
    workload: Workload, found: ContainerImage, policies: WorkloadPolicies, lookup: Lookup
) -> AutomatedImage:
    unseen = _tag_of_no_text(workload, found)
    image = _written_image(workload, found, policies)
    if not image.fields:
        return image
    text = None if unseen is None else workload.written((*workload.at, *unseen[0])) or unseen[1]
    request = request_policy(workload, found, image, lookup, unseen_tag=text)
    return replace(image, policy=request)


def _written_image(workload: Workload, found: ContainerImage, policies: WorkloadPolicies) -> AutomatedImage:
    """Gives an image with the fields that fluxd writes, or the code of what is said of why it does not."""
    pattern = policies.tag_patterns.get(found.container, "glob:*")
    unseen = _tag_of_no_text(workload, found)
    tag = found.image.tag or (unseen[1] if unseen is not None else None) or None
    path = _texts(found.paths.repository)
    problem = _cannot(workload, found, is_tag_seen=unseen is None)
    if problem is None and not workload.decided(found.container).policy:
        problem = _never(workload, found, pattern, tag)
    if problem is not None:
        code, message, group = problem
        workload.note(code, message, path, group=group, answer=_undecided(workload, found, code))
        return AutomatedImage(found.container, found.image, tag, pattern, exception=code)
    return AutomatedImage(found.container, found.image, tag, pattern, _fields(workload, found, unseen))


def _undecided(workload: Workload, found: ContainerImage, code: str) -> Override | None:
    # A policy of a person's own is the wish that an image moves that fluxd did not move.
    if code in ("IM007", "IM008", "IM017", "IM028"):
        return workload.answer(container=found.container, policy={}, filter_tags={})
    return None


_Problem = tuple[str, str, str]


def _cannot(workload: Workload, found: ContainerImage, *, is_tag_seen: bool) -> _Problem | None:
    """Gives why no marker can work."""
    image, paths = found.image, found.paths
    if isinstance(_unseen_tag(workload, found), (Mapping, list)):
        return "IM011", f"the image {image} cannot be marked: its tag is a mapping or a list", ""
    if paths.registry is not None and paths.tag is None and is_tag_seen:
        message = "the registry is a field of its own and the tag is not: no marker can write `path:tag`"
        return "IM014", message, ""
    if is_refused_name(image):
        return "IM029", f"Flux v2 refuses the name of the image {image.name!r}", image.name
    return None


def _never(workload: Workload, found: ContainerImage, pattern: str, tag: str | None) -> _Problem | None:
    """Gives why fluxd never updated an image, so that nothing else does without a person's wish."""
    image = found.image
    if is_read_differently(image):
        registry = image.domain or image.image
        message = f"fluxd looked for {str(image)!r} in the registry {registry!r}, and Flux v2 does not"
        if "/" in image.tag:
            message = (
                f"fluxd took {image.tag!r} for the tag of an image {image.image!r}, and Flux v2 does not"
            )
        return "IM028", message, canonical_name(image)
    if not is_scanned(image, workload.fluxd):
        message = f"fluxd did not scan {image.name}: --registry-exclude-image, -include-image or -ecr-*"
        return "IM008", message, image.name
    if image.digest:
        return "IM007", f"the image {image.name} is held by its digest: fluxd did not move it", ""
    if tag is None and TagPattern.parse(pattern).requires_timestamp:
        message = f"the image {image.name} has no tag: fluxd, which had no build time of it, did not move it"
        return "IM017", message, ""
    return None


def _unseen_tag(workload: Workload, found: ContainerImage) -> Any:
    """Gives what stands where fluxd looked for a tag, and saw none because it is no text."""
    paths = found.paths
    if workload.kind != "HelmRelease" or paths.tag is not None or found.image.tag:
        return None
    holder: Any = workload.manifest
    for key in paths.repository[:-1]:
        holder = as_object(holder).get(str(key))
    mapped = workload.annotations.get(f"repository.fluxcd.io/{found.container}")
    if mapped == ".".join(map(str, paths.repository[len(_VALUES) :])):
        # Of a field that an annotation names nothing beside it is looked at.
        return None
    return as_object(holder).get("tag")


def _tag_of_no_text(workload: Workload, found: ContainerImage) -> tuple[Path, str] | None:
    """Gives the field and the text of a tag that YAML reads as a number or a boolean; fluxd saw none."""
    value = _unseen_tag(workload, found)
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, (int, float)):
        # As JSON has it, which is what the chart gets.
        text = str(int(value)) if float(value).is_integer() else repr(value)
    else:
        return None
    return (*_texts(found.paths.repository[:-1]), "tag"), text


def _fields(
    workload: Workload, found: ContainerImage, unseen: tuple[Path, str] | None
) -> tuple[MarkedField, ...]:
    image, paths = found.image, found.paths
    at = tuple(int(key) if key.isdecimal() else key for key in workload.at)
    tag: tuple[tuple[str | int, ...], str] | None = unseen
    if paths.tag is not None:
        tag = (paths.tag, image.tag)
    repository = (*at, *paths.repository)
    if tag is None:
        return (MarkedField(repository, "", str(image)),)
    tag_field = MarkedField((*at, *tag[0]), "tag", tag[1])
    if paths.registry is not None:
        # The name of an image holds its registry, which stands in a field of its own.
        return (tag_field,)
    return (MarkedField(repository, "name", image.name), tag_field)
