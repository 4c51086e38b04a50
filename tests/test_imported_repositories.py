"""Helm repositories of which only the helm-operator had logins and certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from reference_trees import DEFINED_VERSIONS, definitions_of, refusals
from test_migrate_repository import codes, release

URL = "https://charts.example.com"
FLAGS = ("login", "client_certificate", "ca_certificate", "insecure_skip_tls_verify", "pass_credentials_all")
KNOWN = st.fixed_dictionaries(dict.fromkeys(FLAGS, st.booleans()))
ACCEPTED = (fm.Override(accept=("HR049",)),)


def operator(url: str = URL, **known: Any) -> fm.HelmOperator:
    return fm.HelmOperator(repositories=(fm.ImportedRepository(url=url, **known),))


def source(migration: fm.Migration) -> dict[str, Any]:
    (found,) = [each.resource for each in migration.resources if not each.before]
    return dict(found.to_manifest()["spec"])


@settings(max_examples=200)
@given(KNOWN, st.sampled_from(DEFINED_VERSIONS), st.none() | st.just("given"))
def test_what_the_operator_had_is_asked_for_and_used(
    shared: Path, known: dict[str, Any], flux_version: Any, secret: str | None
) -> None:
    files: dict[str, str | bytes] = {"a.yaml": release()}
    overrides = (*ACCEPTED, fm.Override(secret_name=secret)) if secret else ACCEPTED
    options = fm.MigrationOptions(
        flux_version=flux_version, helm_operator=operator(**known), overrides=overrides
    )
    migration = fm.migrate_repository(files, options)
    spec, keys = source(migration), {key for need in migration.prerequisites for key in need.keys}
    early = flux_version == "2.0"
    certificates = (["certFile", "keyFile"] if early else ["tls.crt", "tls.key"]) * known[
        "client_certificate"
    ]
    trusted = ["caFile" if early else "ca.crt"] * (
        known["ca_certificate"] or known["insecure_skip_tls_verify"]
    )
    wanted = {*(["username", "password"] * known["login"]), *certificates, *trusted}
    assert keys == (wanted or ({"username", "password"} if secret else set()))
    assert ("HR046" in codes(migration)) is bool(wanted)
    name = secret or "example"
    uses_certificates = bool(certificates or trusted) and not early
    assert spec.get("certSecretRef") == ({"name": name} if uses_certificates else None)
    by_name = known["login"] or (early and bool(wanted)) or bool(secret and not wanted)
    assert spec.get("secretRef") == ({"name": name} if by_name else None)
    assert spec.get("passCredentials", False) is (known["login"] and known["pass_credentials_all"])
    for each in migration.resources:
        assert refusals(definitions_of(shared, flux_version), each.resource.to_manifest()) == []
    report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
    if wanted or not secret:
        assert [(each.status, each.undue) for each in report.releases] == [("declared", ())]


def test_a_certificate_that_was_not_checked_stops_the_release() -> None:
    options = fm.MigrationOptions(helm_operator=operator(insecure_skip_tls_verify=True))
    migration = fm.migrate_repository({"a.yaml": release()}, options)
    (found,) = [each for each in migration.findings if each.severity == "error"]
    assert (found.code, found.field) == ("HR049", "spec.chart.repository")
    assert "charts.example.com" in found.message
    assert migration.changed == {}
    assert fm.migrate_repository({"a.yaml": release()}, options.model_copy(update={"overrides": ACCEPTED})).ok


@pytest.mark.parametrize(
    ("url", "same"),
    [
        (f"{URL}/", True),
        ("https://Charts.example.com", True),
        ("https://charts.example.com/other", False),
        ("http://charts.example.com", False),
    ],
)
def test_a_repository_is_known_by_its_url(url: str, same: bool) -> None:
    options = fm.MigrationOptions(helm_operator=operator(url, login=True))
    assert ("HR046" in codes(fm.migrate_repository({"a.yaml": release()}, options))) is same


EXISTING = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: example, namespace: flux-system}
spec:
  url: https://charts.example.com
"""


@pytest.mark.parametrize(
    ("more", "login", "serves"),
    [
        ("", False, True),
        ("", True, False),
        ("  secretRef: {name: mine}\n", True, True),
        ("  certSecretRef: {name: mine}\n", True, True),
        ("  secretRef: {name: mine}\n", False, True),
    ],
)
def test_a_source_without_a_secret_does_not_serve_a_login(more: str, login: bool, serves: bool) -> None:
    options = fm.MigrationOptions(helm_operator=operator(login=login))
    files: dict[str, str | bytes] = {"a.yaml": release(), "source.yaml": EXISTING + more}
    migration = fm.migrate_repository(files, options)
    assert bool(migration.created) is not serves
    assert ("HR046" in codes(migration)) is not serves
    # Once it is there, it serves.
    again = fm.migrate_repository({**migration.files, "b.yaml": release("b")}, options)
    assert again.created == {}


def test_sources_of_two_kinds_have_secrets_of_their_own() -> None:
    git = "git: git@git.example.com:acme/example\n    ref: master\n    path: web"
    files: dict[str, str | bytes] = {"a.yaml": release(), "b.yaml": release("b", chart=git)}
    migration = fm.migrate_repository(files, fm.MigrationOptions(helm_operator=operator(login=True)))
    sources = {str(each.resource.kind): each.resource for each in migration.resources if not each.before}
    assert len({each.metadata.name for each in sources.values()}) == 1
    needs = {need.used_by[0].partition(" ")[0]: (need.name, need.keys) for need in migration.prerequisites}
    assert needs["GitRepository"][1] == ("identity", "known_hosts")
    assert needs["HelmRepository"][1] == ("username", "password")
    assert needs["GitRepository"][0] != needs["HelmRepository"][0]
    for kind, (name, _) in needs.items():
        assert sources[kind].to_manifest()["spec"]["secretRef"] == {"name": name}


def test_each_cluster_has_what_its_operator_had() -> None:
    clusters = (
        fm.Cluster(name="eu", sync_paths=("eu",), helm_operator=operator(login=True)),
        fm.Cluster(name="us", sync_paths=("us",)),
    )
    files: dict[str, str | bytes] = {"eu/a.yaml": release(), "us/a.yaml": release()}
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters))
    made = {
        each.cluster: each.resource.to_manifest()["spec"] for each in migration.resources if not each.before
    }
    assert "secretRef" in made["eu"]
    assert "secretRef" not in made["us"]
    report = fm.verify_migration(
        files, migration.files, fm.MigrationOptions(clusters=clusters), declared=migration.declared
    )
    assert [(each.cluster, each.status, each.undue) for each in report.releases] == [
        ("eu", "declared", ()),
        ("us", "declared", ()),
    ]
