"""What of Flux v1 stands in a repository unread: files that cannot be read, and texts that nobody reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.placeholders import placeholder_in_text
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.repository.unread_texts import UnreadKind, find_unread_texts
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.surroundings.scope import is_path_in_scope, is_text_in_scope

_UNREAD: Final[Mapping[UnreadKind, tuple[str, str]]] = {
    "other-file": ("RP036", "templates and programs"),
    "json": ("RP037", "files of JSON, which fluxd never read,"),
    "text-in-manifest": ("RP038", "texts and values inside other objects"),
    "encoded": ("RP038", "texts in base64 inside Secrets and ConfigMaps"),
    "comment": ("RP039", "comments"),
}


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
        if not is_text_in_scope(path, repository.texts[path], around) or findings.is_left(path):
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
