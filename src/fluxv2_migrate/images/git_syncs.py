"""The GitRepository that syncs a repository to each cluster, which image automation writes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.shown_settings import unknown_branch
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.kubernetes import as_object
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
    specs = (as_object(each.manifest.get("spec")) for _, each in around.repository.new_objects())
    views = around.clusters.clusters if any("ignore" in spec for spec in specs) else ()
    found = {view.name: _repository(view, around)[1].get("ignore") for view in views}
    return {name: ignore for name, ignore in found.items() if isinstance(ignore, str)}


def _repository(view: ClusterView, around: Surroundings) -> tuple[tuple[str, str], Mapping[str, Any]]:
    """Gives namespace and name of the GitRepository of a cluster, and what the repository says of it."""
    namespace, name = next(_references(view, around), (around.options.flux_namespace, _NAME))
    repositories = dict(_repositories(view, around))
    url = _given_url(view, around)
    if (namespace, name) not in repositories and url is not None:
        # With its scheme, unlike `repository_key`: image automation pushes with the credentials of what is
        # found, and those of `https://` are no key of `ssh://`, which fluxd pushed with.
        wanted = git_url_key(url)
        same = (key for key, spec in repositories.items() if git_url_key(str(spec.get("url"))) == wanted)
        namespace, name = next(same, (namespace, name))
    return (namespace, name), repositories.get((namespace, name), {})


def _given_url(view: ClusterView, around: Surroundings) -> str | None:
    """Gives fluxd's `--git-url`, as an override or the settings of the cluster say it."""
    given, _ = override_for(Subject(view.name, "", "", "", ""), around.options.overrides)
    return given.git_url or view.settings.fluxd.git_url


def _sync(view: ClusterView, around: Surroundings) -> GitSync:
    (namespace, name), spec = _repository(view, around)
    url = _given_url(view, around)
    branch = as_object(spec.get("ref")).get("branch")
    secret = as_object(spec.get("secretRef")).get("name")
    return GitSync(
        name,
        namespace,
        str(branch or view.settings.branch or ("" if unknown_branch(view.flux1.fluxd) else _BRANCH)),
        tuple(synced.path for synced in view.sync_paths),
        view.name,
        fluxd_settings_of(view.settings.fluxd),
        url=str(spec.get("url") or to_flux_git_url(url or "")),
        secret_name=str(secret) if secret else (None if spec else name),
        flux_version=around.versions[view.name],
        is_included=_is_included(view, around),
    )


def _is_included(view: ClusterView, around: Surroundings) -> bool:
    above = {each for synced in view.sync_paths for each in around.clusters.tree.ancestors(synced.path)}
    return any(
        other.name != view.name and not above.isdisjoint(synced.builds)
        for other, synced in around.clusters.sync_paths()
    )


def _references(view: ClusterView, around: Surroundings) -> Iterator[tuple[str, str]]:
    paths = {synced.path for synced in view.sync_paths}
    for cluster, manifest in _seen(view, around):
        spec = as_object(manifest.get("spec"))
        source = as_object(spec.get("sourceRef"))
        if (
            cluster in ("", view.name)
            and manifest.get("kind") == "Kustomization"
            and source.get("kind") == "GitRepository"
            and normal_path(str(spec.get("path") or "")) in paths
        ):
            own = as_object(manifest.get("metadata")).get("namespace")
            namespace = source.get("namespace") or own or around.options.flux_namespace
            yield str(namespace), str(source.get("name"))


def _repositories(
    view: ClusterView, around: Surroundings
) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for _, manifest in _seen(view, around):
        if manifest.get("kind") == "GitRepository":
            metadata = as_object(manifest.get("metadata"))
            namespace = metadata.get("namespace") or around.options.flux_namespace
            yield (str(namespace), str(metadata.get("name"))), as_object(manifest.get("spec"))


def _seen(view: ClusterView, around: Surroundings) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for _, document in around.repository.new_objects():
        for cluster, manifest in around.clusters.seen(document):
            if cluster in ("", view.name):
                yield cluster, manifest
