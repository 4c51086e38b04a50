"""What is told of the patches that fluxd itself put over what kustomize builds."""

from __future__ import annotations

from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.preparation.fluxd_patches import FluxdPatches, ListedPatches
from fluxv2_migrate.repository.workspace import Workspace

__all__ = ["tell_of_fluxd_patches"]


def tell_of_fluxd_patches(
    patches: FluxdPatches, workspace: Workspace, findings: FindingGroups
) -> tuple[ListedPatches, ...]:
    """Says what becomes of the patches of fluxd, and gives those that kustomizations list from now on.

    Where nothing of a build is migrated, nothing is listed in it either.

    Args:
        patches: of the repository.
        workspace: its texts by now.
        findings: where it is told.
    """
    changed = set(workspace.changed)
    used = tuple(each for each in patches.listed if changed & {*each.build.files, each.patch_file})
    for each in used:
        for message in each.overruled:
            findings.say("RP072", message, each.kustomization, related=(f"{each.patch_file}:1",))
    said = [each for key, members in findings.groups.items() if key[0] == "RP071" for each, _ in members]
    for path, reason in patches.left:
        # Of one that reaches releases it is said with these.
        if not any(place.rpartition(":")[0] == path for finding in said for place in finding.related):
            message = f"fluxd patches with the file, and no kustomization can list it: {reason}"
            findings.say("RP071", message, path)
    return used
