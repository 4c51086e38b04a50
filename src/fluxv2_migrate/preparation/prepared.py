"""A repository that is prepared: after each step it is read again, so that the next one sees it as it is."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from fluxv2_migrate.clusters import ClusterMap
from fluxv2_migrate.clusters.flux_release import infer_flux_namespace
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.given import like_given
from fluxv2_migrate.kustomize import FILE_NAMES
from fluxv2_migrate.kustomize.kustomization import in_own_letters
from fluxv2_migrate.preparation.fluxd_patches import FluxdPatches, ListedPatches, list_fluxd_patches
from fluxv2_migrate.preparation.ignored_objects import say_what_is_ignored
from fluxv2_migrate.preparation.named_targets import name_targets
from fluxv2_migrate.preparation.separation import SeparatedTexts, separate_texts
from fluxv2_migrate.releases.ties import SplitPatches
from fluxv2_migrate.repository.flux1_readings import Flux1Readings, write_flux1_readings
from fluxv2_migrate.repository.reading import Repository, read_repository
from fluxv2_migrate.settings.options import MigrationOptions
from fluxv2_migrate.surroundings.known import Surroundings

__all__ = ["PreparedRepository", "prepare"]


@dataclass(frozen=True, slots=True)
class PreparedRepository:
    """A repository in which nothing is left that the two Fluxes would read otherwise.

    Attributes:
        files: as they are migrated.
        repository: what was read of them.
        clusters: who sees what of them.
        options: how to migrate, with the namespace of Flux v2.
        readings: scalars that are written as Flux v1 read them.
        separated: files in which clusters have texts of their own.
        named: files in which patches name what they found by annotations of fluxd.
        ignored: files in which kustomizations say to Flux v2 what fluxd ignored.
        tied: files in which patches are split between releases that stay and others.
        is_respelled: whether kustomizations name fields in other letters than kustomize's own.
    """

    files: Mapping[str, str | bytes]
    repository: Repository
    clusters: ClusterMap
    options: MigrationOptions
    readings: Flux1Readings
    patches: FluxdPatches
    separated: SeparatedTexts
    named: SeparatedTexts
    ignored: SeparatedTexts
    tied: SplitPatches = field(default_factory=SplitPatches)
    is_respelled: bool = False

    @property
    def is_rearranged(self) -> bool:
        """Whether texts of it are others than they were given, or stand in other files."""
        rearranged = (self.separated, self.named, self.ignored, self.tied)
        return self.is_respelled or bool(self.patches.listed) or any(each.files for each in rearranged)

    def with_split(self, split: SplitPatches) -> PreparedRepository:
        """Gives it with patches that are split; everything is read again."""
        files = {**self.files, **split.files}
        repository = read_repository(files)
        clusters = see_repository(files, repository, self.options, self.clusters)
        tied = self.tied.with_more(split)
        return replace(self, files=files, repository=repository, clusters=clusters, tied=tied)

    def settled(
        self, used: Iterable[ListedPatches], touched: Collection[str]
    ) -> tuple[dict[str, str], set[str]]:
        """Gives the texts that stay of what was rearranged, and the files that go for them.

        Args:
            used: the patches of fluxd that kustomizations list from now on.
        """
        listed = tuple(used)
        texts = {path: text for each in listed for path, text in each.found.texts.items()}
        for each in (self.named, self.ignored, self.separated, self.tied):
            is_needed = each is self.ignored and self.ignored.is_needed
            if is_needed or not {*each.files, *each.releases}.isdisjoint(touched):
                texts |= each.files
        return texts, {each.patch_file for each in listed if each.is_divided}


def prepare(given: Mapping[str, str | bytes], options: MigrationOptions) -> PreparedRepository:
    """Writes what both Fluxes could not share so that they can; what is built stays the same."""
    respelled = _respelled(given)
    given = {**given, **respelled}
    repository = read_repository(given)
    readings = write_flux1_readings(given, repository, options.write_what_flux1_read)
    files: Mapping[str, str | bytes] = readings.files
    options = options.model_copy(update={"flux_namespace": infer_flux_namespace(repository, options)})
    clusters = see_repository(files, repository, options)
    patches = list_fluxd_patches(files, clusters)
    if patches.listed:
        files = patches.seen(files)
        repository = read_repository(files)
        clusters = see_repository(files, repository, options, clusters)
    named = name_targets(Surroundings(repository, clusters, options, {}))
    if named.files:
        files = {**files, **named.files}
        repository = read_repository(files)
        clusters = see_repository(files, repository, options, clusters)
    ignored = say_what_is_ignored(Surroundings(repository, clusters, options, {}))
    if ignored.files:
        files = {**files, **ignored.files}
        repository = read_repository(files)
        clusters = see_repository(files, repository, options, clusters)
    separated = separate_texts(Surroundings(repository, clusters, options, {}))
    if separated.files:
        files = {**files, **separated.files}
        repository = read_repository(files)
        clusters = see_repository(files, repository, options, clusters)
    return PreparedRepository(
        files,
        repository,
        clusters,
        options,
        readings,
        patches,
        separated,
        named,
        ignored,
        is_respelled=bool(respelled),
    )


def _respelled(given: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    """Gives kustomizations whose fields are named in other letters than kustomize's own, in these.

    All edits name fields as kustomize's types do; one that is not edited stays as it was.
    """
    found: dict[str, str | bytes] = {}
    for path, content in given.items():
        if posixpath.basename(path) not in FILE_NAMES:
            continue
        # What is no UTF-8 stays, and is told of where it is read.
        text = content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")
        spelled = in_own_letters(text)
        if spelled != text:
            found[path] = like_given(spelled, content)
    return found
