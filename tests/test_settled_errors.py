"""Every error can be settled: by its answer, or by the edit that its remedy names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import fluxv2_migrate as fm
from manifest_texts import AUTOMATED, release_text, workload_text
from pages_of_findings import example_of

Files = Mapping[str, str | bytes]
Edit = tuple[str, str, str] | str | dict[str, Any]
"""A text of a file and what comes in its place, a file that is removed, or options."""

ANSWERED: dict[str, dict[str, Any]] = {
    "DA015": {},
    "AN021": {},
    "DA034": {},
    "DA038": {},
    "DA047": {},
    "DA062": {},
    "HR014": {"release_name": "live"},
    "HR015": {},
    "HR017": {"release_name": "live"},
    "HR030": {},
    "HR032": {},
    "HR049": {},
    "HR125": {},
    "IM005": {},
    "IM034": {},
    "IM041": {},
    "IN001": {},
    "IN002": {},
    "IN003": {},
    "IN005": {},
    "IN007": {},
    "IN008": {},
    "IN010": {},
    "RP007": {},
    "RP015": {},
    "RP022": {},
    "RP024": {},
    "RP029": {},
    "RP035": {},
    "RP040": {},
    "RP041": {"git_url": "https://git.example.com/acme/fleet"},
    "RP050": {},
    "RP052": {},
    "RP053": {},
    "RP054": {},
    "RP055": {},
    "RP056": {},
    "RP077": {},
    "RP080": {},
    "RP084": {},
    "RP086": {},
    "RP088": {},
}
"""Errors that an answer settles, with what is filled in."""

WEB = workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1.4")
RELEASE = release_text(
    """\
  helmVersion: v3
  chart: {repository: https://charts.example.com, name: web, version: 1.4.2}
  values:
    image:
      repository: acme/web
""",
    AUTOMATED,
)
AUTOMATION = """\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {name: flux-system, namespace: flux-system}
spec:
  interval: 5m
  sourceRef: {kind: GitRepository, name: flux-system}
  git: {checkout: {ref: {branch: main}}, commit: {author: {email: flux@example.com}}}
  update: {path: ./apps/one, strategy: Setters}
"""
INFRA = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
    "metadata: {name: infra, namespace: flux-system}\n"
    "spec: {path: ./infra, prune: false, sourceRef: {kind: GitRepository, name: flux-system}}\n"
)
KUSTOMIZATION = "resources:\n- ../base\n"
PULL = "      imagePullSecrets: [{name: pull}]\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: shop}\ntype: kubernetes.io/"

EXAMPLES: dict[str, tuple[Files, dict[str, Any]]] = {
    "AN010": (
        {
            "apps/web.yaml": WEB.replace(
                "fluxcd.io/tag.app", "filter.fluxcd.io/app: glob:*\n    fluxcd.io/tag.app"
            )
        },
        {},
    ),
    "AN015": (
        {"apps/web.yaml": RELEASE.replace("\nspec:", "\n    repository.fluxcd.io/app: picture.name\nspec:")},
        {},
    ),
    "IM005": (
        {"apps/web.yaml": WEB.replace("semver:~1.4", "glob:prod-*").replace("1.4.7", "prod-a1b2c3d")},
        {},
    ),
    "IM014": (
        {"apps/web.yaml": RELEASE.replace("acme/web\n", "acme/web:1.4.7\n      registry: ghcr.io\n")},
        {},
    ),
    "IM020": ({"apps/two/web.yaml": WEB, "apps/automation.yaml": AUTOMATION}, {"sync_roots": ["apps"]}),
    "IM027": (
        {
            "apps/web.yaml": WEB.replace("      containers:", f"{PULL}      containers:"),
            "apps/s.yaml": f"{SECRET}dockercfg\n",
        },
        {"flux_version": "2.6"},
    ),
    "IM029": ({"apps/web.yaml": WEB.replace("acme/web", "Acme/web")}, {}),
    "IM031": (
        {"apps/web.yaml": WEB},
        {"overrides": [{"container": "app", "policy": {"semver": {"range": "~"}}}]},
    ),
    "RP002": ({"apps/web.yaml": RELEASE.encode() + b"# \xff\n"}, {}),
}
"""Where the page of a code shows no file."""

EDITED: dict[str, Edit | list[Edit]] = {
    "AN010": ("apps/web.yaml", "    filter.fluxcd.io/app: glob:*\n", ""),
    "AN015": ("apps/web.yaml", "picture.name", "image.repository"),
    "DA020": "apps/settings.yaml",
    "DA022": "flux/helm-operator.yaml",
    "DA024": ("apps/settings.yaml", "  LEVEL: info\n", ""),
    "DA029": {"clusters": [{"name": "prod", "sync_paths": ["apps"], "branch": "live"}]},
    "DA061": ("prod/sync.yaml", "apiVersion: kustomize", f"{INFRA}---\napiVersion: kustomize"),
    "DA066": {"clusters": [{"name": "apps", "sync_paths": ["apps"], "branch": "live"}]},
    "DA063": {"clusters": [{"name": "prod", "sync_paths": ["apps"]}]},
    "HR121": ("apps/web.yaml", "99999999999", "9999"),
    "HR002": {
        "helm_operator": {"git_url": "https://git.example.com/acme/charts", "helm_versions": ["v3"]},
        "overrides": [{"accept": ["HR030"]}],
    },
    "HR016": ("apps/web.yaml", "-into-being", ""),
    "HR041": ("apps/web.yaml", "    name: web\n", "    name: web\n    version: 1.4.2\n"),
    "HR043": ("apps/web.yaml", "s3://acme-charts/stable", "https://charts.example.com"),
    "HR048": ("apps/web.yaml", "web_app", "web-app"),
    "HR053": ("apps/web.yaml", "3f2a91c", "3f2a91c0" * 5),
    "HR061": ("apps/web.yaml", "/charts\n", "/charts\n    path: web\n"),
    "HR063": ("charts/web/Chart.yaml", '"@bitnami"', "https://charts.example.com"),
    "HR068": ("apps/web.yaml", "timeout: -1", "timeout: 600"),
    "HR092": ("apps/web.yaml", "      namespace: platform\n", ""),
    "HR094": ("apps/web.yaml", "shop/values.yaml", "values.yaml"),
    "HR095": (
        "apps/web.yaml",
        "externalSourceRef:\n      url: https://git.example.com/acme/ops/raw/values.yaml",
        "configMapKeyRef:\n      name: web",
    ),
    "HR096": (
        "apps/web.yaml",
        "  valuesFrom:\n  - chartFileRef:\n      path: production.yaml\n",
        "  values: {}\n",
    ),
    "HR099": {"flux_version": "2.3"},
    "HR113": "apps/web-old.yaml",
    "HR114": "apps/eu-web.yaml",
    "HR120": {"overrides": [{"source_name": "other"}]},
    "IM011": ("apps/web.yaml", "", WEB),
    "IM014": (
        "apps/web.yaml",
        "acme/web:1.4.7\n      registry: ghcr.io\n",
        "ghcr.io/acme/web\n      tag: 1.4.7\n",
    ),
    "IM020": ("apps/automation.yaml", "./apps/one", "./apps"),
    "IM027": ("apps/s.yaml", "dockercfg", "dockerconfigjson"),
    "IM029": ("apps/web.yaml", "Acme/web", "acme/web"),
    "IM031": {"overrides": [{"container": "app", "policy": {"semver": {"range": "~1.4"}}}]},
    "IM035": ("apps/automation.yaml", "  suspend: true\n", ""),
    "RP001": "charts/apps/templates/web.yaml",
    "RP002": ("apps/web.yaml", "", RELEASE),
    "RP003": ("apps/web.yaml", "  timeout: 600\n", ""),
    "RP004": ("apps/kustomization.yaml", "    kind: HelmRelease\n", "    kind: HelmRelease\n    name: web\n"),
    "RP005": ("apps/web.yaml", "", RELEASE),
    "RP006": ("apps/web.yaml", "ten minutes", "600"),
    "RP008": ("apps/web.yaml", "", RELEASE),
    "RP010": {"overrides": []},
    "RP011": ("apps/web.yaml", "sops:\n  version: 3.7.1\n  mac: ENC[AES256_GCM,data:q83v,type:str]\n", ""),
    "RP013": ("apps/web.yaml", "v2beta1", "v2"),
    "RP014": ("apps/kustomization.yaml", "kind: HelmRepository", "kind: GitRepository"),
    "RP016": "apps/two.yaml",
    "DA035": {
        "clusters": [
            {"name": "prod", "sync_paths": ["apps"], "fluxd": {"git_url": "git@git.example.com:acme/fleet"}}
        ]
    },
    "DA032": ("apps/.flux.yaml", "sops -d secret.enc.yaml && echo --- && ", ""),
    "DA033": ("apps/.flux.yaml", " | envsubst", ""),
    "RP018": "apps/.flux.yaml",
    "RP063": ("apps/web.yaml", "-SANDBOX_ID", ""),
    "RP061": ("clusters/a/flux-system/gotk-components.yaml", "v0.27.0", "v2.3.0"),
    "RP019": ("apps/kustomization.yaml", "- missing.yaml\n", ""),
    "RP020": ("apps/web.yaml", "  name: web\nspec", "  name: web\n  namespace: shop\nspec"),
    "RP057": ("apps/kustomization.yaml", "spec/unknown", "spec/releaseName"),
    "RP026": ("apps/agent.yaml", "hostNetwork: yes", "hostNetwork: true"),
    "RP042": ("apps/web.yaml", "-for-short", ""),
    "RP058": (
        "apps/settings.yaml",
        "  annotations:\n    kustomize.toolkit.fluxcd.io/reconcile: disabled\n",
        "",
    ),
    "RP074": ("clusters/prod/apps.yaml", "helm.fluxcd.io/v1", "helm.toolkit.fluxcd.io/v2"),
    "RP073": (
        "clusters/prod/apps.yaml",
        "        name: web\n",
        "        name: web\n        namespace: shop\n",
    ),
    "RP085": {"clusters": [{"name": "prod", "sync_paths": ["apps"]}]},
    "RP071": [
        ("apps/.flux.yaml", "patchUpdated", "commandUpdated"),
        ("apps/.flux.yaml", "  patchFile: flux-patch.yaml\n", ""),
    ],
}
"""Errors that an edit settles, as their remedy says."""

ELSEWHERE = {
    "IM016": "where several clusters see one field",
    "IN009": "its page shows both",
}
"""Errors that are settled in tests of their own."""


def example(code: str) -> tuple[dict[str, str | bytes], dict[str, Any]]:
    """Gives the repository that a page shows, or one for a page that shows none."""
    if code in EXAMPLES:
        files, given = EXAMPLES[code]
        return dict(files), given
    files, options = example_of(code)
    return {**files}, options.model_dump(exclude_unset=True)


def errors(files: Files, options: Mapping[str, Any]) -> list[fm.Finding]:
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
    return [finding for finding in migration.findings if finding.severity == "error"]


def hold_settled(files: Files, given: Mapping[str, Any]) -> None:
    """Holds that nothing is asked, a verification says the same, and a later run changes nothing."""
    options = fm.MigrationOptions.model_validate(given)
    migration = fm.migrate_repository(files, options)
    assert [each for each in migration.findings if each.severity == "error"] == []
    report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
    assert report.ok, report.to_markdown()
    assert fm.migrate_repository(migration.files, options).files == migration.files


def edited(files: dict[str, str | bytes], options: dict[str, Any], edit: Edit) -> dict[str, Any]:
    """Does an edit in a repository, and gives the options after it."""
    if isinstance(edit, dict):
        return {**options, **edit}
    if isinstance(edit, str):
        del files[edit]
        return options
    path, old, new = edit
    text = files[path]
    files[path] = new
    if old:
        assert isinstance(text, str)
        assert old in text
        files[path] = text.replace(old, new)
    return options


def test_of_every_error_it_is_known_how_it_is_settled() -> None:
    known = {code for code, kind in fm.FINDINGS.items() if kind.severity == "error"}
    assert known == ANSWERED.keys() | EDITED.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("code", sorted(ANSWERED))
def test_its_answer_settles_an_error(code: str) -> None:
    files, options = example(code)
    found = errors(files, options)
    assert {each.code for each in found} == {code}
    answers = [each.answer.model_copy(update=ANSWERED[code]) for each in found if each.answer is not None]
    assert len(answers) == len(found)
    given = [each.model_dump(exclude_unset=True) for each in answers]
    hold_settled(files, {**options, "overrides": [*options.get("overrides", ()), *given]})


@pytest.mark.parametrize("code", sorted(EDITED))
def test_the_edit_that_is_named_settles_an_error(code: str) -> None:
    files, options = example(code)
    assert {each.code for each in errors(files, options)} == {code}
    named = EDITED[code]
    for edit in named if isinstance(named, list) else [named]:
        options = edited(files, options, edit)
    hold_settled(files, options)


def test_one_field_of_several_clusters_is_settled_by_a_field_for_each() -> None:
    locked = WEB.replace("automated", "locked: 'true'\n    fluxcd.io/automated")
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n"
    patch += "  annotations: {fluxcd.io/locked: 'true'}\n"
    files = {
        "base/kustomization.yaml": "resources:\n- web.yaml\n",
        "base/web.yaml": WEB,
        "eu/kustomization.yaml": KUSTOMIZATION,
        "us/kustomization.yaml": f"{KUSTOMIZATION}patches:\n- path: lock.yaml\n",
        "us/lock.yaml": patch,
        # The names that a field for each would have are those of other files.
        "eu/web-image.yaml": "a: 1\n",
        "eu/web-app.yaml": "a: 1\n",
    }
    options = {"sync_roots": ["eu", "us"]}
    assert {each.code for each in errors(files, options)} == {"IM016"}
    settled = {**files, "us/kustomization.yaml": "resources:\n- web.yaml\n", "us/web.yaml": locked}
    assert errors({path: text for path, text in settled.items() if path != "us/lock.yaml"}, options) == []
