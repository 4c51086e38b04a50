"""Variables of shells, Makefiles, playbooks and pipelines, and texts that are filled in with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

_ASSIGNED: Final = re.compile(
    r"^[ \t]*(?:export[ \t]+|local[ \t]+|readonly[ \t]+|declare[ \t]+(?:-[a-z]+[ \t]+)*)?"
    r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*[:?]?=[ \t]*"
    r"(?:\"([^\"`\n]*)\"|'([^'\n]*)'|((?:\$\{\w+:?-[^}\s]*\}|\$[({]\w+[)}]|[^\s\"'`#;()\n])+))"
    r"[ \t]*(?:[;#].*)?\r?$",
    re.MULTILINE,
)
_SHELL: Final = re.compile(r"\$\{([A-Za-z_]\w*)(?::?[-=]([^}]*))?\}|\$\(([A-Za-z_]\w*)\)|\$([A-Za-z_]\w*)")
_TEMPLATE: Final = re.compile(
    r"\{\{-?\s*\.?(?:(?:Values|vars|env)\.)?([A-Za-z_]\w*)\s*(?:\|\s*default\(?\s*([\"'])(.*?)\2[^}]*)?\s*-?\}\}"
)
_HOLDERS: Final = ("vars", "env", "environment", "variables", "set_fact", "ansible.builtin.set_fact")
_DEEPEST: Final = 5


def assigned_in_text(text: str) -> dict[str, str]:
    r"""Gives the variables that a script, a Makefile or a file of an environment assigns.

    >>> assigned_in_text("A ?= 1\nexport B=\"x/$A\"\nC=${C:-live} # or another\nD=$(date +%s)\n")
    {'A': '1', 'B': 'x/$A', 'C': '${C:-live}'}
    """
    return {match[1]: match[2] or match[3] or match[4] or "" for match in _ASSIGNED.finditer(text)}


def assigned_in_yaml(value: Any) -> Iterator[tuple[str, str]]:
    """Gives the variables of a playbook, a pipeline or a Taskfile.

    >>> list(assigned_in_yaml([{"vars": {"branch": "live", "hosts": ["a"]}, "tasks": [{"env": {"P": 1}}]}]))
    [('branch', 'live'), ('P', '1')]
    """
    if isinstance(value, list):
        for each in value:
            yield from assigned_in_yaml(each)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _HOLDERS and isinstance(inner, Mapping):
                yield from plain_values(inner)
            else:
                yield from assigned_in_yaml(inner)


def plain_values(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Gives the entries of a mapping whose values are no mappings and no lists.

    >>> list(plain_values({"a": 1, "b": {}, "c": True}))
    [('a', '1'), ('c', 'true')]
    """
    for key, value in given.items():
        if isinstance(value, bool):
            yield str(key), str(value).lower()
        elif isinstance(value, str | int):
            yield str(key), str(value)


_Value = TypeVar("_Value")


def agreed(given: Iterable[tuple[str, _Value]]) -> dict[str, _Value]:
    """Gives the variables of which all that is given says the same.

    >>> agreed([("a", "1"), ("b", "2"), ("a", "1"), ("b", "3")])
    {'a': '1'}
    """
    found: dict[str, _Value] = {}
    contested: set[str] = set()
    for name, value in given:
        if found.setdefault(name, value) != value:
            contested.add(name)
    return {name: value for name, value in found.items() if name not in contested}


def filled(text: str, known: Mapping[str, str]) -> str:
    """Gives a text with the variables that are known, also where these are made of others.

    Args:
        text: with variables of a shell, of a Makefile, or in double braces.

    >>> filled("${A}/{{ b | default('x') }}/${C:-y}/$(D)", {"A": "$B", "B": "z"})
    'z/x/y/$(D)'
    """
    for _ in range(_DEEPEST):
        if "$" not in text and "{{" not in text:
            break
        before = text
        text = _SHELL.sub(lambda each: _value(each, each[1] or each[3] or each[4], each[2], known), text)
        text = _TEMPLATE.sub(lambda each: _value(each, each[1], each[3], known), text)
        if text == before:
            break
    return text


def _value(match: re.Match[str], name: str, default: str | None, known: Mapping[str, str]) -> str:
    value = known.get(name)
    # A variable whose default is itself is the one of the surroundings.
    if value is None or value == match[0] or re.match(rf"\$\{{{name}\b", value):
        own = re.match(rf"\$\{{{name}:?[-=]([^}}]*)\}}$", value or "")
        default = own[1] if own is not None else default
        return match[0] if default is None else default
    return value
