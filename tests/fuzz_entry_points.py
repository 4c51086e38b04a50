"""Everything that takes texts of others, for tests with odd texts and for fuzzing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from pydantic import ValidationError

import fluxv2_migrate as fm
from fluxv2_migrate import flux1, flux2, golang
from mutated_texts import ALL_SEEDS, mutate

__all__ = ["ENTRY_POINTS", "mutated", "seeds", "use"]

_AROUND: Final = {"apps/web.yaml": ALL_SEEDS[-2]["web.yaml"]}
_INSTALLING: Final = (
    "install.sh",
    "main.tf",
    "README.md",
    "playbook.yaml",
    "apps/.flux.yaml",
    ".sourceignore",
)
"""Files that say how Flux v1 was installed, and what it was told."""
ENTRY_POINTS: Final[tuple[Callable[[str], object], ...]] = (
    lambda text: fm.migrate_text(text).to_markdown(),
    lambda text: fm.verify_migration({"a.yaml": text}, {"a.yaml": text}),
    lambda text: flux2.check_markers({"a.yaml": text}),
    fm.parse_manifests,
    golang.Regexp.compile,
    golang.VersionRange.parse,
    flux1.TagPattern.parse,
    lambda text: fm.migrate_repository({**_AROUND, **dict.fromkeys(_INSTALLING, text)}).to_markdown(),
)
PATTERNS: Final = (
    r"^master-(?P<n>[0-9]{8})-[a-f0-9]+$",
    r"(?i)(?:a|b*)+?[^a-z\pL[:alpha:]]{2,3}\Q.\E$",
    ">=1.2.3-0 <2.0.0 || ~1.4, != 1.5.x",
    "1.2 - 3.4.5",
    "semver:~1.2",
    "regexp:^v?[0-9]+$",
    "glob:master-*-?",
)
PROGRAMS: Final = (
    """helm upgrade -i flux fluxcd/flux --set git.url=git@git.example.com:acme/fleet,args[0]=x,y={a,b} \
  --values v.yaml --set git.path=$(pwd) && kubectl apply -f - <<EOF
kind: Deployment
EOF
fluxctl install --git-url=git@git.example.com:acme/fleet --git-path=apps | kubectl apply -f -
""",
    """resource "helm_release" "flux" {
  chart = "flux" # of Flux
  set {
    name = "git.url"
    value = "${var.url}"
  }
  values = [<<EOF
git: {branch: main}
EOF
  , yamlencode({a = [1]})]
}
variable "url" { default = "git@git.example.com:acme/fleet" }
""",
    """- hosts: all
  tasks:
  - helm: {name: flux, chart_ref: fluxcd/flux, values: {git: {url: '{{ url }}'}}}
""",
    """version: 1
commandUpdated:
  generators:
  - command: for each in a b; do kustomize build $each; done
""",
)


def use(data: bytes) -> None:
    """Gives an entry point a text; raises whatever may not come out of it.

    Args:
        data: the number of the entry point, and the text.
    """
    text = data[1:].decode("utf-8", "surrogateescape")
    with suppress(fm.MigrationError, ValidationError):
        ENTRY_POINTS[data[0] % len(ENTRY_POINTS) if data else 0](text)


def seeds() -> Iterator[bytes]:
    """Gives what to begin with."""
    texts = sorted({text for seed in ALL_SEEDS for text in seed.values()})
    for number in range(len(ENTRY_POINTS)):
        others = PROGRAMS if number == len(ENTRY_POINTS) - 1 else PATTERNS
        for text in texts if number < ENTRY_POINTS.index(fm.parse_manifests) + 1 else others:
            yield bytes([number]) + text.encode()


def mutated(data: bytes, seed: int) -> bytes:
    """Gives a text for the same entry point that was changed as people change texts."""
    text = mutate(data[1:].decode("utf-8", "surrogateescape"), random.Random(seed))
    return data[:1] + text.encode("utf-8", "surrogateescape")
