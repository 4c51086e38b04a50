"""Repositories side by side come out as one after another, ask each question once, and share answers."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import ModuleType

import pytest

import fluxv2_migrate as fm
from manifest_texts import release_text

EXAMPLES = Path(__file__).parent.parent / "examples"
RELEASE = release_text(
    """\
  chart:
    repository: https://charts.example.com
    name: {name}
    version: 1.2.3
""",
    name="{name}",
)


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import migrate_fleet

    return migrate_fleet


@pytest.fixture
def repositories(tmp_path: Path) -> list[Path]:
    """Two that ask which Helm their operators had, and one that has nothing to ask."""
    folders = []
    for name, version in (("books", ""), ("shop", ""), ("wiki", "  helmVersion: v3\n")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "release.yaml").write_text(RELEASE.format(name=name) + version, "utf-8")
        folders.append(folder)
    return folders


def run(fleet: ModuleType, folders: list[Path], *arguments: str) -> int:
    code = fleet.main([*map(str, folders), "--jobs", "2", *arguments])
    assert isinstance(code, int)
    return code


def test_side_by_side_gives_what_one_after_another_gives(fleet: ModuleType, repositories: list[Path]) -> None:
    tasks = fleet.tasks_of(repositories, [])
    assert fleet.migrate_fleet(tasks, jobs=2) == {
        name: fm.migrate_repository(files, options).slim() for name, files, options in tasks
    }


def test_each_question_is_asked_once_and_one_file_answers_all(
    fleet: ModuleType, repositories: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.yaml"
    assert run(fleet, repositories, "--questions", str(answers)) == 1
    asked = answers.read_text("utf-8")
    assert asked.count("HR032") == 1
    assert "- books\n  - shop\n  helm_versions" in asked
    assert run(fleet, repositories, "--answers", str(answers), "--write") == 0
    for folder in repositories:
        assert "helm.toolkit.fluxcd.io" in (folder / "release.yaml").read_text("utf-8")
        assert (folder / "sources" / "example.yaml").is_file()
    told = capsys.readouterr()
    assert "3 repositories, 1 of them ready" in told.out
    assert "3/3" in told.err


def test_a_release_of_several_clusters_is_counted_once_as_in_its_report(
    fleet: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    run(fleet, [EXAMPLES / "two-clusters"])
    report = capsys.readouterr().out
    assert "| two-clusters | yes | 3 | 39 | 0 | 13 |" in report
    assert "\n3 releases, 8 sources, 4 image policies; " in report
    # Each cluster has its chart from a branch of its own.
    assert report.count("| shop/web | web | shop |") == 2


def test_an_answer_counts_for_the_repositories_that_it_names(fleet: ModuleType) -> None:
    answers = [{"name": "web"}, {"repositories": ["sh*"], "name": "db"}, {"repositories": [], "name": "none"}]
    assert fleet.answers_for("shop", answers) == [{"name": "web"}, {"name": "db"}]
    assert fleet.answers_for("books", answers) == [{"name": "web"}]


def test_without_questions_the_file_has_no_answers(
    fleet: ModuleType, repositories: list[Path], tmp_path: Path
) -> None:
    questions = tmp_path / "questions.yaml"
    assert run(fleet, repositories[2:], "--questions", str(questions)) == 0
    assert fleet.read_fleet_answers(questions) == []


def test_the_file_says_what_has_to_be_edited(
    fleet: ModuleType, repositories: list[Path], tmp_path: Path
) -> None:
    (repositories[2] / "broken.yaml").write_text("apiVersion: helm.fluxcd.io/v1\na: [\n", "utf-8")
    questions = tmp_path / "questions.yaml"
    assert run(fleet, repositories[2:], "--questions", str(questions)) == 1
    assert fleet.read_fleet_answers(questions) == []
    assert f"\n# {repositories[2].name}: RP003 invalid-yaml (broken.yaml:" in questions.read_text("utf-8")


@pytest.mark.parametrize("text", ["books: 1\n", "- repositories: books\n", "- [\n", "- nothing: known\n"])
def test_what_is_no_file_of_answers_is_refused(
    fleet: ModuleType, repositories: list[Path], tmp_path: Path, text: str
) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text(text, "utf-8")
    with pytest.raises(SystemExit) as stopped:
        run(fleet, repositories, "--answers", str(answers))
    assert stopped.value.code == 2


def test_repositories_that_cannot_be_told_apart_are_refused(
    fleet: ModuleType, repositories: list[Path], tmp_path: Path
) -> None:
    again = tmp_path / "again" / "books"
    again.mkdir(parents=True)
    for folders in ([repositories[0], again], [tmp_path / "nothing-is-here"]):
        with pytest.raises(SystemExit) as stopped:
            run(fleet, folders)
        assert stopped.value.code == 2


def test_what_travels_has_no_text_that_did_not_change(fleet: ModuleType) -> None:
    files = {"release.yaml": RELEASE.format(name="web"), "notes.md": "x" * 100_000}
    migration = fleet.migrate_one(files, fm.MigrationOptions())
    travelled = pickle.loads(pickle.dumps(migration))
    assert travelled == migration
    assert "notes.md" not in travelled.files
    assert travelled.to_markdown() == fm.migrate_repository(files).to_markdown()


def test_workers_of_dask_give_the_same(fleet: ModuleType, repositories: list[Path]) -> None:
    distributed = pytest.importorskip("distributed")
    tasks = fleet.tasks_of(repositories, [])
    expected = {name: fleet.migrate_one(files, options) for name, files, options in tasks}
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        assert dict(fleet.on_dask(tasks, cluster.scheduler_address)) == expected
