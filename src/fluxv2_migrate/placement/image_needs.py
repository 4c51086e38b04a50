"""What each marked image comes to: a policy in a namespace, over an ImageRepository that others may share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.placement.homes import without_affixes
from fluxv2_migrate.placement.image_names import NamedGroup
from fluxv2_migrate.placement.image_uses import ImageUse
from fluxv2_migrate.rules import PolicyRequest, RepositoryRequest
from fluxv2_migrate.settings.options import MigrationOptions

_HELM_TOP = "chart-image"


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image with the namespace of its policy, and what it needs there.

    Attributes:
        use: the image as one cluster sees it.
        namespace: of its policy and automation.
        request: what it needs, with the credentials that are known of the image.
    """

    use: ImageUse
    namespace: str
    request: PolicyRequest

    @property
    def repository_key(self) -> tuple[str, ...]:
        """What makes two of them share an ImageRepository, if the namespaces may."""
        repository = self.request.repository
        return (self.namespace, repository.canonical, *repository.credentials, *self.use.affixes)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two of them share an ImagePolicy."""
        return (*self.repository_key, *self.request.identity)


Groups = Mapping[tuple[str, ...], Sequence[PlacedImage]]
"""The images that share an object, by what makes them share it."""


def place_uses(
    uses: Iterable[ImageUse], options: MigrationOptions
) -> tuple[list[PlacedImage], list[tuple[ImageUse, Notice]]]:
    """Gives what each image comes to, and of which fields nothing does.

    Returns:
        The images that one marker serves in all clusters, in the order of the uses, and what is to be said
        of the others.
    """
    uses = list(uses)
    known = _known_credentials(uses, options)
    by_place: dict[str, list[PlacedImage]] = {}
    for use in uses:
        namespace, repository = _namespace(use, options), use.request.repository
        if not repository.credentials[0]:
            # fluxd read the tags of an image with all Secrets that any of its pods has.
            repository = known.get((namespace, repository.canonical), repository)
        placed = PlacedImage(use, namespace, replace(use.request, repository=repository))
        by_place.setdefault(use.place, []).append(placed)
    images: list[PlacedImage] = []
    notices: list[tuple[ImageUse, Notice]] = []
    for place, members in by_place.items():
        if len({(each.namespace, *each.use.affixes, *each.request.identity) for each in members}) == 1:
            # Where the clusters' credentials differ, those that are some.
            chosen = max(members, key=lambda each: each.repository_key).request
            images += [replace(each, request=chosen) for each in members]
            continue
        clusters = ", ".join(sorted({each.use.cluster for each in members}))
        message = f"policies of their own are wanted for one field, which takes one marker ({clusters})"
        notices += [(each.use, Notice("IM016", message, each.use.field, place)) for each in members]
    return images, notices


def _namespace(use: ImageUse, options: MigrationOptions) -> str:
    is_own = use.in_own_namespace or options.images.namespace == "release"
    return ((use.applied_in or use.subject.namespace) if is_own else "") or options.flux_namespace


def _known_credentials(
    uses: Iterable[ImageUse], options: MigrationOptions
) -> dict[tuple[str, str], RepositoryRequest]:
    known: dict[tuple[str, str], RepositoryRequest] = {}
    for use in uses:
        request = use.request.repository
        if request.credentials[0]:
            key = (_namespace(use, options), request.canonical)
            known[key] = min(known.get(key, request), request, key=lambda each: each.credentials)
    return known


def name_groups(groups: Groups, keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], NamedGroup]:
    """Gives what the objects of some groups are named after: the workload, or the image that several use."""
    objects: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for key, members in groups.items():
        for each in members:
            objects.setdefault(_workload(each.use), set()).add(key)
    return {key: _named(key, groups[key], objects) for key in keys}


def _workload(use: ImageUse) -> tuple[str, ...]:
    return use.subject[:4]


def _named(
    key: tuple[str, ...],
    members: Sequence[PlacedImage],
    objects: Mapping[tuple[str, ...], set[tuple[str, ...]]],
) -> NamedGroup:
    uses = [each.use for each in members]
    path = members[0].request.repository.canonical.split("/")
    owner = path[-2] if len(path) > 2 and path[-2] != "library" else ""
    plain = path[-1]
    names = {without_affixes(use.subject.name, use.affixes) or use.subject.name for use in uses}
    if len(names) == 1:
        (plain,) = names
        containers = {use.image.container for use in uses}
        several = any(len(objects[_workload(use)]) > 1 for use in uses)
        # The one that bears the workload's name, or a chart's own image, needs no more.
        if several and not containers & {plain, _HELM_TOP}:
            plain = f"{plain}-{min(containers)}"
    return NamedGroup(
        plain,
        frozenset(use.cluster for use in uses if use.cluster),
        frozenset(use.subject.namespace for use in uses if use.subject.namespace),
        frozenset(use.subject.kind for use in uses),
        owner,
        repr(key),
        min(names) if len(names) > 1 else "",
    )
