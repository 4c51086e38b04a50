"""Names that Kubernetes takes, and choices that are made more or less often."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

_Value = TypeVar("_Value")

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
"""Names of objects."""
NAMESPACES = st.sampled_from(["shop", "shop", "bank", "default"])
"""Namespaces; that of fluxd's default among them."""


def one_in(times: int, seldom: st.SearchStrategy[_Value], mostly: _Value) -> st.SearchStrategy[_Value]:
    """Draws from a strategy once in so many times, and else gives one value.

    Args:
        mostly: what is given else, and what an example shrinks to.

    >>> one_in(3, st.just("x"), "")
    one_of(just(''), just(''), just('x'))
    """
    return st.one_of(*[st.just(mostly)] * (times - 1), seldom)
