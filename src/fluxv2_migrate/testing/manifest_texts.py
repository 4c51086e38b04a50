"""Manifests as people write them into files, and the names in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from fluxv2_migrate.yaml_text import Style, emit_mapping

STYLES: Final = st.sampled_from([*[Style()] * 3, Style(flush=False), Style(step=4), Style(newline="\r\n")])
"""Ways in which files are written."""
_Value = TypeVar("_Value")
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
"""Names of objects."""
NAMESPACES = st.sampled_from(["shop", "shop", "bank", "default"])
"""Namespaces; that of fluxd's default among them."""


def written(manifests: Iterable[Mapping[str, Any]], style: Style = Style()) -> str:  # noqa: B008
    r"""Gives a file of manifests.

    Args:
        manifests: one document each.

    >>> written([{"kind": "Secret", "metadata": {"name": "a"}}, {"kind": "List"}])
    'kind: Secret\nmetadata:\n  name: a\n---\nkind: List\n'
    """
    return f"---{style.newline}".join(emit_mapping(each, style) for each in manifests)


def one_in(times: int, seldom: st.SearchStrategy[_Value], mostly: _Value) -> st.SearchStrategy[_Value]:
    """Draws from a strategy once in so many times, and else gives one value.

    Args:
        mostly: what is given else, and what an example shrinks to.

    >>> one_in(3, st.just("x"), "")
    one_of(just(''), just(''), just('x'))
    """
    return st.one_of(*[st.just(mostly)] * (times - 1), seldom)
