"""All image automation of a repository: which objects exist, which are made, under which names and where."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fluxv2_migrate.flux2.releases import FluxVersion, preferred_api_version
from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.placement.existing_images import ExistingImageObject
from fluxv2_migrate.placement.image_names import NamedGroup, choose_names
from fluxv2_migrate.placement.sources import Prerequisite
from fluxv2_migrate.rules.draft import Notice
from fluxv2_migrate.rules.image_objects import (
    GitSync,
    image_policy_manifest,
    image_repository_manifest,
    image_update_automation_manifest,
)
from fluxv2_migrate.rules.images import (
    AutomatedImage,
    ImageAutomationDraft,
    PolicyRequest,
    RepositoryRequest,
)

__all__ = ["GeneratedImageObject", "ImageLayout", "ImageUse", "layout_images", "uses_of"]

_KEYS: Final = (".dockerconfigjson",)
_HELM_TOP: Final = "chart-image"


@dataclass(frozen=True, slots=True)
class ImageUse:
    """One image of one workload as one cluster sees it.

    Attributes:
        image: what is marked, and what it needs.
        kind: of the workload.
        namespace: of the workload, as the cluster sees it.
        name: of the workload.
        cluster: the name of the cluster, or empty.
        file: in which the field stands.
        place: names the text of the field: two clusters that see one text have one marker.
        workload_file: in which the workload stands.
    """

    image: AutomatedImage
    kind: str
    namespace: str
    name: str
    cluster: str
    file: str
    place: str
    workload_file: str = ""

    @property
    def resource(self) -> str:
        """Names the workload as findings do."""
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def order(self) -> tuple[str, ...]:
        """What uses are sorted by."""
        return (self.place, self.cluster, self.namespace, self.kind, self.name, self.image.container)


@dataclass(frozen=True, slots=True)
class GeneratedImageObject:
    """An object that is made, and for whom.

    Attributes:
        kind: of the object.
        namespace: of the object.
        name: of the object.
        cluster: the name of the cluster that needs it, or empty.
        manifest: the object.
        files: those of the workloads that need it, sorted.
        containers: of an ImagePolicy, the places whose filters' comments belong to it, with the container.
    """

    kind: str
    namespace: str
    name: str
    cluster: str
    manifest: Mapping[str, Any]
    files: tuple[str, ...] = ()
    containers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """All objects of image automation, and what is marked.

    Attributes:
        policies: by place, the policy of its marker as `namespace:name`; none where no marker can serve.
        generated: what is made for each cluster.
        prerequisites: what must exist first.
        notices: what a person must know, of which use.
    """

    policies: Mapping[str, str]
    generated: tuple[GeneratedImageObject, ...]
    prerequisites: tuple[Prerequisite, ...]
    notices: tuple[tuple[ImageUse, Notice], ...]


def uses_of(draft: ImageAutomationDraft, place: str | None = None, file: str | None = None) -> list[ImageUse]:
    """Gives the images of a workload that are marked.

    Args:
        draft: the workload as one cluster sees it.
        place: names the document that holds the fields; its file and the workload's name when not given.
        file: in which the fields stand; that of the workload when not given.
    """
    where = place or "/".join((draft.file, *draft.at, draft.kind, draft.namespace, draft.name))
    return [
        ImageUse(
            image,
            draft.kind,
            draft.namespace,
            draft.name,
            draft.cluster,
            draft.file if file is None else file,
            f"{where}#{image.container}",
            draft.file,
        )
        for image in draft.images
        if image.policy is not None
    ]


@dataclass(frozen=True, slots=True)
class _Need:
    """What a use comes to: a policy in a namespace, over an ImageRepository that others may share."""

    namespace: str
    request: PolicyRequest

    @property
    def repository_key(self) -> tuple[str, ...]:
        return (self.namespace, self.request.repository.canonical, *self.request.repository.credentials)

    @property
    def key(self) -> tuple[str, ...]:
        return (*self.repository_key, *self.request.identity)


def layout_images(
    uses: Iterable[ImageUse],
    existing: Iterable[ExistingImageObject],
    syncs: Iterable[GitSync],
    options: MigrationOptions,
    flux_version: FluxVersion,
) -> ImageLayout:
    """Finds or makes the objects that update images.

    Args:
        uses: of all workloads and clusters; their order makes no difference.
        existing: the image automation of the repository; what serves is used.
        syncs: the GitRepository of each cluster.
        options: namespaces.
        flux_version: decides API versions and fields, where the sync of a cluster names none.

    Returns:
        One ImageRepository for each image and credentials, one ImagePolicy for each choice of its tags, and
        one ImageUpdateAutomation for each GitRepository, in each namespace and cluster that needs one. A
        marker is one text, so an object has one name in all clusters.

    Source: image-automation-controller 0.34 to 1.2 `internal/policy`: only policies beside the automation
    count; image-reflector-controller 0.29 to 1.2: `accessFrom` for other namespaces.
    """
    layout = _Layout(options, flux_version, list(existing), sorted(syncs, key=lambda each: each.cluster))
    return layout.of(sorted(uses, key=lambda each: each.order))


class _Layout:
    def __init__(
        self,
        options: MigrationOptions,
        flux_version: FluxVersion,
        existing: Sequence[ExistingImageObject],
        syncs: Sequence[GitSync],
    ) -> None:
        self.options = options
        self.flux_version = flux_version
        self.existing = existing
        self.syncs = syncs
        self.generated: list[GeneratedImageObject] = []
        self.notices: list[tuple[ImageUse, Notice]] = []
        self.needed: dict[tuple[str, str], Prerequisite] = {}

    def of(self, uses: Sequence[ImageUse]) -> ImageLayout:
        needs = self._needs(uses)
        served = [(use, needs[use.place]) for use in uses if use.place in needs]
        repositories = self._repositories(served)
        policies = self._policies(served, repositories)
        self._automations(served)
        return ImageLayout(
            {place: f"{need.namespace}:{policies[need.key]}" for place, need in sorted(needs.items())},
            tuple(
                sorted(self.generated, key=lambda each: (each.cluster, each.kind, each.namespace, each.name))
            ),
            tuple(self.needed[key] for key in sorted(self.needed)),
            tuple(self.notices),
        )

    # What is needed

    def _needs(self, uses: Sequence[ImageUse]) -> dict[str, _Need]:
        known = self._known_credentials(uses)
        by_place: dict[str, list[tuple[ImageUse, _Need]]] = {}
        for use in uses:
            if use.image.policy is not None:
                need = self._need(use, use.image.policy, known)
                by_place.setdefault(use.place, []).append((use, need))
        needs: dict[str, _Need] = {}
        for place, members in by_place.items():
            choices = {(need.namespace, *need.request.identity) for _, need in members}
            if len(choices) == 1:
                # Where the credentials differ, those that are some.
                needs[place] = max((need for _, need in members), key=lambda need: need.repository_key)
                continue
            clusters = ", ".join(sorted({use.cluster for use, _ in members}))
            message = (
                f"the clusters {clusters} want policies of their own for one field, which takes one marker"
            )
            for use, _ in members:
                path = use.image.fields[0].path
                self.notices.append((use, Notice("IM016", message, path, place)))
        return needs

    def _need(
        self, use: ImageUse, request: PolicyRequest, known: Mapping[tuple[str, str], RepositoryRequest]
    ) -> _Need:
        own = self.options.images.namespace == "release" and use.namespace
        namespace = use.namespace if own else self.options.flux_namespace
        repository = request.repository
        if not repository.credentials[0]:
            # fluxd read the tags of an image with all Secrets that any of its pods has.
            repository = known.get((namespace, repository.canonical), repository)
        return _Need(namespace, replace(request, repository=repository))

    def _known_credentials(self, uses: Sequence[ImageUse]) -> dict[tuple[str, str], RepositoryRequest]:
        known: dict[tuple[str, str], RepositoryRequest] = {}
        for use in uses:
            request = None if use.image.policy is None else use.image.policy.repository
            if request is not None and request.credentials[0]:
                own = self.options.images.namespace == "release" and use.namespace
                key = (use.namespace if own else self.options.flux_namespace, request.canonical)
                if key not in known or request.credentials < known[key].credentials:
                    known[key] = request
        return known

    # Repositories

    def _repositories(
        self, served: Sequence[tuple[ImageUse, _Need]]
    ) -> dict[tuple[tuple[str, ...], str], tuple[str, str]]:
        """Gives namespace and name of the ImageRepository of each need and cluster; makes those that miss."""
        groups: dict[tuple[str, ...], list[tuple[ImageUse, _Need]]] = {}
        homes = self._shared(served)
        for use, need in served:
            home = homes.get(need.repository_key[1:], need.namespace)
            groups.setdefault((home, *need.repository_key[1:]), []).append((use, need))
        found: dict[tuple[tuple[str, ...], str], ExistingImageObject] = {}
        for key, members in groups.items():
            for cluster in sorted({use.cluster for use, _ in members}):
                each = self._existing_repository(key, cluster)
                if each is not None:
                    found[key, cluster] = each
        names = self._names("ImageRepository", groups, {key[0]: each.name for key, each in found.items()})
        result: dict[tuple[tuple[str, ...], str], tuple[str, str]] = {}
        for key, members in sorted(groups.items()):
            image = _spelling([need.request.repository.image for _, need in members])
            for cluster in sorted({use.cluster for use, _ in members}):
                mine = [(use, need) for use, need in members if use.cluster == cluster]
                known = found.get((key, cluster))
                reference = (known.namespace or key[0], known.name) if known else (key[0], names[key])
                if known is None:
                    self._make_repository(reference, cluster, image, mine)
                for use, need in mine:
                    result[need.repository_key, cluster] = reference
                    self._respelled(use, image if known is None else known.image)
        return result

    def _shared(self, served: Sequence[tuple[ImageUse, _Need]]) -> dict[tuple[str, ...], str]:
        """Gives the images that teams share, with the namespace in which all of them find it."""
        if self.options.images.namespace == "flux" or not self.options.cross_namespace_refs:
            return {}
        namespaces: dict[tuple[str, ...], set[str]] = {}
        for _, need in served:
            if not need.request.repository.credentials[0]:
                namespaces.setdefault(need.repository_key[1:], set()).add(need.namespace)
        return {key: self.options.flux_namespace for key, found in namespaces.items() if len(found) > 1}

    def _existing_repository(self, key: tuple[str, ...], cluster: str) -> ExistingImageObject | None:
        there = [
            each
            for each in self.existing
            if each.kind == "ImageRepository"
            and each.key == (key[1],)
            and each.namespace == key[0]
            and each.is_for(cluster)
        ]
        return min(there, key=lambda each: (each.secret_name != key[2], each.name), default=None)

    def _make_repository(
        self,
        reference: tuple[str, str],
        cluster: str,
        image: str,
        members: Sequence[tuple[ImageUse, _Need]],
    ) -> None:
        namespace, name = reference
        requests = [need.request.repository for _, need in members]
        request = min(requests, key=lambda each: (each.secret is None, each.secret or (), each.image))
        secret = self._secret(reference, request, members)
        others = sorted({need.namespace for _, need in members} - {namespace})
        manifest = image_repository_manifest(
            name,
            namespace,
            request,
            self._version(cluster),
            interval=self._interval(cluster),
            secret=secret,
            image=image,
            access_from=others,
        )
        self._add("ImageRepository", reference, cluster, manifest, members)
        for use, need in members:
            if need.namespace != namespace:
                message = f"ImageRepository {namespace}/{name} may be used from {', '.join(others)}"
                path = use.image.fields[0].path
                self.notices.append((use, Notice("IM024", message, path, f"{namespace}/{name}")))

    def _secret(
        self,
        reference: tuple[str, str],
        request: RepositoryRequest,
        members: Sequence[tuple[ImageUse, _Need]],
    ) -> str | None:
        """Gives the name of the Secret beside an ImageRepository, and says where it must come from."""
        namespace, name = reference
        origin = ""
        if request.secret_name is not None:
            secret = request.secret_name
        elif request.secret is None:
            return None
        elif request.secret.namespace in (namespace, ""):
            return request.secret.name
        else:
            origin = f"{request.secret.namespace}/{request.secret.name}"
            other = self.needed.get((namespace, request.secret.name))
            # Two teams may have Secrets of one name, and only one of them can be copied under it.
            taken = other is not None and other.copy_of != origin
            secret = f"{request.secret.namespace}-{request.secret.name}" if taken else request.secret.name
            message = f"the Secret {origin} must be copied to {namespace}/{secret}"
            for use, _ in members:
                path = use.image.fields[0].path
                self.notices.append((use, Notice("IM009", message, path, f"{namespace}/{secret}")))
        user = f"ImageRepository {namespace}/{name}"
        before = self.needed.get((namespace, secret))
        users = tuple(dict.fromkeys((*(before.used_by if before else ()), user)))
        self.needed[namespace, secret] = Prerequisite("Secret", secret, namespace, _KEYS, users, origin)
        return secret

    def _respelled(self, use: ImageUse, image: str) -> None:
        fields = [field for field in use.image.fields if field.part != "tag"]
        if fields and use.image.image.name != image:
            message = f"{use.image.image.name!r} is written as {image!r}, which is the same image"
            self.notices.append((use, Notice("IM030", message, fields[0].path, f"{use.place}")))

    # Policies

    def _policies(
        self,
        served: Sequence[tuple[ImageUse, _Need]],
        repositories: Mapping[tuple[tuple[str, ...], str], tuple[str, str]],
    ) -> dict[tuple[str, ...], str]:
        """Gives the name of the ImagePolicy of each need; makes those that miss."""
        groups: dict[tuple[str, ...], list[tuple[ImageUse, _Need]]] = {}
        for use, need in served:
            groups.setdefault(need.key, []).append((use, need))
        found: dict[tuple[tuple[str, ...], str], ExistingImageObject] = {}
        for key, members in groups.items():
            need = members[0][1]
            for cluster in sorted({use.cluster for use, _ in members}):
                repository = repositories[need.repository_key, cluster]
                each = self._existing_policy(need, repository, cluster)
                if each is not None:
                    found[key, cluster] = each
        names = self._names("ImagePolicy", groups, {key[0]: each.name for key, each in found.items()})
        for key, members in sorted(groups.items()):
            need = members[0][1]
            for cluster in sorted({use.cluster for use, _ in members}):
                known = found.get((key, cluster))
                if known is not None and known.name == names[key]:
                    continue
                mine = [(use, need) for use, need in members if use.cluster == cluster]
                reference = (need.namespace, names[key])
                manifest = image_policy_manifest(
                    names[key],
                    need.namespace,
                    need.request,
                    repositories[need.repository_key, cluster],
                    self._version(cluster),
                    interval=self._interval(cluster),
                )
                self._add("ImagePolicy", reference, cluster, manifest, mine)
        return names

    def _existing_policy(
        self, need: _Need, repository: tuple[str, str], cluster: str
    ) -> ExistingImageObject | None:
        there = [
            each
            for each in self.existing
            if each.kind == "ImagePolicy"
            and each.namespace == need.namespace
            and each.key == need.request.identity[1:]
            and each.refers_to == repository
            and each.is_for(cluster)
        ]
        return min(there, key=lambda each: each.name, default=None)

    # Automations

    def _automations(self, served: Sequence[tuple[ImageUse, _Need]]) -> None:
        for sync in self.syncs:
            mine = [(use, need) for use, need in served if use.cluster == sync.cluster]
            for namespace in sorted({need.namespace for _, need in mine}):
                members = [(use, need) for use, need in mine if need.namespace == namespace]
                self._automation(sync, namespace, members)

    def _automation(self, sync: GitSync, namespace: str, members: Sequence[tuple[ImageUse, _Need]]) -> None:
        path = _update_path(sync.paths, [use.file for use, _ in members])
        there = [
            each
            for each in self.existing
            if each.kind == "ImageUpdateAutomation"
            and each.namespace == namespace
            and each.is_for(sync.cluster)
        ]
        matching = [each for each in there if each.refers_to == (sync.namespace, sync.name)]
        for each in matching:
            outside = [use for use, _ in members if not _covers(each.path, use.file)]
            if not outside:
                return
        if matching:
            first = min(matching, key=lambda each: each.name)
            for use in [use for use, _ in members if not _covers(first.path, use.file)]:
                message = f"ImageUpdateAutomation {namespace}/{first.name} updates {first.path!r} only"
                field = use.image.fields[0].path
                self.notices.append((use, Notice("IM020", message, field, f"{namespace}/{first.name}")))
            return
        taken = {each.name for each in there}
        taken |= {
            each.name
            for each in self.generated
            if each.kind == "ImageUpdateAutomation"
            and (each.cluster, each.namespace) == (sync.cluster, namespace)
        }
        name = next(
            name
            for name in (sync.name, f"{sync.name}-images", f"{sync.namespace}-{sync.name}-images")
            if name not in taken
        )
        manifest = image_update_automation_manifest(
            name,
            namespace,
            self._source(sync, namespace, members),
            self._version(sync.cluster),
            path=path,
            interval=self._interval(sync.cluster),
        )
        self._add("ImageUpdateAutomation", (namespace, name), sync.cluster, manifest, members)
        use = members[0][0]
        message = (
            "image automation needs the image-reflector and image-automation controllers, and a Git key that "
            f"may write to {sync.branch!r}"
        )
        self.notices.append((use, Notice("IM032", message, use.image.fields[0].path, sync.branch)))

    def _source(self, sync: GitSync, namespace: str, members: Sequence[tuple[ImageUse, _Need]]) -> GitSync:
        """Gives the GitRepository that an automation refers to; makes one where none may be referred to."""
        if sync.namespace == namespace or self.options.cross_namespace_refs:
            return sync
        spec: dict[str, Any] = {
            "interval": self.options.source_interval,
            "url": sync.url,
            "ref": {"branch": sync.branch},
        }
        user = f"GitRepository {namespace}/{sync.name}"
        if sync.secret_name is not None:
            spec["secretRef"] = {"name": sync.secret_name}
            keys = ("identity", "known_hosts") if sync.url.startswith("ssh://") else ("username", "password")
            origin = f"{sync.namespace}/{sync.secret_name}"
            self.needed[namespace, sync.secret_name] = Prerequisite(
                "Secret", sync.secret_name, namespace, keys, (user,), origin
            )
        manifest = {
            "apiVersion": preferred_api_version("GitRepository", self._version(sync.cluster)),
            "kind": "GitRepository",
            "metadata": {"name": sync.name, "namespace": namespace},
            "spec": spec,
        }
        self._add("GitRepository", (namespace, sync.name), sync.cluster, manifest, members)
        return replace(sync, namespace=namespace)

    # Names and settings

    def _names(
        self,
        kind: str,
        groups: Mapping[tuple[str, ...], Sequence[tuple[ImageUse, _Need]]],
        found: Mapping[tuple[str, ...], str],
    ) -> dict[tuple[str, ...], str]:
        names = dict(found)
        automated = _choices(groups)
        for namespace in sorted({key[0] for key in groups}):
            taken = {each.name for each in self.existing if each.kind == kind and each.namespace == namespace}
            named = {
                key: _named(members, automated, key)
                for key, members in groups.items()
                if key[0] == namespace and key not in found
            }
            names.update(choose_names(named, taken))
        return names

    def _version(self, cluster: str) -> FluxVersion:
        given = (sync.flux_version for sync in self.syncs if sync.cluster == cluster and sync.flux_version)
        return next(given, None) or self.flux_version

    def _interval(self, cluster: str) -> str:
        given = (sync.fluxd.automation_interval for sync in self.syncs if sync.cluster == cluster)
        return self.options.image_interval or next(given, "5m")

    def _add(
        self,
        kind: str,
        reference: tuple[str, str],
        cluster: str,
        manifest: Mapping[str, Any],
        members: Sequence[tuple[ImageUse, _Need]],
    ) -> None:
        namespace, name = reference
        files = tuple(sorted({use.workload_file for use, _ in members}))
        containers = tuple(sorted({(use.place, use.image.container) for use, _ in members}))
        self.generated.append(
            GeneratedImageObject(
                kind,
                namespace,
                name,
                cluster,
                manifest,
                files,
                containers if kind == "ImagePolicy" else (),
            )
        )


def _generated_order(made: GeneratedImageObject) -> tuple[str, ...]:
    return (made.cluster, made.kind, made.namespace, made.name)


def _choices(
    groups: Mapping[tuple[str, ...], Sequence[tuple[ImageUse, _Need]]],
) -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """Gives by workload and cluster how many objects of a kind it has."""
    found: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for key, members in groups.items():
        for use, _ in members:
            found.setdefault((use.cluster, use.namespace, use.kind, use.name), set()).add(key)
    return found


def _named(
    members: Sequence[tuple[ImageUse, _Need]],
    automated: Mapping[tuple[str, ...], set[tuple[str, ...]]],
    key: tuple[str, ...],
) -> NamedGroup:
    uses = [use for use, _ in members]
    names = {use.name for use in uses}
    path = members[0][1].request.repository.canonical.split("/")
    owner = path[-2] if len(path) > 2 and path[-2] != "library" else ""
    plain = path[-1]
    if len(names) == 1:
        plain = next(iter(names))
        containers = {use.image.container for use in uses} - {plain, _HELM_TOP}
        several = any(len(automated[use.cluster, use.namespace, use.kind, use.name]) > 1 for use in uses)
        if several and len(containers) == len({use.image.container for use in uses}):
            plain = f"{plain}-{min(containers)}"
    return NamedGroup(
        plain,
        frozenset(use.cluster for use in uses if use.cluster),
        frozenset(use.namespace for use in uses if use.namespace),
        frozenset(use.kind for use in uses),
        owner,
        repr(key),
    )


def _spelling(images: Sequence[str]) -> str:
    """Gives the way in which most write an image; of two the shorter one."""
    return min(set(images), key=lambda image: (-images.count(image), len(image), image))


def _covers(path: str, file: str) -> bool:
    folder = posixpath.normpath(path.lstrip("/") or ".")
    return folder == "." or file == folder or file.startswith(f"{folder}/")


def _update_path(sync_paths: Sequence[str], files: Sequence[str]) -> str:
    """Gives the folder that holds all files: a sync path where one does.

    >>> _update_path(("clusters/prod",), ["clusters/prod/web.yaml"])
    './clusters/prod'
    >>> _update_path(("apps/prod",), ["apps/prod/web.yaml", "apps/base/web.yaml"])
    './apps'
    """
    folders = {posixpath.normpath(path) for path in sync_paths or (".",)}
    for folder in sorted(folders, key=len, reverse=True):
        if all(_covers(folder, file) for file in files):
            return "./" if folder == "." else f"./{folder}"
    common = _common([posixpath.dirname(file) for file in files])
    return f"./{common}"


def _common(folders: Sequence[str]) -> str:
    parts: list[str] = []
    for level in zip(*(folder.split("/") for folder in folders), strict=False):
        if len(set(level)) > 1:
            break
        parts.append(level[0])
    return "/".join(parts)
