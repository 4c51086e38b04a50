"""Turns GitOps repositories of Flux v1 and the helm-operator into Flux v2: text in, text out, no I/O."""

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from fluxv2_migrate.api import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        # These stand below all that `api` takes in, and are imported from there.
        if name == "flux1":
            import fluxv2_migrate.flux1 as module
        elif name == "flux2":
            import fluxv2_migrate.flux2 as module
        else:
            module = None
        if module is not None:
            return module
        # A program that may come to migrate something, and mostly does not, starts as fast as without.
        import fluxv2_migrate.api as api

        if name == "__all__" or name in api.__all__:
            return getattr(api, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        # Modules that happen to be imported are no names to complete.
        return [name for name in globals() if name.startswith("__")] + __getattr__("__all__")
