"""Where what is built comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize.kustomization import Kustomization
from fluxv2_migrate.kustomize.resources import Resource


class Sources(Protocol):
    """Where an accumulation gets its texts from."""

    def kustomization(self, folder: str) -> Kustomization | InvalidManifest | None:
        """Gives the kustomization of a folder, why it is none, or `None` if there is none."""

    def content(self, path: str) -> bytes | None:
        """Gives the bytes of a file."""

    def is_file(self, path: str) -> bool:
        """Says whether there is such a file."""

    def text(self, path: str) -> str:
        """Gives the text of a file that is there."""

    def is_folder(self, path: str) -> bool:
        """Says whether there is such a folder."""

    def resources(self, path: str) -> Sequence[Resource]:
        """Gives the objects of a file."""

    def remote(self, entry: str) -> str | None:
        """Gives the text that stands for what lies outside of the repository, if there is one."""

    @property
    def images_in_volumes(self) -> bool:
        """Whether `images` change the images of volumes."""
