"""Notifications of notification-controller.

Source: notification-controller 1.9.3 `api/v1beta3` and `api/v1`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr, StringConstraints

from fluxv2_migrate.flux2.meta import LocalObjectReference
from fluxv2_migrate.kubernetes import JsonObject, KubernetesModel, KubernetesObject, Sequence, Texts

_ApiVersion = Annotated[
    StrictStr, StringConstraints(pattern=r"^notification\.toolkit\.fluxcd\.io/v[a-z0-9]+$")
]


class ProviderSpec(KubernetesModel):
    """Where events are sent to."""

    type: StrictStr | None = None
    interval: StrictStr | None = None
    channel: StrictStr | None = None
    username: StrictStr | None = None
    address: StrictStr | None = None
    timeout: StrictStr | None = None
    proxy: StrictStr | None = None
    proxy_secret_ref: LocalObjectReference | None = None
    secret_ref: LocalObjectReference | None = None
    service_account_name: StrictStr | None = None
    cert_secret_ref: LocalObjectReference | None = None
    suspend: StrictBool | None = None
    commit_status_expr: StrictStr | None = None


class Provider(KubernetesObject):
    """A place to which events are sent."""

    api_version: _ApiVersion
    kind: Literal["Provider"]
    spec: ProviderSpec = Field(default_factory=ProviderSpec)
    status: JsonObject | None = None


class EventSource(KubernetesModel):
    """Objects of a kind, by name or by labels."""

    api_version: StrictStr | None = None
    kind: StrictStr | None = None
    name: StrictStr | None = None
    namespace: StrictStr | None = None
    match_labels: Texts | None = None


class AlertSpec(KubernetesModel):
    """Which events are sent, and to which provider."""

    provider_ref: LocalObjectReference | None = None
    event_severity: StrictStr | None = None
    event_sources: Sequence[EventSource] | None = None
    inclusion_list: Sequence[StrictStr] | None = None
    exclusion_list: Sequence[StrictStr] | None = None
    event_metadata: Texts | None = None
    summary: StrictStr | None = None
    suspend: StrictBool | None = None


class Alert(KubernetesObject):
    """Events that are sent."""

    api_version: _ApiVersion
    kind: Literal["Alert"]
    spec: AlertSpec = Field(default_factory=AlertSpec)
    status: JsonObject | None = None


class ReceiverSpec(KubernetesModel):
    """Which webhooks are taken, and what they set off."""

    type: StrictStr | None = None
    interval: StrictStr | None = None
    events: Sequence[StrictStr] | None = None
    resources: Sequence[EventSource] | None = None
    resource_filter: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    suspend: StrictBool | None = None


class Receiver(KubernetesObject):
    """A webhook that sets off a reconciliation."""

    api_version: _ApiVersion
    kind: Literal["Receiver"]
    spec: ReceiverSpec = Field(default_factory=ReceiverSpec)
    status: JsonObject | None = None
