"""Which images fluxd updated, what selects their tags, and where the tags are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.plan import apply_to_mapping
from fluxv2_migrate.rules import (
    AutomatedImage,
    ImageAutomationDraft,
    PolicyRequest,
    PullSecret,
    draft_image_automation,
    find_written_images,
    numbers_as_texts,
)
from workloads import AUTOMATED, codes, cron_job, deployment, draft, release

FILTER = {**AUTOMATED, "fluxcd.io/tag.app": "semver:~1.4"}
CHART = {**AUTOMATED, "fluxcd.io/tag.chart-image": "semver:~1.4"}


def image_of(found: ImageAutomationDraft) -> AutomatedImage:
    (image,) = found.images
    return image


def request_of(found: ImageAutomationDraft) -> PolicyRequest:
    request = image_of(found).policy
    assert request is not None
    return request


def marks(found: ImageAutomationDraft) -> dict[str, tuple[str, str]]:
    return {".".join(each.field): (each.part, each.value) for image in found.images for each in image.fields}


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
def test_the_reference_of_each_container_is_marked(kind: str) -> None:
    found = draft(deployment(FILTER, kind=kind))
    path = "spec.template.spec.containers.0.image"
    assert marks(found) == {path: ("", "ghcr.io/acme/web:1.4.7")}
    assert codes(found) == []


def test_init_containers_are_marked_and_a_container_wins_over_one_of_its_name() -> None:
    pod = {
        "initContainers": [
            {"name": "init", "image": "alpine:3.10.1"},
            {"name": "app", "image": "alpine:3.9.0"},
        ]
    }
    annotations = {**FILTER, "fluxcd.io/tag.init": "semver:~3"}
    found = draft(deployment(annotations, pod=pod))
    assert list(marks(found)) == [
        "spec.template.spec.containers.0.image",
        "spec.template.spec.initContainers.0.image",
    ]


def test_a_cron_job_is_marked_and_it_is_said_that_it_moves_now() -> None:
    found = draft(cron_job(FILTER))
    assert list(marks(found)) == ["spec.jobTemplate.spec.template.spec.containers.0.image"]
    assert codes(found) == ["AN017"]


SHAPES: list[tuple[Any, Mapping[str, tuple[str, str]]]] = [
    ({"image": "ghcr.io/acme/web:1.4.7"}, {"image": ("", "ghcr.io/acme/web:1.4.7")}),
    (
        {"image": "ghcr.io/acme/web", "tag": "1.4.7"},
        {"image": ("name", "ghcr.io/acme/web"), "tag": ("tag", "1.4.7")},
    ),
    (
        {"image": {"repository": "ghcr.io/acme/web:1.4.7"}},
        {"image.repository": ("", "ghcr.io/acme/web:1.4.7")},
    ),
    (
        {"image": {"repository": "ghcr.io/acme/web", "tag": "1.4.7"}},
        {"image.repository": ("name", "ghcr.io/acme/web"), "image.tag": ("tag", "1.4.7")},
    ),
    (
        {"image": {"registry": "ghcr.io", "repository": "acme/web", "tag": "1.4.7"}},
        {"image.tag": ("tag", "1.4.7")},
    ),
    ({"registry": "ghcr.io", "image": "acme/web", "tag": "1.4.7"}, {"tag": ("tag", "1.4.7")}),
]


@pytest.mark.parametrize(("values", "fields"), SHAPES)
def test_each_form_of_values_has_its_markers(
    values: dict[str, Any], fields: Mapping[str, tuple[str, str]]
) -> None:
    found = draft(release(CHART, values))
    assert marks(found) == {f"spec.values.{path}": part for path, part in fields.items()}
    assert request_of(found).repository.canonical == "ghcr.io/acme/web"
    assert request_of(found).repository.image == "ghcr.io/acme/web"
    nested = draft(release({**AUTOMATED, "fluxcd.io/tag.api": "semver:~1.4"}, {"api": values}))
    assert marks(nested) == {f"spec.values.api.{path}": part for path, part in fields.items()}
    assert codes(found) == codes(nested) == []


@pytest.mark.parametrize(
    "values",
    [
        {"image": {"registry": "ghcr.io", "repository": "acme/web:1.4.7"}},
        {"registry": "ghcr.io", "image": "acme/web:1.4.7"},
    ],
)
def test_no_marker_writes_a_path_with_its_tag(values: dict[str, Any]) -> None:
    found = draft(release(CHART, values))
    assert (marks(found), image_of(found).exception, codes(found)) == ({}, "IM014", ["IM014"])


def test_fields_that_annotations_name_are_marked() -> None:
    values = {"global": {"web": {"repo": "ghcr.io/acme/web", "version": "1.4.7"}}}
    annotations = {
        **AUTOMATED,
        "repository.fluxcd.io/web": "global.web.repo",
        "tag.fluxcd.io/web": "global.web.version",
        "filter.fluxcd.io/web": "semver:~1.4",
    }
    found = draft(release(annotations, values))
    assert marks(found) == {
        "spec.values.global.web.repo": ("name", "ghcr.io/acme/web"),
        "spec.values.global.web.version": ("tag", "1.4.7"),
    }
    assert codes(found) == []


@pytest.mark.parametrize(
    "annotations",
    [
        {"repository.fluxcd.io/x": "nowhere"},
        {"repository.fluxcd.io/x": "count"},
        {"repository.fluxcd.io/x": "bad"},
        {"tag.fluxcd.io/x": "image.tag"},
    ],
)
def test_annotations_that_name_no_image_are_told(annotations: dict[str, str]) -> None:
    values = {"image": {"repository": "ghcr.io/acme/web", "tag": "1.4.7"}, "count": 1, "bad": "a:b:c"}
    found = draft(release({**CHART, **annotations}, values))
    assert codes(found) == ["AN015"]
    assert len(marks(found)) == 2
    assert codes(draft(deployment({**FILTER, **annotations}))) == []
    assert codes(draft(release({**CHART, "repository.fluxcd.io/": "nowhere"}, values))) == ["AN013"]


OLD, LAST = "flux.weave.works/v1beta1", "helm.fluxcd.io/v1"


@pytest.mark.parametrize(
    ("api", "fluxd", "expected"),
    [
        ("helm.toolkit.fluxcd.io/v2", "", []),
        (OLD, "", ["DA034"]),
        (OLD, "1.13.3", None),
        (OLD, "1.18.0", None),
        (OLD, "1.19.0", ["AN016"]),
        (OLD, "1.25", ["AN016"]),
        (LAST, "", None),
        (LAST, "1.13.3", ["AN016"]),
        (LAST, "1.14.0", None),
        (LAST, "1.25.4", None),
    ],
)
def test_each_fluxd_updated_releases_of_the_apis_that_it_knew(
    api: str, fluxd: str, expected: list[str] | None
) -> None:
    cluster = fm.Cluster(name="prod", fluxd=fm.Fluxd(version=fluxd or None))
    manifest = release(CHART, {"image": "ghcr.io/acme/web:1.4.7"}, api_version=api)
    (found,) = draft_image_automation(manifest, fm.MigrationOptions(), FLUX_VERSIONS[-1], cluster=cluster)
    assert bool(found.images) == (expected is None)
    assert codes(found) == (expected or [])
    assert found.operations


@pytest.mark.parametrize(
    ("annotations", "fields"),
    [
        ({"fluxcd.io/automated": "true"}, [1]),
        ({"fluxcd.io/automated": "true", "fluxcd.io/locked": "true"}, []),
        ({"fluxcd.io/automated": "true", "flux.weave.works/automated": "false"}, []),
        ({"fluxcd.io/locked": "true"}, []),
        ({}, []),
    ],
)
def test_images_that_fluxd_writes_are_found_without_what_selects_their_tags(
    annotations: dict[str, str], fields: list[int]
) -> None:
    manifest = release(annotations, {"image": "ghcr.io/acme/web:1.4.7"})
    found = list(find_written_images(manifest))
    assert [len(each.fields) for each in found] == fields
    (drafted,) = draft_image_automation(manifest, fm.MigrationOptions(), FLUX_VERSIONS[-1])
    assert found == [replace(each, policy=None) for each in drafted.images if each.fields]


def test_a_release_without_images_is_told() -> None:
    assert codes(draft(release(AUTOMATED, {"replicas": 2}))) == ["AN019"]


def test_one_image_that_cannot_be_read_keeps_all_of_a_pod() -> None:
    found = draft(deployment(FILTER, {"app": "ghcr.io/acme/web:1.4.7", "bad": "a:b:c"}))
    assert (found.images, codes(found)) == ((), ["IM025"])
    assert found.notices[0].path[-2:] == ("1", "image")
    missing = deployment(FILTER, {"app": "ghcr.io/acme/web:1.4.7", "bad": None})
    assert codes(draft(missing)) == ["IM025"]
    assert codes(draft({**deployment(FILTER), "spec": None})) == ["AN009", "AN019"]


def test_add_ons_of_the_cluster_are_left_alone() -> None:
    for label, value in (
        ("kubernetes.io/cluster-service", "true"),
        ("addonmanager.kubernetes.io/mode", "Reconcile"),
    ):
        there = deployment(FILTER, namespace="kube-system", labels={label: value})
        assert (draft(there).images, codes(draft(there))) == ((), ["AN020"])
        assert draft(deployment(FILTER, labels={label: value})).images
    assert draft(deployment(FILTER, namespace="kube-system", labels={"app": "web"})).images


def test_manifests_without_namespace_move_now() -> None:
    manifest = deployment(FILTER, namespace="")
    assert codes(draft(manifest)) == []
    assert codes(draft(manifest, default_namespace="default")) == []
    assert codes(draft(manifest, default_namespace="apps")) == ["AN017"]
    cluster = fm.Cluster(name="prod", default_namespace="apps")
    assert codes(draft(manifest, cluster=cluster)) == ["AN017"]
    assert draft(manifest, cluster=cluster).subject.namespace == "apps"


# What was never updated


@pytest.mark.parametrize(
    ("image", "pattern", "code"),
    [
        ("ghcr.io/acme/web@sha256:" + "0" * 64, "semver:~1", "IM007"),
        ("ghcr.io/acme/web:1.4.7@sha256:" + "0" * 64, "glob:*", "IM007"),
        ("k8s.gcr.io/web:1.4.7", "semver:~1", "IM008"),
        ("602401143452.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.7", "semver:~1", "IM008"),
        ("ghcr.io/acme/web", "glob:*", "IM017"),
        ("ghcr.io/acme/web", "regexp:^1", "IM017"),
        ("acme/shop/web:1.4.7", "semver:~1", "IM028"),
        ("localhost/web:1.4.7", "semver:~1", "IM028"),
        ("registry:5000/web", "semver:~1", "IM028"),
    ],
)
def test_what_fluxd_never_updated_is_not_updated_until_a_person_wants_it(
    image: str, pattern: str, code: str
) -> None:
    manifest = deployment({**AUTOMATED, "fluxcd.io/tag.app": pattern}, {"app": image})
    found = draft(manifest)
    assert (marks(found), image_of(found).exception, codes(found)) == ({}, code, [code])
    (notice,) = found.notices
    assert notice.path == ("spec", "template", "spec", "containers", "0", "image")
    assert notice.answer is not None
    assert codes(draft(manifest, overrides=(notice.answer,))) == [code]
    wanted = notice.answer.model_copy(update={"policy": {"semver": {"range": "~1"}}})
    decided = draft(manifest, overrides=(wanted,))
    assert list(marks(decided)) == [".".join(notice.path)]
    assert codes(decided) in ([], ["IM010"])


def test_a_name_that_flux_2_refuses_cannot_be_updated() -> None:
    manifest = deployment(FILTER, {"app": "ghcr.io/Acme/web:1.4.7"})
    override = fm.Override(policy={"semver": {"range": "~1"}})
    for found in (draft(manifest), draft(manifest, overrides=(override,))):
        assert (marks(found), codes(found)) == ({}, ["IM029"])


def test_what_fluxd_scans_is_what_its_flags_say() -> None:
    manifest = deployment(FILTER, {"app": "ghcr.io/acme/web:1.4.7"})
    all_images = fm.Fluxd(exclude_images=())
    for fluxd, scanned in (
        (fm.Fluxd(), True),
        (fm.Fluxd(exclude_images=("ghcr.io/*",)), False),
        (fm.Fluxd(include_images=("quay.io/*",)), False),
        (fm.Fluxd(include_images=("ghcr.io/acme/*",)), True),
        (fm.Fluxd(include_images=("ghcr.io/*",), exclude_images=("*/web",)), False),
        (fm.Fluxd(read_only=True), False),
    ):
        found = draft(manifest, cluster=fm.Cluster(name="prod", fluxd=fluxd))
        assert bool(marks(found)) is scanned
        assert codes(found) == ([] if scanned else ["IM008"])
        assert found.operations, "the annotations go all the same"
    ecr = deployment(FILTER, {"app": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.7"})
    for fluxd, scanned in (
        (fm.Fluxd(), True),
        (fm.Fluxd(ecr_regions=("us-east-1", "eu-west-1")), True),
        (fm.Fluxd(ecr_regions=("us-east-1",)), False),
        (fm.Fluxd(ecr_include_ids=("123456789012",)), True),
        (fm.Fluxd(ecr_include_ids=("210987654321",)), False),
        (fm.Fluxd(ecr_exclude_ids=("123456789012",)), False),
    ):
        found = draft(ecr, cluster=fm.Cluster(name="prod", fluxd=fluxd))
        assert codes(found) == (["IM010"] if scanned else ["IM008"])
    eks = deployment(FILTER, {"app": "602401143452.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.7"})
    for fluxd, scanned in ((fm.Fluxd(), False), (fm.Fluxd(ecr_exclude_ids=("1",)), True)):
        assert bool(marks(draft(eks, cluster=fm.Cluster(name="prod", fluxd=fluxd)))) is scanned
    old = deployment(FILTER, {"app": "k8s.gcr.io/web:1.4.7"})
    assert codes(draft(old, cluster=fm.Cluster(name="prod", fluxd=all_images))) == ["IM010"]


# Tags


def test_an_image_without_tag_gets_one_where_versions_order() -> None:
    found = draft(deployment(FILTER, {"app": "ghcr.io/acme/web"}))
    assert list(marks(found).values()) == [("", "ghcr.io/acme/web")]
    assert codes(found) == ["IM017"]


@pytest.mark.parametrize(("number", "text"), [(1.4, "1.4"), (16, "16"), (2.0, "2"), (1.45, "1.45")])
def test_a_tag_that_is_a_number_is_marked_and_held(number: float, text: str) -> None:
    values = {"image": {"repository": "ghcr.io/acme/web", "tag": number}}
    found = draft(release(AUTOMATED, values))
    assert marks(found)["spec.values.image.tag"] == ("tag", text)
    assert request_of(found).filter_tags == {"pattern": f"^{text}$".replace(".", r"\.")}
    assert codes(found) == ["IM013"]
    operations = tuple(numbers_as_texts(found.images[0], release(AUTOMATED, values)))
    written = apply_to_mapping(operations, release(AUTOMATED, values))
    assert written["spec"]["values"]["image"]["tag"] == text
    answer = found.notices[0].answer
    assert answer is not None
    assert codes(draft(release(AUTOMATED, values), overrides=(answer,))) == []


def test_a_tag_that_is_a_number_follows_a_range_as_before() -> None:
    values = {"image": {"repository": "ghcr.io/acme/web", "tag": 1.4}}
    found = draft(release({**AUTOMATED, "fluxcd.io/tag.chart-image": "semver:~1"}, values))
    assert request_of(found).policy == {"semver": {"range": "~1"}}
    assert set(codes(found)) - {"IM003"} == {"IM013"}
    apart = {"image": {"registry": "ghcr.io", "repository": "acme/web", "tag": 1.4}}
    assert list(marks(draft(release(AUTOMATED, apart)))) == ["spec.values.image.tag"]
    for other, code in ((True, "IM013"), (None, "IM017"), (["1"], "IM011")):
        values["image"]["tag"] = other
        assert codes(draft(release(AUTOMATED, values))) == [code]


def test_an_unknown_order_is_held_with_the_answer_that_settles_it() -> None:
    manifest = deployment(AUTOMATED, {"app": "ghcr.io/acme/web:3f1c2ab"})
    found = draft(manifest)
    assert request_of(found).filter_tags == {"pattern": "^3f1c2ab$"}
    assert codes(found) == ["IM005"]
    answer = found.notices[0].answer
    assert answer is not None
    assert (answer.kind, answer.namespace, answer.name, answer.container) == (
        "Deployment",
        "shop",
        "web",
        "app",
    )
    settled = draft(manifest, overrides=(answer,))
    assert (codes(settled), request_of(settled).identity) == ([], request_of(found).identity)


def test_the_filter_is_where_an_order_is_told() -> None:
    manifest = deployment(
        {**AUTOMATED, "filter.fluxcd.io/app": "glob:*"}, {"app": "ghcr.io/acme/web:3f1c2ab"}
    )
    assert draft(manifest).notices[0].path == ("metadata", "annotations", "filter.fluxcd.io/app")


def test_an_order_that_is_not_proved_is_told_and_one_that_is_is_not() -> None:
    manifest = deployment(
        {**AUTOMATED, "fluxcd.io/tag.app": "glob:main-*"},
        {"app": "docker.io/acme/web:main-3f1c2ab-1602225929"},
    )
    assert codes(draft(manifest)) == ["IM033"]
    start = datetime(2020, 10, 5, 6, 45, 29, tzinfo=UTC)
    built = [start + timedelta(days=day) for day in range(9)]
    tags = tuple(
        fm.KnownTag(tag=f"main-{0x3F1C2A7 + index:x}-{int(time.timestamp())}", created=time)
        for index, time in enumerate(built)
    )
    # However people write the image, its tags are known.
    for name in ("acme/web", "index.docker.io/acme/web"):
        assert codes(draft(manifest, image_tags={name: tags})) == []
    assert codes(draft(manifest, image_tags={"other/web": tags, "": tags})) == ["IM033"]
    assert codes(draft(manifest, image_tags={"acme/web": ("main-a-1602225928",)})) == ["IM033"]


def test_a_guess_is_a_question_of_its_own() -> None:
    manifest = deployment(
        {**AUTOMATED, "fluxcd.io/tag.app": "glob:build-*"}, {"app": "ghcr.io/acme/web:build-12"}
    )
    (notice,) = draft(manifest).notices
    assert (notice.code, notice.group) == ("IM033", "Deployment shop/web app")
    assert notice.answer is not None
    settled = draft(manifest, overrides=(notice.answer,))
    assert (codes(settled), request_of(settled).policy) == ([], {"numerical": {"order": "asc"}})
    fixed = deployment({**AUTOMATED, "fluxcd.io/tag.app": "glob:1.4.7"})
    assert codes(draft(fixed)) == []


def test_a_filter_that_excludes_the_tag_is_told_and_nothing_moves() -> None:
    manifest = deployment(FILTER, {"app": "ghcr.io/acme/web:2.0.0"})
    found = draft(manifest)
    assert codes(found) == ["IM015"]
    assert request_of(found).filter_tags == {"pattern": r"^2\.0\.0$"}
    answer = found.notices[0].answer
    assert answer is not None
    assert answer.policy == {"semver": {"range": "~1.4"}}
    assert codes(draft(manifest, overrides=(answer,))) == []


def test_a_filter_that_is_invalid_is_told() -> None:
    manifest = deployment({**AUTOMATED, "fluxcd.io/tag.app": "semver:~1."})
    found = draft(manifest)
    assert codes(found) == ["IM004"]
    assert request_of(found).policy == {"semver": {"range": "~1"}}


@pytest.mark.parametrize(("version", "follows"), [("2.5", False), ("2.6", True), ("2.9", True)])
def test_a_tag_that_moves_is_followed_where_flux_can(version: FluxVersion, follows: bool) -> None:
    annotations = {**AUTOMATED, "fluxcd.io/tag.app": "glob:latest"}
    found = draft(deployment(annotations, {"app": "ghcr.io/acme/web:latest"}), version)
    assert request_of(found).follows_digest is follows
    assert codes(found) == ["IM006"]
    apart = {"image": {"repository": "ghcr.io/acme/web", "tag": "latest"}}
    annotations = {**AUTOMATED, "fluxcd.io/tag.chart-image": "latest"}
    assert not request_of(draft(release(annotations, apart), version)).follows_digest


# Decisions


def test_a_policy_of_a_person_decides() -> None:
    manifest = deployment(AUTOMATED, {"app": "ghcr.io/acme/web:3f1c2ab", "log": "ghcr.io/acme/log:77aa12c"})
    override = fm.Override(
        container="app", policy={"numerical": {"order": "asc"}}, filter_tags={"pattern": "^(?P<n>[0-9]+)"}
    )
    found = draft(manifest, overrides=(override, fm.Override(container="nobody")))
    requests = {image.container: image.policy for image in found.images}
    assert requests["app"] is not None
    assert (requests["app"].policy, requests["app"].filter_tags) == (override.policy, override.filter_tags)
    assert [notice.code for notice in found.notices] == ["IM005"]
    assert found.matched == {0}


def test_a_policy_that_flux_refuses_moves_nothing() -> None:
    for policy, filters in (
        ({"semver": {"range": "~1."}}, None),
        ({"alphabetical": {"order": "asc"}}, {"pattern": "("}),
    ):
        override = fm.Override(policy=policy, filter_tags=filters)
        found = draft(deployment(FILTER), overrides=(override,))
        assert codes(found) == ["IM031"]
        assert request_of(found).filter_tags == {"pattern": r"^1\.4\.7$"}
    untagged = draft(deployment(FILTER, {"app": "ghcr.io/acme/web"}), overrides=(override,))
    assert request_of(untagged).filter_tags == {"pattern": "$^"}


def test_overrides_match_by_all_their_patterns() -> None:
    cluster = fm.Cluster(name="prod")
    for override, matches in (
        (fm.Override(cluster="pr*", kind="Deploy*", namespace="shop", name="w?b", path="a/*"), True),
        (fm.Override(cluster="dev"), False),
        (fm.Override(kind="HelmRelease"), False),
        (fm.Override(namespace="bank"), False),
        (fm.Override(path="b/*"), False),
        (fm.Override(container="other"), False),
    ):
        found = draft(deployment(FILTER), cluster=cluster, file="a/b.yaml", overrides=(override,))
        assert bool(found.matched) is matches


def test_findings_of_a_container_can_be_accepted() -> None:
    def told(manifest: dict[str, Any], override: fm.Override) -> list[str]:
        found = fm.translate_annotations(manifest, fm.MigrationOptions(overrides=(override,)))
        return [finding.code for finding in found.findings]

    manifest = deployment(FILTER, {"app": "ghcr.io/acme/web:2.0.0"})
    assert told(manifest, fm.Override(container="app", accept=("IM015",))) == []
    assert told(manifest, fm.Override(container="b", accept=("IM015",))) == ["IM015"]
    hashed = deployment(AUTOMATED, {"app": "ghcr.io/acme/web:3f1c2ab"})
    assert told(hashed, fm.Override(accept=("IM005",))) == ["IM005"], "an error stays"


# Credentials


def secrets(*names: str) -> dict[str, Any]:
    return {"imagePullSecrets": [{"name": name} for name in names]}


def test_the_pull_secret_of_the_pod_reads_the_tags() -> None:
    repository = request_of(draft(deployment(FILTER, pod=secrets("registry")))).repository
    assert (repository.secret, repository.provider) == (PullSecret("shop", "registry"), None)
    private = deployment(FILTER, {"app": "acme.azurecr.io/web:1.4.7"}, pod=secrets("registry"))
    assert request_of(draft(private)).repository.provider is None


def test_the_pull_secret_of_the_account_reads_the_tags() -> None:
    def lookup(kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        known = {
            ("ServiceAccount", "shop", "builder"): "special",
            ("ServiceAccount", "shop", "default"): "all",
        }
        secret = known.get((kind, namespace, name))
        return None if secret is None else secrets(secret)

    for pod, wanted in (
        ({}, "all"),
        ({"serviceAccountName": "builder"}, "special"),
        ({"serviceAccount": "builder"}, "special"),
    ):
        found = draft(deployment(FILTER, pod=pod), lookup=lookup)
        assert request_of(found).repository.secret == PullSecret("shop", wanted)
    assert request_of(draft(release(CHART), lookup=lookup)).repository.secret == PullSecret("shop", "all")
    other = {"serviceAccountName": "nobody"}
    assert request_of(draft(deployment(FILTER, pod=other), lookup=lookup)).repository.secret is None


@pytest.mark.parametrize(
    "values",
    [
        {"image": {"repository": "ghcr.io/acme/web", "tag": "1.4.7", "pullSecrets": ["registry"]}},
        {"image": "ghcr.io/acme/web:1.4.7", "imagePullSecrets": [{"name": "registry"}]},
    ],
)
def test_the_pull_secret_of_the_values_reads_the_tags(values: dict[str, Any]) -> None:
    assert request_of(draft(release(CHART, values))).repository.secret == PullSecret("shop", "registry")


def test_of_several_secrets_the_last_one_is_taken_and_it_is_said() -> None:
    manifest = deployment(FILTER, pod=secrets("registry", "mirror", "registry"))
    found = draft(manifest)
    assert request_of(found).repository.secret == PullSecret("shop", "mirror")
    assert codes(found) == ["IM026"]
    answer = found.notices[0].answer
    assert answer is not None
    settled = draft(manifest, overrides=(answer,))
    assert (codes(settled), request_of(settled).repository.secret) == ([], PullSecret("shop", "mirror"))
    other = draft(manifest, overrides=(fm.Override(pull_secret="third"),))
    assert (codes(other), request_of(other).repository.secret_name) == ([], "third")


def test_old_forms_of_secrets_are_told_where_flux_reads_none() -> None:
    def lookup(kind: str, _namespace: str, _name: str) -> Mapping[str, Any] | None:
        return {"type": "kubernetes.io/dockercfg"} if kind == "Secret" else None

    manifest = deployment(FILTER, pod=secrets("registry"))
    assert codes(draft(manifest, "2.6", lookup=lookup)) == ["IM027"]
    assert codes(draft(manifest, "2.7", lookup=lookup)) == []


@pytest.mark.parametrize(
    ("image", "provider"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.4.7", "aws"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web:1.4.7", "aws"),
        ("gcr.io/acme/web:1.4.7", "gcp"),
        ("eu.gcr.io/acme/web:1.4.7", "gcp"),
        ("europe-west1-docker.pkg.dev/acme/shop/web:1.4.7", "gcp"),
        ("acme.azurecr.io/web:1.4.7", "azure"),
        ("acme.azurecr.cn/web:1.4.7", "azure"),
        ("ghcr.io/acme/web:1.4.7", None),
        ("public.ecr.aws/acme/web:1.4.7", None),
        ("nginx:1.4.7", None),
    ],
)
def test_registries_of_clouds_have_their_provider(image: str, provider: str | None) -> None:
    found = draft(deployment(FILTER, {"app": image}))
    assert request_of(found).repository.provider == provider
    assert codes(found) == ([] if provider is None else ["IM010"])
