"""What image automation will write into a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import InvalidPattern, InvalidPolicy
from fluxv2_migrate.flux2.image_objects import (
    DEFAULT_EXCLUSIONS,
    Automation,
    ImageObject,
    ImageObjects,
    PathAnnotations,
    add_renamed,
    canonical_image,
    is_image_name,
    is_read,
    read_image_objects,
)
from fluxv2_migrate.flux2.marker_checks import texts_of
from fluxv2_migrate.flux2.markers import Marker, MarkerPart
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, is_at_least
from fluxv2_migrate.flux2.tags import latest_tag
from fluxv2_migrate.flux2.updater_scalars import with_marked_values
from fluxv2_migrate.folders import nearest
from fluxv2_migrate.given import checked_files, checked_list, checked_mapping
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.settings.known_tags import KnownTag

_WORD: Final = "$imagepolicy"


@dataclass(frozen=True, slots=True)
class _Elected:
    """What a policy selects; of the digest it is only known whether there is one."""

    name: str
    tag: str
    reflects_digest: bool

    def text(self, part: MarkerPart) -> str | None:
        if part == "digest":
            return None if self.reflects_digest else ""
        return {"": f"{self.name}:{self.tag}", "name": self.name, "tag": self.tag}[part]


def simulate_image_update(
    files: Mapping[str, str | bytes],
    tags: Mapping[str, Iterable[str | KnownTag]],
    *,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
) -> dict[str, str | bytes]:
    r"""Gives the files after the automations that they define have written the newest tags.

    Only the values are written, as the updater writes them, its faults included: over an unquoted number it
    leaves a type that the new tag does not have, and it adds lines to texts behind `>` with indented ones.
    The real updater writes each file that it changes anew, with two blanks of indentation and LF at the ends
    of lines; that is not imitated. Digests are not known from tags: a marker of a digest stays where the
    policy reflects one, and the whole image is written without it.

    Args:
        files: the repository: path to text, or to bytes.
        tags: what the registries hold, by image; up to Flux 2.6 in their order.
        flux_version: the Flux release that runs.

    Returns:
        Every file, the changed ones as text.

    Raises:
        AmbiguousTag: the controller itself takes one of several tags at random.

    Source: image-automation-controller 1.2.0 `internal/update/setters.go`, `internal/policy/applier.go`.

    >>> automation = '''apiVersion: image.toolkit.fluxcd.io/v1
    ... kind: ImageRepository
    ... metadata: {name: web, namespace: flux-system}
    ... spec: {image: ghcr.io/acme/web}
    ... ---
    ... apiVersion: image.toolkit.fluxcd.io/v1
    ... kind: ImagePolicy
    ... metadata: {name: web, namespace: flux-system}
    ... spec: {imageRepositoryRef: {name: web}, policy: {semver: {range: 1.x}}}
    ... ---
    ... apiVersion: image.toolkit.fluxcd.io/v1
    ... kind: ImageUpdateAutomation
    ... metadata: {name: flux-system, namespace: flux-system}
    ... spec: {update: {path: ./apps}}
    ... '''
    >>> app = 'image: ghcr.io/acme/web:1.0.0 # {"$imagepolicy": "flux-system:web"}\n'
    >>> files = {"automation.yaml": automation, "apps/web.yaml": app}
    >>> simulate_image_update(files, {"ghcr.io/acme/web": ["1.0.0", "1.2.0"]})["apps/web.yaml"]
    'image: ghcr.io/acme/web:1.2.0 # {"$imagepolicy": "flux-system:web"}\n'
    """
    texts = texts_of(checked_files(files))
    checked_mapping(tags, "tags")
    objects = read_image_objects(texts)
    add_renamed(objects, _built(files, objects))
    known = {
        canonical_image(image): [_tag(each) for each in checked_list(given, "tags", str, KnownTag)]
        for image, given in tags.items()
    }
    result: dict[str, str | bytes] = dict(files)
    for automation in objects.automations:
        if automation.suspended or not any(automation.covers(path) for path in files):
            continue
        if PathAnnotations(texts, flux_version).stopping(automation):
            continue
        elected = _elect(automation, objects, known, flux_version)
        for path in sorted(texts):
            if _WORD in texts[path] and automation.covers(path) and is_read(path, flux_version):
                updated = _update(texts[path], automation.resource.namespace, elected, flux_version)
                if updated != texts[path]:
                    result[path] = texts[path] = updated
    return result


def _built(
    files: Mapping[str, str | bytes], objects: ImageObjects
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Gives what the kustomizations build that list policies."""
    tree = KustomizeTree(files)
    listing = {each.folder for policy in objects.policies for each in tree.includers(policy.path)}
    above = {folder for inner in listing for folder in (inner, *tree.ancestors(inner))}
    for folder in sorted(above.intersection(tree.roots)):
        yield from ((each.path, each.manifest) for each in tree.build(folder).objects)


def _tag(given: str | KnownTag) -> str:
    return given if isinstance(given, str) else given.tag


def _elect(
    automation: Automation,
    objects: ImageObjects,
    known: Mapping[str, list[str]],
    flux_version: FluxVersion,
) -> dict[str, _Elected]:
    by_name: dict[str, list[ImageObject]] = {}
    for policy in objects.policies:
        if automation.selects(policy, flux_version):
            by_name.setdefault(policy.name, []).append(policy)
    elected: dict[str, _Elected] = {}
    for name, policies in by_name.items():
        policy = nearest(automation.resource.path, policies)
        found = _latest(policy, objects, known, flux_version)
        if found is not None:
            elected[name] = found
    return elected


def _latest(
    policy: ImageObject, objects: ImageObjects, known: Mapping[str, list[str]], flux_version: FluxVersion
) -> _Elected | None:
    repository = objects.repository_of(policy)
    if repository is None or policy.spec.get("suspend") is True or repository.spec.get("suspend") is True:
        return None
    image: Any = repository.spec.get("image")
    if not is_image_name(image):
        return None
    excluded = repository.spec.get("exclusionList")
    excluded = excluded if isinstance(excluded, list) and excluded else DEFAULT_EXCLUSIONS
    try:
        patterns = [Regexp.compile(str(pattern)) for pattern in excluded]
        tags = [
            tag
            for tag in known.get(canonical_image(image), [])
            if not any(pattern.matches(tag) for pattern in patterns)
        ]
        tag = latest_tag(
            tags, policy.spec.get("policy") or {}, policy.spec.get("filterTags"), flux_version=flux_version
        )
    except (InvalidPattern, InvalidPolicy):
        # The controller stalls, and the automation goes on without the policy.
        return None
    reflects = (policy.spec.get("digestReflectionPolicy") or "Never") != "Never"
    return None if tag is None else _Elected(image, tag, reflects)


def _update(text: str, namespace: str, elected: Mapping[str, _Elected], flux_version: FluxVersion) -> str:
    has_digests = is_at_least(flux_version, "2.6")

    def value_of(marker: Marker) -> str | None:
        if marker.namespace != namespace or (marker.part == "digest" and not has_digests):
            return None
        policy = elected.get(marker.policy)
        return None if policy is None else policy.text(marker.part)

    return with_marked_values(text, value_of)
