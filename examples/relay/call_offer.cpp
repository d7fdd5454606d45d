#include "call.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace relay {
namespace {

constexpr std::string_view no_dtls = " is not supported: this build has no ICE/DTLS";

failure what_failed(const base::error_code& error, std::string_view what) {
  return {std::string(what) + ": " + error.message()};
}

/// What a description's lines for the whole session become. It also remembers what the reader was shown.
edited_session edit_session(const ng_options& options, const sdp::description& text, participant& reader,
                            const std::optional<base::ip_address>& address) {
  edited_session out;
  out.connection = options.replace.session_connection;
  if (options.replace.origin) out.origin = address;
  if (options.replace.username) {
    const auto origin = text.get<sdp::origin>();
    if (!reader.username && origin) reader.username = origin->username;
    out.username = reader.username;
  }
  if (options.replace.session_name) {
    const auto name = text.find('s');
    if (!reader.session_name) reader.session_name = name ? std::string(name->value) : "-";
    out.session_name = reader.session_name;
  }
  return out;
}

/// Gives the text the version that its reader expects: that of the last one where nothing has changed, else
/// the next.
done_result set_version(sdp::description& text, participant& reader) {
  auto origin = text.get<sdp::origin>();
  if (!origin) return {};
  if (reader.last_text.empty()) reader.version = origin->version_number().value_or(1);
  for (int tries = 0; tries < 2; ++tries) {
    origin->session_version = std::to_string(reader.version);
    if (!text.set(*origin)) return failure{"The description can't be changed: its o= line"};
    if (reader.last_text.empty() || text.to_string() == reader.last_text) break;
    if (tries == 0) ++reader.version;
  }
  return {};
}

/// Changes the description, and returns it as the reader gets it.
text_result finish(const ng_options& options, sdp::description& text, participant& reader,
                   const std::vector<edited_medium>& media) {
  std::optional<base::ip_address> address;
  for (const edited_medium& one : media) {
    if (!one.leave && one.rtp.port != 0 && !address) address = one.rtp.ip;
  }
  const edited_session session = edit_session(options, text, reader, address);
  if (auto done = edit_description(text, session, media); !done) return std::move(done).error();
  if (options.replace.sdp_version) {
    if (auto done = set_version(text, reader); !done) return std::move(done).error();
    reader.last_text = text.to_string();
  }
  return text_result{boost::system::in_place_value, text.to_string()};
}

/// Where a reader is to send, with `media-address` in the place of the address.
void set_addresses(edited_medium& out, const end_addresses& ours, const ng_options& options) {
  out.rtp = ours.rtp;
  out.rtcp = ours.rtcp;
  if (options.media_address) out.rtp.ip = out.rtcp.ip = *options.media_address;
}

rtp_profile wanted_profile(const described_medium& said, const ng_options& options) {
  if (options.protocol.empty()) return said.profile;
  return *rtp_profile::from(options.protocol);
}

/// Whether the peer that said this wants SRTP: by its protocol or, where that is allowed, by keys alone (RFC
/// 8643).
bool is_secure(const described_medium& said, const ng_options& options) {
  return said.profile.secure || (options.osrtp_accept && !said.keys.empty());
}

/// What a side has said takes the place of what it said before.
void take_over(peer_medium& peer, const described_medium& said, const ng_options& options) {
  peer.relearn = peer.known && peer.said.rtp != said.rtp;
  peer.said = said;
  peer.known = true;
  peer.learning = options.learning;
  peer.media_handover = options.media_handover;
  peer.seen = options.received_from;
}

}  // namespace

done_result apply_side(const call_world& world, const dialogue& in, call_medium& medium, side of) {
  if (medium.id == 0) return {};
  peer_medium& peer = medium.peers[index(of)];
  const peer_medium& across = medium.peers[index(other(of))];
  const participant& who = in.ends[index(of)];
  end_settings settings;
  if (peer.known && !peer.said.rejected) {
    settings.rtp = peer.said.rtp;
    settings.rtcp = peer.rtcp_mux ? peer.said.rtp : peer.said.rtcp;
  }
  settings.rtcp_mux = peer.rtcp_mux;
  settings.ssrcs = peer.said.ssrcs;
  settings.seen = peer.seen;
  switch (peer.learning) {
    case learning_mode::off: settings.learning = source_learning::signalled; break;
    case learning_mode::delayed: settings.learning = source_learning::delayed; break;
    case learning_mode::immediate: settings.learning = source_learning::immediate; break;
  }
  settings.handover = peer.media_handover;
  settings.relearn = std::exchange(peer.relearn, false);
  settings.may_send = !in.drop_traffic && (!across.known || sdp::receives(across.said.direction));
  settings.blocked = who.blocked;
  settings.dtmf_blocked = who.dtmf_blocked;
  settings.receives_with = peer.receives_with;
  settings.sends_with = peer.sends_with;
  settings.payloads = peer.rules;
  settings.dscp = in.dscp;
  settings.datagrams = medium.kind == medium_kind::datagrams;
  if (const auto done = world.plane.apply(medium.id, of, settings); !done)
    return what_failed(done.error(), "The media side refuses what was agreed on");
  return {};
}

namespace {

constexpr std::string_view no_mark = "TOS would mark all calls, which share a port (--single-port)";

bool would_mark_all(const call_world& world, const ng_options& options) {
  return world.settings.shares_ports && options.tos.value_or(0) != 0;
}

}  // namespace

text_result call::offer(const call_world& world, const instant& at, const ng_options& options,
                        described text) {
  if (would_mark_all(world, options)) return failure{std::string(no_mark)};
  auto [found, from] = find_for_offer(options);
  std::unique_ptr<dialogue> made;
  if (found == nullptr) {
    if (dialogues_.size() >= world.settings.max_dialogues) return failure{"The call has too many branches"};
    made = std::make_unique<dialogue>();
    made->created = at.wall;
    made->via_branch = options.via_branch;
    found = made.get();
    from = side::offerer;
  }
  dialogue before_names;  // of the participants, which an offer that fails must not change
  before_names.ends = found->ends;
  found->ends[index(from)].tag = options.from_tag;
  if (!options.to_tag.empty() && found->ends[index(other(from))].tag.empty())
    found->ends[index(other(from))].tag = options.to_tag;
  if (!options.set_label.empty()) found->ends[index(from)].label = options.set_label;

  const std::size_t media_before = found->media.size();
  std::vector<medium_id> opened;
  text_result out = make_offer(world, options, std::move(text), *found, from, opened);
  if (!out) {
    for (const medium_id id : opened) world.plane.close(id);
    found->media.resize(std::min(found->media.size(), media_before));
    // One that was there without ports, since it was refused, stays: media are known by their places.
    for (call_medium& medium : found->media) {
      if (std::find(opened.begin(), opened.end(), medium.id) == opened.end()) continue;
      medium.id = 0;
      medium.ends = {};
    }
    found->ends = before_names.ends;
    return out;
  }
  if (std::exchange(found->ends_at, std::nullopt)) {
    for (const call_medium& medium : found->media) {
      if (medium.id != 0) world.plane.prefer(medium.id);
    }
  }
  last_signal_ = at;
  if (made) dialogues_.push_back(std::move(made));
  return out;
}

text_result call::make_offer(const call_world& world, const ng_options& options, described text, dialogue& in,
                             side from, std::vector<medium_id>& opened) {
  const side to = other(from);
  if (medium_count() + text.media.size() > world.settings.max_media + in.media.size())
    return failure{"The call has too many media"};
  if (in.media.empty()) {
    // Interfaces and families are those of the first offer: the ports stay for as long as the call lasts.
    const bool from_v6 =
        !text.media.empty() && std::any_of(text.media.begin(), text.media.end(),
                                           [](const auto& m) { return !m.rejected && m.rtp.ip.is_v6(); });
    in.requests[index(from)] = {options.interfaces[0], from_v6};
    in.requests[index(to)] = {options.interfaces[1], options.v6.value_or(from_v6)};
  }
  open_offer next;
  next.from = from;
  next.options = options;
  next.options.sdp.clear();
  std::vector<edited_medium> edited;
  for (std::size_t i = 0; i < text.media.size(); ++i) {
    open_offer::medium one;
    one.said = std::move(text.media[i]);
    const described_medium& said = one.said;
    const std::string& kind_of_medium = text.text.media()[i].media().media;
    edited_medium edit;
    if (i >= in.media.size()) in.media.emplace_back();
    call_medium& medium = in.media[i];
    if (said.kind == medium_kind::foreign) {
      edit.leave = true;
      edited.push_back(std::move(edit));
      next.media.push_back(std::move(one));
      continue;
    }
    if (!said.rejected && said.profile.dtls)
      return failure{text.text.media()[i].media().protocol + std::string(no_dtls)};
    if (!said.rejected && medium.id == 0) {
      auto ports = world.plane.open(in.requests, number_);
      if (!ports) return what_failed(ports.error(), "No ports for a medium");
      medium.id = ports->id;
      medium.ends = ports->ends;
      medium.media = kind_of_medium;
      opened.push_back(medium.id);
    }
    if (!said.rejected) set_addresses(edit, medium.ends[index(to)], options);
    edit.keep_zero_address = said.zero_address && !options.replace.zero_address;
    if (said.kind == medium_kind::rtp && !said.rejected) {
      if (is_secure(said, options) && choose_key(said.keys, {}) == nullptr)
        return failure{"None of the offered a=crypto lines has a suite that is supported"};
      one.profile = wanted_profile(said, options);
      edit.protocol = one.profile.name();
      edit.feedback = one.profile.feedback;
      if (one.profile.secure || options.osrtp_offer) {
        one.keys = medium.peers[index(to)].keys.offer(options.sdes, said.keys, world.random);
        if (one.keys.empty())
          return failure{"SDES leaves no suite, and SRTP has no other keys in this build"};
        edit.keys = one.keys;
      }
      const rtcp_mux_wishes& mux = options.rtcp_mux;
      one.rtcp_mux = mux.offer || mux.require || (said.rtcp_mux && !mux.demux && !mux.reject);
      edit.rtcp_mux = one.rtcp_mux;
      if (mux.require) edit.rtcp = edit.rtp;
      edit.attribute = options.rtcp;
      edit.ptime_ms = options.ptime_ms;
      auto plan = plan_codecs(said.formats, kind_of_medium == "audio" ? options.codecs : codec_wishes{});
      if (!plan) return std::move(plan).error();
      one.plan = *std::move(plan);
      if (one.plan.changes_offer) edit.formats = one.plan.offered;
    }
    edited.push_back(std::move(edit));
    next.media.push_back(std::move(one));
  }
  text_result out = finish(options, text.text, in.ends[index(to)], edited);
  if (!out) return out;

  if (options.tos) in.dscp = static_cast<std::uint8_t>(*options.tos >> 2U);
  if (options.drop_traffic) in.drop_traffic = *options.drop_traffic;
  // Until there is an answer the other side may send already. What was agreed on before goes on until there
  // is one.
  if (!in.answered) {
    for (std::size_t i = 0; i < next.media.size(); ++i) {
      const described_medium& said = next.media[i].said;
      call_medium& medium = in.media[i];
      medium.kind = said.kind;
      peer_medium& peer = medium.peers[index(from)];
      if (said.kind == medium_kind::foreign || said.rejected || is_secure(said, options)) continue;
      take_over(peer, said, options);
      if (auto done = apply_side(world, in, medium, from); !done) return std::move(done).error();
    }
  }
  in.offer = std::move(next);
  return out;
}

text_result call::answer(const call_world& world, const instant& at, const ng_options& options,
                         described text) {
  if (would_mark_all(world, options)) return failure{std::string(no_mark)};
  const auto [found, from] = find_for_answer(options);
  if (found == nullptr) return failure{"No offer with that from-tag exists in the call"};
  dialogue& in = *found;
  if (!in.offer || in.offer->from != from) return failure{"The answer answers no offer"};
  if (text.media.size() > in.offer->media.size()) return failure{"The answer has more media than the offer"};
  participant& who = in.ends[index(other(from))];
  participant before = who;
  if (!who.tag.empty() && who.tag != options.to_tag && !who.is(options.to_tag)) {
    // Another branch answers the same offer: it has the same ports, and its media take the place of the
    // others'.
    constexpr std::size_t most = 16;
    if (who.former_tags.size() >= most) who.former_tags.erase(who.former_tags.begin());
    who.former_tags.push_back(who.tag);
  }
  if (!options.to_tag.empty()) who.tag = options.to_tag;
  if (!options.set_label.empty()) who.label = options.set_label;
  text_result out = make_answer(world, options, std::move(text), in);
  if (!out) {
    who = std::move(before);
    return out;
  }
  in.answered = true;
  last_signal_ = at;
  return out;
}

namespace {

/// What an answer makes of one medium, before anything of it is put to work.
struct agreed_medium {
  std::array<peer_medium, 2> peers;
  bool rejected = false;
  bool translates = false;
};

/// Settles keys and RTCP of the two sides of RTP. *Errors:* a sentence.
done_result settle_transport(const call_world& world, const open_offer& offer,
                             const open_offer::medium& offered, const ng_options& options, peer_medium& asked,
                             peer_medium& replied, edited_medium& edit) {
  if (replied.said.profile.secure != offered.profile.secure || replied.said.profile.dtls)
    return failure{"The answer has another protocol than the offer"};
  replied.receives_with.clear();
  replied.sends_with.clear();
  if (!offered.keys.empty()) {
    const auto [theirs, ours] = match_keys(offered.keys, replied.said.keys);
    if (theirs != nullptr) {
      replied.receives_with = master_keys_of(*theirs);
      replied.sends_with = master_keys_of(*ours);
    } else if (offered.profile.secure) {
      return failure{"No a=crypto line of the answer accepts one that was offered"};
    }
  }
  asked.receives_with.clear();
  asked.sends_with.clear();
  if (is_secure(asked.said, offer.options)) {
    const sdp::crypto* theirs = choose_key(asked.said.keys, {});
    const auto ours = theirs == nullptr ? std::nullopt : asked.keys.answer(*theirs, world.random);
    if (!ours) return failure{"None of the offered a=crypto lines has a suite that is supported"};
    asked.receives_with = master_keys_of(*theirs);
    asked.sends_with = master_keys_of(*ours);
    edit.keys.push_back(*ours);
  }
  const rtcp_mux_wishes& before = offer.options.rtcp_mux;
  const rtcp_mux_wishes& now = options.rtcp_mux;
  replied.rtcp_mux = offered.rtcp_mux && (replied.said.rtcp_mux || before.require);
  const bool accepts = replied.rtcp_mux || before.accept || before.demux || now.accept || now.demux;
  asked.rtcp_mux = asked.said.rtcp_mux && accepts && !before.reject && !now.reject;
  return {};
}

}  // namespace

text_result call::make_answer(const call_world& world, const ng_options& options, described text,
                              dialogue& in) {
  const open_offer& offer = *in.offer;
  const side from = offer.from;
  const side to = other(from);
  std::vector<edited_medium> edited;
  std::vector<agreed_medium> agreed;
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    const open_offer::medium& offered = offer.media[i];
    agreed_medium one{in.media[i].peers};
    const bool there = i < text.media.size();
    const described_medium said =
        there ? text.media[i] : described_medium{.kind = offered.said.kind, .rejected = true};
    edited_medium edit;
    if (offered.said.kind == medium_kind::foreign) {
      edit.leave = true;
    } else {
      if (said.kind != offered.said.kind)
        return failure{"A medium of the answer has another protocol than in the offer"};
      peer_medium& asked = one.peers[index(from)];
      peer_medium& replied = one.peers[index(to)];
      take_over(asked, offered.said, offer.options);
      take_over(replied, said, options);
      one.rejected = said.rejected || offered.said.rejected;
      if (one.rejected) {
        asked.said.rejected = replied.said.rejected = true;
      } else {
        set_addresses(edit, in.media[i].ends[index(from)], options);
        edit.keep_zero_address = said.zero_address && !options.replace.zero_address;
      }
    }
    if (!edit.leave && offered.said.kind == medium_kind::rtp) {
      // RFC 3264 6: the answer's protocol is that of the offer, refused or not.
      edit.protocol = offered.said.profile.dtls ? "" : std::string(offered.said.profile.name());
      edit.feedback = offered.said.profile.feedback;
      edit.attribute = options.rtcp == rtcp_attribute::plain ? offer.options.rtcp : options.rtcp;
      edit.ptime_ms = options.ptime_ms;
    }
    if (!edit.leave && !one.rejected && said.kind == medium_kind::rtp) {
      peer_medium& asked = one.peers[index(from)];
      peer_medium& replied = one.peers[index(to)];
      if (auto done = settle_transport(world, offer, offered, options, asked, replied, edit); !done)
        return std::move(done).error();
      edit.rtcp_mux = asked.rtcp_mux;
      if (asked.rtcp_mux) edit.rtcp = edit.rtp;
      codec_plan plan = offered.plan;
      plan.listens = plan.listens || (in.media[i].media == "audio" && options.codecs.detect_dtmf);
      auto codecs = conclude_codecs(plan, said.formats);
      if (!codecs) return std::move(codecs).error();
      asked.rules = std::move(codecs->from_offerer);
      replied.rules = std::move(codecs->from_answerer);
      replied.takes = said.formats;
      asked.takes = offered.plan.translates ? codecs->answer : said.formats;
      one.translates = codecs->translates;
      if (offered.plan.translates) edit.formats = std::move(codecs->answer);
    } else if (!edit.leave) {
      for (peer_medium& peer : one.peers) {
        peer.rules.clear();
        peer.receives_with.clear();
        peer.sends_with.clear();
        peer.rtcp_mux = false;
      }
    }
    if (there) edited.push_back(std::move(edit));
    agreed.push_back(std::move(one));
  }
  text_result out = finish(options, text.text, in.ends[index(from)], edited);
  if (!out) return out;

  if (options.tos) in.dscp = static_cast<std::uint8_t>(*options.tos >> 2U);
  if (options.drop_traffic) in.drop_traffic = *options.drop_traffic;
  for (std::size_t i = 0; i < agreed.size(); ++i) {
    call_medium& medium = in.media[i];
    if (offer.media[i].said.kind == medium_kind::foreign) continue;
    medium.kind = offer.media[i].said.kind;
    medium.peers = std::move(agreed[i].peers);
    medium.translates = agreed[i].translates;
    for (const side one : {to, from}) {
      if (auto done = apply_side(world, in, medium, one); !done) return std::move(done).error();
    }
    // Of the branches of a call the one that was answered last has the offerer.
    if (medium.id != 0) agreed[i].rejected ? world.plane.give_way(medium.id) : world.plane.prefer(medium.id);
    if (recording_ == recording::on) std::ignore = record(world, in, i);
  }
  return out;
}

}  // namespace relay
