"""Charts that stand in the repository, with what they depend on."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.flux1.charts import CHARTS, ChartPart, Flux1Chart
from fluxv2_migrate.flux1.install_command import yaml_mapping
from fluxv2_migrate.kubernetes import mappings_in

_LISTS = ("Chart.yaml", "requirements.yaml")


def chart_of_folder(folder: str, known: Flux1Chart, reader: ClusterReader) -> Flux1Chart:
    """Gives a chart with what the tree says of it.

    Args:
        folder: of the chart; the chart stays as it is where the tree has none there.

    Source: Helm 3.7 `pkg/chart/loader/load.go`.
    """
    clean = posixpath.normpath(folder.strip("/")) if folder.strip("/") else ""
    path = posixpath.join(clean, "Chart.yaml")
    if not clean or path not in reader.files:
        return known
    if clean not in reader.charts_in_tree:
        templates = reader.files_below(f"{clean}/templates")
        name = str(yaml_mapping(reader.text(path)).get("name") or "")
        reader.charts_in_tree[clean] = Flux1Chart(
            name,
            defaults=yaml_mapping(reader.text(posixpath.join(clean, "values.yaml"))),
            is_own=bool(name),
            parts=tuple(_parts(clean, reader)),
            has_templates=not all(posixpath.basename(each).startswith(("_", "NOTES")) for each in templates),
        )
    found = reader.charts_in_tree[clean]
    return replace(found, name=found.name or known.name, source=known.source, version=known.version)


def charts_of_flux1(reader: ClusterReader) -> Iterator[str]:
    """Gives the names of the folders of charts that may depend on those of Flux v1."""
    for path in sorted(reader.files):
        folder, name = posixpath.split(path)
        if name in _LISTS and folder and any(each in reader.text(path) for each in CHARTS):
            yield posixpath.basename(folder)


def _parts(folder: str, reader: ClusterReader) -> Iterator[ChartPart]:
    listed = [each for name in _LISTS for each in _dependencies(posixpath.join(folder, name), reader)]
    for each in listed:
        name = str(each.get("name"))
        chart = Flux1Chart(name, str(each.get("repository") or ""), version=str(each.get("version") or ""))
        inner = chart_of_folder(posixpath.join(folder, "charts", name), chart, reader)
        yield ChartPart(str(each.get("alias") or name), inner, str(each.get("condition") or ""))
    known = {str(each.get("name")) for each in listed}
    vendored = posixpath.join(folder, "charts")
    files = (posixpath.split(path) for path in reader.files_below(vendored))
    folders = (
        above for above, name in files if name == "Chart.yaml" and posixpath.dirname(above) == vendored
    )
    names = (posixpath.basename(above) for above in folders)
    for name in (each for each in names if each not in known):
        yield ChartPart(name, chart_of_folder(posixpath.join(vendored, name), Flux1Chart(name), reader))


def _dependencies(path: str, reader: ClusterReader) -> list[Mapping[str, Any]]:
    found = yaml_mapping(reader.text(path)).get("dependencies")
    return mappings_in(found)
