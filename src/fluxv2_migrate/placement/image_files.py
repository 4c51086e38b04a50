"""The files of generated image automation: one for what has one name, where its clusters see it once."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Final

from fluxv2_migrate.placement.homes import Homes, NoHome
from fluxv2_migrate.placement.image_uses import GeneratedImageObject
from fluxv2_migrate.settings.options import MigrationOptions
from fluxv2_migrate.yaml_text import CannotEdit

__all__ = ["PlacedImageObject", "place_image_objects"]

_FOLDER: Final = "images"
_KINDS: Final = ("GitRepository", "ImageRepository", "ImagePolicy", "ImageUpdateAutomation")


@dataclass(frozen=True, slots=True)
class PlacedImageObject:
    """A generated object in its file.

    Attributes:
        kind: of the object.
        manifest: the object.
        file: that holds it; the end of it, where it is that of a workload.
        clusters: that see it there, sorted.
        containers: of an ImagePolicy, the documents whose filters' comments belong to it, with the container.
    """

    kind: str
    manifest: Mapping[str, Any]
    file: str
    clusters: tuple[str, ...]
    containers: tuple[tuple[tuple[str, int], str], ...]


@dataclass(frozen=True, slots=True)
class _Object:
    kind: str
    namespace: str
    name: str
    manifest: Mapping[str, Any]
    clusters: tuple[str, ...]
    files: tuple[str, ...]
    containers: tuple[tuple[tuple[str, int], str], ...]

    @property
    def stem(self) -> str:
        """What its file is called after, where nothing else is."""
        if self.kind in ("ImageRepository", "ImagePolicy"):
            return self.name
        return f"{self.name}-{'automation' if self.kind == 'ImageUpdateAutomation' else 'gitrepository'}"


def place_image_objects(
    generated: Iterable[GeneratedImageObject],
    homes: Homes,
    options: MigrationOptions,
) -> tuple[tuple[PlacedImageObject, ...], Mapping[str, str]]:
    """Gives each object its file, and lists the file where its clusters build a kustomization.

    Args:
        generated: of all clusters; what several of them need in one form stands once where they all see it.
        homes: where objects can live; what is listed is noted there.
        options: in which files.

    Returns:
        The objects, and the clusters in which one has no place where it stays what it is, with the reason.
    """
    files: dict[tuple[str, str, str], str] = {}
    taken: set[str] = set()
    placed: list[PlacedImageObject] = []
    seen: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
    homeless: dict[str, str] = {}
    for each in _together(generated):
        what = f"{each.kind} {each.namespace}/{each.name}"
        try:
            places = _places(each, homes, options, taken, files)
        except (NoHome, CannotEdit) as error:
            homeless.update(dict.fromkeys(each.clusters, f"{what} has no place: {error}"))
            continue
        for file, clusters in places:
            for cluster in clusters:
                other = seen.setdefault((cluster, each.kind, each.namespace, each.name), each.manifest)
                if other != each.manifest:
                    reason = f"{what} has no place: {cluster} would get it in two forms"
                    homeless.update(dict.fromkeys(each.clusters, reason))
            placed.append(PlacedImageObject(each.kind, each.manifest, file, clusters, each.containers))
    return tuple(placed), homeless


def _together(generated: Iterable[GeneratedImageObject]) -> list[_Object]:
    groups: dict[tuple[str, str, str, str], list[GeneratedImageObject]] = {}
    for each in generated:
        key = (each.kind, each.namespace, each.name, repr(each.manifest))
        groups.setdefault(key, []).append(each)
    found = [
        _Object(
            *key[:3],
            members[0].manifest,
            tuple(sorted({each.cluster for each in members})),
            tuple(sorted({file for each in members for file in each.files})),
            tuple(sorted({container for each in members for container in each.containers})),
        )
        for key, members in groups.items()
    ]
    # A repository stands above the policies of its name.
    return sorted(found, key=lambda each: (each.namespace, each.name, _KINDS.index(each.kind), each.clusters))


def _places(
    each: _Object,
    homes: Homes,
    options: MigrationOptions,
    taken: set[str],
    files: dict[tuple[str, str, str], str],
) -> list[tuple[str, tuple[str, ...]]]:
    if options.images.file != "folder" and each.kind in ("ImageRepository", "ImagePolicy"):
        for file in each.files:
            if set(homes.seen_by(file)) == set(each.clusters) and homes.leaves_alone(file, each.manifest):
                return [(_near(each, file, homes, options, taken, files), each.clusters)]
    found: list[tuple[str, tuple[str, ...]]] = []
    for home, clusters in homes.choose(each.clusters, each.manifest):
        key = (home, each.namespace, each.stem)
        if key not in files:
            files[key] = _free(each, homes.folder(home, _FOLDER, each.manifest), homes, taken)
            homes.list_file(home, files[key])
            taken.add(files[key])
        found.append((files[key], clusters))
    return found


def _near(
    each: _Object,
    file: str,
    homes: Homes,
    options: MigrationOptions,
    taken: set[str],
    files: dict[tuple[str, str, str], str],
) -> str:
    if options.images.file == "same":
        return file
    key = (file, each.namespace, each.stem)
    if key not in files:
        files[key] = _free(each, posixpath.dirname(file), homes, taken, beside=True)
        homes.list_beside(file, files[key])
        taken.add(files[key])
    return files[key]


def _free(each: _Object, folder: str, homes: Homes, taken: set[str], *, beside: bool = False) -> str:
    stem = f"{each.stem}-image" if beside else each.stem
    stems = [stem, f"{each.namespace}-{stem}"]
    paths = [posixpath.join(folder, f"{one}.yaml") for one in stems]
    counted = (posixpath.join(folder, f"{stem}-{number}.yaml") for number in count(2))
    return next(
        path for path in chain(paths, counted) if path not in taken and not homes.workspace.is_taken(path)
    )
