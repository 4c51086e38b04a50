"""What becomes of each shape of `.flux.yaml`, and of paths that have none."""

from __future__ import annotations

import json
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux1.generators import prints, read_generator
from manifest_texts import AUTOMATED, fluxd_text, workload_text

Files = dict[str, str | bytes]


def release(name: str = "web", namespace: str = "shop") -> str:
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        "spec:\n  helmVersion: v3\n"
        "  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
    )


def generate(*commands: str) -> str:
    generators = [{"command": command} for command in commands]
    return json.dumps({"version": 1, "commandUpdated": {"generators": generators}}, indent=1) + "\n"


BUILT: Files = {
    "c/kustomization.yaml": "namespace: game\nresources:\n- web.yaml\n",
    "c/web.yaml": release(),
}


def migrate(files: Files, *, generates: bool | None = None, **options: Any) -> fm.Migration:
    fluxd = {} if generates is None else {"fluxd": {"manifest_generation": generates}}
    given = {"clusters": [{"name": "prod", "sync_paths": ["c"], **fluxd}], **options}
    return fm.migrate_repository(files, fm.MigrationOptions.model_validate(given))


def named(migration: fm.Migration, path: str = "c/web.yaml") -> str:
    text = str(migration.files[path])
    return text.partition("releaseName: ")[2].partition("\n")[0]


def errors(migration: fm.Migration) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in migration.findings if each.severity == "error"]


@pytest.mark.parametrize(
    "command", ["kustomize build .", "kubectl kustomize .", "git submodule update && kustomize build"]
)
def test_a_build_names_what_it_builds(command: str) -> None:
    migration = migrate({**BUILT, "c/.flux.yaml": generate(command)}, generates=True)
    assert errors(migration) == []
    text = str(migration.files["c/web.yaml"]) + str(migration.files["c/kustomization.yaml"])
    assert "game-web" in text


UNKNOWN = [
    ("RP018", "./render.sh"),
    ("RP018", "helm template . -f prod.yaml"),
    ("RP018", "kustomize build . | sed s/a/b/"),
    ("RP018", "jsonnet -y all.jsonnet"),
    ("RP018", "ytt -f ."),
    ("RP018", "cat <<EOF\nkind: Namespace\nEOF"),
    ("RP018", "../bin/patch.sh > made.yaml && kustomize build ."),
    ("DA032", "for f in *.enc; do sops -d $f; done"),
    ("DA032", "git secret reveal -f && kustomize build ."),
    ("DA032", "gpg --batch -d s.gpg | kubectl apply -f -"),
    ("DA032", "../bin/reveal.sh | cat"),
    ("DA033", "kustomize build . | envsubst"),
]


@pytest.mark.parametrize(("code", "command"), UNKNOWN)
def test_what_flux_2_cannot_do_is_one_error_where_it_stands(code: str, command: str) -> None:
    files: Files = {**BUILT, "c/db.yaml": release("db"), "c/.flux.yaml": generate(command)}
    files["bin/reveal.sh"] = "sops --decrypt $SECRETS\n"
    files["c/kustomization.yaml"] = "namespace: game\nresources: [web.yaml, db.yaml]\n"
    migration = migrate(files)
    assert errors(migration) == [(code, "c/.flux.yaml")]
    (told,) = (finding for finding in migration.findings if finding.code == code)
    assert {place.rpartition(":")[0] for place in told.related} == {"c/web.yaml", "c/db.yaml"}
    assert " ".join(command.split())[:30] in told.message
    assert ("Commit what" in told.remedy) == (code == "RP018")
    assert migration.files == files


def test_a_command_is_told_of_also_where_nothing_else_is_of_flux_1() -> None:
    files: Files = {"c/.flux.yaml": generate("./render.sh"), "c/values.txt": "1"}
    assert errors(migrate(files, generates=True)) == [("RP018", "c/.flux.yaml")]
    # Without the flag fluxd never ran it.
    assert errors(migrate(files, generates=False)) == []


def test_a_file_that_a_command_decrypts_is_for_flux_2_to_decrypt() -> None:
    files: Files = {**BUILT, "c/.flux.yaml": generate("sops -d s.yaml && echo --- && kustomize build .")}
    files["c/s.yaml"] = "kind: Secret\napiVersion: v1\nmetadata: {name: s, namespace: game}\nsops: {mac: x}\n"
    migration = migrate(files)
    (told,) = (finding for finding in migration.findings if finding.code == "DA032")
    assert told.related == ("c/s.yaml:1",)
    assert "helm.toolkit" in str(migration.files["c/web.yaml"])


def test_files_that_are_printed_as_they_are_need_nobody() -> None:
    files: Files = {"c/a/web.yaml": release(), "c/b/db.yaml": release("db")}
    all_of_them = migrate({**files, "c/.flux.yaml": generate("find . -name '*.yaml' -exec cat {} +")})
    assert not {"RP018", "DA031"} & {finding.code for finding in all_of_them.findings}
    assert named(all_of_them, "c/a/web.yaml") == "shop-web"
    some = migrate({**files, "c/.flux.yaml": generate("cat a/*.yaml")})
    (told,) = (finding for finding in some.findings if finding.code == "DA031")
    assert told.related == ("c/b/db.yaml:1",)


def test_what_a_command_writes_is_no_manifest() -> None:
    files: Files = {**BUILT, "c/.flux.yaml": generate("kustomize build . > build.yaml && cat build.yaml")}
    automated = workload_text(AUTOMATED, container="app")
    files["c/build.yaml"] = f"{release('web', 'game')}\n---\n{automated}"
    migration = migrate(files)
    # It leaves with the command, and was a release of nobody.
    assert migration.deleted == ("c/.flux.yaml", "c/build.yaml")
    given = fm.MigrationOptions.model_validate({"clusters": [{"name": "prod", "sync_paths": ["c"]}]})
    assert fm.verify_migration(files, migration.files, given, declared=migration.declared).ok
    assert "c/build.yaml" not in {
        finding.path for finding in migration.findings if finding.severity == "error"
    }


@pytest.mark.parametrize("config", ["c/.flux.yaml", ".flux.yaml"])
def test_a_program_in_what_a_command_writes_runs_nowhere(config: str) -> None:
    """It was built of what is there, and is still there when that is gone."""

    def fluxd(path: str) -> str:
        return fluxd_text("--git-url=git@git.example.com:a/b", f"--git-path={path}", "--manifest-generation")

    # A release that cannot be built holds back all that hangs together, and the file with it.
    files: Files = {
        **BUILT,
        config: generate("kustomize build . > build.yaml && kustomize build ."),
        "c/kustomization.yaml": "namespace: game\nresources: [web.yaml, gone.yaml]\n",
        "c/build.yaml": f"{fluxd('c,old')}\n---\n{release('old')}",
        "flux.yaml": fluxd("c"),
    }
    first = fm.migrate_repository(files)
    assert [each.name for each in first.context.clusters] == ["c"]
    assert not any("build.yaml" in (each.path, *each.related) for each in first.findings)
    again = fm.migrate_repository(first.files)
    assert again.files == first.files
    assert "c/build.yaml" in again.files


def test_a_base_in_a_submodule_is_said_to_be_in_one() -> None:
    files: Files = {**BUILT, "c/.flux.yaml": generate("git submodule update --init && kustomize build .")}
    files["c/kustomization.yaml"] = "resources: [web.yaml, ../lib/base]\nnamespace: game\n"
    files[".gitmodules"] = '[submodule "lib"]\n\tpath = lib\n\turl = https://git.example.com/acme/lib\n'
    told = [finding.message for finding in migrate(files).findings if finding.code == "RP019"]
    assert told
    assert all("submodule lib" in message for message in told)
    # One that lies elsewhere has nothing to do with it.
    files[".gitmodules"] = str(files[".gitmodules"]).replace("lib", "other")
    told = [finding.message for finding in migrate(files).findings if finding.code == "RP019"]
    assert told
    assert not any("submodule" in message for message in told)


def test_a_flux_yaml_that_was_never_read_is_told() -> None:
    files: Files = {**BUILT, "c/.flux.yaml": generate("kustomize build .")}
    files["flux.yaml"] = fluxd_text("--git-path=c")
    migration = fm.migrate_repository(files)
    assert "DA030" in {finding.code for finding in migration.findings}
    assert "releaseName: game-web" not in "".join(map(str, migration.files.values()))


PLAIN = {"x/kustomization.yaml": "namespace: team\nresources: [db.yaml]\n", "x/db.yaml": release("db")}


@pytest.mark.parametrize(
    ("files", "is_plain"),
    [
        ({f"c/{path}": text for path, text in PLAIN.items()}, True),
        # What reaches elsewhere or patches files makes sense only when it is built.
        (
            {
                "c/x/kustomization.yaml": "namespace: team\nresources: [../../b]\n",
                "b/db.yaml": release("db"),
                "b/kustomization.yaml": "resources: [db.yaml]\n",
            },
            False,
        ),
        (
            {"c/kustomization.yaml": "namespace: team\nresources: [db.yaml]\n", "c/db.yaml": release("db")},
            False,
        ),
        # Nothing below the path is read for it.
        (
            {
                **{f"c/{path}": text for path, text in PLAIN.items()},
                "c/x/.flux.yaml": generate("kustomize build ."),
            },
            True,
        ),
    ],
)
def test_without_a_flux_yaml_in_the_path_or_above_fluxd_read_plain_files(
    files: Files, is_plain: bool
) -> None:
    migration = migrate(files)
    everything = "".join(map(str, migration.files.values()))
    assert ("team-db" in everything) == (not is_plain)


@pytest.mark.parametrize(
    ("more", "is_built"),
    [
        # fluxd was told to read plain files again, or was told nothing in a file of this name.
        ({"c/.flux.yaml": "version: 1\nscanForFiles: {}\n"}, False),
        ({"c/.flux.yml": generate("kustomize build .")}, False),
        # After a migration the file is gone, and what it built stays built.
        ({"sources/x.yaml": "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"}, True),
    ],
)
def test_what_no_flux_yaml_builds_is_read_as_it_stands(more: Files, is_built: bool) -> None:
    everything = "".join(map(str, migrate({**BUILT, **more}, generates=True).files.values()))
    assert ("game-web" in everything) == is_built


@pytest.mark.parametrize("generator", ["kustomize build .", ""])
def test_a_later_run_reads_a_path_as_the_first_one_did(generator: str) -> None:
    fluxd = fluxd_text("--git-url=git@git.example.com:a/b", "--git-path=c", "--manifest-generation")
    files: Files = {"flux.yaml": fluxd, "c/x/web.yaml": release()}
    files["c/x/kustomization.yaml"] = "namespace: game\nresources: [web.yaml]\n"
    late: Files = {"c/x/late.yaml": release("late")}
    late["c/x/kustomization.yaml"] = "namespace: game\nresources: [web.yaml, late.yaml]\n"
    if generator:
        files["c/.flux.yaml"] = generate("kustomize build x")
    first = fm.migrate_repository({**files, **late})
    clusters = fm.migrate_repository(files).context.as_clusters()
    later = fm.migrate_repository(
        {**fm.migrate_repository(files).files, **late}, fm.MigrationOptions(clusters=clusters)
    )
    assert (
        named(later, "c/x/late.yaml")
        == named(first, "c/x/late.yaml")
        == ("game-late" if generator else "shop-late")
    )


def test_a_cluster_that_both_fluxes_sync_is_known_as_such() -> None:
    sync = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: x, namespace: ops}\n"
        "spec: {interval: 5m, path: ./c, prune: false, sourceRef: {kind: GitRepository, name: x}}\n"
    )
    files: Files = {**BUILT, "c/.flux.yaml": generate("kustomize build ."), "c/sync.yaml": sync}
    migration = fm.migrate_repository(files)
    (cluster,) = migration.context.clusters
    assert cluster.flux2_file == "c/sync.yaml"
    assert cluster.flux_namespace == "ops"
    assert "RP062" in {finding.code for finding in migration.findings}


def test_a_shell_passes_over_what_begins_with_a_dot_and_takes_folders_where_they_are_asked_for() -> None:
    files = {
        "apps/.flux.yaml": "",
        "apps/.old/kustomization.yaml": "",
        "apps/web/base/kustomization.yaml": "",
        "apps/web.yaml": "",
    }
    read = read_generator("for d in ./*/; do kustomize build ${d}base; done", "apps", files)
    assert read.builds == ("apps/web/base",)
    printed = read_generator("cat *.yaml", "apps", files).prints
    assert [path for path in files if prints(printed, path)] == ["apps/web.yaml"]
    assert read_generator("cat .flux.yaml", "apps", files).prints == ("apps/.flux.yaml",)
    found = read_generator("find . -name '*.yaml' -exec cat {} +", "apps", files).prints
    assert {path for path in files if prints(found, path)} == set(files)


@pytest.mark.parametrize(
    "before",
    ["timeout 30", "timeout -k 5 1m", "timeout -t 30", "nice -n 10", "nice -5", "env -i", "A=b timeout 2.5s"],
)
def test_a_command_that_runs_another_one_nicely_or_for_a_time_is_that_one(before: str) -> None:
    assert read_generator(f"{before} kustomize build web", "apps").builds == ("apps/web",)
    assert read_generator(f"{before} ./build.sh", "apps").unknown


def test_a_command_may_only_fetch_what_the_next_one_builds() -> None:
    def migrated(*commands: str) -> fm.Migration:
        lines = "".join(f"  - command: {each}\n" for each in commands)
        files = {
            "apps/.flux.yaml": f"version: 1\ncommandUpdated:\n  generators:\n{lines}",
            "apps/kustomization.yaml": "resources: [web.yaml]\n",
            "apps/web.yaml": release("web"),
        }
        return fm.migrate_repository(files)

    fetched = migrated("git submodule init", "git submodule update", "kustomize build .")
    assert "apps/web.yaml" in fetched.changed
    assert fetched.syncs[0].settings.has_submodules
    told = migrated("git submodule init", "git submodule update")
    assert [each.code for each in told.findings if each.severity == "error"] == ["RP018"]


def test_a_build_that_holds_nothing_of_flux_1_misses_a_submodule_too() -> None:
    files: Files = {
        "c/.flux.yaml": generate("kustomize build ."),
        "c/kustomization.yaml": "resources: [../lib/web]\n",
        ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = https://git.example.com/acme/lib\n',
    }
    (told,) = (each.message for each in migrate(files, generates=True).findings if each.code == "RP019")
    assert "submodule lib" in told
