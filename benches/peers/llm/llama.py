"""Runs llama.cpp for `benches/peers/llm.rs`: a JSON command per line, a JSON answer per line.

{"load": PATH, "threads": N, "context": N}          -> {"load_cpu": s}
{"greedy": [prompt], "count": N}                    -> {"tokens": [...], "prefill_cpu": s, "decode_cpu": s}
{"surprises": [tokens]}                             -> {"each": [nats, of the tokens after the first]}
{"rss": true}                                       -> {"rss_kb": n}
"""
import json
import math
import os
import resource
import sys

import numpy as np
from llama_cpp_py_sync._cffi_bindings import get_ffi, get_lib

ffi, lib = get_ffi(), get_lib()
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
state = {}


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def load(path, threads, context):
    lib.llama_backend_init()
    start = cpu()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_batch = context, context
    params.n_threads = params.n_threads_batch = threads
    state.update(model=model, params=params, context=lib.llama_init_from_model(model, params))
    state["vocabulary"] = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
    return {"load_cpu": cpu() - start}


def decode(tokens, first, every):
    batch = lib.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for i, token in enumerate(tokens):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, first + i, 1, 0
        batch.logits[i] = 1 if every or i == len(tokens) - 1 else 0
    assert lib.llama_decode(state["context"], batch) == 0
    lib.llama_batch_free(batch)


def row(index):
    values = lib.llama_get_logits_ith(state["context"], index)
    return np.frombuffer(ffi.buffer(values, 4 * state["vocabulary"]), dtype=np.float32)


def clear():
    lib.llama_memory_clear(lib.llama_get_memory(state["context"]), True)


def greedy(prompt, count):
    clear()
    start = cpu()
    decode(prompt, 0, False)
    best = int(row(-1).argmax())
    prefill, said = cpu() - start, [best]
    start, picking = cpu(), 0.0
    for i in range(count - 1):
        decode([best], len(prompt) + i, False)
        pick = cpu()
        best = int(row(-1).argmax())
        picking += cpu() - pick
        said.append(best)
    return {"tokens": said, "prefill_cpu": prefill, "decode_cpu": cpu() - start - picking}


def surprises(tokens):
    clear()
    each = []
    for first in range(0, len(tokens) - 1, 64):
        part = tokens[first : min(first + 64, len(tokens) - 1)]
        decode(part, first, True)
        for i in range(len(part)):
            logits = row(i)
            top = float(logits.max())
            each.append(top + math.log(np.exp(logits - top).sum(dtype=np.float64)) - float(logits[tokens[first + i + 1]]))
    return {"each": each}


for line in sys.stdin:
    command = json.loads(line)
    if "load" in command:
        answer = load(command["load"], command["threads"], command["context"])
    elif "greedy" in command:
        answer = greedy(command["greedy"], command["count"])
    elif "surprises" in command:
        answer = surprises(command["surprises"])
    else:
        answer = {"rss_kb": int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1])}
    print(json.dumps(answer), file=answers, flush=True)
