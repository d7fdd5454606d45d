#pragma once

#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/net/name_source.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace parley::net::detail {

/// Bounds on what is read of one answer.
struct dns_answer_limits {
  std::size_t max_records = 64;    ///< that are kept; the others are left out
  std::size_t max_aliases = 8;     ///< CNAMEs from the name asked for to the one with the records
  std::size_t max_sections = 512;  ///< records in the message, of whatever kind and name
};

/// What a name server says about one name and type.
struct dns_answer {
  name_records records;
  /// What stands in the place of records: `name_not_found`, `no_records`, or `dns_failed` where the server
  /// has refused, failed, or named others who should know.
  base::error_code error;
  /// How long this may be remembered: the least of the records and aliases, or for their absence what the SOA
  /// record says (RFC 2308 5). Zero where nothing says it.
  base::duration ttl{};
};

/// Reads the answer to one question. The question in it must be `name`, as it was sent, to the case of each
/// letter: a server copies it, and whoever has not seen it can't know it. Records for other names than this
/// and what it is an alias of are passed over, and nothing of the additional section counts.
///
/// The message's id is not looked at. *Errors:* `errc::dns_bad_answer`.
base::result<dns_answer> read_dns_answer(std::span<const std::byte> message, std::string_view name,
                                         record_type type, const dns_answer_limits& limits = {});

}  // namespace parley::net::detail
