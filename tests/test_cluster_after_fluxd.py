"""What a cluster has after the cut-over: all that its fluxd applied, and nothing that nobody made for it.

Both sides are told by others than the library: fluxd's by a plain walk and the real kustomize, the other one
by the Kustomizations in the files, built by the real kustomize as kustomize-controller builds.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import Phase, assume, given, settings

import fluxv2_migrate as fm
from command_lines import parse
from fluxv2_migrate.testing import GeneratedRepository, repositories
from reference_trees import LOADER, documents_of, read_tree
from test_applied_sets import Object, applied_by_fluxd, artifact, identity, real
from test_flux1_leaves import FETCHED, Files, fluxd, operator, release

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {a: b}\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
CHART = (
    "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\nspec:\n"
    "  releaseName: flux\n  chart: {repository: https://charts.fluxcd.io, name: flux, version: 1.13.3}\n"
    "  values:\n    git: {url: 'git@git.example.com:acme/fleet', path: 'prod,infra'}\n"
    "    manifestGeneration: true\n    syncGarbageCollection: {enabled: true}\n"
)


def generate(*commands: str) -> str:
    generators = [{"command": command} for command in commands]
    return yaml.safe_dump({"version": 1, "commandUpdated": {"generators": generators}})


TREES: dict[str, Files] = {
    "plain files": {
        "prod/flux.yaml": fluxd("--git-path=prod"),
        "prod/op/operator.yaml": operator(),
        "prod/all.yaml": f"{NAMESPACE}---\n{CONFIG}---\n{release()}",
    },
    "several paths of a chart's fluxd": {
        "prod/flux.yaml": CHART,
        "prod/web.yaml": release(),
        "infra/kustomization.yaml": "namespace: dns\nresources: [dns.yaml, settings.yaml]\n",
        "infra/.flux.yaml": generate("kustomize build ."),
        "infra/dns.yaml": release("dns"),
        "infra/settings.yaml": CONFIG,
    },
    "several builds": {
        "flux/flux.yaml": fluxd("--git-path=prod", "--manifest-generation"),
        "prod/.flux.yaml": generate("kustomize build ../apps", "kustomize build ../infra"),
        "apps/kustomization.yaml": "resources: [web.yaml, ../base]\n",
        "apps/web.yaml": release(),
        "base/kustomization.yaml": "resources: [settings.yaml]\nnameSuffix: -base\n",
        "base/settings.yaml": CONFIG,
        "infra/kustomization.yaml": "resources: [dns.yaml]\n",
        "infra/dns.yaml": release("dns"),
    },
    "a fluxd that is fetched": {
        "prod/.flux.yaml": generate("kustomize build ."),
        "prod/kustomization.yaml": "resources: [flux, web.yaml, settings.yaml]\n",
        "prod/flux/kustomization.yaml": (
            f"resources: ['{FETCHED}']\npatches:\n- target: {{kind: Deployment, name: flux}}\n  patch: |\n"
            "    - op: add\n      path: /spec/template/spec/containers/0/args\n      value:\n"
            "      - --git-url=git@git.example.com:acme/fleet\n      - --git-path=prod\n"
            "      - --manifest-generation\n"
        ),
        "prod/web.yaml": release(),
        "prod/settings.yaml": CONFIG,
    },
    "two clusters that share a path": {
        **{f"flux/{name}.yaml": fluxd(f"--git-path=common,{name}", namespace=name) for name in ("eu", "us")},
        "common/web.yaml": release(),
        "common/settings.yaml": CONFIG,
        "eu/api.yaml": release("api"),
        "us/api.yaml": release("api"),
    },
    "a path that is built and one that is read": {
        "prod/flux.yaml": fluxd("--git-path=prod,apps", "--manifest-generation"),
        "prod/web.yaml": release(),
        "apps/.flux.yaml": generate("kustomize build ."),
        "apps/kustomization.yaml": "resources: [api.yaml]\nnamespace: shop\n",
        "apps/api.yaml": release("api"),
        "apps/attic/settings.yaml": CONFIG,
    },
}


def is_of_flux1(each: Object) -> bool:
    return (each[0], each[2]) in {
        ("Deployment", "flux"),
        ("Deployment", "helm-operator"),
        ("HelmRelease", "flux"),
        ("Deployment", "memcached"),
        ("Service", "memcached"),
    }


def syncs_of(migration: fm.Migration, cluster: fm.Cluster) -> list[tuple[str, str]]:
    """Names and paths of the Kustomizations that a cluster gets: in Git, or by commands of the runbook."""
    is_alone = len(migration.context.clusters) == 1
    others = [each.sync_paths for each in migration.context.clusters if each.name != cluster.name]
    own = [path for path in cluster.sync_paths if not any(path in each for each in others)]
    found = [
        (document["metadata"]["name"], document["spec"]["path"])
        for path, text in migration.created.items()
        if is_alone or any(path.startswith(f"{each}/") for each in own or cluster.sync_paths)
        for document in yaml.load_all(text, LOADER)
        if str(document.get("apiVersion")).startswith("kustomize.toolkit")
    ]
    commands = [command for step in migration.runbook().steps for command in step.commands]
    for command in commands:
        if " create kustomization " in command:
            line = parse(shlex.split(command.partition(">>")[0]))
            if is_alone or line.flags["context"] == cluster.name:
                found.append((line.words[0], line.flags["path"]))
    return found


def named_in(files: Mapping[str, str | bytes]) -> set[Object]:
    """The objects that stand in files."""
    return {identity(each) for _, each in documents_of(files) if (each.get("metadata") or {}).get("name")}


def hold_clusters(files: Files, migration: fm.Migration) -> None:
    """Holds that each cluster has what its fluxd applied, less Flux v1, and what was made for it."""
    made = named_in(migration.created) | (named_in(migration.changed) - named_in(files))
    with real(files) as before, real(artifact(migration.files)) as after:
        for cluster in migration.context.as_clusters():
            was = {each for path in cluster.sync_paths for each in applied_by_fluxd(before, path)}
            syncs = syncs_of(migration, cluster)
            assert len({name for name, _ in syncs}) == len(syncs)
            now = [each for _, path in syncs for each in after.apply(posixpath.normpath(path))]
            assert len(now) == len(set(now))
            assert {each for each in was if not is_of_flux1(each)} <= set(now)
            # What builds a path may give all that is in it a namespace, and more to its name.
            for kind, _, name in set(now) - was:
                assert any(kind == each[0] and each[2] in name for each in made), (kind, name)


@pytest.mark.parametrize("name", sorted(TREES))
def test_a_cluster_has_what_its_fluxd_applied_and_what_was_made_for_it(name: str) -> None:
    files = TREES[name]
    migration = fm.migrate_repository(files)
    assert migration.ok
    # What is fetched nobody builds here.
    local = {path: str(text).replace(f"'{FETCHED}'", "") for path, text in files.items()}
    local = {
        path: text.partition("patches:")[0] if "resources: []" in text else text
        for path, text in local.items()
    }
    hold_clusters(dict(local), migration)


EXAMPLE = Path(__file__).parents[1] / "examples/two-clusters"


def test_the_clusters_of_the_example_have_what_their_fluxds_applied() -> None:
    files = read_tree(EXAMPLE)
    hold_clusters(files, fm.migrate_repository(files))


def test_the_cluster_of_a_real_tree_has_what_its_fluxd_applied(shared: Path) -> None:
    files = read_tree(shared / "corpus/multi-tenancy/v1")
    hold_clusters(files, fm.migrate_repository(files))


@given(repository=repositories())
@settings(max_examples=15, phases=[Phase.reuse, Phase.generate])
def test_clusters_of_generated_trees_have_what_their_fluxds_applied(
    repository: GeneratedRepository,
) -> None:
    assume(all(each.read != "flux2" for each in repository.clusters))
    files: Files = dict(repository.files)
    for number, cluster in enumerate(repository.clusters):
        name = f"flux-{number}"
        arguments = [f"--git-path={cluster.path}"]
        arguments += ["--manifest-generation"] if cluster.read == "kustomize" else []
        files[f"flux/{name}.yaml"] = fluxd(*arguments, namespace=name)
    options = {
        key: value for key, value in repository.options.items() if key not in ("clusters", "sync_roots")
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
    assume(not any(each.severity == "error" for each in migration.findings))
    hold_clusters(files, migration)


@pytest.mark.parametrize("name", [*sorted(TREES), "the example"])
def test_a_cluster_needs_nothing_that_nobody_makes(name: str) -> None:
    migration = fm.migrate_repository(TREES.get(name) or read_tree(EXAMPLE))
    objects = [
        document
        for path, text in migration.files.items()
        if path.endswith(".yaml")
        for document in yaml.load_all(text, LOADER)
        if isinstance(document, dict) and (document.get("metadata") or {}).get("name")
    ]
    known = {identity(each) for each in objects}
    needed = {(each.namespace, each.name) for each in migration.prerequisites}
    told = migration.runbook().to_markdown()
    for each in objects:
        spec = each.get("spec") or {}
        namespace = each.get("metadata", {}).get("namespace", "")
        chart = ((spec.get("chart") or {}).get("spec") or {}).get("sourceRef")
        for reference in filter(None, (spec.get("sourceRef"), chart)):
            if "kind" not in reference:
                # A patch says what is not the same.
                continue
            place = (reference["kind"], reference.get("namespace", namespace), reference["name"])
            assert place in known
        if ".toolkit.fluxcd.io/" in str(each.get("apiVersion")):
            secrets = [spec.get("secretRef"), (spec.get("decryption") or {}).get("secretRef")]
            for secret in filter(None, secrets):
                assert (namespace, secret["name"]) in needed
                made = rf"secret (git|generic) {secret['name']} |name: \"{secret['name']}\""
                assert re.search(made, told)
