"""What the chart of a release means to source-controller.

Source: source-controller 1.9.1 `internal/controller`, `internal/helm/chart`.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import fluxv2_migrate.flux2 as flux2
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.constraints import is_chart_name
from fluxv2_migrate.kubernetes import read
from fluxv2_migrate.meaning.flux2_reading import Reading, SourceKey
from fluxv2_migrate.meaning.locations import chart_folder, git_location, helm_location
from fluxv2_migrate.meaning.release import ChartMeaning, GitReference, Tolerance, ValuesSource

_VALUES_KEY: Final = "values.yaml"
# What is read of a source by name, or says nothing of what is fetched.
_SOURCE_FIELDS: Final = frozenset(
    {
        "accessFrom",
        "bucketName",
        "endpoint",
        "gitImplementation",
        "interval",
        "layerSelector",
        "ref",
        "secretRef",
        "timeout",
        "type",
        "url",
    }
)


@dataclass(frozen=True, slots=True)
class _Chart:
    """A chart as a HelmChart names it, or the template of one."""

    chart: str
    version: str
    kind: str
    name: str
    namespace: str
    strategy: str
    files: tuple[str, ...]
    skips_missing_files: bool


def meaning_of_chart(
    reading: Reading, sources: Mapping[SourceKey, Mapping[str, Any]], additional: dict[str, Any]
) -> tuple[ChartMeaning | None, tuple[ValuesSource, ...]]:
    """Gives what a release's chart means, and the values that files of the chart hold.

    Args:
        reading: of the release; what is refused or not known is noted there.
        additional: where it is noted what the helm-operator could not do.
    """
    spec = reading.spec
    if spec.chart is not None and spec.chart_ref is not None:
        reading.refused.append("chartRef")
    if spec.chart is not None:
        template = spec.chart.spec or flux2.HelmChartTemplateSpec()
        return _fetched_chart(
            reading, _named_chart(reading, template, reading.namespace), sources, additional
        )
    reference = spec.chart_ref or flux2.ObjectReference()
    key = (reference.kind or "", reference.namespace or reading.namespace, reference.name or "")
    source = sources.get(key)
    if source is not None and key[0] == "HelmChart":
        found = read(flux2.HelmChart, source).spec.to_manifest()
        template = read(flux2.HelmChartTemplateSpec, {key: found[key] for key in found if key != "verify"})
        return _fetched_chart(reading, _named_chart(reading, template, key[1]), sources, additional)
    if source is not None and key[0] == "OCIRepository":
        return _oci_chart(reading, source, key[1], additional), ()
    reading.unknown.append("chart")
    return None, ()


def _named_chart(reading: Reading, template: flux2.HelmChartTemplateSpec, namespace: str) -> _Chart:
    reference = template.source_ref or flux2.ObjectReference()
    # What is required and is not there stands in a patch, as far as anybody can tell.
    if not template.chart:
        reading.unknown.extend(["chart.chart", "chart.version"])
    if not reference.kind or not reference.name:
        reading.unknown.append("chart.kind")
    elif reference.kind not in ("HelmRepository", "GitRepository", "Bucket"):
        reading.refused.append("chart.spec.sourceRef.kind")
    return _Chart(
        template.chart or "",
        template.version or "*",
        reference.kind or "",
        reference.name or "",
        reference.namespace or namespace,
        template.reconcile_strategy or "ChartVersion",
        (*((template.values_file,) if template.values_file else ()), *(template.values_files or ())),
        bool(template.ignore_missing_values_files),
    )


def _fetched_chart(
    reading: Reading,
    chart: _Chart,
    sources: Mapping[SourceKey, Mapping[str, Any]],
    additional: dict[str, Any],
) -> tuple[ChartMeaning, tuple[ValuesSource, ...]]:
    source = sources.get((chart.kind, chart.namespace, chart.name))
    if source is None:
        reading.unknown.extend(["chart.url", "chart.credentials"])
    if chart.kind == "HelmRepository":
        return _repository_chart(reading, chart, source, additional)
    return _folder_chart(reading, chart, source, additional)


def _credentials(secret: flux2.LocalObjectReference | None, namespace: str, *, login: bool) -> str:
    if secret is not None and secret.name:
        return f"Secret {namespace}/{secret.name}"
    return "url" if login else "none"


def beyond_flux1(spec: Mapping[str, Any]) -> Iterator[str]:
    """Gives the fields of a source with which it does what the helm-operator could not.

    >>> list(beyond_flux1({"url": "https://charts.example.com", "passCredentials": True, "insecure": False}))
    ['passCredentials']
    """
    for field, value in spec.items():
        if field not in _SOURCE_FIELDS and value and value != "generic":
            yield field


def _note_source(source: Mapping[str, Any], additional: dict[str, Any]) -> None:
    """Notes what a source does that the helm-operator could not."""
    spec = source.get("spec") or {}
    additional |= {f"source.{field}": copy.deepcopy(spec[field]) for field in beyond_flux1(spec)}


def _repository_chart(
    reading: Reading, chart: _Chart, source: Mapping[str, Any] | None, additional: dict[str, Any]
) -> tuple[ChartMeaning, tuple[ValuesSource, ...]]:
    if chart.chart and not is_chart_name(chart.chart, reading.version):
        reading.refused.append("chart.spec.chart")
    url = credentials = None
    if source is not None:
        repository = read(flux2.HelmRepository, source).spec
        location = helm_location(repository.url or "")
        if location.scheme not in ("http", "https", "oci"):
            reading.refused.append("source.url")
        elif (repository.type == "oci") != (location.scheme == "oci"):
            # source-controller takes neither form of repository for the other.
            reading.refused.append("source.type")
        url = location.url
        credentials = _credentials(repository.secret_ref, chart.namespace, login=location.login)
        _note_source(source, additional)
    default_values, files = _files(chart, _VALUES_KEY)
    meaning = ChartMeaning(
        "helm",
        url,
        chart.chart or None,
        version=chart.version if chart.chart else None,
        credentials=credentials,
        version_metadata="generation" if _gains_generation(chart) else "",
        default_values=default_values,
    )
    return meaning, files


def _gains_generation(chart: _Chart) -> bool:
    return bool(chart.files) and chart.files != (_VALUES_KEY,)


def _files(chart: _Chart, default: str) -> tuple[bool, tuple[ValuesSource, ...]]:
    """Gives whether the chart's own values stay the lowest layer, and the files above them."""
    if not chart.files:
        return True, ()
    paths = [chart_folder(file, clamped=True) for file in chart.files]
    default_values = paths[0] == default
    tolerates: tuple[Tolerance, ...] = ("missing object",) if chart.skips_missing_files else ()
    layers = paths[1:] if default_values else paths
    return default_values, tuple(ValuesSource("ChartFile", path, tolerates=tolerates) for path in layers)


def _folder_chart(
    reading: Reading, chart: _Chart, source: Mapping[str, Any] | None, additional: dict[str, Any]
) -> tuple[ChartMeaning, tuple[ValuesSource, ...]]:
    if chart.chart.startswith("/"):
        reading.refused.append("chart.spec.chart")
    folder = chart_folder(chart.chart, clamped=True)
    is_git = chart.kind == "GitRepository"
    url = credentials = reference = None
    if source is not None:
        if is_git:
            url, credentials, reference = _git_source(reading, source, chart.namespace)
        else:
            url, credentials = _bucket_source(source, chart.namespace)
        _note_source(source, additional)
    elif is_git:
        reading.unknown.append("chart.reference")
    default_values, files = _files(chart, posixpath.normpath(posixpath.join(folder, _VALUES_KEY)))
    each_revision = chart.strategy == "Revision"
    gained = ["commit"] if each_revision else []
    if _gains_generation(chart):
        gained.append("generation")
    pinned = reference is not None and reference.kind == "commit"
    meaning = ChartMeaning(
        "git" if is_git else "bucket" if chart.kind == "Bucket" else None,
        url,
        folder if chart.chart else None,
        reference=reference,
        credentials=credentials,
        new_chart_on="never" if pinned else "commit" if each_revision else "chart-version",
        version_metadata=" and ".join(gained),
        fetches_dependencies=True,
        default_values=default_values,
    )
    return meaning, files


def _git_source(reading: Reading, source: Mapping[str, Any], namespace: str) -> tuple[str, str, GitReference]:
    repository = read(flux2.GitRepository, source).spec
    location = git_location(repository.url or "", default_user="git")
    if not re.match(r"(?:http|https|ssh)://", repository.url or ""):
        reading.refused.append("source.url")
    credentials = _credentials(repository.secret_ref, namespace, login=location.login)
    return location.url, credentials, _reference(repository.ref)


def checked_out_of(source: Mapping[str, Any]) -> GitReference | None:
    """Gives what source-controller checks out of a GitRepository; nothing where it cannot be read.

    Source: fluxcd/pkg `git/gogit/client.go` `Clone`.

    >>> spec = {"interval": "1m", "url": "https://example.com/a"}
    >>> source = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {}}
    >>> checked_out_of({**source, "spec": {**spec, "ref": {"branch": "main", "tag": "v1"}}})
    GitReference(kind='tag', value='v1')
    >>> checked_out_of({**source, "spec": spec})
    GitReference(kind='branch', value='master')
    """
    try:
        return _reference(read(flux2.GitRepository, source).spec.ref)
    except InvalidManifest:
        return None


def _reference(ref: flux2.GitRepositoryRef | None) -> GitReference:
    if ref is None:
        return GitReference("branch", "master")
    if ref.commit:
        return GitReference("commit", ref.commit)
    if ref.name:
        if ref.name.startswith("refs/heads/"):
            return GitReference("branch", ref.name.removeprefix("refs/heads/"))
        if ref.name.startswith("refs/tags/"):
            return GitReference("tag", ref.name.removeprefix("refs/tags/"))
        return GitReference("name", ref.name)
    if ref.tag:
        return GitReference("tag", ref.tag)
    return (
        GitReference("semver", ref.semver) if ref.semver else GitReference("branch", ref.branch or "master")
    )


def _bucket_source(source: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    bucket = read(flux2.Bucket, source).spec
    return f"{bucket.endpoint}/{bucket.bucket_name}", _credentials(bucket.secret_ref, namespace, login=False)


def _oci_chart(
    reading: Reading, source: Mapping[str, Any], namespace: str, additional: dict[str, Any]
) -> ChartMeaning:
    repository = read(flux2.OCIRepository, source).spec
    ref = repository.ref or flux2.OCIRepositoryRef()
    location = helm_location(repository.url or "")
    if location.scheme != "oci":
        reading.refused.append("source.url")
    url, _, name = location.url.rpartition("/")
    _note_source(source, additional)
    return ChartMeaning(
        "helm",
        url,
        name,
        version=ref.digest or ref.semver or ref.tag or "latest",
        credentials=_credentials(repository.secret_ref, namespace, login=False),
        version_metadata="digest",
    )
