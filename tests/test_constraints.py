"""What is written is held against the definitions of each Flux release, all of what they ask included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS, constraints, preferred_api_version
from fluxv2_migrate.flux2.constraints import CONSTRAINTS, Constraint, refused_fields
from reference_trees import definitions_of, refusals

RULES = {
    *("required", "pattern", "enum", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"),
    *("multipleOf", "uniqueItems", "minProperties", "maxProperties", "oneOf", "anyOf", "allOf", "not"),
}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def asked(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    for rule in RULES & schema.keys():
        value = schema[rule]
        if rule == "anyOf" and "x-kubernetes-int-or-string" in schema:
            continue
        yield (
            path,
            rule,
            repr(tuple(sorted(value) if rule == "required" else value) if isinstance(value, list) else value),
        )
    for name, part in schema.get("properties", {}).items():
        yield from asked(part, f"{path}.{name}")
    if "items" in schema:
        yield from asked(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from asked(schema["additionalProperties"], f"{path}.*")


@pytest.mark.parametrize("flux_version", FLUX_VERSIONS)
def test_the_constraints_are_those_of_the_definitions(shared: Path, flux_version: Any) -> None:
    kinds = 0
    for file in sorted(definitions_of(shared, flux_version).glob("*.yaml")):
        for definition in yaml.load_all(file.read_text("utf-8"), LOADER):
            kind: Any = definition["spec"]["names"]["kind"]
            if kind not in CONSTRAINTS:
                continue
            api = preferred_api_version(kind, flux_version).partition("/")[2]
            (version,) = (each for each in definition["spec"]["versions"] if each["name"] == api)
            spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
            ours = {
                (each.field, each.rule, repr(each.value))
                for each in CONSTRAINTS[kind]
                if each.holds_in(flux_version)
            }
            assert ours == set(asked(spec, "spec")), kind
            kinds += 1
    assert kinds == len(CONSTRAINTS)


def test_every_kind_that_is_written_has_its_constraints() -> None:
    files = {"a.yaml": "apiVersion: apps/v1\nkind: Deployment\n"}
    assert set(CONSTRAINTS) >= {each.manifest["kind"] for each in fm.migrate_repository(files).manifests}
    assert set(CONSTRAINTS) == {
        *("HelmRelease", "HelmRepository", "GitRepository"),
        *("ImageRepository", "ImagePolicy", "ImageUpdateAutomation", "Kustomization"),
    }


SPEC: dict[str, Any] = {"interval": "10m", "url": "https://git.example.com/acme/web"}


@pytest.mark.parametrize("flux_version", ["2.0", "2.4", "2.9"])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"url": ""}, "spec.url"),
        ({"url": "git@git.example.com:acme/web"}, "spec.url"),
        ({"url": None}, "spec"),
        ({"interval": "soon"}, "spec.interval"),
        ({"secretRef": {}}, "spec.secretRef"),
        ({"verify": {"mode": "none", "secretRef": {"name": "a"}}}, "spec.verify.mode"),
        ({"include": [{"repository": {"name": "a"}}, {}]}, "spec.include[1]"),
        ({"include": "none"}, None),
    ],
)
def test_a_source_is_refused_as_its_definition_says(
    shared: Path, change: dict[str, Any], field: str | None, flux_version: Any
) -> None:
    manifest = {
        "apiVersion": preferred_api_version("GitRepository", flux_version),
        "kind": "GitRepository",
        "metadata": {"name": "web", "namespace": "flux-system"},
        "spec": {key: value for key, value in {**SPEC, **change}.items() if value is not None},
    }
    found = [each for each, _ in refused_fields(manifest, flux_version)]
    assert found == ([] if field is None else [field])
    if change != {"include": "none"}:
        # A wrong type is the model's concern.
        assert bool(refusals(definitions_of(shared, flux_version), manifest)) is bool(found)


def test_lengths_words_and_missing_fields_have_their_reasons() -> None:
    release = {
        "kind": "HelmRelease",
        "spec": {"interval": "5m", "releaseName": "", "targetNamespace": "a" * 64},
    }
    assert refused_fields(release, "2.9") == (
        ("spec.releaseName", "breaks minLength 1"),
        ("spec.targetNamespace", "breaks maxLength 63"),
    )
    assert refused_fields({**release, "spec": {"interval": "5m", "install": {"crds": "No"}}}, "2.3") == (
        ("spec.install.crds", "is none of Skip, Create, CreateReplace"),
    )
    assert ("spec", "lacks chart") in refused_fields(
        {"kind": "HelmRelease", "spec": {"interval": "5m"}}, "2.0"
    )
    assert refused_fields({"kind": "ConfigMap", "spec": {}}, "2.9") == ()
    assert not Constraint("spec.x", "maxItems", 1).refuses(2)
    assert Constraint("spec.x", "maxItems", 1).refuses([1, 2])


def test_a_release_that_would_be_refused_stays_as_it_is() -> None:
    text = (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n"
        "  helmVersion: v3\n  chart: {repository: 'https://charts.example.com', name: web, version: 1.2.3}\n"
        f"  releaseName: web\n  targetNamespace: {'a' * 64}\n"
    )
    migration = fm.migrate_repository({"a.yaml": text})
    assert [each.code for each in migration.findings if each.severity == "error"] == ["RP042"]
    assert migration.files == {"a.yaml": text}
    corrected = fm.migrate_repository({"a.yaml": text.replace("a" * 64, "a" * 63)})
    assert corrected.ok


def test_a_generated_object_that_would_be_refused_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """No way to one is known; the check is there for the ways that nobody knows."""
    monkeypatch.setitem(dict_of(CONSTRAINTS), "HelmRepository", (Constraint("spec.url", "maxLength", 9),))
    # What is kept of the table by then is not this one.
    monkeypatch.setattr(constraints, "_holding", constraints._holding.__wrapped__)
    text = (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n"
        "  helmVersion: v3\n  chart: {repository: 'https://charts.example.com', name: web, version: 1.2.3}\n"
    )
    (told,) = (each for each in fm.migrate_repository({"a.yaml": text}).findings if each.code == "RP042")
    assert told.path == "sources/example.yaml"
    assert told.message == "spec.url of HelmRepository flux-system/example breaks maxLength 9"


def dict_of(table: Any) -> dict[str, Any]:
    assert isinstance(table, dict)
    return table


TEAMS = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {name}
  annotations: {{fluxcd.io/automated: "true", fluxcd.io/tag.app: "semver:~1.4"}}
spec:
  template:
    spec:
      containers:
      - name: app
        image: registry.example.com/acme/web:1.4.7
"""


def test_each_cluster_is_asked_once_for_the_url_of_its_repository() -> None:
    folders = ("eu", "us")
    files = {f"{each}/{name}.yaml": TEAMS.format(name=name) for each in folders for name in ("shop", "pay")}
    clusters = tuple(fm.Cluster(name=each, sync_paths=(each,)) for each in folders)
    options = fm.MigrationOptions(
        clusters=clusters, images=fm.Placement(namespace="release"), cross_namespace_refs=False
    )
    asked = fm.migrate_repository(files, options)
    assert asked.files == files
    found = [(each.path, len(each.related)) for each in asked.findings if each.severity == "error"]
    assert found == [("eu/pay.yaml", 1), ("us/pay.yaml", 1)]
    answers = [{"cluster": each, "git_url": ""} for each in folders]
    assert asked.answers() == answers
    given = fm.Override(cluster="eu", git_url="git@git.example.com:acme/fleet")
    settled = fm.migrate_repository(files, options.model_copy(update={"overrides": (given,)}))
    assert [each.path for each in settled.findings if each.code == "RP041"] == ["us/pay.yaml"]
    assert set(settled.changed) == {"eu/pay.yaml", "eu/shop.yaml"}
    urls = {
        each.manifest["metadata"]["namespace"]: each.manifest["spec"]["url"]
        for each in settled.manifests
        if each.manifest["kind"] == "GitRepository"
    }
    # The answer is that of the sync, too.
    assert urls == dict.fromkeys(("flux-system", "pay", "shop"), "ssh://git@git.example.com/acme/fleet")
