#!/usr/bin/env bash
# Installs what is missing to build, run or test Whinchat on Debian or Ubuntu; elsewhere it says what is missing.
#
#   scripts/setup.sh run|test|local|bench
#
# Quiet, and done in a moment, where everything is there.
set -euo pipefail
# Where Debian has the servers; not everybody's PATH has it.
PATH=$PATH:/usr/sbin:/usr/local/sbin

purpose=${1:-run}
# Ubuntu's name for it; there it is a snap.
browser=chromium
if grep -qs '^ID=ubuntu$' /etc/os-release; then browser=chromium-browser; fi

packages=(libcurl4-openssl-dev libssl-dev libsqlite3-dev pkg-config)
case $purpose in
run) ;;
test) packages+=(python3-venv "$browser" nginx haproxy openssl) ;;
local) packages+=(python3-venv) ;;
bench) packages+=(python3-venv gcc libc6-dev nodejs node-ws nginx haproxy openssl) ;;
*)
    echo "usage: $0 run|test|local|bench" >&2
    exit 64
    ;;
esac

# Whether what a package is for is there: a tool or a library installed by other means will do.
present() {
    case $1 in
    libcurl4-openssl-dev) pkg-config --exists libcurl 2>/dev/null ;;
    libssl-dev) pkg-config --exists libcrypto 2>/dev/null ;;
    libsqlite3-dev) pkg-config --exists sqlite3 2>/dev/null ;;
    pkg-config) command -v pkg-config >/dev/null ;;
    python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    chromium | chromium-browser) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
    gcc) command -v cc >/dev/null ;;
    libc6-dev) cc -E -include stdio.h -x c /dev/null >/dev/null 2>&1 ;;
    nginx) command -v nginx >/dev/null ;;
    haproxy) command -v haproxy >/dev/null ;;
    openssl) command -v openssl >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    node-ws) NODE_PATH=/usr/share/nodejs node -e 'require("ws")' 2>/dev/null ;;
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

missing=()
for package in "${packages[@]}"; do
    present "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Please install what Debian and Ubuntu call: ${missing[*]}" >&2
    exit 1
fi

root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Please install as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    root=(sudo)
fi

# The tests start proxies of their own. What the packages would start, on port 80, stays off: while they are installed, by
# Debian's own way of saying no (a policy that is there already is somebody else's), and at the next boot.
services=()
for package in "${missing[@]}"; do
    case $package in nginx | haproxy) services+=("$package") ;; esac
done
policy=/usr/sbin/policy-rc.d
if [ ${#services[@]} -gt 0 ] && [ ! -e $policy ]; then
    trap '"${root[@]}" rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee $policy >/dev/null
    "${root[@]}" chmod 755 $policy
fi
echo "Installing ${missing[*]}"
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
if [ ${#services[@]} -gt 0 ] && command -v systemctl >/dev/null; then
    "${root[@]}" systemctl disable --quiet "${services[@]}" 2>/dev/null || true
fi
