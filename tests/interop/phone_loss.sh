#!/usr/bin/env bash
# Two phones in network namespaces of their own, where netfilter drops none, one in ten and three in ten of the packets of sound for four
# seconds: the loss is measured, the opinion score is that of ITU-T G.107 for it, and when it is over there are no gaps any more.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"

own_network=(unshare --net)
[ "$(id -u)" -eq 0 ] || own_network=(unshare --map-root-user --net)
# Many containers forbid it.
if ! "${own_network[@]}" iptables -A INPUT -p udp -m statistic --mode random --probability 0.1 -j DROP 2>"$work/refused"; then
  passed "left out, since no network namespace with netfilter is to be had here: $(head -n 1 "$work/refused")"
  exit 0
fi
for percent in 00 10 30; do
  mkdir "$work/$percent"
  "${own_network[@]}" bash "$interop/lib/loss_namespace.sh" "$PARLEY_PHONE" "$work/$percent" "$percent" >"$work/$percent/log" 2>&1 &
  started+=("$!")
done
for each in "${started[@]}"; do
  wait "$each" || fail "the phones have no call" "$work"/*/log "$work"/*/*.jsonl "$work"/*/*.err
done
python3 "$interop/lib/loss.py" "$work" >"$work/result" || fail "$(tail -n 1 "$work/result")" "$work/result" "$work"/*/*.jsonl
for percent in 00 10 30; do
  # The last two seconds of the recording have nothing missing.
  python3 "$interop/lib/heard.py" "$work/$percent/heard.wav" 440 -2 -0.1 >>"$work/result" ||
    fail "there are gaps when the loss is over" "$work/result"
done
passed "$(head -n 1 "$work/result")"
