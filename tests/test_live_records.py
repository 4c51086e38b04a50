"""Releases of a repository held against what their cluster says of them."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate import LiveFlux1Release


def release(name: str, more: str = "", chart: str = "web") -> str:
    return (
        f"apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"spec:\n  helmVersion: v3\n{more}"
        f"  chart: {{repository: https://charts.example.com, name: {chart}, version: 1.2.3}}\n"
    )


def record(
    name: str, namespace: str = "shop", chart: str = "web-1.2.3", status: str = "deployed"
) -> fm.HelmRecord:
    return fm.HelmRecord(name=name, namespace=namespace, revision=3, status=status, chart=chart)


def live(**known: str | None) -> fm.Inventory:
    named = {"api_version": "helm.fluxcd.io/v1", "namespace": "shop", "name": "web", **known}
    return fm.Inventory(flux1_releases=(LiveFlux1Release.model_validate(named),))


def migrate(files: dict[str, str], inventory: fm.Inventory | None, *overrides: fm.Override) -> fm.Migration:
    return fm.migrate_repository(files, fm.MigrationOptions(inventory=inventory, overrides=overrides))


def told(migration: fm.Migration) -> dict[str, str]:
    return {each.code: each.message for each in migration.findings if each.code.startswith("IN")}


def test_what_the_cluster_confirms_is_not_spoken_of() -> None:
    files = {"a.yaml": release("web"), "b.yaml": release("db", "  releaseName: db\n")}
    inventory = fm.Inventory(
        records=(record("shop-web"), record("db")),
        flux1_releases=live(release_name="shop-web").flux1_releases,
        namespaces=("shop",),
    )
    migration = migrate(files, inventory)
    assert told(migration) == {}
    assert migration.files == migrate(files, None).files


@pytest.mark.parametrize(
    ("inventory", "code", "names", "answer"),
    [
        (fm.Inventory(records=(record("web"),)), "IN001", ["shop-web", "web"], {"release_name": "web"}),
        (
            fm.Inventory(records=(record("web"), record("old"))),
            "IN001",
            ["shop-web", "web", "old"],
            {"release_name": ""},
        ),
        (live(release_name="live-web"), "IN001", ["live-web", "shop-web"], {"release_name": "live-web"}),
        (
            fm.Inventory(records=(record("shop-web", "live"),)),
            "IN002",
            ["live/shop-web", "shop/shop-web"],
            {"storage_namespace": "live"},
        ),
        (live(target_namespace="live"), "IN002", ["live", "shop"], {"storage_namespace": "live"}),
    ],
)
def test_a_contradiction_names_both_sides_and_holds_the_release(
    inventory: fm.Inventory, code: str, names: list[str], answer: dict[str, Any]
) -> None:
    files = {"web.yaml": release("web")}
    migration = migrate(files, inventory)
    assert all(name in told(migration)[code] for name in names)
    assert dict(migration.files) == files
    assert not migration.ok
    offered = next(each.answer for each in migration.findings if each.code == code)
    assert offered is not None
    assert answer.items() <= offered.model_dump().items()


def test_an_answer_brings_the_name_of_the_cluster() -> None:
    inventory = fm.Inventory(records=(record("web"),))
    asked = migrate({"web.yaml": release("web")}, inventory)
    answer = next(each.answer for each in asked.findings if each.code == "IN001")
    assert answer is not None
    answered = migrate({"web.yaml": release("web")}, inventory, answer)
    assert answered.ok
    assert "releaseName: web\n" in answered.changed["web.yaml"]


def test_a_record_that_another_release_stands_for_is_no_candidate() -> None:
    files = {"a.yaml": release("web"), "b.yaml": release("db", "  releaseName: db\n")}
    assert list(told(migrate(files, fm.Inventory(records=(record("db"),))))) == ["IN004"]


def test_a_record_that_looks_like_another_release_is_no_candidate() -> None:
    files = {"a.yaml": release("web"), "b.yaml": release("db")}
    assert sorted(told(migrate(files, fm.Inventory(records=(record("web"),))))) == ["IN001", "IN004"]


def test_a_chart_whose_name_begins_alike_is_another_chart() -> None:
    inventory = fm.Inventory(records=(record("other", chart="web-server-1.2.3"),))
    assert list(told(migrate({"web.yaml": release("web")}, inventory))) == ["IN004"]


@pytest.mark.parametrize("status", ["uninstalled", "uninstalling", "unknown", ""])
def test_states_that_flux_2_cannot_heal_are_errors(status: str) -> None:
    migration = migrate(
        {"web.yaml": release("web")}, fm.Inventory(records=(record("shop-web", status=status),))
    )
    assert list(told(migration)) == ["IN005"]
    assert not migration.ok


@pytest.mark.parametrize("status", ["failed", "superseded", "pending-install", "pending-rollback"])
def test_states_that_flux_2_goes_on_from_are_told(status: str) -> None:
    migration = migrate(
        {"web.yaml": release("web")}, fm.Inventory(records=(record("shop-web", status=status),))
    )
    assert list(told(migration)) == ["IN006"]
    assert migration.ok


def test_a_chart_that_is_another_one_is_told() -> None:
    running = fm.Inventory(records=(record("shop-web", chart="nginx-1.0.0"),))
    assert "asks for web" in told(migrate({"web.yaml": release("web")}, running))["IN007"]
    git = release("web").replace(
        "repository: https://charts.example.com, name: web, version: 1.2.3",
        "git: https://git.example.com/a, ref: main, path: web",
    )
    assert told(migrate({"web.yaml": git}, running)) == {}


def test_each_cluster_is_held_against_its_own_inventory() -> None:
    files = {
        f"{name}/{kind}": text
        for name in ("eu", "us", "as")
        for kind, text in (("web.yaml", release("web")),)
    }
    clusters = (
        fm.Cluster(name="eu", sync_paths=("eu",), inventory=fm.Inventory(records=(record("shop-web"),))),
        fm.Cluster(name="us", sync_paths=("us",), inventory=fm.Inventory(records=(record("web"),))),
        fm.Cluster(name="as", sync_paths=("as",)),
    )
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters))
    found = [each for each in migration.findings if each.code == "IN001"]
    assert [(each.path, each.cluster) for each in found] == [("us/web.yaml", "us")]
    assert set(migration.changed) == {"eu/web.yaml", "as/web.yaml"}


@pytest.mark.parametrize(
    ("inventory", "code", "answer"),
    [
        # Of Secrets alone no chart is known, and a name of that kind is enough.
        (fm.Inventory(records=(record("web", chart=""),)), "IN001", {"release_name": "web"}),
        (
            fm.Inventory(records=(record("web", "live"),)),
            "IN001",
            {"release_name": "web", "storage_namespace": "live"},
        ),
        # The same name elsewhere is the release only if it may be the same chart.
        (
            fm.Inventory(records=(record("shop-web", "live", chart=""),)),
            "IN002",
            {"storage_namespace": "live"},
        ),
        (fm.Inventory(records=(record("shop-web", "live", chart="nginx-1.0.0"),)), "IN004", {}),
        # What was uninstalled runs no more.
        (fm.Inventory(records=(record("web", status="uninstalled"),)), "IN004", {}),
        (fm.Inventory(helm2_releases=("shop-web",)), "IN003", {}),
        (fm.Inventory(records=(), helm2_releases=("shop-web",)), "IN003", {}),
        (live(helm_version="v2"), "IN003", {}),
        (live(target_namespace=None, helm_version="v2"), "IN003", {}),
    ],
)
def test_what_looks_like_the_release_is_asked_about(
    inventory: fm.Inventory, code: str, answer: dict[str, Any]
) -> None:
    migration = migrate({"web.yaml": release("web")}, inventory)
    assert list(told(migration)) == [code]
    (offered,) = (each.answer for each in migration.findings if each.code == code)
    assert offered is not None
    assert answer.items() <= offered.model_dump().items()
    assert migrate({"web.yaml": release("web")}, inventory, offered).ok


def test_a_new_release_beside_one_that_looks_alike_can_be_accepted() -> None:
    inventory = fm.Inventory(records=(record("web"),))
    accepted = migrate({"web.yaml": release("web")}, inventory, fm.Override(accept=("IN001",)))
    assert accepted.ok
    assert "releaseName: shop-web\n" in accepted.changed["web.yaml"]
    (foreseen,) = accepted.first_hour().releases
    assert (foreseen.action, foreseen.risk) == ("install", "high")


def test_a_release_that_its_cluster_contradicts_is_foreseen_to_stay() -> None:
    migration = migrate({"web.yaml": release("web")}, fm.Inventory(records=(record("web"),)))
    (foreseen,) = migration.first_hour().releases
    assert (foreseen.action, foreseen.risk, foreseen.helm_release) == ("nothing", "high", "")
    assert "second copy" in migration.first_hour().to_markdown()


def test_a_record_that_is_locked_is_an_error_where_flux_does_not_unlock_it() -> None:
    inventory = fm.Inventory(records=(record("shop-web", status="pending-upgrade"),))
    old = fm.MigrationOptions(inventory=inventory, flux_version="2.1")
    assert list(told(fm.migrate_repository({"web.yaml": release("web")}, old))) == ["IN005"]


@pytest.mark.parametrize(
    ("version", "is_told"), [("1.2.3", False), ("1.x", False), ("~1.1", True), ("1.2.4", True), ("ab", True)]
)
def test_a_version_of_the_chart_is_compared_with_a_range_also(version: str, is_told: bool) -> None:
    text = release("web").replace("version: 1.2.3", f"version: {version}")
    inventory = fm.Inventory(records=(record("shop-web"),))
    migration = migrate({"web.yaml": text}, inventory)
    assert ("IN007" in told(migration)) == is_told
    if is_told:
        assert "1.2.3" in told(migration)["IN007"]
        assert version in told(migration)["IN007"]


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: front}\n"


@pytest.mark.parametrize(
    ("namespaces", "more", "missing"),
    [
        (("shop", "front"), {}, ""),
        (("shop",), {}, "'front'"),
        (("shop",), {"namespace.yaml": NAMESPACE}, ""),
        (("front",), {}, "'shop'"),
    ],
)
def test_namespaces_of_a_release_must_be_there_or_be_made(
    namespaces: tuple[str, ...], more: dict[str, str], missing: str
) -> None:
    text = release("web", "  targetNamespace: front\n")
    inventory = fm.Inventory(records=(record("shop-front-web", "front"),), namespaces=namespaces)
    found = told(migrate({"web.yaml": text, **more}, inventory))
    assert list(found) == (["IN008"] if missing else [])
    assert missing in found.get("IN008", "")


def test_what_the_cluster_has_needs_no_manifest_of_a_namespace() -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
    files = {"web.yaml": release("web"), "service.yaml": service}
    inventory = fm.Inventory(records=(record("shop-web"),))
    made = []
    for known in (inventory, inventory.model_copy(update={"namespaces": ("shop",)})):
        options = fm.MigrationOptions(inventory=known, write_missing_namespaces=True)
        made.append("kind: Namespace" in "".join(fm.migrate_repository(files, options).created.values()))
    assert made == [True, False]


@pytest.mark.parametrize(
    ("inventory", "codes"),
    [
        (fm.Inventory(records=(record("shop-web"),)), []),
        (fm.Inventory(records=(record("shop-web"),), helm2_releases=("shop-web",)), ["HR030"]),
        (fm.Inventory(records=()), ["HR030"]),
        (None, ["HR030"]),
    ],
)
def test_records_of_helm_3_answer_which_helm_it_is(inventory: fm.Inventory | None, codes: list[str]) -> None:
    files = {"web.yaml": release("web").replace("helmVersion: v3", "helmVersion: v2")}
    migration = migrate(files, inventory)
    assert [each.code for each in migration.findings if each.severity == "error"] == codes
    if not codes:
        options = fm.MigrationOptions(inventory=inventory)
        assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


@pytest.mark.parametrize(
    ("ref", "is_asked"),
    [("1.2.3", False), ("v1.2.3", False), ("web-1.2.3", False), ("1.2.4", True), ("stable", True)],
)
def test_the_version_of_the_chart_that_runs_answers_what_a_git_ref_is(ref: str, is_asked: bool) -> None:
    text = release("web").replace(
        "repository: https://charts.example.com, name: web, version: 1.2.3",
        f"git: https://git.example.com/a, ref: {ref}, path: web",
    )
    migration = migrate({"web.yaml": text}, fm.Inventory(records=(record("shop-web"),)))
    assert ("HR052" in {each.code for each in migration.findings}) == is_asked
    if not is_asked:
        assert f"tag: {ref}\n" in "".join(migration.created.values()).replace('"', "")


def test_the_cluster_answers_a_release_name_under_a_placeholder() -> None:
    files = {"web.yaml": release("web", "  releaseName: ${CLUSTER}-web\n")}
    named = fm.Inventory(
        records=(record("eu-web"),), flux1_releases=live(release_name="eu-web").flux1_releases
    )
    asked = migrate(files, named)
    (question,) = (each for each in asked.findings if each.severity == "error")
    assert question.code == "RP063"
    assert "eu-web" in question.message
    assert question.answer is not None
    answered = migrate(files, named, question.answer)
    assert answered.ok
    assert "releaseName: eu-web\n" in answered.changed["web.yaml"]
    options = fm.MigrationOptions(inventory=named, overrides=(question.answer,))
    assert fm.verify_migration(files, answered.files, options, declared=answered.declared).ok


@pytest.mark.parametrize(
    ("records", "named"),
    [
        ((record("eu-web"),), "eu-web"),
        ((record("eu-web"), record("eu-db")), "eu-web"),
        ((record("eu-web"), record("us-web")), ""),
        ((record("eu-web", "live"),), ""),
        ((record("eu-web", chart="nginx-1.0.0"),), ""),
        ((record("eu-web", status="uninstalled"),), ""),
    ],
)
def test_records_of_one_release_of_the_chart_answer_it_too(
    records: tuple[fm.HelmRecord, ...], named: str
) -> None:
    files = {"web.yaml": release("web", "  releaseName: ${CLUSTER}-web\n")}
    inventory = fm.Inventory(records=records)
    (question,) = (each for each in migrate(files, inventory).findings if each.code == "RP063")
    assert ("in the cluster" in question.message) == bool(named)
    if named:
        assert question.answer is not None
        assert question.answer.release_name == named
        assert migrate(files, inventory, question.answer).ok


def test_of_a_release_in_no_known_namespace_nothing_is_said() -> None:
    text = release("web").replace(", namespace: shop", "")
    assert told(migrate({"web.yaml": text}, fm.Inventory(records=(record("web"),)))) == {}


def test_of_one_manifest_in_several_clusters_each_is_asked_about() -> None:
    files = {"base/web.yaml": release("web"), "base/kustomization.yaml": "resources: [web.yaml]\n"}
    files |= {f"{name}/kustomization.yaml": "resources: [../base]\n" for name in ("eu", "us")}

    def migrated(eu: fm.HelmRecord, us: fm.HelmRecord, *overrides: fm.Override) -> fm.Migration:
        clusters = tuple(
            fm.Cluster(name=name, sync_paths=(name,), inventory=fm.Inventory(records=(each,)))
            for name, each in (("eu", eu), ("us", us))
        )
        return fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters, overrides=overrides))

    both = migrated(record("web"), record("web"))
    (question,) = (each for each in both.findings if each.code == "IN001")
    assert (question.cluster, question.answer is not None) == ("", True)
    assert question.answer is not None
    assert migrated(record("web"), record("web"), question.answer).ok
    # No answer for all clusters is right for one of them.
    one = migrated(record("shop-web"), record("web"))
    (question,) = (each for each in one.findings if each.code == "IN001")
    assert (question.cluster, question.answer) == ("us", None)
    assert question.message.startswith("in us: Helm has no release ")
    assert "inventory" not in question.message
    # Of a cluster that nobody asked, nobody knows whether it would be right.
    half = fm.MigrationOptions(
        clusters=(
            fm.Cluster(name="eu", sync_paths=("eu",)),
            fm.Cluster(name="us", sync_paths=("us",), inventory=fm.Inventory(records=(record("web"),))),
        )
    )
    asked = fm.migrate_repository(files, half).findings
    (question,) = (each for each in asked if each.code == "IN001")
    assert question.answer is None
    assert question.message.endswith(
        "; give the inventory of eu too: where all say the same, it has an answer"
    )
    old = record("shop-web", status="uninstalled")
    (question,) = (each for each in migrated(old, record("shop-web")).findings if each.code == "IN005")
    assert question.cluster == "eu"
    assert question.answer is not None
    assert migrated(old, record("shop-web"), question.answer).ok
