#include <parley/proxy/overload_control.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/transaction_texts.hpp"

#include <array>
#include <string>

using namespace parley;
using namespace parley::test;
using namespace std::chrono_literals;
using proxy::request_rank;

namespace {

struct fixture {
  explicit fixture(const proxy::overload_options& options = {}) : control(options, random) {}

  int admitted(request_rank rank, int of = 1000) {
    int out = 0;
    for (int i = 0; i < of; ++i) out += control.admits(rank) ? 1 : 0;
    return out;
  }

  seeded_random random{3};
  proxy::overload_control control;
};

request_rank rank_of(const request_text& text) {
  const std::string request = text.text();
  sip::message_view view;
  REQUIRE(view.parse(request).has_value());
  return proxy::rank_of(view);
}

}  // namespace

TEST_CASE("below the target everything is let in", "[proxy]") {
  fixture f;
  for (int i = 0; i < 100; ++i) f.control.handle_load(0.85);
  CHECK(f.control.reduction() == 0);
  CHECK(f.admitted(request_rank::ordinary) == 1000);
}

TEST_CASE("emergency calls are spared at their rate, one second's worth at once", "[proxy]") {
  proxy::overload_options options;
  options.emergency_rate = 4;
  fixture f(options);
  base::time_point now{1000s};
  const auto spared = [&](int of) {
    int out = 0;
    for (int i = 0; i < of; ++i) out += f.control.spares_emergency(now) ? 1 : 0;
    return out;
  };
  CHECK(spared(10) == 4);
  now += 250ms;
  CHECK(spared(10) == 1);
  now += 500ms;
  CHECK(spared(10) == 2);
  now += 1h;
  CHECK(spared(10) == 4);
  options.emergency_rate = 0;
  CHECK_FALSE(fixture(options).control.spares_emergency(now));
}

TEST_CASE("above the target ordinary requests are shed, what belongs to a dialog is not", "[proxy]") {
  fixture f;
  for (int i = 0; i < 15; ++i) f.control.handle_load(1.0);
  CHECK(f.control.reduction() >= 90);
  CHECK(f.admitted(request_rank::ordinary) < 150);
  CHECK(f.admitted(request_rank::in_dialog) == 1000);
  CHECK(f.admitted(request_rank::emergency) == 1000);
  // Even then somebody gets through, or nobody would notice that it is over.
  for (int i = 0; i < 1000; ++i) f.control.handle_load(1.0);
  CHECK(f.admitted(request_rank::ordinary, 10'000) > 0);
  int measurements = 0;
  for (; f.control.reduction() != 0; ++measurements) f.control.handle_load(0.1);
  CHECK(measurements <= 30);
}

TEST_CASE("half a second without time is a burst, not overload, while the buffers hold it", "[proxy]") {
  fixture f;
  for (int i = 0; i < 3; ++i) {
    for (int n = 0; n < 4; ++n) f.control.handle_load(1.0, 0.5);
    CHECK(f.control.reduction() == 0);
    f.control.handle_load(0.8);
  }
  for (int n = 0; n < 4; ++n) f.control.handle_load(1.0);
  CHECK(f.control.reduction() == 0);
  f.control.handle_load(1.0);
  CHECK(f.control.reduction() > 0);
}

TEST_CASE("without any time left the share that is let in falls faster each time", "[proxy]") {
  fixture f;
  f.control.handle_load(1.0, 1.0);
  CHECK(f.control.reduction() == 15);
  for (int i = 1; i < 8; ++i) f.control.handle_load(1.0, 1.0);
  CHECK(f.control.reduction() == 99);
  fixture with_some_left;
  for (int i = 0; i < 8; ++i) with_some_left.control.handle_load(0.95);
  CHECK(with_some_left.control.reduction() < 65);
}

TEST_CASE("while receive buffers are full few of the shed requests are answered", "[proxy]") {
  fixture f;
  const auto answered = [&f](int of = 1000) {
    int out = 0;
    for (int i = 0; i < of; ++i) out += f.control.answers() ? 1 : 0;
    return out;
  };
  for (int i = 0; i < 20; ++i) f.control.handle_load(1.0, 0.5);
  CHECK(answered() == 1000);
  f.control.handle_load(1.0, 0.51);
  CHECK(answered() > 400);
  CHECK(answered() < 600);
  for (int i = 0; i < 100; ++i) f.control.handle_load(1.0, 1.0);
  CHECK(answered(10'000) > 0);
  CHECK(answered(10'000) < 300);
  for (int i = 0; i < 30; ++i) f.control.handle_load(1.0, 0.1);
  CHECK(answered() == 1000);
}

TEST_CASE("a target of one sheds nothing", "[proxy]") {
  proxy::overload_options options;
  options.target = 1;
  fixture f(options);
  for (int i = 0; i < 100; ++i) f.control.handle_load(1.0);
  CHECK(f.admitted(request_rank::ordinary) == 1000);
}

TEST_CASE("the rank of a request", "[proxy]") {
  CHECK(rank_of({}) == request_rank::ordinary);
  CHECK(rank_of(request_text{}.with_to_tag("x")) == request_rank::in_dialog);
  CHECK(rank_of(request_text{}.with_method("CANCEL")) == request_rank::in_dialog);
  CHECK(rank_of(request_text{}.with_method("ACK")) == request_rank::in_dialog);
  request_text text;
  for (const char* uri : {"urn:service:sos", "URN:service:sos.fire"}) {
    text.uri = uri;
    CHECK(rank_of(text) == request_rank::emergency);
  }
  for (const char* uri : {"urn:service:sosume", "urn:service:counseling", "sip:sos@192.0.2.2"}) {
    text.uri = uri;
    CHECK(rank_of(text) == request_rank::ordinary);
  }
  for (const char* line : {"Priority: emergency\r\n", "Resource-Priority: esnet.0\r\n"}) {
    request_text with_line;
    with_line.lines = line;
    CHECK(rank_of(with_line) == request_rank::emergency);
  }
  request_text urgent;
  urgent.lines = "Priority: urgent\r\nResource-Priority: dsn.flash\r\n";
  CHECK(rank_of(urgent) == request_rank::ordinary);
  // A tag counts for what the caller knows of it.
  const std::string tagged = request_text{}.with_to_tag("x").text();
  sip::message_view view;
  REQUIRE(view.parse(tagged).has_value());
  CHECK(proxy::rank_of(view, false) == request_rank::ordinary);
  CHECK(proxy::rank_of(view, true) == request_rank::in_dialog);
}

TEST_CASE("what is said to a neighbour is what it reads", "[proxy]") {
  fixture f;
  for (int i = 0; i < 4; ++i) f.control.handle_load(1.0);
  std::array<char, 128> room{};
  sip::text_writer text(room);
  f.control.write(text);
  CHECK(std::string(text.text()) ==
        "oc=" + std::to_string(f.control.reduction()) + ";oc-validity=500;oc-seq=4");
}

TEST_CASE("a neighbour that says it is overloaded gets less, as long as that holds", "[proxy]") {
  proxy::overload_options options;
  options.ask = true;
  options.neighbours = 2;
  seeded_random random(4);
  proxy::neighbour_loads loads(options, random);
  const base::time_point start{1000s};
  const auto peer = [](int i) {
    return base::socket_address{base::ip_address::v4(0xc0000200U + static_cast<unsigned>(i)), 5060};
  };
  const auto hear = [&](base::time_point now, int from, std::string_view parameters) {
    const std::string via = "SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1" + std::string(parameters);
    loads.handle_response(now, peer(from), *sip::parse<sip::via_header>(via));
  };
  const auto sent = [&](base::time_point now, int to, request_rank rank = request_rank::ordinary) {
    int out = 0;
    for (int i = 0; i < 1000; ++i) out += loads.admits(now, peer(to), rank) ? 1 : 0;
    return out;
  };
  hear(start, 1, ";oc;oc-algo=\"loss\"");
  CHECK(sent(start, 1) == 1000);
  hear(start, 1, ";oc=20;oc-algo=\"loss\";oc-validity=1000;oc-seq=5.0");
  CHECK(sent(start, 1) > 700);
  CHECK(sent(start, 1) < 900);
  CHECK(sent(start, 1, request_rank::emergency) == 1000);
  CHECK(sent(start, 1, request_rank::in_dialog) == 1000);
  CHECK(sent(start, 2) == 1000);
  // Older news does not count, newer does, and none of it for ever.
  hear(start, 1, ";oc=90;oc-algo=\"loss\";oc-validity=1000;oc-seq=4.9");
  CHECK(sent(start, 1) > 700);
  hear(start, 1, ";oc=100;oc-algo=\"loss\";oc-validity=1000;oc-seq=5.1");
  CHECK(sent(start + 999ms, 1) == 0);
  CHECK(sent(start + 1000ms, 1) == 1000);
  hear(start, 1, ";oc=0;oc-algo=\"loss\";oc-seq=5.2");
  CHECK(sent(start, 1) == 1000);
  // RFC 7339 5.7: no time at all ends it.
  hear(start, 1, ";oc=100;oc-validity=1000;oc-seq=6");
  CHECK(sent(start, 1) == 0);
  hear(start, 1, ";oc=100;oc-validity=0;oc-seq=7");
  CHECK(sent(start, 1) == 1000);
  for (const char* bad : {";oc=101", ";oc=-1", ";oc=x", ";oc=50;oc-validity=y", ";oc=50;oc-algo=\"rate\""}) {
    hear(start, 1, bad);
    CHECK(sent(start, 1) == 1000);
  }
  // There is room for two.
  for (int i = 1; i <= 3; ++i) hear(start, i, ";oc=100;oc-validity=1000;oc-seq=1");
  CHECK(sent(start, 1) == 0);
  CHECK(sent(start, 2) == 0);
  CHECK(sent(start, 3) == 1000);
  hear(start + 2s, 3, ";oc=100;oc-validity=1000;oc-seq=1");
  CHECK(sent(start + 2s, 3) == 0);
}
