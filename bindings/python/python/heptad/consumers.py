"""Consumers of events that call a function."""

import threading

from heptad._native import Deliveries, Delivery

__all__ = ["Consumer", "Deliveries", "Delivery"]


class Consumer:
    """Calls a handler with each event of a group, one after the other, on a thread of its own, until it is closed.

    What the handler raises makes the attempt a failed one: the event comes again after the backoff of the group, and after the last attempt it is a dead
    letter with the reason. It is a context manager, whose end closes it.

    Attributes
    ----------
    error : BaseException or None
        What ended it, where that was not `close`.
    """

    def __init__(self, deliveries, handler):
        self._deliveries, self._handler, self.error = deliveries, handler, None
        self._thread = threading.Thread(target=self._run, name="heptad-consumer", daemon=True)
        self._thread.start()

    def _run(self):
        try:
            for delivery in self._deliveries:
                self._handle(delivery)
        except BaseException as error:
            self.error = error

    def _handle(self, delivery):
        try:
            self._handler(delivery.event)
        except Exception as error:
            delivery.nack(f"{type(error).__name__}: {error}")
        else:
            delivery.ack()

    def close(self):
        """Ends it, when the event that is being handled is done."""
        self._deliveries.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
