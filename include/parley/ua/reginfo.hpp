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

/// The states of a registration, and of a contact, which is never `init` (RFC 3680 3.7.1).
enum class reginfo_state : std::uint8_t { init, active, terminated };

/// What happened to a contact last (RFC 3680 5.2.3).
enum class reginfo_event : std::uint8_t {
  registered,
  created,
  refreshed,
  shortened,
  expired,
  deactivated,
  probation,
  unregistered,
  rejected,
  other,
};

/// One contact (RFC 3680 5.2.3).
struct reginfo_contact {
  std::string id;
  reginfo_state state = reginfo_state::active;
  reginfo_event event = reginfo_event::registered;
  std::string uri;
  std::string display_name;
  std::optional<std::uint32_t> expires;              ///< seconds
  std::optional<std::uint32_t> retry_after;          ///< seconds, for `probation`
  std::optional<std::uint32_t> duration_registered;  ///< seconds
  std::optional<std::uint16_t> q;                    ///< thousandths
  std::string call_id;
  std::optional<std::uint32_t> cseq;

  friend bool operator==(const reginfo_contact&, const reginfo_contact&) = default;
};

/// One address-of-record (RFC 3680 5.2.2).
struct reginfo_registration {
  std::string aor;
  std::string id;
  reginfo_state state = reginfo_state::init;
  std::vector<reginfo_contact> contacts;

  friend bool operator==(const reginfo_registration&, const reginfo_registration&) = default;
};

/// A body of application/reginfo+xml, the state of the package reg (RFC 3680).
struct reginfo {
  static constexpr std::string_view content_type = "application/reginfo+xml";
  static constexpr std::string_view package = "reg";

  std::uint32_t version = 0;  ///< one more with each NOTIFY of a subscription
  bool full = true;           ///< false: registrations that are not named are as they were
  std::vector<reginfo_registration> registrations;

  /// Elements of other namespaces, and unknown-param, are passed over. *Errors:* `bad_body` for what is no
  /// such document, without a version, or with a state that is none of the three; `too_large` as
  /// `pidf::read`.
  PARLEY_API static base::result<reginfo> read(std::string_view body);
  /// The body. Characters that XML can't hold become `?`. An event of `other` is written as `registered`.
  PARLEY_API std::string write() const;

  friend bool operator==(const reginfo&, const reginfo&) = default;
};

}  // namespace parley::ua
