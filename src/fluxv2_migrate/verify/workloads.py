"""What became of each workload whose images fluxd updated: which fields are written now, by which policy.

Source: fluxcd/flux 1.25.4 `pkg/update/automated.go`, `pkg/daemon/images.go`; image-reflector-controller
1.2.0 and image-automation-controller 1.2.0 `internal/policy`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.fluxd_objects import FluxdObject
from fluxv2_migrate.clusters.reconciled import ReconciledCluster, ReconciledObject
from fluxv2_migrate.flux1.apis import LAST_RELEASE_API, RELEASE_GROUPS, RELEASE_KINDS
from fluxv2_migrate.flux1.images import (
    POD_SPECS,
    ContainerImage,
    ImageRef,
    ecr_place,
    find_images,
    first_of_each,
    is_addon,
    pod_of,
    unreadable_image,
)
from fluxv2_migrate.flux1.policies import WorkloadPolicies, read_policies
from fluxv2_migrate.flux1.tags import TagPattern, matches_glob
from fluxv2_migrate.flux2.image_objects import IMAGE_GROUP, ImageObjects, canonical_image, parts_of_image
from fluxv2_migrate.kubernetes import (
    annotations_of,
    as_object,
    group_of,
    is_object_name,
    named,
    named_by,
    namespace_and_name,
    objects_in,
    value_at,
)
from fluxv2_migrate.meaning import Difference
from fluxv2_migrate.meaning.comparison import same_json
from fluxv2_migrate.settings.known_tags import joined_tags
from fluxv2_migrate.settings.of_clusters import FluxdSettings, fluxd_settings_of
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.verify.applied_objects import changed_fields, changed_metadata
from fluxv2_migrate.verify.automations import applied_image_objects, compare_automations, is_updated
from fluxv2_migrate.verify.context import UNMANAGED, Context, is_of_flux1
from fluxv2_migrate.verify.filters import ImageFilter, compare_digests, compare_filters
from fluxv2_migrate.verify.report import ObjectVerification, VerificationStatus, judged, together
from fluxv2_migrate.verify.written_images import PolicyKey, WrittenImages

_NOBODY: Final = "(nobody)"

_Identity = tuple[str, str, str]
"""Kind, namespace and name."""


@dataclass(frozen=True, slots=True)
class _Workload:
    """A workload as a cluster had it."""

    cluster: str
    path: str
    line: int
    document: DocumentKey
    manifest: Mapping[str, Any]
    namespace: str
    policies: WorkloadPolicies

    @property
    def identity(self) -> _Identity:
        return str(self.manifest.get("kind")), self.namespace, namespace_and_name(self.manifest)[1]

    @property
    def identity_afterwards(self) -> _Identity:
        """Kind, namespace and name with Flux v2, which has one kind of releases."""
        kind, namespace, name = self.identity
        return "HelmRelease" if kind in RELEASE_KINDS else kind, namespace, name

    @property
    def resource(self) -> str:
        kind, namespace, name = self.identity
        return named(kind, namespace, name)


@dataclass(slots=True)
class _Cluster:
    """What a cluster gets afterwards, to look things up.

    Attributes:
        everywhere: the objects of image automation of all clusters.
    """

    reconciled: ReconciledCluster
    probed: ReconciledCluster
    default: str
    everywhere: Sequence[ImageObjects]
    _objects: dict[_Identity, ReconciledObject] = field(default_factory=dict)
    _probed: dict[_Identity, ReconciledObject] = field(default_factory=dict)
    images: dict[_Identity, Mapping[str, Any]] = field(default_factory=dict)
    automations: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for found, objects in ((self._objects, self.reconciled), (self._probed, self.probed)):
            for each in objects.all():
                key = self._key(each.manifest)
                # What is applied counts before what is not.
                if key not in found or (found[key].obstacle and not each.obstacle):
                    found[key] = each
        self.images = {
            self._key(each.manifest): each.manifest
            for each in self.reconciled.all()
            if not each.obstacle and str(each.manifest.get("apiVersion")).startswith(f"{IMAGE_GROUP}/")
        }
        for (kind, namespace, _), manifest in self.images.items():
            if kind == "ImageUpdateAutomation":
                self.automations.setdefault(namespace, []).append(as_object(manifest.get("spec")))

    def _key(self, manifest: Mapping[str, Any]) -> _Identity:
        namespace, name = namespace_and_name(manifest)
        return str(manifest.get("kind")), namespace or self.default, name

    def now(self, identity: _Identity) -> ReconciledObject | None:
        return self._objects.get(identity)

    def then(self, identity: _Identity) -> ReconciledObject | None:
        return self._probed.get(identity)

    def all_then(self) -> Iterator[tuple[_Identity, ReconciledObject]]:
        yield from self._probed.items()


def verify_workloads(context: Context, written: WrittenImages) -> Iterator[ObjectVerification]:
    """Gives one entry for each workload that fluxd updated, and those that are updated on top."""
    return together(_entries(context, written), context.every_cluster)


def _entries(context: Context, written: WrittenImages) -> Iterator[tuple[DocumentKey, ObjectVerification]]:
    """Gives what is said of each workload in each cluster, with its document."""
    before: dict[str, list[_Workload]] = {}
    for workload in _workloads(context):
        before.setdefault(workload.cluster, []).append(workload)
    applied = [
        applied_image_objects(reconciled, context.settings(name).default_namespace)
        for name, reconciled in context.reconciled.items()
    ]
    for name, reconciled in context.reconciled.items():
        probed = written.clusters.get(name)
        if not name or probed is None:
            continue
        default = context.settings(name).default_namespace
        cluster = _Cluster(reconciled, probed, default, applied)
        expected: set[_Identity] = set()
        own = before.get(name, ())
        for workload in own:
            random = _chosen_at_random(workload, context)
            if random:
                expected.add(workload.identity_afterwards)
                yield workload.document, _unknown(workload, random, cluster)
            elif _is_automated(workload, context):
                if cluster.now(workload.identity_afterwards) is None and _is_of_flux1(workload, context):
                    continue
                expected.add(workload.identity_afterwards)
                yield workload.document, _verify(workload, cluster, written, context)
        others = {each.identity_afterwards: each for each in own}
        for identity, each in cluster.all_then():
            if identity not in expected:
                for entry in _on_top(identity, each, others.get(identity), written, context, name):
                    yield each.key, entry


def _workloads(context: Context) -> Iterator[_Workload]:
    """Gives what fluxd knew as workloads, as each cluster had it."""
    clusters = context.before.clusters
    lines = {document.key: document.line for document in context.repository.every_document()}
    for key, sightings in clusters.sightings.items():
        for sighting in sightings:
            for _, manifest in objects_in(sighting.manifest):
                kind = str(manifest.get("kind"))
                if kind not in POD_SPECS and kind not in RELEASE_KINDS:
                    continue
                own = namespace_and_name(manifest)[0] if manifest is not sighting.manifest else ""
                namespace = own or sighting.namespace
                policies = read_policies(annotations_of(manifest))
                yield _Workload(
                    sighting.cluster, key[0], lines.get(key, 1), key, manifest, namespace, policies
                )


def _is_of_flux1(workload: _Workload, context: Context) -> bool:
    """Gives whether a workload is fluxd, the operator or their cache, which may go with its automation."""
    path, document = workload.document
    kind, namespace, name = workload.identity
    each = FluxdObject(group_of(workload.manifest), kind, namespace, name, path, workload.line, document)
    return is_of_flux1(each, context.before.clusters.programs)


def _is_automated(workload: _Workload, context: Context) -> bool:
    policies = workload.policies
    if not policies.automated or policies.locked or policies.ignored:
        return False
    if workload.identity[0] in RELEASE_KINDS and not _is_updated_release(workload, context):
        return False
    if is_addon(workload.manifest, workload.identity[1]) or unreadable_image(workload.manifest) is not None:
        return False
    return _decided(workload, context).update_images or not _fluxd(workload.cluster, context).read_only


def _chosen_at_random(workload: _Workload, context: Context) -> str:
    """Gives the policy of which two annotations say different things; empty where fluxd knew what to do."""
    conflicts = workload.policies.conflicts
    name = next((each for each in ("ignore", "automated", "locked") if each in conflicts), "")
    if not name:
        return ""
    return "" if _decided(workload, context).leave else name


def _unknown(workload: _Workload, policy: str, cluster: _Cluster) -> ObjectVerification:
    now = cluster.now(workload.identity_afterwards)
    return ObjectVerification(
        "unknown",
        workload.resource,
        workload.path,
        workload.line,
        "" if now is None else now.path,
        reason=f"two annotations say different things for {policy}, and fluxd took one at random",
        cluster=workload.cluster,
    )


def _is_updated_release(workload: _Workload, context: Context) -> bool:
    """Gives whether the fluxd of a cluster looked after releases of that API.

    Source: fluxcd/flux 1.13.3, 1.18.0 and 1.19.0 `pkg/cluster/kubernetes/resourcekinds.go`.
    """
    version = _decided(workload, context).fluxd_version or _fluxd(workload.cluster, context).version
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if workload.manifest.get("apiVersion") == LAST_RELEASE_API:
        return not number or number >= (1, 14)
    is_old = group_of(workload.manifest) in RELEASE_GROUPS
    return is_old and bool(number) and number <= (1, 18)


def _decided(workload: _Workload, context: Context, container: str | None = None) -> Override:
    """Gives what a person decided of a workload, or of one of its containers."""
    subject = Subject(workload.cluster, *workload.identity, workload.path)
    return override_for(subject, context.options.overrides, container)[0]


def _fluxd(cluster: str, context: Context) -> FluxdSettings:
    return fluxd_settings_of(context.before.clusters.view(cluster).settings.fluxd)


def _verify(
    workload: _Workload, cluster: _Cluster, written: WrittenImages, context: Context
) -> ObjectVerification:
    place = (workload.resource, workload.path, workload.line)
    identity = workload.identity_afterwards
    declaration = context.declared.of(workload.path, (workload.resource,))
    if _decided(workload, context).leave:
        # Nothing updates the images of what stays as it is.
        declaration = replace(declaration, every={**declaration.every, "image": None})
    now, then = cluster.now(identity), cluster.then(identity)
    if now is not None and now.obstacle and context.was_unmanaged(workload.manifest, workload.cluster):
        return ObjectVerification("unmanaged", *place, now.path, reason=UNMANAGED, cluster=workload.cluster)
    if now is None or now.obstacle or then is None:
        reason = _why_gone(identity, context) if now is None else now.obstacle
        path = "" if now is None else now.path
        status: VerificationStatus = "missing"
        if "applied" in declaration.every:
            status, reason = "declared", f"{reason}, as was declared"
        return ObjectVerification(status, *place, path, reason=reason, cluster=workload.cluster)
    found: list[Difference] = []
    notes: list[str] = []
    images = {each.container: each for each in first_of_each(find_images(then.manifest))}
    for image in first_of_each(find_images(workload.manifest)):
        if not _is_updated(image, workload, context):
            continue
        tag = _written_tag(image, images.get(image.container), then.manifest, written)
        if not tag:
            found.append(Difference("image.written_by", "fluxd", _NOBODY, (image.container,)))
            continue
        policy = written.tags[tag]
        where = ".".join(map(str, image.paths.tag or image.paths.repository))
        notes.append(f"{image.container}: {where} is written by ImagePolicy {'/'.join(policy)}")
        found += _of_policy(image, policy, written.files[tag], workload, cluster, context)
    found += _misplaced(then.manifest, written, context)
    if workload.identity[0] not in RELEASE_KINDS:
        for part in ("apiVersion", "spec"):
            found += changed_fields("workload", workload.manifest.get(part), now.manifest.get(part))
        found += changed_metadata(workload.manifest, now.manifest)
    return judged((*place, now.path), found, declaration, notes, workload.cluster)


def _why_gone(identity: _Identity, context: Context) -> str:
    """Gives why a cluster has a workload no more."""
    standing = (each.path for each in context.after.new if each.identity == identity[1:])
    path = next(standing, None) if identity[0] in RELEASE_KINDS else None
    return "it is not applied any more" if path is None else f"nothing that is synced lists {path}"


def _misplaced(manifest: Mapping[str, Any], written: WrittenImages, context: Context) -> Iterator[Difference]:
    """Gives the policies that write what does not belong into a field; what they wrote before is no news."""
    shown = json.dumps(manifest, default=str)
    for path, policy in written.misplaced_in(shown):
        if not context.wrote_before(path, policy):
            yield Difference(
                "image.written_by", _NOBODY, f"ImagePolicy {'/'.join(policy)}, into a wrong field"
            )


def _is_updated(image: ContainerImage, workload: _Workload, context: Context) -> bool:
    """Gives whether fluxd ever gave a container another image."""
    domain, tag = image.image.domain, image.image.tag
    if not _is_scanned(image.image, _fluxd(workload.cluster, context)):
        return False
    if "/" in tag or (domain and "." not in domain and ":" not in domain):
        # Of `registry/acme/web` fluxd asked a host `registry`; whatever pulls it asks Docker's.
        return False
    # What is pinned or has no tag is in no registry by that name.
    return bool(tag) and not image.image.digest


def _is_scanned(image: ImageRef, fluxd: FluxdSettings) -> bool:
    name = f"{image.registry}/{image.repository}"
    account, region = ecr_place(image) or ("", "")
    only = ((account, fluxd.ecr_include_ids), (region, fluxd.ecr_regions))
    is_left_out = account in fluxd.ecr_exclude_ids or any(names and own not in names for own, names in only)
    if account and is_left_out:
        return False
    if any(matches_glob(pattern, name) for pattern in fluxd.exclude_images):
        return False
    return not fluxd.include_images or any(matches_glob(pattern, name) for pattern in fluxd.include_images)


def _written_tag(
    image: ContainerImage, now: ContainerImage | None, manifest: Mapping[str, Any], written: WrittenImages
) -> str:
    """Gives the tag of a policy that is written into the image of a container; empty where none is."""
    tags = [] if now is None else [str(now.image.tag)]
    tags += [str(value_at(manifest, path)) for path in (image.paths.tag, image.paths.repository) if path]
    candidates = (tag for text in tags for tag in (text, parts_of_image(text).tag))
    return next((tag for tag in candidates if tag in written.tags), "")


def _pulls_with_a_secret(manifest: Mapping[str, Any]) -> bool:
    """Gives whether the pods of a workload name a Secret that there can be."""
    named = pod_of(manifest).get("imagePullSecrets")
    names = (as_object(each).get("name") for each in (named if isinstance(named, list) else ()))
    return any(isinstance(name, str) and is_object_name(name) for name in names)


def _of_policy(
    image: ContainerImage,
    policy: PolicyKey,
    file: str,
    workload: _Workload,
    cluster: _Cluster,
    context: Context,
) -> Iterator[Difference]:
    """Gives where the policy that writes an image into a file parts from fluxd's filter."""
    where = (image.container,)
    manifest = cluster.images.get(("ImagePolicy", *policy))
    if manifest is None:
        yield Difference("image.written_by", "fluxd", f"ImagePolicy {'/'.join(policy)}, not applied", where)
        return
    spec = as_object(manifest.get("spec"))
    key = ("ImageRepository", *named_by(spec.get("imageRepositoryRef"), policy[0]))
    repository = as_object(as_object(cluster.images.get(key)).get("spec"))
    if not repository:
        yield Difference("image.written_by", "fluxd", f"ImageRepository {'/'.join(key[1:])}, missing", where)
        return
    if spec.get("suspend") is True or repository.get("suspend") is True:
        yield Difference("image.written_by", "fluxd", f"ImagePolicy {'/'.join(policy)}, suspended", where)
    view = context.before.clusters.view(workload.cluster)
    yield from compare_automations(policy[0], cluster.automations.get(policy[0], ()), where, view, context)
    if cluster.automations.get(policy[0]) and not is_updated(file, policy, cluster.everywhere, context):
        nobody = f"no automation in {policy[0]} that is applied updates {file}"
        yield Difference("image.written_by", "fluxd", nobody, where)
    if not _can_log_in(repository) and _pulls_with_a_secret(workload.manifest):
        yield Difference("image.credentials", "imagePullSecrets", "(none)", where)
    name = str(repository.get("image"))
    if _is_another(name, image.image):
        yield Difference("image.repository", image.image.name, name, where)
    given = _decided(workload, context, image.container)
    pattern = TagPattern.parse(workload.policies.tag_patterns.get(image.container, "glob:*"))
    if given.policy:
        yield from _as_decided(given, spec, where)
        # An answer decides of filter and order alone.
        for field_name, before, after in compare_digests(pattern, spec):
            yield Difference(field_name, before, after, where)
        return
    tags = context.options.image_tags.items()
    known = joined_tags(tag for name, found in tags if not _is_another(name, image.image) for tag in found)
    chosen = ImageFilter(spec, repository.get("exclusionList"), context.version(workload.cluster))
    for field_name, before, after in compare_filters(pattern, chosen, image.image.tag, known):
        yield Difference(field_name, before, after, where)


def _can_log_in(repository: Mapping[str, Any]) -> bool:
    """Gives whether an ImageRepository says how its registry is read by who is known there."""
    has_provider = repository.get("provider") not in (None, "generic")
    return has_provider or any(repository.get(key) for key in ("secretRef", "serviceAccountName"))


def _as_decided(given: Override, spec: Mapping[str, Any], where: tuple[str, ...]) -> Iterator[Difference]:
    """Gives where a policy is not the one that a person decided."""
    for wanted, name in ((given.policy, "policy"), (given.filter_tags, "filterTags")):
        if not same_json(wanted, spec.get(name)):
            yield Difference("image.filter", wanted, spec.get(name), where)


def _is_another(name: str, image: ImageRef) -> bool:
    return canonical_image(name) not in (
        canonical_image(image.name),
        canonical_image(f"{image.registry}/{image.repository}"),
    )


def _without_images(manifest: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Gives an object without the `images` of a Kustomization of Flux v2, which are judged where they go."""
    spec = manifest.get("spec")
    if FluxKustomization.of_manifest(manifest, path) is None or not isinstance(spec, Mapping):
        return manifest
    return {**manifest, "spec": {key: item for key, item in spec.items() if key != "images"}}


def _on_top(
    identity: _Identity,
    each: ReconciledObject,
    known: _Workload | None,
    written: WrittenImages,
    context: Context,
    cluster: str,
) -> Iterator[ObjectVerification]:
    """Gives what is written that fluxd left alone; what a marker wrote before is no news."""
    kind, namespace, name = identity
    shown = json.dumps(_without_images(each.manifest, each.path), default=str)
    own = {
        (path, policy)
        for path, policy in written.policies_in(shown)
        if not context.wrote_before(path, policy)
    }
    if each.obstacle or not own:
        return
    found: list[Difference] = []
    for image in first_of_each(find_images(each.manifest)):
        # Be what it writes an image or not.
        policy = written.policy_of(image.image.tag) or written.policy_of(image.image.image)
        if policy is not None and any(policy == writer for _, writer in own):
            by = f"ImagePolicy {'/'.join(policy)}"
            found.append(Difference("image.written_by", _NOBODY, by, (image.container,)))
    told = {each.after for each in found}
    # A field that fluxd does not take for an image; what else has the tag was given it by a kustomization.
    for _, policy in sorted(writer for writer in own if writer[0] == each.path):
        by = f"ImagePolicy {'/'.join(policy)}"
        if by not in told:
            found.append(Difference("image.written_by", _NOBODY, by))
    if found:
        resource, path, line = named(kind, namespace, name), each.path, 1
        if known is not None:
            path, line = known.path, known.line
        declaration = context.declared.of(path, (resource,))
        entry = judged((resource, path, line, each.path), found, declaration, (), cluster)
        if "applied" in declaration.every:
            entry = replace(entry, status="declared", differences=(), declared=tuple(found))
        yield entry
