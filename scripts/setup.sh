#!/usr/bin/env bash
# Installs what is missing to build, run or test Whinchat on Debian or Ubuntu; elsewhere it says what is missing.
#
#   scripts/setup.sh run|test|bench
#
# Quiet, and done in a moment, where everything is there.
set -euo pipefail

purpose=${1:-run}
packages=(libcurl4-openssl-dev libssl-dev libsqlite3-dev pkg-config)
case $purpose in
run) ;;
test) packages+=(python3-venv chromium) ;;
local) packages+=(python3-venv) ;;
bench) packages+=(python3-venv gcc libc6-dev nodejs node-ws) ;;
*)
    echo "usage: $0 run|test|local|bench" >&2
    exit 64
    ;;
esac

# Whether a package, or what it is for, is there: a tool installed by other means will do.
present() {
    case $1 in
    pkg-config) command -v pkg-config >/dev/null ;;
    gcc) command -v cc >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed' ;;
    esac
}

missing_swift() {
    echo "Whinchat needs Swift 6.2 or newer, $1." >&2
    echo "Install it as https://www.swift.org/install/linux says, and see that \`swift\` is on the PATH." >&2
    exit 1
}

command -v swift >/dev/null || missing_swift "and there is no \`swift\` on the PATH"
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
[ -n "$version" ] || missing_swift "and \`swift --version\` does not say which this is"
if [ "$(printf '%s\n6.2\n' "$version" | sort -V | head -n 1)" != 6.2 ]; then
    missing_swift "and this is $version"
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # Not Debian: what can be checked is checked, the rest is said.
    if command -v pkg-config >/dev/null && pkg-config --exists libcurl libcrypto sqlite3; then exit 0; fi
    echo "Please install: libcurl, OpenSSL and SQLite with their headers, pkg-config, Python 3.10 or newer with venv" >&2
    echo "(on Debian and Ubuntu: ${packages[*]}), and run this again." >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    present "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Please install as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    root=(sudo)
fi
echo "Installing ${missing[*]}"
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
