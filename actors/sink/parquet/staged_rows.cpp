#include "actors/sink/parquet/staged_rows.hpp"

#include "runtime/wire/batch_format.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <cstring>
#include <fstream>

namespace millrace::sink {
namespace {

constexpr std::size_t head_size = 12;
static_assert(head_size == sizeof(std::uint32_t) + sizeof(std::uint64_t));

}  // namespace

expected<void> staged_rows::open(std::uint64_t committed) {
  file_.reset();
  buffer_.clear();
  length_ = 0;
  bool made = false;
  auto file = data_file::open(path_, made);
  if (!file)
    return unexpected(file.error());
  const auto there = file->length();
  if (!there)
    return unexpected(there.error());
  if (*there < committed) {
    if (std::error_code ignored; made)
      std::filesystem::remove(path_, ignored);
    return user_error(
        made ? ec::not_found : ec::mismatch,
        fmt::format("{} holds {} committed bytes that are in no visible file yet, but {}; put it back as it "
                    "was, or start over with --fresh",
                    path_.string(), committed,
                    made ? "it has vanished" : fmt::format("has only {}", *there)));
  }
  if (auto cut = file->cut(committed); !cut)
    return cut;
  file_ = std::move(*file);
  length_ = committed;
  return {};
}

void staged_rows::add(const data::batch& rows) {
  wire::writer out;
  wire::encode_batch(out, rows);
  wire::writer head;
  head.fixed(static_cast<std::uint32_t>(out.size()));
  head.fixed(static_cast<std::uint64_t>(XXH3_64bits(out.bytes().data(), out.size())));
  buffer_ += head.bytes();
  buffer_ += out.bytes();
}

expected<void> staged_rows::flush() {
  if (buffer_.empty())
    return {};
  if (const auto there = file_->length(); !there || *there != length_)
    return there ? user_error(ec::mismatch,
                              fmt::format("{} was changed by somebody else; start over with --fresh",
                                          path_.string()))
                 : unexpected(there.error());
  if (auto appended = file_->append(buffer_); !appended)
    return appended;
  length_ += buffer_.size();
  buffer_.clear();
  return {};
}

expected<void> staged_rows::clear() {
  buffer_.clear();
  length_ = 0;
  return file_->cut(0);
}

expected<void> staged_rows::read(const std::function<expected<void>(const data::batch&)>& each) const {
  std::ifstream in(path_, std::ios::binary);
  const auto damaged = [&](std::uint64_t at) {
    return fatal_error(ec::corrupt, fmt::format("{} is damaged at byte {}; restore it, or start over with "
                                                "--fresh",
                                                path_.string(), at));
  };
  std::string bytes;
  for (std::uint64_t at = 0; at < length_;) {
    char head[head_size];
    std::uint32_t size = 0;
    std::uint64_t sum = 0;
    if (length_ - at < head_size || !in.read(head, head_size))
      return damaged(at);
    std::memcpy(&size, head, sizeof size);
    std::memcpy(&sum, head + sizeof size, sizeof sum);
    if (size > length_ - at - head_size)
      return damaged(at);
    bytes.resize(size);
    if (!in.read(bytes.data(), size) || XXH3_64bits(bytes.data(), size) != sum)
      return damaged(at);
    wire::reader encoded(bytes);
    const auto rows = wire::decode_batch(encoded);
    if (!rows || !encoded.at_end())
      return damaged(at);
    if (auto taken = each(*rows); !taken)
      return taken;
    at += head_size + size;
  }
  return {};
}

}  // namespace millrace::sink
