#include "described.hpp"
#include "relay/ng_client.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

// Messages of the NG protocol, with an empty line between two, for a control side with a few ports. What
// begins with + is a wait of so many seconds, ! is trouble with all media, and ? makes the media side refuse,
// or no longer. Whatever comes: who has a cookie gets an answer that can be read, a description in it can be
// read, too, a repetition has the same answer, the ports that are open are those that calls know of, and in
// the end all are free. The same bytes as a stream give the same messages however they are cut.

namespace {

using namespace relay;
using namespace relay::test;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::uint16_t first_port = 30000;
constexpr std::uint16_t last_port = 30039;

control_settings small() {
  control_settings out;
  out.max_calls = 3;
  out.max_media = 6;
  out.max_dialogues = 3;
  return out;
}

void check_answer(std::string_view cookie, std::string_view answer) {
  const auto parts = split_message(answer);
  require(parts && parts->cookie == cookie);
  const auto body = read_body(parts->body);
  require(body.has_value());
  const value* result = body->find("result");
  require(result != nullptr && result->text() != nullptr);
  const value* sdp = body->find("sdp");
  if (sdp == nullptr) return;
  require(*result->text() == "ok");
  require(read_description(sdp->as_text(), std::nullopt, {}).has_value());
}

void send(ng_client& client, std::string_view message) {
  const std::size_t kept = client.machine.cookies().count();
  const std::string answer = client.raw(message);
  const auto parts = split_message(message);
  require(answer.empty() == !parts);
  if (!parts) return;
  check_answer(parts->cookie, answer);
  if (client.machine.cookies().count() > kept) require(client.raw(message) == answer);
}

void step(ng_client& client, std::string_view part) {
  if (part.starts_with('+')) {
    unsigned seconds = 0;
    std::from_chars(part.data() + 1, part.data() + part.size(), seconds);
    client.run(std::chrono::seconds(std::min(seconds, 10'000U)));
  } else if (part.starts_with('!')) {
    std::vector<medium_id> all;
    for (const auto& [id, one] : client.plane.media) all.push_back(id);
    for (const medium_id id : all) client.plane.on_trouble(id, trouble::silent);
    client.run({});
  } else if (part.starts_with('?')) {
    client.plane.fail_apply = !client.plane.fail_apply;
  } else {
    send(client, part);
  }
  require(client.machine.calls().size() <= client.settings.max_calls);
  require(client.plane.media.size() == client.machine.calls().medium_count());
}

std::vector<std::string> framed(std::string_view stream, std::size_t piece, bool& failed) {
  message_framer framer;
  std::vector<std::string> out;
  while (!stream.empty()) {
    framer.feed(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
    while (auto message = framer.next()) {
      require(split_message(*message).has_value());
      out.push_back(*std::move(message));
    }
  }
  failed = !framer.failure().empty();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t longest = 1U << 16U;
  const std::string_view all(reinterpret_cast<const char*>(data), std::min(size, longest));
  bool failed_whole = false;
  bool failed_cut = false;
  require(framed(all, all.size() + 1, failed_whole) == framed(all, 7, failed_cut));
  require(failed_whole == failed_cut);

  ng_client client(small(), first_port, last_port);
  const std::size_t pairs = client.plane.free_pairs();
  std::string_view rest = all;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\n\n");
    step(client, rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  }
  client.machine.close();
  require(client.plane.media.empty());
  require(client.plane.free_pairs() == pairs);
  require(client.machine.poll_timeout() == base::never);
  return 0;
}
