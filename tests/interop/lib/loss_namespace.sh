#!/usr/bin/env bash
# loss_namespace.sh PHONE FOLDER PERCENT: run in a network namespace of its own. Two phones talk there over loopback; so many of the
# packets are dropped by netfilter for four seconds, and then none for two and a half. What they tell and record is left in FOLDER.
set -euo pipefail
phone=$1 folder=$2 percent=$3
cd "$folder"
ip link set lo up
: >callee.jsonl
"$phone" --listen tcp:127.0.0.1:5060 --codec PCMU --answer --record heard.wav --timeout 20 >callee.jsonl 2>callee.err &
callee=$!
until grep -q listening callee.jsonl; do kill -0 $callee; sleep 0.02; done
# Signalling is over TCP: only the sound is hurt.
drop=(INPUT -p udp -m statistic --mode random --probability "0.$percent" -j DROP)
printf 'call sip:bob@127.0.0.1:5060;transport=tcp\ntone\nwait 6800\nhangup\n' >steps
"$phone" --listen tcp:127.0.0.1:0 --codec PCMU --timeout 20 --script steps >caller.jsonl 2>caller.err &
caller=$!
until grep -q answered caller.jsonl; do kill -0 $caller; sleep 0.02; done
if [ "$percent" != 00 ]; then
  iptables -A "${drop[@]}"
  sleep 4
  iptables -D "${drop[@]}"
fi
wait $caller
wait $callee
