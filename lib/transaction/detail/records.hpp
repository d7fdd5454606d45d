#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/sip/hop.hpp>
#include <parley/transaction/client_invite.hpp>
#include <parley/transaction/client_non_invite.hpp>
#include <parley/transaction/server_invite.hpp>
#include <parley/transaction/server_non_invite.hpp>

#include <boost/intrusive/unordered_set.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <variant>

namespace parley::transaction::detail {

namespace intrusive = boost::intrusive;

/// Of a client transaction among those whose request went by the same flow.
using flow_hook = intrusive::unordered_set_base_hook<intrusive::tag<struct by_flow>,
                                                     intrusive::link_mode<intrusive::auto_unlink>,
                                                     intrusive::optimize_multikey<true>>;
using hash_hook = intrusive::unordered_set_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;

/// An element of a `hash_table`. It leaves the table with its destruction.
struct keyed : hash_hook {
  explicit keyed(const base::hash128& table_key) noexcept : key(table_key) {}

  base::hash128 key;
};

/// What each transaction has: its place in the table and in the wheel.
template <class Machine>
struct record : keyed {
  record(const base::hash128& table_key, Machine&& start) : keyed(table_key), machine(std::move(start)) {}

  std::uint64_t id = 0;
  std::uint64_t user = 0;
  base::timer timer;
  sip::hop to;               ///< where this transaction sends
  bool send_failed = false;  ///< the machine hears of it once there is room for what that leads to
  Machine machine;
};

struct server_record;

/// The place of a request among those that may be merged.
struct merge_entry : keyed {
  merge_entry(const base::hash128& table_key, server_record& of) noexcept : keyed(table_key), owner(&of) {}

  server_record* owner;
};

struct server_record : record<std::variant<server_invite, server_non_invite>> {
  using record::record;

  base::packet_buffer request;   ///< until the final response
  base::packet_buffer response;  ///< the last one, while it may have to be sent again
  sip::hop from;
  std::optional<merge_entry> merge;
  bool pending_invite = false;  ///< an INVITE without a final response

  bool is_invite() const noexcept { return machine.index() == 0; }
};

struct client_record : record<std::variant<client_invite, client_non_invite>>, flow_hook {
  using record::record;

  std::uint64_t flow = 0;  ///< by which the request went, while `flow_hook` is linked

  base::packet_buffer request;  ///< until the final response
  base::packet_buffer ack;      ///< for a final response other than 2xx
  base::time_point user_deadline = base::never;
  base::time_point cancel_deadline = base::never;
  bool wants_cancel = false;  ///< a CANCEL goes out as soon as it may
  bool cancelled = false;     ///< it did
  bool is_cancel = false;     ///< a CANCEL of the layer's own, of which the user hears nothing

  bool is_invite() const noexcept { return machine.index() == 0; }
};

/// Elements under their 128-bit keys. The buckets grow with the number of elements and are kept.
///
/// *Ownership:* refers to the elements.
template <class Element>
class hash_table {
 public:
  hash_table() : buckets_(new bucket[initial_buckets]), set_(traits_type(buckets_.get(), initial_buckets)) {}

  Element* find(const base::hash128& key) noexcept {
    const auto found = set_.find(key, hash{}, equal{});
    return found == set_.end() ? nullptr : &*found;
  }
  /// `live` is the number of elements there are now, `e` included.
  void insert(Element& e, std::size_t live) noexcept {
    if (live > set_.bucket_count()) grow();
    set_.insert(e);
  }

 private:
  static constexpr std::size_t initial_buckets = 1024;

  struct hash {
    std::size_t operator()(const Element& e) const noexcept { return static_cast<std::size_t>(e.key.lo); }
    std::size_t operator()(const base::hash128& key) const noexcept {
      return static_cast<std::size_t>(key.lo);
    }
  };
  struct equal {
    bool operator()(const Element& a, const Element& b) const noexcept { return a.key == b.key; }
    bool operator()(const base::hash128& a, const Element& b) const noexcept { return a == b.key; }
    bool operator()(const Element& a, const base::hash128& b) const noexcept { return a.key == b; }
  };
  // auto_unlink rules out a constant-time count.
  using set_type =
      intrusive::unordered_multiset<Element, intrusive::base_hook<hash_hook>, intrusive::hash<hash>,
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
