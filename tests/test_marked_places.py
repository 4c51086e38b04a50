"""One place at a time: what fluxd writes there is marked, or it is told why not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import fluxv2_migrate as fm
from marked_fields import Row, clusters_of, found_markers, hold_marks, hold_policies, hold_the_rest

Files = Mapping[str, str | bytes]

FLUX_YAML = """version: 1
patchUpdated:
  generators:
  - command: kustomize build .
  patchFile: flux-patch.yaml
"""
NAME = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n"
AUTOMATED = '  annotations:\n    fluxcd.io/automated: "true"\n    fluxcd.io/tag.app: semver:~1\n'
LOCKED = '  annotations:\n    fluxcd.io/locked: "true"\n'
CONTAINERS = "spec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: "
POD = f"{CONTAINERS}ghcr.io/acme/web:1.2.3\n"
WEB = NAME + AUTOMATED + POD
CHART = "  helmVersion: v3\n  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\n"
BASE = {
    "base/kustomization.yaml": "resources:\n- web.yaml\n",
    "live/kustomization.yaml": "resources:\n- ../base\n",
    "live/.flux.yaml": FLUX_YAML,
}


def release(values: str, more: str = "", version: str = "1.2.3") -> str:
    annotations = f'  annotations:\n    fluxcd.io/automated: "true"\n    fluxcd.io/tag.web: semver:~1\n{more}'
    chart = CHART if version else CHART.replace(", version: 1.2.3", "")
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: web\n  namespace: shop\n"
        f"{annotations}spec:\n{chart}  values:\n{values}"
    )


def in_list(text: str) -> str:
    return "apiVersion: v1\nkind: List\nitems:\n- " + text.replace("\n", "\n  ").rstrip() + "\n"


def patch(text: str) -> str:
    """Writes a patch inside a kustomization."""
    return "patches:\n- patch: |\n    " + text.replace("\n", "\n    ").rstrip() + "\n"


MAPPED = "    repository.fluxcd.io/web: deep.er.repo\n    tag.fluxcd.io/web: deep.er.version\n"
PLAIN: dict[str, tuple[str | bytes, Row]] = {
    "a manifest": (WEB, Row(1, 1, 1, 1, {})),
    "CRLF": (WEB.replace("\n", "\r\n"), Row(1, 1, 1, 1, {})),
    "a byte order mark": (b"\xef\xbb\xbf" + WEB.encode(), Row(1, 1, 1, 1, {})),
    "a comment behind": (WEB.replace("1.2.3", "1.2.3 # keep"), Row(1, 1, 1, 1, {})),
    "a boolean": (WEB.replace('"true"', "yes"), Row(1, 1, 1, 1, {})),
    "sync_only": (WEB.replace("spec:", "    fluxcd.io/ignore: sync_only\nspec:", 1), Row(1, 1, 1, 1, {})),
    "a second document": (f"# first\n---\n{CONFIG}---\n{WEB}", Row(1, 1, 1, 1, {})),
    "a list alone": (in_list(WEB), Row(1, 1, 1, 0, {"IM011": 1})),
    "a list and more": (f"{in_list(WEB)}---\n{CONFIG}", Row(1, 1, 1, 1, {})),
    "values": (release("    web:\n      image: ghcr.io/acme/web:1.2.3\n"), Row(1, 1, 1, 1, {})),
    "a block": (release("    web:\n      image: >-\n        ghcr.io/acme/web:1.2.3\n"), Row(1, 1, 1, 1, {})),
    "the next line": (release("    web:\n      image:\n        acme/web:1.2.3\n"), Row(1, 1, 1, 1, {})),
    "name and tag": (release("    web:\n      image: acme/web\n      tag: 1.2.3\n"), Row(1, 1, 2, 2, {})),
    "a number": (release("    web:\n      image: acme/web\n      tag: 1.10\n"), Row(1, 1, 2, 2, {})),
    "one line": (release("    web: {image: {repository: acme/web, tag: 1.2.3}}\n"), Row(1, 1, 2, 2, {})),
    "a registry": (
        release("    web:\n      registry: ghcr.io\n      image: acme/web\n      tag: 1.2.3\n"),
        Row(1, 1, 1, 1, {}),
    ),
    "a registry beside a reference": (
        release("    web:\n      registry: ghcr.io\n      image: acme/web:1.2.3\n"),
        Row(1, 1, 1, 0, {"IM014": 1}),
    ),
    "mapped": (
        release("    deep:\n      er:\n        repo: acme/web\n        version: 1.2.3\n", MAPPED),
        Row(1, 1, 2, 2, {}),
    ),
    "no tag, and a range": (release("    web:\n      image: acme/web\n"), Row(1, 1, 1, 1, {})),
    "no tag, and a glob": (
        release("    web:\n      image: acme/web\n").replace("semver:~1", "glob:1*"),
        Row(1, 1, 1, 0, {"IM017": 1}),
    ),
    "a release that stays": (
        release("    web:\n      image: acme/web:1.2.3\n", version=""),
        Row(1, 1, 1, 0, {"HR041": 1}),
    ),
    "encrypted": (
        release("    web:\n      image: acme/web:1.2.3\n") + "sops:\n  mac: ENC[AES256_GCM,data:abc]\n",
        Row(1, 1, 1, 0, {"RP011": 1}),
    ),
    "locked": (WEB.replace("spec:", '    fluxcd.io/locked: "true"\nspec:', 1), Row(0, 0, 0, 0, {})),
    "ignored": (WEB.replace("spec:", '    fluxcd.io/ignore: "true"\nspec:', 1), Row(0, 0, 0, 0, {})),
    "a job": (WEB.replace("Deployment", "Job"), Row(0, 0, 0, 0, {})),
    "a digest": (WEB.replace(":1.2.3", f"@sha256:{'0' * 64}"), Row(0, 0, 0, 0, {})),
    "not scanned": (WEB.replace("ghcr.io/acme", "k8s.gcr.io"), Row(0, 0, 0, 0, {})),
    "a second image that cannot be read": (
        f"{WEB}      - name: b\n        image: a:b:c\n",
        Row(0, 0, 0, 0, {}),
    ),
    "an addon": (
        WEB.replace("shop\n", 'kube-system\n  labels:\n    kubernetes.io/cluster-service: "true"\n'),
        Row(0, 0, 0, 0, {}),
    ),
    "a template": (WEB.replace("ghcr.io/acme/web:1.2.3", "{{ .Values.image }}"), Row(0, 0, 0, 0, {})),
}


def check(files: Files, folders: tuple[str, ...], row: Row) -> None:
    options = fm.MigrationOptions(clusters=clusters_of(folders))
    migration = fm.migrate_repository(files, options)
    assert hold_marks(files, migration, folders) == row
    hold_policies(migration)
    hold_the_rest(files, migration)
    assert fm.migrate_repository(migration.files, options).files == migration.files


@pytest.mark.parametrize("name", PLAIN)
def test_places_in_a_file(name: str) -> None:
    text, row = PLAIN[name]
    check({"apps/web.yaml": text}, ("apps",), row)


def test_charts_are_left_out() -> None:
    chart: Files = {"apps/Chart.yaml": "name: web\n", "apps/values.yaml": "", "apps/templates/web.yaml": WEB}
    check(chart, ("apps",), Row(0, 0, 0, 0, {}))


ONE = "1.2.3"
OTHER = NAME + POD.replace(ONE, "1.2.9")
NEW_TAG = f"resources:\n- ../base\nimages:\n- name: ghcr.io/acme/web\n  newTag: {ONE}\n"
BUILT: dict[str, tuple[Files, Row]] = {
    "a base": ({}, Row(1, 1, 1, 1, {})),
    "a patch": (
        {
            "live/kustomization.yaml": "resources:\n- ../base\npatchesStrategicMerge:\n- web.yaml\n",
            "live/web.yaml": OTHER,
        },
        Row(1, 1, 1, 1, {}),
    ),
    "annotations in a patch": (
        {
            "base/web.yaml": NAME + POD,
            "live/kustomization.yaml": "resources:\n- ../base\npatches:\n- path: web.yaml\n",
            "live/web.yaml": NAME + AUTOMATED,
        },
        Row(1, 1, 1, 1, {}),
    ),
    "a component": (
        {
            "live/kustomization.yaml": "resources:\n- ../base\ncomponents:\n- ../part\n",
            "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            "patches:\n- path: web.yaml\n",
            "part/web.yaml": OTHER,
        },
        Row(1, 1, 1, 1, {}),
    ),
    "newTag": ({"live/kustomization.yaml": NEW_TAG}, Row(1, 1, 1, 1, {})),
    "newTag and newName": (
        {"live/kustomization.yaml": f"{NEW_TAG}  newName: quay.io/acme/web\n"},
        Row(1, 1, 2, 2, {}),
    ),
    "newTag beside a release": (
        {
            "live/kustomization.yaml": NEW_TAG,
            "base/web.yaml": release(f"    web: {{image: ghcr.io/acme/web:{ONE}}}\n"),
        },
        Row(1, 1, 1, 1, {}),
    ),
    "a patch in the kustomization": (
        {"live/kustomization.yaml": f"resources:\n- ../base\n{patch(OTHER)}"},
        Row(1, 1, 1, 1, {}),
    ),
    "fluxd's own patch": ({"live/flux-patch.yaml": OTHER}, Row(1, 1, 1, 1, {})),
}


@pytest.mark.parametrize("name", BUILT)
def test_places_in_what_kustomize_builds(name: str) -> None:
    files, row = BUILT[name]
    check({**BASE, "base/web.yaml": WEB, **files}, ("live",), row)


def test_a_shared_field_with_two_filters_is_written_once_more() -> None:
    test = {
        "test/kustomization.yaml": "resources:\n- ../base\npatchesStrategicMerge:\n- web.yaml\n",
        "test/.flux.yaml": FLUX_YAML,
        "test/web.yaml": NAME + AUTOMATED.replace("~1", ">=1"),
    }
    files = {**BASE, "base/web.yaml": WEB, **test}
    check(files, ("live", "test"), Row(1, 1, 1, 1, {}))


UNANNOTATED: dict[str, Files] = {
    "fluxd's own patch": {"live/flux-patch.yaml": WEB},
    "a patch in the kustomization": {
        "live/kustomization.yaml": f"resources:\n- ../base\n{patch(NAME + AUTOMATED)}"
    },
    "commonAnnotations": {
        "live/kustomization.yaml": "resources:\n- ../base\n"
        'commonAnnotations:\n  fluxcd.io/automated: "true"\n'
    },
}


@pytest.mark.parametrize("name", UNANNOTATED)
def test_annotations_that_stand_elsewhere_count(name: str) -> None:
    files = {**BASE, "base/web.yaml": NAME + POD, **UNANNOTATED[name]}
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters_of(["live"])))
    hold_marks(files, migration, ["live"])


def test_what_one_cluster_locks_does_not_move_with_another() -> None:
    files = {
        **BASE,
        "base/web.yaml": WEB,
        "test/kustomization.yaml": "resources:\n- ../base\npatchesStrategicMerge:\n- web.yaml\n",
        "test/.flux.yaml": FLUX_YAML,
        "test/web.yaml": NAME + LOCKED,
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters_of(["live", "test"])))
    assert {path for path, *_ in found_markers(migration.files)} == {"live/web-image.yaml"}


def test_a_sync_path_may_be_a_file() -> None:
    migration = fm.migrate_repository(
        {"apps/web.yaml": WEB}, fm.MigrationOptions(clusters=clusters_of(["apps/web.yaml"]))
    )
    assert not [path for path in migration.created if path.startswith("apps/web.yaml/")]


def test_a_key_that_stands_twice_is_told() -> None:
    files = {"apps/web.yaml": WEB.replace("kind: Deployment\n", "kind: Deployment\nkind: Deployment\n")}
    check(files, ("apps",), Row(1, 1, 1, 0, {"RP003": 1}))
