"""A diff is what `git apply` takes, whatever the texts and the names of the files are."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fluxv2_migrate.repository.diff import unified_diff

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

PATHS = st.sampled_from(
    [
        "a.yaml",
        "a b/c d.yaml",
        "é.yaml",
        'quo"te.yaml',
        "back\\slash.yaml",
        "tab\t.yaml",
        "-.yaml",
        "🚀/x.yaml",
    ]
)
LINES = st.lists(
    st.sampled_from(
        ["a: 1", "b: 2", "", " ", "--- a", "+++ b", "@@ -1 +1 @@", "\\ No newline", "x\u2028y", "\x0c", "é"]
    ),
    max_size=6,
)
TEXTS = st.builds(
    lambda lines, ends, last: ends.join(lines) + (ends if last and lines else ""),
    LINES,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)


def apply(diff: str, path: str, before: str | None) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, path)
        if before is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(before.encode())
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
            cwd=folder,
            input=diff.encode(),
            capture_output=True,
            check=False,
            # Where the folder of temporary files lies in a repository, git would look there for the file.
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(Path(folder).parent)},
        )
        assert done.returncode == 0, done.stderr.decode() + diff
        return file.read_bytes().decode() if file.exists() else None


@settings(max_examples=150)
@given(PATHS, st.none() | TEXTS, st.none() | TEXTS)
@example("a b/c d.yaml", None, "")
@example("a.yaml", "", None)
@example("a.yaml", "a: 1", "a: 1\n")
def test_git_makes_of_the_text_before_the_text_after(
    path: str, before: str | None, after: str | None
) -> None:
    assume(before != after)
    assert apply(unified_diff(path, before, after), path, before) == after


def test_a_file_that_is_the_same_has_no_hunk() -> None:
    assert "@@" not in unified_diff("a.yaml", "a: 1\n", "a: 1\n")


@settings(max_examples=60)
@given(st.data())
def test_long_texts_with_lines_that_repeat_are_compared_too(data: st.DataObject) -> None:
    rows = [f"a: {number}" for number in range(30)] + ["b:", "- c", ""] * 10
    before = data.draw(st.permutations(rows))
    after = list(before)
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(after)))
        end = start + data.draw(st.integers(0, 6))
        after[start:end] = data.draw(st.lists(st.sampled_from([*rows, "new: 1"]), max_size=6))
    texts = "".join(f"{row}\n" for row in before), "".join(f"{row}\n" for row in after)
    assume(texts[0] != texts[1])
    assert apply(unified_diff("a.yaml", *texts), "a.yaml", texts[0]) == texts[1]


def test_texts_in_which_no_line_is_the_only_one_of_its_kind_are_replaced() -> None:
    diff = unified_diff("a.yaml", "a\nb\n" * 600, "b\nb\na\n" * 600)
    assert apply(diff, "a.yaml", "a\nb\n" * 600) == "b\nb\na\n" * 600


def test_a_line_in_a_thousand_changes_only_its_surroundings() -> None:
    before = "".join(f"- a: {number}\n  b: 1\n" for number in range(1000))
    diff = unified_diff("a.yaml", before, before.replace("- a: 500\n", "- a: 5\n"))
    assert diff.count("\n") == 3 + 1 + 3 + 2 + 3
