"""Which release of Flux v2 will run, as the repository shows it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.model import ClusterNotice
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, newest_serving_release, serving_releases
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.settings.of_clusters import ClustersOfFiles
from fluxv2_migrate.settings.options import MigrationOptions

_NEWEST: Final = FLUX_VERSIONS[-1]
_CONTROLLER: Final = re.compile(r"^  name: source-controller\r?\n  namespace: ([a-z0-9-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class InferredFluxRelease:
    """The release that will run.

    Attributes:
        contradictions: two things each that cannot both be true of the cluster.
    """

    version: FluxVersion
    reason: str
    contradictions: tuple[ClusterNotice, ...] = ()


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


@dataclass(slots=True)
class _Shown:
    """What files show of the release of Flux that runs.

    Attributes:
        components: for each `gotk-components`, the minor release of Flux that it installs.
        places: by kind and API version of objects of Flux v2, their files and lines.
    """

    components: dict[str, str] = field(default_factory=dict)
    places: dict[tuple[str, str], list[tuple[str, int]]] = field(default_factory=dict)

    def apis(self) -> list[_Api]:
        """Gives the APIs of the objects, each once."""
        return [
            _Api(kind, version, *first, tuple(f"{path}:{line}" for path, line in others))
            for (kind, version), (first, *others) in sorted(self.places.items())
        ]


def infer_flux_releases(
    repository: Repository, options: MigrationOptions
) -> tuple[InferredFluxRelease, dict[str, InferredFluxRelease]]:
    """Gives the Flux releases that will run: as given, as `gotk-components` says, or as the objects need.

    Returns:
        The release as all files show it, and by the name of a cluster of the options that which its own files
        show, each with what in the repository speaks against it.
    """
    clusters = ClustersOfFiles(options)
    everywhere = _Shown()
    shown: defaultdict[str | None, _Shown] = defaultdict(_Shown)
    # There may be many clusters, and each of them has few of the files.
    for path, named in sorted(repository.flux_releases.items()):
        for some in (everywhere, shown[clusters.of(path)]):
            some.components[path] = named
    for path, document in repository.new_objects():
        kind = document.manifest.get("kind")
        if isinstance(kind, str):
            api = (kind, str(document.manifest["apiVersion"]))
            line = document.position(("apiVersion",))[0]
            for some in (everywhere, shown[clusters.of(path)]):
                some.places.setdefault(api, []).append((path, line))
    return _infer(everywhere, options.flux_version), {
        each.name: _infer(shown[each.name], each.flux_version or options.flux_version)
        for each in options.clusters
    }


def _infer(shown: _Shown, given: FluxVersion | None) -> InferredFluxRelease:
    components, apis = shown.components, shown.apis()
    known = {
        path: version for version in FLUX_VERSIONS for path, name in components.items() if name == version
    }
    installed = sorted(set(known.values()), key=FLUX_VERSIONS.index)
    contradictions = [
        ClusterNotice("RP013", f"{path} installs Flux {version}, and Flux {given} was given", path)
        for path, version in sorted(known.items())
        if given is not None and version != given
    ]
    version, reason = _choose(given, known, components, apis)
    if given is None and len(installed) > 1:
        first, *others = sorted(known)
        contradictions.append(
            ClusterNotice(
                "RP013",
                f"the repository installs Flux {' and Flux '.join(installed)}",
                first,
                related=tuple(f"{path}:1" for path in others),
            )
        )
    contradictions += [
        ClusterNotice(
            "RP013",
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


def old_components(repository: Repository) -> list[ClusterNotice]:
    """Gives the `gotk-components` of releases before 2.0, which serve nothing of what is written."""
    return [
        ClusterNotice(
            "RP061",
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
