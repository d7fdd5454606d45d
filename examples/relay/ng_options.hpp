#pragma once

#include <parley/base/address.hpp>

#include "outcome.hpp"
#include "value.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relay {

namespace base = parley::base;

/// What becomes of a key or a flag that clients may send.
enum class support : std::uint8_t {
  done,
  ignored,  ///< without it the same happens, or what it asks for does no harm when it is left out
  refused,  ///< the command fails with a reason
};

enum class rtcp_attribute : std::uint8_t { plain, none, full };
enum class learning_mode : std::uint8_t { off, delayed, immediate };

/// Which codecs are taken out of an offer, put into it, or translated. Each entry is a name as "PCMA", or one
/// with its rate as "opus/48000/2", or `all` or `full`.
struct codec_wishes {
  std::vector<std::string> strip{};      ///< neither side hears of them
  std::vector<std::string> mask{};       ///< kept from the other side; the offering one may go on to use them
  std::vector<std::string> consume{};    ///< as `mask`, and translated even if nothing else is
  std::vector<std::string> accept{};     ///< offered; where they are refused they are translated
  std::vector<std::string> offer{};      ///< kept although `strip` or `mask` says `all`
  std::vector<std::string> except{};     ///< likewise
  std::vector<std::string> transcode{};  ///< added to what the other side is offered
  bool always_transcode = false;         ///< each codec that can be translated is accepted, and events
  bool detect_dtmf = false;              ///< digits are looked for in sound, too
};

struct sdes_wishes {
  bool off = false;
  bool nonew = false;             ///< only suites that the offering side has named
  std::vector<std::string> no{};  ///< suites that are not to be used
  std::vector<std::string> only{};
};

struct rtcp_mux_wishes {
  bool offer = false;
  bool require = false;
  bool demux = false;
  bool accept = false;
  bool reject = false;
};

struct replacements {
  bool origin = false;
  bool session_connection = false;
  bool session_name = false;
  bool username = false;
  bool sdp_version = false;
  bool zero_address = false;
};

/// Everything that a command may say.
struct ng_options {
  std::string call_id{}, from_tag{}, to_tag{}, via_branch{}, label{}, set_label{}, sdp{};
  std::string address{};  ///< picks a side by where it receives
  bool all = false;       ///< both sides are meant

  bool sip_source_address = false;
  std::optional<base::ip_address> received_from{};
  std::optional<base::ip_address> media_address{};
  std::array<std::string, 2> interfaces{};
  std::optional<bool> v6{};  ///< what the other side is to see
  learning_mode learning = learning_mode::delayed;
  bool media_handover = false;

  rtcp_attribute rtcp = rtcp_attribute::plain;
  rtcp_mux_wishes rtcp_mux{};
  replacements replace{};
  std::string protocol{};  ///< of the m= lines that the other side sees; empty: that of the offer
  bool osrtp_offer = false;
  bool osrtp_accept = false;
  sdes_wishes sdes{};
  codec_wishes codecs{};
  std::optional<std::uint32_t> ptime_ms{};
  std::optional<std::uint8_t> tos{};
  std::optional<bool> drop_traffic{};

  std::optional<bool> record{};
  std::string metadata{};
  std::optional<std::chrono::seconds> delete_delay{};
  bool fatal = false;       ///< `delete` of what isn't there is an error
  bool load_limit = false;  ///< the client knows the result "load limit"

  std::string file{}, blob{};
  unsigned repeat = 1;
  std::string digit{};
  std::optional<std::chrono::milliseconds> length{}, pause{};
  std::optional<std::uint8_t> volume{};  ///< of a digit, -dBm0
  std::size_t limit = 32;

  /// What was left out, for the answer's `warning`.
  std::vector<std::string> unknown{};
};

/// One flag: what clients call it, what becomes of it, and why where it isn't done.
struct known_flag {
  std::string_view name;
  support state = support::done;
  std::string_view why{};
  void (*apply)(ng_options&) = nullptr;
};

/// Those of the list `flags`. Static storage.
std::span<const known_flag> known_flags() noexcept;

/// What a command says, or why it is refused: a sentence that names the key or flag.
using options_result = outcome<ng_options>;

/// Reads the dictionary of a command. Flags and keys that nobody knows are left out, and named in `unknown`.
options_result read_options(const value& command);

}  // namespace relay
