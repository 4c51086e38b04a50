"""What becomes of the objects of a sync path that are neither releases nor updated by fluxd.

Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/sync.go`; fluxcd/pkg `ssa/manager_apply.go`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView, SyncPath
from fluxv2_migrate.clusters.cluster_map import place_of
from fluxv2_migrate.clusters.reconciled import ReconciledCluster, ReconciledObject, Reconciler
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS
from fluxv2_migrate.flux1.policies import is_meant_for_fluxd, read_policies
from fluxv2_migrate.flux2.apply_annotations import is_applied_once, is_kept
from fluxv2_migrate.flux2.releases import is_of_flux2, serving_releases
from fluxv2_migrate.kubernetes import annotations_of, as_object, group_of, mapping_at, named, resource_of
from fluxv2_migrate.meaning import Difference
from fluxv2_migrate.meaning.comparison import ABSENT, same_json
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.verify.context import Context
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_Identity = tuple[str, str, str]
"""Kind, namespace and name."""
_OWN: Final = (
    "kustomize.toolkit.fluxcd.io",
    "helm.toolkit.fluxcd.io",
    "helm.fluxcd.io",
    "config.kubernetes.io",
    # What an export of a live object has on top.
    "kubectl.kubernetes.io",
)
# Of Flux v2, what runs releases: nothing of a migration has to change what there is of it already.
_CHARTS: Final = ("helm.toolkit.fluxcd.io", "source.toolkit.fluxcd.io")
# What `flux install` makes bears it, and is another one with each release of Flux.
_PART_OF: Final = ("app.kubernetes.io/part-of", "flux")


def changed_fields(
    field_name: str, before: Any, after: Any, path: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Gives the fields of an object that are other ones afterwards; of a list all or nothing."""
    if isinstance(before, (dict, Mapping)) and isinstance(after, (dict, Mapping)):
        for key in {**before, **after}:
            one, other = before.get(key, ABSENT), after.get(key, ABSENT)
            yield from changed_fields(field_name, one, other, (*path, str(key)))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changed_fields(field_name, one, other, (*path, str(index)))
    elif not same_json(before, after) and not _is_nothing(before, after):
        yield Difference(field_name, before, after, path)


def _is_nothing(before: Any, after: Any) -> bool:
    """Gives whether a field says nothing on either side: a null is as good as none."""
    return before in (None, ABSENT) and after in (None, ABSENT)


@dataclass(frozen=True)
class ObjectsOfCluster:
    """The objects of a cluster, before and afterwards, which are looked at when somebody asks for them.

    Attributes:
        reconciled: what kustomize-controller has for it.
        before: follows the Kustomizations that were there before.
        told: the resources that have entries of their own.
        context: what is compared.
    """

    view: ClusterView
    reconciled: ReconciledCluster
    before: Reconciler
    told: Collection[str]
    context: Context

    @property
    def default(self) -> str:
        """The namespace of what names none."""
        return self.context.settings(self.view.name).default_namespace

    @cached_property
    def read(self) -> Mapping[SyncPath, Sequence[Mapping[str, Any]] | None]:
        """By sync path, what fluxd read there; nothing where nobody knows what it read."""
        return {synced: _read(synced, self.context) for synced in self.view.sync_paths}

    @cached_property
    def known(self) -> Set[_Identity] | None:
        """All that either Flux read for the cluster, by its name; nothing where nobody knows it."""
        found: set[_Identity] = set()
        for synced, members in self.read.items():
            if members is None:
                return None
            found |= {(str(each.get("kind")), *place_of(each, "", synced)) for each in members}
        found.update(
            (str(each.manifest.get("kind")), *place_of(each.manifest, self.default))
            # Without any Kustomization there is nothing to build again.
            for each in (self.before.reconcile(self.view).all() if self.before.kustomizations else ())
            if each.within.by is not None and not each.obstacle
        )
        return found

    @cached_property
    def applied(self) -> Mapping[_Identity, ReconciledObject]:
        """What kustomize-controller applies, by kind, namespace and name."""
        found: dict[_Identity, ReconciledObject] = {}
        default = self.default
        for each in self.reconciled.all():
            if not each.obstacle:
                kind = str(each.manifest.get("kind"))
                found.setdefault((kind, *place_of(each.manifest, default)), each)
        return found

    def is_left(self, now: ReconciledObject) -> bool:
        """Gives whether a person wants an object, with the annotations of fluxd, to stay as it is."""
        kind, place = str(now.manifest.get("kind")), place_of(now.manifest, "")
        subject = Subject(self.view.name, kind, *place, now.path)
        return override_for(subject, self.context.options.overrides)[0].leave

    def may_be_deleted(self, now: ReconciledObject) -> bool:
        """Gives whether an object that leaves Git is deleted, at the latest when fluxd's way is taken up."""
        if now.within.by is None or self.view.settings.fluxd.garbage_collection:
            return True
        return mapping_at(now.within.by.manifest, "spec").get("prune") is True


def compare_objects(synced: SyncPath, objects: ObjectsOfCluster) -> Iterator[Difference]:
    """Gives what of the objects of a sync path is not as fluxd applied it, or was not applied then."""
    yield from _added(synced, objects)
    for manifest in objects.read[synced] or ():
        is_release = group_of(manifest) in RELEASE_GROUPS
        kind = "HelmRelease" if is_release else str(manifest.get("kind"))
        namespace, name = place_of(manifest, "", synced)
        places = (namespace, synced.target_namespace) if namespace else ("", objects.default)
        now = next((found for place in places if (found := objects.applied.get((kind, place, name)))), None)
        resource = named(kind, namespace, name)
        if now is None or (is_release and group_of(now.manifest) in RELEASE_GROUPS):
            continue
        policies = read_policies(annotations_of(manifest))
        is_left = objects.is_left(now)
        if policies.sync_only and not is_left and objects.may_be_deleted(now) and not is_kept(now.manifest):
            yield Difference("sync.prune", False, True, (resource,))
        if is_release:
            continue
        if policies.ignored:
            if not is_left:
                yield Difference("managed", False, True, (resource,))
            continue
        was_applied_once = objects.context.was_applied_once(manifest, objects.view.name)
        if is_applied_once(now.manifest) and not was_applied_once:
            yield Difference("sync.applied_once", False, True, (resource,))
        is_other = not _comes_with_flux2(manifest) or _is_another_of_flux2(manifest, now.manifest)
        if resource not in objects.told and is_other:
            yield from changed_fields(
                "sync.contents", _contents(manifest), _contents(now.manifest), (resource,)
            )


def _added(synced: SyncPath, objects: ObjectsOfCluster) -> Iterator[Difference]:
    """Gives the objects that stood in files of which fluxd read nothing, and that are applied now."""
    known = objects.known
    if known is None:
        return
    for identity, each in objects.applied.items():
        kind, _, name = identity
        is_read_now = each.path in objects.context.repository.texts and each.within.sync_path == synced.path
        is_other = not _comes_with_flux2(each.manifest) and group_of(each.manifest) not in RELEASE_GROUPS
        # What has no namespace was read as if the path gave it one.
        places = (identity, (kind, "", name), (kind, synced.target_namespace, name))
        if is_read_now and is_other and known.isdisjoint(places):
            yield Difference("sync.added", "(not applied)", resource_of(each.manifest))


def _comes_with_flux2(manifest: Mapping[str, Any]) -> bool:
    """Gives whether an object is compared as what it is, or comes with each release of Flux v2."""
    label, value = _PART_OF
    is_part = mapping_at(manifest, "metadata", "labels").get(label) == value
    return is_part or is_of_flux2(manifest)


def _is_another_of_flux2(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Gives whether what there was of Flux v2 for a chart can be compared: its API is the same, or none."""
    if group_of(before) not in _CHARTS:
        return False
    api = str(after.get("apiVersion"))
    return before.get("apiVersion") == api or not serving_releases(str(after.get("kind")), api)


def _contents(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Gives what makes an object what it is."""
    found = {key: value for key, value in manifest.items() if key not in ("metadata", "status")}
    return {**found, **_own_metadata(manifest)}


def changed_metadata(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Gives the labels and annotations of an object that are other ones afterwards."""
    for each in changed_fields("metadata", _own_metadata(before), _own_metadata(after)):
        # The API server takes nothing but texts; that it refuses an object is another difference.
        if isinstance(each.before, str) and isinstance(each.after, str):
            yield each


def _own_metadata(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Gives the labels and annotations of an object; what either Flux alone reads of it is left out."""
    metadata = as_object(manifest.get("metadata"))
    return {
        field_name: {
            key: value
            for key, value in as_object(metadata.get(field_name)).items()
            if not is_meant_for_fluxd(str(key)) and str(key).partition("/")[0] not in _OWN
        }
        for field_name in ("labels", "annotations")
    }


def _read(synced: SyncPath, context: Context) -> list[Mapping[str, Any]] | None:
    """Gives the objects that fluxd read for a sync path; nothing where nobody knows what it read."""
    clusters = context.before.clusters
    builds = clusters.synced.builds(synced)
    if synced.unknown or not all(build.is_complete for build in builds):
        return None
    found: list[Mapping[str, Any]] = [each.manifest for build in builds for each in build.objects]
    before, after = clusters.tree, context.after.clusters.tree
    paths = [path for path in sorted(context.repository.texts) if path.endswith(YAML_ENDINGS)]
    for path in clusters.synced.read_alone(synced, paths):
        try:
            # What was read of a text already need not be read again.
            is_same = before.files[path] == after.files.get(path)
            found += (after if is_same else before).manifests(path)
        except InvalidManifest:
            # What kustomize refuses of it is told of the path.
            continue
    return found
