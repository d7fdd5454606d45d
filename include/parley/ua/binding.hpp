#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// One contact of an address of record, as the 2xx to a REGISTER lists it (RFC 3261 10.3).
struct binding {
  std::string contact;             ///< URI
  std::uint32_t expires = 0;       ///< seconds that it still has
  std::optional<std::uint16_t> q;  ///< thousandths
  std::string instance;            ///< `+sip.instance` without its brackets; empty where there is none
  std::uint32_t reg_id = 0;        ///< 0 where there is none
  std::string
      public_gruu;  ///< RFC 5627 5.4; empty where there is none, or it is no SIP URI of at most 1024 bytes
  std::string temporary_gruu;  ///< the same

  friend bool operator==(const binding&, const binding&) = default;
};

/// What makes a binding one's own (RFC 3261 10.2.4, RFC 5626 4.2.1).
struct own_binding {
  std::string_view contact;   ///< URI, compared by `sip::equivalent`
  std::string_view instance;  ///< compared byte by byte; empty where there is none
  std::uint32_t reg_id = 0;   ///< 0 where there is none
};

/// Which of `bindings` is one's own. Where both have an instance and a `reg-id`, these decide, since a
/// registrar keeps one binding for each flow; else the URIs do. Nothing where it is not there.
PARLEY_API std::optional<std::size_t> find_own(const std::vector<binding>& bindings, const own_binding& own);

/// The bindings that a 2xx to a REGISTER lists, at most `sip::limits::values`. A contact without `expires`
/// has the seconds of the header Expires, without that `default_expires`. What can't be read ends the list.
PARLEY_API std::vector<binding> read_bindings(const sip::message_view& response,
                                              std::uint32_t default_expires);

}  // namespace parley::ua
