#include "net/detail/ares_channel.hpp"

#include <parley/net/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sys/time.h>
#include <utility>

namespace parley::net::detail {
namespace {

ares_addr_port_node node_for(const base::socket_address& server) noexcept {
  ares_addr_port_node node{};
  node.family = server.ip.is_v6() ? AF_INET6 : AF_INET;
  node.udp_port = node.tcp_port = server.port;
  if (server.ip.is_v6()) {
    const auto bytes = server.ip.to_v6_bytes();
    std::memcpy(&node.addr.addr6, bytes.data(), bytes.size());
  } else {
    const auto bytes = server.ip.to_v4_bytes();
    std::memcpy(&node.addr.addr4, bytes.data(), bytes.size());
  }
  return node;
}

}  // namespace

base::result<std::shared_ptr<ares_channel>> ares_channel::open(const asio::any_io_executor& executor,
                                                               const options& wanted) {
  // Counts its callers without a lock; what it sets up needs no clean-up on POSIX.
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) return errc::dns_failed;
  auto made = std::make_shared<ares_channel>(executor);
  if (const auto done = made->set_up(wanted); !done) return done.error();
  return made;
}

base::result<void> ares_channel::set_up(const options& wanted) {
  ares_options settings{};
  settings.flags = ARES_FLAG_EDNS | ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH;
  settings.ednspsz = udp_payload_bytes;
  settings.timeout = static_cast<int>(std::max<std::int64_t>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(wanted.timeout).count()));
  settings.tries = static_cast<int>(std::max(1U, wanted.tries));
  settings.sock_state_cb = &ares_channel::handle_socket;
  settings.sock_state_cb_data = this;
  // No search list: without it c-ares would ask the system for this host's domain.
  settings.ndomains = 0;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                   ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS;
  if (ares_init_options(&channel_, &settings, mask) != ARES_SUCCESS) {
    channel_ = nullptr;
    return errc::dns_failed;
  }
  if (wanted.servers.empty()) return {};
  std::vector<ares_addr_port_node> nodes;
  nodes.reserve(wanted.servers.size());
  for (const base::socket_address& server : wanted.servers) nodes.push_back(node_for(server));
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) nodes[i].next = &nodes[i + 1];
  if (ares_set_servers_ports(channel_, nodes.data()) != ARES_SUCCESS) return errc::dns_failed;
  return {};
}

ares_channel::~ares_channel() { close(); }

void ares_channel::close() noexcept {
  timer_.cancel();
  if (channel_ == nullptr) return;
  // Tells all who wait, who find `channel_` empty, and closes the sockets.
  ares_destroy(std::exchange(channel_, nullptr));
}

void ares_channel::send(std::span<const unsigned char> query, handler done) {
  if (channel_ == nullptr) return done(outcome::failed, {});
  auto asked = std::make_unique<question>(question{this, std::move(done)});
  ares_send(channel_, query.data(), static_cast<int>(query.size()), &ares_channel::handle_answer,
            asked.release());
  arm();
}

void ares_channel::handle_answer(void* argument, int status, int, unsigned char* message, int length) {
  const std::unique_ptr<question> asked(static_cast<question*>(argument));
  if (asked->channel->channel_ == nullptr) return;
  if (status == ARES_SUCCESS && message != nullptr && length > 0) {
    asked->done(outcome::answered, std::as_bytes(std::span(message, static_cast<std::size_t>(length))));
  } else {
    asked->done(status == ARES_ETIMEOUT ? outcome::timed_out : outcome::failed, {});
  }
}

void ares_channel::handle_socket(void* argument, ares_socket_t socket, int readable, int writable) {
  static_cast<ares_channel*>(argument)->watch_socket(socket, readable != 0, writable != 0);
}

void ares_channel::watch_socket(ares_socket_t socket, bool read, bool write) {
  auto found = watches_.find(socket);
  if (!read && !write) {
    // c-ares closes it next, so it must have left the reactor by then.
    if (found == watches_.end()) return;
    found->second->gone = true;
    found->second->fd.release();
    watches_.erase(found);
    return;
  }
  if (found == watches_.end()) {
    auto added = std::make_shared<watch>(executor_);
    base::error_code error;
    added->fd.assign(socket, error);
    // Without a place in the reactor the question ends by its time-out.
    if (error) return;
    found = watches_.emplace(socket, std::move(added)).first;
  }
  found->second->wants_read = read;
  found->second->wants_write = write;
  wait(found->second);
}

void ares_channel::wait(const std::shared_ptr<watch>& w) {
  using descriptor = asio::posix::stream_descriptor;
  if (w->gone) return;
  const auto on_ready = [self = weak_from_this(), w](bool read, const base::error_code& error) {
    (read ? w->reading : w->writing) = false;
    const auto alive = self.lock();
    if (!alive || error || w->gone) return;
    const ares_socket_t socket = w->fd.native_handle();
    alive->process(read ? socket : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : socket);
    alive->wait(w);
  };
  if (w->wants_read && !w->reading) {
    w->reading = true;
    w->fd.async_wait(descriptor::wait_read,
                     [on_ready](const base::error_code& error) { on_ready(true, error); });
  }
  if (w->wants_write && !w->writing) {
    w->writing = true;
    w->fd.async_wait(descriptor::wait_write,
                     [on_ready](const base::error_code& error) { on_ready(false, error); });
  }
}

void ares_channel::process(ares_socket_t read, ares_socket_t write) {
  if (channel_ == nullptr) return;
  ares_process_fd(channel_, read, write);
  arm();
}

void ares_channel::arm() {
  timeval left{};
  if (channel_ == nullptr || ares_timeout(channel_, nullptr, &left) == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
  timer_.async_wait([self = weak_from_this()](const base::error_code& error) {
    const auto alive = self.lock();
    if (alive && !error) alive->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

}  // namespace parley::net::detail
