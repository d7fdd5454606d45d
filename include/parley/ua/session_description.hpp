#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>

#include <optional>
#include <string_view>

namespace parley::ua {

/// The type of the bodies that describe sessions.
inline constexpr std::string_view session_description_type = "application/sdp";

/// The session description in the body of `message`, alone or as a part of a multipart body (RFC 3261 13.2.1,
/// RFC 5621 8); nothing where it has none. A body that is there for something else, by its
/// Content-Disposition, is none.
///
/// *Errors:* `bad_message` where the body's type is missing, or it or a part of it can't be read;
/// `unsupported_body` for another type or encoding that is not optional. Refuse a request; take a response as
/// one without description.
/// *Ownership:* a view into the message.
PARLEY_API base::result<std::optional<std::string_view>> session_description_of(
    const sip::message_view& message);

}  // namespace parley::ua
