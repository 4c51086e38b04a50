"""The errors that this library raises; all of them are a `MigrationError`, which is a `ValueError`."""

from __future__ import annotations


class MigrationError(ValueError):
    """Something that was given cannot be used; says what, and where that is known.

    Args:
        reason: what is wrong and what to do, one sentence.
        path: the file, relative to the repository root.
        line: the line in that file, 1-based.

    >>> str(MigrationError("no mapping", path="a.yaml", line=3))
    'a.yaml:3: no mapping'
    """

    def __init__(self, reason: str, *, path: str | None = None, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path
        self.line = line

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line) if part is not None)
        return f"{place}: {self.reason}" if place else self.reason

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are pickled by their positional arguments only; the rest is in the state.
        return (type(self), (self.reason,), self.__dict__)


class InvalidManifest(MigrationError):
    """A text is no YAML that Kubernetes could read, or a document is not what it says it is."""


class InvalidRange(MigrationError):
    """A version range that Masterminds/semver refuses."""


class InvalidPath(MigrationError):
    """A key of `files` that is no POSIX path relative to the root of the repository."""


class InvalidPattern(MigrationError):
    """A regular expression that Go refuses."""


class InvalidNumber(MigrationError):
    """A text that Go reads as no number."""


class InvalidDuration(MigrationError):
    """A text that Go reads as no duration, or a duration that Go cannot hold."""


class InvalidImageReference(MigrationError):
    """An image reference that fluxd cannot parse."""


class InvalidInventory(MigrationError):
    """A text that should be the output of a cluster's or a registry's tool is none, or is cut off."""


class InvalidPolicy(MigrationError):
    """An image policy under which image-reflector-controller stalls."""


class AmbiguousTag(MigrationError):
    """A selection in which the controller itself is random.

    Args:
        reason: why it is random.
        candidates: the tags that it could select, in ascending byte order.
    """

    def __init__(
        self,
        reason: str,
        candidates: tuple[str, ...] = (),
        *,
        path: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(reason, path=path, line=line)
        self.candidates = candidates


class MissingBuildTime(MigrationError):
    """A tag pattern that orders by build time met an image that has none; fluxd gives up there."""
