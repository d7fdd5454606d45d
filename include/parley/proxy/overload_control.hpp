#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/via.hpp>
#include <parley/sip/writer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace parley::proxy {

/// How a proxy behaves when more comes than it can do, and how it spares neighbours that say so (RFC 7339).
struct overload_options {
  /// The share of its time that a shard may be busy, or of its receive buffers that may be full, before new
  /// requests are shed; 1 or more sheds none.
  double target = 0.85;
  /// Emergency calls a second, of each shard, that come through while others are shed or there is no room for
  /// them: anybody can call himself one. Those beyond count as ordinary requests.
  unsigned emergency_rate = 50;
  /// Tells neighbours in our Via that we would like to hear of their load, and sends them less when they say
  /// that it is too much.
  bool ask = false;
  std::chrono::milliseconds validity{500};  ///< how long what we tell of our load holds
  std::size_t neighbours = 4096;            ///< whose load is remembered
};

/// What is shed first, last to first: a new request before an emergency call, and that before anything that
/// belongs to a dialog (RFC 7339 5.10.1).
enum class request_rank : std::uint8_t { in_dialog, emergency, ordinary };

/// The rank of a request: one with a To tag, an ACK or a CANCEL belongs to a dialog; one to an emergency
/// service (RFC 5031), with `Priority: emergency` or with a Resource-Priority of `esnet` (RFC 7135) is an
/// emergency call.
PARLEY_API request_rank rank_of(const sip::message_view& request) noexcept;
/// The same where it is known whether it belongs to a dialog.
PARLEY_API request_rank rank_of(const sip::message_view& request, bool in_dialog) noexcept;

/// Decides which requests are let in while there is more to do than time, by the loss algorithm of RFC 7339
/// 7.2: of each hundred ordinary requests so many are shed. A machine: the driver measures the load.
///
/// Above the target for five measurements, or at once where receive buffers fill up, the share that is let in
/// shrinks in proportion with each measurement, and faster the longer there is no time left at all, since the
/// load then tells no more how far beyond capacity it is: from all to one in a hundred in 0.7 s of
/// measurements every 100 ms. Below the target it grows by a tenth, and is back at all within 2.5 s.
///
/// A response costs several times what reading the request does. While receive buffers are more than half
/// full although new requests are shed, fewer of these are answered: the system would drop what belongs to
/// dialogs with the rest, and senders over UDP repeat themselves.
class overload_control {
 public:
  PARLEY_API overload_control(const overload_options& options, base::random_source& random);

  /// The load since the last measurement, and how full the receive buffers are, each 0 to 1.
  PARLEY_API void handle_load(double load, double backlog = 0) noexcept;

  /// Of a hundred ordinary requests, how many are to stay away: 0 to 100.
  PARLEY_API unsigned reduction() const noexcept;

  PARLEY_API bool admits(request_rank rank) noexcept;

  /// Whether one more emergency call is within what may come through beside the others: one second's worth at
  /// once.
  PARLEY_API bool spares_emergency(base::time_point now) noexcept;

  /// Whether a request that was not admitted gets a response. One that came over a reliable transport gets it
  /// anyway: its sender does not repeat it.
  PARLEY_API bool answers() noexcept;

  /// Writes `oc` with its value and what goes with it (RFC 7339 4), as it is to stand in the Via of a
  /// neighbour that has `oc` there. Its sequence number rises with each measurement.
  PARLEY_API void write(sip::text_writer& out) const noexcept;

 private:
  overload_options options_;
  double admitted_ = 1;  ///< share of ordinary requests
  double answered_ = 1;  ///< share of those that are not
  int above_ = 0;        ///< measurements in a row above the target
  int saturated_ = 0;    ///< of those, the ones without any time left
  std::uint64_t measurements_ = 0;
  base::time_point emergencies_{};  ///< when those that came through have used up no more than their time
  std::uint64_t draw_;
};

/// What neighbours have said of their load, and what is therefore not sent to them (RFC 7339 5.4 and 5.5).
class neighbour_loads {
 public:
  PARLEY_API neighbour_loads(const overload_options& options, base::random_source& random);

  /// The topmost Via, ours, of a response that came from `peer`.
  PARLEY_API void handle_response(base::time_point now, const base::socket_address& peer,
                                  const sip::via_header& via);

  /// False where a request of that rank is to be kept from `peer`.
  PARLEY_API bool admits(base::time_point now, const base::socket_address& peer, request_rank rank) noexcept;

 private:
  struct load {
    base::time_point until{};
    double sequence = 0;
    unsigned reduction = 0;
  };
  struct hash {
    base::siphash_key key;
    std::size_t operator()(const base::socket_address& peer) const noexcept;
  };

  std::size_t max_;
  std::uint64_t draw_;
  std::unordered_map<base::socket_address, load, hash> loads_;
};

}  // namespace parley::proxy
