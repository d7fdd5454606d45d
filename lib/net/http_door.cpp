#include "net/detail/http_door.hpp"

#include <parley/sip/chars.hpp>
#include <parley/sip/uri.hpp>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::net::detail {
namespace {

namespace http = boost::beast::http;

http_verdict refuse(unsigned status, std::string why) {
  http_verdict out;
  out.status = status;
  out.body = std::move(why) + "\n";
  return out;
}

std::string_view view_of(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

bool is_one_of(std::string_view text, const std::vector<std::string>& all) {
  return std::any_of(all.begin(), all.end(),
                     [text](const std::string& one) { return sip::iequals(one, text); });
}

/// Without the port; an IPv6 address keeps its brackets.
std::string_view host_of(std::string_view field) noexcept {
  const std::size_t colon = field.rfind(':');
  return colon == std::string_view::npos || field.find(']', colon) != std::string_view::npos
             ? field
             : field.substr(0, colon);
}

bool wants_sip(const http_request& request) {
  for (const auto field : http::token_list(request[http::field::sec_websocket_protocol])) {
    if (sip::iequals(view_of(field), "sip")) return true;
  }
  return false;
}

http_verdict judge_upgrade(const http_request& request, const websocket_options& options) {
  const auto origin = request.find(http::field::origin);
  if (!options.origins.empty() && origin != request.end() &&
      !is_one_of(view_of(origin->value()), options.origins)) {
    return refuse(403, "this origin is not let in");
  }
  if (!wants_sip(request)) return refuse(400, "the subprotocol sip is needed (RFC 7118)");
  http_verdict out;
  out.what = http_verdict::kind::upgrade;
  out.status = 101;
  return out;
}

std::string_view type_of(const std::filesystem::path& file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> types{
      {{".html", "text/html; charset=utf-8"},
       {".js", "text/javascript; charset=utf-8"},
       {".mjs", "text/javascript; charset=utf-8"},
       {".css", "text/css; charset=utf-8"},
       {".json", "application/json"},
       {".map", "application/json"},
       {".svg", "image/svg+xml"},
       {".png", "image/png"},
       {".jpg", "image/jpeg"},
       {".ico", "image/x-icon"},
       {".txt", "text/plain; charset=utf-8"},
       {".wasm", "application/wasm"},
       {".wav", "audio/wav"},
       {".webm", "video/webm"}}};
  const std::string extension = file.extension().string();
  for (const auto& [known, type] : types) {
    if (sip::iequals(known, extension)) return type;
  }
  return "application/octet-stream";
}

}  // namespace

std::optional<std::filesystem::path> file_of(std::string_view target, const websocket_options& options) {
  namespace fs = std::filesystem;
  if (options.static_folder.empty() || !target.starts_with('/')) return std::nullopt;
  const std::string path = sip::unescape(target.substr(1, target.find_first_of("?#") - 1));
  if (path.find('\0') != std::string::npos || path.find('\\') != std::string::npos) return std::nullopt;
  std::error_code error;
  const fs::path folder = fs::canonical(options.static_folder, error);
  if (error) return std::nullopt;
  fs::path wanted = folder / fs::path(path).relative_path();
  if (fs::is_directory(wanted, error)) wanted /= "index.html";
  // Whatever dots and links there are, it is in the folder or is not served.
  const fs::path real = fs::canonical(wanted, error);
  if (error || !fs::is_regular_file(real, error)) return std::nullopt;
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), real.begin(), real.end());
  if (end != folder.end()) return std::nullopt;
  if (fs::file_size(real, error) > options.static_file_bytes || error) return std::nullopt;
  return real;
}

http_verdict judge(const http_request& request, const websocket_options& options) {
  const auto host = request.find(http::field::host);
  if (request.version() >= 11 && (host == request.end() || request.count(http::field::host) != 1)) {
    return refuse(400, "one Host is needed (RFC 9112 3.2)");
  }
  if (!options.hosts.empty() &&
      (host == request.end() || !is_one_of(host_of(view_of(host->value())), options.hosts))) {
    return refuse(421, "this host is not served here");
  }
  if (boost::beast::websocket::is_upgrade(request)) return judge_upgrade(request, options);
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return refuse(405, "GET, HEAD and upgrades to WebSocket are served");
  }
  const std::string_view target = view_of(request.target());
  if (target == "/healthz") return refuse(200, "ok");
  if (auto file = file_of(target, options)) {
    http_verdict out;
    out.what = http_verdict::kind::file;
    out.type = type_of(*file);
    out.file = std::move(*file);
    return out;
  }
  return options.static_folder.empty() ? refuse(426, "this is a WebSocket server for SIP (RFC 7118)")
                                       : refuse(404, "there is no such file");
}

}  // namespace parley::net::detail
