#include "net/detail/http_door.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <boost/beast/http/field.hpp>

#include <filesystem>
#include <fstream>

using namespace parley;
using net::detail::http_request;
using net::detail::http_verdict;
using net::detail::judge;
namespace http = boost::beast::http;

namespace {

http_request get(const std::string& target, const std::string& host = "sip.example.com") {
  http_request out(http::verb::get, target, 11);
  if (!host.empty()) out.set(http::field::host, host);
  return out;
}

http_request upgrade(const std::string& protocol = "sip") {
  http_request out = get("/");
  out.set(http::field::upgrade, "websocket");
  out.set(http::field::connection, "keep-alive, Upgrade");
  out.set(http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
  out.set(http::field::sec_websocket_version, "13");
  if (!protocol.empty()) out.set(http::field::sec_websocket_protocol, protocol);
  return out;
}

struct folder {
  folder() {
    std::filesystem::create_directories(inside / "sub");
    write(outside / "secret.txt");
    write(inside / "index.html");
    write(inside / "app.js");
    write(inside / "sub" / "index.html");
    write(inside / "a b.txt");
    std::filesystem::create_symlink(outside / "secret.txt", inside / "link.txt");
    options.static_folder = inside.string();
  }
  static void write(const std::filesystem::path& path) { std::ofstream(path) << path.filename().string(); }

  test::temporary_folder made;
  std::filesystem::path outside = made.path();
  std::filesystem::path inside = outside / "www";
  net::websocket_options options;
};

}  // namespace

TEST_CASE("upgrades for SIP are let in, by origin and host", "[net][ws]") {
  net::websocket_options options;
  CHECK(judge(upgrade(), options).what == http_verdict::kind::upgrade);
  CHECK(judge(upgrade("chat, SIP"), options).what == http_verdict::kind::upgrade);
  CHECK(judge(upgrade(""), options).status == 400);
  CHECK(judge(upgrade("chat"), options).status == 400);
  auto no_host = upgrade();
  no_host.erase(http::field::host);
  CHECK(judge(no_host, options).status == 400);
  auto two_hosts = upgrade();
  two_hosts.insert(http::field::host, "other.example.com");
  CHECK(judge(two_hosts, options).status == 400);

  SECTION("origins") {
    options.origins = {"https://example.com"};
    auto request = upgrade();
    CHECK(judge(request, options).status == 101);
    request.set(http::field::origin, "https://EXAMPLE.com");
    CHECK(judge(request, options).status == 101);
    request.set(http::field::origin, "https://example.com.evil.org");
    CHECK(judge(request, options).status == 403);
    request.set(http::field::origin, "null");
    CHECK(judge(request, options).status == 403);
  }
  SECTION("hosts") {
    options.hosts = {"sip.example.com", "[2001:db8::1]"};
    auto request = upgrade();
    CHECK(judge(request, options).status == 101);
    request.set(http::field::host, "SIP.example.com:8443");
    CHECK(judge(request, options).status == 101);
    request.set(http::field::host, "[2001:db8::1]:8443");
    CHECK(judge(request, options).status == 101);
    request.set(http::field::host, "evil.org");
    CHECK(judge(request, options).status == 421);
    CHECK(judge(get("/healthz", "evil.org"), options).status == 421);
  }
}

TEST_CASE("plain requests get health, files or a word", "[net][ws]") {
  net::websocket_options options;
  CHECK(judge(get("/healthz"), options).status == 200);
  CHECK(judge(get("/healthz"), options).body == "ok\n");
  CHECK(judge(get("/"), options).status == 426);
  auto post = get("/healthz");
  post.method(http::verb::post);
  CHECK(judge(post, options).status == 405);
}

TEST_CASE("files of the folder are served, and no others", "[net][ws]") {
  folder f;
  const auto served = [&](const std::string& target) -> std::string {
    const auto verdict = judge(get(target), f.options);
    if (verdict.what != http_verdict::kind::file) return std::to_string(verdict.status);
    return std::filesystem::relative(verdict.file, std::filesystem::canonical(f.inside)).string();
  };
  CHECK(served("/") == "index.html");
  CHECK(served("/app.js") == "app.js");
  CHECK(served("/app.js?v=1#x") == "app.js");
  CHECK(served("/sub") == "sub/index.html");
  CHECK(served("/sub/") == "sub/index.html");
  CHECK(served("/sub/../app.js") == "app.js");
  CHECK(served("/a%20b.txt") == "a b.txt");
  CHECK(judge(get("/app.js"), f.options).type == "text/javascript; charset=utf-8");

  for (const char* const target : {"/nothing", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
                                   "/link.txt", "/sub/../../secret.txt", "//etc/passwd", "/etc/passwd",
                                   "/app.js%00.txt", "/..\\secret.txt", "app.js", "*"}) {
    INFO(target);
    CHECK(served(target) == "404");
  }
  f.options.static_file_bytes = 3;
  CHECK(served("/app.js") == "404");
  f.options.static_folder = "/does/not/exist";
  CHECK(served("/app.js") == "404");
}
