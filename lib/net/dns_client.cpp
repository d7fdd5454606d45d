#include <parley/net/clock.hpp>
#include <parley/net/dns_client.hpp>
#include <parley/net/error.hpp>
#include <parley/sip/chars.hpp>

#include "net/detail/ares_channel.hpp"
#include "net/detail/dns_answer.hpp"
#include "net/detail/dns_cache.hpp"
#include "net/detail/hosts_file.hpp"
#include "net/detail/watched_file.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

namespace parley::net {
namespace {

using detail::dns_result;

bool is_name_char(char c) noexcept {
  const char low = sip::lower(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// The name in lower case and without a dot at its end; nothing where it is no name of a host or service.
std::optional<std::string> normal_name(std::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return std::nullopt;
  std::string out;
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.') {
      if (label == 0) return std::nullopt;
      label = 0;
    } else if (!is_name_char(c)) {
      return std::nullopt;
    } else if (++label > 63) {
      return std::nullopt;
    }
    out += sip::lower(c);
  }
  return label == 0 ? std::nullopt : std::optional(std::move(out));
}

/// True for the label itself and for all names below it.
bool is_below(std::string_view name, std::string_view label) noexcept {
  if (!name.ends_with(label)) return false;
  return name.size() == label.size() || name[name.size() - label.size() - 1] == '.';
}

/// The last two labels: what one owner has, as far as a name can tell.
std::string zone_of(std::string_view name) {
  const std::size_t last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return std::string(name);
  const std::size_t before = name.rfind('.', last - 1);
  return std::string(before == std::string_view::npos ? name : name.substr(before + 1));
}

bool is_address_type(record_type type) noexcept {
  return type == record_type::a || type == record_type::aaaa;
}

bool is_answer(const base::error_code& error) noexcept {
  return error == errc::name_not_found || error == errc::no_records;
}

dns_result failure(base::error_code error) { return {error, std::make_shared<const name_records>()}; }

/// Those of `addresses` that are of the type asked for.
dns_result known_addresses(const std::vector<base::ip_address>& addresses, record_type type) {
  name_records records;
  for (const base::ip_address& ip : addresses) {
    if (ip.is_v6() == (type == record_type::aaaa)) records.push_back({ip, {}});
  }
  if (records.empty()) return failure(errc::no_records);
  return {{}, std::make_shared<const name_records>(std::move(records))};
}

}  // namespace

struct dns_client::state : std::enable_shared_from_this<state> {
  struct question {
    std::string sent;  ///< the name as it was asked for, to the case
    record_type type;
    std::string zone;
    std::vector<handler> waiting;
  };
  struct delivery {
    handler done;
    dns_result result;
  };

  state(asio::any_io_executor ex, base::random_source& r, dns_options o)
      : executor(std::move(ex)),
        random(r),
        options(std::move(o)),
        system_settings(options.servers.empty() ? "/etc/resolv.conf" : ""),
        hosts(options.hosts_file, base::siphash_key::from(r)),
        cache(base::siphash_key::from(r), options.max_names, options.stale_for),
        failures(base::siphash_key::from(r), options.max_names),
        questions(0, {base::siphash_key::from(r)}),
        zones(0, {base::siphash_key::from(r)}) {}

  void query(const std::string& text, record_type type, handler done) {
    ++counters.asked;
    const auto name = normal_name(text);
    if (!name) return deliver(std::move(done), failure(errc::name_not_found));
    const base::time_point now = steady_clock_source::now();
    if (auto known = without_asking(now, *name, type)) {
      ++counters.hosts_hits;
      return deliver(std::move(done), std::move(*known));
    }
    std::string key = detail::dns_key(*name, type);
    if (const dns_result* const known = cache.find(now, key)) {
      ++counters.cache_hits;
      return deliver(std::move(done), *known);
    }
    if (const dns_result* const failed = failures.find(now, key)) {
      ++counters.cache_hits;
      return deliver(std::move(done), best_of(now, key, *failed));
    }
    const auto under_way = questions.find(key);
    const bool known = under_way != questions.end();
    std::string zone = zone_of(*name);
    if (waiting >= options.max_waiting || (!known && !may_ask(zone))) {
      ++counters.refused;
      return deliver(std::move(done), best_of(now, key, failure(errc::limit_reached)));
    }
    ++waiting;
    if (known) {
      ++counters.shared;
      under_way->second.waiting.push_back(std::move(done));
      return;
    }
    ++zones[zone];
    question asked{mixed(*name), type, std::move(zone), {}};
    asked.waiting.push_back(std::move(done));
    const std::string sent = asked.sent;
    questions.emplace(key, std::move(asked));
    send(now, key, sent, type);
  }

  bool may_ask(const std::string& zone) {
    if (questions.size() >= options.max_pending) return false;
    const auto found = zones.find(zone);
    if (found == zones.end() || found->second < options.max_pending_per_zone) return true;
    ++counters.zone_full;
    return false;
  }

  // RFC 8767 4: what held lately is better than nothing.
  dns_result best_of(base::time_point now, const std::string& key, dns_result failed) {
    const dns_result* const old = cache.find_stale(now, key);
    if (old == nullptr) return failed;
    ++counters.stale;
    return *old;
  }

  /// What is known of a name by the hosts file or by RFC 6761.
  std::optional<dns_result> without_asking(base::time_point now, const std::string& name, record_type type) {
    if (is_below(name, "invalid")) return failure(errc::name_not_found);
    if (is_address_type(type)) {
      if (const auto* const addresses = hosts.find(now, name)) return known_addresses(*addresses, type);
    }
    if (!is_below(name, "localhost")) return std::nullopt;
    if (!is_address_type(type)) return failure(errc::no_records);
    return known_addresses({base::ip_address::loopback_v4(), base::ip_address::loopback_v6()}, type);
  }

  std::string mixed(std::string name) {
    if (!options.mix_case) return name;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (i % 64 == 0) bits = random.u64();
      if ((bits >> i % 64 & 1U) != 0 && name[i] >= 'a' && name[i] <= 'z') {
        name[i] = static_cast<char>(name[i] - 'a' + 'A');
      }
    }
    return name;
  }

  /// True where there is a channel to ask by.
  bool has_channel(base::time_point now) {
    const bool changed = system_settings.has_changed(now);
    // What is under way ends as it began.
    stale = stale || (changed && channel);
    if (stale && questions.size() == 1) {
      channel->close();
      channel.reset();
      stale = false;
    }
    if (channel) return true;
    auto opened = detail::ares_channel::open(executor, {options.servers, options.timeout, options.tries});
    if (opened) channel = std::move(*opened);
    return opened.has_value();
  }

  void send(base::time_point now, const std::string& key, const std::string& name, record_type type) {
    ++counters.queries;
    unsigned char* message = nullptr;
    int length = 0;
    const auto id = static_cast<unsigned short>(random.u32() & 0xFFFFU);
    constexpr int class_internet = 1;
    constexpr int recursion_desired = 1;
    const bool made =
        has_channel(now) &&
        ares_create_query(name.c_str(), class_internet, static_cast<int>(type), id, recursion_desired,
                          &message, &length, detail::ares_channel::udp_payload_bytes) == ARES_SUCCESS;
    const std::unique_ptr<unsigned char, void (*)(void*)> owned(message, &ares_free_string);
    if (!made) return handle_answer(key, detail::ares_channel::outcome::failed, {});
    channel->send({message, static_cast<std::size_t>(length)},
                  [self = weak_from_this(), key](auto outcome, std::span<const std::byte> answer) {
                    if (const auto alive = self.lock()) alive->handle_answer(key, outcome, answer);
                  });
  }

  void handle_answer(const std::string& key, detail::ares_channel::outcome outcome,
                     std::span<const std::byte> message) {
    auto asked = questions.extract(key);
    if (asked.empty()) return;
    base::duration holds_for{};
    dns_result result = read(asked.mapped(), outcome, message, holds_for);
    const base::time_point now = steady_clock_source::now();
    const bool answered = !result.error || is_answer(result.error);
    (answered ? cache : failures).put(now, key, result, holds_for);
    if (!answered) result = best_of(now, key, std::move(result));
    if (const auto of_zone = zones.find(asked.mapped().zone); --of_zone->second == 0) zones.erase(of_zone);
    waiting -= asked.mapped().waiting.size();
    for (handler& done : asked.mapped().waiting) deliver(std::move(done), result);
  }

  dns_result read(const question& asked, detail::ares_channel::outcome outcome,
                  std::span<const std::byte> message, base::duration& holds_for) {
    holds_for = options.failed_for;
    if (outcome != detail::ares_channel::outcome::answered) {
      const bool timed_out = outcome == detail::ares_channel::outcome::timed_out;
      ++(timed_out ? counters.timed_out : counters.failed);
      return failure(timed_out ? errc::dns_timed_out : errc::dns_failed);
    }
    auto answer =
        detail::read_dns_answer(message, asked.sent, asked.type, {.max_records = options.max_records});
    if (!answer) {
      ++counters.rejected;
      return failure(answer.error());
    }
    if (answer->error == errc::dns_failed) {
      ++counters.failed;
      return failure(answer->error);
    }
    ++counters.answers;
    holds_for = answer->error ? std::clamp(answer->ttl, options.shortest_negative, options.longest_negative)
                              : std::clamp(answer->ttl, options.shortest_ttl, options.longest_ttl);
    return {answer->error, std::make_shared<const name_records>(std::move(answer->records))};
  }

  void deliver(handler done, dns_result result) {
    deliveries.push_back({std::move(done), std::move(result)});
    if (deliveries.size() > 1) return;
    asio::post(executor, [self = weak_from_this()] {
      if (const auto alive = self.lock()) alive->run_deliveries();
    });
  }

  void run_deliveries() {
    const auto ready = std::exchange(deliveries, {});
    for (const delivery& d : ready) {
      if (ended) return;
      d.done(d.result.error, *d.result.records);
    }
  }

  asio::any_io_executor executor;
  base::random_source& random;
  dns_options options;
  dns_counters counters;
  detail::watched_file system_settings;
  detail::hosts_file hosts;
  detail::dns_cache cache;     // answers
  detail::dns_cache failures;  // which push out no answer, however many names somebody makes us fail with
  std::unordered_map<std::string, question, detail::dns_key_hash> questions;
  std::unordered_map<std::string, std::size_t, detail::dns_key_hash> zones;  // questions under way in each
  std::shared_ptr<detail::ares_channel> channel;
  bool stale = false;  // the system's settings have changed since the channel was opened
  std::size_t waiting = 0;
  std::vector<delivery> deliveries;
  bool ended = false;
};

dns_client::dns_client(const asio::any_io_executor& executor, base::random_source& random,
                       dns_options options)
    : state_(std::make_shared<state>(executor, random, std::move(options))) {
  dns_options& o = state_->options;
  o.longest_ttl = std::max(o.longest_ttl, o.shortest_ttl);
  o.longest_negative = std::max(o.longest_negative, o.shortest_negative);
}

dns_client::~dns_client() {
  state_->ended = true;
  if (state_->channel) state_->channel->close();
}

void dns_client::query(const std::string& name, record_type type, handler done) {
  state_->query(name, type, std::move(done));
}

const dns_counters& dns_client::counters() const noexcept { return state_->counters; }

}  // namespace parley::net
