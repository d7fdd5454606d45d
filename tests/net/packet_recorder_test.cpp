#include <parley/net/error.hpp>
#include <parley/net/media_relay.hpp>
#include <parley/net/packet_recorder.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_file.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using net::packet_recorder;

namespace {

/// The name of a file that isn't there yet.
struct new_file : test::temporary_file {
  new_file() : temporary_file("") { remove(); }
  std::string text() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

media::captured_datagram datagram(std::string_view payload) {
  return {base::wall_time(1'700'000'000s), *base::socket_address::from_string("192.0.2.1:4000"),
          *base::socket_address::from_string("192.0.2.2:5000"), std::as_bytes(std::span(payload))};
}

constexpr std::size_t around = 16 + 20 + 8;

}  // namespace

TEST_CASE("what is recorded is in the file when its recorder is gone", "[net][record]") {
  const new_file first, second;
  {
    auto recorder = packet_recorder::create().value();
    const auto a = recorder->open(first.path()).value();
    const auto b = recorder->open(second.path()).value();
    for (int i = 0; i < 1000; ++i) CHECK(recorder->put(i % 2 == 0 ? a : b, datagram("sound")));
    recorder->close(a);
    CHECK_FALSE(recorder->put(a, datagram("late")));
    CHECK(recorder->count().left_out == 1);
  }
  for (const auto* file : {&first, &second}) {
    const std::string text = file->text();
    REQUIRE(text.size() == media::pcap_header_bytes + 500 * (around + 5));
    CHECK(text.ends_with("sound"));
    struct stat found {};
    REQUIRE(::stat(file->path().c_str(), &found) == 0);
    CHECK((found.st_mode & 0137U) == 0);
  }
}

TEST_CASE("a file that is there is not overwritten, nor is one opened that can't be", "[net][record]") {
  const test::temporary_file there("precious");
  auto recorder = packet_recorder::create({.max_files = 1}).value();
  CHECK(recorder->open(there.path()).error() == std::errc::file_exists);
  CHECK(recorder->open("/nowhere/at/all.pcap").error() == std::errc::no_such_file_or_directory);
  const new_file first;
  REQUIRE(recorder->open(first.path()).has_value());
  CHECK(recorder->open(there.path() + "x").error() == net::errc::limit_reached);
  std::ifstream in(there.path());
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == "precious");
}

TEST_CASE("what doesn't fit into the queue is left out and counted", "[net][record]") {
  const new_file file;
  auto recorder = packet_recorder::create({.max_waiting = 100}).value();
  const auto id = recorder->open(file.path()).value();
  CHECK_FALSE(recorder->put(id, datagram(std::string(60, 'x'))));
  CHECK(recorder->count().left_out == 1);
  recorder->close(id);
  recorder.reset();
  CHECK(file.text().size() == media::pcap_header_bytes);
}

TEST_CASE("a full disk ends a recording, and that is told", "[net][record]") {
  const new_file file;
  auto recorder = packet_recorder::create().value();
  // It is full in the middle of a record.
  std::optional<test::file_size_limit> limit(media::pcap_header_bytes + around + 5 + 20);
  const auto id = recorder->open(file.path());
  std::vector<net::failed_recording> failed;
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (id && failed.empty() && std::chrono::steady_clock::now() < end) {
    static_cast<void>(recorder->put(*id, datagram("sound")));
    failed = recorder->take_failed();
  }
  recorder.reset();
  limit.reset();
  REQUIRE(id.has_value());
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].path == file.path());
  CHECK(failed[0].error == std::errc::file_too_large);
  CHECK(file.text().size() == media::pcap_header_bytes + around + 5);
}

TEST_CASE("a file that has become too large takes no more, and that is told", "[net][record]") {
  const new_file file;
  auto recorder = packet_recorder::create({.max_file = 200}).value();
  const auto id = recorder->open(file.path()).value();
  // The writer's thread finds out in its own time; the queue may be full before that.
  std::vector<net::failed_recording> failed;
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (failed.empty() && std::chrono::steady_clock::now() < end) {
    static_cast<void>(recorder->put(id, datagram("sound")));
    failed = recorder->take_failed();
  }
  REQUIRE(failed.size() == 1);
  CHECK_FALSE(recorder->put(id, datagram("sound")));
  CHECK(failed[0].path == file.path());
  CHECK(failed[0].error == std::errc::file_too_large);
  CHECK(recorder->take_failed().empty());
  CHECK(recorder->count().written == 3);
  CHECK(recorder->count().left_out >= 2);
  recorder.reset();
  // Whole records alone.
  CHECK(file.text().size() == media::pcap_header_bytes + 3 * (around + 5));
}
