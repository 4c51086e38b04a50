"""Generated image automation as documents, with the comments that came with the filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fluxv2_migrate.yaml_text import Style, emit_entry

__all__ = ["image_object_text"]

_SELECTING: Final = ("range:", "pattern:", "order:")
"""What people comment on: the range or the filter of tags, in the order of preference."""


def image_object_text(manifest: Mapping[str, Any], comments: Iterable[str], style: Style) -> str:
    """Gives an object of image automation as a document.

    Args:
        manifest: of the object.
        comments: with their `#`; one alone stands behind what selects the tag, several stand above it.
        style: of the repository.

    >>> policy = {"spec": {"policy": {"semver": {"range": "~1.4"}}}}
    >>> print(image_object_text(policy, ["# never 2.x"], Style()), end="")
    ---
    spec:
      policy:
        semver:
          range: ~1.4 # never 2.x
    """
    lines = [f"---{style.newline}"]
    for key, value in manifest.items():
        lines += emit_entry(key, value, 0, style).splitlines(keepends=True)
    texts = list(dict.fromkeys(comments))
    if texts:
        at = min((index for index, line in enumerate(lines)), key=lambda index: _rank(lines[index]))
        if len(texts) == 1:
            lines[at] = f"{lines[at].rstrip()} {texts[0]}{style.newline}"
        else:
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            lines[at:at] = [f"{indent}{text}{style.newline}" for text in texts]
    return "".join(lines)


def _rank(line: str) -> int:
    for rank, word in enumerate(_SELECTING):
        if line.lstrip().startswith(word):
            return rank
    return len(_SELECTING)
