"""What verification says of workloads whose images fluxd updated, of sync paths and of namespaces."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import fluxv2_migrate as fm
from manifest_texts import AUTOMATED, workload_text
from mistaken_repositories import SYNC

Files = dict[str, str | bytes]
Edit = Callable[[Files], None]

WEB = workload_text(
    AUTOMATED, "fluxcd.io/tag.web: semver:~1.4", container="web", image="registry.example.com/shop/web:1.4.2"
)
DB = WEB.replace("web", "db").replace('    fluxcd.io/automated: "true"\n', "").replace("shop/db", "shop/web")
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"
BEFORE: Files = {
    "apps/web.yaml": WEB,
    "apps/db.yaml": DB,
    "apps/ns.yaml": NAMESPACE,
    "clusters/main/apps.yaml": SYNC,
}
FLUXD = fm.Fluxd(git_url="ssh://git@git.example.com/shop/config", sops=True)
MAIN = fm.Cluster(name="main", sync_paths=("apps",), branch="main", fluxd=FLUXD)
OPTIONS = fm.MigrationOptions(clusters=(MAIN,))
DEPLOYMENT, PATH = "Deployment shop/web", "sync path apps"


def replaced(pattern: str, new: str, kind: str) -> Edit:
    def edit(files: Files) -> None:
        changed = 0
        for path, content in files.items():
            if f"kind: {kind}\n" in str(content):
                files[path], number = re.subn(pattern, new, str(content))
                changed += number
        assert changed, (pattern, kind)

    return edit


def without(path: str) -> Edit:
    def edit(files: Files) -> None:
        del files[path]

    return edit


def without_kind(kind: str) -> Edit:
    def edit(files: Files) -> None:
        for path in [path for path, content in files.items() if f"\nkind: {kind}\n" in str(content)]:
            texts = [text for text in str(files[path]).split("---\n") if f"\nkind: {kind}\n" not in text]
            files[path] = "---\n".join(texts)
            if not texts:
                del files[path]

    return edit


def marked(files: Files) -> None:
    marker = re.search(r" # \{.*\}", str(files["apps/web.yaml"]))
    assert marker is not None
    files["apps/db.yaml"] = str(files["apps/db.yaml"]).replace("web:1.4.2", f"web:1.4.2{marker[0]}")


def marked_label(files: Files) -> None:
    label = '  labels:\n    version: "1.4.2" # {"$imagepolicy": "flux-system:web:tag"}\n'
    files["apps/db.yaml"] = str(files["apps/db.yaml"]).replace("  name: db\n", f"  name: db\n{label}", 1)


def added(path: str, text: str) -> Edit:
    return lambda files: files.update({path: text})


def other_image(files: Files) -> None:
    for path, content in files.items():
        files[path] = str(content).replace("shop/web", "shop/other")


SOURCE = """apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: ssh://git@git.example.com/shop/config, ref: {branch: next}}
"""

# What somebody did by mistake, with what is said, and of which field.
MISTAKES: dict[str, tuple[Edit, str, str]] = {
    "no marker": (replaced(r" # \{.*", "", "Deployment"), DEPLOYMENT, "image.written_by"),
    "another policy": (replaced(':web"}', ':db"}', "Deployment"), DEPLOYMENT, "image.written_by"),
    "a wider range": (
        replaced("range: .*", "range: '>=1.4.0'", "ImagePolicy"),
        DEPLOYMENT,
        "image.filter",
    ),
    "a narrower range": (
        replaced("range: .*", "range: 1.4.2", "ImagePolicy"),
        DEPLOYMENT,
        "image.filter",
    ),
    "no range": (replaced("range: .*", "range: '~1.'", "ImagePolicy"), DEPLOYMENT, "image.filter"),
    "no policy": (without_kind("ImagePolicy"), DEPLOYMENT, "image.written_by"),
    "no automation": (without_kind("ImageUpdateAutomation"), DEPLOYMENT, "image.written_by"),
    "a suspended policy": (
        replaced("\nspec:\n", "\nspec:\n  suspend: true\n", "ImagePolicy"),
        DEPLOYMENT,
        "image.written_by",
    ),
    "another image": (
        replaced("image: registry.*", "image: registry.example.com/shop/other", "ImageRepository"),
        DEPLOYMENT,
        "image.written_by",
    ),
    "another branch": (
        replaced("branch: main", "branch: next", "ImageUpdateAutomation"),
        DEPLOYMENT,
        "image.branch",
    ),
    "another path": (
        replaced("path: .*", "path: ./elsewhere", "ImageUpdateAutomation"),
        DEPLOYMENT,
        "image.written_by",
    ),
    "another image everywhere": (other_image, DEPLOYMENT, "image.repository"),
    "a marker of the name": (replaced(':web"}', ':web:name"}', "Deployment"), DEPLOYMENT, "image.written_by"),
    "an automation that is not applied": (
        replaced(
            "metadata:\n",
            "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}\n",
            "ImageUpdateAutomation",
        ),
        DEPLOYMENT,
        "image.written_by",
    ),
    "another branch of the source": (added("clusters/main/source.yaml", SOURCE), PATH, "sync.branch"),
    "a source that cannot be read": (
        added("apps/source.yaml", SOURCE.replace("{branch: next}", "next")),
        PATH,
        "sync.refused",
    ),
    "a marker on what was left alone": (marked, "Deployment shop/db", "image.written_by"),
    "a marker on what is no image": (marked_label, "Deployment shop/db", "image.written_by"),
    "the workload is gone": (without("apps/web.yaml"), DEPLOYMENT, ""),
    "another object is gone": (without("apps/ns.yaml"), PATH, "sync.objects"),
    "prune": (replaced("prune: false", "prune: true", "Kustomization"), PATH, "sync.prune"),
    "no decryption": (
        replaced("  decryption:.*\n", "", "Kustomization"),
        PATH,
        "sync.decryption",
    ),
    "a target namespace": (
        replaced("prune: false", "prune: false\n  targetNamespace: x", "Kustomization"),
        PATH,
        "sync.target_namespace",
    ),
    "labels for all": (
        replaced("prune: false", "prune: false\n  commonMetadata: {labels: {a: b}}", "Kustomization"),
        PATH,
        "sync.common_metadata",
    ),
    "variables": (
        replaced("prune: false", "prune: false\n  postBuild: {substitute: {a: b}}", "Kustomization"),
        PATH,
        "sync.substitution",
    ),
    "no Kustomization": (without("clusters/main/apps.yaml"), PATH, ""),
    "a build that fails": (lambda files: files.update({"apps/x.yaml": "a: 1\n"}), PATH, ""),
}


def test_what_means_the_same_has_an_entry_each() -> None:
    migration = fm.migrate_repository(BEFORE, OPTIONS)
    assert migration.ok, migration.findings
    report = fm.verify_migration(BEFORE, migration.files, OPTIONS, declared=migration.declared)
    assert report.ok, report.to_markdown()
    assert [(each.resource, each.status) for each in report.entries] == [
        ("Deployment shop/web", "same"),
        (PATH, "same"),
    ]
    (web,) = report.workloads
    assert web.notes == (
        "web: spec.template.spec.containers.0.image is written by ImagePolicy flux-system/web",
    )
    assert report.sync_paths[0].notes == ("synced by clusters/main/apps.yaml",)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_single_mistake_is_seen(name: str) -> None:
    edit, resource, field = MISTAKES[name]
    migration = fm.migrate_repository(BEFORE, OPTIONS)
    after = dict(migration.files)
    edit(after)
    report = fm.verify_migration(BEFORE, after, OPTIONS, declared=migration.declared)
    assert not report.ok
    (entry,) = [each for each in report.entries if each.resource == resource]
    assert entry.status == ("different" if field else "missing"), report.to_markdown()
    assert field in ("", *(each.field for each in entry.differences)), report.to_markdown()
    assert resource in report.to_markdown()


def test_a_path_that_no_kustomization_syncs_beside_one_that_is_synced_is_missing() -> None:
    files: Files = {**BEFORE, "more/ns.yaml": NAMESPACE.replace("shop", "more")}
    options = fm.MigrationOptions(clusters=(MAIN.model_copy(update={"sync_paths": ("apps", "more")}),))
    migration = fm.migrate_repository(files, options)
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    after = {path: text for path, text in migration.files.items() if "path: ./more" not in str(text)}
    assert after != migration.files
    report = fm.verify_migration(files, after, options, declared=migration.declared)
    (lost,) = (each for each in report.entries if each.status != "same")
    assert (lost.resource, lost.status) == ("sync path more", "missing")
    assert "clusters/main/apps.yaml says what is synced" in lost.reason


def test_a_marker_that_was_misplaced_before_is_no_news() -> None:
    label = '  labels:\n    app: web # {"$imagepolicy": "flux-system:web"}\n'
    files: Files = {**BEFORE, "apps/web.yaml": WEB.replace("  name: web\n", f"  name: web\n{label}", 1)}
    migration = fm.migrate_repository(files, OPTIONS)
    assert fm.verify_migration(files, migration.files, OPTIONS, declared=migration.declared).ok
    bare: Files = {path: re.sub(r" # \{.*", "", str(text)) for path, text in files.items()}
    (web,) = fm.verify_migration(bare, migration.files, OPTIONS, declared=migration.declared).workloads
    assert [str(each) for each in web.differences] == [
        "image.written_by: (nobody) → ImagePolicy flux-system/web, into a wrong field"
    ]


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        # It is the image of what fluxd left alone, too.
        (' # {"$imagepolicy": "flux-system:web:tag"}', {"web": "same", "db": "different"}),
        ("", {"web": "different"}),
    ],
)
def test_an_image_may_be_marked_where_a_kustomization_of_flux_2_gives_it(
    marker: str, told: dict[str, str]
) -> None:
    sync = f"{SYNC}  images:\n  - name: registry.example.com/shop/web\n    newTag: 1.4.2"
    after = dict(fm.migrate_repository(BEFORE, OPTIONS).files)
    after["apps/web.yaml"] = re.sub(r" # \{.*", "", str(after["apps/web.yaml"]))
    after["clusters/main/apps.yaml"] = f"{sync}{marker}\n"
    path = "apps/images/flux-system-automation.yaml"
    after[path] = str(after[path]).replace("path: ./apps", "path: ./")
    before = {**BEFORE, "clusters/main/apps.yaml": f"{sync}\n"}
    found = fm.verify_migration(before, after, OPTIONS).workloads
    assert {each.resource.partition("/")[2]: each.status for each in found} == told


def test_versions_that_no_range_of_flux_v2_holds_are_declared() -> None:
    files = {"apps/web.yaml": WEB.replace("semver:~1.4", "semver:^0.0.3").replace("1.4.2", "0.0.3")}
    options = fm.MigrationOptions(sync_roots=("apps",))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
    (entry,) = report.workloads
    assert (entry.status, {each.field for each in entry.declared}) == ("declared", {"image.filter"})
    assert not fm.verify_migration(files, migration.files, options).ok
    # Where nothing differs, nothing is declared.
    migration = fm.migrate_repository({"apps/web.yaml": WEB}, options)
    assert migration.findings
    assert not migration.declared


def policies(known: tuple[Any, ...], pattern: str, policy: str, more: str = "") -> fm.VerificationReport:
    files: Files = {"apps/web.yaml": WEB.replace("semver:~1.4", pattern)}
    override = fm.Override(policy={"alphabetical": {"order": "asc"}})
    options = fm.MigrationOptions(sync_roots=("apps",), image_tags={"registry.example.com/shop/web": known})
    given = options.model_copy(update={"overrides": (override,)})
    after = dict(fm.migrate_repository(files, given).files)
    replaced(r"policy:\n(?:    .*\n)+", f"policy: {policy}\n", "ImagePolicy")(after)
    for path, content in after.items():
        kept = re.sub(r"  filterTags:\n(?:    .*\n)+", "", str(content))
        after[path] = kept.replace(f"policy: {policy}\n", f"policy: {policy}\n{more}")
    return fm.verify_migration(files, after, options)


def test_of_known_tags_the_same_one_is_selected() -> None:
    known = tuple(
        {"tag": f"1.4.{number}", "created": f"2024-01-0{10 - number}T00:00:00Z"} for number in (2, 3)
    )
    report = policies(known, "glob:1.4.*", "{alphabetical: {order: asc}}")
    (entry,) = report.workloads
    fields = {each.field for each in entry.differences}
    assert fields == {"image.filter"}
    report = policies(known, "glob:*", "{alphabetical: {order: asc}}")
    assert [str(each) for each in report.workloads[0].differences] == [
        "image.filter at web: glob:* → takes latest, which fluxd refused"
    ]


DATED = (
    {"tag": "1.4.2", "created": "2024-01-08T00:00:00Z"},
    {"tag": "1.4.3", "created": "2024-01-07T00:00:00Z"},
)
FILTER = "  filterTags: {pattern: '^1\\.4\\..*$'}\n"
NUMBERS = "^1\\.4\\.[0-9]+$"
NUMBERED = f"  filterTags: {{pattern: '{NUMBERS}'}}\n"


@pytest.mark.parametrize(
    ("known", "pattern", "policy", "more", "told"),
    [
        (
            DATED,
            f"regexp:{NUMBERS}",
            "{alphabetical: {order: asc}}",
            NUMBERED,
            "image.selection at web: 1.4.2 → 1.4.3",
        ),
        # Tags that no ImageRepository offers do not hide it.
        (
            DATED,
            "glob:1.4.*",
            "{alphabetical: {order: asc}}",
            FILTER,
            "image.selection at web: 1.4.2 → 1.4.3",
        ),
        (DATED, f"regexp:{NUMBERS}", "{alphabetical: {order: desc}}", NUMBERED, ""),
        (("1.4.2", "1.4.3"), f"regexp:{NUMBERS}", "{alphabetical: {order: asc}}", NUMBERED, ""),
        ((), "glob:1.4.*", "{alphabetical: {order: asc}}", FILTER, ""),
        (
            (),
            "glob:1.4.*",
            "{alphabetical: {order: desc}}",
            FILTER,
            "image.order at web: newest first → oldest first",
        ),
        # No star stands in it, and it takes many tags all the same.
        (
            (),
            f"regexp:{NUMBERS}",
            "{alphabetical: {order: desc}}",
            NUMBERED,
            "image.order at web: newest first → oldest first",
        ),
        # A glob without a star takes one tag, which is first and last.
        ((), "glob:1.4.2", "{alphabetical: {order: desc}}", "  filterTags: {pattern: '^1\\.4\\.2$'}\n", ""),
        (
            (),
            "semver:~1.4",
            "{semver: {range: ~1.4}}",
            "  filterTags: {pattern: '^1\\.4\\.[0-9]$'}\n",
            "image.filter at web: semver:~1.4 → does not take 1.4.17",
        ),
        (
            (),
            "glob:1.4.*",
            "{alphabetical: {order: asc}}",
            f"{FILTER}  digestReflectionPolicy: IfNotPresent\n",
            "image.digest at web: Never → IfNotPresent",
        ),
        (
            ("1.4.3", "v1.4.3"),
            "semver:~1.4",
            "{semver: {range: ~1.4}}",
            "  filterTags: {pattern: '.*'}\n",
            "image.selection at web: semver:~1.4 → (any of 1.4.3, v1.4.3)",
        ),
    ],
)
def test_a_policy_takes_the_tag_that_fluxd_would_take(
    known: tuple[Any, ...], pattern: str, policy: str, more: str, told: str
) -> None:
    (entry,) = policies(known, pattern, policy, more).workloads
    assert [str(each) for each in entry.differences] == ([told] if told else [])


@pytest.mark.parametrize(
    ("flags", "is_scanned"),
    [
        ({"exclude_images": ("*/shop/*",)}, False),
        ({"include_images": ("*/other/*",)}, False),
        ({"include_images": ("*/shop/*",)}, True),
        ({"ecr_regions": ("eu-west-1",), "ecr_include_ids": ("123456789012",)}, True),
        ({"ecr_regions": ("us-east-1",)}, False),
        ({"ecr_include_ids": ("210987654321",)}, False),
        ({"ecr_exclude_ids": ("123456789012",)}, False),
    ],
)
def test_an_image_that_fluxd_did_not_scan_needs_no_policy(flags: dict[str, Any], is_scanned: bool) -> None:
    cluster = MAIN.model_copy(update={"fluxd": FLUXD.model_copy(update=flags)})
    before = BEFORE
    if any(name.startswith("ecr_") for name in flags):
        ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
        before = {**BEFORE, "apps/web.yaml": WEB.replace("registry.example.com", ecr)}
    report = fm.verify_migration(before, before, fm.MigrationOptions(clusters=(cluster,)))
    (web,) = report.workloads
    assert [each.field for each in web.differences] == ["image.written_by"] * is_scanned


def test_commits_go_on_to_say_what_keeps_pipelines_from_running() -> None:
    fluxd = FLUXD.model_copy(update={"commit_suffix": "\n\n[ci skip] {{x}}"})
    options = fm.MigrationOptions(clusters=(MAIN.model_copy(update={"fluxd": fluxd}),))
    migration = fm.migrate_repository(BEFORE, options)
    assert fm.verify_migration(BEFORE, migration.files, options, declared=migration.declared).ok
    (path,) = (
        path for path in migration.created if "kind: ImageUpdateAutomation" in str(migration.files[path])
    )
    written = str(migration.files[path])
    assert "[ci skip]" in written
    after = {**migration.files, path: written.replace("[ci skip]", "[ci run]")}
    (entry,) = fm.verify_migration(BEFORE, after, options, declared=migration.declared).workloads
    assert [each.field for each in entry.differences] == ["image.message"]
    # What was there before goes on as it did.
    known = {**BEFORE, "other.yaml": after[path]}
    assert fm.verify_migration(known, after, options, declared=migration.declared).ok


@pytest.mark.parametrize(
    ("mode", "edit", "told"),
    [
        ("all", ("", ""), []),
        (
            "all",
            ("  verify:\n    mode: HEAD\n    secretRef:\n      name: git-signatures\n", ""),
            ["all → (none)"],
        ),
        ("first-parent", ("mode: HEAD", "mode: TagAndHEAD"), ["first-parent → TagAndHEAD of no tag"]),
        ("none", ("", ""), []),
    ],
)
def test_commits_stay_checked(mode: Any, edit: tuple[str, str], told: list[str]) -> None:
    cluster = MAIN.model_copy(update={"fluxd": FLUXD.model_copy(update={"verify_signatures": mode})})
    before: Files = {"apps/web.yaml": WEB}
    options = fm.MigrationOptions(clusters=(cluster,))
    migration = fm.migrate_repository(before, options)
    (path,) = (path for path in migration.created if path.endswith("gotk-sync.yaml"))
    after = {**migration.files, path: str(migration.created[path]).replace(*edit)}
    report = fm.verify_migration(before, after, options, declared=migration.declared)
    found = [str(each) for entry in report.sync_paths for each in entry.differences]
    assert found == [f"sync.signatures: {each}" for each in told]


@pytest.mark.parametrize(
    "image", ["localhost/shop/web:1.4.2", "shop/team/web:1.4.2", "ghcr.io/shop/web:../x"]
)
def test_an_image_of_which_fluxd_asked_another_registry_needs_no_policy(image: str) -> None:
    files: Files = {**BEFORE, "apps/web.yaml": WEB.replace("registry.example.com/shop/web:1.4.2", image)}
    migration = fm.migrate_repository(files, OPTIONS)
    assert "IM028" in {each.code for each in migration.findings}
    assert migration.ok
    assert fm.verify_migration(files, migration.files, OPTIONS, declared=migration.declared).ok


@pytest.mark.parametrize(
    ("name", "is_asked_for"), [("registry", True), ("Registry_", False), ("../x", False)]
)
def test_a_pull_secret_that_cannot_be_is_not_missed(name: str, is_asked_for: bool) -> None:
    files: Files = {**BEFORE, "apps/web.yaml": f"{WEB}      imagePullSecrets:\n      - name: {name}\n"}
    migration = fm.migrate_repository(files, OPTIONS)
    assert fm.verify_migration(files, migration.files, OPTIONS, declared=migration.declared).ok
    after = {
        path: re.sub(r"  secretRef:\n    name: (?!flux-system).*\n", "", str(text))
        for path, text in migration.files.items()
    }
    assert (after != migration.files) is is_asked_for
    (web,) = fm.verify_migration(files, after, OPTIONS, declared=migration.declared).workloads
    assert [each.field for each in web.differences] == ["image.credentials"] * is_asked_for


def test_a_policy_is_known_by_the_name_that_a_kustomization_makes_of_its_own() -> None:
    files: Files = {
        "base/web.yaml": WEB.replace("  namespace: shop\n", ""),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\nnamespace: shop\nnamePrefix: eu-\n",
        "prod/.flux.yaml": "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n",
    }
    cluster = fm.Cluster(name="prod", sync_paths=("prod", "flux"), fluxd=fm.Fluxd(manifest_generation=True))
    options = fm.MigrationOptions(clusters=(cluster,))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    # A policy that stands in a file and that nothing builds under that name writes nothing.
    text = str(migration.files["base/web.yaml"])
    other = {
        **migration.files,
        "base/web.yaml": text.replace(":eu-web", ":us-web").replace(":web", ":us-web"),
    }
    assert other != migration.files
    assert not fm.verify_migration(files, other, options, declared=migration.declared).ok


def test_a_container_that_is_gone_is_written_by_nobody() -> None:
    side = "      - name: side\n        image: registry.example.com/shop/side:1.0.0\n"
    files: Files = {**BEFORE, "apps/web.yaml": WEB + side}
    migration = fm.migrate_repository(files, OPTIONS)
    after = dict(migration.files)
    after["apps/web.yaml"] = re.sub("      - name: side\n.*\n", "", str(after["apps/web.yaml"]))
    (web,) = fm.verify_migration(files, after, OPTIONS, declared=migration.declared).workloads
    assert "image.written_by at side: fluxd → (nobody)" in [str(each) for each in web.differences]


def test_a_policy_that_a_person_decided_stays_as_decided() -> None:
    decided = fm.Override(policy={"alphabetical": {"order": "asc"}})
    options = OPTIONS.model_copy(update={"overrides": (decided,)})
    after = dict(fm.migrate_repository(BEFORE, options).files)
    (web,) = fm.verify_migration(BEFORE, after, options).workloads
    assert web.status == "same"
    digests = dict(after)
    replaced("policy:\n", "digestReflectionPolicy: IfNotPresent\n  policy:\n", "ImagePolicy")(digests)
    (web,) = fm.verify_migration(BEFORE, digests, options).workloads
    assert [each.field for each in web.differences] == ["image.digest"]
    replaced("order: asc", "order: desc", "ImagePolicy")(after)
    (web,) = fm.verify_migration(BEFORE, after, options).workloads
    assert [each.field for each in web.differences] == ["image.filter"]


def test_a_workload_that_two_paths_of_a_cluster_bring_is_told_once() -> None:
    files: Files = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": WEB}
    for path in ("a", "b"):
        files[f"{path}/kustomization.yaml"] = "resources: [../base]\n"
    files["c/ns.yaml"] = NAMESPACE
    one, two = fm.Cluster(name="one", sync_paths=("a", "b")), fm.Cluster(name="two", sync_paths=("c",))
    report = fm.verify_migration(files, files, fm.MigrationOptions(clusters=(one, two)))
    assert [(each.resource, each.cluster) for each in report.workloads] == [(DEPLOYMENT, "one")]


def test_a_default_namespace_that_nothing_needs_has_no_entry() -> None:
    options = fm.MigrationOptions(sync_roots=("apps",), default_namespace="shop")
    assert fm.verify_migration(BEFORE, BEFORE, options).namespaces == ()


def test_a_namespace_that_fluxd_filled_in_has_an_entry() -> None:
    files: Files = {"apps/web.yaml": WEB.replace("  namespace: shop\n", "")}
    known: dict[str, Any] = {"sync_roots": ["apps"], "default_namespace": "shop"}
    written = {**known, "write_missing_namespaces": True}
    accepted = {**known, "overrides": [{"accept": ["DA015"]}]}
    for options, status in ((accepted, "declared"), (written, "same")):
        migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
        report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
        assert report.ok, report.to_markdown()
        assert [(each.resource, each.status) for each in report.namespaces] == [("Namespace shop", status)]
    (entry,) = fm.verify_migration(files, files, known).namespaces
    assert entry.status == "different"
    assert [str(each) for each in entry.differences] == ["namespace at Deployment web: shop → (none)"]


def test_flux_1_in_the_path_starts_again() -> None:
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: flux, namespace: flux}\nspec:\n"
        "  template:\n    spec:\n      containers:\n      - name: flux\n"
        "        image: docker.io/fluxcd/flux:1.25.4\n        args: [--git-path=apps]\n"
    )
    files: Files = {**BEFORE, "apps/fluxd.yaml": manifest}
    for keeps in ("remove", "keep"):
        options = OPTIONS.model_copy(update={"flux1": keeps})
        report = fm.verify_migration(files, files, options)
        told = {each.field for each in report.sync_paths[0].differences}
        assert ("sync.flux1" in told) is (keeps == "remove")
    gone = {path: content for path, content in files.items() if path != "apps/fluxd.yaml"}
    assert fm.verify_migration(files, gone, OPTIONS).sync_paths[0].status == "same"
    off = manifest.replace(
        "namespace: flux}",
        "namespace: flux, annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}",
    )
    disabled = fm.verify_migration(files, {**files, "apps/fluxd.yaml": off}, OPTIONS)
    assert "sync.flux1" not in {each.field for each in disabled.sync_paths[0].differences}


@pytest.mark.parametrize(
    ("name", "image"), [("flux", "fluxcd/flux:1.25.4"), ("flux-memcached", "memcached:1.6")]
)
def test_flux_1_that_updated_itself_may_go_and_what_runs_beside_it_may_not(name: str, image: str) -> None:
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: flux\n  namespace: flux\n"
        '  annotations: {fluxcd.io/automated: "true"}\nspec:\n  template:\n    spec:\n      containers:\n'
        "      - name: flux\n        image: fluxcd/flux:1.25.4\n        args: [--git-path=apps]\n"
    )
    files: Files = {**BEFORE, "apps/flux/fluxd.yaml": manifest}
    files["apps/flux/own.yaml"] = manifest.replace("name: flux\n  n", f"name: {name}\n  n").replace(
        "fluxcd/flux:1.25.4", image
    )
    migration = fm.migrate_repository(files, OPTIONS)
    gone = {path: content for path, content in migration.files.items() if not path.startswith("apps/flux/")}
    assert fm.verify_migration(files, gone, OPTIONS, declared=migration.declared).ok
    other = manifest.replace("name: flux\n  n", "name: influxdb\n  n").replace("--git-path=apps", "serve")
    files["apps/flux/influxdb.yaml"] = other.replace("fluxcd/flux", "influxdb")
    report = fm.verify_migration(files, gone, OPTIONS, declared=migration.declared)
    missing = [each.resource for each in report.workloads if each.status == "missing"]
    assert missing == ["Deployment flux/influxdb"]
    (path,) = report.sync_paths
    assert [str(each.before) for each in path.differences] == ["Deployment flux/influxdb"]


IMAGE = re.compile(r"^( *)- name: web\n *image: [^\n]*\n", re.MULTILINE)


def with_sidecar(image: str, text: str = WEB) -> str:
    found = IMAGE.search(text)
    assert found is not None
    return text.replace(found[0], f"{found[0]}{found[1]}- name: sidecar\n{found[1]}  image: {image}\n")


def of_the_cluster(label: str) -> str:
    text = WEB.replace("namespace: shop", "namespace: kube-system")
    return text.replace("  annotations:\n", f"  labels: {{{label}}}\n  annotations:\n")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (with_sidecar("a:b:c"), "IM025"),
        (with_sidecar('""'), "IM025"),
        (with_sidecar("7"), "IM025"),
        (of_the_cluster('kubernetes.io/cluster-service: "true"'), "AN020"),
        (of_the_cluster("addonmanager.kubernetes.io/mode: EnsureExists"), "AN020"),
        (of_the_cluster("addonmanager.kubernetes.io/mode: Reconcile"), "AN020"),
    ],
)
def test_a_workload_that_fluxd_never_updated_is_updated_by_nobody(text: str, code: str) -> None:
    files: Files = {"apps/web.yaml": text}
    migration = fm.migrate_repository(files, OPTIONS)
    assert code in {each.code for each in migration.findings}
    assert "$imagepolicy" not in str(migration.files["apps/web.yaml"])
    assert migration.ok
    assert fm.verify_migration(files, migration.files, OPTIONS, declared=migration.declared).ok


@pytest.mark.parametrize("field", ["name", "namespace"])
@pytest.mark.parametrize("value", ["2048", "1e3", "0x10", "true", '"2048"'])
def test_what_is_named_by_no_text_is_called_as_kustomize_writes_it(field: str, value: str) -> None:
    text = workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1")
    given = {"name": "web", "namespace": "shop"}[field]
    files: Files = {"apps/web.yaml": text.replace(f"  {field}: {given}\n", f"  {field}: {value}\n", 1)}
    options = fm.MigrationOptions(sync_roots=("apps",))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


@pytest.mark.parametrize("kind", ["[a]", "{a: b}", "", '""'])
def test_a_document_of_no_kind_breaks_the_path_and_both_say_so(kind: str) -> None:
    files: Files = {
        "apps/a.yaml": f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n",
        "apps/web.yaml": workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1"),
    }
    options = fm.MigrationOptions(sync_roots=("apps",))
    migration = fm.migrate_repository(files, options)
    assert [each.code for each in migration.findings if each.severity == "error"] == ["DA020"]
    assert not fm.verify_migration(files, migration.files, options).ok
