"""Which files the updater reads, and which of them keep it from writing any.

Source: image-automation-controller 1.2.0 `internal/update/setters.go`; kustomize kyaml 0.21 `kio`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Final

from fluxv2_migrate.flux2.image_objects import Automation, read_mappings
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.kubernetes import annotations_of
from fluxv2_migrate.yaml_text import YAML_ENDINGS

PATH_ANNOTATION: Final = "config.kubernetes.io/path"
# The updater looks for it before it reads a file.
_SCREENED: Final = '"$imagepolicy"'


def is_read(path: str, flux_version: FluxVersion) -> bool:
    """Gives whether the updater opens a file of that name.

    >>> is_read("a.yaml", "2.0"), is_read("a.YAML", "2.9"), is_read("a/Kustomization", "2.6")
    (True, False, True)
    """
    is_kustomization = posixpath.basename(path) == "Kustomization"
    return path.endswith(YAML_ENDINGS) or (is_kustomization and is_at_least(flux_version, "2.6"))


def path_annotations(text: str) -> frozenset[str]:
    """Gives the values of the annotation in a text.

    >>> sorted(path_annotations("metadata: {annotations: {config.kubernetes.io/path: a.yaml}}"))
    ['a.yaml']
    """
    if PATH_ANNOTATION not in text:
        return frozenset()
    found = (annotations_of(each) for each in read_mappings(text))
    return frozenset(str(each[PATH_ANNOTATION]) for each in found if PATH_ANNOTATION in each)


class PathAnnotations:
    """The annotations of the marked files of a repository."""

    def __init__(self, texts: Mapping[str, str], flux_version: FluxVersion) -> None:
        self._found = {
            path: found
            for path, text in texts.items()
            if _SCREENED in text and is_read(path, flux_version) and (found := path_annotations(text))
        }

    def stopping(self, automation: Automation) -> str:
        """Gives the first file for which an automation writes nothing, wherever; empty where there is none.

        >>> text = 'metadata: {annotations: {config.kubernetes.io/path: b.yaml}} # {"$imagepolicy": "a:b"}'
        >>> found = PathAnnotations({"apps/a.yaml": text}, "2.9")
        >>> from fluxv2_migrate.flux2.image_objects import ImageObject
        >>> found.stopping(Automation(ImageObject("", "flux-system", "updates"), "apps", suspended=False))
        'apps/a.yaml'
        """
        return next((path for path in sorted(self._found) if self._stops(path, automation)), "")

    def _stops(self, path: str, automation: Automation) -> bool:
        own = posixpath.relpath(path, automation.update_path or ".")
        allowed = posixpath.basename(path) if own == "." else own
        return automation.covers(path) and not self._found[path] <= {allowed}
