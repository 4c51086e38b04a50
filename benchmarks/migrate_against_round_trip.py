"""A migration against loading and dumping the same files with ruamel.yaml's round trip.

Prints the ratio and ends with 1 where it is below twenty.
"""

from __future__ import annotations

import io
import random
import statistics
import sys
import time
from collections.abc import Callable

from ruamel.yaml import YAML

import fluxv2_migrate as fm

DOCUMENTS = 3_000
ROUNDS = 3
# Shares and sizes as in five real repositories: 155 of 683 documents are releases, with 56 lines and 1,520
# characters in the mean; the others have 33 lines and 1,222 characters, half of them 15 lines or less.
RELEASE_EVERY = 4
SETTINGS_OF_RELEASES = (1, 1, 2, 3, 4, 6, 10, 16, 28)
ENTRIES_OF_OTHERS = (1, 2, 4, 5, 6, 7, 8, 14, 40, 180)
WANTED = 20.0


def release(number: int, chance: random.Random) -> str:
    """Gives a release as teams wrote them: comments, quotes, values of some fifty lines."""
    environment = "".join(
        f'      - name: SETTING_{index}\n        value: "{chance.randrange(9999)}" # asked for in review\n'
        for index in range(chance.choice(SETTINGS_OF_RELEASES))
    )
    return f"""---
# Owned by team {number % 17}
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: app-{number}
  namespace: team-{number % 17}
  annotations:
    fluxcd.io/automated: "false"
spec:
  releaseName: app-{number}
  helmVersion: v3
  chart:
    repository: https://charts-{number % 23}.example.com/ # ours
    name: app
    version: 1.{number % 9}.{number % 5} # pinned
  timeout: 600
  valueFileSecrets:
  - name: app-{number}-secrets
  rollback:
    enable: true
  values:
    # two, since the outage
    replicas: 2
    image:
      repository: registry.example.com/app
      tag: "1.{number % 10}"
    env:
{environment}    resources:
      requests: {{cpu: 100m, memory: 128Mi}} # measured
      limits:
        memory: 256Mi
    persistence:
      enabled: true
      existingClaim: app-{number}-data
    ingress:
      hosts: [ "app.example.com",  'www.example.com' ]
      annotations:
        nginx.ingress.kubernetes.io/proxy-body-size: 10m
"""


def workload(number: int, chance: random.Random) -> str:
    """Gives a Deployment or a ConfigMap, which have nothing of Flux."""
    if number % 6:
        head = f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c-{number}\n  namespace: x\ndata:\n"
        lines = range(chance.choice(ENTRIES_OF_OTHERS))
        return head + "".join(f"  key-{index}: the value {chance.random()} of ours\n" for index in lines)
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number}
  namespace: x
spec:
  replicas: 1
  selector:
    matchLabels: {{app: web-{number}}}
  template:
    metadata:
      labels: {{app: web-{number}}}
    spec:
      containers:
      - name: web # the only one
        image: registry.example.com/web:1.{number % 7}
        ports:
        - containerPort: 8080
        resources:
          limits: {{cpu: 100m, memory: 128Mi}}
"""


def repository() -> dict[str, str]:
    """Gives a repository of the shape of real ones: releases in files of their own, the rest in twos."""
    chance = random.Random(20201123)
    files: dict[str, str] = {}
    for number in range(DOCUMENTS):
        is_release = number % RELEASE_EVERY == 0
        path = (
            f"team-{number % 17}/app-{number}.yaml"
            if is_release
            else f"base/{number // 20}/{number // 2}.yaml"
        )
        text = release(number, chance) if is_release else workload(number, chance)
        files[path] = files.get(path, "") + text
    return files


def shape(files: dict[str, str]) -> dict[str, list[int]]:
    """Gives the lengths of releases and of the other documents."""
    found: dict[str, list[int]] = {"releases": [], "others": []}
    for text in files.values():
        for document in text.split("---\n")[1:]:
            found["releases" if "kind: HelmRelease" in document else "others"].append(len(document) + 4)
    return found


def round_trip(files: dict[str, str]) -> None:
    """Loads and dumps every file, and changes nothing."""
    yaml = YAML()
    yaml.preserve_quotes = True
    for text in files.values():
        yaml.dump_all(yaml.load_all(text), io.StringIO())


def seconds(work: Callable[[], object]) -> float:
    """Gives the processor's time of one run: what else the machine does is not counted."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    """Measures both in turns in one run, and takes the least disturbed of each, as `timeit` does."""
    files = repository()
    converted = len(fm.migrate_repository(files).changed)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        ours.extend(seconds(lambda: fm.migrate_repository(files)) for _ in range(3))
        theirs.append(seconds(lambda: round_trip(files)))
    ratio = min(theirs) / min(ours)
    for name, lengths in shape(files).items():
        print(f"{name}: {statistics.mean(lengths):.0f} characters in the mean")
    print(f"{DOCUMENTS} documents in {len(files)} files, {converted} releases migrated")
    print(f"migrations: {', '.join(f'{one:.2f}' for one in ours)} s")
    print(f"round trips: {', '.join(f'{one:.2f}' for one in theirs)} s")
    print(f"{ratio:.1f} times as fast ({statistics.median(theirs) / statistics.median(ours):.1f} by medians)")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
