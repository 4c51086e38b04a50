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


@st.composite
def written_documents(draw: st.DrawFn) -> WrittenDocument:
    """Draws a document."""
    rows: list[str] = []
    fields: list[Path] = []

    def comment() -> str:
        return draw(st.sampled_from(_COMMENTS))

    def own_line(indent: int) -> None:
        if draw(st.integers(0, 4)) == 0:
            rows.append(draw(st.sampled_from((" " * indent + "# above", "", "# far left"))))

    def value(head: str, indent: int, depth: int, at: Path) -> None:
        kinds = ["scalar", "scalar", "below", "block", "flow", "flow lines", "anchor"]
        kind = draw(st.sampled_from(kinds + (["mapping", "list"] * 3 if depth else [])))
        if kind == "scalar":
            fields.append(at)
            rows.append(f"{head} {_scalar(draw)}{comment()}")
        elif kind == "below":
            fields.append(at)
            rows.append(head + comment())
            own_line(indent + 2)
            rows.append(" " * (indent + 2) + _scalar(draw) + comment())
        elif kind == "block":
            fields.append(at)
            rows.append(f"{head} {draw(st.sampled_from(('>-', '|-')))}{comment()}")
            rows.append(" " * (indent + 2) + "acme/web:1 # text")
        elif kind == "anchor":
            fields.append(at)
            rows.append(f"{head} &{'-'.join(map(str, at))} {_scalar(draw)}{comment()}")
        elif kind == "flow":
            rows.append(f"{head} {_flow(draw, 2, at, fields)}{comment()}")
        elif kind == "flow lines":
            rows.append(f"{head} {{")
            rows.extend(_lines_of_flow(draw, indent + 2, at, fields))
            rows.append(" " * (indent + draw(st.sampled_from((1, 2)))) + "}" + comment())
        elif kind == "mapping":
            rows.append(head + comment())
            mapping(indent + 2, depth - 1, at)
        else:
            rows.append(head + comment())
            items(indent + draw(st.sampled_from((0, 2))), depth - 1, at)

    def mapping(indent: int, depth: int, at: Path, first: str = "") -> None:
        for index in range(draw(st.integers(1, 3))):
            key = draw(st.sampled_from((f"k{index}", f'"k{index}"')))
            if index or not first:
                own_line(indent)
            value(
                (first if index == 0 and first else " " * indent) + key + ":",
                indent,
                depth,
                (*at, f"k{index}"),
            )

    def items(indent: int, depth: int, at: Path) -> None:
        for index in range(draw(st.integers(1, 3))):
            own_line(indent)
            dash = " " * indent + "-"
            kind = draw(st.sampled_from(("scalar", "flow", "mapping", "below")))
            if kind == "scalar":
                fields.append((*at, index))
                rows.append(f"{dash} {_scalar(draw)}{comment()}")
            elif kind == "flow":
                rows.append(f"{dash} {_flow(draw, 2, (*at, index), fields)}{comment()}")
            elif kind == "below":
                fields.append((*at, index))
                # Go's YAML allows no tab behind a dash.
                rows.append(dash + comment().replace("\t", " "))
                rows.append(" " * (indent + 2) + _scalar(draw) + comment())
            else:
                mapping(indent + 2, max(depth - 1, 0), (*at, index), first=f"{dash} ")

    if draw(st.booleans()):
        rows.append("---")
    mapping(0, 3, ())
    newline = draw(st.sampled_from(("\n", "\n", "\r\n")))
    return WrittenDocument(newline.join(rows) + draw(st.sampled_from((newline, ""))), tuple(fields))
