// Any packets under any rules, changed at any time: what comes out is RTP under a payload type of the rules,
// fits into a datagram, and of transcoded sound each has the number behind the one before. The relay's own
// packets come in between at any time, with the next numbers, and nothing else does while they do. Digits
// become sound and events, and one packet becomes no flood.
#include <parley/base/packet_buffer.hpp>
#include <parley/media/relay_player.hpp>
#include <parley/media/relay_stream.hpp>

#include "support/operation_bytes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace {

using namespace parley;

constexpr std::uint8_t digits_type = 120;

void require(bool held) {
  if (!held) std::abort();
}

std::vector<media::audio_format> formats() {
  auto all = media::known_audio_formats();
  all.push_back({"L16", 44100, 44100, 2, {}});
  all.push_back({"G729", 8000, 8000, 1, {}});
  return all;
}

std::vector<media::payload_rule> rules_of(test::operation_bytes& input) {
  static const std::vector<media::audio_format> known = formats();
  std::vector<media::payload_rule> rules(input.u8() % 5);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    media::payload_rule& rule = rules[i];
    rule.received = input.u8() % 4;
    rule.sent = static_cast<std::uint8_t>(96 + i);
    rule.clock_rate = static_cast<std::uint32_t>(input.scaled(17));
    rule.sent_clock_rate = static_cast<std::uint32_t>(input.scaled(17));
    const unsigned kind = input.u8() % 6;
    rule.events = kind == 1 || kind == 4;
    rule.into_sound = kind == 4;
    rule.noise = kind == 2;
    if (kind != 3 && kind != 5) continue;
    rule.listens = kind == 5;
    if (rule.listens && input.u8() % 4 != 0)
      rule.digits = media::events_sent{digits_type, static_cast<std::uint32_t>(input.scaled(17))};
    const media::audio_format& from = known[input.u8() % known.size()];
    rule.transcode = media::transcoding{from, known[input.u8() % known.size()]};
    if (input.u8() % 4 != 0) rule.clock_rate = from.clock_rate;
  }
  return rules;
}

/// Sound of a few beats in one of the formats; none where it can't be sent.
std::optional<media::played_sound> sound_of(test::operation_bytes& input) {
  static const std::vector<media::audio_format> known = formats();
  const media::audio_format& format = known[input.u8() % known.size()];
  media::sound_clip clip;
  clip.stored_rate = 8000U * (input.u8() % 7);
  clip.format = media::clip_format(format, clip.stored_rate);
  clip.samples.resize(std::size_t{input.u8()} * 16 * clip.format.channels, 1000);
  auto made = media::played_sound::create(std::make_shared<const media::sound_clip>(std::move(clip)), format,
                                          input.u8() & 0x7FU, input.u8() % 4);
  if (!made) return std::nullopt;
  return std::move(*made);
}

/// A key's tone in one of the formats.
std::optional<media::played_sound> tone_of(test::operation_bytes& input) {
  static const std::vector<media::audio_format> known = formats();
  const media::audio_format& format = known[input.u8() % known.size()];
  media::relay_player::key key{.event = input.u8(), .length = std::chrono::milliseconds(input.u8())};
  key.volume = input.u8();
  key.pause = std::chrono::milliseconds(input.u8());
  auto made = media::relay_player::tone_of(key, format, input.u8() & 0x7FU);
  if (!made) return std::nullopt;
  return std::move(*made);
}

/// The relay plays into a stream. Each of its packets has the number behind the one before it.
class playing {
 public:
  explicit playing(media::relay_stream& stream) : stream_(stream) {}

  void play(test::operation_bytes& input) {
    auto sound = sound_of(input);
    if (!sound) return;
    begin(sound->clock_rate(), input);
    player_.play(std::move(*sound));
  }
  void press(test::operation_bytes& input) {
    const auto rate = static_cast<std::uint32_t>(input.scaled(17));
    if (rate % 4 == 0) {
      if (auto tone = tone_of(input)) {
        begin(tone->clock_rate(), input);
        static_cast<void>(player_.press({.tone = std::move(*tone)}));
      }
      return;
    }
    begin(stream_.clock_rate() != 0 ? stream_.clock_rate() : rate, input);
    static_cast<void>(
        player_.press({input.u8(), std::chrono::milliseconds(input.scaled(14)), input.u8(), rate}));
  }
  void stop() { player_.stop_sound(); }

  void run(base::buffer_pool& pool, base::duration time) {
    now_ += time;
    for (unsigned steps = 0; player_.poll_timeout() <= now_; ++steps) {
      require(steps < 100);
      auto out = pool.allocate(2000);
      require(out.has_value() &&
              out->resize(rtp::header_bytes + media::relay_stream::max_payload).has_value());
      const std::uint32_t beat = player_.timestamp();
      const auto packet = player_.handle_timeout(now_, out->mutable_bytes().subspan(rtp::header_bytes));
      stream_.change_own_clock(beat, player_.clock_rate());
      if (packet) {
        require(packet->size != 0 && packet->size <= media::relay_stream::max_payload);
        out->trim_back(media::relay_stream::max_payload - packet->size);
        stream_.write_own(*out, packet->payload_type, packet->marker, packet->timestamp);
        const auto view = rtp::packet_view::parse(out->bytes());
        require(view.has_value() && view->ssrc() == stream_.ssrc());
        require(!last_ || view->sequence_number() == static_cast<std::uint16_t>(*last_ + 1));
        last_ = view->sequence_number();
      }
      if (!player_.active()) stream_.end_own(player_.timestamp(), player_.clock_rate());
    }
    require(player_.active() == stream_.sends_own());
  }

 private:
  void begin(std::uint32_t clock_rate, test::operation_bytes& input) {
    if (player_.active()) return;
    last_.reset();
    player_.begin(
        now_, stream_.begin_own({7, 65500, 0xFFFFFF00}, clock_rate, std::chrono::milliseconds(input.u8())),
        clock_rate);
  }

  media::relay_stream& stream_;
  media::relay_player player_;
  base::time_point now_{std::chrono::hours(1)};
  std::optional<std::uint16_t> last_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::operation_bytes input(std::span(data, size));
  base::buffer_pool pool;
  media::relay_stream stream;
  playing played(stream);
  std::uint16_t sequence = 65500;
  std::uint32_t timestamp = 0xFFFFF000;
  std::uint32_t ssrc = 1;
  std::optional<std::uint16_t> last;
  for (unsigned operations = 0; !input.empty() && operations < 400; ++operations) {
    switch (input.u8() % 12) {
      case 0: static_cast<void>(stream.plan(rules_of(input))); break;
      case 1: sequence = static_cast<std::uint16_t>(sequence + input.u8() - 20); break;
      case 2: timestamp += static_cast<std::uint32_t>(input.scaled(32)); break;
      case 3: ssrc = input.u8() % 3; break;
      case 4: {
        std::vector<std::byte> report(input.u8() % 64);
        for (std::byte& each : report) each = std::byte{input.u8()};
        stream.rewrite_sender_reports(report);
        stream.rewrite_receiver_reports(report);
        break;
      }
      case 5: played.play(input); break;
      case 6: played.press(input); break;
      case 7:
        played.run(pool, std::chrono::milliseconds(input.u8() * (input.u8() % 8 == 0 ? 100 : 1)));
        last.reset();
        break;
      case 8: played.stop(); break;
      default: {
        std::array<std::byte, 12> header{std::byte{0x80}, std::byte{input.u8()}};
        rtp::set_payload_type(header, input.u8() % 4);
        rtp::set_sequence_number(header, ++sequence);
        rtp::set_timestamp(header, timestamp += 160);
        rtp::set_ssrc(header, ssrc);
        auto packet = pool.copy(std::span(header), 0, 2000);
        require(packet.has_value());
        const auto payload = packet->append(input.u8() * (input.u8() % 8 == 0 ? 4U : 1U));
        require(payload.has_value());
        for (std::byte& each : *payload) each = std::byte{input.u8()};
        const auto view = rtp::packet_view::parse(packet->bytes());
        require(view.has_value());
        const media::relay_stream::fate fate = stream.of(view->payload_type());
        if (!fate.passes) break;
        const bool sounds = fate.sound != nullptr || fate.into_sound;
        const bool played_over = stream.sends_own();
        bool ready = stream.handle_packet(*packet, *view);
        require(!ready || !played_over);
        for (unsigned count = 0; ready || sounds; ++count) {
          if (!ready) {
            auto more = pool.allocate(2000);
            require(more.has_value());
            *packet = std::move(*more);
            if (!stream.poll_transmit(*packet)) break;
          }
          ready = false;
          const auto out = rtp::packet_view::parse(packet->bytes());
          require(out.has_value() && count < 400);
          require(!sounds || out->payload().size() <= media::relay_stream::max_payload);
          const bool digit = fate.digits && out->payload_type() == digits_type;
          require(fate.sound == nullptr || digit || out->payload_type() == fate.sent);
          require(!digit || out->payload().size() == 4);
          if (sounds && last) {
            require(out->sequence_number() == static_cast<std::uint16_t>(*last + 1));
          }
          last = sounds ? std::optional(out->sequence_number()) : std::nullopt;
        }
        while (stream.poll_digit()) {
        }
      }
    }
  }
  return 0;
}
