#include "actors/connectors/file/source/container_reader.hpp"

#include "actors/connectors/file/source/record_end.hpp"
#include "runtime/avro/skip.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace millrace::source {

expected<std::unique_ptr<container_reader>> container_reader::open(const std::string& path,
                                                                   std::uint64_t length, std::int64_t major,
                                                                   std::uint64_t from) {
  ASSIGN_OR_RETURN(auto file, container_file::open(path, length));
  std::unique_ptr<container_reader> out(new container_reader(std::move(file), major));
  const auto& text = out->file_.head().schema;
  auto schema = avro::parse_schema(text);
  if (!schema)
    return user_error(ec::unsupported,
                      fmt::format("{}: the schema in its head is none: {}", path, schema.error().message));
  out->schema_ = std::move(*schema);
  out->schemas_ = std::make_shared<const record_schemas>(
      record_schemas{.of_all = std::make_shared<const std::string>(text)});
  RETURN_IF_ERROR(out->find(from));
  return out;
}

expected<void> container_reader::find(std::uint64_t from) {
  while (number_ < from) {
    ASSIGN_OR_RETURN(const auto block, file_.next());
    if (!block)
      return user_error(ec::mismatch,
                        fmt::format("{}: it has {} records and had more when it was read; put the whole file "
                                    "back, or begin anew with --fresh",
                                    file_.path(), number_));
    if (block->head.records <= from - number_) {
      RETURN_IF_ERROR(file_.pass(*block));
      number_ += block->head.records;
      continue;
    }
    RETURN_IF_ERROR(enter(*block));
    while (number_ < from) {
      const auto size = next_length();
      if (!size) {  // records behind a broken one are none
        leave();
        break;
      }
      at_ += *size;
      --left_;
      ++number_;
    }
  }
  return {};
}

expected<void> container_reader::enter(const container_file::block& b) {
  current_ = b;
  at_ = 0;
  left_ = 0;
  if (auto done = file_.unpack(b, block_); !done) {
    block_.clear();
    return done;
  }
  left_ = b.head.records;
  if (left_ > 0 || block_.empty())
    return {};
  const auto bytes = block_.size();
  block_.clear();
  return user_error(
      ec::corrupt, fmt::format("{}: the file is damaged: the block at {} has {} bytes and no record. Put the "
                               "whole file back and begin anew with --fresh",
                               file_.path(), file_.place(b.at), bytes));
}

/// Records may have no bytes: each counts as some.
std::size_t container_reader::size_of(const chunk& c) {
  constexpr std::size_t bytes_of_record = 32;
  return c.bytes.size() + bytes_of_record * c.records();
}

std::optional<std::size_t> container_reader::next_length() const {
  const auto rest = std::string_view(block_).substr(at_);
  const auto size = avro::length_of(*schema_, rest);
  return size && (left_ > 1 || *size == rest.size()) ? size : std::nullopt;
}

void container_reader::leave() {
  at_ = block_.size();
  number_ += std::exchange(left_, 0);
}

expected<bool> container_reader::read(chunk& out, std::size_t max_bytes) {
  if (failed_)
    return tl::make_unexpected(*failed_);
  out.from = next();
  out.topic = file_.path();
  out.lines = false;
  out.schemas = schemas_;
  bool ended = false;
  while (!ended && size_of(out) < max_bytes) {
    if (left_ == 0) {
      const auto block = file_.next();
      const auto entered = !block   ? tl::make_unexpected(block.error())
                           : *block ? enter(**block)
                                    : expected<void>();
      if (!entered && out.records() == 0)
        return tl::make_unexpected(entered.error());
      if (!entered) {
        failed_ = entered.error();
        break;
      }
      ended = !*block;
      const auto broken = ended ? std::exchange(broken_blocks_, 0) : 0;
      if (broken > 1)
        spdlog::warn("{}: {} blocks have records that do not fit; the rest of each is a dead letter",
                     file_.path(), broken);
    }
    take(out, max_bytes);
  }
  out.to = next();
  out.bytes.append(padding, '\0');
  return ended;
}

void container_reader::take(chunk& out, std::size_t max_bytes) {
  const auto begin = at_;
  const auto before = out.bytes.size();
  while (left_ > 0 && size_of(out) + (at_ - begin) < max_bytes) {
    const auto size = next_length();
    if (!size) {
      out.bytes.append(block_, begin, at_ - begin);
      return refuse_rest(out);
    }
    add(out, before + (at_ - begin), *size);
    at_ += *size;
    --left_;
    ++number_;
  }
  out.bytes.append(block_, begin, at_ - begin);
}

void container_reader::add(chunk& out, std::size_t begin, std::size_t length) const {
  out.begins.push_back(static_cast<std::uint32_t>(begin));
  out.lengths.push_back(static_cast<std::uint32_t>(length));
  out.positions.push_back(next());
}

void container_reader::refuse_rest(chunk& out) {
  const auto rest = std::string_view(block_).substr(at_);
  const auto number = current_.head.records - left_ + 1;
  const auto& why =
      out.why_cut
          .emplace(static_cast<std::uint32_t>(out.records()),
                   fmt::format(
                       "record {} of the {} of the block at {} does not end {} it; this is the rest of the "
                       "block, {} bytes (records that are not read: {})",
                       number, current_.head.records, file_.place(current_.at), left_ > 1 ? "within" : "with",
                       rest.size(), left_))
          .first->second;
  if (broken_blocks_++ == 0)
    spdlog::warn(
        "{}: {}; each further one of the file is a dead letter alone, and their number is told at its end",
        file_.path(), why);
  out.cut.push_back(static_cast<std::uint32_t>(out.records()));
  const auto kept = beginning_of(rest);
  add(out, out.bytes.size(), kept.size());
  out.bytes += kept;
  leave();
}

}  // namespace millrace::source
