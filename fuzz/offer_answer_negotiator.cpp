// Two negotiators and whatever an application may do to them between negotiations: after each offer and
// answer both ends agree on each medium, versions count the changes, no payload type ever means another codec
// in a running medium, and a call that fails changes nothing.
#include <parley/offer_answer/negotiator.hpp>
#include <parley/sdp/rtp_format.hpp>

#include "support/offer_answer.hpp"
#include "support/operation_bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using namespace parley::offer_answer;
using test::format;
using state = enum negotiator::state;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

/// What a failed call must leave as it was.
struct snapshot {
  explicit snapshot(const negotiator& of)
      : where(of.state()),
        media(of.media()),
        local(of.local_description()),
        remote(of.remote_description()),
        wanted(of.wanted_transports()) {}

  state where;
  std::vector<negotiated_medium> media;
  std::optional<sdp::description> local;
  std::optional<sdp::description> remote;
  std::vector<medium_id> wanted;

  friend bool operator==(const snapshot&, const snapshot&) = default;
};

std::uint64_t version_of(const sdp::description& one) { return *one.get<sdp::origin>()->version_number(); }

/// One end: its negotiator, and what is checked of it.
class party {
 public:
  party(test::operation_bytes& in, std::uint64_t seed) : in_(in), seed_(seed), end_(choose(in), seed) {}

  negotiator& machine() noexcept { return *end_; }

  /// Something that the application does.
  void command() {
    const medium_id id = any_id();
    switch (in_.u8() % 10) {
      case 0:
      case 1:
      case 2: return add();
      case 3: return static_cast<void>(end_->remove_medium(id));
      case 4: return end_->hold(in_.u8() % 2 == 0 ? sdp::direction::sendonly : sdp::direction::inactive);
      case 5: return end_->resume();
      case 6: return static_cast<void>(end_->set_direction(id, static_cast<sdp::direction>(in_.u8() % 4)));
      case 7: return static_cast<void>(end_->renew(id));
      case 8: return static_cast<void>(end_->change_medium(id, choose_medium()));
      default: return static_cast<void>(end_->set_transport(id, choose_transport()));
    }
  }

  /// Checks a description that this end has just made against the one before.
  void check_version(const sdp::description& made) {
    require(sdp::description::parse(made.to_string()).value() == made);
    if (last_) {
      const bool same = made == *last_;
      require(version_of(made) == version_of(*last_) + (same ? 0 : 1));
      if (!same) require(without_origin(made) != without_origin(*last_));
      require(made.media().size() >= lines_);
    }
    last_ = made;
  }

  /// RFC 3264 8.3.2, once an exchange has succeeded.
  void check_payload_types() {
    const auto& local = *machine().local_description();
    lines_ = local.media().size();
    meanings_.resize(lines_);
    for (std::size_t place = 0; place < lines_; ++place) {
      auto& known = meanings_[place];
      if (!machine().media()[place].active) {
        known.clear();
        continue;
      }
      for (const sdp::rtp_format& one : sdp::rtp_formats(local.media()[place])) {
        const auto text = one.codec.encoding + "/" + std::to_string(one.codec.clock_rate);
        const auto added = known.emplace(one.payload_type(), text);
        require(added.first->second == text);
      }
    }
  }

 private:
  static session_options choose(test::operation_bytes& in) {
    session_options out;
    out.bundle = static_cast<bundle_policy>(in.u8() % 3);
    out.dtls_passive = in.u8() % 2 == 1;
    out.max_media = 8;
    return out;
  }

  static std::string without_origin(const sdp::description& one) {
    std::string text = one.to_string();
    text.erase(0, text.find("s="));
    return text;
  }

  medium_id any_id() { return static_cast<medium_id>(1 + in_.u8() % 12); }

  medium choose_medium() {
    const unsigned choice = in_.u8();
    std::vector<sdp::rtp_format> formats;
    const bool picture = choice % 4 == 1;
    const auto base = static_cast<std::uint8_t>(96 + in_.u8() % 24);
    const auto type = [base](unsigned offset) { return std::to_string(base + offset); };
    if (picture) {
      formats = {format(type(0) + " VP8/90000", {}, {"nack", "nack pli"}),
                 format(type(1) + " rtx/90000", "apt=" + type(0)),
                 format(type(2) + " H264/90000", "profile-level-id=42e01f;packetization-mode=1"),
                 format(type(3) + " rtx/90000", "apt=" + type(2))};
    } else {
      formats = {test::pcmu(),
                 format(type(0) + " opus/48000/2", "stereo=1"),
                 test::pcma(),
                 format(type(1) + " telephone-event/8000", "0-15"),
                 format(type(2) + " red/48000/2", type(0) + "/" + type(0)),
                 format(type(3) + " iLBC/8000", "mode=20")};
    }
    if (choice % 4 == 2) return test::data_channels();
    // Some of them, in another order.
    const unsigned some = in_.u8();
    std::vector<sdp::rtp_format> chosen;
    for (std::size_t i = 0; i < formats.size(); ++i) {
      if ((some >> i & 1U) == 0) chosen.push_back(formats[i]);
    }
    if (chosen.empty()) chosen = formats;
    if (some >= 128) std::swap(chosen.front(), chosen.back());
    medium out = picture ? test::video(std::move(chosen)) : test::audio(std::move(chosen));
    static const std::array<std::vector<keying>, 6> keyings = {{{keying::none},
                                                                {keying::sdes},
                                                                {keying::dtls},
                                                                {keying::dtls, keying::sdes, keying::none},
                                                                {keying::sdes, keying::none},
                                                                {keying::none, keying::dtls}}};
    static const std::array<std::string, 4> protocols = {"RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF",
                                                         "RTP/AVPF"};
    const unsigned how = in_.u8();
    out.keyings = keyings[how % keyings.size()];
    out.protocol = protocols[how / 8 % protocols.size()];
    out.rtcp_mux = choice % 8 < 6;
    out.rtcp_mux_only = choice % 32 == 0;
    out.single_codec = choice >= 192;
    out.own_order = choice % 64 > 32;
    for (unsigned id = 1; id <= some % 4; ++id) {
      sdp::extmap extension;
      extension.id = static_cast<std::uint16_t>((id + how) % 14 + 1);
      extension.uri = "urn:x:" + std::to_string(id);
      out.extensions.push_back(extension);
    }
    return out;
  }

  local_transport choose_transport() {
    const unsigned choice = in_.u8();
    const auto filler = static_cast<std::uint8_t>(seed_ * 64 + choice % 8);
    local_transport out = choice % 2 == 0 ? test::webrtc_transport(end_.next_port(), filler)
                                          : test::with_fingerprint(end_.next_port(), filler);
    if (choice % 3 != 0) out.keys = {test::crypto("AES_CM_128_HMAC_SHA1_80", filler)};
    if (choice % 5 == 0) out.keys.insert(out.keys.begin(), test::crypto("AES_CM_128_HMAC_SHA1_32", filler));
    if (choice % 7 == 0) out.fingerprints.clear();
    return out;
  }

  void add() {
    const auto id = end_->add_medium(choose_medium());
    if (id && in_.u8() % 8 != 0) require(end_->set_transport(*id, choose_transport()).has_value());
  }

  test::operation_bytes& in_;
  std::uint64_t seed_;
  test::end end_;
  std::optional<sdp::description> last_;
  std::size_t lines_ = 0;
  std::vector<std::map<unsigned, std::string>> meanings_;
};

class run {
 public:
  explicit run(test::operation_bytes in) : in_(in), alice_(in_, 1), bob_(in_, 2) {}

  void go() {
    for (int i = 0; i < 120 && !in_.empty(); ++i) {
      const unsigned what = in_.u8();
      party& one = what % 2 == 0 ? alice_ : bob_;
      party& other = what % 2 == 0 ? bob_ : alice_;
      if (what / 2 % 4 == 0) {
        negotiate(one, other);
      } else {
        one.command();
      }
      require(one.machine().state() == state::stable);
    }
  }

 private:
  template <class Call>
  auto checked(party& one, Call call) {
    const snapshot before(one.machine());
    auto out = call(one.machine());
    if (!out) require(snapshot(one.machine()) == before);
    return out;
  }

  /// What must not work in any state but the one it is for.
  void misuse(party& one) {
    const bool stable = one.machine().state() == state::stable;
    if (!stable) require(!checked(one, [](negotiator& n) { return n.make_offer(); }));
    if (stable) require(!checked(one, [](negotiator& n) { return n.rollback(); }));
    if (one.machine().state() != state::have_remote_offer) {
      require(!checked(one, [](negotiator& n) { return n.make_answer(); }));
    }
  }

  void negotiate(party& from, party& to) {
    misuse(from);
    const auto made = checked(from, [](negotiator& n) { return n.make_offer(); });
    if (!made) return;
    from.check_version(*made);
    misuse(from);
    const auto offer = test::over_the_wire(*made);
    require(!checked(from, [&](negotiator& n) { return n.handle_offer(offer); }));
    const unsigned choice = in_.u8();
    if (choice % 8 == 7) {
      require(from.machine().rollback().has_value());
      return;
    }
    if (!checked(to, [&](negotiator& n) { return n.handle_offer(offer); })) {
      return require(from.machine().rollback().has_value());
    }
    misuse(to);
    // The application may do something before it answers.
    if (choice % 4 == 1) to.command();
    if (choice % 16 == 3) {
      const auto early = checked(to, [](negotiator& n) { return n.make_provisional_answer(); });
      if (early) to.check_version(*early);
      to.command();
    }
    const auto answer = checked(to, [](negotiator& n) { return n.make_answer(); });
    if (!answer) {
      require(to.machine().rollback().has_value());
      return require(from.machine().rollback().has_value());
    }
    to.check_version(*answer);
    if (choice % 4 == 2) from.command();
    const auto heard = test::over_the_wire(*answer);
    if (choice >= 128) {
      const negotiator copy = from.machine();
      if (checked(from, [&](negotiator& n) { return n.handle_provisional_answer(heard); })) {
        require(from.machine().state() == state::have_local_offer);
      }
      if (choice >= 224) {
        // Given up: as it was before the offer, while the peer has gone on. There the session ends.
        require(from.machine().rollback().has_value());
        require(from.machine().media() == copy.media());
        in_ = test::operation_bytes({});
        return;
      }
    }
    const auto taken = checked(from, [&](negotiator& n) { return n.handle_answer(heard); });
    if (!taken) {
      if (std::getenv("OA_DEBUG"))
        std::fprintf(stderr, "%s\n%s\n%s\n", made->to_string().c_str(), answer->to_string().c_str(),
                     taken.error().message().c_str());
      // Keys that are offered in RTP/AVP may go unanswered; else only what the application has changed since
      // can be in the way.
      require(choice % 4 == 2 || taken.error() == errc::missing_keys);
      require(from.machine().rollback().has_value());
      in_ = test::operation_bytes({});
      return;
    }
    require(from.machine().handle_answer(heard).has_value());
    check_agreement(from.machine(), to.machine());
    from.check_payload_types();
    to.check_payload_types();
  }

  static void check_agreement(const negotiator& one, const negotiator& other) {
    require(one.media().size() == other.media().size());
    require(*one.local_description() == *other.remote_description());
    require(*one.remote_description() == *other.local_description());
    for (std::size_t place = 0; place < one.media().size(); ++place) {
      const negotiated_medium& a = one.media()[place];
      const negotiated_medium& b = other.media()[place];
      require(a.active == b.active);
      const auto answered = other.local_description()->media()[place].media().port;
      require(a.active == (answered != 0));
      if (!a.active) continue;
      require(a.id && b.id && a.media == b.media && a.mid == b.mid);
      require(a.direction == sdp::reversed(b.direction));
      require(a.formats.size() == b.formats.size() && (a.formats.empty() == !a.other_formats.empty()));
      for (std::size_t i = 0; i < a.formats.size(); ++i) {
        require(a.formats[i].send == b.formats[i].receive && a.formats[i].receive == b.formats[i].send);
        require(a.formats[i].send.codec.same_encoding(a.formats[i].receive.codec));
        require(a.formats[i].send.payload_type() == a.formats[i].receive.payload_type());
      }
      require(a.key == b.key && a.sdes.has_value() == b.sdes.has_value());
      if (a.sdes) require(a.sdes->local == b.sdes->remote && a.sdes->remote == b.sdes->local);
      require(a.dtls.has_value() == b.dtls.has_value());
      if (a.dtls) require(a.dtls->client != b.dtls->client);
      require(a.rtcp_mux == b.rtcp_mux && a.rtcp_rsize == b.rtcp_rsize);
      require(a.bundled == b.bundled && a.transport == b.transport);
      require(a.ice.has_value() == b.ice.has_value());
      require(a.extensions.size() == b.extensions.size());
      require(!a.bundled || (one.media()[a.transport].active && one.media()[a.transport].rtp == a.rtp));
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
