#pragma once

#include <parley/net/tls_context.hpp>

#include "net/detail/byte_stream.hpp"
#include "net/detail/certificate_names.hpp"
#include "net/detail/tls_state.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace parley::net::detail {

/// TLS over another stream.
///
/// The bytes of records go through memory of our own: many messages make one write of the stream below, and
/// what it does not take waits here. While something waits `write_some` takes nothing, so that never more
/// waits than one call has given, beside the answers that OpenSSL gives by itself: a peer that asks for more
/// of these than it takes ends the stream.
class tls_stream final : public byte_stream {
 public:
  /// The server's side: shows the certificate that the client asks for.
  static std::unique_ptr<tls_stream> accept(const tls_context& context, std::unique_ptr<byte_stream> below,
                                            const asio::any_io_executor& executor);

  /// The client's side. `name` is what the peer must prove to be: the name from the URI, before DNS, or an
  /// address (RFC 5922 4, 7.3).
  static std::unique_ptr<tls_stream> connect(const tls_context& context, std::unique_ptr<byte_stream> below,
                                             const asio::any_io_executor& executor, std::string name,
                                             name_rules rules);

  ~tls_stream() override;

  /// Opens the stream below, then shakes hands. *Errors:* those of the stream below; of
  /// `certificate_category` where the peer's certificate is not believed; OpenSSL's.
  void open(std::shared_ptr<stream_user> user) override;
  std::size_t read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) override;
  std::size_t write_some(std::span<const asio::const_buffer> from, base::error_code& error) override;
  void wait_readable(std::shared_ptr<stream_user> user) override;
  void wait_writable(std::shared_ptr<stream_user> user) override;
  bool proves(std::string_view host) const override;
  void finish_writing() noexcept override;
  void close() noexcept override;

  const SSL* native() const noexcept { return ssl_.get(); }

  /// Called by OpenSSL with each session that a server gives us. Returns 1 where it has taken it.
  static int keep_session(SSL* ssl, SSL_SESSION* session);

 private:
  class opener;
  class finisher;
  enum class need : std::uint8_t { nothing, read, write };

  tls_stream(const tls_context& context, SSL_CTX* own, std::unique_ptr<byte_stream> below,
             const asio::any_io_executor& executor);

  static BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* into, std::size_t size, std::size_t* done);
  static int bio_write(BIO* bio, const char* from, std::size_t size, std::size_t* done);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
  static int verify(int believed, X509_STORE_CTX* store);

  /// Gets as far as it can, and says what it then needs: `nothing` where it is done or has failed.
  need shake_hands(base::error_code& error);
  void finish_below() noexcept;
  /// Gives the stream below what waits in `out_`; false where some still does, or an error came.
  bool flush(base::error_code& error);
  base::error_code error_of(int result);

  std::shared_ptr<tls_context_state> context_;
  std::unique_ptr<byte_stream> below_;
  asio::any_io_executor executor_;
  std::unique_ptr<SSL, free_ssl> ssl_;
  std::string name_;
  name_rules rules_;
  bool finished_ = false;
  bool drained_ = false;  // the last read below brought less than it could: the next has to be waited for
  need read_needs_ = need::nothing;
  base::error_code below_error_;  // of the last read below
  base::error_code broken_;       // what ended the stream: it stays so
  std::size_t read_budget_ = 0;   // bytes that this call may still read below
  std::shared_ptr<finisher> finisher_;

  std::vector<std::byte> out_;  // records that the stream below has not taken
  std::size_t out_sent_ = 0;    // of it
  std::size_t accepted_ = 0;    // plain bytes in `out_` that the user believes not sent
};

}  // namespace parley::net::detail
