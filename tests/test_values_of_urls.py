"""Values that releases take from URLs of this very repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.clusters.value_sources import ValueSource, values_of_sources
from fluxv2_migrate.flux1.raw_files import raw_files
from fluxv2_migrate.yaml_text import read_document
from real_kustomize import build_all, write_tree

FILE = "values/web.yaml"
OF_HOSTS = [
    "https://raw.githubusercontent.com/acme/fleet/{ref}/values/web.yaml",
    "https://github.com/acme/fleet/raw/{ref}/values/web.yaml",
    "https://gitlab.example.com/acme/fleet/-/raw/{ref}/values/web.yaml?inline=false",
    "https://gitlab.example.com/acme/fleet/raw/{ref}/values/web.yaml",
    "https://gitlab.example.com/api/v4/projects/acme%2Ffleet/repository/files/values%2Fweb.yaml/raw?ref={ref}",
    "https://bitbucket.org/acme/fleet/raw/{ref}/values/web.yaml",
    "https://git.example.com/projects/acme/repos/fleet/raw/values/web.yaml?at=refs%2Fheads%2F{ref}",
    "https://me:token@gitea.example.com:3000/acme/fleet/raw/branch/{ref}/values/web.yaml",
    "http://raw.githubusercontent.com/acme/fleet/refs/heads/{ref}/values/web.yaml#L1",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


def web(*sources: str, values: str = "  values:\n    replicas: 3\n") -> str:
    listed = "".join(f"  - {source}\n" for source in sources)
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n"
        "  helmVersion: v3\n  releaseName: web\n"
        "  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
        f"  valuesFrom:\n{listed}{values}"
    )


def url(text: str) -> str:
    return f"externalSourceRef: {{url: {text!r}}}"


def migrate(release: str, values: str = "replicas: 2\nhost: a\n", **cluster: Any) -> fm.Migration:
    known = {"branch": "main", "fluxd": {"git_url": "git@github.com:acme/fleet.git"}, **cluster}
    options = {"clusters": [{"name": "prod", "sync_paths": ["apps"], **known}]}
    return fm.migrate_repository(
        {"apps/web.yaml": release, FILE: values}, fm.MigrationOptions.model_validate(options)
    )


def codes(migration: fm.Migration) -> set[str]:
    return {finding.code for finding in migration.findings} & {"HR095", "HR102", "RP060"}


@pytest.mark.parametrize("host", OF_HOSTS)
@pytest.mark.parametrize("ref", ["main", "feature/x"])
def test_each_host_names_repository_ref_and_file_in_its_way(host: str, ref: str) -> None:
    quoted = ref.replace("/", "%2F") if "?" in host and "inline" not in host else ref
    found = [each for each in raw_files(host.format(ref=quoted), {FILE}) if each.ref == ref]
    assert [(each.repository, each.path) for each in found] == [("acme/fleet", FILE)]


@pytest.mark.parametrize("text", ["", "values/web.yaml", "ftp://x/values/web.yaml", "https://x.example"])
def test_what_is_no_url_names_no_file(text: str) -> None:
    assert list(raw_files(text, {FILE})) == []


def test_the_query_may_hold_the_path() -> None:
    asked = (
        "https://dev.azure.com/acme/fleet/_apis/git/repositories/fleet/items"
        "?path=%2Fvalues%2Fweb.yaml&versionDescriptor.version=main"
    )
    (found,) = raw_files(asked, {FILE})
    assert (found.path, found.ref) == (FILE, "main")
    assert list(raw_files(asked, {"web.yaml"})) == []


@given(layers=st.lists(MAPPINGS, max_size=3))
def test_sources_of_values_are_merged_one_over_another(layers: list[dict[str, Any]]) -> None:
    merged = values_of_sources([ValueSource(each, "x") for each in layers])
    again = values_of_sources([ValueSource(merged, "x"), *[ValueSource(each, "x") for each in layers[-1:]]])
    assert again == merged
    assert set(merged) == {key for each in layers for key in each}


@given(own=MAPPINGS, below=MAPPINGS)
def test_a_release_gets_the_values_that_the_operator_gave_it(
    own: dict[str, Any], below: dict[str, Any]
) -> None:
    values = f"  values: {json.dumps(own)}\n"
    migration = migrate(web(url(OF_HOSTS[0].format(ref="main")), values=values), json.dumps(below) + "\n")
    text = migration.files["apps/web.yaml"]
    assert isinstance(text, str)
    spec = read_document(text)[1]["spec"]
    if codes(migration) == {"RP060"} and "helm.toolkit" in text:
        expected = values_of_sources([ValueSource(below, ""), ValueSource(own, "")])
        assert spec.get("values", {}) == expected
        assert "valuesFrom" not in spec


@pytest.mark.parametrize("host", [OF_HOSTS[0], OF_HOSTS[1], OF_HOSTS[8]])
def test_a_file_of_the_branch_that_is_synced_is_written_into_the_values(host: str) -> None:
    migration = migrate(web(url(host.format(ref="main"))))
    assert codes(migration) == {"RP060"}
    assert "replicas: 3\n    host: a\n" in migration.changed["apps/web.yaml"]
    assert fm.verify_migration(
        {"apps/web.yaml": web(url(host.format(ref="main"))), FILE: "replicas: 2\nhost: a\n"},
        migration.files,
        declared=migration.declared,
    ).ok


@pytest.mark.parametrize(
    ("given", "values", "cluster", "reason"),
    [
        (OF_HOSTS[0].format(ref="v1.0"), "a: 1\n", {}, "main is synced"),
        (OF_HOSTS[0].format(ref="main"), "a: 1\n", {"branch": "prod"}, "prod is synced"),
        (OF_HOSTS[0].replace("acme", "other").format(ref="main"), "a: 1\n", {}, "another repository"),
        ("https://raw.githubusercontent.com/acme/fleet/main/more.yaml", "a: 1\n", {}, "no file here"),
        (OF_HOSTS[0].format(ref="main"), "a: [\n", {}, "cannot be read"),
        (OF_HOSTS[0].format(ref="main"), "- a\n", {}, "holds no values"),
        (OF_HOSTS[0].format(ref="main"), "a: 1\nsops: {mac: x}\n", {}, "holds no values"),
        (OF_HOSTS[0].format(ref="live"), "a: 1\n", {"branch": None, "fluxd": {}}, "another branch is synced"),
    ],
)
def test_a_file_that_is_not_the_one_that_was_read_is_told_with_the_reason(
    given: str, values: str, cluster: dict[str, Any], reason: str
) -> None:
    migration = migrate(web(url(given)), values, **cluster)
    (finding,) = (each for each in migration.findings if each.code == "HR095")
    assert reason in finding.message
    assert migration.files["apps/web.yaml"] == web(url(given))


def test_where_nobody_knows_the_repository_the_path_tells_it() -> None:
    migration = migrate(web(url(OF_HOSTS[0].format(ref="master"))), branch=None, fluxd={})
    assert codes(migration) == {"RP060"}


OWN = url(OF_HOSTS[0].format(ref="main"))
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
BUILD = "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n"


def test_a_file_that_others_follow_becomes_a_config_map_in_its_place() -> None:
    behind = "configMapKeyRef: {name: x}"
    values = "# of the shop\n\nreplicas: 2 # for now\nhost: a\n"
    migration = migrate(web(OWN, behind), values)
    assert codes(migration) == {"RP060"}
    assert migration.ok
    release, made = (
        str(migration.files["apps/web.yaml"]),
        migration.created["apps/web.yaml".replace("web", "web-values")],
    )
    assert "valuesFrom:\n  - kind: ConfigMap\n    name: web\n  - kind: ConfigMap\n    name: x\n" in release
    block = "".join(f"    {line}" if line.strip() else line for line in values.splitlines(keepends=True))
    assert f"metadata:\n  name: web\n  namespace: shop\ndata:\n  values.yaml: |\n{block}" in made
    files = {"apps/web.yaml": web(OWN, behind), FILE: values}
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    # What nothing follows is written into the values, and so is a file behind an entry without a source.
    assert "host: a" in str(migrate(web(behind, OWN)).files["apps/web.yaml"])
    assert "host: a" in str(migrate(web(OWN, "{}")).files["apps/web.yaml"])
    # It was there, so that nothing about it is optional any more.
    assert codes(migrate(web(OWN.replace("{url", "{optional: true, url"), behind))) == {"RP060"}
    # It is no resource of Flux v2, and everything that tells of those goes on without it.
    assert "ConfigMap" not in {each.resource.kind for each in migration.resources}
    assert migration.to_markdown()
    assert migration.to_html()
    assert migration.to_dict()


def test_comments_come_along_with_values() -> None:
    image = "image:\n    # keep\n    tag: '1.0' # pinned\n    name: x\n"
    values = f"# of the shop\nreplicas: 2\n{image}list: # all\n- a\n"
    own = "  values:\n    image:\n      name: web\n"
    text = str(migrate(web(OWN, values=own), values).files["apps/web.yaml"])
    assert "    # of the shop\n    replicas: 2\n" in text
    assert "      name: web\n      # keep\n      tag: '1.0' # pinned\n" in text
    assert "    list: # all\n    - a\n" in text


@pytest.mark.parametrize(
    ("values", "written"),
    [
        # What kustomize would read otherwise, and what hangs together with the rest, is written anew.
        ("a: yes # on\n", "    a: true\n"),
        ("a: &x {b: 1}\nc: *x\n", "    c:\n      b: 1\n"),
        ("{a: 1} # one\n", "    a: 1\n"),
    ],
)
def test_values_that_cannot_be_taken_as_they_stand_are_written_anew(values: str, written: str) -> None:
    assert written in str(migrate(web(OWN, values=""), values).files["apps/web.yaml"])


@pytest.mark.parametrize(
    ("path", "more", "stays"),
    [
        ("apps/values/web.yaml", {}, False),
        ("apps/values/web.yaml", {"x.sh": "cat apps/values/web.yaml"}, True),
        ("values/web.yaml", {}, True),
    ],
)
def test_a_file_that_is_in_the_way_of_a_build_goes_with_its_last_reader(
    path: str, more: dict[str, str], *, stays: bool
) -> None:
    given = OWN.replace("values/web.yaml", path)
    fluxd = {"git_url": "git@github.com:acme/fleet"}
    options = {"clusters": [{"name": "p", "sync_paths": ["apps"], "branch": "main", "fluxd": fluxd}]}
    files = {"apps/shop.yaml": web(given, "secretKeyRef: {name: x}"), path: "a: 1\n", **more}
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
    assert (path in migration.files) == stays
    assert migration.ok == (not more)


def test_a_name_that_is_taken_is_none_for_a_config_map() -> None:
    behind = "configMapKeyRef: {name: x}"
    taken = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n"
    options = {
        "clusters": [
            {
                "name": "p",
                "sync_paths": ["apps"],
                "branch": "main",
                "fluxd": {"git_url": "git@github.com:acme/fleet"},
            }
        ]
    }
    files = {"apps/web.yaml": web(OWN, behind), "apps/cm.yaml": taken, FILE: "a: 1\n"}
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
    assert "    name: web-2\n" in str(migration.files["apps/web.yaml"])


def overlays(
    namespaces: dict[str, str], patch: str, release: str
) -> tuple[dict[str, str | bytes], fm.MigrationOptions]:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": f"{KUSTOMIZATION}resources: [web.yaml]\n",
        "base/web.yaml": release,
        FILE: "# of the shop\nreplicas: 2\n",
    }
    clusters = []
    for name, namespace in namespaces.items():
        lines = f"resources: [../base]\nnamespace: {namespace}\n"
        lines += "patchesStrategicMerge: [patch.yaml]\n" if patch else ""
        files[f"{name}/kustomization.yaml"] = KUSTOMIZATION + lines
        files[f"{name}/.flux.yaml"] = BUILD
        if patch:
            files[f"{name}/patch.yaml"] = patch
        known = {
            "branch": "main",
            "fluxd": {"git_url": "git@github.com:acme/fleet.git", "manifest_generation": True},
        }
        clusters.append({"name": name, "sync_paths": [name], **known})
    return files, fm.MigrationOptions.model_validate({"clusters": clusters})


PATCH = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n"


@pytest.mark.parametrize(
    ("patch", "sources"),
    [
        ("", [OWN, "secretKeyRef: {name: x}"]),
        (f"{PATCH}  values: {{replicas: 9}}\n", [OWN, "secretKeyRef: {name: x}"]),
        (f"{PATCH}  values: {{replicas: 9}}\n", [OWN]),
        (f"{PATCH}  valuesFrom:\n  - {OWN}\n  values: {{replicas: 9}}\n", []),
    ],
)
@pytest.mark.parametrize("namespaces", [{"a": "shop"}, {"a": "one", "b": "two"}])
def test_each_cluster_that_builds_a_release_gets_its_config_map(
    namespaces: dict[str, str], patch: str, sources: list[str], tmp_path: Path
) -> None:
    text = web(*sources) if sources else web("{}").replace("  valuesFrom:\n  - {}\n", "")
    files, options = overlays(namespaces, patch, text)
    migration = fm.migrate_repository(files, options)
    assert codes(migration) == {"RP060"}
    assert migration.ok
    assert fm.migrate_repository(migration.files, options).files == migration.files
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    write_tree(migration.files, tmp_path)
    for name, built in zip(namespaces, build_all(tmp_path / each for each in namespaces), strict=True):
        (made,) = (each for each in built.objects if each["kind"] == "ConfigMap")
        (release,) = (each for each in built.objects if each["kind"] == "HelmRelease")
        assert made["metadata"] == {"name": "web", "namespace": namespaces[name]}
        assert made["data"]["values.yaml"] == files[FILE]
        assert release["spec"]["valuesFrom"][0] == {"kind": "ConfigMap", "name": "web"}
        assert release["spec"]["values"]["replicas"] == (9 if patch else 3)


def test_clusters_of_different_branches_have_different_files() -> None:
    files, options = overlays({"a": "one", "b": "two"}, f"{PATCH}  values: {{replicas: 9}}\n", web(OWN))
    other = options.clusters[1].model_copy(update={"branch": "live"})
    migration = fm.migrate_repository(
        files, options.model_copy(update={"clusters": (options.clusters[0], other)})
    )
    assert "different branches" in " ".join(finding.message for finding in migration.findings)
    assert migration.files["base/web.yaml"] == files["base/web.yaml"]


def test_a_config_map_of_values_that_every_path_renames_has_no_place() -> None:
    files, options = overlays({"a": "shop"}, "", web(OWN, "secretKeyRef: {name: x}"))
    files["a/kustomization.yaml"] = f"{files['a/kustomization.yaml']!s}namePrefix: x-\n"
    migration = fm.migrate_repository(files, options)
    assert dict(migration.files) == files
    (error,) = (each for each in migration.findings if each.severity == "error")
    assert (error.code, error.path) == ("RP014", "base/web.yaml")


def test_what_is_written_into_values_is_no_patch_of_somebody() -> None:
    files: dict[str, str | bytes] = {
        "base/web.yaml": web(OWN),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
    }
    files |= {FILE: "replicas: 2\nhost: a\n", "apps/kustomization.yaml": "resources: [../base]\n"}
    files["apps/.flux.yaml"] = BUILD
    fluxd = {"git_url": "git@github.com:acme/fleet.git", "manifest_generation": True}
    clusters = [{"name": "prod", "sync_paths": ["apps"], "branch": "main", "fluxd": fluxd}]
    migration = fm.migrate_repository(files, {"clusters": clusters})
    assert migration.ok
    assert "host: a" in str(migration.files["base/web.yaml"])
    assert fm.verify_migration(files, migration.files, {"clusters": clusters}, declared=migration.declared).ok
