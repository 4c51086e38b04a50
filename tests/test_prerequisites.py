"""What must exist in a cluster first: each thing once, with all that it needs and all that need it."""

from __future__ import annotations

import fluxv2_migrate as fm
from manifest_texts import fluxd_text, release_text

GIT = "  helmVersion: v3\n  chart: {git: git@git.example.com:acme/charts, ref: main, path: web}\n"
HELM = "  helmVersion: v3\n  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
URL = "git@git.example.com:acme/fleet"


def test_a_secret_that_a_person_gives_to_two_sources_has_the_keys_of_both() -> None:
    imported = fm.ImportedRepository(url="https://charts.example.com", login=True)
    options = fm.MigrationOptions(
        helm_operator=fm.HelmOperator(repositories=(imported,)),
        overrides=(fm.Override(secret_name="shared"),),
    )
    files = {"apps/web.yaml": release_text(GIT), "apps/api.yaml": release_text(HELM, name="api")}
    (needed,) = fm.migrate_repository(files, options).prerequisites
    assert (needed.name, sorted(needed.keys)) == (
        "shared",
        ["identity", "known_hosts", "password", "username"],
    )
    assert [each.split()[0] for each in needed.used_by] == ["GitRepository", "HelmRepository"]


def test_what_two_clusters_need_first_names_what_needs_it_in_both() -> None:
    files = {
        f"{cluster}/{path}": text
        for cluster, namespace in (("prod", "shop"), ("test", "store"))
        for path, text in {
            "apps/web.yaml": release_text(HELM, namespace=namespace),
            "flux/fluxd.yaml": fluxd_text(
                f"--git-url={URL}", "--git-branch=main", f"--git-path={cluster}/apps,{cluster}/flux", "--sops"
            ),
        }.items()
    }
    needed = {each.name: each.used_by for each in fm.migrate_repository(files).prerequisites}
    assert [each for each in needed["sops-keys"] if "prod" in each]
    assert [each for each in needed["sops-keys"] if "test" in each]


def test_a_secret_beside_its_source_is_never_written_over_by_a_copy_of_another_one() -> None:
    files = {
        f"apps/{name}.yaml": release_text(
            f"  helmVersion: v3\n  chart: {{git: 'https://git.example.com/acme/{name}', path: web, ref: main,"
            f" secretRef: {{name: login, namespace: {namespace}}}}}\n",
            name=name,
        )
        for name, namespace in (("api", "team"), ("web", "flux-system"))
    }
    result = fm.migrate_repository(files)
    secrets = {
        each.manifest["metadata"]["name"]: each.manifest["spec"]["secretRef"]["name"]
        for each in result.manifests
        if each.manifest["kind"] == "GitRepository"
    }
    assert secrets == {"api": "team-login", "web": "login"}
    assert [(each.name, each.copy_of) for each in result.prerequisites] == [("team-login", "team/login")]


def test_a_new_secret_takes_no_name_of_one_that_a_release_reads() -> None:
    known = (
        "  helmVersion: v3\n  chart: {git: 'https://git.example.com/acme/web', path: web, ref: main,"
        " secretRef: {name: charts, namespace: flux-system}}\n"
    )
    files = {"apps/web.yaml": release_text(known), "apps/api.yaml": release_text(GIT, name="api")}
    result = fm.migrate_repository(files)
    (needed,) = result.prerequisites
    assert (needed.name, needed.used_by) == ("charts-gitrepository", ("GitRepository flux-system/charts",))
