"""Laws of whole repositories in which features meet, with the real kustomize as the judge."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings

import fluxv2_migrate as fm
from fluxv2_migrate.testing import GeneratedRepository, repositories
from real_clusters import OLD_APIS, RealClusters, new_place, old_place
from reference_trees import documents_of

Manifest = dict[str, Any]
Identity = tuple[str, str, str, str]
IN_TESTS, THOROUGH, ROUNDS = 30, 2000, 3
NOT_APPLIED = {"RP053", "RP054", "RP055", "RP056", "RP057", "RP077"}
"""What says of itself that a cluster does not get what it should."""
ACCEPTED = {"RP007", *NOT_APPLIED}
"""Where a person says that something does a release's part that cannot be compared with it."""
FINE = ("same", "declared", "unmanaged")


def identity(manifest: Mapping[str, Any]) -> Identity:
    metadata = manifest["metadata"]
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return group, manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def references(manifest: Mapping[str, Any]) -> Iterator[Identity]:
    """Gives what an object of Flux v2 refers to in its cluster."""
    group, kind, namespace, _ = identity(manifest)
    spec = manifest.get("spec") or {}
    if (group, kind) == ("helm.toolkit.fluxcd.io", "HelmRelease"):
        found = spec["chart"]["spec"]["sourceRef"]
        yield "source.toolkit.fluxcd.io", found["kind"], found.get("namespace", namespace), found["name"]
    if (group, kind) == ("image.toolkit.fluxcd.io", "ImagePolicy"):
        found = spec["imageRepositoryRef"]
        yield group, "ImageRepository", found.get("namespace", namespace), found["name"]


def errors(migration: fm.Migration) -> Counter[str]:
    return Counter(each.code for each in migration.findings if each.severity == "error")


@dataclass
class Shares:
    """How many repositories came out `ok`: at once, answered, and after the edit that is left.

    Attributes:
        drawn: all of them.
        at_once: those that nothing was asked about.
        answered: these, and those of which the offered answers settled every error.
        edited: these, and those that need what no answer can give: another sync path, as RP014 says.
    """

    drawn: int = 0
    at_once: int = 0
    answered: int = 0
    edited: int = 0


def patch_files(files: Mapping[str, str | bytes]) -> set[str]:
    """Gives the files that kustomizations patch with."""
    return {
        posixpath.normpath(posixpath.join(posixpath.dirname(path), entry["path"]))
        for path, each in documents_of(files)
        if path.endswith("kustomization.yaml")
        for entry in each.get("patches") or ()
        if "path" in entry
    }


def hold_what_is_created(
    migration: fm.Migration, objects: list[list[Manifest]], before: list[list[Manifest]]
) -> None:
    """What is created is built by a cluster as it was written, and a cluster that had it keeps its own.

    Kustomizations may add to its name; that the name is the one that is referred to is another law.
    """
    written: dict[Identity, list[Any]] = {}
    patches = patch_files(migration.files)
    for path, each in documents_of(migration.created):
        # A kustomization is no object of a cluster, and neither is a patch.
        is_kustomization = str(each.get("apiVersion", "kustomize.config")).partition(".")[0] == "kustomize"
        if not is_kustomization and path not in patches:
            written.setdefault(identity(each), []).append(each.get("spec"))
    for key, specs in written.items():
        made: list[Any] = []
        for old, new in zip(before, objects, strict=True):
            there, built = specs_of(key, old), specs_of(key, new)
            built = built or specs_of_renamed(key, specs, new, {*map(identity, old)})
            if there:
                # Another cluster may need one of that name: what this one has is left as it is.
                assert built == there, key
            else:
                assert len(built) <= 1, key
                made += built
        assert all(each in specs for each in made), key
        assert all(each in made for each in specs), key


def specs_of_renamed(
    key: Identity, specs: Collection[Any], objects: Iterable[Manifest], others: Collection[Identity]
) -> list[Any]:
    """Gives what stands for an object under a name or namespace that a kustomization gives it."""
    named = ((identity(each), each.get("spec")) for each in objects)
    found = [spec for own, spec in named if own[:2] == key[:2] and own not in others and spec in specs]
    return found[:1]


def specs_of(key: Identity, objects: Iterable[Manifest]) -> list[Any]:
    return [each.get("spec") for each in objects if identity(each) == key]


def hold_references(migration: fm.Migration, objects: list[Manifest]) -> None:
    """Every reference of what came of the migration resolves in the same cluster."""
    there = {identity(each) for each in objects}
    touched = {each.resource.to_manifest()["metadata"]["name"] for each in migration.resources}
    for each in objects:
        if each["metadata"]["name"] in touched:
            assert {*references(each)} <= there, each


def hold_outcome(
    repository: GeneratedRepository,
    migration: fm.Migration,
    old: list[list[Manifest]],
    new: list[list[Manifest]],
) -> None:
    """No release of Flux v1 is left, and each cluster holds each under its old name."""
    left = [path for path, each in documents_of(migration.files) if each.get("apiVersion") in OLD_APIS]
    assert not left
    for cluster, before, after in zip(repository.clusters, old, new, strict=True):
        wanted = {place for each in before if (place := old_place(each))}
        found = {place for each in after if (place := new_place(each))}
        assert wanted <= found, (cluster, wanted - found)


def hold_laws(
    repository: GeneratedRepository,
    migration: fm.Migration,
    options: fm.MigrationOptions,
    old: list[list[Manifest]],
    accepted: Collection[fm.Finding] = (),
) -> None:
    """Holds all that is true of every migration.

    Args:
        repository: before it.
        migration: of it.
        options: of the migration.
        old: what each cluster had before it.
        accepted: the errors that a person settled by accepting them.
    """
    before, after = repository.files, migration.files
    touched = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert touched == {*migration.changed, *migration.created, *migration.deleted}
    again = fm.migrate_repository(migration.files, options)
    assert {path for path in again.files if again.files[path] != migration.files.get(path)} == set()
    assert again.deleted == ()
    with TemporaryDirectory() as folder:
        real = RealClusters(migration.files, Path(folder))
        others = {each.sync_paths[0]: each.sync_paths[1:] for each in options.clusters}
        new = [real.after(cluster, others.get(cluster.path, ())) for cluster in repository.clusters]
    # Who accepts that a cluster does not get something says that something else gives it, which nobody sees.
    if not NOT_APPLIED & (errors(migration).keys() | {each.code for each in accepted}):
        hold_what_is_created(migration, new, old)
        for objects in new:
            hold_references(migration, objects)
    report = fm.verify_migration(repository.files, migration.files, options, declared=migration.declared)
    if migration.ok:
        hold_outcome(repository, migration, old, new)
        # A twin that a person took for the release says what it says, and what else gives a source is not
        # seen: the verification says so of each release that was asked about, and of nothing else.
        known = {place.rpartition(":")[0] for each in accepted for place in (f"{each.path}:", *each.related)}
        assert [each for each in report.entries if each.status not in FINE and each.path not in known] == []


def with_another_path(repository: GeneratedRepository) -> GeneratedRepository:
    """Gives each cluster a sync path more, a folder that is not there yet."""
    given = {each["name"]: each for each in repository.options.get("clusters", ())}
    clusters = []
    for cluster in repository.clusters:
        name = cluster.path.rpartition("/")[2]
        known = given.get(name, {"name": name, "sync_paths": [cluster.path]})
        clusters.append({**known, "sync_paths": [*known["sync_paths"], f"flux/{name}"]})
    options = {key: value for key, value in repository.options.items() if key != "sync_roots"}
    return replace(repository, options={**options, "clusters": clusters})


def hold_all(repository: GeneratedRepository, shares: Shares) -> None:
    options = fm.MigrationOptions.model_validate(repository.options)
    migration = fm.migrate_repository(repository.files, options)
    for each in (migration.to_markdown(), migration.runbook().to_markdown(), repr(migration)):
        assert each
    assert bool(migration.diff()) == bool(migration.changed or migration.created or migration.deleted)
    with TemporaryDirectory() as folder:
        real = RealClusters(repository.files, Path(folder))
        old = [real.before(cluster) for cluster in repository.clusters]
    hold_laws(repository, migration, options, old)
    answered = migration
    overrides: list[dict[str, Any]] = []
    accepted: list[fm.Finding] = []
    # What is asked of a release that waits for an answer may come with the answer.
    for _ in range(ROUNDS):
        if answered.ok:
            break
        overrides += answered.answers()
        accepted += (each for each in answered.findings if each.code in ACCEPTED)
        options = fm.MigrationOptions.model_validate({**repository.options, "overrides": overrides})
        answered = fm.migrate_repository(repository.files, options)
    if answered is not migration and answered.ok:
        hold_laws(repository, answered, options, old, accepted)
    shares.drawn += 1
    shares.at_once += migration.ok
    shares.answered += answered.ok
    if errors(answered).keys() == {"RP014"}:
        repository = with_another_path(repository)
        options = fm.MigrationOptions.model_validate({**repository.options, "overrides": overrides})
        answered = fm.migrate_repository(repository.files, options)
        if not answered.ok:
            # What has a place by now is asked about, too.
            overrides += answered.answers()
            options = options.model_copy(
                update={"overrides": tuple(map(fm.Override.model_validate, overrides))}
            )
            answered = fm.migrate_repository(repository.files, options)
        hold_laws(repository, answered, options, old, accepted)
    shares.edited += answered.ok


def hold_examples(count: int) -> Shares:
    shares = Shares()

    @settings(max_examples=count)
    @given(repositories())
    def hold(repository: GeneratedRepository) -> None:
        hold_all(repository, shares)

    hold()
    return shares


@pytest.mark.parametrize(
    "words",
    [
        ("prune: true",),
        ("namePrefix: eu-",),
        ("patches:", "FluxHelmRelease"),
        ("/spec/chart/version",),
    ],
)
def test_what_is_rare_is_drawn_too(words: tuple[str, ...]) -> None:
    once = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate])
    found = find(
        repositories(),
        lambda drawn: any(all(word in text for word in words) for text in drawn.files.values()),
        settings=once,
    )
    assert found.clusters


def test_repositories_in_which_features_meet() -> None:
    shares = hold_examples(IN_TESTS)
    # The shares of so few differ from run to run.
    assert shares.drawn >= IN_TESTS
    assert 4 * shares.answered >= 3 * shares.drawn


@pytest.mark.thorough
def test_many_repositories_in_which_features_meet() -> None:
    shares = hold_examples(THOROUGH)
    # A law that is never met proves nothing.
    assert 2 * shares.at_once >= shares.drawn
    assert 10 * shares.answered >= 9 * shares.drawn
    assert 20 * shares.edited >= 19 * shares.drawn
