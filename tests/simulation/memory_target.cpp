#include "tests/simulation/memory_target.hpp"

#include "runtime/data/render.hpp"
#include "tests/simulation/scenario.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace::simulation {

class memory_writer final : public sink::writer {
public:
  memory_writer(memory_target& target, std::shared_ptr<const bool> gone)
      : target_(target), gone_(std::move(gone)) {}

  expected<std::optional<sink::progress>> open(const sink::claim& who) override {
    RETURN_IF_ERROR(answers());
    if (who.life <= target_.claimed)
      return fatal_error(ec::fenced, "a newer life has the target");
    if (!target_.owner.topology.empty()) {
      ASSIGN_OR_RETURN(const auto whose,
                       sink::judge(target_.owner, who, "the simulated target", sink::at_start::append));
      if (whose == sink::ownership::replaced)
        target_.empty();
    }
    if (who.expects_progress && !target_.progress)
      return fatal_error(ec::mismatch, "the state knows of a commit that the target does not know");
    target_.claimed = life_ = who.life;
    target_.owner = {who.state_id, who.topology, who.sink, who.life};
    open_.clear();
    return target_.progress;
  }

  expected<void> write(const data::batch& rows) override {
    if (auto ok = answers(); !ok)
      return ok;
    for (std::size_t i = 0; i < rows.rows; ++i)
      data::append_json_row(open_.emplace_back(), rows, i);
    return {};
  }

  expected<std::uint64_t> commit(const sink::progress& p) override {
    RETURN_IF_ERROR(answers());
    if (life_ != target_.claimed)
      return fatal_error(ec::fenced, "a newer life has the target");
    const auto lost = std::exchange(target_.loses_an_answer, std::nullopt);
    std::uint64_t refused = 0;
    if (!lost || *lost)
      refused = take(p);
    open_.clear();
    if (lost)
      return outside_error(ec::unavailable, "the answer to a commit was lost");
    return refused;
  }

  expected<std::vector<sink::rejected_row>> rejected(std::uint64_t after, std::size_t limit) override {
    RETURN_IF_ERROR(answers());
    std::vector<sink::rejected_row> out;
    for (const auto& r : target_.rejected)
      if (r.sequence > after && out.size() < limit)
        out.push_back(r);
    return out;
  }

  void forget_rejected(std::uint64_t up_to) override {
    if (!is_dead())
      std::erase_if(target_.rejected, [&](const auto& r) { return r.sequence <= up_to; });
  }

private:
  [[nodiscard]] bool is_dead() const { return *gone_; }
  [[nodiscard]] expected<void> answers() {
    if (is_dead())
      return fatal_error(ec::cancelled, "the process is dead");
    if (std::exchange(target_.throws, false))
      throw std::runtime_error("the simulated writer throws");
    if (target_.away)
      return outside_error(ec::unavailable, "the simulated target is away");
    return {};
  }

  std::uint64_t take(const sink::progress& p) {
    memory_target::committed c{{}, p.batch};
    std::uint64_t refused = 0;
    for (auto& row : open_) {
      if (target_.refuses && is_refused(row)) {
        ++refused;
        target_.rejected.push_back({++target_.rejections, std::move(row), "refused"});
      } else {
        c.rows.push_back(std::move(row));
      }
    }
    if (!c.rows.empty())
      target_.commits.push_back(std::move(c));
    target_.progress = p;
    return refused;
  }

  memory_target& target_;
  std::shared_ptr<const bool> gone_;
  incarnation life_ = 0;
  std::vector<std::string> open_;
};

void memory_target::empty() {
  commits.clear();
  progress.reset();
  rejected.clear();
  rejections = 0;
}

std::vector<std::string> memory_target::rows() const {
  std::vector<std::string> out;
  for (const auto& c : commits)
    out.insert(out.end(), c.rows.begin(), c.rows.end());
  return out;
}

bool memory_targets::have_all() const {
  bool any = false;
  for (const auto& [name, target] : targets_) {
    if (target.claimed == 0)
      continue;  // no sink writes to it
    any = true;
    if (!target.progress ||
        !std::all_of(target.progress->positions.begin(), target.progress->positions.end(), [](const auto& p) {
          return p.second.watermark == end_of_time || p.second.at == highest_position;
        }))
      return false;
  }
  return any;
}

std::unique_ptr<sink::writer> memory_targets::make_writer(const std::string& sink,
                                                          std::shared_ptr<const bool> gone) {
  return std::make_unique<memory_writer>(targets_[sink], std::move(gone));
}

}  // namespace millrace::simulation
