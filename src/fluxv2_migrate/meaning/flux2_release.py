"""What a release means to helm-controller.

Source: helm-controller 1.6.3 `api/v2`, `internal/action`, `internal/reconcile`, `internal/release`, and 0.35
for what came before Flux 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import fluxv2_migrate.flux2 as flux2
from fluxv2_migrate.flux2.constraints import is_values_key
from fluxv2_migrate.flux2.release_name import (
    MAXIMUM_RELEASE_NAME_LENGTH,
    default_release_name,
    release_namespace,
    shorten_release_name,
    storage_namespace,
)
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.kubernetes import LONGEST_LABEL, field_at, namespace_and_name, read
from fluxv2_migrate.meaning.durations import parse_duration
from fluxv2_migrate.meaning.flux2_chart import meaning_of_chart
from fluxv2_migrate.meaning.flux2_reading import Reading, SourceKey
from fluxv2_migrate.meaning.release import (
    CrdPolicy,
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
from fluxv2_migrate.meaning.served_fields import split_served_fields, unknown_fields

_TIMEOUT: Final = timedelta(minutes=5)
_VALUES_KEY: Final = "values.yaml"
# What Flux v2 alone can do and what would be nothing new, by field.
_ADDITIONAL: Final[Mapping[tuple[str, ...], Any]] = {
    ("chart", "metadata"): None,
    ("chart", "spec", "verify"): None,
    ("commonMetadata",): None,
    ("driftDetection", "ignore"): None,
    ("healthCheckExprs",): None,
    ("install", "strategy", "retryInterval"): None,
    ("postRenderStrategy",): "combined",
    ("postRenderers",): None,
    ("upgrade", "chartNameChangeStrategy"): "Reinstall",
    ("upgrade", "strategy", "retryInterval"): None,
}


def meaning_of_v2_release(
    manifest: Mapping[str, Any],
    sources: Mapping[SourceKey, Mapping[str, Any]],
    *,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
    default_namespace: str = "",
) -> ReleaseMeaning:
    """Gives what a release means to Flux v2, with every effective value.

    The release is taken for one that the helm-operator made: upgrades keep on applying it as they did.

    Args:
        manifest: of `helm.toolkit.fluxcd.io`, any version.
        sources: HelmRepositories, GitRepositories, OCIRepositories, Buckets and HelmCharts, by kind,
            namespace and name.
        default_namespace: of manifests that name none; where it is not given, theirs is not known.

    Returns:
        The meaning. What a source says is not known where it is not among those given.

    Raises:
        InvalidManifest: no release of Flux v2, or a field has a type that the API server refuses.

    >>> meaning = meaning_of_v2_release({
    ...     "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
    ...     "metadata": {"name": "web", "namespace": "shop"},
    ...     "spec": {"interval": "5m", "upgrade": {"remediation": {"retries": 3}}}}, {})
    >>> meaning.release_name, meaning.upgrade.wait, meaning.upgrade.remediation.action, meaning.max_history
    ('web', True, 'rollback', 5)
    """
    namespace, name = namespace_and_name(manifest)
    plain = {**manifest, "metadata": {"namespace": namespace, "name": name}}
    read(flux2.HelmRelease, plain)
    served, refused = split_served_fields(manifest, flux_version)
    spec = read(flux2.HelmReleaseSpec, served)
    own = namespace or default_namespace
    reading = Reading(spec, own, flux_version, [*refused, *unknown_fields(spec)])
    return _meaning(reading, name, served, sources)


def _meaning(
    reading: Reading, name: str, served: Mapping[str, Any], sources: Mapping[SourceKey, Mapping[str, Any]]
) -> ReleaseMeaning:
    spec, refused = reading.spec, reading.refused
    if len(name) > LONGEST_LABEL:
        refused.append("metadata.name")
    if spec.release_name is not None and not 1 <= len(spec.release_name) <= MAXIMUM_RELEASE_NAME_LENGTH:
        refused.append("releaseName")
    if spec.interval is None:
        reading.unknown.append("interval")
    elif parse_duration(spec.interval) is None:
        refused.append("interval")
    additional = _additional(served)
    chart, files = meaning_of_chart(reading, sources, additional)
    timeout = reading.timeout(spec.timeout, _TIMEOUT, "timeout")
    install, upgrade = _install(reading, timeout), _upgrade(reading, timeout)
    rolls_back = upgrade.remediation.action == "rollback"
    rollback = _rollback(reading, timeout) if rolls_back else None
    waits = install.wait or upgrade.wait or (rollback is not None and rollback.wait)
    generated = default_release_name(name=name, target_namespace=spec.target_namespace)
    target = release_namespace(namespace=reading.namespace, target_namespace=spec.target_namespace)
    storage = storage_namespace(namespace=reading.namespace, storage_namespace=spec.storage_namespace)
    max_history = (5 if reading.since("2.2") else 10) if spec.max_history is None else spec.max_history
    return ReleaseMeaning(
        name=name,
        namespace=reading.namespace,
        release_name=shorten_release_name(spec.release_name or generated),
        target_namespace=_known(reading, "target_namespace", target),
        storage_namespace=_known(reading, "storage_namespace", storage),
        helm_version="v3",
        chart=chart,
        values=spec.values or {},
        values_from=(*files, *_values_from(reading)),
        max_history=max_history,
        install=install,
        upgrade=upgrade,
        rollback=rollback,
        test=_test(reading, timeout),
        uninstall=_uninstall(reading, timeout),
        wait_engine=("kstatus" if reading.polls else "helm") if waits else None,
        suspended=bool(spec.suspend),
        dependencies=_dependencies(reading),
        service_account=spec.service_account_name or "",
        kube_config=_kube_config(spec.kube_config),
        drift_detection=(spec.drift_detection and spec.drift_detection.mode) or "disabled",
        additional=additional,
        refused=tuple(sorted(set(refused))),
        unknown=tuple(reading.unknown),
    )


def _known(reading: Reading, field: str, namespace: str) -> str | None:
    if not namespace:
        # It comes from elsewhere: a Kustomization, or a file of kustomize.
        reading.unknown.append(field)
    return namespace or None


def _additional(served: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, neutral in _ADDITIONAL.items():
        value = field_at(served, path)
        if value not in (None, neutral, {}, []):
            found[".".join(path)] = value
    return found


def _install(reading: Reading, timeout: Timeout) -> InstallMeaning:
    given = reading.spec.install or flux2.Install()
    wait = not given.disable_wait
    remediation = given.remediation or flux2.InstallRemediation()
    crds: CrdPolicy = _crds(given.crds, "Create")
    if given.crds is None and given.skip_crds and not reading.since("2.2"):
        crds = "Skip"
    return InstallMeaning(
        timeout=reading.timeout(given.timeout, timeout, "install.timeout"),
        wait=wait,
        wait_for_jobs=not given.disable_wait_for_jobs if wait else None,
        crds=crds,
        remediation=_remediation(
            reading,
            given.strategy,
            "uninstall",
            remediation.retries or 0,
            last_failure=bool(remediation.remediate_last_failure),
            ignores_tests=remediation.ignore_test_failures,
        ),
        hooks=not given.disable_hooks,
        openapi_validation=not given.disable_open_api_validation,
        schema_validation=not given.disable_schema_validation,
        take_ownership=reading.since("2.4") and not given.disable_take_ownership,
        create_namespace=bool(given.create_namespace),
        replace=bool(given.replace),
        server_side_apply=reading.since("2.8") and given.server_side_apply is not False,
    )


def _upgrade(reading: Reading, timeout: Timeout) -> UpgradeMeaning:
    given = reading.spec.upgrade or flux2.Upgrade()
    wait = not given.disable_wait
    remediation = given.remediation or flux2.UpgradeRemediation()
    retries = remediation.retries or 0
    last = remediation.remediate_last_failure
    merges = given.server_side_apply == "enabled"
    done = _remediation(
        reading,
        given.strategy,
        "uninstall" if remediation.strategy == "uninstall" else "rollback",
        retries,
        last_failure=retries > 0 if last is None else last,
        ignores_tests=remediation.ignore_test_failures,
    )
    return UpgradeMeaning(
        timeout=reading.timeout(given.timeout, timeout, "upgrade.timeout"),
        wait=wait,
        wait_for_jobs=not given.disable_wait_for_jobs if wait else None,
        crds=_crds(given.crds, "Create" if reading.since("2.2") else "Skip"),
        remediation=done,
        # The revision of the helm-operator is in no history that Flux 2.2 and later would go back to.
        rolls_back_adoption=not reading.since("2.2") if done.action == "rollback" else None,
        hooks=not given.disable_hooks,
        force=bool(given.force) and not merges,
        reuse_values=bool(given.preserve_values),
        cleanup_on_fail=bool(given.cleanup_on_fail),
        openapi_validation=not given.disable_open_api_validation,
        schema_validation=not given.disable_schema_validation,
        take_ownership=reading.since("2.4") and not given.disable_take_ownership,
        server_side_apply=merges,
    )


def _crds(given: str | None, default: CrdPolicy) -> CrdPolicy:
    if given == "Skip":
        return "Skip"
    if given == "CreateReplace":
        return "CreateReplace"
    return "Create" if given == "Create" else default


def _remediation(
    reading: Reading,
    strategy: flux2.ActionStrategy | None,
    action: Any,
    retries: int,
    *,
    last_failure: bool,
    ignores_tests: bool | None,
) -> Remediation:
    test = reading.spec.test or flux2.Test()
    ignored = bool(test.ignore_failures) if ignores_tests is None else ignores_tests
    counts_tests = not ignored if test.enable else None
    if strategy is not None and strategy.name == "RetryOnFailure":
        return Remediation("retry", counts_tests=counts_tests)
    if retries < 0:
        return Remediation(action, -1, None, counts_tests)
    if retries == 0 and not last_failure:
        return Remediation("none")
    return Remediation(action, retries, last_failure, counts_tests)


def _rollback(reading: Reading, timeout: Timeout) -> RollbackMeaning:
    given = reading.spec.rollback or flux2.Rollback()
    wait = not given.disable_wait
    merges = given.server_side_apply == "enabled"
    return RollbackMeaning(
        timeout=reading.timeout(given.timeout, timeout, "rollback.timeout"),
        wait=wait,
        wait_for_jobs=not given.disable_wait_for_jobs if wait else None,
        hooks=not given.disable_hooks,
        force=bool(given.force) and not merges,
        recreate=bool(given.recreate) and not reading.since("2.8"),
        cleanup_on_fail=bool(given.cleanup_on_fail),
        server_side_apply=merges,
    )


def _test(reading: Reading, timeout: Timeout) -> TestMeaning:
    given = reading.spec.test or flux2.Test()
    own = reading.timeout(given.timeout, timeout, "test.timeout")
    if not given.enable:
        return TestMeaning(False)
    filters = tuple((each.name or "", bool(each.exclude)) for each in given.filters or ())
    return TestMeaning(True, own, bool(given.ignore_failures), filters)


def _uninstall(reading: Reading, timeout: Timeout) -> UninstallMeaning:
    given = reading.spec.uninstall or flux2.Uninstall()
    return UninstallMeaning(
        timeout=reading.timeout(given.timeout, timeout, "uninstall.timeout"),
        wait=not given.disable_wait,
        hooks=not given.disable_hooks,
        keep_history=bool(given.keep_history),
        propagation=given.deletion_propagation or "background",
    )


def _dependencies(reading: Reading) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{each.namespace or reading.namespace}/{each.name}"
            + (f" when {each.ready_expr}" if each.ready_expr else "")
            for each in reading.spec.depends_on or ()
        )
    )


def _kube_config(given: flux2.KubeConfigReference | None) -> str:
    if given is None:
        return ""
    if given.config_map_ref is not None:
        return f"ConfigMap {given.config_map_ref.name}"
    secret = given.secret_ref or flux2.SecretKeyReference()
    return f"Secret {secret.name} ({secret.key or 'value'})"


def _values_from(reading: Reading) -> tuple[ValuesSource, ...]:
    tolerates: tuple[Tolerance, ...] = (
        ("missing object", "missing key") if reading.since("2.2") else ("missing object",)
    )
    found = []
    for each in reading.spec.values_from or ():
        key = each.values_key or _VALUES_KEY
        if not is_values_key(key):
            reading.refused.append("valuesFrom[].valuesKey")
        if each.kind not in ("ConfigMap", "Secret"):
            reading.refused.append("valuesFrom[].kind")
        if not each.name:
            reading.refused.append("valuesFrom[].name")
        found.append(
            ValuesSource(
                each.kind or "",
                each.name or "",
                reading.namespace,
                key,
                tolerates if each.optional else (),
                each.target_path or "",
                bool(each.literal),
            )
        )
    return tuple(found)
