#!/usr/bin/env bash
# What an operator types and writes: each slip gets exit code 2 and a text that names it, with file and line where it stands
# in one; a port in use gets 1 and names the listener. All settings, IPv6, two workers and debug logging work.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
checks=0

# expect STATUS TEXT [option]…: the program ends by itself with that status and says TEXT, on standard output where it is 0.
expect() {
  local wanted=$1 text=$2 status=0; shift 2
  timeout 10 "$PARLEY_PROXY" "$@" >"$work/out" 2>"$work/err" || status=$?
  local said=$work/err other=$work/out
  if [ "$wanted" -eq 0 ]; then said=$work/out other=$work/err; fi
  [ "$status" -eq "$wanted" ] || fail "parley-proxy $*: status $status, expected $wanted" "$work/out" "$work/err"
  grep -Fq -- "$text" "$said" || fail "parley-proxy $*: does not say \"$text\"" "$work/out" "$work/err"
  [ ! -s "$other" ] || fail "parley-proxy $*: writes to the wrong stream" "$work/out" "$work/err"
  checks=$((checks + 1))
}

# in_file TEXT LINE…: a configuration file of these lines is refused with that text, which begins with the file's name.
in_file() {
  local text=$1; shift
  printf '%s\n' "$@" >"$work/slip.toml"
  expect 2 "$work/slip.toml: $text" --config "$work/slip.toml"
}

expect 0 'Usage: parley-proxy' --help
expect 0 'parley-proxy ' --version
expect 2 '--colour' --colour
expect 2 'extra' extra
for option in --listen --dns --route --config --workers --log-level; do expect 2 "$option" "$option"; done
expect 2 '"127.0.0.1:5060" is no listener' --listen 127.0.0.1:5060
expect 2 '"udp:localhost:5060" is no listener' --listen udp:localhost:5060
expect 2 '"udp:127.0.0.1" is no listener' --listen udp:127.0.0.1
expect 2 '"tcp:127.0.0.1:70000" is no listener' --listen tcp:127.0.0.1:70000
expect 2 '"udp:::1:5060" is no listener' --listen udp:::1:5060
expect 2 '--route: "example.com" is no SIP URI' --route example.com
expect 2 '--route: "tel:+123" is no SIP URI' --route tel:+123
expect 2 '--route: "sip:host:0x1" is no SIP URI' --route sip:host:0x1
expect 2 'nothing can be sent to "sip:127.0.0.1;transport=tcp": there is no listener for TCP over IPv4' \
  --listen udp:127.0.0.1:0 --route 'sip:127.0.0.1;transport=tcp'
expect 2 'there is no listener for UDP over IPv6' --listen udp:127.0.0.1:0 --route 'sip:[::1]:5060'
expect 2 'there is no listener for TLS' --route sips:example.com
expect 2 'a secure listener needs a certificate and its key' --listen tls:127.0.0.1:0
expect 2 '--cert and --key come in pairs' --listen tls:127.0.0.1:0 --cert "$work/absent.pem"
expect 2 "no certificate can be read from $work/absent.pem: No such file" --listen tls:127.0.0.1:0 \
  --cert "$work/absent.pem" --key "$work/absent.key"
expect 2 "no certificates of authorities can be read from $work/absent.pem: No such file" --listen tls:127.0.0.1:0 \
  --ca "$work/absent.pem" --cert x --key y
expect 2 '--dns: "localhost" is no name server' --dns localhost
expect 2 '--dns: "192.0.2.1:0" is no name server' --dns 192.0.2.1:0
expect 2 '--advertise: "a b" is no address to advertise' --advertise 'a b'
expect 2 '--advertise: "user@host" is no address to advertise' --advertise user@host
expect 2 '--proxy-protocol: no listener is for streams' --listen udp:127.0.0.1:0 --proxy-protocol
expect 2 '--proxy-protocol-from: "lb.example.com" is no address and no network' --proxy-protocol-from lb.example.com
expect 2 '--proxy-protocol-from: "192.0.2.7/24" is no address and no network' --proxy-protocol-from 192.0.2.7/24
expect 2 '--log-level: "loud" is no log level' --log-level loud
expect 2 '--workers' --workers 0
expect 2 '--workers' --workers many
expect 2 "$work/absent.toml: No such file" --config "$work/absent.toml"
expect 2 "$work: Is a directory" --config "$work"
passed "$checks slips on the command line are named"

checks=0
in_file 'line 2: there is no setting "lisen"' '# a comment' 'lisen = ["udp:127.0.0.1:5060"]'
in_file 'line 3: there is no setting "t1"' 'workers = 1' '[timers]' 't1 = 500'
in_file 'line 1: "workers" is a whole number from 1 to 256' 'workers = "two"'
in_file 'line 1: "workers" is a whole number from 1 to 256' 'workers = 1000'
in_file 'line 2: "udp:here:1" is no listener' 'listen = ["tcp:127.0.0.1:0",' '"udp:here:1"]'
in_file 'line 1: "listen" is a list' 'listen = "udp:127.0.0.1:5060"'
in_file 'line 1: "listen" is a list of texts and tables' 'listen = [5060]'
in_file 'line 1: there is no setting "bind"' 'listen = [{ bind = "udp:127.0.0.1:0" }]'
in_file 'line 1: "" is no listener' 'listen = [{ advertise = "sip.example.com" }]'
in_file 'line 1: "a b" is no address to advertise' 'listen = [{ at = "udp:127.0.0.1:0", advertise = "a b" }]'
in_file 'line 2: "body_bytes" is a whole number from 0 to 65535' '[limits]' 'body_bytes = 70000'
in_file 'line 2: "accept_back_off_ms" is a whole number from 1' '[timers]' 'accept_back_off_ms = 0'
in_file 'line 2: "request_bytes" is a whole number from 256 to 65535' '[websocket]' 'request_bytes = 10'
in_file 'line 1: "udp:sip" is no address to advertise' 'advertise = "udp:sip"' 'listen = ["udp:127.0.0.1:0"]'
in_file 'line 2: "verify_client" is one of none, optional, required' '[tls]' 'verify_client = "yes"'
in_file 'line 2: a certificate has a "chain" and a "key"' '[tls]' 'certificates = [{ chain = "x" }]'
in_file 'line 3: "tcp:127.0.0.1:2" is none of the places in "listen"' 'listen = ["tcp:127.0.0.1:1"]' '[proxy_protocol]' \
  'listeners = ["tcp:127.0.0.1:2"]'
in_file 'line 3: "udp:127.0.0.1:1" is not for streams' 'listen = ["udp:127.0.0.1:1"]' '[proxy_protocol]' \
  'listeners = ["udp:127.0.0.1:1"]'
in_file 'line 2: "10.0.0.0/33" is no address and no network' '[proxy_protocol]' 'from = ["10.0.0.0/33"]'
in_file 'line 2: "ns.example.com" is no name server' '[dns]' 'servers = ["ns.example.com"]'
in_file 'line 2: "tries" is a whole number from 1 to 10' '[dns]' 'tries = 0'
in_file 'line 1: "record_route" is true or false' 'record_route = "yes"'
in_file 'line 1: "relay" is true or false' 'relay = "no"'
in_file 'line 1: a secret is 32 hexadecimal digits' 'secret = "00112233445566778899aabbccddeefg"'
in_file 'line 1: "loud" is no log level' 'log_level = "loud"'
in_file 'line 1: "bob" is no SIP URI' 'route = "bob"'
in_file 'line 2: "timer_c_s" is a whole number from 181' '[timers]' 'timer_c_s = 60'
in_file 'line 2: "message_s" is a whole number from 1' '[timers]' 'message_s = 0'
in_file 'line 2: "stun" is true or false' '[keep_alive]' 'stun = 1'
in_file 'line 2: "pong_s" is a whole number from 1' '[keep_alive]' 'pong_s = 0'
in_file 'line 1: "limits" is a table' 'limits = 3'
in_file 'line 2: "source_rate" is a whole number from 0' '[limits]' 'source_rate = -1'
in_file 'line 2: "source_burst" is a whole number from 1' '[limits]' 'source_burst = 0'
in_file 'line 2: "sources" is a whole number from 8' '[limits]' 'sources = 7'
in_file 'line 2: "udp_request_bytes" is a whole number from 0 to 65535' '[limits]' 'udp_request_bytes = 65536'
in_file 'line 2: "target" is a number from 0.05 to 1' '[overload]' 'target = 85'
in_file 'line 3: "ask" is true or false' '[overload]' 'target = 1' 'ask = "loss"'
in_file 'line 2: "emergency_rate" is a whole number from 0' '[overload]' 'emergency_rate = -1'
in_file 'line 2: "breadth" is a whole number from 1 to 255' '[limits]' 'breadth = 0'
in_file 'line 2: "binding_bytes" is a whole number from 256' '[registrar]' 'binding_bytes = 1'
in_file 'line 2: "validity_ms" is a whole number from 1 to 60000' '[overload]' 'validity_ms = 0'
in_file 'line 2: "neighbours" is a whole number from 1' '[overload]' 'neighbours = 0'
in_file 'line 2: there is no setting "targets"' '[overload]' 'targets = 0.5'
in_file 'line 1: a location has an "aor"' '[[location]]' 'contacts = []'
in_file 'line 3: "tel:+1" is no SIP URI' '[[location]]' 'aor = "sip:bob@example.com"' 'contacts = [{ uri = "tel:+1" }]'
in_file 'line 2: there is no setting "uris"' '[[location]]' 'uris = []'
in_file 'line 1: "bob" is no SIP URI: at offset 0' '[[location]]' 'aor = "bob"'
in_file 'line 3: "q" is a number from 0' '[[location]]' 'aor = "sip:bob@example.com"' \
  'contacts = [{ uri = "sip:bob@127.0.0.1", q = 3 }]'
in_file 'line 2: "SHA-1" is no algorithm' '[registrar]' 'algorithms = ["MD5", "SHA-1"]'
in_file 'line 2: ' 'workers = 1' 'route = sip:unquoted'
passed "$checks slips in a configuration file are named with their line"

read -r taken free < <(free_ports 2)
launch_proxy --listen "tcp:127.0.0.1:$taken"
expect 1 "can't listen on tcp:127.0.0.1:$taken: Address already in use" --listen "udp:127.0.0.1:$free" \
  --listen "tcp:127.0.0.1:$taken"
expect 1 "can't listen on udp:192.0.2.1:$free: " --listen "udp:192.0.2.1:$free"
end_proxy
passed "a port in use and an address of another machine are named"

example=$interop/../../examples/proxy/parley-proxy.toml
read -r proxy_port tcp_port six_port callee_port < <(free_ports 4)
# The example as it is, but for its ports, and with the lines in it that are comments only because they name addresses.
sed -e "s/^listen = .*/listen = [\"udp:127.0.0.1:$proxy_port\", \"tcp:127.0.0.1:$tcp_port\", \"udp:[::1]:$six_port\"]/" \
  -e "s/^# route = .*/route = \"sip:127.0.0.1:$callee_port\"/" -e '/^# \[\[location/,$s/^# //' "$example" >"$work/all.toml"
launch_proxy --config "$work/all.toml"
for where in "udp:127.0.0.1:$proxy_port" "tcp:127.0.0.1:$tcp_port" "udp:\[::1\]:$six_port"; do
  grep -q "listening address=\"$where\"" "$work/proxy.log" || fail "does not listen on $where" "$work/proxy.log"
done
python3 "$interop/lib/ping.py" udp "::1" "$six_port" 200
python3 "$interop/lib/ping.py" tcp 127.0.0.1 "$tcp_port" 200
start_sipp callee udp "$callee_port" -sf "$(scenario uas_route)" -m 20
run_sipp caller udp "$proxy_port" 20 50 -sf "$(scenario uac_route)" -d 10
wait "$sipp_pid"
end_proxy
passed "the example file with every setting: 3 listeners, OPTIONS over IPv6 and TCP, 20 calls"

# What the file says of all listeners holds for those of the command line, too.
read -r udp_port ws_port file_port < <(free_ports 3)
mkdir "$work/pages"
echo 'a page' >"$work/pages/page.txt"
printf '%s\n' "listen = [\"udp:127.0.0.1:$file_port\", \"ws:127.0.0.1:$ws_port\"]" 'advertise = "sip.example.com"' \
  '[websocket]' "static = \"$work/pages\"" >"$work/common.toml"
launch_proxy --config "$work/common.toml" --listen "udp:127.0.0.1:$udp_port" --listen "ws:127.0.0.1:$ws_port"
! grep -q ":$file_port" "$work/proxy.log" || fail "listens where the file says, too" "$work/proxy.log"
python3 "$interop/lib/ping.py" udp 127.0.0.1 "$udp_port" 200 sip.example.com
page=$(python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())' \
  "http://127.0.0.1:$ws_port/page.txt") || fail "serves no files" "$work/proxy.log"
[ "$page" = 'a page' ] || fail "serves \"$page\"" "$work/proxy.log"
end_proxy
passed "advertise and [websocket] of a file, with listeners of the command line"

# A listener's own name goes before the name for all, and the command line's before the file's.
read -r first_port second_port < <(free_ports 2)
printf '%s\n' "listen = [\"udp:127.0.0.1:$first_port\"," \
  "{ at = \"udp:127.0.0.1:$second_port\", advertise = \"second.example.com\" }]" 'advertise = "first.example.com"' >"$work/names.toml"
launch_proxy --config "$work/names.toml"
python3 "$interop/lib/ping.py" udp 127.0.0.1 "$first_port" 200 first.example.com
python3 "$interop/lib/ping.py" udp 127.0.0.1 "$second_port" 200 second.example.com
end_proxy
read -r proxy_port ws_port < <(free_ports 2)
launch_proxy --listen "udp:127.0.0.1:$proxy_port" --listen "ws:127.0.0.1:$ws_port" --config "$work/names.toml" \
  --advertise command.example.com --static "$work/pages"
python3 "$interop/lib/ping.py" udp 127.0.0.1 "$proxy_port" 200 command.example.com
page=$(python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())' \
  "http://127.0.0.1:$ws_port/page.txt") || fail "--static serves no files" "$work/proxy.log"
[ "$page" = 'a page' ] || fail "--static serves \"$page\"" "$work/proxy.log"
end_proxy
passed "names of single listeners, --advertise and --static"

read -r proxy_port callee_port < <(free_ports 2)
launch_proxy --listen "udp:127.0.0.1:$proxy_port" --route "sip:127.0.0.1:$callee_port" --workers 2 --log-level debug
start_sipp callee udp "$callee_port" -sf "$(scenario uas_route)" -m 200
# The system gives the requests of a caller to one worker, by its port, and the callee's responses to one: callers with several
# ports make sure that responses come to the other.
repeated=0
for _ in 1 2 3 4 5; do
  run_sipp caller udp "$proxy_port" 40 100 -sf "$(scenario uac_route)" -d 10
  repeated=$((repeated + $(sipp_figure caller 'Retransmissions(C)')))
done
wait "$sipp_pid"
end_proxy
# A log line: time, level, room, text, fields; one a line, nothing else.
stamp='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z'
if grep -Evq "^$stamp (trace|debug|info|warning|error) [a-z_-]+: .+" "$work/proxy.log"; then
  fail "log lines without time, level or place" "$work/proxy.log"
fi
[ "$(wc -l <"$work/proxy.log")" -lt 1000 ] || fail "more than five lines a call at debug" "$work/proxy.log"
[ "$repeated" -eq 0 ] || fail "messages were repeated" "$work/proxy.log"
passed "2 workers at log level debug: 200 calls, nothing sent twice, $(wc -l <"$work/proxy.log") log lines"
