#pragma once

#include <parley/base/siphash.hpp>

#include <boost/intrusive/unordered_set.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace parley::transaction::detail {

namespace intrusive = boost::intrusive;

/// Elements by a member of theirs, which several may have alike. It is a hash already, or a number that no
/// stranger chooses. The buckets grow with the number of elements and are kept.
///
/// *Ownership:* refers to the elements, which leave with their destruction.
template <class Element, class Hook, auto Member>
class hash_table {
 public:
  hash_table() : buckets_(new bucket[initial_buckets]), set_(traits_type(buckets_.get(), initial_buckets)) {}

  /// Any of those with that key, null where there is none.
  template <class Key>
  Element* find(const Key& key) noexcept {
    const auto found = set_.find(key, hash{}, equal{});
    return found == set_.end() ? nullptr : &*found;
  }
  /// `live` is the number of elements there are at most, `e` included.
  void insert(Element& e, std::size_t live) noexcept {
    if (live > set_.bucket_count()) grow();
    set_.insert(e);
  }

 private:
  static constexpr std::size_t initial_buckets = 1024;

  static std::size_t number(const base::hash128& key) noexcept { return static_cast<std::size_t>(key.lo); }
  static std::size_t number(std::uint64_t key) noexcept { return static_cast<std::size_t>(key); }

  struct hash {
    std::size_t operator()(const Element& e) const noexcept { return number(e.*Member); }
    template <class Key>
    std::size_t operator()(const Key& key) const noexcept {
      return number(key);
    }
  };
  struct equal {
    bool operator()(const Element& a, const Element& b) const noexcept { return a.*Member == b.*Member; }
    template <class Key>
    bool operator()(const Key& a, const Element& b) const noexcept {
      return a == b.*Member;
    }
    template <class Key>
    bool operator()(const Element& a, const Key& b) const noexcept {
      return a.*Member == b;
    }
  };
  // auto_unlink rules out a constant-time count.
  using set_type = intrusive::unordered_multiset<Element, intrusive::base_hook<Hook>, intrusive::hash<hash>,
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
