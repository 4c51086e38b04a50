"""What a release is under Flux v2 in each state that it has on its way through kustomizations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.flux1.policies import is_of_fluxd
from fluxv2_migrate.flux2.releases import FluxVersion, preferred_api_version
from fluxv2_migrate.kubernetes import annotations_of, as_object, with_annotations
from fluxv2_migrate.plan import REMOVED, Move, Operation, Plan, Remove, Set, apply_to_mapping, leaf_at
from fluxv2_migrate.rules import (
    ChartSourceRequest,
    ReleaseDraft,
    SeenRelease,
    SourceReference,
    ValuesOfUrl,
    draft_helm_release,
)
from fluxv2_migrate.settings.of_clusters import ReleaseSettings
from fluxv2_migrate.settings.options import MigrationOptions, Override

_API: Final = ("apiVersion",)
_CHART: Final = ("spec", "chart")
_STORAGE: Final = ("spec", "storageNamespace")
_SOURCE_FIELDS: Final = ("git", "path", "repository", "name", "version")


@dataclass(frozen=True, slots=True)
class References:
    """The sources that the states of a release refer to.

    Attributes:
        by_request: what serves each request, by its identity.
        namespaces: in which clusters see the release.
        new: the identities of requests for which a source is made.
    """

    by_request: Mapping[tuple[object, ...], SourceReference]
    namespaces: frozenset[str]
    new: frozenset[tuple[object, ...]] = frozenset()

    def of(self, request: ChartSourceRequest | None) -> SourceReference:
        """Gives what serves a request; a state that no cluster sees has the source of one that some do."""
        first = next(iter(self.by_request.values()))
        return first if request is None else self.by_request.get(request.identity, first)


@dataclass(slots=True)
class ReleaseForms:
    """The forms of one release.

    Any form does in between, as long as each patch makes of the one before it the one after it; what clusters
    see in the end is what the rules make of it.

    Attributes:
        version: the Flux release that will run.
        override: what a person decided for the release.
        settings: those of one of its clusters.
        seen: how one of its clusters sees it.
        whole: what one of its clusters sees, which completes the chart of a state that has none yet.
        values_of_urls: what is here of the values that it takes from URLs.
        is_stored_alike: whether its records are in one namespace in all clusters.
        api_version: of the release, which is one for all clusters that have it.
        drafts: that were made, by the state.
        known: that were made before, by the very object of the state, with it.

    The forms of a state are made once for the same sources: most patches change values alone.
    """

    options: MigrationOptions
    version: FluxVersion
    override: Override
    settings: ReleaseSettings
    seen: SeenRelease
    whole: Mapping[str, Any]
    values_of_urls: Mapping[str, ValuesOfUrl] = field(default_factory=dict)
    is_stored_alike: bool = False
    api_version: str = ""
    drafts: dict[str, ReleaseDraft] = field(default_factory=dict)
    known: dict[int, tuple[Mapping[str, Any], ReleaseDraft]] = field(default_factory=dict)
    _others: dict[tuple[SeenRelease, ReleaseSettings, FluxVersion], ReleaseForms] = field(
        default_factory=dict
    )
    _of_clusters: dict[tuple[SeenRelease, str, FluxVersion], ReleaseForms] = field(default_factory=dict)
    _made: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _made_for: References | None = None

    def of_cluster(self, seen: SeenRelease, settings: ReleaseSettings, version: FluxVersion) -> ReleaseForms:
        """Gives the forms of the release as another of its clusters has it."""
        named = (seen, settings.cluster, version)
        if named not in self._of_clusters:
            self._of_clusters[named] = self._alike(seen, settings, version)
        return self._of_clusters[named]

    def _alike(self, seen: SeenRelease, settings: ReleaseSettings, version: FluxVersion) -> ReleaseForms:
        """Gives the forms that all clusters have in common to which the release is the same."""
        key = (seen, replace(settings, cluster=""), version)
        if key == (self.seen, replace(self.settings, cluster=""), self.version):
            return self
        if key not in self._others:
            api_version = self.api_version or preferred_api_version("HelmRelease", self.version)
            own = replace(self, seen=seen, settings=settings, version=version, api_version=api_version)
            self._others[key] = replace(
                own, drafts={}, known={}, _others={}, _of_clusters={}, _made={}, _made_for=None
            )
        return self._others[key]

    def know(self, state: Mapping[str, Any], draft: ReleaseDraft) -> None:
        """Takes a draft that was made of a state already, with the same settings."""
        self.known.setdefault(id(state), (state, draft))

    def let_go(self) -> None:
        """Lets go of the drafts, once all of it is converted."""
        self.drafts.clear()
        self.known.clear()
        self._others.clear()
        self._of_clusters.clear()
        self._made.clear()
        self._made_for = None

    def plan(self, state: Mapping[str, Any], references: References) -> Plan:
        """Gives the operations that make the form of a state."""
        completed = self._completed(state)
        draft = self._draft(completed)
        request = draft.source
        is_new = request is not None and request.identity in references.new
        plan = draft.plan(references.of(request), source_is_new=is_new, namespaces=references.namespaces)
        # What follows from the namespace is said where that is known.
        left_out = _STORAGE if self.seen.is_named_elsewhere and not self.is_stored_alike else None
        return tuple(
            replace(each, value=self.api_version)
            if self.api_version and isinstance(each, Set) and each.path == _API
            else each
            for each in plan
            if _applies(each, state, completed) and getattr(each, "path", ()) != left_out
        )

    def form(self, state: Mapping[str, Any], references: References) -> Mapping[str, Any]:
        """Gives the form of a state, without its metadata and values."""
        if references is not self._made_for:
            self._made, self._made_for = {}, references
        spec = dict(as_object(state.get("spec")))
        spec.pop("values", None)
        bare = {"apiVersion": state["apiVersion"], "kind": state["kind"], "spec": spec}
        key = repr(bare)
        if key not in self._made:
            form = apply_to_mapping(self.plan(bare, references), bare)
            form.pop("metadata", None)
            self._made[key] = form
        return self._made[key]

    def _draft(self, state: Mapping[str, Any]) -> ReleaseDraft:
        if id(state) in self.known:
            # Most states are what a cluster sees, which is large to write down.
            return self.known[id(state)][1]
        key = repr(state)
        if key not in self.drafts:
            self.drafts[key] = draft_helm_release(
                state,
                self.options,
                self.version,
                self.override,
                self.settings,
                self.seen,
                self.values_of_urls,
            )
        return self.drafts[key]

    def _completed(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        known = as_object(leaf_at(state, _CHART))
        whole = as_object(leaf_at(self.whole, _CHART))
        missing = {
            name: whole[name]
            for name in _SOURCE_FIELDS
            if whole.get(name) is not None and known.get(name) is None
        }
        if not missing or self._draft(state).source is not None:
            return state
        return {**state, "spec": {**(state.get("spec") or {}), "chart": {**known, **missing}}}


def _applies(operation: Operation, state: Mapping[str, Any], completed: Mapping[str, Any]) -> bool:
    """Gives whether an operation is for what a state has itself."""
    if isinstance(operation, Remove) or state is completed:
        return True
    if isinstance(operation, Move):
        return leaf_at(state, operation.source) is not REMOVED
    if operation.path[:2] != _CHART:
        return True
    chart = leaf_at(state, _CHART)
    if not isinstance(chart, Mapping) or not chart:
        return False
    asked = [tuple(each.split(".")) for each in operation.because if each.startswith("spec.chart.")]
    return not asked or any(leaf_at(state, each) is not REMOVED for each in asked)


class MadeOnce:
    """Releases after a plan; what is made of one serves all that differ from it in their values alone.

    Most patches change nothing else, and builds share what no patch changes.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[Plan, dict[str, Any]]] = {}

    def after(self, plan: Plan, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Gives a release after a plan, without annotations of fluxd.

        Args:
            manifest: as a build gives it, which is held elsewhere.
        """
        spec = manifest.get("spec")
        if not isinstance(spec, dict) or "values" not in spec or any(map(_concerns_values, plan)):
            return _without_marks(apply_to_mapping(plan, manifest))
        of_object = ((key, item is spec or id(item)) for key, item in manifest.items())
        of_spec = ((key, key == "values" or id(item)) for key, item in spec.items())
        rest = (*of_object, None, *of_spec)
        known = self._known.get(rest)
        if known is None or known[0] != plan:
            known = self._known[rest] = (plan, _without_marks(apply_to_mapping(plan, manifest)))
        _, after = known
        return {**after, "spec": {**after["spec"], "values": spec["values"]}}


def _concerns_values(operation: Operation) -> bool:
    """Gives whether an operation reads, writes or moves values, or all that they stand in."""
    paths = (operation.source, operation.target) if isinstance(operation, Move) else (operation.path,)
    return any(path[:2] in (("spec",), ("spec", "values")) for path in paths)


def _without_marks(manifest: dict[str, Any]) -> dict[str, Any]:
    """Gives a release without the annotations of fluxd, which tell Flux v2 nothing."""
    annotations = annotations_of(manifest).items()
    return with_annotations(manifest, {key: value for key, value in annotations if not is_of_fluxd(key)})
