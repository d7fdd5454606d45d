#include <parley/net/error.hpp>

#include <string>

namespace parley::net {
namespace {

class net_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.net"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::unknown_listener: return "no such listener";
      case errc::wrong_family: return "the address is of another family than the listener";
      case errc::unsupported_transport: return "the transport is not supported";
      case errc::queue_full: return "the send queue is full";
      case errc::limit_reached: return "a limit is reached";
      case errc::flow_gone: return "the connection is gone";
      case errc::connect_timed_out: return "no connection in time";
      case errc::idle: return "the connection was idle for too long";
      case errc::too_slow: return "the peer is too slow";
      case errc::closed_by_peer: return "the peer closed the connection";
      case errc::no_pong: return "the peer did not answer a keep-alive";
      case errc::no_keep_alive: return "the peer did not send the keep-alives that it had promised";
      case errc::mapping_changed: return "the peer sees us at another address than before";
      case errc::keep_alive_refused: return "the peer refused a STUN keep-alive";
      case errc::no_buffer: return "the buffer pool is exhausted";
      case errc::not_verified: return "the peer has shown no certificate for the name that it claims";
      case errc::no_certificate: return "a secure listener needs a certificate";
      case errc::unknown_domain: return "the name of the peer is forgotten";
      case errc::name_not_found: return "there is no such name";
      case errc::no_records: return "the name has no records of that type";
      case errc::service_absent: return "the domain does not have that service";
      case errc::dns_failed: return "no name server would answer";
      case errc::dns_timed_out: return "no name server answered in time";
      case errc::dns_bad_answer: return "the name server's answer is malformed or answers something else";
      case errc::not_asked_for: return "the server chose a subprotocol or an extension that was not offered";
      case errc::served_http: return "a plain HTTP request was answered";
      case errc::source_taken: return "another medium at the same port has that peer address";
      case errc::shared_port: return "the port is shared with other media";
      case errc::closed: return "closed";
    }
    return "unknown error";
  }
};

}  // namespace

const base::error_category& category() noexcept {
  static const net_category instance;
  return instance;
}

}  // namespace parley::net
