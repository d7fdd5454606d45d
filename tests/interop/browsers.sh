#!/usr/bin/env bash
# What browsers run: JsSIP and SIP.js register over ws and wss with a password, each calls and is called by the other and by
# SIPp. Neither is let in with a wrong password or from another Origin, and neither believes a stranger's certificate.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/authority.sh"
node_peers=$("$interop/../../scripts/lib/install-node-peers")
authority authority stranger
issue server 'IP:127.0.0.1'

declare -A proxy_at
read -r "proxy_at[ws]" "proxy_at[wss]" udp_port callee_port caller_port < <(free_ports 5)
# configure ORIGIN
configure() {
  cat >"$work/browsers.toml" <<EOF
listen = ["ws:127.0.0.1:${proxy_at[ws]}", "wss:127.0.0.1:${proxy_at[wss]}", "udp:127.0.0.1:$udp_port"]
relay = true
[tls]
certificates = [{ chain = "$work/server.pem", key = "$work/server.key" }]
[websocket]
origins = ["$1"]
[registrar]
domains = ["parley.test"]
users = [{ name = "jssip", password = "of jssip" }, { name = "sipjs", password = "of sipjs" }]
EOF
}

# agent LIBRARY WS|WSS [option]…: replaces the shell.
agent() {
  local library=$1 transport=$2; shift 2
  exec timeout 30 node "$node_peers/$library.mjs" --server "$transport://127.0.0.1:${proxy_at[$transport]}" \
    --uri "sip:$library@parley.test" --ca "$work/authority.pem" --password "of $library" "$@"
}

# start_agent LIBRARY WS|WSS: one that answers; its id in agent_pid.
start_agent() {
  : >"$work/$1.log"
  agent "$1" "$2" >"$work/$1.log" 2>&1 &
  agent_pid=$!
  started+=("$agent_pid")
  registered_or_gone() { grep -q '^registered' "$work/$1.log" || gone "$agent_pid"; }
  wait_until 20 registered_or_gone "$1" || true
  grep -q '^registered' "$work/$1.log" || fail "$1 does not register over $2" "$work/$1.log" "$work/proxy.log"
}

configure 'https://client.example'
launch_proxy --config "$work/browsers.toml"
start_sipp callee udp "$callee_port" -sf "$(scenario uas_either)" -d 50 -key via UDP -key contact "sip:bob@127.0.0.1:$callee_port"
for transport in ws wss; do
  for library in jssip sipjs; do
    other=$([ $library = jssip ] && echo sipjs || echo jssip)
    start_agent $library $transport
    (agent $other $transport --call "sip:$library@parley.test" --call "sip:bob@127.0.0.1:$callee_port") >"$work/$other.log" 2>&1 ||
      fail "$other over $transport" "$work/$other.log" "$work/$library.log" "$work/proxy.log"
    run_sipp caller udp "$udp_port" 2 20 -sf "$(scenario uac_either)" -inf "$scenarios/either.csv" -p "$caller_port" -d 50 \
      -key via UDP -key contact "sip:alice@127.0.0.1:$caller_port" -key target "sip:$library@parley.test"
    # It waits for the calls that it still has, unregisters, and ends with 0 where each was whole.
    kill -TERM "$agent_pid"
    wait "$agent_pid" || fail "$library was called over $transport" "$work/$library.log" "$work/proxy.log"
    [ "$(grep -c '^was called' "$work/$library.log")" -eq 4 ] || fail "$library over $transport" "$work/$library.log"
  done
done
end_sipp "$sipp_pid"
passed "JsSIP and SIP.js register over ws and wss and call each other, SIPp calls them and they call SIPp"

# refused WHY LIBRARY WS|WSS TEXT [option]…: the agent must fail, with that text in its output.
refused() {
  local why=$1 library=$2 transport=$3 text=$4; shift 4
  ! (agent "$library" "$transport" --call "sip:bob@127.0.0.1:$callee_port" "$@") >"$work/$library.log" 2>&1 ||
    fail "$library was let in with $why" "$work/$library.log"
  grep -q "$text" "$work/$library.log" || fail "$library with $why: \"$text\" is not told" "$work/$library.log"
}
for library in jssip sipjs; do
  refused 'a wrong password' $library ws 'Authentication Error\|rejected: 40[13]' --password wrong
  refused "a stranger's certificate" $library wss 'disconnected\|closed' --ca "$work/stranger.pem"
done
end_proxy
configure 'https://elsewhere.example'
launch_proxy --config "$work/browsers.toml"
for library in jssip sipjs; do refused 'another Origin' $library ws 'disconnected\|closed'; done
end_proxy
passed "neither gets in with a wrong password or from another Origin, nor believes a stranger's certificate"
