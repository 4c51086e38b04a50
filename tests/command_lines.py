"""The command lines of flux and helm, as far as a runbook uses them: what each subcommand takes.

Read in flux2 2.9.4 `cmd/flux/{main,check,install,create,create_source,create_source_git,create_kustomization,
create_secret_git,diff_kustomization,build_kustomization,reconcile_kustomization,suspend,resume,get}.go`, and
in helm 4.2.4 `pkg/cmd/{list,status,uninstall}.go`, `pkg/cli/environment.go`; `-a` of `helm list` in helm
3.9.2 `cmd/helm/list.go` (Helm 4 lists all and has none).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["CommandLine", "NotTaken", "parse"]

_HELM: Final = {"-n": "namespace", "-A": "all-namespaces", "-a": "all", "-m": "max", "-o": "output"}
_FLUX: Final = {"-n": "namespace", "-A": "all-namespaces"}
_SHORT: Final[Mapping[str, Mapping[str, str]]] = {"flux": _FLUX, "helm": _HELM}
_GLOBAL: Final[Mapping[str, Mapping[str, bool]]] = {
    "flux": {"context": True, "namespace": True},
    "helm": {"kube-context": True, "namespace": True},
}
_CREATED: Final = {"export": False, "interval": True}
_ALL: Final = {"all": False}
# What a subcommand takes: its flags, and whether each has a value; how many words must and may follow.
_COMMANDS: Final[Mapping[tuple[str, ...], tuple[Mapping[str, bool], int, int]]] = {
    ("flux", "check"): ({"pre": False}, 0, 0),
    ("flux", "install"): ({"components-extra": True}, 0, 0),
    ("flux", "create", "secret", "git"): (
        {"url": True, "private-key-file": True, "username": True, "password": True},
        1,
        1,
    ),
    ("flux", "create", "source", "git"): (
        {
            "url": True,
            "branch": True,
            "secret-ref": True,
            "recurse-submodules": False,
            "fetch-timeout": True,
            **_CREATED,
        },
        1,
        1,
    ),
    ("flux", "create", "kustomization"): (
        {
            "source": True,
            "path": True,
            "prune": False,
            "decryption-provider": True,
            "decryption-secret": True,
            "service-account": True,
            **_CREATED,
        },
        1,
        1,
    ),
    ("flux", "diff", "kustomization"): ({"path": True, "kustomization-file": True}, 1, 1),
    ("flux", "build", "kustomization"): ({"path": True, "kustomization-file": True, "dry-run": False}, 1, 1),
    ("flux", "reconcile", "kustomization"): ({"with-source": False}, 1, 1),
    ("flux", "suspend", "kustomization"): (_ALL, 0, 9),
    ("flux", "suspend", "helmrelease"): (_ALL, 0, 9),
    ("flux", "suspend", "image", "update"): (_ALL, 0, 9),
    ("flux", "resume", "kustomization"): (_ALL, 0, 9),
    ("flux", "get", "all"): ({"all-namespaces": False}, 0, 0),
    ("flux", "get", "images", "all"): ({"all-namespaces": False}, 0, 0),
    ("helm", "list"): ({"all-namespaces": False, "all": False, "max": True, "output": True}, 0, 0),
    ("helm", "status"): ({}, 1, 1),
    ("helm", "uninstall"): ({}, 1, 9),
}


class NotTaken(Exception):
    """A command line that its program does not take."""


@dataclass
class CommandLine:
    """A command line, taken apart.

    Attributes:
        command: the subcommand, without the name of the program.
        words: what follows it.
        flags: by their long names; without a value `true`.
    """

    command: tuple[str, ...]
    words: list[str]
    flags: dict[str, str]


def parse(argv: Sequence[str]) -> CommandLine:
    """Takes a command line of flux or helm apart, as cobra would."""
    program, *rest = argv
    pending, words = list(rest), list[str]()
    known, flags = dict(_GLOBAL[program]), dict[str, str]()
    command: tuple[str, ...] = ()
    while pending:
        each = pending.pop(0)
        if not each.startswith("-") or each == "-":
            words.append(each)
            command = next((key[1:] for key in _COMMANDS if key == (program, *words)), command)
            if command:
                known |= _COMMANDS[(program, *command)][0]
            continue
        name, equals, value = each.partition("=")
        name = _SHORT[program].get(name, name.removeprefix("--"))
        if name not in known:
            raise NotTaken(f"{program} {' '.join(words)}: unknown flag {each}")
        if known[name] and not equals:
            if not pending:
                raise NotTaken(f"{each} needs a value")
            value = pending.pop(0)
        flags[name] = value or "true"
    if not command:
        raise NotTaken(f"{' '.join(argv)}: unknown command")
    words = words[len(command) :]
    _, least, most = _COMMANDS[(program, *command)]
    if not least <= len(words) <= most:
        raise NotTaken(f"{' '.join(argv)}: {len(words)} words")
    return CommandLine(command, words, flags)
