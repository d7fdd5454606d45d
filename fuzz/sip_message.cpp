// A message, as a datagram. Asking for headers one by one, walking them and validating the whole give the
// same answers; what they report lies inside the text; and a message that is written and read again is the
// same message.
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/typed.hpp>
#include <parley/sip/uri.hpp>
#include <parley/sip/validate.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using namespace parley::sip;

void require(bool held) {
  if (!held) std::abort();
}

bool inside(std::string_view part, std::string_view text) {
  return part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size();
}

void check_index(const message_view& view, std::string_view text) {
  require(inside(view.text(), text) && inside(view.body(), text));
  require(view.start_offset() <= view.first_line_offset() && view.first_line_offset() <= view.headers_end());
  require(view.headers_end() <= view.body_offset() && view.body_offset() <= text.size());
  if (view.is_request()) {
    if (const auto uri = view.get_request_uri()) require(uri->raw == view.request_uri());
    require(view.method_name().empty() || inside(view.method_name(), text));
    require(view.request_uri().empty() || inside(view.request_uri(), text));
    require(view.method() == method::unknown || name_of(view.method()) == view.method_name());
  } else {
    require(view.status() >= 100 && view.status() <= 699);
  }
  std::size_t before = view.first_line_offset();
  for (std::size_t i = 0; i < view.header_count(); ++i) {
    const header_line line = view.header(i);
    require(inside(line.name, text) && inside(line.value, text) && !line.name.empty());
    require(line.id == header_id_of(line.name));
    require(view.line_offset(i) >= before && view.value_offset(i) >= view.line_offset(i) + line.name.size());
    require(view.offset_of(line.name) == view.line_offset(i) &&
            view.offset_of(line.value) == view.value_offset(i));
    before = view.value_offset(i) + line.value.size();
    require(before <= view.line_offset(i + 1));
    std::size_t first = 0;
    while (view.id(first) != line.id) ++first;
    require(view.find(line.id) == first && view.has(line.id));
  }
}

/// What stands behind a value makes no difference to how it is read: a copy of it reads the same.
template <class Header>
void check_alone(const message_view& view, std::size_t index) {
  const std::vector<char> copy(view.value(index).begin(), view.value(index).end());
  const std::string_view alone(copy.data(), copy.size());
  std::size_t room = view.max_values();
  std::size_t values = 0;
  const auto count = [&values](const Header&) { ++values; };
  const auto inside = view.for_each_at<Header>(index, room, count);
  const std::size_t values_inside = values;
  values = 0;
  parsed<void> outside;
  if constexpr (is_list(Header::id)) {
    outside = parse_list<Header>(alone, count);
  } else if (const auto one = parse<Header>(alone)) {
    ++values;
  } else {
    outside = one.error();
  }
  require(values == values_inside && inside.has_error() == outside.has_error());
  if (inside) return;
  require(inside.error().code == outside.error().code);
  require(inside.error().offset == outside.error().offset + view.value_offset(index));
}

template <class Header>
void check_kind(const message_view& view, std::string_view text) {
  std::size_t values = 0;
  const auto count = [&values](const Header&) { ++values; };
  const auto walked = view.for_each<Header>(count);
  const std::size_t in_walk = values;

  // Line by line.
  values = 0;
  std::size_t room = view.max_values();
  std::optional<parse_error> error;
  for (std::size_t i = view.find(Header::id); i != message_view::npos && !error;
       i = view.find_after(Header::id, i)) {
    if (const auto read = view.for_each_at<Header>(i, room, count); !read) error = read.error();
  }
  require(walked.has_error() == error.has_value() && (!error || walked.error() == *error));
  require(values == in_walk);
  if (error) require(error->offset <= text.size());

  for (std::size_t i = view.find(Header::id); i != message_view::npos; i = view.find_after(Header::id, i)) {
    check_alone<Header>(view, i);
  }

  // The first alone, twice.
  const auto first = view.get<Header>();
  const auto again = view.get<Header>();
  require(first.has_value() == again.has_value());
  if (!first) require(first.error() == again.error() && first.error().offset <= text.size());
  if (in_walk > 0) require(first.has_value());
  if (!first && first.error().code != errc::missing_header)
    require(walked.has_error() && walked.error() == first.error());
  if (!view.has(Header::id))
    require(first.error() == parse_error{errc::missing_header, 0} && walked.has_value());
}

/// The first finding about the values of this kind is what the walk reports.
template <class Header>
void check_findings(const message_view& view, std::span<const finding> findings) {
  const auto walked = view.for_each<Header>([](const Header&) {});
  for (const finding& one : findings) {
    if (one.id != Header::id || one.error.code == errc::missing_header ||
        one.error.code == errc::method_mismatch)
      continue;
    if (one.error.code == errc::duplicate_header || (one.error.code == errc::bad_star_contact && walked))
      continue;
    require(walked.has_error() && walked.error() == one.error);
    return;
  }
  require(walked.has_value());
}

void check_round_trip(const message_view& view) {
  const message first(view);
  const std::string written = first.to_string();
  const auto second = message::parse(written);
  require(second.has_value() && *second == first && second->to_string() == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  message_view view;
  const auto parsed = view.parse(text);
  check_index(view, text);
  if (!parsed) require(parsed.error().offset <= size && !rule(parsed.error().code).empty());

  std::array<finding, 512> memory;
  const std::span<const finding> findings = std::span(memory).first(find_violations(view, memory));
  for (const finding& one : findings) require(one.error.offset <= size);
  for (std::size_t i = 1; i < header_id_count; ++i) {
    visit_typed(static_cast<header_id>(i), [&]<class Header>(std::type_identity<Header>) {
      check_kind<Header>(view, text);
      check_findings<Header>(view, findings);
    });
  }

  const message_view copy = view;
  check_index(copy, text);
  require(copy.header_count() == view.header_count());
  if (!parsed) return 0;
  // What is written has one line and a few spaces more.
  if (view.header_count() < max_header_lines && size < 16384) check_round_trip(view);

  // Within smaller limits the same is found up to the limit.
  limits small;
  small.header_lines = 4;
  message_view less;
  if (const auto again = less.parse(text, small); !again) {
    require(again.error().code == errc::too_many_headers && again.error().offset == view.line_offset(4));
  }
  require(less.header_count() <= 4);
  for (std::size_t i = 0; i < less.header_count(); ++i)
    require(less.header(i).name.data() == view.header(i).name.data());
  return 0;
}
