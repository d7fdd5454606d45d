// Both ends of a subscription, and of a referral, talk to each other in virtual time.
#include <parley/ua/notifier.hpp>
#include <parley/ua/refer.hpp>
#include <parley/ua/subscription.hpp>

#include "support/catch.hpp"
#include "support/dialog_ends.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/usage_driver.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using parley::test::parsed_text;
using parley::test::response_to;
using sip::header_id;
using ua::notifier;
using ua::subscription;

const transaction::timers timers;

sip::message blank() { return sip::message::request("NONE", "sip:nobody").value(); }

/// Alice subscribes, Bob notifies; each request gets its response at once.
struct watching {
  explicit watching(std::uint32_t expires, std::uint32_t granted)
      : alice(timers, asks(expires),
              {.target = "sip:bob@example.com",
               .from = std::string(test::dialog_texts::alice),
               .to = {},
               .contact = "<sip:alice@192.0.2.1>",
               .routes = {},
               .call_id = "1@192.0.2.1",
               .tag = "a"}) {
    serves.package = "presence";
    serves.max_expires = granted;
    serves.min_expires = 300;
  }

  static ua::subscription_options asks(std::uint32_t expires) {
    ua::subscription_options out;
    out.package = "presence";
    out.expires = expires;
    return out;
  }

  void pump() {
    for (bool more = true; more;) {
      more = false;
      sip::message request = blank();
      if (alice.poll_request(now, request)) {
        more = true;
        ++subscribes;
        const parsed_text text(request);
        auto answer = sip::message::response(subscribe(*text)).value();
        std::string lines;
        if (answer.status() == 200) {
          bob->write_response(now, answer);
        } else {
          ua::write_refusal(serves, answer);
        }
        lines += answer.header_text();
        alice.handle_response(now, *parsed_text(response_to(request, answer.status(), lines)));
      }
      if (bob && bob->poll_request(now, request)) {
        more = true;
        ++notifies;
        const parsed_text text(request);
        const int status = alice.handle_notify(now, *text);
        if (status == 200) seen.push_back(request.body());
        bob->handle_response(now, *parsed_text(response_to(request, status, {}, "a")));
      }
    }
  }

  int subscribe(const sip::message_view& request) {
    if (bob) {
      const auto taken = bob->handle_subscribe(now, request);
      return taken ? 200 : ua::status_for(taken.error());
    }
    auto own = ua::dialog::from_request(request, "b", false);
    REQUIRE(own);
    REQUIRE(own->set_local_target("<sip:bob@192.0.2.2>"));
    auto made = notifier::accept(now, serves, request, notifier::decision::active, std::move(*own));
    if (!made) return ua::status_for(made.error());
    bob = std::move(*made);
    return 200;
  }

  void run_until(base::time_point end) {
    for (pump(); now < end; pump()) {
      const auto bobs = bob ? bob->poll_timeout() : base::never;
      now = std::min({end, alice.poll_timeout(), bobs});
      alice.handle_timeout(now);
      if (bob) bob->handle_timeout(now);
    }
  }

  base::time_point now{1000s};
  ua::notifier_options serves;
  subscription alice;
  std::optional<notifier> bob;
  int subscribes = 0;
  int notifies = 0;
  std::vector<std::string> seen;
};

}  // namespace

TEST_CASE("a subscription lives for a day by its refreshes, and carries each state") {
  watching w(86400, 3600);
  w.run_until(w.now + 10s);
  CHECK(w.alice.state() == subscription::state::active);
  REQUIRE(w.bob->set_state(w.now, "text/plain", "open"));
  w.pump();
  REQUIRE(w.bob->set_state(w.now, "text/plain", "closed"));
  w.run_until(w.now + 24h);
  CHECK(w.alice.state() == subscription::state::active);
  CHECK(w.bob->state() == notifier::state::active);
  CHECK(w.seen.at(0).empty());
  CHECK(w.seen.at(1) == "open");
  CHECK(w.seen.back() == "closed");
  // One in 3536 s.
  CHECK(w.subscribes == 1 + 24);
  CHECK(w.notifies == 3 + 24);
  w.alice.unsubscribe();
  w.run_until(w.now + 1s);
  CHECK(w.alice.state() == subscription::state::terminated);
  CHECK(w.bob->state() == notifier::state::terminated);
  CHECK(w.alice.ended().reason == sip::subscription_reason::timeout);
}

TEST_CASE("a duration that is too brief for the notifier is settled by a second SUBSCRIBE") {
  watching w(60, 3600);
  w.run_until(w.now + 1s);
  CHECK(w.subscribes == 2);
  CHECK(w.alice.state() == subscription::state::active);
  CHECK(w.bob->expires(w.now) == 299);
}

TEST_CASE("a subscription that is not refreshed ends at both ends by its time") {
  watching w(600, 600);
  w.run_until(w.now + 1s);
  w.alice.abandon();
  w.run_until(w.now + 700s);
  CHECK(w.bob->state() == notifier::state::terminated);
  CHECK(w.subscribes == 1);
}

TEST_CASE("a blind transfer: asked in the call, reported in the call, to the end") {
  auto alices = test::client_dialog();
  auto bobs = test::server_dialog();
  bobs.respond(*parsed_text(test::dialog_texts::invite()), 200);
  REQUIRE(bobs.set_local_target("<sip:bob@192.0.2.2>"));
  REQUIRE(alices.add_usage());
  REQUIRE(bobs.add_usage());
  const base::time_point now{1000s};
  ua::referral what;
  what.target = "sip:carol@example.com";
  ua::client_refer alice(timers, what);

  sip::message refer = blank();
  REQUIRE(alice.poll_request(now, alices, refer));
  const parsed_text asked(refer);
  REQUIRE(bobs.handle_request(*asked));
  auto bob = ua::server_refer::accept(now, *asked);
  REQUIRE(bob);
  bobs.respond(*asked, 202);
  alice.handle_response(now, *parsed_text(response_to(refer, 202)));

  std::vector<int> heard;
  const auto pump = [&] {
    sip::message notify = blank();
    while (bob->poll_request(now, bobs, notify)) {
      const parsed_text text(notify);
      REQUIRE(alices.handle_request(*text));
      const int status = alice.handle_notify(now, *text);
      alices.respond(*text, status);
      heard.push_back(alice.last()->status);
      bob->handle_response(now, *parsed_text(response_to(notify, status, {}, "a")));
    }
  };
  pump();
  bob->report(now, 180);
  pump();
  bob->report(now, 200);
  pump();
  CHECK(heard == std::vector<int>{100, 180, 200});
  CHECK(alice.poll_event() == ua::client_refer::event::ended);
  CHECK(bob->poll_event() == ua::server_refer::event::ended);
  // The call goes on until somebody hangs up.
  alices.end_usage();
  bobs.end_usage();
  CHECK(alices.state() == ua::dialog::state::confirmed);
  CHECK(bobs.state() == ua::dialog::state::confirmed);
}
