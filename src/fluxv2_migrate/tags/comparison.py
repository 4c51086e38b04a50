"""What fluxd and an image policy make of the same tags, beside each other in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fluxv2_migrate.errors import AmbiguousTag, InvalidPolicy, MissingBuildTime
from fluxv2_migrate.flux1.tags import TaggedImage, TagPattern
from fluxv2_migrate.flux1.tags import sort_tags as sort_as_fluxd
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.flux2.tags import latest_tag, sort_tags
from fluxv2_migrate.given import checked_list
from fluxv2_migrate.kubernetes import KubernetesModel
from fluxv2_migrate.pages import fragment, table
from fluxv2_migrate.quoting import as_cell, as_code, as_markdown_text, visible

_HEAD = ("tag", "built", "Flux v1", "Flux v2")


@dataclass(frozen=True, slots=True)
class TagComparison:
    """Which tags pass in both Fluxes, in which order, and which ones are selected.

    It shows itself in a notebook; `print` shows it as text.

    Attributes:
        images: the tags with their build times, those that pass first.
        flux1: the tags that fluxd would select from, the one that it selects first.
        flux2: those that the policy passes, the best first.
        selected_by_flux1: the tag that fluxd selects, or `None`.
        selected_by_flux2: the tag that the policy selects, or `None`.
        notes: why a Flux selects none, or one at random.
    """

    images: tuple[TaggedImage, ...]
    flux1: tuple[str, ...]
    flux2: tuple[str, ...]
    selected_by_flux1: str | None
    selected_by_flux2: str | None
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both select the same tag."""
        return self.selected_by_flux1 == self.selected_by_flux2

    def to_markdown(self) -> str:
        """Gives the tags as a table of Markdown, and what is to be said of them.

        >>> TagComparison((), (), (), None, None).to_markdown().splitlines()[0]
        '| tag | built | Flux v1 | Flux v2 |'
        """
        summary = [f"- {as_markdown_text(line)}" for line in self._summary()]
        return "\n".join([as_markdown(_HEAD, self._rows()), "", *summary])

    def __str__(self) -> str:
        return "\n".join([as_text(_HEAD, self._rows()), *map(visible, self._summary())])

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        strong = [
            index
            for index, image in enumerate(self.images)
            if image.tag in (self.selected_by_flux1, self.selected_by_flux2)
        ]
        shown = table("; ".join(self._summary()), _HEAD, self._rows(), strong)
        return fragment("Tags in both Fluxes", shown)

    def _rows(self) -> list[tuple[str, str, str, str]]:
        ranks = [{tag: str(index + 1) for index, tag in enumerate(tags)} for tags in (self.flux1, self.flux2)]
        selected = (self.selected_by_flux1, self.selected_by_flux2)
        rows = []
        for image in self.images:
            one, two = (
                f"{rank.get(image.tag, '')}{' selected' if image.tag == tag else ''}"
                for rank, tag in zip(ranks, selected, strict=True)
            )
            rows.append((image.tag, _time(image.created), one, two))
        return rows

    def _summary(self) -> list[str]:
        one, two = self.selected_by_flux1 or "no tag", self.selected_by_flux2 or "no tag"
        first = f"Flux v1 and Flux v2 select {one}" if self.same else f"Flux v1 selects {one}, Flux v2 {two}"
        return [first, *self.notes]


def compare_tags(
    images: Iterable[TaggedImage | str],
    pattern: str,
    policy: Mapping[str, Any] | KubernetesModel,
    filter_tags: Mapping[str, Any] | KubernetesModel | None = None,
    *,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
) -> TagComparison:
    """Gives what fluxd and an image policy make of the same tags.

    Args:
        images: the tags, with their build times where these are known.
        pattern: of fluxd, with its prefix.
        policy: the `spec.policy`.
        filter_tags: the `spec.filterTags`.
        flux_version: the Flux release that will run.

    Returns:
        The comparison; a policy that stalls or is random selects none, and a note says so.

    >>> print(compare_tags(["1.9.0", "1.10.0", "2.0.0"], "semver:~1", {"semver": {"range": "^1"}}))
    tag     built  Flux v1     Flux v2
    1.10.0         1 selected  1 selected
    1.9.0          2           2
    2.0.0
    Flux v1 and Flux v2 select 1.10.0
    """
    tagged = checked_list(images, "images", str, TaggedImage)
    given = (TaggedImage(each) if isinstance(each, str) else each for each in tagged)
    known = {image.tag: image for image in given}
    notes: list[str] = []
    flux1: tuple[str, ...] = ()
    try:
        flux1 = sort_as_fluxd(known.values(), TagPattern.parse(pattern))
    except MissingBuildTime as error:
        notes.append(f"Flux v1: {error.reason}")
    flux2: tuple[str, ...] = ()
    selected: str | None = None
    try:
        flux2 = sort_tags(known, policy, filter_tags, flux_version=flux_version)
        selected = latest_tag(known, policy, filter_tags, flux_version=flux_version)
    except InvalidPolicy as error:
        notes.append(f"Flux v2: {error.reason}")
    except AmbiguousTag as error:
        notes.append(f"Flux v2: {error.reason}: {', '.join(error.candidates)}")
    shown = list(dict.fromkeys([*flux1, *flux2, *sorted(known)]))
    return TagComparison(
        tuple(known[tag] for tag in shown),
        flux1,
        flux2,
        flux1[0] if flux1 else None,
        selected,
        tuple(notes),
    )


def _time(created: datetime | None) -> str:
    return "" if created is None else created.isoformat(" ", "seconds")


def as_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Gives a table in columns.

    >>> print(as_text(("tag", "rank"), [("1.10", "1"), ("1.9", "2")]))
    tag   rank
    1.10  1
    1.9   2
    """
    rows = [list(map(visible, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
    )
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def as_markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Gives a table of Markdown, in which no cell is read as anything but text.

    >>> print(as_markdown(("tag",), [("a|b*",)]))
    | tag |
    |---|
    | `a\|b*` |
    """
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(as_cell(as_code(cell)) for cell in row)} |" for row in rows]
    return "\n".join(lines)
