#!/usr/bin/env bash
# sipsak asks parley-phone for its OPTIONS over udp and tcp, sends it a message, and requests with random characters.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"

# sipsak 0.9.8 drops digits of a port in a URI: its URIs have none here. Its message mode crashes as Debian has it: the message
# comes from a file.
read -r port reply_port < <(free_ports 2)
start_phone alice --listen "udp:127.0.0.1:$port" --listen "tcp:127.0.0.1:$port" <<'E'
expect message body=Hello
expect message body=Goodbye
E

# ask WHAT [option]…: one run of sipsak that must end with a final answer of 2xx.
ask() {
  local what=$1; shift
  timeout 20 sipsak -vv "$@" >"$work/sipsak.log" 2>&1 || fail "$what: sipsak ended with status $?" "$work/sipsak.log" "$work/alice.err"
}
# send TEXT BRANCH
send() {
  cat >"$work/message" <<E
MESSAGE sip:alice@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:$reply_port;branch=z9hG4bK$2;rport
Max-Forwards: 70
From: <sip:sipsak@127.0.0.1>;tag=$2
To: <sip:alice@127.0.0.1>
Call-ID: $2@127.0.0.1
CSeq: 1 MESSAGE
Content-Type: text/plain
Content-Length: ${#1}

$1
E
  truncate -s -1 "$work/message"
  ask "a message" -l "$reply_port" --symmetric -f "$work/message" -s sip:alice@127.0.0.1 -r "$port"
}

ask 'OPTIONS over udp' -s sip:alice@127.0.0.1 -r "$port"
for header in 'Allow:.*INVITE' 'Accept:.*application/sdp' 'Supported:.*100rel'; do
  grep -q "$header" "$work/sipsak.log" || fail "OPTIONS brings no $header" "$work/sipsak.log"
done
ask 'OPTIONS over tcp' -E tcp -s sip:alice@127.0.0.1 -r "$port"
passed "OPTIONS over udp and tcp are answered"

send Hello first
expect_told alice message body=Hello
passed "a message is taken"

ask 'flood' -F -e 1000 -s sip:alice@127.0.0.1 -r "$port"
# Some of these get no answer, which sipsak reports as an error: what matters is that the phone goes on.
timeout 10 sipsak -R -t 200 -s sip:alice@127.0.0.1 -r "$port" >"$work/random.log" 2>&1 || true
ask 'OPTIONS after random requests' -s sip:alice@127.0.0.1 -r "$port"
send Goodbye last
end_phone alice
passed "OPTIONS and a message after 1000 at once and after requests with random characters"
