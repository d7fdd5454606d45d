// Whatever a=crypto says, keys come of it or a rule: keys make a context, and are written as they were read.
#include <parley/srtp/context.hpp>
#include <parley/srtp/sdes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const auto attribute = sdp::crypto::read(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!attribute) return 0;
  const auto read = srtp::read_sdes(*attribute);
  if (!read) {
    require(read.error().category() == srtp::category());
    return 0;
  }
  require(!read->keys.empty() && read->keys.size() <= 16);
  require(!read->window_hint || *read->window_hint >= 64);
  require(srtp::context::protecting(read->keys).has_value());
  require(srtp::context::unprotecting(read->keys).has_value());

  const auto written = srtp::write_sdes(attribute->tag, read->keys);
  require(written.has_value());
  std::string text;
  written->write(text);
  const auto parsed = sdp::crypto::read(text);
  require(parsed.has_value());
  const auto again = srtp::read_sdes(*parsed);
  require(again && again->keys.size() == read->keys.size());
  for (std::size_t i = 0; i < read->keys.size(); ++i) {
    const srtp::master_key& a = read->keys[i];
    const srtp::master_key& b = again->keys[i];
    require(a.profile() == b.profile() && a.lifetime() == b.lifetime() &&
            std::ranges::equal(a.key(), b.key()) && std::ranges::equal(a.salt(), b.salt()) &&
            std::ranges::equal(a.mki(), b.mki()));
  }
  return 0;
}
