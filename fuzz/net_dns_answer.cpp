#include <parley/net/error.hpp>

#include "net/detail/dns_answer.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// Reads a message as the answer to a question for each of the four types. Whatever it holds: the bounds are
// kept, records have the type that was asked for, and there are records or a reason why there are none.

namespace {

using namespace parley::net;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

bool has_type(const name_record& record, record_type type) {
  if (const auto* const ip = std::get_if<parley::base::ip_address>(&record.data))
    return type == (ip->is_v4() ? record_type::a : record_type::aaaa);
  return std::holds_alternative<srv_record>(record.data) ? type == record_type::srv
                                                         : type == record_type::naptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = std::as_bytes(std::span(data, size));
  const detail::dns_answer_limits limits{4, 3, 40};
  for (const record_type type : {record_type::a, record_type::aaaa, record_type::srv, record_type::naptr}) {
    const auto got = detail::read_dns_answer(message, "sip.example.com", type, limits);
    if (!got) {
      require(got.error() == errc::dns_bad_answer);
      continue;
    }
    require(got->records.size() <= limits.max_records);
    require(got->records.empty() == got->error.failed());
    require(got->ttl >= parley::base::duration::zero());
    for (const name_record& record : got->records) {
      require(has_type(record, type));
      require(record.ttl >= got->ttl);
    }
  }
  return 0;
}
