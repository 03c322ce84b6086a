"""Alembic's entry: runs on the connection that ``storage.database`` hands over, in its transaction."""

from alembic import context

from edgerunner.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
