"""Where an answer comes from: the client that read it, which its methods ask."""

from typing import Any, Self

from pydantic import PrivateAttr

from client.record import Answer


class Origin:
    """Holds a client. All origins are equal, so that answers are compared by content; a pickled one has no client."""

    def __init__(self, client: Any = None) -> None:
        self.client = client

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return hash(Origin)

    def __reduce__(self) -> tuple[type["Origin"], tuple[()]]:
        return Origin, ()

    def __deepcopy__(self, memo: Any) -> "Origin":
        return self


class Bound(Answer):
    """An answer that knows its client: the validation's context says which."""

    _origin: Origin = PrivateAttr(default_factory=Origin)

    def model_post_init(self, context: Any, /) -> None:
        """Keep the client."""
        if isinstance(context, Origin):
            self._origin = context

    @property
    def _client(self) -> Any:
        """The client.

        Raises:
            ValueError: there is none.
        """
        if self._origin.client is None:
            kind = type(self).__name__.lower()
            raise ValueError(f"this {kind} came from no client and cannot ask; take it from one: client.get_{kind}(id)")
        return self._origin.client

    def _renewed(self, answer: Self) -> Self:
        """This record with the fields of a newer one."""
        self.__dict__.update(answer.__dict__)
        for name in ("__pydantic_extra__", "__pydantic_fields_set__"):
            object.__setattr__(self, name, getattr(answer, name))
        return self
