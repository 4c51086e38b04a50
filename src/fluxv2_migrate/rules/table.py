"""The table of fields, collected from the rules: where each goes, and which finding says what is lost."""

from __future__ import annotations

from typing import Final

from fluxv2_migrate.rules.actions import ACTION_FIELDS
from fluxv2_migrate.rules.chart import CHART_FIELDS
from fluxv2_migrate.rules.installed_release import NAME_FIELDS
from fluxv2_migrate.rules.outside_spec import FIELDS_OUTSIDE_SPEC
from fluxv2_migrate.rules.values import VALUES_FIELDS

FIELDS: Final = (*FIELDS_OUTSIDE_SPEC, *CHART_FIELDS, *NAME_FIELDS, *VALUES_FIELDS, *ACTION_FIELDS)
"""Every field of the three APIs of the helm-operator."""


def mapping_page() -> str:
    """Gives the page of the documentation that shows the table.

    >>> mapping_page().splitlines()[0]
    '# Fields'
    """
    lines = [
        "# Fields",
        "",
        "What becomes of each field of the helm-operator. Any other field is left out, with HR003; so are",
        "the fields of `helm.fluxcd.io/v1` in releases of the older APIs, which did not know them.",
        "",
        "| Flux v1 | Flux v2 | findings | |",
        "|---|---|---|---|",
    ]
    for row in FIELDS:
        becomes = "<br>".join(f"`{field}`" for field in row.becomes) or "–"
        codes = ", ".join(f"[{code}](findings/{code}.md)" for code in row.codes)
        lines.append(f"| `{row.field}` | {becomes} | {codes} | {row.note} |")
    return "\n".join([*lines, ""])
