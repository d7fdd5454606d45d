#pragma once

#include <parley/offer_answer/negotiator.hpp>
#include <parley/sdp/description.hpp>

#include "support/seeded_random.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::test {

/// A format from the texts of its rtpmap, as "111 opus/48000/2", and its fmtp; "nack pli" is its feedback.
inline sdp::rtp_format format(std::string_view rtpmap, std::string_view parameters = {},
                              std::initializer_list<std::string_view> feedback = {}) {
  sdp::rtp_format out;
  out.codec = sdp::rtpmap::read(rtpmap).value();
  out.parameters = parameters;
  for (const std::string_view one : feedback) {
    out.feedback.push_back(sdp::rtcp_fb::read("* " + std::string(one)).value());
  }
  return out;
}

inline sdp::rtp_format pcmu() { return format("0 PCMU/8000"); }
inline sdp::rtp_format pcma() { return format("8 PCMA/8000"); }
inline sdp::rtp_format opus(unsigned type = 111) {
  return format(std::to_string(type) + " opus/48000/2", "useinbandfec=1");
}
inline sdp::rtp_format events(unsigned type = 101) {
  return format(std::to_string(type) + " telephone-event/8000", "0-16");
}
inline sdp::rtp_format vp8(unsigned type = 96) {
  return format(std::to_string(type) + " VP8/90000", {}, {"nack", "nack pli"});
}

inline offer_answer::medium audio(std::vector<sdp::rtp_format> formats) {
  offer_answer::medium out;
  out.formats = std::move(formats);
  return out;
}
inline offer_answer::medium video(std::vector<sdp::rtp_format> formats) {
  offer_answer::medium out = audio(std::move(formats));
  out.media = "video";
  return out;
}
inline offer_answer::medium data_channels() {
  offer_answer::medium out;
  out.media = "application";
  out.protocol = "UDP/DTLS/SCTP";
  out.other_formats = {"webrtc-datachannel"};
  out.keyings = {offer_answer::keying::dtls};
  out.sctp_port = sdp::sctp_port{5000};
  out.max_message_size = sdp::max_message_size{65536};
  return out;
}
/// As browsers have media: DTLS, on one port with RTCP.
inline offer_answer::medium webrtc(offer_answer::medium out) {
  out.protocol = "UDP/TLS/RTP/SAVPF";
  out.keyings = {offer_answer::keying::dtls};
  out.rtcp_mux = true;
  out.rtcp_rsize = true;
  return out;
}

inline offer_answer::local_transport transport(std::uint16_t port, std::string_view ip = "192.0.2.1") {
  offer_answer::local_transport out;
  out.rtp = {base::ip_address::from_string(ip).value(), port};
  return out;
}

inline sdp::crypto crypto(std::string_view suite = "AES_CM_128_HMAC_SHA1_80", std::uint8_t filler = 1) {
  sdp::crypto out;
  out.suite = suite;
  out.tag = 1;
  const auto bytes = sdp::crypto_key_bytes(suite).value_or(30);
  out.keys.push_back({std::vector<std::uint8_t>(bytes, filler), {}, 0, 0});
  return out;
}
inline offer_answer::local_transport with_keys(std::uint16_t port, std::vector<sdp::crypto> keys) {
  offer_answer::local_transport out = transport(port);
  out.keys = std::move(keys);
  return out;
}

inline sdp::fingerprint fingerprint(std::uint8_t filler = 1) {
  sdp::fingerprint out;
  out.bytes.assign(32, filler);
  return out;
}
inline offer_answer::local_transport with_fingerprint(std::uint16_t port, std::uint8_t filler = 1) {
  offer_answer::local_transport out = transport(port);
  out.fingerprints = {fingerprint(filler)};
  return out;
}
/// With ICE and DTLS, as browsers have it.
inline offer_answer::local_transport webrtc_transport(std::uint16_t port, std::uint8_t filler = 1) {
  offer_answer::local_transport out = with_fingerprint(port, filler);
  out.tls_id = std::string(24, static_cast<char>('a' + filler % 26));
  out.ice = offer_answer::local_ice{.ufrag = "ufrg", .pwd = std::string(24, 'p'), .candidates = {}};
  out.ice->candidates.push_back(
      sdp::candidate::read("1 1 udp 2113929471 192.0.2.1 " + std::to_string(port) + " typ host").value());
  return out;
}

/// A whole description of which only the media matter.
inline std::string description_text(std::string_view media) {
  return "v=0\r\no=bob 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n" +
         std::string(media);
}

/// A negotiator with media, each with a transport from port 10000 on, 2 apart.
class end {
 public:
  explicit end(offer_answer::session_options options = {}, std::uint64_t seed = 1)
      : negotiator_(make(std::move(options), seed)) {}

  offer_answer::medium_id add(const offer_answer::medium& what) { return add(what, transport(next_port())); }
  offer_answer::medium_id add(const offer_answer::medium& what,
                              const offer_answer::local_transport& transport) {
    const auto id = negotiator_.add_medium(what).value();
    negotiator_.set_transport(id, transport).value();
    return id;
  }
  std::uint16_t next_port() noexcept { return static_cast<std::uint16_t>(port_ += 2); }

  offer_answer::negotiator& operator*() noexcept { return negotiator_; }
  offer_answer::negotiator* operator->() noexcept { return &negotiator_; }

 private:
  static offer_answer::negotiator make(offer_answer::session_options options, std::uint64_t seed) {
    seeded_random random(seed);
    return {std::move(options), random};
  }

  offer_answer::negotiator negotiator_;
  std::uint16_t port_ = 9998;
};

/// What came over the wire.
inline sdp::description over_the_wire(const sdp::description& sent) {
  return sdp::description::parse(sent.to_string()).value();
}

/// One offer of `from`, and its answer by `to`. The error is that of the call which failed.
inline base::result<void> exchange(end& from, end& to) {
  const auto offer = from->make_offer();
  if (!offer) return offer.error();
  if (const auto taken = to->handle_offer(over_the_wire(*offer)); !taken) return taken.error();
  const auto answer = to->make_answer();
  if (!answer) return answer.error();
  return from->handle_answer(over_the_wire(*answer));
}

/// The answer of `to` to an offer of the media lines `media`.
inline base::result<sdp::description> answer_to(end& to, std::string_view media) {
  const auto offer = sdp::description::parse(description_text(media)).value();
  if (const auto taken = to->handle_offer(offer); !taken) return taken.error();
  return to->make_answer();
}

}  // namespace parley::test
