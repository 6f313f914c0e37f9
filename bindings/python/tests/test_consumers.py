"""Consumers: each event goes to one member of a group, again until it is done."""

import queue
import threading
import time
from datetime import datetime, timezone

import pytest

from heptad import errors
from heptad.consumers import Consumer

from conftest import published


def test_deliveries_are_settled(h):
    published(h, 3)
    with h.consume("orders", "billing") as deliveries:
        first = next(deliveries)
        assert (first.event.id, first.offset, first.attempt) == ("0", 1, 1)
        first.ack()
        with pytest.raises(errors.ConflictError, match="settled"):
            first.ack()
        second = next(deliveries)
        second.nack("not now", after=0)
        third = next(deliveries)
        third.reject("never")
        again = next(deliveries)
        assert (again.event.id, again.attempt) == ("1", 2)
        again.extend()
        again.ack()
    letters = h.events.dead_letters("orders", "billing").letters
    assert [(letter.event.id, letter.reason) for letter in letters] == [("2", "never")]
    assert list(deliveries) == []


def test_a_handler_is_called(h):
    seen = queue.Queue()

    def handle(event):
        seen.put(event.data["n"])

    with h.consume("orders", "mail", handle) as consumer:
        assert isinstance(consumer, Consumer)
        published(h, 20)
        assert [seen.get(timeout=60) for _ in range(20)] == list(range(20))
    assert consumer.error is None
    published(h, 1)
    time.sleep(0.2)
    assert seen.empty(), "it is closed"


def test_what_a_handler_raises_makes_a_dead_letter(h):
    tried = threading.Event()

    def handle(event):
        tried.set()
        raise ValueError("no such order")

    published(h, 1)
    with h.consume("orders", "mail", handle, max_attempts=1):
        assert tried.wait(60)
        for _ in range(200):
            letters = h.events.dead_letters("orders", "mail").letters
            if letters:
                break
            time.sleep(0.05)
    assert [letter.reason for letter in letters] == ["ValueError: no such order"]


def test_two_members_share_the_work(h):
    seen, threads = [], set()
    done = threading.Event()

    def handle(event):
        seen.append(event.id)
        threads.add(threading.get_ident())
        time.sleep(0.001)
        if len(seen) == 200:
            done.set()

    published(h, 200)
    with h.consume("orders", "mail", handle), h.consume("orders", "mail", handle):
        assert done.wait(60)
    assert sorted(map(int, seen)) == list(range(200)) and len(threads) == 2


def test_where_a_group_begins(h):
    published(h, 3)
    assert next(h.consume("orders", "a", start=2)).offset == 3
    now = datetime.now(timezone.utc)
    published(h, 1)
    assert next(h.consume("orders", "b", start=now)).offset == 4
    with pytest.raises(ValueError, match="earliest"):
        h.consume("orders", "c", start="somewhere")
    with pytest.raises(ValueError, match="ack_wait"):
        h.consume("orders", "c", ack_wait=-1)


def test_who_may_not_consume_is_refused(h):
    with pytest.raises(errors.PermissionDeniedError, match="events.consume"):
        h.as_principal("guest", ["events.read"]).consume("orders", "mail")
    h.as_principal("worker", ["events.*"]).consume("orders", "mail").close()
