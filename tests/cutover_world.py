"""Clusters that a runbook is run against: a small API server for the real kubectl, and what flux and helm do.

The server holds objects and a model of who acts on them: a fluxd follows its branch, a helm-operator
uninstalls the release of an object that is deleted, kustomize-controller applies what a Kustomization names.
What must never happen is noted in `wrongs`.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import tarfile
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from command_lines import CommandLine, NotTaken, parse
from real_kustomize import NAMES, kubectl, write_tree
from reference_trees import LOADER

__all__ = ["FakeCluster", "World", "running_world"]

Manifest = dict[str, Any]
Key = tuple[str, str, str]
Files = Mapping[str, str | bytes]

# Kinds by their plural and group: kind, version, whether they are in namespaces.
_BUILT_IN = {
    ("pods", ""): ("Pod", "v1", True),
    ("secrets", ""): ("Secret", "v1", True),
    ("configmaps", ""): ("ConfigMap", "v1", True),
    ("services", ""): ("Service", "v1", True),
    ("serviceaccounts", ""): ("ServiceAccount", "v1", True),
    ("namespaces", ""): ("Namespace", "v1", False),
    ("deployments", "apps"): ("Deployment", "v1", True),
    ("clusterroles", "rbac.authorization.k8s.io"): ("ClusterRole", "v1", False),
    ("clusterrolebindings", "rbac.authorization.k8s.io"): ("ClusterRoleBinding", "v1", False),
    ("roles", "rbac.authorization.k8s.io"): ("Role", "v1", True),
    ("rolebindings", "rbac.authorization.k8s.io"): ("RoleBinding", "v1", True),
    ("customresourcedefinitions", "apiextensions.k8s.io"): ("CustomResourceDefinition", "v1", False),
}
_TOOLKIT = {
    "helmreleases.helm.toolkit.fluxcd.io": ("HelmRelease", "v2"),
    "kustomizations.kustomize.toolkit.fluxcd.io": ("Kustomization", "v1"),
    "gitrepositories.source.toolkit.fluxcd.io": ("GitRepository", "v1"),
    "helmrepositories.source.toolkit.fluxcd.io": ("HelmRepository", "v1"),
    "imagerepositories.image.toolkit.fluxcd.io": ("ImageRepository", "v1"),
    "imagepolicies.image.toolkit.fluxcd.io": ("ImagePolicy", "v1"),
    "imageupdateautomations.image.toolkit.fluxcd.io": ("ImageUpdateAutomation", "v1"),
}
_FLUX_1 = {
    "helmreleases.helm.fluxcd.io": ("HelmRelease", "v1"),
    "helmreleases.flux.weave.works": ("HelmRelease", "v1beta1"),
    "fluxhelmreleases.helm.integrations.flux.weave.works": ("FluxHelmRelease", "v1alpha2"),
}
_GROUPS = {name.partition(".")[2] for name in _FLUX_1}
_DEFAULT = ("source-controller", "kustomize-controller", "helm-controller", "notification-controller")


def _group(manifest: Manifest) -> str:
    return str(manifest["apiVersion"]).rpartition("/")[0]


def _read(text: str | bytes) -> list[Manifest]:
    return [each for each in yaml.load_all(text, LOADER) if each]


@dataclass
class FakeCluster:
    """One cluster."""

    name: str
    world: World
    objects: dict[tuple[str, str, str, str], Manifest] = field(default_factory=dict)
    records: set[tuple[str, str]] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)
    staying: tuple[str, ...] = ()
    port: int = 0

    # What is served

    def kinds(self) -> dict[tuple[str, str], tuple[str, str, bool]]:
        found = dict(_BUILT_IN)
        for (plural, *_), manifest in self.objects.items():
            if plural != "customresourcedefinitions":
                continue
            name = manifest["metadata"]["name"]
            own, _, group = name.partition(".")
            kind, version = {**_TOOLKIT, **_FLUX_1}[name]
            found[(own, group)] = (kind, version, True)
        return found

    def plural(self, manifest: Manifest) -> tuple[str, str]:
        for key, (kind, _, _) in self.kinds().items():
            if (kind, key[1]) == (manifest["kind"], _group(manifest)):
                return key
        raise LookupError(f"no matches for kind {manifest['kind']} of {manifest['apiVersion']}")

    def put(self, manifest: Manifest) -> None:
        plural, group = self.plural(manifest)
        about = manifest.setdefault("metadata", {})
        is_namespaced = self.kinds()[(plural, group)][2]
        namespace = about.get("namespace", "default") if is_namespaced else ""
        if is_namespaced:
            about["namespace"] = namespace
        about["uid"] = f"{plural}-{namespace}-{about['name']}"
        about["resourceVersion"] = "1"
        self.objects[(plural, group, namespace, about["name"])] = manifest

    def all(self, kind: str, group: str) -> list[Manifest]:
        return [each for each in list(self.objects.values()) if (each["kind"], _group(each)) == (kind, group)]

    def running(self, word: str) -> list[Manifest]:
        """Deployments with pods whose image has a word."""
        return [
            each
            for each in self.all("Deployment", "apps")
            if each["spec"].get("replicas", 1)
            and re.search(word, json.dumps(each["spec"]["template"]["spec"]["containers"]))
        ]

    def pods(self) -> Iterator[Manifest]:
        for each in self.all("Deployment", "apps"):
            about = each["metadata"]
            if each["spec"].get("replicas", 1):
                yield {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {
                        "name": f"{about['name']}-1a2b3c-x1",
                        "namespace": about["namespace"],
                        "uid": "pod",
                        "labels": each["spec"]["template"].get("metadata", {}).get("labels", {}),
                    },
                }

    def remove(self, key: tuple[str, str, str, str]) -> None:
        manifest = self.objects.pop(key)
        plural, group, namespace, name = key
        self.deleted.append(f"{plural}.{group} {namespace}/{name}")
        if "toolkit.fluxcd.io" in f"{plural}.{group}{name}":
            self.world.wrong(f"{self.name}: {plural}.{group} {name} is deleted")
        is_flux_1 = f"{plural}.{group}" in _FLUX_1 or name in _FLUX_1
        if is_flux_1 and self.running("helm-operator:"):
            self.world.wrong(f"{self.name}: {name} is deleted while the operator runs")
        if plural == "customresourcedefinitions":
            own, _, of_group = name.partition(".")
            for each in [each for each in self.objects if each[:2] == (own, of_group)]:
                self.remove(each)
        del manifest

    # kustomize-controller

    def apply(self, manifest: Manifest) -> None:
        kind, group = manifest["kind"], _group(manifest)
        stays = manifest["metadata"]["name"] in self.staying
        if not stays and group in (
            "helm.fluxcd.io",
            "flux.weave.works",
            "helm.integrations.flux.weave.works",
        ):
            self.world.wrong(f"{self.name}: Flux v2 applies {kind} {manifest['metadata']['name']} of Flux v1")
        text = json.dumps(manifest)
        if not stays and kind == "Deployment" and re.search(r"fluxcd/(flux|helm-operator):", text):
            self.world.wrong(f"{self.name}: Flux v2 starts {manifest['metadata']['name']} again")
        if (kind, group) == ("HelmRelease", "helm.toolkit.fluxcd.io"):
            self._take_up(manifest)
        is_sync = (kind, group) == ("Kustomization", "kustomize.toolkit.fluxcd.io")
        if is_sync and manifest["spec"]["prune"] and self.running("fluxcd/flux:"):
            self.world.wrong(f"{self.name}: it prunes while Flux v1 runs")
        self.put(manifest)

    def _take_up(self, release: Manifest) -> None:
        spec, about = release["spec"], release["metadata"]
        storage = spec.get("storageNamespace", about["namespace"])
        key = (storage, spec.get("releaseName", about["name"]))
        if key not in self.records:
            self.world.wrong(f"{self.name}: {key} is installed, which was not there")
        if self.running("helm-operator:"):
            twin = ("helmreleases", "helm.fluxcd.io", about["namespace"], about["name"])
            if twin in self.objects:
                self.world.wrong(f"{self.name}: two operators work on {key}")

    def reconcile(self, name: str, namespace: str) -> None:
        """Applies what a Kustomization names, of what Git has by now."""
        group = "kustomize.toolkit.fluxcd.io"
        own = self.objects.get(("kustomizations", group, namespace, name))
        if own is None:
            raise NotTaken(f"Kustomization {namespace}/{name} not found")
        if own["spec"].get("suspend"):
            raise NotTaken("resource is suspended")
        source_group = "source.toolkit.fluxcd.io"
        source = self.objects[("gitrepositories", source_group, namespace, own["spec"]["sourceRef"]["name"])]
        needed = source["spec"].get("secretRef", {}).get("name")
        if needed and ("secrets", "", namespace, needed) not in self.objects:
            raise NotTaken(f"GitRepository {name} is not ready: no Secret {needed}")
        files = self.world.artifact(source["spec"]["ref"]["branch"])
        for each in build(files, own["spec"]["path"]):
            decryption = own["spec"].get("decryption", {}).get("secretRef", {}).get("name")
            if "sops" in each and ("secrets", "", namespace, decryption) not in self.objects:
                raise NotTaken(f"{each['metadata']['name']} cannot be decrypted")
            self.apply(each)

    def synced(self) -> None:
        """Applies all that is not suspended."""
        for each in self.all("Kustomization", "kustomize.toolkit.fluxcd.io"):
            if not each["spec"].get("suspend"):
                self.reconcile(each["metadata"]["name"], each["metadata"]["namespace"])


def build(files: Files, path: str) -> list[Manifest]:
    """What kustomize-controller builds of a path."""
    with TemporaryDirectory() as folder:
        write_tree(files, Path(folder))
        root = Path(folder, path)
        if not root.is_dir():
            raise NotTaken(f"kustomization path not found: {path}")
        if not any((root / name).exists() for name in NAMES):
            found = [
                each.relative_to(root).as_posix()
                for each in sorted(root.rglob("*"))
                if each.suffix in (".yaml", ".yml")
            ]
            (root / NAMES[0]).write_text(json.dumps({"resources": found}), "utf-8")
        command = [kubectl(), "kustomize", "--load-restrictor=LoadRestrictionsNone", str(root)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise NotTaken(done.stderr.decode())
        return _read(done.stdout)


class World:
    """All clusters, and the repository that they follow."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.folder = folder
        self.clusters = {name: FakeCluster(name, self) for name in names}
        self.wrongs: list[str] = []
        self.heads: dict[str, str] = {}
        self.url = ""

    def wrong(self, what: str) -> None:
        self.wrongs.append(what)

    # Git

    def git(self, *words: str, folder: str = "clone") -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder / folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def artifact(self, branch: str) -> dict[str, bytes]:
        packed = subprocess.run(
            ["git", "archive", branch], cwd=self.folder / "origin", capture_output=True, check=True
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            members = [each for each in archive.getmembers() if each.isfile()]
            read = {each.name: archive.extractfile(each) for each in members}
            return {name: file.read() for name, file in read.items() if file is not None}

    def see_git(self) -> None:
        """What follows a branch sees that it moved."""
        said = self.git(
            "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads", folder="origin"
        )
        heads = dict(line.split() for line in said.splitlines())
        for branch, head in heads.items():
            if self.heads.get(branch, head) == head:
                continue
            if "flux2-migration" in branch:
                continue
            for cluster in self.clusters.values():
                for each in cluster.running("fluxcd/flux:"):
                    self.wrong(f"{cluster.name}: {branch} moves while {each['metadata']['name']} follows it")
                cluster.synced()
        self.heads = heads

    # Tools

    def tool(self, argv: list[str], folder: Path) -> tuple[int, str]:
        """What flux and helm do."""
        try:
            line = parse(argv)
            context = line.flags.get("context") or line.flags.get("kube-context")
            if context is None and len(self.clusters) > 1:
                raise NotTaken("no cluster is named")
            cluster = self.clusters[context] if context else next(iter(self.clusters.values()))
            return 0, _TOOLS[(argv[0], *line.command)](cluster, line, folder) or ""
        except NotTaken as error:
            return (*error.args, 1)[1], f"{shlex.join(argv)}: {error}\n"

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "KUBECONFIG": str(self.folder / "kubeconfig"),
            "HOME": str(self.folder),
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "WORLD": self.url,
            "GIT_USERNAME": "me",
            "GIT_PASSWORD": "secret",
            "GIT_EDITOR": "false",
        }
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder / "clone",
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.see_git()
        return done


# What flux and helm do, each as far as it changes something or may fail


def _install(cluster: FakeCluster, line: CommandLine, folder: Path) -> None:
    namespace = line.flags["namespace"]
    cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for name in _TOOLKIT:
        cluster.put(definition(name))
    extra = line.flags.get("components-extra", "").split(",")
    for name in filter(None, (*_DEFAULT, *extra)):
        cluster.put(deployment(name, namespace, f"ghcr.io/fluxcd/{name}:v1"))


def _secret(cluster: FakeCluster, line: CommandLine, folder: Path) -> None:
    data = {"identity": "", "known_hosts": ""}
    if line.flags["url"].startswith("ssh://"):
        if not (folder / line.flags["private-key-file"]).read_text("utf-8"):
            raise NotTaken("the key is empty")
    elif not (line.flags.get("username") and line.flags.get("password")):
        raise NotTaken("username and password are required")
    about = {"name": line.words[0], "namespace": line.flags["namespace"]}
    cluster.put({"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": data})


def _source(cluster: FakeCluster, line: CommandLine, folder: Path) -> str:
    spec = {
        "interval": line.flags.get("interval", "1m"),
        "url": line.flags["url"],
        "ref": {"branch": line.flags["branch"]},
        **({"secretRef": {"name": line.flags["secret-ref"]}} if "secret-ref" in line.flags else {}),
    }
    return _exported("source.toolkit.fluxcd.io/v1", "GitRepository", line, spec)


def _exported(api: str, kind: str, line: CommandLine, spec: Manifest) -> str:
    about = {"name": line.words[0], "namespace": line.flags["namespace"]}
    return "---\n" + yaml.safe_dump({"apiVersion": api, "kind": kind, "metadata": about, "spec": spec})


def _kustomization(cluster: FakeCluster, line: CommandLine, folder: Path) -> str:
    spec: Manifest = {
        "interval": line.flags.get("interval", "1m"),
        "path": line.flags["path"],
        "prune": line.flags.get("prune") == "true",
        "sourceRef": dict(zip(("kind", "name"), line.flags["source"].split("/"), strict=True)),
    }
    if "decryption-secret" in line.flags:
        spec["decryption"] = {"provider": "sops", "secretRef": {"name": line.flags["decryption-secret"]}}
    return _exported("kustomize.toolkit.fluxcd.io/v1", "Kustomization", line, spec)


def _built(cluster: FakeCluster, line: CommandLine, folder: Path) -> list[Manifest]:
    name, namespace = line.words[0], line.flags["namespace"]
    given = line.flags.get("kustomization-file")
    read = _read((folder / given).read_bytes()) if given else []
    names = [(each["metadata"]["name"], each["metadata"]["namespace"]) for each in read]
    if given and (name, namespace) not in names:
        raise NotTaken(f"failed find kustomization with name '{name}'")
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    return build(files, line.flags["path"])


def _diff(cluster: FakeCluster, line: CommandLine, folder: Path) -> None:
    """Ends with 2 where it cannot, and with 1 where something would change, as it does at this time."""
    key = ("kustomizations", "kustomize.toolkit.fluxcd.io", line.flags["namespace"], line.words[0])
    if key not in cluster.objects:
        raise NotTaken("failed to get kustomization object", 2)
    _built(cluster, line, folder)
    raise NotTaken("identified at least one change")


def _build(cluster: FakeCluster, line: CommandLine, folder: Path) -> str:
    return yaml.safe_dump_all(_built(cluster, line, folder))


def _reconcile(cluster: FakeCluster, line: CommandLine, folder: Path) -> None:
    cluster.reconcile(line.words[0], line.flags["namespace"])


_SUSPENDED = {
    "kustomization": ("Kustomization", "kustomize.toolkit.fluxcd.io"),
    "helmrelease": ("HelmRelease", "helm.toolkit.fluxcd.io"),
    "update": ("ImageUpdateAutomation", "image.toolkit.fluxcd.io"),
}


def _suspends(value: bool) -> Callable[[FakeCluster, CommandLine, Path], None]:
    def suspend(cluster: FakeCluster, line: CommandLine, folder: Path) -> None:
        found = [
            each
            for each in cluster.all(*_SUSPENDED[line.command[-1]])
            if each["metadata"]["namespace"] == line.flags["namespace"]
            and (line.flags.get("all") or each["metadata"]["name"] in line.words)
        ]
        if not found:
            raise NotTaken("no objects found")
        for each in found:
            each["spec"]["suspend"] = value
        cluster.synced()

    return suspend


def _list(cluster: FakeCluster, line: CommandLine, folder: Path) -> str:
    rows = [
        {"name": name, "namespace": namespace, "status": "deployed"}
        for namespace, name in sorted(cluster.records)
    ]
    if line.flags.get("output") == "json":
        return json.dumps(rows)
    return "".join(f"{row['name']}\t{row['namespace']}\t{row['status']}\n" for row in rows)


def _status(cluster: FakeCluster, line: CommandLine, folder: Path) -> str:
    if (line.flags["namespace"], line.words[0]) not in cluster.records:
        raise NotTaken("release: not found")
    return "STATUS: deployed\n"


def _uninstall(cluster: FakeCluster, line: CommandLine, folder: Path) -> None:
    key = (line.flags["namespace"], line.words[0])
    if key not in cluster.records:
        raise NotTaken("release: not found")
    cluster.records.discard(key)
    label = "helm.sh/release"
    for each, manifest in list(cluster.objects.items()):
        if manifest["metadata"].get("labels", {}).get(label) == line.words[0]:
            cluster.remove(each)


def _nothing(cluster: FakeCluster, line: CommandLine, folder: Path) -> None:
    """What only shows something."""


_TOOLS: Mapping[tuple[str, ...], Callable[[FakeCluster, CommandLine, Path], str | None]] = {
    ("flux", "check"): _nothing,
    ("flux", "install"): _install,
    ("flux", "create", "secret", "git"): _secret,
    ("flux", "create", "source", "git"): _source,
    ("flux", "create", "kustomization"): _kustomization,
    ("flux", "diff", "kustomization"): _diff,
    ("flux", "build", "kustomization"): _build,
    ("flux", "reconcile", "kustomization"): _reconcile,
    ("flux", "suspend", "kustomization"): _suspends(True),
    ("flux", "suspend", "helmrelease"): _suspends(True),
    ("flux", "suspend", "image", "update"): _suspends(True),
    ("flux", "resume", "kustomization"): _suspends(False),
    ("flux", "get", "all"): _nothing,
    ("flux", "get", "images", "all"): _nothing,
    ("helm", "list"): _list,
    ("helm", "status"): _status,
    ("helm", "uninstall"): _uninstall,
}


def definition(name: str) -> Manifest:
    """A definition, as far as a name says it."""
    kind = "CustomResourceDefinition"
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": {}}


def deployment(name: str, namespace: str, image: str) -> Manifest:
    """A Deployment of one container."""
    labels = {"app": name}
    spec = {"containers": [{"name": name, "image": image}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 1, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }


# The API server, as far as kubectl needs one


def _handler(world: World, cluster: FakeCluster | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

        def answer(self, value: Any, status: int = 200) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def body(self) -> Any:
            return _secret_of_bytes(self.sent) if self.sent[:4] == b"k8s\0" else yaml.load(self.sent, LOADER)

        def fail(self, code: int, reason: str, message: str) -> None:
            status = {"apiVersion": "v1", "kind": "Status", "status": "Failure"}
            self.answer({**status, "reason": reason, "code": code, "message": message}, code)

        def act(self) -> None:
            try:
                self.sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}"
                if cluster is None:
                    asked = self.body()
                    code, said = world.tool(asked["argv"], Path(asked["cwd"]))
                    self.answer({"code": code, "said": said})
                    return
                _serve(self, cluster)
            except Exception as error:
                self.fail(500, "InternalError", f"{type(error).__name__}: {error}")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = act  # noqa: N815

    return Handler


def _serve(request: Any, cluster: FakeCluster) -> None:
    asked = urlsplit(request.path)
    parts = [each for each in asked.path.split("/") if each]
    query = parse_qs(asked.query)
    kinds = cluster.kinds()
    groups: dict[str, str] = {group: version for (_, group), (_, version, _) in kinds.items()}
    if parts == ["version"]:
        request.answer({"major": "1", "minor": "37", "gitVersion": "v1.37.0"})
    elif parts == ["api"]:
        request.answer({"kind": "APIVersions", "versions": ["v1"]})
    elif parts == ["apis"]:
        served = [
            {
                "name": group,
                "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version},
            }
            for group, version in groups.items()
            if group
        ]
        request.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": served})
    elif parts[:2] == ["openapi", "v3"]:
        _openapi(request, parts[2:], kinds)
    elif parts[0] == "api":
        _resources(request, cluster, "", parts[2:], query)
    elif parts[0] == "apis" and parts[1] in groups:
        _resources(request, cluster, parts[1], parts[3:], query)
    else:
        request.fail(404, "NotFound", f"{asked.path} is not served")


def _openapi(request: Any, parts: list[str], kinds: Mapping[Any, Any]) -> None:
    found: dict[str, Any] = {}
    for (plural, group), (kind, version, _) in kinds.items():
        path = f"apis/{group}/{version}" if group else f"api/{version}"
        about = [{"group": group, "version": version, "kind": kind}]
        patch = {
            "parameters": [{"name": "fieldValidation", "in": "query"}],
            "x-kubernetes-group-version-kind": about[0],
            "responses": {},
        }
        found.setdefault(path, {})[f"/{path}/{plural}/{{name}}"] = {"patch": patch}
    if not parts:
        request.answer({"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in found}})
        return
    info = {"title": "model", "version": "1"}
    request.answer({"openapi": "3.0.0", "info": info, "paths": found.get("/".join(parts), {})})


def _resources(
    request: Any, cluster: FakeCluster, group: str, parts: list[str], query: Mapping[str, list[str]]
) -> None:
    kinds = cluster.kinds()
    if not parts:
        listed = [
            {"name": plural, "kind": kind, "namespaced": is_namespaced, "singularName": kind.lower()}
            | {"verbs": ["get", "list", "watch", "delete", "patch", "create", "update"]}
            | ({"shortNames": ["crd"]} if kind == "CustomResourceDefinition" else {})
            for (plural, of), (kind, _, is_namespaced) in kinds.items()
            if of == group
        ]
        version = next(version for (_, of), (_, version, _) in kinds.items() if of == group)
        listed += [
            {"name": "deployments/scale", "kind": "Scale", "group": "autoscaling", "version": "v1"}
            | {"namespaced": True, "singularName": "", "verbs": ["get", "patch", "update"]}
            for _ in range(group == "apps")
        ]
        full = f"{group}/{version}" if group else version
        request.answer({"kind": "APIResourceList", "groupVersion": full, "resources": listed})
        return
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    plural, *rest = parts
    kind, version, _ = kinds[(plural, group)]
    if request.command == "POST":
        manifest = request.body()
        manifest.setdefault("metadata", {}).setdefault("namespace", namespace)
        cluster.put(manifest)
        request.answer(manifest, 201)
        return
    if not rest:
        _listed(request, cluster, (plural, group, kind, version), namespace, query)
        return
    key = (plural, group, namespace, rest[0])
    if request.command == "PATCH" and "apply-patch" in request.headers["Content-Type"]:
        manifest = request.body()
        if "dryRun" not in query:
            cluster.apply(manifest)
        request.answer(manifest)
        return
    manifest = cluster.objects.get(key)
    if manifest is None:
        request.fail(404, "NotFound", f'{plural} "{rest[0]}" not found')
    elif rest[1:] == ["scale"]:
        _scaled(request, manifest)
    elif request.command == "DELETE":
        cluster.remove(key)
        request.answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})
    elif request.command == "PATCH":
        _merge(manifest, request.body())
        request.answer(manifest)
    else:
        request.answer(manifest)


def _merge(target: Manifest, patch: Mapping[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value


def _scaled(request: Any, manifest: Manifest) -> None:
    if request.command != "GET":
        manifest["spec"]["replicas"] = request.body()["spec"]["replicas"]
    about = {key: manifest["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")}
    spec = {"replicas": manifest["spec"].get("replicas", 1)}
    request.answer({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": about, "spec": spec})


def _listed(
    request: Any,
    cluster: FakeCluster,
    about: tuple[str, str, str, str],
    namespace: str,
    query: Mapping[str, list[str]],
) -> None:
    plural, group, kind, version = about
    found = list(cluster.pods()) if plural == "pods" else []
    found += [each for key, each in list(cluster.objects.items()) if key[:2] == (plural, group)]
    selected = dict(each.split("=") for each in query.get("labelSelector", [""])[0].split(",") if each)
    (name,) = query.get("fieldSelector", [""])
    items = [
        each
        for each in found
        if (not namespace or each["metadata"].get("namespace") == namespace)
        and selected.items() <= each["metadata"].get("labels", {}).items()
        and (not name or name == f"metadata.name={each['metadata']['name']}")
    ]
    full = f"{group}/{version}" if group else version
    request.answer({"kind": f"{kind}List", "apiVersion": full, "metadata": {}, "items": items})


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Gives the fields of a message of protobuf that hold bytes."""
    position = 0

    def number() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(message):
        tag = number()
        size = number()
        if tag & 7 == 2:
            yield tag >> 3, message[position : position + size]
            position += size


def _secret_of_bytes(sent: bytes) -> Manifest:
    """Gives a Secret that kubectl creates, which speaks protobuf then."""
    (raw,) = (value for key, value in _fields(sent[4:]) if key == 2)
    secret = list(_fields(raw))
    about = dict(_fields(next(value for key, value in secret if key == 1)))
    entries = [dict(_fields(value)) for key, value in secret if key == 2]
    data = {each[1].decode(): b64encode(each[2]).decode() for each in entries}
    metadata = {"name": about[1].decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


_SHIM = f"""\
#!{sys.executable} -IS
import json, os, sys, urllib.request
argv = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
body = json.dumps({{"argv": argv, "cwd": os.getcwd()}}).encode()
with urllib.request.urlopen(os.environ["WORLD"], body) as answer:
    said = json.load(answer)
(sys.stderr if said["code"] else sys.stdout).write(said["said"])
sys.exit(said["code"])
"""


@contextmanager
def running_world(folder: Path, names: Iterable[str]) -> Iterator[World]:
    """Gives clusters that kubectl, flux and helm reach, beside an empty repository and its clone.

    Args:
        folder: for everything.
        names: of the contexts.
    """
    world = World(folder, names)
    servers = []
    for cluster in (None, *world.clusters.values()):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(world, cluster))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        if cluster is not None:
            cluster.port = server.server_port
    world.url = f"http://127.0.0.1:{servers[0].server_port}/"
    names = list(world.clusters)
    contexts = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "" if len(names) > 1 else names[0],
        "contexts": [{"name": each, "context": {"cluster": each, "user": "me"}} for each in names],
        "clusters": [
            {"name": each.name, "cluster": {"server": f"http://127.0.0.1:{each.port}"}}
            for each in world.clusters.values()
        ],
        "users": [{"name": "me", "user": {}}],
    }
    (folder / "kubeconfig").write_text(json.dumps(contexts), "utf-8")
    (folder / "bin").mkdir()
    (folder / "bin/kubectl").symlink_to(kubectl())
    for name in ("flux", "helm"):
        shim = folder / "bin" / name
        shim.write_text(_SHIM, "utf-8")
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    settings = "[user]\nname = me\nemail = me@example.com\n[push]\ndefault = simple\n"
    (folder / "gitconfig").write_text(settings, "utf-8")
    try:
        yield world
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
