"""Models that people print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from fluxv2_migrate.quoting.confidential import without_credentials


class PrintedModel(BaseModel):
    """A model of which only the fields that were given are printed, and of URLs no password."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # There are many fields, hardly any is set, and what was not given says nothing.
        for name, value in super().__repr_args__():
            if name in self.model_fields_set:
                yield name, without_credentials(value) if isinstance(value, str) else value
