#!/usr/bin/env bash
# Sees to the programs that the tests run besides Python's and Node's packages: servers, networks, a Chromium and a Firefox.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/apt.sh

have_chromium() { bash tools/find_chromium.sh >/dev/null; }
# On Ubuntu the package chromium is a stub for a snap.
is_ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; }
playwright_install() { echo "Installing Playwright's Chromium." >&2 && .venv/bin/python -m playwright install "$@" chromium >&2; }

need redis-server redis-server
need memcached memcached
need nginx nginx-light
need ip iproute2
need nft nftables
need openssl openssl
have turnserver || {
  need turnserver coturn
  # Debian's package starts a server of its own, which would listen at each address of the machine.
  [ ! -d /run/systemd/system ] || "${AS_ROOT[@]}" systemctl disable --quiet --now coturn >&2
}
# Ubuntu has Firefox as a snap only, which no test can drive.
have firefox-esr || [ -n "${FIREFOX:-}" ] || is_ubuntu || need firefox-esr firefox-esr

have_chromium || is_ubuntu || apt_install chromium || true
# It isn't needed, but saves minutes. Ubuntu has no such package.
have chromium-headless-shell || [ -n "${CHROMIUM:-}" ] || is_ubuntu || apt_install chromium-headless-shell || true
have_chromium || { is_ubuntu && "${AS_ROOT[@]}" true 2>/dev/null && playwright_install --with-deps; } || true
have_chromium || playwright_install || true
have_chromium || {
  echo "The browser tests need Chromium: sudo apt-get install chromium (Debian)," \
    "or .venv/bin/python -m playwright install --with-deps chromium; or name one: make test CHROMIUM=/path/to/it" >&2
  exit 1
}
