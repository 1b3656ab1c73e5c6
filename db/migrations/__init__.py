"""The history of the tables, for SQLite and Postgres alike: Alembic's environment and one file a revision."""
