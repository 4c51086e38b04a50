"""What image automation writes, held against what fluxd wrote.

`vectors/hr_set.jsonl` was measured with fluxd's own code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.errors import AmbiguousTag, InvalidImageReference
from fluxv2_migrate.flux1 import ImageRef, find_images, set_image
from fluxv2_migrate.flux2 import FLUX_VERSIONS, check_markers
from fluxv2_migrate.plan import MarkerEdit, write_markers
from fluxv2_migrate.rules import draft_image_automation
from fluxv2_migrate.yaml_text import Style, emit_entry, read_document
from measured import OWN, cases

MARKER = '# {"$imagepolicy": "ns:app"}'


def as_javascript(value: Any) -> Any:
    """Gives a value as the measured ones were stored: whole numbers beyond 53 bits are rounded."""
    if isinstance(value, dict):
        return {key: as_javascript(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_javascript(item) for item in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else value


def check_set(folder: Path) -> int:
    count = 0
    for case in cases(folder, "hr_set"):
        given_case, expected = case["input"], case["expected"]
        text = given_case.get("values_yaml")
        values = given_case["values"] if text is None else read_document(text)[1]
        release = {
            "kind": "HelmRelease",
            "metadata": {"annotations": given_case["annotations"]},
            "spec": {"values": values},
        }
        before = json.dumps(release)
        image = ImageRef.parse(given_case["image"])
        found = set_image(release, given_case["container"], image)["spec"]["values"]
        assert expected["error"] is None
        assert as_javascript(found) == as_javascript(expected["values"]), given_case
        assert json.dumps(release) == before
        count += 1
    return count


def test_images_are_set_as_fluxd_sets_them() -> None:
    assert check_set(OWN) > 30


def test_images_are_set_as_in_all_measured_cases(shared: Path) -> None:
    assert check_set(shared / "vectors") == 162


def test_images_of_pods_and_lists_are_set() -> None:
    pod = {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1@sha256:ab"}]}
    deployment = {"kind": "Deployment", "metadata": {}, "spec": {"template": {"spec": pod}}}
    updated = set_image({"kind": "List", "items": [deployment]}, "a", ImageRef.parse("x:2"))
    containers = updated["items"][0]["spec"]["template"]["spec"]["containers"]
    assert [each["image"] for each in containers] == ["x:2", "y:1@sha256:ab"]
    with pytest.raises(InvalidImageReference):
        set_image(deployment, "c", ImageRef.parse("x:2"))


# Measured with fluxd 1.25.4.
@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({"image": "a:1"}, {"image": "x/y@sha256:abc"}),
        ({"image": "a", "tag": "1"}, {"image": "x/y", "tag": "2"}),
        ({"image": "a", "registry": "b.io"}, {"image": "x/y:2", "registry": ""}),
    ],
)
def test_of_a_tag_and_a_digest_fluxd_writes_one(values: dict[str, str], written: dict[str, str]) -> None:
    release = {"kind": "HelmRelease", "spec": {"values": values}}
    image = ImageRef.parse("x/y:2@sha256:abc")
    assert set_image(release, "chart-image", image)["spec"]["values"] == written


def objects(
    image: str = "ghcr.io/acme/app",
    policy: str = "semver: {range: 1.x}",
    path: str = "./apps",
    more: str = "",
    namespace: str = "ns",
) -> str:
    return f"""apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {{name: app, namespace: {namespace}}}
spec: {{image: {image}, interval: 5m}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {{name: app, namespace: {namespace}}}
spec: {{imageRepositoryRef: {{name: app}}, policy: {{{policy}}}{more}}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {{name: all, namespace: {namespace}}}
spec:
  interval: 5m
  sourceRef: {{kind: GitRepository, name: all}}
  git: {{commit: {{author: {{email: flux@example.com}}}}}}
  update: {{path: {path}}}
"""


TAGS = {"ghcr.io/acme/app": ["1.0.0", "1.2.0", "2.0.0", "sha.sig"]}


def update(workload: str, flux: str | None = None, path: str = "apps/app.yaml") -> str | bytes:
    files: dict[str, str | bytes] = {"flux.yaml": objects() if flux is None else flux, path: workload}
    return fm.simulate_image_update(files, TAGS)[path]


UPDATED: list[tuple[str, str, str]] = [
    ("whole", "image: ghcr.io/acme/app:1.0.0 # P\n", "image: ghcr.io/acme/app:1.2.0 # P\n"),
    ("quotes", "image: 'a:1' # P\n", "image: 'ghcr.io/acme/app:1.2.0' # P\n"),
    ("a tag", 'tag: "1.0" # P:tag\n', 'tag: "1.2.0" # P:tag\n'),
    ("a name", "name: app # P:name\n", "name: ghcr.io/acme/app # P:name\n"),
    ("a digest", "digest: sha256:a # P:digest\n", 'digest: "" # P:digest\n'),
    ("a number", "tag: 1.10 # P:tag\n", "tag: !!float 1.2.0 # P:tag\n"),
    (
        "a block",
        "a: >-\n  x:1\nimage: |- # P\n    a:1\nb: c\n",
        "a: >-\n  x:1\nimage: |- # P\n    ghcr.io/acme/app:1.2.0\nb: c\n",
    ),
    ("no end of a block", "image: >- # P\n  a:1", "image: >- # P\n  ghcr.io/acme/app:1.2.0"),
    ("CRLF", "a: b\r\ntag: '1' # P:tag\r\n", "a: b\r\ntag: '1.2.0' # P:tag\r\n"),
    ("several", "- # x\n---\na: '1' # P:tag\n", "- # x\n---\na: '1' # P:tag\n"),
    ("two in a file", "a: '1' # P:tag\nb: '2' # P:tag\n", "a: '1.2.0' # P:tag\nb: '1.2.0' # P:tag\n"),
    ("the newest", "tag: 1.2.0 # P:tag\n", "tag: 1.2.0 # P:tag\n"),
    ("out of sight", "image: {tag: '1'} # P:tag\n", "image: {tag: '1'} # P:tag\n"),
]


@pytest.mark.parametrize(("before", "after"), [row[1:] for row in UPDATED], ids=[row[0] for row in UPDATED])
def test_marked_values_are_written(before: str, after: str) -> None:
    def spelled(text: str) -> str:
        for part in ("tag", "name", "digest"):
            text = text.replace(f"# P:{part}", f'# {{"$imagepolicy": "ns:app:{part}"}}')
        return text.replace("# P", MARKER)

    assert update(spelled(before)) == spelled(after)


WORKLOAD = f"image: ghcr.io/acme/app:1.0.0 {MARKER}\n"
NOTHING: list[tuple[str, str, str]] = [
    ("another path", objects(path="other"), "apps/app.yaml"),
    ("another namespace", objects(namespace="other"), "apps/app.yaml"),
    ("a file that is not read", objects(), "apps/app.json"),
    ("no version of the range", objects(policy="semver: {range: 3.x}"), "apps/app.yaml"),
    ("an invalid range", objects(policy="semver: {range: ~1.}"), "apps/app.yaml"),
    ("no policy", objects(policy=""), "apps/app.yaml"),
    ("an invalid filter", objects(more=", filterTags: {pattern: '('}"), "apps/app.yaml"),
    ("a suspended policy", objects(more=", suspend: true"), "apps/app.yaml"),
    ("a name with a tag", objects(image="ghcr.io/acme/app:1"), "apps/app.yaml"),
    ("an unknown image", objects(image="ghcr.io/acme/other"), "apps/app.yaml"),
    ("a suspended scan", objects().replace("interval: 5m", "suspend: true"), "apps/app.yaml"),
    ("a suspended automation", objects().replace("update:", "suspend: true, update:"), "apps/app.yaml"),
    ("no repository", objects().replace("kind: ImageRepository", "kind: Other"), "apps/app.yaml"),
    (
        "an excluded tag",
        objects().replace("interval: 5m", "exclusionList: ['^1[.]']"),
        "apps/app.yaml",
    ),
    ("an invalid exclusion", objects().replace("interval: 5m", "exclusionList: ['(']"), "apps/app.yaml"),
    ("broken objects", "# image.toolkit.fluxcd.io\nkind: [\n---\n- a\n---\n", "apps/app.yaml"),
]


@pytest.mark.parametrize(("flux", "path"), [row[1:] for row in NOTHING], ids=[row[0] for row in NOTHING])
def test_nothing_is_written(flux: str, path: str) -> None:
    assert update(WORKLOAD, flux, path) == WORKLOAD


def test_files_that_are_no_text_come_back() -> None:
    files: dict[str, str | bytes] = {
        "a.bin": b"\xff",
        "apps/app.yaml": WORKLOAD.encode(),
        "f.yaml": objects(),
    }
    updated = fm.simulate_image_update(files, TAGS)
    assert updated["a.bin"] == b"\xff"
    assert updated["apps/app.yaml"] == WORKLOAD.replace("1.0.0", "1.2.0")
    assert files["apps/app.yaml"] == WORKLOAD.encode()


def test_an_automation_without_a_path_covers_all_and_one_with_a_wrong_path_nothing() -> None:
    assert "1.2.0" in str(update(WORKLOAD, objects(path='""')))
    assert "1.2.0" in str(update(WORKLOAD, objects(path="/apps/app.yaml")))
    assert update(WORKLOAD, objects(path="app")) == WORKLOAD


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("docker.io/nginx", "index.docker.io/library/nginx"),
        ("acme/app", "docker.io/acme/app"),
        ("localhost:5000/app", "localhost:5000/app"),
    ],
)
def test_tags_are_found_under_any_spelling_of_an_image(image: str, key: str) -> None:
    files: dict[str, str | bytes] = {
        "flux.yaml": objects(image=image),
        "apps/a.yaml": f"image: x:1 {MARKER}\n",
    }
    tags: dict[str, list[str | fm.KnownTag]] = {key: [fm.KnownTag(tag="1.5.0"), "1.0.0"]}
    assert fm.simulate_image_update(files, tags)["apps/a.yaml"] == f"image: {image}:1.5.0 {MARKER}\n"


def test_of_several_clusters_the_nearest_policy_counts() -> None:
    files: dict[str, str | bytes] = {}
    for cluster, accepted in (("a", "1.0.x"), ("b", "1.2.x")):
        text = objects(policy=f"semver: {{range: {accepted}}}", path=f"clusters/{cluster}")
        files[f"clusters/{cluster}/flux/image.yaml"] = text
        files[f"clusters/{cluster}/app.yaml"] = f"image: x:1 {MARKER}\n"
    updated = fm.simulate_image_update(files, TAGS)
    assert "1.0.0" in str(updated["clusters/a/app.yaml"])
    assert "1.2.0" in str(updated["clusters/b/app.yaml"])


def test_each_namespace_has_its_own_policies() -> None:
    other = objects(namespace="other", policy="semver: {range: 1.0.x}")
    files: dict[str, str | bytes] = {"a.yaml": other, "b.yaml": objects(), "apps/app.yaml": WORKLOAD}
    assert "1.2.0" in str(fm.simulate_image_update(files, TAGS)["apps/app.yaml"])


def test_digests_are_not_known() -> None:
    workload = 'digest: sha256:ab # {"$imagepolicy": "ns:app:digest"}\n'
    assert update(workload, objects(more=", digestReflectionPolicy: IfNotPresent")) == workload
    files: dict[str, str | bytes] = {"flux.yaml": objects(), "apps/app.yaml": workload}
    assert fm.simulate_image_update(files, TAGS, flux_version="2.5")["apps/app.yaml"] == workload


def test_what_the_controller_takes_at_random_is_not_guessed() -> None:
    flux = objects(
        policy="numerical: {order: asc}", more=", filterTags: {pattern: '(?P<n>[0-9.]+)', extract: $n}"
    )
    files: dict[str, str | bytes] = {"flux.yaml": flux, "apps/app.yaml": WORKLOAD}
    with pytest.raises(AmbiguousTag):
        fm.simulate_image_update(files, {"ghcr.io/acme/app": ["1.0", "1.00"]})


NAMES = st.sampled_from(("acme/app", "ghcr.io/acme/app", "app", "localhost:5000/app", "docker.io/acme/app"))
OLD_TAGS = st.sampled_from(("1.0.0", "1.10", "v1", "16", "latest", "2020-01-01", "1e5"))
NEW_TAGS = st.sampled_from(("1.0.1", "1.11", "v2", "17", "2020-01-02", "1e6", "on", "main-1", "0777"))


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    """Draws a workload with one image in a form that fluxd knows, its tag always a text."""
    name, tag = draw(NAMES), draw(OLD_TAGS)
    # What is no registry alone (`ghcr.io/acme`, `acme`) fluxd writes anew, so the two differ there.
    first, _, rest = name.partition("/")
    domain, path = (first, rest) if {".", ":"} & set(first) else ("ghcr.io", "acme/app")
    kind = draw(st.sampled_from(("Deployment", "CronJob", "HelmRelease")))
    if kind != "HelmRelease":
        field = draw(st.sampled_from(("containers", "initContainers")))
        pod: dict[str, Any] = {field: [{"name": "app", "image": f"{name}:{tag}", "args": ["a"]}]}
        spec: dict[str, Any] = {"template": {"spec": pod}}
        if kind == "CronJob":
            spec = {"jobTemplate": {"spec": spec}}
        return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "annotations": {}}, "spec": spec}
    shape = draw(st.integers(0, 5))
    shapes: list[dict[str, Any]] = [
        {"image": f"{name}:{tag}"},
        {"image": name, "tag": tag},
        {"image": {"repository": f"{name}:{tag}"}},
        {"image": {"repository": name, "tag": tag}},
        {"image": {"registry": domain, "repository": path, "tag": tag}},
        {"registry": domain, "image": path, "tag": tag},
    ]
    values = shapes[shape]
    annotations = {}
    if draw(st.booleans()):
        values = {draw(st.sampled_from(("web", "a-b"))): values}
    elif draw(st.booleans()) and shape == 3:
        values = {"deep": {"er": values}}
        annotations = {
            "repository.fluxcd.io/app": "deep.er.image.repository",
            "tag.fluxcd.io/app": "deep.er.image.tag",
        }
    metadata = {"name": "a", "annotations": annotations}
    return {"apiVersion": "helm.fluxcd.io/v1", "kind": kind, "metadata": metadata, "spec": {"values": values}}


@settings(max_examples=150)
@given(workloads(), NEW_TAGS)
def test_the_automation_writes_what_fluxd_wrote(workload: dict[str, Any], tag: str) -> None:
    """With the policy that has elected the tag, the marked fields hold afterwards what fluxd's hold."""
    (found,) = find_images(workload)
    image = ImageRef(found.image.domain, found.image.image, tag)
    by_fluxd = set_image(workload, found.container, image)

    annotations = {**workload["metadata"]["annotations"], "fluxcd.io/automated": "true"}
    automated = {**workload, "metadata": {**workload["metadata"], "annotations": annotations}}
    (draft,) = draft_image_automation(automated, fm.MigrationOptions(), FLUX_VERSIONS[-1])
    text = "".join(emit_entry(key, value, 0, Style()) for key, value in workload.items())
    edits = [
        MarkerEdit(field.path, f"ns:app:{field.part}" if field.part else "ns:app")
        for field in draft.images[0].fields
    ]
    marked = write_markers(text, edits)
    assert not marked.refused
    flux = objects(
        image=found.image.name,
        policy="alphabetical: {order: asc}",
        more=f", filterTags: {{pattern: '^{tag.replace('.', '[.]')}$'}}",
    )
    files: dict[str, str | bytes] = {"flux.yaml": flux, "apps/app.yaml": marked.text}
    assert all(checked.works for checked in check_markers(files))
    updated = fm.simulate_image_update(files, {found.image.name: [tag, found.image.tag]})["apps/app.yaml"]
    assert isinstance(updated, str)
    assert read_document(updated)[1] == by_fluxd


POLICIES: list[Any] = [5, "x", ["x"], {"semver": 5}, {"semver": {"range": 5}}, {"numerical": {"order": 5}}]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_of_another_type_stalls(policy: Any) -> None:
    with pytest.raises(fm.InvalidPolicy):
        fm.flux2.latest_tag(["1.0.0"], policy)


@pytest.mark.parametrize("filter_tags", [5, "x", ["x"], {"pattern": 5}, {"pattern": "x", "extract": 5}])
def test_a_filter_of_another_type_stalls(filter_tags: Any) -> None:
    with pytest.raises(fm.InvalidPolicy):
        fm.flux2.latest_tag(["1.0.0"], {"semver": {"range": "*"}}, filter_tags)
