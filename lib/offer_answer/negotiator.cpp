#include <parley/offer_answer/negotiator.hpp>

#include "offer_answer/detail/keys.hpp"
#include "offer_answer/detail/media_reading.hpp"
#include "offer_answer/detail/outcome.hpp"
#include "offer_answer/detail/payload_types.hpp"
#include "offer_answer/detail/section_plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace parley::offer_answer {
namespace {

std::string number_text(std::uint64_t value) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

bool has_texts(const local_transport& transport) noexcept {
  return !transport.keys.empty() || !transport.fingerprints.empty() || !transport.tls_id.empty() ||
         transport.ice;
}

}  // namespace

negotiator::negotiator(session_options options, base::random_source& random)
    : options_(std::move(options)),
      // RFC 9429 5.2.1: 62 bits, so that nobody takes it for a negative number.
      session_id_(number_text(random.u64() >> 2U)) {}

negotiator::negotiator(const negotiator& like, session_options options, base::random_source& random)
    : negotiator(std::move(options), random) {
  next_id_ = like.next_id_;
  entries_.reserve(like.entries_.size());
  for (const entry& one : like.entries_) {
    if (!one.removed)
      entries_.push_back({.id = one.id, .what = one.what, .wanted = one.wanted, .transport = {}});
  }
}

const negotiated_medium* negotiator::find(medium_id id) const noexcept {
  const auto& all = media();
  const auto found =
      std::find_if(all.begin(), all.end(), [id](const negotiated_medium& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

const negotiator::entry* negotiator::find_entry(medium_id id) const noexcept {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [id](const entry& one) { return one.id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

negotiator::entry* negotiator::find_open(medium_id id) noexcept {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [id](const entry& one) { return one.id == id && !one.removed; });
  return found == entries_.end() ? nullptr : &*found;
}

const local_transport* negotiator::transport_for(std::size_t place,
                                                 std::optional<medium_id> id) const noexcept {
  if (!id) return nullptr;
  const entry* holder = find_entry(*id);
  // The transport of a bundle outlives the medium that brought it.
  const bool bundled = place < agreed_.size() && agreed_[place].active && agreed_[place].bundled;
  if (bundled && lines_[place].id == id) {
    const auto& former = lines_[agreed_[place].transport].id;
    const entry* const brought = former ? find_entry(*former) : nullptr;
    if (brought != nullptr && brought->transport) holder = brought;
  }
  return holder != nullptr && holder->transport ? &*holder->transport : nullptr;
}

base::result<void> negotiator::validate(const medium& what, const local_transport* transport) const {
  const protocol_traits traits = traits_of(what.protocol);
  // A medium without formats can't be written (RFC 8866 5.14).
  if ((traits.rtp ? what.formats.empty() : what.other_formats.empty())) {
    return make_error_code(sdp::errc::unwritable);
  }
  if (!detail::can_key(what, traits)) return errc::incompatible_protocol;
  const local_transport none;
  detail::section_plan plan;
  plan.own = &what;
  plan.local = transport != nullptr ? transport : &none;
  plan.protocol = what.protocol;
  plan.direction = sdp::direction::sendrecv;
  if (traits.rtp) {
    plan.formats = what.formats;
  } else {
    plan.other_formats = what.other_formats;
  }
  plan.extensions = what.extensions;
  plan.with_rtcp = plan.with_ice = plan.with_tls_id = true;
  plan.keys = plan.local->keys;
  plan.setup = sdp::setup::role::actpass;
  const auto written = detail::write_section(plan);
  if (!written) return written.error();
  return {};
}

base::result<medium_id> negotiator::add_medium(const medium& what) {
  if (entries_.size() >= options_.max_media) return errc::too_many_media;
  if (const auto valid = validate(what, nullptr); !valid) return valid.error();
  const auto id = static_cast<medium_id>(next_id_++);
  entries_.push_back(
      {.id = id, .what = std::make_shared<const medium>(what), .wanted = what.direction, .transport = {}});
  return id;
}

base::result<void> negotiator::change_medium(medium_id id, const medium& what) {
  entry* const found = find_open(id);
  if (found == nullptr) return errc::unknown_medium;
  medium changed = what;
  changed.media = found->what->media;
  changed.protocol = found->what->protocol;
  if (const auto valid = validate(changed, nullptr); !valid) return valid.error();
  found->wanted = changed.direction;
  found->what = std::make_shared<const medium>(std::move(changed));
  matches_.clear();
  return {};
}

base::result<void> negotiator::remove_medium(medium_id id) {
  entry* const found = find_open(id);
  if (found == nullptr) return errc::unknown_medium;
  found->removed = true;
  if (state_ == state::stable) purge();
  return {};
}

base::result<void> negotiator::renew(medium_id id) {
  entry* const found = find_open(id);
  if (found == nullptr) return errc::unknown_medium;
  found->idle = false;
  return {};
}

base::result<void> negotiator::set_transport(medium_id id, const local_transport& transport) {
  entry* const found = find_open(id);
  if (found == nullptr) return errc::unknown_medium;
  local_transport tagged = transport;
  std::uint32_t tag = 0;
  for (sdp::crypto& key : tagged.keys) key.tag = ++tag;
  // Addresses can always be written; so can the medium, as `add_medium` knows.
  if (has_texts(tagged)) {
    if (const auto valid = validate(*found->what, &tagged); !valid) return valid.error();
  }
  found->transport = std::move(tagged);
  return {};
}

base::result<void> negotiator::set_direction(medium_id id, sdp::direction direction) {
  entry* const found = find_open(id);
  if (found == nullptr) return errc::unknown_medium;
  found->wanted = direction;
  return {};
}

base::result<void> negotiator::hold(medium_id id, sdp::direction allowed) {
  entry* const found = find_open(id);
  if (found == nullptr) return errc::unknown_medium;
  found->allowed = allowed & sdp::direction::sendonly;
  return {};
}

void negotiator::hold(sdp::direction allowed) noexcept {
  for (entry& one : entries_) one.allowed = allowed & sdp::direction::sendonly;
}

base::result<void> negotiator::resume(medium_id id) {
  entry* const found = find_open(id);
  if (found == nullptr) return errc::unknown_medium;
  found->allowed = sdp::direction::sendrecv;
  return {};
}

void negotiator::resume() noexcept {
  for (entry& one : entries_) one.allowed = sdp::direction::sendrecv;
}

std::vector<medium_id> negotiator::wanted_transports() const {
  switch (state_) {
    case state::stable: return missing_for_offer();
    case state::have_remote_offer: return missing_for_answer();
    case state::have_local_offer: break;
  }
  return {};
}

base::result<sdp::description> negotiator::begin_description(bool with_ice) const {
  sdp::origin from;
  from.username = options_.username;
  from.session_id = session_id_;
  from.session_version = number_text(version_);
  from.address = options_.address.to_string();
  if (options_.address.is_v6()) from.address_type = "IP6";
  auto made = sdp::description::create(from);
  if (!made) return make_error_code(made.error());
  if (with_ice && options_.ice_lite) {
    if (const auto added = made->add(sdp::ice_lite{}); !added) return make_error_code(added.error());
  }
  if (with_ice && !options_.ice_options.empty()) {
    const auto added = made->add(sdp::ice_options{options_.ice_options});
    if (!added) return make_error_code(added.error());
  }
  return *std::move(made);
}

negotiator::shared_description negotiator::share(sdp::description one) {
  return std::make_shared<const std::optional<sdp::description>>(std::move(one));
}

negotiator::shared_description negotiator::issue(sdp::description made) {
  // RFC 3264 8: one more than the last version that went out, refused or not, unless it is the same text.
  if (last_issued_) {
    if (made == **last_issued_) return last_issued_;
    ++version_;
    if (auto from = made.get<sdp::origin>()) {
      from->session_version = number_text(version_);
      static_cast<void>(made.set(*from));
    }
  }
  last_issued_ = share(std::move(made));
  return last_issued_;
}

base::result<std::vector<negotiated_medium>> negotiator::outcome(const detail::description_reading& offer,
                                                                 const detail::description_reading& answer,
                                                                 bool by_offerer,
                                                                 const std::vector<line>& lines) const {
  auto agreed = detail::agree(offer, answer, by_offerer);
  if (!agreed) return agreed;
  for (std::size_t place = 0; place < agreed->size(); ++place) {
    negotiated_medium& one = (*agreed)[place];
    one.id = lines[place].id;
    const entry* const own = one.id ? find_entry(*one.id) : nullptr;
    if (own == nullptr) {
      one.active = false;
      continue;
    }
    if (!one.active) continue;
    // What wasn't wanted isn't had, even if the answer goes back to it.
    if (traits_of(one.protocol).rtp && !detail::does(*own->what, one.key)) return errc::missing_keys;
    one.held_locally = own->held() && !traits_of(one.protocol).sctp;
    one.held_remotely = one.held_remotely && sends(own->wanted);
  }
  return agreed;
}

struct negotiator::taken {
  detail::description_reading answer;
  std::vector<negotiated_medium> agreed;
};

base::result<negotiator::taken> negotiator::take(const sdp::description& answer) const {
  if (state_ != state::have_local_offer) return errc::no_offer;
  detail::description_reading read(answer);
  auto agreed = outcome(*offer_read_, read, true, pending_);
  if (!agreed) return agreed.error();
  return taken{std::move(read), *std::move(agreed)};
}

base::result<void> negotiator::handle_provisional_answer(sdp::description answer) {
  auto read = take(answer);
  if (!read) return read.error();
  remote_ = share(std::move(answer));
  preview_ = std::move(read->agreed);
  return {};
}

base::result<void> negotiator::handle_answer(sdp::description answer) {
  // RFC 3261 13.2.1: copies of the answer are ignored.
  if (state_ == state::stable && remote_ && **remote_ == answer) return {};
  auto read = take(answer);
  if (!read) return read.error();
  std::vector<line> lines = std::move(pending_);
  for (std::size_t place = 0; place < lines.size(); ++place) {
    for (sdp::rtp_format& format : read->answer.media[place].formats) {
      const bool known = std::any_of(
          lines[place].known.begin(), lines[place].known.end(),
          [&](const sdp::rtp_format& one) { return one.payload_type() == format.payload_type(); });
      if (!known) lines[place].known.push_back(std::move(format));
    }
  }
  remote_ = share(std::move(answer));
  conclude(std::move(lines), std::move(read->agreed));
  return {};
}

base::result<void> negotiator::rollback() {
  if (state_ == state::stable) return errc::no_offer;
  local_ = stable_local_;
  remote_ = stable_remote_;
  preview_.reset();
  pending_ = {};
  offer_read_.reset();
  matches_.clear();
  state_ = state::stable;
  purge();
  return {};
}

void negotiator::conclude(std::vector<line> lines, std::vector<negotiated_medium> agreed) {
  for (std::size_t place = 0; place < lines.size() && place < agreed_.size(); ++place) {
    const negotiated_medium& one = agreed[place];
    const negotiated_medium& before = agreed_[place];
    // The transport of a bundle outlives the medium that brought it.
    if (!one.active || !one.bundled || one.transport != place || !before.bundled) continue;
    const auto& former = lines_[before.transport].id;
    entry* const to = find_open(*one.id);
    if (!former || former == one.id || to == nullptr) continue;
    for (entry& from : entries_) {
      if (from.id != *former || !from.transport) continue;
      to->transport = from.transport;
      // Whatever that medium comes back for has ports of its own.
      if (!agreed[before.transport].active) from.transport.reset();
    }
  }
  std::vector<medium_id> involved;
  for (const line& one : lines_) {
    if (one.id) involved.push_back(*one.id);
  }
  for (std::size_t place = 0; place < lines.size(); ++place) {
    if (!lines[place].id) continue;
    involved.push_back(*lines[place].id);
    if (!agreed[place].active) lines[place].id.reset();
  }
  lines_ = std::move(lines);
  agreed_ = std::move(agreed);
  for (const medium_id id : involved) {
    if (entry* const own = find_open(id)) own->idle = !is_in_use(id);
  }
  preview_.reset();
  pending_ = {};
  offer_read_.reset();
  matches_ = {};
  stable_local_.reset();
  stable_remote_.reset();
  state_ = state::stable;
  purge();
}

bool negotiator::is_in_use(medium_id id) const noexcept {
  return std::any_of(lines_.begin(), lines_.end(), [id](const line& one) { return one.id == id; });
}

void negotiator::purge() {
  std::erase_if(entries_, [this](const entry& one) { return one.removed && !is_in_use(one.id); });
}

}  // namespace parley::offer_answer
