#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/audio_stream.hpp>
#include <parley/media/source_latch.hpp>
#include <parley/srtp/context.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace parley::net {

namespace asio = boost::asio;

/// Where the peer of an `audio_socket` is, by its signalling.
struct audio_peer {
  base::socket_address rtp{};   ///< port 0: none, see `anywhere`
  base::socket_address rtcp{};  ///< port 0: the next port
  bool rtcp_mux = false;        ///< both go through one port (RFC 5761)
  bool anywhere = false;        ///< see `media::expected_source::anywhere`

  friend bool operator==(const audio_peer&, const audio_peer&) = default;
};

/// A `media::audio_stream` on two UDP ports, driven by the user's executor: no thread of its own. Answers go
/// to where the peer really sends from (symmetric RTP, RFC 4961), by the rules of `media::source_latch`.
///
/// *Ownership:* one thread only, the executor's, which outlives it. It may be destroyed in its own handler;
/// who has not called `close` leaves without a BYE.
class PARLEY_API audio_socket {
 public:
  using handler = std::function<void(const media::audio_stream::event&)>;

  /// Opens an even port and the next (RFC 3550 11) at `local`, or, where that is no address of this host, as
  /// behind a NAT, at any address of its family. *Errors:* the system's; `errc::limit_reached` where no pair
  /// of ports is free; those of `media::audio_stream::create`.
  static base::result<std::unique_ptr<audio_socket>> open(const asio::any_io_executor& executor,
                                                          const base::ip_address& local,
                                                          const media::audio_stream_options& options);
  ~audio_socket();
  audio_socket(const audio_socket&) = delete;
  audio_socket& operator=(const audio_socket&) = delete;

  const base::socket_address& local_rtp() const noexcept;
  const base::socket_address& local_rtcp() const noexcept;
  /// Where RTP is sent to at the moment; port 0 for nowhere.
  const base::socket_address& destination() const noexcept;
  media::audio_statistics statistics() const noexcept;
  bool can_send_keys() const noexcept;

  /// See `media::audio_stream`; both outlive the socket.
  void set_source(media::sound_source* source) noexcept;
  void set_sink(media::sound_sink* sink) noexcept;
  void set_protecting(std::optional<srtp::context> protecting);
  void set_unprotecting(std::optional<srtp::context> unprotecting);

  /// Each event is posted. An empty one ends that.
  void on_event(handler told);

  /// What was agreed on, for the first time or anew, and with whom. *Errors:* as
  /// `media::audio_stream::configure`.
  base::result<void> configure(const media::audio_stream_settings& settings, const audio_peer& peer);

  /// *Errors:* as `media::audio_stream::send_keys`.
  base::result<void> send_keys(std::string_view keys);

  /// Says BYE and closes the ports. What was counted stays to be asked for.
  void close();

 private:
  struct state;
  explicit audio_socket(std::shared_ptr<state> made) noexcept;

  std::shared_ptr<state> state_;
};

}  // namespace parley::net
