// A server and a client of reliable provisional responses over a network that loses, doubles and reorders
// what they send. The client uses each response once and in order; the server has one waiting at a time,
// takes a PRACK for nothing else, repeats none for ever, and sends no 2xx before the PRACK of a session
// description.
#include <parley/sip/simple.hpp>
#include <parley/ua/reliable_provisional.hpp>

#include "support/dialog_texts.hpp"
#include "support/operation_bytes.hpp"
#include "support/parsed_text.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;
using ua::client_reliable_provisional;
using ua::reliability;
using ua::server_reliable_provisional;
using state = enum server_reliable_provisional::state;
using verdict = client_reliable_provisional::verdict;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<int, 8> statuses = {100, 180, 183, 199, 200, 302, 486, 504};

class run {
 public:
  explicit run(test::operation_bytes in)
      : in_(in),
        random_(in_.u8()),
        asked_(static_cast<reliability>(in_.u8() % 3)),
        server_(timers_, asked_, 10, random_),
        client_(10, asked_ != reliability::unsupported) {
    before_first_ = acknowledged_ = server_.rseq();
  }

  void go() {
    for (int i = 0; i < 300 && !in_.empty(); ++i) {
      step();
      collect();
    }
    for (int i = 0; server_.poll_timeout() != base::never; ++i) {
      require(i < 10);
      now_ = std::max(now_, server_.poll_timeout());
      server_.handle_timeout(now_);
      collect();
    }
    require(server_.state() != state::unacknowledged);
  }

 private:
  void step() {
    switch (in_.u8() % 7) {
      case 0: return send();
      case 1: return respond();
      case 2: return deliver_response();
      case 3: return deliver_prack();
      case 4:
        if (!responses_.empty()) responses_.erase(responses_.begin() + in_.u8() % std::ssize(responses_));
        return;
      case 5: {
        // A PRACK out of nowhere.
        const std::uint32_t rseq = server_.rseq() + in_.u8() % 3 - 1U;
        const std::uint32_t cseq = 9U + in_.u8() % 3;
        return prack(texts::request("PRACK", 11, "a", "b",
                                    "RAck: " + std::to_string(rseq) + " " + std::to_string(cseq) +
                                        (in_.u8() % 2 == 0 ? " INVITE\r\n" : " UPDATE\r\n")));
      }
      default:
        now_ = std::min(now_ + std::chrono::milliseconds(in_.u16()), std::max(now_, server_.poll_timeout()));
        server_.handle_timeout(now_);
    }
  }

  void send() {
    const int status = statuses[in_.u8() % statuses.size()];
    const bool has_description = in_.u8() % 2 == 1;
    auto response = sip::message::response(status).value();
    const state before = server_.state();
    const auto sent = server_.write_response(now_, response, has_description);
    require(sent.has_value() ==
            (status > 100 && status < 200 && asked_ != reliability::unsupported && before == state::ready));
    if (!sent) return require(response.header_text().empty());
    require(server_.state() == state::unacknowledged);
    copies_ = 0;
    has_description_ = has_description;
    last_ = texts::response(status, 10, "INVITE", "a", "b",
                            "Require: " + std::string(response.value_of(header_id::require)) +
                                "\r\nRSeq: " + std::string(response.value_of(header_id::rseq)) + "\r\n");
    responses_.push_back(last_);
  }

  void respond() {
    const int status = statuses[in_.u8() % statuses.size()];
    const bool waits = acknowledged_ != server_.rseq();
    const bool was_ended = server_.state() == state::ended;
    const auto done = server_.respond(status);
    if (was_ended) return require(!done);
    if (status < 200) return require(done.has_value() == (status == 100 || asked_ != reliability::required));
    require(done.has_value() == !(status == 200 && waits && has_description_));
    if (!done) return;
    require(server_.state() == state::ended && server_.poll_timeout() == base::never);
    responses_.push_back(texts::response(status, 10, "INVITE", "a", "b"));
  }

  void deliver_response() {
    if (responses_.empty()) return;
    const std::size_t at = in_.u8() % responses_.size();
    const parsed_text response(responses_[at]);
    if (in_.u8() % 2 == 0) responses_.erase(responses_.begin() + static_cast<std::ptrdiff_t>(at));
    const bool was_over = client_.state() == client_reliable_provisional::state::ended;
    const auto what = client_.handle_response(*response);
    if (response->status() >= 200) return require(what == verdict::unreliable);
    if (was_over) return require(what == verdict::too_late);
    const auto rseq = response->get<sip::rseq_header>();
    require(rseq && what != verdict::unreliable);
    if (what != verdict::acknowledge) return require(rseq->value != next_ || what == verdict::duplicate);
    // In order, each once; the first that it sees begins the count.
    require(next_ == 0 || rseq->value == next_);
    next_ = rseq->value + 1;
    auto made = sip::message::request("PRACK", "sip:bob@192.0.2.2").value();
    require(client_.write_prack(made).has_value());
    pracks_.push_back(texts::request("PRACK", 11, "a", "b",
                                     "RAck: " + std::string(made.value_of(header_id::rack)) + "\r\n"));
  }

  void deliver_prack() {
    if (pracks_.empty()) return;
    const std::size_t at = in_.u8() % pracks_.size();
    const std::string text = pracks_[at];
    if (in_.u8() % 2 == 0) pracks_.erase(pracks_.begin() + static_cast<std::ptrdiff_t>(at));
    prack(text);
  }

  void prack(const std::string& text) {
    const parsed_text request(text);
    const auto rack = request->get<sip::rack_header>();
    require(rack.has_value());
    const bool matches = rack->rseq == server_.rseq() && rack->cseq == 10 &&
                         rack->method == sip::method::invite && acknowledged_ != server_.rseq() &&
                         server_.rseq() != before_first_;
    require(server_.handle_prack(*request).has_value() == matches);
    if (!matches) return;
    acknowledged_ = server_.rseq();
  }

  void collect() {
    if (server_.poll_transmit() != server_reliable_provisional::transmit::nothing) {
      require(server_.state() == state::unacknowledged && ++copies_ <= 6);
      responses_.push_back(last_);
    }
    const auto what = server_.poll_event();
    require(server_.poll_event() == server_reliable_provisional::event::none);
    if (what == server_reliable_provisional::event::timed_out) require(server_.state() != state::ready);
    require((server_.state() == state::unacknowledged) == (server_.poll_timeout() != base::never));
    if (responses_.size() > 64) responses_.resize(64);
  }

  test::operation_bytes in_;
  test::seeded_random random_;
  transaction::timers timers_;
  reliability asked_;
  server_reliable_provisional server_;
  client_reliable_provisional client_;
  base::time_point now_{1h};
  std::vector<std::string> responses_;
  std::vector<std::string> pracks_;
  std::string last_;
  std::uint32_t before_first_ = 0;
  std::uint32_t acknowledged_ = 0;
  std::uint32_t next_ = 0;
  int copies_ = 0;
  bool has_description_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
