"""Under which name, in which namespaces and with which Helm a release was installed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from fluxv2_migrate.flux2.release_name import MAXIMUM_RELEASE_NAME_LENGTH
from fluxv2_migrate.kubernetes import LONGEST_LABEL
from fluxv2_migrate.meaning.release_names import ReleaseName, resolve_release_name
from fluxv2_migrate.rules.draft import Draft, FieldRow
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.yaml_text import Place

_RELEASE_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
NAME_FIELDS: Final = (
    FieldRow("spec.releaseName", ("spec.releaseName",), ("HR014", "HR113"), "always written"),
    FieldRow(
        "spec.targetNamespace",
        ("spec.targetNamespace", "spec.storageNamespace", "spec.releaseName"),
        ("HR130",),
        "the storage namespace only where it differs from that of the release",
        is_later=True,
    ),
    FieldRow("spec.helmVersion", (), ("HR030", "HR032", "HR135"), is_later=True),
)
"""What becomes of the fields that are read here."""


def draft_release_name(
    draft: Draft, installed: str, *, is_named_elsewhere: bool, is_namespace_said: bool
) -> ReleaseName:
    """Writes the release name and the namespaces under which the release runs, and gives them.

    Args:
        installed: the release name that an export of the live object says, or empty.
        is_named_elsewhere: whether overlays give it different release names.
        is_namespace_said: whether its manifest says its namespace.

    Source: helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go` GetReleaseName.
    """
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
            # Whoever says that something else sets it knows where the release is.
            known = ("target_namespace", "storage_namespace") if "HR015" in draft.override.accept else ()
            draft.note("HR015", "the manifest names no namespace", path, group="all", declares=known)
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
    if asks and (
        len(release_name) > MAXIMUM_RELEASE_NAME_LENGTH or not _RELEASE_NAME.fullmatch(release_name)
    ):
        draft.note(
            "HR014",
            f"Helm refuses the release name {release_name!r}: it never ran under it",
            ("spec", "releaseName") if is_named else ("metadata", "name"),
            answer=draft.answer(release_name=""),
        )
    if len(draft.name) > LONGEST_LABEL:
        draft.note("HR016", f"the name has {len(draft.name)} characters", ("metadata", "name"))


def draft_helm_version(draft: Draft, names: ReleaseName) -> None:
    """Takes `helmVersion` out, and says where a release is of Helm 2, or may be."""
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


def running_chart(draft: Draft, names: ReleaseName) -> str:
    """Gives the chart that Helm's last record of a release names; empty where nobody knows."""
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
