#!/usr/bin/env bash
# parley-phone and linphone, registered at parley-proxy with digest: calls each way, held and transferred by each side, DTMF, MESSAGE,
# calls that come to nothing.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"

read -r port < <(free_ports 1)
launch_registrar "$port" '"SHA-256", "MD5"' alice bob carol anna berta carla axel boris arno bruno egon erna anton

# linphone_as USER SIP_PORT AUDIO_PORT CALLS [option]…: a linphone without sound devices, registered as that user, who takes so many
# calls at once.
linphone_as() {
  local folder=$work/linphone-$1
  mkdir -p "$folder/.local/share/linphone" "$folder/.config/linphone"
  cat >"$folder/rc" <<E
[sip]
sip_port=$2
sip_tcp_port=0
sip_tls_port=0
bind_address=127.0.0.1
use_ipv6=0
use_info=1
use_rfc2833=0
default_proxy=0
inc_timeout=2
[rtp]
audio_rtp_port=$3
[misc]
max_calls=$4
[video]
enabled=0
capture=0
display=0
[storage]
uri=$folder/linphone.db
[proxy_0]
reg_proxy=sip:127.0.0.1:$port
reg_route=sip:127.0.0.1:$port;lr
reg_identity=sip:$1@parley.test
reg_sendregister=1
[auth_info_0]
username=$1
domain=parley.test
realm=parley.test
passwd=secret
E
  mkfifo "$folder/commands"
  : >"$work/linphone.log"
  HOME=$folder linphone-daemon --config "$folder/rc" --log "$folder/log" "${@:5}" <"$folder/commands" >"$work/linphone.log" 2>&1 &
  started+=("$!")
  exec {commands}>"$folder/commands"
  registered() { say 'register-status ALL' && grep -q RegistrationOk "$work/linphone.log"; }
  wait_until 10 registered || fail 'linphone does not register' "$work/linphone.log" "$work/../proxy.log"
}
# say COMMAND: to linphone.
say() { echo "$1" >&"$commands"; }
# logged EXPRESSION [WHAT]: waits for it in what linphone says.
logged() { wait_until 10 grep -q "$1" "$work/linphone.log" || fail "${2:-linphone does not say $1}" "$work/linphone.log" "$work"/*.jsonl; }

# stands CALL STATE: waits until that call of linphone's, by its number, is Paused, StreamsRunning …
stands() {
  now() { awk -v id="$1" '/^Event: /{state = $2} /^Id: /{if ($2 == id) last = state} END {print last}' "$work/linphone.log"; }
  is() { [ "$(now "$1")" = "LinphoneCall$2" ]; }
  wait_until 10 is "$@" || fail "linphone's call $1 is $(now "$1"), not $2" "$work/linphone.log" "$work"/*.jsonl
}
phone() { start_registered "$1" "$port" "${@:2}"; }

calls_linphone() {
  linphone_as bob "$1" "$2" 1 --auto-answer
  phone alice <<'E'
register
call sip:bob@parley.test
hold
resume
dtmf 5#
expect held by=remote
expect resumed by=remote
expect dtmf key=7
hangup
call sip:bob@parley.test
expect ended cause=remote
message sip:bob@parley.test Hello
expect message body=Goodbye
E
  logged 'Tone: 5'
  logged 'Tone: #'
  phone anton <<<'call sip:bob@parley.test'
  end_phone anton 3
  told anton ended cause=refused status=486 || fail "a second call is not refused" "$work/anton.jsonl"
  say 'call-pause 1'
  stands 1 Paused
  say 'call-resume 1'
  expect_told alice resumed by=remote
  stands 1 StreamsRunning
  say 'dtmf 7'
  stands 2 StreamsRunning
  say 'terminate 2'
  logged 'Content: "Hello"'
  say 'message sip:alice@parley.test Goodbye'
  end_phone alice
}

called_by_linphone() {
  linphone_as berta "$1" "$2" 1
  phone anna <<'E'
register
await
ring
answer
hold
resume
expect held by=remote
expect resumed by=remote
hangup
E
  expect_told anna registered
  say 'call sip:anna@parley.test'
  expect_told anna resumed by=local
  stands 1 StreamsRunning
  say 'call-pause 1'
  stands 1 Paused
  say 'call-resume 1'
  end_phone anna
  logged LinphoneCallEnd
}

blind_transfers() {
  linphone_as boris "$1" "$2" 3 --auto-answer
  phone carol <<'E'
register
await
answer
wait 500
hangup
await
answer
expect ended cause=remote
E
  expect_told carol registered
  phone axel <<'E'
register
call sip:boris@parley.test
transfer sip:carol@parley.test
hangup
call sip:boris@parley.test
expect transfer_requested
expect answered
wait 500
hangup
E
  stands 3 StreamsRunning
  say 'call-transfer 3 sip:carol@parley.test'
  end_phone axel
  end_phone carol
}

# linphone is asked to take the place of the phone, and asks the phone to take its own.
attended_transfers() {
  linphone_as bruno "$1" "$2" 3
  phone carla <<'E'
register
await
answer
expect transferred
expect ended
await
answer
expect transferred
expect ended
E
  expect_told carla registered
  phone arno <<'E'
register
call sip:bruno@parley.test
attended sip:carla@parley.test
hangup
await
answer
expect transfer_requested
expect answered
wait 500
hangup
E
  stands 1 IncomingReceived
  say 'answer 1'
  wait_until 10 told carla transferred call=1 || fail "linphone does not take the place" "$work"/*.jsonl "$work/linphone.log"
  say 'terminate 2'
  expect_told arno ended call=1
  say 'call sip:arno@parley.test'
  stands 3 StreamsRunning
  say 'call sip:carla@parley.test'
  stands 4 StreamsRunning
  # It pauses its other call beside that, and transfers none that it is still pausing.
  stands 3 Paused
  say 'call-transfer 3 4'
  end_phone arno
  end_phone carla
}

comes_to_nothing() {
  linphone_as erna "$1" "$2" 1
  phone egon <<<'refuse 486'
  expect_told egon registered
  say 'call sip:egon@parley.test'
  logged 'LinphoneCallError'
  end_phone egon
  phone egon <<'E'
register
await
ring
expect ended cause=cancelled
dial sip:erna@parley.test
expect ringing status=180
cancel
expect ended cause=cancelled
call sip:erna@parley.test
E
  expect_told egon registered
  say 'call sip:egon@parley.test'
  expect_told egon incoming
  say 'terminate 2'
  # It gives up after 2 s.
  end_phone egon 3
  told egon ended call=3 status=486 || fail "linphone refuses otherwise" "$work/egon.jsonl"
}

at_once 2 calls_linphone called_by_linphone blind_transfers attended_transfers comes_to_nothing
end_proxy
passed "calls each way, held and resumed by each side, with DTMF and MESSAGE each way"
passed "blind and attended transfer, asked for by each side"
passed "busy, cancelled by each side, no answer"
