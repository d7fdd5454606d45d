// A list of edits, then a message. What comes out has the announced size, can be read, and has each line that
// no edit touched, byte for byte and in order.
#include <parley/sip/message_view.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/via.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace {

using namespace parley::sip;

void require(bool held) {
  if (!held) std::abort();
}

/// Applies edits and remembers which lines they touch.
class editor {
 public:
  explicit editor(const message_view& view)
      : view_(view), edit_(view), touched_(view.header_count(), false) {}

  void apply(std::uint8_t what, std::uint8_t where) {
    const std::size_t count = view_.header_count();
    const std::size_t index = count == 0 ? 0 : where % (count + 1);
    switch (what % 12) {
      case 0: edit_.set_request_uri("sip:new@example.com"); break;
      case 1: edit_.add_first(header_id::via, {"SIP/2.0/UDP ", "192.0.2.9"}); break;
      case 2: edit_.add_before(index, header_id::record_route, {"<sip:p;lr>"}); break;
      case 3: edit_.add_last(header_id::warning, {"399 a \"", "b", "", "\""}); break;
      case 4:
        if (index < count && view_.id(index) == header_id::content_length) break;
        edit_.set_value(index, "x");
        touch(index);
        break;
      case 5:
        // A peer's parameters grow at their end. A length doesn't.
        if (index >= count || view_.id(index) == header_id::content_length) break;
        edit_.replace(view_.value(index).substr(view_.value(index).size()), {";a=", "b"});
        touch(index);
        break;
      case 6:
        edit_.remove_line(index);
        touch(index);
        break;
      case 7:
        edit_.remove_first<via_header>(where % 3);
        touch_all(header_id::via);
        break;
      case 8:
        edit_.remove_first<route_header>(where % 4);
        touch_all(header_id::route);
        break;
      case 9:
        edit_.remove_all(header_id::contact);
        touch_all(header_id::contact);
        break;
      case 10:
        edit_.set_body(where % 2 == 0 ? "" : "new body", where % 3 == 0 ? "" : "text/plain");
        touch_all(header_id::content_length);
        touch_all(header_id::content_type);
        break;
      default:
        edit_.add_first(header_id::route,
                        {edit_.note("<sip:r>"), edit_.note(std::string_view("\t,<sip:s>", where % 10))});
    }
  }

  const patch& edits() const { return edit_; }
  bool touched(std::size_t index) const { return touched_[index]; }

 private:
  void touch(std::size_t index) {
    if (index < touched_.size()) touched_[index] = true;
  }
  void touch_all(header_id id) {
    for (std::size_t i = 0; i < view_.header_count(); ++i) {
      if (view_.id(i) == id) touched_[i] = true;
    }
  }

  const message_view& view_;
  patch edit_;
  std::vector<bool> touched_;
};

std::string_view line_of(const message_view& view, std::size_t index, std::string_view text) {
  return text.substr(view.line_offset(index), view.line_offset(index + 1) - view.line_offset(index));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t edits = data[0] % 28;
  if (size < 1 + 2 * edits) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1 + 2 * edits, size - 1 - 2 * edits);
  message_view view;
  if (!view.parse(text)) return 0;

  editor editor(view);
  for (std::size_t i = 0; i < edits; ++i) editor.apply(data[1 + 2 * i], data[2 + 2 * i]);
  const patch& edit = editor.edits();
  std::vector<std::byte> memory(edit.size() + 1, std::byte{0xee});
  if (!edit.status()) {
    require(edit.write(memory) == 0);
    return 0;
  }
  require(edit.write(std::span(memory).first(edit.size() - 1)) == 0);
  require(edit.write(memory) == edit.size() && memory.back() == std::byte{0xee});

  const std::string_view out(reinterpret_cast<const char*>(memory.data()), edit.size());
  message_view again;
  const auto parsed = again.parse(out);
  require(parsed.has_value() || parsed.error().code == errc::too_many_headers || size > 16384);
  std::size_t from = 0;
  for (std::size_t i = 0; i < view.header_count(); ++i) {
    if (editor.touched(i)) continue;
    const std::string_view line = line_of(view, i, text);
    const std::size_t found = out.find(line, from);
    require(found != std::string_view::npos);
    from = found + line.size();
  }
  if (edits == 0) require(out == view.text());
  return 0;
}
