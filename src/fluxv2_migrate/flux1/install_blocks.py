"""What Terraform, playbooks of Ansible, helmfiles and configurations of eksctl say of installations.

Source: Terraform's provider `helm` 2.17, `helm_release`; Ansible's module `kubernetes.core.helm`; helmfile
0.140; eksctl 0.40 `pkg/apis/eksctl.io/v1alpha5/types.go` `Git`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.flux1.charts import merged_values
from fluxv2_migrate.flux1.hcl import Block, Call, read_blocks
from fluxv2_migrate.flux1.install_command import (
    UNKNOWN_FILE,
    InstallCommand,
    put_value,
    set_values,
    yaml_mapping,
)
from fluxv2_migrate.flux1.variables import filled
from fluxv2_migrate.kubernetes import as_object

__all__ = ["of_cluster_config", "of_helmfile", "of_playbook", "of_terraform", "terraform_variables"]

_MODULES: Final = ("helm", "community.kubernetes.helm", "kubernetes.core.helm")
_SETS: Final = ("set", "set_sensitive", "set_list", "set_string")
_ENCODED: Final = ("yamlencode", "jsonencode")
_FILES: Final = ("file", "templatefile")
_OF_MODULE: Final = re.compile(r"\$\{path\.(?:module|root|cwd)\}/?")
_REFERENCE: Final = re.compile(r"\$\{(?:var|local)\.(\w+)\}")


# Terraform


def terraform_variables(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    r"""Gives the variables and the locals of files of one folder, those that are set behind their defaults.

    Args:
        texts: of its `.tf` files, and then of its `.tfvars`.

    >>> list(terraform_variables(['variable "a" {\n  default = "b"\n}\nlocals {\n  c = "d"\n}\n', 'a = "e"']))
    [('a', 'b'), ('c', 'd'), ('a', 'e')]
    """
    for text in texts:
        found = read_blocks(text)
        given: list[tuple[str, Any]] = []
        for block in found.blocks:
            if block.kind == "variable" and block.labels:
                given.append((block.labels[0], block.values.get("default")))
            elif block.kind == "locals":
                given += block.values.items()
        yield from (
            (name, value) for name, value in [*given, *found.values.items()] if isinstance(value, str)
        )


def of_terraform(text: str, known: Mapping[str, str]) -> Iterator[InstallCommand]:
    """Gives the Helm releases of a file.

    Args:
        text: of the file.
        known: the variables and locals of its folder.
    """
    for block in read_blocks(text).blocks:
        if block.kind == "resource" and block.labels[:1] == ("helm_release",):
            yield _of_block(block, known)


def _of_block(block: Block, known: Mapping[str, str]) -> InstallCommand:
    said = {key: _resolved(value, known) for key, value in block.values.items()}
    values: dict[str, Any] = {}
    files: list[str] = []
    given = said.get("values")
    for each in given if isinstance(given, list) else [given] if given else []:
        if isinstance(each, Call) and each.name in _ENCODED and each.arguments:
            values = merged_values(values, as_object(each.arguments[0]))
        elif isinstance(each, Call) and each.name in _FILES and each.arguments:
            files.append(_OF_MODULE.sub("", str(each.arguments[0])))
        elif isinstance(each, str) and "\n" in each:
            values = merged_values(values, yaml_mapping(each))
        else:
            files.append(UNKNOWN_FILE)
    for name, value in _set_one_by_one(block, said, known):
        path = tuple(part.replace("\\", "") for part in re.findall(r"(?:\\\\?.|[^.\\])+", name))
        put_value(values, path, value == "true" if value in ("true", "false") else value)
    chart, repository, name, namespace = (
        _OF_MODULE.sub("", str(said.get(key) or "")) for key in ("chart", "repository", "name", "namespace")
    )
    return InstallCommand(block.line, chart, repository, name, namespace, values, tuple(files))


def _set_one_by_one(
    block: Block, said: Mapping[str, Any], known: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    """Gives the values that are set one by one: in blocks, or in lists of objects."""
    entries: list[Mapping[str, Any]] = [
        {key: _resolved(value, known) for key, value in each.values.items()}
        for each in block.blocks
        if each.kind in _SETS
    ]
    for key in _SETS:
        given = said.get(key)
        entries += [each for each in (given if isinstance(given, list) else ()) if isinstance(each, Mapping)]
    for each in entries:
        name, value = each.get("name"), each.get("value")
        if isinstance(name, str) and value is not None:
            yield name, str(value).lower() if isinstance(value, bool) else value


def _resolved(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for _ in range(5):
            before, value = value, _REFERENCE.sub(lambda each: known.get(each[1], each[0]), value)
            if before == value:
                break
        return value
    if isinstance(value, list):
        return [_resolved(each, known) for each in value]
    if isinstance(value, Mapping):
        return {key: _resolved(each, known) for key, each in value.items()}
    if isinstance(value, Call):
        return Call(value.name, tuple(_resolved(each, known) for each in value.arguments))
    return value


# Ansible


def of_playbook(value: Any, text: str, known: Mapping[str, str]) -> Iterator[InstallCommand]:
    """Gives the Helm releases of a playbook, or of the tasks of a role.

    Args:
        value: of a document.
        text: of the file.
        known: the variables that it has.
    """
    for task in _tasks(value):
        for name in _MODULES:
            if isinstance(task.get(name), dict):
                yield _of_task(_filled(task[name], known), text)


def _of_task(said: Mapping[str, Any], text: str) -> InstallCommand:
    """Gives what one of the modules for Helm is told; the text is that of the playbook."""
    chart = str(said.get("chart_ref") or "")
    files = [str(each) for each in said.get("values_files") or () if isinstance(each, str)]
    values = as_object(said.get("release_values") or said.get("values"))
    nested: dict[str, Any] = {}
    for each in said.get("set_values") or ():
        for path, given in set_values(str(each.get("value") if isinstance(each, dict) else each)):
            put_value(nested, path, given)
    return InstallCommand(
        _line_of(chart, text),
        chart,
        str(said.get("chart_repo_url") or ""),
        str(said.get("name") or said.get("release_name") or ""),
        str(said.get("release_namespace") or ""),
        merged_values(values, nested),
        tuple(posixpath.normpath(each) for each in files),
    )


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return filled(value, known)
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    if isinstance(value, Mapping):
        return {key: _filled(each, known) for key, each in value.items()}
    return value


def _tasks(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _tasks(each)
    elif isinstance(value, dict):
        yield value
        for key in ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always", "handlers"):
            yield from _tasks(value.get(key))


def _line_of(chart: str, text: str) -> int:
    """Gives the first line that names a chart; the first of all where none does."""
    return next((n for n, each in enumerate(text.splitlines(), 1) if chart and chart in each), 1)


# Others


def of_helmfile(value: Any, text: str) -> Iterator[InstallCommand]:
    """Gives the releases of a helmfile."""
    releases = as_object(value).get("releases")
    for release in releases if isinstance(releases, list) else ():
        if not isinstance(release, dict):
            continue
        given = _listed(release.get("values"))
        values: dict[str, Any] = {}
        for each in given:
            values = merged_values(values, each) if isinstance(each, dict) else values
        for each in _listed(release.get("set")):
            one = as_object(each)
            for path, _ in set_values(f"{one.get('name')}=x"):
                put_value(values, path, one.get("value", one.get("values")))
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


def of_cluster_config(value: Any) -> Iterator[InstallCommand]:
    """Gives the fluxd that eksctl installs for a ClusterConfig.

    >>> repo = {"url": "git@example.com:a/b", "branch": "live", "paths": ["prod"]}
    >>> found, = of_cluster_config({"kind": "ClusterConfig", "git": {"repo": repo}})
    >>> found.arguments
    ('--git-url=git@example.com:a/b', '--git-branch=live', '--git-path=prod')
    """
    config = as_object(value)
    git = as_object(config.get("git"))
    repo, operator = as_object(git.get("repo")), as_object(git.get("operator"))
    if config.get("kind") == "ClusterConfig" and repo.get("url"):
        flags = {"url": "--git-url", "branch": "--git-branch", "user": "--git-user", "email": "--git-email"}
        arguments = [f"{flag}={repo[key]}" for key, flag in flags.items() if repo.get(key)]
        arguments += [f"--git-path={each}" for each in _listed(repo.get("paths"))]
        arguments += ["--git-readonly"] if operator.get("readOnly") is True else []
        yield InstallCommand(
            1, namespace=str(operator.get("namespace") or "flux"), arguments=tuple(arguments)
        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
