// Two JSEP sessions, whose descriptions get lost, cross each other, are provisional and are rolled back: a
// call that fails changes nothing, both ends agree after each answer, and transceivers and m= lines belong
// together.
#include <parley/offer_answer/jsep_session.hpp>

#include "support/offer_answer.hpp"
#include "support/operation_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using namespace parley::offer_answer;
using type = description_type;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

/// What a failed call must leave as it was.
struct snapshot {
  explicit snapshot(const jsep_session& of)
      : where(of.state()),
        transceivers(of.transceivers()),
        media(of.media()),
        local(of.local_description()),
        remote(of.remote_description()) {}

  signaling_state where;
  std::vector<transceiver> transceivers;
  std::vector<negotiated_medium> media;
  std::optional<sdp::description> local;
  std::optional<sdp::description> remote;

  friend bool operator==(const snapshot&, const snapshot&) = default;
};

medium kind(unsigned choice) {
  switch (choice % 3) {
    case 0: return test::webrtc(test::audio({test::opus(), test::pcmu(), test::events()}));
    case 1: return test::webrtc(test::video({test::vp8(), test::format("97 rtx/90000", "apt=96")}));
    default: return test::data_channels();
  }
}

jsep_session make_session(std::uint64_t seed, unsigned choice) {
  test::seeded_random random(seed);
  jsep_options options;
  options.session.max_media = 6;
  options.session.bundle = choice % 4 == 0 ? bundle_policy::bundle_only : bundle_policy::balanced;
  options.defaults = {kind(0), kind(1)};
  if (choice % 2 == 0) options.defaults.push_back(kind(2));
  return {std::move(options), random};
}

class party {
 public:
  party(std::uint8_t number, unsigned choice) : session(make_session(number, choice)), number_(number) {}

  template <class Call>
  bool checked(Call call) {
    const snapshot before(session);
    const bool good = call(session).has_value();
    if (!good) require(snapshot(session) == before);
    return good;
  }

  void command(test::operation_bytes& in) {
    const auto id = any_id(in);
    switch (in.u8() % 5) {
      case 0:
      case 1: static_cast<void>(session.add_transceiver(kind(in.u8()))); break;
      case 2: static_cast<void>(session.stop(id)); break;
      default: static_cast<void>(session.set_direction(id, static_cast<sdp::direction>(in.u8() % 4))); break;
    }
  }

  void open() {
    for (const medium_id id : session.wanted_transports()) {
      port_ = static_cast<std::uint16_t>(port_ + 2);
      require(session.set_transport(id, test::webrtc_transport(port_, number_)).has_value());
    }
  }

  std::optional<sdp::description> set_offer() {
    open();
    const auto made = session.create_offer();
    if (!made) return std::nullopt;
    require(session.create_offer().value() == *made);
    require(session.set_local(type::offer, *made).has_value());
    require(session.state() == signaling_state::have_local_offer && !session.negotiation_needed());
    return test::over_the_wire(*made);
  }

  std::optional<sdp::description> set_answer(type as) {
    open();
    const auto made = session.create_answer();
    if (!made) return std::nullopt;
    require(session.set_local(as, *made).has_value());
    return test::over_the_wire(*made);
  }

  void check() const {
    for (const transceiver& one : session.transceivers()) {
      if (!one.current_direction) continue;
      const auto& media = session.media();
      require(std::count_if(media.begin(), media.end(),
                            [&](const negotiated_medium& each) { return each.id == one.id; }) == 1);
    }
  }

  jsep_session session;

 private:
  medium_id any_id(test::operation_bytes& in) const {
    const auto all = session.transceivers();
    const unsigned choice = in.u8();
    return all.empty() ? medium_id{choice} : all[choice % all.size()].id;
  }

  std::uint8_t number_;
  std::uint16_t port_ = 9998;
};

class run {
 public:
  explicit run(test::operation_bytes in) : in_(in), alice_(1, in_.u8()), bob_(2, in_.u8()) {}

  void go() {
    for (int i = 0; i < 80 && !in_.empty(); ++i) {
      const unsigned what = in_.u8();
      party& one = what % 2 == 0 ? alice_ : bob_;
      party& other = what % 2 == 0 ? bob_ : alice_;
      if (what / 2 % 3 != 0) {
        one.command(in_);
      } else {
        negotiate(one, other);
      }
      alice_.check();
      bob_.check();
    }
  }

 private:
  void negotiate(party& from, party& to) {
    const unsigned choice = in_.u8();
    // Both offer at once: the peer gives way.
    if (choice % 8 == 1) static_cast<void>(to.set_offer());
    const auto offer = from.set_offer();
    require(!offer || !from.checked([&](jsep_session& s) { return s.set_local(type::answer, *offer); }));
    if (!offer) return roll_back(from, to);
    if (choice % 8 == 2) return roll_back(from, to);
    if (!to.checked([&](jsep_session& s) { return s.set_remote(type::offer, *offer); })) {
      return roll_back(from, to);
    }
    require(to.session.state() == signaling_state::have_remote_offer);
    if (choice % 8 == 3) to.command(in_);
    if (choice >= 128) {
      const auto early = to.set_answer(type::pranswer);
      if (early) require(from.checked([&](jsep_session& s) { return s.set_remote(type::pranswer, *early); }));
      if (choice % 8 == 4) to.command(in_);
    }
    const auto answer = to.set_answer(type::answer);
    if (!answer) {
      // Provisional answers can't be rolled back: such a session has ended.
      if (from.session.state() == signaling_state::have_remote_pranswer) {
        in_ = test::operation_bytes({});
        return;
      }
      return roll_back(from, to);
    }
    require(from.checked([&](jsep_session& s) { return s.set_remote(type::answer, *answer); }));
    require(from.session.state() == signaling_state::stable && to.session.state() == signaling_state::stable);
    agree(from.session, to.session);
  }

  static void roll_back(party& from, party& to) {
    for (party* one : {&from, &to}) {
      static_cast<void>(one->session.rollback());
      require(one->session.state() == signaling_state::stable);
      require(!one->checked([](jsep_session& s) { return s.rollback(); }));
    }
  }

  static void agree(const jsep_session& one, const jsep_session& other) {
    require(one.media().size() == other.media().size());
    for (std::size_t place = 0; place < one.media().size(); ++place) {
      const negotiated_medium& a = one.media()[place];
      const negotiated_medium& b = other.media()[place];
      require(a.active == b.active && a.media == b.media);
      if (!a.active) continue;
      require(a.mid == b.mid && a.direction == sdp::reversed(b.direction));
      require(a.bundled && b.bundled && a.transport == b.transport && a.rtcp_mux == b.rtcp_mux);
      require(a.dtls && b.dtls && a.dtls->client != b.dtls->client);
      require(a.formats.size() == b.formats.size());
    }
  }

  test::operation_bytes in_;
  party alice_;
  party bob_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
