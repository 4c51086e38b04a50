"""What could order the tags that look like one: times, dates, versions and numbers in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from fluxv2_migrate.tags.policies import HIGHEST, LAST, PRERELEASES, RELEASES, PolicyCandidate
from fluxv2_migrate.tags.shapes import Piece

_YEAR: Final = "(?:19|20)[0-9]{2}"
_MONTH: Final = "(?:0[1-9]|1[0-2])"
_DAY: Final = "(?:0[1-9]|[12][0-9]|3[01])"
_MOMENT: Final = re.compile(rf"1[0-9]{{9}}|1[0-9]{{12}}|{_YEAR}{_MONTH}{_DAY}[0-2][0-9](?:[0-5][0-9]){{1,2}}")
_TO_THE_SECOND: Final = re.compile(
    rf"1[0-9]{{9}}|1[0-9]{{12}}|{_YEAR}{_MONTH}{_DAY}(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9](?:[0-9]{{3}})?"
)
_DATE: Final = re.compile(rf"{_YEAR}{_MONTH}{_DAY}(?:[0-2][0-9])?")
_TURNED_DATE: Final = re.compile(rf"(?:{_DAY}{_MONTH}|{_MONTH}{_DAY}){_YEAR}")
_PART_OF_YEAR: Final = re.compile("0?[1-9]|[1-4][0-9]|5[0-3]")
_TRIPLE: Final = (re.compile(_YEAR), re.compile("0?[1-9]|1[0-2]"), re.compile("0?[1-9]|[12][0-9]|3[01]"))
_LENGTHS_OF_HASHES: Final = (7, 8, 40)
_EXACT_DIGITS: Final = 15
"""Digits that the floating point of the numerical order tells apart."""
_MOST_REPETITIONS: Final = 1000
"""How often Go's expressions repeat something at most."""
_LONGEST: Final = 18
"""Digits of a number of 64 bits, whichever they are."""
_COUNTS: Final = ("a number", "numbers", "a version and a build", "a version of four parts")
"""Orders whose last number can be that of the build."""
_NAMES: Final = "abcdefghijklmnopqrstuvwxyz"


Trust = Literal["structural", "guess", "doubtful", "shared"]


@dataclass(frozen=True, slots=True)
class Order:
    """A policy with how much the tag itself says for it.

    Attributes:
        trust: what the order is without build times; a `doubtful` one is taken only where these bear it out,
            and one that several builds can `share` a key of is never taken.
    """

    candidate: PolicyCandidate
    trust: Trust


@dataclass(frozen=True, slots=True)
class _Run:
    """Pieces that are one number."""

    start: int
    end: int
    text: str
    varies: bool
    unlimited: bool


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    start: int
    end: int
    expression: str = ""


def orders_of(pieces: Sequence[Piece]) -> tuple[Order, ...]:
    """Gives what could order tags of a kind, the likeliest first.

    >>> from fluxv2_migrate.flux1.tags import TagPattern
    >>> from fluxv2_migrate.tags.shapes import pieces_of
    >>> found = orders_of(pieces_of(TagPattern.parse("glob:*"), "main-3f1c2ab-1602225929"))
    >>> found[0].candidate.order, found[0].candidate.filter_tags["pattern"]
    ('a timestamp', '^main-[0-9a-f]+-(?P<n>[0-9]{10})$')
    """
    runs = _runs(pieces)
    varying = [run for run in runs if run.varies]
    clear = not any(piece.kind == "mixed" for piece in pieces)
    found = [
        *_moments(pieces, varying),
        *_dates(pieces, varying),
        *_triples(pieces, runs, varying),
        *_chained(pieces, runs, varying, clear=clear),
    ]
    if not found:
        usual = clear and all(len(run.text) not in _LENGTHS_OF_HASHES for run in varying)
        words = "a number" if len(varying) == 1 else "numbers"
        found += _composed(pieces, varying, words, "guess" if usual else "doubtful")
    found += [_single(pieces, run, "a number", "doubtful") for run in reversed(varying)]
    if _ends_with_year(runs):
        found = [replace(each, trust="doubtful") if each.trust != "shared" else each for each in found]
    first: dict[str, Order] = {}
    for each in found:
        first.setdefault(repr((each.candidate.policy, each.candidate.filter_tags)), each)
    return tuple(first.values())


def _ends_with_year(runs: Sequence[_Run]) -> bool:
    """Gives whether a year may stand behind its days, months or quarters, which then order nothing.

    `08.04.2022` can be a date and a version: read as the latter it is newer than `07.05.2022`.
    """
    for index, run in enumerate(runs):
        if run.varies and _TURNED_DATE.fullmatch(run.text) and not _DATE.fullmatch(run.text):
            return True
        before = runs[max(0, index - 2) : index]
        if run.varies and re.fullmatch(_YEAR, run.text) and before and index == len(before):
            return all(_PART_OF_YEAR.fullmatch(each.text) and each.varies for each in before)
    return False


def _moments(pieces: Sequence[Piece], varying: Sequence[_Run]) -> Iterator[Order]:
    for run in varying:
        if _MOMENT.fullmatch(run.text):
            order = "a timestamp" if run.text.startswith("1") else "a date"
            yield _single(pieces, run, order, "structural", fixed=True)
            yield from _wide(pieces, run, order)


def _dates(pieces: Sequence[Piece], varying: Sequence[_Run]) -> Iterator[Order]:
    for run in varying:
        if _DATE.fullmatch(run.text) and not _MOMENT.fullmatch(run.text):
            yield from _composed(pieces, [run, *_others(varying, [run])], "a date", "structural")
            yield from _wide(pieces, run, "a date")


def _chained(
    pieces: Sequence[Piece], runs: Sequence[_Run], varying: Sequence[_Run], *, clear: bool
) -> Iterator[Order]:
    """Gives the orders by versions; of several the first one is that of the program."""
    chains = [chain for chain in _chains(pieces, runs) if any(run.varies for run in chain)]
    for chain in chains:
        later = [run for run in varying if run.start >= chain[-1].end]
        trust: Trust = "structural" if clear and chain is chains[0] else "doubtful"
        yield from _versions(pieces, chain, later, trust)


def _runs(pieces: Sequence[Piece]) -> list[_Run]:
    runs: list[_Run] = []
    index = 0
    while index < len(pieces):
        start = index
        while index < len(pieces) and pieces[index].is_number:
            index += 1
        if index > start:
            inner = pieces[start:index]
            text = "".join(piece.text for piece in inner)
            varies = any(piece.kind == "number" for piece in inner)
            unlimited = len(inner) == 1 and inner[0].expression in ("[0-9]+", "[0-9]*")
            runs.append(_Run(start, index, text, varies, unlimited))
        else:
            index += 1
    return runs


def _others(varying: Sequence[_Run], taken: Sequence[_Run]) -> list[_Run]:
    """Gives the other numbers, those behind before those in front."""
    left = [run for run in varying if run not in taken]
    return sorted(left, key=lambda run: (run.start < taken[0].start, run.start))


def _chains(pieces: Sequence[Piece], runs: Sequence[_Run]) -> list[list[_Run]]:
    chains: list[list[_Run]] = []
    for run in runs:
        before = chains[-1][-1] if chains else None
        if before is not None and run.start == before.end + 1 and pieces[before.end].text == ".":
            chains[-1].append(run)
        else:
            chains.append([run])
    return [chain for chain in chains if len(chain) > 1]


def _filter(pieces: Sequence[Piece], groups: Sequence[_Group], extract: str) -> Mapping[str, str]:
    begins = {group.start: group for group in groups}
    text, index = "^", 0
    while index < len(pieces):
        group = begins.get(index)
        if group is None:
            text += pieces[index].expression
            index += 1
            continue
        inner = "".join(piece.expression for piece in pieces[group.start : group.end])
        text += group.expression or f"(?P<{group.name}>{inner})"
        index = group.end
    return {"pattern": f"{text}$", "extract": extract}


def _order(
    pieces: Sequence[Piece],
    groups: Sequence[_Group],
    extract: str,
    policy: Mapping[str, Any],
    words: str,
    trust: Trust,
) -> Order:
    """Gives an order by a key; where several builds can have one key it is not taken.

    A number beside a hash can be that of the build, which only build times show.

    Source: image-reflector-controller 1.2.0 `internal/policy/filter.go`: of the tags with one key the one
    that is stored last is the only one that is known.
    """
    candidate = PolicyCandidate(policy, _filter(pieces, groups, extract), words)
    if not _is_unique(pieces, groups):
        trust = "doubtful" if words in _COUNTS and _is_beside_hashes(pieces, groups) else "shared"
    return Order(candidate, trust)


def _is_unique(pieces: Sequence[Piece], groups: Sequence[_Group]) -> bool:
    """Gives whether no two builds have one key: nothing else varies, or the key is a time to the second."""
    taken = [range(group.start, group.end) for group in groups]
    texts = ["".join(pieces[index].text for index in each) for each in taken]
    digits = [*texts, "".join(re.sub("[^0-9]", "", text) for text in texts)]
    inside = {index for each in taken for index in each}
    return any(_TO_THE_SECOND.fullmatch(text) for text in digits) or not any(
        piece.varies for index, piece in enumerate(pieces) if index not in inside
    )


def _is_beside_hashes(pieces: Sequence[Piece], groups: Sequence[_Group]) -> bool:
    last = groups[-1]
    text = "".join(piece.text for piece in pieces[last.start : last.end])
    inside = {index for group in groups for index in range(group.start, group.end)}
    return not _DATE.fullmatch(text) and all(
        piece.kind == "hash" for index, piece in enumerate(pieces) if piece.varies and index not in inside
    )


# One number


def _single(pieces: Sequence[Piece], run: _Run, order: str, trust: Trust, *, fixed: bool = False) -> Order:
    exact = run.unlimited and len(run.text) > _EXACT_DIGITS
    # Of another length it is no moment of the same kind.
    expression = f"(?P<n>{_as_many_digits(run.text)})" if exact or (fixed and run.unlimited) else ""
    groups = [_Group("n", run.start, run.end, expression)]
    # The numerical order takes large neighbours for equal; digits of one length are in order as text.
    return _order(pieces, groups, "$n", LAST if exact else HIGHEST, order, trust)


def _wide(pieces: Sequence[Piece], run: _Run, order: str) -> Iterator[Order]:
    """Gives the order over all that is free around a number: other branches, for example."""
    around = (pieces[: run.start], pieces[run.end :])
    if run.unlimited and pieces[run.start].free and any(piece.free for side in around for piece in side):
        before, after = (_loosened(side) for side in around)
        expression = f"^{before}(?P<n>{_as_many_digits(run.text)}){after}$"
        candidate = PolicyCandidate(HIGHEST, {"pattern": expression, "extract": "$n"}, order)
        yield Order(candidate, "doubtful" if _TO_THE_SECOND.fullmatch(run.text) else "shared")


def _as_many_digits(text: str) -> str:
    """Gives the expression of numbers as long as one, or of any where no expression can say how long."""
    return f"[0-9]{{{len(text)}}}" if len(text) <= _MOST_REPETITIONS else "[0-9]+"


def _loosened(pieces: Sequence[Piece]) -> str:
    text = ""
    for index, piece in enumerate(pieces):
        edge = index in (0, len(pieces) - 1) and not piece.text.isalnum()
        if not piece.free or edge:
            text += piece.expression
        elif not text.endswith(".+"):
            text += ".+"
    return text


# Several numbers


def _composed(pieces: Sequence[Piece], runs: Sequence[_Run], order: str, trust: Trust) -> Iterator[Order]:
    """Gives the order by several numbers, the first one first."""
    if len(runs) == 1:
        yield _single(pieces, runs[0], order, trust, fixed=order == "a date")
    elif runs and _fit(runs):
        yield _as_version(pieces, runs, order, trust)


def _fit(runs: Sequence[_Run]) -> bool:
    return len(runs) <= len(_NAMES) and all(len(run.text) <= _LONGEST for run in runs)


def _as_version(pieces: Sequence[Piece], runs: Sequence[_Run], order: str, trust: Trust) -> Order:
    """Gives the order by numbers as the parts of a version; zeros in front are refused by some releases."""
    groups = [
        _Group(name, run.start, run.end, f"0*(?P<{name}>[0-9]+)" if run.unlimited else "")
        for name, run in zip(_NAMES, runs, strict=False)
    ]
    extract = ".".join(f"${group.name}" for group in groups[:3]) + ".0" * (3 - len(groups[:3]))
    return _versioned(pieces, groups, extract, groups[3:], order, trust)


def _versioned(
    pieces: Sequence[Piece],
    groups: Sequence[_Group],
    extract: str,
    behind: Sequence[_Group],
    order: str,
    trust: Trust,
) -> Order:
    # What is behind the third part is a prerelease, in which numbers are in order too.
    extract += "-" * bool(behind) + ".".join(f"${group.name}" for group in behind)
    return _order(pieces, groups, extract, PRERELEASES if behind else RELEASES, order, trust)


def _versions(
    pieces: Sequence[Piece], chain: Sequence[_Run], later: Sequence[_Run], trust: Trust
) -> Iterator[Order]:
    runs = [*chain, *later]
    if not _fit(runs):
        return
    start = chain[0].start
    pieces = [*map(_as_it_is, pieces[:start]), *pieces[start:]]
    order = {2: "a version of two parts", 3: "a version"}.get(len(chain), "a version of four parts")
    if len(chain) == 3 and later:
        order = "a version and a build"
    if any(len(run.text) > 1 and run.text.startswith("0") for run in runs):
        yield _as_version(pieces, runs, order, trust)
        return
    groups = [_Group("v", start, chain[:3][-1].end)]
    groups += [
        _Group(f"n{index}" if index else "n", run.start, run.end)
        for index, run in enumerate(runs[len(chain[:3]) :])
    ]
    if len(chain) > 2:
        yield _versioned(pieces, groups, "$v", groups[1:], order, trust)
    else:
        third = f"$v.${groups[1].name}" if later else "$v.0"
        yield _versioned(pieces, groups, third, groups[2:], order, trust)


def _as_it_is(piece: Piece) -> Piece:
    """Gives a number in front of a version, as in `amd64-v1.2`, as the text that it is."""
    return (
        Piece(piece.text, piece.text, "fixed", piece.free) if piece.free and piece.kind == "number" else piece
    )


# Dates of three numbers


def _triples(pieces: Sequence[Piece], runs: Sequence[_Run], varying: Sequence[_Run]) -> Iterator[Order]:
    for index, (year, month, day) in enumerate(zip(runs, runs[1:], runs[2:], strict=False)):
        near = month.start == year.end + 1 and day.start == month.end + 1
        if not near or not day.varies or pieces[year.end].text != pieces[month.end].text:
            continue
        if not all(part.fullmatch(run.text) for part, run in zip(_TRIPLE, (year, month, day), strict=True)):
            continue
        others = _others(varying, [year, month, day])
        written = [run for run in runs[index + 3 :] if run in others]
        timed = all(len(run.text) in (2, 4, 6) for run in written) and len(written) == len(others)
        if pieces[year.end].text != "." and len(month.text) == len(day.text) == 2 and timed:
            yield _alphabetical(pieces, year, (written or [day])[-1])
        else:
            yield from _composed(pieces, [year, month, day, *others], "a date", "structural")
        return


def _alphabetical(pieces: Sequence[Piece], first: _Run, last: _Run) -> Order:
    inner = "".join(
        _as_many_digits(piece.text) if piece.expression == "[0-9]+" else piece.expression
        for piece in pieces[first.start : last.end]
    )
    group = _Group("d", first.start, last.end, f"(?P<d>{inner})")
    return _order(pieces, [group], "$d", LAST, "a date", "structural")
