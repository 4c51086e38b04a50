"""What a text says of how Flux v1 was installed, whatever kind of text it is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.commands import begins_of_commands, commands_of_shell
from fluxv2_migrate.flux1.install_blocks import nested_manifests, of_cluster_config, of_helmfile, of_playbook
from fluxv2_migrate.flux1.install_command import InstallCommand
from fluxv2_migrate.flux1.shell_text import HereDocuments
from fluxv2_migrate.flux1.terraform import of_terraform
from fluxv2_migrate.flux1.variables import agreed, assigned_in_yaml
from fluxv2_migrate.yaml_text import YAML_ENDINGS, line_of, read_value, split_documents

_COMMENT: Final = re.compile(r"^[ \t]*(?:#|//)+[^\n]*", re.MULTILINE)
_HERE: Final = re.compile(r"<<-?[ \t]*[\"']?(\w+)")
_TERRAFORM: Final = (".tf", ".tfvars")


def install_commands(
    text: str, path: str, known: Mapping[str, Any], *, in_comments: bool = False
) -> Iterator[InstallCommand]:
    r"""Gives what a text says of installations, whatever is installed.

    Args:
        text: of a script, a README, a file of Terraform or a playbook.
        path: of it; its end tells which of these it is.
        known: variables that other files give it.
        in_comments: whether what stands in comments is read, and nothing else.

    >>> found, = install_commands("helm upgrade -i flux fluxcd/flux \\\n --set git.path=prod", "a.sh", {})
    >>> found.chart, found.values
    ('fluxcd/flux', {'git': {'path': 'prod'}})
    """
    if in_comments:
        yield from commands_of_shell(_comments_of(text), known)
    elif path.endswith(_TERRAFORM):
        yield from of_terraform(text, known)
    elif path.endswith(YAML_ENDINGS) and (values := _documents(text)) is not None:
        known = {**known, **agreed(each for value in values for each in assigned_in_yaml(value))}
        yield from _of_scalars(values, text, known)
        for value in values:
            yield from of_playbook(value, text, known)
            yield from of_cluster_config(value)
            if posixpath.basename(path).startswith("helmfile"):
                yield from of_helmfile(value, text)
    else:
        yield from commands_of_shell(_COMMENT.sub("", text), known)


def manifests_in_text(text: str) -> Iterator[tuple[str, int]]:
    r"""Gives the texts that a script hands to a command as they stand in it, each with its line.

    >>> list(manifests_in_text("kubectl apply -f - <<EOF\nkind: Namespace\nEOF\n"))
    [('kind: Namespace\n', 2)]
    """
    documents = HereDocuments(text)
    line, counted, at, begin = 1, 0, 0, 0
    while (match := _HERE.search(text, at)) is not None:
        at = match.end()
        if begin <= at:
            begin = text.find("\n", at) + 1 or len(text)
        ends = documents.end(match[1], begin)
        if ends is not None:
            line += text.count("\n", counted, begin)
            counted = begin
            yield text[begin : ends[0]], line
            at = ends[1]


def manifests_in_playbook(text: str, known: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    r"""Gives the manifests that stand inside of the tasks of a playbook.

    Args:
        known: variables that other files give it.

    >>> text = "- k8s:\n    definition: {kind: Deployment, metadata: {name: '{{ a }}'}}\n"
    >>> [each["metadata"] for each in manifests_in_playbook(text, {"a": "flux"})]
    [{'name': 'flux'}]
    """
    values = _documents(text) or []
    known = {**known, **agreed(each for value in values for each in assigned_in_yaml(value))}
    for value in values:
        if isinstance(value, list):
            yield from nested_manifests(value, known)


def _comments_of(text: str) -> str:
    """Gives what stands in comments, each line where it was."""
    lines = (re.match(r"[ \t]*(?:#|//)+(.*)", line, re.DOTALL) for line in text.splitlines(keepends=True))
    return "".join("\n" if each is None else each[1] for each in lines)


def _documents(text: str) -> list[Any] | None:
    """Gives the values of all documents; `None` where one of them cannot be read."""
    try:
        return [read_value(text[span.start : span.end]) for span in split_documents(text)]
    except InvalidManifest:
        return None


def _of_scalars(values: list[Any], text: str, known: Mapping[str, str]) -> Iterator[InstallCommand]:
    """Gives the commands that stand in the texts of a document, as YAML reads these."""
    at = 0
    for scalar in (each for value in values for each in _scalars(value)):
        for command in commands_of_shell(_COMMENT.sub("", scalar), known):
            begins = [match.start() for match in begins_of_commands(text) if match.start() >= at]
            at = begins[0] + 1 if begins else at
            yield replace(command, line=line_of(text, at) + 1)


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _scalars(each)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each)
