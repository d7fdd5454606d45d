#!/usr/bin/env bash
# [[location]] with several contacts: those of one q in parallel, lower ones when all above have refused or group_s is over;
# the losers see CANCEL, the caller one answer: the 200, the best refusal, or 603 before all.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
calls=10

read -r proxy_port a b c < <(free_ports 4)
location() {
  printf '[[location]]\naor = "sip:%s@127.0.0.1"\ncontacts = [' "$1"; shift
  while [ $# -gt 0 ]; do printf '{ uri = "sip:x@127.0.0.1:%s", q = %s },' "$1" "$2"; shift 2; done
  printf ']\n'
}
{
  printf 'listen = ["udp:127.0.0.1:%s"]\n[timers]\ngroup_s = 1\n' "$proxy_port"
  location parallel $a 1.0 $b 1.0 $c 1.0
  location serial $a 1.0 $b 0.5 $c 0.1
} >"$work/forking.toml"
launch_proxy --config "$work/forking.toml"

# callee PORT NAME [STATUS]: one of the three contacts. It rings for 20 ms before it refuses, 300 ms before it answers.
callees=()
callee() {
  start_sipp "callee$1" udp "$1" -sf "$(scenario "$2" "${3:-}")" -m $calls -d "$([ $# -gt 2 ] && echo 20 || echo 300)"
  callees+=("$sipp_pid")
}

# forked USER CALLER [STATUS]: places the calls; the callees must have had as many, and each have ended as its scenario has it.
forked() {
  # Several callees may ring: what SIPp does not wait for in a pause it would take for an error.
  run_sipp caller udp "$proxy_port" $calls 20 -sf "$(scenario "$2" "${3:-}")" -s "$1" -d 50 -pause_msg_ign
  local pid
  for pid in "${callees[@]}"; do
    wait_until 10 gone "$pid" || fail "a callee waits for more calls" "$work"/callee*.err "$work/proxy.log"
    wait "$pid" || fail "a callee has unsuccessful calls" "$work"/callee*.err "$work/proxy.log"
  done
  callees=()
  rm -f "$work"/call*.csv "$work"/call*.err
}

callee $a uas_refuse 486; callee $b uas_forked; callee $c uas_cancel
forked parallel uac_forked
passed "parallel: one busy, one answers, one rings and is cancelled: $calls calls"

callee $a uas_refuse 486; callee $b uas_refuse 480; callee $c uas_forked
forked serial uac_forked
passed "serial: two refuse one after the other, the third answers: $calls calls"

callee $a uas_cancel; callee $b uas_forked
forked serial uac_forked
passed "serial: the first rings for group_s and is cancelled, the second answers, the third hears nothing: $calls calls"

callee $a uas_refuse 503; callee $b uas_refuse 486; callee $c uas_refuse 503
forked parallel uac_refused 486
passed "parallel: 503, 486 and 503 bring the caller 486: $calls calls"

callee $a uas_refuse 603; callee $b uas_cancel; callee $c uas_cancel
forked parallel uac_refused 603
passed "parallel: 603 ends the search, the others are cancelled: $calls calls"

callee $a uas_cancel; callee $b uas_cancel; callee $c uas_cancel
forked parallel uac_cancel
passed "parallel: the caller gives up and all three are cancelled: $calls calls"
end_proxy
