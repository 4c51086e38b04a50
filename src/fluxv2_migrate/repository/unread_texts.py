"""Texts of Flux v1 in a repository that nothing here reads: templates, data in texts, comments."""

from __future__ import annotations

import posixpath
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS
from fluxv2_migrate.folders import is_kustomization_file
from fluxv2_migrate.kubernetes import as_object, group_of, objects_in
from fluxv2_migrate.kustomize.listed_transformers import TRANSFORMER_API
from fluxv2_migrate.repository.reading import Repository, is_old_release
from fluxv2_migrate.yaml_text import line_of

UnreadKind = Literal["other-file", "json", "text-in-manifest", "encoded", "comment"]

_APIS: Final = "|".join(map(re.escape, RELEASE_APIS))
_DOMAINS: Final = "|".join(map(re.escape, FLUXD_DOMAINS))
# As YAML, JSON, jsonnet, programs and HCL write a key and its value.
_OLD: Final = re.compile(
    rf"(?i:api_?version)\\?[\"']?\s*[:=]\s*\\?[\"']?(?:{_APIS})(?![\w.])|(?:^|[\"'\s])(?:{_DOMAINS})/[\w.-]+[\"']?\s*[:=]"
)
_COMMENTED: Final = re.compile(rf"^[ \t]*#[# \t-]*apiVersion:[ \t]*[\"']?(?:{_APIS})(?![\w.])", re.MULTILINE)
_WORDS: Final = (*RELEASE_APIS, *FLUXD_DOMAINS)
_IN_WORDS: Final = "flux"
"""What all of these hold."""
# They speak of manifests, and nothing makes any of them.
_PROSE: Final = (".md", ".markdown", ".mdx", ".rst", ".adoc", ".txt", ".html", ".ipynb", ".patch", ".diff")
_ENCODED_FIELDS: Final[Mapping[str, str]] = {"Secret": "data", "ConfigMap": "binaryData"}
"""Where Kubernetes keeps texts in base64."""


def _encoded(word: str) -> Iterator[str]:
    """Gives what base64 makes of a word, wherever it stands among groups of three bytes.

    >>> list(_encoded("fluxcd.io/"))
    ['Zmx1eGNkLmlvL', 'ZsdXhjZC5pby', 'mbHV4Y2QuaW8v']
    """
    for before in range(3):
        text = b64encode(b"\0" * before + word.encode()).decode()
        known = (before + len(word)) * 8 // 6
        yield text[-(-before * 8 // 6) : known]


_ENCODED: Final = tuple(each for word in _WORDS for each in _encoded(word))
_IN_ENCODED: Final = tuple(_encoded(_IN_WORDS))
"""Of these each of them holds one."""
_GENERATORS: Final = frozenset({"configMapGenerator", "helmCharts", "secretGenerator"})
_GROUPS_READ_ELSEWHERE: Final = ("kustomize.config.k8s.io", "kustomize.toolkit.fluxcd.io")


def find_unread_texts(repository: Repository) -> Mapping[UnreadKind, list[tuple[str, int]]]:
    r"""Gives the files and lines at which releases or annotations of Flux v1 stand unread, by their kind.

    fluxd read none of them: what it read has a name that ends in `.yaml` or `.yml`, or is built by kustomize.
    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`.

    >>> from fluxv2_migrate.repository.reading import read_repository
    >>> template = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: ${name}}\n"
    >>> find_unread_texts(read_repository({"web.yaml.tpl": template, "README.md": template}))
    {'other-file': [('web.yaml.tpl', 1)]}
    """
    found: dict[UnreadKind, list[tuple[str, int]]] = {}
    for path, text in sorted(repository.texts.items()):
        if repository.reads(path) and _may_hold_encoded(text):
            for line in _in_encoded(path, repository):
                found.setdefault("encoded", []).append((path, line))
        if _IN_WORDS not in text or not any(map(text.__contains__, _WORDS)):
            continue
        if repository.reads(path):
            for kind, line in _in_manifests(path, text, repository):
                found.setdefault(kind, []).append((path, line))
        elif not path.lower().endswith(_PROSE) and (match := _OLD.search(text)) is not None:
            kind = "json" if path.endswith(".json") else "other-file"
            found.setdefault(kind, []).append((path, line_of(text, match.start()) + 1))
    return found


def _may_hold_encoded(text: str) -> bool:
    if not any(kind in text and field in text for kind, field in _ENCODED_FIELDS.items()):
        return False
    # The lines of a block are one text.
    together = "".join(text.split())
    is_possible = any(map(together.__contains__, _IN_ENCODED))
    return is_possible and any(map(together.__contains__, _ENCODED))


def _in_encoded(path: str, repository: Repository) -> Iterator[int]:
    """Gives the lines of values in base64 that hold releases or annotations of Flux v1."""
    if not repository.has_documents(path):
        return
    for document in repository.all_documents(path):
        for at, manifest in objects_in(document.manifest):
            field = _ENCODED_FIELDS.get(str(manifest.get("kind")), "")
            for key, value in as_object(manifest.get(field)).items():
                if isinstance(value, str) and _OLD.search(_decoded(value)):
                    yield document.position((*at, field, key))[0]
                    break


def _decoded(value: str) -> str:
    try:
        return b64decode("".join(value.split()), validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""


def _in_manifests(path: str, text: str, repository: Repository) -> Iterator[tuple[UnreadKind, int]]:
    if repository.chart_around(path) is not None:
        # Helm makes what is in it, whatever that is.
        return
    commented = _COMMENTED.search(text)
    if commented is not None:
        yield "comment", line_of(text, commented.start()) + 1
    if posixpath.basename(path) == FLUX_YAML:
        # What commands make is asked about as such.
        return
    for document in repository.documents.get(path, ()):
        manifest = document.manifest
        fields = set(manifest) - {"metadata", "status", "items"}
        is_transformer = manifest.get("apiVersion") == TRANSFORMER_API
        if is_kustomization_file(path) or is_transformer or group_of(manifest) in _GROUPS_READ_ELSEWHERE:
            # Patches are migrated or told with their releases.
            fields &= _GENERATORS
        for field, value in manifest.items():
            at = _text_of_flux_1(value, (field,)) if field in fields else None
            if at is not None:
                yield "text-in-manifest", document.position(at)[0]
                break


def _text_of_flux_1(value: Any, path: tuple[str, ...]) -> tuple[str, ...] | None:
    """Gives the first part of a value that is a manifest of Flux v1, or a text in which one stands."""
    if isinstance(value, str):
        return path if _IN_WORDS in value and _OLD.search(value) else None
    inside: Iterator[tuple[Any, Any]]
    if isinstance(value, (dict, Mapping)):
        if is_old_release(value):
            return path
        inside = iter(value.items())
    elif isinstance(value, list):
        inside = iter(enumerate(value))
    else:
        return None
    found = (
        _text_of_flux_1(item, (*path, str(key)))
        for key, item in inside
        # Most of what a manifest holds are texts, and hardly one is of Flux v1.
        if key != "annotations" and (item.__class__ is not str or _IN_WORDS in item)
    )
    return next((each for each in found if each is not None), None)
