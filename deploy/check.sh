#!/bin/sh
# Lints the files that deploy Edgerunner; ends with 1 when one is wrong. Needs `make setup`. Usage: check.sh [FILE...]
set -eu
cd "$(dirname "$0")/.."
bin=${BIN:-.venv/bin}
[ $# -gt 0 ] || set -- Dockerfile compose.yaml render.yaml railway.json vercel.json deploy/*.yaml deploy/*.sh deploy/Caddyfile
failed=0
try() { "$@" || { echo "wrong: $*"; failed=1; }; }

for file in "$@"; do
    case $file in
    *Dockerfile)
        if [ -x "$bin/hadolint" ]; then try "$bin/hadolint" "$file"; else echo "hadolint is not made for this system"; fi ;;
    compose.yaml) try "$bin/check-jsonschema" --quiet --builtin-schema vendor.compose-spec "$file" ;;
    render.yaml | *.json) try "$bin/check-jsonschema" --quiet --schemafile "deploy/schemas/${file%.*}.schema.json" "$file" ;;
    *.sh) try sh -n "$file" ;;
    *Caddyfile)
        if command -v caddy >/dev/null; then
            report=$(caddy validate --adapter caddyfile --config "$file" 2>&1) || { echo "wrong: $file: $report"; failed=1; }
        else
            echo "caddy is not installed: $file was not validated"
        fi ;;
    esac
    case $file in *.yaml) try "$bin/yamllint" --strict --config-file deploy/yamllint.yaml "$file" ;; esac
done
exit "$failed"
