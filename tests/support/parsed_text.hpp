#pragma once

#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>

#include <string>
#include <utility>

namespace parley::test {

/// A text and the view of it, which live together.
class parsed_text {
 public:
  explicit parsed_text(std::string text) : text_(std::move(text)), good_(view_.parse(text_).has_value()) {}
  explicit parsed_text(const sip::message& message) : parsed_text(message.to_string()) {}
  parsed_text(const parsed_text&) = delete;
  parsed_text& operator=(const parsed_text&) = delete;
  ~parsed_text() = default;

  bool good() const noexcept { return good_; }
  const sip::message_view& operator*() const noexcept { return view_; }
  const sip::message_view* operator->() const noexcept { return &view_; }

 private:
  std::string text_;
  sip::message_view view_;
  bool good_;
};

}  // namespace parley::test
