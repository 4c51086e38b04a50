"""Configurations and variables of kustomizations: as the real kustomize follows them, also over releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree, PatchUse
from fluxv2_migrate.releases.configured_fields import Naming, edits_of_configuration
from fluxv2_migrate.releases.patched import HeldBack
from patched_overlays import CHART, Files, hold_commuting, release
from real_kustomize import build_all, difference, write_tree

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: site, namespace: shop}\ndata: {host: a.example}\n"
VALUES = "  valuesFrom:\n  - configMapKeyRef: {name: site}\n"
GENERATOR = "GeneratorFIELD:\n- name: site\n  namespace: shop\n  literals: [values.yaml=a]\n"
MAPS, SECRETS = (GENERATOR.replace("GeneratorFIELD", f"{each}Generator") for each in ("configMap", "secret"))
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app, namespace: shop, annotations: {a: $(V)}}\n"
    "spec: {template: {spec: {containers: [{name: c, image: x, args: [$(V), $$(V), $(W)x]}]}}}\n"
)


def reference(path: str, kind: str = "ConfigMap") -> str:
    return f"nameReference:\n- kind: {kind}\n  fieldSpecs:\n  - path: {path}\n    kind: HelmRelease\n"


def variable(name: str, kind: str, path: str = "", api: str = "v1", of: str = "site") -> str:
    field = f"  fieldref: {{fieldpath: {path}}}\n" if path else ""
    return f"- name: {name}\n  objref: {{kind: {kind}, name: {of}, apiVersion: {api}}}\n{field}"


def tree(fields: str, configuration: str = "", spec: str = "", **more: str) -> Files:
    listed = "configurations: [fields.yaml]\n" if configuration else ""
    files: Files = {
        "prod/kustomization.yaml": f"resources: [web.yaml{''.join(f', {each}.yaml' for each in more)}]\n"
        f"{listed}{fields}",
        "prod/web.yaml": release(CHART + spec),
        **{f"prod/{name}.yaml": text for name, text in more.items()},
    }
    return files | ({"prod/fields.yaml": configuration} if configuration else {})


OF_RELEASE = variable("V", "HelmRelease", "spec.chart.version", "helm.fluxcd.io/v1", "web")
FOLLOWED: dict[str, Files] = {
    "a reference to a ConfigMap": tree(MAPS, reference("spec/valuesFrom/configMapKeyRef/name"), VALUES),
    "a reference to a Secret": tree(
        SECRETS,
        reference("spec/valuesFrom/secretKeyRef/name", "Secret"),
        VALUES.replace("configMapKeyRef", "secretKeyRef"),
    ),
    "a reference in the old list of Secrets": tree(
        SECRETS,
        reference("spec/valueFileSecrets/name", "Secret").replace("    kind", "    version: v1\n    kind"),
        "  valueFileSecrets: [{name: site}]\n",
    ),
    "a reference in values": tree(MAPS, reference("spec/values/site"), "  values: {site: site}\n"),
    "a namespace": tree(
        "namespace: eu\n",
        "namespace:\n- {path: spec/targetNamespace, group: helm.fluxcd.io, create: true}\n",
    ),
    "annotations": tree(
        "commonAnnotations: {a: b}\n",
        "commonAnnotations:\n- {path: spec/values/notes, group: helm.fluxcd.io, create: true}\n",
    ),
    "images": tree(
        "images: [{name: x, newTag: '2'}]\n",
        "images: [{path: spec/values/image, kind: HelmRelease}]\n",
        "  values: {image: 'x:1'}\n",
    ),
    "a variable in a field that moves": tree(
        f"vars:\n{variable('V', 'ConfigMap', 'data.host')}",
        "varReference: [{path: spec/chart/version, kind: HelmRelease}]\n",
        config=CONFIG,
    ),
    "a variable of a field that moves": tree(f"vars:\n{OF_RELEASE}", app=DEPLOYMENT),
    "a variable of a reference": tree(
        "vars:\n" + OF_RELEASE.replace("spec.chart.version", "'spec.valuesFrom[0].configMapKeyRef.name'"),
        spec=VALUES,
        app=DEPLOYMENT,
    ),
    "a variable of a name, by group": tree(
        "vars:\n- name: V\n  objref: {group: helm.fluxcd.io, version: v1, kind: HelmRelease, name: web}\n",
        app=DEPLOYMENT,
    ),
    "a reference to a release": tree(
        "nameSuffix: -x\n",
        "nameReference:\n- kind: HelmRelease\n  group: helm.fluxcd.io\n"
        "  fieldSpecs: [{path: data/host, kind: ConfigMap}]\n",
        config=CONFIG.replace("a.example", "web"),
    ),
}
FOLLOWED["labels of fields of releases"] = tree(
    "labels:\n- pairs: {x: z}\n- pairs: {a: b}\n  fields:\n  - {path: spec/other, kind: Service}\n"
    "  - path: spec/values/labels\n    group: helm.fluxcd.io\n    version: v1\n    kind: HelmRelease\n"
    "    create: true\n"
)
FOLLOWED["a variable in a field that moves"]["prod/web.yaml"] = release(CHART.replace("1.2.3", "$(V)"))
OTHERS: dict[str, Files] = {
    "prefixes": tree(
        "namePrefix: a-\nnameSuffix: -b\n",
        "namePrefix: [{path: spec/releaseName, create: true}]\nnameSuffix: [{path: spec/releaseName}]\n",
    ),
    "labels": tree(
        "labels: [{pairs: {a: b}, includeTemplates: true}, {pairs: {c: d}, includeSelectors: true}]\n",
        "labels: [{path: spec/a, create: true}]\ntemplateLabels: [{path: spec/b, create: true}]\n"
        "commonLabels: [{path: spec/c, create: true}]\n",
    ),
    "replicas": tree(
        "replicas: [{name: web, count: 3}]\n", "replicas: [{path: spec/n, kind: HelmRelease, create: true}]\n"
    ),
    "variables everywhere": tree(
        "namePrefix: x-\nvars:\n" + variable("V", "ConfigMap") + variable("W", "ConfigMap", "data.host"),
        "varReference: [{path: spec/values}, {path: spec/values/l}, {path: spec/values/none}]\n",
        "  values: {a: $(V)$(U), n: 1, l: [$(W)], none: null}\n",
        config=CONFIG,
        app=DEPLOYMENT,
    ),
    "a variable of a number": tree(
        "vars:\n" + OF_RELEASE.replace("chart.version", "timeout"),
        "varReference: [{path: spec/values}]\n",
        "  timeout: 60\n  values: {a: $(V), b: $(V)s}\n",
    ),
    "a variable in a list of mappings": tree(
        f"vars:\n{variable('V', 'ConfigMap')}",
        "varReference: [{path: spec/values/l}]\n",
        "  values: {l: [[1]]}\n",
        config=CONFIG,
    ),
    "a variable without an object": tree(f"vars:\n{variable('V', 'ConfigMap')}"),
    "a variable without its field": tree(f"vars:\n{variable('V', 'ConfigMap', 'data.none')}", config=CONFIG),
    "a variable of a mapping": tree(f"vars:\n{variable('V', 'ConfigMap', 'data')}", config=CONFIG),
    "a variable of two kinds of text": tree(
        f"vars:\n{variable('V', 'ConfigMap')}",
        "varReference: [{path: spec/values}, {path: spec/timeout}]\n",
        "  timeout: 60\n  values: {a: b}\n",
        config=CONFIG,
    ),
    "a variable twice": tree(f"vars:\n{variable('V', 'ConfigMap') * 2}", config=CONFIG),
    "a variable of one of two": tree(
        f"vars:\n{variable('V', 'ConfigMap')}", config=f"{CONFIG}---\n{CONFIG.replace('shop', 'other')}"
    ),
    "no such file": tree("configurations: [none.yaml]\n"),
    "an unknown field": tree("", "others: []\n"),
    "an unknown field of a path": tree("", "images: [{path: spec/image, kindly: A}]\n"),
    "a list": tree("", "- images\n"),
    "nothing": tree("", "# nothing\n"),
    "created by one alone": tree("", "commonLabels: [{path: metadata/labels}]\n"),
    "of a base": {
        "base/kustomization.yaml": "resources: [web.yaml]\nconfigurations: [fields.yaml]\n",
        "base/fields.yaml": "namePrefix: [{path: spec/releaseName}]\n",
        "base/web.yaml": release(f"{CHART}  releaseName: own\n"),
        "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: eu-\n",
    },
}


def test_they_are_followed_as_by_the_real_kustomize(tmp_path: Path) -> None:
    everything = FOLLOWED | OTHERS
    for number, files in enumerate(everything.values()):
        write_tree(files, tmp_path / str(number))
    reals = build_all(tmp_path / str(number) / "prod" for number in range(len(everything)))
    for (name, files), real in zip(everything.items(), reals, strict=True):
        assert difference(real, KustomizeTree(files).build("prod")) == "", name


@pytest.mark.parametrize("name", sorted(FOLLOWED))
def test_releases_are_migrated_with_them(name: str, tmp_path: Path) -> None:
    files = FOLLOWED[name]
    if "Suffix" in str(files["prod/kustomization.yaml"]):
        # Under a suffix of its own sync path no source has a place.
        files = files | {"all/kustomization.yaml": "resources: [../prod]\n"}
        assert hold_commuting(files, ("all",), tmp_path) == (1, 0)
        return
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


@pytest.mark.parametrize(
    "files",
    [
        # One path reaches both lists in Flux v2, and the hash of the one would go to the other.
        tree(
            MAPS + SECRETS,
            reference("spec/valuesFrom/configMapKeyRef/name")
            + reference("spec/valuesFrom/secretKeyRef/name", "Secret").partition("\n")[2],
            VALUES + "  - secretKeyRef: {name: site}\n",
        ),
        tree(MAPS, reference("spec/chart/repository"), VALUES)
        | {"prod/web.yaml": release(CHART.replace("https://charts.example.com", "site"))},
        tree(MAPS, reference("spec/valuesFrom/configMapKeyRef/name").rpartition("    kind")[0], VALUES),
        tree("vars:\n" + OF_RELEASE.replace("chart.version", "timeout"), "", "  timeout: 60\n"),
        tree("labels:\n- pairs: {name: web}\n  fields:\n  - {path: spec/chart, kind: HelmRelease}\n"),
    ],
)
def test_what_no_path_can_say_holds_the_release_back(files: Files) -> None:
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    assert not migration.ok


def test_a_variable_of_a_mapping_that_is_used_is_no_build() -> None:
    files = tree(f"vars:\n{variable('V', 'ConfigMap', 'data')}", config=CONFIG, app=DEPLOYMENT)
    assert [each.kind for each in KustomizeTree(files).build("prod").problems] == ["transformer"]


def test_a_reference_to_a_release_follows_its_name_afterwards(tmp_path: Path) -> None:
    files = FOLLOWED["a reference to a release"] | {"all/kustomization.yaml": "resources: [../prod]\n"}
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("all",)))
    write_tree(migration.files, tmp_path)
    (built,) = build_all([tmp_path / "all"])
    assert [each["data"]["host"] for each in built.objects if each["kind"] == "ConfigMap"] == ["web-x"]


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        ("spec/valuesFrom/externalSourceRef/url", {"valuesFrom": [{"externalSourceRef": {"url": "x"}}]}),
        ("spec/timeout", {"timeout": 60}),
    ],
)
def test_a_field_that_a_release_has_and_flux_2_has_not_holds_back(path: str, spec: dict[str, Any]) -> None:
    files = {"fields.yaml": f"commonLabels: [{{path: {path}, kind: HelmRelease}}, {{kind: HelmRelease}}]\n"}
    use = PatchUse("kustomization.yaml", "configurations", 0, "fields.yaml", 0, "configuration")
    with pytest.raises(HeldBack):
        list(edits_of_configuration(Naming(use, KustomizeTree(files), "v2", [{"spec": spec}], {})))
    assert not list(edits_of_configuration(Naming(use, KustomizeTree(files), "v2", [{"spec": {}}], {})))


def test_a_path_that_no_release_has_stays() -> None:
    files = tree(
        MAPS,
        reference("spec/valuesFrom/configMapKeyRef/name") + "  - {path: spec/unknown, kind: HelmRelease}\n",
        VALUES,
    )
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert migration.ok
    assert "path: spec/valuesFrom/name\n" in migration.changed["prod/fields.yaml"]
    assert "spec/unknown" in migration.changed["prod/fields.yaml"]
