#include <parley/sip/next_hop.hpp>

namespace parley::sip {
namespace {

std::optional<base::ip_address> ip_of(std::string_view maddr) noexcept {
  const bool brackets = maddr.size() > 2 && maddr.front() == '[';
  const auto read = base::ip_address::from_string(brackets ? maddr.substr(1, maddr.size() - 2) : maddr);
  return read ? std::optional(*read) : std::nullopt;
}

}  // namespace

transport secured(transport named) noexcept {
  switch (named) {
    case transport::ws:
    case transport::wss: return transport::wss;
    case transport::udp:
    case transport::tcp:
    case transport::tls: return transport::tls;
    case transport::sctp:
    case transport::other: break;
  }
  return transport::other;
}

next_hop next_hop::of(const uri_view& uri, bool secure, bool ignore_maddr) noexcept {
  next_hop out;
  out.secure = secure || uri.scheme == uri_scheme::sips;
  const std::string_view maddr = ignore_maddr ? std::string_view{} : uri.maddr();
  out.host = maddr.empty() ? uri.host : maddr;
  out.port = ignore_maddr ? std::uint16_t{0} : uri.port;
  if (!ignore_maddr) out.asked = uri.transport();
  out.ip = maddr.empty() ? uri.ip() : ip_of(maddr);
  out.over = out.secure ? secured(out.asked.value_or(transport::tls)) : out.asked.value_or(transport::udp);
  return out;
}

bool is_single_host(const base::ip_address& ip) noexcept {
  return !ip.is_unspecified() && !ip.is_multicast() && ip.unmapped().to_v4() != 0xffffffffU;
}

}  // namespace parley::sip
