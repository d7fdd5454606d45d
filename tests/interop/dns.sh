#!/usr/bin/env bash
# Names: dnsmasq serves NAPTR, SRV, A and AAAA records on the loopback address; calls of SIPp follow them, go to the second
# server while the first is dead, and come back to the first when its time on the blacklist is over.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
command -v dnsmasq >/dev/null || fail "dnsmasq is missing: apt-get install dnsmasq-base"

# serve_names LINE…: a name server with these lines of configuration on $dns_port; its queries are in $work/dns.log.
serve_names() {
  printf '%s\n' 'local=/test/' "$@" >"$work/dnsmasq.conf"
  dnsmasq --keep-in-foreground --conf-file="$work/dnsmasq.conf" --port="$dns_port" --listen-address=127.0.0.1 \
    --bind-interfaces --no-resolv --no-hosts --log-queries --log-facility=- --local-ttl=300 >"$work/dns.log" 2>&1 &
  dns_pid=$!
  started+=("$dns_pid")
  wait_bound udp "$dns_port" "$dns_pid" || fail "dnsmasq does not start" "$work/dns.log"
}
configure() { printf '%s\n' "$@" >"$work/proxy.toml"; }
end_names() { end_sipp "$dns_pid"; }
asked() { grep -c "query\[$1\] " "$work/dns.log" || true; }
# A call of SIPp's built-in callee ends seconds after its BYE, so those that began are counted.
calls() { sipp_figure "$1" 'TotalCallCreated'; }

read -r dns_port proxy_port first_port second_port < <(free_ports 4)
proxy=(--listen "udp:127.0.0.1:$proxy_port" --listen "tcp:127.0.0.1:$proxy_port" --listen 'udp:[::1]:0' --listen 'tcp:[::1]:0'
  --dns "127.0.0.1:$dns_port" --route sip:example.test --config "$work/proxy.toml")

serve_names 'naptr-record=example.test,10,10,s,SIP+D2U,,_sip._udp.example.test' \
  'naptr-record=example.test,20,10,s,SIP+D2T,,_sip._tcp.example.test' \
  "srv-host=_sip._udp.example.test,one.example.test,$first_port,10,0" \
  'host-record=one.example.test,127.0.0.1,::1'
configure '[dns]' 'prefer_ipv4 = true'
launch_proxy "${proxy[@]}"
start_sipp callee udp "$first_port" -sf "$(scenario uas_route)" -m 300
run_sipp caller udp "$proxy_port" 300 100 -sf "$(scenario uac_route)" -d 10
wait "$sipp_pid"
end_proxy
[ "$(asked NAPTR)" -eq 1 ] || fail "the NAPTR records were asked for $(asked NAPTR) times" "$work/dns.log"
[ "$(asked SRV)" -eq 1 ] || fail "SRV records were asked for $(asked SRV) times" "$work/dns.log"
[ "$(counter dns_rejected)" -eq 0 ] || fail "answers of dnsmasq were rejected" "$work/proxy.log"
passed "300 calls follow NAPTR, SRV and A records; each record was asked for once"
end_names

# Two servers over TCP, the first of which is not there, then is.
serve_names "srv-host=_sip._tcp.example.test,one.example.test,$first_port,10,0" \
  "srv-host=_sip._tcp.example.test,two.example.test,$second_port,20,0" \
  'host-record=one.example.test,127.0.0.1,::1' 'host-record=two.example.test,127.0.0.1'
configure '[dns]' 'blacklist_s = 3'
launch_proxy "${proxy[@]}"
start_sipp second tcp "$second_port" -sn uas
second_pid=$sipp_pid
run_sipp caller udp "$proxy_port" 100 100 -sn uac -d 50
start_sipp first tcp "$first_port" -sn uas
first_pid=$sipp_pid
# Its time on the blacklist is over.
sleep 4
run_sipp caller udp "$proxy_port" 100 100 -sn uac -d 50
end_proxy
sleep 1.1  # SIPp writes its figures once a second
[ "$(calls second)" -eq 100 ] || fail "$(calls second) calls went to the second server" "$work/proxy.log" "$work/dns.log"
[ "$(calls first)" -eq 100 ] || fail "$(calls first) calls came back to the first server" "$work/proxy.log" "$work/dns.log"
end_sipp "$first_pid" "$second_pid"
end_names
passed "over TCP 100 calls go to the second server while the first refuses, and 100 come back to the first"

# The same over UDP, where nothing tells that the first is not there: the first call waits for timer B, those behind it don't.
serve_names "srv-host=_sip._udp.example.test,one.example.test,$first_port,10,0" \
  "srv-host=_sip._udp.example.test,two.example.test,$second_port,20,0" \
  'host-record=one.example.test,127.0.0.1' 'host-record=two.example.test,127.0.0.1'
configure '[timers]' 't1_ms = 20' '[dns]' 'blacklist_s = 4'
launch_proxy "${proxy[@]}"
start_sipp second udp "$second_port" -sn uas
second_pid=$sipp_pid
run_sipp caller udp "$proxy_port" 1 10 -sn uac -d 50
run_sipp caller udp "$proxy_port" 100 100 -sn uac -d 50
[ "$(sipp_figure caller 'Retransmissions(C)')" -eq 0 ] || fail "calls waited for a server that is known to be dead" "$work/proxy.log"
start_sipp first udp "$first_port" -sn uas
first_pid=$sipp_pid
sleep 5
run_sipp caller udp "$proxy_port" 100 100 -sn uac -d 50
end_proxy
sleep 1.1
[ "$(calls second)" -eq 101 ] || fail "$(calls second) calls went to the second server" "$work/proxy.log"
[ "$(calls first)" -eq 100 ] || fail "$(calls first) calls came back to the first server" "$work/proxy.log"
[ "$(counter hops_failed)" -ge 1 ] || fail "no failure was counted" "$work/proxy.log"
end_sipp "$first_pid" "$second_pid"
end_names
passed "over UDP the first call finds out that a server is silent, 100 calls avoid it, and 100 come back to it"

# A name server that is not there, and a domain that is not: the caller is told, and the proxy goes on.
configure '[dns]' 'timeout_ms = 100' 'tries = 1'
launch_proxy "${proxy[@]}"
python3 "$interop/lib/ping.py" udp 127.0.0.1 "$proxy_port" 200
! run_sipp_anyhow caller udp "$proxy_port" 1 10 -sn uac || fail "a call succeeds without a name server" "$work/proxy.log"
grep -q 'no server can be found.*host="example.test"' "$work/proxy.log" || fail "the reason is not logged" "$work/proxy.log"
end_proxy
passed "without a name server calls are refused and the log says why"
