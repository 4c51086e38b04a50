"""Images that fluxd was asked to update and never wrote, since its commands came without updaters."""

from __future__ import annotations

import re
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree
from manifest_texts import fluxd_text
from patched_overlays import CHART, IMAGE, Files, release

MARKED = release(CHART + IMAGE).replace(
    "spec:\n",
    "  annotations:\n    fluxcd.io/automated: 'true'\n    fluxcd.io/tag.chart-image: semver:~1.2\nspec:\n",
    1,
)
COMMAND = "  generators: [{command: kustomize build .}]\n"
MODES = {
    "commands": f"version: 1\ncommandUpdated:\n{COMMAND}",
    "updaters": f"version: 1\ncommandUpdated:\n{COMMAND}  updaters: [{{policy: {{command: ./a.sh}}}}]\n",
    "patches": f"version: 1\npatchUpdated:\n{COMMAND}  patchFile: flux-patch.yaml\n",
}


def tree(**modes: str) -> Files:
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": MARKED,
        **{f"{name}/kustomization.yaml": "resources: [../base]\nnamespace: shop\n" for name in modes},
        **{f"{name}/.flux.yaml": MODES[mode] for name, mode in modes.items()},
    }


def markers(migration: fm.Migration) -> int:
    return sum(str(text).count("$imagepolicy") for text in migration.files.values())


@pytest.mark.parametrize(
    ("mode", "options", "count"),
    [
        ("commands", {}, 0),
        ("updaters", {}, 2),
        ("patches", {}, 2),
        ("commands", {"sync_roots": ["prod"]}, 2),
        ("commands", {"overrides": [{"update_images": True}]}, 2),
        ("commands", {"overrides": [{"update_images": True, "name": "other"}]}, 0),
    ],
)
def test_what_fluxd_never_wrote_is_not_updated_unless_a_person_wants_it(
    mode: str, options: dict[str, Any], count: int
) -> None:
    files = tree(prod=mode)
    given = fm.MigrationOptions.model_validate(options)
    migration = fm.migrate_repository(files, given)
    assert markers(migration) == count
    assert fm.verify_migration(files, migration.files, options=given, declared=migration.declared).ok
    told = [each for each in migration.findings if each.code == "IM008"]
    assert bool(told) is (count == 0)
    for each in told:
        assert each.answer is not None
        answered = fm.migrate_repository(files, fm.MigrationOptions(overrides=(each.answer,)))
        assert markers(answered) == 2


FLUXD = fluxd_text("--git-url=ssh://git@git.example.com/a/b", "--git-path=prod", "--manifest-generation")


@pytest.mark.parametrize(("mode", "count"), [("commands", 0), ("updaters", 2)])
def test_a_fluxd_that_may_write_has_no_command_for_it_either(mode: str, count: int) -> None:
    files: Files = {**tree(prod=mode), "flux/fluxd.yaml": FLUXD}
    assert markers(fm.migrate_repository(files)) == count


@pytest.mark.parametrize("reads", ["releases", "none"])
@pytest.mark.parametrize(
    ("key", "value", "is_marked", "is_held"),
    [
        ("automated", "yes", True, False),
        ("automated", "'yes'", False, False),
        ("locked", "on", False, False),
        ("ignore", "y", False, True),
    ],
)
def test_what_is_built_for_fluxd_has_its_annotations_as_fluxd_reads_them(
    reads: str, key: str, value: str, is_marked: bool, is_held: bool
) -> None:
    automated = "" if key == "automated" else "    fluxcd.io/automated: 'true'\n"
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n  namespace: shop\n  annotations:\n"
        f"    fluxcd.io/{key}: {value}\n    fluxcd.io/tag.app: semver:~1.2\n{automated}"
        "spec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: acme/api:1.2.3\n"
    )
    files: Files = {
        "prod/kustomization.yaml": "resources: [api.yaml]\n",
        "prod/.flux.yaml": MODES["patches"],
        "prod/api.yaml": workload,
        "flux/fluxd.yaml": FLUXD,
    }
    options = fm.MigrationOptions.model_validate({"write_what_flux1_read": reads})
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    written = str(migration.files["prod/api.yaml"])
    assert ("$imagepolicy" in written, "reconcile: disabled" in written) == (is_marked, is_held)
    assert not {"RP025", "RP026", "RP027"} & {each.code for each in migration.findings}
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


def test_an_environment_in_which_fluxd_wrote_nothing_keeps_its_tag() -> None:
    files = tree(dev="patches", prod="commands")
    migration = fm.migrate_repository(files)
    assert {each.code for each in migration.findings if each.severity == "error"} == set()
    # The name is one for both.
    assert markers(migration) == 1
    # What the updater would write to is that of the one alone.
    later = {
        path: re.sub(r'tag: "?1\.2\.3"?( # )', r"tag: 1.2.9\1", str(text))
        for path, text in migration.files.items()
    }
    tags = {
        folder: next(
            each.manifest["spec"]["values"]["image"]["tag"]
            for each in KustomizeTree(later).build(folder).objects
            if each.manifest["kind"] == "HelmRelease"
        )
        for folder in ("dev", "prod")
    }
    assert tags == {"dev": "1.2.9", "prod": "1.2.3"}
