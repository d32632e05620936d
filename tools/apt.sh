# shellcheck shell=bash
# To be sourced: installs Debian packages where that needs no password, and says what is missing where it does.

if [ "$(id -u)" = 0 ]; then AS_ROOT=(env); else AS_ROOT=(sudo -n); fi

apt_install() {
  command -v apt-get >/dev/null && "${AS_ROOT[@]}" true 2>/dev/null || return 1
  echo "Installing $* with apt-get." >&2
  [ -n "${apt_is_updated:-}" ] || "${AS_ROOT[@]}" apt-get update -qq >&2 </dev/null || true
  apt_is_updated=1
  "${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" >&2 </dev/null
}

apt_missing() {
  echo "This needs the system package(s) $*: sudo apt-get install $*" >&2
  exit 1
}

# nginx is in /usr/sbin, which isn't everybody's PATH.
have() { PATH=$PATH:/usr/sbin command -v "$1" >/dev/null; }

# need PROGRAM PACKAGE
need() { have "$1" || apt_install "$2" || apt_missing "$2"; }
