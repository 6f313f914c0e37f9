from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from os import PathLike
from types import TracebackType

from heptad._native import Stream
from heptad._systems import AsyncSystems, Systems
from heptad.models import ChatModel, Embedder
from heptad.types import Json

class Heptad(Systems):
    @cached_property
    def aio(self) -> AsyncHeptad: ...
    def call(self, operation: str, request: Mapping[str, object] | None = None) -> Json: ...
    def stream(self, operation: str, request: Mapping[str, object] | None = None) -> Stream[Json]: ...
    def as_principal(self, id: str, allow: Iterable[str]) -> Heptad: ...
    def authenticate(self, credential: str) -> Heptad: ...
    def sign_in(self, id: str) -> Heptad: ...
    def with_progress(self, report: Callable[[int, int, str], object] | None = None) -> Heptad: ...
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
