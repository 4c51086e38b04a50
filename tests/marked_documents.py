"""YAML documents in every form that people write, with the fields in which images could stand."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

__all__ = ["WrittenDocument", "written_documents"]

Path = tuple[str | int, ...]

_VALUES = (
    "web",
    "acme/web:1.0.0",
    "1.10",
    "16",
    "on",
    "2020-01-01",
    "1e5",
    "0777",
    "main-abc-12",
    "v1",
    "true",
    "1:30",
)
_COMMENTS = ("", "", " # note", "\t# why: 'x' {y}", "  # 🙂", " # {}", " #")


@dataclass(frozen=True)
class WrittenDocument:
    """A document.

    Attributes:
        text: the document.
        fields: its scalars.
    """

    text: str
    fields: tuple[Path, ...]


def _scalar(draw: st.DrawFn, *, in_flow: bool = False) -> str:
    value = draw(st.sampled_from(_VALUES))
    form = draw(st.sampled_from(("plain", "plain", "single", "double")))
    if form == "single":
        return f"'{value}'"
    return f'"{value}"' if form == "double" or (in_flow and ":" in value) else value


def _flow(draw: st.DrawFn, depth: int, at: Path, fields: list[Path]) -> str:
    kind = draw(st.sampled_from(("scalar", "mapping", "list"))) if depth else "scalar"
    if kind == "scalar":
        fields.append(at)
        return _scalar(draw, in_flow=True)
    count = draw(st.integers(1, 3))
    blank = draw(st.sampled_from(("", " ")))
    if kind == "list":
        inner = [_flow(draw, depth - 1, (*at, index), fields) for index in range(count)]
        return f"[{blank}{', '.join(inner)}{blank}]"
    inner = [f"f{index}: {_flow(draw, depth - 1, (*at, f'f{index}'), fields)}" for index in range(count)]
    return f"{{{blank}{', '.join(inner)}{blank}}}"


def _lines_of_flow(draw: st.DrawFn, indent: int, at: Path, fields: list[Path]) -> list[str]:
    count = draw(st.integers(1, 3))
    rows = []
    for index in range(count):
        comma = "," if index + 1 < count or draw(st.booleans()) else ""
        rows.append(" " * indent + f"f{index}: {_flow(draw, 1, (*at, f'f{index}'), fields)}{comma}")
        if draw(st.booleans()):
            rows[-1] += draw(st.sampled_from(_COMMENTS))
    return rows


class _Writer:
    """Draws the lines of a document.

    Attributes:
        rows: so far.
        fields: the scalars in them.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self.rows: list[str] = []
        self.fields: list[Path] = []
        self._draw = draw

    def _comment(self) -> str:
        return self._draw(st.sampled_from(_COMMENTS))

    def _line_between(self, indent: int) -> None:
        if self._draw(st.integers(0, 4)) == 0:
            self.rows.append(self._draw(st.sampled_from((" " * indent + "# above", "", "# far left"))))

    def _value(self, head: str, indent: int, depth: int, at: Path) -> None:
        kinds = ["scalar", "scalar", "below", "block", "flow", "flow lines", "anchor"]
        kind = self._draw(st.sampled_from(kinds + (["mapping", "list"] * 3 if depth else [])))
        if kind in ("scalar", "below", "block", "anchor"):
            self.fields.append(at)
            self._scalar(kind, head, indent, at)
        elif kind == "flow":
            self.rows.append(f"{head} {_flow(self._draw, 2, at, self.fields)}{self._comment()}")
        elif kind == "flow lines":
            self.rows.append(f"{head} {{")
            self.rows.extend(_lines_of_flow(self._draw, indent + 2, at, self.fields))
            self.rows.append(" " * (indent + self._draw(st.sampled_from((1, 2)))) + "}" + self._comment())
        elif kind == "mapping":
            self.rows.append(head + self._comment())
            self.mapping(indent + 2, depth - 1, at)
        else:
            self.rows.append(head + self._comment())
            self._items(indent + self._draw(st.sampled_from((0, 2))), depth - 1, at)

    def _scalar(self, kind: str, head: str, indent: int, at: Path) -> None:
        if kind == "scalar":
            self.rows.append(f"{head} {_scalar(self._draw)}{self._comment()}")
        elif kind == "anchor":
            self.rows.append(f"{head} &{'-'.join(map(str, at))} {_scalar(self._draw)}{self._comment()}")
        elif kind == "below":
            self.rows.append(head + self._comment())
            self._line_between(indent + 2)
            self.rows.append(" " * (indent + 2) + _scalar(self._draw) + self._comment())
        else:
            self.rows.append(f"{head} {self._draw(st.sampled_from(('>-', '|-')))}{self._comment()}")
            self.rows.append(" " * (indent + 2) + "acme/web:1 # text")

    def mapping(self, indent: int, depth: int, at: Path, first: str = "") -> None:
        """Draws the lines of a mapping; its first key may stand behind a dash."""
        for index in range(self._draw(st.integers(1, 3))):
            key = self._draw(st.sampled_from((f"k{index}", f'"k{index}"')))
            if index or not first:
                self._line_between(indent)
            begin = first if index == 0 and first else " " * indent
            self._value(f"{begin}{key}:", indent, depth, (*at, f"k{index}"))

    def _items(self, indent: int, depth: int, at: Path) -> None:
        for index in range(self._draw(st.integers(1, 3))):
            self._line_between(indent)
            dash = " " * indent + "-"
            kind = self._draw(st.sampled_from(("scalar", "flow", "mapping", "below")))
            if kind == "scalar":
                self.fields.append((*at, index))
                self.rows.append(f"{dash} {_scalar(self._draw)}{self._comment()}")
            elif kind == "flow":
                self.rows.append(f"{dash} {_flow(self._draw, 2, (*at, index), self.fields)}{self._comment()}")
            elif kind == "below":
                self.fields.append((*at, index))
                # Go's YAML allows no tab behind a dash.
                self.rows.append(dash + self._comment().replace("\t", " "))
                self.rows.append(" " * (indent + 2) + _scalar(self._draw) + self._comment())
            else:
                self.mapping(indent + 2, max(depth - 1, 0), (*at, index), first=f"{dash} ")


@st.composite
def written_documents(draw: st.DrawFn) -> WrittenDocument:
    """Draws a document."""
    writer = _Writer(draw)
    if draw(st.booleans()):
        writer.rows.append("---")
    writer.mapping(0, 3, ())
    newline = draw(st.sampled_from(("\n", "\n", "\r\n")))
    text = newline.join(writer.rows) + draw(st.sampled_from((newline, "")))
    return WrittenDocument(text, tuple(writer.fields))
