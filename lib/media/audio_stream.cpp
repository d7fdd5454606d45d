#include <parley/media/audio_stream.hpp>
#include <parley/media/level.hpp>
#include <parley/rtp/packet.hpp>

#include "media/detail/resampled_decoder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>
#include <utility>

// What is received, and what both ways have together; audio_stream_send.cpp sends.

namespace parley::media {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t max_datagrams = 32;
constexpr std::size_t max_events = 64;
constexpr std::size_t max_buffered_types = 16;
/// A source that is silent for so long has to let another one be heard.
constexpr base::duration silence_until_another = milliseconds(100);
constexpr std::size_t rtcp_bytes = 1200;

/// 32 datagrams of L16 with room to spare.
constexpr base::buffer_pool_limits pool_limits{.max_bytes = std::size_t{1} << 20U,
                                               .max_block = std::size_t{1} << 14U,
                                               .slab_bytes = std::size_t{1} << 15U};

rtp::session_options session_options_of(const audio_stream_options& options) {
  rtp::session_options made;
  made.cname = options.cname;
  made.max_sources = 8;
  // Whose packets come here has been decided before: none of them is lost to a probation.
  made.probation = 1;
  return made;
}

rtp::codec_impairment impairment_of(const audio_format& format) {
  if (format.is("opus")) return rtp::impairment::opus;
  if (format.is("G722")) return rtp::impairment::g722;
  if (format.is("GSM")) return rtp::impairment::gsm;
  return rtp::impairment::g711_concealed;
}

bool has(const std::vector<audio_payload>& among, const audio_payload& one) {
  return std::find(among.begin(), among.end(), one) != among.end();
}

bool has(const std::vector<auxiliary_payload>& among, const auxiliary_payload& one) {
  return std::find(among.begin(), among.end(), one) != among.end();
}

/// RFC 3711 3.3.1: the roll-over counter belongs to the sequence numbers, which go on under new keys.
void go_on(const std::optional<srtp::context>& old, std::optional<srtp::context>& next, std::uint32_t ssrc) {
  if (!old || !next) return;
  if (const auto counter = old->roll_over_counter(ssrc))
    std::ignore = next->set_roll_over_counter(ssrc, *counter);  // there is room for the first one
}

}  // namespace

base::result<std::unique_ptr<audio_stream>> audio_stream::create(const audio_stream_options& options,
                                                                 base::random_source& random) {
  if (options.rate != 8000 && options.rate != 16000 && options.rate != 48000) return errc::unsupported_rate;
  return std::unique_ptr<audio_stream>(new audio_stream(options, random));
}

audio_stream::audio_stream(const audio_stream_options& options, base::random_source& random)
    : options_(options),
      session_(session_options_of(options), random),
      pool_(pool_limits),
      datagrams_(max_datagrams),
      events_(max_events),
      buffer_({options.rate, 1}, options.jitter),
      heard_(buffer_.frame_size()) {
  // RFC 3711 3.3.1: a start below 2^15 leaves no doubt of the roll-over counter.
  sequence_ = static_cast<std::uint16_t>(random.uniform(0x8000));
  timestamp_ = static_cast<std::uint32_t>(random.uniform(std::uint64_t{1} << 32U));
}

audio_stream::~audio_stream() = default;

void audio_stream::set_protecting(std::optional<srtp::context> protecting) {
  go_on(protecting_, protecting, ssrc_);
  protecting_ = std::move(protecting);
}

void audio_stream::set_unprotecting(std::optional<srtp::context> unprotecting) {
  if (played_) go_on(unprotecting_, unprotecting, *played_);
  unprotecting_ = std::move(unprotecting);
}

base::result<std::unique_ptr<audio_decoder>> audio_stream::make_receiver(const audio_format& wanted) const {
  audio_format format = wanted;
  format.channels = 1;
  if (format.is("opus")) format.sample_rate = options_.rate;
  if (format.sample_rate == 0 || options_.rate % format.sample_rate != 0) return errc::unsupported_rate;
  auto decoder = make_decoder(format);
  if (!decoder || format.sample_rate == options_.rate) return decoder;
  auto after = resampler::create(format.pcm(), {options_.rate, 1});
  if (!after) return after.error();
  return std::make_unique<detail::resampled_decoder>(*std::move(decoder), *std::move(after));
}

base::result<void> audio_stream::configure_receiving(const audio_stream_settings& settings) {
  if (settings.receive.size() + settings.receive_noise.size() > max_buffered_types)
    return errc::limit_reached;
  struct addition {
    std::uint8_t payload_type;
    std::uint32_t clock_rate;
    std::unique_ptr<audio_decoder> decoder;
  };
  std::vector<addition> added;
  std::vector<std::uint8_t> types = buffered_types_;
  const auto add_type = [&types](std::uint8_t type) {
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  };
  for (const audio_payload& one : settings.receive) add_type(one.payload_type);
  for (const auxiliary_payload& one : settings.receive_noise) add_type(one.payload_type);
  // Payload types of earlier agreements that nothing comes with any more take no places for ever.
  const bool anew = types.size() > max_buffered_types;
  for (const audio_payload& one : settings.receive) {
    if (!anew && has(settings_.receive, one)) continue;
    auto decoder = make_receiver(one.format);
    if (!decoder) return decoder.error();
    if (one.payload_type > 126) return errc::limit_reached;
    added.push_back({one.payload_type, one.format.clock_rate, *std::move(decoder)});
  }
  for (const auxiliary_payload& one : settings.receive_noise) {
    if (!anew && has(settings_.receive_noise, one)) continue;
    if (one.payload_type > 126 || one.clock_rate == 0) return errc::limit_reached;
    added.push_back({one.payload_type, one.clock_rate, nullptr});
  }

  if (anew) {
    buffer_ = jitter_buffer({options_.rate, 1}, options_.jitter);
    buffered_types_.clear();
  }
  for (addition& one : added) {
    const auto done = one.decoder
                          ? buffer_.add_decoder(one.payload_type, one.clock_rate, std::move(one.decoder))
                          : buffer_.add_comfort_noise(one.payload_type, one.clock_rate);
    if (!done) return done.error();
    if (std::find(buffered_types_.begin(), buffered_types_.end(), one.payload_type) == buffered_types_.end())
      buffered_types_.push_back(one.payload_type);
  }

  // A key that is held while the agreement changes is one press.
  std::vector<incoming> before = std::exchange(incoming_, {});
  for (const audio_payload& one : settings.receive)
    incoming_.push_back({one.payload_type, payload_kind::sound, one.format.clock_rate, nullptr});
  for (const auxiliary_payload& one : settings.receive_noise)
    incoming_.push_back({one.payload_type, payload_kind::noise, one.clock_rate, nullptr});
  for (const auxiliary_payload& one : settings.receive_events) {
    incoming made{one.payload_type, payload_kind::event, one.clock_rate, nullptr};
    for (incoming& old : before) {
      if (old.keys && old.payload_type == one.payload_type && old.clock_rate == one.clock_rate)
        made.keys = std::move(old.keys);
    }
    if (!made.keys) made.keys = std::make_unique<rtp::dtmf_receiver>(std::max(one.clock_rate / 5, 1U));
    incoming_.push_back(std::move(made));
  }
  // RFC 3264 8.3.2: what was agreed on before is still on its way.
  for (const audio_payload& one : settings_.receive) {
    if (!anew && find(one.payload_type) == nullptr)
      incoming_.push_back({one.payload_type, payload_kind::sound, one.format.clock_rate, nullptr});
  }
  if (!settings.receive.empty()) impairment_ = impairment_of(settings.receive.front().format);
  return {};
}

base::result<void> audio_stream::configure(base::time_point now, const audio_stream_settings& settings) {
  if (over_) return errc::late;
  std::optional<sender> made;
  const bool same_sender =
      sender_ && settings.send == sender_->payload && settings.packet_time == settings_.packet_time;
  if (settings.send && !same_sender) {
    auto one = make_sender(settings);
    if (!one) return one.error();
    made = *std::move(one);
  }
  if (const auto ready = configure_receiving(settings); !ready) return ready.error();
  if (made) {
    if (const auto ready = set_sender(*std::move(made)); !ready) return ready.error();
  } else if (!settings.send) {
    sender_.reset();
  }
  if (!settings.sends) marker_ = true;
  settings_ = settings;
  const auto type_at = [this](const std::vector<auxiliary_payload>& among) -> std::optional<std::uint8_t> {
    for (const auxiliary_payload& one : among) {
      if (sender_ && one.clock_rate == sender_->payload.format.clock_rate) return one.payload_type;
    }
    return std::nullopt;
  };
  event_type_ = type_at(settings_.send_events);
  noise_type_ = type_at(settings_.send_noise);
  if (!event_type_) drop_keys();
  new_source_ = true;
  if (!running_ && ssrc_ == 0) {
    // One who only listens has a source for its reports, too.
    const std::uint32_t clock_rate =
        settings_.receive.empty() ? 8000 : settings_.receive.front().format.clock_rate;
    const auto source = session_.add_source(clock_rate);
    if (!source) return source.error();
    ssrc_ = *source;
  }
  if (!running_) {
    running_ = true;
    session_.start(now);
    clock_.start(now);
  }
  return {};
}

void audio_stream::leave(base::time_point now) {
  if (over_) return;
  over_ = true;
  clock_.stop();
  drop_keys();
  datagrams_.clear();
  if (!running_) return;
  session_.leave(now);
  // Of two, nobody has to wait for his turn (RFC 3550 6.3.7).
  if (now >= session_.poll_timeout()) session_.handle_timeout(now);
}

audio_stream::incoming* audio_stream::find(std::uint8_t payload_type) noexcept {
  const auto found = std::find_if(incoming_.begin(), incoming_.end(), [payload_type](const incoming& one) {
    return one.payload_type == payload_type;
  });
  return found == incoming_.end() ? nullptr : &*found;
}

bool audio_stream::may_hear(base::time_point now, std::uint32_t ssrc) noexcept {
  const bool same = played_ == ssrc;
  if (!same && played_ && !new_source_ && now - played_at_ < silence_until_another) return false;
  if (!same) new_source_ = false;
  played_ = ssrc;
  played_at_ = now;
  return true;
}

void audio_stream::note_reception(std::uint32_t ssrc) {
  const rtp::remote_source* const source = session_.sources().find(ssrc);
  if (source == nullptr) return;
  const rtp::reception& is = source->received;
  const bool another = !reception_ || reception_->ssrc() != ssrc;
  if (another || is.sequence().expected() < reception_->sequence().expected()) {
    if (reception_) {
      expected_before_ += reception_->sequence().expected() - expected_of_old_;
      received_before_ += reception_->sequence().received() - received_of_old_;
    }
    // One that comes back has been counted before, and was not heard meanwhile.
    const auto but_one = [](std::uint64_t count) { return count == 0 ? 0 : count - 1; };
    expected_of_old_ = another ? but_one(is.sequence().expected()) : 0;
    received_of_old_ = another ? but_one(is.sequence().received()) : 0;
  }
  reception_ = is;
}

base::result<void> audio_stream::handle_packet(base::time_point now, base::packet_buffer packet,
                                               const std::optional<base::socket_address>& from) {
  if (!running_ || over_) return errc::late;
  if (rtp::is_rtcp(packet.bytes())) {
    if (unprotecting_) {
      if (const auto open = unprotecting_->unprotect_rtcp(packet); !open) return open.error();
    }
    const auto read = session_.handle_rtcp(now, packet.bytes(), from);
    handle_session();
    if (!read) return rtp::make_error_code(read.error().code);
    return {};
  }
  if (unprotecting_) {
    if (const auto open = unprotecting_->unprotect_rtp(packet); !open) return open.error();
  }
  auto view = rtp::packet_view::parse(packet.bytes());
  if (view && view->ssrc() == ssrc_) {
    // What comes back from an echo is to be heard, not to be taken for a collision (RFC 3550 8.2).
    rtp::set_ssrc(packet.mutable_bytes(), ~ssrc_);
    view = rtp::packet_view::parse(packet.bytes());
  }
  if (!view) {
    ++refused_;
    return rtp::make_error_code(view.error().code);
  }
  incoming* const with = find(view->payload_type());
  if (with == nullptr) {
    ++refused_;
    return errc::unknown_payload_type;
  }
  const std::uint32_t clock_rate = with->kind == payload_kind::event ? 0 : with->clock_rate;
  const auto sighting = session_.handle_rtp(now, *view, clock_rate, from);
  handle_session();
  if (!sighting) return errc::unknown_party;
  if (!may_hear(now, view->ssrc())) return errc::unknown_party;
  const bool first = !reception_;
  note_reception(view->ssrc());
  if (!sighting->usable()) return {};
  if (first) report(audio_event::heard{});
  if (with->kind == payload_kind::event) {
    const auto taken = with->keys->handle_packet(view->marker(), view->timestamp(), view->payload());
    report_keys(*with);
    if (!taken) {
      ++refused_;
      return rtp::make_error_code(taken.error().code);
    }
    return {};
  }
  for (incoming& each : incoming_) {
    if (!each.keys) continue;
    each.keys->handle_time(view->timestamp());
    report_keys(each);
  }
  if (!settings_.receives) return {};
  sound_packet sound{view->ssrc(), view->payload_type(), view->sequence_number(), view->timestamp(),
                     packet.slice(view->header_size(), view->payload().size())};
  const auto taken = buffer_.insert(now, std::move(sound));
  if (!taken) ++refused_;
  return taken;
}

void audio_stream::report_keys(incoming& from) {
  while (const auto press = from.keys->poll_event()) {
    const auto digit = press->event == rtp::flash_event ? std::optional('!') : rtp::digit_of(press->event);
    if (!digit) continue;
    const auto us = std::int64_t{press->duration} * 1'000'000 / from.clock_rate;
    report(audio_event::key_pressed{*digit, base::duration(us)});
  }
}

void audio_stream::report(const event& what) { std::ignore = events_.push(what); }

void audio_stream::handle_session() {
  while (const auto happened = session_.poll_event()) {
    if (const auto* const changed = std::get_if<rtp::session_event::ssrc_changed>(&*happened)) {
      if (changed->before == ssrc_) ssrc_ = changed->after;
    } else if (const auto* const told = std::get_if<rtp::session_event::reception_reported>(&*happened)) {
      if (told->block.ssrc == ssrc_) peer_report_ = told->block;
    } else if (const auto* const gone = std::get_if<rtp::session_event::source_left>(&*happened)) {
      if (gone->source == played_) report(audio_event::left{});
    }
  }
}

void audio_stream::handle_timeout(base::time_point now) {
  if (!running_) return;
  const std::uint32_t due = over_ ? 0 : clock_.handle_timeout(now);
  if (sender_ && clock_.skipped() != skipped_) {
    // The time went by all the same.
    timestamp_ += static_cast<std::uint32_t>((clock_.skipped() - skipped_) *
                                             (sender_->payload.format.clock_rate / 100));
    marker_ = true;
  }
  skipped_ = clock_.skipped();
  for (std::uint32_t i = 0; i < due; ++i) tick(now);
  if (now >= session_.poll_timeout()) session_.handle_timeout(now);
  handle_session();
}

base::time_point audio_stream::poll_timeout() const noexcept {
  if (!running_) return base::never;
  return std::min(clock_.poll_timeout(), session_.poll_timeout());
}

std::optional<stream_datagram> audio_stream::poll_transmit(base::time_point now, base::wall_time wall) {
  if (auto waiting = datagrams_.pop()) return waiting;
  if (!running_) return std::nullopt;
  std::array<std::byte, rtcp_bytes> out;
  const auto made = session_.poll_transmit(now, wall, out);
  if (!made || made->empty()) return std::nullopt;
  auto packet = pool_.copy(*made, 0, protecting_ ? protecting_->rtcp_overhead() : 0);
  if (!packet) return std::nullopt;
  if (protecting_ && !protecting_->protect_rtcp(*packet)) return std::nullopt;
  return stream_datagram{*std::move(packet), true};
}

audio_statistics audio_stream::statistics() const noexcept {
  audio_statistics is;
  is.sent = sent_;
  is.sent_bytes = sent_bytes_;
  is.refused = refused_;
  is.expected = expected_before_;
  is.received = received_before_;
  if (reception_) {
    is.expected += reception_->sequence().expected() - expected_of_old_;
    is.received += reception_->sequence().received() - received_of_old_;
    is.jitter = reception_->jitter_time();
    is.burst_ratio = reception_->losses().burst_ratio();
  }
  is.lost = is.expected - std::min(is.expected, is.received);
  const auto share = [](std::uint64_t part, std::uint64_t of) {
    return of == 0 ? 0.0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(of));
  };
  is.loss = share(is.lost, is.expected);
  const jitter_buffer_statistics buffer = buffer_.statistics();
  is.unplayed = buffer.late + buffer.discarded;
  is.delay = buffer.current_delay;
  is.concealed = share(buffer.concealed, buffer.pulled);
  is.round_trip = session_.round_trip();
  if (peer_report_) {
    is.peer_loss = share(static_cast<std::uint64_t>(std::max(peer_report_->cumulative_lost, 0)), sent_);
    const std::uint32_t clock_rate = sender_ ? sender_->payload.format.clock_rate : 8000;
    is.peer_jitter = base::duration(std::int64_t{peer_report_->jitter} * 1'000'000 / clock_rate);
  }
  if (is.expected != 0) {
    rtp::call_conditions heard;
    heard.codec = impairment_;
    heard.loss = share(is.lost + is.unplayed, is.expected);
    heard.burst_ratio = is.burst_ratio;
    heard.delay =
        rtp::mouth_to_ear_delay(is.round_trip.value_or(base::duration{}), settings_.packet_time, is.jitter);
    is.rating = rtp::transmission_rating(heard);
    is.opinion_score = rtp::opinion_score(is.rating);
  }
  return is;
}

}  // namespace parley::media
