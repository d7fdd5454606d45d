#include <parley/offer_answer/codec_match.hpp>
#include <parley/offer_answer/negotiator.hpp>

#include "offer_answer/detail/extensions.hpp"
#include "offer_answer/detail/keys.hpp"
#include "offer_answer/detail/media_reading.hpp"
#include "offer_answer/detail/outcome.hpp"
#include "offer_answer/detail/payload_types.hpp"
#include "offer_answer/detail/section_plan.hpp"
#include "offer_answer/detail/text.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace parley::offer_answer {

/// One answer: which m= line is whose, what is refused and why, which share a transport, and then the text.
class negotiator::answer_maker {
 public:
  /// `lines` are those of the session, or, where the offer was looked at before, what came out then.
  answer_maker(const negotiator& session, const sdp::description& offer,
               const detail::description_reading& read, std::vector<line> lines)
      : session_(session),
        offer_(offer),
        reading_(read),
        offered_(reading_.media),
        lines_(std::move(lines)),
        plans_(offered_.size()) {}

  answer_maker(const answer_maker&) = delete;
  answer_maker& operator=(const answer_maker&) = delete;
  ~answer_maker() = default;

  std::vector<line>& lines() noexcept { return lines_; }

  std::vector<errc> refusals() const {
    std::vector<errc> out;
    out.reserve(plans_.size());
    for (const plan& one : plans_) out.push_back(one.refusal);
    return out;
  }

  /// The formats of the m= lines that are taken.
  std::vector<std::vector<format_pair>> matches() const {
    std::vector<std::vector<format_pair>> out(plans_.size());
    for (std::size_t place = 0; place < plans_.size(); ++place) {
      if (is_taken(place)) out[place] = plans_[place].formats;
    }
    return out;
  }

  /// What the description that `make` has made says.
  detail::description_reading reading(const sdp::description& made) {
    return said_.reading(made, std::move(groups_));
  }

  /// Finds out whose each m= line is. `decide` follows.
  void assign() {
    const std::size_t known = lines_.size();
    lines_.resize(offered_.size());
    for (std::size_t place = 0; place < offered_.size(); ++place) {
      line& one = lines_[place];
      const entry* const holder = own(place);
      // RFC 3264 8.3.3: the kind of a medium may change; it is another one then.
      const bool may_stay = place < known && holder != nullptr && !holder->removed &&
                            offered_[place].is_offered() &&
                            detail::iequals(holder->what->media, offered_[place].media);
      plan judged = may_stay ? judge(place, *holder) : plan();
      const bool stays = may_stay && judged.refusal != errc::incompatible_protocol;
      if (stays) plans_[place] = std::move(judged);
      if (!stays && one.id) one = {};
      one.mid = offered_[place].mid;
    }
    for (const entry& one : session_.entries_) {
      const bool busy =
          std::any_of(lines_.begin(), lines_.end(), [&](const line& l) { return l.id == one.id; });
      if (!one.removed && !busy) assign(one);
    }
  }

  /// What is refused, and what shares a transport. *Errors:* why the first medium was refused, where all are.
  base::result<void> decide() {
    for (std::size_t place = 0; place < offered_.size(); ++place) {
      if (!offered_[place].is_offered()) continue;
      const entry* const holder = own(place);
      if (holder == nullptr) {
        plans_[place].refusal = why_unused(place);
      } else if (holder->removed) {
        plans_[place].refusal = errc::no_such_media;
      } else if (!plans_[place].judged) {
        plans_[place] = judge(place, *holder);
      }
      plans_[place].transport = place;
    }
    form_bundles();
    if (const auto refused = why_nothing(); refused != errc{}) return refused;
    return {};
  }

  std::vector<medium_id> missing() const {
    std::vector<medium_id> out;
    for (std::size_t place = 0; place < plans_.size(); ++place) {
      if (is_taken(place) && plans_[place].transport == place && local_of(place) == nullptr) {
        out.push_back(*lines_[place].id);
      }
    }
    return out;
  }

  base::result<sdp::description> make() {
    if (!missing().empty()) return errc::missing_transport;
    if (const auto keyed = choose_keys(); !keyed) return keyed.error();
    std::vector<sdp::media_description> sections;
    sections.reserve(plans_.size());
    bool with_ice = false;
    for (std::size_t place = 0; place < plans_.size(); ++place) {
      auto section = is_taken(place) ? write(place)
                                     : said_.write_rejected(offer_.media()[place].media(), lines_[place].mid);
      if (!section) return section.error();
      with_ice = with_ice || section->has<sdp::ice_ufrag>();
      sections.push_back(*std::move(section));
    }
    auto made = session_.begin_description(with_ice);
    if (!made) return made;
    for (const detail::bundle& members : groups_) {
      sdp::group bundle;
      for (const std::size_t place : members) bundle.mids.push_back(lines_[place].mid);
      if (const auto added = made->add(bundle); !added) return make_error_code(added.error());
    }
    // RFC 3264 6: the time is not negotiated.
    const auto first = offer_.find('t');
    bool stands = first == made->find('t');
    if (first && !stands) made->remove_lines('t');
    for (const sdp::line one : offer_.lines()) {
      if (one.type != 't' || std::exchange(stands, false)) continue;
      if (const auto added = made->add_line('t', one.value); !added) return make_error_code(added.error());
    }
    made->media() = std::move(sections);
    return made;
  }

 private:
  /// What becomes of one m= line.
  struct plan {
    bool judged = false;
    errc refusal{};
    std::vector<format_pair> formats;
    detail::key_choice keys;
    std::size_t rank = 0;       // of the keying in what the medium prefers
    std::size_t transport = 0;  // the place of the m= line whose transport this uses
    bool bundled = false;
  };

  const entry* own(std::size_t place) const noexcept {
    return lines_[place].id ? session_.find_entry(*lines_[place].id) : nullptr;
  }
  const local_transport* local_of(std::size_t place) const noexcept {
    return session_.transport_for(place, lines_[place].id);
  }
  bool is_taken(std::size_t place) const noexcept {
    return offered_[place].is_offered() && lines_[place].id && plans_[place].refusal == errc{};
  }
  const detail::transport_reading& transport_of(std::size_t place) const {
    return reading_.transport_of(place);
  }

  /// Why the first medium is refused, where all are that were offered.
  errc why_nothing() const noexcept {
    errc first{};
    for (std::size_t place = 0; place < plans_.size(); ++place) {
      if (is_taken(place)) return {};
      if (first == errc{}) first = plans_[place].refusal;
    }
    return first;
  }

  /// Whether that medium could answer the m= line, whatever the local transport will be.
  plan judge(std::size_t place, const entry& holder) const {
    const medium& what = *holder.what;
    const detail::media_reading& offer = offered_[place];
    const detail::transport_reading& transport = transport_of(place);
    const protocol_traits mine = traits_of(what.protocol);
    const protocol_traits& theirs = offer.traits;
    plan out;
    out.judged = true;
    const auto refuse = [&out](errc why) {
      out.refusal = why;
      return out;
    };
    const bool fits = mine.rtp || mine.sctp ? mine.rtp == theirs.rtp && mine.sctp == theirs.sctp
                                            : detail::iequals(what.protocol, offer.protocol);
    // TCP needs someone who connects: ICE, or a medium that was meant for it.
    if (!fits || (theirs.tcp && !mine.tcp && !transport.ice)) return refuse(errc::incompatible_protocol);
    if (transport.problem != errc{}) return refuse(transport.problem);
    const bool no_mux = (transport.rtcp_mux_only && !what.rtcp_mux) ||
                        (what.rtcp_mux && what.rtcp_mux_only && !offers_mux(place));
    if (theirs.rtp && no_mux) return refuse(errc::no_rtcp_mux);
    // RFC 3264 5.1, RFC 8866 5.14: several ports in a row are for streams in layers.
    if (offer_.media()[place].media().port_count != 1) return refuse(errc::incompatible_protocol);
    // Media in a bundle may come by the transport of another.
    const bool alone = reading_.find_bundle(place) == nullptr;
    const local_transport* const local = alone && holder.transport ? &*holder.transport : nullptr;
    if (local != nullptr && !transport.ice && !reaches(*local, transport)) return refuse(errc::bad_address);
    if (mine.rtp || mine.sctp) {
      auto keys = detail::choose_keying(what, theirs, transport, local);
      if (!keys && keys.error() == errc::missing_local_keys) {
        keys = detail::choose_keying(what, theirs, transport, nullptr);
      }
      if (!keys) return refuse(static_cast<errc>(keys.error().value()));
      out.keys = *std::move(keys);
      out.rank = static_cast<std::size_t>(std::find(what.keyings.begin(), what.keyings.end(), out.keys.how) -
                                          what.keyings.begin());
    }
    if (mine.rtp) {
      const auto& known = session_.matches_;
      const bool matched =
          place < known.size() && !known[place].empty() && session_.pending_[place].id == holder.id;
      out.formats = matched ? known[place]
                            : match_formats(offer.formats, what.formats,
                                            {.own_order = what.own_order, .single_codec = what.single_codec});
      if (out.formats.empty()) return refuse(errc::no_common_format);
    } else if (!mine.sctp && common_formats(offer, what).empty()) {
      return refuse(errc::no_common_format);
    }
    return out;
  }

  /// Whether both addresses are of one family, as far as they are numbers.
  static bool reaches(const local_transport& local, const detail::transport_reading& transport) {
    const auto remote = base::ip_address::from_string(transport.rtp.host);
    return !remote || remote->is_unspecified() || remote->is_v6() == local.rtp.ip.is_v6();
  }

  static std::vector<std::string> common_formats(const detail::media_reading& offer, const medium& what) {
    std::vector<std::string> out;
    for (const std::string& one : offer.format_texts) {
      const bool known = std::any_of(what.other_formats.begin(), what.other_formats.end(),
                                     [&](const std::string& mine) { return detail::iequals(mine, one); });
      if (known) out.push_back(one);
    }
    return out;
  }

  /// Gives a medium the m= line that it prefers: the best keying, and of equal ones the first.
  void assign(const entry& one) {
    std::optional<std::size_t> best;
    plan best_plan;
    for (std::size_t place = 0; place < offered_.size(); ++place) {
      if (lines_[place].id || !offered_[place].is_offered() || is_alternative(place) ||
          !detail::iequals(offered_[place].media, one.what->media)) {
        continue;
      }
      plan judged = judge(place, one);
      if (judged.refusal != errc{} || (best && judged.rank >= best_plan.rank)) continue;
      best = place;
      best_plan = std::move(judged);
    }
    if (!best) return;
    const std::string mid = lines_[*best].mid;
    lines_[*best] = {};
    lines_[*best].id = one.id;
    lines_[*best].mid = mid;
    plans_[*best] = std::move(best_plan);
  }

  /// Whether the m= line is the same medium as one that is taken, by another protocol: peers that offer plain
  /// and secure RTP give both the same port.
  bool is_alternative(std::size_t place) const noexcept {
    for (std::size_t other = 0; other < offered_.size(); ++other) {
      if (other == place || !lines_[other].id || offered_[other].port == 0) continue;
      if (offered_[other].port == offered_[place].port &&
          detail::iequals(offered_[other].media, offered_[place].media) &&
          offered_[other].traits != offered_[place].traits && offered_[other].traits.rtp &&
          offered_[place].traits.rtp) {
        return true;
      }
    }
    return false;
  }

  /// Why no medium of ours has taken the m= line.
  errc why_unused(std::size_t place) const {
    if (is_alternative(place)) return errc::alternative_taken;
    errc why = errc::no_such_media;
    for (const entry& one : session_.entries_) {
      if (one.removed || !detail::iequals(one.what->media, offered_[place].media)) continue;
      const errc refusal = judge(place, one).refusal;
      if (refusal != errc{}) return refusal;
      why = errc::alternative_taken;
    }
    return why;
  }

  /// The line stands where the transport does, or, where that is none of RTP, in the medium itself.
  bool offers_mux(std::size_t place) const {
    return transport_of(place).rtcp_mux || offered_[place].transport.rtcp_mux;
  }

  bool may_bundle(std::size_t place) const {
    if (!is_taken(place)) return false;
    if (offered_[place].traits.sctp) return true;
    // RFC 9143 9.3: bundled RTP has its RTCP with it.
    return offered_[place].traits.rtp && own(place)->what->rtcp_mux && offers_mux(place);
  }

  /// Whether a number means one codec here and another there (RFC 9143 9.1).
  bool collides(std::size_t a, std::size_t b) const {
    const auto& first = offered_[a].formats;
    const auto& second = offered_[b].formats;
    return std::any_of(plans_[a].formats.begin(), plans_[a].formats.end(), [&](const format_pair& x) {
      return std::any_of(plans_[b].formats.begin(), plans_[b].formats.end(), [&](const format_pair& y) {
        return first[x.offered].payload_type() == second[y.offered].payload_type() &&
               !same_codec(first[x.offered], first, second[y.offered], second);
      });
    });
  }

  void form_bundles() {
    if (session_.options_.bundle != bundle_policy::disabled) {
      for (const detail::bundle& offered : reading_.bundles) form_bundle(offered);
    }
    // RFC 9143 7.3.3: what comes in a bundle only, and is in none, is refused.
    for (std::size_t place = 0; place < offered_.size(); ++place) {
      if (is_taken(place) && !plans_[place].bundled && !reading_.has_own_transport(place)) {
        plans_[place].refusal = errc::bad_bundle;
      }
    }
  }

  void form_bundle(const detail::bundle& offered) {
    // RFC 9143 7.3.1: the transport is that of the first which is taken, and which has one.
    const auto tag = std::find_if(offered.begin(), offered.end(), [&](std::size_t place) {
      return may_bundle(place) && offered_[place].port != 0;
    });
    if (tag == offered.end()) return;
    detail::bundle members{*tag};
    for (const std::size_t place : offered) {
      if (place == *tag || !may_bundle(place) || plans_[place].keys.how != plans_[*tag].keys.how) continue;
      const bool unique = std::none_of(members.begin(), members.end(),
                                       [&](std::size_t other) { return collides(place, other); });
      if (unique) members.push_back(place);
    }
    for (const std::size_t place : members) {
      plans_[place].bundled = true;
      plans_[place].transport = *tag;
    }
    groups_.push_back(std::move(members));
  }

  /// Looks at the keys again, with those of the local transports.
  base::result<void> choose_keys() {
    for (std::size_t place = 0; place < plans_.size(); ++place) {
      if (!is_taken(place) || plans_[place].transport != place) continue;
      const entry& holder = *own(place);
      const protocol_traits& traits = offered_[place].traits;
      if (!traits.rtp && !traits.sctp) continue;
      auto keys = detail::choose_keying(*holder.what, traits, transport_of(place), local_of(place));
      if (keys) {
        plans_[place].keys = *std::move(keys);
      } else if (keys.error() == errc::missing_local_keys || plans_[place].bundled) {
        return keys.error();
      } else {
        plans_[place].refusal = static_cast<errc>(keys.error().value());
      }
    }
    if (const auto refused = why_nothing(); refused != errc{}) return refused;
    for (std::size_t place = 0; place < plans_.size(); ++place) {
      // The transport of the bundle has other keys than those that its media were meant to have.
      if (is_taken(place) && plans_[place].bundled &&
          plans_[place].keys.how != plans_[plans_[place].transport].keys.how) {
        return errc::missing_local_keys;
      }
    }
    return {};
  }

  base::result<sdp::media_description> write(std::size_t place) {
    const plan& chosen = plans_[place];
    const entry& holder = *own(place);
    const medium& what = *holder.what;
    const detail::media_reading& offer = offered_[place];
    detail::section_plan out;
    out.own = &what;
    out.local = local_of(chosen.transport);
    out.protocol = offer.protocol;
    out.mid = offer.mid;
    // RFC 3264 6.1: what the offer sends may be received, and the other way round.
    out.direction = holder.direction() & sdp::reversed(offer.direction);
    if (offer.traits.rtp) {
      for (const format_pair& pair : chosen.formats) {
        out.formats.push_back(answer_format(offer.formats[pair.offered], what.formats[pair.ours]));
      }
      out.extensions = detail::answer_extensions(offer.extensions, what.extensions);
      out.mixed_extensions = offer.mixed_extensions && what.mixed_extensions;
      detail::remember_formats(lines_[place].known, offer.formats);
      detail::remember_formats(lines_[place].known, out.formats);
      detail::remember_extensions(lines_[place].known_extensions, out.extensions);
    } else {
      out.other_formats = offer.traits.sctp ? offer.format_texts : common_formats(offer, what);
      // Before RFC 8841 the format was the port, and a=sctpmap said what for.
      out.with_sctpmap = offer.traits.sctp && detail::iequals(offer.protocol, "DTLS/SCTP");
      if (out.with_sctpmap) {
        out.other_formats = {std::to_string(what.sctp_port.value_or(sdp::sctp_port{}).value)};
      }
    }
    out.with_transport = chosen.transport == place;
    // RFC 9143 7.1.3: of RTP in a bundle, once, which is here where the transport is that of data channels.
    if (offer.traits.rtp && (out.with_transport || !offered_[chosen.transport].traits.rtp)) {
      const detail::transport_reading& transport = transport_of(place);
      out.rtcp_mux = offers_mux(place) && what.rtcp_mux;
      out.rtcp_mux_only = transport.rtcp_mux_only && what.rtcp_mux;
      out.rtcp_rsize = (transport.rtcp_rsize || offer.transport.rtcp_rsize) && what.rtcp_rsize;
      out.with_rtcp = !out.rtcp_mux;
    }
    if (out.with_transport) add_transport(place, out);
    return said_.write(std::move(out));
  }

  void add_transport(std::size_t place, detail::section_plan& out) const {
    const plan& chosen = plans_[place];
    const detail::transport_reading& transport = transport_of(place);
    // RFC 8839 4.2: ICE is used where the offer has it.
    out.with_ice = transport.ice.has_value();
    if (chosen.keys.key) out.keys = {*chosen.keys.key};
    if (chosen.keys.how != keying::dtls) return;
    const auto& agreed = session_.agreed_;
    const dtls_parameters* const existing =
        place < agreed.size() && agreed[place].active && agreed[place].dtls ? &*agreed[place].dtls : nullptr;
    out.setup = detail::answer_role(transport, existing, session_.options_.dtls_passive);
    // RFC 8842 5.3: only where the offer has one.
    out.with_tls_id = !transport.tls_id.empty();
  }

  const negotiator& session_;
  const sdp::description& offer_;
  const detail::description_reading& reading_;
  const std::vector<detail::media_reading>& offered_;
  std::vector<line> lines_;
  std::vector<plan> plans_;
  std::vector<detail::bundle> groups_;
  detail::section_author said_;
};

std::vector<medium_id> negotiator::missing_for_answer() const {
  answer_maker maker(*this, **remote_, *offer_read_, pending_);
  if (!maker.decide()) return {};
  return maker.missing();
}

base::result<void> negotiator::handle_offer(sdp::description offer) {
  if (state_ == state::have_local_offer) return errc::offer_pending;
  if (state_ == state::have_remote_offer) return errc::answer_pending;
  // RFC 3264 8: m= lines never go away.
  if (offer.media().size() < lines_.size()) return errc::media_missing;
  if (offer.media().size() > options_.max_media) return errc::too_many_media;
  auto read = std::make_shared<const detail::description_reading>(offer);
  matches_.clear();
  answer_maker maker(*this, offer, *read, lines_);
  maker.assign();
  if (const auto decided = maker.decide(); !decided) return decided;
  stable_local_ = local_;
  stable_remote_ = remote_;
  matches_ = maker.matches();
  remote_ = share(std::move(offer));
  offer_read_ = std::move(read);
  pending_ = std::move(maker.lines());
  state_ = state::have_remote_offer;
  return {};
}

/// An answer that has been made, and what follows from it.
struct negotiator::answered {
  sdp::description text;
  std::vector<line> lines;
  std::vector<negotiated_medium> agreed;
};

base::result<negotiator::answered> negotiator::answer() const {
  if (state_ != state::have_remote_offer) return errc::no_offer;
  answer_maker maker(*this, **remote_, *offer_read_, pending_);
  if (const auto decided = maker.decide(); !decided) return decided.error();
  auto made = maker.make();
  if (!made) return made.error();
  auto agreed = outcome(*offer_read_, maker.reading(*made), false, maker.lines());
  if (!agreed) return agreed.error();
  const std::vector<errc> refusals = maker.refusals();
  for (std::size_t place = 0; place < agreed->size(); ++place) (*agreed)[place].refused_for = refusals[place];
  return answered{*std::move(made), std::move(maker.lines()), *std::move(agreed)};
}

base::result<sdp::description> negotiator::make_answer() {
  auto made = answer();
  if (!made) return made.error();
  local_ = issue(std::move(made->text));
  conclude(std::move(made->lines), std::move(made->agreed));
  return **local_;
}

base::result<sdp::description> negotiator::make_provisional_answer() {
  auto made = answer();
  if (!made) return made.error();
  local_ = issue(std::move(made->text));
  preview_ = std::move(made->agreed);
  return **local_;
}

}  // namespace parley::offer_answer
