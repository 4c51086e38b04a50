"""The JSON schemas of what results give as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.cutover.first_hour import FirstHour
from fluxv2_migrate.frozen import frozen
from fluxv2_migrate.quoting.records import schema_of
from fluxv2_migrate.report.data import FindingRecord, MigrationRecord
from fluxv2_migrate.verify.report import VerificationRecord


class _Schemas(Mapping[str, Mapping[str, Any]]):
    """JSON schemas by what they describe; each is made when it is asked for.

    >>> sorted(schemas), schemas["first_hour"]["title"]
    (['findings', 'first_hour', 'migration', 'verification'], 'FirstHour')
    """

    _kinds: Final[Mapping[str, Any]] = {
        "findings": list[FindingRecord],
        "first_hour": FirstHour,
        "migration": MigrationRecord,
        "verification": VerificationRecord,
    }

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = frozen(schema_of(self._kinds[name]))
        return schema

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)


schemas: Final[Mapping[str, Mapping[str, Any]]] = _Schemas()
"""Of what `to_dict()` gives of a migration, a first hour and a verification, and `to_records()` gives."""
