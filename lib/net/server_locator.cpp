#include <parley/net/error.hpp>
#include <parley/net/server_locator.hpp>

#include "net/detail/location_search.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace parley::net {

struct server_locator::state : std::enable_shared_from_this<state> {
  struct search {
    search(location_query query, const state& of, handler h)
        : machine(std::move(query), of.transports, of.random, of.options), done(std::move(h)) {}

    detail::location_search machine;
    handler done;
  };

  state(asio::any_io_executor ex, name_source& n, base::random_source& r, std::vector<usable_transport> t,
        const locator_options& o)
      : executor(std::move(ex)), names(n), random(r), transports(std::move(t)), options(o) {}

  void locate(location_query query, handler done) {
    if (pending >= options.max_pending) {
      asio::post(executor, [self = weak_from_this(), done = std::move(done)] {
        if (!self.expired()) done(errc::limit_reached, {});
      });
      return;
    }
    ++pending;
    auto one = std::make_shared<search>(std::move(query), *this, std::move(done));
    if (!one->machine.ended()) return ask(one);
    asio::post(executor, [self = weak_from_this(), one] {
      if (const auto alive = self.lock()) alive->end(*one);
    });
  }

  void ask(const std::shared_ptr<search>& one) {
    detail::location_search::question q;
    while (one->machine.poll_question(q)) {
      names.query(
          q.name, q.type,
          [self = weak_from_this(), one, id = q.id](base::error_code error, const name_records& records) {
            const auto alive = self.lock();
            if (!alive || one->machine.ended()) return;
            one->machine.handle_answer(id, error, records);
            if (one->machine.ended()) {
              alive->end(*one);
            } else {
              alive->ask(one);
            }
          });
    }
  }

  void end(search& one) {
    --pending;
    const handler done = std::move(one.done);
    done(one.machine.error(), one.machine.targets());
  }

  asio::any_io_executor executor;
  name_source& names;
  base::random_source& random;
  std::vector<usable_transport> transports;
  locator_options options;
  std::size_t pending = 0;
};

server_locator::server_locator(asio::any_io_executor executor, name_source& names,
                               base::random_source& random, std::vector<usable_transport> transports,
                               const locator_options& options)
    : state_(std::make_shared<state>(std::move(executor), names, random, std::move(transports), options)) {}

server_locator::~server_locator() = default;

void server_locator::locate(location_query query, handler done) {
  state_->locate(std::move(query), std::move(done));
}

}  // namespace parley::net
