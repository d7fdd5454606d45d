#include <parley/rtp/ntp_time.hpp>
#include <parley/rtp/session.hpp>

#include <algorithm>
#include <array>
#include <string_view>

// Who is in the session, and what comes in. What goes out is in session_output.cpp.

namespace parley::rtp {
namespace {

constexpr std::size_t most_text = 255;
constexpr std::size_t most_conflicts = 16;
constexpr std::size_t most_goodbyes = 31;
constexpr std::size_t most_lost = 256;
constexpr std::size_t most_key_frames = 32;

/// RFC 7022 4.2: 96 random bits in base 64.
std::string random_cname(base::random_source& random) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (int i = 0; i < 16; ++i) out.push_back(digits[random.uniform(64)]);
  return out;
}

}  // namespace

session::session(const session_options& options, base::random_source& random)
    : options_(options),
      random_(&random),
      schedule_(options.schedule, random),
      sources_(options.max_sources),
      events_(options.max_events) {
  if (options_.cname.empty()) options_.cname = random_cname(random);
  if (options_.cname.size() > most_text) options_.cname.resize(most_text);
  options_.max_local_sources = std::clamp<std::size_t>(options_.max_local_sources, 1, most_goodbyes);
  if (options_.transport_wide) transport_feedback_.emplace(*options_.transport_wide);
}

std::uint32_t session::new_ssrc() noexcept {
  // RFC 3550 8.1.
  for (;;) {
    const std::uint32_t ssrc = random_->u32();
    if (find_local(ssrc) == nullptr && sources_.find(ssrc) == nullptr) return ssrc;
  }
}

session::local_source* session::find_local(std::uint32_t ssrc) noexcept {
  const auto at = std::find_if(local_.begin(), local_.end(),
                               [&](const local_source& l) { return l.statistics.ssrc() == ssrc; });
  return at != local_.end() ? &*at : nullptr;
}

base::result<std::uint32_t> session::add_source(std::uint32_t clock_rate) {
  if (local_.size() >= options_.max_local_sources) return base::errc::limit_reached;
  const std::uint32_t ssrc = new_ssrc();
  local_.push_back({sender_statistics(ssrc, clock_rate), clock_rate});
  return ssrc;
}

const sender_statistics* session::local(std::uint32_t ssrc) const noexcept {
  for (const local_source& l : local_) {
    if (l.statistics.ssrc() == ssrc) return &l.statistics;
  }
  return nullptr;
}

void session::remove_source(std::uint32_t ssrc) {
  local_source* const source = find_local(ssrc);
  if (source == nullptr || local_.size() == 1) return;
  if (byes_.size() < most_goodbyes) byes_.push_back(ssrc);
  local_.erase(local_.begin() + (source - local_.data()));
}

void session::start(base::time_point now) noexcept {
  recount(now);
  schedule_.start(now);
}

void session::leave(base::time_point now, std::string_view reason) {
  reason_ = reason.substr(0, most_text);
  lost_.clear();
  key_frames_.clear();
  bitrate_.reset();
  transport_wide_waits_ = false;
  byes_.clear();
  due_ = rtcp_schedule::due::nothing;
  schedule_.leave(now, 8 + 4 * local_.size() + reason_.size());
}

rtcp_schedule::feedback_fate session::request_retransmission(base::time_point now, std::uint32_t source,
                                                             std::span<const std::uint16_t> lost) {
  using fate = rtcp_schedule::feedback_fate;
  if (lost.empty() || lost_.size() >= most_lost) return fate::dropped;
  const fate what = schedule_.request_feedback(now);
  if (what == fate::dropped) return what;
  const std::size_t room = std::min(lost.size(), most_lost - lost_.size());
  for (const std::uint16_t sequence : lost.first(room)) lost_.push_back({source, sequence});
  return what;
}

rtcp_schedule::feedback_fate session::request_key_frame(base::time_point now, std::uint32_t source,
                                                        bool full_intra) {
  using fate = rtcp_schedule::feedback_fate;
  const auto known = std::find_if(key_frames_.begin(), key_frames_.end(),
                                  [&](const key_frame& k) { return k.source == source; });
  if (known == key_frames_.end() && key_frames_.size() >= most_key_frames) return fate::dropped;
  const fate what = schedule_.request_feedback(now);
  if (what == fate::dropped) return what;
  if (known != key_frames_.end()) {
    known->full_intra |= full_intra;
  } else {
    key_frames_.push_back({source, full_intra});
  }
  return what;
}

rtcp_schedule::feedback_fate session::report_bitrate(base::time_point now, std::uint64_t bitrate) {
  const auto what = schedule_.request_feedback(now);
  if (what != rtcp_schedule::feedback_fate::dropped) bitrate_ = bitrate;
  return what;
}

void session::push(const event& e) {
  if (!events_.push(e)) ++lost_events_;
}

void session::recount(base::time_point now) noexcept {
  const auto sending = static_cast<std::size_t>(
      std::count_if(local_.begin(), local_.end(), [](const local_source& l) { return l.sends; }));
  schedule_.update(now, {sources_.members() + local_.size(), sources_.senders() + sending, sending != 0});
}

void session::expire(base::time_point now) {
  // RFC 3550 6.3.5.
  const base::duration sender_silence = 2 * schedule_.interval();
  const base::duration member_silence = schedule_.member_timeout();
  for (local_source& l : local_) {
    if (l.sends && now - l.statistics.last_sent() > sender_silence) l.sends = false;
  }
  for (const auto& s : sources_.all()) {
    if (s->sends && now - s->rtp_heard > sender_silence) s->sends = false;
  }
  sources_.erase_if([&](const remote_source& s) {
    if (s.left) return true;
    if (now - s.heard <= member_silence) return false;
    if (s.member) push(session_event::source_timed_out{s.received.ssrc()});
    return true;
  });
  // RFC 3550 8.2: ten intervals without another packet from there.
  std::erase_if(conflicts_, [&](const conflict& c) { return now - c.at > 10 * schedule_.interval(); });
  recount(now);
}

bool session::conflicts(base::time_point now, std::uint32_t ssrc,
                        const std::optional<base::socket_address>& from) {
  local_source* const ours = find_local(ssrc);
  if (ours == nullptr) return false;
  ++ignored_;
  const base::socket_address address = from.value_or(base::socket_address{});
  const auto known = std::find_if(conflicts_.begin(), conflicts_.end(),
                                  [&](const conflict& c) { return c.from == address; });
  if (known != conflicts_.end()) {
    // RFC 3550 8.2: our own packets come back from there, or it has not noticed yet.
    known->at = now;
    return true;
  }
  // Somebody who follows our changes from ever new addresses does not make us change for ever.
  if (conflicts_.size() >= most_conflicts) return true;
  conflicts_.push_back({address, now});
  if (byes_.size() < most_goodbyes) byes_.push_back(ssrc);
  const std::uint32_t after = new_ssrc();
  *ours = {sender_statistics(after, ours->clock_rate), ours->clock_rate};
  push(session_event::ssrc_changed{ssrc, after});
  recount(now);
  return true;
}

bool session::wrong_address(base::time_point now, const std::optional<base::socket_address>& saved,
                            base::time_point heard,
                            const std::optional<base::socket_address>& from) noexcept {
  if (!from || !saved || *from == *saved) return false;
  // RFC 3550 8.2: two with one SSRC, or one that comes by two ways: the first is kept while it is heard. One
  // that moved is heard again after that silence.
  if (now - heard > 2 * schedule_.interval()) return false;
  ++ignored_;
  return true;
}

void session::handle_sent(base::time_point now, std::uint32_t ssrc, std::uint32_t timestamp,
                          std::size_t payload_bytes) {
  local_source* const source = find_local(ssrc);
  if (source == nullptr) return;
  source->statistics.handle_sent(now, timestamp, payload_bytes);
  if (source->sends) return;
  source->sends = true;
  recount(now);
}

std::optional<sequence_tracker::sighting> session::handle_rtp(
    base::time_point now, const packet_view& packet, std::uint32_t clock_rate,
    const std::optional<base::socket_address>& from, const std::optional<std::uint16_t>& transport_wide) {
  if (schedule_.state() == rtcp_schedule::state::left) return std::nullopt;
  const std::uint32_t ssrc = packet.ssrc();
  if (conflicts(now, ssrc, from)) return std::nullopt;
  remote_source* const s = sources_.find_or_add(now, ssrc, clock_rate, options_.probation);
  if (s == nullptr || s->left) {
    ++ignored_;
    return std::nullopt;
  }
  if (wrong_address(now, s->rtp_from, s->rtp_heard, from)) return std::nullopt;
  if (from) s->rtp_from = from;
  s->heard = s->rtp_heard = now;
  const bool timed = clock_rate != 0;
  if (timed) s->received.set_clock_rate(clock_rate);
  const auto seen = s->received.handle_packet(now, packet.sequence_number(), packet.timestamp(),
                                              packet.payload().size(), timed);
  if (!s->sends && s->received.sequence().valid()) {
    s->member = s->sends = true;
    recount(now);
  }
  if (transport_feedback_ && transport_wide) transport_feedback_->handle_packet(now, *transport_wide);
  return seen;
}

remote_source* session::admit_rtcp(base::time_point now, std::uint32_t ssrc,
                                   const std::optional<base::socket_address>& from) {
  if (conflicts(now, ssrc, from)) return nullptr;
  remote_source* const s = sources_.find_or_add(now, ssrc, 0, options_.probation);
  if (s == nullptr || s->left) {
    ++ignored_;
    return nullptr;
  }
  if (wrong_address(now, s->rtcp_from, s->heard, from)) return nullptr;
  if (from) s->rtcp_from = from;
  s->heard = now;
  return s;
}

void session::handle_block(base::time_point now, std::uint32_t source, const report_block& block) {
  if (find_local(block.ssrc) == nullptr) return;
  push(session_event::reception_reported{source, block});
  if (const auto trip = sent_reports_.round_trip(now, block.last_sr, block.delay_since_last_sr)) {
    round_trip_ = trip;
    push(session_event::round_trip_measured{source, *trip});
  }
}

void session::handle_description(base::time_point now, const source_description& description,
                                 const std::optional<base::socket_address>& from) {
  for (const sdes_chunk& chunk : description.chunks) {
    remote_source* const s = admit_rtcp(now, chunk.ssrc, from);
    const auto name = chunk.find(sdes_type::cname);
    if (s == nullptr || !name) continue;
    if (s->cname != *name) s->cname = *name;
    s->member = true;
  }
}

void session::handle_goodbye(base::time_point now, const bye& goodbye) {
  for (const std::uint32_t ssrc : goodbye.sources) {
    remote_source* const s = sources_.find(ssrc);
    if (s == nullptr || s->left) continue;
    s->left = true;
    s->heard = now;
    if (s->member) push(session_event::source_left{ssrc});
  }
}

void session::handle_extended(base::time_point now, const extended_report& report) {
  remote_source* const s = sources_.find(report.ssrc);
  for (const xr_block& block : report.blocks) {
    if (const auto reference = block.get<receiver_reference_time>(); reference && s != nullptr) {
      s->last_rr = ntp_middle(reference->ntp_time);
      s->last_rr_at = now;
    } else if (const auto answers = block.get<delay_since_last_rr>()) {
      for (const dlrr_entry entry : answers->entries) {
        if (find_local(entry.ssrc) == nullptr) continue;
        if (const auto trip = sent_reports_.round_trip(now, entry.last_rr, entry.delay_since_last_rr)) {
          round_trip_ = trip;
          push(session_event::round_trip_measured{report.ssrc, *trip});
        }
      }
    }
  }
}

void session::handle_feedback(const rtcp_packet& packet) {
  if (const auto nack = packet.get<generic_nack>()) {
    const bool ours = find_local(nack->media_ssrc) != nullptr;
    for (const nack_entry entry : nack->entries) {
      if (ours) push(session_event::retransmission_requested{nack->media_ssrc, entry});
    }
    // RFC 4585 3.5.2 5a: what another one asks for need not be asked for twice.
    if (!ours && !lost_.empty()) {
      nack->for_each([&](std::uint16_t sequence) {
        std::erase_if(lost_, [&](const lost_packet& l) {
          return l.source == nack->media_ssrc && l.sequence == sequence;
        });
      });
      suppress();
    }
  } else if (const auto loss = packet.get<picture_loss>()) {
    if (find_local(loss->media_ssrc) != nullptr) {
      push(session_event::key_frame_requested{loss->media_ssrc, false});
    } else if (!key_frames_.empty()) {
      std::erase_if(key_frames_,
                    [&](const key_frame& k) { return k.source == loss->media_ssrc && !k.full_intra; });
      suppress();
    }
  } else if (const auto intra = packet.get<full_intra_request>()) {
    for (const intra_entry entry : intra->entries) {
      if (find_local(entry.ssrc) == nullptr) continue;
      // RFC 5104 4.3.1.2: the same number again is the same request again.
      const auto last = std::find_if(intra_seen_.begin(), intra_seen_.end(), [&](const intra_seen& i) {
        return i.source == intra->sender_ssrc && i.local == entry.ssrc;
      });
      if (last != intra_seen_.end()) {
        if (last->number == entry.sequence_number) continue;
        last->number = entry.sequence_number;
      } else {
        if (intra_seen_.size() >= most_key_frames) intra_seen_.erase(intra_seen_.begin());
        intra_seen_.push_back({intra->sender_ssrc, entry.ssrc, entry.sequence_number});
      }
      push(session_event::key_frame_requested{entry.ssrc, true});
    }
  } else if (const auto estimate = packet.get<bandwidth_estimate>()) {
    push(session_event::bitrate_estimated{estimate->bitrate});
  }
}

void session::suppress() noexcept {
  if (feedback_waits()) return;
  schedule_.cancel_feedback();
  if (due_ == rtcp_schedule::due::feedback) due_ = rtcp_schedule::due::nothing;
}

bool session::feedback_waits() const noexcept {
  return !lost_.empty() || !key_frames_.empty() || bitrate_ || transport_wide_waits_;
}

parsed<compound_view> session::handle_rtcp(base::time_point now, std::span<const std::byte> datagram,
                                           const std::optional<base::socket_address>& from) {
  const auto compound =
      compound_view::parse(datagram, options_.reduced_size ? rtcp_form::reduced_size : rtcp_form::compound);
  if (!compound || schedule_.state() == rtcp_schedule::state::left) return compound;
  bool goodbye = false;
  std::size_t reports = 0;
  const auto report = [&](std::uint32_t ssrc, const field_list<report_block>& blocks) -> remote_source* {
    ++reports;
    remote_source* const s = admit_rtcp(now, ssrc, from);
    if (s != nullptr) {
      for (const report_block block : blocks) handle_block(now, ssrc, block);
    }
    return s;
  };
  for (const rtcp_packet& packet : *compound) {
    switch (packet.type()) {
      case rtcp_type::sender_report:
        if (const auto sr = packet.get<sender_report>()) {
          remote_source* const s = report(sr->ssrc, sr->blocks);
          if (s != nullptr) s->received.handle_sender_report(now, sr->ntp_time, sr->rtp_time);
        }
        break;
      case rtcp_type::receiver_report:
        if (const auto rr = packet.get<receiver_report>()) report(rr->ssrc, rr->blocks);
        break;
      case rtcp_type::source_description:
        if (const auto sdes = packet.get<source_description>()) handle_description(now, *sdes, from);
        break;
      case rtcp_type::bye:
        if (const auto left = packet.get<bye>()) {
          goodbye = true;
          handle_goodbye(now, *left);
        }
        break;
      case rtcp_type::extended_report:
        if (const auto xr = packet.get<extended_report>()) handle_extended(now, *xr);
        break;
      case rtcp_type::transport_feedback:
      case rtcp_type::payload_feedback: handle_feedback(packet); break;
      case rtcp_type::application: break;
    }
  }
  // RFC 8108 5.3: the size of a packet of several sources is shared among them.
  const std::size_t size = datagram.size() / std::max<std::size_t>(reports, 1);
  if (goodbye) {
    schedule_.handle_bye(size);
  } else {
    schedule_.handle_received(size);
  }
  recount(now);
  return compound;
}

void session::handle_timeout(base::time_point now) {
  if (transport_feedback_ && !transport_wide_waits_ && now >= transport_feedback_->poll_timeout()) {
    transport_wide_waits_ = schedule_.request_feedback(now) != rtcp_schedule::feedback_fate::dropped;
    if (!transport_wide_waits_) transport_feedback_->postpone(now);
  }
  const bool was_regular = due_ == rtcp_schedule::due::regular;
  due_ = schedule_.handle_timeout(now);
  if (due_ == rtcp_schedule::due::regular && !was_regular) expire(now);
}

base::time_point session::poll_timeout() const noexcept {
  const base::time_point at = schedule_.poll_timeout();
  if (!transport_feedback_ || transport_wide_waits_ || schedule_.state() != rtcp_schedule::state::joined)
    return at;
  return std::min(at, transport_feedback_->poll_timeout());
}

}  // namespace parley::rtp
