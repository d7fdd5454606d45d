// Any text as an offer, and as an answer: what is taken is answered as RFC 3264 6 says, what isn't changes
// nothing.
#include <parley/offer_answer/negotiator.hpp>
#include <parley/sdp/description.hpp>

#include "support/offer_answer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace parley;
using namespace parley::offer_answer;
using test::format;
using state = enum negotiator::state;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

/// An end that can do a little of everything.
test::end make_end(bool webrtc) {
  test::end out({.bundle = webrtc ? bundle_policy::balanced : bundle_policy::disabled, .max_media = 16});
  medium audio = test::audio({test::opus(), test::pcmu(), test::pcma(), test::events(),
                              format("63 red/48000/2", "111/111"), format("97 iLBC/8000")});
  medium video = test::video({test::vp8(), format("98 rtx/90000", "apt=96"),
                              format("99 H264/90000", "profile-level-id=42e01f;packetization-mode=1")});
  if (webrtc) {
    audio = test::webrtc(std::move(audio));
    video = test::webrtc(std::move(video));
  } else {
    audio.keyings = video.keyings = {keying::sdes, keying::dtls, keying::none};
  }
  sdp::extmap extension;
  extension.uri = "urn:ietf:params:rtp-hdrext:sdes:mid";
  audio.extensions = {extension};
  local_transport local = test::webrtc_transport(10000);
  local.keys = {test::crypto()};
  for (const medium& one : {audio, video, test::data_channels(), audio}) out.add(one, local);
  return out;
}

void check_answer(const sdp::description& offer, const sdp::description& answer, const negotiator& by) {
  require(sdp::description::parse(answer.to_string()).value() == answer);
  require(answer.media().size() == offer.media().size() && by.media().size() == offer.media().size());
  for (std::size_t place = 0; place < offer.media().size(); ++place) {
    const sdp::media_description& offered = offer.media()[place];
    const sdp::media_description& answered = answer.media()[place];
    require(answered.media().media == offered.media().media || answered.media().port != 0);
    require(answered.media().protocol == offered.media().protocol);
    const bool taken = answered.media().port != 0;
    require(taken == by.media()[place].active);
    require(!taken || !offered.is_rejected());
    if (!taken) continue;
    require(by.media()[place].refused_for == errc{});
    if (!answered.is_rtp()) continue;
    for (const std::string& type : answered.media().formats) {
      const auto& types = offered.media().formats;
      const auto same = [&](const std::string& one) { return std::stoi(one) == std::stoi(type); };
      require(std::any_of(types.begin(), types.end(), [&](const std::string& one) {
        return one.find_first_not_of("0123456789") == std::string::npos && one.size() < 6 && same(one);
      }));
    }
  }
}

void offer(const sdp::description& text, bool webrtc) {
  test::end bob = make_end(webrtc);
  for (int turn = 0; turn < 2; ++turn) {
    const auto taken = bob->handle_offer(text);
    if (!taken) return require(bob->state() == state::stable && status_for(taken.error()) == 488);
    const auto answer = bob->make_answer();
    if (!answer) {
      require(bob->state() == state::have_remote_offer);
      return require(bob->rollback().has_value() && bob->media().empty() == (turn == 0));
    }
    check_answer(text, *answer, *bob);
    // What was agreed on can be offered back.
    if (turn != 0) continue;
    const auto own = bob->make_offer();
    require(own.has_value() || own.error() == errc::payload_types_used_up ||
            own.error() == errc::too_many_media);
    if (own) require(own->media().size() >= text.media().size() && bob->rollback().has_value());
  }
}

void answer(const sdp::description& text, bool webrtc) {
  test::end alice = make_end(webrtc);
  require(alice->make_offer().has_value());
  const auto taken = alice->handle_answer(text);
  if (!taken) return require(alice->state() == state::have_local_offer && alice->media().empty());
  require(alice->media().size() == text.media().size());
  for (const negotiated_medium& one : alice->media()) {
    require(!one.active || !webrtc || one.key == keying::dtls);
    require(!one.active || one.media == "application" || !one.formats.empty());
  }
  require(alice->make_offer().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned how = data[0];
  const auto text = sdp::description::parse({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!text) return 0;
  if (how % 2 == 0) {
    offer(*text, how % 4 >= 2);
  } else {
    answer(*text, how % 4 >= 2);
  }
  return 0;
}
