"""A repository that is prepared: after each step it is read again, so that the next one sees it as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from fluxv2_migrate.clusters import ClusterMap
from fluxv2_migrate.clusters.flux_release import infer_flux_namespace
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.folders import is_kustomization_file
from fluxv2_migrate.given import as_kept_text, like_given
from fluxv2_migrate.kustomize.fields import in_own_letters
from fluxv2_migrate.preparation.fluxd_patches import FluxdPatches, ListedPatches, list_fluxd_patches
from fluxv2_migrate.preparation.ignored_objects import say_what_is_ignored
from fluxv2_migrate.preparation.names import name_releases, name_targets
from fluxv2_migrate.preparation.old_patch_fields import list_old_patches
from fluxv2_migrate.preparation.patch_lists import write_lists_as_documents
from fluxv2_migrate.preparation.separation import separate_texts
from fluxv2_migrate.repository.flux1_readings import Flux1Readings, write_flux1_readings
from fluxv2_migrate.repository.reading import Repository, read_repository
from fluxv2_migrate.repository.workspace import RearrangedTexts
from fluxv2_migrate.settings.options import MigrationOptions
from fluxv2_migrate.surroundings.known import Surroundings


@dataclass(frozen=True, slots=True)
class PreparedRepository:
    """A repository in which nothing is left that the two Fluxes would read otherwise.

    Attributes:
        files: as they are migrated.
        options: how to migrate, with the namespace of Flux v2.
        readings: scalars that are written as Flux v1 read them.
        rearranged: what else is written in another way than it was given, in order.
        tied: patches that are split between releases that stay and others.
        is_respelled: whether kustomizations name fields in other letters than kustomize's own.
    """

    files: Mapping[str, str | bytes]
    repository: Repository
    clusters: ClusterMap
    options: MigrationOptions
    readings: Flux1Readings
    patches: FluxdPatches
    rearranged: tuple[RearrangedTexts, ...] = ()
    tied: RearrangedTexts = field(default_factory=RearrangedTexts)
    is_respelled: bool = False

    @property
    def is_rearranged(self) -> bool:
        """Whether texts of it are others than they were given, or stand in other files."""
        rearranged = (*self.rearranged, self.tied)
        return self.is_respelled or bool(self.patches.listed) or any(each.files for each in rearranged)

    def with_split(self, split: RearrangedTexts) -> PreparedRepository:
        """Gives it with patches that are split."""
        return replace(self._read_with(split.files), tied=self.tied.with_more(split))

    def _read_with(self, files: Mapping[str, str | bytes]) -> PreparedRepository:
        """Gives it with files that change or are new; everything is read again."""
        return self._read_again({**self.files, **files}) if files else self

    def _read_again(self, files: Mapping[str, str | bytes]) -> PreparedRepository:
        repository = read_repository(files)
        clusters = see_repository(files, repository, self.options, self.clusters)
        return replace(self, files=files, repository=repository, clusters=clusters)

    def _prepared(self) -> PreparedRepository:
        """Gives it after all steps, of which each sees what the one before it has written."""
        made = self._read_again(self.patches.seen(self.files)) if self.patches.listed else self
        for step in (list_old_patches, name_releases, name_targets, say_what_is_ignored, separate_texts):
            texts = step(Surroundings(made.repository, made.clusters, made.options, {}))
            made = replace(made._read_with(texts.files), rearranged=(*made.rearranged, texts))
        return made

    def settled(
        self, used: Iterable[ListedPatches], touched: Collection[str]
    ) -> tuple[dict[str, str], set[str]]:
        """Gives the texts that stay of what was rearranged, and the files that go for them.

        Args:
            used: the patches of fluxd that kustomizations list from now on.
        """
        listed = tuple(used)
        texts = {path: text for each in listed for path, text in each.found.texts.items()}
        for each in (*self.rearranged, self.tied):
            if each.stay(touched):
                texts |= each.files
        return texts, {each.patch_file for each in listed if each.is_divided}


def prepare(given: Mapping[str, str | bytes], options: MigrationOptions) -> PreparedRepository:
    """Writes what both Fluxes could not share so that they can; what is built stays the same."""
    respelled = _respelled(given)
    given = {**given, **respelled}
    lists = RearrangedTexts(write_lists_as_documents(given))
    given = {**given, **{path: like_given(text, given[path]) for path, text in lists.files.items()}}
    repository = read_repository(given)
    readings = write_flux1_readings(given, repository, options.write_what_flux1_read)
    files = readings.files
    options = options.model_copy(update={"flux_namespace": infer_flux_namespace(repository, options)})
    clusters = see_repository(files, repository, options)
    patches = list_fluxd_patches(files, clusters)
    return PreparedRepository(
        files, repository, clusters, options, readings, patches, (lists,), is_respelled=bool(respelled)
    )._prepared()


def _respelled(given: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    """Gives kustomizations whose fields are named in other letters than kustomize's own, in these.

    All edits name fields as kustomize's types do; one that is not edited stays as it was.
    """
    found: dict[str, str | bytes] = {}
    for path, content in given.items():
        if not is_kustomization_file(path):
            continue
        # What is no UTF-8 stays, and is told of where it is read.
        text = as_kept_text(content)
        spelled = in_own_letters(text)
        if spelled != text:
            found[path] = like_given(spelled, content)
    return found
