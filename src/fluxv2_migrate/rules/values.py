"""The values of a release, and where they come from; the values themselves are never touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.flux1.charts import merged_values
from fluxv2_migrate.flux2.constraints import is_values_key
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.plan import Path, leaf_at
from fluxv2_migrate.rules.chart import chart_file_path
from fluxv2_migrate.rules.chart_source import clean_chart_path
from fluxv2_migrate.rules.draft import Draft, FieldRow, ValuesConfigMap, ValuesOfUrl
from fluxv2_migrate.yaml_text import Place, entry_text

_AT_THE_END: Final = Place()
_SECRETS: Final[Path] = ("spec", "valueFileSecrets")
_SOURCES: Final[Path] = ("spec", "valuesFrom")
# The order in which the helm-operator looks at an entry.
_KINDS: Final = ("configMapKeyRef", "secretKeyRef", "externalSourceRef", "chartFileRef")
_REFERENCE: Final = "spec.valuesFrom[]"
VALUES_FIELDS: Final = (
    FieldRow("spec.values", ("spec.values",), ("HR112",), "its text is not touched"),
    FieldRow("spec.valueFileSecrets", ("spec.valuesFrom",), (), "before all of valuesFrom"),
    FieldRow("spec.valueFileSecrets[].name", (f"{_REFERENCE}.name",), ("HR130", "RP006")),
    FieldRow("spec.valuesFrom", ("spec.valuesFrom",), ("HR101",)),
    FieldRow("spec.valuesFrom[].configMapKeyRef", (f"{_REFERENCE}.kind",), ("HR101",)),
    FieldRow("spec.valuesFrom[].configMapKeyRef.name", (f"{_REFERENCE}.name",), ("HR130", "RP006")),
    FieldRow("spec.valuesFrom[].configMapKeyRef.namespace", (), ("HR092", "HR130"), is_later=True),
    FieldRow("spec.valuesFrom[].configMapKeyRef.key", (f"{_REFERENCE}.valuesKey",), ("HR094",)),
    FieldRow("spec.valuesFrom[].configMapKeyRef.optional", (f"{_REFERENCE}.optional",), ("HR093",)),
    FieldRow("spec.valuesFrom[].secretKeyRef", (f"{_REFERENCE}.kind",), ("HR101",)),
    FieldRow("spec.valuesFrom[].secretKeyRef.name", (f"{_REFERENCE}.name",), ("HR130", "RP006")),
    FieldRow("spec.valuesFrom[].secretKeyRef.namespace", (), ("HR092", "HR130"), is_later=True),
    FieldRow("spec.valuesFrom[].secretKeyRef.key", (f"{_REFERENCE}.valuesKey",), ("HR094",)),
    FieldRow("spec.valuesFrom[].secretKeyRef.optional", (f"{_REFERENCE}.optional",), ("HR093",)),
    FieldRow("spec.valuesFrom[].externalSourceRef", (), ("HR095", "HR101", "HR102", "RP060")),
    FieldRow(
        "spec.valuesFrom[].externalSourceRef.url",
        ("spec.values", f"{_REFERENCE}.kind", f"{_REFERENCE}.name"),
        ("HR095", "HR102", "RP060"),
    ),
    FieldRow("spec.valuesFrom[].externalSourceRef.optional", (), ("HR102",)),
    FieldRow("spec.valuesFrom[].chartFileRef", ("spec.chart.spec.valuesFiles",), ("HR101",)),
    FieldRow(
        "spec.valuesFrom[].chartFileRef.path",
        ("spec.chart.spec.valuesFiles",),
        ("HR096", "HR097", "HR098", "HR100", "RP006"),
        "behind the chart's own values.yaml, from the root of the repository",
    ),
    FieldRow(
        "spec.valuesFrom[].chartFileRef.optional",
        ("spec.chart.spec.ignoreMissingValuesFiles",),
        ("HR093", "HR098", "HR099"),
        "since Flux 2.3",
    ),
)
"""What becomes of the fields that are read here."""


def draft_values(draft: Draft) -> None:
    """Writes down where values come from.

    Source: helm-operator 1.4.4 `types_helmrelease.go` `GetValuesFromSources`, `pkg/release/values.go`.
    """
    spec = draft.spec
    given = spec.get("valuesFrom") or []
    references = [
        _object(draft, "Secret", secret.get("name"), _SECRETS)
        for secret in spec.get("valueFileSecrets") or []
    ]
    files: list[str] = []
    optional_files = False
    reordered = False
    inlined = _inlined(draft, given)
    for index, entry in enumerate(given):
        kind = _source_kind(draft, entry, index)
        if kind in ("configMapKeyRef", "secretKeyRef"):
            references.append(_reference(draft, kind, entry[kind]))
        elif kind == "externalSourceRef":
            here = draft.values_of_urls.get(str(entry[kind].get("url")))
            if index in inlined:
                reordered = True
            elif here is not None and here.values is not None:
                references.append(_config_map(draft, here))
            else:
                reordered |= _external(draft, entry[kind])
        elif kind == "chartFileRef":
            file = _chart_file(draft, entry[kind])
            if file is not None:
                files.append(file)
                optional_files |= bool(entry[kind].get("optional"))
                if references:
                    _behind(draft, entry[kind]["path"])
                    reordered = True
    _write_references(draft, references)
    if files:
        _write_files(draft, files, optional=optional_files)
    if optional_files or any(reference.get("optional") for reference in references):
        _tolerance(draft, reordered=reordered)
    # Keys are replaced as well as values, and the text of both is quickly had.
    if "${" in repr(spec.get("values")):
        draft.note(
            "HR112",
            "values hold `${`, which a Kustomization with postBuild would replace",
            ("spec", "values"),
            group="all",
        )


def _write_references(draft: Draft, references: Sequence[Mapping[str, Any]]) -> None:
    """Writes the ConfigMaps and Secrets into the one field that Flux v2 has for them."""
    if "valueFileSecrets" in draft.spec:
        if "valuesFrom" in draft.spec or not references:
            draft.remove(_SECRETS, "value-file-secrets")
        else:
            draft.move(_SECRETS, _SOURCES, "value-file-secrets")
    if references:
        draft.set(_SOURCES, references, "values-from", "spec.valuesFrom", "spec.valueFileSecrets")
    elif "valuesFrom" in draft.spec:
        draft.remove(_SOURCES, "values-from")


def _inlined(draft: Draft, given: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    """Writes into the values what files of this repository hold, where nothing but such files follows them.

    Source: helm-operator 1.4.4 `pkg/release/values.go`: the entries in their order, then `spec.values`.

    Returns:
        Which entries these are.
    """
    found: dict[int, ValuesOfUrl] = {}
    for index, entry in reversed(list(enumerate(given))):
        kinds = [kind for kind in _KINDS if entry.get(kind) is not None]
        if kinds:
            url = entry["externalSourceRef"].get("url") if kinds[0] == "externalSourceRef" else None
            here = draft.values_of_urls.get(str(url))
            if here is None or here.values is None or not here.is_inlined:
                break
            found[index] = here
    files = [here for _, here in sorted(found.items())]
    merged: dict[str, Any] = {}
    for here in files:
        merged = merged_values(merged, here.values or {})
    _write_values(draft, merged, as_object(draft.spec.get("values")), (), files)
    for here in files:
        draft.values_files.append(here.path)
        message = f"the values of {here.path} stand in spec.values now: who changes the file changes nothing"
        draft.note("RP060", message, _SOURCES, declares=("values", "values_from"))
    return frozenset(found)


def _write_values(
    draft: Draft, given: Mapping[str, Any], own: Mapping[str, Any], path: Path, files: Sequence[ValuesOfUrl]
) -> None:
    """Writes the values that the release does not have itself, as the file that has them is written."""
    for key, value in given.items():
        known, here = own.get(key), (*path, key)
        if key not in own:
            holder = next((each for each in reversed(files) if leaf_at(each.values, here) == value), None)
            text = entry_text(holder.text, here) if holder is not None else ""
            field, because = ("spec", "values", *here), "spec.valuesFrom"
            draft.set(field, value, "values-of-a-file", because, place=_AT_THE_END, text=text)
        elif isinstance(known, Mapping) and isinstance(value, Mapping):
            _write_values(draft, value, known, here, files)


def _config_map(draft: Draft, here: ValuesOfUrl) -> dict[str, Any]:
    """Gives the reference to the ConfigMap that is made of a file, which others follow."""
    draft.config_maps.append(ValuesConfigMap(here.config_map, here.path, here.text))
    draft.values_files.append(here.path)
    shown = "/".join(filter(None, (draft.namespace, here.config_map)))
    message = (
        f"the values of {here.path} stand in ConfigMap {shown} now: who changes the file changes nothing"
    )
    draft.note("RP060", message, _SOURCES, declares=("values_from",))
    return {"kind": "ConfigMap", "name": here.config_map}


def _tolerance(draft: Draft, *, reordered: bool) -> None:
    """Says what optional values may lack no more; where the sources differ, that is said already."""
    draft.note(
        "HR093",
        "optional values that are no valid YAML were skipped and now fail"
        if draft.runs("2.2")
        else "optional values without their key, or that are no valid YAML, were skipped and now fail",
        _SOURCES,
        group="all",
        declares=() if reordered else ("values_from.tolerates",),
    )


def _object(draft: Draft, kind: str, name: str | None, path: Path) -> dict[str, Any]:
    if not name:
        draft.note("RP006", f"a {kind} of values has no name", path)
    return {"kind": kind, "name": name or ""}


def _external(draft: Draft, selector: Mapping[str, Any]) -> bool:
    """Says that a URL is not read any more, and gives whether the release goes on without it."""
    url = selector.get("url")
    here = draft.values_of_urls.get(str(url))
    why = "" if here is None else f": {here.reason or 'values of another kind come behind it'}"
    if selector.get("optional"):
        message = f"optional values came from {url}: they are left out, and Flux v2 reads none from a URL"
        draft.note("HR102", message, _SOURCES, declares=("values_from",))
        return True
    draft.note("HR095", f"values come from {url}, and Flux v2 reads none from a URL{why}", _SOURCES)
    return False


def _source_kind(draft: Draft, entry: Mapping[str, Any], index: int) -> str | None:
    kinds = [kind for kind in _KINDS if entry.get(kind) is not None]
    if len(kinds) != 1:
        what = "no source: it was skipped" if not kinds else f"several sources: {kinds[0]} was read"
        draft.note("HR101", f"entry {index + 1} of valuesFrom has {what}", _SOURCES)
    return kinds[0] if kinds else None


def _reference(draft: Draft, kind: str, selector: Mapping[str, Any]) -> dict[str, Any]:
    kubernetes_kind = "ConfigMap" if kind == "configMapKeyRef" else "Secret"
    name, namespace, key = selector.get("name"), selector.get("namespace"), selector.get("key")
    if namespace and namespace != draft.namespace:
        draft.note(
            "HR092",
            f"{kubernetes_kind} {namespace}/{name} is in another namespace, where Flux v2 does not look",
            _SOURCES,
        )
    reference = _object(draft, kubernetes_kind, name, _SOURCES)
    if key and not is_values_key(key):
        draft.note("HR094", f"Flux v2 refuses the key {key!r} of {kubernetes_kind} {name}", _SOURCES)
    if key:
        reference["valuesKey"] = key
    if selector.get("optional"):
        reference["optional"] = True
    return reference


def _chart_file(draft: Draft, selector: Mapping[str, Any]) -> str | None:
    chart = draft.spec.get("chart") or {}
    path = selector.get("path") or ""
    if not (chart.get("git") and chart.get("path")):
        if selector.get("optional"):
            draft.note("HR098", f"the file {path!r} of a chart from a Helm repository is left out", _SOURCES)
        else:
            draft.note("HR096", f"values come from {path!r} of a chart from a Helm repository", _SOURCES)
        return None
    if not path:
        draft.note("RP006", "a values file of the chart has no path", _SOURCES)
        return None
    file = chart_file_path(clean_chart_path(chart["path"]) or ".", path)
    if file is None:
        draft.note("HR096", f"the values file {path!r} leaves the repository", _SOURCES)
    return file


def _behind(draft: Draft, path: str) -> None:
    message = f"{path!r} of the chart came behind other values and now comes first"
    draft.note("HR097", message, _SOURCES, declares=("values_from",))


def _write_files(draft: Draft, files: list[str], *, optional: bool) -> None:
    chart_path = ("spec", "chart", "spec")
    chart = clean_chart_path(draft.spec["chart"]["path"]) or "."
    default = chart_file_path(chart, "values.yaml")
    draft.set((*chart_path, "valuesFiles"), [default, *files], "values-files", "spec.valuesFrom")
    if draft.options.reconcile_strategy == "ChartVersion":
        draft.note(
            "HR062",
            "the version of a chart with values files becomes `x.y.z+<number>`",
            ("spec", "chart", "git"),
            group="files",
            declares=("chart.version_metadata",),
        )
    if optional:
        if draft.runs("2.3"):
            draft.set((*chart_path, "ignoreMissingValuesFiles"), True, "values-files", "spec.valuesFrom")
        else:
            draft.note("HR099", "an optional values file of the chart needs Flux 2.3", _SOURCES)
    else:
        draft.note(
            "HR100",
            f"the chart must have {default}: Flux v2 fails where a values file is missing",
            _SOURCES,
            group=default or "",
        )
