"""Where a field is: in the nodes of a document, and in its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fluxv2_migrate.given import item_index
from fluxv2_migrate.yaml_text.nodes import CannotEdit, MappingNode, Node, ScalarNode, SequenceNode, is_alias
from fluxv2_migrate.yaml_text.readers import key_of


def pair_of(node: Node | None, key: str | int) -> tuple[ScalarNode, Node] | None:
    r"""Gives the first key of a mapping that reads so with its value; nothing where there is none.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> key, value = pair_of(compose("true: 1\n'a': 2\n"), "a")
    >>> key.start, value.value
    (8, '2')
    """
    if not isinstance(node, MappingNode):
        return None
    # Nearly all keys are texts, and read as they are written.
    written = node.find(str(key))
    if written is not None and isinstance(written[0], ScalarNode) and key_of(written[0]) == key:
        return written
    return next(
        (pair for pair in node.value if isinstance(pair[0], ScalarNode) and key_of(pair[0]) == key), None
    )


def step_into(node: Node | None, key: str | int) -> tuple[Node, Node] | None:
    """Gives what begins an entry of a collection, and its value: a key of a mapping, or the item itself."""
    if isinstance(node, SequenceNode):
        index = item_index(key, len(node.value))
        return None if index is None else (node.value[index], node.value[index])
    return pair_of(node, key)


def find_field(root: Node | None, path: Sequence[str | int]) -> tuple[Node | None, Node | None]:
    r"""Gives where a field begins, or what is nearest above it, and its value, if it is there.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> begin, value = find_field(compose("a:\n- b: 1\n"), ("a", 0, "c"))
    >>> begin.start, value
    (5, None)
    """
    begin = node = root
    for key in path:
        found = step_into(node, key)
        if found is None:
            return begin, None
        begin, node = found
    return begin, node


def entry_at(root: Node | None, path: Sequence[str | int]) -> tuple[Node, Node]:
    """Gives what begins a field and its value, which stands behind that and nowhere else.

    Raises:
        CannotEdit: it is not there, or an alias stands in its place.
    """
    begin, node = find_field(root, path)
    if begin is None or node is None:
        raise CannotEdit(f"there is no {'.'.join(map(str, path))}")
    if begin is not node and is_alias(begin, node):
        raise CannotEdit("an alias in place of a value")
    return begin, node


def value_in(value: Any, path: Sequence[str | int]) -> Any:
    """Gives what stands at a path in the value of a document of which the nodes are known to have it.

    >>> value_in({"a": [{"b": 1}]}, ("a", 0, "b"))
    1
    """
    for key in path:
        value = value[key]
    return value


def with_value(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """Gives a value in which another one stands at a path.

    >>> with_value({"a": [1, 2]}, ("a", 0), 3)
    {'a': [3, 2]}
    """
    if not path:
        return new
    key, *rest = path
    if isinstance(value, list):
        return [with_value(item, rest, new) if index == key else item for index, item in enumerate(value)]
    return {name: with_value(item, rest, new) if name == key else item for name, item in value.items()}
