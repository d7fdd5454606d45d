#include <parley/media/level.hpp>
#include <parley/net/audio_socket.hpp>

#include "support/catch.hpp"
#include "support/net_peers.hpp"
#include "support/own_address.hpp"
#include "support/spectrum.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace asio = boost::asio;
using namespace parley;

namespace {

media::audio_stream_settings telephone_settings() {
  const media::audio_format pcmu{"PCMU", 8000, 8000, 1, {}};
  media::audio_stream_settings made;
  made.send = media::audio_payload{0, pcmu};
  made.receive = {{0, pcmu}};
  made.send_events = made.receive_events = {{101, 8000}};
  return made;
}

struct listener final : media::sound_sink {
  void write(std::span<const std::int16_t> frame) noexcept override {
    sound.insert(sound.end(), frame.begin(), frame.end());
  }
  std::vector<std::int16_t> sound;
};

/// A telephone on loopback, with a tone.
struct wired_telephone {
  explicit wired_telephone(asio::io_context& io, const base::ip_address& at = test::own_address()) {
    auto made = net::audio_socket::open(io.get_executor(), at, {});
    REQUIRE(made.has_value());
    socket = *std::move(made);
    socket->set_source(&tone);
    socket->set_sink(&heard);
    socket->on_event([this](const media::audio_stream::event& event) {
      if (const auto* key = std::get_if<media::audio_event::key_pressed>(&event)) keys += key->key;
      if (std::holds_alternative<media::audio_event::left>(event)) left = true;
    });
  }
  void talk_to(const wired_telephone& other, bool mux = false) {
    REQUIRE(socket->configure(telephone_settings(), {other.socket->local_rtp(), {}, mux}).has_value());
  }
  bool hears_tone() const {
    if (heard.sound.size() < 4000) return false;
    const auto last = std::span(heard.sound).last(1600);
    return test::amplitude_at(last, 440, 8000) > 0.8 * media::sine_amplitude(-13);
  }

  media::tone_source tone{media::continuous_tone(440, -13), 8000};
  listener heard;
  std::unique_ptr<net::audio_socket> socket;
  std::string keys;
  bool left = false;
};

}  // namespace

TEST_CASE("two ends hear each other, keys arrive, and BYE ends it", "[net][audio_socket]") {
  asio::io_context io;
  wired_telephone a(io);
  wired_telephone b(io);
  CHECK(a.socket->local_rtp().port % 2 == 0);
  CHECK(a.socket->local_rtcp().port == a.socket->local_rtp().port + 1);
  const bool mux = GENERATE(false, true);
  a.talk_to(b, mux);
  b.talk_to(a, mux);
  REQUIRE(test::run_until(io, [&] { return a.hears_tone() && b.hears_tone(); }));
  REQUIRE(a.socket->can_send_keys());
  REQUIRE(a.socket->send_keys("5#").has_value());
  REQUIRE(test::run_until(io, [&] { return b.keys == "5#"; }));
  a.socket->close();
  a.socket->close();
  REQUIRE(test::run_until(io, [&] { return b.left; }));
  CHECK(a.socket->statistics().received > 10);
  CHECK_FALSE(a.socket->can_send_keys());
  CHECK_FALSE(a.socket->send_keys("5").has_value());
  CHECK_FALSE(a.socket->configure(telephone_settings(), {}).has_value());
}

TEST_CASE("answers go where the peer sends from, and nobody else takes its place", "[net][audio_socket]") {
  asio::io_context io;
  wired_telephone a(io);
  wired_telephone b(io);
  // Signalling names the right host with a port that a NAT has changed.
  REQUIRE(a.socket->configure(telephone_settings(), {{test::own_address(), 9}, {}, false}).has_value());
  b.talk_to(a);
  REQUIRE(test::run_until(io, [&] { return a.hears_tone() && b.hears_tone(); }));
  CHECK(a.socket->destination() == b.socket->local_rtp());
  wired_telephone thief(io);
  thief.talk_to(a);
  const auto received = a.socket->statistics().received;
  REQUIRE(test::run_until(io, [&] {
    return thief.socket->statistics().sent > 20 && a.socket->statistics().received > received + 20;
  }));
  CHECK(a.socket->destination() == b.socket->local_rtp());
  CHECK(thief.socket->statistics().received == 0);
}

TEST_CASE("a peer of whom only a name is known is heard, and spoken to", "[net][audio_socket]") {
  asio::io_context io;
  wired_telephone a(io);
  wired_telephone b(io);
  const net::audio_peer named{.rtp = {}, .rtcp = {}, .rtcp_mux = false, .anywhere = true};
  REQUIRE(a.socket->configure(telephone_settings(), named).has_value());
  b.talk_to(a);
  REQUIRE(test::run_until(io, [&] { return a.hears_tone() && b.hears_tone(); }));
}

TEST_CASE("reports of a peer behind a NAT are taken from where its sound comes", "[net][audio_socket]") {
  asio::io_context io;
  wired_telephone a(io);
  wired_telephone b(io);
  const base::ip_address inside = base::ip_address::v4(0x0A090909U);
  REQUIRE(a.socket->configure(telephone_settings(), {.rtp = {inside, 4000}}).has_value());
  b.talk_to(a);
  REQUIRE(test::run_until(io, [&] { return a.hears_tone() && b.hears_tone(); }));
  b.socket->close();
  REQUIRE(test::run_until(io, [&] { return a.left; }));
}

TEST_CASE("an address that is not of this host is only said", "[net][audio_socket]") {
  asio::io_context io;
  const auto made = net::audio_socket::open(io.get_executor(), base::ip_address::v4(0xC0000201U), {});
  REQUIRE(made.has_value());
  CHECK((*made)->local_rtp().ip == base::ip_address::any_v4());
  media::audio_stream_options odd;
  odd.rate = 11025;
  CHECK_FALSE(net::audio_socket::open(io.get_executor(), test::own_address(), odd).has_value());
}

TEST_CASE("an audio socket may be destroyed in its own handler", "[net][audio_socket]") {
  asio::io_context io;
  wired_telephone a(io);
  wired_telephone b(io);
  bool done = false;
  a.socket->on_event([&](const media::audio_stream::event&) {
    a.socket.reset();
    done = true;
  });
  a.talk_to(b);
  b.talk_to(a);
  REQUIRE(test::run_until(io, [&] { return done; }));
  test::run_ready(io);
}
