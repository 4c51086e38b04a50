"""The steps of a build: gather, generate, patch, transform, one kustomization inside the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.folders import is_below, is_kustomization_file
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.building import BuildProblem, ProblemKind
from fluxv2_migrate.kustomize.derived import Derived
from fluxv2_migrate.kustomize.field_specs import (
    ANNOTATIONS,
    COMMON_LABELS,
    NAMES,
    REPLICAS,
    Configuration,
    read_configuration,
)
from fluxv2_migrate.kustomize.generators import absorb, generate, name_hash
from fluxv2_migrate.kustomize.kustomization import (
    TRANSFORMERS,
    Kustomization,
    ListedEntry,
    Sources,
    join_path,
)
from fluxv2_migrate.kustomize.listed_transformers import ListedTransformer, listed_transformers
from fluxv2_migrate.kustomize.name_references import fix_references
from fluxv2_migrate.kustomize.patching import apply_patches
from fluxv2_migrate.kustomize.replacing import apply_replacements
from fluxv2_migrate.kustomize.resources import PatchUse, Resource, Step
from fluxv2_migrate.kustomize.transformers import (
    Images,
    add_affix,
    by_names,
    label_fields,
    set_namespace,
    set_pairs,
    set_replicas,
    twice,
)
from fluxv2_migrate.kustomize.values import read_manifests
from fluxv2_migrate.kustomize.variables import Variable, bind_variables, resolve_variables

_Read: TypeAlias = Callable[[str], str]
_Report: TypeAlias = Callable[[ProblemKind, InvalidManifest, str, int | None], None]
LOCAL_CONFIG: Final = "config.kubernetes.io/local-config"
_FETCHED: Final = re.compile(r"https?:", re.IGNORECASE)
"""Begins what kustomize fetches in the place of a file (api 0.21 `internal/loader/fileloader.go`)."""


class _LiesElsewhere(InvalidManifest):
    """What a generator reads lies outside of the repository."""


@dataclass(slots=True)
class Accumulation:
    """What one kustomization has gathered.

    Attributes:
        problems: what stood in the way.
        files: what was read.
        folders: the kustomizations that took part.
        removed: the objects that patches took out.
        configuration: what its configurations say, and those of all that it takes in.
        variables: that it defines, and all that it takes in.
    """

    resources: list[Resource] = field(default_factory=list)
    problems: list[BuildProblem] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    removed: list[Resource] = field(default_factory=list)
    configuration: Configuration = field(default_factory=Configuration)
    variables: tuple[Variable, ...] = ()

    def merge(self, other: Accumulation | _Gathered) -> None:
        """Takes in all of another one but its objects."""
        self.problems += other.problems
        self.files.update(other.files)
        self.folders.update(other.folders)
        self.removed += other.removed
        self.configuration = self.configuration.with_more(other.configuration)
        self.variables += other.variables


class _Gathered:
    """What one kustomization has gathered, as it is kept for those that include it: nobody changes it.

    Attributes:
        resources: the objects; none of a build that nothing includes, which nobody asks for again.
        is_whole: whether the objects are kept.
    """

    __slots__ = (
        "configuration",
        "files",
        "folders",
        "is_whole",
        "problems",
        "removed",
        "resources",
        "variables",
    )

    def __init__(self, gathered: Accumulation, *, is_whole: bool) -> None:
        self.resources = tuple(each.copy() for each in gathered.resources) if is_whole else ()
        self.is_whole = is_whole
        # Tuples take a fraction of what sets do, and most hold one or two things.
        self.problems = tuple(gathered.problems)
        self.files = tuple(gathered.files)
        self.folders = tuple(gathered.folders)
        self.removed = tuple(gathered.removed) if is_whole else ()
        self.configuration = gathered.configuration
        self.variables = gathered.variables

    def copy(self) -> Accumulation:
        """Gives an accumulation whose objects can be changed."""
        return Accumulation(
            [each.copy() for each in self.resources],
            list(self.problems),
            set(self.files),
            set(self.folders),
            list(self.removed),
            self.configuration,
            self.variables,
        )


class Accumulator:
    """Accumulates kustomizations; keeps what a folder gives, for the next one that includes it.

    Source: kustomize api 0.21 `internal/target/kusttarget.go`.
    """

    def __init__(self, sources: Sources, derived: Derived | None = None) -> None:
        self._sources = sources
        self._derived = derived or Derived()
        self._known: dict[str, _Gathered] = {}

    def learn(self, other: Accumulator, changed: Collection[str]) -> None:
        """Takes over what another one gathered without meeting a file that has changed since."""
        # A second kustomization file makes a folder none.
        anew = {path.rpartition("/")[0] for path in changed if is_kustomization_file(path)}
        for folder, known in other._known.items():
            # What made kustomize fail may be out of the way; what lies elsewhere is as unknown as before.
            if (
                folder not in self._known
                and not any(problem.fails for problem in known.problems)
                and not any(path in changed for path in known.files)
                and not any(inner in anew for inner in known.folders)
            ):
                self._known[folder] = known

    def forget(self, folder: str) -> None:
        """Lets go of what a folder gives; who includes it again has it gathered again."""
        self._known.pop(folder, None)

    def gathered_alike(self, other: Accumulator) -> Collection[str]:
        """Gives the folders of which both know the same."""
        return [folder for folder, known in self._known.items() if other._known.get(folder) is known]

    def folder(self, folder: str) -> Accumulation:
        """Gives what the kustomization of a folder gathers, before references are fixed."""
        found = self._gathered(folder, ())
        return found.copy() if isinstance(found, _Gathered) else found

    def _gathered(self, folder: str, chain: tuple[str, ...]) -> Accumulation | _Gathered:
        known = self._known.get(folder)
        is_kept = known is not None and known.is_whole
        if known is not None and is_kept and not any(_contains(inner, *chain) for inner in known.folders):
            return known
        into = Accumulation()
        self._run(folder, into, chain, is_component=False)
        if not any(problem.kind == "cycle" for problem in into.problems):
            self._known[folder] = _Gathered(into, is_whole=bool(chain))
        return into

    def finish(self, gathered: Accumulation, path: str) -> None:
        """Does what is done once, at the end: hashes, references, objects that stay local."""
        for resource in gathered.resources:
            if resource.wants_hash:
                resource.remember()
                ending = name_hash(resource.manifest)
                resource.set_metadata("name", f"{resource.name}-{ending}")
        configured = gathered.configuration
        try:
            fix_references(gathered.resources, configured.references)
            resolve_variables(gathered.resources, gathered.variables, configured.of("varReference"))
        except InvalidManifest as error:
            gathered.problems.append(BuildProblem("transformer", path, 1, error.reason))
        gathered.resources = [
            resource
            for resource in gathered.resources
            if mapping_at(resource.manifest, "metadata", "annotations").get(LOCAL_CONFIG, "false") == "false"
        ]
        counted = Counter(resource.identity for resource in gathered.resources)
        # What was added twice is told where it was added.
        if not any(problem.fails for problem in gathered.problems):
            gathered.problems += (
                BuildProblem("conflict", path, 1, f"{identity} is there twice")
                for identity, count in counted.items()
                if count > 1
            )

    def gather(self, kustomization: Kustomization, into: Accumulation, chain: tuple[str, ...]) -> None:
        """Carries out one kustomization on what was gathered so far."""
        into.files.add(kustomization.path)
        into.folders.add(kustomization.folder)
        transformers = listed_transformers(kustomization, self._sources)
        for name in kustomization.unfollowed:
            if name == TRANSFORMERS and transformers is not None:
                continue
            _note(into, "unsupported", kustomization, f"`{name}` cannot be followed from texts", name)
        chain = (*chain, kustomization.folder)
        known = {resource.identity for resource in into.resources}
        for entry in kustomization.resources:
            for resource in self._resource(kustomization, entry, into, chain):
                identity = resource.identity
                if identity in known:
                    _note_entry(into, "conflict", kustomization, entry, f"{identity} is there twice")
                    continue
                known.add(identity)
                into.resources.append(resource)
        self._configure(kustomization, into)
        self._generate(kustomization, into)
        for entry in kustomization.components:
            self._component(kustomization, entry, into, chain)
        self._transform(kustomization, into)
        self._give(kustomization, transformers or (), into)
        self._define(kustomization, into)

    def _run(self, folder: str, into: Accumulation, chain: tuple[str, ...], *, is_component: bool) -> None:
        kustomization = self._sources.kustomization(folder)
        if kustomization is None:
            into.problems.append(BuildProblem("missing", folder, 1, "there is no kustomization here"))
        elif isinstance(kustomization, InvalidManifest):
            into.problems.append(
                BuildProblem(
                    "invalid", kustomization.path or folder, kustomization.line or 1, kustomization.reason
                )
            )
        elif kustomization.is_component != is_component and (chain or is_component):
            wanted = "a component" if is_component else "no component"
            _note(into, "invalid", kustomization, f"this kustomization has to be {wanted}", "kind")
        else:
            self.gather(kustomization, into, chain)

    def _resource(
        self, kustomization: Kustomization, entry: ListedEntry, into: Accumulation, chain: tuple[str, ...]
    ) -> Sequence[Resource]:
        """Gives the objects that an entry adds."""
        path = entry.path
        if entry.is_remote:
            return self._remote(kustomization, entry, into)
        if path is None:
            reason = f"`{entry.entry}` leads out of the repository"
            _note_entry(into, "missing", kustomization, entry, reason)
        elif self._sources.is_file(path):
            into.files.add(path)
            try:
                found = self._sources.resources(path)
            except InvalidManifest as error:
                into.problems.append(BuildProblem("invalid", path, error.line or 1, error.reason))
                return ()
            return [resource.copy() for resource in found]
        elif self._sources.is_folder(path):
            if _contains(path, *chain):
                reason = f"`{entry.entry}` includes what it is included by"
                _note_entry(into, "cycle", kustomization, entry, reason)
                return ()
            inner = self._gathered(path, chain)
            into.merge(inner)
            return (
                [each.copy() for each in inner.resources] if isinstance(inner, _Gathered) else inner.resources
            )
        else:
            _note_entry(into, "missing", kustomization, entry, f"there is no `{entry.entry}`")
        return ()

    def _remote(
        self, kustomization: Kustomization, entry: ListedEntry, into: Accumulation
    ) -> Sequence[Resource]:
        text = self._sources.remote(entry.entry)
        if text is None:
            reason = f"`{entry.entry}` lies outside of the repository"
            _note_entry(into, "remote", kustomization, entry, reason)
            return ()
        try:
            return [Resource(manifest, "", 0) for _, _, _, manifest in read_manifests(text)]
        except InvalidManifest as error:
            _note_entry(into, "invalid", kustomization, entry, error.reason)
            return ()

    def _component(
        self, kustomization: Kustomization, entry: ListedEntry, into: Accumulation, chain: tuple[str, ...]
    ) -> None:
        if entry.is_remote:
            reason = f"`{entry.entry}` lies outside of the repository"
            _note_entry(into, "remote", kustomization, entry, reason)
        elif entry.path is None or not self._sources.is_folder(entry.path):
            _note_entry(into, "missing", kustomization, entry, f"there is no `{entry.entry}`")
        elif _contains(entry.path, *chain):
            reason = f"`{entry.entry}` includes what it is included by"
            _note_entry(into, "cycle", kustomization, entry, reason)
        else:
            self._run(entry.path, into, chain, is_component=True)

    def _configure(self, kustomization: Kustomization, into: Accumulation) -> None:
        """Takes in what the configurations of a kustomization say."""
        for entry in kustomization.entries("configurations"):
            path = entry.path or ""
            if not path or self._sources.content(path) is None:
                _note_entry(into, "missing", kustomization, entry, f"there is no `{entry.entry}`")
                continue
            into.files.add(path)
            use = PatchUse(kustomization.path, "configurations", entry.index, path, 0, "configuration")
            try:
                into.configuration = into.configuration.with_more(
                    read_configuration(self._sources.text(path), use)
                )
            except InvalidManifest as error:
                _note_entry(into, "invalid", kustomization, entry, error.reason)

    def _define(self, kustomization: Kustomization, into: Accumulation) -> None:
        """Takes in the variables of a kustomization, which objects of it keep in mind."""
        entries = kustomization.mappings("vars")
        try:
            own = bind_variables(into.resources, entries, kustomization.path) if entries else ()
        except InvalidManifest as error:
            _note(into, "conflict", kustomization, error.reason, "vars")
            return
        names = [each.name for each in (*into.variables, *own)]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            _note(into, "conflict", kustomization, f"the variable {name} is there twice", "vars")
        into.variables += own

    def _generate(self, kustomization: Kustomization, into: Accumulation) -> None:
        options = kustomization.pairs("generatorOptions")

        def load(name: str) -> bytes:
            if _FETCHED.match(name):
                raise _LiesElsewhere(f"`{name}` lies outside of the repository")
            path = join_path(kustomization.folder, name)
            content = None if path is None else self._sources.content(path)
            if path is None or content is None:
                raise InvalidManifest(f"there is no {name}, which a generator reads")
            into.files.add(path)
            return content

        for name, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
            for index, entry in enumerate(kustomization.mappings(name)):
                try:
                    absorb(into.resources, generate(kind, entry, options, load))
                except _LiesElsewhere as error:
                    _note(into, "remote", kustomization, error.reason, name, index)
                except InvalidManifest as error:
                    _note(into, "invalid", kustomization, error.reason, name, index)

    def _transform(self, kustomization: Kustomization, into: Accumulation) -> None:
        for resource in into.resources:
            resource.steps += (Step(kustomization.path, resource.namespace, resource.name),)

        read, report = self._ways(kustomization, into)
        patches = kustomization.patches
        sees_all = all(problem.fails for problem in into.problems)
        gone = into.removed
        first = [patch for patch in patches if patch.field != "patchesJson6902"]
        apply_patches(
            into.resources, kustomization.path, first, read, report, gone, self._derived, sees_all=sees_all
        )
        self._rename(kustomization, into)
        self._label(kustomization, into)
        last = [patch for patch in patches if patch.field == "patchesJson6902"]
        apply_patches(
            into.resources, kustomization.path, last, read, report, gone, self._derived, sees_all=sees_all
        )
        self._count_and_tag(kustomization, into)
        if kustomization.replacements:
            apply_replacements(into.resources, kustomization, read, report)

    def _ways(self, kustomization: Kustomization, into: Accumulation) -> tuple[_Read, _Report]:
        """Gives how files of a kustomization are read, and how it is told what stands in its way."""

        def read(path: str) -> str:
            if not self._sources.is_file(path):
                raise InvalidManifest(f"there is no {path}")
            into.files.add(path)
            return self._sources.text(path)

        def report(kind: ProblemKind, error: InvalidManifest, name: str, index: int | None) -> None:
            _note(into, kind, kustomization, error.reason, name, index)

        return read, report

    def _give(
        self, kustomization: Kustomization, transformers: Sequence[ListedTransformer], into: Accumulation
    ) -> None:
        """Does what the transformers of a kustomization do, behind all that it does itself."""
        read, report = self._ways(kustomization, into)
        sees_all = all(problem.fails for problem in into.problems)
        for each in transformers:
            into.files.update(filter(None, (each.path, *each.listing)))
            if each.patches:
                gone, patches, path = into.removed, each.patches, kustomization.path
                apply_patches(
                    into.resources, path, patches, read, report, gone, self._derived, sees_all=sees_all
                )
                continue
            if any(map(each.changes_others, into.resources)):
                reason = (
                    f"`{TRANSFORMERS}` cannot be followed from texts where they change what is given twice"
                )
                _note(into, "unsupported", kustomization, reason, TRANSFORMERS)
                continue
            try:
                each.carry_out(into.resources)
            except InvalidManifest as error:
                _note(into, "transformer", kustomization, error.reason, TRANSFORMERS)

    def _count_and_tag(self, kustomization: Kustomization, into: Accumulation) -> None:
        replicas = kustomization.mappings("replicas")
        named = by_names(into.resources if replicas else ())
        for index, entry in enumerate(replicas):
            try:
                set_replicas(named, entry, (*REPLICAS, *into.configuration.of("replicas")))
            except InvalidManifest as error:
                _note(into, "transformer", kustomization, error.reason, "replicas", index)
        images = Images(
            into.resources,
            in_volumes=self._sources.images_in_volumes,
            more=into.configuration.of("images"),
        )
        for index, entry in enumerate(kustomization.images):
            try:
                images.set(entry)
            except InvalidManifest as error:
                _note(into, "transformer", kustomization, error.reason, "images", index)

    def _rename(self, kustomization: Kustomization, into: Accumulation) -> None:
        configured = into.configuration.of
        namespace, prefix, suffix = (
            kustomization.namespace,
            kustomization.name_prefix,
            kustomization.name_suffix,
        )
        try:
            for resource in into.resources if namespace else ():
                set_namespace(resource, namespace, configured("namespace"))
            for identity in twice(into.resources) if namespace else ():
                reason = f"the namespace makes {identity} there twice"
                _note(into, "conflict", kustomization, reason, "namespace")
            for resource in into.resources if prefix else ():
                add_affix(resource, prefix=prefix, fields=(*NAMES, *configured("namePrefix")))
            for resource in into.resources if suffix else ():
                add_affix(resource, suffix=suffix, fields=(*NAMES, *configured("nameSuffix")))
        except InvalidManifest as error:
            _note(into, "transformer", kustomization, error.reason, "namespace")

    def _label(self, kustomization: Kustomization, into: Accumulation) -> None:
        configured = into.configuration.of
        labels, annotations = (
            (*COMMON_LABELS, *configured("commonLabels")),
            (*ANNOTATIONS, *configured("commonAnnotations")),
        )
        try:
            for index, entry in enumerate(kustomization.labels):
                use = PatchUse(kustomization.path, "labels", index, "", 0, "labels")
                set_pairs(into.resources, entry.get("pairs") or {}, label_fields(entry, use, configured))
            set_pairs(into.resources, kustomization.pairs("commonLabels"), labels)
            set_pairs(into.resources, kustomization.pairs("commonAnnotations"), annotations)
        except InvalidManifest as error:
            _note(into, "transformer", kustomization, error.reason, "labels")


def _contains(outer: str, *folders: str) -> bool:
    return any(is_below(folder, outer) for folder in folders)


def _note(
    into: Accumulation,
    kind: ProblemKind,
    kustomization: Kustomization,
    reason: str,
    name: str,
    index: int | None = None,
) -> None:
    line = kustomization.line_of(name, index)
    into.problems.append(BuildProblem(kind, kustomization.path, line, reason))


def _note_entry(
    into: Accumulation, kind: ProblemKind, kustomization: Kustomization, entry: ListedEntry, reason: str
) -> None:
    _note(into, kind, kustomization, reason, entry.field, entry.index)
