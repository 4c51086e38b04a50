"""What a person decides about a migration."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from fluxv2_migrate.flux2.releases import FluxVersion

__all__ = ["FluxVersion", "MigrationOptions", "Override", "Placement"]


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Placement(_Options):
    """Where generated objects go.

    Attributes:
        namespace: the Flux namespace, or that of the release that uses the object.
        file: one file each in one folder, or a file beside the release, or the release's own file.
    """

    namespace: Literal["flux", "release"] = "flux"
    file: Literal["folder", "beside", "same"] = "folder"


class Override(_Options):
    """What the repository cannot tell about the resources that match; empty patterns match all.

    Attributes:
        namespace: glob of the release's namespace.
        name: glob of the release's name.
        path: glob of the file.
        release_name: the live Helm release name.
        ref_kind: what the git ref of the chart is.
        secret_name: Secret of the chart's source.
        leave: leave the release as it is.
        accept: codes of findings that a person has seen: they are not reported again. Of the errors only
            HR030 can be accepted: all others would lose something.
    """

    namespace: str = "*"
    name: str = "*"
    path: str = "*"
    release_name: str | None = None
    ref_kind: Literal["branch", "tag", "commit"] | None = None
    secret_name: str | None = None
    leave: bool = False
    accept: tuple[str, ...] = ()


class MigrationOptions(_Options):
    """How to migrate.

    Attributes:
        flux_version: the Flux release that will run; inferred when not given: that of the repository's own
            `gotk-components`, otherwise the newest.
        flux_namespace: where Flux runs.
        sync_roots: the folders that Flux syncs; inferred when not given.
        default_namespace: of manifests that name none; fluxd's default.
        git_default_ref: the helm-operator's `--git-default-ref`.
        sources: where HelmRepositories and GitRepositories go.
        defaults: `"keep"` writes down what v1 did by default and v2 does not.
        suspend_releases: write `suspend: true` into each release.
        release_interval: of HelmReleases.
        source_interval: of sources.
        overrides: what a person decided for single resources.
    """

    flux_version: FluxVersion | None = None
    flux_namespace: str = "flux-system"
    sync_roots: tuple[str, ...] = ()
    default_namespace: str | None = None
    git_default_ref: str = "master"
    sources: Placement = Placement()
    defaults: Literal["keep", "flux2"] = "keep"
    suspend_releases: bool = False
    release_interval: str = "5m"
    source_interval: str = "10m"
    overrides: tuple[Override, ...] = ()
