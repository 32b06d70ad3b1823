"""What Alembic runs: the migrations, over the connection that ``migrate`` hands it."""

from __future__ import annotations

from alembic import context


def run_migrations() -> None:
    """Run them in the transaction that is open, so that a database has all of a release or nothing of it."""
    context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
    context.run_migrations()


if __name__ == "env_py":  # Alembic's name of it; whoever imports it runs nothing
    run_migrations()
