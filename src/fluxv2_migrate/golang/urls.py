"""What Go refuses of URLs, which is what no controller and no Helm could fetch from."""

from __future__ import annotations

import re
from typing import Final

_URL: Final = re.compile(
    r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:(?P<user>[^/?#]*)@)?(?P<host>[^/?#]*)(?P<path>[^?#]*)[^#]*(?:#(?P<end>.*))?",
    re.DOTALL,
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NO_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
_NO_USER: Final = re.compile(r"[^a-zA-Z0-9._:~!$&'()*+,;=%@-]")
_NO_HOST: Final = re.compile(r"[ \\^`{|}%]")
_PORT: Final = re.compile(r":[^:]*$")


def fault_of_url(url: str) -> str:
    """Gives why Go reads no URL in a text that has a scheme and `//`; empty where it reads one.

    No part of the URL is repeated, since any may be a password.

    Source: Go 1.25 `net/url/url.go` `parse`, `parseAuthority`, `parseHost`, `unescape`.

    >>> fault_of_url("https://charts.example.com:8443/stable%20charts")
    ''
    >>> fault_of_url("https://user:pass/word@charts.example.com")
    'its port is no number'
    >>> fault_of_url("https://charts.example.com/%zz"), fault_of_url("https://[::1/x")
    ('a percent sign in it begins no escape', 'its address has no closing bracket')
    """
    if _CONTROL.search(url):
        return "a control character is in it"
    parts = _URL.fullmatch(url)
    if parts is None:
        return "it has no scheme and host"
    user, host = parts["user"] or "", parts["host"]
    if _NO_USER.search(user):
        return "a character is in its user or password that must be escaped"
    if any(_NO_ESCAPE.search(each) for each in (user, parts["path"], parts["end"] or "")):
        return "a percent sign in it begins no escape"
    return _fault_of_host(host)


def _fault_of_host(host: str) -> str:
    if host.startswith("["):
        address, bracket, port = host.rpartition("]")
        if not bracket:
            return "its address has no closing bracket"
        port = port or ":"
    else:
        found = _PORT.search(host)
        address, port = (host[: found.start()], found[0]) if found else (host, ":")
    if not re.fullmatch(":[0-9]*", port):
        return "its port is no number"
    return "a character is in its host that no host has" if _NO_HOST.search(address) else ""
