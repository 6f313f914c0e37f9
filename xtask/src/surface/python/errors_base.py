"""The exceptions of Heptad: one for each kind of error, under `HeptadError`."""

import builtins

__ALL__

class HeptadError(Exception):
    """What an operation fails with.

    Attributes
    ----------
    kind : str
        What kind of failure it is: the only part that a program should branch on.
    message : str
        What was wrong, where, and what would be right.
    operation : str or None
        The operation that failed, as in ``review.scan``.
    context : dict of str to str
        Facts: a file, a line, a key.
    retry_after : float or None
        After how many seconds the same call may succeed; `None` where it will fail again.
    """

    kind = "internal"

    def __init__(self, message="", operation=None, context=None, retry_after=None):
        super().__init__(message, operation, context, retry_after)
        self.message = message
        self.operation = operation
        self.context = dict(context or {})
        self.retry_after = retry_after

    def __str__(self):
        place = f"{self.operation}: " if self.operation else ""
        facts = ", ".join(f"{name}: {value}" for name, value in self.context.items())
        return f"{place}{self.message}" + (f" ({facts})" if facts else "")
