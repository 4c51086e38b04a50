"""A repository as kustomize sees it: which folders are kustomizations, who includes whom, what they build."""

from __future__ import annotations

import posixpath
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.folders import folders_of, kustomization_files
from fluxv2_migrate.kustomize.accumulating import Accumulation, Accumulator
from fluxv2_migrate.kustomize.building import Build, BuiltObject
from fluxv2_migrate.kustomize.derived import Derived
from fluxv2_migrate.kustomize.kustomization import (
    TRANSFORMERS,
    Kustomization,
    KustomizationPatch,
    PatchPlace,
    read_kustomization,
)
from fluxv2_migrate.kustomize.listed_transformers import listed_transformers
from fluxv2_migrate.kustomize.patches import ReadPatch
from fluxv2_migrate.kustomize.resources import PatchUse, Resource
from fluxv2_migrate.kustomize.source_ignore import artifact_files
from fluxv2_migrate.kustomize.values import Manifest, json_value, read_manifests

Remote = Callable[[str], str | None] | Mapping[str, str]


class KustomizeTree:
    r"""A repository's files; every file is read once, however many folders are built.

    Args:
        files: path in the repository to content.
        remote: the text that stands for a base outside of the repository, if there is one.
        images_in_volumes: whether `images` change the images of volumes, as kustomize 5.7 and later do.
        derived: what builds of other such trees made of manifests.

    >>> tree = KustomizeTree({
    ...     "base/kustomization.yaml": "resources: [web.yaml]\n",
    ...     "base/web.yaml": "kind: HelmRelease\nmetadata: {name: web}\n",
    ...     "prod/kustomization.yaml": "resources: [../base]\nnamespace: prod\n",
    ... })
    >>> tree.build("prod").objects[0].manifest
    {'kind': 'HelmRelease', 'metadata': {'name': 'web', 'namespace': 'prod'}}
    >>> [kustomization.folder for kustomization in tree.includers("base")]
    ['prod']
    """

    def __init__(
        self,
        files: Mapping[str, str | bytes],
        *,
        remote: Remote | None = None,
        images_in_volumes: bool = True,
        derived: Derived | None = None,
    ) -> None:
        self.files = files
        self._remote = remote
        self.images_in_volumes = images_in_volumes
        self._resources: dict[str, tuple[Resource, ...] | InvalidManifest] = {}
        # Nothing for the tree itself: a circle would hold all until the collector of garbage comes by.
        self._artifacts: dict[str | None, KustomizeTree | None] = {}
        self._read: dict[str, Kustomization | InvalidManifest | None] = {}
        self._builds: dict[str, Build] = {}
        self._latest: KustomizeTree | None = None
        # For trials: by folder and kind, what its kustomization may do to an object of that kind.
        self.shaping: dict[tuple[str, str], Mapping[str, Any]] = {}
        # Where that is to give a namespace alone: by what counts then, the namespaces that came of it.
        self.tried: dict[tuple[str, ...], tuple[str, ...]] = {}
        # For clusters: by folder, whether its kustomization does more than to list files of its own; each
        # object of a folder is asked, and one kustomization may list thousands of files.
        self.shapers: dict[str, bool] = {}
        self._derived = derived or Derived()
        self.accumulator = Accumulator(weakref.proxy(self), self._derived)

    def with_files(self, files: Mapping[str, str | bytes | None]) -> KustomizeTree:
        """Gives a tree with other files; what was read and built of those that stay is not done again.

        Args:
            files: path to content, or to nothing for a file that goes; a kustomization among them takes the
                place of that of its folder.
        """
        self._derived.begin_trials()
        after = {**self.files, **files}
        kept = {path: content for path, content in after.items() if content is not None}
        tree = self._like(kept, frozenset(files))
        # What one trial built is often what the next one builds.
        if self._latest is not None:
            tree._learn(self._latest, frozenset(self._latest.changes_to(tree.files)))
        self._latest = tree
        return tree

    def let_trials_go(self) -> None:
        """Lets go of what was built of other files, and of what was made on the way."""
        self._latest = None
        self._derived.let_go()

    def let_build_go(self, folder: str) -> None:
        """Lets go of a folder's kustomization, and of what was made on its way; bases elsewhere stay."""
        build = self._builds.pop(folder, None)
        self._read.pop(folder, None)
        for path in build.files if build is not None else ():
            if path.startswith(f"{folder}/"):
                self._resources.pop(path, None)
                self.accumulator.forget(posixpath.dirname(path))
        self._derived.let_merges_go()

    def changes_to(self, files: Mapping[str, str | bytes]) -> dict[str, str | bytes | None]:
        """Gives the files that another repository has otherwise, and nothing for those that it does not have.

        >>> KustomizeTree({"a": "1", "b": "2", "c": "3"}).changes_to({"a": "1", "b": "0"})
        {'b': '0', 'c': None}
        """
        changed = {path: content for path, content in files.items() if self.files.get(path) != content}
        return {**changed, **dict.fromkeys(path for path in self.files if path not in files)}

    def _like(self, files: Mapping[str, str | bytes], changed: frozenset[str]) -> KustomizeTree:
        """Gives a tree of other files that shares what is known of those that have not changed."""
        tree = KustomizeTree(
            files, remote=self._remote, images_in_volumes=self.images_in_volumes, derived=self._derived
        )
        if files.keys() == self.files.keys():
            tree.folders = self.folders
        tree._learn(self, changed)
        return tree

    def _learn(self, other: KustomizeTree, changed: Collection[str]) -> None:
        """Takes over what another tree knows of files that have not changed since."""
        folders = {posixpath.dirname(path) for path in changed}
        known = {path: found for path, found in other._resources.items() if path not in changed}
        self._resources = {**known, **self._resources}
        self._read = {
            **{folder: found for folder, found in other._read.items() if folder not in folders},
            **self._read,
        }
        self.accumulator.learn(other.accumulator, changed)
        for folder in self.accumulator.gathered_alike(other.accumulator):
            if folder in other._builds:
                self._builds.setdefault(folder, other._builds[folder])

    @cached_property
    def files_in_order(self) -> tuple[str, ...]:
        """The paths of all files, folder by folder."""
        return tuple(sorted(self.files, key=lambda path: path.split("/")))

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders; the repository's root is the empty text."""
        return frozenset(folders_of(self.files))

    @cached_property
    def kustomizations(self) -> Mapping[str, Kustomization]:
        """The kustomizations that kustomize can read, by folder, sorted."""
        found: dict[str, Kustomization] = {}
        for folder in sorted(self.folders):
            kustomization = self.kustomization(folder)
            if isinstance(kustomization, Kustomization):
                found[folder] = kustomization
        return MappingProxyType(found)

    def kustomization(self, folder: str) -> Kustomization | InvalidManifest | None:
        """Gives the kustomization of a folder, why it is none, or `None` if there is no such file.

        Args:
            folder: path in the repository; empty for its root.
        """
        if folder not in self._read:
            self._read[folder] = self._find(folder)
        return self._read[folder]

    def patch_entry(self, use: PatchUse) -> KustomizationPatch | None:
        """Gives the entry of a kustomization in which a patch stands; nothing where it stands elsewhere."""
        kustomization = self.kustomizations.get(posixpath.dirname(use.kustomization))
        if kustomization is None:
            return None
        if use.field == TRANSFORMERS:
            return next(
                (each for each in self._listed_patches(kustomization) if each.index == use.entry), None
            )
        return kustomization.patches_by_entry.get((use.field, use.entry))

    def patches(self, kustomization: Kustomization) -> tuple[KustomizationPatch, ...]:
        """Gives all patches of a kustomization, those of transformers that it lists last."""
        return (*kustomization.patches, *self._listed_patches(kustomization))

    def _listed_patches(self, kustomization: Kustomization) -> Iterator[KustomizationPatch]:
        for each in listed_transformers(kustomization, self) or ():
            yield from each.patches

    def patch_place(self, use: PatchUse) -> PatchPlace:
        """Gives where it is written what a patch does, and to what."""
        entry = self.patch_entry(use)
        if entry is not None and entry.place is not None:
            return entry.place
        at: tuple[str | int, ...] = (*use.field.split("."), use.entry)
        said = at if use.field == "patchesStrategicMerge" else (*at, "path" if use.path else "patch")
        return PatchPlace(use.kustomization, 0, at, said)

    def has_kustomization_file(self, folder: str, gone: Collection[str] = ()) -> bool:
        """Says whether a folder has a file with a kustomization's name, whatever is in it.

        Args:
            gone: files that do not count.
        """
        return any(path not in gone for path in self._kustomization_files(folder))

    def _kustomization_files(self, folder: str) -> list[str]:
        return [path for path in kustomization_files(folder) if path in self.files]

    def _find(self, folder: str) -> Kustomization | InvalidManifest | None:
        paths = self._kustomization_files(folder)
        if len(paths) > 1:
            reason = f"several kustomization files in one folder: {', '.join(paths)}"
            return InvalidManifest(reason, path=paths[0], line=1)
        try:
            return read_kustomization(paths[0], self.text(paths[0])) if paths else None
        except InvalidManifest as error:
            return error

    def is_folder(self, path: str) -> bool:
        """Says whether there is such a folder."""
        return path in self.folders

    def is_file(self, path: str) -> bool:
        """Says whether there is such a file."""
        return path in self.files

    def content(self, path: str) -> bytes | None:
        """Gives the bytes of a file, or `None` if there is no such file."""
        content = self.files.get(path)
        return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content

    def text(self, path: str) -> str:
        """Gives the text of a file.

        Raises:
            InvalidManifest: it is not UTF-8.
            KeyError: there is no such file.
        """
        content = self.files[path]
        if isinstance(content, str):
            return content
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidManifest("the file is no UTF-8", path=path, line=1) from None

    def resources(self, path: str) -> Sequence[Resource]:
        """Gives the objects of a file, not to be changed.

        Raises:
            InvalidManifest: kustomize refuses the file.
        """
        if path not in self._resources:
            self._resources[path] = self._read_resources(path)
        found = self._resources[path]
        if isinstance(found, InvalidManifest):
            raise found
        return found

    def patch(self, text: str) -> ReadPatch:
        """Gives what a patch says, as a file or a kustomization has it.

        Raises:
            InvalidManifest: it is no patch.
        """
        return self._derived.patch(text)

    def know(self, values: Mapping[str, Any]) -> None:
        """Takes the values of more documents that were read already, so that each is held once.

        Args:
            values: by the texts of the documents, as Flux v1 or kustomize read them.
        """
        # Trees that share builds may be of several repositories.
        self._derived.values = {**self._derived.values, **values}

    def know_edited(self, values: Mapping[str, Any]) -> None:
        """Takes the values of documents that were edited, until trials are let go.

        Args:
            values: by the texts of the documents.
        """
        self._derived.edited = {**self._derived.values, **values}

    def manifests(self, path: str) -> list[Manifest]:
        """Gives the objects of a file as kustomize reads them, in JSON's types.

        Raises:
            InvalidManifest: kustomize refuses the file.
        """
        return [json_value(each.manifest) for each in self.resources(path)]

    def manifest(self, path: str, index: int) -> Manifest:
        """Gives the object of a document as kustomize reads it, in JSON's types.

        Raises:
            InvalidManifest: kustomize refuses the file.
            StopIteration: there is no such object.
        """
        found: Manifest = json_value(
            next(each.manifest for each in self.resources(path) if each.index == index)
        )
        return found

    def _read_resources(self, path: str) -> tuple[Resource, ...] | InvalidManifest:
        try:
            return tuple(
                Resource(manifest, path, index, item, line)
                for index, item, line, manifest in read_manifests(
                    self.text(path), path=path, values=self._derived.known
                )
            )
        except InvalidManifest as error:
            return error

    def build(self, folder: str) -> Build:
        """Gives what kustomize builds from a folder.

        What kustomize refuses is a problem, and the rest is built nevertheless; a remote base gives
        nothing.

        Args:
            folder: path in the repository; empty for its root.

        Returns:
            The objects as the cluster gets them, and what stood in the way.

        Source: kustomize 5.8 (`kubectl kustomize --load-restrictor=LoadRestrictionsNone`), which
        kustomize-controller uses without plugins.
        """
        if folder not in self._builds:
            self._builds[folder] = self.finished(folder, self.accumulator.folder(folder))
        return self._builds[folder]

    def finished(self, folder: str, gathered: Accumulation) -> Build:
        """Gives the build that an accumulation for a folder comes to."""
        kustomization = self.kustomization(folder)
        path = kustomization.path if isinstance(kustomization, Kustomization) else folder
        self.accumulator.finish(gathered, path)
        objects, removed = (tuple(map(self._built, each)) for each in (gathered.resources, gathered.removed))
        problems = tuple(dict.fromkeys(gathered.problems))
        return Build(folder, objects, problems, tuple(sorted(gathered.files)), removed)

    def _built(self, resource: Resource) -> BuiltObject:
        return BuiltObject(
            self._derived.plain(resource.manifest),
            resource.path,
            resource.index,
            resource.item,
            resource.steps,
            resource.patches,
            resource.replacements,
        )

    def remote(self, entry: str) -> str | None:
        """Gives the text that stands for what lies outside of the repository, if there is one."""
        if isinstance(self._remote, Mapping):
            return self._remote.get(entry)
        return None if self._remote is None else self._remote(entry)

    def artifact(self, ignore: str | None = None) -> KustomizeTree:
        """Gives the tree of the files that source-controller puts into its artifact.

        Args:
            ignore: `spec.ignore` of the GitRepository, if it has one.
        """
        if ignore not in self._artifacts:
            files = artifact_files(self.files, ignore=ignore)
            gone = frozenset(self.files.keys() - files.keys())
            self._artifacts[ignore] = self._like(files, gone) if gone else None
        return self._artifacts[ignore] or self

    @cached_property
    def _listed(self) -> dict[str, list[Kustomization]]:
        listed: dict[str, list[Kustomization]] = {}
        for kustomization in self.kustomizations.values():
            for entry in kustomization.resources + kustomization.components:
                if entry.path is not None and kustomization not in listed.setdefault(entry.path, []):
                    listed[entry.path].append(kustomization)
        return listed

    @cached_property
    def _patched(self) -> dict[str, list[Kustomization]]:
        patched: dict[str, list[Kustomization]] = {}
        for kustomization in self.kustomizations.values():
            for patch in self.patches(kustomization):
                if patch.path and kustomization not in patched.setdefault(patch.path, []):
                    patched[patch.path].append(kustomization)
        return patched

    def includers(self, path: str) -> tuple[Kustomization, ...]:
        """Gives the kustomizations that list a file, or a folder, as a resource, base or component."""
        return tuple(self._listed.get(path, ()))

    def patchers(self, path: str) -> tuple[Kustomization, ...]:
        """Gives the kustomizations that have a file as a patch."""
        return tuple(self._patched.get(path, ()))

    def passes_over(self, path: str) -> bool:
        """Says whether nothing lists a file, not even the kustomization beside it.

        >>> tree = KustomizeTree({"kustomization.yaml": "resources: [b.yaml]", "b.yaml": "", "a.yaml": ""})
        >>> tree.passes_over("a.yaml"), tree.passes_over("b.yaml")
        (True, False)
        """
        return self.has_kustomization_file(posixpath.dirname(path)) and not self.includers(path)

    def ancestors(self, folder: str) -> tuple[str, ...]:
        """Gives all folders whose build includes a kustomization, directly or not, sorted."""
        found: set[str] = set()
        pending = [folder]
        while pending:
            for kustomization in self.includers(pending.pop()):
                if kustomization.folder not in found:
                    found.add(kustomization.folder)
                    pending.append(kustomization.folder)
        return tuple(sorted(found))

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The kustomizations that no other one includes and that are no components, sorted."""
        return tuple(
            folder
            for folder, kustomization in self.kustomizations.items()
            if not kustomization.is_component and not self.includers(folder)
        )
