#!/usr/bin/env python3
"""The manual page nncc(1), from what nncc itself says of its commands and options.

usage: nncc --experimental-dump-help | manual.py VERSION DATE > nncc.1

ArgumentParser's dump has every command, option and discussion; what it does not know (exit statuses, files, variables) stands
here. The output is man(7), ASCII, and clean for `groff -ww` and `mandoc -Tlint`.
"""

import json
import re
import sys
import textwrap

STATUSES = [
    (0, "success"),
    (1, "a check that was asked for failed"),
    (64, "wrong usage"),
    (65, "bad input data: a graph, parameters, a data file"),
    (66, "a file that cannot be read"),
    (69, "something that is needed is missing, such as a C compiler"),
    (70, "a defect of nncc itself"),
    (73, "an output that cannot be written"),
]

VARIABLES = [
    ("CC", "The C compiler, a name or a path; without it cc, gcc or clang, whichever is found first."),
    ("CFLAGS", "With compile --emit so,obj: flags of the C compiler after nncc's own."),
    ("XDG_CACHE_HOME", "Where compiled objects are kept, in the folder nncc; without it ~/.cache."),
    ("NNCC_CACHE_SIZE", "The most that they may take, in MiB (256); 0 keeps none."),
    ("NNCC_TIER_UP_MS", "After how many milliseconds of calls the C compiler is set to work (50)."),
    ("NNCC_LEVEL", "base, avx2 or avx512: lesser vector instructions than the best. The bits are the same."),
    ("TMPDIR", "The folder for temporary files; /tmp without it."),
]


def escaped(text):
    """Text that roff shows as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in text)


def line(text):
    """Escaped text as a line of its own, which no leading dot makes a request."""
    text = escaped(text)
    return "\\&" + text if text.startswith((".", "\\(aq")) else text


def bold(text):
    return "\\fB" + escaped(text) + "\\fR"


def italic(text):
    return "\\fI" + escaped(text) + "\\fR"


def prose(text):
    """Sentences, each on lines of its own, short enough for mandoc."""
    sentences = re.split(r"(?<=[.:;!?])\s+(?=\S)", text.strip())
    return [
        line(part)
        for sentence in sentences
        for part in textwrap.wrap(sentence, 64, break_long_words=False, break_on_hyphens=False)
    ]


def literal(lines):
    return [".PP", ".RS 4", ".nf"] + [line(text) for text in lines] + [".fi", ".RE"]


def discussion(text):
    """Paragraphs; indented lines are examples."""
    out = []
    for block in text.split("\n\n"):
        words, examples = [], []
        for row in block.split("\n"):
            if row.startswith("  "):
                examples.append(row[2:])
            elif row.strip():
                words.append(row.strip())
        if words:
            out += [".PP"] + prose(" ".join(words))
        if examples:
            out += literal(examples)
    return out


def spelling(name):
    return ("-" if name["kind"] in ("short", "longWithSingleDash") else "--") + name["name"]


def is_common(argument):
    return argument.get("valueName") in ("help", "version") and argument["kind"] == "flag"


def shown(arguments):
    return [a for a in arguments if a.get("shouldDisplay", True) and not is_common(a)]


def tag(argument):
    """How an argument is written, for its entry."""
    value = italic(argument.get("valueName", ""))
    if argument["kind"] == "positional":
        return value
    names = sorted(argument["names"], key=lambda name: name["kind"] != "short")
    written = ", ".join(bold(spelling(name)) for name in names)
    return written + (f" {value}" if argument["kind"] == "option" else "")


def entry(argument):
    out = [".TP", tag(argument)]
    words = argument.get("abstract", "").strip()
    values = argument.get("allValueStrings") or argument.get("allValues")
    if values and not all(value in words + argument.get("valueName", "") for value in values):
        words += " One of " + ", ".join(values) + "."
    default = argument.get("defaultValue")
    if default and argument["kind"] == "option":
        words += f" Default: {default}."
    return out + (prose(words) or ["\\&"])


def synopsis(names, arguments):
    """`nncc run [options] graph`, with what is not optional written out."""
    parts = [bold(" ".join(names))]
    if any(a["kind"] != "positional" and a["isOptional"] for a in arguments):
        parts.append("[" + italic("options") + "]")
    for argument in arguments:
        if argument["isOptional"]:
            continue
        parts.append(tag(argument))
    return " ".join(parts)


def page(root, version, date):
    commands = [
        c for c in root["subcommands"] if c.get("shouldDisplay", True) and c["commandName"] != "help"
    ]
    out = [
        f'.TH NNCC 1 "{date}" "nncc {escaped(version)}" "User Commands"',
        ".SH NAME",
        "nncc \\- a compiler for neural networks",
        ".SH SYNOPSIS",
    ]
    for index, command in enumerate(commands):
        out += [".br"] if index else []
        out.append(synopsis(["nncc", command["commandName"]], shown(command.get("arguments", []))))
    out += [".SH DESCRIPTION"]
    out += discussion(root.get("discussion", ""))[1:]
    out += [
        ".PP",
        "Results go to standard output, everything else to standard error.",
        "Every graph may be \\(oq\\-\\(cq, which is standard input.",
        ".SH COMMANDS",
    ]
    for command in commands:
        out += [f".SS nncc {escaped(command['commandName'])}"]
        out += prose(command.get("abstract", ""))
        out += discussion(command.get("discussion", ""))
        for argument in shown(command.get("arguments", [])):
            out += entry(argument)
    out += [".SS Every command", ".TP", f"{bold('-h')}, {bold('--help')}", "Shows help."]
    out += [".TP", bold("--version"), "Shows the version."]
    out += [".SH EXIT STATUS"]
    for status, meaning in STATUSES:
        out += [".TP", bold(str(status))] + prose(meaning)
    out += [".SH ENVIRONMENT"]
    for name, meaning in VARIABLES:
        out += [".TP", bold(name)] + prose(meaning)
    out += [".SH FILES"]
    files = [
        ("PREFIX/share/doc/nncc/Docs/language.md", "The graph language."),
        ("PREFIX/share/doc/nncc/Examples/", "Graphs from the perceptron to a transformer."),
        ("PREFIX/share/nncc/editors/", "A TextMate grammar and an extension for VS Code."),
        ("~/.cache/nncc/", "Objects that the C compiler made; can be deleted at any time."),
    ]
    for name, meaning in files:
        out += [".TP", italic(name)] + prose(meaning)
    out += [".SH EXAMPLES", "The numbers of a formula and of its gradient:"]
    out += literal(
        [
            "$ cat scalar.graph",
            "input x1 : f32",
            "input x2 : f32",
            "f = sin(x1) + x1 * x2",
            "output f",
            "$ nncc run scalar.graph --input x1=2 --input x2=5 --grad",
            "f : f32[] = 10.909297",
            "gradient:x1 : f32[] = 4.5838532",
            "gradient:x2 : f32[] = 2.0",
        ]
    )
    out += [".PP", "Training, and the trained network as C:"]
    out += literal(
        [
            "$ nncc train digits.graph --data digits.csv --column x=p0..p63 \\",
            "    --column 'y=onehot(digit)' --scale x=1/16 --validate 0.2 \\",
            "    --save digits.safetensors",
            "$ nncc compile digits.graph --params digits.safetensors",
        ]
    )
    out += [".PP", "Whether every backend gives the same bits and the gradients are right:"]
    out += literal(["$ nncc check digits.graph"])
    out += [".SH SEE ALSO", ".BR cc (1),", ".BR dot (1)"]
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.stdout.write(page(json.load(sys.stdin)["command"], sys.argv[1], sys.argv[2]))


if __name__ == "__main__":
    main()
