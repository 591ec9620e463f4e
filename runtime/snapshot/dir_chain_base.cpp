// A chain's base in a folder, and the trimming of what lies before the previous one.
#include "runtime/snapshot/dir_chain.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::snapshot {

expected<void> dir_chain::write_base(const std::string& temporary, const record_header& header,
                                     std::string_view base) {
  return files_.write(temporary, {bytes_of(header), actor_, base}, true)
      .and_then([&] { return files_.read(temporary); })
      .and_then([&](const std::string& bytes) -> expected<void> {
        record back;
        if (decode_record(bytes, actor_, back) != reading::whole || back.checksum != header.checksum)
          return outside_error(ec::io, fmt::format("{} does not read back as it was written", temporary));
        return {};
      });
}

expected<bool> dir_chain::append_base(std::string_view base) {
  if (!fence_)
    return unexpected(check_fence().error());
  if (is_unsure_)
    return false;
  // The fence is not held while the base is written: a newer incarnation need not wait for that.
  const auto header = header_of(record_kind::base, base, false);
  const auto place = last_place_ + 1;
  const auto tmp = temporary("base");
  auto done = write_base(tmp, header, base);
  const std::lock_guard lock(fence_->mutex);
  if (done)
    done = check_fence();
  if (!done) {
    (void)files_.remove(tmp);
    return unexpected(done.error());
  }
  // No run holds records from both sides of a base, nor of one of which it is not known whether it is there.
  run_.is_open = false;
  const auto mark = chain::mark_before(base_place_);
  done = files_.publish(tmp, path(run_file(place)));
  if (!done)
    (void)files_.remove(tmp);
  // The mark says what the base before this one has covered; durable before anything is removed.
  else if (mark != 0)
    done = make_mark(mark);
  if (done)
    done = files_.sync_folder(folder_);
  if (!done)
    return not_known(done.error());
  const auto it_counts = counts(place);
  if (!it_counts)
    return not_known(it_counts.error());
  if (!*it_counts)
    return not_known(lost_race());
  last_place_ = base_place_ = place;
  weight_ = {.base_bytes = sizeof header + actor_.size() + base.size()};
  tail_has_copy_ = true;
  trim();
  return true;
}

/// Made exclusively, never moved: the greatest counts.
expected<void> dir_chain::make_mark(std::uint64_t place) {
  auto done = write_new(mark_file(place), {}, false);
  return !done && done.error().code == ec::already_exists ? expected<void>() : done;
}

/// Removes all below the mark, the original of a run first, and second copies of what the base covers. A file
/// that cannot be removed now goes with the next base, or when the actor opens again.
void dir_chain::trim() {
  const auto listed = list_runs(files_, folder_);
  if (!listed)
    return;
  auto names = listed->trimmed;
  // Two marks: one that is damaged or missed by a listing does not make an old place look new.
  for (std::size_t i = 0; i + 2 < listed->marks.size(); ++i)
    names.push_back(mark_file(listed->marks[i]));
  for (const auto& r : listed->runs)
    if (r.place < base_place_ && !r.copy.empty())  // a mended file stands for its original
      names.push_back(r.copy);
  for (const auto& name : names)
    if (!files_.remove(path(name)))
      break;
  count_bytes();
}

}  // namespace millrace::snapshot
