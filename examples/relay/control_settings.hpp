#pragma once

#include <parley/base/time.hpp>

#include "described.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace relay {

/// A moment on the machine's clock, and what the calendar said then.
struct instant {
  base::time_point now{};
  base::wall_time wall{};
};

/// What the part of parley-relay that has calls is told at the start.
struct control_settings {
  std::size_t max_calls = 100'000;
  std::size_t max_media = 64;      ///< of one call, all its branches together
  std::size_t max_dialogues = 32;  ///< branches of one call
  description_limits descriptions{};
  base::duration silence = std::chrono::seconds(60);         ///< without a packet, then a call ends
  base::duration held_silence = std::chrono::seconds(3600);  ///< likewise, where all its media are held
  base::duration unanswered = std::chrono::seconds(300);     ///< from the last offer, then a call ends
  base::duration delete_delay = std::chrono::seconds(30);    ///< where the command says nothing
  bool shares_ports = false;                                 ///< no call can be marked by itself
  std::string recording_folder{};                            ///< empty: no recordings
};

}  // namespace relay
