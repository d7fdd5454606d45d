// The media side over net::media_relay.
#include <parley/net/clock.hpp>
#include <parley/net/media_relay.hpp>
#include <parley/net/packet_recorder.hpp>
#include <parley/net/system_random.hpp>

#include "make_media_plane.hpp"
#include "sound_shelf.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <sys/resource.h>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay {
namespace {

namespace asio = boost::asio;
namespace net = parley::net;

constexpr std::chrono::seconds look_interval(1);

/// A call takes four files; what the process may have at once is often set lower than what it may ask for.
void allow_files() noexcept {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

class relay_plane final : public media_plane {
 public:
  static base::result<std::unique_ptr<relay_plane>> create(net::media_relay_options wanted,
                                                           base::duration silence,
                                                           const asio::any_io_executor& control,
                                                           base::log_sink& log) {
    std::unique_ptr<relay_plane> made(new relay_plane(silence, control, log));
    wanted.on_keys = [control, plane = made.get(), there = std::weak_ptr<int>(made->there_)] {
      asio::post(control, [plane, there] {
        if (!there.expired()) plane->tell_keys();
      });
    };
    auto relay = net::media_relay::create(wanted, made->random_);
    if (!relay) return relay.error();
    made->relay_ = std::move(*relay);
    return made;
  }

  const net::media_relay& relay() const noexcept { return *relay_; }

  base::result<opened> open(const std::array<end_request, 2>& ends, std::uint64_t call) override {
    const auto got = relay_->open({{{ends[0].interface, ends[0].v6}, {ends[1].interface, ends[1].v6}}}, call);
    if (!got) return got.error();
    opened result;
    result.id = got->id;
    for (std::size_t i = 0; i < 2; ++i) result.ends[i] = {got->ends[i].rtp, got->ends[i].rtcp};
    media_.emplace(got->id, watched{net::steady_clock_source::now(), {}});
    return result;
  }

  base::result<void> apply(medium_id id, side of, const end_settings& settings) override {
    if (auto done = relay_->apply(id, of, settings); !done) return done.error();
    if (settings.relearn) relay_->relearn(id, of);
    const auto found = media_.find(id);
    if (found == media_.end()) return {};
    std::uint8_t& marked = found->second.dscp[index(of)];
    if (std::exchange(marked, settings.dscp) != settings.dscp) return relay_->mark(id, of, settings.dscp);
    return {};
  }

  void give_way(medium_id id) override { relay_->give_way(id); }
  void prefer(medium_id id) override { relay_->prefer(id); }

  void close(medium_id id) override {
    relay_->close(id);
    media_.erase(id);
  }

  end_counters counters(medium_id id, side of) const override {
    const auto [counted, source] = relay_->state(id, of);
    end_counters result;
    result.packets = counted.packets;
    result.bytes = counted.bytes;
    result.errors = counted.malformed + counted.unauthenticated + counted.strangers + counted.dropped;
    result.rtcp_packets = counted.rtcp_packets;
    result.rtcp_bytes = counted.rtcp_bytes;
    result.lost = counted.lost;
    result.jitter_us = counted.jitter_us;
    result.ssrc = counted.ssrc;
    result.transcoded = counted.transcoded;
    result.source = source;
    result.last_packet = counted.last_packet;
    return result;
  }

  std::uint64_t unclaimed() const override { return relay_->unclaimed(); }

  base::result<void> start_recording(medium_id id, const std::string& path) override {
    if (recorder_ == nullptr) {
      auto made = net::packet_recorder::create();
      if (!made) return made.error();
      recorder_ = std::move(*made);
    }
    auto begun = relay_->record(id, *recorder_, path);
    if (!begun) {
      // Nobody else hears of it where the medium was added to a call that is recorded.
      tell("a medium is not recorded", {{"file", path}, {"error", begun.error().message()}});
    }
    return begun;
  }
  void stop_recording(medium_id id) override { relay_->stop_recording(id); }

  base::result<base::duration> play(medium_id id, side to, const std::string& bytes,
                                    const media::audio_format& format, std::uint8_t payload_type,
                                    unsigned repeat) override {
    const auto clip = sounds_.take(bytes, format);
    if (!clip) return clip.error();
    if (auto begun = relay_->play(id, to, *clip, format, payload_type, repeat); !begun) return begun.error();
    return (*clip)->length();
  }

  void stop_playing(medium_id id, side to) override { relay_->stop_playing(id, to); }

  base::result<void> play_dtmf(medium_id id, side to, const dialled& digit, std::uint8_t payload_type,
                               unsigned clock_rate) override {
    return relay_->press(id, to,
                         {digit.event, digit.length, payload_type, clock_rate, digit.volume, digit.pause});
  }

  base::result<void> play_tone(medium_id id, side to, const dialled& digit, const media::audio_format& format,
                               std::uint8_t payload_type) override {
    media::relay_player::key key{digit.event,       digit.length, payload_type,
                                 format.clock_rate, digit.volume, digit.pause};
    auto tone = media::relay_player::tone_of(key, format, payload_type);
    if (!tone) return tone.error();
    key.tone = std::move(*tone);
    return relay_->press(id, to, std::move(key));
  }

 private:
  relay_plane(base::duration silence, const asio::any_io_executor& control, base::log_sink& log)
      : log_(log), silence_(silence), timer_(control) {
    look_later();
  }

  struct watched {
    base::time_point since;  // opened, or reported
    std::array<std::uint8_t, 2> dscp;
  };

  void look_later() {
    timer_.expires_after(look_interval);
    timer_.async_wait([this](const boost::system::error_code& gone) {
      if (gone) return;
      look();
      look_at_recordings();
      sounds_.clear();
      look_later();
    });
  }

  void tell_keys() {
    while (const auto press = relay_->poll_key()) {
      constexpr std::uint8_t digits = 16;  // RFC 4733 3.2; others are of lines and trunks
      if (on_dtmf && press->key.event < digits)
        on_dtmf({press->medium, press->from, press->key.event, press->key.length});
    }
  }

  /// Tells of media on which neither side has sent for too long.
  void look() {
    const base::time_point now = net::steady_clock_source::now();
    std::vector<medium_id> silent;
    for (auto& [id, medium] : media_) {
      const base::time_point last =
          std::max({medium.since, relay_->state(id, media::relay_side::offerer).counters.last_packet,
                    relay_->state(id, media::relay_side::answerer).counters.last_packet});
      if (now - last < silence_) continue;
      medium.since = now;
      silent.push_back(id);
    }
    // Who is told may close media.
    for (const medium_id id : silent) {
      if (on_trouble) on_trouble(id, trouble::silent);
    }
  }

  /// Tells the operator of recordings that have ended, or have gaps.
  void look_at_recordings() {
    if (recorder_ == nullptr) return;
    for (const net::failed_recording& each : recorder_->take_failed()) {
      tell("a recording has ended: it can't be written",
           {{"file", each.path}, {"error", each.error.message()}});
    }
    const std::uint64_t left_out = recorder_->count().left_out;
    if (std::exchange(told_left_out_, left_out) == left_out) return;
    tell("recordings have gaps: datagrams were left out", {{"datagrams", left_out}});
  }

  // A list, because texts that are made for a field must live until it is written.
  void tell(std::string_view text, std::initializer_list<base::log_field> fields) {
    if (log_.enabled(base::log_level::warning))
      log_.write({base::log_level::warning, "parley-relay", text, {fields.begin(), fields.size()}});
  }

  base::log_sink& log_;
  net::system_random random_;
  std::unique_ptr<net::packet_recorder> recorder_;
  std::uint64_t told_left_out_ = 0;
  sound_shelf sounds_;
  std::shared_ptr<int> there_ = std::make_shared<int>();  // while this is, for what was posted
  std::unique_ptr<net::media_relay> relay_;
  base::duration silence_;
  asio::steady_timer timer_;
  std::unordered_map<medium_id, watched> media_;
};

}  // namespace

outcome<std::unique_ptr<media_plane>> make_media_plane(const media_plane_options& options,
                                                       const asio::any_io_executor& control,
                                                       base::log_sink& log) {
  allow_files();
  net::media_relay_options wanted;
  for (const media_interface& each : options.interfaces) {
    wanted.interfaces.push_back({each.name, each.ip, each.advertised});
    // Now rather than with the first call.
    const auto port = net::rtp_port::open({each.ip, 0});
    if (!port) {
      return failure{"No socket can be opened at " + each.ip.to_string() + ": " + port.error().message() +
                     ". Is it an address of this host?"};
    }
  }
  wanted.low_port = options.first_port;
  wanted.high_port = options.last_port;
  wanted.single_port = options.single_port;
  wanted.workers = options.workers;
  auto made = relay_plane::create(wanted, options.silence, control, log);
  // The system frees the port of a process that was killed some time after its end.
  for (int tries = 0; tries < 20 && !made && made.error() == boost::system::errc::address_in_use; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    made = relay_plane::create(wanted, options.silence, control, log);
  }
  const bool shared = options.single_port != 0;
  if (!made) {
    const std::string where = shared ? " at port " + std::to_string(options.single_port) : std::string();
    return failure{"The media side can't be started" + where + ": " + made.error().message()};
  }
  const std::array<base::log_field, 2> fields{
      {{"engine", net::to_string((*made)->relay().engine())},
       {shared ? "single_port" : "ports", shared ? options.single_port : (*made)->relay().ports()}}};
  if (log.enabled(base::log_level::info))
    log.write({base::log_level::info, "parley-relay", "media are open", fields});
  return std::unique_ptr<media_plane>(std::move(*made));
}

}  // namespace relay
