"""Whether two texts of a document hold the same nodes."""

from __future__ import annotations

from collections.abc import Collection

from fluxv2_migrate.yaml_text import MappingNode, Node, ScalarNode


def is_same(before: Node | None, after: Node | None, quoted: Collection[int] = ()) -> bool:
    r"""Gives whether two documents are one but for the form of collections and the quotes of some scalars.

    Args:
        quoted: the `id` of each scalar that stands in double quotes in the other one.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> is_same(compose("a: {b: c}"), compose("a:\n  b: c")), is_same(compose("a: b"), compose("a: 'b'"))
    (True, False)
    """
    if before is None or after is None:
        return before is after
    pending = [(before, after)]
    known: dict[int, int] = {}
    while pending:
        old, new = pending.pop()
        if id(old) in known:
            # An alias: it has to be one of the same anchor.
            if known[id(old)] != id(new):
                return False
            continue
        known[id(old)] = id(new)
        if old.__class__ is not new.__class__ or old.tag != new.tag:
            return False
        if isinstance(old, ScalarNode) and isinstance(new, ScalarNode):
            style = '"' if id(old) in quoted else old.style or ""
            if (old.value, style) != (new.value, new.style or ""):
                return False
        elif len(old.value) != len(new.value):
            return False
        elif isinstance(old, MappingNode):
            for left, right in zip(old.value, new.value, strict=True):
                pending += zip(left, right, strict=True)
        else:
            pending += zip(old.value, new.value, strict=True)
    return True
