"""Records of metaobjects: what is declared, and the objects of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from trueup.simulators.shopify.records import Record


@dataclass(slots=True, eq=False)
class MetaobjectField:
    """One declared field."""

    key: str
    name: str
    type: str
    required: bool
    description: str | None = None


@dataclass(slots=True, eq=False)
class MetaobjectDefinition(Record):
    """A declared kind of object."""

    type_name = "MetaobjectDefinition"
    type: str
    name: str
    fields: dict[str, MetaobjectField]
    display_name_key: str | None = None
    description: str | None = None


@dataclass(slots=True, eq=False)
class Metaobject(Record):
    """An object of a definition, known by its handle."""

    type_name = "Metaobject"
    definition: MetaobjectDefinition
    handle: str
    stored: dict[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The type of its definition."""
        return self.definition.type


@dataclass(slots=True)
class Drawer:
    """The metaobjects of a shop."""

    definitions: dict[str, MetaobjectDefinition] = field(default_factory=dict)
    objects: dict[tuple[str, str], Metaobject] = field(default_factory=dict)
