"""Every sync path of every repository that is known builds what its releases become.

For each sync path of each cluster of the reference trees, and of the small repositories of overlays beside
them, the real kustomize builds what was applied before and what is applied afterwards. None is left out: what
does not build before is counted, and so is what stays, by its reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import fluxv2_migrate as fm
from applied_sync_paths import hold_sync_paths
from reference_trees import TREES, read_tree
from test_cases import FOLDER, runner

CASES = sorted(path.stem for path in FOLDER.glob("e-*.yaml"))
# By tree: sync paths, releases that are migrated in them and that stay, other objects, and why what stays
# does: it is of Helm 2, or it is Flux v1 itself. Where none is told, a key stands twice in its file.
COUNTED = {
    "enterprise-overlays": (41, 227, 20, 449, {"HR030"}),
    "get-started": (1, 3, 0, 5, set()),
    "helm-operator-get-started": (1, 4, 0, 0, set()),
    "homelab": (1, 42, 1, 99, set()),
    "homelab-crlf": (2, 85, 2, 220, {"DA022"}),
    "homelab-half-migrated": (1, 17, 1, 172, set()),
    "kustomize-example": (2, 0, 0, 8, set()),
    "multi-tenancy": (1, 0, 0, 13, set()),
    "progressive-delivery": (1, 0, 1, 7, {"HR030"}),
}
# Of Helm 2, with values of a URL, or in a build of which nobody can tell what it is.
REASONS = {"HR030", "HR095", "RP004", "RP018", "RP019"}


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no reference data beside the project")
@pytest.mark.parametrize("name", CASES)
def test_sync_paths_of_small_repositories(name: str, tmp_path: Path) -> None:
    case = runner().load(FOLDER / f"{name}.yaml")
    options = fm.MigrationOptions.model_validate(case.get("options") or {})
    held = hold_sync_paths(case["files"], options, tmp_path)
    counted, why = held.counted, held.reasons
    assert why <= REASONS
    assert bool(why) >= bool(counted["stays"])
    assert not counted["did not build"] or case["expect"].get("ok") is not True


@pytest.mark.parametrize("name", TREES)
def test_sync_paths_of_reference_trees(name: str, shared: Path, tmp_path: Path) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    held = hold_sync_paths(files, fm.MigrationOptions(flux1="keep"), tmp_path)
    counted, why = held.counted, held.reasons
    paths, migrated, stays, others, reasons = COUNTED[name]
    assert counted["did not build"] == 0
    assert (counted["paths"], counted["migrated"], counted["stays"]) == (paths, migrated, stays)
    assert counted["other objects"] == others
    assert counted["other objects gone"] == 0
    assert why == reasons
