"""What c_abi.py looks at besides single models: names, file names, options, linking, threads."""

import os
import re

THREADS = r"""
#include "mlp.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static mlp_params params;
static float x[5 * 33], y[5 * 10];
static mlp_params gradients[4];
static float losses[4];
static void *work(void *number) {
  const size_t n = (size_t)number;
  void *workspace = NULL;
  if (posix_memalign(&workspace, 64, MLP_GRADIENT_WORKSPACE + 64) != 0) return NULL;
  for (int k = 0; k < 200; k++) mlp_gradient(&params, x, y, &losses[n], &gradients[n], workspace);
  free(workspace);
  return NULL;
}
int main(void) {
  pthread_t threads[4];
  mlp_init(&params, 3);
  for (int k = 0; k < 5 * 33; k++) x[k] = (float)(k % 7) - 3;
  for (int k = 0; k < 5 * 10; k++) y[k] = (float)(k % 11 == 0);
  for (size_t n = 0; n < 4; n++) pthread_create(&threads[n], NULL, work, (void *)n);
  for (int n = 0; n < 4; n++) pthread_join(threads[n], NULL);
  for (int n = 1; n < 4; n++)
    if (losses[n] != losses[0] || memcmp(&gradients[n], &gradients[0], sizeof gradients[0]) != 0) return 1;
  return 0;
}
"""

PLAIN = "dim n = 2\nparam w : f32[n]\ninput x : f32[n]\nh = exp(x * w)\noutput h\nloss sum(h)\n"


def check_links(folder, found, models, check, call):
    """All models in one program, in C and in C++, whose headers are included together."""
    linked = [m for m in models if hasattr(m, "header") and m.prefix != "odd" and m.case.runs]
    names = [m.stem for m in linked]
    includes = "".join(f'#include "{name}.h"\n' for name in names for _ in (0, 1))
    references = "".join(f"  if (argc > 9) result += {m.prefix}_forward != 0;\n" for m in linked)
    program = f"{includes}int main(int argc, char **argv) {{\n  int result = 0;\n  (void)argc, (void)argv;\n{references}  return result;\n}}\n"
    for compiler, plus, file in (("gcc", "g++", "all.c"), ("clang", "clang++", "all.cpp")):
        with open(os.path.join(folder, file), "w") as out:
            out.write(program)
        if not (found[compiler] and found[plus]):
            continue
        objects = []
        for name in names:
            for source in (name + ".c", name + "_params.c"):
                if os.path.exists(os.path.join(folder, source)):
                    result = call([compiler, "-c", source, "-o", source + ".link.o"])
                    check(result.returncode == 0, f"link: {source}", result.stderr.decode())
                    objects.append(source + ".link.o")
        driver = plus if file.endswith("pp") else compiler
        result = call([driver, file, *objects, "-Wno-address", "-o", "all.program"])
        if check(result.returncode == 0, f"link all models, {driver}", result.stderr.decode()):
            check(call([os.path.join(folder, "all.program")]).returncode == 0, f"run all models, {driver}")


def check_names(models, check, names, clashes):
    """Odd names stay where they clash with nothing, and get underscores where they do."""
    for model in models:
        if model.stem != "odd_param" or not hasattr(model, "header"):
            continue
        fields = [f.name for f in model.header.fields]
        check(len(set(fields)) == len(names), "odd_param: fields are unique")
        for name, found in zip(names, fields):
            base = found.rstrip("_")
            check(found == name or base == name.rstrip("_") and len(found) > len(name), f"odd_param: {name} became {found}")
            if name in clashes:
                check(found != name, f"odd_param: {name} stayed")
        for name in ("main", "exp", "params", "workspace", "i0", "float_"):
            check(name in fields, f"odd_param: {name} did not stay", fields)


def check_stems(nncc, folder, found, check, call):
    """File names and prefixes of all kinds give C that compiles."""
    stems = ["2layer", "a-b.c", "caf\u00e9", "with space", "int", "main", "nn", "_x", "NULL", "exp", "...", "0", "\u65e5\u672c", "x" * 100,
             "star*", "percent%s", "a??b", "template"]
    for stem in stems:
        place = os.path.join(folder, "stems")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, stem + ".graph"), "w") as file:
            file.write(PLAIN)
        result = call([nncc, "compile", stem + ".graph", "--optimizer", "sgd", "-g"], folder=place)
        if not check(result.returncode == 0, f"stem {stem!r}", result.stderr.decode()):
            continue
        if check(os.path.exists(os.path.join(place, stem + ".c")), f"stem {stem!r}: no file"):
            for compiler, flags in (("gcc", ["-std=c99"]), ("g++", ["-x", "c++", "-std=c++17"])):
                if found[compiler]:
                    result = call([compiler, *flags, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", f"./{stem}.c", "-o", "x.o"], folder=place)
                    check(result.returncode == 0, f"stem {stem!r}, {compiler}", result.stderr.decode())


def check_injection(nncc, folder, check, call):
    """Text of file names cannot leave its comment, string or line."""
    place = os.path.join(folder, "odd-files")
    os.makedirs(place, exist_ok=True)
    for number, name in enumerate(["a*", "*\nint injected;\n", "q\"\n#error injected\n", "b\\", "c*\\\ninjected", "\x01\x7f", "??/"[:2] + "\n"]):
        with open(os.path.join(place, name + ".graph"), "w") as file:
            file.write("# */ int injected; /*\n" + PLAIN)
        result = call([nncc, "compile", name + ".graph", "-g", "-o", f"file{number}"], folder=place)
        if check(result.returncode == 0, f"file name {name!r}", result.stderr.decode()):
            text = open(os.path.join(place, f"file{number}.c")).read()
            check("\nint injected" not in text and "\n#error" not in text, f"file name {name!r}: text escapes")
            result = call(["gcc" if os.path.exists("/usr/bin/gcc") else "cc", "-std=c99", "-Wall", "-Werror", "-c", f"file{number}.c"], folder=place)
            check(result.returncode == 0, f"file name {name!r}: compiles", result.stderr.decode())


def check_options(nncc, folder, check, call):
    place = os.path.join(folder, "options")
    os.makedirs(os.path.join(place, "deep"), exist_ok=True)
    with open(os.path.join(place, "m.graph"), "w") as file:
        file.write(PLAIN)

    def status(words, wanted, **keywords):
        result = call([nncc, "compile", *words], folder=place, **keywords)
        check(result.returncode == wanted, f"compile {' '.join(words)}: exit {result.returncode}, not {wanted}", result.stderr.decode())
        return result

    status(["m.graph", "-o", "deep/other", "--name", "pre"], 0)
    text = open(os.path.join(place, "deep/other.c")).read()
    check('#include "other.h"' in text and "int pre_forward(" in text, "-o and --name")
    check("#define PRE_DIM_N 2" in open(os.path.join(place, "deep/other.h")).read(), "--name: macros")
    status(["m.graph", "-o", "missing/other"], 73)
    check(not os.path.exists(os.path.join(place, "missing")), "a folder was made")
    status(["m.graph", "-o", "/proc/other"], 73)
    status(["absent.graph"], 66)
    status(["m.graph", "--optimizer", "newton"], 64)
    status(["m.graph", "--emit", "rust"], 64)
    status(["m.graph", "--params", "absent.safetensors"], 66)
    status(["m.graph", "--dim", "k=3"], 65)
    result = status(["-", "-o", "piped"], 0, input=PLAIN.encode())
    check(result.stdout == b"", "compile prints to standard output")
    check("int piped_forward(" in open(os.path.join(place, "piped.c")).read(), "prefix of standard input")
    result = status(["m.graph", "-g"], 0)
    text = open(os.path.join(place, "m.c")).read()
    check(re.search(r'^#line [45] "m.graph"$', text, re.M), "-g: no line of the graph")
    workspace = re.search(r"#define M_GRADIENT_WORKSPACE (\d+)", open(os.path.join(place, "m.h")).read())[1]
    check(f"workspace {workspace} bytes" in result.stderr.decode().split("gradient:")[1].split("\n")[0], "summary: workspace", result.stderr)


def examine(nncc, folder, found, models, check, call):
    from c_abi_cases import CLASHES, ODD_NAMES
    check_links(folder, found, models, check, call)
    check_names(models, check, ODD_NAMES, CLASHES)
    check_stems(nncc, folder, found, check, call)
    check_injection(nncc, folder, check, call)
    check_options(nncc, folder, check, call)
    compiler = found["gcc"] or found["clang"]
    if compiler and any(m.stem == "mlp" for m in models):
        with open(os.path.join(folder, "threads.c"), "w") as file:
            file.write(THREADS)
        for flags in (["-O2"], ["-O1", "-g", "-fsanitize=thread"]):
            result = call([compiler, *flags, "threads.c", "mlp.c", "-lpthread", "-o", "threads"])
            if check(result.returncode == 0, f"threads {flags}", result.stderr.decode()):
                result = call([os.path.join(folder, "threads")])
                check(result.returncode == 0, f"calls on several threads {flags}", result.stderr.decode())
