#pragma once

#include <parley/ua/registration.hpp>

#include <string>
#include <string_view>

namespace parley::test {

/// Alice's registration, by itself and as a flow.
struct registration_texts {
  static constexpr std::string_view contact = "sip:alice@192.0.2.4:5070";
  static constexpr std::string_view instance = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

  static ua::registration_options options() {
    ua::registration_options out;
    out.aor = "sip:alice@example.com";
    out.contact.uri = contact;
    return out;
  }
  static ua::registration_options flow(std::uint32_t reg_id = 1) {
    ua::registration_options out = options();
    out.instance = instance;
    out.reg_id = reg_id;
    return out;
  }
  /// A line of the 200 that lists the contact.
  static std::string bound(std::string_view parameters, std::string_view uri = contact) {
    return std::string("Contact: <").append(uri).append(">").append(parameters).append("\r\n");
  }
};

}  // namespace parley::test
