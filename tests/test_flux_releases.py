"""Which release of Flux serves what, against the CRDs that it installs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fluxv2_migrate import MigrationError, flux2
from fluxv2_migrate.flux2 import FLUX_VERSIONS, FluxVersion
from reference_trees import definitions_of


def definitions(shared: Path, release: str) -> dict[Any, dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for path in sorted(definitions_of(shared, release).glob("*.yaml")):
        for definition in yaml.load_all(path.read_text(encoding="utf-8"), loader):
            found[definition["spec"]["names"]["kind"]] = definition["spec"]
    return found


@pytest.mark.parametrize("release", FLUX_VERSIONS)
def test_served_api_versions_are_those_of_the_crds(shared: Path, release: FluxVersion) -> None:
    found = definitions(shared, release)
    assert len(found) >= 10
    for kind, spec in found.items():
        served = {f"{spec['group']}/{v['name']}": v for v in spec["versions"] if v["served"]}
        assert set(flux2.served_api_versions(kind, release)) == set(served), kind
        preferred = served[flux2.preferred_api_version(kind, release)]
        assert preferred["storage"], kind
        assert not preferred.get("deprecated"), kind
    if "ExternalArtifact" not in found:
        assert flux2.served_api_versions("ExternalArtifact", release) == ()


def test_the_notification_apis() -> None:
    # Their CRDs are not among the reference data.
    preferred = [flux2.preferred_api_version("Alert", release) for release in FLUX_VERSIONS]
    assert preferred == [
        f"notification.toolkit.fluxcd.io/{'v1beta2' if release in ('2.0', '2.1') else 'v1beta3'}"
        for release in FLUX_VERSIONS
    ]
    for release in FLUX_VERSIONS:
        assert flux2.served_api_versions("Alert", release) == flux2.served_api_versions("Provider", release)
        assert flux2.preferred_api_version("Receiver", release) == "notification.toolkit.fluxcd.io/v1"


@pytest.mark.parametrize("release", FLUX_VERSIONS)
def test_a_newer_api_version_stands_before_an_older_one(release: FluxVersion) -> None:
    for kind in ("HelmRelease", "GitRepository", "ImagePolicy", "Bucket", "Provider", "Receiver"):
        served = flux2.served_api_versions(kind, release)
        ages = [version.split("/")[1] for version in served]
        # "v2" is newer than "v2beta2", which is newer than "v2beta1".
        assert ages == sorted(ages, key=lambda age: age if "beta" in age else f"{age}z", reverse=True)


def test_a_release_without_the_kind_has_no_preferred_api_version() -> None:
    with pytest.raises(MigrationError, match=r"Flux 2\.6 has no ExternalArtifact"):
        flux2.preferred_api_version("ExternalArtifact", "2.6")
