"""What callers give, looked at before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from fluxv2_migrate.errors import InvalidPath, MigrationError

__all__ = ["checked_files", "checked_list"]

_NO_PARTS: Final = frozenset({"", ".", ".."})


_Item = TypeVar("_Item")


def checked_list(items: Iterable[_Item], of_what: str) -> Iterable[_Item]:
    """Gives a list that a caller gave, if it is one.

    Args:
        items: a list of texts, or of what stands for them.
        of_what: what they are, in the plural.

    Raises:
        MigrationError: it is one text, whose characters would be taken for the items.

    >>> checked_list("1.2.3", "tags")
    Traceback (most recent call last):
    fluxv2_migrate.errors.MigrationError: tags are a list, not one text: give ['1.2.3']
    """
    if isinstance(items, str | bytes):
        raise MigrationError(f"{of_what} are a list, not one text: give [{items!r}]")
    return items


def checked_files(files: Mapping[str, str | bytes]) -> Mapping[str, str | bytes]:
    """Gives the files that a caller gave, once they are a repository.

    Args:
        files: POSIX path relative to the repository root to the text exactly as stored, or to bytes.

    Returns:
        The same files.

    Raises:
        InvalidPath: a path is no text, absolute, or has an empty part, `.` or `..` in it.
        MigrationError: it is no mapping, or a file is neither text nor bytes.

    >>> checked_files({"apps/web.yaml": ""})
    {'apps/web.yaml': ''}
    >>> checked_files({"./web.yaml": ""})
    Traceback (most recent call last):
    fluxv2_migrate.errors.InvalidPath: './web.yaml' is no path below the root: write a/b.yaml
    """
    if not isinstance(files, Mapping):
        raise MigrationError(f"files are a mapping from path to str or bytes, not {type(files).__name__}")
    for path, content in files.items():
        if not isinstance(path, str):
            raise InvalidPath(f"a path is a str, not {type(path).__name__}: give str({path!r})")
        if "\0" in path or not _NO_PARTS.isdisjoint(path.split("/")):
            raise InvalidPath(f"{path!r} is no path below the root: write a/b.yaml")
        if not isinstance(content, str | bytes):
            raise MigrationError(f"a file is a str or bytes, not {type(content).__name__}", path=path)
    return files
