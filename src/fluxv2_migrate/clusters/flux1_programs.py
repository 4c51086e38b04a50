"""The programs of Flux v1 that a repository shows: fluxd and the helm-operator, wherever they stand."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters.install_texts import programs_of_texts
from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.clusters.tree_charts import chart_of_folder, charts_of_flux1
from fluxv2_migrate.clusters.units import written_files
from fluxv2_migrate.clusters.value_sources import (
    ValueSource,
    config_map_data,
    value_sources,
    values_of_sources,
)
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.apis import RELEASE_KINDS
from fluxv2_migrate.flux1.charts import (
    Flux1Chart,
    may_be_of_flux1,
    may_be_program,
    merged_values,
    programs_of_chart,
)
from fluxv2_migrate.flux1.install_command import set_one
from fluxv2_migrate.flux1.installation import Flux1Program, Locate, programs_of_workload
from fluxv2_migrate.flux1.raw_files import RawFile
from fluxv2_migrate.flux1.release_name import default_release_name, release_namespace
from fluxv2_migrate.folders import is_kustomization_file
from fluxv2_migrate.kubernetes import as_list, as_object, group_of, mappings_in, value_at
from fluxv2_migrate.kustomize import Build, BuiltObject
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.yaml_text import document_texts, line_of, read_value
from fluxv2_migrate.yaml_text.kept import kept

_BUILD_FILE: Final = "kustomization.yaml"
_VALUES: Final = ("spec", "values")
_CHART_OF_K3S: Final = "helm.cattle.io/v1"
_ARGO_CD: Final = "argoproj.io"
_INFLATED: Final[Mapping[str, Mapping[str, str]]] = {
    "helmCharts": {},
    "helmChartInflationGenerator": {
        "chartName": "name",
        "chartRepoUrl": "repo",
        "chartVersion": "version",
        "releaseNamespace": "namespace",
        "values": "valuesFile",
    },
}
"""The fields of a kustomization that inflate charts, each with its own names of what the first one says."""
_MENTIONED: Final = re.compile(
    r"--(?:git-url|git-path|git-branch|git-user|enabled-helm-versions|charts-sync-interval|git-default-ref)\b"
    r"|\bfluxd\b|helm-operator|/flux\b|\bflux[\"']?:"
)
_NAMED_FLUX: Final = re.compile(
    r":(?:(?<=(?:name|hart):)|(?<=(?:name|hart)[\"']:))\s+(?:[&!]\S+\s+)?[\"']?flux\b"
)
"""One of both stands in the text of a manifest of Flux v1; the second finds a `name` or `chart`."""
_WORDS_OF_MENTIONED: Final = ("--git-", "--enabled-helm-versions", "--charts-sync-interval", "helm-operator")
_WORDS_WITH_FLUX: Final = ("fluxd", "/flux", "flux:", 'flux":', "flux':")
"""One of all these stands in whatever the first pattern finds; Python finds words in no time."""
_YAML: Final = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class _ChartRelease:
    """A HelmRelease of any API, as far as it tells which chart it installs and how it is called.

    Attributes:
        folder: of the chart in its git repository; empty where it comes from a Helm repository.
    """

    chart: Flux1Chart
    folder: str
    namespace: str
    own_namespace: str
    release_name: str
    values: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], namespace: str = "") -> _ChartRelease:
        """Reads a HelmRelease.

        Args:
            namespace: of the object, where it names none.
        """
        metadata, spec = as_object(manifest.get("metadata")), as_object(manifest.get("spec"))
        chart = as_object(spec.get("chart"))
        folder = str(chart.get("path") or spec.get("chartGitPath") or "")
        name = str(chart.get("name") or as_object(chart.get("spec")).get("chart") or folder)
        own = str(metadata.get("namespace") or namespace)
        target = str(spec.get("targetNamespace") or "") or None
        default = default_release_name(
            name=str(metadata.get("name") or ""), namespace=own, target_namespace=target
        )
        return cls(
            Flux1Chart(
                name.rstrip("/").rpartition("/")[2],
                f"{chart.get('repository') or ''} {chart.get('git') or ''}",
                version=str(chart.get("version") or ""),
            ),
            folder,
            release_namespace(namespace=own, target_namespace=target),
            own,
            str(spec.get("releaseName") or "") or default,
            as_object(spec.get("values")),
        )


def programs_of_manifest(manifest: Mapping[str, Any]) -> Iterator[Flux1Program]:
    """Gives the programs of Flux v1 that a manifest runs, as far as it tells by itself.

    >>> chart = {"repository": "https://charts.fluxcd.io", "name": "flux", "version": "1.13.3"}
    >>> spec = {"chart": chart, "releaseName": "flux", "values": {"git": {"path": "prod"}}}
    >>> [each.items("git-path") for each in programs_of_manifest({"kind": "HelmRelease", "spec": spec})]
    [('prod',)]
    """
    if manifest.get("kind") not in RELEASE_KINDS:
        yield from programs_of_workload(manifest)
        return
    release = _ChartRelease.of_manifest(manifest)
    yield from programs_of_chart(
        release.chart,
        release.values,
        release_name=release.release_name,
        namespace=release.namespace,
    )


def read_programs(reader: ClusterReader) -> list[Flux1Program]:
    """Gives the programs of Flux v1 that a repository shows, those of manifests before those of texts."""
    found: list[Flux1Program] = []
    built: set[str] = set()
    for program, files in _of_builds(reader):
        found.append(program)
        built |= files
    found += (each for each in _of_files(reader.files, reader) if each.path not in built)
    found += _of_inline_patches(reader)
    found += _of_charts_of_kustomizations(reader)
    found += programs_of_texts(reader)
    shown = {each.program for each in found}
    return [*found, *(each for each in _commented_out(reader) if each.program not in shown)]


# Manifests


def _of_builds(reader: ClusterReader) -> Iterator[tuple[Flux1Program, set[str]]]:
    """Gives the programs that are built, each with the files that it is made of."""
    for folder in reader.tree.roots:
        build = reader.build(folder)
        told = {} if build.ok else {(each.program, each.name): each for each in _of_patches(build, reader)}
        for each in build.objects:
            places = _places_of(each, reader)
            for program in _of_object(each.manifest, places, reader, build):
                # Patches that find their object no more once did, and replaced its arguments as a whole.
                patch = None if each.patches else told.get((program.program, program.name))
                known = program if patch is None else replace(program, settings=patch.settings)
                yield known, {document.path for document in places}


def _of_patches(build: Build, reader: ClusterReader) -> Iterator[Flux1Program]:
    """Gives what the patches in files of a build say of programs, those of its own folder last."""
    folders = {posixpath.dirname(path) for path in build.files if is_kustomization_file(path)}
    for folder in sorted(folders, key=lambda each: (each == build.folder, each)):
        patches = reader.tree.kustomizations[folder].patches if folder in reader.tree.kustomizations else ()
        for path in dict.fromkeys(each.path for each in patches if each.path):
            for document in reader.documents_of(path):
                yield from (
                    each for each in _of_object(document.manifest, [document], reader, None) if each.settings
                )


def _places_of(built: BuiltObject, reader: ClusterReader) -> list[Document]:
    """Gives the documents that an object is made of, those that count most first."""
    paths = [use.path for use in reversed(built.patches) if use.path]
    found = [document for path in dict.fromkeys(paths) for document in reader.documents_of(path)]
    if built.path:
        found += (each for each in reader.documents_of(built.path) if each.index == built.index)
    return found


@kept(1024)
def _is_mentioned(text: str) -> bool:
    """Gives whether a text may be that of a manifest of Flux v1; each is asked for each build it is in."""
    is_of_flux = "flux" in text
    if is_of_flux and _NAMED_FLUX.search(text) is not None:
        return True
    words = (*_WORDS_OF_MENTIONED, *_WORDS_WITH_FLUX) if is_of_flux else _WORDS_OF_MENTIONED
    return any(map(text.__contains__, words)) and _MENTIONED.search(text) is not None


def _of_files(paths: Iterable[str], reader: ClusterReader) -> Iterator[Flux1Program]:
    charts = tuple(charts_of_flux1(reader))
    outputs = written_files(reader.files, reader.tree)
    for path in sorted(paths):
        if path.endswith(_YAML) and path not in outputs and _may_tell(reader.text(path), charts):
            for document in reader.documents_of(path):
                yield from _of_object(document.manifest, [document], reader, None)
                yield from _of_list(document, reader)


def _commented_out(reader: ClusterReader) -> Iterator[Flux1Program]:
    """Gives the programs of manifests that are comments from their first line to their last.

    People turn Flux v1 off so. Nobody knows whether it ran as they say: they count as a text does.
    """
    texts = {path: text for path in reader.files if path.endswith(_YAML) and (text := _within(path, reader))}
    if not any(_is_mentioned(text) for text in texts.values()):
        return
    documents = {path: each for path, each in reader.documents.items() if path not in texts}
    uncommented = ClusterReader(
        {**reader.files, **texts}, documents, {}, frozenset(), reader.tree, reader.options
    )
    yield from (replace(each, is_text=True, document=None) for each in _of_files(texts, uncommented))


def _within(path: str, reader: ClusterReader) -> str:
    """Gives what a file comments out, where that is all of it; nothing else."""
    text = reader.text(path)
    if not text.lstrip("\ufeff-\r\n ").startswith("#"):
        return ""
    lines = text.splitlines()
    if any(line.strip() not in ("", "---") and not line.startswith("#") for line in lines):
        return ""
    return "".join(f"{line.removeprefix('#').removeprefix(' ')}\n" for line in lines)


def _may_tell(text: str, charts: Sequence[str]) -> bool:
    """Gives whether a text may be that of a manifest of Flux v1, or of a chart that brings it along."""
    return _is_mentioned(text) or ("HelmRelease" in text and any(each in text for each in charts))


def _of_list(document: Document, reader: ClusterReader) -> Iterator[Flux1Program]:
    """Gives the programs that the items of a list run."""
    items = document.manifest.get("items")
    for index, item in enumerate(as_list(items)):
        for program in _of_item(as_object(item), ("items", str(index)), document, reader):
            yield replace(program, path=document.path, document=document.index)


def _of_item(
    manifest: Mapping[str, Any], place: tuple[str, ...], document: Document, reader: ClusterReader
) -> Iterator[Flux1Program]:
    namespace = str(as_object(manifest.get("metadata")).get("namespace") or "")
    return programs_of_workload(
        manifest,
        lambda field: (document.path, document.position((*place, *field))[0]),
        lambda name: config_map_data(name, namespace, document.path, reader),
    )


def _of_object(
    manifest: Mapping[str, Any], places: Sequence[Document], reader: ClusterReader, build: Build | None
) -> Iterator[Flux1Program]:
    if manifest.get("kind") in RELEASE_KINDS:
        found = _of_release(manifest, places, reader, build)
    elif manifest.get("apiVersion") == _CHART_OF_K3S and manifest.get("kind") == "HelmChart":
        found = _of_chart_of_k3s(manifest, places)
    elif group_of(manifest) == _ARGO_CD and manifest.get("kind") == "Application":
        found = _of_application(manifest, places)
    elif any(_is_mentioned(each.text) for each in places):
        namespace = str(as_object(manifest.get("metadata")).get("namespace") or "")
        found = programs_of_workload(
            manifest,
            lambda field: _place(field, manifest, places),
            lambda name: config_map_data(name, namespace, _near(places, build), reader, build),
        )
    else:
        return
    for program in found:
        yield replace(program, path=places[-1].path, document=places[-1].index)


def _near(places: Sequence[Document], build: Build | None) -> str:
    """Gives the file near which stands what an object refers to."""
    if build is not None:
        return posixpath.join(build.folder, _BUILD_FILE)
    return places[-1].path if places else ""


def _of_inline_patches(reader: ClusterReader) -> Iterator[Flux1Program]:
    """Gives what patches tell of a program whose base is elsewhere: those that stand in a kustomization."""
    for kustomization in reader.tree.kustomizations.values():
        if not kustomization.remote_entries:
            continue
        for patch in kustomization.patches:
            text = patch.inline or reader.text(patch.path)
            line = 1 if patch.path else kustomization.line_of(patch.field, patch.index)
            place = (patch.path or kustomization.path, line)
            value = _value(text)
            if isinstance(value, list):
                yield from _of_operations(value, place)
            elif patch.inline and isinstance(value, Mapping):
                yield from programs_of_workload(value, _always(place))


def _always(place: tuple[str, int]) -> Locate:
    return lambda _: place


def _of_operations(operations: Sequence[Any], place: tuple[str, int]) -> Iterator[Flux1Program]:
    words: list[str] = []
    for each in operations:
        given = as_object(each).get("value")
        words += [word for word in (given if isinstance(given, list) else [given]) if isinstance(word, str)]
    container = {"args": words}
    pod = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}}
    yield from programs_of_workload(pod, _always(place))


def _place(path: Sequence[str], manifest: Mapping[str, Any], places: Sequence[Document]) -> tuple[str, int]:
    """Gives file and line of a field of a built object: in the first document that holds its text."""
    base = places[-1]
    word = value_at(manifest, path)
    if path and isinstance(word, str):
        for document in places:
            offset = document.text.find(word)
            if offset >= 0:
                return document.path, document.line + line_of(document.text, offset)
    return base.path, base.position(tuple(path))[0]


# Charts


def _of_release(
    manifest: Mapping[str, Any], places: Sequence[Document], reader: ClusterReader, build: Build | None
) -> Iterator[Flux1Program]:
    release = _ChartRelease.of_manifest(manifest)
    chart = chart_of_folder(release.folder, release.chart, reader)
    is_named_so = may_be_of_flux1(chart.name)
    if not is_named_so and chart.defaults is None and not may_be_program(release.values):
        return
    inline = [
        ValueSource(as_object(value_at(each.value, _VALUES)), each.path, each.line, each, _VALUES)
        for each in reversed(places)
        if each.manifest.get("kind") == manifest.get("kind")
    ]
    outer = value_sources(
        manifest,
        release.own_namespace,
        _near(places, build),
        reader,
        lambda raw: _names_itself(raw, reader),
        build,
    )
    found = list(outer)
    sources = [each for each in found if isinstance(each, ValueSource)]
    is_complete = len(sources) == len(found)
    values = values_of_sources([*sources, ValueSource(release.values, "")])
    base = places[-1] if places else None

    def locate(key: Sequence[str]) -> tuple[str, int]:
        holder = next((each for each in reversed([*sources, *inline]) if key and each.holds(key)), None)
        if holder is not None:
            return holder.locate(key)
        return (base.path, base.position(())[0]) if base is not None else ("", 0)

    for program in programs_of_chart(
        chart, values, release_name=release.release_name, namespace=release.namespace, locate=locate
    ):
        yield replace(program, is_complete=is_complete)


def _of_chart_of_k3s(manifest: Mapping[str, Any], places: Sequence[Document]) -> Iterator[Flux1Program]:
    """Gives the programs that a HelmChart of k3s installs.

    Source: k3s-io/helm-controller `pkg/apis/helm.cattle.io/v1/types.go`: the release has the object's name.
    """
    metadata, spec = as_object(manifest.get("metadata")), as_object(manifest.get("spec"))
    name = str(spec.get("chart") or "")
    source = f"{spec.get('repo') or ''} {name}"
    values = _yaml(str(spec.get("valuesContent") or ""))
    set_one_by_one = as_object(spec.get("set"))
    place = ("spec", "set" if set_one_by_one else "valuesContent")
    nested: dict[str, Any] = {}
    for key, value in set_one_by_one.items():
        set_one(nested, str(key), value)
    base = places[-1]
    yield from programs_of_chart(
        Flux1Chart(name.rstrip("/").rpartition("/")[2], source, version=str(spec.get("version") or "")),
        merged_values(values, nested),
        release_name=str(metadata.get("name") or ""),
        namespace=str(spec.get("targetNamespace") or "default"),
        locate=lambda key: (base.path, base.position(place if key else ())[0]),
    )


def _of_application(manifest: Mapping[str, Any], places: Sequence[Document]) -> Iterator[Flux1Program]:
    """Gives the programs that an Application of Argo CD installs from charts.

    Source: argoproj/argo-cd 2.14 `pkg/apis/application/v1alpha1/values.go` `ValuesYAML`: values as an object
    take the place of those in a text; `reposerver/repository/repository.go`: parameters go over both.
    """
    spec, name = as_object(manifest.get("spec")), str(as_object(manifest.get("metadata")).get("name") or "")
    sources = mappings_in(spec.get("sources"))
    base = places[-1]
    for each in sources or [as_object(spec.get("source"))]:
        helm, chart = as_object(each.get("helm")), str(each.get("chart") or each.get("path") or "")
        inline = helm.get("valuesObject")
        given = _yaml(str(helm.get("values") or "")) if inline is None else as_object(inline)
        parameters: dict[str, Any] = {}
        for parameter in mappings_in(helm.get("parameters")):
            is_text = parameter.get("forceString") is True
            set_one(parameters, str(parameter.get("name")), parameter.get("value"), as_text=is_text)
        for program in programs_of_chart(
            Flux1Chart(
                chart.rstrip("/").rpartition("/")[2],
                str(each.get("repoURL") or ""),
                version=str(each.get("targetRevision") or ""),
            ),
            merged_values(given, parameters),
            release_name=str(helm.get("releaseName") or name),
            namespace=str(as_object(spec.get("destination")).get("namespace") or ""),
            locate=lambda _: (base.path, base.position(("spec",))[0]),
        ):
            # What has other sources, too, cannot go for the sake of one.
            yield replace(
                program,
                is_part=program.is_part or len(sources) > 1,
                is_complete=not helm.get("valueFiles") and not helm.get("fileParameters"),
            )


def _of_charts_of_kustomizations(reader: ClusterReader) -> Iterator[Flux1Program]:
    """Gives the programs whose charts kustomizations inflate, as texts do that install them.

    Source: kustomize api 0.21 `types/helmchartargs.go`.
    """
    for kustomization in reader.tree.kustomizations.values():
        for field_name, renamed in _INFLATED.items():
            for index, entry in enumerate(as_list(kustomization.document.get(field_name))):
                about = {renamed.get(key, key): value for key, value in as_object(entry).items()}
                files = [about.get("valuesFile"), *as_list(about.get("additionalValuesFiles"))]
                paths = [
                    posixpath.normpath(posixpath.join(kustomization.folder, str(each)))
                    for each in files
                    if each
                ]
                values: Mapping[str, Any] = {}
                for path in paths:
                    values = merged_values(values, _yaml(reader.text(path)) if path in reader.files else {})
                name = str(about.get("name") or "")
                place = (kustomization.path, kustomization.line_of(field_name, index))
                for program in programs_of_chart(
                    Flux1Chart(
                        name.rpartition("/")[2],
                        str(about.get("repo") or ""),
                        version=str(about.get("version") or ""),
                    ),
                    merged_values(values, as_object(about.get("valuesInline"))),
                    release_name=str(about.get("releaseName") or name),
                    namespace=str(about.get("namespace") or kustomization.document.get("namespace") or ""),
                    locate=_always(place),
                ):
                    is_complete = all(path in reader.files for path in paths)
                    yield replace(
                        program, path=place[0], document=None, is_text=True, is_complete=is_complete
                    )


def _names_itself(raw: RawFile, reader: ClusterReader) -> bool:
    """Gives whether the git URL in a file of values is that of the repository that it was taken from."""
    url = str(as_object(_yaml(reader.text(raw.path)).get("git")).get("url") or "")
    own, named = url.removesuffix(".git").rstrip("/").lower(), raw.repository.lower()
    # Hosts take owners and names in whatever letters.
    return not own or own.endswith((f"/{named}", f":{named}"))


def _yaml(text: str) -> Mapping[str, Any]:
    return as_object(_value(text))


def _value(text: str) -> Any:
    if len(document_texts(text)) > 1:
        # Patches may be several, which no parser has to find out.
        return None
    try:
        return read_value(text)
    except InvalidManifest:
        return None
