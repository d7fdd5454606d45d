// The program behind the guide "Offers and answers": a call between two ends in one process, from the first
// offer to hold, with parley::offer_answer alone.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>

#include <parley/base/random_source.hpp>
#include <parley/offer_answer/negotiator.hpp>
#include <parley/sdp/description.hpp>

namespace base = parley::base;
namespace oa = parley::offer_answer;
namespace sdp = parley::sdp;

namespace {

/// Good for a demonstration only: a product has net's source, whose numbers nobody can guess.
class counting_source final : public base::random_source {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& one : out) one = static_cast<std::byte>(++last_);
  }

 private:
  unsigned last_ = 0;
};

// [media]
oa::medium phone_audio() {
  oa::medium audio;
  audio.formats = {{.codec = {111, "opus", 48000, 2}, .parameters = "useinbandfec=1", .feedback = {}},
                   {.codec = {0, "PCMU", 8000, 1}, .parameters = {}, .feedback = {}},
                   {.codec = {101, "telephone-event", 8000, 1}, .parameters = "0-15", .feedback = {}}};
  audio.keyings = {oa::keying::none};
  audio.ptime = sdp::ptime{20000};
  return audio;
}

oa::negotiator make_session(const base::ip_address& ip, std::uint16_t port) {
  counting_source random;
  oa::negotiator session({.address = ip}, random);
  if (const auto id = session.add_medium(phone_audio())) {
    static_cast<void>(session.set_transport(*id, {.rtp = {ip, port}}));
  }
  return session;
}
// [/media]

// [answer]
std::optional<std::string> answer(oa::negotiator& session, const std::string& body) {
  const auto offer = sdp::description::parse(body);
  if (!offer) return std::nullopt;  // 400
  if (const auto taken = session.handle_offer(*offer); !taken) {
    const oa::warning why = oa::warning_for(taken.error());
    std::printf("%d, Warning: %d %s\n", oa::status_for(taken.error()), why.code, why.text.data());
    return std::nullopt;
  }
  const auto made = session.make_answer();
  if (!made) {
    static_cast<void>(session.rollback());
    return std::nullopt;
  }
  return made->to_string();
}
// [/answer]

// [exchange]
bool exchange(oa::negotiator& from, oa::negotiator& to) {
  const auto offer = from.make_offer();
  if (!offer) return false;
  const auto body = answer(to, offer->to_string());
  if (!body) {
    static_cast<void>(from.rollback());  // the session is as it was
    return false;
  }
  const auto answered = sdp::description::parse(*body);
  return answered && from.handle_answer(*answered);
}
// [/exchange]

// [media-path]
void show(const oa::negotiator& session) {
  for (const oa::negotiated_medium& medium : session.media()) {
    if (!medium.active) continue;
    const sdp::rtp_format& codec = medium.formats.front().send;
    std::printf("%s: %s as %u to %s port %u%s\n", medium.media.c_str(), codec.codec.encoding.c_str(),
                unsigned{codec.payload_type()}, medium.rtp.host.c_str(), unsigned{medium.rtp.port},
                medium.held_remotely ? ", held" : "");
  }
}
// [/media-path]

}  // namespace

int main() {
  auto alice = make_session(base::ip_address::v4(0xC0000201), 49170);
  auto bob = make_session(base::ip_address::v4(0xC0000202), 49180);
  if (!exchange(alice, bob)) return 1;
  show(bob);

  // [hold]
  alice.hold();
  if (!exchange(alice, bob)) return 1;
  show(bob);
  alice.resume();
  // [/hold]
  if (!exchange(alice, bob)) return 1;
  return bob.media().front().direction == sdp::direction::sendrecv ? 0 : 1;
}
