"""Whole repositories of the Flux v1 era, from before until after."""

from __future__ import annotations

import difflib
import pickle
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.repository.reading import read_documents
from fluxv2_migrate.yaml_text import line_of
from reference_trees import PLAIN_TREES, definitions_of, documents_of, read_tree, refusals

# tree: full v1 releases, those converted, and why the others were left.
OUTCOMES = {
    "homelab": (43, 42, {"DA015": 1, "RP003": 1, "IM005": 1}),
    "homelab-crlf": (87, 85, {"DA015": 2, "DA022": 2, "DA020": 1, "IM005": 1, "HR032": 1}),
    "get-started": (3, 3, {"DA020": 1, "HR032": 1}),
    "helm-operator-get-started": (4, 4, {"IM005": 1, "HR032": 1}),
    "progressive-delivery": (1, 0, {"HR030": 1}),
}
OLD_LINE = re.compile(
    rb"^apiVersion: *[\"']?(helm\.fluxcd\.io/v1|flux\.weave\.works/v1beta1)[\"']? *\r?$", re.M
)
# What becomes of Flux v1 itself is another matter than its releases.
KEPT = fm.MigrationOptions(flux1="keep")
COMMENT = re.compile(r"(?:^|\s)(#.*?)\s*$")


@pytest.fixture(scope="module", params=PLAIN_TREES)
def tree(request: pytest.FixtureRequest, shared: Path) -> tuple[str, dict[str, str | bytes], fm.Migration]:
    name: str = request.param
    files = read_tree(shared / "corpus" / name / "v1")
    return name, files, fm.migrate_repository(files, KEPT)


def releases_of(migration: fm.Migration) -> list[fm.MigratedResource]:
    return [each for each in migration.resources if isinstance(each.resource, fm.flux2.HelmRelease)]


def test_each_release_is_converted_or_left_with_its_reason(
    tree: tuple[str, dict[str, str | bytes], fm.Migration],
) -> None:
    name, files, migration = tree
    full, converted, left = OUTCOMES[name]
    # Counted by lines, so that releases in files that do not parse are counted too.
    assert (
        sum(len(OLD_LINE.findall(content)) for content in files.values() if isinstance(content, bytes))
        == full
    )
    assert len(releases_of(migration)) == converted
    errors = [finding for finding in migration.findings if finding.severity == "error"]
    assert Counter(finding.code for finding in errors) == Counter(left)
    after = sum(
        len(OLD_LINE.findall(content)) for content in migration.files.values() if isinstance(content, bytes)
    )
    assert after == full - converted
    # One release may have several reasons; of an image, or of other objects of its path, no release waits.
    of_others = ("DA015", "DA020", "HR032", "IM005")
    of_releases = [finding for finding in errors if finding.code not in of_others]
    places = {place for finding in of_releases for place in (f"{finding.path}:", *finding.related)}
    assert len({place.rpartition(":")[0] for place in places}) == full - converted


@pytest.mark.parametrize("flux_version", FLUX_VERSIONS)
@pytest.mark.parametrize("name", PLAIN_TREES)
def test_every_v2_document_is_valid(shared: Path, name: str, flux_version: Any) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    options = fm.MigrationOptions(flux_version=flux_version)
    migration = fm.migrate_repository(files, options)
    touched = {**migration.changed, **migration.created}
    checked = 0
    for path, manifest in documents_of(touched):
        if ".toolkit.fluxcd.io/" in str(manifest.get("apiVersion")):
            assert not refusals(definitions_of(shared, flux_version), manifest), (path, manifest["metadata"])
            checked += 1
    assert checked == len(migration.resources)


def test_a_second_migration_changes_nothing(tree: tuple[str, dict[str, str | bytes], fm.Migration]) -> None:
    _, _, migration = tree
    again = fm.migrate_repository(migration.files, KEPT)
    assert again.files == migration.files
    assert not again.changed
    assert not again.created


def test_files_that_hold_no_migrated_release_are_identical(
    tree: tuple[str, dict[str, str | bytes], fm.Migration],
) -> None:
    _, files, migration = tree
    touched = {each.path for each in releases_of(migration)}
    touched |= {change.path for change in migration.changes if change.rule in ("annotations", "marker")}
    assert set(migration.changed) == touched
    assert {
        path: content for path, content in migration.files.items() if path in files and path not in touched
    } == {path: content for path, content in files.items() if path not in touched}


def child(node: Any, field: str) -> tuple[Any, Any, str] | None:
    """The key, the value and what is left of a dotted field, of which a key may hold dots."""
    if isinstance(getattr(node, "value", None), list):
        for index, item in enumerate(node.value):
            key, value = item if isinstance(item, tuple) else (item, item)
            name = key.value if isinstance(item, tuple) else str(index)
            if field == name or field.startswith(f"{name}."):
                return key, value, field[len(name) + 1 :]
    return None


def spans(documents: tuple[Any, ...], fields: set[str]) -> set[int]:
    """Lines of fields, from the key's until the value's last one."""
    lines: set[int] = set()
    for field in fields:
        for document in documents:
            node, first, rest = document.root, None, field
            while rest:
                found = child(node, rest)
                if found is None:
                    first = None
                    break
                first, node, rest = found
                # The keys that lead to a field are written with it.
                lines.add(document.line + line_of(document.text, first.start))
            if first is not None and node is not None:
                begin = line_of(document.text, first.start)
                last = line_of(document.text, max(first.start, node.end - 1))
                rows = document.text.split("\n")
                while last + 1 < len(rows) and rows[last + 1].lstrip().startswith("#"):
                    # Comments behind a value go with it.
                    last += 1
                lines |= {document.line + line for line in range(begin, max(last, begin) + 1)}
    return lines


def test_only_lines_of_migrated_fields_differ(tree: tuple[str, dict[str, str | bytes], fm.Migration]) -> None:
    _, _, migration = tree
    for path, before in migration.before.items():
        after = migration.changed[path]
        changes = [change for change in migration.changes if change.path == path]
        old_fields = {field for change in changes for field in change.fields}
        new_fields = {change.target_field for change in changes if change.target_field}
        # The namespace and the name are read, and stay.
        old_lines = spans(read_documents(path, before)[0], old_fields)
        new_lines = spans(read_documents(path, after)[0], new_fields)
        old, new = before.split("\n"), after.split("\n")
        for tag, i, j, m, n in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            for number in range(i, j):
                assert number + 1 in old_lines, (path, number + 1, old[number])
            for number in range(m, n):
                row = new[number].strip()
                # A comment of a field that went keeps its place, and a text that is folded no more its lines.
                is_left = row.startswith("#") or (not row and number in new_lines)
                assert number + 1 in new_lines or is_left, (path, number + 1, new[number])


def comments(text: str) -> Counter[str]:
    return Counter(match[1] for line in text.split("\n") if (match := COMMENT.search(line)))


def test_every_comment_is_kept(tree: tuple[str, dict[str, str | bytes], fm.Migration]) -> None:
    _, _, migration = tree
    texts = [*migration.changed.values(), *migration.created.values()]
    after = sum((comments(text) for text in texts), Counter[str]())
    before = sum((comments(text) for text in migration.before.values()), Counter[str]())
    # One comment for all releases that say the same of their common source.
    assert set(before) <= set(after)
    for path, text in migration.before.items():
        lost = comments(text) - comments(migration.changed[path])
        assert sum(lost.values()) <= 1, path


def test_line_ends_stay_what_they_are(tree: tuple[str, dict[str, str | bytes], fm.Migration]) -> None:
    _, _, migration = tree
    for path, before in migration.before.items():
        after = migration.changed[path]
        if before.count("\r\n") == before.count("\n"):
            assert after.count("\r\n") == after.count("\n"), path
        if "\r" not in before:
            assert "\r" not in after, path
        assert before.endswith("\n") == after.endswith("\n")


def test_git_applies_the_diff(tree: tuple[str, dict[str, str | bytes], fm.Migration], tmp_path: Path) -> None:
    _, files, migration = tree
    if not migration.changed:
        assert migration.diff() == ""
        return
    for path, content in files.items():
        assert isinstance(content, bytes)
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    diff = migration.diff().encode()
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=tmp_path, input=diff, check=True)
    after = {path: text.encode() for path, text in {**migration.changed, **migration.created}.items()}
    assert read_tree(tmp_path) == {**files, **after}


def test_the_order_of_files_makes_no_difference(
    tree: tuple[str, dict[str, str | bytes], fm.Migration],
) -> None:
    _, files, migration = tree
    assert fm.migrate_repository(dict(reversed(files.items())), KEPT) == migration


def test_the_result_can_be_pickled(tree: tuple[str, dict[str, str | bytes], fm.Migration]) -> None:
    _, _, migration = tree
    assert pickle.loads(pickle.dumps(migration)) == migration


def test_each_release_runs_under_the_name_that_the_operator_gave_it(
    tree: tuple[str, dict[str, str | bytes], fm.Migration],
) -> None:
    _, files, migration = tree
    old = {
        (path, manifest["metadata"]["name"]): manifest
        for path, manifest in documents_of(files)
        if manifest.get("apiVersion") == "helm.fluxcd.io/v1"
    }
    for each in releases_of(migration):
        release = each.resource.to_manifest()
        before = old[each.path, release["metadata"]["name"]]
        namespace = before["metadata"]["namespace"]
        target = before["spec"].get("targetNamespace", namespace)
        parts = dict.fromkeys((namespace, target))
        name = before["spec"].get("releaseName") or "-".join([*parts, before["metadata"]["name"]])
        assert release["spec"]["releaseName"] == name
        assert release["spec"].get("targetNamespace", namespace) == target
        assert release["spec"].get("storageNamespace", namespace) == target


def test_values_are_the_same_text(tree: tuple[str, dict[str, str | bytes], fm.Migration]) -> None:
    _, files, migration = tree
    old = {
        (path, manifest["metadata"]["name"]): manifest["spec"].get("values")
        for path, manifest in documents_of(files)
        if manifest.get("apiVersion") == "helm.fluxcd.io/v1"
    }
    for path, manifest in documents_of(migration.changed):
        if manifest.get("kind") == "HelmRelease":
            assert manifest["spec"].get("values") == old[path, manifest["metadata"]["name"]]


def test_every_reference_to_a_source_resolves(tree: tuple[str, dict[str, str | bytes], fm.Migration]) -> None:
    _, _, migration = tree
    manifests = [(each.path, each.resource.to_manifest()) for each in migration.resources]
    made = {(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]) for _, each in manifests}
    for _, manifest in manifests:
        if manifest["kind"] == "HelmRelease":
            source = manifest["spec"]["chart"]["spec"]["sourceRef"]
            namespace = source.get("namespace", manifest["metadata"]["namespace"])
            assert (source["kind"], namespace, source["name"]) in made


@pytest.mark.parametrize(
    "name", ["enterprise-overlays", "multi-tenancy", "kustomize-example", "homelab-half-migrated"]
)
def test_other_trees_are_left_with_reasons_and_never_half_done(shared: Path, name: str) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    migration = fm.migrate_repository(files)
    again = fm.migrate_repository(migration.files)
    assert not again.changed
    assert not again.created
    old = sum(len(OLD_LINE.findall(content)) for content in files.values() if isinstance(content, bytes))
    left = sum(
        len(OLD_LINE.findall(content)) for content in migration.files.values() if isinstance(content, bytes)
    )
    # A release that several clusters see otherwise is one document, and its patches go with it.
    documents = {(each.path, each.before) for each in releases_of(migration)}
    assert left <= old - len(documents)
    errors = [finding for finding in migration.findings if finding.severity == "error"]
    # What is said of images stops no release.
    stopping = {finding.code for finding in errors if not finding.code.startswith("IM")} - {"DA022"}
    assert bool(stopping) == bool(left)


def test_flux_1_itself_leaves_a_real_tree(shared: Path) -> None:
    files = read_tree(shared / "corpus" / "homelab-crlf" / "v1")
    migration = fm.migrate_repository(files)
    assert migration.deleted == (
        "archive/devops/flux/flux/flux.yaml",
        "archive/devops/flux/helm-operator/helm-operator.yaml",
    )
    assert "DA022" not in {finding.code for finding in migration.findings}
    assert fm.migrate_repository(migration.files).files == migration.files
