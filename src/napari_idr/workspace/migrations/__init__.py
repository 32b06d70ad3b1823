"""How a workspace of an earlier release becomes one of this release (Alembic)."""
