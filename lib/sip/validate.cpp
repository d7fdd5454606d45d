#include <parley/sip/typed.hpp>
#include <parley/sip/uri.hpp>
#include <parley/sip/validate.hpp>

#include <array>
#include <type_traits>

namespace parley::sip {
namespace {

class validator {
 public:
  validator(const message_view& message, std::span<finding> out) noexcept : message_(message), out_(out) {
    room_.fill(message.max_values());
  }

  std::size_t run() noexcept {
    if (message_.is_request()) check_request_uri();
    for (std::size_t i = 0; i < message_.header_count() && !full(); ++i) check_line(i);
    check_contacts();
    if (message_.is_request()) check_method();
    // RFC 3261 8.1.1 and 8.2.6.2.
    for (header_id id :
         {header_id::via, header_id::from, header_id::to, header_id::call_id, header_id::cseq}) {
      if (!message_.has(id)) add({errc::missing_header, 0}, message_view::npos, id);
    }
    return count_;
  }

 private:
  bool full() const noexcept { return count_ == out_.size(); }

  void add(parse_error error, std::size_t header, header_id id) noexcept {
    if (!full()) out_[count_++] = {error, header, id};
  }

  void check_request_uri() noexcept {
    if (message_.request_uri().empty()) return;  // the start line is broken, and `parse` has said so
    const auto uri = message_.get_request_uri();
    if (!uri) {
      add(uri.error(), message_view::npos, header_id::unknown);
    } else if (!uri->headers.empty()) {
      const auto offset = static_cast<std::uint32_t>(message_.offset_of(uri->headers.raw()));
      add({errc::bad_request_uri, offset}, message_view::npos, header_id::unknown);
    }
  }

  void check_line(std::size_t index) noexcept {
    const header_id id = message_.id(index);
    if (is_single(id) && message_.find(id) != index) {
      add({errc::duplicate_header, static_cast<std::uint32_t>(message_.line_offset(index))}, index, id);
    }
    visit_typed(id, [&]<class Header>(std::type_identity<Header>) {
      const auto read =
          reader_.for_each_at<Header>(index, room_[static_cast<std::size_t>(id)], [](const Header&) {});
      if (!read) add(read.error(), index, id);
    });
  }

  // RFC 3261 25.1: Contact = ( STAR / contact-param *( COMMA contact-param ) ), whichever lines they stand
  // in.
  void check_contacts() noexcept {
    std::size_t star = message_view::npos;
    std::size_t values = 0;
    for (std::size_t i = message_.find(header_id::contact); i != message_view::npos;
         i = message_.find_after(header_id::contact, i)) {
      std::size_t room = message_.max_values();
      (void)message_.for_each_at<contact_header>(i, room, [&](const contact_header& contact) {
        ++values;
        if (contact.star) star = i;
      });
    }
    if (star != message_view::npos && values > 1) {
      add({errc::bad_star_contact, static_cast<std::uint32_t>(message_.value_offset(star))}, star,
          header_id::contact);
    }
  }

  void check_method() noexcept {
    const auto cseq = message_.get<cseq_header>();
    if (!cseq || cseq->method_name == message_.method_name()) return;
    const auto offset = static_cast<std::uint32_t>(message_.offset_of(cseq->method_name));
    add({errc::method_mismatch, offset}, message_.find(header_id::cseq), header_id::cseq);
  }

  const message_view& message_;
  message_reader reader_{message_};
  std::span<finding> out_;
  std::size_t count_ = 0;
  std::array<std::size_t, header_id_count> room_{};
};

}  // namespace

std::size_t find_violations(const message_view& message, std::span<finding> out) noexcept {
  return validator(message, out).run();
}

parsed<void> validate(const message_view& message) noexcept {
  finding first;
  if (find_violations(message, {&first, 1}) != 0) return first.error;
  return {};
}

}  // namespace parley::sip
