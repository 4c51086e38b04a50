"""What the rules write down while they read a workload, or any object with fluxd's annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.flux1.policies import WorkloadPolicies, read_policies
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.kubernetes import annotations_of, as_object
from fluxv2_migrate.plan import Operation, Path
from fluxv2_migrate.settings.of_clusters import FluxdSettings
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.settings.overrides import Subject, nothing_said, override_for
from fluxv2_migrate.tags.patterns import TagTranslations

Written = Callable[[Path], str | None]
"""Gives the text of a scalar of a document as it stands in the file, where there is one."""


def nothing_written(path: Path) -> str | None:
    """Gives no text, whatever is asked for."""
    return None


@dataclass(frozen=True, slots=True)
class CommentAbove:
    """A comment that is to stand above a field.

    Attributes:
        text: without the `#`.
    """

    path: Path
    text: str


@dataclass(slots=True)
class Workload:
    """Collects the operations and notices of one object.

    Attributes:
        at: where it stands in its document: nowhere deeper, or among the items of a list.
        namespace: as the cluster sees it.
        cluster: the name of the cluster, or empty.
        file: in which it stands, or empty.
        fluxd: the settings of the fluxd that looked after it.
        written: gives the text of a scalar as it stands in the file.
        translations: of tag patterns, which workloads share.
        matched: which of the overrides are about it.
        container: whose image is read; empty where the object itself is.
    """

    manifest: Mapping[str, Any]
    at: Path
    namespace: str
    options: MigrationOptions
    flux_version: FluxVersion
    cluster: str = ""
    file: str = ""
    fluxd: FluxdSettings = field(default_factory=FluxdSettings)
    written: Written = nothing_written
    translations: TagTranslations = field(default_factory=TagTranslations)
    operations: list[Operation] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    comments: list[CommentAbove] = field(default_factory=list)
    matched: set[int] = field(default_factory=set)
    container: str = ""
    _policies: WorkloadPolicies | None = None

    @property
    def policies(self) -> WorkloadPolicies:
        """What its annotations ask of fluxd."""
        if self._policies is None:
            self._policies = read_policies(self.annotations)
        return self._policies

    @property
    def kind(self) -> str:
        """The kind, or empty."""
        return str(self.manifest.get("kind") or "")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata; what is none counts as empty."""
        return as_object(self.manifest.get("metadata"))

    @property
    def name(self) -> str:
        """The name, or empty."""
        return str(self.metadata.get("name") or "")

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return self.subject.resource

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The annotations as they are written."""
        return annotations_of(self.manifest)

    def runs(self, since: FluxVersion) -> bool:
        """Gives whether the Flux release is this one or a later one."""
        return is_at_least(self.flux_version, since)

    def note(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        group: str = "",
        answer: Override | None = None,
        declares: tuple[str, ...] = (),
    ) -> None:
        """Says what a person must know, and what differs where that person wants it so."""
        at = (*self.at, *path)
        notice = Notice(code, message, at, group, answer, declares, container=self.container)
        self.notices.append(notice)

    def answer(self, **fields: Any) -> Override:
        """Gives an override that matches this object alone."""
        return Override(kind=self.kind, namespace=self.namespace or "*", name=self.name or "*", **fields)

    @property
    def subject(self) -> Subject:
        """What overrides are compared with."""
        return Subject(self.cluster, self.kind, self.namespace, self.name, self.file)

    def decided(self, container: str | None = None) -> Override:
        """Gives all that a person decided for a container, or for the object."""
        if not self.options.overrides:
            # Each image of each workload is asked about.
            return nothing_said()
        override, matched = override_for(self.subject, self.options.overrides, container)
        self.matched |= matched
        return override
