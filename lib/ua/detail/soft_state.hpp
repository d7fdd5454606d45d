#pragma once

#include <parley/base/time.hpp>
#include <parley/sip/message_view.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace parley::ua::detail {

/// What usages have in common whose state a server drops unless it is refreshed.

/// True where a request that got this may succeed later, as it is: 408, 430, 480 and 5xx, but not what the
/// server will never do (501, 505, 513); 413, 486, 600 and 603 where Retry-After says so (RFC 3261 20.33).
bool is_temporary(int status, bool has_retry_after) noexcept;

/// Retry-After in seconds, a day at most; nothing where there is none.
std::optional<std::uint32_t> retry_after_of(const sip::message_view& response) noexcept;

/// When to refresh what was granted for so many seconds: at half of up to 1200 s, 600 s before the end of
/// more, never within 10 s.
base::duration refresh_delay(std::uint32_t granted) noexcept;

/// The reason phrase, cut to what an event holds.
std::string reason_of(const sip::message_view& response);

}  // namespace parley::ua::detail
