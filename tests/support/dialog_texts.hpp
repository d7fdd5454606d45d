#pragma once

#include <string>
#include <string_view>

namespace parley::test {

/// Messages of one call between Alice, who calls with the tag `a`, and Bob.
struct dialog_texts {
  static std::string invite(std::string_view lines = "Contact: <sip:alice@192.0.2.1>\r\n",
                            std::string_view uri = "sip:bob@example.com") {
    return request("INVITE", 10, "a", "", lines, uri);
  }

  /// A request of Alice's where `from` is `a`, else of Bob's.
  static std::string request(std::string_view method, unsigned cseq, std::string_view from,
                             std::string_view to, std::string_view lines = {},
                             std::string_view uri = "sip:x@192.0.2.9") {
    const bool by_alice = from == "a";
    return std::string(method).append(" ").append(uri).append(" SIP/2.0\r\n") +
           "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK" + std::to_string(cseq) + "\r\nMax-Forwards: 70\r\n" +
           parties(by_alice ? alice : bob, from, by_alice ? bob : alice, to) + cseq_line(cseq, method) +
           std::string(lines) + "\r\n";
  }

  /// A response of Bob's to Alice, `from` being her tag; or of Alice's to Bob where `from` is his.
  static std::string response(int status, unsigned cseq, std::string_view method, std::string_view from,
                              std::string_view to, std::string_view lines = {}) {
    const bool to_alice = from == "a";
    return "SIP/2.0 " + std::to_string(status) + " x\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK" +
           std::to_string(cseq) + "\r\n" + parties(to_alice ? alice : bob, from, to_alice ? bob : alice, to) +
           cseq_line(cseq, method) + std::string(lines) + "\r\n";
  }

  static constexpr std::string_view alice = "\"Alice\" <sip:alice@example.com>";
  static constexpr std::string_view bob = "<sip:bob@example.com>";

 private:
  static std::string parties(std::string_view from_uri, std::string_view from, std::string_view to_uri,
                             std::string_view to) {
    return std::string("From: ") + std::string(from_uri) + tag(from) + "\r\nTo: " + std::string(to_uri) +
           tag(to) + "\r\nCall-ID: 1@192.0.2.1\r\n";
  }
  static std::string tag(std::string_view value) {
    return value.empty() ? std::string() : std::string(";tag=").append(value);
  }
  static std::string cseq_line(unsigned number, std::string_view method) {
    return "CSeq: " + std::to_string(number) + " " + std::string(method) + "\r\n";
  }
};

}  // namespace parley::test
