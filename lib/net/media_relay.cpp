#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>
#include <parley/net/media_relay.hpp>

#include "net/detail/relay_worker.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <unordered_map>
#include <utility>

namespace parley::net {

using detail::relayed_medium;

namespace {

/// Puts the packets of a medium into a file, which is closed with it.
class recording_tap final : public media::relay_tap {
 public:
  recording_tap(packet_recorder& recorder, packet_recorder::file_id file,
                const std::array<relayed_medium::addresses, 2>& local)
      : recorder_(recorder),
        file_(file),
        local_(local),
        calendar_(steady_clock_source::wall_now() - std::chrono::duration_cast<std::chrono::microseconds>(
                                                        steady_clock_source::now().time_since_epoch())) {}
  ~recording_tap() override { recorder_.close(file_); }

  void handle_packet(base::time_point now, media::relay_side side, media::relay_component component,
                     const base::socket_address& from, std::span<const std::byte> packet) noexcept override {
    const relayed_medium::addresses& local = local_[static_cast<std::size_t>(side)];
    const base::socket_address& to = component == media::relay_component::rtcp ? local.rtcp : local.rtp;
    const auto at = calendar_ + std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    // What is left out is counted there.
    static_cast<void>(recorder_.put(file_, {at, from, to, packet}));
  }

 private:
  packet_recorder& recorder_;
  packet_recorder::file_id file_;
  std::array<relayed_medium::addresses, 2> local_;
  base::wall_time calendar_;  // what the calendar said when the clock began
};

}  // namespace

struct media_relay::impl {
  struct interface {
    media_interface described;
    rtp_port_range ports;
  };
  struct entry {
    std::shared_ptr<relayed_medium> medium;
    std::size_t worker = 0;
  };
  /// What all media of one worker share.
  struct shared {
    std::unique_ptr<detail::shared_port_routes> routes;
    std::uint16_t port = 0;
  };

  impl(const media_relay_options& wanted, base::random_source& source) : options(wanted), random(source) {
    keys.tell = wanted.on_keys;
    interfaces.reserve(wanted.interfaces.size());
    for (const media_interface& each : wanted.interfaces) {
      interfaces.push_back({each, rtp_port_range(each.bind, wanted.low_port, wanted.high_port, source)});
    }
  }

  interface* find(const wanted_end& end) noexcept {
    const auto found = std::ranges::find_if(interfaces, [&end](const interface& each) {
      return each.described.bind.is_v6() == end.v6 &&
             (end.interface.empty() || end.interface == each.described.name);
    });
    return found == interfaces.end() ? nullptr : &*found;
  }

  relayed_medium* get(medium_id id) const noexcept {
    const auto found = media.find(id);
    return found == media.end() ? nullptr : found->second.medium.get();
  }

  media::own_source fresh_source() noexcept {
    // RFC 4568 6.4: numbers begin in the lower half, so that a peer that misses the first packets of SRTP
    // can't miss a roll-over.
    return {random.u32(), static_cast<std::uint16_t>(random.u32() & 0x7FFFU), random.u32()};
  }

  bool shares() const noexcept { return options.single_port != 0; }

  /// Which shared port an interface has: those at one address have one.
  std::size_t number_of(const interface& wanted) const noexcept {
    std::size_t number = 0;
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
      const auto same = [&](const interface& one) {
        return one.described.bind == interfaces[i].described.bind;
      };
      const auto before = interfaces.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find_if(interfaces.begin(), before, same) != before) continue;
      if (interfaces[i].described.bind == wanted.described.bind) break;
      ++number;
    }
    return number;
  }

  /// True for an address of a shared port: what is sent there would come back for ever.
  bool is_own(const base::socket_address& peer) const noexcept {
    return std::ranges::any_of(ports_of, [&](const shared& s) { return s.port == peer.port; }) &&
           std::ranges::any_of(interfaces, [&](const interface& one) {
             return one.described.bind == peer.ip || one.described.advertised == peer.ip;
           });
  }

  /// The ports that the worker is to have, where media share some. *Errors:* the system's.
  base::result<std::vector<rtp_port>> open_shared(std::size_t worker) {
    std::vector<rtp_port> opened;
    if (!shares()) return opened;
    constexpr std::size_t wanted_bytes = std::size_t{8} << 20U;  // of all calls; the system may give less
    const std::size_t number = options.single_port + worker;
    if (number > 65535)
      return base::error_code(boost::system::errc::invalid_argument, boost::system::generic_category());
    shared& made = ports_of.emplace_back();
    made.port = static_cast<std::uint16_t>(number);
    made.routes = std::make_unique<detail::shared_port_routes>(random);
    for (const interface& each : interfaces) {
      if (number_of(each) != opened.size()) continue;
      auto port = rtp_port::open({each.described.bind, made.port}, wanted_bytes, wanted_bytes);
      if (!port) return port.error();
      opened.push_back(std::move(*port));
    }
    return opened;
  }

  media_relay_options options;
  base::random_source& random;
  detail::key_box keys;  // the workers', who are gone before it
  std::vector<interface> interfaces;
  std::vector<shared> ports_of;  // by worker, whom they outlive; empty where media have their own
  std::vector<std::unique_ptr<detail::relay_worker>> workers;
  std::vector<std::size_t> load;  // media of each worker
  std::unordered_map<medium_id, entry> media;
  medium_id last_id = 0;
};

media_relay::media_relay(std::unique_ptr<impl> made) : impl_(std::move(made)) {}
media_relay::~media_relay() = default;

base::result<std::unique_ptr<media_relay>> media_relay::create(const media_relay_options& options,
                                                               base::random_source& random) {
  if (options.interfaces.empty()) return make_error_code(errc::unsupported_transport);
  auto made = std::make_unique<impl>(options, random);
  const std::size_t workers = std::max<std::size_t>(options.workers, 1);
  rtp_io_options io = options.io;
  // A medium goes to the worker that has the fewest, and has four ports.
  io.max_ports = made->shares() ? options.interfaces.size() : 4 * (options.max_media / workers + 1);
  // Of datagrams that wait at one port a ring counts the first alone, so there it is time that ends a wait.
  const base::duration patience =
      made->shares() ? std::max(options.patience / 3, base::duration(1)) : options.patience;
  for (std::size_t i = 0; i < workers; ++i) {
    auto shared = made->open_shared(i);
    if (!shared) return shared.error();
    detail::shared_port_routes* const routes = made->shares() ? made->ports_of[i].routes.get() : nullptr;
    auto worker =
        detail::relay_worker::create({io, options.enough, patience, &made->keys, routes}, std::move(*shared));
    if (!worker) return worker.error();
    made->workers.push_back(std::move(*worker));
  }
  made->load.resize(made->workers.size());
  return std::unique_ptr<media_relay>(new media_relay(std::move(made)));
}

base::result<media_relay::opened> media_relay::open(const std::array<wanted_end, 2>& ends,
                                                    std::uint64_t call) {
  if (impl_->media.size() >= impl_->options.max_media) return make_error_code(errc::limit_reached);
  const std::array<impl::interface*, 2> from{impl_->find(ends[0]), impl_->find(ends[1])};
  if (from[0] == nullptr || from[1] == nullptr) return make_error_code(errc::unknown_listener);

  std::array<rtp_port_pair, 2> pairs;
  for (std::size_t i = 0; i < 2 && !impl_->shares(); ++i) {
    auto pair = from[i]->ports.open();
    if (!pair) {
      if (i == 1) from[0]->ports.give_back(std::move(pairs[0]));
      return pair.error();
    }
    pairs[i] = std::move(*pair);
  }

  const auto least = std::ranges::min_element(impl_->load);
  ++*least;
  impl::entry entry;
  entry.worker = static_cast<std::size_t>(least - impl_->load.begin());
  opened result;
  result.id = ++impl_->last_id;
  entry.medium = std::make_shared<relayed_medium>(result.id);
  entry.medium->call = call;
  for (std::size_t i = 0; i < 2; ++i) {
    const bool shared = impl_->shares();
    const std::uint16_t port = shared ? impl_->ports_of[entry.worker].port : pairs[i].rtp.local().port;
    const auto rtcp = static_cast<std::uint16_t>(shared ? port : port + 1);
    const media_interface& at = from[i]->described;
    result.ends[i] = {{at.advertised, port}, {at.advertised, rtcp}};
    entry.medium->local[i] = {{at.bind, port}, {at.bind, rtcp}};
    entry.medium->origins[i] =
        shared ? impl_->number_of(*from[i]) : static_cast<std::size_t>(from[i] - impl_->interfaces.data());
    if (!shared) entry.medium->sockets[i] = pairs[i].rtp.native_handle();
  }
  impl_->workers[entry.worker]->add(entry.medium, std::move(pairs));
  impl_->media.emplace(result.id, std::move(entry));
  return result;
}

base::result<void> media_relay::apply(medium_id id, media::relay_side side,
                                      const media::relay_end_settings& settings) {
  const auto found = impl_->media.find(id);
  if (found == impl_->media.end()) return make_error_code(errc::closed);
  relayed_medium& medium = *found->second.medium;
  detail::shared_port_routes* const routes =
      impl_->shares() ? impl_->ports_of[found->second.worker].routes.get() : nullptr;
  const base::socket_address rtp = settings.rtp.unmapped();
  const bool one = settings.rtcp_mux || settings.datagrams;
  const base::socket_address rtcp = one ? rtp : settings.rtcp.unmapped();
  if (routes != nullptr && (impl_->is_own(rtp) || impl_->is_own(rtcp) ||
                            !routes->is_free(medium, side, rtp, rtcp, settings.ssrcs))) {
    return make_error_code(errc::source_taken);
  }
  {
    const std::lock_guard lock(medium.mutex);
    if (auto applied = medium.machine.apply(side, settings); !applied) return applied;
  }
  if (routes != nullptr) routes->expect(medium, side, rtp, rtcp, settings.ssrcs);
  return {};
}

void media_relay::give_way(medium_id id) {
  const auto found = impl_->media.find(id);
  if (found == impl_->media.end() || !impl_->shares()) return;
  impl_->ports_of[found->second.worker].routes->give_way(*found->second.medium);
}

void media_relay::prefer(medium_id id) {
  const auto found = impl_->media.find(id);
  if (found == impl_->media.end() || !impl_->shares()) return;
  impl_->ports_of[found->second.worker].routes->prefer(*found->second.medium);
}

void media_relay::relearn(medium_id id, media::relay_side side) {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return;
  const std::lock_guard lock(found->mutex);
  found->machine.relearn(side);
}

base::result<void> media_relay::mark(medium_id id, media::relay_side side, std::uint8_t code_point) {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return make_error_code(errc::closed);
  if (impl_->shares()) return make_error_code(errc::shared_port);
  return rtp_port::mark(found->sockets[static_cast<std::size_t>(side)], code_point);
}

base::result<void> media_relay::record(medium_id id, packet_recorder& recorder, const std::string& path) {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return make_error_code(errc::closed);
  const auto file = recorder.open(path);
  if (!file) return file.error();
  std::unique_ptr<media::relay_tap> tap = std::make_unique<recording_tap>(recorder, *file, found->local);
  const std::lock_guard lock(found->mutex);
  found->machine.set_tap(tap.get());
  found->tap.swap(tap);
  return {};
}

void media_relay::stop_recording(medium_id id) {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return;
  const std::lock_guard lock(found->mutex);
  found->machine.set_tap(nullptr);
  found->tap.reset();
}

base::result<void> media_relay::play(medium_id id, media::relay_side to,
                                     std::shared_ptr<const media::sound_clip> clip,
                                     const media::audio_format& format, std::uint8_t payload_type,
                                     unsigned repeat) {
  const auto found = impl_->media.find(id);
  if (found == impl_->media.end()) return make_error_code(errc::closed);
  auto sound = media::played_sound::create(std::move(clip), format, payload_type, repeat);
  if (!sound) return sound.error();
  const auto& [medium, worker] = found->second;
  {
    const std::lock_guard lock(medium->mutex);
    medium->machine.play(steady_clock_source::now(), to, std::move(*sound), impl_->fresh_source());
  }
  impl_->workers[worker]->look_at(medium);
  return {};
}

void media_relay::stop_playing(medium_id id, media::relay_side to) {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return;
  const std::lock_guard lock(found->mutex);
  found->machine.stop_playing(to);
}

base::result<void> media_relay::press(medium_id id, media::relay_side to, media::relay_player::key key) {
  const auto found = impl_->media.find(id);
  if (found == impl_->media.end()) return make_error_code(errc::closed);
  const auto& [medium, worker] = found->second;
  {
    const std::lock_guard lock(medium->mutex);
    auto pressed =
        medium->machine.press(steady_clock_source::now(), to, std::move(key), impl_->fresh_source());
    if (!pressed) return pressed;
  }
  impl_->workers[worker]->look_at(medium);
  return {};
}

bool media_relay::plays(medium_id id, media::relay_side to) const {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return false;
  const std::lock_guard lock(found->mutex);
  return found->machine.plays(to);
}

std::optional<relay_press> media_relay::poll_key() { return impl_->keys.take(); }

void media_relay::close(medium_id id) {
  const auto found = impl_->media.find(id);
  if (found == impl_->media.end()) return;
  stop_recording(id);
  const auto& [medium, worker] = found->second;
  --impl_->load[worker];
  if (impl_->shares()) {
    impl_->ports_of[worker].routes->forget(*medium);
  } else {
    for (std::size_t i = 0; i < 2; ++i)
      impl_->interfaces[medium->origins[i]].ports.give_back(medium->local[i].rtp.port);
  }
  impl_->workers[worker]->remove(medium);
  impl_->media.erase(found);
}

media_relay::end_state media_relay::state(medium_id id, media::relay_side side) const {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return {};
  const std::lock_guard lock(found->mutex);
  return {found->machine.counters(side), found->machine.source(side)};
}

std::size_t media_relay::size() const noexcept { return impl_->media.size(); }

std::size_t media_relay::ports() const noexcept {
  std::size_t sum = 0;
  if (impl_->shares()) return sum;
  for (const impl::interface& each : impl_->interfaces) sum += each.ports.size();
  return sum;
}

std::size_t media_relay::ports_available() const noexcept {
  std::size_t sum = 0;
  if (impl_->shares()) return sum;
  for (const impl::interface& each : impl_->interfaces) sum += each.ports.available();
  return sum;
}

rtp_engine media_relay::engine() const noexcept { return impl_->workers.front()->engine(); }

rtp_io_counters media_relay::io_counters() const {
  rtp_io_counters sum;
  for (const auto& worker : impl_->workers) {
    const rtp_io_counters each = worker->counters();
    sum.received += each.received;
    sum.sent += each.sent;
    sum.truncated += each.truncated;
    sum.no_buffer += each.no_buffer;
    sum.send_errors += each.send_errors;
  }
  return sum;
}

std::uint64_t media_relay::unclaimed() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& worker : impl_->workers) sum += worker->unclaimed();
  return sum;
}

}  // namespace parley::net
