"""Migrated repositories in which mistakes are made: small ones that hold all there is, and real trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fluxv2_migrate as fm
from manifest_texts import workload_text
from reference_trees import read_tree
from test_settled_trees import SETTLED

__all__ = ["SYNC", "Migrated", "repositories"]

Files = dict[str, str | bytes]


@dataclass(frozen=True)
class Migrated:
    """A repository and its migration.

    Attributes:
        name: of it.
        before: the files of Flux v1.
        after: those of Flux v2.
        options: of the migration.
        declared: what differs as the findings say.
        roots: the sync paths.
    """

    name: str
    before: Files
    after: Files
    options: fm.MigrationOptions
    declared: Mapping[tuple[str, str], Mapping[str, Any]]
    roots: tuple[str, ...]

    def counts(self, path: str) -> bool:
        """Gives whether a file is part of what Flux applies, or says what is."""
        return path.startswith("clusters/") or any(path.startswith(root) for root in self.roots)

    @property
    def synced(self) -> tuple[str, ...]:
        """The sync paths, and where Kustomizations stand."""
        return (*(root for root in self.roots if root not in ("base/", "slow/")), "clusters")

    @property
    def plain_folders(self) -> tuple[str, ...]:
        """The sync paths of which every file is applied."""
        return tuple(root for root in self.roots if f"{root}kustomization.yaml" not in self.after)


def _release(name: str, spec: str, namespace: str = "shop") -> str:
    return (
        f"apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: {name}\n"
        f"  namespace: {namespace}\nspec:\n  helmVersion: v3\n  releaseName: {name}-live\n{spec}"
    )


_HELM = "  chart:\n    repository: https://charts.example.com\n    name: {}\n    version: 1.2.3\n"
_GIT = "  chart:\n    git: ssh://git@git.example.com/charts\n    ref: main\n    path: charts/db\n"
_WORKLOAD = workload_text(
    'fluxcd.io/automated: "{automated}"',
    "fluxcd.io/tag.{name}: {pattern}",
    name="{name}",
    container="{name}",
    image="registry.example.com/shop/{name}:{tag}",
)
SYNC = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  interval: 10m
  path: ./apps
  prune: false
  decryption: {provider: sops}
  sourceRef: {kind: GitRepository, name: flux-system}
"""
_SOURCE = """apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec:
  interval: 1m
  ref: {branch: main}
  secretRef: {name: flux-system}
  url: ssh://git@git.example.com/config
"""


def _config_map(name: str, namespace: str, annotation: str = "") -> str:
    annotations = f"  annotations:\n    {annotation}\n" if annotation else ""
    metadata = f"metadata:\n  name: {name}\n  namespace: {namespace}\n{annotations}"
    return f"apiVersion: v1\nkind: ConfigMap\n{metadata}data:\n  values.yaml: |\n    a: 1\n"


PLAIN: Files = {
    "apps/web.yaml": _release(
        "web", _HELM.format("web") + '  values:\n    replicas: 2\n    host: a.example.com\n    on: "1"\n'
    ),
    "apps/db.yaml": _release(
        "db",
        _GIT + "  timeout: 60\n  targetNamespace: data\n  rollback:\n    enable: true\n    retry: true\n"
        "  valuesFrom:\n  - configMapKeyRef:\n      name: extra\n      optional: true\n"
        "  - secretKeyRef:\n      name: secret\n      key: db.yaml\n",
    ),
    "apps/mail.yaml": _release(
        "mail", _HELM.format("mail") + "  forceUpgrade: true\n  skipCRDs: true\n  wait: true\n"
    ),
    "apps/api.yaml": _WORKLOAD.format(name="api", automated="true", pattern="semver:~1.4", tag="1.4.2"),
    "apps/pulled.yaml": _WORKLOAD.format(name="pulled", automated="true", pattern="semver:~1.4", tag="1.4.2")
    + "      imagePullSecrets:\n      - name: registry\n",
    "apps/job.yaml": _WORKLOAD.format(
        name="job", automated="true", pattern="glob:main-*", tag="main-3f1c2ab-1602225929"
    ),
    "apps/held.yaml": _WORKLOAD.format(name="held", automated="false", pattern="semver:~1.4", tag="1.4.2"),
    "apps/shop.yaml": _release(
        "shop",
        _HELM.format("shop")
        + "  values:\n    image:\n      repository: registry.example.com/shop/shop\n      tag: 2.0.1\n",
    ).replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations:\n    fluxcd.io/automated: 'true'\n"
        "    fluxcd.io/tag.chart-image: semver:^2\n",
        1,
    ),
    "apps/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n",
    "apps/secret.yaml": (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: secret\n  namespace: data\n"
        "stringData:\n  db.yaml: |\n    b: 1\n"
    ),
    "apps/extra.yaml": _config_map("extra", "data"),
    "apps/ignored.yaml": _config_map("ignored", "shop", 'fluxcd.io/ignore: "true"'),
    "more/spared.yaml": _config_map("spared", "shop", "fluxcd.io/ignore: sync_only"),
    "more/other.yaml": _WORKLOAD.format(name="other", automated="false", pattern="glob:*", tag="1.0.0"),
    "demo/shown.yaml": _config_map("shown", "demo"),
    "clusters/main/apps.yaml": SYNC,
    "clusters/main/more.yaml": SYNC.replace("apps", "more"),
    "clusters/main/source.yaml": _SOURCE,
}
OVERLAY: Files = {
    "base/kustomization.yaml": "resources:\n- web.yaml\n- api.yaml\n",
    "base/web.yaml": _release("web", _HELM.format("web") + "  values:\n    replicas: 2\n"),
    "base/api.yaml": PLAIN["apps/api.yaml"],
    "prod/kustomization.yaml": "resources:\n- ../base\n- own.yaml\npatches:\n- path: more.yaml\n",
    "prod/own.yaml": _release("own", _HELM.format("own")),
    "prod/more.yaml": (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: web\n  namespace: shop\n"
        "spec:\n  values:\n    replicas: 4\n"
    ),
}
_PATCH = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: {}\n  namespace: shop\n"
_IMAGE = "  values:\n    image:\n      repository: registry.example.com/shop/{}\n      tag: {}\n"
_FILTERED = "  annotations:\n    fluxcd.io/automated: 'true'\n    filter.fluxcd.io/chart-image: semver:{}\n"
_PUT_OVER = """\
  patches:
  - patch: |-
      - op: add
        path: /spec/timeout
        value: 900
    target: {kind: HelmRelease, name: own}
"""
FLEET: Files = {
    "base/kustomization.yaml": "resources:\n- web.yaml\n- own.yaml\n- api.yaml\n- held.yaml\n",
    "base/web.yaml": _release("web", _HELM.format("web") + _IMAGE.format("web", "1.2.3")).replace(
        "spec:\n", f"{_FILTERED.format('~1')}spec:\n", 1
    ),
    "base/own.yaml": _release("own", _HELM.format("own") + _IMAGE.format("own", "1.0.0")),
    "base/api.yaml": PLAIN["apps/api.yaml"],
    "base/held.yaml": PLAIN["apps/held.yaml"],
    "slow/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    "patches:\n- path: slow.yaml\n  target:\n    kind: HelmRelease\n",
    "slow/slow.yaml": f"{_PATCH.format('any')}spec:\n  timeout: 600\n",
    "eu/kustomization.yaml": "resources:\n- ../base\n- facts.yaml\nnamePrefix: eu-\npatchesStrategicMerge:\n"
    "- web.yaml\nimages:\n- name: registry.example.com/shop/held\n  newTag: 1.4.5\n"
    "replacements:\n- source:\n    kind: ConfigMap\n    name: facts\n    fieldPath: data.replicas\n"
    "  targets:\n  - select:\n      kind: HelmRelease\n      name: own\n    fieldPaths:\n"
    "    - spec.values.replicas\n    options:\n      create: true\n",
    "eu/facts.yaml": _config_map("facts", "shop").replace(
        "  values.yaml: |\n    a: 1\n", '  replicas: "2"\n'
    ),
    "eu/web.yaml": f"{_PATCH.format('web')}{_FILTERED.format('~2')}spec:\n"
    "  values:\n    image:\n      tag: 2.0.1\n",
    "us/kustomization.yaml": "resources:\n- ../base\ncomponents:\n- ../slow\npatches:\n- path: web.yaml\n"
    "- patch: |-\n    - op: replace\n      path: /spec/chart/version\n      value: 2.2.2\n"
    "  target:\n    group: helm.fluxcd.io\n    kind: HelmRelease\n    name: own\n",
    "us/web.yaml": f"{_PATCH.format('web')}spec:\n  chart:\n    repository: https://mirror.example.com\n",
    "clusters/eu/eu.yaml": SYNC.replace("apps", "eu"),
    "clusters/us/us.yaml": SYNC.replace("apps", "us") + _PUT_OVER,
    "clusters/eu/source.yaml": _SOURCE,
    "clusters/us/source.yaml": _SOURCE,
}
_MAIN = fm.Cluster(
    name="main",
    sync_paths=("apps", "more"),
    branch="main",
    fluxd=fm.Fluxd(git_url="ssh://git@git.example.com/config", sops=True),
)


def _migrated(name: str, files: Files, options: fm.MigrationOptions, roots: tuple[str, ...]) -> Migrated:
    migration = fm.migrate_repository(files, options)
    assert migration.ok, [each for each in migration.findings if each.severity == "error"]
    return Migrated(name, files, dict(migration.files), options, migration.declared, roots)


@cache
def _small() -> tuple[Migrated, ...]:
    return (
        _migrated("plain", PLAIN, fm.MigrationOptions(clusters=(_MAIN,)), ("apps/", "more/")),
        _migrated("overlay", OVERLAY, fm.MigrationOptions(sync_roots=("prod",)), ("base/", "prod/")),
        _migrated("fleet", FLEET, fm.MigrationOptions(), ("base/", "eu/", "slow/", "us/")),
    )


@cache
def _real(shared: Path) -> tuple[Migrated, ...]:
    found: list[Migrated] = []
    for name in ("helm-operator-get-started", "get-started", "homelab"):
        files = read_tree(shared / "corpus" / name / "v1")
        SETTLED[name].edit(files)
        answers = fm.migrate_repository(files).answers()
        options = fm.MigrationOptions.model_validate({"overrides": answers})
        found.append(_migrated(name, files, options, ("",)))
    return tuple(found)


def repositories(shared: Path | None) -> tuple[Migrated, ...]:
    """Gives small repositories, and with them real trees where these are.

    Args:
        shared: where real trees are.
    """
    return (*_small(), *(() if shared is None else _real(shared)))
