"""The one metadata of schema `trueup`. Each aggregate's file defines its own tables on it; migrations alone make them."""

from __future__ import annotations

import importlib
import pkgutil

import sqlalchemy as sa

SCHEMA = "trueup"

metadata = sa.MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)


def load_tables() -> sa.MetaData:
    """The metadata with every aggregate's tables on it: imports each module of this package."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if not module.ispkg:
            importlib.import_module(module.name)
    return metadata
