"""A picture of clusters and releases by what their first reconciliation does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fluxv2_migrate.quoting import as_html_text

_SQUARE: Final = 18
_ROW: Final = 26
_LETTER: Final = 7.5
"""So wide is a letter of a name, about."""
_LONGEST: Final = 48
_LEGEND: Final = 44
_PER_ROW: Final = 32
# Told apart also without colours, by the letter in the square.
_LOOKS: Final = {
    "upgrade": ("U", "#2f6f4f"),
    "install": ("I", "#b3541e"),
    "fail": ("F", "#9b1c31"),
    "stuck": ("S", "#7a4b8c"),
    "nothing": ("-", "#6b7280"),
}
_RINGS: Final = {"high": "#d11149", "medium": "#e0a100", "low": "none"}


def picture_of(releases: Sequence[tuple[str, str, str, str, str]]) -> str:
    """Gives an SVG with a row of squares for each cluster.

    Args:
        releases: cluster, resource, action, risk and reason of each.

    >>> picture_of([("eu", "HelmRelease shop/web", "upgrade", "low", "found")]).startswith("<svg")
    True
    """
    clusters = list(dict.fromkeys(cluster for cluster, *_ in sorted(releases)))
    parts: list[str] = []
    top = _LEGEND
    names = {cluster: _named(cluster) for cluster in clusters}
    beside = int(_LETTER * max((len(name) + 6 for name in names.values()), default=0))
    for cluster in clusters:
        own = [each for each in releases if each[0] == cluster]
        name = as_html_text(names[cluster])
        parts.append(f'<text x="0" y="{top + 14}" class="name">{name} ({len(own)})</text>')
        for index, each in enumerate(own):
            left = beside + index % _PER_ROW * (_SQUARE + 4)
            parts.append(_square(each, left, top + index // _PER_ROW * _ROW))
        top += ((len(own) - 1) // _PER_ROW + 1) * _ROW + 6
    width = beside + _PER_ROW * (_SQUARE + 4)
    title = f"{len(releases)} releases in {len(clusters)} clusters by what their first reconciliation does"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" '
        f'height="{top}" role="img" aria-label="{title}"><title>{title}</title>'
        "<style>text{font:13px sans-serif;fill:currentColor}.letter{fill:#fff;text-anchor:middle}</style>"
        f"{_legend()}{''.join(parts)}</svg>"
    )


def _named(cluster: str) -> str:
    """Gives a name that fits: clusters are often named by their paths, which end in what tells them apart."""
    if len(cluster) <= _LONGEST:
        return cluster or "the cluster"
    return f"…{cluster[1 - _LONGEST :]}"


def _square(release: tuple[str, str, str, str, str], left: int, top: int) -> str:
    _, resource, action, risk, why = release
    letter, colour = _LOOKS[action]
    title = as_html_text(f"{resource}: {action}, {risk} risk; {why}")
    return (
        f'<g><title>{title}</title><rect x="{left}" y="{top}" width="{_SQUARE}" height="{_SQUARE}" rx="3" '
        f'fill="{colour}" stroke="{_RINGS[risk]}" stroke-width="3"/>'
        f'<text x="{left + _SQUARE // 2}" y="{top + 14}" class="letter">{letter}</text></g>'
    )


def _legend() -> str:
    parts: list[str] = []
    left = 0
    for action, (letter, colour) in _LOOKS.items():
        parts.append(
            f'<rect x="{left}" y="4" width="{_SQUARE}" height="{_SQUARE}" rx="3" fill="{colour}"/>'
            f'<text x="{left + _SQUARE // 2}" y="18" class="letter">{letter}</text>'
            f'<text x="{left + _SQUARE + 6}" y="18">{action}</text>'
        )
        left += 110
    for risk in ("high", "medium"):
        parts.append(
            f'<rect x="{left + 2}" y="5" width="15" height="15" rx="3" fill="none" '
            f'stroke="{_RINGS[risk]}" stroke-width="3"/>'
            f'<text x="{left + _SQUARE + 6}" y="18">{risk} risk</text>'
        )
        left += 110
    return "".join(parts)
