#include <parley/media/error.hpp>
#include <parley/media/level.hpp>
#include <parley/media/tone_generator.hpp>
#include <parley/net/system_random.hpp>

#include "endpoint/detail/sdes_contexts.hpp"
#include "support/catch.hpp"
#include "support/endpoints.hpp"
#include "support/file_size_limit.hpp"
#include "support/spectrum.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

// Calls with sound.

namespace parley::test {
namespace {

using kind = call_event::kind;

struct kept_sound final : media::sound_sink {
  void write(std::span<const std::int16_t> frame) noexcept override {
    sound.insert(sound.end(), frame.begin(), frame.end());
  }
  bool has(double frequency, std::uint32_t rate) const {
    if (sound.size() < rate / 2) return false;
    const auto last = std::span(sound).last(rate / 5);
    return amplitude_at(last, frequency, rate) > 0.8 * media::sine_amplitude(-13);
  }
  std::vector<std::int16_t> sound;
};

/// An agent whose calls have sound: a tone of its own, and what it hears is kept.
struct speaking_agent {
  speaking_agent(asio::io_context& io, const std::string& name, float frequency, audio_options options = {})
      : heard(std::make_shared<kept_sound>()),
        with(io, name, "udp", {.media = [&io, frequency, options, this] {
               sound = *audio::make(io.get_executor(), options);
               sound->set_source(std::make_shared<media::tone_source>(media::continuous_tone(frequency, -13),
                                                                      sound->rate()));
               sound->set_sink(heard);
               return sound;
             }}) {}

  asio::awaitable<void> hears(double frequency) const {
    while (!heard->has(frequency, sound->rate())) co_await pause(std::chrono::milliseconds(10));
  }

  std::shared_ptr<kept_sound> heard;
  std::shared_ptr<audio> sound;
  agent with;
};

/// Alice, who sends 440 Hz, and Bob, who sends 620.
struct conversation {
  explicit conversation(const audio_options& of_alice = {}, const audio_options& of_bob = {})
      : alice(io, "alice", 440, of_alice), bob(io, "bob", 620, of_bob) {}

  /// Runs `what` in a call of theirs.
  template <class What>
  void talk(What what) {
    run(io, [&]() -> asio::awaitable<void> {
      const auto made = co_await connect(alice.with, bob.with);
      a = made.caller;
      b = made.callee;
      co_await what();
    }());
  }

  asio::io_context io;
  speaking_agent alice;
  speaking_agent bob;
  call a;  // her end of it
  call b;
};

/// Has what Bob hears in so much time written to that file.
asio::awaitable<void> record(audio& sound, std::string file, std::chrono::milliseconds time) {
  REQUIRE(sound.record(file).has_value());
  co_await pause(time);
  REQUIRE(sound.stop_recording().has_value());
}

TEST_CASE("a call has sound each way, in whichever codec", "[endpoint][audio]") {
  const std::string codec = GENERATE("opus", "G722", "PCMA", "PCMU", "GSM");
  const srtp_use use = GENERATE(srtp_use::never, srtp_use::offered, srtp_use::required);
  if (codec != "PCMA" && use != srtp_use::never) return;
  conversation of({.codecs = {codec}, .srtp = use}, {.srtp = use});
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    co_await alice.hears(620);
    co_await bob.hears(440);
    REQUIRE(bob.sound->codec().has_value());
    CHECK(bob.sound->codec()->is(codec));
    CHECK(!alice.sound->error());
    const auto key = a.negotiated().front().key;
    CHECK((key == offer_answer::keying::sdes) == (use != srtp_use::never));
    a.hang_up();
    co_await b.ended();
    // What was counted stays.
    CHECK(alice.sound->statistics().received > 10);
    CHECK(alice.sound->statistics().opinion_score > 3);
    CHECK(bob.sound->statistics().sent > 10);
  });
}

TEST_CASE("keys go within the media where the peer takes them, else by INFO", "[endpoint][audio]") {
  const bool takes_events = GENERATE(true, false);
  conversation of({.codecs = {"opus", "PCMU"}}, {.codecs = {"opus"}, .keys = takes_events});
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    co_await alice.hears(620);
    CHECK(alice.sound->can_send_keys() == takes_events);
    co_await a.send_dtmf("4#");
    const call_event first = co_await next_event(b, kind::dtmf);
    const call_event second = co_await next_event(b, kind::dtmf);
    CHECK(first.key == '4');
    CHECK(second.key == '#');
    CHECK(second.by_peer);
    const auto [error] = co_await a.send_dtmf("x", as_values);
    CHECK(error == errc::bad_key);
  });
}

TEST_CASE("a call on hold is silent, and is heard again", "[endpoint][audio]") {
  conversation of;
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    co_await bob.hears(440);
    co_await alice.hears(620);
    co_await a.hold();
    const auto sent = bob.sound->statistics().sent;
    CHECK(!bob.sound->can_send_keys());
    co_await pause(std::chrono::milliseconds(60));
    CHECK(bob.sound->statistics().sent == sent);
    co_await a.resume();
    alice.heard->sound.clear();
    co_await alice.hears(620);
  });
}

TEST_CASE("files are played and recorded", "[endpoint][audio]") {
  const std::string ending = GENERATE("wav", "opus");
  const temporary_folder folder;
  const std::string recorded = folder.path() + "/heard." + ending;
  conversation of;
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    co_await record(*bob.sound, recorded, std::chrono::milliseconds(500));
    CHECK(bob.sound->stop_recording().has_value());
    bob.sound->set_sink(bob.heard);
    bob.heard->sound.clear();

    // Alice's tone comes back to her by way of the file.
    co_await bob.sound->play(recorded);
    co_await pause(std::chrono::milliseconds(60));
    CHECK(amplitude_at(std::span(alice.heard->sound).last(1600), 440, 16000) >
          0.5 * media::sine_amplitude(-13));

    const auto [missing] = co_await bob.sound->play(folder.path() + "/none.wav", as_values);
    CHECK(missing == boost::system::errc::no_such_file_or_directory);
    std::ofstream(folder.path() + "/text.wav") << "no sound at all, but longer than a header of a file is";
    const auto [unknown] = co_await bob.sound->play(folder.path() + "/text.wav", as_values);
    CHECK(unknown == media::errc::unknown_file);
    const auto unwritable = bob.sound->record(folder.path() + "/none/heard.wav");
    REQUIRE(!unwritable.has_value());
    CHECK(unwritable.error() == boost::system::errc::no_such_file_or_directory);
  });
  CHECK(std::filesystem::file_size(recorded) > 1000);
}

TEST_CASE("what is played to a call on hold begins when that is over", "[endpoint][audio]") {
  const temporary_folder folder;
  const std::string file = folder.path() + "/heard.wav";
  conversation of;
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    co_await record(*bob.sound, file, std::chrono::milliseconds(300));
    co_await a.hold();
    bool over = false;
    bob.sound->play(file, [&](base::error_code) { over = true; });
    co_await pause(std::chrono::milliseconds(500));
    CHECK(!over);
    co_await a.resume();
    while (!over) co_await pause(std::chrono::milliseconds(1));
  });
}

TEST_CASE("a recording that the disk has no room for is told, however it ends", "[endpoint][audio]") {
  const bool by_the_call = GENERATE(true, false);
  const temporary_folder folder;
  conversation of;
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    const file_size_limit limit(4000);
    REQUIRE(bob.sound->record(folder.path() + "/heard.wav").has_value());
    co_await pause(std::chrono::milliseconds(400));
    if (by_the_call) {
      a.hang_up();
      co_await b.ended();
    }
    const auto recorded = bob.sound->stop_recording();
    REQUIRE(!recorded.has_value());
    CHECK(recorded.error() == boost::system::errc::file_too_large);
  });
}

TEST_CASE("keys that nobody waits for any more go on, and others wait for their end", "[endpoint][audio]") {
  conversation of;
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    co_await alice.hears(620);
    asio::cancellation_signal cancel;
    base::error_code first;
    a.send_dtmf("12",
                asio::bind_cancellation_slot(cancel.slot(), [&](base::error_code error) { first = error; }));
    cancel.emit(asio::cancellation_type::terminal);
    const auto [busy] = co_await a.send_dtmf("3", as_values);
    CHECK(busy == errc::in_progress);
    CHECK(first == asio::error::operation_aborted);
    const call_event one = co_await next_event(b, kind::dtmf);
    const call_event two = co_await next_event(b, kind::dtmf);
    CHECK(one.key == '1');
    CHECK(two.key == '2');
    for (;;) {
      const auto [error] = co_await a.send_dtmf("3", as_values);
      if (error != errc::in_progress) break;
      co_await pause(std::chrono::milliseconds(10));
    }
    const call_event three = co_await next_event(b, kind::dtmf);
    CHECK(three.key == '3');
  });
}

TEST_CASE("a key with another tag is the same key", "[endpoint][audio]") {
  net::system_random random;
  const auto key = [&](std::uint32_t tag) {
    const srtp::master_key made = srtp::generate_key(random, srtp::profile::aes_cm_128_hmac_sha1_80);
    return *srtp::write_sdes(tag, std::span(&made, 1));
  };
  const sdp::crypto first = key(4);
  sdp::crypto renamed = first;
  renamed.tag = 1;
  const sdp::crypto second = key(4);
  const auto change = [](const sdp::crypto* next, const sdp::crypto* before) {
    const auto made = detail::context_for(next, before, srtp::context::protecting);
    REQUIRE(made.has_value());
    CHECK(made->context.has_value() == (made->changed && next != nullptr));
    return made->changed;
  };
  CHECK(change(&first, nullptr));
  CHECK(!change(&first, &first));
  CHECK(!change(&renamed, &first));
  CHECK(change(&second, &first));
  CHECK(change(nullptr, &first));
  CHECK(!change(nullptr, nullptr));
  sdp::crypto unknown = first;
  unknown.suite = "F8_128_HMAC_SHA1_80";
  CHECK(!detail::context_for(&unknown, &first, srtp::context::protecting).has_value());
}

TEST_CASE("what plays ends with the call, or where something else does", "[endpoint][audio]") {
  const temporary_folder folder;
  const std::string file = folder.path() + "/heard.wav";
  conversation of;
  auto& [io, alice, bob, a, b] = of;
  of.talk([&]() -> asio::awaitable<void> {
    co_await record(*bob.sound, file, std::chrono::milliseconds(1000));
    base::error_code first;
    base::error_code second;
    bool over = false;
    bob.sound->play(file, [&](base::error_code error) { first = error; });
    bob.sound->play(file, [&](base::error_code error) {
      second = error;
      over = true;
    });
    b.hang_up();
    while (!over) co_await pause(std::chrono::milliseconds(1));
    CHECK(first == asio::error::operation_aborted);
    CHECK(second == asio::error::operation_aborted);
    const auto [late] = co_await bob.sound->play(file, as_values);
    CHECK(late == asio::error::operation_aborted);
  });
}

TEST_CASE("who needs keys has no call with one who has none", "[endpoint][audio]") {
  asio::io_context io;
  speaking_agent alice(io, "alice", 440, {.srtp = srtp_use::required});
  speaking_agent bob(io, "bob", 620);
  run(io, [&]() -> asio::awaitable<void> {
    const auto [error, call] = co_await alice.with.ep.call(bob.with.uri(), as_values);
    CHECK(status_of(error) == 488);
  }());
}

TEST_CASE("sound that can't be had is refused, and named", "[endpoint][audio]") {
  asio::io_context io;
  const auto why = [&](audio_options options) { return audio::make(io.get_executor(), options).error(); };
  CHECK(why({.codecs = {"G7221"}}) == media::errc::unknown_codec);
  CHECK(why({.codecs = {"G722"}, .stream = {.rate = 8000}}) == media::errc::unknown_codec);
  CHECK(why({.packet_time = std::chrono::milliseconds(15)}) == media::errc::bad_frame_length);
  CHECK(why({.stream = {.rate = 44100}}) == media::errc::unsupported_rate);
}

TEST_CASE("an offer has each codec under its own payload type, and events for each clock",
          "[endpoint][audio]") {
  asio::io_context io;
  const auto all =
      (*audio::make(io.get_executor(), {.comfort_noise = true, .stream = {.rate = 8000}}))->describe();
  REQUIRE(all.size() == 1);
  std::string seen;
  for (const sdp::rtp_format& one : all.front().formats)
    seen += std::to_string(one.payload_type()) + ' ' + one.codec.encoding + '/' +
            std::to_string(one.codec.clock_rate) + '\n';
  CHECK(seen ==
        "96 opus/48000\n8 PCMA/8000\n0 PCMU/8000\n3 GSM/8000\n97 telephone-event/48000\n"
        "98 telephone-event/8000\n13 CN/8000\n");
}

}  // namespace
}  // namespace parley::test
