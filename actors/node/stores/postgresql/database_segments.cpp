#include "actors/node/stores/postgresql/database_segments.hpp"

#include "actors/node/stores/postgresql/holder.hpp"
#include "actors/node/stores/postgresql/postgresql_chain.hpp"
#include "actors/node/stores/postgresql/row_values.hpp"
#include "runtime/snapshot/checksum.hpp"
#include "runtime/snapshot/life_fence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace millrace::postgresql_chain {
namespace {

/// The number of the lowest life that a term is over by.
std::string first_life_above(incarnation term) { return text_of(chain::number_of({term + 1, 0})); }

struct as_arrays {
  explicit as_arrays(const std::vector<segment_id>& ids) {
    std::vector<std::int64_t> all_terms, all_numbers;
    for (const auto& id : ids) {
      all_terms.push_back(static_cast<std::int64_t>(id.life));
      all_numbers.push_back(static_cast<std::int64_t>(id.number));
    }
    terms = fmt::format("{{{}}}", fmt::join(all_terms, ","));
    numbers = fmt::format("{{{}}}", fmt::join(all_numbers, ","));
  }
  std::string terms, numbers;
};

std::uint64_t checksum_of_segment(const segment_id& id, const owner& of, std::string_view payload) {
  const auto columns = fmt::format("{}/{}/{}/{}/{}/{}", id.life, id.number, of.topology.size(), of.topology,
                                   of.actor.size(), of.actor);
  return snapshot::checksum_of({columns, payload});
}

}  // namespace

std::string database_segments::shown() const {
  return fmt::format("{}, {} of {}", database_->shown(), owner_.actor,
                     owner_.topology.empty() ? "the cluster" : owner_.topology);
}

expected<std::unique_ptr<database_segments>> database_segments::open(std::shared_ptr<connection> database,
                                                                     std::string_view schema, owner of,
                                                                     incarnation term,
                                                                     const std::vector<segment_id>& needed) {
  ASSIGN_OR_RETURN(auto texts, statements_for(schema));
  std::unique_ptr<database_segments> opened(
      new database_segments(std::move(database), std::move(texts), std::move(of), term));
  RETURN_IF_ERROR(opened->find_actor().and_then([&] { return opened->keep_only(needed); }));
  return opened;
}

expected<std::unique_ptr<database_segments>> database_segments::look(std::shared_ptr<connection> database,
                                                                     std::string_view schema, owner of) {
  ASSIGN_OR_RETURN(auto texts, statements_for(schema));
  std::unique_ptr<database_segments> found(
      new database_segments(std::move(database), std::move(texts), std::move(of), 0));
  ASSIGN_OR_RETURN(const auto row, found->database_->run(found->texts_.find_actor,
                                                         {{found->owner_.topology}, {found->owner_.actor}}));
  const auto columns = one_row(row, 4);
  if (!columns)
    return std::unique_ptr<database_segments>();
  found->id_ = text_of((*columns)[1]);
  return found;
}

expected<std::vector<segment_id>> database_segments::list() const {
  ASSIGN_OR_RETURN(const auto found, database_->run(texts_.list_segments, {{id_}}));
  std::vector<segment_id> out;
  for (const auto& row : found.rows)
    if (row.size() == 2)
      out.push_back({number_in(row[0]), number_in(row[1])});
  return out;
}

expected<void> database_segments::find_actor() {
  ASSIGN_OR_RETURN(const auto found, database_->run(texts_.find_actor, {{owner_.topology}, {owner_.actor}}));
  const auto row = one_row(found, 4);
  if (!row || (*row)[2] < chain::number_of({term_, 0}))
    return our_error(fmt::format("{}: its chain was not opened under the term {}", shown(), term_));
  id_ = text_of((*row)[1]);
  return {};
}

expected<void> database_segments::keep_only(const std::vector<segment_id>& needed) {
  const auto above = first_life_above(term_), mine = text_of(term_);
  const as_arrays all(needed);
  ASSIGN_OR_RETURN(const auto done, database_->run(texts_.keep_segments,
                                                   {{id_}, {above}, {all.terms}, {all.numbers}, {mine}}));
  const auto row = one_row(done, 1);
  return row && (*row)[0] == 1 ? expected<void>() : refused();
}

unexpected database_segments::refused() const {
  ASSIGN_OR_RETURN(const auto found, who_holds(*database_, texts_, id_, shown()));
  return snapshot::superseded(term_, owner_.actor, found.by.term);
}

expected<void> database_segments::write(const segment_id& id, std::string_view payload) {
  if (payload.size() > largest_payload)
    return fatal_error(ec::unsupported, fmt::format("{}: spilled output of {} bytes is above the {} that "
                                                    "PostgreSQL can hold; remedy: make the rows smaller",
                                                    shown(), payload.size(), largest_payload));
  const auto above = first_life_above(term_), term = text_of(id.life), number = text_of(id.number),
             checksum = text_of(checksum_of_segment(id, owner_, payload));
  const auto done =
      database_->run(texts_.write_segment, {{id_}, {above}, {term}, {number}, {checksum}, {payload, true}});
  if (!done) {
    in_doubt_.push_back(id);
    return unexpected(done.error());
  }
  return done->changed == 1 ? expected<void>() : refused();
}

expected<std::string> database_segments::read(const segment_id& id) const {
  const auto term = text_of(id.life), number = text_of(id.number);
  ASSIGN_OR_RETURN(auto found, database_->run(texts_.read_segment, {{id_}, {term}, {number}}));
  const bool is_there = found.rows.size() == 1 && found.rows.front().size() == 2;
  if (is_there && number_in(found.rows.front()[0]) == checksum_of_segment(id, owner_, found.rows.front()[1]))
    return std::move(found.rows.front()[1]);
  return fatal_error(
      is_there ? ec::corrupt : ec::not_found,
      fmt::format("{}: spilled output {} of term {} is {}, and holds rows that a sink has not committed; "
                  "remedy: restore the database from a backup, or start the topology afresh",
                  shown(), id.number, id.life, is_there ? "damaged" : "missing"));
}

expected<void> database_segments::remove(const std::vector<segment_id>& ids) {
  auto all = ids;
  all.insert(all.end(), in_doubt_.begin(), in_doubt_.end());
  const auto above = first_life_above(term_);
  const as_arrays arrays(all);
  ASSIGN_OR_RETURN(const auto done, database_->run(texts_.remove_segments,
                                                   {{id_}, {above}, {arrays.terms}, {arrays.numbers}}));
  const auto row = one_row(done, 1);
  if (!row || (*row)[0] != 1)
    return refused();
  in_doubt_.clear();
  return {};
}

}  // namespace millrace::postgresql_chain
