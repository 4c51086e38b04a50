"""A release as both Fluxes could describe it: effective values only, defaults included.

In all of these types `None` says that a value does not apply or is not known, and is compared with nothing;
that something is absent is an empty text, list or mapping, or `False`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

Timeout = timedelta | Literal["unlimited"]
"""How long one operation may take; `"unlimited"` limits no hook, and a wait then fails at once."""
CrdPolicy = Literal["Skip", "Create", "CreateReplace"]
"""What happens to the definitions in a chart's `crds/`; `Create` only adds those that are missing."""
ChartUpdate = Literal["commit-to-path", "commit", "chart-version", "never"]
"""What makes a new chart of one from git: a commit that touches the chart's folder, any commit, a new
version in `Chart.yaml`, or nothing, because a commit is pinned."""
Tolerance = Literal["missing object", "missing key", "invalid YAML"]
"""What an optional source of values may lack."""


@dataclass(frozen=True, slots=True)
class GitReference:
    """What is checked out of a git repository.

    Attributes:
        kind: `revision` is a text that git itself resolves to a tag, a branch or a commit, in this order;
            `name` is a full `refs/…` that is neither a branch nor a tag.
        value: the branch, tag, commit, range or text.
    """

    kind: Literal["branch", "tag", "commit", "semver", "name", "revision"]
    value: str

    def may_be(self, other: GitReference) -> bool:
        """Gives whether both can be one and the same.

        >>> GitReference("revision", "v1").may_be(GitReference("tag", "v1"))
        True
        >>> GitReference("branch", "v1").may_be(GitReference("tag", "v1"))
        False
        """
        if self.kind == other.kind or "revision" not in (self.kind, other.kind):
            return self == other
        revision, known = (self, other) if self.kind == "revision" else (other, self)
        if known.kind == "commit":
            # Git takes abbreviated commits, from four digits on.
            return len(revision.value) >= 4 and known.value.startswith(revision.value)
        return known.kind in ("branch", "tag") and revision.value == known.value


@dataclass(frozen=True, slots=True)
class ValuesSource:
    """One source of values beside those in the release.

    Attributes:
        kind: `ConfigMap`, `Secret`, `URL` or `ChartFile`, a file of the chart.
        name: of the object; the URL; or the file, from the root of the repository or of the chart.
        namespace: of the object; empty where it has none or it is not known.
        key: in the object.
        tolerates: what may be amiss without failing the release.
        target_path: where a single value goes; empty for a whole document.
        literal: whether a single value is taken as it stands.
    """

    kind: str
    name: str
    namespace: str = ""
    key: str = ""
    tolerates: tuple[Tolerance, ...] = ()
    target_path: str = ""
    literal: bool = False

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}" + (f" ({self.key})" if self.key else "")


@dataclass(frozen=True, slots=True)
class ChartMeaning:
    """Which chart is installed, and what makes it a new one.

    Attributes:
        kind: what the chart is fetched from.
        url: of the repository, without what makes no difference and without a user and password.
        chart: its name, or its folder in the repository.
        version: a version or range; for charts of a repository.
        reference: for charts from git.
        credentials: `none`, `url`, `operator` (the SSH key of the helm-operator), or the Secret.
        new_chart_on: for charts from git.
        version_metadata: what `.Chart.Version` gains behind a `+`.
        fetches_dependencies: whether dependencies are fetched, for charts from git.
        default_values: whether the chart's own `values.yaml` is the lowest layer of values.
    """

    kind: Literal["git", "helm", "bucket"] | None
    url: str | None
    chart: str | None
    version: str | None = None
    reference: GitReference | None = None
    credentials: str | None = "none"
    new_chart_on: ChartUpdate | None = None
    version_metadata: str = ""
    fetches_dependencies: bool | None = None
    default_values: bool = True


@dataclass(frozen=True, slots=True)
class Remediation:
    """What happens after a failure.

    Attributes:
        action: what undoes it, or `retry` where it is tried again on top of what failed.
        retries: how often it is tried again; negative where it is without end.
        last_failure: whether the last failure is undone too; `None` where there is no last one.
        counts_tests: whether a failed test is a failure; `None` where nothing is tested or undone.
    """

    action: Literal["none", "retry", "rollback", "uninstall"]
    retries: int | None = None
    last_failure: bool | None = None
    counts_tests: bool | None = None


@dataclass(frozen=True, slots=True)
class InstallMeaning:
    """How a release is installed.

    Attributes:
        timeout: of one operation.
        wait: whether it waits until the objects are ready.
        wait_for_jobs: whether Jobs must have completed; `None` where nothing waits.
        hooks: whether hooks run.
        crds: what happens to the definitions of the chart.
        openapi_validation: whether manifests are checked against the cluster's API.
        schema_validation: whether values are checked against the chart's schema.
        take_ownership: whether objects of other releases, or of none, are taken over.
        create_namespace: whether a missing namespace is made.
        replace: whether the name of an uninstalled release is used again.
        server_side_apply: whether the API server merges the objects.
        remediation: what happens after a failure.
    """

    timeout: Timeout
    wait: bool
    wait_for_jobs: bool | None
    crds: CrdPolicy
    remediation: Remediation
    hooks: bool = True
    openapi_validation: bool = True
    schema_validation: bool = True
    take_ownership: bool = False
    create_namespace: bool = False
    replace: bool = False
    server_side_apply: bool = False


@dataclass(frozen=True, slots=True)
class UpgradeMeaning:
    """How a release that was made by the helm-operator is upgraded.

    Attributes:
        timeout: of one operation.
        wait: whether it waits until the objects are ready.
        wait_for_jobs: whether Jobs must have completed; `None` where nothing waits.
        hooks: whether hooks run.
        crds: what happens to the definitions of the chart.
        force: whether objects that cannot be changed are replaced.
        reuse_values: whether values of the last release stay under the new ones.
        cleanup_on_fail: whether new objects are deleted when the upgrade fails.
        openapi_validation: whether manifests are checked against the cluster's API.
        schema_validation: whether values are checked against the chart's schema.
        take_ownership: whether objects of other releases, or of none, are taken over.
        server_side_apply: whether the API server merges the objects.
        remediation: what happens after a failure.
        rolls_back_adoption: whether the first upgrade by the new Flux is rolled back as the others are;
            `None` where none is.
    """

    timeout: Timeout
    wait: bool
    wait_for_jobs: bool | None
    crds: CrdPolicy
    remediation: Remediation
    rolls_back_adoption: bool | None = None
    hooks: bool = True
    force: bool = False
    reuse_values: bool = False
    cleanup_on_fail: bool = False
    openapi_validation: bool = True
    schema_validation: bool = True
    take_ownership: bool = False
    server_side_apply: bool = False


@dataclass(frozen=True, slots=True)
class RollbackMeaning:
    """How an upgrade is undone; only where one can be.

    Attributes:
        timeout: of one operation.
        wait: whether it waits until the objects are ready.
        wait_for_jobs: whether Jobs must have completed; `None` where nothing waits.
        hooks: whether hooks run.
        force: whether objects that cannot be changed are replaced.
        recreate: whether pods are restarted.
        cleanup_on_fail: whether new objects are deleted when the rollback fails.
        server_side_apply: whether the API server merges the objects.
    """

    timeout: Timeout
    wait: bool
    wait_for_jobs: bool | None
    hooks: bool = True
    force: bool = False
    recreate: bool = False
    cleanup_on_fail: bool = False
    server_side_apply: bool = False


@dataclass(frozen=True, slots=True)
class TestMeaning:
    """Whether the tests of a release run; the rest is `None` where they do not.

    Attributes:
        enabled: whether they run after an installation or upgrade.
        timeout: of one test.
        ignore_failures: whether a failed test counts for nothing.
        filters: which tests run or do not run, in JSON's types.
    """

    # pytest shall not take it for a test.
    __test__ = False

    enabled: bool
    timeout: Timeout | None = None
    ignore_failures: bool | None = None
    filters: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class UninstallMeaning:
    """What happens when the release is deleted.

    Attributes:
        timeout: of one operation.
        wait: whether it waits until the objects are gone.
        hooks: whether hooks run.
        keep_history: whether the records of the release stay.
        propagation: how the objects of the objects are deleted.
    """

    timeout: Timeout
    wait: bool
    hooks: bool = True
    keep_history: bool = False
    propagation: str = "background"


@dataclass(frozen=True, slots=True)
class ReleaseMeaning:
    """A release, with the effective value of everything that decides what the cluster does with it.

    Attributes:
        name: of the HelmRelease; not compared, it changes nothing in the cluster.
        namespace: of the HelmRelease; not compared.
        release_name: what Helm calls it.
        target_namespace: where its objects are.
        storage_namespace: where Helm keeps its record.
        helm_version: which Helm made the record.
        chart: which chart; `None` where the manifest names none.
        values: those of the release itself, nulls included.
        values_from: the other sources of values, the lowest layer first.
        max_history: how many revisions are kept; zero for all.
        install: how it is installed.
        upgrade: how it is upgraded.
        rollback: how it is rolled back, where it can be.
        test: whether and how it is tested.
        uninstall: how it is uninstalled.
        wait_engine: what decides that an object is ready; `None` where nothing waits.
        suspended: whether nothing happens to it.
        dependencies: the releases that must be ready first.
        service_account: which one is impersonated.
        kube_config: which one reaches another cluster.
        drift_detection: what happens to objects that somebody changed.
        additional: what else Flux v2 was told and Flux v1 cannot do, by the field that says so.
        refused: what the API server or a controller does not accept, by field.
        unknown: fields that the manifests cannot tell; they are `None`.
        assumed: fields whose value rests on something that is not in the manifests.
    """

    name: str = field(metadata={"compared": False})
    namespace: str = field(metadata={"compared": False})
    release_name: str
    target_namespace: str | None
    storage_namespace: str | None
    helm_version: Literal["v2", "v3"]
    chart: ChartMeaning | None
    values: Mapping[str, Any]
    values_from: tuple[ValuesSource, ...]
    max_history: int
    install: InstallMeaning
    upgrade: UpgradeMeaning
    rollback: RollbackMeaning | None
    test: TestMeaning
    uninstall: UninstallMeaning
    wait_engine: Literal["helm", "kstatus"] | None
    suspended: bool = False
    dependencies: tuple[str, ...] = ()
    service_account: str = ""
    kube_config: str = ""
    drift_detection: str = "disabled"
    additional: Mapping[str, Any] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    unknown: tuple[str, ...] = field(default=(), metadata={"compared": False})
    assumed: tuple[str, ...] = field(default=(), metadata={"compared": False})
