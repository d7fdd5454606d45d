#include "net/detail/hosts_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_file.hpp"

#include <string>
#include <vector>

namespace parley::test {
namespace {

using net::detail::hosts_file;
using std::chrono::seconds;

constexpr base::time_point first_look{std::chrono::hours(1)};

std::vector<std::string> texts(const std::vector<base::ip_address>* found) {
  std::vector<std::string> out;
  if (found == nullptr) return {"none"};
  for (const base::ip_address& ip : *found) out.push_back(ip.to_string());
  return out;
}
using strings = std::vector<std::string>;

TEST_CASE("a hosts file has names with their addresses", "[dns]") {
  const temporary_file file(
      "# 192.0.2.9 comment\n"
      "192.0.2.1\tOne.Example one  uno # and more\r\n"
      "\n"
      "  2001:db8::1 one.example\n"
      "192.0.2.1 one.example\n"
      "not-an-address two\n"
      "192.0.2.300 two\n"
      "192.0.2.4\n"
      "192.0.2.3 three");
  hosts_file hosts(file.path(), {1, 2});
  CHECK(texts(hosts.find(first_look, "one.example")) == strings{"192.0.2.1", "2001:db8::1"});
  CHECK(texts(hosts.find(first_look, "uno")) == strings{"192.0.2.1"});
  CHECK(texts(hosts.find(first_look, "three")) == strings{"192.0.2.3"});
  for (const char* name : {"two", "comment", "and", "more", ""})
    CHECK(hosts.find(first_look, name) == nullptr);
}

TEST_CASE("a hosts file is read again when it has changed", "[dns]") {
  temporary_file file("192.0.2.1 one\n");
  hosts_file hosts(file.path(), {1, 2});
  CHECK(texts(hosts.find(first_look, "one")) == strings{"192.0.2.1"});
  file.write("192.0.2.2 one two\n");
  CHECK(texts(hosts.find(first_look + seconds(1) - base::duration(1), "one")) == strings{"192.0.2.1"});
  CHECK(texts(hosts.find(first_look + seconds(1), "one")) == strings{"192.0.2.2"});
  CHECK(texts(hosts.find(first_look + seconds(1), "two")) == strings{"192.0.2.2"});
  file.remove();
  CHECK(hosts.find(first_look + seconds(2), "one") == nullptr);
  file.write("192.0.2.3 one\n");
  CHECK(texts(hosts.find(first_look + seconds(3), "one")) == strings{"192.0.2.3"});
}

TEST_CASE("without a hosts file there are no names", "[dns]") {
  hosts_file none("", {1, 2});
  CHECK(none.find(first_look, "localhost") == nullptr);
  hosts_file absent("/absent/hosts", {1, 2});
  CHECK(absent.find(first_look, "localhost") == nullptr);
}

}  // namespace
}  // namespace parley::test
