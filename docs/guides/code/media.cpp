// The program behind the guide "Media": a call with sound over the loopback address, and below it codecs, jitter buffer, conference and
// detector without a socket or a clock.
#include <parley/media/dtmf_detector.hpp>
#include <parley/media/mixer.hpp>
#include <parley/media/sound_file.hpp>
#include <parley/media/transcoder.hpp>
#include <parley/net/file_store.hpp>
#include <parley/parley.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace media = parley::media;
using namespace std::chrono_literals;

namespace {

// [take]
asio::awaitable<void> take(parley::incoming_call in, std::string file) {
  const auto executor = co_await asio::this_coro::executor;
  const auto sound = *parley::audio::make(executor);
  const parley::call call = co_await in.answer(sound);
  if (const auto recording = sound->record(file); !recording) std::cout << recording.error().message() << '\n';
  for (;;) {
    const auto [error, event] = co_await call.next_event(parley::as_values);
    if (error) co_return;
    if (event.what == parley::call_event::kind::dtmf) std::cout << "key " << event.key << '\n';
  }
}
// [/take]

// [tone]
void ring(parley::audio& sound) {
  sound.set_source(std::make_shared<media::tone_source>(media::continuous_tone(425), sound.rate()));
}
// [/tone]

// [place]
asio::awaitable<void> place(parley::endpoint& alice, std::string bob, std::string file) {
  parley::audio_options wishes;
  wishes.codecs = {"opus", "PCMA"};
  wishes.srtp = parley::srtp_use::offered;
  const auto sound = parley::audio::make(alice.get_executor(), wishes);
  if (!sound) throw boost::system::system_error(sound.error());
  parley::call_options options;
  options.media = *sound;
  const parley::call call = co_await alice.call(bob, options);
  ring(**sound);
  co_await (*sound)->play(file);
  co_await call.send_dtmf("42#");
  call.hang_up();
  co_await call.ended();

  const media::audio_statistics heard = (*sound)->statistics();
  std::cout << heard.received << " packets, " << 100 * heard.loss << " % lost, opinion score "
            << heard.opinion_score << '\n';
}
// [/place]

// [file]
parley::base::result<void> write_tone(const std::string& path) {
  auto store = parley::net::file_store::create(path);
  if (!store) return store.error();
  auto file = media::sound_file_writer::create(*store, media::sound_encoding::wav_s16, {16000, 1});
  if (!file) return file.error();
  media::tone_generator tone(16000);
  if (const auto playing = tone.play(media::continuous_tone(440)); !playing) return playing;
  std::array<std::int16_t, 160> frame{};  // 10 ms
  for (int i = 0; i < 50; ++i) {
    tone.generate(frame);
    if (const auto written = file->write(frame); !written) return written;
  }
  return file->finish();
}
// [/file]

// [transcode]
parley::base::result<std::size_t> transcode(const std::vector<std::vector<std::byte>>& payloads) {
  const media::audio_format pcma{"PCMA", 8000, 8000, 1, {}};
  const media::audio_format opus{"opus", 48000, 48000, 1, {}};
  auto between = media::transcoder::create(pcma, opus);
  if (!between) return between.error();
  std::vector<std::byte> out(between->max_payload());
  std::size_t bytes = 0;
  std::uint32_t timestamp = 0;
  for (const std::vector<std::byte>& payload : payloads) {
    // What is lost is not handed over: the timestamps of the next tell, and the gap is filled.
    if (const auto taken = between->handle_payload(payload, timestamp, timestamp == 0); !taken)
      std::cout << taken.error().message() << '\n';
    timestamp += 160;
    while (const auto made = between->poll_transmit(out)) bytes += made->size;
  }
  return bytes;
}
// [/transcode]

// [conference]
std::size_t confer(const std::vector<std::vector<std::int16_t>>& said) {
  media::mixer conference({8000, 1});
  std::vector<media::mixer::party> parties;
  for (std::size_t i = 0; i < said.size(); ++i) parties.push_back(*conference.join());
  // Each 10 ms:
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (!conference.put(parties[i], said[i])) return 0;
  }
  conference.mix();
  std::size_t heard = 0;
  std::vector<std::int16_t> frame(conference.frame_size());
  for (const media::mixer::party who : parties) {
    if (conference.take(who, frame)) heard += frame.front() != 0;
  }
  return heard;
}
// [/conference]

asio::awaitable<void> run(parley::endpoint& alice, parley::endpoint& bob, std::string folder) {
  const std::string said = folder + "/said.wav";
  const std::string heard = folder + "/heard.wav";
  if (const auto written = write_tone(said); !written) throw boost::system::system_error(written.error());
  bob.on_call([heard](parley::incoming_call in) { return take(std::move(in), heard); });
  const std::string address = "sip:bob@" + bob.local_address().to_string();
  co_await place(alice, address, said);
  co_await alice.close();
  co_await bob.close();
}

}  // namespace

int main() {
  const std::string folder = (std::filesystem::temp_directory_path() / "parley-guide-media").string();
  std::filesystem::create_directories(folder);
  int status = 1;
  try {
    asio::io_context io;
    // [all]
    parley::endpoint_options options;
    options.listen = {"udp:127.0.0.1:0"};
    options.media = [executor = io.get_executor()] { return *parley::audio::make(executor); };
    // [/all]
    parley::endpoint alice(io, options);
    parley::endpoint bob(io, options);
    asio::co_spawn(io, run(alice, bob, folder), [&](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
      status = 0;
      io.stop();
    });
    io.run();
    const std::vector<std::vector<std::byte>> silence(50, std::vector<std::byte>(160, std::byte{0xD5}));
    if (transcode(silence).value() == 0) status = 1;
    if (confer({std::vector<std::int16_t>(80, 100), std::vector<std::int16_t>(80, 50), {}}) != 0) status = 1;
    if (confer({std::vector<std::int16_t>(80, 100), std::vector<std::int16_t>(80, 50)}) != 2) status = 1;
    if (std::filesystem::file_size(folder + "/heard.wav") < 8000) status = 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  std::filesystem::remove_all(folder);
  return status;
}
