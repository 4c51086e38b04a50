"""What holds for the images of every workload, whatever its annotations say."""

from __future__ import annotations

import random
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux1 import find_images, read_policies, sort_tags
from fluxv2_migrate.flux1.policies import is_of_fluxd
from fluxv2_migrate.flux2 import FLUX_VERSIONS, latest_tag
from fluxv2_migrate.placement import ExistingImageObject, layout_images, uses_of
from fluxv2_migrate.plan import apply_to_mapping
from fluxv2_migrate.rules import ImageAutomationDraft, draft_image_automation

NAMES = st.sampled_from(["web", "api", "shop.web", "job"])
CONTAINERS = ("app", "log", "chart-image")
PATTERNS = st.sampled_from(
    [
        "semver:~1.4",
        "semver:*",
        "semver:~1.",
        "glob:*",
        "glob:main-*",
        "regexp:^v",
        "regex:(",
        "glob:latest",
        "1.4",
    ]
)
TAGS = st.sampled_from(
    ["1.4.7", "1.4", "2.0.0", "v3", "latest", "main-3f1c2ab-1602225929", "3f1c2ab", "build-12"]
)
REPOSITORIES = st.sampled_from(
    [
        "ghcr.io/acme/web",
        "nginx",
        "docker.io/library/nginx",
        "acme/shop/web",
        "k8s.gcr.io/pause",
        "ghcr.io/Acme/x",
        "acme.azurecr.io/web",
        "registry:5000/web",
    ]
)
IMAGES = st.one_of(
    st.builds("{}:{}".format, REPOSITORIES, TAGS),
    REPOSITORIES,
    st.just("ghcr.io/acme/web@sha256:" + "0" * 64),
    st.just("a:b:c"),
)
CURRENT = "helm.fluxcd.io/v1"
SWITCHES = ("automated", "locked", "ignore")
PREFIXES = ("fluxcd.io/", "flux.weave.works/")
FLAGS = st.sampled_from(["true", "true", "true", True, "True", "false", "yes", "sync_only"])
ANNOTATIONS = st.dictionaries(
    st.one_of(
        st.builds(
            "{}{}".format, st.sampled_from(PREFIXES), st.sampled_from(["automated", "locked", "ignore"])
        ),
        st.builds("{}tag.{}".format, st.sampled_from(PREFIXES), st.sampled_from(CONTAINERS)),
        st.builds("filter.fluxcd.io/{}".format, st.sampled_from([*CONTAINERS, "tag.app"])),
        st.sampled_from(["example.com/a", "fluxcd.io/ignored", "fluxcd.io/tag_all"]),
    ),
    FLAGS,
    max_size=5,
)


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    annotations = draw(ANNOTATIONS)
    if draw(st.booleans()):
        annotations["fluxcd.io/automated"] = "true"
    for key in annotations:
        if "tag." in key or key.startswith("filter."):
            annotations[key] = draw(PATTERNS)
    metadata: dict[str, Any] = {"name": draw(NAMES), "annotations": annotations}
    namespace = draw(st.sampled_from(["shop", "bank", ""]))
    if namespace:
        metadata["namespace"] = namespace
    if draw(st.booleans()):
        pod: dict[str, Any] = {
            "containers": [
                {"name": name, "image": draw(IMAGES)} for name in CONTAINERS[: draw(st.integers(1, 2))]
            ]
        }
        if draw(st.booleans()):
            pod["imagePullSecrets"] = [{"name": draw(st.sampled_from(["one", "two"]))}]
        kind = draw(st.sampled_from(["Deployment", "StatefulSet", "Job"]))
        return {"kind": kind, "metadata": metadata, "spec": {"template": {"spec": pod}}}
    tag = st.one_of(TAGS, st.sampled_from([1.4, 16, None]))
    values: dict[str, Any] = {"image": {"repository": draw(REPOSITORIES), "tag": draw(tag)}}
    if draw(st.booleans()):
        values["log"] = {"image": draw(IMAGES)}
    return {
        "apiVersion": draw(
            st.sampled_from(["helm.fluxcd.io/v1", "helm.fluxcd.io/v1", "flux.weave.works/v1beta1"])
        ),
        "kind": "HelmRelease",
        "metadata": metadata,
        "spec": {"values": values},
    }


OPTIONS = st.builds(
    fm.MigrationOptions,
    images=st.builds(fm.Placement, namespace=st.sampled_from(["flux", "release"])),
    cross_namespace_refs=st.booleans(),
    keep_annotations=st.booleans(),
)
VERSIONS = st.sampled_from(FLUX_VERSIONS)


def draft_of(
    manifest: dict[str, Any], options: fm.MigrationOptions, version: Any = FLUX_VERSIONS[-1]
) -> ImageAutomationDraft:
    (found,) = draft_image_automation(manifest, options, version)
    return found


@given(workloads(), OPTIONS, VERSIONS)
def test_only_what_fluxd_would_update_is_updated(
    manifest: dict[str, Any], options: fm.MigrationOptions, version: Any
) -> None:
    found = draft_of(manifest, options, version)
    policies = read_policies(manifest["metadata"]["annotations"])
    may = policies.automated and not policies.locked and not policies.ignored and manifest["kind"] != "Job"
    assert not (found.images and (not may or found.stopped))
    told = {notice.code for notice in found.notices}
    if may and not found.images:
        assert told & {"AN010", "AN016", "DA034", "AN019", "IM025"}
    if found.images:
        # Each image is marked, or it is said at its field why not.
        assert [image.container for image in found.images] == [
            image.container for image in find_images(manifest)
        ]
    for image in found.images:
        assert bool(image.fields) == (image.policy is not None) == (not image.exception)
        if image.exception:
            fields = {notice.path for notice in found.notices if notice.code == image.exception}
            (written,) = (each for each in find_images(manifest) if each.container == image.container)
            assert tuple(map(str, written.paths.repository)) in fields


@given(workloads(), OPTIONS, VERSIONS)
def test_nothing_moves_by_itself(
    manifest: dict[str, Any], options: fm.MigrationOptions, version: Any
) -> None:
    for image in draft_of(manifest, options, version).images:
        if image.policy is not None and image.tag is not None:
            policy, filter_tags = image.policy.policy, image.policy.filter_tags
            assert latest_tag([image.tag], policy, filter_tags, flux_version=version) == image.tag


@given(workloads(), st.lists(TAGS, max_size=6), VERSIONS)
def test_a_proved_order_selects_what_fluxd_would(
    manifest: dict[str, Any], tags: list[str], version: Any
) -> None:
    for image in draft_of(manifest, fm.MigrationOptions(), version).images:
        if image.policy is None or image.policy.order != "versions" or image.tag is None:
            continue
        if not fm.flux1.TagPattern.parse(image.tag_pattern).valid:
            continue
        policy, filter_tags = image.policy.policy, image.policy.filter_tags
        selected = latest_tag([*tags, image.tag], policy, filter_tags, flux_version=version)
        wanted = sort_tags([fm.flux1.TaggedImage(tag) for tag in {*tags, image.tag}], image.tag_pattern)
        # Flux v2 sees no tags of fewer parts than the one that runs.
        parts = image.tag.count(".")
        wanted = tuple(tag for tag in wanted if tag.count(".") == parts)
        assert selected in wanted[:1]


@given(workloads(), OPTIONS)
def test_annotations_of_fluxd_go_and_others_stay(
    manifest: dict[str, Any], options: fm.MigrationOptions
) -> None:
    found = draft_of(manifest, options)
    before = manifest["metadata"]["annotations"]
    after_all = apply_to_mapping(found.operations, manifest)
    after = after_all["metadata"].get("annotations", {})
    assert {key: value for key, value in before.items() if not is_of_fluxd(key)}.items() <= after.items()
    if options.keep_annotations or found.stopped:
        assert before.items() <= after.items()
    else:
        assert not any(is_of_fluxd(key) for key in after)
    number = manifest["spec"].get("values", {}).get("image", {}).get("tag")
    if not isinstance(number, (int, float)):
        assert after_all["spec"] == manifest["spec"]
    policies = read_policies(before)
    if not found.stopped:
        assert (after.get("kustomize.toolkit.fluxcd.io/reconcile") == "disabled") == policies.ignored
        assert (after.get("kustomize.toolkit.fluxcd.io/prune") == "disabled") == policies.sync_only
        again = draft_of(after_all, options)
        assert apply_to_mapping(again.operations, after_all) == after_all


@given(st.lists(workloads(), max_size=5), OPTIONS, st.randoms(use_true_random=False))
def test_names_are_valid_unique_stable_and_free_of_order(
    manifests: list[dict[str, Any]], options: fm.MigrationOptions, shuffled: random.Random
) -> None:
    uses = []
    for index, manifest in enumerate(manifests):
        cluster = fm.Cluster(name=f"c{index % 2}")
        for found in draft_image_automation(
            manifest, options, FLUX_VERSIONS[-1], cluster=cluster, file=f"{index}.yaml"
        ):
            uses += uses_of(found)
    layout = layout_images(uses, (), (), options, FLUX_VERSIONS[-1])
    assert set(layout.policies) == {use.place for use in uses}
    mixed = list(uses)
    shuffled.shuffle(mixed)
    assert layout_images(mixed, (), (), options, FLUX_VERSIONS[-1]) == layout
    made = [(each.cluster, each.kind, each.namespace, each.name) for each in layout.generated]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name) for *_, name in made)
    policies = {
        f"{each.namespace}:{each.name}": each for each in layout.generated if each.kind == "ImagePolicy"
    }
    repositories = {
        (each.cluster, each.namespace, each.name)
        for each in layout.generated
        if each.kind == "ImageRepository"
    }
    for each in layout.generated:
        if each.kind == "ImagePolicy":
            reference = each.manifest["spec"]["imageRepositoryRef"]
            target = (each.cluster, reference.get("namespace", each.namespace), reference["name"])
            assert target in repositories
    for use in uses:
        spec = policies[layout.policies[use.place]].manifest["spec"]
        assert (spec["policy"], spec.get("filterTags")) == (use.request.policy, use.request.filter_tags)
    # What exists serves again, and nothing is renamed by what comes later.
    existing = [ExistingImageObject.of_manifest(each.manifest, each.cluster) for each in layout.generated]
    there = [each for each in existing if each is not None]
    again = layout_images(uses, there, (), options, FLUX_VERSIONS[-1])
    assert again.policies == layout.policies
    half = layout_images(uses[::2], (), (), options, FLUX_VERSIONS[-1])
    known = [ExistingImageObject.of_manifest(each.manifest, each.cluster) for each in half.generated]
    later = layout_images(uses, [each for each in known if each is not None], (), options, FLUX_VERSIONS[-1])
    assert later.policies.items() >= half.policies.items()
