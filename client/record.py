"""What all answers of the service have in common."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from client.notebook import brief, html_table


class Answer(BaseModel):
    """A frozen record of the service; unknown fields are kept as attributes, for newer services."""

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_inf_nan="null")

    def to_json(self) -> dict[str, Any]:
        """The record as JSON-able values."""
        return self.model_dump(mode="json", by_alias=True)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        return brief({name: getattr(self, name) for name in type(self).model_fields})

    def _repr_html_(self) -> str:
        return html_table(["", ""], self.__repr_args__())


class Word(StrEnum):
    """One of a few words; a newer service may have others, which are kept."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = word._value_ = value
        return word

    def __repr__(self) -> str:
        return repr(self.value)
