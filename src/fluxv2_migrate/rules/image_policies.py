"""The policy and the credentials of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.errors import InvalidImageReference, InvalidPolicy
from fluxv2_migrate.flux1 import ContainerImage, ImageRef, TaggedImage, TagPattern
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.flux2.tags import latest_tag
from fluxv2_migrate.kubernetes import is_object_name
from fluxv2_migrate.plan import Path
from fluxv2_migrate.rules.images import AutomatedImage, PolicyRequest, RepositoryRequest, Workload
from fluxv2_migrate.rules.registries import (
    Lookup,
    PullSecret,
    canonical_name,
    find_pull_secrets,
    registry_provider,
)
from fluxv2_migrate.settings.known_tags import KnownTag, joined_tags
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.tags.patterns import PolicyTranslation, lacking_version
from fluxv2_migrate.tags.policies import LAST, PINNED, escape


def request_policy(
    workload: Workload,
    found: ContainerImage,
    image: AutomatedImage,
    lookup: Lookup,
    *,
    unseen_tag: str | None,
) -> PolicyRequest:
    """Gives what an image needs: which tags are selected, and with which credentials they are read.

    Args:
        image: the same with its tag and filter.
        unseen_tag: the tag as it is written, where YAML reads it as no text.

    Source: fluxcd/flux 1.25.4 `pkg/policy/pattern.go`, `pkg/cluster/kubernetes/images.go`.
    """
    path = tuple(map(str, found.paths.repository))
    chosen = _choice(workload, found, image, path, unseen_tag=unseen_tag)
    repository = _repository(workload, found, lookup, path)
    return PolicyRequest(repository, chosen.policy, chosen.filter_tags, chosen.follows_digest, chosen.order)


@dataclass(frozen=True, slots=True)
class _Choice:
    policy: Mapping[str, Any]
    filter_tags: Mapping[str, str] | None
    order: str
    follows_digest: bool = False


def _known_tags(options: MigrationOptions, image: ImageRef) -> tuple[TaggedImage, ...]:
    wanted = canonical_name(image)
    known: list[KnownTag | str] = []
    for name, tags in sorted(options.image_tags.items()):
        try:
            if canonical_name(ImageRef.parse(name)) == wanted:
                known += tags
        except InvalidImageReference:
            continue
    return tuple(TaggedImage(each.tag, each.created) for each in joined_tags(known))


def _choice(
    workload: Workload, found: ContainerImage, image: AutomatedImage, path: Path, *, unseen_tag: str | None
) -> _Choice:
    decided = workload.decided(found.container)
    if decided.policy:
        reason = _refusal(decided, workload.flux_version)
        if reason is None:
            return _Choice(decided.policy, decided.filter_tags, "as decided")
        workload.note("IM031", f"Flux {workload.flux_version} refuses the policy: {reason}", path)
        return _pinned(image.tag)
    pattern = TagPattern.parse(image.tag_pattern)
    known = _known_tags(workload.options, found.image)
    translated = workload.translations.of(image.tag_pattern, image.tag, known, workload.flux_version)
    group = f"{workload.resource} {found.container}"
    if unseen_tag is not None:
        kind = "boolean" if image.tag in ("true", "false") else "number"
        read = "" if unseen_tag == image.tag else f", {image.tag} to the chart"
        message = (
            f"YAML reads the tag {unseen_tag} as a {kind}{read}, and fluxd saw no tag: it is written as text"
        )
        # Without a tag fluxd knew no build time, and so no order: nothing moves until a person gives one.
        pinned = pattern.requires_timestamp
        answer = _answer(workload, found, translated) if pinned else None
        workload.note("IM013", message, path, group=group, answer=answer)
        if pinned:
            return _pinned(image.tag)
    if image.tag is None:
        message = f"the image {found.image.name} has no tag, and gets one"
        workload.note("IM017", message, path, group=group)
    elif not pattern.selects(image.tag):
        message = f"the filter `{image.tag_pattern}` does not select the tag that runs, `{image.tag}`"
        answer = _answer(workload, found, translated)
        workload.note("IM015", message, path, group=group, answer=answer)
    _tell(workload, found, image, translated, path)
    # A digest is written only where the whole reference stands in one field.
    follows = translated.digest_reflection == "Always" and found.paths.tag is None
    return _Choice(translated.policy, translated.filter_tags, translated.order, follows)


def _tell(
    workload: Workload,
    found: ContainerImage,
    image: AutomatedImage,
    translated: PolicyTranslation,
    path: Path,
) -> None:
    filter_path = _filter_path(workload, found.container) or path
    if translated.confidence in ("guess", "structural") and image.tag_pattern.partition(":")[0] != "semver":
        message = f"fluxd took the newest build; Flux v2, which cannot, orders the tags by {translated.order}"
        answer, group = None, translated.order
        if translated.confidence == "guess":
            answer = _answer(workload, found, translated)
            group = f"{workload.resource} {found.container}"
        if translated.order != "one tag":
            workload.note("IM033", message, filter_path, group=group, answer=answer)
    for finding in translated.findings:
        if finding.code == "IM005":
            # fluxd would have moved at once what its filter excludes, and did not: no order is lost.
            if image.tag is None or TagPattern.parse(image.tag_pattern).selects(image.tag):
                group = f"{workload.resource} {found.container}"
                answer = workload.answer(
                    container=found.container,
                    policy=dict(translated.policy),
                    filter_tags=dict(translated.filter_tags or {}),
                )
                workload.note(finding.code, finding.message, filter_path, group=group, answer=answer)
        elif finding.code == "IM019" and lacking_version(translated) is not None:
            workload.note(
                finding.code,
                finding.message,
                filter_path,
                group=image.tag_pattern,
                declares=("image.filter",),
            )
        elif finding.code == "IM003" and translated.order == PINNED:
            # Nothing is rewritten where the tag is held.
            continue
        elif finding.code == "IM006" and found.paths.tag is not None:
            message = f"fluxd never noticed that {image.tag!r} moved, and a tag of its own holds no digest"
            workload.note(finding.code, message, filter_path, group="apart")
        else:
            workload.note(finding.code, finding.message, filter_path, group=image.tag_pattern)


def _filter_path(workload: Workload, container: str) -> Path | None:
    keys = (
        f"fluxcd.io/tag.{container}",
        f"filter.fluxcd.io/{container}",
        f"flux.weave.works/tag.{container}",
    )
    key = next((key for key in keys if key in workload.annotations), None)
    return None if key is None else ("metadata", "annotations", key)


def _answer(workload: Workload, found: ContainerImage, translated: PolicyTranslation) -> Override:
    # Ready to fill in: the likeliest order, or what holds the tag.
    best = (
        translated.candidates[0] if translated.confidence == "none" and translated.candidates else translated
    )
    return workload.answer(
        container=found.container, policy=dict(best.policy), filter_tags=dict(best.filter_tags or {}) or None
    )


def _pinned(tag: str | None) -> _Choice:
    expression = "$^" if tag is None else f"^{escape(tag)}$"
    return _Choice(LAST, {"pattern": expression}, PINNED)


def _refusal(decided: Override, flux_version: FluxVersion) -> str | None:
    try:
        latest_tag((), decided.policy or {}, decided.filter_tags, flux_version=flux_version)
    except InvalidPolicy as error:
        return str(error)
    return None


def _pull_secrets(
    workload: Workload, found: ContainerImage, lookup: Lookup, path: Path
) -> tuple[PullSecret, ...]:
    secrets = find_pull_secrets(workload.manifest, workload.namespace, found, lookup)
    for each in secrets:
        if not is_object_name(each.name):
            message = f"Kubernetes refuses the name {each.name!r}: such a pull secret never was"
            workload.note("IM040", message, path, group=each.name)
    return tuple(each for each in secrets if is_object_name(each.name))


def _repository(workload: Workload, found: ContainerImage, lookup: Lookup, path: Path) -> RepositoryRequest:
    image = found.image
    name, canonical = image.name, canonical_name(image)
    given = workload.decided(found.container).pull_secret
    secrets = _pull_secrets(workload, found, lookup, path)
    chosen = [each for each in secrets if each.name == given]
    if given and not chosen:
        return RepositoryRequest(canonical, name, secret_name=given)
    if secrets:
        # Of two Secrets for one host fluxd took the later one.
        secret = (chosen or secrets)[-1]
        if len(secrets) > 1 and not chosen:
            names = ", ".join(each.name for each in secrets)
            message = f"of the Secrets {names} an ImageRepository takes one: {secret.name} is taken"
            answer = workload.answer(container=found.container, pull_secret=secret.name)
            workload.note(
                "IM026", message, path, group=f"{workload.resource} {found.container}", answer=answer
            )
        form = (lookup("Secret", secret.namespace, secret.name) or {}).get("type")
        if form == "kubernetes.io/dockercfg" and not workload.runs("2.7"):
            message = f"Flux {workload.flux_version} reads no kubernetes.io/dockercfg: {secret.name}"
            workload.note("IM027", message, path, group=f"{secret.namespace}/{secret.name}")
        return RepositoryRequest(canonical, name, secret=secret)
    provider = registry_provider(image)
    if provider is not None:
        message = f"fluxd had the credentials of its machine for {image.registry}: provider {provider} is set"
        workload.note("IM010", message, path, group=image.registry)
    return RepositoryRequest(canonical, name, provider=provider)
