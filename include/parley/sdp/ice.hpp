#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sdp/error.hpp>
#include <parley/sdp/typed_line.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::sdp {

/// How a candidate was found (RFC 8839 5.1).
enum class candidate_type : std::uint8_t { host, srflx, prflx, relay };

/// Which end opens a TCP connection; `so` is both at once (RFC 6544 4.5).
enum class tcp_type : std::uint8_t { active, passive, so };

/// An address that a candidate was made from, or that was chosen.
struct candidate_address {
  std::string address;  ///< also a name, as the .local ones that hide addresses (RFC 8839 5.1)
  std::uint16_t port = 0;

  friend bool operator==(const candidate_address&, const candidate_address&) = default;
};

/// a=candidate: an address that may be reached (RFC 8839 5.1).
struct PARLEY_API candidate {
  static constexpr std::string_view name = "candidate";

  std::string foundation;
  std::uint16_t component = 1;  ///< 1 RTP, or all where multiplexed; 2 RTCP
  std::string transport;        ///< "udp" or "tcp" in any case; leave others out
  std::uint32_t priority = 0;
  candidate_address at;
  candidate_type type = candidate_type::host;
  std::optional<candidate_address> related;  ///< raddr and rport
  std::optional<tcp_type> tcp;
  std::vector<std::pair<std::string, std::string>> extensions;  ///< others, as "generation" and "0"

  bool is_udp() const noexcept;
  bool is_tcp() const noexcept;

  /// *Errors:* `base::errc::invalid_address`: it is a name. Look it up (RFC 8828 for .local), or leave the
  /// candidate out.
  base::result<base::ip_address> ip() const noexcept { return base::ip_address::from_string(at.address); }

  /// *Errors:* `bad_candidate_type` for a type of the future; leave the candidate out (RFC 8839 5.1).
  static parsed<candidate> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const candidate&, const candidate&) = default;
};

/// a=remote-candidates: what the controlling agent chose, one for each component (RFC 8839 5.2).
struct PARLEY_API remote_candidates {
  static constexpr std::string_view name = "remote-candidates";

  /// A component and its address.
  struct entry {
    std::uint16_t component = 1;
    candidate_address at;

    friend bool operator==(const entry&, const entry&) = default;
  };
  std::vector<entry> entries;

  static parsed<remote_candidates> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const remote_candidates&, const remote_candidates&) = default;
};

/// a=ice-ufrag: who an agent is, 4 to 256 characters (RFC 8839 5.4). A new one restarts ICE.
struct PARLEY_API ice_ufrag {
  static constexpr std::string_view name = "ice-ufrag";
  static constexpr bool inherited = true;

  std::string value;

  static parsed<ice_ufrag> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ice_ufrag&, const ice_ufrag&) = default;
};

/// a=ice-pwd: what an agent's checks are signed with, 22 to 256 characters (RFC 8839 5.4).
struct PARLEY_API ice_pwd {
  static constexpr std::string_view name = "ice-pwd";
  static constexpr bool inherited = true;

  std::string value;

  static parsed<ice_pwd> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ice_pwd&, const ice_pwd&) = default;
};

/// a=ice-options: extensions that an agent knows, as "trickle" (RFC 8839 5.6).
struct PARLEY_API ice_options {
  static constexpr std::string_view name = "ice-options";
  static constexpr bool inherited = true;

  std::vector<std::string> tags;

  /// Whether `tag` is among them.
  bool contains(std::string_view tag) const noexcept;

  static parsed<ice_options> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ice_options&, const ice_options&) = default;
};

/// a=ice-pacing: the time between checks, in milliseconds (RFC 8839 5.5). The larger of both agents' counts.
struct PARLEY_API ice_pacing {
  static constexpr std::string_view name = "ice-pacing";
  static constexpr bool inherited = true;

  std::uint32_t milliseconds = 50;

  static parsed<ice_pacing> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ice_pacing&, const ice_pacing&) = default;
};

/// a=ice-lite: an agent that only answers checks; of the session (RFC 8839 5.3).
using ice_lite = flag<"ice-lite">;
/// a=ice-mismatch: the default address was none of the candidates, so ICE isn't used (RFC 8839 5.3).
using ice_mismatch = flag<"ice-mismatch">;
/// a=end-of-candidates: no more will be trickled (RFC 8840 8.2).
using end_of_candidates = flag<"end-of-candidates">;

}  // namespace parley::sdp
