#include "actors/connectors/file/source/followed_reader.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sys/stat.h>
#include <utility>

namespace millrace::source {

namespace {
// A file that gave no bytes is looked at again this often, besides when it is written to: it may have been
// rotated. A look is one read and one stat; a glob lists a folder.
constexpr std::chrono::milliseconds look_at_file{20};
constexpr std::chrono::milliseconds look_at_glob{100};
}  // namespace

expected<std::vector<partition_info>> followed_reader::discover(std::chrono::milliseconds) {
  if (files_.empty())
    if (auto begun = files_.begin(); !begun)
      return tl::make_unexpected(std::move(begun.error()));
  const position first{std::max<std::int64_t>(0, files_.first()), 0};
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

void followed_reader::interrupt() { watch_.interrupt(); }

void followed_reader::acknowledge(const std::string&, position durable) {
  files_.forget_below(durable.major);
}

std::optional<backlog> followed_reader::lag() { return std::nullopt; }  // lines are not counted before

std::optional<std::uint64_t> followed_reader::lag_bytes() {
  struct stat now {};
  // An older generation may be compressed by now, and newer ones follow it.
  if (!place_ || place_->last_part || fstat(place_->file.fd(), &now) != 0)
    return std::nullopt;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.st_size - next_.minor));
}

expected<std::optional<chunk>> followed_reader::read(std::span<const std::string> wanted,
                                                     std::size_t max_bytes,
                                                     std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  const auto look_again = is_glob(pattern_) ? look_at_glob : look_at_file;
  const bool mine = assigned_ && std::find(wanted.begin(), wanted.end(), whole_log) != wanted.end();
  for (;;) {
    bool again = mine;
    while (again) {
      again = false;
      auto got = step(max_bytes, again);
      if (!got || *got)
        return got;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!watch_.wait_until(std::min(until, now + look_again)))
      return unexpected(error{ec::cancelled, fault::ours, false, "reading was interrupted", {}});
    if (now >= until)
      return std::optional<chunk>{};
  }
}

expected<void> followed_reader::read_from(place& at, std::uint64_t offset) {
  const auto known = std::min<std::uint64_t>(offset, tail_bytes);
  for (const auto begin : {offset - known, offset}) {
    auto second = at.file.duplicate();
    if (!second)
      return tl::make_unexpected(std::move(second.error()));
    auto stream = open_stream(std::move(*second), begin, std::nullopt);
    if (!stream)
      return tl::make_unexpected(std::move(stream.error()));
    std::string bytes(offset - begin, '\0');
    const auto got = (*stream)->read(bytes.data(), bytes.size());
    if (!bytes.empty() && (!got || *got < bytes.size()))
      continue;  // it ends before: opened there it says so
    at.recent = recent_bytes(begin);
    at.recent.take(bytes);
    at.lines.emplace(std::move(*stream), at.file.path(), at.generation, offset, frame_);
    break;
  }
  return {};
}

expected<void> followed_reader::open_place() {
  const auto offset = static_cast<std::uint64_t>(next_.minor);
  auto file = files_.open(next_.major, offset);
  if (!file)
    return tl::make_unexpected(std::move(file.error()));
  place at{.generation = next_.major, .file = std::move(*file), .may_be_zeros = offset == 0};
  if (auto opened = read_from(at, offset); !opened)
    return opened;
  place_.emplace(std::move(at));
  watch_.watch(place_->file.fd());
  return {};
}

expected<void> followed_reader::take(place& at, const chunk& out) {
  const auto end = static_cast<std::uint64_t>(at.lines->next().minor);
  if (end - at.recent.end() == out.bytes.size() - padding) {
    at.recent.take({out.bytes.data(), out.bytes.size() - padding});
  } else {  // the chunk has the beginning of a line that is too long
    auto packed = is_gzip(at.file);
    auto recent = packed && !*packed ? recent_bytes::of(at.file, end)
                                     : packed.map([&](bool) { return recent_bytes(end); });
    if (!recent)
      return tl::make_unexpected(std::move(recent.error()));
    at.recent = std::move(*recent);
  }
  if (const auto tail = at.recent.tail())
    files_.was_read(at.generation, *tail);
  return {};
}

expected<bool> followed_reader::read_lines(place& at, chunk& out, std::size_t max_bytes) {
  if (at.may_be_zeros) {
    auto zeros = leading_zeros(at.file, at.zeros);
    if (!zeros)
      return tl::make_unexpected(std::move(zeros.error()));
    at.zeros = zeros->count;
    if (at.zeros > 0 && !zeros->is_followed) {
      out.bytes.assign(padding, '\0');
      out.from = out.to = at.lines->next();
      out.topic = at.lines->path();
      return true;
    }
    at.may_be_zeros = at.zeros == 0 && !zeros->is_followed;
    if (at.zeros > 0) {
      spdlog::info("{}: it begins with {} zero bytes, which are passed over", at.file.path(), at.zeros);
      if (auto opened = read_from(at, at.zeros); !opened)
        return tl::make_unexpected(std::move(opened.error()));
    }
  }
  return at.lines->read(out, max_bytes, at.last_part);
}

expected<std::optional<chunk>> followed_reader::step(std::size_t max_bytes, bool& again) {
  if (files_.first() < 0) {
    const auto come = files_.has_come();
    if (!come)
      return tl::make_unexpected(come.error());
    if (!*come)
      return nothing_yet();
    spdlog::info("{}: it is there now", pattern_);
  }
  if (!place_) {
    if (files_.nothing_left(next_))
      next_ = {next_.major + 1, 0};
    if (auto opened = open_place(); !opened) {
      if (opened.error().code != ec::log_trimmed || !files_.was_written_anew(next_))
        return tl::make_unexpected(std::move(opened.error()));
      if (auto next = files_.cut_off(next_.major); !next)
        return tl::make_unexpected(std::move(next.error()));
      leave(next_.major);
      again = true;
      return std::optional<chunk>{};
    }
  }
  auto& at = *place_;
  const bool was_at_end = end_said_ && at.lines->unfinished() == 0;
  chunk out;
  auto ended = read_lines(at, out, max_bytes);
  if (!ended)
    return tl::make_unexpected(std::move(ended.error()));
  if (!at.last_part) {
    // Looked at after reading: what was read is this generation's only if the file is still the same.
    const auto seen = std::max(static_cast<std::uint64_t>(out.to.minor) + at.lines->unfinished(), at.zeros);
    auto same = files_.still(at.generation, at.file, seen, at.recent);
    if (!same)
      return tl::make_unexpected(std::move(same.error()));
    if (!*same) {
      if (auto done = was_cut_off(was_at_end); !done)
        return tl::make_unexpected(std::move(done.error()));
      again = true;
      return std::optional<chunk>{};
    }
  }
  if (auto taken = take(at, out); !taken)
    return tl::make_unexpected(std::move(taken.error()));
  const bool moved = out.to > out.from;
  out.partition = whole_log;
  if (is_glob(pattern_))
    out.part = out.topic;
  else if (at.generation > 0)  // its present path may be another one for another life
    out.part = fmt::format("{}, generation {}", pattern_, at.generation);
  out.from = delivered_;
  if (moved)
    next_ = out.to;
  else
    out.to = next_;
  if (*ended && at.last_part) {
    files_.finished(at.generation, static_cast<std::uint64_t>(next_.minor));
    next_ = {at.generation + 1, 0};
    out.to = next_;
    place_.reset();
    delivered_ = out.to;
    return std::optional<chunk>(std::move(out));
  }
  if (*ended) {
    auto later = files_.after(at.generation, at.file);
    if (!later)
      return tl::make_unexpected(std::move(later.error()));
    at.last_part = later->has_value();  // and read once more: the writer may have added a last line
    again = !moved && at.last_part;
    out.caught_up = !at.last_part;
  }
  if (moved || (out.caught_up && !end_said_)) {
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
  chunk out;
  out.partition = whole_log;
  out.bytes.assign(padding, '\0');
  out.from = delivered_;
  out.to = delivered_ = next_;
  out.topic = pattern_;
  out.caught_up = true;
  return out;
}

// The file was cut off and is written anew (copytruncate). Unread bytes are in the copy, if there is one, and
// later files are found as after a rename.
expected<void> followed_reader::was_cut_off(bool was_at_end) {
  const auto generation = place_->generation;
  place_.reset();
  const auto copy = open_place();
  if (copy || copy.error().code != ec::log_trimmed || !was_at_end)
    return copy;
  if (auto next = files_.cut_off(generation); !next)
    return next;
  leave(generation);
  return {};
}

void followed_reader::leave(std::int64_t generation) {
  spdlog::warn("{}: it was cut off or written anew, and no copy lies beside it; all that was seen of it was "
               "read (to byte {}), lines written just before are lost. It is read from its beginning",
               pattern_, next_.minor);
  files_.finished(generation, static_cast<std::uint64_t>(next_.minor));
  next_ = {generation + 1, 0};
}

}  // namespace millrace::source
