"""What all parts of a release of Flux v2 are read with."""

from __future__ import annotations

from datetime import timedelta

import fluxv2_migrate.flux2 as flux2
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.meaning.durations import parse_duration
from fluxv2_migrate.meaning.release import Timeout

SourceKey = tuple[str, str, str]
"""Kind, namespace and name of a source."""


class Reading:
    """What all parts of a release are read with, and what becomes clear on the way.

    Attributes:
        spec: of the release, without the fields that its Flux does not serve.
        version: the Flux release that runs it.
        refused: fields for which the release is refused.
        unknown: fields of its meaning that come from elsewhere.
    """

    def __init__(
        self, spec: flux2.HelmReleaseSpec, namespace: str, version: FluxVersion, refused: list[str]
    ) -> None:
        self.spec = spec
        self.namespace = namespace
        self.version = version
        self.refused = refused
        self.unknown: list[str] = []

    def since(self, version: FluxVersion) -> bool:
        """Gives whether the Flux release is this one or a later one."""
        return is_at_least(self.version, version)

    def timeout(self, given: str | None, default: Timeout, field: str) -> Timeout:
        """Gives the duration of a field, or the default where it has none that can be read."""
        if given is None:
            return default
        duration = parse_duration(given)
        if duration is None:
            self.refused.append(field)
            return default
        if duration == timedelta() and not self.polls:
            # Helm 3 gives hooks all the time then; the poller has none for anything.
            return "unlimited"
        return duration

    @property
    def polls(self) -> bool:
        """Whether Flux itself waits for objects, rather than Helm."""
        strategy = self.spec.wait_strategy
        return self.since("2.8") and (strategy is None or strategy.name != "legacy")
