#!/usr/bin/env bash
# Films of VP8 and VP9 that went through packets into IVF files, decoded by vpxdec: each file has its thirty pictures, and each
# picture is what parley's decoder has made of it. PARLEY_MEDIA_TEST names the program that makes the films. And films of H.264 and AV1
# by other encoders, unit by unit and picture by picture the same behind packets of ours, and of H.264 from ffmpeg and to it.
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

# Real streams of H.264 and AV1, which nothing in parley decodes, go through packets, too.
command -v ffmpeg >/dev/null || fail "ffmpeg is missing: scripts/install-deps test"
tool=$(dirname "$PARLEY_PROXY")/../../tests/interop/video_tool
ffmpeg() {
  timeout 30 ffmpeg -nostdin -hide_banner -loglevel error -y "$@" >>"$work/ffmpeg.log" 2>&1 </dev/null || fail "ffmpeg $*" "$work/ffmpeg.log"
}
tool() { timeout 30 "$tool" "$@" 2>"$work/tool.log" || fail "video_tool $*" "$work/tool.log"; }
units() { python3 "$interop/lib/video_units.py" "$@"; }

# pictures FILE: a hash of each picture, as ffmpeg decodes it, in FILE.pictures; the script fails unless there are all.
pictures() {
  ffmpeg -xerror -i "$1" -f framehash "$1.hashes"
  awk '!/^#/ {print $NF}' "$1.hashes" >"$1.pictures"
  [ "$(wc -l <"$1.pictures")" -eq "$pictures" ] || fail "$(basename "$1") has not $pictures pictures" "$1.hashes"
}
# same_film h264|av1 FILE ANOTHER: units and pictures.
same_film() {
  units same "$@" 2>"$work/units.log" || fail "$(basename "$3") has other units than $(basename "$2")" "$work/units.log"
  pictures "$3"
  cmp "$2.pictures" "$3.pictures" || fail "$(basename "$3") has other pictures than $(basename "$2")"
}
# through FORMAT FILE PAYLOAD: the film is the same behind packets of that size.
through() {
  tool packets "$1" "$3" "$2" "$work/packets"
  from_packets "$1" "$2"
}
# from_packets FORMAT FILE: so is that of $work/packets.
from_packets() {
  tool frames "$1" "$work/packets" "$work/frames.${2##*.}" >"$work/told"
  grep -qx "$pictures frames of $size, $keys of them key frames" "$work/told" || fail "$(basename "$2") has other frames" "$work/told"
  same_film "${1%-*}" "$2" "$work/frames.${2##*.}"
}

# What is shown ends within a macroblock.
pictures=40 keys=3 size=318x238
# film FILE [option]…: of the encoder that the options name.
film() {
  ffmpeg -f lavfi -i testsrc2=size=$size:rate=25 -frames:v "$pictures" -pix_fmt yuv420p -g 15 "${@:2}" "$work/$1"
}
film slices.ts -c:v libx264 -bf 2 -slices 4 -qp 20
film small.ts -c:v libx264 -bf 0 -x264-params slice-max-size=600
film svt.ivf -c:v libsvtav1 -preset 12
film aom.ivf -c:v libaom-av1 -usage realtime -cpu-used 8
for each in slices small; do ffmpeg -i "$work/$each.ts" -c copy "$work/$each.h264"; done
for each in slices.h264 small.h264 svt.ivf aom.ivf; do pictures "$work/$each"; done

# The first film has what a packetizer must know: parameter sets, other units of a few bytes, four slices a picture, of more bytes than a
# packet.
held=$(units holds h264 "$work/slices.h264")
grep -Eq "^1:148 5:12 6:1 7:3 8:3 9:40 largest:[2-9][0-9]{3}$" <<<"$held" || fail "x264 has made another film: $held"
for payload in 64 500 1200; do through h264-1 "$work/slices.h264" "$payload"; done
through h264-0 "$work/small.h264" 1000
passed "H.264 of x264 is the same behind packets, unit by unit, and so is what ffmpeg sees"
for payload in 64 1200; do
  for each in svt aom; do through av1 "$work/$each.ivf" "$payload"; done
done
passed "AV1 of SVT-AV1 and libaom is the same behind packets, unit by unit, and so is what ffmpeg sees"

# to_ffmpeg MODE FILE PAYLOAD: ffmpeg makes the same film of our packets.
to_ffmpeg() {
  local port receiver
  port=$(free_ports 1)
  tool packets "h264-$1" "$3" "$2" "$work/packets"
  printf '%s\r\n' v=0 'o=- 1 1 IN IP4 127.0.0.1' s=- 'c=IN IP4 127.0.0.1' 't=0 0' "m=video $port RTP/AVP 96" 'a=rtpmap:96 H264/90000' \
    "a=fmtp:96 packetization-mode=$1" >"$work/film.sdp"
  ffmpeg -protocol_whitelist file,udp,rtp -i "$work/film.sdp" -c copy "$work/seen.h264" &
  receiver=$!
  wait_bound udp "$port" "$receiver" || fail "ffmpeg does not listen" "$work/ffmpeg.log"
  python3 "$interop/lib/rtp_file.py" send "$work/packets" "$port"
  wait "$receiver" || exit 1
  same_film h264 "$2" "$work/seen.h264"
}
# from_ffmpeg MODE FILE [option]…: the same film comes out of the packets of ffmpeg.
from_ffmpeg() {
  local port rtcp receiver
  read -r port rtcp < <(free_ports 2)
  python3 "$interop/lib/rtp_file.py" receive "$work/packets" "$port" "$rtcp" &
  receiver=$!
  wait_bound udp "$rtcp" "$receiver" || fail "nothing listens for ffmpeg"
  ffmpeg -readrate 16 -i "${2%.*}.ts" -c copy -f rtp -sdp_file "$2.sdp" -rtpflags "send_bye${3:-}" "rtp://127.0.0.1:$port?rtcpport=$rtcp&pkt_size=1000"
  wait "$receiver" || fail "ffmpeg does not end its packets"
  from_packets "h264-$1" "$2"
}
to_ffmpeg 1 "$work/slices.h264" 500
to_ffmpeg 0 "$work/small.h264" 1000
passed "ffmpeg makes the same film of our packets of H.264"
from_ffmpeg 1 "$work/slices.h264"
from_ffmpeg 0 "$work/small.h264" +h264_mode0
passed "and we of those of ffmpeg"

# described: the parameters of packets that speak of the stream, a line each.
described() { tr ' ;\r' '\n\n\n' | grep -E '^(sprop-parameter-sets|profile-level-id)=' | sed '/^profile/s/.*/\L&/' | sort; }
for each in slices small; do
  described <"$work/$each.h264.sdp" >"$work/theirs"
  tool describe "$work/$each.h264" | described >"$work/ours"
  [ "$(wc -l <"$work/theirs")" -eq 2 ] && cmp "$work/theirs" "$work/ours" || fail "other parameters of H.264" "$work/theirs" "$work/ours"
done
passed "both describe the films alike: profile-level-id and sprop-parameter-sets"
