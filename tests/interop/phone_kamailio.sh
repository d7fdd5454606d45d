#!/usr/bin/env bash
# parley-phones at Kamailio, their registrar, proxy and presence server: registering with digest, calls and messages by record
# routes, transfers among three, forks, calls that come to nothing, presence.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"

read -r port < <(free_ports 1)
sed "s|@PORT@|$port|; s|@WORK@|$work|" "$interop/lib/kamailio_phones.cfg" >"$work/kamailio.cfg"
cp -r /usr/share/kamailio/dbtext/kamailio "$work/dbtext"
launch_kamailio "$work/run" "$port"

phone() { start_registered "$1" "$port" "${@:2}"; }
# waiting PHONE…: until they are registered.
waiting() {
  local each
  for each; do expect_told "$each" registered; done
}
ended() { for each; do end_phone "$each"; done; }

registers() {
  phone rita <<'E'
register
unregister
register
E
  end_phone rita
  told rita registered status=200 && told rita unregistered || fail "registering is not told" "$work/rita.jsonl"
  password=wrong phone rita <<<'register'
  end_phone rita 2
  told rita registration_failed || fail "the failure is not told" "$work/rita.jsonl"
}

calls() {
  phone bob <<'E'
register
await
ring
answer
expect held by=remote
expect resumed by=remote
expect ended cause=remote
call sip:alice@parley.test
wait 200
hangup
wait 300
message sip:alice@parley.test Goodbye
E
  waiting bob
  transport=tcp phone alice <<'E'
register
call sip:bob@parley.test
hold
resume
hangup
await
answer
expect ended cause=remote
expect message body=Goodbye
E
  ended alice bob
  for each in BYE.*alice BYE.*bob 'INVITE.*alice'; do
    grep -q "routed within a call: ${each/.\*/ from }" "$work/../kamailio.log" || fail "Kamailio saw no $each" "$work/../kamailio.log"
  done
}

blind_transfer() {
  phone berta <<'E'
register
await
answer
expect transfer_requested to=sip:carla@parley.test
expect answered
expect ended
expect ended
E
  phone carla <<'E'
register
await
ring
answer
wait 500
hangup
E
  waiting berta carla
  phone anna <<'E'
register
call sip:berta@parley.test
transfer sip:carla@parley.test
hangup
E
  ended anna berta carla
}

refused_transfer() {
  phone bruno <<'E'
register
await
answer
expect transfer_requested to=sip:nobody@parley.test
expect ended cause=refused status=404
expect ended cause=remote
E
  waiting bruno
  phone arno <<'E'
register
call sip:bruno@parley.test
transfer sip:nobody@parley.test
E
  end_phone arno 5
  end_phone bruno
}

attended_transfer() {
  phone bianca <<'E'
register
await
answer
expect transfer_requested
expect answered
expect ended
expect ended
E
  phone clara <<'E'
register
await
answer
expect transferred
wait 500
hangup
E
  waiting bianca clara
  phone alma <<'E'
register
call sip:bianca@parley.test
attended sip:clara@parley.test
E
  ended alma bianca clara
}

forks() {
  phone boris-1 <<'E'
register
await
ring
wait 500
answer
expect ended cause=remote
E
  phone boris-2 <<'E'
register
await
ring
expect ended cause=elsewhere
E
  waiting boris-1 boris-2
  phone axel <<'E'
register
call sip:boris@parley.test
wait 200
hangup
E
  ended axel boris-1 boris-2
  ! told boris-2 answered || fail "both have answered" "$work/boris-2.jsonl"
}

comes_to_nothing() {
  phone bert <<<'refuse 486'
  waiting bert
  phone alf <<<'call sip:bert@parley.test'
  end_phone alf 3
  end_phone bert
  told alf ended cause=refused status=486 || fail "not busy" "$work/alf.jsonl"
  # Kamailio gives the callee up after 2 s.
  phone bill <<'E'
register
await
ring
expect ended cause=cancelled
await
ring
expect ended cause=cancelled
E
  waiting bill
  phone alf <<<'call sip:bill@parley.test'
  end_phone alf 3
  told alf ended cause=refused status=408 || fail "no 408" "$work/alf.jsonl"
  phone alf <<'E'
dial sip:bill@parley.test
expect ringing
cancel
expect ended cause=cancelled
E
  ended alf bill
}

presence() {
  phone wanda <<'E'
register
subscribe presence sip:paula@parley.test
expect notify content_type=application/pidf+xml
expect notify content_type=application/pidf+xml
unsubscribe
expect subscription_ended
E
  expect_told wanda subscribed
  phone paula <<'E'
register
publish open
wait 500
publish closed
E
  ended wanda paula
  for each in open closed; do
    grep '"event":"notify"' "$work/wanda.jsonl" | grep -q "<basic>$each</basic>" || fail "not told: $each" "$work/wanda.jsonl"
  done
}

at_once 0 registers calls blind_transfer refused_transfer attended_transfer forks comes_to_nothing presence
end_kamailio
passed "registers with digest, over and over; not with a wrong password"
passed "calls each way by record routes, over udp and tcp, with a hold; MESSAGE"
passed "blind and attended transfer among three phones; a transfer to nobody"
passed "of two phones of a user one answers and the other is cancelled; busy, no answer, cancelled"
passed "presence: open and closed, published and told"
