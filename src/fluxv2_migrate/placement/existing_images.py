"""The image automation that stands in a repository already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fluxv2_migrate.errors import InvalidImageReference
from fluxv2_migrate.flux1 import ImageRef
from fluxv2_migrate.flux2.image_objects import IMAGE_GROUP
from fluxv2_migrate.kubernetes import as_object, group_of, mapping_at, named_by, namespace_and_name
from fluxv2_migrate.rules.images import choice_key
from fluxv2_migrate.rules.registries import canonical_name


@dataclass(frozen=True, slots=True)
class ExistingImageObject:
    """An ImageRepository, ImagePolicy or ImageUpdateAutomation of the repository.

    Attributes:
        key: of an ImageRepository the image by the name under which all ways to write it are one; of an
            ImagePolicy what is compared of its choice.
        image: of an ImageRepository how the image is written.
        refers_to: namespace and name of the ImageRepository or GitRepository.
        path: of an ImageUpdateAutomation what it updates.
        branch: that it pushes to, where it says one.
        secret_name: of an ImageRepository the credentials.
        suspended: whether it does nothing until somebody resumes it.
        selector: of an ImageUpdateAutomation what says which policies it takes.
        cluster: the one that sees it; empty where any may.
    """

    kind: str
    namespace: str
    name: str
    key: tuple[str, ...] = ()
    image: str = ""
    refers_to: tuple[str, str] = ("", "")
    path: str = ""
    branch: str = ""
    secret_name: str = ""
    cluster: str = ""
    suspended: bool = False
    labels: Mapping[str, Any] = field(default_factory=dict, hash=False)
    selector: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], cluster: str = "") -> ExistingImageObject | None:
        """Reads an object of image automation; anything else is none.

        >>> spec = {"image": "nginx"}
        >>> ExistingImageObject.of_manifest({"apiVersion": "image.toolkit.fluxcd.io/v1",
        ...     "kind": "ImageRepository", "metadata": {"name": "nginx"}, "spec": spec}).key
        ('index.docker.io/library/nginx',)
        """
        if group_of(manifest) != IMAGE_GROUP:
            return None
        found = cls._of_kind(str(manifest.get("kind")), manifest, cluster)
        suspended = mapping_at(manifest, "spec").get("suspend") is True
        return None if found is None else replace(found, suspended=suspended)

    @classmethod
    def _of_kind(cls, kind: str, manifest: Mapping[str, Any], cluster: str) -> ExistingImageObject | None:
        spec = mapping_at(manifest, "spec")
        namespace, name = namespace_and_name(manifest)
        if kind == "ImageRepository":
            image = str(spec.get("image") or "")
            secret = str(as_object(spec.get("secretRef")).get("name") or "")
            return cls(
                kind, namespace, name, (_canonical(image),), image, secret_name=secret, cluster=cluster
            )
        if kind == "ImagePolicy":
            follows = spec.get("digestReflectionPolicy") == "Always"
            key = choice_key(as_object(spec.get("policy")), as_object(spec.get("filterTags")), follows)
            refers_to = named_by(spec.get("imageRepositoryRef"), namespace)
            labels = mapping_at(manifest, "metadata", "labels")
            return cls(kind, namespace, name, key, refers_to=refers_to, cluster=cluster, labels=labels)
        if kind == "ImageUpdateAutomation":
            refers_to = named_by(spec.get("sourceRef"), namespace)
            path = str(as_object(spec.get("update")).get("path") or "")
            git = as_object(spec.get("git"))
            pushed = as_object(git.get("push")).get("branch") or mapping_at(git, "checkout", "ref").get(
                "branch"
            )
            return cls(
                kind,
                namespace,
                name,
                refers_to=refers_to,
                path=path,
                branch=str(pushed or ""),
                cluster=cluster,
                selector=as_object(spec.get("policySelector")),
            )
        return None


def _canonical(text: str) -> str:
    try:
        return canonical_name(ImageRef.parse(text))
    except InvalidImageReference:
        return text
