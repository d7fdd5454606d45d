#!/usr/bin/env bash
# Debian's haproxy in front of TCP and TLS listeners, saying by the PROXY protocol, version 2, whom each connection is from:
# calls of SIPp through it, at whose callee Via has the caller's address; limits for a source go by that address; nobody is
# served who comes without the header, or from elsewhere.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
  -subj /CN=localhost -addext 'subjectAltName=IP:127.0.0.1' -days 2 2>/dev/null
read -r tcp_port tls_port udp_port callee_port front_tcp front_tls front_tunnel < <(free_ports 7)
printf '%s\n' "listen = [\"tcp:127.0.0.1:$tcp_port\", \"tls:127.0.0.1:$tls_port\", \"udp:127.0.0.1:$udp_port\"]" \
  "route = \"sip:127.0.0.1:$callee_port\"" \
  '[tls]' "certificates = [{ chain = \"$work/cert.pem\", key = \"$work/key.pem\" }]" \
  '[limits]' 'connections_per_source = 3' \
  '[proxy_protocol]' "listeners = [\"tcp:127.0.0.1:$tcp_port\", \"tls:127.0.0.1:$tls_port\"]" 'from = ["127.0.0.1"]' \
  >"$work/behind.toml"
launch_proxy --config "$work/behind.toml"

# Where SIPp is to come in over TLS, which it does not speak, haproxy speaks it behind the header.
cat >"$work/haproxy.cfg" <<CFG
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen tcp
  bind 127.0.0.1:$front_tcp
  server proxy 127.0.0.1:$tcp_port send-proxy-v2 proxy-v2-options crc32c,unique-id check inter 100ms
listen tunnel
  bind 127.0.0.1:$front_tunnel
  server proxy 127.0.0.1:$tls_port send-proxy-v2 proxy-v2-options crc32c ssl verify required ca-file $work/cert.pem
listen tls
  bind 127.0.0.1:$front_tls
  server proxy 127.0.0.1:$tls_port send-proxy-v2
CFG
haproxy -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
haproxy_pid=$!
started+=("$haproxy_pid")
wait_bound tcp "$front_tls" "$haproxy_pid" || fail "haproxy does not start" "$work/haproxy.log"

# The caller names itself so that whoever answers has to look where it comes from (RFC 3261 18.2.1).
sed 's/\[local_ip\]:\[local_port\];branch/caller.invalid;branch/' "$scenarios/uac_route.xml" >"$work/uac_unnamed.xml"

# calls PORT NAME: 200 calls from 127.0.0.3 on one connection through haproxy.
calls() {
  local front=$1 label=$2 named
  start_sipp callee udp "$callee_port" -sf "$(scenario uas_route)" -trace_msg -message_file "$work/$label.messages"
  sipp -t t1 -i 127.0.0.3 -s bob -m 200 -r 100 -sf "$work/uac_unnamed.xml" -d 50 "127.0.0.1:$front" -nostdin -timeout 60 \
    -timeout_error -trace_err -error_file "$work/caller.err" >"$work/caller.log" 2>&1 </dev/null ||
    fail "calls over $label failed" "$work/caller.err" "$work/proxy.log" "$work/haproxy.log"
  end_sipp "$sipp_pid"
  named=$(grep '^Via: .*caller.invalid' "$work/$label.messages" | grep -c 'received=127.0.0.3' || true)
  [ "$named" -ge 600 ] || fail "$named Vias of 200 calls over $label name the caller's address" "$work/$label.messages"
  ! grep -q 'received=127.0.0.1' "$work/$label.messages" || fail "haproxy's address is named" "$work/$label.messages"
}
calls "$front_tcp" tcp
calls "$front_tunnel" tls
passed "400 calls through haproxy to a TCP and to a TLS listener; Via has the caller's address"

# TLS from end to end: the header stands before the handshake, which is the client's own.
answer=$({ printf '%s\r\n' 'OPTIONS sip:127.0.0.1 SIP/2.0' 'Via: SIP/2.0/TLS caller.invalid;branch=z9hG4bKopenssl' \
    'From: <sip:a@example.com>;tag=1' 'To: <sip:127.0.0.1>' "Call-ID: $RANDOM" 'CSeq: 1 OPTIONS' 'Max-Forwards: 0' \
    'Content-Length: 0' ''; sleep 1; } |
  timeout 5 openssl s_client -connect "127.0.0.1:$front_tls" -bind 127.0.0.4:0 -quiet -CAfile "$work/cert.pem" \
    -verify_return_error 2>"$work/openssl.log" || true)
grep -q 'received=127.0.0.4' <<<"$answer" || fail "no answer over TLS from end to end: $answer" "$work/openssl.log" "$work/proxy.log"

each=$(python3 "$interop/lib/held.py" "$front_tcp" 127.0.0.{11..18})
one=$(python3 "$interop/lib/held.py" "$front_tcp" 127.0.0.5 127.0.0.5 127.0.0.5 127.0.0.5 127.0.0.5)
[ "$each" -eq 8 ] && [ "$one" -eq 3 ] ||
  fail "connections_per_source is 3: $each of 8 sources were served, $one of 5 connections of one" "$work/proxy.log"

# Past haproxy: who sends no header, and who may not send one.
! timeout 5 python3 "$interop/lib/ping.py" tcp 127.0.0.1 "$tcp_port" 200 >/dev/null 2>&1 || fail "served without the header"
[ "$(python3 "$interop/lib/held.py" "$tcp_port" 127.0.0.9)" -eq 0 ] || fail "served from elsewhere"
end_proxy
[ "$(counter proxy_headers_refused)" -gt 0 ] && [ "$(counter proxy_senders_refused)" -gt 0 ] &&
  [ "$(counter connections_refused)" -eq 2 ] || fail "the counters have not moved" "$work/proxy.log"
passed "TLS from end to end; 8 sources served and 3 of 5 connections of one; none without the header, none from elsewhere"
