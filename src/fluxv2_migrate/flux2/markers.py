"""The markers that tell the image updater which fields it writes, and those that it does not see.

Source: image-automation-controller 1.2.0 `internal/update`; kustomize kyaml 0.21 `fieldmeta`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from fluxv2_migrate.flux2.marker_places import (
    FieldPath,
    MarkedScalar,
    PlacedComment,
    UnseenReason,
    read_comments,
)
from fluxv2_migrate.given import checked_text

SETTER: Final = re.compile(r"\{[^{}]*\}")
_ESCAPED: Final = re.compile(r"%([0-7][0-9A-Fa-f])")
_SPACE: Final = " \t\r\n"
_KEY: Final = "$imagepolicy"

MarkerPart = Literal["", "name", "tag", "digest"]
_PARTS: Final[Mapping[str, MarkerPart]] = {"name": "name", "tag": "tag", "digest": "digest"}

UNSEEN_REASONS: Final[Mapping[UnseenReason, str]] = {
    "unparseable": "the file is no YAML that the updater can read, so it skips the file",
    "no-mapping": "a document of the file is no mapping, so the updater skips the file",
    "list-alone": "the file is only a list, which the updater does not update in place; split it",
    "other-text": "other text stands in the same comment; move it to a line of its own above",
    "no-json": "the comment is no JSON object of strings",
    "no-such-form": "a marker names namespace:policy, with :name, :tag or :digest behind it or nothing",
    "inside-text": "it is part of a text, not a comment",
    "behind-key": "it stands behind a key whose value begins on the next line; put it behind the value",
    "behind-collection": "it stands behind a mapping or list in one line; write that in block style",
    "behind-alias": "it stands behind an alias; put it behind the anchored value",
    "empty-value": 'it stands behind no value; write ""',
    "above-key": "it stands above a key; put it behind the value",
    "above-collection": "it stands above a mapping or a list; put it behind a value",
    "several-lines": "another comment line stands beside it; put it behind the value",
    "below": "nothing that it could belong to follows it; put it behind the value",
    "screened-out": 'the updater opens files that hold "$imagepolicy" with its quotes; write it so',
    "second-key": "the key stands twice in its mapping, and only the first is read",
    "second-marker": "another marker behind the same value is read instead",
}
"""Why the updater does not see a marker, and what to do."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A comment that is meant for the image updater.

    Attributes:
        line: of the comment, 1-based.
        column: of its `#`, 1-based.
        namespace: of the policy; empty where the comment names none.
        policy: its name.
        part: what of the image is written: everything, its name, its tag or its digest.
        document: index of the document in the file.
        path: the field that is written; `None` if the updater does not see the marker.
        value: what stands in the field.
        is_quoted: whether the value is quoted, a block of text, or tagged as a text.
        seen: whether the updater sees it.
        reason: why it does not; a key of `UNSEEN_REASONS`.
        once: whether it works only once, since the rewritten file has it below the value.
    """

    line: int
    column: int
    namespace: str
    policy: str
    part: MarkerPart
    document: int = 0
    path: FieldPath | None = None
    value: str | None = None
    is_quoted: bool = False
    seen: bool = True
    reason: UnseenReason | None = None
    once: bool = False


def find_markers(text: str) -> tuple[Marker, ...]:
    r"""Gives the markers of a file: those that the image updater sees, and those that it does not see.

    Args:
        text: a file of any kind; line ends and a byte order mark do not matter.

    Returns:
        The markers in the order of the text, one for each comment that speaks of `$imagepolicy`. Whether the
        policy exists, and whether the file is reached at all, is what `check_markers` tells.

    Source: image-automation-controller 1.2.0 `internal/update/setters.go`; kyaml 0.21 `fieldmeta`.

    >>> text = 'image: a/b:1 # {"$imagepolicy": "flux-system:web"}\n'
    >>> (marker,) = find_markers(text)
    >>> marker.seen, marker.namespace, marker.policy, marker.part, marker.path, marker.value
    (True, 'flux-system', 'web', '', ('image',), 'a/b:1')
    >>> (marker,) = find_markers('image: {tag: "1"} # {"$imagepolicy": "flux-system:web:tag"}\n')
    >>> marker.seen, marker.reason
    (False, 'behind-collection')
    """
    checked_text(text, "a file")
    return tuple(marker for marker, _ in placed_markers(text))


def placed_markers(
    text: str, comments: Sequence[PlacedComment] | None = None
) -> tuple[tuple[Marker, MarkedScalar | None], ...]:
    """Gives each marker with the scalar that it belongs to."""
    found = list(_placed(text, read_comments(text) if comments is None else comments))
    for index in range(len(found) - 1):
        scalar, following = found[index][1], found[index + 1][1]
        if scalar is not None and following is not None and scalar.start == following.start:
            # The comment behind a value is read before the one above it.
            marker = replace(
                found[index][0],
                path=None,
                value=None,
                is_quoted=False,
                seen=False,
                reason="second-marker",
                once=False,
            )
            found[index] = (marker, None)
    return tuple(found)


def _placed(text: str, comments: Sequence[PlacedComment]) -> Iterator[tuple[Marker, MarkedScalar | None]]:
    line, counted = 1, 0
    for comment in comments:
        line += text.count("\n", counted, comment.offset)
        counted = comment.offset
        column = comment.offset - text.rfind("\n", 0, comment.offset)
        namespace, policy, part, reason = _read_comment(comment.text)
        scalar = comment.scalar
        if comment.reason != "screened-out" or reason is None:
            reason = comment.reason or reason
        if reason is not None or scalar is None:
            yield (
                Marker(line, column, namespace, policy, part, comment.document, seen=False, reason=reason),
                None,
            )
            continue
        yield (
            Marker(
                line,
                column,
                namespace,
                policy,
                part,
                comment.document,
                scalar.path,
                scalar.value,
                is_quoted=bool(scalar.style) if not scalar.tag else scalar.tag.endswith("str"),
                once=comment.once,
            ),
            scalar,
        )


def _read_comment(comment: str) -> tuple[str, str, MarkerPart, UnseenReason | None]:
    named = _policy_of(comment.lstrip("#"))
    if named is None:
        inner = SETTER.search(comment)
        named = None if inner is None else _policy_of(inner[0])
        reason: UnseenReason = "no-json" if named is None else "other-text"
        return (*_split(named or "")[:3], reason)
    return _split(named)


def read_policy(comment: str) -> str | None:
    """Gives what a comment names, if it is a marker and nothing else."""
    return _policy_of(comment.lstrip("#"))


def _policy_of(text: str) -> str | None:
    try:
        found = json.loads(text.strip(_SPACE))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(isinstance(value, str | None) for value in found.values()):
        return None
    return found.get(_KEY) or None


def _split(named: str) -> tuple[str, str, MarkerPart, UnseenReason | None]:
    # The updater reads the name as the reference of a schema, in which characters may be escaped.
    words = _ESCAPED.sub(lambda match: bytes.fromhex(match[1]).decode("latin-1"), named).split(":")
    part = _PARTS.get(words[2]) if len(words) == 3 else ""
    if len(words) not in (2, 3) or not all(words) or part is None:
        return words[0] if len(words) > 1 else "", words[1] if len(words) > 1 else "", "", "no-such-form"
    return words[0], words[1], part, None
