#include "metrics.hpp"
#include "ng_listeners.hpp"
#include "tcp_listener.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace relay {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;

constexpr std::string_view subprotocol = "ng.rtpengine.com";
/// How long a request may take to come, and its answer to go.
constexpr std::chrono::seconds patience{30};
constexpr std::size_t max_header = 16384;
constexpr std::size_t max_body = 65536;

/// Whether that is one of the protocols that a client names (RFC 6455 4.2.2).
bool names_protocol(std::string_view header) {
  for (const auto token : http::token_list(header)) {
    if (same_name(token, subprotocol)) return true;
  }
  return false;
}

http::response<http::string_body> reply(const http::request<http::string_body>& to, http::status status,
                                        std::string_view type, std::string body) {
  http::response<http::string_body> out(status, to.version());
  out.set(http::field::content_type, type);
  out.keep_alive(to.keep_alive());
  out.body() = std::move(body);
  out.prepare_payload();
  return out;
}

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

/// One message in a frame each way, of whatever kind the command came in.
asio::awaitable<void> serve_websocket(control_service& service, tcp::socket socket) {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  const tcp::endpoint from = socket.remote_endpoint(error);
  if (error) co_return;
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(max_header + max_body);
  http::request_parser<http::string_body> parser;
  parser.header_limit(max_header);
  parser.body_limit(max_body);
  stream.expires_after(patience);
  co_await http::async_read(stream, buffer, parser, done);
  if (error) co_return;
  const auto& request = parser.get();
  if (!websocket::is_upgrade(request) || !names_protocol(request[http::field::sec_websocket_protocol])) {
    auto answer = reply(request, http::status::upgrade_required, plain_text,
                        "This is a WebSocket with the subprotocol ng.rtpengine.com.\n");
    answer.set(http::field::upgrade, "websocket");
    answer.keep_alive(false);
    co_await http::async_write(stream, answer, done);
    co_return;
  }
  stream.expires_never();  // the WebSocket has times of its own
  websocket::stream<beast::tcp_stream> ws(std::move(stream));
  ws.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
  ws.set_option(websocket::stream_base::decorator([](websocket::response_type& answer) {
    answer.set(http::field::sec_websocket_protocol, subprotocol);
  }));
  ws.read_message_max(body_limits{}.bytes + max_cookie + 1);
  co_await ws.async_accept(request, done);
  beast::flat_buffer message;
  while (!error) {
    message.clear();
    co_await ws.async_read(message, done);
    if (error) co_return;
    const auto bytes = message.cdata();
    const std::string answer = service.handle(
        ip_of(from.address()), std::string_view(static_cast<const char*>(bytes.data()), bytes.size()));
    if (answer.empty()) continue;
    ws.binary(ws.got_binary());
    co_await ws.async_write(asio::buffer(answer), done);
  }
}

http::response<http::string_body> answer_http(const control& machine,
                                              const http::request<http::string_body>& request) {
  if (request.method() != http::verb::get && request.method() != http::verb::head)
    return reply(request, http::status::method_not_allowed, plain_text, "Only GET is answered here.\n");
  const std::string_view target = request.target();
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/metrics")
    return reply(request, http::status::ok, "text/plain; version=0.0.4; charset=utf-8",
                 write_metrics(machine));
  if (path == "/healthz") {
    if (machine.is_draining())
      return reply(request, http::status::service_unavailable, plain_text, "draining\n");
    return reply(request, http::status::ok, plain_text, "ok\n");
  }
  return reply(request, http::status::not_found, plain_text, "There are /metrics and /healthz.\n");
}

asio::awaitable<void> serve_http(control_service& service, tcp::socket socket) {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(max_header + max_body);
  for (bool more = true; more && !error;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(max_header);
    parser.body_limit(max_body);
    stream.expires_after(patience);
    co_await http::async_read(stream, buffer, parser, done);
    if (error) co_return;
    auto answer = answer_http(service.machine(), parser.get());
    if (parser.get().method() == http::verb::head) answer.body().clear();
    more = answer.keep_alive();
    co_await http::async_write(stream, answer, done);
  }
}

}  // namespace

listener_result listen_ng_websocket(asio::io_context& io, control_service& service,
                                    const base::socket_address& at) {
  return listen_tcp(io, at, "NG commands over WebSocket",
                    [&service](tcp::socket socket) { return serve_websocket(service, std::move(socket)); });
}

listener_result listen_metrics(asio::io_context& io, control_service& service,
                               const base::socket_address& at) {
  return listen_tcp(io, at, "requests for metrics",
                    [&service](tcp::socket socket) { return serve_http(service, std::move(socket)); });
}

}  // namespace relay
