// Sequences of REGISTERs, closed connections and waits on one registrar. Whatever clients write: the bounds
// hold, a refusal changes nothing, no binding outlives the time that it was given or the connection that
// alone leads to it, what callers are sent to are SIP URIs along readable routes, and in the end nothing is
// left.
#include <parley/proxy/registrar.hpp>
#include <parley/proxy/validation.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>

#include "support/operation_bytes.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using sip::header_id;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

/// Bindings are late by less than a tick of the location, which is less than this.
constexpr base::duration tick = 200ms;

constexpr std::array<std::string_view, 8> addresses = {
    "sip:alice@example.com", "sip:ALICE@Example.COM", "sips:%61lice@example.com", "sip:bob@example.com",
    "sip:c@example.org",     "sip:d@example.com",     "sip:example.com",          "tel:+1"};
constexpr std::array<std::string_view, 16> contact_values = {
    "*",
    "<sip:x@192.0.2.7>",
    "<sip:x@192.0.2.7>;q=0.5",
    "<sip:x@192.0.2.7;ob>",
    "sip:y@10.0.0.1;expires=100",
    "<sip:z@a.invalid;transport=ws>",
    "<sip:x@10.0.0.7>;+sip.instance=\"<urn:uuid:1>\";reg-id=1",
    "<sip:x@10.0.0.7>;+sip.instance=\"<urn:uuid:1>\";reg-id=2",
    "<sip:x@10.0.0.8>;+sip.instance=\"a\\\"b\";reg-id=1",
    "<sip:x@10.0.0.7>;reg-id=4294967296;+sip.instance=\"<urn:uuid:1>\"",
    "\"A, B\" <sips:x@host.example.com;transport=tcp?Subject=x>",
    "<sip:x@192.0.2.8>;expires=0",
    "<sip:x@192.0.2.8>;expires=59",
    "<sip:x@192.0.2.8>;expires=4294967295;q=1.000",
    "<tel:+12015550123>",
    "<sip:[2001:db8::1]:5060;maddr=192.0.2.9>"};
constexpr std::array<std::string_view, 8> other_lines = {"",
                                                         "Supported: outbound, path\r\n",
                                                         "Supported: path\r\n",
                                                         "Require: gruu\r\n",
                                                         "Expires: 0\r\n",
                                                         "Expires: 100\r\n",
                                                         "Expires: soon\r\n",
                                                         "Expires: 4294967295\r\n"};
constexpr std::array<std::string_view, 6> paths = {
    "",
    "Path: <sip:192.0.2.9;lr>\r\n",
    "Path: <sip:flow-0@192.0.2.9;lr;ob>\r\nPath: <sip:a.example.com;lr>, <sip:b.example.com;lr;ob>\r\n",
    "Path: sip:192.0.2.9;lr\r\n",
    "Path: <sip:192.0.2.9;lr>\r\n ,\r\n\t<sip:192.0.2.10;lr;ob>\r\n",
    "Path: <sip:192.0.2.9;lr>,,x\r\n"};

/// One registrar of small bounds and its clock.
class run {
 public:
  explicit run(test::operation_bytes in)
      : in_(in), options_(make_options(in_)), registrar_(options_, random_, now_) {}

  void go() {
    for (int step = 0; step < 256 && !in_.empty(); ++step) {
      switch (in_.u8() % 8) {
        case 0: pass(std::chrono::milliseconds(in_.scaled(24))); break;
        case 1: close_one(); break;
        default: register_one(); break;
      }
      check();
    }
    pass(options_.max_expires + tick);
    check();
    require(registrar_.location().size() == 0);
    require(registrar_.location().poll_timeout() == base::never);
  }

 private:
  static proxy::registrar_options make_options(test::operation_bytes& in) {
    const unsigned bits = in.u8();
    proxy::registrar_options out;
    out.domains = {"example.com", "example.org"};
    out.max_addresses = 1 + bits % 4;
    out.max_contacts = 1 + bits / 4 % 4;
    out.max_expires = std::chrono::seconds((bits & 16U) != 0 ? 7200 : 80);
    out.flow_timer = std::chrono::seconds((bits & 32U) != 0 ? 120 : 0);
    return out;
  }

  sip::hop make_source() {
    sip::hop out;
    out.remote = {base::ip_address::v4(0xc0000207U), 40000};
    switch (in_.u8() % 4) {
      case 0: break;
      case 1: out.remote.ip = base::ip_address::v4(0x0a000007U); break;
      default:
        // A number of a connection is never used again.
        out.transport = in_.u8() % 2 == 0 ? sip::transport::tcp : sip::transport::wss;
        out.flow = next_flow_ - in_.u8() % 3;
        if (closed_.contains(out.flow)) out.flow = ++next_flow_;
        break;
    }
    return out;
  }

  /// Some characters of the input, without those that would end the line.
  std::string free_text() {
    std::string out;
    for (unsigned n = in_.u8() % 32; n > 0; --n) {
      const char c = static_cast<char>(in_.u8());
      out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    return out;
  }

  std::string make_text() {
    std::string out = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1";
    if (in_.u8() % 4 == 0) out += ", SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK2";
    address_ = addresses[in_.u8() % addresses.size()];
    out +=
        "\r\nMax-Forwards: 70\r\nFrom: <sip:f@example.com>;tag=1\r\nTo: <" + std::string(address_) + ">\r\n";
    out += "Call-ID: " + std::to_string(in_.u8() % 3) + "\r\n";
    out += "CSeq: " + std::to_string(in_.u8()) + " REGISTER\r\n";
    for (unsigned n = in_.u8() % 4; n > 0; --n) {
      const unsigned which = in_.u8() % (contact_values.size() + 2);
      out += "Contact: " + (which < contact_values.size() ? std::string(contact_values[which]) : free_text());
      out += "\r\n";
    }
    out += other_lines[in_.u8() % other_lines.size()];
    out += other_lines[in_.u8() % other_lines.size()];
    const unsigned path = in_.u8() % (paths.size() + 1);
    out += path < paths.size() ? std::string(paths[path]) : "Path: " + free_text() + "\r\n";
    return out + "Content-Length: 0\r\n\r\n";
  }

  void register_one() {
    const sip::hop from = make_source();
    const std::string text = make_text();
    sip::message_view view;
    if (!view.parse(text) || proxy::validate(view)) return;
    const auto before = contacts();
    const auto answer = registrar_.handle_register(now_, view, from);
    require(answer.status == 200 || (answer.status >= 400 && answer.status < 600));
    if (answer.status != 200) {
      require(answer.changed.empty() && !answer.watched);
      require(contacts() == before);
      return;
    }
    const auto uri = sip::parse_uri(address_);
    require(uri && registrar_.knows(*uri));
    require(answer.changed.empty() || answer.changed == proxy::address_of_record(*uri));
    check_answer(answer, registrar_.location().find(proxy::address_of_record(*uri)));
  }

  void check_answer(const proxy::registrar::answer& answer, const std::vector<proxy::binding>& bindings) {
    std::size_t listed = 0;
    for (const auto& [id, value] : answer.fields) {
      if (id != header_id::contact) continue;
      const auto contact = sip::parse<sip::contact_header>(value);
      require(contact && contact->expires && *contact->expires > 0);
      ++listed;
    }
    const auto living = std::count_if(bindings.begin(), bindings.end(),
                                      [this](const proxy::binding& b) { return b.expires > now_; });
    require(listed == static_cast<std::size_t>(living));
  }

  void pass(base::duration time) {
    now_ += time;
    registrar_.location().handle_timeout(now_);
    require(registrar_.location().poll_timeout() > now_);
  }

  void close_one() {
    const std::uint64_t flow = next_flow_ - in_.u8() % 3;
    closed_.insert(flow);
    registrar_.location().drop_flow(flow);
  }

  /// All that is registered, as text.
  std::vector<std::string> contacts() const {
    std::vector<std::string> out;
    for (const std::string_view address : addresses) {
      const auto uri = sip::parse_uri(address);
      if (!uri->is_sip()) continue;
      for (const auto& b : registrar_.location().find(proxy::address_of_record(*uri)))
        out.push_back(b.contact + ' ' + b.call_id + ' ' + std::to_string(b.cseq) + ' ' + b.path);
    }
    return out;
  }

  void check() const {
    const proxy::location& location = registrar_.location();
    require(location.size() <= options_.max_addresses);
    require((location.size() == 0) == (location.poll_timeout() == base::never));
    std::set<std::string> seen;
    for (const std::string_view address : addresses) {
      const auto uri = sip::parse_uri(address);
      if (!uri->is_sip()) continue;
      const std::string name = proxy::address_of_record(*uri);
      const auto& bindings = location.find(name);
      if (!bindings.empty()) seen.insert(name);
      require(bindings.size() <= options_.max_contacts);
      for (const proxy::binding& b : bindings) check_binding(b);
      std::vector<proxy::target> targets;
      registrar_.add_targets(*uri, targets);
      require(targets.empty() == bindings.empty() && targets.size() <= bindings.size());
      for (const proxy::target& t : targets) check_target(t);
    }
    require(seen.size() == location.size());
  }

  void check_binding(const proxy::binding& b) const {
    require(b.expires + tick > now_ && b.updated <= now_);
    require(b.expires <= b.updated + options_.max_expires);
    require(!b.flow.only_flow || b.flow.flow == 0 || !closed_.contains(b.flow.flow));
    require(b.reg_id == 0 || !b.instance.empty());
  }

  static void check_target(const proxy::target& t) {
    const auto uri = sip::parse_uri(t.uri);
    require(uri && uri->is_sip() && t.q <= 1000 && t.next_hop.empty());
    if (t.path.empty()) return;
    const auto read = sip::parse_list<sip::route_header>(
        t.path, [](const sip::route_header& r) { require(r.uri.is_sip()); });
    require(read.has_value());
  }

  test::operation_bytes in_;
  test::seeded_random random_;
  base::time_point now_{1h};
  proxy::registrar_options options_;
  proxy::registrar registrar_;
  std::string_view address_;
  std::uint64_t next_flow_ = 10;
  std::set<std::uint64_t> closed_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
