#include <parley/net/clock.hpp>
#include <parley/net/user_agent.hpp>
#include <parley/ua/notifier.hpp>

#include "support/catch.hpp"
#include "support/endpoints.hpp"
#include "support/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

// Subscriptions and publications, with a notifier and a state agent made of the rooms below.

namespace parley::test {
namespace {

/// Grants one subscription to presence at a time, and takes what is published.
class presence_server final : public net::user_agent_handler {
 public:
  explicit presence_server(asio::io_context& io) : agent(io.get_executor(), with(), *this) {
    std::size_t failed = 0;
    REQUIRE(agent.open(failed));
  }

  static net::user_agent_options with() {
    net::user_agent_options options;
    options.listeners.emplace_back();
    options.listeners.back().bind = {base::ip_address::loopback_v4(), 0};
    options.core.methods.push_back("PUBLISH");
    return options;
  }

  std::string uri() const { return "sip:carol@" + agent.listeners()[0].local.to_string(); }

  void tell(const std::string& body) {
    const auto now = net::steady_clock_source::now();
    REQUIRE(subscriber);
    REQUIRE(subscriber->set_state(now, "text/plain", body));
    send(now);
  }
  void end(sip::subscription_reason why) {
    const auto now = net::steady_clock_source::now();
    subscriber->terminate(now, why);
    send(now);
  }

  void handle_event(base::time_point now, ua::core_event& event) override {
    sip::message_view message;
    if (!event.message || !message.parse(event.message.text())) return;
    if (event.what == ua::core_event::kind::response) {
      if (subscriber) subscriber->handle_response(now, message);
      return;
    }
    if (event.what != ua::core_event::kind::request) return;
    auto answer = sip::message::response(200);
    if (message.method() == sip::method::subscribe) {
      const ua::notifier_options options{.package = "presence"};
      if (subscriber) {
        REQUIRE(subscriber->handle_subscribe(now, message));
      } else {
        auto dialog = ua::dialog::from_request(message, "carol", false);
        REQUIRE(dialog);
        REQUIRE(dialog->set_local_target('<' + uri() + '>'));
        auto made = ua::notifier::accept(now, options, message, ua::notifier::decision::active, *dialog);
        REQUIRE(made);
        subscriber.emplace(std::move(*made));
        REQUIRE(subscriber->set_state(now, "text/plain", "here"));
      }
      subscriber->write_response(now, *answer);
      REQUIRE(agent.core().respond(now, event.request, *answer, "carol"));
      return send(now);
    }
    if (message.method_name() == "PUBLISH") {
      published.emplace_back(message.body());
      REQUIRE(answer->add("SIP-ETag", "e" + std::to_string(published.size())));
      REQUIRE(answer->add("Expires", message.value_of(sip::header_id::expires)));
      REQUIRE(agent.core().respond(now, event.request, *answer));
    }
  }
  void handle_flow_failed(base::time_point, const sip::hop&) override {}
  void handle_timeout(base::time_point) override {}
  base::time_point poll_timeout() const noexcept override { return base::never; }

  void send(base::time_point now) {
    auto out = sip::message::request("NONE", "sip:none");
    while (subscriber->poll_request(now, *out)) {
      REQUIRE(agent.core().request(now, *out));
    }
    agent.pump(now);
  }

  net::user_agent agent;
  std::optional<ua::notifier> subscriber;
  std::vector<std::string> published;
};

TEST_CASE("each NOTIFY is delivered, and the end is the last", "[subscription]") {
  asio::io_context io;
  presence_server carol(io);
  agent alice(io, "alice");
  run(io, [&]() -> asio::awaitable<void> {
    subscription_options options;
    options.target = carol.uri();
    options.event = "presence";
    const auto made = alice.ep.subscribe(options);
    REQUIRE(made);
    const notification first = co_await made->next();
    CHECK(first.what == notification::kind::active);
    CHECK(first.content_type == "text/plain");
    CHECK(first.body == "here");
    // What comes before somebody waits is kept.
    carol.tell("away");
    co_await pause(std::chrono::milliseconds(20));
    carol.tell("back");
    co_await pause(std::chrono::milliseconds(20));
    const notification second = co_await made->next();
    CHECK(second.body == "away");
    std::vector<std::string> seen;
    made->on_notification([&](const notification& told) {
      seen.push_back(told.what == notification::kind::terminated ? "terminated:" + told.reason : told.body);
    });
    carol.end(sip::subscription_reason::noresource);
    while (seen.size() < 2) co_await pause(std::chrono::milliseconds(1));
    CHECK(seen == std::vector<std::string>{"back", "terminated:noresource"});
    const auto [error, none] = co_await made->next(as_values);
    CHECK(error == errc::call_over);
  }());
}

TEST_CASE("a subscription whose handle goes is ended at the notifier", "[subscription]") {
  asio::io_context io;
  presence_server carol(io);
  agent alice(io, "alice");
  run(io, [&]() -> asio::awaitable<void> {
    subscription_options options;
    options.target = carol.uri();
    options.event = "presence";
    {
      const auto made = alice.ep.subscribe(options);
      const notification first = co_await made->next();
      CHECK(first.body == "here");
    }
    while (carol.subscriber->state() != ua::notifier::state::terminated)
      co_await pause(std::chrono::milliseconds(1));
    co_await alice.ep.close();
  }());
}

TEST_CASE("a state is published, changed and removed", "[publication]") {
  asio::io_context io;
  presence_server carol(io);
  agent alice(io, "alice");
  run(io, [&]() -> asio::awaitable<void> {
    {
      const auto made = alice.ep.publication_of(carol.uri(), "presence");
      REQUIRE(made);
      co_await made->publish("text/plain", "open");
      co_await made->publish("text/plain", "closed");
      const auto [bad] = co_await made->publish("text/plain", "", as_values);
      CHECK(bad == make_error_code(ua::errc::bad_message));
      CHECK(carol.published == std::vector<std::string>{"open", "closed"});
    }
    // Removed: a PUBLISH without a body (RFC 3903 4.5).
    while (carol.published.size() < 3) co_await pause(std::chrono::milliseconds(1));
    CHECK(carol.published.back().empty());
    CHECK(alice.ep.publication_of("carol", "presence").error() == errc::bad_uri);
  }());
}

}  // namespace
}  // namespace parley::test
