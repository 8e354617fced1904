"""Run by Alembic: brings the database of the connection it is given (see `cti/storage/sql.py`) to the newest tables."""

from alembic import context

from cti.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
