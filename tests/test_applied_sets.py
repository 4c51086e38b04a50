"""What fluxd applied against what kustomize-controller applies, both told by others than the library.

fluxd's side is a plain walk with PyYAML and, where it builds, the real kustomize; the other side is the
kustomization that kustomize-controller writes, built by the real kustomize.
"""

from __future__ import annotations

import fnmatch
import posixpath
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.kubernetes import named as name_of
from manifest_texts import CHART, fluxd_text, release_text
from real_kustomize import NAMES, build_all, with_stubs, write_tree
from reference_trees import LOADER, TREES, read_tree

Files = dict[str, str | bytes]
Object = tuple[str, str, str]
"""Kind, namespace as it is written, and name."""

SHAPING = {"apiVersion", "kind", "metadata", "resources"}
IGNORED = (
    *(".git", ".gitignore", ".gitmodules", ".gitattributes", ".github", ".circleci"),
    *("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"),
    *(".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml"),
    *("codeship-services.yml", "codeship-steps.yml", ".goreleaser.yml", ".sops.yaml", ".flux.yaml"),
)


class Broken(Exception):
    """A Flux applies nothing at all."""


def identity(manifest: Mapping[str, Any]) -> Object:
    metadata = manifest.get("metadata") or {}
    # A release is the same one under either Flux.
    kind = "HelmRelease" if str(manifest["kind"]).endswith("HelmRelease") else str(manifest["kind"])
    return kind, str(metadata.get("namespace") or ""), str(metadata["name"])


def below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


# fluxd


def charts_of(files: Files) -> list[str]:
    folders = [posixpath.dirname(path) for path in files if posixpath.basename(path) == "Chart.yaml"]
    return [folder for folder in folders if posixpath.join(folder, "values.yaml") in files]


def flattened(value: Any) -> Iterator[Mapping[str, Any]]:
    if value is None:
        return
    if not isinstance(value, dict):
        raise Broken("a document that is no mapping")
    if not value.get("kind"):
        return
    if str(value["kind"]).endswith("List") and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from flattened(item)
    elif not str(value.get("apiVersion")).startswith("kustomize.config.k8s.io/"):
        yield value


def read_by_fluxd(files: Files, folder: str, skipped: set[str]) -> dict[Object, list[str]]:
    """The objects of a folder's files, each with its files."""
    charts = charts_of(files)
    found: dict[Object, list[str]] = {}
    for path, content in sorted(files.items()):
        if not below(path, folder) or not path.endswith((".yaml", ".yml")) or path in skipped:
            continue
        if any(below(path, chart) for chart in charts):
            continue
        try:
            documents = list(yaml.load_all(content, LOADER))
        except yaml.YAMLError as error:
            raise Broken(path) from error
        for document in documents:
            for manifest in flattened(document):
                if (manifest.get("metadata") or {}).get("name"):
                    found.setdefault(identity(manifest), []).append(path)
    return found


# kustomize-controller


def artifact(files: Mapping[str, str | bytes]) -> Files:
    """What source-controller hands on, for the few forms of patterns that these trees have."""
    texts = [content for path, content in files.items() if path == ".sourceignore"]
    own = [line for text in texts for line in str(text).splitlines() if line]
    patterns = [*IGNORED[:4], *own] if own else list(IGNORED)

    def is_left_out(path: str) -> bool:
        left_out = False
        for pattern in patterns:
            wanted = pattern.lstrip("!").rstrip("/")
            parts = path.split("/")
            if wanted.startswith("/"):
                matches = below(f"{path}/", wanted[1:])
            else:
                names = parts[:-1] if pattern.endswith("/") else parts
                matches = any(fnmatch.fnmatchcase(name, wanted) for name in names)
            left_out = left_out if not matches else not pattern.startswith("!")
        return left_out

    return {path: content for path, content in files.items() if not is_left_out(path)}


def has_kustomization(files: Files, folder: str) -> bool:
    return any(posixpath.join(folder, name) in files for name in NAMES)


def listed_by_controller(files: Files, folder: str) -> list[str]:
    entries: list[str] = []
    for path in sorted(files):
        if not below(path, folder):
            continue
        inner = posixpath.dirname(path)[len(folder) :].strip("/")
        parts = inner.split("/") if inner else []
        steps = [posixpath.join(folder, *parts[: count + 1]) for count in range(len(parts))]
        whole = next((step for step in steps if has_kustomization(files, step)), None)
        if whole is None and not path.endswith((".yaml", ".yml")):
            continue
        entry = posixpath.relpath(whole or path, folder or ".")
        if entry not in entries:
            entries.append(entry)
    return entries


class Tree:
    """A repository as it is written to a folder, for the real kustomize."""

    def __init__(self, files: Files, place: Path) -> None:
        self.files = files
        self.place = place
        write_tree(files, place)

    def build(self, folder: str) -> Counter[Object]:
        (build,) = build_all([self.place / folder])
        if build.error:
            raise Broken(build.error)
        return Counter(identity(manifest) for manifest in build.objects)

    def apply(self, folder: str) -> Counter[Object]:
        """What kustomize-controller applies of an artifact's folder."""
        if has_kustomization(self.files, folder):
            return self.build(folder)
        listed = listed_by_controller(self.files, folder)
        if not listed:
            return Counter()
        written = self.place / folder / "kustomization.yaml"
        written.write_text(yaml.safe_dump({"resources": listed}), encoding="utf-8")
        try:
            return self.build(folder)
        finally:
            written.unlink()


@contextmanager
def real(files: Files) -> Iterator[Tree]:
    with tempfile.TemporaryDirectory() as place:
        yield Tree(files, Path(place))


# What findings name


@dataclass
class Named:
    """What the findings of a migration say."""

    files: dict[str, set[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, migration: fm.Migration) -> Named:
        named = cls()
        for finding in migration.findings:
            places = [finding.path, *(place.rpartition(":")[0] for place in finding.related)]
            for place in places:
                named.files.setdefault(place, set()).add(finding.code)
            if finding.code == "RP022":
                named.texts.append(finding.message)
        return named

    def codes(self) -> set[str]:
        return {code for codes in self.files.values() for code in codes}


def check(
    migration: fm.Migration, after: Tree, folder: str, fluxd: Mapping[Object, list[str]], named: Named
) -> None:
    """Holds that both apply the same of a sync path, or that findings name what differs."""
    files = after.files
    error = ""
    try:
        controller = after.apply(folder)
    except Broken as broken:
        error = str(broken)
    if error:
        stopping = {
            path
            for path, codes in named.files.items()
            if codes & {"DA020", "DA024", "RP003"} and path in files
        }
        assert stopping or named.codes() & {"RP016", "RP019"}, error
        if named.codes() & {"RP016", "RP019"}:
            return
        # Without the files that are named it builds, so these and no others stop it.
        files = {path: text for path, text in files.items() if path not in stopping}
        fluxd = {each: paths for each, paths in fluxd.items() if not stopping.intersection(paths)}
        with real(files) as rest:
            controller = rest.apply(folder)
    for missing in fluxd.keys() - controller.keys():
        codes = {code for path in fluxd[missing] for code in named.files.get(path, ())}
        assert codes & {"DA056", "RP015", "RP024", "RP022"}, (missing, fluxd[missing])
    generated = {
        identity(document)
        for text in migration.created.values()
        for document in yaml.load_all(text, LOADER)
        if document and (document.get("metadata") or {}).get("name")
    }
    for more in controller.keys() - fluxd.keys() - generated:
        assert any(name_of(*more) in text for text in named.texts), more
    doubled = [each for each, count in controller.items() if count > 1]
    assert not doubled


# Real trees


def load(files: Files, path: str) -> dict[str, Any]:
    return next(iter(yaml.load_all(files[path], LOADER)), None) or {}


def kustomization_of(files: Files, folder: str) -> tuple[str, dict[str, Any]] | None:
    paths = [path for name in NAMES if (path := posixpath.join(folder, name)) in files]
    return (paths[0], load(files, paths[0])) if paths else None


def used_by(files: Files, folder: str) -> set[str]:
    """The files and kustomizations that the build of a folder reads."""
    found: set[str] = set()
    pending = [folder]
    while pending:
        place = pending.pop()
        known = kustomization_of(files, place)
        if known is None or known[0] in found:
            continue
        found.add(known[0])
        entries = [entry for key in ("resources", "bases", "components") for entry in known[1].get(key) or ()]
        entries += known[1].get("patchesStrategicMerge") or ()
        for key in ("patches", "patchesJson6902"):
            entries += [patch["path"] for patch in known[1].get(key) or () if "path" in patch]
        for entry in entries:
            path = posixpath.normpath(posixpath.join(place, entry))
            path = "" if path == "." else path
            if path in files:
                found.add(path)
            else:
                pending.append(path)
    return found


def shaped_folders(files: Files, root: str) -> list[str]:
    """The kustomizations below a folder that nobody includes, and that do more than to list."""
    folders = {posixpath.dirname(path) for path in files if posixpath.basename(path) in NAMES}
    included = {
        posixpath.normpath(posixpath.join(folder, entry))
        for folder in folders
        for _, value in [kustomization_of(files, folder) or ("", {})]
        for key in ("resources", "bases", "components")
        for entry in value.get(key) or ()
    }
    found: list[str] = []
    for folder in sorted(folders):
        _, value = kustomization_of(files, folder) or ("", {})
        outside = [entry for entry in value.get("resources") or () if entry.startswith("..")]
        shapes = outside or any(value.get(key) for key in set(value) - SHAPING)
        if shapes and folder not in included and value.get("kind") != "Component":
            found.append(folder)
    return [folder for folder in found if below(f"{folder}/", root)]


def applied_by_fluxd(before: Tree, folder: str) -> dict[Object, list[str]]:
    """What fluxd applies of a sync path, each object with its files as far as it reads these itself."""
    files = before.files
    above = folder
    while f"{above}/.flux.yaml".lstrip("/") not in files and above:
        above = posixpath.dirname(above)
    config = f"{above}/.flux.yaml".lstrip("/")
    if config in files:
        value = load(files, config)
        commands = [
            entry["command"]
            for mode in value.values()
            if isinstance(mode, dict)
            for entry in mode["generators"]
        ]
        folders = [posixpath.join(folder, command.split()[-1]) for command in commands]
        folders = [posixpath.normpath(each) for each in folders]
        return {made: [] for each in folders for made in before.build(each)}
    if folder in shaped_folders(files, folder):
        return {made: [] for made in before.build(folder)}
    every, own = shaped_folders(files, ""), shaped_folders(files, folder)
    skipped = {path for each in every for path in used_by(files, each)}
    found = read_by_fluxd(files, folder, skipped)
    for each in own:
        for made in before.build(each):
            found.setdefault(made, [])
    return found


# What fluxd was told to sync, where the repository shows it to a reader and not to a program.
GIT_PATHS = {"get-started": ("namespaces", "workloads", "releases")}


@pytest.mark.parametrize("name", TREES)
def test_both_apply_the_same_of_real_trees_or_findings_name_it(shared: Path, name: str) -> None:
    files = with_stubs(read_tree(shared / "corpus" / name / "v1"))
    paths = GIT_PATHS.get(name)
    given = () if paths is None else (fm.Cluster(name=name, sync_paths=paths),)
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=given))
    clusters = [path for cluster in migration.context.clusters for path in cluster.sync_paths]
    named = Named.of(migration)
    compared = 0
    with real(files) as before, real(artifact(migration.files)) as after:
        for path in clusters:
            try:
                fluxd = applied_by_fluxd(before, path)
            except Broken:
                # What fluxd could not sync is nothing to keep.
                continue
            compared += 1
            check(migration, after, path, fluxd, named)
    assert compared or not clusters


# Generated trees

FLUXD = fluxd_text("--git-path=apps")
RELEASE = release_text(CHART, name="{name}", namespace="{namespace}")
FOLDERS = ("apps", "apps/a", "apps/a/b", "apps/c", "apps/.github", "apps/chart", "apps/docs", "base")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """One document, of the kinds that the two read in different ways."""
    name, namespace = draw(st.sampled_from("abcdefgh")), draw(st.sampled_from(["x", "z", "default"]))
    form = draw(st.integers(0, 17))
    if form < 3:
        return RELEASE.format(name=name, namespace=namespace)
    kind = draw(st.sampled_from(["ConfigMap", "Secret"]))
    head = f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}-{draw(st.integers(0, 99))}\n"
    if form == 3:
        return head
    head += f"  namespace: {namespace}\n"
    flow = yaml.safe_dump(load_text(head), default_flow_style=True)
    special = {
        4: "replicas: 2\nimage: {tag: v1}\n",
        5: head + "data:\n  a: b\n  c: d\n  a: e\n",
        6: head + "data: {a: b, a: c}\n",
        7: head + '  annotations:\n    config.kubernetes.io/local-config: "true"\n',
        8: "# nothing\n",
        9: f"apiVersion: v1\nkind: List\nitems:\n- {flow}",
        10: flow,
        11: head + "data:\n  list: |\n    a: 1\n    a: 2\n",
        12: head + 'stringData:\n  "a b": c # d\n  e: "f"\n  \'g\': [h, {i: j}]\n',
        13: head + "data:\n  1: a\n",
        14: head.replace("metadata:", "metadata: # ours"),
    }
    return special.get(form, head + "data:\n  a: b\n")


def load_text(text: str) -> Any:
    return yaml.load(text, LOADER)


@st.composite
def trees(draw: st.DrawFn) -> Files:
    """A repository that a fluxd without --manifest-generation syncs."""
    files: Files = {"flux/fluxd.yaml": FLUXD, "apps/web.yaml": RELEASE.format(name="web", namespace="x")}
    names = st.sampled_from(["one.yaml", "two.yml", "three.yaml", "cloudbuild.yaml", "four.json"])
    for _ in range(draw(st.integers(1, 6))):
        path = posixpath.join(draw(st.sampled_from(FOLDERS)), draw(names))
        text = "---\n".join(draw(st.lists(documents(), min_size=1, max_size=2)))
        files[path] = text.replace("\n", "\r\n") if draw(st.integers(0, 5)) == 0 else text
        if path.endswith("json"):
            files[path] = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json"}}'
    if draw(st.booleans()):
        files["apps/chart/Chart.yaml"] = "name: chart\nversion: 1.0.0\n"
        if draw(st.booleans()):
            files["apps/chart/values.yaml"] = "a: 1\n"
    for folder in draw(st.lists(st.sampled_from(FOLDERS), unique=True, max_size=2)):
        own = [posixpath.relpath(path, folder) for path in sorted(files) if below(path, folder)]
        near = sorted({entry.split("/")[0] for entry in own if posixpath.basename(entry) not in NAMES})
        entries = draw(st.lists(st.sampled_from([*near, "missing.yaml"]), unique=True)) if near else []
        if draw(st.integers(0, 4)):
            entries = [entry for entry in entries if "." in entry and entry != "missing.yaml"]
        value: dict[str, Any] = {"resources": entries}
        value |= draw(
            st.sampled_from(
                [
                    {},
                    {},
                    {"namespace": "z"},
                    {"namePrefix": "pre-"},
                    {"configMapGenerator": [{"name": "made", "literals": ["a=b"]}]},
                ]
            )
        )
        files[posixpath.join(folder, "kustomization.yaml")] = yaml.safe_dump(value)
    if draw(st.integers(0, 3)) == 0:
        patterns = draw(st.lists(st.sampled_from(["docs/", "/apps/c", "two.yml", "*.json", "!one.yaml"])))
        files[".sourceignore"] = "".join(f"{pattern}\n" for pattern in patterns)
    return files


@given(files=trees())
@settings(max_examples=60)
def test_both_apply_the_same_of_generated_trees_or_findings_name_it(files: Files) -> None:
    try:
        fluxd = read_by_fluxd(files, "apps", set())
    except Broken:
        return
    if any(len(paths) > 1 for paths in fluxd.values()):
        return
    migration = fm.migrate_repository(files)
    assert ("apps",) in [cluster.sync_paths for cluster in migration.context.clusters]
    with real(artifact(migration.files)) as after:
        check(migration, after, "apps", fluxd, Named.of(migration))
