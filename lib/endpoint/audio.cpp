#include <parley/endpoint/audio.hpp>
#include <parley/endpoint/error.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/error.hpp>
#include <parley/net/audio_socket.hpp>
#include <parley/net/system_random.hpp>
#include <parley/srtp/sdes.hpp>

#include "endpoint/detail/sdes_contexts.hpp"
#include "endpoint/detail/sound_files.hpp"
#include "endpoint/detail/waiters.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace parley {
namespace {

using offer_answer::negotiated_format;
using offer_answer::negotiated_medium;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::string_view events = "telephone-event";
constexpr std::string_view noise = "CN";
constexpr std::uint8_t first_dynamic = 96;

/// The strongest first.
constexpr std::array suites{
    srtp::profile::aead_aes_256_gcm,        srtp::profile::aead_aes_128_gcm,
    srtp::profile::aes_256_cm_hmac_sha1_80, srtp::profile::aes_cm_128_hmac_sha1_80,
    srtp::profile::aes_cm_128_hmac_sha1_32,
};

/// RFC 3551 6.
std::optional<std::uint8_t> static_payload_type(const media::audio_format& format) {
  if (format.is("PCMU")) return 0;
  if (format.is("GSM")) return 3;
  if (format.is("PCMA")) return 8;
  if (format.is("G722")) return 9;
  return std::nullopt;
}

/// Formats of one medium, each with a payload type of its own.
class format_list {
 public:
  void add(const media::audio_format& format) {
    const std::uint8_t type = static_payload_type(format).value_or(next_);
    if (type == next_) ++next_;
    formats.push_back({.codec = format.rtpmap(type), .parameters = format.fmtp, .feedback = {}});
  }
  void add(std::string_view name, std::uint32_t clock_rate, std::string_view parameters) {
    const std::uint8_t type = name == noise && clock_rate == 8000 ? std::uint8_t{13} : next_++;
    formats.push_back({.codec = {type, std::string(name), clock_rate, 1},
                       .parameters = std::string(parameters),
                       .feedback = {}});
  }

  std::vector<sdp::rtp_format> formats;

 private:
  std::uint8_t next_ = first_dynamic;
};

/// What may be offered at that rate, in the order of `names`.
base::result<std::vector<media::audio_format>> choose_codecs(const std::vector<std::string>& names,
                                                             std::uint32_t rate) {
  const std::vector<media::audio_format> known = media::known_audio_formats();
  std::vector<media::audio_format> chosen;
  const auto fits = [rate](const media::audio_format& one) {
    return one.channels == 1 && (one.is("opus") || (one.sample_rate <= rate && rate % one.sample_rate == 0));
  };
  if (names.empty()) {
    std::copy_if(known.begin(), known.end(), std::back_inserter(chosen),
                 [&](const media::audio_format& one) { return fits(one) && !one.is("L16"); });
  }
  for (const std::string& name : names) {
    bool any = false;
    for (const media::audio_format& one : known) {
      if (!one.is(name)) continue;
      any = true;
      if (fits(one) && std::find(chosen.begin(), chosen.end(), one) == chosen.end()) chosen.push_back(one);
    }
    if (!any) return media::make_error_code(media::errc::unknown_codec);
  }
  if (chosen.empty()) return media::make_error_code(media::errc::unknown_codec);
  return chosen;
}

offer_answer::medium describe_sound(const audio_options& options,
                                    const std::vector<media::audio_format>& codecs) {
  offer_answer::medium made;
  format_list list;
  std::vector<std::uint32_t> clock_rates;
  for (const media::audio_format& one : codecs) {
    list.add(one);
    if (std::find(clock_rates.begin(), clock_rates.end(), one.clock_rate) == clock_rates.end())
      clock_rates.push_back(one.clock_rate);
  }
  // RFC 4733 2.1: an event has the clock of the sound that it stands in for.
  for (const std::uint32_t rate : clock_rates) {
    if (options.keys) list.add(events, rate, "0-16");
    if (options.comfort_noise && rate == options.stream.rate) list.add(noise, rate, {});
  }
  made.formats = std::move(list.formats);
  made.ptime = sdp::ptime{};
  made.ptime->microseconds = static_cast<std::uint32_t>(options.packet_time / microseconds(1));
  if (options.srtp == srtp_use::required) {
    made.protocol = "RTP/SAVP";
    made.keyings = {offer_answer::keying::sdes};
  } else if (options.srtp == srtp_use::offered) {
    made.keyings = {offer_answer::keying::sdes, offer_answer::keying::none};
  }
  return made;
}

/// The time of a packet that the peer wants, as we can make it.
base::duration packet_time_of(const negotiated_medium& agreed, base::duration own) {
  auto time = static_cast<std::uint64_t>(own / microseconds(1));
  if (agreed.ptime) time = agreed.ptime->microseconds;
  if (agreed.maxptime) time = std::min<std::uint64_t>(time, agreed.maxptime->microseconds);
  return milliseconds(std::clamp<std::uint64_t>(time / 10'000 * 10, 10, 60));
}

media::audio_stream_settings settings_of(const negotiated_medium& agreed, base::duration packet_time) {
  media::audio_stream_settings out;
  for (const negotiated_format& one : agreed.formats) {
    const media::auxiliary_payload sent{one.send.payload_type(), one.send.codec.clock_rate};
    const media::auxiliary_payload received{one.receive.payload_type(), one.receive.codec.clock_rate};
    if (one.send.is(events)) {
      out.send_events.push_back(sent);
      out.receive_events.push_back(received);
    } else if (one.send.is(noise)) {
      out.send_noise.push_back(sent);
      out.receive_noise.push_back(received);
    } else {
      const auto theirs = media::audio_format_of(one.send);
      const auto ours = media::audio_format_of(one.receive);
      if (theirs && !out.send) out.send = media::audio_payload{one.send.payload_type(), *theirs};
      if (ours) out.receive.push_back({one.receive.payload_type(), *ours});
    }
  }
  using sdp::direction;
  const bool both = agreed.direction == direction::sendrecv;
  out.sends = agreed.active && (both || agreed.direction == direction::sendonly);
  out.receives = agreed.active && (both || agreed.direction == direction::recvonly);
  out.packet_time = packet_time_of(agreed, packet_time);
  return out;
}

net::audio_peer peer_of(const negotiated_medium& agreed) {
  net::audio_peer out;
  out.rtcp_mux = agreed.rtcp_mux;
  out.anywhere = agreed.active && !agreed.rtp.socket();
  if (const auto rtp = agreed.rtp.socket()) out.rtp = *rtp;
  if (const auto rtcp = agreed.rtcp.socket()) out.rtcp = *rtcp;
  return out;
}

}  // namespace

struct audio::state {
  state(asio::any_io_executor on, const audio_options& wanted, offer_answer::medium sound)
      : executor(std::move(on)), options(wanted), described(std::move(sound)) {}

  void use_source(std::shared_ptr<media::sound_source> next) {
    if (socket) socket->set_source(next.get());
    source = std::move(next);
    if (playing) playing.complete(asio::error::operation_aborted);
  }
  void use_sink(std::shared_ptr<media::sound_sink> next) {
    if (socket) socket->set_sink(next.get());
    sink = std::move(next);
  }

  /// Hands on as many keys as the stream takes; false where there are none, or it takes none.
  bool send_more_keys() {
    const std::string part = keys_left.substr(0, media::audio_stream::max_keys);
    if (part.empty() || !socket->send_keys(part)) return false;
    keys_left.erase(0, part.size());
    return true;
  }

  /// Keys of our own for each suite, the same for as long as the call lasts.
  std::vector<sdp::crypto> own_keys() {
    std::vector<sdp::crypto> out;
    if (options.srtp == srtp_use::never) return out;
    net::system_random random;
    for (const srtp::profile one : suites) {
      const srtp::master_key key = srtp::generate_key(random, one);
      if (auto line = srtp::write_sdes(1, std::span(&key, 1))) out.push_back(*std::move(line));
    }
    return out;
  }

  /// Takes over the keys of an agreement, each way where they are others: one key must not begin twice.
  base::result<void> use_keys(const std::optional<offer_answer::sdes_keys>& next) {
    auto ours = detail::context_for(next ? &next->local : nullptr, keys ? &keys->local : nullptr,
                                    srtp::context::protecting);
    if (!ours) return ours.error();
    auto theirs = detail::context_for(next ? &next->remote : nullptr, keys ? &keys->remote : nullptr,
                                      srtp::context::unprotecting);
    if (!theirs) return theirs.error();
    if (ours->changed) socket->set_protecting(std::move(ours->context));
    if (theirs->changed) socket->set_unprotecting(std::move(theirs->context));
    keys = next;
    return {};
  }

  asio::any_io_executor executor;
  audio_options options;
  offer_answer::medium described;
  std::optional<offer_answer::sdes_keys> keys;
  std::optional<media::audio_format> codec;
  base::error_code error;
  std::shared_ptr<media::sound_source> source;
  std::shared_ptr<media::sound_sink> sink;
  std::shared_ptr<detail::recorded_file> recording;  // the sink, where it is one
  base::error_code recording_error;                  // of the last one that has ended
  std::weak_ptr<detail::played_file> played;         // the source, where it is one
  bool sending = false;
  detail::waiter<> playing;
  key_handler on_key;
  std::function<void(const base::error_code&)> keys_sent;
  std::string keys_left;  // more than the stream takes at once
  bool closed = false;
  // Refers to the source and the sink, so that it goes first.
  std::unique_ptr<net::audio_socket> socket;
};

audio::audio(std::unique_ptr<state> made) : state_(std::move(made)) {}
audio::~audio() = default;

base::result<std::shared_ptr<audio>> audio::make(const asio::any_io_executor& executor,
                                                 const audio_options& options) {
  const std::uint32_t rate = options.stream.rate;
  if (rate != 8000 && rate != 16000 && rate != 48000)
    return media::make_error_code(media::errc::unsupported_rate);
  const auto time = options.packet_time / milliseconds(1);
  if (time < 10 || time > 60 || time % 10 != 0) return media::make_error_code(media::errc::bad_frame_length);
  const auto codecs = choose_codecs(options.codecs, rate);
  if (!codecs) return codecs.error();
  return std::shared_ptr<audio>(
      new audio(std::make_unique<state>(executor, options, describe_sound(options, *codecs))));
}

std::uint32_t audio::rate() const noexcept { return state_->options.stream.rate; }
std::optional<media::audio_format> audio::codec() const { return state_->codec; }
const base::error_code& audio::error() const noexcept { return state_->error; }
media::audio_statistics audio::statistics() const noexcept {
  return state_->socket ? state_->socket->statistics() : media::audio_statistics{};
}

void audio::set_source(std::shared_ptr<media::sound_source> source) { state_->use_source(std::move(source)); }

void audio::set_sink(std::shared_ptr<media::sound_sink> sink) {
  std::ignore = stop_recording();
  state_->use_sink(std::move(sink));
}

void audio::start_play(const std::string& path, detail::completion<> done) {
  detail::waiter<> one(shared_from_this(), state_->executor, std::move(done));
  if (state_->closed) return one.complete(asio::error::operation_aborted);
  auto opened = detail::played_file::open(path, rate());
  if (!opened) return one.complete(opened.error());
  const std::shared_ptr<detail::played_file> file = *std::move(opened);
  file->on_end([weak = weak_from_this(), executor = state_->executor, ended = std::weak_ptr(file)] {
    asio::post(executor, [weak, ended] {
      const auto self = weak.lock();
      const auto played = ended.lock();
      if (!self || !played || self->state_->source != played || !self->state_->playing) return;
      self->state_->playing.complete(played->error());
    });
  });
  if (state_->sending) file->begin();
  state_->use_source(file);
  state_->played = file;
  state_->playing = std::move(one);
  state_->playing.on_cancel([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->state_->playing) self->state_->playing.complete(asio::error::operation_aborted);
  });
}

base::result<void> audio::record(const std::string& path) {
  std::ignore = stop_recording();
  auto begun = detail::recorded_file::create(path, rate());
  if (!begun) return begun.error();
  state_->recording_error = {};
  state_->recording = *std::move(begun);
  state_->use_sink(state_->recording);
  return {};
}

base::result<void> audio::stop_recording() {
  if (const auto ended = std::exchange(state_->recording, nullptr)) {
    state_->use_sink(nullptr);
    if (const auto done = ended->finish(); !done) state_->recording_error = done.error();
  }
  if (state_->recording_error) return state_->recording_error;
  return {};
}

std::vector<offer_answer::medium> audio::describe() { return {state_->described}; }

base::result<offer_answer::local_transport> audio::open(std::size_t, const base::ip_address& local) {
  auto made = net::audio_socket::open(state_->executor, local, state_->options.stream);
  if (!made) return made.error();
  state_->socket = *std::move(made);
  state_->keys.reset();
  state_->socket->set_source(state_->source.get());
  state_->socket->set_sink(state_->sink.get());
  state_->socket->on_event([weak = weak_from_this()](const media::audio_stream::event& event) {
    const auto self = weak.lock();
    if (!self) return;
    if (const auto* const key = std::get_if<media::audio_event::key_pressed>(&event)) {
      if (const auto told = self->state_->on_key) told(key->key, key->duration);
    } else if (const auto* const sent = std::get_if<media::audio_event::keys_sent>(&event)) {
      if (sent->all && self->state_->send_more_keys()) return;
      const auto done = std::exchange(self->state_->keys_sent, nullptr);
      if (done)
        done(sent->all && self->state_->keys_left.empty() ? base::error_code()
                                                          : make_error_code(errc::not_now));
    }
  });
  offer_answer::local_transport out;
  out.rtp = {local, state_->socket->local_rtp().port};
  out.keys = state_->own_keys();
  return out;
}

void audio::apply(std::span<const negotiated_medium> agreed) {
  const auto ours = std::find_if(agreed.begin(), agreed.end(),
                                 [](const negotiated_medium& one) { return one.id.has_value(); });
  if (ours == agreed.end() || !state_->socket || state_->closed) return;
  const media::audio_stream_settings settings = settings_of(*ours, state_->options.packet_time);
  const auto done = [&]() -> base::result<void> {
    if (ours->active) {
      if (auto set = state_->use_keys(ours->sdes); !set) return set;
    }
    return state_->socket->configure(settings, peer_of(*ours));
  }();
  state_->error = done ? base::error_code() : done.error();
  if (!done) return;
  state_->codec = settings.send ? std::optional(settings.send->format) : std::nullopt;
  state_->sending = settings.send.has_value() && settings.sends;
  if (const auto waiting = state_->played.lock(); waiting && state_->sending) waiting->begin();
}

void audio::close() {
  if (std::exchange(state_->closed, true)) return;
  if (state_->socket) state_->socket->close();
  std::ignore = stop_recording();
  if (state_->playing) state_->playing.complete(asio::error::operation_aborted);
  state_->on_key = nullptr;
  state_->keys_sent = nullptr;
}

void audio::on_key(const key_handler& told) { state_->on_key = told; }

bool audio::can_send_keys() const noexcept { return state_->socket && state_->socket->can_send_keys(); }

void audio::send_keys(const std::string& keys, const std::function<void(const base::error_code&)>& done) {
  state_->keys_left = keys;
  if (state_->socket && state_->send_more_keys()) {
    state_->keys_sent = done;
  } else {
    asio::post(state_->executor, [done] { done(errc::not_now); });
  }
}

}  // namespace parley
