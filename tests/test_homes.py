"""Where a generated object can live: laws over trees, clusters and what kustomizations do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from counted_work import calls_of
from fluxv2_migrate.clusters import ClusterMap, ClusterView, SyncPath, builds_with
from fluxv2_migrate.kustomize import KustomizeTree, controller_build
from fluxv2_migrate.placement import Homes, NoHome
from fluxv2_migrate.repository.workspace import Workspace
from manifest_texts import AUTOMATED, workload_text

Files = dict[str, str | bytes]
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made\n  namespace: shop\n"
OTHER = OBJECT.replace("made", "other")


def made(namespace: str = "shop") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made", "namespace": namespace}}


def homes_of(files: Files, *views: tuple[str, tuple[SyncPath, ...]]) -> Homes:
    clusters = ClusterMap(
        clusters=tuple(
            ClusterView(fm.Cluster(name=name, sync_paths=tuple(each.path for each in paths)), paths, "given")
            for name, paths in views
        )
    )
    return Homes(clusters, KustomizeTree(files), Workspace({path: str(text) for path, text in files.items()}))


def placed(homes: Homes, wanted: set[str]) -> Files:
    """The repository with an object where it is put for the clusters."""
    for home, _ in homes.choose(wanted, made()):
        path = f"{home}/made/object.yaml".lstrip("/")
        homes.list_file(home, path)
        homes.workspace.create(path, OBJECT)
    return {
        path: text for path in homes.workspace.paths() if (text := homes.workspace.text(path)) is not None
    }


def count(files: Files, synced: SyncPath) -> int:
    """How often a sync path gives the object as it is."""
    paths = synced.builds if synced.files == "none" else (synced.path,)
    builds = [controller_build(KustomizeTree(files), path) for path in paths]
    assert all(build.ok for build in builds), [build.problems for build in builds]
    metadata = [built.manifest["metadata"] for build in builds for built in build.objects]
    return sum(each == {"name": "made", "namespace": "shop"} for each in metadata)


@st.composite
def repositories(draw: st.DrawFn) -> tuple[Files, list[tuple[str, tuple[SyncPath, ...]]]]:
    files: Files = {"base/kustomization.yaml": "resources: [other.yaml]\n", "base/other.yaml": OTHER}
    views: list[tuple[str, tuple[SyncPath, ...]]] = []
    for name in draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1)):
        if draw(st.booleans()):
            files[f"{name}/other.yaml"] = OTHER
            views.append((name, (SyncPath(name),)))
            continue
        shape = draw(st.sampled_from(["", "namespace: shop\n", "namespace: team\n", "namePrefix: x-\n"]))
        newline = draw(st.sampled_from(["\n", "\r\n"]))
        text = f"{shape}resources:\n- ../base\n"
        if draw(st.booleans()):
            # The sync path includes it, and leaves it alone.
            files[f"{name}/inner/kustomization.yaml"] = text.replace("../", "../../").replace("\n", newline)
            text = "namespace: shop\nresources:\n- inner\n"
        files[f"{name}/kustomization.yaml"] = text.replace("\n", newline)
        views.append((name, (SyncPath(name, (name,), files="none"),)))
    return files, views


@given(repository=repositories())
def test_each_cluster_gets_an_object_once_and_as_it_is(repository: tuple[Files, Any]) -> None:
    files, views = repository
    homes = homes_of(files, *views)
    try:
        after = placed(homes, {name for name, _ in views})
    except NoHome:
        inner = [files.get(f"{name}/inner/kustomization.yaml", "") for name, _ in views]
        shaped = [*inner, *(files.get(f"{name}/kustomization.yaml", "") for name, _ in views)]
        assert any("namespace: team" in str(text) or "namePrefix" in str(text) for text in shaped)
        return
    for _, paths in views:
        assert [count(after, synced) for synced in paths] == [1]
    for path, text in homes.workspace.changed.items():
        before = files.get(path, "")
        # What was there stays, in its own kind of lines.
        assert all(line in text.splitlines() for line in str(before).splitlines())
        assert "\r\n" not in str(before) or "\n" not in text.replace("\r\n", "")


def test_a_second_file_of_a_folder_is_listed_in_its_kustomization() -> None:
    files: Files = {"a/kustomization.yaml": "resources:\n- other.yaml\n", "a/other.yaml": OTHER}
    homes = homes_of(files, ("a", (SyncPath("a", ("a",), files="none"),)))
    for name in ("one", "two"):
        homes.list_file("a", f"a/made/{name}.yaml")
        homes.workspace.create(f"a/made/{name}.yaml", OBJECT)
    created = homes.workspace.created["a/made/kustomization.yaml"]
    assert created.endswith("resources:\n- one.yaml\n- two.yaml\n")
    assert homes.workspace.changed["a/kustomization.yaml"] == "resources:\n- other.yaml\n- made\n"


def test_a_file_of_a_folder_that_holds_others_is_listed_alone() -> None:
    files: Files = {"a/kustomization.yml": "resources:\n- made/old.yaml\n", "a/made/old.yaml": OTHER}
    homes = homes_of(files, ("a", (SyncPath("a", ("a",), files="none"),)))
    homes.list_file("a", "a/made/new.yaml")
    homes.list_file("a", "a/new.yaml")
    assert homes.workspace.changed == {
        "a/kustomization.yml": "resources:\n- made/old.yaml\n- made/new.yaml\n- new.yaml\n"
    }


def test_a_folder_of_all_is_taken_only_where_no_other_one_serves() -> None:
    files: Files = {"all/other.yaml": OTHER, "a/other.yaml": OTHER}
    both = ("a", (SyncPath("all"), SyncPath("a"))), ("b", (SyncPath("all"),))
    assert homes_of(files, *both).choose({"a"}, made()) == (("a", ("a",)),)
    assert homes_of(files, *both).choose({"a", "b"}, made()) == (("all", ("a", "b")),)
    # Others see it there, and nothing else is left.
    assert homes_of(files, *both).choose({"b"}, made()) == (("all", ("a", "b")),)


def test_each_build_of_a_path_can_hold_what_the_others_would_move() -> None:
    files: Files = {
        f"{folder}/kustomization.yaml": f"namespace: {folder}\nresources: []\n" for folder in ("team", "shop")
    }
    homes = homes_of(files, ("c", (SyncPath("c", ("team", "shop"), files="none"),)))
    assert homes.choose({"c"}, made()) == (("shop", ("c",)),)


@pytest.mark.parametrize(
    ("synced", "has_home"),
    [
        (SyncPath("a", target_namespace="team"), False),
        (SyncPath("a", target_namespace="shop"), True),
        (SyncPath("a", ("a",), files="none", overlay='{"namePrefix": "x-"}'), False),
        (SyncPath("a", ("a",), files="none", overlay='{"patches": []}'), True),
    ],
)
def test_what_goes_over_a_path_decides_too(synced: SyncPath, has_home: bool) -> None:
    homes = homes_of({"a/other.yaml": OTHER}, ("a", (synced,)))
    if has_home:
        assert homes.choose({"a"}, made()) == (("a", ("a",)),)
    else:
        with pytest.raises(NoHome, match="every sync path of a is a chart, or renames"):
            homes.choose({"a"}, made())


def test_only_what_kustomize_builds_on_its_own_is_tried() -> None:
    files: Files = {
        "part/kustomization.yaml": (
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamespace: team\n"
        ),
        "broken/kustomization.yaml": "resources: [\n",
        "whole/kustomization.yaml": "resources: []\n",
    }
    tree = KustomizeTree(files)
    synced = [SyncPath(folder, target_namespace="team") for folder in ("broken", "whole")]
    tried = {folder: list(builds_with(folder, synced, tree)) for folder in ("part", "broken", "whole")}
    assert {folder for folder, builds in tried.items() if builds} == {"whole"}


def test_what_lists_a_file_may_leave_another_one_beside_it_alone() -> None:
    files: Files = {
        "a/kustomization.yaml": "resources: [other.yaml]\n",
        "a/other.yaml": OTHER,
        "b/kustomization.yaml": "resources: [../a]\nnamespace: team\n",
    }
    homes = homes_of(files)
    assert not homes.leaves_alone("a/other.yaml", made())
    assert homes.leaves_alone("a/other.yaml", made("team"))
    homes.list_beside("a/other.yaml", "a/more.yaml")
    assert homes.workspace.changed == {"a/kustomization.yaml": "resources:\n- other.yaml\n- more.yaml\n"}


def test_what_clusters_reach_is_looked_for_once_for_each() -> None:
    """Each cluster has its own folder, and a company may have hundreds of both."""

    def reached(count: int) -> Callable[[], object]:
        files: Files = {f"c{index}/other.yaml": OTHER for index in range(count)}
        homes = homes_of(files, *((f"c{index}", (SyncPath(f"c{index}"),)) for index in range(count)))
        return lambda: homes.choose({"c0"}, made())

    assert reached(3)() == (("c0", ("c0",)),)
    assert calls_of(reached(160)) < 5 * calls_of(reached(40))


@pytest.mark.parametrize("there", ["Images/kustomization.yaml", "IMAGES/a/b.yaml", "Images/x.bin"])
def test_no_folder_is_made_that_some_disks_take_for_another_one(there: str) -> None:
    files: dict[str, str | bytes] = {
        "apps/web.yaml": workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1"),
        "apps/kustomization.yaml": "resources: [web.yaml]\n",
        f"apps/{there}": "\udcff".encode(errors="surrogateescape") if there.endswith("bin") else "a: 1\n",
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))
    assert migration.created
    assert all(path.startswith("apps/flux-images/") for path in migration.created)


def test_a_folder_that_is_there_in_small_letters_too_is_as_good_as_any() -> None:
    files: dict[str, str | bytes] = {
        "apps/web.yaml": workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1"),
        "apps/Images/a.txt": "",
        "apps/images/a.txt": "",
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))
    assert all(path.startswith("apps/images/") for path in migration.created)
