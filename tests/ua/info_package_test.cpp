#include <parley/ua/info_package.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;
using verdict = ua::info_packages::verdict;

namespace {

sip::message info() { return sip::message::request("INFO", "sip:bob@example.com").value(); }

std::string recv_info_of(const sip::message& message) {
  for (std::size_t i = 0; i < message.header_count(); ++i) {
    const sip::header_line line = message.header(i);
    if (line.name == "Recv-Info") return "[" + std::string(line.value) + "]";
  }
  return {};
}

/// What a peer is willing to receive that has sent these lines in its INVITE.
ua::info_packages peer_of(std::string_view lines) {
  ua::info_packages out({"mine"});
  out.handle(*parsed_text(texts::invite(lines)));
  return out;
}

struct judged {
  verdict what;
  std::string package;
};
judged judge(std::string_view lines) {
  judged out{};
  out.what = ua::info_packages({"dtmf", "Foo"})
                 .judge(*parsed_text(texts::request("INFO", 2, "a", "b", lines)), out.package);
  return out;
}

}  // namespace

TEST_CASE("RFC 6086 5: what is wanted is said in Recv-Info, nothing too") {
  auto invite = sip::message::request("INVITE", "sip:bob@example.com").value();
  ua::info_packages({"dtmf", "foo", "no token", ""}).write(invite);
  CHECK(recv_info_of(invite) == "[dtmf, foo]");
  auto response = sip::message::response(200).value();
  ua::info_packages().write(response);
  CHECK(recv_info_of(response) == "[]");
  CHECK(ua::info_packages(std::vector<std::string>(100, "x")).own().size() ==
        ua::info_packages::max_packages);
}

TEST_CASE("RFC 6086 5.1: what a peer wants lasts until it says something else") {
  auto peer = peer_of("Recv-Info: dtmf, foo;x=y\r\nRecv-Info: Bar, DTMF\r\n");
  CHECK(peer.peer_supports());
  CHECK(peer.peer() == std::vector<std::string>{"dtmf", "foo", "Bar"});
  CHECK(peer.may_send("Dtmf"));
  CHECK_FALSE(peer.may_send("mine"));
  peer.handle(*parsed_text(texts::request("UPDATE", 2, "a", "b")));
  CHECK(peer.may_send("foo"));
  peer.handle(*parsed_text(texts::request("UPDATE", 3, "a", "b", "Recv-Info: a b\r\n")));
  CHECK(peer.may_send("foo"));
  peer.handle(*parsed_text(texts::request("UPDATE", 4, "a", "b", "Recv-Info: bar\r\n")));
  CHECK(peer.peer() == std::vector<std::string>{"bar"});
  peer.handle(*parsed_text(texts::request("UPDATE", 5, "a", "b", "Recv-Info:\r\n")));
  CHECK(peer.peer_supports());
  CHECK(peer.peer().empty());

  CHECK_FALSE(peer_of("").peer_supports());
  CHECK(peer_of("Recv-Info: nil\r\n").peer_supports());
  CHECK(peer_of("Recv-Info: nil\r\n").peer().empty());
  std::string many;
  for (int i = 0; i < 60; ++i) many += "Recv-Info: p" + std::to_string(i) + "\r\n";
  CHECK(peer_of(many).peer().size() == ua::info_packages::max_packages);
  CHECK(peer_of("Recv-Info: " + std::string(65, 'x') + "\r\n").peer().empty());
}

TEST_CASE("RFC 6086 4.2.1: an INFO has the name of its package, and marks its body") {
  const auto peer = peer_of("Recv-Info: foo\r\n");
  auto request = info();
  REQUIRE(peer.write_info(request, "foo", "x=1", "application/foo"));
  const parsed_text sent(request);
  CHECK(sent->value(sent->find("Info-Package")) == "foo");
  CHECK(sent->value_of(header_id::content_type) == "application/foo");
  CHECK(sent->value_of(header_id::content_disposition) == "Info-Package");
  CHECK(sent->body() == "x=1");
  auto empty = info();
  REQUIRE(peer.write_info(empty, "foo"));
  CHECK(empty.header_count() == 1);

  auto refused = info();
  CHECK_FALSE(peer.write_info(refused, "bar"));
  CHECK_FALSE(peer.write_info(refused, "foo", "x", "nothing"));
  CHECK(refused == info());
  auto bye = sip::message::request("BYE", "sip:bob@example.com").value();
  CHECK(peer.write_info(bye, "foo").error() == ua::errc::wrong_method);
}

TEST_CASE("RFC 6086 4.2.2: an INFO is of a package of ours, of another, or of none") {
  CHECK(judge("Info-Package: dtmf\r\n").what == verdict::package);
  CHECK(judge("Info-Package: FOO;x=1\r\n").what == verdict::package);
  CHECK(judge("Info-Package: FOO;x=1\r\n").package == "FOO");
  CHECK(judge("Info-Package: bar\r\n").what == verdict::refused);
  CHECK(judge("").what == verdict::legacy);
  CHECK(judge("Info-Package:\r\n").what == verdict::bad);
  CHECK(judge("Info-Package: a, b\r\n").what == verdict::bad);
  CHECK(judge("Info-Package: a b\r\n").what == verdict::bad);
  CHECK(judge("Info-Package: " + std::string(65, 'x') + "\r\n").what == verdict::bad);
  auto refusal = sip::message::response(469).value();
  ua::info_packages({"dtmf"}).write_refusal(refusal);
  CHECK(recv_info_of(refusal) == "[dtmf]");
}
