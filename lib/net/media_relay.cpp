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
                const std::array<base::socket_address, 2>& local)
      : recorder_(recorder),
        file_(file),
        local_(local),
        calendar_(steady_clock_source::wall_now() - std::chrono::duration_cast<std::chrono::microseconds>(
                                                        steady_clock_source::now().time_since_epoch())) {}
  ~recording_tap() override { recorder_.close(file_); }

  void handle_packet(base::time_point now, media::relay_side side, media::relay_component component,
                     const base::socket_address& from, std::span<const std::byte> packet) noexcept override {
    base::socket_address to = local_[static_cast<std::size_t>(side)];
    if (component == media::relay_component::rtcp) ++to.port;
    const auto at = calendar_ + std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    // What is left out is counted there.
    static_cast<void>(recorder_.put(file_, {at, from, to, packet}));
  }

 private:
  packet_recorder& recorder_;
  packet_recorder::file_id file_;
  std::array<base::socket_address, 2> local_;
  base::wall_time calendar_;  // what the calendar said when the clock began
};

}  // namespace

struct media_relay::impl {
  struct interface {
    media_interface described;
    rtp_port_range ports;
  };
  /// Where the ports of a medium came from.
  struct entry {
    std::shared_ptr<relayed_medium> medium;
    std::array<std::pair<std::size_t, std::uint16_t>, 2> ports;  // of which interface, and RTP's number
    std::size_t worker = 0;
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

  media_relay_options options;
  base::random_source& random;
  detail::key_box keys;  // the workers', who are gone before it
  std::vector<interface> interfaces;
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
  io.max_ports = 4 * (options.max_media / workers + 1);
  for (std::size_t i = 0; i < workers; ++i) {
    auto worker = detail::relay_worker::create({io, options.enough, options.patience, &made->keys});
    if (!worker) return worker.error();
    made->workers.push_back(std::move(*worker));
  }
  made->load.resize(made->workers.size());
  return std::unique_ptr<media_relay>(new media_relay(std::move(made)));
}

base::result<media_relay::opened> media_relay::open(const std::array<wanted_end, 2>& ends) {
  if (impl_->media.size() >= impl_->options.max_media) return make_error_code(errc::limit_reached);
  const std::array<impl::interface*, 2> from{impl_->find(ends[0]), impl_->find(ends[1])};
  if (from[0] == nullptr || from[1] == nullptr) return make_error_code(errc::unknown_listener);

  auto first = from[0]->ports.open();
  if (!first) return first.error();
  auto second = from[1]->ports.open();
  if (!second) {
    from[0]->ports.give_back(std::move(*first));
    return second.error();
  }

  opened result;
  result.id = ++impl_->last_id;
  impl::entry entry;
  entry.medium = std::make_shared<relayed_medium>();
  entry.medium->id = result.id;
  const std::array<rtp_port_pair*, 2> pairs{&*first, &*second};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint16_t port = pairs[i]->rtp.local().port;
    const base::ip_address& advertised = from[i]->described.advertised;
    result.ends[i] = {{advertised, port}, {advertised, static_cast<std::uint16_t>(port + 1)}};
    entry.ports[i] = {static_cast<std::size_t>(from[i] - impl_->interfaces.data()), port};
    entry.medium->sockets[i] = pairs[i]->rtp.native_handle();
    entry.medium->local[i] = pairs[i]->rtp.local();
  }
  const auto least = std::ranges::min_element(impl_->load);
  ++*least;
  entry.worker = static_cast<std::size_t>(least - impl_->load.begin());
  impl_->workers[entry.worker]->add(entry.medium, {std::move(*first), std::move(*second)});
  impl_->media.emplace(result.id, std::move(entry));
  return result;
}

base::result<void> media_relay::apply(medium_id id, media::relay_side side,
                                      const media::relay_end_settings& settings) {
  relayed_medium* const found = impl_->get(id);
  if (found == nullptr) return make_error_code(errc::closed);
  const std::lock_guard lock(found->mutex);
  return found->machine.apply(side, settings);
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
  const auto& [medium, ports, worker] = found->second;
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

base::result<void> media_relay::press(medium_id id, media::relay_side to,
                                      const media::relay_player::key& key) {
  const auto found = impl_->media.find(id);
  if (found == impl_->media.end()) return make_error_code(errc::closed);
  const auto& [medium, ports, worker] = found->second;
  {
    const std::lock_guard lock(medium->mutex);
    auto pressed = medium->machine.press(steady_clock_source::now(), to, key, impl_->fresh_source());
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
  impl::entry& entry = found->second;
  --impl_->load[entry.worker];
  impl_->workers[entry.worker]->remove(std::move(entry.medium));
  for (const auto& [interface, port] : entry.ports) impl_->interfaces[interface].ports.give_back(port);
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
  for (const impl::interface& each : impl_->interfaces) sum += each.ports.size();
  return sum;
}

std::size_t media_relay::ports_available() const noexcept {
  std::size_t sum = 0;
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

}  // namespace parley::net
