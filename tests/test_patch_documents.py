"""Every patch of a release in the reference data: nothing of it is lost, and its values stay as they are."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.kubernetes import annotations_of
from fluxv2_migrate.kustomize import PatchUse
from fluxv2_migrate.repository.reading import is_old_release, read_repository
from patched_overlays import Files
from reference_trees import LOADER, TREES, read_tree
from test_table_of_fields import ROWS, leaves

# By tree, patches that are migrated and that stay.
COUNTED = {"enterprise-overlays": (143, 0)}
MARKER = re.compile(r' +# \{"\$imagepolicy": "[^"]+"\}')


def patches(files: Mapping[str, str | bytes]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Gives the patches of releases of Flux v1, each with its file and its place there."""
    clusters = see_repository(dict(files), read_repository(dict(files)), fm.MigrationOptions())
    for path in clusters.patch_files:
        text = files[path]
        for index, manifest in enumerate(yaml.load_all(text, LOADER)):
            if (
                isinstance(manifest, dict)
                and RELEASE_APIS.get(str(manifest.get("apiVersion"))) == manifest["kind"]
            ):
                yield path, index, manifest


def text_of_values(text: str) -> list[str]:
    """Gives the lines of `values`, without markers."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("  values:")), len(lines))
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(("   ", "  -"))):
        end += 1
    return [MARKER.sub("", line).rstrip() for line in lines[start:end] if line.strip()]


def lost(manifest: dict[str, Any], after: dict[str, Any], told: Collection[str]) -> list[str]:
    """Gives the fields that are neither where they were, nor where their row says, nor told of."""
    copied = list(leaves(after))
    names = (name for path, _ in copied for name in itertools.accumulate(path, "{}.{}".format))
    present = {name.replace(".[]", "[]") for name in names}
    found = []
    for path, value in leaves(manifest):
        dotted = ".".join(path).replace(".[]", "[]")
        row = ROWS.get(dotted)
        is_there = (path, value) in copied or (row is not None and not present.isdisjoint(row.becomes))
        # What goes as a whole goes with all that is in it.
        if not is_there and not any(f"{dotted}.".startswith(f"{each}.") for each in told):
            found.append(dotted)
    return found


@pytest.mark.parametrize("name", TREES)
def test_nothing_of_a_patch_is_lost(name: str, shared: Path) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    migration = fm.migrate_repository(files)
    counted: Counter[str] = Counter()
    for path, index, manifest in patches(files):
        before, after = files[path], migration.files[path]
        assert isinstance(before, bytes)
        assert isinstance(after, bytes)
        becomes = list(yaml.load_all(after, LOADER))[index]
        counted["stays" if becomes == manifest else "migrated"] += 1
        told = {each.field for each in migration.findings if each.path == path}
        told |= {name for each in migration.changes if each.path == path for name in each.fields}
        assert lost(manifest, becomes, told) == [], path
        assert text_of_values(before.decode("utf-8")) == text_of_values(after.decode("utf-8")), path
    assert (counted["migrated"], counted["stays"]) == COUNTED.get(name, (0, 0))


def written(files: Mapping[str, str | bytes], use: PatchUse) -> str:
    """Gives the text of a patch as it stands in a repository by now."""
    if use.path:
        content = files[use.path]
        return content if isinstance(content, str) else content.decode("utf-8")
    kustomization: Any = yaml.load(files[use.kustomization], LOADER)
    for key in (*use.field.split("."), use.entry):
        kustomization = kustomization[key]
    return str(kustomization["patch"] if isinstance(kustomization, dict) else kustomization)


def objects(text: str) -> list[Any]:
    """Gives the patches of a text: the items of a list are documents of their own afterwards."""
    documents = [each for each in yaml.load_all(text, LOADER) if each is not None]
    return [
        one for each in documents for one in (each.get("items", [each]) if isinstance(each, dict) else [each])
    ]


def kept_of(patch: Any) -> list[Any]:
    """Gives what both Fluxes read alike of a patch."""
    if isinstance(patch, list):
        return [each for each in patch if re.match(r"/spec/values(/|$)", each["path"]) and "from" not in each]
    metadata = {key: value for key, value in patch["metadata"].items() if key != "annotations"}
    return [metadata, (patch.get("spec") or {}).get("values")]


def held(files: Mapping[str, str | bytes], options: fm.MigrationOptions) -> Counter[str]:
    """Holds of each patch that reaches a release that what both Fluxes read alike is the same text."""
    repository = read_repository(dict(files))
    clusters = see_repository(dict(files), repository, options)
    migration = fm.migrate_repository(files, options)
    counted: Counter[str] = Counter()
    uses = {
        use._replace(document=0)
        for build in clusters.builds.values()
        for built in (*build.objects, *build.removed)
        if is_old_release(built.manifest)
        for use in built.patches
    }
    for use in uses:
        before, after = written(files, use), written(migration.files, use)
        if before == after:
            counted["stays"] += 1
            continue
        counted["migrated"] += 1
        pairs = list(zip(objects(before), objects(after), strict=True))
        for old, new in pairs:
            # A patch that says nothing of values may get a text of its own of an image.
            assert all(was in (None, now) for was, now in zip(kept_of(old), kept_of(new), strict=True)), use
        if use.path and use.kind == "merge":
            told = {each.field for each in migration.findings if each.field}
            told |= {name for each in migration.changes if each.path == use.path for name in each.fields}
            marks = {f"metadata.annotations.{key}" for old, _ in pairs for key in annotations_of(old)}
            assert [lost(old, new, told | marks) for old, new in pairs] == [[]] * len(pairs), use
        # What the two would read otherwise is written as Flux v1 read it.
        read = re.sub(r"(?m): no$", ": false", before)
        lines = text_of_values(read) if len(pairs) == 1 and "{" not in before else []
        assert lines in ([], text_of_values(after)), use
        assert comments(before) <= comments(after), use
    return counted


def comments(text: str) -> Counter[str]:
    return Counter(re.findall(r"(?m)(?:^|\s)#(?! \{)[^\n]*", MARKER.sub("", text)))


def cases(shared: Path) -> Iterator[tuple[str, Files, fm.MigrationOptions]]:
    """Gives the small repositories whose releases overlays patch."""
    for path in sorted((shared / "cases").glob("e-*.yaml")):
        case = yaml.load(path.read_bytes(), LOADER)
        yield path.stem, case["files"], fm.MigrationOptions.model_validate(case.get("options") or {})


def test_what_both_fluxes_read_alike_stays_in_small_repositories(shared: Path) -> None:
    known = list(cases(shared))
    if not known:
        pytest.skip("no small repositories among the reference data")
    counted = sum((held(files, options) for _, files, options in known), Counter[str]())
    # Some are about what has to stay.
    assert counted["migrated"] > 3 * counted["stays"]


@pytest.mark.parametrize("name", TREES)
def test_what_both_fluxes_read_alike_stays(name: str, shared: Path) -> None:
    counted = held(read_tree(shared / "corpus" / name / "v1"), fm.MigrationOptions())
    assert not counted["stays"]


def test_values_of_several_patches_are_compared() -> None:
    patch = "kind: A\nmetadata: {name: a}\nspec: {wait: true, values: {a: 1}}\n"
    items = patch.replace("\n", "\n  ").rstrip()
    assert objects(f"{patch}---\n{patch}") == objects(f"kind: List\nitems:\n- {items}\n- {items}\n")
    assert kept_of(objects(patch)[0]) == [{"name": "a"}, {"a": 1}]
    operations = [{"op": "add", "path": "/spec/wait", "value": 1}, {"op": "remove", "path": "/spec/values/a"}]
    assert kept_of(operations) == operations[1:]


def test_what_is_lost_is_found_out() -> None:
    """The check itself."""
    patch = {"metadata": {"name": "web"}, "spec": {"timeout": 60, "wait": True, "values": {"a": 1}}}
    after = {"metadata": {"name": "web"}, "spec": {"timeout": "1m"}}
    assert lost(patch, after, ()) == ["spec.wait", "spec.values"]
    text = "spec:\n  values:\n    a: 1\n    # odd\n    b:\n    - 2\n  timeout: 60\n"
    assert text_of_values(text) == ["  values:", "    a: 1", "    # odd", "    b:", "    - 2"]
    marked = 'spec:\n  values:\n    a: "1" # {"$imagepolicy": "a:b"}\n'
    assert text_of_values(marked) == ["  values:", '    a: "1"']
