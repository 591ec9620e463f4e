#include "runtime/control/verdict_book.hpp"

#include <fmt/format.h>

namespace millrace::control {
namespace {

constexpr std::string_view journal_name = "verdicts";
/// Each costs several restarts of a lane, so this many that no receiver has passed for good are no accident.
constexpr std::size_t most_verdicts = 10'000;

}  // namespace

expected<std::unique_ptr<verdict_book>> verdict_book::open(snapshot::state_store& store) {
  const auto life = store.next_incarnation();
  if (!life)
    return unexpected(life.error());
  auto journal = store.open_journal(journal_name, *life);
  if (!journal)
    return unexpected(journal.error());
  const auto entries = (*journal)->load();
  if (!entries)
    return unexpected(entries.error());
  auto known = std::make_shared<delivery::verdicts>();
  for (const auto& e : *entries) {
    const auto v = delivery::decode_verdict(e);
    if (!v)
      return unexpected(v.error());
    known->add(*v);
  }
  return std::unique_ptr<verdict_book>(new verdict_book(std::move(*journal), std::move(known)));
}

expected<void> verdict_book::give_up(const std::vector<delivery::verdict>& records,
                                     const std::map<log_id, position>& settled) {
  auto next = std::make_shared<delivery::verdicts>(*verdicts_);
  for (const auto& [log, below] : settled)
    next->trim(log, below);
  const bool trimmed = next->size() != verdicts_->size();
  for (const auto& r : records)
    next->add(r);
  if (next->size() > most_verdicts)
    return tl::unexpected(error{
        ec::internal,
        fault::ours,
        false,
        fmt::format("more than {} records were given up because a stage failed on them, and no receiver has "
                    "them durable; see why the sinks do not commit, and what the dead letters have in common",
                    most_verdicts),
        {}});
  std::vector<std::string> entries;
  for (const auto& v : trimmed ? next->all() : records)
    entries.push_back(delivery::encode_verdict(v));
  if (auto done = trimmed ? journal_->replace(entries) : journal_->append(entries); !done)
    return done;
  verdicts_ = std::move(next);
  return {};
}

}  // namespace millrace::control
