#!/usr/bin/env python3
"""Keeps things in order.

More about it.
"""

from __future__ import annotations

import os, sys as system
import xml.etree.ElementTree as ET
from collections import abc, OrderedDict as Ordered
from . import sibling
from ..package.module import *

LIMIT: int = 10
names = []


@decorated(by="x")
class Stack(abc.Sized, Generic[T]):
    """A stack."""

    size: int = 0

    def __init__(self, items: list[int]) -> None:
        self.items = items
        local = os.path.join("a", "b")

    @property
    async def top(
        self,
        default=None,
    ) -> int:
        """
        The last item.

            Indented.
        """
        def inner():
            return helper(self)
        return inner()


def main(argv):
    stack = Stack(argv)
    stack.push(1).pop()
    get_handler()()


if __name__ == "__main__":
    main(system.argv)
