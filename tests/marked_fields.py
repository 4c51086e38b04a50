"""Holds a migration against what fluxd writes: marks, policies, and what stays as it was."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import fluxv2_migrate as fm
from fields_fluxd_writes import Key, WrittenField, fields_of_folder, plain, read_documents, read_place
from fluxv2_migrate.kustomize import KustomizeTree, controller_build
from markers_in_text import FoundMarker, markers_in

__all__ = [
    "IMAGE_GROUP",
    "Row",
    "clusters_of",
    "found_markers",
    "hold_marks",
    "hold_policies",
    "hold_the_rest",
]

Files = Mapping[str, str | bytes]
Place = tuple[str, int, Key]
IMAGE_GROUP = "image.toolkit.fluxcd.io"
# Why a field of fluxd has no marker: what is said at its line, or of all that hangs together with its file.
AT_THE_LINE = {"IM008", "IM011", "IM014", "IM016", "IM017", "RP014"}
OF_THE_FILE = {"AN010", "HR030", "HR041", "HR061", "HR095", "RP003", "RP004", "RP005", "RP011"}
V1_PREFIXES = ("fluxcd.io/", "flux.weave.works/", "filter.fluxcd.io/")


@dataclass(frozen=True)
class Row:
    """What becomes of the images of a tree.

    Attributes:
        workloads: that fluxd updates, however many clusters see them.
        containers: of these.
        fields: that it writes.
        marked: of these.
        excepted: the others, by the code that says why.
    """

    workloads: int
    containers: int
    fields: int
    marked: int
    excepted: Mapping[str, int]


def place_of(field: WrittenField) -> Place:
    return field.place.path, field.place.document, field.place.key


def written(files: Files, folders: Iterable[str]) -> dict[Place, WrittenField]:
    """Gives the fields that the fluxds of these folders write."""
    found = [field for folder in folders for field in fields_of_folder(files, folder)]
    return {place_of(field): field for field in found}


def found_markers(files: Files) -> dict[Place, FoundMarker]:
    found = [
        each for path in files if path.endswith((".yaml", ".yml")) for each in markers_in(path, files[path])
    ]
    return {(each.path, each.document, each.key): each for each in found}


def reason(migration: fm.Migration, files: Files, field: WrittenField, wanted: Iterable[WrittenField]) -> str:
    """Gives the code that says why a field has no marker, or nothing."""
    # What is said of an image stands at its name, its tag or its filter.
    of_image = [each for each in wanted if (each.of, each.container) == (field.of, field.container)]
    lines = {f"{each.place.path}:{each.place.line}" for each in of_image}
    for key, value in annotations_of(files, field).items():
        if key.endswith((f".{field.container}", f"/{field.container}")) or "automated" in key:
            lines.add(f"{value.place.path}:{value.place.line}")
    for finding in migration.findings:
        places = {f"{finding.path}:{finding.line}", *finding.related}
        if finding.code in AT_THE_LINE and places & lines:
            return finding.code
    for finding in migration.findings:
        places = {f"{finding.path}:{finding.line}", *finding.related}
        if finding.code == "IM011" and finding.path == field.of[0] and finding.resource == field.workload:
            # Of a field in a patch it is said at the image of the manifest.
            return finding.code
        paths = {place.rpartition(":")[0] for place in places}
        if finding.code in OF_THE_FILE and paths & {field.place.path, field.of[0]}:
            assert finding.severity == "error"
            return finding.code
    return ""


def annotations_of(files: Files, field: WrittenField) -> dict[str, Any]:
    path, number = field.of
    document = (read_documents(path, files[path]) or [])[number]
    return read_place(document, ("metadata", "annotations")) or {}


def without_names_elsewhere(
    wanted: Mapping[Place, WrittenField], marked: Mapping[Place, FoundMarker]
) -> dict[Place, WrittenField]:
    """Leaves out names of images whose tag is marked in another document: an update changes the tag alone."""
    tags = {(each.of, each.container): place for place, each in wanted.items() if each.part == "tag"}
    return {
        place: each
        for place, each in wanted.items()
        if each.part != "name"
        or place in marked
        or (tag := tags.get((each.of, each.container))) is None
        or tag not in marked
        or tag[:2] == place[:2]
    }


def at_written_fields(
    migration: fm.Migration, files: Files, folders: Iterable[str]
) -> Iterator[tuple[Place, FoundMarker]]:
    """Gives the markers; those in texts that clusters get for themselves count for the shared ones."""
    found = found_markers(migration.files)
    shared = {place: field for place, field in written(files, folders).items() if place not in found}
    for place, marker in found.items():
        if marker.path not in migration.created:
            yield place, marker
            continue
        document = plain((read_documents(marker.path, migration.files[marker.path]) or [])[marker.document])
        metadata = document["metadata"]
        workload = f"{document['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
        for other, field in shared.items():
            given = (read_documents(other[0], files[other[0]]) or [])[other[1]]
            text = str(plain(read_place(given, other[2])))
            # A patch that stands in a kustomization is one text.
            same = marker.value in text if other[2][-1] == "patch" else text == marker.value
            if field.workload == workload and same:
                yield other, marker


def hold_marks(files: Files, migration: fm.Migration, folders: Iterable[str]) -> Row:
    """Holds that what fluxd writes is marked, or that it is told why not, and nothing else."""
    marked = dict(at_written_fields(migration, files, folders))
    wanted = without_names_elsewhere(written(files, folders), marked)
    excepted = {
        place: reason(migration, files, wanted[place], wanted.values())
        for place in wanted.keys() - marked.keys()
    }
    assert {place for place, code in excepted.items() if not code} == set()
    assert marked.keys() <= wanted.keys()
    for place, marker in marked.items():
        assert marker.part == {"whole": "", "name": "name", "tag": "tag"}[wanted[place].part], place
    return Row(
        len({field.of for field in wanted.values()}),
        len({(field.of, field.container) for field in wanted.values()}),
        len(wanted),
        len(marked),
        dict(Counter(excepted.values())),
    )


def applied(files: Files, cluster: Any) -> list[Mapping[str, Any]]:
    """Gives what Flux v2 applies to a cluster."""
    tree = KustomizeTree(files)
    return [
        built.manifest
        for path in cluster.sync_paths or ("",)
        for built in controller_build(tree, path).objects
    ]


def names(objects: list[Mapping[str, Any]], kind: str) -> dict[str, Mapping[str, Any]]:
    return {
        f"{each['metadata'].get('namespace')}:{each['metadata']['name']}": each
        for each in objects
        if each.get("kind") == kind and str(each.get("apiVersion")).startswith(IMAGE_GROUP)
    }


def covers(automation: Mapping[str, Any], path: str) -> bool:
    folder = posixpath.normpath(automation["spec"]["update"].get("path") or ".")
    return folder == "." or f"{path}/".startswith(f"{folder}/")


def hold_policies(migration: fm.Migration) -> None:
    """Holds that each marker names a policy of a cluster that has an automation over its file."""
    clusters = [applied(migration.files, cluster) for cluster in migration.context.clusters]
    for marker in found_markers(migration.files).values():
        namespace = marker.policy.partition(":")[0]
        works = False
        for objects in clusters:
            policy = names(objects, "ImagePolicy").get(marker.policy)
            if policy is None:
                continue
            reference = policy["spec"]["imageRepositoryRef"]
            repository = f"{reference.get('namespace') or namespace}:{reference['name']}"
            assert repository in names(objects, "ImageRepository"), marker
            works |= any(
                name.startswith(f"{namespace}:") and covers(automation, marker.path)
                for name, automation in names(objects, "ImageUpdateAutomation").items()
            )
        assert works, marker
    touched = {**migration.changed, **migration.created}
    checked = [each for each in fm.flux2.check_markers(migration.files) if each.file in touched]
    assert [each for each in checked if each.problems or not each.works] == []


def what_stays(document: Any) -> dict[Key, Any]:
    """Gives what must stay of a document: all but annotations, and of releases the values."""
    manifest = plain(document)
    below: Key = ("spec", "values") if manifest.get("kind") == "HelmRelease" else ()
    return {
        key: value
        for key, value in _leaves(manifest, ())
        if key[: len(below)] == below and not (key[-2:-1] == ("annotations",) and is_of_flux(str(key[-1])))
    }


def is_of_flux(annotation: str) -> bool:
    return annotation.startswith((*V1_PREFIXES, "kustomize.toolkit.fluxcd.io/"))


def _leaves(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from _leaves(item, (*key, name))
    if not isinstance(value, (dict, list)):
        yield key, value


def hold_the_rest(files: Files, migration: fm.Migration) -> None:
    """Holds that only annotations, and the quotes of numbers, differ besides markers."""
    marked = found_markers(migration.files)
    for path, after in migration.changed.items():
        olds, news = read_documents(path, files[path]), read_documents(path, after)
        assert (olds is None) == (news is None), path
        kinds = {plain(each.get("kind")) for each in olds or ()}
        is_longer = len(news or ()) > len(olds or ())
        if (
            not is_longer
            and path in {place[0] for place in marked}
            and not kinds & {"HelmRelease", "Kustomization", None}
        ):
            hold_the_text(files[path], after)
        # What is generated may stand behind it in the same file.
        for number, (old, new) in enumerate(zip(olds or (), news or (), strict=False)):
            if not old.get("kind") or plain(old["kind"]) == "Kustomization":
                continue
            before, now = what_stays(old), what_stays(new)
            for key in before.keys() | now.keys():
                if before.get(key) != now.get(key):
                    # A number is quoted where it is marked.
                    assert (path, number, key) in marked, (path, key)
                    assert float(now[key]) == before[key]


def hold_the_text(before: str | bytes, after: str) -> None:
    """Holds that no line differs but by annotations, comments and quotes."""
    old, new = words(before), words(after)
    for line in (new - old) + (old - new):
        assert line.startswith("annotations:") or is_of_flux(line), line


def words(text: str | bytes) -> Counter[str]:
    text = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    lines = (re.sub(r"(^|\s)#.*|[\"']", "", line).strip() for line in text.splitlines())
    return Counter(line for line in lines if line)


def clusters_of(folders: Iterable[str]) -> tuple[fm.Cluster, ...]:
    return tuple(fm.Cluster(name=each, sync_paths=(each,), branch="main") for each in folders)
