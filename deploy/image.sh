#!/bin/sh
# Builds the image and proves it: size, user, health, an authenticated call, SIGTERM. Ends with 0 when all of it held.
#
# Docker is used where an engine answers, else buildah (chroot isolation) on a base made by base_image.sh.
# BUILD_OPTIONS adds to the build, such as --build-arg PIP_INDEX_URL=...; IMAGE names the result; TIME_LIMIT_S = 1500.
set -eu
if [ "${INSIDE_TIME_LIMIT:-}" != yes ]; then
    INSIDE_TIME_LIMIT=yes exec timeout --kill-after=30 "${TIME_LIMIT_S:-1500}" sh "$0" "$@"
fi
cd "$(dirname "$0")/.."
image=${IMAGE:-localhost/edgerunner:dev}
options=${BUILD_OPTIONS:-}
python=${PYTHON:-.venv/bin/python}
export BUILDAH_ISOLATION=chroot

test -f frontend/dist/index.html || { echo "There is no built screen: run make screen"; exit 1; }
data=$(mktemp -d)
container="" runner="" name="edgerunner-proof-$$"

end() {
    [ -z "$runner" ] || kill -KILL "$runner" 2>/dev/null || true
    [ -z "$container" ] || buildah rm "$container" >/dev/null 2>&1 || true
    [ "$engine" != docker ] || docker rm --force "$name" >/dev/null 2>&1 || true
    rm -rf "$data" "$data.out" "$data.log" "$data.stop"
}

engine=buildah
if docker info >/dev/null 2>&1; then engine=docker; fi
trap end EXIT
echo "engine: $engine"

if [ "$engine" = docker ]; then
    # shellcheck disable=SC2086
    docker build $options --build-arg SCREEN=dist --tag "$image" .
    size=$(docker image inspect --format '{{.Size}}' "$image")
    user=$(docker image inspect --format '{{.Config.User}}' "$image")
else
    sh deploy/base_image.sh localhost/edgerunner-base:bookworm
    # shellcheck disable=SC2086
    buildah bud --quiet --layers --pull-never --format docker $options \
        --build-arg PYTHON_IMAGE=localhost/edgerunner-base:bookworm \
        --build-arg NODE_IMAGE=localhost/edgerunner-base:bookworm --build-arg SCREEN=dist --tag "$image" .
    container=$(buildah from --pull-never "$image")
    root=$(buildah mount "$container")
    size=$(du -sb --one-file-system "$root" | cut -f1)
    buildah umount "$container" >/dev/null
    user=$(buildah inspect --type image --format '{{.Docker.Config.User}}' "$image")
    echo "$(buildah inspect --type image --format \
        'entrypoint {{.Docker.Config.Entrypoint}} cmd {{.Docker.Config.Cmd}} stop {{.Docker.Config.StopSignal}} health {{.Docker.Config.Healthcheck.Test}}' "$image")"
fi
echo "size: $((size / 1000000)) MB, user: $user"
[ "$user" = 10001:10001 ] || { echo "the image does not run as 10001:10001"; exit 1; }

port=$($python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
chown 10001:10001 "$data" 2>/dev/null || chmod 0777 "$data"

if [ "$engine" = docker ]; then
    docker run --name "$name" --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --init \
        --volume "$data:/data" --publish "127.0.0.1:$port:$port" --env "PORT=$port" "$image" serve --json \
        >"$data.out" 2>"$data.log" &
    runner=$!
    inside() { docker exec "$name" "$@"; }
    terminate="docker stop --time 45 $name"
else
    # Chroot isolation shares the machine's network and process numbers, so this one binds loopback alone, and its
    # first process is found by its port. It makes no read-only root: that nothing writes to it is shown afterwards.
    # shellcheck disable=SC2016
    buildah run --user 10001:10001 --volume "$data:/data" --env "PORT=$port" --env EDGERUNNER_HOST=127.0.0.1 \
        "$container" -- sh -c 'echo $$ >/data/pid; exec python /opt/edgerunner/start.py serve --json' \
        >"$data.out" 2>"$data.log" &
    runner=$!
    inside() { buildah run --user 10001:10001 --volume "$data:/data" --env "PORT=$port" "$container" -- "$@"; }
    terminate="sh $data.stop"
    echo "kill -TERM \$(cat '$data/pid')" >"$data.stop"
fi

"$python" deploy/prove_image.py ready "http://127.0.0.1:$port" || { tail -n 20 "$data.log"; exit 1; }
inside python /opt/edgerunner/healthcheck.py
echo "health command: ok, user id inside: $(inside id -u)"
inside python -c 'import pyarrow.compute, pyarrow.csv, pyarrow.parquet, redis, uvloop' && echo "what the image left out is not missed"
inside edgerunner backup /data/backups/proof.zip | grep State:
inside edgerunner backup verify /data/backups/proof.zip | grep State:
KEY=$(inside cat /data/api_key) "$python" deploy/prove_image.py drain "http://127.0.0.1:$port" $terminate
code=0
wait "$runner" || code=$?
runner=""
echo "exit code: $code"
if [ "$engine" = buildah ]; then
    root=$(buildah mount "$container")
    written=$(find "$root" -xdev -newer "$data/pid" -type f -not -path "$root/tmp/*" -not -path "$root/data/*" \
        -not -path "$root/etc/*" -not -path "$root/run/*" | head -n 5)
    buildah umount "$container" >/dev/null
    [ -z "$written" ] && echo "nothing was written outside /data and /tmp" || { echo "written: $written"; exit 1; }
fi
[ "$code" = 0 ]
