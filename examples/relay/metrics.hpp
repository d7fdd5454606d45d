#pragma once

#include "control.hpp"

#include <string>

namespace relay {

/// The counters in the text format of Prometheus (exposition format 0.0.4).
std::string write_metrics(const control& of);

}  // namespace relay
