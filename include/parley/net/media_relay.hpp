#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/media/relay_medium.hpp>
#include <parley/net/packet_recorder.hpp>
#include <parley/net/rtp_io.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::net {

/// An address at which media come in, and what peers are told instead where a NAT stands before it.
struct media_interface {
  std::string name;  ///< by which `media_relay::open` knows it; several may have one, one of each family
  base::ip_address bind;
  base::ip_address advertised;
};

/// How a `media_relay` works.
struct media_relay_options {
  std::vector<media_interface> interfaces;
  std::uint16_t low_port = 30000;
  std::uint16_t high_port = 39999;
  /// Where it is not 0, media have no ports of their own: all of one worker share this port, those of the
  /// next worker the next one, and so on, at each interface. A firewall then needs few holes, and a call no
  /// sockets. Packets are told apart by where signalling said that they come from, or by the SSRC that it
  /// said they have: a peer behind a NAT that says no SSRC is not heard. `low_port` and `high_port` are not
  /// used.
  std::uint16_t single_port = 0;
  std::size_t workers = 1;  ///< threads; a medium stays on one of them
  std::size_t max_media = 20000;
  rtp_io_options io{};
  /// While it is busy a worker waits for so many packets, but not longer than `patience`; see `rtp_io::poll`.
  std::size_t enough = 16;
  /// At a single port, where those that have arrived aren't counted, it waits for a third of it.
  base::duration patience = std::chrono::microseconds(1000);
  /// Called on a worker's thread when `media_relay::poll_key` has something after it had nothing: have it
  /// called on the thread of signalling. May be empty.
  std::function<void()> on_keys{};
};

/// A key that the peer of a side has pressed.
struct relay_press {
  std::uint64_t medium = 0;
  media::relay_side from = media::relay_side::offerer;
  media::relay_key key{};
};

/// Relays media between pairs of peers on threads of its own: sockets around `media::relay_medium`.
///
/// All calls are made on one thread, that of signalling, and none of them waits for the network. What is
/// applied holds from the next packet on.
class PARLEY_API media_relay {
 public:
  using medium_id = std::uint64_t;  ///< never 0, never the same twice

  /// *Ownership:* `random` outlives it. *Errors:* `errc::unsupported_transport` where the options name no
  /// interface; the system's, as `address_in_use` of a single port, or `invalid_argument` where there are
  /// more workers than ports behind it.
  static base::result<std::unique_ptr<media_relay>> create(const media_relay_options& options,
                                                           base::random_source& random);

  /// Ends the threads; what is on its way is dropped. Recorders are still there.
  ~media_relay();
  media_relay(const media_relay&) = delete;
  media_relay& operator=(const media_relay&) = delete;

  /// Which interface an end is to have: the first of that name and family; the first of the family where the
  /// name is empty.
  struct wanted_end {
    std::string_view interface;
    bool v6 = false;
  };

  /// Where the peer of a side is to send: advertised addresses.
  struct end_addresses {
    base::socket_address rtp;
    base::socket_address rtcp;
  };

  /// What `open` has opened.
  struct opened {
    medium_id id = 0;
    std::array<end_addresses, 2> ends{};  ///< by `media::relay_side`
  };

  /// Opens the ports of both sides. Nothing is forwarded until `apply` has said to where. Media of one
  /// `call`, where it is not 0, may have the same peer at a shared port, as the branches of a forked call
  /// do: it is heard in the one that has named it last, or is preferred. *Errors:* `errc::unknown_listener`
  /// for an interface that there is not; `errc::limit_reached` where no ports are left, or `max_media` are
  /// open: refuse the call, and try again with the next.
  base::result<opened> open(const std::array<wanted_end, 2>& ends, std::uint64_t call = 0);

  /// *Errors:* `errc::closed` where the medium is gone; `errc::source_taken` where its port is shared and a
  /// medium of another call has the same peer there, which names no SSRC, or the peer is that port itself; of
  /// the keys. Nothing has changed then.
  base::result<void> apply(medium_id id, media::relay_side side, const media::relay_end_settings& settings);

  /// The call of that medium is over, and its media pass for a while longer: at a shared port another medium
  /// may have the same peers from now on, until this one is applied with another, or preferred.
  void give_way(medium_id id);
  /// Of the media of one call at a shared port this one hears the peers that they have in common.
  void prefer(medium_id id);

  /// As `media::relay_medium::relearn`.
  void relearn(medium_id id, media::relay_side side);

  /// Marks what that side is sent (RFC 2474). *Errors:* `errc::closed`, `errc::shared_port`, the system's.
  base::result<void> mark(medium_id id, media::relay_side side, std::uint8_t code_point);

  /// Has what the peers of both sides send written into a capture file, decrypted, until `stop_recording` or
  /// `close`: in place of another recording of that medium, if there is one. *Errors:* `errc::closed`; those
  /// of `packet_recorder::open`.
  base::result<void> record(medium_id id, packet_recorder& recorder, const std::string& path);
  void stop_recording(medium_id id);

  /// Plays a clip to the peer of a side, as `media::relay_medium::play`. The medium's worker encodes it, 20
  /// ms at a time. *Ownership:* whoever wants no worker to free a large clip keeps it longer. *Errors:*
  /// `errc::closed`; those of `media::played_sound::create`.
  base::result<void> play(medium_id id, media::relay_side to, std::shared_ptr<const media::sound_clip> clip,
                          const media::audio_format& format, std::uint8_t payload_type, unsigned repeat = 1);
  void stop_playing(medium_id id, media::relay_side to);
  /// Sends a key to the peer of a side. *Errors:* `errc::closed`; those of `media::relay_medium::press`.
  base::result<void> press(medium_id id, media::relay_side to, media::relay_player::key key);
  /// True while sound or keys are being sent to the peer of a side.
  bool plays(medium_id id, media::relay_side to) const;

  /// The next key that a peer has pressed in telephone-events, where rules name them. 1024 may wait; what is
  /// more is left out.
  std::optional<relay_press> poll_key();

  /// Ends it. Its ports are the last to be given out again.
  void close(medium_id id);

  /// What a side has sent, and from where. All zero where the medium is gone.
  struct end_state {
    media::relay_end_counters counters;
    base::socket_address source;
  };
  end_state state(medium_id id, media::relay_side side) const;

  std::size_t size() const noexcept;
  /// Pairs of ports, over all interfaces; both are 0 where media share ports.
  std::size_t ports() const noexcept;
  std::size_t ports_available() const noexcept;
  rtp_engine engine() const noexcept;
  /// Of all workers together, at most a second old.
  rtp_io_counters io_counters() const;
  /// Datagrams that came to a shared port and belong to no medium.
  std::uint64_t unclaimed() const noexcept;

 private:
  struct impl;
  explicit media_relay(std::unique_ptr<impl> made);
  std::unique_ptr<impl> impl_;
};

}  // namespace parley::net
