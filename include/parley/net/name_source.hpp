#pragma once

#include <parley/base/address.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace parley::net {

/// The kinds of DNS records that SIP needs, with their numbers on the wire (RFC 1035, 3596, 2782, 3403).
enum class record_type : std::uint16_t { a = 1, aaaa = 28, srv = 33, naptr = 35 };

/// RFC 2782. The target "." says that the service is decidedly not there.
struct srv_record {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;

  friend bool operator==(const srv_record&, const srv_record&) = default;
};

/// RFC 3403 4.1, in the strings as they stand.
struct naptr_record {
  std::uint16_t order = 0;
  std::uint16_t preference = 0;
  std::string flags;
  std::string services;
  std::string regexp;
  std::string replacement;  ///< "." where there is none

  friend bool operator==(const naptr_record&, const naptr_record&) = default;
};

/// One record of an answer: an address for `a` and `aaaa`. Names in it have no dot at their end.
struct name_record {
  std::variant<base::ip_address, srv_record, naptr_record> data;
  base::duration ttl{};  ///< as the name server gave it

  friend bool operator==(const name_record&, const name_record&) = default;
};

/// The records of one name and type, in the order in which they came.
using name_records = std::vector<name_record>;

/// Where the records of names come from: `dns_client`, or what an application has instead. It answers as a
/// resolver does that follows aliases: the records belong to the name that was asked for.
///
/// *Ownership:* one executor only. Destroying it drops the handlers that wait.
class name_source {
 public:
  /// Called from the executor, never from inside `query`. Where there is an error there are no records; the
  /// handler may destroy the source. *Errors:* `errc::name_not_found` and `errc::no_records` are answers: go
  /// on to what the RFC has next. With any other nothing is known; try again later.
  using handler = std::function<void(base::error_code error, const name_records& records)>;

  name_source() = default;
  name_source(const name_source&) = delete;
  name_source& operator=(const name_source&) = delete;
  virtual ~name_source() = default;

  /// Asks for all records of that type. `name` is complete: no domain is put behind it.
  virtual void query(const std::string& name, record_type type, handler done) = 0;
};

}  // namespace parley::net
