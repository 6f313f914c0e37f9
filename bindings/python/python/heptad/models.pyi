from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

from heptad._native import Record, Rows
from heptad.types import Json, Message, Tool, ToolChoice

__all__ = ["ChatModel", "ChatRequest", "Embedder"]

class ChatRequest(Record):
    __match_args__ = (
        "messages",
        "tools",
        "tool_choice",
        "format",
        "model",
        "max_tokens",
        "temperature",
        "top_p",
        "stop",
        "seed",
    )
    @property
    def messages(self) -> Rows[Message]: ...
    @property
    def tools(self) -> Rows[Tool]: ...
    @property
    def tool_choice(self) -> ToolChoice | None: ...
    @property
    def format(self) -> Json: ...
    @property
    def model(self) -> str | None: ...
    @property
    def max_tokens(self) -> int | None: ...
    @property
    def temperature(self) -> float | None: ...
    @property
    def top_p(self) -> float | None: ...
    @property
    def stop(self) -> Rows[str]: ...
    @property
    def seed(self) -> int | None: ...

class _Array(Protocol):
    def tolist(self) -> object: ...

ChatModel: TypeAlias = Callable[[ChatRequest], str | Iterable[str] | Mapping[str, object]]
Embedder: TypeAlias = Callable[[list[str]], Sequence[Sequence[float]] | Sequence[_Array] | _Array]
