"""Replacements, and patches for other APIs, over releases that are migrated: what is built stays right."""

from __future__ import annotations

from pathlib import Path

import pytest

import fluxv2_migrate as fm
from patched_overlays import CHART, Files, hold_commuting, release
from real_kustomize import build_all, write_tree

FACTS = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: facts\n  namespace: shop\n"
    "data:\n  version: 4.0.1\n  other: site\n"
)
SOURCE = "source: {kind: ConfigMap, name: facts, fieldPath: data.%s}\n"
TARGET = "targets:\n- select: {kind: HelmRelease, group: helm.fluxcd.io}\n  fieldPaths: [%s]\n"
VALUES = "  valueFileSecrets: [{name: keys}]\n  valuesFrom: [{configMapKeyRef: {name: a}}]\n"
NEW = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: newer\n  namespace: shop\n"
    "spec:\n  interval: 5m\n  chart:\n    spec:\n      chart: x\n      version: 1.0.0\n"
    "      sourceRef: {kind: HelmRepository, name: x}\n"
)


def tree(replacements: str, more: str = "", **files: str) -> Files:
    return {
        "prod/kustomization.yaml": f"resources: [web.yaml, facts.yaml]\nreplacements:\n{replacements}",
        "prod/web.yaml": release(CHART + more),
        "prod/facts.yaml": FACTS,
        **{f"prod/{name}.yaml": text for name, text in files.items()},
    }


def inline(text: str) -> str:
    return "- " + text.replace("\n", "\n  ").rstrip() + "\n"


@pytest.mark.parametrize(
    ("key", "path", "more"),
    [
        ("version", "spec.chart.version", ""),
        ("other", "spec.valuesFrom.0.configMapKeyRef.name", VALUES),
        ("other", "spec.valuesFrom.*.configMapKeyRef.name", VALUES),
        ("other", "spec.valueFileSecrets.0.name", VALUES),
        ("other", r"spec.values.a\\.b", "  values: {a.b: c}\n"),
    ],
)
@pytest.mark.parametrize("has_file", [False, True])
def test_replacements_write_where_the_fields_are(
    key: str, path: str, more: str, has_file: bool, tmp_path: Path
) -> None:
    path = f'"{path}"' if "\\" in path else path
    text = SOURCE % key + TARGET % path
    listed = "- path: rules.yaml\n" if has_file else inline(text)
    files = tree(listed, more, **({"rules": text} if has_file else {}))
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


def test_the_name_of_a_release_is_read_where_no_field_is_named(tmp_path: Path) -> None:
    text = "source: {group: helm.fluxcd.io, kind: HelmRelease, name: web}\n"
    text += "targets:\n- select: {kind: ConfigMap}\n"
    files = tree(inline(f"{text}  fieldPaths: [data.other]\n"))
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


def test_a_reference_that_a_later_patch_takes_out_is_written_as_it_was(tmp_path: Path) -> None:
    replaced = SOURCE % "other" + TARGET % "spec.valuesFrom.0.configMapKeyRef.name"
    files = tree(inline(replaced), VALUES) | {
        "over/kustomization.yaml": "resources: [../prod]\npatches:\n- path: less.yaml\n",
        "over/less.yaml": release("  valuesFrom: null\n"),
    }
    assert hold_commuting(files, ("over",), tmp_path) == (1, 0)


SECONDS = FACTS.replace("  other", "  seconds: '90'\n  wait: 'true'\n  other")
READING = "source: {kind: HelmRelease, name: web, fieldPath: %s}\ntargets:\n- select: {kind: ConfigMap}\n"
FIELDS = "  timeout: 60\n  wait: false\n"


@pytest.mark.parametrize(
    "replacements",
    [
        inline(SOURCE % "seconds" + TARGET % "spec.timeout"),
        inline(SOURCE % "wait" + TARGET % "spec.wait"),
        inline(READING % "spec.timeout" + "  fieldPaths: [data.other, data.version]\n"),
        inline(READING % "spec.wait" + "  fieldPaths: [data.other]\n"),
        inline(READING % "spec.chart.repository" + "  fieldPaths: [data.other]\n"),
        # One stays, and one goes.
        inline(SOURCE % "seconds" + TARGET % "spec.timeout")
        + inline(SOURCE % "version" + TARGET % "spec.chart.version"),
    ],
)
def test_what_replacements_wrote_is_written_where_no_path_says_it(replacements: str, tmp_path: Path) -> None:
    files = tree(replacements, FIELDS) | {"prod/facts.yaml": SECONDS}
    assert hold_commuting(files, ("prod",), tmp_path / "a") == (1, 0)
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    write_tree(files, tmp_path / "before")
    write_tree(migration.files, tmp_path / "after")
    before, after = build_all([tmp_path / "before/prod", tmp_path / "after/prod"])
    facts = [[each for each in build.objects if each["kind"] == "ConfigMap"] for build in (before, after)]
    assert facts[0] == facts[1]


@pytest.mark.parametrize(
    ("text", "has_file"),
    [
        # A file of replacements may be another kustomization's, too.
        (SOURCE % "seconds" + TARGET % "spec.timeout", True),
        # A field with a place of its own may be another one in each release.
        (SOURCE % "seconds" + TARGET % "spec.timeout, spec.chart.name", False),
        # There is nothing that it could be written into.
        (
            READING.replace("ConfigMap", "ConfigMap, name: none") % "spec.timeout"
            + "  fieldPaths: [data.other]\n",
            False,
        ),
        (
            READING % "spec.timeout" + "  fieldPaths: [data.other]\n  options: {delimiter: '-', index: 1}\n",
            False,
        ),
        (READING % "spec.timeout" + "  reject: [{name: others}]\n  fieldPaths: [data.other]\n", False),
    ],
)
def test_what_is_too_much_to_say_holds_the_release_back(text: str, has_file: bool) -> None:
    listed = "- path: rules.yaml\n" if has_file else inline(text)
    files = tree(listed, FIELDS, **({"rules": text} if has_file else {})) | {"prod/facts.yaml": SECONDS}
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    (error,) = (each for each in migration.findings if each.severity == "error")
    assert "spec.timeout, which a kustomization names, has another form in Flux v2" in error.message


def test_a_patch_of_what_only_a_replacement_makes_holds_the_release_back() -> None:
    made = SOURCE % "version" + TARGET % "spec.values.a" + "  options: {create: true}\n"
    patch = '[{"op": "replace", "path": "/spec/values/a", "value": "x"}]'
    files = tree(inline(made)) | {
        "over/kustomization.yaml": (
            f"resources: [../prod]\npatches:\n- patch: '{patch}'\n  target: {{kind: HelmRelease}}\n"
        )
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("over",)))
    assert dict(migration.files) == files
    (error,) = (each for each in migration.findings if each.severity == "error")
    assert "a patch cannot be followed" in error.message


def test_replacements_of_a_file_stand_in_a_list_too(tmp_path: Path) -> None:
    rules = inline(SOURCE % "version" + TARGET % "spec.chart.version")
    rules += inline(
        "source: {kind: HelmRelease, name: web, fieldPath: spec.chart.name}\n"
        "targets:\n- select: {kind: ConfigMap}\n  fieldPaths: [data.other]\n"
    )
    files = tree("- path: rules.yaml\n", rules=rules)
    files["prod/kustomization.yaml"] = str(files["prod/kustomization.yaml"]) + "- path: rules.yaml\n"
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


def test_what_is_left_out_by_its_api_stays_left_out(tmp_path: Path) -> None:
    text = SOURCE % "version" + TARGET % "spec.chart.version"
    text = text.replace("  fieldPaths", "  reject: [{group: helm.fluxcd.io, name: api}]\n  fieldPaths")
    files = tree(inline(text.replace(", group: helm.fluxcd.io}", "}")), api=release(CHART, "api"))
    files["prod/kustomization.yaml"] = str(files["prod/kustomization.yaml"]).replace("web.", "api.yaml, web.")
    assert hold_commuting(files, ("prod",), tmp_path) == (2, 0)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("spec.timeout", "  timeout: 60\n"),
        ("spec.valuesFrom.1.configMapKeyRef.name", "  valuesFrom: [{secretKeyRef: {name: a}}]\n"),
        ("spec.valuesFrom.*.secretKeyRef.name", VALUES),
    ],
)
def test_what_has_no_counterpart_holds_the_release_back(path: str, more: str) -> None:
    files = tree(inline(SOURCE % "other" + TARGET % path), more)
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    assert "RP004" in {each.code for each in migration.findings} or not migration.ok


URL = FACTS.replace(
    "  other", "  url: https://mirror.example.com\n  git: https://git.example.com/acme\n  other"
)
GIT = CHART.replace("repository: https://charts.example.com", "git: https://unset.example.com\n    path: web")
WEB = "targets:\n- select: {kind: HelmRelease, name: web}\n  fieldPaths: [%s]\n"
MIRROR = release(CHART.replace("charts.example.com", "mirror.example.com"), "api")


@pytest.mark.parametrize(
    ("key", "path", "chart", "kind", "field"),
    [
        ("url", "spec.chart.repository", CHART, "HelmRepository", "url"),
        ("git", "spec.chart.git", GIT, "GitRepository", "url"),
        ("version", "spec.chart.ref", GIT + "    ref: main\n", "GitRepository", "ref"),
    ],
)
def test_where_a_chart_comes_from_is_written_into_its_source(
    key: str, path: str, chart: str, kind: str, field: str, tmp_path: Path
) -> None:
    files = tree(inline(SOURCE % key + WEB % path), api=MIRROR)
    kustomization = str(files["prod/kustomization.yaml"]).replace("[web", "[api.yaml, web")
    files |= {"prod/kustomization.yaml": kustomization, "prod/web.yaml": release(chart)}
    files["prod/facts.yaml"] = URL
    assert hold_commuting(files, ("prod",), tmp_path / "same") == (2, 0)
    after = dict(fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",))).files)
    later = {"url": "https://later.example.com", "git": "https://git.example.com/later", "version": "5.0.0"}
    known = {"url": "https://mirror.example.com", "git": "https://git.example.com/acme", "version": "4.0.1"}
    after["prod/facts.yaml"] = URL.replace(known[key], later[key])
    write_tree(after, tmp_path / "later")
    (built,) = build_all([tmp_path / "later/prod"])
    sources = [each["spec"] for each in built.objects if each["kind"] == kind]
    # What another release has of the same URL does not go with it.
    assert sum(later[key] in str(each[field]) for each in sources) == 1


@pytest.mark.parametrize(
    ("key", "path", "chart", "code"),
    [
        ("url", "spec.chart.repository, spec.values.url", CHART, "RP004"),
        ("scp", "spec.chart.git", GIT, "RP004"),
    ],
)
def test_what_a_source_does_not_take_holds_the_release_back(
    key: str, path: str, chart: str, code: str
) -> None:
    files = tree(inline(SOURCE % key + WEB % path))
    web = release(f"{chart}  values: {{url: x}}\n")
    files |= {"prod/web.yaml": web, "prod/facts.yaml": f"{URL}  scp: git@example.com:a/b\n"}
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    assert code in {each.code for each in migration.findings if each.severity == "error"}


def test_a_source_in_another_build_is_written_by_nobody() -> None:
    base = tree(inline(SOURCE % "url" + WEB % "spec.chart.repository"))
    files: Files = {path.replace("prod/", "base/"): text for path, text in base.items()}
    files |= {"base/facts.yaml": URL, "prod/kustomization.yaml": "resources: [../base]\n"}
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    (finding,) = (each for each in migration.findings if each.severity == "error")
    assert "another build" in finding.message


def test_one_url_for_two_sources_holds_both_back() -> None:
    text = SOURCE % "url" + TARGET % "spec.chart.repository"
    files = tree(inline(text), api=release(CHART, "api"))
    kustomization = str(files["prod/kustomization.yaml"]).replace("[web", "[api.yaml, web")
    files |= {"prod/kustomization.yaml": kustomization, "prod/facts.yaml": URL}
    overrides = (fm.Override(name="web", source_name="own"),)
    options = fm.MigrationOptions(sync_roots=("prod",), overrides=overrides)
    migration = fm.migrate_repository(files, options)
    assert dict(migration.files) == files
    assert "RP004" in {each.code for each in migration.findings}


def test_two_builds_of_which_one_has_the_url_that_the_other_one_writes_are_held_back() -> None:
    overlay = tree(inline(SOURCE % "url" + WEB % "spec.chart.repository"))
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(CHART.replace("charts.example.com", "mirror.example.com")),
        "prod/facts.yaml": URL,
        "prod/kustomization.yaml": str(overlay["prod/kustomization.yaml"]).replace("web.yaml", "../base"),
        "dev/kustomization.yaml": "resources: [../base]\n",
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod", "dev")))
    assert dict(migration.files) == files
    assert "RP004" in {each.code for each in migration.findings}


HISTORY = 'patch: \'[{"op": "add", "path": "/spec/maxHistory", "value": 3}]\'\n'

MARKED = "{kind: HelmRelease, annotationSelector: '!fluxcd.io/automated'}"
LABEL = 'patch: \'[{"op": "add", "path": "/metadata/labels", "value": {}}]\'\n'


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io}}\n  {HISTORY}", True),
        (f"patches:\n- target: {{version: v2, kind: HelmRelease}}\n  {HISTORY}", True),
        (
            f"patches:\n- target: {MARKED}\n  {HISTORY}",
            False,
        ),
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io}}\n  {LABEL}", False),
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io, name: newer}}\n  {HISTORY}", False),
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io, labelSelector: a=b}}\n  {HISTORY}", False),
        (
            (
                "replacements:\n- source: {kind: ConfigMap, name: facts, fieldPath: data.version}\n"
                "  targets:\n  - select: {group: helm.toolkit.fluxcd.io}\n"
                "    fieldPaths: [spec.chart.spec.version]\n"
            ),
            True,
        ),
        (
            (
                "replacements:\n- source: {kind: ConfigMap, name: facts, fieldPath: data.version}\n"
                "  targets:\n  - select: {group: helm.toolkit.fluxcd.io}\n    reject: [{name: web}]\n"
                "    fieldPaths: [spec.chart.spec.version]\n"
            ),
            False,
        ),
    ],
)
def test_what_is_for_flux_2_alone_reaches_nothing_else_in_silence(fields: str, told: bool) -> None:
    files = tree("", newer=NEW)
    marked = "  annotations: {fluxcd.io/automated: 'true'}\nspec:\n"
    files["prod/web.yaml"] = str(files["prod/web.yaml"]).replace("spec:\n", marked, 1)
    files["prod/kustomization.yaml"] = f"resources: [web.yaml, facts.yaml, newer.yaml]\n{fields}"
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    said = [each.message for each in migration.findings if each.code == "RP077"]
    assert bool(said) is told
    assert "prod/web.yaml" in migration.changed


def test_a_ref_for_a_chart_that_comes_from_no_git_repository_holds_the_release_back() -> None:
    created = TARGET % "spec.chart.ref" + "  options: {create: true}\n"
    files = tree(inline(SOURCE % "version" + created))
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    (finding,) = (each for each in migration.findings if each.severity == "error")
    assert finding.code == "RP004"
    assert "from no git repository" in finding.message
