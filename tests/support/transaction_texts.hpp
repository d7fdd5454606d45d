#pragma once

#include <parley/sip/message_view.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::test {

/// The parts of a request by which a transaction knows it. Without a test library, for unit tests and fuzz
/// targets.
struct request_text {
  std::string method = "OPTIONS";
  std::string uri = "sip:bob@192.0.2.2";
  std::string via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1";
  std::string from_tag = "alice";
  std::string to_tag{};
  std::string call_id = "call-1@192.0.2.1";
  std::uint32_t cseq = 1;
  std::string lines{};  ///< more headers, with their line ends
  std::string body{};

  std::string text() const {
    std::string out = method + ' ' + uri + " SIP/2.0\r\nVia: " + via +
                      "\r\nMax-Forwards: 70\r\nFrom: <sip:alice@192.0.2.1>";
    if (!from_tag.empty()) out += ";tag=" + from_tag;
    out += "\r\nTo: <sip:bob@192.0.2.2>";
    if (!to_tag.empty()) out += ";tag=" + to_tag;
    out += "\r\nCall-ID: " + call_id + "\r\nCSeq: " + std::to_string(cseq) + ' ' + method + "\r\n" + lines;
    return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  request_text with_method(std::string_view name) const {
    request_text out = *this;
    out.method = name;
    return out;
  }
  request_text with_via(std::string_view value) const {
    request_text out = *this;
    out.via = value;
    return out;
  }
  request_text with_to_tag(std::string_view tag) const {
    request_text out = *this;
    out.to_tag = tag;
    return out;
  }
};

/// The response that the receiver of `request` would send: its Via, From, To, Call-ID and CSeq. A tag is
/// added where `to_tag` is not empty and To has none.
inline std::string response_text(std::string_view request, int status, std::string_view to_tag = "bob") {
  sip::message_view view;
  if (!view.parse(request)) return {};
  std::string out = "SIP/2.0 " + std::to_string(status) + " Whatever\r\n";
  for (std::size_t i = 0; i < view.header_count(); ++i) {
    const auto line = view.header(i);
    switch (line.id) {
      case sip::header_id::via:
      case sip::header_id::from:
      case sip::header_id::call_id:
      case sip::header_id::cseq: out.append(line.name).append(": ").append(line.value).append("\r\n"); break;
      case sip::header_id::to:
        out.append(line.name).append(": ").append(line.value);
        if (!to_tag.empty() && line.value.find(";tag=") == std::string_view::npos)
          out.append(";tag=").append(to_tag);
        out.append("\r\n");
        break;
      default: break;
    }
  }
  return out + "Content-Length: 0\r\n\r\n";
}

}  // namespace parley::test
