"""What holds for every release and every repository."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.repository.reading import read_documents
from fluxv2_migrate.yaml_text import Style, emit_entry
from generated_releases import RELEASES

STYLES = st.builds(Style, st.sampled_from([2, 4]), st.booleans(), st.sampled_from(["\n", "\r\n"]))
VERSIONS = st.sampled_from(FLUX_VERSIONS)


def text_of(manifest: dict[str, Any], style: Style) -> str:
    return "".join(emit_entry(key, value, 0, style) for key, value in manifest.items())


@settings(max_examples=150)
@given(RELEASES, STYLES, VERSIONS, st.sampled_from(["keep", "flux2"]))
def test_text_and_value_become_the_same_release(
    manifest: dict[str, Any], style: Style, flux_version: Any, defaults: Any
) -> None:
    options = fm.MigrationOptions(flux_version=flux_version, defaults=defaults)
    text = text_of(manifest, style)
    migration = fm.migrate_text(text, options=options)
    conversion = fm.convert_helm_release(manifest, options)
    if conversion.release is None:
        # Whole or not at all.
        assert migration.changed == {}
        assert migration.created == {}
        assert not migration.ok
        return
    (document,) = read_documents("manifest.yaml", migration.changed["manifest.yaml"])[0]
    assert document.value == conversion.release.to_manifest()
    assert migration.resources[0].resource == conversion.release
    codes = {finding.code for finding in migration.findings} - {"RP009", "HR054", "HR056", "HR118"}
    assert codes == {finding.code for finding in conversion.findings}
    assert fm.migrate_repository(migration.files, options).files == migration.files


@settings(max_examples=150)
@given(RELEASES, STYLES)
def test_values_are_not_touched(manifest: dict[str, Any], style: Style) -> None:
    text = text_of(manifest, style)
    migration = fm.migrate_text(text)
    if migration.changed and manifest["spec"].get("values"):
        values = emit_entry("values", manifest["spec"]["values"], style.step, style)
        assert values in text
        assert values in migration.changed["manifest.yaml"]


@settings(max_examples=60)
@given(RELEASES, st.sampled_from([None, 2]))
def test_a_release_in_braces_becomes_what_one_in_lines_becomes(
    manifest: dict[str, Any], indent: int | None
) -> None:
    lines = fm.migrate_text(text_of(manifest, Style()))
    braces = fm.migrate_text(json.dumps(manifest, indent=indent, ensure_ascii=False))
    assert [each.code for each in braces.findings] == [each.code for each in lines.findings]
    assert braces.created == lines.created
    values = [
        read_documents("manifest.yaml", str(each.files["manifest.yaml"]))[0][0].value
        for each in (braces, lines)
    ]
    assert values[0] == values[1]


@settings(max_examples=60)
@given(st.lists(RELEASES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_files_makes_no_difference(releases: list[dict[str, Any]], chance: Any) -> None:
    files = {f"{index}.yaml": text_of(manifest, Style()) for index, manifest in enumerate(releases)}
    shuffled = list(files.items())
    chance.shuffle(shuffled)
    assert fm.migrate_repository(dict(shuffled)) == fm.migrate_repository(files)


@settings(max_examples=60)
@given(st.lists(RELEASES, min_size=2, max_size=5, unique_by=lambda each: str(each["metadata"])))
def test_later_releases_rename_nothing(releases: list[dict[str, Any]]) -> None:
    files = {f"{index}.yaml": text_of(manifest, Style()) for index, manifest in enumerate(releases)}
    options = fm.MigrationOptions(sync_roots=("",))
    some = dict(list(files.items())[1:])
    first = fm.migrate_repository(some, options)
    second = fm.migrate_repository({**first.files, "0.yaml": files["0.yaml"]}, options)
    for path in (*first.changed, *first.created):
        assert second.files[path] == first.files[path]


@settings(max_examples=100)
@given(st.lists(st.text("ab:-# \n\r\t{}[]&*'\"|>é\ufeff\0", max_size=40), max_size=3))
def test_no_text_raises(texts: list[str]) -> None:
    files = {f"{index}.yaml": f"{text}\n# fluxcd.io helm.fluxcd.io/v1" for index, text in enumerate(texts)}
    assert fm.migrate_repository(files).files == files


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
PLACES = st.sampled_from(
    [
        ("apiVersion",),
        ("kind",),
        ("metadata",),
        ("metadata", "name"),
        ("metadata", "namespace"),
        ("metadata", "annotations"),
        ("metadata", "labels"),
        ("items",),
        ("sops",),
        ("spec",),
        ("spec", "chart"),
        ("spec", "chart", "name"),
        ("spec", "values"),
        ("spec", "valuesFrom"),
        ("spec", "rollback"),
        ("spec", "url"),
        ("spec", "ref"),
        ("spec", "secretRef"),
        ("resources",),
        ("patches",),
    ]
)
OBJECTS = st.sampled_from(
    [
        ("helm.fluxcd.io/v1", "HelmRelease"),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        ("source.toolkit.fluxcd.io/v1", "GitRepository"),
        ("source.toolkit.fluxcd.io/v1", "HelmRepository"),
        ("fluxcd.io/v1", "Deployment"),
        ("fluxcd.io/v1", "List"),
    ]
)


@settings(max_examples=400)
@given(OBJECTS, PLACES, ANYTHING)
def test_no_value_in_a_field_raises(kind: tuple[str, str], place: tuple[str, ...], value: Any) -> None:
    manifest: dict[str, Any] = {
        "apiVersion": kind[0],
        "kind": kind[1],
        "metadata": {"name": "a", "namespace": "b"},
        "spec": {"chart": {"repository": "https://x.example", "name": "a", "version": "1.0.0"}},
    }
    parent = manifest
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    text = text_of(manifest, Style())
    files = {"a.yaml": text, "b.yaml": text_of(RELEASE, Style()), "kustomization.yaml": text}
    migration = fm.migrate_repository(files)
    migration.to_markdown()
    migration.runbook()
    assert [each.resource.kind for each in migration.resources]
    fm.verify_migration(files, migration.files)


RELEASE: dict[str, Any] = {
    "apiVersion": "helm.fluxcd.io/v1",
    "kind": "HelmRelease",
    "metadata": {"name": "other", "namespace": "other"},
    "spec": {"chart": {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}},
}
