"""Tags of image repositories that somebody knows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _aware(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


class KnownTag(BaseModel):
    """A tag of an image repository.

    Attributes:
        tag: the tag.
        created: when the image was built, if that is known; a time without a zone is one of UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    tag: str
    created: Annotated[datetime | None, AfterValidator(_aware)] = None


def joined_tags(tags: Iterable[KnownTag | str]) -> tuple[KnownTag, ...]:
    """Gives each tag once, with its build time where any of them has it.

    >>> dated = KnownTag(tag="1.0", created=datetime(2021, 6, 1))
    >>> joined_tags(["1.0", dated]) == (dated,)
    True
    """
    known: dict[str, KnownTag] = {}
    for each in tags:
        tag = KnownTag(tag=each) if isinstance(each, str) else each
        if tag.tag not in known or known[tag.tag].created is None:
            known[tag.tag] = tag
    return tuple(known.values())
