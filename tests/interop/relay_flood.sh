#!/usr/bin/env bash
# Twice, with ports for each medium and with one for all: 100,000 RTP packets a second at one port of a call, from a stranger who has guessed its SSRC and sequence numbers: none comes through, the
# relay takes no more memory for them, and nothing is missing when it is over.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
: "${PARLEY_RELAY:=$(dirname "$PARLEY_PROXY")/../relay/parley-relay}"
export ASAN_OPTIONS=quarantine_size_mb=1

read -r ng metrics < <(free_ports 2)
"${CXX:-c++}" -std=c++20 -O2 -o "$work/rtp_flood" "$interop/lib/rtp_flood.cpp"

flood() {
  python3 "$interop/lib/relay_flood.py" "$ng" "$work/rtp_flood" 100000 2 "$metrics" >"$work/flood" 2>"$work/flood.err" ||
    fail "$(tail -n 1 "$work/flood.err")" "$work/flood.err" "$work/relay.log"
}
# survives NAME OPTION…: a relay with those options.
survives() {
  local name=$1 first second status=0
  shift
  "$PARLEY_RELAY" --ng "127.0.0.1:$ng" --metrics "127.0.0.1:$metrics" --media-ip 127.0.0.2 "$@" >"$work/relay.log" 2>&1 &
  relay_pid=$!
  started+=("$relay_pid")
  wait_bound udp "$ng" "$relay_pid" || fail "parley-relay does not start" "$work/relay.log"
  flood
  first=$(pss "$relay_pid")
  flood
  second=$(pss "$relay_pid")
  [ "$second" -le $((first + first / 20 + 1024)) ] || fail "memory grows: $first KiB after a flood, $second KiB after two"
  kill -TERM "$relay_pid"
  wait "$relay_pid" || status=$?
  [ "$status" -eq 0 ] || fail "the relay ended with status $status" "$work/relay.log"
  ! grep -Eq 'ERROR: .*Sanitizer|runtime error:' "$work/relay.log" || fail "a sanitizer reports" "$work/relay.log"
  told+="$name: $(cat "$work/flood"), Pss $first KiB, then $second; "
}
told=
survives 'ports of their own' --ports 9400-9599
survives 'a single port' --single-port 9400
passed "${told}during and other: the share of the call's own packets that arrived meanwhile, and of another call's"
