"""The processes that are measured: each answers lines by lines of JSON; see peers/protocol.py."""

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "out")
BENCH = os.path.join(HERE, "../.build-bench/release/nncc-bench-step")


@dataclass(frozen=True)
class Kind:
    """One that is measured."""

    key: str
    label: str
    # The package that it needs; none is nncc.
    package: str = ""
    variant: Tuple[str, ...] = ()
    # A pattern of the workloads that it does.
    does: str = ".*"

    @property
    def is_nncc(self):
        return not self.package


STEPS = "mlp_train.*|cnn_.*|birnn_train|transformer_train|elementwise|mlp_infer_b1|scalar_grad|cold"
KINDS = [
    Kind("tcc", "nncc libtcc"),
    Kind("cc", "nncc C compiler"),
    Kind("numpy", "NumPy", "numpy", does="mlp_.*|elementwise|scalar_grad|gemm_.*|cold"),
    Kind("jax", "JAX", "jax"),
    Kind("torch", "PyTorch", "torch", ("eager",), does=STEPS + "|gemm_.*"),
    Kind("torch-compile", "PyTorch compile", "torch", ("compile",), does=STEPS + "|compile_lstm|chain_.*"),
    Kind(
        "torch-full", "PyTorch compile, whole step", "torch", ("full",),
        does="mlp_train.*|cnn_train|scalar_grad",
    ),
    Kind("onnxruntime", "ONNX Runtime", "onnxruntime", does="mlp_infer_b1|cnn_infer|elementwise|gemm_.*"),
    Kind("tinygrad", "tinygrad", "tinygrad", does="mlp_.*|cnn_.*|elementwise|scalar_grad|gemm_.*|cold"),
    Kind("pytensor", "PyTensor", "pytensor", does="mlp_.*|scalar_grad|cold|chain_.*"),
]


class Failed(Exception):
    """A process ended, or said nothing in time; the text says which."""


def cores(threads):
    return set(sorted(os.sched_getaffinity(0))[:threads])


def environment(threads, cache):
    """Variables that libraries read when they are loaded: threads, no accelerators, and a folder for what compilers keep."""
    variables = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", NNCC_BENCH_THREADS=str(threads), NNCC_BENCH_CACHE=cache)
    for name in ("OMP", "MKL", "OPENBLAS", "BLIS", "NUMEXPR", "TORCHINDUCTOR_COMPILE"):
        variables[name + ("_THREADS" if name.startswith("TORCH") else "_NUM_THREADS")] = str(threads)
    variables.update(NUM_CPU_THREADS=str(threads), CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", DEV="CPU")
    variables.update(
        TORCHINDUCTOR_CACHE_DIR=os.path.join(cache, "inductor"),
        CACHEDB=os.path.join(cache, "tinygrad.db"),
        XDG_CACHE_HOME=os.path.join(cache, "xdg"),
    )
    variables.pop("XLA_FLAGS", None)
    if threads == 1:
        variables["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return variables


class Process:
    """One of a kind, doing a workload. `limit` is how many seconds an answer may take."""

    def __init__(self, kind, workload, graph, data, threads, python, cache, limit):
        self.kind, self.limit = kind, limit
        if kind.is_nncc:
            prefix = os.path.join(data, workload.data + ".")
            command = [BENCH, graph, prefix, kind.key, str(threads), repr(workload.rate), workload.part, workload.optimizer]
        else:
            module = f"peers.{kind.package}_peer"
            command = [python, "-m", module, workload.key, data, *kind.variant]
        self.messages = tempfile.TemporaryFile()
        self.buffer = b""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=HERE,
            env=environment(threads, cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.messages,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores(threads)),
        )
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def ask(self, line):
        """The answer to a line. Throws `Failed`, after which the process is gone."""
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        end = time.monotonic() + self.limit
        while b"\n" not in self.buffer:
            if not self.selector.select(max(0, end - time.monotonic())):
                self.kill()
                raise Failed(f"over {self.limit:.0f} s")
            piece = os.read(self.process.stdout.fileno(), 1 << 20)
            if not piece:
                self.kill()
                raise Failed(self.last_words())
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(text)

    def run(self, samples, calls=1):
        answer = self.ask(f"run {samples} {calls}")
        # What is not finite comes from nncc as a string.
        answer["checks"] = [float(value) for value in answer["checks"]]
        return answer

    def last_words(self):
        self.messages.seek(0)
        lines = [line for line in self.messages.read().decode(errors="replace").splitlines() if line.strip()]
        return (lines or [f"it ended with status {self.process.returncode}"])[-1].strip()[:200]

    def peak_memory(self):
        """The most that the process had in memory, in bytes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return None

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self):
        """Ends the process and what it started, and waits until all of it is gone: compilers that it started run on for a while."""
        deadline = time.time() + 5
        while time.time() < deadline:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                break
            self.process.poll()
            time.sleep(0.01)
        self.process.wait()
