#pragma once

#include <parley/base/api.hpp>

#include <string_view>

namespace parley::sip {

/// The reason phrase that the RFCs give a status code, or that of its class where they name none (RFC 3261
/// 21).
PARLEY_API std::string_view default_reason(int status) noexcept;

/// 100 to 199.
constexpr bool is_provisional(int status) noexcept { return status >= 100 && status < 200; }
/// 200 to 299.
constexpr bool is_success(int status) noexcept { return status >= 200 && status < 300; }
/// 200 to 699.
constexpr bool is_final(int status) noexcept { return status >= 200; }

}  // namespace parley::sip
