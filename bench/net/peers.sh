# Sourced by the benches of this folder: the servers that are compared, certificates for them, and what they use.
# PARLEY_PROXY and FLOW_CLIENT name the programs; without them those of build/bench are taken.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
parley_proxy=${PARLEY_PROXY:-$root/build/bench/examples/proxy/parley-proxy}
flow_client=${FLOW_CLIENT:-$root/build/bench/bench/net/flow_client}
work=$(mktemp -d)
source "$root/scripts/lib/proxy.sh"
trap 'end_started; rm -rf "$work"' EXIT
ulimit -n "$(ulimit -H -n)"

# Kamailio's processes for connections. One by default: with two of them Debian's 5.6.3 ends now and then in damaged memory when
# TLS connections open fast.
tcp_workers=1
# Its memory allocator: the leanest. Debian's choice is one that checks itself.
allocator=(-x fm -X fm)

# Servers run on one processor, whatever drives them on another.
on_server=() on_client=()
[ "$(nproc)" -lt 2 ] || { on_server=(taskset -c 1); on_client=(taskset -c 0); }

# make_certificate: $work/server.pem and $work/server.key, ECDSA with P-256, and Kamailio's settings for them.
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/server.key" -out "$work/server.pem" \
    -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 2 2>/dev/null
  cat >"$work/tls.cfg" <<CFG
[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = $work/server.key
certificate = $work/server.pem
[client:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
CFG
}

# start_server NAME TRANSPORT PORT [NEXT_HOP]: parley, or a name that begins with kamailio; its process id in server_pid.
# Without a next hop it is a registrar only.
start_server() {
  local transport=$2 port=$3 next_hop=${4:-}
  case $1 in
    parley) start_parley "$transport" "$port" "$next_hop" ;;
    kamailio*) start_kamailio "$transport" "$port" "$next_hop" ;;
  esac >"$work/$1.log" 2>&1
  wait_bound tcp "$port" "$server_pid" || { tail -n 5 "$work/$1.log" >&2; return 1; }
}

start_parley() {
  local certificate=() role=(--registrar 127.0.0.1)
  [ -z "$3" ] || role=(--route "$3")
  case $1 in tls | wss) certificate=(--cert "$work/server.pem" --key "$work/server.key" --ca "$work/server.pem") ;; esac
  "${on_server[@]}" "$parley_proxy" --listen "$1:127.0.0.1:$2" --log-level warning "${role[@]}" "${certificate[@]}" &
  server_pid=$!
  started+=("$server_pid")
}

start_kamailio() {
  local listen=$1 with=()
  # To Kamailio a WebSocket is HTTP that was upgraded, on a listener for TCP or TLS.
  case $1 in
    ws) listen=tcp with=(-A WITH_WEBSOCKET) ;;
    wss) listen=tls with=(-A WITH_TLS -A WITH_WEBSOCKET) ;;
    tls) with=(-A WITH_TLS) ;;
  esac
  "${on_server[@]}" kamailio -f "$here/kamailio.cfg" -DD -E -m 1024 -M 16 "${allocator[@]}" -Y "$work" \
    -A "LISTEN=$listen:127.0.0.1:$2" -A "TCP_WORKERS=$tcp_workers" \
    -A "NEXT_HOP=\"$3\"" -A "TLS_SETTINGS=\"$work/tls.cfg\"" "${with[@]}" &
  server_pid=$!
  started+=("$server_pid")
}

end_server() {
  kill -TERM "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
}

# tree PID: it, and the processes that it started.
tree() {
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do tree "$child"; done
}

# cpu_us PID: microseconds of processor time that its tree has used.
cpu_us() {
  local pid
  for pid in $(tree "$1"); do cat "/proc/$pid"/task/*/schedstat; done | awk '{ns += $1} END {printf "%.0f\n", ns / 1000}'
}

# pss_kib PID: memory of its tree. Each page counts once: what processes share is divided among those that have it.
pss_kib() {
  local pid sum=0
  for pid in $(tree "$1"); do sum=$((sum + $(awk '/^Pss:/ {print $2}' "/proc/$pid/smaps_rollup"))); done
  echo "$sum"
}

# median: of the numbers on its input, one a line.
median() { sort -n | awk '{n[NR] = $1} END {print n[int((NR + 1) / 2)]}'; }

# ratio_line WHAT AT_MOST: the median of the ratios on its input, beside what it is to be.
ratio_line() {
  sort -n | awk -v what="$1" -v most="$2" '{r[NR] = $1} END {
    printf "%s: ratio to kamailio %.2f (%.2f to %.2f); at most %s is wanted\n", what, r[int((NR + 1) / 2)], r[1], r[NR], most}'
}
