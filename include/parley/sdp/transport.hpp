#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/error.hpp>
#include <parley/sdp/typed_line.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::sdp {

/// a=rtcp: where RTCP goes if not to the next port (RFC 3605 2.1).
struct PARLEY_API rtcp {
  static constexpr std::string_view name = "rtcp";

  std::uint16_t port = 0;
  /// The following are empty where only the port differs from that of RTP.
  std::string network_type;
  std::string address_type;
  std::string address;

  static parsed<rtcp> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const rtcp&, const rtcp&) = default;
};

/// a=rtcp-mux: RTCP on the port of RTP (RFC 5761 5.1.1).
using rtcp_mux = flag<"rtcp-mux">;
/// a=rtcp-mux-only: the same, and no other way (RFC 8858 3).
using rtcp_mux_only = flag<"rtcp-mux-only">;
/// a=rtcp-rsize: RTCP packets may be less than compound (RFC 5506 5).
using rtcp_rsize = flag<"rtcp-rsize">;

/// a=setup: who opens the connection, and who is the DTLS client, which is the active one (RFC 4145 4, RFC
/// 8842 5.2).
struct PARLEY_API setup {
  static constexpr std::string_view name = "setup";
  static constexpr bool inherited = true;

  /// In the order of RFC 4145 4.
  enum class role : std::uint8_t { active, passive, actpass, holdconn };
  role value = role::actpass;

  static parsed<setup> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const setup&, const setup&) = default;
};

/// a=connection: whether the connection there is goes on (RFC 4145 5). Without it a connection is new.
struct PARLEY_API connection {
  static constexpr std::string_view name = "connection";
  static constexpr bool inherited = true;

  enum class kind : std::uint8_t { new_, existing };
  kind value = kind::new_;

  static parsed<connection> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const connection&, const connection&) = default;
};

/// a=tls-id: names one DTLS association, so that a changed id asks for another (RFC 8842 4).
struct PARLEY_API tls_id {
  static constexpr std::string_view name = "tls-id";

  std::string value;

  static parsed<tls_id> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const tls_id&, const tls_id&) = default;
};

/// a=sctp-port: the port within the DTLS association (RFC 8841 5). 0 closes it.
struct PARLEY_API sctp_port {
  static constexpr std::string_view name = "sctp-port";

  std::uint16_t value = 5000;

  static parsed<sctp_port> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const sctp_port&, const sctp_port&) = default;
};

/// a=max-message-size: the largest message that is taken, in bytes; 0 for any (RFC 8841 6). Without it that
/// is 64 KiB.
struct PARLEY_API max_message_size {
  static constexpr std::string_view name = "max-message-size";

  std::uint64_t value = 65536;

  static parsed<max_message_size> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const max_message_size&, const max_message_size&) = default;
};

/// a=sctpmap: what browsers wrote before RFC 8841, with "DTLS/SCTP" in the m= line and the port as its format
/// (draft-ietf-mmusic-sctp-sdp-05).
struct PARLEY_API sctpmap {
  static constexpr std::string_view name = "sctpmap";

  std::uint16_t port = 5000;
  std::string application = "webrtc-datachannel";
  std::optional<std::uint32_t> streams;

  static parsed<sctpmap> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const sctpmap&, const sctpmap&) = default;
};

}  // namespace parley::sdp
