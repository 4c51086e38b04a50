"""What Flux v2 writes after a migration is what fluxd would have written, as far as the order is proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fields_fluxd_writes import (
    Read,
    WrittenField,
    fields_of_folder,
    fields_of_text,
    plain,
    read_documents,
    read_place,
)
from fluxv2_migrate.errors import MissingBuildTime
from fluxv2_migrate.flux1 import ImageRef, TaggedImage, TagPattern, find_images, set_image, sort_tags
from fluxv2_migrate.flux2 import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.kustomize import KustomizeTree, controller_build
from generated_automation import AutomatedRepository, automated_repositories
from generated_overlays import overlaid_repositories
from marked_fields import clusters_of

# The policy holds the tag that runs.
HELD = {"IM005", "IM013", "IM015"}
# The field has no marker at all.
UNMARKED = {"AN010", "IM007", "IM008", "IM014", "IM017", "IM028", "IM029"}
# The order is a guess, or tags of another form are not seen.
UNPROVED = {"IM003", "IM004", "IM006", "IM033"}
IMAGE_FIELDS = ("registry", "repository", "image", "tag")
CLUSTER = fm.Cluster(name="live", branch="main")


def choice_of_fluxd(registry: tuple[TaggedImage, ...], pattern: str, current: str) -> str:
    """Gives the tag that fluxd would write, or the one that runs."""
    try:
        found = sort_tags(registry, pattern)
    except MissingBuildTime:
        return current
    # Without a build time of what runs fluxd compares nothing, but for versions.
    known = {each.tag for each in registry if each.created is not None}
    if not found or (current not in known and TagPattern.parse(pattern).kind != "semver"):
        return current
    return found[0]


def written_by_fluxd(
    repository: AutomatedRepository, registries: Mapping[str, tuple[TaggedImage, ...]], path: str
) -> dict[tuple[str, str], tuple[Any, str, str]]:
    """Gives by workload and container the manifest after its update, the old tag and the new one."""
    text = repository.files[path]
    manifests = {name_of(each): each for each in map(plain, read_documents(path, text) or ())}
    found: dict[tuple[str, str], tuple[Any, str, str]] = {}
    for field in fields_of_text(path, text):
        manifest = manifests[field.workload]
        (written,) = (each for each in find_images(manifest) if each.container == field.container)
        key = (field.workload, field.container)
        name = image_in(registries, written.image)
        new = choice_of_fluxd(registries[name], repository.patterns[key], written.image.tag)
        image = ImageRef(written.image.domain, written.image.image, new)
        found[key] = (set_image(manifest, field.container, image), written.image.tag, new)
    return found


def image_in(registries: Mapping[str, Any], image: ImageRef) -> str:
    (name,) = (name for name in registries if ImageRef.parse(name).name == image.name)
    return name


def name_of(manifest: Mapping[str, Any]) -> str:
    metadata = manifest.get("metadata") or {}
    return f"{manifest.get('kind')} {metadata.get('namespace')}/{metadata.get('name')}"


def told(migration: fm.Migration, text: str | bytes, field: WrittenField) -> set[str]:
    """Gives the codes that a field got: at its place, or at the filter of its container."""
    manifest = (read_documents(field.place.path, text) or [])[field.place.document]
    annotations = read_place(manifest, ("metadata", "annotations"))
    beside = read_place(manifest, field.place.key[:-1])
    lines = {
        value.place.line
        for key, value in (*annotations.items(), *beside.items())
        if isinstance(value, Read)
        if key.endswith((f".{field.container}", f"/{field.container}")) or key in IMAGE_FIELDS
    } | {field.place.line}
    places = {f"{field.place.path}:{line}" for line in lines}
    return {
        finding.code
        for finding in migration.findings
        if places & {f"{finding.path}:{finding.line}", *finding.related}
    }


def values_of(files: Mapping[str, str | bytes], path: str, workload: str, field: WrittenField) -> Any:
    documents = [plain(each) for each in read_documents(path, files[path]) or ()]
    (manifest,) = (each for each in documents if name_of(each) == workload)
    return read_place(manifest, field.place.key)


def check(
    repository: AutomatedRepository,
    migration: fm.Migration,
    registries: Mapping[str, tuple[TaggedImage, ...]],
    seen: Counter[str],
    version: FluxVersion = FLUX_VERSIONS[-1],
) -> None:
    tags = {image: [each.tag for each in builds] for image, builds in registries.items()}
    after = fm.simulate_image_update(migration.files, tags, flux_version=version)
    for path, text in repository.files.items():
        expected = written_by_fluxd(repository, registries, path)
        fields = fields_of_text(path, text)
        of_container: dict[tuple[str, str], set[str]] = {}
        for field in fields:
            codes = of_container.setdefault((field.workload, field.container), set())
            codes |= told(migration, text, field)
        for field in fields:
            key = (field.workload, field.container)
            manifest, old, new = expected[key]
            codes = of_container[key]
            before = values_of(repository.files, path, field.workload, field)
            actual = values_of(after, path, field.workload, field)
            wanted = read_place(manifest, field.place.key)
            if codes & (HELD | UNMARKED):
                seen["held"] += 1
                assert actual == before, (field, codes)
            elif codes & UNPROVED:
                seen["unproved"] += 1
            else:
                seen["proved"] += 1
                seen["moved"] += old != new
                assert actual == wanted, (field, old, new, codes)
        # What fluxd does not write stays.
        written = {(each.workload, each.place.key) for each in fields}
        after_all = {name_of(each): each for each in map(plain, read_documents(path, after[path]) or ())}
        for document in map(plain, read_documents(path, text) or ()):
            name = name_of(document)
            below = ("spec", "values") if document["kind"] == "HelmRelease" else ("spec",)
            for leaf, value in leaves(read_place(document, below), below):
                if (name, leaf) not in written:
                    assert read_place(after_all[name], leaf) == value, leaf


def leaves(value: Any, key: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [each for name, item in items for each in leaves(item, (*key, name))]
    return found if isinstance(value, (dict, list)) else [(key, value)]


def test_flux2_writes_what_fluxd_would_have_written() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=200)
    @given(
        automated_repositories(),
        st.sampled_from(FLUX_VERSIONS),
        st.builds(
            fm.Placement,
            namespace=st.sampled_from(("flux", "release")),
            file=st.sampled_from(("folder", "beside", "same")),
        ),
        st.sampled_from(((), ("live", "test"))),
    )
    def law(
        repository: AutomatedRepository,
        version: FluxVersion,
        placement: fm.Placement,
        folders: tuple[str, ...],
    ) -> None:
        if folders:
            # Two clusters have the same workloads, each its own files.
            files = {
                f"{folder}/{path}": text for folder in folders for path, text in repository.files.items()
            }
            repository = replace(repository, files=files)
        options = fm.MigrationOptions(
            clusters=clusters_of(folders) or (CLUSTER,),
            image_tags=repository.image_tags,
            images=placement,
            flux_version=version,
        )
        migration = fm.migrate_repository(repository.files, options)
        check(repository, migration, repository.registries, seen, version)

    law()
    # A law over nothing would hold as well.
    assert seen["moved"] > 50, seen
    assert seen["held"] > 50, seen


def test_flux2_follows_the_builds_after_a_migration() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=200)
    @given(automated_repositories(disturbed=False))
    def law(repository: AutomatedRepository) -> None:
        options = fm.MigrationOptions(clusters=(CLUSTER,), image_tags=repository.image_tags)
        migration = fm.migrate_repository(repository.files, options)
        registries = {
            image: (*builds, *repository.later[image]) for image, builds in repository.registries.items()
        }
        check(repository, migration, registries, seen)

    law()
    assert seen["moved"] > 50, seen


# The tags of every image in the overlays, as they were built.
BUILDS = tuple(
    TaggedImage(tag, datetime(2020, 10, day, tzinfo=UTC))
    for day, tag in enumerate(
        (
            "1.2.3",
            "main-3f1c2ab-1602225929",
            "1.3.0",
            "main-77fe2d4-1602600144",
            "1.4.1",
            "main-0aa41c9-1602700001",
        ),
        start=1,
    )
)


def built(files: Mapping[str, str | bytes], folder: str) -> dict[str, Mapping[str, Any]]:
    """Gives what kustomize-controller applies, by kind and name."""
    found = (each.manifest for each in controller_build(KustomizeTree(files), folder).objects)
    return {name_of(each): each for each in found}


def image_of(manifest: Mapping[str, Any]) -> str:
    (found,) = find_images(manifest)
    return str(found.image)


def test_what_kustomize_builds_gets_the_images_that_fluxd_would_have_given_it() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=200)
    @given(overlaid_repositories(patch_file=False))
    def law(drawn: tuple[dict[str, str | bytes], tuple[str, ...]]) -> None:
        files, folders = drawn
        images = {f"ghcr.io/acme/{name}": BUILDS for name in ("web", "api")}
        options = fm.MigrationOptions(
            clusters=clusters_of(folders),
            image_tags={
                image: tuple(fm.KnownTag(tag=each.tag, created=each.created) for each in builds)
                for image, builds in images.items()
            },
        )
        migration = fm.migrate_repository(files, options)
        tags = {image: [each.tag for each in builds] for image, builds in images.items()}
        after = fm.simulate_image_update(migration.files, tags)
        for folder in folders:
            old, new = built(files, folder), built(after, folder)
            fields = fields_of_folder(files, folder)
            for name, manifest in old.items():
                if not find_images(manifest):
                    continue
                before, now = image_of(manifest), image_of(new[name])
                short = name.rpartition("/")[2]
                codes = {each.code for each in migration.findings if f"/{short}" in each.path}
                if name not in {field.workload for field in fields}:
                    seen["not automated"] += 1
                    assert now == before or any(marked_elsewhere(files, folders, folder, name)), name
                elif codes & (HELD | UNMARKED | {"RP004", "IM011", "IM016"}):
                    seen["held"] += 1
                    # The findings of two clusters about one base are not told apart here.
                    assert now == before or len(folders) > 1, (name, codes)
                elif codes & UNPROVED:
                    seen["unproved"] += 1
                else:
                    policies = fm.flux1.read_policies(manifest["metadata"]["annotations"])
                    image = ImageRef.parse(before)
                    container = find_images(manifest)[0].container
                    pattern = policies.tag_patterns.get(container, "glob:*")
                    wanted = choice_of_fluxd(BUILDS, pattern, image.tag)
                    seen["proved"] += 1
                    seen["moved"] += wanted != image.tag
                    assert now == f"{image.name}:{wanted}", (name, codes)

    law()
    assert seen["moved"] > 40, seen


def marked_elsewhere(
    files: Mapping[str, str | bytes], folders: tuple[str, ...], folder: str, name: str
) -> Iterator[bool]:
    """Says for each other cluster whether its fluxd updates the workload, in a file that both may share."""
    for other in folders:
        if other != folder:
            yield name in {field.workload for field in fields_of_folder(files, other)}
