# Sourced after interop.sh by lost.sh and scripts/soak.

# lost_calls RATE SECONDS: SIPp places calls through parley-proxy over UDP while each side drops one message in ten of those
# that it sends and of those that it receives (-lost 10). The script fails unless every call completes on both sides.
#
# SIPp repeats INVITE, BYE and its 200 by timer and gives up after some; the limits here are those at which a run of this size
# would not see one given up by chance. What the callee still has to repeat when the caller is content needs no waiting for.
lost_calls() {
  local rate=$1 calls=$(($1 * $2)) proxy_port callee_port
  read -r proxy_port callee_port < <(free_ports 2)
  launch_proxy --listen "udp:127.0.0.1:$proxy_port" --route "sip:127.0.0.1:$callee_port"
  local patience=(-lost 10 -max_invite_retrans 7 -max_non_invite_retrans 12 -l 60000 -buff_size 4194304)
  start_sipp callee udp "$callee_port" -sf "$(scenario uas_lost)" "${patience[@]}"
  run_sipp caller udp "$proxy_port" "$calls" "$rate" -sf "$(scenario uac_lost)" -d 100 -timeout $(($2 + 120)) "${patience[@]}"
  wait_until 5 callee_counted
  local failed; failed=$(sipp_figure callee 'FailedCall(C)')
  [ "$failed" -eq 0 ] || fail "the callee has $failed calls that failed" "$work/callee.err" "$work/proxy.log"
  end_sipp "$sipp_pid"
  end_proxy
  grep -q 'draining: .* calls=0 ' "$work/proxy.log" || fail 'calls are counted that have ended' "$work/proxy.log"
  passed "$(sipp_figure caller 'SuccessfulCall(C)') calls at $rate/s with one message in ten lost at each end, every one" \
    "complete, $(sipp_figure caller 'Retransmissions(C)') messages repeated by the caller"
}

# One line of the callee's figures more than there was when the caller ended.
callee_counted() {
  : "${counted_from:=$(wc -l <"$work/callee.csv")}"
  [ "$(wc -l <"$work/callee.csv")" -gt "$counted_from" ]
}
