#include "metrics.hpp"

#include <string_view>

namespace relay {
namespace {

class writer {
 public:
  void family(std::string_view name, std::string_view kind, std::string_view help) {
    name_ = name;
    out_ += "# HELP parley_relay_";
    out_ += name;
    out_ += ' ';
    out_ += help;
    out_ += "\n# TYPE parley_relay_";
    out_ += name;
    out_ += ' ';
    out_ += kind;
    out_ += '\n';
  }
  /// `label` is a name of ours, which needs no escapes.
  void sample(std::uint64_t number, std::string_view label = {}, std::string_view value = {}) {
    out_ += "parley_relay_";
    out_ += name_;
    if (!label.empty()) {
      out_ += '{';
      out_ += label;
      out_ += "=\"";
      out_ += value;
      out_ += "\"}";
    }
    out_ += ' ';
    out_ += std::to_string(number);
    out_ += '\n';
  }
  void one(std::string_view name, std::string_view kind, std::string_view help, std::uint64_t number) {
    family(name, kind, help);
    sample(number);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_{};
  std::string_view name_{};
};

}  // namespace

std::string write_metrics(const control& of) {
  const call_table& calls = of.calls();
  const media_totals totals = calls.totals();
  writer out;
  out.one("calls", "gauge", "Calls that there are.", calls.size());
  out.one("calls_total", "counter", "Calls that have begun.", calls.counted().begun);
  out.one("calls_timed_out_total", "counter", "Calls that ended because nothing was heard of them.",
          calls.counted().timed_out);
  out.one("media", "gauge", "Media with ports.", calls.medium_count());
  out.one("ports_in_use", "gauge", "Ports that media are received at.", of.ports_in_use());
  out.family("packets_total", "counter", "Packets that peers have sent.");
  out.sample(totals.rtp_packets, "kind", "rtp");
  out.sample(totals.rtcp_packets, "kind", "rtcp");
  out.family("bytes_total", "counter", "Bytes of those packets.");
  out.sample(totals.rtp_bytes, "kind", "rtp");
  out.sample(totals.rtcp_bytes, "kind", "rtcp");
  out.one("packet_errors_total", "counter", "Packets that were dropped.", totals.rtp_errors);
  out.one("packets_unclaimed_total", "counter", "Packets that came to the single port and belong to no call.",
          of.unclaimed());
  out.one("packets_lost_total", "counter", "Packets that never came, by their sequence numbers.",
          totals.lost);
  out.one("digits_total", "counter", "Telephone-events that were seen.", of.digits());
  out.family("commands_total", "counter", "Commands by kind.");
  for (const auto& one : of.commands()) out.sample(one.done, "command", one.name);
  out.family("command_errors_total", "counter", "Commands that were answered with an error, by kind.");
  for (const auto& one : of.commands()) out.sample(one.failed, "command", one.name);
  out.one("commands_repeated_total", "counter", "Commands that were answered from memory.", of.repetitions());
  out.one("draining", "gauge", "1 where no new calls are taken.", of.is_draining() ? 1 : 0);
  return out.take();
}

}  // namespace relay
