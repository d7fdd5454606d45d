#pragma once

#include <parley/endpoint/call.hpp>
#include <parley/ua/caller_identity.hpp>

#include <string>
#include <utility>

namespace parley {

/// An instant message to be sent (RFC 3428).
struct message {
  // g++ 12 destroys temporaries without a constructor twice where they stand beside a co_await.
  message(std::string its_text, std::string type = "text/plain")
      : text(std::move(its_text)), content_type(std::move(type)) {}

  std::string text;
  std::string content_type;
};

/// One that has come, and was answered with 200.
struct incoming_message {
  ua::caller_identity sender;  ///< by From, and not proven by anything
  std::string target;          ///< the Request-URI
  std::string content_type;
  std::string text;
  parley::call within;  ///< the call that it was sent in, if any
};

}  // namespace parley
