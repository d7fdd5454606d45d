#include "net/detail/relay_worker.hpp"

#include <parley/net/clock.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <functional>
#include <utility>

namespace parley::net::detail {
namespace {

/// With fewer packets at a time a worker is not busy, and each is forwarded as it comes.
constexpr std::size_t busy_from = 4;
constexpr base::duration idle_wait = std::chrono::milliseconds(200);
constexpr base::duration publication_interval = std::chrono::seconds(1);

// The tag of a medium's own port is where it stands in memory, which is even; that of a shared port is twice
// its number, and one.
constexpr std::uint64_t shared_mark = 1;
constexpr std::uint64_t shared_tag(std::size_t number) noexcept { return number << 1U | shared_mark; }

}  // namespace

base::result<std::unique_ptr<relay_worker>> relay_worker::create(const settings& wanted,
                                                                 std::vector<rtp_port> shared) {
  std::unique_ptr<relay_worker> made(new relay_worker(wanted));
  auto io = rtp_io::create(*made, wanted.io);
  if (!io) return io.error();
  made->io_ = std::move(*io);
  std::promise<base::error_code> begun;
  std::future<base::error_code> failed = begun.get_future();
  made->thread_ = std::thread(&relay_worker::run, made.get(), std::move(shared), std::move(begun));
  if (const base::error_code why = failed.get()) return why;
  return made;
}

relay_worker::~relay_worker() {
  stopping_ = true;
  if (io_ != nullptr) io_->notify();
  if (thread_.joinable()) thread_.join();
}

void relay_worker::give(command next) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(next));
    if (inbox_.size() > 1) return;  // the worker has been told of the first one
  }
  io_->notify();
}

void relay_worker::add(std::shared_ptr<relayed_medium> medium, std::array<rtp_port_pair, 2> ports) {
  // What comes to a shared port needs no order to be the medium's.
  if (settings_.routes != nullptr) {
    for (std::size_t side = 0; side < medium->ports.size(); ++side) {
      for (relayed_medium::port& port : medium->ports[side]) port.id = shared_[medium->origins[side]];
    }
  }
  give({order::add, std::move(medium), std::move(ports)});
}

void relay_worker::remove(std::shared_ptr<relayed_medium> medium) {
  give({order::remove, std::move(medium), {}});
}

void relay_worker::look_at(std::shared_ptr<relayed_medium> medium) {
  give({order::look_at, std::move(medium), {}});
}

rtp_io_counters relay_worker::counters() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

/// On the worker's thread: whoever comes first is the one that may use an `rtp_io`.
base::error_code relay_worker::take(std::vector<rtp_port> shared) {
  for (rtp_port& port : shared) {
    const auto id = io_->add(std::move(port), shared_tag(shared_.size()));
    if (!id) return id.error();
    shared_.push_back(*id);
  }
  return {};
}

void relay_worker::run(std::vector<rtp_port> shared, std::promise<base::error_code> begun) {
  const base::error_code failed = take(std::move(shared));
  begun.set_value(failed);
  if (failed) return;
  std::size_t handled = 0;
  while (!stopping_) {
    const bool busy = handled >= busy_from;
    handled = io_->poll(busy ? settings_.enough : 1, until_beat(busy ? settings_.patience : idle_wait));
    const base::time_point now = steady_clock_source::now();
    play_due(now);
    publish(now);
  }
}

base::duration relay_worker::until_beat(base::duration most) const noexcept {
  if (beats_.empty()) return most;
  return std::clamp(beats_.front().at - steady_clock_source::now(), base::duration::zero(), most);
}

void relay_worker::schedule(relayed_medium& medium, base::time_point at) {
  if (at == base::never) return;
  beats_.push_back({at, &medium});
  std::ranges::push_heap(beats_, std::ranges::greater{}, &beat::at);
}

void relay_worker::unschedule(const relayed_medium& medium) {
  if (std::erase_if(beats_, [&medium](const beat& each) { return each.medium == &medium; }) != 0)
    std::ranges::make_heap(beats_, std::ranges::greater{}, &beat::at);
}

void relay_worker::play_due(base::time_point now) {
  bool any = false;
  while (!beats_.empty() && beats_.front().at <= now) {
    std::ranges::pop_heap(beats_, std::ranges::greater{}, &beat::at);
    relayed_medium& medium = *beats_.back().medium;
    beats_.pop_back();
    schedule(medium, play(now, medium));
    any = true;
  }
  if (any) io_->flush();
}

/// Sends what is due, and says when there is more.
base::time_point relay_worker::play(base::time_point now, relayed_medium& medium) {
  base::packet_buffer packet;
  const std::lock_guard lock(medium.mutex);
  for (;;) {
    const base::time_point next = medium.machine.poll_timeout();
    if (next > now) return next;
    if (!packet) {
      auto fresh =
          io_->pool().allocate(rtp::header_bytes + media::relay_stream::max_payload + settings_.io.tailroom,
                               settings_.io.headroom);
      if (!fresh) return now + media::relay_player::beat;
      packet = std::move(*fresh);
    }
    const auto where = medium.machine.handle_timeout(now, packet);
    if (!where) continue;
    static_cast<void>(
        io_->send(medium.at(where->side, where->component).id, std::exchange(packet, {}), where->to));
  }
}

void relay_worker::publish(base::time_point now) {
  if (now < next_publication_) return;
  next_publication_ = now + publication_interval;
  const std::lock_guard lock(mutex_);
  published_ = io_->counters();
}

void relay_worker::handle_notification(base::time_point) {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(inbox_);
  }
  for (command& next : taken_) obey(next);
  taken_.clear();
}

void relay_worker::obey(command& next) {
  relayed_medium& medium = *next.medium;
  switch (next.is) {
    case order::add: open(next); break;
    case order::remove: close(medium); break;
    case order::look_at: {
      unschedule(medium);
      const std::lock_guard lock(medium.mutex);
      schedule(medium, medium.machine.poll_timeout());
      break;
    }
  }
}

void relay_worker::open(command& next) {
  using media::relay_component;
  using media::relay_side;
  relayed_medium& medium = *next.medium;
  for (const relay_side side : {relay_side::offerer, relay_side::answerer}) {
    rtp_port_pair& pair = next.ports[static_cast<std::size_t>(side)];
    if (!pair.rtp) continue;  // its port is shared, and there already
    for (const relay_component component : {relay_component::rtp, relay_component::rtcp}) {
      relayed_medium::port& port = medium.at(side, component);
      rtp_port& socket = component == relay_component::rtp ? pair.rtp : pair.rtcp;
      if (auto id = io_->add(std::move(socket), reinterpret_cast<std::uintptr_t>(&port))) port.id = *id;
    }
  }
  medium.place = media_.size();
  media_.push_back(std::move(next.medium));
}

void relay_worker::close(relayed_medium& medium) {
  unschedule(medium);
  if (settings_.routes == nullptr) {
    for (auto& side : medium.ports) {
      for (relayed_medium::port& port : side) io_->remove(port.id);
    }
  }
  media_.back()->place = medium.place;
  media_[medium.place] = std::move(media_.back());
  media_.pop_back();
}

relayed_medium::port* relay_worker::port_of(std::uint64_t tag, const base::socket_address& from,
                                            std::span<const std::byte> packet) const {
  if ((tag & shared_mark) == 0) return std::bit_cast<relayed_medium::port*>(static_cast<std::uintptr_t>(tag));
  return settings_.routes->find(tag >> 1U, from, packet);
}

void relay_worker::handle_datagram(base::time_point now, std::uint64_t tag, base::packet_buffer packet,
                                   const base::socket_address& from) {
  const relayed_medium::port* const found = port_of(tag, from, packet.bytes());
  if (found == nullptr) {
    unclaimed_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const relayed_medium::port& port = *found;
  relayed_medium& medium = *port.medium;
  std::unique_lock lock(medium.mutex);
  const auto forwarded = medium.machine.handle_packet(now, port.side, port.component, from, packet);
  while (const auto key = medium.machine.poll_key(port.side))
    settings_.keys->put({medium.id, port.side, *key});
  const auto send = [&](const media::relay_medium::forwarded& where, base::packet_buffer&& what) {
    // Where the port is of the other family the medium was set up wrongly: nothing can be done for one
    // packet.
    static_cast<void>(io_->send(medium.at(where.side, where.component).id, std::move(what), where.to));
  };
  if (!medium.machine.transcodes(port.side)) {
    lock.unlock();
    if (forwarded) send(*forwarded, std::move(packet));
    return;
  }
  if (forwarded) send(*forwarded, std::move(packet));
  // Sound may come in fewer packets than it leaves in.
  for (;;) {
    auto more = io_->pool().allocate(
        rtp::header_bytes + media::relay_stream::max_payload + settings_.io.tailroom, settings_.io.headroom);
    if (!more) return;
    const auto next = medium.machine.poll_transmit(port.side, *more);
    if (!next) return;
    send(*next, std::move(*more));
  }
}

}  // namespace parley::net::detail
