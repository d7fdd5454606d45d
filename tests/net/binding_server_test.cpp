#include "net/detail/binding_server.hpp"

#include <parley/stun/writer.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <array>
#include <functional>
#include <optional>
#include <vector>

using namespace parley;
using net::detail::answer_binding;

namespace {

constexpr stun::transaction_id id{std::byte{0xAB}, std::byte{0xCD}};
const base::socket_address from_v4{base::ip_address::v4(0xC0000201U), 32853};

struct exchange {
  explicit exchange(
      const std::function<void(stun::writer&)>& fill = [](stun::writer&) {},
      stun::message_class kind = stun::message_class::request, stun::method method = stun::method::binding,
      const base::socket_address& from = from_v4) {
    stun::writer out(memory, kind, method, id);
    fill(out);
    const auto bytes = out.finish();
    REQUIRE(bytes.has_value());
    asked = bytes->size();
    const auto got = answer_binding(stun::message_view::parse(*bytes).value(), from, answer);
    refused = got.refused;
    size = got.bytes.size();
    if (size != 0) view = stun::message_view::parse(got.bytes).value();
  }

  std::array<std::byte, 1024> memory;
  std::array<std::byte, net::detail::max_binding_answer> answer;
  std::optional<stun::message_view> view;
  std::size_t asked = 0;
  std::size_t size = 0;
  bool refused = false;
};

}  // namespace

TEST_CASE("a Binding request is told where it came from, and nothing else", "[net][stun]") {
  const exchange plain;
  REQUIRE(plain.view.has_value());
  CHECK(plain.view->kind() == stun::message_class::success);
  CHECK(plain.view->method() == stun::method::binding);
  CHECK(plain.view->transaction() == id);
  CHECK(plain.view->get<stun::xor_mapped_address>().value() == from_v4);
  CHECK(plain.size == 32);
  CHECK_FALSE(plain.refused);

  const base::socket_address from_v6{base::ip_address::loopback_v6(), 9};
  const exchange v6([](auto&) {}, stun::message_class::request, stun::method::binding, from_v6);
  CHECK(v6.view->get<stun::xor_mapped_address>().value() == from_v6);
  CHECK(v6.size == 44);
  const base::socket_address mapped{base::ip_address::v6(base::ip_address::v4(0xC0000201U).to_v6_bytes()),
                                    32853};
  const exchange unmapped([](auto&) {}, stun::message_class::request, stun::method::binding, mapped);
  CHECK(unmapped.view->get<stun::xor_mapped_address>().value() == from_v4);
}

TEST_CASE("the answer has a fingerprint where the request had one", "[net][stun]") {
  const exchange printed([](auto& out) { out.template add<stun::software>("x").fingerprint(); });
  REQUIRE(printed.view.has_value());
  CHECK(printed.view->check_fingerprint());
  CHECK(printed.size == 40);
  const std::array<std::byte, 4> zeros{};
  const exchange wrong([&](auto& out) { out.add_raw(stun::attribute_type::fingerprint, zeros); });
  CHECK(wrong.size == 0);
}

TEST_CASE("attributes that are not understood are refused by their types", "[net][stun]") {
  const exchange ice([](auto& out) {
    out.template add<stun::username>("a")
        .template add<stun::priority>(1U)
        .template add<stun::use_candidate>();
    out.template add<stun::ice_controlled>(1U).fingerprint();
  });
  REQUIRE(ice.view.has_value());
  CHECK(ice.refused);
  CHECK(ice.view->kind() == stun::message_class::error);
  CHECK(ice.view->get<stun::error_code>()->code == 420);
  const auto types = ice.view->get<stun::unknown_attributes>();
  REQUIRE(types->size() == 2);
  CHECK((*types)[0] == stun::attribute_type::priority);
  CHECK((*types)[1] == stun::attribute_type::use_candidate);
  CHECK(ice.view->check_fingerprint());
}

TEST_CASE("a refusal names sixteen types and is never much longer than what it answers", "[net][stun]") {
  for (const unsigned count : {1U, 15U, 16U, 17U, 100U}) {
    CAPTURE(count);
    const exchange many([&](auto& out) {
      for (unsigned i = 0; i < count; ++i) out.add_raw(static_cast<stun::attribute_type>(0x4000 + i), {});
    });
    REQUIRE(many.view.has_value());
    CHECK(many.view->get<stun::unknown_attributes>()->size() == std::min(count, 16U));
    CHECK(many.size <= many.asked + 12);
  }
}

TEST_CASE("only Binding requests are answered", "[net][stun]") {
  for (const auto kind :
       {stun::message_class::indication, stun::message_class::success, stun::message_class::error}) {
    CHECK(exchange([](auto&) {}, kind).size == 0);
  }
  CHECK(exchange([](auto&) {}, stun::message_class::request, stun::method{3}).size == 0);
}
