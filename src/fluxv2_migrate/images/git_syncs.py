"""The GitRepository that syncs a repository to each cluster, which image automation writes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.shown_settings import unknown_branch
from fluxv2_migrate.folders import is_below, nearest, normal_path
from fluxv2_migrate.kubernetes import mapping_at, named_by, namespace_and_name
from fluxv2_migrate.meaning.flux2_chart import checked_out_of
from fluxv2_migrate.rules import GitSync, git_url_key, to_flux_git_url
from fluxv2_migrate.settings.of_clusters import fluxd_settings_of
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.surroundings.known import Surroundings

_NAME: Final = "flux-system"
_BRANCH: Final = "master"
"""`--git-branch` of fluxd."""


def git_syncs(around: Surroundings) -> tuple[GitSync, ...]:
    """Gives the GitRepository of each cluster: that of its own Kustomization, or what `flux bootstrap` makes.

    Source: flux2 `pkg/manifestgen/sync/options.go`: both are called `flux-system`.
    """
    return tuple(_sync(view, around) for view in around.clusters.clusters)


def source_ignores(around: Surroundings) -> dict[str, str]:
    """Gives `spec.ignore` of the GitRepository of each cluster that has one."""
    # Hardly any repository has one, and a cluster's own is not found at once.
    specs = (mapping_at(each.manifest, "spec") for _, each in around.repository.new_objects())
    views = around.clusters.clusters if any("ignore" in spec for spec in specs) else ()
    found = {view.name: mapping_at(_repository(view, around)[1], "spec").get("ignore") for view in views}
    return {name: ignore for name, ignore in found.items() if isinstance(ignore, str)}


def _repository(view: ClusterView, around: Surroundings) -> tuple[tuple[str, str], Mapping[str, Any]]:
    """Gives namespace and name of the GitRepository of a cluster, and what the repository says of it."""
    identity, file = _reference(view, around)
    repositories = _repositories(view, around)
    url = _given_url(view, around)
    if not any(each.identity == identity for each in repositories) and url is not None:
        # With its scheme, unlike `repository_key`: image automation pushes with the credentials of what is
        # found, and those of `https://` are no key of `ssh://`, which fluxd pushed with.
        wanted = git_url_key(url)
        same = (each for each in repositories if git_url_key(each.url) == wanted)
        identity = next((each.identity for each in same), identity)
    found = [each for each in repositories if each.identity == identity]
    return identity, nearest(file, found).manifest if found else {}


def _given_url(view: ClusterView, around: Surroundings) -> str | None:
    """Gives fluxd's `--git-url`, as an override or the settings of the cluster say it."""
    return answered_git_url(view, around) or view.settings.fluxd.git_url


def answered_git_url(view: ClusterView, around: Surroundings) -> str | None:
    """Gives what a person answered for fluxd's `--git-url` of a cluster."""
    return override_for(Subject(view.name, "", "", "", ""), around.options.overrides)[0].git_url


def _sync(view: ClusterView, around: Surroundings) -> GitSync:
    (namespace, name), repository = _repository(view, around)
    spec, followed = mapping_at(repository, "spec"), checked_out_of(repository)
    url = _given_url(view, around)
    # `ref.name` names one, too, and source-controller has a default.
    named = followed.value if followed is not None and followed.kind == "branch" else ""
    branch = mapping_at(spec, "ref").get("branch") or view.settings.branch or named
    default = "" if unknown_branch(view.flux1.fluxd) else _BRANCH
    secret = mapping_at(spec, "secretRef").get("name")
    return GitSync(
        name,
        namespace,
        str(branch or default),
        tuple(synced.path for synced in view.sync_paths),
        view.name,
        fluxd_settings_of(view.settings.fluxd),
        url=str(spec.get("url") or to_flux_git_url(url or "")),
        secret_name=str(secret) if secret else (None if spec else name),
        flux_version=around.versions[view.name],
        is_included=_is_included(view, around),
        follows=str(branch or (default if view.flux1.fluxd is not None else "")),
    )


def _is_included(view: ClusterView, around: Surroundings) -> bool:
    above = {each for synced in view.sync_paths for each in around.clusters.tree.ancestors(synced.path)}
    return any(
        other.name != view.name and not above.isdisjoint(synced.builds)
        for other, synced in around.clusters.sync_paths()
    )


@dataclass(frozen=True, slots=True)
class _Standing:
    """A GitRepository in its file."""

    path: str
    identity: tuple[str, str]
    manifest: Mapping[str, Any]

    @property
    def url(self) -> str:
        return str(mapping_at(self.manifest, "spec").get("url"))


def _reference(view: ClusterView, around: Surroundings) -> tuple[tuple[str, str], str]:
    """Gives namespace and name of the GitRepository that syncs a cluster, and the file that says so.

    Where none syncs a path of fluxd, it is that of the Kustomization of Flux v2 that the cluster has already,
    of a folder below.
    """
    found: dict[str, tuple[str, str]] = {}
    below: dict[str, tuple[str, str]] = {}
    for file, manifest in _seen("Kustomization", view, around):
        spec = mapping_at(manifest, "spec")
        source, path = mapping_at(spec, "sourceRef"), normal_path(str(spec.get("path") or ""))
        if source.get("kind") != "GitRepository":
            continue
        own = namespace_and_name(manifest)[0] or around.options.flux_namespace
        if path in view.paths:
            found.setdefault(file, named_by(source, own))
        elif file == view.flux2_file and is_below(file, path):
            below.setdefault(file, named_by(source, own))
    found = found or below
    own_file = next(iter(around.clusters.owners.own(found, view.name)), next(iter(found), ""))
    return found.get(own_file, (around.options.flux_namespace, _NAME)), own_file or next(iter(view.paths), "")


def _repositories(view: ClusterView, around: Surroundings) -> list[_Standing]:
    found: list[_Standing] = []
    for file, manifest in _seen("GitRepository", view, around):
        namespace, name = namespace_and_name(manifest)
        identity = (namespace or around.options.flux_namespace, name)
        found.append(_Standing(file, identity, manifest))
    return found


def _seen(kind: str, view: ClusterView, around: Surroundings) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Gives the objects of a kind that a cluster has or may have, each with its file."""
    for file, document in around.repository.new_objects():
        if document.manifest.get("kind") == kind and around.clusters.may_have(document.key, view.name):
            seen = around.clusters.seen(document)
            yield from ((file, manifest) for cluster, manifest in seen if cluster in ("", view.name))
