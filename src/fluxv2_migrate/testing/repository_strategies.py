"""Whole repositories of Flux v1, in which what people use meets."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hypothesis import strategies as st

from fluxv2_migrate.flux2.releases import FLUX_VERSIONS
from fluxv2_migrate.testing.manifest_texts import (
    CHARTS,
    NAMES,
    NAMESPACES,
    STYLES,
    flux1_programs,
    flux2_sync,
    one_in,
    sync_of_flux2,
    written,
)
from fluxv2_migrate.testing.overlay_strategies import Manifest, component, patches, transformers
from fluxv2_migrate.testing.release_strategies import releases
from fluxv2_migrate.testing.workload_strategies import workloads
from fluxv2_migrate.yaml_text import Style

_FLUX_YAMLS: Final[Mapping[str, Manifest]] = {
    "commandUpdated": {
        "version": 1,
        "commandUpdated": {"generators": [{"command": "kustomize build ."}]},
    },
    "patchUpdated": {
        "version": 1,
        "patchUpdated": {
            "generators": [{"command": "kustomize build ."}],
            "patchFile": "flux-patch.yaml",
        },
    },
}
_ODDITIES: Final = st.sampled_from(
    ["kustomization-renames", "component-renames", "flux2-renames", "flux2-prunes", "manifests-of-flux1"]
)
"""What mostly stops a migration until somebody edits or looks; a repository has at most one of them."""
_OPTIONS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "sources": st.fixed_dictionaries(
        {
            "namespace": st.sampled_from(["flux", "release"]),
            "file": st.sampled_from(["folder", "beside", "same"]),
        }
    ),
    "images": st.fixed_dictionaries(
        {"namespace": st.sampled_from(["flux", "release"]), "file": st.sampled_from(["folder", "beside"])}
    ),
    "flux_version": st.sampled_from(["2.3", "2.6", FLUX_VERSIONS[-1]]),
    "keep_annotations": st.just(True),
    "suspend_releases": st.just(True),
    "write_missing_namespaces": st.just(True),
    "failure_handling": st.just("exact"),
    "reconcile_strategy": st.just("ChartVersion"),
    "write_what_flux1_read": st.sampled_from(["all", "releases"]),
}


@dataclass(frozen=True, slots=True)
class GeneratedCluster:
    """A cluster of a generated repository.

    Attributes:
        path: that it syncs.
        read: how Flux v1 gets its manifests: fluxd reads the files below the path (`"files"`), fluxd runs
            the command of a `.flux.yaml` there (`"kustomize"`), or Flux v2 applies the path and the
            Kustomizations in it, and the helm-operator runs beside it (`"flux2"`).
        patch_file: that fluxd put over what kustomize built; empty where there is none.
    """

    path: str
    read: Literal["files", "kustomize", "flux2"]
    patch_file: str = ""


@dataclass(frozen=True, slots=True)
class GeneratedRepository:
    """A repository before its migration.

    Attributes:
        files: path to text.
        options: of the migration, as JSON would give them; what they do not say the files do.
        clusters: that it serves.
    """

    files: Mapping[str, str]
    options: Mapping[str, Any]
    clusters: tuple[GeneratedCluster, ...]


@dataclass(slots=True)
class _Draft:
    """A repository that is being drawn."""

    style: Style
    oddity: str
    files: dict[str, str] = field(default_factory=dict)
    clusters: list[GeneratedCluster] = field(default_factory=list)

    def write(self, path: str, *manifests: Mapping[str, Any]) -> None:
        self.files[path] = written(manifests, self.style)


@st.composite
def _applications(draw: st.DrawFn, namespaces: st.SearchStrategy[str]) -> list[Manifest]:
    """Draws releases and workloads, at least one of the former."""
    found = []
    for number, name in enumerate(draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))):
        strategy = releases if number == 0 or draw(st.booleans()) else workloads
        found.append(draw(strategy(names=st.just(name), namespaces=namespaces)))
    return found


@st.composite
def _half_migrated(draw: st.DrawFn, manifest: Manifest) -> Manifest:
    """Draws the HelmRelease of Flux v2 that somebody wrote beside one of Flux v1."""
    metadata, old = manifest["metadata"], manifest["spec"]
    name, namespace = metadata["name"], metadata["namespace"]
    target = old.get("targetNamespace", namespace)
    default = f"{namespace}-{name}" if target == namespace else f"{namespace}-{target}-{name}"
    source = {"kind": "HelmRepository", "name": "charts", "namespace": "flux-system"}
    chart = {"chart": "web", "version": "1.2.3", "sourceRef": source}
    spec: Manifest = {
        "interval": "5m",
        "releaseName": old.get("releaseName", default),
        "chart": {"spec": chart},
    }
    apart = {"targetNamespace": target, "storageNamespace": target} if target != namespace else {}
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**spec, **apart, "suspend": draw(st.booleans())},
    }


@st.composite
def _read_as_files(draw: st.DrawFn, path: str, draft: _Draft) -> GeneratedCluster:
    """Draws a folder of files, sometimes with a kustomization that lists them."""
    manifests = draw(_applications(NAMESPACES))
    together = draw(st.booleans())
    if together:
        draft.write(f"{path}/apps.yaml", *manifests)
    else:
        for each in manifests:
            draft.write(f"{path}/{each['metadata']['namespace']}/{each['metadata']['name']}.yaml", each)
    if draw(one_in(4, st.just(True), False)):
        draft.write(f"{path}/charts.yaml", CHARTS)
        twin = manifests[0]
        if twin["kind"] == "HelmRelease" and draw(st.booleans()):
            draft.write(f"{path}/twin.yaml", draw(_half_migrated(twin)))
    start = f"{path}/"
    listed = [each.removeprefix(start) for each in sorted(draft.files) if each.startswith(start)]
    if draw(one_in(4, st.just(True), False)):
        draft.write(f"{path}/kustomization.yaml", {"resources": listed})
    return GeneratedCluster(path, "files")


def _write_base(draft: _Draft, manifests: Sequence[Manifest]) -> None:
    for each in manifests:
        draft.write(f"apps/base/{each['metadata']['name']}.yaml", each)
    names = [f"{each['metadata']['name']}.yaml" for each in manifests]
    draft.write("apps/base/kustomization.yaml", {"resources": names})


@st.composite
def _overlay(draw: st.DrawFn, path: str, draft: _Draft, manifests: Sequence[Manifest], places: bool) -> None:
    """Draws a kustomization over the base."""
    base = "/".join([*[".."] * (path.count("/") + 1), "apps", "base"])
    renames = draft.oddity == "kustomization-renames"
    changes = draw(transformers(manifests, places=places, renames=renames))
    kustomization: Manifest = {"resources": [base], **changes}
    if draw(one_in(4, st.just(True), False)):
        draft.write(f"{path}/charts.yaml", CHARTS)
        kustomization["resources"].append("charts.yaml")
    if draw(one_in(4, st.just(True), False)):
        renames = draft.oddity == "component-renames"
        draft.write("components/more/kustomization.yaml", draw(component(manifests, renames=renames)))
        kustomization["components"] = [base.replace("apps/base", "components/more")]
    draft.write(f"{path}/kustomization.yaml", kustomization)


@st.composite
def _built_by_fluxd(
    draw: st.DrawFn, path: str, draft: _Draft, manifests: Sequence[Manifest], places: bool
) -> GeneratedCluster:
    """Draws an overlay with a `.flux.yaml`."""
    draw(_overlay(path, draft, manifests, places))
    form = draw(st.sampled_from(sorted(_FLUX_YAMLS)))
    draft.write(f"{path}/.flux.yaml", _FLUX_YAMLS[form])
    return GeneratedCluster(path, "kustomize")


@st.composite
def _applied_by_flux2(
    draw: st.DrawFn, path: str, draft: _Draft, manifests: Sequence[Manifest], places: bool
) -> GeneratedCluster:
    """Draws a cluster of Flux v2 whose Kustomization applies releases of Flux v1."""
    draft.write(f"{path}/flux-system/gotk-sync.yaml", *flux2_sync(path))
    draft.write(f"{path}/flux-system/kustomization.yaml", {"resources": ["gotk-sync.yaml"]})
    apps = f"apps/{path.rpartition('/')[2]}"
    fields: Manifest = {}
    own = draw(st.booleans())
    if own:
        draw(_overlay(apps, draft, manifests, places))
    else:
        draft.write(f"{apps}/apps.yaml", *copy.deepcopy(manifests))
    if places or draw(one_in(5, st.just(True), False)):
        fields["targetNamespace"] = draw(st.sampled_from(["shop", "prod"]))
    if draft.oddity == "flux2-renames":
        fields["namePrefix"] = "us-"
    if draw(one_in(4, st.just(True), False)):
        fields["patches"] = draw(patches(manifests))
    if draw(one_in(6, st.just(True), False)):
        renames = draft.oddity == "component-renames"
        draft.write("components/whole/kustomization.yaml", draw(component(manifests, renames=renames)))
        fields["components"] = ["../../components/whole"]
    if draft.oddity == "flux2-prunes":
        fields["prune"] = True
    draft.write(f"{path}/apps.yaml", sync_of_flux2("apps", apps, fields))
    return GeneratedCluster(path, "flux2")


@st.composite
def _told(draw: st.DrawFn, draft: _Draft) -> Manifest:
    """Draws how the clusters are told: by options, or by the manifests of fluxd."""
    operator = {
        "helm_versions": ["v3"],
        "git_url": "git@git.example.com:acme/fleet",
        "git_branch": "main",
        "git_charts_path": "charts",
    }
    if any(cluster.read == "flux2" for cluster in draft.clusters):
        return {"helm_operator": operator}
    if draft.oddity == "manifests-of-flux1":
        for cluster in draft.clusters:
            name = cluster.path.rpartition("/")[2]
            generation = cluster.read == "kustomize"
            draft.write(f"flux/{name}.yaml", *flux1_programs(cluster.path, manifest_generation=generation))
        return {"helm_operator": operator}
    if draw(st.booleans()):
        return {"sync_roots": [cluster.path for cluster in draft.clusters], "helm_operator": operator}
    return {
        "clusters": [
            {
                "name": cluster.path.rpartition("/")[2],
                "sync_paths": [cluster.path],
                "branch": "main",
                "fluxd": {
                    "manifest_generation": cluster.read == "kustomize",
                    "git_url": "git@git.example.com:acme/fleet",
                },
                "helm_operator": operator,
            }
            for cluster in draft.clusters
        ]
    }


@st.composite
def repositories(draw: st.DrawFn) -> GeneratedRepository:
    """Draws a repository of one or two clusters.

    Its clusters read plain files, build overlays of a base by a `.flux.yaml`, or are applied by Flux v2
    already while the helm-operator still runs. Releases of all three APIs meet workloads that fluxd updated,
    charts from Helm repositories and git, components, patches, sources that are there already, releases that
    somebody migrated half, and options.

    Args:
        draw: of Hypothesis; not given.

    Returns:
        The files, the options of the migration, and the clusters.

    >>> from hypothesis import find
    >>> found = find(repositories(), lambda repository: True)
    >>> [cluster.path for cluster in found.clusters]
    ['clusters/prod']
    """
    draft = _Draft(draw(STYLES), draw(one_in(16, _ODDITIES, "")))
    paths = ("clusters/prod", "clusters/test")[: draw(st.integers(1, 2))]
    by_flux2 = draw(one_in(3, st.just(True), False))
    # Where the base names no namespace each cluster gives its own.
    places = draw(one_in(3, st.just(True), False))
    manifests = draw(_applications(st.just("") if places else NAMESPACES))
    for path in paths:
        if by_flux2:
            draft.clusters.append(draw(_applied_by_flux2(path, draft, manifests, places)))
        elif draw(st.booleans()):
            draft.clusters.append(draw(_built_by_fluxd(path, draft, manifests, places)))
        else:
            draft.clusters.append(draw(_read_as_files(path, draft)))
    if any(text.find("apps/base") >= 0 for text in draft.files.values()):
        _write_base(draft, manifests)
    options = draw(_told(draft))
    for name in draw(st.lists(st.sampled_from(sorted(_OPTIONS)), max_size=2, unique=True)):
        options[name] = draw(_OPTIONS[name])
    return GeneratedRepository(dict(draft.files), options, tuple(draft.clusters))
