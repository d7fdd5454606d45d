#!/usr/bin/env bash
# 1,500 calls while SIPp drops one message in ten at each end: every call completes. scripts/soak does this for a minute.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
source "$interop/lib/lost.sh"
lost_calls 300 5
