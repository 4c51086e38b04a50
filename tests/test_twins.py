"""Half-migrated repositories: what Flux v2 has already is compared, and made only once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree
from real_kustomize import build_all, write_tree
from reference_trees import read_tree
from test_migrate_repository import codes, errors, git, migrate, release

SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata:
  name: example
  namespace: flux-system
spec:
  interval: 10m
  url: https://charts.example.com
"""


def twin(more: str = "", name: str = "web", namespace: str = "shop", spec: str = "  maxHistory: 10\n") -> str:
    return f"""\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: {name}
  namespace: {namespace}
spec:
  interval: 5m
  releaseName: shop-web
  chart:
    spec:
      chart: web
      version: 1.2.3
      sourceRef:
        kind: HelmRepository
        name: example
        namespace: flux-system
{spec}  install:
    disableTakeOwnership: true
    disableWait: true
  upgrade:
    crds: Skip
    disableWait: true
{more}"""


def half(old: str = "", new: str = "") -> dict[str, str | bytes]:
    return {"old/web.yaml": old or release(), "new/web.yaml": new or twin(), "new/source.yaml": SOURCE}


def test_a_release_whose_twin_means_the_same_is_removed() -> None:
    files = half()
    migration = migrate(files)
    assert migration.findings == ()
    assert migration.deleted == ("old/web.yaml",)
    assert migration.files == {path: text for path, text in files.items() if path != "old/web.yaml"}
    assert [(each.rule, each.path, each.target_path) for each in migration.changes] == [
        ("twin", "old/web.yaml", "new/web.yaml")
    ]
    assert "deleted file mode 100644\n" in migration.diff()
    report = fm.verify_migration(files, migration.files)
    assert {entry.outcome for entry in report.releases} == {"adopted"}


def test_the_release_that_we_would_write_is_a_twin() -> None:
    for chart in (
        git(),
        git("v1"),
        "repository: https://charts.example.com\n    name: web\n    version: 1.2.3",
    ):
        old = release(chart=chart, more="  rollback: {enable: true}\n  values: {a: 1, b: null}\n")
        made = fm.migrate_repository({"old/web.yaml": old})
        files = {**made.files, "older/web.yaml": old}
        settled = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("",)))
        assert settled.deleted == ("older/web.yaml",), settled.findings


def test_a_twin_under_another_name_runs_the_same_helm_release() -> None:
    migration = migrate(half(new=twin(name="shop-web", namespace="flux", spec="  storageNamespace: shop\n")))
    (finding,) = migration.findings
    assert finding.code == "RP007"
    assert "target_namespace: shop → flux" in finding.message
    whole = "  storageNamespace: shop\n  targetNamespace: shop\n  maxHistory: 10\n"
    assert migrate(half(new=twin(name="shop-web", namespace="flux", spec=whole))).deleted == ("old/web.yaml",)
    default = release(more="  releaseName: web\n")
    unnamed = twin(name="web", namespace="shop").replace("  releaseName: shop-web\n", "")
    assert migrate(half(default, unnamed)).deleted == ("old/web.yaml",)


def test_what_flux_2_does_on_top_loses_nothing() -> None:
    more = "  dependsOn:\n  - name: db\n  driftDetection:\n    mode: warn\n"
    assert migrate(half(new=twin(more))).deleted == ("old/web.yaml",)


DIFFERING: list[tuple[str, str, list[str]]] = [
    ("another name", twin().replace("shop-web", "web"), ["release_name: shop-web → web"]),
    ("another version", twin().replace("1.2.3", "1.3.0"), ["chart.version: 1.2.3 → 1.3.0"]),
    ("values", twin("  values:\n    a: 1\n"), ["values at a: (absent) → 1"]),
    ("defaults", twin(spec=""), ["max_history: 10 → 5"]),
    (
        "several fields",
        twin("  suspend: true\n", spec=""),
        ["max_history: 10 → 5", "suspended: false → true"],
    ),
    ("a wrong type", twin("  timeout: 5\n"), ["cannot be compared"]),
    (
        "no spec",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n",
        [],
    ),
]


@pytest.mark.parametrize(("new", "said"), [row[1:] for row in DIFFERING], ids=[row[0] for row in DIFFERING])
def test_a_twin_that_differs_is_told_with_both_values(new: str, said: list[str]) -> None:
    files = half(new=new)
    migration = migrate(files)
    assert errors(migration) == ["RP007"]
    assert migration.files == files
    (finding,) = migration.findings
    assert "HelmRelease shop/web is there already in new/web.yaml:4" in finding.message or not said
    for part in said:
        assert part in finding.message
    assert finding.answer is not None
    settled = fm.migrate_repository(files, fm.MigrationOptions(overrides=(finding.answer,)))
    assert (settled.findings, settled.deleted) == ((), ("old/web.yaml",))


def test_what_the_repository_does_not_tell_is_no_proof() -> None:
    files = half()
    del files["new/source.yaml"]
    (finding,) = migrate(files).findings
    assert "the repository does not tell its chart" in finding.message


def test_sources_with_odd_metadata_spoil_nothing() -> None:
    files = half()
    files["odd.yaml"] = SOURCE.replace("  name: example\n  namespace: flux-system\n", "  []\n")
    assert migrate(files).deleted == ("old/web.yaml",)


def test_a_release_that_would_be_stopped_is_told_of_its_twin_first() -> None:
    old = release(more="  valuesFrom:\n  - externalSourceRef: {url: https://x.example}\n")
    (finding,) = migrate(half(old)).findings
    assert finding.code == "RP007"
    assert "values_from: https://x.example" in finding.message or "values_from" in finding.message


def test_a_record_that_a_person_knows_of_is_that_of_the_twin() -> None:
    new = twin(spec="  storageNamespace: ops\n  maxHistory: 10\n")
    overrides = (fm.Override(storage_namespace="ops"),)
    assert migrate(half(new=new), overrides=overrides).deleted == ("old/web.yaml",)
    assert errors(migrate(half(new=new))) == ["RP007"]


def test_a_release_of_the_first_operators_has_its_twin_too() -> None:
    old = (
        "apiVersion: helm.integrations.flux.weave.works/v1alpha2\nkind: FluxHelmRelease\n"
        "metadata:\n  name: web\n  namespace: shop\nspec:\n  chartGitPath: web\n"
    )
    options: dict[str, Any] = {
        "helm_operator": fm.HelmOperator(git_url="https://git.example.com/acme/shop"),
        "sync_roots": ("",),
    }
    accepted = (fm.Override(accept=("HR030",)),)
    made = migrate({"a.yaml": old}, **options, overrides=accepted)
    assert made.changed
    files: dict[str, str | bytes] = {**made.files, "z.yaml": old}
    (finding,) = migrate(files, **options).findings
    assert "helm_version: v2 → v3" in finding.message
    assert migrate(files, **options, overrides=accepted).deleted == ("z.yaml",)


HEADER = "# Everything of the shop.\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
FILES: list[tuple[str, str, str]] = [
    ("first of two", f"{release()}---\n{NAMESPACE}", f"---\n{NAMESPACE}"),
    ("last of two", f"{NAMESPACE}---\n{release()}", NAMESPACE),
    ("in between", f"a: 1\n---\n{release()}---\nb: 1\n", "a: 1\n---\nb: 1\n"),
    ("a header", f"{HEADER}---\n{release()}---\n{NAMESPACE}", f"{HEADER}---\n{NAMESPACE}"),
    ("a comment", f"---\n{release()}---\n# replicas: 2\n", "---\n# replicas: 2\n"),
    ("a mark", f"\ufeff{release()}---\r\na: 1\r\n", "\ufeff---\r\na: 1\r\n"),
]


@pytest.mark.parametrize(("text", "left"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_what_stands_beside_a_release_that_goes_stays(text: str, left: str) -> None:
    migration = migrate(half(text))
    assert migration.changed == {"old/web.yaml": left}
    assert migration.deleted == ()


@pytest.mark.parametrize(
    "text", [f"{HEADER}---\n{release()}", f"---\n{release()}---\n...\n", f"{release()}# gone\n"]
)
def test_a_file_of_which_nothing_is_left_goes(text: str) -> None:
    assert migrate(half(text)).deleted == ("old/web.yaml",)


def test_a_twin_stands_in_the_same_file_beside_one_that_is_migrated() -> None:
    text = f"{release()}---\n{twin()}---\n{release('db')}"
    migration = migrate({"all.yaml": text, "s.yaml": SOURCE})
    changed = migration.changed["all.yaml"]
    assert changed.startswith(f"---\n{twin()}---\napiVersion: helm.toolkit.fluxcd.io/v2\n")
    assert codes(migration) == []


def test_two_releases_with_one_twin_are_both_compared() -> None:
    files: dict[str, str | bytes] = {**half(), "old/again.yaml": release()}
    assert migrate(files).deleted == ("old/again.yaml", "old/web.yaml")


def test_a_real_tree_that_is_half_migrated_has_no_twins_and_keeps_its_objects(shared: Path) -> None:
    files = read_tree(shared / "corpus" / "homelab-half-migrated" / "v1")
    migration = fm.migrate_repository(files)
    # Its Kustomization of Flux v2 prunes, and lies beside releases of Flux v1. The manifest of the operator,
    # which is commented out, says which Helm it had.
    assert errors(migration) == ["DA015", "IM005", "RP003", "RP050"]
    assert (len(migration.changed), migration.deleted) == (17, ())
    assert migration.context.flux_version == "2.6"
    assert "v1beta1" in migration.context.reasons[0]
    again = fm.migrate_repository(migration.files)
    assert again.files == migration.files


def test_both_halves_of_a_real_pair_are_one_release(shared: Path) -> None:
    """A tree of which one release was migrated by us, and whose old file came back."""
    files = read_tree(shared / "corpus" / "homelab" / "v1")
    migration = fm.migrate_repository(files)
    both = {f"new/{path}": text for path, text in migration.files.items()}
    olds = {f"old/{path}": files[path] for path in migration.changed}
    options = fm.MigrationOptions(sync_roots=("",), flux_version=migration.context.flux_version)
    settled = fm.migrate_repository({**both, **olds}, options)
    assert set(settled.deleted) == set(olds) - set(settled.changed)
    assert not [finding for finding in settled.findings if finding.code == "RP007"]


def test_a_cluster_sees_its_own_sources() -> None:
    elsewhere = SOURCE.replace("charts.example.com", "elsewhere.example.com")
    files: dict[str, str | bytes] = {
        **{f"eu/{path}": text for path, text in half().items()},
        "us/source.yaml": elsewhere,
    }
    assert migrate(files, sync_roots=("eu", "us")).deleted == ("eu/old/web.yaml",)
    files["eu/new/source.yaml"] = elsewhere
    assert errors(migrate(files, sync_roots=("eu", "us"))) == ["RP007"]


def test_a_namespace_that_no_manifest_names_may_be_the_same() -> None:
    unplaced = twin().replace("  namespace: shop\n", "", 1)
    assert errors(migrate(half(new=unplaced))) == ["RP007"]
    bare = release().replace("  namespace: shop\n", "")
    assert errors(migrate(half(bare))) == ["RP007"]
    assert migrate(half(bare, unplaced), default_namespace="shop").deleted == ("old/web.yaml",)
    assert migrate(half(new=unplaced), default_namespace="shop").deleted == ("old/web.yaml",)


def test_a_chart_that_makes_releases_of_flux_2_is_no_twin() -> None:
    files = half()
    files["new/Chart.yaml"] = "name: x\n"
    assert set(migrate(files).changed) == {"old/web.yaml"}


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db, namespace: shop}\n"


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("shaping", ["", "namespace: shop\n"])
def test_a_kustomization_that_others_include_is_never_left_empty(accepted: bool, shaping: str) -> None:
    files: dict[str, str | bytes] = {**half(), "old/kustomization.yaml": f"{shaping}resources: [web.yaml]\n"}
    overrides = (fm.Override(accept=("RP007",)),) if accepted else ()
    migration = migrate(files, overrides=overrides, sync_roots=("",))
    assert migration.files == files
    (finding,) = (each for each in migration.findings if each.code == "RP007")
    assert finding.message == (
        "new/web.yaml means the same, and without this one old/kustomization.yaml would hold nothing"
    )
    assert finding.answer is None


def overlay(more: Mapping[str, str] | None = None) -> dict[str, str | bytes]:
    """A twin in a base that an overlay includes."""
    return {
        "base/kustomization.yaml": "# Ours\nresources:\n- ./old.yaml # old\n- new.yaml\n- db.yaml\n",
        "base/old.yaml": release(),
        "base/new.yaml": twin(),
        "base/db.yaml": CONFIG,
        "prod/kustomization.yaml": "resources:\n- ../base\n- source.yaml\n",
        "prod/source.yaml": SOURCE,
        **(more or {}),
    }


def built(files: Mapping[str, str | bytes], folder: Path, *names: str) -> list[list[tuple[str, str]]]:
    """What the real kustomize builds of folders: kind and name of each object."""
    write_tree(files, folder)
    builds = build_all([folder / name for name in names])
    assert not [build.error for build in builds if build.error]
    return [sorted((each["kind"], each["metadata"]["name"]) for each in build.objects) for build in builds]


def test_a_file_goes_from_the_kustomizations_that_list_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = overlay(
        {"test/kustomization.yaml": "resources: [../base/old.yaml, ../base/db.yaml]\n"}
    )
    migration = migrate(files, sync_roots=("prod", "test"))
    # The second cluster has no twin.
    assert errors(migration) == ["RP007"]
    del files["test/kustomization.yaml"]
    files["all/kustomization.yaml"] = "resources: [../prod]\n"
    migration = migrate(files, sync_roots=("prod",))
    assert migration.findings == ()
    assert migration.deleted == ("base/old.yaml",)
    assert migration.changed == {
        "base/kustomization.yaml": "# Ours\nresources:\n# old\n- new.yaml\n- db.yaml\n",
    }
    assert [each.rule for each in migration.changes] == ["twin", "kustomization"]
    expected = [("ConfigMap", "db"), ("HelmRelease", "web"), ("HelmRepository", "example")]
    assert built(migration.files, tmp_path, "prod", "all") == [expected, expected]
    assert migrate(dict(migration.files), sync_roots=("prod",)).files == migration.files


def test_a_file_that_still_holds_something_stays_listed(tmp_path: Path) -> None:
    for rest in (CONFIG.replace("db", "api"), "# replicas: 2\n"):
        migration = migrate(overlay({"base/old.yaml": f"{release()}---\n{rest}"}), sync_roots=("prod",))
        assert errors(migration) == []
        assert set(migration.changed) == {"base/old.yaml"}
        (objects,) = built(migration.files, tmp_path / str(len(rest)), "prod")
        assert objects.count(("HelmRelease", "web")) == 1


def test_a_kustomization_that_a_cluster_builds_may_be_left_empty(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **half(),
        "old/kustomization.yaml": "namespace: shop\nresources:\n- web.yaml\n",
    }
    cluster = fm.Cluster(name="one", sync_paths=("new", "old"))
    migration = migrate(files, clusters=(cluster,))
    assert migration.deleted == ("old/web.yaml",)
    assert migration.changed == {"old/kustomization.yaml": "namespace: shop\nresources: []\n"}
    assert built(migration.files, tmp_path, "old") == [[]]


def test_all_twins_of_a_kustomization_stay_where_it_would_be_left_empty() -> None:
    files = overlay(
        {
            "base/kustomization.yaml": "resources: [old.yaml, other.yaml]\n",
            "base/other.yaml": release(name="api").replace("web", "api"),
            "prod/kustomization.yaml": "resources: [../base, source.yaml, ../base/new.yaml, new.yaml]\n",
            "prod/new.yaml": twin().replace("web", "api"),
        }
    )
    migration = migrate(files, sync_roots=("prod",))
    assert migration.files == files
    assert errors(migration) == ["RP007", "RP007"]


def test_one_twin_goes_where_another_one_must_stay() -> None:
    files = overlay(
        {
            "alone/kustomization.yaml": "resources: [old.yaml]\n",
            "alone/old.yaml": release(name="api").replace("name: web", "name: api"),
            "prod/kustomization.yaml": "resources: [../base, ../alone, source.yaml, new.yaml]\n",
            "prod/new.yaml": twin().replace("web", "api"),
        }
    )
    migration = migrate(files, sync_roots=("prod",))
    assert migration.deleted == ("base/old.yaml",)
    (finding,) = (each for each in migration.findings if each.code == "RP007")
    assert finding.path == "alone/old.yaml"


def test_what_would_not_build_without_a_release_keeps_it() -> None:
    files = overlay()
    more = "configMapGenerator:\n- name: copy\n  namespace: shop\n  files: [../base/old.yaml]\n"
    files["prod/kustomization.yaml"] = f"resources:\n- ../base\n- source.yaml\n{more}"
    migration = migrate(files, sync_roots=("prod",))
    assert migration.files == files
    (finding,) = (each for each in migration.findings if each.severity == "error")
    assert finding.code == "RP007"
    assert "without this one prod would not build: prod/kustomization.yaml:" in finding.message


def test_a_kustomization_that_cannot_be_edited_keeps_what_it_lists() -> None:
    listed = "resources: [&file old.yaml, new.yaml, db.yaml]\nmetadata: {name: *file}\n"
    migration = migrate(overlay({"base/kustomization.yaml": listed}), sync_roots=("prod",))
    assert migration.deleted == ()
    (finding,) = (each for each in migration.findings if each.code == "RP007")
    assert "its entry in base/kustomization.yaml must go, which cannot be edited" in finding.message


def test_sources_are_listed_in_a_kustomization_that_something_went_from() -> None:
    files: dict[str, str | bytes] = {
        **overlay(),
        "prod/kustomization.yaml": "resources:\n- old.yaml\n- ../base\n- source.yaml\n- other.yaml\n",
        "prod/old.yaml": release(),
        "base/kustomization.yaml": "resources: [new.yaml, db.yaml]\n",
        "prod/other.yaml": release(
            "other", chart="repository: https://else.org\n    name: a\n    version: 1.0.0"
        ),
    }
    del files["base/old.yaml"]
    migration = migrate(files, sync_roots=("prod",))
    assert migration.ok
    assert migration.files["prod/kustomization.yaml"] == (
        "resources:\n- ../base\n- source.yaml\n- other.yaml\n- sources\n"
    )


@given(
    names=st.lists(st.sampled_from("abc"), unique=True, min_size=1),
    twins=st.sets(st.sampled_from("abc")),
    in_one_file=st.booleans(),
    own_folder=st.booleans(),
    more=st.booleans(),
    root=st.sampled_from(["prod", "base", ""]),
)
def test_what_was_built_is_built_without_what_goes(
    names: list[str], twins: set[str], in_one_file: bool, own_folder: bool, more: bool, root: str
) -> None:
    olds = {
        name: release(name).replace("name: web\n    version", f"name: {name}\n    version") for name in names
    }
    files: dict[str, str | bytes] = {"base/db.yaml": CONFIG, "prod/source.yaml": SOURCE}
    listed = ["db.yaml"] if more else []
    if in_one_file:
        files["base/all.yaml"] = "---\n".join(olds.values())
        listed.append("all.yaml")
    for name in () if in_one_file else names:
        folder = f"{name}/" if own_folder else ""
        files[f"base/{folder}{name}.yaml"] = olds[name]
        listed.append(name if own_folder else f"{name}.yaml")
        if own_folder:
            files[f"base/{name}/kustomization.yaml"] = f"resources:\n- {name}.yaml\n"
    files["base/kustomization.yaml"] = f"resources: {json.dumps(listed)}\n"
    have = sorted(twins & set(names))
    for name in have:
        files[f"prod/{name}.yaml"] = (
            twin(name=name).replace("shop-web", f"shop-{name}").replace("chart: web", f"chart: {name}")
        )
    beside = [f"{name}.yaml" for name in have]
    files["prod/kustomization.yaml"] = f"resources: {json.dumps(['../base', 'source.yaml', *beside])}\n"
    migration = migrate(dict(files), sync_roots=(root,))
    before, after = KustomizeTree(files), KustomizeTree(migration.files)
    assert all(after.build(folder).ok for folder in before.kustomizations if before.build(folder).ok)
    stay = {finding.resource for finding in migration.findings if finding.code == "RP007"}
    left = [
        built.manifest["metadata"]["name"]
        for built in after.build("prod").objects
        if built.manifest["apiVersion"] == "helm.fluxcd.io/v1"
    ]
    # What is not taken out is told, and nothing is lost.
    assert {f"HelmRelease shop/{name}" for name in left if name in have} <= stay
    assert {each.manifest["metadata"]["name"] for each in after.build("prod").objects} >= set(names)
    assert migrate(dict(migration.files), sync_roots=(root,)).files == migration.files


def test_what_is_removed_for_its_twin_is_verified_as_what_is_migrated() -> None:
    files = half()
    migration = migrate(files)
    assert migration.deleted == ("old/web.yaml",)
    (entry,) = fm.verify_migration(files, migration.files, declared=migration.declared).releases
    assert (entry.status, entry.outcome, entry.undue) == ("declared", "adopted", ())
    assert fm.verify_migration(files, migration.files).ok is False


@pytest.mark.parametrize("secret", ["", "  secretRef:\n    name: flux-system\n"])
def test_a_source_that_is_there_has_a_key_of_its_own(secret: str) -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata:\n  name: flux-system\n  namespace: flux-system\n"
        f"spec:\n  interval: 1m\n  ref:\n    branch: main\n  url: ssh://git@git.example.com/acme/shop\n{secret}"
    )
    chart = release(chart=git(url="git@git.example.com:acme/shop"))
    files: dict[str, str | bytes] = {"web.yaml": chart, "source.yaml": source}
    migration = migrate(files)
    assert migration.ok
    assert migration.created == {}
    (entry,) = fm.verify_migration(files, migration.files, declared=migration.declared).releases
    assert (entry.status, entry.undue) == ("declared", ())
    assert "chart.credentials" in [each.field for each in entry.declared]
