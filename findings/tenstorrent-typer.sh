#!/usr/bin/env bash
# Tenstorrent's command line does not start with the typer that pip installs beside it
#
# Package:  tenstorrent 1.2.1 with typer 0.29.0 (0.29.2 behaves the same); with typer 0.28.0 it works
# Guess:    a fresh `pip install tenstorrent==1.2.1` gives a `tt` that runs: the package asks for typer 0.27.2 or later.
# Found:    it takes click from inside typer (`typer._click`), a private module whose parts typer 0.29 no longer loads.
#           Every command, `tt --version` included, ends with status 1 and an AttributeError, before it reads an
#           argument; `--json` gives no JSON.
# Matters:  a harness that finds its model server by `tt model ps --json` reads the empty output as "no server" or fails
#           on parsing it, and a status of 1 is also what a command that ran and failed gives.
# Do:       install `tenstorrent==1.2.1 typer==0.28.0` until a release allows newer ones. Take output that is no JSON as
#           "tt could not be asked", show the last line of its error, and never as "nothing is served".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
install() {
  timeout 200 "$work/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check "$@" \
    >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }
}
asked() { # a command of tt: its status and its last line
  local status=0
  HOME="$work" timeout 30 "$work/venv/bin/tt" --version >"$work/out" 2>&1 || status=$?
  echo "status $status, $(tail -n 1 "$work/out")"
}
install tenstorrent==1.2.1 typer==0.28.0
older=$(asked)
install typer==0.29.0
newer=$(asked)
"$work/venv/bin/python" -m pip check --disable-pip-version-check >"$work/out" 2>&1 && pip="pip finds no conflict" ||
  pip="pip finds a conflict"
seen="typer 0.28.0: $older; typer 0.29.0: $newer; $pip"
wanted="typer 0.28.0: status 0, tt 1.2.1; typer 0.29.0: status 1, AttributeError: module 'typer._click' has no "
if [ "$seen" = "${wanted}attribute 'types'; pip finds no conflict" ]; then
  echo "as found: $seen"
else
  echo "changed: tt --version gives now: $seen"
  exit 1
fi
