"""The flags of fluxd that say what it reads and under which name things run.

Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`, `chart/flux/templates/deployment.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.flux1.containers import POD_SPECS
from fluxv2_migrate.flux1.images import ImageRef

__all__ = ["FluxdFlags", "fluxd_of_manifest"]

FLUXD_IMAGES: Final = ("fluxcd/flux", "weaveworks/flux")
_FLUX_CHARTS: Final = ("charts.fluxcd.io", "weaveworks.github.io/flux", "fluxcd/flux", "weaveworks/flux")
# Flags without a value; all others take the next word where they have none of their own.
_SWITCHES: Final = frozenset(
    {
        "git-ci-skip",
        "git-readonly",
        "git-secret",
        "git-set-author",
        "git-verify-signatures",
        "manifest-generation",
        "registry-disable-scanning",
        "registry-trace",
        "k8s-in-cluster",
        "sops",
        "sync-garbage-collection",
        "sync-garbage-collection-dry",
        "version",
    }
)
_LISTS: Final = frozenset(
    {"git-path", "registry-exclude-image", "registry-include-image", "k8s-allow-namespace"}
)
_TRUE: Final = ("true", "1", "t", "T", "TRUE", "True")


@dataclass(frozen=True, slots=True)
class FluxdFlags:
    """What a fluxd was started with.

    Attributes:
        given: each flag that was given, without its dashes, with its value; the values of a list are joined
            by commas.
    """

    given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, arguments: Iterable[str]) -> FluxdFlags:
        """Reads a list of arguments.

        Args:
            arguments: as in the container's `args`: `--flag=value`, or the value as the next word.

        >>> flags = FluxdFlags.parse(["--git-path=base,prod", "--git-branch", "main", "--sops"])
        >>> flags.git_paths, flags.git_branch, flags.manifest_generation
        (('base', 'prod'), 'main', False)
        """
        given: dict[str, str] = {}
        waiting = ""
        for word in arguments:
            if waiting:
                _add(given, waiting, word)
                waiting = ""
            elif word.startswith("-") and word.strip("-"):
                name, equals, value = word.lstrip("-").partition("=")
                if equals:
                    _add(given, name, value)
                elif name in _SWITCHES:
                    given[name] = "true"
                else:
                    waiting = name
        return cls(given)

    @property
    def git_url(self) -> str:
        """Of `--git-url`, empty where it is not given."""
        return self.given.get("git-url", "")

    @property
    def git_branch(self) -> str:
        """Of `--git-branch`."""
        return self.given.get("git-branch", "master")

    @property
    def git_paths(self) -> tuple[str, ...]:
        """Of `--git-path`; none is the root of the repository."""
        paths = (path.strip() for path in self.given.get("git-path", "").split(","))
        return tuple(path for path in paths if path)

    @property
    def manifest_generation(self) -> bool:
        """Whether `.flux.yaml` files count."""
        return self.given.get("manifest-generation", "") in _TRUE

    @property
    def default_namespace(self) -> str:
        """Of `--k8s-default-namespace`, empty where it is not given."""
        return self.given.get("k8s-default-namespace", "")

    @property
    def read_only(self) -> bool:
        """Whether no image is ever updated."""
        return any(
            self.given.get(name, "") in _TRUE for name in ("git-readonly", "registry-disable-scanning")
        )

    @property
    def commit_suffix(self) -> str:
        """What is written below each message of a commit."""
        skips = self.given.get("git-ci-skip", "") in _TRUE
        return self.given.get("git-ci-skip-message") or ("\n\n[ci skip]" if skips else "")


def _add(given: dict[str, str], name: str, value: str) -> None:
    given[name] = f"{given[name]},{value}" if name in _LISTS and name in given else value


def fluxd_of_manifest(manifest: Mapping[str, Any]) -> FluxdFlags | None:
    """Gives the flags of the fluxd that a manifest runs, or nothing where it runs none.

    Args:
        manifest: a Deployment, or a HelmRelease of the chart `flux`.

    >>> container = {"name": "flux", "image": "docker.io/fluxcd/flux:1.25.4", "args": ["--git-path=prod"]}
    >>> manifest = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}}
    >>> fluxd_of_manifest(manifest).git_paths
    ('prod',)
    """
    if manifest.get("kind") == "HelmRelease":
        return _of_chart(manifest)
    spec: Any = manifest
    for key in POD_SPECS.get(str(manifest.get("kind")), ()):
        spec = _mapping(spec).get(key)
    containers = _mapping(spec).get("containers")
    for container in containers if isinstance(containers, list) else ():
        image = _mapping(container).get("image")
        if isinstance(image, str) and _repository(image) in FLUXD_IMAGES:
            words = [*_texts(container.get("command")), *_texts(container.get("args"))]
            return FluxdFlags.parse(word for word in words if not word.endswith("fluxd"))
    return None


def _of_chart(manifest: Mapping[str, Any]) -> FluxdFlags | None:
    spec = _mapping(manifest.get("spec"))
    chart = _mapping(spec.get("chart"))
    place = f"{chart.get('repository') or ''} {chart.get('git') or ''}"
    name = chart.get("name") or str(chart.get("path") or "").rstrip("/").rpartition("/")[2]
    if name != "flux" or not any(known in place for known in _FLUX_CHARTS):
        return None
    values = _mapping(spec.get("values"))
    git = _mapping(values.get("git"))
    settings = {
        "git-url": git.get("url"),
        "git-branch": git.get("branch"),
        "git-path": git.get("path"),
        "git-readonly": git.get("readonly"),
        "git-user": git.get("user"),
        "git-email": git.get("email"),
        "git-ci-skip": git.get("ciSkip"),
        "manifest-generation": values.get("manifestGeneration"),
        "k8s-default-namespace": values.get("defaultNamespace"),
        "registry-disable-scanning": _mapping(values.get("registry")).get("disableScanning"),
        "registry-exclude-image": _mapping(values.get("registry")).get("excludeImage"),
        "registry-include-image": _mapping(values.get("registry")).get("includeImage"),
        "automation-interval": _mapping(values.get("registry")).get("automationInterval"),
    }
    given = {name: _text(value) for name, value in settings.items() if value not in (None, "", False, [])}
    more = FluxdFlags.parse(_texts(values.get("additionalArgs")))
    return FluxdFlags({**given, **more.given})


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return "true" if value is True else str(value)


def _texts(value: Any) -> Sequence[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else ()


def _repository(image: str) -> str:
    try:
        return ImageRef.parse(image).repository
    except ValueError:
        return ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
