#include "tests/property/delivery/segment_store.hpp"

#include "runtime/delivery/output_format.hpp"
#include "tests/property/delivery/scene.hpp"

#include <algorithm>

namespace millrace::delivery::trial {

std::optional<segment_store::done> segment_store::step(chance& c, const log_id& log) {
  if (under_way_.empty())
    return std::nullopt;
  const auto t = std::move(under_way_.front());
  under_way_.pop_front();
  switch (t.kind) {
  case what::remove:
    files_.erase(t.id);
    return std::nullopt;
  case what::write:
    if (one_in(c, 10))
      return done{.failed = true, .id = t.id};
    if (!files_.emplace(t.id, encode_segment(t.frames)).second)
      throw fault("a segment is written over another");
    return done{.id = t.id};
  case what::read:
    break;
  }
  const auto file = files_.find(t.id);
  if (file == files_.end())
    throw fault("a segment that is needed is gone");
  auto frames = decode_segment(file->second, log);
  if (!frames)
    throw fault("a good segment is refused: " + frames.error().message);
  return done{.was_read = true, .id = t.id, .frames = std::move(*frames)};
}

void segment_store::owner_died(chance& c, const log_id& log) {
  // Nobody waits any more for what the old life was reading, and the file may be gone.
  std::erase_if(under_way_, [](const task& t) { return t.kind == what::read; });
  while (!under_way_.empty() && one_in(c, 2))
    (void)step(c, log);
  under_way_.clear();
}

void segment_store::keep_only(const std::vector<segment_id>& ids) {
  std::erase_if(files_,
                [&](const auto& f) { return std::find(ids.begin(), ids.end(), f.first) == ids.end(); });
}

}  // namespace millrace::delivery::trial
