#include "actors/connectors/parquet/sink/open_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace millrace::sink {
namespace {

constexpr std::string_view extension = ".parquet";
/// A batch that waits costs this beside its values.
constexpr std::uint64_t batch_cost = 4096;

std::uint64_t cost(const data::batch& b) { return b.byte_size() + batch_cost; }

/// Batches of one size become one when there are this many, so that rows which come a few at a time cost what
/// they hold.
constexpr std::size_t together = 16;

data::batch one_of(std::span<const data::batch> parts) {
  data::batch whole{parts.front().schema, {}, 0};
  for (std::size_t c = 0; c < parts.front().columns.size(); ++c) {
    data::column_builder b(parts.front().columns[c]->type());
    for (const auto& part : parts)
      b.append_range(*part.columns[c], 0, part.rows);
    whole.columns.push_back(b.finish());
  }
  for (const auto& part : parts)
    whole.rows += part.rows;
  return whole;
}

}  // namespace

std::string file_names::hidden(std::uint64_t number) const {
  return fmt::format("{}{:06}-{}", hidden_part, number, life);
}

std::string file_names::visible(std::uint64_t number) const {
  const std::string_view codec = packed == compression::snappy ? ".snappy"
                                 : packed == compression::zstd ? ".zstd"
                                                               : "";
  return fmt::format("part-{:06}-{}{}{}", number, tag, codec, extension);
}

bool is_named_by(std::string_view tag, std::string_view name) {
  constexpr std::string_view begin = "part-";
  if (!name.starts_with(begin) || !name.ends_with(extension))
    return false;
  name.remove_prefix(begin.size());
  const auto digits = name.find_first_not_of("0123456789");
  return digits != std::string_view::npos && digits != 0 &&
         name.substr(digits).starts_with(fmt::format("-{}.", tag));
}

void open_files::begin(file_names names, std::uint64_t next) {
  by_folder_.clear();
  whole_.clear();
  names_ = std::move(names);
  next_ = next;
  waiting_ = held_ = bytes_ = 0;
  open_ = 0;
}

expected<std::vector<partitioning::unnameable>> open_files::add(const data::batch& rows) {
  auto split = parts_->split(rows);
  for (auto& part : split.all) {
    auto& p = *by_folder_.try_emplace(std::move(part.folder)).first;
    wait(p.second, std::move(part.rows));
    if (p.second.bytes >= limits_.feed)
      RETURN_IF_ERROR(feed(p));
    if (waiting_ > limits_.waiting)
      RETURN_IF_ERROR(make_room());
  }
  return std::move(split.refused);
}

void open_files::wait(partition& p, data::batch rows) {
  waiting_ -= p.bytes;
  p.bytes += cost(rows);
  p.waiting.push_back(std::move(rows));
  p.merged.push_back(0);
  for (auto level = 0U; p.merged.size() >= together && p.merged[p.merged.size() - together] == level;
       ++level) {
    const auto from = p.waiting.size() - together;
    const auto parts = std::span<const data::batch>(p.waiting).subspan(from);
    auto whole = one_of(parts);
    for (const auto& part : parts)
      p.bytes -= cost(part);
    p.bytes += cost(whole);
    p.waiting.resize(from);
    p.waiting.push_back(std::move(whole));
    p.merged.resize(from);
    p.merged.push_back(level + 1);
  }
  waiting_ += p.bytes;
}

/// Puts half of what waits into files, the fullest partitions first, so that they are looked through seldom.
expected<void> open_files::make_room() {
  std::vector<partitions::value_type*> most;
  for (auto& p : by_folder_)
    if (p.second.bytes != 0)
      most.push_back(&p);
  std::sort(most.begin(), most.end(), [](auto* a, auto* b) { return a->second.bytes > b->second.bytes; });
  for (auto* p : most) {
    if (waiting_ <= limits_.waiting / 2)
      break;
    RETURN_IF_ERROR(feed(*p));
  }
  // Partitions that have nothing open and nothing waiting would only grow in number.
  std::erase_if(by_folder_, [](const auto& p) { return !p.second.file && p.second.waiting.empty(); });
  return {};
}

expected<void> open_files::open(partitions::value_type& p) {
  if (open_ >= limits_.files) {
    partition* oldest = nullptr;
    for (auto& other : by_folder_)
      if (other.second.file && (!oldest || other.second.used < oldest->used))
        oldest = &other.second;
    RETURN_IF_ERROR(close(*oldest));
  }
  const auto number = next_++;
  p.second.name = {names_.hidden(number), p.first + names_.visible(number)};
  ASSIGN_OR_RETURN(auto made, folder_->create(p.second.name.hidden));
  const auto& columns = *parts_->file_columns();
  ASSIGN_OR_RETURN(p.second.file, open_parquet_file(std::move(made), columns, names_.packed,
                                                    repeating(p.second.waiting, columns.size())));
  ++open_;
  return {};
}

expected<void> open_files::feed(partitions::value_type& p) {
  auto& part = p.second;
  if (!part.file)
    RETURN_IF_ERROR(open(p));
  part.used = ++turn_;
  for (const auto& rows : part.waiting) {
    held_ -= part.file->held();
    const auto written = part.file->write(rows);
    held_ += part.file->held();
    if (!written)
      return written;
    RETURN_IF_ERROR(limit_held(part));
  }
  waiting_ -= part.bytes;
  part.bytes = 0;
  part.waiting.clear();
  part.merged.clear();
  return {};
}

/// Ends row groups when they are large, or when all of them together are.
expected<void> open_files::limit_held(partition& fed) {
  auto* ending = fed.file->held() >= limits_.row_group ? &fed : nullptr;
  if (!ending && held_ >= limits_.held)
    for (auto& p : by_folder_)
      if (p.second.file && (!ending || p.second.file->held() > ending->file->held()))
        ending = &p.second;
  if (!ending)
    return {};
  held_ -= ending->file->held();
  return ending->file->end_row_group();
}

expected<void> open_files::close(partition& p) {
  held_ -= p.file->held();
  --open_;
  const auto file = std::move(p.file);
  RETURN_IF_ERROR(file->finish());
  bytes_ += file->written();
  whole_.push_back(std::move(p.name));
  return {};
}

expected<std::vector<whole_file>> open_files::finish() {
  for (auto& p : by_folder_)
    if (!p.second.waiting.empty())
      RETURN_IF_ERROR(feed(p));
  for (auto& p : by_folder_)
    if (p.second.file)
      RETURN_IF_ERROR(close(p.second));
  by_folder_.clear();
  return std::exchange(whole_, {});
}

}  // namespace millrace::sink
