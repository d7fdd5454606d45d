# Sourced by scripts that attack a proxy with attack.py, after interop.sh.

# start_attack NAME ARGUMENT…: attack.py in the background, its process id in attack_pid; stop_attack closes its connections.
start_attack() {
  local who=$1; shift
  mkfifo "$work/$who.go"
  python3 "$interop/lib/attack.py" "$@" <"$work/$who.go" >"$work/$who" 2>"$work/$who.err" &
  attack_pid=$!
  started+=("$attack_pid")
  exec {attack_input}>"$work/$who.go"
}
stop_attack() {
  exec {attack_input}>&-
  wait "$attack_pid"
}
served() { timeout 2 python3 "$interop/lib/ping.py" "$1" 127.0.0.1 "$2" 200 2>/dev/null; }
