"""What is known of clusters, as parts of a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fluxv2_migrate.pages import Html, badge, fold, listed, prose, table
from fluxv2_migrate.quoting import shown_folders
from fluxv2_migrate.report.outline import assumptions_of

if TYPE_CHECKING:
    from fluxv2_migrate.report.context import MigrationContext


def context_parts(context: MigrationContext) -> Iterator[Html]:
    """Gives what was assumed, a table of the clusters, and for each what was read of it and where."""
    yield listed(map(prose, assumptions_of(context)))
    rows = [
        (
            each.name,
            shown_folders(each.sync_paths),
            each.branch or "not known",
            f"{each.flux_version} in {each.flux_namespace}",
            each.reason,
        )
        for each in context.clusters
    ]
    yield table("Clusters", ("cluster", "sync paths", "branch", "Flux v2", "known from"), rows)
    for each in context.clusters:
        read = [
            (
                reading.setting,
                reading.value,
                badge("assumed", "warning") if reading.is_assumed else reading.read_from,
            )
            for reading in each.readings
        ]
        yield fold(
            f"Settings of {each.name}",
            table(f"Settings of {each.name}", ("setting", "value", "read from"), read),
        )
