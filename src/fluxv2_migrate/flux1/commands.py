"""Commands in texts that install Flux v1: of Helm, fluxctl, eksctl and the Azure CLI.

Source: fluxcd/flux 1.25.4 `cmd/fluxctl/install_cmd.go`; Helm 3.7 `cmd/helm`; the Azure CLI's extension
`k8s-configuration`; eksctl 0.30 `eksctl enable repo`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.flux1.flags import shell_words
from fluxv2_migrate.flux1.install_command import InstallCommand, ValuePath, put_value, set_values
from fluxv2_migrate.flux1.variables import assigned_in_text, filled
from fluxv2_migrate.yaml_text import line_of, line_start

_BEGINS: Final = re.compile(
    r"""(?<![\w./-])(?P<what>helm3?\s+(?:[^\n\\|;&]{0,300}?\s)?(?:upgrade|install|template)\b
    |fluxctl\s+install\b
    |eksctl\s+(?:enable\s+repo|install\s+flux|install\s+Flux)\b
    |az\s+k8s-?configuration\s+create\b)""",
    re.VERBOSE,
)
_JOINS: Final = re.compile(r"\\\r?$|[ \t][`^]\r?$")
_SUBSTITUTION: Final = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)")
_OFTEN: Final = 50
"""How often a text is read at most, where each command goes on over those behind it."""
_ENDS: Final = ("|", ";", "&&", "||", "&", ">", ">>", "<<", "then", "```")
_WITH_VALUE: Final = frozenset(
    {
        "--namespace",
        "-n",
        "--set",
        "--set-string",
        "--set-file",
        "-f",
        "--values",
        "--version",
        "--repo",
        "--timeout",
        "--kube-context",
        "--kubeconfig",
        "--description",
        "--post-renderer",
        "--username",
        "--password",
        "--name",
        "--name-template",
        "--history-max",
        "--tiller-namespace",
        "--ca-file",
        "--cert-file",
        "--key-file",
        "--keyring",
        "-o",
        "--output",
    }
)


# Shells


def commands_of_shell(text: str, known: Mapping[str, str]) -> Iterator[InstallCommand]:
    r"""Gives the commands of a text that install something.

    Args:
        known: variables that others give it; its own go over them.

    >>> found, = commands_of_shell("helm upgrade -i flux fluxcd/flux \\\n --set git.path=$P", {"P": "prod"})
    >>> found.chart, found.values
    ('fluxcd/flux', {'git': {'path': 'prod'}})
    """
    if _BEGINS.search(text) is None:
        return
    known = {**known, **assigned_in_text(text)}
    left = _OFTEN * len(text)
    for match in _BEGINS.finditer(text):
        line = line_of(text, match.start()) + 1
        command = _command_at(text, match.start())
        left -= len(command)
        if left < 0:
            return
        words = [filled(word, known) for word in _words(command)]
        tool = words[0]
        if tool in ("helm", "helm3"):
            yield from _of_helm(words[1:], line)
        elif tool == "az":
            yield from _of_azure(words, line)
        else:
            yield _of_fluxctl(words, line)


def begins_of_commands(text: str) -> Iterator[re.Match[str]]:
    """Gives where commands begin that install something."""
    return _BEGINS.finditer(text)


def _command_at(text: str, start: int) -> str:
    """Gives the text of the command that begins somewhere: to the end of its line, or of those joined."""
    before = text[line_start(text, start) : start]
    around = next((each for each in ('"', "'") if before.count(each) % 2), "")
    line, quotes = start, 0
    while (end := text.find("\n", line)) >= 0:
        quotes += text.count('"', line, end)
        if _JOINS.search(text, line, end) is None and (around or quotes % 2 == 0):
            break
        line = end + 1
    command = text[start : end if end >= 0 else len(text)]
    # All of it may be quoted, as in a program that calls a shell.
    return command.partition(around)[0] if around else command


def _words(command: str) -> Iterator[str]:
    """Gives the words of a command up to what ends it."""
    command = re.sub(r"[ \t][`^](?=\r?\n)", r" \\", command).replace("`", " ")
    command = re.sub(r"\{\{[^{}\n]*\}\}", lambda each: re.sub(r"\s", "", each[0]), command)
    for word, _ in shell_words(_SUBSTITUTION.sub(_substituted, command)):
        if word in _ENDS or word.startswith("#"):
            return
        yield word.removesuffix(";")
        if word.endswith(";"):
            return


def _substituted(match: re.Match[str]) -> str:
    """Gives what stands for a command in a word: folders of the script and of the repository are known."""
    is_folder = any(word in match[0] for word in ("dirname", "pwd", "--show-toplevel"))
    return "." if is_folder else re.sub(r"\s+", "_", match[0]).replace('"', "").replace("'", "")


def _options(words: Sequence[str], with_value: frozenset[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Gives the options of a command with their values, and its other words."""
    options: list[tuple[str, str]] = []
    others: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        name, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            others.append(word)
        elif equals:
            options.append((name, value))
        elif word in with_value and index + 1 < len(words):
            options.append((word, words[index + 1]))
            index += 1
        else:
            options.append((word, ""))
        index += 1
    return options, others


def _of_helm(words: Sequence[str], line: int) -> Iterator[InstallCommand]:
    options, others = _options(words, _WITH_VALUE)
    if not others or others[0] not in ("upgrade", "install", "template"):
        return
    named = others[1:]
    name = next((value for option, value in options if option in ("--name", "--name-template")), "")
    chart = named[-1] if named else ""
    if len(named) > 1:
        name = name or named[0]
        chart = named[1]
    values: dict[str, Any] = {}
    files: list[str] = []
    texts: list[tuple[ValuePath, str]] = []
    for option, value in options:
        if option in ("--set", "--set-string"):
            for path, given in set_values(value, as_text=option == "--set-string"):
                put_value(values, path, given)
        elif option in ("-f", "--values"):
            files += value.split(",")
        elif option == "--set-file":
            texts += ((path, str(given)) for path, given in set_values(value, as_text=True))
    said = dict(reversed(options))
    yield InstallCommand(
        line,
        chart,
        said.get("--repo", ""),
        name,
        said.get("--namespace") or said.get("-n") or "",
        values,
        tuple(files),
        texts=tuple(texts),
        is_rendered=others[0] == "template",
    )


def _of_fluxctl(words: Sequence[str], line: int) -> InstallCommand:
    arguments: list[str] = []
    namespace = ""
    renamed = {"--git-paths": "--git-path"}
    index = 0
    while index < len(words):
        name, equals, value = words[index].partition("=")
        takes = not equals and index + 1 < len(words) and not words[index + 1].startswith("-")
        if name in ("--namespace", "-n", "--k8s-fwd-ns"):
            namespace = value if equals else (words[index + 1] if takes else "")
        elif name.startswith(("--git-", "--manifest-generation", "--registry-disable-scanning")):
            arguments.append(renamed.get(name, name) + (f"={value}" if equals else ""))
            if takes and name not in ("--git-readonly",):
                arguments.append(words[index + 1])
        index += 1
    return InstallCommand(line, namespace=namespace, arguments=tuple(arguments))


_OF_AZURE: Final = frozenset(
    {
        "--repository-url",
        "-u",
        "--operator-params",
        "--helm-operator-params",
        "--operator-instance-name",
        "--operator-namespace",
        "--name",
        "--name-template",
        "-n",
        "--cluster-name",
        "-c",
        "--resource-group",
        "-g",
        "--cluster-type",
        "--scope",
        "--operator-type",
        "--helm-operator-chart-version",
        "--helm-operator-chart-values",
        "--helm-operator-version",
        "--ssh-private-key",
        "--ssh-private-key-file",
        "--https-user",
        "--https-key",
        "--ssh-known-hosts",
        "--ssh-known-hosts-file",
    }
)


def _of_azure(words: Sequence[str], line: int) -> Iterator[InstallCommand]:
    options = dict(_options(words, _OF_AZURE)[0])
    namespace = options.get("--operator-namespace", "default")
    name = options.get("--operator-instance-name", "")
    url = options.get("--repository-url") or options.get("-u") or ""
    parameters = [word for word, _ in shell_words(options.get("--operator-params", ""))]
    yield InstallCommand(
        line, release_name=name, namespace=namespace, arguments=(f"--git-url={url}", *parameters)
    )
    given = options.get("--helm-operator-params") or options.get("--helm-operator-chart-values") or ""
    if "--enable-helm-operator" in options or given:
        words = [word for word, _ in shell_words(given)]
        values: dict[str, Any] = {}
        for option, value in _options(words, _WITH_VALUE)[0]:
            if option in ("--set", "--set-string"):
                for path, each in set_values(value, as_text=option == "--set-string"):
                    put_value(values, path, each)
        yield InstallCommand(line, "helm-operator", "charts.fluxcd.io", "", namespace, values)
