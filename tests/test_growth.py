"""Work grows with what is given, not with its square: calls are counted where there are any to count."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import fluxv2_migrate as fm
from built_clusters import release
from counted_work import calls_of, lines_of
from fluxv2_migrate.clusters import shapes_objects
from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.clusters.tree_charts import chart_of_folder
from fluxv2_migrate.flux1.charts import Flux1Chart
from fluxv2_migrate.flux1.hcl import read_blocks
from fluxv2_migrate.flux1.install_texts import install_commands, manifests_in_text
from fluxv2_migrate.flux1.shell_text import shell_parts
from fluxv2_migrate.frozen import frozen
from fluxv2_migrate.kustomize import KustomizeTree, artifact_files
from fluxv2_migrate.kustomize.source_ignore import _expression
from fluxv2_migrate.placement import ExistingSource, PlacedRequest, name_sources
from fluxv2_migrate.rules import ChartSourceRequest
from fluxv2_migrate.tags.ranges import RangeTranslation, translate_range
from fluxv2_migrate.yaml_text import read_value
from fluxv2_migrate.yaml_text.composer import _reading_of_text
from fluxv2_migrate.yaml_text.parser import parse

Files = dict[str, str | bytes]
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
  annotations:
    fluxcd.io/automated: "true"
"""


def unknown_fields(count: int) -> Files:
    return {"apps/web.yaml": release() + "".join(f"  field{index}: x\n" for index in range(count))}


def unknown_chart_fields(count: int) -> Files:
    fields = "".join(f"    field{index}: x\n" for index in range(count))
    return {"apps/web.yaml": release().replace("  chart:\n", f"  chart:\n{fields}", 1)}


def tag_filters(count: int) -> Files:
    lines = "".join(f"    fluxcd.io/tag.container{index}: glob:*\n" for index in range(count))
    return {"apps/api.yaml": DEPLOYMENT + lines + "spec: {}\n"}


def containers(count: int) -> Files:
    entries = "".join(f"      - {{name: c{index}, image: acme/web{index}:1.0.0}}\n" for index in range(count))
    head = DEPLOYMENT + "spec:\n  template:\n    spec:\n      containers:\n"
    return {"apps/api.yaml": head + entries}


def releases_in_a_file(count: int) -> Files:
    texts = (release().replace("name: web", f"name: web{index}", 1) for index in range(count))
    return {"apps/all.yaml": "---\n".join(texts)}


def overlays(count: int) -> Files:
    files: Files = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": release()}
    for index in range(count):
        files[f"overlays/e{index}/kustomization.yaml"] = f"resources: [../../base]\nnamePrefix: e{index}-\n"
    return files


def listed_files(count: int) -> Files:
    names = [f"web{index}" for index in range(count)]
    listed = "".join(f"- {name}.yaml\n" for name in names)
    files: Files = {"apps/kustomization.yaml": f"resources:\n{listed}"}
    # Whose image it is, values from elsewhere may say, here from one Secret for all.
    text = release() + "  values: {image: {tag: 1.0.0}}\n  valueFileSecrets: [{name: web}]\n"
    for name in names:
        files[f"apps/{name}.yaml"] = text.replace("name: web", f"name: {name}", 1)
    return files


def values_in_config_maps(count: int) -> Files:
    files = listed_files(count)
    for index in range(count):
        path = f"apps/web{index}.yaml"
        files[path] = str(files[path]).replace(
            "valueFileSecrets: [{name: web}]", f"valuesFrom: [{{configMapKeyRef: {{name: v{index}}}}}]"
        )
        files[f"values/v{index}.yaml"] = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: v{index}, namespace: shop}}\n"
            "data:\n  values.yaml: |\n    replicas: 2\n"
        )
    return files


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (unknown_fields, 40),
        (unknown_chart_fields, 40),
        (tag_filters, 40),
        (containers, 40),
        (releases_in_a_file, 12),
        (overlays, 6),
    ],
)
def test_work_grows_with_what_is_given(make: Callable[[int], Files], count: int) -> None:
    few, many = make(count), make(4 * count)
    fm.migrate_repository(few)
    small = calls_of(lambda: fm.migrate_repository(few))
    assert calls_of(lambda: fm.migrate_repository(many)) < 5 * small


def names_of_sources(count: int) -> Callable[[], object]:
    requests, existing = [], []
    for index in range(count):
        url = f"https://charts-{index}.example.com"
        request = ChartSourceRequest("HelmRepository", url, url)
        requests.append(PlacedRequest(request, f"{index}.yaml", (("a", "shop"),)))
        other = {"type": "default", "url": f"https://other-{index}.example.com"}
        manifest = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "HelmRepository",
            "metadata": {"name": f"r{index}", "namespace": "shop"},
            "spec": other,
        }
        existing.append(ExistingSource.of_manifest(manifest, "a"))
    options = fm.MigrationOptions.model_validate({"sources": {"namespace": "release"}})
    return lambda: name_sources(requests, [each for each in existing if each is not None], options)


def test_names_of_sources_grow_with_what_is_given() -> None:
    assert calls_of(names_of_sources(160)) < 5 * calls_of(names_of_sources(40))


def test_images_of_a_kustomization_look_through_each_object_once() -> None:
    def build(count: int) -> Callable[[], object]:
        listed, images = "", ""
        files: Files = {}
        for index in range(count):
            listed += f"- {index}.yaml\n"
            images += f"- {{name: acme/web{index}, newTag: 2.0.0}}\n"
            pod = f"spec: {{containers: [{{name: a, image: acme/web{index}}}]}}\n"
            files[f"{index}.yaml"] = f"kind: Pod\nmetadata: {{name: a{index}}}\n{pod}"
        tree = KustomizeTree({"kustomization.yaml": f"resources:\n{listed}images:\n{images}", **files})
        return lambda: tree.build("")

    # Expressions are compiled once.
    build(160)()
    assert calls_of(build(160)) < 4.5 * calls_of(build(40))


def test_replicas_of_a_kustomization_look_through_each_object_once() -> None:
    def build(count: int) -> Callable[[], object]:
        names = [f"web{index}" for index in range(count)]
        listed = ", ".join(f"{name}.yaml" for name in names)
        replicas = ", ".join(f"{{name: {name}, count: 2}}" for name in names)
        files = {f"{name}.yaml": f"kind: Deployment\nmetadata: {{name: {name}}}\n" for name in names}
        kustomization = f"resources: [{listed}]\nreplicas: [{replicas}]\n"
        tree = KustomizeTree({"kustomization.yaml": kustomization, **files})
        built = KustomizeTree(tree.files).build("")
        assert not built.problems
        assert [each.manifest["spec"] for each in built.objects] == [{"replicas": 2}] * count
        return lambda: tree.build("")

    assert calls_of(build(160)) < 4.5 * calls_of(build(40))


@pytest.mark.parametrize(
    ("name", "image", "is_changed"),
    [
        ("acme/web", "acme/web:1", True),
        ("acme/web", "acme/web@sha256:0", True),
        ("acme.io/web", "acme/io/web", True),
        ("web", "acme/web", False),
        ("acme/we.", "acme/web:1", True),
        ("acme/w.*", "acme/web:1", True),
        ("localhost:5000", "localhost:5000", True),
        ("localhost:5000/web", "localhost:5000/web:2", True),
    ],
)
def test_an_image_is_found_whatever_form_its_name_has(name: str, image: str, is_changed: bool) -> None:
    kustomization = (
        f"resources: [web.yaml]\nimages: [{{name: other, newTag: '8'}}, {{name: '{name}', newTag: '9'}}]\n"
    )
    pod = f"kind: Pod\nmetadata: {{name: web}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
    (built,) = KustomizeTree({"kustomization.yaml": kustomization, "web.yaml": pod}).build("").objects
    (container,) = built.manifest["spec"]["containers"]
    assert container["image"].endswith(":9") == is_changed
    assert is_changed or container["image"] == image


def test_images_change_what_other_entries_have_made() -> None:
    entries = (
        "[{name: a, newName: b}, {name: c, newName: d}, {name: b, newTag: '2'}, {name: x?, newTag: '3'}]"
    )
    kustomization = f"resources: [web.yaml]\nimages: {entries}\n"
    pod = "kind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: a}, {name: b, image: 7}]}\n"
    (built,) = KustomizeTree({"kustomization.yaml": kustomization, "web.yaml": pod}).build("").objects
    assert [each["image"] for each in built.manifest["spec"]["containers"]] == ["b:2", "7"]


def test_copies_share_what_they_have_in_common_and_nothing_else() -> None:
    values = [{"a": {"b": [1, {}]}}, {"a": {"b": [1, {}]}}, {"a": {"b": [True, {}]}}, {"a": {"b": [1.0, {}]}}]
    known: dict[object, object] = {}
    copies = [frozen(each, known) for each in values]
    assert copies[0] is copies[1]
    assert [repr(each) for each in copies] == [repr(each) for each in values]


@pytest.mark.parametrize("make", [listed_files, values_in_config_maps, containers])
def test_a_check_grows_with_what_is_given(make: Callable[[int], Files]) -> None:
    few, many = make(40), make(160)
    afterwards = [fm.migrate_repository(files).files for files in (few, many)]
    fm.verify_migration(few, afterwards[0])
    small = calls_of(lambda: fm.verify_migration(few, afterwards[0]))
    assert calls_of(lambda: fm.verify_migration(many, afterwards[1])) < 4.5 * small


def clusters(count: int) -> tuple[Files, fm.MigrationOptions]:
    """Gives clusters that share three releases, whose images fluxd updates."""
    files: Files = {}
    for name in ("web", "api", "db"):
        text = release().replace("name: web", f"name: {name}", 1).replace("releaseName: web\n", "")
        image = f"  values: {{image: {{repository: acme/{name}, tag: 1.0.0}}}}\n"
        files[f"apps/{name}.yaml"] = (
            text.replace("spec:", '  annotations: {fluxcd.io/automated: "true"}\nspec:', 1) + image
        )
    files["apps/kustomization.yaml"] = "resources: [web.yaml, api.yaml, db.yaml]\n"
    names = [f"e{index}" for index in range(count)]
    for name in names:
        patch = "kind: HelmRelease\nmetadata: {name: web, namespace: shop}\n"
        files[f"{name}/patch.yaml"] = (
            f"apiVersion: helm.fluxcd.io/v1\n{patch}spec: {{values: {{image: {{tag: 1.0.0}}}}}}\n"
        )
        files[f"{name}/kustomization.yaml"] = "resources: [../apps]\npatchesStrategicMerge: [patch.yaml]\n"
        files[f"{name}/.flux.yaml"] = (
            "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n"
        )
    said = tuple(fm.Cluster(name=name, sync_paths=(name,)) for name in names)
    return files, fm.MigrationOptions(clusters=said)


def test_a_check_grows_with_clusters() -> None:
    counts = []
    for number in (8, 32):
        files, options = clusters(number)
        after = fm.migrate_repository(files, options).files
        assert "$imagepolicy" in str(after[f"e{number - 1}/patch.yaml"])
        fm.verify_migration(files, after, options)
        counts.append(calls_of(lambda: fm.verify_migration(files, after, options)))  # noqa: B023
    assert counts[1] < 4.4 * counts[0]


def test_a_report_looks_at_each_release_once() -> None:
    few, many = (fm.migrate_repository(*clusters(count)) for count in (8, 32))
    assert len(many.expected) == 3 * 32
    few.first_hour()
    assert lines_of(many.first_hour) < 4.5 * lines_of(few.first_hour)


def test_nothing_that_was_read_outlives_a_run() -> None:
    files = releases_in_a_file(12)
    for run in (lambda: fm.migrate_repository(files), lambda: fm.verify_migration(files, files)):
        read_value("a: 1\n")
        run()
        assert not _reading_of_text.cache_info().currsize


def test_a_page_grows_with_what_is_given() -> None:
    few, many = (fm.migrate_repository(releases_in_a_file(count)) for count in (12, 48))
    few.to_html()
    assert calls_of(many.to_html) < 4.5 * calls_of(few.to_html)


def test_a_kustomization_that_many_objects_ask_for_is_looked_at_once() -> None:
    tree = KustomizeTree(listed_files(40))
    kustomization = tree.kustomizations["apps"]
    once = calls_of(lambda: shapes_objects(kustomization, tree))
    assert calls_of(lambda: shapes_objects(kustomization, tree)) < once / 20


def test_a_chart_that_many_releases_install_is_read_once() -> None:
    files: Files = {f"charts/app/templates/{index}.yaml": "" for index in range(40)}
    files |= {"charts/app/Chart.yaml": "name: web\n", "charts/app/values.yaml": "replicas: 2\n"}
    reader = ClusterReader(files, {}, {}, (), KustomizeTree(files), fm.MigrationOptions())
    chart = Flux1Chart("app")
    once = calls_of(lambda: chart_of_folder("charts/app", chart, reader))
    found = chart_of_folder("charts/app", chart, reader)
    assert (found.name, found.defaults, found.has_templates) == ("web", {"replicas": 2}, True)
    assert calls_of(lambda: chart_of_folder("charts/app", chart, reader)) < once / 5


def test_objects_are_found_by_their_names_however_these_are_written() -> None:
    written = ("name: web", "name: &name web", '"name": "web"', "name:\n    web", "name: >-\n    web")
    files: Files = {
        f"{index}.yaml": f"kind: Secret\nmetadata:\n  {each}\n" for index, each in enumerate(written)
    }
    files["other.yaml"] = "kind: Secret\nmetadata:\n  name: webs # of web\n"
    files["none.yaml"] = "kind: ConfigMap\nmetadata:\n  name: web\n"
    reader = ClusterReader(files, {}, {}, (), KustomizeTree(files), fm.MigrationOptions())
    assert [each.path for each in reader.documents_called("Secret", "web")] == [
        f"{index}.yaml" for index in range(len(written))
    ]


def test_reading_grows_with_the_tabs_behind_lines() -> None:
    few, many = ("".join(f"key{index}: x\t\n" for index in range(count)) for count in (50, 200))
    assert calls_of(lambda: parse(many)) < 5 * calls_of(lambda: parse(few))


@pytest.mark.parametrize("pattern", ["*a" * 12 + "b", "*[a-b]" * 12 + "*c", "**/" + "*?a" * 12 + "c"])
def test_no_pattern_makes_a_name_hard_to_look_at(pattern: str) -> None:
    files: Files = {".sourceignore": f"{pattern}\n", f"apps/{'a' * 200}.yaml": "", f"apps/{'a' * 50}c": ""}
    assert ("c" in pattern[-1]) == (f"apps/{'a' * 50}c" not in artifact_files(files))
    assert f"apps/{'a' * 200}.yaml" in artifact_files(files)


def markers_of_mapping(count: int) -> Files:
    lines = (f'image{index}: acme/web:1.0.0 # {{"$imagepolicy": "ns:app"}}\n' for index in range(count))
    return {"app.yaml": "".join(lines)}


def markers_of_list(count: int) -> Files:
    return {"app.yaml": "images:\n" + '- acme/web:1.0.0 # {"$imagepolicy": "ns:app"}\n' * count}


@pytest.mark.parametrize("make", [markers_of_mapping, markers_of_list])
def test_markers_are_checked_in_one_go(make: Callable[[int], Files]) -> None:
    few, many = make(20), make(80)
    fm.flux2.check_markers(few)
    assert calls_of(lambda: fm.flux2.check_markers(many)) < 5 * calls_of(lambda: fm.flux2.check_markers(few))


def test_no_pattern_is_read_again_for_each_file() -> None:
    count = 1200
    files: Files = {".sourceignore": "".join(f"*x{index}*\n" for index in range(count))}
    files |= {f"a{index}.txt": "" for index in range(4)}
    before = _expression.cache_info().misses
    assert artifact_files(files) == files
    assert count <= _expression.cache_info().misses - before < 2 * count


def test_a_range_grows_with_its_parts() -> None:
    few, many = (" || ".join(f"~1.{index}" for index in range(count)) for count in (300, 900))
    fm.golang.VersionRange.parse("1").check("1.0.0")
    for take in (fm.golang.VersionRange.parse, lambda text: translate_range(text, "2.9")):
        small = calls_of(lambda take=take: take(few))  # type: ignore[misc]
        assert calls_of(lambda take=take: take(many)) < 5 * small  # type: ignore[misc]
    assert fm.golang.VersionRange.parse(many).check("1.899.1")
    assert translate_range(many, "2.9") == RangeTranslation(many, None)
    # Where one of so many parts means something else, nobody compares each with each.
    assert translate_range(f"{many} || ^0.0.3", "2.9") is None


def seconds_of(run: Callable[[], object]) -> float:
    """Gives how long something takes: regular expressions call nothing that could be counted."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


INSTALLS = "helm upgrade -i flux fluxcd/flux --set git.url=x\n"
READERS: dict[str, Callable[[str], object]] = {
    "hcl": read_blocks,
    "here": lambda text: list(manifests_in_text(text)),
    "shell": lambda text: list(shell_parts(text)),
    "commands": lambda text: list(install_commands(INSTALLS + text, "a.sh", {})),
}


@pytest.mark.parametrize(
    ("reader", "line", "count"),
    [
        ("hcl", "a = <<E{}\nx\n", 1000),
        ("hcl", "a = /* b\n", 2000),
        ("hcl", 'a = "${{b}}', 3000),
        ("hcl", '" \\', 3000),
        ("here", "cat <<E{}\nx\n", 1000),
        ("here", "cat <<E{} ", 2000),
        ("shell", "for a in b; do x\n", 1000),
        ("shell", "for a in b ", 1000),
        ("shell", "for a in b; do x; donee\n", 1000),
        ("commands", "helm x ", 2000),
        ("commands", "helm upgrade \\\n", 200),
        ("commands", "helm upgrade a {{{{ x ", 100),
        ("commands", "helm upgrade a b --set x={{", 100),
    ],
)
def test_what_has_no_end_is_looked_for_once(reader: str, line: str, count: int) -> None:
    few, many = ("".join(line.format(index) for index in range(number)) for number in (count, 8 * count))
    small = max(min(seconds_of(lambda: READERS[reader](few)) for _ in range(3)), 0.001)
    # A square would be 64 times as much; one run of three that takes no longer is enough.
    assert any(seconds_of(lambda: READERS[reader](many)) < 24 * small for _ in range(3))


def test_a_quoted_text_has_one_reading() -> None:
    assert read_blocks('a = "' + "${b}" * 5000).values
