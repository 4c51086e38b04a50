"""Every patch of a release in the reference trees: nothing of it is lost, and its values stay as they are."""

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
from fluxv2_migrate.repository.reading import read_repository
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
    present = {name for path, _ in copied for name in itertools.accumulate(path, "{}.{}".format)}
    found = []
    for path, value in leaves(manifest):
        dotted = ".".join(path).replace(".[]", "[]")
        row = ROWS.get(dotted)
        is_there = (path, value) in copied or (row is not None and not present.isdisjoint(row.becomes))
        if not is_there and dotted not in told:
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


def test_what_is_lost_is_found_out() -> None:
    """The check itself."""
    patch = {"metadata": {"name": "web"}, "spec": {"timeout": 60, "wait": True, "values": {"a": 1}}}
    after = {"metadata": {"name": "web"}, "spec": {"timeout": "1m"}}
    assert lost(patch, after, ()) == ["spec.wait", "spec.values"]
    text = "spec:\n  values:\n    a: 1\n    # odd\n    b:\n    - 2\n  timeout: 60\n"
    assert text_of_values(text) == ["  values:", "    a: 1", "    # odd", "    b:", "    - 2"]
    marked = 'spec:\n  values:\n    a: "1" # {"$imagepolicy": "a:b"}\n'
    assert text_of_values(marked) == ["  values:", '    a: "1"']
