// Offers and answers of others: the folders sdp-offer-answer and sdp-jsep of PARLEY_MATERIAL.
#include <parley/offer_answer/codec_match.hpp>
#include <parley/offer_answer/negotiator.hpp>

#include "offer_answer/detail/outcome.hpp"
#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using namespace parley::offer_answer;
using test::end;

std::optional<std::filesystem::path> material(std::string_view folder) {
  const char* const root = std::getenv("PARLEY_MATERIAL");
  if (root == nullptr) {
    WARN("PARLEY_MATERIAL is unset: the recorded offers and answers were not read");
    return std::nullopt;
  }
  return std::filesystem::path(root) / folder;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The next string that stands behind `name` in JSON, with its escapes resolved; empty where there is none.
std::string next_string(std::string_view& json, std::string_view name) {
  const std::string wanted = "\"" + std::string(name) + "\": \"";
  const std::size_t at = json.find(wanted);
  if (at == std::string_view::npos) return {};
  json.remove_prefix(at + wanted.size());
  std::string out;
  for (; !json.empty() && json.front() != '"'; json.remove_prefix(1)) {
    if (json.front() != '\\') {
      out += json.front();
      continue;
    }
    json.remove_prefix(1);
    out += json.front() == 'r' ? '\r' : json.front() == 'n' ? '\n' : json.front();
  }
  return out;
}

/// The medium whose answers look like this section, to whatever it answers.
medium capabilities(const sdp::description& of, const sdp::media_description& section) {
  medium out;
  out.media = section.media().media;
  out.protocol = section.media().protocol;
  out.direction = of.direction_of(section);
  if (section.is_rtp()) {
    out.formats = sdp::rtp_formats(section);
  } else {
    out.other_formats = section.media().formats;
  }
  return out;
}

medium jsep_capabilities(const sdp::description& of, const sdp::media_description& section) {
  medium out = capabilities(of, section);
  out.keyings = {keying::dtls};
  out.rtcp_mux = section.is_rtp();
  section.for_each<sdp::extmap>([&out](const auto& one) { out.extensions.push_back(*one); });
  return out;
}

std::vector<std::string> bundled(const sdp::description& from) {
  for (const sdp::group& group : *from.all<sdp::group>()) {
    if (group.semantics == "BUNDLE") return group.mids;
  }
  return {};
}

}  // namespace

TEST_CASE("the negotiations of libre's tests come out as there", "[offer_answer]") {
  const auto folder = material("sdp-offer-answer");
  if (!folder) return;
  std::size_t played = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = read(entry.path());
    std::string_view json = text;
    while (true) {
      const std::string name = next_string(json, "name");
      if (name.empty()) break;
      INFO(name);
      const auto offer = sdp::description::parse(next_string(json, "offer")).value();
      const auto expected = sdp::description::parse(next_string(json, "answer")).value();
      end bob;
      for (const auto& section : expected.media()) {
        if (section.media().port != 0) bob.add(capabilities(expected, section));
      }
      REQUIRE(bob->handle_offer(offer));
      const auto answer = bob->make_answer();
      REQUIRE(answer);
      REQUIRE(answer->media().size() == expected.media().size());
      for (std::size_t place = 0; place < expected.media().size(); ++place) {
        const auto& want = expected.media()[place];
        const auto& have = answer->media()[place];
        CHECK(have.media().media == want.media().media);
        CHECK((have.media().port == 0) == (want.media().port == 0));
        if (want.media().port == 0) continue;
        CHECK(have.media().formats == want.media().formats);
        CHECK(answer->direction_of(have) ==
              (expected.direction_of(want) & sdp::reversed(offer.direction_of(offer.media()[place]))));
      }
      ++played;
    }
  }
  CHECK(played >= 6);
}

TEST_CASE("RFC 9429 7: each answer is one to its offer", "[offer_answer]") {
  const auto folder = material("sdp-jsep");
  if (!folder) return;
  for (const std::string name : {"A1", "B1", "B2", "C1", "C2"}) {
    INFO(name);
    const auto offer = sdp::description::parse(read(*folder / ("offer-" + name + ".sdp"))).value();
    const auto answer = sdp::description::parse(read(*folder / ("answer-" + name + ".sdp"))).value();

    // It is one, for either end.
    for (const bool by_offerer : {true, false}) {
      const auto agreed =
          detail::agree(detail::description_reading(offer), detail::description_reading(answer), by_offerer);
      REQUIRE(agreed);
      for (const negotiated_medium& one : *agreed) {
        CHECK(one.active);
        CHECK(one.bundled);
        CHECK(one.key == keying::dtls);
      }
    }

    // Whoever has what the answer says, answers so.
    end bob({.bundle = bundle_policy::balanced});
    const bool passive = answer.media()[0].get<sdp::setup>()->value == sdp::setup::role::passive;
    end passive_bob({.bundle = bundle_policy::balanced, .dtls_passive = true});
    end& made_by = passive ? passive_bob : bob;
    for (const auto& section : answer.media()) {
      made_by.add(jsep_capabilities(answer, section), test::webrtc_transport(made_by.next_port(), 2));
    }
    REQUIRE(made_by->handle_offer(offer));
    const auto made = made_by->make_answer();
    REQUIRE(made);
    REQUIRE(made->media().size() == answer.media().size());
    CHECK(bundled(*made) == bundled(answer));
    for (std::size_t place = 0; place < answer.media().size(); ++place) {
      const auto& want = answer.media()[place];
      const auto& have = made->media()[place];
      CHECK(have.media().media == want.media().media);
      CHECK(have.media().protocol == want.media().protocol);
      CHECK(have.media().formats == want.media().formats);
      CHECK(have.direction() == want.direction());
      CHECK(have.get<sdp::mid>()->id == want.get<sdp::mid>()->id);
      CHECK(have.has<sdp::rtcp_mux>() == want.has<sdp::rtcp_mux>());
      CHECK(have.has<sdp::rtcp_mux_only>() == want.has<sdp::rtcp_mux_only>());
      CHECK(have.has<sdp::setup>() == want.has<sdp::setup>());
      if (want.has<sdp::setup>()) CHECK(have.get<sdp::setup>()->value == want.get<sdp::setup>()->value);
      CHECK(have.all<sdp::extmap>().value() == want.all<sdp::extmap>().value());
      CHECK(made_by->media()[place].active);
    }
  }
}
