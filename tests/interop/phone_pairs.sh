#!/usr/bin/env bash
# parley-phones that call one another over udp, tcp, tls, ws and wss: calls with hold, keys, INFO and messages, each end hanging up;
# calls that are refused, given up, and answered by nobody; blind and attended transfers by the caller and by the callee, and
# transfers that come to nothing. What both ends tell is compared. Who speaks TLS verifies the certificate that he is shown.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/authority.sh"
authority authority
issue phone 'IP:127.0.0.1'

# phone NAME [option]…: does the steps on standard input over $transport.
phone() {
  start_phone "$1" --listen "$transport:127.0.0.1:0" --from "sip:$1@parley.test" --ca "$work/authority.pem" \
    --cert "$work/phone.pem" --key "$work/phone.key" "${@:2}"
}
# uri NAME: where that phone listens.
uri() {
  local address
  address=$(sed -n 's/.*"event":"listening".*"address":"\([^"]*\)".*/\1/p' "$work/$1.jsonl")
  echo "sip:$1@$address;transport=$transport"
}
ended() { for each; do end_phone "$each"; done; }
# heard PHONE EVENT [KEY=VALUE]…: the script fails unless that phone has told so.
heard() { told "$@" || fail "$transport: no event: $*" "$work"/*.jsonl; }

calls() {
  phone bob --info-package parley-test <<'S'
ring
wait 50
answer
expect held by=remote
expect resumed by=remote
expect refreshed
hold
resume
expect dtmf key=#
expect info package=parley-test body="a = 1"
expect ended cause=remote
answer
wait 50
hangup
expect message body="See you"
S
  phone alice <<S
options $(uri bob)
call $(uri bob)
hold
resume
refresh
expect held by=remote
expect resumed by=remote
dtmf 5#
info parley-test a = 1
hangup
call $(uri bob)
expect ended cause=remote
message $(uri bob) See you
S
  ended alice bob
  heard alice options status=200
  heard alice ringing status=180
  heard alice held by=local
  heard alice message_sent status=200
  heard bob incoming from=sip:alice@parley.test
  heard bob dtmf key=5
}

failures() {
  phone bob <<'S'
refuse 486
ring
expect ended cause=cancelled
await
ring 183
expect ended cause=cancelled
S
  phone alice <<<"call $(uri bob)"
  end_phone alice 3
  heard alice ended cause=refused status=486
  heard alice failed step=call status=486
  phone alice <<S
dial $(uri bob)
expect ringing status=180
cancel
S
  end_phone alice
  heard alice ended cause=cancelled
  phone alice --timeout 1 <<<"call $(uri bob)"
  end_phone alice 4
  heard alice ringing status=183
  heard alice early_media
  ended bob
}

# transfer WORD: the caller transfers the callee, then the callee the caller, to a third.
transfer() {
  local target
  phone carol <<'S'
answer
expect ended cause=remote
answer
expect ended cause=remote
S
  target=$(uri carol)
  phone bob <<S
answer
expect transfer_requested
expect answered
wait 50
hangup
answer
$1 $target
hangup
S
  phone alice <<S
call $(uri bob)
$1 $target
hangup
call $(uri bob)
expect transfer_requested
expect answered
wait 50
hangup
S
  ended alice bob carol
  heard alice transferred status=200
  heard bob transferred status=200
}

blind() {
  transfer transfer
  heard carol incoming "referred_by=<sip:alice@parley.test>"
  heard carol incoming from=sip:alice@parley.test
}

attended() {
  transfer attended
  # The call that came first goes on with another peer.
  [ "$(grep -c '"event":"incoming"' "$work/carol.jsonl")" -eq 2 ] || fail "carol was called anew" "$work/carol.jsonl"
  [ "$(grep -c '"event":"transferred"' "$work/carol.jsonl")" -eq 2 ] || fail "carol's peer is the same" "$work/carol.jsonl"
}

transfers_in_vain() {
  phone carol <<<'refuse 486'
  phone bob <<'S'
answer
expect transfer_requested
expect ended call=2 cause=refused status=486
expect ended call=1
answer
expect transfer_requested
over
S
  phone alice <<S
call $(uri bob)
transfer $(uri carol)
S
  end_phone alice 5
  heard alice failed step=transfer status=486
  end_phone carol
  phone dora --no-follow <<'S'
answer
expect transfer_requested
over
S
  phone alice <<S
call $(uri dora)
transfer sip:nobody@parley.test
S
  end_phone alice 5
  heard alice failed step=transfer status=603
  end_phone dora
  # A target that cannot be reached.
  phone alice <<S
call $(uri bob)
transfer sip:nobody@127.0.0.1:9;transport=tcp
S
  end_phone alice 5
  heard alice failed step=transfer status=503
  end_phone bob
}

for transport in udp tcp tls ws wss; do
  for each in calls failures blind attended transfers_in_vain; do "$each"; done
done
passed "calls, refusals, transfers and messages over udp tcp tls ws wss"
