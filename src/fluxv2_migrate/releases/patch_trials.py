"""Whether what kustomize builds of converted closures is what the rules make of what it built before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.clusters import Closure, DocumentKey, build_with
from fluxv2_migrate.clusters.flux_kustomizations import overlay_then
from fluxv2_migrate.flux1.policies import is_of_fluxd, read_policies
from fluxv2_migrate.flux2.apply_annotations import PRUNE, RECONCILE
from fluxv2_migrate.kubernetes import annotations_of, resource_of
from fluxv2_migrate.kustomize import Build, BuiltObject
from fluxv2_migrate.plan import merge_difference
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.releases.patch_texts import ClosureTexts, ReleaseText
from fluxv2_migrate.repository.open_files import OpenFiles
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.rules.outside_spec import METADATA
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit

_Place = tuple[str, int, int | None]


@dataclass(frozen=True, slots=True)
class TriedClosure:
    """A closure with all texts that it becomes.

    Attributes:
        made: what became of its patches.
    """

    closure: Closure
    made: ClosureTexts
    texts: tuple[ReleaseText, ...]

    def write(self, files: OpenFiles) -> None:
        """Puts all of it into its files.

        Raises:
            CannotEdit: a kustomization is written in a form that cannot be edited.
        """
        for text in self.texts:
            text.write(files.workspace)
        for patch in self.made.patches:
            patch.write(files.workspace)
        for edit in self.made.edits:
            edit.write(files)


def write_closures(closures: Iterable[TriedClosure], workspace: Workspace) -> None:
    """Puts closures into their files; kustomizations are edited once for all of them.

    Raises:
        CannotEdit: a kustomization is written in a form that cannot be edited.
    """
    files = OpenFiles(workspace)
    for each in closures:
        each.write(files)
    files.close_all()


def writable_closures(
    closures: Sequence[TriedClosure], workspace: Workspace
) -> tuple[list[TriedClosure], list[tuple[TriedClosure, str]]]:
    """Puts closures into their files, and gives those that can be, and the others with the reasons.

    Args:
        workspace: a new one, whose files are those of the repository.
    """
    together = workspace.branch()
    try:
        write_closures(closures, together)
    except CannotEdit:
        # Whose kustomization it is shows one by one.
        pass
    else:
        workspace.adopt(together)
        return list(closures), []
    written: list[TriedClosure] = []
    others: list[tuple[TriedClosure, str]] = []
    for each in closures:
        one = workspace.branch()
        try:
            write_closures([each], one)
        except CannotEdit as error:
            others.append((each, str(error)))
            continue
        written.append(each)
        workspace.adopt(one)
    return written, others


def try_closures(
    converted: Sequence[TriedClosure], changed: Mapping[str, str], around: Surroundings
) -> list[tuple[TriedClosure, str]]:
    """Gives the closures that cannot be converted so, each with the reason.

    Args:
        changed: the files that change for them, and for nothing else.
    """
    if not converted:
        return []
    tree = around.clusters.tree.with_files(changed)
    tree.know_edited(dict(_values_of(converted)))
    owners = {key: each for each in converted for key in each.closure.documents}
    found: dict[int, tuple[TriedClosure, str]] = {}
    for place in dict.fromkeys(_builds(converted)):
        before = around.clusters.builds[place]
        after = build_with(tree, place[0], overlay_then(place[1], changed, around.repository))
        for owner, reason in _differences(before, after, place, owners):
            found.setdefault(id(owner), (owner, reason))
        tree.let_build_go(place[0])
    return list(found.values())


def _values_of(converted: Iterable[TriedClosure]) -> Iterator[tuple[str, Any]]:
    """Gives what documents mean by now, by their texts: each was read once it was edited."""
    for each in converted:
        texts = (*(one.text for one in each.texts), *(one.text for one in each.made.patches))
        # Of operations it is not known.
        yield from ((text.text, text.value) for text in texts if text.value)


def _builds(converted: Iterable[TriedClosure]) -> Iterator[tuple[str, str]]:
    for each in converted:
        for ways in each.closure.ways.values():
            yield from (way.build for way in ways)


def _differences(
    before: Build, after: Build, place: tuple[str, str], owners: Mapping[DocumentKey, TriedClosure]
) -> Iterator[tuple[TriedClosure, str]]:
    concerned = {id(owner): owner for built in before.objects if (owner := owners.get(built.key)) is not None}
    folder = shown_folder(before.folder)
    if before.ok and not after.ok:
        reason = f"{folder} would not build: {after.failure}"
        yield from ((owner, reason) for owner in concerned.values())
        return
    old, new = _by_place(before.objects), _by_place(after.objects)
    for where in {**old, **new}:
        was, becomes = old.get(where, []), new.get(where, [])
        owner = owners.get((where[0], where[1]))
        if len(was) != len(becomes):
            reason = f"{folder} would hold other objects of {where[0] or 'its generators'}"
            yield from ((each, reason) for each in ([owner] if owner else concerned.values()))
            continue
        for first, second in zip(was, becomes, strict=True):
            if owner is None:
                if first.manifest != second.manifest:
                    reason = (
                        f"{folder} would change {resource_of(first.manifest)}, which is no release of Flux v1"
                    )
                    yield from ((each, reason) for each in concerned.values())
                continue
            different = _different(first, second, place, owner)
            if different is not None:
                yield owner, f"{folder} would build another {resource_of(first.manifest)}: {different}"


def _by_place(objects: Iterable[BuiltObject]) -> dict[_Place, list[BuiltObject]]:
    found: dict[_Place, list[BuiltObject]] = {}
    for built in objects:
        found.setdefault(built.place, []).append(built)
    return found


def _different(
    before: BuiltObject, after: BuiltObject, place: tuple[str, str], owner: TriedClosure
) -> str | None:
    """Gives the first field in which a release is not what it shall be."""
    wanted = next(
        (
            form
            for way, form in owner.made.finals[before.path, before.index]
            if way.built is before and way.build == place
        ),
        None,
    )
    if wanted is None:
        # No cluster has it in that way, and none can tell what it shall be called there.
        return None
    policies = read_policies(annotations_of(before.manifest))
    # That fluxd ignored it is said with an annotation of Flux v2 from now on.
    gone = (PRUNE, RECONCILE) if policies.ignored or policies.sync_only else ()
    expected = {**wanted, "metadata": _metadata(before.manifest, gone)}
    got = {**after.manifest, "metadata": _metadata(after.manifest, gone)}
    values = [(each.get("spec") or {}).get("values") for each in (before.manifest, after.manifest)]
    spec = dict(got.get("spec") or {})
    spec.pop("values", None)
    if values[0] != values[1]:
        return "spec.values"
    for path in merge_difference(expected, {**got, "spec": spec}):
        return ".".join(path)
    return None


def _metadata(manifest: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    metadata = {key: value for key, value in (manifest.get("metadata") or {}).items() if key in METADATA}
    annotations = metadata.pop("annotations", None)
    kept = {key: value for key, value in (annotations or {}).items() if not (_goes(key) or key in gone)}
    return {**metadata, "annotations": kept}


def _goes(annotation: str) -> bool:
    """Gives whether an annotation is none of a release of Flux v2."""
    return is_of_fluxd(annotation) or annotation.startswith("helm.fluxcd.io/")
