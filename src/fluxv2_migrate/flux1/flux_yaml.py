"""`.flux.yaml`, which tells fluxd to generate manifests instead of reading them.

Source: fluxcd/flux 1.25.4 `pkg/manifests/configfile.go`, `configaware.go`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fluxv2_migrate.errors import InvalidDuration, InvalidManifest
from fluxv2_migrate.golang import parse_duration
from fluxv2_migrate.kubernetes import as_list, mappings_in
from fluxv2_migrate.yaml_text import read_value

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
            path: its path, for errors.

        Raises:
            InvalidManifest: fluxd refuses it.

        >>> text = "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n"
        >>> FluxYaml.parse(text).generators
        ('kustomize build .',)
        """
        value = read_value(text, path=path)
        given: Mapping[str, Any] = value if isinstance(value, dict) else {}
        if given.get("version") != 1 or given["version"] is True:
            raise InvalidManifest("a .flux.yaml needs `version: 1`", path=path, line=1)
        scanned = given.get("scanForFiles")
        modes = [name for name in _FIELDS if isinstance(given.get(name), dict)]
        if len(modes) != 1 and (modes or scanned is None):
            reason = "a .flux.yaml needs one of commandUpdated, patchUpdated and scanForFiles"
            raise InvalidManifest(reason, path=path, line=1)
        body = given[modes[0]] if modes else {}
        refused = next(_refused(modes[0], body) if modes else _refused_of_files(given), "")
        if refused:
            raise InvalidManifest(refused, path=path, line=1)
        if scanned is not None:
            return cls("scanForFiles")
        generators = tuple(entry["command"] for entry in body["generators"])
        if modes[0] == "patchUpdated":
            return cls("patchUpdated", generators, body["patchFile"])
        return cls("commandUpdated", generators, updaters=bool(body.get("updaters")))


_FIELDS: Final[Mapping[Literal["commandUpdated", "patchUpdated"], frozenset[str]]] = {
    "commandUpdated": frozenset({"generators", "updaters"}),
    "patchUpdated": frozenset({"generators", "patchFile"}),
}
"""The fields of each form; fluxd refuses any other one."""

_COMMAND_FIELDS: Final = frozenset({"command", "timeout"})


def _refused(mode: Literal["commandUpdated", "patchUpdated"], body: Mapping[str, Any]) -> Iterator[str]:
    """Gives what fluxd's schema refuses of the fields of one form."""
    for name in body:
        if name not in _FIELDS[mode]:
            yield f"{mode} has no field {name}"
    if not isinstance(body.get("generators"), list):
        yield f"{mode} needs a list of generators"
    if mode == "patchUpdated" and not isinstance(body.get("patchFile"), str):
        yield "patchUpdated needs a patchFile"
    for entry in as_list(body.get("generators")):
        yield from _refused_command(entry)
    updaters = body.get("updaters", [])
    if not isinstance(updaters, list) or not all(isinstance(each, dict) for each in updaters):
        yield "updaters are a list of mappings"
    for updater in mappings_in(updaters):
        for name in ("containerImage", "policy"):
            if name in updater:
                yield from _refused_command(updater[name])


def _refused_of_files(given: Mapping[str, Any]) -> Iterator[str]:
    """Gives what fluxd's schema refuses of a file that has files scanned and nothing else."""
    if given["scanForFiles"] != {}:
        yield "scanForFiles has no fields"
    if unknown := given.keys() - {"version", "scanForFiles"}:
        yield f"beside scanForFiles there is no field {', '.join(sorted(unknown))}"


def _refused_command(entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("command"), str):
        yield "a generator or updater needs a command, which is a text"
    elif unknown := entry.keys() - _COMMAND_FIELDS:
        yield f"a command has no field {', '.join(sorted(map(str, unknown)))}"
    elif not _is_duration(entry.get("timeout", "0")):
        yield "the timeout of a command needs to be a duration, such as 2m"


def _is_duration(value: Any) -> bool:
    try:
        parse_duration(value)
    except InvalidDuration:
        return False
    return True


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
