"""What the tools of a cluster and of a registry print, and what an inventory keeps of it."""

from __future__ import annotations

import json
import pickle

import pytest
import yaml

import fluxv2_migrate as fm

RELEASES = [
    {
        "name": name,
        "namespace": "shop",
        "revision": str(revision),
        "updated": "2021-06-01 10:00:00.0 +0000 UTC",
        "status": status,
        "chart": "ingress-nginx-4.0.1",
        "app_version": "1",
    }
    for name, revision, status in (("db", 12, "failed"), ("web", 4, "deployed"))
]
TABLE = (
    "NAME\tNAMESPACE\tREVISION\tUPDATED                        \tSTATUS  \tCHART              \tAPP VERSION\n"
    "db  \tshop     \t12      \t2021-06-01 10:00:00.0 +0000 UTC\tfailed  \tingress-nginx-4.0.1\t1          \n"
    "web \tshop     \t4       \t2021-06-01 10:00:00.0 +0000 UTC\tdeployed\tingress-nginx-4.0.1\t1          \n"
)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RELEASES),
        json.dumps(RELEASES, indent=2),
        yaml.safe_dump(RELEASES),
        TABLE,
        "WARNING: Kubernetes configuration file is group-readable\n" + json.dumps(RELEASES),
        "Warnung: [alt]\n" + json.dumps(RELEASES),
        "avertissement : fichier lisible\n" + yaml.safe_dump(RELEASES),
        "\ufeff" + json.dumps(RELEASES) + "\n\n",
        json.dumps(RELEASES).replace('"12"', "12"),
    ],
)
def test_every_form_of_helm_list_says_the_same(text: str) -> None:
    records = fm.Inventory.from_texts(helm_list=text).records
    assert records is not None
    shown = [(each.name, each.namespace, each.revision, each.status, each.chart) for each in records]
    assert shown == [
        ("db", "shop", 12, "failed", "ingress-nginx-4.0.1"),
        ("web", "shop", 4, "deployed", "ingress-nginx-4.0.1"),
    ]


def test_an_empty_list_says_that_nothing_is_there_and_no_text_says_nothing() -> None:
    assert fm.Inventory.from_texts(helm_list="[]\n").records == ()
    assert fm.Inventory.from_texts(helm_releases="No resources found\n").flux1_releases == ()
    assert fm.Inventory.from_texts().records is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"helm_list": ""}, "helm_list is empty"),
        ({"helm_list": "Error: Kubernetes cluster unreachable"}, "an error of the tool"),
        ({"helm_list": json.dumps(RELEASES)[:-9]}, "cut off"),
        ({"helm_list": yaml.safe_dump(RELEASES) + "- {name: x"}, "is no YAML"),
        ({"helm_list": '["web", "db"]'}, "names only"),
        ({"helm_list": '[{"name": "web"}]'}, "without name or namespace"),
        ({"helm_list": '[{"name": "a", "namespace": "b", "revision": "four"}]'}, "no number"),
        ({"helm_list": json.dumps([{"name": f"r{n}", "namespace": "a"} for n in range(256)])}, "-m 0"),
        ({"helm_list": "[" * 100_000}, "nests too deep"),
        ({"namespaces": "["}, "cut off"),
        ({"namespaces": "Error from server (Forbidden)"}, "kubectl get namespaces"),
        ({"namespaces": '{"items": [{"kind": "Namespace"}]}'}, "without a name"),
        ({"namespaces": "[1]"}, "no list of objects"),
        ({"helm_releases": '{"apiVersion": "helm.toolkit.fluxcd.io/v2", "metadata": {}}'}, "of Flux v2"),
        ({"release_secrets": "error"}, "kubectl get secrets"),
        ({"workloads": "error"}, "kubectl get deployments"),
        ({"flux": "✗ context deadline exceeded"}, "flux get all"),
        ({"tags": {"a": "not found: x/y"}}, "skopeo"),
        ({"tags": {"a": '{"errors": []}'}}, "no list of tags"),
        ({"tags": {"a": "[1]"}}, "no tag"),
        ({"tags": {"a": '[{"name": "1", "created": "soon"}]'}}, "as its tool prints it"),
    ],
)
def test_what_a_text_is_not_is_said(given: dict[str, object], reason: str) -> None:
    with pytest.raises(fm.InvalidInventory, match=reason):
        fm.Inventory.from_texts(**given)  # type: ignore[arg-type]


def _secret(name: str, revision: int) -> dict[str, object]:
    labels = {"owner": "helm", "name": name, "version": str(revision), "status": "deployed"}
    metadata = {"name": f"sh.helm.release.v1.{name}.v{revision}", "namespace": "shop", "labels": labels}
    return {"kind": "Secret", "metadata": metadata, "data": {"release": "SGVsbUhlbG0="}}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"kind": "List", "items": [_secret("web", 3), _secret("web", 4)]}),
        json.dumps(_secret("web", 4)),
        "NS     LABELS\nshop   map[modifiedAt:1 name:web owner:helm status:deployed version:4]\n",
        "NAMESPACE   NAME   LABELS\nshop        a      name=web,owner=helm,status=deployed,version=4\n",
    ],
)
def test_of_secrets_only_labels_are_kept(text: str) -> None:
    inventory = fm.Inventory.from_texts(release_secrets=text)
    assert inventory.records is not None
    assert [(each.name, each.namespace, each.revision) for each in inventory.records] == [("web", "shop", 4)]
    assert "SGVsbUhlbG0" not in repr(inventory) + repr(pickle.dumps(inventory)) + inventory.model_dump_json()


def test_of_two_texts_the_later_record_counts() -> None:
    both = fm.Inventory.from_texts(
        helm_list=json.dumps(RELEASES), release_secrets=json.dumps([_secret("web", 5), _secret("db", 12)])
    )
    assert both.record("web", "shop") == fm.HelmRecord(
        name="web", namespace="shop", revision=5, status="deployed"
    )
    database = both.record("db", "shop")
    assert database is not None
    assert (database.status, database.chart) == ("failed", "ingress-nginx-4.0.1")
    assert both.record("db", "other") is None


def test_releases_of_flux_1_tell_their_names_and_no_values() -> None:
    web = {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"targetNamespace": "live", "helmVersion": "v3", "values": {"password": "hunter2"}},
        "status": {"releaseName": "shop-live-web"},
    }
    old = {**web, "apiVersion": "flux.weave.works/v1beta1", "status": None}
    text = json.dumps({"kind": "List", "items": [web]}) + "\n" + json.dumps({"kind": "List", "items": [old]})
    inventory = fm.Inventory.from_texts(helm_releases=text)
    assert inventory.flux1_releases is not None
    assert [each.release_name for each in inventory.flux1_releases] == ["shop-live-web", ""]
    found = inventory.flux1_release("shop", "web")
    assert found is not None
    assert (found.target_namespace, found.helm_version) == ("live", "v3")
    assert inventory.flux1_release("shop", "other") is None
    assert "hunter2" not in repr(inventory)


@pytest.mark.parametrize(
    "text",
    [
        '{"items": [{"metadata": {"name": "shop"}}, {"metadata": {"name": "live"}}]}',
        "namespace/shop\nnamespace/live\n",
        "NAME   STATUS   AGE\nshop   Active   4d\nlive   Active   4d\n",
    ],
)
def test_namespaces_in_every_form(text: str) -> None:
    assert fm.Inventory.from_texts(namespaces=text).namespaces == ("live", "shop")


def test_images_of_workloads() -> None:
    pod = {
        "containers": [{"name": "app", "image": "a/b:1"}],
        "initContainers": [{"name": "init", "image": "c"}],
    }
    items = [
        {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": pod}}},
        {
            "kind": "CronJob",
            "metadata": {"name": "job"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}},
        },
    ]
    images = fm.Inventory.from_texts(workloads=json.dumps({"items": items})).images
    assert images is not None
    assert [(each.kind, each.container, each.image) for each in images] == [
        ("Deployment", "init", "c"),
        ("Deployment", "app", "a/b:1"),
        ("CronJob", "init", "c"),
        ("CronJob", "app", "a/b:1"),
    ]


def test_objects_of_flux_2_from_its_tables_and_from_kubectl() -> None:
    tables = (
        "NAMESPACE  \tNAME                     \tREVISION\tSUSPENDED\tREADY\tMESSAGE\n"
        "flux-system\tgitrepository/flux-system\tmain@sha\tFalse    \tTrue \tstored artifact\n"
        "\n"
        "NAMESPACE\tNAME           \tREVISION\tSUSPENDED\tREADY\tMESSAGE\n"
        "shop     \thelmrelease/web\t1.0     \tTrue     \tFalse\tfailed\n"
    )
    release = {
        "kind": "HelmRelease",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"suspend": True},
        "status": {"conditions": [{"type": "Ready", "status": "False", "message": "failed"}]},
    }
    of_tables = fm.Inventory.from_texts(flux=tables).flux2_objects
    assert of_tables is not None
    assert of_tables[1:] == fm.Inventory.from_texts(flux=json.dumps(release)).flux2_objects
    assert (of_tables[0].kind, of_tables[0].ready, of_tables[1].suspended) == ("gitrepository", True, True)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("1.0\n1.1\n", ["1.0", "1.1"]),
        ('{"Repository": "a/b", "Tags": ["1.0", "1.1"]}', ["1.0", "1.1"]),
        ('{"name": "a/b", "tags": ["1.0"]}', ["1.0"]),
        ('{"results": [{"name": "1.0", "last_updated": "2021-06-01T10:00:00Z"}]}', ["1.0"]),
    ],
)
def test_tags_of_registries(text: str, tags: list[str]) -> None:
    known = fm.Inventory.from_texts(tags={"a/b": text}).tags["a/b"]
    assert [each.tag for each in known] == tags
    assert all(each.created is not None for each in known) == ("last_updated" in text)


def test_it_is_an_option_of_a_cluster_that_travels_as_json() -> None:
    cluster = fm.Cluster(name="eu", inventory=fm.Inventory.from_texts(helm_list=TABLE))
    options = fm.MigrationOptions(clusters=(cluster,))
    assert fm.MigrationOptions.model_validate_json(options.model_dump_json()) == options
