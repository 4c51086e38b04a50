"""Roles, webhooks and policies that name the group of Flux v1, once releases are of Flux v2."""

from __future__ import annotations

import json
from typing import Any

import pytest

import fluxv2_migrate as fm
from built_clusters import release
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS

RULE = {"apiGroups": ["apps", "helm.fluxcd.io"], "resources": ["*"], "verbs": ["get"]}
RBAC = "rbac.authorization.k8s.io/v1"


def role(*rules: Any, kind: str = "Role", name: str = "staff") -> dict[str, Any]:
    return {"apiVersion": RBAC, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "rules": rules}


def told(**files: object) -> list[fm.Finding]:
    texts = {f"apps/{name}.yaml": json.dumps(each) for name, each in files.items()}
    migration = fm.migrate_repository({"apps/web.yaml": release(), **texts})
    assert all(migration.files[path] == text for path, text in texts.items())
    return [each for each in migration.findings if each.code == "RP043"]


@pytest.mark.parametrize("group", RELEASE_GROUPS)
def test_all_are_one_finding_with_their_places(group: str) -> None:
    rule = {**RULE, "apiGroups": ["apps", group]}
    webhook = {
        "kind": "ValidatingWebhookConfiguration",
        "webhooks": [{"rules": [rule]}],
        "metadata": {"name": "w"},
    }
    constraint = {"kind": "K8sRequired", "spec": {"match": {"kinds": [rule]}}, "metadata": {"name": "c"}}
    (found,) = told(
        a=role(rule),
        b=role(rule, kind="ClusterRole"),
        c=webhook,
        d=constraint,
        e={"kind": "List", "items": [role(rule, name="listed")]},
        f=role(rule, name="sixth"),
    )
    assert (found.path, found.line, found.severity) == ("apps/a.yaml", 1, "warning")
    assert found.related == tuple(f"apps/{name}.yaml:1" for name in "bcdef")
    assert "Role shop/staff, " in found.message
    assert found.message.endswith(" and 1 more")


@pytest.mark.parametrize(
    "rules",
    [
        (RULE, {**RULE, "apiGroups": ["helm.toolkit.fluxcd.io"]}),
        ({**RULE, "apiGroups": ["*", "helm.fluxcd.io"]},),
        ({**RULE, "apiGroups": "helm.fluxcd.io"},),
        ({**RULE, "apiGroups": ["apps"]},),
    ],
)
def test_whoever_names_flux_2_too_is_not_told(rules: tuple[Any, ...]) -> None:
    assert told(a=role(*rules)) == []


def test_what_leaves_with_flux_1_what_is_in_a_chart_and_what_is_out_of_scope_is_not_told() -> None:
    metadata = {"name": "helm-operator", "namespace": "flux"}
    account = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": metadata}
    container = {"name": "helm-operator", "image": "docker.io/fluxcd/helm-operator:1.4.4"}
    operator = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"template": {"spec": {"serviceAccountName": "helm-operator", "containers": [container]}}},
    }
    binding = {
        "apiVersion": RBAC,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "helm-operator"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "helm-operator"},
        "subjects": [{"kind": "ServiceAccount", "name": "helm-operator", "namespace": "flux"}],
    }
    own = {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "helm-operator"}, "rules": [RULE]}
    files = {
        "apps/web.yaml": release(),
        "chart/Chart.yaml": "name: web\n",
        "chart/templates/role.yaml": json.dumps(role(RULE)),
        **{f"flux/{each['kind']}.yaml": json.dumps(each) for each in (account, operator, binding, own)},
    }
    migration = fm.migrate_repository(files)
    assert "flux/ClusterRole.yaml" in migration.deleted
    assert "RP043" not in {each.code for each in migration.findings}
    files["roles/a.yaml"] = json.dumps(role(RULE))
    assert "RP043" in {each.code for each in fm.migrate_repository(files).findings}
    scoped = fm.migrate_repository(files, {"scope": {"paths": ["apps/*"]}})
    assert "RP043" not in {each.code for each in scoped.findings}


def test_nothing_is_told_where_no_release_becomes_one_of_flux_2() -> None:
    migration = fm.migrate_repository({"a.yaml": json.dumps(role(RULE))})
    assert migration.findings == ()
