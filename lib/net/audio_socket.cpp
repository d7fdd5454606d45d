#include <parley/net/audio_socket.hpp>
#include <parley/net/clock.hpp>
#include <parley/net/deadline_timer.hpp>
#include <parley/net/error.hpp>
#include <parley/net/system_random.hpp>
#include <parley/rtp/octets.hpp>
#include <parley/rtp/packet.hpp>

#include "net/detail/sockaddr.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace parley::net {
namespace {

using asio::ip::udp;

constexpr std::size_t largest_datagram = 2048;
constexpr unsigned datagrams_at_once = 32;
constexpr unsigned tries_for_a_pair = 64;
/// Frames leave that late at most; a wake-up each 10 ms can't be shared by many.
constexpr base::duration timer_slack = std::chrono::milliseconds(1);

base::result<udp::socket> open_udp(const asio::any_io_executor& executor, const base::socket_address& at) {
  udp::socket made(executor);
  base::error_code error;
  const udp::endpoint where = detail::to_endpoint<udp>(at);
  made.open(where.protocol(), error);
  if (!error && at.ip.is_v6()) made.set_option(asio::ip::v6_only(true), error);
  if (!error) made.bind(where, error);
  if (!error) made.non_blocking(true, error);
  if (error) return error;
  return made;
}

struct pair_of_sockets {
  udp::socket rtp;
  udp::socket rtcp;
};

base::result<pair_of_sockets> open_pair(const asio::any_io_executor& executor, const base::ip_address& at) {
  for (unsigned tries = 0; tries < tries_for_a_pair; ++tries) {
    auto one = open_udp(executor, {at, 0});
    if (!one) return one.error();
    const std::uint16_t port = one->local_endpoint().port();
    auto other = open_udp(executor, {at, static_cast<std::uint16_t>(port ^ 1U)});
    if (!other) continue;
    if (port % 2 == 0) return pair_of_sockets{*std::move(one), *std::move(other)};
    return pair_of_sockets{*std::move(other), *std::move(one)};
  }
  return errc::limit_reached;
}

/// The SSRC of who has sent a datagram that is at least as long as a header.
std::uint32_t sender_of(std::span<const std::byte> datagram, bool is_rtcp) noexcept {
  return rtp::octets::load_u32(datagram.data() + (is_rtcp ? 4 : 8));
}

}  // namespace

struct audio_socket::state : std::enable_shared_from_this<state> {
  state(const asio::any_io_executor& on, pair_of_sockets sockets)
      : executor(on),
        rtp(std::move(sockets.rtp)),
        rtcp(std::move(sockets.rtcp)),
        local_rtp(detail::from_endpoint(rtp.local_endpoint())),
        local_rtcp(detail::from_endpoint(rtcp.local_endpoint())) {}

  void listen(udp::socket& at) {
    at.async_wait(udp::socket::wait_read, [self = shared_from_this(), &at](const base::error_code& error) {
      if (self->closed || error == asio::error::operation_aborted) return;
      self->receive(at);
      self->pump(steady_clock_source::now());
      if (!self->closed) self->listen(at);
    });
  }

  void receive(udp::socket& at) {
    for (unsigned i = 0; i < datagrams_at_once; ++i) {
      udp::endpoint from;
      base::error_code error;
      const std::size_t size = at.receive_from(asio::buffer(datagram), from, 0, error);
      if (error) return;
      take(std::span<const std::byte>(datagram).first(size), detail::from_endpoint(from), &at == &rtp);
    }
  }

  void take(std::span<const std::byte> bytes, const base::socket_address& from, bool at_rtp) {
    const bool is_rtcp = rtp::is_rtcp(bytes);
    if (bytes.size() < (is_rtcp ? 8 : rtp::header_bytes) || bytes.size() == datagram.size()) return;
    // RTCP at the port for RTP is of one who multiplexes without having said so; RTP has no business at the
    // other.
    if (!is_rtcp && !at_rtp) return;
    if (!at_rtp) expect();
    media::source_latch& latch = at_rtp ? rtp_latch : rtcp_latch;
    const base::time_point now = steady_clock_source::now();
    if (!latch.may_accept(now, from)) return;
    const std::uint32_t ssrc = sender_of(bytes, is_rtcp);
    const std::uint16_t number = is_rtcp ? std::uint16_t{0} : rtp::octets::load_u16(bytes.data() + 2);
    if (!secured && !latch.handle_packet(now, from, ssrc, number)) return;
    auto packet = pool.copy(bytes);
    if (!packet) return;
    const auto taken = stream->handle_packet(now, *std::move(packet));
    if (secured && taken) latch.handle_packet(now, from, ssrc, number);
  }

  const base::socket_address& rtcp_destination() const noexcept {
    return peer.rtcp_mux ? rtp_latch.destination() : rtcp_latch.destination();
  }

  /// Sends and tells what there is, and waits for what comes next.
  void pump(base::time_point now) {
    if (closed) return;
    while (const auto out = stream->poll_transmit(now, steady_clock_source::wall_now())) {
      const base::socket_address& to = out->rtcp ? rtcp_destination() : rtp_latch.destination();
      // Who holds may give the unspecified address, which would be this host.
      if (to.port == 0 || to.ip.is_unspecified() || to.ip.is_v6() != local_rtp.ip.is_v6()) continue;
      udp::socket& by = out->rtcp && !peer.rtcp_mux ? rtcp : rtp;
      // What the system does not take is lost, as on any network.
      base::error_code error;
      by.send_to(asio::buffer(out->bytes.data(), out->bytes.size()), detail::to_endpoint<udp>(to), 0, error);
    }
    tell();
    if (timer) timer->update(stream->poll_timeout());
  }

  void tell() {
    while (const auto event = stream->poll_event()) {
      if (!told) continue;
      asio::post(executor, [self = shared_from_this(), what = *event] {
        // It may have been taken away since, and may take itself away.
        const handler now = self->told;
        if (now) now(what);
      });
    }
  }

  void expect() noexcept {
    media::expected_source expected;
    expected.signalled = peer.rtp;
    expected.authenticated = secured;
    expected.anywhere = peer.anywhere;
    rtp_latch.expect(expected);
    // RTCP has no sequence numbers by which a source could prove itself, but it comes from where RTP does.
    if (rtp_latch.source().port != 0) expected.seen = rtp_latch.source().ip;
    expected.signalled = peer.rtcp;
    if (peer.rtcp.port == 0 && peer.rtp.port != 0 && peer.rtp.port != 0xFFFF)
      expected.signalled = {peer.rtp.ip, static_cast<std::uint16_t>(peer.rtp.port + 1)};
    rtcp_latch.expect(expected);
  }

  void close() {
    if (closed) return;
    const base::time_point now = steady_clock_source::now();
    stream->leave(now);
    pump(now);
    shut();
  }

  void shut() noexcept {
    closed = true;
    timer.reset();
    base::error_code error;
    rtp.close(error);
    rtcp.close(error);
  }

  asio::any_io_executor executor;
  system_random random;
  base::buffer_pool pool;
  udp::socket rtp;
  udp::socket rtcp;
  base::socket_address local_rtp;
  base::socket_address local_rtcp;
  std::array<std::byte, largest_datagram> datagram{};
  std::unique_ptr<media::audio_stream> stream;
  std::unique_ptr<deadline_timer> timer;
  media::source_latch rtp_latch;
  media::source_latch rtcp_latch;
  audio_peer peer;
  handler told;
  bool secured = false;
  bool closed = false;
};

base::result<std::unique_ptr<audio_socket>> audio_socket::open(const asio::any_io_executor& executor,
                                                               const base::ip_address& local,
                                                               const media::audio_stream_options& options) {
  auto sockets = open_pair(executor, local);
  if (!sockets && sockets.error() == boost::system::errc::address_not_available)
    sockets = open_pair(executor, local.is_v6() ? base::ip_address::any_v6() : base::ip_address::any_v4());
  if (!sockets) return sockets.error();
  auto made = std::make_shared<state>(executor, *std::move(sockets));
  auto stream = media::audio_stream::create(options, made->random);
  if (!stream) return stream.error();
  made->stream = *std::move(stream);
  made->timer = std::make_unique<deadline_timer>(
      executor,
      [weak = std::weak_ptr(made)](base::time_point now) {
        const auto self = weak.lock();
        if (!self || self->closed) return base::never;
        self->stream->handle_timeout(now);
        self->pump(now);
        return self->closed ? base::never : self->stream->poll_timeout();
      },
      timer_slack);
  made->listen(made->rtp);
  made->listen(made->rtcp);
  return std::unique_ptr<audio_socket>(new audio_socket(std::move(made)));
}

audio_socket::audio_socket(std::shared_ptr<state> made) noexcept : state_(std::move(made)) {}

audio_socket::~audio_socket() {
  state_->told = nullptr;
  state_->stream->set_source(nullptr);
  state_->stream->set_sink(nullptr);
  state_->shut();
}

const base::socket_address& audio_socket::local_rtp() const noexcept { return state_->local_rtp; }
const base::socket_address& audio_socket::local_rtcp() const noexcept { return state_->local_rtcp; }
const base::socket_address& audio_socket::destination() const noexcept {
  return state_->rtp_latch.destination();
}
media::audio_statistics audio_socket::statistics() const noexcept { return state_->stream->statistics(); }
bool audio_socket::can_send_keys() const noexcept {
  return !state_->closed && state_->stream->can_send_keys() && destination().port != 0;
}
void audio_socket::set_source(media::sound_source* source) noexcept { state_->stream->set_source(source); }
void audio_socket::set_sink(media::sound_sink* sink) noexcept { state_->stream->set_sink(sink); }
void audio_socket::set_protecting(std::optional<srtp::context> protecting) {
  state_->stream->set_protecting(std::move(protecting));
}
void audio_socket::set_unprotecting(std::optional<srtp::context> unprotecting) {
  state_->secured = unprotecting.has_value();
  state_->stream->set_unprotecting(std::move(unprotecting));
  state_->expect();
}
void audio_socket::on_event(handler told) { state_->told = std::move(told); }

base::result<void> audio_socket::configure(const media::audio_stream_settings& settings,
                                           const audio_peer& peer) {
  if (state_->closed) return errc::closed;
  const base::time_point now = steady_clock_source::now();
  if (const auto done = state_->stream->configure(now, settings); !done) return done;
  state_->peer = peer;
  state_->expect();
  state_->pump(now);
  return {};
}

base::result<void> audio_socket::send_keys(std::string_view keys) {
  if (state_->closed) return errc::closed;
  return state_->stream->send_keys(keys);
}

void audio_socket::close() { state_->close(); }

}  // namespace parley::net
