"""A marker works only where what it writes is what the field is for."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux2.image_objects import canonical_image

IMAGE = "registry.example.com/shop/web"
OBJECTS = f"""\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {{name: web, namespace: flux-system}}
spec: {{image: {IMAGE}, interval: 5m}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {{name: web, namespace: flux-system}}
spec:
  imageRepositoryRef: {{name: web}}
  policy: {{semver: {{range: ">=1.0.0"}}}}
  digestReflectionPolicy: IfNotPresent
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {{name: all, namespace: flux-system}}
spec:
  interval: 5m
  sourceRef: {{kind: GitRepository, name: flux-system}}
  git: {{commit: {{author: {{email: bot@example.com}}}}}}
  update: {{strategy: Setters, path: ./apps}}
"""
MARK = '# {"$imagepolicy": "flux-system:web:tag"}'
DIGEST = f"sha256:{'a' * 64}"


def check(text: str) -> list[list[str]]:
    checked = fm.flux2.check_markers({"objects.yaml": OBJECTS, "apps/web.yaml": text})
    assert all(each.works == (not any(one.stops for one in each.problems)) for each in checked)
    return [[problem.code for problem in each.problems if problem.stops] for each in checked]


def marked(field: str, value: str, form: str = "", beside: str = "") -> str:
    named = f"flux-system:web:{form}" if form else "flux-system:web"
    return f'app:\n{beside}  {field}: {value} # {{"$imagepolicy": "{named}"}}\n'


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (marked("image", f"{IMAGE}:1.0.0"), []),
        (marked("image", IMAGE), []),
        (marked("image", f"{IMAGE}:1.0.0@{DIGEST}"), []),
        (marked("image", f"{IMAGE}:1.0.0", "tag"), ["tag-over-reference"]),
        (marked("image", IMAGE, "tag"), ["tag-over-reference"]),
        (marked("image", f"{IMAGE}:1.0.0", "name"), ["tag-lost"]),
        (marked("image", IMAGE, "name"), []),
        (marked("repository", IMAGE, "name", "  tag: '1.0.0'\n"), []),
        (marked("repository", IMAGE, "", "  tag: '1.0.0'\n"), ["tag-apart"]),
        (marked("repository", IMAGE, "", "  tag: ''\n"), []),
        (marked("repository", IMAGE, "", "  tag: ~\n"), []),
        (marked("tag", "v1.0.0"), ["reference-over-tag"]),
        (marked("tag", "v1.0.0", "tag"), []),
        (marked("tag", '""', "tag"), []),
        # What something else fills in for a tag.
        (marked("tag", "$(TAG)", "tag"), []),
        (marked("tag", '"${TAG:-v1.0.0}"', "tag"), []),
        (marked("tag", f"{IMAGE}:1.0.0", "tag"), ["tag-over-reference"]),
        (marked("text", "a b", "tag"), ["tag-over-reference"]),
        (marked("version", "v1.0.0", "tag"), []),
        (marked("digest", DIGEST, "digest"), []),
        (marked("digest", '""', "digest"), []),
        (marked("digest", DIGEST), ["reference-over-tag"]),
        (marked("image", f"{IMAGE}:1.0.0", "digest"), ["not-a-digest"]),
        (marked("image", "registry.example.com/shop/database:1.0.0"), ["another-image"]),
        (marked("image", "registry.example.com/shop/database", "name"), ["another-image"]),
        (marked("name", "web"), ["no-image-field"]),
        (marked("name", "web", "tag"), ["no-image-field"]),
        (marked("name", IMAGE, "name"), []),
        (marked("namespace", "shop", "tag"), ["no-image-field"]),
        (marked("apiVersion", "v1", "tag"), ["no-image-field"]),
        (marked("arg", f"--image={IMAGE}:1.0.0"), ["loses-prefix"]),
        (marked("imagePullPolicy", "Always", "tag"), ["no-image-field"]),
        (marked("releaseName", "web", "tag"), ["no-image-field"]),
        (marked("ref", "main", "tag"), []),
        (marked("newName", IMAGE), ["tag-apart"]),
        (marked("newName", IMAGE, "name", "  newTag: '1.0.0'\n"), []),
        (marked("image", IMAGE, "", "  newTag: '1.0.0'\n"), ["tag-apart"]),
        # The tag of another image than that of the policy.
        (marked("tag", "v1.0.0", "tag", f"  repository: {IMAGE}\n"), []),
        (marked("tag", "v1.0.0", "tag", "  repository: registry.example.com/shop/db\n"), ["another-image"]),
        (marked("tag", "v1.0.0", "tag", "  image: shop/db\n"), ["another-image"]),
        (marked("tag", "v1.0.0", "tag", "  registry: registry.example.com\n  repository: shop/web\n"), []),
        (
            marked("tag", "v1.0.0", "tag", "  registry: registry.example.com\n  repository: shop/db\n"),
            ["another-image"],
        ),
        (marked("newTag", "v1.0.0", "tag", f"  name: {IMAGE}\n"), []),
        (marked("newTag", "v1.0.0", "tag", "  name: db\n"), ["another-image"]),
        (marked("newTag", "v1.0.0", "tag", f"  name: db\n  newName: {IMAGE}\n"), []),
        (marked("tag", "v1.0.0", "tag", "  name: db\n"), []),
        (marked("tag", "v1.0.0", "tag", "  repository: '{{ .Values.image }}'\n"), []),
        (marked("tag", "v1.0.0", "tag", "  repository: {a: b}\n"), []),
        # What holds no tag, by its name.
        (marked("replicaCount", '"2"', "tag"), ["no-image-field"]),
        (marked("port", '"8080"', "tag"), ["no-image-field"]),
        (f"chart:\n  spec:\n    version: 1.2.3 {MARK}\n", ["no-image-field"]),
        (f"chart:\n  spec:\n    chart: web {MARK}\n", ["no-image-field"]),
    ],
)
def test_what_would_be_written_is_held_against_what_is_there(text: str, codes: list[str]) -> None:
    assert check(text) == [codes]


def test_the_message_names_the_marker_that_would_be_right() -> None:
    (checked,) = (
        each
        for each in fm.flux2.check_markers(
            {"objects.yaml": OBJECTS, "apps/web.yaml": marked("tag", "v1.0.0")}
        )
    )
    assert '{"$imagepolicy": "flux-system:web:tag"}' in checked.problems[0].message


def test_a_value_is_not_judged_where_the_image_is_not_known() -> None:
    text = marked("image", "registry.example.com/shop/database:1.0.0")
    (checked,) = fm.flux2.check_markers({"apps/web.yaml": text})
    assert [problem.code for problem in checked.problems] == ["no-automation", "no-policy"]


def test_one_marker_that_breaks_a_file_breaks_its_neighbours() -> None:
    text = marked("image", f"{IMAGE}:1.0.0") + marked("version", "1.10", "tag").replace("app:", "other:")
    assert check(text) == [["neighbour-breaks-file"], ["unquoted-value"]]
    broken = fm.simulate_image_update({"objects.yaml": OBJECTS, "apps/web.yaml": text}, {IMAGE: ["2.0.0"]})
    assert "!!float 2.0.0" in str(broken["apps/web.yaml"])


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ('# {"$imagepolicy": "flux-system%3Aweb"}', []),
        ('# {"%24imagepolicy": "flux-system:web"}', None),
        ('# {"\\u0024imagepolicy": "flux-system:web"}', ["screened-out"]),
        ('# {"\\u0024imagepolicy": "flux-system:web"}\n# "$imagepolicy"', []),
    ],
)
def test_markers_with_escapes(comment: str, codes: list[str] | None) -> None:
    found = check(f"app:\n  image: {IMAGE}:1.0.0 {comment}\n")
    assert found[:1] == ([] if codes is None else [codes])


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quote_needs_no_blank_before_the_comment(quote: str) -> None:
    text = f'image: {quote}{IMAGE}:1.0.0{quote}# {{"$imagepolicy": "flux-system:web"}}\n'
    assert check(text) == [[]]
    # Behind a plain value it is part of the value, and the file is no YAML.
    assert check(f'image: {IMAGE}:1.0.0# {{"$imagepolicy": "flux-system:web"}}\n') == []


@pytest.mark.parametrize(("path", "codes"), [("web.yaml", []), ("apps/web.yaml", ["path-annotation"])])
def test_the_annotation_of_the_own_path_is_harmless(path: str, codes: list[str]) -> None:
    text = f"metadata:\n  annotations:\n    config.kubernetes.io/path: {path}\n" + marked(
        "image", f"{IMAGE}:1.0.0"
    )
    assert check(text) == [codes]


@given(
    field=st.sampled_from(["image", "tag", "repository", "name", "namespace", "newTag", "digest", "value"]),
    value=st.sampled_from(
        [
            f"{IMAGE}:1.0.0",
            IMAGE,
            "v1.0.0",
            '"1.10"',
            '""',
            "web",
            f"{IMAGE}-x:1.0.0",
            f"docker.io/{IMAGE}",
            "a=b",
            DIGEST,
        ]
    ),
    form=st.sampled_from(["", "name", "tag"]),
)
@settings(max_examples=200, deadline=None)
def test_where_a_marker_works_the_written_field_names_the_image_or_its_tag(
    field: str, value: str, form: str
) -> None:
    text = marked(field, value, form)
    files = {"objects.yaml": OBJECTS, "apps/web.yaml": text}
    (checked,) = fm.flux2.check_markers(files)
    if not checked.works:
        return
    written = yaml.safe_load(str(fm.simulate_image_update(files, {IMAGE: ["2.0.0"]})["apps/web.yaml"]))
    now, before = written["app"][field], yaml.safe_load(text)["app"][field]
    if form == "tag":
        assert now == "2.0.0"
        assert "/" not in before
    else:
        assert now == (IMAGE if form == "name" else f"{IMAGE}:2.0.0")
        assert canonical_image(before.partition(":")[0]) == canonical_image(IMAGE) or not before
