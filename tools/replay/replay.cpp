#include "tools/replay/replay.hpp"

#include "actors/client/replay/replay_log.hpp"
#include "actors/deployment/next_run.hpp"
#include "runtime/snapshot/snapshot.hpp"
#include "tools/replay/originals.hpp"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>

namespace millrace::replay {
namespace {

constexpr auto all_of_it = std::numeric_limits<std::uint64_t>::max();
/// A part is made by a file's worth of letters: a second time within one reading is odd, a fifth is a
/// mistake.
constexpr int most_tries = 5;

class replaying {
public:
  explicit replaying(const request& r) : request_(r), plans_(lane::lane_plans(r.topology)) {}

  expected<outcome> run() {
    const auto sorted_out = check_into(*request_.topology, request_.into)
                                .and_then([&] { return open(); })
                                .and_then([&] { return know_replayed(); })
                                .and_then([&] { return sort_out(); });
    if (!sorted_out)
      return tl::make_unexpected(sorted_out.error());
    if (!request_.dry_run)
      if (auto done = write_all(); !done)
        return tl::make_unexpected(std::move(done.error()));
    return std::move(out_);
  }

private:
  /// Only looks: a run may hold the state.
  expected<void> open() {
    auto store = snapshot::open_dir_store({request_.state, request_.topology->name, false, true});
    if (!store) {
      if (store.error().code == ec::not_found)
        store.error().message += "; expected the --state of the run that wrote these dead letters";
      return tl::make_unexpected(std::move(store.error()));
    }
    const auto ended = deployment::has_ended(**store);
    if (!ended)
      return tl::make_unexpected(ended.error());
    finished_ = *ended;
    folder_ = folder_of_state((*store)->folder(), (*store)->id().state_id);
    if (const auto began = (*store)->get(state_began_name); began && !request_.older)
      began_ = std::stoll(*began);
    if (request_.dry_run)
      return {};
    if (const auto made = files_.make_folder(folder_); !made)
      return tl::make_unexpected(made.error());
    auto lock = files_.lock(folder_ + "/lock");
    if (!lock && lock.error().code == ec::locked)
      return user_error(ec::locked, fmt::format("another replay into {} is under way ({}); let it end first",
                                                request_.state, lock.error().message));
    if (!lock)
      return tl::make_unexpected(std::move(lock.error()));
    lock_ = std::move(*lock);
    return {};
  }

  expected<void> know_replayed() {
    for (const auto& plan : plans_) {
      const auto log = log_of(*plan);
      const auto numbers = log.numbers();
      if (!numbers)
        return tl::make_unexpected(numbers.error());
      for (const auto n : *numbers) {
        auto batch = log.read(n);
        if (!batch)
          return tl::make_unexpected(std::move(batch.error()));
        for (auto& r : batch->records)
          replayed_.insert(std::move(r.id));
      }
    }
    return {};
  }

  /// The first time through the files: nothing is written before all of them were understood.
  expected<void> sort_out() {
    for (int tries = 0; tries < most_tries; ++tries) {
      const auto files = files_of_letters(request_.letters);
      const auto read = sort_out(files);
      // Where a run has made or removed a part meanwhile, what was read last may not be what was listed.
      if (files_of_letters(request_.letters) == files)
        return read;
    }
    return parts_are_made();
  }

  expected<void> sort_out(const std::vector<std::string>& files) {
    out_ = {};
    wanted_.clear();
    bytes_.clear();
    for (const auto& file : files) {
      const auto read = read_letters(file, all_of_it, [&](letter&& l) -> expected<void> {
        sort_out(l);
        return {};
      });
      if (!read)
        return tl::make_unexpected(read.error());
      out_.letters += read->letters;
      out_.cut_off = read->cut_off;
      bytes_[file] = read->bytes;
    }
    if (request_.dry_run)
      out_.replayed = wanted_.size();
    return {};
  }

  [[nodiscard]] unexpected parts_are_made() const {
    return outside_error(ec::io,
                         fmt::format("{}: a run makes parts of it faster than they can be read; try "
                                     "again, and with \"dead_letters\": {{\"roll\": ...}} make them larger",
                                     request_.letters));
  }

  void sort_out(const letter& l) {
    const auto r = route_of(l, plans_, request_.into);
    if (!r)
      ++(r.error().elsewhere ? out_.elsewhere : out_.refused)[r.error().why];
    else if (replayed_.contains(l.id) || wanted_.contains(l.id))
      ++out_.before;
    else if (l.time < began_)
      ++out_.refused[fmt::format(
          "of before this state began: it reads their records again by itself, if its source has "
          "them still; where it has not, give --older")];
    else if (finished_ && reaches_windows_only(*r))
      ++out_.refused
            ["of a topology that has come to its end: its windows have fired for good; `run --fresh` reads "
             "everything again"];
    else
      wanted_.insert(l.id);
  }

  /// The second time: batch by batch. What has become a part since has another name, hence again.
  expected<void> write_all() {
    originals sources(folder_, request_.topology->name, request_.start_timeout);
    for (int tries = 0; tries < most_tries && !wanted_.empty(); ++tries)
      for (const auto& file : files_of_letters(request_.letters))
        if (auto written = write_letters_of(file, sources); !written)
          return written;
    if (!wanted_.empty())
      return parts_are_made();
    return flush();
  }

  expected<void> write_letters_of(const std::string& file, originals& sources) {
    const auto known = bytes_.find(file);
    const auto limit = known == bytes_.end() ? all_of_it : known->second;
    const auto read = read_letters(file, limit, [&](letter&& l) -> expected<void> {
      const auto r = route_of(l, plans_, request_.into);
      if (!r || wanted_.erase(l.id) == 0)
        return {};
      auto found = sources.of(l, *r);
      if (!found)
        return tl::make_unexpected(std::move(found.error()));
      const bool header =
          r->plan->parser->options.has("header") && r->plan->parser->options.boolean("header");
      if (!*found && (header || uses_more_than_value(*r->plan))) {
        ++out_.refused
              [header
                   ? "of which the source has no header line any more"
                   : "of which the source has dropped key, headers and timestamp, which the topology uses"];
        return {};
      }
      return add(std::move(l), *r, std::move(*found).value_or(originals::original{}));
    });
    return read ? expected<void>() : tl::make_unexpected(read.error());
  }

  expected<void> add(letter&& l, const route& r, originals::original&& found) {
    found.record.id = std::move(l.id);
    found.record.bytes = std::move(l.record);
    held_ += found.record.bytes.size();
    auto& batch = batches_[{r.plan->name, r.stage, found.topic, found.header}];
    batch.first = r.plan;
    batch.second.records.push_back(std::move(found.record));
    return held_ < request_.batch_bytes ? expected<void>() : flush();
  }

  expected<void> flush() {
    for (auto& [key, batch] : batches_) {
      std::tie(std::ignore, batch.second.stage, batch.second.topic, batch.second.header) = key;
      if (const auto added = log_of(*batch.first).add(batch.second); !added)
        return tl::make_unexpected(added.error());
      out_.replayed += batch.second.records.size();
    }
    batches_.clear();
    held_ = 0;
    return {};
  }

  [[nodiscard]] replay_log log_of(const lane::lane_plan& plan) const {
    return {files_, folder_of_plan(folder_, plan.name)};
  }

  using key = std::tuple<std::string, std::string, std::string, std::string>;  // plan, stage, topic, header

  const request& request_;
  snapshot::file_system& files_ = snapshot::posix_file_system();
  plans plans_;
  std::string folder_;
  std::unique_ptr<snapshot::folder_lock> lock_;
  bool finished_ = false;
  event_micros began_ = std::numeric_limits<event_micros>::min();
  std::unordered_set<std::string> replayed_;
  std::unordered_set<std::string> wanted_;
  std::map<std::string, std::uint64_t> bytes_;  // of each file that were understood
  std::size_t held_ = 0;
  std::map<key, std::pair<std::shared_ptr<const lane::lane_plan>, replayed_batch>> batches_;
  outcome out_;
};

}  // namespace

expected<outcome> replay(const request& r) { return replaying(r).run(); }

}  // namespace millrace::replay
