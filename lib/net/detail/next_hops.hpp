#pragma once

#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/net/name_source.hpp>
#include <parley/net/server_locator.hpp>
#include <parley/net/target_blacklist.hpp>
#include <parley/net/transport_set.hpp>
#include <parley/sip/hop.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace parley::net::detail {

/// Finds the hops for what a core asks: the servers of a name (RFC 3263), those that failed lately
/// behind the others, and of the addresses of one server over a stream the one that opens first (RFC 8305).
///
/// *Ownership:* all that it is given outlives it. Destroying it drops the handlers that wait.
class next_hops {
 public:
  /// Called from the executor, never from inside `find`. Without hops there is an error. *Ownership:* the
  /// hops are good for the call.
  using handler = std::function<void(const base::error_code& error, const std::vector<sip::hop>& hops)>;

  /// The listeners of `transports` are open already.
  next_hops(asio::any_io_executor executor, transport_set& transports, name_source& names,
            base::random_source& random, const locator_options& locator, const blacklist_options& blacklist);

  /// For a request that came by listener `from`, which is taken again where it fits.
  void find(location_query asked, std::uint16_t from, handler done);
  /// A hop has failed, and is put behind others: for `retry_after` where that is not zero.
  void handle_failure(base::time_point now, const sip::hop& failed, base::duration retry_after = {});

  /// Failures that were put on the list.
  std::uint64_t blacklisted() const noexcept { return blacklisted_; }

 private:
  struct search {
    std::vector<sip::hop> hops;
    handler done;
  };

  std::optional<std::uint16_t> listener_for(const sip::hop& to, std::uint16_t from) const noexcept;
  std::vector<sip::hop> hops_to(const std::vector<located_target>& targets, const std::string& host,
                                std::uint16_t from);
  std::size_t racers(const std::vector<sip::hop>& hops, const std::vector<located_target>& targets,
                     base::time_point now) const;
  void handle_race(search& s, std::size_t racers, const base::result<sip::hop>& winner);

  transport_set& transports_;
  server_locator locator_;
  target_blacklist blacklist_;
  std::uint64_t blacklisted_ = 0;
  std::shared_ptr<next_hops*> self_ = std::make_shared<next_hops*>(this);  // watched by handlers
};

}  // namespace parley::net::detail
