# nncc: `make` builds, `make demo` shows the whole way from a graph to a C program, `make test` tests, `make install` installs.

SWIFT ?= swift
CONFIGURATION ?= release
NNCC := .build/$(CONFIGURATION)/nncc

# Where `make install` puts things; below DESTDIR, if that is given.
PREFIX ?= /usr/local
DESTDIR ?=

# What Swift files are looked at by the formatter and the linter.
SWIFT_SOURCES := Package.swift $(wildcard Sources Tests Benchmarks/Step Examples)

# The benchmarks' program has Swift's libraries inside, as the installed nncc has.
BENCH_STEP = $(SWIFT) build -c release --static-swift-stdlib --scratch-path .build-bench --product nncc-bench-step

.PHONY: build static install uninstall dist demo examples test test-package lint format bench counts clean dependencies

build: dependencies
	$(SWIFT) build -c $(CONFIGURATION)

# The program as it is installed: it needs the C library and nothing else.
static: .build-static/nncc

.build-static/nncc: Package.swift Packaging/build Packaging/older-glibc.c $(shell find Sources -type f)
	@.ci/install static
	SWIFT="$(SWIFT)" Packaging/build

install: .build-static/nncc
	Packaging/stage $< "$(DESTDIR)$(PREFIX)"

uninstall:
	Packaging/unstage "$(DESTDIR)$(PREFIX)"

# An archive that runs wherever it is unpacked: nncc-VERSION-linux-MACHINE.tar.gz.
dist: .build-static/nncc
	@.ci/install dist
	SWIFT="$(SWIFT)" Packaging/archive

# Trains on real digits, emits C, compiles it with a C program and compares the answers.
demo: build
	NNCC=$(NNCC) Examples/digits/run.sh

# Trains every example in full and holds what comes out against what its page claims; some minutes.
examples: build
	Examples/run-all.sh

test:
	@.ci/install tests
	$(SWIFT) test

# The library as another package sees it, by path and by URL: about half a minute each, from nothing.
test-package: dependencies
	SWIFT="$(SWIFT)" .ci/check-package

lint:
	$(SWIFT) format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	.ci/check-c

format:
	$(SWIFT) format --in-place --recursive --parallel $(SWIFT_SOURCES)

# nncc beside its peers, which go into Benchmarks/.venv; BENCH="--quick --only mlp" and the like choose.
bench: dependencies
	@.ci/install bench || echo "some peers will be left out" >&2
	$(BENCH_STEP)
	python3 Benchmarks/run.py $(BENCH)

# The instructions of fixed workloads against those of Benchmarks/counts.json.
counts: dependencies
	$(BENCH_STEP)
	python3 Benchmarks/counts.py

clean:
	$(SWIFT) package clean
	rm -rf .build .build-static .build-bench Examples/digits/out Examples/package/.build Benchmarks/out

# Debian packages that the build needs, where they are missing.
dependencies:
	@.ci/install
