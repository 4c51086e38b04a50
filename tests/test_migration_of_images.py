"""Image automation in whole repositories: what is marked, what is made, what stays and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS, FluxVersion, check_markers
from manifest_texts import AUTOMATED, release_text, workload_text
from patched_overlays import CHART, IMAGE, release
from reference_trees import TREES, definitions_of, documents_of, read_tree, refusals
from test_flux_kustomizations import kustomization

DEPLOYMENT = workload_text(
    AUTOMATED, "fluxcd.io/tag.app: semver:~1.4   # never 2.x", image="ghcr.io/acme/web:1.4.7 # pinned by ops"
)
ANNOTATIONS = DEPLOYMENT[DEPLOYMENT.index("  annotations") : DEPLOYMENT.index("spec:")]
PLAIN = DEPLOYMENT.replace(ANNOTATIONS, "")
PATCH = DEPLOYMENT[: DEPLOYMENT.index("spec:")]
RELEASE = release_text(
    """\
  helmVersion: v3
  releaseName: web
  chart:
    repository: https://charts.example.com/
    name: web
    version: 1.2.3
  values:
    image:
      repository: ghcr.io/acme/web
      tag: 1.4.7
""",
    'helm.fluxcd.io/migrate: "false"',
    AUTOMATED,
    "filter.fluxcd.io/chart-image: semver:~1.4",
)


def migrate(files: dict[str, str | bytes], **options: Any) -> fm.Migration:
    """Migrates, and looks at what must hold for every result."""
    chosen = fm.MigrationOptions(**options)
    migration = fm.migrate_repository(files, chosen)
    again = fm.migrate_repository(migration.files, chosen)
    assert (again.changed, again.created, again.deleted) == ({}, {}, ())
    for checked in check_markers(migration.files):
        if checked.file in migration.changed:
            assert checked.works, (checked.file, checked.problems)
    return migration


def codes(migration: fm.Migration) -> set[str]:
    always = {"RP009", "IM032", "HR118"}
    return {finding.code for finding in migration.findings} - always


def kinds(migration: fm.Migration) -> dict[str, list[str]]:
    return {
        path: [document["kind"] for _, document in documents_of({path: text})]
        for path, text in migration.created.items()
    }


# What becomes of a workload


def test_a_workload_gets_a_policy_a_marker_and_no_annotations() -> None:
    migration = migrate({"apps/web.yaml": DEPLOYMENT})
    assert migration.changed == {
        "apps/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
      - name: app
        # pinned by ops
        image: ghcr.io/acme/web:1.4.7 # {"$imagepolicy": "flux-system:web"}
"""
    }
    assert (
        migration.created["apps/images/web.yaml"]
        == """\
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata:
  name: web
  namespace: flux-system
spec:
  image: ghcr.io/acme/web
  interval: 5m
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata:
  name: web
  namespace: flux-system
spec:
  imageRepositoryRef:
    name: web
  policy:
    semver:
      range: ~1.4 # never 2.x
"""
    )
    assert set(migration.created) == {"apps/images/web.yaml", "apps/images/flux-system-automation.yaml"}
    assert migration.ok
    assert codes(migration) == set()
    assert {change.rule for change in migration.changes} == {"annotations", "marker", "image-automation"}
    report, runbook = migration.to_markdown(), migration.runbook().to_markdown()
    assert "0 releases, 0 sources, 1 image policy; " in report
    assert "| flux-system/web |  | semver `~1.4` | all | apps/images/web.yaml |" in report
    assert "--components-extra=image-reflector-controller,image-automation-controller" in runbook
    assert [type(each.resource).__name__ for each in migration.resources] == [
        "ImageUpdateAutomation",
        "ImageRepository",
        "ImagePolicy",
    ]


def test_a_release_is_migrated_and_marked_in_one() -> None:
    migration = migrate({"apps/web.yaml": RELEASE})
    text = migration.changed["apps/web.yaml"]
    assert "annotations" not in text
    assert "apiVersion: helm.toolkit.fluxcd.io/v2\n" in text
    assert text.endswith(
        "    image:\n"
        '      repository: ghcr.io/acme/web # {"$imagepolicy": "flux-system:web:name"}\n'
        '      tag: 1.4.7 # {"$imagepolicy": "flux-system:web:tag"}\n'
    )
    (release,) = (each for each in migration.resources if isinstance(each.resource, fm.flux2.HelmRelease))
    assert release.resource.metadata.annotations is None


def test_a_tag_that_is_a_number_is_quoted_and_means_the_same_as_the_findings_say() -> None:
    text = RELEASE.replace("tag: 1.4.7", "tag: 1.10").replace("semver:~1.4", "semver:*")
    migration = migrate({"web.yaml": text})
    assert '      tag: "1.1" # {"$imagepolicy": "flux-system:web:tag"}\n' in migration.changed["web.yaml"]
    assert "IM013" in codes(migration)
    options = fm.MigrationOptions()
    report = fm.verify_migration({"web.yaml": text}, migration.files, options, declared=migration.declared)
    assert report.ok


def test_a_number_of_a_release_that_a_kustomization_annotates_is_declared_too() -> None:
    lines = (
        RELEASE.replace("tag: 1.4.7", "tag: 1.10")
        .replace("semver:~1.4", "semver:*")
        .splitlines(keepends=True)
    )
    marks = [line.strip() for line in lines if "fluxcd.io/" in line and "apiVersion" not in line]
    release = "".join(line for line in lines if "annotations:" not in line and line.strip() not in marks)
    files: dict[str, str | bytes] = {
        "base/web.yaml": release,
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "commonAnnotations:\n"
        + "".join(f"  {mark}\n" for mark in marks)
        + "resources:\n- ../base\n",
    }
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    assert (
        '      tag: "1.1" # {"$imagepolicy": "flux-system:web:tag"}\n' in migration.changed["base/web.yaml"]
    )
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


def test_a_number_in_a_patch_is_written_as_the_chart_gets_it() -> None:
    patch = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  values:
    image:
      tag: 1.10
"""
    files: dict[str, str | bytes] = {
        "base/web.yaml": RELEASE.replace("semver:~1.4", "semver:*"),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [web.yaml]\n",
        "prod/web.yaml": patch,
    }
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    assert (
        '      tag: "1.1" # {"$imagepolicy": "flux-system:web:tag"}\n' in migration.changed["prod/web.yaml"]
    )
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


def test_a_workload_all_in_flow_style_is_opened_and_marked() -> None:
    text = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {fluxcd.io/automated: "true", # by ops
    fluxcd.io/tag.app: "semver:~1.4", team: "a: {b}"}, namespace: shop} # about
spec: {template: {spec: {containers: [{name: app, image: "ghcr.io/acme/web:1.4.7"}]}}}
"""
    migration = migrate({"apps/web.yaml": text})
    assert (
        migration.changed["apps/web.yaml"]
        == """\
apiVersion: apps/v1
kind: Deployment
metadata: # about
  name: web
  annotations:
    # by ops
    team: "a: {b}"
  namespace: shop
spec:
  template:
    spec:
      containers:
      - name: app
        image: "ghcr.io/acme/web:1.4.7" # {"$imagepolicy": "flux-system:web"}
"""
    )
    assert codes(migration) == set()


def test_a_locked_workload_stays_where_it_is_and_says_why() -> None:
    lock = '    fluxcd.io/locked: "true"\n    fluxcd.io/locked_user: jo\n'
    lock += '    fluxcd.io/locked_msg: "broken\n      since 1.5"\n'
    migration = migrate({"web.yaml": DEPLOYMENT.replace("spec:\n", lock + "spec:\n", 1)})
    assert (
        "        # locked by jo: broken since 1.5\n        image: ghcr.io/acme/web:1.4.7 # pinned by ops\n"
    ) in migration.changed["web.yaml"]
    assert (codes(migration), migration.created) == ({"AN006"}, {})


LOCKED = DEPLOYMENT.replace(
    "spec:\n",
    """\
    fluxcd.io/locked: "true"
    fluxcd.io/locked_user: jo
    fluxcd.io/locked_msg: broken
spec:
""",
    1,
)
LOCKED_POD = LOCKED[: LOCKED.index("      containers:")]


ONE_LINE = "      containers: [{name: a, image: a/b:1.0.0}, {name: b, image: a/c:1.0.0}]\n"
FIRST_LINES = "      containers:\n"
MERGED = "      - name: app\n        <<: {image: a/b:1.0.0}\n"
REASON = "      # locked by jo: broken\n"


@pytest.mark.parametrize(
    ("containers", "expected"),
    [(ONE_LINE, REASON + ONE_LINE), (FIRST_LINES + MERGED, FIRST_LINES + REASON + MERGED)],
)
def test_the_reason_of_a_lock_stands_once_above_what_holds_the_image(containers: str, expected: str) -> None:
    migration = migrate({"web.yaml": LOCKED_POD + containers})
    assert migration.changed["web.yaml"].endswith("    spec:\n" + expected)
    assert "AN006" in codes(migration)


def test_a_lock_stays_where_its_reason_would_become_part_of_a_text() -> None:
    containers = "      containers:\n      - {name: app, args: ['a\n        b'], image: a/b:1.0.0}\n"
    migration = migrate({"web.yaml": LOCKED_POD + containers})
    assert (migration.changed, codes(migration)) == ({}, {"AN006", "RP005"})


def test_a_workload_with_nothing_but_a_mark_of_fluxd_loses_it() -> None:
    marked = PLAIN.replace("spec:\n", "  labels:\n    fluxcd.io/sync-gc-mark: sha256.a\nspec:\n", 1)
    migration = migrate({"web.yaml": marked})
    assert migration.changed == {"web.yaml": PLAIN}
    assert (migration.created, codes(migration)) == ({}, {"AN014"})


def test_what_fluxd_ignores_is_ignored_by_kustomize_controller() -> None:
    text = DEPLOYMENT.replace("automated:", "ignore:")
    migration = migrate({"web.yaml": text})
    assert "    kustomize.toolkit.fluxcd.io/reconcile: disabled\n" in migration.changed["web.yaml"]
    assert "fluxcd.io/ignore" not in migration.changed["web.yaml"]
    assert migration.created == {}


def test_kept_annotations_stay_byte_for_byte() -> None:
    migration = migrate({"web.yaml": DEPLOYMENT}, keep_annotations=True)
    assert ANNOTATIONS in migration.changed["web.yaml"]
    assert '# {"$imagepolicy": "flux-system:web"}' in migration.changed["web.yaml"]


def test_one_repository_serves_two_filters_and_two_spellings() -> None:
    other = DEPLOYMENT.replace("web\n", "api\n").replace("~1.4", "~1.3")
    migration = migrate({"a/web.yaml": DEPLOYMENT, "a/api.yaml": other})
    made = [document["kind"] for _, document in documents_of(dict(migration.created))]
    assert sorted(made) == ["ImagePolicy", "ImagePolicy", "ImageRepository", "ImageUpdateAutomation"]


# Where no marker works


def items(text: str) -> str:
    return "- " + text.rstrip().replace("\n", "\n  ") + "\n"


def test_a_list_alone_in_its_file_stays_as_it_is() -> None:
    migration = migrate({"web.yaml": "kind: List\nitems:\n" + items(DEPLOYMENT)})
    assert (migration.changed, codes(migration)) == ({}, {"IM011"})
    (finding,) = (each for each in migration.findings if each.code == "IM011")
    assert (finding.path, finding.line) == ("web.yaml", 16)


def test_a_list_among_other_documents_is_marked() -> None:
    text = "kind: List\nitems:\n" + items(DEPLOYMENT) + "---\nkind: Namespace\nmetadata: {name: shop}\n"
    migration = migrate({"web.yaml": text})
    assert "        # pinned by ops\n          image: ghcr.io" in migration.changed["web.yaml"]
    assert "fluxcd.io/automated" not in migration.changed["web.yaml"]
    assert codes(migration) == set()


def test_the_item_of_a_list_is_marked_though_its_annotations_stay() -> None:
    text = DEPLOYMENT.replace("annotations:", "annotations: &a") + "other: *a\n"
    more = "---\nkind: Namespace\nmetadata: {name: shop}\n"
    migration = migrate({"web.yaml": f"kind: List\nitems:\n{items(text)}{more}"})
    assert "  annotations: &a\n" in migration.changed["web.yaml"]
    assert '# {"$imagepolicy": "flux-system:web"}' in migration.changed["web.yaml"]
    assert codes(migration) == {"RP005"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (DEPLOYMENT + "sops: {mac: a}\n", "RP011"),
        (DEPLOYMENT.replace("web:1.4.7", "Web:1.4.7"), "IM029"),
        (DEPLOYMENT.replace("tag.app", "tag.app: glob:a\n    flux.weave.works/tag.app"), "AN010"),
        (DEPLOYMENT.replace("image: ghcr.io/acme/web:1.4.7", "<<: {image: a/b:1.4.7}"), "IM011"),
        (DEPLOYMENT.replace("# pinned by ops", '# {"$imagepolicy": "a:b"}'), "IM034"),
        ("%YAML 1.1\n---\n" + DEPLOYMENT, "RP003"),
        # One such annotation stops every update.
        (DEPLOYMENT.replace("annotations:", "annotations:\n    config.kubernetes.io/path: a.yaml"), "IM011"),
        # A line that a marker would open is left as it is, too.
        (
            (
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, ? namespace : shop, "
                'annotations: {fluxcd.io/automated: "true", fluxcd.io/tag.app: "semver:~1.4"}}, '
                'spec: {template: {spec: {containers: [{name: app, image: "ghcr.io/acme/web:1.4.7"}]}}}}\n'
            ),
            "RP005",
        ),
    ],
)
def test_what_cannot_be_done_leaves_the_file_as_it_was(text: str, code: str) -> None:
    migration = migrate({"web.yaml": text})
    assert (migration.changed, migration.created) == ({}, {})
    assert codes(migration) == {code}


def test_annotations_that_an_alias_repeats_go_from_the_workload_and_not_from_its_pods() -> None:
    text = DEPLOYMENT.replace("annotations:", "annotations: &shared").replace(
        "  template:\n", "  template:\n    metadata:\n      annotations: *shared\n"
    )
    migration = migrate({"web.yaml": text})
    pinned = "# pinned by ops\n"
    of_pods = '{"fluxcd.io/automated": "true", "fluxcd.io/tag.app": "semver:~1.4"}'
    before, _, after = text.partition("  annotations: &shared")
    expected = before + after.partition("never 2.x\n")[2].replace("*shared", of_pods)
    assert migration.changed["web.yaml"] == expected.replace(
        f"        image: ghcr.io/acme/web:1.4.7 {pinned}",
        f'        {pinned}        image: ghcr.io/acme/web:1.4.7 # {{"$imagepolicy": "flux-system:web"}}\n',
    )
    assert "never 2.x" in str(migration.created["images/web.yaml"])
    assert codes(migration) == {"AN012"}


def test_two_containers_that_share_a_text_take_one_policy_or_one_text_each() -> None:
    both = DEPLOYMENT.replace("image: ghcr", "image: &image ghcr")
    both += "      - name: job\n        image: *image\n"
    one = both.replace("fluxcd.io/tag.app", 'fluxcd.io/tag.job: "semver:~1.4"\n    fluxcd.io/tag.app')
    migration = migrate({"web.yaml": one})
    assert codes(migration) == set()
    assert ANNOTATIONS not in migration.changed["web.yaml"]
    assert migration.changed["web.yaml"].endswith("        image: *image\n")
    migration = migrate(
        {"web.yaml": one.replace('fluxcd.io/tag.job: "semver:~1.4"', 'fluxcd.io/tag.job: "semver:~1"')}
    )
    assert codes(migration) == set()
    assert ANNOTATIONS not in migration.changed["web.yaml"]
    assert str(migration.changed["web.yaml"]).count("$imagepolicy") == 2


def test_an_update_moves_no_alias_that_fluxd_did_not_write() -> None:
    """What fluxd wrote was the field of an image alone; a mapping changed wherever it stands."""
    text = DEPLOYMENT.replace("image: ghcr", "image: &image ghcr")
    text += "        env: [{name: IMAGE, value: *image}, {name: *image, value: x}]\n"
    migration = migrate({"web.yaml": text})
    assert codes(migration) == set()
    written = "ghcr.io/acme/web:1.4.7"
    assert (
        f"env: [{{name: IMAGE, value: {written}}}, {{name: {written}, value: x}}]"
        in migration.changed["web.yaml"]
    )
    values = (
        "    image: &image\n      repository: ghcr.io/acme/web\n      tag: 1.4.7\n    deep: {image: *image}\n"
    )
    text = RELEASE.partition("    image:\n")[0] + values
    migration = migrate({"web.yaml": text})
    assert "deep: {image: *image}\n" in migration.changed["web.yaml"]
    assert str(migration.changed["web.yaml"]).count("$imagepolicy") == 2


def test_of_two_images_one_that_cannot_be_marked_keeps_the_annotations() -> None:
    more = DEPLOYMENT + "      - name: log\n        image: ghcr.io/Acme/log:1.0.0\n"
    migration = migrate({"web.yaml": more})
    assert ANNOTATIONS in migration.changed["web.yaml"]
    assert migration.changed["web.yaml"].count("$imagepolicy") == 1
    assert codes(migration) == {"IM029"}


def test_annotations_of_charts_and_of_flux_2_stay() -> None:
    new = RELEASE.replace("helm.fluxcd.io/v1", "helm.toolkit.fluxcd.io/v2")
    files: dict[str, str | bytes] = {
        "web.yaml": DEPLOYMENT,
        "new.yaml": new,
        "chart/Chart.yaml": "name: a\n",
        "chart/templates/web.yaml": DEPLOYMENT,
    }
    migration = migrate(files)
    assert set(migration.changed) == {"web.yaml"}
    assert "AN004" in codes(migration)


def test_what_no_cluster_syncs_stays_and_is_told() -> None:
    files: dict[str, str | bytes] = {
        "prod/web.yaml": DEPLOYMENT,
        "old/web.yaml": DEPLOYMENT,
        "old/quiet.yaml": DEPLOYMENT.replace("automated", "tag.app"),
    }
    migration = migrate(files, sync_roots=("prod",))
    assert set(migration.changed) == {"prod/web.yaml"}
    assert [each.path for each in migration.findings if each.code == "RP012"] == ["old/web.yaml"]


def test_what_fluxd_may_have_read_is_an_error_until_somebody_leaves_it() -> None:
    files: dict[str, str | bytes] = {
        "kustomization.yaml": "namespace: shop\nresources: []\n",
        "old/web.yaml": DEPLOYMENT,
    }
    migration = migrate(files)
    assert [(each.code, each.path) for each in migration.findings if each.severity == "error"] == [
        ("RP035", "old/web.yaml")
    ]
    (answer,) = (fm.Override.model_validate(each) for each in migration.answers())
    assert migrate(files, overrides=(answer,)).ok


def test_a_list_that_another_cluster_does_not_update_stays_as_it_is() -> None:
    text = "kind: List\nitems:\n" + items(DEPLOYMENT) + "---\nkind: Namespace\nmetadata: {name: shop}\n"
    migration = migrate({"apps/web.yaml": text}, clusters=DEV_AND_PROD)
    assert (migration.changed, migration.created) == ({}, {})
    assert "IM016" in codes(migration)


def test_a_number_that_cannot_be_marked_stays_a_number() -> None:
    text = RELEASE.replace("tag: 1.4.7", "tag: 1.10").replace("semver:~1.4", "semver:*")
    migration = migrate({"apps/web.yaml": text}, clusters=DEV_AND_PROD)
    assert "IM016" in codes(migration)
    assert "    fluxcd.io/automated: " in migration.changed["apps/web.yaml"]
    assert migration.changed["apps/web.yaml"].endswith("\n      tag: 1.10\n")


DEV_AND_PROD = (
    fm.Cluster(name="dev", sync_paths=("apps",)),
    fm.Cluster(name="prod", sync_paths=("apps",), fluxd=fm.Fluxd(exclude_images=("ghcr.io/*",))),
)


def test_merge_keys_of_a_marked_document_are_told_and_others_are_not() -> None:
    text = DEPLOYMENT.replace("spec:\n", "  labels: &own {a: b}\nspec:\n  selector:\n    <<: *own\n", 1)
    assert codes(migrate({"web.yaml": text})) == {"IM036"}
    quoted = text.replace("<<: *own", '"<<": x')
    assert codes(migrate({"web.yaml": quoted})) == set()


def test_scope_and_leave_hold_for_workloads() -> None:
    files: dict[str, str | bytes] = {"a/web.yaml": DEPLOYMENT, "b/api.yaml": DEPLOYMENT.replace("web", "api")}
    assert set(migrate(files, scope=fm.Scope(paths=("a/*",))).changed) == {"a/web.yaml"}
    left = migrate(files, overrides=(fm.Override(path="a/*", leave=True),))
    assert (set(left.changed), codes(left)) == ({"b/api.yaml"}, set())


def test_a_file_that_cannot_be_read_stays_and_is_told() -> None:
    migration = migrate({"web.yaml": DEPLOYMENT + "---\na: [\n"})
    assert (migration.changed, codes(migration)) == ({}, {"RP003"})


# Answers


def test_a_policy_of_a_persons_own_is_taken_and_one_that_matches_nothing_is_told() -> None:
    text = DEPLOYMENT.replace("semver:~1.4", "glob:main-*").replace("web:1.4.7", "web:main-3f1c2ab")
    asked = migrate({"web.yaml": text})
    (question,) = (each for each in asked.findings if each.severity == "error")
    assert question.answer is not None
    assert (question.code, question.answer.container, question.line) == ("IM005", "app", 8)
    held = asked.created["images/web.yaml"]
    assert (
        "    # never 2.x\n    # holds the tag: nothing orders those of glob:main-*\n"
        "    pattern: ^main-3f1c2ab$\n"
    ) in held
    own = question.answer.model_copy(
        update={"policy": {"alphabetical": {"order": "asc"}}, "filter_tags": {"pattern": "^main-"}}
    )
    migration = migrate({"web.yaml": text}, overrides=(own, fm.Override(container="other", pull_secret="a")))
    assert codes(migration) == {"RP010"}
    assert "    pattern: ^main-" in migration.created["images/web.yaml"]


def test_an_accepted_code_is_not_told_again() -> None:
    text = DEPLOYMENT.replace("web:1.4.7", "web")
    (finding,) = (each for each in migrate({"web.yaml": text}).findings if each.code == "IM017")
    assert finding.answer is not None
    assert "IM017" not in codes(migrate({"web.yaml": text}, overrides=(finding.answer,)))


# Kustomizations


def overlays(patch: str, base: str = PLAIN, more: str = "") -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources:\n- web.yaml\n",
        "base/web.yaml": base,
    }
    for name in ("dev", "prod"):
        lines = f"resources:\n- ../base\npatches:\n- path: web.yaml\n{more}"
        files[f"{name}/kustomization.yaml"] = lines
        files[f"{name}/web.yaml"] = patch
    return files


def test_each_overlay_is_marked_in_its_own_patch() -> None:
    files = overlays(DEPLOYMENT)
    files["prod/web.yaml"] = DEPLOYMENT.replace("~1.4", "~1.3").replace(":1.4.7", ":1.3.7")
    migration = migrate(files)
    marked = {path: text for path, text in migration.changed.items() if "$imagepolicy" in text}
    assert set(marked) == {"dev/web.yaml", "prod/web.yaml"}
    assert '"flux-system:web-dev"' in marked["dev/web.yaml"]
    assert '"flux-system:web-prod"' in marked["prod/web.yaml"]
    assert "annotations" not in "".join(marked.values())
    assert "    range: ~1.3 # never 2.x\n" in migration.created["prod/images/web-prod.yaml"]
    assert codes(migration) == set()


def test_annotations_of_patches_go_when_the_image_of_the_base_is_marked() -> None:
    migration = migrate(overlays(PATCH))
    assert set(migration.changed) == {
        "base/web.yaml",
        "dev/kustomization.yaml",
        "dev/web.yaml",
        "prod/kustomization.yaml",
        "prod/web.yaml",
    }
    assert "annotations" not in migration.changed["dev/web.yaml"]
    # Both clusters have the policy under one name, for there is one marker.
    assert {"dev/images/web.yaml", "prod/images/web.yaml"} <= set(migration.created)


def test_one_field_for_two_filters_keeps_everything_where_no_second_one_can_be_written() -> None:
    files = overlays(PATCH)
    files["prod/web.yaml"] = PATCH.replace("~1.4", "~1.3")
    files |= {"dev/web-image.yaml": "a: 1\n", "dev/web-app.yaml": "a: 1\n"}
    migration = migrate(files)
    assert (migration.changed, migration.created) == ({}, {})
    assert "IM016" in codes(migration)


def test_the_tag_of_a_kustomization_is_marked_there() -> None:
    files = overlays(PATCH, more="images: # pinned\n- name: ghcr.io/acme/web\n  newTag: 1.4.8\n")
    migration = migrate(files)
    assert '  newTag: 1.4.8 # {"$imagepolicy": "flux-system:web:tag"}\n- images' not in str(migration.changed)
    assert (
        '  newTag: 1.4.8 # {"$imagepolicy": "flux-system:web:tag"}\n'
        in migration.changed["dev/kustomization.yaml"]
    )
    assert "- images\n" in migration.changed["dev/kustomization.yaml"]
    assert "base/web.yaml" not in migration.changed
    assert codes(migration) == {"IM012"}


@pytest.mark.parametrize("flux_version", ["2.5", "2.6"])
def test_a_file_that_the_updater_does_not_open_is_not_marked(flux_version: FluxVersion) -> None:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": DEPLOYMENT,
        "dev/Kustomization": ("resources: [../base]\nimages:\n- name: ghcr.io/acme/web\n  newTag: 1.4.9\n"),
    }
    migration = migrate(files, sync_roots=("dev",), flux_version=flux_version)
    if flux_version == "2.6":
        assert '  newTag: 1.4.9 # {"$imagepolicy"' in migration.changed["dev/Kustomization"]
        return
    assert (migration.changed, migration.created) == ({}, {})
    assert codes(migration) == {"IM011"}


def test_a_new_name_and_its_tag_are_both_marked() -> None:
    entry = "images:\n- name: ghcr.io/acme/web\n  newName: quay.io/acme/web\n  newTag: 1.4.8\n"
    migration = migrate(overlays(PATCH, more=entry))
    text = migration.changed["dev/kustomization.yaml"]
    assert '  newName: quay.io/acme/web # {"$imagepolicy": "flux-system:web:name"}\n' in text
    assert '  newTag: 1.4.8 # {"$imagepolicy": "flux-system:web:tag"}\n' in text


def test_entries_of_images_that_say_nothing_leave_the_image_where_it_is() -> None:
    migration = migrate(overlays(PATCH, more="images: [null, {name: ghcr.io/acme/web}]\n"))
    assert '# {"$imagepolicy": "flux-system:web"}' in migration.changed["base/web.yaml"]
    assert codes(migration) == set()


TWICE = "images:\n- {name: ghcr.io/acme/web, newTag: 1.4.8}\n- {name: ghcr.io/acme/web, newTag: 1.4.9}\n"
DIGEST = f"images:\n- name: ghcr.io/acme/web\n  digest: sha256:{'0' * 64}\n"


@pytest.mark.parametrize(
    ("more", "code"),
    [(TWICE, "IM011"), (DIGEST, "IM007")],
)
def test_an_image_that_is_given_where_no_marker_works(more: str, code: str) -> None:
    migration = migrate(overlays(PATCH, more=more))
    assert "$imagepolicy" not in str(migration.changed)
    assert codes(migration) == {code}


def test_an_image_that_operations_write_after_all_patches_is_not_marked() -> None:
    target = "{group: apps, version: v1, kind: Deployment, name: web}"
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "resources: [web.yaml]\n"
        f"patchesJson6902: [{{path: patch.yaml, target: {target}}}]\n",
        "prod/web.yaml": DEPLOYMENT,
        "prod/patch.yaml": "- op: replace\n  path: /spec/template/spec/containers/0/image\n"
        "  value: ghcr.io/acme/web:1.4.9\n",
    }
    migration = migrate(files)
    assert migration.changed == {}
    (finding,) = (each for each in migration.findings if each.code == "IM011")
    assert finding.message.endswith("it stands in the JSON patch prod/patch.yaml")


def test_an_image_that_a_replacement_writes_is_not_marked() -> None:
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": """\
resources: [web.yaml, image.yaml]
replacements:
- source: {kind: ConfigMap, fieldPath: data.image}
  targets:
  - select: {kind: Deployment}
    fieldPaths: [spec.template.spec.containers.0.image]
""",
        "prod/web.yaml": DEPLOYMENT,
        "prod/image.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image, namespace: shop}\n"
        "data: {image: 'ghcr.io/acme/web:1.4.9'}\n",
    }
    migration = migrate(files)
    assert (migration.changed, codes(migration)) == ({}, {"IM011"})


def test_patches_that_say_what_is_ignored_say_it_to_flux_2() -> None:
    migration = migrate(overlays(PATCH.replace("automated", "ignore"), DEPLOYMENT))
    assert codes(migration) == {"AN001"}
    assert "kustomize.toolkit.fluxcd.io/reconcile: disabled" in migration.changed["dev/web.yaml"]
    assert "fluxcd.io/ignore" not in "".join(map(str, migration.files.values()))


def test_annotations_that_a_kustomization_gives_stay() -> None:
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "resources:\n- web.yaml\n- ../other\n",
        "prod/web.yaml": DEPLOYMENT,
        "other/kustomization.yaml": 'resources: [api.yaml]\ncommonAnnotations: {fluxcd.io/ignore: "true"}\n'
        "configMapGenerator: [{name: settings, literals: [a=b]}]\n",
        "other/api.yaml": PLAIN.replace("web", "api").replace("shop", "fluxcd.io/"),
    }
    migration = migrate(files)
    assert "other/api.yaml" not in migration.changed
    assert "AN004" in codes(migration)


ADDED = '[{"op": "add", "path": "/metadata/annotations/fluxcd.io~1automated", "value": "true"}]'
AT_ONCE = '[{"op": "add", "path": "/metadata/annotations", "value": {"flux.weave.works/automated": "true"}}]'


@pytest.mark.parametrize(
    ("patch", "is_inline", "goes"),
    [(ADDED, False, False), (ADDED, True, True), (AT_ONCE, False, False), (AT_ONCE, True, False)],
)
def test_annotations_that_a_json_patch_gives_go_or_are_told(patch: str, is_inline: bool, goes: bool) -> None:
    plain = PLAIN.replace("  namespace: shop\n", "  namespace: shop\n  annotations: {a: b}\n")
    given = f"patch: '{patch}'" if is_inline else "path: patch.yaml"
    files: dict[str, str | bytes] = {
        "dev/web.yaml": plain,
        "dev/patch.yaml": patch,
        "dev/kustomization.yaml": (
            f"resources:\n- web.yaml\npatches:\n- {given}\n  target: {{kind: Deployment}}\n"
        ),
    }
    migration = migrate(files, sync_roots=("dev",))
    assert ("AN004" in codes(migration)) is not goes
    assert ("patches: []" in migration.changed["dev/kustomization.yaml"]) is goes
    assert '# {"$imagepolicy": "flux-system:web"}' in migration.changed["dev/web.yaml"]


@pytest.mark.parametrize("other", ["", "  team: shop\n"])
def test_annotations_of_fluxd_that_all_of_a_kustomization_have_go_once_they_are_policies(other: str) -> None:
    common = f"commonAnnotations:\n  fluxcd.io/automated: 'true'\n{other}"
    files: dict[str, str | bytes] = {
        "dev/kustomization.yaml": f"resources:\n- web.yaml\n{common}",
        "dev/web.yaml": release(CHART + IMAGE),
    }
    migration = migrate(files, sync_roots=("dev",))
    text = migration.changed["dev/kustomization.yaml"]
    assert "AN004" not in codes(migration)
    assert ("commonAnnotations" in text, "fluxcd.io" in text) == (bool(other), False)


def test_a_patch_in_a_kustomization_keeps_what_it_says_beside_annotations_of_fluxd() -> None:
    said = PLAIN.partition("spec:")[0] + "  annotations:\n    fluxcd.io/automated: 'true'\n"
    lines = said.replace("\n", "\n    ").rstrip()
    for more, kept in (("", False), ("\n      team: shop", True)):
        files: dict[str, str | bytes] = {
            "dev/kustomization.yaml": f"resources:\n- web.yaml\npatches:\n- patch: |-\n    {lines}{more}\n",
            "dev/web.yaml": PLAIN,
        }
        text = migrate(files, sync_roots=("dev",)).changed["dev/kustomization.yaml"]
        assert ("team: shop" in text, "patches: []" in text) == (kept, not kept)
        assert "fluxcd.io" not in text


def test_a_patch_of_several_documents_loses_annotations_of_fluxd_in_each_that_has_them() -> None:
    head = PLAIN.partition("spec:")[0]
    said = f"{head}  annotations:\n    fluxcd.io/automated: 'true'\n---\n{head}  labels:\n    team: shop\n"
    lines = said.replace("\n", "\n  ").rstrip()
    files: dict[str, str | bytes] = {
        "dev/kustomization.yaml": f"resources:\n- web.yaml\npatchesStrategicMerge:\n- |-\n  {lines}\n",
        "dev/web.yaml": PLAIN,
    }
    text = migrate(files, sync_roots=("dev",)).changed["dev/kustomization.yaml"]
    assert "team: shop" in text
    assert "fluxcd.io" not in text


def test_an_image_is_marked_in_its_file_though_a_patch_puts_containers_in_another_order() -> None:
    head, container = (
        DEPLOYMENT.partition("      - name: app")[0],
        "      - name: {0}\n        image: ghcr.io/acme/{0}:1.4.7\n",
    )
    patch = PLAIN.partition("      - name: app")[0] + container.format("app").replace("1.4.7", "1.4.8")
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "resources:\n- web.yaml\npatches:\n- path: patch.yaml\n",
        "prod/web.yaml": head + container.format("proxy") + container.format("app"),
        "prod/patch.yaml": patch,
    }
    migration = migrate(files, sync_roots=("prod",))
    assert "ghcr.io/acme/app:1.4.8 # {" in migration.changed["prod/patch.yaml"]
    assert "ghcr.io/acme/proxy:1.4.7 # {" in migration.changed["prod/web.yaml"]


def test_a_patch_of_fluxd_that_no_kustomization_can_list_is_not_marked() -> None:
    config = "version: 1\npatchUpdated:\n  generators:\n"
    config += "  - command: kustomize build .\n  patchFile: flux-patch.yaml\n"
    files: dict[str, str | bytes] = {
        "prod/.flux.yaml": config,
        "prod/kustomization.yaml": "resources:\n- web.yaml\n",
        "prod/web.yaml": DEPLOYMENT,
        "prod/flux-patch.yaml": PLAIN.replace("1.4.7", "1.4.9"),
        "other/kustomization.yaml": "resources: [../prod]\n",
    }
    migration = migrate(files, sync_roots=("prod", "other"))
    assert "IM011" in codes(migration)
    assert migration.files["prod/flux-patch.yaml"] == files["prod/flux-patch.yaml"]


def test_workloads_stay_where_the_build_fails_or_another_command_makes_them() -> None:
    lost = overlays(PATCH, DEPLOYMENT)
    del lost["dev/web.yaml"]
    generated: dict[str, str | bytes] = {
        "dev/web.yaml": DEPLOYMENT,
        "dev/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: ./render.sh\n",
    }
    for files, code in ((lost, "RP019"), (generated, "RP018")):
        migration = migrate(files, sync_roots=("dev",))
        assert (migration.changed, migration.created) == ({}, {})
        (finding,) = migration.findings
        assert finding.code == code


def test_annotations_of_what_is_generated_stay_and_are_told() -> None:
    ignored = "annotations: {fluxcd.io/ignore: 'true'}"
    kustomization = f"""\
resources:
- web.yaml
generatorOptions:
  {ignored}
configMapGenerator:
- name: plain
  literals: [a=b]
- name: ignored
  literals: [a=b]
  options:
    {ignored}
secretGenerator: none
"""
    files = {"dev/web.yaml": DEPLOYMENT, "dev/kustomization.yaml": kustomization}
    valid = {**files, "dev/kustomization.yaml": kustomization.replace("secretGenerator: none\n", "")}
    migration = migrate(dict(valid), sync_roots=("dev",))
    assert '# {"$imagepolicy": "flux-system:web"}' in migration.changed["dev/web.yaml"]
    (told,) = [each for each in migration.findings if each.code == "AN004"]
    assert (told.path, told.line) == ("dev/kustomization.yaml", 3)
    assert told.related == ("dev/kustomization.yaml:10",)
    migrate(dict(files), sync_roots=("dev",))


def test_annotations_of_what_nothing_builds_are_not_told() -> None:
    generator = "configMapGenerator:\n- name: a\n  options: {annotations: {fluxcd.io/ignore: 'true'}}\n"
    files: dict[str, str | bytes] = {"web.yaml": DEPLOYMENT, "a/kustomization.yaml": generator}
    assert "AN004" in codes(migrate(files))
    circle: dict[str, str | bytes] = {
        "web.yaml": DEPLOYMENT,
        "a/kustomization.yaml": f"resources: [../b]\n{generator}",
        "b/kustomization.yaml": "resources: [../a]\n",
    }
    assert "AN004" not in codes(migrate(circle))


def test_the_patches_of_fluxd_itself_are_listed_by_the_kustomization_and_marked() -> None:
    config = "version: 1\npatchUpdated:\n  generators:\n  - command: kustomize build .\n"
    config += "  patchFile: flux-patch.yaml\n"
    files: dict[str, str | bytes] = {
        "prod/.flux.yaml": config,
        "prod/kustomization.yaml": "resources:\n- web.yaml\n",
        "prod/web.yaml": DEPLOYMENT,
        "prod/flux-patch.yaml": PLAIN.replace("1.4.7", "1.4.9"),
    }
    migration = migrate(files)
    assert migration.ok
    assert "- path: flux-patch.yaml\n" in migration.changed["prod/kustomization.yaml"]
    assert "ghcr.io/acme/web:1.4.9 # {" in migration.changed["prod/flux-patch.yaml"]
    assert "$imagepolicy" not in migration.changed["prod/web.yaml"]


@pytest.mark.parametrize("line", ["- missing.yaml\n", "patches: [{path: missing.yaml}]\n"])
def test_a_workload_that_no_cluster_gets_stays_and_the_build_is_told(line: str) -> None:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources:\n- web.yaml\n",
        "base/web.yaml": DEPLOYMENT,
        "prod/kustomization.yaml": f"resources:\n- ../base\n{line}",
    }
    migration = migrate(files)
    assert (migration.changed, migration.created, codes(migration)) == ({}, {}, {"RP019"})


def test_what_a_namespace_transformer_would_move_goes_into_the_namespace_that_it_gives() -> None:
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "resources:\n- web.yaml\nnamespace: shop\n",
        "prod/web.yaml": DEPLOYMENT,
    }
    migration = migrate(files)
    assert migration.ok
    assert '"shop:web"' in migration.changed["prod/web.yaml"]
    assert migration.files == migrate(files, images=fm.Placement(namespace="release")).files


HOURLY = """\
patches:
- target: {kind: Image.*}
  patch: '[{"op": "add", "path": "/spec/interval", "value": "1h"}]'
"""
"""With it, no generated object is what it was placed as."""


def test_what_every_path_changes_has_no_place_until_there_is_another_path() -> None:
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": f"resources:\n- web.yaml\n{HOURLY}",
        "prod/web.yaml": DEPLOYMENT,
    }
    migration = migrate(files)
    assert (migration.changed, codes(migration)) == ({}, {"RP014"})
    beside = migrate(files, images=fm.Placement(namespace="release"))
    assert (beside.changed, codes(beside)) == ({}, {"RP014"})
    given = fm.Cluster(name="prod", sync_paths=("prod", "flux/prod"), branch="main")
    assert migrate(files, clusters=(given,)).ok


def test_clusters_that_do_not_agree_on_the_namespace_of_a_marker_have_one_each() -> None:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources:\n- web.yaml\n",
        "base/web.yaml": DEPLOYMENT,
        "dev/kustomization.yaml": "resources:\n- ../base\nnamespace: one\n",
        "prod/kustomization.yaml": "resources:\n- ../base\nnamespace: two\n",
    }
    clusters = tuple(fm.Cluster(name=name, sync_paths=(name,), branch="main") for name in ("dev", "prod"))
    migration = migrate(files, clusters=clusters)
    assert migration.ok
    assert '"$imagepolicy": "one:web"' in migration.changed["base/web.yaml"]
    assert '"$imagepolicy": "two:web"' in migration.created["prod/web-image.yaml"]


def test_a_cluster_without_a_place_keeps_its_annotations_and_no_other_one_does() -> None:
    files: dict[str, str | bytes] = {
        "dev/kustomization.yaml": "resources:\n- web.yaml\n",
        "dev/web.yaml": DEPLOYMENT,
        "prod/kustomization.yaml": "resources:\n- api.yaml\n" + HOURLY,
        "prod/api.yaml": DEPLOYMENT.replace("web", "api"),
    }
    clusters = tuple(fm.Cluster(name=name, sync_paths=(name,), branch=name) for name in ("dev", "prod"))
    migration = migrate(files, clusters=clusters)
    assert set(migration.changed) == {"dev/kustomization.yaml", "dev/web.yaml"}
    assert [each.path for each in migration.findings if each.code == "RP014"] == ["prod/api.yaml"]


# Places


def test_two_branches_that_sync_one_folder_need_one_file_in_two_forms() -> None:
    clusters = tuple(fm.Cluster(name=name, sync_paths=("apps",), branch=name) for name in ("dev", "prod"))
    migration = migrate({"apps/web.yaml": DEPLOYMENT}, clusters=clusters)
    assert (migration.changed, migration.created) == ({}, {})
    (finding,) = (each for each in migration.findings if each.code == "RP014")
    assert "ImageUpdateAutomation flux-system/flux-system has no place" in finding.message
    assert finding.message.endswith("would get it in two forms")


def test_objects_go_beside_the_workload_or_into_its_file() -> None:
    beside = migrate({"a/web.yaml": DEPLOYMENT}, images=fm.Placement(file="beside"))
    assert kinds(beside) == {
        "a/web-image.yaml": ["ImageRepository", "ImagePolicy"],
        "a/images/flux-system-automation.yaml": ["ImageUpdateAutomation"],
    }
    same = migrate({"a/web.yaml": DEPLOYMENT}, images=fm.Placement(file="same"))
    assert set(same.created) == {"a/images/flux-system-automation.yaml"}
    assert same.changed["a/web.yaml"].count("\n---\n") == 2


def test_what_labels_its_objects_is_a_place_for_new_ones() -> None:
    files: dict[str, str | bytes] = {
        "web.yaml": DEPLOYMENT,
        "kustomization.yaml": "resources:\n- web.yaml\ncommonLabels: {a: b}\n",
    }
    migration = migrate(files, images=fm.Placement(namespace="release"))
    # A label more makes no other object of a policy.
    assert (sorted(migration.changed), codes(migration)) == (["kustomization.yaml", "web.yaml"], set())


@pytest.mark.parametrize("path", ["a#b/web.yaml", "a:1#c.yaml", "a b/é.yaml"])
def test_a_file_may_have_any_name(path: str) -> None:
    migration = migrate({path: DEPLOYMENT})
    assert '# {"$imagepolicy": "flux-system:web"}' in migration.changed[path]
    assert "    range: ~1.4 # never 2.x\n" in "".join(migration.created.values())


def test_what_is_put_into_a_file_has_its_line_ends() -> None:
    files: dict[str, str | bytes] = {
        "a/web.yaml": DEPLOYMENT.replace("\n", "\r\n"),
        "b/api.yaml": DEPLOYMENT.replace("web", "api"),
        "b/log.yaml": DEPLOYMENT.replace("web", "log"),
    }
    migration = migrate(files, images=fm.Placement(file="same"))
    for path, text in migration.changed.items():
        assert text.count("\r\n") == (text.count("\n") if path == "a/web.yaml" else 0)


@pytest.mark.parametrize("listed", [False, True])
def test_a_file_of_two_clusters_is_not_marked_for_the_one_that_only_reads(listed: bool) -> None:
    text = "kind: List\nitems:\n" + items(DEPLOYMENT) + "---\nkind: Namespace\n" if listed else DEPLOYMENT
    only_reads = fm.Cluster(name="us", fluxd=fm.Fluxd(read_only=True))
    migration = migrate({"web.yaml": text}, clusters=(fm.Cluster(name="eu"), only_reads))
    assert "$imagepolicy" not in str(migration.files)
    assert "IM016" in codes(migration)


def test_a_file_that_is_there_is_not_written_over() -> None:
    taken: dict[str, str | bytes] = {
        "web.yaml": DEPLOYMENT,
        "images/web.yaml": "a: 1\n",
        "images/flux-system-web.yaml": "a: 1\n",
    }
    migration = migrate(taken)
    assert set(migration.created) == {"images/web-2.yaml", "images/flux-system-automation.yaml"}


def test_each_team_has_its_own_automation_and_git_repository_where_references_stay_inside() -> None:
    files: dict[str, str | bytes] = {"web.yaml": DEPLOYMENT, "git.yaml": SYNC}
    migration = migrate(files, images=fm.Placement(namespace="release"), cross_namespace_refs=False)
    made = {each["kind"]: each for _, each in documents_of(dict(migration.created))}
    assert {each["metadata"]["namespace"] for each in made.values()} == {"shop"}
    assert made["GitRepository"]["spec"]["ref"] == {"branch": "trunk"}
    assert [(need.namespace, need.name) for need in migration.prerequisites] == [("shop", "deploy-key")]


SYNC = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: flux-system}
spec:
  interval: 1m
  url: ssh://git@example.com/acme/fleet
  ref: {branch: trunk}
  secretRef: {name: deploy-key}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: fleet, namespace: flux-system}
spec:
  interval: 1m
  path: ./
  prune: false
  sourceRef: {kind: GitRepository, name: fleet}
"""


def test_the_automation_writes_to_the_git_repository_that_syncs() -> None:
    migration = migrate({"web.yaml": DEPLOYMENT, "sync.yaml": SYNC})
    text = migration.created["images/fleet-automation.yaml"]
    assert "    name: fleet\n" in text
    assert "      branch: trunk\n" in text


def test_a_git_repository_is_known_by_its_url_and_a_branch_by_fluxd() -> None:
    cluster = fm.Cluster(
        name="eu", branch="prod", fluxd=fm.Fluxd(git_url="git@example.com:acme/fleet", git_user="Bot")
    )
    lone = SYNC.partition("---\n")[0].replace("  ref: {branch: trunk}\n", "")
    migration = migrate({"web.yaml": DEPLOYMENT, "git.yaml": lone}, clusters=(cluster,))
    text = migration.created["images/fleet-automation.yaml"]
    assert "      branch: prod\n" in text
    assert "name: Bot\n" in text


def test_existing_objects_are_used() -> None:
    first = migrate({"web.yaml": DEPLOYMENT})
    files = {**first.files, "api.yaml": DEPLOYMENT.replace("name: web", "name: api")}
    migration = migrate(files)
    assert migration.created == {}
    assert '# {"$imagepolicy": "flux-system:web"}' in migration.changed["api.yaml"]


def test_a_marker_that_is_there_is_no_change() -> None:
    first = migrate({"web.yaml": DEPLOYMENT})
    annotations = ANNOTATIONS.replace("   # never 2.x", "")
    marked = str(first.files["web.yaml"]).replace("spec:\n", f"{annotations}spec:\n", 1)
    migration = migrate({**first.files, "web.yaml": marked})
    assert migration.files == first.files
    assert {change.rule for change in migration.changes} == {"annotations"}


@pytest.mark.parametrize(
    ("file", "kind", "more", "code"),
    [
        ("automation", "ImageUpdateAutomation", "suspend: true", "IM035"),
        ("automation", "ImageUpdateAutomation", "suspend: false", None),
        ("automation", "ImageUpdateAutomation", "policySelector: {matchLabels: {team: shop}}", "IM035"),
        ("automation", "ImageUpdateAutomation", "policySelector: {}", None),
        (
            "automation",
            "ImageUpdateAutomation",
            "policySelector: {matchExpressions: [{key: team, operator: Exists}]}",
            "IM035",
        ),
        (
            "automation",
            "ImageUpdateAutomation",
            "policySelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}",
            None,
        ),
        ("web", "ImageRepository", "suspend: true", "IM035"),
        ("web", "ImagePolicy", "suspend: true", "IM035"),
    ],
)
def test_existing_objects_that_do_nothing_are_told(file: str, kind: str, more: str, code: str | None) -> None:
    before = dict(migrate({"web.yaml": DEPLOYMENT}).files)
    path = {"automation": "images/flux-system-automation.yaml", "web": "images/web.yaml"}[file]
    head, _, tail = str(before[path]).partition(f"kind: {kind}\n")
    before[path] = f"{head}kind: {kind}\n" + tail.replace("spec:\n", f"spec:\n  {more}\n", 1)
    before["api.yaml"] = DEPLOYMENT.replace("name: web", "name: api")
    migration = fm.migrate_repository(before)
    assert migration.created == {}
    assert codes(migration) == ({code} if code else set())


def test_a_policy_with_the_labels_of_the_automation_serves() -> None:
    before = dict(migrate({"web.yaml": DEPLOYMENT}).files)
    automation, policy = "images/flux-system-automation.yaml", "images/web.yaml"
    wanted = "spec:\n  policySelector:\n    matchLabels: {team: shop}\n"
    before[automation] = str(before[automation]).replace("spec:\n", wanted)
    before[policy] = str(before[policy]).replace("metadata:\n", "metadata:\n  labels: {team: shop}\n")
    before["api.yaml"] = DEPLOYMENT.replace("name: web", "name: api")
    assert codes(migrate(before)) == set()


@pytest.mark.parametrize("pattern", ["|\n      glob:1.4.*\n      glob:x", '""'])
def test_a_filter_of_several_lines_or_none_is_shown_in_one(pattern: str) -> None:
    text = DEPLOYMENT.replace("semver:~1.4   # never 2.x", pattern)
    migration = migrate({"web.yaml": text})
    assert codes(migration) == {"IM015"}
    shown = "the filter" if pattern == '""' else "glob:1.4.* glob:x"
    assert f"# holds the tag: {shown} excludes it\n" in migration.created["images/web.yaml"]


def test_a_policy_says_why_it_holds_a_tag_that_its_filter_excludes() -> None:
    migration = migrate({"web.yaml": DEPLOYMENT.replace(":1.4.7", ":20240131-abc")})
    assert codes(migration) == {"IM015"}
    assert "# holds the tag: semver:~1.4 excludes it\n" in migration.created["images/web.yaml"]


# Credentials

ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
imagePullSecrets:
- name: registry
"""


def test_the_pull_secret_of_a_service_account_is_copied() -> None:
    migration = migrate({"web.yaml": DEPLOYMENT, "account.yaml": ACCOUNT})
    assert "  secretRef:\n    name: registry\n" in migration.created["images/web.yaml"]
    (need,) = migration.prerequisites
    assert (need.copy_of, need.namespace, need.keys) == (
        "shop/registry",
        "flux-system",
        (".dockerconfigjson",),
    )
    assert "kubectl -n shop get secret registry" in migration.runbook().to_markdown()


def test_the_service_account_of_a_build_counts() -> None:
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "resources:\n- web.yaml\n- ../accounts/a.yaml\n",
        "prod/web.yaml": DEPLOYMENT,
        "accounts/a.yaml": ACCOUNT,
    }
    assert [need.copy_of for need in migrate(files).prerequisites] == ["shop/registry"]


def test_secrets_of_one_name_are_told_apart_from_those_of_charts() -> None:
    chart = RELEASE.replace(
        "    repository: https://charts.example.com/\n    name: web\n    version: 1.2.3\n",
        """\
    git: https://git.example.com/acme/charts
    path: web
    ref: main
    secretRef:
      name: registry
      namespace: tools
""",
    )
    files: dict[str, str | bytes] = {"a.yaml": chart, "account.yaml": ACCOUNT}
    needs = {(need.name, need.copy_of) for need in migrate(files).prerequisites}
    assert needs == {("registry", "tools/registry"), ("shop-registry", "shop/registry")}


# Real repositories


@pytest.mark.parametrize("flux_version", FLUX_VERSIONS)
@pytest.mark.parametrize("tree", TREES)
def test_objects_and_markers_of_real_trees_work_in_every_flux(
    tree: str, flux_version: FluxVersion, shared: Path
) -> None:
    files = read_tree(shared / "corpus" / tree / "v1")
    migration = fm.migrate_repository(files, fm.MigrationOptions(flux_version=flux_version))
    for path, manifest in documents_of(dict(migration.created)):
        if str(manifest.get("apiVersion")).startswith("image.toolkit.fluxcd.io/"):
            assert refusals(definitions_of(shared, flux_version), manifest) == [], path
    before = {
        (each.file, each.marker.document, each.marker.path)
        for each in check_markers(files, flux_version=flux_version)
    }
    for checked in check_markers(migration.files, flux_version=flux_version):
        if (checked.file, checked.marker.document, checked.marker.path) not in before:
            assert checked.works, (checked.file, checked.marker.line, checked.problems)


def test_clusters_that_change_all_have_no_place_for_one_object_of_both() -> None:
    workload = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {fluxcd.io/automated: "true"}}
spec: {template: {spec: {containers: [{name: app, image: "ghcr.io/acme/web:1.4.7"}]}}}
"""
    files: dict[str, str | bytes] = {}
    for cluster in ("a", "b"):
        files[f"{cluster}/kustomization.yaml"] = f"resources: [web.yaml]\n{HOURLY}"
        files[f"{cluster}/web.yaml"] = workload
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("a", "b")))
    assert sum(each.code == "RP014" and "has no place" in each.message for each in migration.findings) == 2
    assert not migration.changed


def test_an_image_of_a_path_that_moves_objects_has_its_own_repository_there() -> None:
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: team\n"
        "  annotations: {fluxcd.io/automated: 'true', 'fluxcd.io/tag.web': 'semver:~1'}\nspec:\n  template:\n"
        "    spec:\n      containers:\n      - name: web\n        image: registry.example.com/web:1.2.0\n"
    )
    files: dict[str, str | bytes] = {
        "plain/web.yaml": workload,
        "dev/kustomization.yaml": "namespace: dev\nresources: [web.yaml]\n",
        "dev/web.yaml": workload,
    }
    clusters = [{"name": name, "sync_paths": [name]} for name in ("plain", "dev")]
    migration = fm.migrate_repository(files, {"clusters": clusters})
    assert migration.ok, [str(each) for each in migration.findings]
    assert '"flux-system:web' in str(migration.files["plain/web.yaml"])
    assert '"dev:web' in str(migration.files["dev/web.yaml"])
    assert "accessFrom" not in "".join(migration.created.values())


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("true", '"true"'),
        ("yes", '"true"'),
        ("1e3", '"1000"'),
        ("!!str 5", "!!str 5"),
        ("!!str true", "!!str true"),
        ('!!int "5"', '"5"'),
        ("{a: b}", ""),
        ("[5]", ""),
    ],
)
@pytest.mark.parametrize("form", ["string", "mapping"])
def test_a_tag_that_is_no_text_is_marked_as_one_or_told(form: str, written: str, after: str) -> None:
    image = {
        "string": f"    image: nginx\n    tag: {written}\n",
        "mapping": f"    image:\n      repository: nginx\n      tag: {written}\n",
    }[form]
    text = release_text(f"{CHART}  values:\n{image}", AUTOMATED, 'filter.fluxcd.io/chart-image: "semver:>=1"')
    files: dict[str, str | bytes] = {"apps/web.yaml": text}
    options = fm.MigrationOptions(sync_roots=("apps",))
    migration = fm.migrate_repository(files, options)
    assert migration.ok is bool(after)
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    result = str(migration.files["apps/web.yaml"])
    if after:
        assert f'tag: {after} # {{"$imagepolicy": "flux-system:web:tag"}}\n' in result
    else:
        assert [each.code for each in migration.findings if each.severity == "error"] == ["IM011"]
        assert "$imagepolicy" not in result


def test_beside_a_field_that_an_annotation_names_no_tag_is_looked_for() -> None:
    values = "  values:\n    a:\n      b:\n        image: nginx:1.2.3\n        tag: 5\n"
    text = release_text(
        f"{CHART}{values}", AUTOMATED, 'filter.fluxcd.io/x: "semver:>=1"', "repository.fluxcd.io/x: a.b.image"
    )
    migration = fm.migrate_repository({"apps/web.yaml": text})
    result = str(migration.files["apps/web.yaml"])
    assert 'image: nginx:1.2.3 # {"$imagepolicy": "flux-system:web"}\n        tag: 5\n' in result


def test_what_a_second_run_finds_is_in_the_namespace_of_its_kustomization() -> None:
    """The build of the path gives it another one, which counts for nothing."""
    files = {
        "apps/kustomization.yaml": "resources: [web.yaml, front.yaml]\nnamespace: prod\n",
        "apps/web.yaml": RELEASE,
        "apps/front.yaml": DEPLOYMENT,
        "cluster/apps.yaml": kustomization("./apps", targetNamespace="shop"),
        "cluster/sync.yaml": kustomization("./cluster"),
    }
    options = fm.MigrationOptions(images=fm.Placement(namespace="release"), keep_annotations=True)
    migration = fm.migrate_repository(files, options)
    assert "RP054" not in codes(migration)
    assert "namespace: shop" in str(migration.created["apps/images/web.yaml"])
    assert fm.migrate_repository(migration.files, options).changed == {}
