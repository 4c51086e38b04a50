"""What syncs a repository to a cluster: the GitRepository and the Kustomizations that do fluxd's part.

Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`, `pkg/git/repo.go`; source-controller 1.0 to 1.9
`api/v1/gitrepository_types.go`; kustomize-controller 1.0 to 1.9 `api/v1/kustomization_types.go`; flux2
`pkg/manifestgen/sync/options.go` for the names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, new_object
from fluxv2_migrate.golang.urls import fault_of_url
from fluxv2_migrate.kubernetes import as_name, numbered
from fluxv2_migrate.rules.chart_source import git_secret_keys, source_timeout, to_flux_git_url
from fluxv2_migrate.settings.options import Cluster

SYNC_NAME: Final = "flux-system"
"""How `flux bootstrap` calls the GitRepository, its Secret and the Kustomization."""
DECRYPTION_SECRET: Final = "sops-keys"
SIGNATURE_SECRET: Final = "git-signatures"
_URL: Final = re.compile(r"(https?|ssh)://.+")
_FILLED_IN: Final = re.compile(r"\$|\{\{")
_LOGIN: Final = re.compile(r"(?<=://)([^/@]*)@")
_INTERVAL: Final = "5m"
"""Of fluxd, for polling and for syncing."""
_BRANCH: Final = "master"


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What a cluster's sync is made of.

    Attributes:
        url: of the repository as source-controller takes it; empty where none is known.
        is_branch_known: whether it is; something else fills in what `branch` is where not.
        refused_url: that of fluxd, without a login, where it is one that source-controller does not take.
        keys: of the Secret of the GitRepository; none where it needs no Secret.
        git_interval: between two looks at the branch.
        git_timeout: of one look; that of source-controller where empty.
        is_verified: whether signatures are checked.
        has_submodules: whether submodules are checked out.
        timeout: of one sync; that of kustomize-controller where empty.
        is_decrypted: whether files are decrypted with sops.
        collected_garbage: whether fluxd deleted what left Git.
    """

    url: str
    branch: str
    keys: tuple[str, ...] = ()
    git_interval: str = _INTERVAL
    git_timeout: str = ""
    is_verified: bool = False
    has_submodules: bool = False
    interval: str = _INTERVAL
    timeout: str = ""
    is_decrypted: bool = False
    collected_garbage: bool = False
    refused_url: str = ""
    is_branch_known: bool = True

    @classmethod
    def of_cluster(
        cls,
        cluster: Cluster,
        url: str = "",
        *,
        has_submodules: bool = False,
        decrypts: bool = False,
        unknown_branch: str = "",
    ) -> SyncSettings:
        """Gives them from what is known of a cluster.

        Args:
            url: of the repository as fluxd had it, with a login that may be in it; that of the settings when
                not given.
            decrypts: whether something else than fluxd's own flag decrypts files with sops.
            unknown_branch: what something else fills in for the branch; empty where the branch is known.

        >>> cluster = Cluster(name="prod", branch="main")
        >>> made = SyncSettings.of_cluster(cluster, "git@example.com:acme/fleet")
        >>> made.url, made.keys
        ('ssh://git@example.com/acme/fleet', ('identity', 'known_hosts'))
        """
        fluxd = cluster.fluxd
        written = to_flux_git_url((url or fluxd.git_url or "").strip())
        is_ssh = written.startswith("ssh://")
        known = written if is_ssh else _LOGIN.sub("", written)
        refused = ""
        if not _URL.fullmatch(known) or _FILLED_IN.search(known) or fault_of_url(known):
            refused, known = ("" if _FILLED_IN.search(known) else known), ""
        has_key = bool(known) and (is_ssh or known != written)
        return cls(
            known,
            cluster.branch or unknown_branch or _BRANCH,
            git_secret_keys(written) if has_key else (),
            fluxd.git_poll_interval or _INTERVAL,
            source_timeout(fluxd.git_timeout or ""),
            fluxd.verify_signatures not in (None, "none"),
            has_submodules,
            fluxd.sync_interval or _INTERVAL,
            fluxd.sync_timeout or "",
            bool(fluxd.sops) or decrypts,
            bool(fluxd.garbage_collection),
            refused,
            bool(cluster.branch or not unknown_branch),
        )

    @property
    def why_without_url(self) -> tuple[str, str]:
        """The code and the reason of there being no URL, as the end of a sentence about who syncs it.

        >>> SyncSettings.of_cluster(Cluster(name="prod"), "git://example.com/acme/fleet").why_without_url[0]
        'RP041'
        """
        if not self.refused_url:
            return "DA045", "is not known"
        return "RP041", f"is {self.refused_url}, which is no URL of https, http or ssh to source-controller"


def sync_name(path: str, taken: Sequence[str] = ()) -> str:
    """Gives the name of a Kustomization after the path that it applies.

    >>> sync_name("k8s/Common"), sync_name("common", ["common"])
    ('k8s-common', 'common-2')
    """
    # As a label it may have up to 63 characters.
    stem = (as_name(path) or "root")[-60:].strip("-")
    return next(name for name in numbered(stem) if name not in (SYNC_NAME, *taken))


def git_repository_manifest(
    settings: SyncSettings, flux_version: FluxVersion, *, namespace: str
) -> dict[str, Any]:
    """Gives the GitRepository of a cluster."""
    spec: dict[str, Any] = {
        "interval": settings.git_interval,
        "url": settings.url,
        "ref": {"branch": settings.branch},
    }
    if settings.git_timeout:
        spec["timeout"] = settings.git_timeout
    if settings.keys:
        spec["secretRef"] = {"name": SYNC_NAME}
    if settings.is_verified:
        # Up to 2.0 there was one mode, in small letters.
        mode = "head" if flux_version == FLUX_VERSIONS[0] else "HEAD"
        spec["verify"] = {"mode": mode, "secretRef": {"name": SIGNATURE_SECRET}}
    if settings.has_submodules:
        spec["recurseSubmodules"] = True
    return new_object("GitRepository", namespace, SYNC_NAME, flux_version, spec)


def kustomization_manifest(
    settings: SyncSettings,
    path: str,
    flux_version: FluxVersion,
    *,
    namespace: str,
    name: str = SYNC_NAME,
) -> dict[str, Any]:
    """Gives the Kustomization that applies a path of the repository; it never prunes at first.

    >>> made = kustomization_manifest(SyncSettings("", "main"), "prod", "2.9", namespace="flux-system")
    >>> made["spec"]["path"], made["spec"]["prune"]
    ('./prod', False)
    """
    spec: dict[str, Any] = {
        "interval": settings.interval,
        "path": f"./{path}",
        "prune": False,
        "sourceRef": {"kind": "GitRepository", "name": SYNC_NAME},
    }
    if settings.timeout:
        spec["timeout"] = settings.timeout
    if settings.is_decrypted:
        spec["decryption"] = {"provider": "sops", "secretRef": {"name": DECRYPTION_SECRET}}
    return new_object("Kustomization", namespace, name, flux_version, spec)
