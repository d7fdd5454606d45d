#include <parley/base/siphash.hpp>
#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>
#include <parley/net/resolver.hpp>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace parley::net {

struct resolver::state : std::enable_shared_from_this<resolver::state> {
  struct entry {
    bool pending = true;
    base::time_point until{};
    base::error_code error;
    std::vector<base::ip_address> addresses;
    std::vector<handler> waiting;
  };

  state(const asio::any_io_executor& ex, const resolver_options& o) : executor(ex), options(o), system(ex) {}

  void ask(const std::string& host) {
    ++pending;
    system.async_resolve(
        host, "", asio::ip::udp::resolver::address_configured,
        [self = weak_from_this(), host](const boost::system::error_code& error,
                                        const asio::ip::udp::resolver::results_type& results) {
          if (const auto alive = self.lock()) alive->answered(host, error, results);
        });
  }

  void answered(const std::string& host, const base::error_code& error,
                const asio::ip::udp::resolver::results_type& results) {
    --pending;
    const auto found = entries.find(host);
    if (found == entries.end()) return;
    entry& e = found->second;
    e.pending = false;
    e.error = error;
    e.until = steady_clock_source::now() + (error ? options.missing_for : options.found_for);
    for (const auto& result : results) {
      const auto address = result.endpoint().address();
      const base::ip_address ip = address.is_v4() ? base::ip_address::v4(address.to_v4().to_uint())
                                                  : base::ip_address::v6(address.to_v6().to_bytes());
      if (std::find(e.addresses.begin(), e.addresses.end(), ip) == e.addresses.end())
        e.addresses.push_back(ip);
    }
    const auto addresses = e.addresses;
    const auto waiting = std::exchange(e.waiting, {});
    for (const handler& done : waiting) done(error, addresses);
  }

  /// Makes room for one more name: what is out of date goes, or else nothing does.
  bool has_room(base::time_point now) {
    if (entries.size() < options.max_names) return true;
    std::erase_if(entries, [now](const auto& e) { return !e.second.pending && e.second.until <= now; });
    return entries.size() < options.max_names;
  }

  asio::any_io_executor executor;
  resolver_options options;
  asio::ip::udp::resolver system;
  std::unordered_map<std::string, entry> entries;
  std::size_t pending = 0;
};

resolver::resolver(const asio::any_io_executor& executor, const resolver_options& options)
    : state_(std::make_shared<state>(executor, options)) {}
resolver::~resolver() { state_->system.cancel(); }

void resolver::resolve(const std::string& host, handler done) {
  state& s = *state_;
  const base::time_point now = steady_clock_source::now();
  auto found = s.entries.find(host);
  if (found != s.entries.end() && !found->second.pending && found->second.until <= now) {
    s.entries.erase(found);
    found = s.entries.end();
  }
  if (found == s.entries.end()) {
    if (s.pending >= s.options.max_pending || !s.has_room(now)) {
      asio::post(s.executor, [done = std::move(done)] { done(make_error_code(errc::limit_reached), {}); });
      return;
    }
    s.entries[host].waiting.push_back(std::move(done));
    return s.ask(host);
  }
  state::entry& e = found->second;
  if (e.pending) {
    e.waiting.push_back(std::move(done));
    return;
  }
  asio::post(s.executor,
             [done = std::move(done), error = e.error, addresses = e.addresses] { done(error, addresses); });
}

}  // namespace parley::net
