from collections.abc import Callable
from types import TracebackType

from heptad._native import Deliveries, Delivery
from heptad.types import CloudEvent

__all__ = ["Consumer", "Deliveries", "Delivery"]

class Consumer:
    error: BaseException | None
    def __init__(
        self, deliveries: Deliveries, handler: Callable[[CloudEvent], object]
    ) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Consumer: ...
    def __exit__(
        self, *error: type[BaseException] | BaseException | TracebackType | None
    ) -> None: ...
