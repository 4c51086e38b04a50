"""Dataclasses as data of JSON's types, and the schemas of that data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from fluxv2_migrate.quoting import visible, without_credentials

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Record = TypeVar("_Record", bound="DataclassInstance")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    # Built when somebody asks: that takes longer than many a migration.
    return TypeAdapter(kind)


def as_data(record: Any) -> dict[str, Any]:
    """Gives a dataclass in JSON's types; no URL in it shows who reads it, and no line does anything."""
    kind: Any = type(record)
    shown = _shown(_adapter(kind).dump_python(record, mode="json"))
    return {**shown}


def record_of(record: type[_Record], source: object, /, **own: Any) -> _Record:
    """Gives a dataclass with what something else has under the names of its fields."""
    names = [each.name for each in fields(record) if each.name not in own]
    return record(**{name: getattr(source, name) for name in names}, **own)


def json_text(data: Any) -> str:
    r"""Gives data of JSON's types as a file for people.

    >>> json_text({"ok": True})
    '{\n  "ok": true\n}\n'
    """
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def schema_of(kind: Any) -> dict[str, Any]:
    """Gives the JSON schema of what `as_data` gives of a dataclass."""
    schema = _adapter(kind).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return "\n".join(map(visible, without_credentials(value).split("\n")))
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value
