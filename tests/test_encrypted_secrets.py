"""Secrets that sops encrypted: what becomes of them where fluxd decrypts, and where nothing does."""

from __future__ import annotations

import pytest

from test_syncs_of_others import OURS, Files, checked, fluxd, release, source, sync, told

SECRET = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: web, namespace: shop}\n"
    "stringData: {password: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: 'ENC[AES256_GCM,data:y]'}\n"
)
LIST = "apiVersion: v1\nkind: List\nitems:\n- " + SECRET.replace("\n", "\n  ").rstrip() + "\n"
CUSTOM = SECRET.replace("apiVersion: v1\nkind: Secret", "apiVersion: example.com/v1\nkind: SopsSecret")
SYNC = f"{source('flux-system', OURS)}---\n{sync('flux-system', './prod')}"
DECRYPTING = SYNC.replace("prune: false", "prune: false, decryption: {provider: sops}")


def of_fluxd(*flags: str, secret: str = SECRET, path: str = "prod/secret.yaml", **files: str) -> Files:
    more: Files = {f"clusters/{name}.yaml": text for name, text in files.items()}
    return {"flux.yaml": fluxd("prod", *flags), "prod/web.yaml": release(), path: secret, **more}


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        (of_fluxd(), {"RP084"}),
        (of_fluxd(secret=LIST), {"RP084"}),
        (of_fluxd(sync=SYNC), {"RP084"}),
        (of_fluxd("--sops"), set()),
        (of_fluxd(sync=DECRYPTING), set()),
        (of_fluxd(secret=CUSTOM), set()),
        (of_fluxd(path="other/secret.yaml"), set()),
        (of_fluxd("--sops", sync=SYNC), {"RP080"}),
        (of_fluxd("--sops", sync=DECRYPTING), set()),
        # Nothing is lost where nothing is encrypted.
        (of_fluxd("--sops", sync=SYNC, path="other/secret.yaml"), set()),
    ],
)
def test_a_secret_that_nothing_decrypts_afterwards_is_an_error(files: Files, codes: set[str]) -> None:
    migration = checked(files)
    found = [each for each in migration.findings if each.severity == "error"]
    assert {each.code for each in found} == codes
    answers = [each.answer.model_dump(exclude_unset=True) for each in found if each.answer]
    assert len(answers) == len(found)
    assert checked(files, overrides=answers).ok


def test_a_build_with_an_encrypted_secret_is_told_where_the_secret_stands() -> None:
    command = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build ../base\n"
    files: Files = {
        "flux.yaml": fluxd("prod", "--manifest-generation"),
        "prod/.flux.yaml": command,
        "base/kustomization.yaml": "resources: [web.yaml, secret.yaml]\n",
        "base/web.yaml": release(),
        "base/secret.yaml": SECRET,
    }
    assert told(checked(files), "RP084") == ["base/secret.yaml"]


def test_a_person_may_know_that_fluxd_decrypted() -> None:
    given = [{"name": "prod", "sync_paths": ["prod"], "fluxd": {"sops": True}}]
    migration = checked(of_fluxd(), clusters=given)
    assert migration.ok
    assert "  decryption:\n" in "".join(migration.created.values())


def test_what_flux_2_applied_before_it_goes_on_to_apply() -> None:
    files: Files = {
        "prod/flux-system/sync.yaml": SYNC,
        "prod/web.yaml": release(),
        "prod/secret.yaml": SECRET,
    }
    assert checked(files).ok
