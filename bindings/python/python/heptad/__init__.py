"""Heptad: an embeddable AI platform. Open it, and call its systems.

>>> import heptad
>>> h = heptad.open()
>>> h.platform.health().failed
False

In a file it is kept: ``heptad.open("acme.db")``. Every method has a twin that is awaited: ``await h.aio.review.scan("src")``.
"""

from heptad._native import AsyncStream, Record, Rows, Stream, __version__
from heptad._platform import AsyncHeptad, Heptad, aopen, open
from heptad.errors import HeptadError

__all__ = [
    "AsyncHeptad",
    "AsyncStream",
    "Heptad",
    "HeptadError",
    "Record",
    "Rows",
    "Stream",
    "__version__",
    "aopen",
    "open",
]
