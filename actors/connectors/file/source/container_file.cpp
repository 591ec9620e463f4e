#include "actors/connectors/file/source/container_file.hpp"

#include "actors/connectors/file/source/packing.hpp"
#include "runtime/base/utf8_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {
namespace {

constexpr std::size_t first_look = std::size_t{4} << 10U;  // most heads are shorter

/// Says by the first bytes of a file that is no container what it holds.
std::string found_in(std::string_view head) {
  if (head.empty())
    return "the file is empty";
  if (const auto packing = packing_of(head); !packing.empty())
    return fmt::format("found {}", packing);
  if (head.starts_with("Obj"))
    return "found \"Obj\" with another byte behind it, as another version may have";
  const auto begin = head.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && (head[begin] == '{' || head[begin] == '['))
    return fmt::format("found JSON, {}", data::excerpt(head));
  const bool is_text = std::ranges::none_of(head, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7F || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r');
  });
  if (is_text)
    return fmt::format("found text, {}", data::excerpt(head));
  std::string out = "found the bytes";
  for (const char c : head.substr(0, 8))
    out += fmt::format(" {:02X}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

expected<container_file> container_file::open(const std::string& path, std::uint64_t length) {
  ASSIGN_OR_RETURN(auto bytes, container_bytes::open(path, length));
  container_file out(std::move(bytes), path);
  RETURN_IF_ERROR(out.read_head());
  return out;
}

unexpected container_file::at(std::uint64_t place, error e) const {
  e.message =
      fmt::format("{}: at {}: {}{}", path_, bytes_.place(place), e.message,
                  e.code == ec::corrupt ? ". Put the whole file back and begin anew with --fresh" : "");
  return unexpected(std::move(e));
}

unexpected container_file::cut_off(std::string_view what, std::uint64_t begin) const {
  return user_error(ec::corrupt,
                    fmt::format("{}: the file is cut off within {} at {}; all whole blocks before have been "
                                "read. Put the whole file in its place and run again: it goes on there",
                                path_, what, bytes_.place(begin)));
}

expected<void> container_file::read_head() {
  for (auto size = first_look;; size = std::min(size * 4, avro::longest_head + 1)) {
    ASSIGN_OR_RETURN(const auto bytes, bytes_.look(size));
    if (!bytes.starts_with(avro::container_magic) &&
        (bytes.empty() || !avro::container_magic.starts_with(bytes)))
      return user_error(
          ec::unsupported,
          fmt::format("{}: it is not an Avro object container, which begins with \"Obj\" and the byte "
                      "1; {}. Move it away, name containers alone in `path`, or set another \"framing\"",
                      path_, found_in(bytes.substr(0, 64))));
    auto head = avro::read_container_head(bytes);
    if (!head) {
      head.error().message = fmt::format("{}: {}", path_, head.error().message);
      return tl::make_unexpected(std::move(head.error()));
    }
    if (*head) {
      head_ = std::move(**head);
      return bytes_.pass(head_.size);
    }
    if (bytes.size() < size)
      return cut_off("its head", 0);
  }
}

expected<std::optional<container_file::block>> container_file::next() {
  const auto begin = bytes_.at();
  ASSIGN_OR_RETURN(const auto bytes, bytes_.look(avro::longest_block_head));
  if (bytes.empty())
    return std::optional<block>();
  const auto head = avro::read_block_head(bytes);
  if (!head)
    return at(begin, head.error());
  if (!*head)
    return cut_off("the block", begin);
  return std::optional(block{begin, **head});
}

expected<void> container_file::check_sync(const block& b, std::string_view sync) const {
  if (sync.size() < head_.sync.size())
    return cut_off("the block", b.at);
  if (std::ranges::equal(sync, head_.sync))
    return {};
  return user_error(
      ec::corrupt,
      fmt::format("{}: the file is damaged: behind the block at {}, at {}, there is another sync "
                  "marker than in its head. Put the whole file back and begin anew with --fresh",
                  path_, bytes_.place(b.at), bytes_.place(b.at + b.head.size + b.head.packed)));
}

expected<void> container_file::unpack(const block& b, std::string& out) {
  const auto packed = static_cast<std::size_t>(b.head.packed);
  const auto all = b.head.size + packed + head_.sync.size();
  // The next block's head comes with the same read.
  ASSIGN_OR_RETURN(const auto bytes, bytes_.look(all + avro::longest_block_head));
  if (bytes.size() < all)
    return cut_off("the block", b.at);
  RETURN_IF_ERROR(check_sync(b, bytes.substr(b.head.size + packed, head_.sync.size())));
  if (auto done = avro::unpack_block(head_.packed_by, bytes.substr(b.head.size, packed), out); !done)
    return at(b.at, std::move(done.error()));
  return bytes_.pass(all);
}

expected<void> container_file::pass(const block& b) {
  RETURN_IF_ERROR(bytes_.pass(b.head.size + b.head.packed));
  ASSIGN_OR_RETURN(const auto bytes, bytes_.look(head_.sync.size() + avro::longest_block_head));
  RETURN_IF_ERROR(check_sync(b, bytes.substr(0, head_.sync.size())));
  return bytes_.pass(head_.sync.size());
}

expected<void> check_is_container(const std::string& path, std::uint64_t length) {
  auto opened = container_file::open(path, length);
  return opened || opened.error().code != ec::unsupported ? expected<void>()
                                                          : tl::make_unexpected(std::move(opened.error()));
}

expected<std::uint64_t> count_records(const std::string& path, std::uint64_t length) {
  ASSIGN_OR_RETURN(auto file, container_file::open(path, length));
  for (std::uint64_t records = 0;;) {
    ASSIGN_OR_RETURN(const auto block, file.next());
    if (!block)
      return records;
    RETURN_IF_ERROR(file.pass(*block));
    records += block->head.records;
  }
}

}  // namespace millrace::source
