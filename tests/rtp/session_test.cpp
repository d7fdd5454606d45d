#include <parley/rtp/session.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using fate = rtp::rtcp_schedule::feedback_fate;
using state = enum rtp::rtcp_schedule::state;

namespace {

using octet_list = std::vector<std::byte>;

const base::time_point t0 = base::time_point{} + 100h;
const base::wall_time w0 = std::chrono::sys_days(std::chrono::November / 27 / 2026) + 12h;

base::socket_address address(const char* text) { return *base::socket_address::from_string(text); }

rtp::session_options with_feedback() {
  rtp::session_options o;
  o.schedule.feedback = true;
  o.schedule.sender_bandwidth = 12500;
  o.schedule.receiver_bandwidth = 37500;
  return o;
}

struct end {
  explicit end(std::uint64_t seed, const rtp::session_options& o = {}, int sources = 1)
      : random(seed), session(o, random) {
    for (int i = 0; i < sources; ++i) ssrcs.push_back(*session.add_source(8000));
    session.start(t0);
  }

  std::uint32_t ssrc() const { return ssrcs.front(); }

  octet_list rtp(base::time_point now, std::uint32_t of) {
    std::array<std::byte, 172> memory{};
    base::byte_writer out(memory);
    rtp::packet_header header;
    header.sequence_number = sequence++;
    header.timestamp = header.sequence_number * 160U;
    header.ssrc = of;
    REQUIRE(rtp::write_header(out, header));
    session.handle_sent(now, of, header.timestamp, 160);
    return {memory.begin(), memory.end()};
  }

  void take(base::time_point now, const octet_list& packet) {
    const auto view = rtp::packet_view::parse(packet);
    REQUIRE(view);
    seen = session.handle_rtp(now, *view, 8000, from, transport_wide);
  }

  /// What it wants to send now.
  std::vector<octet_list> output(base::time_point now) {
    std::vector<octet_list> out;
    session.handle_timeout(now);
    for (;;) {
      std::array<std::byte, 1200> memory;
      const auto written = session.poll_transmit(now, w0 + (now - t0), memory);
      REQUIRE(written);
      if (written->empty()) return out;
      out.emplace_back(written->begin(), written->end());
    }
  }

  template <class Event>
  std::vector<Event> events() {
    std::vector<Event> out;
    while (const auto e = session.poll_event()) {
      if (const auto* wanted = std::get_if<Event>(&*e)) out.push_back(*wanted);
    }
    return out;
  }

  test::seeded_random random;
  rtp::session session;
  std::vector<std::uint32_t> ssrcs;
  std::optional<base::socket_address> from;
  std::optional<std::uint16_t> transport_wide;
  std::optional<rtp::sequence_tracker::sighting> seen;
  std::uint16_t sequence = 100;
};

/// Two ends with a way of 30 ms between them.
struct pair {
  explicit pair(const rtp::session_options& o = {}, int sources = 1) : a(1, o, sources), b(2, o) {}

  void run(base::duration length) {
    for (const auto until = now + length; now < until; now += 10ms) {
      if (rtp_flows && (now - t0) % 20ms == 0ms) {
        if (!drop || a.sequence % 4 != 0) {
          b.take(now, a.rtp(now, a.ssrc()));
        } else {
          a.rtp(now, a.ssrc());
        }
      }
      move(a, to_b);
      move(b, to_a);
      deliver(to_b, b, at_b);
      deliver(to_a, a, at_a);
    }
  }

  struct in_flight {
    base::time_point due;
    octet_list packet;
  };

  void move(end& from, std::vector<in_flight>& to) {
    for (octet_list& packet : from.output(now)) to.push_back({now + 30ms, std::move(packet)});
  }
  void deliver(std::vector<in_flight>& queue, end& to, std::vector<octet_list>& log) {
    while (!queue.empty() && queue.front().due <= now) {
      CHECK(to.session.handle_rtcp(now, queue.front().packet));
      log.push_back(queue.front().packet);
      queue.erase(queue.begin());
    }
  }

  base::time_point now = t0;
  end a;
  end b;
  std::vector<in_flight> to_a;
  std::vector<in_flight> to_b;
  std::vector<octet_list> at_a;
  std::vector<octet_list> at_b;
  bool rtp_flows = true;
  bool drop = false;
};

octet_list written(rtp::compound_writer& out) {
  const auto done = out.finish();
  REQUIRE(done);
  return {done->begin(), done->end()};
}

octet_list report_of(std::uint32_t ssrc, const char* cname = nullptr) {
  std::array<std::byte, 200> memory;
  rtp::compound_writer out(memory);
  out.add(rtp::receiver_report{ssrc, {}});
  if (cname != nullptr) {
    const std::array<rtp::sdes_item, 1> name{rtp::sdes_item{rtp::sdes_type::cname, cname}};
    const std::array<rtp::sdes_chunk, 1> chunk{rtp::sdes_chunk{ssrc, rtp::item_list<rtp::sdes_item>(name)}};
    out.add(rtp::source_description{rtp::item_list<rtp::sdes_chunk>(chunk)});
  }
  return written(out);
}

}  // namespace

TEST_CASE("two ends get to know each other, and measure the way", "[rtp]") {
  pair p;
  p.drop = true;
  p.run(20s);
  REQUIRE(p.b.session.sources().members() == 1);
  REQUIRE(p.a.session.sources().members() == 1);
  CHECK(p.b.session.sources().senders() == 1);
  CHECK(p.a.session.sources().senders() == 0);
  const auto* const known = p.b.session.sources().find(p.a.ssrc());
  REQUIRE(known != nullptr);
  CHECK(known->cname == p.a.session.cname());
  CHECK(known->received.clock().synchronized());
  CHECK(p.a.session.cname().size() == 16);
  CHECK(p.a.session.cname() != p.b.session.cname());
  // B answers A's sender reports.
  REQUIRE(p.a.session.round_trip());
  CHECK(*p.a.session.round_trip() >= 59ms);
  CHECK(*p.a.session.round_trip() <= 81ms);
  CHECK_FALSE(p.b.session.round_trip());
  const auto reports = p.a.events<rtp::session_event::reception_reported>();
  REQUIRE(reports.size() >= 2);
  CHECK(reports.back().source == p.b.ssrc());
  CHECK(reports.back().block.ssrc == p.a.ssrc());
  CHECK(reports.back().block.fraction_lost >= 60);
  CHECK(reports.back().block.fraction_lost <= 68);
  // A sends SR, B sends RR, both with a name.
  for (const octet_list& packet : p.at_b) {
    const auto compound = rtp::compound_view::parse(packet);
    CHECK(compound->begin()->is<rtp::sender_report>());
    CHECK((++compound->begin())->is<rtp::source_description>());
  }
  CHECK(rtp::compound_view::parse(p.at_a.back())->begin()->is<rtp::receiver_report>());
}

TEST_CASE("a sender that falls silent is one no more, then gone", "[rtp]") {
  pair p;
  p.run(10s);
  p.rtp_flows = false;
  p.run(15s);
  CHECK(p.b.session.sources().senders() == 0);
  CHECK(p.b.session.sources().members() == 1);
  CHECK(rtp::compound_view::parse(p.at_b.back())->begin()->is<rtp::receiver_report>());
  // Its RTCP stops, too: five intervals of at least 5 s.
  p.b.events<rtp::session_event::source_left>();
  const auto last = p.now;
  for (; p.now < last + 40s; p.now += 10ms) p.b.output(p.now);
  const auto gone = p.b.events<rtp::session_event::source_timed_out>();
  REQUIRE(gone.size() == 1);
  CHECK(gone.front().source == p.a.ssrc());
  CHECK(p.b.session.sources().size() == 0);
}

TEST_CASE("a BYE is said and heard", "[rtp]") {
  pair p;
  p.run(10s);
  p.a.session.leave(p.now, "good night");
  p.rtp_flows = false;
  p.run(100ms);
  CHECK(p.a.session.schedule().state() == state::left);
  const auto left = p.b.events<rtp::session_event::source_left>();
  REQUIRE(left.size() == 1);
  CHECK(left.front().source == p.a.ssrc());
  CHECK(p.b.session.sources().members() == 0);
  // A straggler does not bring it back.
  p.b.take(p.now, p.a.rtp(p.now, p.a.ssrc()));
  CHECK_FALSE(p.b.seen);
  CHECK(p.a.output(p.now + 1h).empty());
}

TEST_CASE("several sources of one end report in one datagram under one name", "[rtp]") {
  pair p({}, 3);
  p.run(10s);
  CHECK(p.b.session.sources().members() == 3);
  for (const auto ssrc : p.a.ssrcs) CHECK(p.b.session.sources().find(ssrc)->cname == p.a.session.cname());
  p.a.session.remove_source(p.a.ssrcs[2]);
  p.run(100ms);
  CHECK(p.b.session.sources().members() == 2);
  CHECK(p.b.events<rtp::session_event::source_left>().size() == 1);
  rtp::session_options o;
  o.max_local_sources = 2;
  end full(3, o, 2);
  CHECK(full.session.add_source(8000).error() == base::errc::limit_reached);
}

TEST_CASE("our SSRC from another address: another one is taken, once", "[rtp]") {
  end a(1);
  end other(2);
  a.rtp(t0, a.ssrc());
  a.from = address("192.0.2.1:4000");
  const auto before = a.ssrc();
  a.take(t0 + 1s, other.rtp(t0, before));
  CHECK_FALSE(a.seen);
  const auto changed = a.events<rtp::session_event::ssrc_changed>();
  REQUIRE(changed.size() == 1);
  CHECK(changed.front().before == before);
  CHECK(changed.front().after != before);
  CHECK(a.session.local(before) == nullptr);
  REQUIRE(a.session.local(changed.front().after) != nullptr);
  // The old one is given up with a BYE at once.
  const auto out = a.output(t0 + 1s);
  REQUIRE(out.size() == 1);
  const auto compound = rtp::compound_view::parse(out.front());
  REQUIRE(compound);
  bool said = false;
  for (const auto& packet : *compound) {
    if (const auto goodbye = packet.get<rtp::bye>()) said = goodbye->sources[0] == before;
  }
  CHECK(said);
  // Our new SSRC from the same address is a loop; it changes nothing.
  a.take(t0 + 2s, other.rtp(t0, changed.front().after));
  CHECK_FALSE(a.seen);
  CHECK(a.session.handle_rtcp(t0 + 2s, report_of(changed.front().after), address("192.0.2.1:4000")));
  CHECK(a.events<rtp::session_event::ssrc_changed>().empty());
  CHECK(a.session.ignored() == 3);
}

TEST_CASE("whoever follows our changes does not make us change for ever", "[rtp]") {
  end a(1);
  std::uint32_t ssrc = a.ssrc();
  std::size_t changes = 0;
  for (int i = 0; i < 100; ++i) {
    const auto from = address(("192.0.2.1:" + std::to_string(1000 + i)).c_str());
    CHECK(a.session.handle_rtcp(t0 + 1s, report_of(ssrc), from));
    for (const auto& e : a.events<rtp::session_event::ssrc_changed>()) {
      ssrc = e.after;
      ++changes;
    }
  }
  CHECK(changes == 16);
}

TEST_CASE("a source from two addresses is heard from the first", "[rtp]") {
  end a(1);
  end other(2);
  a.from = address("192.0.2.1:4000");
  a.take(t0, other.rtp(t0, 77));
  a.take(t0, other.rtp(t0, 77));
  CHECK(a.seen);
  a.from = address("198.51.100.1:4000");
  a.take(t0 + 1s, other.rtp(t0, 77));
  CHECK_FALSE(a.seen);
  // After a silence of two intervals it has moved.
  a.take(t0 + 11s, other.rtp(t0, 77));
  CHECK(a.seen);
}

TEST_CASE("invented sources do not grow the table, nor push out who sends", "[rtp]") {
  rtp::session_options o;
  o.max_sources = 8;
  end a(1, o);
  end friends(2);
  for (int i = 0; i < 3; ++i) a.take(t0, friends.rtp(t0, 77));
  end foe(3);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    a.take(t0 + 1s, foe.rtp(t0, 1000 + i));
    CHECK(a.session.handle_rtcp(t0 + 1s, report_of(5000 + i, "foe")));
  }
  CHECK(a.session.sources().size() == 8);
  REQUIRE(a.session.sources().find(77) != nullptr);
  a.take(t0 + 2s, friends.rtp(t0, 77));
  CHECK(a.seen);
  // Even where all places are taken by senders, these stay.
  for (std::uint32_t i = 0; i < 20; ++i) {
    foe.sequence = 1;
    for (int n = 0; n < 3; ++n) a.take(t0 + 3s, foe.rtp(t0, 9000 + i));
  }
  CHECK(a.session.sources().size() == 8);
  CHECK(a.session.sources().find(77) != nullptr);
  CHECK(a.session.ignored() >= 12);
}

TEST_CASE("feedback goes at once between two, and is an event at the other end", "[rtp]") {
  pair p(with_feedback());
  p.run(5s);
  p.a.events<rtp::session_event::key_frame_requested>();
  const std::array<std::uint16_t, 3> lost{10, 12, 30};
  p.b.session.request_retransmission(p.now, p.a.ssrc(), lost);
  p.b.session.request_key_frame(p.now, p.a.ssrc());
  p.b.session.report_bitrate(p.now, 500000);
  p.run(600ms);
  std::vector<int> asked;
  int key_frames = 0;
  std::uint64_t bitrate = 0;
  while (const auto e = p.a.session.poll_event()) {
    if (const auto* r = std::get_if<rtp::session_event::retransmission_requested>(&*e)) {
      CHECK(r->local == p.a.ssrc());
      asked.push_back(r->packets.packet_id);
      if (r->packets.packet_id == 10) CHECK(r->packets.following == 2);
    }
    if (std::get_if<rtp::session_event::key_frame_requested>(&*e) != nullptr) ++key_frames;
    if (const auto* b = std::get_if<rtp::session_event::bitrate_estimated>(&*e)) bitrate = b->bitrate;
  }
  CHECK(asked == std::vector<int>{10, 30});
  CHECK(key_frames == 1);
  CHECK(bitrate > 490000);
  CHECK(bitrate <= 500000);
  // FIR: another request has another number.
  for (int i = 0; i < 2; ++i) {
    p.b.session.request_key_frame(p.now, p.a.ssrc(), true);
    p.run(1s);
  }
  const auto frames = p.a.events<rtp::session_event::key_frame_requested>();
  REQUIRE(frames.size() == 2);
  CHECK(frames.front().full_intra);
}

TEST_CASE("without AVPF feedback is dropped", "[rtp]") {
  end a(1);
  CHECK(a.session.request_key_frame(t0, 5) == fate::dropped);
}

TEST_CASE("reduced-size feedback is feedback alone", "[rtp]") {
  auto o = with_feedback();
  o.reduced_size = true;
  end a(1, o);
  a.rtp(t0, a.ssrc());
  CHECK(a.session.handle_rtcp(t0, report_of(77, "b")));
  REQUIRE(a.session.request_key_frame(t0, 77) == fate::early);
  CHECK(a.session.poll_timeout() == t0);
  const auto out = a.output(t0);
  REQUIRE(out.size() == 1);
  CHECK(out.front().size() == 12);
  CHECK(
      rtp::compound_view::parse(out.front(), rtp::rtcp_form::reduced_size)->begin()->is<rtp::picture_loss>());
}

TEST_CASE("receivers measure the way by extended reports", "[rtp]") {
  rtp::session_options o;
  o.reference_time = true;
  pair p(o);
  p.run(25s);
  REQUIRE(p.b.session.round_trip());
  CHECK(*p.b.session.round_trip() >= 59ms);
  CHECK(*p.b.session.round_trip() <= 81ms);
}

TEST_CASE("transport-wide feedback is sent at intervals", "[rtp]") {
  auto o = with_feedback();
  o.transport_wide = rtp::transport_feedback_options{};
  pair p(o);
  std::uint16_t number = 0;
  for (int i = 0; i < 200; ++i) {
    p.b.transport_wide = number++;
    p.run(20ms);
  }
  std::size_t spoken_of = 0;
  for (const octet_list& packet : p.at_a) {
    for (const auto& one : *rtp::compound_view::parse(packet)) {
      if (const auto feedback = one.get<rtp::transport_cc>()) {
        CHECK(feedback->sender_ssrc == p.b.ssrc());
        spoken_of += feedback->packets.size();
      }
    }
  }
  CHECK(spoken_of >= 180);
  CHECK(spoken_of <= 200);
}

TEST_CASE("what breaks a datagram is said, and nothing else happens", "[rtp]") {
  end a(1);
  CHECK_FALSE(a.session.handle_rtcp(t0, octet_list(7)));
  CHECK(a.session.sources().size() == 0);
  std::array<std::byte, 100> small;
  a.session.handle_timeout(t0 + 1h);
  CHECK(a.session.poll_transmit(t0 + 1h, w0, small).error() == rtp::errc::no_space);
  CHECK(a.output(t0 + 1h).size() == 1);
}

TEST_CASE("more sources than blocks are reported in turn", "[rtp]") {
  rtp::session_options o;
  o.schedule.receiver_bandwidth = 1000000;
  end a(1, o);
  end others(2);
  std::vector<std::uint32_t> reported;
  auto now = t0;
  for (int round = 0; round < 40; ++round) {
    for (std::uint32_t ssrc = 1; ssrc <= 60; ++ssrc) {
      others.sequence = static_cast<std::uint16_t>(round * 2);
      for (int n = 0; n < 2; ++n) a.take(now, others.rtp(now, ssrc));
    }
    now += 1s;
    for (const octet_list& packet : a.output(now)) {
      const auto report = rtp::compound_view::parse(packet)->begin()->get<rtp::receiver_report>();
      REQUIRE(report);
      CHECK(report->blocks.size() <= 31);
      CHECK(report->blocks.size() >= 20);
      for (const auto block : report->blocks) reported.push_back(block.ssrc);
    }
  }
  std::sort(reported.begin(), reported.end());
  CHECK(std::unique(reported.begin(), reported.end()) - reported.begin() == 60);
}
