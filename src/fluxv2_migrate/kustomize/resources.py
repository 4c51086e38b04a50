"""An object while it is built: its value, its identities, and what has happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from fluxv2_migrate.kustomize.values import Manifest, text_of

_NO_NAMESPACE: Final = "_non_namespaceable_"
_CLUSTER_SCOPED: Final = {
    "admissionregistration.k8s.io": {
        "v1": {
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        },
        "v1beta1": {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"},
    },
    "apiextensions.k8s.io": {
        "v1": {"CustomResourceDefinition"},
        "v1beta1": {"CustomResourceDefinition"},
    },
    "apiregistration.k8s.io": {"v1": {"APIService"}, "v1beta1": {"APIService"}},
    "certificates.k8s.io": {
        "v1": {"CertificateSigningRequest"},
        "v1beta1": {"CertificateSigningRequest"},
    },
    "flowcontrol.apiserver.k8s.io": {"v1beta1": {"FlowSchema", "PriorityLevelConfiguration"}},
    "networking.k8s.io": {"v1": {"IngressClass"}, "v1beta1": {"IngressClass"}},
    "node.k8s.io": {"v1": {"RuntimeClass"}, "v1beta1": {"RuntimeClass"}},
    "policy": {"v1beta1": {"PodSecurityPolicy"}},
    "rbac.authorization.k8s.io": {
        "v1": {"ClusterRole", "ClusterRoleBinding"},
        "v1beta1": {"ClusterRole", "ClusterRoleBinding"},
    },
    "scheduling.k8s.io": {"v1": {"PriorityClass"}, "v1beta1": {"PriorityClass"}},
    "storage.k8s.io": {
        "v1": {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"},
        "v1beta1": {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"},
    },
    "": {"v1": {"ComponentStatus", "Namespace", "Node", "NodeProxyOptions", "PersistentVolume"}},
}


def is_cluster_scoped(group: str, version: str, kind: str) -> bool:
    """Says whether kustomize knows that a kind has no namespace; custom kinds have one, to it.

    Source: kustomize kyaml 0.21 `openapi/openapi.go` `precomputedIsNamespaceScoped`.

    >>> is_cluster_scoped("", "v1", "Namespace"), is_cluster_scoped("cert-manager.io", "v1", "ClusterIssuer")
    (True, False)
    """
    return kind in _CLUSTER_SCOPED.get(group, {}).get(version, ())


class Identity(NamedTuple):
    """By what kustomize tells objects apart."""

    group: str
    version: str
    kind: str
    name: str
    namespace: str

    def __str__(self) -> str:
        namespace = f"{self.namespace}/" if self.namespace not in (_NO_NAMESPACE, "default") else ""
        return f"{self.kind} {namespace}{self.name}"


class Step(NamedTuple):
    """A kustomization on an object's way.

    Attributes:
        namespace: the namespace of the object as it came in, before this kustomization's own changes.
    """

    path: str
    namespace: str
    name: str


class PatchUse(NamedTuple):
    """A patch, or what else of a kustomization names fields, that reached an object.

    Attributes:
        kustomization: the file of the kustomization that has the patch.
        field: `patches`, `patchesStrategicMerge`, `patchesJson6902`, `replacements`, `configurations`,
            `labels` or `vars`.
        entry: the index of its entry in that field.
        path: the patch's file; empty for a patch that stands in the kustomization itself.
        document: index of the document in that file, or in the text that stands there.
        kind: `merge` for a strategic merge patch, `json` for a list of JSON 6902 operations, `replacement`,
            `configuration`, `labels` or `variable`.
        inline: the text of a patch that stands in the kustomization itself.
    """

    kustomization: str
    field: str
    entry: int
    path: str
    document: int
    kind: str
    inline: str = ""


@dataclass(slots=True, eq=False)
class Resource:
    """An object while it is built.

    Builds share what they have in common, so that what is in a manifest is never changed: what changes gets
    another one.
    """

    manifest: Manifest
    path: str
    index: int
    item: int | None = None
    line: int = 1
    previous: tuple[tuple[str, str, str], ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    patches: tuple[PatchUse, ...] = ()
    replacements: tuple[PatchUse, ...] = ()
    behavior: str = ""
    wants_hash: bool = False
    variables: tuple[str, ...] = ()
    _identified: Manifest | None = field(default=None, repr=False)
    _identity: Identity | None = field(default=None, repr=False)

    def copy(self) -> Resource:
        """Gives a resource that can be changed on its own; all that it holds is shared, and never changed."""
        return Resource(
            self.manifest,
            self.path,
            self.index,
            self.item,
            self.line,
            self.previous,
            self.prefixes,
            self.suffixes,
            self.steps,
            self.patches,
            self.replacements,
            self.behavior,
            self.wants_hash,
            self.variables,
            self._identified,
            self._identity,
        )

    @property
    def kind(self) -> str:
        """The kind."""
        kind = self.manifest.get("kind", "")
        return kind if kind.__class__ is str else text_of(kind)

    @property
    def group_and_version(self) -> tuple[str, str]:
        """Group and version; the group of the core is empty."""
        return _group_and_version(text_of(self.manifest.get("apiVersion", "")))

    @property
    def name(self) -> str:
        """The name as it is now."""
        return self._said("name")

    @property
    def namespace(self) -> str:
        """The namespace as it is now; empty where there is none."""
        return self._said("namespace")

    def _said(self, key: str) -> str:
        """Gives a text of the metadata; each resource is asked at each step."""
        metadata = self.manifest.get("metadata")
        value = metadata.get(key, "") if isinstance(metadata, dict) else ""
        return value if value.__class__ is str else text_of(value)

    @property
    def is_cluster_scoped(self) -> bool:
        """Whether kustomize gives it no namespace."""
        return is_cluster_scoped(*self.group_and_version, self.kind)

    @property
    def effective_namespace(self) -> str:
        """The namespace by which objects are told apart."""
        if self.is_cluster_scoped:
            return _NO_NAMESPACE
        return self.namespace or "default"

    @property
    def identity(self) -> Identity:
        """Its identity as it is now."""
        known, before = self._identity, self._identified
        if known is None or (before is not self.manifest and _is_named_anew(before or {}, self.manifest)):
            group, version = self.group_and_version
            own = Identity(group, version, self.kind, self.name, self.effective_namespace)
            # Most of what happens to an object leaves it, and builds share it.
            known = self._identity = known if own == known else own
        self._identified = self.manifest
        return known

    @property
    def identities(self) -> Iterable[Identity]:
        """All identities it ever had, the oldest first, the current one last."""
        group, version = self.group_and_version
        for namespace, name, kind in self.previous:
            yield Identity(group, version, kind, name, namespace)
        yield self.identity

    @property
    def original(self) -> Identity:
        """Its first identity."""
        return next(iter(self.identities))

    def remember(self) -> None:
        """Keeps the current identity among the previous ones."""
        self.previous += ((self.effective_namespace, self.name, self.kind),)

    def set_metadata(self, key: str, value: str) -> None:
        """Sets a field of the metadata; an empty value takes it away."""
        self.manifest = with_metadata(self.manifest, key, value)


def _is_named_anew(before: Manifest, after: Manifest) -> bool:
    """Gives whether anything that is part of an identity is another object than it was."""
    return any(before.get(name) is not after.get(name) for name in ("metadata", "apiVersion", "kind"))


@lru_cache(maxsize=256)
def _group_and_version(api: str) -> tuple[str, str]:
    # A repository has few of them, and many objects.
    group, slash, version = api.partition("/")
    return (group, version) if slash else ("", group)


def with_metadata(manifest: Manifest, key: str, value: str) -> Manifest:
    """Gives an object with a field of its metadata, or without it for an empty value.

    Args:
        manifest: the object; itself where nothing changes.
    """
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict) and (metadata.get(key) == value if value else key not in metadata):
        return manifest
    known: Manifest = metadata if isinstance(metadata, dict) else {}
    changed = {**known, key: value} if value else {name: known[name] for name in known if name != key}
    return {**manifest, "metadata": changed}


def steps_apart(
    wanted: Iterable[tuple[Sequence[Step], object]], *, goes_over: bool = False
) -> list[list[Step]]:
    """Gives for each object the kustomizations through which nothing comes of which something else is wanted.

    Args:
        wanted: the kustomizations that each object goes through, with what is wanted of it.
        goes_over: whether it is said of each object, so that what is said further out goes over it: then the
            outermost kustomization of one is its own also where others go on from there.

    Returns:
        The innermost first, as the objects go through them.

    >>> base, prod, test = (Step(f"{name}.yaml", "shop", "web") for name in ("base", "prod", "test"))
    >>> [[step.path for step in each] for each in steps_apart([((base, prod), "a"), ((base, test), "b")])]
    [['prod.yaml'], ['test.yaml']]
    >>> wanted = [((base, prod), "a"), ((base, prod, test), "b")]
    >>> [[step.path for step in each] for each in steps_apart(wanted, goes_over=True)]
    [['prod.yaml'], ['test.yaml']]
    """
    members = list(wanted)
    by_path: dict[str, list[object]] = {}
    for steps, value in members:
        for step in steps:
            known = by_path.setdefault(step.path, [])
            if value not in known:
                known.append(value)
    own = [[step for step in steps if len(by_path[step.path]) == 1] for steps, _ in members]
    if not goes_over:
        return own
    return [
        each or ([steps[-1]] if steps and _ends_within(steps, value, members) else [])
        for each, (steps, value) in zip(own, members, strict=True)
    ]


def _ends_within(
    steps: Sequence[Step], value: object, members: Iterable[tuple[Sequence[Step], object]]
) -> bool:
    """Gives whether all that goes through the last kustomization goes on from there, or is the same."""
    return all(
        other == value or (len(further) > len(steps) and tuple(further[: len(steps)]) == tuple(steps))
        for further, other in members
        if any(step.path == steps[-1].path for step in further)
    )
