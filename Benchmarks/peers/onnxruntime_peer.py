"""ONNX Runtime on the processor, all graph optimisations, arrays bound once; inference only."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import workloads
from peers import protocol

node = helper.make_node


def caller(nodes, inputs, output, shape, weights=None):
    """A session on the nodes, with inputs by name and one output of that shape bound."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in inputs.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = protocol.THREADS
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for name, value in inputs.items():
        binding.bind_cpu_input(name, value)
    result = np.empty(shape, "float32")
    binding.bind_output(output, "cpu", 0, np.float32, result.shape, result.ctypes.data)

    def step():
        session.run_with_iobinding(binding)
        return result

    return step


def mlp_infer(arrays, workload):
    weights = protocol.parameters(arrays, "x", "y")
    nodes = [
        node("Gemm", ["x", "w1", "b1"], ["a"]),
        node("Tanh", ["a"], ["b"]),
        node("Gemm", ["b", "w2", "b2"], ["c"]),
        node("Softmax", ["c"], ["p"], axis=1),
    ]
    return caller(nodes, {"x": arrays["x"]}, "p", (1, 10), weights)


def cnn_infer(arrays, workload):
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["a"], pads=[2, 2, 2, 2]),
        node("Tanh", ["a"], ["b"]),
        node("AveragePool", ["b"], ["c"], **pool),
        node("Conv", ["c", "w2", "b2"], ["d"]),
        node("Tanh", ["d"], ["e"]),
        node("AveragePool", ["e"], ["f"], **pool),
        node("Flatten", ["f"], ["g"]),
        node("Gemm", ["g", "w3", "b3"], ["h"]),
        node("Tanh", ["h"], ["i"]),
        node("Gemm", ["i", "w4", "b4"], ["j"]),
        node("Tanh", ["j"], ["k"]),
        node("Gemm", ["k", "w5", "b5"], ["l"]),
        node("Softmax", ["l"], ["p"], axis=1),
    ]
    weights = protocol.parameters(arrays, "x", "y")
    return caller(nodes, {"x": arrays["x"]}, "p", (arrays["x"].shape[0], 10), weights)


def elementwise(arrays, workload):
    nodes = [
        node("Mul", ["a", "b"], ["e"]),
        node("Add", ["e", "c"], ["f"]),
        node("Tanh", ["f"], ["g"]),
        node("Sigmoid", ["d"], ["h"]),
        node("Mul", ["g", "h"], ["y"]),
    ]
    return caller(nodes, arrays, "y", arrays["a"].shape)


def product(arrays, workload):
    m, n, _, transposed = workloads.product(workload.key)
    return caller([node("Gemm", ["a", "b"], ["c"], transA=int(transposed))], arrays, "c", (m, n))


WORKLOADS = {
    "mlp_infer_b1": mlp_infer,
    "cnn_infer": cnn_infer,
    "elementwise": elementwise,
    **protocol.gemms(product),
}

if __name__ == "__main__":
    protocol.serve("ONNX Runtime " + onnxruntime.__version__, WORKLOADS)
