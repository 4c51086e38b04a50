"""What command line tools print, as values: JSON, YAML or tables, with what stands around them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.errors import InvalidInventory, InvalidManifest
from fluxv2_migrate.yaml_text import line_of, read_document, split_documents

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BEGINS_JSON: Final = re.compile(r"^[ \t]*[\[{]", re.MULTILINE)
# Block YAML as these tools write it: items of a list, or the first key of an object.
_BEGINS_YAML: Final = re.compile(r"^(?:---|- |(?:apiVersion|kind|items|metadata|name|tags): ?)", re.MULTILINE)
_BETWEEN_CELLS: Final = re.compile(" {2,}")
_COLUMN: Final = re.compile(r"(?:APP VERSION|LATEST IMAGE|LAST (?:RUN|SCAN)|NODE SELECTOR)(?!\S)|\S+")
NOTHING_FOUND: Final = re.compile(r"^No resources found", re.MULTILINE)
"""What `kubectl get` says of an empty list that it prints as a table."""

Row = dict[str, Any]
"""The fields of a record that is read, by their names."""
Table = list[dict[str, str]]
"""The rows of a table, each from the header's names in capitals to texts."""


def read_values(text: str, what: str) -> tuple[list[Any], str] | None:
    r"""Gives the values of a text and the form they have; `None` where it is no JSON and no YAML.

    Lines before the first value are those of a tool that warns, in whatever language.

    Raises:
        InvalidInventory: it begins as JSON or YAML and goes on as something else, or is cut off.

    >>> read_values("WARNING: old config\n[1,\n2]\n", "helm_list")
    ([[1, 2]], 'JSON')
    """
    yaml = _BEGINS_YAML.search(text)
    starts = [match.end() - 1 for match in _BEGINS_JSON.finditer(text)]
    if starts and (yaml is None or starts[0] < yaml.start()):
        return _json_values(text, starts, what), "JSON"
    if yaml is None:
        return None
    return _yaml_values(text[yaml.start() :], line_of(text, yaml.start()), what), "YAML"


def _json_values(text: str, starts: Sequence[int], what: str) -> list[Any]:
    # A line of a warning may begin with a bracket, too: the first that is JSON to its end counts.
    problem: ValueError | None = None
    for start in starts:
        try:
            return list(_from_json(text, start))
        except ValueError as error:
            problem = problem or error
        except RecursionError:
            raise InvalidInventory(f"{what} nests too deep for JSON of a tool") from None
    line = line_of(text, getattr(problem, "pos", starts[0])) + 1
    raise InvalidInventory(
        f"{what} is no whole JSON: it is cut off, or something else is in it; give it as the tool printed it",
        line=line,
    )


def _from_json(text: str, start: int) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    end = start
    while end < len(text):
        value, end = decoder.raw_decode(text, end)
        yield value
        end += len(text[end:]) - len(text[end:].lstrip())


def _yaml_values(text: str, line: int, what: str) -> list[Any]:
    values: list[Any] = []
    for span in split_documents(text):
        try:
            value = read_document(text[span.start : span.end], path=what, line=line + span.line)[1]
        except InvalidManifest as error:
            raise InvalidInventory(
                f"{what} is no YAML: {error.reason}; give it as the tool printed it", line=error.line
            ) from None
        if value is not None:
            values.append(value)
    return values


def read_tables(text: str, columns: Collection[str]) -> list[Table]:
    r"""Gives the tables of a text whose header has these columns.

    >>> read_tables("NAME   STATUS\nshop   Active\n", ["NAME"])
    [[{'NAME': 'shop', 'STATUS': 'Active'}]]
    """
    tables: list[Table] = []
    header: list[re.Match[str]] = []
    for line in text.splitlines():
        cells = list(_COLUMN.finditer(line))
        if not cells:
            header = []
        elif {*columns} <= {cell[0] for cell in cells} and line == line.upper():
            header = cells
            tables.append([])
        elif header:
            tables[-1].append(_row(line, header))
    return tables


def _row(line: str, header: Sequence[re.Match[str]]) -> dict[str, str]:
    names = [cell[0] for cell in header]
    if "\t" in line:
        return dict(zip(names, (cell.strip() for cell in line.split("\t")), strict=False))
    cells = _BETWEEN_CELLS.split(line.strip())
    if len(cells) != len(names):
        # Some are empty, or a tab that became a blank parts them.
        ends = [*(cell.start() for cell in header[1:]), len(line)]
        cells = [line[cell.start() : end].strip() for cell, end in zip(header, ends, strict=True)]
    return dict(zip(names, cells, strict=True))


def without_colours(text: str) -> str:
    r"""Gives a text without the sequences by which tools colour it.

    >>> without_colours("\x1b[1mNAME\x1b[0m")
    'NAME'
    """
    return _COLOUR.sub("", text) if "\x1b" in text else text


def objects_of(value: Any, what: str) -> Iterator[Mapping[str, Any]]:
    """Gives the objects of a list, or the one that it is.

    Raises:
        InvalidInventory: it is no list of objects.
    """
    items = (value["items"] or [] if "items" in value else [value]) if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidInventory(f"{what} is no list of objects as `kubectl get -o json` prints it")
    yield from items


def unlike(text: str, what: str, command: str) -> InvalidInventory:
    """Gives the error for a text that is not what a command prints."""
    if not text.strip():
        return InvalidInventory(f"{what} is empty; give what {command} prints")
    return InvalidInventory(f"{what} is not what {command} prints: it may be an error of the tool", line=1)
