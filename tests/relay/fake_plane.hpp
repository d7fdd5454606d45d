#pragma once

#include "media_plane.hpp"

#include <boost/system/errc.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::test {

/// A media side without media: it hands out ports from a range, writes down what it is told, and counts what
/// the test says was sent.
class fake_plane final : public media_plane {
 public:
  struct medium {
    std::array<end_request, 2> requests{};
    std::array<end_addresses, 2> ends{};
    std::array<end_settings, 2> settings{};
    std::array<unsigned, 2> applied{};
    std::array<end_counters, 2> counters{};
    std::string recording{};
    std::uint64_t call = 0;
    bool gives_way = false;
  };
  struct played {
    medium_id id;
    side to;
    std::string bytes;
    std::string format;
    std::uint8_t payload_type;
    unsigned repeat;
  };
  struct digit {
    medium_id id;
    side to;
    dialled pressed;
    std::uint8_t payload_type;
    unsigned clock_rate;
    std::string format{};  // where it is a tone
  };

  explicit fake_plane(std::uint16_t first = 30000, std::uint16_t last = 30999) {
    for (std::uint32_t port = first; port < last; port += 2) free_.insert(static_cast<std::uint16_t>(port));
  }

  base::result<opened> open(const std::array<end_request, 2>& ends, std::uint64_t call) override {
    for (const end_request& one : ends) {
      if (!one.interface.empty() && one.interface != "default" && one.interface != "inside" &&
          one.interface != "outside")
        return boost::system::errc::make_error_code(boost::system::errc::no_such_device);
    }
    if (free_.size() < 2)
      return boost::system::errc::make_error_code(boost::system::errc::address_not_available);
    medium made;
    made.requests = ends;
    made.call = call;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::uint16_t port = *free_.begin();
      free_.erase(free_.begin());
      const std::string address = ends[i].v6                       ? "2001:db8::1"
                                  : ends[i].interface == "outside" ? "203.0.113.9"
                                                                   : "198.51.100.1";
      const base::ip_address ip = *base::ip_address::from_string(address);
      made.ends[i] = {{ip, port}, {ip, static_cast<std::uint16_t>(port + 1)}};
    }
    const medium_id id = ++last_id_;
    media[id] = made;
    return opened{id, made.ends};
  }

  base::result<void> apply(medium_id id, side of, const end_settings& settings) override {
    medium& one = media.at(id);
    if (fail_apply) return boost::system::errc::make_error_code(boost::system::errc::not_supported);
    one.settings[index(of)] = settings;
    ++one.applied[index(of)];
    return {};
  }

  void give_way(medium_id id) override { media.at(id).gives_way = true; }
  void prefer(medium_id id) override {
    media.at(id).gives_way = false;
    preferred.push_back(id);
  }

  void close(medium_id id) override {
    for (const end_addresses& end : media.at(id).ends) free_.insert(end.rtp.port);
    media.erase(id);
    closed.push_back(id);
  }

  end_counters counters(medium_id id, side of) const override {
    const auto at = media.find(id);
    return at == media.end() ? end_counters{} : at->second.counters[index(of)];
  }

  std::uint64_t unclaimed() const override { return 3; }

  base::result<void> start_recording(medium_id id, const std::string& path) override {
    // As on a disk, where files are not overwritten.
    if (!recordings.insert(path).second) {
      refused_recordings.push_back(path);
      return boost::system::errc::make_error_code(boost::system::errc::file_exists);
    }
    media.at(id).recording = path;
    return {};
  }
  void stop_recording(medium_id id) override { media.at(id).recording.clear(); }

  base::result<base::duration> play(medium_id id, side to, const std::string& bytes,
                                    const media::audio_format& format, std::uint8_t payload_type,
                                    unsigned repeat) override {
    if (bytes == "broken") return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    sounds.push_back({id, to, bytes, format.name, payload_type, repeat});
    return base::duration(std::chrono::milliseconds(1500));
  }
  void stop_playing(medium_id id, side to) override { stopped.emplace_back(id, to); }

  base::result<void> play_dtmf(medium_id id, side to, const dialled& pressed, std::uint8_t payload_type,
                               unsigned clock_rate) override {
    digits.push_back({id, to, pressed, payload_type, clock_rate});
    return {};
  }
  base::result<void> play_tone(medium_id id, side to, const dialled& pressed,
                               const media::audio_format& format, std::uint8_t payload_type) override {
    digits.push_back({id, to, pressed, payload_type, format.clock_rate, format.name});
    return {};
  }

  std::size_t free_pairs() const { return free_.size(); }

  std::map<medium_id, medium> media{};
  std::vector<medium_id> preferred{};
  std::vector<medium_id> closed{};
  std::set<std::string> recordings{};  // files that were begun
  std::vector<std::string> refused_recordings{};
  std::vector<played> sounds{};
  std::vector<std::pair<medium_id, side>> stopped{};
  std::vector<digit> digits{};
  bool fail_apply = false;

 private:
  std::set<std::uint16_t> free_{};
  medium_id last_id_ = 0;
};

}  // namespace relay::test
