"""The objects of image automation: which are made, under which names, and in which namespaces."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from counted_work import calls_of
from fluxv2_migrate.flux2 import (
    FLUX_VERSIONS,
    FluxVersion,
    ImagePolicy,
    ImageRepository,
    ImageUpdateAutomation,
)
from fluxv2_migrate.placement import ExistingImageObject, ImageLayout, ImageUse, layout_images, uses_of
from fluxv2_migrate.rules import GitSync
from fluxv2_migrate.settings.of_clusters import fluxd_settings_of
from reference_trees import definitions_of, refusals
from workloads import AUTOMATED, deployment, draft, release

FLEET = ("fleet", "flux-system", "main")
SYNC = GitSync(*FLEET, ("clusters/prod",))
RELEASE: dict[str, Any] = {"images": fm.Placement(namespace="release")}


def use(
    manifest: Mapping[str, Any], cluster: str = "", file: str = "clusters/prod/web.yaml", **options: Any
) -> list[ImageUse]:
    seen = fm.Cluster(name=cluster) if cluster else None
    return uses_of(draft(manifest, cluster=seen, file=file, **options))


def web(
    tag: str = "1.4.7", pattern: str = "semver:~1.4", image: str = "ghcr.io/acme/web", **about: Any
) -> Any:
    return deployment({**AUTOMATED, "fluxcd.io/tag.app": pattern}, {"app": f"{image}:{tag}"}, **about)


def laid_out(
    uses: Iterable[ImageUse],
    existing: Iterable[ExistingImageObject] = (),
    syncs: Iterable[GitSync] = (),
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
    **options: Any,
) -> ImageLayout:
    return layout_images(uses, existing, syncs, fm.MigrationOptions(**options), flux_version)


def names(layout: ImageLayout, kind: str = "ImagePolicy", cluster: str = "") -> list[str]:
    return [
        f"{made.namespace}/{made.name}"
        for made in layout.generated
        if made.kind == kind and made.cluster == cluster
    ]


def spec_of(layout: ImageLayout, kind: str, name: str = "", cluster: str = "") -> Any:
    (found,) = (
        made.manifest["spec"]
        for made in layout.generated
        if made.kind == kind and made.cluster == cluster and name in ("", made.name)
    )
    return found


def codes(layout: ImageLayout) -> list[str]:
    return sorted({notice.code for _, notice in layout.notices})


def test_clusters_share_what_each_of_them_gets() -> None:
    layout = laid_out([each for cluster in ("a", "b") for each in use(web(), cluster)])
    for kind in ("ImageRepository", "ImagePolicy"):
        one, other = (each.manifest for each in layout.generated if each.kind == kind)
        assert one is other


def existing_of(layout: ImageLayout) -> list[ExistingImageObject]:
    found = (ExistingImageObject.of_manifest(made.manifest, made.cluster) for made in layout.generated)
    return [each for each in found if each is not None]


# Objects


def test_one_workload_gets_three_objects_named_after_it() -> None:
    layout = laid_out(use(web()), syncs=[SYNC])
    assert list(layout.policies.values()) == ["flux-system:web"]
    assert names(layout, "ImageRepository") == names(layout) == ["flux-system/web"]
    assert spec_of(layout, "ImageRepository") == {"image": "ghcr.io/acme/web", "interval": "5m"}
    assert spec_of(layout, "ImagePolicy") == {
        "imageRepositoryRef": {"name": "web"},
        "policy": {"semver": {"range": "~1.4"}},
    }
    assert names(layout, "ImageUpdateAutomation") == ["flux-system/fleet"]
    assert spec_of(layout, "ImageUpdateAutomation") == {
        "interval": "5m",
        "sourceRef": {"kind": "GitRepository", "name": "fleet"},
        "git": {
            "checkout": {"ref": {"branch": "main"}},
            "commit": {
                "author": {"name": "Weave Flux", "email": "support@weave.works"},
                "messageTemplate": "Update images",
            },
            "push": {"branch": "main"},
        },
        "update": {"strategy": "Setters", "path": "./clusters/prod"},
    }
    assert codes(layout) == ["IM032"]
    assert layout.prerequisites == ()


def test_settings_of_fluxd_are_kept() -> None:
    suffix = "\n\n[ci skip] {{x}}"
    fluxd = fm.Fluxd(
        git_user="bot", git_email="bot@acme.example", automation_interval="15m", commit_suffix=suffix
    )
    sync = GitSync("fleet", "flux-system", "main", fluxd=fluxd_settings_of(fluxd))
    layout = laid_out(use(web()), syncs=[sync])
    automation = spec_of(layout, "ImageUpdateAutomation")
    assert automation["git"]["commit"] == {
        "author": {"name": "bot", "email": "bot@acme.example"},
        "messageTemplate": 'Update images\n\n[ci skip] {{"{{"}}x}}',
    }
    assert automation["interval"] == spec_of(layout, "ImageRepository")["interval"] == "15m"
    given = laid_out(use(web()), syncs=[sync], image_interval="1h")
    assert spec_of(given, "ImageUpdateAutomation")["interval"] == "1h"


def test_nothing_is_made_for_nothing() -> None:
    layout = laid_out([], syncs=[SYNC])
    assert (layout.policies, layout.generated, layout.notices) == ({}, (), ())
    other = GitSync("fleet", "flux-system", "main", cluster="other")
    assert names(laid_out(use(web()), syncs=[other]), "ImageUpdateAutomation", "other") == []


def test_one_image_has_one_repository_and_each_filter_a_policy() -> None:
    uses = [*use(web()), *use(web(pattern="semver:~1", name="api")), *use(web(name="job", namespace="bank"))]
    layout = laid_out(uses)
    assert names(layout, "ImageRepository") == ["flux-system/web"]
    assert sorted(layout.policies.values()) == ["flux-system:api", "flux-system:web", "flux-system:web"]


def test_one_image_in_two_spellings_has_one_repository() -> None:
    uses = [
        *use(web(image="docker.io/library/nginx")),
        *use(web(image="nginx", name="api")),
        *use(web(image="nginx", name="job", tag="1.4.8")),
    ]
    layout = laid_out(uses)
    assert spec_of(layout, "ImageRepository")["image"] == "nginx"
    assert [(each.subject.name, notice.code) for each, notice in layout.notices] == [("web", "IM030")]
    apart = {"image": {"registry": "docker.io", "repository": "library/nginx", "tag": "1.4.7"}}
    annotations = {**AUTOMATED, "fluxcd.io/tag.chart-image": "semver:~1.4"}
    layout = laid_out([*uses[1:], *use(release(annotations, apart))])
    assert codes(layout) == [], "only the tag is written where the registry stands apart"


@pytest.mark.parametrize("flux_version", FLUX_VERSIONS)
def test_everything_is_valid_for_every_flux(flux_version: FluxVersion, shared: Path) -> None:
    secret = {"imagePullSecrets": [{"name": "registry"}]}
    latest = web("latest", "glob:latest", namespace="bank", name="api")
    uses = [
        *use(web(pod=secret), flux_version=flux_version),
        *use(web(image="acme.azurecr.io/web", name="two"), flux_version=flux_version),
        *use(latest, flux_version=flux_version),
        *use(web("3f1c2ab", "glob:*", name="held"), flux_version=flux_version),
    ]
    for options in ({}, RELEASE, {**RELEASE, "cross_namespace_refs": False}):
        sync = GitSync(
            "fleet", "flux-system", "main", url="ssh://git@github.com/acme/fleet", secret_name="fleet"
        )
        layout = laid_out(uses, (), [sync], flux_version, **options)
        assert len(layout.policies) == 4
        for made in layout.generated:
            assert refusals(definitions_of(shared, flux_version), made.manifest) == []


def test_every_object_is_one_of_its_model() -> None:
    layout = laid_out([*use(web()), *use(web("latest", "glob:latest", name="api"))], syncs=[SYNC])
    models: dict[str, type[ImageRepository | ImagePolicy | ImageUpdateAutomation]] = {
        "ImageRepository": ImageRepository,
        "ImagePolicy": ImagePolicy,
        "ImageUpdateAutomation": ImageUpdateAutomation,
    }
    for made in layout.generated:
        assert models[made.kind].model_validate(made.manifest).to_manifest() == made.manifest
    assert spec_of(layout, "ImagePolicy", "api")["digestReflectionPolicy"] == "Always"


def test_each_cluster_has_the_versions_of_its_flux() -> None:
    uses = [*use(web(), "old"), *use(web(), "new")]
    syncs = [
        GitSync("fleet", "flux-system", "main", cluster="old", flux_version="2.2"),
        GitSync("fleet", "flux-system", "main", cluster="new"),
    ]
    layout = laid_out(uses, syncs=syncs)
    versions = {
        made.cluster: made.manifest["apiVersion"].partition("/")[2]
        for made in layout.generated
        if made.kind == "ImageUpdateAutomation"
    }
    assert versions == {"old": "v1beta1", "new": "v1"}


# Clusters


def test_a_document_that_several_clusters_see_has_one_marker() -> None:
    uses = [*use(web(), "dev"), *use(web(), "prod")]
    layout = laid_out(
        uses, syncs=[GitSync("fleet", "flux-system", "main", cluster=each) for each in ("dev", "prod")]
    )
    assert list(layout.policies.values()) == ["flux-system:web"]
    for cluster in ("dev", "prod"):
        for kind in ("ImageRepository", "ImagePolicy"):
            assert names(layout, kind, cluster) == ["flux-system/web"]
        assert names(layout, "ImageUpdateAutomation", cluster) == ["flux-system/fleet"]


def test_a_document_with_two_filters_has_no_marker() -> None:
    uses = [*use(web(), "dev"), *use(web(pattern="semver:~1.3"), "prod")]
    uses = [replace(each, place="base") for each in uses]
    layout = laid_out(uses)
    assert (layout.policies, layout.generated) == ({}, ())
    assert [(each.cluster, notice.code) for each, notice in layout.notices] == [
        ("dev", "IM016"),
        ("prod", "IM016"),
    ]
    assert {notice.group for _, notice in layout.notices} == {"base"}


def test_filters_of_environments_are_told_apart_by_their_cluster() -> None:
    uses = [
        *use(web(), "dev", "dev/web.yaml"),
        *use(web(pattern="semver:~1.3"), "prod", "prod/web.yaml"),
    ]
    layout = laid_out(uses)
    assert sorted(layout.policies.values()) == ["flux-system:web-dev", "flux-system:web-prod"]
    assert names(layout, "ImageRepository", "dev") == ["flux-system/web"]
    # What most clusters have is no exception.
    more = laid_out([*uses, *use(web(), "test", "test/web.yaml")])
    assert sorted(set(more.policies.values())) == ["flux-system:web", "flux-system:web-prod"]


def test_names_are_told_apart_by_namespace_kind_or_owner() -> None:
    pins = [*use(web("3f1c2ab", "glob:*")), *use(web("77aa12c", "glob:*", namespace="bank"))]
    assert sorted(laid_out(pins).policies.values()) == ["flux-system:bank-web", "flux-system:shop-web"]
    apart = [
        *use(web("3f1c2ab", "glob:*"), "dev", "dev.yaml"),
        *use(web("77aa12c", "glob:*"), "prod", "prod.yaml"),
        *use(web("1234abc", "glob:*", namespace="bank"), "prod", "prod.yaml"),
    ]
    assert sorted(laid_out(apart).policies.values()) == [
        "flux-system:bank-web-prod",
        "flux-system:shop-web-dev",
        "flux-system:shop-web-prod",
    ]
    kinds = [*use(web("3f1c2ab", "glob:*")), *use(web("77aa12c", "glob:*", kind="StatefulSet"))]
    assert sorted(laid_out(kinds).policies.values()) == [
        "flux-system:web-deployment",
        "flux-system:web-statefulset",
    ]
    owners = [
        *use(web("3f1c2ab", "glob:*", "ghcr.io/acme/base", name="a")),
        *use(web("3f1c2ab", "glob:*", "ghcr.io/acme/base", name="b")),
        *use(web("3f1c2ab", "glob:*", "ghcr.io/beta/base", name="c")),
        *use(web("3f1c2ab", "glob:*", "ghcr.io/beta/base", name="d")),
    ]
    assert set(laid_out(owners).policies.values()) == {"flux-system:acme-base", "flux-system:beta-base"}
    same = [
        *use(web("3f1c2ab", "glob:*"), file="a.yaml"),
        *use(web("77aa12c", "glob:*"), file="b.yaml"),
    ]
    found = sorted(laid_out(same).policies.values())
    assert len(set(found)) == 2
    assert all(name.startswith("flux-system:web-") for name in found), "nothing but a hash tells them apart"


def test_several_containers_are_told_apart_and_one_is_not() -> None:
    two = deployment(
        {**AUTOMATED, "fluxcd.io/tag.app": "semver:~1", "fluxcd.io/tag.log": "semver:~2"},
        {"app": "ghcr.io/acme/web:1.4.7", "log": "ghcr.io/acme/log:2.0.1"},
    )
    layout = laid_out(use(two))
    assert sorted(layout.policies.values()) == ["flux-system:web-app", "flux-system:web-log"]
    named = deployment(
        {**AUTOMATED, "fluxcd.io/tag.web": "semver:~1", "fluxcd.io/tag.log": "semver:~2"},
        {"web": "ghcr.io/acme/web:1.4.7", "log": "ghcr.io/acme/log:2.0.1"},
    )
    assert sorted(laid_out(use(named)).policies.values()) == ["flux-system:web", "flux-system:web-log"]
    values = {"image": "ghcr.io/acme/web:1.4.7", "smoke": {"image": "ghcr.io/acme/web:1.4.7"}}
    chart = release(
        {**AUTOMATED, "fluxcd.io/tag.chart-image": "semver:~1", "fluxcd.io/tag.smoke": "semver:~1"}, values
    )
    layout = laid_out(use(chart))
    assert list(layout.policies.values()) == ["flux-system:web", "flux-system:web"]
    policy = next(made for made in layout.generated if made.kind == "ImagePolicy")
    assert [container for _, container in policy.containers] == ["chart-image", "smoke"]


@pytest.mark.parametrize("name", ["a" * 80, "web.shop", "Web_1", "x" * 63])
def test_names_are_valid(name: str) -> None:
    layout = laid_out(use(web(name=name)))
    (found,) = layout.policies.values()
    _, _, policy = found.partition(":")
    assert len(policy) <= 63
    assert policy.replace("-", "").isalnum()
    assert policy == policy.lower().strip("-")
    twice = [*use(web("3f1c2ab", "glob:*", name=name)), *use(web("4f1c2ab", "glob:*", name=name), file="b")]
    assert len(set(laid_out(twice).policies.values())) == 2


def test_the_order_of_workloads_makes_no_difference() -> None:
    uses = [
        *use(web()),
        *use(web(pattern="semver:~1", name="api")),
        *use(web("3f1c2ab", "glob:*", namespace="bank")),
        *use(web(image="nginx", name="proxy")),
    ]
    layouts = [laid_out(order, syncs=[SYNC]) for order in itertools.permutations(uses)]
    assert all(layout == layouts[0] for layout in layouts)


# What exists


def test_what_exists_is_used() -> None:
    first = laid_out(use(web()), syncs=[SYNC])
    again = laid_out(use(web()), existing_of(first), [SYNC])
    assert (again.policies, again.generated) == (first.policies, ())


def test_what_people_named_keeps_its_name() -> None:
    existing = [
        ExistingImageObject.of_manifest(manifest)
        for manifest in (
            {
                "apiVersion": "image.toolkit.fluxcd.io/v1beta2",
                "kind": "ImageRepository",
                "metadata": {"name": "frontend", "namespace": "flux-system"},
                "spec": {"image": "ghcr.io/acme/web", "secretRef": {"name": "x"}},
            },
            {
                "apiVersion": "image.toolkit.fluxcd.io/v1beta2",
                "kind": "ImagePolicy",
                "metadata": {"name": "frontend-stable", "namespace": "flux-system"},
                "spec": {
                    "imageRepositoryRef": {"name": "frontend"},
                    "policy": {"semver": {"range": "~1.4"}},
                },
            },
        )
    ]
    found = [each for each in existing if each is not None]
    layout = laid_out(use(web()), found)
    assert list(layout.policies.values()) == ["flux-system:frontend-stable"]
    assert layout.generated == ()
    other = laid_out(use(web(pattern="semver:~1")), found)
    assert spec_of(other, "ImagePolicy")["imageRepositoryRef"] == {"name": "frontend"}
    elsewhere = [ExistingImageObject(each.kind, "shop", each.name, each.key) for each in found]
    assert names(laid_out(use(web()), elsewhere)) == ["flux-system/web"]


def test_more_workloads_rename_nothing() -> None:
    first = laid_out(use(web("3f1c2ab", "glob:*")), syncs=[SYNC])
    later = [*use(web("77aa12c", "glob:*", namespace="bank")), *use(web("1234abc", "glob:*"), file="b.yaml")]
    both = laid_out([*use(web("3f1c2ab", "glob:*")), *later], existing_of(first))
    assert both.policies.items() >= first.policies.items()
    assert len(set(both.policies.values())) == 3


def test_what_only_another_cluster_has_is_made_under_the_same_name() -> None:
    uses = [*use(web(), "dev"), *use(web(), "prod")]
    image = "ghcr.io/acme/web"
    there = [
        ExistingImageObject("ImageRepository", "flux-system", "one", (image,), image, cluster="dev"),
        ExistingImageObject(
            "ImagePolicy",
            "flux-system",
            "two",
            ("semver", "~1.4", "", "", "False"),
            refers_to=("flux-system", "one"),
            cluster="dev",
        ),
    ]
    layout = laid_out(uses, there)
    assert list(layout.policies.values()) == ["flux-system:two"]
    assert (names(layout, "ImagePolicy", "dev"), names(layout, "ImagePolicy", "prod")) == (
        [],
        ["flux-system/two"],
    )
    assert names(layout, "ImageRepository", "prod") == ["flux-system/one"]


def test_other_objects_are_none_of_image_automation() -> None:
    for manifest in ({}, {"kind": "ImagePolicy"}, {"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "X"}):
        assert ExistingImageObject.of_manifest(manifest) is None
    broken = {
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "spec": {"image": "a:b:c"},
    }
    found = ExistingImageObject.of_manifest(broken)
    assert found is not None
    assert found.key == ("a:b:c",)
    for spec in (
        {"policy": {"semver": ["~1"]}},
        {"policy": {"numerical": True}, "filterTags": {"pattern": ["a"], "extract": {"a": "b"}}},
    ):
        policy = ExistingImageObject.of_manifest({**broken, "kind": "ImagePolicy", "spec": spec})
        assert policy is not None
        assert hash(policy)


def test_an_automation_that_does_not_reach_a_file_is_told() -> None:
    def there(path: str, name: str = "own") -> ExistingImageObject:
        refers_to = ("flux-system", "fleet")
        return ExistingImageObject(
            "ImageUpdateAutomation", "flux-system", name, refers_to=refers_to, path=path
        )

    for path, serves in (
        ("./clusters/prod", True),
        ("clusters", True),
        ("./", True),
        ("", True),
        ("./clusters/prod/web.yaml", True),
        ("./clusters/prod/apps", False),
    ):
        layout = laid_out(use(web()), [there(path)], [SYNC])
        assert names(layout, "ImageUpdateAutomation") == []
        assert codes(layout) == ([] if serves else ["IM020"])
    # One of another sync path has nothing to do with it.
    for path in ("./clusters/pro", "./apps"):
        layout = laid_out(use(web()), [there(path)], [SYNC])
        assert names(layout, "ImageUpdateAutomation") == ["flux-system/fleet"]
        assert codes(layout) == ["IM032"]
    assert codes(laid_out(use(web()), [there("./apps", "a"), there("./clusters", "b")], [SYNC])) == []
    # Each of two automations may have a folder of its own.
    both = [*use(web(), file="apps/web.yaml"), *use(web(name="api"), file="infra/api.yaml")]
    assert codes(laid_out(both, [there("./apps", "a"), there("./infra", "b")], [SYNC])) == []
    other = ExistingImageObject(
        "ImageUpdateAutomation", "flux-system", "fleet", refers_to=("x", "y"), path="./"
    )
    assert names(laid_out(use(web()), [other], [SYNC]), "ImageUpdateAutomation") == [
        "flux-system/fleet-images"
    ]


@pytest.mark.parametrize(
    ("sync_paths", "files", "paths"),
    [
        ((), ["a/web.yaml"], {"fleet": "./"}),
        (("",), ["a/web.yaml"], {"fleet": "./"}),
        (("a", "b"), ["a/web.yaml"], {"fleet": "./a"}),
        (("a", "b"), ["a/web.yaml", "b/web.yaml"], {"fleet-a": "./a", "fleet-b": "./b"}),
        (("x/a", "x/b"), ["x/a/1.yaml", "x/b/2.yaml"], {"fleet-x-a": "./x/a", "fleet-x-b": "./x/b"}),
        (("a/prod", "a"), ["a/prod/web.yaml"], {"fleet": "./a/prod"}),
        # What lies outside of all sync paths is nobody else's either.
        (
            ("a/prod",),
            ["a/base/web.yaml", "a/prod/web.yaml"],
            {"fleet-a-base": "./a/base", "fleet-a-prod": "./a/prod"},
        ),
        (("a",), ["lib/x/web.yaml", "lib/y/web.yaml"], {"fleet": "./lib"}),
        (("a",), ["web.yaml"], {"fleet": "./web.yaml"}),
    ],
)
def test_each_sync_path_with_marked_files_has_an_automation(
    sync_paths: tuple[str, ...], files: list[str], paths: dict[str, str]
) -> None:
    uses = [each for index, file in enumerate(files) for each in use(web(name=f"w{index}"), file=file)]
    layout = laid_out(uses, syncs=[GitSync("fleet", "flux-system", "main", sync_paths)])
    made = [each for each in layout.generated if each.kind == "ImageUpdateAutomation"]
    assert {each.name: each.manifest["spec"]["update"]["path"] for each in made} == paths


def test_a_path_that_clusters_share_has_one_automation_of_one_name() -> None:
    uses = [
        each
        for cluster in ("eu", "us")
        for file in (f"{cluster}/web.yaml", "common/api.yaml")
        for each in use(web(name=file[:3]), file=file, cluster=cluster)
    ]
    syncs = [GitSync("fleet", "flux-system", "main", ("common", name), name) for name in ("eu", "us")]
    made = [each for each in laid_out(uses, syncs=syncs).generated if each.kind == "ImageUpdateAutomation"]
    assert {(each.cluster, each.name, each.manifest["spec"]["update"]["path"]) for each in made} == {
        ("eu", "fleet-eu", "./eu"),
        ("eu", "fleet-common", "./common"),
        ("us", "fleet-us", "./us"),
        ("us", "fleet-common", "./common"),
    }
    # Also where one of them has nothing of its own to update.
    fewer = [each for each in uses if each.document[0] != "us/web.yaml"]
    made = [each for each in laid_out(fewer, syncs=syncs).generated if each.kind == "ImageUpdateAutomation"]
    assert {each.name for each in made if each.cluster == "us"} == {"fleet-common"}


# Secrets


def with_secret(secret: str = "registry", **about: Any) -> Any:
    return web(pod={"imagePullSecrets": [{"name": secret}]}, **about)


def test_a_secret_of_another_namespace_is_copied_first() -> None:
    layout = laid_out(use(with_secret()))
    assert spec_of(layout, "ImageRepository")["secretRef"] == {"name": "registry"}
    (need,) = layout.prerequisites
    assert (need.namespace, need.name, need.keys) == ("flux-system", "registry", (".dockerconfigjson",))
    assert (need.copy_of, need.used_by) == ("shop/registry", ("ImageRepository flux-system/web",))
    assert codes(layout) == ["IM009"]
    at_home = laid_out(use(with_secret(namespace="flux-system")))
    assert (at_home.prerequisites, codes(at_home)) == ((), [])
    assert spec_of(at_home, "ImageRepository")["secretRef"] == {"name": "registry"}


def test_two_secrets_of_one_name_are_copied_under_two() -> None:
    uses = [*use(with_secret()), *use(with_secret(name="bill", namespace="bank", image="ghcr.io/acme/bill"))]
    layout = laid_out(uses)
    assert [(need.name, need.copy_of) for need in layout.prerequisites] == [
        ("registry", "bank/registry"),
        ("shop-registry", "shop/registry"),
    ]
    assert spec_of(layout, "ImageRepository", "web")["secretRef"] == {"name": "shop-registry"}


def test_a_copy_never_takes_the_name_of_a_secret_in_use() -> None:
    at_home = use(with_secret(name="bill", namespace="flux-system", image="ghcr.io/acme/bill"))
    layout = laid_out([*use(with_secret()), *at_home])
    assert spec_of(layout, "ImageRepository", "bill")["secretRef"] == {"name": "registry"}
    assert spec_of(layout, "ImageRepository", "web")["secretRef"] == {"name": "shop-registry"}
    assert [(need.name, need.copy_of) for need in layout.prerequisites] == [
        ("shop-registry", "shop/registry")
    ]
    # Not even where that is the name that a copy gets where its own is taken.
    other = use(with_secret("shop-registry", name="api", namespace="flux-system", image="ghcr.io/acme/api"))
    layout = laid_out([*use(with_secret()), *at_home, *other])
    assert [need.name for need in layout.prerequisites] == ["shop-registry-2"]
    # That a person named is in use, too.
    decided = fm.Override(name="bill", pull_secret="registry")
    named = use(web(name="bill", namespace="flux-system", image="ghcr.io/acme/bill"), overrides=(decided,))
    layout = laid_out([*use(with_secret()), *named])
    assert [(need.name, need.copy_of) for need in layout.prerequisites] == [
        ("registry", ""),
        ("shop-registry", "shop/registry"),
    ]


def test_a_copied_key_of_git_takes_no_name_of_a_pull_secret() -> None:
    sync = GitSync(
        "fleet", "flux-system", "main", url="https://github.com/acme/fleet", secret_name="registry"
    )
    layout = laid_out(use(with_secret()), syncs=[sync], cross_namespace_refs=False, **RELEASE)
    assert spec_of(layout, "GitRepository")["secretRef"] == {"name": "flux-system-registry"}
    assert [(need.name, need.copy_of) for need in layout.prerequisites] == [
        ("flux-system-registry", "flux-system/registry")
    ]


def test_one_image_is_read_with_the_secret_that_any_of_its_workloads_has() -> None:
    uses = [*use(with_secret()), *use(web(name="api")), *use(with_secret(namespace="bank", name="bill"))]
    layout = laid_out(uses)
    assert spec_of(layout, "ImageRepository")["secretRef"] == {"name": "registry"}
    (need,) = layout.prerequisites
    assert need.copy_of == "bank/registry"
    two = laid_out([*use(with_secret()), *use(with_secret("other", name="api")), *use(web(name="job"))])
    assert len(names(two, "ImageRepository")) == 2


def test_a_secret_that_a_person_named_is_a_prerequisite() -> None:
    layout = laid_out(use(web(), overrides=(fm.Override(pull_secret="mirror"),)))
    assert spec_of(layout, "ImageRepository")["secretRef"] == {"name": "mirror"}
    (need,) = layout.prerequisites
    assert (need.namespace, need.name, need.copy_of) == ("flux-system", "mirror", "")
    assert codes(layout) == []


def test_a_provider_is_written_where_there_is_no_secret() -> None:
    image = "acme.azurecr.io/web"
    assert spec_of(laid_out(use(web(image=image))), "ImageRepository")["provider"] == "azure"
    assert "provider" not in spec_of(laid_out(use(with_secret(image=image))), "ImageRepository")


# Namespaces


def test_each_team_has_its_own_objects() -> None:
    uses = [*use(with_secret()), *use(with_secret(namespace="bank", name="bill", image="ghcr.io/acme/bill"))]
    layout = laid_out(uses, syncs=[SYNC], **RELEASE)
    assert sorted(layout.policies.values()) == ["bank:bill", "shop:web"]
    assert names(layout, "ImageRepository") == ["bank/bill", "shop/web"]
    assert names(layout, "ImageUpdateAutomation") == ["bank/fleet", "shop/fleet"]
    assert layout.prerequisites == (), "the Secret is beside the workload"
    automation = next(made for made in layout.generated if made.kind == "ImageUpdateAutomation")
    assert automation.manifest["spec"]["sourceRef"]["namespace"] == "flux-system"
    nowhere = laid_out(use(web(namespace="")), **RELEASE)
    assert list(nowhere.policies.values()) == ["flux-system:web"]


def test_teams_share_the_image_that_both_use() -> None:
    uses = [*use(web()), *use(web(namespace="bank"))]
    layout = laid_out(uses, **RELEASE)
    assert names(layout, "ImageRepository") == ["flux-system/web"]
    assert spec_of(layout, "ImageRepository")["accessFrom"] == {
        "namespaceSelectors": [
            {"matchLabels": {"kubernetes.io/metadata.name": "bank"}},
            {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
        ]
    }
    assert names(layout) == ["bank/web", "shop/web"]
    for made in layout.generated:
        if made.kind == "ImagePolicy":
            reference = made.manifest["spec"]["imageRepositoryRef"]
            assert reference == {"name": "web", "namespace": "flux-system"}
    assert codes(layout) == ["IM024"]


def test_without_references_across_namespaces_each_team_has_all_of_it() -> None:
    sync = GitSync(
        "fleet", "flux-system", "main", url="ssh://git@github.com/acme/fleet", secret_name="fleet-key"
    )
    uses = [*use(web()), *use(web(namespace="bank"))]
    layout = laid_out(uses, syncs=[sync], cross_namespace_refs=False, **RELEASE)
    for kind in ("ImageRepository", "ImagePolicy"):
        assert names(layout, kind) == ["bank/web", "shop/web"]
    assert names(layout, "GitRepository") == ["bank/fleet", "shop/fleet"]
    for made in layout.generated:
        references = [made.manifest["spec"].get(key, {}) for key in ("sourceRef", "imageRepositoryRef")]
        assert not any("namespace" in reference for reference in references)
    assert [(need.namespace, need.name, need.copy_of, need.keys) for need in layout.prerequisites] == [
        (team, "fleet-key", "flux-system/fleet-key", ("identity", "known_hosts")) for team in ("bank", "shop")
    ]
    public = laid_out(
        use(web()),
        syncs=[GitSync("fleet", "flux-system", "main", url="https://github.com/acme/fleet")],
        cross_namespace_refs=False,
        **RELEASE,
    )
    assert public.prerequisites == ()
    https = GitSync("fleet", "flux-system", "main", url="https://github.com/acme/fleet", secret_name="token")
    (need,) = laid_out(use(web()), syncs=[https], cross_namespace_refs=False, **RELEASE).prerequisites
    assert need.keys == ("username", "password")


def test_two_repositories_of_one_cluster_have_an_automation_each() -> None:
    syncs = [
        GitSync("fleet", "flux-system", "main"),
        GitSync("fleet", "infra", "main"),
        GitSync("fleet", "more", "main"),
    ]
    layout = laid_out(use(web()), syncs=syncs)
    assert names(layout, "ImageUpdateAutomation") == [
        "flux-system/fleet",
        "flux-system/fleet-images",
        "flux-system/more-fleet-images",
    ]


@pytest.mark.parametrize(
    ("workloads", "expected"),
    [
        # Of several namespaces the first one stands for all.
        ([("web", "dev", "~1"), ("web", "prod", "~1.4"), ("web", "test", "~1.4")], ["dev-web", "prod-web"]),
        # So does the first of several workloads of one image.
        (
            [("api", "a", "~1"), ("cron", "a", "~1"), ("job", "a", "~1.4"), ("worker", "a", "~1.4")],
            ["web-api", "web-job"],
        ),
        # A workload that bears the name of the image keeps it.
        ([("web", "a", "~1"), ("job", "a", "~1.4"), ("worker", "a", "~1.4")], ["web", "web-job"]),
    ],
)
def test_filters_of_one_image_are_told_apart_by_who_uses_them(
    workloads: list[tuple[str, str, str]], expected: list[str]
) -> None:
    uses = [
        each
        for index, (name, namespace, pattern) in enumerate(workloads)
        for each in use(
            web(pattern=f"semver:{pattern}", name=name, namespace=namespace), file=f"{index}.yaml"
        )
    ]
    assert names(laid_out(uses), "ImagePolicy") == [f"flux-system/{name}" for name in expected]


def test_what_is_there_is_found_without_looking_at_all_of_it() -> None:
    def again(count: int) -> Callable[[], ImageLayout]:
        images = (f"ghcr.io/acme/web{index}" for index in range(count))
        uses = [each for image in images for each in use(web(image=image))]
        made = laid_out(uses).generated
        found = [ExistingImageObject.of_manifest(each.manifest) for each in made]
        existing = [each for each in found if each is not None]
        return lambda: laid_out(uses, existing)

    assert not again(3)().generated
    assert calls_of(again(80)) < 4.5 * calls_of(again(20))
