"""What a report says, in the order in which people need it: the same for Markdown and for pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.table import FINDINGS, Concern, FindingType
from fluxv2_migrate.flux2 import HelmRelease, ImagePolicy
from fluxv2_migrate.quoting import few, plural, shown_folders
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.settings.overrides import PATTERNS
from fluxv2_migrate.tags.policies import holds_one_tag

if TYPE_CHECKING:
    from fluxv2_migrate.report.context import ClusterContext, MigrationContext
    from fluxv2_migrate.report.migration import MigratedResource, Migration

_RELEASES: Final = ("HelmRelease", "FluxHelmRelease")
_FEW: Final = 3
"""So many releases are told one by one even if they are all."""
_WAYS: Final = 4
"""So many ways in which clusters became known are told; of the others only how many clusters they are."""
_NAMED: Final = 2
"""So many clusters are named of all that became known in one way, and files from which settings were read."""
_HOW_TO_ANSWER: Final = (
    "Each answer is an entry of one file of answers, as JSON or YAML: `migration.questions()` writes it, "
    "with comments that say what to fill in. In Python an entry is `Override(**entry)`. Where there is no "
    "answer, the repository has to be edited."
)
_HOW_TO_ACCEPT: Final = (
    "Read each once. Where nothing has to be done, accept its code in the file of answers, and later reports "
    "leave it out: `- accept: [{code}]`."
)
_BLOCKS: Final[tuple[tuple[Concern, str], ...]] = (
    ("merge", "To be answered before anybody merges"),
    ("cluster", "What a cluster applies would be incomplete or refused"),
    ("release", "Releases stay in Flux v1 until then"),
    ("images", "Images stand still until then"),
)
_HARMS: Final[tuple[tuple[Concern, str], ...]] = (
    ("first", "To be done first"),
    ("runs", "What runs may change"),
    ("images", "Images may be updated otherwise"),
    ("assumed", "Was assumed of the clusters: check whether it is so"),
    ("left", "Stays outside of this migration"),
    ("nothing", "Good to know: nothing has to be done"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """All findings of one code: one question, or one thing to know.

    Attributes:
        code: of them all.
        said: each message once, the one of most places first, with its places.
        places: where, each once, as `path:line`.
        is_common: whether it concerns every release.
    """

    code: str
    findings: tuple[Finding, ...]
    said: tuple[tuple[str, tuple[str, ...]], ...]
    places: tuple[str, ...]
    is_common: bool

    @property
    def type(self) -> FindingType:
        """The row of the table of codes."""
        return FINDINGS[self.code]

    @property
    def answers(self) -> tuple[Override, ...]:
        """The answers that decide something; of a question also those that only accept its code."""
        given = (finding.answer for finding in self.findings)
        is_asked = self.type.severity == "error"
        return tuple(each for each in given if each is not None and (is_asked or not _only_accepts(each)))


class ReleaseRow(NamedTuple):
    """A migrated release, in all clusters that have it under one name and from one source.

    Attributes:
        name: namespace and name of its object.
        release_name: under which Helm has it.
        cluster: the names of the clusters, or `all`.
    """

    name: str
    release_name: str
    storage_namespace: str
    source: str
    cluster: str
    path: str


@dataclass(frozen=True, slots=True)
class Outline:
    """What a report says of a migration.

    Attributes:
        releases: the migrated ones, whatever else of them clusters see otherwise.
        policies: the image policies that were made.
        sources: how many sources were made.
        holding: how many of the policies hold the tag that runs.
        questions: by what they block, the first to be answered first: title and entries.
        differences: by the harm they may do: title and entries.
    """

    releases: tuple[ReleaseRow, ...]
    policies: tuple[MigratedResource, ...]
    sources: int
    holding: int
    questions: tuple[tuple[Concern, str, tuple[Entry, ...]], ...]
    differences: tuple[tuple[Concern, str, tuple[Entry, ...]], ...]

    @property
    def asked(self) -> tuple[Finding, ...]:
        """The findings that are questions."""
        return tuple(_findings(self.questions))

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings that ask nothing: what is to be known."""
        return tuple(_findings(self.differences))

    @property
    def blocks(self) -> bool:
        """Whether nobody may merge before a question is answered."""
        return any(concern in ("merge", "cluster") for concern, _, _ in self.questions)

    @property
    def how_to_answer(self) -> str:
        """How questions are answered; empty where none of them has an answer."""
        return _HOW_TO_ANSWER if any(each.answer is not None for each in self.asked) else ""

    @property
    def how_to_accept(self) -> str:
        """How what is to be known is accepted; empty where there is nothing."""
        return _HOW_TO_ACCEPT.format(code=self.told[0].code) if self.told else ""


def texts_of(migration: Migration) -> dict[str, tuple[str | None, str | None]]:
    """Gives the text of each file that changes, before and after; `None` where there is none."""
    after = {**migration.changed, **migration.created, **dict.fromkeys(migration.deleted)}
    return {path: (migration.before.get(path), text) for path, text in after.items()}


def outline_of(migration: Migration) -> Outline:
    """Gives what a report of a migration says."""
    resources = migration.resources
    releases = [each for each in resources if isinstance(each.resource, HelmRelease)]
    policies = [each for each in resources if isinstance(each.resource, ImagePolicy)]
    kinds = Counter(each.resource.kind for each in resources)
    errors = [each for each in migration.findings if each.severity == "error"]
    others = [each for each in migration.findings if each.severity != "error"]
    files = frozenset(each.path for each in releases)
    return Outline(
        _release_rows(releases, {each.name for each in migration.context.clusters}),
        tuple(policies),
        kinds["HelmRepository"] + kinds["GitRepository"],
        sum(holds_one_tag(each.resource.to_manifest()["spec"].get("filterTags")) for each in policies),
        tuple(_groups(errors, _BLOCKS, files)),
        tuple(_groups(others, _HARMS, files)),
    )


def places_of(finding: Finding) -> tuple[str, ...]:
    """Gives the places of a finding, its own first.

    >>> places_of(Finding("HR032", "which Helm?", "a.yaml", 3, related=("b.yaml:3",)))
    ('a.yaml:3', 'b.yaml:3')
    """
    own = (f"{finding.path}:{finding.line}",) if finding.path else ()
    return tuple(dict.fromkeys((*own, *finding.related)))


def assumptions_of(context: MigrationContext) -> Iterator[str]:
    """Gives what was assumed, clusters that became known in the same way at once."""
    # The sentences on clusters are said of all that have the same reason.
    yield from (reason for reason in context.reasons if not reason.startswith("cluster "))
    ways: dict[str, list[ClusterContext]] = {}
    for cluster in context.clusters:
        ways.setdefault(_way(cluster), []).append(cluster)
    told = list(ways.items())
    for way, clusters in told[:_WAYS]:
        if len(clusters) > 1:
            yield f"{len(clusters)} clusters ({way}): {few((each.name for each in clusters), _NAMED)}"
        else:
            yield f"{_named(clusters[0])} ({clusters[0].reason})"
    rest = sum(len(clusters) for _, clusters in told[_WAYS:])
    if rest:
        yield f"{plural(rest, 'more cluster')}: `context` has each with its reason"
    yield from _settings_read(context)
    if context.clusters:
        yield "keep what `context.as_clusters()` gives: a later run needs it when Flux v1 has left the files"


def _way(cluster: ClusterContext) -> str:
    """Gives how a cluster became known; of a file in its own folder without that, as many are alike."""
    path, _, what = cluster.reason.partition(" ")
    own = path.removeprefix(f"{cluster.name}/")
    is_own = (cluster.name,) == cluster.sync_paths and own != path
    return f"{own} of each {what}" if is_own else cluster.reason


def _named(cluster: ClusterContext) -> str:
    paths = shown_folders(cluster.sync_paths)
    if cluster.name == paths:
        return f"cluster {paths}"
    # So a cluster is called whose name nobody knows.
    return (
        f"the cluster syncs {paths}" if cluster.name == "cluster" else f"cluster {cluster.name} syncs {paths}"
    )


def _settings_read(context: MigrationContext) -> Iterator[str]:
    read = {
        cluster.name: [
            each.read_from for each in cluster.readings if each.read_from not in ("as given", "assumed")
        ]
        for cluster in context.clusters
    }
    known = {name: places for name, places in read.items() if places}
    if known:
        number = sum(map(len, known.values()))
        files = dict.fromkeys(place.rpartition(":")[0] or place for each in known.values() for place in each)
        read_from = f"{plural(number, 'setting was', 'settings were')} read from {few(files, _NAMED)}"
        yield f"{read_from}: `context` has each"


def _release_rows(releases: Iterable[MigratedResource], everywhere: set[str]) -> tuple[ReleaseRow, ...]:
    """Gives the releases for people, who need not read twice what is the same in several clusters."""
    clusters: dict[tuple[tuple[str, str, str, str], str], set[str]] = {}
    for each in releases:
        row = (_release_cells(each), each.path)
        clusters.setdefault(row, set()).update(each.cluster.split(", ") if each.cluster else everywhere)
    return tuple(
        ReleaseRow(*cells, "all" if names == everywhere else ", ".join(sorted(names)), path)
        for (cells, path), names in clusters.items()
    )


def _release_cells(release: MigratedResource) -> tuple[str, str, str, str]:
    """Gives of a migrated release its name, release name, storage namespace and source."""
    manifest = release.resource.to_manifest()
    metadata, spec = manifest["metadata"], manifest["spec"]
    namespace = metadata.get("namespace") or ""
    source = spec["chart"]["spec"]["sourceRef"]
    origin = f"{source['kind']} {source.get('namespace') or namespace}/{source['name']}"
    stored = spec.get("storageNamespace") or namespace
    # Where clusters differ the names stand in patches.
    called = spec.get("releaseName", "one for each cluster")
    return f"{namespace}/{metadata['name']}", called, stored, origin


def policy_cells(policy: MigratedResource) -> tuple[str, str, str, str]:
    """Gives of an image policy its name, its filter, what orders the tags, and the range, if that does."""
    manifest = policy.resource.to_manifest()
    metadata, spec = manifest["metadata"], manifest["spec"]
    ((kind, chosen),) = spec["policy"].items()
    tags = spec["filterTags"]["pattern"] if "filterTags" in spec else ""
    order = "holds this tag" if holds_one_tag(spec.get("filterTags")) else kind
    return f"{metadata['namespace']}/{metadata['name']}", tags, order, chosen.get("range", "")


def _groups(
    findings: Iterable[Finding], titles: tuple[tuple[Concern, str], ...], releases: frozenset[str]
) -> Iterator[tuple[Concern, str, tuple[Entry, ...]]]:
    found: dict[Concern, dict[str, list[Finding]]] = {}
    for finding in findings:
        found.setdefault(_concern(finding), {}).setdefault(finding.code, []).append(finding)
    for concern, title in titles:
        if concern in found:
            entries = [_entry(code, members, releases) for code, members in found[concern].items()]
            # What concerns most is decided first.
            entries.sort(key=lambda each: (each.type.severity == "info", -len(each.places), each.code))
            yield concern, title, tuple(entries)


def _entry(code: str, findings: list[Finding], releases: frozenset[str]) -> Entry:
    said: dict[str, dict[str, None]] = {}
    for finding in findings:
        said.setdefault(finding.message, {}).update(dict.fromkeys(places_of(finding)))
    by_number = sorted(said.items(), key=lambda each: -len(each[1]))
    places = tuple(dict.fromkeys(place for _, where in by_number for place in where))
    files = {place.rpartition(":")[0] for place in places}
    # What is about another object names its releases, and stands elsewhere.
    is_of_releases = all(finding.resource.partition(" ")[0] in ("", *_RELEASES) for finding in findings)
    is_common = len(releases) > _FEW and files >= releases and len(said) == 1 and is_of_releases
    return Entry(
        code, tuple(findings), tuple((each, tuple(where)) for each, where in by_number), places, is_common
    )


def _only_accepts(answer: Override) -> bool:
    return bool(answer.accept) and answer.model_dump(exclude_defaults=True).keys() <= {*PATTERNS, "accept"}


def _concern(finding: Finding) -> Concern:
    kind, is_of_images = FINDINGS[finding.code], finding.code.startswith(("AN", "IM"))
    if kind.concern is not None:
        return kind.concern
    if finding.severity == "error":
        if not kind.holds_back:
            return "merge"
        if finding.code.startswith("DA"):
            return "cluster"
        return "images" if is_of_images else "release"
    if finding.severity == "info" or finding.remedy.startswith("Nothing"):
        return "nothing"
    return "images" if is_of_images else "runs"


def _findings(groups: Iterable[tuple[Concern, str, tuple[Entry, ...]]]) -> Iterator[Finding]:
    return (finding for _, _, entries in groups for entry in entries for finding in entry.findings)
