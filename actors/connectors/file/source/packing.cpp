#include "actors/connectors/file/source/packing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {
namespace {

struct packing {
  std::string_view begin;  // a ? is any byte
  std::string_view name;
  std::string_view
      before;  // the command that writes the text to standard output, up to the file and behind it
  std::string_view behind = "";
};

constexpr packing known[] = {
    {"\x1F\x8B\x08", "gzip", "zcat "},         {"BZh?1AY&SY", "bzip2", "bzip2 -dc "},
    {"\xFD\x37\x7A\x58\x5A", "xz", "xz -dc "}, {"\x28\xB5\x2F\xFD", "zstd", "zstd -dc "},
    {"PK\x03\x04", "zip", "unzip -p "},        {"PAR1\x15", "Parquet", "duckdb -csv -c \"from '", "'\""},
};

bool is_begun_by(std::string_view head, std::string_view begin) {
  return head.size() >= begin.size() && std::ranges::equal(begin, head.substr(0, begin.size()),
                                                           [](char b, char h) { return b == '?' || b == h; });
}

const packing* find_packing(std::string_view head) {
  const auto* const found =
      std::ranges::find_if(known, [&](const packing& p) { return is_begun_by(head, p.begin); });
  return found == std::end(known) ? nullptr : found;
}

}  // namespace

std::string_view packing_of(std::string_view head) {
  const auto* const found = find_packing(head);
  return found == nullptr ? std::string_view() : found->name;
}

std::string why_packed(std::string_view head, std::string_view what, std::string_view file) {
  const auto* const found = find_packing(head);
  if (found == nullptr)
    return {};
  return fmt::format(
      "{} is packed as {}, which is not text; unpack it: {}{}{} | millrace run ..., with \"path\": \"-\"",
      what, found->name, found->before, file, found->behind);
}

}  // namespace millrace::source
