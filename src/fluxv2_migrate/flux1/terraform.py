"""What Terraform says of installations.

Source: Terraform's providers `helm` 2.17 and 3.0, `helm_release`; `kubernetes` 2.30, `kubernetes_deployment`;
`template` 2.2, `template_file`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.flux1.charts import merged_values
from fluxv2_migrate.flux1.hcl import Block, Call, read_blocks
from fluxv2_migrate.flux1.install_command import (
    UNKNOWN_FILE,
    InstallCommand,
    put_value,
    value_path,
    yaml_mapping,
)
from fluxv2_migrate.flux1.variables import plain_values
from fluxv2_migrate.kubernetes import as_object, mappings_in

_SETS: Final = ("set", "set_sensitive", "set_list", "set_string")
_ENCODED: Final = ("yamlencode", "jsonencode")
_FILES: Final = ("file", "templatefile")
_OF_MODULE: Final = re.compile(r"\$\{path\.(?:module|root|cwd)\}/?")
_REFERENCE: Final = re.compile(r"\$\{(?:(?:var|local)\.(\w+)|(data\.template_file\.[\w-]+\.rendered))\}")
_WORKLOADS: Final = ("kubernetes_deployment", "kubernetes_deployment_v1")


def terraform_variables(texts: Iterable[str]) -> Iterator[tuple[str, Any]]:
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
        yield from ((name, value) for name, value in [*given, *found.values.items()] if value is not None)


def terraform_modules(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    r"""Gives the folders of the modules that a file calls, each with what it gives them.

    >>> list(terraform_modules('module "a" {\n  source = "./m"\n  branch = "live"\n}\n'))
    [('./m', {'branch': 'live'})]
    """
    for block in read_blocks(text).blocks:
        source = block.values.get("source")
        if block.kind == "module" and isinstance(source, str) and source.startswith("."):
            yield source, {key: value for key, value in block.values.items() if key != "source"}


def of_terraform(text: str, known: Mapping[str, Any]) -> Iterator[InstallCommand]:
    """Gives the Helm releases of a file, and the workloads of Flux v1."""
    blocks = read_blocks(text).blocks
    rendered = {f"data.template_file.{name}.rendered": each for name, each in _template_files(blocks)}
    for block in blocks:
        if block.kind == "resource" and block.labels[:1] == ("helm_release",):
            yield _of_block(block, {**known, **rendered})
        elif block.kind == "resource" and block.labels[:1] and block.labels[0] in _WORKLOADS:
            yield from _of_workload(block, known)


def _template_files(blocks: Iterable[Block]) -> Iterator[tuple[str, Any]]:
    for block in blocks:
        if block.kind == "data" and block.labels[:1] == ("template_file",) and len(block.labels) > 1:
            template = block.values.get("template")
            file = template.arguments[:1] if isinstance(template, Call) and template.name == "file" else ()
            yield (
                block.labels[1],
                Call("templatefile", (*file, block.values.get("vars"))) if file else template,
            )


def _of_workload(block: Block, known: Mapping[str, Any]) -> Iterator[InstallCommand]:
    """Gives the fluxd that the containers of a Deployment run."""
    about = next((each.values for each in block.blocks if each.kind == "metadata"), {})
    name, namespace = (resolved(about.get(key), known) for key in ("name", "namespace"))
    inner = [block]
    for kind in ("spec", "template", "spec", "container"):
        inner = [each for one in inner for each in one.blocks if each.kind == kind]
    for container in inner:
        words = [container.values.get(key) for key in ("command", "args")]
        said = [str(resolved(each, known)) for given in words if isinstance(given, list) for each in given]
        if any(each.startswith("--git-url") for each in said):
            yield InstallCommand(
                container.line,
                release_name=str(name or ""),
                namespace=str(namespace or ""),
                arguments=tuple(said),
            )


def _of_block(block: Block, known: Mapping[str, Any]) -> InstallCommand:
    said = {key: resolved(value, known) for key, value in block.values.items()}
    values: dict[str, Any] = {}
    files: list[str] = []
    templates: dict[str, dict[str, str]] = {}
    given = said.get("values")
    for each in given if isinstance(given, list) else [given] if given else []:
        if isinstance(each, Call) and each.name in _ENCODED and each.arguments:
            values = merged_values(values, as_object(each.arguments[0]))
        elif isinstance(each, Call) and each.name in _FILES and each.arguments:
            files.append(_OF_MODULE.sub("", str(each.arguments[0])))
            if len(each.arguments) > 1:
                templates[files[-1]] = dict(plain_values(as_object(each.arguments[1])))
        elif isinstance(each, str) and "\n" in each:
            values = merged_values(values, yaml_mapping(each))
        else:
            files.append(UNKNOWN_FILE)
    for name, value in _set_one_by_one(block, said, known):
        path = value_path(name.replace("\\\\", "\\"))
        put_value(values, path, value == "true" if value in ("true", "false") else value)
    chart, repository, name, namespace = (
        _OF_MODULE.sub("", str(said.get(key) or "")) for key in ("chart", "repository", "name", "namespace")
    )
    return InstallCommand(block.line, chart, repository, name, namespace, values, tuple(files), templates)


def _set_one_by_one(
    block: Block, said: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Gives the values that are set one by one: in blocks, or in lists of objects."""
    entries: list[Mapping[str, Any]] = [
        {key: resolved(value, known) for key, value in each.values.items()}
        for each in block.blocks
        if each.kind in _SETS
    ]
    for key in _SETS:
        given = said.get(key)
        entries += mappings_in(given)
    for each in entries:
        name, value = each.get("name"), each.get("value")
        if isinstance(name, str) and value is not None:
            yield name, str(value).lower() if isinstance(value, bool) else value


def resolved(value: Any, known: Mapping[str, Any], depth: int = 5) -> Any:
    """Gives a value of Terraform with what its references are, as far as that is known.

    Args:
        depth: how often a reference may lead to another one, since some lead to themselves.

    >>> resolved(["${var.a}", "x-${local.b}"], {"a": {"c": "${local.b}"}, "b": "d"})
    [{'c': 'd'}, 'x-d']
    """
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole is not None and depth and (named := known.get(whole[1] or whole[2])) is not None:
            return resolved(named, known, depth - 1)
        return _in_text(value, known, depth)
    if isinstance(value, list):
        return [resolved(each, known, depth) for each in value]
    if isinstance(value, Mapping):
        return {key: resolved(each, known, depth) for key, each in value.items()}
    if isinstance(value, Call):
        return Call(value.name, tuple(resolved(each, known, depth) for each in value.arguments))
    return value


def _in_text(text: str, known: Mapping[str, Any], depth: int) -> str:
    for _ in range(depth):
        before = text
        text = _REFERENCE.sub(
            lambda each: value if isinstance(value := known.get(each[1] or each[2]), str) else each[0], text
        )
        if before == text:
            break
    return text
