#!/usr/bin/env bash
# Kamailio as the next hop over udp, tcp, ws, and with certificates on both sides tls and wss: SIPp calls SIPp through
# parley-proxy and Kamailio, ended by each side in turn, so that Kamailio has to find its way back.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/authority.sh"
calls=100
authority authority
issue server 'IP:127.0.0.1'

declare -A proxy_at kamailio_at
read -r caller_port callee_port "proxy_at[udp]" "proxy_at[tcp]" "proxy_at[tls]" "proxy_at[ws]" "proxy_at[wss]" \
  "kamailio_at[udp]" "kamailio_at[tcp]" "kamailio_at[tls]" "kamailio_at[ws]" < <(free_ports 11)
kamailio_at[wss]=${kamailio_at[tls]}
listeners=()
for transport in "${!proxy_at[@]}"; do listeners+=(--listen "$transport:127.0.0.1:${proxy_at[$transport]}"); done
sed -e "s/@UDP@/${kamailio_at[udp]}/; s/@TCP@/${kamailio_at[tcp]}/; s/@TLS@/${kamailio_at[tls]}/; s/@WS@/${kamailio_at[ws]}/" \
  -e "s|@WORK@|$work|" "$interop/lib/kamailio.cfg" >"$work/kamailio.cfg"
launch_kamailio "$work/run" "${kamailio_at[ws]}"

for transport in udp tcp tls ws wss; do
  launch_proxy "${listeners[@]}" --cert "$work/server.pem" --key "$work/server.key" --ca "$work/authority.pem" \
    --route "sip:127.0.0.1:${kamailio_at[$transport]};transport=$transport"
  start_sipp callee udp "$callee_port" -sf "$(scenario uas_either)" -d 50 -key via UDP \
    -key contact "sip:bob@127.0.0.1:$callee_port"
  run_sipp caller udp "${proxy_at[udp]}" $calls 100 -sf "$(scenario uac_either)" -inf "$scenarios/either.csv" -p "$caller_port" \
    -d 50 -key via UDP -key contact "sip:alice@127.0.0.1:$caller_port" -key target "sip:bob@127.0.0.1:$callee_port"
  end_sipp "$sipp_pid"
  end_proxy
  grep -q 'draining: .* calls=0 ' "$work/proxy.log" || fail "calls are counted that have ended" "$work/proxy.log"
  passed "next hop over $transport: $calls calls, ended by the caller and the callee in turn"
done
