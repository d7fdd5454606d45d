#include <parley/offer_answer/jsep_session.hpp>

#include "offer_answer/detail/text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace parley::offer_answer {

jsep_session::jsep_session(jsep_options options, base::random_source& random)
    : options_(std::move(options)), negotiator_(options_.session, random) {}

jsep_session::record* jsep_session::find(medium_id id) noexcept {
  const auto found =
      std::find_if(records_.begin(), records_.end(), [id](const record& one) { return one.id == id; });
  return found == records_.end() ? nullptr : &*found;
}

std::vector<transceiver> jsep_session::transceivers() const {
  std::vector<transceiver> out;
  out.reserve(records_.size());
  for (const record& one : records_) {
    transceiver& added = out.emplace_back();
    added.id = one.id;
    added.media = one.media;
    added.direction = one.direction;
    added.created_by_peer = one.created_by_peer;
    const negotiated_medium* const agreed = negotiator_.find(one.id);
    if (agreed == nullptr) continue;
    added.mid = agreed->mid;
    if (agreed->active) added.current_direction = agreed->direction;
  }
  return out;
}

base::result<medium_id> jsep_session::add_transceiver(const medium& what) {
  const auto id = negotiator_.add_medium(what);
  if (id) records_.push_back({.id = *id, .media = what.media, .direction = what.direction});
  return id;
}

base::result<void> jsep_session::stop(medium_id id) {
  if (find(id) == nullptr) return errc::unknown_medium;
  if (const auto removed = negotiator_.remove_medium(id); !removed) return removed;
  std::erase_if(records_, [id](const record& one) { return one.id == id; });
  return {};
}

base::result<void> jsep_session::set_direction(medium_id id, sdp::direction direction) {
  record* const found = find(id);
  if (found == nullptr) return errc::unknown_medium;
  found->direction = direction;
  return negotiator_.set_direction(id, direction);
}

base::result<void> jsep_session::set_transport(medium_id id, const local_transport& transport) {
  return negotiator_.set_transport(id, transport);
}

std::vector<medium_id> jsep_session::wanted_transports() const {
  if (state_ != signaling_state::have_local_offer) return negotiator_.wanted_transports();
  // For an offer in the place of the one that waits.
  negotiator trial = negotiator_;
  static_cast<void>(trial.rollback());
  return trial.wanted_transports();
}

bool jsep_session::negotiation_needed() const {
  if (state_ != signaling_state::stable) return false;
  const auto& agreed = negotiator_.media();
  for (const record& one : records_) {
    const negotiated_medium* const now = negotiator_.find(one.id);
    if (now == nullptr || !now->active) return true;
    // What was said last, and what would be: an answer says what the offer lets it say.
    const auto place = static_cast<std::size_t>(now - agreed.data());
    const auto& local = *negotiator_.local_description();
    const auto& remote = *negotiator_.remote_description();
    const auto said = local.direction_of(local.media()[place]);
    const auto wanted = offered_last_
                            ? one.direction
                            : one.direction & sdp::reversed(remote.direction_of(remote.media()[place]));
    if (traits_of(now->protocol).rtp && said != wanted) return true;
  }
  // A medium that was stopped still has its m= line.
  return std::any_of(agreed.begin(), agreed.end(), [this](const negotiated_medium& one) {
    return one.active && std::none_of(records_.begin(), records_.end(),
                                      [&](const record& each) { return each.id == one.id; });
  });
}

base::result<sdp::description> jsep_session::create_offer() const {
  negotiator trial = negotiator_;
  if (state_ == signaling_state::have_local_offer) {
    if (const auto done = trial.rollback(); !done) return done.error();
  } else if (state_ != signaling_state::stable) {
    return errc::wrong_signaling_state;
  }
  return trial.make_offer();
}

base::result<sdp::description> jsep_session::create_answer() const {
  if (state_ != signaling_state::have_remote_offer && state_ != signaling_state::have_local_pranswer) {
    return errc::wrong_signaling_state;
  }
  negotiator trial = negotiator_;
  return trial.make_answer();
}

base::result<void> jsep_session::set_local(description_type type, const sdp::description& description) {
  switch (type) {
    case description_type::offer: return set_local_offer(description);
    case description_type::rollback: return rollback();
    case description_type::pranswer:
    case description_type::answer: break;
  }
  return set_local_answer(type, description);
}

base::result<void> jsep_session::set_local_offer(const sdp::description& offer) {
  if (state_ != signaling_state::stable && state_ != signaling_state::have_local_offer) {
    return errc::wrong_signaling_state;
  }
  negotiator trial = negotiator_;
  if (state_ == signaling_state::have_local_offer) {
    if (const auto done = trial.rollback(); !done) return done;
  }
  const auto made = trial.make_offer();
  if (!made) return made.error();
  if (*made != offer) return errc::description_modified;
  negotiator_ = std::move(trial);
  state_ = signaling_state::have_local_offer;
  return {};
}

base::result<void> jsep_session::set_local_answer(description_type type, const sdp::description& answer) {
  if (state_ != signaling_state::have_remote_offer && state_ != signaling_state::have_local_pranswer) {
    return errc::wrong_signaling_state;
  }
  negotiator trial = negotiator_;
  const bool provisional = type == description_type::pranswer;
  const auto made = provisional ? trial.make_provisional_answer() : trial.make_answer();
  if (!made) return made.error();
  if (*made != answer) return errc::description_modified;
  negotiator_ = std::move(trial);
  if (provisional) {
    state_ = signaling_state::have_local_pranswer;
  } else {
    settle(false);
  }
  return {};
}

base::result<void> jsep_session::set_remote(description_type type, const sdp::description& description) {
  switch (type) {
    case description_type::offer: return set_remote_offer(description);
    case description_type::rollback: return rollback();
    case description_type::pranswer:
    case description_type::answer: break;
  }
  return set_remote_answer(type, description);
}

base::result<void> jsep_session::set_remote_offer(const sdp::description& offer) {
  if (state_ == signaling_state::have_local_pranswer || state_ == signaling_state::have_remote_pranswer) {
    return errc::wrong_signaling_state;
  }
  jsep_session trial = *this;
  // W3C webrtc-pc 4.4.1.5: an offer that waits, of either end, gives way.
  if (trial.state_ != signaling_state::stable) {
    if (const auto done = trial.rollback(); !done) return done;
  }
  std::vector<record> created = trial.create_for(offer, trial.negotiator_);
  if (const auto taken = trial.negotiator_.handle_offer(offer); !taken) return taken;
  for (const record& one : created) {
    trial.created_.push_back(one.id);
    trial.records_.push_back(one);
  }
  trial.state_ = signaling_state::have_remote_offer;
  *this = std::move(trial);
  return {};
}

std::vector<jsep_session::record> jsep_session::create_for(const sdp::description& offer,
                                                           negotiator& session) const {
  std::vector<record> out;
  // Those that may take one of the m= lines: not those that have one.
  std::vector<medium_id> free;
  for (const record& one : records_) {
    const negotiated_medium* const agreed = session.find(one.id);
    if (agreed == nullptr || !agreed->active) free.push_back(one.id);
  }
  const auto media_of = [this](medium_id id) -> std::string_view {
    const auto found =
        std::find_if(records_.begin(), records_.end(), [id](const record& one) { return one.id == id; });
    return found->media;
  };
  for (std::size_t place = 0; place < offer.media().size(); ++place) {
    const sdp::media_description& section = offer.media()[place];
    const std::string& kind = section.media().media;
    const bool running = place < session.media().size() && session.media()[place].active &&
                         detail::iequals(session.media()[place].media, kind);
    if (section.is_rejected() || running) continue;
    const auto usable = std::find_if(free.begin(), free.end(),
                                     [&](medium_id id) { return detail::iequals(media_of(id), kind); });
    if (usable != free.end()) {
      free.erase(usable);
      continue;
    }
    const auto usual = std::find_if(options_.defaults.begin(), options_.defaults.end(),
                                    [&](const medium& one) { return detail::iequals(one.media, kind); });
    if (usual == options_.defaults.end()) continue;
    medium what = *usual;
    // RFC 9429 5.10: what the application has not asked for is received only.
    what.direction = sdp::direction::recvonly;
    const auto id = session.add_medium(what);
    if (!id) continue;
    out.push_back({.id = *id, .media = what.media, .direction = what.direction, .created_by_peer = true});
  }
  return out;
}

base::result<void> jsep_session::set_remote_answer(description_type type, const sdp::description& answer) {
  if (state_ != signaling_state::have_local_offer && state_ != signaling_state::have_remote_pranswer) {
    return errc::wrong_signaling_state;
  }
  if (type == description_type::pranswer) {
    if (const auto taken = negotiator_.handle_provisional_answer(answer); !taken) return taken;
    state_ = signaling_state::have_remote_pranswer;
    return {};
  }
  if (const auto taken = negotiator_.handle_answer(answer); !taken) return taken;
  settle(true);
  return {};
}

base::result<void> jsep_session::rollback() {
  if (state_ != signaling_state::have_local_offer && state_ != signaling_state::have_remote_offer) {
    return errc::wrong_signaling_state;
  }
  if (const auto done = negotiator_.rollback(); !done) return done;
  drop_created();
  state_ = signaling_state::stable;
  return {};
}

void jsep_session::drop_created() {
  for (const medium_id id : created_) static_cast<void>(stop(id));
  created_.clear();
}

void jsep_session::settle(bool by_offerer) {
  state_ = signaling_state::stable;
  offered_last_ = by_offerer;
  std::vector<medium_id> ended;
  for (record& one : records_) {
    const negotiated_medium* const agreed = negotiator_.find(one.id);
    const bool active = agreed != nullptr && agreed->active;
    // Also those that had a part in it and have none any more, and those that were made for nothing.
    const bool made_for_it = std::find(created_.begin(), created_.end(), one.id) != created_.end();
    if (!active && (agreed != nullptr || one.associated || made_for_it)) ended.push_back(one.id);
    one.associated = active;
  }
  created_.clear();
  for (const medium_id id : ended) static_cast<void>(stop(id));
}

}  // namespace parley::offer_answer
