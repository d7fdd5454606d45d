#include "settings.hpp"

#include <parley/base/address.hpp>
#include <parley/sip/transport.hpp>
#include <parley/sip/uri.hpp>

#include <utility>

namespace parley_phone {
namespace {

/// Collects steps until one of them is wrong.
class step_list {
 public:
  void add(const std::vector<std::string>& words) {
    if (!out.error.empty()) return;
    step one;
    out.error = read_step(words, one);
    out.steps.push_back(std::move(one));
  }

  script out;
};

/// What is done with a call that was answered, to its end.
void add_conversation(const plan& wanted, step_list& steps) {
  if (wanted.hold >= 0) {
    steps.add({"hold"});
    steps.add({"wait", std::to_string(wanted.hold)});
    steps.add({"resume"});
  }
  if (!wanted.dtmf.empty()) steps.add({"dtmf", wanted.dtmf});
  if (!wanted.transfer.empty()) steps.add({"transfer", wanted.transfer});
  if (!wanted.attended.empty()) steps.add({"attended", wanted.attended});
  const bool transfers = !wanted.transfer.empty() || !wanted.attended.empty();
  if (wanted.duration >= 0) steps.add({"wait", std::to_string(wanted.duration)});
  if (wanted.duration >= 0 || transfers) {
    steps.add({"hangup"});
  } else {
    steps.add({"over"});
  }
}

}  // namespace

script steps_of(const plan& wanted) {
  step_list steps;
  if (wanted.enroll) steps.add({"register"});
  if (!wanted.call.empty()) {
    steps.add({"call", wanted.call});
    add_conversation(wanted, steps);
  } else if (wanted.answer) {
    for (int i = 0; i < wanted.calls; ++i) {
      if (wanted.answer_after >= 0) {
        steps.add({"ring"});
        steps.add({"wait", std::to_string(wanted.answer_after)});
      }
      steps.add({"answer"});
      add_conversation(wanted, steps);
    }
  } else if (wanted.refuse != 0) {
    for (int i = 0; i < wanted.calls; ++i) steps.add({"refuse", std::to_string(wanted.refuse)});
  } else {
    if (!wanted.message.empty()) steps.add({"message", wanted.to, wanted.message});
    if (!wanted.subscribe.empty()) steps.add({"subscribe", wanted.subscribe, wanted.to});
    if (!wanted.publish.empty()) steps.add({"publish", wanted.publish});
    if (wanted.duration >= 0) steps.add({"wait", std::to_string(wanted.duration)});
  }
  return std::move(steps.out);
}

std::string read_listener(const std::string& text, parley::endpoint_options& out) {
  using parley::sip::transport;
  const auto colon = text.find(':');
  const transport kind = parley::sip::transport_of(text.substr(0, colon));
  if (kind == transport::other || kind == transport::sctp || colon == std::string::npos) {
    return "\"" + text +
           "\" is no listener: it begins with udp:, tcp:, tls:, ws: or wss:, as in udp:192.0.2.1:5060";
  }
  const auto address = parley::base::socket_address::from_string(text.substr(colon + 1), 0);
  if (!address) {
    return "\"" + text + "\" is no listener: behind " + text.substr(0, colon) +
           ": stand a numeric address and perhaps a port, as in 192.0.2.1:5060 or [2001:db8::1]";
  }
  out.listen.push_back(text.substr(0, colon + 1) + address->to_string());
  return {};
}

std::string read_advertised(const std::string& text, parley::endpoint_options& out) {
  const std::string whole = "sip:" + text;
  const auto uri = parley::sip::parse_uri(whole);
  if (!uri || uri->has_user || !uri->parameters.empty() || !uri->headers.empty()) {
    return "\"" + text +
           "\" is no address to advertise: a host and perhaps a port are, as in sip.example.com:5061";
  }
  out.advertised_host = std::string(uri->host);
  out.advertised_port = uri->port;
  return {};
}

std::string read_name_server(const std::string& text, parley::net::dns_options& out) {
  const auto server = parley::base::socket_address::from_string(text, 53);
  if (!server || server->port == 0) {
    return "\"" + text +
           "\" is no name server: a numeric address and perhaps a port are, as in 192.0.2.53:53";
  }
  out.servers.push_back(*server);
  return {};
}

std::string read_log_level(const std::string& text, parley::base::log_level& out) {
  using parley::base::log_level;
  for (const auto& [name, level] : {std::pair{"trace", log_level::trace},
                                    {"debug", log_level::debug},
                                    {"info", log_level::info},
                                    {"warning", log_level::warning},
                                    {"error", log_level::error},
                                    {"off", log_level::off}}) {
    if (text == name) {
      out = level;
      return {};
    }
  }
  return "\"" + text + "\" is no log level: trace, debug, info, warning, error and off are";
}

}  // namespace parley_phone
