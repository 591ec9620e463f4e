#include "actors/stream/replay/stored_batches.hpp"

#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <cassert>
#include <utility>

namespace millrace::replay {
namespace {

constexpr std::uint64_t index_version = 1;
/// Once there are so many entries they become one record, since an opening reads them all.
constexpr std::uint64_t most_entries = 200;

expected<std::vector<batch_entry>> sum_up(chain::contents found) {
  std::vector<batch_entry> out;
  for (const auto& bytes : chain::records_of(std::move(found))) {
    auto some = decode_entries(bytes);
    if (!some)
      return some;
    out.insert(out.end(), std::make_move_iterator(some->begin()), std::make_move_iterator(some->end()));
  }
  return out;
}

}  // namespace

std::string encode_entries(const std::vector<batch_entry>& all) {
  wire::writer out;
  out.varint(index_version);
  out.varint(all.size());
  for (const auto& e : all) {
    out.varint(e.number);
    out.string(e.plan);
    out.string(e.stage);
    out.varint(e.ids.size());
    for (const auto& id : e.ids)
      out.string(id);
  }
  return out.take();
}

expected<std::vector<batch_entry>> decode_entries(std::string_view bytes) {
  wire::reader in(bytes);
  if (const auto found = in.varint(); in.ok() && found != index_version)
    return user_error(ec::unsupported,
                      fmt::format("the replayed records were written by a later version of "
                                  "millrace (format {}, this one reads {}); run that version",
                                  found, index_version));
  std::vector<batch_entry> out;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    batch_entry e;
    e.number = in.varint();
    e.plan = in.string();
    e.stage = in.string();
    for (auto ids = in.varint(); ids > 0 && in.ok(); --ids)
      e.ids.emplace_back(in.string());
    if (e.number == 0)
      in.fail();
    out.push_back(std::move(e));
  }
  if (!in.ok() || !in.at_end())
    return fatal_error(ec::corrupt, "the index of replayed records is damaged");
  return out;
}

std::string name_of_batch_index() { return "replayed:index"; }
std::string name_of_batch(std::uint64_t number) { return fmt::format("replayed:{}", number); }

std::unordered_set<std::string> ids_of(const std::vector<batch_entry>& all) {
  std::unordered_set<std::string> out;
  for (const auto& e : all)
    out.insert(e.ids.begin(), e.ids.end());
  return out;
}

expected<std::vector<batch_entry>> entries_in(chain::named_chains& chains) {
  ASSIGN_OR_RETURN(auto found, chains.look(name_of_batch_index()));
  return sum_up(std::move(found));
}

expected<replayed_batch> read_batch(chain::named_chains& chains, std::uint64_t number) {
  ASSIGN_OR_RETURN(auto found, chains.look(name_of_batch(number)));
  const auto records = chain::records_of(std::move(found));
  if (records.empty())
    return fatal_error(ec::corrupt, fmt::format("batch {} of replayed records is missing; restore the store, "
                                                "or the state folder, from a backup",
                                                number));
  return decode(records.back());
}

expected<std::vector<std::uint64_t>> stored_batches::numbers() const {
  ASSIGN_OR_RETURN(const auto all, entries_in(*at_.chains));
  std::vector<std::uint64_t> out;
  for (const auto& e : all)
    if (e.plan == at_.plan)
      out.push_back(e.number);
  return out;
}

expected<replayed_batch> stored_batches::read(std::uint64_t number) const {
  return read_batch(*at_.chains, number);
}

expected<batch_index> batch_index::look(std::shared_ptr<chain::named_chains> chains) {
  ASSIGN_OR_RETURN(auto all, entries_in(*chains));
  return batch_index(std::move(chains), nullptr, {}, std::move(all));
}

expected<batch_index> batch_index::take(std::shared_ptr<chain::named_chains> chains,
                                        std::unique_ptr<chain::actor_chain> opened,
                                        const millrace::life& now) {
  ASSIGN_OR_RETURN(auto found, opened->read());
  ASSIGN_OR_RETURN(auto all, sum_up(std::move(found)));
  return batch_index(std::move(chains), std::move(opened), now, std::move(all));
}

expected<void> batch_index::add(const std::string& plan, const replayed_batch& b) {
  assert(index_ != nullptr && "look() gives one that adds none");
  batch_entry e{all_.empty() ? 1 : all_.back().number + 1, plan, b.stage, {}};
  for (const auto& r : b.records)
    e.ids.push_back(r.id);
  ASSIGN_OR_RETURN(auto place, chains_->open_chain(name_of_batch(e.number), now_));
  RETURN_IF_ERROR(place->append(encode(b), true));
  RETURN_IF_ERROR(index_->append(encode_entries({e}), true));
  all_.push_back(std::move(e));
  // The entry counts without this; one that does not work now is tried with the next.
  if (index_->size().increments > most_entries)
    static_cast<void>(index_->append_base(encode_entries(all_)));
  return {};
}

}  // namespace millrace::replay
