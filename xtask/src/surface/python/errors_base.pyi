import builtins
from collections.abc import Mapping
from typing import Final

__ALL__
class HeptadError(Exception):
    kind: str
    message: str
    operation: str | None
    context: dict[str, str]
    retry_after: float | None
    def __init__(
        self,
        message: str = "",
        operation: str | None = None,
        context: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None: ...
