"""Releases of Flux v1 that go, because one of Flux v2 is there for them."""

from __future__ import annotations

from dataclasses import replace

from fluxv2_migrate.clusters import take_out
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.releases.decisions import DecidedReleases, RemovedRelease
from fluxv2_migrate.repository.changes import Change
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.surroundings.known import Surroundings


def remove_twins(
    decided: DecidedReleases, around: Surroundings, workspace: Workspace, findings: FindingGroups
) -> DecidedReleases:
    """Takes the releases that have a twin out of their files, and these out of what lists them.

    A release stays where something would not build without it.

    Returns:
        What becomes of each release now.
    """
    removed = list(decided.removed)
    while True:
        tried = workspace.branch()
        tried.note(*map(_change, removed))
        reasons = take_out((each.release.document for each in removed), tried, around.clusters)
        if not reasons:
            workspace.adopt(tried)
            for each in removed:
                findings.declare(each.release.document, each.release.resource, each.differences)
            return replace(decided, removed=tuple(removed))
        for each in removed:
            release = each.release
            if (reason := reasons.get(release.document.path)) is not None:
                message = f"{each.twin.document.path} means the same, and without this one {reason}"
                # Nobody can accept what does not build.
                notice = Notice("RP007", message, (), is_acceptable=False)
                findings.add(release.document, release.resource, notice)
        removed = [each for each in removed if each.release.document.path not in reasons]


def _change(removed: RemovedRelease) -> Change:
    document, there = removed.release.document, removed.twin.document.path
    line = document.position(())[0]
    return Change("twin", removed.release.resource, document.path, line, (), there, "")
