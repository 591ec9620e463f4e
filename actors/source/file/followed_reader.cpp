#include "actors/source/file/followed_reader.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sys/stat.h>

namespace millrace::source {

namespace {
// How often a file that gave nothing is looked at again, besides when it is written to: it may have been
// rotated. A look is one read and one stat; a glob lists a folder.
constexpr std::chrono::milliseconds look_at_file{20};
constexpr std::chrono::milliseconds look_at_glob{100};
}  // namespace

expected<std::vector<partition_info>> followed_reader::discover(std::chrono::milliseconds) {
  if (files_.empty()) {
    if (auto begun = files_.begin(); !begun)
      return tl::make_unexpected(std::move(begun.error()));
  }
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

std::optional<std::uint64_t> followed_reader::lag() { return std::nullopt; }  // lines are not counted before

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

expected<void> followed_reader::open_place() {
  auto file = files_.open(next_.major, static_cast<std::uint64_t>(next_.minor));
  if (!file)
    return tl::make_unexpected(std::move(file.error()));
  auto second = file->duplicate();
  if (!second)
    return tl::make_unexpected(std::move(second.error()));
  auto path = file->path();
  auto stream = open_stream(std::move(*second), static_cast<std::uint64_t>(next_.minor), std::nullopt);
  if (!stream)
    return tl::make_unexpected(std::move(stream.error()));
  place_.emplace(place{next_.major, std::move(*file),
                       line_reader(std::move(*stream), std::move(path), next_.major,
                                   static_cast<std::uint64_t>(next_.minor), csv_delimiter_),
                       false});
  watch_.watch(place_->file.fd());
  return {};
}

expected<std::optional<chunk>> followed_reader::step(std::size_t max_bytes, bool& again) {
  if (!place_) {
    if (files_.nothing_left(next_))
      next_ = {next_.major + 1, 0};
    if (auto opened = open_place(); !opened)
      return tl::make_unexpected(std::move(opened.error()));
  }
  auto& at = *place_;
  chunk out;
  auto ended = at.lines.read(out, max_bytes, at.last_part);
  if (!ended)
    return tl::make_unexpected(std::move(ended.error()));
  if (!at.last_part) {
    // Looked at after reading: what was read is this generation's only if the file is still the same.
    const auto seen = static_cast<std::uint64_t>(out.to.minor) + at.lines.unfinished();
    auto same = files_.still(at.generation, at.file, seen);
    if (!same)
      return tl::make_unexpected(std::move(same.error()));
    if (!*same) {
      if (auto done = was_cut_off(); !done)
        return tl::make_unexpected(std::move(done.error()));
      again = true;
      return std::optional<chunk>{};
    }
  }
  const bool moved = out.to > out.from;
  out.partition = whole_log;
  if (is_glob(pattern_))
    out.part = out.topic;
  else if (at.generation > 0)  // where it lies now, the name of another life would differ
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

// The file was cut off and is written anew (copytruncate). What was not read yet is in the copy, if there is
// one.
expected<void> followed_reader::was_cut_off() {
  const auto generation = place_->generation;
  const bool was_at_end = end_said_ && place_->lines.unfinished() == 0;
  if (auto next = files_.cut_off(generation); !next)
    return next;
  place_.reset();
  auto copy = open_place();
  if (copy) {
    place_->last_part = true;
    return {};
  }
  if (copy.error().code != ec::log_trimmed || !was_at_end)
    return copy;
  spdlog::warn(
      "{}: it was cut off and no copy lies beside it; all that was seen of it was read (to byte {}), lines "
      "written just before are lost",
      pattern_, next_.minor);
  files_.finished(generation, static_cast<std::uint64_t>(next_.minor));
  next_ = {generation + 1, 0};
  return {};
}

}  // namespace millrace::source
