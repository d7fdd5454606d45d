#!/usr/bin/env bash
# parley-phone and baresip, registered at parley-proxy with digest: calls each way, held and transferred by each side, DTMF, calls that
# come to nothing; and a call without a proxy.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/baresip.sh"

read -r port < <(free_ports 1)
# baresip gives up where the first challenge is not MD5.
launch_registrar "$port" '"MD5"' alice bob carol anna berta carla axel boris arno bruno anton albert

# baresip_as USER COMMANDS_PORT SIP_PORT [PARAMETERS]: a baresip of that user, with these parameters of its account.
baresip_as() {
  launch_baresip "$1" "$3" "$2" aubridge,a "<sip:$1@parley.test>;outbound=\"sip:127.0.0.1:$port\";auth_pass=secret;regint=600;$4" g711
  log=$work/baresip-$1/log
  commands=$2
  logged '200 OK.*1 binding' 'baresip does not register'
}
# say COMMAND: to baresip, as its user would.
say() { echo "/$1" >"/dev/udp/127.0.0.1/$commands"; }
# logged EXPRESSION [WHAT]: waits for it in baresip's log.
logged() { wait_until 10 grep -q "$1" "$log" || fail "${2:-baresip does not say $1}" "$log" "$work"/*.jsonl; }

phone() { start_registered "$1" "$port" "${@:2}"; }

calls_baresip() {
  baresip_as bob "$1" 0 'answermode=auto'
  phone alice <<'E'
register
call sip:bob@parley.test
hold
resume
dtmf 5#
expect held by=remote
expect resumed by=remote
hangup
call sip:bob@parley.test
expect ended cause=remote
message sip:bob@parley.test Hello
expect message body=Goodbye
E
  logged "received event: '5' (end=1)"
  logged "received event: '#' (end=1)"
  phone anton <<<'call sip:bob@parley.test'
  end_phone anton 3
  told anton ended cause=refused status=486 || fail "a second call is not refused" "$work/anton.jsonl"
  say hold
  expect_told alice held by=remote
  say resume
  expect_told alice answered call=2
  say hangup
  logged Hello
  # Without sound keys go by INFO.
  phone albert --signalling-only <<'E'
register
call sip:bob@parley.test
dtmf 7
hangup
E
  logged "received DTMF: '7'"
  end_phone albert
  say 'message Goodbye'
  end_phone alice
}

called_by_baresip() {
  baresip_as berta "$1" 0 'answermode=manual'
  phone anna <<'E'
register
await
ring
answer
expect held by=remote
expect resumed by=remote
hold
resume
expect ended cause=remote
E
  expect_told anna registered
  say 'dial sip:anna@parley.test'
  logged 'Call established'
  say hold
  expect_told anna held by=remote
  say resume
  expect_told anna resumed by=local
  say hangup
  end_phone anna
}

transfers() {
  baresip_as boris "$1" 0 'answermode=auto'
  phone carol <<'E'
register
await
answer
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
wait 500
call sip:boris@parley.test
expect transfer_requested
expect answered call=3
expect ended call=2 cause=remote
hangup
E
  expect_told axel answered call=2
  say 'transfer sip:carol@parley.test'
  end_phone axel
  end_phone carol
}

comes_to_nothing() {
  baresip_as bruno "$1" 0 'answermode=manual'
  phone arno <<<'refuse 486'
  expect_told arno registered
  say 'dial sip:arno@parley.test'
  logged 'session closed: 486'
  end_phone arno
  phone arno <<'E'
register
await
ring
expect ended cause=cancelled
dial sip:bruno@parley.test
expect ringing status=180
cancel
expect ended cause=cancelled
call sip:bruno@parley.test
E
  expect_told arno registered
  say 'dial sip:arno@parley.test'
  expect_told arno incoming
  say hangup
  # It gives up after 2 s.
  end_phone arno 3
  told arno ended call=3 status=486 || fail "baresip refuses otherwise" "$work/arno.jsonl"
}

without_proxy() {
  baresip_as carla "$1" "$2" 'answermode=auto'
  start_phone arthur --listen udp:127.0.0.1:0 <<E
call sip:carla@127.0.0.1:$2
hold
resume
hangup
E
  end_phone arthur
}

at_once 3 calls_baresip called_by_baresip transfers comes_to_nothing without_proxy
end_proxy
passed "calls each way, held and resumed by each side, with DTMF"
passed "blind transfer, asked for by each side"
passed "busy, cancelled by each side, no answer"
passed "a call without a proxy"
