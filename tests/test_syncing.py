"""What a person is told of sync paths: where both Fluxes part over them, and which are guesses."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import Files, release
from fluxv2_migrate.kustomize import KustomizeTree, controller_build
from manifest_texts import fluxd_text, workload_text

PROD = fm.MigrationOptions(sync_roots=("prod",))


def findings(files: Files, code: str, options: fm.MigrationOptions = PROD) -> list[fm.Finding]:
    return [each for each in fm.migrate_repository(files, options).findings if each.code == code]


def places(found: list[fm.Finding]) -> set[str]:
    return {place for each in found for place in (f"{each.path}:{each.line}", *each.related)}


def configuration(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\n"


@st.composite
def sync_paths(draw: st.DrawFn) -> tuple[Files, set[str]]:
    """Files that fluxd reads one by one, some beside a kustomization; and the places of all objects."""
    # Nothing is said where there is nothing to migrate.
    files: Files = {"prod/web.yaml": release()}
    objects = {"prod/web.yaml:1"}
    for folder in ("prod", "prod/a", "prod/a/b", "prod/c"):
        listable = ["web.yaml"] if folder == "prod" else []
        for file in draw(st.lists(st.sampled_from("xyz"), unique=True, max_size=3)):
            path = f"{folder}/{file}.yaml"
            name = path.removesuffix(".yaml").replace("/", "-")
            what = draw(st.sampled_from(["object", "two objects", "object", "no object"]))
            if what == "no object":
                files[path] = "replicas: 2\n"
                continue
            listable.append(f"{file}.yaml")
            files[path] = configuration(name)
            objects.add(f"{path}:1")
            if what == "two objects":
                files[path] = f"{configuration(name)}---\n{configuration(f'{name}-too')}"
                objects.add(f"{path}:6")
        listed = draw(st.none() | st.sets(st.sampled_from(listable), min_size=1)) if listable else None
        if listed:
            files[f"{folder}/kustomization.yaml"] = f"resources: [{', '.join(sorted(listed))}]\n"
    return files, objects


def applied(files: Files) -> set[str] | None:
    """Gives the places of what kustomize-controller applies of the sync path, or nothing where it fails."""
    build = controller_build(KustomizeTree(files), "prod")
    if not build.ok:
        return None
    lines = {0: 1, 1: 6}
    return {f"{each.path}:{lines[each.index]}" for each in build.objects}


@given(sync_paths())
def test_what_kustomize_controller_leaves_out_is_told(drawn: tuple[Files, set[str]]) -> None:
    files, objects = drawn
    refused, left_out = findings(files, "DA020"), findings(files, "RP015")
    found = applied(files)
    assert bool(refused) is (found is None)
    if found is not None:
        assert places(left_out) == objects - found
    # What is proposed makes kustomize-controller apply exactly what fluxd did, and what is made.
    made = fm.migrate_repository(files, PROD).created
    new = {f"{path}:1" for path in made if posixpath.basename(path) != "kustomization.yaml"}
    for each in (*refused, *left_out):
        proposed = {**files, **made, "prod/kustomization.yaml": each.proposal}
        for path in files:
            if posixpath.basename(path) == "kustomization.yaml" and path != "prod/kustomization.yaml":
                del proposed[path]
        assert applied(proposed) == objects | new


@pytest.mark.parametrize(
    ("kustomization", "told"),
    [
        ("images: [{name: x/y, newTag: v1}]", "Deployment shop/a with another spec.template.spec.containers"),
        ("replicas: [{name: a, count: 3}]", "Deployment shop/a with another spec.replicas"),
        ("commonLabels: {of: us}", "Deployment shop/a with another metadata.labels.of"),
        ("namePrefix: p-", "Deployment shop/p-a in place of Deployment shop/a"),
        (
            "namespace: shop\nconfigMapGenerator: [{name: m, options: {disableNameSuffixHash: true}}]",
            "ConfigMap shop/m, which fluxd did not apply",
        ),
        ("images: [{name: x/z, newTag: v1}]", ""),
    ],
)
def test_what_a_kustomization_makes_of_plain_files_stands_in_the_way(kustomization: str, told: str) -> None:
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\n"
        "spec:\n  replicas: 1\n  template: {spec: {containers: [{name: a, image: 'x/y:v2'}]}}\n"
    )
    given = {"name": "prod", "sync_paths": ["prod"], "fluxd": {"manifest_generation": False}}
    cluster = fm.Cluster.model_validate(given)
    files: Files = {
        "prod/web.yaml": release(),
        "prod/x/kustomization.yaml": f"resources: [a.yaml]\n{kustomization}\n",
        "prod/x/a.yaml": workload,
    }
    options = fm.MigrationOptions(clusters=(cluster,))
    migration = fm.migrate_repository(files, options)
    verification = fm.verify_migration(files, migration.files, options, declared=migration.declared)
    # What is in no file, a verification does not miss.
    assert (migration.ok, verification.ok) == (not told, not told or "did not apply" in told)
    found = findings(files, "RP022", options)
    assert [(each.path, each.message.partition("applies of prod: ")[2]) for each in found] == (
        [("prod/x/kustomization.yaml", told)] if told else []
    )
    accepted = fm.MigrationOptions.model_validate({"clusters": [cluster], "overrides": migration.answers()})
    assert fm.migrate_repository(files, accepted).ok


def test_the_places_are_those_of_the_finding_and_not_its_message() -> None:
    files: Files = {f"prod/{name}.yaml": "a: 1\n" for name in "abcdefg"}
    (found,) = findings({**files, "prod/web.yaml": release()}, "DA020")
    assert (found.path, found.line) == ("prod/a.yaml", 1)
    assert found.related == tuple(f"prod/{name}.yaml:1" for name in "bcdefg")
    assert "fluxd passed over 7 documents of prod " in found.message
    assert ".yaml" not in found.message


@pytest.mark.parametrize(("namespace", "told"), [("shop", 1), ("tools", 0)])
def test_an_object_that_is_defined_twice_is_told(namespace: str, told: int) -> None:
    other = f"{configuration('b')}---\n{configuration('a').replace('shop', namespace)}"
    files: Files = {"prod/a.yaml": configuration("a"), "prod/b.yaml": other, "prod/web.yaml": release()}
    found = findings(files, "RP016")
    assert len(found) == told
    for each in found:
        assert (each.path, each.line, each.related) == ("prod/b.yaml", 6, ("prod/a.yaml:1",))
        assert each.message.startswith("ConfigMap shop/a is defined in prod/a.yaml:1 too")


def test_files_that_define_the_same_objects_are_told_of_once() -> None:
    text = "---\n".join(configuration(name) for name in "abcdefg")
    files: Files = {"prod/a.yaml": text, "prod/b.yaml": text, "prod/web.yaml": release()}
    (found,) = findings(files, "RP016")
    assert (found.path, found.line) == ("prod/b.yaml", 1)
    assert "ConfigMap shop/a, ConfigMap shop/b" in found.message
    assert "and 2 more are defined in prod/a.yaml:1 too" in found.message
    assert len(found.related) == 13


def test_a_sync_path_of_two_clusters_is_told_of_once() -> None:
    clusters = tuple(fm.Cluster(name=name, sync_paths=("prod",)) for name in ("eu", "us"))
    files: Files = {"prod/values.yaml": "a: 1\n", "prod/web.yaml": release()}
    assert len(findings(files, "DA020", fm.MigrationOptions(clusters=clusters))) == 1


def test_what_a_build_takes_in_is_no_matter_of_the_sync_path() -> None:
    shaped = "namespace: shop\nresources: [web.yaml]\n"
    files: Files = {
        "prod/kustomization.yaml": shaped,
        "prod/values.yaml": "a: 1\n",
        "prod/web.yaml": release(),
    }
    assert findings(files, "DA020") == []
    # fluxd read the rest beside such a folder one by one.
    beside = {path.replace("prod/", "prod/a/"): content for path, content in files.items()}
    assert places(findings({**beside, "prod/b.yaml": "a: 1\n"}, "DA020")) == {"prod/b.yaml:1"}


GUESSED = fm.MigrationOptions()


@pytest.mark.parametrize(
    ("options", "files", "shown"),
    [
        (GUESSED, {"web.yaml": release()}, ["/"]),
        (GUESSED, {"eu/web.yaml": release(), "us/web.yaml": release()}, ["eu, us"]),
        (fm.MigrationOptions(sync_roots=("eu",)), {"eu/web.yaml": release()}, []),
        # Nothing is migrated, so nothing is made that would have to go anywhere.
        (GUESSED, {"web.yaml": release().replace("version: 1.2.3", "ref: a")}, []),
    ],
)
def test_a_guess_is_told_where_something_depends_on_it(
    options: fm.MigrationOptions, files: Files, shown: list[str]
) -> None:
    found = findings(files, "RP009", options)
    assert [each.message.rpartition(" under ")[2] for each in found] == shown


@pytest.mark.parametrize(("names", "shown"), [(("web", "api"), 1), (("web", "web"), 0)])
def test_overlays_that_may_be_one_cluster_are_told(names: tuple[str, str], shown: int) -> None:
    files: Files = {}
    for folder, name in zip(("eu", "us"), names, strict=True):
        files[f"{folder}/kustomization.yaml"] = "namespace: shop\nresources: [web.yaml]\n"
        files[f"{folder}/web.yaml"] = release(name)
    placed = fm.MigrationOptions(sources=fm.Placement(namespace="release"))
    found = findings(files, "RP017", placed)
    # One cluster cannot have one release twice.
    assert [each.message.rpartition(": ")[2] for each in found] == ["eu, us"] * shown
    given_paths = placed.model_copy(update={"sync_roots": ("eu", "us")})
    assert findings(files, "RP017", given_paths) == []


def test_a_file_that_fluxd_read_and_kustomize_refuses_is_told_whatever_else_stands_in_it() -> None:
    """Of two keys that are the same fluxd took the last one; the other scalar is read otherwise, too."""
    files: Files = {
        "prod/a.yaml": release("a"),
        "prod/web.yaml": f"{release()}  values:\n    a: yes\n    b: 1\n    b: 2\n",
    }
    migration = fm.migrate_repository(files, PROD)
    assert [(each.code, each.path) for each in migration.findings if each.severity == "error"] == [
        ("RP003", "prod/web.yaml")
    ]
    assert set(migration.changed) == {"prod/a.yaml"}


@pytest.mark.parametrize(
    "left_out",
    [
        {"prod/.github/runner.yaml": configuration("runner")},
        {"prod/runner.yaml": configuration("runner"), ".sourceignore": "runner.yaml\n"},
        {
            "prod/runner.yaml": configuration("runner")
            + '  annotations:\n    config.kubernetes.io/local-config: "true"\n'
        },
    ],
)
def test_what_never_reaches_the_controller_is_an_error_until_that_is_accepted(left_out: Files) -> None:
    files: Files = {"prod/web.yaml": release(), **left_out}
    for accepted in (False, True):
        overrides = (fm.Override(accept=("RP024",)),) if accepted else ()
        options = PROD.model_copy(update={"overrides": overrides})
        migration = fm.migrate_repository(files, options)
        assert migration.ok is accepted
        report = fm.verify_migration(files, migration.files, options=options, declared=migration.declared)
        assert report.ok is accepted, report.to_markdown()


@pytest.mark.parametrize(("other", "is_told"), [("one", True), ("two", False)])
def test_an_object_of_two_sync_paths_of_one_cluster_is_told(other: str, *, is_told: bool) -> None:
    files: Files = {
        "prod/web.yaml": release(),
        "prod/one.yaml": configuration("one"),
        "more/other.yaml": configuration(other),
    }
    together = fm.MigrationOptions(clusters=(fm.Cluster(name="prod", sync_paths=("prod", "more")),))
    found = findings(files, "RP016", together)
    assert [each.path for each in found] == ["more/other.yaml"] * is_told
    # Clusters of their own have an object each.
    assert not findings(files, "RP016", fm.MigrationOptions(sync_roots=("prod", "more")))
    # What overlaps is one document.
    nested = fm.MigrationOptions(clusters=(fm.Cluster(name="prod", sync_paths=("prod", "prod/a")),))
    assert not findings(
        {"prod/web.yaml": release(), "prod/a/one.yaml": configuration("one")}, "RP016", nested
    )


@pytest.mark.parametrize(
    ("files", "synced"),
    [
        ({"prod/a/one.yaml": configuration("one")}, ["./prod"]),
        ({}, ["./prod"]),
        (
            {"prod/a/one.yaml": configuration("one"), "prod/kustomization.yaml": "resources: [web.yaml]\n"},
            ["./prod", "./prod/a"],
        ),
    ],
)
def test_a_sync_path_in_another_one_is_synced_with_it(files: Files, synced: list[str]) -> None:
    files = {
        "fluxd.yaml": fluxd_text("--git-url=git@git.example.com:acme/fleet", "--git-path=prod,prod/a"),
        "prod/web.yaml": release(),
        "prod/a/README.md": "",
        **files,
    }
    migration = fm.migrate_repository(files)
    made = [each.resource for each in migration.resources if each.resource.kind == "Kustomization"]
    assert sorted(str(each.spec.path) for each in made) == synced
    told = [each.message for each in migration.findings if each.code == "DA037"]
    assert bool(told) is (len(files) == 4)


@pytest.mark.parametrize("mark", ["", release("old"), workload_text("fluxcd.io/automated: 'true'")])
def test_of_a_cluster_that_flux_2_alone_syncs_nothing_is_told_unless_it_holds_flux_1(mark: str) -> None:
    own = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: flux-system, namespace: flux-system}\nspec:\n  interval: 10m\n  path: ./new\n"
        "  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n"
    )
    files: Files = {
        "fluxd.yaml": fluxd_text("--git-url=git@git.example.com:acme/fleet", "--git-path=prod"),
        "prod/web.yaml": release(),
        "new/flux-system/gotk-sync.yaml": own,
        "new/flux-system/alerts.yaml": configuration("alerts"),
        "new/flux-system/kustomization.yaml": "resources: [gotk-sync.yaml]\n",
        "new/map.yaml": configuration("map").replace("  namespace: shop\n", ""),
        "new/values.yaml": "replicas: 2\n",
        **({"new/more.yaml": mark} if mark else {}),
    }
    errors = [each for each in fm.migrate_repository(files).findings if each.severity == "error"]
    told = {each.code for each in errors if each.path.startswith("new/")}
    assert {"RP015", "DA015", "DA020"} & told == ({"RP015", "DA015", "DA020"} if mark else set())


@pytest.mark.parametrize("folder", ["shop", "tools"])
def test_what_two_paths_of_one_fluxd_build_alike_is_defined_twice(folder: str) -> None:
    command = "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n"
    files: Files = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": release()}
    for path, namespace in (("eu", "shop"), ("us", folder)):
        files[f"{path}/.flux.yaml"] = command
        files[f"{path}/kustomization.yaml"] = f"resources: [../base]\nnamespace: {namespace}\n"
    options = fm.MigrationOptions(clusters=(fm.Cluster(name="prod", sync_paths=("eu", "us")),))
    found = findings(files, "RP016", options)
    assert [each.path for each in found] == ["us/kustomization.yaml"] * (folder == "shop")
