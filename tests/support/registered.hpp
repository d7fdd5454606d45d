#pragma once

#include <parley/ua/registration.hpp>

#include "support/catch.hpp"
#include "support/outside_driver.hpp"
#include "support/registration_texts.hpp"
#include "support/result.hpp"

#include <string_view>

namespace parley::test {

/// Registered at 0, and the event taken.
struct registered : outside_driver<ua::registration> {
  explicit registered(const ua::registration_options& options = registration_texts::options(),
                      std::string_view lines = "Contact: <sip:alice@192.0.2.4:5070>;expires=3600\r\n")
      : outside_driver(options) {
    REQUIRE(usage.start());
    REQUIRE(exchange(200, lines));
    REQUIRE(event_kind() == ua::registration::event_kind::registered);
    REQUIRE(usage.state() == ua::registration::state::registered);
  }
};

}  // namespace parley::test
