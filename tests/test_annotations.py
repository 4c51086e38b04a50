"""What becomes of fluxd's annotations, and what is said of those that never worked."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.plan import AppliedText, Plan, apply_to_mapping, apply_to_text
from fluxv2_migrate.rules import draft_image_automation
from fluxv2_migrate.yaml_text import Style, compose, read_document
from workloads import AUTOMATED, codes, cron_job, deployment, draft, release

FILTER = {"fluxcd.io/tag.app": "semver:~1.4"}


def annotations_after(manifest: dict[str, Any], **options: Any) -> Any:
    after = apply_to_mapping(draft(manifest, **options).operations, manifest)
    return after["metadata"].get("annotations")


@pytest.mark.parametrize("prefix", ["fluxcd.io", "flux.weave.works"])
def test_both_prefixes_automate_and_both_are_taken_out(prefix: str) -> None:
    manifest = deployment({f"{prefix}/automated": "true", f"{prefix}/tag.app": "semver:~1.4"})
    assert [image.tag_pattern for image in draft(manifest).images] == ["semver:~1.4"]
    assert annotations_after(manifest) is None
    assert codes(draft(manifest)) == []


def test_annotations_of_others_stay() -> None:
    theirs = {"example.com/a": "1", "helm.fluxcd.io/antecedent": "x", "reconcile.fluxcd.io/requestedAt": "y"}
    assert annotations_after(deployment({**AUTOMATED, **FILTER, **theirs})) == theirs
    assert codes(draft(deployment(theirs))) == []


def test_annotations_stay_where_that_is_asked_for() -> None:
    manifest = deployment({**AUTOMATED, **FILTER, "fluxcd.io/locked": "false"})
    found = draft(manifest, keep_annotations=True)
    assert (found.operations, found.comments) == ((), ())
    assert found.images[0].fields


def test_an_object_without_annotations_is_not_touched() -> None:
    manifests: list[dict[str, Any]] = [
        deployment({}),
        {"kind": "Secret"},
        {"kind": "Secret", "metadata": None},
        {"metadata": {"annotations": []}},
        {},
    ]
    for manifest in manifests:
        found = draft(manifest)
        assert (found.operations, found.notices, found.images, found.comments) == ((), (), (), ())


def test_ignored_objects_of_every_kind_stay_ignored() -> None:
    for manifest in (deployment({"fluxcd.io/ignore": "true"}), release({"flux.weave.works/ignore": True})):
        assert annotations_after(manifest) == {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
        assert codes(draft(manifest)) == ["AN001"]
    assert annotations_after(
        {"kind": "Namespace", "metadata": {"name": "a", "annotations": {"fluxcd.io/ignore": "true"}}}
    ) == {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}


def test_what_is_done_to_annotations_can_be_done_without_a_plan() -> None:
    labels = {"fluxcd.io/sync-gc-mark": "x"}
    found = draft(deployment({"fluxcd.io/ignore": "true", "fluxcd.io/locked": "true"}, labels=labels))
    assert sorted(found.removed_annotations) == ["fluxcd.io/ignore", "fluxcd.io/locked"]
    assert found.new_annotations == {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
    values = {"image": {"repository": "ghcr.io/acme/web", "tag": 1.4}}
    assert draft(release(AUTOMATED, values)).new_annotations == {}


def test_sync_only_spares_from_pruning_and_goes_on_being_automated() -> None:
    manifest = deployment({**AUTOMATED, **FILTER, "fluxcd.io/ignore": "sync_only"})
    assert annotations_after(manifest) == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}
    assert draft(manifest).images[0].fields
    assert codes(draft(manifest)) == []


def test_what_is_ignored_stays_so_where_annotations_are_kept() -> None:
    manifest = deployment({"fluxcd.io/ignore": "true", "example.com/a": "1"})
    after = annotations_after(manifest, keep_annotations=True)
    assert list(after.items()) == [
        ("fluxcd.io/ignore", "true"),
        ("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
        ("example.com/a", "1"),
    ]
    manifest["metadata"]["annotations"] = after
    assert draft(manifest, keep_annotations=True).operations == ()


def test_an_annotation_of_flux_2_that_is_there_is_used() -> None:
    there = {"kustomize.toolkit.fluxcd.io/reconcile": "enabled"}
    manifest = deployment({"fluxcd.io/ignore": "true", **there})
    assert annotations_after(manifest) == {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
    there = {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
    assert annotations_after(deployment({"fluxcd.io/ignore": "true", **there})) == there


@pytest.mark.parametrize(
    ("value", "code"), [("false", None), ("", None), ("No", None), ("yes", "AN003"), ("TRUE", "AN003")]
)
def test_other_values_of_ignore_ignored_nothing(value: str, code: str | None) -> None:
    manifest = deployment({**AUTOMATED, **FILTER, "fluxcd.io/ignore": value})
    assert codes(draft(manifest)) == ([] if code is None else [code])
    assert annotations_after(manifest) is None
    assert draft(manifest).images[0].fields


@pytest.mark.parametrize(
    ("value", "automated", "code"),
    [
        ("true", True, None),
        (True, True, None),
        ("True", False, "AN005"),
        ("yes", False, "AN005"),
        ("1", False, "AN005"),
        (" true", False, "AN005"),
        ("false", False, None),
        (False, False, None),
        ("maybe", False, None),
    ],
)
def test_only_true_automates(value: Any, automated: bool, code: str | None) -> None:
    found = draft(deployment({"fluxcd.io/automated": value}))
    assert bool(found.images) is automated
    assert [each for each in codes(found) if each.startswith("AN")] == ([] if code is None else [code])


def test_a_lock_keeps_the_image_and_says_who_and_why() -> None:
    locked = {"fluxcd.io/locked": "true", "fluxcd.io/locked_user": "alice", "fluxcd.io/locked_msg": "audit"}
    found = draft(deployment({**AUTOMATED, **FILTER, **locked}))
    assert found.images == ()
    assert codes(found) == ["AN006"]
    assert [(".".join(comment.path), comment.text) for comment in found.comments] == [
        ("spec.template.spec.containers.0.image", "locked by alice: audit")
    ]
    message = "the first line\n\nand # the second\n"
    several = draft(deployment({**AUTOMATED, **FILTER, **locked, "fluxcd.io/locked_msg": message}))
    (comment,) = several.comments
    assert comment.text == "locked by alice: the first line and # the second"
    (told,) = [notice.message for notice in several.notices if notice.code == "AN006"]
    assert comment.text in told
    assert "\n" not in told
    without = draft(release(locked, {}))
    assert codes(without) == ["AN007"]
    assert [comment.path for comment in without.comments] == [("metadata", "name")]
    assert draft({**deployment(locked), "kind": "ConfigMap"}).comments == ()


def test_filters_without_effect_are_told() -> None:
    assert codes(draft(deployment(FILTER))) == ["AN008"]
    found = draft(deployment({**AUTOMATED, **FILTER, "filter.fluxcd.io/other": "semver:~2"}))
    assert codes(found) == ["AN009"]
    assert found.notices[0].path == ("metadata", "annotations", "filter.fluxcd.io/other")
    nameless = deployment({**AUTOMATED, "fluxcd.io/tag.other": "semver:~2"})
    del nameless["spec"]["template"]["spec"]["containers"][0]["name"]
    (told,) = [each.message for each in draft(nameless).notices if each.code == "AN009"]
    assert told == "fluxd finds no image of the container 'other', and none at all: no effect"
    found = draft(release({**AUTOMATED, "fluxcd.io/tag.app": "semver:~2"}, {}))
    assert codes(found) == ["AN009", "AN019"]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("filter.fluxcd.io/tag.app", "filter.fluxcd.io/app"),
        ("fluxcd.io/ignored", "fluxcd.io/ignore"),
        ("flux.weave.works/automate", "fluxcd.io/automated"),
        ("fluxcd.io/filter.app", "filter.fluxcd.io/app"),
        ("fluxcd.io/something", ""),
        ("filters.fluxcd.io/app", ""),
        ("filter.flux.weave.works/app", ""),
    ],
)
def test_misspelt_annotations_are_told_with_what_was_meant(key: str, meant: str) -> None:
    found = draft(deployment({key: "true"}))
    assert codes(found) == ["AN013"]
    assert meant in found.notices[0].message
    assert draft(deployment({key: "true", **AUTOMATED, **FILTER})).images[0].tag_pattern == "semver:~1.4"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("filter.fluxd.io/app", "semver:~1"),
        ("fluxd.io/tag.app", "1.*"),
        ("fluxcd.io/filter.app", "glob:1.*"),
        ("filter.fluxcd.io/tag.app", "glob:1.*"),
        ("filter.fluxcd.io", "glob:1.*"),
        ("filters.fluxcd.io/app", "regexp:^1"),
        ("filter.flux.weave.works/app", "regex:^1"),
        ("fluxcd.io/tags.app", "semver:~1"),
        ("helm.fluxcd.io/tag.app", "semver:~1"),
        ("fluxcd.io/lock", "true"),
        ("flux.io/locked", "true"),
        ("fluxcd.io/Locked", "true"),
        ("fluxcd.io/ignored", "true"),
        ("fluxcd.io/locked", "True"),
        ("flux.weave.works/locked", "yes"),
        ("fluxcd.io/locked", " true "),
    ],
)
def test_what_was_to_hold_images_back_and_did_not_is_an_error(annotation: str, value: str) -> None:
    found = draft(deployment({**AUTOMATED, annotation: value}))
    (asked,) = (each for each in found.notices if fm.FINDINGS[each.code].severity == "error")
    assert asked.code == "AN021"
    assert annotation in asked.message or value in asked.message
    # fluxd updated the image, so it is asked about and marked.
    assert [each.container for each in found.images] == ["app"]
    for held in ({}, {**AUTOMATED, "fluxcd.io/ignore": "true"}):
        assert "AN021" not in codes(draft(deployment({annotation: value, **held})))


@pytest.mark.parametrize("annotation", ["filter.fluxd.io/app", "fluxcd.io/tags.app"])
def test_a_filter_beside_one_that_is_read_is_only_misspelt(annotation: str) -> None:
    assert codes(draft(deployment({**AUTOMATED, **FILTER, annotation: "semver:~1"}))) == ["AN013"]


def test_a_policy_that_a_person_gives_is_what_counts() -> None:
    policy = fm.Override(container="app", policy={"semver": {"range": "~1"}})
    manifest = deployment({**AUTOMATED, "filter.fluxd.io/app": "semver:~1"})
    assert codes(draft(manifest, overrides=(policy,))) == ["AN013"]


def test_what_only_fluxctl_or_fluxd_write_is_taken_out() -> None:
    found = draft(deployment({"fluxcd.io/tag_all": "semver:~1", "fluxcd.io/sync-checksum": "x"}))
    assert codes(found) == ["AN011", "AN014"]
    manifest = deployment({}, labels={"fluxcd.io/sync-gc-mark": "sha256.x"})
    assert codes(draft(manifest)) == ["AN014"]
    assert "labels" not in apply_to_mapping(draft(manifest).operations, manifest)["metadata"]
    manifest = deployment({}, labels={"fluxcd.io/sync-gc-mark": "sha256.x", "app": "web"})
    after = apply_to_mapping(draft(manifest).operations, manifest)
    assert after["metadata"]["labels"] == {"app": "web"}
    assert draft(manifest, keep_annotations=True).operations == ()


def test_annotations_of_kinds_that_are_never_updated_have_no_effect() -> None:
    manifest = {**deployment({**AUTOMATED, **FILTER}), "kind": "Rollout"}
    found = draft(manifest)
    assert (found.images, codes(found)) == ((), ["AN012", "AN012"])
    assert annotations_after(manifest) is None


@pytest.mark.parametrize("where", ["pod", "job", "job's pod"])
def test_annotations_of_pods_have_no_effect_and_stay(where: str) -> None:
    manifest = deployment({}) if where == "pod" else cron_job({})
    holder = manifest["spec"]["template"] if where == "pod" else manifest["spec"]["jobTemplate"]
    holder = holder["spec"]["template"] if where == "job's pod" else holder
    holder["metadata"] = {"annotations": {**AUTOMATED, "example.com/a": "1"}}
    found = draft(manifest)
    assert (found.images, found.operations, codes(found)) == ((), (), ["AN012"])
    assert found.notices[0].path[-1] == "fluxcd.io/automated"


def test_contradicting_annotations_stop_everything() -> None:
    manifest = deployment({**AUTOMATED, "flux.weave.works/automated": "false", **FILTER})
    found = draft(manifest)
    assert (found.stopped, found.images, found.operations, codes(found)) == (True, (), (), ["AN010"])
    same = deployment({**AUTOMATED, "flux.weave.works/automated": "true", **FILTER})
    assert draft(same).images
    for key in ("locked", "ignore"):
        pair = {f"fluxcd.io/{key}": "true", f"flux.weave.works/{key}": "false"}
        assert codes(draft(deployment(pair))) == ["AN010"]


def test_a_contradiction_that_nobody_reads_stops_nothing() -> None:
    both = {"fluxcd.io/tag.app": "semver:~1", "flux.weave.works/tag.app": "semver:~2"}
    assert codes(draft(deployment(both))) == []
    assert codes(draft(deployment({**AUTOMATED, **both, "fluxcd.io/locked": "true"}))) == ["AN006"]
    assert codes(draft({**deployment({**AUTOMATED, **both}), "kind": "Job"})) == ["AN012"] * 3
    other = {"fluxcd.io/tag.x": "semver:~1", "flux.weave.works/tag.x": "semver:~2"}
    assert codes(draft(deployment({**AUTOMATED, **FILTER, **other}))) == []


def test_a_policy_settles_a_contradiction_of_filters() -> None:
    both = {**AUTOMATED, "fluxcd.io/tag.app": "semver:~1", "filter.fluxcd.io/app": "semver:~2"}
    (notice,) = draft(deployment(both)).notices
    assert notice.answer is not None
    # As it is, it decides nothing; filled in, it settles the finding.
    assert codes(draft(deployment(both), overrides=(notice.answer,))) == ["AN010"]
    answer = notice.answer.model_copy(update={"policy": {"semver": {"range": "~1"}}})
    found = draft(deployment(both), overrides=(answer,))
    assert (codes(found), found.matched) == ([], frozenset({0}))
    assert found.images[0].policy is not None
    assert found.images[0].policy.policy == {"semver": {"range": "~1"}}


def test_what_is_left_alone_is_left_alone() -> None:
    manifest = deployment({**AUTOMATED, "fluxcd.io/ignored": "true"})
    found = draft(manifest, overrides=(fm.Override(name="web", leave=True),))
    assert (found.notices, found.operations, found.images) == ((), (), ())
    assert draft(manifest, overrides=(fm.Override(name="api", leave=True),)).notices


def test_the_items_of_a_list_are_read_where_they_stand() -> None:
    document = {
        "kind": "DeploymentList",
        "items": [deployment(FILTER), None, deployment({**AUTOMATED, **FILTER})],
    }
    first, second = draft_image_automation(document, fm.MigrationOptions(), FLUX_VERSIONS[-1])
    assert (first.at, second.at) == (("items", "0"), ("items", "2"))
    assert first.notices[0].path[:4] == ("items", "0", "metadata", "annotations")
    assert second.images[0].fields[0].path[:3] == ("items", 2, "spec")
    assert second.images[0].fields[0].field[:3] == ("items", "2", "spec")
    assert (first.removed_annotations, second.removed_annotations) == (
        ("fluxcd.io/tag.app",),
        ("fluxcd.io/automated", "fluxcd.io/tag.app"),
    )
    assert {operation.path[:2] for operation in second.operations if hasattr(operation, "path")} == {
        ("items", "2")
    }
    inner = {"kind": "List", "items": [{"kind": "List", "items": [deployment()]}]}
    (only,) = draft_image_automation(inner, fm.MigrationOptions(), FLUX_VERSIONS[-1])
    assert only.images == ()


TEXT = """kind: Deployment
metadata:
  name: web
  namespace: shop
  # for fluxd
  annotations:
    # the team wants it
    fluxcd.io/automated: "true"
    fluxcd.io/tag.app: semver:~1.4   # never 2.x
spec:
  template:
    spec:
      containers:
        - name: app
          image: ghcr.io/acme/web:1.4.7
"""


def applied(plan: Plan, text: str) -> AppliedText:
    root = compose(text)
    assert root is not None
    return apply_to_text(plan, text, root, Style())


def test_comments_stay_and_those_of_a_filter_go_to_its_policy() -> None:
    found = draft(read_document(TEXT)[1])
    after = applied(found.operations, TEXT)
    assert after.comments == (("ImagePolicy:app", "# never 2.x"),)
    assert after.text.partition("spec:")[0] == (
        "kind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  # for fluxd\n  # the team wants it\n"
    )


def test_the_comment_of_a_filter_that_gives_no_policy_stays() -> None:
    text = TEXT.replace("web:1.4.7", "web@sha256:" + "0" * 64)
    found = draft(read_document(text)[1])
    after = applied(found.operations, text)
    assert after.comments == ()
    assert "# never 2.x" in after.text


def test_the_comment_of_an_ignored_object_stays_with_what_ignores_it() -> None:
    text = TEXT.replace('automated: "true"', 'ignore: "true" # by hand').replace(
        "    fluxcd.io/tag", "    x/tag"
    )
    found = draft(read_document(text)[1])
    after = applied(found.operations, text)
    assert "    kustomize.toolkit.fluxcd.io/reconcile: disabled # by hand\n" in after.text


def test_annotations_without_a_domain_are_nobodys() -> None:
    assert codes(draft(deployment({"automated": "true", "tag.app": "semver:~1"}))) == []
