#!/usr/bin/env bash
# More connections than the proxy has descriptors: it stops accepting for a while at a time and takes no processor, what is
# established goes on, and new connections are served as soon as there are descriptors again.
# Environment: PARLEY_PLAIN_PROXY, a parley-proxy without sanitizers, where PARLEY_PROXY has them: the checks of types open a
# pipe to look at memory, and take every object for broken where there are no descriptors.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/attack.sh"
PARLEY_PROXY=${PARLEY_PLAIN_PROXY:-$PARLEY_PROXY}
! ldd "$PARLEY_PROXY" | grep -q ubsan || fail "$PARLEY_PROXY has sanitizers: set PARLEY_PLAIN_PROXY to one without"

# processor_ms PID: what it has used so far.
processor_ms() { awk -v hz="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print int(($12 + $13) * 1000 / hz)}' "/proc/$1/stat"; }

read -r tcp_port udp_port callee_port < <(free_ports 3)
start_sipp callee udp "$callee_port" -sf "$(scenario uas_route)"
ulimit -Sn 64
launch_proxy --listen "tcp:127.0.0.1:$tcp_port" --listen "udp:127.0.0.1:$udp_port" --route "sip:127.0.0.1:$callee_port"
ulimit -Sn "$(ulimit -Hn)"
# Ten calls on one connection begin before the descriptors end, and outlast them.
run_sipp established tcp "$tcp_port" 10 100 -sf "$(scenario uac_route)" -d 6000 &
calls_pid=$!
sleep 1
start_attack exhaustion hold "$tcp_port" 200 127.0.0.1
pausing() { grep -q 'accepting pauses' "$work/proxy.log"; }
wait_until 10 pausing || fail "200 connections with 64 descriptors do not make it pause" "$work/proxy.log"
first=$(processor_ms "$proxy_pid")
sleep 3
used=$(($(processor_ms "$proxy_pid") - first))
[ "$used" -le 600 ] || fail "in 3 s without descriptors it has used $used ms of the processor" "$work/proxy.log"
served udp "$udp_port" || fail "UDP is not served without descriptors" "$work/proxy.log"
! served tcp "$tcp_port" || fail "a new connection was served without descriptors" "$work/proxy.log"
wait "$calls_pid" || fail "established calls failed" "$work/proxy.log"
stop_attack
wait_until 5 served tcp "$tcp_port" || fail "not served 5 s after the attack" "$work/proxy.log"
run_sipp caller tcp "$tcp_port" 50 100 -sf "$(scenario uac_route)" -d 10
end_sipp "$sipp_pid"
[ "$(grep -c 'accepting pauses' "$work/proxy.log")" -le 3 ] || fail "the log is flooded" "$work/proxy.log"
end_proxy
[ "$(counter accept_back_offs)" -gt 5 ] || fail "accept_back_offs did not count" "$work/proxy.log"
passed "200 connections with 64 descriptors: accepting pauses $(counter accept_back_offs) times, $used ms of the processor in 3 s," \
  "10 established calls and UDP go on, new connections are served at once afterwards"
