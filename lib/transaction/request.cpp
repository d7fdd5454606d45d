#include <parley/transaction/request.hpp>

#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>
#include <parley/sip/writer.hpp>

namespace parley::transaction {
namespace {

using sip::header_id;

base::result<base::packet_buffer> make(base::buffer_pool& pool, const sip::message_view& request, std::string_view method,
                                       const sip::message_view& to_source) {
  const auto via = request.get<sip::via_header>();
  const auto cseq = request.get<sip::cseq_header>();
  if (!via || !cseq) return errc::bad_message;
  auto buffer = pool.allocate(request.text().size() + to_source.value_of(header_id::to).size() + 64);
  if (!buffer || !buffer->resize(buffer->tailroom())) return errc::no_buffer;
  sip::writer out(buffer->mutable_bytes());
  out.request_line(method, request.request_uri());
  out.header(header_id::via, via->raw);
  out.copy_all(request, header_id::route);
  out.header(header_id::max_forwards, 70);
  out.header(header_id::from, request.value_of(header_id::from));
  out.header(header_id::to, to_source.value_of(header_id::to));
  out.header(header_id::call_id, request.value_of(header_id::call_id));
  out.header(header_id::cseq, cseq->number, ' ', method);
  out.finish();
  const auto size = out.size();
  if (!size) return errc::no_buffer;
  buffer->trim_back(buffer->size() - *size);
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
