"""Values that are rare and legal, and values that look like others: URLs, refs, seconds, names."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm

GIT = "    git: {}\n    path: charts/web\n    ref: {}\n"
HELM = "    repository: {}\n    name: web\n    version: 1.2.3\n"


def release(
    chart: str = "    repository: https://charts.example.com\n    name: web\n    version: 1.2.3\n",
    more: str = "",
) -> str:
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n"
        f"spec:\n  helmVersion: v3\n  chart:\n{chart}{more}"
    )


def migrated(text: str, more: dict[str, str] | None = None) -> fm.Migration:
    files = {"apps/web.yaml": text, **(more or {})}
    migration = fm.migrate_repository(files, {"sync_roots": ["apps"]})
    again = fm.migrate_repository(migration.files, {"sync_roots": ["apps"]})
    assert again.files == migration.files
    return migration


def codes(migration: fm.Migration) -> set[str]:
    return {finding.code for finding in migration.findings}


def sources(migration: fm.Migration) -> str:
    return "".join(migration.created.values())


@pytest.mark.parametrize("url", ["HTTPS://charts.example.com/Stable", "Https://charts.example.com/Stable"])
def test_a_scheme_is_written_in_small_letters(url: str) -> None:
    migration = migrated(release(chart=HELM.format(url)))
    assert "url: https://charts.example.com/Stable" in sources(migration)
    git = migrated(release(chart=GIT.format(url.replace("ttps", "TTPS"), "main")))
    assert "url: https://charts.example.com/Stable" in sources(git)
    before = {"apps/web.yaml": release(chart=HELM.format(url))}
    assert fm.verify_migration(before, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize("url", ["https://", "http:///x", "https://user@/x", "https://:8080/x", "oci:///x"])
def test_a_url_without_a_host_leads_nowhere(url: str) -> None:
    migration = migrated(release(chart=HELM.format(f"'{url}'")))
    assert "HR043" in codes(migration)
    assert not migration.created
    if not url.startswith("oci"):
        git = migrated(release(chart=GIT.format(f"'{url}'", "main")))
        assert ("HR043" in codes(git), git.created) == (True, {})


def test_of_a_git_repository_that_flux_2_cannot_fetch_it_is_told_once() -> None:
    chart = GIT.format("git://git.example.com/acme/charts", "main")
    files = {f"apps/{each}.yaml": release(chart).replace("web, n", f"{each}, n") for each in ("one", "two")}
    (told,) = (each for each in fm.migrate_repository(files).findings if each.code == "HR043")
    assert len({told.path, *(place.rpartition(":")[0] for place in told.related)} & set(files)) == 2
    assert "ssh for chart.git" in told.remedy


@pytest.mark.parametrize("url", ["git.example.com:acme/charts", "ssh://git.example.com/acme/charts"])
def test_without_a_user_ssh_is_the_same_before_and_after(url: str) -> None:
    text = release(chart=GIT.format(url, "main"))
    migration = migrated(text)
    assert "url: ssh://git.example.com/acme/charts" in sources(migration)
    assert fm.verify_migration({"apps/web.yaml": text}, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize("ref", ["HEAD", "'@'", "HEAD~1", "HEAD^"])
def test_what_points_somewhere_at_the_moment_is_no_branch(ref: str) -> None:
    migration = migrated(release(chart=GIT.format("https://git.example.com/acme/charts", ref)))
    assert ("HR053" in codes(migration), migration.created) == (True, {})


@pytest.mark.parametrize(
    ("ref", "kind"),
    [
        ("1.2.3", "tag"),
        ("v1.2.3", "tag"),
        ("v1.2.3-rc.1", "tag"),
        ("1.2.3+build", "tag"),
        ("'1.2'", "branch"),
        ("v1", "branch"),
        ("release-1.2.3", "branch"),
        ("1.2.x", "branch"),
    ],
)
def test_a_ref_that_is_a_version_is_written_as_a_tag(ref: str, kind: str) -> None:
    text = release(chart=GIT.format("https://git.example.com/acme/charts", ref))
    migration = migrated(text)
    (asked,) = (each for each in migration.findings if each.code == "HR052")
    assert asked.answer is not None
    assert asked.answer.ref_kind == kind
    assert f"written as a {kind}" in asked.message
    assert f"{kind}: " in sources(migration)
    assert fm.verify_migration({"apps/web.yaml": text}, migration.files, declared=migration.declared).ok
    other = "branch" if kind == "tag" else "tag"
    options = {"overrides": [{"ref_kind": other}], "sync_roots": ["apps"]}
    answered = fm.migrate_repository({"apps/web.yaml": text}, options)
    assert f"{other}: " in sources(answered)
    assert "HR052" not in codes(answered)


@pytest.mark.parametrize(
    ("more", "asked"),
    [("    version: 0.2.0\n", False), ("    name: other\n", False), ("    repository: https://x.io\n", True)],
)
def test_only_a_second_source_is_asked_about(more: str, asked: bool) -> None:
    migration = migrated(release(chart=GIT.format("https://git.example.com/acme/charts", "main") + more))
    assert ("HR060" in codes(migration)) is asked
    assert more.strip() not in migration.files["apps/web.yaml"]


@pytest.mark.parametrize(
    "field", ["timeout", "rollback:\n    enable: true\n    timeout", "test:\n    enable: true\n    timeout"]
)
@pytest.mark.parametrize(("seconds", "fits"), [(9223372036, True), (9223372037, False), (99999999999, False)])
def test_a_timeout_is_one_that_go_can_hold(field: str, seconds: int, fits: bool) -> None:
    migration = migrated(release(more=f"  {field}: {seconds}\n"))
    assert ("HR121" in codes(migration)) is not fits
    assert ("helm.toolkit.fluxcd.io" in str(migration.files["apps/web.yaml"])) is fits


@pytest.mark.parametrize(
    "path", ["apps/sources/Example.yaml", "apps/Sources/example.yaml", "apps/sources/EXAMPLE.YAML"]
)
def test_no_file_is_made_that_differs_from_another_in_its_letters_alone(path: str) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: example, namespace: shop}\n"
    migration = migrated(release(chart=HELM.format("https://charts.example.com")), {path: text})
    lowered = [each.lower() for each in migration.files]
    assert len(lowered) == len(set(lowered))
    assert migration.files[path] == text


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://storage.example.com/mesh-release/releases/1.4.3/charts", "mesh-release"),
        ("https://mesh.example.com/v1.4/charts", "example"),
        ("https://charts.mesh.io/2021.04.1-rc1", "mesh"),
        ("https://charts.example.com/k8s", "k8s"),
    ],
)
def test_a_source_is_not_named_after_a_version(url: str, name: str) -> None:
    assert f"name: {name}\n" in sources(migrated(release(chart=HELM.format(url))))


def test_what_no_flux_serves_is_said_without_a_second_no() -> None:
    migration = migrated(
        "apiVersion: helm.toolkit.fluxcd.io/v9\nkind: HelmRelease\nmetadata: {name: a}\n---\n" + release()
    )
    (told,) = (each for each in migration.findings if each.code == "RP013")
    assert told.message == "HelmRelease of helm.toolkit.fluxcd.io/v9 is there, which no known Flux serves"
