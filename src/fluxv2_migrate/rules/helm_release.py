"""A HelmRelease of the helm-operator as operations that make it one of helm-controller."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.findings.table import FINDINGS
from fluxv2_migrate.flux1.apis import LAST_RELEASE_API
from fluxv2_migrate.flux1.models import FluxHelmReleaseSpec, HelmReleaseSpec
from fluxv2_migrate.flux1.placeholders import fits_placeholders, placeholder_of_release
from fluxv2_migrate.flux2.releases import FluxVersion, preferred_api_version
from fluxv2_migrate.kubernetes import KubernetesModel
from fluxv2_migrate.meaning.release_names import ReleaseName, resolve_release_name
from fluxv2_migrate.plan import Operation, Plan, Remove, Set
from fluxv2_migrate.rules.actions import draft_actions
from fluxv2_migrate.rules.chart import draft_chart
from fluxv2_migrate.rules.chart_source import ChartSourceRequest, SourceReference
from fluxv2_migrate.rules.draft import Draft, ValuesConfigMap, ValuesOfUrl, present
from fluxv2_migrate.rules.first_release import draft_first_chart
from fluxv2_migrate.rules.outside_spec import draft_outside_spec, installed_name
from fluxv2_migrate.rules.refused_names import draft_refused_names
from fluxv2_migrate.rules.values import draft_values
from fluxv2_migrate.settings.of_clusters import ReleaseSettings, settings_of
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.yaml_text import Place

__all__ = ["ReleaseDraft", "SeenRelease", "draft_helm_release"]

_RELEASE_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_RELEASE_NAME: Final = 53
_LONGEST_LABEL: Final = 63
_FIRST: Final = Place(first=True)
_BEHIND_INTERVAL: Final = Place(after=("interval",))
_FIRST_KIND: Final = "FluxHelmRelease"
# What came with helm.fluxcd.io/v1; the operators of the API before it did not read these fields.
_LATER_FIELDS: Final = frozenset(
    {
        "spec.chart.secretRef",
        "spec.disableOpenAPIValidation",
        "spec.helmVersion",
        "spec.maxHistory",
        "spec.rollback.maxRetries",
        "spec.rollback.retry",
        "spec.skipCRDs",
        "spec.targetNamespace",
        "spec.test",
        "spec.valuesFrom[].configMapKeyRef.namespace",
        "spec.valuesFrom[].secretKeyRef.namespace",
        "spec.wait",
    }
)


@dataclass(frozen=True, slots=True)
class SeenRelease:
    """A release as clusters see it, where that is not what its manifest says.

    Attributes:
        namespace: of the object; empty where nobody knows.
        name: of the object.
        is_named_elsewhere: whether clusters give it different release names, so that none stands in it.
    """

    namespace: str
    name: str
    is_named_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseDraft:
    """What becomes of a release, but for the name of its source.

    Attributes:
        release_name: under which name and where it runs.
        namespace: of the object.
        name: of the object.
        source: what it needs of a source.
        notices: what a person must know.
        differences: the fields of its meaning that differ whatever it says.
        differ_all: these in words, the same for all releases.
        accepted: codes that a person has accepted for this release.
        config_maps: that are made for it.
        values_files: of the repository, whose values it has now.
    """

    operations: Plan
    release_name: ReleaseName
    namespace: str
    name: str
    source: ChartSourceRequest | None
    notices: tuple[Notice, ...]
    differences: tuple[str, ...]
    differ_all: str
    accepted: tuple[str, ...]
    config_maps: tuple[ValuesConfigMap, ...] = ()
    values_files: tuple[str, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether the release stays as it is until a person acts."""
        return self.source is None or any(self.stops(notice) for notice in self.notices)

    def accepts(self, code: str) -> bool:
        """Gives whether a person has seen a code and can decide that it is settled."""
        return FINDINGS[code].is_accepted(self.accepted)

    def stops(self, notice: Notice) -> bool:
        """Gives whether a notice is an error that holds the release back, and nobody has accepted it."""
        kind = FINDINGS[notice.code]
        return kind.severity == "error" and kind.holds_back and not self.accepts(notice.code)

    @property
    def answerable(self) -> bool:
        """Whether a person's word is all that the release waits for."""
        return self.source is not None and all(
            notice.answer is not None or FINDINGS[notice.code].acceptable
            for notice in self.notices
            if self.stops(notice)
        )

    def plan(
        self,
        source: SourceReference,
        *,
        source_is_new: bool = True,
        namespaces: Collection[str] | None = None,
    ) -> Plan:
        """Gives all operations, once the source has a name.

        Args:
            source: the source; one without a namespace is in that of the release.
            source_is_new: whether it is made: then comments go to it.
            namespaces: in which clusters see the release, where that is not its own alone.
        """
        reference = {"kind": source.kind, "name": source.name}
        if source.namespace and {source.namespace} != set(namespaces or (self.namespace,)):
            reference["namespace"] = source.namespace
        operation: Operation = Set(
            ("spec", "chart", "spec", "sourceRef"),
            reference,
            because=("spec.chart.repository", "spec.chart.git"),
            rule="source",
        )
        operations = self.operations
        if not source_is_new:
            operations = tuple(
                replace(each, comments_to=None) if isinstance(each, Remove) else each for each in operations
            )
        return (*operations, operation)


def draft_helm_release(
    manifest: Mapping[str, Any],
    options: MigrationOptions,
    flux_version: FluxVersion,
    override: Override | None = None,
    settings: ReleaseSettings | None = None,
    seen: SeenRelease | None = None,
    values_of_urls: Mapping[str, ValuesOfUrl] | None = None,
) -> ReleaseDraft:
    """Reads a v1 release and says what becomes of every field of it.

    Args:
        manifest: the release, as `flux1.HelmRelease` or `flux1.FluxHelmRelease` accepts it.
        options: how to migrate.
        flux_version: the Flux release that will run.
        override: what a person decided for this release.
        settings: those of its cluster; those of all where not given.
        seen: how clusters see it, where that is not what it says.
        values_of_urls: what is here of the values that it takes from URLs.

    Returns:
        The operations, what the release needs of a source, and what a person must know.
    """
    settings = settings or settings_of(options)
    as_seen = seen or _as_written(manifest, settings)
    known, unknown = _split_fields(manifest.get("spec") or {}, manifest["kind"], manifest["apiVersion"])
    draft = Draft(
        known,
        as_seen.namespace,
        as_seen.name,
        manifest["apiVersion"],
        options,
        flux_version,
        override or Override(),
        settings,
        values_of_urls=values_of_urls or {},
    )
    _kind_and_namespace(draft, manifest, is_seen=seen is not None)
    is_template = _placeholder(draft, manifest)
    draft_outside_spec(draft, manifest)
    # Before anything is written: a field that only v2 knows had no effect and must get none now.
    _unknown_fields(draft, unknown)
    draft.set(("spec", "interval"), settings.release_interval, "interval", place=_FIRST)
    if options.suspend_releases or _is_inactive(draft):
        draft.set(("spec", "suspend"), True, "suspend", place=_BEHIND_INTERVAL)
    if not is_template:
        draft_refused_names(draft)
    release_name = _names(
        draft,
        installed_name(manifest),
        is_named_elsewhere=as_seen.is_named_elsewhere,
        is_namespace_said=_metadata(manifest).get("namespace") == draft.namespace,
    )
    draft.running_chart = _running_chart(draft, release_name)
    source = draft_first_chart(draft) if manifest["kind"] == _FIRST_KIND else draft_chart(draft)
    if not any(notice.code == "HR002" for notice in draft.notices):
        _helm_version(draft, release_name)
    draft_values(draft)
    draft_actions(draft)
    return ReleaseDraft(
        tuple(draft.operations),
        release_name,
        draft.namespace,
        draft.name,
        source,
        # Of what is filled in later nothing else can be said.
        tuple(each for each in draft.notices if not is_template or each.code == "RP063"),
        tuple(draft.differences),
        draft.differ_all,
        draft.override.accept,
        tuple(draft.config_maps),
        tuple(draft.values_files),
    )


def _metadata(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return manifest.get("metadata") or {}


def _as_written(manifest: Mapping[str, Any], settings: ReleaseSettings) -> SeenRelease:
    """Gives a release as clusters see it that do nothing to its manifest but fill in a namespace."""
    metadata = _metadata(manifest)
    namespace = metadata.get("namespace") or settings.default_namespace
    return SeenRelease(namespace, metadata.get("name") or "")


def _kind_and_namespace(draft: Draft, manifest: Mapping[str, Any], *, is_seen: bool) -> None:
    """Writes the API and the kind, and the namespace that fluxd would fill in where nobody knows better."""
    version = preferred_api_version("HelmRelease", draft.flux_version)
    draft.set(("apiVersion",), version, "api-version", "apiVersion")
    if manifest["kind"] == _FIRST_KIND:
        draft.set(("kind",), "HelmRelease", "kind", "kind")
    if not is_seen and draft.namespace and not _metadata(manifest).get("namespace"):
        place = Place(after=("name",))
        draft.set(("metadata", "namespace"), draft.namespace, "namespace", "metadata.namespace", place=place)


def _placeholder(draft: Draft, manifest: Mapping[str, Any]) -> bool:
    """Gives whether something fills in what the release is, and says so.

    A release name that a person gives, as the cluster has it, is filled in.
    """
    spec = {**present(manifest.get("spec"))}
    known = {**spec, "releaseName": draft.override.release_name or spec.get("releaseName")}
    found = placeholder_of_release({**manifest, "spec": known})
    if found is None:
        return False
    message = found.message
    running = _running_name(draft) if found.field == ("spec", "releaseName") else ""
    if not running:
        draft.note("RP063", message, found.field, group=found.form)
        return True
    message += f"; in the cluster the release is called {running!r}"
    draft.note("RP063", message, found.field, answer=draft.answer(release_name=running))
    return True


def _running_name(draft: Draft) -> str:
    """Gives what the cluster calls a release with placeholders in its name; empty where nobody tells."""
    inventory = draft.settings.inventory
    if inventory is None:
        return ""
    live = inventory.flux1_release(draft.namespace, draft.name)
    if live is not None and live.release_name:
        return live.release_name
    spec = draft.spec
    storage, chart = spec.get("targetNamespace") or draft.namespace, present(spec.get("chart"))
    names = [
        record.name
        for record in inventory.running()
        if record.namespace == storage
        and fits_placeholders(str(spec.get("releaseName")), record.name)
        and record.chart_version(str(chart.get("name") or chart.get("path") or "")) is not None
    ]
    return names[0] if len(names) == 1 else ""


def _is_inactive(draft: Draft) -> bool:
    """Gives whether the helm-operator never looked at the release, and says so."""
    allowed = draft.settings.helm_operator.allow_namespace
    if allowed is None or not draft.namespace or draft.namespace == allowed:
        return False
    draft.note(
        "HR119",
        f"the operator looked at the namespace {allowed} only: the release did nothing, and is suspended",
        ("metadata", "namespace"),
        group=allowed,
        declares=("suspended",),
    )
    return True


def _unknown_fields(draft: Draft, unknown: Sequence[tuple[str, ...]]) -> None:
    for path in unknown:
        dotted = ".".join(path).replace(".[]", "[]")
        if "[]" in path:
            # The list is written anew, without it.
            path = path[: path.index("[]")]
        else:
            draft.remove(path, "unknown-field")
        message = f"{dotted} is no field of {draft.api_version}: it is left out"
        draft.note("HR003", message, path, group=dotted)


def _split_fields(
    spec: Mapping[str, Any], kind: str, api_version: str
) -> tuple[dict[str, Any], tuple[tuple[str, ...], ...]]:
    """Gives a spec as the operators of an API read it, and the paths of what they did not read."""
    later = frozenset() if api_version == LAST_RELEASE_API else _LATER_FIELDS
    unknown: list[tuple[str, ...]] = []
    model: type[KubernetesModel] = FluxHelmReleaseSpec if kind == _FIRST_KIND else HelmReleaseSpec
    known: dict[str, Any] = _known_of(model, spec, ("spec",), later, unknown)
    # The same field of several items of a list is one.
    return known, tuple(dict.fromkeys(unknown))


def _known_of(
    model: type[KubernetesModel],
    value: Any,
    path: tuple[str, ...],
    later: Collection[str],
    unknown: list[tuple[str, ...]],
) -> Any:
    if isinstance(value, list):
        return [_known_of(model, item, (*path, "[]"), later, unknown) for item in value]
    if not isinstance(value, Mapping):
        return value
    fields = _fields_of(model)
    known: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, key)
        if key not in fields or ".".join(here).replace(".[]", "[]") in later:
            unknown.append(here)
            continue
        inner = fields[key]
        known[key] = item if inner is None else _known_of(inner, item, here, later, unknown)
    return known


@cache
def _fields_of(model: type[KubernetesModel]) -> dict[str, type[KubernetesModel] | None]:
    return {field.alias or name: _model_in(field.annotation) for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[KubernetesModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, KubernetesModel):
        return annotation
    inside = (_model_in(candidate) for candidate in getattr(annotation, "__args__", ()))
    return next((model for model in inside if model is not None), None)


def _names(draft: Draft, installed: str, *, is_named_elsewhere: bool, is_namespace_said: bool) -> ReleaseName:
    spec = draft.spec
    given = draft.override.release_name or spec.get("releaseName")
    target = spec.get("targetNamespace")
    resolved = resolve_release_name(
        name=draft.name,
        namespace=draft.namespace,
        release_name=given,
        target_namespace=target,
        api_version=draft.api_version,
    )
    _judge_namespace(draft, installed, is_named=bool(given), is_namespace_said=is_namespace_said)
    release_name = resolved.spec_release_name
    _judge_release_name(draft, installed, release_name, is_named=bool(given))
    if spec.get("releaseName") != release_name and not is_named_elsewhere:
        place = Place(after=("interval", "suspend"))
        because = ("metadata.namespace", "spec.targetNamespace", "metadata.name")
        draft.set(("spec", "releaseName"), release_name, resolved.rule, *because, place=place)
    if "targetNamespace" in spec and not target:
        draft.remove(("spec", "targetNamespace"), "target-namespace")
    stored = draft.override.storage_namespace
    if stored is not None:
        resolved = replace(resolved, storage_namespace=stored if stored != draft.namespace else None)
    if resolved.storage_namespace is not None:
        draft.set(
            ("spec", "storageNamespace"),
            resolved.storage_namespace,
            "storage-namespace",
            "spec.targetNamespace",
            place=Place(after=("releaseName", "targetNamespace")),
        )
    return resolved


def _judge_namespace(draft: Draft, installed: str, *, is_named: bool, is_namespace_said: bool) -> None:
    """Says where the release name would follow from a namespace that no manifest says."""
    if not draft.namespace:
        path = ("metadata", "name")
        if is_named:
            draft.note("HR015", "the manifest names no namespace", path, group="all")
        else:
            draft.note(
                "HR017",
                "the manifest names no namespace, and the release name holds it",
                path,
                # Whoever names the release knows where it is.
                answer=draft.answer(release_name=installed, accept=("HR015",)),
            )
    elif not is_named and not installed and not is_namespace_said:
        message = (
            f"release names follow from the namespace {draft.namespace}, which no manifest of these says"
        )
        draft.note("HR131", message, ("metadata", "name"), group=draft.namespace)


def _judge_release_name(draft: Draft, installed: str, release_name: str, *, is_named: bool) -> None:
    """Says where the cluster has another release name, and where Helm or Kubernetes takes none like this."""
    if installed and draft.namespace and not is_named and installed != release_name:
        message = (
            f"the operator would call the release {release_name!r}, and the status of this export says that "
            f"it is installed as {installed!r}"
        )
        draft.note("HR125", message, ("status", "releaseName"), answer=draft.answer(release_name=installed))
    # What Kubernetes refuses in the name of the object is said already.
    asks = is_named or not any(notice.code == "RP006" for notice in draft.notices)
    if asks and (len(release_name) > _LONGEST_RELEASE_NAME or not _RELEASE_NAME.fullmatch(release_name)):
        draft.note(
            "HR014",
            f"Helm refuses the release name {release_name!r}: it never ran under it",
            ("spec", "releaseName") if is_named else ("metadata", "name"),
            answer=draft.answer(release_name=""),
        )
    if len(draft.name) > _LONGEST_LABEL:
        draft.note("HR016", f"the name has {len(draft.name)} characters", ("metadata", "name"))


def _helm_version(draft: Draft, names: ReleaseName) -> None:
    path = ("spec", "helmVersion")
    version = draft.spec.get("helmVersion")
    if "helmVersion" in draft.spec:
        draft.remove(path, "helm-version")
    if _is_of_helm_3(draft, names):
        return
    enabled = draft.override.helm_versions or draft.settings.helm_operator.helm_versions
    is_of_helm_2 = version == "v2" or (version is None and enabled[:1] == ("v2",))
    if is_of_helm_2 or not draft.is_of_last_api:
        message = (
            "these releases are of Helm 2: helmVersion says so, or the operator took it where none is given, "
            "or their API knew no other"
        )
        draft.note("HR030", message, path, group="all")
    elif version is None and not enabled and not _says_helm_3(draft):
        draft.note(
            "HR032",
            "helmVersion is not given, and without --enabled-helm-versions=v3 the operator took Helm 2",
            ("spec",),
            group="all",
            answer=Override(cluster=draft.settings.cluster or "*", helm_versions=("v3",)),
        )


def _is_of_helm_3(draft: Draft, names: ReleaseName) -> bool:
    """Gives whether the cluster says so: Helm 2 kept its records where `helm list` of Helm 3 sees none."""
    inventory = draft.settings.inventory
    storage = names.storage_namespace or draft.namespace
    return inventory is not None and inventory.is_of_helm_3(names.v1, storage)


def _running_chart(draft: Draft, names: ReleaseName) -> str:
    inventory = draft.settings.inventory
    record = None
    if inventory is not None:
        record = inventory.record(names.v1, names.storage_namespace or draft.namespace)
    return "" if record is None else record.chart


def _says_helm_3(draft: Draft) -> bool:
    """Gives whether the operator's own object in the cluster says so."""
    inventory = draft.settings.inventory
    live = None if inventory is None else inventory.flux1_release(draft.namespace, draft.name)
    return live is not None and live.helm_version == "v3"
