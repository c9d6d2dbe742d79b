"""Alembic's entry: runs the revisions on the connection and in the transaction that `Database.migrate` hands over."""

from alembic import context

from trueup.storage.schema import SCHEMA, load_tables


def _ours(name: str | None, kind: str, parents: object) -> bool:
    """Compare our schema alone: the durable engine keeps its own."""
    return kind != "schema" or name == SCHEMA


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_tables(),
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=_ours,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
