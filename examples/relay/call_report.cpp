#include "call.hpp"

#include <chrono>
#include <set>
#include <string>

namespace relay {
namespace {

std::int64_t seconds_of(base::wall_time at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

value endpoint_of(const base::socket_address& at) {
  return value::dictionary{{"family", at.ip.is_v6() ? "IPv6" : "IPv4"},
                           {"address", at.ip.to_string()},
                           {"port", std::int64_t{at.port}}};
}

value counts(std::uint64_t packets, std::uint64_t bytes, std::uint64_t errors) {
  return value::dictionary{{"packets", packets}, {"bytes", bytes}, {"errors", errors}};
}

value stream_of(const base::socket_address& local, const base::socket_address& signalled,
                const end_counters& seen, const instant& at, bool rtcp) {
  value out;
  out.add("local port", std::int64_t{local.port});
  out.add("local address", local.ip.to_string());
  out.add("family", local.ip.is_v6() ? "IPv6" : "IPv4");
  const bool learned = seen.source.port != 0 && !rtcp;
  out.add("endpoint", endpoint_of(learned ? seen.source : signalled));
  out.add("advertised endpoint", endpoint_of(signalled));
  const bool heard = seen.last_packet != base::time_point{};
  out.add("last packet", heard ? seconds_of(at.wall - (at.now - seen.last_packet)) : std::int64_t{0});
  value::list flags{rtcp ? "RTCP" : "RTP"};
  if (signalled.port != 0) flags.emplace_back("filled");
  if (learned) flags.emplace_back("confirmed");
  out.add("flags", std::move(flags));
  if (!rtcp && seen.ssrc != 0) out.add("SSRC", std::int64_t{seen.ssrc});
  out.add("stats", rtcp ? counts(seen.rtcp_packets, seen.rtcp_bytes, 0)
                        : counts(seen.packets, seen.bytes, seen.errors));
  return out;
}

value medium_of(const call_world& world, const call_medium& medium, std::size_t at_index, side of,
                const instant& at) {
  const peer_medium& peer = medium.peers[index(of)];
  const end_addresses& ours = medium.ends[index(of)];
  value out;
  out.add("index", static_cast<std::int64_t>(at_index + 1));
  out.add("type", medium.media);
  if (medium.kind == medium_kind::rtp) out.add("protocol", peer.said.profile.name());
  value::list flags{"initialized"};
  if (sdp::sends(peer.said.direction)) flags.emplace_back("send");
  if (sdp::receives(peer.said.direction)) flags.emplace_back("recv");
  if (peer.rtcp_mux) flags.emplace_back("rtcp-mux");
  if (!peer.receives_with.empty()) flags.emplace_back("SDES");
  if (medium.translates) flags.emplace_back("transcoding");
  out.add("flags", std::move(flags));
  const end_counters seen = world.plane.counters(medium.id, of);
  value::list streams{stream_of(ours.rtp, peer.said.rtp, seen, at, false)};
  if (medium.kind == medium_kind::rtp) {
    const base::socket_address& rtcp = peer.rtcp_mux ? peer.said.rtp : peer.said.rtcp;
    streams.push_back(stream_of(peer.rtcp_mux ? ours.rtp : ours.rtcp, rtcp, seen, at, true));
  }
  out.add("streams", std::move(streams));
  return out;
}

value participant_of(const call_world& world, const dialogue& in, side of, const instant& at) {
  const participant& who = in.ends[index(of)];
  value out;
  out.add("tag", who.tag);
  if (!in.via_branch.empty()) out.add("via-branch", in.via_branch);
  if (!who.label.empty()) out.add("label", who.label);
  out.add("created", seconds_of(in.created));
  out.add("in dialogue with", in.ends[index(other(of))].tag);
  value::list media;
  for (std::size_t i = 0; i < in.media.size(); ++i) {
    if (in.media[i].id != 0) media.push_back(medium_of(world, in.media[i], i, of, at));
  }
  out.add("medias", std::move(media));
  return out;
}

}  // namespace

value call::report(const call_world& world, const instant& at) const {
  value out;
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(created_.time_since_epoch()).count();
  out.add("created", seconds_of(created_));
  out.add("created_us", std::int64_t{micros % 1'000'000});
  out.add("last signal", seconds_of(last_signal_.wall));
  value tags;
  value sources;
  std::set<std::string> told;
  for (const auto& one : dialogues_) {
    for (const side of : {side::offerer, side::answerer}) {
      const participant& who = one->ends[index(of)];
      // A caller with several branches stands here once, with the first of them.
      if (!who.tag.empty() && told.insert(who.tag).second)
        tags.add(who.tag, participant_of(world, *one, of, at));
      for (const call_medium& medium : one->media) {
        if (medium.id == 0) continue;
        const end_counters seen = world.plane.counters(medium.id, of);
        const std::string name = std::to_string(seen.ssrc);
        if (seen.ssrc == 0 || sources.find(name) != nullptr) continue;
        sources.add(name, value::dictionary{{"packets", seen.packets},
                                            {"bytes", seen.bytes},
                                            {"packets lost", seen.lost},
                                            {"jitter us", std::int64_t{seen.jitter_us}}});
      }
    }
  }
  out.add("SSRC", std::move(sources));
  out.add("tags", std::move(tags));
  if (recording_ != recording::off) out.add("recording", recording_ == recording::on ? "on" : "paused");
  const media_totals all = totals(world);
  out.add("totals", value::dictionary{{"RTP", counts(all.rtp_packets, all.rtp_bytes, all.rtp_errors)},
                                      {"RTCP", counts(all.rtcp_packets, all.rtcp_bytes, 0)}});
  return out;
}

}  // namespace relay
