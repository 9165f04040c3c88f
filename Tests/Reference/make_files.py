#!/usr/bin/env python3
"""Writes the small tensor files that the tests read, with NumPy itself.

usage: make_files.py [FOLDER]    (default: ../RuntimeTests/Fixtures beside this script)

Every array holds 0, 1, 2, ... in row-major order, scaled by what its type can show, so that the
tests know the values without a second file. The .safetensors files are put together by hand from
the format's description, as no package is needed for that.
"""

import io
import json
import os
import struct
import sys
import zipfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../RuntimeTests/Fixtures")


def path(name):
    return os.path.join(FOLDER, name)


def counting(dtype, shape=(2, 3)):
    count = int(np.prod(shape))
    return (np.arange(count) - 1).astype(dtype).reshape(shape)


def npy(name, array, version=None):
    with open(path(name), "wb") as file:
        np.lib.format.write_array(file, array, version=version, allow_pickle=True)


def npy_files():
    for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8"):
        npy(f"{code}.npy", counting("<" + code) * (1.5 if code[0] == "f" else 1))
        if code != "i1":
            npy(f"{code}-big.npy", (counting(">" + code) * (1.5 if code[0] == "f" else 1)).astype(">" + code))
    for code in ("u1", "u2", "u4", "u8"):
        npy(f"{code}.npy", np.arange(6).astype("<" + code).reshape(2, 3))
    npy("b1.npy", np.array([True, False, True]))
    npy("scalar.npy", np.float32(2.5))
    npy("empty.npy", np.zeros((0, 3), "<f4"))
    npy("fortran.npy", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
    npy("fortran-big.npy", np.asfortranarray(np.arange(6, dtype=">i8").reshape(2, 3)))
    npy("version2.npy", counting("<f4"), version=(2, 0))
    npy("version3.npy", counting("<f4"), version=(3, 0))
    npy("special.npy", np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4028235e38], "<f4"))
    npy("half-special.npy", np.array([np.nan, np.inf, -0.0, 6e-8, 6.1e-5, 65504], "<f2"))
    npy("u8-large.npy", np.array([2**63], "<u8"))
    npy("object.npy", np.array([None, {}], dtype=object))
    npy("complex.npy", np.array([1j]))
    npy("string.npy", np.array(["a", "bc"]))
    npy("record.npy", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))


def npz_files():
    arrays = {"x": counting("<f4"), "gradient:x": counting("<f8"), "s": np.int64(7)}
    np.savez(path("stored.npz"), **arrays)
    np.savez_compressed(path("deflated.npz"), big=np.zeros((100, 100), "<f4"), **arrays)
    # With a member that is no array and one that is refused: neither is in the way.
    with zipfile.ZipFile(path("mixed.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "hello")
        for name, array in (("x", counting("<f4")), ("o", np.array([None], dtype=object))):
            data = io.BytesIO()
            np.lib.format.write_array(data, array, allow_pickle=True)
            archive.writestr(name + ".npy", data.getvalue())
        archive.comment = b"PK\x05\x06 is not the end"


def safetensors(name, tensors, metadata=None):
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for key, code, shape, content in tensors:
        header[key] = {"dtype": code, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path(name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def safetensors_files():
    def halves(top):
        return counting("<f4").view("<u4").__rshift__(16).astype("<u2").tobytes() if top else b""

    safetensors(
        "all.safetensors",
        [
            ("f64", "F64", [2, 3], counting("<f8").tobytes()),
            ("i64", "I64", [6], counting("<i8").tobytes()),
            ("f32", "F32", [2, 3], counting("<f4").tobytes()),
            ("i32", "I32", [3, 2], counting("<i4").tobytes()),
            ("bf16", "BF16", [2, 3], halves(True)),
            ("f16", "F16", [2, 3], counting("<f2").tobytes()),
            ("u8", "U8", [2], bytes([0, 255])),
            ("bool", "BOOL", [2], bytes([0, 1])),
            ("empty", "F32", [0, 2], b""),
            ("größe \"x\"", "F32", [], np.float32(2.5).tobytes()),
        ],
        {"made by": "make_files.py", "epoch": "3"},
    )


os.makedirs(FOLDER, exist_ok=True)
npy_files()
npz_files()
safetensors_files()
