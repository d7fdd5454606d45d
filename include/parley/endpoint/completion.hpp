#pragma once

#include <parley/base/result.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace parley {

namespace asio = boost::asio;

/// The token of operations that are given none: `co_await` them, and take errors as
/// `boost::system::system_error`; `asio::as_tuple(asio::use_awaitable)` gives them as values.
using default_token = asio::use_awaitable_t<>;
/// For those who take errors as values: `const auto [error, call] = co_await in.answer(parley::as_values);`
inline constexpr asio::as_tuple_t<default_token> as_values{default_token{}};

namespace detail {

template <class... Results>
using completion = asio::any_completion_handler<void(base::error_code, Results...)>;

/// Begins an operation whose end `start` is to tell a `completion` of; what that is made from is the caller's
/// token, with its executor and its cancellation slot.
template <class... Results, class Token, class Start>
auto initiate(Token&& token, Start&& start) {
  return asio::async_initiate<Token, void(base::error_code, Results...)>(
      [start = std::forward<Start>(start)](auto handler) mutable {
        start(completion<Results...>(std::move(handler)));
      },
      token);
}

}  // namespace detail
}  // namespace parley
