"""Repositories as nobody would write them: texts cut, doubled, mixed and sprinkled with odd characters."""
# ruff: noqa: E501 - texts are lines

from __future__ import annotations

import random
from collections.abc import Callable

from manifest_texts import AUTOMATED, release_text

__all__ = ["ALL_SEEDS", "mutate", "mutate_files"]

_RELEASE = release_text(
    """\
  releaseName: web
  targetNamespace: shop
  helmVersion: v3
  timeout: 600
  chart:
    repository: https://charts.example.com/stable
    name: web
    version: 1.2.3 # why
  valuesFrom:
  - secretKeyRef: {name: web, key: values.yaml, optional: true}
  - externalSourceRef: {url: https://example.com/values.yaml}
  rollback: {enable: true, maxRetries: 3}
  values: &values
    image: {repository: acme/web, tag: 1.2.3}
    list: [1, "two", {three: 3.0}]
    text: |
      a: b
    folded: >-
      some
      words
""",
    AUTOMATED,
    "fluxcd.io/tag.chart-image: semver:~1.2",
    "repository.fluxcd.io/app: app.image",
)
_GIT_RELEASE = """apiVersion: flux.weave.works/v1beta1
kind: HelmRelease
metadata: {name: api, namespace: shop}
spec:
  chart: {git: "git@github.com:acme/charts", ref: master, path: charts/api}
  values: {replicas: 2}
---
apiVersion: v1
kind: List
items:
- apiVersion: helm.integrations.flux.weave.works/v1alpha2
  kind: FluxHelmRelease
  metadata: {name: old, namespace: shop, labels: {chart: old}}
  spec: {chartGitPath: old, values: {a: b}}
"""
_WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: shop
  annotations:
    flux.weave.works/automated: 'true'
    fluxcd.io/tag.app: glob:master-*
    fluxcd.io/locked: "false"
spec:
  template:
    spec:
      imagePullSecrets: [{name: registry}]
      containers:
      - name: app
        image: "ghcr.io/acme/app:master-6737b62" # {"$imagepolicy": "flux-system:app"}
      initContainers: [{name: init, image: acme/init:1.0.0}]
"""
_SYNC = """apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: "ssh://git@example.com/acme/fleet", ref: {branch: main}, ignore: "/docs"}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: prod, namespace: flux-system}
spec:
  path: ./prod
  prune: true
  interval: 10m
  targetNamespace: shop
  sourceRef: {kind: GitRepository, name: flux-system}
  patches:
  - target: {kind: HelmRelease}
    patch: "[{op: add, path: /spec/timeout, value: 90}]"
  components: [../parts]
  postBuild: {substitute: {a: b}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: app, namespace: flux-system}
spec:
  imageRepositoryRef: {name: app}
  filterTags: {pattern: '^master-(?P<n>.*)$', extract: $n}
  policy: {numerical: {order: asc}}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: app, namespace: flux-system}
spec: {image: ghcr.io/acme/app, interval: 1m}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {name: all, namespace: flux-system}
spec: {sourceRef: {kind: GitRepository, name: flux-system}, update: {path: ./prod, strategy: Setters}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: new, namespace: shop}
spec: {interval: 5m, chart: {spec: {chart: new, version: "1", sourceRef: {kind: HelmRepository, name: new}}}}
"""
_FLUXD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: flux, namespace: flux}
spec:
  template:
    spec:
      containers:
      - name: flux
        image: docker.io/fluxcd/flux:1.25.4
        args: [--git-url=git@example.com:acme/fleet, --git-branch=main, --git-path=prod, --manifest-generation=true]
      - name: helm-operator
        image: docker.io/fluxcd/helm-operator:1.4.4
        args: ["--enabled-helm-versions=v2,v3", --git-default-ref=main]
"""
_KUSTOMIZATION = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
namePrefix: p-
resources: [web.yaml, ../base, app.yaml]
components: [../parts]
patchesStrategicMerge: [patch.yaml]
patches:
- target: {kind: Deployment, name: app}
  patch: |
    - {op: replace, path: /spec/replicas, value: 2}
patchesJson6902:
- {target: {version: v1, kind: HelmRelease, name: web}, path: json.yaml}
images: [{name: acme/init, newTag: 1.0.1}]
configMapGenerator: [{name: conf, literals: [a=b], files: [app.yaml]}]
replacements:
- source: {kind: HelmRelease, name: web, fieldPath: metadata.name}
  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.labels.app], options: {create: true}}]
commonLabels: {team: a}
generatorOptions: {disableNameSuffixHash: true}
configurations: [conf.yaml]
"""
_SEED: dict[str, str] = {
    "prod/web.yaml": _RELEASE,
    "prod/patch.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n"
    "spec: {wait: true, values: {image: {tag: 1.3.0}}}\n",
    "prod/json.yaml": "- op: add\n  path: /spec/values/a\n  value: b\n",
    "prod/app.yaml": _WORKLOAD,
    "prod/kustomization.yaml": _KUSTOMIZATION,
    "base/kustomization.yaml": "resources:\n- git.yaml\n- https://example.com/remote\n",
    "base/git.yaml": _GIT_RELEASE,
    "parts/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -s\n",
    "flux/flux.yaml": _FLUXD,
    "flux/sync.yaml": _SYNC,
    "plain/web.yaml": _RELEASE.replace("name: web", "name: plain"),
    "plain/.flux.yaml": "version: 1\npatchUpdated:\n  generators:\n  - command: kustomize build .\n  patchFile: p.yaml\n",
    ".sourceignore": "/docs/\n*.md\n!a/**/b\n",
}
_GENERATED = {
    "prod/.flux.yaml": "version: 1\npatchUpdated: {generators: [{command: kustomize build .}], patchFile: over.yaml}\n",
    "prod/over.yaml": _WORKLOAD,
}
ALL_SEEDS: tuple[dict[str, str], ...] = (
    _SEED,
    {path: text for path, text in _SEED.items() if not path.endswith("kustomization.yaml")},
    {path: text for path, text in _SEED.items() if not path.startswith("flux/")} | _GENERATED,
    {"web.yaml": _RELEASE},
    {"web.yaml": _WORKLOAD, "sync.yaml": _SYNC},
)
_ODD = (
    *(
        "\t",
        "\r",
        "\r\n",
        "\x85",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\0",
        "\x0b",
        "\x1b",
        "\udce9",
        "\U0010ffff",
        "é",
    ),
    *("---", "...", "--- ", "\n---\n", "\n...\n", "%YAML 1.1\n---\n", "%TAG ! x:\n", "# ", " # ", "#"),
    *(
        "&a ",
        "*a",
        "&values ",
        "*values",
        "<<: *values",
        "<<: ",
        "!!str ",
        "!!binary ",
        "!!null ",
        "!x ",
        "!<x> ",
    ),
    *(
        "? ",
        "- ",
        ": ",
        ",",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "|",
        ">",
        "|2-\n",
        ">+\n",
        "\\",
        "`",
        "@",
        "*",
        "=",
        "~",
    ),
    *(
        "null",
        "true",
        "no",
        "1e999",
        "0x" + "f" * 40,
        "9" * 400,
        "-",
        ".inf",
        ".nan",
        "2020-01-01",
        "1_0",
        "0o7",
    ),
    *(
        '"\\UFFFFFFFF"',
        '"\\ud800"',
        '"\\x',
        "{{ x }}",
        "${x}",
        "$(x)",
        "a" * 300,
        "[" * 150,
        "- " * 150,
        "{a: " * 80,
    ),
    *(
        "kind: 5\n",
        "metadata: []\n",
        "metadata: x\n",
        "spec: []\n",
        "spec:\n",
        "items: x\n",
        "kind: List\n",
        "name:\n",
    ),
    *(
        "HEAD",
        "https://",
        "HTTPS://X",
        "http:///x",
        "a:b",
        "s3://",
        "oci://x",
        "1.2.3",
        ">=1 <2 ||",
        "semver:",
        "regex:(",
    ),
)
_VALUES = (
    "5",
    "[]",
    "{}",
    "null",
    "x",
    "'1'",
    "[[x]]",
    "{x: {}}",
    "true",
    "1.5",
    "-1",
    '""',
    "[null]",
    "&b b",
    "!!int x",
)


def _line(text: str, draw: random.Random) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, draw.randrange(len(lines))


def _insert(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(_ODD) + text[at:]


def _replace(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(_ODD) + text[at + draw.randrange(1, 9) :]


def _cut(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at]


def _without_line(text: str, draw: random.Random) -> str:
    lines, at = _line(text, draw)
    return "\n".join(lines[:at] + lines[at + 1 :])


def _doubled_line(text: str, draw: random.Random) -> str:
    lines, at = _line(text, draw)
    return "\n".join([*lines[: at + 1], *lines[at : at + draw.randrange(1, 5)], *lines[at + 1 :]])


def _moved_line(text: str, draw: random.Random) -> str:
    lines, at = _line(text, draw)
    line = lines.pop(at)
    lines.insert(draw.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _shifted_line(text: str, draw: random.Random) -> str:
    lines, at = _line(text, draw)
    lines[at] = draw.choice(
        [" " + lines[at], lines[at][1:], "  " + lines[at], "- " + lines[at], "? " + lines[at]]
    )
    return "\n".join(lines)


def _other_value(text: str, draw: random.Random) -> str:
    lines, at = _line(text, draw)
    key, colon, _ = lines[at].partition(": ")
    key = key if colon else key.rstrip(":")
    lines[at] = f"{key}: {draw.choice(_VALUES)}"
    return "\n".join(lines)


def _no_children(text: str, draw: random.Random) -> str:
    """Gives a key another value than what stands indented below it."""
    lines, at = _line(text, draw)
    width = len(lines[at]) - len(lines[at].lstrip(" "))
    end = at + 1
    while end < len(lines) and (
        len(lines[end]) - len(lines[end].lstrip(" ")) > width or not lines[end].strip()
    ):
        end += 1
    return "\n".join([*lines[:at], f"{lines[at].rstrip(':')}: {draw.choice(_VALUES)}", *lines[end:]])


def _line_ends(text: str, draw: random.Random) -> str:
    return text.replace("\n", draw.choice(["\r\n", "\r", "\n\n", "\u2028", " \n", "\t\n"]))


def _repeated(text: str, draw: random.Random) -> str:
    return text + draw.choice(["", "---\n", "...\n", "\n--- \n"]) + text


_MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    *(_insert, _replace, _without_line, _doubled_line, _moved_line, _shifted_line),
    *(_other_value, _other_value, _no_children, _no_children, _cut, _line_ends, _repeated),
)


def mutate(text: str, draw: random.Random) -> str:
    """Gives a text that was changed in a few places."""
    for _ in range(draw.choice([1, 1, 1, 2, 3, 6])):
        text = draw.choice(_MUTATIONS)(text, draw)
    return text[:100_000]


def mutate_files(seed: dict[str, str], draw: random.Random) -> dict[str, str | bytes]:
    """Gives a repository of which a few files were changed, or lost, or have the text of another."""
    files: dict[str, str | bytes] = dict(seed)
    for path in draw.sample(sorted(seed), min(len(seed), draw.choice([1, 1, 1, 2, 4]))):
        kind = draw.randrange(12)
        if kind == 0:
            del files[path]
        elif kind == 1:
            files[path] = mutate(seed[path], draw).encode("utf-8", "surrogatepass")
        elif kind == 2:
            files[path] = seed[draw.choice(sorted(seed))]
        else:
            files[path] = mutate(seed[path], draw)
    return files
