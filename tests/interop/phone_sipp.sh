#!/usr/bin/env bash
# parley-phone calls SIPp and is called by it over UDP: hold, DTMF, session timers, early media of forks, reliable provisional
# responses, calls that come to nothing, requests outside calls, and requests that are wrong, which leave a call as it was.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"

# callee PORT: SIPp that waits there for a call; its scenario is on standard input.
callee() {
  start_sipp callee udp "$1" -sf "$(sipp_scenario callee)" -m 1 -trace_msg -message_file "$work/callee.messages"
}
# end_callee PHONE: the call must have been as the scenario has it.
end_callee() {
  wait_until 70 gone "$sipp_pid" || fail "the callee waits for more" "$work/callee.messages" "$work/$1.jsonl" "$work/$1.err"
  wait "$sipp_pid" || fail "the callee has an unsuccessful call" "$work/callee.err" "$work/$1.jsonl" "$work/$1.err"
}
# caller PORT PHONE_PORT PHONE: SIPp that calls the phone; its scenario is on standard input.
caller() {
  run_sipp_anyhow caller udp "$2" 1 1 -sf "$(sipp_scenario caller)" -s alice -p "$1" -trace_msg -message_file "$work/caller.messages" ||
    fail "the caller has an unsuccessful call" "$work/caller.err" "$work/$3.jsonl" "$work/$3.err"
}
# phone PORT [option]…: Alice.
phone() { start_phone alice --signalling-only --listen "udp:127.0.0.1:$1" --from "sip:alice@127.0.0.1:$1" "${@:2}"; }

calls_out() {
  callee "$2" <<'E'
< INVITE | RTP/AVP 0 8 | telephone-event | !a=(sendonly|recvonly|inactive)
> 180
> 200 sdp
< ACK
< INVITE | a=sendonly
> 200 sdp=recvonly
< ACK
< INVITE | !a=(sendonly|recvonly|inactive)
> 200 sdp
< ACK
< INFO | Content-Type: application/dtmf-relay | Signal= ?1
> 200
< INFO | Signal= ?#
> 200
< BYE
> 200
E
  phone "$1" <<E
call sip:sipp@127.0.0.1:$2
expect ringing status=180
hold
expect held by=local
resume
expect resumed by=local
dtmf 1#
hangup
expect ended cause=local
E
  end_phone alice
  end_callee alice
}

calls_in() {
  phone "$1" <<'E'
await
ring
answer
expect held by=remote
expect resumed by=remote
expect dtmf key=5
expect ended cause=remote
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp
< 180
< 200 | m=audio [1-9]
> ACK
> INVITE sdp=sendonly
< 200 | a=recvonly
> ACK
> INVITE sdp
< 200 | !a=(sendonly|recvonly|inactive)
> ACK
> INFO || application/dtmf-relay Signal=5\nDuration=160
< 200
> OPTIONS
< 200
> BYE
< 200
E
  end_phone alice
}

cancelled() {
  callee "$2" <<'E'
< INVITE
> 180
< CANCEL
> 200
> 487/INVITE
< ACK
E
  phone "$1" <<E
dial sip:sipp@127.0.0.1:$2
expect ringing
wait 500
cancel
expect ended cause=cancelled
await
ring
expect ended cause=cancelled
E
  end_callee alice
  caller "$2" "$1" alice <<'E'
> INVITE sdp
< 180
pause 200
> CANCEL
< 200
< 487/INVITE
> ACK
E
  end_phone alice
}

refused() {
  local status
  for status in 486 480 408 603; do
    callee "$2" <<E
< INVITE
> 180
> $status
< ACK
E
    phone "$1" <<<"call sip:sipp@127.0.0.1:$2"
    end_phone alice 3
    end_callee alice
    told alice ended cause=refused status=$status || fail "no refusal by $status" "$work/alice.jsonl"
  done
  for status in 486 480 603; do
    phone "$1" <<<"refuse $status"
    caller "$2" "$1" alice <<E
> INVITE sdp
< 180?
< $status
> ACK
E
    end_phone alice
  done
}

unanswered() {
  python3 "$interop/lib/silent.py" "$2" 60 >"$work/silent.log" &
  started+=("$!")
  phone "$1" <<<"call sip:sipp@127.0.0.1:$2"
  end_phone alice 3
  told alice ended status=408 || fail "timer B brought no 408" "$work/alice.jsonl"
}

refreshed_by_caller() {
  phone "$1" <<'E'
await
answer
expect refreshed
expect refreshed
expect ended cause=remote
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uac
< 180?
< 200 | Session-Expires: 90 ?; ?refresher=uac | Require: timer
> ACK
> UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
< 200 | Session-Expires: 90 ?; ?refresher=uac
> INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uac
< 200 | Session-Expires: 90 ?; ?refresher=uac
> ACK
> INVITE sdp | Supported: timer | Session-Expires: 60
< 422 | Min-SE: 90
> ACK
> BYE
< 200
E
  end_phone alice
}

refreshed_by_callee() {
  callee "$2" <<'E'
< INVITE | Supported:.*timer | Session-Expires: 90
> 200 sdp | Require: timer | Session-Expires: 90;refresher=uas
< ACK
> UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
< 200 | Session-Expires: 90 ?; ?refresher=uac
< BYE
> 200
E
  phone "$1" --session-expires 90 <<E
call sip:sipp@127.0.0.1:$2
expect refreshed
hangup
E
  end_phone alice
  end_callee alice
}

# After half of the 90 s (RFC 4028 7.2).
refreshes_as_caller() {
  callee "$2" <<'E'
< INVITE | Session-Expires: 90
> 200 sdp | Require: timer | Session-Expires: 90;refresher=uac
< ACK
< UPDATE | Session-Expires: 90 ?; ?refresher=uac
> 200 | Require: timer | Session-Expires: 90;refresher=uac
> BYE
< 200
E
  phone "$1" --session-expires 90 <<E
call sip:sipp@127.0.0.1:$2
expect ended cause=remote
E
  end_phone alice
  end_callee alice
}

refreshes_as_callee() {
  phone "$1" <<'E'
await
answer
expect ended cause=remote
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp | Supported: timer | Session-Expires: 90;refresher=uas
< 200 | Session-Expires: 90 ?; ?refresher=uas
> ACK
< UPDATE | Session-Expires: 90 ?; ?refresher=uac
> 200 | Require: timer | Session-Expires: 90;refresher=uac
> BYE
< 200
E
  end_phone alice
}

forked() {
  callee "$2" <<'E'
< INVITE
> 183 sdp tag=a
> 183 sdp tag=b
pause 200
> 200 sdp tag=b
< ACK | tag=[0-9]+-b-
< BYE | tag=[0-9]+-b-
> 200
E
  phone "$1" <<E
dial sip:sipp@127.0.0.1:$2
expect early_media
expect answered
hangup
E
  end_phone alice
  end_callee alice
  [ "$(grep -c '"event":"ringing".*183' "$work/alice.jsonl")" -eq 2 ] || fail "no two forks rang" "$work/alice.jsonl"
  callee "$2" <<'E'
< INVITE
> 180 tag=a
> 180 tag=b
> 200 sdp tag=a
< ACK | tag=[0-9]+-a-
> 200/INVITE sdp tag=b
< ACK | tag=[0-9]+-b-
< BYE | tag=[0-9]+-b-
> 200
< BYE | tag=[0-9]+-a-
> 200
E
  phone "$1" <<E
call sip:sipp@127.0.0.1:$2
wait 500
hangup
E
  end_phone alice
  end_callee alice
}

reliable() {
  callee "$2" <<'E'
< INVITE | Supported:.*100rel
> 183 sdp | Require: 100rel | RSeq: 17
< PRACK | RAck: 17 [0-9]+ INVITE
> 200
> 200/INVITE
< ACK
< BYE
> 200
E
  phone "$1" <<E
dial sip:sipp@127.0.0.1:$2
expect ringing status=183
expect early_media
expect answered
hangup
await
ring 183
answer
expect ended cause=remote
E
  end_callee alice
  caller "$2" "$1" alice <<'E'
> INVITE sdp | Require: 100rel
< 183 | RSeq | Require: 100rel | m=audio
> PRACK
< 200
< 200/INVITE
> ACK
> BYE
< 200
E
  end_phone alice
}

outside_calls() {
  callee "$2" <<'E'
< MESSAGE | Content-Type: text/plain | Grüße
> 200
E
  phone "$1" <<E
message sip:sipp@127.0.0.1:$2 Grüße
expect message content_type=text/plain
expect message content_type=text/html
await
refuse 486
E
  end_callee alice
  told alice message_sent status=200 || fail "the message was not accepted" "$work/alice.jsonl"
  caller "$2" "$1" alice <<'E'
> MESSAGE || text/plain Hello
< 200
E
  caller "$2" "$1" alice <<'E'
> MESSAGE || text/html <b>Hello</b>
< 200
E
  caller "$2" "$1" alice <<'E'
> OPTIONS
< 200 | Allow:.*INVITE | Accept:.*application/sdp
E
  caller "$2" "$1" alice <<'E'
> BYE to=none
< 481
E
  caller "$2" "$1" alice <<'E'
> UNHEARD
< 501
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp
< 180?
< 486
> ACK
E
  end_phone alice
}

queried() {
  callee "$2" <<'E'
< OPTIONS
> 200
E
  phone "$1" <<<"options sip:sipp@127.0.0.1:$2"
  end_phone alice
  end_callee alice
  told alice options status=200 || fail "no answer to OPTIONS" "$work/alice.jsonl"
}

wrong_calls() {
  phone "$1" <<<answer
  caller "$2" "$1" alice <<'E'
> INVITE sdp=unmet
< 488 | Warning: 3
> ACK
E
  end_phone alice 3
  phone "$1" <<'E'
answer
expect ended cause=remote
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp=broken
< 400
> ACK
E
  caller "$2" "$1" alice <<'E'
> INVITE || text/html <b>Hello</b>
< 415 | Accept:.*application/sdp
> ACK
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp | Require: unheard-of
< 420 | Unsupported: unheard-of
> ACK
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp
< 200
> ACK
> BYE
< 200
E
  end_phone alice
}

wrong_within_a_call() {
  phone "$1" <<'E'
await
answer
expect dtmf key=9
expect ended cause=remote
E
  caller "$2" "$1" alice <<'E'
> INVITE sdp
< 200
> ACK
> INVITE sdp=unmet
< 488 | Warning: 3
> ACK
> INVITE sdp=broken
< 400
> ACK
> INVITE || text/html <b>Hello</b>
< 415 | Accept:.*application/sdp
> ACK
> INVITE sdp | Require: unheard-of
< 420 | Unsupported: unheard-of
> ACK
> BYE to=none
< 481
> INFO cseq=1 || application/dtmf-relay Signal=1\nDuration=160
< 500
> INFO || application/dtmf-relay Signal=9\nDuration=160
< 200
> BYE
< 200
E
  end_phone alice
  told alice held && fail "a request that was refused held the call" "$work/alice.jsonl"
  true
}

at_once 2 refreshes_as_caller refreshes_as_callee unanswered calls_out calls_in cancelled refused refreshed_by_caller \
  refreshed_by_callee forked reliable outside_calls queried wrong_calls wrong_within_a_call
passed "calls both ways, held and resumed by re-INVITE, with DTMF by INFO"
passed "calls cancelled, refused with 486, 480, 408 and 603, and never answered, each way"
passed "sessions refreshed by each end: at once by SIPp, after 45 s by the phone"
passed "early media of two forks, an answer by the second, and by both; reliable provisional responses each way"
passed "MESSAGE and OPTIONS each way"
passed "offers that cannot be met or read, bodies and extensions unheard of, a BYE and CSeq out of place: refused, and a call goes on"
