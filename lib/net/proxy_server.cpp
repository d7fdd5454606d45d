#include <parley/net/proxy_server.hpp>
#include <parley/net/shard_group.hpp>
#include <parley/net/system_random.hpp>

#include "net/detail/interfaces.hpp"
#include "net/detail/proxy_shard.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace parley::net {
namespace {

/// Adds counters, all of which are 64-bit numbers, one by one: none can be forgotten.
template <class Counters>
void add_counters(Counters& sum, const Counters& part) {
  static_assert(sizeof(Counters) % sizeof(std::uint64_t) == 0);
  using numbers = std::array<std::uint64_t, sizeof(Counters) / sizeof(std::uint64_t)>;
  auto total = std::bit_cast<numbers>(sum);
  const auto more = std::bit_cast<numbers>(part);
  for (std::size_t i = 0; i < total.size(); ++i) total[i] += more[i];
  sum = std::bit_cast<Counters>(total);
}

void add(proxy_server_status& sum, const proxy_server_status& part) {
  sum.requests_under_way += part.requests_under_way;
  sum.calls += part.calls;
  sum.transactions += part.transactions;
  // Each shard knows all of them.
  sum.addresses = std::max(sum.addresses, part.addresses);
  add_counters(sum.registrar, part.registrar);
  add_counters(sum.core, part.core);
  add_counters(sum.transport, part.transport);
  add_counters(sum.dns, part.dns);
  sum.hops_failed += part.hops_failed;
}

}  // namespace

struct proxy_server::implementation {
  implementation(proxy_server_options o, base::log_sink& l)
      : options(std::move(o)), log(l), group({.count = options.workers}, l) {
    for (std::size_t i = 0; i < group.size(); ++i)
      shards.push_back(std::make_unique<detail::proxy_shard>(i, group, options, log));
  }

  void complete_core() {
    system_random random;
    options.core.shared_secret = base::siphash_key::from(random);
    for (const std::string& domain : options.domains) {
      const auto colon = domain.rfind(':');
      const bool has_port = colon != std::string::npos && domain.find(']', colon) == std::string::npos &&
                            domain.find_first_not_of("0123456789", colon + 1) == std::string::npos;
      const auto port =
          has_port ? static_cast<std::uint16_t>(std::strtoul(domain.c_str() + colon + 1, nullptr, 10)) : 0;
      options.core.own.add(domain.substr(0, has_port ? colon : domain.size()),
                           static_cast<std::uint16_t>(port));
    }
    const transport_set& first = shards.front()->transports();
    for (std::size_t i = 0; i < options.listeners.size(); ++i) {
      const listener_options& wanted = options.listeners[i];
      sip::listener out = detail::named_listener(wanted, first.local_address(static_cast<std::uint16_t>(i)));
      if (out.local.ip.is_unspecified()) {
        for (const auto& ip : detail::interface_addresses(out.local.ip))
          options.core.own.add(ip.to_string(), out.local.port);
      }
      options.core.listeners.push_back(std::move(out));
    }
  }

  /// Runs `f(shard)` on each shard but `self`.
  template <class F>
  void on_others(const detail::proxy_shard& self, F f) {
    for (std::size_t i = 0; i < shards.size(); ++i) {
      if (shards[i].get() != &self) group.post(i, [f, target = shards[i].get()] { f(*target); });
    }
  }

  detail::proxy_shard::other_shards tell_others(const detail::proxy_shard& self) {
    detail::proxy_shard::other_shards out;
    out.forget_call = [this, &self](std::uint64_t call) {
      on_others(self, [call](detail::proxy_shard& other) { other.forget_call(call); });
    };
    out.drop_flow = [this, &self](std::uint64_t flow) {
      on_others(self, [flow](detail::proxy_shard& other) { other.drop_flow(flow); });
    };
    out.replace_bindings = [this, &self](const std::string& address, const auto& bindings) {
      on_others(self, [address, bindings](detail::proxy_shard& other) {
        other.replace_bindings(address, bindings);
      });
    };
    out.report_failure = [this](std::size_t to, std::uint64_t ticket) {
      group.post(to, [target = shards[to].get(), ticket] { target->report_failure(ticket); });
    };
    out.report_sent = [this](std::size_t to, std::uint64_t ticket, std::uint64_t flow) {
      group.post(to, [target = shards[to].get(), ticket, flow] { target->report_sent(ticket, flow); });
    };
    return out;
  }

  proxy_server_options options;
  base::log_sink& log;
  shard_group group;
  std::vector<std::unique_ptr<detail::proxy_shard>> shards;
  bool started = false;
};

proxy_server::proxy_server(proxy_server_options options, base::log_sink& log)
    : impl_(std::make_unique<implementation>(std::move(options), log)) {}

proxy_server::~proxy_server() { stop(); }

base::result<void> proxy_server::open(std::size_t& failed) {
  implementation& s = *impl_;
  for (std::size_t i = 0; i < s.options.listeners.size(); ++i) {
    listener_options wanted = s.options.listeners[i];
    wanted.reuse_port = s.shards.size() > 1;
    for (const auto& one : s.shards) {
      const auto opened = one->transports().listen(wanted);
      if (!opened) {
        failed = i;
        return opened.error();
      }
      wanted.bind = one->transports().local_address(*opened);
    }
  }
  s.complete_core();
  for (const auto& one : s.shards) {
    one->begin(s.options.core, s.tell_others(*one));
  }
  return {};
}

base::socket_address proxy_server::local_address(std::size_t listener) const {
  return impl_->shards.front()->transports().local_address(static_cast<std::uint16_t>(listener));
}

void proxy_server::set_tls(const tls_context& tls) {
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    impl_->group.post(i, [one = impl_->shards[i].get(), tls] {
      transport_set& set = one->transports();
      for (std::size_t k = 0; k < set.listener_count(); ++k) {
        std::ignore = set.set_tls(static_cast<std::uint16_t>(k), tls);
      }
    });
  }
}

void proxy_server::start() {
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    detail::proxy_shard* const one = impl_->shards[i].get();
    impl_->group.attach(i, one, &one->pool(),
                        [one](base::time_point, sip::outgoing message) { one->carry(std::move(message)); });
  }
  impl_->group.start();
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    impl_->group.post(i, [one = impl_->shards[i].get()] { one->start(); });
  }
  impl_->started = true;
}

void proxy_server::drain() {
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    impl_->group.post(i, [one = impl_->shards[i].get()] { one->drain(); });
  }
}

bool proxy_server::is_drained() const noexcept {
  for (const auto& one : impl_->shards) {
    if (!one->drained()) return false;
  }
  return true;
}

proxy_server_status proxy_server::status() const {
  proxy_server_status sum;
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    if (!impl_->started) {
      add(sum, impl_->shards[i]->status());
      continue;
    }
    std::promise<proxy_server_status> answer;
    impl_->group.post(i, [one = impl_->shards[i].get(), &answer] { answer.set_value(one->status()); });
    add(sum, answer.get_future().get());
  }
  return sum;
}

void proxy_server::stop() noexcept {
  impl_->group.stop();
  impl_->started = false;
}

}  // namespace parley::net
