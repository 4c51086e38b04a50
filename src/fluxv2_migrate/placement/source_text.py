"""Sources as new documents, in the style of the repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fluxv2_migrate.yaml_text import Style, emit_entry

__all__ = ["source_text"]


def source_text(manifest: Mapping[str, Any], comments: Iterable[tuple[str, str]], style: Style) -> str:
    """Gives a source as a document, with the comments that came with its fields.

    Args:
        manifest: of the source.
        comments: by the field that they belong to.
        style: of the repository.
    """
    lines = [f"---{style.newline}"]
    for key, value in manifest.items():
        lines += emit_entry(key, value, 0, style).splitlines(keepends=True)
    for field_name, prefix in (("url", "  url:"), ("ref", "    ")):
        texts = list(dict.fromkeys(text for name, text in comments if name == field_name))
        starts = (number for number, line in enumerate(lines) if line.startswith(f"  {field_name}:"))
        index = next(starts, None)
        if not texts or index is None:
            continue
        index += field_name == "ref"
        if len(texts) == 1 and lines[index].startswith(prefix):
            lines[index] = f"{lines[index].rstrip()} {texts[0]}{style.newline}"
        else:
            lines[index:index] = [f"  {text}{style.newline}" for text in texts]
    return "".join(lines)
