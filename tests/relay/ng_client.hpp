#pragma once

#include "control.hpp"
#include "fake_plane.hpp"
#include "ng_message.hpp"
#include "support/seeded_random.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::test {

/// Files in memory.
class memory_files final : public files {
 public:
  outcome<std::string> read(const std::string& path, std::size_t most) override {
    const auto at = held.find(path);
    if (at == held.end()) return failure{"There is no file " + path};
    if (at->second.size() > most) return failure{"The file is too large"};
    return outcome<std::string>{boost::system::in_place_value, at->second};
  }
  outcome<void> write(const std::string& path, const std::string& text) override {
    held[path] = text;
    return {};
  }

  std::map<std::string, std::string> held{};
};

/// A proxy's module that drives the control side in virtual time.
class ng_client {
 public:
  explicit ng_client(const control_settings& wanted = {}, std::uint16_t first_port = 30000,
                     std::uint16_t last_port = 30999)
      : plane(first_port, last_port), settings(wanted), machine(plane, disk, random_, settings) {}

  std::string raw(std::string_view message) { return machine.handle_message(at, from, message); }

  /// Sends a command under a new cookie, and reads the answer.
  value send(value::dictionary command) {
    const std::string cookie = std::to_string(++cookie_);
    const std::string answer = raw(write_message(cookie, body_form::bencode, value(std::move(command))));
    const auto parts = split_message(answer);
    if (!parts || parts->cookie != cookie) return "no answer";
    const auto body = read_body(parts->body);
    return body ? *body : value("an answer that can't be read");
  }

  /// The entry of an answer as a text; empty where there is none.
  static std::string text_of(const value& answer, std::string_view key) {
    const value* found = answer.find(key);
    return found == nullptr ? std::string{} : found->as_text();
  }
  static std::string result(const value& answer) { return text_of(answer, "result"); }
  static std::string reason(const value& answer) { return text_of(answer, "error-reason"); }

  value offer(const std::string& sdp, value::dictionary more = {}) {
    value::dictionary command{{"command", "offer"}, {"call-id", call_id}, {"from-tag", "a"}, {"sdp", sdp}};
    command.insert(command.end(), more.begin(), more.end());
    return send(std::move(command));
  }
  value answer(const std::string& sdp, value::dictionary more = {}) {
    value::dictionary command{
        {"command", "answer"}, {"call-id", call_id}, {"from-tag", "a"}, {"to-tag", "b"}, {"sdp", sdp}};
    command.insert(command.end(), more.begin(), more.end());
    return send(std::move(command));
  }
  value command(const char* name, value::dictionary more = {}) {
    value::dictionary all{{"command", name}, {"call-id", call_id}};
    all.insert(all.end(), more.begin(), more.end());
    return send(std::move(all));
  }
  value remove(value::dictionary more = {{"delete-delay", 0}}) { return command("delete", std::move(more)); }

  void wait(base::duration time) {
    at.now += time;
    at.wall += std::chrono::duration_cast<base::wall_time::duration>(time);
    machine.handle_timeout(at);
  }
  /// As `wait`, stopping at each moment that the machine asks for.
  void run(base::duration time) {
    const base::time_point end = at.now + time;
    while (machine.poll_timeout() <= end) wait(std::max(machine.poll_timeout() - at.now, base::duration{}));
    wait(end - at.now);
  }

  /// The only medium there is.
  fake_plane::medium& medium() { return plane.media.begin()->second; }

  instant at{base::time_point(std::chrono::seconds(1000)),
             base::wall_time(std::chrono::seconds(1'700'000'000))};
  base::ip_address from = *base::ip_address::from_string("192.0.2.5");
  std::string call_id = "call-1";
  fake_plane plane;
  memory_files disk{};
  control_settings settings;

 private:
  parley::test::seeded_random random_{};
  unsigned cookie_ = 0;

 public:
  control machine;
};

/// A description with that c= address and those m= lines with what follows them.
inline std::string description(const std::string& address, const std::string& media) {
  const std::string family = address.find(':') == std::string::npos ? "IP4 " : "IP6 ";
  return "v=0\r\no=- 1 1 IN " + family + address + "\r\ns=-\r\nc=IN " + family + address + "\r\nt=0 0\r\n" +
         media;
}

/// The first line that begins so, without its end; empty where there is none.
inline std::string line_of(const std::string& sdp, std::string_view beginning) {
  std::size_t at = 0;
  while (at < sdp.size()) {
    const std::size_t end = sdp.find("\r\n", at);
    const std::string line = sdp.substr(at, end == std::string::npos ? end : end - at);
    if (line.starts_with(beginning)) return line;
    if (end == std::string::npos) break;
    at = end + 2;
  }
  return {};
}

/// How many lines begin so.
inline std::size_t lines_of(const std::string& sdp, std::string_view beginning) {
  std::size_t count = sdp.starts_with(beginning) ? 1 : 0;
  for (std::size_t at = sdp.find("\r\n"); at != std::string::npos; at = sdp.find("\r\n", at + 2)) {
    if (std::string_view(sdp).substr(at + 2).starts_with(beginning)) ++count;
  }
  return count;
}

}  // namespace relay::test
