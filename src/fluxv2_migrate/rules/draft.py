"""What the rules write down while they read a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.flux1.apis import LAST_RELEASE_API
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.plan import Move, Operation, Path, Remove, Set
from fluxv2_migrate.settings.of_clusters import ReleaseSettings
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.yaml_text import Place

BEFORE_VALUES = Place(before=("values",))
"""Values are long, and people look for the settings above them."""


def present(value: Any) -> dict[str, Any]:
    """Gives the fields of a mapping that are set; the API server leaves nulls out.

    >>> present({"a": None, "b": 0}), present(None)
    ({'b': 0}, {})
    """
    return {key: item for key, item in (value or {}).items() if item is not None}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """What becomes of one field of Flux v1: declared beside the rule that reads it.

    Attributes:
        field: dotted path in the v1 manifest; `[]` stands for the items of a list.
        becomes: dotted paths in the v2 manifests; none where the field goes.
        codes: findings that speak of it.
        note: what else is to be known, in a few words.
        is_later: whether it came with `helm.fluxcd.io/v1`, so that no operator of another API reads it.
    """

    field: str
    becomes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str = ""
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class ValuesOfUrl:
    """What is here of the values that a URL gives.

    Attributes:
        path: the file of this repository; empty where it is none.
        values: that it holds; `None` where they are not known.
        reason: why they are not known.
        config_map: what a ConfigMap that holds the text can be called.
        is_inlined: whether the values are written into the release where nothing else follows them.
    """

    path: str
    values: Mapping[str, Any] | None
    reason: str
    text: str = field(default="", repr=False)
    config_map: str = ""
    is_inlined: bool = True


@dataclass(frozen=True, slots=True)
class ValuesConfigMap:
    """A ConfigMap that a release takes values from, and that is made of a file.

    Attributes:
        name: of the ConfigMap, in the namespace of the release.
        text: of the file, under the key `values.yaml`.
    """

    name: str
    path: str
    text: str = field(repr=False)


@dataclass(slots=True)
class Draft:
    """Collects the operations and notices of one release.

    Attributes:
        spec: the `spec` of the release, without what the operators of its API did not read.
        namespace: that of the release, as the cluster sees it.
        flux_version: the Flux release that will run.
        settings: those of the cluster and of its helm-operator.
        override: what a person decided for the release.
        differences: the fields of its meaning that differ for every release, whatever it says.
        differ_all: these in words, the same for all releases.
        values_of_urls: what is here of the values that the release takes from URLs.
        running_chart: of its record in the cluster, as Helm names it; empty where nobody says it.
        config_maps: that it needs besides those that it names itself.
        values_files: of the repository, whose values it has now.
    """

    spec: Mapping[str, Any]
    namespace: str
    name: str
    api_version: str
    options: MigrationOptions
    flux_version: FluxVersion
    override: Override
    settings: ReleaseSettings
    operations: list[Operation] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    differ_all: str = ""
    values_of_urls: Mapping[str, ValuesOfUrl] = field(default_factory=dict)
    running_chart: str = ""
    config_maps: list[ValuesConfigMap] = field(default_factory=list)
    values_files: list[str] = field(default_factory=list)

    @property
    def keeps_defaults(self) -> bool:
        """Whether what v1 did by default is written down."""
        return self.options.defaults == "keep"

    @property
    def is_of_last_api(self) -> bool:
        """Whether the release is of `helm.fluxcd.io/v1`, which operators since 1.0 know alone."""
        return self.api_version == LAST_RELEASE_API

    def runs(self, since: FluxVersion) -> bool:
        """Gives whether the Flux release is this one or a later one."""
        return is_at_least(self.flux_version, since)

    def set(
        self, path: Path, value: Any, rule: str, *because: str, place: Place = BEFORE_VALUES, text: str = ""
    ) -> None:
        """Writes a field, as a text of it alone has it where there is one."""
        self.operations.append(Set(path, value, place, because, rule, text))

    def move(self, source: Path, target: Path, rule: str) -> None:
        """Moves a field with its comments."""
        self.operations.append(Move(source, target, rule=rule))

    def remove(self, path: Path, rule: str, *, comments_to: str | None = None) -> None:
        """Takes a field out; its comments stay, or go to a field of the new source."""
        self.operations.append(Remove(path, comments_to, rule))

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
        """Says what a person must know."""
        self.notices.append(Notice(code, message, path, group, answer, declares))

    def answer(self, **fields: Any) -> Override:
        """Gives an override that matches this release alone."""
        return Override(namespace=self.namespace or "*", name=self.name, **fields)
