"""Objects of Flux v2 on a page: their manifests, what must exist for them, and what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.kubernetes import KubernetesObject
from fluxv2_migrate.pages import Html, code, code_block, element, fold, joined, table
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting import HIDDEN, names_a_secret, without_secrets
from fluxv2_migrate.repository.changes import Change
from fluxv2_migrate.yaml_text import Style, emit_mapping

_STYLE: Final = Style()


def resource_blocks(resources: Iterable[KubernetesObject]) -> Iterator[Html]:
    """Gives each object under its name."""
    for each in resources:
        name = "/".join(part for part in (each.metadata.namespace, each.metadata.name) if part)
        yield element("h3", f"{each.kind} ", code(name))
        yield manifest_block(each)


def manifest_block(resource: KubernetesObject) -> Html:
    """Gives an object as YAML, without what is secret by its name."""
    manifest = resource.to_manifest()
    spec = manifest.get("spec")
    if isinstance(spec, Mapping) and "values" in spec:
        manifest = {**manifest, "spec": {**spec, "values": _shown_values(spec["values"], ())}}
    text = emit_mapping(manifest, _STYLE)
    return code_block(without_secrets(line) if line.strip() else "" for line in text.split("\n")[:-1])


def _shown_values(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown_values(item, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown_values(item, path) for item in value]
    # Whether there is a secret at all is none; a number may be a PIN.
    is_shown = value is None or isinstance(value, bool) or not names_a_secret(path)
    return value if is_shown else HIDDEN


def prerequisite_table(prerequisites: Iterable[Prerequisite]) -> Iterator[Html]:
    """Gives a table of the objects that people create first; nothing where there are none."""
    rows = [
        (
            joined([f"{need.kind} ", code(f"{need.namespace}/{need.name}")]),
            joined(
                [*_separated(map(code, need.keys)), f", a copy of {need.copy_of}" if need.copy_of else ""]
            ),
            ", ".join(need.used_by),
        )
        for need in prerequisites
    ]
    if rows:
        yield table("Objects that people create", ("object", "with", "for"), rows)


def _separated(items: Iterable[str]) -> Iterator[str]:
    for index, item in enumerate(items):
        yield from (", ", item) if index else (item,)


def changes_fold(changes: Iterable[Change]) -> Iterator[Html]:
    """Gives what was done, field by field; nothing where nothing was."""
    rows = [
        (
            each.target_field or "removed",
            ", ".join(each.fields),
            each.rule,
            f"{each.path}:{each.line}" if each.path else "",
        )
        for each in changes
    ]
    if rows:
        head = ("field of Flux v2", "of Flux v1", "rule", "line")
        yield fold(f"What was done ({len(rows)})", table("Field by field", head, rows))
