#!/bin/sh
# Writes requirements/*.txt: one universal lock for Python 3.11 to 3.13 on Linux, macOS and Windows.
# dev.txt comes first because the conformance clients pin more tightly than we do;
# base.txt is then held to the same versions, so that what is tested is what is installed.
set -eu
for name in $(env | sed -n 's/^\(UV_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export UV_CUSTOM_COMPILE_COMMAND="make lock"

compile() {
    "$1" --no-config pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --no-emit-build-options --group build pyproject.toml \
        --output-file "$2" ${3:+"$3" "$4"}
}

compile .venv/bin/uv requirements/dev.txt --extra dev
compile .venv/bin/uv requirements/base.txt --constraints requirements/dev.txt
