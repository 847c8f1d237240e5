"""Alembic's entry: runs migrations in the transaction that `schema.migrate` began, on its connection."""

from typing import Any

from alembic import context
from sqlalchemy import delete, insert

from haymow.server.database.columns import metadata

attributes = context.config.attributes
connection, tell, compatibility = attributes["connection"], attributes["tell"], attributes["compatibility"]


def told(*, step: Any, **_: Any) -> None:
    """Say which step was made: what its file says of itself."""
    script = context.script.get_revision(step.up_revision_id)
    tell(f"{script.revision}: {script.doc}")


def oldest() -> str:
    """The newest schema that any of the steps asks a haymow to know; one that says nothing asks for its own."""
    steps = context.script.walk_revisions()
    return max(getattr(step.module, "works_with", step.revision) for step in steps)


context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
    on_version_apply=told,  # type: ignore[arg-type]  # it is called with names
)
context.run_migrations()
compatibility.create(connection, checkfirst=True)
connection.execute(delete(compatibility))
connection.execute(insert(compatibility).values(oldest=oldest()))
