#!/usr/bin/env bash
# parley-phone speaks and listens: with baresip in each codec that both have, and encrypted; keys within the sound and by INFO, each way;
# with SIPp's echo and SIPp's recording; with linphone. What was heard is measured in the recordings of both ends.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/baresip.sh"

# baresip plays a file of the codec's own rate and channels only.
for form in 8000-1 16000-1 48000-2; do
  sox -n -r "${form%-*}" -c "${form#*-}" -b 16 "$work/tone-$form.wav" synth 20 sine 440 vol 0.5
done
sox -n -r 8000 -c 1 -e a-law -t raw "$work/tone.alaw" synth 2 sine 440 vol 0.5

hears() { python3 "$interop/lib/heard.py" "$@" >>"$work/heard.log" || fail "no such tone: $*" "$work/heard.log" "$work"/*.jsonl "$work"/*.log; }

# baresip_with CODEC COMMANDS_PORT SIP_PORT [PARAMETERS]: a baresip that plays 440 Hz, and keeps what it hears.
baresip_with() {
  local form=8000-1
  case $1 in
    G722) form=16000-1 ;;
    opus) form=48000-2 ;;
  esac
  launch_baresip bob "$3" "$2" "aufile,$work/../tone-$form.wav" \
    "<sip:bob@127.0.0.1:$3>;regint=0;answermode=auto;audio_codecs=$1$4" g711 g722 gsm opus srtp aufile sndfile
  commands=$2
}
end_baresip() {
  echo /quit >"/dev/udp/127.0.0.1/$commands"
  wait_until 5 gone "$baresip_pid" || fail "baresip does not end" "$work/baresip-bob/log"
}

# speaks_with CODEC NAME COMMANDS_PORT SIP_PORT PARAMETERS [option]…: a call with a tone each way, in that codec by the name that parley
# gives it.
speaks_with() {
  baresip_with "$1" "$3" "$4" "$5"
  start_phone alice --timeout 20 --listen udp:127.0.0.1:0 --codec "$2" "${@:6}" <<S
call sip:bob@127.0.0.1:$4
record $work/heard.wav
tone 1000
wait 1800
hangup
S
  end_phone alice
  end_baresip
  told alice quality "codec=$2" lost=0 || fail "the quality is otherwise" "$work/alice.jsonl"
  hears "$work/heard.wav" 440 0.8 1.6
  hears "$(echo "$work"/baresip-bob/dump-*-dec.wav)" 1000 0.6 1.4
}
pcma() { speaks_with PCMA PCMA "$1" "$2" ''; }
pcmu_encrypted() { speaks_with PCMU PCMU "$1" "$2" ';mediaenc=srtp-mand' --srtp required; }
g722() { speaks_with G722 G722 "$1" "$2" ''; }
gsm() { speaks_with GSM GSM "$1" "$2" ''; }
opus() { speaks_with opus opus "$1" "$2" ''; }

# Keys each way within the sound; and with an account that asks for it, baresip's by INFO and ours within the sound.
keys() {
  baresip_with PCMA "$1" "$2" ''
  start_phone alice --timeout 20 --listen udp:127.0.0.1:0 <<S
call sip:bob@127.0.0.1:$2
wait 200
dtmf 5#
expect dtmf key=7
hangup
S
  wait_until 10 grep -q "received event: '#' (end=1)" "$work/baresip-bob/log" || fail "no key arrives" "$work/baresip-bob/log" "$work/alice.jsonl"
  # baresip takes no digit that is let go at once.
  echo 7 >"/dev/udp/127.0.0.1/$commands"
  end_phone alice
  end_baresip
}

# SIPp sends back what it hears: the phone hears itself. Then SIPp calls, and plays a file.
sipp_sound() {
  start_sipp echo udp "$1" -sf "$(sipp_scenario echo <<<$'< INVITE\n> 200 sdp\n< ACK\n< BYE\n> 200')" -mi 127.0.0.1 -mp "$2" -rtp_echo
  start_phone alice --timeout 20 --listen udp:127.0.0.1:0 <<S
call sip:bob@127.0.0.1:$1
record $work/heard.wav
tone 1000
wait 1500
hangup
S
  end_phone alice
  end_sipp "$sipp_pid"
  hears "$work/heard.wav" 1000 0.7 1.4

  start_phone carol --timeout 20 --listen "udp:127.0.0.1:$1" <<S
answer
record $work/carol.wav
over
S
  sipp_scenario caller_plain >/dev/null <<S
> INVITE sdp
< 200
> ACK
pause 1500
> BYE
< 200
S
  run_sipp caller udp "$1" 1 1 -sf "$(sipp_with_sound caller_plain "$work/../tone.alaw" 1)" -mi 127.0.0.1
  end_phone carol
  hears "$work/carol.wav" 440 0.5 1.2
}

# linphone without sound devices plays a file, once it is in a call, and records another.
linphone_sound() {
  cat >"$work/rc" <<C
[sip]
sip_port=$1
sip_tcp_port=0
sip_tls_port=0
bind_address=127.0.0.1
use_ipv6=0
[rtp]
audio_rtp_port=$2
[video]
enabled=0
capture=0
display=0
[storage]
uri=$work/linphone.db
C
  mkfifo "$work/commands"
  HOME=$work linphonec -a -c "$work/rc" <"$work/commands" >"$work/linphone.log" 2>&1 &
  started+=("$!")
  local linphone_pid=$! commands
  exec {commands}>"$work/commands"
  wait_bound udp "$1" "$linphone_pid" || fail "linphone does not start" "$work/linphone.log"
  echo "soundcard use files $work/../tone-16000-1.wav" >&"$commands"
  echo "record $work/linphone.wav" >&"$commands"
  start_phone alice --timeout 20 --listen udp:127.0.0.1:0 <<S
call sip:bob@127.0.0.1:$1
record $work/heard.wav
tone 1000
wait 2500
hangup
S
  wait_until 10 grep -q 'Media streams established' "$work/linphone.log" || fail "no call with linphone" "$work/linphone.log" "$work/alice.jsonl"
  echo "play $work/../tone-16000-1.wav" >&"$commands"
  end_phone alice
  echo quit >&"$commands"
  wait_until 10 gone "$linphone_pid" || fail "linphone does not end" "$work/linphone.log"
  hears "$work/heard.wav" 440 -1.2 -0.2
  hears "$work/linphone.wav" 1000 1 2
}

at_once 2 pcma pcmu_encrypted g722 gsm opus keys sipp_sound linphone_sound
passed "a tone each way with baresip in PCMA, G.722, GSM and Opus, and in PCMU with SRTP by keys in SDP"
passed "keys within the sound, each way"
passed "SIPp sends the phone's tone back, and plays one to it"
passed "a tone each way with linphone"
