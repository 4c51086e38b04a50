"""What a manifest says does not depend on how it is written: the repositories of all pages, written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import fluxv2_migrate as fm
from pages_of_findings import PAGES, example_of

_FIELD: Final = re.compile(r"^( *)([A-Za-z][\w./-]*):(?=[ ]|$)", re.MULTILINE)


@cache
def values_of(text: str) -> list[Any]:
    """Gives what is in a text; nothing where it cannot be read as YAML 1.2."""
    try:
        read = YAML(typ="safe", pure=True).load_all(text.removeprefix("\ufeff"))
        return [each for each in read if each is not None]
    except (YAMLError, ValueError):
        return []


def in_braces(text: str, indent: int | None = None) -> str:
    return "---\n".join(json.dumps(each, indent=indent) + "\n" for each in values_of(text))


WAYS: Final[Mapping[str, Callable[[str], str]]] = {
    "in braces": in_braces,
    "in braces over lines": lambda text: in_braces(text, 2),
    "with quoted keys": lambda text: _FIELD.sub(r'\1"\2":', text),
    "with comments and wide blanks": lambda text: _FIELD.sub(r"\1# of \2\n\1\2:  ", text),
    "with a byte order mark and CRLF": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
}
OTHER_IN_BRACES: Final = {
    # What is in comments: markers, and the release of Flux v2's own manifests.
    *("IM034", "IM036", "RP013", "RP061"),
    # Texts that JSON quotes, which YAML 1.1 reads as something else.
    *("RP025", "RP026", "RP027", "RP028"),
    # Merge keys.
    "RP005",
}


def written(text: str, way: Callable[[str], str]) -> str:
    """Gives a text in another way, if that says the same."""
    before = values_of(text)
    if not before or "kind:" not in text or "sops:" in text:
        return text
    after = way(text)
    return after if repr(values_of(after)) == repr(before) else text


def outcome(files: Mapping[str, str], options: fm.MigrationOptions) -> tuple[list[str], dict[str, Any]]:
    """Gives the codes of all findings, and what is in each file afterwards."""
    migration = fm.migrate_repository(files, options)
    return (
        sorted(each.code for each in migration.findings),
        {path: repr(values_of(str(text)) or text) for path, text in migration.files.items()},
    )


@pytest.mark.parametrize("code", sorted(PAGES))
def test_the_way_of_writing_makes_no_difference(code: str) -> None:
    files, options = example_of(code)
    expected = outcome(files, options)
    for name, way in WAYS.items():
        if code not in OTHER_IN_BRACES or "braces" not in name:
            anew = {
                path: written(text, way) if path.endswith((".yaml", ".yml")) else text
                for path, text in files.items()
            }
            assert anew == files or outcome(anew, options) == expected, name


def test_the_ways_are_others() -> None:
    text = "kind: Secret\nmetadata: {name: web}\ndata:\n  a: b\n"
    assert len({written(text, way) for way in WAYS.values()} - {text}) == len(WAYS)
