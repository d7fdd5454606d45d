#include "net/detail/websocket_stream.hpp"

#include <parley/net/error.hpp>
#include <parley/sip/error.hpp>

#include "net/detail/beast_layer.hpp"
#include "net/detail/http_door.hpp"
#include "net/detail/upgrade_stream.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/file_body.hpp>
#include <boost/beast/http/message_generator.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace parley::net::detail {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

// What one read takes. Larger messages come in several; an idle connection holds this much.
constexpr std::size_t read_bytes = 1024;
// What may come without a byte of a message in it: empty frames, which nothing else bounds, and pings.
constexpr std::size_t empty_bytes = std::size_t{1} << 20U;

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

/// Lives as long as the stream and its handlers.
class websocket_stream::session : public std::enable_shared_from_this<session> {
 public:
  session(std::unique_ptr<byte_stream> below, const asio::any_io_executor& executor,
          std::shared_ptr<const websocket_options> options, std::size_t max_message, std::string host,
          beast::role_type role)
      : ws_(std::move(below), executor), options_(std::move(options)), host_(std::move(host)), role_(role) {
    ws_.read_message_max(max_message);
    ws_.auto_fragment(false);
    websocket::permessage_deflate deflate;
    deflate.server_enable = deflate.client_enable = options_->compression;
    ws_.set_option(deflate);
    ws_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      // A copy, because the reader may let go of the stream in what follows.
      if (const auto user = reader_; user && kind != websocket::frame_type::close) {
        user->handle_sign_of_life(kind == websocket::frame_type::pong);
      }
    });
  }

  // ---- Opening

  void open(std::shared_ptr<stream_user> user) {
    opener_ = std::move(user);
    below().open(std::make_shared<below_user>(shared_from_this()));
  }

  // ---- Reading

  std::size_t read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) {
    error = {};
    if (read_size_ == read_taken_) {
      error = broken_ ? broken_ : base::error_code(asio::error::would_block);
      return 0;
    }
    const asio::const_buffer rest(read_.data() + read_taken_, read_size_ - read_taken_);
    const std::size_t n = asio::buffer_copy(into, rest);
    read_taken_ += n;
    return n;
  }
  bool at_message_end() const noexcept { return message_ended_ && read_taken_ == read_size_; }

  void wait_readable(std::shared_ptr<stream_user> user) {
    reader_ = std::move(user);
    if (broken_ || read_taken_ != read_size_) return post_readable();
    if (!reading_) read();
  }

  // ---- Writing

  std::size_t write_some(std::span<const asio::const_buffer> from, base::error_code& error) {
    error = broken_;
    if (error) return 0;
    if (writing_) {
      error = asio::error::would_block;
      return 0;
    }
    const asio::const_buffer& message = from.front();
    const auto* const start = static_cast<const char*>(message.data());
    out_.assign(start, start + message.size());
    // RFC 7118 4.2: either kind carries SIP; text has to be UTF-8.
    ws_.text(is_ascii({out_.data(), out_.size()}));
    writing_ = true;
    ws_.async_write(asio::buffer(out_),
                    [self = shared_from_this()](base::error_code why, std::size_t) { self->written(why); });
    return message.size();
  }
  void wait_writable(std::shared_ptr<stream_user> user) {
    writer_ = std::move(user);
    if (!writing_ || broken_) post_writable();
  }

  bool ping() {
    if (pinging_ || broken_ || closed_) return false;
    pinging_ = true;
    ws_.async_ping({}, [self = shared_from_this()](base::error_code why) {
      self->pinging_ = false;
      if (why) self->fail(why);
    });
    return true;
  }

  // ---- Ending

  void finish() {
    if (closed_ || finished_ || !ws_.is_open()) return;
    finished_ = true;
    ws_.async_close(websocket::close_code::normal, [self = shared_from_this()](base::error_code why) {
      if (why) self->fail(why);
    });
  }
  void close() {
    if (closed_) return;
    closed_ = true;
    opener_ = reader_ = writer_ = nullptr;
    below().close();
  }

 private:
  using request_parser = http::request_parser<http::empty_body>;

  /// Waits for the stream below to open.
  class below_user final : public stream_user {
   public:
    explicit below_user(std::shared_ptr<session> all) : all_(std::move(all)) {}
    void handle_open(const base::error_code& error) override { all_->below_opened(error); }
    void handle_readable(const base::error_code&) override {}
    void handle_writable(const base::error_code&) override {}

   private:
    std::shared_ptr<session> all_;
  };

  byte_stream& below() noexcept { return ws_.next_layer().stream(); }

  void opened(const base::error_code& error) {
    if (const auto user = std::exchange(opener_, nullptr)) user->handle_open(error);
  }

  void below_opened(const base::error_code& error) {
    if (error || closed_) return opened(error);
    if (role_ == beast::role_type::server) return read_request();
    ws_.set_option(websocket::stream_base::decorator(
        [](websocket::request_type& request) { request.set(http::field::sec_websocket_protocol, "sip"); }));
    ws_.async_handshake(host_, options_->target,
                        [self = shared_from_this()](base::error_code why) { self->opened(why); });
  }

  void read_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options_->request_bytes));
    parser_->body_limit(std::uint64_t{0});
    http::async_read(
        ws_.next_layer(), http_buffer_, *parser_,
        [self = shared_from_this()](base::error_code why, std::size_t n) { self->request_read(why, n); });
  }

  void request_read(const base::error_code& error, std::size_t size) {
    if (closed_) return;
    // Beast looks at its limit only where a request comes in several pieces.
    if (error == http::error::header_limit || (!error && size > options_->request_bytes))
      return answer({.status = 431, .body = "the request is too large\n"});
    if (error == http::error::body_limit) return answer({.status = 413, .body = "no body is taken\n"});
    if (error == http::error::end_of_stream) return opened(asio::error::eof);
    if (error.category() == http::make_error_code(http::error::bad_method).category()) {
      return answer({.status = 400, .body = error.message() + "\n"});
    }
    if (error) return opened(error);
    http_verdict verdict = judge(parser_->get(), *options_);
    if (verdict.what != http_verdict::kind::upgrade) return answer(std::move(verdict));
    ws_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol, "sip");
    }));
    ws_.async_accept(parser_->get(), [self = shared_from_this()](base::error_code why) {
      self->parser_.reset();
      // What came behind the request is lost to the WebSocket: a client waits for the answer (RFC 6455 4.1).
      const bool early = self->http_buffer_.size() != 0;
      self->http_buffer_ = {};
      self->opened(why || !early ? why : base::error_code(websocket::error::bad_opcode));
    });
  }

  void answer(http_verdict verdict) {
    const bool parsed = parser_->is_header_done();
    const bool head = parsed && parser_->get().method() == http::verb::head;
    const auto fill = [&](auto& response) {
      response.version(11);
      response.result(verdict.status);
      response.set(http::field::content_type, verdict.type);
      response.set(http::field::connection, "close");
      response.set("X-Content-Type-Options", "nosniff");
      if (verdict.status == 426) response.set(http::field::upgrade, "websocket");
      if (verdict.status == 405) response.set(http::field::allow, "GET, HEAD");
    };
    if (verdict.what == http_verdict::kind::file) {
      http::response<http::file_body> response;
      base::error_code error;
      response.body().open(verdict.file.c_str(), beast::file_mode::scan, error);
      if (!error) {
        fill(response);
        response.content_length(response.body().size());
        if (!head) return write(http::message_generator(std::move(response)));
        http::response<http::empty_body> only_head;
        fill(only_head);
        only_head.content_length(response.body().size());
        return write(http::message_generator(std::move(only_head)));
      }
      verdict = {.status = 404, .body = "there is no such file\n"};
    }
    http::response<http::string_body> response;
    fill(response);
    response.content_length(verdict.body.size());
    if (!head) response.body() = std::move(verdict.body);
    write(http::message_generator(std::move(response)));
  }

  void write(http::message_generator&& message) {
    answer_.emplace(std::move(message));
    opener_->handle_answering(false);
    write_on();
  }

  void write_on() {
    base::error_code error;
    const auto buffers = answer_->prepare(error);
    if (error) return opened(error);
    ws_.next_layer().async_write_some(
        buffers,
        [self = shared_from_this()](base::error_code why, std::size_t n) { self->answered(why, n); });
  }

  void answered(const base::error_code& error, std::size_t n) {
    if (closed_) return;
    if (error) return opened(error);
    answer_->consume(n);
    const bool done = answer_->is_done();
    opener_->handle_answering(done);
    if (!done) return write_on();
    answer_.reset();
    below().finish_writing();
    drain_http();
  }

  // Reads until the client has gone: closing earlier could destroy what it has not read yet.
  void drain_http() {
    ws_.next_layer().async_read_some(asio::buffer(read_),
                                     [self = shared_from_this()](base::error_code why, std::size_t) {
                                       if (why) return self->opened(errc::served_http);
                                       if (self->closed_) return;
                                       self->drain_http();
                                     });
  }

  void read() {
    reading_ = true;
    message_ended_ = false;
    ws_.next_layer().allow_reading(empty_bytes, websocket::error::bad_continuation);
    ws_.async_read_some(
        asio::buffer(read_),
        [self = shared_from_this()](base::error_code why, std::size_t n) { self->was_read(why, n); });
  }

  void was_read(const base::error_code& error, std::size_t n) {
    reading_ = false;
    read_size_ = n;
    read_taken_ = 0;
    if (error) {
      read_size_ = 0;
      broken_ = error;
      // Where we have closed first, Beast ends the read so once the peer has closed, too.
      if (error == websocket::error::closed || (finished_ && error == asio::error::operation_aborted))
        broken_ = asio::error::eof;
      if (error == websocket::error::message_too_big) broken_ = sip::errc::message_too_large;
    } else {
      message_ended_ = ws_.is_message_done();
      // A message of no bytes, or the end of one: nothing is there to be read.
      if (n == 0 && !message_ended_) return read();
    }
    if (const auto user = std::exchange(reader_, nullptr)) user->handle_readable({});
  }

  void written(const base::error_code& error) {
    writing_ = false;
    if (error) {
      fail(error);
    } else {
      std::vector<char>().swap(out_);
    }
    if (const auto user = std::exchange(writer_, nullptr)) user->handle_writable(error);
  }

  // Nobody may be waiting to write, and the reader would wait for what never comes.
  void fail(const base::error_code& error) {
    // The read that is under way has met the reason, and tells.
    if (reading_ && error == asio::error::operation_aborted) return;
    if (!broken_) broken_ = error;
    if (reader_) post_readable();
  }

  void post_readable() {
    asio::post(ws_.get_executor(), [self = shared_from_this()] {
      if (const auto user = std::exchange(self->reader_, nullptr)) user->handle_readable({});
    });
  }
  void post_writable() {
    asio::post(ws_.get_executor(), [self = shared_from_this()] {
      if (const auto user = std::exchange(self->writer_, nullptr)) user->handle_writable(self->broken_);
    });
  }

  websocket::stream<beast_layer> ws_;
  std::shared_ptr<const websocket_options> options_;
  std::string host_;
  beast::role_type role_;
  std::optional<request_parser> parser_;
  std::optional<http::message_generator> answer_;
  beast::flat_buffer http_buffer_;

  std::shared_ptr<stream_user> opener_;
  std::shared_ptr<stream_user> reader_;
  std::shared_ptr<stream_user> writer_;
  std::array<char, read_bytes> read_;
  std::size_t read_size_ = 0;
  std::size_t read_taken_ = 0;
  std::vector<char> out_;
  base::error_code broken_;
  bool message_ended_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool pinging_ = false;
  bool finished_ = false;
  bool closed_ = false;
};

websocket_stream::websocket_stream(std::shared_ptr<session> made) : session_(std::move(made)) {}
websocket_stream::~websocket_stream() { session_->close(); }

std::unique_ptr<websocket_stream> websocket_stream::accept(std::unique_ptr<byte_stream> below,
                                                           const asio::any_io_executor& executor,
                                                           std::shared_ptr<const websocket_options> options,
                                                           std::size_t max_message) {
  return std::unique_ptr<websocket_stream>(new websocket_stream(std::make_shared<session>(
      std::move(below), executor, std::move(options), max_message, std::string(), beast::role_type::server)));
}

std::unique_ptr<websocket_stream> websocket_stream::connect(std::unique_ptr<byte_stream> below,
                                                            const asio::any_io_executor& executor,
                                                            std::shared_ptr<const websocket_options> options,
                                                            std::size_t max_message, std::string host) {
  below = std::make_unique<upgrade_stream>(std::move(below), executor, options->request_bytes,
                                           options->compression);
  return std::unique_ptr<websocket_stream>(new websocket_stream(
      std::make_shared<session>(std::move(below), executor, std::move(options), max_message, std::move(host),
                                beast::role_type::client)));
}

void websocket_stream::open(std::shared_ptr<stream_user> user) { session_->open(std::move(user)); }
std::size_t websocket_stream::read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) {
  return session_->read_some(into, error);
}
std::size_t websocket_stream::write_some(std::span<const asio::const_buffer> from, base::error_code& error) {
  return session_->write_some(from, error);
}
void websocket_stream::wait_readable(std::shared_ptr<stream_user> user) {
  session_->wait_readable(std::move(user));
}
void websocket_stream::wait_writable(std::shared_ptr<stream_user> user) {
  session_->wait_writable(std::move(user));
}
void websocket_stream::finish_writing() noexcept { session_->finish(); }
void websocket_stream::close() noexcept { session_->close(); }
bool websocket_stream::at_message_end() const noexcept { return session_->at_message_end(); }
bool websocket_stream::ping() noexcept { return session_->ping(); }
bool websocket_stream::is_violation(const base::error_code& error) noexcept {
  return error == websocket::condition::protocol_violation;
}

}  // namespace parley::net::detail
