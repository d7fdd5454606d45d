# Sourced after interop.sh by the scripts that have a baresip.

# launch_baresip NAME SIP_PORT COMMANDS_PORT SOURCE ACCOUNT MODULE…: a baresip in $work/baresip-NAME with that source of sound, as
# `aufile,tone.wav`, one account and these modules. It keeps what it says and hears there in files where sndfile.so is among them; its log is
# there, too. Sets baresip_pid.
launch_baresip() {
  local folder=$work/baresip-$1 each
  rm -rf "$folder"
  mkdir -p "$folder"
  {
    printf '%s\n' 'module_path /usr/lib/baresip/modules' 'net_interface 127.0.0.1' "sip_listen 127.0.0.1:$2" "cons_listen 127.0.0.1:$3" \
      "audio_player aubridge,a" "audio_source $4" "snd_path $folder" 'call_max_calls 1' 'call_local_timeout 2' 'rtp_stats yes'
    for each in aubridge cons "${@:6}"; do echo "module $each.so"; done
    printf '%s\n' 'module_tmp uuid.so' 'module_tmp account.so' 'module_app contact.so' 'module_app menu.so'
  } >"$folder/config"
  echo "\"Alice\" <sip:alice@parley.test>" >"$folder/contacts"
  echo "$5" >"$folder/accounts"
  : >"$folder/log"
  baresip -s -f "$folder" >"$folder/log" 2>&1 </dev/null &
  baresip_pid=$!
  started+=("$!")
  wait_until 10 grep -q "baresip is ready" "$folder/log" || fail "baresip does not start" "$folder/log"
}

# sent_by NAME: how many packets of RTP it says it has sent in its last call.
sent_by() { awk '$1 == "packets:" {sent = $2} END {print sent}' "$work/baresip-$1/log"; }
