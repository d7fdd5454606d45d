// Two endpoints in one process call each other over UDP on loopback.
//
//   endpoint_calls rate CALLS RATE [FIRST]
//                                      sets up and tears down, so many a second: processor time a call; FIRST
//                                      calls go before those that count, 32 s of them where transactions
//                                      shall end as fast as they begin (RFC 3261 17)
//   endpoint_calls hold CALLS          keeps them all: memory a call
//
// A call is INVITE, 180, 200, ACK, BYE, 200, with an offer and an answer. One line of figures comes out.
#include <parley/parley.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds tick{10};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// KiB of memory that are the process's own or its share of what it shares.
std::uint64_t pss() {
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("Pss:")) return std::strtoull(line.c_str() + 4, nullptr, 10);
  }
  return 0;
}

parley::endpoint_options options(const char* who, std::size_t calls) {
  parley::endpoint_options out;
  out.listen = {"udp:127.0.0.1:0"};
  out.identity = std::string("sip:") + who + "@127.0.0.1";
  // Those that are over are remembered as long as their transactions are.
  out.max_calls = calls + 200'000;
  out.max_requests = calls + 400'000;
  return out;
}

class bench {
 public:
  explicit bench(std::size_t calls)
      : calls_(calls),
        caller_(io_, options("caller", calls)),
        callee_(io_, options("callee", calls)),
        timer_(io_) {
    target_ = "sip:bob@" + callee_.local_address().to_string();
    callee_.on_call([this](const parley::incoming_call& in) {
      if (!in.ring()) ++failed_;
      in.answer([this](parley::base::error_code error, parley::call c) {
        if (error) {
          ++failed_;
        } else if (keep_) {
          kept_.push_back(std::move(c));
        } else {
          c.ended([](parley::base::error_code, const parley::call_ending&) {});
        }
      });
    });
  }

  int rate(std::size_t a_second, std::size_t first) {
    per_tick_ = std::max<std::size_t>(1, a_second * tick.count() / 1000);
    if (first != 0) run(first);
    const std::size_t warm = done_;
    const double before = cpu_seconds();
    const auto began = steady_clock::now();
    run(calls_);
    const std::chrono::duration<double> took = steady_clock::now() - began;
    const double cpu = cpu_seconds() - before;
    const auto counted = static_cast<double>(done_ - warm);
    std::printf("calls=%zu failed=%zu calls_per_second=%.0f cpu_us_per_call=%.1f\n", done_ - warm, failed_,
                counted / took.count(), cpu * 1e6 / counted);
    return failed_ == 0 ? 0 : 1;
  }

  int hold() {
    keep_ = true;
    per_tick_ = 20;
    kept_.reserve(2 * calls_);
    const std::uint64_t before = pss();
    run(calls_);
    const std::uint64_t at_once = pss();
    // The transactions of RFC 3261 17 and RFC 6026 remember for 32 s.
    timer_.expires_after(std::chrono::seconds(34));
    timer_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
    io_.restart();
    io_.run();
    const std::uint64_t later = pss();
    const auto each = [&](std::uint64_t kib) {
      return static_cast<double>(kib - before) / static_cast<double>(2 * done_);
    };
    std::printf("calls=%zu failed=%zu kib_per_end=%.2f kib_per_end_with_transactions=%.2f\n", done_, failed_,
                each(later), each(at_once));
    std::fflush(stdout);
    // Nobody waits for 40,000 BYEs.
    std::_Exit(failed_ == 0 && caller_.calls() == done_ && callee_.calls() == done_ ? 0 : 1);
  }

 private:
  void run(std::size_t more) {
    wanted_ += more;
    place_some();
    io_.restart();
    io_.run();
  }

  void place_some() {
    for (std::size_t i = 0; i < per_tick_ && placed_ < wanted_; ++i, ++placed_) {
      caller_.call(target_, [this](parley::base::error_code error, parley::call c) {
        if (error) {
          ++failed_;
          return finish();
        }
        if (keep_) {
          kept_.push_back(std::move(c));
          return finish();
        }
        c.hang_up();
        c.ended([this](parley::base::error_code, const parley::call_ending&) { finish(); });
      });
    }
    if (placed_ == wanted_) return;
    timer_.expires_after(tick);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) place_some();
    });
  }

  void finish() {
    if (++done_ == wanted_) io_.stop();
  }

  std::size_t calls_;
  std::size_t wanted_ = 0;
  std::size_t per_tick_ = 1;
  std::size_t placed_ = 0;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  bool keep_ = false;
  asio::io_context io_{1};
  parley::endpoint caller_;
  parley::endpoint callee_;
  asio::steady_timer timer_;
  std::string target_;
  std::vector<parley::call> kept_;
};

int usage() {
  std::fputs("usage: endpoint_calls rate CALLS RATE [FIRST] | endpoint_calls hold CALLS\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return usage();
  const auto number = [](const char* text) {
    return static_cast<std::size_t>(std::strtoull(text, nullptr, 10));
  };
  const std::size_t calls = number(argv[2]);
  if (calls == 0) return usage();
  bench b(calls);
  if (std::strcmp(argv[1], "rate") == 0 && (argc == 4 || argc == 5))
    return b.rate(number(argv[3]), argc == 5 ? number(argv[4]) : 0);
  if (std::strcmp(argv[1], "hold") == 0 && argc == 3) return b.hold();
  return usage();
}
