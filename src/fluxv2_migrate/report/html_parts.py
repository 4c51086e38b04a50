"""What stands on a page: findings with their places and answers, objects, and files with their diffs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.findings.finding import Finding, answers_fold, proposal_fold, severity_badge
from fluxv2_migrate.findings.table import Concern
from fluxv2_migrate.given import as_text
from fluxv2_migrate.kubernetes import KubernetesObject
from fluxv2_migrate.pages import Html, code, code_block, element, fold, joined, listed, prose, table
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting import HIDDEN, names_a_secret, plural, without_secrets
from fluxv2_migrate.report.outline import Entry
from fluxv2_migrate.repository.diff import unified_diff
from fluxv2_migrate.repository.workspace import Change
from fluxv2_migrate.yaml_text import Style, emit_mapping

_ALWAYS: Final = 2
"""A table of findings always has its first columns, the severity and the code."""
_EXCERPTS: Final = 2
"""Of so many places of one message the lines are shown."""
_STYLE: Final = Style()
_AROUND: Final = 2
"""So many lines are shown above and below a place."""
_OPEN: Final = 400
"""A diff of fewer lines is shown unfolded."""
_CLASSES: Final = {"+": "added", "-": "removed", "@": "hunk"}


def entry_groups(
    groups: Iterable[tuple[Concern, str, tuple[Entry, ...]]], views: FileViews, level: int
) -> Iterator[Html]:
    """Gives the entries under the headings of what they block, or of the harm that they may do."""
    for concern, title, entries in groups:
        cards = [_card(entry, views, level + 1) for entry in entries]
        if concern == "nothing":
            yield fold(f"{title} ({len(entries)})", *cards)
        else:
            yield joined([element(f"h{level}", title), *cards])


def _card(entry: Entry, views: FileViews, level: int) -> Html:
    severity = entry.type.severity
    number = f" {len(entry.findings)} times" if len(entry.findings) > 1 else ""
    title = joined(
        [f"{entry.code} {entry.type.slug} ", severity_badge(severity), element("span", number, class_="soft")]
    )
    remedy = element("p", prose(entry.type.remedy))
    parts = [element(f"h{level}", title)] if len(entry.said) == 1 else [element(f"h{level}", title), remedy]
    for message, places in entry.said:
        parts.append(element("p", element("strong", prose(message))))
        parts += [remedy] if len(entry.said) == 1 else []
        parts.append(element("p", "in every release") if entry.is_common else _places(places, views))
    parts += answers_fold(entry.answers)
    for finding in entry.findings:
        parts += proposal_fold(finding.proposal)
    return element("article", *parts, class_=f"card of-{severity}", data_severity=severity)


def _places(places: Sequence[str], views: FileViews) -> Html:
    shown = [joined([views.place(place), views.excerpt(place)]) for place in places[:_EXCERPTS]]
    rest = places[_EXCERPTS:]
    parts = [listed(shown, class_="places")] if shown else [element("p", "the repository")]
    if rest:
        parts.append(fold(f"{plural(len(rest), 'more place')}", listed(map(views.place, rest))))
    return joined(parts)


def finding_table(caption: str, findings: Iterable[Finding]) -> Html:
    """Gives a row for each finding, and no column for what none of them says."""
    rows = [
        (
            severity_badge(each.severity),
            f"{each.code} {each.slug}",
            (f"{each.path}:{each.line}" if each.path else "")
            + (f" and {len(each.related)} more" if each.related else ""),
            each.resource,
            element("span", prose(each.message), class_="message"),
        )
        for each in findings
    ]
    head = ("severity", "finding", "where", "resource", "message")
    said = [index for index in range(len(head)) if index < _ALWAYS or any(row[index] for row in rows)]
    return table(caption, [head[index] for index in said], [[row[index] for index in said] for row in rows])


def resource_blocks(resources: Iterable[KubernetesObject]) -> Iterator[Html]:
    """Gives each object under its name."""
    for each in resources:
        name = "/".join(part for part in (each.metadata.namespace, each.metadata.name) if part)
        yield element("h3", f"{each.kind} ", code(name))
        yield manifest_block(each)


def manifest_block(resource: KubernetesObject) -> Html:
    """Gives an object as YAML, without what is secret by its name."""
    manifest = resource.to_manifest()
    spec = manifest.get("spec")
    if isinstance(spec, Mapping) and "values" in spec:
        manifest = {**manifest, "spec": {**spec, "values": _shown_values(spec["values"], ())}}
    text = emit_mapping(manifest, _STYLE)
    return code_block(without_secrets(line) if line.strip() else "" for line in text.split("\n")[:-1])


def _shown_values(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown_values(item, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown_values(item, path) for item in value]
    # Whether there is a secret at all is none; a number may be a PIN.
    is_shown = value is None or isinstance(value, bool) or not names_a_secret(path)
    return value if is_shown else HIDDEN


def prerequisite_table(prerequisites: Iterable[Prerequisite]) -> Iterator[Html]:
    """Gives a table of the objects that people create first; nothing where there are none."""
    rows = [
        (
            joined([f"{need.kind} ", code(f"{need.namespace}/{need.name}")]),
            joined(
                [*_separated(map(code, need.keys)), f", a copy of {need.copy_of}" if need.copy_of else ""]
            ),
            ", ".join(need.used_by),
        )
        for need in prerequisites
    ]
    if rows:
        yield table("Objects that people create", ("object", "with", "for"), rows)


def _separated(items: Iterable[str]) -> Iterator[str]:
    for index, item in enumerate(items):
        yield from (", ", item) if index else (item,)


def changes_fold(changes: Iterable[Change]) -> Iterator[Html]:
    """Gives what was done, field by field; nothing where nothing was."""
    rows = [
        (
            each.target_field or "removed",
            ", ".join(each.fields),
            each.rule,
            f"{each.path}:{each.line}" if each.path else "",
        )
        for each in changes
    ]
    if rows:
        head = ("field of Flux v2", "of Flux v1", "rule", "line")
        yield fold(f"What was done ({len(rows)})", table("Field by field", head, rows))


@dataclass(frozen=True, slots=True)
class FileViews:
    """The files of a repository, before and after.

    Attributes:
        before: the texts, as findings name their lines; what is missing is shown by its path alone.
        changes: the text of each file that changes, before and after; `None` where there is none.
    """

    before: Mapping[str, str | bytes]
    changes: Mapping[str, tuple[str | None, str | None]]
    _anchors: dict[str, str] = field(default_factory=dict)
    # Many places stand in one file, which is cut into lines and compared once.
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _diffs: dict[str, list[str]] = field(default_factory=dict)
    _shown: dict[str, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._anchors.update((path, f"file-{number}") for number, path in enumerate(sorted(self.changes)))

    def place(self, place: str) -> Html:
        """Gives a place, `path:line`, as a link to where its file changes."""
        path, line = _parts(place)
        anchor = self._anchors.get(path)
        if anchor is None:
            return code(place)
        if path not in self._shown:
            self._shown[path] = frozenset(number for _, number in _numbered(self._diff(path)) if number)
        is_shown = line in self._shown[path]
        return element("a", code(place), href=f"#{anchor}-{line}" if is_shown else f"#{anchor}")

    def excerpt(self, place: str) -> Html:
        """Gives the lines around a place, with its own marked; nothing where the text is not there."""
        path, number = _parts(place)
        content = self.before.get(path)
        if content is None:
            # A command may name a file that is not in the repository.
            return Html("")
        if path not in self._lines:
            self._lines[path] = as_text(content).split("\n")
        lines = self._lines[path]
        first = max(number - _AROUND, 1)
        shown = []
        for index, line in enumerate(lines[first - 1 : number + _AROUND], start=first):
            told = f"{index:>4}  {_shown(line)}"
            shown.append(
                element(
                    "mark" if index == number else "span",
                    told,
                    class_="line here" if index == number else "line",
                )
            )
        return element("pre", element("code", *shown), tabindex="0", aria_label=f"lines around {place}")

    def diffs(self) -> Iterator[Html]:
        """Gives the diff of each file, folded where all are long together."""
        diffs = {path: self._diff(path) for path in sorted(self.changes)}
        is_open = sum(map(len, diffs.values())) < _OPEN
        for path, lines in diffs.items():
            before, after = self.changes[path]
            what = "new" if before is None else "removed" if after is None else "changed"
            anchor = self._anchors[path]
            inner = element(
                "pre",
                element("code", *_diff_lines(lines, anchor)),
                tabindex="0",
                aria_label=f"diff of {path}",
            )
            added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
            removed = sum(line.startswith("-") and not line.startswith("---") for line in lines)
            summary = joined([code(path), f" {what}, +{added} −{removed}"])
            yield element("div", fold(summary, inner, is_open=is_open), id=anchor, data_row=True)

    def _diff(self, path: str) -> list[str]:
        if path not in self._diffs:
            self._diffs[path] = unified_diff(path, *self.changes[path]).split("\n")[:-1]
        return self._diffs[path]


def _parts(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return (path, int(line)) if line.isdecimal() and path else (place, 1)


def _shown(line: str) -> str:
    return without_secrets(line.rstrip("\r")) if line.strip() else ""


def _diff_lines(lines: list[str], anchor: str) -> Iterator[Html]:
    for line, number in _numbered(lines):
        # The sign is told apart also where no colour is seen, and read aloud.
        name = _CLASSES.get(line[:1], "line")
        yield element(
            "span", line[:1] + _shown(line[1:]), class_=name, id=f"{anchor}-{number}" if number else ""
        )


def _numbered(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Gives the lines of hunks with the numbers that they had before; 0 where they are new."""
    number, is_hunk = 0, False
    for line in lines:
        if line.startswith("@@ "):
            number, is_hunk = int(line.split()[1][1:].partition(",")[0]), True
            yield line, 0
        elif is_hunk:
            is_old = line[:1] in (" ", "-")
            yield line, number if is_old else 0
            number += is_old
