#pragma once

#include <parley/base/log.hpp>

#include "call_table.hpp"
#include "cookie_memory.hpp"
#include "ng_message.hpp"
#include "outcome.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace relay {

/// Answers the commands of the NG protocol: the machine behind the sockets of the control side.
///
/// A message is done at once and answered at once. Times are given, nothing is sent from here, and what it
/// wants of the media goes through `media_plane`.
class control {
 public:
  /// All references outlive it. It sets the plane's functions.
  control(media_plane& plane, files& disk, base::random_source& random, const control_settings& settings,
          base::log_sink& log = base::null_sink());

  /// The answer to a message that came from there: "COOKIE SP BODY". Empty where there is no cookie to answer
  /// to.
  std::string handle_message(const instant& at, const base::ip_address& from, std::string_view message);

  void handle_timeout(const instant& at) { calls_.handle_timeout(at); }
  base::time_point poll_timeout() const noexcept { return calls_.poll_timeout(); }

  /// From now on calls that aren't there yet are refused; those that are go on.
  void drain() noexcept { draining_ = true; }
  bool is_draining() const noexcept { return draining_; }

  /// Ends all calls.
  void close() { calls_.clear(); }

  const call_table& calls() const noexcept { return calls_; }
  const cookie_memory& cookies() const noexcept { return cookies_; }

  /// How often a command came, and how often its answer was an error.
  struct command_count {
    std::string_view name;
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
  };
  /// One for each command, and a last one for those that nobody knows.
  std::span<const command_count> commands() const noexcept { return counts_; }
  std::uint64_t repetitions() const noexcept { return repetitions_; }
  std::uint64_t digits() const noexcept { return digits_; }
  std::size_t ports_in_use() const;
  /// As `media_plane::unclaimed`.
  std::uint64_t unclaimed() const { return world_.plane.unclaimed(); }

 private:
  struct request {
    const instant& at;
    ng_options& options;
  };
  using handler = value (control::*)(const request&);
  struct command {
    std::string_view name;
    handler handle;
    bool changes = true;  // an answer is kept for repetitions
  };
  static constexpr std::size_t command_total = 19;
  static const std::array<command, command_total> table;

  value execute(const instant& at, const value& body, std::size_t& which);
  value ping(const request& r);
  value offer(const request& r);
  value answer(const request& r);
  value remove(const request& r);
  value query(const request& r);
  value list(const request& r);
  value start_recording(const request& r);
  value stop_recording(const request& r);
  value pause_recording(const request& r);
  value block_media(const request& r);
  value unblock_media(const request& r);
  value block_dtmf(const request& r);
  value unblock_dtmf(const request& r);
  value silence(const request& r);
  value play_media(const request& r);
  value stop_media(const request& r);
  value play_dtmf(const request& r);
  value statistics(const request& r);
  value block(const request& r, bool digits, bool on);
  value end_recording(const request& r, call::recording next);
  /// What stands in the way of an offer or answer, or its description.
  outcome<described> read(const request& r) const;
  void record_as_asked(const request& r, call& which, value& out);
  value refuse_new(const request& r, std::string_view why) const;

  call_world world_;
  base::log_sink& log_;
  cookie_memory cookies_;
  call_table calls_;
  bool draining_ = false;
  std::array<command_count, command_total + 1> counts_{};
  std::uint64_t repetitions_ = 0;
  std::uint64_t digits_ = 0;
  base::time_point started_{};
  instant last_{};
};

}  // namespace relay
