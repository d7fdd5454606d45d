#include <parley/media/relay_medium.hpp>
#include <parley/rtp/dtmf_receiver.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/reception.hpp>
#include <parley/srtp/context.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace parley::media {
namespace {

bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  return std::ranges::equal(a, b);
}

bool same_keys(const std::vector<srtp::master_key>& a, const std::vector<srtp::master_key>& b) noexcept {
  return std::ranges::equal(a, b, [](const srtp::master_key& x, const srtp::master_key& y) {
    return x.profile() == y.profile() && same_bytes(x.key(), y.key()) && same_bytes(x.salt(), y.salt()) &&
           same_bytes(x.mki(), y.mki());
  });
}

}  // namespace

struct relay_medium::end {
  relay_end_settings settings;
  relay_end_counters counters;
  source_latch rtp;
  source_latch rtcp;
  std::optional<srtp::context> unprotects;
  std::optional<srtp::context> protects;
  relay_stream stream;
  rtp::reception source{0, relay_stream::default_clock_rate, 1};
  std::uint32_t clock_rate = relay_stream::default_clock_rate;
  std::uint64_t lost_before = 0;  // by SSRCs that were followed by another

  std::unique_ptr<relay_player> player;    // of what the relay sends in the place of this side's peer
  base::time_point sent_at{};              // when stream's last timestamp was first sent
  std::optional<rtp::dtmf_receiver> keys;  // of this side's peer, where it sends events
  std::uint32_t key_rate = relay_stream::default_clock_rate;

  void expect_sources() noexcept {
    expected_source expected;
    expected.signalled = settings.rtp;
    expected.seen = settings.seen;
    expected.learning = settings.learning;
    expected.handover = settings.handover;
    expected.authenticated = !settings.receives_with.empty();
    rtp.expect(expected);
    expected.signalled = settings.rtcp;
    // RTCP has no sequence numbers by which a source could prove itself, but it comes from where RTP does.
    if (!expected.seen && rtp.source().port != 0) expected.seen = rtp.source().ip;
    rtcp.expect(expected);
  }

  void count(base::time_point now, const rtp::packet_view& packet) noexcept {
    const relay_stream::fate& as = stream.of(packet.payload_type());
    const std::uint32_t rate = as.clock_rate;
    if (packet.ssrc() != counters.ssrc) {
      lost_before = counters.lost;
      counters.ssrc = packet.ssrc();
      clock_rate = rate;
      source = rtp::reception(packet.ssrc(), rate, 1);
      if (keys) keys->reset();
    } else if (rate != clock_rate && !as.events) {
      clock_rate = rate;
      source.set_clock_rate(rate);
    }
    // The timestamp of an event is not of when it was sent (RFC 4733 2.1).
    source.handle_packet(now, packet.sequence_number(), packet.timestamp(), packet.payload().size(),
                         !as.events);
    counters.lost =
        lost_before + static_cast<std::uint64_t>(std::max<std::int64_t>(source.sequence().lost(), 0));
    counters.jitter_us = static_cast<std::uint32_t>(source.jitter_time().count());
  }

  void hear_keys(const relay_stream::fate& as, const rtp::packet_view& packet) noexcept {
    if (!keys) return;
    if (as.events) {
      key_rate = as.clock_rate;
      // Where presses have no room nobody polls them.
      static_cast<void>(keys->handle_packet(packet.marker(), packet.timestamp(), packet.payload()));
    } else if (as.clock_rate == key_rate) {
      keys->handle_time(packet.timestamp());
    }
  }

  bool plays() const noexcept { return player && player->active(); }

  bool is_silent() const noexcept { return settings.blocked || !settings.may_send; }
};

relay_tap::~relay_tap() = default;

relay_medium::relay_medium() : ends_(std::make_unique<std::array<end, 2>>()) {}
relay_medium::~relay_medium() = default;

base::result<void> relay_medium::apply(relay_side side, const relay_end_settings& settings) {
  end& e = (*ends_)[static_cast<std::size_t>(side)];

  // First what may fail.
  std::optional<srtp::context> unprotects;
  std::optional<srtp::context> protects;
  const bool new_in = !same_keys(settings.receives_with, e.settings.receives_with);
  const bool new_out = !same_keys(settings.sends_with, e.settings.sends_with);
  if (new_in && !settings.receives_with.empty()) {
    auto made = srtp::context::unprotecting(settings.receives_with);
    if (!made) return made.error();
    unprotects = std::move(*made);
  }
  if (new_out && !settings.sends_with.empty()) {
    auto made = srtp::context::protecting(settings.sends_with);
    if (!made) return made.error();
    protects = std::move(*made);
  }
  if (auto planned = e.stream.plan(settings.payloads); !planned) return planned.error();
  const auto events = std::ranges::find_if(settings.payloads, &payload_rule::events);
  if (!e.keys && events != settings.payloads.end())
    e.keys.emplace(std::max(events->clock_rate, 5U) / 5, rtp::max_events_in_packet + 1);

  const auto go_on = [](std::optional<srtp::context>& old, std::optional<srtp::context>& next,
                        std::uint32_t ssrc) {
    if (!old || !next) return;
    if (const auto counter = old->roll_over_counter(ssrc)) {
      static_cast<void>(next->set_roll_over_counter(ssrc, *counter));  // there is room for the first one
    }
  };
  if (new_in) {
    go_on(e.unprotects, unprotects, e.counters.ssrc);
    e.unprotects = std::move(unprotects);
  }
  if (new_out) {
    go_on(e.protects, protects, (*ends_)[static_cast<std::size_t>(other(side))].stream.ssrc());
    e.protects = std::move(protects);
  }
  e.stream.block_digits(settings.dtmf_blocked);
  e.settings = settings;
  e.expect_sources();
  return {};
}

void relay_medium::relearn(relay_side side) noexcept {
  end& e = (*ends_)[static_cast<std::size_t>(side)];
  e.rtp.forget();
  e.rtcp.forget();
}

const relay_end_settings& relay_medium::settings(relay_side side) const noexcept {
  return (*ends_)[static_cast<std::size_t>(side)].settings;
}
const relay_end_counters& relay_medium::counters(relay_side side) const noexcept {
  return (*ends_)[static_cast<std::size_t>(side)].counters;
}
const base::socket_address& relay_medium::source(relay_side side) const noexcept {
  return (*ends_)[static_cast<std::size_t>(side)].rtp.source();
}

std::optional<relay_medium::forwarded> relay_medium::handle_packet(base::time_point now, relay_side side,
                                                                   relay_component component,
                                                                   const base::socket_address& from,
                                                                   base::packet_buffer& packet) {
  if ((*ends_)[static_cast<std::size_t>(side)].settings.datagrams) {
    if (component == relay_component::rtcp) return std::nullopt;
    return handle_any(now, side, from, packet);
  }
  if (rtp::is_rtcp(packet.bytes())) return handle_rtcp(now, side, component, from, packet);
  if (component == relay_component::rtcp) {
    ++(*ends_)[static_cast<std::size_t>(side)].counters.malformed;
    return std::nullopt;
  }
  return handle_rtp(now, side, from, packet);
}

std::optional<relay_medium::forwarded> relay_medium::handle_any(base::time_point now, relay_side side,
                                                                const base::socket_address& from,
                                                                const base::packet_buffer& packet) {
  end& in = (*ends_)[static_cast<std::size_t>(side)];
  const base::socket_address& to = (*ends_)[static_cast<std::size_t>(other(side))].rtp.destination();
  // UDPTL begins with a sequence number, too (T.38 9.1).
  const std::uint16_t sequence =
      packet.size() < 2 ? std::uint16_t{0}
                        : static_cast<std::uint16_t>(std::to_integer<unsigned>(packet.bytes()[0]) << 8U |
                                                     std::to_integer<unsigned>(packet.bytes()[1]));
  if (!in.rtp.handle_packet(now, from, 0, sequence)) {
    ++in.counters.strangers;
    return std::nullopt;
  }
  ++in.counters.packets;
  in.counters.bytes += packet.size();
  in.counters.last_packet = now;
  if (tap_ != nullptr) tap_->handle_packet(now, side, relay_component::rtp, from, packet.bytes());
  if (in.is_silent() || to.port == 0 || to.ip.is_unspecified()) {
    ++in.counters.dropped;
    return std::nullopt;
  }
  return forwarded{other(side), relay_component::rtp, to};
}

std::optional<relay_medium::forwarded> relay_medium::handle_rtp(base::time_point now, relay_side side,
                                                                const base::socket_address& from,
                                                                base::packet_buffer& packet) {
  end& in = (*ends_)[static_cast<std::size_t>(side)];
  end& out = (*ends_)[static_cast<std::size_t>(other(side))];

  if (!in.rtp.may_accept(now, from)) {
    ++in.counters.strangers;
    return std::nullopt;
  }
  const std::size_t size = packet.size();
  if (in.unprotects && !in.unprotects->unprotect_rtp(packet)) {
    ++in.counters.unauthenticated;
    return std::nullopt;
  }
  const auto view = rtp::packet_view::parse(packet.bytes());
  if (!view) {
    ++in.counters.malformed;
    return std::nullopt;
  }
  if (!in.rtp.handle_packet(now, from, view->ssrc(), view->sequence_number())) {
    ++in.counters.strangers;
    return std::nullopt;
  }
  ++in.counters.packets;
  in.counters.bytes += size;
  in.counters.last_packet = now;
  if (tap_ != nullptr) tap_->handle_packet(now, side, relay_component::rtp, from, packet.bytes());
  in.count(now, *view);

  const relay_stream::fate& fate = in.stream.of(view->payload_type());
  in.hear_keys(fate, *view);
  const base::socket_address& to = out.rtp.destination();
  if (in.is_silent() || !fate.passes || (fate.events && in.settings.dtmf_blocked) || to.port == 0 ||
      to.ip.is_unspecified()) {
    ++in.counters.dropped;
    return std::nullopt;
  }
  const std::uint32_t before = in.stream.last_timestamp();
  const bool played_over = in.stream.sends_own();
  if (fate.sound != nullptr && !played_over) ++in.counters.transcoded;
  if (!in.stream.handle_packet(packet, *view)) {
    if ((fate.sound == nullptr && !fate.into_sound) || played_over) ++in.counters.dropped;
    return std::nullopt;
  }
  if (in.stream.last_timestamp() != before) in.sent_at = now;
  return protect(side, packet);
}

std::optional<relay_medium::forwarded> relay_medium::poll_transmit(relay_side side,
                                                                   base::packet_buffer& out) {
  if (!(*ends_)[static_cast<std::size_t>(side)].stream.poll_transmit(out)) return std::nullopt;
  return protect(side, out);
}

bool relay_medium::transcodes(relay_side side) const noexcept {
  return (*ends_)[static_cast<std::size_t>(side)].stream.transcodes();
}

relay_player& relay_medium::begin_playing(base::time_point now, relay_side to, std::uint32_t clock_rate,
                                          const own_source& fresh) {
  end& e = (*ends_)[static_cast<std::size_t>(other(to))];
  if (!e.player) e.player = std::make_unique<relay_player>();
  if (!e.player->active())
    e.player->begin(now, e.stream.begin_own(fresh, clock_rate, now - e.sent_at), clock_rate);
  return *e.player;
}

void relay_medium::play(base::time_point now, relay_side to, played_sound sound, const own_source& fresh) {
  relay_player& player = begin_playing(now, to, sound.clock_rate(), fresh);
  player.play(std::move(sound));
}

void relay_medium::stop_playing(relay_side to) noexcept {
  const end& e = (*ends_)[static_cast<std::size_t>(other(to))];
  if (e.player) e.player->stop_sound();
}

base::result<void> relay_medium::press(base::time_point now, relay_side to, relay_player::key key,
                                       const own_source& fresh) {
  // An event has its own clock for its duration, but its place is on the timeline of the sound.
  const std::uint32_t sound =
      key.tone ? key.tone->clock_rate() : (*ends_)[static_cast<std::size_t>(other(to))].stream.clock_rate();
  return begin_playing(now, to, sound != 0 ? sound : key.clock_rate, fresh).press(std::move(key));
}

bool relay_medium::plays(relay_side to) const noexcept {
  return (*ends_)[static_cast<std::size_t>(other(to))].plays();
}

base::time_point relay_medium::poll_timeout() const noexcept {
  base::time_point next = base::never;
  for (const end& e : *ends_) {
    if (e.player) next = std::min(next, e.player->poll_timeout());
  }
  return next;
}

std::optional<relay_medium::forwarded> relay_medium::handle_timeout(base::time_point now,
                                                                    base::packet_buffer& out) {
  for (const relay_side side : {relay_side::offerer, relay_side::answerer}) {
    end& e = (*ends_)[static_cast<std::size_t>(side)];
    if (!e.plays() || e.player->poll_timeout() > now) continue;
    if (!out.resize(rtp::header_bytes + relay_stream::max_payload)) return std::nullopt;
    const std::uint32_t beat = e.player->timestamp();
    const auto packet = e.player->handle_timeout(now, out.mutable_bytes().subspan(rtp::header_bytes));
    e.stream.change_own_clock(beat, e.player->clock_rate());
    if (!e.player->active()) {
      e.stream.end_own(e.player->timestamp(), e.player->clock_rate());
      e.sent_at = now;
    }
    // A call may have become one of fax meanwhile, with no address, or none for now.
    const end& out_end = (*ends_)[static_cast<std::size_t>(other(side))];
    const base::socket_address& to = out_end.rtp.destination();
    if (!packet || out_end.settings.datagrams || to.port == 0 || to.ip.is_unspecified()) return std::nullopt;
    out.trim_back(relay_stream::max_payload - packet->size);
    e.stream.write_own(out, packet->payload_type, packet->marker, packet->timestamp);
    return protect(side, out);
  }
  return std::nullopt;
}

std::optional<relay_key> relay_medium::poll_key(relay_side side) noexcept {
  end& e = (*ends_)[static_cast<std::size_t>(side)];
  if (const auto heard = e.stream.poll_digit())
    return relay_key{heard->event, std::chrono::milliseconds(heard->milliseconds)};
  const auto press = e.keys ? e.keys->poll_event() : std::nullopt;
  if (!press) return std::nullopt;
  return relay_key{press->event,
                   std::chrono::microseconds(std::int64_t{press->duration} * 1'000'000 / e.key_rate)};
}

/// Encrypts what a side has sent for the other, where that is asked for.
std::optional<relay_medium::forwarded> relay_medium::protect(relay_side side, base::packet_buffer& packet) {
  end& out = (*ends_)[static_cast<std::size_t>(other(side))];
  if (out.protects && !out.protects->protect_rtp(packet)) {
    ++(*ends_)[static_cast<std::size_t>(side)].counters.dropped;
    return std::nullopt;
  }
  return forwarded{other(side), relay_component::rtp, out.rtp.destination()};
}

std::optional<relay_medium::forwarded> relay_medium::handle_rtcp(base::time_point now, relay_side side,
                                                                 relay_component component,
                                                                 const base::socket_address& from,
                                                                 base::packet_buffer& packet) {
  end& in = (*ends_)[static_cast<std::size_t>(side)];
  end& out = (*ends_)[static_cast<std::size_t>(other(side))];

  in.expect_sources();
  source_latch& latch = component == relay_component::rtp ? in.rtp : in.rtcp;
  if (!latch.may_accept(now, from)) {
    ++in.counters.strangers;
    return std::nullopt;
  }
  const std::size_t size = packet.size();
  if (in.unprotects && !in.unprotects->unprotect_rtcp(packet)) {
    ++in.counters.unauthenticated;
    return std::nullopt;
  }
  if (packet.size() < 8) {
    ++in.counters.malformed;
    return std::nullopt;
  }
  if (!latch.handle_packet(now, from, 0, 0)) {
    ++in.counters.strangers;
    return std::nullopt;
  }
  ++in.counters.rtcp_packets;
  in.counters.rtcp_bytes += size;
  if (tap_ != nullptr) tap_->handle_packet(now, side, component, from, packet.bytes());

  in.stream.rewrite_sender_reports(packet.mutable_bytes());
  out.stream.rewrite_receiver_reports(packet.mutable_bytes());
  const bool muxed = out.settings.rtcp_mux;
  const base::socket_address& to = muxed ? out.rtp.destination() : out.rtcp.destination();
  if (in.settings.blocked || to.port == 0 || to.ip.is_unspecified() ||
      (out.protects && !out.protects->protect_rtcp(packet))) {
    ++in.counters.dropped;
    return std::nullopt;
  }
  return forwarded{other(side), muxed ? relay_component::rtp : relay_component::rtcp, to};
}

}  // namespace parley::media
