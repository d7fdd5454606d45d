#pragma once

#include <parley/net/websocket_options.hpp>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace parley::net::detail {

using http_request = boost::beast::http::request<boost::beast::http::empty_body>;

/// What becomes of an HTTP request that came to a WebSocket listener.
struct http_verdict {
  enum class kind : std::uint8_t { upgrade, text, file };
  kind what = kind::text;
  unsigned status = 200;
  std::string body{};            ///< of `text`
  std::filesystem::path file{};  ///< of `file`
  std::string_view type = "text/plain; charset=utf-8";
};

/// Lets upgrades for SIP in that the options allow (RFC 7118 4.1, RFC 6455 4.2.1 and 10.2), answers
/// `/healthz`, and serves files.
http_verdict judge(const http_request& request, const websocket_options& options);

/// The file that a request's target means, where it lies in the folder and is a file; "" is `index.html`.
std::optional<std::filesystem::path> file_of(std::string_view target, const websocket_options& options);

}  // namespace parley::net::detail
