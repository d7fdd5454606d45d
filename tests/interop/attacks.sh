#!/usr/bin/env bash
# What is thrown at the doors and needs a whole proxy to show what becomes of it: lies about Content-Length, TLS renegotiation,
# and 10,000 connections from one address. docs/attacks.md is the list.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/attack.sh"
export ASAN_OPTIONS=quarantine_size_mb=1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
  -subj /CN=localhost -days 2 2>/dev/null
read -r tcp_port tls_port udp_port callee_port < <(free_ports 4)
proxy=(--listen "tcp:127.0.0.1:$tcp_port" --listen "udp:127.0.0.1:$udp_port" --route "sip:127.0.0.1:$callee_port")

launch_proxy "${proxy[@]}" --listen "tls:127.0.0.1:$tls_port" --cert "$work/cert.pem" --key "$work/key.pem"
lies=$(python3 "$interop/lib/attack.py" lengths "$tcp_port") || fail "a Content-Length that lies" "$work/proxy.log"
# R asks openssl's client to renegotiate.
{ sleep 0.5; echo R; sleep 1; } | timeout 10 openssl s_client -connect "127.0.0.1:$tls_port" -tls1_2 >"$work/renegotiation" 2>&1 || true
grep -q 'no renegotiation' "$work/renegotiation" || fail "renegotiation is not refused" "$work/renegotiation"
end_proxy
[ "$(counter framing_errors)" -eq "$lies" ] || fail "not $lies framing errors" "$work/proxy.log"
passed "$lies lies about Content-Length are refused, and nothing behind them is read; TLS renegotiation is refused"

launch_proxy "${proxy[@]}"
start_sipp callee udp "$callee_port" -sf "$(scenario uas_route)"
served tcp "$tcp_port" || fail "not served before the attack" "$work/proxy.log"
before=$(pss "$proxy_pid")
start_attack flood hold "$tcp_port" 10000 127.0.0.1
counted() { [ -s "$work/$1" ] || gone "$attack_pid"; }
wait_until 120 counted flood || true
kept=$(cat "$work/flood")
# A connection that has just served and was left counts for a while, too.
[ "${kept:-0}" -ge 250 ] && [ "$kept" -le 256 ] ||
  fail "of 10,000 connections from one address ${kept:-?} were kept, not 256" "$work/flood.err" "$work/proxy.log"
during=$(pss "$proxy_pid")
[ "$during" -le $((before + 16384)) ] || fail "memory: $before KiB before 10,000 connections, $during KiB with them"
! served tcp "$tcp_port" || fail "one connection more than connections_per_source was served" "$work/proxy.log"
run_sipp other tcp "$tcp_port" 100 100 -sf "$(scenario uac_route)" -d 10 -i 127.0.0.2
stop_attack
wait_until 5 served tcp "$tcp_port" || fail "not served 5 s after the attack" "$work/proxy.log"
run_sipp caller tcp "$tcp_port" 100 100 -sf "$(scenario uac_route)" -d 10
after=$(pss "$proxy_pid")
[ "$after" -le $((before + 16384)) ] || fail "memory: $before KiB before 10,000 connections, $after KiB after them"
end_proxy
[ "$(counter sources_refused)" -ge 9744 ] || fail "sources_refused did not count" "$work/proxy.log"
passed "10,000 connections from one address: $kept kept, 100 calls from another meanwhile, 100 more at once afterwards;" \
  "Pss $before KiB before, $during KiB with them, $after KiB after"
end_sipp "$sipp_pid"
