"""What the tests share."""

import pytest

import heptad

HOSTILE = "<script>alert('x')</script>\"&`$$`\x1b[31m"


@pytest.fixture
def h():
    with heptad.open(environment=False) as platform:
        yield platform


@pytest.fixture
def code(tmp_path):
    """A folder with code that rules find something in."""
    (tmp_path / "a.py").write_text(f"import os\n\neval(input())  # {HOSTILE}\nos.system('ls ' + name)\n")
    return tmp_path


def published(h, count, topic="orders"):
    """Publishes so many events."""
    events = [{"specversion": "1.0", "id": str(n), "source": "/tests", "type": "made", "data": {"n": n}} for n in range(count)]
    for begin in range(0, count, 500):
        h.events.publish(topic, events[begin : begin + 500])
