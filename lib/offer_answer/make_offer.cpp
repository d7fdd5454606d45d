#include <parley/offer_answer/negotiator.hpp>

#include "offer_answer/detail/extensions.hpp"
#include "offer_answer/detail/keys.hpp"
#include "offer_answer/detail/media_reading.hpp"
#include "offer_answer/detail/payload_types.hpp"
#include "offer_answer/detail/section_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace parley::offer_answer {
/// One offer: which m= line is whose, which of them share a transport, and then the text.
class negotiator::offer_maker {
 public:
  explicit offer_maker(const negotiator& session) : session_(session), lines_(session.lines_) {
    assign();
    find_transports();
  }

  std::vector<line>& lines() noexcept { return lines_; }

  /// What the description that `make` has made says.
  detail::description_reading reading(const sdp::description& made) {
    return said_.reading(made, std::move(groups_));
  }

  std::vector<medium_id> missing() const {
    std::vector<medium_id> out;
    for (std::size_t place = 0; place < lines_.size(); ++place) {
      if (is_active(place) && transports_[place] == place && local_of(place) == nullptr) {
        out.push_back(*lines_[place].id);
      }
    }
    return out;
  }

  base::result<sdp::description> make() {
    if (lines_.size() > session_.options_.max_media) return errc::too_many_media;
    if (!missing().empty()) return errc::missing_transport;
    give_mids();
    std::vector<sdp::media_description> sections;
    sections.reserve(lines_.size());
    bool with_ice = false;
    for (std::size_t place = 0; place < lines_.size(); ++place) {
      auto section = is_active(place) ? write(place) : write_ended(place);
      if (!section) return section.error();
      with_ice = with_ice || section->has<sdp::ice_ufrag>();
      sections.push_back(*std::move(section));
    }
    auto made = session_.begin_description(with_ice);
    if (!made) return made;
    for (const detail::bundle& group : groups_) {
      sdp::group bundle;
      for (const std::size_t place : group) bundle.mids.push_back(lines_[place].mid);
      if (const auto added = made->add(bundle); !added) return make_error_code(added.error());
    }
    made->media() = std::move(sections);
    return made;
  }

 private:
  const entry* own(std::size_t place) const noexcept {
    return lines_[place].id ? session_.find_entry(*lines_[place].id) : nullptr;
  }
  bool is_active(std::size_t place) const noexcept {
    const entry* const one = own(place);
    return one != nullptr && !one->removed;
  }
  /// Whether it was agreed on before, so that its transport is in use.
  bool is_running(std::size_t place) const noexcept {
    return place < session_.agreed_.size() && session_.agreed_[place].active &&
           place < session_.lines_.size() && session_.lines_[place].id == lines_[place].id;
  }
  /// RFC 3264 8.3: what was agreed on stays, as long as the medium can still do it.
  const std::string& protocol_of(std::size_t place) const noexcept {
    const medium& what = *own(place)->what;
    if (!is_running(place)) return what.protocol;
    const std::string& agreed = session_.agreed_[place].protocol;
    return detail::can_key(what, traits_of(agreed)) ? agreed : what.protocol;
  }
  bool is_rtp(std::size_t place) const noexcept { return traits_of(protocol_of(place)).rtp; }
  bool may_bundle(std::size_t place) const noexcept {
    const medium& what = *own(place)->what;
    const protocol_traits traits = traits_of(what.protocol);
    // RFC 9143 9.3: bundled RTP has its RTCP with it.
    return traits.sctp || (traits.rtp && what.rtcp_mux);
  }

  /// Whether an answer that is right for the keys of the one is right for those of the other.
  bool share_keys(std::size_t a, std::size_t b) const {
    const auto security = [this](std::size_t place) {
      const medium& what = *own(place)->what;
      const protocol_traits traits = traits_of(protocol_of(place));
      auto keyings = traits.dtls ? std::vector{keying::dtls} : what.keyings;
      return std::pair{std::move(keyings), traits.secure};
    };
    return security(a) == security(b);
  }

  /// RFC 3264 8.1: a new medium gets the m= line of one that has ended, or a new one at the end.
  void assign() {
    for (const entry& one : session_.entries_) {
      if (one.removed || one.idle || session_.is_in_use(one.id)) continue;
      const auto free = std::find_if(lines_.begin(), lines_.end(), [](const line& l) { return !l.id; });
      line& place = free == lines_.end() ? lines_.emplace_back() : *free;
      // RFC 9429 5.2.2: another medium has another mid.
      if (!place.mid.empty()) former_mids_.push_back(std::move(place.mid));
      place = {};
      place.id = one.id;
    }
  }

  void find_transports() {
    transports_.resize(lines_.size());
    for (std::size_t place = 0; place < lines_.size(); ++place) transports_[place] = place;
    if (session_.options_.bundle == bundle_policy::disabled) return;
    // The bundles that there are stay, without what has ended.
    std::vector<std::size_t> tags;
    for (std::size_t place = 0; place < lines_.size(); ++place) {
      if (!is_active(place) || !is_running(place) || !session_.agreed_[place].bundled) continue;
      const std::size_t tag = session_.agreed_[place].transport;
      auto known = std::find(tags.begin(), tags.end(), tag);
      if (known == tags.end()) {
        tags.push_back(tag);
        groups_.emplace_back();
        known = tags.end() - 1;
      }
      detail::bundle& group = groups_[static_cast<std::size_t>(known - tags.begin())];
      group.insert(place == tag ? group.begin() : group.end(), place);
    }
    running_groups_ = groups_.size();
    for (const detail::bundle& group : groups_) {
      for (const std::size_t place : group) transports_[place] = group.front();
    }
    for (std::size_t place = 0; place < lines_.size(); ++place) add_to_bundle(place);
  }

  void add_to_bundle(std::size_t place) {
    if (!is_active(place) || is_running(place) || !may_bundle(place)) return;
    if (groups_.empty()) groups_.emplace_back();
    detail::bundle& group = groups_.front();
    if (!group.empty() && !share_keys(group.front(), place)) return;
    group.push_back(place);
    // RFC 9143 7.5.2: where there is a bundle, a new medium is offered within it. Where the peer has to say
    // first whether it bundles, each new one has a transport of its own, or waits for the answer.
    if (running_groups_ != 0) transports_[place] = group.front();
    if (running_groups_ == 0 && session_.options_.bundle == bundle_policy::bundle_only &&
        group.front() != place) {
      transports_[place] = group.front();
      bundle_only_.push_back(place);
    }
  }

  /// The transport that counts for the m= line; null where it is missing.
  const local_transport* local_of(std::size_t place) const noexcept {
    const std::size_t tag = transports_[place];
    return session_.transport_for(tag, lines_[tag].id);
  }

  void give_mids() {
    if (session_.options_.bundle == bundle_policy::disabled) return;
    unsigned next = 0;
    for (line& one : lines_) {
      if (!one.mid.empty()) continue;
      const auto taken = [&](const std::string& mid) {
        return std::find(former_mids_.begin(), former_mids_.end(), mid) != former_mids_.end() ||
               std::any_of(lines_.begin(), lines_.end(), [&](const line& l) { return l.mid == mid; });
      };
      std::string mid = std::to_string(next);
      while (taken(mid)) mid = std::to_string(++next);
      one.mid = std::move(mid);
    }
  }

  base::result<sdp::media_description> write_ended(std::size_t place) {
    // RFC 3264 8.2: the m= line stays, with port 0. What the line said last is in our last description.
    const auto& last = session_.local_description();
    if (place < session_.lines_.size() && last && place < last->media().size()) {
      return said_.write_rejected(last->media()[place].media(), lines_[place].mid);
    }
    return errc::unknown_medium;
  }

  /// What the m= lines of the bundle of `place` have used, but for its own.
  template <class T>
  std::vector<T> used_in_bundle(std::size_t place, std::vector<T> line::*known) const {
    std::vector<T> out;
    for (const detail::bundle& group : groups_) {
      if (std::find(group.begin(), group.end(), place) == group.end()) continue;
      for (const std::size_t other : group) {
        if (other == place) continue;
        out.insert(out.end(), (lines_[other].*known).begin(), (lines_[other].*known).end());
      }
    }
    return out;
  }

  base::result<sdp::media_description> write(std::size_t place) {
    const medium& what = *own(place)->what;
    detail::section_plan plan;
    plan.own = &what;
    plan.local = local_of(place);
    plan.protocol = protocol_of(place);
    plan.mid = lines_[place].mid;
    plan.direction = own(place)->direction();
    plan.bundle_only = std::find(bundle_only_.begin(), bundle_only_.end(), place) != bundle_only_.end();
    plan.with_transport = transports_[place] == place;
    const protocol_traits traits = traits_of(plan.protocol);
    if (traits.rtp) {
      if (const auto numbered = number(place, what, plan); !numbered) return numbered.error();
    } else {
      plan.other_formats = what.other_formats;
    }
    // RFC 9143 7.1.3: of RTP in a bundle, once, which is here where the transport is that of data channels.
    const bool first_rtp = traits.rtp && (plan.with_transport || !is_rtp(transports_[place]));
    plan.rtcp_mux = first_rtp && what.rtcp_mux;
    plan.rtcp_mux_only = plan.rtcp_mux && what.rtcp_mux_only;
    plan.rtcp_rsize = first_rtp && what.rtcp_rsize;
    if (!plan.with_transport) return said_.write(std::move(plan));
    plan.with_rtcp = traits.rtp && !plan.rtcp_mux_only;
    plan.with_ice = true;
    if (const auto keyed = add_keys(traits, what, plan); !keyed) return keyed.error();
    return said_.write(std::move(plan));
  }

  base::result<void> number(std::size_t place, const medium& what, detail::section_plan& plan) {
    line& own_line = lines_[place];
    auto formats = detail::number_formats(what.formats, own_line.known, used_in_bundle(place, &line::known));
    if (!formats) return formats.error();
    detail::remember_formats(own_line.known, *formats);
    plan.formats = *std::move(formats);
    std::vector<sdp::extmap> known = own_line.known_extensions;
    detail::remember_extensions(known, used_in_bundle(place, &line::known_extensions));
    plan.extensions = detail::number_extensions(what.extensions, known);
    plan.mixed_extensions = what.mixed_extensions;
    detail::remember_extensions(own_line.known_extensions, plan.extensions);
    return {};
  }

  static base::result<void> add_keys(const protocol_traits& traits, const medium& what,
                                     detail::section_plan& plan) {
    const local_transport& local = *plan.local;
    const bool media = traits.rtp || traits.sctp;
    if (traits.rtp && !traits.dtls && detail::does(what, keying::sdes)) plan.keys = local.keys;
    if (media && (traits.dtls || detail::does(what, keying::dtls)) && !local.fingerprints.empty()) {
      // RFC 8842 5.2, RFC 9429 5.2.2: the roles are the answer's to choose, each time.
      plan.setup = sdp::setup::role::actpass;
      plan.with_tls_id = true;
    }
    const bool plain = media ? !traits.secure && detail::does(what, keying::none) : true;
    if (!plain && plan.keys.empty() && !plan.setup) return errc::missing_local_keys;
    return {};
  }

  const negotiator& session_;
  std::vector<line> lines_;
  std::vector<std::string> former_mids_;
  std::vector<std::size_t> transports_;  // of each m= line, the one whose transport it uses
  std::vector<detail::bundle> groups_;
  std::size_t running_groups_ = 0;  // of them, those that were agreed on before
  std::vector<std::size_t> bundle_only_;
  detail::section_author said_;
};

std::vector<medium_id> negotiator::missing_for_offer() const { return offer_maker(*this).missing(); }

base::result<sdp::description> negotiator::make_offer() {
  if (state_ == state::have_local_offer) return errc::offer_pending;
  if (state_ == state::have_remote_offer) return errc::answer_pending;
  offer_maker maker(*this);
  auto made = maker.make();
  if (!made) return made;
  auto read = std::make_shared<const detail::description_reading>(maker.reading(*made));
  stable_local_ = local_;
  stable_remote_ = remote_;
  local_ = issue(*std::move(made));
  offer_read_ = std::move(read);
  pending_ = std::move(maker.lines());
  state_ = state::have_local_offer;
  return **local_;
}

}  // namespace parley::offer_answer
