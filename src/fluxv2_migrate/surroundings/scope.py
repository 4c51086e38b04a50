"""What is migrated now, where a person wants less than everything, and what of it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.placeholders import placeholder_in_text
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.unread_texts import UnreadKind, find_unread_texts
from fluxv2_migrate.settings.options import MigrationOptions, Scope
from fluxv2_migrate.surroundings.known import Surroundings

_NAMESPACE_LINE: Final = re.compile(r"^[ \t]+[\"']?namespace[\"']?:[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_NAME_LINE: Final = re.compile(r"^[ \t]+[\"']?name[\"']?:[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_UNREAD: Final[Mapping[UnreadKind, tuple[str, str]]] = {
    "other-file": ("RP036", "templates and programs"),
    "json": ("RP037", "files of JSON, which fluxd never read,"),
    "text-in-manifest": ("RP038", "texts and values inside other objects"),
    "encoded": ("RP038", "texts in base64 inside Secrets and ConfigMaps"),
    "comment": ("RP039", "comments"),
}


def is_in_scope(document: Document, around: Surroundings) -> bool:
    """Gives whether a document is in scope, in all clusters that see it."""
    return _are_in_scope(*_seen_as(document, around), document.path, around)


def _seen_as(document: Document, around: Surroundings) -> tuple[set[str], set[str]]:
    """Gives the namespaces and the names that clusters know an object by; else those that are written."""
    seen = around.clusters.sightings.get(document.key, ())
    namespace, name = document.identity
    if seen:
        return {each.namespace for each in seen}, {each.name for each in seen}
    # What says nothing to fluxd was looked at by nobody yet, and is where fluxd put it.
    views = (view for view in around.clusters.clusters if not namespace and view.syncs(document.path))
    return {around.clusters.default_namespace(view.name) for view in views} or {namespace}, {name}


def is_item_in_scope(item: Mapping[str, Any], document: Document, around: Surroundings) -> bool:
    """Gives whether an item of a document that is a list is in scope, as it is written."""
    namespace, name = namespace_and_name(item)
    return _are_in_scope({namespace}, {name}, document.path, around)


def is_put_off(options: MigrationOptions) -> bool:
    """Gives whether a person wants less than everything to be migrated now.

    >>> is_put_off(MigrationOptions()), is_put_off(MigrationOptions(scope=Scope(names=("web",))))
    (False, True)
    """
    return options.scope != Scope() or any(override.leave for override in options.overrides)


def _is_text_in_scope(path: str, text: str, around: Surroundings) -> bool:
    """Gives whether a file that cannot be read may hold something in scope, going by its lines."""
    scope = around.options.scope
    return is_path_in_scope(path, around) and all(
        not patterns or any(fnmatchcase(each, pattern) for each in written for pattern in patterns)
        for patterns, written in (
            (scope.namespaces, _NAMESPACE_LINE.findall(text)),
            (scope.names, _NAME_LINE.findall(text)),
        )
    )


def is_path_in_scope(path: str, around: Surroundings) -> bool:
    """Gives whether a file is in scope, of which nobody knows what objects it holds."""
    patterns = around.options.scope.paths
    return not patterns or any(fnmatchcase(path, pattern) for pattern in patterns)


def _are_in_scope(
    namespaces: Collection[str], names: Collection[str], path: str, around: Surroundings
) -> bool:
    scope = around.options.scope
    return is_path_in_scope(path, around) and all(
        not patterns or all(any(fnmatchcase(text, pattern) for pattern in patterns) for text in texts)
        for patterns, texts in ((scope.namespaces, namespaces), (scope.names, names))
    )


def tell_of_scope(around: Surroundings, findings: FindingGroups) -> None:
    """Says which patterns of the scope match nothing: whoever misspells one migrates less than they think."""
    namespaces: set[str] = set()
    names: set[str] = set()
    paths: set[str] = set()
    for path, documents in around.repository.documents.items():
        for document in documents:
            if is_of_flux2(document.manifest) or not document.identity[1]:
                continue
            paths.add(path)
            seen_in, seen_as = _seen_as(document, around)
            namespaces |= seen_in
            names |= seen_as
    scope = around.options.scope
    for field, patterns, known in (
        ("namespaces", scope.namespaces, namespaces),
        ("names", scope.names, names),
        ("paths", scope.paths, paths),
    ):
        for pattern in dict.fromkeys(patterns):
            if not any(fnmatchcase(text, pattern) for text in known):
                message = f"nothing of Flux v1 matches {pattern!r} among the {field} of the scope"
                findings.say("RP021", message)


def tell_of_unread(around: Surroundings, findings: FindingGroups) -> None:
    """Says which files and texts name the API or the annotations of Flux v1 and are not read."""
    _tell_files(around, findings)
    for kind, places in find_unread_texts(around.repository).items():
        code, where = _UNREAD[kind]
        told = [place for place in places if is_path_in_scope(place[0], around)]
        if told:
            files = plural(len({path for path, _ in told}), "file")
            message = f"{where} hold releases or annotations of Flux v1, in {files}"
            findings.say_at(code, message, [f"{path}:{line}" for path, line in told])


def _tell_files(around: Surroundings, findings: FindingGroups) -> None:
    repository = around.repository
    for path in repository.opaque:
        if is_path_in_scope(path, around) and not findings.is_left(path):
            findings.say("RP002", "the file names the API of Flux v1 and is not UTF-8", path)
    filled: dict[str, list[str]] = {}
    for path, error in sorted(repository.errors.items()):
        if not _is_text_in_scope(path, repository.texts[path], around) or findings.is_left(path):
            continue
        lines = repository.old_lines(path)
        if lines and repository.chart_around(path) is not None:
            findings.say("RP001", "a chart's template makes a release of Flux v1", path, lines[0])
        elif repository.holds_flux(path):
            placeholder = placeholder_in_text(repository.texts[path])
            if placeholder is not None:
                filled.setdefault(placeholder.form, []).append(f"{path}:{error.line or 1}")
                continue
            message = f"the file stays as it is: {error.reason}"
            findings.say("RP003", message, path, error.line or 1, [f"{path}:{line}" for line in lines])
    for form, places in filled.items():
        message = f"placeholders of the form {form} make it no YAML: the files stay as they are"
        findings.say_at("RP063", message, places)
