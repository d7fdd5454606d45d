#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::sip {

/// One rule that a message breaks, and where.
struct finding {
  parse_error error;                        ///< the offset is in the text that the view was made of
  std::size_t header = message_view::npos;  ///< index of the header line, `npos` where the fault is in none
  header_id id = header_id::unknown;        ///< which header; for `missing_header` the one that is missing

  friend bool operator==(const finding&, const finding&) = default;
};

/// Reads all that `message_view` leaves for later: the Request-URI and every header that has a type, all
/// values of lists included; then checks what no header can say by itself. `message` is one that `parse`
/// took, or one that it refused: then the lines that it could read are looked at.
///
///  rule                    where                                        RFC 3261
///  the header's own        in its value                                 20, 25.1
///  the URI's own           in the Request-URI                           19.1, 25.1
///  bad_request_uri         at the headers part of the Request-URI       19.1.1
///  duplicate_header        at the second line of a header that stands   7.3.1
///                          once
///  too_many_values         at the first value beyond `limits::values`
///  bad_star_contact        at the `*`, where other contacts stand with  10.2.2
///                          it in other lines
///  method_mismatch         at the method in CSeq, of a request          8.1.1.5
///  missing_header          0: To, From, CSeq, Call-ID and Via           8.1.1, 8.2.6.2
///
/// Deliberately let pass: a request without Max-Forwards (RFC 3261 16.3), From without tag and Via without
/// branch (RFC 2543), a body without Content-Type.
///
/// Fills `out` from its front, each line's findings in the order of the lines, and returns how many it has
/// written; what does not fit is left out. Of one header line the first broken rule is found, since what
/// follows it has no meaning. Where a value is found to be broken here, `message_view::get` and `for_each`
/// report the same.
PARLEY_API std::size_t find_violations(const message_view& message, std::span<finding> out) noexcept;

/// The first of them. *Errors:* its rule and offset: answer a request with `status_for(code)`, drop a
/// response.
[[nodiscard]] PARLEY_API parsed<void> validate(const message_view& message) noexcept;

}  // namespace parley::sip
