#!/usr/bin/env bash
# TLS: every version by openssl's client; calls of SIPp, which has no TLS itself, through stunnel with a client certificate;
# calls from one parley-proxy to another over TLS; and certificates that must not be believed.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/authority.sh"

authority authority stranger
issue server 'IP:127.0.0.1,DNS:localhost,URI:sip:example.com'
issue client 'DNS:client.example.com'
issue impostor 'IP:127.0.0.1' stranger
issue other 'IP:127.0.0.2'

# ask PORT [option of s_client]…: the first line of the answer to an OPTIONS request, "" where none comes.
ask() {
  local port=$1; shift
  { printf '%s\r\n' "OPTIONS sip:127.0.0.1:$port;transport=tls SIP/2.0" 'Via: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bKopenssl' \
      'From: <sip:a@example.com>;tag=1' "To: <sip:127.0.0.1:$port>" "Call-ID: $RANDOM" 'CSeq: 1 OPTIONS' \
      'Max-Forwards: 70' 'Content-Length: 0' ''; sleep 1; } |
    timeout 5 openssl s_client -connect "127.0.0.1:$port" -quiet -CAfile "$work/authority.pem" -verify_return_error "$@" \
      2>>"$work/openssl.log" | head -n 1 | tr -d '\r' || true
}

read -r tls_port tcp_port callee_port tunnel_port < <(free_ports 4)
launch_proxy --listen "tls:127.0.0.1:$tls_port" --cert "$work/server.pem" --key "$work/server.key"
for version in -tls1_2 -tls1_3; do
  [ "$(ask "$tls_port" $version)" = 'SIP/2.0 200 OK' ] || fail "no answer over $version" "$work/openssl.log" "$work/proxy.log"
done
for version in -tls1 -tls1_1; do
  [ -z "$(ask "$tls_port" $version -cipher 'DEFAULT@SECLEVEL=0')" ] || fail "an answer over $version" "$work/proxy.log"
done
# What the operator puts in the place of the files is shown after SIGHUP.
cp "$work/other.pem" "$work/server.pem.new" && cp "$work/server.pem" "$work/server.pem.old"
cp "$work/server.key" "$work/server.key.old"
mv "$work/server.pem.new" "$work/server.pem" && cp "$work/other.key" "$work/server.key"
kill -HUP "$proxy_pid"
read_again() { grep -q 'were read again' "$work/proxy.log"; }
wait_until 5 read_again || fail "SIGHUP does nothing" "$work/proxy.log"
shown() { openssl s_client -connect "127.0.0.1:$tls_port" </dev/null 2>/dev/null | openssl x509 -noout -subject; }
[ "$(shown)" = 'subject=CN = other' ] || fail "the old certificate is shown after SIGHUP" "$work/proxy.log"
# A file that is broken changes nothing, whichever it is, and the log names it.
for file in server.pem server.key; do
  mv "$work/$file" "$work/$file.good" && echo broken >"$work/$file"
  kill -HUP "$proxy_pid"
  stayed() { grep -q "stay as they were.*$file" "$work/proxy.log"; }
  wait_until 5 stayed || fail "a broken $file is not named after SIGHUP" "$work/proxy.log"
  [ "$(shown)" = 'subject=CN = other' ] || fail "a broken $file changes what is shown" "$work/proxy.log"
  mv "$work/$file.good" "$work/$file"
done
mv "$work/server.pem.old" "$work/server.pem" && mv "$work/server.key.old" "$work/server.key"
end_proxy
passed "TLS 1.2 and 1.3 are served, 1.0 and 1.1 are not; SIGHUP shows another certificate, and a broken file changes nothing"

# SIPp speaks TCP to stunnel, which speaks TLS to the proxy and shows a certificate; the callee is on TCP.
launch_proxy --listen "tls:127.0.0.1:$tls_port" --listen "tcp:127.0.0.1:$tcp_port" --cert "$work/server.pem" \
  --key "$work/server.key" --ca "$work/authority.pem" --verify-client --route "sip:127.0.0.1:$callee_port;transport=tcp"
cat >"$work/stunnel.conf" <<EOF
foreground = yes
pid =
client = yes
[with]
accept = 127.0.0.1:$tunnel_port
connect = 127.0.0.1:$tls_port
cert = $work/client.pem
key = $work/client.key
CAfile = $work/authority.pem
verifyChain = yes
checkIP = 127.0.0.1
EOF
stunnel "$work/stunnel.conf" >"$work/stunnel.log" 2>&1 &
stunnel_pid=$!
started+=("$stunnel_pid")
wait_bound tcp "$tunnel_port" "$stunnel_pid" || fail "stunnel does not start" "$work/stunnel.log"
start_sipp callee tcp "$callee_port" -sn uas
run_sipp caller tcp "$tunnel_port" 300 100 -sn uac -d 100
# Without a certificate of its own nobody gets in.
[ -z "$(ask "$tls_port")" ] || fail "a client without a certificate was served" "$work/proxy.log"
[ -n "$(ask "$tls_port" -cert "$work/client.pem" -key "$work/client.key")" ] ||
  fail "a client with a certificate was not served" "$work/openssl.log" "$work/proxy.log"
[ -z "$(ask "$tls_port" -cert "$work/impostor.pem" -key "$work/impostor.key")" ] ||
  fail "a client with a stranger's certificate was served" "$work/proxy.log"
grep -q 'a handshake with a peer failed.*certificate' "$work/proxy.log" || fail "no reason is logged" "$work/proxy.log"
end_sipp "$sipp_pid" "$stunnel_pid"
end_proxy
passed "300 calls of SIPp through stunnel with a client certificate; none without one, or with a stranger's"

# chain CERTIFICATE: places 300 calls from one proxy to another, which shows that certificate; how many of them succeed is in
# `succeeded`. The first believes the second by its address.
chain() {
  local certificate=$1
  read -r first_port first_tls second_tls second_port callee_port < <(free_ports 5)
  launch_proxy --listen "tls:127.0.0.1:$second_tls" --listen "udp:127.0.0.1:$second_port" --cert "$work/$certificate.pem" \
    --key "$work/$certificate.key" --route "sip:127.0.0.1:$callee_port"
  second_pid=$proxy_pid
  mv "$work/proxy.log" "$work/second.log"
  launch_proxy --listen "udp:127.0.0.1:$first_port" --listen "tls:127.0.0.1:$first_tls" --cert "$work/client.pem" \
    --key "$work/client.key" --ca "$work/authority.pem" --route "sip:127.0.0.1:$second_tls;transport=tls"
  start_sipp callee udp "$callee_port" -sn uas
  run_sipp_anyhow caller udp "$first_port" 300 100 -sn uac -d 100 || true
  succeeded=$(sipp_figure caller 'SuccessfulCall(C)')
  end_sipp "$sipp_pid"
  end_proxy
  proxy_pid=$second_pid
  kill -TERM "$second_pid"
  wait "$second_pid" || fail "the second proxy ended badly" "$work/second.log"
}
chain server
[ "$succeeded" -eq 300 ] || fail "$succeeded of 300 calls succeeded" "$work/caller.err" "$work/proxy.log" "$work/second.log"
passed "300 calls from one parley-proxy to another over TLS"
chain impostor
[ "$succeeded" -eq 0 ] || fail "$succeeded calls went to a server with a stranger's certificate" "$work/proxy.log"
grep -q 'could not be opened.*unable to get local issuer certificate' "$work/proxy.log" ||
  fail "the reason is not logged" "$work/proxy.log"
chain other
[ "$succeeded" -eq 0 ] || fail "$succeeded calls went to a server with another's certificate" "$work/proxy.log"
grep -q 'could not be opened.*for another address' "$work/proxy.log" || fail "the reason is not logged" "$work/proxy.log"
passed "no call to a server whose certificate is a stranger's, or for another address"
