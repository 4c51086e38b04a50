"""Repositories of any size, in the shapes that people have: what the benchmarks measure."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

from fluxv2_migrate import Cluster, MigrationOptions

__all__ = ["GROWING", "Repository", "overlays", "plain", "real_repositories"]

Repository = tuple[Mapping[str, str | bytes], MigrationOptions]
_CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
_EXAMPLES = Path(__file__).parents[1] / "examples"
_HELM = "helm.fluxcd.io/v1"


def _release(
    name: str, namespace: str | None, *, chart: str = "app", number: int = 0, image: bool = False
) -> str:
    annotations = (
        '  annotations:\n    fluxcd.io/automated: "true"\n    filter.fluxcd.io/chart-image: semver:~1.2\n'
        if image
        else ""
    )
    return f"""---
# Owned by team {number % 17}
apiVersion: {_HELM}
kind: HelmRelease
metadata:
  name: {name}
{f"  namespace: {namespace}" if namespace else "  # its namespace is that of the overlay"}
{annotations}spec:
  releaseName: {name}
  helmVersion: v3
  chart:
    repository: https://charts-{number % 23}.example.com/ # ours
    name: {chart}
    version: 1.{number % 9}.{number % 5} # pinned
  timeout: 600
  valueFileSecrets:
  - name: {name}-secrets
  rollback:
    enable: true
  values:
    # two, since the outage
    replicas: 2
    image:
      repository: registry.example.com/{name}
      tag: "1.2.{number % 10}"
    resources:
      requests: {{cpu: 100m, memory: 128Mi}} # measured
      limits:
        memory: 256Mi
    ingress:
      hosts: [ "{name}.example.com",  'www.example.com' ]
      annotations:
        nginx.ingress.kubernetes.io/proxy-body-size: 10m
"""


def _workload(name: str, namespace: str, number: int, *, automated: bool = False) -> str:
    annotations = '  annotations:\n    fluxcd.io/automated: "true"\n    fluxcd.io/tag.web: semver:~1\n'
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
{annotations if automated else ""}spec:
  replicas: 1
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
      - name: web # the only one
        image: registry.example.com/{name}:1.{number % 7}.0
        resources:
          limits: {{cpu: 100m, memory: 128Mi}}
"""


def _settings(name: str, chance: random.Random) -> str:
    head = f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: x\ndata:\n"
    lines = range(chance.choice((1, 2, 4, 5, 6, 7, 8, 14, 40, 180)))
    return head + "".join(f"  key-{index}: the value {chance.random()} of ours\n" for index in lines)


def _listing(field: str, paths: list[str], *more: str) -> str:
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    return head + f"{field}:\n" + "".join(f"- {path}\n" for path in paths) + "".join(more)


def plain(documents: int) -> Repository:
    """Gives files in folders of teams: a quarter of the documents are releases, the rest is foreign."""
    chance = random.Random(20201123)
    files: dict[str, str | bytes] = {}
    texts: dict[str, str] = {}
    for number in range(documents):
        team = f"team-{number % 17}"
        if number % 4 == 0:
            files[f"{team}/app-{number}.yaml"] = _release(
                f"app-{number}", team, number=number, image=number % 8 == 0
            )
        else:
            path = f"{team}/settings/{number // 2}.yaml"
            text = (
                _settings(f"c-{number}", chance) if number % 6 else _workload(f"web-{number}", team, number)
            )
            texts[path] = texts.get(path, "") + text
    return files | texts, MigrationOptions()


def overlays(bases: int, clusters: int, *, automated: bool = True) -> Repository:
    """Gives bases that each cluster builds with patches for half of them."""
    files: dict[str, str | bytes] = {}
    for number in range(bases):
        name, image = f"app-{number}", automated and number % 4 == 0
        files[f"apps/{name}/release.yaml"] = _release(name, None, number=number, image=image)
        files[f"apps/{name}/kustomization.yaml"] = _listing(
            "resources", ["release.yaml"], f"namespace: {name}\n"
        )
    views: list[Cluster] = []
    for each in range(clusters):
        folder = f"environments/env-{each}"
        patches = [f"patch-{number}.yaml" for number in range(0, bases, 2)]
        for number in range(0, bases, 2):
            tag = f'    image:\n      tag: "1.2.{each}"\n' if number % 4 == 0 else ""
            files[f"{folder}/patch-{number}.yaml"] = (
                f"apiVersion: {_HELM}\nkind: HelmRelease\nmetadata:\n  name: app-{number}\n"
                f"  namespace: app-{number}\nspec:\n  values:\n    replicas: {each + 1} # here\n{tag}"
            )
        files[f"{folder}/kustomization.yaml"] = _listing(
            "bases",
            [f"../../apps/app-{number}" for number in range(bases)],
            "patchesStrategicMerge:\n",
            *(f"- {patch}\n" for patch in patches),
        )
        files[f"{folder}/.flux.yaml"] = (
            "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
        )
        views.append(Cluster(name=f"env-{each}", sync_paths=(folder,)))
    return files, MigrationOptions(clusters=tuple(views))


def _in_one_file(releases: int) -> Repository:
    text = "".join(_release(f"app-{number}", "shop", number=number) for number in range(releases))
    return {"releases.yaml": text}, MigrationOptions()


def _listed(releases: int) -> Repository:
    names = [f"app-{number}" for number in range(releases)]
    files: dict[str, str | bytes] = {
        f"shop/{name}.yaml": _release(name, "shop", number=index) for index, name in enumerate(names)
    }
    files["shop/kustomization.yaml"] = _listing("resources", [f"{name}.yaml" for name in names])
    return files, MigrationOptions()


def _of_git_charts(releases: int) -> Repository:
    files: dict[str, str | bytes] = {}
    for number in range(releases):
        text = _release(f"app-{number}", "shop", number=number)
        head, rest = text.split("    repository: https", 1)
        tail = rest.split("pinned\n", 1)[1]
        git = f"    git: https://git.example.com/charts-{number}.git\n    ref: main\n    path: app\n"
        files[f"shop/app-{number}.yaml"] = head + git + tail
    return files, MigrationOptions()


def _of_charts(charts: int) -> Repository:
    files: dict[str, str | bytes] = {}
    for number in range(charts):
        text = _release(f"app-{number}", "shop", chart=f"chart-{number}", number=number)
        files[f"shop/app-{number}.yaml"] = text.replace(
            f"https://charts-{number % 23}.example.com/", f"https://charts-{number}.example.com/"
        )
    return files, MigrationOptions()


def _automated(workloads: int) -> Repository:
    return {
        f"shop/web-{number}.yaml": _workload(f"web-{number}", "shop", number, automated=True)
        for number in range(workloads)
    }, MigrationOptions()


def _with_images(workloads: int) -> Repository:
    """Gives workloads of one kustomization that says the tag of each."""
    names = [f"web-{number}" for number in range(workloads)]
    files, options = _automated(workloads)
    images = (f"- name: registry.example.com/{name}\n  newTag: 1.9.0\n" for name in names)
    listing = _listing("resources", [f"{name}.yaml" for name in names], "images:\n", *images)
    built = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    return {**files, "shop/kustomization.yaml": listing, "shop/.flux.yaml": built}, options


def _with_values(releases: int) -> Repository:
    """Gives releases that take values from a ConfigMap each."""
    files: dict[str, str | bytes] = {}
    for number in range(releases):
        text = _release(f"app-{number}", "shop", number=number)
        reference = f"  valuesFrom:\n  - configMapKeyRef:\n      name: values-{number}\n"
        files[f"shop/app-{number}.yaml"] = text.replace("  rollback:\n", f"{reference}  rollback:\n")
        files[f"shop/values-{number}.yaml"] = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: values-{number}\n  namespace: shop\n"
            f"data:\n  values.yaml: |\n    replicas: {number}\n"
        )
    return files, MigrationOptions()


def _of_one_image(workloads: int) -> Repository:
    """Gives workloads of one image, each with a filter of its own."""
    texts = (_workload(f"web-{each}", "shop", each, automated=True) for each in range(workloads))
    return {
        f"shop/web-{number}.yaml": text.replace(f"example.com/web-{number}:", "example.com/web:").replace(
            "semver:~1\n", f"semver:~1.{number}\n"
        )
        for number, text in enumerate(texts)
    }, MigrationOptions()


def _patched_inline(releases: int) -> Repository:
    """Gives releases that one overlay patches, each by a text in its kustomization."""
    names = [f"app-{number}" for number in range(releases)]
    files: dict[str, str | bytes] = {
        f"base/{name}.yaml": _release(name, "shop", number=index) for index, name in enumerate(names)
    }
    files["base/kustomization.yaml"] = _listing("resources", [f"{name}.yaml" for name in names])
    patches = (
        f"- patch: |-\n    apiVersion: {_HELM}\n    kind: HelmRelease\n    metadata:\n      name: {name}\n"
        f"      namespace: shop\n    spec:\n      timeout: {index + 60}\n      values:\n        replicas: 3\n"
        for index, name in enumerate(names)
    )
    files["prod/kustomization.yaml"] = _listing("resources", ["../base"], "patches:\n", *patches)
    return files, MigrationOptions(sync_roots=("prod",))


def real_repositories() -> dict[str, Repository]:
    """Gives real repositories where they are there; else the examples, and generated ones."""
    trees = ("homelab", "homelab-crlf", "enterprise-overlays")
    folders = {name: _CORPUS / name / "v1" for name in trees}
    if all(folder.is_dir() for folder in folders.values()):
        return {name: (_read(folder), MigrationOptions()) for name, folder in folders.items()}
    examples = {path.name: (_read(path), MigrationOptions()) for path in _EXAMPLES.iterdir() if path.is_dir()}
    return {**examples, "generated plain tree": plain(600), "generated overlays": overlays(60, 12)}


def _read(folder: Path) -> dict[str, str | bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# What grows: by name, how a repository of a size is made, and the sizes that are measured.
GROWING: Mapping[str, tuple[Callable[[int], Repository], tuple[int, ...]]] = {
    "documents": (plain, (300, 3_000, 30_000)),
    "clusters": (lambda size: overlays(100, size), (1, 7, 50)),
    "bases": (lambda size: overlays(size, 12), (100, 316, 1_000)),
    "releases in one file": (_in_one_file, (300, 1_000, 3_000)),
    "listed files": (_listed, (300, 1_000, 3_000)),
    "chart repositories": (_of_charts, (300, 1_000, 3_000)),
    "git charts": (_of_git_charts, (300, 1_000, 3_000)),
    "automated workloads": (_automated, (300, 1_000, 3_000)),
    "images of a kustomization": (_with_images, (50, 150, 500)),
    "values references": (_with_values, (300, 1_000, 3_000)),
    "patches in a kustomization": (_patched_inline, (100, 300, 1_000)),
    "policies of an image": (_of_one_image, (100, 300, 1_000)),
}
