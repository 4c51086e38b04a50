"""Which release of Flux v2 will run, as the repository shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.units import is_below, normal_path
from fluxv2_migrate.flux2.releases import (
    FLUX_VERSIONS,
    FluxVersion,
    newest_serving_release,
    serving_releases,
)
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.settings.of_clusters import cluster_of
from fluxv2_migrate.settings.options import Cluster, MigrationOptions

_NEWEST: Final = FLUX_VERSIONS[-1]
_CONTROLLER: Final = re.compile(r"^  name: source-controller\r?\n  namespace: ([a-z0-9-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things that cannot both be true of the cluster.

    Attributes:
        message: what they are.
        path: the file that shows one of them.
        line: in that file, 1-based.
        related: other places, as `path:line`.
    """

    message: str
    path: str
    line: int = 1
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InferredFluxRelease:
    """The release that will run.

    Attributes:
        contradictions: what speaks against it.
    """

    version: FluxVersion
    reason: str
    contradictions: tuple[Contradiction, ...] = ()


@dataclass(frozen=True, slots=True)
class _Api:
    """Objects of one kind and API version."""

    kind: str
    version: str
    path: str
    line: int
    related: tuple[str, ...]

    @property
    def served_by(self) -> tuple[FluxVersion, ...]:
        return serving_releases(self.kind, self.version)

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}"


def infer_flux_release(
    repository: Repository, options: MigrationOptions, cluster: Cluster | None = None
) -> InferredFluxRelease:
    """Gives the Flux release that will run: as given, as `gotk-components` says, or as the objects need.

    Args:
        cluster: the cluster whose files count; all files where none is given.

    Returns:
        The release, and what in the repository speaks against it.
    """
    components = {
        path: named
        for path, named in sorted(repository.flux_releases.items())
        if cluster is None or cluster_of(options, path) == cluster.name
    }
    apis = _apis(repository, options, cluster)
    known = {
        path: version for version in FLUX_VERSIONS for path, name in components.items() if name == version
    }
    given = (cluster.flux_version if cluster is not None else None) or options.flux_version
    installed = sorted(set(known.values()), key=FLUX_VERSIONS.index)
    contradictions = [
        Contradiction(f"{path} installs Flux {version}, and Flux {given} was given", path)
        for path, version in sorted(known.items())
        if given is not None and version != given
    ]
    version, reason = _choose(given, known, components, apis)
    if given is None and len(installed) > 1:
        first, *others = sorted(known)
        contradictions.append(
            Contradiction(
                f"the repository installs Flux {' and Flux '.join(installed)}",
                first,
                related=tuple(f"{path}:1" for path in others),
            )
        )
    contradictions += [
        Contradiction(
            f"{api} is there, which "
            + (f"Flux {version} does not serve" if api.served_by else "no known Flux serves"),
            api.path,
            api.line,
            api.related,
        )
        for api in apis
        if version not in api.served_by
    ]
    return InferredFluxRelease(version, reason, tuple(contradictions))


def _choose(
    given: FluxVersion | None,
    known: Mapping[str, FluxVersion],
    components: Mapping[str, str],
    apis: Sequence[_Api],
) -> tuple[FluxVersion, str]:
    if given is not None:
        return given, f"Flux {given} (as given)"
    if known:
        path = max(known, key=lambda each: (FLUX_VERSIONS.index(known[each]), each))
        return known[path], f"Flux {known[path]} ({path})"
    unknown = "".join(f"{path} names {name}" for path, name in list(components.items())[:1])
    newest = newest_serving_release((api.kind, api.version) for api in apis)
    if newest is None or (newest == _NEWEST and unknown):
        what = f"the newest that is known: {unknown}" if unknown else "the newest: the repository names none"
        return _NEWEST, f"Flux {_NEWEST} ({what})"
    usable = [api for api in apis if api.served_by]
    oldest = min(usable, key=lambda api: FLUX_VERSIONS.index(api.served_by[-1]))
    reason = f"the newest that serves all objects of the repository, such as {oldest} in {oldest.path}"
    return newest, f"Flux {newest} ({reason})"


def _apis(repository: Repository, options: MigrationOptions, cluster: Cluster | None) -> list[_Api]:
    places: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for path, document in repository.new_objects():
        kind = document.manifest.get("kind")
        if isinstance(kind, str) and (cluster is None or cluster_of(options, path) == cluster.name):
            line = document.position(("apiVersion",))[0]
            places.setdefault((kind, str(document.manifest["apiVersion"])), []).append((path, line))
    return [
        _Api(kind, version, *first, tuple(f"{path}:{line}" for path, line in others))
        for (kind, version), (first, *others) in sorted(places.items())
    ]


def old_components(repository: Repository) -> list[Contradiction]:
    """Gives the `gotk-components` of releases before 2.0, which serve nothing of what is written."""
    return [
        Contradiction(
            f"{path} installs Flux {named}, which does not serve the HelmReleases of Flux {FLUX_VERSIONS[0]}"
            f" and later",
            path,
        )
        for path, named in sorted(repository.flux_releases.items())
        if named.startswith("0.")
    ]


def infer_flux_namespace(repository: Repository, options: MigrationOptions) -> str:
    """Gives the namespace in which Flux v2 runs: as given, else as the repository's own objects of it say.

    Returns:
        The namespace of the controllers in `gotk-components`, or of the Kustomizations that sync themselves;
        that of the options where there are none, or several.
    """
    given: str = options.flux_namespace
    if given != MigrationOptions().flux_namespace:
        return given
    named = {
        match[1]
        for path in repository.flux_releases
        for match in _CONTROLLER.finditer(repository.texts[path])
    }
    if not named:
        for path, document in repository.new_objects():
            sync = FluxKustomization.of_document(document)
            if sync is not None and sync.path and is_below(path, normal_path(sync.path)):
                named.add(document.identity[0])
    named.discard("")
    return named.pop() if len(named) == 1 else given
