"""What kustomize builds from a folder, from texts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fluxv2_migrate.kustomize.resources import PatchUse, Step
from fluxv2_migrate.kustomize.values import Manifest

ProblemKind: TypeAlias = Literal[
    "conflict", "cycle", "invalid", "missing", "patch", "remote", "transformer", "unsupported"
]


@dataclass(frozen=True, slots=True)
class BuildProblem:
    """What stands in the way of a build, or of following it.

    Attributes:
        kind: `remote` (a base elsewhere), `unsupported` (a field that needs more than texts), or why
            kustomize fails: `missing`, `invalid`, `conflict` (an object twice), `patch`, `cycle`,
            `transformer`.
        path: the file in which it stands.

    >>> str(BuildProblem("invalid", "apps/kustomization.yaml", 3, "no valid YAML"))
    'apps/kustomization.yaml:3: no valid YAML'
    >>> str(BuildProblem("missing", "", 1, "there is no kustomization here"))
    '/: there is no kustomization here'
    """

    kind: ProblemKind
    path: str
    line: int
    reason: str

    @property
    def fails(self) -> bool:
        """Whether kustomize itself fails; else only this library does not see everything."""
        return self.kind not in ("remote", "unsupported")

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.path else "/"
        return f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class BuiltObject:
    """An object as the cluster gets it.

    Attributes:
        manifest: its value, in JSON's types; builds share it, so it must not be changed.
        path: the file that it stems from; empty for a generated one.
        index: of its document in that file.
        item: its index in a list that the document is; `None` if it is none.
        steps: the kustomizations on its way, the innermost first.
        patches: the patches that reached it, in the order in which they did.
        replacements: those that read or write fields of it, other than metadata and values of a release.
    """

    manifest: Manifest
    path: str
    index: int
    item: int | None
    steps: tuple[Step, ...]
    patches: tuple[PatchUse, ...]
    replacements: tuple[PatchUse, ...] = ()

    @property
    def key(self) -> tuple[str, int]:
        """The document that it stems from."""
        return self.path, self.index

    @property
    def place(self) -> tuple[str, int, int | None]:
        """The document that it stems from, and which item of it it is, where that is a list."""
        return self.path, self.index, self.item


@dataclass(frozen=True, slots=True)
class Build:
    """What a folder builds.

    Attributes:
        objects: in the order of the build.
        problems: what stood in the way; with one that fails, kustomize itself gives nothing.
        files: every file that the build reads, sorted.
        removed: the objects that patches take out, as they came to these.
    """

    folder: str
    objects: tuple[BuiltObject, ...]
    problems: tuple[BuildProblem, ...]
    files: tuple[str, ...]
    removed: tuple[BuiltObject, ...] = ()

    @property
    def failure(self) -> BuildProblem | None:
        """The first problem with which kustomize fails."""
        return next((each for each in self.problems if each.fails), None)

    @property
    def ok(self) -> bool:
        """Whether kustomize can build it."""
        return self.failure is None

    @property
    def is_complete(self) -> bool:
        """Whether nothing of what it builds is unknown."""
        return not self.problems
