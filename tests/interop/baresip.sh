#!/usr/bin/env bash
# baresip finds parley-proxy by NAPTR and SRV records, which dnsmasq serves, passes over a server that is not there, calls, and
# is called by the flow that it registered (RFC 5626), all over TLS; it hangs up where the certificate is a stranger's.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/authority.sh"
authority authority stranger
issue server 'DNS:parley.test'
issue impostor 'DNS:parley.test' stranger

read -r tls_port udp_port callee_port caller_port dns_port nobodys_port < <(free_ports 6)
dnsmasq --no-daemon --conf-file=/dev/null --pid-file= --no-hosts --no-resolv --log-queries --log-facility=- \
  --listen-address=127.0.0.1 --bind-interfaces --port="$dns_port" \
  --naptr-record=parley.test,10,10,s,SIPS+D2T,,_sips._tcp.parley.test \
  --srv-host="_sips._tcp.parley.test,first.parley.test,$nobodys_port,1,1" \
  --srv-host="_sips._tcp.parley.test,second.parley.test,$tls_port,2,1" \
  --host-record=parley.test,first.parley.test,second.parley.test,127.0.0.1 >"$work/dnsmasq.log" 2>&1 &
dnsmasq_pid=$!
started+=("$dnsmasq_pid")
wait_bound udp "$dns_port" "$dnsmasq_pid" || fail "dnsmasq does not start" "$work/dnsmasq.log"

mkdir "$work/baresip"
touch "$work/baresip/contacts"
cat >"$work/baresip/config" <<EOF
module_path /usr/lib/baresip/modules
net_interface 127.0.0.1
sip_listen 127.0.0.1:0
sip_cafile $work/authority.pem
dns_server 127.0.0.1:$dns_port
audio_player aubridge,a
audio_source aubridge,a
module g711.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
EOF
# baresip 1.0 does not ask OpenSSL to verify servers: OpenSSL is told to. Nothing lets it compare the name.
printf '%s\n' 'openssl_conf = parts' '[parts]' 'ssl_conf = contexts' '[contexts]' 'system_default = verifying' '[verifying]' \
  'VerifyMode = Peer' >"$work/openssl.cnf"

# start_proxy_with CERTIFICATE. baresip gives up where the first challenge is not MD5.
start_proxy_with() {
  cat >"$work/baresip.toml" <<EOF
listen = ["tls:127.0.0.1:$tls_port", "udp:127.0.0.1:$udp_port"]
advertise = "parley.test"
relay = true
[tls]
certificates = [{ chain = "$work/$1.pem", key = "$work/$1.key" }]
[registrar]
domains = ["parley.test"]
users = [{ name = "alice", password = "secret" }]
algorithms = ["MD5"]
EOF
  launch_proxy --config "$work/baresip.toml"
}

# start_baresip SECONDS PARAMETERS [option]…: with these parameters of its account; its id in baresip_pid. When the seconds are
# over it hangs up, unregisters and ends.
start_baresip() {
  echo "<sip:alice@parley.test>;outbound=\"sip:parley.test\";$2" >"$work/baresip/accounts"
  OPENSSL_CONF=$work/openssl.cnf baresip -s -f "$work/baresip" -t "$1" "${@:3}" >"$work/baresip.log" 2>&1 </dev/null &
  baresip_pid=$!
  started+=("$baresip_pid")
}
end_baresip() {
  wait_until 20 gone "$baresip_pid" || fail 'baresip does not end' "$work/baresip.log"
  wait "$baresip_pid" || fail "baresip ended with status $?" "$work/baresip.log"
}

start_proxy_with server
start_sipp callee udp "$callee_port" -sf "$(scenario uas_either)" -m 1 -key via UDP -key contact "sip:bob@127.0.0.1:$callee_port"
start_baresip 2 regint=0 -e "/dial sip:bob@127.0.0.1:$callee_port"
end_baresip
grep -q 'Call established' "$work/baresip.log" || fail 'the call was not established' "$work/baresip.log" "$work/proxy.log"
wait_until 5 gone "$sipp_pid" || fail 'the callee saw no BYE' "$work/callee.err" "$work/baresip.log"
wait "$sipp_pid" || fail 'the callee has an unsuccessful call' "$work/callee.err" "$work/baresip.log"
for query in 'NAPTR] parley.test' 'SRV] _sips._tcp.parley.test'; do
  grep -qF "$query" "$work/dnsmasq.log" || fail "baresip did not ask for $query" "$work/dnsmasq.log"
done
passed "a call over TLS by NAPTR and SRV, past a server that is not there; the certificate was checked"

start_baresip 4 'regint=600;auth_pass=secret;answermode=auto;sipnat=outbound'
registered() { grep -q '200 OK.*1 binding' "$work/baresip.log"; }
wait_until 10 registered || fail 'baresip does not register' "$work/baresip.log" "$work/proxy.log"
run_sipp caller udp "$udp_port" 1 20 -sf "$(scenario uac_either)" -inf "$scenarios/either.csv" -p "$caller_port" -d 50 -key via UDP \
  -key contact "sip:bob@127.0.0.1:$caller_port" -key target sip:alice@parley.test
end_baresip
end_proxy
passed "registers with a password, and is called by its flow"

start_proxy_with impostor
start_baresip 2 regint=0 -e "/dial sip:bob@127.0.0.1:$callee_port"
end_baresip
! grep -q 'Call established' "$work/baresip.log" || fail "a stranger's certificate was believed" "$work/baresip.log"
grep -q 'a handshake with a peer failed.*unknown ca' "$work/proxy.log" || fail 'the reason is not logged' "$work/proxy.log"
end_proxy
passed "no call where the certificate is a stranger's"
