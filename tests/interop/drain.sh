#!/usr/bin/env bash
# SIGTERM: established calls are finished, new ones get 503 with Retry-After, the program ends with 0; at once when idle, after
# drain_timeout_s when a call stays, and on a second signal.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
milliseconds() { date +%s%3N; }

# start SECONDS: a proxy that drains for so long, and a callee behind it.
start() {
  printf 'listen = ["udp:127.0.0.1:%s"]\nroute = "sip:127.0.0.1:%s"\ndrain_timeout_s = %s\n' "$proxy_port" "$callee_port" "$1" \
    >"$work/drain.toml"
  launch_proxy --config "$work/drain.toml"
  start_sipp callee udp "$callee_port" -sf "$(scenario uas_route)" -trace_msg -message_file "$work/callee.msg"
  callee_pid=$sipp_pid
}

# call COUNT MILLISECONDS: that many calls of that length; returns when all are established. Their SIPp is caller_pid.
call() {
  sipp -sf "$(scenario uac_route)" -t u1 -i 127.0.0.1 -p "$caller_port" -s bob -m "$1" -r 500 -d "$2" "127.0.0.1:$proxy_port" \
    -nostdin -timeout 30 -timeout_error -trace_err -error_file "$work/caller.err" >"$work/caller.log" 2>&1 </dev/null &
  caller_pid=$!
  started+=("$caller_pid")
  established() { [ "$(grep -c '^ACK ' "$work/callee.msg")" -ge "$1" ]; }
  wait_until 10 established "$1" || fail "$1 calls are not established" "$work/caller.err" "$work/proxy.log"
}

# ended_within MILLISECONDS: the proxy ends with 0 within that time of `since`; how long it took is in `took`.
ended_within() {
  local status=0
  wait "$proxy_pid" || status=$?
  took=$(($(milliseconds) - since))
  [ "$status" -eq 0 ] || fail "ended with status $status" "$work/proxy.log"
  [ "$took" -le "$1" ] || fail "took $took ms to end" "$work/proxy.log"
}

read -r proxy_port callee_port caller_port < <(free_ports 3)

start 30
since=$(milliseconds)
kill -TERM "$proxy_pid"
ended_within 1000
end_sipp "$callee_pid"
passed "idle: ended with 0 after $took ms"

start 30
call 40 2000
kill -TERM "$proxy_pid"
drains() { grep -q draining "$work/proxy.log"; }
wait_until 5 drains
run_sipp refused udp "$proxy_port" 10 100 -sf "$(scenario uac_retry_after)"
wait "$caller_pid" || fail "an established call did not end well" "$work/caller.err" "$work/proxy.log"
since=$(milliseconds)
ended_within 3000
grep -q 'draining: .* calls=40 ' "$work/proxy.log" || fail "does not say that 40 calls are left" "$work/proxy.log"
end_sipp "$callee_pid"
passed "40 established calls finished, 10 new ones got 503 with Retry-After, ended $took ms after the last BYE"

start 1
call 1 20000
since=$(milliseconds)
kill -TERM "$proxy_pid"
ended_within 2500
[ "$took" -ge 1000 ] || fail "did not wait for the call: $took ms" "$work/proxy.log"
grep -q 'ended with work left calls=1' "$work/proxy.log" || fail "does not say what is left" "$work/proxy.log"
end_sipp "$caller_pid" "$callee_pid"
passed "a call that stays: ended with 0 after $took ms, drain_timeout_s being 1"

start 30
call 1 20000
kill -TERM "$proxy_pid"
wait_until 5 drains
since=$(milliseconds)
kill -INT "$proxy_pid"
ended_within 1000
end_sipp "$caller_pid" "$callee_pid"
passed "second signal: ended with 0 after $took ms"
