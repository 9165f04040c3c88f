#!/usr/bin/env python3
"""Holds the C that nncc emits against what it promises, from outside.

usage: c_abi.py NNCC [--only NAME,NAME] [--keep FOLDER] [--jobs N] [--optimizer NAME]

Every graph of c_abi_cases.py is compiled; then the text, the header, the symbols, the stack use and
the results are looked at. Results are bytes: a small C program, written here from what the header
declares, calls each function, and what it gives must equal `nncc run` and `nncc train` to the bit
under every compiler that is found, at every level, in a workspace of exactly the size declared. One step is worked out here for sgd;
100 steps of any optimiser must come to what `nncc train` comes to.
Exits with 1 if anything is off, and says what was skipped.
"""

import argparse
import json
import math
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

from c_abi_cases import CASES, CLASHES, ODD_NAMES

STRICT = ("-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wstrict-prototypes "
          "-Wvla -Werror -O2").split()
ALLOWED_UNDEFINED = {"memcpy", "memmove", "memset", "memcmp"}
STACK_LIMIT = 16 * 1024
DTYPES = {"float": ("f", "F32", "<f4"), "double": ("d", "F64", "<f8"), "int32_t": ("i", "I32", "<i4"),
          "int64_t": ("q", "I64", "<i8"), "uint8_t": ("B", "BOOL", "|b1")}

arguments = argparse.ArgumentParser()
arguments.add_argument("nncc")
arguments.add_argument("--only", default="")
arguments.add_argument("--keep", default="")
arguments.add_argument("--jobs", type=int, default=os.cpu_count())
arguments.add_argument("--optimizer", default="sgd")
options = arguments.parse_args()
NNCC = os.path.abspath(options.nncc)
FOLDER = os.path.abspath(options.keep) if options.keep else tempfile.mkdtemp(prefix="c_abi-")
os.makedirs(FOLDER, exist_ok=True)
FOUND = {name: shutil.which(name) for name in ("gcc", "clang", "g++", "clang++", "tcc", "nm", "size")}
failures = []
checks = 0


def check(condition, what, detail=""):
    global checks
    checks += 1
    if not condition:
        failures.append(what)
        print(f"FAILED {what}" + (f"\n    {str(detail).strip()[:500]}" if detail else ""), flush=True)
    return condition


def call(command, folder=FOLDER, **keywords):
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, timeout=300, **keywords)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, b"", b"took longer than 300 s")


def output_of(result):
    return (result.stdout + result.stderr).decode(errors="replace")


# MARK: Files that nncc reads and writes


def write_npz(path, tensors):
    with zipfile.ZipFile(path, "w") as archive:
        for name, (ctype, shape, values) in tensors.items():
            code, _, descr = DTYPES[ctype]
            text = repr({"descr": descr, "fortran_order": False, "shape": tuple(shape)})
            header = (text + " " * (117 - len(text) % 64) + "\n").encode()
            header = header if (len(header) + 10) % 64 == 0 else (text + " " * ((53 - len(text)) % 64) + "\n").encode()
            data = struct.pack(f"<{len(values)}{code}", *values)
            archive.writestr(name + ".npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


def read_npz(path):
    result = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            raw = archive.read(name)
            size = struct.unpack("<H", raw[8:10])[0] if raw[6] == 1 else struct.unpack("<I", raw[8:12])[0]
            result[name[:-4]] = raw[(10 if raw[6] == 1 else 12) + size:]
    return result


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, (ctype, shape, values) in tensors.items():
        code, dtype, _ = DTYPES[ctype]
        part = struct.pack(f"<{len(values)}{code}", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    raw = open(path, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    data = raw[8 + size:]
    return {name: data[slice(*entry["data_offsets"])] for name, entry in json.loads(raw[8:8 + size]).items()
            if name != "__metadata__"}


# MARK: What the header declares


class Parameter:
    """One parameter of a function, or a field of the parameters' struct."""

    def __init__(self, text):
        match = re.fullmatch(r"(const )?(\w+) (\*?)(\w+)(?:\[(.*)\])?", text.strip())
        assert match, text
        self.const, self.type, self.name = bool(match[1]), match[2], match[4]
        self.is_pointer = bool(match[3]) or match[5] is not None
        extents = (match[5] or "1").replace("(size_t)", "")
        self.count = math.prod(int(extent) for extent in extents.split("*"))


class Header:
    def __init__(self, text, prefix):
        self.prefix, self.text = prefix, text
        plain = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self.macros = dict(re.findall(r"^#define (\w+) (\d+)$", plain, re.M))
        struct_text = re.search(r"typedef struct \w+_params \{(.*?)\}", plain, re.S)
        self.fields = [Parameter(line) for line in struct_text[1].split(";") if line.strip()] if struct_text else []
        self.functions = {}
        for match in re.finditer(r"^(?:int|void) +" + re.escape(prefix) + r"_(\w+)\((.*?)\);", plain, re.M | re.S):
            self.functions[match[1]] = [Parameter(" ".join(part.split())) for part in match[2].split(",")]

    def workspace(self, function):
        return int(self.macros.get(f"{self.prefix.upper()}_{function.upper()}_WORKSPACE", 0))


DRIVER = r"""
#include "@H"
#include "@H"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fill(void *to, size_t size) {
  if (size != 0 && fread(to, 1, size, stdin) != size) exit(9);
}
static void show(const void *from, size_t size) { fwrite(from, 1, size, stdout); }
static void *exactly(size_t size) {
  void *memory = malloc(size);
  if (memory == NULL && size != 0) exit(8);
  if (size != 0) memset(memory, 0xA5, size);
  return memory;
}
#define GUARD 256
static unsigned char *workspace_of(size_t size) {
  void *memory = NULL;
  if (size == 0) return NULL;
  size_t tail = 0;
#ifndef EXACT
  tail = GUARD;
#endif
  if (posix_memalign(&memory, 64, size + tail) != 0) exit(8);
  memset(memory, 0xA5, size + tail);
  return (unsigned char *)memory;
}
static void guarded(const unsigned char *memory, size_t size) {
#ifndef EXACT
  if (size != 0)
    for (int i = 0; i < GUARD; i++)
      if (memory[size + (size_t)i] != 0xA5) exit(7);
#endif
  (void)memory, (void)size;
}
@FUNCTIONS
int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "";
  const long times = count > 2 ? atol(words[2]) : 1;
  (void)times;
@CALLS
  return 6;
}
"""


def driver(header, stem):
    """A program whose first word chooses a function; arguments come from its input, results go to its output."""
    p, functions, calls = header.prefix, "", ""
    for name in ("forward", "gradient", "step"):
        if name not in header.functions:
            continue
        body, words, after, releases = "", [], "", ""
        for q in header.functions[name]:
            size = f"{max(q.count, 1)} * sizeof({q.type})"
            if q.name == "workspace":
                macro = f"{p.upper()}_{name.upper()}_WORKSPACE"
                body += f"  unsigned char *const m_workspace = workspace_of({macro});\n"
                after += f"  guarded(m_workspace, {macro});\n"
                words.append("m_workspace")
            elif q.type == p + "_params":
                body += f"  {q.type} *const m_{q.name} = ({q.type} *)exactly(sizeof({q.type}));\n"
                for f in header.fields if q.name == "params" else []:
                    body += f"  fill(m_params->{f.name}, @SIZE({f.name}));\n"
                for f in header.fields if not q.const else []:
                    after += f"  show(m_{q.name}->{f.name}, @SIZE({f.name}));\n"
                words.append("m_" + q.name)
            elif q.type == p + "_optimizer":
                body += f"  {q.type} *const m_state = ({q.type} *)exactly(sizeof({q.type}));\n"
                body += f"  memset(m_state, 0, sizeof({q.type}));\n  {p}_optimizer_init(m_state);\n"
                words.append("m_state")
            elif not q.is_pointer:
                body += f"  {q.type} m_rate;\n  fill(&m_rate, sizeof m_rate);\n"
                words.append("m_rate")
            else:
                body += f"  {q.type} *const m_{q.name} = ({q.type} *)exactly({size});\n"
                if q.const:
                    body += f"  fill(m_{q.name}, @SIZE({name}.{q.name}));\n"
                else:
                    after += f"  show(m_{q.name}, @SIZE({name}.{q.name}));\n"
                words.append("m_" + q.name)
            if words[-1] != "m_rate":
                releases += f"  free({words[-1]});\n"
        functions += (f"static int run_{name}(long times) {{\n{body}  for (long k = 0; k < times; k++) {{\n"
                      f"    const int code = {p}_{name}({', '.join(words)});\n    if (code != 0) return code;\n  }}\n"
                      f"{after}{releases}  return 0;\n}}\n")
        calls += f'  if (strcmp(what, "{name}") == 0) return run_{name}(times);\n'
    if header.fields:
        shows = "".join(f"    show(m->{f.name}, @SIZE({f.name}));\n" for f in header.fields)
        calls += (f'  if (strcmp(what, "init") == 0) {{\n    {p}_params *m = ({p}_params *)exactly(sizeof({p}_params));\n'
                  f"    {p}_init(m, (uint64_t)times);\n{shows}    free(m);\n    return 0;\n  }}\n")
        shows = shows.replace("m->", f"{p}_trained.")
        calls += f'#ifdef TRAINED\n  if (strcmp(what, "trained") == 0) {{\n{shows}    return 0;\n  }}\n#endif\n'
    return DRIVER.replace("@H", stem + ".h").replace("@FUNCTIONS", functions).replace("@CALLS", calls)


# MARK: One case


def types_of(case):
    """Inputs and parameters of the lowered graph: name -> (C type, shape)."""
    dims = [word for k, word in enumerate(case.options) if k > 0 and case.options[k - 1] == "--dim"]
    words = [word for dim in dims for word in ("--dim", dim)]
    text = output_of(call([NNCC, "compile", case.name + ".graph", "--emit", "ir", *words]))
    ctypes = {"f32": "float", "f64": "double", "i32": "int32_t", "i64": "int64_t", "bool": "uint8_t"}
    inputs, parameters = {}, {}
    for match in re.finditer(r'"?(\w+)"?: (parameter|input) (\w+)\[([\d, ]*)\]', text):
        shape = [int(size) for size in match[4].split(",") if size.strip()]
        (inputs if match[2] == "input" else parameters)[match[1]] = (ctypes[match[3]], shape)
    return inputs, parameters


def values_of(ctype, count, source):
    if ctype == "uint8_t":
        return [source.randint(0, 1) for _ in range(count)]
    if ctype in ("int32_t", "int64_t"):
        limit = 2**31 if ctype == "int32_t" else 2**63
        special = [0, 3, -3, limit - 1, -limit, 7]
        return [special[k % 6] if k < 6 else source.randint(-9, 9) for k in range(count)]
    values = [source.uniform(-2, 2) for _ in range(count)]
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e-40, 1.0, -1.0, 3e38]
    if count == 37:
        values[:9] = special
    code = DTYPES[ctype][0]
    return list(struct.unpack(f"{count}{code}", struct.pack(f"{count}{code}", *values)))


def same(ctype, left, right):
    """Equal bits, but for the payloads of NaN."""
    if left == right:
        return True
    code = DTYPES[ctype][0]
    if len(left) != len(right) or code not in "fd":
        return False
    width = struct.calcsize(code)
    for k in range(0, len(left), width):
        a, b = left[k:k + width], right[k:k + width]
        if a != b and not all(math.isnan(struct.unpack(code, v)[0]) for v in (a, b)):
            return False
    return True


class Model:
    def __init__(self, case):
        self.case, self.stem = case, case.name
        self.prefix = case.options[case.options.index("--name") + 1] if "--name" in case.options else case.name

    def path(self, ending):
        return os.path.join(FOLDER, self.stem + ending)

    def emit(self):
        case = self.case
        with open(self.path(".graph"), "w") as file:
            file.write(case.text)
        words = [NNCC, "compile", case.name + ".graph", *case.options, "-o", self.stem]
        words += ["--optimizer", options.optimizer] if case.has_step else []
        result = call(words)
        if not check(result.returncode == 0, f"{self.stem}: compile", output_of(result)):
            return False
        self.source, header = open(self.path(".c")).read(), open(self.path(".h")).read()
        again = os.path.join(FOLDER, "again-" + self.stem)
        os.makedirs(again, exist_ok=True)
        call([NNCC, "compile", "../" + case.name + ".graph", *words[3:]], folder=again)
        for ending, text in ((".c", self.source), (".h", header)):
            other = os.path.join(again, self.stem + ending)
            check(os.path.exists(other) and open(other).read() == text, f"{self.stem}: {ending} differs from another folder")
            check(FOLDER not in text, f"{self.stem}: a path in {ending}")
        self.header = Header(header, self.prefix)
        self.inputs, self.parameters = types_of(case)
        self.look_at_header()
        return True

    def look_at_header(self):
        header, case = self.header, self.case
        for function, wanted in case.expect.items():
            found = header.functions.get(function)
            if wanted is None:
                check(found is None, f"{self.stem}: has {function}")
                continue
            names = [q.name for q in found or [] if q.name not in ("state", "learning_rate", "workspace")]
            check(names == wanted.split(), f"{self.stem}: arguments of {function}", f"{names}, expected {wanted.split()}")
        if case.fields:
            check([f.name for f in header.fields] == case.fields, f"{self.stem}: fields", [f.name for f in header.fields])
        for function, parameters in header.functions.items():
            if function in ("forward", "gradient", "step"):
                check(parameters[-1].name == "workspace", f"{self.stem}: {function} ends in the workspace")
        includes = set(re.findall(r"#include (<.*?>)", self.source + header.text))
        check(includes <= {"<stddef.h>", "<stdint.h>", "<emmintrin.h>", "<immintrin.h>", "<arm_neon.h>"},
              f"{self.stem}: includes", includes)

    # What compilers say

    def compile_quietly(self):
        stem = self.stem
        trial = [("gcc", ["-std=c99", *STRICT]), ("clang", ["-std=c99", *STRICT]), ("gcc", ["-std=c99", *STRICT, "-march=native"]),
                 ("clang", ["-std=c99", *STRICT, "-march=native"]), ("gcc", ["-std=c99", *STRICT, "-O3"]),
                 ("gcc", ["-std=c17", "-Wall", "-Wextra", "-Werror", "-O0"])]
        plus = [flag for flag in STRICT if flag != "-Wstrict-prototypes"]
        trial += [("g++", ["-x", "c++", "-std=c++17", *plus]), ("clang++", ["-x", "c++", "-std=c++17", *plus]), ("tcc", ["-Wall"])]
        files = [stem + ".c"] + ([stem + "_params.c"] if os.path.exists(self.path("_params.c")) else [])
        for compiler, flags in trial:
            if not FOUND[compiler]:
                continue
            for file in files:
                if compiler == "tcc" and self.stem == "huge":
                    print("skipped: huge with tcc, whose arrays have less than 2 GiB")
                    continue
                if compiler == "tcc" and " NN_NAN_f" in open(os.path.join(FOLDER, file)).read().split("#endif")[-1]:
                    print(f"skipped: {file} with tcc, which has no constant that is NaN")
                    continue
                result = call([compiler, *flags, "-c", file, "-o", f"{stem}.quiet.o"])
                text = output_of(result)
                check(result.returncode == 0 and not text.strip(), f"{file}: {compiler} {' '.join(flags)}", text)
                if file == stem + ".c" and result.returncode == 0 and "-march=native" not in flags:
                    self.look_at_symbols(f"{stem}.quiet.o", compiler)

    def look_at_symbols(self, file, compiler):
        if compiler == "tcc" or not FOUND["nm"]:
            return
        wanted = {f"{self.prefix}_{name}" for name in self.header.functions}
        undefined, exported = set(), set()
        for line in output_of(call(["nm", file])).splitlines():
            kind, name = line.split()[-2:]
            if kind == "U":
                undefined.add(name)
            elif kind.isupper():
                exported.add(name)
            check(kind not in "BbDdGgSsC", f"{self.stem}: mutable data {name} ({compiler})")
        check(undefined <= ALLOWED_UNDEFINED, f"{self.stem}: undefined under {compiler}", undefined)
        check(exported == wanted, f"{self.stem}: exports under {compiler}", exported ^ wanted)

    def look_at_stack(self):
        for compiler in ("gcc", "clang"):
            for flags in (["-O0"], ["-O2"], ["-O3", "-march=native"]):
                if not FOUND[compiler]:
                    continue
                file = f"{self.stem}.su.o"
                result = call([compiler, "-std=c99", *flags, "-fstack-usage", "-c", self.stem + ".c", "-o", file])
                if not check(result.returncode == 0, f"{self.stem}: {compiler} {flags}", output_of(result)):
                    continue
                self.look_at_symbols(file, compiler)
                for line in open(self.path(".su.su")).read().splitlines():
                    where, size, kind = line.rsplit("\t", 2)
                    check(int(size) <= STACK_LIMIT and kind != "dynamic", f"{self.stem}: stack of {where.split(':')[-1]}, {compiler} {flags}", f"{size} {kind}")

    # What it computes

    def prepare(self):
        source = random.Random(self.stem)
        self.input_values = {name: (ctype, shape, values_of(ctype, math.prod(shape), source))
                             for name, (ctype, shape) in self.inputs.items()}
        write_npz(self.path(".npz"), self.input_values)
        given = ["--input", self.stem + ".npz"] if self.inputs else []
        dims = [word for k, word in enumerate(self.case.options) if word == "--dim" or k > 0 and self.case.options[k - 1] == "--dim"]
        self.expected = {}
        function = [NNCC, "run", self.case.name + ".graph", *given, *dims, "--seed", "7", "--backend", "interpreter"]
        result = call([*function, "-o", self.stem + ".out.npz"])
        if not check(result.returncode == 0, f"{self.stem}: nncc run", output_of(result)):
            return False
        self.expected = read_npz(self.path(".out.npz"))
        if "gradient" in self.header.functions:
            result = call([*function, "--grad", "-o", self.stem + ".grad.npz"])
            if check(result.returncode == 0, f"{self.stem}: nncc run --grad", output_of(result)):
                self.expected.update(read_npz(self.path(".grad.npz")))
        self.initial = {}
        if self.parameters:
            # A training of no epochs saves the initial parameters; its table is never used but for its columns.
            self.write_table()
            result = call([NNCC, "train", self.case.name + ".graph", *dims, "--data", self.stem + ".csv", "--epochs", "0", "--seed", "7",
                           *self.columns, "--save", self.stem + ".init.safetensors"])
            if result.returncode == 0:
                self.initial = read_safetensors(self.path(".init.safetensors"))
        text = driver(self.header, self.stem)
        counts = {f.name: math.prod(shape) for f, (_, shape) in zip(self.header.fields, self.parameters.values())}
        for name in ("forward", "gradient", "step"):
            for q in self.header.functions.get(name, []):
                counts[f"{name}.{q.name}"] = 0 if q.count == 1 and self.is_empty(q) else q.count
        ctypes = {f.name: f.type for f in self.header.fields}
        for name in ("forward", "gradient", "step"):
            ctypes.update({f"{name}.{q.name}": q.type for q in self.header.functions.get(name, [])})
        text = re.sub(r"@SIZE\(([\w.]+)\)", lambda m: f"(size_t){counts[m[1]]} * sizeof({ctypes[m[1]]})", text)
        with open(self.path(".main.c"), "w") as file:
            file.write(text)
        return True

    def is_empty(self, q):
        name = q.name if q.name in self.inputs or q.name in self.expected else q.name.rstrip("_")
        if name in self.inputs:
            return math.prod(self.inputs[name][1]) == 0
        return name in self.expected and len(self.expected[name]) == 0

    def write_table(self):
        """All inputs as columns of a table, the leading axis as its rows."""
        self.columns, header, rows = [], [], None
        for name, (ctype, shape, values) in self.input_values.items():
            if not shape or shape[0] == 0 or rows is not None and len(rows) != shape[0]:
                continue
            width = math.prod(shape[1:])
            rows = rows if rows is not None else [[] for _ in range(shape[0])]
            header += [f"{name}{k}" for k in range(width)]
            self.columns += ["--column", f"{name}={name}0..{name}{width - 1}" if width > 1 else f"{name}={name}0"]
            for r in range(shape[0]):
                rows[r] += [repr(v) for v in values[r * width:(r + 1) * width]]
        with open(self.path(".csv"), "w") as file:
            file.write(",".join(header or ["none"]) + "\n")
            file.writelines(",".join(row) + "\n" for row in rows or [["0"]])

    def stdin_for(self, function):
        data, position = b"", 0
        for q in self.header.functions[function]:
            if q.name == "workspace" or q.type.endswith("_optimizer"):
                continue
            if q.type.endswith("_params"):
                if q.name == "params":
                    data += b"".join(self.initial[name] for name in self.parameters)
            elif not q.is_pointer:
                data += struct.pack(DTYPES[q.type][0], 0.1)
            elif q.const:
                name = self.input_name(function, position)
                position += 1
                ctype, _, values = self.input_values[name]
                data += struct.pack(f"{len(values)}{DTYPES[ctype][0]}", *values)
        return data

    def input_name(self, function, position):
        """The graph's name of an argument: inputs keep the graph's order, so that clashing names cannot mislead."""
        matches = self.matched([q.name for q in self.inputs_of(function)], self.inputs)
        return matches[position]

    def inputs_of(self, function):
        return [q for q in self.header.functions[function]
                if q.const and q.is_pointer and not q.type.endswith("_params")]

    @staticmethod
    def matched(found, names):
        """Which of `names` each C name in `found` stands for, in order; some may have been left out."""
        rest, result = list(names), []
        for name in found:
            while rest and not (name.startswith(rest[0]) and not name[len(rest[0]):].strip("_")):
                rest.pop(0)
            result.append(rest.pop(0) if rest else name)
        return result

    def results_of(self, function, raw):
        """The bytes that the driver wrote, as (what, C type, found, expected)."""
        rows, position = [], 0
        outputs = [name for name in self.expected if not name.startswith("gradient:")]
        written = [q for q in self.header.functions[function]
                   if q.is_pointer and not q.const and q.name != "workspace" and "grad_" != q.name[:5] and q.type in DTYPES]
        names = dict(zip((q.name for q in written), self.matched([q.name for q in written], outputs)))

        def take(what, ctype, expected, count):
            nonlocal position
            size = count * struct.calcsize(DTYPES[ctype][0])
            rows.append((what, ctype, raw[position:position + size], expected))
            position += size

        for q in self.header.functions[function]:
            if q.name == "workspace" or q.const or not q.is_pointer or q.type.endswith("_optimizer"):
                continue
            if q.type.endswith("_params"):
                for name, (ctype, shape) in self.parameters.items():
                    count = math.prod(shape)
                    zeros = bytes(count * struct.calcsize(DTYPES[ctype][0]))
                    expected = self.expected.get("gradient:" + name, zeros) if q.name == "gradient" else self.stepped(name, ctype)
                    take(f"{q.name}->{name}", ctype, expected, count)
                continue
            name = names.get(q.name, q.name)
            if name.startswith("grad_") and not self.parameters and function == "gradient":
                name = "gradient:" + name[5:]
            while name not in self.expected and name.endswith("_"):
                name = name[:-1]
            expected = self.expected.get(name)
            take(name, q.type, expected, 0 if expected == b"" else q.count)
        rows.append(("end of output", "uint8_t", raw[position:], b""))
        return rows

    def stepped(self, name, ctype):
        """One step of SGD with rate 0.1 from the gradient that nncc gives."""
        code = DTYPES[ctype][0]
        before = self.initial[name]
        gradient = self.expected.get("gradient:" + name)
        if code not in "fd" or gradient is None:
            return before
        rate = struct.unpack(DTYPES[self.loss_type][0], struct.pack(DTYPES[self.loss_type][0], 0.1))[0]
        rounded = lambda v: struct.unpack(code, struct.pack(code, v))[0]
        count = len(before) // struct.calcsize(code)
        pairs = zip(struct.unpack(f"{count}{code}", before), struct.unpack(f"{count}{code}", gradient))
        return struct.pack(f"{count}{code}", *(p - rounded(rounded(rate) * g) for p, g in pairs))

    @property
    def loss_type(self):
        return next(q.type for q in self.header.functions["step"] if q.name == "learning_rate")

    def compare(self, function, raw, how):
        for what, ctype, found, expected in self.results_of(function, raw):
            if function == "step" and what.startswith("params->") and options.optimizer != "sgd":
                continue
            if not check(expected is not None and same(ctype, found, expected), f"{self.stem}: {function} {what}, {how}"):
                code = DTYPES[ctype][0]
                n = len(found) // struct.calcsize(code)
                pairs = [(k, a, b) for k, (a, b) in enumerate(zip(struct.unpack(f"{n}{code}", found), struct.unpack(f"{n}{code}", expected))) if a != b] if expected and len(expected) == len(found) else (len(found), None if expected is None else len(expected))
                print("   ", str(pairs)[:300])

    def run_all(self):
        native, fused = ["-march=native"], "nn_contract" in self.source
        ways = [(c, [o, *m]) for c in ("gcc", "clang") for o in ("-O0", "-O2", "-O3") for m in ([], native)]
        ways += [("gcc", ["-O2", "-march=native", "-std=gnu17"]), ("tcc", []),
                 ("g++", ["-x", "c++", "-std=c++17", "-O2", "-march=native"]),
                 ("clang++", ["-x", "c++", "-std=c++17", "-O2", "-march=native"])]
        ways += [(c, ["-O1", "-g", "-DEXACT", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *m]) for c in ("gcc", "clang") for m in (native, [])]
        for compiler, flags in ways:
            if not FOUND[compiler]:
                continue
            program = self.path(".program")
            files = [self.stem + ".c", self.stem + ".main.c"]
            trained = self.path("_params.c")
            if os.path.exists(trained) and not (compiler == "tcc" and " NN_NAN_f" in open(trained).read().split("#endif")[-1]):
                files.append(self.stem + "_params.c")
                flags = [*flags, "-DTRAINED"]
            result = call([compiler, *flags, *files, "-o", program])
            how = f"{compiler} {' '.join(flags)}"
            if not check(result.returncode == 0, f"{self.stem}: {how}", output_of(result)):
                continue
            # Without fused multiply-add in the target, products are rounded twice.
            equal = "-march=native" in flags or not fused
            self.run(program, how, equal)

    def run(self, program, how, equal):
        if self.parameters and self.initial:
            result = call([program, "init", "7"])
            if check(result.returncode == 0, f"{self.stem}: init, {how}", output_of(result)):
                wanted = b"".join(self.initial[name] for name in self.parameters)
                check(result.stdout == wanted or self.same_parameters(result.stdout), f"{self.stem}: init, {how}")
            if "-DTRAINED" in how:
                result = call([program, "trained"])
                check(self.same_parameters(result.stdout), f"{self.stem}: trained, {how}")
        if self.parameters and not self.initial:
            return
        for function in ("forward", "gradient", "step"):
            if function not in self.header.functions:
                continue
            result = call([program, function, "1"], input=self.stdin_for(function))
            if check(result.returncode == 0, f"{self.stem}: {function}, {how}", f"exit {result.returncode} " + result.stderr.decode()) and equal:
                self.compare(function, result.stdout, how)
        if self.case.step_rows and equal:
            self.run_steps(program, how)

    def same_parameters(self, raw):
        position = 0
        for name, (ctype, _) in self.parameters.items():
            size = len(self.initial[name])
            if not same(ctype, raw[position:position + size], self.initial[name]):
                return False
            position += size
        return position == len(raw)

    def run_steps(self, program, how):
        saved = self.path(".hundred.safetensors")
        if not os.path.exists(saved):
            result = call([NNCC, "train", self.case.name + ".graph", "--data", self.stem + ".csv", *self.columns, "--epochs", "100",
                           "--no-shuffle", "--optimizer", options.optimizer, "--lr", "0.1", "--seed", "7", "--save", saved])
            check(result.returncode == 0, f"{self.stem}: nncc train", output_of(result))
        wanted = read_safetensors(saved)
        result = call([program, "step", "100"], input=self.stdin_for("step"))
        size = sum(len(wanted[name]) for name in self.parameters)
        check(result.stdout[-size:] == b"".join(wanted[name] for name in self.parameters)
              or result.stdout[:size] == b"".join(wanted[name] for name in self.parameters), f"{self.stem}: 100 steps, {how}")

    def write_trained(self):
        """Emits again with the initial parameters as trained ones."""
        if not (self.parameters and self.initial) or len(self.stem) > 12:
            return
        words = [NNCC, "compile", self.case.name + ".graph", *self.case.options, "-o", self.stem,
                 "--params", self.stem + ".init.safetensors"] + (["--optimizer", options.optimizer] if self.case.has_step else [])
        result = call(words)
        check(result.returncode == 0, f"{self.stem}: compile --params", output_of(result))
        check(open(self.path(".c")).read() == self.source, f"{self.stem}: --params changes the source")

    def examine(self):
        if not self.emit():
            return self
        if self.case.runs and self.prepare():
            self.write_trained()
            self.compile_quietly()
            self.look_at_stack()
            self.run_all()
        else:
            self.compile_quietly()
            self.look_at_stack()
        print(f"{self.stem}: looked at", flush=True)
        return self


def main():
    only = set(options.only.split(",")) - {""}
    cases = [case for case in CASES if not only or case.name in only]
    with ThreadPoolExecutor(options.jobs) as pool:
        models = list(pool.map(lambda case: Model(case).examine(), cases))
    if not only:
        import c_abi_whole
        c_abi_whole.examine(NNCC, FOLDER, FOUND, models, check, call)
    for name, path in FOUND.items():
        if not path:
            print(f"skipped: {name} is not installed")
    print(f"{checks} checks, {len(failures)} failed")
    if not options.keep:
        shutil.rmtree(FOLDER)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
