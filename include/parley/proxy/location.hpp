#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/sip/hop.hpp>
#include <parley/sip/uri.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley::proxy {

/// One way to reach an address of record (RFC 3261 10, RFC 5626 6).
struct binding {
  std::string contact;   ///< its URI, with its parameters
  std::string call_id;   ///< of the REGISTER that made or refreshed it
  std::string instance;  ///< `+sip.instance` as written; empty where there is none
  std::string path;      ///< the Route values that lead there, first to last (RFC 3327 5.3)
  base::time_point expires{};
  base::time_point updated{};
  sip::hop flow{};           ///< the only way to it where `only_flow` is set
  std::uint32_t cseq = 0;    ///< of that REGISTER
  std::uint32_t reg_id = 0;  ///< which of the instance's flows it is (RFC 5626 4.2); 0 where it has none
  std::uint16_t q = 1000;    ///< thousandths
};

/// The address of record that a SIP URI names, as `location` knows it: `user@host` with the user unescaped
/// and the host in lower case. The rest of the URI does not count (RFC 3261 10.3.5).
PARLEY_API std::string address_of_record(const sip::uri_view& uri);

/// Who is where: the bindings of addresses of record, until they expire. A machine, bounded by the number of
/// addresses and by the bytes that they and their bindings take.
///
/// *Ownership:* what `find` returns is valid until the next call that is not `const`. One thread only: each
/// shard has its own, and they tell each other of changes by `replace` and `drop_flow`.
class location {
 public:
  PARLEY_API location(std::size_t max_addresses, std::size_t max_bytes, const base::siphash_key& key,
                      base::time_point now);
  PARLEY_API ~location();
  location(const location&) = delete;
  location& operator=(const location&) = delete;

  /// Addresses of record that have bindings.
  std::size_t size() const noexcept { return addresses_.size(); }
  /// What they and their bindings take, about.
  std::size_t bytes() const noexcept { return bytes_; }
  /// The bindings of an address, in the order in which they came; an empty list for one that has none. One
  /// whose time is over is there until `handle_timeout`, up to 128 ms longer.
  PARLEY_API const std::vector<binding>& find(std::string_view address) const;

  /// Puts `bindings` in the place of those that the address has; none take the address out.
  /// *Errors:* `base::errc::limit_reached` where there is no room for another address, or for so many bytes:
  /// refuse the registration. What was there stays.
  PARLEY_API base::result<void> replace(std::string_view address, std::vector<binding> bindings);

  /// A connection has ended: what could be reached by it only is gone.
  PARLEY_API void drop_flow(std::uint64_t flow);

  PARLEY_API void handle_timeout(base::time_point now);
  base::time_point poll_timeout() const noexcept { return wheel_.poll_timeout(); }

 private:
  struct hash {
    using is_transparent = void;
    base::siphash_key key;
    std::size_t operator()(std::string_view text) const noexcept {
      return static_cast<std::size_t>(base::siphash64(key, text));
    }
  };
  struct entry {
    std::vector<binding> bindings;
    base::timer timer;
  };
  using table = std::unordered_map<std::string, entry, hash, std::equal_to<>>;

  static std::size_t bytes_of(std::string_view address, const std::vector<binding>& bindings) noexcept;
  void take_out(const table::value_type& of);
  void put_in(const table::value_type& of);
  void settle(table::iterator at);

  std::size_t max_addresses_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  base::timer_wheel wheel_;
  table addresses_;
  std::vector<binding> none_;
  /// Flows with the addresses that have bindings by them. One flow may have all of the addresses.
  std::set<std::pair<std::uint64_t, const std::string*>> by_flow_;
};

}  // namespace parley::proxy
