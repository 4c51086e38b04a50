"""Secrets that sops encrypted, as kustomize-controller tells them from others.

Source: kustomize-controller 1.9.4 `internal/decryptor/decryptor.go` `IsEncryptedSecret`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_encrypted_secret(manifest: Mapping[str, Any]) -> bool:
    """Gives whether kustomize-controller refuses an object where its Kustomization has no decryption.

    >>> is_encrypted_secret({"apiVersion": "v1", "kind": "Secret", "sops": {"mac": "ENC[x]"}})
    True
    >>> is_encrypted_secret({"apiVersion": "isindir.github.com/v1", "kind": "SopsSecret", "sops": {}})
    False
    """
    is_secret = manifest.get("apiVersion") == "v1" and manifest.get("kind") == "Secret"
    return is_secret and "sops" in manifest
