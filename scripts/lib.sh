# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034
# lib.sh - what the scripts share: messages, packages, builds, a reaper. Sourced, not run.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REAPER="$TOP/tests/integration/reaper.py"
export PYTHONDONTWRITEBYTECODE=1

# Debian 12's names; Debian 13 has the same ones.
BUILD_PACKAGES="meson ninja-build pkg-config gcc libc6-dev libdpdk-dev libipsec-mb-dev libssl-dev
	libconfig-dev libevent-dev libjansson-dev libedit-dev libpcre2-dev libcmocka-dev"
CLANG_PACKAGES="clang libclang-rt-dev clang-format llvm"
LINT_PACKAGES="clang clang-format shellcheck git"
RUN_PACKAGES="ike-scan strongswan-charon strongswan-swanctl libcharon-extra-plugins
	libstrongswan-standard-plugins libstrongswan-extra-plugins iproute2 procps iputils-ping
	iperf3 tcpdump tshark nftables python3 python3-cryptography python3-scapy"

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "network namespaces need root: sudo $0"
}

# missing_packages NAME...: those of them that are not installed.
missing_packages() {
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			printf '%s ' "$p"
	done
}

# install_packages NAME...: install what is missing; beside another copy it waits its turn.
install_packages() {
	local missing try
	command -v dpkg-query >/dev/null || die "not a Debian system; needed are: $*"
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || die "missing packages, install them as root: apt-get install $missing"
	mkdir -p /run/lock # a minimal system has none before its first boot
	exec 8>/run/lock/espgw-packages.lock
	flock 8
	missing=$(missing_packages "$@")
	if [ -n "$missing" ]; then
		say "installing: $missing"
		export DEBIAN_FRONTEND=noninteractive
		# The lists have a lock of their own that apt does not wait for.
		for try in 1 2 3 4 5 6 7 8 9 10; do
			apt-get -q update >/dev/null 2>&1 8>&- && break
			sleep "$try"
		done
		# shellcheck disable=SC2086
		apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install -y \
			--no-install-recommends $missing >/dev/null 8>&- ||
			die "apt-get could not install: $missing"
	fi
	exec 8>&-
}

# start_reaper: from here on everything this shell starts ends with it, even after SIGKILL.
start_reaper() {
	RUN_ID=$(/usr/bin/python3 "$REAPER" id)
	/usr/bin/python3 "$REAPER" start --id "$RUN_ID" --owner $$ >/dev/null || die "no reaper"
	export "ESPGW_RUN_$RUN_ID=1"
}

# sweep: remove what is left of the run; for the EXIT trap.
sweep() {
	[ -z "${RUN_ID:-}" ] || /usr/bin/python3 "$REAPER" sweep --id "$RUN_ID"
}

# build_folder NAME: where a build belongs: in the checkout, or in a folder of this run if that
# cannot be written to.
build_folder() {
	if [ -n "${ESPGW_BUILD_ROOT:-}" ]; then
		printf '%s/%s' "$ESPGW_BUILD_ROOT" "$1"
	elif [ -w "$TOP" ]; then
		printf '%s/%s' "$TOP" "$1"
	else
		mkdir -p "/tmp/espgw-$RUN_ID"
		printf '/tmp/espgw-%s/%s' "$RUN_ID" "$1"
	fi
}

# interruptible COMMAND...: in the background, for bash answers a signal only between two commands.
interruptible() {
	"$@" &
	wait $!
}

# build FOLDER COMPILER [MESON OPTION...]: configure once, then build $BUILD_TARGETS or everything;
# one at a time per folder.
build() {
	local folder=$1 compiler=$2 log
	shift 2
	mkdir -p "$folder"
	exec 9>"$folder/.lock"
	flock 9
	log="$folder/build.log"
	if [ ! -f "$folder/build.ninja" ]; then
		CC=$compiler meson setup "$folder" "$TOP" "$@" >"$log" 2>&1 9>&- || {
			tail -n 30 "$log" >&2
			exec 9>&-
			return 1
		}
	fi
	# shellcheck disable=SC2086
	ninja -C "$folder" ${BUILD_TARGETS:-} >"$log" 2>&1 9>&- || {
		grep -A15 -E 'FAILED|error:' "$log" | head -n 60 >&2
		exec 9>&-
		return 1
	}
	exec 9>&-
}
