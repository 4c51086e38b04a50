"""Patches of releases: what the real kustomize makes of them afterwards is what Flux v1 read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from textwrap import indent

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree
from manifest_texts import CHART, release_text
from real_kustomize import kubectl
from test_scalar_readings import BOOLEANS, KEYS, NUMBERS, QUOTED, REFUSED, TIMES

RELEASE = release_text(f"""\
  releaseName: web
{CHART}  values:
    given: 1
""")
# In braces a comma begins an entry without a value, and a null in a merge patch takes a field away.
SPELLINGS = [each for each in (*BOOLEANS, *NUMBERS, *TIMES, *QUOTED) if "," not in each]
# Kustomize merges no patch with an empty text as a key.
NO_KEYS = (*REFUSED, '""', "''")
VALUES = "".join(
    f"v{index}: {spelling}\nl{index}: [{spelling}]\nm{index}: {{x: {spelling}}}\n"
    for index, spelling in enumerate(SPELLINGS)
) + "".join(f"k{index}:\n  {key}: 1\n" for index, key in enumerate(KEYS) if key not in NO_KEYS)
TARGET = "- target: {kind: HelmRelease, name: web}\n"
MERGE = (
    "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: web\n  namespace: shop\n"
    "spec:\n  values:\n    patched:\n" + indent(VALUES, "      ")
)
LIST = "apiVersion: v1\nkind: List\nitems:\n- " + indent(MERGE, "  ")[2:]
OPERATIONS = "- op: add\n  path: /spec/values/patched\n  value:\n" + indent(VALUES, "    ")


def run(*arguments: str, stdin: str = "") -> str:
    done = subprocess.run([kubectl(), *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_kubectl_reads(text: str) -> object:
    return json.loads(run("label", "--local", "-o", "json", "-f", "-", "x=y", stdin=text))["spec"]


@pytest.mark.parametrize(
    ("patches", "files"),
    [
        ("patchesStrategicMerge: [merge.yaml]\n", {"merge.yaml": MERGE}),
        ("patchesStrategicMerge:\n- |\n" + indent(MERGE, "  "), {}),
        ("patches:\n- patch: " + json.dumps(MERGE) + "\n", {}),
        ("patchesStrategicMerge: [merge.yaml]\n", {"merge.yaml": LIST}),
        ("patches:\n" + TARGET + "  path: operations.yaml\n", {"operations.yaml": OPERATIONS}),
        ("patchesJson6902:\n" + TARGET + "  path: operations.yaml\n", {"operations.yaml": OPERATIONS}),
        ("patches:\n" + TARGET + "  patch: |\n" + indent(OPERATIONS, "    "), {}),
    ],
    ids=[
        "merge file",
        "merge text",
        "merge in quotes",
        "list",
        "operations file",
        "JSON 6902 file",
        "operations text",
    ],
)
def test_the_real_kustomize_builds_what_flux_1_read(
    tmp_path: Path, patches: str, files: dict[str, str]
) -> None:
    repository = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": RELEASE,
        "prod/kustomization.yaml": "resources: [../base]\n" + patches,
        "prod/.flux.yaml": (
            "version: 1\npatchUpdated:\n  generators: [{command: kustomize build .}]\n  patchFile: p.yaml\n"
        ),
        **{f"prod/{name}": text for name, text in files.items()},
    }
    migration = fm.migrate_repository(repository, fm.MigrationOptions(sync_roots=("prod",)))
    assert migration.changed
    for path, text in migration.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text), "utf-8")
    built = run("kustomize", str(tmp_path / "prod")).split("---\n")
    release = next(text for text in built if "kind: HelmRelease\n" in text)
    before = "apiVersion: example.com/v1\nkind: App\nmetadata:\n  name: a\nspec:\n" + indent(VALUES, "  ")
    assert "apiVersion: helm.toolkit.fluxcd.io/v2\n" in release
    spec = as_kubectl_reads(release)
    assert isinstance(spec, dict)
    assert spec["values"]["patched"] == as_kubectl_reads(before)


BRACES = (
    "{{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease,{0}"
    "metadata: {{name: web, namespace: shop}}, spec: {1}}}"
)
GIVEN = '{values: {no: no, b: "no its", c: 2021-01-01, d: [off, NO]}}'


@pytest.mark.parametrize(
    "text",
    [
        "'" + BRACES.format(" ", GIVEN) + "'",
        ">-\n    " + BRACES.format("\n    ", GIVEN),
        json.dumps(BRACES.format("\n", GIVEN) + "\n").replace("HelmRelease,", "HelmRelease,\n      "),
    ],
    ids=["quotes", "folded", "quotes over several lines"],
)
def test_what_stands_in_one_text_is_read_as_flux_1_read_it(text: str) -> None:
    files = {
        "prod/kustomization.yaml": f"resources: [web.yaml]\npatches:\n- patch: {text}\n",
        "prod/web.yaml": RELEASE,
    }
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    build = KustomizeTree(migration.files).build("prod")
    (release,) = [each.manifest for each in build.objects if each.manifest["kind"] == "HelmRelease"]
    assert release["spec"]["values"] == {
        "given": 1,
        "false": False,
        "b": "no its",
        "c": "2021-01-01",
        "d": [False, False],
    }
