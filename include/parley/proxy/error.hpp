#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

namespace parley::proxy {

/// What a command to the core may be refused for.
enum class errc {
  /// No undecided request has that id: it was decided, or has ended. Forget the id.
  unknown_request = 1,
};

/// The category of `errc`; its name is "parley.proxy".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace parley::proxy

template <>
struct boost::system::is_error_code_enum<parley::proxy::errc> : std::true_type {};
