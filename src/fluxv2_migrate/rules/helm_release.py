"""A HelmRelease of the helm-operator as operations that make it one of helm-controller."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import is_
from typing import Any, Final

from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.findings.table import FINDINGS
from fluxv2_migrate.flux1.charts import CHARTS
from fluxv2_migrate.flux1.installation import PROGRAM_IMAGES
from fluxv2_migrate.flux1.placeholders import fits_placeholders, placeholder_of_release
from fluxv2_migrate.flux2.releases import FluxVersion, preferred_api_version
from fluxv2_migrate.kubernetes import is_namespace_name, is_object_name
from fluxv2_migrate.meaning.release_names import ReleaseName
from fluxv2_migrate.plan import Operation, Path, Plan, Remove, Set
from fluxv2_migrate.rules.actions import draft_actions
from fluxv2_migrate.rules.chart import draft_chart, draft_first_chart
from fluxv2_migrate.rules.chart_source import ChartSourceRequest, SourceReference
from fluxv2_migrate.rules.draft import Draft, ValuesConfigMap, ValuesOfUrl, present
from fluxv2_migrate.rules.installed_release import draft_helm_version, draft_release_name, running_chart
from fluxv2_migrate.rules.outside_spec import draft_outside_spec, installed_name
from fluxv2_migrate.rules.table import split_fields
from fluxv2_migrate.rules.values import draft_values
from fluxv2_migrate.settings.of_clusters import ReleaseSettings, settings_of
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.settings.overrides import is_of_cluster
from fluxv2_migrate.yaml_text import Place

_FIRST: Final = Place(first=True)
_BEHIND_INTERVAL: Final = Place(after=("interval",))
_FIRST_KIND: Final = "FluxHelmRelease"
_VALUES_COUNT: Final = ("${", *PROGRAM_IMAGES)
"""One of them stands in values of which a draft says something; of charts of Flux v1 it reads all values."""
_Check = Callable[[str], bool]
_SECRET: Final = ("spec", "chart", "secretRef")


@dataclass(frozen=True, slots=True)
class SeenRelease:
    """A release as clusters see it, where that is not what its manifest says.

    Attributes:
        namespace: of the object; empty where nobody knows.
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

    def asked_of(self, cluster: str) -> ReleaseDraft:
        """Gives it with what is asked of the settings of all clusters asked of one of them."""
        asked = tuple(_asked_of(each, cluster) for each in self.notices)
        # Hardly anything is, and clusters share what is the same for all.
        is_same = all(map(is_, asked, self.notices))
        return self if is_same else replace(self, notices=asked)

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
        settings: those of its cluster; those of all where not given.
        seen: how clusters see it, where that is not what it says.

    Returns:
        The operations, what the release needs of a source, and what a person must know.
    """
    settings = settings or settings_of(options)
    as_seen = seen or _as_written(manifest, settings)
    known, unknown = split_fields(_spec(manifest), manifest["kind"], manifest["apiVersion"])
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
        _draft_refused_names(draft)
    release_name = draft_release_name(
        draft,
        installed_name(manifest),
        is_named_elsewhere=as_seen.is_named_elsewhere,
        is_namespace_said=_metadata(manifest).get("namespace") == draft.namespace,
    )
    draft.running_chart = running_chart(draft, release_name)
    source = draft_first_chart(draft) if manifest["kind"] == _FIRST_KIND else draft_chart(draft)
    if not any(notice.code == "HR002" for notice in draft.notices):
        draft_helm_version(draft, release_name)
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


def read_by_draft(
    manifest: Mapping[str, Any], settings: ReleaseSettings, values_of_urls: Mapping[str, ValuesOfUrl]
) -> tuple[object, ...]:
    """Gives what tells drafts apart: where it and all else that is given is the same, they are the same.

    Most clusters have a release with values of their own, of which hardly a draft says anything.

    Args:
        settings: those of its cluster, without its name where one draft is to serve several.

    >>> one, other = ({"spec": {"chart": {"name": "web"}, "values": {"a": value}}} for value in (1, 2))
    >>> settings = settings_of(MigrationOptions())
    >>> read_by_draft(one, settings, {}) == read_by_draft(other, settings, {})
    True
    """
    spec = {**_spec(manifest)}
    values, rest = repr(spec.pop("values", None)), repr(spec)
    named = rest + settings.git_charts_path
    counts = any(map(values.__contains__, _VALUES_COUNT)) or any(map(named.__contains__, CHARTS))
    told = values if counts or values_of_urls else ""
    return repr({**manifest, "spec": None}), rest, told, settings, id(settings.inventory)


def _asked_of(notice: Notice, cluster: str) -> Notice:
    if notice.answer is None or not is_of_cluster(notice.answer):
        return notice
    return replace(notice, answer=notice.answer.model_copy(update={"cluster": cluster}))


def _spec(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return manifest.get("spec") or {}


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
    """Gives whether the helm-operator did nothing with the release, and says so."""
    return _is_elsewhere(draft) or _is_of_a_helm_that_was_off(draft)


def _is_elsewhere(draft: Draft) -> bool:
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


def _is_of_a_helm_that_was_off(draft: Draft) -> bool:
    # Without a client for the version each sync of the operator ended with "no client found for Helm".
    enabled = draft.override.helm_versions or draft.settings.helm_operator.helm_versions
    if draft.spec.get("helmVersion") != "v3" or not enabled or "v3" in enabled:
        return False
    draft.note(
        "HR135",
        "the operator ran without Helm 3, which helmVersion asks for: the release did nothing, and is "
        "suspended",
        ("spec", "helmVersion"),
        group="all",
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


def _draft_refused_names(draft: Draft) -> None:
    """Says which names no object can have.

    An object with such a name is refused by the API server; fluxd went on with the others, and
    kustomize-controller stops. What such a reference names never was.

    Source: Kubernetes 1.35 `apimachinery/pkg/api/validation/generic.go`.
    """
    own: Sequence[tuple[Path, str, _Check]] = (
        (("metadata", "name"), draft.name, is_object_name),
        (("metadata", "namespace"), draft.namespace, is_namespace_name),
    )
    for path, name, is_name in own:
        if name and not is_name(name):
            draft.note("RP006", f"{'.'.join(path)}: Kubernetes refuses the name {name!r}", path)
    for path, what, name, is_name in _references(draft):
        if isinstance(name, str) and name and not is_name(name):
            message = f"Kubernetes refuses the name {name!r}: such a {what} never was"
            draft.note("HR130", message, path, group=f"{what} {name}")


def _references(draft: Draft) -> Iterator[tuple[Path, str, Any, _Check]]:
    spec = draft.spec
    yield ("spec", "targetNamespace"), "namespace", spec.get("targetNamespace"), is_namespace_name
    secret = present(present(spec.get("chart")).get("secretRef"))
    yield (*_SECRET, "name"), "Secret", secret.get("name"), is_object_name
    yield (*_SECRET, "namespace"), "namespace", secret.get("namespace"), is_namespace_name
    for each in spec.get("valueFileSecrets") or ():
        yield ("spec", "valueFileSecrets"), "Secret", each.get("name"), is_object_name
    path: Path = ("spec", "valuesFrom")
    for each in spec.get("valuesFrom") or ():
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            reference = present(each.get(key))
            yield path, kind, reference.get("name"), is_object_name
            yield path, "namespace", reference.get("namespace"), is_namespace_name
