"""Where a field of Flux v2 comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import MigrationError
from fluxv2_migrate.frozen import frozen
from fluxv2_migrate.given import checked_kind, checked_text
from fluxv2_migrate.kubernetes import value_at
from fluxv2_migrate.pages import facts, fragment, prose
from fluxv2_migrate.quoting import HIDDEN, as_code, as_markdown_text, names_a_secret, without_secrets
from fluxv2_migrate.report.migration import MigratedResource
from fluxv2_migrate.repository.workspace import Change
from fluxv2_migrate.rules.draft import FieldRow
from fluxv2_migrate.rules.sources import RULE_SOURCES
from fluxv2_migrate.rules.table import FIELDS

_KEPT: Final = "kept"
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a field of a v2 resource comes from, and what became of it.

    Attributes:
        resource: `kind namespace/name` of Flux v2.
        field: dotted.
        path: the file in which it stands.
        value: that it has, or `None` where the migration removed it.
        rule: that wrote, moved or removed it; `kept` where it is as it was.
        places: where it comes from, as `path:line`; none for what is computed from no file.
        v1_fields: from which it was computed, dotted.
        source: of the rule: the component of Flux, its version and file.
        rows: what the table of fields says of it.
        changes: what was done, in order.
    """

    resource: str
    field: str
    path: str
    value: Any
    rule: str
    places: tuple[str, ...]
    v1_fields: tuple[str, ...]
    source: str
    rows: tuple[FieldRow, ...]
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        return "\n".join(f"{title}: {text}" for title, text in self._facts())

    def to_markdown(self) -> str:
        """Gives it as a list of Markdown.

        >>> kept = Explanation("HelmRelease a/b", "spec.wait", "a.yaml", True, "kept", (), (), "", (), ())
        >>> print(kept.to_markdown().splitlines()[2])
        - value: True
        """
        lines = [f"- {title}: {as_markdown_text(text)}" for title, text in self._facts()]
        return "\n".join([f"{as_code(self.field)} of {as_markdown_text(self.resource)}", "", *lines]) + "\n"

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        told = facts((title, prose(text)) for title, text in self._facts())
        return fragment(f"{self.field} of {self.resource}", told)

    def _facts(self) -> list[tuple[str, str]]:
        secret = names_a_secret(self.field.split("."))
        value = HIDDEN if secret else without_secrets(str(self.value))
        notes = [row.note for row in self.rows if row.note]
        known = [
            ("value", "removed" if self.value is None else value),
            ("from", ", ".join(self.places) or "no file: it is computed"),
            ("of Flux v1", ", ".join(self.v1_fields)),
            ("rule", self.rule),
            ("source", self.source),
            ("note", "; ".join(notes)),
            ("findings", ", ".join(dict.fromkeys(code for row in self.rows for code in row.codes))),
        ]
        return [(title, text) for title, text in known if text]


def explain(resource: MigratedResource, field: str) -> Explanation:
    """Says where a field of a v2 resource comes from: the line of Flux v1, the rule, and the rule's source.

    Args:
        resource: one of `Migration.resources`.
        field: dotted, as in the v2 manifest, such as `spec.releaseName`; or a field of Flux v1 that went.

    Returns:
        The explanation. What is said of a field that stands inside of what was written or moved as a whole,
        such as one of the values, is said of that whole.

    Raises:
        MigrationError: neither the resource nor what it was has such a field.

    >>> from fluxv2_migrate import migrate_text
    >>> migration = migrate_text('''
    ... apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata: {name: web, namespace: shop}
    ... spec:
    ...   helmVersion: v3
    ...   chart: {repository: "https://charts.example.com", name: web, version: 1.2.3}
    ... ''')
    >>> why = explain(migration.resources[0], "spec.releaseName")
    >>> why.value, why.rule, why.v1_fields
    ('shop-web', 'namespace-name', ('metadata.namespace', 'spec.targetNamespace', 'metadata.name'))
    >>> why.source
    'helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go` GetReleaseName'
    """
    checked_kind(resource, MigratedResource, "a resource")
    checked_text(field, "a field")
    value = value_at(resource.resource.to_manifest(), field.split("."), _NOTHING)
    is_there = value is not _NOTHING
    changes = _changes_of(resource.changes, field) if is_there else _removals(resource.changes, field)
    if not is_there and not changes:
        reason = f"{resource.name} has no field {field!r}, and what it was had none"
        raise MigrationError(reason, path=resource.path)
    is_made = not resource.before
    if is_made and not changes:
        changes = tuple(each for each in resource.changes if not each.path)
    rule = changes[-1].rule if changes else _KEPT
    own = () if is_made else (field,)
    return Explanation(
        resource.name,
        field,
        resource.path,
        frozen(value) if is_there else None,
        rule,
        tuple(dict.fromkeys(f"{each.path}:{each.line}" for each in changes if each.path)),
        tuple(dict.fromkeys(name for each in changes for name in each.fields)) or own,
        RULE_SOURCES.get(rule, ""),
        tuple(row for row in FIELDS if _is_about(row, field, resource.resource.kind)),
        changes,
    )


def _changes_of(changes: Sequence[Change], field: str) -> tuple[Change, ...]:
    """Gives what was done to the field, else to what it stands in, else to what stands in it."""
    written = [each for each in changes if each.target_field]
    exact = tuple(each for each in written if each.target_field == field)
    around = tuple(each for each in written if field.startswith(f"{each.target_field}."))
    return exact or around or tuple(each for each in written if each.target_field.startswith(f"{field}."))


def _removals(changes: Sequence[Change], field: str) -> tuple[Change, ...]:
    return tuple(each for each in changes if not each.target_field and field in each.fields)


def _is_about(row: FieldRow, field: str, kind: str) -> bool:
    names = {field, f"{kind}.{field}"}
    return not names.isdisjoint(row.becomes) or (row.field == field and not row.becomes)
