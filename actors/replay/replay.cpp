#include "actors/replay/replay.hpp"

#include "actors/deployment/start_positions.hpp"
#include "actors/replay/originals.hpp"
#include "actors/replay/route.hpp"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <tuple>
#include <unordered_set>
#include <vector>

namespace millrace::replay {
namespace {

constexpr auto all_of_it = std::numeric_limits<std::uint64_t>::max();
/// A part is made by a file's worth of letters: a second time within one reading is odd, a fifth is a
/// mistake.
constexpr int most_tries = 5;

class replay_pass {
public:
  replay_pass(const request& r, letter_parts& from, batch_index& to)
      : request_(r), from_(from), to_(to), plans_(lane::lane_plans(r.topology)), replayed_(ids_of(to.all())) {
  }

  expected<outcome> run() {
    RETURN_IF_ERROR(check_into(*request_.topology, request_.into).and_then([&] { return sort_out(); }));
    if (request_.only)
      out_.unknown = request_.only->size() - asked_for_.size();
    if (!request_.dry_run)
      RETURN_IF_ERROR(write_all());
    return std::move(out_);
  }

private:
  /// The first time through the files: nothing is written before all of them were understood.
  expected<void> sort_out() {
    for (int tries = 0; tries < most_tries; ++tries) {
      ASSIGN_OR_RETURN(const auto parts, from_.list());
      const auto read = sort_out(parts);
      const auto now = from_.list();
      // A run may have made or removed a part meanwhile: then the parts that were read may not be those that
      // were listed.
      if (!now || *now == parts)
        return now ? read : tl::make_unexpected(now.error());
    }
    return parts_are_made();
  }

  expected<void> sort_out(const std::vector<std::string>& parts) {
    out_ = {};
    wanted_.clear();
    asked_for_.clear();
    bytes_.clear();
    for (const auto& part : parts) {
      const auto read = from_.read(part, all_of_it, [&](letter&& l) {
        sort_out(l);
        return go_on();
      });
      if (!read)
        return tl::make_unexpected(read.error());
      out_.letters += read->letters;
      out_.cut_off = read->cut_off;
      note_damage(*read);
      bytes_[part] = read->bytes;
    }
    if (request_.dry_run)
      out_.replayed = wanted_.size();
    return {};
  }

  void note_damage(const letters_read& read) {
    constexpr std::string_view remedy = "it is skipped; correct it in a copy of the file and replay that: "
                                        "dead letters that were replayed are not replayed twice";
    for (const auto& line : read.damaged)
      ++out_.refused[fmt::format("{}; {}", line, remedy)];
    if (read.more_damaged != 0)
      out_.refused[fmt::format("further damaged lines; {}", remedy)] += read.more_damaged;
  }

  [[nodiscard]] unexpected parts_are_made() const {
    return outside_error(ec::io,
                         fmt::format("{}: a run makes parts of it faster than they can be read; try "
                                     "again, and with \"dead_letters\": {{\"roll\": ...}} make them larger",
                                     from_.name()));
  }

  [[nodiscard]] expected<void> go_on() const {
    return request_.is_cancelled() ? outside_error(ec::cancelled, "the process is ending; ask again")
                                   : expected<void>();
  }

  void sort_out(const letter& l) {
    if (request_.only && !request_.only->contains(l.id))
      return;
    asked_for_.insert(l.id);
    const auto r = route_of(l, plans_, request_.into);
    if (!r)
      ++(r.error().elsewhere ? out_.elsewhere : out_.refused)[r.error().why];
    else if (replayed_.contains(l.id) || wanted_.contains(l.id))
      ++out_.before;
    else if (l.time < request_.began)
      ++out_.refused[fmt::format("of before this state began: it reads their records again by itself, if its "
                                 "source still has them; if not, give --older")];
    else if (request_.is_finished && reaches_windows_only(*r))
      ++out_.refused["of a topology that has ended: its windows have fired for good; `run --fresh` (on a "
                     "cluster `apply --fresh`) reads everything again"];
    else if (wanted_.size() >= request_.most)
      ++out_.more;
    else
      wanted_.insert(l.id);
  }

  /// The second time through the files: batch by batch. A file that has become a part since has another name,
  /// so this is tried again.
  expected<void> write_all() {
    originals sources([this](std::uint64_t number) { return to_.read(number); }, request_.identity_of,
                      request_.topology->name, request_.start_timeout, request_.is_cancelled);
    for (int tries = 0; tries < most_tries && !wanted_.empty(); ++tries) {
      ASSIGN_OR_RETURN(const auto parts, from_.list());
      for (const auto& part : parts)
        RETURN_IF_ERROR(write_letters_of(part, sources));
    }
    if (!wanted_.empty())
      return parts_are_made();
    return flush();
  }

  expected<void> write_letters_of(const std::string& part, originals& sources) {
    const auto known = bytes_.find(part);
    const auto limit = known == bytes_.end() ? all_of_it : known->second;
    const auto read = from_.read(part, limit, [&](letter&& l) -> expected<void> {
      RETURN_IF_ERROR(go_on());
      const auto r = route_of(l, plans_, request_.into);
      if (!r || wanted_.erase(l.id) == 0)
        return {};
      ASSIGN_OR_RETURN(auto found, sources.of(l, *r));
      const auto wanted = deployment::wants_of(*r->plan->parser);
      const bool contained = std::holds_alternative<source::by_container>(wanted.frame);
      if (!found && (wanted.header || contained || uses_more_than_value(*r->plan))) {
        ++out_.refused
              [wanted.header ? "of which the source has no header line any more"
               : contained
                   ? "of which the source has no container any more, whose head has their schema"
                   : "of which the source has dropped key, headers and timestamp, which the topology uses"];
        return {};
      }
      return add(std::move(l), *r, std::move(found).value_or(originals::original{}));
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
      RETURN_IF_ERROR(to_.add(batch.first->name, batch.second));
      out_.replayed += batch.second.records.size();
    }
    batches_.clear();
    held_ = 0;
    return {};
  }

  using key = std::tuple<std::string, std::string, std::string, std::string>;  // plan, stage, topic, header

  const request& request_;
  letter_parts& from_;
  batch_index& to_;
  plans plans_;
  std::unordered_set<std::string> replayed_;
  std::unordered_set<std::string> wanted_;
  std::unordered_set<std::string> asked_for_;
  std::map<std::string, std::uint64_t> bytes_;  // bytes of each part that were understood
  std::size_t held_ = 0;
  std::map<key, std::pair<std::shared_ptr<const lane::lane_plan>, replayed_batch>> batches_;
  outcome out_;
};

}  // namespace

api::answers::replayed answer_of(const outcome& o, bool is_taken_now) {
  api::answers::replayed out{o.more == 0, o.letters, o.replayed, o.before, o.unknown, {}, {}, is_taken_now};
  for (const auto& [why, count] : o.refused)
    out.left.push_back({why, count});
  for (const auto& [why, count] : o.elsewhere)
    out.elsewhere.push_back({why, count});
  return out;
}

expected<outcome> replay(const request& r, letter_parts& from, batch_index& to) {
  return replay_pass(r, from, to).run();
}

}  // namespace millrace::replay
