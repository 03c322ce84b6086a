#!/bin/sh
# Prints the first interpreter that can carry Edgerunner, or says in one sentence what is missing.
without_venv=""
for candidate in python3.13 python3.12 python3.11 python3; do
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 || continue
    # Debian packs ensurepip apart from Python itself.
    if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        printf '%s\n' "$candidate"
        exit 0
    fi
    without_venv="$candidate"
done
if [ -n "$without_venv" ]; then
    printf '%s\n' "$without_venv has no venv module: install it (Debian and Ubuntu: apt install python3-venv) and run make again." >&2
else
    printf '%s\n' "Edgerunner needs Python 3.11, 3.12 or 3.13 and found none on the PATH: install one of them and run make again." >&2
fi
exit 1
