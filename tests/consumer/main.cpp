// Parses one request with the installed library.
#include <parley/sip/message_view.hpp>

#include <cstdio>
#include <string_view>

int main() {
  constexpr std::string_view text =
      "OPTIONS sip:bob@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
      "Max-Forwards: 70\r\n"
      "From: <sip:alice@example.com>;tag=1\r\n"
      "To: <sip:bob@example.com>\r\n"
      "Call-ID: 1@192.0.2.1\r\n"
      "CSeq: 1 OPTIONS\r\n"
      "Content-Length: 0\r\n"
      "\r\n";
  parley::sip::message_view request;
  if (!request.parse(text) || request.method_name() != "OPTIONS" || request.header_count() != 7) {
    std::fputs("the installed library does not parse\n", stderr);
    return 1;
  }
  return 0;
}
