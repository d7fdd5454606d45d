// The program behind the guide "Only the parser": reads, checks, answers, forwards and builds messages, with
// parley::sip alone.
#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <parley/sip/framing.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/validate.hpp>
#include <parley/sip/via.hpp>
#include <parley/sip/writer.hpp>

namespace sip = parley::sip;

namespace {

constexpr std::string_view invite =
    "INVITE sip:bob@example.com SIP/2.0\r\n"
    "v: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK776asdhds\r\n"
    "Max-Forwards: 70\r\n"
    "Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\n"
    "f: \"Alice\" <sip:alice@example.com>;tag=88sja8x\r\n"
    "t: <sip:bob@example.com>\r\n"
    "i: 987asjd97y7atg\r\n"
    "CSeq: 986759 INVITE\r\n"
    "m: <sip:alice@192.0.2.1>\r\n"
    "l: 0\r\n\r\n";

// [read]
bool read(std::string_view datagram) {
  sip::message_view message;
  if (const auto indexed = message.parse(datagram); !indexed) {
    const std::string_view rule = sip::rule(indexed.error().code);
    std::printf("offset %u: %.*s\n", indexed.error().offset, static_cast<int>(rule.size()), rule.data());
    return false;
  }
  if (!message.is_request()) return false;

  const auto from = message.get<sip::from_header>();
  if (!from) return false;
  std::printf("%.*s calls\n", static_cast<int>(from->uri.user.size()), from->uri.user.data());

  const auto walked = message.for_each<sip::route_header>([](const sip::route_header& route) {
    std::printf("over %.*s\n", static_cast<int>(route.uri.host.size()), route.uri.host.data());
  });
  return walked.has_value();
}
// [/read]

// [check]
std::size_t check(const sip::message_view& message) {
  std::array<sip::finding, 16> findings;
  const std::size_t count = sip::find_violations(message, findings);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view rule = sip::rule(findings[i].error.code);
    std::printf("offset %u: %.*s\n", findings[i].error.offset, static_cast<int>(rule.size()), rule.data());
  }
  return count;
}
// [/check]

// [answer]
std::string answer(const sip::message_view& request) {
  std::array<std::byte, 2048> memory;
  sip::writer response(memory);
  response.status_line(486, "Busy Here")
      .copy_all(request, sip::header_id::via)
      .copy_all(request, sip::header_id::from)
      .header(sip::header_id::to, request.value_of(sip::header_id::to), ";tag=", "a6c85cf")
      .copy_all(request, sip::header_id::call_id)
      .copy_all(request, sip::header_id::cseq)
      .finish();
  const auto size = response.size();
  if (!size) return {};
  return {reinterpret_cast<const char*>(memory.data()), *size};
}
// [/answer]

// [forward]
std::string forward(const sip::message_view& request) {
  sip::patch edit(request);
  edit.add_first(sip::header_id::via, {"SIP/2.0/UDP 192.0.2.9;branch=", "z9hG4bKp7"});
  edit.set_value(request.find(sip::header_id::max_forwards), "69");
  edit.remove_first<sip::route_header>();
  if (!edit.status()) return {};

  std::vector<std::byte> memory(edit.size());
  edit.write(memory);
  return {reinterpret_cast<const char*>(memory.data()), memory.size()};
}
// [/forward]

// [build]
std::string build() {
  auto request = sip::message::request("OPTIONS", "sip:bob@example.com");
  if (!request) return {};
  const auto added = request->add(sip::header_id::subject, "Hi\r\nTo: <sip:mallory@example.com>");
  std::printf("the second line was %s\n", added ? "added" : "refused");
  if (!request->set_body("hello", "text/plain")) return {};
  return request->to_string();
}
// [/build]

// [stream]
std::size_t cut(std::string_view stream) {
  sip::stream_framer framer;
  std::size_t messages = 0;
  while (true) {
    const auto step = framer.next(stream);
    if (step.what == sip::stream_framer::status::need_more) return messages;
    if (step.what == sip::stream_framer::status::error) return messages;
    if (step.what == sip::stream_framer::status::message) {
      ++messages;
      read(stream.substr(0, step.consumed));
    }
    stream.remove_prefix(step.consumed);
  }
}
// [/stream]

}  // namespace

int main() {
  sip::message_view request;
  if (!read(invite) || !request.parse(invite) || check(request) != 0) return 1;

  const std::string response = answer(request);
  const std::string forwarded = forward(request);
  const std::string built = build();
  std::printf("%s\n%s\n%s\n", response.c_str(), forwarded.c_str(), built.c_str());
  sip::message_view again;
  if (!again.parse(response) || again.status() != 486) return 1;
  if (!again.parse(forwarded) || again.get<sip::max_forwards_header>()->value != 69) return 1;
  if (again.get<sip::route_header>()->uri.host != "p2.example.com") return 1;
  if (!again.parse(built) || again.body() != "hello" || again.has(sip::header_id::to)) return 1;
  return cut(std::string(invite) + "\r\n\r\n" + std::string(invite)) == 2 ? 0 : 1;
}
