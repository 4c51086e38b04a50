"""What of Flux v1 runs in a cluster, as far as people need it to stop and to remove it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.fluxd_clusters import paths_of
from fluxv2_migrate.cutover.flux1_manifests import Flux1Document
from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.frozen import FrozenDict
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.quoting import shown_folder, without_credentials
from fluxv2_migrate.surroundings.known import Surroundings

_NAMESPACE: Final = "flux"
_NAMES: Final[Mapping[Program, str]] = {"fluxd": "flux", "helm-operator": "helm-operator"}
_SECRET: Final = "flux-git-deploy"
_SECRET_KEY: Final = "identity"
_NO_TAG: Final = "secret"
"""The state of a fluxd that marks nothing in Git."""


@dataclass(frozen=True, slots=True)
class RunningProgram:
    """Fluxd or a helm-operator as it runs in a cluster.

    Attributes:
        is_assumed: whether the names are those of Flux v1's own manifests, for want of better ones.
        release_name: of the Helm release that installed it; empty where none did.
        memcached: the Deployment of its cache; empty where nobody knows.
        helpers: what stands beside it in Git for its sake: kind, namespace and name of each.
        is_ours: whether it syncs this repository.
        syncs: what another one syncs, in words.
        secret_name: of the Secret with its key of the repository.
        secret_key: under which that Secret holds it.
        refs: what fluxd left in Git, as refs.
    """

    program: Program
    namespace: str
    name: str
    is_assumed: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    release_name: str = ""
    memcached: str = ""
    helpers: tuple[tuple[str, str, str], ...] = ()
    is_ours: bool = True
    syncs: str = ""
    secret_name: str = _SECRET
    secret_key: str = _SECRET_KEY
    refs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", FrozenDict(self.labels))

    @property
    def selector(self) -> str:
        """What selects its pods; empty where no label is known."""
        return ",".join(f"{key}={value}" for key, value in sorted(self.labels.items()))


def running_programs(
    view: ClusterView, around: Surroundings, manifests: Iterable[Flux1Document]
) -> tuple[RunningProgram, ...]:
    """Gives what runs in a cluster: what a person says, over what the repository shows, over the usual names.

    Args:
        manifests: of Flux v1, among them those of fluxd's cache.
    """
    said = view.settings.flux1_is
    own = [each for each in manifests if view.name in each.clusters]
    caches = [each.document.identity[1] for each in own if each.program.program == "fluxd" and each.is_cache]
    fluxd, operator = view.flux1.fluxd, view.flux1.helm_operator
    cache = said.memcached or next(iter(caches), None)
    main = _running("fluxd", fluxd, said.namespace, said.fluxd, said.fluxd_release, cache)
    known_of_fluxd = view.settings.fluxd
    found = (
        replace(
            main,
            secret_name=known_of_fluxd.secret_name or main.secret_name,
            secret_key=known_of_fluxd.secret_data_key or main.secret_key,
        ),
        _running("helm-operator", operator, said.namespace, said.helm_operator, said.helm_operator_release),
    )
    shown = [replace(each, helpers=tuple(_helpers(each.program, own, view, around))) for each in found]
    known = {(each.program, each.namespace, each.name) for each in shown}
    further = {
        key: running
        for each in _further(view, around)
        for running in (_running(each.program, each, None, None, None),)
        if (key := (running.program, running.namespace, running.name)) not in known
    }
    return (*shown, *further.values(), *other_fluxds(view, around))


def _further(view: ClusterView, around: Surroundings) -> Iterator[Flux1Program]:
    """Gives what runs beside the first fluxd and the first operator: some have one for each namespace."""
    clusters = around.clusters
    main = {
        id(program) for each in clusters.clusters for program in (each.flux1.fluxd, each.flux1.helm_operator)
    }
    for each in clusters.programs:
        if each.is_text or each.is_part or not each.name or id(each) in main:
            continue
        likely = clusters.seeing(each.key) or [one.name for one in clusters.clusters if _is_like(each, one)]
        if view.name in (likely or {one.name for one in clusters.clusters}):
            yield each


def _is_like(program: Flux1Program, view: ClusterView) -> bool:
    """Gives whether a program is one more of a cluster: it syncs the same, or serves it, too."""
    if program.program == "helm-operator":
        return any(program is each for each in view.flux1.others)
    fluxd = view.flux1.fluxd
    return fluxd is not None and (paths_of(program), program.text("git-branch")) == (
        paths_of(fluxd),
        fluxd.text("git-branch"),
    )


def _helpers(
    kind: Program, own: Sequence[Flux1Document], view: ClusterView, around: Surroundings
) -> Iterator[tuple[str, str, str]]:
    """Gives what leaves Git with a program and is neither a workload nor a definition."""
    programs = {each.program.key for each in own}
    for each in own:
        document = each.document
        what = str(document.manifest.get("kind"))
        is_itself = document.key in programs or (each.program.program == "fluxd" and each.is_cache)
        is_its_own = each.program.program == kind and not is_itself and not each.entries
        if not is_its_own or what == "CustomResourceDefinition":
            continue
        seen = around.clusters.seen(document)
        for about in (mapping_at(each, "metadata") for name, each in seen if name in ("", view.name)):
            yield what, str(about.get("namespace") or ""), str(about.get("name"))


def other_fluxds(view: ClusterView, around: Surroundings) -> tuple[RunningProgram, ...]:
    """Gives the fluxds of a cluster that sync other repositories.

    One that some clusters see is theirs; each may have the others, unless their places tell whose they are.
    """
    fluxds = (each for each in around.clusters.other_programs if each.program == "fluxd" and not each.is_text)
    return tuple(_other(each) for each in fluxds if around.clusters.may_have(each.key, view.name))


def _running(
    kind: Program,
    program: Flux1Program | None,
    namespace: str | None,
    name: str | None,
    release: str | None,
    memcached: str | None = None,
) -> RunningProgram:
    shown = program or Flux1Program(kind)
    is_assumed = not (name or shown.name)
    return RunningProgram(
        kind,
        namespace or shown.namespace or _NAMESPACE,
        name or shown.name or _NAMES[kind],
        is_assumed,
        {"name": _NAMES[kind]} if is_assumed else dict(shown.labels),
        release or shown.release_name,
        memcached or shown.memcached or ("memcached" if is_assumed and kind == "fluxd" else ""),
        secret_name=shown.text("k8s-secret-name") if kind == "fluxd" else _SECRET,
        secret_key=shown.text("k8s-secret-data-key") if kind == "fluxd" else _SECRET_KEY,
        refs=_refs(shown) if kind == "fluxd" else (),
    )


def _refs(fluxd: Flux1Program) -> tuple[str, ...]:
    """Gives the tag and the notes by which fluxd marked what it had synced.

    Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`: the label takes the place of both names, and a fluxd that
    only reads keeps its mark in a Secret.
    """
    if fluxd.switch("git-readonly") or fluxd.text("sync-state") == _NO_TAG:
        return ()
    label = fluxd.text("git-label")
    tag, notes = label or fluxd.text("git-sync-tag"), label or fluxd.text("git-notes-ref")
    return (f"refs/tags/{tag}", f"refs/notes/{notes}")


def _other(fluxd: Flux1Program) -> RunningProgram:
    url = fluxd.repository_url
    where = without_credentials(url.value) if url is not None else "another repository"
    paths = ", ".join(fluxd.items("git-path")) or shown_folder("")
    return RunningProgram(
        "fluxd",
        fluxd.namespace or _NAMESPACE,
        fluxd.name or _NAMES["fluxd"],
        not fluxd.name,
        dict(fluxd.labels),
        fluxd.release_name,
        fluxd.memcached,
        is_ours=False,
        syncs=f"{paths} of {where}",
    )
