// Whatever is taken for a message is read without leaving it, is written attribute by attribute as the same
// message, and no shorter part of it is a message. The first byte chooses what is done with a key.
#include <parley/stun/message_view.hpp>
#include <parley/stun/writer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace parley::stun;

void require(bool held) {
  if (!held) std::abort();
}

bool inside(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// What is read is the same when it is written and read again.
template <class Attribute>
void round_trip(const message_view& view) {
  const auto value = view.get<Attribute>();
  if (!value) {
    require(value.error().offset <= view.bytes().size());
    return;
  }
  std::array<std::byte, 2048> memory;
  writer out(memory, view.kind(), view.method(), view.transaction());
  const auto written = out.add<Attribute>(*value).finish();
  require(written.has_value());
  const auto again = message_view::parse(*written);
  require(again && again->template get<Attribute>().has_value());
  if constexpr (requires { *value == *value; }) require(*again->template get<Attribute>() == *value);
}

void walk_lists(const message_view& view) {
  if (const auto list = view.get<unknown_attributes>()) {
    for (std::size_t i = 0; i < list->size(); ++i) static_cast<void>((*list)[i]);
  }
  if (auto list = view.get<password_algorithms>()) {
    while (!list->empty()) require(inside(list->next().parameters, view.bytes()));
  }
  if (const auto one = view.get<password_algorithm>()) require(inside(one->parameters, view.bytes()));
  if (const auto one = view.get<error_code>()) require(one->code >= 300 && one->code <= 699);
  if (const auto one = view.get<userhash>()) require(inside(*one, view.bytes()));
}

void sign_and_check(const message_view& view, std::span<const std::byte> key) {
  integrity_hasher hasher;
  static_cast<void>(hasher.check(view, key));
  static_cast<void>(hasher.check_sha256(view, key, 16));
  std::vector<std::byte> memory(view.bytes().size() + 128);
  writer out(memory, view.kind(), view.method(), view.transaction());
  for (const attribute a : view) {
    if (a.type != attribute_type::message_integrity && a.type != attribute_type::message_integrity_sha256 &&
        a.type != attribute_type::fingerprint) {
      out.add_raw(a.type, a.value);
    }
  }
  const auto written =
      out.message_integrity(hasher, key).message_integrity_sha256(hasher, key).fingerprint().finish();
  if (!written) {
    require(key.empty() || memory.size() > 65532);
    return;
  }
  const auto again = message_view::parse(*written);
  require(again && hasher.check(*again, key) && hasher.check_sha256(*again, key) &&
          again->check_fingerprint());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = std::as_bytes(std::span(data, size));
  const std::size_t key_size = all.empty() ? 0 : std::to_integer<std::size_t>(all[0]) % 65;
  if (all.size() < 1 + key_size) return 0;
  const auto key = all.subspan(1, key_size);
  const auto bytes = all.subspan(1 + key_size);

  const auto view = message_view::parse(bytes);
  if (!view) {
    require(view.error().offset <= bytes.size());
    return 0;
  }
  require(is_stun(bytes) && *message_size(bytes) == bytes.size());
  require(!message_view::parse(bytes.first(bytes.size() - 1)));

  std::vector<std::byte> memory(bytes.size());
  writer copy(memory, view->kind(), view->method(), view->transaction());
  for (const attribute a : *view) {
    require(inside(a.value, bytes));
    require(view->find(a.type).has_value() && view->find(a.type)->offset <= a.offset);
    copy.add_raw(a.type, a.value);
  }
  const auto copied = copy.finish();
  require(copied.has_value() && copied->size() <= bytes.size());
  const auto again = message_view::parse(*copied);
  require(again && std::equal(view->begin(), view->end(), again->begin(), again->end(),
                              [](const attribute& a, const attribute& b) {
                                return a.type == b.type && std::ranges::equal(a.value, b.value);
                              }));

  round_trip<mapped_address>(*view);
  round_trip<xor_mapped_address>(*view);
  round_trip<alternate_server>(*view);
  round_trip<username>(*view);
  round_trip<realm>(*view);
  round_trip<nonce>(*view);
  round_trip<software>(*view);
  round_trip<alternate_domain>(*view);
  round_trip<priority>(*view);
  round_trip<ice_controlled>(*view);
  round_trip<ice_controlling>(*view);
  round_trip<use_candidate>(*view);
  walk_lists(*view);
  std::array<attribute_type, 16> unknown;
  const std::size_t count = view->unknown({}, unknown);
  for (std::size_t i = 0; i < count; ++i) require(comprehension_required(unknown[i]));
  static_cast<void>(view->check_fingerprint());
  sign_and_check(*view, key);
  return 0;
}
