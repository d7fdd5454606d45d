# Sourced by tests/interop/*.sh: a folder for logs in `work`, removed with everything that was started when the script ends,
# and what the scripts have in common. PARLEY_PROXY names the program under test.
: "${PARLEY_PROXY:?names the parley-proxy to test}"
: "${PARLEY_PHONE:=$(dirname "$PARLEY_PROXY")/../phone/parley-phone}"
work=$(mktemp -d)
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$interop/../../scripts/lib/proxy.sh"
trap 'end_started; rm -rf "$work"' EXIT
name=$(basename "$0" .sh)

passed() { echo "$name: $*"; }

# fail TEXT [FILE]…: ends the script with the ends of those logs.
fail() {
  echo "$name: FAILED: $1" >&2
  shift
  local file
  for file in "$@"; do
    [ ! -s "$file" ] || { echo "--- end of $(basename "$file")" >&2; tail -n 30 "$file" | cut -c -400 >&2; }
  done
  exit 1
}

# wait_until SECONDS COMMAND…: false where the command has not succeeded by then.
wait_until() {
  local last=$((SECONDS + $1)); shift
  until "$@"; do
    [ "$SECONDS" -lt "$last" ] || return 1
    sleep 0.05
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# launch_proxy [option]…: its process id in proxy_pid, its log in $work/proxy.log; returns when it listens.
launch_proxy() {
  : >"$work/proxy.log"
  "$PARLEY_PROXY" "$@" >"$work/proxy.log" 2>&1 &
  proxy_pid=$!
  started+=("$proxy_pid")
  listening_or_gone() { grep -q ': listening' "$work/proxy.log" || gone "$proxy_pid"; }
  wait_until 10 listening_or_gone || true
  grep -q ': listening' "$work/proxy.log" || fail "parley-proxy $* does not listen" "$work/proxy.log"
}

# end_proxy: asks the proxy to drain; the script fails unless it ends with 0, having reported no memory error.
end_proxy() {
  kill -TERM "$proxy_pid"
  local status=0
  wait "$proxy_pid" || status=$?
  [ "$status" -eq 0 ] || fail "parley-proxy ended with status $status" "$work/proxy.log"
  ! grep -Eq 'ERROR: .*Sanitizer|runtime error:' "$work/proxy.log" || fail "a sanitizer reports" "$work/proxy.log"
}

# launch_kamailio FOLDER PORT: with $work/kamailio.cfg; its process id in kamailio_pid. Its processes end with the first one only
# where that one can tell them.
launch_kamailio() {
  mkdir "$1"
  kamailio -f "$work/kamailio.cfg" -Y "$1" -m 64 -M 4 -DD -E >"$work/kamailio.log" 2>&1 &
  kamailio_pid=$!
  trap 'end_kamailio; end_started; rm -rf "$work"' EXIT
  wait_bound tcp "$2" "$kamailio_pid" || fail "Kamailio does not start" "$work/kamailio.log"
}
end_kamailio() {
  kill -TERM "$kamailio_pid" 2>/dev/null || true
  wait "$kamailio_pid" 2>/dev/null || true
}

# counter NAME: a figure of the proxy's last log line.
counter() { tail -n 1 "$work/proxy.log" | grep -o " $1=[0-9]*" | cut -d = -f 2; }

# pss PID: KiB of memory that are the process's own or its share of what it shares.
pss() { awk '/^Pss:/ {print $2}' "/proc/$1/smaps_rollup"; }

# scenario NAME [STATUS]: the path of a scenario of ours, with the status that it answers or expects put in.
scenario() {
  sed "s/@STATUS@/${2:-}/" "$scenarios/$1.xml" >"$work/$1-${2:-}.xml"
  echo "$work/$1-${2:-}.xml"
}

# start_sipp NAME udp|tcp PORT [option]…: a SIPp that waits for calls; its id in sipp_pid, its figures in $work/NAME.csv.
start_sipp() {
  local who=$1 transport=$2 port=$3; shift 3
  sipp -t "${transport:0:1}1" -i 127.0.0.1 -p "$port" -nostdin -trace_err -error_file "$work/$who.err" -trace_stat -fd 1 \
    -stf "$work/$who.csv" "$@" >"$work/$who.log" 2>&1 </dev/null &
  sipp_pid=$!
  started+=("$sipp_pid")
  wait_bound "$transport" "$port" "$sipp_pid" || fail "SIPp as $who does not start" "$work/$who.log"
}

# end_sipp PID…: ends waiting SIPps.
end_sipp() {
  local pid
  for pid in "$@"; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

# run_sipp_anyhow NAME udp|tcp PORT CALLS RATE [option]…: places calls towards PORT; its status tells whether each succeeds.
run_sipp_anyhow() {
  local who=$1 transport=$2 port=$3 calls=$4 rate=$5; shift 5
  sipp -t "${transport:0:1}1" -i 127.0.0.1 -p "$(free_ports 1)" -s bob -m "$calls" -r "$rate" "127.0.0.1:$port" -nostdin \
    -timeout 60 -timeout_error -trace_err -error_file "$work/$who.err" -trace_stat -fd 1 -stf "$work/$who.csv" "$@" \
    >"$work/$who.log" 2>&1 </dev/null
}

# run_sipp NAME udp|tcp PORT CALLS RATE [option]…: the same; the script fails unless each call succeeds.
run_sipp() {
  run_sipp_anyhow "$@" ||
    fail "SIPp as $1: $(sipp_figure "$1" 'SuccessfulCall(C)') of $4 calls succeeded" "$work/$1.err" "$work/proxy.log"
}

# sipp_figure NAME COLUMN: one column of the last line of a SIPp's figures.
sipp_figure() {
  [ -f "$work/$1.csv" ] || return 0
  awk -F ';' -v name="$2" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) column = i} END {print $column}' "$work/$1.csv"
}

# sipp_scenario NAME: the path of a scenario whose short text is on standard input, see scenario.py.
sipp_scenario() {
  python3 "$interop/lib/scenario.py" >"$work/$1.xml" || fail "no scenario $1"
  echo "$work/$1.xml"
}

# sipp_with_sound NAME FILE TIMES: the scenario of that name, made before, where the file with G.711 A-law goes out so many times (-1: for
# ever) before the first pause, from ports that SIPp chooses itself. Says where it is.
sipp_with_sound() {
  sed -e 's/\[media_port\]/[rtpstream_audio_port]/' \
    -e "s|<pause|<nop><action><exec rtp_stream=\"$2,$3,8,PCMA/8000\"/></action></nop>\n&|" "$work/$1.xml" >"$work/$1-sound.xml"
  echo "$work/$1-sound.xml"
}

declare -A phone_pid

# start_phone NAME [option]…: a parley-phone that does the steps on standard input; what it tells goes to $work/NAME.jsonl. Returns
# when it listens.
start_phone() {
  local who=$1; shift
  cat >"$work/$who.steps"
  : >"$work/$who.jsonl"
  "$PARLEY_PHONE" "$@" --script "$work/$who.steps" >"$work/$who.jsonl" 2>"$work/$who.err" </dev/null &
  phone_pid[$who]=$!
  started+=("$!")
  listening_or_gone() { told "$who" listening || gone "${phone_pid[$who]}"; }
  wait_until 30 listening_or_gone || true
  told "$who" listening || fail "parley-phone $* does not listen" "$work/$who.err" "$work/$who.jsonl"
}

# start_registered USER PROXY_PORT [option]…: the phone of a user of parley.test, who may have several: bob-1, bob-2 …; over
# $transport and with $password, "udp" and "secret" unless given.
start_registered() {
  local transport=${transport:-udp}
  start_phone "$1" --listen "$transport:127.0.0.1:0" --proxy "sip:127.0.0.1:$2;transport=$transport;lr" \
    --register "sip:${1%-*}@parley.test" --user "${1%-*}" --password "${password:-secret}" "${@:3}"
}

# launch_registrar PORT ALGORITHMS USER…: parley-proxy as the registrar of parley.test for users with the password "secret".
launch_registrar() {
  cat >"$work/registrar.toml" <<E
listen = ["udp:127.0.0.1:$1"]
relay = true
[registrar]
domains = ["parley.test"]
users = [$(printf '{ name = "%s", password = "secret" },' "${@:3}")]
algorithms = [$2]
E
  launch_proxy --config "$work/registrar.toml"
}

# told PHONE EVENT [KEY=VALUE]…: whether the phone has told of such an event.
told() {
  local lines each
  lines=$(grep -F "\"event\":\"$2\"" "$work/$1.jsonl") || return 1
  shift 2
  for each; do
    lines=$(grep -F -e "\"${each%%=*}\":\"${each#*=}\"" -e "\"${each%%=*}\":${each#*=}," -e "\"${each%%=*}\":${each#*=}}" \
      <<<"$lines") || return 1
  done
}

# expect_told PHONE EVENT [KEY=VALUE]…: waits for it.
expect_told() { wait_until 30 told "$@" || fail "no event: $*" "$work/$1.jsonl" "$work/$1.err"; }

# end_phone NAME [STATUS]: waits until it has ended with that status, 0 unless given.
end_phone() {
  wait_until 70 gone "${phone_pid[$1]}" || fail "the phone $1 does not end" "$work/$1.jsonl" "$work/$1.err"
  local status=0
  wait "${phone_pid[$1]}" || status=$?
  [ "$status" -eq "${2:-0}" ] || fail "the phone $1 ended with $status, not ${2:-0}" "$work/$1.jsonl" "$work/$1.err"
  ! grep -Eq 'ERROR: .*Sanitizer|runtime error:' "$work/$1.err" || fail "a sanitizer reports" "$work/$1.err"
}

# at_once PORTS FUNCTION…: runs them beside one another, each with so many free ports as arguments, and with a folder and processes
# of its own; the script fails where one does.
at_once() {
  local count=$1 each pids=() ports failed=0; shift
  read -ra ports < <(free_ports $((count * $#)))
  for each; do
    (
      work=$work/$each started=()
      mkdir "$work"
      # shellcheck disable=SC2046 # one word a process
      trap 'kill -KILL $(family "${started[@]}") 2>/dev/null || true' EXIT
      "$each" "${ports[@]:0:count}"
    ) &
    pids+=("$!")
    ports=("${ports[@]:count}")
  done
  for each in "${pids[@]}"; do wait "$each" || failed=1; done
  [ "$failed" -eq 0 ] || exit 1
}
