"""Tag patterns of fluxd as image policies of Flux v2, under which nothing moves by accident.

Flux v1 took the newest build and Flux v2 cannot order by build time, so an order is looked for in the tags
themselves. What is found is tried with the known tags; what fails becomes a pin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from fluxv2_migrate.errors import AmbiguousTag, InvalidRange
from fluxv2_migrate.findings import Finding
from fluxv2_migrate.flux1.tags import TaggedImage, TagPattern
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.flux2.tags import latest_tag, sort_tags
from fluxv2_migrate.golang.ranges import RangeDialect, VersionRange
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.regexp_classes import ANY, ANY_BUT_NEWLINE
from fluxv2_migrate.golang.regexp_syntax import Assertion, Capture, CharClass, Concat, Node, Repeat
from fluxv2_migrate.golang.regexp_syntax import Literal as LiteralText
from fluxv2_migrate.golang.versions import compare_versions, parse_version

__all__ = ["PolicyCandidate", "PolicyTranslation", "translate_tag_pattern"]

Confidence = Literal["proved", "structural", "guess", "none"]
_ENOUGH: Final = 3
_DIGITS: Final = ((48, 57),)
_TOKEN: Final = re.compile(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]")
_HASH: Final = re.compile(r"(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{6,40}")
_PRERELEASES: Final = {"semver": {"range": ">=0.0.0-0"}}
_RELEASES: Final = {"semver": {"range": ">=0.0.0"}}
_HIGHEST: Final = {"numerical": {"order": "asc"}}
_LAST: Final = {"alphabetical": {"order": "asc"}}


@dataclass(frozen=True, slots=True)
class PolicyCandidate:
    """A policy that fits the tags that are known.

    Attributes:
        policy: the `spec.policy`.
        filter_tags: the `spec.filterTags`, or `None`.
        order: what orders the tags, in words.
        wrong_pairs: how many pairs of tags it puts in another order than their build times; `None` where no
            times are known.
    """

    policy: Mapping[str, Any]
    filter_tags: Mapping[str, str] | None
    order: str
    wrong_pairs: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyTranslation:
    """An image policy for a tag pattern.

    Attributes:
        policy: the `spec.policy`.
        filter_tags: the `spec.filterTags`, or `None`.
        order: what orders the tags, in words.
        candidates: other policies that fit, the best first.
        confidence: `proved` on the given build times, `structural` by what the tags show, a `guess`, or
            `none`: then it is the pin.
        findings: what a person must know.
    """

    policy: Mapping[str, Any]
    filter_tags: Mapping[str, str] | None
    order: str
    candidates: tuple[PolicyCandidate, ...]
    confidence: Confidence
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """A piece of what a tag looks like: its expression, whether it varies, and what of the tag it holds."""

    expression: str
    varies: bool
    text: str

    @property
    def is_number(self) -> bool:
        return self.text.isascii() and self.text.isdigit()


def translate_tag_pattern(
    pattern: str,
    *,
    current_tag: str | None = None,
    images: Iterable[TaggedImage] | None = None,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
) -> PolicyTranslation:
    """Gives an image policy that selects what fluxd would have, or the pin where that cannot be known.

    Args:
        pattern: of fluxd, with its prefix.
        current_tag: the tag that runs.
        images: the known tags, with their build times where these are known.
        flux_version: the Flux release that will run.

    Returns:
        The policy. Selecting from the current tag alone gives it; selecting from the known tags gives none
        that is older, and none that fluxd would not have selected.

    Source: fluxcd/flux 1.25.4 `pkg/policy/pattern.go`; image-reflector-controller 1.2.0 `internal/policy`.

    >>> found = translate_tag_pattern("semver:~1.4", current_tag="1.4.7")
    >>> found.policy, found.filter_tags, found.confidence
    ({'semver': {'range': '~1.4'}}, None, 'structural')
    >>> found = translate_tag_pattern("glob:main-*", current_tag="main-3f1c2ab-1602225929")
    >>> found.policy, found.filter_tags["extract"], found.order
    ({'numerical': {'order': 'asc'}}, '$n', 'a timestamp')
    >>> translate_tag_pattern("glob:*", current_tag="3f1c2ab").filter_tags
    {'pattern': '^3f1c2ab$'}
    """
    chosen = TagPattern.parse(pattern)
    known = tuple(images or ())
    passing = [image for image in known if chosen.selects(image.tag)]
    findings: list[Finding] = []
    confidence: Confidence = "structural"
    if chosen.kind == "semver":
        found = list(_of_range(chosen, current_tag, flux_version, findings))
        if any(finding.code in ("IM004", "IM019") for finding in findings):
            confidence = "guess"
    elif chosen.kind == "glob" and "*" not in chosen.pattern:
        found = [PolicyCandidate(_LAST, {"pattern": f"^{_escape(chosen.pattern)}$"}, "one tag")]
        if chosen.pattern == "latest":
            findings.append(
                Finding("IM006", "fluxd never noticed that `latest` moved, and Flux v2 follows its digest")
            )
    else:
        if not chosen.valid:
            findings.append(Finding("IM004", f"{pattern!r} is invalid, and fluxd took every tag"))
        reference = current_tag if current_tag is not None else _newest(passing)
        items = None if reference is None or not chosen.valid else _items(chosen, reference)
        found = [] if items is None else list(_orders(items))
    ranked = _rank(found, passing, flux_version)
    safe = [each for each in ranked if _is_safe(each, chosen, current_tag, known, flux_version)]
    if not safe:
        return _pin(pattern, chosen, current_tag, tuple(ranked), findings)
    best = safe[0]
    times = {image.created for image in passing if image.created is not None}
    if chosen.requires_timestamp and best.wrong_pairs == 0 and len(times) >= _ENOUGH:
        confidence = "proved"
    elif best.wrong_pairs or (confidence == "structural" and best.order == "a number"):
        confidence = "guess"
    others = tuple(each for each in ranked if each is not best)
    return PolicyTranslation(best.policy, best.filter_tags, best.order, others, confidence, tuple(findings))


def _pin(
    pattern: str,
    chosen: TagPattern,
    current_tag: str | None,
    candidates: tuple[PolicyCandidate, ...],
    findings: list[Finding],
) -> PolicyTranslation:
    advice = "give tags a part that grows, as in `branch-sha-timestamp`"
    findings.append(Finding("IM005", f"nothing is known that orders the tags of {pattern!r}: {advice}"))
    # Without a tag there is nothing to hold: a filter that no tag passes moves nothing either.
    expression = "^$" if current_tag is None else f"^{_escape(current_tag)}$"
    return PolicyTranslation(
        _LAST, {"pattern": expression}, "none: pinned", candidates, "none", tuple(findings)
    )


def _escape(text: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _newest(images: Sequence[TaggedImage]) -> str | None:
    dated = [(image.created, image.tag) for image in images if image.created is not None]
    return max(dated)[1] if dated else next((image.tag for image in images), None)


# Ranges


def _of_range(
    chosen: TagPattern, current_tag: str | None, flux_version: FluxVersion, findings: list[Finding]
) -> Iterator[PolicyCandidate]:
    text = chosen.pattern.strip()
    if not chosen.valid:
        meant = re.sub(r"\.(?=\s*(?:$|,|\|\|))", "", text)
        message = f"the range {text!r} is invalid, and fluxd took every version; {meant!r} is taken"
        findings.append(Finding("IM004", message))
        text = meant
    target = _in_target(text, chosen.valid, flux_version)
    if target is None:
        return
    if chosen.valid and target != text:
        message = f"the range {text!r} is written as {target!r} for Flux {flux_version}"
        findings.append(Finding("IM019", message))
    filter_tags = None
    if current_tag is not None and (match := re.fullmatch(r"v?[0-9]+((?:\.[0-9]+)?)", current_tag)):
        inner, rest = (r"\.[0-9]+", ".0") if match[1] else ("", ".0.0")
        filter_tags = {"pattern": rf"^(?P<v>v?[0-9]+{inner})$", "extract": f"$v{rest}"}
    yield PolicyCandidate({"semver": {"range": target}}, filter_tags, "versions")


def _in_target(text: str, valid: bool, flux_version: FluxVersion) -> str | None:
    """Gives the range in the dialect of the target, with the same meaning where that can be written."""
    late = FLUX_VERSIONS.index(flux_version) >= FLUX_VERSIONS.index("2.7")
    dialect: RangeDialect = "flux2" if late else "flux2-2.5" if flux_version == "2.5" else "flux2-early"
    groups = []
    for group in text.split("||"):
        parts = re.findall(r"(?:=|!=|>|<|>=|=>|<=|=<|~>?|\^)?\s*v?[0-9xX*][^\s,<>=!~^]*", group)
        if " - " in group or not parts:
            groups.append(group.strip())
            continue
        named = [re.search(r"-", part) is not None for part in parts]
        if valid and any(named) and not all(named):
            # In Flux v1 each part had to name a prerelease, so one alone let none in.
            parts = [_without_prerelease(part) for part in parts]
        elif valid and dialect == "flux2" and all(re.match(r"!=\s*v?\d+\.\d+\.\d+$", part) for part in parts):
            # Alone, `!=` let prereleases in.
            parts = [">=0.0.0-0", *parts]
        groups.append(" ".join(part.strip() for part in parts) if len(parts) > 1 else parts[0].strip())
    written = " || ".join(groups)
    simplest = text if _same(text, written) else written
    for candidate in (simplest, written):
        try:
            VersionRange.parse(candidate, dialect)
        except InvalidRange:
            continue
        return candidate
    return None


def _same(one: str, other: str) -> bool:
    bare = [re.sub(r"[\s,]+", "", text) for text in (one, other)]
    # Glued parts and a last comma were valid in Flux v1 alone.
    return bare[0] == bare[1] and not re.search(r",\s*$|\d[<>=!~^]", one)


def _without_prerelease(part: str) -> str:
    core = part.partition("-")[0]
    # A release passes `>1.0.0-rc` from 1.0.0 on, and `<=2.0.0-rc` only below 2.0.0.
    return re.sub(r"^>(?!=)", ">=", core) if core.startswith(">") else re.sub(r"^(?:<=|=<)", "<", core)


# Orders


def _items(chosen: TagPattern, reference: str) -> list[_Item] | None:
    """Gives what a tag looks like, in pieces; the pattern allows every tag that looks alike."""
    if chosen.kind == "glob":
        pieces = chosen.pattern.split("*")
        first, *middle, last = map(re.escape, pieces)
        # Each piece is looked for once and not gone back on, so that time stays linear.
        between = "".join(f"(?>(.*?){piece})" for piece in middle)
        expression = f"{first}{between}(.*){last}"
        match = re.fullmatch(expression, reference, re.DOTALL)
        if match is None:
            return None
        items = [_Item(_escape(letter), False, letter) for letter in pieces[0]]
        for text, piece in zip(match.groups(), pieces[1:], strict=True):
            items += [*_free(text), *(_Item(_escape(letter), False, letter) for letter in piece)]
        return items
    nodes = list(_flatten(Regexp.compile(chosen.pattern).tree))
    begins = bool(nodes) and nodes[0] == Assertion("begin_text")
    ends = bool(nodes) and nodes[-1] == Assertion("end_text")
    inner = nodes[1 if begins else 0 : len(nodes) - 1 if ends else len(nodes)]
    printed = [text for node in inner if (text := _print(node)) is not None]
    if len(printed) < len(inner):
        return None
    whole = "^" + ("" if begins else "((?s:.*?))") + "".join(f"({text})" for text in printed)
    whole += "$" if ends else "((?s:.*))$"
    found = Regexp.compile(whole).find_submatch(reference)
    if found is None:
        return None
    texts = [text or "" for text in found[1:]]
    items = [] if begins else _free(texts.pop(0))
    for node, expression, text in zip(inner, printed, texts, strict=False):
        items += _of_node(node, expression, text)
    return items if ends else [*items, *_free(texts[-1])]


def _flatten(node: Node) -> Iterator[Node]:
    if isinstance(node, Concat):
        for part in node.parts:
            yield from _flatten(part)
    elif isinstance(node, Capture):
        yield from _flatten(node.body)
    else:
        yield node


def _print(node: Node) -> str | None:
    """Gives the text of a node, of the few kinds that filters are made of."""
    if isinstance(node, LiteralText):
        return _escape(node.text)
    if isinstance(node, CharClass):
        if node.ranges in (ANY, ANY_BUT_NEWLINE):
            return "." if node.ranges == ANY_BUT_NEWLINE else "(?s:.)"
        spans = (f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in node.ranges)
        return "[0-9]" if node.ranges == _DIGITS else f"[{''.join(spans)}]"
    if isinstance(node, Repeat) and isinstance(node.body, CharClass):
        limits = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.minimum, node.maximum))
        if limits is None:
            limits = f"{{{node.minimum},{'' if node.maximum is None else node.maximum}}}"
        return f"{_print(node.body)}{limits}"
    return None


def _of_node(node: Node, expression: str, text: str) -> list[_Item]:
    if isinstance(node, LiteralText):
        return [_Item(_escape(letter), False, letter) for letter in text]
    inner = node.body if isinstance(node, Repeat) else node
    if isinstance(inner, CharClass) and inner.ranges in (ANY, ANY_BUT_NEWLINE):
        unlimited = isinstance(node, Repeat) and node.maximum is None and node.minimum <= 1
        return _free(text) if unlimited else [_Item(_escape(letter), False, letter) for letter in text]
    return [_Item(expression, True, text)]


def _free(text: str) -> list[_Item]:
    """Gives the pieces of a text where the pattern allows any."""
    items: list[_Item] = []
    position = 0
    while position < len(text):
        hashed = _HASH.match(text, position)
        at_edge = position == 0 or not text[position - 1].isalnum()
        if hashed is not None and at_edge and not text[hashed.end() : hashed.end() + 1].isalnum():
            items.append(_Item("[0-9a-f]+", True, hashed[0]))
            position = hashed.end()
            continue
        token = _TOKEN.match(text, position)
        word = token[0] if token is not None else text[position]
        varies = word.isascii() and word.isdigit()
        items.append(_Item("[0-9]+" if varies else _escape(word), varies, word))
        position += len(word)
    return items


def _numbers(items: Sequence[_Item]) -> list[tuple[int, int]]:
    """Gives the runs of pieces that are one number each, as begin and end."""
    runs: list[tuple[int, int]] = []
    for index, item in enumerate(items):
        if not item.is_number:
            continue
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _orders(items: Sequence[_Item]) -> Iterator[PolicyCandidate]:
    """Gives what could order tags of the like, the likeliest first."""
    numbers = _numbers(items)
    varying = [run for run in numbers if any(item.varies for item in items[run[0] : run[1]])]
    for run in varying:
        text = "".join(item.text for item in items[run[0] : run[1]])
        if len(text) in (10, 13) and text.startswith("1"):
            yield _numerical(items, run, "a timestamp")
        elif len(text) in (8, 12, 14) and text.startswith("20"):
            yield _numerical(items, run, "a date")
    chain: list[tuple[int, int]] = []
    chains: list[list[tuple[int, int]]] = []
    for run in numbers:
        if chain and run[0] == chain[-1][1] + 1 and items[chain[-1][1]].text == ".":
            chain.append(run)
        else:
            chain = [run]
            chains.append(chain)
    for chain in chains:
        if any(run in varying for run in chain) and len(chain) > 1:
            yield from _versions(items, chain, varying)
    dashed = _dashed_date(items, numbers)
    if dashed is not None:
        expression = _expression(items, [(*dashed, "d")])
        yield PolicyCandidate(_LAST, {"pattern": expression, "extract": "$d"}, "a date")
    for run in reversed(varying):
        yield _numerical(items, run, "a number")


def _versions(
    items: Sequence[_Item], chain: Sequence[tuple[int, int]], varying: Sequence[tuple[int, int]]
) -> Iterator[PolicyCandidate]:
    start, end = chain[0][0], chain[-1][1]
    later = [run for run in varying if run[0] >= end]
    if len(chain) == 2:
        expression = _expression(items, [(start, end, "v")])
        yield PolicyCandidate(_RELEASES, {"pattern": expression, "extract": "$v.0"}, "a version of two parts")
    elif len(chain) == 3:
        if later:
            expression = _expression(items, [(start, end, "v"), (*later[0], "n")])
            filter_tags = {"pattern": expression, "extract": "$v-$n"}
            yield PolicyCandidate(_PRERELEASES, filter_tags, "a version and a build")
        else:
            expression = _expression(items, [(start, end, "v")])
            yield PolicyCandidate(_RELEASES, {"pattern": expression, "extract": "$v"}, "a version")
    else:
        # What is behind the fourth part is not looked at.
        expression = _expression(items, [(start, chain[2][1], "v"), (*chain[3], "n")])
        filter_tags = {"pattern": expression, "extract": "$v-$n"}
        yield PolicyCandidate(_PRERELEASES, filter_tags, "a version of four parts")


def _dashed_date(items: Sequence[_Item], numbers: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    for first, second, third in zip(numbers, numbers[1:], numbers[2:], strict=False):
        texts = ["".join(item.text for item in items[start:end]) for start, end in (first, second, third)]
        marks = (items[first[1]].text, items[second[1]].text)
        near = second[0] == first[1] + 1 and third[0] == second[1] + 1
        if near and marks == ("-", "-") and [len(text) for text in texts] == [4, 2, 2]:
            timed = all(item.text in "-:.TZ" or item.is_number for item in items[third[1] :])
            return first[0], len(items) if timed else third[1]
    return None


def _numerical(items: Sequence[_Item], run: tuple[int, int], order: str) -> PolicyCandidate:
    expression = _expression(items, [(*run, "n")])
    return PolicyCandidate(_HIGHEST, {"pattern": expression, "extract": "$n"}, order)


def _expression(items: Sequence[_Item], groups: Sequence[tuple[int, int, str]]) -> str:
    begins = {start: name for start, _, name in groups}
    ends = {end for _, end, _ in groups}
    text = "^"
    for index, item in enumerate(items):
        text += ")" if index in ends else ""
        text += f"(?P<{begins[index]}>" if index in begins else ""
        text += item.expression
    return text + (")" if len(items) in ends else "") + "$"


# What is tried before it is written


def _rank(
    candidates: Sequence[PolicyCandidate], passing: Sequence[TaggedImage], flux_version: FluxVersion
) -> list[PolicyCandidate]:
    times = {image.tag: image.created for image in passing if image.created is not None}
    if len(times) < 2:
        return list(candidates)
    measured = []
    for candidate in candidates:
        policy, filter_tags = candidate.policy, candidate.filter_tags
        ordered = sort_tags(list(times), policy, filter_tags, flux_version=flux_version)
        wrong = sum(
            times[one] < times[other] for index, one in enumerate(ordered) for other in ordered[index + 1 :]
        )
        # What leaves many tags out orders the few that are left easily: pairs that are gone count as wrong.
        total, left = len(times) * (len(times) - 1) // 2, len(ordered) * (len(ordered) - 1) // 2
        measured.append(((wrong + total - left) / total, replace(candidate, wrong_pairs=wrong)))
    measured.sort(key=lambda each: each[0])
    return [candidate for _, candidate in measured]


def _is_safe(
    candidate: PolicyCandidate,
    chosen: TagPattern,
    current_tag: str | None,
    known: Sequence[TaggedImage],
    flux_version: FluxVersion,
) -> bool:
    policy, filter_tags = candidate.policy, candidate.filter_tags
    tags = list(dict.fromkeys([image.tag for image in known]))
    try:
        if current_tag is not None:
            if current_tag != latest_tag([current_tag], policy, filter_tags, flux_version=flux_version):
                return False
            tags = list(dict.fromkeys([*tags, current_tag]))
        selected = latest_tag(tags, policy, filter_tags, flux_version=flux_version)
    except AmbiguousTag:
        return False
    if selected is None or selected == current_tag:
        return True
    return chosen.selects(selected) and not _is_older(selected, current_tag, chosen, known)


def _is_older(
    selected: str, current_tag: str | None, chosen: TagPattern, known: Sequence[TaggedImage]
) -> bool:
    if current_tag is None:
        return False
    if chosen.kind == "semver":
        one, other = parse_version(selected), parse_version(current_tag)
        return one is not None and other is not None and compare_versions(one, other) < 0
    times = {image.tag: image.created for image in known}
    new, old = times.get(selected), times.get(current_tag)
    return new is not None and old is not None and new < old
