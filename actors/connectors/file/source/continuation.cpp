#include "actors/connectors/file/source/continuation.hpp"

#include "actors/connectors/file/source/container_file.hpp"
#include "actors/connectors/file/source/file_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace millrace::source {
namespace {

unexpected refused(std::string_view what, std::string_view remedy) {
  return user_error(ec::mismatch, fmt::format("{}; {}, or begin anew with --fresh", what, remedy));
}

/// How the files are split into records, where all parsers do it by lengths; else by lines.
enum class splits : std::uint8_t { lines, blocks, lengths, otherwise };

splits split_by(std::span<const wants> readers) {
  const auto by = [&](auto frame) {
    return std::ranges::count_if(
        readers, [](const wants& w) { return std::holds_alternative<decltype(frame)>(w.frame); });
  };
  const auto all = std::ssize(readers);
  const auto blocks = by(by_container{});
  const auto lengths = by(by_length{});
  return blocks + lengths == 0 ? splits::lines
         : blocks == all       ? splits::blocks
         : lengths == all      ? splits::lengths
                               : splits::otherwise;
}

/// Returns where the records beyond what was read begin. Those are lines behind the end that the last line has got, if it
/// had none, or follow those of the blocks that were there.
expected<std::uint64_t> check_growth(const file_identity& before, const open_file& file,
                                     std::span<const wants> readers) {
  const bool is_decoded =
      std::ranges::any_of(readers, [](const wants& w) { return w.encoding != data::encoding::utf_8; });
  ASSIGN_OR_RETURN(auto packed, is_gzip(file));
  if (packed || is_decoded)
    return refused(fmt::format("{}: it is {} and has grown from {} bytes since it was read to its end",
                               before.path, packed ? "compressed" : "decoded by an `encoding`",
                               before.length),
                   "write what comes into a file of its own");
  const auto by = split_by(readers);
  if (by == splits::otherwise)
    return refused(fmt::format("{}: it has grown from {} bytes since it was read to its end, and its parsers "
                               "split it into records by another `framing` each",
                               before.path, before.length),
                   "write what comes into a file of its own");
  if (by == splits::blocks)
    return count_records(before.path, before.length);
  if (before.length == 0 || by == splits::lengths)
    return before.length;
  char edge[3] = {};
  ASSIGN_OR_RETURN(const auto got, file.read_at(before.length - 1, edge, sizeof edge));
  if (edge[0] == '\n')
    return before.length;
  if (edge[1] == '\n')
    return before.length + 1;
  if (got == 3 && edge[1] == '\r' && edge[2] == '\n')
    return before.length + 2;
  return refused(
      fmt::format("{}: its last line had no newline when it was read as a record, up to byte {}, and "
                  "has been continued since",
                  before.path, before.length),
      "end the line there and write whole lines between two runs");
}

class continuation_finder {
public:
  continuation_finder(bool parallel, file_order order, std::span<const wants> readers)
      : parallel_(parallel), order_(order), readers_(readers) {}

  expected<continuation> run(std::string_view ended, const std::string& pattern) {
    ASSIGN_OR_RETURN(auto before, parse_identities(ended));
    for (auto& f : before) {
      if (f.number >= next_number_) {
        next_number_ = f.number + 1;
        last_ = f.path;
      }
      f.done = true;
      known_[f.path] = f;  // the last entry of a path has the most of it
    }
    auto names = list_files(pattern, order_);
    if (!names && names.error().code != ec::not_found)
      return tl::make_unexpected(std::move(names.error()));
    if (names)
      for (const auto& name : *names)
        RETURN_IF_ERROR(look(name));
    keep_what_is_gone();
    out_.identity = format_identities(files_);
    return std::move(out_);
  }

private:
  /// Keeps files that are gone: of one log the last file, which later names are compared with; with
  /// `parallel` all of them, so that one that is put back is known.
  void keep_what_is_gone() {
    std::vector<file_identity> gone;
    for (const auto& [path, f] : known_)
      if (!there_.contains(path) && (parallel_ || path == last_))
        gone.push_back(f);
    files_.insert(files_.begin(), gone.begin(), gone.end());
  }

  expected<void> look(const std::string& name) {
    auto now = identify(name);
    if (!now)
      return now.error().code == ec::not_found ? expected<void>()  // gone meanwhile
                                               : tl::make_unexpected(std::move(now.error()));
    const auto known = known_.find(name);
    if (known == known_.end())
      return is_new(std::move(*now));
    return is_known(known->second, std::move(*now));
  }

  expected<void> is_new(file_identity now) {
    if (!parallel_ && comes_before(now.path, last_, order_))
      return refused(fmt::format("{}: this file is new and its name comes before {}, which was read to its "
                                 "end; a glob is one log in the order of names",
                                 now.path, last_),
                     "rename it, read the glob with \"parallel\": true");
    if (split_by(readers_) == splits::blocks)
      RETURN_IF_ERROR(check_is_container(now.path, now.length));
    take(std::move(now), 0, parallel_ ? 0 : next_number_);
    return {};
  }

  expected<void> is_known(const file_identity& before, file_identity now) {
    ASSIGN_OR_RETURN(const auto file, open_file::open(now.path));
    ASSIGN_OR_RETURN(const auto same, goes_on_from(before, file, now.length));
    if (!same)
      return refused(fmt::format("{}: it is not what was read to its end, {} bytes of it: it was replaced or "
                                 "cut since",
                                 now.path, before.length),
                     "put it back or take it away, and give what is new a later name");
    files_.push_back(before);
    there_.insert(now.path);
    if (now.length == before.length)
      return {};
    if (!parallel_ && now.path != last_)
      return refused(fmt::format("{}: it has grown since it was read to its end, and {} was read after it; a "
                                 "glob is one log in the order of names",
                                 now.path, last_),
                     "write what comes into a file with a later name");
    ASSIGN_OR_RETURN(const auto from, check_growth(before, file, readers_));
    take(std::move(now), from, parallel_ ? before.number + 1 : next_number_);
    return {};
  }

  void take(file_identity now, std::uint64_t from, std::int64_t number) {
    now.number = number;
    next_number_ = std::max(next_number_, number + 1);
    const position begin{now.number, static_cast<std::int64_t>(from)};
    if (parallel_ || out_.partitions.empty())
      out_.partitions.push_back({parallel_ ? now.path : std::string(whole_log), begin, begin});
    files_.push_back(std::move(now));
  }

  bool parallel_;
  file_order order_;
  std::span<const wants> readers_;
  std::map<std::string, file_identity> known_;
  std::string last_;  // the last of the read files; they are one log
  std::int64_t next_number_ = 0;
  std::set<std::string> there_;  // the known files that are there
  std::vector<file_identity> files_;
  continuation out_;
};

}  // namespace

expected<continuation> continue_files(std::string_view ended, const std::string& pattern, bool parallel,
                                      file_order order, std::span<const wants> readers) {
  return continuation_finder(parallel, order, readers).run(ended, pattern);
}

}  // namespace millrace::source
