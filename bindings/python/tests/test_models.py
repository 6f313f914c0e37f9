"""Models that are written in Python."""

import threading

import pytest

import heptad
from heptad import errors
from heptad.types import Message, TextPart, Tool


def said(deltas):
    return "".join(delta.text for delta in deltas if delta.type == "text")


def test_a_function_answers():
    def echo(request):
        assert isinstance(request.messages[-1].parts[0], TextPart)
        return f"{request.messages[-1].parts[0].text}, {request.temperature}, {list(request.stop)}"

    with heptad.open(environment=False, chat_model=echo) as h:
        assert said(h.llm.chat("Hi", temperature=0.5, stop=["!"])) == "Hi, 0.5, ['!']"
        models = h.llm.models().models
        assert [model.id for model in models] == ["echo"]


def test_a_generator_streams():
    gate = threading.Semaphore(0)

    def slow(request):
        for word in ("one ", "two ", "three"):
            yield word
            assert gate.acquire(timeout=60)

    with heptad.open(environment=False, chat_model=slow) as h:
        stream = h.llm.chat("count")
        found = []
        for delta in stream:
            if delta.type == "text":
                found.append(delta.text)
                gate.release()
        assert found == ["one ", "two ", "three"]


def test_tools_are_called():
    def model(request):
        return {
            "tool_calls": [{"name": request.tools[0].name, "arguments": {"a": 1}}],
            "usage": {"input_tokens": 3, "output_tokens": 2},
        }

    with heptad.open(environment=False, chat_model=model) as h:
        tool = Tool("add", parameters={"type": "object"}, description="Adds.")
        deltas = list(h.llm.chat("add", tools=[tool]))
    kinds = [delta.type for delta in deltas]
    assert kinds == ["start", "tool_call", "arguments", "usage", "finish"], kinds
    assert deltas[1].name == "add" and deltas[2].json == '{"a":1}' and deltas[3].input_tokens == 3
    assert deltas[-1].reason == "tool_calls"


def test_what_a_model_raises_is_the_error():
    def broken(request):
        raise RuntimeError("no answer")

    def limited(request):
        raise errors.LimitExceededError("enough for today")

    with heptad.open(environment=False, chat_model=broken) as h:
        with pytest.raises(errors.UnavailableError, match="RuntimeError: no answer"):
            list(h.llm.chat("Hi"))
    with heptad.open(environment=False, chat_model=limited) as h:
        with pytest.raises(errors.LimitExceededError, match="enough"):
            list(h.llm.chat("Hi"))
    with heptad.open(environment=False, chat_model=lambda request: 7) as h:
        with pytest.raises(errors.UnavailableError, match="answers with a text"):
            list(h.llm.chat("Hi"))


def test_a_conversation_in_full():
    with heptad.open(environment=False, chat_model=lambda request: request.to_json()) as h:
        text = said(h.llm.chat(system="Be brief.", messages=[Message("user", [TextPart("\U0001f600")])]))
    assert "\U0001f600" in text and "Be brief." in text


def test_an_embedder_finds():
    words = ["cat", "dog", "ship", "sea"]

    def embed(texts):
        return [[1.0 + text.count(word) * 10 for word in words] for text in texts]

    with heptad.open(environment=False, embedder=embed) as h:
        assert len(h.llm.embed(["a cat", "a ship"]).vectors) == 2
        schema = {"fields": [{"name": "body", "kind": "text", "embedded": True}]}
        documents = [
            {"id": "pets", "fields": {"body": "the cat and the dog"}},
            {"id": "sails", "fields": {"body": "a ship at sea"}},
        ]
        h.search.index("notes", documents=documents, schema=schema)
        page = h.search.query("notes", "sea ship", mode="vector")
        assert page.hits[0].id == "sails" and page.ranked.mode == "vector"


def test_an_embedder_that_gives_nonsense_is_told():
    with heptad.open(environment=False, embedder=lambda texts: [[1.0]]) as h:
        with pytest.raises(errors.UnavailableError, match="1 vectors for 2 texts"):
            h.llm.embed(["a", "b"])
