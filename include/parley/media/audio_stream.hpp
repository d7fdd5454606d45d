#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/ring_queue.hpp>
#include <parley/base/time.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/audio_format.hpp>
#include <parley/media/comfort_noise.hpp>
#include <parley/media/jitter_buffer.hpp>
#include <parley/media/playout_clock.hpp>
#include <parley/media/resampler.hpp>
#include <parley/media/sound_io.hpp>
#include <parley/rtp/dtmf_receiver.hpp>
#include <parley/rtp/dtmf_sender.hpp>
#include <parley/rtp/quality.hpp>
#include <parley/rtp/session.hpp>
#include <parley/srtp/context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parley::media {

/// Bounds and manners of an `audio_stream`.
struct audio_stream_options {
  /// Of the sound on this side, in Hz: 8000, 16000 or 48000. Codecs of a higher rate are refused.
  std::uint32_t rate = 8000;
  encoder_options encoder{};
  jitter_buffer_options jitter{};
  std::string cname{};  ///< see `rtp::session_options`
  /// Where comfort noise is agreed on (RFC 3389), sound that is this quiet, in -dBov, isn't sent but
  /// described; 128 sends all.
  std::uint8_t silence_level = 70;
  std::uint16_t key_ms = 100;    ///< how long a key is pressed, at least one packet
  std::uint16_t pause_ms = 100;  ///< between two keys
};

/// A codec and its payload type.
struct audio_payload {
  std::uint8_t payload_type = 0;
  audio_format format{};

  friend bool operator==(const audio_payload&, const audio_payload&) = default;
};

/// The payload type of telephone-event or CN, and the clock rate of its timestamps.
struct auxiliary_payload {
  std::uint8_t payload_type = 0;
  std::uint32_t clock_rate = 8000;

  friend bool operator==(const auxiliary_payload&, const auxiliary_payload&) = default;
};

/// What the two ends have agreed on.
struct audio_stream_settings {
  std::optional<audio_payload> send{};   ///< none: nothing that we have a codec for
  std::vector<audio_payload> receive{};  ///< any of these may come
  std::vector<auxiliary_payload> send_events{};
  std::vector<auxiliary_payload> receive_events{};
  std::vector<auxiliary_payload> send_noise{};
  std::vector<auxiliary_payload> receive_noise{};
  bool sends = true;     ///< false: held by the peer, or by us
  bool receives = true;  ///< false: what comes is not heard
  /// Of sound in a packet that is sent: 10 to 60 ms in steps of 10. Where the codec has no such frames, 20.
  base::duration packet_time = std::chrono::milliseconds(20);

  friend bool operator==(const audio_stream_settings&, const audio_stream_settings&) = default;
};

/// The events of an `audio_stream`.
namespace audio_event {
/// The first packet of sound, or of an event, has come.
struct heard {};
/// The peer has pressed a key (RFC 4733): 0 to 9, *, #, A to D, or ! for a flash.
struct key_pressed {
  char key;
  base::duration duration;
};
/// None of `send_keys` waits any more; `all` is false where some can't be sent, as after a `configure`
/// without telephone-events, or after `leave`.
struct keys_sent {
  bool all;
};
/// The peer has left by RTCP BYE.
struct left {};
}  // namespace audio_event

/// How good a stream is. Counts are of its whole life.
struct audio_statistics {
  std::uint64_t sent = 0;        ///< RTP packets
  std::uint64_t sent_bytes = 0;  ///< of payload
  std::uint64_t received = 0;    ///< RTP packets that count
  std::uint64_t expected = 0;    ///< what the peer has sent, by its sequence numbers
  std::uint64_t lost = 0;        ///< the difference
  std::uint64_t unplayed = 0;    ///< came, but too late to be heard, or too many at once
  std::uint64_t refused = 0;     ///< packets with an unknown payload type, or that can't be read
  double loss = 0;               ///< 0 to 1, the share that was lost
  double burst_ratio = 1;        ///< see `rtp::loss_pattern`
  base::duration jitter{};       ///< of arrivals (RFC 3550 6.4.1)
  base::duration delay{};        ///< that the jitter buffer adds
  double concealed = 0;          ///< 0 to 1, the share of the sound that was made up
  std::optional<base::duration> round_trip{};
  std::optional<double> peer_loss{};  ///< the share that the peer has lost, by its last report
  std::optional<base::duration> peer_jitter{};
  double rating = 0;         ///< R of ITU-T G.107, of what is heard here; 0 where nothing was
  double opinion_score = 0;  ///< 1 to 4.5, of that; 0 where nothing was heard
};

/// A datagram to be sent.
struct stream_datagram {
  base::packet_buffer bytes;
  bool rtcp = false;  ///< goes to the address for RTCP, where that is another one
};

/// One RTP stream of sound each way (RFC 3550): what a telephone does between its microphone, its loudspeaker
/// and its socket.
///
///  state    input                    action                                                    next
///  idle     configure                joins the session, starts the clock                       running
///  running  configure                what changed is replaced, the rest goes on; a codec of    running
///                                    another clock rate sends with a new SSRC (RFC 7160 4.1)
///  running  RTP of sound             into the jitter buffer                                    running
///  running  RTP of telephone-event   event when the key is let go                              running
///  running  every 10 ms              10 ms from the jitter buffer to the sink, 10 ms from      running
///                                    the source; each full packet is encoded and sent
///  running  … while keys are sent    an event in the place of each packet (RFC 4733 2.5.1)     running
///  running  … where `sends` is off   nothing is sent, timestamps go on                         running
///  any      leave                    BYE                                                       over
///
/// The clock is that of `playout_clock`: after a delay of up to 100 ms packets are made up for, of a longer
/// one the timestamps tell. Of two SSRCs the one that was there first is heard, until it has been silent for
/// 100 ms or `configure` was called. RTP with our own SSRC is an echo, and heard as such.
///
/// *Ownership:* refers to the random source, the source and the sink, which live longer. Memory is bounded;
/// in the steady state nothing is allocated. All of it belongs to one shard.
class PARLEY_API audio_stream {
 public:
  using event =
      std::variant<audio_event::heard, audio_event::key_pressed, audio_event::keys_sent, audio_event::left>;

  /// How many keys may wait.
  static constexpr std::size_t max_keys = 64;

  /// *Errors:* `errc::unsupported_rate`.
  static base::result<std::unique_ptr<audio_stream>> create(const audio_stream_options& options,
                                                            base::random_source& random);
  audio_stream(const audio_stream&) = delete;
  audio_stream& operator=(const audio_stream&) = delete;
  ~audio_stream();

  const audio_stream_settings& settings() const noexcept { return settings_; }
  std::uint32_t rate() const noexcept { return options_.rate; }
  /// SSRC of what is sent; 0 before the first `configure`.
  std::uint32_t ssrc() const noexcept { return ssrc_; }
  audio_statistics statistics() const noexcept;
  /// Whether keys can go as telephone-events now: that is agreed on at the clock rate of the codec (RFC 4733
  /// 2.1), and we may send.
  bool can_send_keys() const noexcept { return event_type_.has_value() && settings_.sends; }

  /// Nothing stands for silence. Each frame comes at `rate()`.
  void set_source(sound_source* source) noexcept { source_ = source; }
  /// Nothing stands for a sink that nobody listens to.
  void set_sink(sound_sink* sink) noexcept { sink_ = sink; }
  /// From now on what is sent is SRTP (RFC 3711) under that, or RTP without. The roll-over counter goes on;
  /// SRTCP's index begins anew, so a context of the same keys must not be given twice.
  void set_protecting(std::optional<srtp::context> protecting);
  /// The same of what comes.
  void set_unprotecting(std::optional<srtp::context> unprotecting);

  /// What was agreed on, for the first time or anew. *Errors:* `errc::unsupported_rate`, those of
  /// `make_encoder` and `make_decoder`, `errc::bad_frame_length` for a packet time that is none,
  /// `errc::limit_reached`: what was agreed on before goes on.
  base::result<void> configure(base::time_point now, const audio_stream_settings& settings);

  /// Sends keys as telephone-events, behind those that wait: 0 to 9, *, #, A to D, and ! for a flash.
  /// *Errors:* `errc::bad_tone` for another, `errc::unknown_payload_type` where `can_send_keys` is false,
  /// `errc::limit_reached` beyond `max_keys`; nothing is sent then.
  base::result<void> send_keys(std::string_view keys);

  /// Ends with a BYE, which `poll_transmit` brings; sends and plays nothing more.
  void leave(base::time_point now);

  /// An RTP or RTCP datagram came; they are told apart as RFC 5761 4 has it. *Errors:* why it was not taken,
  /// of the rooms rtp, srtp and media; `errc::unknown_party` where it is of a source that is not heard: drop
  /// it.
  base::result<void> handle_packet(base::time_point now, base::packet_buffer packet,
                                   const std::optional<base::socket_address>& from = {});

  void handle_timeout(base::time_point now);
  base::time_point poll_timeout() const noexcept;

  /// The next datagram; call it after each `configure`, `leave` and `handle_*` until there is none. `wall` is
  /// the time of day at `now`.
  std::optional<stream_datagram> poll_transmit(base::time_point now, base::wall_time wall);

  std::optional<event> poll_event() { return events_.pop(); }

 private:
  enum class payload_kind : std::uint8_t { sound, noise, event };
  /// What comes with a payload type.
  struct incoming {
    std::uint8_t payload_type;
    payload_kind kind;
    std::uint32_t clock_rate;
    std::unique_ptr<rtp::dtmf_receiver> keys;  // of events
  };
  /// All that making a packet of sound takes.
  struct sender {
    std::unique_ptr<audio_encoder> encoder;
    std::optional<resampler> before;  // where the codec has another rate
    audio_payload payload;
    std::size_t length = 0;   // of a packet, samples of ours
    std::uint32_t ticks = 0;  // of a packet
    rtp::dtmf_sender keys{0};
  };

  audio_stream(const audio_stream_options& options, base::random_source& random);

  base::result<sender> make_sender(const audio_stream_settings& settings) const;
  base::result<std::unique_ptr<audio_decoder>> make_receiver(const audio_format& format) const;
  base::result<void> configure_receiving(const audio_stream_settings& settings);
  base::result<void> set_sender(sender made);
  incoming* find(std::uint8_t payload_type) noexcept;
  bool may_hear(base::time_point now, std::uint32_t ssrc) noexcept;
  void handle_session();
  void report_keys(incoming& from);
  void report(const event& what);
  void note_reception(std::uint32_t ssrc);

  void drop_keys();
  void tick(base::time_point now);
  bool send_key(base::time_point now);
  bool send_noise(base::time_point now);
  void send_sound(base::time_point now);
  void send(base::time_point now, std::uint8_t payload_type, bool marker, std::uint32_t timestamp,
            std::span<const std::byte> payload);

  audio_stream_options options_;
  rtp::session session_;
  base::buffer_pool pool_;
  base::ring_queue<stream_datagram> datagrams_;
  base::ring_queue<event> events_;
  audio_stream_settings settings_;
  bool running_ = false;
  bool over_ = false;
  sound_source* source_ = nullptr;
  sound_sink* sink_ = nullptr;
  std::optional<srtp::context> protecting_;
  std::optional<srtp::context> unprotecting_;
  playout_clock clock_;
  std::uint64_t skipped_ = 0;

  // What is sent.
  std::optional<sender> sender_;
  std::optional<std::uint8_t> event_type_;
  std::optional<std::uint8_t> noise_type_;
  std::uint32_t ssrc_ = 0;
  std::uint16_t sequence_ = 0;
  std::uint32_t timestamp_ = 0;
  bool marker_ = true;
  std::vector<std::int16_t> frame_;  // being filled
  std::size_t filled_ = 0;
  std::vector<std::int16_t> converted_;
  std::vector<std::byte> payload_;
  std::string keys_;
  bool key_sounds_ = false;
  unsigned pause_ = 0;  // packets until the next key
  noise_analyser analyser_;
  unsigned quiet_ = 0;  // packets that were
  std::uint64_t sent_ = 0;
  std::uint64_t sent_bytes_ = 0;

  // What is received.
  jitter_buffer buffer_;
  std::vector<incoming> incoming_;
  std::vector<std::uint8_t> buffered_types_;  // that the buffer knows
  std::vector<std::int16_t> heard_;
  std::optional<std::uint32_t> played_;
  base::time_point played_at_{};
  bool new_source_ = false;
  std::uint64_t refused_ = 0;
  std::optional<rtp::reception> reception_;  // of the source that is heard
  std::uint64_t expected_before_ = 0;        // of those before it
  std::uint64_t received_before_ = 0;
  std::uint64_t expected_of_old_ = 0;  // of its counts, from before it was heard
  std::uint64_t received_of_old_ = 0;
  rtp::codec_impairment impairment_ = rtp::impairment::g711_concealed;
  std::optional<rtp::report_block> peer_report_;
};

}  // namespace parley::media
