"""The adapter that people copy does what it says, and its repository shows what it is there for."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import fluxv2_migrate as fm

EXAMPLES = Path(__file__).parent.parent / "examples"
FLEET = EXAMPLES / "two-clusters"
WEB = "base/shop/web.yaml"
REDIS = "base/shop/redis.yaml"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


adapter = load(EXAMPLES / "migrate_repository.py")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FLEET, tmp_path / "fleet"))


def test_without_write_nothing_is_written(fleet: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    before = contents(fleet)
    assert adapter.main([str(fleet)]) == 0
    shown = capsysbinary.readouterr().out
    assert contents(fleet) == before
    assert b"--- a/base/shop/web.yaml" in shown
    assert b"# Migration to Flux v2" in shown


def test_the_diff_that_is_shown_is_what_is_written(
    fleet: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    before = contents(fleet)
    assert adapter.main([str(fleet), "--write"]) == 0
    migration = fm.migrate_repository(before)
    assert contents(fleet) == {
        path: content.encode() if isinstance(content, str) else content
        for path, content in migration.files.items()
    }
    assert capsysbinary.readouterr().out.startswith(migration.diff().encode())


def test_diff_and_report_go_where_somebody_wants_them(
    fleet: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    before = contents(fleet)
    diff, report = tmp_path / "migration.diff", tmp_path / "report.md"
    assert adapter.main([str(fleet), "--diff", str(diff), "--report", str(report)]) == 0
    migration = fm.migrate_repository(before)
    assert diff.read_bytes() == migration.diff().encode()
    assert report.read_bytes() == migration.to_markdown().encode()
    assert capsysbinary.readouterr().out == b""
    assert contents(fleet) == before


def test_what_is_written_is_not_migrated_again(fleet: Path) -> None:
    adapter.main([str(fleet), "--write"])
    once = contents(fleet)
    adapter.main([str(fleet), "--write"])
    assert contents(fleet) == once


@pytest.mark.parametrize(("helm_version", "ends_with"), [("v3", 0), ("v2", 1)])
def test_an_error_ends_with_one_and_the_rest_is_written(
    tmp_path: Path, helm_version: str, ends_with: int
) -> None:
    redis = (
        (FLEET / REDIS).read_text("utf-8").replace("spec:\n", f"spec:\n  helmVersion: {helm_version}\n", 1)
    )
    (tmp_path / "redis.yaml").write_text(redis, "utf-8")
    grafana = (FLEET / "base" / "monitoring" / "grafana.yaml").read_text("utf-8")
    (tmp_path / "grafana.yaml").write_text(
        grafana.replace("spec:\n", "spec:\n  helmVersion: v3\n", 1), "utf-8"
    )
    assert adapter.main([str(tmp_path), "--write"]) == ends_with
    assert ((tmp_path / "redis.yaml").read_text("utf-8") == redis) == bool(ends_with)
    assert "helm.toolkit.fluxcd.io" in (tmp_path / "grafana.yaml").read_text("utf-8")


def test_files_are_read_and_written_byte_for_byte(fleet: Path) -> None:
    web = fleet / WEB
    web.write_bytes(web.read_bytes().replace(b"\n", b"\r\n"))
    (fleet / "image.bin").write_bytes(b"\xff\r\n\x00")
    (fleet / "link.yaml").symlink_to(web)
    (fleet / ".git").mkdir()
    (fleet / ".git" / "config").write_bytes(b"[core]")
    assert set(adapter.read(fleet)).isdisjoint({"link.yaml", ".git/config"})
    adapter.main([str(fleet), "--write"])
    assert b"helm.toolkit.fluxcd.io/v2\r\n" in web.read_bytes()
    assert b"\n" not in web.read_bytes().replace(b"\r\n", b"")
    assert (fleet / "image.bin").read_bytes() == b"\xff\r\n\x00"


def test_options_reach_the_migration(fleet: Path, tmp_path: Path) -> None:
    overrides = tmp_path / "overrides.json"
    overrides.write_text(json.dumps([{"name": "redis", "leave": True}]), "utf-8")
    given = ["--flux-version", "2.2", "--flux-namespace", "gitops", "--sync-root", "clusters/production"]
    adapter.main([str(fleet), "--write", *given, "--overrides", str(overrides)])
    assert "helm.fluxcd.io/v1" in (fleet / REDIS).read_text("utf-8")
    source = (fleet / "clusters" / "production" / "sources" / "grafana.yaml").read_text("utf-8")
    assert "namespace: gitops" in source
    assert "helm.toolkit.fluxcd.io/v2beta2" in (fleet / WEB).read_text("utf-8")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--flux-version", "1.25"], "flux_version: Input should be"),
        (["--overrides", "nothing-is-here.json"], "nothing-is-here.json"),
        (["--overrides", "{folder}/words.yaml"], "words.yaml is no list of answers"),
        (["--answers", "{folder}/scalar.yaml"], "answers: entry 1: accept: Input should be a valid list"),
        (["--answers", "{folder}/field.yaml"], "answers: entry 1: helm_version: Extra inputs"),
        (["--answers", "{folder}/broken.yaml"], "broken.yaml: while parsing"),
        (["--answers", "{folder}"], "Is a directory"),
        (["--helm-list", "clusters/staging={folder}/words.yaml"], "words.yaml: "),
    ],
)
def test_what_cannot_be_an_option_is_refused_with_its_name(
    wrong: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"words.yaml": "some words", "field.yaml": "- helm_version: [v3]\n", "broken.yaml": "[\n"}
    texts["scalar.yaml"] = "- accept: HR030\n"
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(SystemExit) as stopped:
        adapter.main([str(FLEET), *(each.format(folder=tmp_path) for each in wrong)])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_questions_are_written_and_taken_back(tmp_path: Path) -> None:
    # No operator says which versions of Helm it had.
    shop = Path(shutil.copytree(FLEET / "base" / "shop", tmp_path / "shop"))
    answers = tmp_path / "answers.yaml"
    assert adapter.main([str(shop), "--questions", str(answers)]) == 1
    text = answers.read_text("utf-8")
    assert "# HR032 helm-version-unknown" in text
    assert "# helm_versions: what the operator's --enabled-helm-versions was" in text
    assert adapter.main([str(shop), "--answers", str(answers)]) == 0
    assert (
        adapter.main([str(shop), "--answers", str(answers), "--questions", str(tmp_path / "left.yaml")]) == 0
    )
    assert (tmp_path / "left.yaml").read_text("utf-8").endswith("\n[]\n")
    assert adapter.main([str(shop), "--answers", str(tmp_path / "left.yaml")]) == 1
    both = [
        argument for name in ("left.yaml", "answers.yaml") for argument in ("--answers", str(tmp_path / name))
    ]
    assert adapter.main([str(shop), *both]) == 0


def test_a_file_of_answers_that_is_there_is_kept(tmp_path: Path) -> None:
    shop = Path(shutil.copytree(FLEET / "base" / "shop", tmp_path / "shop"))
    answers = tmp_path / "answers.yaml"
    for _ in range(2):
        adapter.main([str(shop), "--questions", str(answers)])
        assert not (tmp_path / "answers.yaml.before").exists()
    asked = answers.read_text("utf-8")
    filled = asked + "# filled in by hand\n"
    answers.write_text(filled, "utf-8")
    adapter.main([str(shop), "--questions", str(answers)])
    assert answers.read_text("utf-8") == asked
    assert (tmp_path / "answers.yaml.before").read_text("utf-8") == filled
    # What was kept once is kept.
    answers.write_text(asked + "# again\n", "utf-8")
    adapter.main([str(shop), "--questions", str(answers)])
    assert (tmp_path / "answers.yaml.before").read_text("utf-8") == filled
    assert (tmp_path / "answers.yaml.before1").read_text("utf-8").endswith("# again\n")


def test_what_is_known_of_clusters_is_kept_for_a_later_run(fleet: Path, tmp_path: Path) -> None:
    kept = tmp_path / "clusters.json"
    assert adapter.main([str(fleet), "--clusters", str(kept)]) == 0
    assert not kept.exists()
    assert adapter.main([str(fleet), "--clusters", str(kept), "--write"]) == 0
    known = kept.read_bytes()
    assert [each["name"] for each in json.loads(known)] == ["clusters/production", "clusters/staging"]
    written = contents(fleet)
    assert adapter.main([str(fleet), "--clusters", str(kept), "--write"]) == 0
    assert (contents(fleet), kept.read_bytes()) == (written, known)
    kept.write_text("no JSON", "utf-8")
    with pytest.raises(SystemExit):
        adapter.main([str(fleet), "--clusters", str(kept)])


def test_the_page_has_the_report_the_diff_and_the_cut_over(tmp_path: Path) -> None:
    page = tmp_path / "migration.html"
    assert adapter.main([str(FLEET), "--page", str(page)]) == 0
    text = page.read_text("utf-8")
    assert all(part in text for part in ("Can be merged once", 'id="changes"', "kubectl --context"))


def test_each_cluster_is_compared_with_what_helm_lists_there(
    fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "helm-list.json"
    redis = {
        "name": "cache",
        "namespace": "shop",
        "revision": "7",
        "status": "deployed",
        "chart": "redis-14.8.8",
    }
    listed.write_text(json.dumps([redis]), "utf-8")
    given = [f"--helm-list=clusters/{name}={listed}" for name in ("production", "staging")]
    assert adapter.main([str(fleet), *given]) == 1
    assert "as shop-redis a second copy is installed" in capsys.readouterr().out
    assert adapter.main([str(fleet / "base" / "shop"), "--helm-list", str(listed)]) == 1
    told = capsys.readouterr()
    assert "as shop-redis a second copy is installed" in told.out
    assert "Do not merge yet" in told.err


@pytest.mark.parametrize("wrong", ["README.md", "clusters/nowhere=README.md", "clusters/staging=README.md"])
def test_what_is_no_list_of_helm_is_refused(wrong: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        adapter.main([str(FLEET), "--helm-list", wrong.replace("README.md", str(FLEET / "README.md"))])
    assert stopped.value.code == 2


def test_questions_do_not_overwrite_answers(fleet: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("[]\n", "utf-8")
    with pytest.raises(SystemExit) as stopped:
        adapter.main([str(fleet), "--answers", str(answers), "--questions", str(answers)])
    assert stopped.value.code == 2


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(SystemExit) as stopped:
        adapter.main([str(FLEET / "nothing-is-here")])
    assert stopped.value.code == 2


def test_large_trees_show_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(adapter.PROGRESS_EVERY):
        (tmp_path / f"{number}.txt").touch()
    adapter.main([str(tmp_path)])
    assert capsys.readouterr().err.startswith("500 files read\n500 files read, migrating\n")


def test_the_example_shows_each_way_to_adopt_a_release() -> None:
    migration = fm.migrate_repository(contents(FLEET))
    names = {
        each.before: (each.resource.spec.release_name, each.resource.spec.storage_namespace)
        for each in migration.resources
        if isinstance(each.resource, fm.flux2.HelmRelease)
    }
    assert names == {
        "HelmRelease shop/grafana": ("shop-monitoring-grafana", "monitoring"),
        "HelmRelease shop/redis": ("shop-redis", None),
        "HelmRelease shop/web": ("web", None),
    }


def test_the_example_has_two_clusters_with_sources_and_policies_of_their_own() -> None:
    before = contents(FLEET)
    migration = fm.migrate_repository(before)
    assert [each.sync_paths for each in migration.context.clusters] == [
        ("clusters/production", "secrets/production"),
        ("clusters/staging", "secrets/staging"),
    ]
    refs = {
        each.resource.spec.ref.branch
        for each in migration.resources
        if isinstance(each.resource, fm.flux2.GitRepository) and each.resource.spec.ref is not None
    }
    assert refs >= {"stable", "main"}
    assert {each.file for each in fm.flux2.check_markers(migration.files) if each.works} >= {
        "base/shop/web.yaml",
        "clusters/staging/patches/web.yaml",
    }
    report = fm.verify_migration(before, migration.files, declared=migration.declared)
    assert report.ok
    assert {each.outcome for each in report.releases} == {"adopted"}


def test_a_patch_that_names_a_chart_is_no_release_that_stays() -> None:
    files = contents(FLEET)
    assert b"chart:" in files["clusters/staging/patches/web.yaml"]
    assert fm.migrate_repository(files).staying == ()


def test_what_sops_encrypted_stays_as_it_is() -> None:
    migration = fm.migrate_repository(contents(FLEET))
    assert not [path for path in (*migration.changed, *migration.deleted) if path.startswith("secrets/")]
