#!/usr/bin/env bash
# Scenarios of drachtio-server's tests, as they are, through parley-proxy; those that fit a proxy: the others expect a
# back-to-back agent's answers, PRACK or a 100 from the far end, or lose so much that they fail by chance.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
folder=${PARLEY_MATERIAL:-}/sipp-drachtio/test/scenarios
if [ ! -f "$folder/uac.xml" ]; then
  echo "$name: skipped: PARLEY_MATERIAL names no folder with sipp-drachtio"
  exit 0
fi

# pair TRANSPORT CALLS CALLER CALLEE [option of the caller]…
pair() {
  local transport=$1 calls=$2 caller=$3 callee=$4 proxy_port callee_port; shift 4
  read -r proxy_port callee_port < <(free_ports 2)
  launch_proxy --listen "$transport:127.0.0.1:$proxy_port" --route "sip:127.0.0.1:$callee_port;transport=$transport"
  start_sipp callee "$transport" "$callee_port" -sf "$callee" -m "$calls"
  run_sipp caller "$transport" "$proxy_port" "$calls" 50 -sf "$caller" "$@"
  wait_until 15 gone "$sipp_pid" || fail "$callee waits for more calls" "$work/callee.err" "$work/proxy.log"
  wait "$sipp_pid" || fail "$callee has unsuccessful calls" "$work/callee.err" "$work/proxy.log"
  end_proxy
  pairs+=("$(basename "$caller" .xml)/$(basename "$callee" .xml)")
  rm -f "$work"/call*
}

pairs=()
for transport in udp tcp; do
  pair $transport 20 "$folder/uac.xml" "$folder/uas-success.xml" -d 50
  pair $transport 20 "$folder/uac-expect-486.xml" "$folder/uas-fail-486.xml"
done
for caller in uac-long-sdp uac-utf8 uac-long-uri uac-preloaded-route; do
  pair udp 20 "$folder/$caller.xml" "$folder/uas-success.xml" -d 50
done
pair udp 10 "$folder/uac.xml" "$folder/uas-183-180-200.xml" -d 50
pair udp 20 "$(scenario uac_cancel)" "$folder/uas-cancel.xml"
passed "${#pairs[@]} pairs: ${pairs[*]}"
