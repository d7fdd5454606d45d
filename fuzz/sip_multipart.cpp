// Multipart bodies: parts lie in the body, in order and without overlap, and what was read can be written and
// read again. The first line of an input is the boundary, the rest is the body.
#include <parley/sip/multipart.hpp>

#include "support/seeded_random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using namespace parley::sip;

void require(bool condition) {
  if (!condition) std::abort();
}

bool within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  content_type_header type;
  type.type = "multipart";
  type.subtype = "mixed";
  type.boundary = input.substr(0, line);
  const std::string_view body = input.substr(line + 1);

  auto reader = multipart_reader::open(body, type);
  if (!reader) return 0;
  std::vector<body_part> parts;
  const char* behind = body.data();
  body_part part;
  while (reader->next(part)) {
    require(within(part.content(), body) && part.content().data() >= behind);
    for (const part_header& h : part.headers()) {
      require(!h.name.empty() && within(h.name, body) && h.name.data() >= behind);
      require(h.value.empty() || within(h.value, body));
    }
    behind = part.content().data() + part.content().size();
    parts.push_back(part);
  }
  require(parts.size() <= limits{}.body_parts);
  require(reader->error().offset <= body.size());
  require(!reader->next(part));

  std::size_t deepest = 0;
  const auto walked =
      for_each_part(body, type, [&](const body_part& p, const content_type_header&, std::size_t depth) {
        require(within(p.content(), body));
        deepest = depth > deepest ? depth : deepest;
        return true;
      });
  require(deepest <= limits{}.body_depth);
  if (!walked) require(walked.error().offset <= body.size());

  test::seeded_random random(size + 1);
  const std::string boundary = make_boundary(random);
  // The source is no secret here, and the fuzzer has learnt the boundary.
  if (body.find(boundary) != std::string_view::npos) return 0;
  std::string written;
  multipart_writer writer(written, boundary);
  for (const body_part& p : parts) {
    // A value that was folded holds line ends, which the writer refuses.
    if (writer.add(p.headers(), p.content()).has_value()) continue;
    require(writer.add({}, p.content()).has_value());
  }
  writer.finish();
  type.boundary = boundary;
  limits wide;
  wide.body_bytes = written.size();
  auto again = multipart_reader::open(written, type, wide);
  require(again.has_value());
  for (const body_part& p : parts) {
    require(again->next(part));
    require(part.content() == p.content());
  }
  require(!again->next(part) && !again->failed());
  return 0;
}
