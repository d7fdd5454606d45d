#!/usr/bin/env bash
# sipsak: OPTIONS over udp, tcp and tls, registering, a flood, requests with random characters, and each hop on the way to a callee.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/authority.sh"
authority authority
issue server 'IP:127.0.0.1'

# sipsak 0.9.8 drops digits of a port in a URI: its URIs have none here, the port is given by -r. Over TLS 1.3 it takes a
# session ticket for the end of the connection: the proxy gives none. Its invite and message modes crash as Debian has it.
read -r udp_port tcp_port tls_port callee_port < <(free_ports 4)
cat >"$work/sipsak.toml" <<EOF
listen = ["udp:127.0.0.1:$udp_port", "tcp:127.0.0.1:$tcp_port", "tls:127.0.0.1:$tls_port"]
[registrar]
domains = ["127.0.0.1"]
[tls]
certificates = [{ chain = "$work/server.pem", key = "$work/server.key" }]
resumption = false
[[location]]
aor = "sip:bob@127.0.0.1"
contacts = [{ uri = "sip:bob@127.0.0.1:$callee_port" }]
EOF
launch_proxy --config "$work/sipsak.toml"

# ask WHAT [option]…: one run of sipsak that must end with a final answer of 2xx.
ask() {
  local what=$1; shift
  timeout 20 sipsak -vv "$@" >"$work/sipsak.log" 2>&1 || fail "$what: sipsak ended with status $?" "$work/sipsak.log" "$work/proxy.log"
}

ask 'OPTIONS over udp' -s sip:127.0.0.1 -r "$udp_port"
ask 'OPTIONS over tcp' -E tcp -s sip:127.0.0.1 -r "$tcp_port"
ask 'OPTIONS over tls' -E tls --tls-ca-cert="$work/authority.pem" -s sip:127.0.0.1 -r "$tls_port"
passed "OPTIONS over udp, tcp and tls are answered"

for transport in udp tcp; do
  port=${transport}_port
  ask "registering over $transport" -U -i -x 600 -E $transport -s sip:alice@127.0.0.1 -r "${!port}"
done
ask 'ending the registrations' -U -i -x 0 -C '*' -s sip:alice@127.0.0.1 -r "$udp_port"
passed "a user registers and ends it"

# It sends with growing Max-Forwards: the proxy is the first hop, which answers 483, the callee the second.
start_sipp callee udp "$callee_port" -sf "$(scenario uas_options)"
ask 'trace' -T -s sip:bob@127.0.0.1 -r "$udp_port"
for hop in '^0: .*483' '200 OK'; do
  grep -q "$hop" "$work/sipsak.log" || fail "the trace does not show $hop" "$work/sipsak.log"
done
end_sipp "$sipp_pid"
passed "a trace shows the proxy as the first hop and the callee as the second"

ask 'flood' -F -e 5000 -s sip:127.0.0.1 -r "$udp_port"
ask 'OPTIONS after the flood' -s sip:127.0.0.1 -r "$udp_port"
# Some of these get no answer, which sipsak reports as an error: what matters is that the proxy goes on.
timeout 10 sipsak -R -t 200 -s sip:127.0.0.1 -r "$udp_port" >"$work/random.log" 2>&1 || true
ask 'OPTIONS after random requests' -s sip:127.0.0.1 -r "$udp_port"
end_proxy
passed "OPTIONS are answered after 5000 at once and after requests with random characters"
