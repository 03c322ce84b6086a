#!/bin/sh
# Writes requirements/*.txt: one universal lock for Python 3.11 to 3.13 on Linux, macOS and Windows.
# dev.txt comes first because the conformance clients pin more tightly than we do;
# base.txt is then held to the same versions, so that what is tested is what is installed.
set -eu
for name in $(env | sed -n 's/^\(UV_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export UV_CUSTOM_COMPILE_COMMAND="make lock"

compile() {
    output=$1
    shift
    .venv/bin/uv --no-config pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-build-options --output-file "$output" "$@"
}

compile requirements/dev.txt --group build pyproject.toml --extra dev --extra redis --extra keyring
compile requirements/base.txt --group build pyproject.toml --constraints requirements/dev.txt
compile requirements/server.txt --group build pyproject.toml --extra redis --extra keyring --constraints requirements/dev.txt
compile requirements/conformance-ib-insync.txt requirements/conformance-ib-insync.in
compile requirements/conformance-mt5-clients.txt requirements/conformance-mt5-clients.in
compile requirements/conformance-mt5-no-deps.txt --no-deps requirements/conformance-mt5-no-deps.in
