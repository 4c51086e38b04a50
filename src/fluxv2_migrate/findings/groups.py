"""Findings on their way: notices of one question become one finding, with the answer that settles it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterMap
from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.table import FINDINGS
from fluxv2_migrate.plan import Path
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.settings.of_clusters import settings_of
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.settings.overrides import PATTERNS, Subject, is_about, is_of_cluster, override_for
from fluxv2_migrate.settings.sync_roots import common_folder

_WILD: Final = re.compile(r"([*?\[])")
"""Characters of patterns, which in a name stand for themselves."""
_SEVERITIES: Final = ("error", "warning", "info")
_ONE_CAUSE: Final = ("RP014", "RP018", "RP019", "RP040", "RP063")
"""Of these one cause holds for all that is said in the same words."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a rule has to say about one release; notices of one question become one finding.

    Attributes:
        message: what is the matter; the same for all notices of a group.
        group: what makes it the same question as that of another release; empty for a question of its own.
        answer: the override that would settle it.
        declares: the fields of a release's meaning that differ for this reason.
        is_acceptable: whether a person who has seen it settles it, if its code can be accepted at all.
        related: other places that it is about, as `path:line`.
        container: whose image it is about; empty where it is about the whole object.
    """

    code: str
    message: str
    path: Path = ("metadata", "name")
    group: str = ""
    answer: Override | None = None
    declares: tuple[str, ...] = ()
    is_acceptable: bool = True
    related: tuple[str, ...] = ()
    container: str = ""


def acceptance(code: str, **patterns: Any) -> Override | None:
    """Gives the answer that a person has seen a finding, where that settles it.

    Args:
        patterns: what the answer is about.

    >>> acceptance("HR032", name="web"), acceptance("HR095")
    (Override(name='web', accept=('HR032',)), None)
    """
    if not FINDINGS[code].acceptable:
        return None
    return Override(**patterns, accept=(code,)) if patterns else _acceptance_of_any(code)


@cache
def _acceptance_of_any(code: str) -> Override:
    return Override(accept=(code,))


def accepting(
    code: str, subject: Subject, overrides: Sequence[Override], container: str = ""
) -> frozenset[int]:
    """Gives which overrides settle a code for an object, as a person has seen it there.

    Args:
        container: whose image is asked about, or empty.

    Returns:
        The indices of the overrides.

    >>> web = Subject("", "HelmRelease", "shop", "web", "a.yaml")
    >>> accepting("HR032", web, [Override(name="web"), Override(accept=("HR032", "HR095"))])
    frozenset({1})
    >>> accepting("HR095", web, [Override(accept=("HR032", "HR095"))])
    frozenset()
    """
    return frozenset(
        index
        for index, override in enumerate(overrides)
        if code in override.accept
        and FINDINGS[code].is_accepted(override.accept)
        and is_about(override, subject, container or None)
    )


@dataclass(slots=True)
class FindingGroups:
    """Collects findings.

    Attributes:
        groups: the findings of each question, each with what it is about.
        declared: by path and resource, the fields of a release's meaning that differ as findings say.
        met: all that an override could be about, by file and line.
        matched: the indices of the overrides that are about something.
        told: what was said of which field.
        becoming_others: the resources of which it is asked, or settled, whether something may make others of
            them.
    """

    options: MigrationOptions
    clusters: ClusterMap = field(default_factory=ClusterMap)
    groups: dict[tuple[str, ...], list[tuple[Finding, Subject | None]]] = field(default_factory=dict)
    declared: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    met: dict[tuple[str, int], Subject] = field(default_factory=dict)
    matched: set[int] = field(default_factory=set)
    told: set[tuple[object, ...]] = field(default_factory=set)
    becoming_others: set[str] = field(default_factory=set)

    def subject(self, document: Document) -> Subject:
        """Gives what overrides are compared with for the object of a document."""
        place = (document.path, document.line)
        if place not in self.met:
            sightings = self.clusters.sightings.get(document.key, ())
            clusters = sorted({sighting.cluster for sighting in sightings})
            seen = {(sighting.namespace, sighting.name) for sighting in sightings}
            namespace, name = seen.pop() if len(seen) == 1 else document.identity
            namespace = namespace or settings_of(self.options).default_namespace
            kind = str(document.manifest.get("kind"))
            self.met[place] = Subject(", ".join(clusters), kind, namespace, name, document.path)
        return self.met[place]

    def decided(self, document: Document) -> Override:
        """Gives what a person decided for the object of a document."""
        override, indices = override_for(self.subject(document), self.options.overrides)
        self.matched |= indices
        return override

    def accepts(
        self, code: str, document: Document, cluster: str = "", of: Subject | None = None, container: str = ""
    ) -> bool:
        """Gives whether a person has settled a code for an object.

        What is settled for the object, or for all clusters that see it, is for each of them.

        Args:
            cluster: the only one of which it is asked, or empty.
            of: the object as one cluster sees it, or one of a list.
            container: whose image is asked about, or empty.
        """
        subject = self.subject(document)
        subjects = [subject, *([subject._replace(cluster=cluster)] if cluster else []), *([of] if of else [])]
        settled = [accepting(code, each, self.options.overrides, container) for each in subjects]
        self.matched |= frozenset().union(*settled)
        return any(settled)

    def add(
        self,
        document: Document,
        resource: str,
        notice: Notice,
        related: Iterable[str] = (),
        cluster: str = "",
        at: tuple[str, int, int] | None = None,
        of: Subject | None = None,
    ) -> None:
        """Adds what is said of a field of a document, unless it was said or a person has settled it.

        Args:
            related: other places that it concerns.
            cluster: the only one of which it is said, or empty where it is said of all that see the document.
            at: path, line and column of the field, where a patch has it.
            of: the object as one cluster sees it, or one of a list, where it is not that of the document.
        """
        said = (document.key, notice.code, notice.message, notice.path, cluster)
        if said in self.told or (
            notice.is_acceptable and self.accepts(notice.code, document, cluster, of, notice.container)
        ):
            return
        self.told.add(said)
        path, line, column = at or (document.path, *document.position(notice.path))
        subject = self.subject(document)
        if cluster:
            subject = subject._replace(cluster=cluster)
        is_everywhere = len(self.clusters.seeing(document.key)) == len(self.clusters.clusters)
        finding = Finding(
            notice.code,
            notice.message,
            path=path,
            line=line,
            column=column,
            cluster="" if is_everywhere and not cluster else subject.cluster,
            resource=resource,
            field=".".join(notice.path),
            related=(*notice.related, *related),
            answer=notice.answer or (acceptance(notice.code) if notice.is_acceptable else None),
        )
        group = notice.group
        if notice.answer is not None and is_of_cluster(notice.answer):
            # Each cluster has settings of its own.
            group += f" {subject.cluster}"
        place = f"{document.path}:{document.line}" if at is None else f"{path}:{line}"
        own = group or f"{place} {'.'.join(notice.path)} {notice.message}"
        # What has another answer is another question.
        asked = "" if notice.answer is None else repr(_decision(notice.answer))
        self.groups.setdefault((notice.code, own, asked), []).append((finding, subject))

    def stop(
        self,
        document: Document,
        code: str,
        message: str,
        path: tuple[str, ...] = (),
        related: Iterable[str] = (),
    ) -> None:
        """Says why a document cannot be, or stay, as it is."""
        # A build that fails holds back all that it takes in, and people misspell a name everywhere alike.
        group = message if code in _ONE_CAUSE else ""
        notice = Notice(code, message, path, group, related=tuple(related))
        self.add(document, document.resource, notice)

    def say(
        self,
        code: str,
        message: str,
        path: str = "",
        line: int = 1,
        related: Iterable[str] = (),
        proposal: str = "",
    ) -> bool:
        """Adds what is said of a file, or of the whole repository; gives whether nobody has settled it."""
        is_open = not FINDINGS[code].is_accepted(self._decided_of_file(path, code).accept)
        if is_open:
            # One word for all files would settle what nobody has looked at.
            of_file = {"path": _quoted(path)} if path and FINDINGS[code].severity == "error" else {}
            finding = Finding(
                code,
                message,
                path=path,
                line=line,
                related=tuple(related),
                answer=acceptance(code, **of_file),
                proposal=proposal,
            )
            self.groups.setdefault((code, path, str(line), message), []).append((finding, None))
        return is_open

    def say_at(self, code: str, message: str, places: Iterable[str], proposal: str = "") -> bool:
        """Adds what is said of several places, each `path:line`, at the first; else does what `say` does."""
        first, *others = places
        path, _, line = first.rpartition(":")
        return self.say(code, message, path, int(line), others, proposal)

    def declare_object(self, resource: str, *fields: str) -> None:
        """Notes what differs of an object that no release is, whatever its file, as a person knows."""
        self.declared.setdefault(("", resource), []).extend(fields)

    def has_told(self, code: str, message: str) -> bool:
        """Gives whether something was said in these words already, whatever it was about."""
        return any(
            key[0] == code and any(finding.message == message for finding, _ in members)
            for key, members in self.groups.items()
        )

    def is_left(self, path: str) -> bool:
        """Gives whether a person wants a file of which no object can be read to be left as it is."""
        return self._decided_of_file(path).leave

    def _decided_of_file(self, path: str, code: str = "") -> Override:
        subject = Subject("", "", "", "", path)
        decided, indices = override_for(subject, self.options.overrides)
        given = self.options.overrides
        # What is said of anything is said of this only where it says something here.
        self.matched |= {each for each in indices if given[each].leave or code in given[each].accept}
        return decided

    def declare(self, document: Document, resource: str, fields: tuple[str, ...]) -> None:
        """Notes fields of a release's meaning that differ, whether or not anybody wants to read of them."""
        if fields:
            self.declared.setdefault((document.path, resource), []).extend(fields)

    def tell_unmatched(self) -> None:
        """Says which overrides are about nothing, if anything of Flux v1 is left that they could be about."""
        for index, given in enumerate(self.options.overrides if self.met else ()):
            if index not in self.matched:
                patterns = given.model_dump(exclude_defaults=True)
                self.say("RP010", f"nothing that is migrated matches the override {patterns}")
            for code in given.accept:
                if code.partition(":")[0] not in FINDINGS:
                    self.say("RP010", f"an override accepts {code!r}, and no finding has such a code")

    def all(self) -> tuple[Finding, ...]:
        """Gives one finding for each question, those that stop something first."""
        by_code: dict[str, _Subjects] = {}
        for (code, *_), members in self.groups.items():
            by_code.setdefault(code, _Subjects()).add(subject for _, subject in members)
        met = _Subjects()
        for each in self.met.values():
            met.add((each,))
        accepted = {code for override in self.options.overrides for code in override.accept}
        found: list[Finding] = []
        for members in self._questions():
            merged = self._settled(members, by_code, met)
            if merged.severity == "error" and merged.answer is None and members[0][0].answer is not None:
                # No patterns match these objects alone, so each is asked about on its own.
                found += [self._settled([each], by_code, met) for each in members]
            elif _exactly(merged) not in accepted or merged.severity == "error":
                found.append(merged)
        return tuple(sorted(found, key=_urgency))

    def _questions(self) -> Iterator[list[tuple[Finding, Subject | None]]]:
        """Gives the findings of each question: settings are asked once of all clusters that share objects."""
        of_clusters: dict[tuple[str, str], list[_OfClusters]] = {}
        for (code, *_, asked), members in self.groups.items():
            answer = members[0][0].answer
            if answer is None or not is_of_cluster(answer):
                yield members
            else:
                of_clusters[code, asked] = _joined(of_clusters.get((code, asked), []), members)
        everywhere = {view.name for view in self.clusters.clusters}
        for each in (each for found in of_clusters.values() for each in found):
            cluster = "" if each.names >= everywhere else ", ".join(sorted(each.names))
            yield [(replace(finding, cluster=cluster), subject) for finding, subject in each.members]

    def _settled(
        self, members: list[tuple[Finding, Subject | None]], by_code: Mapping[str, _Subjects], met: _Subjects
    ) -> Finding:
        """Gives one finding for all, with the answer that settles it."""
        merged = _merge([finding for finding, _ in members])
        subjects = {subject for _, subject in members if subject is not None}
        return replace(merged, answer=_answer(merged, subjects, by_code[merged.code], met))


@dataclass(frozen=True, slots=True)
class _OfClusters:
    """What is asked of the settings of clusters.

    Attributes:
        members: the findings, each with what it is about.
    """

    names: set[str]
    members: list[tuple[Finding, Subject | None]]


def _joined(known: list[_OfClusters], members: Iterable[tuple[Finding, Subject | None]]) -> list[_OfClusters]:
    """Gives what is asked of clusters with more findings, joined with those that share a cluster."""
    joined = _OfClusters(set(), list(members))
    joined.names.update(name for _, subject in members if subject for name in subject.cluster.split(", "))
    shared = [each for each in known if not joined.names.isdisjoint(each.names)]
    joined.names.update(*(each.names for each in shared))
    joined.members[:0] = [one for each in shared for one in each.members]
    return [*(each for each in known if each not in shared), joined]


def _merge(members: list[Finding]) -> Finding:
    first, *others = sorted(members, key=lambda each: (each.path, each.line))
    related = [f"{each.path}:{each.line}" for each in others]
    related += [place for each in members for place in each.related]
    clusters = {each.cluster for each in members}
    cluster = first.cluster if len(clusters) == 1 else ""
    return replace(first, cluster=cluster, related=tuple(dict.fromkeys(related)))


def _urgency(finding: Finding) -> tuple[int, str, str, int, str]:
    severity = _SEVERITIES.index(finding.severity)
    return (severity, finding.code, finding.path, finding.line, finding.message)


# Answers


@dataclass(slots=True)
class _Subjects:
    """What answers are compared with: how many findings each is about, and those of each name."""

    counts: Counter[Subject] = field(default_factory=Counter)
    named: dict[str, list[Subject]] = field(default_factory=dict)

    def add(self, subjects: Iterable[Subject | None]) -> None:
        """Adds what one finding is about."""
        for each in {subject for subject in subjects if subject is not None}:
            if each not in self.counts:
                self.named.setdefault(_quoted(each.name), []).append(each)
            self.counts[each] += 1

    def is_more(self, override: Override, subjects: Collection[Subject]) -> bool:
        """Gives whether an answer for some subjects is about others, too, or about them a second time."""
        # An answer that names one object is about no other name; there may be thousands of them.
        others: Iterable[Subject] = self.counts
        if override.name not in ("", "*"):
            others = self.named.get(override.name, ())
        return any(self.counts[each] > (each in subjects) and each.matches(override) for each in others)


def _exactly(finding: Finding) -> str:
    return f"{finding.code}:{finding.fingerprint}"


def _answer(
    finding: Finding,
    subjects: Collection[Subject],
    of_code: _Subjects,
    met: _Subjects,
) -> Override | None:
    """Gives the override that settles a finding for all that it is about, and nothing else."""
    answer = finding.answer
    if answer is None or not subjects:
        return answer
    said = _decision(answer)
    if is_of_cluster(answer):
        return Override(**({"cluster": _quoted(finding.cluster)} if finding.cluster else {}) | said)
    only_accepts = said == {"accept": (finding.code,)}
    others = of_code if only_accepts else met
    for patterns in _patterns(subjects, named=not only_accepts):
        override = Override(**patterns, **said)
        if not others.is_more(override, subjects):
            return override
    # What stops a release goes on only by its code: an answer that hides it would leave the release behind.
    return None if finding.severity == "error" else Override(accept=(_exactly(finding),))


def _decision(answer: Override) -> dict[str, Any]:
    """Gives what an answer says, without what it is about."""
    return answer.model_dump(exclude_unset=True, exclude=set(PATTERNS))


def _patterns(subjects: Collection[Subject], *, named: bool) -> Iterable[Mapping[str, Any]]:
    """Gives patterns that match all subjects, the widest that people would write first."""
    values = {name: {getattr(subject, name) for subject in subjects} for name in PATTERNS}
    common = {name: found.pop() for name, found in values.items() if len(found) == 1}
    patterns = {name: _quoted(common[name]) for name in ("namespace", "name") if common.get(name)}
    if len(subjects) > 1 and not named:
        patterns.pop("name", None)
    yield dict(patterns)
    folder = common_folder([subject.path for subject in subjects])
    path = common.get("path")
    if path is not None:
        patterns["path"] = _quoted(path)
    elif folder:
        patterns["path"] = f"{_quoted(folder)}/*"
    yield dict(patterns)
    for name in ("name", "kind", "cluster"):
        if common.get(name):
            patterns[name] = _quoted(common[name])
            yield dict(patterns)


def _quoted(text: str) -> str:
    return _WILD.sub(r"[\1]", text)
