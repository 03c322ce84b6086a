#!/bin/sh
# Makes a stand-in for the public Python image where no image registry is reached: Debian with Python 3.11, from
# Debian's own packages. Needs mmdebstrap and buildah. Usage: base_image.sh [NAME]
set -eu
name=${1:-localhost/edgerunner-base:bookworm}
export BUILDAH_ISOLATION=chroot

if buildah inspect --type image "$name" >/dev/null 2>&1; then
    echo "$name is there already"
    exit 0
fi
work=$(mktemp -d)
container=""
trap '[ -z "$container" ] || buildah rm "$container" >/dev/null; rm -rf "$work"' EXIT

mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3,python3-venv \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$work/base.tar"
container=$(buildah from scratch)
buildah add --quiet "$container" "$work/base.tar" / >/dev/null
buildah run "$container" -- ln -s python3 /usr/bin/python
buildah config --cmd python "$container"
buildah commit --quiet --format docker "$container" "$name" >/dev/null
echo "made $name"
