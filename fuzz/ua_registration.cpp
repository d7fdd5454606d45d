// Commands, responses of any kind, failures and waits on one registration that is a flow beside another: one
// request is under way at a time, each is well formed and has a higher CSeq; nobody's answers make it send
// without end at one moment; what it waits for has a time; its texts stay within their bounds.
#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/registration.hpp>

#include "support/operation_bytes.hpp"
#include "support/outside_driver.hpp"
#include "support/parsed_text.hpp"
#include "support/registration_texts.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

namespace {

using namespace parley;
using sip::header_id;
using test::parsed_text;
using texts = test::registration_texts;
using ua::registration;
using state = enum registration::state;
using kind = registration::event_kind;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<int, 24> statuses = {100, 200, 200, 202, 299, 300, 301, 302, 401, 403, 404, 408,
                                          413, 420, 423, 430, 439, 480, 500, 501, 503, 600, 603, 699};
constexpr std::array<std::string_view, 14> fixed_lines = {
    "",
    "Contact: <sip:alice@192.0.2.4:5070>\r\n",
    "Contact: *\r\n",
    "Contact: <sip:r1.example.com>;q=0.5, <sips:r2.example.com;method=INVITE?x=y>\r\n",
    "Contact: <sip:r2.example.com>, <sip:@\r\n",
    "Unsupported: outbound, gruu\r\n",
    "Unsupported: path\r\n",
    "Require: outbound\r\nFlow-Timer: 0\r\n",
    "Service-Route: <sip:a.example.com;lr>, <sip:b.example.com;lr>\r\nPath: <sip:c.example.com;lr>\r\n",
    "Service-Route: <tel:+49>\r\nPath: sip:x\r\n",
    "Contact: <sip:x@y>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";reg-id=1;"
    "pub-gruu=\"sip:alice@example.com;gr=1\";temp-gruu=\"sip:t@example.com;gr\";expires=30\r\n",
    "Contact: <sip:x@y>;+sip.instance=\"\";reg-id=99999999999;pub-gruu=\"\";expires=1\r\n",
    "Retry-After: 4294967295\r\n",
    "Contact: <sip:alice@192.0.2.4:5070>;expires=0\r\n",
};

class run {
 public:
  explicit run(test::operation_bytes in) : in_(in), driver_(choose(), &flows_), other_(&flows_) {}

  void go() {
    for (int i = 0; i < 300 && !in_.empty(); ++i) {
      step();
      check();
    }
    // Left alone, without any answer, it goes on seldom.
    std::int64_t last = -30'000;
    for (int i = 0; i < 40; ++i) {
      while (under_way_ || send()) {
        const std::uint32_t failures = machine().failures();
        driver_.fail(408);
        under_way_ = false;
        if (machine().failures() == failures) continue;
        if (i > 3) require(driver_.at >= last + 30'000);
        last = driver_.at;
      }
      check();
      if (!driver_.go_on()) break;
      moved();
    }
    take_events();
  }

 private:
  registration& machine() noexcept { return driver_.usage; }

  ua::registration_options choose() {
    const unsigned bits = in_.u8();
    auto out = (bits & 1U) != 0 ? texts::flow() : texts::options();
    out.gruu = (bits & 2U) != 0;
    out.keep_alive = (bits & 4U) != 0;
    out.follow_redirects = (bits & 8U) != 0;
    if ((bits & 16U) != 0) out.from = "sip:secretary@example.com";
    if ((bits & 32U) != 0) out.routes = {"sip:edge.example.com;lr"};
    if ((bits & 64U) != 0) out.first_cseq = 0x7fffffff - in_.u8();
    out.expires = static_cast<std::uint32_t>(in_.scaled(20));
    return out;
  }

  void step() {
    switch (in_.u8() % 14) {
      case 0: std::ignore = machine().start(); return commanded();
      case 1: machine().stop(); return commanded();
      case 2: std::ignore = machine().stop_all(); return commanded();
      case 3: std::ignore = machine().query(); return commanded();
      case 4:
        std::ignore = machine().update(
            {.uri = (in_.u8() & 1U) != 0 ? "sip:alice@192.0.2.77" : std::string(texts::contact),
             .parameters = "",
             .q = in_.u16()},
            static_cast<std::uint32_t>(in_.scaled(20)));
        return commanded();
      case 5: machine().handle_flow_failed(driver_.now()); return commanded();
      case 6: return machine().handle_flow_alive();
      case 7: other_.set_works((in_.u8() & 1U) != 0); return;
      case 8: {
        const auto delay = static_cast<std::int64_t>(in_.scaled(24));
        driver_.go_to(driver_.at + delay);
        return moved();
      }
      case 9:
        if (driver_.go_on()) moved();
        return;
      case 10:
        driver_.fail((in_.u8() & 1U) != 0 ? 408 : 503);
        under_way_ = false;
        return;
      case 11:
        if (send()) answer();
        return;
      case 12: return answer();
      default: std::ignore = send(); return;
    }
  }

  void commanded() { sent_at_once_ = 0; }
  void moved() { sent_at_once_ = 0; }

  bool send() {
    const auto request = driver_.request();
    if (!request) return false;
    require(!under_way_);
    under_way_ = true;
    // Four of 423, four redirections, three extensions, and the first.
    require(++sent_at_once_ <= 14);
    const parsed_text text(*request);
    require(text.good() && text->method() == sip::method::register_);
    const auto cseq = text->get<sip::cseq_header>();
    require(cseq && cseq->number <= 0x7fffffff);
    const std::string call_id(text->value_of(header_id::call_id));
    require(call_id != call_id_ || cseq->number > cseq_);
    call_id_ = call_id;
    cseq_ = cseq->number;
    require(text->get_request_uri() && !text->get_request_uri()->has_user);
    require(text->for_each<sip::contact_header>([&](const sip::contact_header& contact) {
                  if (contact.star) require(text->value_of(header_id::expires) == "0");
                  if (!contact.star) require(contact.expires.has_value());
                })
                .has_value());
    require(text->get<sip::to_header>() && text->get<sip::to_header>()->tag.empty());
    require(text->get<sip::from_header>() && !text->get<sip::from_header>()->tag.empty());
    // Nothing else goes out meanwhile.
    require(!driver_.request());
    return true;
  }

  void answer() {
    const int status = statuses[in_.u8() % statuses.size()];
    std::string lines;
    for (unsigned i = in_.u8() % 4; i > 0; --i) {
      switch (in_.u8() % 4) {
        case 0: lines += texts::bound(";expires=" + std::to_string(in_.scaled(33))); break;
        case 1: lines += "Min-Expires: " + std::to_string(in_.scaled(33)) + "\r\n"; break;
        case 2: lines += "Expires: " + std::to_string(in_.scaled(33)) + "\r\n"; break;
        default: lines += fixed_lines[in_.u8() % fixed_lines.size()];
      }
    }
    const std::uint32_t cseq = (in_.u8() & 1U) != 0 ? static_cast<std::uint32_t>(in_.scaled(32)) : 0;
    driver_.answer(status, lines, cseq);
    if (status >= 200) under_way_ = false;
    cseq_ = std::max(cseq_, machine().cseq());
  }

  void take_events() {
    for (int i = 0; i < 2; ++i) {
      const auto event = driver_.event();
      require(event.reason.size() <= 128);
      if (event.kind == kind::failed && machine().state() == state::waiting)
        require(event.retry_at != base::never);
    }
    require(driver_.event_kind() == kind::none);
  }

  void check() {
    if (in_.u8() % 3 == 0) take_events();
    const registration& r = machine();
    switch (r.state()) {
      case state::waiting:
      case state::registered: require(r.poll_timeout() != base::never); break;
      case state::idle: require(!r.is_bound() && r.poll_timeout() == base::never); break;
      case state::registering: require(!r.is_bound()); break;
      case state::refreshing:
      case state::unregistering:
      case state::failed: break;
    }
    require(r.bindings().size() <= 64 && r.path().size() <= 64);
    std::size_t size = 0;
    for (const std::string& route : r.service_route()) size += route.size();
    require(size <= registration::max_text);
    if (!r.is_bound()) require(r.public_gruu().empty() && r.service_route().empty());
  }

  test::operation_bytes in_;
  ua::flow_set flows_;
  test::outside_driver<registration> driver_;
  ua::flow_mark other_;
  std::string call_id_;
  std::uint32_t cseq_ = 0;
  int sent_at_once_ = 0;
  bool under_way_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
