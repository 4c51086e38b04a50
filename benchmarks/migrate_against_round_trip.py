"""A migration against loading and dumping the same files with ruamel.yaml's round trip.

Prints the ratio and ends with 1 where it is below twenty.
"""

from __future__ import annotations

import io
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from ruamel.yaml import YAML

import fluxv2_migrate as fm

DOCUMENTS = 3_000
# As counted over public repositories of Flux v1: a fifth of the documents is a HelmRelease, some others have
# annotations of fluxd, five documents stand in four files, and one of them has about 1,300 characters.
RELEASES_IN_TEN = 2
ANNOTATED_IN_TEN = 1
DOCUMENTS_IN_FOUR_FILES = 5
WANTED = 20.0


def release(number: int, chance: random.Random) -> str:
    """Gives a release as teams wrote them: comments, quotes, values of some fifty lines."""
    environment = "".join(
        f'      - name: SETTING_{index}\n        value: "{chance.randrange(9999)}" # asked for in review\n'
        for index in range(chance.randrange(4, 12))
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
{environment}    ingress:
      hosts: [ "app.example.com",  'www.example.com' ]
      annotations:
        nginx.ingress.kubernetes.io/proxy-body-size: 10m
"""


def workload(number: int, chance: random.Random, annotations: str) -> str:
    """Gives a ConfigMap or a Deployment, which have no release of Flux."""
    if number % 3 == 0:
        entries = "".join(
            f"  key-{index}: value {chance.random()} # see the handbook\n"
            for index in range(chance.randrange(5, 60))
        )
        return f"""---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{number}
  namespace: team-{number % 17}
data:
{entries}"""
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number}
  namespace: team-{number % 17}
  labels: {{app: web-{number}}}
{annotations}spec:
  replicas: 1
  selector:
    matchLabels: {{app: web-{number}}}
  template:
    metadata:
      labels: {{app: web-{number}}}
    spec:
      serviceAccountName: web
      containers:
      - name: web # the only one
        image: registry.example.com/web:1.{number % 7}
        args: ["--port", "8080", "--log-format=json"]
        env:
        - name: DATABASE
          valueFrom:
            secretKeyRef:
              name: web-{number}
              key: database
        ports:
        - containerPort: 8080
          name: http
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: 10
        readinessProbe:
          httpGet:
            path: /readyz
            port: http
        resources:
          limits: {{cpu: 100m, memory: 128Mi}}
          requests:
            cpu: 10m
            memory: 64Mi
        volumeMounts:
        - name: settings
          mountPath: /etc/web
      volumes:
      - name: settings
        configMap:
          name: settings-{number}
"""


AUTOMATED = """\
  annotations:
    fluxcd.io/automated: "true"
    fluxcd.io/tag.web: semver:~1
"""


def documents(chance: random.Random) -> Iterator[str]:
    """Gives the documents in a mixed order that is always the same."""
    for number in range(DOCUMENTS):
        kind = chance.randrange(10)
        if kind < RELEASES_IN_TEN:
            yield release(number, chance)
        else:
            yield workload(number, chance, AUTOMATED if kind < RELEASES_IN_TEN + ANNOTATED_IN_TEN else "")


def repository() -> dict[str, str]:
    """Gives a repository of the size and shape of real ones."""
    files: dict[str, str] = {}
    for index, document in enumerate(documents(random.Random(20201123))):
        number = index * 4 // DOCUMENTS_IN_FOUR_FILES
        path = f"team-{number % 17}/{number}.yaml"
        files[path] = files.get(path, "") + document
    return files


def round_trip(files: dict[str, str]) -> None:
    """Loads and dumps every file, and changes nothing."""
    yaml = YAML()
    yaml.preserve_quotes = True
    for text in files.values():
        yaml.dump_all(yaml.load_all(text), io.StringIO())


def seconds(work: Callable[[], object], times: int) -> float:
    """Gives the median of some runs."""
    measured: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        measured.append(time.perf_counter() - start)
    return statistics.median(measured)


def main() -> int:
    """Measures both in one run."""
    files = repository()
    migration = fm.migrate_repository(files)
    releases = sum(1 for each in migration.resources if each.before)
    characters = sum(map(len, files.values()))
    print(
        f"{DOCUMENTS} documents, {characters} characters in {len(files)} files, {releases} releases migrated"
    )
    if not migration.ok:
        print("a release was not migrated")
        return 1
    ours = seconds(lambda: fm.migrate_repository(files), 5)
    theirs = seconds(lambda: round_trip(files), 1)
    ratio = theirs / ours
    print(f"migration {ours:.2f} s, round trip {theirs:.2f} s: {ratio:.1f} times as fast")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
