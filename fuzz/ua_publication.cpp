// Bodies, removals, responses of any kind, failures and waits on one publication: one request is under way at
// a time and as RFC 3903 4.1 has it for what the server knows; the last body is what the server gets;
// nobody's answers make it send without end at one moment.
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/publication.hpp>

#include "support/operation_bytes.hpp"
#include "support/outside_driver.hpp"
#include "support/parsed_text.hpp"

#include <array>
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
using ua::publication;
using state = enum publication::state;
using kind = publication::event_kind;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<int, 18> statuses = {100, 200, 200, 202, 302, 400, 403, 404, 408,
                                          412, 412, 415, 423, 480, 489, 500, 501, 503};
constexpr std::array<std::string_view, 7> fixed_lines = {"",
                                                         "SIP-ETag: a\r\n",
                                                         "SIP-ETag: a b\r\n",
                                                         "SIP-ETag:\r\n",
                                                         "Expires: soon\r\n",
                                                         "Retry-After: 4294967295\r\n",
                                                         "Min-Expires: x\r\n"};

class run {
 public:
  explicit run(test::operation_bytes in) : in_(in), driver_(choose()) {}

  void go() {
    for (int i = 0; i < 300 && !in_.empty(); ++i) {
      step();
      check();
    }
    // Left alone, with all answered, it keeps the last body published.
    for (int i = 0; i < 40 && (under_way_ || driver_.request()); ++i) {
      under_way_ = false;
      driver_.answer(200, "SIP-ETag: z\r\nExpires: 100\r\n");
    }
    take_event();
    require(machine().state() != state::publishing && machine().state() != state::removing);
  }

 private:
  publication& machine() noexcept { return driver_.usage; }

  ua::publication_options choose() {
    ua::publication_options out;
    out.aor = "sip:alice@example.com";
    out.event = "presence";
    out.expires = static_cast<std::uint32_t>(in_.scaled(20));
    if ((in_.u8() & 1U) != 0) out.first_cseq = 0x7fffffff - in_.u8();
    return out;
  }

  void step() {
    switch (in_.u8() % 8) {
      case 0:
        if (machine().publish({"a/b", std::to_string(++bodies_)})) {
          sent_at_once_ = 0;
          body_ = std::to_string(bodies_);
        }
        return;
      case 1:
        machine().stop();
        sent_at_once_ = 0;
        return;
      case 2:
        driver_.go_to(driver_.at + static_cast<std::int64_t>(in_.scaled(24)));
        sent_at_once_ = 0;
        return;
      case 3:
        if (driver_.go_on()) sent_at_once_ = 0;
        return;
      case 4:
        driver_.fail((in_.u8() & 1U) != 0 ? 408 : 503);
        under_way_ = false;
        return;
      case 5:
        if (send()) answer();
        return;
      case 6: return answer();
      default: std::ignore = send(); return;
    }
  }

  bool send() {
    const std::string etag = machine().etag();
    const auto request = driver_.request();
    if (!request) return false;
    require(!under_way_);
    under_way_ = true;
    // Four of 423, a 412 and what follows it, and the first.
    require(++sent_at_once_ <= 8);
    const parsed_text text(*request);
    require(text.good() && text->method() == sip::method::publish);
    const auto cseq = text->get<sip::cseq_header>();
    require(cseq && (text->value_of(header_id::call_id) != call_id_ || cseq->number > cseq_));
    call_id_ = text->value_of(header_id::call_id);
    cseq_ = cseq->number;
    // RFC 3903 4.1, table 1.
    require(text->value_of(header_id::sip_if_match) == etag);
    const auto expires = text->get<sip::expires_header>();
    require(expires && text->has(header_id::event));
    if (expires->value == 0) require(!etag.empty() && text->body().empty());
    if (etag.empty()) require(!text->body().empty());
    if (!text->body().empty()) require(text->body() == body_ && text->has(header_id::content_type));
    require(!driver_.request());
    return true;
  }

  void answer() {
    const int status = statuses[in_.u8() % statuses.size()];
    std::string lines;
    for (unsigned i = in_.u8() % 4; i > 0; --i) {
      switch (in_.u8() % 4) {
        case 0: lines += "SIP-ETag: " + std::string(1U + in_.u16() % 300U, 'e') + "\r\n"; break;
        case 1: lines += "Min-Expires: " + std::to_string(in_.scaled(33)) + "\r\n"; break;
        case 2: lines += "Expires: " + std::to_string(in_.scaled(33)) + "\r\n"; break;
        default: lines += fixed_lines[in_.u8() % fixed_lines.size()];
      }
    }
    driver_.answer(status, lines);
    if (status >= 200) under_way_ = false;
  }

  void take_event() {
    const auto event = driver_.event();
    require(event.reason.size() <= 128);
    require(driver_.event_kind() == kind::none);
  }

  void check() {
    if (in_.u8() % 3 == 0) take_event();
    const publication& p = machine();
    require(p.etag().size() <= publication::max_etag);
    switch (p.state()) {
      case state::waiting:
      case state::published: require(p.poll_timeout() != base::never); break;
      case state::idle: require(p.etag().empty() && p.poll_timeout() == base::never); break;
      case state::publishing:
      case state::removing:
      case state::failed: break;
    }
  }

  test::operation_bytes in_;
  test::outside_driver<publication> driver_;
  std::string body_;
  std::string call_id_;
  std::uint32_t cseq_ = 0;
  unsigned bodies_ = 0;
  int sent_at_once_ = 0;
  bool under_way_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
