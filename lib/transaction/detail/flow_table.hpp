#pragma once

#include "transaction/detail/records.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace parley::transaction::detail {

/// Client transactions by the flow that their request went by. All requests to a neighbour may share one
/// flow, so those of one are found together and passed over together. Flows are numbers of the driver's,
/// which no stranger chooses: they need no keyed hash.
///
/// *Ownership:* refers to the records, which leave with their destruction.
class flow_table {
 public:
  flow_table() : buckets_(new bucket[initial_buckets]), set_(traits_type(buckets_.get(), initial_buckets)) {}

  /// `live` is the number of records there are at most.
  void insert(client_record& r, std::size_t live) noexcept {
    if (live > set_.bucket_count()) grow();
    set_.insert(r);
  }
  /// Any of those that went by `flow`.
  client_record* find(std::uint64_t flow) noexcept {
    const auto found = set_.find(flow, hash{}, equal{});
    return found == set_.end() ? nullptr : &*found;
  }

 private:
  static constexpr std::size_t initial_buckets = 256;

  struct hash {
    std::size_t operator()(const client_record& r) const noexcept { return (*this)(r.flow); }
    std::size_t operator()(std::uint64_t flow) const noexcept { return static_cast<std::size_t>(flow); }
  };
  struct equal {
    bool operator()(const client_record& a, const client_record& b) const noexcept {
      return a.flow == b.flow;
    }
    bool operator()(std::uint64_t flow, const client_record& r) const noexcept { return flow == r.flow; }
    bool operator()(const client_record& r, std::uint64_t flow) const noexcept { return flow == r.flow; }
  };
  using set_type =
      intrusive::unordered_multiset<client_record, intrusive::base_hook<flow_hook>, intrusive::hash<hash>,
                                    intrusive::equal<equal>, intrusive::power_2_buckets<true>,
                                    intrusive::constant_time_size<false>>;
  using bucket = typename set_type::bucket_type;
  using traits_type = typename set_type::bucket_traits;

  void grow() noexcept {
    const std::size_t count = set_.bucket_count() * 2;
    std::unique_ptr<bucket[]> larger(new (std::nothrow) bucket[count]);
    if (larger == nullptr) return;  // it works on, with longer chains
    set_.rehash(traits_type(larger.get(), count));
    buckets_.swap(larger);
  }

  std::unique_ptr<bucket[]> buckets_;
  set_type set_;
};

}  // namespace parley::transaction::detail
