#pragma once

#include <parley/base/address.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace relay {

namespace base = parley::base;

/// The answers to the last commands, for those that come again because the answer was lost: such a command is
/// answered from here, and not done a second time.
///
/// A repetition has the cookie and the bytes of the first one and comes from the same host. The port may be
/// another, since a client that opens its socket anew repeats, too. Another command under a cookie that was
/// used is a command of its own: two clients on a host may count alike.
class cookie_memory {
 public:
  struct limits {
    base::duration kept = std::chrono::seconds(10);  ///< clients give up after a few seconds
    std::size_t count = 65536;
    std::size_t bytes = 64U << 20U;
  };

  explicit cookie_memory(const base::siphash_key& key) noexcept : cookie_memory(key, limits{}) {}
  cookie_memory(const base::siphash_key& key, const limits& bounds) noexcept : key_(key), limits_(bounds) {}

  /// The answer that a message got, null where it is new or long ago. *Ownership:* valid until the next
  /// `put`.
  const std::string* find(base::time_point now, const base::ip_address& from, std::string_view message);

  /// Keeps an answer. Where there are too many, the oldest are forgotten before their time.
  void put(base::time_point now, const base::ip_address& from, std::string_view message, std::string answer);

  std::size_t count() const noexcept { return order_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct hasher {
    std::size_t operator()(const base::hash128& h) const noexcept { return static_cast<std::size_t>(h.lo); }
  };
  struct entry {
    base::time_point until;
    base::hash128 name;
  };

  base::hash128 name_of(const base::ip_address& from, std::string_view message) const;
  void forget_oldest();

  base::siphash_key key_;
  limits limits_;
  std::deque<entry> order_{};
  std::unordered_map<base::hash128, std::string, hasher> answers_{};
  std::size_t bytes_ = 0;
};

}  // namespace relay
