"""Models of your own, in Python.

A chat model is a callable that takes a `ChatRequest` and answers with a text, with texts one after the other (a generator streams), or with a dict of
``text``, ``tool_calls`` (each with ``name`` and ``arguments``) and ``usage`` (``input_tokens``, ``output_tokens``). An embedder takes a list of texts and
gives a vector for each: lists, or an array of numpy. What one of them raises is the error of the operation.

>>> import heptad
>>> h = heptad.open(chat_model=lambda request: "You said: " + request.messages[-1].parts[0].text)
>>> "".join(delta.text for delta in h.llm.chat("Hi") if delta.type == "text")
'You said: Hi'
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Union

import heptad.types as _types
from heptad._native import Record

__all__ = ["ChatModel", "ChatRequest", "Embedder"]


class ChatRequest(Record):
    """What a model is asked.

    Attributes
    ----------
    messages : Rows[Message]
        The conversation so far, oldest first.
    tools : Rows[Tool]
        The tools that the model may call.
    tool_choice : ToolChoice or None
        Whether it must call them; `None`: as it sees fit.
    format : Json
        What the answer looks like: `None` for text, or a dict with the JSON Schema that it has to fit.
    model : str or None
        The model that was asked for by name.
    max_tokens, temperature, top_p, seed : int, float or None
        As in `ChatCall`.
    stop : Rows[str]
        Texts before which the answer ends.
    """

    __slots__ = ()
    _fields = (
        ("messages", "[Message]", True, ()),
        ("tools", "[Tool]", False, ()),
        ("tool_choice", "ToolChoice", False, None),
        ("format", "any", False, None),
        ("model", "str?", False, None),
        ("max_tokens", "int?", False, None),
        ("temperature", "float?", False, None),
        ("top_p", "float?", False, None),
        ("stop", "[str]", False, ()),
        ("seed", "int?", False, None),
    )


#: What answers: see the module.
ChatModel = Callable[[ChatRequest], Union[str, Iterable[str], Mapping[str, object]]]
#: What embeds: see the module.
Embedder = Callable[[list], Iterable]
