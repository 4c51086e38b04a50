"""Tags of image repositories that somebody knows."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

__all__ = ["KnownTag"]


class KnownTag(BaseModel):
    """A tag of an image repository.

    Attributes:
        tag: the tag.
        created: when the image was built, if that is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    tag: str
    created: datetime | None = None
