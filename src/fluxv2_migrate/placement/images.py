"""All image automation of a repository: which objects exist, which are made, under which names and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.flux2.image_objects import takes_labels
from fluxv2_migrate.flux2.releases import FluxVersion, new_object
from fluxv2_migrate.folders import normal_path, overlap
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.placement.existing_images import ExistingImageObject
from fluxv2_migrate.placement.homes import (
    Affixes,
    automation_name,
    covers,
    update_path,
    with_affixes,
    without_affixes,
)
from fluxv2_migrate.placement.image_names import choose_names
from fluxv2_migrate.placement.image_needs import Groups, PlacedImage, name_groups, place_uses
from fluxv2_migrate.placement.image_uses import GeneratedImageObject, ImageLayout, ImageUse
from fluxv2_migrate.placement.prerequisites import Needed, Prerequisite, name_of_copy, note_needed
from fluxv2_migrate.rules import (
    GitSync,
    RepositoryRequest,
    image_policy_manifest,
    image_repository_manifest,
    image_update_automation_manifest,
)
from fluxv2_migrate.rules.chart_source import git_secret_keys
from fluxv2_migrate.settings.options import MigrationOptions

_KEYS: Final = (".dockerconfigjson",)
_INTERVAL: Final = "5m"
_NO_URL: Final = (
    "image objects in other namespaces need a GitRepository of this repository beside them, and nothing says "
    "its URL: the images stay as they are"
)
_NO_BRANCH: Final = "nothing says to which branch updates are pushed: the image stays as it is"

_Key = tuple[str, ...]
_Reference = tuple[str, str]


def layout_images(
    uses: Iterable[ImageUse],
    existing: Iterable[ExistingImageObject],
    syncs: Iterable[GitSync],
    options: MigrationOptions,
    flux_version: FluxVersion,
    needed: Iterable[Prerequisite] = (),
) -> ImageLayout:
    """Finds or makes the objects that update images.

    Args:
        uses: of all workloads and clusters; their order makes no difference.
        existing: the image automation of the repository; what serves is used.
        syncs: the GitRepository of each cluster.
        flux_version: decides API versions and fields, where the sync of a cluster names none.
        needed: what must exist first for other reasons: a name is taken, or the same Secret serves both.

    Returns:
        One ImageRepository for each image and credentials, one ImagePolicy for each choice of its tags, and
        one ImageUpdateAutomation for each GitRepository, in each namespace and cluster that needs one. A
        marker is one text, so an object has one name in all clusters.

    Source: image-automation-controller 0.34 to 1.2 `internal/policy`: only policies beside the automation
    count; image-reflector-controller 0.29 to 1.2: `accessFrom` for other namespaces.
    """
    images, notices = place_uses(sorted(uses, key=lambda each: each.order), options)
    by_cluster = tuple(sorted(syncs, key=lambda each: (each.cluster, each.namespace, each.name)))
    layout = _Layout(
        options,
        flux_version,
        tuple(existing),
        by_cluster,
        frozenset(_secrets_in_use(images, by_cluster)),
        notices,
    )
    note_needed(layout.needed, needed)
    references = layout.repositories(images)
    names = layout.policies(images, references)
    layout.automations(images, names)
    return ImageLayout(
        {each.use.place: f"{each.namespace}:{names[each.key]}" for each in images},
        tuple(sorted(layout.generated, key=_order)),
        tuple(layout.needed[key] for key in sorted(layout.needed)),
        tuple(layout.notices),
        layout.refused,
    )


def _order(made: GeneratedImageObject) -> tuple[str, ...]:
    return (made.cluster, made.kind, made.namespace, made.name)


def _secrets_in_use(images: Iterable[PlacedImage], syncs: Iterable[GitSync]) -> Iterator[_Reference]:
    for each in images:
        request = each.request.repository
        if request.secret_name is not None:
            yield each.namespace, request.secret_name
        elif request.secret is not None:
            yield request.secret.namespace, request.secret.name
    for sync in syncs:
        if sync.secret_name is not None:
            yield sync.namespace, sync.secret_name


def _grouped(
    images: Iterable[PlacedImage], key: Callable[[PlacedImage], _Key]
) -> dict[_Key, list[PlacedImage]]:
    groups: dict[_Key, list[PlacedImage]] = {}
    for each in images:
        groups.setdefault(key(each), []).append(each)
    return dict(sorted(groups.items()))


def _by_cluster(images: Iterable[PlacedImage]) -> dict[str, list[PlacedImage]]:
    return {
        cluster: members for (cluster,), members in _grouped(images, lambda each: (each.use.cluster,)).items()
    }


@dataclass(slots=True)
class _Layout:
    """Collects what is made; each method says what serves the images, and makes what misses."""

    options: MigrationOptions
    flux_version: FluxVersion
    existing: tuple[ExistingImageObject, ...]
    syncs: tuple[GitSync, ...]
    secrets_in_use: frozenset[_Reference]
    notices: list[tuple[ImageUse, Notice]]
    generated: list[GeneratedImageObject] = field(default_factory=list)
    needed: Needed = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    _manifests: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _by_key: dict[tuple[object, ...], list[ExistingImageObject]] = field(default_factory=dict)

    # Repositories

    def repositories(self, images: Sequence[PlacedImage]) -> dict[tuple[_Key, str], _Reference]:
        """Gives namespace and name of the ImageRepository that serves images of a key in a cluster."""
        homes = self._homes(images)
        groups = _grouped(
            images, lambda each: (homes[each.use.cluster, each.repository_key], *each.repository_key[1:])
        )
        found = {
            (key, cluster): each
            for key, members in groups.items()
            for cluster in _by_cluster(members)
            if (each := self._existing_repository(key, cluster)) is not None
        }
        names = self._names("ImageRepository", groups, {key: each.name for (key, _), each in found.items()})
        result: dict[tuple[_Key, str], _Reference] = {}
        for key, members in groups.items():
            image = _spelling([each.request.repository.image for each in members])
            for cluster, mine in _by_cluster(members).items():
                known = found.get((key, cluster))
                reference = (key[0], names[key] if known is None else known.name)
                if known is None:
                    self._make_repository(reference, image, mine)
                elif known.suspended:
                    self._tell_suspended(known, mine)
                for placed in mine:
                    result[placed.repository_key, cluster] = reference
                    self._tell_spelling(placed.use, image if known is None else known.image)
        return result

    def _homes(self, images: Iterable[PlacedImage]) -> dict[tuple[str, _Key], str]:
        """Gives by cluster where each ImageRepository is: in the Flux namespace where teams share one."""
        users: dict[tuple[str, _Key], set[str]] = {}
        for each in images:
            users.setdefault((each.use.cluster, each.repository_key[1:]), set()).add(each.namespace)
        homes: dict[tuple[str, _Key], str] = {}
        for each in images:
            cluster, key = each.use.cluster, each.repository_key
            shared = len(users[cluster, key[1:]]) > 1 and not each.request.repository.credentials[0]
            # What has no place in the Flux namespace is not shared there, and what is there already serves.
            stays = each.use.in_own_namespace or self._existing_repository(key, cluster) is not None
            is_shared = shared and self.options.cross_namespace_refs and not stays
            homes[cluster, key] = self.options.flux_namespace if is_shared else each.namespace
        return homes

    def _existing_repository(self, key: _Key, cluster: str) -> ExistingImageObject | None:
        there = self._standing_for("ImageRepository", key[0], cluster, (key[1],))
        return min(
            there, key=lambda each: (each.suspended, each.secret_name != key[2], each.name), default=None
        )

    def _make_repository(self, reference: _Reference, image: str, members: Sequence[PlacedImage]) -> None:
        namespace, name = reference
        cluster = members[0].use.cluster
        requests = [each.request.repository for each in members]
        request = min(requests, key=lambda each: (each.secret is None, each.secret or (), each.image))
        others = sorted({each.namespace for each in members} - {namespace})
        manifest = image_repository_manifest(
            name,
            namespace,
            request,
            self._version(cluster),
            interval=self._interval(cluster),
            secret=self._secret(reference, request, members),
            image=image,
            access_from=others,
        )
        self._add("ImageRepository", reference, manifest, members)
        for each in members:
            if each.namespace != namespace:
                message = f"ImageRepository {namespace}/{name} may be used from {', '.join(others)}"
                self._note("IM024", message, each.use, f"{namespace}/{name}")

    def _secret(
        self, reference: _Reference, request: RepositoryRequest, members: Sequence[PlacedImage]
    ) -> str | None:
        """Gives the name of the Secret beside an ImageRepository, and says where it must come from."""
        namespace, name = reference
        if request.secret_name is not None:
            secret, origin = request.secret_name, ""
        elif request.secret is None:
            return None
        elif request.secret.namespace in (namespace, ""):
            return request.secret.name
        else:
            copied = (request.secret.namespace, request.secret.name)
            secret, origin = self._copy_in(namespace, copied), "/".join(copied)
            message = f"the Secret {origin} must be copied to {namespace}/{secret}"
            for each in members:
                self._note("IM009", message, each.use, f"{namespace}/{secret}")
        self._need(namespace, secret, _KEYS, f"ImageRepository {namespace}/{name}", origin)
        return secret

    def _tell_spelling(self, use: ImageUse, image: str) -> None:
        written = use.image.image.name
        if written != image and any(field.part != "tag" for field in use.image.fields):
            message = f"{written!r} is written as {image!r}, which is the same image"
            self._note("IM030", message, use, use.place)

    # Policies

    def policies(
        self, images: Sequence[PlacedImage], repositories: Mapping[tuple[_Key, str], _Reference]
    ) -> dict[_Key, str]:
        """Gives the name of the ImagePolicy of each key."""
        groups = _grouped(images, lambda each: each.key)
        found = {
            (key, cluster): each
            for key, members in groups.items()
            for cluster in _by_cluster(members)
            if (each := self._existing_policy(members[0], repositories, cluster)) is not None
        }
        names = self._names("ImagePolicy", groups, {key: each.name for (key, _), each in found.items()})
        for key, members in groups.items():
            for cluster, mine in _by_cluster(members).items():
                known = found.get((key, cluster))
                if known is not None and known.name == names[key]:
                    if known.suspended:
                        self._tell_suspended(known, mine)
                    continue
                reference = (mine[0].namespace, names[key])
                manifest = image_policy_manifest(
                    names[key],
                    mine[0].namespace,
                    mine[0].request,
                    repositories[mine[0].repository_key, cluster],
                    self._version(cluster),
                    interval=self._interval(cluster),
                )
                self._add("ImagePolicy", reference, manifest, mine)
        return names

    def _existing_policy(
        self, image: PlacedImage, repositories: Mapping[tuple[_Key, str], _Reference], cluster: str
    ) -> ExistingImageObject | None:
        chosen = (image.request.identity[1:], repositories[image.repository_key, cluster])
        there = self._standing_for("ImagePolicy", image.namespace, cluster, *chosen)
        return min(there, key=lambda each: (each.suspended, each.name), default=None)

    # Automations

    def automations(self, images: Sequence[PlacedImage], policies: Mapping[_Key, str]) -> None:
        """Makes what writes the tags of the policies with these names, where nothing does."""
        every = {path for sync in self.syncs for path in sync.paths}
        for sync in self.syncs:
            mine = [each for each in images if each.use.cluster == sync.cluster]
            for (namespace,), members in _grouped(mine, lambda each: (each.namespace,)).items():
                paths = {each.use.file: update_path(each.use.file, sync.paths, every) for each in members}
                of_path: dict[str, list[PlacedImage]] = {}
                for each in members:
                    of_path.setdefault(paths[each.use.file], []).append(each)
                for path, group in sorted(of_path.items()):
                    self._automation(sync, namespace, path, group, policies, is_alone=len(of_path) == 1)

    def _automation(
        self,
        sync: GitSync,
        namespace: str,
        path: str,
        members: Sequence[PlacedImage],
        policies: Mapping[_Key, str],
        *,
        is_alone: bool,
    ) -> None:
        there = self._there("ImageUpdateAutomation", namespace, sync.cluster)
        own = sorted(
            (
                each
                for each in self._applied("ImageUpdateAutomation", namespace, sync.cluster)
                if each.refers_to == (sync.namespace, sync.name)
                and overlap(normal_path(each.path), normal_path(path))
            ),
            key=lambda each: (sum(not covers(each.path, image.use.file) for image in members), each.name),
        )
        if own:
            for image in members:
                self._use_automation(own, image, policies[image.key], sync)
            return
        if not sync.branch:
            self.refused[sync.cluster] = ("DA066", _NO_BRANCH)
            return
        is_alone = is_alone and not (sync.is_included or self._is_shared(path, sync.cluster))
        name = automation_name(sync.name, path, is_alone=is_alone)
        taken = {each.name for each in there} | {
            made.name
            for made in self.generated
            if (made.kind, made.cluster, made.namespace) == ("ImageUpdateAutomation", sync.cluster, namespace)
        }
        own_names = (name, f"{name}-images", f"{sync.namespace}-{name}-images")
        names = (with_affixes(each, members[0].use.affixes) for each in own_names)
        reference = (namespace, next(name for name in names if name not in taken))
        manifest = image_update_automation_manifest(
            reference[1],
            namespace,
            self._source(sync, namespace, members),
            self._version(sync.cluster),
            path=path,
            interval=self._interval(sync.cluster),
        )
        self._add("ImageUpdateAutomation", reference, manifest, members)
        message = (
            "image automation needs the image-reflector and image-automation controllers, and a Git key that "
            f"may write to {sync.branch!r}"
        )
        self._note("IM032", message, members[0].use, sync.branch)

    def _is_shared(self, path: str, cluster: str) -> bool:
        """Gives whether a folder is updated for other clusters too, of which one has others beside it."""
        others = [sync for sync in self.syncs if sync.cluster != cluster and len(sync.paths) > 1]
        return any(overlap(normal_path(path), normal_path(each)) for sync in others for each in sync.paths)

    def _use_automation(
        self, own: Sequence[ExistingImageObject], image: PlacedImage, policy: str, sync: GitSync
    ) -> None:
        """Says why none of the automations that are there updates an image."""
        covering = [each for each in own if covers(each.path, image.use.file)]
        cluster = image.use.cluster
        there = self._there("ImagePolicy", image.namespace, cluster)
        labels = next((each.labels for each in there if each.name == policy), {})
        version = self._version(cluster)
        taking = [each for each in covering if takes_labels(each.selector, labels, version)]
        if not covering:
            message = f"ImageUpdateAutomation {own[0].namespace}/{own[0].name} updates {own[0].path!r} only"
            self._note("IM020", message, image.use, f"{own[0].namespace}/{own[0].name}")
        elif not taking:
            selector = {**covering[0].selector}
            known = {**as_object(selector.pop("matchLabels", None)), **selector}
            wanted = ", ".join(f"{key}: {value}" for key, value in sorted(known.items()))
            message = (
                f"ImageUpdateAutomation {covering[0].namespace}/{covering[0].name} takes only policies "
                f"that are labelled with {wanted}, and ImagePolicy {image.namespace}/{policy} is not"
            )
            self._note("IM035", message, image.use, f"{image.namespace}/{policy}")
        elif all(each.suspended for each in taking):
            self._tell_suspended(taking[0], [image])
        elif sync.follows and all(each.branch not in ("", sync.follows) for each in taking):
            where = f"ImageUpdateAutomation {taking[0].namespace}/{taking[0].name}"
            message = (
                f"{where} pushes to the branch {taking[0].branch}, and the cluster follows {sync.follows}: "
                "fluxd pushed to that one"
            )
            self._note("RP086", message, image.use, where)

    def _tell_suspended(self, known: ExistingImageObject, images: Sequence[PlacedImage]) -> None:
        where = f"{known.kind} {known.namespace}/{known.name}"
        for each in images:
            self._note(
                "IM035", f"{where} is suspended: until it is resumed, nothing is updated", each.use, where
            )

    def _source(self, sync: GitSync, namespace: str, members: Sequence[PlacedImage]) -> GitSync:
        """Gives the GitRepository that an automation refers to; makes one where none may be referred to."""
        if sync.namespace == namespace or self.options.cross_namespace_refs:
            return sync
        if not sync.url:
            self.refused[sync.cluster] = ("RP041", _NO_URL)
        name = with_affixes(sync.name, members[0].use.affixes)
        spec: dict[str, Any] = {
            "interval": self.options.source_interval,
            "url": sync.url,
            "ref": {"branch": sync.branch},
        }
        if sync.secret_name is not None:
            secret = self._copy_in(namespace, (sync.namespace, sync.secret_name))
            spec["secretRef"] = {"name": secret}
            keys = git_secret_keys(sync.url)
            user, origin = f"GitRepository {namespace}/{name}", f"{sync.namespace}/{sync.secret_name}"
            self._need(namespace, secret, keys, user, origin)
        version = self._version(sync.cluster)
        manifest = new_object("GitRepository", namespace, name, version, spec)
        self._add("GitRepository", (namespace, name), manifest, members)
        return replace(sync, namespace=namespace, name=name)

    # Names, settings, and what is written down

    def _applied(self, kind: str, namespace: str, cluster: str) -> list[ExistingImageObject]:
        """Gives what a cluster surely has: what lies outside of all sync paths serves nobody."""
        return [each for each in self._there(kind, namespace, cluster) if each.cluster == cluster]

    def _standing_for(
        self, kind: str, namespace: str, cluster: str, key: _Key, refers_to: _Reference = ("", "")
    ) -> Sequence[ExistingImageObject]:
        """Gives what a cluster surely has that stands for an image, or for a filter of an ImageRepository."""
        if not self._by_key:
            for each in self.existing:
                place = (each.kind, each.namespace, each.cluster)
                self._by_key.setdefault((*place, each.key, each.refers_to), []).append(each)
        return self._by_key.get((kind, namespace, cluster, key, refers_to), ())

    def _there(self, kind: str, namespace: str, cluster: str) -> list[ExistingImageObject]:
        """Gives what a cluster has or may have, so that its name is taken."""
        return [
            each
            for each in self.existing
            if (each.kind, each.namespace) == (kind, namespace) and each.cluster in ("", cluster)
        ]

    def _names(self, kind: str, groups: Groups, found: Mapping[_Key, str]) -> dict[_Key, str]:
        names = dict(found)
        by_home: dict[tuple[str, Affixes], list[_Key]] = {}
        for key, members in groups.items():
            if key not in found:
                by_home.setdefault((key[0], members[0].use.affixes), []).append(key)
        for (namespace, affixes), missing in sorted(by_home.items()):
            there = (each.name for each in self.existing if (each.kind, each.namespace) == (kind, namespace))
            taken = {own for name in there if (own := without_affixes(name, affixes)) is not None}
            chosen = choose_names(name_groups(groups, missing), taken)
            names.update((key, with_affixes(name, affixes)) for key, name in chosen.items())
        return names

    def _version(self, cluster: str) -> FluxVersion:
        given = (sync.flux_version for sync in self.syncs if sync.cluster == cluster and sync.flux_version)
        return next(given, None) or self.flux_version

    def _interval(self, cluster: str) -> str:
        given = (sync.fluxd.automation_interval for sync in self.syncs if sync.cluster == cluster)
        return self.options.image_interval or next(given, _INTERVAL)

    def _note(self, code: str, message: str, use: ImageUse, group: str) -> None:
        self.notices.append((use, Notice(code, message, use.field, group)))

    def _copy_in(self, namespace: str, origin: _Reference) -> str:
        return name_of_copy(origin, namespace, self.needed, self.secrets_in_use)

    def _need(self, namespace: str, name: str, keys: tuple[str, ...], user: str, origin: str) -> None:
        note_needed(self.needed, [Prerequisite("Secret", name, namespace, keys, (user,), origin)])

    def _add(
        self,
        kind: str,
        reference: _Reference,
        manifest: Mapping[str, Any],
        members: Sequence[PlacedImage],
    ) -> None:
        files = tuple(sorted({each.use.subject.path for each in members}))
        places = tuple(sorted({(each.use.document, each.use.image.container) for each in members}))
        self.generated.append(
            GeneratedImageObject(
                kind,
                *reference,
                members[0].use.cluster,
                # Most clusters get the same, which is held once.
                self._manifests.setdefault(repr(manifest), manifest),
                files,
                places,
            )
        )


def _spelling(images: Sequence[str]) -> str:
    """Gives the way in which most write an image; of two the shorter one."""
    return min(set(images), key=lambda image: (-images.count(image), len(image), image))
