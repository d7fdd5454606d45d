#include <parley/net/clock.hpp>
#include <parley/net/shard_group.hpp>

#include "net/detail/mailbox.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

namespace parley::net {
namespace {

constexpr std::size_t max_mailbox = std::size_t{1} << 20U;
constexpr std::size_t messages_per_turn = 64;

}  // namespace

struct shard_group::shard {
  struct letter {
    sip::hop hop;
    std::size_t size = 0;
    std::unique_ptr<std::byte[]> bytes;
    bool to_be_sent = false;
    std::uint64_t ticket = 0;  // where it is to be sent
    std::uint16_t sender = 0;
  };

  explicit shard(std::size_t mailbox_messages)
      : context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), mailbox(mailbox_messages) {}

  // While `awake` is true a call to `drain` is on its way. Who puts a letter in does so before asking, and
  // `drain` says that it has come before looking into the mailbox: no letter is left lying.
  bool put(letter&& written) noexcept {
    if (!mailbox.push(std::move(written))) return false;
    wake();
    return true;
  }

  void wake() noexcept {
    if (awake.exchange(true, std::memory_order_acq_rel)) return;
    try {
      asio::post(context, [this] { drain(); });
    } catch (...) {
      // No memory for the wake-up: the next letter tries again.
      awake.store(false, std::memory_order_release);
    }
  }

  void drain() {
    awake.exchange(false, std::memory_order_acq_rel);
    const base::time_point now = steady_clock_source::now();
    std::size_t handled = 0;
    while (handled < messages_per_turn) {
      const std::optional<letter> read = mailbox.pop();
      if (!read) break;
      ++handled;
      if (handler == nullptr) continue;
      auto copy = pool->copy(std::span<const std::byte>(read->bytes.get(), read->size));
      if (!copy) {
        dropped.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      if (read->to_be_sent) {
        if (carry) carry(now, {read->hop, std::move(*copy), read->ticket, read->sender});
      } else {
        handler->handle_message(now, read->hop, std::move(*copy));
      }
    }
    if (handled != 0 && handler != nullptr) handler->handle_batch_end(now);
    // Sockets get their turn before the rest.
    if (handled == messages_per_turn) wake();
  }

  // Any thread.
  bool deliver(letter&& written, std::span<const std::byte> bytes) noexcept {
    if (!open.load(std::memory_order_acquire)) return false;
    try {
      written.size = bytes.size();
      written.bytes = std::make_unique_for_overwrite<std::byte[]>(bytes.size());
      if (!bytes.empty()) std::memcpy(written.bytes.get(), bytes.data(), bytes.size());
      if (put(std::move(written))) {
        handed.fetch_add(1, std::memory_order_relaxed);
        return true;
      }
    } catch (...) {
      // No memory: the message is lost like one that found the mailbox full.
    }
    dropped.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  asio::io_context context;
  detail::mailbox<letter> mailbox;
  std::atomic<bool> awake{false};
  std::atomic<std::uint64_t> handed{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<bool> open{true};
  // Used on the shard's thread only.
  transport_handler* handler = nullptr;
  base::buffer_pool* pool = nullptr;
  carrier carry;
  std::thread thread;
};

shard_group::shard_group(const shard_options& options, base::log_sink& log)
    : count_(std::max<std::size_t>(options.count, 1)), log_(log) {
  shards_ = std::make_unique<std::unique_ptr<shard>[]>(count_);
  const std::size_t letters = std::clamp<std::size_t>(options.mailbox_messages, 1, max_mailbox);
  for (std::size_t i = 0; i < count_; ++i) shards_[i] = std::make_unique<shard>(letters);
}

shard_group::~shard_group() { stop(); }

std::size_t shard_group::size() const noexcept { return count_; }

asio::io_context& shard_group::context(std::size_t i) noexcept { return shards_[i]->context; }

void shard_group::attach(std::size_t i, transport_handler* handler, base::buffer_pool* pool, carrier carry) {
  shards_[i]->handler = handler;
  shards_[i]->pool = pool;
  shards_[i]->carry = std::move(carry);
}

void shard_group::start() {
  if (started_) return;
  started_ = true;
  for (std::size_t i = 0; i < count_; ++i) {
    shard& s = *shards_[i];
    s.thread = std::thread([&s, &log = log_, guard = asio::make_work_guard(s.context)] {
      while (!s.context.stopped()) {
        try {
          s.context.run();
        } catch (const std::exception& e) {
          // Only code of the application throws here. Its shard serves others too, so it goes on.
          const base::log_field fields[] = {{"what", std::string_view(e.what())}};
          if (log.enabled(base::log_level::error)) {
            log.write({base::log_level::error, "net", "a handler has thrown", fields});
          }
        }
      }
    });
  }
}

bool shard_group::hand_over(std::size_t to, const sip::hop& from,
                            std::span<const std::byte> message) noexcept {
  return shards_[to]->deliver({from, 0, nullptr, false, 0, 0}, message);
}

bool shard_group::send_over(std::size_t to, const sip::outgoing& message) noexcept {
  return shards_[to]->deliver({message.to, 0, nullptr, true, message.ticket, message.sender},
                              message.data.bytes());
}

void shard_group::post(std::size_t i, std::function<void()> task) {
  asio::post(shards_[i]->context, std::move(task));
}

void shard_group::stop() noexcept {
  for (std::size_t i = 0; i < count_; ++i) shards_[i]->open.store(false, std::memory_order_release);
  for (std::size_t i = 0; i < count_; ++i) shards_[i]->context.stop();
  for (std::size_t i = 0; i < count_; ++i) {
    if (shards_[i]->thread.joinable()) shards_[i]->thread.join();
  }
}

std::uint64_t shard_group::handed_over(std::size_t i) const noexcept {
  return shards_[i]->handed.load(std::memory_order_relaxed);
}

std::uint64_t shard_group::dropped(std::size_t i) const noexcept {
  return shards_[i]->dropped.load(std::memory_order_relaxed);
}

}  // namespace parley::net
