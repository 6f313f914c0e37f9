"""Embeds texts with onnxruntime: a BERT graph in fp32, made of the weights of a safetensors file.

Reads one JSON line: {"folder": str, "batches": [[[token id, ...], ...], ...], "rounds": int}. Each batch is padded to its longest
text. Writes one JSON line: {"version": str, "cpu": [seconds of a round, ...], "vectors": [[float, ...], ...]}, one thread throughout.
"""

import json
import struct
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def weights(path):
    """The tensors of a safetensors file in fp32."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    kinds = {"F32": np.float32, "F16": np.float16}
    found = {}
    for name, tensor in header.items():
        if name != "__metadata__" and tensor["dtype"] in kinds:
            begin, end = tensor["data_offsets"]
            numbers = np.frombuffer(data[begin:end], kinds[tensor["dtype"]])
            found[name] = numbers.reshape(tensor["shape"]).astype(np.float32)
    return found


class Graph:
    """Nodes and constants of a graph under construction."""

    def __init__(self, tensors):
        self.tensors, self.nodes, self.constants = tensors, [], []

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def linear(self, x, name):
        weight = self.constant(self.tensors[f"{name}.weight"].T)
        return self.op("Add", self.op("MatMul", x, weight), self.constant(self.tensors[f"{name}.bias"]))

    def norm(self, x, name, epsilon):
        scale, shift = (self.constant(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)


def build(folder):
    """The serialised graph: ids and mask in, vectors of length 1 out (mean pooling)."""
    with open(f"{folder}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    graph = Graph(weights(f"{folder}/model.safetensors"))
    width, heads, epsilon = config["hidden_size"], config["num_attention_heads"], config["layer_norm_eps"]
    ints = lambda *numbers: graph.constant(np.array(numbers, np.int64))
    floats = lambda number: graph.constant(np.array(number, np.float32))
    words = graph.op("Gather", graph.constant(graph.tensors["embeddings.word_embeddings.weight"]), "ids")
    length = graph.op("Slice", graph.op("Shape", "ids"), ints(1), ints(2))
    positions = graph.constant(graph.tensors["embeddings.position_embeddings.weight"])
    positions = graph.op("Slice", positions, ints(0), length, ints(0))
    kind = graph.constant(graph.tensors["embeddings.token_type_embeddings.weight"][0])
    x = graph.op("Add", graph.op("Add", words, positions), kind)
    x = graph.norm(x, "embeddings.LayerNorm", epsilon)
    hidden = graph.op("Mul", graph.op("Sub", floats(1.0), "mask"), floats(-1e9))
    hidden = graph.op("Unsqueeze", hidden, ints(1, 2))
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"

        def parts(which, order):
            y = graph.linear(x, f"{name}.attention.self.{which}")
            y = graph.op("Reshape", y, ints(0, 0, heads, width // heads))
            return graph.op("Transpose", y, perm=order)

        scores = graph.op("MatMul", parts("query", [0, 2, 1, 3]), parts("key", [0, 2, 3, 1]))
        scores = graph.op("Add", graph.op("Div", scores, floats((width // heads) ** 0.5)), hidden)
        y = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), parts("value", [0, 2, 1, 3]))
        y = graph.op("Reshape", graph.op("Transpose", y, perm=[0, 2, 1, 3]), ints(0, 0, width))
        y = graph.linear(y, f"{name}.attention.output.dense")
        x = graph.norm(graph.op("Add", y, x), f"{name}.attention.output.LayerNorm", epsilon)
        y = graph.op("Gelu", graph.linear(x, f"{name}.intermediate.dense"))
        y = graph.linear(y, f"{name}.output.dense")
        x = graph.norm(graph.op("Add", y, x), f"{name}.output.LayerNorm", epsilon)
    pooled = graph.op("ReduceSum", graph.op("Mul", x, graph.op("Unsqueeze", "mask", ints(2))), ints(1), keepdims=0)
    graph.op("LpNormalization", pooled, axis=-1, p=2)
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["batch", "length"]),
    ]
    last = graph.nodes[-1].output[0]
    outputs = [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["batch", width])]
    made = helper.make_graph(graph.nodes, "bert", inputs, outputs, graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9).SerializeToString()


def main():
    request = json.loads(sys.stdin.readline())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(build(request["folder"]), options, ["CPUExecutionProvider"])
    feeds = []
    for batch in request["batches"]:
        longest = max(map(len, batch))
        ids = np.array([text + [0] * (longest - len(text)) for text in batch], np.int64)
        mask = np.array([[1.0] * len(text) + [0.0] * (longest - len(text)) for text in batch], np.float32)
        feeds.append({"ids": ids, "mask": mask})
    vectors = [session.run(None, feed)[0] for feed in feeds]
    cpu = []
    for _ in range(request["rounds"]):
        begin = time.process_time()
        for feed in feeds:
            session.run(None, feed)
        cpu.append(time.process_time() - begin)
    vectors = np.concatenate(vectors).tolist() if vectors else []
    print(json.dumps({"version": onnxruntime.__version__, "cpu": cpu, "vectors": vectors}))


main()
