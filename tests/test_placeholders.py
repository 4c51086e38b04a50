"""Placeholders that something fills in before a manifest is applied."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux1.placeholders import placeholder_of_release

PLACEHOLDERS = [
    "$(VALUE)",
    "${VALUE}",
    "$VALUE",
    "<value>",
    "{{ value }}",
    "{{ .Values.x }}",
    "{% value %}",
    "<%= value %>",
    "@value@",
    "#{value}#",
    "[[ value ]]",
    "((value))",
    "%VALUE%",
    "__value__",
    "TO_BE_FIXED",
]
VALUES = [
    "v1.0",
    "release-1.0",
    "feature/FOO-12",
    "a_b",
    "RELEASE_1_0",
    "a@b",
    "A",
    "50%",
    "x<y",
    "MASTER",
    "xx",
    "to-do-list",
]
FIELDS = [
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("spec", "releaseName"),
    ("spec", "targetNamespace"),
    ("spec", "chart", "ref"),
    ("spec", "chart", "git"),
    ("spec", "chart", "version"),
]


def web(path: tuple[str, ...] = (), value: Any = None) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "helmVersion": "v3",
            "releaseName": "web",
            "chart": {"git": "https://git.example.com/acme/charts", "ref": "main", "path": "web"},
        },
    }
    at = manifest
    for key in path[:-1]:
        at = at[key]
    if path:
        at[path[-1]] = value
    return manifest


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_each_form_is_seen_in_each_field(text: str, field: tuple[str, ...]) -> None:
    for value in (text, f"a-{text}", f"{text}-b"):
        found = placeholder_of_release(web(field, value))
        assert found is not None
        assert found.field == field


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", VALUES)
def test_what_only_looks_odd_is_none(text: str, field: tuple[str, ...]) -> None:
    assert placeholder_of_release(web(field, text)) is None


def test_values_may_hold_any() -> None:
    assert placeholder_of_release(web(("spec", "values"), {"a": "${A} {{ b }} TO_BE_FIXED"})) is None
    sources = [{"secretKeyRef": {"name": "x"}}, {"configMapKeyRef": {"name": "$(NAME)"}}]
    found = placeholder_of_release(web(("spec", "valuesFrom"), sources))
    assert found is not None
    assert found.field == ("spec", "valuesFrom", "1", "configMapKeyRef", "name")


TEXT = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {{name: {name}, namespace: shop}}
spec:
  helmVersion: v3
  releaseName: {name}
  chart: {{repository: {repository}, name: web, version: 1.2.3}}
"""


def test_one_finding_names_all_files_with_placeholders_of_one_form() -> None:
    files: dict[str, str | bytes] = {
        f"apps/{name}.yaml": TEXT.format(name=name, repository="TO_BE_FIXED") for name in "abc"
    }
    files["apps/d.yaml"] = TEXT.format(name="d", repository="https://charts.example.com")
    files["apps/e.yaml"] = TEXT.format(name="e", repository='"{{ charts }}"')
    files["apps/f.yaml"] = "{% if x %}\n" + TEXT.format(name="f", repository="x") + "{% endif %}\n"
    files["apps/g.yaml"] = "{% if x %}\n" + TEXT.format(name="g", repository="x") + "{% endif %}\n"
    # A value may hold one of these; alone on a line it stands for more than a value.
    files["apps/h.yaml"] = TEXT.format(name="h", repository="x") + "  values:\n${values}\n"
    files["apps/i.yaml"] = TEXT.format(name="i", repository="x") + "  values: {a: ${b}\n"
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))
    errors = [finding for finding in migration.findings if finding.severity == "error"]
    assert {finding.code for finding in errors} >= {"RP063"}
    assert [finding.path for finding in errors if finding.code == "RP003"] == ["apps/i.yaml"]
    told = [finding for finding in errors if finding.code == "RP063"]
    named = [{f.path, *(place.rpartition(":")[0] for place in f.related)} for f in told]
    expected = [
        {"apps/a.yaml", "apps/b.yaml", "apps/c.yaml"},
        {"apps/e.yaml"},
        {"apps/f.yaml", "apps/g.yaml"},
        {"apps/h.yaml"},
    ]
    assert sorted(named, key=sorted) == expected
    assert {path for path in files if migration.files[path] != files[path]} == {"apps/d.yaml"}


def test_names_of_owners_folders_and_full_refs_may_be_in_capitals() -> None:
    for field, value in (
        (("spec", "chart", "git"), "https://git.example.com/OUR_OWN/charts"),
        (("spec", "chart", "git"), "git@git.example.com:OUR_OWN/charts"),
        (("spec", "chart", "repository"), "https://charts.example.com/OUR_OWN"),
        (("spec", "chart", "path"), "OUR_CHARTS/web"),
        (("spec", "chart", "ref"), "refs/heads/OUR_BRANCH"),
    ):
        assert placeholder_of_release(web(field, value)) is None
    assert placeholder_of_release(web(("spec", "chart", "git"), "https://GIT_HOST/a/b")) is not None


@pytest.mark.parametrize("value", ["CHANGEME", "replace-me", "TODO"])
def test_a_source_that_is_to_be_filled_in_is_none(value: str) -> None:
    found = placeholder_of_release(web(("spec", "chart", "ref"), value))
    assert found is not None
    assert found.text == value
    # An application may be called so.
    assert placeholder_of_release(web(("metadata", "name"), value.lower())) is None


FILLED_IN = ("${NAME}", '"{{ name }}"', "A_NAME", "CHANGEME", "@NAME@", "%NAME%", "{{ name }}")
NOT_A_TEXT = ("[[name]]", "#{Name}#")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(("name", name) for name in FILLED_IN),
        *(("namespace", name) for name in (*FILLED_IN, *NOT_A_TEXT)),
    ],
)
def test_a_name_that_is_filled_in_is_one_question(key: str, name: str) -> None:
    files: dict[str, str | bytes] = {
        f"apps/{number}.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n"
        + "".join(f"  {each}: {name if each == key else 'shop'}\n" for each in ("name", "namespace"))
        + f"spec:\n  helmVersion: v3\n  releaseName: r{number}\n"
        + "  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
        for number in range(3)
    }
    if key == "namespace":
        files = {
            path: str(text).replace("name: shop", f"name: n{number}")
            for number, (path, text) in enumerate(files.items())
        }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))
    (error,) = (each for each in migration.findings if each.severity == "error")
    assert error.code == "RP063"
    assert {error.path, *(each.rpartition(":")[0] for each in error.related)} == files.keys()
    assert migration.files == files
