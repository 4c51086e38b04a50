"""The patches that fluxd put over a build become patches of its kustomization, by the names known there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.preparation.fluxd_patches import list_fluxd_patches
from fluxv2_migrate.repository.reading import read_repository
from manifest_texts import release_text, workload_text
from real_kustomize import build_all, write_tree

Files = dict[str, str | bytes]
# What they patch stands in the default namespace of fluxd.
WITHOUT_NAMESPACES = (fm.Override(accept=("DA015",)),)
FLUX_YAML = """\
version: 1
patchUpdated:
  generators:
  - command: kustomize build .
  patchFile: flux-patch.yaml
"""
WEB = workload_text(namespace="")
RELEASE = release_text(
    """\
  helmVersion: v3
  releaseName: web
  chart:
    repository: https://charts.example.com
    name: web
    version: 1.2.3
""",
    namespace="",
)


def patch(name: str, namespace: str) -> str:
    return f"""\
---
apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    fluxcd.io/automated: "true"
    fluxcd.io/tag.app: semver:~1.4
  name: {name}
{namespace}spec:
  template:
    spec:
      $setElementOrder/containers:
      - name: app
      containers:
      - image: ghcr.io/acme/web:1.4.9
        name: app
"""


@pytest.mark.parametrize("folder", ["", "prod/"])
@pytest.mark.parametrize(
    ("own", "name", "namespace", "earlier"),
    [
        ("", "web", "", ""),
        ("namespace: shop\n", "web", "  namespace: shop\n", ""),
        ("images: [{name: other, newTag: '1'}]\n", "web", "", ""),
        ("namespace: shop\n", "web", "  namespace: shop\n", "  namespace: base\n"),
    ],
)
def test_what_fluxd_patched_is_patched_by_kustomize(
    tmp_path: Path, folder: str, own: str, name: str, namespace: str, earlier: str
) -> None:
    files: Files = {
        f"{folder}.flux.yaml": FLUX_YAML,
        f"{folder}kustomization.yaml": f"{own}resources:\n- base\n",
        f"{folder}base/kustomization.yaml": "resources:\n- web.yaml\n",
        f"{folder}base/web.yaml": WEB.replace("  name: web\n", f"  name: web\n{earlier}", 1),
        f"{folder}flux-patch.yaml": patch(name, namespace),
    }
    options = fm.MigrationOptions(sync_roots=(folder.rstrip("/"),), overrides=WITHOUT_NAMESPACES)
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / folder])
    (found,) = [each for each in build.objects if each["kind"] == "Deployment"]
    assert found["metadata"] == {"name": name} | ({"namespace": "shop"} if namespace else {})
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "ghcr.io/acme/web:1.4.9"
    text = migration.files[f"{folder}flux-patch.yaml"]
    assert isinstance(text, str)
    assert '$imagepolicy": "' in text
    assert fm.migrate_repository(migration.files, options).files == migration.files


def test_a_patch_names_what_is_renamed_behind_it() -> None:
    files: Files = {
        ".flux.yaml": FLUX_YAML,
        "kustomization.yaml": "namePrefix: eu-\nnamespace: shop\nresources:\n- web.yaml\n",
        "web.yaml": WEB,
        "flux-patch.yaml": patch("eu-web", "  namespace: shop\n"),
    }
    repository = read_repository(files)
    patches = list_fluxd_patches(files, see_repository(files, repository, fm.MigrationOptions()))
    (listed,) = patches.listed
    assert listed.found.texts["flux-patch.yaml"] == patch("web", "")
    assert listed.found.texts["kustomization.yaml"].endswith("- path: flux-patch.yaml\n")


def test_releases_are_patched_by_their_earlier_names() -> None:
    files: Files = {
        "prod/.flux.yaml": FLUX_YAML,
        "prod/kustomization.yaml": "namespace: shop\nresources:\n- web.yaml\n",
        "prod/web.yaml": RELEASE,
        "prod/flux-patch.yaml": release_text("  values:\n    replicas: 3 # as deployed\n"),
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert migration.ok
    assert migration.files["prod/flux-patch.yaml"] == (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: web\n"
        "spec:\n  values:\n    replicas: 3 # as deployed\n"
    )
    assert "flux-patch.yaml" in str(migration.files["prod/kustomization.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


ALONE: Files = {
    ".flux.yaml": FLUX_YAML,
    "kustomization.yaml": "resources:\n- web.yaml\n",
    "web.yaml": WEB,
    "flux-patch.yaml": patch("web", ""),
}
DELETED = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\n$patch: delete\n"


@pytest.mark.parametrize(
    ("files", "roots", "reason"),
    [
        (
            {f"prod/{path}": text for path, text in ALONE.items()}
            | {"dev/kustomization.yaml": "resources: [../prod]\n"},
            ("prod", "dev"),
            "other kustomizations build on prod/kustomization.yaml",
        ),
        (
            ALONE
            | {
                "kustomization.yaml": "replicas: [{name: web, count: 2}]\nresources: [web.yaml]\n",
                "flux-patch.yaml": patch("web", "") + "  replicas: 3\n",
            },
            ("",),
            "kustomization.yaml would build something else with it",
        ),
        # What a patch takes out has another name before the build, which nothing tells.
        (
            ALONE
            | {
                "kustomization.yaml": "namespace: shop\nresources: [web.yaml]\n",
                "web.yaml": f"{WEB}---\n{WEB.replace('name: web', 'name: api')}",
                "flux-patch.yaml": patch("web", "  namespace: shop\n")
                + DELETED.replace("name: api", "name: api, namespace: shop"),
            },
            ("",),
            "kustomization.yaml would build something else with it",
        ),
    ],
)
def test_a_patch_that_no_kustomization_can_list_is_told(
    files: Files, roots: tuple[str, ...], reason: str
) -> None:
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=roots))
    assert any(each.code == "RP071" and reason in each.message for each in migration.findings)


def test_patches_of_a_release_that_no_kustomization_can_list_are_told_with_it_alone() -> None:
    files: Files = {
        "prod/.flux.yaml": FLUX_YAML,
        "prod/kustomization.yaml": "resources:\n- web.yaml\n",
        "prod/web.yaml": RELEASE,
        "prod/flux-patch.yaml": release_text("  values:\n    replicas: 3\n", namespace=""),
        "dev/kustomization.yaml": "resources: [../prod]\n",
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod", "dev")))
    assert dict(migration.files) == files
    (told,) = (each for each in migration.findings if each.severity == "error")
    assert (told.code, told.path, told.related) == ("RP071", "prod/web.yaml", ("prod/flux-patch.yaml:1",))


def test_a_patch_without_the_namespace_that_the_build_gives_stays_as_it_is() -> None:
    files = ALONE | {"kustomization.yaml": "namespace: shop\nresources:\n- web.yaml\n"}
    repository = read_repository(files)
    patches = list_fluxd_patches(files, see_repository(files, repository, fm.MigrationOptions()))
    assert patches.listed[0].found.texts["flux-patch.yaml"] == files["flux-patch.yaml"]


def test_only_tags_of_images_that_run_are_told_otherwise() -> None:
    names = "{name: ghcr.io/acme/web, newTag: 1.4.7}, {name: other, newTag: '1'}, {name: b, newName: c}"
    files = ALONE | {"kustomization.yaml": f"images: [{names}]\nresources:\n- web.yaml\n"}
    migration = fm.migrate_repository(files)
    (told,) = (each for each in migration.findings if each.code == "RP072")
    assert "ghcr.io/acme/web:1.4.7, and 1.4.9 runs" in told.message


def test_of_an_entry_of_images_only_its_tag_is_written() -> None:
    entry = "- name: ghcr.io/acme/web\n  newName: ghcr.io/acme/web\n  newTag: 1.4.7"
    files = ALONE | {
        "kustomization.yaml": f"resources: [web.yaml]\nimages:\n{entry} # by hand\n",
        "flux-patch.yaml": RUNNING,
    }
    text = str(fm.migrate_repository(files).files["kustomization.yaml"])
    wanted = entry.replace("1.4.7", '"1.4.9"')
    assert f"{wanted} # by hand\n" in text


def images(*entries: str) -> Files:
    return {"kustomization.yaml": f"images: [{', '.join(entries)}]\nresources: [web.yaml]\n"}


def in_folder(folder: str, files: Files) -> Files:
    return {f"{folder}/{path}": text for path, text in files.items()}


DIGEST = f"sha256:{'a' * 64}"
API = WEB.replace("name: web\n", "name: api\n", 1)
RUNNING = patch("web", "").replace("fluxcd.io/", "example.com/")
BUILDS = FLUX_YAML.replace("build .\n", "build web\n  - command: kustomize build api\n")
ONE_BASE: Files = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": WEB,
    **in_folder(
        "eu", {".flux.yaml": FLUX_YAML.replace("build .", "build ../base"), "flux-patch.yaml": RUNNING}
    ),
}
# A repository with the folders that are built, and what the real kustomize builds fluxd's patches over.
RUN: dict[str, tuple[Files, tuple[str, ...]]] = {
    "a tag of images": (ALONE | images("{name: ghcr.io/acme/web, newTag: 1.4.7}"), ("",)),
    "a digest of images": (ALONE | images(f"{{name: ghcr.io/acme/web, digest: '{DIGEST}'}}"), ("",)),
    "a digest in the patch": (
        ALONE
        | images("{name: ghcr.io/acme/web, newTag: 1.4.7}")
        | {"flux-patch.yaml": RUNNING.replace(":1.4.9", f"@{DIGEST}")},
        ("",),
    ),
    "another name in the patch": (
        ALONE
        | images("{name: ghcr.io/acme/web, newTag: 1.4.7}")
        | {"flux-patch.yaml": RUNNING.replace("ghcr.io/acme/web", "ghcr.io/acme/web-next")},
        ("",),
    ),
    "a later name of images": (
        ALONE
        | images("{name: web, newName: ghcr.io/acme/web, newTag: 1.4.7}")
        | {"web.yaml": WEB.replace("ghcr.io/acme/web", "web")},
        ("",),
    ),
    # Each entry is looked at by what its own name stands for, and both have to lead back to what runs.
    "a name of images that another entry renames": (
        ALONE
        | images(
            "{name: ghcr.io/acme/web, newName: ghcr.io/acme/next}",
            "{name: ghcr.io/acme/next, newName: ghcr.io/acme/last, newTag: 1.4.7}",
        )
        | {"flux-patch.yaml": RUNNING},
        ("",),
    ),
    "a container that has no image yet": (
        ALONE
        | images("{name: ghcr.io/acme/web, newTag: 1.4.7}")
        | {"web.yaml": f"{WEB}      initContainers:\n      - name: setup\n", "flux-patch.yaml": RUNNING},
        ("",),
    ),
    "two workloads that run one image": (
        ALONE
        | images("{name: ghcr.io/acme/web, newTag: 1.4.7}", "{name: other, newTag: '1'}")
        | {"web.yaml": f"{WEB}---\n{API}", "flux-patch.yaml": RUNNING},
        ("",),
    ),
    "two workloads that run one image, in another namespace": (
        ALONE
        | {
            "kustomization.yaml": "namespace: shop\nresources: [web.yaml]\n"
            "images:\n- name: ghcr.io/acme/web\n  newTag: 1.4.7\n",
            "web.yaml": f"{WEB}---\n{API}",
            "flux-patch.yaml": RUNNING.replace(
                "  name: web\n", "  name: web\n  namespace: shop\n", 1
            ).rstrip(),
        },
        ("",),
    ),
    "nothing that is automated": (ALONE | {"flux-patch.yaml": RUNNING}, ("",)),
    "several builds": (
        in_folder("web", {"kustomization.yaml": "resources: [web.yaml]\n", "web.yaml": WEB})
        | in_folder("api", {"kustomization.yaml": "resources: [api.yaml]\n", "api.yaml": API})
        | {".flux.yaml": BUILDS, "flux-patch.yaml": patch("web", "") + patch("api", "") + "---\n"},
        ("web", "api"),
    ),
    "patches for one of several builds": (
        in_folder("web", {"kustomization.yaml": "resources: [web.yaml]\n", "web.yaml": WEB})
        | in_folder("api", {"kustomization.yaml": "resources: [api.yaml]\n", "api.yaml": API})
        | {".flux.yaml": BUILDS, "flux-patch.yaml": patch("api", "")},
        ("web", "api"),
    ),
}
RUN["several builds of which one has a file of that name"] = (
    RUN["several builds"][0] | {"web/flux-patch.yaml": "a: 1\n"},
    ("web", "api"),
)


@pytest.mark.parametrize("name", RUN)
def test_what_ran_is_built(name: str, tmp_path: Path) -> None:
    files, folders = RUN[name]
    clusters = (fm.Cluster(name="live", sync_paths=("",)),)
    options = fm.MigrationOptions(clusters=clusters, overrides=WITHOUT_NAMESPACES)
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert ".flux.yaml" not in migration.files
    assert fm.migrate_repository(migration.files, options).files == migration.files
    assert fm.verify_migration(files, migration.files, options=options, declared=migration.declared).ok
    over = json.dumps(
        [{"patch": each} for each in str(files["flux-patch.yaml"]).split("---\n") if each.strip()]
    )
    resources = json.dumps([f"../before/{folder}" for folder in folders])
    fluxd: Files = {"kustomization.yaml": f"resources: {resources}\npatches: {over}\n"}
    write_tree(in_folder("before", files) | in_folder("fluxd", fluxd), tmp_path)
    write_tree(in_folder("after", dict(migration.files)), tmp_path)
    if "kustomization.yaml" in migration.files:
        folders = ("",)
    ran, *builds = build_all([tmp_path / "fluxd", *(tmp_path / "after" / folder for folder in folders)])
    assert not any(each.error for each in (ran, *builds))

    def plain(objects: Iterable[dict[str, Any]]) -> list[str]:
        kept = [each for each in objects if each["kind"] == "Deployment"]
        for each in kept:
            marks = each["metadata"].get("annotations", {})
            marks = {key: value for key, value in marks.items() if "fluxcd.io" not in key}
            each["metadata"]["annotations"] = marks
        return sorted(json.dumps(each, sort_keys=True) for each in kept)

    assert plain(ran.objects) == plain(each for build in builds for each in build.objects)


def test_two_clusters_that_patch_one_build_get_kustomizations_of_their_own(tmp_path: Path) -> None:
    us = {path.replace("eu/", "us/"): str(text).replace("1.4.9", "1.5.0") for path, text in ONE_BASE.items()}
    files = us | ONE_BASE
    clusters = tuple(fm.Cluster(name=name, sync_paths=(name,)) for name in ("eu", "us"))
    options = fm.MigrationOptions(clusters=clusters, overrides=WITHOUT_NAMESPACES)
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, options=options, declared=migration.declared).ok
    assert fm.migrate_repository(migration.files, options).files == migration.files
    assert migration.files["base/kustomization.yaml"] == files["base/kustomization.yaml"]
    write_tree(migration.files, tmp_path)
    for build, tag in zip(build_all([tmp_path / "eu", tmp_path / "us"]), ("1.4.9", "1.5.0"), strict=True):
        assert f"'ghcr.io/acme/web:{tag}'" in str(build.objects)


@pytest.mark.parametrize(
    "more",
    [
        {"eu/kustomization.yaml": "resources: [../other]\n"},
        {"eu/flux-patch.yaml": RUNNING.replace("name: web", "name: gone", 1)},
    ],
)
def test_a_folder_with_a_kustomization_of_its_own_gets_no_other_one(more: Files) -> None:
    files = ONE_BASE | {"us/kustomization.yaml": "resources: [../base]\n"} | more
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("eu", "us")))
    assert "RP071" in {each.code for each in migration.findings}
    assert {path: migration.files.get(path) for path in more} == more


def test_one_flux_yaml_for_several_paths_stays_where_one_of_them_cannot_do_without() -> None:
    files: Files = {".flux.yaml": FLUX_YAML}
    for folder, name in (("eu", "web"), ("us", "gone")):
        own: Files = {"kustomization.yaml": "resources: [web.yaml]\n", "web.yaml": WEB}
        files |= in_folder(folder, own | {"flux-patch.yaml": patch(name, "")})
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("eu", "us")))
    told = {each.path: each.message for each in migration.findings if each.code == "RP071"}
    assert ".flux.yaml serves a path in which no kustomization can" in told["eu/flux-patch.yaml"]
    assert migration.files == files


def test_a_flux_yaml_stays_with_what_only_fluxd_updates() -> None:
    """Two policies for one tag: until somebody decides, fluxd needs to know what it builds."""
    both = f"{WEB}---\n{API}"
    patches = patch("web", "") + patch("api", "").replace("~1.4", "~1")
    files = (
        ALONE
        | images("{name: ghcr.io/acme/web, newTag: 1.4.7}")
        | {"web.yaml": both, "flux-patch.yaml": patches}
    )
    options = fm.MigrationOptions(clusters=(fm.Cluster(name="live", sync_paths=("",)),))
    migration = fm.migrate_repository(files, options)
    assert "IM016" in {each.code for each in migration.findings}
    assert migration.files[".flux.yaml"] == FLUX_YAML
    assert fm.migrate_repository(migration.files, options).files == migration.files


def test_a_patch_that_takes_an_annotation_away_is_listed_once() -> None:
    files: Files = {
        ".flux.yaml": FLUX_YAML,
        "kustomization.yaml": "namespace: shop\nbases:\n- ./apps/\n",
        "apps/kustomization.yaml": "resources: [web.yaml]\n",
        "apps/web.yaml": WEB.replace(
            "  name: web\n", "  name: web\n  namespace: shop\n  annotations: {fluxcd.io/automated: 'true'}\n"
        ),
        "flux-patch.yaml": patch("web", "  namespace: shop\n")
        .replace('fluxcd.io/automated: "true"', "fluxcd.io/automated: null")
        .replace("    fluxcd.io/tag.app: semver:~1.4\n", ""),
    }
    once = fm.migrate_repository(files)
    assert str(once.files["kustomization.yaml"]).count("flux-patch.yaml") == 1
    assert fm.migrate_repository(once.files).files == once.files


def test_a_patch_of_what_is_missing_is_one_question() -> None:
    spec = "  timeout: 60\n"
    patches = f"{release_text(spec)}---\n{release_text(spec, name='gone')}"
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/web.yaml": release_text(
            "  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
        ),
        "prod/patches.yaml": patches,
        "prod/.flux.yaml": "version: 1\npatchUpdated:\n  generators: [{command: kustomize build .}]\n"
        "  patchFile: patches.yaml\n",
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    errors = [each for each in migration.findings if each.severity == "error"]
    assert [each.code for each in errors] == ["RP019"]
    assert "gone" in errors[0].message


def test_patches_of_several_builds_are_listed_together_also_where_the_flux_yaml_stays() -> None:
    locked = (
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
        "  annotations:\n    fluxcd.io/locked: 'true'\n  name: api\n"
    )
    files, _ = RUN["several builds"]
    files = in_folder("dev", files | {"flux-patch.yaml": RUNNING + locked})
    migration = fm.migrate_repository(files)
    for name in ("web", "api"):
        assert "flux-patch.yaml" in str(migration.files[f"dev/{name}/kustomization.yaml"])
    assert "ghcr.io/acme/web:1.4.9" in str(migration.files["dev/web/flux-patch.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize("migrates", [True, False])
def test_releases_that_fluxd_patched_in_a_list_are_documents_at_once(*, migrates: bool) -> None:
    own = release_text("  values:\n    replicas: 3\n")
    item = own.replace("\n", "\n  ").rstrip()
    files: Files = {
        "prod/.flux.yaml": FLUX_YAML,
        "prod/kustomization.yaml": "namespace: shop\nresources:\n- web.yaml\n",
        "prod/web.yaml": RELEASE
        if migrates
        else RELEASE.replace("name: web\n    version", "name: on\n    version"),
        "prod/flux-patch.yaml": f"apiVersion: v1\nkind: List\nitems:\n- {item}\n",
    }
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    assert migration.ok is migrates
    assert ("helm.toolkit.fluxcd.io" in str(migration.files["prod/flux-patch.yaml"])) is migrates
    if not migrates:
        assert migration.files == files
    assert fm.migrate_repository(migration.files, options).files == migration.files


@pytest.mark.parametrize(
    ("patch_text", "code"),
    [
        ("kind: List\nitems:\n- {item}\n", ""),
        ("kind: List\nitems: &all\n- {item}\n", "RP004"),
    ],
)
def test_annotations_of_a_patch_in_a_list_go_with_it_or_stay(patch_text: str, code: str) -> None:
    item = patch("web", "  namespace: shop\n").removeprefix("---\n").replace("\n", "\n  ").rstrip()
    files: Files = {
        "prod/kustomization.yaml": "resources: [web.yaml]\npatchesStrategicMerge: [more.yaml]\n",
        "prod/web.yaml": workload_text(),
        "prod/more.yaml": f"apiVersion: v1\n{patch_text.replace('{item}', item)}",
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert [each.code for each in migration.findings if each.severity == "error"] == [code] * bool(code)
    assert ("fluxcd.io/automated" in str(migration.files["prod/more.yaml"])) is bool(code)


def test_what_a_generator_cannot_build_is_not_built_with_a_patch() -> None:
    # The patch brings what the variable stands for, and fluxd patched what the command had printed.
    files: Files = {
        "prod/.flux.yaml": FLUX_YAML,
        "prod/kustomization.yaml": (
            "resources: [web.yaml, settings.yaml]\nconfigurations: [places.yaml]\n"
            "vars: [{name: TAG, objref: {apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, name: web}, "
            "fieldref: {fieldpath: spec.values.tag}}]\n"
        ),
        "prod/places.yaml": "varReference: [{kind: ConfigMap, path: data/tag}]\n",
        "prod/settings.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {tag: $(TAG)}\n"
        ),
        "prod/web.yaml": RELEASE,
        "prod/flux-patch.yaml": (
            "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web}\n"
            "spec: {values: {tag: '1.4.9'}}\n"
        ),
    }
    migration = fm.migrate_repository(files)
    assert "RP019" in {each.code for each in migration.findings if each.severity == "error"}
    assert migration.files["prod/web.yaml"] == RELEASE


@pytest.mark.parametrize("given", [("eu", "us"), ("eu", "us", "all"), ()])
def test_what_no_given_cluster_builds_shares_no_patches(given: tuple[str, ...]) -> None:
    files: Files = {".flux.yaml": FLUX_YAML, "all/kustomization.yaml": "resources: [../eu, ../us]\n"}
    for folder in ("eu", "us"):
        own = {"kustomization.yaml": f"namespace: {folder}\nresources: [web.yaml]\n", "web.yaml": WEB}
        files |= in_folder(folder, {**own, "flux-patch.yaml": patch("web", "")})
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=given))
    told = [each.message for each in migration.findings if each.code == "RP071"]
    if given == ("eu", "us"):
        assert (migration.ok, told) == (True, [])
        assert "- path: flux-patch.yaml" in str(migration.files["eu/kustomization.yaml"])
    elif given:
        assert {"would have its patches too" in each for each in told} == {True}
        assert migration.files["eu/kustomization.yaml"] == files["eu/kustomization.yaml"]
    else:
        assert not migration.ok


@pytest.mark.parametrize(
    ("name", "reason"), [("gone", "no object is called Deployment gone"), ("web", "cannot be built")]
)
def test_it_is_told_whether_a_patch_or_what_it_goes_over_stands_in_the_way(name: str, reason: str) -> None:
    files: Files = {
        "prod/.flux.yaml": FLUX_YAML,
        "prod/kustomization.yaml": "resources: [web.yaml]\n"
        if name == "gone"
        else "resources: [web.yaml, gone.yaml]\n",
        "prod/web.yaml": WEB,
        "prod/flux-patch.yaml": patch(name, ""),
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    (told,) = (each for each in migration.findings if each.code == "RP071")
    assert reason in told.message
