#include "actors/stream/source/table_image.hpp"

#include "runtime/wire/bytes.hpp"

#include <xxhash.h>

#include <algorithm>

namespace millrace::source {

table_image::fingerprint table_image::fingerprint_of(std::string_view row) {
  const auto hash = XXH3_128bits(row.data(), row.size());
  return {hash.low64, hash.high64};
}

table_image::finding table_image::take(std::string_view key, std::string_view row) {
  if (found_.contains(key))
    return finding::twice;
  looked_up_.assign(key);
  const auto at = rows_.find(looked_up_);
  const auto is = fingerprint_of(row);
  if (at == rows_.end()) {
    if (rows_.size() + added_ >= most_rows_)
      return finding::one_too_many;
    ++added_;
    found_.emplace(looked_up_, is);
    return finding::changed;
  }
  if (at->second.reading == reading_)
    return finding::twice;
  at->second.reading = reading_;
  if (at->second.is == is)
    return finding::same;
  found_.emplace(looked_up_, is);
  return finding::changed;
}

std::vector<std::string> table_image::end() {
  std::vector<std::string> gone;
  for (const auto& [key, row] : rows_)
    if (row.reading != reading_)
      gone.push_back(key);
  std::ranges::sort(gone);
  for (const auto& key : gone)
    found_.emplace(key, std::nullopt);
  return gone;
}

void table_image::settle() {
  for (const auto& [key, is] : found_)
    if (is)
      rows_[key] = {*is, reading_};
    else
      rows_.erase(key);
  found_.clear();
  added_ = 0;
}

void table_image::took(const std::string& key, std::optional<std::string_view> row) {
  if (row)
    rows_[key] = {fingerprint_of(*row), 0};
  else
    rows_.erase(key);
}

std::string table_image::note() const {
  wire::writer out;
  out.fixed<std::uint8_t>(is_whole_ ? 1 : 0);
  out.varint(columns_.size());
  for (const auto& c : columns_)
    out.string(c);
  out.varint(rows_.size());
  for (const auto& [key, row] : rows_) {
    out.string(key);
    out.fixed(row.is.low);
    out.fixed(row.is.high);
  }
  return out.take();
}

bool table_image::restore(std::string_view note) {
  wire::reader in(note);
  table_image out(most_rows_);
  out.is_whole_ = in.fixed<std::uint8_t>() != 0;
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    out.columns_.emplace_back(in.string());
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    std::string key(in.string());
    const auto low = in.fixed<std::uint64_t>();
    out.rows_[std::move(key)] = {{low, in.fixed<std::uint64_t>()}, 0};
  }
  if (!in.ok() || !in.at_end())
    return false;
  *this = std::move(out);
  return true;
}

}  // namespace millrace::source
