"""What a migration gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, get_args

from fluxv2_migrate.cutover.expected_release import ExpectedRelease
from fluxv2_migrate.cutover.first_hour import FirstHour, foresee_first_hour
from fluxv2_migrate.cutover.left_releases import LeftReleases
from fluxv2_migrate.cutover.runbook import CutoverFacts, Runbook, write_runbook
from fluxv2_migrate.cutover.syncs import ClusterSync
from fluxv2_migrate.flux2 import (
    GitRepository,
    HelmRelease,
    HelmRepository,
    ImagePolicy,
    ImageRepository,
    ImageUpdateAutomation,
    Kustomization,
)
from fluxv2_migrate.frozen import FrozenDict, frozen
from fluxv2_migrate.kubernetes import named
from fluxv2_migrate.pages import facts, fragment
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting.records import as_data, json_text
from fluxv2_migrate.report.context import MigrationContext
from fluxv2_migrate.report.data import migration_record
from fluxv2_migrate.report.declared import Declared, DeclaredFields
from fluxv2_migrate.report.finding_list import Findings
from fluxv2_migrate.report.html_page import migration_fragment, migration_page
from fluxv2_migrate.report.html_parts import changes_fold, manifest_block
from fluxv2_migrate.report.markdown import report_markdown
from fluxv2_migrate.report.outline import texts_of
from fluxv2_migrate.report.questions import answers_of, questions_text
from fluxv2_migrate.repository.diff import unified_diff
from fluxv2_migrate.repository.workspace import Change
from fluxv2_migrate.settings.inventory import Inventory

_Resource = (
    HelmRelease
    | HelmRepository
    | GitRepository
    | ImageRepository
    | ImagePolicy
    | ImageUpdateAutomation
    | Kustomization
)
_MODELS: Final[Mapping[str, type[_Resource]]] = {model.__name__: model for model in get_args(_Resource)}


@dataclass(frozen=True, slots=True)
class MigratedManifest:
    """A v2 resource as a mapping; `resource()` gives it as a model.

    Attributes:
        manifest: in JSON's types.
        path: its file.
        before: `kind namespace/name` of the v1 resource that it was, or empty.
        cluster: the cluster that sees it, or empty where all do.
    """

    manifest: Mapping[str, Any]
    path: str
    before: str = ""
    cluster: str = ""

    @property
    def name(self) -> str:
        """`kind namespace/name` of the v2 resource."""
        metadata = self.manifest["metadata"]
        return named(str(self.manifest["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))

    def __repr__(self) -> str:
        # A manifest may hold what is not for logs: values, and URLs with a user.
        return f"MigratedManifest({self.name!r}, path={self.path!r}, cluster={self.cluster!r})"

    def resource(self, changes: tuple[Change, ...] = ()) -> MigratedResource:
        """Gives it with its model.

        Args:
            changes: what was done to have it so.
        """
        model = _MODELS[self.manifest["kind"]].model_validate(self.manifest)
        return MigratedResource(model, self.path, self.cluster, self.before, changes)


@dataclass(frozen=True, slots=True)
class MigratedResource:
    """A v2 resource that stands in the repository because of the migration.

    Attributes:
        resource: the model.
        path: its file.
        cluster: the cluster that sees it, or empty where all do.
        before: `kind namespace/name` of the v1 resource that it was, or empty.
        changes: what was done to have it so.
    """

    resource: _Resource
    path: str
    cluster: str = ""
    before: str = ""
    changes: tuple[Change, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """`kind namespace/name` of the v2 resource."""
        metadata = self.resource.metadata
        return named(self.resource.kind, metadata.namespace or "", str(metadata.name))

    def _repr_html_(self) -> str:
        about = facts([("file", self.path), ("cluster", self.cluster or "all"), ("was", self.before)])
        return fragment(self.name, about, manifest_block(self.resource), *changes_fold(self.changes))


@dataclass(frozen=True, slots=True)
class StayingRelease:
    """A release of Flux v1 that the migration leaves as it is, for whatever reason.

    Attributes:
        resource: `kind namespace/name`.
        path: its file.
        line: in that file, 1-based.
        clusters: those that see it; none where no sync path holds it.
    """

    resource: str
    path: str
    line: int
    clusters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Migration:
    """A repository after its migration, and everything that a person must know about it.

    Attributes:
        files: the whole repository afterwards.
        changed: new text of changed files.
        created: text of new files.
        deleted: files to remove.
        findings: what a person must know, decide or do; the questions first.
        changes: what was done.
        prerequisites: what must exist in the cluster first.
        context: what was inferred.
        before: the texts of changed and deleted files as they were.
        staying: the releases of Flux v1 that are left as they are.
        expected: the migrated releases as each cluster will have them.
        syncs: what syncs each cluster once fluxd is gone.
        left: the releases of Flux v1 that are left in each cluster.
        inventories: by cluster, what runs there, of which anybody said it.
    """

    files: Mapping[str, str | bytes]
    changed: Mapping[str, str]
    created: Mapping[str, str]
    deleted: tuple[str, ...]
    findings: Findings
    changes: tuple[Change, ...]
    # The v2 resources that came of it, before anybody asks for them; nobody changes them.
    _written: tuple[MigratedManifest, ...]
    prerequisites: tuple[Prerequisite, ...]
    context: MigrationContext
    before: Mapping[str, str]
    staying: tuple[StayingRelease, ...] = ()
    expected: tuple[ExpectedRelease, ...] = ()
    syncs: tuple[ClusterSync, ...] = ()
    left: tuple[LeftReleases, ...] = ()
    inventories: Mapping[str, Inventory] = field(default_factory=dict)
    # What differs as the findings say, before anybody asks for the values; nobody changes it.
    _declared_fields: DeclaredFields = field(default_factory=DeclaredFields)

    def __post_init__(self) -> None:
        for name in ("files", "changed", "created", "before", "inventories"):
            object.__setattr__(self, name, FrozenDict(getattr(self, name)))

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity != "error" for finding in self.findings)

    @cached_property
    def declared(self) -> Declared:
        """What differs as the findings say, which `verify_migration` takes.

        By path and `kind namespace/name`, the fields of a release's meaning with the values that they have
        afterwards, or `None` where clusters differ; the values of each are below `kind namespace/name in
        cluster` then.
        """
        # What a release means in full takes longer than its migration, and only a verification asks.
        declared: Declared = frozen(self._declared_fields.with_values())
        return declared

    @cached_property
    def manifests(self) -> tuple[MigratedManifest, ...]:
        """The v2 resources that came of this migration, as they are written."""
        # What clusters see of a release has most in common.
        known: dict[Any, Any] = {}
        return tuple(replace(each, manifest=frozen(each.manifest, known)) for each in self._written)

    @cached_property
    def resources(self) -> tuple[MigratedResource, ...]:
        """The v2 resources that stand in the repository because of this migration, as models."""
        # Models are made when they are asked for: a diff needs none, and there are many.
        done: dict[tuple[str, str], list[Change]] = {}
        for change in self.changes:
            done.setdefault((change.resource, change.target_path), []).append(change)
        found = []
        for each in self.manifests:
            named = each.before or each.name
            found.append(each.resource(tuple(done.get((named, each.path), ()))))
        return tuple(found)

    def answers(self) -> list[dict[str, Any]]:
        '''Gives the overrides that settle the errors, ready to fill in.

        Returns:
            Data for a file in Git, and for `MigrationOptions.overrides` of the next run: each override once,
            in JSON's types. Empty fields are to be filled in; until then they decide nothing. Warnings and
            infos, of which each has its own `answer`, are left out: they are not to be accepted unread.

        >>> from fluxv2_migrate import MigrationOptions, migrate_text
        >>> text = """
        ... apiVersion: helm.fluxcd.io/v1
        ... kind: HelmRelease
        ... metadata: {name: web, namespace: shop}
        ... spec: {chart: {repository: "https://charts.example.com", name: web, version: 1.2.3}}
        ... """
        >>> migration = migrate_text(text)
        >>> migration.answers()
        [{'helm_versions': ['v3']}]
        >>> options = MigrationOptions.model_validate({"overrides": migration.answers()})
        >>> migrate_text(text, options=options).ok
        True
        '''
        return [given for given, _ in answers_of(self.findings)]

    def questions(self) -> str:
        """Gives the answers as a file to fill in, for people who know the clusters and no Python.

        Returns:
            YAML, a list of what `answers()` gives; comments say what each is about and what to fill in.

        >>> from fluxv2_migrate import migrate_text
        >>> migrate_text("kind: Secret").questions().splitlines()[-1]
        '[]'
        """
        return questions_text(self.findings)

    def diff(self) -> str:
        """Gives one unified diff, as `git apply` takes it; empty where nothing changes.

        >>> from fluxv2_migrate import migrate_text
        >>> migrate_text("kind: Secret").diff()
        ''
        """
        return "".join(unified_diff(path, *texts) for path, texts in sorted(texts_of(self).items()))

    def runbook(self) -> Runbook:
        """Gives the ordered steps of the cut-over.

        >>> from fluxv2_migrate import migrate_text
        >>> [step.title for step in migrate_text("kind: Secret").runbook().steps][:1]
        []
        """
        automations: dict[str, tuple[str, ...]] = {}
        for each in self.manifests:
            if each.manifest["kind"] == "ImageUpdateAutomation":
                namespace = str(each.manifest["metadata"]["namespace"])
                for cluster in each.cluster.split(", "):
                    automations[cluster] = (*automations.get(cluster, ()), namespace)
        facts = CutoverFacts(
            self.syncs,
            self.left,
            self.expected,
            self.prerequisites,
            self.findings,
            automations,
            self.created,
        )
        return write_runbook(facts)

    def first_hour(self) -> FirstHour:
        """Gives what the first reconciliation of each release does, the riskiest first.

        >>> from fluxv2_migrate import migrate_text
        >>> migrate_text("kind: Secret").first_hour()
        FirstHour(releases=(), without_inventory=())
        """
        return foresee_first_hour(self.expected, self.inventories, self.findings)

    def slim(self) -> Migration:
        """Gives the same without the texts that did not change: what travels between processes.

        Its diff, report, page, findings and `ok` are equal; `files` holds changed and created files only, and
        those of which the page shows lines, since a finding names them.

        >>> from fluxv2_migrate import migrate_text
        >>> migration = migrate_text("kind: Secret")
        >>> dict(migration.files), dict(migration.slim().files)
        ({'manifest.yaml': 'kind: Secret'}, {})
        """
        places = (place for each in self.findings for place in (f"{each.path}:", *each.related))
        kept = {*self.changed, *self.created, *(place.rpartition(":")[0] for place in places)}
        return replace(self, files={path: text for path, text in self.files.items() if path in kept})

    def to_markdown(self) -> str:
        """Gives the report, for a pull request.

        >>> from fluxv2_migrate import migrate_text
        >>> migrate_text("kind: Secret").to_markdown().splitlines()[0]
        '# Migration to Flux v2'
        """
        return report_markdown(self)

    def to_html(self) -> str:
        """Gives the report as a page that needs nothing but itself: no network, and no script to be read.

        >>> from fluxv2_migrate import migrate_text
        >>> migrate_text("kind: Secret").to_html()[:15]
        '<!DOCTYPE html>'
        """
        return migration_page(self)

    def to_dict(self) -> dict[str, Any]:
        """Gives what was done and what is asked in JSON's types, as `schemas["migration"]` describes it.

        >>> from fluxv2_migrate import migrate_text
        >>> migrate_text("kind: Secret").to_dict()["ok"]
        True
        """
        return as_data(migration_record(self))

    def to_json(self) -> str:
        """Gives the same as `to_dict` as a text of JSON.

        >>> from fluxv2_migrate import migrate_text
        >>> import json
        >>> json.loads(migrate_text("kind: Secret").to_json())["ok"]
        True
        """
        return json_text(self.to_dict())

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        return migration_fragment(self)

    def __repr__(self) -> str:
        return (
            f"Migration(changed={len(self.changed)}, created={len(self.created)}, "
            f"deleted={len(self.deleted)}, findings={len(self.findings)}, ok={self.ok})"
        )
