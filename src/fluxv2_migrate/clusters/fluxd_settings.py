"""The settings of a cluster as its fluxd gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.settings.options import Cluster, Fluxd

__all__ = ["cluster_of_fluxd"]

_TEXTS: Final = {
    "git_url": "git-url",
    "git_user": "git-user",
    "git_email": "git-email",
    "automation_interval": "automation-interval",
}
_LISTS: Final = {"exclude_images": "registry-exclude-image", "include_images": "registry-include-image"}

_Model = TypeVar("_Model", bound=BaseModel)


def cluster_of_fluxd(fluxd: Flux1Program, paths: Sequence[str]) -> Cluster:
    """Gives what is known of a cluster from the settings of its fluxd.

    Args:
        fluxd: as something in the repository shows it.
        paths: that it syncs.

    Returns:
        The cluster. What is filled in elsewhere, or is no value that could be taken, counts as not given.

    >>> from fluxv2_migrate.flux1.installation import program_of_arguments
    >>> words = ["--git-branch=$(BRANCH)", "--automation-interval=often", "--git-user=Bot"]
    >>> cluster = cluster_of_fluxd(program_of_arguments(words, "fluxd"), ["prod"])
    >>> cluster.branch, cluster.fluxd.automation_interval, cluster.fluxd.git_user
    (None, '5m', 'Bot')
    """
    known: dict[str, Any] = {name: fluxd.text(flag) for name, flag in _TEXTS.items() if fluxd.given(flag)}
    known |= {name: fluxd.items(flag) for name, flag in _LISTS.items() if fluxd.given(flag)}
    skips = "\n\n[ci skip]" if fluxd.switch("git-ci-skip") else ""
    known["commit_suffix"] = fluxd.text("git-ci-skip-message") or skips
    known["read_only"] = fluxd.switch("git-readonly") or fluxd.switch("registry-disable-scanning")
    branch = fluxd.settings.get("git-branch")
    about = {
        "name": paths[0] or "cluster",
        "sync_paths": tuple(paths),
        "branch": None if branch is not None and branch.is_placeholder else fluxd.text("git-branch"),
        "default_namespace": fluxd.text("k8s-default-namespace") or None,
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
