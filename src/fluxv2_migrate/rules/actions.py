"""How a release is installed, upgraded, rolled back and tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.flux1.apis import LAST_RELEASE_API
from fluxv2_migrate.golang.durations import LARGEST, SECOND
from fluxv2_migrate.rules.draft import Draft, FieldRow, present

_DEFAULT_TIMEOUT: Final = 300
_DEFAULT_RETRIES: Final = 5
_INSTALL_WAIT: Final = ("spec.install.disableWait", "spec.install.disableWaitForJobs")
_UPGRADE_WAIT: Final = ("spec.upgrade.disableWait", "spec.upgrade.disableWaitForJobs")
_REMEDIATION: Final = "spec.upgrade.remediation"
ACTION_FIELDS: Final = (
    FieldRow("spec.maxHistory", ("spec.maxHistory",), ("HR117",), "10 where none is given", is_later=True),
    FieldRow(
        "spec.timeout",
        ("spec.timeout", "spec.rollback.timeout", "spec.test.timeout"),
        ("HR068", "HR069", "HR121"),
    ),
    FieldRow("spec.wait", (*_INSTALL_WAIT, *_UPGRADE_WAIT), ("HR117",), is_later=True),
    FieldRow("spec.forceUpgrade", ("spec.upgrade.force",), ("HR074",)),
    FieldRow("spec.resetValues", ("spec.upgrade.preserveValues",), ("HR075",), "only an explicit false"),
    FieldRow("spec.skipCRDs", ("spec.install.crds",), is_later=True),
    FieldRow(
        "spec.disableOpenAPIValidation",
        ("spec.install.disableOpenAPIValidation", "spec.upgrade.disableOpenAPIValidation"),
        ("HR079",),
        is_later=True,
    ),
    FieldRow("spec.rollback", ("spec.rollback", _REMEDIATION), ("HR081",)),
    FieldRow("spec.rollback.enable", (_REMEDIATION, *_INSTALL_WAIT, *_UPGRADE_WAIT), ("HR081",)),
    FieldRow("spec.rollback.retry", (f"{_REMEDIATION}.retries",), is_later=True),
    FieldRow(
        "spec.rollback.maxRetries",
        (f"{_REMEDIATION}.retries",),
        (),
        "5 where none is given; 0 becomes -1",
        is_later=True,
    ),
    FieldRow("spec.rollback.force", (), ("HR084",)),
    FieldRow("spec.rollback.recreate", ("spec.rollback.recreate",), ("HR083",)),
    FieldRow("spec.rollback.disableHooks", ("spec.rollback.disableHooks",)),
    FieldRow("spec.rollback.timeout", ("spec.rollback.timeout",), ("HR068", "HR069", "HR121")),
    FieldRow("spec.rollback.wait", ("spec.rollback.disableWait", "spec.rollback.disableWaitForJobs")),
    FieldRow("spec.test", ("spec.test",), is_later=True),
    FieldRow("spec.test.enable", ("spec.test.enable", *_INSTALL_WAIT, *_UPGRADE_WAIT)),
    FieldRow("spec.test.ignoreFailures", ("spec.test.ignoreFailures",)),
    FieldRow("spec.test.timeout", ("spec.test.timeout",), ("HR068", "HR069", "HR121")),
    FieldRow("spec.test.cleanup", (), (), "Helm 3 has no such thing"),
)
"""What becomes of the fields that are read here."""


def draft_actions(draft: Draft) -> None:
    """Writes down timeouts, waiting, history, CRDs and what happens after a failure.

    Source: helm-operator 1.4.4 `types_helmrelease.go` (`GetWait`, `GetTimeout`, `GetMaxHistory`, `Rollback`,
    `Test`), `pkg/release/release.go`; helm-controller 1.6.3 `internal/action`, `internal/reconcile`.
    """
    spec = draft.spec
    rollback = present(spec.get("rollback"))
    test = present(spec.get("test"))
    rolls_back, tests = bool(rollback.get("enable")), bool(test.get("enable"))
    explicit = spec.get("wait")
    waits = _waits(draft, explicit, rolls_back=rolls_back, tests=tests)
    _timeout(draft)
    _remove_where_given(draft, "wait", "forceUpgrade", "resetValues", "skipCRDs", "disableOpenAPIValidation")
    _history(draft)
    install: dict[str, Any] = {}
    upgrade: dict[str, Any] = {}
    _definitions_and_waiting(draft, install, upgrade, waits=waits, explicit=explicit is not None)
    _ways_to_upgrade(draft, upgrade)
    _failures(draft, install, upgrade, rollback, rolls_back=rolls_back)
    if install:
        draft.set(("spec", "install"), install, "install", *_because(spec, "skipCRDs", "wait"))
    if upgrade:
        draft.set(
            ("spec", "upgrade"), upgrade, "upgrade", *_because(spec, "forceUpgrade", "wait", "rollback")
        )
    _rollback(draft, rollback)
    _test(draft, test)
    if not draft.keeps_defaults:
        _declare_defaults(draft, waits=waits, explicit=explicit is not None)
    _declare_differences(
        draft, waits=waits.install or waits.upgrade or bool(rolls_back and rollback.get("wait"))
    )


@dataclass(frozen=True, slots=True)
class _Waits:
    """Whether the helm-operator waited until the objects were ready."""

    install: bool
    upgrade: bool


def _waits(draft: Draft, explicit: bool | None, *, rolls_back: bool, tests: bool) -> _Waits:
    if draft.api_version != LAST_RELEASE_API:
        return _Waits(install=False, upgrade=rolls_back)
    waits = (rolls_back or tests) if explicit is None else explicit
    return _Waits(waits, waits)


def _history(draft: Draft) -> None:
    """Keeps as many revisions as the helm-operator kept; the defaults differ."""
    if draft.spec.get("maxHistory") is None:
        if "maxHistory" in draft.spec:
            draft.remove(("spec", "maxHistory"), "history")
        if draft.keeps_defaults:
            draft.set(("spec", "maxHistory"), 10, "history")


def _definitions_and_waiting(
    draft: Draft, install: dict[str, Any], upgrade: dict[str, Any], *, waits: _Waits, explicit: bool
) -> None:
    """Writes what becomes of CRDs and of what is there, what is validated, and what is waited for."""
    spec = draft.spec
    if spec.get("skipCRDs"):
        install["crds"] = "Skip"
    if spec.get("disableOpenAPIValidation"):
        install["disableOpenAPIValidation"] = upgrade["disableOpenAPIValidation"] = True
        draft.note(
            "HR079",
            "disableOpenAPIValidation had no effect on upgrades and has one now",
            ("spec", "disableOpenAPIValidation"),
            group="all",
            declares=("upgrade.openapi_validation",),
        )
    if draft.keeps_defaults and draft.runs("2.5"):
        # A record that is not found makes an install; it shall fail on the objects that are there.
        install["disableTakeOwnership"] = True
    if draft.keeps_defaults:
        upgrade["crds"] = "Skip"
    if draft.keeps_defaults or explicit:
        # The helm-operator never waited for Jobs.
        install["disableWaitForJobs" if waits.install else "disableWait"] = True
        upgrade["disableWaitForJobs" if waits.upgrade else "disableWait"] = True


def _ways_to_upgrade(draft: Draft, upgrade: dict[str, Any]) -> None:
    """Writes whether an upgrade replaces what cannot be changed, and whether it keeps the last values."""
    spec = draft.spec
    if spec.get("forceUpgrade"):
        upgrade["force"] = True
        draft.note(
            "HR074",
            "forceUpgrade replaces resources that cannot be changed",
            ("spec", "forceUpgrade"),
            group="all",
        )
    # In flux.weave.works/v1beta1 false was the zero value and reused nothing.
    if spec.get("resetValues") is False and draft.is_of_last_api:
        upgrade["preserveValues"] = True
        draft.note(
            "HR075",
            "values of the last release are reused, also those that are nowhere in Git",
            ("spec", "resetValues"),
            group="all",
        )


def _failures(
    draft: Draft,
    install: dict[str, Any],
    upgrade: dict[str, Any],
    rollback: Mapping[str, Any],
    *,
    rolls_back: bool,
) -> None:
    """Writes what comes after an install or an upgrade that failed."""
    if draft.options.failure_handling == "exact":
        # Only an install that finds no record can fail, and then it may have taken what runs.
        install["remediation"] = {"retries": -1}
        draft.note(
            "HR080",
            "a failed install is uninstalled and tried again without end, also where it took over what runs",
            ("spec",),
            group="all",
        )
    if rolls_back:
        upgrade["remediation"] = _remediation(rollback)
        # Before Flux 2.2 a rollback went to the revision before, whoever had made it.
        if draft.runs("2.2"):
            draft.note(
                "HR081",
                "the first upgrade by Flux v2 cannot be rolled back: nothing that it knows came before",
                ("spec", "rollback"),
                group="all",
                declares=("upgrade.rolls_back_adoption",),
            )


def _declare_defaults(draft: Draft, *, waits: _Waits, explicit: bool) -> None:
    declares: list[str] = []
    if not explicit:
        for action, waited in (("install", waits.install), ("upgrade", waits.upgrade)):
            declares.append(f"{action}.wait_for_jobs" if waited else f"{action}.wait")
    changes = "installs and upgrades wait, also for Jobs, where wait is not given"
    if draft.runs("2.2"):
        declares.append("upgrade.crds")
        changes += ", upgrades create missing definitions"
        if draft.spec.get("maxHistory") is None:
            declares.append("max_history")
        changes += ", five revisions are kept instead of ten where maxHistory is not given"
    if declares:
        message = f"Flux v2's defaults are used: {changes}"
        draft.note("HR117", message, ("spec",), group="all", declares=tuple(declares))


def _declare_differences(draft: Draft, *, waits: bool) -> None:
    """What no field restores, or what would be worse than the difference."""
    differences = list(_differences(draft))
    # The same sentence for all releases: it is one finding.
    draft.differ_all = "; ".join(text for _, text in differences if text)
    draft.differences += [field for field, _ in differences if waits or field != "wait_engine"]


def _differences(draft: Draft) -> Iterator[tuple[str, str]]:
    if draft.options.suspend_releases:
        yield "suspended", "nothing happens to a release until somebody resumes it"
    if draft.options.failure_handling == "safe":
        yield "install.remediation.action", "a failed install is left as it is"
    yield "uninstall.wait", "an uninstall waits until the objects are gone"
    if draft.runs("2.4"):
        refuses = draft.keeps_defaults and draft.runs("2.5")
        actions = "an upgrade takes" if refuses else "installs and upgrades take"
        yield "upgrade.take_ownership", f"{actions} over objects of other releases"
        if not refuses:
            yield "install.take_ownership", ""
    if draft.runs("2.8"):
        yield "install.server_side_apply", "an install is applied by the server"
        yield "wait_engine", "another engine decides what is ready"


def _because(spec: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    return tuple(f"spec.{name}" for name in names if name in spec)


def _remove_where_given(draft: Draft, *names: str) -> None:
    for name in names:
        if name in draft.spec:
            draft.remove(("spec", name), "actions")


def _duration(draft: Draft, seconds: int, *path: str) -> str | None:
    field = ".".join(path[1:])
    if seconds * SECOND > LARGEST:
        message = f"{field} is more seconds than a duration of Go holds, and meant others for the operator"
        draft.note("HR121", message, path)
    elif seconds > 0:
        return _seconds_to_duration(seconds)
    elif seconds == 0:
        own = path == ("spec", "timeout")
        actions = ("install", "upgrade", "uninstall") if own else (path[1],)
        message = f"{field} is 0: it is left out, and Flux v2 takes its default of five minutes"
        draft.note("HR069", message, path, declares=tuple(f"{action}.timeout" for action in actions))
    else:
        draft.note("HR068", f"{field} is negative, which Flux v2 refuses", path)
    return None


def _seconds_to_duration(seconds: int) -> str:
    """Gives a duration as people write it.

    >>> [_seconds_to_duration(seconds) for seconds in (600, 90, 3600, 45)]
    ['10m', '1m30s', '1h', '45s']
    """
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if number]
    return "".join(parts)


def _timeout(draft: Draft) -> None:
    path = ("spec", "timeout")
    if "timeout" not in draft.spec:
        return
    seconds = draft.spec["timeout"]
    duration = None if seconds is None else _duration(draft, seconds, *path)
    if duration is None:
        draft.remove(path, "timeout")
    else:
        draft.set(path, duration, "timeout", "spec.timeout")


def _remediation(rollback: Mapping[str, Any]) -> dict[str, Any]:
    retries = rollback.get("maxRetries", _DEFAULT_RETRIES) if rollback.get("retry") else -1
    if retries > 0:
        return {"retries": retries}
    if retries == 0:
        # Zero is without end for the helm-operator, a negative number for helm-controller.
        return {"retries": -1}
    return {"retries": 0, "remediateLastFailure": True}


def _independent_timeout(draft: Draft, part: Mapping[str, Any], name: str) -> None:
    """A rollback or test has five minutes of its own in v1, and in v2 what the release has."""
    path = ("spec", name, "timeout")
    duration = _duration(draft, part["timeout"], *path) if "timeout" in part else None
    own = draft.spec.get("timeout")
    if duration is not None:
        draft.set(path, duration, name, f"spec.{name}.timeout")
        return
    if "timeout" in (draft.spec.get(name) or {}):
        draft.remove(path, name)
    if own is not None and own > 0 and own != _DEFAULT_TIMEOUT:
        draft.set(path, _seconds_to_duration(_DEFAULT_TIMEOUT), name, "spec.timeout")


def _rollback(draft: Draft, rollback: Mapping[str, Any]) -> None:
    path = ("spec", "rollback")
    given = draft.spec.get("rollback") or {}
    if not rollback.get("enable"):
        if "rollback" in draft.spec:
            draft.remove(path, "rollback")
        return
    if rollback.get("force"):
        draft.note(
            "HR084", "the helm-operator ignored rollback.force with Helm 3", (*path, "force"), group="all"
        )
    if rollback.get("recreate") and draft.runs("2.8"):
        draft.note(
            "HR083",
            "rollback.recreate does nothing any more",
            (*path, "recreate"),
            group="all",
            declares=("rollback.recreate",),
        )
    # Written first, so that the mapping is never empty in between.
    name = "disableWaitForJobs" if rollback.get("wait") else "disableWait"
    draft.set((*path, name), True, "rollback", "spec.rollback.wait")
    kept = ("recreate", "disableHooks")
    for field in given:
        if field not in ("timeout", *kept) or (field in kept and field not in rollback):
            draft.remove((*path, field), "rollback")
    _independent_timeout(draft, rollback, "rollback")


def _test(draft: Draft, test: Mapping[str, Any]) -> None:
    path = ("spec", "test")
    given = draft.spec.get("test") or {}
    if not test.get("enable"):
        if "test" in draft.spec:
            draft.remove(path, "test")
        return
    for field in given:
        if field not in ("enable", "timeout", "ignoreFailures") or (field != "timeout" and field not in test):
            draft.remove((*path, field), "test")
    _independent_timeout(draft, test, "test")
