"""What a person is told of folders that nothing syncs, and of pruning over what is of Flux v1."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from built_clusters import Files, release
from manifest_texts import fluxd_text

FLUXD = fluxd_text("--git-path=clusters/staging", "--manifest-generation")
OPERATOR = FLUXD.replace("fluxcd/flux:1.25.4", "fluxcd/helm-operator:1.4.4")
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: helmreleases.helm.fluxcd.io}
"""
UNSYNCED: Files = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": release(),
    "clusters/prod/.flux.yaml": "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n",
    "clusters/prod/kustomization.yaml": "resources: [../../base]\n",
    "clusters/staging/kustomization.yaml": "resources: [../../base]\nnamePrefix: s-\n",
}


def kustomization(path: str, *, prune: bool = True) -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: apps, namespace: flux-system}\n"
        f"spec:\n  path: {path}\n  prune: {str(prune).lower()}\n"
    )


def found(files: Files, *codes: str, **options: object) -> list[fm.Finding]:
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
    return [each for each in migration.findings if each.code in codes]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "RP051"),
        ({"tools/flux.yaml": FLUXD}, "RP052"),
        ({"tools/sync.yaml": kustomization("./clusters/staging", prune=False)}, "RP052"),
        # What holds the folder names it, too; what is synced names nothing else.
        ({"tools/flux.yaml": FLUXD.replace("clusters/staging", "clusters")}, "RP052"),
        ({"tools/sync.yaml": kustomization("./clusters/prod", prune=False)}, "RP051"),
    ],
)
def test_a_folder_that_builds_a_release_and_that_nothing_syncs_is_told(more: Files, code: str) -> None:
    migration = fm.migrate_repository(
        {**UNSYNCED, **more}, fm.MigrationOptions(sync_roots=("clusters/prod",))
    )
    (finding,) = (each for each in migration.findings if each.code in ("RP051", "RP052"))
    assert (finding.code, finding.path) == (code, "clusters/staging/kustomization.yaml")
    assert finding.related[-1] == "base/web.yaml:1"
    # The page shows the lines of each place, and the files with them travel along.
    assert migration.slim().to_html() == migration.to_html()
    assert all(path in finding.message or code == "RP051" for path in more)


@pytest.mark.parametrize("roots", [("clusters/prod", "clusters/staging"), ("clusters",), ("",)])
def test_what_is_synced_is_not_told(roots: tuple[str, ...]) -> None:
    assert found(UNSYNCED, "RP051", "RP052", sync_roots=roots) == []


def test_what_wraps_a_synced_folder_is_not_told() -> None:
    files = {**UNSYNCED, "clusters/staging/kustomization.yaml": "resources: [../prod]\nnamePrefix: s-\n"}
    assert found(files, "RP051", "RP052", sync_roots=("clusters/prod",)) == []


def test_a_folder_without_a_migrated_release_is_not_told() -> None:
    files = {**UNSYNCED, "clusters/staging/kustomization.yaml": "namePrefix: a-\nresources: [a.yaml]\n"}
    files["clusters/staging/a.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    assert found(files, "RP051", "RP052", sync_roots=("clusters/prod",)) == []


@pytest.mark.parametrize("what", [release(), OPERATOR])
@pytest.mark.parametrize("listed", [True, False])
def test_pruning_over_what_is_of_flux_1_is_an_error(what: str, *, listed: bool) -> None:
    files: Files = {
        "clusters/apps.yaml": kustomization("./apps"),
        "other/web.yaml": release("other"),
        "shared/what.yaml": what,
        "apps/kustomization.yaml": "resources: [../shared/what.yaml]\n",
    }
    if not listed:
        files["apps/what.yaml"] = files.pop("shared/what.yaml")
        del files["apps/kustomization.yaml"]
    (finding,) = found(files, "RP050")
    assert (finding.path, finding.line) == ("clusters/apps.yaml", 6)
    assert finding.related == (f"{'shared' if listed else 'apps'}/what.yaml:1",)
    assert finding.answer is not None
    assert found(files, "RP050", "RP010", overrides=(finding.answer,)) == []
    # And the edit that the remedy names.
    assert found({**files, "clusters/apps.yaml": kustomization("./apps", prune=False)}, "RP050") == []


@pytest.mark.parametrize(
    ("check", "is_told"),
    [
        ("{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, name: web, namespace: shop}", True),
        ("{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, name: gone, namespace: shop}", True),
        ("{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, name: old, namespace: shop}", False),
        ("{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, name: web, namespace: shop}", False),
        ("nothing", False),
    ],
)
def test_who_waits_for_a_release_of_flux_1_is_told(check: str, *, is_told: bool) -> None:
    files: Files = {
        "clusters/prod/sync.yaml": kustomization("clusters/prod", prune=False),
        "clusters/prod/apps.yaml": f"{kustomization('apps', prune=False)}  healthChecks: [{check}]\n",
        "apps/web.yaml": release(),
        "apps/old.yaml": release().replace("name: web", "name: old", 1),
    }
    told = found(files, "RP074", overrides=[{"name": "old", "leave": True}])
    assert [(each.path, each.severity) for each in told] == [("clusters/prod/apps.yaml", "error")] * is_told


@pytest.mark.parametrize("prune", [True, False])
@pytest.mark.parametrize("spared", ["", "  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n"])
def test_definitions_leave_git_only_where_nothing_prunes(spared: str, *, prune: bool) -> None:
    definition = DEFINITION.replace("metadata: {name: ", "metadata:\n  name: ").replace("}\n", "\n")
    files: Files = {
        "clusters/apps.yaml": kustomization("./apps", prune=prune),
        "apps/definition.yaml": f"{definition}{spared}spec: {{group: helm.fluxcd.io}}\n",
        "apps/operator.yaml": OPERATOR,
        "apps/web.yaml": release(),
    }
    migration = fm.migrate_repository(files)
    stays = prune and not spared
    assert ("apps/definition.yaml" in migration.files) == stays
    assert "apps/operator.yaml" not in migration.files
    told = [each.related for each in migration.findings if each.code == "DA060"]
    assert told == ([("clusters/apps.yaml:1",)] if stays else [])
    assert fm.migrate_repository(migration.files).files == migration.files
    assert "delete crd helmreleases.helm.fluxcd.io" in migration.runbook().to_markdown()


@pytest.mark.parametrize(
    "files",
    [
        {
            "apps/web.yaml": release(),
            "clusters/apps.yaml": kustomization("./infra"),
            "infra/a.yaml": "a: 1\n",
        },
        {"apps/web.yaml": release(), "clusters/apps.yaml": kustomization("./apps").replace("flux", "x")},
        # A patch is no Kustomization of its own.
        {
            "apps/web.yaml": release(),
            "clusters/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: ../all.yaml}]\n",
            "clusters/a.yaml": kustomization("./infra", prune=False),
            "all.yaml": kustomization("./apps"),
        },
        # Without a release of Flux v1 its definition serves nothing.
        {"apps/crd.yaml": DEFINITION, "clusters/apps.yaml": kustomization("./apps")},
        {
            "apps/web.yaml": release().replace(
                "spec:", "  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\nspec:"
            ),
            "clusters/apps.yaml": kustomization("./apps"),
        },
    ],
)
def test_what_nothing_prunes_is_not_told(files: Files) -> None:
    assert found(files, "RP050") == []
