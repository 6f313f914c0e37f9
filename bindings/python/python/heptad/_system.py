"""What the handles of all systems are."""


class System:
    """The operations of a system; each call waits for what it gives."""

    __slots__ = ("_native",)

    def __init__(self, native):
        self._native = native

    def __repr__(self):
        return f"<heptad.{type(self).__name__} of {self._native!r}>"


class AsyncSystem(System):
    """The operations of a system; what a call gives is awaited."""

    __slots__ = ()
