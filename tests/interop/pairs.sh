#!/usr/bin/env bash
# All twenty-five pairs of udp, tcp, tls, ws and wss carry calls through parley-proxy: INVITE 180 200 ACK and BYE, once from the
# caller and once from the callee. The ends are SIPp for udp and tcp, SIPp behind stunnel for tls, JsSIP for ws and wss. Every
# one that speaks TLS verifies the certificate that it is shown.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/authority.sh"
node_peers=$("$interop/../../scripts/lib/install-node-peers")
authority authority
issue server 'IP:127.0.0.1'

transports=(udp tcp tls ws wss)
declare -A proxy_at
read -r "proxy_at[udp]" "proxy_at[tcp]" "proxy_at[tls]" "proxy_at[ws]" "proxy_at[wss]" \
  caller_port caller_tls tunnel_port callee_port callee_tls < <(free_ports 10)
listeners=()
for transport in "${transports[@]}"; do listeners+=(--listen "$transport:127.0.0.1:${proxy_at[$transport]}"); done
# Callees without a registration are called by their addresses.
launch_proxy "${listeners[@]}" --relay --registrar parley.test --cert "$work/server.pem" --key "$work/server.key" --ca "$work/authority.pem"

# SIPp's connection to the proxy, and the proxy's connections to SIPp as caller and as callee.
cat >"$work/stunnel.conf" <<EOF
foreground = yes
pid =
cert = $work/server.pem
key = $work/server.key
CAfile = $work/authority.pem
[to the proxy]
client = yes
verifyChain = yes
checkIP = 127.0.0.1
accept = 127.0.0.1:$tunnel_port
connect = 127.0.0.1:${proxy_at[tls]}
[to the caller]
accept = 127.0.0.1:$caller_tls
connect = 127.0.0.1:$caller_port
[to the callee]
accept = 127.0.0.1:$callee_tls
connect = 127.0.0.1:$callee_port
EOF
stunnel "$work/stunnel.conf" >"$work/stunnel.log" 2>&1 &
stunnel_pid=$!
started+=("$stunnel_pid")
for port in "$tunnel_port" "$caller_tls" "$callee_tls"; do
  wait_bound tcp "$port" "$stunnel_pid" || fail "stunnel does not start" "$work/stunnel.log"
done

# jssip ws|wss USER [option]…
jssip() {
  local transport=$1 user=$2; shift 2
  exec node "$node_peers/jssip.mjs" --server "$transport://127.0.0.1:${proxy_at[$transport]}" --ca "$work/authority.pem" \
    --uri "sip:$user@parley.test" "$@"
}

declare -A answering
for transport in ws wss; do
  : >"$work/callee-$transport.log"
  jssip $transport "callee-$transport" >"$work/callee-$transport.log" 2>&1 &
  answering[$transport]=$!
  started+=($!)
  registered_or_gone() { grep -q '^registered' "$work/callee-$transport.log" || gone "${answering[$transport]}"; }
  wait_until 20 registered_or_gone || true
  grep -q '^registered' "$work/callee-$transport.log" ||
    fail "JsSIP does not register over $transport" "$work/callee-$transport.log" "$work/proxy.log"
done

# contact WHO TRANSPORT PORT TLS_PORT: the URI at which that SIPp is reached.
contact() {
  case $2 in
    udp) echo "sip:$1@127.0.0.1:$3" ;;
    tcp) echo "sip:$1@127.0.0.1:$3;transport=tcp" ;;
    tls) echo "sip:$1@127.0.0.1:$4;transport=tls" ;;
  esac
}

# call_over CALLER CALLEE: false where one of the two calls is not whole on both sides.
call_over() {
  local caller=$1 callee=$2 target sipp_over=tcp port contact answered=0
  rm -f "$work"/caller.* "$work"/callee.{log,err,csv}
  case $callee in
    ws | wss)
      target=sip:callee-$callee@parley.test
      answered=$(grep -c '^was called' "$work/callee-$callee.log") || true ;;
    *)
      target=$(contact bob "$callee" "$callee_port" "$callee_tls")
      [ "$callee" != udp ] || sipp_over=udp
      start_sipp callee $sipp_over "$callee_port" -sf "$(scenario uas_either)" -m 2 -d 50 -key via "${callee^^}" -key contact "$target" ;;
  esac
  case $caller in
    ws | wss)
      (jssip "$caller" "caller-$caller" --call "$target") >"$work/caller.log" 2>&1 || return 1 ;;
    *)
      port=${proxy_at[$caller]} contact=$(contact alice "$caller" "$caller_port" "$caller_tls") sipp_over=tcp
      [ "$caller" != udp ] || sipp_over=udp
      [ "$caller" != tls ] || port=$tunnel_port
      run_sipp_anyhow caller $sipp_over "$port" 2 20 -p "$caller_port" -timeout 20 -sf "$(scenario uac_either)" \
        -inf "$scenarios/either.csv" -d 50 -key via "${caller^^}" -key contact "$contact" -key target "$target" || return 1 ;;
  esac
  case $callee in
    ws | wss)
      answered_two() { [ "$(grep -c '^was called' "$work/callee-$callee.log")" -eq $((answered + 2)) ]; }
      wait_until 10 answered_two ;;
    *) wait_until 10 gone "$sipp_pid" && wait "$sipp_pid" ;;
  esac
}

declare -A seen
logs=()
for caller in "${transports[@]}"; do
  for callee in "${transports[@]}"; do
    sipp_pid=
    if call_over "$caller" "$callee"; then
      seen[$caller,$callee]=ok
      continue
    fi
    seen[$caller,$callee]=failed
    logs+=("$work/$caller-to-$callee.log")
    tail -n 20 "$work"/caller.{log,err} "$work"/callee.{log,err} >"${logs[-1]}" 2>/dev/null || true
    [ -z "$sipp_pid" ] || end_sipp "$sipp_pid"
  done
done

for transport in ws wss; do
  kill -TERM "${answering[$transport]}"
  wait "${answering[$transport]}" || logs+=("$work/callee-$transport.log")
done
end_proxy
grep -q 'draining: .* calls=0 ' "$work/proxy.log" || logs+=("$work/proxy.log")

printf '%-14s' 'caller\callee' "${transports[@]}"
for caller in "${transports[@]}"; do
  printf '\n%-14s' "$caller"
  for callee in "${transports[@]}"; do printf '%-14s' "${seen[$caller,$callee]}"; done
done
echo
[ ${#logs[@]} -eq 0 ] || fail "not all is well" "${logs[@]}" "$work/proxy.log"
passed "25 pairs carry calls that the caller ends and calls that the callee ends"
