"""What a build makes of an object that is put somewhere: it is built with the object, and looked at."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.accumulating import Accumulator
from fluxv2_migrate.kustomize.kustomization import Kustomization, KustomizationPatch
from fluxv2_migrate.kustomize.listed_transformers import listed_transformers
from fluxv2_migrate.kustomize.resources import Resource
from fluxv2_migrate.kustomize.selectors import Selector
from fluxv2_migrate.kustomize.tree import KustomizeTree
from fluxv2_migrate.kustomize.values import Manifest, copy_value, json_value, text_of

_FILE: Final = ".tried.yaml"
_FLUX_2: Final = ".toolkit.fluxcd.io"
# What a build holds beside the object says nothing of it.
_CONTENTS: Final = frozenset({"resources", "bases", "configMapGenerator", "secretGenerator"})
# What makes no difference between two objects of one kind that are in one namespace.
_SAME_FOR_ALL: Final = frozenset({"apiVersion", "components", "kind", "metadata", "namespace", "resources"})


def try_object(
    tree: KustomizeTree,
    kustomization: Kustomization,
    home: str,
    manifest: Mapping[str, Any],
) -> tuple[Manifest, ...] | None:
    r"""Gives what a build makes of an object, were it listed in a kustomization.

    Args:
        kustomization: what is built; its own or with what kustomize-controller puts over it.
        home: the folder whose kustomization lists the object: that one, or one that it takes in.

    Returns:
        The object as the cluster gets it, once for each time; `None` where nobody can tell from texts.

    >>> tree = KustomizeTree({
    ...     "prod/kustomization.yaml": "components: [../parts]\n",
    ...     "parts/kustomization.yaml":
    ...         "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: eu-\n",
    ... })
    >>> source = {"kind": "HelmRepository", "metadata": {"name": "example"}}
    >>> try_object(tree, tree.kustomizations["prod"], "prod", source)
    ({'kind': 'HelmRepository', 'metadata': {'name': 'eu-example'}},)
    """
    is_own = kustomization is tree.kustomization(kustomization.folder)
    metadata = mapping_at(manifest, "metadata")
    of_kind = (
        str(manifest.get("apiVersion")),
        str(manifest.get("kind")),
        str(metadata.get("namespace") or ""),
    )
    key = (kustomization.folder, home, *of_kind)
    if is_own and key in tree.tried:
        return tuple(_moved(manifest, namespace) for namespace in tree.tried[key])
    narrow = _Narrow(tree, kustomization, home, manifest)
    accumulator = Accumulator(narrow)
    gathered = accumulator.folder(kustomization.folder)
    accumulator.finish(gathered, kustomization.path)
    if narrow.is_unknown:
        return None
    made = [each for each in gathered.resources if each.path == narrow.file]
    if is_own and narrow.is_same_for_all and of_kind[0].partition("/")[0].endswith(_FLUX_2):
        # Of no object of Flux v2 kustomize knows fields that follow its namespace.
        tree.tried[key] = tuple(each.namespace for each in made)
    return tuple(json_value(each.manifest) for each in made)


def _moved(manifest: Mapping[str, Any], namespace: str) -> Manifest:
    """Gives an object in a namespace, or in none."""
    metadata = {key: value for key, value in mapping_at(manifest, "metadata").items() if key != "namespace"}
    return {**manifest, "metadata": {**metadata, "namespace": namespace} if namespace else metadata}


@dataclass(slots=True)
class _Narrow:
    """A repository in which kustomizations list what leads to the object, and nothing else."""

    tree: KustomizeTree
    top: Kustomization
    home: str
    manifest: Mapping[str, Any]
    is_unknown: bool = False
    is_same_for_all: bool = True
    way: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.way = tuple(dict.fromkeys((self.home, *self.tree.ancestors(self.home))))

    @property
    def images_in_volumes(self) -> bool:
        """Whether `images` change the images of volumes."""
        return self.tree.images_in_volumes

    @property
    def file(self) -> str:
        """The file in which the object stands."""
        return posixpath.join(self.home, _FILE)

    def kustomization(self, folder: str) -> Kustomization | InvalidManifest | None:
        """Gives the kustomization of a folder, without what does not lead to the object."""
        own = self.top if folder == self.top.folder else self.tree.kustomization(folder)
        if not isinstance(own, Kustomization):
            return own
        self.is_unknown = self.is_unknown or listed_transformers(own, self.tree) is None
        listed = [each.entry for path in self.way for each in own.entries_by_path.get(path, ())]
        if folder == self.home:
            listed.append(_FILE)
        shaping = self._shaping(own)
        if not all(name in _SAME_FOR_ALL or not value for name, value in shaping.items()):
            self.is_same_for_all = False
        return replace(own, document={**shaping, "resources": listed})

    def _shaping(self, own: Kustomization) -> Mapping[str, Any]:
        """Gives what a kustomization does to objects of this kind, whatever they are called."""
        kind = text_of(self.manifest.get("kind", ""))
        if own is not self.tree.kustomization(own.folder):
            return _shaping(self.tree, own, kind)
        known = self.tree.shaping
        if (own.folder, kind) not in known:
            known[own.folder, kind] = _shaping(self.tree, own, kind)
        return known[own.folder, kind]

    def content(self, path: str) -> bytes | None:
        """Gives the bytes of a file."""
        return b"" if path == self.file else self.tree.content(path)

    def is_file(self, path: str) -> bool:
        """Says whether there is such a file."""
        return path == self.file or self.tree.is_file(path)

    def text(self, path: str) -> str:
        """Gives the text of a file that is there."""
        return self.tree.text(path)

    def is_folder(self, path: str) -> bool:
        """Says whether there is such a folder."""
        return self.tree.is_folder(path)

    def resources(self, path: str) -> Sequence[Resource]:
        """Gives the object."""
        return (Resource(copy_value(dict(self.manifest)), path, 0),)

    def remote(self, entry: str) -> str | None:
        """Gives nothing: what lies outside of the repository says nothing of the object."""
        return None  # pragma: no cover - kustomizations list here what leads to the object, and no URL does


def _shaping(tree: KustomizeTree, own: Kustomization, kind: str) -> dict[str, Any]:
    """Gives a kustomization's fields without what it holds, and without the patches of other kinds."""
    document = {name: value for name, value in own.document.items() if name not in _CONTENTS}
    for name in ("patches", "patchesStrategicMerge"):
        entries = document.get(name) or ()
        concerning = [
            patch.index for patch in own.patches if patch.field == name and _concerns(tree, patch, kind)
        ]
        if len(concerning) < len(entries):
            document[name] = [entries[index] for index in concerning]
    return document


def _concerns(tree: KustomizeTree, patch: KustomizationPatch, kind: str) -> bool:
    """Gives whether a patch may be for an object of a kind; one that says of which kind it is need not be."""
    try:
        if patch.target is not None:
            return Selector.of(patch.target).may_select(kind)
        documents, operations = tree.patch(tree.text(patch.path) if patch.path else patch.inline.strip())
    except (InvalidManifest, KeyError):
        return True
    return bool(operations) or any(each.identity.kind == kind for each in documents)
