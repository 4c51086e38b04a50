"""Real trees come out `ok` with the offered answers filled in, after the edits that findings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import fluxv2_migrate as fm
from reference_trees import read_tree

Files = dict[str, str | bytes]


def text(files: Files, path: str) -> str:
    content = files[path]
    return content if isinstance(content, str) else content.decode()


def without_flux_1(files: Files) -> None:
    """Takes out the releases of fluxd and the operator, and their values, which are no manifests."""
    for finding in fm.migrate_repository(files).findings:
        if finding.code in ("DA020", "DA022"):
            for path in (finding.path, *(place.rpartition(":")[0] for place in finding.related)):
                files.pop(path, None)


def one_key(files: Files) -> None:
    """Puts the annotations that stand twice together, under the first of the two keys."""
    path = "default/teslamate/teslamate.yaml"
    lines = text(files, path).split("\n")
    del lines[35]
    moved = lines[35:37]
    del lines[35:37]
    lines[30:30] = moved
    files[path] = "\n".join(lines)


def proposed(files: Files) -> None:
    """Adds the proposed kustomization, without what only the migration makes."""
    (found,) = (each for each in fm.migrate_repository(files).findings if each.code == "DA020")
    lines = found.proposal.split("\n")
    files["kustomization.yaml"] = "\n".join(
        line for line in lines if not line.startswith("- ") or line[2:] in files
    )


def images_in_kustomizations(files: Files) -> None:
    """Writes the image where the updater sees it, for each environment in its own kustomization."""
    files["staging/flux-patch.yaml"] = text(files, "staging/flux-patch.yaml").partition("spec:")[0]
    images = '\nimages:\n- name: stefanprodan/podinfo\n  newTag: 1.4.4\n- name: alpine\n  newTag: "3.9"\n'
    for folder in ("staging", "production"):
        path = f"{folder}/kustomization.yaml"
        files[path] = text(files, path).rstrip() + images


def nothing(files: Files) -> None:
    """Leaves the tree as it is: its answers settle all."""


# Each tree, with the codes that answers settle, and the edit that settles all others.
SETTLED: dict[str, tuple[set[str], Callable[[Files], None]]] = {
    "get-started": ({"HR032"}, proposed),
    "helm-operator-get-started": ({"HR032", "IM005"}, nothing),
    "homelab": ({"IM005"}, one_key),
    "homelab-crlf": ({"HR032", "IM005"}, without_flux_1),
    "homelab-half-migrated": ({"IM005", "RP050"}, one_key),
    "kustomize-example": (set(), images_in_kustomizations),
    "progressive-delivery": ({"HR030"}, nothing),
}


@pytest.mark.parametrize("name", sorted(SETTLED))
def test_answers_and_named_edits_settle_a_real_tree(shared: Path, name: str) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    answered, edit = SETTLED[name]
    edit(files)
    asked = fm.migrate_repository(files)
    assert {each.code for each in asked.findings if each.severity == "error"} == answered
    options = fm.MigrationOptions.model_validate({"overrides": asked.answers()})
    settled = fm.migrate_repository(files, options)
    assert settled.ok
    assert fm.verify_migration(files, settled.files, options, declared=settled.declared).ok
