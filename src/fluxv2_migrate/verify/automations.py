"""Whether the automation that takes the policies of a namespace writes where a cluster is synced from.

Source: image-automation-controller 1.2.0 `internal/source/source.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.fluxd_clusters import repository_key
from fluxv2_migrate.clusters.reconciled import ReconciledCluster
from fluxv2_migrate.flux2.image_objects import IMAGE_GROUP, ImageObject, ImageObjects
from fluxv2_migrate.kubernetes import as_object, group_of, mapping_at, named_by
from fluxv2_migrate.meaning import Difference
from fluxv2_migrate.meaning.flux2_chart import checked_out_of
from fluxv2_migrate.verify.context import Context
from fluxv2_migrate.verify.sync_sources import source_of

# The name that `flux bootstrap` gives.
_BOOTSTRAPPED: Final = "flux-system"
_Name = tuple[str, str]
"""Namespace and name."""


def compare_automations(
    namespace: str,
    automations: Sequence[Mapping[str, Any]],
    where: tuple[str, ...],
    view: ClusterView,
    context: Context,
) -> Iterator[Difference]:
    """Gives what differs because of the automations of a namespace.

    Args:
        automations: `spec` of those that are applied there.
        where: the container of which it is said.
    """
    if not automations:
        yield Difference("image.written_by", "fluxd", f"no automation in {namespace} is applied", where)
        return
    synced_from = _with_copies(_sources_of_syncs(view, context), context)
    for spec in automations:
        source = named_by(spec.get("sourceRef"), namespace)
        if source not in synced_from:
            yield Difference("image.source", "/".join(min(synced_from)), "/".join(source), where)
        of_source = _branch_of(synced_from.get(source, {}))
        git = as_object(spec.get("git"))
        # Where it does not say what it checks out, it takes what its source does.
        checked_out = str(mapping_at(git, "checkout", "ref").get("branch") or of_source)
        synced = view.settings.branch or of_source or checked_out
        pushed = str(as_object(git.get("push")).get("branch") or checked_out)
        # What it checks out is pushed by force over what the other branch holds.
        wrong = next((each for each in (checked_out, pushed) if each not in ("", synced)), "")
        if wrong:
            yield Difference("image.branch", synced, wrong, where)
        suffix = (view.settings.fluxd.commit_suffix or "").strip()
        message = _message_of(spec)
        if suffix not in message and not _was_written(message, context):
            yield Difference("image.message", suffix, message, where)


def _message_of(spec: Mapping[str, Any]) -> str:
    """Gives the message of an automation's commits, as far as it is a plain text."""
    template = mapping_at(spec, "git", "commit").get("messageTemplate")
    return str(template or "").replace('{{"{{"}}', "{{")


def _was_written(message: str, context: Context) -> bool:
    """Gives whether an automation that was there before wrote that message."""
    return any(
        each.manifest.get("kind") == "ImageUpdateAutomation"
        and _message_of(mapping_at(each.manifest, "spec")) == message
        for each in context.repository.every_document()
    )


def _with_copies(
    synced_from: Mapping[_Name, Mapping[str, Any]], context: Context
) -> Mapping[_Name, Mapping[str, Any]]:
    """Gives the sources of syncs with those that fetch one of their repositories by another name."""
    keys = {repository_key(url) for each in synced_from.values() if (url := _url_of(each))}
    copies = {
        each.identity: each.manifest
        for each in context.sources.found
        if each.manifest.get("kind") == "GitRepository"
        and not each.obstacle
        and (url := _url_of(each.manifest))
        and repository_key(url) in keys
    }
    return {**copies, **synced_from}


def _url_of(source: Mapping[str, Any]) -> str:
    return str(mapping_at(source, "spec").get("url") or "")


def is_updated(file: str, policy: tuple[str, str], applied: Iterable[ImageObjects], context: Context) -> bool:
    """Gives whether some cluster writes what a policy elects into a file: there it is written for all.

    Args:
        applied: the objects of image automation of each cluster.
    """
    version = context.flux_version
    return any(
        automation.covers(file)
        and not automation.suspended
        and not automation.why_it_stalls(version)
        and automation.selects(chosen, version)
        for objects in applied
        for chosen in objects.policies_of(*policy)
        for automation in objects.automations
    )


def applied_image_objects(cluster: ReconciledCluster, default_namespace: str) -> ImageObjects:
    """Gives the objects of image automation that a cluster gets."""
    found = ImageObjects()
    for each in cluster.all():
        if group_of(each.manifest) == IMAGE_GROUP and not each.obstacle:
            resource = ImageObject.of_manifest(each.path, each.manifest, default_namespace)
            found.add(str(each.manifest.get("kind")), resource)
    return found


def _sources_of_syncs(view: ClusterView, context: Context) -> Mapping[_Name, Mapping[str, Any]]:
    """Gives the GitRepositories from which a cluster is synced, or may be, where no Kustomization tells."""
    reconciled = context.reconciled.get(view.name)
    found = {
        path.by.source: source_of(path.by, view, context)
        for path in (() if reconciled is None else reconciled.paths)
        if path.by is not None
    }
    if found:
        return found
    others = [each for each in context.sources.found if each.manifest.get("kind") == "GitRepository"]
    # That of another cluster does not say what this one follows.
    files = context.before.clusters.owners.own({each.path for each in others}, view.name)
    own = {each.identity: each.manifest for each in others if each.path in files}
    return {(context.options.flux_namespace, _BOOTSTRAPPED): {}, **own}


def _branch_of(source: Mapping[str, Any]) -> str:
    reference = checked_out_of(source) if source else None
    return reference.value if reference is not None and reference.kind == "branch" else ""
