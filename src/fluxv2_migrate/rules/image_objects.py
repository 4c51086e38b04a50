"""The manifests of image automation, as each release of Flux v2 takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.flux2.image_objects import NAMESPACE_LABEL
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least, new_object
from fluxv2_migrate.frozen import thawed
from fluxv2_migrate.rules.images import PolicyRequest, RepositoryRequest
from fluxv2_migrate.settings.of_clusters import FluxdSettings

_MESSAGE: Final = "Update images"


@dataclass(frozen=True, slots=True)
class GitSync:
    """The GitRepository that syncs this repository to a cluster, and what it may write there.

    Attributes:
        branch: to which updates are pushed; empty where nothing says which.
        paths: the folders that the cluster syncs; the whole repository when empty.
        cluster: the name of the cluster, or empty.
        fluxd: whose author, interval and end of messages are kept.
        url: of the repository, for namespaces that need a GitRepository of their own.
        secret_name: of the GitRepository's credentials, beside it.
        flux_version: the Flux release of the cluster, where it differs.
        follows: the branch that the cluster follows, where it is no guess.
        is_included: whether what another cluster builds includes what lies in one of the paths.
    """

    name: str
    namespace: str
    branch: str
    paths: tuple[str, ...] = ()
    cluster: str = ""
    fluxd: FluxdSettings = field(default_factory=FluxdSettings)
    url: str = ""
    secret_name: str | None = None
    flux_version: FluxVersion | None = None
    is_included: bool = False
    follows: str = ""


def image_repository_manifest(
    name: str,
    namespace: str,
    request: RepositoryRequest,
    flux_version: FluxVersion,
    *,
    interval: str,
    secret: str | None = None,
    image: str | None = None,
    access_from: Iterable[str] = (),
) -> dict[str, Any]:
    """Gives the manifest of an ImageRepository.

    Args:
        image: how the image is written; as the request has it when not given.
        access_from: other namespaces whose policies may use it.

    Returns:
        The manifest, with one kind of credentials only: what several of them mean changed twice.

    Source: image-reflector-controller 0.29 to 1.2 `api`, `internal/controller/imagerepository_controller.go`.

    >>> request = RepositoryRequest("ghcr.io/acme/web", "ghcr.io/acme/web")
    >>> image_repository_manifest("web", "flux-system", request, "2.9", interval="5m")["spec"]
    {'image': 'ghcr.io/acme/web', 'interval': '5m'}
    """
    spec: dict[str, Any] = {"image": image or request.image, "interval": interval}
    if secret is not None:
        spec["secretRef"] = {"name": secret}
    elif request.provider is not None:
        spec["provider"] = request.provider
    selectors = [{"matchLabels": {NAMESPACE_LABEL: each}} for each in sorted(access_from)]
    if selectors:
        spec["accessFrom"] = {"namespaceSelectors": selectors}
    return new_object("ImageRepository", namespace, name, flux_version, spec)


def image_policy_manifest(
    name: str,
    namespace: str,
    request: PolicyRequest,
    repository: tuple[str, str],
    flux_version: FluxVersion,
    *,
    interval: str,
) -> dict[str, Any]:
    """Gives the manifest of an ImagePolicy.

    Args:
        repository: namespace and name of the ImageRepository; the namespace is written where it differs.
        interval: between two looks at the digest of a tag that moves.

    Source: image-reflector-controller 0.29 to 1.2 `api`: `digestReflectionPolicy` since Flux 2.6, and
    `interval` only with `Always`.

    >>> image = RepositoryRequest("ghcr.io/acme/web", "ghcr.io/acme/web")
    >>> request = PolicyRequest(image, {"semver": {"range": "~1.4"}})
    >>> where = ("flux-system", "web")
    >>> image_policy_manifest("web", "flux-system", request, where, "2.9", interval="5m")["spec"]
    {'imageRepositoryRef': {'name': 'web'}, 'policy': {'semver': {'range': '~1.4'}}}
    """
    reference = {"name": repository[1]}
    if repository[0] != namespace:
        reference["namespace"] = repository[0]
    spec: dict[str, Any] = {"imageRepositoryRef": reference}
    if request.filter_tags:
        spec["filterTags"] = dict(request.filter_tags)
    spec["policy"] = thawed(request.policy)
    if request.follows_digest and is_at_least(flux_version, "2.6"):
        spec["digestReflectionPolicy"] = "Always"
        spec["interval"] = interval
    return new_object("ImagePolicy", namespace, name, flux_version, spec)


def image_update_automation_manifest(
    name: str,
    namespace: str,
    sync: GitSync,
    flux_version: FluxVersion,
    *,
    path: str,
    interval: str,
) -> dict[str, Any]:
    """Gives the manifest of an ImageUpdateAutomation.

    Args:
        namespace: of the object, in which its policies are too.
        sync: the GitRepository; its namespace is written where it differs.
        path: the folder in which every marked file is; it must exist.

    Returns:
        The manifest. The branch is always written: without it there may be nothing to push to. The message
        is a constant text, since what a template may use changed at 2.3 and at 2.7.

    Source: image-automation-controller 0.34 to 1.2 `api`, `internal/source/git.go`.

    >>> sync = GitSync("flux-system", "flux-system", "main")
    >>> made = image_update_automation_manifest(
    ...     "images", "flux-system", sync, "2.9", path="./apps", interval="5m")
    >>> made["spec"]["update"], made["spec"]["git"]["checkout"]
    ({'strategy': 'Setters', 'path': './apps'}, {'ref': {'branch': 'main'}})
    """
    source = {"kind": "GitRepository", "name": sync.name}
    if sync.namespace != namespace:
        source["namespace"] = sync.namespace
    author = {"name": sync.fluxd.git_user, "email": sync.fluxd.git_email}
    # The message is a template of Go, in which two braces begin an action.
    message = (_MESSAGE + sync.fluxd.commit_suffix).replace("{{", '{{"{{"}}')
    spec = {
        "interval": interval,
        "sourceRef": source,
        "git": {
            "checkout": {"ref": {"branch": sync.branch}},
            "commit": {"author": author, "messageTemplate": message},
            "push": {"branch": sync.branch},
        },
        "update": {"strategy": "Setters", "path": path},
    }
    return new_object("ImageUpdateAutomation", namespace, name, flux_version, spec)
