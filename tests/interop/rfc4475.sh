#!/usr/bin/env bash
# The 49 messages of RFC 4475 through parley-proxy over TCP and UDP, and through parley-inspect where it is built: a table of
# what came of each, which must be as lib/rfc4475_expected.tsv has it.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
messages=${PARLEY_MATERIAL:-}/rfc4475
if [ ! -f "$messages/index.tsv" ]; then
  echo "$name: skipped: PARLEY_MATERIAL names no folder with rfc4475"
  exit 0
fi
expected=$interop/lib/rfc4475_expected.tsv
inspect=$(dirname "$PARLEY_PROXY")/../inspect/parley-inspect
[ -x "$inspect" ] || inspect=-

for transport in tcp udp; do
  read -r proxy_port hop_port < <(free_ports 2)
  # Some of the messages have Routes of their own, which are to be followed.
  printf '%s\n' 'relay = true' "listen = [\"udp:127.0.0.1:$proxy_port\", \"tcp:127.0.0.1:$proxy_port\"]" \
    "route = \"sip:127.0.0.1:$hop_port\"" \
    'drain_timeout_s = 0' '[timers]' 't1_ms = 10' >"$work/proxy.toml"
  launch_proxy --config "$work/proxy.toml"
  python3 "$interop/lib/rfc4475.py" "$messages" "$expected" "$transport:$proxy_port" "$hop_port" "$work/$transport.tsv"
  python3 "$interop/lib/ping.py" "$transport" 127.0.0.1 "$proxy_port" 200
  end_proxy
done
python3 "$interop/lib/rfc4475.py" --table "$messages" "$expected" "$inspect" "$work/tcp.tsv" "$work/udp.tsv" ||
  fail "not as expected"
passed "49 messages over TCP and UDP$([ "$inspect" = - ] || echo ' and through parley-inspect') end as expected"
