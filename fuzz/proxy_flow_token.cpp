// Flow tokens: what was written is read as the same flow, and of all other texts none is taken, whatever was
// changed in it.
#include <parley/proxy/flow_token.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/uri.hpp>

#include "support/operation_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace parley;

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr base::siphash_key key{1, 2};

/// A flow as a driver has them: a connection, or the source of a datagram.
sip::hop make_flow(test::operation_bytes& in) {
  sip::hop out;
  out.listener = in.u16();
  switch (in.u8() % 3) {
    case 0: out.flow = in.scaled(64) | 1U; break;
    case 1:
      out.remote = {base::ip_address::v4(static_cast<std::uint32_t>(in.u16()) << 16U | in.u16()), in.u16()};
      break;
    default: {
      base::ip_address::v6_bytes bytes{};
      for (auto& byte : bytes) byte = in.u8();
      out.remote = {base::ip_address::v6(bytes), in.u16()};
      break;
    }
  }
  return out;
}

/// Only the text of a token of ours can be read; digits of the seal may have been made capitals.
void read_foreign(const proxy::flow_tokens& tokens, std::string_view text) {
  const auto flow = tokens.read(text);
  if (!flow) return;
  require(proxy::flow_token::is_token(text));
  require(sip::iequals(tokens.write(*flow).text(), text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const proxy::flow_tokens tokens(key);
  read_foreign(tokens, {reinterpret_cast<const char*>(data), size});

  test::operation_bytes in(std::span(data, size));
  const sip::hop flow = make_flow(in);
  const proxy::flow_token token = tokens.write(flow);
  const auto read = tokens.read(token.text());
  require(read && proxy::flow_token::is_token(token.text()));
  require(read->only_flow && read->listener == flow.listener && read->flow == flow.flow);
  require(read->remote.ip == flow.remote.ip.unmapped() || flow.flow != 0);
  require(read->remote.port == flow.remote.port);
  // It is the user part of a URI of ours.
  const std::string uri = "sip:" + std::string(token.text()) + "@192.0.2.1;lr";
  const auto parsed = sip::parse_uri(uri);
  require(parsed && parsed->user == token.text());
  require(!proxy::flow_tokens({1, 3}).read(token.text()));

  std::string changed(token.text());
  for (int i = 0; i < 4 && !in.empty(); ++i) {
    const std::size_t at = in.u8() % changed.size();
    switch (in.u8() % 3) {
      case 0: changed[at] = static_cast<char>(in.u8()); break;
      case 1: changed.erase(at, 1); break;
      default: changed.insert(at, 1, static_cast<char>(in.u8())); break;
    }
    if (changed.empty()) break;
    read_foreign(tokens, changed);
  }
  return 0;
}
