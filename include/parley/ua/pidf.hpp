#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// Whether a presentity can be reached by a tuple (RFC 3863 4.1.4).
enum class basic_status : std::uint8_t { none, open, closed };

/// One way to reach a presentity (RFC 3863 4.1.2).
struct pidf_tuple {
  std::string id;
  basic_status basic = basic_status::none;
  std::string contact;                    ///< a URI; empty where there is none
  std::optional<std::uint16_t> priority;  ///< of the contact, in thousandths
  std::vector<std::string> notes;
  std::string timestamp;  ///< as RFC 3339 has it: `2001-10-27T16:49:29Z`; empty where there is none

  friend bool operator==(const pidf_tuple&, const pidf_tuple&) = default;
};

/// A body of application/pidf+xml, the state of the package presence (RFC 3863, RFC 3856), and what PUBLISH
/// carries for it (RFC 3903).
struct pidf {
  static constexpr std::string_view content_type = "application/pidf+xml";
  static constexpr std::string_view package = "presence";

  std::string entity;  ///< `pres:someone@example.com`
  std::vector<pidf_tuple> tuples;
  std::vector<std::string> notes;

  /// Elements of other namespaces are passed over. *Errors:* `bad_body` for what is no such document;
  /// `too_large` for more than 65535 bytes, 2048 elements, 16 levels or 32 attributes of one element.
  PARLEY_API static base::result<pidf> read(std::string_view body);
  /// The body. Characters that XML can't hold become `?`.
  PARLEY_API std::string write() const;

  friend bool operator==(const pidf&, const pidf&) = default;
};

}  // namespace parley::ua
