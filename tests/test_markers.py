"""Markers of image automation: which of them the updater sees, and what is the matter with the others.

`vectors/markers.jsonl` and `vectors/marker_writes.jsonl` were measured with go-yaml v3, walked as the updater
walks it, and written as kyaml formats its values.
"""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate import flux2
from fluxv2_migrate.flux2 import FLUX_VERSIONS, CheckedMarker, check_markers, find_markers
from fluxv2_migrate.flux2.marker_places import read_comments
from fluxv2_migrate.flux2.markers import placed_markers
from fluxv2_migrate.flux2.updater_scalars import plain_kind, with_marked_values, written_value
from marked_documents import written_documents
from measured import OWN, cases

MARKER = '{"$imagepolicy": "ns:app"}'


def test_the_updater_sees_every_marker_that_is_said_to_be_seen_and_hardly_any_other() -> None:
    missed = total = 0
    for case in cases(OWN, "markers"):
        text, expected = case["input"]["text"], case["expected"]
        found = {
            (tuple(marker.path or ()), marker.value or "") for marker in find_markers(text) if marker.seen
        }
        measured = {(tuple(each["path"]), each["value"]) for each in expected["seen"]}
        assert found <= measured, text
        total += len(measured)
        # A comment on lines of its own that joins in an odd way is told to be unseen, which is the safe side.
        missed += len(measured - found)
    assert total > 200
    assert missed <= 1


def test_values_are_written_as_the_updater_writes_them() -> None:
    for case in cases(OWN, "marker_writes"):
        text, value = case["input"]["text"], case["input"]["value"]
        ((_, scalar),) = placed_markers(text)
        assert scalar is not None
        written = scalar.value if scalar.value == value else written_value(scalar, value)
        if scalar.value != value:
            text = text[: scalar.start] + written + text[scalar.end :]
        # A tag that is written out stays here; the updater drops it beside quotes.
        if written.startswith('"'):
            text = text.replace("!!str ", "")
        assert text == case["expected"]["text"]


# Measured with image-automation-controller 1.2.1 and kyaml 0.21.1; blank lines and indentation stay here.
@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("tag: > # M\n  1.0\n", "1.1-a", "tag: >- # M\n  1.1-a\n"),
        ("tag: |+ # M\n\n    1.0\n\nb: 1\n", "1.1-a", "tag: |- # M\n    1.1-a\n\nb: 1\n"),
        ("tag: |2- # M\n   1.0\nb: 1\n", "1.1-a", "tag: |- # M\n   1.1-a\nb: 1\n"),
        ("tag: > # M\n  1.0\n", "1.1", 'tag: "1.1" # M\n'),
        ("tag: | # M\n  1.0\n", "", 'tag: "" # M\n'),
        ("tag: y # M\n", "2024-01-01", 'tag: "2024-01-01" # M\n'),
        ("tag: N # M\n", "a", "tag: a # M\n"),
        # What stands there already gets its quotes once something else is written.
        ("tag: 1.1 # M\nb: 1.0 # M\n", "1.1", 'tag: "1.1" # M\nb: "1.1" # M\n'),
        ("tag: 1.1 # M\nb: 1 # N\n", "1.1", "tag: 1.1 # M\nb: 1 # N\n"),
        ("tag: b\t# M\nb: a # M\n", "b", "tag: b\t# M\nb: b # M\n"),
        ("tag: a\t # M\nb: a\t# c\n", "b", "tag: b # M\nb: a\t# c\n"),
        # Texts behind `>` get more lines, in each document of the file.
        (
            "\ufefftag: a # M\nb: >-\n  a\n    b\nc: >\n  a\n  b\n---\nd: >+ # c\n  a\n\n",
            "b",
            "\ufefftag: b # M\nb: >-\n  a\n\n    b\nc: >\n  a\n  b\n---\nd: >+ # c\n  a\n\n\n",
        ),
        ("tag: a # M\r\nb: >-\r\n  a\r\n    b", "b", "tag: b # M\r\nb: >-\r\n  a\r\n\r\n    b"),
        ("tag: > # M\n  a\n    b\n", "c", "tag: >- # M\n  c\n"),
        ("tag: a # M\n---\nb: >\n  {{ c }}: [\n", "b", "tag: b # M\n---\nb: >\n  {{ c }}: [\n"),
        ("tag: a # M\n---\nb: [\n", "b", "tag: a # M\n---\nb: [\n"),
    ],
)
def test_blocks_and_what_stands_there_already(before: str, value: str, after: str) -> None:
    marks = {"M": '{"$imagepolicy": "ns:app:tag"}', "N": '{"$imagepolicy": "ns:other:tag"}'}

    def marked(text: str) -> str:
        return re.sub(r"# ([MN])(?=\r?$)", lambda found: f"# {marks[found[1]]}", text, flags=re.MULTILINE)

    written = with_marked_values(marked(before), lambda marker: value if marker.policy == "app" else None)
    assert written == marked(after)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("<<", "merge"), ("2020-13-45", "str"), ("2020-1-2 10:00:00", "timestamp"), ("~", "null")],
)
def test_plain_scalars_are_read_as_yaml_1_2_has_them(text: str, kind: str) -> None:
    assert plain_kind(text) == kind


SEEN: list[tuple[str, str, tuple[str | int, ...]]] = [
    ("plain", "image: a/b:1 # P\n", ("image",)),
    ("single quotes", "image: 'a/b:1' # P\n", ("image",)),
    ("double quotes", 'image: "a/b:1" # P\n', ("image",)),
    ("other keys in the object", 'image: a # {"$imagepolicy": "ns:app", "x": "y"}\n', ("image",)),
    ("a null beside", 'image: a # {"$imagepolicy": "ns:app", "x": null}\n', ("image",)),
    ("another comment above", "# keep\nimage: a/b:1 # P\n", ("image",)),
    ("one entry a line", "image: {\n  tag: a, # P\n  x: y\n}\n", ("image", "tag")),
    ("JSON", '{\n  "image": "a/b:1", # P\n  "x": "y"\n}\n', ("image",)),
    ("above an item", "args:\n# P\n- a\n", ("args", 0)),
    ("behind an item", "args:\n- a # P\n", ("args", 0)),
    ("behind a dash", "args:\n- # P\n  a\n", ("args", 0)),
    ("behind an empty item", "args:\n- # P\n- a\n", ("args", 1)),
    ("a block's header", "image: >- # P\n  a/b:1\n", ("image",)),
    ("behind an anchor", "image: &a v # P\nb: *a\n", ("image",)),
    ("between an anchor and its value", "image: &a # P\n  v\n", ("image",)),
    ("no blank", "image: a #P\n", ("image",)),
    ("two sharps", "image: a ## P\n", ("image",)),
    ("a tab", "image: a\t# P\n", ("image",)),
    ("tabs in brackets", "x: &x {\n\ty: z}\na: *x\nimage: a # P\n", ("image",)),
    ("tabs in texts", "x: 'a\n\tb'\ny: |\n  a\n  \tb\nimage: a # P\n", ("image",)),
    ("tabs behind values", "x: 'a'\t# b\nc:\t\n- d\t\nimage: a # P\n", ("image",)),
    ("CRLF", "x: y\r\nimage: a # P\r\n", ("image",)),
    ("a byte order mark", "\ufeffimage: a # P\n", ("image",)),
    ("no end of the line", "image: a # P", ("image",)),
    ("an empty text", 'tag: "" # P\n', ("tag",)),
    ("over two lines", "image: 'a\n  b' # P\n", ("image",)),
    ("a second document", "x: y\n---\nimage: a # P\n", ("image",)),
    ("a list among others", "x: y\n---\nkind: List\nitems:\n- image: a # P\n", ("items", 0, "image")),
    ("a merge key beside", "x: &x {y: z}\nb:\n  <<: *x\n  image: a # P\n", ("b", "image")),
    ("in a flow mapping over lines", "a: {\n  b: # P\n  c}\n", ("a", "b")),
    ("no object at all", "- # P\n", ()),
]


@pytest.mark.parametrize(("text", "path"), [row[1:] for row in SEEN[:-1]], ids=[row[0] for row in SEEN[:-1]])
def test_the_updater_sees(text: str, path: tuple[str | int, ...]) -> None:
    (marker,) = find_markers(text.replace("P", MARKER))
    assert (marker.seen, marker.reason, marker.path) == (True, None, path)
    assert (marker.namespace, marker.policy, marker.part) == ("ns", "app", "")


UNSEEN: list[tuple[str, str, str]] = [
    ("text before", "image: a # keep P\n", "other-text"),
    ("text behind", "image: a # P keep\n", "other-text"),
    ("another comment in it", "image: a # P # note\n", "other-text"),
    ("a flow mapping", "image: {repository: a, tag: b} # P\n", "behind-collection"),
    ("a flow item", "images:\n- {name: x, newTag: 1} # P\n", "behind-collection"),
    ("a flow list", "args: [a] # P\n", "behind-collection"),
    ("behind an opening bracket", "args: [ # P\n  a]\n", "behind-collection"),
    ("above a key", "# P\nimage: a\n", "above-key"),
    ("above an item's key", "c:\n# P\n- image: a\n", "above-collection"),
    ("behind the dash of a mapping", "c:\n- # P\n  image: a\n", "above-collection"),
    ("above a list in a list", "c:\n# P\n- - a\n", "above-collection"),
    ("above a flow item", "c:\n# P\n- [a]\n", "above-collection"),
    ("behind a key", "image: # P\n  a\n", "behind-key"),
    ("behind a parent key", "image: # P\n  tag: a\n", "behind-key"),
    ("behind an explicit key", "? image # P\n: a\n", "behind-key"),
    ("below", "image: a\n# P\n", "below"),
    ("below with a blank line", "c:\n- a\n# P\n\n- b\n", "below"),
    ("below an inner list", "c:\n- b:\n  - a\n  # P\n- d\n", "below"),
    ("inside a block", "image: >-\n  a # P\n", "inside-text"),
    ("inside quotes", "image: 'a # P'\n", "inside-text"),
    ("behind an alias", "x: &a v\nimage: *a # P\n", "behind-alias"),
    ("behind no value", "tag: # P\n", "empty-value"),
    ("behind no value at the end", "a: b\ntag: # P\nx: y\n", "empty-value"),
    ("single quotes in it", "a: b # {'$imagepolicy': 'ns:app'}\n", "no-json"),
    ("a trailing comma", 'a: b # {"$imagepolicy": "ns:app",}\n', "no-json"),
    ("a number beside", 'a: b # {"$imagepolicy": "ns:app", "x": 1}\n', "no-json"),
    ("a list", 'a: b # ["$imagepolicy"]\n', "no-json"),
    ("no policy", 'a: b # {"$imagepolicy": ""}\n', "no-json"),
    ("no namespace", 'a: b # {"$imagepolicy": "app"}\n', "no-such-form"),
    ("another part", 'a: b # {"$imagepolicy": "ns:app:image"}\n', "no-such-form"),
    ("an empty name", 'a: b # {"$imagepolicy": "ns::tag"}\n', "no-such-form"),
    ("a list alone", "kind: List\nitems:\n- image: a # P\n", "list-alone"),
    ("a template", "{{- if .x }}\nimage: a # P\n{{- end }}\n", "unparseable"),
    ("a tab as indentation", "a:\n\timage: b # P\n", "unparseable"),
    ("a tab in an empty line", "a:\n  b: c\n \t\n  image: d # P\n", "unparseable"),
    ("a tab behind a dash", "a:\n-\t# b\n  c\nimage: d # P\n", "unparseable"),
    ("a tab left of a block", "a: |\n  x\n\t\nimage: d # P\n", "unparseable"),
    ("a directive", "%YAML 1.2\n---\nimage: a # P\n", "unparseable"),
    ("text on a marker's line", "a: b\n--- {c: d}\n---\nimage: a # P\n", "unparseable"),
    ("a broken neighbour", "image: a # P\n---\nb: [\n", "unparseable"),
    ("a list", "- image: a # P\n", "no-mapping"),
    ("a scalar", "text # P\n", "no-mapping"),
    ("two lines of comments", "c:\n# one\n# P\n- a\n", "several-lines"),
    ("another comment behind the dash", "c:\n# P\n- # one\n  a\n", "several-lines"),
    ("two comments apart", "c:\n# one\n\n# P\n- a\n", "several-lines"),
    ("a second key", "image: a\nimage: b # P\n", "second-key"),
    ("a document's marker", "--- # P\nimage: a\n", "behind-key"),
    ("between a key and a block", "a: # P\n  >-\n  b\n", "behind-key"),
    ("the word twice", 'a: b # $imagepolicy {"$imagepolicy": "ns:app"}\n', "other-text"),
    ("no document", "# P\n", "below"),
    ("in an empty document", "a: b\n---\n# P\n", "below"),
    ("above a nested collection", "a:\n# P\n  [b]\n", "above-collection"),
]


@pytest.mark.parametrize(("text", "reason"), [row[1:] for row in UNSEEN], ids=[row[0] for row in UNSEEN])
def test_the_updater_does_not_see(text: str, reason: str) -> None:
    markers = find_markers(text.replace("P", MARKER))
    assert [(marker.seen, marker.reason, marker.path) for marker in markers] == [(False, reason, None)]
    assert reason in flux2.UNSEEN_REASONS


@settings(max_examples=200)
@given(st.data())
def test_what_stands_far_from_a_marker_has_no_part_in_it(data: st.DataObject) -> None:
    # Texts with an anchor are looked through as a whole; here it is one in a comment.
    lines = data.draw(written_documents()).text.replace("&", "+").splitlines()
    for index in data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=1, max_size=2)):
        lines[index] = f"{lines[index].partition(' #')[0]} # {MARKER}"
    texts = ["\n".join([*lines, "last: 1", f"# {mark}", ""]) for mark in "&+"]
    whole, near = map(read_comments, texts)
    assert near == whole


def test_keys_without_a_name_are_no_scalars_beside_a_marker() -> None:
    text = f'a:\n  : 1\n  b: c # {MARKER}\n"": 2\n'
    (found,) = find_markers(text)
    assert (found.seen, found.path) == (True, ("a", "b"))


def test_a_comment_between_a_key_and_its_value_works_once() -> None:
    (marker,) = find_markers(f"image:\n  # {MARKER}\n  a\n")
    assert (marker.seen, marker.once, marker.path) == (True, True, ("image",))


def test_of_two_markers_of_one_value_the_one_behind_it_counts() -> None:
    first, second = find_markers(f"c:\n# {MARKER}\n- a # {MARKER}\n")
    assert (first.seen, first.reason, second.seen) == (False, "second-marker", True)


def test_texts_that_only_speak_of_markers_hold_none() -> None:
    assert find_markers("a: $imagepolicy\nb: c # d\n") == ()
    assert find_markers("a: >-\n  the word $imagepolicy\n") == ()
    assert find_markers("") == ()
    assert find_markers('"$imagepolicy": x\n') == ()
    assert find_markers("a: &$imagepolicy b\nc: *$imagepolicy\n") == ()
    assert find_markers("a: !x$imagepolicy b\n") == ()


def test_places_are_those_of_the_file() -> None:
    text = f"\ufeffx: y # z\n---\nimage:\n  tag: '1' # {MARKER[:-2]}:tag\"}}\n"
    (marker,) = find_markers(text)
    assert (marker.line, marker.column, marker.document, marker.part) == (4, 12, 1, "tag")
    assert (marker.value, marker.is_quoted) == ("1", True)
    assert pickle.loads(pickle.dumps(marker)) == marker


REPOSITORY = """apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: app, namespace: ns}
spec: {image: ghcr.io/acme/app, interval: 5m}
"""
POLICY = """apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: app, namespace: ns, labels: {team: web}}
spec: {imageRepositoryRef: {name: app}, policy: {semver: {range: 1.x}}}
"""
AUTOMATION = """apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {name: ns, namespace: ns}
spec: {interval: 5m, update: {path: ./apps}, git: {commit: {author: {email: bot@example.com}}}}
"""
WORKLOAD = f"image: ghcr.io/acme/app:1.0 # {MARKER}\n"


def tree(**changed: str) -> dict[str, str | bytes]:
    parts = {"repository": REPOSITORY, "policy": POLICY, "automation": AUTOMATION} | changed
    workload = parts.pop("workload", WORKLOAD)
    path = parts.pop("path", "apps/app.yaml")
    return {**{f"flux/{name}.yaml": text for name, text in parts.items()}, path: workload}


def automation(field: str) -> str:
    return AUTOMATION.replace("{interval", f"{{{field}, interval")


def codes(files: dict[str, str | bytes], flux_version: flux2.FluxVersion = FLUX_VERSIONS[-1]) -> list[str]:
    (checked,) = check_markers(files, flux_version=flux_version)
    return [problem.code for problem in checked.problems]


def test_a_marker_with_all_that_it_needs_works() -> None:
    (checked,) = check_markers({**tree(), "binary": b"\xff", "bytes.yaml": WORKLOAD.encode()[:0]})
    assert checked == CheckedMarker("apps/app.yaml", find_markers(WORKLOAD)[0])
    assert checked.works


PROBLEMS: list[tuple[str, dict[str, str], list[str]]] = [
    ("no automation", {"automation": ""}, ["no-automation"]),
    ("another namespace's", {"automation": AUTOMATION.replace("ns}", "x}")}, ["no-automation"]),
    ("another path", {"automation": AUTOMATION.replace("./apps", "flux")}, ["not-covered"]),
    ("no path", {"automation": AUTOMATION.replace("./apps", "/no")}, ["not-covered", "update-path-missing"]),
    (
        "suspended",
        {"automation": automation("suspend: true")},
        ["automation-suspended"],
    ),
    (
        "no such label",
        {
            "automation": AUTOMATION.replace(
                "{interval", "{policySelector: {matchLabels: {team: x}}, interval"
            )
        },
        ["policy-not-selected"],
    ),
    ("no git", {"automation": AUTOMATION.partition(", git")[0] + "}\n"}, ["automation-stalls"]),
    (
        "a field that is gone",
        {"automation": AUTOMATION.replace("commit: {", "commit: {messageTemplate: '{{ .Updated }}', ")},
        ["automation-stalls"],
    ),
    ("no order", {"policy": POLICY.replace("semver", "nothing")}, ["policy-stalls"]),
    ("no policy", {"policy": ""}, ["no-policy"]),
    ("no repository", {"repository": ""}, ["no-repository"]),
    (
        "a list for a name",
        {"policy": POLICY.replace("Ref: {name: app}", "Ref: {name: [app]}")},
        ["no-repository"],
    ),
    ("a tag in its image", {"repository": REPOSITORY.replace("acme/app,", "acme/app:1,")}, ["invalid-image"]),
    ("an extension", {"path": "apps/app.YAML"}, ["file-not-read"]),
    ("JSON", {"path": "apps/app.json"}, ["file-not-read"]),
    ("a number", {"workload": f'tag: 1.10 # {MARKER[:-2]}:tag"}}\n'}, ["unquoted-value"]),
    ("a flow mapping", {"workload": f"a: {{b: c}} # {MARKER}\n"}, ["behind-collection"]),
    ("an argument", {"workload": f"args:\n- --image=a:1 # {MARKER}\n"}, ["loses-prefix"]),
    (
        "a registry apart",
        {"workload": f'image:\n  registry: ghcr.io\n  repository: acme/app # {MARKER[:-2]}:name"}}\n'},
        ["registry-apart"],
    ),
    ("a digest", {"workload": f'digest: "" # {MARKER[:-2]}:digest"}}\n'}, ["digest-not-reflected"]),
    (
        "an annotation",
        {"workload": "metadata:\n  annotations:\n    config.kubernetes.io/path: x\n" + WORKLOAD},
        ["path-annotation"],
    ),
    ("a merge key", {"workload": "x: &x {a: [b]}\ny: {<<: *x}\nz: *x\n" + WORKLOAD}, ["merge-key"]),
    ("a merge key's text", {"workload": "x: 'a << b'\n" + WORKLOAD}, []),
    ("an alias beside", {"workload": "x: &x [a << b]\ny: *x\n" + WORKLOAD}, []),
    ("once", {"workload": f"image:\n  # {MARKER}\n  ghcr.io/acme/app:1\n"}, ["works-once"]),
    ("a broken file", {"workload": "a: [<<\n" + WORKLOAD}, ["unparseable"]),
    ("no form", {"workload": 'a: b # {"$imagepolicy": "app"}\n'}, ["no-such-form"]),
]


@pytest.mark.parametrize(
    ("changed", "expected"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS]
)
def test_what_is_the_matter_with_a_marker_is_told(changed: dict[str, str], expected: list[str]) -> None:
    assert codes(tree(**changed)) == expected


@pytest.mark.parametrize(
    ("path", "annotation", "mark", "stops"),
    [
        ("apps/other.yaml", "x.yaml", MARKER, True),
        ("apps/other.yaml", "other.yaml", MARKER, False),
        ("apps/other.yaml", "apps/other.yaml", MARKER, True),
        ("apps/other.yaml", "x.yaml", "no mark", False),
        ("apps/other.json", "x.yaml", MARKER, False),
        ("elsewhere/other.yaml", "x.yaml", MARKER, False),
    ],
)
def test_a_path_annotation_of_one_marked_file_stops_the_updates_of_all(
    path: str, annotation: str, mark: str, stops: bool
) -> None:
    annotated = f"metadata:\n  annotations:\n    config.kubernetes.io/path: {annotation}\nkind: x # {mark}\n"
    files = {**tree(), path: annotated}
    checked = next(each for each in check_markers(files) if each.file == "apps/app.yaml")
    assert [problem.message for problem in checked.problems] == [
        f"an annotation config.kubernetes.io/path in {path} stops every update; remove it"
    ] * stops
    updated = fm.simulate_image_update(files, {"ghcr.io/acme/app": ["1.0.0"]})
    assert (updated["apps/app.yaml"] == WORKLOAD) is stops


def test_releases_differ() -> None:
    digest = tree(workload=f'digest: "" # {MARKER[:-2]}:digest"}}\n')
    assert codes(digest, "2.5") == ["digest-before-2.6", "digest-not-reflected"]
    kustomization = tree(path="apps/Kustomization")
    assert codes(kustomization, "2.5") == ["file-not-read"]
    assert codes(kustomization, "2.6") == []
    templates: list[tuple[str, flux2.FluxVersion, list[str]]] = [
        ("{{ range $.Changed.Changes }}{{ .NewValue }}{{ end }}", "2.2", ["automation-stalls"]),
        ("{{ range .Changed.Changes }}{{ .NewValue }}{{ end }}", "2.2", ["automation-stalls"]),
        ("{{ range .Changed.Changes }}{{ .NewValue }}{{ end }}", "2.3", []),
        ("{{ .Values.team }}", "2.4", ["automation-stalls"]),
        ("{{ .Values.team }}", "2.5", []),
        ("{{ .AutomationObject }}: Files.Changed .Values", "2.0", []),
    ]
    for template, version, expected in templates:
        written = AUTOMATION.replace("commit: {", f"commit: {{messageTemplate: '{template}', ")
        assert codes(tree(automation=written), version) == expected
    selector = tree(automation=automation("policySelector: {matchLabels: {x: y}}"))
    assert codes(selector, "2.2") == []


@pytest.mark.parametrize(
    ("expression", "works"),
    [
        ("{key: team, operator: In, values: [web]}", True),
        ("{key: team, operator: In, values: [x]}", False),
        ("{key: team, operator: NotIn, values: [web]}", False),
        ("{key: x, operator: NotIn, values: [web]}", True),
        ("{key: team, operator: Exists}", True),
        ("{key: team, operator: DoesNotExist}", False),
        ("{key: team, operator: Unknown}", False),
    ],
)
def test_selectors_hold_as_those_of_kubernetes(expression: str, works: bool) -> None:
    selector = automation(f"policySelector: {{matchExpressions: [{expression}]}}")
    (checked,) = check_markers(tree(automation=selector))
    assert checked.works is works


def test_a_repository_of_another_namespace_must_let_the_policy_in() -> None:
    there = REPOSITORY.replace("namespace: ns", "namespace: images")
    policy = POLICY.replace("{name: app}", "{name: app, namespace: images}")
    assert codes(tree(repository=there, policy=policy)) == ["no-repository"]
    selected = ", accessFrom: {namespaceSelectors: [{matchLabels: {team: web}}]}}"
    open_to = there.replace(", interval: 5m}", selected)
    assert codes(tree(repository=open_to, policy=policy)) == ["no-repository"]
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {team: web}}\n"
    assert codes(tree(repository=open_to, policy=policy, namespace=namespace)) == []


def test_a_kustomization_gives_the_namespace_of_objects_that_name_none() -> None:
    policy = POLICY.replace(", namespace: ns", "")
    assert codes(tree(policy=policy)) == ["no-policy"]
    files = tree(policy=policy)
    assert codes({**files, "flux/kustomization.yaml": "namespace: ns\n"}) == []
    assert codes({**files, "flux/kustomization.yaml": "kind: Kustomization\nspec: {namespace: ns}\n"}) == [
        "no-policy"
    ]


def test_a_digest_is_written_where_the_policy_reflects_it() -> None:
    policy = POLICY.replace(
        "{imageRepositoryRef", "{digestReflectionPolicy: IfNotPresent, imageRepositoryRef"
    )
    assert codes(tree(policy=policy, workload=f'digest: "" # {MARKER[:-2]}:digest"}}\n')) == []


def test_markers_of_real_repositories_are_told_apart(shared: Path) -> None:
    seen = unseen = 0
    for path in sorted((shared / "corpus").rglob("*.yaml")):
        for marker in find_markers(path.read_text("utf-8")):
            seen += marker.seen
            unseen += not marker.seen
            if not marker.seen:
                assert marker.reason == "no-such-form", path
    assert (seen, unseen) == (54, 1)


@pytest.mark.parametrize("text", ["? [a, b]\n: c", "? {a: b}\n: c", "{[a]: b, {c: d}: e}"])
def test_keys_that_are_collections_stop_nothing(text: str) -> None:
    marked = f'{text} # {{"$imagepolicy": "ns:app"}}\n'
    assert len(find_markers(marked)) == len(check_markers({"a.yaml": marked})) == 1
