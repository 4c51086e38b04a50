"""What a release means to the helm-operator.

Source: helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go`, `pkg/release/release.go`,
`pkg/release/values.go`, `pkg/chartsync`, `pkg/helm/v3`; fluxcd/flux helm-0.10.1 for the older APIs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal

import semver

import fluxv2_migrate.flux1 as flux1
from fluxv2_migrate.errors import MigrationError
from fluxv2_migrate.flux1.apis import LAST_RELEASE_API
from fluxv2_migrate.flux1.release_name import default_release_name, release_namespace
from fluxv2_migrate.kubernetes import namespace_and_name, read
from fluxv2_migrate.meaning.durations import seconds
from fluxv2_migrate.meaning.locations import (
    chart_folder,
    file_in_folder,
    git_location,
    git_reference,
    helm_location,
)
from fluxv2_migrate.meaning.release import (
    ChartMeaning,
    GitReference,
    InstallMeaning,
    ReleaseMeaning,
    Remediation,
    RollbackMeaning,
    TestMeaning,
    Timeout,
    Tolerance,
    UninstallMeaning,
    UpgradeMeaning,
    ValuesSource,
)
from fluxv2_migrate.settings.of_clusters import ReleaseSettings

# The last operator that read the older APIs; those of 1.0 and later ignore them.
_LAST_OF_OLD_APIS: Final = semver.Version(0, 10, 1)
_TIMEOUT: Final = 300
_MAX_HISTORY: Final = 10
_MAX_RETRIES: Final = 5
_VALUES_KEY: Final = "values.yaml"
_ANYTHING: Final[tuple[Tolerance, ...]] = ("missing object", "missing key", "invalid YAML")


@dataclass(frozen=True, slots=True)
class RunningOperator:
    """The helm-operator that runs the releases, and those of its flags that decide what they mean.

    Attributes:
        helm_version: the first of `--enabled-helm-versions`; `None` where nobody knows.
        git_default_ref: of `--git-default-ref`.
        updates_dependencies: of `--update-chart-deps`.
        git_url: of `--git-url`, which only `FluxHelmRelease` needs; empty where nobody knows.
        git_branch: of `--git-branch`.
        git_charts_path: of `--git-charts-path`.
    """

    version: str = "1.4.4"
    helm_version: Literal["v2", "v3"] | None = None
    git_default_ref: str = "master"
    updates_dependencies: bool = True
    git_url: str = ""
    git_branch: str = "master"
    git_charts_path: str = "charts"

    @classmethod
    def of_settings(cls, settings: ReleaseSettings) -> RunningOperator:
        """Gives the operator that a person described.

        >>> from fluxv2_migrate.settings.options import HelmOperator, MigrationOptions
        >>> from fluxv2_migrate.settings.of_clusters import settings_of
        >>> RunningOperator.of_settings(
        ...     settings_of(MigrationOptions(helm_operator=HelmOperator(helm_versions=("v3",))))
        ... ).helm_version
        'v3'
        """
        given = settings.helm_operator
        return cls(
            helm_version=given.helm_versions[0] if given.helm_versions else None,
            git_default_ref=settings.git_default_ref,
            updates_dependencies=settings.update_chart_deps,
            git_url=given.git_url or "",
            git_branch=settings.git_branch,
            git_charts_path=settings.git_charts_path,
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """What all parts of a release are read with."""

    spec: flux1.HelmReleaseSpec
    operator: RunningOperator
    version: semver.Version
    namespace: str
    unknown: list[str]
    assumed: list[str]

    def since(self, version: str) -> bool:
        return self.version >= semver.Version.parse(version)


def meaning_of_v1_release(
    manifest: Mapping[str, Any],
    *,
    operator: RunningOperator | None = None,
    default_namespace: str = "",
    release_name: str = "",
    storage_namespace: str = "",
    ref_kind: Literal["branch", "tag", "commit"] | None = None,
    is_converted: bool = False,
) -> ReleaseMeaning:
    """Gives what a release means to the helm-operator, with every effective value.

    Args:
        manifest: of `helm.fluxcd.io/v1`, `flux.weave.works/v1beta1` or
            `helm.integrations.flux.weave.works/v1alpha2`.
        operator: which one runs it, and how; the last one with its own defaults where not given.
        release_name: the live one, where a person knows better than the manifest.
        storage_namespace: where its records are, where a person knows better.
        ref_kind: what the git reference of the chart is, where a person knows it.
        is_converted: whether its records were converted from Helm 2, whatever the manifest says.

    Returns:
        The meaning. A release without a complete chart source has no chart.

    Raises:
        InvalidManifest: no release of Flux v1, or a field has a type that the API server refuses.
        MigrationError: the operator's version is none.

    >>> meaning = meaning_of_v1_release({
    ...     "apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease",
    ...     "metadata": {"name": "web", "namespace": "shop"},
    ...     "spec": {"rollback": {"enable": True}}})
    >>> meaning.release_name, meaning.upgrade.wait, meaning.upgrade.remediation.action, meaning.max_history
    ('shop-web', True, 'rollback', 10)
    """
    operator = operator or RunningOperator()
    version = _version(operator)
    api = manifest.get("apiVersion")
    namespace, name = namespace_and_name(manifest)
    # Annotations that are no text, which fluxd read all the same, shall not spoil the release.
    plain = {**manifest, "metadata": {"namespace": namespace, "name": name}}
    if manifest.get("kind") == "FluxHelmRelease":
        spec = _spec_of_first_api(read(flux1.FluxHelmRelease, plain), operator)
    else:
        spec = read(flux1.HelmRelease, plain).spec
    if api != LAST_RELEASE_API:
        version = min(version, _LAST_OF_OLD_APIS)
    own = namespace or default_namespace
    assumed = [] if own else ["target_namespace"]
    reading = _Reading(spec, operator, version, own or "default", [], assumed)
    meaning = _meaning(reading, name, release_name, ref_kind)
    return replace(
        meaning,
        storage_namespace=storage_namespace or meaning.storage_namespace,
        helm_version="v3" if is_converted else meaning.helm_version,
    )


def _version(operator: RunningOperator) -> semver.Version:
    try:
        return semver.Version.parse(operator.version.removeprefix("v"))
    except ValueError:
        raise MigrationError(
            f"{operator.version!r} is no version of the helm-operator; give one such as 1.4.4"
        ) from None


def _spec_of_first_api(release: flux1.FluxHelmRelease, operator: RunningOperator) -> flux1.HelmReleaseSpec:
    given = release.spec
    folder = f"{operator.git_charts_path}/{given.chart_git_path}" if given.chart_git_path else None
    chart = flux1.ChartSource(git=operator.git_url or "unknown", ref=operator.git_branch, path=folder)
    return flux1.HelmReleaseSpec(
        chart=chart,
        release_name=given.release_name,
        value_file_secrets=given.value_file_secrets,
        values=given.values,
    )


def _meaning(
    reading: _Reading,
    name: str,
    live_name: str,
    ref_kind: Literal["branch", "tag", "commit"] | None,
) -> ReleaseMeaning:
    spec, since = reading.spec, reading.since
    target = spec.target_namespace if since("1.0.0-rc1") else None
    installed = release_namespace(namespace=reading.namespace, target_namespace=target)
    generated = default_release_name(name=name, namespace=reading.namespace, target_namespace=target)
    chart = _chart(reading, ref_kind)
    rollback = spec.rollback or flux1.Rollback()
    test = spec.test if spec.test and since("1.2.0") else flux1.Test()
    rolls_back, tests = bool(rollback.enable), bool(test.enable)
    install_waits, upgrade_waits = _waits(reading, rolls_back=rolls_back, tests=tests)
    counts_tests = not test.ignore_failures if tests else None
    return ReleaseMeaning(
        name=name,
        namespace=reading.namespace,
        release_name=live_name or spec.release_name or generated,
        target_namespace=installed,
        storage_namespace=installed,
        helm_version=_helm_version(reading),
        chart=chart,
        values=spec.values or {},
        values_from=_values_from(reading, chart),
        max_history=_max_history(reading),
        install=_install(reading, counts_tests, waits=install_waits),
        upgrade=_upgrade(reading, rollback, counts_tests, waits=upgrade_waits),
        rollback=_rollback(rollback),
        test=TestMeaning(True, _timeout(test.timeout), bool(test.ignore_failures), ())
        if tests
        else TestMeaning(False),
        uninstall=UninstallMeaning(_timeout(spec.timeout), wait=False),
        wait_engine="helm" if install_waits or upgrade_waits or (rolls_back and rollback.wait) else None,
        unknown=tuple(reading.unknown),
        assumed=tuple(reading.assumed),
    )


def _install(reading: _Reading, counts_tests: bool | None, *, waits: bool) -> InstallMeaning:
    spec, since = reading.spec, reading.since
    return InstallMeaning(
        timeout=_timeout(spec.timeout),
        wait=waits,
        wait_for_jobs=False if waits else None,
        crds="Skip" if spec.skip_crds and since("1.0.0-rc9") else "Create",
        openapi_validation=not (spec.disable_open_api_validation and since("1.2.0")),
        remediation=Remediation("uninstall", -1, None, counts_tests),
    )


def _upgrade(
    reading: _Reading, rollback: flux1.Rollback, counts_tests: bool | None, *, waits: bool
) -> UpgradeMeaning:
    spec = reading.spec
    return UpgradeMeaning(
        timeout=_timeout(spec.timeout),
        wait=waits,
        wait_for_jobs=False if waits else None,
        crds="Skip",
        force=bool(spec.force_upgrade),
        # Until 1.0 `false` was the zero value, and meant nothing.
        reuse_values=spec.reset_values is False and reading.since("1.0.0"),
        remediation=_upgrade_remediation(reading, rollback, counts_tests),
        rolls_back_adoption=True if rollback.enable else None,
    )


def _helm_version(reading: _Reading) -> Literal["v2", "v3"]:
    if not reading.since("1.0.0-rc5"):
        return "v2"
    known = reading.spec.helm_version or reading.operator.helm_version
    if known is None:
        reading.assumed.append("helm_version")
    return known or "v3"


def _max_history(reading: _Reading) -> int:
    if not reading.since("1.0.0-rc8"):
        # Tiller's own setting decided.
        reading.assumed.append("max_history")
        return _MAX_HISTORY
    given = reading.spec.max_history
    return _MAX_HISTORY if given is None else given


def _waits(reading: _Reading, *, rolls_back: bool, tests: bool) -> tuple[bool, bool]:
    explicit = reading.spec.wait
    if reading.since("1.2.0"):
        waits = (rolls_back or tests) if explicit is None else explicit
        return waits, waits
    if reading.since("1.0.0-rc8"):
        return bool(explicit), bool(explicit) or rolls_back
    return False, rolls_back


def _timeout(given: int | None) -> Timeout:
    duration = seconds(_TIMEOUT if given is None else given)
    # Hooks without a timeout have all the time, while waiting has none (Helm 3.7 `pkg/kube`).
    return "unlimited" if duration == timedelta() else duration


def _upgrade_remediation(
    reading: _Reading, rollback: flux1.Rollback, counts_tests: bool | None
) -> Remediation:
    if not rollback.enable:
        return Remediation("none")
    if not (rollback.retry and reading.since("1.0.0-rc9")):
        return Remediation("rollback", 0, True, counts_tests)
    retries = _MAX_RETRIES if rollback.max_retries is None else rollback.max_retries
    if retries == 0:
        return Remediation("rollback", -1, None, counts_tests)
    return Remediation("rollback", max(retries, 0), True, counts_tests)


def _rollback(rollback: flux1.Rollback) -> RollbackMeaning | None:
    if not rollback.enable:
        return None
    return RollbackMeaning(
        timeout=_timeout(rollback.timeout),
        wait=bool(rollback.wait),
        wait_for_jobs=False if rollback.wait else None,
        hooks=not rollback.disable_hooks,
        # `rollback.force` never reached Helm 3.
        recreate=bool(rollback.recreate),
    )


def _chart(reading: _Reading, ref_kind: Literal["branch", "tag", "commit"] | None) -> ChartMeaning | None:
    chart = reading.spec.chart or flux1.ChartSource()
    if chart.git and chart.path:
        return _git_chart(reading, chart, chart.git, chart.path, ref_kind)
    if chart.repository and chart.name and chart.version:
        location = helm_location(chart.repository)
        return ChartMeaning(
            "helm",
            location.url,
            chart.name,
            version=chart.version,
            credentials="url" if location.login else "none",
        )
    reading.unknown.append("chart")
    return None


def _git_chart(
    reading: _Reading,
    chart: flux1.ChartSource,
    url: str,
    path: str,
    ref_kind: Literal["branch", "tag", "commit"] | None,
) -> ChartMeaning:
    location = git_location(url, default_user="git")
    reference = _reference(reading, chart.ref, ref_kind)
    known = url != "unknown"
    if not known:
        reading.unknown.extend(["chart.url", "chart.credentials"])
    return ChartMeaning(
        "git",
        location.url if known else None,
        chart_folder(path),
        reference=reference,
        credentials=_git_credentials(reading, chart, location.scheme, login=location.login)
        if known
        else None,
        new_chart_on="never" if reference.kind == "commit" else "commit-to-path",
        fetches_dependencies=reading.operator.updates_dependencies and not chart.skip_dep_update,
    )


def _reference(
    reading: _Reading, ref: str | None, ref_kind: Literal["branch", "tag", "commit"] | None
) -> GitReference:
    text = ref or (reading.operator.git_default_ref if reading.since("1.0.0-rc1") else "master")
    if ref_kind is not None:
        return GitReference(ref_kind, text)
    reference = git_reference(text)
    if reference.kind == "revision":
        reading.assumed.append("chart.reference")
    return reference


def _git_credentials(reading: _Reading, chart: flux1.ChartSource, scheme: str, *, login: bool) -> str:
    secret = chart.secret_ref
    if scheme == "https" and secret and secret.name and reading.since("1.0.0-rc8"):
        elsewhere = secret.namespace if reading.since("1.1.0") else None
        return f"Secret {elsewhere or reading.namespace}/{secret.name}"
    if login:
        return "url"
    return "operator" if scheme == "ssh" else "none"


def _values_from(reading: _Reading, chart: ChartMeaning | None) -> tuple[ValuesSource, ...]:
    sources = [
        ValuesSource("Secret", secret.name or "", reading.namespace, _VALUES_KEY)
        for secret in reading.spec.value_file_secrets or ()
    ]
    for entry in reading.spec.values_from or ():
        source = _values_source(reading, entry, chart)
        if source is not None:
            sources.append(source)
    return tuple(sources)


def _values_source(
    reading: _Reading, entry: flux1.ValuesFromSource, chart: ChartMeaning | None
) -> ValuesSource | None:
    selected: flux1.ConfigMapKeySelector | flux1.SecretKeySelector | None
    for kind, selected in (("ConfigMap", entry.config_map_key_ref), ("Secret", entry.secret_key_ref)):
        if selected is not None:
            elsewhere = selected.namespace if reading.since("1.0.0-rc9") else None
            return ValuesSource(
                kind,
                selected.name or "",
                elsewhere or reading.namespace,
                selected.key or _VALUES_KEY,
                _ANYTHING if selected.optional else (),
            )
    if entry.external_source_ref is not None:
        external = entry.external_source_ref
        return ValuesSource("URL", external.url or "", tolerates=_ANYTHING if external.optional else ())
    if entry.chart_file_ref is None:
        return None
    file = entry.chart_file_ref
    if chart is not None and chart.kind == "git":
        path = file_in_folder(chart.chart or ".", file.path or "")
        return ValuesSource("ChartFile", path, tolerates=_ANYTHING if file.optional else ())
    # A packed chart has no files to read: an optional one is always skipped, another always fails.
    return None if file.optional else ValuesSource("ChartFile", file.path or "")
