"""The cases that every binding replays: see `bindings/conformance/README.md`."""

import inspect
import json
import os
import pathlib
import re

import pytest

import heptad

CASES = pathlib.Path(__file__).parents[2] / "conformance"
BRACES = re.compile(r"\{([A-Za-z0-9_]+)\}")


class Missing(Exception):
    """An operation that this build lacks."""


def filled(value, saved):
    """What stands in braces, replaced in all texts of a value."""
    if isinstance(value, dict):
        return {name: filled(value, saved) for name, value in value.items()}
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    if not isinstance(value, str):
        return value
    if repeat := re.fullmatch(r"\{repeat:(.*):(\d+)\}", value, re.S):
        return repeat[1] * int(repeat[2])
    if nested := re.fullmatch(r"\{nested:(\d+)\}", value):
        lists = []
        for _ in range(int(nested[1]) - 1):
            lists = [lists]
        return lists
    whole = BRACES.fullmatch(value)
    if whole and whole[1] in saved:
        return saved[whole[1]]
    return BRACES.sub(lambda found: str(saved.get(found[1], found[0])), value)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_time(value):
    try:
        return isinstance(value, str) and bool(re.match(r"\d{4}-\d\d-\d\dT", value)) and value[-1] in "Z0123456789"
    except ValueError:
        return False


KINDS = {
    "{any}": lambda value: True,
    "{string}": lambda value: isinstance(value, str),
    "{integer}": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "{number}": is_number,
    "{time}": is_time,
}


def differences(expected, found, saved, place="$"):
    """Where `found` is not what is expected."""
    if isinstance(expected, str):
        if expected in KINDS:
            return [] if KINDS[expected](found) else [f"{place}: {found!r} is no {expected}"]
        if save := re.fullmatch(r"\{save:([A-Za-z0-9_]+)\}", expected):
            saved[save[1]] = found
            return []
        expected = filled(expected, saved)
    if isinstance(expected, dict) and isinstance(found, dict):
        names = [f"{place}: `{name}` is too much" for name in found if name not in expected]
        names += [f"{place}: `{name}` is missing" for name in expected if name not in found]
        common = (name for name in expected if name in found)
        return names + [d for name in common for d in differences(expected[name], found[name], saved, f"{place}.{name}")]
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return [f"{place}: {len(found)} items in place of {len(expected)}: {found!r}"]
        pairs = enumerate(zip(expected, found))
        return [d for n, (e, f) in pairs for d in differences(e, f, saved, f"{place}[{n}]")]
    same = type(expected) is type(found) or is_number(expected) and is_number(found)
    return [] if same and expected == found else [f"{place}: {found!r} in place of {expected!r}"]


def plain(value):
    return value.to_dict() if isinstance(value, heptad.Record) else value


def called(h, name, request, streams):
    """Calls the method of the operation where it can say the request, or else by name."""
    system, operation = name.split(".")
    method = getattr(getattr(h, system), operation)
    if isinstance(request, dict) and None not in request.values():
        try:
            inspect.signature(method).bind(**request)
            return method(**request)
        except TypeError:
            pass
    return (h.stream if streams else h.call)(name, request)


def seen_by(h, who, saved):
    if who is None:
        return h
    if "credential" in who:
        return h.authenticate(filled(who["credential"], saved))
    return h.as_principal(who["id"], who["allow"])


def outcome(h, step, saved):
    """Where a step differs."""
    request = filled(step.get("request", {}), saved)
    items = []
    try:
        h = seen_by(h, step.get("as"), saved)
        if "items" in step or h_streams(h, step["call"]):
            stream = called(h, step["call"], request, True)
            expected = step.get("items", [])
            for _ in expected:
                items.append(plain(next(stream)))
            if step.get("then") == "cancel":
                stream.close()
            elif (more := next(stream, None)) is not None:
                return [f"an item too many: {more!r}"]
            found = items
        else:
            expected, found = step.get("result"), plain(called(h, step["call"], request, False))
    except heptad.HeptadError as error:
        wanted = step.get("error")
        if wanted is None:
            return [f"it fails: {error!r}"]
        message = filled(wanted.get("message", ""), saved)
        wrong = [] if error.kind == wanted["kind"] else [f"the error is {error.kind}: {error}"]
        return wrong + ([] if message in error.message else [f"{message!r} is not in {error.message!r}"])
    except StopIteration:
        return [f"only {len(items)} items"]
    if "error" in step:
        return [f"it does not fail: {found!r}"]
    return differences(expected, found, saved)


STREAMS = {}


def h_streams(h, name):
    if not STREAMS:
        STREAMS.update((operation.name, operation.effect == "streams") for operation in heptad.open(environment=False).platform.operations().operations)
    if name not in STREAMS:
        raise Missing(name)
    return STREAMS[name]


def cases():
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_text("utf-8"))["cases"]:
            yield pytest.param(case, id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize("case", list(cases()))
def test_case(case, tmp_path):
    folder = pathlib.Path(os.path.realpath(tmp_path))
    for name, text in case.get("files", {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    saved, wrong = {"folder": folder.as_posix()}, []
    with heptad.open(environment=False) as h:
        for number, step in enumerate(case["steps"], 1):
            try:
                h_streams(h, step["call"])
            except Missing:
                pytest.skip(f"this build has no `{step['call']}`")
            wrong += [f"step {number}, {step['call']}: {difference}" for difference in outcome(h, step, saved)]
    assert not wrong, "\n".join(wrong)
