#include <parley/proxy/registrar.hpp>
#include <parley/sip/digest_client.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using namespace parley::test;
using namespace std::chrono_literals;
using sip::header_id;

namespace {

proxy::registrar_options one_domain() {
  proxy::registrar_options options;
  options.domains = {"example.com"};
  return options;
}

/// A REGISTER of alice's.
struct register_text : request_text {
  explicit register_text(std::string_view contact_lines, std::uint32_t number = 1) {
    method = "REGISTER";
    uri = "sip:example.com";
    cseq = number;
    lines = contact_lines;
  }
};

struct fixture {
  explicit fixture(proxy::registrar_options options = one_domain())
      : registrar(std::move(options), random, now) {}

  proxy::registrar::answer send(std::string text, const sip::hop& from = peer_at("192.0.2.1:5060"),
                                std::string_view address = "sip:alice@example.com") {
    const std::string to = "To: <sip:bob@192.0.2.2>";
    text.replace(text.find(to), to.size(), "To: <" + std::string(address) + ">");
    kept = std::move(text);
    REQUIRE(view.parse(kept).has_value());
    return registrar.handle_register(now, view, from);
  }
  /// Those that are tried at once, or those that wait behind them.
  strings targets(std::string_view address = "sip:alice@example.com", bool alternate = false) {
    std::vector<proxy::target> found;
    registrar.add_targets(*sip::parse_uri(address), found);
    strings out;
    for (const auto& t : found) {
      if (t.alternate == alternate) out.emplace_back(t.uri);
    }
    return out;
  }
  void pass(base::duration time) {
    now += time;
    registrar.location().handle_timeout(now);
  }

  base::time_point now{1000s};
  seeded_random random{1};
  proxy::registrar registrar;
  sip::message_view view;
  std::string kept;
  std::uint32_t cseq = 10;
};

strings values(const proxy::registrar::answer& answer, header_id id) {
  strings out;
  for (const auto& [field, value] : answer.fields) {
    if (field == id) out.push_back(value);
  }
  return out;
}

constexpr std::string_view phone = "Contact: <sip:alice@192.0.2.1:5060>\r\n";

}  // namespace

TEST_CASE("a contact is registered, found, listed and taken out again", "[proxy]") {
  fixture f;
  auto answer = f.send(register_text(std::string(phone) + "Expires: 600\r\n").text());
  CHECK(answer.status == 200);
  CHECK(answer.changed == "alice@example.com");
  CHECK(values(answer, header_id::contact) == strings{"<sip:alice@192.0.2.1:5060>;expires=600"});
  CHECK(f.targets() == strings{"sip:alice@192.0.2.1:5060"});
  CHECK(f.targets("sip:ALICE@example.com").empty());
  CHECK(f.targets("sips:alice@EXAMPLE.com;x=y") == strings{"sip:alice@192.0.2.1:5060"});

  f.pass(100s);
  answer = f.send(register_text("", 2).text());
  CHECK(answer.status == 200);
  CHECK(answer.changed.empty());
  CHECK(values(answer, header_id::contact) == strings{"<sip:alice@192.0.2.1:5060>;expires=500"});

  answer = f.send(register_text("Contact: <sip:alice@192.0.2.1:5060>;expires=0\r\n", 3).text());
  CHECK(answer.status == 200);
  CHECK(values(answer, header_id::contact).empty());
  CHECK(f.targets().empty());
  CHECK(f.registrar.counters().registered == 3);
}

TEST_CASE("a registration ends when its time is over", "[proxy]") {
  fixture f;
  CHECK(f.send(register_text(std::string(phone) + "Expires: 600\r\n").text()).status == 200);
  f.pass(599s);
  CHECK(f.targets().size() == 1);
  f.pass(2s);
  CHECK(f.targets().empty());
}

TEST_CASE("the time of a registration is kept within bounds", "[proxy]") {
  fixture f;
  const auto expires = [&](std::string_view asked) {
    const auto answer = f.send(register_text(std::string(phone) + std::string(asked), ++f.cseq).text());
    const auto contacts = values(answer, header_id::contact);
    return std::to_string(answer.status) + ' ' +
           (contacts.empty() ? std::string() : contacts.front().substr(contacts.front().rfind('=') + 1));
  };
  CHECK(expires("") == "200 3600");
  CHECK(expires("Expires: 60\r\n") == "200 60");
  CHECK(expires("Expires: 59\r\n") == "423 ");
  CHECK(expires("Expires: 7200\r\n") == "200 7200");
  CHECK(expires("Expires: 7201\r\n") == "200 7200");
  CHECK(expires("Expires: 4294967295\r\n") == "200 7200");
  CHECK(expires("Expires: soon\r\n") == "200 3600");
}

TEST_CASE("what a REGISTER must not ask for is refused", "[proxy]") {
  fixture f;
  CHECK(f.send(register_text(phone).text(), peer_at("192.0.2.1:5060"), "sip:alice@example.org").status ==
        404);
  CHECK(f.send(register_text(phone).text(), peer_at("192.0.2.1:5060"), "sip:example.com").status == 404);
  CHECK(f.send(register_text(phone).text(), peer_at("192.0.2.1:5060"), "tel:+12015550123").status == 404);
  const auto answer = f.send(register_text(std::string(phone) + "Require: path, x-rays, gin\r\n").text());
  CHECK(answer.status == 420);
  CHECK(values(answer, header_id::unsupported) == strings{"x-rays, gin"});
  CHECK(f.send(register_text("Contact: <tel:+12015550123>\r\n").text()).status == 400);
  CHECK(f.send(register_text("Contact: <sip:alice@\r\n").text()).status == 400);
  CHECK(f.registrar.location().size() == 0);
  CHECK(f.registrar.counters().refused == 6);
}

TEST_CASE("an old REGISTER changes nothing", "[proxy]") {
  fixture f;
  CHECK(f.send(register_text(phone, 5).text()).status == 200);
  for (const std::uint32_t old : {5U, 4U}) {
    CHECK(f.send(register_text("Contact: <sip:alice@192.0.2.1:5060>;expires=0\r\n", old).text()).status ==
          500);
    CHECK(f.send(register_text("Contact: *\r\nExpires: 0\r\n", old).text()).status == 500);
  }
  CHECK(f.targets().size() == 1);
  // A restarted client has another Call-ID and begins to count anew.
  register_text fresh("Contact: <sip:alice@192.0.2.1:5060>;q=0.5\r\n", 1);
  fresh.call_id = "other";
  const auto answer = f.send(fresh.text());
  CHECK(values(answer, header_id::contact) == strings{"<sip:alice@192.0.2.1:5060>;expires=3600;q=0.500"});
}

TEST_CASE("a star takes all contacts out, alone and with Expires 0", "[proxy]") {
  fixture f;
  REQUIRE(f.send(register_text("Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.1>\r\n", 1).text()).status == 200);
  CHECK(f.send(register_text("Contact: *\r\nExpires: 60\r\n", 2).text()).status == 400);
  CHECK(f.send(register_text("Contact: *\r\n", 3).text()).status == 400);
  CHECK(
      f.send(register_text("Contact: *\r\nContact: <sip:c@192.0.2.1>\r\nExpires: 0\r\n", 4).text()).status ==
      400);
  CHECK(f.targets().size() == 2);
  CHECK(f.send(register_text("Contact: *\r\nExpires: 0\r\n", 5).text()).status == 200);
  CHECK(f.targets().empty());
}

TEST_CASE("an address has so many contacts and the registrar so many addresses", "[proxy]") {
  auto options = one_domain();
  options.max_contacts = 2;
  options.max_addresses = 2;
  fixture f(options);
  REQUIRE(f.send(register_text("Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.1>\r\n", 1).text()).status == 200);
  CHECK(f.send(register_text("Contact: <sip:c@192.0.2.1>\r\n", 2).text()).status == 403);
  CHECK(f.targets() == strings{"sip:a@192.0.2.1", "sip:b@192.0.2.1"});
  const auto from = peer_at("192.0.2.1:5060");
  CHECK(f.send(register_text(phone).text(), from, "sip:second@example.com").status == 200);
  const auto full = f.send(register_text(phone).text(), from, "sip:third@example.com");
  CHECK(full.status == 503);
  CHECK(values(full, header_id::retry_after).size() == 1);
  CHECK(f.targets("sip:third@example.com").empty());
}

TEST_CASE("a client that only its flow leads to is bound to it", "[proxy]") {
  fixture f;
  const auto flow_of = [&](std::string_view contact, const sip::hop& from, std::string_view via = {}) {
    register_text text(contact, ++f.cseq);
    if (!via.empty()) text.via = via;
    REQUIRE(f.send(text.text(), from).status == 200);
    std::vector<proxy::target> found;
    f.registrar.add_targets(*sip::parse_uri("sip:alice@example.com"), found);
    const auto last = found.empty() ? sip::hop{} : found.back().flow;
    REQUIRE(f.send(register_text("Contact: *\r\nExpires: 0\r\n", ++f.cseq).text()).status == 200);
    return last;
  };
  const auto browser = peer_at("192.0.2.7:40000", 2, sip::transport::ws, 9);
  CHECK(flow_of("Contact: <sip:x@df7jal23ls0d.invalid;transport=ws>\r\n", browser).only_flow);
  CHECK(flow_of("Contact: <sip:x@192.0.2.7:40000;transport=ws>\r\n", browser).flow == 9);
  const auto natted = peer_at("192.0.2.7:40000");
  CHECK(flow_of("Contact: <sip:x@10.0.0.7>\r\n", natted).only_flow);
  CHECK(flow_of("Contact: <sip:x@10.0.0.7>\r\n", natted).remote.to_string() == "192.0.2.7:40000");
  CHECK(flow_of("Contact: <sip:x@192.0.2.7;ob>\r\n", natted).only_flow);
  CHECK(flow_of("Contact: <sip:x@192.0.2.7:40000;transport=tls>\r\n",
                peer_at("192.0.2.7:40000", 2, sip::transport::tls, 8))
            .flow == 8);
  CHECK_FALSE(flow_of("Contact: <sips:x@phone.example.com>\r\n",
                      peer_at("192.0.2.7:40000", 2, sip::transport::tls, 8))
                  .only_flow);
  // One that can be reached by its address, and one behind another proxy, are not.
  CHECK_FALSE(flow_of("Contact: <sip:x@192.0.2.7>\r\n", natted).only_flow);
  CHECK_FALSE(flow_of("Contact: <sip:x@10.0.0.7>\r\n", peer_at("10.0.0.7:5060")).only_flow);
  CHECK_FALSE(flow_of("Contact: <sip:x@host.example.com>\r\n", natted).only_flow);
  CHECK_FALSE(flow_of("Contact: <sip:x@10.0.0.7>\r\n", natted,
                      "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK2")
                  .only_flow);
}

TEST_CASE("flows of one instance are told apart by their numbers", "[proxy]") {
  fixture f;
  const auto flow = [&](std::string_view uri, int id, std::uint64_t connection) {
    return f.send(register_text("Supported: outbound, path\r\nContact: <" + std::string(uri) +
                                    ">;+sip.instance=\"<urn:uuid:0>\";reg-id=" + std::to_string(id) + "\r\n",
                                ++f.cseq)
                      .text(),
                  peer_at("192.0.2.7:40000", 1, sip::transport::tcp, connection));
  };
  auto answer = flow("sip:x@192.0.2.7:1", 1, 11);
  CHECK(answer.status == 200);
  CHECK(answer.watched);
  CHECK(values(answer, header_id::flow_timer) == strings{"120"});
  CHECK(values(answer, header_id::require) == strings{"outbound"});
  CHECK(values(answer, header_id::contact) ==
        strings{"<sip:x@192.0.2.7:1>;expires=3600;+sip.instance=\"<urn:uuid:0>\";reg-id=1"});
  f.pass(1s);
  CHECK(flow("sip:x@192.0.2.7:2", 2, 12).status == 200);
  // RFC 5626 7: one of them is used, the one that was refreshed last.
  CHECK(f.targets() == strings{"sip:x@192.0.2.7:2"});
  CHECK(f.targets("sip:alice@example.com", true) == strings{"sip:x@192.0.2.7:1"});
  f.pass(1s);
  // The first comes again on another connection, with another URI.
  CHECK(values(flow("sip:x@192.0.2.7:3", 1, 13), header_id::contact).size() == 2);
  CHECK(f.targets() == strings{"sip:x@192.0.2.7:3"});
  CHECK(f.targets("sip:alice@example.com", true) == strings{"sip:x@192.0.2.7:2"});
  f.registrar.location().drop_flow(13);
  CHECK(f.targets() == strings{"sip:x@192.0.2.7:2"});

  CHECK(
      f.send(register_text("Supported: outbound\r\nContact: <sip:a@192.0.2.7>;+sip.instance=\"<urn:uuid:0>\";"
                           "reg-id=1, <sip:b@192.0.2.7>;+sip.instance=\"<urn:uuid:0>\";reg-id=2\r\n",
                           ++f.cseq)
                 .text())
          .status == 400);
}

TEST_CASE("a flow through a proxy that keeps none is refused", "[proxy]") {
  fixture f;
  register_text text(
      "Supported: outbound, path\r\nContact: <sip:x@10.0.0.7>;+sip.instance=\"<urn:uuid:0>\";reg-id=1\r\n");
  text.via = "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK2";
  CHECK(f.send(text.text()).status == 439);
  text.lines += "Path: <sip:192.0.2.9;lr>\r\n";
  CHECK(f.send(text.text()).status == 439);
  text.lines += "Path: <sip:flow-0-192@192.0.2.9;lr;ob>\r\n";
  const auto answer = f.send(text.text());
  CHECK(answer.status == 200);
  CHECK(values(answer, header_id::path) == strings{"<sip:192.0.2.9;lr>, <sip:flow-0-192@192.0.2.9;lr;ob>"});
  CHECK_FALSE(answer.watched);
  std::vector<proxy::target> found;
  f.registrar.add_targets(*sip::parse_uri("sip:alice@example.com"), found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == "<sip:192.0.2.9;lr>, <sip:flow-0-192@192.0.2.9;lr;ob>");
}

TEST_CASE("a Path that the client does not know of is refused", "[proxy]") {
  fixture f;
  CHECK(f.send(register_text(std::string(phone) + "Path: <sip:192.0.2.9;lr>\r\n").text()).status == 421);
}

TEST_CASE("a Path that nothing can be sent along is refused", "[proxy]") {
  fixture f;
  for (const char* path :
       {"sip:192.0.2.9;lr", "<sip:192.0.2.9;lr>,,<sip:192.0.2.8;lr>", "<tel:+1>", "<sip:"}) {
    CAPTURE(path);
    const auto line = "Supported: path\r\nPath: " + std::string(path) + "\r\n";
    CHECK(f.send(register_text(std::string(phone) + line, ++f.cseq).text()).status == 400);
  }
  CHECK(f.targets().empty());
}

TEST_CASE("where users are known each proves who it is, and registers its own address", "[proxy]") {
  auto options = one_domain();
  options.users = {{"alice", "wonderland"}, {"bob", "builder"}};
  fixture f(options);
  const auto first = f.send(register_text(phone).text());
  CHECK(first.status == 401);
  CHECK(f.registrar.counters().challenged == 1);
  const auto challenges = values(first, header_id::www_authenticate);
  REQUIRE(challenges.size() == 2);

  // Answers the challenge of a REGISTER for `address` as that user.
  const auto register_as = [&](std::string user, std::string password, std::string_view address) {
    const auto asked = f.send(register_text(phone, ++f.cseq).text(), peer_at("192.0.2.1:5060"), address);
    std::vector<sip::challenge> offered;
    const auto challenged = values(asked, header_id::www_authenticate);
    for (const std::string& c : challenged) offered.push_back(*sip::parse<sip::www_authenticate_header>(c));
    sip::digest_client client(f.random);
    REQUIRE(client.set_account({.realm = "example.com", .username = user, .password = password, .ha1 = {}}));
    sip::digest_attempt attempt;
    REQUIRE(client.handle_challenges(sip::digest_asker::user_agent, offered, attempt) ==
            sip::challenge_outcome::retry);
    std::vector<sip::digest_answer> answers;
    client.authorize(attempt, "REGISTER", "sip:example.com", "", answers);
    REQUIRE(answers.size() == 1);
    const auto line = "Authorization: " + answers[0].value + "\r\n";
    return f.send(register_text(std::string(phone) + line, ++f.cseq).text(), peer_at("192.0.2.1:5060"),
                  address);
  };
  CHECK(register_as("alice", "wonderland", "sip:alice@example.com").status == 200);
  CHECK(f.targets().size() == 1);
  CHECK(register_as("alice", "wrong", "sip:alice@example.com").status == 401);
  CHECK(register_as("mallory", "wonderland", "sip:alice@example.com").status == 401);
  CHECK(register_as("bob", "builder", "sip:alice@example.com").status == 403);
  CHECK(f.registrar.knows(*sip::parse_uri("sip:bob@example.com")));
  CHECK_FALSE(f.registrar.knows(*sip::parse_uri("sip:mallory@example.com")));
}

TEST_CASE("users are challenged with the algorithms that were set", "[proxy]") {
  auto options = one_domain();
  options.users = {{"alice", "wonderland"}};
  options.algorithms = {sip::digest_algorithm::md5};
  fixture f(options);
  const auto challenges = values(f.send(register_text(phone).text()), header_id::www_authenticate);
  REQUIRE(challenges.size() == 1);
  CHECK(sip::parse<sip::www_authenticate_header>(challenges[0])->algorithm == "MD5");
}

TEST_CASE("what a binding takes is bounded, one by one and all together", "[proxy]") {
  auto options = one_domain();
  options.max_binding_bytes = 500;
  options.max_bytes = 4000;
  fixture f(options);
  const auto with_path = [&f](std::size_t length, std::string_view address, std::uint32_t number) {
    const std::string path =
        "Supported: path\r\nPath: <sip:192.0.2.3;lr;x=" + std::string(length, 'x') + ">\r\n";
    return f.send(register_text(std::string(phone) + path, number).text(), peer_at("192.0.2.1:5060"), address)
        .status;
  };
  CHECK(with_path(500, "sip:alice@example.com", 1) == 403);
  CHECK(f.targets().empty());
  CHECK(with_path(300, "sip:alice@example.com", 2) == 200);
  // A refresh can't make it larger either.
  CHECK(with_path(500, "sip:alice@example.com", 3) == 403);
  CHECK(f.targets().size() == 1);
  int registered = 1;
  int status = 200;
  while (status == 200 && registered < 100) {
    status = with_path(300, "sip:u" + std::to_string(registered) + "@example.com", 4);
    if (status == 200) ++registered;
  }
  CHECK(status == 503);
  CHECK(registered > 2);
  CHECK(f.registrar.location().bytes() <= 4000);
  // Those that are there may stay.
  CHECK(with_path(300, "sip:alice@example.com", 5) == 200);
}
