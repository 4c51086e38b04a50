"""What playbooks of Ansible, helmfiles and configurations of eksctl say of installations.

Source: Ansible's modules `kubernetes.core.helm` and `kubernetes.core.k8s`; helmfile 0.140; eksctl 0.40
`pkg/apis/eksctl.io/v1alpha5/types.go` `Git`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.flux1.charts import merged_values
from fluxv2_migrate.flux1.images import POD_SPECS
from fluxv2_migrate.flux1.install_command import InstallCommand, put_value, set_values
from fluxv2_migrate.flux1.variables import filled
from fluxv2_migrate.kubernetes import as_list, as_object

_MODULES: Final = ("helm", "community.kubernetes.helm", "kubernetes.core.helm")


# Ansible


def of_playbook(value: Any, text: str, known: Mapping[str, str]) -> Iterator[InstallCommand]:
    """Gives the Helm releases of a playbook, or of the tasks of a role."""
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


def nested_manifests(value: Any, known: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Gives the manifests that a playbook applies: those that stand inside of something else.

    >>> [each["kind"] for each in nested_manifests([{"k8s": {"definition": {"kind": "Deployment"}}}], {})]
    ['Deployment']
    """
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inner:
        if isinstance(each, Mapping) and each.get("kind") in POD_SPECS:
            yield as_object(_filled(each, known))
        else:
            yield from nested_manifests(each, known)


# Others


def of_helmfile(value: Any, text: str) -> Iterator[InstallCommand]:
    """Gives the releases of a helmfile."""
    releases = as_object(value).get("releases")
    for release in as_list(releases):
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
