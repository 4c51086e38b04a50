"""Objects that are made: in which files, and with which comments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fluxv2_migrate import Cluster
from fluxv2_migrate.clusters import ClusterMap, ClusterView, SyncPath
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.placement import FieldComment, Generated, Homes, Places, Unplaced, write_generated
from fluxv2_migrate.placement.generated import generated_text
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.yaml_text import Style

OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: shop}\n"


def manifest(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}}


def unplaced(name: str, **more: Any) -> Unplaced:
    return Unplaced("made", manifest(name), ("a",), "things", (name, f"shop-{name}"), (name,), **more)


def places(files: dict[str, str]) -> Places:
    view = ClusterView(Cluster(name="a", sync_paths=("a",)), (SyncPath("a"),), "given")
    return Places(Homes(ClusterMap(clusters=(view,)), KustomizeTree(files), Workspace(files)))


def test_a_file_that_is_there_keeps_its_name() -> None:
    files = {f"a/things/{name}.yaml": OTHER for name in ("web", "shop-web", "web-2")}
    one = places(files)
    assert [each.file for each in one.place(unplaced("web"))] == ["a/things/web-3.yaml"]
    # One group has one file, and another one has another.
    assert [each.file for each in one.place(unplaced("web"))] == ["a/things/web-3.yaml"]
    assert [each.file for each in one.place(unplaced("db"))] == ["a/things/db.yaml"]


def test_a_folder_of_that_name_leaves_no_room_for_a_file() -> None:
    files = {"a/things/web.yaml/notes.txt": "", "a/things/shop-web.yaml": OTHER}
    assert [each.file for each in places(files).place(unplaced("web"))] == ["a/things/web-2.yaml"]


def test_beside_what_needs_it_or_in_the_same_file() -> None:
    near = (("a/other.yaml", ("a",)),)
    one = places({"a/other.yaml": OTHER})
    (beside,) = one.place(unplaced("web", where="beside", near=near, stems_beside=("web-thing",)))
    (same,) = one.place(unplaced("db", where="same", near=near))
    assert (beside.file, same.file) == ("a/web-thing.yaml", "a/other.yaml")
    assert one.place(unplaced("api", where="same"))[0].file == "a/things/api.yaml"
    write_generated([beside, same], one.homes.workspace)
    assert one.homes.workspace.changed["a/other.yaml"].startswith(OTHER + "---\n")
    assert [(each.rule, each.resource, each.target_path) for each in one.homes.workspace.changes] == [
        ("made", "ConfigMap shop/web", "a/web-thing.yaml"),
        ("made", "ConfigMap shop/db", "a/other.yaml"),
    ]


def test_what_clusters_share_is_written_with_the_comments_of_each() -> None:
    one = places({})
    shared = Generated("made", {"kind": "ConfigMap", "metadata": {"name": "web"}}, "a/web.yaml", ("a",))
    comments = (FieldComment(("metadata.name",), "# ours"),)
    write_generated([shared, replace(shared, file="b.yaml", comments=comments)], one.homes.workspace)
    plain = "---\nkind: ConfigMap\nmetadata:\n  name: web\n"
    commented = plain.replace("web", "web # ours")
    assert one.homes.workspace.created == {"a/web.yaml": plain, "b.yaml": commented}


def test_comments_stand_at_their_fields() -> None:
    source = {"spec": {"url": "https://example.com", "ref": {"branch": "main"}}}
    comments = [
        FieldComment(("spec.url",), "# one"),
        FieldComment(("spec.url",), "# two"),
        FieldComment(("spec.nothing", "spec.ref"), "# behind"),
    ]
    assert generated_text(source, comments, Style(newline="\r\n")).split("\r\n") == [
        "---",
        "spec:",
        "  # one",
        "  # two",
        "  url: https://example.com",
        "  ref:",
        "    branch: main # behind",
        "",
    ]


def test_a_comment_of_a_field_that_is_not_written_stands_at_the_top() -> None:
    written = generated_text({"spec": {"a": 1}}, [FieldComment(("spec.b",), "# why")], Style())
    assert written == "--- # why\nspec:\n  a: 1\n"
