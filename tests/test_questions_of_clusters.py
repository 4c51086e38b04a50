"""Settings are asked of once for all clusters that share objects, and the answer is for these."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.settings.overrides import Subject


def release(name: str) -> str:
    return f"""apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: {name}
  namespace: shop
spec:
  chart:
    repository: https://charts.example.com/
    name: {name}
    version: 1.2.3
"""


def fleet(**built: tuple[str, ...]) -> tuple[dict[str, str | bytes], fm.MigrationOptions]:
    """Gives a repository whose clusters build these releases, and the clusters."""
    files: dict[str, str | bytes] = {}
    for name in {each for names in built.values() for each in names}:
        files[f"base/{name}/release.yaml"] = release(name)
        files[f"base/{name}/kustomization.yaml"] = "resources: [release.yaml]\n"
    clusters = []
    for cluster, names in built.items():
        entries = "".join(f"- ../../base/{name}\n" for name in names)
        files[f"clusters/{cluster}/kustomization.yaml"] = f"resources:\n{entries}"
        fluxd = fm.Fluxd(manifest_generation=True)
        clusters.append(fm.Cluster(name=cluster, sync_paths=(f"clusters/{cluster}",), fluxd=fluxd))
        command = "{command: kustomize build .}"
        files[f"clusters/{cluster}/.flux.yaml"] = f"version: 1\ncommandUpdated:\n  generators: [{command}]\n"
    return files, fm.MigrationOptions(clusters=tuple(clusters))


def asked(migration: fm.Migration) -> list[fm.Finding]:
    return [each for each in migration.findings if each.code == "HR032"]


def test_clusters_that_share_a_release_are_one_question() -> None:
    # eu shares one release with asia and another one with us; lab has one of its own.
    files, options = fleet(asia=("web",), eu=("web", "db", "own"), us=("db",), lab=("test",))
    migration = fm.migrate_repository(files, options)
    together, alone = sorted(asked(migration), key=lambda each: len(each.cluster), reverse=True)
    assert (together.cluster, alone.cluster) == ("asia, eu, us", "lab")
    assert together.answer == fm.Override(cluster="asia, eu, us", helm_versions=("v3",))
    assert len(together.related) == 2
    answers = {each["cluster"]: each for each in migration.answers()}
    assert answers.keys() == {"asia, eu, us", "lab"}
    # Each answer settles exactly its question.
    for name, left in (("lab", "asia, eu, us"), ("asia, eu, us", "lab")):
        given = fm.MigrationOptions.model_validate({**options.model_dump(), "overrides": [answers[name]]})
        again = fm.migrate_repository(files, given)
        assert [each.cluster for each in asked(again)] == [left]
        assert "RP010" not in {each.code for each in again.findings}


def test_what_all_clusters_share_is_asked_of_none() -> None:
    files, options = fleet(asia=("web",), eu=("web", "db"), us=("db",))
    (question,) = asked(fm.migrate_repository(files, options))
    assert question.cluster == ""
    assert question.answer == fm.Override(helm_versions=("v3",))


@pytest.mark.parametrize(
    ("pattern", "clusters", "is_about"),
    [
        ("asia, eu, us", "eu", True),
        ("asia, eu, us", "asia, us", True),
        ("asia, eu, us", "asia, lab", False),
        ("a*, eu", "asia, eu", True),
        ("eu", "asia, eu", False),
        ("*", "asia, eu", True),
        ("asia, eu", "", False),
    ],
)
def test_a_decision_for_some_clusters_is_one_for_whatever_only_these_have(
    pattern: str, clusters: str, is_about: bool
) -> None:
    subject = Subject(clusters, "HelmRelease", "shop", "web", "web.yaml")
    assert subject.matches(fm.Override(cluster=pattern)) is is_about
