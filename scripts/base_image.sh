#!/usr/bin/env bash
# Makes sure that the Docker engine has the image in which tests run farm. Does nothing where it is there.
# Elsewhere it is pulled; where no registry can be reached, root makes one like it from the Debian mirror
# that this host's apt uses: the same Debian, the same minor version of Python.
#
#   scripts/base_image.sh            # python:3.11-slim-bookworm
#   scripts/base_image.sh trixie     # farm-python:trixie, Debian's Python 3.13 with its numpy, for programs
#   scripts/base_image.sh sid        # farm-python:sid, Debian's newest Python with its numpy
set -euo pipefail

release=${1:-bookworm}
packages=python3,python3-venv,python3-pip,ca-certificates
case $release in
    bookworm) image=python:3.11-slim-bookworm ;;
    trixie | sid) image=farm-python:$release packages=python3,python3-numpy,ca-certificates ;;
    *) printf 'base image: %s is none of bookworm, trixie, sid\n' "$release" >&2; exit 2 ;;
esac

say() { printf 'base image: %s\n' "$*"; }
die() { printf 'base image: %s\n' "$*" >&2; exit 1; }

docker info >/dev/null 2>&1 || die "no Docker engine answers; start dockerd, or set DOCKER_HOST"
if docker image inspect "$image" >/dev/null 2>&1; then
    say "$image is there"
    exit 0
fi
if [ "$release" = bookworm ] && docker pull --quiet "$image" >/dev/null 2>&1; then
    say "$image pulled"
    exit 0
fi
[ "$(id -u)" = 0 ] || die "$image is not there, and only root can make one: run this as root"
command -v debootstrap >/dev/null || die "$image is not there, and debootstrap is not installed"

say "making $image with debootstrap"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The mirror of this host's apt; where that is not Debian's, debootstrap's own default
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 !~ /-/ && $3 == "main" { print $1; exit }')
if ! debootstrap --variant=minbase --include="$packages" "$release" "$work/root" ${mirror:+"$mirror"} >"$work/log" 2>&1
then
    tail -n 20 "$work/log" >&2
    die "debootstrap failed"
fi
# Programs below reach the network through whatever this host trusts
if [ -r /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
fi
for name in python3 python pip; do # where the published image has them
    target=/usr/bin/$name
    [ "$name" = python ] && target=/usr/bin/python3
    ln -s "$target" "$work/root/usr/local/bin/$name"
done
rm -f "$work/root"/usr/lib/python3*/EXTERNALLY-MANAGED # pip may install into the image, as into the published one
rm -rf "$work/root"/var/cache/apt/archives/*.deb "$work/root"/var/lib/apt/lists/* "$work/root"/dev/*
tar --create --directory "$work/root" --numeric-owner . |
    docker import --change 'CMD ["python3"]' --change 'ENV LANG=C.UTF-8' \
        --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' - "$image" >/dev/null
say "$image made from ${mirror:-the default mirror of debootstrap}"
