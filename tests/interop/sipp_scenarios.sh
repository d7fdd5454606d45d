#!/usr/bin/env bash
# SIPp's built-in scenarios, calls that are cancelled, busy, not answered and put on hold, through parley-proxy over UDP and
# over TCP: each ends on both sides as it should.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"

# pair CALLS RATE CALLER CALLEE [option of the callee]…: each a scenario file, or the name of a built-in one.
pair() {
  local calls=$1 rate=$2 caller=$3 callee=$4; shift 4
  local ends=(-m "$calls")
  [ -f "$callee" ] && callee=(-sf "$callee") || { callee=(-sn "$callee"); ends=(); }
  [ -f "$caller" ] && caller=(-sf "$caller") || caller=(-sn "$caller")
  start_sipp callee "$transport" "$callee_port" "${callee[@]}" "${ends[@]}" "$@"
  run_sipp caller "$transport" "$proxy_port" "$calls" "$rate" "${caller[@]}" -d 100
  if [ ${#ends[@]} -gt 0 ]; then
    wait "$sipp_pid" || fail "the callee has unsuccessful calls" "$work/callee.err" "$work/proxy.log"
  else
    end_sipp "$sipp_pid"  # the built-in callee waits 4 s more for each call
  fi
  rm -f "$work"/call*.csv "$work"/call*.err
}

for transport in udp tcp; do
  read -r proxy_port callee_port < <(free_ports 2)
  launch_proxy --listen "$transport:127.0.0.1:$proxy_port" --route "sip:127.0.0.1:$callee_port;transport=$transport"
  pair 300 100 uac uas
  pair 50 50 "$(scenario uac_cancel)" "$(scenario uas_cancel)"
  pair 50 50 "$(scenario uac_refused 486)" "$(scenario uas_refuse 486)" -d 1
  pair 50 50 "$(scenario uac_refused 480)" "$(scenario uas_refuse 480)" -d 700
  pair 50 50 "$(scenario uac_reinvite)" "$(scenario uas_reinvite)"
  end_proxy
  passed "$transport: 300 calls of SIPp's uac and uas; 50 each cancelled, busy, not answered, put on hold"
done

# Nobody is there at all: timer B of the proxy's client transaction, made short, brings the caller a 408.
read -r proxy_port callee_port < <(free_ports 2)
printf 'listen = ["udp:127.0.0.1:%s"]\nroute = "sip:127.0.0.1:%s"\n[timers]\nt1_ms = 20\n' "$proxy_port" "$callee_port" \
  >"$work/short.toml"
transport=udp
launch_proxy --config "$work/short.toml"
python3 "$interop/lib/silent.py" "$callee_port" 60 >"$work/silent.log" &
silent_pid=$!
started+=("$silent_pid")
wait_bound udp "$callee_port" "$silent_pid"
run_sipp caller udp "$proxy_port" 20 20 -sf "$(scenario uac_refused 408)"
end_sipp "$silent_pid"
end_proxy
passed "udp: 20 calls to a next hop that never answers end with 408"
