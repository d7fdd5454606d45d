#!/usr/bin/env bash
# Kamailio's rtpengine module drives parley-relay: SIPp calls SIPp with sound, over IPv4 and from IPv4 to IPv6; calls that are
# refused; RTP to SRTP; baresip's tone, as it is and transcoded; the end by SIGTERM. The relay has an address of its own, so that what names it is seen.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/baresip.sh"
: "${PARLEY_RELAY:=$(dirname "$PARLEY_PROXY")/../relay/parley-relay}"
calls=10

read -r port ng bob six echo metrics < <(free_ports 6)
mkdir "$work/recordings"
"$PARLEY_RELAY" --ng "127.0.0.1:$ng" --metrics "127.0.0.1:$metrics" --recording "$work/recordings" --media-ip 127.0.0.2 --media-ip ::1 --ports 9000-9399 >"$work/relay.log" 2>&1 &
relay_pid=$!
started+=("$relay_pid")
wait_bound udp "$ng" "$relay_pid" || fail "parley-relay does not start" "$work/relay.log"
sed "s/@PORT@/$port/; s/@NG@/$ng/; s/@BOB@/$bob/; s/@SIX@/$six/" "$interop/lib/kamailio_relay.cfg" >"$work/kamailio.cfg"
launch_kamailio "$work/run" "$port"

ng() { python3 "$interop/lib/ng.py" "$ng" "$@"; }
# is FIGURE NUMBER: what ng.py tells.
is() { [ "$(ng "$1")" -eq "$2" ]; }
relay_fails() { fail "$1" "$work/relay.log" "$work/kamailio.log" "$work"/caller*.err "$work"/callee*.err; }
idle() {
  wait_until 5 is calls 0 || relay_fails "calls are left after their BYE"
  is ports 0 || relay_fails "ports are left after the BYE of their calls"
}

python3 - >"$work/sound.raw" <<'P'
import random, sys
sys.stdout.buffer.write(random.Random(1).randbytes(8000))
P

# caller_scenario SEEN: a call with sound of 3 s, where the answer must have that.
caller_scenario() {
  sipp_scenario caller_plain >/dev/null <<S
> INVITE sdp
< 180?
< 200 | $1
> ACK | [routes]
pause 3000
> BYE | [routes]
< 200
S
  sipp_with_sound caller_plain "$work/sound.raw" -1
}
callee_scenario() {
  sipp_scenario "callee-$1" <<S
< INVITE | $2
> 180 | [last_Record-Route:]
> 200 sdp | [last_Record-Route:]
< ACK
< BYE
> 200
S
}

# calls_with_sound USER udp|udp6 PORT ADDRESS SEEN: the callee there sends back what it hears, and must have been told that.
calls_with_sound() {
  start_sipp "callee-$1" "$2" "$3" -sf "$(callee_scenario "$1" "$5")" -i "$4" -mi "$4" -mp "$echo" -rtp_echo
  local callee=$sipp_pid
  run_sipp "caller-$1" udp "$port" "$calls" 20 -sf "$(caller_scenario 'c=IN IP4 127.0.0.2')" -s "$1" -mi 127.0.0.1 &
  local caller=$!
  ng heard "$calls" 40 || relay_fails "not all of $calls calls have sound each way at once"
  wait "$caller" || exit 1
  idle
  end_sipp "$callee"
}

calls_with_sound bob udp "$bob" 127.0.0.1 'c=IN IP4 127.0.0.2'
passed "$calls calls with sound each way; both ends are told the relay's address"
calls_with_sound six udp6 "$six" ::1 'c=IN IP6 ::1'
passed "$calls calls with sound each way from IPv4 to IPv6"

start_sipp callee-busy udp "$bob" -sf "$(sipp_scenario callee-busy <<<$'< INVITE\n> 486\n< ACK')"
run_sipp caller-busy udp "$port" "$calls" 20 -sf "$(sipp_scenario caller-busy <<<$'> INVITE sdp\n< 486\n> ACK')"
end_sipp "$sipp_pid"
idle
passed "$calls refused calls leave nothing"

# SIPp presses keys by INFO; Kamailio has the relay play them, and the phone gets telephone-events.
start_phone keys --listen "udp:127.0.0.1:$bob" --timeout 20 <<'E'
answer
expect dtmf key=5
expect dtmf key=*
over
E
run_sipp caller-keys udp "$port" 1 1 -s bob -sf "$(
  sipp_scenario caller-keys <<'S'
> INVITE sdp
< 100?
< 200
> ACK | [routes]
pause 100
> INFO | [routes] || application/dtmf-relay Signal=5\nDuration=160
< 200
> INFO | [routes] || application/dtmf-relay Signal=*\nDuration=160
< 200
pause 800
> BYE | [routes]
< 200
S
)"
end_phone keys
idle
passed "keys by INFO arrive as telephone-events: Kamailio takes them, and has the relay play them"

ng srtp || relay_fails "no call between RTP and SRTP"
idle
passed "RTP to SRTP and back by keys in SDP; a forged packet goes no further"

ng play "$work/played.wav" "$metrics" || relay_fails "a file or a digit is not heard as it was played"
idle
passed "a file and digits are played into a call, as events and as tones, and heard; digits that a peer sends are counted"

# start_baresip NAME SIP_PORT COMMANDS_PORT SOURCE CODEC: one that answers, and keeps what it hears.
start_baresip() {
  launch_baresip "$1" "$2" "$3" "$4" "<sip:$1@127.0.0.1:$2>;regint=0;answermode=auto;audio_codecs=$5" g711 g722 aufile sndfile
}

# tone_and_back CALLEE CODEC TRANSCODED: bob, who is called by that name and has that codec alone, plays what he hears, so that the tone of ann,
# who has PCMA alone, has gone both ways where she hears it; so many media are transcoded. Leaves the end of the call wide to others.
tone_and_back() {
  start_baresip bob "$bob" "$bob_commands" aubridge,a "$2"
  local bob_pid=$baresip_pid each
  start_baresip ann "$ann" "$ann_commands" "aufile,$work/tone.wav" PCMA
  echo "/dial sip:$1@127.0.0.1:$port" >"/dev/udp/127.0.0.1/$ann_commands"
  ng heard 1 150 || fail "no call of baresip with sound" "$work"/baresip-*/log "$work/relay.log" "$work/kamailio.log"
  ng transcoded "$3" || relay_fails "otherwise transcoded than it should be"
  echo /hangup >"/dev/udp/127.0.0.1/$ann_commands"
  [ "$1" = wide ] || idle
  echo /quit >"/dev/udp/127.0.0.1/$ann_commands"
  echo /quit >"/dev/udp/127.0.0.1/$bob_commands"
  # The files are whole where the programs have ended.
  for each in "$baresip_pid" "$bob_pid"; do wait_until 5 gone "$each" || fail "baresip does not end" "$work"/baresip-*/log; done
  for each in ann bob; do
    python3 "$interop/lib/heard.py" "$(echo "$work/baresip-$each"/dump-*-dec.wav)" 440 -1 >"$work/tone" ||
      fail "$each does not hear the tone" "$work/tone" "$work/baresip-$each/log"
  done
}
sox -n -r 8000 -c 1 -b 16 "$work/tone.wav" synth 20 sine 440 vol 0.5
read -r ann ann_commands bob_commands < <(free_ports 3)
tone_and_back bob PCMA 0
passed "baresip hears its own tone back from another"
tone_and_back wide G722 1
passed "baresip, which has PCMA alone, hears its own tone back from one that has G.722 alone"

# The relay has counted what either has sent, and tshark finds the same packets in the recording, which is whole a little later.
ng ended "$(sent_by ann)" "$(sent_by bob)" | sort >"$work/counted" || relay_fails "the relay counts otherwise than baresip"
idle
# The ports are anybody's, and may be those of another protocol.
tshark_recording() {
  tshark -r "$(echo "$work/recordings"/*.pcap)" -o rtp.heuristic_rtp:TRUE -o udp.try_heuristic_first:TRUE "$@" 2>>"$work/tshark.log"
}
# recorded: what each port has sent by the recording, told as ng.py does; neither RTP nor RTCP is "unknown".
recorded() {
  tshark_recording -T fields -E separator=, -E occurrence=f -e udp.srcport -e udp.length -e rtp.ssrc -e rtcp.pt | awk -F , '
      {sent = $1 " " ($3 != "" ? $3 : $4 != "" ? "rtcp" : "unknown"); packets[sent]++; bytes[sent] += $2 - 8}
      END {for (sent in packets) print sent, packets[sent], bytes[sent]}' | sort >"$work/recorded"
}
as_counted() { recorded && cmp -s "$work/counted" "$work/recorded"; }
wait_until 5 as_counted || relay_fails "counted: $(cat "$work/counted"); recorded: $(cat "$work/recorded")"
passed "the relay counts the packets and bytes of each end, RTP and RTCP, that tshark finds in the recording, and baresip as many as it sent"
# streams: of the one recording, the codec of each stream and how many of its packets are lost.
streams() {
  tshark_recording -q -z rtp,streams |
    awk '$4 == "127.0.0.2" || $5 == "127.0.0.2" {print $8, ($9 >= 150 ? "many" : $9), $10}' | sort
}
[ "$(streams)" = $'g711A many 0\ng722 many 0' ] || relay_fails "tshark finds otherwise in the recording: $(streams)"
! grep -q "not recorded" "$work/relay.log" || relay_fails "a recording did not begin, or twice"
passed "the recorded call has both streams, as tshark reads them, and no packet is lost"

# A call goes on where the relay is asked to end, and new ones are refused.
start_sipp callee-last udp "$bob" -sf "$(callee_scenario last 'c=IN IP4 127.0.0.2')" -mp "$echo" -rtp_echo
run_sipp caller-last udp "$port" 1 20 -sf "$(caller_scenario 'c=IN IP4 127.0.0.2')" -mi 127.0.0.1 &
caller=$!
ng heard 1 10 || relay_fails "no call"
kill -TERM "$relay_pid"
sleep 0.2
! gone "$relay_pid" || relay_fails "the relay does not wait for its call"
run_sipp late udp "$port" 1 20 -sf "$(sipp_scenario late <<<$'> INVITE sdp\n< 503\n> ACK')"
wait "$caller" || exit 1
wait_until 5 gone "$relay_pid" || relay_fails "the relay does not end after its last call"
status=0
wait "$relay_pid" || status=$?
[ "$status" -eq 0 ] || relay_fails "the relay ended with status $status"
! grep -Eq 'ERROR: .*Sanitizer|runtime error:' "$work/relay.log" || relay_fails "a sanitizer reports"
tail -n 1 "$work/relay.log" |
  grep -Eq "^parley-relay: $((calls * 3 + 7)) calls, 0 of them timed out, [1-9][0-9]{3,} packets, [0-9]+ bytes, [0-9]+ errors$" ||
  relay_fails "the last line says otherwise"
end_kamailio
passed "SIGTERM: the call goes on, another is refused, and the relay ends after its last one: $(tail -n 1 "$work/relay.log")"
