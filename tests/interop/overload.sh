#!/usr/bin/env bash
# Ten times as many calls as the proxy can carry: established calls go on, memory is bounded, and all is as before soon afterwards.
# `scripts/soak overload` does it for a minute.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/overload.sh"
export ASAN_OPTIONS=quarantine_size_mb=1

# Small enough to be reached in the time.
limits=$'transactions = 40000\nrequests = 40000\npending_invites = 4000'
timers='t1_ms = 80'  # finished transactions stay for 5.12 s
overload_calls 9 100
