"""What differs between two meanings: exactly what a release that keeps all it can does not keep."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.flux2 import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.meaning import (
    ChartMeaning,
    Difference,
    GitReference,
    ReleaseMeaning,
    SourceKey,
    ValuesSource,
    compare_meanings,
    meaning_of_v1_release,
    meaning_of_v2_release,
    outcome_in_the_cluster,
)
from fluxv2_migrate.meaning.comparison import CONSEQUENCES, same_json
from release_manifests import GIT_CHART, HELM_CHART, SOURCES, v1_release, v2_meaning, v2_release

SECONDS = st.sampled_from([60, 90, 300, 3600])
FLAGS = st.booleans()
VALUES = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab$", max_size=3),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
REFERENCES = st.fixed_dictionaries(
    {"name": st.sampled_from(["s", "t"])},
    optional={
        "key": st.sampled_from(["k", "values.yaml"]),
        "optional": FLAGS,
        "namespace": st.sampled_from(["shop", "other"]),
    },
)
V1_SPECS = st.fixed_dictionaries(
    {
        "helmVersion": st.just("v3"),
        "chart": st.sampled_from(
            [
                HELM_CHART,
                GIT_CHART,
                {**GIT_CHART, "skipDepUpdate": True},
                {**GIT_CHART, "ref": "a" * 40},
                {**GIT_CHART, "git": "https://example.com/acme/charts"},
            ]
        ),
    },
    optional={
        "releaseName": st.just("front"),
        "targetNamespace": st.sampled_from(["shop", "other"]),
        "maxHistory": st.integers(0, 12),
        "timeout": SECONDS,
        "wait": FLAGS,
        "forceUpgrade": FLAGS,
        "resetValues": FLAGS,
        "skipCRDs": FLAGS,
        "disableOpenAPIValidation": FLAGS,
        "values": VALUES,
        "valueFileSecrets": st.lists(st.just({"name": "s"}), max_size=2),
        "valuesFrom": st.lists(
            st.builds(
                lambda kind, ref: {kind: ref},
                st.sampled_from(["configMapKeyRef", "secretKeyRef"]),
                REFERENCES,
            ),
            max_size=2,
        ),
        "rollback": st.fixed_dictionaries(
            {},
            optional={
                "enable": FLAGS,
                "retry": FLAGS,
                "maxRetries": st.integers(-1, 3),
                "recreate": FLAGS,
                "disableHooks": FLAGS,
                "timeout": SECONDS,
                "wait": FLAGS,
                "force": FLAGS,
            },
        ),
        "test": st.fixed_dictionaries(
            {}, optional={"enable": FLAGS, "ignoreFailures": FLAGS, "timeout": SECONDS, "cleanup": FLAGS}
        ),
    },
)


def without_nones(**fields_: Any) -> dict[str, Any]:
    return {name: value for name, value in fields_.items() if value is not None}


def kept(
    spec: dict[str, Any], version: FluxVersion
) -> tuple[dict[str, Any], dict[SourceKey, dict[str, Any]]]:
    """Gives the v2 release that keeps all that a Flux release can keep, and its source."""

    def since(first: FluxVersion) -> bool:
        return FLUX_VERSIONS.index(version) >= FLUX_VERSIONS.index(first)

    rollback, test = spec.get("rollback") or {}, spec.get("test") or {}
    rolls_back, tests = rollback.get("enable"), test.get("enable")
    waits = spec.get("wait", bool(rolls_back or tests))
    target = spec.get("targetNamespace", "shop")
    parts = dict.fromkeys(("shop", target))
    no_wait = {"disableWaitForJobs" if waits else "disableWait": True}
    strict: dict[str, Any] = {"disableTakeOwnership": True} if since("2.5") else {}
    install = {
        **no_wait,
        **strict,
        **({"serverSideApply": False} if since("2.8") else {}),
        **({"crds": "Skip"} if spec.get("skipCRDs") else {}),
        "disableOpenAPIValidation": spec.get("disableOpenAPIValidation", False),
        "remediation": {"retries": -1},
    }
    upgrade: dict[str, Any] = {
        **no_wait,
        **strict,
        "crds": "Skip",
        "force": spec.get("forceUpgrade", False),
        "preserveValues": spec.get("resetValues") is False,
    }
    if rolls_back:
        retries = rollback.get("maxRetries", 5) if rollback.get("retry") else -1
        upgrade["remediation"] = (
            {"retries": retries or -1} if retries >= 0 else {"retries": 0, "remediateLastFailure": True}
        )
    git = "git" in spec["chart"]
    chart = (
        {
            "chart": "./charts/web",
            "reconcileStrategy": "Revision",
            "sourceRef": {"kind": "GitRepository", "name": "src"},
        }
        if git
        else {"chart": "web", "version": "1.2.3", "sourceRef": {"kind": "HelmRepository", "name": "src"}}
    )
    references = [{"kind": "Secret", "name": each["name"]} for each in spec.get("valueFileSecrets", ())]
    for each in spec.get("valuesFrom", ()):
        [(field, ref)] = each.items()
        kind = "Secret" if field == "secretKeyRef" else "ConfigMap"
        references.append(
            without_nones(kind=kind, name=ref["name"], valuesKey=ref.get("key"), optional=ref.get("optional"))
        )
    release = {
        "interval": "5m",
        "releaseName": spec.get("releaseName") or "-".join([*parts, "web"]),
        "targetNamespace": target,
        "storageNamespace": target,
        "chart": {"spec": chart},
        "maxHistory": spec.get("maxHistory", 10),
        "timeout": f"{spec.get('timeout', 300)}s",
        "values": spec.get("values", {}),
        "valuesFrom": references,
        "install": install,
        "upgrade": upgrade,
        "uninstall": {"disableWait": True},
        "rollback": {
            "disableWaitForJobs" if rollback.get("wait") else "disableWait": True,
            "timeout": f"{rollback.get('timeout', 300)}s",
            "recreate": rollback.get("recreate", False),
            "disableHooks": rollback.get("disableHooks", False),
        },
        "test": {
            "enable": bool(tests),
            "ignoreFailures": test.get("ignoreFailures", False),
            "timeout": f"{test.get('timeout', 300)}s",
        },
    }
    if since("2.8"):
        release["waitStrategy"] = {"name": "legacy"}
    url = spec["chart"].get("git", "").replace("git@example.com:", "ssh://git@example.com/")
    source: dict[str, Any] = {"url": "https://charts.example.com"}
    if git:
        ref = spec["chart"]["ref"]
        source = {"url": url, "ref": {"commit" if len(ref) == 40 else "branch": ref}}
        if url.startswith("ssh"):
            source["secretRef"] = {"name": "key"}
    kind = chart["sourceRef"]["kind"]  # type: ignore[index]
    api = "source.toolkit.fluxcd.io/v1"
    metadata = {"name": "src", "namespace": "shop"}
    return release, {
        (kind, "shop", "src"): {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": source}
    }


def lost(spec: dict[str, Any], version: FluxVersion) -> set[str]:
    """Gives what no v2 release keeps, by the facts about both sides."""
    release = FLUX_VERSIONS.index(version)
    found: set[str] = set()
    chart, rollback = spec["chart"], spec.get("rollback") or {}
    if version == "2.4":
        found |= {"install.take_ownership", "upgrade.take_ownership"}
    if rollback.get("enable") and release >= FLUX_VERSIONS.index("2.2"):
        found.add("upgrade.rolls_back_adoption")
    if rollback.get("enable") and rollback.get("recreate") and release >= FLUX_VERSIONS.index("2.8"):
        found.add("rollback.recreate")
    if "git" in chart:
        found.add("chart.version_metadata")
        if len(chart["ref"]) != 40:
            found.add("chart.new_chart_on")
        if chart["git"].startswith("git@"):
            found.add("chart.credentials")
        if chart.get("skipDepUpdate"):
            found.add("chart.fetches_dependencies")
    references = [ref for each in spec.get("valuesFrom", ()) for ref in each.values()]
    if any(ref.get("namespace", "shop") != "shop" for ref in references):
        found.add("values_from")
    elif any(ref.get("optional") for ref in references):
        found.add("values_from.tolerates")
    return found


@pytest.mark.parametrize("version", FLUX_VERSIONS)
@given(spec=V1_SPECS)
def test_a_release_that_keeps_all_it_can_differs_in_what_flux_cannot_keep(
    version: FluxVersion, spec: dict[str, Any]
) -> None:
    before = meaning_of_v1_release(v1_release(spec))
    release, sources = kept(spec, version)
    after = meaning_of_v2_release(v2_release(release, version), sources, flux_version=version)
    assert {each.field for each in compare_meanings(before, after)} == lost(spec, version)
    assert after.refused == ()
    assert outcome_in_the_cluster(before, after) == "adopted"


@given(V1_SPECS, V1_SPECS, st.sampled_from(FLUX_VERSIONS))
def test_comparing_is_reflexive_and_symmetric(
    one: dict[str, Any], other: dict[str, Any], version: FluxVersion
) -> None:
    before = meaning_of_v1_release(v1_release(one))
    release, sources = kept(other, version)
    after = meaning_of_v2_release(v2_release(release, version), sources, flux_version=version)
    assert compare_meanings(before, before) == compare_meanings(after, after) == ()
    there, back = compare_meanings(before, after), compare_meanings(after, before)
    assert {(each.field, each.path) for each in there} == {(each.field, each.path) for each in back}
    assert pickle.loads(pickle.dumps(there)) == there
    for each in there:
        assert each.consequence
        assert "→" in str(each)


def differing_fields(kind: Any, name: str = "") -> Iterator[str]:
    hints = typing.get_type_hints(kind)
    for field in fields(kind):
        if not field.metadata.get("compared", True):
            continue
        inner = f"{name}{field.name}"
        options = (hints[field.name], *typing.get_args(hints[field.name]))
        part = next((each for each in options if is_dataclass(each) and each is not GitReference), None)
        if part is None or part is ValuesSource:
            yield inner
        else:
            yield from differing_fields(part, f"{inner}.")


def test_every_difference_has_its_consequence() -> None:
    fields = {*differing_fields(ReleaseMeaning), "values_from.tolerates"}
    # The others are of workloads, sync paths and namespaces, and of what serves a chart.
    assert fields <= set(CONSEQUENCES)


def test_one_and_true_differ_wherever_they_stand() -> None:
    for value in (1, [1], {"a": [1]}):
        other = copy.deepcopy(value)
        if isinstance(other, dict):
            other["a"] = [True]
        elif isinstance(other, list):
            other = [True]
        else:
            other = True
        assert not same_json(value, other)
        assert same_json(value, copy.deepcopy(value))
    assert not same_json({"a": None}, {})
    assert not same_json([], {})
    assert not same_json([1], [1, 2])


def values_differences(
    before: dict[str, Any], after: dict[str, Any]
) -> set[tuple[tuple[str, ...], Any, Any]]:
    one = meaning_of_v1_release(v1_release({"values": before}))
    other = replace(one, values=after)
    found = compare_meanings(one, other)
    assert {each.field for each in found} <= {"values"}
    return {(each.path, str(each.before), str(each.after)) for each in found}


def test_values_are_compared_down_to_the_leaf() -> None:
    before = {"image": {"tag": "1", "name": "a"}, "list": [1, 2], "gone": None, "same": 1}
    after = {"image": {"tag": 1, "name": "a"}, "list": [2, 1], "new": {"a": 1}, "same": 1}
    assert values_differences(before, after) == {
        (("image", "tag"), "1", "1"),
        (("list",), "[1, 2]", "[2, 1]"),
        (("gone",), "None", "(absent)"),
        (("new",), "(absent)", "{'a': 1}"),
    }


@given(VALUES, VALUES)
def test_values_are_the_same_when_nothing_differs(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert (values_differences(before, after) == set()) == same_json(before, after)


def test_the_order_of_sources_of_values_matters() -> None:
    first, second = {"secretKeyRef": {"name": "a"}}, {"secretKeyRef": {"name": "b"}}
    before = meaning_of_v1_release(v1_release({"valuesFrom": [first, second]}))
    after = meaning_of_v1_release(v1_release({"valuesFrom": [second, first]}))
    [difference] = compare_meanings(before, after)
    assert str(difference) == (
        "values_from: Secret shop/a (values.yaml), Secret shop/b (values.yaml)"
        " → Secret shop/b (values.yaml), Secret shop/a (values.yaml)"
    )


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (Difference("suspended", False, True), "suspended: false → true"),
        (
            Difference("install.timeout", timedelta(minutes=5), "unlimited"),
            "install.timeout: 5m0s → unlimited",
        ),
        (Difference("values", None, "", ("a", "b")), 'values at a.b: null → ""'),
        (Difference("values", {"a": 1}, [1, 2]), "values: 1 entry → 2 entries"),
        (Difference("values", [1, 2], [2, 1], ("a",)), "values at a: 2 entries → others"),
        (Difference("values", 8080, "8080", ("port",)), 'values at port: 8080 → "8080"'),
        (Difference("values", [1], [2], ("password",)), "values at password: *** → ***"),
        (Difference("refused", (), ("interval",)), "refused: none → interval"),
        (Difference("chart.reference", GitReference("tag", "v1"), 1), "chart.reference: tag v1 → 1"),
        (Difference("values_from", (ValuesSource("URL", "u"),), ()), "values_from: URL u → none"),
    ],
)
def test_a_difference_is_shown_in_one_line(difference: Difference, text: str) -> None:
    assert str(difference) == text


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "adopted"),
        ({"releaseName": "other"}, "renamed"),
        ({"targetNamespace": "other", "storageNamespace": "other"}, "reinstalled"),
        ({"storageNamespace": "other"}, "taken-over"),
    ],
)
def test_the_record_decides_what_becomes_of_a_release(changes: dict[str, str], outcome: str) -> None:
    before = meaning_of_v1_release(v1_release())
    assert outcome_in_the_cluster(before, v2_meaning(changes)) == outcome


@pytest.mark.parametrize(("version", "outcome"), [("2.9", "taken-over"), ("2.3", "reinstalled")])
def test_a_release_of_helm_2_is_never_adopted(version: FluxVersion, outcome: str) -> None:
    before = meaning_of_v1_release(v1_release({"helmVersion": "v2"}))
    assert outcome_in_the_cluster(before, v2_meaning({}, version)) == outcome


def test_what_is_not_known_is_compared_with_nothing() -> None:
    before = meaning_of_v1_release(v1_release())
    chart = ChartMeaning(None, None, None, credentials=None)
    after = replace(before, chart=chart, target_namespace=None, storage_namespace=None, rollback=None)
    assert compare_meanings(before, after) == ()
    assert outcome_in_the_cluster(before, after) == "adopted"


def test_a_forgotten_default_is_found() -> None:
    before = meaning_of_v1_release(v1_release())
    found = {each.field for each in compare_meanings(before, v2_meaning(sources=SOURCES))}
    assert found == {
        "max_history",
        "install.wait",
        "install.take_ownership",
        "install.server_side_apply",
        "install.remediation.action",
        "upgrade.wait",
        "upgrade.crds",
        "upgrade.take_ownership",
        "uninstall.wait",
    }
