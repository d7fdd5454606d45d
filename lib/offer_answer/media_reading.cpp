#include "offer_answer/detail/media_reading.hpp"

#include "offer_answer/detail/text.hpp"

#include <algorithm>
#include <utility>

namespace parley::offer_answer::detail {
namespace {

using sdp::description;
using sdp::media_description;
using sdp::parsed;

template <class T>
std::vector<T> readable(const sdp::section& from) {
  std::vector<T> out;
  from.for_each<T>([&out](parsed<T> one) {
    if (one) out.push_back(*std::move(one));
  });
  return out;
}

template <class T>
std::optional<T> first(const sdp::section& from) {
  auto value = from.get<T>();
  if (!value) return std::nullopt;
  return *std::move(value);
}

/// Records the first problem.
void note(transport_reading& out, errc problem) noexcept {
  if (out.problem == errc{}) out.problem = problem;
}

void read_ice(transport_reading& out, const description& from, const media_description& section) {
  const auto ufrag = from.effective<sdp::ice_ufrag>(section);
  const auto pwd = from.effective<sdp::ice_pwd>(section);
  const bool has_ufrag = from.scope<sdp::ice_ufrag>(section).has<sdp::ice_ufrag>();
  const bool has_pwd = from.scope<sdp::ice_pwd>(section).has<sdp::ice_pwd>();
  // RFC 8839 5.3: a peer that saw a mismatch does without ICE.
  if ((!has_ufrag && !has_pwd) || section.has<sdp::ice_mismatch>()) return;
  // RFC 8839 5.4: both, or no ICE; what can't be read would let checks fail that the peer relies on.
  if (!ufrag || !pwd) return note(out, errc::bad_ice);
  remote_ice& ice = out.ice.emplace();
  ice.ufrag = ufrag->value;
  ice.pwd = pwd->value;
  ice.candidates = readable<sdp::candidate>(section);
  ice.lite = from.has<sdp::ice_lite>();
  ice.complete = section.has<sdp::end_of_candidates>() || from.has<sdp::end_of_candidates>();
  if (auto options = from.effective<sdp::ice_options>(section)) ice.options = std::move(options->tags);
}

void read_keys(transport_reading& out, const description& from, const media_description& section) {
  out.keys = readable<sdp::crypto>(section);
  // RFC 8122 5: fingerprints of the medium, else those of the session. One that is broken ends it: nobody
  // would know who the peer is.
  from.scope<sdp::fingerprint>(section).for_each<sdp::fingerprint>([&](const parsed<sdp::fingerprint>& one) {
    if (one) {
      out.fingerprints.push_back(*one);
    } else {
      note(out, errc::missing_keys);
    }
  });
  const auto setup = from.effective<sdp::setup>(section);
  if (setup) {
    out.setup = setup->value;
  } else if (from.scope<sdp::setup>(section).has<sdp::setup>()) {
    note(out, errc::bad_setup);
  }
  if (const auto id = first<sdp::tls_id>(section)) out.tls_id = id->value;
}

void read_address(transport_reading& out, const description& from, const media_description& section) {
  const auto connection = from.effective<sdp::connection_data>(section);
  if (!connection || connection->network_type != "IN") return note(out, errc::bad_address);
  const std::uint16_t port = section.media().port;
  out.rtp = {connection->address, port};
  out.rtcp = {connection->address, static_cast<std::uint16_t>(port == 65535 ? 0 : port + 1)};
  if (const auto rtcp = first<sdp::rtcp>(section)) {
    out.rtcp = {rtcp->address.empty() ? connection->address : rtcp->address, rtcp->port};
  }
  const auto ip = connection->ip();
  if (connection->count > 1 || connection->ttl || (ip && ip->is_multicast()))
    return note(out, errc::multicast);
  out.on_hold = ip && ip->is_unspecified() && !out.ice;
}

transport_reading read_transport(const description& from, const media_description& section) {
  transport_reading out;
  read_ice(out, from, section);
  read_address(out, from, section);
  out.rtcp_mux_only = section.has<sdp::rtcp_mux_only>();
  // RFC 8858 4: where only rtcp-mux-only stands, it means rtcp-mux, too.
  out.rtcp_mux = section.has<sdp::rtcp_mux>() || out.rtcp_mux_only;
  out.rtcp_rsize = section.has<sdp::rtcp_rsize>();
  read_keys(out, from, section);
  return out;
}

std::optional<std::uint64_t> max_bitrate(const sdp::section& from) {
  std::optional<std::uint64_t> least;
  from.for_each<sdp::bandwidth>([&least](const parsed<sdp::bandwidth>& one) {
    // RS and RR are RTCP's (RFC 3556).
    if (!one || one->kind == "RS" || one->kind == "RR") return;
    const auto bits = one->bits_per_second();
    if (bits) least = std::min(least.value_or(*bits), *bits);
  });
  return least;
}

media_reading read_media(const description& from, const media_description& section) {
  media_reading out;
  out.media = section.media().media;
  out.protocol = section.media().protocol;
  out.traits = traits_of(out.protocol);
  if (auto mid = first<sdp::mid>(section)) out.mid = std::move(mid->id);
  out.port = section.media().port;
  out.bundle_only = section.has<sdp::bundle_only>();
  if (!out.traits.sctp) out.direction = from.direction_of(section);
  if (out.traits.rtp) out.formats = sdp::rtp_formats(section);
  if (!out.traits.rtp) out.format_texts = section.media().formats;
  // RFC 8285 5: extensions of the session count for media, where those have no ids of their own.
  out.extensions = readable<sdp::extmap>(from.scope<sdp::extmap>(section));
  out.mixed_extensions = from.scope<sdp::extmap_allow_mixed>(section).has<sdp::extmap_allow_mixed>();
  out.ptime = first<sdp::ptime>(section);
  out.maxptime = first<sdp::maxptime>(section);
  out.max_bitrate = max_bitrate(section);
  if (!out.max_bitrate) out.max_bitrate = max_bitrate(from);
  out.sources = readable<sdp::ssrc>(section);
  out.streams = readable<sdp::msid>(section);
  if (const auto port = first<sdp::sctp_port>(section)) {
    out.sctp_port = port->value;
  } else if (const auto map = first<sdp::sctpmap>(section)) {
    out.sctp_port = map->port;
  }
  if (const auto size = first<sdp::max_message_size>(section)) out.max_message_size = size->value;
  out.transport = read_transport(from, section);
  return out;
}

std::vector<bundle> read_bundles(const description& from, const std::vector<media_reading>& media) {
  std::vector<bundle> out;
  std::vector<bool> taken(media.size());
  from.for_each<sdp::group>([&](const parsed<sdp::group>& group) {
    if (!group || !iequals(group->semantics, "BUNDLE")) return;
    bundle places;
    for (const std::string& id : group->mids) {
      const auto found =
          std::find_if(media.begin(), media.end(), [&id](const media_reading& one) { return one.mid == id; });
      const auto place = static_cast<std::size_t>(found - media.begin());
      if (found == media.end() || taken[place]) continue;
      taken[place] = true;
      places.push_back(place);
    }
    if (!places.empty()) out.push_back(std::move(places));
  });
  return out;
}

}  // namespace

description_reading::description_reading(const description& from) {
  media.reserve(from.media().size());
  for (const media_description& section : from.media()) media.push_back(read_media(from, section));
  bundles = read_bundles(from, media);
  obey_holds();
}

description_reading::description_reading(std::vector<media_reading> said, std::vector<bundle> groups)
    : media(std::move(said)), bundles(std::move(groups)) {
  obey_holds();
}

void description_reading::obey_holds() {
  for (std::size_t place = 0; place < media.size(); ++place) {
    // RFC 3264 8.4, RFC 2543 B.5: nothing may be sent to this address, whatever the direction says.
    if (!transport_of(place).on_hold || media[place].traits.sctp) continue;
    media[place].direction = media[place].direction & sdp::direction::sendonly;
  }
}

const bundle* description_reading::find_bundle(std::size_t place) const noexcept {
  const auto found = std::find_if(bundles.begin(), bundles.end(), [place](const bundle& one) {
    return std::find(one.begin(), one.end(), place) != one.end();
  });
  return found == bundles.end() ? nullptr : &*found;
}

const transport_reading& description_reading::transport_of(std::size_t place) const {
  const media_reading& own = media[place];
  const bundle* const group = find_bundle(place);
  if (group == nullptr) return own.transport;
  const media_reading& first = media[group->front()];
  const auto has_more_than_address = [](const transport_reading& one) {
    return !one.keys.empty() || !one.fingerprints.empty() || one.ice;
  };
  const bool complete =
      own.port != 0 && (has_more_than_address(own.transport) || !has_more_than_address(first.transport));
  return complete ? own.transport : first.transport;
}

}  // namespace parley::offer_answer::detail
