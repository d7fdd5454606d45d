#!/usr/bin/env bash
# SIPp places calls through parley-proxy to SIPp, over UDP and over TCP: all succeed, nothing is sent twice, and the
# proxy ends with status 0 when asked to.
set -euo pipefail
work=$(mktemp -d)
source "$(dirname "$0")/../../scripts/lib/proxy.sh"
trap 'end_started; rm -rf "$work"' EXIT
calls=500

for transport in udp tcp; do
  read -r proxy_port callee_port < <(free_ports 2)
  start_proxy "$PARLEY_PROXY" "$transport" "$proxy_port" "$callee_port"
  start_callee "$transport" "$callee_port" "$calls"
  place_calls "$transport" "$proxy_port" "$callee_port" "$calls" 200
  wait "$callee_pid"
  stop_proxy
  retransmissions=$(figure 'Retransmissions(C)')
  echo "$transport: $(figure 'SuccessfulCall(C)') calls ok, $retransmissions retransmissions"
  [ "$retransmissions" -eq 0 ]
  rm -f "$work"/*
done
