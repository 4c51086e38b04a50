"""The files of generated image automation: one for what has one name, where its clusters see it once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.placement.generated import FieldComment, Generated, Places, Unplaced
from fluxv2_migrate.placement.homes import Affixes, Homes, NoHome
from fluxv2_migrate.placement.image_uses import GeneratedImageObject
from fluxv2_migrate.rules import policy_comments
from fluxv2_migrate.settings.options import MigrationOptions
from fluxv2_migrate.yaml_text import CannotEdit

_KINDS: Final = ("GitRepository", "ImageRepository", "ImagePolicy", "ImageUpdateAutomation")
_SELECTING: Final = ("spec.policy.semver", "spec.filterTags", "spec.policy")
"""What people comment on: the range or the filter of tags, in the order of preference."""

FilterComments = Mapping[tuple[tuple[str, int], str], Iterable[str]]
"""Comments of fluxd's filters, by the document and the place to which they go."""


@dataclass(frozen=True, slots=True)
class PlacedImageObjects:
    """The objects of image automation in their files.

    Attributes:
        homeless: the clusters in which one has no place where it stays what it is, with the reason.
        displaced: those of them of which every build would rename or move it.
        renamed: those of which every build does nothing but rename it, with what it adds to the name.
    """

    objects: tuple[Generated, ...]
    homeless: Mapping[str, str]
    displaced: frozenset[str]
    renamed: Mapping[str, Affixes]


def place_image_objects(
    generated: Iterable[GeneratedImageObject],
    homes: Homes,
    options: MigrationOptions,
    comments: FilterComments,
) -> PlacedImageObjects:
    """Gives each object its file, and lists the file where its clusters build a kustomization.

    Args:
        generated: of all clusters; what several of them need in one form stands once where they all see it.

    """
    places = Places(homes)
    placed: list[Generated] = []
    seen: dict[tuple[str, str], Mapping[str, Any]] = {}
    homeless: dict[str, str] = {}
    displaced: set[str] = set()
    renamed: dict[str, Affixes] = {}
    for members in _together(generated, homes):
        wanted = _unplaced(members, homes, options, comments)
        what = f"{members[0].kind} {members[0].namespace}/{members[0].name}"
        try:
            found = places.place(wanted)
        except (NoHome, CannotEdit) as error:
            homeless.update(dict.fromkeys(wanted.clusters, f"{what} has no place: {error}"))
            if isinstance(error, NoHome):
                displaced.update(wanted.clusters)
                renamed.update(error.affixes)
            continue
        for each in found:
            for cluster in each.clusters:
                if seen.setdefault((cluster, each.resource), each.manifest) != each.manifest:
                    reason = f"{what} has no place: {cluster} would get it in two forms"
                    homeless.update(dict.fromkeys(wanted.clusters, reason))
        placed += found
    return PlacedImageObjects(tuple(placed), homeless, frozenset(displaced), renamed)


def _together(generated: Iterable[GeneratedImageObject], homes: Homes) -> list[list[GeneratedImageObject]]:
    """Gives what is one object in several clusters, sorted: a repository above the policies of its name.

    Clusters that share no text of what is updated have objects of their own, of whatever name, unless one
    sees what is put there for another.
    """
    groups: dict[tuple[str, str, str, str], list[list[GeneratedImageObject]]] = {}
    for each in generated:
        key = (each.kind, each.namespace, each.name, repr(each.manifest))
        known = groups.setdefault(key, [])
        own = {key for key, _ in each.containers}
        met = [
            members
            for members in known
            if not own.isdisjoint(key for other in members for key, _ in other.containers)
        ]
        groups[key] = [members for members in known if members not in met]
        groups[key].append([each, *(other for members in met for other in members)])
    for key, known in groups.items():
        if len(known) > 1 and _meet(known, homes):
            groups[key] = [[each for members in known for each in members]]
    return sorted(
        (members for known in groups.values() for members in known),
        key=lambda members: (
            members[0].namespace,
            members[0].name,
            _KINDS.index(members[0].kind),
            sorted(each.cluster for each in members),
        ),
    )


def _meet(groups: Iterable[list[GeneratedImageObject]], homes: Homes) -> bool:
    """Gives whether a cluster would see one object twice if each group had its own."""
    seen: list[str] = []
    for members in groups:
        try:
            chosen = homes.choose({each.cluster for each in members}, members[0].manifest)
        except NoHome:
            continue
        seen += {name for _, served in chosen for name in served}
    return len(set(seen)) < len(seen)


def _unplaced(
    members: list[GeneratedImageObject], homes: Homes, options: MigrationOptions, comments: FilterComments
) -> Unplaced:
    made = members[0]
    clusters = tuple(sorted({each.cluster for each in members}))
    is_of_image = made.kind in ("ImageRepository", "ImagePolicy")
    files = sorted({file for each in members for file in each.files}) if is_of_image else []
    seen = [(file, homes.seen_by(file)) for file in files] if options.images.file != "folder" else []
    is_policy = made.kind == "ImagePolicy"
    containers = sorted({pair for each in members for pair in each.containers}) if is_policy else []
    stem = _stem(made)
    return Unplaced(
        "image-automation",
        made.manifest,
        clusters,
        "images",
        (stem, f"{made.namespace}-{stem}"),
        (made.namespace, stem),
        tuple(
            FieldComment(_SELECTING, comment)
            for key, container in containers
            for comment in comments.get((key, policy_comments(container)), ())
        ),
        options.images.file,
        tuple((file, clusters) for file, names in seen if names == set(clusters)),
        (f"{stem}-image", f"{made.namespace}-{stem}-image"),
    )


def _stem(made: GeneratedImageObject) -> str:
    """Gives what its file is called after, where nothing else is."""
    if made.kind in ("ImageRepository", "ImagePolicy"):
        return made.name
    return f"{made.name}-{'automation' if made.kind == 'ImageUpdateAutomation' else 'gitrepository'}"
