// The beginning of a connection that is read as a PROXY protocol header: whole and byte by byte with the same
// outcome, which asks for no byte behind the header and depends on none.
#include "net/detail/proxy_header.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using parley::net::detail::max_proxy_header;
using parley::net::detail::proxy_header_step;
using parley::net::detail::read_proxy_header;
using status = proxy_header_step::status;

void require(bool held) {
  if (!held) std::abort();
}

void same(const proxy_header_step& a, const proxy_header_step& b) {
  require(a.what == b.what && a.size == b.size && a.offset == b.offset && a.error == b.error &&
          a.source == b.source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  const proxy_header_step whole = read_proxy_header(input);
  require(whole.size <= max_proxy_header);
  std::size_t n = 0;
  proxy_header_step part = read_proxy_header({});
  while (part.what == status::need_more && n < size) {
    require(part.size > n && part.size <= max_proxy_header);
    part = read_proxy_header(input.first(++n));
  }
  same(part, whole);
  if (whole.what == status::done) {
    require(n == whole.size);
    same(read_proxy_header(input.first(whole.size)), whole);
  } else if (whole.what == status::error) {
    require(whole.offset < size);
  }
  return 0;
}
