#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <boost/intrusive/unordered_set.hpp>

#include <parley/base/packet_buffer.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/sip/hop.hpp>
#include <parley/transaction/client_invite.hpp>
#include <parley/transaction/client_non_invite.hpp>
#include <parley/transaction/server_invite.hpp>
#include <parley/transaction/server_non_invite.hpp>

namespace parley::transaction::detail {

namespace intrusive = boost::intrusive;

using hash_hook = intrusive::unordered_set_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;

/// What each transaction has: its place in the table and in the wheel.
template <class Machine>
struct record : hash_hook {
  record(const base::hash128& table_key, Machine&& start) : key(table_key), machine(std::move(start)) {}

  base::hash128 key;
  std::uint64_t id = 0;
  std::uint64_t user = 0;
  base::timer timer;
  sip::hop to;  ///< where this transaction sends
  Machine machine;
};

struct server_record : record<std::variant<server_invite, server_non_invite>> {
  using record::record;

  base::packet_buffer request;   ///< until the final response
  base::packet_buffer response;  ///< the last one, while it may have to be sent again
  sip::hop from;
  std::optional<base::hash128> merge;  ///< its key among the requests that may be merged
  bool pending_invite = false;

  bool is_invite() const noexcept { return machine.index() == 0; }
};

struct client_record : record<std::variant<client_invite, client_non_invite>> {
  using record::record;

  base::packet_buffer request;  ///< until the final response
  base::packet_buffer ack;      ///< for a final response other than 2xx
  base::time_point user_deadline = base::never;
  base::time_point cancel_deadline = base::never;
  bool wants_cancel = false;
  bool cancelled = false;

  bool is_invite() const noexcept { return machine.index() == 0; }
};

/// Records under their 128-bit keys. The buckets grow with the number of records and are kept.
template <class Record>
class record_table {
 public:
  record_table() : buckets_(initial_buckets), set_(traits(buckets_)) {}

  Record* find(const base::hash128& key) noexcept {
    const auto found = set_.find(key, hash{}, equal{});
    return found == set_.end() ? nullptr : &*found;
  }
  /// `live` is the number of records there are now, `r` included.
  void insert(Record& r, std::size_t live) {
    if (live > buckets_.size()) grow();
    set_.insert(r);
  }

 private:
  static constexpr std::size_t initial_buckets = 1024;

  struct hash {
    std::size_t operator()(const Record& r) const noexcept { return static_cast<std::size_t>(r.key.lo); }
    std::size_t operator()(const base::hash128& key) const noexcept { return static_cast<std::size_t>(key.lo); }
  };
  struct equal {
    bool operator()(const Record& a, const Record& b) const noexcept { return a.key == b.key; }
    bool operator()(const base::hash128& a, const Record& b) const noexcept { return a == b.key; }
    bool operator()(const Record& a, const base::hash128& b) const noexcept { return a.key == b; }
  };
  // auto_unlink, so that a record leaves the table with its destruction, rules out a constant-time count.
  using set_type = intrusive::unordered_multiset<Record, intrusive::base_hook<hash_hook>, intrusive::hash<hash>,
                                                 intrusive::equal<equal>, intrusive::power_2_buckets<true>,
                                                 intrusive::constant_time_size<false>>;
  using bucket = typename set_type::bucket_type;
  using traits_type = typename set_type::bucket_traits;

  static traits_type traits(std::vector<bucket>& buckets) { return {buckets.data(), buckets.size()}; }

  void grow() {
    std::vector<bucket> larger(buckets_.size() * 2);
    set_.rehash(traits(larger));
    buckets_.swap(larger);
  }

  std::vector<bucket> buckets_;
  set_type set_;
};

}  // namespace parley::transaction::detail
