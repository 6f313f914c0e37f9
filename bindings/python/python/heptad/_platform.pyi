from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from os import PathLike
from types import TracebackType
from typing import Literal, overload

from heptad._native import Deliveries, Stream
from heptad._systems import AsyncSystems, Systems
from heptad.consumers import Consumer
from heptad.models import ChatModel, Embedder
from heptad.types import CloudEvent, Json

class Heptad(Systems):
    @cached_property
    def aio(self) -> AsyncHeptad: ...
    def call(self, operation: str, request: Mapping[str, object] | None = None) -> Json: ...
    def stream(self, operation: str, request: Mapping[str, object] | None = None) -> Stream[Json]: ...
    def as_principal(self, id: str, allow: Iterable[str]) -> Heptad: ...
    def authenticate(self, credential: str) -> Heptad: ...
    def sign_in(self, id: str) -> Heptad: ...
    def with_progress(self, report: Callable[[int, int, str], object] | None = None) -> Heptad: ...
    @overload
    def consume(
        self,
        topic: str,
        group: str,
        handler: None = None,
        *,
        start: Literal["earliest", "latest"] | int | datetime = "earliest",
        max_attempts: int = 5,
        ack_wait: float = 30.0,
        max_in_flight: int = 256,
        type_prefix: str | None = None,
    ) -> Deliveries: ...
    @overload
    def consume(
        self,
        topic: str,
        group: str,
        handler: Callable[[CloudEvent], object],
        *,
        start: Literal["earliest", "latest"] | int | datetime = "earliest",
        max_attempts: int = 5,
        ack_wait: float = 30.0,
        max_in_flight: int = 256,
        type_prefix: str | None = None,
    ) -> Consumer: ...
    def close(self) -> None: ...
    def __enter__(self) -> Heptad: ...
    def __exit__(
        self, *error: type[BaseException] | BaseException | TracebackType | None
    ) -> None: ...

class AsyncHeptad(AsyncSystems):
    async def __aenter__(self) -> AsyncHeptad: ...
    async def __aexit__(
        self, *error: type[BaseException] | BaseException | TracebackType | None
    ) -> None: ...

def open(
    path: str | PathLike[str] | None = None,
    *,
    config_file: str | PathLike[str] | None = None,
    settings: Mapping[str, object] | None = None,
    environment: bool = True,
    chat_model: ChatModel | None = None,
    embedder: Embedder | None = None,
) -> Heptad: ...
async def aopen(
    path: str | PathLike[str] | None = None,
    *,
    config_file: str | PathLike[str] | None = None,
    settings: Mapping[str, object] | None = None,
    environment: bool = True,
    chat_model: ChatModel | None = None,
    embedder: Embedder | None = None,
) -> AsyncHeptad: ...
