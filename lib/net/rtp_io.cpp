#include <parley/net/error.hpp>
#include <parley/net/rtp_io.hpp>

#include "net/detail/rtp_backend.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace parley::net {
namespace {

constexpr std::size_t least_buffers = 16;
constexpr std::size_t most_buffers = 32768;
constexpr std::size_t most_ports = std::size_t{1} << 20U;

rtp_io_options within_bounds(rtp_io_options wanted) noexcept {
  wanted.buffers = std::bit_ceil(std::clamp(wanted.buffers, least_buffers, most_buffers));
  wanted.max_ports = std::clamp<std::size_t>(wanted.max_ports, 1, most_ports);
  wanted.max_datagram = std::clamp<std::size_t>(wanted.max_datagram, 576, 65535);
  wanted.batch = std::clamp<std::size_t>(wanted.batch, 1, 4096);
  return wanted;
}

base::buffer_pool_limits pool_limits(const rtp_io_options& options) noexcept {
  // What waits to be received and to be sent, and as much again for what handlers keep.
  const std::size_t each =
      std::bit_ceil(options.headroom + options.max_datagram + options.tailroom + 64) + 64;
  base::buffer_pool_limits limits;
  limits.max_bytes = std::max(limits.max_bytes, (options.buffers + options.batch) * 2 * each);
  return limits;
}

}  // namespace

rtp_handler::~rtp_handler() = default;

std::string_view to_string(rtp_engine engine) noexcept {
  switch (engine) {
    case rtp_engine::automatic: return "automatic";
    case rtp_engine::uring: return "uring";
    case rtp_engine::batches: return "batches";
  }
  return "unknown";
}

rtp_io::backend::backend(rtp_handler& handler, const rtp_io_options& options)
    : handler_(&handler), options_(within_bounds(options)), pool_(pool_limits(options_)) {}
rtp_io::backend::~backend() = default;

base::packet_buffer rtp_io::backend::make_buffer(std::size_t prefix) noexcept {
  auto made = pool_.allocate(prefix + options_.max_datagram + options_.tailroom, options_.headroom);
  if (!made || !made->resize(prefix + options_.max_datagram)) return {};
  return std::move(*made);
}

base::result<rtp_port_id> rtp_io::backend::add(rtp_port port, std::uint64_t tag) {
  if (free_.empty() && places_.size() >= options_.max_ports) return errc::limit_reached;
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  place& p = places_[index];
  p.port = std::move(port);
  p.tag = tag;
  if (const base::error_code error = watch(index); error) {
    p.port = {};
    return error;
  }
  free_.pop_back();
  return rtp_port_id{std::uint64_t{p.generation} << 32U | index};
}

void rtp_io::backend::remove(rtp_port_id id) {
  const auto index = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id));
  if (!is_open(index, static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> 32U))) return;
  unwatch(index);
  place& p = places_[index];
  p.port = {};
  if (++p.generation == 0) p.generation = 1;
  free_.push_back(index);
}

const base::socket_address* rtp_io::backend::local(rtp_port_id id) const noexcept {
  const auto index = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id));
  if (!is_open(index, static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> 32U))) return nullptr;
  return &places_[index].port.local();
}

base::result<void> rtp_io::backend::send(rtp_port_id from, base::packet_buffer packet,
                                         const base::socket_address& to) {
  const auto index = static_cast<std::uint32_t>(static_cast<std::uint64_t>(from));
  if (!is_open(index, static_cast<std::uint32_t>(static_cast<std::uint64_t>(from) >> 32U)))
    return errc::closed;
  if (places_[index].port.local().ip.is_v6() != to.ip.is_v6()) return errc::wrong_family;
  queue(index, std::move(packet), to);
  return {};
}

rtp_io::rtp_io(std::unique_ptr<backend> chosen) : backend_(std::move(chosen)) {}
rtp_io::~rtp_io() = default;

base::result<std::unique_ptr<rtp_io>> rtp_io::create(rtp_handler& handler, const rtp_io_options& options) {
  std::unique_ptr<backend> made;
  if (options.engine != rtp_engine::batches) {
    made = detail::make_uring_backend(handler, options);
    const base::error_code error =
        made ? made->start() : make_error_code(boost::system::errc::function_not_supported);
    if (error && options.engine == rtp_engine::uring) return error;
    if (error) made.reset();
  }
  if (!made) {
    made = detail::make_batches_backend(handler, options);
    if (const base::error_code error = made->start(); error) return error;
  }
  return std::unique_ptr<rtp_io>(new rtp_io(std::move(made)));
}

rtp_engine rtp_io::engine() const noexcept { return backend_->engine(); }
base::result<rtp_port_id> rtp_io::add(rtp_port port, std::uint64_t tag) {
  return backend_->add(std::move(port), tag);
}
void rtp_io::remove(rtp_port_id id) { backend_->remove(id); }
const base::socket_address* rtp_io::local(rtp_port_id id) const noexcept { return backend_->local(id); }
base::result<void> rtp_io::send(rtp_port_id from, base::packet_buffer packet,
                                const base::socket_address& to) {
  return backend_->send(from, std::move(packet), to);
}
void rtp_io::flush() { backend_->flush(); }
std::size_t rtp_io::poll(std::size_t enough, base::duration patience) {
  return backend_->poll(enough, patience);
}
void rtp_io::notify() noexcept { backend_->notify(); }
int rtp_io::wait_handle() const noexcept { return backend_->wait_handle(); }
base::buffer_pool& rtp_io::pool() noexcept { return backend_->pool(); }
const rtp_io_counters& rtp_io::counters() const noexcept { return backend_->counters(); }

}  // namespace parley::net
