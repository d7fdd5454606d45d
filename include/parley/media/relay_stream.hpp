#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/audio_format.hpp>
#include <parley/media/event_sounder.hpp>
#include <parley/media/sound_listener.hpp>
#include <parley/media/transcoder.hpp>
#include <parley/rtp/packet.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parley::media {

/// From one audio format to another on the way through.
struct transcoding {
  audio_format from;
  audio_format to;
  friend bool operator==(const transcoding&, const transcoding&) = default;
};

/// Telephone-events as the other side's peer knows them.
struct events_sent {
  std::uint8_t payload_type = 0;
  std::uint32_t clock_rate = 8000;
  friend bool operator==(const events_sent&, const events_sent&) = default;
};

/// What becomes of packets of one payload type that the peer of a side sends.
struct payload_rule {
  std::uint8_t received = 0;  ///< as this side's peer sends it
  std::uint8_t sent = 0;      ///< as the other side's peer knows it
  std::uint32_t clock_rate = 8000;
  std::uint32_t sent_clock_rate = 0;  ///< as the other side's peer counts; 0: the same
  bool events = false;                ///< these are telephone-events (RFC 4733)
  bool noise = false;                 ///< this is comfort noise (RFC 3389), which is not transcoded
  bool into_sound = false;            ///< these events become part of the sound that is transcoded
  std::optional<transcoding> transcode{};
  bool listens = false;                 ///< digits are looked for in this sound, which is transcoded
  std::optional<events_sent> digits{};  ///< and these are sent in their place; needs `listens`
};

/// What packets of the relay's own begin with where nothing was sent before them: random numbers (RFC
/// 3550 5.1).
struct own_source {
  std::uint32_t ssrc = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
};

/// What one side of a relayed medium sends, on its way to the other: payload types are renumbered, and
/// sound is transcoded.
///
/// Until a rule transcodes, packets keep their numbers. From then on the numbers are the stream's own, so
/// that what the other side hears goes on without a jump when transcoding begins, ends or changes:
///
///  packet                           sequence number        timestamp
///  transcoded                       the next one           by the transcoder, from where the last has ended
///  event, noise beside transcoded   the next one           its place on that timeline; of one event one
///  passes as it is                  moved by what is       moved as far as the first that passed
///                                   missing or too many
///  of another SSRC                  as above, going on     its own
///
/// Where sound is transcoded, digits can change between events and sound. What changes keeps its place, and
/// the numbers of the stream go on:
///
///  packet                          becomes
///  an event that is `into_sound`   its tone (`event_sounder`), in place of the source's sound
///  sound with `digits`             as long as a digit is heard in it, packets of one event in its place
///
/// A digit is known after about 40 ms, which have gone by as sound. The two packets that repeat the end of
/// its event come beside the sound (RFC 4733 2.5.1.4).
///
/// An event that is `into_sound` and comes before any sound, with another clock, has no place and is dropped.
///
/// A packet that is transcoded and comes after its successor is lost (`transcoder_counters::late`); what
/// passes stays out of order. Contributing sources and header extensions end at a transcoder.
///
/// The relay may send packets of its own instead, from `begin_own` to `end_own`: under the SSRC and the
/// numbers of the stream. What the source sends meanwhile is dropped; then it goes on, its numbers moved:
///
///  the source's first packet behind them            timestamp
///  has its place behind the last one, up to 10 s    its place
///  has its place up to 250 ms before                it is dropped, as all that was said meanwhile
///  else: the source has set its clock               where the relay's own packets have ended
///  is an event without a place behind them          it is dropped: its beginning was not heard
///
/// *Ownership:* keeps no packet. Nothing allocates but `plan`.
class PARLEY_API relay_stream {
 public:
  /// What a payload type becomes.
  struct fate {
    bool passes = true;
    bool events = false;
    bool noise = false;
    std::uint8_t sent = 0;
    std::uint32_t clock_rate = default_clock_rate;
    std::uint32_t sent_clock_rate = default_clock_rate;
    bool into_sound = false;
    bool listens = false;
    transcoder* sound = nullptr;  ///< for what is transcoded
    std::uint16_t packet_time = 0;
    std::optional<events_sent> digits{};
  };

  /// Of nearly all payload types that have no rule to say otherwise (RFC 3551 6).
  static constexpr std::uint32_t default_clock_rate = 8000;
  /// The longest payload that is made; where sound is more, packets hold less than 20 ms of it.
  static constexpr std::size_t max_payload = 1400;

  relay_stream();
  relay_stream(const relay_stream&) = delete;
  relay_stream& operator=(const relay_stream&) = delete;
  ~relay_stream() = default;

  /// Takes over what becomes of each payload type: without rules all pass as they are, with some those
  /// without one are dropped. Transcoders that are planned as before go on. *Errors:* those of
  /// `transcoder::create`; nothing has changed.
  base::result<void> plan(std::span<const payload_rule> rules);

  const fate& of(std::uint8_t payload_type) const noexcept { return fates_[payload_type & 0x7FU]; }

  /// Makes of a packet what is to be sent. False where that is nothing: the packet is dropped, or becomes
  /// part of a later one. `view` is of `packet`, which has one handle, and tailroom for what it becomes;
  /// its payload type has a rule.
  bool handle_packet(base::packet_buffer& packet, const rtp::packet_view& view);

  /// Writes a packet more of the sound that came in, where one is ready: call it after `handle_packet`
  /// until it is false. `out` is the only handle to its block, and has room for `max_payload` and a header.
  bool poll_transmit(base::packet_buffer& out);

  /// The next digit that was heard in sound and is over, once each; few may wait. Nothing is listened to any
  /// more once the source has sent an event.
  std::optional<heard_digit> poll_digit() noexcept { return listener_.poll_digit(); }

  /// Digits that are heard are left out, with their sound, and no events are sent in the place of it.
  void block_digits(bool blocked) noexcept { digits_blocked_ = blocked; }

  /// True while the last sound that came is transcoded.
  bool transcodes() const noexcept { return sounding_.sound != nullptr; }

  /// From now on packets of the relay's own are sent, with timestamps of that clock. Returns the first of
  /// them, `elapsed` after `last_timestamp` was first sent, or after `end_own` if that was later.
  std::uint32_t begin_own(const own_source& fresh, std::uint32_t clock_rate, base::duration elapsed) noexcept;
  /// Writes the header of such a packet: `out` is what `write_own` needs before its payload, and that.
  void write_own(base::packet_buffer& out, std::uint8_t payload_type, bool marker,
                 std::uint32_t timestamp) noexcept;
  /// From that timestamp on theirs are of another clock.
  void change_own_clock(std::uint32_t timestamp, std::uint32_t clock_rate) noexcept;
  /// The next timestamp, of that clock, would have been this; the source goes on there.
  void end_own(std::uint32_t timestamp, std::uint32_t clock_rate) noexcept;
  bool sends_own() const noexcept { return own_; }

  /// Of what was sent last; 0 before.
  std::uint32_t ssrc() const noexcept { return ssrc_; }
  std::uint32_t last_timestamp() const noexcept { return last_timestamp_; }
  std::uint32_t clock_rate() const noexcept { return started_ ? rate_out_ : 0; }

  /// Has the sender reports of a compound packet of this stream's source speak of what was sent (RFC 3550
  /// 6.4.1, 7.2): the time on the timeline of that, packets and octets, those of the relay's own, too. While
  /// these are sent, and until the source goes on, the time is on theirs. The packet has passed
  /// `rtp::compound_view::parse`; what hasn't is left as it is.
  void rewrite_sender_reports(std::span<std::byte> compound) const noexcept;
  /// Has what the other side reports of this stream speak of the numbers and the clock of its source. Losses
  /// stay those of the packets that were sent.
  void rewrite_receiver_reports(std::span<std::byte> compound) const noexcept;

  /// Sums over all transcoders that there were.
  transcoder_counters counters() const noexcept;

 private:
  struct made {
    transcoding formats;
    transcoder machine;
    std::uint16_t packet_time;
  };

  static base::result<made> make(const transcoding& formats);
  void begin(const rtp::packet_view& first) noexcept;
  void rebase(std::uint32_t timestamp, std::uint32_t rate_in, std::uint32_t rate_out) noexcept;
  void follow(std::uint32_t timestamp) noexcept;
  std::uint32_t place_of(std::uint32_t timestamp) const noexcept;
  void pass_over(const rtp::packet_view& view) noexcept;
  bool resume(const fate& as, const rtp::packet_view& view) noexcept;
  bool transcode(const fate& as, base::packet_buffer& packet, const rtp::packet_view& view);
  void enter(const fate& as) noexcept;
  void leave() noexcept;
  void heed_event() noexcept;
  bool sound_events(const fate& as, base::packet_buffer& packet, const rtp::packet_view& view);
  bool hold_key(const fate& as, const rtp::packet_view& view) noexcept;
  bool sound_key();
  void listen() noexcept;
  bool write_digit(base::packet_buffer& out, std::uint32_t last_timestamp);
  bool pass_beside(const fate& as, base::packet_buffer& packet, const rtp::packet_view& view) noexcept;
  bool pass(const fate& as, base::packet_buffer& packet, const rtp::packet_view& view) noexcept;
  void sent(const base::packet_buffer& packet, std::size_t header) noexcept;

  std::array<fate, 128> fates_{};
  std::vector<std::unique_ptr<made>> transcoders_;
  transcoder_counters before_;  // of transcoders that are gone

  bool rewrites_ = false;
  bool started_ = false;
  std::uint32_t ssrc_ = 0;
  std::uint16_t last_received_ = 0;
  std::uint16_t next_sequence_ = 0;
  std::uint32_t last_timestamp_ = 0;  // sent
  std::uint32_t last_step_ = 0;       // from the timestamp before it, where that was a packet's length
  std::uint32_t packets_ = 0;         // sent of this SSRC, and their payloads
  std::uint32_t octets_ = 0;

  // The timeline: what was received at base_in_ is sent as of base_out_.
  std::uint32_t base_in_ = 0;
  std::uint32_t base_out_ = 0;
  std::uint32_t rate_in_ = default_clock_rate;
  std::uint32_t rate_out_ = default_clock_rate;

  fate sounding_;             // of the last sound, where it is transcoded: else without a transcoder
  bool moved_ = false;        // the transcoder's next frame is to be placed
  std::uint32_t placed_ = 0;  // what its timestamps are moved by

  // Digits on their way from events into sound, and back.
  std::optional<event_sounder> sounder_;
  fate first_sound_;  // what is begun with where an event comes before any sound
  sound_listener listener_;
  bool digits_blocked_ = false;
  bool heard_event_ = false;        // from the source: its sound is not listened to
  std::vector<std::int16_t> tone_;  // 20 ms, all channels

  bool passing_ = false;  // packets pass, with numbers moved by delta_, from first_passed_ on
  std::uint16_t delta_ = 0;
  std::uint16_t first_passed_ = 0;

  bool own_ = false;      // packets of the relay's own are sent
  bool resumes_ = false;  // they were, and none of the source's has been since
  bool marked_ = false;   // the next one that passes begins a talkspurt
  std::uint32_t own_end_ = 0;
  // Their timeline: what has the place own_from_ on that of the source is sent as of own_place_.
  std::uint32_t own_from_ = 0;
  std::uint32_t own_place_ = 0;
  std::uint32_t own_rate_ = default_clock_rate;

  bool in_event_ = false;
  std::uint32_t event_in_ = 0;
  std::uint32_t event_out_ = 0;
};

}  // namespace parley::media
