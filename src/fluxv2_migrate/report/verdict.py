"""The first screen of a report: whether a migration can be merged, and what can go wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fluxv2_migrate.findings.table import Concern
from fluxv2_migrate.quoting import few, plural, shown_folder
from fluxv2_migrate.report.outline import Outline

if TYPE_CHECKING:
    from fluxv2_migrate.report.context import ClusterContext
    from fluxv2_migrate.report.migration import Migration

_BLOCKED: Final[dict[Concern, tuple[str, str]]] = {
    "merge": ("must be answered before the merge", "must be answered before the merge"),
    "cluster": ("is about what clusters apply", "are about what clusters apply"),
    "release": ("holds releases back in Flux v1", "hold releases back in Flux v1"),
    "images": ("stops image updates", "stop image updates"),
}
_NO_INVENTORY: Final = (
    "nothing has compared the release names with what {who} run, and a wrong name installs a second copy. "
    "Give what `helm list -A -a -m 0 -o json` prints there as `inventory`"
)
_WHEN: Final = (
    "in the cut-over, when fluxd and the helm-operator have stopped: a fluxd that runs may delete what "
    "leaves Git. `migration.runbook()` and the page have the steps"
)


def summary_of(migration: Migration, outline: Outline) -> str:
    """Gives in one line what was done and what is left."""
    # One that clusters have from several sources has several rows, and is one release.
    releases = {(each.name, each.path) for each in outline.releases}
    done = f"{plural(len(releases), 'release')}, {plural(outline.sources, 'source')}"
    if outline.policies:
        done += f", {plural(len(outline.policies), 'image policy', 'image policies')}"
    files = (("changed", migration.changed), ("new", migration.created), ("removed", migration.deleted))
    touched = ", ".join(f"{len(paths)} {how}" for how, paths in files if paths)
    if touched:
        done += f"; files: {touched}"
    left = f"{plural(len(outline.asked), 'question')}, {plural(len(outline.told), 'thing')} to know"
    return f"{done}; {left}"


def verdict_of(migration: Migration, outline: Outline) -> str:
    """Gives in one sentence whether it can be merged."""
    open_ = plural(len(outline.asked), "question is", "questions are")
    if outline.blocks:
        return f"Do not merge yet: {open_} open."
    left = f"; {open_} open, and what is asked about stays as it is" if outline.questions else ""
    needed = []
    if migration.prerequisites:
        exist = plural(len(migration.prerequisites), "object exists", "objects exist")
        needed.append(f"{exist} in the clusters")
    if _first(migration, outline):
        needed.append("what is to be done first is done")
    if not (migration.changed or migration.created or migration.deleted):
        return f"Nothing has to be merged{left}."
    if needed:
        return f"Can be merged once {' and '.join(needed)}{left}."
    return f"Can be merged{left}."


def risks_of(migration: Migration, outline: Outline) -> Iterator[tuple[str, str]]:
    """Gives what the person who decides must know, each in a word and a sentence."""
    asked = {
        concern: sum(len(each.findings) for each in entries) for concern, _, entries in outline.questions
    }
    if asked:
        parts = [plural(number, *_BLOCKED[concern]) for concern, number in asked.items()]
        yield "Blocks", f"{', '.join(parts)}."
    if migration.manifests:
        yield "When", f"{_WHEN}."
    hour = migration.first_hour()
    unknown = hour.without_inventory
    if unknown:
        is_any_known = any(each.cluster not in unknown for each in hour.releases)
        who = few(unknown, _SHOWN) if is_any_known else "the clusters"
        yield "Not compared", f"{_NO_INVENTORY.format(who=who)}."
    dangers = list(_dangers(migration, outline))
    if dangers:
        yield "Can go wrong", f"{'; '.join(dangers)}."
    if migration.staying:
        named = few((each.resource.partition(" ")[2] for each in migration.staying), _SHOWN)
        staying = plural(len(migration.staying), "release stays as it is", "releases stay as they are")
        yield "Stays in Flux v1", f"{staying}: {named}."
    if outline.policies:
        number, holding = len(outline.policies), outline.holding
        moving = f"{number - holding} of {plural(number, 'image policy', 'image policies')} "
        moving += "follows new tags" if number == 1 else "follow new tags"
        held = f"; {plural(holding, 'holds', 'hold')} the tag that runs until somebody gives the order of "
        held += "its tags"
        yield "Images", f"{moving}{held if holding else ''}."
    clusters = migration.context.clusters
    if clusters:
        assumed = _named(outline, "assumed")
        check = f"; assumed, and to be checked: {few(assumed, _SHOWN)}" if assumed else ""
        yield "Clusters", f"{_found(clusters)}{check}."
    first = _first(migration, outline)
    if first:
        yield "To be done first", f"{few(first, _SHOWN)}."
    needs = []
    if migration.prerequisites:
        needs.append(
            few((f"{each.kind} {each.namespace}/{each.name}" for each in migration.prerequisites), _SHOWN)
        )
    if outline.policies:
        needs.append("the image-reflector and image-automation controllers")
    if needs:
        yield "Must exist first", f"{'; '.join(needs)}."


_SHOWN: Final = 3


def _first(migration: Migration, outline: Outline) -> list[str]:
    """Gives what must be done first and is no object of which the report tells anyway."""
    objects = [f"{each.namespace}/{each.name}" for each in migration.prerequisites]
    return [
        f"{each.type.slug} ({each.code})"
        for concern, _, entries in outline.differences
        for each in entries
        if concern == "first"
        and each.type.severity != "info"
        and not all(any(name in message for name in objects) for message, _ in each.said)
    ]


def _dangers(migration: Migration, outline: Outline) -> Iterator[str]:
    # What stays in Flux v1 is told as that; of a release in several clusters it is told once.
    hour = (each for each in migration.first_hour().releases if each.action != "nothing")
    risky = list(dict.fromkeys(each.resource.partition(" ")[2] for each in hour if each.risk == "high"))
    if risky:
        yield f"the first hour is risky for {plural(len(risky), 'release')}: {few(risky, _SHOWN)}"
    changing = _named(outline, "runs")
    if changing:
        yield f"what runs may change: {few(changing, _SHOWN)}"


def _found(clusters: Sequence[ClusterContext]) -> str:
    first = clusters[0]
    if len(clusters) > 1:
        return f"{len(clusters)}: {few((each.name for each in clusters), _SHOWN)}"
    # So a cluster is called whose name nobody knows.
    if first.name == "cluster":
        return f"one, which syncs {', '.join(map(shown_folder, first.sync_paths))}"
    return f"one, {first.name}"


def _named(outline: Outline, concern: Concern) -> list[str]:
    """Gives what there is to know of this concern, by name and code."""
    return [
        f"{each.type.slug} ({each.code})"
        for one, _, entries in outline.differences
        for each in entries
        if one == concern
    ]
