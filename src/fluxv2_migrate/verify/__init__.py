"""Whether two repositories mean the same, whoever migrated."""

from fluxv2_migrate.verify.repositories import verify_migration

__all__ = ["verify_migration"]
