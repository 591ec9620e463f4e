#include "actors/connectors/file/source/followed_reader.hpp"

#include "actors/connectors/file/source/first_lines.hpp"
#include "actors/connectors/file/source/followed_logs.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::source {

namespace {
// A file that gave no bytes is looked at again this often, besides when it is written to: it may have been
// rotated. A look is one read and one stat; a glob lists a folder.
constexpr std::chrono::milliseconds look_at_file{20};
constexpr std::chrono::milliseconds look_at_glob{100};

/// A chunk that says no more than where reading stands.
chunk without_records(position at, const std::string& topic) {
  chunk out;
  out.bytes.assign(padding, '\0');
  out.from = out.to = at;
  out.topic = topic;
  return out;
}

/// Ends after so many bytes of the content.
class limited_stream final : public byte_stream {
public:
  limited_stream(std::unique_ptr<byte_stream> all, std::uint64_t left) : all_(std::move(all)), left_(left) {}

  expected<std::size_t> read(char* to, std::size_t size) override {
    auto got = all_->read(to, std::min<std::uint64_t>(size, left_));
    if (got)
      left_ -= *got;
    return got;
  }

private:
  std::unique_ptr<byte_stream> all_;
  std::uint64_t left_;
};

}  // namespace

expected<std::vector<partition_info>> followed_reader::discover(std::chrono::milliseconds) {
  RETURN_IF_ERROR(files_->begin());
  const auto first = std::max(files_->first(), position{});
  return std::vector<partition_info>{{std::string(whole_log), first, first}};
}

expected<void> followed_reader::assign(const std::string& partition, position from) {
  if (partition != whole_log)
    return our_error(fmt::format("{}: partition \"{}\" does not exist", pattern_, partition));
  place_.reset();
  next_ = std::max(from, position{});
  delivered_ = from;
  assigned_ = true;
  end_said_ = false;
  return {};
}

void followed_reader::unassign(const std::string&) {
  place_.reset();
  assigned_ = false;
}

void followed_reader::interrupt() { watch_->interrupt(); }

void followed_reader::acknowledge(const std::string&, position durable) {
  files_->forget_below(durable.major);
}

bool followed_reader::is_read_whole() const {
  return assigned_ && end_said_ && !(place_ && place_->last_part);
}

std::optional<backlog> followed_reader::lag() {
  backlog out;
  if (is_read_whole())  // lines are not counted before
    out.records[std::string(whole_log)] = 0;
  return out;
}

std::optional<std::uint64_t> followed_reader::lag_bytes() {
  // An older generation may be compressed by now, and newer ones follow it.
  if (!place_ || place_->last_part)
    return std::nullopt;
  // The bytes of a compressed file are not those of its content.
  if (is_gzip(place_->file).value_or(true))
    return is_read_whole() ? std::optional<std::uint64_t>(0) : std::nullopt;
  const auto now = look_at(place_->file);
  return now ? std::optional(now->size - std::min(now->size, static_cast<std::uint64_t>(next_.minor)))
             : std::nullopt;
}

expected<std::optional<chunk>> followed_reader::read(std::span<const std::string> wanted,
                                                     std::size_t max_bytes,
                                                     std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  const auto look_again = files_->is_glob_pattern() ? look_at_glob : look_at_file;
  const bool mine = assigned_ && std::find(wanted.begin(), wanted.end(), whole_log) != wanted.end();
  for (;;) {
    if (mine) {
      auto got = read_now(max_bytes);
      if (!got || *got)
        return got;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!watch_->wait_until(std::min(until, now + look_again)))
      return unexpected(error{ec::cancelled, fault::ours, false, "reading was interrupted", {}});
    if (now >= until)
      return std::optional<chunk>{};
  }
}

expected<std::optional<chunk>> followed_reader::read_now(std::size_t max_bytes) {
  for (bool again = assigned_; again;) {
    again = false;
    auto got = step(max_bytes, again);
    if (!got || *got)
      return got;
  }
  return std::optional<chunk>{};
}

expected<void> followed_reader::check_identity(std::string_view stored) {
  if (followed_logs::is_text(stored))
    return user_error(
        ec::mismatch,
        fmt::format("{}: its files were partitions until now; put \"parallel\": true back, or begin "
                    "anew with --fresh",
                    pattern_));
  return files_->restore(stored);
}

expected<void> followed_reader::read_from(place& at, std::uint64_t offset) {
  const auto known = std::min<std::uint64_t>(offset, tail_bytes);
  for (const auto begin : {offset - known, offset}) {
    ASSIGN_OR_RETURN(auto second, at.file.duplicate());
    ASSIGN_OR_RETURN(auto stream, open_stream(std::move(second), begin, std::nullopt));
    std::string bytes(offset - begin, '\0');
    const auto got = stream->read(bytes.data(), bytes.size());
    if (!bytes.empty() && (!got || *got < bytes.size()))
      continue;  // it ends before: opened there it says so
    at.recent = recent_bytes(begin);
    at.recent.take(bytes);
    if (at.to)
      stream = std::make_unique<limited_stream>(std::move(stream), *at.to - std::min(*at.to, offset));
    at.lines.emplace(std::move(stream), at.file.path(), at.generation, offset, wanted_.frame);
    break;
  }
  return {};
}

expected<void> followed_reader::open_place() {
  const auto offset = static_cast<std::uint64_t>(next_.minor);
  ASSIGN_OR_RETURN(auto opened, files_->open(next_.major, offset));
  place at{.generation = next_.major,
           .file = std::move(opened.file),
           .to = opened.to,
           .last_part = opened.to.has_value(),
           .takes_rest = opened.to || opened.takes_rest,
           .may_be_zeros = offset == 0,
           .has_begun = !wanted_.header && wanted_.skip == 0};
  RETURN_IF_ERROR(read_from(at, offset));
  place_.emplace(std::move(at));
  watched_ = watch_->watch(place_->file.fd(), watched_);
  return {};
}

expected<bool> followed_reader::take(place& at, const chunk& out) {
  const auto end = static_cast<std::uint64_t>(at.lines->next().minor);
  if (end - at.recent.end() == out.bytes.size() - padding) {
    at.recent.take({out.bytes.data(), out.bytes.size() - padding});
  } else {  // the chunk has the beginning of a line that is too long
    auto packed = is_gzip(at.file);
    ASSIGN_OR_RETURN(auto recent, packed && !*packed ? recent_bytes::of(at.file, end)
                                                     : packed.map([&](bool) { return recent_bytes(end); }));
    at.recent = std::move(recent);
  }
  return files_->was_read(at.generation, end, at.recent.tail());
}

expected<bool> followed_reader::read_lines(place& at, chunk& out, std::size_t max_bytes) {
  if (at.may_be_zeros) {
    ASSIGN_OR_RETURN(auto zeros, leading_zeros(at.file, at.zeros));
    at.zeros = zeros.count;
    if (at.zeros > 0 && !zeros.is_followed) {
      out = without_records(at.lines->next(), at.lines->path());
      return true;
    }
    at.may_be_zeros = at.zeros == 0 && !zeros.is_followed;
    if (at.zeros > 0) {
      spdlog::info("{}: it begins with {} zero bytes, which are passed over", at.file.path(), at.zeros);
      RETURN_IF_ERROR(read_from(at, at.zeros));
    }
  }
  if (!at.has_begun)
    RETURN_IF_ERROR(begin(at));
  const auto next = at.lines->next();
  auto ended = at.lines->read(out, max_bytes, at.takes_rest);
  if (ended && !at.has_begun && out.records() > 0) {  // these lines, or a part of them, have come just now
    const bool are_blank = std::ranges::all_of(out.lengths, [](std::uint32_t length) { return length == 0; });
    out = without_records(next, at.lines->path());
    RETURN_IF_ERROR(read_from(at, static_cast<std::uint64_t>(next.minor)));
    return are_blank;
  }
  if (ended && *ended && !at.has_told_returns)
    if (auto why = why_no_lines(at.lines->unfinished_text(), wanted_.frame, at.file.path(), at.file.path());
        !why.empty()) {
      spdlog::warn("{}; they wait for one", why);
      at.has_told_returns = true;
    }
  out.header = at.header;
  return ended;
}

expected<void> followed_reader::begin(place& at) {
  ASSIGN_OR_RETURN(const auto zeros, leading_zeros(at.file, at.zeros));
  auto first = read_first_lines(wanted_, at.file.path(), at.generation, zeros.count, at.takes_rest,
                                [&](std::uint64_t from) -> expected<std::unique_ptr<byte_stream>> {
                                  ASSIGN_OR_RETURN(auto second, at.file.duplicate());
                                  return open_stream(std::move(second), from, std::nullopt);
                                });
  if (!first)
    return tl::make_unexpected(std::move(first.error()));
  at.has_begun = first->are_all;
  at.header = std::move(first->header);
  const auto records = std::min(first->behind_skipped, at.to.value_or(first->behind_skipped));
  return static_cast<std::uint64_t>(at.lines->next().minor) < records ? read_from(at, records)
                                                                      : expected<void>{};
}

expected<std::optional<chunk>> followed_reader::step(std::size_t max_bytes, bool& again) {
  if (files_->first().major < 0) {
    ASSIGN_OR_RETURN(const auto come, files_->has_come());
    if (!come)
      return nothing_yet();
    spdlog::info("{}: it is there now", pattern_);
  }
  if (!place_) {
    if (const auto next = files_->nothing_left(next_))
      next_ = *next;
    if (auto opened = open_place(); !opened) {
      if (opened.error().code != ec::log_trimmed || !files_->was_written_anew(next_))
        return tl::make_unexpected(std::move(opened.error()));
      RETURN_IF_ERROR(give_up(next_.major));
      again = true;
      return std::optional<chunk>{};
    }
  }
  auto& at = *place_;
  const bool was_at_end = end_said_ && at.lines->unfinished() == 0;
  chunk out;
  ASSIGN_OR_RETURN(auto ended, read_lines(at, out, max_bytes));
  if (!at.last_part) {
    // Looked at after reading: what was read is this generation's only if the file is still the same.
    const auto seen = std::max(static_cast<std::uint64_t>(out.to.minor) + at.lines->unfinished(), at.zeros);
    ASSIGN_OR_RETURN(auto same, files_->still(at.generation, at.file, seen, at.recent));
    if (!same) {
      RETURN_IF_ERROR(was_cut_off(was_at_end));
      again = true;
      return std::optional<chunk>{};
    }
  }
  ASSIGN_OR_RETURN(auto taken, take(at, out));
  if (!taken) {  // another reader of the log has left it before: it is read up to there
    place_.reset();
    again = true;
    return std::optional<chunk>{};
  }
  const bool moved = out.to > next_;
  out.partition = whole_log;
  if (files_->is_glob_pattern())
    out.part = out.topic;
  else if (at.generation > 0)  // its present path may be another one for another life
    out.part = fmt::format("{}, generation {}", pattern_, at.generation);
  out.from = delivered_;
  if (moved)
    next_ = out.to;
  else
    out.to = next_;
  if (ended && at.last_part) {
    if (at.to && static_cast<std::uint64_t>(next_.minor) < *at.to)
      return fatal_error(ec::log_trimmed,
                         fmt::format("{}: it ends at byte {} and was read up to byte {}: put the whole file "
                                     "back, or begin anew with --fresh",
                                     at.file.path(), next_.minor, *at.to));
    if (leave(at)) {
      out.to = next_;
      place_.reset();
    } else {
      at.last_part = at.takes_rest = false;
      again = !moved;
    }
  } else if (ended) {
    const auto later = files_->after(at.generation, at.file, std::chrono::steady_clock::now());
    if (!later)
      return tl::make_unexpected(later.error());
    // Read once more: the writer may have added a last line.
    at.last_part = *later == generations::next::later;
    at.takes_rest = at.takes_rest || (at.last_part && files_->takes_rest(at.generation, at.file));
    again = !moved && *later != generations::next::none;
    out.caught_up = *later == generations::next::none;
    if (*later == generations::next::moved)
      place_.reset();
  }
  if (out.to > out.from || (out.caught_up && !end_said_)) {
    end_said_ = out.caught_up;
    delivered_ = out.to;
    return std::optional<chunk>(std::move(out));
  }
  return std::optional<chunk>{};
}

std::optional<chunk> followed_reader::nothing_yet() {
  if (std::exchange(end_said_, true))
    return std::nullopt;
  spdlog::warn("{}: no file is there yet; it is read from its beginning once it is there{}", pattern_,
               pattern_.starts_with('/') ? ""
                                         : " (it is looked up from the folder that millrace was started in)");
  auto out = without_records(next_, pattern_);
  out.partition = whole_log;
  out.from = std::exchange(delivered_, next_);
  out.caught_up = true;
  return out;
}

// The file was cut off and is written anew (copytruncate). Unread bytes are in the copy, if there is one, and
// later files are found as after a rename.
expected<void> followed_reader::was_cut_off(bool was_at_end) {
  const auto generation = place_->generation;
  place_.reset();
  const auto copy = open_place();
  return copy || copy.error().code != ec::log_trimmed || !was_at_end ? copy : give_up(generation);
}

expected<void> followed_reader::give_up(std::int64_t generation) {
  RETURN_IF_ERROR(files_->cut_off(generation));
  spdlog::warn("{}: it was cut off or written anew, and no copy lies beside it; all that was seen of it was "
               "read (to byte {}), lines written just before are lost. It is read from its beginning",
               pattern_, next_.minor);
  const auto end = static_cast<std::uint64_t>(next_.minor);
  const auto next = files_->leave(generation, end, end, nullptr, std::chrono::steady_clock::now());
  if (!next)
    return fatal_error(ec::log_trimmed,
                       fmt::format("{}: it was cut off or written anew before it was read to the place that "
                                   "another reader has come to; put it back, or begin anew with --fresh",
                                   pattern_));
  next_ = *next;
  return {};
}

bool followed_reader::leave(const place& at) {
  const auto end = static_cast<std::uint64_t>(next_.minor);
  const auto next = files_->leave(at.generation, end, end + at.lines->unfinished(), &at.file,
                                  std::chrono::steady_clock::now());
  next_ = next.value_or(next_);
  return next.has_value();
}

}  // namespace millrace::source
