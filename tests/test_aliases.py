"""Anchors in releases and in what patches them: what an alias says stays, whatever becomes of its anchor."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.yaml_text import CannotEdit, compose, write_out
from patched_overlays import Files, release, tree

FIELDS = {
    "r": "releaseName: &r web",
    "t": "timeout: &t 300",
    "m": "maxHistory: &m 3",
    "w": "wait: &w true",
    "f": "rollback: &f {enable: &e true, timeout: 60}",
    "c": "chart: &c {repository: &u https://charts.example.com, name: &n web, version: &v '1.2.3'}",
}
CHART = """\
chart: &c
    repository: &u https://charts.example.com # here
    name: &n web
    version: &v '1.2.3'"""
NAMES = {"f": "fe", "c": "cunv"}


def expanded(text: str) -> str:
    """Gives a text in which nothing stands for anything else."""
    loaded = yaml.safe_load(text)
    dumper = type("_Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    return str(yaml.dump(loaded, Dumper=dumper, sort_keys=False))


@st.composite
def specs(draw: st.DrawFn, *, has_chart: bool) -> str:
    """Draws the fields of a release, of which values and other fields repeat some."""
    fields = draw(st.lists(st.sampled_from(sorted({*FIELDS} - {"c"})), min_size=1, unique=True))
    fields += ["c"] if has_chart else []
    known = "".join(NAMES.get(name, name) for name in fields)
    key = "b" if has_chart else "p"
    lines = [CHART if name == "c" and draw(st.booleans()) else FIELDS[name] for name in fields]
    used = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4))
    shape = draw(st.sampled_from(["block", "flow", "items"]))
    if shape == "block":
        lines += ["values:", *(f"  {key}{index}: *{name}" for index, name in enumerate(used))]
    elif shape == "flow":
        lines.append(f"values: {{{key}: [{', '.join(f'*{name} ' for name in used)}]}}")
    else:
        lines += ["values:", f"  {key}: # all", *(f"  - *{name}" for name in used)]
    if has_chart:
        lines.insert(0, "helmVersion: v3")
    if "m" in known and draw(st.booleans()):
        lines.append("test: {enable: true, timeout: *m}")
    return "".join(f"  {line}\n" for line in "\n".join(lines).replace("\n    ", "\n  ").split("\n"))


def parsed(files: Files, options: fm.MigrationOptions) -> dict[str, object]:
    migration = fm.migrate_repository(files, options)
    assert migration.ok, migration.findings
    assert fm.migrate_repository(migration.files, options).files == migration.files
    return {path: yaml.safe_load(str(text)) for path, text in migration.files.items()}


@settings(max_examples=12)
@given(specs(has_chart=True), specs(has_chart=False), st.booleans())
def test_what_aliases_say_stays(spec: str, patch: str, is_patched: bool) -> None:
    options = fm.MigrationOptions(sync_roots=("prod",))
    files = tree("patches: [{path: more.yaml}]\n", more=release(patch)) if is_patched else tree("")
    files["base/web.yaml"] = release(spec)
    plain = {
        path: expanded(str(text)) if re.search(r": \*|- \*|\[\*", str(text)) else text
        for path, text in files.items()
    }
    assert parsed(files, options) == parsed(plain, options)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: &x 1\nb: *x\n", "a: 1\nb: 1\n"),
        ("a: &x '1' # c\nb: [*x , *x]\n", "a: '1' # c\nb: ['1' , '1']\n"),
        (
            "a: &x\n  c: on\nb:\n- *x # d\n# e\n- *x\n",
            'a: \n  c: on\nb:\n- {"c": true} # d\n# e\n- {"c": true}\n',
        ),
        ("a: &x |\n  c\nb: *x\n", 'a: |\n  c\nb: "c\\n"\n'),
        ("a: &x !!str 1\nb: *x\n", 'a: !!str 1\nb: "1"\n'),
        ("a: &x {c: &y 1}\nb: *x\nd: *y\n", 'a: {c: 1}\nb: {"c": 1}\nd: 1\n'),
        ("e: &x 1\nb: *x\n", "e: &x 1\nb: *x\n"),
        ("a: 1\n", "a: 1\n"),
        ("", ""),
    ],
)
def test_aliases_are_written_out_where_their_anchor_changes(text: str, wanted: str) -> None:
    assert write_out(text, compose(text), lambda path: path[:1] == ("a",)) == wanted


@pytest.mark.parametrize("text", ["a: &x 1\n? b\n: *x\n", "a: &x 2001-01-01\nb: [&y [*x ]]\nc: *y\n"])
def test_what_cannot_be_written_out_stays(text: str) -> None:
    with pytest.raises(CannotEdit):
        write_out(text, compose(text), lambda _: True)
