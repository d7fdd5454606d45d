// Responses, NOTIFYs, commands and waits on one subscription, outside dialogs and in a call: one request is
// under way at a time, it always comes to an end, and then sends nothing; a peer never makes it refresh
// without end; what it has of its own is within its bounds.
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/refer.hpp>
#include <parley/ua/subscription.hpp>

#include "support/dialog_texts.hpp"
#include "support/operation_bytes.hpp"
#include "support/parsed_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;
using ua::subscription;
using state = enum subscription::state;
using event = subscription::event;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

const transaction::timers timers;

constexpr std::array<int, 12> statuses = {100, 200, 202, 302, 404, 408, 423, 481, 489, 500, 503, 603};
constexpr std::array<std::string_view, 8> states = {"active",
                                                    "pending",
                                                    "terminated",
                                                    "terminated;reason=deactivated",
                                                    "terminated;reason=probation",
                                                    "other;a=b",
                                                    "",
                                                    "active;expires=1;expires=2"};
constexpr std::array<std::string_view, 5> events = {"presence", "presence;id=7", "refer", "refer;id=11", "x"};
constexpr std::array<std::string_view, 4> tags = {"b", "b", "c", ""};

ua::outside_request alice() {
  return {.target = "sip:bob@example.com",
          .from = std::string(texts::alice),
          .to = {},
          .contact = "<sip:alice@192.0.2.1>",
          .routes = {},
          .call_id = "1@192.0.2.1",
          .tag = "a"};
}

class run {
 public:
  explicit run(test::operation_bytes in)
      : in_(in), choice_(in_.u8()), call_(make_call()), subscription_(make()) {}

  void go() {
    for (int i = 0; i < 300 && !in_.empty(); ++i) {
      step();
      check();
    }
    // Left alone, with no responses, it comes to its end.
    for (int i = 0; subscription_.state() != state::terminated; ++i) {
      require(i < 64);
      poll();
      if (under_way_) fail(408);
      if (subscription_.poll_timeout() != base::never) {
        now_ = std::max(now_, subscription_.poll_timeout());
        subscription_.handle_timeout(now_);
      }
      check();
    }
    require(ends_ == 1 && !poll() && subscription_.poll_timeout() == base::never);
    require(subscription_.ended().why != subscription::cause::none);
  }

 private:
  bool by_refer() const noexcept { return choice_ % 2 != 0; }
  bool in_call() const noexcept { return choice_ / 2 % 2 != 0; }

  static ua::dialog make_call() {
    return ua::dialog::from_response(
               *parsed_text(texts::invite()),
               *parsed_text(texts::response(200, 10, "INVITE", "a", "b", "Contact: <sip:bob@192.0.2.2>\r\n")),
               false)
        .value();
  }

  subscription make() {
    ua::subscription_options options;
    options.package = by_refer() ? "refer" : "presence";
    if (choice_ / 4 % 2 != 0 && !by_refer()) options.event_id = "7";
    options.expires = static_cast<std::uint32_t>(in_.scaled(20));
    options.refresh = choice_ / 8 % 2 == 0;
    options.allow_forking = choice_ / 16 % 2 != 0;
    std::optional<ua::outside_request> ends;
    if (!in_call()) ends = alice();
    if (by_refer()) return subscription::by_refer(timers, options, ends);
    return ends ? subscription(timers, options, *ends) : subscription(timers, options);
  }

  bool poll() {
    sip::message out = sip::message::request("NONE", "sip:x").value();
    const auto before = subscription_.state();
    const bool sent =
        in_call() ? subscription_.poll_request(now_, call_, out) : subscription_.poll_request(now_, out);
    if (!sent) return false;
    require(!under_way_ && before != state::terminated);
    under_way_ = true;
    const auto cseq = sip::parse<sip::cseq_header>(out.value_of(header_id::cseq));
    require(cseq && cseq->number > cseq_ && cseq->method_name == out.method_name());
    cseq_ = cseq->number;
    method_ = out.method_name();
    if (method_ == "SUBSCRIBE") require(!out.value_of(header_id::event).empty());
    require(parsed_text(out).good());
    require(++since_word_ <= 64);
    return true;
  }

  void step() {
    switch (in_.u8() % 8) {
      case 0: poll(); return;
      case 1: return hear();
      case 2: return notify();
      case 3: return under_way_ ? fail(statuses[in_.u8() % statuses.size()]) : void();
      case 4:
        now_ = std::min(now_ + std::chrono::milliseconds(in_.scaled(24)),
                        std::max(now_, subscription_.poll_timeout()));
        return subscription_.handle_timeout(now_);
      case 5: since_word_ = 0; return subscription_.refresh();
      case 6: return in_.u8() % 4 == 0 ? subscription_.unsubscribe() : void();
      default: return in_.u8() == 0 ? subscription_.abandon() : void();
    }
  }

  void hear() {
    if (!under_way_) return;
    const int status = statuses[in_.u8() % statuses.size()];
    std::string lines = "Expires: " + std::to_string(in_.scaled(32)) + "\r\n";
    if (status == 423) lines = "Min-Expires: " + std::to_string(in_.scaled(32)) + "\r\n";
    if (status >= 500) lines = "Retry-After: " + std::to_string(in_.scaled(32)) + "\r\n";
    const unsigned more = in_.u8() % 8 == 0 ? 1 : 0;
    const parsed_text text(
        texts::response(status, cseq_ + more, method_, "a", tags[in_.u8() % tags.size()], lines));
    if (status >= 200) {
      cseq_ += more;
      under_way_ = false;
      if (in_call()) call_.note_local_cseq(cseq_);
    }
    since_word_ = 0;
    subscription_.handle_response(now_, *text);
  }

  void notify() {
    std::string lines = "Contact: <sip:bob@192.0.2.2>\r\nEvent: ";
    lines.append(events[in_.u8() % events.size()]).append("\r\nSubscription-State: ");
    lines.append(states[in_.u8() % states.size()]);
    if (in_.u8() % 2 != 0) lines += ";expires=" + std::to_string(in_.scaled(33));
    lines += "\r\n";
    const std::string_view tag = tags[in_.u8() % tags.size()];
    const parsed_text text(texts::request("NOTIFY", in_.u16(), tag, in_.u8() % 8 == 0 ? "z" : "a", lines));
    const auto whose = subscription_.match_notify(*text);
    if (whose == subscription::match::fork) {
      const auto forked = subscription_.fork(now_, *text);
      if (forked) require(forked->own_dialog() != nullptr && forked->own_dialog()->remote_tag() == tag);
    }
    const auto before = subscription_.state();
    const int answer = subscription_.handle_notify(now_, *text);
    require(answer == 200 || answer == 400 || answer == 481 || answer == 489 || answer == 500 ||
            answer == 513);
    if (before == state::init || before == state::terminated) require(answer != 200);
    if (answer == 200) {
      require(whose == subscription::match::yes);
      since_word_ = 0;
    } else {
      require(subscription_.state() == before);
    }
  }

  void fail(int status) {
    under_way_ = false;
    subscription_.handle_failure(now_, status < 400 ? 503 : status);
  }

  void check() {
    const event what = subscription_.poll_event();
    require(subscription_.poll_event() == event::none);
    if (what == event::active) require(subscription_.state() == state::active || in_end());
    if (what == event::terminated) require(subscription_.state() == state::terminated && ++ends_ == 1);
    if (subscription_.state() == state::terminated) require(ends_ == 1);
    if (subscription_.state() == state::active || subscription_.state() == state::pending) {
      require(in_call() || subscription_.own_dialog() != nullptr);
      require(subscription_.poll_timeout() != base::never);
    }
    if (in_call()) require(subscription_.own_dialog() == nullptr);
    if (const auto* own = subscription_.own_dialog()) {
      require((own->state() == ua::dialog::state::terminated) <=
              (subscription_.state() == state::terminated));
    }
  }
  bool in_end() const noexcept { return subscription_.state() == state::ending; }

  test::operation_bytes in_;
  unsigned choice_;
  ua::dialog call_;
  subscription subscription_;
  base::time_point now_{1h};
  std::string method_;
  std::uint32_t cseq_ = 0;
  int since_word_ = 0;  // requests since the peer said something
  int ends_ = 0;
  bool under_way_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
