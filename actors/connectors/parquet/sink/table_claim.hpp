// Taking a table over: whose it is, by the record and by the mark beside the files, and what has to be cleared away
// before a state begins. Both writers of the parquet sink begin with it.
#pragma once

#include "actors/connectors/parquet/sink/table_record.hpp"
#include "actors/connectors/parquet/storage/table_folder.hpp"
#include "runtime/data/batch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

struct table_to_claim {
  storage::table_folder* table = nullptr;
  std::string record_place;  // where the record lies, for texts
  at_start begin = at_start::append;
  const std::vector<std::string>* partition_by = nullptr;
  const data::schema* file_columns = nullptr;
  bool looks_beside = true;  // checks that the rows fit beside the files that are there
};

/// Returns the record to go on with, under the life of `who`; where a state begins, one without progress. `stored`: the
/// record's bytes; none where there is none. Nothing is claimed in the place of the record. It may be repeated, and a
/// former life of the same state that is late does no harm to files of this state.
[[nodiscard]] expected<table_record> claim_table(const table_to_claim& what, const claim& who,
                                                 const std::optional<std::string>& stored);

/// Returns the tag in the names of a state's files; files of two states never share a name.
[[nodiscard]] std::string tag_of(const target_owner& o);

}  // namespace millrace::sink
