"""Manifests as people write them into files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hypothesis import strategies as st

from fluxv2_migrate.yaml_text import Style, emit_mapping

STYLES: Final = st.sampled_from([*[Style()] * 3, Style(flush=False), Style(step=4), Style(newline="\r\n")])
"""Ways in which files are written."""


def written(manifests: Iterable[Mapping[str, Any]], style: Style = Style()) -> str:  # noqa: B008
    r"""Gives a file of manifests.

    Args:
        manifests: one document each.

    >>> written([{"kind": "Secret", "metadata": {"name": "a"}}, {"kind": "List"}])
    'kind: Secret\nmetadata:\n  name: a\n---\nkind: List\n'
    """
    return f"---{style.newline}".join(emit_mapping(each, style) for each in manifests)
