#include <cstdio>

#include <parley/sip/message_view.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/via.hpp>

int main() {
  namespace sip = parley::sip;
  const std::string_view text =
      "OPTIONS sip:bob@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"
      "From: \"Alice\" <sip:alice@example.com>;tag=88sja8x\r\n"
      "To: <sip:bob@example.com>\r\n"
      "Call-ID: 987asjd97y7atg\r\n"
      "CSeq: 986759 OPTIONS\r\n"
      "Content-Length: 0\r\n\r\n";

  sip::message_view message;
  if (const auto indexed = message.parse(text); !indexed) {
    const auto rule = sip::rule(indexed.error().code);
    std::printf("offset %u: %.*s\n", indexed.error().offset, static_cast<int>(rule.size()), rule.data());
    return 1;
  }
  const auto via = message.get<sip::via_header>();
  const auto from = message.get<sip::from_header>();
  if (!via || !from) return 1;
  std::printf("%.*s asks from %.*s\n", static_cast<int>(from->uri.raw.size()), from->uri.raw.data(),
              static_cast<int>(via->host.size()), via->host.data());
}
