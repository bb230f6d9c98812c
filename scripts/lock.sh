#!/bin/sh
# Write the four lock files anew from pyproject.toml and training/requirements.in.
#
# One lock fits every system and every Python from 3.11 on (--universal). No address of a package
# index is recorded, so a mirror works as well as the index itself. What is locked stays as it is
# unless a pin above it moved; `make lock ARGS=--upgrade` takes the newest of everything below.
set -eu

uv=${UV:-.venv/bin/uv}

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header "$@"
}

compile pyproject.toml --output-file requirements.lock "${@}"
# The same versions below as in the product's lock, so that the tests test what is shipped.
compile pyproject.toml --group dev --constraint requirements.lock \
    --output-file requirements-dev.lock "${@}"
compile pyproject.toml --all-extras --constraint requirements-dev.lock \
    --output-file requirements-extras.lock "${@}"
if [ -f training/requirements.in ]; then
    compile training/requirements.in --constraint requirements-dev.lock \
        --output-file requirements-train.lock "${@}"
fi
