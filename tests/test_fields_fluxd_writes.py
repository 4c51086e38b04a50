"""The walk that finds what fluxd writes, held against what fluxd wrote and against cases read by eye."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from fields_fluxd_writes import WrittenField, fields_of_folder, fields_of_text, plain, read_documents
from measured import OWN, cases

AUTOMATED = 'metadata: {name: web, namespace: shop, annotations: {fluxcd.io/automated: "true"}}\n'


def fields(text: str, path: str = "web.yaml") -> list[tuple[str, str, str]]:
    return [(each.container, dotted(each), each.part) for each in fields_of_text(path, text)]


def dotted(field: WrittenField) -> str:
    return ".".join(map(str, field.place.key))


def release(values: str, metadata: str = AUTOMATED, version: str = "helm.fluxcd.io/v1") -> str:
    return f"apiVersion: {version}\nkind: HelmRelease\n{metadata}spec:\n  values: {values}\n"


def deployment(metadata: str = AUTOMATED, images: str = "[{name: app, image: 'a:1'}]") -> str:
    return f"kind: Deployment\n{metadata}spec: {{template: {{spec: {{containers: {images}}}}}}}\n"


def measured(folder: Path, name: str) -> list[tuple[dict[str, Any], Any]]:
    found = []
    for case in cases(folder, name):
        if "manifest" in case["input"] or "decoder" in case["input"] or case["expected"]["error"]:
            continue
        text = case["input"].get("values_yaml") or json.dumps(case["input"].get("values"))
        annotations = {**(case["input"].get("annotations") or {}), "fluxcd.io/automated": "true"}
        values = text.replace("\n", "\n    ") if "values_yaml" in case["input"] else text
        document = release(
            f"\n    {values}" if "values_yaml" in case["input"] else values,
            "metadata: " + json.dumps({"name": "web", "annotations": annotations}) + "\n",
        )
        found.append((case, document))
    return found


def folder_of(own: bool, request: pytest.FixtureRequest) -> Path:
    """Gives the measured cases of the project, or all of them where they are at hand."""
    shared: Path = OWN if own else request.getfixturevalue("shared") / "vectors"
    return shared


@pytest.mark.parametrize("own", [True, False])
def test_the_containers_are_those_that_fluxd_finds(own: bool, request: pytest.FixtureRequest) -> None:
    count: Counter[str] = Counter()
    for case, document in measured(folder_of(own, request), "hr_images"):
        # Digests and k8s.gcr.io are found and never updated.
        wanted = {
            each["container"]
            for each in (case["expected"]["containers"] or ())
            if not each["sha"] and each["domain"] != "k8s.gcr.io"
        }
        assert {each.container for each in fields_of_text("x.yaml", document)} == wanted, case
        count["some" if wanted else "none"] += 1
    assert min(count.values()) > (1 if own else 5)


@pytest.mark.parametrize("own", [True, False])
def test_the_fields_are_those_that_fluxd_changed(own: bool, request: pytest.FixtureRequest) -> None:
    seen: Counter[str] = Counter()
    for case, document in measured(folder_of(own, request), "hr_set"):
        if "!!" in document:
            continue
        new = case["expected"]["values"]
        found = [
            each
            for each in fields_of_text("x.yaml", document)
            if each.container == case["input"]["container"]
        ]
        fields = {each.place.key[2:]: each.part for each in found}
        old = dict(leaves(plain(read_documents("x.yaml", document))[0]["spec"]["values"]))
        changed = {key for key, value in leaves(new) if isinstance(value, str) and old.get(key) != value}
        # Beside a tag the name stays as it is when fluxd updates an image; these cases change it as well.
        beside = {(*key[:-1], name) for key in fields for name in ("registry", "repository", "image")}
        beside |= {tuple(path.split(".")) for path in (case["input"]["annotations"] or {}).values()}
        for key in changed:
            seen[fields.get(key, "beside" if key in beside else "elsewhere")] += bool(fields)
    assert seen["elsewhere"] == 0
    assert all(seen[part] > (1 if own else 5) for part in ("whole", "name", "tag", "beside")), seen


def leaves(value: Any, key: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    if not isinstance(value, (dict, list)):
        return [(key, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [each for name, item in items for each in leaves(item, (*key, name))]


SHAPES: list[tuple[str, list[tuple[str, str, str]]]] = [
    ("{image: 'a:1'}", [("chart-image", "spec.values.image", "whole")]),
    ("{image: a}", [("chart-image", "spec.values.image", "whole")]),
    (
        "{image: a, tag: x}",
        [("chart-image", "spec.values.image", "name"), ("chart-image", "spec.values.tag", "tag")],
    ),
    ("{web: {image: {repository: 'a:1'}}}", [("web", "spec.values.web.image.repository", "whole")]),
    (
        "{web: {image: {repository: a, tag: 1.10}}}",
        [
            ("web", "spec.values.web.image.repository", "name"),
            ("web", "spec.values.web.image.tag", "tag"),
        ],
    ),
    (
        "{image: {registry: ghcr.io, repository: a, tag: '1'}}",
        [("chart-image", "spec.values.image.tag", "tag")],
    ),
    ("{registry: ghcr.io, image: 'a:1'}", [("chart-image", "spec.values.image", "path and tag")]),
    ("{deep: {er: {image: 'a:1'}}}", []),
    ("[{image: 'a:1'}]", []),
    ("{image: 'a:1:2'}", []),
    ("{image: 'a@sha256:ab'}", []),
    ("{image: 'k8s.gcr.io/pause:1'}", []),
    ("{image: {name: a, tag: x}}", []),
]


@pytest.mark.parametrize(("values", "expected"), SHAPES)
def test_each_shape_of_values(values: str, expected: list[tuple[str, str, str]]) -> None:
    assert fields(release(values)) == expected


SWITCHES: list[tuple[str, bool]] = [
    ('fluxcd.io/automated: "true"', True),
    ("fluxcd.io/automated: true", True),
    ("flux.weave.works/automated: yes", True),
    ('fluxcd.io/automated: "True"', False),
    ('fluxcd.io/automated: "yes"', False),
    ("fluxcd.io/automated: 1", False),
    ('fluxcd.io/automated: "true", fluxcd.io/locked: "true"', False),
    ('fluxcd.io/automated: "true", flux.weave.works/ignore: true', False),
    ('fluxcd.io/automated: "true", fluxcd.io/ignore: sync_only', True),
    ('filter.fluxcd.io/app: "glob:*"', False),
]


@pytest.mark.parametrize(("annotations", "written"), SWITCHES)
def test_each_switch(annotations: str, written: bool) -> None:
    metadata = f"metadata: {{name: web, annotations: {{{annotations}}}}}\n"
    assert bool(fields(deployment(metadata))) is written
    assert bool(fields(release("{image: 'a:1'}", metadata))) is written


def test_annotations_that_conflict_are_chance() -> None:
    both = AUTOMATED.replace("{fluxcd", '{flux.weave.works/automated: "no", fluxcd')
    (field,) = fields_of_text("web.yaml", deployment(both))
    assert field.doubtful
    (field,) = fields_of_text("web.yaml", deployment())
    assert not field.doubtful


def test_kinds() -> None:
    assert fields(deployment(images="[{name: app, image: 'a:1'}, {name: log, image: 'b:1'}]")) == [
        ("app", "spec.template.spec.containers.0.image", "whole"),
        ("log", "spec.template.spec.containers.1.image", "whole"),
    ]
    assert fields(deployment().replace("Deployment", "Job")) == []
    assert fields(deployment(images="[{name: app, image: 'a:1'}, {name: log, image: 'b:1:2'}]")) == []
    assert fields(release("{image: 'a:1'}", version="flux.weave.works/v1beta1")) == []
    addon = AUTOMATED.replace("shop", "kube-system").replace(
        "annotations", 'labels: {kubernetes.io/cluster-service: "true"}, annotations'
    )
    assert fields(deployment(addon)) == []
    items = "".join("- " + deployment().replace("\n", "\n  ").rstrip() + "\n" for _ in range(2))
    assert [key for _, key, _ in fields(f"kind: DeploymentList\nitems:\n{items}")] == [
        "items.0.spec.template.spec.containers.0.image",
        "items.1.spec.template.spec.containers.0.image",
    ]


def test_places() -> None:
    text = "---\n" + release("\n    common: &image a:1\n    web:\n      image: *image")
    (field,) = fields_of_text("web.yaml", "# nothing\n---\n" + text)
    assert (field.place.document, field.place.line, dotted(field)) == (1, 9, "spec.values.common")
    assert fields_of_text("web.yaml", "a: {{ b }}\n---\n" + text) == []
    assert fields_of_text("web.yaml", "- a\n---\n" + text) == []


def test_files_and_charts() -> None:
    chart = {"chart/Chart.yaml": "", "chart/values.yaml": "", "chart/templates/web.yaml": deployment()}
    files: dict[str, str | bytes] = {
        "apps/web.yaml": deployment(),
        "apps/web.yaml.bak": deployment(),
        ".hidden/web.yml": deployment().encode(),
        **chart,
    }
    assert {each.place.path for each in fields_of_folder(files, "")} == {"apps/web.yaml", ".hidden/web.yml"}
    assert {each.place.path for each in fields_of_folder(files, "apps")} == {"apps/web.yaml"}


def test_what_kustomize_builds_is_written_where_its_value_stands() -> None:
    plain_metadata = "metadata: {name: web, namespace: shop}\n"
    files: dict[str, str | bytes] = {
        "live/.flux.yaml": yaml.safe_dump(
            {
                "version": 1,
                "patchUpdated": {
                    "generators": [{"command": "kustomize build ."}],
                    "patchFile": "flux-patch.yaml",
                },
            }
        ),
        "live/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [patch.yaml]\n"
        "patches: [{path: all.yaml, target: {kind: HelmRelease}}]\n",
        "live/patch.yaml": release("{api: {image: 'c:2'}}", plain_metadata),
        "live/all.yaml": f"kind: HelmRelease\n{AUTOMATED}",
        "live/flux-patch.yaml": release("{web: {image: {tag: '3'}}}", plain_metadata),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(
            "{web: {image: {repository: a, tag: '1'}}, log: {image: 'b:1'}}", plain_metadata
        ),
    }
    assert {(each.container, each.place.path, dotted(each)) for each in fields_of_folder(files, "live")} == {
        ("web", "base/web.yaml", "spec.values.web.image.repository"),
        ("web", "live/flux-patch.yaml", "spec.values.web.image.tag"),
        ("log", "base/web.yaml", "spec.values.log.image"),
        ("api", "live/patch.yaml", "spec.values.api.image"),
    }


def test_images_of_a_kustomization_are_written_there() -> None:
    files: dict[str, str | bytes] = {
        ".flux.yaml": "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n",
        "live/kustomization.yaml": "resources: [web.yaml]\nimages:\n- {name: a, newName: b, newTag: '2'}\n",
        "live/web.yaml": deployment(images="[{name: app, image: 'a:1'}, {name: log, image: 'c:1'}]"),
    }
    assert [(each.container, dotted(each), each.part) for each in fields_of_folder(files, "live")] == [
        ("app", "images.0.newName", "name"),
        ("app", "images.0.newTag", "tag"),
        ("log", "spec.template.spec.containers.1.image", "whole"),
    ]
