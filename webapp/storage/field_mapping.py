"""Maps a domain value to the columns of its table, and back.

A field is stored in the column of the same name. Where the mapping is made, it lists the
differences: a column with another name, and a value that its column cannot hold unchanged. When an
item lacks a column, the field keeps its default.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from pynamodb.attributes import Attribute, NumberAttribute
from pynamodb.models import Model

T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Codec:
    """Writes a field's value to its column, and reads it from there."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


AS_IT_IS = Codec(lambda value: value, lambda value: value)
WHOLE_NUMBER = Codec(lambda value: value, int)
AS_LIST = Codec(list, tuple)
"""For a tuple in a JSON column."""


def one_of(members: Callable[[str], Any]) -> Codec:
    """Returns the codec for a member of an enum, which is stored by its value."""
    return Codec(lambda member: member.value, members)


class FieldMapping(Generic[T]):
    """Maps a dataclass of the domain to a model.

    columns: the column's name for each field that has another one.
    codecs: one for each field that is neither a whole number nor stored unchanged.
    left_out_when_empty: the fields that have no column when their value is empty.
    """

    def __init__(
        self,
        domain_class: type[T],
        model: type[Model],
        columns: Mapping[str, str],
        codecs: Mapping[str, Codec],
        left_out_when_empty: Collection[str] = (),
    ) -> None:
        self._domain_class = domain_class
        self._model = model
        self._columns = {
            field.name: columns.get(field.name, field.name)
            for field in fields(domain_class)  # type: ignore[arg-type]
        }
        attributes = model.get_attributes()
        self._codecs = {
            name: codecs.get(name) or _codec_of(attributes[column])
            for name, column in self._columns.items()
        }
        self._left_out_when_empty = frozenset(left_out_when_empty)

    def read(self, model: Model) -> T:
        """Returns the domain's value.

        Raises KeyError for a missing column that each item must have.
        """
        attributes, values = self._model.get_attributes(), {}
        for name, column in self._columns.items():
            stored = getattr(model, column)
            if stored is not None:
                values[name] = self._codecs[name].read(stored)
            elif not attributes[column].null:
                raise KeyError(column)
        return self._domain_class(**values)

    def read_image(self, image: Mapping) -> T:
        """Returns the domain's value from a stream record's image (DynamoDB's own JSON)."""
        return self.read(model_of_image(self._model, image))

    def write(self, value: T, without: Collection[str] = ()) -> dict[str, Any]:
        """Returns the value of each column. None means that the column is left out."""
        return {
            column: self._written(name, getattr(value, name))
            for name, column in self._columns.items()
            if name not in without
        }

    def _written(self, name: str, value: Any) -> Any:
        if value is None or (not value and name in self._left_out_when_empty):
            return None
        return self._codecs[name].write(value)


def _codec_of(attribute: Attribute) -> Codec:
    return WHOLE_NUMBER if isinstance(attribute, NumberAttribute) else AS_IT_IS


def model_of_image(model: type[M], image: Mapping) -> M:
    """Returns the item of a stream record's image (DynamoDB's own JSON)."""
    item = model()
    # PynamoDB changes the values that it deserializes, so it gets copies.
    item.deserialize({name: dict(value) for name, value in image.items()})
    return item
