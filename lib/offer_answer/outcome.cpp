#include "offer_answer/detail/outcome.hpp"

#include <parley/offer_answer/codec_match.hpp>

#include "offer_answer/detail/keys.hpp"
#include "offer_answer/detail/media_reading.hpp"
#include "offer_answer/detail/text.hpp"

#include <algorithm>
#include <utility>

namespace parley::offer_answer {

base::result<base::socket_address> media_address::socket() const noexcept {
  const auto ip = base::ip_address::from_string(host);
  if (!ip) return ip.error();
  return base::socket_address{*ip, port};
}

}  // namespace parley::offer_answer

namespace parley::offer_answer::detail {
namespace {

using sdp::rtp_format;

bool contains(const bundle& places, std::size_t place) noexcept {
  return std::find(places.begin(), places.end(), place) != places.end();
}

bool same_protocol(const media_reading& a, const media_reading& b) noexcept {
  // AVP answers AVPF, and "RTP/SAVPF" answers "UDP/TLS/RTP/SAVPF", in the field.
  if (a.traits.rtp || a.traits.sctp) {
    return a.traits.rtp == b.traits.rtp && a.traits.sctp == b.traits.sctp &&
           a.traits.secure == b.traits.secure;
  }
  return iequals(a.protocol, b.protocol);
}

/// The offered format that `answer` means: of the same number where that is the same codec.
const rtp_format* offered_format(const media_reading& offer, const media_reading& answer,
                                 rtp_format& format) {
  const auto by_number = std::find_if(offer.formats.begin(), offer.formats.end(), [&](const rtp_format& one) {
    return one.payload_type() == format.payload_type();
  });
  // Some answers leave the rtpmap out: they mean the offer's.
  if (format.codec.encoding.empty() && by_number != offer.formats.end()) format.codec = by_number->codec;
  const auto is_same = [&](const rtp_format& one) {
    return same_codec(one, offer.formats, format, answer.formats);
  };
  if (by_number != offer.formats.end() && is_same(*by_number)) return &*by_number;
  const auto found = std::find_if(offer.formats.begin(), offer.formats.end(), is_same);
  return found == offer.formats.end() ? nullptr : &*found;
}

std::vector<negotiated_format> agreed_formats(const media_reading& offer, const media_reading& answer,
                                              bool by_offerer) {
  std::vector<negotiated_format> out;
  out.reserve(answer.formats.size());
  for (const rtp_format& answered : answer.formats) {
    negotiated_format& both = out.emplace_back();
    rtp_format& format = by_offerer ? both.send : both.receive;
    rtp_format& theirs = by_offerer ? both.receive : both.send;
    format = answered;
    const rtp_format* const offered = offered_format(offer, answer, format);
    // RFC 3264 6.1: what the offer doesn't have may stand in an answer, for later.
    if (offered == nullptr) {
      out.pop_back();
      continue;
    }
    theirs = *offered;
    std::erase_if(theirs.feedback, [&](const sdp::rtcp_fb& one) {
      return std::none_of(format.feedback.begin(), format.feedback.end(), [&](const sdp::rtcp_fb& other) {
        return iequals(one.kind, other.kind) && iequals(one.parameter, other.parameter);
      });
    });
    std::erase_if(format.feedback, [&](const sdp::rtcp_fb& one) {
      return std::none_of(theirs.feedback.begin(), theirs.feedback.end(), [&](const sdp::rtcp_fb& other) {
        return iequals(one.kind, other.kind) && iequals(one.parameter, other.parameter);
      });
    });
  }
  return out;
}

std::vector<sdp::extmap> agreed_extensions(const media_reading& offer, const media_reading& answer,
                                           bool by_offerer) {
  std::vector<sdp::extmap> out;
  for (const sdp::extmap& one : answer.extensions) {
    const bool offered = std::any_of(
        offer.extensions.begin(), offer.extensions.end(),
        [&](const sdp::extmap& other) { return other.uri == one.uri && other.attributes == one.attributes; });
    // RFC 8285 5: ids from 4096 on stand in offers only.
    if (!offered || one.id > 255) continue;
    sdp::extmap& added = out.emplace_back(one);
    const sdp::direction way = one.direction.value_or(sdp::direction::sendrecv);
    added.direction = by_offerer ? sdp::reversed(way) : way;
  }
  return out;
}

class agreement {
 public:
  agreement(const description_reading& offer, const description_reading& answer, bool by_offerer)
      : offered_(offer), answered_(answer), by_offerer_(by_offerer) {}

  base::result<std::vector<negotiated_medium>> all() {
    // RFC 3264 6: as many media, in the same order.
    if (offered_.media.size() != answered_.media.size()) return errc::wrong_media_count;
    std::vector<negotiated_medium> out;
    out.reserve(offered_.media.size());
    for (std::size_t place = 0; place < offered_.media.size(); ++place) {
      if (const errc problem = agree_on(place, out.emplace_back()); problem != errc{}) return problem;
    }
    return out;
  }

 private:
  errc agree_on(std::size_t place, negotiated_medium& out) const {
    const media_reading& offer = offered_.media[place];
    const media_reading& answer = answered_.media[place];
    const media_reading& remote = by_offerer_ ? answer : offer;
    out.media = offer.media;
    out.protocol = offer.protocol;
    out.mid = offer.mid.empty() ? answer.mid : offer.mid;
    out.transport = place;
    out.active = offer.is_offered() && answer.port != 0;
    if (!out.active) return {};

    if (!iequals(offer.media, answer.media)) return errc::media_changed;
    if (!same_protocol(offer, answer)) return errc::incompatible_protocol;
    if (const errc problem = agree_on_transport(place, out); problem != errc{}) return problem;
    out.other_formats = offer.traits.rtp ? std::vector<std::string>{} : answer.format_texts;
    if (offer.traits.rtp) out.formats = agreed_formats(offer, answer, by_offerer_);
    if (offer.traits.rtp && out.formats.empty()) return errc::no_common_format;

    out.direction = by_offerer_ ? offer.direction & sdp::reversed(answer.direction)
                                : answer.direction & sdp::reversed(offer.direction);
    out.held_remotely =
        by_offerer_ ? sends(offer.direction) && !receives(answer.direction) : !receives(offer.direction);
    out.extensions = agreed_extensions(offer, answer, by_offerer_);
    out.mixed_extensions = offer.mixed_extensions && answer.mixed_extensions;
    out.ptime = remote.ptime;
    out.maxptime = remote.maxptime;
    out.max_bitrate = remote.max_bitrate;
    out.sources = remote.sources;
    out.streams = remote.streams;
    out.sctp_port = remote.sctp_port;
    out.max_message_size = remote.max_message_size;
    return {};
  }

  errc agree_on_transport(std::size_t place, negotiated_medium& out) const {
    const bundle* const group = answered_.find_bundle(place);
    const bundle* const offered_group = offered_.find_bundle(place);
    if (group != nullptr) {
      // RFC 9143 7.3: the answer bundles what the offer has in one group, and gives the transport of one
      // that it accepts.
      if (offered_group == nullptr || !contains(*offered_group, group->front()) ||
          answered_.media[group->front()].port == 0) {
        return errc::bad_bundle;
      }
      out.bundled = true;
      out.transport = group->front();
    } else if (!offered_.has_own_transport(place)) {
      return errc::bad_bundle;
    }
    const transport_reading& offered = offered_.transport_of(out.transport);
    const transport_reading& answered = answered_.media[out.transport].transport;
    const transport_reading& remote = by_offerer_ ? answered : offered;
    if (remote.problem != errc{}) return remote.problem;

    out.rtp = remote.rtp;
    out.rtcp_mux =
        offered_.media[place].traits.rtp && ((offered.rtcp_mux && answered.rtcp_mux) || out.bundled);
    if (offered_.media[place].traits.rtp && offered.rtcp_mux_only && !out.rtcp_mux) return errc::no_rtcp_mux;
    const auto reduced = [place](const transport_reading& counts, const description_reading& of) {
      return counts.rtcp_rsize || of.media[place].transport.rtcp_rsize;
    };
    out.rtcp_rsize = reduced(offered, offered_) && reduced(answered, answered_);
    out.rtcp = out.rtcp_mux ? remote.rtp : remote.rtcp;
    if (offered.ice && answered.ice) out.ice = remote.ice;
    return agree_on_keys(offered_.media[place].traits, offered, answered, out);
  }

  errc agree_on_keys(const protocol_traits& protocol, const transport_reading& offered,
                     const transport_reading& answered, negotiated_medium& out) const {
    if (!protocol.dtls) {
      if (auto keys = agreed_keys(offered.keys, answered.keys)) {
        if (!by_offerer_) std::swap(keys->local, keys->remote);
        out.key = keying::sdes;
        out.sdes = std::move(keys);
        return {};
      }
    }
    const bool is_media = protocol.rtp || protocol.sctp;
    if (is_media && !offered.fingerprints.empty() && !answered.fingerprints.empty()) {
      const auto offerer_opens = offerer_is_client(offered, answered);
      if (!offerer_opens) return errc::bad_setup;
      const transport_reading& remote = by_offerer_ ? answered : offered;
      out.key = keying::dtls;
      out.dtls = dtls_parameters{*offerer_opens == by_offerer_, remote.fingerprints, remote.tls_id};
      return {};
    }
    // An answer with a key that fits none of the offer's believes in security that there isn't.
    const bool broken = is_media && !answered.keys.empty() && !offered.keys.empty();
    return protocol.secure || broken ? errc::missing_keys : errc{};
  }

  const description_reading& offered_;
  const description_reading& answered_;
  bool by_offerer_;
};

}  // namespace

base::result<std::vector<negotiated_medium>> agree(const description_reading& offer,
                                                   const description_reading& answer, bool by_offerer) {
  return agreement(offer, answer, by_offerer).all();
}

}  // namespace parley::offer_answer::detail
