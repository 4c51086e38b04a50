"""`.flux.yaml`, which tells fluxd to generate manifests instead of reading them.

Source: fluxcd/flux 1.25.4 `pkg/manifests/configfile.go`, `configaware.go`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_list
from fluxv2_migrate.yaml_text import read_document

__all__ = ["FLUX_YAML", "FluxYaml", "find_flux_yaml"]

FLUX_YAML: Final = ".flux.yaml"


@dataclass(frozen=True, slots=True)
class FluxYaml:
    """What a `.flux.yaml` says.

    Attributes:
        mode: which of the three forms it has.
        generators: the commands whose output fluxd applies.
        patch_file: the file of patches over that output, relative to the sync path, or empty.
        updaters: whether commands write images and policies.
    """

    mode: Literal["commandUpdated", "patchUpdated", "scanForFiles"]
    generators: tuple[str, ...] = ()
    patch_file: str = ""
    updaters: bool = False

    @classmethod
    def parse(cls, text: str, *, path: str = FLUX_YAML) -> FluxYaml:
        r"""Reads a `.flux.yaml`.

        Args:
            text: the file.
            path: its path, for errors.

        Raises:
            InvalidManifest: fluxd refuses it.

        >>> text = "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n"
        >>> FluxYaml.parse(text).generators
        ('kustomize build .',)
        """
        value = read_document(text, path=path)[1]
        given: Mapping[str, Any] = value if isinstance(value, dict) else {}
        if given.get("version") != 1:
            raise InvalidManifest("a .flux.yaml has `version: 1`", path=path, line=1)
        if given.get("scanForFiles") is not None:
            return cls("scanForFiles")
        modes = [name for name in ("commandUpdated", "patchUpdated") if isinstance(given.get(name), dict)]
        if len(modes) != 1:
            reason = "a .flux.yaml has one of commandUpdated, patchUpdated and scanForFiles"
            raise InvalidManifest(reason, path=path, line=1)
        body = given[modes[0]]
        entries = body.get("generators")
        commands = [entry.get("command") for entry in as_list(entries) if isinstance(entry, dict)]
        generators = tuple(command for command in commands if isinstance(command, str))
        if modes[0] == "patchUpdated":
            return cls("patchUpdated", generators, str(body.get("patchFile") or ""))
        return cls("commandUpdated", generators, updaters=bool(body.get("updaters")))


def find_flux_yaml(sync_path: str, is_file: Callable[[str], bool]) -> str | None:
    """Gives the `.flux.yaml` that counts for a sync path: its own, or the nearest above it.

    Args:
        sync_path: a folder relative to the repository root; empty for the root.
        is_file: whether a path is a file of the repository.

    >>> find_flux_yaml("clusters/prod", {"clusters/.flux.yaml"}.__contains__)
    'clusters/.flux.yaml'
    """
    folder = sync_path
    while True:
        path = posixpath.join(folder, FLUX_YAML)
        if is_file(path):
            return path
        if not folder:
            return None
        folder = posixpath.dirname(folder)
