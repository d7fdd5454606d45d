#include "net/detail/dns_answer.hpp"

#include <parley/base/byte_reader.hpp>
#include <parley/net/error.hpp>
#include <parley/sip/chars.hpp>

#include <algorithm>
#include <ares.h>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace parley::net::detail {
namespace {

constexpr std::uint16_t type_ns = 2;
constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_soa = 6;
constexpr std::uint16_t class_internet = 1;

/// The fields before a record's data (RFC 1035 3.2.1).
struct record_head {
  std::string owner;
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
  base::duration ttl{};
  std::size_t end = 0;  ///< of the data
};

// RFC 2181 8: a TTL with its highest bit set is zero.
base::duration seconds(std::uint32_t ttl) noexcept {
  return std::chrono::seconds(ttl > std::uint32_t{std::numeric_limits<std::int32_t>::max()} ? 0 : ttl);
}

/// True where `name` is `parent` or below it.
bool is_within(std::string_view name, std::string_view parent) noexcept {
  if (parent.empty()) return true;
  if (name.size() < parent.size()) return false;
  const std::string_view end = name.substr(name.size() - parent.size());
  return sip::iequals(end, parent) &&
         (name.size() == parent.size() || name[name.size() - parent.size() - 1] == '.');
}

class answer_reader {
 public:
  answer_reader(std::span<const std::byte> message, std::string_view name, record_type type,
                const dns_answer_limits& limits)
      : message_(message), in_(message), name_(name), type_(type), limits_(limits) {}

  base::result<dns_answer> read() {
    if (!read_header() || !read_question()) return errc::dns_bad_answer;
    if (rcode_ != no_error && rcode_ != no_such_name) {
      out_.error = errc::dns_failed;
      return std::move(out_);
    }
    const bool good = answers_ + authorities_ <= limits_.max_sections &&
                      each(answers_, &answer_reader::take_answer) && follow_aliases() &&
                      each(authorities_, &answer_reader::take_authority);
    if (!good) return errc::dns_bad_answer;
    finish();
    return std::move(out_);
  }

 private:
  enum rcode : std::uint8_t { no_error = 0, no_such_name = 3 };

  struct alias {
    std::string owner;
    std::string target;
    base::duration ttl;
  };
  struct owned_record {
    std::string owner;
    name_record record;
  };

  bool read_header() {
    const auto id = in_.u16();
    const auto flags = in_.u16();
    const auto questions = in_.u16();
    const auto answers = in_.u16();
    const auto authorities = in_.u16();
    const auto additional = in_.u16();
    if (!id || !additional) return false;
    // A response (QR) to a plain query (opcode 0) that is not cut off (TC).
    if ((*flags & 0x8000U) == 0 || (*flags & 0x7800U) != 0 || (*flags & 0x0200U) != 0) return false;
    rcode_ = static_cast<std::uint8_t>(*flags & 0xFU);
    answers_ = *answers;
    authorities_ = *authorities;
    return *questions == 1;
  }

  bool read_question() {
    const auto asked = read_name();
    const auto type = in_.u16();
    const auto record_class = in_.u16();
    return asked && type && record_class && *asked == name_ && *type == static_cast<std::uint16_t>(type_) &&
           *record_class == class_internet;
  }

  /// The name at the reader's place, compressed or not, without a dot at its end.
  std::optional<std::string> read_name() {
    const auto* const start = reinterpret_cast<const unsigned char*>(message_.data());
    if (in_.empty()) return std::nullopt;
    char* expanded = nullptr;
    long taken = 0;
    const int status =
        ares_expand_name(start + in_.position(), start, static_cast<int>(message_.size()), &expanded, &taken);
    if (status != ARES_SUCCESS) return std::nullopt;
    const std::unique_ptr<char, void (*)(void*)> owned(expanded, &ares_free_string);
    if (taken <= 0 || !in_.skip(static_cast<std::size_t>(taken))) return std::nullopt;
    return std::string(expanded);
  }

  bool read_head(record_head& out) {
    auto owner = read_name();
    const auto type = in_.u16();
    const auto record_class = in_.u16();
    const auto ttl = in_.u32();
    const auto length = in_.u16();
    if (!owner || !type || !record_class || !ttl || !length || *length > in_.remaining()) return false;
    out = {std::move(*owner), *type, *record_class, seconds(*ttl), in_.position() + *length};
    return true;
  }

  /// Reads a section record by record. What of a record's data `take` leaves is passed over.
  bool each(std::size_t count, bool (answer_reader::*take)(const record_head&)) {
    for (std::size_t i = 0; i < count; ++i) {
      record_head head;
      if (!read_head(head)) return false;
      if (head.record_class == class_internet && !(this->*take)(head)) return false;
      if (in_.position() > head.end || !in_.skip(head.end - in_.position())) return false;
    }
    return true;
  }

  bool take_answer(const record_head& head) {
    if (head.type == type_cname) {
      auto target = read_name();
      if (!target || in_.position() != head.end) return false;
      if (aliases_.size() < 2 * limits_.max_aliases)
        aliases_.push_back({head.owner, std::move(*target), head.ttl});
      return true;
    }
    if (head.type != static_cast<std::uint16_t>(type_)) return true;
    name_record record{{}, head.ttl};
    if (!read_data(head, record)) return false;
    records_.push_back({head.owner, std::move(record)});
    return true;
  }

  bool read_data(const record_head& head, name_record& out) {
    switch (type_) {
      case record_type::a: {
        const auto bits = in_.u32();
        if (!bits || in_.position() != head.end) return false;
        out.data = base::ip_address::v4(*bits);
        return true;
      }
      case record_type::aaaa: {
        const auto bytes = in_.bytes(16);
        if (!bytes || in_.position() != head.end) return false;
        base::ip_address::v6_bytes ip{};
        std::transform(bytes->begin(), bytes->end(), ip.begin(),
                       [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
        out.data = base::ip_address::v6(ip);
        return true;
      }
      case record_type::srv: return read_srv(head, out);
      case record_type::naptr: return read_naptr(head, out);
    }
    return false;
  }

  bool read_srv(const record_head& head, name_record& out) {
    const auto priority = in_.u16();
    const auto weight = in_.u16();
    const auto port = in_.u16();
    if (!port) return false;
    auto target = read_name();
    if (!target || in_.position() != head.end) return false;
    out.data = srv_record{*priority, *weight, *port, target->empty() ? "." : std::move(*target)};
    return true;
  }

  bool read_naptr(const record_head& head, name_record& out) {
    const auto order = in_.u16();
    const auto preference = in_.u16();
    if (!preference) return false;
    naptr_record record{*order, *preference, {}, {}, {}, {}};
    for (std::string* const field : {&record.flags, &record.services, &record.regexp}) {
      const auto length = in_.u8();
      const auto text = length ? in_.text(*length) : base::result<std::string_view>(errc::dns_bad_answer);
      if (!text) return false;
      *field = *text;
    }
    auto replacement = read_name();
    if (!replacement || in_.position() != head.end) return false;
    record.replacement = replacement->empty() ? "." : std::move(*replacement);
    out.data = std::move(record);
    return true;
  }

  /// Goes from the name that was asked for to the one that the records are of. False for a circle or a chain
  /// that is too long.
  bool follow_aliases() {
    final_name_ = name_;
    for (std::size_t steps = 0;; ++steps) {
      const auto next = std::find_if(aliases_.begin(), aliases_.end(),
                                     [this](const alias& a) { return sip::iequals(a.owner, final_name_); });
      if (next == aliases_.end()) return true;
      if (steps == limits_.max_aliases) return false;
      final_name_ = next->target;
      note_ttl(next->ttl);
    }
  }

  bool take_authority(const record_head& head) {
    if (!is_within(final_name_, head.owner)) return true;
    if (head.type == type_ns) refers_ = true;
    if (head.type != type_soa) return true;
    if (!read_name() || !read_name() || !in_.skip(16)) return false;
    const auto minimum = in_.u32();
    if (!minimum || in_.position() != head.end) return false;
    negative_ttl_ = std::min(head.ttl, seconds(*minimum));
    return true;
  }

  void note_ttl(base::duration ttl) { lowest_ttl_ = std::min(lowest_ttl_, ttl); }

  void finish() {
    for (owned_record& r : records_) {
      if (!sip::iequals(r.owner, final_name_) || out_.records.size() == limits_.max_records) continue;
      note_ttl(r.record.ttl);
      out_.records.push_back(std::move(r.record));
    }
    if (out_.records.empty()) {
      // A server that names others instead of answering does not know; ours were asked to find out.
      const bool lame = refers_ && !negative_ttl_;
      out_.error = rcode_ == no_such_name ? errc::name_not_found : lame ? errc::dns_failed : errc::no_records;
      note_ttl(negative_ttl_.value_or(base::duration::zero()));
    }
    out_.ttl = lowest_ttl_;
  }

  std::span<const std::byte> message_;
  base::byte_reader in_;
  std::string_view name_;
  record_type type_;
  const dns_answer_limits& limits_;

  std::uint8_t rcode_ = 0;
  std::size_t answers_ = 0;
  std::size_t authorities_ = 0;
  std::vector<alias> aliases_;
  std::vector<owned_record> records_;
  std::string final_name_;
  bool refers_ = false;
  std::optional<base::duration> negative_ttl_;
  base::duration lowest_ttl_ = base::duration::max();
  dns_answer out_;
};

}  // namespace

base::result<dns_answer> read_dns_answer(std::span<const std::byte> message, std::string_view name,
                                         record_type type, const dns_answer_limits& limits) {
  return answer_reader(message, name, type, limits).read();
}

}  // namespace parley::net::detail
