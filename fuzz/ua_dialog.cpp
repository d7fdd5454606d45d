// Requests and responses made and received in one dialog, saved and restored at any moment, against a simple
// model: numbers go up by one, only what is in order and ours is taken, targets never go back, every request
// that is made can be read, and a restored dialog is the one that was saved.
#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/dialog.hpp>

#include "support/dialog_texts.hpp"
#include "support/operation_bytes.hpp"
#include "support/parsed_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;
using ua::dialog;
using ua::errc;
using state = enum dialog::state;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<std::string_view, 8> contacts = {
    "",       "sip:t1@192.0.2.1",           "sip:t2@192.0.2.2;transport=tcp", "sips:t3@192.0.2.3",
    "tel:+1", "sip:t4@192.0.2.4?Subject=x", "sip:t5@192.0.2.5;method=INVITE", "sip:t6@[2001:db8::6]"};
constexpr std::array<std::string_view, 10> methods = {"INVITE", "UPDATE",  "BYE",    "INFO", "SUBSCRIBE",
                                                      "NOTIFY", "OPTIONS", "CANCEL", "ACK",  "NEW"};
constexpr std::array<std::string_view, 4> route_lines = {
    "", "Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\n",
    "Record-Route: <sip:p1.example.com>\r\nRecord-Route: <sip:p2.example.com;lr>\r\n",
    "Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;method=BYE;x>\r\n"};
constexpr std::array<std::size_t, 4> route_counts = {0, 2, 2, 2};
constexpr std::array<int, 16> statuses = {100, 180, 183, 200, 202, 302, 401, 404,
                                          408, 422, 481, 486, 488, 491, 500, 604};

bool is_refresh(std::string_view method) { return ua::is_target_refresh(sip::method_of(method)); }
bool is_success(int status) { return status >= 200 && status < 300; }

class run {
 public:
  explicit run(test::operation_bytes in) : in_(in) {}

  void go() {
    if (!make()) return;
    for (int i = 0; i < 200 && !in_.empty(); ++i) {
      step();
      compare();
    }
  }

 private:
  template <class List>
  auto pick(const List& list) {
    return list[in_.u8() % list.size()];
  }
  static std::string contact_line(std::string_view uri) {
    return uri.empty() ? std::string() : "Contact: <" + std::string(uri) + ">\r\n";
  }
  static bool is_target(std::string_view uri) { return uri.starts_with("sip"); }

  bool make() {
    as_server_ = in_.u8() % 2 == 1;
    const int status = pick(statuses);
    const std::string_view contact = pick(contacts);
    const std::size_t routes = in_.u8() % route_lines.size();
    const std::string lines = contact_line(contact) + std::string(route_lines[routes]);
    routes_ = route_counts[routes];
    if (as_server_) {
      made_by_ = texts::invite(lines);
      const auto made = dialog::from_request(*parsed_text(made_by_), "b", true);
      require(made.has_value() == is_target(contact));
      if (!made) return false;
      dialog_ = *made;
      target_ = contact;
      remote_ = remote_target_ = 10;
    } else {
      made_by_ = texts::invite();
      const auto made =
          dialog::from_response(*parsed_text(made_by_),
                                *parsed_text(texts::response(status, 10, "INVITE", "a", "b", lines)), false);
      require(made.has_value() == (status > 100 && status < 300 && (contact.empty() || is_target(contact))));
      if (!made) return false;
      dialog_ = *made;
      target_ = contact.empty() ? "sip:bob@example.com" : contact;
      local_ = local_target_ = 10;
      if (is_success(status)) state_ = state::confirmed;
    }
    mine_ = as_server_ ? "b" : "a";
    theirs_ = as_server_ ? "a" : "b";
    compare();
    return true;
  }

  void step() {
    switch (in_.u8() % 9) {
      case 0: return write();
      case 1: return take();
      case 2: return answer();
      case 3: return hear();
      case 4: return save();
      case 5: return damage();
      case 6: return write_ack();
      case 7: {
        const bool added = dialog_->add_usage().has_value();
        require(added == (state_ != state::terminated));
        if (added) ++usages_;
        return;
      }
      default:
        dialog_->end_usage();
        if (usages_ > 0) --usages_;
        if (usages_ == 0) state_ = state::terminated;
    }
  }

  void write() {
    const std::string_view method = pick(methods);
    const auto made = dialog_->write_request(method);
    const bool allowed = method != "ACK" && method != "CANCEL" && state_ != state::terminated;
    require(made.has_value() == allowed);
    if (!made) return;
    local_ = local_ ? *local_ + 1 : 1;
    sent_.push_back({*local_, method});
    check_request(*made, method, *local_);
  }

  void write_ack() {
    const std::uint32_t cseq = in_.u8();
    const auto made = dialog_->write_ack(cseq);
    require(made.has_value() == (local_ && cseq <= *local_));
    if (made) check_request(*made, "ACK", cseq);
  }

  void check_request(const sip::message& made, std::string_view method, std::uint32_t cseq) const {
    const parsed_text text(made);
    require(text.good() && text->method_name() == method);
    require(text->get_request_uri().has_value());
    require(text->get<sip::cseq_header>()->number == cseq);
    require(text->get<sip::from_header>()->tag == mine_ && text->get<sip::to_header>()->tag == theirs_);
    std::size_t count = 0;
    require(text->for_each<sip::route_header>([&](const sip::route_header&) { ++count; }).has_value());
    require(count == routes_);
    // The peer's end takes it for this dialog.
    const auto id = ua::dialog_id::of_request(*text);
    require(id && id->local_tag == theirs_ && id->remote_tag == mine_ && id->call_id == dialog_->call_id());
  }

  void take() {
    const std::string_view method = pick(methods);
    const std::uint8_t choice = in_.u8();
    const std::uint32_t cseq = remote_.value_or(20) + choice % 8 - 3U;
    const bool ours = choice < 224;
    const std::string_view contact = pick(contacts);
    last_ = texts::request(method, cseq, ours ? theirs_ : "z", mine_, contact_line(contact));
    last_method_ = method;
    last_contact_ = contact;
    last_cseq_ = cseq;
    last_taken_ = false;
    const auto taken = dialog_->handle_request(*parsed_text(last_));
    const bool free = method == "ACK" || method == "CANCEL";
    if (!ours) {
      require(taken.error() == errc::other_dialog);
    } else if (state_ == state::terminated) {
      require(taken.error() == errc::terminated);
    } else if (!free && remote_ && cseq <= *remote_) {
      require(taken.error() == errc::cseq_out_of_order);
    } else {
      const bool good = !is_refresh(method) || contact.empty() || is_target(contact);
      require(taken.has_value() == good);
      if (!free) remote_ = cseq;
      last_taken_ = good;
    }
  }

  void answer() {
    const int status = pick(statuses);
    const bool reliable = in_.u8() % 2 == 1;
    if (in_.u8() % 4 == 0) {
      if (!as_server_) return;
      dialog_->respond(*parsed_text(made_by_), status, reliable);
      if (state_ != state::early) return;
      if (is_success(status)) state_ = state::confirmed;
      if (status >= 300) state_ = state::terminated;
    } else if (last_taken_) {
      dialog_->respond(*parsed_text(last_), status, reliable);
      const bool accepts = is_success(status) || (reliable && status > 100 && status < 200);
      if (state_ == state::terminated || !accepts || !is_refresh(last_method_) || last_contact_.empty() ||
          last_cseq_ <= remote_target_) {
        return;
      }
      target_ = last_contact_;
      remote_target_ = last_cseq_;
    }
  }

  void hear() {
    const int status = pick(statuses);
    const std::uint8_t choice = in_.u8();
    const std::string_view contact = pick(contacts);
    const std::size_t routes = in_.u8() % route_lines.size();
    std::uint32_t cseq = 10;
    std::string_view method = "INVITE";
    if (!sent_.empty() && choice % 4 != 0) {
      cseq = sent_[choice % sent_.size()].cseq;
      method = sent_[choice % sent_.size()].method;
    } else if (as_server_) {
      return;
    }
    const bool ours = choice < 224;
    const auto heard = dialog_->handle_response(
        *parsed_text(texts::response(status, cseq, method, mine_, ours ? theirs_ : "z",
                                     contact_line(contact) + std::string(route_lines[routes]))));
    if (!ours) return require(heard.error() == errc::other_dialog);
    if (state_ == state::terminated || status < 200) return require(heard.has_value());
    const bool first = !as_server_ && cseq == 10 && state_ == state::early;
    if (status >= 300) {
      require(heard.has_value());
      if (first || status == 404 || status == 604) state_ = state::terminated;
      return;
    }
    if (!first && (!is_refresh(method) || cseq <= local_target_)) return require(heard.has_value());
    require(heard.has_value() == (contact.empty() || is_target(contact)));
    if (!heard) return;
    if (!contact.empty()) {
      target_ = contact;
      if (cseq > local_target_) local_target_ = cseq;
    }
    if (first) {
      routes_ = route_counts[routes];
      state_ = state::confirmed;
    }
  }

  void save() {
    const std::vector<std::byte> saved = dialog_->save();
    require(saved.size() <= dialog::max_saved);
    const auto restored = dialog::restore(saved);
    require(restored && *restored == *dialog_ && restored->save() == saved);
    dialog_ = *restored;
  }

  void damage() {
    std::vector<std::byte> saved = dialog_->save();
    for (int i = in_.u8() % 4; i >= 0; --i) saved[in_.u16() % saved.size()] = std::byte(in_.u8());
    if (in_.u8() % 8 == 0) saved.resize(in_.u8());
    const auto restored = dialog::restore(saved);
    if (!restored) return;
    require(restored->save() == saved);
    dialog copy = *restored;
    const auto made = copy.write_request("INVITE");
    if (made) require(parsed_text(*made).good());
  }

  void compare() const {
    require(dialog_->state() == state_);
    require(dialog_->local_cseq() == local_ && dialog_->remote_cseq() == remote_);
    require(dialog_->remote_target() == target_);
    require(dialog_->route_set().size() == routes_ && dialog_->usages() == usages_);
  }

  struct request {
    std::uint32_t cseq;
    std::string_view method;
  };

  test::operation_bytes in_;
  std::optional<dialog> dialog_;
  bool as_server_ = false;
  std::string made_by_;
  std::string_view mine_;
  std::string_view theirs_;
  std::vector<request> sent_;
  std::string last_;
  std::string_view last_method_;
  std::string_view last_contact_;
  std::uint32_t last_cseq_ = 0;
  bool last_taken_ = false;

  state state_ = state::early;
  std::optional<std::uint32_t> local_;
  std::optional<std::uint32_t> remote_;
  std::uint32_t local_target_ = 0;
  std::uint32_t remote_target_ = 0;
  std::string target_;
  std::size_t routes_ = 0;
  std::size_t usages_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
