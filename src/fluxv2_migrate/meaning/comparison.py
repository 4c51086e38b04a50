"""What differs between two meanings, what that does, and what becomes of a running release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal

from fluxv2_migrate.frozen import SCALARS
from fluxv2_migrate.meaning.durations import duration_text
from fluxv2_migrate.meaning.release import GitReference, ReleaseMeaning, ValuesSource
from fluxv2_migrate.quoting import HIDDEN, names_a_secret, plural, without_secrets

CONSEQUENCES: Final[Mapping[str, str]] = {
    "release_name": "no record is found under the other name, and a new release is installed",
    "target_namespace": "the objects are made again in the other namespace, and those that run stay there",
    "storage_namespace": "no record is found there, and an install takes the running objects over",
    "helm_version": "the record of Helm 2 is not found by Helm 3",
    "chart.kind": "the chart comes from somewhere else",
    "chart.url": "the chart comes from somewhere else",
    "chart.served": "its repository was switched off, and no chart can be fetched from it",
    "chart.chart": "another chart is installed",
    "chart.version": "another version of the chart may be installed",
    "chart.reference": "another revision of the chart may be installed",
    "chart.credentials": "the chart cannot be fetched unless these credentials exist and are right",
    "chart.new_chart_on": "the release is upgraded by other commits than before",
    "chart.version_metadata": "`.Chart.Version` changes, and with it every label that is made of it",
    "chart.fetches_dependencies": "dependencies that are not in the repository are fetched, or are missing",
    "chart.default_values": "the chart's own default values are left out, or put back",
    "values": "the chart is rendered with other values",
    "values_from": "values are read from elsewhere, or in another order",
    "values_from.tolerates": "the release fails in other cases of missing or broken values",
    "max_history": "another number of revisions is kept, and older ones are deleted",
    "install.timeout": "an installation fails sooner or later than before",
    "install.wait": "an installation waits until all is ready, or no longer does",
    "install.wait_for_jobs": "an installation waits for Jobs, or no longer does",
    "install.hooks": "hooks of the chart run at an installation, or no longer do",
    "install.crds": "an installation treats the chart's custom resource definitions otherwise",
    "install.openapi_validation": "an installation checks manifests against the API, or no longer does",
    "install.schema_validation": "an installation checks values against a schema, or no longer does",
    "install.take_ownership": "an installation takes over objects of others, or no longer does",
    "install.create_namespace": "an installation makes the namespace, or no longer does",
    "install.replace": "an installation uses the name of a deleted release again, or no longer does",
    "install.server_side_apply": "an installation applies objects in another way",
    "install.remediation.action": "what a failed installation leaves behind is treated otherwise",
    "install.remediation.retries": "a failed installation is tried again more or less often",
    "install.remediation.last_failure": "the last failed installation is removed, or stays",
    "install.remediation.counts_tests": "failed tests fail the installation, or no longer do",
    "upgrade.timeout": "an upgrade fails sooner or later than before",
    "upgrade.wait": "an upgrade waits until all is ready, or no longer does",
    "upgrade.wait_for_jobs": "an upgrade waits for Jobs, or no longer does",
    "upgrade.hooks": "hooks of the chart run at an upgrade, or no longer do",
    "upgrade.crds": "an upgrade changes custom resource definitions, or no longer does",
    "upgrade.force": "an upgrade replaces objects that cannot be changed, or no longer does",
    "upgrade.reuse_values": "values of the last release stay, or are dropped",
    "upgrade.cleanup_on_fail": "a failed upgrade deletes what it made, or no longer does",
    "upgrade.openapi_validation": "an upgrade checks manifests against the API, or no longer does",
    "upgrade.schema_validation": "an upgrade checks values against a schema, or no longer does",
    "upgrade.take_ownership": "an upgrade takes over objects of others, or no longer does",
    "upgrade.server_side_apply": "an upgrade applies objects in another way",
    "upgrade.remediation.action": "what a failed upgrade leaves behind is treated otherwise",
    "upgrade.remediation.retries": "a failed upgrade is tried again more or less often",
    "upgrade.remediation.last_failure": "the last failed upgrade is undone, or stays",
    "upgrade.remediation.counts_tests": "failed tests fail the upgrade, or no longer do",
    "upgrade.rolls_back_adoption": "the first upgrade by the new Flux cannot be rolled back",
    "rollback.timeout": "a rollback fails sooner or later than before",
    "rollback.wait": "a rollback waits until all is ready, or no longer does",
    "rollback.wait_for_jobs": "a rollback waits for Jobs, or no longer does",
    "rollback.hooks": "hooks of the chart run at a rollback, or no longer do",
    "rollback.force": "a rollback replaces objects that cannot be changed, or no longer does",
    "rollback.recreate": "a rollback restarts pods, or no longer does",
    "rollback.cleanup_on_fail": "a failed rollback deletes what it made, or no longer does",
    "rollback.server_side_apply": "a rollback applies objects in another way",
    "test.enabled": "the tests of the chart run, or no longer do",
    "test.timeout": "a test fails sooner or later than before",
    "test.ignore_failures": "failed tests fail the release, or no longer do",
    "test.filters": "other tests of the chart run",
    "uninstall.timeout": "a deletion fails sooner or later than before",
    "uninstall.wait": "a deletion waits until the objects are gone, or no longer does",
    "uninstall.hooks": "hooks of the chart run at a deletion, or no longer do",
    "uninstall.keep_history": "the records of a deleted release stay, or are deleted",
    "uninstall.propagation": "what belongs to the objects is deleted in another way",
    "wait_engine": "what counts as ready is decided otherwise",
    "suspended": "nothing happens to the release until it is resumed",
    "dependencies": "the release waits for others to be ready",
    "service_account": "the release has the rights of this account only",
    "kube_config": "the release goes to another cluster",
    "drift_detection": "what somebody changed in the cluster is noticed or corrected",
    "additional": "Flux v2 does something that Flux v1 could not",
    "refused": "the release, or all that is applied with it, is not accepted",
    "namespace": "kustomize-controller applies nothing of a path with an object that names no namespace",
    "metadata": "what selects or reads it by its labels and annotations finds something else",
    "managers": "both operators work on one Helm release, each against the other",
    "image.written_by": "the image is updated by something else, or no longer",
    "image.repository": "tags of another image are written",
    "image.filter": "other tags are deployed than fluxd would have taken",
    "image.selection": "of the known tags another one is deployed",
    "image.order": "the oldest tag is deployed instead of the newest",
    "image.digest": "the digest is written beside the tag, and followed where the tag moves",
    "image.credentials": "the tags of a private image are not read, and nothing of it is updated",
    "image.source": "updates are written into a source that nothing syncs",
    "image.message": "commits of updates do not say any more what keeps pipelines from running",
    "image.branch": "updates are pushed to a branch that nothing syncs",
    "sync.objects": "it is not applied any more: what runs of it stays as it is, or is pruned",
    "sync.prune": "what leaves the repository is deleted in the cluster, too",
    "sync.added": "it is applied, and was not before",
    "sync.applied_once": "it is made where it is not there, and what is committed later is not applied",
    "sync.contents": "it is applied with another content than before",
    "sync.credentials": "the repository cannot be fetched without them, and nothing is applied",
    "sync.decryption": "encrypted Secrets are refused, and nothing of the path is applied",
    "sync.encrypted": "nothing decrypts it, and nothing of the path is applied with it",
    "sync.target_namespace": "everything of the path is applied in another namespace",
    "sync.substitution": "every `${name}` is replaced, by nothing where it is not defined",
    "sync.branch": "another branch is applied",
    "sync.source": "something else is applied",
    "sync.suspended": "nothing of what is committed is applied until its source is resumed",
    "sync.untold": "what comes of it cannot be told from the files",
    "sync.dependencies": "it waits for a Kustomization that nothing applies, and applies nothing",
    "sync.health_checks": "it waits for what is not there any more, and what depends on it is not applied",
    "sync.signatures": "commits that nobody signed are applied, or none is",
    "sync.common_metadata": "everything of the path gets these labels and annotations",
    "sync.force": "objects that cannot be changed are deleted and made again",
    "sync.deletion_policy": "everything of the path is deleted with its Kustomization",
    "sync.kube_config": "everything of the path is applied to another cluster",
    "sync.service_account": "everything of the path is applied with the rights of this account only",
    "sync.refused": "the API server refuses it, and nothing that is applied with it is changed",
    "sync.flux1": "it starts again, and works against Flux v2",
    "workload": "kustomize-controller changes what runs",
    "managed": "it is applied, and Flux v1 left it alone",
}
"""What happens in the cluster, by the field that differs."""
ABSENT: Final = "(absent)"
"""Stands for a value of a mapping that one side does not have."""
Outcome = Literal["adopted", "renamed", "reinstalled", "taken-over"]
"""What becomes of a running release, in a word; `OUTCOMES` says what each of them does."""
OUTCOMES: Final[Mapping[Outcome, str]] = {
    "adopted": "the record of the running release is found, and the release is upgraded",
    "renamed": (
        "no record is found under the other name: a chart that names its objects after the release is "
        "installed a second time beside what runs; one with fixed names fails to install, or takes the "
        "running objects over where it may"
    ),
    "reinstalled": (
        "the objects are made a second time in the other namespace, and those that run go on without a "
        "record that leads to them; without a record of Helm 3 the install fails on them"
    ),
    "taken-over": (
        "an install takes the running objects over: two records stand for them, and a failed install that is "
        "uninstalled deletes them"
    ),
}
"""What each outcome does in the cluster."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One effective value that is not the same on both sides.

    Its text and what Python prints of it hide credentials, and values below keys that name passwords,
    tokens or keys; `before` and `after` hold them.

    Attributes:
        field: of the meaning, dotted; always one of the same closed list.
        before: the effective value under Flux v1.
        after: the effective value under Flux v2.
        path: where inside of the field: the keys down to a value, the index of a source of values, or the
            field of Flux v2.
    """

    field: str
    before: Any
    after: Any
    path: tuple[str, ...] = ()

    @property
    def consequence(self) -> str:
        """What happens in the cluster.

        >>> Difference("suspended", False, True).consequence
        'nothing happens to the release until it is resumed'
        """
        return CONSEQUENCES[self.field]

    def __str__(self) -> str:
        where = f" at {'.'.join(self.path)}" if self.path else ""
        before, after = self._shown(self.before), self._shown(self.after)
        if before == after != HIDDEN:
            before, after = _told_apart(self.before, before), _told_apart(self.after, after)
        # Of lists that are as long as each other it would be too long to tell what differs.
        return f"{self.field}{where}: {before} → {'others' if before == after != HIDDEN else after}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _shown(self, value: Any) -> str:
        says_nothing = value is None or isinstance(value, bool) or value in ("", ABSENT)
        return HIDDEN if names_a_secret(self.path) and not says_nothing else _shown(value)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, GitReference):
        return f"{value.kind} {value.value}"
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, (Mapping, list)):
        return plural(len(value), "entry", "entries")
    return without_secrets(str(value)) if value != "" else '""'


def _told_apart(value: Any, shown: str) -> str:
    """Gives a text that reads as a number or a truth value as the text that it is."""
    return f'"{shown}"' if isinstance(value, str) else shown


def compare_meanings(before: ReleaseMeaning, after: ReleaseMeaning) -> tuple[Difference, ...]:
    """Gives every effective value in which two meanings differ.

    Returns:
        The differences, in the order of the fields. What does not apply or is not known on one side is
        left out: that it does not apply is itself said by another field.
    """
    return tuple(_compare("", before, after))


def _compare(name: str, before: Any, after: Any) -> Iterator[Difference]:
    if before is None or after is None:
        return
    if before.__class__ in SCALARS:
        if not same_json(before, after):
            yield Difference(name, before, after)
    elif isinstance(before, GitReference):
        if not before.may_be(after):
            yield Difference(name, before, after)
    elif is_dataclass(before):
        for each in fields(before):
            if each.metadata.get("compared", True):
                inner = f"{name}.{each.name}" if name else each.name
                yield from _compare(inner, getattr(before, each.name), getattr(after, each.name))
    elif name == "values_from":
        yield from _values_from(before, after)
    elif isinstance(before, Mapping):
        yield from _mappings(name, before, after, ())
    elif not same_json(before, after):
        yield Difference(name, before, after)


def _values_from(before: Sequence[ValuesSource], after: Sequence[ValuesSource]) -> Iterator[Difference]:
    if len(before) != len(after) or not all(map(_same_source, before, after)):
        yield Difference("values_from", tuple(before), tuple(after))
        return
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        if old.tolerates != new.tolerates:
            yield Difference("values_from.tolerates", old.tolerates, new.tolerates, (str(index),))


def _same_source(one: ValuesSource, other: ValuesSource) -> bool:
    known = one.namespace and other.namespace
    return replace(one, tolerates=(), namespace=known and one.namespace) == replace(
        other, tolerates=(), namespace=known and other.namespace
    )


def _mappings(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[Difference]:
    for key in {**before, **after}:
        here = (*path, key)
        if key not in before or key not in after:
            yield Difference(name, before.get(key, ABSENT), after.get(key, ABSENT), here)
        elif isinstance(before[key], (dict, Mapping)) and isinstance(after[key], (dict, Mapping)):
            yield from _mappings(name, before[key], after[key], here)
        elif not same_json(before[key], after[key]):
            yield Difference(name, before[key], after[key], here)


def in_cluster(resource: str, cluster: str) -> str:
    """Gives how a resource is called where what is declared of it counts in one cluster alone.

    >>> in_cluster("HelmRelease shop/web", "prod")
    'HelmRelease shop/web in prod'
    """
    return f"{resource} in {cluster}"


def same_json(one: Any, other: Any) -> bool:
    """Gives whether two values of JSON are the same: `true` is no `1`, and `1.0` is one.

    What is no number is no JSON either, and is the same wherever it stands.

    >>> same_json([1, {"a": None}], [1.0, {"a": None}]), same_json(True, 1)
    (True, False)
    >>> same_json(float("nan"), float("nan"))
    True
    """
    if one.__class__ is str and other.__class__ is str:
        # Most of what is compared are texts.
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other or (one != one and other != other))


def outcome_in_the_cluster(before: ReleaseMeaning, after: ReleaseMeaning) -> Outcome:
    """Gives what becomes of a running release.

    Returns:
        The outcome once the release is not suspended; a namespace that is not known is taken for the right
        one.

    Source: helm-controller 1.6.3 `internal/reconcile/state.go`, `atomic_release.go`: the record of that
    name in the storage namespace decides between an upgrade and an installation, which Helm lets have
    objects that carry the same release name and namespace.
    """
    if before.release_name != after.release_name:
        return "renamed"
    if _differ(before.target_namespace, after.target_namespace):
        return "reinstalled"
    if before.helm_version != after.helm_version:
        # Helm 3 finds no record, and the objects do not say whose they are.
        return "taken-over" if after.install.take_ownership else "reinstalled"
    return "taken-over" if _differ(before.storage_namespace, after.storage_namespace) else "adopted"


def _differ(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and before != after
