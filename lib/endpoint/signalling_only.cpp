#include <parley/endpoint/call_media.hpp>
#include <parley/endpoint/error.hpp>
#include <parley/net/reserved_port.hpp>

#include <utility>

namespace parley {
namespace {

/// Announces what any telephone has, and leaves it alone.
class silent_media final : public call_media {
 public:
  /// What all calls of an endpoint have together.
  struct shared {
    net::reserved_port port;
    std::vector<offer_answer::medium> described;
  };

  explicit silent_media(std::shared_ptr<shared> of) : of_(std::move(of)) {}

  static std::vector<offer_answer::medium> telephone() {
    offer_answer::medium audio;
    audio.formats = {{.codec = {0, "PCMU", 8000, 1}, .parameters = {}, .feedback = {}},
                     {.codec = {8, "PCMA", 8000, 1}, .parameters = {}, .feedback = {}},
                     {.codec = {101, "telephone-event", 8000, 1}, .parameters = "0-15", .feedback = {}}};
    return {audio};
  }

  std::vector<offer_answer::medium> describe() override { return of_->described; }

  base::result<offer_answer::local_transport> open(std::size_t, const base::ip_address& local) override {
    const auto port = of_->port.local_port(local.is_v6());
    if (!port) return port.error();
    return offer_answer::local_transport{.rtp = {local, *port}};
  }

  void apply(std::span<const offer_answer::negotiated_medium>) override {}

 private:
  std::shared_ptr<shared> of_;
};

}  // namespace

call_media::~call_media() = default;
void call_media::on_key(const key_handler&) {}
void call_media::send_keys(const std::string&, const std::function<void(const base::error_code&)>& done) {
  done(errc::not_now);
}

media_factory signalling_only() {
  auto shared = std::make_shared<silent_media::shared>();
  shared->described = silent_media::telephone();
  return [shared = std::move(shared)] { return std::make_shared<silent_media>(shared); };
}

}  // namespace parley
