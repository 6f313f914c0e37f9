"""The twins that are awaited, and streams."""

import asyncio

import pytest

import heptad
from heptad import errors

from conftest import published


def test_calls_are_awaited(code):
    async def story():
        async with await heptad.aopen(environment=False) as h:
            report = await h.review.scan(code)
            assert report.findings[0].rule == "python-eval"
            with pytest.raises(errors.NotFoundError):
                await h.search.query("nowhere")
            many = await asyncio.gather(*(h.auth.whoami() for _ in range(500)))
            assert {identity.id for identity in many} == {"owner"}

    asyncio.run(story())


def test_the_loop_runs_on_while_a_call_waits(h):
    async def story():
        stream = h.aio.events.tail("quiet")
        beats = 0

        async def beat():
            nonlocal beats
            while True:
                beats += 1
                await asyncio.sleep(0)

        heart = asyncio.create_task(beat())
        asyncio.get_running_loop().call_later(0.2, lambda: published(h, 1, "quiet"))
        item = await anext(stream)
        heart.cancel()
        assert item.event.id == "0" and beats > 100

    asyncio.run(story())


def test_a_cancelled_call_is_given_up(h):
    async def story():
        stream = h.aio.events.tail("quiet")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(stream.__anext__(), 0.1)
        # What comes later is not lost with it.
        published(h, 2, "quiet")
        assert [(await anext(stream)).event.id for _ in range(2)] == ["0", "1"]

    asyncio.run(story())


def test_streams_are_iterators(h):
    published(h, 3000)
    with h.events.tail("orders", after=0) as stream:
        found = [next(stream).event.data["n"] for _ in range(3000)]
    assert found == list(range(3000))
    assert list(stream) == []
    assert h.auth.whoami().id == "owner"


def test_async_for(h):
    published(h, 3000)

    async def story():
        found = []
        async with h.aio.events.tail("orders", after=0) as stream:
            async for placed in stream:
                found.append(placed.event.data["n"])
                if len(found) == 3000:
                    break
        assert found == list(range(3000))

    asyncio.run(story())


def test_an_error_ends_a_stream(h):
    stream = h.as_principal("guest", ["search.*"]).events.tail("orders")
    with pytest.raises(errors.PermissionDeniedError):
        next(stream)
    assert list(stream) == []


def test_a_slow_consumer_holds_the_operation_up(h):
    """What is not taken stays where it is: a stream of everything needs no more memory than some batches."""
    published(h, 5000)
    stream = h.events.tail("orders", after=0)
    first = next(stream)
    published(h, 5000, "orders")
    assert first.event.data["n"] == 0
    assert sum(1 for _, _placed in zip(range(9999), stream)) == 9999


def test_a_closed_loop_is_nobody(h):
    async def begin():
        h.aio.events.tail("quiet").__anext__()

    asyncio.run(begin())
    published(h, 1, "quiet")
    assert h.auth.whoami().id == "owner"
