"""What callers give, looked at before anything is done with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from fluxv2_migrate.errors import InvalidPath, MigrationError
from fluxv2_migrate.frozen import SCALARS

MAXIMUM_DEPTH: Final = 100
"""Levels of nesting, aliases followed; whatever walks through a value may call itself once for each."""
_NO_PARTS: Final = frozenset({"", ".", ".."})
_OF_WINDOWS: Final = re.compile(r"[A-Za-z]:[/\\]")
_Item = TypeVar("_Item")


def as_text(content: str | bytes) -> str:
    r"""Gives the content of a file as text; what is no UTF-8 in it is replaced.

    >>> as_text(b"a: \xff"), as_text("a: 1")
    ('a: \ufffd', 'a: 1')
    """
    return content if isinstance(content, str) else content.decode("utf-8", "replace")


def as_kept_text(content: str | bytes) -> str:
    r"""Gives the content of a file as text, of which `like_given` makes the same bytes again.

    >>> like_given(as_kept_text(b"a: \xff"), b""), as_kept_text("a: 1")
    (b'a: \xff', 'a: 1')
    """
    return content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")


def like_given(text: str, content: str | bytes | None) -> str | bytes:
    """Gives the new text of a file in the form in which its old one was given.

    >>> like_given("b", b"a"), like_given("b", "a"), like_given("b", None)
    (b'b', 'b', 'b')
    """
    return text.encode("utf-8", "surrogateescape") if isinstance(content, bytes) else text


def item_index(key: str | int, count: int) -> int | None:
    """Gives which of some items a key means; nothing where it is the index of none of them.

    >>> item_index("1", 2), item_index(2, 2), item_index("-", 2), item_index("9" * 5000, 2)
    (1, None, None, None)
    """
    text = str(key)
    # Python refuses thousands of digits with an error of its own, so the length is looked at first.
    significant = text.lstrip("0")
    if not text.isdecimal() or len(significant) > len(str(count)):
        return None
    index = int(significant or "0")
    return index if index < count else None


def checked_text(text: object, of_what: str, error: type[MigrationError] = MigrationError) -> None:
    """Checks whether what a caller gave is a text.

    Raises:
        MigrationError: it is none.

    >>> checked_text(b"1.2", "a tag")
    Traceback (most recent call last):
    fluxv2_migrate.errors.MigrationError: a tag is a str, not bytes
    """
    if not isinstance(text, str):
        raise error(f"{of_what} is a str, not {type(text).__name__}")


def checked_kind(
    value: object, kind: type[Any], of_what: str, error: type[MigrationError] = MigrationError
) -> None:
    """Checks whether what a caller gave is of the class that is wanted.

    Raises:
        MigrationError: it is of another class.

    >>> checked_kind("5", int, "a number of nanoseconds")
    Traceback (most recent call last):
    fluxv2_migrate.errors.MigrationError: a number of nanoseconds is of int, not str
    """
    if not isinstance(value, kind):
        raise error(f"{of_what} is of {kind.__name__}, not {type(value).__name__}")


def checked_choice(value: object, choices: Collection[str], of_what: str) -> None:
    """Checks whether what a caller gave is one of a few words.

    Raises:
        MigrationError: it is none of them.

    >>> checked_choice("flux3", ("flux1", "flux2"), "dialect")
    Traceback (most recent call last):
    fluxv2_migrate.errors.MigrationError: 'flux3' is no dialect: give one of flux1, flux2
    """
    if not isinstance(value, str) or value not in choices:
        raise MigrationError(f"{value!r} is no {of_what}: give one of {', '.join(choices)}")


def checked_mapping(mapping: object, of_what: str, error: type[MigrationError] = MigrationError) -> None:
    """Checks whether what a caller gave is a mapping from texts.

    Raises:
        MigrationError: it is none, or a key is no text.

    >>> checked_mapping({"acme/web": ["1.2"]}, "tags")
    >>> checked_mapping(["1.2"], "tags")
    Traceback (most recent call last):
    fluxv2_migrate.errors.MigrationError: tags are a mapping from str, not list
    """
    if not isinstance(mapping, Mapping):
        raise error(f"{of_what} are a mapping from str, not {type(mapping).__name__}")
    for key in mapping:
        if not isinstance(key, str):
            raise error(f"{of_what} are a mapping from str, and {key!r} is none")


def checked_manifest(
    manifest: object, of_what: str = "the fields of a manifest", error: type[MigrationError] = MigrationError
) -> None:
    """Checks whether what a caller gave is a mapping that can be walked through.

    Raises:
        MigrationError: it is no mapping from texts, or it is nested too deep, as one that holds itself is.

    >>> within: dict[str, object] = {}
    >>> within["again"] = within
    >>> checked_manifest(within)
    Traceback (most recent call last):
    fluxv2_migrate.errors.MigrationError: the fields of a manifest are nested in more than 100 levels
    """
    checked_mapping(manifest, of_what, error)
    # By what they are and not by what they hold: one that holds itself twice would double at each level.
    level: dict[int, Any] = {id(manifest): manifest}
    for _ in range(MAXIMUM_DEPTH):
        level = {
            id(item): item
            for each in level.values()
            for item in (each.values() if isinstance(each, (dict, Mapping)) else each)
            # Most of what a manifest holds is no collection, and to find that out takes long.
            if item.__class__ not in SCALARS and isinstance(item, (dict, list, Mapping))
        }
        if not level:
            return
    raise error(f"{of_what} are nested in more than {MAXIMUM_DEPTH} levels")


def checked_list(items: Iterable[_Item], of_what: str, *kinds: type[Any]) -> list[_Item]:
    """Gives a list that a caller gave, if it is one.

    Args:
        items: a list of texts, or of what stands for them.
        of_what: what they are, in the plural.
        *kinds: of its items.

    Raises:
        MigrationError: it is one text, whose characters would be taken for the items, no list at all, or an
            item is of no such kind.

    >>> checked_list("1.2.3", "tags", str)
    Traceback (most recent call last):
    fluxv2_migrate.errors.MigrationError: tags are a list, not one text: give ['1.2.3']
    """
    if isinstance(items, str | bytes):
        raise MigrationError(f"{of_what} are a list, not one text: give [{items!r}]")
    if not isinstance(items, Iterable):
        raise MigrationError(f"{of_what} are a list, not {type(items).__name__}")
    found = list(items)
    wrong = next((each for each in found if not isinstance(each, kinds)), None)
    if wrong is not None or None in found:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise MigrationError(f"{of_what} are a list of {wanted}, and {wrong!r} is none")
    return found


def checked_files(files: Mapping[str, str | bytes]) -> Mapping[str, str | bytes]:
    """Gives the files that a caller gave, once they are a repository.

    Args:
        files: POSIX path relative to the repository root to the text exactly as stored, or to bytes.

    Returns:
        The same files.

    Raises:
        InvalidPath: a path is no text, absolute, written as Windows writes one, or has an empty part, `.` or
            `..` in it.
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
        if "\0" in path or not _NO_PARTS.isdisjoint(path.split("/")) or _OF_WINDOWS.match(path):
            raise InvalidPath(f"{path!r} is no path below the root: write a/b.yaml")
        if "\\" in path:
            # A folder of Windows would be taken for a part of a name, and every file for one at the root.
            written = path.replace("\\", "/")
            raise InvalidPath(f"{path!r} is no POSIX path: write {written}")
        if not isinstance(content, str | bytes):
            raise MigrationError(f"a file is a str or bytes, not {type(content).__name__}", path=path)
    return files
