#include "net/detail/tls_stream.hpp"

#include <parley/base/address.hpp>
#include <parley/net/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>

#include <algorithm>
#include <span>
#include <utility>

namespace parley::net::detail {
namespace {

// What one call of `write_some` encrypts at most: four records.
constexpr std::size_t max_write = std::size_t{64} << 10U;
// What one call of `read_some` reads below at most, beside what its caller asks for. Records that bring no
// data, key updates say, could keep it busy for as long as the peer is fast enough.
constexpr std::size_t max_read_beside = std::size_t{64} << 10U;
// Of what waits for the stream below to take it. The peer makes OpenSSL answer, and may take none of it.
constexpr std::size_t max_waiting = 4 * max_write;

int stream_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

// ---- OpenSSL's side

int tls_stream::bio_read(BIO* bio, char* into, std::size_t size, std::size_t* done) {
  auto& self = *static_cast<tls_stream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const asio::mutable_buffer buffer(into, std::min(size, self.read_budget_));
  if (buffer.size() == 0 || self.drained_) {
    self.below_error_ = asio::error::would_block;
  } else {
    *done = self.below_->read_some({&buffer, 1}, self.below_error_);
    self.drained_ = *done < buffer.size();
  }
  if (!self.below_error_) {
    self.read_budget_ -= *done;
    return 1;
  }
  if (must_wait(self.below_error_)) BIO_set_retry_read(bio);
  return 0;
}

int tls_stream::bio_write(BIO* bio, const char* from, std::size_t size, std::size_t* done) {
  auto& self = *static_cast<tls_stream*>(BIO_get_data(bio));
  const auto bytes = std::as_bytes(std::span(from, size));
  self.out_.insert(self.out_.end(), bytes.begin(), bytes.end());
  *done = size;
  return 1;
}

long tls_stream::bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) {
    return static_cast<tls_stream*>(BIO_get_data(bio))->below_error_ == asio::error::eof ? 1 : 0;
  }
  return 0;
}

BIO_METHOD* tls_stream::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "parley stream");
    BIO_meth_set_read_ex(made, &bio_read);
    BIO_meth_set_write_ex(made, &bio_write);
    BIO_meth_set_ctrl(made, &bio_control);
    return made;
  }();
  return method;
}

// Called for each certificate of the chain, the peer's own last, at depth 0.
bool tls_stream::proves(std::string_view host) const {
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  return certificate != nullptr && SSL_get_verify_result(ssl_.get()) == X509_V_OK &&
         is_valid_for(names_of(*certificate), host, rules_);
}

int tls_stream::verify(int believed, X509_STORE_CTX* store) {
  if (believed != 1 || X509_STORE_CTX_get_error_depth(store) != 0) return believed;
  const auto* const ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto& self = *static_cast<const tls_stream*>(SSL_get_ex_data(ssl, stream_index()));
  const X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  if (is_valid_for(names_of(*certificate), self.name_, self.rules_)) return 1;
  X509_STORE_CTX_set_error(store, base::ip_address::from_string(self.name_) ? X509_V_ERR_IP_ADDRESS_MISMATCH
                                                                            : X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

int tls_stream::keep_session(SSL* ssl, SSL_SESSION* session) {
  const auto* const self = static_cast<const tls_stream*>(SSL_get_ex_data(ssl, stream_index()));
  if (self == nullptr) return 0;
  self->context_->sessions.store(self->name_, self->rules_, std::unique_ptr<SSL_SESSION, free_ssl>(session));
  return 1;
}

// ---- Making one

/// Waits until the stream below has taken the last records, to finish it then.
class tls_stream::finisher final : public stream_user {
 public:
  explicit finisher(tls_stream& stream) noexcept : stream_(&stream) {}
  void forget() noexcept { stream_ = nullptr; }

  void handle_open(const base::error_code&) override {}
  void handle_readable(const base::error_code&) override {}
  void handle_writable(const base::error_code& error) override {
    if (stream_ != nullptr && !error) stream_->finish_below();
  }

 private:
  tls_stream* stream_;  // null once that is closed
};

tls_stream::tls_stream(const tls_context& context, SSL_CTX* own, std::unique_ptr<byte_stream> below,
                       const asio::any_io_executor& executor)
    : context_(context.state()), below_(std::move(below)), executor_(executor), ssl_(SSL_new(own)) {
  BIO* const bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr) {
    ssl_.reset();
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_ex_data(ssl_.get(), stream_index(), this);
}

tls_stream::~tls_stream() {
  if (finisher_) finisher_->forget();
}

std::unique_ptr<tls_stream> tls_stream::accept(const tls_context& context, std::unique_ptr<byte_stream> below,
                                               const asio::any_io_executor& executor) {
  std::unique_ptr<tls_stream> made(
      new tls_stream(context, context.state()->servers.front().context.get(), std::move(below), executor));
  if (made->ssl_) SSL_set_accept_state(made->ssl_.get());
  return made;
}

std::unique_ptr<tls_stream> tls_stream::connect(const tls_context& context,
                                                std::unique_ptr<byte_stream> below,
                                                const asio::any_io_executor& executor, std::string name,
                                                name_rules rules) {
  std::unique_ptr<tls_stream> made(
      new tls_stream(context, context.state()->client.get(), std::move(below), executor));
  made->name_ = std::move(name);
  made->rules_ = rules;
  SSL* const ssl = made->ssl_.get();
  if (ssl == nullptr) return made;
  SSL_set_connect_state(ssl);
  // RFC 6066 3: addresses are not asked for by SNI.
  if (!base::ip_address::from_string(made->name_)) {
    SSL_set_tlsext_host_name(ssl, made->name_.c_str());
  }
  if (context.options().verify_servers) SSL_set_verify(ssl, SSL_VERIFY_PEER, &verify);
  if (const auto session = context.state()->sessions.take(made->name_, rules))
    SSL_set_session(ssl, session.get());
  return made;
}

// ---- The handshake

/// Stands between the stream below and the user until the handshake is done.
class tls_stream::opener final : public stream_user, public std::enable_shared_from_this<opener> {
 public:
  opener(tls_stream& stream, std::shared_ptr<stream_user> user) : stream_(stream), user_(std::move(user)) {}

  void handle_open(const base::error_code& error) override {
    // A client speaks first.
    const SSL* const ssl = stream_.ssl_.get();
    if (!error && ssl != nullptr && SSL_is_server(ssl) == 1) {
      return stream_.below_->wait_readable(shared_from_this());
    }
    go_on(error);
  }
  void handle_readable(const base::error_code& error) override { go_on(error); }
  void handle_writable(const base::error_code& error) override { go_on(error); }

 private:
  void go_on(base::error_code error) {
    if (!error) {
      const need next = stream_.shake_hands(error);
      if (next == need::read) return stream_.below_->wait_readable(shared_from_this());
      if (next == need::write) return stream_.below_->wait_writable(shared_from_this());
    }
    user_->handle_open(error);
  }

  tls_stream& stream_;  // lives as long as its user
  std::shared_ptr<stream_user> user_;
};

void tls_stream::open(std::shared_ptr<stream_user> user) {
  const auto between = std::make_shared<opener>(*this, std::move(user));
  below_->open(between);
}

tls_stream::need tls_stream::shake_hands(base::error_code& error) {
  if (!ssl_) {
    error = asio::error::no_memory;
    return need::nothing;
  }
  drained_ = false;
  while (true) {
    if (!flush(error)) return must_wait(error) ? need::write : need::nothing;
    ERR_clear_error();
    read_budget_ = max_read_beside;
    const int result = SSL_do_handshake(ssl_.get());
    base::error_code why;
    if (result != 1) why = error_of(result);
    // An alert goes out, too.
    base::error_code flushed;
    if (!flush(flushed)) {
      if (must_wait(flushed) && (result == 1 || must_wait(why))) return need::write;
      error = why && !must_wait(why) ? why : flushed;
      return need::nothing;
    }
    if (must_wait(why)) return need::read;
    error = why;
    return need::nothing;
  }
}

base::error_code tls_stream::error_of(int result) {
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return asio::error::would_block;
  if (kind == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  if (const long why = SSL_get_verify_result(ssl_.get());
      why != X509_V_OK && !SSL_is_init_finished(ssl_.get())) {
    return {static_cast<int>(why), certificate_category()};
  }
  const unsigned long reason = ERR_peek_error();
  ERR_clear_error();
  // The peer went without saying so: whatever it was sending may be cut short.
  if (below_error_ == asio::error::eof) return asio::ssl::error::stream_truncated;
  if (kind == SSL_ERROR_SYSCALL && below_error_) return below_error_;
  if (reason != 0) return {static_cast<int>(reason), asio::error::get_ssl_category()};
  return asio::error::connection_aborted;
}

// ---- Reading and writing

std::size_t tls_stream::read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) {
  error = broken_;
  if (error) return 0;
  if (out_.size() - out_sent_ > max_waiting) {
    broken_ = error = errc::queue_full;
    return 0;
  }
  read_needs_ = need::nothing;
  read_budget_ = max_read_beside;
  for (const asio::mutable_buffer& buffer : into) read_budget_ += buffer.size();
  drained_ = false;
  std::size_t sum = 0;
  for (const asio::mutable_buffer& buffer : into) {
    auto* const start = static_cast<std::byte*>(buffer.data());
    for (std::size_t filled = 0; filled < buffer.size();) {
      ERR_clear_error();
      std::size_t n = 0;
      const int result = SSL_read_ex(ssl_.get(), start + filled, buffer.size() - filled, &n);
      if (result != 1) {
        const base::error_code why = error_of(result);
        if (must_wait(why)) {
          read_needs_ = need::read;
        } else {
          broken_ = why;
        }
        // What OpenSSL wants to say, as an alert or a key update, is not kept back.
        base::error_code ignored;
        flush(ignored);
        if (sum == 0) error = why;
        return sum;
      }
      filled += n;
      sum += n;
      if (drained_ && SSL_has_pending(ssl_.get()) == 0) {
        read_needs_ = need::read;
        return sum;
      }
    }
  }
  return sum;
}

bool tls_stream::flush(base::error_code& error) {
  while (out_sent_ < out_.size()) {
    const asio::const_buffer rest(out_.data() + out_sent_, out_.size() - out_sent_);
    const std::size_t n = below_->write_some({&rest, 1}, error);
    if (error && !must_wait(error)) broken_ = error;
    if (error) {
      if (out_sent_ > out_.size() / 2) {
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_sent_));
        out_sent_ = 0;
      }
      return false;
    }
    out_sent_ += n;
  }
  // An idle connection holds no memory for this.
  std::vector<std::byte>().swap(out_);
  out_sent_ = 0;
  return true;
}

std::size_t tls_stream::write_some(std::span<const asio::const_buffer> from, base::error_code& error) {
  // The peer may have finished and still read.
  error = broken_ == asio::error::eof ? base::error_code() : broken_;
  if (error || !flush(error)) return 0;
  if (accepted_ != 0) return std::exchange(accepted_, 0);
  std::size_t sum = 0;
  for (const asio::const_buffer& buffer : from) {
    const std::size_t wanted = std::min(buffer.size(), max_write - sum);
    if (wanted == 0) continue;
    ERR_clear_error();
    std::size_t n = 0;
    const int result = SSL_write_ex(ssl_.get(), buffer.data(), wanted, &n);
    if (result != 1) {
      if (sum == 0) error = error_of(result);
      break;
    }
    sum += n;
    if (n < buffer.size()) break;
  }
  if (base::error_code why; !flush(why)) {
    if (must_wait(why)) {
      accepted_ = sum;
    }
    error = why;
    return 0;
  }
  return sum;
}

void tls_stream::wait_readable(std::shared_ptr<stream_user> user) {
  if (broken_ || (read_needs_ == need::nothing && SSL_has_pending(ssl_.get()) == 1)) {
    asio::post(executor_, [user = std::move(user)] { user->handle_readable({}); });
    return;
  }
  below_->wait_readable(std::move(user));
}

void tls_stream::wait_writable(std::shared_ptr<stream_user> user) { below_->wait_writable(std::move(user)); }

void tls_stream::finish_writing() noexcept {
  if (finished_ || !ssl_) return;
  finished_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  finish_below();
}

void tls_stream::finish_below() noexcept {
  base::error_code error;
  if (!flush(error) && must_wait(error)) {
    if (!finisher_) finisher_ = std::make_shared<finisher>(*this);
    below_->wait_writable(finisher_);
    return;
  }
  below_->finish_writing();
}

void tls_stream::close() noexcept {
  if (!finished_ && ssl_ && !broken_ && SSL_is_init_finished(ssl_.get()) == 1) {
    finished_ = true;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    base::error_code ignored;
    flush(ignored);
  }
  if (finisher_) finisher_->forget();
  below_->close();
}

}  // namespace parley::net::detail
