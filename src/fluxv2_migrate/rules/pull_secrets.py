"""The Secrets with which fluxd read the tags of an image: those with which its pods pull it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.flux1 import ContainerImage
from fluxv2_migrate.flux1.containers import pod_of
from fluxv2_migrate.kubernetes import as_list, as_object

Lookup = Callable[[str, str, str], Mapping[str, Any] | None]
"""Gives the manifest of a kind, namespace and name, where the repository holds one."""


@dataclass(frozen=True, slots=True, order=True)
class PullSecret:
    """A Secret that holds the credentials of registries."""

    namespace: str
    name: str


def nothing_known(kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
    """Gives no manifest, whatever is looked for."""
    return None


def find_pull_secrets(
    manifest: Mapping[str, Any], namespace: str, image: ContainerImage, lookup: Lookup = nothing_known
) -> tuple[PullSecret, ...]:
    """Gives the Secrets with which the image of a workload is pulled; of two for one host the later counts.

    Returns:
        Those of the ServiceAccount before those of the pod; of a HelmRelease those of the namespace's default
        ServiceAccount before those that its values name.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/images.go` `mergeCredentials`.

    >>> containers = [{"name": "a", "image": "ghcr.io/a/b:1"}]
    >>> pod = {"imagePullSecrets": [{"name": "registry"}], "containers": containers}
    >>> manifest = {"kind": "Deployment", "spec": {"template": {"spec": pod}}}
    >>> from fluxv2_migrate.flux1 import find_images
    >>> find_pull_secrets(manifest, "shop", find_images(manifest)[0])
    (PullSecret(namespace='shop', name='registry'),)
    """
    pod = pod_of(manifest)
    account = pod.get("serviceAccountName") or pod.get("serviceAccount") or "default"
    names = [*_names(as_object(lookup("ServiceAccount", namespace, str(account))).get("imagePullSecrets"))]
    names += _names(pod.get("imagePullSecrets"))
    if manifest.get("kind") == "HelmRelease":
        names += _names_in_values(manifest, image)
    return tuple(PullSecret(namespace, name) for name in dict.fromkeys(names))


def _names_in_values(manifest: Mapping[str, Any], image: ContainerImage) -> Iterator[str]:
    # Every chart has its own fields; these are the ones that most have, and nearest the image counts most.
    holder: Any = as_object(manifest.get("spec")).get("values")
    holders = [as_object(holder)]
    for key in image.paths.repository[2:-1]:
        holder = as_object(holder).get(str(key))
        holders.append(as_object(holder))
    for each in holders:
        for field in ("imagePullSecrets", "pullSecrets"):
            yield from _names(each.get(field))


def _names(references: Any) -> Iterator[str]:
    for reference in as_list(references):
        name = reference.get("name") if isinstance(reference, Mapping) else reference
        if isinstance(name, str) and name:
            yield name
