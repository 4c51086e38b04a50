"""The settings of a cluster as the flags of its fluxd give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from fluxv2_migrate.flux1.fluxd import FluxdFlags
from fluxv2_migrate.settings.options import Cluster, Fluxd

__all__ = ["cluster_of_flags"]

_PLACEHOLDER: Final = re.compile(r"\$[({]|\{\{")
"""What a pod, a shell or a template would fill in."""
_TEXTS: Final = {
    "git_url": "git-url",
    "git_user": "git-user",
    "git_email": "git-email",
    "automation_interval": "automation-interval",
}
_LISTS: Final = {"exclude_images": "registry-exclude-image", "include_images": "registry-include-image"}

_Model = TypeVar("_Model", bound=BaseModel)


def cluster_of_flags(flags: FluxdFlags, paths: Sequence[str]) -> Cluster:
    """Gives what is known of a cluster from the flags of its fluxd.

    Args:
        flags: of fluxd.
        paths: that it syncs.

    Returns:
        The cluster. What is filled in elsewhere, or is no value that could be taken, counts as not given.

    >>> flags = FluxdFlags.parse(["--git-branch=$(BRANCH)", "--automation-interval=often", "--git-user=Bot"])
    >>> cluster = cluster_of_flags(flags, ["prod"])
    >>> cluster.branch, cluster.fluxd.automation_interval, cluster.fluxd.git_user
    (None, '5m', 'Bot')
    """
    given = {name: value for name, value in flags.given.items() if value and not _PLACEHOLDER.search(value)}
    known: dict[str, Any] = {name: given[flag] for name, flag in _TEXTS.items() if flag in given}
    for name, flag in _LISTS.items():
        if flag in given:
            known[name] = tuple(part.strip() for part in given[flag].split(",") if part.strip())
    known |= {"read_only": flags.read_only, "commit_suffix": flags.commit_suffix}
    written = "git-branch" not in flags.given or "git-branch" in given
    about = {
        "name": paths[0] or "cluster",
        "sync_paths": tuple(paths),
        "branch": flags.git_branch if written else None,
        "default_namespace": given.get("k8s-default-namespace"),
        "fluxd": _usable(Fluxd, known),
    }
    return _usable(Cluster, about)


def _usable(model: type[_Model], given: Mapping[str, Any]) -> _Model:
    """Gives a model of the values that it takes."""
    try:
        return model(**given)
    except ValidationError as error:
        refused = {each["loc"][0] for each in error.errors(include_url=False)}
        return model(**{name: value for name, value in given.items() if name not in refused})
