#!/usr/bin/env bash
# Sound between the library and sox, opus-tools and espeak-ng: files of each kind that they write are read as they read them, files
# that the library writes are read by them, each two codecs carry speech from one to the other, and G.711 has sox's codes.
set -euo pipefail
source "$(dirname "$0")/lib/interop.sh"
tool=$(dirname "$PARLEY_PROXY")/../../tests/interop/sound_tool
[ -x "$tool" ] || fail "$tool is not built"
cd "$work"

sox_quietly() { sox -D -V1 "$@"; }
# raw RATE FILE…: the samples of sound files, as sox reads them, in FILE.RATE; of two channels the left one.
raw() {
  local rate=$1 file; shift
  for file; do sox_quietly "$file" -t s16 -r "$rate" "$file.$rate" remix 1; done
}
# form FILE: its channels and rate.
form() { soxi -V1 -c "$1" && soxi -V1 -r "$1"; }
same() { cmp -s "$1" "$2" || fail "$3"; }

espeak-ng -v en -s 190 -w speech.wav 'Six small sheep chew fresh grass, while the quick brown fox jumps.'
espeak-ng -v en -s 190 -w other.wav 'My father bought a boat in May, and now we are on our way home.'
sox_quietly speech.wav narrow.wav rate 8000
sox_quietly speech.wav wide.wav rate 16000
sox_quietly other.wav other_narrow.wav rate 8000
sox_quietly -M narrow.wav other_narrow.wav both.wav
sox_quietly -n -r 8000 -c 1 -b 16 noise.wav synth 4 pinknoise vol 0.3
raw 8000 narrow.wav noise.wav other_narrow.wav
raw 16000 wide.wav

# near RATE LIMIT REFERENCE FILE…: the script fails where one is farther from the reference than so many dB.
near() {
  python3 "$interop/lib/sound_distance.py" "$@" >"$3.near" || fail "not the speech that it was" "$3.near"
  most=$(awk '$2 > most {most = $2} END {print most}' "$3.near")
}
# far RATE LIMIT REFERENCE FILE: the same measure tells that they are nothing alike: it fails them, by twice the limit.
far() {
  local status=0
  python3 "$interop/lib/sound_distance.py" "$@" >far.txt || status=$?
  [ "$status" -eq 3 ] && awk -v limit="$2" '{exit $2 < 2 * limit}' far.txt || fail "the measure takes $4 for $3" far.txt
  least=$(awk '{print $2}' far.txt)
}

# The limits, in dB. What a codec of speech does to it here, measured: G.711 0.4, G.722 0.3, Opus 2.1 (at 8 kHz and the 11 kbit/s
# that libopus chooses there, else 1.3), GSM 3, and twice 4. Another sentence of the same voice and pink noise are 12 away.
narrow_limit=3 gsm_limit=5 wide_limit=2.2
far 8000 "$gsm_limit" narrow.wav.8000 other_narrow.wav.8000
other_away=$least
far 8000 "$gsm_limit" narrow.wav.8000 noise.wav.8000
passed "the measure of speech: another sentence is $other_away dB away, noise $least dB"

# WAV files of sox's, read by both.
index=0
for options in '-e unsigned -b 8' '-e signed -b 16' '-e signed -b 24' '-e signed -b 32' '-e floating-point -b 32' \
  '-e floating-point -b 64' '-e a-law' '-e mu-law'; do
  for source in narrow both wide; do
    index=$((index + 1))
    # shellcheck disable=SC2086 # several words
    sox_quietly "$source.wav" $options "in_$index.wav"
    "$tool" file "in_$index.wav" "out_$index.wav" s16
    [ "$(form "out_$index.wav")" = "$(form "$source.wav")" ] ||
      fail "$source.wav with $options has another rate or other channels"
    sox_quietly "in_$index.wav" -t s16 theirs.raw
    sox_quietly "out_$index.wav" -t s16 ours.raw
    same ours.raw theirs.raw "sox reads other samples in $source.wav with $options"
  done
done
passed "$index WAV files by sox, of 8 encodings, one and two channels: the same samples as sox reads"

# WAV files of the library's.
sox_quietly narrow.wav -t s16 narrow.raw
while read -r encoding words; do
  "$tool" file narrow.wav "written_$encoding.wav" "$encoding"
  [ "$(soxi -V1 -e "written_$encoding.wav") $(soxi -V1 -b "written_$encoding.wav")" = "$words" ] || fail "sox finds no $words"
  sox_quietly "written_$encoding.wav" -t s16 ours.raw
  case $encoding in
    u8) # Half a step of 8 bits, or a whole one where they are cut.
      sox -V1 -m -v 1 narrow.wav -v -1 "written_$encoding.wav" -n stat 2>stat.txt
      awk '/Maximum amplitude|Minimum amplitude/ && ($3 > 1 / 128 || $3 < -1 / 128) {exit 1}' stat.txt ||
        fail "8 bits are off by more than a step" stat.txt ;;
    alaw | ulaw) ;; # below, with all samples there are
    *) same ours.raw narrow.raw "sox reads other samples in $encoding" ;;
  esac
done <<'E'
u8 Unsigned Integer PCM 8
s16 Signed Integer PCM 16
s24 Signed Integer PCM 24
s32 Signed Integer PCM 32
float Floating Point PCM 32
alaw A-law 8
ulaw u-law 8
E
passed "7 encodings of WAV by the library: sox knows each, and reads the same samples, those of 8 bits within a step"

# Opus in Ogg, each way.
opusenc --quiet --bitrate 32 wide.wav wide.opus
opusenc --quiet --bitrate 64 both.wav both.opus
"$tool" file wide.opus read_16000.wav s16 16000
"$tool" file wide.opus read_48000.wav s16
"$tool" file both.opus read_both.wav s16
[ "$(soxi -V1 -c read_both.wav)" = 2 ] || fail 'two channels of Opus are read as one'
raw 16000 read_16000.wav read_48000.wav
raw 8000 read_both.wav
"$tool" file wide.wav written.opus opus
"$tool" through wide.wav through.opus opus opus G722
opusinfo written.opus through.opus >opusinfo.txt || fail 'opusinfo finds fault' opusinfo.txt
! grep -i warning opusinfo.txt || fail 'opusinfo warns' opusinfo.txt
for each in written through; do
  opusdec --quiet --no-dither "$each.opus" "$each.wav" 2>opusdec.txt || fail 'opusdec fails' opusdec.txt
  raw 16000 "$each.wav"
done
near 16000 "$wide_limit" wide.wav.16000 {read_16000,read_48000,written,through}.wav.16000
files_most=$most
near 8000 "$narrow_limit" narrow.wav.8000 read_both.wav.8000
# The length tells that what Opus puts before the sound was left out (RFC 7845 4.2).
[ "$(soxi -V1 -s read_16000.wav) $(soxi -V1 -s written.wav)" = "$(soxi -V1 -s wide.wav) $(soxi -V1 -s wide.wav)" ] ||
  fail "$(soxi -V1 -s wide.wav) samples have become $(soxi -V1 -s read_16000.wav), and $(soxi -V1 -s written.wav)"
passed "Opus by opusenc is read, and Opus by the library is read by opusdec, where opusinfo has no warning: $files_most dB at most"

# Each codec into each.
for from in PCMU PCMA G722 GSM opus; do
  for to in PCMU PCMA G722 GSM opus; do
    "$tool" through speech.wav "$from-$to.wav" s16 "$from" "$to"
    raw 8000 "$from-$to.wav"
  done
done
gsm=(*GSM*.wav.8000)
plain=()
for each in *-*.wav.8000; do [[ $each = *GSM* ]] || plain+=("$each"); done
raw 16000 {G722,opus}-{G722,opus}.wav PCMA-G722.wav
cp narrow.wav.8000 for_gsm.8000
near 8000 "$gsm_limit" for_gsm.8000 "${gsm[@]}" &
of_gsm=$!
near 8000 "$narrow_limit" narrow.wav.8000 "${plain[@]}"
narrow_most=$most
near 16000 "$wide_limit" wide.wav.16000 {G722,opus}-{G722,opus}.wav.16000
wide_most=$most
wait "$of_gsm" || exit 1
# Without the upper half of a wide band it is not the same.
far 16000 "$wide_limit" wide.wav.16000 PCMA-G722.wav.16000
passed "${#plain[@]} pairs of G.711, G.722 and Opus: $narrow_most dB at most to 4 kHz, to 8 kHz $wide_most dB between the wide" \
  "ones; ${#gsm[@]} with GSM: $(awk '$2 > most {most = $2} END {print most}' for_gsm.8000.near) dB"

# G.711 of each sample there is. It has 14 bits (mu-law) and 13 (A-law); the library, as ITU-T G.191, leaves out the bits below, and
# sox rounds. That is all there is between them. libsndfile, which writes the library's files, takes negative samples by their
# magnitude: those that stand on a decision value come into the next interval.
python3 - <<'E'
from struct import pack
samples = range(-32768, 32768)
def rounded(s, bits):
    return min((s + (1 << bits - 1)) >> bits, 32767 >> bits) << bits
def write(path, values):
    with open(path, "wb") as file:
        file.write(b"".join(pack("<h", v) for v in values))
write("all.raw", samples)
write("all_a.raw", (rounded(s, 3) for s in samples))
# A negative sample is taken by its ones' complement, where sox takes it by its magnitude.
write("all_u.raw", (max(r - (r < 0), -32768) for r in (rounded(s, 2) for s in samples)))
with open("codes", "wb") as file:
    file.write(bytes(range(256)))
E
sox_quietly -t s16 -r 8000 -c 1 all.raw all.wav
while read -r codec type rounded different encoding on_decision_value; do
  "$tool" encode "$codec" "$rounded" ours
  "$tool" encode "$codec" all.raw ours_plain
  sox_quietly -t s16 -r 8000 -c 1 all.raw -t "$type" theirs
  same ours theirs "$codec has other codes than sox"
  [ "$(cmp -l ours_plain theirs | wc -l)" -eq "$different" ] || fail "rounding changes other codes of $codec than it should"
  "$tool" file all.wav written.wav "$encoding"
  sox_quietly written.wav -t "$type" in_file
  [ "$(cmp -l ours_plain in_file | wc -l)" -eq "$on_decision_value" ] || fail "files of $encoding have other codes than they should"
  "$tool" decode "$codec" codes ours.raw
  sox_quietly -t "$type" -r 8000 -c 1 codes -t s16 theirs.raw
  same ours.raw theirs.raw "$codec has other samples than sox"
done <<'E'
PCMA al all_a.raw 1020 alaw 127
PCMU ul all_u.raw 510 ulaw 130
E
passed "G.711: each of 65536 samples has sox's code once it is rounded as sox does, else 1020 (A-law) and 510 (mu-law) have the" \
  "next one, in files 127 and 130; each of 256 codes has sox's sample"
