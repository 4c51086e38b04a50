"""What a Kustomization syncs from: which repository, which revision, and whether it can be fetched.

Source: source-controller 1.9.1 `internal/controller/gitrepository_controller.go`; fluxcd/pkg
`git/gogit/client.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.fluxd_clusters import repository_key
from fluxv2_migrate.clusters.seen_objects import SeenObject
from fluxv2_migrate.folders import nearest
from fluxv2_migrate.kubernetes import as_object, mapping_at, resource_of
from fluxv2_migrate.meaning import Difference, GitReference
from fluxv2_migrate.meaning.flux2_chart import checked_out_of
from fluxv2_migrate.verify.context import Context

_NONE: Final = "(none)"


def source_of(by: FluxKustomization, view: ClusterView, context: Context) -> Mapping[str, Any]:
    """Gives the GitRepository of a Kustomization; an empty mapping where the repository does not hold it."""
    namespace, name = by.source
    own = context.sources.near(by.file, view.name).get(("GitRepository", namespace, name))
    if own is not None:
        return own
    named = [
        each
        for each in context.after.sources
        if _is_repository(each)
        and each.identity[1] == name
        # Who applies one that says no namespace, or names none, nobody can tell.
        and (each.identity[0] == namespace or not (each.identity[0] and namespace))
    ]
    return nearest(by.file, named).manifest if named else {}


def is_own_source(by: FluxKustomization, view: ClusterView, context: Context) -> bool:
    """Gives whether a Kustomization is known to sync this repository."""
    url = mapping_at(source_of(by, view, context), "spec").get("url")
    return isinstance(url, str) and repository_key(url) in context.before.clusters.own_urls


def compare_source(
    by: FluxKustomization, view: ClusterView, before: Sequence[FluxKustomization], context: Context
) -> Iterator[Difference]:
    """Gives where what is synced parts from what fluxd synced."""
    source = source_of(by, view, context)
    if not source and _is_gone(by, context):
        yield Difference("sync.source", "/".join(by.source), _NONE)
    reference = checked_out_of(source) if source else None
    branch = view.settings.branch
    if branch and reference is not None and reference != GitReference("branch", branch):
        is_branch = reference.kind == "branch"
        yield Difference("sync.branch", branch, reference.value if is_branch else reference)
    spec = as_object(source.get("spec"))
    url, known = str(spec.get("url") or ""), _url_before(view, before, context)
    if url and known and repository_key(url) != repository_key(known):
        yield Difference("sync.source", known, url)
    if source and not _specs_before(before, context):
        yield from _signatures(view, mapping_at(spec, "verify"), reference)
    if spec.get("suspend") is True:
        yield Difference("sync.suspended", False, True, (resource_of(source),))
    if url.startswith("ssh://") and not spec.get("secretRef") and not _had_no_key(by, context):
        yield Difference("sync.credentials", "fluxd's key", _NONE)


def _signatures(
    view: ClusterView, verification: Mapping[str, Any], reference: GitReference | None
) -> Iterator[Difference]:
    """Gives whether commits are no longer checked that fluxd checked, or in a way in which none can be."""
    before, mode = view.settings.fluxd.verify_signatures or "none", str(verification.get("mode") or "HEAD")
    if before != "none" and not verification:
        yield Difference("sync.signatures", before, _NONE)
    is_tag = reference is None or reference.kind not in ("branch", "commit")
    if verification and mode.startswith("Tag") and not is_tag:
        yield Difference("sync.signatures", before, f"{mode} of no tag")


def _url_before(view: ClusterView, before: Sequence[FluxKustomization], context: Context) -> str:
    """Gives the URL of the repository that was synced, where anything tells it: by Flux v2, else by fluxd."""
    urls = (spec.get("url") for spec in _specs_before(before, context))
    return str(next(urls, None) or view.settings.fluxd.git_url or "")


def _specs_before(kustomizations: Iterable[FluxKustomization], context: Context) -> list[Mapping[str, Any]]:
    """Gives `spec` of those sources of some Kustomizations that the repository held."""
    names = {each.source for each in kustomizations}
    standing = (each for each in context.before.sources if _is_repository(each) and each.identity in names)
    return [mapping_at(each.manifest, "spec") for each in standing]


def _is_gone(by: FluxKustomization, context: Context) -> bool:
    """Gives whether the source of a Kustomization was there, or stands there under another name now."""
    if mapping_at(by.manifest, "spec", "sourceRef").get("kind") != "GitRepository":
        return False
    known = {(each.identity, each.path) for each in context.before.sources}
    return bool(_specs_before((by,), context)) or any(
        (each.identity, each.path) not in known
        and repository_key(str(mapping_at(each.manifest, "spec").get("url") or ""))
        in context.before.clusters.own_urls
        for each in context.after.sources
        if _is_repository(each)
    )


def _had_no_key(by: FluxKustomization, context: Context) -> bool:
    """Gives whether the source of a Kustomization was there, and named no Secret either."""
    return any(not spec.get("secretRef") for spec in _specs_before((by,), context))


def _is_repository(found: SeenObject) -> bool:
    return found.manifest.get("kind") == "GitRepository"
