"""Which policy writes which image: every marker writes a tag of its own, and all is built again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, get_args

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.reconciled import ReconciledCluster, Reconciler
from fluxv2_migrate.flux2.image_objects import ImageObjects, add_renamed, read_image_objects
from fluxv2_migrate.flux2.marked_values import MisplacedCode
from fluxv2_migrate.flux2.marker_checks import CheckedMarker, check_texts, texts_of
from fluxv2_migrate.flux2.markers import Marker
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.flux2.updater_scalars import with_marked_values
from fluxv2_migrate.repository.reading import Document, read_repository

_WRITTEN: Final = frozenset((*get_args(MisplacedCode), "loses-prefix", "registry-apart", "unquoted-value"))
# There may be as many markers as workloads, so that a text is asked for all of their tags at once.
_TAG: Final = re.compile(r"0\.0\.0-(?:probe|misplaced)([0-9]+)x")
PolicyKey = tuple[str, str]
"""Namespace and name of an ImagePolicy."""


@dataclass(frozen=True, slots=True)
class WrittenImages:
    """What clusters get once every policy has elected a tag of its own, another one for each file.

    Attributes:
        tags: the policy that elected each of the tags, which markers write that work.
        misplaced: the same of tags that markers write which break the field behind which they stand.
        files: by tag, the file of the markers.
        clusters: what kustomize-controller applies then.
    """

    tags: Mapping[str, PolicyKey] = field(default_factory=dict)
    misplaced: Mapping[str, PolicyKey] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    clusters: Mapping[str, ReconciledCluster] = field(default_factory=dict)

    def policy_of(self, tag: str) -> PolicyKey | None:
        """Gives the policy that elected a tag, be the field one that markers write well or not."""
        return self.tags.get(tag) or self.misplaced.get(tag)

    def misplaced_in(self, text: str) -> Iterator[tuple[str, PolicyKey]]:
        """Gives files and policies whose markers write into a text what breaks it, in their order."""
        yield from ((self.files[tag], self.misplaced[tag]) for tag in _tags_in(text) if tag in self.misplaced)

    def policies_in(self, text: str) -> Iterator[tuple[str, PolicyKey]]:
        """Gives files and policies whose markers write into a text, first those that write it well."""
        yield from ((self.files[tag], self.tags[tag]) for tag in _tags_in(text) if tag in self.tags)
        yield from self.misplaced_in(text)


def write_probes(
    files: Mapping[str, str | bytes],
    reconciler: Reconciler,
    views: Sequence[ClusterView],
    known: Mapping[str, ReconciledCluster],
    flux_version: FluxVersion,
) -> WrittenImages:
    """Gives what each policy of a repository writes, and where.

    Args:
        reconciler: follows their Kustomizations.
        views: the clusters that are known to get something of them.
        known: what they get of the files as they are.
    """
    texts = texts_of(files)
    marked = sorted(path for path in texts if "$imagepolicy" in texts[path])
    if not marked:
        return WrittenImages(clusters=known)
    read = chain.from_iterable(reconciler.documents.values())
    objects = read_image_objects(texts, {each.text: each.value for each in read})
    add_renamed(objects, ((one.path, one.manifest) for each in known.values() for one in each.all()))
    markers = check_texts(texts, objects, sorted(files), flux_version)
    known_markers = {(each.file, each.marker.line, each.marker.column): each for each in markers}
    writers = sorted(
        {(each.file, (each.marker.namespace, each.marker.policy)) for each in markers if _writes(each)}
    )
    tags = {writer: f"0.0.0-probe{index}x" for index, writer in enumerate(writers)}
    misplaced = {writer: f"0.0.0-misplaced{index}x" for index, writer in enumerate(writers)}
    names = _names(objects)
    changed: dict[str, str | bytes | None] = {}
    for path in marked:

        def value_of(marker: Marker, path: str = path) -> str | None:
            policy = (marker.namespace, marker.policy)
            checked = known_markers.get((path, marker.line, marker.column))
            if checked is None or not _writes(checked) or policy not in names:
                return None
            tag = (tags if checked.works else misplaced)[path, policy]
            if marker.part == "name" and not checked.works:
                # A name shows no tag by which it could be told whose it is.
                return tag
            return {"": f"{names[policy]}:{tag}", "name": names[policy], "tag": tag}.get(marker.part)

        changed[path] = with_marked_values(texts[path], value_of)
    tree, documents = reconciler.tree.with_files(changed), _with_images(reconciler.documents, changed)
    built = Reconciler(tree, documents, views, reconciler.foreign, reconciler.resumed).of_all(views)
    return WrittenImages(
        {tag: policy for (_, policy), tag in tags.items()},
        {tag: policy for (_, policy), tag in misplaced.items()},
        {tag: path for known_tags in (tags, misplaced) for (path, _), tag in known_tags.items()},
        built,
    )


def _with_images(
    documents: Mapping[str, Sequence[Document]], changed: Mapping[str, str | bytes | None]
) -> Mapping[str, Sequence[Document]]:
    """Gives documents of which Kustomizations of Flux v2 put other images over what they build."""
    texts = {
        path: content
        for path, content in changed.items()
        if content is not None
        and any(FluxKustomization.of_document(each) is not None for each in documents.get(path, ()))
    }
    return {**documents, **read_repository(texts, by_kustomize=True).documents} if texts else documents


def _tags_in(text: str) -> list[str]:
    """Gives the tags of policies that stand in a text, in the order of the policies."""
    found = {match.group(): int(match[1]) for match in _TAG.finditer(text)}
    return sorted(found, key=found.__getitem__)


def _writes(checked: CheckedMarker) -> bool:
    """Gives whether the updater writes behind a marker, be it well or not."""
    return all(problem.code in _WRITTEN for problem in checked.problems if problem.stops)


def _names(objects: ImageObjects) -> dict[PolicyKey, str]:
    """Gives the image of each policy that has a repository."""
    found: dict[PolicyKey, str] = {}
    for policy in objects.policies:
        repository = objects.repository_of(policy)
        image: Any = None if repository is None else repository.spec.get("image")
        if isinstance(image, str):
            found[policy.namespace, policy.name] = image
    return found
