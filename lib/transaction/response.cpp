#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/status.hpp>
#include <parley/sip/writer.hpp>
#include <parley/transaction/response.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace parley::transaction {
namespace {

using sip::header_id;

/// The address as it may stand in Via: without the zone, which means nothing to anyone else.
base::ip_address without_scope(const base::ip_address& ip) noexcept {
  const base::ip_address plain = ip.unmapped();
  return plain.is_v6() ? base::ip_address::v6(plain.to_v6_bytes()) : plain;
}

/// Whether `name` stands in a list with commas.
bool lists(std::string_view list, std::string_view name) noexcept {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view element = list.substr(0, end);
    while (element.starts_with(' ')) element.remove_prefix(1);
    while (element.ends_with(' ')) element.remove_suffix(1);
    if (sip::iequals(element, name)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// What the receiver of a request changes in its topmost Via: up to four places, in the order in which they
/// stand.
class via_stamp {
 public:
  struct edit {
    std::string_view old;  ///< part of the Via; an empty one says where to insert
    std::string_view text;
  };

  via_stamp(const sip::via_header& via, const base::socket_address& source,
            std::string_view overload = {}) noexcept {
    const std::string_view end = via.raw.substr(via.raw.size());
    edits_ = {edit{end, {}}, edit{end, {}}, edit{end, {}}, edit{end, {}}};
    stamp(via, source);
    if (!overload.empty()) {
      const overload_question asked = read_overload_question(via);
      if (!asked.oc.empty()) edits_[2] = {asked.oc, overload};
      if (!asked.oc.empty() && !asked.algorithms.empty()) edits_[3] = {asked.algorithms, overload_algorithm};
    }
    std::sort(edits_.begin(), edits_.end(),
              [](const edit& a, const edit& b) { return a.old.data() < b.old.data(); });
  }
  via_stamp(const via_stamp&) = delete;
  via_stamp& operator=(const via_stamp&) = delete;

  const std::array<edit, 4>& edits() const noexcept { return edits_; }

 private:
  void stamp(const sip::via_header& via, const base::socket_address& source) noexcept {
    const std::string_view end = via.raw.substr(via.raw.size());
    const auto sent_by = via.ip();
    const base::ip_address ip = without_scope(source.ip);
    // RFC 3581 4: who asks for rport gets received too, even where it says what sent-by says. What the sender
    // itself claims to have been received from is never passed on: a response would be sent there.
    if (!via.has_rport && via.received.empty() && sent_by && without_scope(*sent_by) == ip) return;
    std::array<char, base::ip_address::max_text> ip_text;
    sip::text_writer received(received_);
    if (via.received.empty()) received << ";received=";
    received << ip.to_chars(ip_text);
    edits_[1] = {via.received.empty() ? end : via.received, received.text()};
    if (via.has_rport) {
      sip::text_writer rport(rport_);
      if (via.rport_value.empty()) rport << '=';
      rport << source.port;
      edits_[0] = {via.rport_value, rport.text()};
    }
  }

  std::array<edit, 4> edits_;
  std::array<char, 80> received_;
  std::array<char, 8> rport_;
};

std::string_view between(const char* from, const char* to) noexcept {
  return {from, static_cast<std::size_t>(to - from)};
}

}  // namespace

overload_question read_overload_question(const sip::via_header& via) noexcept {
  overload_question out;
  if (via.raw.find("oc-algo") == std::string_view::npos) return out;
  for (const sip::parameter& p : via.parameters) {
    if (sip::iequals(p.name, "oc") && !p.has_value) out.oc = p.name;
    if (sip::iequals(p.name, "oc-algo") && p.quoted) out.algorithms = p.value;
  }
  // RFC 7339 4.2: one of those that the neighbour knows is chosen; without ours among them it is told
  // nothing.
  if (!out.algorithms.empty() && !lists(out.algorithms, overload_algorithm)) return {};
  return out;
}

sip::hop response_hop(const sip::hop& from, const sip::via_header& via) noexcept {
  sip::hop to = from;
  if (sip::is_reliable(from.transport)) {
    // RFC 3261 18.2.2: where the connection is gone, one is opened to the source address and the port of
    // sent-by.
    to.remote.port = via.port_or_default();
    // RFC 7118 5.2: a WebSocket client can't be connected to.
    to.only_flow = from.transport == sip::transport::ws || from.transport == sip::transport::wss;
    return to;
  }
  if (!via.maddr.empty()) {
    const auto group = base::ip_address::from_string(via.maddr);
    if (group && group->is_multicast()) {
      to.remote = {*group, via.port_or_default()};
      return to;
    }
  }
  if (!via.has_rport) to.remote.port = via.port_or_default();
  return to;
}

std::optional<sip::hop> response_hop(const sip::via_header& via, std::uint16_t listener) noexcept {
  const auto address = via.received.empty() ? via.ip() : via.received_ip();
  if (!address) return std::nullopt;
  sip::hop to;
  to.transport = via.transport;
  to.listener = listener;
  to.remote = {*address, via.rport != 0 ? via.rport : via.port_or_default()};
  return to;
}

void stamp_via(sip::patch& edit, const sip::via_header& via, const base::socket_address& source) noexcept {
  const via_stamp stamp(via, source);
  for (const auto& [old, text] : stamp.edits()) {
    if (!text.empty()) edit.replace(old, {edit.note(text)});
  }
}

base::result<base::packet_buffer> make_response(base::buffer_pool& pool, const sip::message_view& request,
                                                const base::socket_address& source, int status,
                                                const response_options& options) {
  const auto via = request.get<sip::via_header>();
  if (!via) return errc::bad_message;

  std::size_t size = 256 + options.reason_phrase.size() + options.to_tag.size() + options.overload.size();
  const auto add_size = [&](header_id id) {
    for (std::size_t i = request.find(id); i != sip::message_view::npos; i = request.find_after(id, i)) {
      size += request.value(i).size() + 32;
    }
  };
  const bool record_route = status > 100 && status < 300;
  for (header_id id : {header_id::via, header_id::from, header_id::to, header_id::call_id, header_id::cseq})
    add_size(id);
  if (record_route) add_size(header_id::record_route);
  if (status == 100) add_size(header_id::timestamp);
  for (const std::span fields :
       {std::span<const response_options::field>(options.fields), options.more_fields}) {
    for (const auto& field : fields) size += sip::name_of(field.id).size() + field.value.size() + 4;
  }
  if (options.own != nullptr) {
    size += options.own->header_text().size() + options.own->body().size();
  }

  auto buffer = pool.allocate(size);
  if (!buffer || !buffer->resize(buffer->tailroom())) return errc::no_buffer;
  sip::writer out(buffer->mutable_bytes());
  out.status_line(status,
                  options.reason_phrase.empty() ? sip::default_reason(status) : options.reason_phrase);

  const via_stamp stamp(*via, source, options.overload);
  const std::size_t top = request.find(header_id::via);
  const std::string_view line = request.value(top);
  const auto& [first, second, third, fourth] = stamp.edits();
  out.header(header_id::via, between(line.data(), first.old.data()), first.text,
             between(first.old.data() + first.old.size(), second.old.data()), second.text,
             between(second.old.data() + second.old.size(), third.old.data()), third.text,
             between(third.old.data() + third.old.size(), fourth.old.data()), fourth.text,
             between(fourth.old.data() + fourth.old.size(), line.data() + line.size()));
  for (std::size_t i = request.find_after(header_id::via, top); i != sip::message_view::npos;
       i = request.find_after(header_id::via, i)) {
    out.header(header_id::via, request.value(i));
  }

  if (record_route) out.copy_all(request, header_id::record_route);
  if (request.has(header_id::from)) out.header(header_id::from, request.value_of(header_id::from));
  if (request.has(header_id::to)) {
    const auto to_tag = request.to_tag();
    const bool add_tag = !options.to_tag.empty() && to_tag && to_tag->empty();
    out.header(header_id::to, request.value_of(header_id::to),
               add_tag ? std::string_view(";tag=") : std::string_view{},
               add_tag ? options.to_tag : std::string_view{});
  }
  if (request.has(header_id::call_id)) out.header(header_id::call_id, request.value_of(header_id::call_id));
  if (request.has(header_id::cseq)) out.header(header_id::cseq, request.value_of(header_id::cseq));
  if (status == 100) out.copy_all(request, header_id::timestamp);
  for (const auto& field : options.fields) out.header(field.id, field.value);
  for (const auto& field : options.more_fields) out.header(field.id, field.value);
  if (options.own != nullptr) out.lines(options.own->header_text());
  out.finish(options.own != nullptr ? std::string_view(options.own->body()) : std::string_view{});
  const auto written = out.size();
  if (!written) return errc::no_buffer;
  buffer->trim_back(buffer->size() - *written);
  return std::move(*buffer);
}

}  // namespace parley::transaction
