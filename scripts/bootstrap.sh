#!/bin/sh
# Make a virtual environment from a lock file, with nothing but python3 at hand.
#
#   sh scripts/bootstrap.sh .venv requirements.lock
#
# Takes uv if it is there (faster), else venv and pip. Every package is checked against its hash in
# the lock. PYTHON=/path/to/python chooses the interpreter. The Makefile calls this.
set -eu

venv=$1
lock=$2

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# An older python3 is common; a newer one often stands beside it under its full name.
find_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    found=$("${PYTHON:-python3}" --version 2>&1 || true)
    die "hermes-discord needs Python 3.11 or newer (found: ${found:-none})." \
        "Install it, or point to it: make PYTHON=/path/to/python3 ..."
fi

# Byte code is made now, as pip does: what compiles its modules in its first run keeps 15 MB more.
with_uv() {
    uv venv --quiet --allow-existing --python "$python" "$venv" &&
        uv pip install --quiet --compile-bytecode --python "$venv/bin/python" --require-hashes -r "$lock"
}

# Debian's python3 comes without ensurepip, so `venv` cannot put pip into the environment. A pip
# outside of it can install into it all the same; else Debian's python3-venv is what is missing.
with_pip() {
    if "$python" -m venv "$venv" >/dev/null 2>&1; then
        pip() { "$venv/bin/python" -m pip "$@"; }
    elif "$python" -m pip --version >/dev/null 2>&1 &&
        "$python" -m venv --without-pip "$venv" >/dev/null 2>&1; then
        pip() { "$python" -m pip --python "$venv/bin/python" "$@"; }
    else
        rm -rf "$venv"
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        die "$python cannot make a virtual environment. On Debian or Ubuntu:" \
            "apt install python3-venv (or python$version-venv); then run this again."
    fi
    pip install --quiet --no-input --disable-pip-version-check --require-hashes -r "$lock"
}

# A virtual environment does not survive its Python being removed, nor being moved.
if [ -e "$venv" ] && ! { [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python"; }; then
    rm -rf "$venv"
fi

say "Setting up $venv from $lock (once; up to a minute) ..."
if command -v uv >/dev/null 2>&1; then
    with_uv || {
        say "uv could not do it; trying venv and pip ..."
        with_pip
    }
else
    with_pip
fi

# Two packages need a library of the system that most machines have, but a slim server or a
# container may not: llama.cpp takes OpenMP, the Node.js inside playwright takes libatomic.
missing=$("$venv/bin/python" - "$lock" <<'PYTHON'
import ctypes, sys

lock = open(sys.argv[1], encoding="utf-8").read()
wanted = {"xllamacpp==": ("libgomp.so.1", "libgomp1"), "playwright==": ("libatomic.so.1", "libatomic1")}
for package, (library, debian) in wanted.items():
    if sys.platform == "linux" and package in lock:
        try:
            ctypes.CDLL(library)
        except OSError:
            print(debian, end=" ")
PYTHON
)
if [ -n "$missing" ]; then
    # As root (in a container, in CI) it is ours to put them there; else the user is asked to.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing ${missing}..."
        apt-get update -qq >/dev/null 2>&1 || true
        # shellcheck disable=SC2086 # several words are meant
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null 2>&1 &&
            missing=
    fi
    [ -z "$missing" ] || say "warning: system libraries are missing: apt install $missing" \
        "(Fedora: dnf install libgomp libatomic)"
fi

say "$venv is ready."
