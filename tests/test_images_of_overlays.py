"""An image that overlays share: each cluster's tag moves as its own fluxd moved it, and no other does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.preparation import separation
from manifest_texts import workload_text
from patched_overlays import CHART, IMAGE, Files, migrate, release
from real_kustomize import build_all, write_tree

TAGS = {"ghcr.io/acme/web": ["1.2.3", "1.2.9", "1.4.0", "1.4.7"], "ghcr.io/acme/other": ["1.2.3", "1.2.8"]}
AUTOMATED = "  annotations:\n    fluxcd.io/automated: 'true'\n    filter.fluxcd.io/{container}: semver:~1.2\n"
WAITING = "      initContainers:\n      - name: wait\n        image: ghcr.io/acme/wait:1.0.0\n"
DEPLOYMENT = workload_text(image="ghcr.io/acme/web:1.2.3").replace(
    "      containers:\n", f"{WAITING}      containers:\n"
)
RELEASE = release(CHART + IMAGE).replace("spec:\n", AUTOMATED.format(container="chart-image") + "spec:\n", 1)
WORKLOAD = DEPLOYMENT.replace("spec:\n", AUTOMATED.format(container="app") + "spec:\n", 1)
HEAD = "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: web\n  namespace: shop\n"
OF_RELEASE = HEAD.format(api="helm.fluxcd.io/v1", kind="HelmRelease")
OF_WORKLOAD = HEAD.format(api="apps/v1", kind="Deployment")
LOCK = "  annotations:\n    fluxcd.io/locked: 'true'\n"
WIDER = "  annotations:\n    filter.fluxcd.io/{container}: semver:~1\n"
TAG = "spec:\n  values:\n    image:\n      tag: 1.4.0\n"
IMAGES = """\
spec:
  template:
    spec:
      containers:
      - name: app
        image: ghcr.io/acme/web:1.4.0
"""

PART_OF_A_FILE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: shop}\n---\n"


def inline(text: str) -> str:
    return "patches:\n- patch: |-\n" + "".join(f"    {line}\n" for line in text.splitlines())


def operations(kind: str, *pairs: tuple[str, str]) -> str:
    wanted = [{"op": "replace", "path": path, "value": value} for path, value in pairs]
    return f"patches:\n- target: {{kind: {kind}}}\n  patch: '{json.dumps(wanted)}'\n"


def overlays(base: str, dev: str, prod: str = "") -> Files:
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": base,
        "dev/kustomization.yaml": f"resources: [../base]\n{dev}",
        "prod/kustomization.yaml": f"resources: [../base]\n{prod}",
    }


def all_tags_after(migration: fm.Migration, folder: Path, *roots: str) -> list[list[str]]:
    """Gives the tags that each root builds once all tags are there, in the order of its containers."""
    texts = {path: text for path, text in migration.files.items() if isinstance(text, str)}
    write_tree({**migration.files, **fm.simulate_image_update(texts, TAGS)}, folder)
    built = build_all(folder / root for root in roots)
    assert not any(each.error for each in built)
    shown = (json.dumps([one for one in each.objects if one["metadata"]["name"] == "web"]) for each in built)
    return [re.findall(r'(?:"tag": "|acme/(?:web|other):)(1[.0-9]+)', each) for each in shown]


def tags_after(migration: fm.Migration, folder: Path, *roots: str) -> list[str]:
    """Gives the first tag that each root builds once all tags are there."""
    return [tags[0] for tags in all_tags_after(migration, folder, *roots)]


@pytest.mark.parametrize(
    ("base", "dev", "dev_tag"),
    [
        (WORKLOAD, inline(OF_WORKLOAD + LOCK), "1.2.3"),
        (WORKLOAD, inline(OF_WORKLOAD + WIDER.format(container="app")), "1.4.7"),
        (WORKLOAD, inline(OF_WORKLOAD + WIDER.format(container="app") + IMAGES), "1.4.7"),
        (
            WORKLOAD,
            operations(
                "Deployment",
                ("/metadata/annotations/filter.fluxcd.io~1app", "semver:~1"),
                ("/spec/template/spec/containers/0/image", "ghcr.io/acme/web:1.4.0"),
            ),
            "1.4.7",
        ),
        (RELEASE, inline(OF_RELEASE + WIDER.format(container="chart-image") + TAG), "1.4.7"),
        (
            RELEASE,
            operations(
                "HelmRelease",
                ("/metadata/annotations/filter.fluxcd.io~1chart-image", "semver:~1"),
                ("/spec/values/image/tag", "1.4.0"),
            ),
            "1.4.7",
        ),
        # The tag of another image is another tag.
        (
            RELEASE,
            inline(f"{OF_RELEASE}{TAG}".replace("tag: 1.4.0", "repository: ghcr.io/acme/other")),
            "1.2.8",
        ),
        # A policy of another namespace is another policy.
        (RELEASE, "namespace: dev\n", "1.2.9"),
    ],
    ids=[
        "lock",
        "filter",
        "inline",
        "operation",
        "values inline",
        "values by operation",
        "name",
        "namespace",
    ],
)
def test_each_overlay_has_its_own_tag(base: str, dev: str, dev_tag: str, tmp_path: Path) -> None:
    migration = migrate(overlays(base, dev), "dev", "prod")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod") == [dev_tag, "1.2.9"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("dev", "tags"),
    [(LOCK, ["1.2.3", "1.2.3", "1.2.3"]), (WIDER.format(container="app"), ["1.2.8", "1.4.7", "1.2.9"])],
    ids=["lock", "filter"],
)
def test_each_container_has_its_own_tag(dev: str, tags: list[str], newline: str, tmp_path: Path) -> None:
    first = "      - name: first\n        image: ghcr.io/acme/other:1.2.3\n"
    last = "      - name: last\n        image: ghcr.io/acme/web:1.2.3\n"
    marks = "".join(f"    filter.fluxcd.io/{name}: semver:~1.2\n" for name in ("first", "last"))
    base = WORKLOAD.replace("      - name: app\n", f"{first}      - name: app\n").replace(
        "    filter", f"{marks}    filter", 1
    )
    files = overlays(base + last, inline(OF_WORKLOAD + dev))
    migration = migrate(
        {path: str(text).replace("\n", newline) for path, text in files.items()}, "dev", "prod"
    )
    assert migration.ok
    assert all_tags_after(migration, tmp_path, "dev", "prod") == [tags, ["1.2.8", "1.2.9", "1.2.9"]]
    assert not any(
        re.search("(?<!\r)\n" if newline == "\r\n" else "\r", str(each)) for each in migration.files.values()
    )


@pytest.mark.parametrize(
    "lock", [inline(OF_WORKLOAD + LOCK), "commonAnnotations:\n  fluxcd.io/locked: 'true'\n"]
)
def test_a_container_that_stands_behind_one_without_a_name_is_told(lock: str) -> None:
    base = WORKLOAD.replace(
        "      - name: app\n", "      - image: ghcr.io/acme/other:1.2.3\n      - name: app\n"
    )
    migration = migrate(overlays(base, lock), "dev", "prod")
    assert "IM016" in {each.code for each in migration.findings if each.severity == "error"}


RENAMED = "images:\n- {name: ghcr.io/acme/web, newName: ghcr.io/acme/other}\n"


@pytest.mark.parametrize(
    ("base", "dev", "prod", "dev_tag"),
    [
        (WORKLOAD, RENAMED, "", "1.2.8"),
        (WORKLOAD, RENAMED + inline(OF_WORKLOAD + LOCK), "", "1.2.3"),
        (
            DEPLOYMENT,
            RENAMED,
            inline(OF_WORKLOAD + AUTOMATED.format(container="app")),
            "1.2.3",
        ),
    ],
    ids=["automated", "locked", "left"],
)
def test_an_image_of_another_name_in_one_overlay_has_its_own_tag(
    base: str, dev: str, prod: str, dev_tag: str, tmp_path: Path
) -> None:
    files = overlays(base, dev, prod)
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod") == [dev_tag, "1.2.9"]


def test_an_image_that_gets_its_name_back_has_its_own_tag(tmp_path: Path) -> None:
    back = "images:\n- {name: ghcr.io/acme/other, newName: ghcr.io/acme/web}\n"
    files = overlays(WORKLOAD, back, inline(OF_WORKLOAD + LOCK))
    files["base/kustomization.yaml"] = str(files["base/kustomization.yaml"]) + RENAMED
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod") == ["1.2.9", "1.2.3"]


def test_a_tag_that_moves_an_image_of_another_name_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(separation, "builds_alike", lambda *_: False)
    migration = migrate(overlays(WORKLOAD, RENAMED + inline(OF_WORKLOAD + LOCK)), "dev", "prod")
    assert "IM016" in {each.code for each in migration.findings if each.severity == "error"}
    assert tags_after(migration, tmp_path, "dev", "prod") == ["1.2.3", "1.2.3"]


@pytest.mark.parametrize(
    ("mark", "dev_tag"),
    [(LOCK, "1.2.3"), (WIDER.format(container="app"), "1.4.7"), ("", "1.2.9")],
    ids=["lock", "filter", "nothing"],
)
@pytest.mark.parametrize("before", ["", PART_OF_A_FILE], ids=["alone", "with-more"])
def test_a_workload_of_a_list_has_its_own_tag_in_an_overlay(
    before: str, mark: str, dev_tag: str, tmp_path: Path
) -> None:
    other = DEPLOYMENT.replace("name: web", "name: other")
    items = "".join("- " + each.replace("\n", "\n  ").rstrip() + "\n" for each in (other, WORKLOAD))
    files = overlays(
        f"{before}apiVersion: v1\nkind: List\nitems:\n{items}", mark and inline(OF_WORKLOAD + mark)
    )
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod") == [dev_tag, "1.2.9"]


COPYING = """\
patches:
- target: {{kind: {kind}}}
  patch: |-
    - op: copy
      from: /metadata/annotations/filter.fluxcd.io~1{container}
      path: /metadata/annotations/note
"""
REPLACING = """\
replacements:
- source: {{kind: {kind}, fieldPath: 'metadata.annotations.[filter.fluxcd.io/{container}]'}}
  targets:
  - select: {{kind: {kind}}}
    fieldPaths: [metadata.annotations.note]
    options: {{create: true}}
"""


@pytest.mark.parametrize("reading", [COPYING, REPLACING], ids=["operation", "replacement"])
@pytest.mark.parametrize(
    ("base", "kind", "container"),
    [(WORKLOAD, "Deployment", "app"), (RELEASE, "HelmRelease", "chart-image")],
    ids=["workload", "release"],
)
def test_annotations_that_a_build_copies_stay(
    base: str, kind: str, container: str, reading: str, tmp_path: Path
) -> None:
    files = overlays(base, reading.format(kind=kind, container=container))
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    assert [each.path for each in migration.findings if each.code == "AN004"] == ["base/web.yaml"]
    assert tags_after(migration, tmp_path, "dev", "prod") == ["1.2.9", "1.2.9"]
    (built,) = build_all([tmp_path / "dev"])
    (web,) = (each for each in built.objects if each["kind"] == kind)
    assert web["metadata"]["annotations"]["note"] == "semver:~1.2"


def test_fields_that_one_overlay_names_are_those_of_all(tmp_path: Path) -> None:
    base = release(CHART + "  values:\n    deep:\n      repo: ghcr.io/acme/web\n      tag: 1.2.3\n")
    marks = {
        "automated": "true",
        "repository.fluxcd.io/web": "deep.repo",
        "tag.fluxcd.io/web": "deep.tag",
        "filter.fluxcd.io/web": "semver:~1",
    }
    lines = (f"    {key if '/' in key else f'fluxcd.io/{key}'}: '{value}'\n" for key, value in marks.items())
    dev = inline(f"{OF_RELEASE}  annotations:\n{''.join(lines)}")
    migration = migrate(overlays(base, dev), "dev", "prod")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod") == ["1.4.7", "1.2.3"]


def test_a_region_has_one_text_for_its_clusters(tmp_path: Path) -> None:
    files = overlays(WORKLOAD, "", inline(OF_WORKLOAD + WIDER.format(container="app") + IMAGES))
    for name in ("prod-1", "prod-2"):
        files[f"{name}/kustomization.yaml"] = "resources: [../prod]\n"
    migration = migrate(files, "dev", "prod-1", "prod-2")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod-1", "prod-2") == ["1.2.9", "1.4.7", "1.4.7"]
    assert "prod/web-image.yaml" in migration.created


def test_operations_that_come_after_all_patches_are_told() -> None:
    field = (
        "patchesJson6902:\n- target: {group: apps, version: v1, kind: Deployment, name: web}\n  patch: |-\n"
    )
    patch = operations("Deployment", ("/spec/template/spec/containers/0/image", "ghcr.io/acme/web:1.2.5"))
    text = patch.partition("patch: '")[2].rstrip("'\n")
    migration = migrate(overlays(WORKLOAD, f"{field}    {text}\n"), "dev", "prod")
    assert "IM011" in {each.code for each in migration.findings if each.severity == "error"}


COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


@pytest.mark.parametrize("field", ["commonAnnotations", "patches"])
def test_a_component_that_said_nothing_else_still_builds(field: str, tmp_path: Path) -> None:
    marks = {"fluxcd.io/automated": "true", "filter.fluxcd.io/chart-image": "semver:~1"}
    lines = "".join(f"    {key}: '{value}'\n" for key, value in marks.items())
    written = {"commonAnnotations": f"commonAnnotations:\n{lines}", "patches": ""}[field]
    if field == "patches":
        written = inline(f"{OF_RELEASE}  annotations:\n{lines}")
    files = overlays(release(CHART + IMAGE), "components: [../auto]\n")
    files["auto/kustomization.yaml"] = COMPONENT + written
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod") == ["1.4.7", "1.2.3"]
    assert "fluxcd.io/automated" not in str(migration.files["auto/kustomization.yaml"])


def test_annotations_that_pods_have_too_stay(tmp_path: Path) -> None:
    marks = '{fluxcd.io/automated: "true", filter.fluxcd.io/app: "semver:~1"}'
    files = overlays(DEPLOYMENT, f"commonAnnotations: {marks}\n")
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    assert tags_after(migration, tmp_path, "dev", "prod") == ["1.4.7", "1.2.3"]
    options = fm.MigrationOptions(sync_roots=("dev", "prod"))
    assert fm.verify_migration(files, migration.files, options=options, declared=migration.declared).ok


def test_an_image_that_no_policy_writes_gets_no_text_of_its_own() -> None:
    pinned = WORKLOAD.replace("web:1.2.3", "web@sha256:" + "0" * 64)
    migration = migrate(overlays(pinned, inline(OF_WORKLOAD + LOCK)), "dev", "prod")
    assert "IM007" in {each.code for each in migration.findings}
    assert "sha256" not in str(migration.created["prod/web-image.yaml"])


def test_what_follows_an_image_of_another_workload_is_as_it_was() -> None:
    other = WORKLOAD.replace("name: web\n", "name: other\n").replace(AUTOMATED.format(container="app"), "")
    other = other.replace("metadata:\n", "metadata:\n  annotations: {note: none}\n", 1)
    copied = (
        "replacements:\n- source: {kind: Deployment, name: web, "
        "fieldPath: spec.template.spec.containers.0.image}\n"
        "  targets:\n  - select: {kind: Deployment, name: other}\n"
        "    fieldPaths: [metadata.annotations.note]\n"
    )
    files = overlays(WORKLOAD, copied)
    files["dev/kustomization.yaml"] = f"resources: [../base, other.yaml]\n{copied}"
    files["dev/other.yaml"] = other
    migration = migrate(files, "dev")
    assert migration.ok
    options = fm.MigrationOptions(sync_roots=("dev",))
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


@pytest.mark.parametrize(
    ("dev", "code"),
    [
        ("  labels: {kubernetes.io/cluster-service: 'true'}\n", "AN020"),
        ("spec: {template: {spec: {containers: [{name: app, image: 'a:b:c'}]}}}\n", "IM025"),
    ],
)
def test_a_workload_that_fluxd_leaves_alone_in_one_cluster_keeps_all_of_its_tags_there(
    dev: str, code: str
) -> None:
    system = "namespace: kube-system"
    base = WORKLOAD.replace("namespace: shop", system)
    files = overlays(base, inline(OF_WORKLOAD.replace("namespace: shop", system) + dev))
    migration = migrate(files, "dev", "prod")
    assert code in {each.code for each in migration.findings}
    assert migration.ok
    options = fm.MigrationOptions(sync_roots=("dev", "prod"))
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    written = [path for path, text in migration.files.items() if "$imagepolicy" in str(text)]
    assert any(path.startswith("prod/") for path in written)


POD = "spec:\n  {}: [{{name: a}}, {{name: b, image: '{}'}}]\n"
"""A pod of which one container has no image."""


@pytest.mark.parametrize(
    ("kind", "spec", "codes"),
    [
        ("Deployment", "", ["IM016"]),
        ("Job", "", ["IM016"]),
        ("Pod", POD.format("initContainers", "ghcr.io/acme/web:1.2.3"), ["IM016"]),
        ("Pod", POD.format("containers", "ghcr.io/acme/api:1.2.3"), []),
        ("Pod", POD.format("containers", "a:b:c"), []),
        ("Pod", POD.format("images", "ghcr.io/acme/web:1.2.3"), []),
        ("CustomResourceDefinition", "", []),
    ],
)
def test_an_object_of_which_fluxd_was_told_nothing_keeps_its_tag(
    kind: str, spec: str, codes: list[str]
) -> None:
    """A text that `images` give both would move the other one, too."""
    other = workload_text(image="ghcr.io/acme/web:1.2.3", kind=kind).replace("name: web", "name: other", 1)
    other = other.partition("spec:")[0] + spec if spec else other
    files = overlays(WORKLOAD, "images: [{name: ghcr.io/acme/web, newTag: 1.2.4}]\n")
    assert migrate(files, "dev").ok
    files |= {"base/other.yaml": other, "base/kustomization.yaml": "resources: [web.yaml, other.yaml]\n"}
    migration = migrate(files, "dev")
    found = [each for each in migration.findings if each.severity == "error"]
    assert [each.code for each in found] == codes
    assert all(f"{kind} shop/other" in each.message for each in found)
    assert ("$imagepolicy" in str(migration.files["dev/kustomization.yaml"])) is not bool(codes)
