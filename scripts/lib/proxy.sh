# Sourced by scripts that put parley-proxy between a SIPp caller and a SIPp callee on the loopback address.
# They set `work` to a folder for logs first. Whatever is started here is ended, by process id, when the script exits.

scenarios=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tests/interop/scenarios" && pwd)
started=()

# family PID…: these processes and all that they started, parents first. Kamailio's workers outlive a killed parent.
family() {
  local pid
  for pid; do
    echo "$pid"
    # shellcheck disable=SC2046 # one word a child
    family $(cat "/proc/$pid/task/"*/children 2>/dev/null)
  done
}

end_started() {
  local pid
  # shellcheck disable=SC2046 # one word a job
  for pid in $(family $(jobs -p)); do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
}

# free_ports COUNT: that many ports free for both UDP and TCP at this moment. They lie below those that the system gives to
# connections, so that none is taken by one before it is bound.
free_ports() {
  python3 - "$1" <<'P'
import random, socket, sys
with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
    below = int(file.read().split()[0])
candidates = range(10000, below) if below > 12000 else range(10000, 65000)
held, ports = [], []
while len(ports) < int(sys.argv[1]):
    port, udp, tcp = random.choice(candidates), socket.socket(type=socket.SOCK_DGRAM), socket.socket()
    try:
        udp.bind(("127.0.0.1", port))
        tcp.bind(("127.0.0.1", port))
    except OSError:
        continue
    held += [udp, tcp]
    ports.append(port)
for each in held:
    each.close()
print(*ports)
P
}

# wait_bound udp|tcp PORT PID: until a socket of this machine is bound there, or PID is gone.
wait_bound() {
  local hex; hex=$(printf ':%04X' "$2")
  for _ in $(seq 200); do
    awk -v port="$hex" 'NR > 1 && substr($2, length($2) - 4) == port {found = 1} END {exit !found}' \
      "/proc/net/$1" && return 0
    kill -0 "$3" 2>/dev/null || break
    sleep 0.05
  done
  echo "nothing listens on $1 port $2" >&2
  return 1
}

# start_proxy PROGRAM udp|tcp PORT NEXT_HOP_PORT: leaves its process id in proxy_pid.
start_proxy() {
  "$1" --listen "$2:127.0.0.1:$3" --route "sip:127.0.0.1:$4;transport=$2" >"$work/proxy.log" 2>&1 &
  proxy_pid=$!
  started+=("$proxy_pid")
  wait_bound "$2" "$3" "$proxy_pid" || { cat "$work/proxy.log" >&2; return 1; }
}

# start_callee udp|tcp PORT CALLS [sipp option]…: ends by itself after that many calls; its id in callee_pid.
start_callee() {
  local transport=$1 port=$2 calls=$3; shift 3
  sipp -sf "$scenarios/uas_route.xml" -t "${transport:0:1}1" -i 127.0.0.1 -p "$port" -m "$calls" -nostdin \
    "$@" >"$work/callee.log" 2>&1 </dev/null &
  callee_pid=$!
  started+=("$callee_pid")
  wait_bound "$transport" "$port" "$callee_pid" || { cat "$work/callee.log" >&2; return 1; }
}

# place_calls udp|tcp PROXY_PORT CALLEE_PORT CALLS RATE [sipp option]…: fails unless every call succeeds.
# SIPp's figures go to $work/caller.csv.
place_calls() {
  local transport=$1 proxy=$2 callee=$3 calls=$4 rate=$5; shift 5
  if ! sipp -sf "$scenarios/uac_route.xml" -t "${transport:0:1}1" -i 127.0.0.1 -s bob -m "$calls" -r "$rate" \
    -d 100 -rsa "127.0.0.1:$proxy" "127.0.0.1:$callee" -nostdin -timeout 60 -timeout_error \
    -trace_err -error_file "$work/caller.err" -trace_stat -fd 1 -stf "$work/caller.csv" \
    "$@" >"$work/caller.log" 2>&1 </dev/null; then
    tail -n 20 "$work/caller.err" "$work/proxy.log" >&2 2>/dev/null || true
    return 1
  fi
}

# figure NAME: one column of the last line of SIPp's figures, as in `figure 'SuccessfulCall(C)'`.
figure() {
  awk -F ';' -v name="$1" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) column = i}
    END {print $column}' "$work/caller.csv"
}

# stop_proxy: asks it to drain and fails unless it exits with 0.
stop_proxy() {
  kill -TERM "$proxy_pid"
  wait "$proxy_pid" || { echo "parley-proxy ended with status $?" >&2; cat "$work/proxy.log" >&2; return 1; }
}
