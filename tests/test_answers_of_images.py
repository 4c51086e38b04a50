"""The law of answers for what is asked of images."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from manifest_texts import AUTOMATED, workload_text
from test_answers import NEIGHBOURS, annotated, check, release


def workload(
    *annotations: str, image: str = "ghcr.io/acme/web:1.4.7", kind: str = "Deployment", more: str = ""
) -> str:
    """Gives a Deployment with annotations of fluxd."""
    return workload_text(*annotations, image=image, kind=kind) + more


RANGE = "fluxcd.io/tag.app: semver:~1.4"
SECRETS = "      imagePullSecrets:\n      - name: one\n"
TAGGED = "  values:\n    image:\n      repository: ghcr.io/acme/web\n      tag: 1.4\n"
ADDON = 'namespace: kube-system\n  labels: {kubernetes.io/cluster-service: "true"}\n'
MERGED = "      nodeSelector: &own {a: b}\n      affinity:\n        <<: *own\n"
NOT_SCANNED = fm.Cluster(name="all", fluxd=fm.Fluxd(exclude_images=("ghcr.io/acme/web",)))
IMAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "AN001": (workload('fluxcd.io/ignore: "true"'), {}),
    "AN003": (workload("fluxcd.io/ignore: maybe"), {}),
    "AN005": (workload('fluxcd.io/automated: "yes"'), {}),
    "AN006": (workload(AUTOMATED, RANGE, 'fluxcd.io/locked: "true"'), {}),
    "AN007": (workload('fluxcd.io/locked: "true"'), {}),
    "AN008": (workload(RANGE), {}),
    "AN009": (workload(AUTOMATED, RANGE, "fluxcd.io/tag.other: glob:*"), {}),
    "AN011": (workload(AUTOMATED, RANGE, "fluxcd.io/tag_all: glob:*"), {}),
    "AN012": (workload(AUTOMATED, RANGE, kind="Job"), {}),
    "AN013": (workload(AUTOMATED, RANGE, 'fluxcd.io/something: "true"'), {}),
    "AN014": (workload(AUTOMATED, RANGE, "fluxcd.io/sync-checksum: abc"), {}),
    "AN017": (workload(AUTOMATED, RANGE).replace("  namespace: shop\n", ""), {"default_namespace": "shop"}),
    "AN019": (release(annotations=annotated(AUTOMATED)), {}),
    "AN020": (workload(AUTOMATED, RANGE).replace("namespace: shop\n", ADDON), {}),
    "AN021": (workload(AUTOMATED, RANGE, 'fluxcd.io/locked: "True"'), {}),
    "IM003": (workload(AUTOMATED, "fluxcd.io/tag.app: semver:~1", image="ghcr.io/acme/web:1.4"), {}),
    "IM004": (workload(AUTOMATED, "fluxcd.io/tag.app: 'semver:~1.'"), {}),
    "IM005": (
        workload(AUTOMATED, "fluxcd.io/tag.app: glob:main-*", image="ghcr.io/acme/web:main-3f1c2ab"),
        {},
    ),
    "IM006": (workload(AUTOMATED, "fluxcd.io/tag.app: glob:latest", image="ghcr.io/acme/web:latest"), {}),
    "IM007": (workload(AUTOMATED, RANGE, image=f"ghcr.io/acme/web@sha256:{'0' * 64}"), {}),
    "IM008": (workload(AUTOMATED, RANGE), {"clusters": (NOT_SCANNED,)}),
    "IM009": (workload(AUTOMATED, RANGE, more=SECRETS), {}),
    "IM010": (workload(AUTOMATED, RANGE, image="gcr.io/acme/web:1.4.7"), {}),
    "IM013": (
        release(
            annotations=annotated(AUTOMATED + "\n    filter.fluxcd.io/chart-image: semver:*"), more=TAGGED
        ),
        {},
    ),
    "IM015": (workload(AUTOMATED, RANGE, image="ghcr.io/acme/web:2.0.0"), {}),
    "IM017": (workload(AUTOMATED, RANGE, image="ghcr.io/acme/web"), {}),
    "IM019": (workload(AUTOMATED, "fluxcd.io/tag.app: semver:^0.0.1", image="ghcr.io/acme/web:0.0.1"), {}),
    "IM025": (workload(AUTOMATED, RANGE, image="a:b:c"), {}),
    "IM026": (workload(AUTOMATED, RANGE, more=f"{SECRETS}      - name: two\n"), {}),
    "IM028": (workload(AUTOMATED, RANGE, image="localhost/acme/web:1.4.7"), {}),
    "IM032": (workload(AUTOMATED, RANGE), {}),
    "IM033": (workload(AUTOMATED, "fluxcd.io/tag.app: glob:v*", image="ghcr.io/acme/web:v1.4.7"), {}),
    "IM036": (workload(AUTOMATED, RANGE, more=MERGED), {}),
    "IM040": (workload(AUTOMATED, RANGE, more=SECRETS.replace("one", "One_")), {}),
    "IM034": (workload(AUTOMATED, RANGE, image='ghcr.io/acme/web:1.4.7 # {"$imagepolicy": "a:b"}'), {}),
}
POLICY = {"semver": {"range": ">=1.0.0"}}
FILLED: dict[str, dict[str, Any]] = {code: {"policy": POLICY} for code in ("IM007", "IM008", "IM028")}
"""What stands where an answer is to be filled in."""
# These take more files than one, or options; their pages show them.
ELSEWHERE = {"AN004", "AN016", "AN018", "IM012", "IM024", "IM030", "IM041"}
KUSTOMIZATION = "resources:\n- web.yaml\nimages:\n- name: ghcr.io/acme/web\n  newTag: 1.4.8\n"
OTHERS: dict[str, str | bytes] = {
    **NEIGHBOURS,
    "c/api.yaml": workload(AUTOMATED, RANGE, more=SECRETS).replace("web", "api"),
    "d/log.yaml": workload(AUTOMATED, "fluxcd.io/tag.app: glob:*")
    .replace("web", "log")
    .replace("shop", "tools"),
}


def test_every_code_that_can_be_accepted_has_an_example() -> None:
    acceptable = {code for code, kind in fm.FINDINGS.items() if kind.acceptable and code[:2] in ("AN", "IM")}
    assert acceptable == (set(IMAGES) | ELSEWHERE) - {"IM005"}


# A policy of one's own is the first one where nothing else is updated, and that is told.
@pytest.mark.parametrize("code", sorted(set(IMAGES) - set(FILLED)))
def test_an_answer_settles_its_finding_alone(code: str) -> None:
    text, options = IMAGES[code]
    check({"m/web.yaml": text}, code, options, {})


@pytest.mark.parametrize("code", sorted(IMAGES))
def test_an_answer_settles_its_finding_alone_among_others(code: str) -> None:
    text, options = IMAGES[code]
    check({**OTHERS, "m/web.yaml": text}, code, options, FILLED.get(code, {}))


def test_the_tag_of_a_kustomization_can_be_accepted() -> None:
    check({"m/kustomization.yaml": KUSTOMIZATION, "m/web.yaml": workload(AUTOMATED, RANGE)}, "IM012", {})


@pytest.mark.parametrize("code", ["IM015", "IM034"])
def test_a_code_can_be_accepted_for_one_container(code: str) -> None:
    # One is said by the rule that reads the image, and one by the text that cannot be marked.
    files = {"m/web.yaml": IMAGES[code][0]}
    told = {
        container: codes_of(files, fm.Override(container=container, accept=(code,)))
        for container in ("app", "other")
    }
    assert told == {"app": codes_of(files) - {code}, "other": codes_of(files) | {"RP010"}}


def codes_of(files: dict[str, str], *overrides: fm.Override) -> set[str]:
    return {
        each.code for each in fm.migrate_repository(files, fm.MigrationOptions(overrides=overrides)).findings
    }


def test_what_all_clusters_of_an_object_settle_is_settled_of_each() -> None:
    files = {"m/web.yaml": IMAGES["IM015"][0]}
    clusters = tuple(fm.Cluster(name=name, sync_paths=("m",)) for name in ("one", "two"))
    for pattern in ("one, two", "*"):
        settled = fm.Override(cluster=pattern, accept=("IM015",))
        options = fm.MigrationOptions(clusters=clusters, overrides=(settled,))
        assert {each.code for each in fm.migrate_repository(files, options).findings}.isdisjoint(
            {"IM015", "RP010"}
        )


def of(environment: str, built: str, container: str = "app") -> str:
    return workload(
        AUTOMATED,
        f"fluxcd.io/tag.{container}: glob:{environment}-*",
        image=f"ghcr.io/acme/web:{environment}-{built}",
    )


def errors_settled(files: dict[str, str], options: fm.MigrationOptions) -> fm.Migration:
    found = fm.migrate_repository(files, options)
    answers = tuple(each.answer for each in found.findings if each.severity == "error" and each.answer)
    assert answers
    settled = fm.migrate_repository(files, options.model_copy(update={"overrides": answers}))
    assert settled.ok, settled.findings
    return settled


PUSHED = {
    "ghcr.io/acme/web": ["dev-a1b2c3d", "dev-fffffff", "prod-b2c3d4e", "prod-fffffff", "1.4.7", "1.4.9"]
}


def test_questions_with_two_answers_are_two_questions() -> None:
    files = {"dev/web.yaml": of("dev", "a1b2c3d"), "prod/web.yaml": of("prod", "b2c3d4e")}
    settled = errors_settled(files, fm.MigrationOptions(sync_roots=("dev", "prod")))
    assert dict(fm.simulate_image_update(settled.files, PUSHED)) == dict(settled.files)


def test_an_answer_for_two_files_is_about_no_third() -> None:
    files = {
        "dev/web.yaml": of("dev", "a1b2c3d"),
        "stage/web.yaml": of("dev", "a1b2c3d"),
        "dev/other.yaml": workload(AUTOMATED, RANGE).replace(
            "name: web\n  namespace", "name: other\n  namespace"
        ),
    }
    settled = errors_settled(files, fm.MigrationOptions(sync_roots=("dev", "stage")))
    after = fm.simulate_image_update(settled.files, PUSHED)
    assert "web:1.4.9 #" in after["dev/other.yaml"]
    assert after["dev/web.yaml"] == settled.files["dev/web.yaml"]
    assert after["stage/web.yaml"] == settled.files["stage/web.yaml"]


def test_an_answer_is_about_the_cluster_that_is_asked_about() -> None:
    patch = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations:
    fluxcd.io/tag.app: glob:{name}-*
spec:
  template:
    spec:
      containers:
      - name: app
        image: ghcr.io/acme/web:{name}-{built}
"""
    files = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": of("any", "0000000")}
    for name, built in (("dev", "a1b2c3d"), ("prod", "b2c3d4e")):
        files[f"{name}/kustomization.yaml"] = "resources: [../base]\npatchesStrategicMerge: [web.yaml]\n"
        files[f"{name}/web.yaml"] = patch.format(name=name, built=built)
    found = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("dev", "prod")))
    asked = {each.cluster: each.answer for each in found.findings if each.code == "IM005"}
    assert set(asked) == {"dev", "prod"}
    for name, answer in asked.items():
        assert answer is not None
        assert answer.cluster == name
    settled = errors_settled(files, fm.MigrationOptions(sync_roots=("dev", "prod")))
    assert dict(fm.simulate_image_update(settled.files, PUSHED)) == dict(settled.files)


@pytest.mark.parametrize(
    ("tag", "pattern", "questions"),
    [("a1b2c3d", "glob:*", 1), ("b2c3d4e", "glob:*", 2), ("a1b2c3d", "glob:a*", 2)],
)
def test_containers_that_ask_the_same_are_one_question(tag: str, pattern: str, questions: int) -> None:
    second = f"      - name: job\n        image: ghcr.io/acme/job:{tag}\n"
    filters = ("fluxcd.io/tag.app: glob:*", f"fluxcd.io/tag.job: {pattern}")
    files = {"a.yaml": workload(AUTOMATED, *filters, image="ghcr.io/acme/web:a1b2c3d", more=second)}
    migration = fm.migrate_repository(files)
    assert len([each for each in migration.findings if each.code == "IM005"]) == questions
    answered = fm.migrate_repository(files, {"overrides": migration.answers()})
    assert answered.ok
    assert answered.changed == migration.changed
    # An image that is not asked about keeps its policy.
    files["a.yaml"] += "      - name: third\n        image: ghcr.io/acme/third:1.2.3\n"
    apart = fm.migrate_repository(files)
    assert len([each for each in apart.findings if each.code == "IM005"]) == 2
