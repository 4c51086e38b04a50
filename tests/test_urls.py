"""What Go refuses of URLs."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.golang.urls import fault_of_url
from fluxv2_migrate.meaning.locations import git_location
from fluxv2_migrate.rules import to_flux_git_url
from manifest_texts import CHART, release_text


@pytest.mark.parametrize(
    "url",
    [
        "https://charts.example.com",
        "HTTPS://u:p%40w@charts.example.com:8443/a%20b?c=%zz#d",
        "ssh://git@git.example.com/acme/web",
        "https://[::1]:8080/x",
        "https://[::1]/x",
        "https://charts.example.com:/a b",
        "https://bücher.example/x",
    ],
)
def test_what_go_reads_has_no_fault(url: str) -> None:
    assert fault_of_url(url) == ""


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://u:HIDE/w@charts.example.com", "port"),
        ("https://charts.example.com:HIDE/x", "port"),
        ("https://[::1]HIDE/x", "port"),
        ("https://[::1/HIDE", "bracket"),
        ("https://charts.example.com/%HIDE", "percent"),
        ("https://u%HIDE@charts.example.com", "percent"),
        ("https://charts.example.com/#%HIDE", "percent"),
        ("https://u:HI DE@charts.example.com", "user or password"),
        ("https://charts HIDE.example.com", "host"),
        ("https://charts%HIDE.example.com", "host"),
        ("https://charts.example.com/\nHIDE", "control"),
        ("HIDE", "scheme"),
    ],
)
def test_what_go_refuses_is_named_and_not_repeated(url: str, word: str) -> None:
    fault = fault_of_url(url)
    assert word in fault
    assert "HIDE" not in fault


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("bot:t0ken@git.example.com/acme/web", "bot:t0ken@git.example.com/acme/web"),
        ("https:/bot:t0ken@git.example.com/acme/web", "https:/bot:t0ken@git.example.com/acme/web"),
        ("git@git.example.com:me@acme.example/web", "ssh://git@git.example.com/me@acme.example/web"),
        ("git.example.com:acme/web@home", "ssh://git.example.com/acme/web@home"),
        ("codecommit::eu-west-1://web", "codecommit::eu-west-1://web"),
        ("ext::git-helper %S acme/web", "ext::git-helper %S acme/web"),
        ("git@[2001:db8::1]:acme/web", "ssh://git@[2001:db8::1]/acme/web"),
        ("[git@2001:db8::1]:acme/web", "[git@2001:db8::1]:acme/web"),
        ("git@[fe80::1%eth0]:acme/web", "git@[fe80::1%eth0]:acme/web"),
    ],
)
def test_what_is_no_path_of_ssh_is_not_taken_for_one(url: str, written: str) -> None:
    assert to_flux_git_url(url) == written


def test_an_address_is_one_host_in_each_form_and_names_a_source() -> None:
    one, other = "git@[2001:db8::1]:acme/web", "ssh://git@[2001:DB8::1]/acme/web/"
    assert git_location(one) == git_location(other)
    files = {"web.yaml": release_text(CHART.replace("charts.example.com", "[2001:db8::1]:8443/charts"))}
    assert set(fm.migrate_repository(files).created) == {"sources/2001-db8-1.yaml"}
