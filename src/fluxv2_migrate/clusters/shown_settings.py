"""What fluxd and the helm-operator of a cluster say of it, each setting with where it was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.flux1.installation import Flux1Program, Setting
from fluxv2_migrate.settings.options import Cluster, Flux1Workloads, Fluxd, HelmOperator, ImportedRepository

_Model = TypeVar("_Model", bound=BaseModel)
_Value = tuple[Any, str]
"""A value, and the place where it was read."""
_Fields = dict[str, _Value]


@dataclass(frozen=True, slots=True)
class ShownCluster:
    """What the repository shows of a cluster.

    Attributes:
        settings: what is known, under the name that was given.
        places: for each setting, by its dotted name, the file and line where it was read.
    """

    settings: Cluster
    places: Mapping[str, str] = field(default_factory=dict)


def show_cluster(
    name: str, fluxds: Iterable[Flux1Program], operators: Iterable[Flux1Program], paths: tuple[str, ...] = ()
) -> ShownCluster:
    """Gives what is known of a cluster from its programs.

    Args:
        operators: the same of helm-operators.

    Returns:
        The cluster. What is filled in elsewhere, or is no value that could be taken, counts as not given.

    >>> from fluxv2_migrate.flux1.installation import program_of_arguments
    >>> words = ["--git-branch=$(BRANCH)", "--automation-interval=often", "--git-user=Bot"]
    >>> shown = show_cluster("prod", [program_of_arguments(words, "fluxd")], [])
    >>> shown.settings.branch, shown.settings.fluxd.automation_interval, shown.settings.fluxd.git_user
    (None, None, 'Bot')
    """
    fluxds, operators = tuple(fluxds), tuple(operators)
    places: dict[str, str] = {}
    own = _usable(Cluster, "", _agreed([_of_cluster(each) for each in fluxds]), places, name=name)
    fluxd = _usable(Fluxd, "fluxd.", _agreed([_of_fluxd(each) for each in fluxds]), places)
    operator = _usable(
        HelmOperator, "helm_operator.", _agreed([_of_operator(each) for each in operators]), places
    )
    workloads = _agreed([_where_fluxd_runs(each) for each in fluxds])
    workloads |= _agreed([_where_the_operator_runs(each) for each in operators])
    namespaces = {each.namespace for each in (*fluxds, *operators) if each.namespace}
    if len(namespaces) == 1:
        first = next(each for each in (*fluxds, *operators) if each.namespace)
        workloads["namespace"] = (first.namespace, first.place)
    update = {
        "sync_paths": paths,
        "fluxd": fluxd,
        "helm_operator": operator,
        "flux1_is": _usable(Flux1Workloads, "flux1_is.", workloads, places),
    }
    return ShownCluster(own.model_copy(update=update), places)


def _agreed(found: list[_Fields]) -> _Fields:
    """Gives the fields of which all say the same."""
    first = found[0] if found else {}
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name][0] == value[0] for other in found)
    }


def _usable(model: type[_Model], prefix: str, given: _Fields, places: dict[str, str], **more: Any) -> _Model:
    """Gives a model of the values that it takes, and tells where they were read."""
    values = {name: value for name, (value, _) in given.items()}
    try:
        found = model(**values, **more)
    except ValidationError as error:
        refused = {each["loc"][0] for each in error.errors(include_url=False)}
        given = {name: value for name, value in given.items() if name not in refused}
        found = model(**{name: value for name, (value, _) in given.items()}, **more)
    places.update({prefix + name: place for name, (_, place) in given.items()})
    return found


# fluxd

_TEXTS: Final = {
    "git_user": "git-user",
    "git_email": "git-email",
    "git_poll_interval": "git-poll-interval",
    "git_timeout": "git-timeout",
    "sync_interval": "sync-interval",
    "sync_timeout": "sync-timeout",
    "signing_key": "git-signing-key",
    "secret_name": "k8s-secret-name",
    "secret_data_key": "k8s-secret-data-key",
    "automation_interval": "automation-interval",
}
_SWITCHES: Final = {"manifest_generation": "manifest-generation", "sops": "sops"}
_LISTS: Final = {
    "exclude_images": "registry-exclude-image",
    "include_images": "registry-include-image",
    "ecr_regions": "registry-ecr-region",
    "ecr_include_ids": "registry-ecr-include-id",
    "ecr_exclude_ids": "registry-ecr-exclude-id",
}


def _of_cluster(fluxd: Flux1Program) -> _Fields:
    found: _Fields = {}
    branch = fluxd.settings.get("git-branch")
    if (branch is not None and not branch.is_placeholder) or (branch is None and fluxd.is_complete):
        # What is not given is known, too.
        found["branch"] = (fluxd.text("git-branch"), fluxd.place if branch is None else branch.place)
    if "k8s-default-namespace" not in fluxd.settings and fluxd.context_namespace and fluxd.is_complete:
        found["default_namespace"] = (fluxd.context_namespace, fluxd.place)
    return found | _given(fluxd, {"default_namespace": "k8s-default-namespace"}, fluxd.text)


def _of_fluxd(fluxd: Flux1Program) -> _Fields:
    found = _given(fluxd, _TEXTS, fluxd.text)
    found |= _given(fluxd, _LISTS, fluxd.items)
    found |= {name: _switch(fluxd, flag) for name, flag in _SWITCHES.items()}
    if (url := fluxd.repository_url) is not None:
        found["git_url"] = (url.value, url.place)
    if fluxd.version:
        found["version"] = (fluxd.version, fluxd.place)
    reads = [_switch(fluxd, flag) for flag in ("git-readonly", "registry-disable-scanning")]
    found["read_only"] = max(reads, key=lambda each: bool(each[0]))
    skips = _switch(fluxd, "git-ci-skip")
    if skips[0]:
        found["commit_suffix"] = ("\n\n[ci skip]", skips[1])
    found |= _given(fluxd, {"commit_suffix": "git-ci-skip-message"}, fluxd.text)
    collects, is_dry = (
        _switch(fluxd, flag) for flag in ("sync-garbage-collection", "sync-garbage-collection-dry")
    )
    found["garbage_collection"] = (collects[0] and not is_dry[0], collects[1])
    verifies = _switch(fluxd, "git-verify-signatures")
    if verifies[0]:
        found["verify_signatures"] = ("all", verifies[1])
    found |= _given(fluxd, {"verify_signatures": "git-verify-signatures-mode"}, fluxd.text)
    if fluxd.given("automation-interval") is None:
        found |= _given(fluxd, {"automation_interval": "registry-poll-interval"}, fluxd.text)
    return found


def _given(program: Flux1Program, flags: Mapping[str, str], read: Callable[[str], Any]) -> _Fields:
    return {
        name: (read(flag), setting.place)
        for name, flag in flags.items()
        if (setting := program.given(flag)) is not None and setting.value
    }


def _switch(program: Flux1Program, flag: str) -> _Value:
    setting = program.given(flag)
    return program.switch(flag), program.place if setting is None else setting.place


_JOINED: Final = {
    "git-ci-skip": "commit_suffix",
    "git-ci-skip-message": "commit_suffix",
    "git-readonly": "read_only",
    "git-verify-signatures": "verify_signatures",
    "git-verify-signatures-mode": "verify_signatures",
    "registry-disable-scanning": "read_only",
    "registry-poll-interval": "automation_interval",
    "sync-garbage-collection": "garbage_collection",
    "sync-garbage-collection-dry": "garbage_collection",
}


# The helm-operator

_OF_OPERATOR: Final = {
    "git_default_ref": "git-default-ref",
    "git_poll_interval": "git-poll-interval",
    "git_timeout": "git-timeout",
    "charts_sync_interval": "charts-sync-interval",
    "allow_namespace": "allow-namespace",
    "git_url": "git-url",
    "git_branch": "git-branch",
    "git_charts_path": "git-charts-path",
}


def _of_operator(operator: Flux1Program) -> _Fields:
    found = _given(operator, _OF_OPERATOR, operator.text)
    if operator.version:
        found["version"] = (operator.version, operator.place)
    versions = operator.settings.get("enabled-helm-versions")
    if (versions is None and operator.is_complete) or (versions is not None and not versions.is_placeholder):
        # An operator that is not told takes both, and Helm 2 where a release says nothing.
        place = operator.place if versions is None else versions.place
        found["helm_versions"] = (operator.items("enabled-helm-versions"), place)
    if operator.given("update-chart-deps") is not None:
        found["update_chart_deps"] = _switch(operator, "update-chart-deps")
    repositories = tuple(ImportedRepository(**asdict(each)) for each in operator.repositories)
    if repositories:
        found["repositories"] = (repositories, operator.place)
    return found


# Settings that something else fills in

_OF_FLUXD: Final = {flag: name for name, flag in (_TEXTS | _SWITCHES | _LISTS).items()} | _JOINED
_FIELDS: Final[Mapping[Program, Mapping[str, str]]] = {
    "fluxd": {
        "git-branch": "branch",
        "k8s-default-namespace": "default_namespace",
        **{flag: f"fluxd.{name}" for flag, name in _OF_FLUXD.items()},
    },
    "helm-operator": {
        "update-chart-deps": "helm_operator.update_chart_deps",
        **{flag: f"helm_operator.{name}" for name, flag in _OF_OPERATOR.items()},
    },
}


def filled_in_elsewhere(program: Flux1Program, given: Cluster | None = None) -> Mapping[str, Setting]:
    """Gives the flags that count as not given, because something else fills in their values.

    Those of which the paths, the repository and the versions of Helm follow are asked for where they are
    needed.

    Args:
        given: what a person said of the cluster: what stands there is no question.

    >>> from fluxv2_migrate.flux1.installation import program_of_arguments
    >>> fluxd = program_of_arguments(["--git-branch=$(BRANCH)", "--sops=$(SOPS)"], "fluxd")
    >>> sorted(filled_in_elsewhere(fluxd)), sorted(filled_in_elsewhere(fluxd, Cluster(name="a", branch="b")))
    (['git-branch', 'sops'], ['sops'])
    """
    fields = _FIELDS[program.program]
    return {
        flag: setting
        for flag, setting in sorted(program.settings.items())
        if setting.is_placeholder
        and flag in fields
        and (given is None or attrgetter(fields[flag])(given) is None)
    }


def unknown_branch(fluxd: Flux1Program | None) -> str:
    """Gives what stands for the branch that fluxd follows, where something else fills it in.

    >>> from fluxv2_migrate.flux1.installation import program_of_arguments
    >>> unknown_branch(program_of_arguments(["--git-branch=$(BRANCH)"], "fluxd")), unknown_branch(None)
    ('$(BRANCH)', '')
    """
    branch = None if fluxd is None else fluxd.settings.get("git-branch")
    return branch.value if branch is not None and branch.is_placeholder else ""


# Where they run


def _where_fluxd_runs(fluxd: Flux1Program) -> _Fields:
    names = {"fluxd": fluxd.name, "fluxd_release": fluxd.release_name, "memcached": fluxd.memcached}
    return {name: (value, fluxd.place) for name, value in names.items() if value}


def _where_the_operator_runs(operator: Flux1Program) -> _Fields:
    names = {"helm_operator": operator.name, "helm_operator_release": operator.release_name}
    return {name: (value, operator.place) for name, value in names.items() if value}
