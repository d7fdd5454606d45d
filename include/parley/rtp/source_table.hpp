#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/rtp/reception.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::rtp {

/// A source of another participant.
struct remote_source {
  explicit remote_source(reception r) noexcept : received(r) {}

  reception received;
  /// Where its RTP and its RTCP come from, where the driver says so.
  std::optional<base::socket_address> rtp_from;
  std::optional<base::socket_address> rtcp_from;
  base::time_point heard{};  ///< RTP or RTCP
  base::time_point rtp_heard{};
  base::time_point last_rr_at{};
  std::uint32_t last_rr = 0;  ///< of its last XR with a reference time, 0 for none (RFC 3611 4.4)
  std::string cname;          ///< at most 255 bytes, as the other end wrote it
  std::uint8_t intra_requests = 0;
  /// RFC 3550 6.2.1: it has passed its probation, or has said its CNAME. Only members count.
  bool member = false;
  bool sends = false;  ///< RTP, during the last two intervals
  bool left = false;   ///< has said BYE
};

/// The sources of other participants, at most `max_sources` of them. Where it is full, a new one takes the
/// place of the one that proved least: who is no member before members, who sends no RTP before who does, and
/// of these the one that was silent the longest. Members who send are never displaced, so inventing sources
/// gains nothing against them.
///
/// *Ownership:* owns the sources; a pointer is good until its source is erased or displaced.
class PARLEY_API source_table {
 public:
  explicit source_table(std::size_t max_sources) noexcept : max_sources_(max_sources) {}

  std::size_t size() const noexcept { return sources_.size(); }
  std::size_t members() const noexcept;
  std::size_t senders() const noexcept;
  /// By ascending SSRC.
  const std::vector<std::unique_ptr<remote_source>>& all() const noexcept { return sources_; }

  remote_source* find(std::uint32_t ssrc) const noexcept;

  /// The source, made if need be; nullptr where all places are taken by members who send.
  remote_source* find_or_add(base::time_point now, std::uint32_t ssrc, std::uint32_t clock_rate,
                             std::uint8_t probation);

  /// Erases the sources for which `gone(const remote_source&)` is true.
  template <class Predicate>
  void erase_if(Predicate gone) {
    std::erase_if(sources_, [&](const std::unique_ptr<remote_source>& s) { return gone(*s); });
  }

 private:
  std::size_t place(std::uint32_t ssrc) const noexcept;
  bool make_room() noexcept;

  std::size_t max_sources_;
  std::vector<std::unique_ptr<remote_source>> sources_;
};

}  // namespace parley::rtp
