#!/usr/bin/env bash
# A flood of INVITEs that nobody answers is held to limits.pending_invites: beyond it 503 with Retry-After, no more memory for a
# second flood, and service afterwards. Garbage over UDP and TCP neither ends the proxy nor keeps calls from being served.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
export ASAN_OPTIONS=quarantine_size_mb=1

read -r proxy_port callee_port < <(free_ports 2)
printf '%s\n' "listen = [\"udp:127.0.0.1:$proxy_port\", \"tcp:127.0.0.1:$proxy_port\"]" "route = \"sip:127.0.0.1:$callee_port\"" \
  'drain_timeout_s = 1' '[limits]' 'pending_invites = 200' 'message_bytes = 16384' 'connections_per_source = 40' \
  '[timers]' 't1_ms = 30' \
  >"$work/small.toml"
launch_proxy --config "$work/small.toml"
python3 "$interop/lib/silent.py" "$callee_port" 60 &
silent_pid=$!
started+=("$silent_pid")
wait_bound udp "$callee_port" "$silent_pid"

# flood: 5,000 INVITEs, of which the proxy takes 200. The others get their 503 at once.
flood() {
  local trying busy nothing other
  read -r trying busy nothing other < <(python3 "$interop/lib/flood.py" invites "$proxy_port" 5000)
  [ $((trying + busy)) -eq 5000 ] && [ "$trying" -ge 200 ] && [ "$trying" -lt 600 ] ||
    fail "of 5000 INVITEs $trying got 100, $busy 503, $nothing nothing, $other another response" "$work/proxy.log"
  figures="$trying got 100, $busy got 503 with Retry-After"
}

flood
first=$(pss "$proxy_pid")
sleep 2.2  # timer B: those that were taken have got their 408
flood
second=$(pss "$proxy_pid")
[ "$second" -le $((first + first / 20 + 1024)) ] || fail "memory grows: $first KiB after a flood, $second KiB after two"
end_sipp "$silent_pid"
sleep 2.2
start_sipp callee udp "$callee_port" -sf "$(scenario uas_route)"
run_sipp caller udp "$proxy_port" 100 100 -sf "$(scenario uac_route)" -d 10
passed "5000 INVITEs to a next hop that is silent, pending_invites being 200: $figures; Pss $first KiB, after another flood" \
  "$second KiB; then 100 calls"

python3 "$interop/lib/flood.py" garbage "$proxy_port" >"$work/garbage" 2>&1 &
garbage_pid=$!
started+=("$garbage_pid")
run_sipp caller udp "$proxy_port" 300 100 -sf "$(scenario uac_route)" -d 10
wait "$garbage_pid" || fail "the flood ended early" "$work/garbage" "$work/proxy.log"
python3 "$interop/lib/ping.py" udp 127.0.0.1 "$proxy_port" 200
python3 "$interop/lib/ping.py" tcp 127.0.0.1 "$proxy_port" 200
run_sipp caller udp "$proxy_port" 100 100 -sf "$(scenario uac_route)" -d 10
end_sipp "$sipp_pid"
end_proxy
for figure in overload dropped_malformed refused too_large framing_errors connections_refused; do
  [ "$(counter "$figure")" -gt 0 ] || fail "$figure did not move" "$work/proxy.log"
done
passed "$(cat "$work/garbage") during 300 calls, then 100 more;" \
  "$(for figure in dropped_malformed refused too_large framing_errors connections_refused; do
    echo "$figure=$(counter $figure)"; done | paste -sd ' ')"
