"""Parts that several APIs of Flux v2 share.

Source: fluxcd/pkg `apis/meta`, `apis/kustomize`, `apis/acl`.
"""

from __future__ import annotations

from pydantic import StrictStr

from fluxv2_migrate.kubernetes import JsonValue, KubernetesModel, Sequence, Texts


class LocalObjectReference(KubernetesModel):
    """An object in the same namespace."""

    name: StrictStr | None = None


class ObjectReference(KubernetesModel):
    """An object of some kind, in the same namespace where none is given."""

    api_version: StrictStr | None = None
    kind: StrictStr | None = None
    name: StrictStr | None = None
    namespace: StrictStr | None = None


class DependencyReference(KubernetesModel):
    """An object of the same kind that must be ready first."""

    name: StrictStr | None = None
    namespace: StrictStr | None = None
    ready_expr: StrictStr | None = None


class SecretKeyReference(KubernetesModel):
    """A key of a Secret in the same namespace."""

    name: StrictStr | None = None
    key: StrictStr | None = None


class KubeConfigReference(KubernetesModel):
    """How another cluster is reached."""

    config_map_ref: LocalObjectReference | None = None
    secret_ref: SecretKeyReference | None = None


class CommonMetadata(KubernetesModel):
    """Labels and annotations for all objects."""

    labels: Texts | None = None
    annotations: Texts | None = None


class LabelSelectorRequirement(KubernetesModel):
    """A condition on one label."""

    key: StrictStr | None = None
    operator: StrictStr | None = None
    values: Sequence[StrictStr] | None = None


class LabelSelector(KubernetesModel):
    """Objects with these labels."""

    match_labels: Texts | None = None
    match_expressions: Sequence[LabelSelectorRequirement] | None = None


class NamespaceSelector(KubernetesModel):
    """Namespaces with these labels; all of them where no label is given."""

    match_labels: Texts | None = None


class AccessFrom(KubernetesModel):
    """The namespaces from which an object may be used."""

    namespace_selectors: Sequence[NamespaceSelector] | None = None


class CustomHealthCheck(KubernetesModel):
    """Expressions that say when an object of a kind is healthy."""

    api_version: StrictStr | None = None
    kind: StrictStr | None = None
    current: StrictStr | None = None
    in_progress: StrictStr | None = None
    failed: StrictStr | None = None


class Selector(KubernetesModel):
    """The objects that kustomize patches."""

    group: StrictStr | None = None
    version: StrictStr | None = None
    kind: StrictStr | None = None
    namespace: StrictStr | None = None
    name: StrictStr | None = None
    label_selector: StrictStr | None = None
    annotation_selector: StrictStr | None = None


class Patch(KubernetesModel):
    """A patch of kustomize, of either form, as text."""

    patch: StrictStr | None = None
    target: Selector | None = None


class JSON6902(KubernetesModel):
    """One operation of a JSON patch."""

    op: StrictStr | None = None
    path: StrictStr | None = None
    from_: StrictStr | None = None
    value: JsonValue = None


class JSON6902Patch(KubernetesModel):
    """A JSON patch, in the APIs before v1."""

    patch: Sequence[JSON6902] | None = None
    target: Selector | None = None


class Image(KubernetesModel):
    """An image that kustomize replaces."""

    name: StrictStr | None = None
    new_name: StrictStr | None = None
    new_tag: StrictStr | None = None
    digest: StrictStr | None = None
