#!/usr/bin/env bash
# Films of VP8 and VP9 that went through packets into IVF files, decoded by vpxdec: each file has its thirty pictures, and each
# picture is what parley's decoder has made of it. PARLEY_MEDIA_TEST names the program that makes the films.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
: "${PARLEY_MEDIA_TEST:=$(dirname "$PARLEY_PROXY")/../../tests/media/media_test}"
command -v vpxdec >/dev/null || fail "vpxdec is missing: scripts/install-deps test"

PARLEY_FILMS=$work "$PARLEY_MEDIA_TEST" 'films for other decoders' >"$work/films.log" 2>&1 ||
  fail 'no films' "$work/films.log"
for codec in vp8 vp9; do
  vpxdec --i420 --summary -o "$work/$codec.vpxdec" "$work/$codec.ivf" 2>"$work/$codec.log" ||
    fail "vpxdec does not decode $codec" "$work/$codec.log"
  grep -q '^30 decoded frames/30 showed frames' "$work/$codec.log" || fail "$codec: not thirty pictures" "$work/$codec.log"
  cmp "$work/$codec.i420" "$work/$codec.vpxdec" || fail "$codec: other pictures"
  passed "$codec: vpxdec sees the same thirty pictures"
done
