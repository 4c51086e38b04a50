"""All flags of fluxd and of the helm-operator, and how a list of arguments gives them.

Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`; helm-operator 1.4.4 `cmd/helm-operator/main.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Program = Literal["fluxd", "helm-operator"]
"""The two programs of Flux v1."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of a program.

    Attributes:
        form: what its value is; a switch may stand without a value, and a list may be given several times.
        default: what counts where it is not given, as it would be written.
    """

    name: str
    form: Literal["text", "switch", "list"] = "text"
    default: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """A flag as it is given.

    Attributes:
        flag: its name, without dashes.
        word: which word of the arguments it begins with.
    """

    flag: str
    value: str
    word: int


def _table(
    texts: Mapping[str, str], switches: Mapping[str, str], lists: Mapping[str, str]
) -> dict[str, Flag]:
    flags = [Flag(name, "text", default) for name, default in texts.items()]
    flags += [Flag(name, "switch", default) for name, default in switches.items()]
    flags += [Flag(name, "list", default) for name, default in lists.items()]
    return {flag.name: flag for flag in sorted(flags, key=lambda flag: flag.name)}


_FLUXD: Final = _table(
    texts={
        "automation-interval": "5m",
        "connect": "",
        "docker-config": "",
        "git-branch": "master",
        "git-ci-skip-message": "",
        "git-email": "support@weave.works",
        "git-label": "",
        "git-notes-ref": "flux",
        "git-poll-interval": "5m",
        "git-signing-key": "",
        "git-sync-tag": "flux-sync",
        "git-timeout": "20s",
        "git-url": "",
        "git-user": "Weave Flux",
        "git-verify-signatures-mode": "",
        "k8s-default-namespace": "",
        "k8s-secret-data-key": "identity",
        "k8s-secret-name": "flux-git-deploy",
        "k8s-secret-volume-mount-path": "/etc/fluxd/ssh",
        "k8s-verbosity": "0",
        "kube-config": "",
        "kubernetes-kubectl": "",
        "listen": ":3030",
        "listen-metrics": "",
        "log-format": "fmt",
        "memcached-hostname": "memcached",
        "memcached-port": "11211",
        "memcached-service": "memcached",
        "memcached-timeout": "1s",
        "registry-burst": "10",
        "registry-cache-expiry": "0",
        "registry-poll-interval": "5m",
        "registry-rps": "50",
        "rpc-timeout": "10s",
        "ssh-keygen-bits": "",
        "ssh-keygen-dir": "",
        "ssh-keygen-format": "",
        "ssh-keygen-type": "",
        "sync-interval": "5m",
        "sync-state": "git",
        "sync-timeout": "1m",
        "token": "",
    },
    switches={
        "git-ci-skip": "false",
        "git-readonly": "false",
        "git-secret": "false",
        "git-set-author": "false",
        "git-verify-signatures": "false",
        "k8s-in-cluster": "true",
        "manifest-generation": "false",
        "registry-disable-scanning": "false",
        "registry-trace": "false",
        "sops": "false",
        "sync-garbage-collection": "false",
        "sync-garbage-collection-dry": "false",
        "version": "false",
    },
    lists={
        "git-gpg-key-import": "",
        "git-path": "",
        "k8s-allow-namespace": "",
        "k8s-namespace-whitelist": "",
        "k8s-unsafe-exclude-resource": "*metrics.k8s.io/*,webhook.certmanager.k8s.io/*,v1/Event",
        "registry-ecr-exclude-id": "602401143452,918309763551",
        "registry-ecr-include-id": "",
        "registry-ecr-region": "",
        "registry-exclude-image": "k8s.gcr.io/*",
        "registry-include-image": "",
        "registry-insecure-host": "",
        "registry-require": "",
        "registry-use-labels": "index.docker.io/weaveworks/*,index.docker.io/fluxcd/*",
    },
)
_HELM_OPERATOR: Final = _table(
    texts={
        "allow-namespace": "",
        "charts-sync-interval": "3m",
        "convert-release-storage": "secrets",
        "git-default-ref": "master",
        "git-poll-interval": "5m",
        "git-timeout": "20s",
        "kubeconfig": "",
        "listen": ":3030",
        "log-format": "fmt",
        "master": "",
        "status-update-interval": "10s",
        "tiller-ip": "",
        "tiller-namespace": "kube-system",
        "tiller-port": "",
        "tiller-tls-ca-cert-path": "",
        "tiller-tls-cert-path": "/etc/fluxd/helm/tls.crt",
        "tiller-tls-hostname": "",
        "tiller-tls-key-path": "/etc/fluxd/helm/tls.key",
        "workers": "2",
        # Of the operators that knew FluxHelmReleases: up to 0.4.0, where the charts are.
        "git-branch": "master",
        "git-charts-path": "charts",
        "git-url": "",
    },
    switches={
        "convert-tiller-out-cluster": "false",
        "log-release-diffs": "false",
        "tiller-tls-enable": "false",
        "tiller-tls-verify": "false",
        "update-chart-deps": "true",
        "version": "false",
    },
    lists={"enabled-helm-versions": "v2,v3", "helm-repository-import": ""},
)

FLAGS: Final[Mapping[Program, Mapping[str, Flag]]] = MappingProxyType(
    {"fluxd": MappingProxyType(_FLUXD), "helm-operator": MappingProxyType(_HELM_OPERATOR)}
)
"""The flags of each program, by name."""
_SHORT: Final = {"l": "listen"}


def read_arguments(words: Iterable[str], program: Program) -> Iterator[Argument]:
    """Gives the flags of a list of arguments, in their order.

    Args:
        words: as in the container's `args`: `--flag=value`, or the value as the next word; a switch may stand
            alone. What is no flag is passed over, and so is a flag at the end that lacks its value.
        program: whose flags they are; those that it does not know are given, too.

    >>> [(each.flag, each.value) for each in read_arguments(["--sops", "--git-path", "a,b"], "fluxd")]
    [('sops', 'true'), ('git-path', 'a,b')]
    """
    flags = FLAGS[program]
    waiting: tuple[str, int] | None = None
    for index, word in enumerate(words):
        if waiting is not None:
            yield Argument(waiting[0], word, waiting[1])
            waiting = None
        elif word.startswith("-") and word.strip("-"):
            name, equals, value = word.lstrip("-").partition("=")
            name = _SHORT.get(name, name)
            if equals:
                yield Argument(name, value, index)
            elif name in flags and flags[name].form == "switch":
                yield Argument(name, "true", index)
            else:
                waiting = (name, index)


_WORD: Final = re.compile(
    r"""(?P<blank>(?:\s|\\\r?\n)+)|(?P<single>'[^']*')|(?P<double>"(?:\\.|[^"\\])*")|\\(?P<escaped>.)|(?P<plain>[^\s'"\\]+)""",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r'\\(\r?\n|["\\$`])')


def shell_words(text: str) -> Iterator[tuple[str, int]]:
    r"""Gives the words of a command as a shell takes them apart, each with its offset.

    Nothing is expanded; operators such as `&&` are words where blanks are around them.

    >>> list(shell_words("a 'b c' \\\n  --d=\"e f\""))
    [('a', 0), ('b c', 2), ('--d=e f', 12)]
    """
    word, start = "", -1
    for match in _WORD.finditer(text):
        if match["blank"] is not None:
            if start >= 0:
                yield word, start
            word, start = "", -1
            continue
        start = match.start() if start < 0 else start
        if match["single"] is not None:
            word += match["single"][1:-1]
        elif match["double"] is not None:
            word += _ESCAPED.sub(
                lambda each: each[1].replace("\r", "").replace("\n", ""), match["double"][1:-1]
            )
        else:
            word += match["escaped"] if match["escaped"] is not None else match["plain"]
    if start >= 0:
        yield word, start
