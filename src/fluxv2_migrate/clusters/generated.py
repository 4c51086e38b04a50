"""What a person must know of the commands of a `.flux.yaml`, which Flux v2 does not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fluxv2_migrate.clusters.cluster_map import ClusterMap
from fluxv2_migrate.clusters.model import ClusterNotice, ClusterView, SyncPath
from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.flux1.flux_yaml import find_flux_yaml
from fluxv2_migrate.flux1.generators import called_scripts, prints
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.quoting import few, shown_folder
from fluxv2_migrate.yaml_text import YAML_ENDINGS, line_of

_COMMAND: Final = re.compile(r"^[ \t]*(?:-[ \t]+)?\{?[ \t]*[\"']?command[\"']?[ \t]*:", re.MULTILINE)
_SUBSTITUTES: Final = re.compile(r"\benvsubst\b")
_DECRYPTS: Final = re.compile(
    r"\bsops\b|\bgit[- ](?:secret|crypt)\b|\bansible-vault\b"
    r"|\b(?:gpg2?|age|openssl)\b[^\n]*\s(?:-d|--decrypt)\b"
)
_LONGEST: Final = 200
_SHOWN: Final = 5


def generator_notices(found: ClusterMap, reader: ClusterReader) -> Iterator[ClusterNotice]:
    """Says of each `.flux.yaml` that counts what Flux v2 does not do of its commands, or does otherwise."""
    told: dict[tuple[str, str, str], list[ClusterNotice]] = {}
    for view, synced in found.sync_paths():
        path = find_flux_yaml(synced.path, reader.files.__contains__)
        if path is None or not (synced.unknown or synced.decrypts or synced.prints):
            continue
        notice = _notice(view, synced, path, found, reader)
        if notice is not None:
            told.setdefault((notice.code, path, synced.unknown), []).append(notice)
    for notices in told.values():
        first = notices[0]
        related = dict.fromkeys(place for each in notices for place in each.related)
        yield ClusterNotice(first.code, first.message, first.path, first.line, tuple(related))


def _notice(
    view: ClusterView, synced: SyncPath, path: str, found: ClusterMap, reader: ClusterReader
) -> ClusterNotice | None:
    line = _line(reader.text(path), synced.unknown)
    folder = shown_folder(synced.path)
    if synced.unknown:
        command = _short(synced.unknown)
        held = tuple(_held(view, synced, found, reader))
        scripts = called_scripts(synced.unknown, synced.path, reader.files)
        text = "\n".join([synced.unknown, *map(reader.text, scripts)])
        if synced.decrypts or _DECRYPTS.search(text):
            message = f"the command decrypts what fluxd applies of {folder}, and Flux v2 runs none: {command}"
            return ClusterNotice("DA032", message, path, line, held)
        if _SUBSTITUTES.search(text):
            message = f"the command replaces variables in what fluxd applies of {folder}: {command}"
            return ClusterNotice("DA033", message, path, line, held)
        message = f"Flux v2 runs no commands, and nobody can tell what this one gives for {folder}: {command}"
        return ClusterNotice("RP018", message, path, line, held)
    if synced.decrypts:
        files = ", ".join(synced.decrypts)
        message = f"the command decrypts {files} beside what it builds of {folder}, and Flux v2 runs none"
        return ClusterNotice("DA032", message, path, line, tuple(f"{each}:1" for each in synced.decrypts))
    others = [
        each
        for each in sorted(reader.files)
        if is_below(each, synced.path)
        and each.endswith(YAML_ENDINGS)
        and each != path
        and not prints(synced.prints, each)
    ]
    if not others:
        return None
    shown = few(others, _SHOWN)
    message = f"Flux v2 applies all files of {folder}, and the command does not print {shown}"
    return ClusterNotice("DA031", message, path, line, tuple(f"{each}:1" for each in others))


def _held(view: ClusterView, synced: SyncPath, found: ClusterMap, reader: ClusterReader) -> Iterator[str]:
    """Gives the places of the releases and workloads that wait for what a command gives."""
    for key in sorted(reader.places):
        sightings = found.sightings.get(key, ())
        if any(each.cluster == view.name and each.sync_path == synced.path for each in sightings):
            document = reader.concerns[key]
            yield f"{document.path}:{document.position(())[0]}"


def _line(text: str, command: str) -> int:
    """Gives the line of a command, or of the first one."""
    first = command.strip().partition("\n")[0]
    offset = text.find(first) if first else -1
    if offset < 0:
        match = _COMMAND.search(text)
        offset = match.start() if match is not None else 0
    return line_of(text, offset) + 1


def _short(command: str) -> str:
    text = " ".join(command.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
