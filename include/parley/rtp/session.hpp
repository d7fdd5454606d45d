#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/ring_queue.hpp>
#include <parley/base/time.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/round_trip.hpp>
#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_bye.hpp>
#include <parley/rtp/rtcp_feedback.hpp>
#include <parley/rtp/rtcp_schedule.hpp>
#include <parley/rtp/rtcp_sdes.hpp>
#include <parley/rtp/rtcp_xr.hpp>
#include <parley/rtp/sender_statistics.hpp>
#include <parley/rtp/source_table.hpp>
#include <parley/rtp/transport_feedback.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parley::rtp {

/// How a session behaves, and its bounds.
struct session_options {
  rtcp_schedule_options schedule{};
  /// The name that all sources of ours share (RFC 3550 6.5.1), at most 255 bytes; where it is empty, one of
  /// 96 random bits is made (RFC 7022 4.2).
  std::string cname{};
  /// How many sources of others are kept; see `source_table`.
  std::size_t max_sources = 64;
  /// How many sources we may have ourselves (RFC 8108).
  std::size_t max_local_sources = 8;
  std::size_t max_events = 64;
  /// Packets in a row until a source counts (RFC 3550 A.1).
  std::uint8_t probation = sequence_tracker::default_probation;
  /// RTCP need not be compound, where both ends have agreed (RFC 5506): feedback goes without a report.
  bool reduced_size = false;
  /// While we send no RTP, ask for the round trip by an extended report (RFC 3611 4.4).
  bool reference_time = false;
  /// Send transport-wide feedback; tell `handle_rtp` the numbers.
  std::optional<transport_feedback_options> transport_wide{};
};

/// The events of a `session`. A source of another participant is `source`, one of ours `local`.
namespace session_event {
/// The time to that participant and back, by its answer to a report.
struct round_trip_measured {
  std::uint32_t source;
  base::duration round_trip;
};
/// What that participant says of a source of ours.
struct reception_reported {
  std::uint32_t source;
  report_block block;
};
/// It has said BYE.
struct source_left {
  std::uint32_t source;
};
/// It was silent for five intervals (RFC 3550 6.3.5).
struct source_timed_out {
  std::uint32_t source;
};
/// Somebody else uses the SSRC `before`; from now on yours is `after`: put that into what you send (RFC 3550
/// 8.2).
struct ssrc_changed {
  std::uint32_t before;
  std::uint32_t after;
};
/// These packets of ours got lost (RFC 4585 6.2.1). One event an entry.
struct retransmission_requested {
  std::uint32_t local;
  nack_entry packets;
};
/// PLI or FIR: a key frame is wanted. A FIR that repeats the last one makes no event.
struct key_frame_requested {
  std::uint32_t local;
  bool full_intra;
};
/// REMB: what the other end takes the path for, in bits a second.
struct bitrate_estimated {
  std::uint64_t bitrate;
};
}  // namespace session_event

/// One RTP session (RFC 3550): who is in it, what is received and sent, RTCP in and out.
///
///  input                              action
///  RTP of a new source                on probation; a member once it passes (6.2.1)
///  RTCP with a CNAME                  a member
///  BYE                                event, forgotten with the next report; the others' interval shrinks
///  (6.3.4) silence of five intervals          event, forgotten (6.3.5) our SSRC from another address BYE, a
///  new SSRC, event (8.2) our SSRC from there again          a loop: ignored a source from a second address
///  ignored while the first is heard (8.2) timer                              a report, feedback or BYE when
///  `rtcp_schedule` says so leave                              BYE, after a back-off in large groups (6.3.7)
///
/// Contributing sources are not counted as members. Addresses are compared only where the driver gives them;
/// with SRTP or ICE it need not.
///
/// *Ownership:* refers to the random source, which lives longer. Memory is bounded by the options.
class PARLEY_API session {
 public:
  using event = std::variant<session_event::round_trip_measured, session_event::reception_reported,
                             session_event::source_left, session_event::source_timed_out,
                             session_event::ssrc_changed, session_event::retransmission_requested,
                             session_event::key_frame_requested, session_event::bitrate_estimated>;

  session(const session_options& options, base::random_source& random);

  const std::string& cname() const noexcept { return options_.cname; }
  const source_table& sources() const noexcept { return sources_; }
  const rtcp_schedule& schedule() const noexcept { return schedule_; }
  /// Packets that were ignored as looped, of a second address, or of a source without a place in the table.
  std::uint64_t ignored() const noexcept { return ignored_; }
  /// Events that found the queue full.
  std::uint64_t lost_events() const noexcept { return lost_events_; }
  /// The round trip that was measured last, to whichever participant; none before the first.
  std::optional<base::duration> round_trip() const noexcept { return round_trip_; }

  /// A source of ours, with a random SSRC that it returns. *Errors:* `base::errc::limit_reached`.
  base::result<std::uint32_t> add_source(std::uint32_t clock_rate);
  /// The statistics of a source of ours; nullptr where `ssrc` is none.
  const sender_statistics* local(std::uint32_t ssrc) const noexcept;
  /// Ends a source of ours with a BYE; the others go on. The last one goes with `leave`.
  void remove_source(std::uint32_t ssrc);

  /// Joins; at least one source has been added.
  void start(base::time_point now) noexcept;
  /// Leaves with a BYE. `reason` is for humans, cut after 255 bytes.
  void leave(base::time_point now, std::string_view reason = {});

  /// Commands of feedback go with the next packet that the schedule allows; the answer is what becomes of
  /// them (RFC 4585 3.5.2): of what is `dropped` nothing is sent. Without AVPF all is.
  rtcp_schedule::feedback_fate request_retransmission(base::time_point now, std::uint32_t source,
                                                      std::span<const std::uint16_t> lost);
  rtcp_schedule::feedback_fate request_key_frame(base::time_point now, std::uint32_t source,
                                                 bool full_intra = false);
  rtcp_schedule::feedback_fate report_bitrate(base::time_point now, std::uint64_t bitrate);

  /// Goes with the next regular report, once (RFC 3611 4.7).
  void set_voip_metrics(const voip_metrics& metrics) { voip_metrics_ = metrics; }

  /// An RTP packet of ours left.
  void handle_sent(base::time_point now, std::uint32_t ssrc, std::uint32_t timestamp,
                   std::size_t payload_bytes);

  /// RTP came. `clock_rate` is that of its payload type; 0 for telephone-events, whose timestamps are not of
  /// when they were sent (RFC 4733 2.1), so that they say nothing of the jitter. None where the packet is to
  /// be ignored; else what the sequence number says of it.
  std::optional<sequence_tracker::sighting> handle_rtp(
      base::time_point now, const packet_view& packet, std::uint32_t clock_rate,
      const std::optional<base::socket_address>& from = {},
      const std::optional<std::uint16_t>& transport_wide = {});

  /// RTCP came. Packets within that are wrong by themselves are passed over. *Errors:* the rule that the
  /// datagram breaks; it was dropped. Transport-wide feedback is the caller's to give to a
  /// `bandwidth_estimator`: it knows what it has sent.
  parsed<compound_view> handle_rtcp(base::time_point now, std::span<const std::byte> datagram,
                                    const std::optional<base::socket_address>& from = {});

  void handle_timeout(base::time_point now);
  base::time_point poll_timeout() const noexcept;

  /// The next RTCP datagram, empty where there is none; call it after each command and `handle_*` until then.
  /// `wall` is the time of day at `now`. `out` holds a datagram, 1200 bytes are right for most paths.
  /// *Errors:* `errc::no_space` where not even a report without blocks fits; nothing changed.
  base::result<std::span<const std::byte>> poll_transmit(base::time_point now, base::wall_time wall,
                                                         std::span<std::byte> out);

  std::optional<event> poll_event() { return events_.pop(); }

 private:
  struct local_source {
    sender_statistics statistics;
    std::uint32_t clock_rate;
    bool sends = false;
  };
  struct conflict {
    base::socket_address from;
    base::time_point at;
  };
  struct lost_packet {
    std::uint32_t source;
    std::uint16_t sequence;
  };
  struct key_frame {
    std::uint32_t source;
    bool full_intra;
  };

  /// The number of the last FIR of a source for one of ours.
  struct intra_seen {
    std::uint32_t source;
    std::uint32_t local;
    std::uint8_t number;
  };

  std::uint32_t new_ssrc() noexcept;
  local_source* find_local(std::uint32_t ssrc) noexcept;
  void push(const event& e);
  void recount(base::time_point now) noexcept;
  void expire(base::time_point now);
  bool conflicts(base::time_point now, std::uint32_t ssrc, const std::optional<base::socket_address>& from);
  bool wrong_address(base::time_point now, const std::optional<base::socket_address>& saved,
                     base::time_point heard, const std::optional<base::socket_address>& from) noexcept;
  remote_source* admit_rtcp(base::time_point now, std::uint32_t ssrc,
                            const std::optional<base::socket_address>& from);
  void handle_block(base::time_point now, std::uint32_t source, const report_block& block);
  void handle_description(base::time_point now, const source_description& description,
                          const std::optional<base::socket_address>& from);
  void handle_goodbye(base::time_point now, const bye& goodbye);
  void handle_extended(base::time_point now, const extended_report& report);
  void handle_feedback(const rtcp_packet& packet);
  void suppress() noexcept;
  bool feedback_waits() const noexcept;

  void add_reports(compound_writer& out, base::time_point now, base::wall_time wall,
                   std::span<const local_source> from, std::size_t most_blocks);
  void add_descriptions(compound_writer& out, std::span<const std::uint32_t> of) const noexcept;
  void add_extended(compound_writer& out, base::time_point now, base::wall_time wall);
  void add_feedback(compound_writer& out, base::time_point now);

  session_options options_;
  base::random_source* random_;
  rtcp_schedule schedule_;
  source_table sources_;
  std::vector<local_source> local_;
  std::vector<conflict> conflicts_;
  std::vector<std::uint32_t> byes_;  // sources of ours that are no more, to be said
  std::vector<lost_packet> lost_;
  std::vector<key_frame> key_frames_;
  std::vector<intra_seen> intra_seen_;
  std::optional<std::uint64_t> bitrate_;
  std::optional<voip_metrics> voip_metrics_;
  std::optional<transport_feedback> transport_feedback_;
  sent_reports sent_reports_;
  base::ring_queue<event> events_;
  std::optional<base::duration> round_trip_;
  std::string reason_;
  std::uint64_t ignored_ = 0;
  std::uint64_t lost_events_ = 0;
  std::uint32_t next_block_ = 0;  // reports go on with the sources from there
  rtcp_schedule::due due_ = rtcp_schedule::due::nothing;
  bool transport_wide_waits_ = false;
};

}  // namespace parley::rtp
