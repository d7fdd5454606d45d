#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>
#include <parley/sip/writer.hpp>
#include <parley/transaction/request.hpp>

namespace parley::transaction {
namespace {

using sip::header_id;

base::result<base::packet_buffer> make(base::buffer_pool& pool, const sip::message_view& request,
                                       std::string_view method, const sip::message_view& to_source) {
  const auto via = request.get<sip::via_header>();
  const auto cseq = request.get<sip::cseq_header>();
  const std::string_view from = request.value_of(header_id::from);
  const std::string_view to = to_source.value_of(header_id::to);
  const std::string_view call_id = request.value_of(header_id::call_id);
  if (!via || !cseq || from.empty() || to.empty() || call_id.empty()) return errc::bad_message;
  std::size_t size = 192 + 2 * method.size() + request.request_uri().size() + via->raw.size() + from.size() +
                     to.size() + call_id.size();
  for (std::size_t i = request.find(header_id::route); i != sip::message_view::npos;
       i = request.find_after(header_id::route, i)) {
    size += request.value(i).size() + 16;
  }
  auto buffer = pool.allocate(size);
  if (!buffer || !buffer->resize(buffer->tailroom())) return errc::no_buffer;
  sip::writer out(buffer->mutable_bytes());
  out.request_line(method, request.request_uri());
  out.header(header_id::via, via->raw);
  out.copy_all(request, header_id::route);
  out.header(header_id::max_forwards, 70);
  out.header(header_id::from, from);
  out.header(header_id::to, to);
  out.header(header_id::call_id, call_id);
  out.header(header_id::cseq, cseq->number, ' ', method);
  out.finish();
  const auto written = out.size();
  if (!written) return errc::no_buffer;
  buffer->trim_back(buffer->size() - *written);
  return std::move(*buffer);
}

}  // namespace

base::result<base::packet_buffer> make_ack(base::buffer_pool& pool, const sip::message_view& invite,
                                           const sip::message_view& response) {
  return make(pool, invite, "ACK", response);
}

base::result<base::packet_buffer> make_cancel(base::buffer_pool& pool, const sip::message_view& request) {
  return make(pool, request, "CANCEL", request);
}

}  // namespace parley::transaction
