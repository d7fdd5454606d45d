#include "net/detail/tls_stream.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/memory_stream.hpp"
#include "support/net_peers.hpp"

#include <boost/asio/ssl/error.hpp>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <optional>

using namespace parley;
namespace asio = boost::asio;
using net::detail::byte_stream;
using net::detail::tls_stream;
using test::authority;
using test::memory_stream;

namespace {

/// Uses a stream as a connection does: opens it, reads all that comes, writes what it is given.
struct tls_user final : net::detail::stream_user, std::enable_shared_from_this<tls_user> {
  std::unique_ptr<tls_stream> stream;
  std::optional<base::error_code> opened;
  std::optional<base::error_code> ended;
  std::string received;
  std::string to_send;
  bool blocked = false;

  void handle_open(const base::error_code& error) override {
    opened = error;
    if (error) return;
    stream->wait_readable(shared_from_this());
    send();
  }
  void handle_readable(const base::error_code& error) override {
    if (error) return end(error);
    while (true) {
      std::array<char, 700> into{};
      const std::array<asio::mutable_buffer, 2> buffers{asio::buffer(into.data(), 300),
                                                        asio::buffer(into.data() + 300, 400)};
      base::error_code why;
      const std::size_t n = stream->read_some(buffers, why);
      if (why == asio::error::would_block) break;
      if (why) return end(why);
      received.append(into.data(), n);
    }
    stream->wait_readable(shared_from_this());
  }
  void handle_writable(const base::error_code& error) override {
    blocked = false;
    if (error) return end(error);
    send();
  }
  void send() {
    while (!to_send.empty() && !blocked) {
      const std::size_t half = to_send.size() / 2;
      const std::array<asio::const_buffer, 2> buffers{
          asio::buffer(to_send.data(), half), asio::buffer(to_send.data() + half, to_send.size() - half)};
      base::error_code why;
      const std::size_t n = stream->write_some(buffers, why);
      if (why == asio::error::would_block) {
        blocked = true;
        return stream->wait_writable(shared_from_this());
      }
      if (why) return end(why);
      to_send.erase(0, n);
    }
  }
  void end(const base::error_code& why) {
    if (!ended) ended = why;
  }
};

struct tls_pair {
  explicit tls_pair(net::tls_options server_options, net::tls_options client_options = {},
                    const std::string& name = "example.com", net::detail::name_rules rules = {},
                    std::shared_ptr<test::failing_counter> counter = nullptr)
      : tls_pair(net::tls_context::make(server_options).value(),
                 net::tls_context::make(client_options).value(), name, rules, std::move(counter)) {}

  tls_pair(const net::tls_context& server_context, const net::tls_context& client_context,
           const std::string& name = "example.com", net::detail::name_rules rules = {},
           std::shared_ptr<test::failing_counter> counter = nullptr) {
    auto ends = memory_stream::make_pair(io.get_executor(), std::move(counter));
    below_server = ends.first.get();
    server->stream = tls_stream::accept(server_context, std::move(ends.first), io.get_executor());
    client->stream =
        tls_stream::connect(client_context, std::move(ends.second), io.get_executor(), name, rules);
  }
  ~tls_pair() {
    // What still waits holds the users.
    server->stream->close();
    client->stream->close();
    test::run_ready(io);
  }

  void open() {
    server->stream->open(server);
    client->stream->open(client);
    test::run_ready(io);
  }
  bool open_well() {
    open();
    return server->opened == base::error_code() && client->opened == base::error_code();
  }

  asio::io_context io;
  memory_stream* below_server = nullptr;
  std::shared_ptr<tls_user> server = std::make_shared<tls_user>();
  std::shared_ptr<tls_user> client = std::make_shared<tls_user>();
};

net::tls_options showing(std::vector<net::tls_certificate> certificates) {
  net::tls_options out;
  out.certificates = std::move(certificates);
  return out;
}

net::tls_options believing(const authority& believed) {
  net::tls_options out;
  out.authority_files = {believed.file()};
  return out;
}

base::error_code certificate_error(int value) { return {value, net::certificate_category()}; }

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i % 23);
  return out;
}

}  // namespace

TEST_CASE("bytes go both ways through TLS, however large and however slow", "[net][tls]") {
  authority ca;
  tls_pair pair(showing({ca.issue({"x", "URI:sip:example.com"})}), believing(ca));
  pair.below_server->in().room = GENERATE(std::size_t{7}, std::size_t{1000}, std::size_t{1000000});
  pair.client->to_send = pattern(300'000);
  pair.server->to_send = pattern(5);
  REQUIRE(pair.open_well());
  CHECK(pair.server->received == pattern(300'000));
  CHECK(pair.client->received == pattern(5));
  CHECK_FALSE(pair.client->ended);

  pair.client->stream->finish_writing();
  test::run_ready(pair.io);
  CHECK(pair.server->ended == base::error_code(asio::error::eof));
}

TEST_CASE("a stream that ends without a word was perhaps cut short", "[net][tls]") {
  authority ca;
  tls_pair pair(showing({ca.issue({"x", "URI:sip:example.com"})}), believing(ca));
  REQUIRE(pair.open_well());
  pair.below_server->in().finished = true;
  pair.below_server->in().bytes.clear();
  pair.server->handle_readable({});
  REQUIRE(pair.server->ended);
  CHECK(*pair.server->ended == asio::ssl::error::stream_truncated);
}

TEST_CASE("a server is believed when its certificate is for the name that was to be reached", "[net][tls]") {
  authority ca;
  struct row {
    std::string names;
    std::string host;
    int error;
    net::detail::name_rules rules{};
  };
  const auto& [names, host, error, rules] = GENERATE(values<row>({
      {"URI:sip:example.com", "example.com", 0},
      {"DNS:example.com", "Example.COM", 0},
      {"URI:sip:example.com,DNS:edge.example.com", "example.com", 0},
      {"URI:sip:example.com,DNS:edge.example.com", "edge.example.com", X509_V_ERR_HOSTNAME_MISMATCH},
      {"URI:sip:example.com,DNS:edge.example.com", "edge.example.com", 0, {.web_server = true}},
      {"URI:sip:example.com", "example.com", X509_V_ERR_HOSTNAME_MISMATCH, {.web_server = true}},
      {"URI:sip:user@example.com,DNS:example.com", "example.com", 0},
      {"URI:http://example.com/,DNS:example.com", "example.com", 0},
      {"URI:sip:user@example.com", "example.com", X509_V_ERR_HOSTNAME_MISMATCH},
      {"URI:sips:example.com", "example.com", X509_V_ERR_HOSTNAME_MISMATCH},
      {"URI:http://example.com/", "example.com", X509_V_ERR_HOSTNAME_MISMATCH},
      {"DNS:other.com", "example.com", X509_V_ERR_HOSTNAME_MISMATCH},
      {"DNS:*.example.com", "sip.example.com", X509_V_ERR_HOSTNAME_MISMATCH},
      {"DNS:*.example.com", "sip.example.com", 0, {.accept_wildcards = true}},
      {"", "example.com", X509_V_ERR_HOSTNAME_MISMATCH},
      {"", "example.com", 0, {.accept_common_name = true}},
      {"DNS:other.com", "example.com", X509_V_ERR_HOSTNAME_MISMATCH, {.accept_common_name = true}},
      {"IP:192.0.2.7", "192.0.2.7", 0},
      {"DNS:192.0.2.7", "192.0.2.7", X509_V_ERR_IP_ADDRESS_MISMATCH},
      {"IP:2001:db8::7", "2001:db8::7", 0},
  }));
  INFO(names << " for " << host);
  tls_pair pair(showing({ca.issue({"example.com", names})}), believing(ca), host, rules);
  pair.open();
  REQUIRE(pair.client->opened);
  CHECK(*pair.client->opened == (error == 0 ? base::error_code() : certificate_error(error)));
  CHECK((error == 0) == (pair.server->opened == base::error_code()));
}

TEST_CASE("each reason not to believe a certificate is named", "[net][tls]") {
  authority ca;
  authority stranger("Stranger");
  SECTION("issued by a stranger") {
    tls_pair pair(showing({stranger.issue({"x", "DNS:example.com"})}), believing(ca));
    pair.open();
    CHECK(pair.client->opened == certificate_error(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
    CHECK(pair.client->opened->message().find("unable to get local issuer") != std::string::npos);
    // The server is told, by an alert.
    REQUIRE(pair.server->opened);
    CHECK(pair.server->opened->category() == asio::error::get_ssl_category());
  }
  SECTION("expired") {
    tls_pair pair(showing({ca.issue({"x", "DNS:example.com", -20, -1})}), believing(ca));
    pair.open();
    CHECK(pair.client->opened == certificate_error(X509_V_ERR_CERT_HAS_EXPIRED));
  }
  SECTION("not valid yet") {
    tls_pair pair(showing({ca.issue({"x", "DNS:example.com", 2, 30})}), believing(ca));
    pair.open();
    CHECK(pair.client->opened == certificate_error(X509_V_ERR_CERT_NOT_YET_VALID));
  }
  SECTION("another name") {
    tls_pair pair(showing({ca.issue({"x", "DNS:example.org"})}), believing(ca));
    pair.open();
    CHECK(pair.client->opened->message() == "the certificate is for another name");
  }
  SECTION("nothing is checked where that is switched off") {
    net::tls_options careless;
    careless.verify_servers = false;
    tls_pair pair(showing({stranger.issue({"x"})}), careless);
    CHECK(pair.open_well());
  }
}

TEST_CASE("clients show a certificate where they are asked for one", "[net][tls]") {
  authority ca;
  authority stranger("Stranger");
  net::tls_options server = showing({ca.issue({"x", "DNS:example.com"})});
  server.authority_files = {ca.file()};
  net::tls_options client = believing(ca);
  SECTION("required, and one comes") {
    server.clients = net::client_certificate::required;
    client.certificates = {ca.issue({"y", "DNS:client.example.com"})};
    tls_pair pair(server, client);
    CHECK(pair.open_well());
    CHECK(SSL_get0_peer_certificate(pair.server->stream->native()) != nullptr);
  }
  SECTION("required, and none comes") {
    server.clients = net::client_certificate::required;
    tls_pair pair(server, client);
    pair.open();
    REQUIRE(pair.server->opened);
    CHECK(*pair.server->opened);
    CHECK(pair.server->opened->message().find("certificate") != std::string::npos);
  }
  SECTION("required, and a stranger's comes") {
    server.clients = net::client_certificate::required;
    client.certificates = {stranger.issue({"y"})};
    tls_pair pair(server, client);
    pair.open();
    CHECK(pair.server->opened == certificate_error(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
  }
  SECTION("optional, and none comes") {
    server.clients = net::client_certificate::optional;
    tls_pair pair(server, client);
    CHECK(pair.open_well());
  }
  SECTION("optional, and a stranger's comes") {
    server.clients = net::client_certificate::optional;
    client.certificates = {stranger.issue({"y"})};
    tls_pair pair(server, client);
    pair.open();
    CHECK(pair.server->opened == certificate_error(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
  }
}

TEST_CASE("clients are told of all authorities that are believed", "[net][tls]") {
  authority first("First");
  authority second("Second");
  net::tls_options server = showing({first.issue({"x", "DNS:example.com"})});
  server.authority_files = {first.file(), second.file(), first.file()};
  server.clients = net::client_certificate::optional;
  net::tls_options client = believing(first);
  client.certificates = {first.issue({"y", "DNS:client.example.com"})};
  tls_pair pair(server, client);
  REQUIRE(pair.open_well());
  const auto* const told = SSL_get0_peer_CA_list(pair.client->stream->native());
  std::string names;
  for (int i = 0; i < sk_X509_NAME_num(told); ++i) {
    std::array<char, 64> name{};
    X509_NAME_get_text_by_NID(sk_X509_NAME_value(told, i), NID_commonName, name.data(), name.size());
    names.append(name.data()).append(";");
  }
  CHECK(names == "First;Second;");
}

TEST_CASE("the name that a client asks for chooses the certificate", "[net][tls]") {
  authority ca;
  const auto options = showing({ca.issue({"a", "DNS:a.example"}), ca.issue({"b", "URI:sip:b.example"}),
                                ca.issue({"c", "DNS:*.c.example"})});
  const auto& [asked, shown] = GENERATE(values<std::pair<std::string, std::string>>(
      {{"a.example", "a"}, {"B.example", "b"}, {"x.c.example", "c"}, {"d.example", "a"}}));
  net::tls_options client;
  client.verify_servers = false;
  tls_pair pair(options, client, asked);
  REQUIRE(pair.open_well());
  std::array<char, 64> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(pair.client->stream->native())),
                            NID_commonName, name.data(), name.size());
  CHECK(name.data() == shown);
}

TEST_CASE("a handshake takes the suite that costs least and shows the chain of the file alone",
          "[net][tls]") {
  authority ca;
  auto options = showing({ca.issue({"x", "DNS:example.com"})});
  options.authority_files = {ca.file()};
  tls_pair pair(options, believing(ca));
  REQUIRE(pair.open_well());
  CHECK(std::string(SSL_get_cipher_name(pair.server->stream->native())) == "TLS_AES_128_GCM_SHA256");
  CHECK(sk_X509_num(SSL_get_peer_cert_chain(pair.client->stream->native())) == 1);
}

TEST_CASE("a session is taken up again, for the same name only", "[net][tls]") {
  authority ca;
  const bool resume = GENERATE(true, false);
  auto server_options = showing({ca.issue({"x", "DNS:example.com,DNS:example.org"})});
  server_options.resumption = resume;
  const auto server = net::tls_context::make(server_options).value();
  const auto client = net::tls_context::make(believing(ca)).value();
  const auto reused = [&](const std::string& name) {
    tls_pair pair(server, client, name);
    pair.server->to_send = "x";  // the tickets of TLS 1.3 come with what is sent first
    REQUIRE(pair.open_well());
    CHECK(pair.client->received == "x");
    pair.client->stream->finish_writing();
    return SSL_session_reused(const_cast<SSL*>(pair.client->stream->native())) == 1;
  };
  CHECK_FALSE(reused("example.com"));
  CHECK(reused("example.com") == resume);
  CHECK_FALSE(reused("example.org"));
  CHECK(reused("example.com") == resume);
}

TEST_CASE("a session that was made under other rules for names is not taken up", "[net][tls]") {
  authority ca;
  const auto server =
      net::tls_context::make(showing({ca.issue({"sip.example.com", "DNS:*.example.com"})})).value();
  const auto client = net::tls_context::make(believing(ca)).value();
  const auto result = [&](net::detail::name_rules rules) {
    tls_pair pair(server, client, "sip.example.com", rules);
    pair.server->to_send = "x";
    pair.open();
    REQUIRE(pair.client->opened);
    return *pair.client->opened;
  };
  const auto lenient =
      GENERATE(values<net::detail::name_rules>({{.accept_wildcards = true}, {.web_server = true}}));
  CHECK(result(lenient) == base::error_code());
  CHECK(client.state()->sessions.size() == 1);
  CHECK(result({}) == certificate_error(X509_V_ERR_HOSTNAME_MISMATCH));
  CHECK(result({.accept_common_name = true}) == certificate_error(X509_V_ERR_HOSTNAME_MISMATCH));
  CHECK(client.state()->sessions.size() == 1);
  CHECK(result(lenient) == base::error_code());
}

TEST_CASE("old versions and peers that speak no TLS are refused", "[net][tls]") {
  authority ca;
  auto options = showing({ca.issue({"x", "DNS:example.com"})});
  SECTION("TLS 1.2 where 1.3 is the lowest") {
    options.lowest = net::tls_version::tls_1_3;
    tls_pair pair(options, believing(ca));
    SSL_set_max_proto_version(const_cast<SSL*>(pair.client->stream->native()), TLS1_2_VERSION);
    pair.open();
    CHECK(*pair.server->opened);
    CHECK(*pair.client->opened);
  }
  SECTION("TLS 1.2 otherwise") {
    tls_pair pair(options, believing(ca));
    SSL_set_max_proto_version(const_cast<SSL*>(pair.client->stream->native()), TLS1_2_VERSION);
    CHECK(pair.open_well());
    // Renegotiation is refused.
    CHECK(SSL_renegotiate(const_cast<SSL*>(pair.client->stream->native())) == 0);
  }
  SECTION("SIP in the clear") {
    tls_pair pair(options, believing(ca));
    pair.server->stream->open(pair.server);
    pair.below_server->in().bytes = "OPTIONS sip:example.com SIP/2.0\r\n\r\n";
    test::run_ready(pair.io);
    REQUIRE(pair.server->opened);
    CHECK(pair.server->opened->category() == asio::error::get_ssl_category());
  }
  SECTION("nothing at all") {
    tls_pair pair(options, believing(ca));
    pair.server->stream->open(pair.server);
    pair.below_server->in().finished = true;
    test::run_ready(pair.io);
    REQUIRE(pair.server->opened);
    CHECK(*pair.server->opened == asio::ssl::error::stream_truncated);
  }
}

TEST_CASE("whichever operation below fails, both ends hear of it and nothing hangs", "[net][tls]") {
  authority ca;
  const auto server = net::tls_context::make(showing({ca.issue({"x", "DNS:example.com"})})).value();
  const auto client = net::tls_context::make(believing(ca)).value();
  std::size_t n = 0;
  for (bool reached = true; reached; ++n) {
    auto counter = std::make_shared<test::failing_counter>();
    counter->fail_at = n;
    tls_pair pair(server, client, "example.com", {}, counter);
    pair.client->to_send = pattern(40'000);
    pair.server->to_send = pattern(40'000);
    pair.open();
    INFO("operation " << n);
    const auto failed = [](const tls_user& u) { return (u.opened && *u.opened) || u.ended; };
    reached = counter->count > n;
    CHECK(reached == (failed(*pair.server) || failed(*pair.client)));
  }
  CHECK(n > 20);
}

TEST_CASE("a context says which file or setting is wrong", "[net][tls]") {
  authority ca;
  const auto good = ca.issue({"x", "DNS:example.com"});
  const auto other = ca.issue({"y", "DNS:example.org"});
  const auto what = [](const net::tls_options& options) {
    const auto made = net::tls_context::make(options);
    return made ? std::string() : made.error().what;
  };
  CHECK(what(showing({good})).empty());
  CHECK(what({}).empty());
  CHECK(what(showing({{"/nowhere.pem", good.key_file}})).find("/nowhere.pem: ") != std::string::npos);
  CHECK(what(showing({{good.chain_file, "/nowhere.key"}})).find("/nowhere.key: ") != std::string::npos);
  CHECK(what(showing({{good.chain_file, ca.write("junk.pem", "junk")}})).find("junk.pem") !=
        std::string::npos);
  CHECK(what(showing({{good.chain_file, other.key_file}})).find(other.key_file) != std::string::npos);
  net::tls_options authorities;
  authorities.authority_files = {"/nowhere.pem"};
  CHECK(what(authorities).find("/nowhere.pem") != std::string::npos);
  net::tls_options ciphers;
  ciphers.ciphers = "NONSENSE";
  CHECK(what(ciphers).find("NONSENSE") != std::string::npos);
}
