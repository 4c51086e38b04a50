"""Single mistakes in a migrated repository, each of a kind that people make.

A kind gives every repository that it can make of a migrated one; those of which no cluster
would notice anything do not count. Run as a program, it prints the table of the kinds over the repositories
of `mistaken_repositories`.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import find_markers
from fluxv2_migrate.kustomize import KustomizeTree, controller_build
from fluxv2_migrate.yaml_text import read_document, split_documents
from mistaken_repositories import Migrated, repositories

__all__ = ["KINDS", "Missed", "table", "verified"]

Files = dict[str, str | bytes]
Mistakes = Iterator[Files]
Kind = Callable[[Migrated], Mistakes]
Change = Callable[[dict[str, Any]], bool | None]

KINDS: dict[str, Kind] = {}
_YAML = (".yaml", ".yml")
MARK = re.compile(r" *# \{\"\$imagepolicy.*")


def kind(name: str) -> Callable[[Kind], Kind]:
    def register(function: Kind) -> Kind:
        KINDS[name] = function
        return function

    return register


def text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()


def objects(files: Mapping[str, str | bytes]) -> Iterator[tuple[str, int, int, dict[str, Any]]]:
    """Gives each object with its file and the span of its text."""
    for path, content in sorted(files.items()):
        if not path.endswith((".yaml", ".yml")):
            continue
        try:
            whole = text(content)
            for span in split_documents(whole):
                value = read_document(whole[span.start : span.end])[1]
                if isinstance(value, dict) and isinstance(value.get("metadata"), dict):
                    yield path, span.start, span.end, copy.deepcopy(value)
        except (fm.MigrationError, UnicodeDecodeError):
            continue


def is_of(value: Mapping[str, Any], kind: str, group: str = "") -> bool:
    return value.get("kind") == kind and str(value.get("apiVersion")).startswith(group)


def edited(migrated: Migrated, kind: str, change: Change, group: str = "") -> Mistakes:
    """Gives the repositories in which one object of a kind is changed; what gives `False` changes none."""
    for path, start, end, value in objects(migrated.after):
        whole = text(migrated.after[path])
        # What is written anew has no markers.
        if not migrated.counts(path) or not is_of(value, kind, group) or MARK.search(whole[start:end]):
            continue
        if change(value) is not False:
            yield {**migrated.after, path: f"{whole[:start]}{json.dumps(value)}\n{whole[end:]}"}


def release(name: str) -> Callable[[Change], Change]:
    """Registers a change of a release."""

    def register(change: Change) -> Change:
        KINDS[name] = lambda migrated: edited(migrated, "HelmRelease", change, "helm.toolkit")
        return change

    return register


def put(*path: str, to: Any) -> Change:
    def change(value: dict[str, Any]) -> bool:
        *way, last = path
        for key in way:
            value = value.setdefault(key, {})
        if value.get(last) == to:
            return False
        value[last] = to
        return True

    return change


def drop(*path: str) -> Change:
    def change(value: dict[str, Any]) -> bool:
        *way, last = path
        for key in way:
            value = value.get(key) or {}
        return value.pop(last, None) is not None

    return change


def alter(*path: str, by: Callable[[str], Any]) -> Change:
    def change(value: dict[str, Any]) -> bool:
        *way, last = path
        for key in way:
            value = value.get(key) or {}
        if not isinstance(value.get(last), str):
            return False
        value[last] = by(value[last])
        return True

    return change


SPEC = ("spec",)
CHART = ("spec", "chart", "spec")
for name, change in {
    "release name changed": alter(*SPEC, "releaseName", by=lambda name: f"{name}x"),
    "release name dropped": drop(*SPEC, "releaseName"),
    "namespace of a release changed": put("metadata", "namespace", to="elsewhere"),
    "namespace of a release dropped": drop("metadata", "namespace"),
    "target namespace dropped": drop(*SPEC, "targetNamespace"),
    "target namespace added": put(*SPEC, "targetNamespace", to="elsewhere"),
    "storage namespace dropped": drop(*SPEC, "storageNamespace"),
    "storage namespace changed": put(*SPEC, "storageNamespace", to="elsewhere"),
    "version changed": alter(*CHART, "version", by=lambda version: f"{version}1"),
    "version made a range": alter(*CHART, "version", by=lambda version: f">={version}"),
    "version dropped": drop(*CHART, "version"),
    "chart changed": alter(*CHART, "chart", by=lambda chart: f"{chart}-x"),
    "source of another name": alter(*CHART, "sourceRef", by=str),
    "source renamed": put(*CHART, "sourceRef", "name", to="nobody"),
    "source of another kind": put(*CHART, "sourceRef", "kind", to="Bucket"),
    "namespace of a source dropped": drop(*CHART, "sourceRef", "namespace"),
    "reconcile strategy dropped": drop(*CHART, "reconcileStrategy"),
    "values dropped": drop(*SPEC, "values"),
    "value added": put(*SPEC, "values", "somethingNew", to=1),
    "values files added": put(*CHART, "valuesFiles", to=["other.yaml"]),
    "wait put in": drop(*SPEC, "install", "disableWait"),
    "wait of upgrades put in": drop(*SPEC, "upgrade", "disableWait"),
    "timeout changed": put(*SPEC, "timeout", to="1h1m"),
    "history limit dropped": drop(*SPEC, "maxHistory"),
    "history limit changed": put(*SPEC, "maxHistory", to=2),
    "remediation dropped": drop(*SPEC, "upgrade", "remediation"),
    "remediation uninstalls": put(
        *SPEC, "upgrade", "remediation", to={"retries": 3, "strategy": "uninstall"}
    ),
    "remediation of installs added": put(*SPEC, "install", "remediation", to={"retries": 3}),
    "definitions of upgrades": put(*SPEC, "upgrade", "crds", to="CreateReplace"),
    "definitions of installs skipped": put(*SPEC, "install", "crds", to="Skip"),
    "ownership taken": drop(*SPEC, "install", "disableTakeOwnership"),
    "namespace made": put(*SPEC, "install", "createNamespace", to=True),
    "force dropped": drop(*SPEC, "upgrade", "force"),
    "force added": put(*SPEC, "upgrade", "force", to=True),
    "values kept": put(*SPEC, "upgrade", "preserveValues", to=True),
    "hooks off": put(*SPEC, "upgrade", "disableHooks", to=True),
    "tests on": put(*SPEC, "test", "enable", to=True),
    "suspended": put(*SPEC, "suspend", to=True),
    "interval dropped": drop(*SPEC, "interval"),
    "dependency added": put(*SPEC, "dependsOn", to=[{"name": "nobody"}]),
    "other cluster": put(*SPEC, "kubeConfig", to={"secretRef": {"name": "x"}}),
    "account added": put(*SPEC, "serviceAccountName", to="x"),
    "post-renderer added": put(*SPEC, "postRenderers", to=[{"kustomize": {"images": [{"name": "a"}]}}]),
    "drift corrected": put(*SPEC, "driftDetection", to={"mode": "enabled"}),
    "history kept": put(*SPEC, "uninstall", "keepHistory", to=True),
    "field of Flux v1 left": put(*SPEC, "helmVersion", to="v3"),
    "misspelt field": put(*SPEC, "releaseNmae", to="x"),
    "reconciliation off": put(
        "metadata", "annotations", "kustomize.toolkit.fluxcd.io/reconcile", to="disabled"
    ),
    "old API version": put("apiVersion", to="helm.toolkit.fluxcd.io/v2beta9"),
}.items():
    release(name)(change)
del KINDS["source of another name"]


def _leaf(value: Any, change: Callable[[dict[str, Any], str], None]) -> bool:
    """Changes the first plain value below a mapping."""
    for key in sorted(value, key=str) if isinstance(value, dict) else ():
        if isinstance(value[key], dict):
            if _leaf(value[key], change):
                return True
        elif not isinstance(value[key], list) and value[key] is not None:
            change(value, key)
            return True
    return False


@release("value changed")
def _(value: dict[str, Any]) -> bool:
    return _leaf(value["spec"].get("values"), lambda at, key: at.update({key: f"{at[key]}-x"}))


@release("value of another type")
def _(value: dict[str, Any]) -> bool:
    def change(at: dict[str, Any], key: str) -> None:
        at[key] = str(at[key]) if not isinstance(at[key], str) else True

    return _leaf(value["spec"].get("values"), change)


@release("one value dropped")
def _(value: dict[str, Any]) -> bool:
    return _leaf(value["spec"].get("values"), lambda at, key: at.pop(key) and None)


def _source(name: str, change: Callable[[list[Any]], object]) -> None:
    def of_release(value: dict[str, Any]) -> bool:
        found = value["spec"].get("valuesFrom")
        before = copy.deepcopy(found)
        if not found:
            return False
        change(found)
        return bool(found != before)

    release(name)(of_release)


_source("values source dropped", lambda found: found.pop())
_source("values sources reordered", lambda found: found.reverse())
_source("values source no more optional", lambda found: [each.pop("optional", None) for each in found])
_source("values source optional", lambda found: found[-1].update(optional=True))
_source("values key changed", lambda found: found[0].update(valuesKey="other.yaml"))
_source("values source renamed", lambda found: found[0].update(name="nobody"))
_source(
    "values source of another kind",
    lambda found: found[0].update(kind="Secret" if found[0]["kind"] == "ConfigMap" else "ConfigMap"),
)


def of_kind(name: str, kind: str, group: str, change: Change) -> None:
    KINDS[name] = lambda migrated: edited(migrated, kind, change, group)


SOURCES = "source.toolkit"
IMAGES = "image.toolkit"
SYNC = "kustomize.toolkit"
of_kind(
    "URL of a Helm repository changed",
    "HelmRepository",
    SOURCES,
    alter("spec", "url", by=lambda url: f"{url}x"),
)
of_kind(
    "URL of a git repository changed",
    "GitRepository",
    SOURCES,
    alter("spec", "url", by=lambda url: f"{url}x"),
)
of_kind("Secret of a source added", "HelmRepository", SOURCES, put("spec", "secretRef", to={"name": "x"}))
of_kind("Secret of a source dropped", "GitRepository", SOURCES, drop("spec", "secretRef"))
of_kind("branch of a chart changed", "GitRepository", SOURCES, put("spec", "ref", to={"branch": "other"}))
of_kind("namespace of a repository changed", "HelmRepository", SOURCES, put("metadata", "namespace", to="x"))
of_kind("source suspended", "HelmRepository", SOURCES, put("spec", "suspend", to=True))
of_kind(
    "source not reconciled",
    "HelmRepository",
    SOURCES,
    put("metadata", "annotations", to={"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
)
of_kind("policy suspended", "ImagePolicy", IMAGES, put("spec", "suspend", to=True))
of_kind(
    "range widened",
    "ImagePolicy",
    IMAGES,
    lambda value: (
        "semver" in value["spec"]["policy"]
        and put("spec", "policy", "semver", "range", to=">=0.0.0-0")(value)
    ),
)
of_kind(
    "range narrowed",
    "ImagePolicy",
    IMAGES,
    lambda value: (
        "semver" in value["spec"]["policy"]
        and "filterTags" not in value["spec"]
        and put("spec", "policy", "semver", "range", to="=99.9.9")(value)
    ),
)
of_kind(
    "range broken",
    "ImagePolicy",
    IMAGES,
    lambda value: (
        "semver" in value["spec"]["policy"] and put("spec", "policy", "semver", "range", to="~1.")(value)
    ),
)
of_kind("filter dropped", "ImagePolicy", IMAGES, drop("spec", "filterTags"))
of_kind(
    "filter widened",
    "ImagePolicy",
    IMAGES,
    lambda value: "filterTags" in value["spec"] and put("spec", "filterTags", "pattern", to=".*")(value),
)
of_kind(
    "filter narrowed",
    "ImagePolicy",
    IMAGES,
    lambda value: (
        "filterTags" in value["spec"] and put("spec", "filterTags", "pattern", to="^nothing$")(value)
    ),
)
of_kind(
    "order made alphabetical",
    "ImagePolicy",
    IMAGES,
    put("spec", "policy", to={"alphabetical": {"order": "asc"}}),
)
of_kind(
    "policy of another repository",
    "ImagePolicy",
    IMAGES,
    put("spec", "imageRepositoryRef", to={"name": "nobody"}),
)
of_kind("policy in another namespace", "ImagePolicy", IMAGES, put("metadata", "namespace", to="elsewhere"))
of_kind(
    "image of a repository changed",
    "ImageRepository",
    IMAGES,
    alter("spec", "image", by=lambda image: f"{image}-x"),
)
of_kind("image repository suspended", "ImageRepository", IMAGES, put("spec", "suspend", to=True))
of_kind(
    "image repository not applied",
    "ImageRepository",
    IMAGES,
    put("metadata", "annotations", to={"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
)
of_kind("automation suspended", "ImageUpdateAutomation", IMAGES, put("spec", "suspend", to=True))
of_kind(
    "automation of another path",
    "ImageUpdateAutomation",
    IMAGES,
    put("spec", "update", "path", to="./elsewhere"),
)
of_kind(
    "automation that selects others",
    "ImageUpdateAutomation",
    IMAGES,
    put("spec", "policySelector", to={"matchLabels": {"a": "b"}}),
)
of_kind(
    "automation pushes elsewhere",
    "ImageUpdateAutomation",
    IMAGES,
    put("spec", "git", "push", to={"branch": "elsewhere"}),
)
of_kind(
    "automation in another namespace",
    "ImageUpdateAutomation",
    IMAGES,
    put("metadata", "namespace", to="elsewhere"),
)
of_kind("prune put on", "Kustomization", SYNC, put("spec", "prune", to=True))
of_kind("decryption dropped", "Kustomization", SYNC, drop("spec", "decryption"))
of_kind("target namespace of a path", "Kustomization", SYNC, put("spec", "targetNamespace", to="elsewhere"))
of_kind("prefix of a path", "Kustomization", SYNC, put("spec", "namePrefix", to="x-"))
of_kind("variables of a path", "Kustomization", SYNC, put("spec", "postBuild", to={"substitute": {"a": "b"}}))
of_kind(
    "patch of a path",
    "Kustomization",
    SYNC,
    put(
        "spec",
        "patches",
        to=[
            {
                "target": {"kind": "HelmRelease"},
                "patch": json.dumps([{"op": "replace", "path": "/spec/releaseName", "value": "x"}]),
            }
        ],
    ),
)
for name, change in {
    "objects of a path forced": put("spec", "force", to=True),
    "path of another cluster": put("spec", "kubeConfig", to={"secretRef": {"name": "x"}}),
    "account of a path": put("spec", "serviceAccountName", to="x"),
    "path waits for nobody": put("spec", "dependsOn", to=[{"name": "nobody"}]),
    "path deletes with itself": put("spec", "deletionPolicy", to="Delete"),
    "path of another source": put("spec", "sourceRef", "name", to="elsewhere"),
    "old API of a path": put("apiVersion", to="kustomize.toolkit.fluxcd.io/v1alpha9"),
    "interval of a path dropped": drop("spec", "interval"),
    "all of a path disabled": put(
        "spec",
        "commonMetadata",
        to={"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}},
    ),
    "images of a path": put("spec", "images", to=[{"name": "registry.example.com/shop/api", "newTag": "9"}]),
}.items():
    of_kind(name, "Kustomization", SYNC, change)
for name, kind_of, change in (
    ("interval of an image repository dropped", "ImageRepository", drop("spec", "interval")),
    ("digest followed", "ImagePolicy", put("spec", "digestReflectionPolicy", to="IfNotPresent")),
    ("digest followed without interval", "ImagePolicy", put("spec", "digestReflectionPolicy", to="Always")),
    ("misspelt field of a policy", "ImagePolicy", put("spec", "filterTag", to={"pattern": "x"})),
    ("automation without git", "ImageUpdateAutomation", drop("spec", "git")),
    ("automation without an author", "ImageUpdateAutomation", drop("spec", "git", "commit", "author")),
    ("automation of another source", "ImageUpdateAutomation", put("spec", "sourceRef", "name", to="other")),
    (
        "message with a field that is gone",
        "ImageUpdateAutomation",
        put("spec", "git", "commit", "messageTemplate", to="{{ .Updated }}"),
    ),
):
    of_kind(name, kind_of, IMAGES, change)


def _descending(value: dict[str, Any]) -> bool:
    orders = value["spec"]["policy"]
    found = orders.get("numerical") or (orders.get("alphabetical") if "filterTags" in value["spec"] else None)
    # A policy of one tag has no order.
    if not found or "extract" not in value["spec"].get("filterTags", {}):
        return False
    found["order"] = "desc"
    return True


of_kind("oldest tag first", "ImagePolicy", IMAGES, _descending)
of_kind("type of a Helm repository", "HelmRepository", SOURCES, put("spec", "type", to="oci"))
of_kind(
    "release left to itself",
    "HelmRelease",
    "helm.toolkit",
    put("metadata", "annotations", "kustomize.toolkit.fluxcd.io/ssa", to="Ignore"),
)


@kind("image of a workload changed")
def _(migrated: Migrated) -> Mistakes:
    for path, found in marks(migrated):
        whole = text(migrated.after[path])
        begins = whole.rfind("\n", 0, found.start()) + 1
        line = whole[begins : found.start()]
        new = re.sub(r"(image: \S+:)[\w.-]+", r"\g<1>0.0.1", line)
        if new != line:
            yield {**migrated.after, path: whole[:begins] + new + whole[found.start() :]}


of_kind("path suspended", "Kustomization", SYNC, put("spec", "suspend", to=True))
of_kind("another path", "Kustomization", SYNC, put("spec", "path", to="./elsewhere"))


def without_object(name: str, kind: str, group: str) -> None:
    def gone(migrated: Migrated) -> Mistakes:
        for path, start, end, value in objects(migrated.after):
            if migrated.counts(path) and is_of(value, kind, group):
                whole = text(migrated.after[path])
                rest = whole[:start].removesuffix("---\n") + whole[end:].removeprefix("---\n")
                files = {**migrated.after, path: rest}
                if not rest.strip("-\n "):
                    del files[path]
                yield unlisted(files, path) if path not in files else files

    KINDS[name] = gone


def unlisted(files: Files, path: str) -> Files:
    """Takes a file out of what lists it, as one does who deletes it."""
    name = path.rpartition("/")[2]
    for other in [
        each for each in files if each.rpartition("/")[2] in ("kustomization.yaml", "kustomization.yml")
    ]:
        files[other] = re.sub(rf"(?m)^ *- (?:.*/)?{re.escape(name)}\n", "", text(files[other]))
    return files


without_object("release deleted", "HelmRelease", "helm.toolkit")
without_object("Helm repository deleted", "HelmRepository", SOURCES)
without_object("git repository deleted", "GitRepository", SOURCES)
without_object("policy deleted", "ImagePolicy", IMAGES)
without_object("image repository deleted", "ImageRepository", IMAGES)
without_object("automation deleted", "ImageUpdateAutomation", IMAGES)
without_object("Namespace deleted", "Namespace", "v1")
without_object("workload deleted", "Deployment", "apps/")
without_object("Secret deleted", "Secret", "v1")
without_object("Kustomization of a path deleted", "Kustomization", SYNC)


def moved(name: str, kind: str, group: str) -> None:
    def out(migrated: Migrated) -> Mistakes:
        for path, _, _, value in objects(migrated.after):
            if migrated.counts(path) and is_of(value, kind, group):
                files = dict(migrated.after)
                content = files.pop(path)
                yield unlisted({**files, f"elsewhere/{path}": content}, path)

    KINDS[name] = out


moved("release moved out of the path", "HelmRelease", "helm.toolkit")
moved("source moved out of the path", "HelmRepository", SOURCES)
moved("policy moved out of the path", "ImagePolicy", IMAGES)


@kind("release copied under another name")
def _(migrated: Migrated) -> Mistakes:
    for path, start, end, value in objects(migrated.after):
        if (
            migrated.counts(path)
            and is_of(value, "HelmRelease", "helm.toolkit")
            and value["spec"].get("releaseName")
        ):
            value["metadata"]["name"] += "-copy"
            whole = text(migrated.after[path])
            yield {**migrated.after, path: f"{whole.rstrip()}\n---\n{json.dumps(value)}\n"}
            del start, end


@kind("release of Flux v1 kept beside")
def _(migrated: Migrated) -> Mistakes:
    for path, start, end, value in objects(migrated.before):
        if (
            not migrated.counts(path)
            or not is_of(value, "HelmRelease", "helm.fluxcd.io")
            or path not in migrated.after
        ):
            continue
        if migrated.before[path] != migrated.after[path]:
            old, whole = text(migrated.before[path])[start:end], text(migrated.after[path])
            yield {**migrated.after, path: f"{whole.rstrip()}\n---\n{old.removeprefix('---')}"}


@kind("release not migrated")
def _(migrated: Migrated) -> Mistakes:
    for path, _, _, value in objects(migrated.before):
        is_old = migrated.counts(path) and is_of(value, "HelmRelease", "helm.fluxcd.io")
        if is_old and migrated.before[path] != migrated.after.get(path):
            yield {**migrated.after, path: migrated.before[path]}


def lists(migrated: Migrated) -> Iterator[tuple[str, str]]:
    for path, content in migrated.after.items():
        if path.rpartition("/")[2] == "kustomization.yaml" and migrated.counts(path):
            yield path, text(content)


@kind("entry of a kustomization dropped")
def _(migrated: Migrated) -> Mistakes:
    for path, whole in lists(migrated):
        for found in re.finditer(r"(?m)^ *- [\w./-]+\n", whole):
            yield {**migrated.after, path: whole[: found.start()] + whole[found.end() :]}


@kind("entry of a kustomization that is not there")
def _(migrated: Migrated) -> Mistakes:
    for path, whole in lists(migrated):
        yield {**migrated.after, path: re.sub(r"(?m)^resources:\n", "resources:\n- gone.yaml\n", whole)}


@kind("prefix in a kustomization")
def _(migrated: Migrated) -> Mistakes:
    for path, whole in lists(migrated):
        yield {**migrated.after, path: f"{whole.rstrip()}\nnamePrefix: x-\n"}


@kind("namespace in a kustomization")
def _(migrated: Migrated) -> Mistakes:
    for path, whole in lists(migrated):
        yield {
            **migrated.after,
            path: re.sub(r"(?m)^namespace:.*\n", "", whole).rstrip() + "\nnamespace: x\n",
        }


@kind("file in .sourceignore")
def _(migrated: Migrated) -> Mistakes:
    for path, _, _, value in objects(migrated.after):
        if migrated.counts(path) and is_of(value, "HelmRelease", "helm.toolkit"):
            yield {**migrated.after, ".sourceignore": f"/{path}\n"}


@kind("file that is no manifest")
def _(migrated: Migrated) -> Mistakes:
    for folder in migrated.plain_folders:
        yield {**migrated.after, f"{folder}values.yaml": "a: 1\n"}


@kind("marker lost")
def _(migrated: Migrated) -> Mistakes:
    for path, found in marks(migrated):
        whole = text(migrated.after[path])
        yield {**migrated.after, path: whole[: found.start()] + whole[found.end() :]}


def marks(migrated: Migrated) -> Iterator[tuple[str, re.Match[str]]]:
    for path, content in migrated.after.items():
        if path.endswith((".yaml", ".yml")) and b"$imagepolicy" in text(content).encode():
            for found in MARK.finditer(text(content)):
                yield path, found


def marked_otherwise(name: str, change: Callable[[str], str]) -> None:
    def otherwise(migrated: Migrated) -> Mistakes:
        for path, found in marks(migrated):
            whole, new = text(migrated.after[path]), change(found[0])
            if new != found[0]:
                yield {**migrated.after, path: whole[: found.start()] + new + whole[found.end() :]}

    KINDS[name] = otherwise


marked_otherwise(
    "marker of another policy", lambda mark: re.sub(r":([\w-]+?)(:tag|:name)?\"\}", r':other\2"}', mark)
)
marked_otherwise("marker of another namespace", lambda mark: re.sub(r": \"[\w-]+:", ': "elsewhere:', mark))
marked_otherwise("marker of a tag made whole", lambda mark: mark.replace(':tag"', '"'))
marked_otherwise(
    "marker made one of a tag", lambda mark: mark if ':tag"' in mark else mark.replace('"}', ':tag"}')
)
marked_otherwise("marker with other text", lambda mark: mark.replace("# ", "# keep "))


@kind("marker on what fluxd left alone")
def _(migrated: Migrated) -> Mistakes:
    known = [found[0] for _, found in marks(migrated)]
    for path, content in migrated.after.items():
        whole = text(content) if path.endswith(".yaml") and migrated.counts(path) else ""
        for found in re.finditer(r"(?m)^ *(?:- )?image: [\w./:-]+:[\w.-]+$", whole):
            for mark in known[:1]:
                yield {**migrated.after, path: whole[: found.end()] + mark + whole[found.end() :]}


def written(name: str, path: str, old: str, new: str) -> None:
    """Registers a change of the text of one file of the small repositories."""

    def otherwise(migrated: Migrated) -> Mistakes:
        whole = text(migrated.after.get(path, ""))
        if whole and re.search(old, whole):
            yield {**migrated.after, path: re.sub(old, new, whole, count=1)}

    KINDS[name] = otherwise


def placed(name: str, path: str, content: str) -> None:
    """Registers a file that somebody adds to the small repository of two paths."""

    def otherwise(migrated: Migrated) -> Mistakes:
        if "clusters/main/source.yaml" in migrated.after:
            yield {**migrated.after, path: content}

    KINDS[name] = otherwise


_ONCE = "  namespace: data\n  annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}\n"
for name, path, old, new in (
    ("content of values changed", "apps/extra.yaml", "a: 1", "a: 2"),
    ("content of a Secret changed", "apps/secret.yaml", "b: 1", "b: 2"),
    ("key of values renamed", "apps/extra.yaml", "values.yaml:", "values.yml:"),
    ("namespace of an object dropped", "apps/extra.yaml", "  namespace: data\n", ""),
    ("label added", "apps/extra.yaml", "metadata:\n", "metadata:\n  labels: {a: b}\n"),
    ("workload that fluxd left alone changed", "more/other.yaml", "other:1.0.0", "other:1.0.1"),
    ("API of a workload changed", "apps/api.yaml", "apps/v1", "extensions/v1beta1"),
    ("object applied once", "apps/extra.yaml", "  namespace: data\n", _ONCE),
    ("release applied once", "apps/db.yaml", "  namespace: shop\n", _ONCE.replace("data", "shop", 1)),
    ("ignored object applied", "apps/ignored.yaml", "    kustomize.*: disabled\n", ""),
    (
        "annotation of Flux v1 left alone",
        "apps/ignored.yaml",
        "kustomize.*: disabled",
        'fluxcd.io/ignore: "true"',
    ),
    (
        "login of an image repository dropped",
        "apps/images/pulled.yaml",
        "  secretRef:\n    name: registry\n",
        "",
    ),
    ("tags excluded", "apps/images/pulled.yaml", "interval: 5m\n", "interval: 5m\n  exclusionList: ['^1']\n"),
    (
        "other branch checked out",
        "apps/images/flux-system-automation.yaml",
        "checkout:\n      ref:\n        branch: main",
        "checkout:\n      ref:\n        branch: other",
    ),
    (
        "message that cannot be rendered",
        "apps/images/flux-system-automation.yaml",
        "messageTemplate:.*",
        "messageTemplate: '{{ .Images }'",
    ),
    (
        "message with an unknown field",
        "apps/images/flux-system-automation.yaml",
        "messageTemplate:.*",
        "messageTemplate: '{{ .Images }}'",
    ),
    ("URL of the sync changed", "clusters/main/source.yaml", "/config", "/other"),
    ("branch of the sync made a tag", "clusters/main/source.yaml", "branch: main", "tag: main"),
    ("branch of the sync dropped", "clusters/main/source.yaml", "  ref: .*\n", ""),
    ("source of the sync suspended", "clusters/main/source.yaml", "spec:\n", "spec:\n  suspend: true\n"),
    ("Secret of the sync dropped", "clusters/main/source.yaml", "  secretRef: .*\n", ""),
    (
        "other folders checked out",
        "clusters/main/source.yaml",
        "spec:\n",
        "spec:\n  sparseCheckout: [clusters, more]\n",
    ),
    ("path of another folder too", "clusters/main/more.yaml", "./more", "./"),
    ("one path synced no more", "clusters/main/more.yaml", "path: ./more", "path: ./demo"),
    ("decryption by something else", "clusters/main/more.yaml", "provider: sops", "provider: vault"),
    ("field that the API has no more", "clusters/main/more.yaml", "spec:\n", "spec:\n  validation: client\n"),
    (
        "base from elsewhere",
        "prod/kustomization.yaml",
        "- own.yaml\n",
        "- own.yaml\n- https://github.com/a/b//c\n",
    ),
    ("charts in a kustomization", "prod/kustomization.yaml", r"\Z", "helmCharts:\n- name: x\n"),
    ("objects made by a generator", "prod/kustomization.yaml", r"\Z", "generators:\n- own.yaml\n"),
):
    written(name, path, old, new)
_TO_API = ' # {"$imagepolicy": "flux-system:eu-api:tag"}'
for name, path, old, new in (
    ("patch dropped", "eu/kustomization.yaml", r"- web.yaml\n", ""),
    ("patch of one release dropped", "us/kustomization.yaml", r"- path: web.yaml\n", ""),
    ("value of a patch changed", "eu/web.yaml", "tag: 2.0.1", "tag: 2.0.2"),
    ("prefix dropped", "eu/kustomization.yaml", "namePrefix: eu-\n", ""),
    ("target that finds nothing", "us/kustomization.yaml", "name: own", "name: gone"),
    ("target of the API of Flux v1", "us/kustomization.yaml", "helm.toolkit.fluxcd.io", "helm.fluxcd.io"),
    ("component dropped", "us/kustomization.yaml", "components:\n- ../slow\n", ""),
    ("value of an operation changed", "us/kustomization.yaml", "2\\.2\\.2", "2.2.3"),
    ("replacement dropped", "eu/kustomization.yaml", r"replacements:(\n[- ].*)+", ""),
    ("image of a kustomization changed", "eu/kustomization.yaml", "newTag: 1.4.5", "newTag: 1.4.6"),
    ("patch of a Kustomization dropped", "clusters/us/us.yaml", r"  patches:(\n   .*|\n  -.*)+", ""),
    ("policy of another environment", "eu/web.yaml", "flux-system:eu-web", "flux-system:web"),
    ("policy of another image", "eu/web.yaml", "flux-system:eu-web", "flux-system:eu-api"),
    ("marker on the image of what is held", "eu/kustomization.yaml", "1.4.5", f"1.4.5{_TO_API}"),
    ("marker on what no environment updates", "base/own.yaml", "tag: 1.0.0", f"tag: 1.0.0{_TO_API}"),
    ("label of what is updated", "base/api.yaml", "metadata:\n", "metadata:\n  labels: {a: b}\n"),
    ("annotation of what is updated", "base/api.yaml", "metadata:\n", "metadata:\n  annotations: {a: b}\n"),
    ("label of a release", "base/own.yaml", "metadata:\n", "metadata:\n  labels: {a: b}\n"),
    ("source of one environment dropped", "us/sources/kustomization.yaml", "- mirror.*\n", ""),
    ("automation of one environment dropped", "eu/images/kustomization.yaml", "- .*base-auto.*\n", ""),
    ("release of one environment suspended", "us/web.yaml", "spec:\n", "spec:\n  suspend: true\n"),
    ("namespace of one environment", "us/kustomization.yaml", r"\A", "namespace: other\n"),
):
    written(name, path, old, new)
placed(
    "path synced twice, and pruned once",
    "clusters/main/again.yaml",
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
    "metadata: {name: again, namespace: flux-system}\nspec:\n  interval: 10m\n  path: ./more\n"
    "  prune: true\n  decryption: {provider: sops}\n"
    "  sourceRef: {kind: GitRepository, name: flux-system}\n",
)
placed(
    "file that lists the Kustomizations no more",
    "clusters/main/kustomization.yaml",
    "resources:\n- apps.yaml\n",
)


@kind("what is spared is pruned")
def _(migrated: Migrated) -> Mistakes:
    path, sync = "more/spared.yaml", "clusters/main/more.yaml"
    if path in migrated.after:
        bare = re.sub("  annotations:\n    kustomize.*\n", "", text(migrated.after[path]))
        pruned = text(migrated.after[sync]).replace("prune: false", "prune: true")
        yield {**migrated.after, path: bare, sync: pruned}


def is_harmless(migrated: Migrated, files: Files) -> bool:
    """Gives whether clusters get the same for all that, as where a patch gives the field another value."""
    return bool(_applied(migrated, migrated.after) == _applied(migrated, files))


def _applied(migrated: Migrated, files: Files) -> Any:
    tree = KustomizeTree(files)
    builds = [controller_build(tree, root.rstrip("/")) for root in migrated.synced]
    applied = [(each.problems, [(one.path, one.manifest) for one in each.objects]) for each in builds]
    return applied, {path: find_markers(text(files[path])) for path in files if path.endswith(_YAML)}


def verified(migrated: Migrated, files: Files) -> fm.VerificationReport:
    return fm.verify_migration(migrated.before, files, migrated.options, declared=migrated.declared)


Missed = tuple[str, str, Files]


def table(found: Mapping[str, tuple[int, int]]) -> str:
    lines = [f"{'kind':44} {'tried':>6} {'seen':>6} {'missed':>6}"]
    lines += [f"{name:44} {tried:6} {seen:6} {tried - seen:6}" for name, (tried, seen) in found.items()]
    tried, seen = (sum(each[index] for each in found.values()) for index in (0, 1))
    return "\n".join([*lines, f"{f'{len(found)} kinds':44} {tried:6} {seen:6} {tried - seen:6}"]) + "\n"


def tried(shared: Path | None, most: int) -> tuple[dict[str, tuple[int, int]], list[Missed]]:
    """Gives how many mistakes of each kind were made and seen, and those that were not.

    Args:
        shared: where real trees are, or nothing for the small repositories alone.
        most: of each kind in each repository.
    """
    counts = dict.fromkeys(KINDS, (0, 0))
    missed: list[Missed] = []
    for migrated in repositories(shared):
        for name, kind in KINDS.items():
            candidates = list(kind(migrated))
            step = max(1, len(candidates) // most)
            for files in candidates[::step][:most]:
                if files == migrated.after or is_harmless(migrated, files):
                    continue
                seen = not verified(migrated, files).ok
                counts[name] = (counts[name][0] + 1, counts[name][1] + seen)
                if not seen:
                    missed.append((name, migrated.name, files))
    return counts, missed


# Of the mistakes that a real tree makes possible these are not seen, for a reason each.
NAME = "the marker is one of a name that stays what it is, beside a tag that is written all the same"
DISABLED = "the release is one that neither Flux applies"
INSIDE = "the whole repository is synced, and the other folder with it; or the file is outside of the path"
ACCEPTED: dict[str, str] = {
    "release name dropped": "the name is the one that Flux v2 chooses by itself",
    "reconcile strategy dropped": DISABLED,
    "wait put in": DISABLED,
    "wait of upgrades put in": DISABLED,
    "URL of a git repository changed": DISABLED,
    "branch of a chart changed": DISABLED,
    "git repository deleted": DISABLED,
    "patch of a path": "nothing of the path is what the patch is for",
    "images of a path": "nothing of the path has the image",
    "order made alphabetical": "an order by build times is told by known tags alone",
    "Namespace deleted": INSIDE,
    "Kustomization of a path deleted": "it is the only one, and a cluster may have been given it by hand",
    "release moved out of the path": INSIDE,
    "source moved out of the path": INSIDE,
    "policy moved out of the path": INSIDE,
    "file that is no manifest": INSIDE,
    "marker lost": NAME,
    "marker of another policy": NAME,
    "marker of another namespace": NAME,
    "marker made one of a tag": NAME,
    "marker with other text": NAME,
    "marker on what fluxd left alone": "the file is a template of a chart, which the updater cannot read",
}


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    counted, left = tried(given, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    sys.stdout.write(table(counted))
    for name, where, files in left:
        sys.stdout.write(f"missed: {name} in {where}\n")
        before = next(each for each in repositories(given) if each.name == where)
        for path in sorted({*files, *before.after}):
            if files.get(path) != before.after.get(path):
                sys.stdout.write(f"    {path}: {str(files.get(path))[:300]!r}\n")
    sys.exit(any(name not in ACCEPTED for name, _, _ in left))
