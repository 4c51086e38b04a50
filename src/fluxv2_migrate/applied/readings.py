"""What is told of scalars that Flux v2 reads otherwise than Flux v1 did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from fluxv2_migrate.clusters import AppliedDifferences, DocumentKey, SyncPath
from fluxv2_migrate.errors import InvalidPattern
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.kubernetes import group_of, resource_of
from fluxv2_migrate.quoting import HIDDEN, names_a_secret
from fluxv2_migrate.repository.flux1_readings import (
    Flux1Readings,
    RewrittenDocument,
    is_told_to_fluxd,
    path_in_object,
    read_otherwise,
)
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope
from fluxv2_migrate.yaml_text.readings import ScalarReadOtherwise

_Told = tuple[str, ScalarReadOtherwise]
"""A place, and what stands there."""
_SHOWN: Final = 8
_KUBERNETES: Final = ".k8s.io"
# Of these kustomize makes texts, and the API server wants texts.
_TEXTS: Final = (("metadata", "annotations"), ("metadata", "labels"), ("data",), ("stringData",))


def settle_readings(
    readings: Flux1Readings,
    going: Collection[DocumentKey],
    applied: Mapping[SyncPath, AppliedDifferences],
    taken_out: Collection[DocumentKey],
    around: Surroundings,
    workspace: Workspace,
    findings: FindingGroups,
) -> None:
    """Keeps what is written as Flux v1 read it where it counts, puts all else back, and says what there is.

    Args:
        applied: what fluxd applied of the sync paths whose files it read one by one.
        taken_out: documents that leave the repository.
    """
    everything = around.options.write_what_flux1_read == "all"
    by_clusters = _applied_documents(applied, around)
    reaching = _patches_of_migrated(going, around)
    kept: list[RewrittenDocument] = []
    staying = _staying_releases(going, around, workspace)
    for each in readings.documents:
        document = each.document
        # Patches of a release are migrated with it, and each in its own way.
        is_migrated = (
            document.key in going
            or workspace.text_of(document) != document.text
            or document.path in reaching
            or _reaches_migrated(each, staying)
        )
        is_applied = document.key in by_clusters and not is_old_release(document.manifest)
        if is_migrated or (everything and is_applied and is_in_scope(document, around)):
            workspace.replace(document, workspace.text_of(document), *each.changes())
            kept.append(each)
        else:
            workspace.replace(document, each.original)
    _say("RP025", "these values are written as Flux v1 read them:", _places(kept), findings)
    told = (*readings.documents, *readings.unwritten)
    own = {each.document.key for each in told if not each.is_for_fluxd}
    own |= _alike(applied, around)
    others = {key: group for key, group in by_clusters.items() if key not in own and key not in taken_out}
    _tell_of_other_manifests(others, around, findings)
    left = [
        each
        for each in readings.unwritten
        if each.document.key in going or each.document.path in reaching or _reaches_migrated(each, staying)
    ]
    for each in left:
        findings.declare_object(each.document.resource, "values")
    _say("RP028", "Flux v2 reads these values otherwise than Flux v1 did:", _places(left), findings)


def _patches_of_migrated(going: Collection[DocumentKey], around: Surroundings) -> Collection[str]:
    """Gives the files of JSON patches that reach releases which are migrated, and none that stays."""
    sightings = around.clusters.sightings.items()
    of_going, of_staying = (
        {
            use.path
            for key, seen in sightings
            for sighting in seen
            if (key in going) is goes and is_old_release(sighting.manifest)
            for use in sighting.patches
            if use.kind == "json"
        }
        for goes in (True, False)
    )
    return of_going - of_staying - {""}


def _staying_releases(
    going: Collection[DocumentKey], around: Surroundings, workspace: Workspace
) -> Collection[str]:
    """Gives the names of the releases, and of patches of them, that stay in Flux v1."""
    return {
        each.identity[1]
        for each in around.repository.every_document()
        if is_old_release(each.manifest) and each.key not in going and workspace.text_of(each) == each.text
    }


def _reaches_migrated(patch: RewrittenDocument, staying: Collection[str]) -> bool:
    """Says whether a JSON patch is for migrated releases only."""
    return bool(patch.patched) and not any(_selects(patch.patched, name) for name in staying)


def _selects(patterns: Iterable[str], name: str) -> bool:
    for pattern in patterns:
        try:
            if Regexp.compile(f"^(?:{pattern})$").matches(name):
                return True
        except InvalidPattern:
            # The build fails, and nothing of it is migrated.
            return True
    return False


def _applied_documents(
    applied: Mapping[SyncPath, AppliedDifferences], around: Surroundings
) -> Mapping[DocumentKey, str]:
    """Gives the documents that clusters apply, each with the group of its API."""
    found = {
        (each.place.path, each.document): each.group for paths in applied.values() for each in paths.objects
    }
    of_builds = {each.key: group_of(each.manifest) for each in around.clusters.built() if each.path}
    return found | of_builds


def _alike(applied: Mapping[SyncPath, AppliedDifferences], around: Surroundings) -> set[DocumentKey]:
    """Gives the documents of which it is known that both Fluxes read the same."""
    objects = (each for paths in applied.values() for each in paths.objects if each.is_alike)
    read = {each.key for each in around.repository.every_document() if each.is_alike}
    return read | {(each.place.path, each.document) for each in objects}


def _tell_of_other_manifests(
    applied: Mapping[DocumentKey, str],
    around: Surroundings,
    findings: FindingGroups,
) -> None:
    refused: list[_Told] = []
    otherwise: list[_Told] = []
    groups: dict[str, dict[int, str]] = {}
    for (path, index), group in applied.items():
        if not group.endswith(".toolkit.fluxcd.io"):
            groups.setdefault(path, {})[index] = group
    for path, of_file in sorted(groups.items()):
        text = around.repository.texts.get(path, "")
        for index, line, scalar in read_otherwise(text, of_file):
            group = of_file[index]
            is_checked = "." not in group or group.endswith(_KUBERNETES)
            # What both read as texts differs in what it says alone.
            strict = is_checked and not (_is_text(scalar) or isinstance(scalar.value, str))
            (refused if strict else otherwise).append((f"{path}:{line}", scalar))
            if not strict:
                # Nobody knows what it is, and it is told.
                for document in around.repository.all_documents(path):
                    # Of a file that cannot be read there is none.
                    if document.index == index:
                        findings.declare_object(resource_of(document.manifest), "contents")
    _say("RP026", "the API server refuses, with the whole path, what kustomize makes of", refused, findings)
    _say("RP027", "kustomize makes other values than fluxd did of", otherwise, findings)


def _places(documents: Iterable[RewrittenDocument]) -> list[_Told]:
    return [
        (f"{each.document.path}:{each.line(scalar)}", scalar)
        for each in documents
        for scalar in each.scalars
        # What comes of an annotation of fluxd is told of that.
        if not is_told_to_fluxd(scalar)
    ]


def _is_text(scalar: ScalarReadOtherwise) -> bool:
    path = path_in_object(scalar.path)
    return any(path[: len(field)] == field for field in _TEXTS)


def _first_line(written: str) -> str:
    return written.split("\n", 1)[0].rstrip("\r")


def _say(code: str, what: str, told: Sequence[_Told], findings: FindingGroups) -> None:
    if not told:
        return
    # The same value of the same field may stand in hundreds of files.
    values = dict.fromkeys(
        f"{'.'.join(scalar.path)}: {HIDDEN if names_a_secret(scalar.path) else _first_line(scalar.written)}"
        for _, scalar in told
    )
    rest = len(values) - _SHOWN
    listed = "; ".join(list(values)[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
    findings.say_at(code, f"{what} {listed}", dict.fromkeys(place for place, _ in told))
