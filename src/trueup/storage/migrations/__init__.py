"""Migrations of the database: one linear history of explicit operations, run by `Database.migrate`."""
