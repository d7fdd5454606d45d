#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/sip/hop.hpp>
#include <parley/transaction/layer.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace parley::proxy {

/// The branches of one forwarded request and what came back on them (RFC 3261 16.7): decides which responses
/// go upstream at once, which branches are to be cancelled, and which response is the best when all have
/// ended.
///
///  branch state  input                 next
///  trying        1xx                   proceeding
///  any           2xx                   ended, the others are to be cancelled
///  any           300-599               ended
///  any           6xx                   ended, the others are to be cancelled
///  any           time-out, failure     ended, counts as 408 or 503
class response_context {
 public:
  enum class branch_state : std::uint8_t { trying, proceeding, ended };

  /// What to do with a response that came in.
  enum class verdict : std::uint8_t {
    absorb,   ///< keep it, or forget it: nothing goes upstream now
    forward,  ///< send it upstream now: a provisional other than 100, or a 2xx
  };

  /// One target that the request was sent to.
  struct branch {
    transaction::client_id client = transaction::client_id::none;
    branch_state state = branch_state::trying;
    std::uint16_t status = 0;  ///< the final status, 0 while there is none
    bool by_flow = false;      ///< it was sent where nothing but one flow leads
    base::socket_address sent_to;
    base::packet_buffer response;  ///< the final response other than 2xx as it came, its topmost Via included
  };
  using branch_list = boost::container::small_vector<branch, 1>;

  PARLEY_API void add_branch(transaction::client_id client, const sip::hop& to = {});
  /// A target that could not be tried at all counts as a branch that ended with `status`.
  PARLEY_API void add_failure(int status);
  const branch_list& branches() const noexcept { return branches_; }
  /// The branch of that client transaction, nullptr where there is none.
  PARLEY_API branch* find(transaction::client_id client) noexcept;

  /// True while a branch may still bring a final response.
  PARLEY_API bool has_pending() const noexcept;
  /// True once a 2xx or 6xx has come: no further targets are tried and all branches are to be cancelled.
  bool is_decided() const noexcept { return has_success_ || has_global_failure_; }
  bool has_success() const noexcept { return has_success_; }

  /// Takes in a response. `data` is kept where it may become the best.
  PARLEY_API verdict handle_response(branch& on, int status, const base::packet_buffer& data);
  /// The branch ended without a response: `status` is 408 or 503.
  PARLEY_API void handle_failure(branch& on, int status) noexcept;
  /// Another branch has taken its place: what came on it does not count.
  PARLEY_API void set_aside(branch& on) noexcept;

  /// The branch whose final response goes upstream when all have ended (RFC 3261 16.7.6): a 6xx, else one of
  /// the lowest class, 401, 407, 415, 420 and 484 before others of 4xx, a real response before a failure of
  /// ours. nullptr where there is none.
  PARLEY_API const branch* best() const noexcept;

 private:
  branch_list branches_;
  bool has_success_ = false;
  bool has_global_failure_ = false;
};

}  // namespace parley::proxy
