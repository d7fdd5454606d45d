# Sourced after interop.sh by scripts/soak.

# probe NAME: 20 calls in 0.4 s; true where each succeeds without a message being repeated, and is answered within 100 ms on average.
probe() {
  run_sipp_anyhow "$1" udp "$proxy_port" 20 50 -sf "$(scenario uac_route)" -d 10 -timeout 4 || return 1
  [ "$(sipp_figure "$1" 'Retransmissions(C)')" -eq 0 ] || return 1
  sipp_figure "$1" 'ResponseTime1(C)' | awk -F : '{exit !($1 * 3600 + $2 * 60 + $3 < 0.1)}'
}

# dropped: datagrams for the proxy that the system had no room for.
dropped() {
  awk -v port="$(printf '0100007F:%04X' "$proxy_port")" '$2 == port {sum += $NF} END {print sum + 0}' /proc/net/udp
}

# figure_of FILE NAME: a figure that call_flood has printed.
figure_of() { grep -o "$2=[0-9]*" "$1" | cut -d = -f 2; }

# on_core NUMBER PID: all of that process on one core, where there are two. The proxy has the first, whatever attacks it the other.
on_core() { [ "$(nproc)" -lt 2 ] || taskset -acp "$1" "$2" >/dev/null; }

# overload_calls SECONDS CALLS: so many established calls go on, and half of them end, while ten times as many calls as the proxy
# can carry come for that time. The script fails unless all of them complete, the memory grows no more in the last third of that
# time, and new calls succeed as before within 5 s. $limits and $timers are lines for these tables of the proxy's file: finished
# transactions stay for 64 T1, so that the memory comes to rest after that time, or where the limits are.
overload_calls() {
  local seconds=$1 calls=$2 callee_port flood_port capacity offered rounds kind long_pid short_pid flood_pid
  read -r proxy_port callee_port flood_port < <(free_ports 3)
  "${CXX:-c++}" -std=c++20 -O2 -o "$work/call_flood" "$interop/lib/call_flood.cpp"
  # The flood has Routes of its own. The limit of a source is not what is tested: a flood may come from more addresses than this
  # one does.
  for kind in 1 0.85; do
    printf '%s\n' 'relay = true' "listen = [\"udp:127.0.0.1:$proxy_port\"]" "route = \"sip:127.0.0.1:$callee_port\"" \
      'drain_timeout_s = 2' \
      '[limits]' "${limits:-}" 'source_rate = 0' '[overload]' "target = $kind" '[timers]' "${timers:-}" >"$work/target-$kind.toml"
  done

  # What else runs on the proxy's core makes it slow enough for a flood from one other core.
  local others=()
  capacity=$(capacity_of "$work/target-1.toml")
  while [ "$capacity" -gt 6000 ] && [ ${#others[@]} -lt 8 ]; do
    while :; do :; done & others+=("$!")
    on_core 0 "$!"
    capacity=$(capacity_of "$work/target-1.toml")
  done
  [ "$capacity" -gt 0 ] || fail "no call completes" "$work/proxy.log"

  launch_proxy --config "$work/target-0.85.toml"
  on_core 0 "$proxy_pid"
  start_sipp callee udp "$callee_port" -sf "$(scenario uas_long)" -l 60000
  probe before || fail "new calls do not succeed before the flood" "$work/before.err" "$work/proxy.log"
  # Half of the calls end during the flood, the others after it.
  rounds=$((seconds / 5 + 1))
  place_long long "$rounds" & long_pid=$!
  place_long short "$((seconds / 10 + 1))" & short_pid=$!
  sleep 2
  local before; before=$(pss "$proxy_pid")

  "$work/call_flood" flood "$proxy_port" "$flood_port" $((capacity * 10)) "$seconds" 100 >"$work/flood" &
  flood_pid=$!
  on_core 1 "$flood_pid"
  local second memory early=0 most=0
  for second in $(seq "$seconds"); do
    sleep 1
    memory=$(pss "$proxy_pid")
    [ "$memory" -le "$most" ] || most=$memory
    [ "$second" -gt $((seconds * 2 / 3)) ] || early=$most
    [ $((second % 10)) -ne 0 ] || echo "$name: after $second s: Pss $memory KiB, $(dropped) datagrams dropped by the system"
  done
  local first=$SECONDS normal
  until probe after; do
    [ $((SECONDS - first)) -le 8 ] || fail "new calls do not succeed 8 s after the flood" "$work/after.err" "$work/proxy.log"
  done
  normal=$((SECONDS - first))
  wait "$flood_pid"
  wait "$short_pid" || fail_calls short
  wait "$long_pid" || fail_calls long
  local lost; lost=$(dropped)
  end_sipp "$sipp_pid"
  end_proxy

  offered=$(figure_of "$work/flood" offered)
  kill "${others[@]}" 2>/dev/null || true
  echo "$name: capacity $capacity calls/s beside ${#others[@]} other programs on its core, $offered offered a second: $(cat "$work/flood")"
  echo "$name: the proxy shed $(counter shed), $(counter shed_unanswered) of them without a response, and had no room for $(counter overload); the system dropped $lost datagrams"
  echo "$name: $calls calls with $((calls / 2 * (rounds * 2 + (seconds / 10 + 1) * 2 + 2))) requests in dialogs completed," \
    "$(sipp_figure long 'Retransmissions(C)') and $(sipp_figure short 'Retransmissions(C)') messages repeated"
  echo "$name: Pss $before KiB before, $early KiB at most in the first two thirds of the flood, $most KiB at most"
  [ "$most" -le $((early + early / 10 + 4096)) ] || fail "memory grows: $early KiB after two thirds of the flood, $most KiB at its end"
  [ "$normal" -le 5 ] || fail "new calls succeeded only $normal s after the flood"
  passed "$offered calls a second for $seconds s where $capacity can be carried: $calls established calls went on," \
    "new ones succeed after $normal s"
}

# capacity_of FILE: how many calls a second the proxy carries with that configuration.
capacity_of() {
  launch_proxy --config "$1"
  on_core 0 "$proxy_pid"
  "$work/call_flood" saturate "$proxy_port" "$flood_port" 30 3 >"$work/capacity" &
  on_core 1 "$!"
  wait "$!" || fail "call_flood failed"
  end_proxy
  cut -d ' ' -f 1 "$work/capacity"
}

# place_long NAME ROUNDS: half of the calls.
place_long() {
  awk -v rounds="$2" '/<!-- round -->/ {inside = 1; next}
    /<!-- end -->/ {for (i = 1; i <= rounds; i++) {text = round; gsub(/@ROUND@/, i, text); printf "%s", text}; inside = 0; next}
    inside {round = round $0 "\n"; next} {print}' "$scenarios/uac_long.xml" >"$work/$1.xml"
  run_sipp_anyhow "$1" udp "$proxy_port" $((calls / 2)) 100 -sf "$work/$1.xml" -timeout $((seconds + 60)) -l 10000
}

fail_calls() {
  fail "of the $1 calls $(sipp_figure "$1" 'SuccessfulCall(C)') of $((calls / 2)) succeeded" "$work/$1.err" "$work/proxy.log" \
    "$work/callee.err"
}
