"""Names that Kubernetes refuses: of the release itself, and of what it refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from fluxv2_migrate.kubernetes import is_namespace_name, is_object_name
from fluxv2_migrate.plan import Path
from fluxv2_migrate.rules.draft import Draft, present

_Check = Callable[[str], bool]
_SECRET: Final = ("spec", "chart", "secretRef")


def draft_refused_names(draft: Draft) -> None:
    """Says which names no object can have.

    An object with such a name is refused by the API server; fluxd went on with the others, and
    kustomize-controller stops. What such a reference names never was.

    Source: Kubernetes 1.35 `apimachinery/pkg/api/validation/generic.go`.
    """
    own: Sequence[tuple[Path, str, _Check]] = (
        (("metadata", "name"), draft.name, is_object_name),
        (("metadata", "namespace"), draft.namespace, is_namespace_name),
    )
    for path, name, is_name in own:
        if name and not is_name(name):
            draft.note("RP006", f"{'.'.join(path)}: Kubernetes refuses the name {name!r}", path)
    for path, what, name, is_name in _references(draft):
        if isinstance(name, str) and name and not is_name(name):
            message = f"Kubernetes refuses the name {name!r}: such a {what} never was"
            draft.note("HR130", message, path, group=f"{what} {name}")


def _references(draft: Draft) -> Iterator[tuple[Path, str, Any, _Check]]:
    spec = draft.spec
    yield ("spec", "targetNamespace"), "namespace", spec.get("targetNamespace"), is_namespace_name
    secret = present(present(spec.get("chart")).get("secretRef"))
    yield (*_SECRET, "name"), "Secret", secret.get("name"), is_object_name
    yield (*_SECRET, "namespace"), "namespace", secret.get("namespace"), is_namespace_name
    for each in spec.get("valueFileSecrets") or ():
        yield ("spec", "valueFileSecrets"), "Secret", each.get("name"), is_object_name
    path: Path = ("spec", "valuesFrom")
    for each in spec.get("valuesFrom") or ():
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            reference = present(each.get(key))
            yield path, kind, reference.get("name"), is_object_name
            yield path, "namespace", reference.get("namespace"), is_namespace_name
