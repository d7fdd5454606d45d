#include <parley/sip/writer.hpp>
#include <parley/transaction/branch.hpp>
#include <parley/transaction/key.hpp>

#include <charconv>

namespace parley::transaction {

branch branch_format::write(const fields& fields) noexcept {
  branch out;
  sip::text_writer text{std::span<char>(out.text_)};
  text << branch_cookie << '-' << fields.shard << '-';
  text.hex(fields.number) << '-';
  text.hex(fields.mark, 8);
  out.size_ = static_cast<std::uint8_t>(text.size());
  return out;
}

branch branch_format::write_tag(std::uint64_t number) noexcept {
  branch out;
  sip::text_writer text{std::span<char>(out.text_)};
  text.hex(number);
  out.size_ = static_cast<std::uint8_t>(text.size());
  return out;
}

std::optional<branch_format::fields> branch_format::read(std::string_view branch) noexcept {
  if (!is_rfc3261_branch(branch)) return std::nullopt;
  const char* at = branch.data() + branch_cookie.size();
  const char* const end = branch.data() + branch.size();
  fields out;
  const auto number = [&at, end](auto& value, int base, std::ptrdiff_t digits) {
    if (at == end || *at != '-') return false;
    const auto [stop, error] = std::from_chars(at + 1, end, value, base);
    const bool ok = error == std::errc{} && (digits == 0 || stop - at - 1 == digits);
    at = stop;
    return ok;
  };
  if (!number(out.shard, 10, 0) || !number(out.number, 16, 16) || !number(out.mark, 16, 8) || at != end)
    return std::nullopt;
  return out;
}

}  // namespace parley::transaction
