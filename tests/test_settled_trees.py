"""Real trees come out `ok` with the offered answers filled in, after the edits that findings name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from reference_trees import TREES, read_tree

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


def paths_of_images(files: Files) -> None:
    """Corrects the annotations that name an image at the root of the values, where it stands below `job`."""
    for environment in ("prod", "stg"):
        path = f"k8s/environments/{environment}/cluster-00/mi/mi-extraction-service.yaml"
        files[path] = text(files, path).replace("chart-image: image\n", "chart-image: job.image\n")


def names_of_secrets(files: Files) -> None:
    """Corrects the same, and says in plain text of each file of sops what object it is."""
    paths_of_images(files)
    for path, content in files.items():
        if b"ENC[" in (content if isinstance(content, bytes) else content.encode()):
            plain = re.sub(r"(?m)^apiVersion: ENC.*$", "apiVersion: v1", text(files, path))
            plain = re.sub(r"(?m)^kind: ENC.*$", "kind: Secret", plain)
            plain = re.sub(r"(?m)^( +)namespace: ENC.*$", r"\1namespace: admin", plain)
            stem = path.rpartition("/")[2].partition(".")[0]
            files[path] = re.sub(r"(?m)^( +)name: ENC.*$", rf"\1name: {stem}", plain)


def nothing(files: Files) -> None:
    """Leaves the tree as it is: its answers settle all."""


@dataclass(frozen=True)
class Settled:
    """What a tree takes to come out `ok`.

    Attributes:
        answered: codes that answers settle, asked at once or when others have been answered.
        answers: how many overrides these are.
        edited: codes that an edit of the repository settles, as their remedies say.
        edit: that does so.
    """

    answered: Collection[str] = ()
    answers: int = 0
    edited: Collection[str] = ()
    edit: Callable[[Files], None] = nothing


SETTLED: dict[str, Settled] = {
    "enterprise-overlays": Settled(
        ("AN021", "DA034", "HR030", "HR032", "IM005", "RP035"), 79, ("AN015", "DA024"), names_of_secrets
    ),
    "get-started": Settled(("HR032",), 1, ("DA020",), proposed),
    "helm-operator-get-started": Settled(("HR032", "IM005"), 2),
    "homelab": Settled(("DA015", "IM005"), 2, ("RP003",), one_key),
    "homelab-crlf": Settled(("DA015", "HR032", "IM005"), 4, ("DA020",), without_flux_1),
    "homelab-half-migrated": Settled(("DA015", "IM005", "RP050"), 3, ("RP003",), one_key),
    "kustomize-example": Settled(),
    "multi-tenancy": Settled(),
    "progressive-delivery": Settled(("HR030",), 1),
}
ROUNDS = 4


def errors(migration: fm.Migration) -> list[fm.Finding]:
    return [each for each in migration.findings if each.severity == "error"]


def test_every_real_tree_is_settled() -> None:
    assert SETTLED.keys() == {*TREES}


@pytest.mark.parametrize("name", TREES)
def test_answers_and_named_edits_settle_a_real_tree(shared: Path, name: str) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    settled = SETTLED[name]
    asked = errors(fm.migrate_repository(files))
    assert {each.code for each in asked if not each.answer} == {*settled.edited}
    assert all(each.remedy for each in asked)
    settled.edit(files)
    overrides: list[dict[str, Any]] = []
    codes: set[str] = set()
    for _ in range(ROUNDS):
        options = fm.MigrationOptions.model_validate({"overrides": overrides})
        migration = fm.migrate_repository(files, options)
        if migration.ok:
            break
        assert all(each.answer for each in errors(migration))
        codes |= {each.code for each in errors(migration)}
        overrides += migration.answers()
    assert (codes, len(overrides)) == ({*settled.answered}, settled.answers)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    again = fm.migrate_repository(migration.files, options)
    assert [*again.changed, *again.created, *again.deleted] == []
