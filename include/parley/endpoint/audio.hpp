#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/endpoint/call_media.hpp>
#include <parley/endpoint/completion.hpp>
#include <parley/media/audio_format.hpp>
#include <parley/media/audio_stream.hpp>
#include <parley/media/sound_io.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace parley {

/// Whether the sound of a call is encrypted, by SRTP with keys in the descriptions (RFC 4568): as safe as the
/// signalling is.
enum class srtp_use : std::uint8_t {
  never,
  offered,   ///< where the peer can, too (RFC 8643)
  required,  ///< the call comes to nothing where the peer can't
};

/// What a call's `audio` is like.
struct audio_options {
  /// Encodings by their names in rtpmap, the preferred one first: `{"opus", "PCMA"}`. Where it is empty, all
  /// that this build has codecs for, but L16.
  std::vector<std::string> codecs = {};
  /// telephone-event: keys go and come within the media (RFC 4733).
  bool keys = true;
  /// CN: silence is described in the place of being sent (RFC 3389), with codecs that have no other way.
  bool comfort_noise = false;
  srtp_use srtp = srtp_use::never;
  /// Of sound in a packet: 10 to 60 ms in steps of 10. The peer's a=ptime comes first.
  base::duration packet_time = std::chrono::milliseconds(20);
  /// `rate` is that of sources, sinks and recordings; codecs whose sound has a higher one are left out.
  media::audio_stream_options stream = {.rate = 16000};
};

/// The sound of one call: a codec that both ends have, an RTP stream each way, and what is heard and said.
///
/// ```cpp
/// parley::call_options options;
/// const auto sound = *parley::audio::make(ep.get_executor(), {.codecs = {"opus", "PCMU"}});
/// options.media = sound;
/// const parley::call call = co_await ep.call("sip:bob@192.0.2.7", options);
/// co_await sound->play("hello.wav");
/// ```
///
/// A peer whose description has a name for an address is heard, and spoken to where it speaks from.
///
/// *Ownership:* of one call. One thread only, the executor's.
class PARLEY_API audio final : public call_media, public std::enable_shared_from_this<audio> {
 public:
  /// *Errors:* `media::errc::unknown_codec` where one of `codecs` is not in this build, or all are left out;
  /// `media::errc::unsupported_rate`; `media::errc::bad_frame_length` for the packet time.
  static base::result<std::shared_ptr<audio>> make(const asio::any_io_executor& executor,
                                                   const audio_options& options = {});
  ~audio() override;

  /// Of the sound on this side, in Hz.
  std::uint32_t rate() const noexcept;
  /// What is sent with; nothing before that is agreed on, or where nothing is.
  std::optional<media::audio_format> codec() const;
  /// How good it is, or was: also when the call is over.
  media::audio_statistics statistics() const noexcept;
  /// Why what was agreed on last can't be done; none where it can. The stream goes on as it was then.
  const base::error_code& error() const noexcept;

  /// Where the sound comes from that is sent, from now on; none stands for silence. What `play` plays ends
  /// with `asio::error::operation_aborted`.
  void set_source(std::shared_ptr<media::sound_source> source);
  /// Where the peer's sound goes, from now on. A recording ends.
  void set_sink(std::shared_ptr<media::sound_sink> sink);

  /// Plays a WAV or Ogg Opus file once, from when sound may be sent, and then silence: `void(error_code)`
  /// when its last sound was read. Cancelling ends the wait, and it plays on. *Errors:* the system's;
  /// `media::errc::unknown_file` for another kind of file; `asio::error::operation_aborted` where another
  /// source takes its place, or the call is over.
  template <class Token = default_token>
  auto play(std::string path, Token&& token = {}) {
    return detail::initiate<>(std::forward<Token>(token),
                              [self = shared_from_this(), path = std::move(path)](detail::completion<> done) {
                                self->start_play(path, std::move(done));
                              });
  }

  /// Writes the peer's sound to a file, Ogg Opus where its name ends in .opus or .ogg, else WAV, until
  /// `stop_recording` or the end of the call; what was there under that name is gone. What was recorded
  /// before is complete first. *Errors:* the system's; those of `media::sound_file_writer::create`.
  base::result<void> record(const std::string& path);
  /// Completes the file. *Errors:* the first that there was in writing it, as on a disk that is full; also
  /// where the call's end has completed it. Without a recording none.
  base::result<void> stop_recording();

  std::vector<offer_answer::medium> describe() override;
  base::result<offer_answer::local_transport> open(std::size_t place, const base::ip_address& local) override;
  void apply(std::span<const offer_answer::negotiated_medium> agreed) override;
  void close() override;
  void on_key(const key_handler& told) override;
  bool can_send_keys() const noexcept override;
  void send_keys(const std::string& keys, const std::function<void(const base::error_code&)>& done) override;

 private:
  struct state;
  explicit audio(std::unique_ptr<state> made);
  void start_play(const std::string& path, detail::completion<> done);

  std::unique_ptr<state> state_;
};

}  // namespace parley
