"""What became of each release, read from two repositories."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from reference_trees import PLAIN_TREES, read_tree
from release_manifests import GIT_CHART, SOURCES, v1_release, v2_release
from test_settled_trees import one_key

Files = Mapping[str, str | bytes]


def text(*manifests: Mapping[str, Any]) -> str:
    return "".join(f"---\n{json.dumps(each)}\n" for each in manifests)


# What every release needs to mean the same on Flux 2.7, but for two fields.
KEPT: dict[str, Any] = {
    "maxHistory": 10,
    "install": {"disableWait": True, "disableTakeOwnership": True, "remediation": {"retries": -1}},
    "upgrade": {"disableWait": True, "disableTakeOwnership": True, "crds": "Skip"},
    "uninstall": {"disableWait": True},
}
OPTIONS = fm.MigrationOptions(flux_version="2.7")
SOURCE_FILE = text(*SOURCES.values())


def v1(spec: Mapping[str, Any] | None = None, **metadata: str) -> str:
    return text(v1_release(spec, metadata={"name": "web", "namespace": "shop", **metadata}))


def v2(spec: Mapping[str, Any] | None = None, **metadata: str) -> str:
    manifest = v2_release({**KEPT, **(spec or {})}, metadata={"name": "web", "namespace": "shop", **metadata})
    return text(manifest)


def verify(before: Files, after: Files, **given: Any) -> fm.VerificationReport:
    options = given.pop("options", OPTIONS)
    return fm.verify_migration(before, {"sources.yaml": SOURCE_FILE, **after}, options, **given)


def only(report: fm.VerificationReport) -> fm.ReleaseVerification:
    [entry] = report.releases
    return entry


def test_a_release_that_means_the_same_is_the_same() -> None:
    report = verify({"web.yaml": v1()}, {"web.yaml": v2()})
    assert report.releases == (
        fm.ReleaseVerification("same", "HelmRelease shop/web", "web.yaml", 2, "web.yaml", "adopted"),
    )
    assert report.ok
    assert report.counts() == {"same": 1}


def test_what_differs_is_said_with_both_values_and_what_it_does() -> None:
    entry = only(verify({"web.yaml": v1({"timeout": 60})}, {"web.yaml": v2({"timeout": "2m"})}))
    assert entry.status == "different"
    assert [str(each) for each in entry.differences] == [
        "install.timeout: 1m0s → 2m0s",
        "upgrade.timeout: 1m0s → 2m0s",
        "uninstall.timeout: 1m0s → 2m0s",
    ]
    assert entry.differences[0].consequence == "an installation fails sooner or later than before"


RESOURCE = "HelmRelease shop/web"


@pytest.mark.parametrize(
    "declared",
    [
        {("web.yaml", RESOURCE): {"max_history", "install.wait"}},
        {("web.yaml", RESOURCE): ["max_history", "install"]},
        {("web.yaml", ""): {"max_history"}, ("", RESOURCE): {"install.wait"}},
        {("", ""): {"max_history", "install.wait"}},
    ],
)
def test_what_was_declared_may_differ(declared: Any) -> None:
    after = v2({"maxHistory": 5, "install": {**KEPT["install"], "disableWait": False}})
    entry = only(verify({"web.yaml": v1()}, {"web.yaml": after}, declared=declared))
    assert entry.status == "declared"
    assert [each.field for each in entry.declared] == ["max_history", "install.wait"]
    assert (entry.differences, entry.undue) == ((), ())


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {("other.yaml", RESOURCE): {"max_history"}},
        {("web.yaml", "HelmRelease shop/db"): {"max_history"}},
        {("web.yaml", RESOURCE): {"max"}},
    ],
)
def test_what_was_declared_of_something_else_may_not(declared: Any) -> None:
    entry = only(verify({"web.yaml": v1()}, {"web.yaml": v2({"maxHistory": 5})}, declared=declared))
    assert entry.status == "different"


@pytest.mark.parametrize(
    "declared", [{"values": 3}, {"values": {"port": 3}}, {"values.port": 2}, {"install": 2}]
)
def test_what_was_declared_with_another_value_may_not(declared: Any) -> None:
    before, after = (
        v1({"values": {"port": 1}}),
        v2({"values": {"port": 2}, "install": {**KEPT["install"], "disableWait": False}}),
    )
    entry = only(
        verify({"web.yaml": before}, {"web.yaml": after}, declared={("web.yaml", RESOURCE): declared})
    )
    assert {each.field for each in entry.differences} == {"values", "install.wait"}


def test_what_was_declared_for_nothing_is_said() -> None:
    declared = {("web.yaml", RESOURCE): {"values", "chart"}, ("", ""): {"suspended"}}
    entry = only(verify({"web.yaml": v1()}, {"web.yaml": v2()}, declared=declared))
    assert (entry.status, entry.undue) == ("same", ("chart", "values"))


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ({}, "no release of Flux v2 stands for it"),
        ({"web.yaml": v1()}, "it is still a release of Flux v1"),
        ({"web.yaml": v2(name="db")}, "no release of Flux v2 stands for it"),
    ],
)
def test_a_release_without_a_successor_is_missing(after: Files, reason: str) -> None:
    after = {path: str(content).replace("shop-web", "shop-db") for path, content in after.items()}
    entry = next(each for each in verify({"web.yaml": v1()}, after).releases if each.path)
    assert (entry.status, entry.reason, entry.outcome) == ("missing", reason, None)


def test_a_release_without_a_predecessor_is_extra() -> None:
    report = verify({"web.yaml": v1()}, {"web.yaml": v2(), "db.yaml": v2({"releaseName": "db"}, name="db")})
    assert report.counts() == {"extra": 1, "same": 1}
    extra = next(each for each in report.releases if each.status == "extra")
    assert (extra.resource, extra.path, extra.after_path) == ("HelmRelease shop/db", "", "db.yaml")


def test_a_release_of_flux_v2_that_was_there_before_is_no_extra_one() -> None:
    db = v2({"releaseName": "db"}, name="db")
    report = verify({"web.yaml": v1(), "db.yaml": db}, {"web.yaml": v2(), "db.yaml": db})
    assert report.counts() == {"same": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff helm.fluxcd.io/v1", "the file is not UTF-8: it may be encrypted"),
        ("apiVersion: helm.fluxcd.io/v1\nkind: [", "it is no YAML: "),
        ('{"apiVersion": "flux.weave.works/v1beta1", "kind": [', "it is no YAML: "),
        (v1(name="{{ .Release.Name }}"), "a template fills in metadata.name"),
        (v1({"targetNamespace": "$(NAMESPACE)"}), "a template fills in spec.targetNamespace"),
        (v1({"chart": {**GIT_CHART, "ref": "${REF}"}}), "a template fills in spec.chart.ref"),
        (text({**v1_release(), "sops": {"mac": "x"}}), "it is encrypted"),
        (v1({"chart": None}), "it names no chart: what it is patched with stands elsewhere"),
        (v1({"timeout": "60"}), "the API server refuses it: spec.timeout: Input should be a valid integer"),
    ],
)
def test_what_cannot_be_read_is_unknown(content: str | bytes, reason: str) -> None:
    entry = next(each for each in verify({"web.yaml": content}, {"web.yaml": v2()}).releases if each.path)
    assert entry.status == "unknown"
    assert entry.reason.startswith(reason)
    assert entry.outcome is None


def test_a_template_of_a_chart_is_unknown() -> None:
    chart: Files = {"charts/web/Chart.yaml": "name: web\n", "charts/web/templates/db.yaml": v1()}
    assert only(verify(chart, {"web.yaml": v2()})).reason.startswith("it is a template of a chart")
    beside: Files = {"charts/web/Chart.yaml": "name: web\n", "charts/db.yaml": v1({"values": {"a": "${b}"}})}
    assert only(verify(beside, {"web.yaml": v2({"values": {"a": "${b}"}})})).status == "same"


def test_a_source_elsewhere_leaves_it_unknown() -> None:
    entry = only(fm.verify_migration({"web.yaml": v1()}, {"web.yaml": v2()}, OPTIONS))
    assert (entry.status, entry.unknown) == ("unknown", ("chart.url", "chart.credentials"))
    assert entry.reason == "what decides is not in the repository"


def test_a_difference_counts_for_more_than_what_is_unknown() -> None:
    after = {"web.yaml": v2({"maxHistory": 5})}
    assert only(fm.verify_migration({"web.yaml": v1()}, after, OPTIONS)).status == "different"


def test_a_new_release_that_the_api_server_refuses_is_different() -> None:
    entry = only(verify({"web.yaml": v1()}, {"web.yaml": v2({"timeout": 60})}))
    assert entry.status == "different"
    assert str(entry.differences[0]) == "refused: none → spec.timeout: Input should be a valid string"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "adopted"),
        ({"releaseName": "web"}, "renamed"),
        ({"targetNamespace": "other"}, "reinstalled"),
        ({"storageNamespace": "other"}, "taken-over"),
    ],
)
def test_the_outcome_in_the_cluster_is_said(changes: dict[str, str], outcome: str) -> None:
    assert only(verify({"web.yaml": v1()}, {"web.yaml": v2(changes)})).outcome == outcome


def test_a_release_in_another_form_is_found() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [v1_release(), "no object"]}
    crlf = v1({"targetNamespace": "other"}, name="db").replace("\n", "\r\n")
    before: Files = {"list.yaml": json.dumps(listed), "db.yml": ("\ufeff" + crlf).encode()}
    spec = {"releaseName": "shop-other-db", "targetNamespace": "other", "storageNamespace": "other"}
    report = verify(before, {"web.yaml": v2(), "db.yaml": v2(spec, name="db")})
    assert report.counts() == {"same": 2}


def test_a_release_under_another_name_is_found_by_its_record() -> None:
    entry = only(verify({"web.yaml": v1()}, {"new/front.yaml": v2(name="front")}))
    assert (entry.status, entry.after_path, entry.outcome) == ("same", "new/front.yaml", "adopted")


@pytest.mark.parametrize(
    ("spec", "namespace", "status", "outcome"),
    [
        # Without a release name, helm-controller takes that of the object, and finds the record beside it.
        ({}, "metal", "same", "adopted"),
        ({"targetNamespace": "metal", "storageNamespace": "metal"}, "flux-system", "different", "renamed"),
        ({"targetNamespace": "metal", "releaseName": "web"}, "flux-system", "different", "taken-over"),
        ({"releaseName": "front"}, "metal", "different", "renamed"),
    ],
)
def test_a_release_that_moved_to_its_objects_or_to_flux_is_found(
    spec: dict[str, Any], namespace: str, status: str, outcome: str
) -> None:
    before = v1({"releaseName": "web", "targetNamespace": "metal"})
    manifest = v2_release({**KEPT, **spec}, metadata={"name": "web", "namespace": namespace})
    if "releaseName" not in spec:
        del manifest["spec"]["releaseName"]
    sources = SOURCE_FILE.replace('"namespace": "shop"', f'"namespace": "{namespace}"')
    after = {"new/web.yaml": text(manifest), "sources.yaml": sources}
    entry = only(fm.verify_migration({"web.yaml": before}, after, OPTIONS))
    assert (entry.status, entry.outcome) == (status, outcome)


def test_a_release_that_was_edited_where_it_stands_is_found() -> None:
    entry = only(verify({"web.yaml": v1()}, {"web.yaml": v2(namespace="other")}))
    assert (entry.status, entry.outcome) == ("different", "reinstalled")


def test_a_release_of_the_same_name_elsewhere_is_another_one() -> None:
    report = verify({"web.yaml": v1()}, {"front.yaml": v2(name="front", namespace="other")})
    assert sorted(entry.status for entry in report.releases) == ["extra", "missing"]


def test_a_namespace_can_stand_elsewhere() -> None:
    after = text(v2_release(KEPT, metadata={"name": "web"}))
    entry = only(verify({"web.yaml": v1()}, {"web.yaml": after}))
    assert (entry.status, entry.after_path) == ("different", "web.yaml")
    assert [str(each) for each in entry.differences] == ["namespace: shop → (none)"]
    # Where none was written before, nothing is lost.
    before = text(v1_release(metadata={"name": "web"}))
    options = fm.MigrationOptions(flux_version="2.7", default_namespace="shop")
    assert only(verify({"web.yaml": before}, {"web.yaml": after}, options=options)).status == "same"


def test_each_cluster_has_its_own_release_and_source() -> None:
    before = {f"{cluster}/web.yaml": v1({"maxHistory": number}) for cluster, number in (("a", 3), ("b", 4))}
    after = {
        f"{cluster}/new/web.yaml": v2({"maxHistory": number}) for cluster, number in (("a", 3), ("b", 4))
    }
    other = SOURCE_FILE.replace("charts.example.com", "mirror.example.com")
    report = fm.verify_migration(
        before, {**after, "a/sources.yaml": SOURCE_FILE, "b/sources.yaml": other}, OPTIONS
    )
    assert [(each.path, each.after_path, each.status) for each in report.releases] == [
        ("a/web.yaml", "a/new/web.yaml", "same"),
        ("b/web.yaml", "b/new/web.yaml", "different"),
    ]
    assert [each.field for each in report.releases[1].differences] == ["chart.url"]


@pytest.mark.parametrize(("roots", "status"), [((), "same"), (("a", "b/"), "missing"), ((".",), "same")])
def test_a_release_does_not_move_to_another_cluster(roots: tuple[str, ...], status: str) -> None:
    options = fm.MigrationOptions(flux_version="2.7", sync_roots=roots)
    entry = verify({"a/web.yaml": v1()}, {"b/web.yaml": v2()}, options=options).releases[0]
    assert entry.status == status


def test_two_releases_do_not_share_one() -> None:
    report = verify({"a/web.yaml": v1(), "b/web.yaml": v1()}, {"b/web.yaml": v2()})
    assert [each.status for each in report.releases] == ["missing", "same"]


def test_what_a_person_decided_is_believed() -> None:
    before = v1({"chart": GIT_CHART})
    chart = {
        "chart": "charts/web",
        "reconcileStrategy": "Revision",
        "sourceRef": {"kind": "GitRepository", "name": "charts"},
    }
    after = v2({"releaseName": "live", "chart": {"spec": chart}})
    override = fm.Override(namespace="shop", name="w*", release_name="live", ref_kind="tag")
    options = fm.MigrationOptions(flux_version="2.7", overrides=(fm.Override(name="db"), override))
    entry = only(verify({"web.yaml": before}, {"web.yaml": after}, options=options))
    assert entry.outcome == "adopted"
    assert "chart.reference: tag main → branch main" in [str(each) for each in entry.differences]


def test_a_release_that_a_person_leaves_to_flux_1_may_stay() -> None:
    override = fm.Override(name="web", leave=True)
    options = fm.MigrationOptions(flux_version="2.7", overrides=(override,))
    entry = only(verify({"web.yaml": v1()}, {"web.yaml": v1()}, options=options))
    assert (entry.status, entry.after_path) == ("declared", "web.yaml")


def test_a_person_knows_where_the_records_are() -> None:
    override = fm.Override(name="web", storage_namespace="records")
    options = fm.MigrationOptions(flux_version="2.7", overrides=(override,))
    after = {"web.yaml": v2({"storageNamespace": "records"})}
    assert only(verify({"web.yaml": v1()}, after, options=options)).status == "same"
    assert only(verify({"web.yaml": v1()}, after)).outcome == "taken-over"


def test_a_release_that_was_converted_from_helm_2_is_adopted() -> None:
    options = fm.MigrationOptions(flux_version="2.7", overrides=(fm.Override(accept=("HR030",)),))
    before, after = {"web.yaml": v1({"helmVersion": "v2"})}, {"web.yaml": v2()}
    assert only(verify(before, after, options=options)).status == "same"
    assert only(verify(before, after)).outcome == "reinstalled"


def test_flags_of_the_operator_are_believed() -> None:
    operator = fm.HelmOperator(helm_versions=("v2",))
    entry = only(verify({"web.yaml": v1({"helmVersion": None})}, {"web.yaml": v2()}, operator=operator))
    assert [each.field for each in entry.differences] == ["helm_version"]
    entry = only(verify({"web.yaml": v1({"helmVersion": None})}, {"web.yaml": v2()}))
    assert (entry.status, entry.assumed) == ("same", ("helm_version",))


@pytest.mark.parametrize(
    ("components", "version"),
    [
        ("# Flux Version: v2.3.0\n", "2.3"),
        (b"# Flux version: v2.1.2\n", "2.1"),
        ("# Flux Version: v2.99.0\n", FLUX_VERSIONS[-1]),
        ("# Flux Version: v0.41.2\n", FLUX_VERSIONS[-1]),
        ("", FLUX_VERSIONS[-1]),
    ],
)
def test_the_flux_release_is_that_of_the_repository(components: str | bytes, version: str) -> None:
    after = {"flux-system/gotk-components.yaml": components}
    assert fm.verify_migration({}, after).flux_version == version


def test_what_does_not_concern_flux_is_not_read() -> None:
    noise: Files = {
        "bad.yaml": "a: [",
        "binary": b"\xff\xfe",
        "README.md": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease",
        "binary-with-flux": b"\xff fluxcd.io",
        "crd.yaml": "# helm.toolkit.fluxcd.io\nspec: {group: helm.toolkit.fluxcd.io",
        "broken-v2.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: [",
        "kind.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: Other",
        "two.yaml": "apiVersion: [helm.fluxcd.io/v1]\nother:\n  apiVersion: helm.fluxcd.io/v1\n",
        "kinds.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: Other",
    }
    assert verify(noise, noise).releases == ()


def test_the_report_reads_well() -> None:
    before = {
        "db.yaml": v1({"releaseName": "db", "helmVersion": None}, name="db"),
        "old.yaml": v1({}, name="old"),
        "web.yaml": v1({"values": {"a": "x` " + "y" * 200}}),
    }
    after = {
        "db.yaml": v2({"releaseName": "db", "maxHistory": 5}, name="db"),
        "web.yaml": v2({"values": {"a": 1}, "releaseName": "web"}),
    }
    resource = "HelmRelease shop/db"
    declared = {("db.yaml", resource): {"max_history", "values"}}
    report = verify(before, after, declared=declared)
    assert report.to_markdown() == report._repr_markdown_()
    lines = report.to_markdown().splitlines()
    assert lines[:6] == [
        "# Verification",
        "",
        "releases: 1 different, 1 missing, 1 declared; sync paths: 1 same, compared with Flux 2.7.",
        "",
        "## Different",
        "",
    ]
    assert lines[6].startswith("- `release_name: shop-web → web`: no record is found under the other name")
    assert lines[7] == "  - **HelmRelease shop/web**, renamed (`web.yaml`)"
    assert lines[8].startswith("- `` values at a: x` yyy")
    assert lines[8].endswith("… ``: the chart is rendered with other values")
    assert lines[10].startswith("- renamed: no record is found under the other name: a chart that")
    assert lines[11:] == [
        "",
        "## Missing",
        "",
        "- no release of Flux v2 stands for it",
        "  - **HelmRelease shop/old** (`old.yaml`)",
        "",
        "## Declared",
        "",
        "- **HelmRelease shop/db**, adopted (`db.yaml`)",
        "  - declared, and the same: values",
        "  - assumed: helm_version",
        "",
        "What differs as it was declared, with the number of those that have it:",
        "",
        "- `max_history: 10 → 5` (all 1): another number of revisions is kept, and older ones are deleted",
        "",
        "## Same",
        "",
        "- **sync path /**",
        "  - synced from elsewhere",
    ]


def test_a_difference_is_told_once_with_all_that_have_it() -> None:
    names = ("a", "b", "c")
    before = {f"{name}.yaml": v1({"releaseName": name}, name=name) for name in names}
    after = {f"{name}.yaml": v2({"releaseName": name, "maxHistory": 5}, name=name) for name in names}
    after["b.yaml"] = v2({"releaseName": "b", "maxHistory": 5, "suspend": True}, name="b")
    text = verify(before, after).to_markdown()
    assert text.count("max_history") == 1
    assert text.count("**HelmRelease shop/b**") == 2
    told = verify(before, after, declared={("", ""): {"max_history": 5}})
    assert told.counts() == {"different": 1, "declared": 2}
    assert "- `max_history: 10 → 5` (all 3): " in told.to_markdown()
    # What differs comes before what was declared.
    shown = told.to_markdown()
    assert shown.index("suspended") < shown.index("shop/a")
    fields = {"a": {"max_history"}, "b": {"max_history", "suspended"}, "c": {"max_history"}}
    of_some = {(f"{name}.yaml", f"HelmRelease shop/{name}"): fields[name] for name in names}
    assert (
        "- `suspended: false → true` (1, HelmRelease shop/b): "
        in verify(before, after, declared=of_some).to_markdown()
    )


RETIRED = "https://kubernetes-charts.storage.googleapis.com"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://charts.helm.sh/stable/", "same"),
        (RETIRED, "different"),
        ("https://a.example.com", "different"),
    ],
)
def test_a_repository_that_was_switched_off_may_become_its_archive(url: str, status: str) -> None:
    before = v1({"chart": {"repository": RETIRED, "name": "web", "version": "1.2.3"}})
    sources = SOURCE_FILE.replace("https://charts.example.com", url)
    report = fm.verify_migration({"web.yaml": before}, {"web.yaml": v2(), "s.yaml": sources}, OPTIONS)
    assert only(report).status == status
    if url == RETIRED:
        assert [each.field for each in only(report).differences] == ["chart.served"]


def test_what_is_declared_is_declared_with_its_value() -> None:
    after = {"web.yaml": v2({"maxHistory": 5})}
    for value, status in ((5, "declared"), (4, "different")):
        declared = {("web.yaml", RESOURCE): {"max_history": value}}
        assert only(verify({"web.yaml": v1()}, after, declared=declared)).status == status


def test_the_report_is_data_and_html() -> None:
    before = {"web.yaml": v1({"values": {"auth": {"password": "hunter2"}, "a": "<b>"}})}
    after = {"web.yaml": v2({"values": {"auth": {"password": "other"}, "a": "<c>"}})}
    report = verify(before, after)
    data = report.to_dict()
    assert json.loads(report.to_json()) == data
    assert (data["ok"], data["releases"][0]["status"]) == (False, "different")
    assert {"auth.password", "a"} == {
        ".".join(each["at"]) for each in data["releases"][0]["differences"] if each["field"] == "values"
    }
    shown = json.dumps(data) + report._repr_html_() + report.to_markdown()
    assert "hunter2" not in shown
    assert "values at auth.password: *** → ***" in report._repr_html_()
    assert "<b>" not in report._repr_html_()
    assert "HelmRelease shop/web" in report._repr_html_()


def test_nothing_decides_but_what_is_given() -> None:
    before = {"a/web.yaml": v1(), "b/web.yaml": v1(), "db.yaml": v1({}, name="db")}
    after = {"sources.yaml": SOURCE_FILE, "b/web.yaml": v2(), "c.yaml": v2({"maxHistory": 5})}
    report = fm.verify_migration(before, after, OPTIONS)
    turned = fm.verify_migration(dict(reversed(before.items())), dict(reversed(after.items())), OPTIONS)
    assert report == turned
    assert pickle.loads(pickle.dumps(report)) == report


@given(st.dictionaries(st.sampled_from(["a.yaml", "b.yaml"]), st.text("{}[]:-\n \"'&*!|>#aé\0", max_size=40)))
def test_nothing_that_is_in_a_file_raises(files: dict[str, str]) -> None:
    noisy: dict[str, str | bytes] = {
        path: f"apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\n{content}"
        for path, content in files.items()
    }
    report = fm.verify_migration(noisy, noisy)
    assert len(report.releases) <= 2 * len(files)
    assert not any(each.status == "same" for each in report.releases)


VALUES = (
    st.none() | st.booleans() | st.integers() | st.text("a/", max_size=3) | st.lists(st.none(), max_size=1)
)
KEYS = st.sampled_from(["chart", "spec", "sourceRef", "chartRef", "kind", "name", "values", "install", "url"])
SPECS = st.recursive(VALUES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)


@given(SPECS, SPECS, SPECS)
def test_no_manifest_raises(one: Any, other: Any, source: Any) -> None:
    old = {**v1_release(), "spec": one}
    new = {**v2_release(), "spec": other}
    repository = {**SOURCES["HelmRepository", "shop", "example"], "spec": source}
    report = fm.verify_migration({"a.yaml": text(old)}, {"a.yaml": text(new, repository)})
    assert len(report.releases) == 1


# What the migration of today changes and has no field for, or does not write.
CHANGES = {
    "install.remediation.action",
    "install.server_side_apply",
    "uninstall.wait",
    "upgrade.rolls_back_adoption",
    "upgrade.take_ownership",
    "wait_engine",
    "chart.credentials",
    "chart.new_chart_on",
    "chart.version_metadata",
    # A repository that was switched off stays one.
    "chart.served",
}


@pytest.mark.parametrize("name", PLAIN_TREES)
def test_our_own_migration_is_adopted_and_keeps_the_rest(shared: Path, name: str) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    if name == "homelab":
        # With a key that stands twice nothing of the path is applied.
        one_key(files)
    migration = fm.migrate_repository(files)
    report = fm.verify_migration(files, migration.files)
    converted = [each for each in report.releases if each.status == "different"]
    unmanaged = [each for each in report.releases if each.status == "unmanaged" and each.after_path]
    assert len(converted) + len(unmanaged) == sum(
        isinstance(each.resource, fm.flux2.HelmRelease) for each in migration.resources
    )
    assert {each.outcome for each in converted} <= {"adopted"}
    assert {each.field for entry in converted for each in entry.differences} <= CHANGES
    assert {each.status for each in report.releases} <= {"different", "missing", "unknown", "unmanaged"}


def test_a_release_of_another_name_is_not_the_same_one() -> None:
    report = verify({"web.yaml": v1()}, {"db.yaml": v2({"releaseName": "db"}, name="db")})
    assert sorted(entry.status for entry in report.releases) == ["extra", "missing"]


def test_a_release_that_stands_twice_is_one_too_many() -> None:
    report = verify({"web.yaml": v1()}, {"web.yaml": v2(), "copy.yaml": v2()})
    # Kustomize refuses both.
    assert sorted(each.status for each in report.releases) == ["extra", "missing"]
    report = verify({"web.yaml": v1()}, {"web.yaml": v2(), "copy.yaml": v2(name="copy")})
    assert sorted(each.status for each in report.releases) == ["extra", "same"]
    assert not report.ok
    both = {"clusters/eu/web.yaml": v2(), "clusters/us/web.yaml": v2(), "web.yaml": v2()}
    assert not verify({"clusters/eu/web.yaml": v1(), "clusters/us/web.yaml": v1()}, both).ok


@pytest.mark.parametrize("spec", [{"values": {"a": 1}}, {"chart": 1, "releaseName": ["web"]}])
def test_a_release_that_nobody_understands_is_none_of_its_name_elsewhere(spec: dict[str, Any]) -> None:
    before = text({**v1_release(), "spec": spec})
    report = verify({"web.yaml": before}, {"front.yaml": v2(namespace="other")})
    assert sorted(each.status for each in report.releases) == ["extra", "unknown"]


def test_a_release_on_top_may_be_declared() -> None:
    declared = {("", "HelmRelease shop/front"): ["applied"]}
    after = {"web.yaml": v2(), "front.yaml": v2({"releaseName": "front"}, name="front")}
    report = verify({"web.yaml": v1()}, after, declared=declared)
    assert sorted(each.status for each in report.releases) == ["declared", "same"]
    assert not verify({"web.yaml": v1()}, after).ok


def test_what_looks_like_a_patch_and_no_cluster_is_known_to_have_was_nothing() -> None:
    files: Files = {
        "deploy/operator.yaml": v1(
            {"releaseName": "op", "helmVersion": "v3", "values": {"helm": {"versions": "v3"}}}
            | {"chart": {"repository": "https://a.example.com", "name": "helm-operator", "version": "1.4.4"}}
        ),
        "deploy/web.yaml": text(
            {
                "apiVersion": "helm.fluxcd.io/v1",
                "kind": "HelmRelease",
                "metadata": {"name": "api", "namespace": "shop"},
                "spec": {"releaseName": "api"},
            }
        ),
    }
    migration = fm.migrate_repository(files)
    assert (migration.ok, migration.context.clusters) == (True, ())
    assert "RP070" in {each.code for each in migration.findings}
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


def test_a_whole_release_in_a_file_of_patches_is_no_release_of_its_own() -> None:
    files: Files = {
        "prod/.flux.yaml": "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n",
        "prod/kustomization.yaml": (
            "resources: [web.yaml, https://git.example.com/acme/base?ref=v1]\n"
            "patchesStrategicMerge: [more.yaml]\n"
        ),
        "prod/web.yaml": v1(),
        "prod/more.yaml": v1(name="other"),
    }
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    assert "RP029" in {each.code for each in migration.findings}
    report = fm.verify_migration(files, migration.files, options)
    assert {each.resource for each in report.releases} == {"HelmRelease shop/web"}
