// How many messages a second are parsed, on one thread:
//
//   index   message_view::parse: start line, headers and body are found
//   typed   index, and the Request-URI and each header that has a type are read, all values of lists
//
// sip_parse [FILE COUNT]     parses the message in FILE COUNT times; without them, an INVITE of its own
#include <parley/sip/message_view.hpp>
#include <parley/sip/typed.hpp>
#include <parley/sip/uri.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>

namespace {

using namespace parley::sip;

constexpr std::string_view own_message =
    "INVITE sip:bob@biloxi.example.com;transport=tcp SIP/2.0\r\n"
    "Via: SIP/2.0/TCP ss1.example.com:5060;branch=z9hG4bK2d4790;received=192.0.2.222;rport=49152\r\n"
    "Via: SIP/2.0/UDP client.example.com:5060;rport;branch=z9hG4bK74b43-524287-1---9\r\n"
    "Max-Forwards: 69\r\n"
    "Record-Route: <sip:ss1.example.com;transport=tcp;lr>\r\n"
    "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n"
    "To: \"Bob\" <sip:bob@biloxi.example.com>\r\n"
    "Call-ID: 3848276298220188511@atlanta.example.com\r\n"
    "CSeq: 2 INVITE\r\n"
    "Contact: <sip:alice@client.example.com;transport=tcp>;+sip.instance=\"<urn:uuid:0d5e3f7a>\"\r\n"
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, UPDATE, PRACK\r\n"
    "Supported: replaces, 100rel, timer, outbound\r\n"
    "Session-Expires: 1800;refresher=uac\r\n"
    "User-Agent: Example/1.0 (test)\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 118\r\n"
    "\r\n"
    "v=0\r\n"
    "o=alice 2890844526 2890844526 IN IP4 192.0.2.101\r\n"
    "s=-\r\n"
    "c=IN IP4 192.0.2.101\r\n"
    "t=0 0\r\n"
    "m=audio 49172 RTP/AVP 0 8 9\r\n";

/// Makes the compiler believe that someone looks at `value`.
template <class T>
void consume(const T& value) {
  asm volatile("" : : "m"(value));
}

bool parse_index(std::string_view text, message_view& view) {
  const bool parsed = view.parse(text).has_value();
  consume(view);
  return parsed;
}

bool parse_typed(std::string_view text, message_view& view) {
  if (!parse_index(text, view)) return false;
  bool fine = true;
  if (view.is_request()) {
    const auto uri = view.get_request_uri();
    consume(uri);
    fine = uri.has_value();
  }
  message_reader reader(view);
  for (std::size_t i = 0; i < view.header_count(); ++i) {
    std::size_t room = view.max_values();
    visit_typed(view.id(i), [&]<class Header>(std::type_identity<Header>) {
      fine = reader.for_each_at<Header>(i, room, [](const Header& value) { consume(value); }).has_value() &&
             fine;
    });
  }
  return fine;
}

template <class Parse>
bool measure(const char* what, std::string_view text, long count, Parse parse) {
  message_view view;
  for (long i = 0; i < count / 10; ++i) parse(text, view);  // warms caches and branch predictors
  long parsed = 0;
  const auto start = std::chrono::steady_clock::now();
  for (long i = 0; i < count; ++i) parsed += parse(text, view);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (parsed != count) {
    std::fprintf(stderr, "sip_parse: %s: the message is malformed\n", what);
    return false;
  }
  std::printf("%s %.0f msg/s\n", what, static_cast<double>(count) / took.count());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::string text(own_message);
  long count = 500000;
  if (argc == 3) {
    std::ifstream in(argv[1], std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    count = std::strtol(argv[2], nullptr, 10);
    if (!in.is_open() || in.bad()) {
      std::fprintf(stderr, "sip_parse: cannot read %s\n", argv[1]);
      return 2;
    }
  }
  if ((argc != 1 && argc != 3) || count < 1) {
    std::fprintf(stderr, "usage: sip_parse [FILE COUNT]\n");
    return 2;
  }
  return measure("index", text, count, parse_index) && measure("typed", text, count, parse_typed) ? 0 : 1;
}
