"""What a release means to helm-controller and source-controller.

Source: helm-controller 1.6.3 `api/v2`, `internal/action`, `internal/reconcile`, `internal/release`, and 0.35
for what came before Flux 2.2; source-controller 1.9.1 `internal/controller`, `internal/helm/chart`.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fluxv2_migrate import flux2
from fluxv2_migrate.flux2.release_name import (
    default_release_name,
    release_namespace,
    shorten_release_name,
    storage_namespace,
)
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.meaning.durations import parse_duration
from fluxv2_migrate.meaning.locations import chart_folder, git_location, helm_location
from fluxv2_migrate.meaning.manifest import metadata_of, read
from fluxv2_migrate.meaning.release import (
    ChartMeaning,
    CrdPolicy,
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
from fluxv2_migrate.meaning.served_fields import split_served_fields, unknown_fields

__all__ = ["SourceKey", "meaning_of_v2_release"]

SourceKey = tuple[str, str, str]
"""Kind, namespace and name of a source."""

_TIMEOUT: Final = timedelta(minutes=5)
_VALUES_KEY: Final = "values.yaml"
_LONGEST_LABEL: Final = 63
_LONGEST_RELEASE_NAME: Final = 53
_KEY: Final = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_CHART_NAME: Final = re.compile(r"(?:[-a-z0-9]++/?\.?)+")
_CHART_NAME_WITHOUT_DOTS: Final = re.compile(r"(?:[-a-z0-9]++/?)+")
# What Flux v2 alone can do and what would be nothing new, by field.
_ADDITIONAL: Final[Mapping[tuple[str, ...], Any]] = {
    ("chart", "metadata"): None,
    ("chart", "spec", "verify"): None,
    ("commonMetadata",): None,
    ("driftDetection", "ignore"): None,
    ("healthCheckExprs",): None,
    ("install", "strategy", "retryInterval"): None,
    ("persistentClient",): True,
    ("postRenderStrategy",): "combined",
    ("postRenderers",): None,
    ("upgrade", "chartNameChangeStrategy"): "Reinstall",
    ("upgrade", "strategy", "retryInterval"): None,
}
# What is read of a source by name, or says nothing of what is fetched.
_SOURCE_FIELDS: Final = frozenset(
    {
        "accessFrom",
        "bucketName",
        "endpoint",
        "gitImplementation",
        "interval",
        "layerSelector",
        "ref",
        "secretRef",
        "timeout",
        "type",
        "url",
    }
)


class _Reading:
    """What all parts of a release are read with, and what becomes clear on the way."""

    def __init__(
        self, spec: flux2.HelmReleaseSpec, namespace: str, version: FluxVersion, refused: list[str]
    ) -> None:
        self.spec = spec
        self.namespace = namespace
        self.version = version
        self.refused = refused
        self.unknown: list[str] = []
        self.assumed: list[str] = []

    def since(self, version: FluxVersion) -> bool:
        return FLUX_VERSIONS.index(self.version) >= FLUX_VERSIONS.index(version)

    def timeout(self, given: str | None, default: Timeout, field: str) -> Timeout:
        if given is None:
            return default
        duration = parse_duration(given)
        if duration is None:
            self.refused.append(field)
            return default
        if duration == timedelta() and not self.polls:
            # Helm 3 gives hooks all the time then; the poller has none for anything.
            return "unlimited"
        return duration

    @property
    def polls(self) -> bool:
        strategy = self.spec.wait_strategy
        return self.since("2.8") and (strategy is None or strategy.name != "legacy")


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
        flux_version: the Flux release that runs it.
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
    namespace, name = metadata_of(manifest)
    plain = {**manifest, "metadata": {"namespace": namespace, "name": name}}
    read(flux2.HelmRelease, plain)
    served, refused = split_served_fields(manifest, flux_version)
    spec = read(flux2.HelmReleaseSpec, served)
    own = namespace or default_namespace
    reading = _Reading(spec, own, flux_version, [*refused, *unknown_fields(spec)])
    return _meaning(reading, name, served, sources)


def _meaning(
    reading: _Reading, name: str, served: Mapping[str, Any], sources: Mapping[SourceKey, Mapping[str, Any]]
) -> ReleaseMeaning:
    spec, refused = reading.spec, reading.refused
    if len(name) > _LONGEST_LABEL:
        refused.append("metadata.name")
    if spec.release_name is not None and not 1 <= len(spec.release_name) <= _LONGEST_RELEASE_NAME:
        refused.append("releaseName")
    if spec.interval is None:
        reading.unknown.append("interval")
    elif parse_duration(spec.interval) is None:
        refused.append("interval")
    additional = _additional(served)
    chart, files = _chart(reading, served, sources, additional)
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
        values=copy.deepcopy(spec.values or {}),
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
        assumed=tuple(reading.assumed),
    )


def _known(reading: _Reading, field: str, namespace: str) -> str | None:
    if not namespace:
        # It comes from elsewhere: a Kustomization, or a file of kustomize.
        reading.unknown.append(field)
    return namespace or None


def _additional(served: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, neutral in _ADDITIONAL.items():
        value: Any = served
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value not in (None, neutral, {}, []):
            found[".".join(path)] = value
    return found


def _install(reading: _Reading, timeout: Timeout) -> InstallMeaning:
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


def _upgrade(reading: _Reading, timeout: Timeout) -> UpgradeMeaning:
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
    reading: _Reading,
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


def _rollback(reading: _Reading, timeout: Timeout) -> RollbackMeaning:
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


def _test(reading: _Reading, timeout: Timeout) -> TestMeaning:
    given = reading.spec.test or flux2.Test()
    own = reading.timeout(given.timeout, timeout, "test.timeout")
    if not given.enable:
        return TestMeaning(False)
    filters = tuple((each.name or "", bool(each.exclude)) for each in given.filters or ())
    return TestMeaning(True, own, bool(given.ignore_failures), filters)


def _uninstall(reading: _Reading, timeout: Timeout) -> UninstallMeaning:
    given = reading.spec.uninstall or flux2.Uninstall()
    return UninstallMeaning(
        timeout=reading.timeout(given.timeout, timeout, "uninstall.timeout"),
        wait=not given.disable_wait,
        hooks=not given.disable_hooks,
        keep_history=bool(given.keep_history),
        propagation=given.deletion_propagation or "background",
    )


def _dependencies(reading: _Reading) -> tuple[str, ...]:
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


def _values_from(reading: _Reading) -> tuple[ValuesSource, ...]:
    tolerates: tuple[Tolerance, ...] = (
        ("missing object", "missing key") if reading.since("2.2") else ("missing object",)
    )
    found = []
    for each in reading.spec.values_from or ():
        key = each.values_key or _VALUES_KEY
        if not _KEY.fullmatch(key):
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


@dataclass(frozen=True, slots=True)
class _Chart:
    """A chart as a HelmChart names it, or the template of one."""

    chart: str
    version: str
    kind: str
    name: str
    namespace: str
    strategy: str
    files: tuple[str, ...]
    skips_missing_files: bool


def _chart(
    reading: _Reading,
    served: Mapping[str, Any],
    sources: Mapping[SourceKey, Mapping[str, Any]],
    additional: dict[str, Any],
) -> tuple[ChartMeaning | None, tuple[ValuesSource, ...]]:
    spec = reading.spec
    if spec.chart is not None and spec.chart_ref is not None:
        reading.refused.append("chartRef")
    if spec.chart is not None:
        template = spec.chart.spec or flux2.HelmChartTemplateSpec()
        return _fetched_chart(
            reading, _named_chart(reading, template, reading.namespace), sources, additional
        )
    reference = spec.chart_ref or flux2.ObjectReference()
    key = (reference.kind or "", reference.namespace or reading.namespace, reference.name or "")
    source = sources.get(key)
    if source is not None and key[0] == "HelmChart":
        found = read(flux2.HelmChart, source).spec.to_manifest()
        template = read(flux2.HelmChartTemplateSpec, {key: found[key] for key in found if key != "verify"})
        return _fetched_chart(reading, _named_chart(reading, template, key[1]), sources, additional)
    if source is not None and key[0] == "OCIRepository":
        return _oci_chart(reading, source, key[1], additional), ()
    reading.unknown.append("chart")
    return None, ()


def _named_chart(reading: _Reading, template: flux2.HelmChartTemplateSpec, namespace: str) -> _Chart:
    reference = template.source_ref or flux2.ObjectReference()
    # What is required and is not there stands in a patch, as far as anybody can tell.
    if not template.chart:
        reading.unknown.extend(["chart.chart", "chart.version"])
    if not reference.kind or not reference.name:
        reading.unknown.append("chart.kind")
    elif reference.kind not in ("HelmRepository", "GitRepository", "Bucket"):
        reading.refused.append("chart.spec.sourceRef.kind")
    return _Chart(
        template.chart or "",
        template.version or "*",
        reference.kind or "",
        reference.name or "",
        reference.namespace or namespace,
        template.reconcile_strategy or "ChartVersion",
        (*((template.values_file,) if template.values_file else ()), *(template.values_files or ())),
        bool(template.ignore_missing_values_files),
    )


def _fetched_chart(
    reading: _Reading,
    chart: _Chart,
    sources: Mapping[SourceKey, Mapping[str, Any]],
    additional: dict[str, Any],
) -> tuple[ChartMeaning, tuple[ValuesSource, ...]]:
    source = sources.get((chart.kind, chart.namespace, chart.name))
    if source is None:
        reading.unknown.extend(["chart.url", "chart.credentials"])
    if chart.kind == "HelmRepository":
        return _repository_chart(reading, chart, source, additional)
    return _folder_chart(reading, chart, source, additional)


def _credentials(secret: flux2.LocalObjectReference | None, namespace: str, *, login: bool) -> str:
    if secret is not None and secret.name:
        return f"Secret {namespace}/{secret.name}"
    return "url" if login else "none"


def _note_source(source: Mapping[str, Any], additional: dict[str, Any]) -> None:
    """Notes what a source does that the helm-operator could not."""
    for field, value in (source.get("spec") or {}).items():
        if field not in _SOURCE_FIELDS and value and value != "generic":
            additional[f"source.{field}"] = copy.deepcopy(value)


def _repository_chart(
    reading: _Reading, chart: _Chart, source: Mapping[str, Any] | None, additional: dict[str, Any]
) -> tuple[ChartMeaning, tuple[ValuesSource, ...]]:
    allowed = _CHART_NAME if reading.since("2.3") else _CHART_NAME_WITHOUT_DOTS
    if chart.chart and not allowed.fullmatch(chart.chart):
        reading.refused.append("chart.spec.chart")
    url = credentials = None
    if source is not None:
        repository = read(flux2.HelmRepository, source).spec
        location = helm_location(repository.url or "")
        if location.scheme not in ("http", "https", "oci"):
            reading.refused.append("source.url")
        url = location.url
        credentials = _credentials(repository.secret_ref, chart.namespace, login=location.login)
        _note_source(source, additional)
    default_values, files = _files(chart, _VALUES_KEY)
    meaning = ChartMeaning(
        "helm",
        url,
        chart.chart or None,
        version=chart.version if chart.chart else None,
        credentials=credentials,
        version_metadata="generation" if _gains_generation(chart) else "",
        default_values=default_values,
    )
    return meaning, files


def _gains_generation(chart: _Chart) -> bool:
    return bool(chart.files) and chart.files != (_VALUES_KEY,)


def _files(chart: _Chart, default: str) -> tuple[bool, tuple[ValuesSource, ...]]:
    """Gives whether the chart's own values stay the lowest layer, and the files above them."""
    if not chart.files:
        return True, ()
    paths = [chart_folder(file, clamped=True) for file in chart.files]
    default_values = paths[0] == default
    tolerates: tuple[Tolerance, ...] = ("missing object",) if chart.skips_missing_files else ()
    layers = paths[1:] if default_values else paths
    return default_values, tuple(ValuesSource("ChartFile", path, tolerates=tolerates) for path in layers)


def _folder_chart(
    reading: _Reading, chart: _Chart, source: Mapping[str, Any] | None, additional: dict[str, Any]
) -> tuple[ChartMeaning, tuple[ValuesSource, ...]]:
    if chart.chart.startswith("/"):
        reading.refused.append("chart.spec.chart")
    folder = chart_folder(chart.chart, clamped=True)
    is_git = chart.kind == "GitRepository"
    url = credentials = reference = None
    if source is not None:
        if is_git:
            url, credentials, reference = _git_source(reading, source, chart.namespace)
        else:
            url, credentials = _bucket_source(source, chart.namespace)
        _note_source(source, additional)
    elif is_git:
        reading.unknown.append("chart.reference")
    default_values, files = _files(chart, posixpath.normpath(posixpath.join(folder, _VALUES_KEY)))
    each_revision = chart.strategy == "Revision"
    gained = ["commit"] if each_revision else []
    if _gains_generation(chart):
        gained.append("generation")
    pinned = reference is not None and reference.kind == "commit"
    meaning = ChartMeaning(
        "git" if is_git else "bucket" if chart.kind == "Bucket" else None,
        url,
        folder if chart.chart else None,
        reference=reference,
        credentials=credentials,
        new_chart_on="never" if pinned else "commit" if each_revision else "chart-version",
        version_metadata=" and ".join(gained),
        fetches_dependencies=True,
        default_values=default_values,
    )
    return meaning, files


def _git_source(
    reading: _Reading, source: Mapping[str, Any], namespace: str
) -> tuple[str, str, GitReference]:
    repository = read(flux2.GitRepository, source).spec
    location = git_location(repository.url or "", default_user="git")
    if not re.match(r"(?:http|https|ssh)://", repository.url or ""):
        reading.refused.append("source.url")
    credentials = _credentials(repository.secret_ref, namespace, login=location.login)
    return location.url, credentials, _git_reference(repository.ref or flux2.GitRepositoryRef())


def _git_reference(ref: flux2.GitRepositoryRef) -> GitReference:
    if ref.commit:
        return GitReference("commit", ref.commit)
    if ref.name:
        for kind, prefix in (("branch", "refs/heads/"), ("tag", "refs/tags/")):
            if ref.name.startswith(prefix):
                return GitReference(kind, ref.name.removeprefix(prefix))  # type: ignore[arg-type]
        return GitReference("name", ref.name)
    if ref.tag:
        return GitReference("tag", ref.tag)
    return (
        GitReference("semver", ref.semver) if ref.semver else GitReference("branch", ref.branch or "master")
    )


def _bucket_source(source: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    bucket = read(flux2.Bucket, source).spec
    return f"{bucket.endpoint}/{bucket.bucket_name}", _credentials(bucket.secret_ref, namespace, login=False)


def _oci_chart(
    reading: _Reading, source: Mapping[str, Any], namespace: str, additional: dict[str, Any]
) -> ChartMeaning:
    repository = read(flux2.OCIRepository, source).spec
    ref = repository.ref or flux2.OCIRepositoryRef()
    location = helm_location(repository.url or "")
    if location.scheme != "oci":
        reading.refused.append("source.url")
    url, _, name = location.url.rpartition("/")
    _note_source(source, additional)
    return ChartMeaning(
        "helm",
        url,
        name,
        version=ref.digest or ref.semver or ref.tag or "latest",
        credentials=_credentials(repository.secret_ref, namespace, login=False),
        version_metadata="digest",
    )
