"""What texts tell of how Flux v1 was installed: commands in scripts, Terraform's and Ansible's blocks.

Source: fluxcd/flux 1.25.4 `cmd/fluxctl/install_cmd.go`; Helm 3.7 `pkg/strvals`; the Azure CLI's extension
`k8s-configuration`; eksctl 0.30 `eksctl enable repo`; Terraform's provider `helm`; Ansible's module `helm`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.charts import merged_values
from fluxv2_migrate.flux1.flags import shell_words
from fluxv2_migrate.yaml_text import read_document, split_documents

__all__ = ["InstallCommand", "install_commands", "put_value"]

_Path = tuple[str, ...]
_BEGINS: Final = re.compile(
    r"""(?<![\w./-])(?P<what>helm3?\s+(?:[^\n\\|;&]*?\s)?(?:upgrade|install|template)\b
    |fluxctl\s+install\b
    |eksctl\s+(?:enable\s+repo|install\s+flux|install\s+Flux)\b
    |az\s+k8s-?configuration\s+(?:flux\s+)?create\b)""",
    re.VERBOSE,
)
_ENDS: Final = ("|", ";", "&&", "||", "&", ">", ">>", "<<", "then", "```")
_ASSIGNED: Final = re.compile(
    r"^[ \t]*(?:export[ \t]+|local[ \t]+|readonly[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*[:?]?=[ \t]*"
    r"(?:\"([^\"$`\n]*)\"|'([^'\n]*)'|([^\s\"'$`#;()\n]+))[ \t]*(?:[;#].*)?\r?$",
    re.MULTILINE,
)
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_]\w*)\}|\$\(([A-Za-z_]\w*)\)|\$([A-Za-z_]\w*)")
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


@dataclass(frozen=True, slots=True)
class InstallCommand:
    """A way in which a text says that something of Flux v1 was installed.

    Attributes:
        line: where it begins, 1-based.
        chart: the chart, as it is written; empty where the arguments are those of fluxd itself.
        repository: of the chart; empty where it is not said.
        release_name: of the Helm release.
        namespace: of the Helm release, or of fluxd.
        values: that are set one by one, nested.
        files: the values files, as they are written, in their order.
        arguments: of fluxd, where no chart is named.
        is_rendered: whether Helm only writes the manifests, so that no Helm release stands in the cluster.
    """

    line: int
    chart: str = ""
    repository: str = ""
    release_name: str = ""
    namespace: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    files: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    is_rendered: bool = False


def install_commands(text: str, path: str) -> Iterator[InstallCommand]:
    r"""Gives what a text says of installations, whatever is installed.

    Args:
        text: of a script, a README, a file of Terraform or a playbook.
        path: of it; its end tells which of these it is.

    >>> found, = install_commands("helm upgrade -i flux fluxcd/flux \\\n --set git.path=prod", "a.sh")
    >>> found.chart, found.values
    ('fluxcd/flux', {'git': {'path': 'prod'}})
    """
    if path.endswith((".tf", ".tf.json")):
        yield from _of_terraform(text)
        return
    yield from _of_shell(text)
    if path.endswith((".yaml", ".yml")):
        yield from _of_playbook(text)
    if posixpath.basename(path).startswith("helmfile"):
        yield from _of_helmfile(text)


# Shells


def _of_shell(text: str) -> Iterator[InstallCommand]:
    if _BEGINS.search(text) is None:
        return
    known = {match[1]: match[2] or match[3] or match[4] or "" for match in _ASSIGNED.finditer(text)}
    for match in _BEGINS.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        words = [_filled(word, known) for word in _words(text, match.start())]
        tool = words[0] if words else ""
        if tool in ("helm", "helm3"):
            yield from _of_helm(words[1:], line)
        elif tool == "az":
            yield from _of_azure(words, line)
        elif tool in ("fluxctl", "eksctl"):
            yield _of_fluxctl(words, line)


def _words(text: str, start: int) -> Iterator[str]:
    """Gives the words of the command that begins somewhere: to the end of its line, or of those joined."""
    end = start
    while True:
        end = text.find("\n", end)
        if end < 0:
            end = len(text)
            break
        if not text[:end].rstrip("\r").endswith("\\") and text.count('"', start, end) % 2 == 0:
            break
        end += 1
    command = re.sub(r"\{\{\s*(.*?)\s*\}\}", r"{{\1}}", text[start:end].replace("`", " "))
    for word, _ in shell_words(command):
        if word in _ENDS or word.startswith("#"):
            return
        yield word.removesuffix(";")
        if word.endswith(";"):
            return


def _filled(word: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda each: known.get(each[1] or each[2] or each[3], each[0]), word)


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
    for option, value in options:
        if option in ("--set", "--set-string"):
            for path, given in _set_values(value, as_text=option == "--set-string"):
                put_value(values, path, given)
        elif option in ("-f", "--values"):
            files += value.split(",")
    said = dict(reversed(options))
    yield InstallCommand(
        line,
        chart,
        said.get("--repo", ""),
        name,
        said.get("--namespace") or said.get("-n") or "",
        values,
        tuple(files),
        is_rendered=others[0] == "template",
    )


def _set_values(text: str, *, as_text: bool = False) -> Iterator[tuple[_Path, Any]]:
    r"""Gives the values of one `--set`.

    >>> list(_set_values(r"git.path=a\,b,sops.enabled=true,x={c,d}"))
    [(('git', 'path'), 'a,b'), (('sops', 'enabled'), True), (('x',), ['c', 'd'])]
    """
    for part in re.findall(r"(?:\\.|\{[^}]*\}|[^,\\])+", text):
        key, equals, value = part.partition("=")
        if not equals:
            continue
        path = tuple(each.replace("\\.", ".") for each in re.findall(r"(?:\\.|[^.\\])+", key.strip()))
        if value.startswith("{") and value.endswith("}"):
            yield path, [each.strip() for each in value[1:-1].split(",")]
        else:
            yield path, _typed(re.sub(r"\\(.)", r"\1", value), as_text=as_text)


def _typed(value: str, *, as_text: bool = False) -> Any:
    return value == "true" if value in ("true", "false") and not as_text else value


def put_value(values: dict[str, Any], path: _Path, value: Any) -> None:
    """Puts a value to its place in nested mappings; what stands in its way goes.

    >>> values = {"git": "x"}
    >>> put_value(values, ("git", "path"), "prod")
    >>> values
    {'git': {'path': 'prod'}}
    """
    for key in path[:-1]:
        inner = values.get(key)
        if not isinstance(inner, dict):
            inner = values[key] = {}
        values = inner
    if path:
        values[path[-1]] = value


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
                for path, each in _set_values(value, as_text=option == "--set-string"):
                    put_value(values, path, each)
        yield InstallCommand(line, "helm-operator", "charts.fluxcd.io", "", namespace, values)


# Terraform

_BLOCK: Final = re.compile(r'resource\s+"helm_release"\s+"[^"]*"\s*\{')
_SET: Final = re.compile(r"\bset(?:_sensitive|_list|_string)?\s*\{(?P<body>[^{}]*)\}")
_ASSIGNMENT: Final = re.compile(
    r'^\s*(?P<key>[A-Za-z_]+)\s*=\s*(?:"(?P<text>(?:\\.|[^"\\])*)"|(?P<word>[\w.]+)|(?P<list>\[[^\]]*\]))',
    re.MULTILINE,
)
_DEFAULT: Final = re.compile(r'variable\s+"(\w+)"\s*\{[^}]*?default\s*=\s*(?:"([^"]*)"|([\w.]+))')
_FILE: Final = re.compile(r'(?:file|templatefile)\(\s*"(?:\$\{path\.(?:module|root|cwd)\}/)?([^"]+)"')
_HERE: Final = re.compile(r"<<-?\s*(\w+)\r?\n(.*?)^\s*\1\b", re.DOTALL | re.MULTILINE)


def _of_terraform(text: str) -> Iterator[InstallCommand]:
    defaults = {match[1]: match[2] or match[3] or "" for match in _DEFAULT.finditer(text)}
    for match in _BLOCK.finditer(text):
        body = text[match.end() : _closing(text, match.end())]
        line = text.count("\n", 0, match.start()) + 1
        values: dict[str, Any] = {}
        for here in _HERE.finditer(body):
            values.update(_yaml_mapping(here[2]))
        for each in _SET.finditer(body):
            said = _assignments(each["body"], defaults)
            name, value = said.get("name"), said.get("value")
            if isinstance(name, str) and value is not None:
                path = tuple(part.replace("\\", "") for part in re.findall(r"(?:\\\\?.|[^.\\])+", name))
                put_value(values, path, _typed(value))
        said = _assignments(_SET.sub("", _HERE.sub("", body)), defaults)
        yield InstallCommand(
            line,
            said.get("chart") or "",
            said.get("repository") or "",
            said.get("name") or "",
            said.get("namespace") or "",
            values,
            tuple(match[1] for match in _FILE.finditer(body)),
        )


def _assignments(text: str, defaults: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ASSIGNMENT.finditer(text):
        value = match["text"]
        if value is None:
            word = match["word"] or ""
            value = (
                defaults.get(word.removeprefix("var."), f"${{{word}}}") if word.startswith("var.") else word
            )
        value = re.sub(r"\$\{var\.(\w+)\}", lambda each: defaults.get(each[1], each[0]), value)
        found[match["key"]] = value
    return found


def _closing(text: str, start: int) -> int:
    depth = 1
    for match in re.finditer(r"[{}]", text[start:]):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return start + match.start()
    return len(text)


def _yaml_mapping(text: str) -> dict[str, Any]:
    try:
        value = read_document(text)[1]
    except InvalidManifest:
        return {}
    return value if isinstance(value, dict) else {}


# Ansible

_MODULES: Final = ("helm", "community.kubernetes.helm", "kubernetes.core.helm")


def _of_playbook(text: str) -> Iterator[InstallCommand]:
    if "chart_ref" not in text:
        return
    for span in split_documents(text):
        try:
            value = read_document(text[span.start : span.end])[1]
        except InvalidManifest:
            continue
        for task in _tasks(value):
            given_to = [task[name] for name in _MODULES if isinstance(task.get(name), dict)]
            yield _of_task(given_to[0] if given_to else {}, text)


def _of_task(said: Mapping[str, Any], text: str) -> InstallCommand:
    """Gives what one of the modules for Helm is told; the text is that of the playbook."""
    chart = str(said.get("chart_ref") or "")
    files = [str(each) for each in said.get("values_files") or () if isinstance(each, str)]
    return InstallCommand(
        _line_of(chart, text),
        chart,
        str(said.get("chart_repo_url") or ""),
        str(said.get("name") or said.get("release_name") or ""),
        str(said.get("release_namespace") or ""),
        _values_of_task(said),
        tuple(posixpath.normpath(each) for each in files),
    )


def _values_of_task(said: Mapping[str, Any]) -> dict[str, Any]:
    values = said.get("release_values") or said.get("values") or {}
    nested: dict[str, Any] = {}
    for each in said.get("set_values") or ():
        for path, given in _set_values(str(each.get("value") if isinstance(each, dict) else each)):
            put_value(nested, path, given)
    return merged_values(values if isinstance(values, dict) else {}, nested)


def _line_of(chart: str, text: str) -> int:
    """Gives the first line that names a chart; the first of all where none does."""
    return next((n for n, each in enumerate(text.splitlines(), 1) if chart and chart in each), 1)


def _of_helmfile(text: str) -> Iterator[InstallCommand]:
    for span in split_documents(text):
        releases = _yaml_mapping(text[span.start : span.end]).get("releases")
        for release in releases if isinstance(releases, list) else ():
            listed = release.get("values") if isinstance(release, dict) else None
            given = listed if isinstance(listed, list) else []
            values: dict[str, Any] = {}
            for each in given:
                values = merged_values(values, each) if isinstance(each, dict) else values
            if isinstance(release, dict):
                chart = str(release.get("chart") or "")
                yield InstallCommand(
                    _line_of(chart, text),
                    chart,
                    "",
                    str(release.get("name") or ""),
                    str(release.get("namespace") or ""),
                    values,
                    tuple(each for each in given if isinstance(each, str)),
                )


def _tasks(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _tasks(each)
    elif isinstance(value, dict):
        yield value
        for key in ("tasks", "pre_tasks", "post_tasks", "block", "handlers"):
            yield from _tasks(value.get(key))
