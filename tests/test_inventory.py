"""What the tools of a cluster and of a registry print, and what an inventory keeps of it."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.settings.of_clusters import with_tags_of_inventories

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
        "---\n---\n" + yaml.safe_dump(RELEASES),
        TABLE,
        "WARNING: Kubernetes configuration file is group-readable\n" + json.dumps(RELEASES),
        "Warnung: [alt]\n" + json.dumps(RELEASES),
        "avertissement : fichier lisible\n" + yaml.safe_dump(RELEASES),
        TABLE.replace("\t", "   "),
        TABLE.expandtabs(),
        TABLE.replace("deployed", "deployed ").replace("STATUS  ", "STATUS   ").expandtabs(9),
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


def test_colours_and_a_mark_at_the_beginning_say_nothing() -> None:
    printed = {
        "helm_list": json.dumps(RELEASES),
        "namespaces": "NAME   STATUS\nshop   Active\n",
        "flux": "NAMESPACE\tNAME\tREADY\tMESSAGE\nshop\thelmrelease/web\tTrue\tok\n",
    }
    tags = {"shop/web": "1.0\n1.1\n"}
    plain = fm.Inventory.from_texts(**printed, tags=tags)

    def coloured(text: str) -> str:
        first, _, rest = text.partition("\n")
        return f"\ufeff\x1b[1m{first}\x1b[0m\n\x1b[32m{rest}\x1b[0m"

    shown = {what: coloured(text) for what, text in printed.items()}
    assert fm.Inventory.from_texts(**shown, tags={"shop/web": coloured(tags["shop/web"])}) == plain
    assert plain.records
    assert plain.flux2_objects


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
        ({"helm_list": TABLE.rpartition("deployed")[0]}, "cut off"),
        (
            {"helm_list": '{"name": "web", "namespace": "shop", "version": 4}'},
            "says nothing of the release web",
        ),
        ({"namespaces": '{"items": [{"kind": "Pod", "metadata": {"name": "a"}}]}'}, "kind Pod"),
        ({"namespaces": "connection to default refused"}, "kubectl get namespaces"),
        ({"helm_releases": '{"kind": "Deployment", "metadata": {"name": "a"}}'}, "kind Deployment"),
        ({"release_secrets": "NS   LABELS\nshop   map[name:web owner:helm status:dep"}, "cut off"),
        ({"release_secrets": "shop   map[name:web owner:helm]\n"}, "not whole"),
        ({"release_secrets": "NAMESPACE   NAME\nshop   sh.helm.release.v1.web.v4\n"}, "kubectl get secrets"),
        ({"release_secrets": '{"metadata": {"name": "sh.helm.release.v1.web.v4"}}'}, "no labels"),
        ({"workloads": "NAMESPACE   NAME   READY\nshop        web    1/1\n"}, "kubectl get deployments"),
        ({"tags": {"a": "not found: x/y"}}, "skopeo"),
        ({"tags": {"a": ""}}, "is empty"),
        ({"tags": {"a": '[{"digest": 1, "tags": [{}]}]'}}, "no tag"),
        ({"tags": {"a": '[{"name": "1", "start_ts": 1e300}]'}}, "a time that is none"),
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
        "shop   map[version:4 status:deployed owner:helm name:web]\nshop   <none>\nshop   map[app:web]\n",
        "LABELS   NAME   NS\nmap[name:web owner:helm status:deployed version:4]   a   shop\n",
        "Warning: old\nns   labels\nshop   map[name:web owner:helm status:deployed version:4 x:y:z]\n",
    ],
)
def test_of_secrets_only_labels_are_kept(text: str) -> None:
    inventory = fm.Inventory.from_texts(release_secrets=text)
    assert inventory.records is not None
    assert [(each.name, each.namespace, each.revision) for each in inventory.records] == [("web", "shop", 4)]
    assert "SGVsbUhlbG0" not in repr(inventory) + repr(pickle.dumps(inventory)) + inventory.model_dump_json()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (
            {
                "helm_list": json.dumps(
                    {"Next": "", "Releases": [{"Name": "web", "Namespace": "shop", "Status": "DEPLOYED"}]}
                )
            },
            ("web",),
        ),
        (
            {
                "helm_list": "NAME\tREVISION\tUPDATED\tSTATUS  \tCHART    \tAPP VERSION\tNAMESPACE\n"
                "web \t4       \t2021   \tDEPLOYED\tweb-1.2.3\t1          \tshop     \n"
            },
            ("web",),
        ),
        (
            {
                "release_secrets": "NS            LABELS\n"
                "kube-system   map[NAME:web OWNER:TILLER STATUS:SUPERSEDED VERSION:3]\n"
                "kube-system   map[NAME:web OWNER:TILLER STATUS:DEPLOYED VERSION:4]\n"
            },
            ("web",),
        ),
    ],
)
def test_releases_of_helm_2_are_none_of_helm_3(given: dict[str, str], names: tuple[str, ...]) -> None:
    inventory = fm.Inventory.from_texts(**given)  # type: ignore[arg-type]
    assert inventory.helm2_releases == names
    assert inventory.records is None
    assert "of Helm 2" in inventory.understood[0]


def test_both_helms_may_have_releases() -> None:
    old = "kube-system   map[NAME:old OWNER:TILLER STATUS:DEPLOYED VERSION:4]\n"
    inventory = fm.Inventory.from_texts(helm_list=TABLE, release_secrets=old)
    assert inventory.helm2_releases == ("old",)
    assert inventory.record("web", "shop") is not None
    both = fm.Inventory.from_texts(
        release_secrets=f"{old}shop   map[name:web owner:helm status:failed version:1]\n"
    )
    assert (len(both.understood), both.helm2_releases, len(both.records or ())) == (2, ("old",), 1)


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
    table = "NAMESPACE   NAME   RELEASE         PHASE\nshop        web    shop-live-web   Succeeded\n"
    (of_table,) = fm.Inventory.from_texts(helm_releases=table).flux1_releases or ()
    assert (of_table.namespace, of_table.name, of_table.release_name) == ("shop", "web", "shop-live-web")
    assert of_table.target_namespace is None
    assert fm.Inventory.from_texts(helm_releases='{"kind": "List", "items": null}').flux1_releases == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"items": [{"metadata": {"name": "shop"}}, {"metadata": {"name": "live"}}]}',
        "namespace/shop\nnamespace/live\n",
        "live shop default kube-system",
        "NAME   STATUS   AGE\nshop   Active   4d\nlive   Active   4d\n",
    ],
)
def test_namespaces_in_every_form(text: str) -> None:
    found = fm.Inventory.from_texts(namespaces=text).namespaces
    assert found is not None
    assert [name for name in found if name not in ("default", "kube-system")] == ["live", "shop"]


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
    table = (
        "NAMESPACE   NAME                  READY   CONTAINERS   IMAGES        SELECTOR\n"
        "shop        deployment.apps/web   1/1     app,side     a/b:1,c/d:2   app=web\n"
    )
    shown = fm.Inventory.from_texts(workloads=table).images
    assert shown is not None
    assert [(each.kind, each.name, each.container, each.image) for each in shown] == [
        ("Deployment", "web", "app", "a/b:1"),
        ("Deployment", "web", "side", "c/d:2"),
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
    rows = [
        {
            "namespace": "shop",
            "name": "helmrelease/web",
            "suspended": "True",
            "ready": "False",
            "message": "failed",
        }
    ]
    assert fm.Inventory.from_texts(flux=json.dumps(rows)).flux2_objects == of_tables[1:]
    assert fm.Inventory.from_texts(flux="No resources found").flux2_objects == ()


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("1.0\n1.1\n", ["1.0", "1.1"]),
        ('{"Repository": "a/b", "Tags": ["1.0", "1.1"]}', ["1.0", "1.1"]),
        ('{"name": "a/b", "tags": ["1.0"]}', ["1.0"]),
        ("docker.io/a/b:1.0\n", ["1.0"]),
        ('{"name": "a/b", "tags": null}', []),
    ],
)
def test_tags_of_registries(text: str, tags: list[str]) -> None:
    known = fm.Inventory.from_texts(tags={"a/b": text}).tags["a/b"]
    assert [each.tag for each in known] == tags
    assert all(each.created is None for each in known)


@pytest.mark.parametrize(
    "text",
    [
        '{"results": [{"name": "1.0", "last_updated": "2021-06-01T10:00:00Z"}]}',
        '{"tags": [{"name": "1.0", "start_ts": 1622541600}], "has_additional": false}',
        '{"tags": {"1.0": {"name": "1.0", "start_ts": 1622541600}}}',
        '{"tags": ["1.0"], "manifest": {"sha256:a": {"tag": ["1.0"], "timeCreatedMs": "1622541600000"}}}',
        '[{"digest": "sha256:a", "tags": ["1.0"], "timestamp": {"datetime": "2021-06-01 10:00:00"}}]',
        '{"imageDetails": [{"imageTags": ["1.0"], "imagePushedAt": 1622541600.0}, {"imageDigest": "a"}]}',
        '[{"name": "1.0", "createdTime": "2021-06-01T10:00:00Z"}]',
        '[{"push_time": "2021", "tags": [{"name": "1.0", "push_time": "2021-06-01T10:00:00Z"}]}]',
        '[{"name": "a", "created_at": "2021-06-01T10:00:00Z", "metadata": {"container": {"tags": ["1.0"]}}}]',
    ],
    ids=["Docker Hub", "Quay", "old Quay", "GCR", "gcloud", "Amazon", "Azure", "Harbor", "GitHub"],
)
def test_build_times_of_registries(text: str) -> None:
    (tag,) = fm.Inventory.from_texts(tags={"a/b": text}).tags["a/b"]
    assert (tag.tag, tag.created) == ("1.0", datetime(2021, 6, 1, 10, tzinfo=UTC))


def test_tags_of_all_inventories_count_with_those_that_a_person_gives() -> None:
    (cluster,) = (fm.Cluster(name="eu", inventory=fm.Inventory.from_texts(tags={"a/b": "1.1"})),)
    dated = fm.KnownTag(tag="1.0", created=datetime(2021, 6, 1, 10, tzinfo=UTC))
    options = fm.MigrationOptions(clusters=(cluster,), image_tags={"a/b": (dated, "1.1", "1.0")})
    known = with_tags_of_inventories(options).image_tags["a/b"]
    assert dated in known
    assert [each.tag for each in known if isinstance(each, fm.KnownTag)] == ["1.0", "1.1"]


def test_it_is_an_option_of_a_cluster_that_travels_as_json() -> None:
    cluster = fm.Cluster(name="eu", inventory=fm.Inventory.from_texts(helm_list=TABLE))
    options = fm.MigrationOptions(clusters=(cluster,))
    assert fm.MigrationOptions.model_validate_json(options.model_dump_json()) == options
