"""Where Alembic begins: it works on the connection that `catalog.database` gives it."""

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"])
with context.begin_transaction():
    context.run_migrations()
