"""The virtual environment of the peers: made and filled when first needed.

NNCC_BENCH_PYTHON names another interpreter, into which nothing is installed. A package that cannot be installed or
imported is left out with one line on standard error.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
# PyTorch's default wheel brings CUDA's libraries; this index has the build for the processor alone.
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
# The package to import and the ways to install it, tried in turn.
PACKAGES = {
    "numpy": [["numpy"]],
    "jax": [["jax"]],
    "torch": [["--index-url", TORCH_INDEX, "torch"], ["torch"]],
    "onnxruntime": [["onnxruntime", "onnx"]],
    "tinygrad": [["tinygrad"]],
    "pytensor": [["pytensor"]],
}
IMPORTS = {"onnxruntime": "import onnxruntime, onnx"}


def imports(python, package):
    """Why the package cannot be imported; nil where it can."""
    statement = IMPORTS.get(package, "import " + package)
    done = subprocess.run([python, "-c", statement], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or ["it ends with status " + str(done.returncode)])[-1]


def install(python, package):
    for arguments in PACKAGES[package]:
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode == 0 and imports(python, package) is None:
            return


def interpreter():
    """The interpreter of the peers."""
    named = os.environ.get("NNCC_BENCH_PYTHON")
    if named:
        return named
    python = os.path.join(VENV, "bin/python")
    if not os.path.exists(python):
        print("making Benchmarks/.venv", file=sys.stderr)
        subprocess.check_call([sys.executable, "-m", "venv", VENV])
    return python


def available(python, wanted):
    """Those of the packages that can be imported, installed where they are missing and may be."""
    found = []
    for package in wanted:
        reason = imports(python, package)
        if reason and not os.environ.get("NNCC_BENCH_PYTHON"):
            print(f"installing {package}", file=sys.stderr)
            install(python, package)
            reason = imports(python, package)
        if reason:
            print(f"{package} is left out: {reason}", file=sys.stderr)
        else:
            found.append(package)
    return found
