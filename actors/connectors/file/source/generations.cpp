#include "actors/connectors/file/source/generations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

namespace millrace::source {

namespace {

// This many generations before the durable one stay known: a rotated file that reappears under another name
// must not be taken for a new one.
constexpr std::int64_t remembered = 64;

struct stamp {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  friend auto operator<=>(const stamp&, const stamp&) = default;
};
stamp written_at(const struct stat& info) { return {info.st_mtim.tv_sec, info.st_mtim.tv_nsec}; }
stamp written_at(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? written_at(info) : stamp{};
}

/// Identifies those that are still there and are files.
expected<std::vector<file_identity>> identities(const std::vector<std::string>& names) {
  std::vector<file_identity> found;
  for (const auto& name : names) {
    auto f = identify_content(name);
    if (f)
      found.push_back(std::move(*f));
    else if (f.error().code != ec::not_found &&
             f.error().code != ec::unsupported)  // renamed meanwhile; a folder
      return tl::make_unexpected(std::move(f.error()));
  }
  return found;
}

}  // namespace

expected<std::vector<std::string>> generations::names() const {
  std::vector<std::string> names;
  if (is_glob(pattern_)) {
    auto listed = list_files(pattern_, order_);
    if (!listed && listed.error().code != ec::not_found)
      return tl::make_unexpected(std::move(listed.error()));
    if (listed)
      names = std::move(*listed);
  } else {
    // Programs that rotate make these of NAME: NAME.1, NAME.2.gz, NAME-20260101.
    const std::filesystem::path path(pattern_);
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const auto name = path.filename().string();
    std::error_code problem;
    for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end;
         at.increment(problem)) {
      const auto other = at->path().filename().string();
      if (other.size() > name.size() && other.compare(0, name.size(), name) == 0 &&
          (other[name.size()] == '.' || other[name.size()] == '-'))
        names.push_back((path.has_parent_path() ? folder / other : std::filesystem::path(other)).string());
    }
    if (problem)
      return outside_error(ec::io,
                           fmt::format("{}: cannot be listed: {}", folder.string(), problem.message()));
    std::sort(names.begin(), names.end());
    names.push_back(pattern_);  // the live one comes last
  }
  return names;
}

expected<std::vector<file_identity>> generations::present() const {
  auto all = names();
  if (!all)
    return tl::make_unexpected(std::move(all.error()));
  return identities(*all);
}

file_identity* generations::find(std::int64_t number) {
  const auto at =
      std::find_if(known_.begin(), known_.end(), [&](const auto& f) { return f.number == number; });
  return at == known_.end() ? nullptr : &*at;
}

std::int64_t generations::first() const {
  const auto at = std::find_if(known_.begin(), known_.end(), [](const auto& f) { return f.number >= 0; });
  return at == known_.end() ? -1 : at->number;
}

bool generations::may_be_copy(const file_identity& known, const file_identity& f) const {
  // The path itself never holds a copy, as copytruncate and compression make it: it holds what came after.
  if (!is_glob(pattern_))
    return f.path != pattern_ && known.head_length > 0;
  // Files of a glob are files of their own, even if they begin alike. NAME.gz is the file NAME, packed, if
  // its content is the same; a file that was put back has its name again.
  return f.path == known.path || f.path == known.path + ".gz";
}

bool generations::is_known(const file_identity& f) {
  return std::any_of(known_.begin(), known_.end(), [&](const file_identity& known) {
    if (match_.is_still(known, f))
      return true;
    if (!may_be_copy(known, f))
      return false;
    // A file that has the beginning only is being packed: it is looked at again.
    const auto found = match_.compare(known, f);
    return found == likeness::copy || found == likeness::part;
  });
}

bool generations::is_another(const file_identity& f, std::int64_t number, beside which) {
  // A file that fits several is the one of which most is known: an inode is used again, and a header says little.
  const auto* const wanted = find(number);
  const auto least = wanted == nullptr ? 0 : wanted->tail.end;
  return std::any_of(known_.begin(), known_.end(), [&](const auto& known) {
    if (known.number == number || (which == beside::later && known.number < number) || known.tail.end < least)
      return false;
    return match_.is_still(known, f) || (which == beside::any && known.tail.end > least &&
                                         may_be_copy(known, f) && match_.compare(known, f) == likeness::copy);
  });
}

void generations::add(file_identity f) {
  f.number = known_.empty() ? 0 : std::max<std::int64_t>(known_.back().number + 1, 0);
  f.seen = f.length;
  f.length = 0;
  known_.push_back(std::move(f));
  note_progress();
}

expected<void> generations::begin() {
  const auto folder = std::filesystem::path(pattern_).parent_path();
  std::error_code unknown;
  if (!is_glob(pattern_) && (folder.empty() || std::filesystem::exists(folder, unknown))) {
    auto here = present();
    if (!here)
      return tl::make_unexpected(std::move(here.error()));
    std::erase_if(*here, [&](const auto& f) { return f.path == pattern_; });
    for (std::size_t i = 0; i < here->size(); ++i) {
      (*here)[i].number = static_cast<std::int64_t>(i) - static_cast<std::int64_t>(here->size());
      known_.push_back(std::move((*here)[i]));
    }
    note_progress();
  }
  return has_come().map([](bool) {});
}

expected<bool> generations::has_come() {
  std::vector<std::string> names{pattern_};
  if (is_glob(pattern_)) {
    auto listed = list_files(pattern_, order_);
    if (!listed && listed.error().code != ec::not_found)
      return tl::make_unexpected(std::move(listed.error()));
    names = listed ? std::move(*listed) : std::vector<std::string>{};
  }
  for (const auto& name : names) {
    auto f = identify_content(name);
    if (f) {
      add(std::move(*f));
      return true;
    }
    if (f.error().code != ec::not_found)
      return tl::make_unexpected(std::move(f.error()));
  }
  return false;
}

expected<void> generations::restore(std::string_view text) {
  auto files = parse_identities(text);
  if (!files)
    return tl::make_unexpected(std::move(files.error()));
  if (!files->empty())
    known_ = std::move(*files);
  note_progress();
  return {};
}

void generations::find_up_to(std::int64_t number) {
  while (first() >= 0 && known_.back().number < number) {
    const auto last = open(known_.back().number, known_.back().tail.end);
    if (!last)
      return;
    if (const auto next = after(known_.back().number, *last); !next || !*next)
      return;
  }
}

expected<open_file> generations::open(std::int64_t number, std::uint64_t offset) {
  find_up_to(number);
  auto* wanted = find(number);
  if (wanted != nullptr) {  // its last name comes first: as a rule it is still there
    auto there = identify_content(wanted->path);
    if (there && match_.is_still(*wanted, *there) && !is_another(*there, number, beside::later) &&
        (there->length >= offset || is_packed(there->path)))
      return open_file::open(there->path);
  }
  auto here = present();
  if (!here)
    return tl::make_unexpected(std::move(here.error()));
  const file_identity* best = nullptr;
  for (const auto& f : *here) {
    if (wanted == nullptr || (f.length < offset && !is_packed(f.path)))
      continue;
    if (match_.is_still(*wanted, f)) {
      if (is_another(f, number, beside::later))
        continue;
      best = &f;
      break;
    }
    // The oldest of several that hold what is known of it is the one: later generations may hold no less.
    if ((best == nullptr || written_at(f.path) < written_at(best->path)) && may_be_copy(*wanted, f) &&
        !is_another(f, number, beside::any) && match_.compare(*wanted, f) >= likeness::same)
      best = &f;
  }
  if (best != nullptr) {
    if (!is_same_file(*wanted, *best))
      wanted->seen = 0;
    wanted->device = best->device;  // the copy is the generation now, or it would be taken for a new one
    wanted->inode = best->inode;
    wanted->path = best->path;
    note_progress();
    return open_file::open(best->path);
  }
  return fatal_error(
      ec::log_trimmed,
      fmt::format("{}: the file that was read up to byte {} (generation {}{}) is neither there nor rotated "
                  "beside it: it was deleted or overwritten before it was read. Put it back beside it, or "
                  "begin anew with --fresh",
                  pattern_, offset, number,
                  wanted == nullptr ? std::string() : fmt::format(", inode {}", wanted->inode)));
}

bool generations::nothing_left(position at) const {
  const auto here =
      std::find_if(known_.begin(), known_.end(), [&](const auto& f) { return f.number == at.major; });
  return here != known_.end() && std::next(here) != known_.end() && here->length > 0 &&
         static_cast<std::uint64_t>(at.minor) >= here->length;
}

expected<std::optional<std::int64_t>> generations::after(std::int64_t number, const open_file& current) {
  if (find(number + 1) != nullptr)
    return number + 1;
  struct stat live {};
  struct stat mine {};
  if (::fstat(current.fd(), &mine) != 0)
    return outside_error(ec::io, fmt::format("{}: its state cannot be read", current.path()));
  const bool several = is_glob(pattern_);
  if (!several &&
      (::stat(pattern_.c_str(), &live) != 0 || (live.st_dev == mine.st_dev && live.st_ino == mine.st_ino)))
    return std::optional<std::int64_t>{};

  auto all = names();
  if (!all)
    return tl::make_unexpected(std::move(all.error()));
  if (several)  // no look into each of many old files, each time
    all->erase(std::remove_if(all->begin(), all->end(),
                              [&](const auto& name) {
                                return std::any_of(known_.begin(), known_.end(),
                                                   [&](const auto& f) { return f.path == name; });
                              }),
               all->end());
  auto here = identities(*all);
  if (!here)
    return tl::make_unexpected(std::move(here.error()));
  const auto* now = find(number);
  std::vector<file_identity> later;
  for (auto& f : *here) {
    if (is_known(f))
      continue;
    if (several && now != nullptr && comes_before(f.path, now->path, order_))
      return user_error(
          ec::mismatch,
          fmt::format(
              "{}: this file is new and its name comes before {}, which is being read; a "
              "followed glob is one log in the order of names. Rename it, or begin anew with --fresh, "
              "and with another `order` where names do not say which file is later",
              f.path, now->path));
    if (several || f.path == pattern_ || written_at(f.path) >= written_at(mine))
      later.push_back(std::move(f));
  }
  if (!several)
    std::stable_sort(later.begin(), later.end(), [&](const auto& a, const auto& b) {
      if ((a.path == pattern_) != (b.path == pattern_))
        return b.path == pattern_;
      return written_at(a.path) < written_at(b.path);
    });
  if (later.empty() || (later.size() == 1 && later.front().length == 0))
    return std::optional<std::int64_t>{};
  add(std::move(later.front()));
  return known_.back().number;
}

expected<bool> generations::still(std::int64_t number, const open_file& current, std::uint64_t offset,
                                  const recent_bytes& before) {
  auto* f = find(number);
  auto packed = is_gzip(current);
  if (!packed)
    return tl::make_unexpected(std::move(packed.error()));
  struct stat info {};
  if (f == nullptr || (::fstat(current.fd(), &info) != 0 && *packed))
    return true;
  if (*packed) {
    f->seen = static_cast<std::uint64_t>(info.st_size);
    return true;
  }
  if (static_cast<std::uint64_t>(info.st_size) < offset)
    return false;
  const auto held = before.are_in(current);
  if (!held || !*held)
    return held;
  const auto head = own_head(current, head_bytes);
  if (!head)
    return tl::make_unexpected(head.error());
  if (head->length < f->head_length)
    return false;
  const auto known = head->length == f->head_length ? head : own_head(current, f->head_length);
  if (!known || *known != file_head{f->head_length, f->head_hash})
    return false;
  f->seen = static_cast<std::uint64_t>(info.st_size);
  if (head->length > f->head_length) {
    f->head_length = head->length;
    f->head_hash = head->hash;
    note_progress();
  }
  return true;
}

void generations::was_read(std::int64_t number, const file_tail& tail) {
  if (auto* f = find(number); f != nullptr && tail.end > f->tail.end)
    f->tail = tail;
}

bool generations::was_written_anew(position at) {
  const auto* f = find(at.major);
  if (is_glob(pattern_) || f == nullptr || find(at.major + 1) != nullptr ||
      static_cast<std::uint64_t>(at.minor) < f->seen)
    return false;
  const auto here = present();
  return here && std::ranges::all_of(*here, [&](const file_identity& other) {
           return other.path == pattern_ ? is_same_file(*f, other) && !match_.is_still(*f, other)
                                         : is_known(other);
         });
}

expected<void> generations::cut_off(std::int64_t number) {
  if (find(number + 1) != nullptr)
    return {};
  if (is_glob(pattern_)) {
    const auto* f = find(number);
    return fatal_error(
        ec::log_trimmed,
        fmt::format("{}: it was cut off while it was followed; put it back, or begin anew with --fresh",
                    f == nullptr ? pattern_ : f->path));
  }
  // The same file has what came next; it may be rotated by now.
  auto here = present();
  if (!here)
    return tl::make_unexpected(std::move(here.error()));
  for (auto& f : *here)
    if (is_same_file(*find(number), f)) {
      add(std::move(f));
      return {};
    }
  auto now = identify_content(pattern_);
  if (!now)
    return tl::make_unexpected(std::move(now.error()));
  add(std::move(*now));
  return {};
}

void generations::finished(std::int64_t number, std::uint64_t length) {
  if (auto* f = find(number)) {
    f->length = length;
    note_progress();
  }
}

void generations::forget_below(std::int64_t number) {
  if (is_glob(pattern_))
    return;  // a file's name says that it is old only as long as it is known
  if (std::erase_if(known_, [&](const auto& f) { return f.number < number - remembered; }) > 0)
    note_progress();
}

}  // namespace millrace::source
