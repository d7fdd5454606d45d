#include <parley/media/relay_stream.hpp>
#include <parley/rtp/dtmf_event.hpp>
#include <parley/rtp/rtcp.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley::media {
namespace {

namespace octets = rtp::octets;

constexpr std::uint16_t reported_header = 4;
constexpr std::size_t sender_information = 24;  // SSRC and what follows it (RFC 3550 6.4.1)
constexpr std::size_t report_block = 24;
constexpr std::uint32_t tones_a_second = 50;

constexpr std::int32_t distance(std::uint32_t from, std::uint32_t to) noexcept {
  return static_cast<std::int32_t>(to - from);
}

/// The same time by another clock.
constexpr std::uint32_t scaled(std::int32_t ticks, std::uint32_t from, std::uint32_t to) noexcept {
  return static_cast<std::uint32_t>(std::int64_t{ticks} * to / from);
}

transcoder_counters operator+(const transcoder_counters& a, const transcoder_counters& b) noexcept {
  return {a.decoded + b.decoded,     a.refused + b.refused,     a.late + b.late,
          a.recovered + b.recovered, a.concealed + b.concealed, a.jumps + b.jumps};
}

/// Scales the durations of events to another clock.
void rescale_events(std::span<std::byte> payload, std::uint32_t from, std::uint32_t to) noexcept {
  for (std::size_t at = 0; at + rtp::telephone_event::wire_bytes <= payload.size();
       at += rtp::telephone_event::wire_bytes) {
    std::byte* const duration = payload.data() + at + 2;
    const std::uint64_t length = std::uint64_t{octets::load_u16(duration)} * to / from;
    octets::store_u16(duration, static_cast<unsigned>(std::min<std::uint64_t>(length, 0xFFFF)));
  }
}

/// Calls `take` with each RTCP packet of a compound one that is whole.
template <class Take>
void for_each_report(std::span<std::byte> compound, Take take) {
  while (compound.size() >= reported_header) {
    const std::size_t size = (std::size_t{octets::load_u16(compound.data() + 2)} + 1) * 4;
    if (size > compound.size()) return;
    take(static_cast<rtp::rtcp_type>(octets::load_u8(compound.data() + 1)), compound.first(size));
    compound = compound.subspan(size);
  }
}

}  // namespace

relay_stream::relay_stream() { static_cast<void>(plan({})); }

base::result<relay_stream::made> relay_stream::make(const transcoding& formats) {
  base::result<transcoder> last = errc::bad_frame_length;
  for (const std::uint16_t packet_time : {std::uint16_t{20}, std::uint16_t{10}, std::uint16_t{5}}) {
    last = transcoder::create(formats.from, formats.to, {.packet_time = packet_time});
    if (!last) return last.error();
    if (last->max_payload() <= max_payload) return made{formats, std::move(*last), packet_time};
  }
  return errc::bad_frame_length;
}

base::result<void> relay_stream::plan(std::span<const payload_rule> rules) {
  // First what may fail.
  std::vector<std::unique_ptr<made>> fresh;
  for (const payload_rule& rule : rules) {
    if (!rule.transcode) continue;
    const auto is_it = [&](const std::unique_ptr<made>& one) {
      return one && one->formats == *rule.transcode;
    };
    if (std::ranges::any_of(transcoders_, is_it) || std::ranges::any_of(fresh, is_it)) continue;
    auto one = make(*rule.transcode);
    if (!one) return one.error();
    fresh.push_back(std::make_unique<made>(std::move(*one)));
  }

  std::vector<std::unique_ptr<made>> kept;
  const auto find = [&](const transcoding& formats) {
    for (auto* from : {&kept, &transcoders_, &fresh}) {
      for (std::unique_ptr<made>& one : *from) {
        if (!one || one->formats != formats) continue;
        if (from != &kept) kept.push_back(std::move(one));
        return from != &kept ? kept.back().get() : one.get();
      }
    }
    return static_cast<made*>(nullptr);
  };
  for (std::size_t i = 0; i < fates_.size(); ++i) {
    fates_[i] = {};
    fates_[i].passes = rules.empty();
    fates_[i].sent = static_cast<std::uint8_t>(i);
  }
  first_sound_ = {};
  bool into_sound = false;
  for (const payload_rule& rule : rules) {
    fate& each = fates_[rule.received & 0x7FU];
    each = {};  // of two rules the last one counts
    each.events = rule.events;
    each.noise = rule.noise;
    each.into_sound = rule.events && rule.into_sound;
    into_sound = into_sound || each.into_sound;
    rewrites_ = rewrites_ || each.into_sound;
    each.sent = rule.sent & 0x7FU;
    each.clock_rate = std::max<std::uint32_t>(rule.clock_rate, 1);
    each.sent_clock_rate = rule.sent_clock_rate != 0 ? rule.sent_clock_rate : each.clock_rate;
    if (!rule.transcode) continue;
    made* const one = find(*rule.transcode);
    each.sound = &one->machine;
    each.packet_time = one->packet_time;
    each.sent_clock_rate = rule.transcode->to.clock_rate;
    each.listens = rule.listens;
    if (rule.listens) each.digits = rule.digits;
    if (first_sound_.sound == nullptr) first_sound_ = each;
    rewrites_ = true;
  }
  if (!into_sound) {
    sounder_.reset();
  } else if (!sounder_) {
    sounder_.emplace();
  }
  for (const auto& gone : transcoders_) {
    if (gone) before_ = before_ + gone->machine.counters();
  }
  transcoders_ = std::move(kept);
  const auto sounds = [this](const std::unique_ptr<made>& one) { return &one->machine == sounding_.sound; };
  if (std::ranges::none_of(transcoders_, sounds)) leave();
  // What is listened to, and what comes of it, may have changed.
  const auto same = std::ranges::find_if(
      fates_, [this](const fate& f) { return f.sound != nullptr && f.sound == sounding_.sound; });
  if (same != fates_.end() && (same->listens != sounding_.listens || same->digits != sounding_.digits))
    enter(*same);
  if (sounder_ && sounding_.sound != nullptr) sounder_->set_rate(sounding_.sound->pcm().rate);
  std::size_t longest = 0;
  for (const auto& each : transcoders_) {
    const pcm_format format = each->machine.pcm();
    longest = std::max<std::size_t>(longest, format.rate / tones_a_second * format.channels);
  }
  if (sounder_) tone_.resize(longest);
  return {};
}

transcoder_counters relay_stream::counters() const noexcept {
  transcoder_counters sum = before_;
  for (const auto& each : transcoders_) sum = sum + each->machine.counters();
  return sum;
}

bool relay_stream::handle_packet(base::packet_buffer& packet, const rtp::packet_view& view) {
  const fate& as = fates_[view.payload_type()];
  if (own_) {
    pass_over(view);
    return false;
  }
  if (!rewrites_) {
    if (as.sent != view.payload_type()) rtp::set_payload_type(packet.mutable_bytes(), as.sent);
    if (!started_ || view.ssrc() != ssrc_) begin(view);
    if (static_cast<std::int16_t>(view.sequence_number() - last_received_) >= 0) {
      last_received_ = view.sequence_number();
      next_sequence_ = static_cast<std::uint16_t>(last_received_ + 1);
      base_in_ = base_out_ = view.timestamp();
      rate_in_ = rate_out_ = as.clock_rate;
    }
    sent(packet, view.header_size());
    return true;
  }
  if (!started_ || view.ssrc() != ssrc_) begin(view);
  if (static_cast<std::int16_t>(view.sequence_number() - last_received_) > 0)
    last_received_ = view.sequence_number();
  if (resumes_ && !resume(as, view)) return false;
  if (as.events) heed_event();
  if (as.into_sound) return sound_events(as, packet, view);
  if (as.sound != nullptr) return transcode(as, packet, view);
  if (as.noise && sounder_ && sounder_->sounds()) return false;
  if (sounding_.sound != nullptr && (as.events || as.noise)) return pass_beside(as, packet, view);
  return pass(as, packet, view);
}

/// A source that is new, or has become another one.
void relay_stream::begin(const rtp::packet_view& first) noexcept {
  if (!started_) next_sequence_ = first.sequence_number();
  started_ = true;
  ssrc_ = first.ssrc();
  last_received_ = static_cast<std::uint16_t>(first.sequence_number() - 1);
  base_in_ = base_out_ = first.timestamp();
  rate_in_ = rate_out_ = fates_[first.payload_type()].clock_rate;
  packets_ = octets_ = 0;
  heard_event_ = false;
  leave();
  passing_ = in_event_ = false;
  resumes_ = marked_ = false;
  last_step_ = 0;
}

/// Where a timestamp of the source lies on the timeline of what is sent.
std::uint32_t relay_stream::place_of(std::uint32_t timestamp) const noexcept {
  return base_out_ + scaled(distance(base_in_, timestamp), rate_in_, rate_out_);
}

/// From that timestamp on time passes by these clocks.
void relay_stream::rebase(std::uint32_t timestamp, std::uint32_t rate_in, std::uint32_t rate_out) noexcept {
  base_out_ = place_of(timestamp);
  base_in_ = timestamp;
  rate_in_ = rate_in;
  rate_out_ = rate_out;
}

/// Keeps the base near the source's timestamps, by whole seconds.
void relay_stream::follow(std::uint32_t timestamp) noexcept {
  const std::int64_t passed = distance(base_in_, timestamp);
  const std::int64_t second = rate_in_;
  if (passed > 16 * second) {
    const auto seconds = static_cast<std::uint32_t>(passed / second - 8);
    base_in_ += seconds * rate_in_;
    base_out_ += seconds * rate_out_;
  }
}

bool relay_stream::transcode(const fate& as, base::packet_buffer& packet, const rtp::packet_view& view) {
  if (sounding_.sound != as.sound) {
    rebase(view.timestamp(), as.clock_rate, as.sent_clock_rate);
    moved_ = true;
    passing_ = false;
    enter(as);
  } else if (as.listens != sounding_.listens || as.digits != sounding_.digits) {
    enter(as);
  }
  sounding_ = as;
  in_event_ = false;
  if (distance(base_in_, view.timestamp()) < -static_cast<std::int32_t>(rate_in_)) {
    // The source has set its clock back. What the transcoder makes goes on where it was.
    base_in_ = view.timestamp();
    base_out_ = last_timestamp_ + rate_out_ / 50;
  }
  follow(view.timestamp());
  if (!hold_key(as, view)) {
    // What its codec can't read is made up for by the next one: there is nothing to tell anybody.
    if (as.sound->handle_payload(view.payload(), view.timestamp(), view.marker())) listen();
  }
  packet.trim_back(packet.size());
  return poll_transmit(packet);
}

bool relay_stream::poll_transmit(base::packet_buffer& out) {
  if (sounding_.sound == nullptr) return false;
  const std::size_t room = sounding_.sound->max_payload();
  if (!out.resize(rtp::header_bytes + room)) return false;
  if (listener_.owes() && write_digit(out, last_timestamp_)) return true;
  const std::span<std::byte> bytes = out.mutable_bytes();
  std::optional<transcoded> frame;
  std::uint32_t timestamp = 0;
  for (;;) {
    frame = sounding_.sound->poll_transmit(bytes.subspan(rtp::header_bytes));
    if (!frame) {
      if (!sound_key()) return false;
      continue;
    }
    if (std::exchange(moved_, false)) placed_ = place_of(base_in_) - frame->timestamp;
    timestamp = frame->timestamp + placed_;
    if (!sounding_.digits) break;
    const std::uint32_t length = sounding_.digits->clock_rate * sounding_.packet_time / 1000;
    if (!listener_.take_place(timestamp, length)) break;
    if (write_digit(out, timestamp)) return true;
  }
  out.trim_back(room - frame->size);
  base::byte_writer header(bytes.first(rtp::header_bytes));
  rtp::packet_header h;
  h.marker = frame->marker;
  h.payload_type = sounding_.sent;
  h.sequence_number = next_sequence_++;
  h.timestamp = timestamp;
  h.ssrc = ssrc_;
  static_cast<void>(rtp::write_header(header, h));
  sent(out, rtp::header_bytes);
  return true;
}

bool relay_stream::pass_beside(const fate& as, base::packet_buffer& packet,
                               const rtp::packet_view& view) noexcept {
  std::uint32_t timestamp = 0;
  if (in_event_ && as.events && view.timestamp() == event_in_) {
    timestamp = event_out_;
  } else {
    // An event whose clock is not that of the sound has no place on its timeline: it begins now.
    timestamp = as.clock_rate == rate_in_ ? place_of(view.timestamp()) : last_timestamp_;
    in_event_ = as.events;
    event_in_ = view.timestamp();
    event_out_ = timestamp;
  }
  const std::size_t header = view.header_size();
  const std::size_t payload = view.payload().size();
  const std::span<std::byte> bytes = packet.mutable_bytes();
  rtp::set_payload_type(bytes, as.sent);
  rtp::set_sequence_number(bytes, next_sequence_++);
  rtp::set_timestamp(bytes, timestamp);
  if (as.events && as.sent_clock_rate != as.clock_rate) {
    rescale_events(bytes.subspan(header, payload), as.clock_rate, as.sent_clock_rate);
  }
  sent(packet, header);
  return true;
}

bool relay_stream::pass(const fate& as, base::packet_buffer& packet, const rtp::packet_view& view) noexcept {
  if (!passing_) {
    rebase(view.timestamp(), as.clock_rate, as.clock_rate);
    leave();
    passing_ = true;
    first_passed_ = view.sequence_number();
    delta_ = static_cast<std::uint16_t>(next_sequence_ - first_passed_);
  }
  // What was sent before its numbers began to be moved by as much would come twice.
  if (static_cast<std::int16_t>(view.sequence_number() - first_passed_) < 0) return false;
  if (static_cast<std::uint16_t>(view.sequence_number() - first_passed_) > 0x4000)
    first_passed_ = static_cast<std::uint16_t>(view.sequence_number() - 0x2000);
  follow(view.timestamp());
  const auto sequence = static_cast<std::uint16_t>(view.sequence_number() + delta_);
  if (static_cast<std::int16_t>(sequence - next_sequence_) >= 0)
    next_sequence_ = static_cast<std::uint16_t>(sequence + 1);
  const std::size_t header = view.header_size();
  const std::uint32_t timestamp = base_out_ + (view.timestamp() - base_in_);
  const std::span<std::byte> bytes = packet.mutable_bytes();
  rtp::set_payload_type(bytes, as.sent);
  rtp::set_sequence_number(bytes, sequence);
  rtp::set_timestamp(bytes, timestamp);
  if (!as.events && std::exchange(marked_, false)) bytes[1] |= std::byte{0x80};
  if (as.events && as.sent_clock_rate != as.clock_rate) {
    rescale_events(bytes.subspan(header, view.payload().size()), as.clock_rate, as.sent_clock_rate);
  }
  sent(packet, header);
  return true;
}

void relay_stream::sent(const base::packet_buffer& packet, std::size_t header) noexcept {
  ++packets_;
  octets_ += static_cast<std::uint32_t>(packet.size() - header);
  const std::uint32_t timestamp = octets::load_u32(packet.data() + 4);
  const std::uint32_t step = timestamp - last_timestamp_;
  if (step != 0 && step <= rate_out_ / 8) last_step_ = step;
  last_timestamp_ = timestamp;
}

std::uint32_t relay_stream::begin_own(const own_source& fresh, std::uint32_t clock_rate,
                                      base::duration elapsed) noexcept {
  own_ = rewrites_ = true;
  leave();
  passing_ = in_event_ = false;
  // What they hold was said before, and has no place any more.
  for (const auto& each : transcoders_) each->machine.reset();
  if (!started_) {
    started_ = true;
    ssrc_ = fresh.ssrc;
    next_sequence_ = fresh.sequence;
    last_received_ = static_cast<std::uint16_t>(next_sequence_ - 1);
    base_in_ = base_out_ = last_timestamp_ = fresh.timestamp;
    own_from_ = own_place_ = fresh.timestamp;
    rate_in_ = rate_out_ = own_rate_ = std::max<std::uint32_t>(clock_rate, 1);
    return fresh.timestamp;
  }
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  const auto passed = static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)) * clock_rate / 1'000'000;
  if (std::exchange(resumes_, false)) {
    change_own_clock(own_end_, clock_rate);
    return own_end_ + static_cast<std::uint32_t>(passed);
  }
  own_from_ = own_place_ = last_timestamp_;
  own_rate_ = std::max<std::uint32_t>(clock_rate, 1);
  // The last packet lasts some time, whenever the first one of these is sent.
  const std::uint32_t step = last_step_ != 0 ? last_step_ : rate_out_ / 50;
  const std::uint64_t lasts = std::uint64_t{step} * clock_rate / rate_out_;
  return last_timestamp_ + static_cast<std::uint32_t>(std::max(passed, lasts));
}

void relay_stream::write_own(base::packet_buffer& out, std::uint8_t payload_type, bool marker,
                             std::uint32_t timestamp) noexcept {
  base::byte_writer header(out.mutable_bytes().first(rtp::header_bytes));
  rtp::packet_header h;
  h.marker = marker;
  h.payload_type = payload_type;
  h.sequence_number = next_sequence_++;
  h.timestamp = timestamp;
  h.ssrc = ssrc_;
  static_cast<void>(rtp::write_header(header, h));
  sent(out, rtp::header_bytes);
}

void relay_stream::change_own_clock(std::uint32_t timestamp, std::uint32_t clock_rate) noexcept {
  const std::uint32_t rate = std::max<std::uint32_t>(clock_rate, 1);
  if (rate == own_rate_) return;
  own_from_ += scaled(distance(own_place_, timestamp), own_rate_, rate_out_);
  own_place_ = timestamp;
  own_rate_ = rate;
}

void relay_stream::end_own(std::uint32_t timestamp, std::uint32_t clock_rate) noexcept {
  change_own_clock(timestamp, clock_rate);
  own_ = false;
  resumes_ = marked_ = true;
  own_end_ = timestamp;
}

/// Nothing of it is sent, but the source's numbers and clock have gone on.
void relay_stream::pass_over(const rtp::packet_view& view) noexcept {
  if (view.ssrc() != ssrc_) return;
  if (static_cast<std::int16_t>(view.sequence_number() - last_received_) > 0)
    last_received_ = view.sequence_number();
  follow(view.timestamp());
}

/// The source's first packet after those of the relay's own. False where it is dropped.
bool relay_stream::resume(const fate& as, const rtp::packet_view& view) noexcept {
  const std::int64_t ahead = distance(own_end_, place_of(view.timestamp()));
  const bool placed = as.clock_rate == rate_in_ && own_rate_ == rate_out_;
  const std::int64_t second = own_rate_;
  if (as.events && (!placed || ahead < 0)) return false;
  if (placed && ahead < 0 && ahead >= -second / 4) return false;
  if (!placed || ahead < 0 || ahead > 10 * second) {
    base_in_ = view.timestamp();
    base_out_ = own_end_;
  }
  resumes_ = false;
  return true;
}

void relay_stream::rewrite_sender_reports(std::span<std::byte> compound) const noexcept {
  if (!rewrites_ || !started_) return;
  for_each_report(compound, [this](rtp::rtcp_type type, std::span<std::byte> report) {
    if (type != rtp::rtcp_type::sender_report || report.size() < reported_header + sender_information) return;
    std::byte* const body = report.data() + reported_header;
    if (octets::load_u32(body) != ssrc_) return;
    std::uint32_t place = place_of(octets::load_u32(body + 12));
    if (own_ || resumes_) place = own_place_ + scaled(distance(own_from_, place), rate_out_, own_rate_);
    octets::store_u32(body + 12, place);
    octets::store_u32(body + 16, packets_);
    octets::store_u32(body + 20, octets_);
  });
}

void relay_stream::rewrite_receiver_reports(std::span<std::byte> compound) const noexcept {
  if (!rewrites_ || !started_) return;
  const auto moved = static_cast<std::uint16_t>(next_sequence_ - 1 - last_received_);
  for_each_report(compound, [this, moved](rtp::rtcp_type type, std::span<std::byte> report) {
    const bool sender = type == rtp::rtcp_type::sender_report;
    if (!sender && type != rtp::rtcp_type::receiver_report) return;
    const std::size_t blocks = octets::load_u8(report.data()) & 0x1FU;
    std::size_t at = reported_header + (sender ? sender_information : 4U);
    for (std::size_t i = 0; i < blocks && at + report_block <= report.size(); ++i, at += report_block) {
      std::byte* const block = report.data() + at;
      if (octets::load_u32(block) != ssrc_) continue;
      octets::store_u32(block + 8, octets::load_u32(block + 8) - moved);
      // RFC 3550 6.4.1: jitter is in units of the timestamps.
      const std::uint64_t jitter = std::uint64_t{octets::load_u32(block + 12)} * rate_in_ / rate_out_;
      octets::store_u32(block + 12, static_cast<std::uint32_t>(std::min<std::uint64_t>(jitter, 0xFFFFFFFF)));
    }
  });
}

}  // namespace parley::media
