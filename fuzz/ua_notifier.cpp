// SUBSCRIBEs, states, responses and waits on one subscription at the notifier: one NOTIFY is under way at a
// time, each has the newest state and a Subscription-State that can be read, nothing is shown before the
// decision, the last one says terminated, and then nothing follows.
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/subscription.hpp>
#include <parley/ua/notifier.hpp>

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
#include <utility>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;
using ua::notifier;
using state = enum notifier::state;
using event = notifier::event;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<int, 11> statuses = {100, 200, 202, 302, 404, 408, 423, 481, 489, 500, 503};
constexpr std::array<std::string_view, 4> events = {"presence;id=7", "presence;id=7", "presence", "x"};

std::string subscribe(unsigned cseq, std::string_view to, std::string_view lines) {
  return texts::request("SUBSCRIBE", cseq, "a", to,
                        std::string("Contact: <sip:alice@192.0.2.1>\r\n").append(lines));
}

class run {
 public:
  run(test::operation_bytes in, unsigned choice, const ua::notifier_options& options, notifier made)
      : in_(in),
        options_(options),
        call_(make_dialog()),
        machine_(std::move(made)),
        in_call_(choice % 2 != 0),
        decided_(choice / 2 % 2 == 0) {}

  static void from(test::operation_bytes in) {
    const unsigned choice = in.u8();
    ua::notifier_options options;
    options.package = "presence";
    options.min_expires = static_cast<std::uint32_t>(in.scaled(12));
    options.max_expires = static_cast<std::uint32_t>(in.scaled(20)) + 1;
    options.min_interval = std::chrono::milliseconds(in.scaled(16));
    const std::string lines = "Event: presence;id=7\r\nExpires: " + std::to_string(in.scaled(33)) + "\r\n";
    const parsed_text request(subscribe(10, "", lines));
    std::optional<ua::dialog> own;
    if (choice % 2 == 0) own = make_dialog();
    auto made = notifier::accept(
        start, options, *request,
        choice / 2 % 2 != 0 ? notifier::decision::pending : notifier::decision::active, std::move(own));
    if (!made) return require(ua::status_for(made.error()) == 423 || ua::status_for(made.error()) == 400);
    run(in, choice, options, std::move(*made)).go();
  }

  void go() {
    for (int i = 0; i < 300 && !in_.empty(); ++i) {
      step();
      check();
    }
    // Left alone it ends by its time, and says so.
    for (int i = 0; machine_.state() != state::terminated; ++i) {
      require(i < 16);
      poll();
      if (under_way_) {
        under_way_ = false;
        machine_.handle_failure(now_, 408);
      } else if (machine_.poll_timeout() != base::never) {
        now_ = std::max(now_, machine_.poll_timeout());
        machine_.handle_timeout(now_);
      }
      check();
    }
    require(ends_ == 1 && !poll() && machine_.poll_timeout() == base::never);
  }

 private:
  static constexpr base::time_point start{1h};

  static ua::dialog make_dialog() {
    const parsed_text request(subscribe(10, "", "Event: presence\r\n"));
    auto made = ua::dialog::from_request(*request, "b", false).value();
    static_cast<void>(made.set_local_target("<sip:bob@192.0.2.2>"));
    return made;
  }

  bool poll() {
    sip::message out = sip::message::request("NONE", "sip:x").value();
    const bool sent = in_call_ ? machine_.poll_request(now_, call_, out) : machine_.poll_request(now_, out);
    if (!sent) return false;
    require(!under_way_ && !last_sent_);
    under_way_ = true;
    require(out.method_name() == "NOTIFY" && out.value_of(header_id::event) == "presence;id=7");
    const auto said =
        sip::parse<sip::subscription_state_header>(out.value_of(header_id::subscription_state)).value();
    last_sent_ = said.state == sip::subscription_state::terminated;
    require(last_sent_ == (machine_.state() == state::ending));
    if (last_sent_) {
      require(!said.expires);
    } else {
      require(said.expires.value() <= options_.max_expires);
      require((said.state == sip::subscription_state::pending) == !decided_);
    }
    require(out.body() == (decided_ ? body_ : ""));
    const auto cseq = sip::parse<sip::cseq_header>(out.value_of(header_id::cseq)).value().number;
    require(cseq > cseq_);
    cseq_ = cseq;
    return true;
  }

  void step() {
    switch (in_.u8() % 8) {
      case 0: poll(); return;
      case 1: return hear();
      case 2: return refresh();
      case 3: return set();
      case 4:
        now_ = std::min(now_ + std::chrono::milliseconds(in_.scaled(24)),
                        std::max(now_, machine_.poll_timeout()));
        return machine_.handle_timeout(now_);
      case 5:
        if (machine_.state() == state::pending) decided_ = true;
        return machine_.activate(now_);
      case 6:
        if (in_.u8() % 8 == 0) {
          machine_.terminate(now_, static_cast<sip::subscription_reason>(in_.u8() % 9), in_.u8());
        }
        return;
      default:
        if (!under_way_ || in_.u8() % 4 != 0) return;
        under_way_ = false;
        return machine_.handle_failure(now_, 503);
    }
  }

  void hear() {
    if (!under_way_) return;
    const int status = statuses[in_.u8() % statuses.size()];
    std::string lines;
    if (status >= 500 && in_.u8() % 2 != 0) lines = "Retry-After: " + std::to_string(in_.scaled(32)) + "\r\n";
    if (status >= 200) under_way_ = false;
    machine_.handle_response(now_, *parsed_text(texts::response(status, cseq_, "NOTIFY", "b", "a", lines)));
  }

  void refresh() {
    std::string lines = "Event: ";
    lines.append(events[in_.u8() % events.size()]).append("\r\n");
    std::uint64_t expires = 0;
    if (in_.u8() % 8 != 0) {
      expires = in_.scaled(34);
      lines += "Expires: " + std::to_string(expires) + "\r\n";
    }
    const auto before = machine_.state();
    const parsed_text request(subscribe(in_.u16(), "b", lines));
    const auto taken = machine_.handle_subscribe(now_, *request);
    if (before == state::ending || before == state::terminated) require(!taken);
    if (!taken) return require(machine_.state() == before);
    auto response = sip::message::response(200).value();
    machine_.write_response(now_, response);
    const auto granted = sip::parse<sip::expires_header>(response.value_of(header_id::expires)).value().value;
    require(granted <= options_.max_expires && (granted != 0) == (machine_.state() != state::ending));
  }

  void set() {
    std::string body(in_.u8(), 'x');
    const bool taken = machine_.set_state(now_, "text/plain", body).has_value();
    require(taken == (machine_.state() != state::terminated && !(last_sent_ && under_way_)));
    if (taken) body_ = body;
  }

  void check() {
    const event what = machine_.poll_event();
    require(machine_.poll_event() == event::none);
    if (what == event::terminated) require(machine_.state() == state::terminated && ++ends_ == 1);
    if (machine_.state() == state::terminated) require(ends_ == 1 && machine_.expires(now_) == 0);
    require(machine_.expires(now_) <= options_.max_expires);
  }

  test::operation_bytes in_;
  ua::notifier_options options_;
  ua::dialog call_;
  notifier machine_;
  base::time_point now_ = start;
  std::string body_;
  std::uint32_t cseq_ = 0;
  int ends_ = 0;
  bool in_call_;
  bool decided_;
  bool under_way_ = false;
  bool last_sent_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run::from(test::operation_bytes(std::span(data, size)));
  return 0;
}
