#include "actors/connectors/file/source/input_seen.hpp"

#include "runtime/snapshot/checksum.hpp"

#include <fmt/format.h>

#include <charconv>

namespace millrace::source {
namespace {

constexpr std::size_t most_head = 64;
/// This much of an input is held until it is known to be another one.
constexpr std::uint64_t most_head_bytes = 1U << 20U;

std::uint64_t continued(std::uint64_t chain, std::string_view record) {
  return snapshot::checksum_of({snapshot::bytes_of(chain), record});
}

std::optional<std::uint64_t> number(std::string_view& text) {
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (failed != std::errc() || end == text.data() + text.size() || (*end != ' ' && *end != '\n'))
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return out;
}

}  // namespace

void input_seen::add(std::string_view record) {
  ++records_;
  chain_ = continued(chain_, record);
  head_bytes_ += record.size();
  if (head_.size() + 1 == records_ && head_.size() < most_head &&
      (head_.empty() || head_bytes_ <= most_head_bytes))
    head_.push_back(chain_);
}

void input_seen::begin_anew() {
  auto header = std::move(header_);
  *this = {};
  header_ = std::move(header);
}

/// Writes "1 RECORDS CHAIN HEAD_BYTES HAS_HEADER COUNT HEAD...\n", in hexadecimal, then the header.
std::string input_seen::text() const {
  auto out =
      fmt::format("1 {:x} {:x} {:x} {:x} {:x}", records_, chain_, head_bytes_, header_ ? 1 : 0, head_.size());
  for (const auto h : head_)
    out += fmt::format(" {:x}", h);
  return out + "\n" + header_.value_or("");
}

std::optional<input_seen> input_seen::from(std::string_view text) {
  input_seen out;
  const auto version = number(text);
  const auto records = number(text);
  const auto chain = number(text);
  const auto head_bytes = number(text);
  const auto has_header = number(text);
  const auto count = number(text);
  if (version != 1 || !records || !chain || !head_bytes || !has_header || !count || *count > most_head)
    return std::nullopt;
  out.records_ = *records;
  out.chain_ = *chain;
  out.head_bytes_ = *head_bytes;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto h = number(text);
    if (!h)
      return std::nullopt;
    out.head_.push_back(*h);
  }
  if (*has_header != 0)
    out.header_ = text;
  return out;
}

input_matcher::input_matcher(const input_seen& before, bool header)
    : before_(before), wants_header_(header),
      state_(before.records() == 0 ? state::beyond : state::same_so_far) {}

expected<void> input_matcher::take(std::string_view line, bool cut, const give& to) {
  if (wants_header_ && !header_ && !line.empty()) {
    if (cut)
      return user_error(ec::refused,
                        "standard input: its header line is too long, so that it names no columns; give it "
                        "with another first line");
    header_ = line;
    if (before_.header() && *before_.header() != line)
      return user_error(
          ec::mismatch,
          fmt::format("standard input has the header line \"{}\", and the one before it had \"{}\"; give it "
                      "the same columns, or begin anew with --fresh",
                      line, *before_.header()));
    return {};
  }
  if (state_ == state::same_so_far)
    return compare(line, cut, to);
  to(line, cut);
  return {};
}

expected<void> input_matcher::compare(std::string_view record, bool cut, const give& to) {
  seen_.add(record);
  const auto at = seen_.records();
  const auto& head = before_.head();
  if (at <= head.size()) {
    held_.push_back({std::string(record), cut});
    if (seen_.chain() != head[at - 1]) {
      state_ = state::another;
      for (const auto& held : held_)
        to(held.bytes, held.cut);
      held_.clear();
      return {};
    }
  }
  if (at == head.size())
    held_.clear();
  if (at < before_.records())
    return {};
  if (seen_.chain() != before_.chain())
    return user_error(
        ec::mismatch,
        fmt::format("standard input begins as the one before it, whose first {} records are taken, and "
                    "differs from it somewhere among them; give it the same input, or begin anew with "
                    "--fresh",
                    at));
  held_.clear();
  state_ = state::beyond;
  return {};
}

}  // namespace millrace::source
