#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/time.hpp>
#include <parley/net/name_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace parley::net {

namespace asio = boost::asio;

/// Whom a `dns_client` asks, how long it waits, and how much it remembers.
struct dns_options {
  /// Name servers in the order in which to ask them; those of /etc/resolv.conf where there are none.
  std::vector<base::socket_address> servers{};
  base::duration timeout = std::chrono::seconds(2);  ///< for each server in the first round; then twice that
  unsigned tries = 2;                                ///< rounds over all servers
  /// Has the addresses of the names in it, whatever DNS says; "" for none. Read again when it changes.
  std::string hosts_file = "/etc/hosts";

  std::size_t max_pending = 256;  ///< questions under way
  /// Of those, for names that end in the same two labels: names of a zone whose servers are silent must not
  /// take up all of them.
  std::size_t max_pending_per_zone = 64;
  std::size_t max_waiting = 8192;  ///< handlers that wait for them
  std::size_t max_names = 4096;    ///< answers that are remembered, and as many failures
  std::size_t max_records = 64;    ///< of one answer; the others are left out

  /// Bounds on how long records are remembered, whatever their TTL.
  base::duration shortest_ttl = std::chrono::seconds(1);
  base::duration longest_ttl = std::chrono::hours(1);
  /// The same for their absence (RFC 2308).
  base::duration shortest_negative = std::chrono::seconds(1);
  base::duration longest_negative = std::chrono::minutes(5);
  /// How long it is remembered that no server would answer.
  base::duration failed_for = std::chrono::seconds(5);
  /// How much longer an answer is given where nothing newer is to be had: no server answers, or there are too
  /// many questions under way (RFC 8767). Zero gives none.
  base::duration stale_for = std::chrono::hours(24);

  /// Writes the letters of a question in a random mixture of cases, and takes no answer that does not repeat
  /// it: some bits more that whoever forges one has to guess. For name servers that change the case: off.
  bool mix_case = true;
};

/// What a `dns_client` has done so far.
struct dns_counters {
  std::uint64_t asked = 0;    ///< by the owner
  std::uint64_t queries = 0;  ///< sent to name servers, without repetitions
  std::uint64_t answers = 0;  ///< that could be used, also those that say that there is nothing
  std::uint64_t cache_hits = 0;
  std::uint64_t hosts_hits = 0;  ///< found in the hosts file, or known without asking
  std::uint64_t shared = 0;      ///< that waited for a query which was under way
  std::uint64_t timed_out = 0;   ///< queries that nobody answered
  std::uint64_t failed = 0;      ///< queries that no server would answer
  std::uint64_t rejected = 0;    ///< answers that were malformed, or to something else
  std::uint64_t refused = 0;     ///< for want of room
  std::uint64_t zone_full = 0;   ///< of those: too many questions under way for names of one zone
  std::uint64_t stale = 0;       ///< answered with what held no longer
};

/// Asks name servers by c-ares, on the executor: no thread, no lock. Answers are remembered for their TTL,
/// those who ask for the same at once share the answer, and the hosts file goes before DNS.
///
/// An answer has to come from the server that was asked, to the port, with the id and the very question that
/// were drawn; of it, only records count that belong to the name asked for, or to what that is an alias of
/// there. Names that DNS must not be asked for are answered as RFC 6761 has it: `localhost` and what ends so
/// is the loopback address, `invalid` does not exist.
///
/// *Ownership:* the random source and the executor's context outlive it.
class PARLEY_API dns_client final : public name_source {
 public:
  dns_client(const asio::any_io_executor& executor, base::random_source& random, dns_options options = {});
  ~dns_client() override;

  /// *Errors:* beside those of `name_source`, `errc::limit_reached`; none of them while an older answer is
  /// good enough (`dns_options::stale_for`); `errc::name_not_found` also for what is no host name.
  void query(const std::string& name, record_type type, handler done) override;

  const dns_counters& counters() const noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace parley::net
