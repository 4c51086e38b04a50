"""Corners of kustomize, each beside the real one: what it takes, what it refuses, what comes out."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize import KustomizeTree, merged_with
from fluxv2_migrate.kustomize.selectors import LabelSelector
from fluxv2_migrate.kustomize.values import read_manifests, read_value
from real_kustomize import build_all, difference, write_tree

RELEASE = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: prod, labels: {app: web}, annotations: {note: "x-y"}}
spec: {releaseName: web, values: {image: "nginx:1", list: [1, 2]}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, finalizers: [a, b]}
spec:
  template:
    spec:
      serviceAccountName: web
      containers:
      - {name: main, image: "docker.io/a/b:1@sha256:ab", ports: [{containerPort: 80}, {containerPort: 90, protocol: UDP}]}
      - {name: side, image: nginx, env: [{name: A, value: "1"}, {name: B, value: "2"}]}
      initContainers: [{name: init, image: "nginx@sha256:ab"}]
      topologySpreadConstraints:
      - {topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}
      volumes: [{name: v, image: {reference: nginx}}]
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n"
BOTH = {"r.yaml": RELEASE, "d.yaml": DEPLOYMENT, "c.yaml": CONFIG}
LISTED = "resources: [r.yaml, d.yaml, c.yaml]\n"


def patched(text: str, target: str = "") -> dict[str, str]:
    """A kustomization with one patch that stands in it."""
    indented = "".join(f"    {row}\n" for row in text.splitlines())
    row = f"- target: {target}\n  patch: |\n" if target else "- patch: |\n"
    return {**BOTH, "kustomization.yaml": f"{LISTED}patches:\n{row}{indented}"}


def on_release(body: str) -> str:
    return (
        f"apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {{name: web, namespace: prod}}\n{body}"
    )


def on_deployment(body: str) -> str:
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{template: {{spec: {body}}}}}"


def on_pod(spec: str, patch: str) -> dict[str, str]:
    """A workload and a patch for its pods."""
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: %s}}\n"
    return {
        "kustomization.yaml": "resources: [d.yaml]\npatches: [{path: p.yaml}]\n",
        "d.yaml": text % spec,
        "p.yaml": text % patch,
    }


def plain(kustomization: str, **files: str) -> dict[str, str]:
    """A kustomization over the three objects, and files beside it."""
    renamed = {name.replace("__", "/").replace("_yaml", ".yaml"): text for name, text in files.items()}
    return {**BOTH, "kustomization.yaml": LISTED + kustomization, **renamed}


def replaced(source: str, path: str, options: str = "", select: str = "kind: HelmRelease") -> dict[str, str]:
    return plain(
        f"replacements:\n- source: {{{source}}}\n  targets:\n  - select: {{{select}}}\n"
        f"    fieldPaths: ['{path}']\n    options: {{{options}}}\n"
    )


CASES: dict[str, dict[str, str]] = {
    # Merges
    "a null deletes": patched(on_release("spec: {values: null}")),
    "a list takes the place of a list": patched(on_release("spec: {values: {list: [3]}}")),
    "a mapping where a list is": patched(on_release("spec: {values: {list: {a: 1}}}")),
    "a scalar where a mapping is": patched(on_release("spec: 1")),
    "an API that goes and comes back": {
        "base/d.yaml": DEPLOYMENT,
        "base/kustomization.yaml": (
            "resources: [d.yaml]\npatches:\n- target: {kind: Deployment}\n"
            '  patch: \'[{"op": "replace", "path": "/apiVersion", "value": "extensions/v1beta1"}]\'\n'
        ),
        "kustomization.yaml": (
            "resources: [base]\npatches:\n"
            "- patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {a: b}}}'\n"
            "- target: {version: v1}\n"
            '  patch: \'[{"op": "add", "path": "/metadata/labels/c", "value": "d"}]\'\n'
        ),
    },
    "a name that goes and is given again": plain(
        "patches:\n"
        "- options: {allowNameChange: true}\n"
        "  target: {kind: ConfigMap}\n"
        "  patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}'\n"
        "- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {c: d}}'\n"
        "- target: {name: web}\n"
        '  patch: \'[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]\'\n'
    ),
    "operations that make two objects one": patched(
        '[{"op": "replace", "path": "/apiVersion", "value": "apps/v1"}, '
        '{"op": "replace", "path": "/kind", "value": "Deployment"}]',
        "{kind: ConfigMap}",
    ),
    "a version that is no expression, for no object": patched(
        '[{"op": "remove", "path": "/spec"}]', "{name: absent, version: '('}"
    ),
    "a namespace that is no expression, for no object": patched(
        '[{"op": "remove", "path": "/spec"}]', "{name: absent, namespace: '['}"
    ),
    "an object goes": patched(on_release("$patch: delete")),
    "a mapping goes": patched(on_release("spec: {values: {$patch: delete}, new: {$patch: delete}}")),
    "a mapping is replaced": patched(on_release("spec: {$patch: replace, a: {b: null, c: 1}}")),
    "a mapping is merged by name": patched(on_release("spec: {values: {$patch: merge, a: 1}}")),
    "an unknown strategy": patched(on_release("spec: {values: {$patch: other}}")),
    "a null in the object": {
        "kustomization.yaml": "resources: [r.yaml]\npatches: [{path: p.yaml}]\n",
        "r.yaml": "kind: A\nmetadata: {name: a}\nb: ~\nc:\nd:\n  e: null\n  f:\ng: 1\nh: {i: }\n",
        "p.yaml": "kind: A\nmetadata: {name: a}\nb: {}\nd: {e: {x: null}}\nc: [1]\n",
    },
    "an object empties": {
        "kustomization.yaml": "resources: [r.yaml]\npatches: [{path: p.yaml}]\n",
        "r.yaml": "kind: A\nmetadata: {name: a}\nspec: {}\n",
        "p.yaml": "kind: A\nmetadata: {name: a}\nspec: {b: {c: [], d: [null]}}\n",
    },
    "a container is merged": patched(
        on_deployment("{containers: [{name: side, image: new, env: [{name: C}]}]}")
    ),
    "a container is added": patched(on_deployment("{containers: [{name: third, image: new}]}")),
    "a container goes": patched(on_deployment("{containers: [{name: side, $patch: delete}]}")),
    "an element is replaced": patched(
        on_deployment("{containers: [{name: side, $patch: replace, image: x}]}")
    ),
    "containers are replaced": patched(
        on_deployment("{containers: [{$patch: replace}, {name: a, image: b}]}")
    ),
    "containers go": patched(on_deployment("{containers: [{$patch: delete}]}")),
    "containers are merged": patched(on_deployment("{containers: [{$patch: merge}, {name: a, image: b}]}")),
    "containers in an unknown way": patched(on_deployment("{containers: [{$patch: no}]}")),
    "containers are nulled": patched(
        on_deployment("{containers: null, hostAliases: [{ip: a}, {ip: a, b: c}]}")
    ),
    "containers without patch": patched(on_deployment("{containers: []}")),
    "ports": patched(
        on_deployment(
            "{containers: [{name: main, ports: [{containerPort: 80, protocol: TCP}, {containerPort: 90}]}]}"
        )
    ),
    "ports without a key": patched(on_deployment("{containers: [{name: main, ports: [{name: x}]}]}")),
    "a port by its protocol alone": patched(
        on_deployment("{containers: [{name: main, ports: [{protocol: UDP, name: x}]}]}")
    ),
    "a port by another key than its own": on_pod(
        "{containers: [{name: a, ports: [{containerPort: 80}]}]}",
        "{containers: [{name: a, ports: [{protocol: UDP, name: x}]}]}",
    ),
    "no element has its key": on_pod(
        "{hostAliases: [{hostnames: [a]}]}", "{hostAliases: [{hostnames: [b]}]}"
    ),
    "elements of nothing": on_pod(
        "{imagePullSecrets: [null, {}, {name: a}]}", "{imagePullSecrets: [{name: b}]}"
    ),
    "a text among elements": on_pod("{imagePullSecrets: [{name: a}]}", "{imagePullSecrets: [a, {name: b}]}"),
    "spread constraints": patched(
        on_deployment("{topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1}, {topologyKey: b}]}")
    ),
    "an element without its key": patched(on_deployment("{containers: [{image: x}]}")),
    "finalizers": patched(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, finalizers: [c, a]}\nspec: {}"
    ),
    "an empty key": patched(on_deployment("{containers: [{name: side, env: [{name: , value: x}]}]}")),
    # Targets
    "a target by kind": patched(on_release("spec: {a: 1}"), "{kind: HelmRelease}"),
    "a target of everything": patched("kind: A\nmetadata: {name: b, labels: {q: 7, w: null}}", "{kind: .*}"),
    "a target that is no expression": patched(on_release("spec: {a: 1}"), "{kind: '('}"),
    "labels by set": patched(on_release("spec: {a: 1}"), "{labelSelector: 'app in (web, b), !c, app'}"),
    "labels not": patched(on_release("spec: {a: 1}"), "{labelSelector: 'app!=x, app notin (y), app==web'}"),
    "labels by number": patched(on_release("spec: {a: 1}"), "{labelSelector: 'app>1'}"),
    "labels by a word": patched(on_release("spec: {a: 1}"), "{labelSelector: 'app>web'}"),
    "labels by too large a number": patched(on_release("spec: {a: 1}"), f"{{labelSelector: 'app<{2**63}'}}"),
    "labels that are wrong": patched(on_release("spec: {a: 1}"), "{labelSelector: '!app=b'}"),
    "annotations": patched(on_release("spec: {a: 1}"), "{annotationSelector: 'note=x-y'}"),
    "two documents for a target": patched(
        on_release("spec: {}") + "\n---\n" + on_release("spec: {}"), "{kind: HelmRelease}"
    ),
    "two documents by name": patched(on_release("spec: {}\n---\n") + on_deployment("{a: 1}")),
    "a name may change": {
        **BOTH,
        "kustomization.yaml": LISTED
        + "patches:\n- target: {kind: HelmRelease}\n  path: p.yaml\n  options: {allowNameChange: true}\n",
        "p.yaml": "kind: HelmRelease\nmetadata: {name: other}\n",
    },
    "a name may change for a later patch": {
        **BOTH,
        "kustomization.yaml": LISTED
        + "patches:\n- {path: p.yaml, options: {allowNameChange: true}}\n- {path: q.yaml}\n",
        "p.yaml": on_release("values: {a: 1}"),
        "q.yaml": on_release("values: {b: 1}"),
    },
    "a kind may change": {
        **BOTH,
        "kustomization.yaml": LISTED
        + "patches:\n- target: {kind: HelmRelease}\n  path: p.yaml\n  options: {allowKindChange: true}\n",
        "p.yaml": "kind: Other\nmetadata: {name: other}\n",
    },
    "no target": patched("apiVersion: v1\nkind: Secret\nmetadata: {name: none}"),
    "a patch without a name": patched("apiVersion: v1\nkind: Secret"),
    "an empty patch": plain("patches: [{patch: ''}]\n"),
    "a patch in two ways": plain("patches: [{patch: 'a: 1', path: p.yaml}]\n"),
    "a patch that is not there": plain("patches: [{path: p.yaml}]\n"),
    "a patch outside": plain("patches: [{path: ../../../../../../../../../p.yaml}]\n"),
    "a strategic text": plain(
        "patchesStrategicMerge:\n- |-\n  " + on_release("spec: {z: 1}").replace("\n", "\n  ")
    ),
    "operations as a strategic patch": plain(
        "patchesStrategicMerge: [p.yaml]\n", p_yaml="- {op: remove, path: /a}\n"
    ),
    # JSON patches
    "no target for operations": patched("- {op: remove, path: /spec}"),
    "operations": patched(
        "- {op: add, path: /spec/values/list/1, value: x}\n- {op: add, path: /spec/values/list/-, value: y}\n"
        "- {op: move, from: /spec/values/image, path: /spec/image}\n- {op: copy, from: /spec/image, path: /spec/a~1b}\n"
        "- {op: remove, path: /spec/values/list/0}\n- {op: replace, path: /spec/values/list/0, value: {z: 1}}\n"
        "- {op: test, path: /spec/values/list/0/z, value: 1}\n- {op: add, path: /spec/b~0c, value: [y, n]}",
        "{kind: HelmRelease}",
    ),
    "operations on a negative index": patched(
        "- {op: replace, path: /spec/values/list/-1, value: x}\n- {op: remove, path: /spec/values/list/-1}",
        "{kind: HelmRelease}",
    ),
    "a replacement of nothing": patched("- {op: replace, path: /spec/none, value: x}", "{kind: HelmRelease}"),
    "an index outside": patched("- {op: add, path: /spec/values/list/9, value: x}", "{kind: HelmRelease}"),
    "an index that is none": patched(
        "- {op: add, path: /spec/values/list/a, value: x}", "{kind: HelmRelease}"
    ),
    "a path to nowhere": patched("- {op: add, path: /spec/no/where, value: x}", "{kind: HelmRelease}"),
    "an unknown operation": patched("- {op: other, path: /spec}", "{kind: HelmRelease}"),
    "an operation without path": patched("- {op: remove}", "{kind: HelmRelease}"),
    "a copy without source": patched("- {op: copy, path: /spec}", "{kind: HelmRelease}"),
    "a path without slash": patched("- {op: remove, path: spec}", "{kind: HelmRelease}"),
    "a failing test": patched("- {op: test, path: /spec/no, value: 1}", "{kind: HelmRelease}"),
    "a test of nothing": patched("- {op: test, path: /spec/no, value: null}", "{kind: HelmRelease}"),
    "operations in brackets": patched('[{"op": "remove", "path": "/spec"}]', "{kind: HelmRelease}"),
    "brackets that are no JSON": patched("[{op: remove, path: /spec}]", "{kind: HelmRelease}"),
    "brackets without operations": patched("[1]", "{kind: HelmRelease}"),
    "old operations": plain(
        "patchesJson6902:\n- {target: {kind: HelmRelease, name: web}, path: p.yaml}\n",
        p_yaml="- {op: remove, path: /spec}\n",
    ),
    "old operations without a name": plain(
        "patchesJson6902:\n- {target: {kind: HelmRelease}, path: p.yaml}\n",
        p_yaml="- {op: remove, path: /a}\n",
    ),
    "an operation on the whole object": patched(
        "- {op: add, path: '', value: {kind: A, metadata: {name: a}}}", "{kind: HelmRelease}"
    ),
    "a replacement of the whole object": patched(
        "- {op: test, path: /kind, value: HelmRelease}\n- {op: replace, path: '', value: {kind: A, metadata: {name: a}}}",
        "{kind: HelmRelease}",
    ),
    "a copy of the whole object": patched(
        "- {op: remove, path: /metadata/labels}\n- {op: copy, from: /spec, path: ''}", "{kind: Ingress}"
    ),
    "nothing is left": patched("- {op: replace, path: '', value: 1}", "{kind: HelmRelease}"),
    "the removal of nothing": patched("- {op: remove, path: /spec/none}", "{kind: HelmRelease}"),
    "a patch that is no YAML": plain("patches: [{path: p.yaml}]\n", p_yaml="a: [\n"),
    "several objects for a patch": {
        "kustomization.yaml": "resources: [a, b]\npatches: [{path: p.yaml}]\n",
        "p.yaml": CONFIG,
        **{f"{name}/c.yaml": CONFIG for name in "ab"},
        **{f"{name}/kustomization.yaml": f"resources: [c.yaml]\nnamePrefix: {name}-\n" for name in "ab"},
    },
    # Names and labels
    "everything is renamed": plain(
        "namePrefix: a-\nnameSuffix: -z\nnamespace: m\ncommonLabels: {l: m}\ncommonAnnotations: {a: b}\n"
    ),
    "accounts and roles": {
        "kustomization.yaml": "resources: [a.yaml]\nnamePrefix: p-\nnamespace: m\n",
        "a.yaml": "\n---\n".join(
            [
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\nimagePullSecrets: [{name: s}]",
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: s}",
                "apiVersion: v1\nkind: Namespace\nmetadata: {name: old}",
                (
                    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n"
                    "rules: [{resourceNames: [s, other]}]"
                ),
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}",
                (
                    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\n"
                    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\n"
                    "subjects: [{kind: ServiceAccount, name: sa, namespace: default},"
                    " {kind: ServiceAccount, name: default, namespace: x}, {kind: ServiceAccount, name: sa}]"
                ),
                (
                    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n"
                    "roleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: User, name: u}]"
                ),
                (
                    "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.a}\n"
                    "spec: {service: {name: x, namespace: y}}"
                ),
                (
                    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n"
                    "spec: {conversion: {webhook: {clientConfig: {service: {namespace: y}}}}}"
                ),
            ]
        ),
    },
    "a subject without a name": {
        "kustomization.yaml": "resources: [a.yaml]\nnamePrefix: p-\n",
        "a.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n---\n"
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\nsubjects: [{kind: A}]\n",
    },
    "references inside of one overlay": {
        "kustomization.yaml": "resources: [a, b, d]\n",
        "a/kustomization.yaml": "resources: [../c.yaml, ../d.yaml]\nnamePrefix: a-\n",
        "b/kustomization.yaml": "resources: [../c.yaml, ../d.yaml]\nnamePrefix: b-\nnameSuffix: -c\n",
        "d/kustomization.yaml": "resources: [d.yaml]\n",
        "d/d.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{envFrom: [{configMapRef: {name: web}}]}]}\n",
        "c.yaml": CONFIG,
        "d.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        "spec: {containers: [{envFrom: [{configMapRef: {name: web}}, {configMapRef: {name: }}]}]}\n",
    },
    "references to several": {
        "kustomization.yaml": "resources: [a, b, p.yaml]\n",
        "p.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {volumes: [{configMap: {name: web}}]}\n",
        **{f"{name}/c.yaml": CONFIG for name in "ab"},
        **{f"{name}/kustomization.yaml": f"resources: [c.yaml]\nnamePrefix: {name}-\n" for name in "ab"},
    },
    "references to several under one prefix": {
        "kustomization.yaml": "resources: [a, b, p.yaml]\nnamePrefix: p-\n",
        "p.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {volumes: [{configMap: {name: web}}]}\n",
        **{f"{name}/c.yaml": CONFIG for name in "ab"},
        **{f"{name}/kustomization.yaml": f"resources: [c.yaml]\nnamePrefix: {name}-\n" for name in "ab"},
    },
    "an empty element": {
        "kustomization.yaml": "resources: [p.yaml]\nimages: [{name: a, newTag: b}]\ncommonLabels: {a: b}\n",
        "p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {template: {spec: {containers: [null]}}}\n",
    },
    "labels on nothing": plain(
        "labels: [{pairs: {a: b}, fields: [{path: spec/values/image, create: true}]}]\n"
    ),
    "labels where a scalar is": plain("labels: [{pairs: {a: b}, fields: [{path: spec/releaseName/x/y}]}]\n"),
    "labels of volumes": {
        "kustomization.yaml": "resources: [s.yaml]\ncommonLabels: {a: b}\n",
        "s.yaml": "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s, labels: }\n"
        "spec: {volumeClaimTemplates: [{metadata: {name: v}}]}\n",
    },
    "replicas": plain("replicas: [{name: web, count: 3}]\n"),
    "replicas of nothing": plain("replicas: [{name: none, count: 3}]\n"),
    "images": plain(
        "images: [{name: nginx, newTag: '2', digest: 'sha256:cd'}, {name: docker.io/a/b, tagSuffix: -x}]\n"
        "imageTags: [{name: other, newTag: x}]\n"
    ),
    "an image with a wrong name": plain("images: [{name: '(', newTag: x}]\n"),
    "a second image with a wrong name": plain("images: [{name: nginx, newTag: x}, {name: '(', newTag: x}]\n"),
    "an image with a number": plain("images: [{name: nginx, newTag: 1.2}]\n"),
    "an image with another field": plain("images: [{name: nginx, tag: '1'}]\n"),
    "a letter that is a boolean": plain("namespace: n\n"),
    "labels that are numbers": plain("commonLabels: {a: 1}\n"),
    "labels of templates": plain("labels: [{pairs: {a: b}, includeTemplates: true}]\n"),
    "labels and selectors": plain("labels: [{pairs: {a: b}, includeSelectors: true}]\n"),
    "a target that is no mapping": plain("patches: [{target: a, path: p.yaml}]\n"),
    "labels without value": plain("labels: [{pairs: {a: }, includeSelectors: }]\n"),
    "a count that is none": plain("replicas: [{name: web, count: true}]\n"),
    "an entry without anything": plain("images: [null]\n"),
    "an image by digest": plain(
        "images: [{name: docker.io/a/b, digest: 'sha256:ef'}, {name: nginx, newName: m}]\n"
    ),
    "images in anything": {
        "kustomization.yaml": "resources: [a.yaml]\nimages: [{name: nginx, newTag: '2'}]\n",
        "a.yaml": "kind: A\nmetadata: {name: a}\nx: [{containers: [{image: nginx}, {image: }, {b: c}]}]\n"
        "y: {initContainers: {image: nginx}}\n---\napiVersion: apiextensions.k8s.io/v1\n"
        "kind: CustomResourceDefinition\nmetadata: {name: c}\nspec: {containers: [{image: nginx}]}\n",
    },
    # Generators
    "generated": plain(
        "generatorOptions: {labels: {a: b}, annotations: {c: d}, immutable: true}\n"
        "configMapGenerator:\n- {name: g, namespace: m, envs: [e.env], literals: [\"q='x y'\", 'u=<&>'],"
        " files: [f.txt, k=f.txt]}\n- {name: h, env: e.env, options: {disableNameSuffixHash: true, labels: {z: w}}}\n"
        "secretGenerator: [{name: s, literals: [a=b]}, {name: t, type: a/b, files: [f.txt]}]\n",
        **{"e.env": "\ufeffA=1\r\n # no\n\nB=\nC", "f.txt": "long " * 30},
    ),
    "merged": plain(
        "configMapGenerator: [{name: web, behavior: merge, literals: [c=d], options: {labels: {x: w}}}]\n"
    ),
    "merged again": {
        "kustomization.yaml": "resources: [base]\nnamePrefix: p-\n"
        "configMapGenerator: [{name: g, behavior: merge, literals: [c=d]}, {name: h, behavior: replace}]\n",
        "base/kustomization.yaml": "nameSuffix: -s\n"
        "configMapGenerator: [{name: g, literals: [a=b]}, {name: h, literals: [a=b]}]\n",
    },
    "created twice": plain("configMapGenerator: [{name: web, literals: [c=d]}]\n"),
    "nothing to merge with": plain("configMapGenerator: [{name: none, behavior: merge}]\n"),
    "a generator without a name": plain("configMapGenerator: [{literals: [c=d]}]\n"),
    "secrets": plain(
        "secretGenerator: [{name: t, type: a/b, files: [f.txt]}, {name: u}]\n", **{"f.txt": "long " * 30}
    ),
    "two to merge with": {
        "kustomization.yaml": "resources: [a, b]\nconfigMapGenerator: [{name: web, behavior: merge}]\n",
        **{f"{name}/c.yaml": CONFIG for name in "ab"},
        **{f"{name}/kustomization.yaml": f"resources: [c.yaml]\nnamePrefix: {name}-\n" for name in "ab"},
    },
    "a key twice": plain("configMapGenerator: [{name: g, literals: [c=d, c=e]}]\n"),
    "a literal that is none": plain("configMapGenerator: [{name: g, literals: [c]}]\n"),
    "a file that is none": plain("configMapGenerator: [{name: g, files: [a=b=c]}]\n"),
    "a file that is not there": plain("configMapGenerator: [{name: g, files: [none]}]\n"),
    "literals that are no list": plain("configMapGenerator: [{name: g, literals: a=b}]\n"),
    # Replacements
    "a value": replaced("kind: HelmRelease, fieldPath: spec.values.image", "spec.chart", "create: true"),
    "a part of a value": replaced(
        "kind: HelmRelease, fieldPath: spec.values.image, options: {delimiter: ':', index: 1}",
        "spec.releaseName",
    ),
    "a part outside": replaced(
        "kind: HelmRelease, fieldPath: spec.values.image, options: {delimiter: ':', index: 9}",
        "spec.releaseName",
    ),
    "a part of a mapping": replaced(
        "kind: HelmRelease, fieldPath: spec.values, options: {delimiter: ':'}", "spec.releaseName"
    ),
    "into a part": replaced("kind: ConfigMap", "metadata.annotations.note", "delimiter: '-', index: 1"),
    "before the parts": replaced("kind: ConfigMap", "metadata.annotations.note", "delimiter: '-', index: -1"),
    "behind the parts": replaced("kind: ConfigMap", "metadata.annotations.note", "delimiter: '-', index: 9"),
    "a part of a list": replaced("kind: ConfigMap", "spec.values.list", "delimiter: '-'"),
    "a mapping": replaced("kind: HelmRelease, namespace: prod, fieldPath: spec.values", "spec.values.list.0"),
    "an index to append": replaced("kind: ConfigMap", "spec.values.list.2", "create: true"),
    "an index that lies outside": replaced("kind: ConfigMap", "spec.values.list.7"),
    "every element": replaced(
        "kind: ConfigMap", "spec.template.spec.containers.*.image", "", "kind: Deployment"
    ),
    "an element by name": replaced(
        "kind: Deployment, fieldPath: 'spec.template.spec.containers.[name=side].env.0.value'",
        "spec.template.spec.containers.[name=^ma].image",
        "",
        "kind: Deployment",
    ),
    "an element that is made": replaced(
        "kind: ConfigMap",
        "spec.template.spec.containers.[name=new].image",
        "create: true",
        "kind: Deployment",
    ),
    "an element of texts": replaced("kind: ConfigMap", "metadata.finalizers.[=a]", "", "kind: Deployment"),
    "an element by a wrong expression": replaced(
        "kind: ConfigMap", "spec.template.spec.containers.[name=(].image", "", "kind: Deployment"
    ),
    "a dotted key": replaced("kind: ConfigMap", "metadata.annotations.[a.b/c]", "create: true"),
    "an escaped dot": replaced("kind: ConfigMap", "metadata.annotations.a\\.b", "create: true"),
    "a number": replaced("kind: HelmRelease, fieldPath: spec.values.list.1", "spec.values.list.0"),
    "a text over a number": replaced("kind: ConfigMap", "spec.values.list.0"),
    "no field": replaced("kind: ConfigMap", "spec.no"),
    "a field inside of nothing": {
        **replaced("kind: ConfigMap", "spec.values.none.a"),
        "r.yaml": RELEASE.replace("list: [1, 2]", "none: null"),
    },
    "an element of nothing": replaced("kind: ConfigMap", "spec.values.list.name"),
    "an element by name of texts": replaced("kind: ConfigMap", "spec.values.list.[name=a]"),
    "a text that is made": replaced(
        "kind: ConfigMap", "metadata.finalizers.[=new]", "create: true", "kind: Deployment"
    ),
    "a list that is made": replaced("kind: ConfigMap", "spec.new.0", "create: true"),
    "a mapping that is made": replaced(
        "kind: HelmRelease, fieldPath: spec.values", "spec.copied", "create: true"
    ),
    "parts that are made": replaced("kind: ConfigMap", "spec.made", "create: true, delimiter: '-', index: 0"),
    "a scalar as a list": replaced("kind: HelmRelease, fieldPath: spec.releaseName.0", "spec.releaseName"),
    "no such element": replaced("kind: HelmRelease, fieldPath: 'spec.values.list.[a=b]'", "spec.releaseName"),
    "no source field": replaced("kind: ConfigMap, fieldPath: data.no", "spec.releaseName"),
    "the last element": replaced("kind: HelmRelease, fieldPath: 'spec.values.list.-'", "spec.releaseName"),
    "a source that is many": replaced("name: web", "spec.releaseName"),
    "a source that is none": replaced("name: none", "spec.releaseName"),
    "an element of a mapping": replaced("kind: ConfigMap, fieldPath: 'data.[a=b]'", "spec.releaseName"),
    "no targets": plain("replacements: [{source: {kind: ConfigMap}}]\n"),
    "no selection": plain("replacements: [{source: {kind: ConfigMap}, targets: [{fieldPaths: [a]}]}]\n"),
    "from a file": plain(
        "replacements: [{path: r1.yaml}, {path: r2.yaml}]\n",
        r1_yaml="source: {kind: ConfigMap}\ntargets:\n- select: {name: web}\n  reject: [{kind: ConfigMap},"
        " {labelSelector: app=web}]\n  fieldPaths: [spec.template.spec.x]\n  options: {create: true}\n",
        r2_yaml="- sourceValue: v\n  targets: [{select: {kind: HelmRelease}, fieldPaths: [spec.releaseName]}]\n",
    ),
    "a file without replacements": plain("replacements: [{path: r1.yaml}]\n", r1_yaml="- 1\n"),
    "the name itself": plain(
        "replacements: [{sourceValue: v, targets: [{select: {kind: HelmRelease}}]}]\nnamePrefix: a-\n"
    ),
    # Lists, files, folders
    "a list": {
        "kustomization.yaml": "resources: [l.yaml]\n",
        "l.yaml": "kind: AList\nitems:\n- " + CONFIG.replace("\n", "\n  "),
    },
    "a list of nothing": {
        "kustomization.yaml": "resources: [l.yaml, c.yaml]\n",
        "c.yaml": CONFIG,
        "l.yaml": "kind: AList\nitems:\n",
    },
    "a list that is none": {
        "kustomization.yaml": "resources: [l.yaml]\n",
        "l.yaml": "kind: AList\nitems: 1\n",
    },
    "a kind of list without items": {
        "kustomization.yaml": "resources: [l.yaml]\n",
        "l.yaml": "apiVersion: a/v1\nkind: AllowList\nmetadata: {name: a}\n",
    },
    "documents with nothing": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": f"---\n# a\n---\n{CONFIG}---\n\n---\n{{}}\n",
    },
    "no kind": {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "a: 1\n"},
    "no name": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": "kind: A\nmetadata: {generateName: a}\n",
    },
    "no mapping": {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "- 1\n"},
    "no YAML": {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "a: [\n"},
    "a number as a key": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": "kind: A\nmetadata: {name: a}\nb: {1: 2}\n",
    },
    "a number as a key at the top": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": "kind: A\nmetadata: {name: a}\n1: 2\n",
    },
    "a key twice in an object": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": "kind: A\nmetadata: {name: a}\nb: 1\nb: 2\n",
    },
    "binary": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": "kind: A\nmetadata: {name: a}\nb: !!binary 'aGk='\nc: !!float 1\n",
    },
    "a local object": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": CONFIG.replace("web}", "a, annotations: {config.kubernetes.io/local-config: 'true'}}")
        + "---\n"
        + CONFIG,
    },
    "a missing file": {"kustomization.yaml": "resources: [a.yaml]\n"},
    "a missing folder": {"kustomization.yaml": "bases: [../none/]\n"},
    "a folder without": {"kustomization.yaml": "resources: [a]\n", "a/b.yaml": CONFIG},
    "an absolute path": {"kustomization.yaml": "resources: [/none/a.yaml]\n"},
    "itself": {"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "resources: [..]\n"},
    "a circle": {
        "kustomization.yaml": "resources: [a]\n",
        "a/kustomization.yaml": "resources: [../b]\n",
        "b/kustomization.yaml": "resources: [../a]\n",
    },
    "a component that includes its parent": {
        "kustomization.yaml": "resources: [c.yaml]\ncomponents: [a]\n",
        "c.yaml": CONFIG,
        "a/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\ncomponents: [..]\n",
    },
    "a component": plain(
        "components: [k]\n",
        k__kustomization_yaml="kind: Component\npatches: [{path: p.yaml}]\nnamePrefix: k-\n",
        k__p_yaml=on_release("spec: {k: 1}"),
    ),
    "a component as a resource": plain("", k__kustomization_yaml="kind: Component\nnamePrefix: k-\n")
    | {"kustomization.yaml": "resources: [k]\n"},
    "a kustomization as a component": plain("components: [k]\n", k__kustomization_yaml="namePrefix: k-\n"),
    "a missing component": plain("components: [k]\n"),
    "twice the same": {
        "kustomization.yaml": "resources: [c.yaml, a]\n",
        "c.yaml": CONFIG,
        "a/kustomization.yaml": "resources: [c.yaml]\n",
        "a/c.yaml": CONFIG,
    },
    "the same by namespace": {
        "kustomization.yaml": "resources: [a.yaml]\nnamespace: m\n",
        "a.yaml": CONFIG + "---\n" + CONFIG.replace("name: web", "name: web, namespace: b"),
    },
    "two files": {"kustomization.yaml": "resources: []\n", "kustomization.yml": "resources: []\n"},
    # kustomize keeps former names in annotations, and operations find these.
    **{
        f"operation {number} on annotations": {
            **BOTH,
            "kustomization.yaml": f"resources: [c.yaml]\n{field}:\n"
            f"- target: {{version: v1, kind: ConfigMap, name: web}}\n  patch: '[{operation}]'\n{more}",
        }
        for number, (operation, field, more) in enumerate(
            product(
                (
                    '{"op": "add", "path": "/metadata/annotations/x", "value": "y"}',
                    '{"op": "replace", "path": "/metadata/annotations/x", "value": "y"}',
                    '{"op": "remove", "path": "/metadata/annotations"}',
                    '{"op": "replace", "path": "/metadata/annotations", "value": {}}',
                    '{"op": "test", "path": "/metadata/annotations", "value": null}',
                    '{"op": "remove", "path": "/metadata/annotations/x"}',
                ),
                ("patches", "patchesJson6902"),
                ("", "namePrefix: a-\n"),
            )
        )
    },
    # A key that is an empty text
    "an empty key in a patch": plain(
        "patches: [{path: p.yaml}]\n", p_yaml=CONFIG.partition("data:")[0] + "data: {'': x}\n"
    ),
    "an empty key in what is patched": {
        "kustomization.yaml": "resources: [c.yaml]\npatches: [{path: p.yaml}]\n",
        "c.yaml": "apiVersion: a/v1\nkind: A\nmetadata: {name: a}\nspec: {x: {'': y}}\n",
        "p.yaml": "apiVersion: a/v1\nkind: A\nmetadata: {name: a}\nother: {b: c}\n",
    },
    "an empty key in a list": {
        "kustomization.yaml": "resources: [c.yaml]\npatches: [{path: p.yaml}]\n",
        "c.yaml": "apiVersion: a/v1\nkind: A\nmetadata: {name: a}\nspec: {x: [{'': y}]}\n",
        "p.yaml": "apiVersion: a/v1\nkind: A\nmetadata: {name: a}\nother: {b: c}\n",
    },
    "an empty key that nothing patches": {
        "kustomization.yaml": "resources: [c.yaml]\n",
        "c.yaml": "apiVersion: a/v1\nkind: A\nmetadata: {name: a}\nspec: {x: {'': y}}\n",
    },
    "an unknown field": plain("other: 1\n"),
    "an unknown field without value": plain("other:\n"),
    # Names of fields count in whatever letters
    "fields in other letters": plain(
        "nameprefix: eu-\nNAMESPACE: shop\ncommonlabels: {a: b}\n"
        "Images: [{Name: nginx, NewTag: '2'}]\nconfigmapgenerator: [{Name: x, Literals: [a=b]}]\n"
    ),
    "a target in other letters": plain(
        "PatchesJson6902:\n- Target: {Kind: ConfigMap, NAME: web, Version: v1}\n"
        '  Patch: \'[{"op": "add", "path": "/data/c", "value": "d"}]\'\n'
    ),
    "resources in other letters": {
        **BOTH,
        "kustomization.yaml": "Resources: [c.yaml]\nKind: Kustomization\n",
    },
    "an unknown field of a target": plain("patches: [{target: {kindly: A}, path: p.yaml}]\n"),
    "a text for a list": {"kustomization.yaml": "resources: a\n"},
    "a list for a text": plain("namespace: [a]\n"),
    "a list for a mapping": plain("commonLabels: [a]\n"),
    "a number in a list": {"kustomization.yaml": "resources: [1]\n"},
    "another API": plain("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"),
    "nothing at all": {"kustomization.yaml": "# nothing\n"},
    "no mapping at all": {"kustomization.yaml": "- a\n"},
    "nothing listed": {"kustomization.yaml": "resources: []\n"},
    "only a null": {"kustomization.yaml": "resources:\nnamespace: ''\n"},
    "no bases": {"kustomization.yaml": "bases: []\n"},
    "no tags of images": {"kustomization.yaml": "imageTags: []\n"},
    "no bases and no resources": {"kustomization.yaml": "bases: []\nresources: []\n"},
}


def test_every_corner_is_as_in_the_real_kustomize(tmp_path: Path) -> None:
    folders: list[Path] = []
    builds = []
    for number, files in enumerate(CASES.values()):
        folders.append(tmp_path / str(number))
        write_tree(files, folders[-1])
        builds.append(KustomizeTree(files).build(""))
    different = [
        f"{name}: {reason}"
        for name, ours, real in zip(CASES, builds, build_all(folders), strict=True)
        if (reason := difference(real, ours))
    ]
    assert not different, "\n".join(different)
    # Neither side only refuses.
    assert 40 < sum(build.ok for build in builds) < len(builds) - 40


def test_a_problem_names_a_place() -> None:
    problems = [
        (name, problem) for name in CASES for problem in KustomizeTree(CASES[name]).build("").problems
    ]
    assert len(problems) > 40
    for name, problem in problems:
        assert problem.reason
        assert problem.line >= 1
        assert problem.path == "" or problem.path in CASES[name] or problem.path in ("a", "k")


@pytest.mark.parametrize(
    ("labels", "is_selected"), [({"a": "2"}, True), ({"a": "1"}, False), ({"a": "x"}, False), ({}, False)]
)
def test_a_selector_compares_numbers_alone(labels: dict[str, str], is_selected: bool) -> None:
    assert LabelSelector.parse("a>1").matches(labels) is is_selected


def test_what_is_no_base64_is_refused() -> None:
    assert read_value("a: !!binary aGk=\n") == {"a": "hi"}
    with pytest.raises(InvalidManifest, match="its tag"):
        read_value("a: !!binary abc\n")


def test_a_null_in_a_list_is_no_object() -> None:
    ((document, item, _, manifest),) = read_manifests(
        "kind: List\nitems:\n-\n- {kind: A, metadata: {name: a}}\n"
    )
    assert (document, item, manifest["kind"]) == (0, 0, "A")


def test_of_an_object_that_a_patch_deletes_nothing_is_left() -> None:
    with pytest.raises(InvalidManifest, match="deletes the object"):
        merged_with({"kind": "A"}, {"$patch": "delete"})
